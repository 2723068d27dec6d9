//! Devices that write letters to each other: [`Correspondent`]s, each with a journal of what it did, by which every step of its
//! device is judged.
//!
//! A letter is any message between two devices; what it is about does not matter here. Scenarios and models use the same
//! correspondents, so that what a model finds is a scenario.

mod bounds;
mod breach;
mod bundles;
mod correspondent;
mod deed;
mod draws;
mod journal;
mod known;
mod letter;
mod reading;
mod sending;

pub use bounds::Bounds;
pub use breach::{Breach, Fault};
pub use correspondent::Correspondent;
pub use deed::{Deed, Deeds};
pub use letter::Letter;
pub use sending::Waits;

use crate::suite::{SuiteRef, Tigress1};

/// The suite that letters are in.
const SUITE: SuiteRef = &Tigress1;
