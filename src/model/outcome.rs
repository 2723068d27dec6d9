//! What a search may use, how far it is, and what came of it.

use super::Property;

/// What a search may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// States so many steps from the beginning are found, and not gone on from.
    pub depth: Option<u32>,
    /// So many seconds; looked at every few thousand states.
    pub seconds: Option<f64>,
    /// So many distinct states; looked at every few thousand.
    pub states: Option<u64>,
    /// So many bytes: those of the states, and where the system says it those of the whole process.
    pub memory: u64,
    /// So many threads share the work; with one, it is the caller's own.
    pub threads: usize,
}

impl Default for Limits {
    /// 16 GiB and one thread; no other limit.
    fn default() -> Self {
        Self {
            depth: None,
            seconds: None,
            states: None,
            memory: 16 << 30,
            threads: 1,
        }
    }
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Distinct states so far.
    pub states: u64,
    /// Steps so far, whether they led to a new state or not.
    pub transitions: u64,
    /// All states up to so many steps from the beginning are known.
    pub depth: u32,
    /// States that have not been gone on from.
    pub waiting: u64,
    /// Seconds since it began.
    pub seconds: f64,
    /// Bytes that the states take.
    pub bytes: u64,
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Distinct states.
    pub states: u64,
    /// Steps, whether they led to a new state or not.
    pub transitions: u64,
    /// All states up to so many steps from the beginning are known. Where the end is [`End::Complete`], no state is further away.
    pub depth: u32,
    /// How long it took; with a counterexample, until it was written down.
    pub seconds: f64,
    /// Bytes a state: itself and its place in the set.
    pub bytes_a_state: f64,
    /// How it ended.
    pub end: End,
    /// The places in [`super::Space::goals`] of those that no state reached.
    pub unreached: Vec<usize>,
    /// How many distinct states and steps of each machine were computed.
    pub machines: Vec<(&'static str, u64)>,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Every state was found, and every property holds in each.
    Complete,
    /// A limit ended it: what was found until then holds every property, and nothing is said of the rest.
    Stopped(Limit),
    /// A state was found that breaks a property; none nearer to the beginning does.
    Broken(Counterexample),
}

/// What ended a search before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::depth`].
    Depth,
    /// [`Limits::seconds`].
    Seconds,
    /// [`Limits::states`].
    States,
    /// [`Limits::memory`].
    Memory,
}

/// A shortest way to a state that breaks a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What does not hold.
    pub property: Property,
    /// The lines of a scenario that shows it: [`super::Space::script`].
    pub steps: Vec<String>,
}
