//! The world of wallets: devices, the intermediary between them and the network, as a space to explore.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`bounds`] | what a model holds and how far it goes: data |
//! | [`actor`], [`journal`] | the machine state of a wallet, and what is remembered of its past |
//! | [`post`] | that of the intermediary |
//! | [`action`] | what can happen |
//! | [`world`] | the state of all of it, and its steps |
//! | `judge`, `keeper` | a step of a wallet, of the intermediary: carried out once, and looked at |
//! | [`property`] | what must hold, and what must be possible |
//! | `fair` | what must come of every state on a fair network |
//! | [`ladder`] | a model without an adversary: bounds to climb |
//! | [`adversary`] | who does more than a network |
//! | [`lies`], [`thief`], [`attack`] | adversaries, and what none of them may come to |
//! | `words` | a path as a scenario |
//!
//! To extend it:
//!
//! * A model without an adversary is a [`Ladder`] of [`Bounds`], each explored as `World::new(bounds)`.
//! * An adversary implements [`Adversary`]: its `Extra` becomes a part of every state ([`State::extra`](world::State)), its `Deed` an action
//!   (`Action::Deed`). In `deeds` it computes the state after each with [`World::handle`] (a request at the intermediary), [`World::happen`]
//!   or [`World::after`] (an event at a wallet) and [`World::carried_out`]; a made-up answer is interned in [`World::answers`], a made-up
//!   request in [`World::requests`], and comes to a wallet as `Event::Answer(request, answer)` or, for messages that nobody asked for,
//!   `Event::Read(answer)`. `World::facts(actor).waiting()` are a device's waiting requests, by number.
//! * What an adversary must not achieve is a further [`Promise`](property::Promise): judged of a step in `judge` or `keeper`, of a state in
//!   `property::broken` or [`Adversary::broken`]. What a step breaks is written into [`State::broken`](world::State) with
//!   `Promise::mark`.
//! * What wallets do under an adversary is held to the same properties; those that an adversary can break by right ask
//!   [`Adversary::is_honest`] first.
//!
//! Reductions: see [`REDUCTIONS`].

#![allow(
    clippy::match_same_arms,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::collapsible_match,
    clippy::inconsistent_struct_constructor,
    reason = "tables of what can happen read best a line each, in the order in which it is told"
)]

pub mod action;
pub mod actor;
pub mod adversary;
pub mod attack;
pub mod bounds;
mod fair;
pub mod journal;
mod judge;
mod keeper;
pub mod ladder;
pub mod lies;
pub mod post;
pub mod property;
pub mod thief;
mod words;
#[allow(
    clippy::module_inception,
    reason = "the room's machine has the room's name"
)]
pub mod world;

pub use action::{Action, Event};
pub use actor::{Actor, Facts};
pub use adversary::{Adversary, Nobody};
pub use bounds::{Bounds, Deal, What, Who, Wish};
pub use ladder::Ladder;
pub use world::{Scratch, State, World};

/// What makes these spaces smaller, with what each leaves out.
pub const REDUCTIONS: &[&str] = &[
    "An answer is delivered in one step with its request, unless it is lost or held back: left out is what happens to others between the two.",
    "A reading and its answer are one step: left out is what happens while messages are on their way to the device.",
    "A request waits with its device until it arrives: losing one is no step. Left out is a request that arrives although its wallet has given it up, except for copies that are held back.",
    "A restart is no step: each distinct machine state is saved and restored once, and must be what it was. A crash before a step is saved undoes the step; a crash after it loses the step's requests, which is no step.",
];
