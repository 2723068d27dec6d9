//! A step of the vocabulary, and what a script gives it.

use super::parameter::{self, Parameter};
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
    pub(super) brings: Brings,
    pub(super) run: Run,
}

/// What is there once a step has run, for later steps to speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brings {
    /// Nothing.
    Nothing,
    /// The devices of those kinds of that user.
    Devices,
    /// A copy of a device, as a device of that user.
    Copy,
    /// The device is there no longer.
    Removal,
    /// A transfer of the last name in it, or called by its credential.
    Transfer,
    /// An invitation of that name.
    Link,
    /// A saved state of that name.
    Moment,
}

/// A step as a script asks for it: every value in it is one that there is.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) definition: &'static Definition,
    /// Each parameter's name with what the script says, without quotes.
    arguments: Vec<(&'static str, String)>,
}

impl Call {
    /// The step with these arguments, as they stand in the script.
    ///
    /// # Errors
    /// The first of them that its parameter cannot be.
    pub(super) fn new(
        definition: &'static Definition,
        mut arguments: Vec<(&'static str, String)>,
    ) -> Result<Self, String> {
        for (name, value) in &mut arguments {
            *value = value.trim_matches('"').to_owned();
            Parameter::called(name).map_or(Ok(()), |parameter| parameter.check(value))?;
        }
        Ok(Call {
            definition,
            arguments,
        })
    }

    /// The words of the step, without what the script gives it.
    #[must_use]
    pub fn expression(&self) -> &'static str {
        self.definition.expression
    }

    /// The values of the parameters of that name, in order.
    pub(super) fn all<'a>(&'a self, parameter: &'a str) -> impl Iterator<Item = &'a str> {
        self.arguments
            .iter()
            .filter(move |(name, _)| *name == parameter)
            .map(|(_, value)| value.as_str())
    }

    /// The `index`th value of the parameter of that name; empty where the definition has none.
    pub(super) fn nth<'a>(&'a self, parameter: &'a str, index: usize) -> &'a str {
        self.all(parameter).nth(index).unwrap_or_default()
    }

    /// The first value of the parameter of that name; empty where the definition has none.
    pub(super) fn the<'a>(&'a self, parameter: &'a str) -> &'a str {
        self.nth(parameter, 0)
    }

    /// The first number.
    pub(super) fn number(&self) -> Result<u64, StepFailure> {
        let number = self.all("number").chain(self.all("many")).next();
        parameter::number(number.unwrap_or_default()).map_err(StepFailure::Script)
    }

    /// The first duration in seconds.
    pub(super) fn duration(&self) -> Result<u64, StepFailure> {
        parameter::duration(self.the("duration")).map_err(StepFailure::Script)
    }

    /// What the script calls the transfer that the step is about: a name of its own, or its credential's.
    pub(super) fn transfer(&self) -> &str {
        let name = self.all("name").chain(self.all("credential")).next();
        name.unwrap_or_default()
    }

    /// The devices that it brings: `Ben's phone` of `Ben has a phone`.
    pub(super) fn brought(&self) -> Vec<String> {
        let user = self.the("user");
        match self.definition.brings {
            Brings::Devices => {
                let kinds = self.all("kind");
                kinds.map(|kind| format!("{user}'s {kind}")).collect()
            }
            Brings::Copy => vec![format!("{user}'s copy")],
            _ => Vec::new(),
        }
    }

    /// What the transfer is called that it brings: the last name in it, or else its credential.
    pub(super) fn offered(&self) -> &str {
        let name = self.all("name").last();
        name.unwrap_or_else(|| self.the("credential"))
    }
}
