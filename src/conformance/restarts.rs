//! When what plays a device or another machine is saved and put back.

/// When whoever is asked is stopped and started again from its saved state (XFER-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// Nowhere, not even where a vector or a script says so: what succeeds then failed by its restarts. In a script the intermediary
    /// beside the devices is restarted all the same.
    Never,
    /// Where a vector or a script says so.
    #[default]
    AsWritten,
    /// Before every step too: what a save loses shows wherever it is needed later, and at once where it is saved otherwise after
    /// the restart. In what is long, not before every one: see [`Restarts::before`] and [`Restarts::before_event`].
    Everywhere,
}

/// So many steps each have a restart before them; from then on one in so many has, since what has grown takes long to be written down.
const STEPS: (u32, u32) = (24, 8);
/// The same of the events of a wallet.
const EVENTS: (u32, u32) = (60, 30);
/// What was so long when it was saved last, in bytes, has grown: of the steps that follow one in so many has a restart from the first on,
/// and the larger it is the fewer.
const GROWN: usize = 32 * 1024;

impl Restarts {
    /// Whether there is a restart before the step of that number, from 0, of a vector's conversation: before each of the first 24, and
    /// before one in eight from then on, or from the first on where the state that was saved last has more than 32 KiB. Where that is
    /// twice as long it is one in 32, three times as long one in 72: however large it grows, what all restarts of a conversation
    /// write down stays about the same.
    #[must_use]
    pub fn before(self, step: u32, saved: usize) -> bool {
        let (each, one_in) = STEPS;
        let times = u32::try_from(saved / GROWN).unwrap_or(u32::MAX);
        let steps = match times {
            0 => (each, one_in),
            _ => (0, one_in.saturating_mul(times.saturating_mul(times))),
        };
        self.is_before(step, steps)
    }

    /// Whether there is one before the event of that number, from 0, of a wallet in a scenario: before each of the first sixty, and
    /// before one in thirty from then on.
    #[must_use]
    pub fn before_event(self, event: u32) -> bool {
        self.is_before(event, EVENTS)
    }

    fn is_before(self, step: u32, (each, one_in): (u32, u32)) -> bool {
        self == Restarts::Everywhere && (step < each || step.is_multiple_of(one_in))
    }

    /// What a restart must leave as it was.
    pub const EXPECTED: &str =
        "saved, restored and saved again, it is what it was, byte for byte (XFER-15)";
}
