"""Suite `signal-v3` (profile section 12): no package but cryptography speaks it here, and nothing of the engine is used."""
