//! The model: the engine's own machines, explored within bounds (feature `conformance`).
//!
//! A scenario tries what somebody thought of; a model tries everything that can happen within its bounds. Its steps are those of the
//! engine that ships, not of a copy in another language.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`explorer`] | the search: every state that can be reached, nearest first |
//! | [`interned`], [`remembered`] | machine states as numbers; each step of a machine computed once |
//! | [`outcome`] | what came of a search |
//! | [`devices`] | letters between devices, as a space |
//! | [`session`], [`sesame`] | two devices; two users with two devices each |
//! | [`figures`] | what small rungs come to, checked in |
//! | [`script`] | a counterexample as a scenario |
//! | `flaws` | which flaws the models find by themselves (feature `flaws`) |
//! | [`stateless`], [`stateful`] | a hotel key, a car key, from one phone to another |
//! | [`links`] | links, pins, and devices that leave |
//! | [`months`] | what grows old |
//! | [`hostile`] | a dishonest intermediary, strangers, and a peer that does not keep to the profile |
//! | [`thief`] | somebody who has copied what a device has saved |
//! | [`intermediary`], [`server`] | the intermediary alone, with three clients |
//! | [`world`] | wallets, the intermediary and the network between them |
//!
//! A [`Space`] says what can happen; a [`Model`] is a space by a name, with a ladder of bounds. [`MODELS`] lists them.

pub mod devices;
pub mod explorer;
pub mod figures;
#[cfg(feature = "flaws")]
pub mod flaws;
pub mod hostile;
pub mod intermediary;
pub mod interned;
pub mod links;
pub mod months;
pub mod outcome;
pub mod remembered;
pub mod script;
pub mod server;
pub mod sesame;
pub mod session;
pub mod stateful;
pub mod stateless;
pub mod thief;
pub mod world;

pub use outcome::{Counterexample, End, Limit, Limits, Outcome, Progress};

use std::hash::Hash;

/// Every model, in the order in which it is shown.
pub const MODELS: &[&dyn Model] = &[
    &session::MODEL,
    &sesame::MODEL,
    &stateless::MODEL,
    &stateful::MODEL,
    &links::MODEL,
    &months::MODEL,
    &hostile::Hostile,
    &thief::Thief,
    &intermediary::Intermediary,
];

/// The model of that name.
#[must_use]
pub fn model(name: &str) -> Option<&'static dyn Model> {
    MODELS.iter().copied().find(|model| model.name() == name)
}

/// What must hold in each state, or what must be possible, in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// "One token has one holder."
    pub name: &'static str,
    /// The requirements that it stands for.
    pub requirements: &'static [&'static str],
}

/// What an explorer goes through: states, and the steps between them.
pub trait Space: Sync {
    /// Copied, compared and hashed as a whole: two states are the same where it is. 24 to 64 bytes.
    type State: Copy + Eq + Hash + Send + Sync;
    /// What leads from one state to the next, as a word of a script.
    type Action: Copy + Send + Sync;
    /// What one thread keeps for itself: its copy of remembered steps.
    type Scratch: Send;

    /// An empty one.
    fn scratch(&self) -> Self::Scratch;

    /// The state in which everything begins.
    fn beginning(&self) -> Self::State;

    /// Every step that is possible there, each with the state after it, is added to `found`, which is empty. A step that leads to the
    /// same state may be left out.
    fn steps(
        &self,
        scratch: &mut Self::Scratch,
        from: &Self::State,
        found: &mut Vec<(Self::Action, Self::State)>,
    );

    /// The place in [`Space::properties`] of one that does not hold there. Asked once for each distinct state.
    ///
    /// What a *step* breaks, the step writes into its state, so that it is found here.
    fn broken(&self, scratch: &mut Self::Scratch, state: &Self::State) -> Option<usize>;

    /// Which of [`Space::goals`] the state reaches, a bit each. Asked once for each distinct state.
    fn reached(&self, scratch: &mut Self::Scratch, state: &Self::State) -> u64;

    /// What must hold in each state.
    fn properties(&self) -> &'static [Property];

    /// What must be possible: 64 at most.
    fn goals(&self) -> &'static [Property];

    /// A path from the beginning as the lines of a scenario: Given, When, ..., Then; without the line `Scenario:`.
    ///
    /// The last lines are the Then that fails where that property is broken, unless every scenario is held to it anyway. Where none is
    /// named, the path alone.
    fn script(&self, path: &[Self::Action], broken: Option<usize>) -> Vec<String>;

    /// How many distinct states of each machine, and steps, it has computed: "wallet states", 12,932.
    fn machines(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// One model as the program knows it: a name, what it is, and a ladder of bounds, smallest first.
pub trait Model: Sync {
    /// A word: `stateless`.
    fn name(&self) -> &'static str;

    /// In plain words: who, what, which adversary.
    fn about(&self) -> &'static str;

    /// The ladder, each rung in words: "1 loss, 1 repetition; clocks before and at expiry".
    fn bounds(&self) -> Vec<String>;

    /// How many of the first rungs are small enough for each run of CI: seconds, unoptimised.
    fn quick(&self) -> usize {
        1
    }

    /// What must hold in each state.
    fn properties(&self) -> &'static [Property];

    /// What must be possible: 64 at most. A rung too small for one of them says so in its [`Outcome::unreached`].
    fn goals(&self) -> &'static [Property];

    /// What makes the space smaller: each named, with what it leaves out.
    fn reductions(&self) -> &'static [&'static str];

    /// Explores one rung. Usually `explorer::explore(&World::new(BOUNDS[rung]), limits, progress)`.
    fn explore(&self, rung: usize, limits: &Limits, progress: &mut dyn FnMut(&Progress))
    -> Outcome;
}
