//! Devices that write letters to each other past the intermediary: a [`Space`](super::Space) of [`Correspondent`]s.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`setting`] | who is there, and how often what may happen |
//! | `state` | a global state: numbers and counters |
//! | `action` | what may happen, and how a script says it |
//! | `steps` | steps of single devices, each computed once |
//! | [`post`] | the space |
//! | [`ladder`] | a model: bounds to climb |
//!
//! [`Correspondent`]: crate::conformance::correspondence::Correspondent

#![allow(
    clippy::cast_possible_truncation,
    reason = "four devices, six letters, a hundred thousand states of a device"
)]

mod action;
pub mod ladder;
pub mod post;
pub mod setting;
mod state;
mod steps;

pub use ladder::Ladder;
pub use post::Post;
pub use setting::Setting;

use super::Property;
use crate::conformance::correspondence::{Breach, Deed};
use std::sync::LazyLock;

static PROPERTIES: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let breaches = Breach::ALL.iter();
    let properties = breaches.map(|breach| Property {
        name: breach.words(),
        requirements: breach.requirements(),
    });
    properties.collect()
});

static GOALS: LazyLock<Vec<Property>> = LazyLock::new(|| {
    let deeds = Deed::ALL.iter();
    let goals = deeds.map(|deed| Property {
        name: deed.words(),
        requirements: deed.requirements(),
    });
    goals.collect()
});

/// What must hold of letters, in the order of [`Breach::ALL`].
#[must_use]
pub fn properties() -> &'static [Property] {
    &PROPERTIES
}

/// What must be possible with letters, in the order of [`Deed::ALL`].
#[must_use]
pub fn goals() -> &'static [Property] {
    &GOALS
}

/// What makes the spaces smaller.
pub const REDUCTIONS: &[&str] = &[
    "A restart is no step: in each device state that is found, what was saved must restore to the same.",
    "A damaged letter, one in another device's name and one that comes back to its writer are no steps: each is tried wherever a letter \
     arrives or is written, and must be refused and leave nothing behind.",
    "A bundle that is wrong in one place is no step: twelve such bundles are tried wherever a bundle arrives, and must be refused and leave nothing behind.",
    "A letter is lost when it is the next to come: one that is lost later or earlier leaves the same behind.",
    "A letter says only its number: what it is about changes nothing.",
];
