"""The randomness that the harness hands in, in the order in which the library asks for it."""

import os

# Kept before a library's own name for it is replaced.
_system = os.urandom


class Script:
    """Hands out the given bytes, and the system's where they have run out."""

    def __init__(self) -> None:
        self._bytes = b""

    def load(self, data: bytes) -> None:
        self._bytes = data

    def take(self, length: int) -> bytes:
        taken = self._bytes[:length]
        self._bytes = self._bytes[length:]
        return taken + _system(length - len(taken))


# The libraries draw from functions without parameters, so there is one script for all.
SCRIPT = Script()


def registration_id() -> int:
    """Two bytes, of which 14 bits count."""
    return int.from_bytes(SCRIPT.take(2), "big") & 0x3FFF
