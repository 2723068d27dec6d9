//! What the small rungs of the models come to, checked in: a change of the engine that nothing else notices changes a figure.

use super::{End, Outcome};

/// `model,rung,states,steps,depth,unreached`: a line a rung, which counts from 1; goals that no state of the rung reaches by their
/// places, with a blank between.
pub const FIGURES: &str = include_str!("figures.csv");

/// What a rung comes to when it is explored to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// [`Outcome::states`].
    pub states: u64,
    /// [`Outcome::transitions`].
    pub transitions: u64,
    /// [`Outcome::depth`].
    pub depth: u32,
    /// [`Outcome::unreached`].
    pub unreached: Vec<usize>,
}

impl Figures {
    /// Those of a search that found everything.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        (outcome.end == End::Complete).then(|| Self {
            states: outcome.states,
            transitions: outcome.transitions,
            depth: outcome.depth,
            unreached: outcome.unreached.clone(),
        })
    }

    /// Those that are checked in; none where the rung is not among the small ones.
    #[must_use]
    pub fn checked_in(model: &str, rung: usize) -> Option<Self> {
        let beginning = format!("{model},{},", rung + 1);
        let line = FIGURES
            .lines()
            .find_map(|line| line.strip_prefix(&beginning))?;
        let mut cells = line.split(',');
        let mut number = || cells.next()?.parse().ok();
        let (states, transitions, depth) = (number()?, number()?, number()?);
        let unreached = cells.next()?.split_whitespace();
        Some(Self {
            states,
            transitions,
            depth: u32::try_from(depth).ok()?,
            unreached: unreached.map_while(|place| place.parse().ok()).collect(),
        })
    }

    /// The line of [`FIGURES`] that says this.
    #[must_use]
    pub fn line(&self, model: &str, rung: usize) -> String {
        let Self {
            states,
            transitions,
            depth,
            unreached,
        } = self;
        let unreached: Vec<String> = unreached.iter().map(ToString::to_string).collect();
        let unreached = unreached.join(" ");
        format!(
            "{model},{},{states},{transitions},{depth},{unreached}\n",
            rung + 1
        )
    }
}
