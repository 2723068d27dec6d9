//! The words of the steps: a small fixed vocabulary, as Cucumber expressions.

use super::call::{Call, Definition};
use super::steps;
use crate::conformance::hint::Hint;
use cucumber_expressions::Expression;
use regex::{Regex, RegexSet};
use std::collections::HashMap;
use std::sync::LazyLock;

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
                let values = values.map(|value| value.map_or("", |v| v.as_str()).to_owned());
                let arguments = names.iter().cloned().zip(values).collect();
                Ok(Call::new(&Self::definitions()[*index], arguments))
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
