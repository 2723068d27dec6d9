//! The bounds of scripts, of their runs and of transcripts. Whoever reads them stops there, and so needs time and memory that
//! grow no faster than what is read (docs/scenarios.md and docs/transcript.md list them).

/// Bytes of a line of a script, its indentation included, and of a step with the values of its outline put in.
pub const LINE: usize = 1_000;
/// Scenarios of a script: of an outline each row.
pub const SCENARIOS: usize = 1_000;
/// Steps of a scenario, those of the background included.
pub const STEPS: usize = 2_000;
/// Steps of all scenarios of a script together.
pub const STEPS_OF_A_SCRIPT: usize = 20_000;
/// Faults of a script that are told; what stands behind the last of them is not looked at.
pub const FAULTS: usize = 100;

/// Days that a step may let pass, or a clock may be wrong by.
pub const DAYS: u64 = 36_500;
/// Strangers and guests that a scenario may have, and bundles that strangers may fetch in it, together.
pub const STRANGERS: u64 = 1_000;
/// Steps of a scenario that go through all that has happened so far.
pub const REVIEWS: usize = 20;
/// Events that a run may make, and a transcript may have.
pub const EVENTS: usize = 20_000;

/// Bytes of a line of a transcript.
pub const TRANSCRIPT_LINE: usize = 8 << 20;
