//! When what plays a device or another machine is saved and put back.

/// When whoever is asked is stopped and started again from its saved state (XFER-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// Where a vector or a script says so.
    #[default]
    AsWritten,
    /// Before every step too: what a save loses shows wherever it is needed later, and at once where it is saved otherwise after
    /// the restart. In a long scenario that grows a wallet, not before every one: see [`Restarts::before`].
    Everywhere,
}

/// So many steps of a wallet each have a restart before them; from then on one in so many has.
const EACH: u32 = 60;
const THEN_ONE_IN: u32 = 30;

impl Restarts {
    /// Whether there is a restart before the step of that number, from 0: before each of the first sixty, and before one in
    /// thirty from then on, since a wallet that has grown takes long to be written down.
    #[must_use]
    pub fn before(self, step: u32) -> bool {
        self == Restarts::Everywhere && (step < EACH || step.is_multiple_of(THEN_ONE_IN))
    }

    /// What a restart must leave as it was.
    pub const EXPECTED: &str =
        "saved, restored and saved again, it is what it was, byte for byte (XFER-15)";
}
