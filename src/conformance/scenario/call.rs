//! A step of the vocabulary, and what a script gives it.

use super::step_failure::StepFailure;
use super::world::World;

/// Runs a step.
pub(super) type Run = fn(&mut World, &Call) -> Result<(), StepFailure>;

/// A step of the vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Given, When or Then: where it stands in a script that reads well.
    pub keyword: &'static str,
    /// Its words.
    pub expression: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether it declares the devices that it names.
    pub(super) declares: bool,
    pub(super) run: Run,
}

/// A step as a script asks for it.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) definition: &'static Definition,
    /// Each parameter's name with what the script says.
    arguments: Vec<(String, String)>,
}

impl Call {
    pub(super) fn new(definition: &'static Definition, arguments: Vec<(String, String)>) -> Self {
        Call {
            definition,
            arguments,
        }
    }

    /// The values of the parameters of that name, in order; quoted ones without their quotes.
    pub(super) fn all<'a>(&'a self, parameter: &'a str) -> impl Iterator<Item = &'a str> {
        self.arguments
            .iter()
            .filter(move |(name, _)| name == parameter)
            .map(|(_, value)| value.trim_matches('"'))
    }

    /// The `index`th value of the parameter of that name; empty where the definition has none.
    pub(super) fn nth<'a>(&'a self, parameter: &'a str, index: usize) -> &'a str {
        self.all(parameter).nth(index).unwrap_or_default()
    }

    /// The first number.
    pub(super) fn number(&self) -> Result<u64, StepFailure> {
        parse_number(self.nth("number", 0))
    }

    /// The first quoted text.
    pub(super) fn quoted(&self) -> &str {
        self.nth("quoted", 0)
    }

    /// The first duration in seconds.
    pub(super) fn duration(&self) -> Result<u64, StepFailure> {
        let text = self.nth("duration", 0);
        let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
        let seconds = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 60 * 60,
            "day" => 24 * 60 * 60,
            _ => 1,
        };
        parse_number(number)?
            .checked_mul(seconds)
            .ok_or_else(|| StepFailure::script(format!("`{text}` is too long")))
    }

    /// The devices that the step speaks of.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all("device")
    }

    pub(super) fn declares(&self) -> bool {
        self.definition.declares
    }

    /// The devices that exist once the step has run: `Ben's phone` of `Ben has a phone`.
    pub(super) fn declared(&self) -> Vec<String> {
        if !self.definition.declares {
            return Vec::new();
        }
        let user = self.nth("user", 0);
        self.all("kind")
            .map(|kind| format!("{user}'s {kind}"))
            .collect()
    }
}

fn parse_number(text: &str) -> Result<u64, StepFailure> {
    text.parse()
        .map_err(|_| StepFailure::script(format!("`{text}` is too large a number")))
}
