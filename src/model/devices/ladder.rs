//! A model of devices that write letters: a name, and bounds to climb.

use super::{Post, REDUCTIONS, Setting, goals, properties};
use crate::model::{Limits, Model, Outcome, Progress, Property};

/// Devices and the post between them.
pub struct Ladder {
    /// As the program takes it.
    pub name: &'static str,
    /// Who, and what happens, in plain words.
    pub about: &'static str,
    /// Smallest first.
    pub rungs: &'static [Setting],
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
        rungs.map(|rung| rung.words.to_owned()).collect()
    }

    fn properties(&self) -> &'static [Property] {
        properties()
    }

    fn goals(&self) -> &'static [Property] {
        goals()
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
        Post::explore(&self.rungs[rung], limits, progress)
    }
}
