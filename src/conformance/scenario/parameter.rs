//! What stands between braces in the words of a step: what it matches, and the values that it may have.
//!
//! A pattern is wider than the values are, so that a wrong value is told with those that exist, and not as a step that does
//! not.

use super::limits;
use super::world::{LIES, PAYLOADS, REPORTS, REQUESTS, SAYINGS};
use crate::conformance::clients::ERRANDS;
use crate::conformance::hint::Hint;
use crate::error_code::ErrorCode;
use crate::transfer::StateName;
use std::fmt;

/// What stands between braces.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it matches, without groups.
    pub(super) pattern: &'static str,
    values: Values,
}

/// The values that a parameter may have.
enum Values {
    /// One of these, which are such-and-such.
    Listed(&'static str, fn() -> Vec<&'static str>),
    /// Whatever passes, in words.
    Such(&'static str, fn(&str) -> Result<(), String>),
}

/// Kinds of devices.
const KINDS: [&str; 5] = ["phone", "watch", "tablet", "laptop", "ring"];
/// Units of time, each with its seconds.
const UNITS: [(&str, u64); 4] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 60 * 60),
    ("day", DAY),
];
const DAY: u64 = 24 * 60 * 60;

/// One word, and several.
const WORD: &str = r#"[^\s"']+"#;
const WORDS: &str = r#"[^\s"']+(?: [^\s"']+)*"#;
const QUOTED: &str = "\"[^\"]*\"";

/// Every parameter.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "user",
        pattern: WORD,
        values: Values::Such("a name: one word with a capital, as Ben", user),
    },
    Parameter {
        name: "kind",
        pattern: WORD,
        values: Values::Listed("kind of device", || KINDS.to_vec()),
    },
    Parameter {
        name: "device",
        pattern: r#"[^\s"']+'s [^\s"']+"#,
        values: Values::Such("a user's device, as Ben's phone", |_| Ok(())),
    },
    Parameter {
        name: "credential",
        pattern: WORDS,
        values: Values::Listed("credential", || vec!["car key", "hotel key"]),
    },
    Parameter {
        name: "name",
        pattern: QUOTED,
        values: Values::Such("what the script calls a transfer, in quotes", name),
    },
    Parameter {
        name: "duration",
        pattern: "[0-9]+ [a-z]+",
        values: Values::Such(
            "a number and a unit, which is second(s), minute(s), hour(s) or day(s)",
            |text| duration(text).map(drop),
        ),
    },
    Parameter {
        name: "number",
        pattern: "[0-9]+",
        values: Values::Such("a number", |text| number(text).map(drop)),
    },
    Parameter {
        name: "many",
        pattern: "[0-9]+",
        values: Values::Such("a number from 1 to 1,000", many),
    },
    Parameter {
        name: "link",
        pattern: QUOTED,
        values: Values::Such("what the script calls an invitation, in quotes", name),
    },
    Parameter {
        name: "letter",
        pattern: QUOTED,
        values: Values::Such("what the script calls a letter, in quotes", name),
    },
    Parameter {
        name: "moment",
        pattern: QUOTED,
        values: Values::Such("what the script calls a saved state, in quotes", name),
    },
    Parameter {
        name: "lie",
        pattern: QUOTED,
        values: Values::Listed("lie", || LIES.into_iter().chain(codes()).collect()),
    },
    Parameter {
        name: "payload",
        pattern: WORDS,
        values: Values::Listed("payload", || PAYLOADS.to_vec()),
    },
    Parameter {
        name: "words",
        pattern: WORDS,
        values: Values::Listed("thing to say", || SAYINGS.to_vec()),
    },
    Parameter {
        name: "request",
        pattern: WORDS,
        values: Values::Listed("request", || REQUESTS.to_vec()),
    },
    Parameter {
        name: "errand",
        pattern: QUOTED,
        values: Values::Listed("request of a client", || ERRANDS.to_vec()),
    },
    Parameter {
        name: "message",
        pattern: WORD,
        values: Values::Listed("kind of message", || vec!["prekey", "ratchet"]),
    },
    Parameter {
        name: "state",
        pattern: QUOTED,
        values: Values::Listed("state", || {
            StateName::ALL.iter().map(|state| state.as_str()).collect()
        }),
    },
    Parameter {
        name: "report",
        pattern: QUOTED,
        values: Values::Listed("report", || {
            codes().chain(REPORTS.iter().copied()).collect()
        }),
    },
    Parameter {
        name: "code",
        pattern: QUOTED,
        values: Values::Listed("error code", || codes().collect()),
    },
    Parameter {
        name: "sizes",
        pattern: QUOTED,
        values: Values::Such("numbers with a comma between them, in quotes", sizes),
    },
];

fn codes() -> impl Iterator<Item = &'static str> {
    ErrorCode::ALL.iter().map(|code| code.as_str())
}

impl Parameter {
    /// The parameter of that name.
    pub(super) fn called(name: &str) -> Option<&'static Parameter> {
        PARAMETERS.iter().find(|parameter| parameter.name == name)
    }

    /// Whether it may have that value, which stands here without quotes.
    ///
    /// # Errors
    /// What is wrong with the value, and which ones there are.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        match &self.values {
            Values::Such(_, check) => check(value),
            Values::Listed(what, values) => {
                let values = values();
                if values.contains(&value) {
                    return Ok(());
                }
                let hint = Hint::nearest(value, values.iter().copied());
                let values = values.join(", ");
                Err(format!(
                    "`{value}` is no {what}, which is one of {values}{hint}"
                ))
            }
        }
    }
}

/// The values that it may have, in words.
impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.values {
            Values::Such(words, _) => f.write_str(words),
            Values::Listed(_, values) => {
                let quote = if self.pattern == QUOTED { "\"" } else { "" };
                let values = values().into_iter();
                let values: Vec<_> = values.map(|it| format!("{quote}{it}{quote}")).collect();
                f.write_str(&values.join(", "))
            }
        }
    }
}

fn user(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    if letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_lowercase())
    {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name, which is a capital letter and small ones of English"
    ))
}

fn name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a name with nothing in it".to_owned());
    }
    Ok(())
}

pub(super) fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        format!(
            "`{text}` is too large a number; the largest is {}",
            u64::MAX
        )
    })
}

fn many(text: &str) -> Result<(), String> {
    match text.parse::<u64>() {
        Ok(1..=limits::STRANGERS) => Ok(()),
        _ => Err(format!("`{text}`, where a number from 1 to 1,000 stands")),
    }
}

/// A duration in seconds.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let known = UNITS
        .iter()
        .find(|(name, _)| unit.strip_suffix('s').unwrap_or(unit) == *name);
    let Some((_, seconds)) = known else {
        let hint = Hint::nearest(unit, UNITS.iter().map(|(name, _)| *name));
        return Err(format!(
            "`{unit}` is no unit of time, which is one of seconds, minutes, hours, days{hint}"
        ));
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*seconds))
        .filter(|seconds| *seconds <= limits::DAYS * DAY)
        .ok_or_else(|| format!("`{text}` is longer than {} days", limits::DAYS))
}

fn sizes(text: &str) -> Result<(), String> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.split(", ").all(is_number) {
        return Ok(());
    }
    Err(format!(
        "`{text}` are no sizes, which are numbers as `652, 315`"
    ))
}
