//! The intermediary, with three clients.

use super::explorer::explore;
use super::server::bounds::BOUNDS;
use super::server::space::{GOALS, PROPERTIES};
use super::server::{REDUCTIONS, Server};
use super::{Limits, Model, Outcome, Progress, Property};

/// The model.
#[derive(Debug)]
pub struct Intermediary;

impl Model for Intermediary {
    fn name(&self) -> &'static str {
        "intermediary"
    }

    fn about(&self) -> &'static str {
        "The intermediary alone: Ben's phone, Ben's watch and Ryan's phone ask what they may and what they may not, in any order, any number of times and however late; it stops and starts again at any point."
    }

    fn bounds(&self) -> Vec<String> {
        BOUNDS
            .iter()
            .map(|bounds| bounds.words.to_owned())
            .collect()
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn goals(&self) -> &'static [Property] {
        GOALS
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
        explore(&Server::new(BOUNDS[rung]), limits, progress)
    }
}
