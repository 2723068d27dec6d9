//! The words of a conversation's steps: a table of Cucumber expressions, and what may stand between their braces.

use super::party::Party;
use super::stage::{Damage, Order, SignatureDefect, Stage, Stop};
use super::steps::DEFINITIONS;
use crate::conformance::hint::Hint;
use cucumber_expressions::Expression;
use regex::Regex;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A step of the vocabulary.
#[derive(Clone, Copy)]
pub struct Definition {
    /// Given, When or Then: where it stands in a script that reads well.
    pub keyword: &'static str,
    /// Its words.
    pub expression: &'static str,
    /// What it does.
    pub help: &'static str,
    /// What a script has afterwards that it had not before.
    pub(super) brings: Brings,
    pub(super) run: fn(&mut Stage<'_>, &Call) -> Result<(), Stop>,
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expression)
    }
}

/// What is there once a step has run, for later steps to speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brings {
    Nothing,
    /// A device of its party.
    Device,
    /// A letter of its party, or several of one name.
    Letter,
}

/// What stands between braces.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The values that it may have, in words.
    pub values: &'static str,
    /// What it matches, without groups.
    pattern: &'static str,
    check: fn(&str) -> bool,
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// So many letters a step sends at most; so many turns are taken at most.
pub(super) const MOST_LETTERS: usize = 3_000;
/// So many one-time prekeys a device has at most.
const MOST_ONE_TIME: u32 = 100;
/// The longest letter, in bytes.
const MOST_BYTES: usize = 65_536;

/// Every parameter.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "party",
        values: "Ben, who is the initiator, or Ryan, who is the responder",
        pattern: "[A-Z][a-z]+",
        check: |text| Party::called(text).is_some(),
    },
    Parameter {
        name: "letter",
        values: "what the script calls a letter, or several, in quotes",
        pattern: "\"[^\"]*\"",
        check: |text| !text.trim().is_empty(),
    },
    Parameter {
        name: "many",
        values: "a number from 1 to 3,000",
        pattern: "[0-9]+",
        check: |text| {
            text.parse()
                .is_ok_and(|many| (1..=MOST_LETTERS).contains(&many))
        },
    },
    Parameter {
        name: "keys",
        values: "a number from 0 to 100",
        pattern: "[0-9]+",
        check: |text| text.parse().is_ok_and(|keys: u32| keys <= MOST_ONE_TIME),
    },
    Parameter {
        name: "id",
        values: "a prekey's id: a number below 16,777,216",
        pattern: "[0-9]+",
        check: |text| text.parse().is_ok_and(|id: u32| id < 1 << 24),
    },
    Parameter {
        name: "size",
        values: "a number of bytes from 0 to 65,536",
        pattern: "[0-9]+",
        check: |text| text.parse().is_ok_and(|bytes: usize| bytes <= MOST_BYTES),
    },
    Parameter {
        name: "part",
        values: "MAC, ciphertext, ratchet key",
        pattern: "[A-Za-z]+(?: [a-z]+)?",
        check: |text| Damage::called(text).is_some(),
    },
    Parameter {
        name: "defect",
        values: "a damaged, a foreign, an empty",
        pattern: "an? [a-z]+",
        check: |text| SignatureDefect::called(text).is_some(),
    },
    Parameter {
        name: "order",
        values: "in order, in random order, the last first",
        pattern: "[a-z]+(?: [a-z]+)+",
        check: |text| Order::called(text).is_some(),
    },
];

/// A step as a script asks for it: every value in it is one that there is.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) definition: &'static Definition,
    /// Each parameter's name with what the script says, without quotes.
    arguments: Vec<(&'static str, String)>,
}

impl Call {
    fn all<'a>(&'a self, parameter: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.arguments.iter();
        found
            .filter(move |(name, _)| *name == parameter)
            .map(|(_, value)| value.as_str())
    }

    fn the<'a>(&'a self, parameter: &'a str) -> &'a str {
        self.all(parameter).next().unwrap_or_default()
    }

    /// The parties in it, in order.
    pub(super) fn parties(&self) -> impl Iterator<Item = Party> {
        self.all("party").filter_map(Party::called)
    }

    /// The first party in it: whose step it is.
    pub(super) fn party(&self) -> Party {
        self.parties().next().unwrap_or(Party::Ben)
    }

    /// The letter in it.
    pub(super) fn letter(&self) -> &str {
        self.the("letter")
    }

    pub(super) fn has_letter(&self) -> bool {
        self.all("letter").next().is_some()
    }

    /// So many letters it sends at most: of turns and exchanges both parties as many.
    pub(super) fn letters(&self) -> usize {
        let each = self.the("many").parse().unwrap_or(1);
        each * self.parties().count().max(1)
    }

    /// The number in it, whichever of the parameters it is.
    pub(super) fn number<N: std::str::FromStr + Default>(&self) -> N {
        let numbers = ["many", "keys", "id", "size"];
        let mut numbers = numbers.into_iter().filter_map(|name| self.all(name).next());
        let number = numbers.next().and_then(|number| number.parse().ok());
        number.unwrap_or_default()
    }

    pub(super) fn damage(&self) -> Damage {
        Damage::called(self.the("part")).unwrap_or_default()
    }

    pub(super) fn defect(&self) -> SignatureDefect {
        SignatureDefect::called(self.the("defect")).unwrap_or_default()
    }

    pub(super) fn order(&self) -> Order {
        Order::called(self.the("order")).unwrap_or_default()
    }
}

