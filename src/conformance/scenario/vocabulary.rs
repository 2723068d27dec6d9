//! The words of the steps: a small fixed vocabulary, as Cucumber expressions.

use super::call::{Call, Definition};
use super::parameter::{PARAMETERS, Parameter};
use super::steps;
use crate::conformance::hint::Hint;
use cucumber_expressions::Expression;
use regex::{Regex, RegexSet};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A longer text is not likened to the words of the steps.
const LIKENED: usize = 200;

/// Every step, ready to be looked up.
#[derive(Debug)]
pub struct Vocabulary {
    set: RegexSet,
    patterns: Vec<(Regex, Vec<&'static str>)>,
    /// What is likely meant for a parameter, wherever it stands in a text.
    likely: Vec<(Regex, String)>,
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

    /// Every parameter that a definition may have.
    #[must_use]
    pub fn parameters() -> &'static [Parameter] {
        PARAMETERS
    }

    fn new() -> Self {
        let parameters: HashMap<&str, &str> = PARAMETERS
            .iter()
            .map(|parameter| (parameter.name, parameter.pattern))
            .collect();
        let patterns: Vec<(Regex, Vec<&str>)> = Self::definitions()
            .iter()
            .map(|definition| {
                let regex = Expression::regex_with_parameters(definition.expression, &parameters)
                    .unwrap_or_else(|error| unreachable!("{}: {error}", definition.expression));
                (regex, parameters_of(definition.expression))
            })
            .collect();
        let set = RegexSet::new(patterns.iter().map(|(regex, _)| regex.as_str()))
            .unwrap_or_else(|error| unreachable!("each of them was compiled before: {error}"));
        let likely = [
            ("device", r"[A-Z][a-z]+'s [a-z]+"),
            ("credential", "(?:car|hotel) key"),
            ("duration", "[0-9]+ (?:second|minute|hour|day)s?"),
            ("name", "\"[^\"]*\""),
            ("number", "[0-9]+"),
        ]
        .into_iter()
        .map(|(name, pattern)| {
            let regex = Regex::new(pattern).unwrap_or_else(|error| unreachable!("{error}"));
            (regex, format!("{{{name}}}"))
        })
        .collect();
        Vocabulary {
            set,
            patterns,
            likely,
        }
    }

    /// The step that a text asks for.
    ///
    /// # Errors
    /// Where no step has these words, with the nearest one; where several have; where a value in it is none that there is.
    pub fn find(&self, text: &str) -> Result<Call, String> {
        let found: Vec<usize> = self.set.matches(text).into_iter().collect();
        match found.as_slice() {
            [] => Err(self.unknown(text)),
            [index] => {
                let (regex, names) = &self.patterns[*index];
                let captures = regex.captures(text);
                let values = captures.iter().flat_map(|captures| captures.iter().skip(1));
                let values = values.map(|value| value.map_or("", |v| v.as_str()).to_owned());
                let arguments = names.iter().copied().zip(values).collect();
                Call::new(&Self::definitions()[*index], arguments)
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

    /// The step that a text asks for, where it is one; nothing is likened to it.
    pub(super) fn known(&self, text: &str) -> Option<Call> {
        let is_one = self.set.matches(text).iter().count() == 1;
        is_one.then(|| self.find(text).ok()).flatten()
    }

    /// Given, When or Then, by what a step of these words does; none where no step, or more than one, is called that.
    pub(super) fn keyword(&self, text: &str) -> Option<&'static str> {
        let mut found = self.set.matches(text).into_iter();
        let only = found.next().filter(|_| found.next().is_none())?;
        Some(Self::definitions()[only].keyword)
    }

    fn unknown(&self, text: &str) -> String {
        if text.len() > LIKENED {
            let beginning: String = text.chars().take(LIKENED / 2).collect();
            return format!(
                "no step is called `{beginning}…`; `tigress scenarios steps` lists them"
            );
        }
        // With its devices, numbers and names made parameters again it can be likened to expressions.
        let generic = self
            .likely
            .iter()
            .fold(text.to_owned(), |text, (of, name)| {
                of.replace_all(&text, name.as_str()).into_owned()
            });
        let known = Self::definitions().iter().map(|it| it.expression);
        let hint = Hint::nearest(&generic, known);
        let end = if hint.is_empty() { ";" } else { "" };
        format!("no step is called `{text}`{hint}{end} `tigress scenarios steps` lists them")
    }
}

/// The names between braces, in order.
fn parameters_of(expression: &'static str) -> Vec<&'static str> {
    expression
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that each parameter may have.
    fn example(parameter: &str) -> &'static str {
        match parameter {
            "user" => "Ben",
            "kind" => "phone",
            "device" => "Ben's phone",
            "credential" => "car key",
            "name" => "\"the car\"",
            "duration" => "3 days",
            "number" | "many" => "3",
            "link" => "\"the link\"",
            "letter" => "\"the letter\"",
            "moment" => "\"before\"",
            "lie" => "\"not-found\"",
            "payload" => "something that is no offer",
            "words" => "a cancel",
            "request" => "bundle request",
            "errand" => "\"Ben's phone reads\"",
            "message" => "prekey",
            "state" => "\"S:Offered\"",
            "report" => "\"identity-changed\"",
            "code" => "\"malformed\"",
            "sizes" => "\"652, 315\"",
            other => panic!("no example of {{{other}}}"),
        }
    }

    /// The words of a definition, with an example for each parameter and every optional part left in.
    fn filled(definition: &Definition) -> String {
        let mut text = definition.expression.to_owned();
        for name in parameters_of(definition.expression) {
            text = text.replace(&format!("{{{name}}}"), example(name));
        }
        let first_choice = text
            .split(' ')
            .map(|word| word.split('/').next().unwrap_or(word));
        first_choice
            .collect::<Vec<_>>()
            .join(" ")
            .replace(['(', ')'], "")
    }

    #[test]
    fn each_step_is_called_by_its_words_and_no_other_is() {
        for definition in Vocabulary::definitions() {
            let text = filled(definition);
            let found = Vocabulary::get().find(&text).expect(&text);
            assert_eq!(found.expression(), definition.expression, "{text}");
        }
    }

    #[test]
    fn every_parameter_is_used_and_every_used_one_is_there() {
        let used = Vocabulary::definitions().iter();
        let used = used.flat_map(|definition| parameters_of(definition.expression));
        let used: std::collections::BTreeSet<_> = used.collect();
        let there = PARAMETERS.iter().map(|parameter| parameter.name).collect();
        assert_eq!(used, there);
    }
}
