//! The intermediary alone, with clients that ask whatever they may and may not, in any order and any number of times.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`bounds`] | how far a rung goes |
//! | [`space`] | the intermediary and its ledger as a space |

pub mod bounds;
pub mod space;

pub use bounds::Bounds;
pub use space::Server;

/// What makes the space smaller.
pub const REDUCTIONS: &[&str] = &[
    "A request and its answer are one step: the clients keep nothing, and may repeat every request at any time, so that it makes no difference whether an answer arrives.",
    "A stop between commit and answer is no step: a restart is checked once for each state of the intermediary to change nothing, and the answer may be lost.",
    "A stop before the commit is no step: for each request that changes something a store that stops there is checked to be left as it was.",
    "What is refused for ever, or changes nothing, leads nowhere, and is checked in each state.",
];