static PATTERNS: LazyLock<Vec<(Regex, Vec<&'static Parameter>)>> = LazyLock::new(|| {
    let patterns: HashMap<&str, &str> = PARAMETERS
        .iter()
        .map(|parameter| (parameter.name, parameter.pattern))
        .collect();
    let pattern = |definition: &'static Definition| {
        let expression = definition.expression;
        let regex = Expression::regex_with_parameters(expression, &patterns)
            .unwrap_or_else(|error| unreachable!("{expression}: {error}"));
        let names = expression.split('{').skip(1);
        let names = names.filter_map(|rest| Some(rest.split_once('}')?.0));
        let parameters = names.filter_map(|name| PARAMETERS.iter().find(|it| it.name == name));
        (regex, parameters.collect())
    };
    DEFINITIONS.iter().map(pattern).collect()
});

/// Every step, in the order in which they are shown.
#[must_use]
pub fn definitions() -> &'static [Definition] {
    DEFINITIONS
}

/// The step that a text asks for.
///
/// # Errors
/// Where no step has these words, with the nearest one; where a value in it is none that there is.
pub fn find(text: &str) -> Result<Call, String> {
    let mut wrong = None;
    for (definition, (regex, parameters)) in DEFINITIONS.iter().zip(PATTERNS.iter()) {
        let Some(captures) = regex.captures(text) else {
            continue;
        };
        let values = captures.iter().skip(1).flatten();
        let values = values.map(|value| value.as_str().trim_matches('"').to_owned());
        let arguments: Vec<_> = parameters.iter().copied().zip(values).collect();
        let bad = arguments
            .iter()
            .find(|(parameter, value)| !(parameter.check)(value));
        match bad {
            None => {
                let arguments = arguments.into_iter().map(|(it, value)| (it.name, value));
                return Ok(Call {
                    definition,
                    arguments: arguments.collect(),
                });
            }
            Some((parameter, value)) => {
                let Parameter { name, values, .. } = parameter;
                wrong.get_or_insert_with(|| format!("`{value}` is no {name}, which is {values}"));
            }
        }
    }
    Err(wrong.unwrap_or_else(|| {
        let hint = Hint::nearest(text, DEFINITIONS.iter().map(|it| it.expression));
        let end = if hint.is_empty() { ";" } else { "" };
        format!("no step is called `{text}`{hint}{end} `tigress interop steps` lists them")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn example(parameter: &str) -> &'static str {
        match parameter {
            "party" => "Ryan",
            "letter" => "\"b\"",
            "part" => "ratchet key",
            "defect" => "an empty",
            "order" => "the last first",
            _ => "3",
        }
    }

    #[test]
    fn each_step_is_called_by_its_words_and_no_other_is() {
        let mut used = BTreeSet::new();
        for definition in DEFINITIONS {
            let mut text = definition.expression.replace("(s)", "s");
            for Parameter { name, .. } in PARAMETERS {
                let braces = format!("{{{name}}}");
                if text.contains(&braces) {
                    used.insert(*name);
                    text = text.replace(&braces, example(name));
                }
            }
            let found = find(&text).expect(&text);
            assert_eq!(found.definition.expression, definition.expression, "{text}");
            let patterns = PATTERNS.iter().filter(|(regex, _)| regex.is_match(&text));
            assert_eq!(patterns.count(), 1, "{text}");
        }
        assert_eq!(used.len(), PARAMETERS.len());
    }

    #[test]
    fn what_is_no_step_is_told() {
        let wrong = |text| find(text).expect_err("refused");
        assert!(wrong("Rhea restarts").contains("`Rhea` is no party, which is Ben"));
        assert!(wrong("Ben sends 5000 letters called \"b\"").contains("is no many"));
        assert!(wrong("Ben dances").contains("`tigress interop steps`"));
    }
}
