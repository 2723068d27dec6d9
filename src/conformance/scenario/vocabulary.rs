//! The words of the steps: a small fixed vocabulary, as Cucumber expressions.

use super::steps;
use super::world::{StepFailure, World};
use crate::conformance::selection::Hint;
use cucumber_expressions::Expression;
use regex::{Regex, RegexSet};
use std::collections::HashMap;
use std::sync::LazyLock;

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

/// What stands in an expression between braces, with what it matches.
const PARAMETERS: &[(&str, &str)] = &[
    ("user", "[A-Z][a-z]+"),
    ("kind", "[a-z]+"),
    ("device", "[A-Z][a-z]+'s [a-z]+"),
    ("credential", "car key|hotel key"),
    ("duration", r"\d+ (?:second|minute|hour|day)s?"),
    ("number", r"\d+"),
    (
        "request",
        "registration|publication|bundle request|submission|reading|acknowledgement",
    ),
    ("quoted", "\"[^\"]*\""),
];

/// A step as a script asks for it.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) definition: &'static Definition,
    /// Each parameter's name with what the script says.
    arguments: Vec<(String, String)>,
}

impl Call {
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

/// Every step, ready to be looked up.
#[derive(Debug)]
pub struct Vocabulary {
    set: RegexSet,
    patterns: Vec<(Regex, Vec<String>)>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::new);

impl Vocabulary {
    /// The one vocabulary.
    #[must_use]
    pub fn get() -> &'static Vocabulary {
        &VOCABULARY
    }

    /// Every definition, in the order in which they are shown.
    #[must_use]
    pub fn definitions() -> &'static [Definition] {
        steps::DEFINITIONS
    }

    fn new() -> Self {
        let parameters: HashMap<&str, &str> = PARAMETERS.iter().copied().collect();
        let patterns: Vec<(Regex, Vec<String>)> = Self::definitions()
            .iter()
            .map(|definition| {
                let regex = Expression::regex_with_parameters(definition.expression, &parameters)
                    .unwrap_or_else(|error| unreachable!("{}: {error}", definition.expression));
                (regex, parameters_of(definition.expression))
            })
            .collect();
        let set = RegexSet::new(patterns.iter().map(|(regex, _)| regex.as_str()))
            .unwrap_or_else(|error| unreachable!("each of them was compiled before: {error}"));
        Vocabulary { set, patterns }
    }

    /// The step that a text asks for.
    ///
    /// # Errors
    /// Where no step has these words, with the nearest one; or where several have.
    pub fn find(&self, text: &str) -> Result<Call, String> {
        let found: Vec<usize> = self.set.matches(text).into_iter().collect();
        match found.as_slice() {
            [] => {
                let known = Self::definitions()
                    .iter()
                    .map(|definition| definition.expression);
                let hint = Hint::nearest(&generic(text), known);
                Err(format!(
                    "no step is called `{text}`{hint} `tigress scenarios steps` lists them"
                ))
            }
            [index] => {
                let (regex, names) = &self.patterns[*index];
                let captures = regex.captures(text);
                let values = captures.iter().flat_map(|captures| captures.iter().skip(1));
                Ok(Call {
                    definition: &Self::definitions()[*index],
                    arguments: names
                        .iter()
                        .cloned()
                        .zip(values.map(|value| value.map_or("", |v| v.as_str()).to_owned()))
                        .collect(),
                })
            }
            several => {
                let expressions: Vec<_> = several
                    .iter()
                    .map(|index| format!("`{}`", Self::definitions()[*index].expression))
                    .collect();
                Err(format!(
                    "`{text}` can be read as {}",
                    expressions.join(" and as ")
                ))
            }
        }
    }
}

/// The names between braces, in order.
fn parameters_of(expression: &str) -> Vec<String> {
    expression
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// A text with its devices and numbers made parameters again, so that it can be likened to expressions.
fn generic(text: &str) -> String {
    let mut generic = text.to_owned();
    for (name, pattern) in [
        PARAMETERS[2],
        PARAMETERS[3],
        PARAMETERS[4],
        PARAMETERS[7],
        PARAMETERS[5],
    ] {
        if let Ok(regex) = Regex::new(pattern) {
            generic = regex
                .replace_all(&generic, format!("{{{name}}}").as_str())
                .into_owned();
        }
    }
    generic
}
