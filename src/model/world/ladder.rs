//! A model of wallets without an adversary: a name, and bounds to climb.

use super::{Bounds, REDUCTIONS, World, property};
use crate::model::explorer::explore;
use crate::model::{Limits, Model, Outcome, Progress, Property};

/// Wallets among whom nobody does more than the network.
pub struct Ladder {
    /// As the program takes it.
    pub name: &'static str,
    /// Who, and what happens, in plain words.
    pub about: &'static str,
    /// Smallest first: at least one.
    pub rungs: &'static [Bounds],
    /// So many of them are small: what CI goes through.
    pub quick: usize,
}

impl Model for Ladder {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn bounds(&self) -> Vec<String> {
        let rungs = self.rungs.iter();
        rungs.map(|bounds| bounds.words.to_owned()).collect()
    }

    fn quick(&self) -> usize {
        self.quick
    }

    fn properties(&self) -> &'static [Property] {
        property::PROPERTIES
    }

    fn goals(&self) -> &'static [Property] {
        self.rungs[0].goals.words
    }

    fn reductions(&self) -> &'static [&'static str] {
        REDUCTIONS
    }

    fn explore(
        &self,
        rung: usize,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Outcome {
        explore(&World::new(self.rungs[rung].clone()), limits, progress)
    }
}
