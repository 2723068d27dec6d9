//! When what plays a device or another machine is saved and put back.

/// When whoever is asked is stopped and started again from its saved state (XFER-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// Where a vector or a script says so.
    #[default]
    AsWritten,
    /// Before every step too: what a save loses shows wherever it is needed later, and at once where it is saved otherwise after
    /// the restart.
    Everywhere,
}

impl Restarts {
    /// What a restart must leave as it was.
    pub const EXPECTED: &str =
        "saved, restored and saved again, it is what it was, byte for byte (XFER-15)";
}
