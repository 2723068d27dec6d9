//! Where an answer differs from what is expected.

use crate::conformance::hint::Hint;
use crate::conformance::operation::answer::{Fault, absent, below};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// At most so many differences are said of an answer.
const MOST: usize = 20;

/// What came back is cut where it is so many bytes longer than what is expected.
const MORE: usize = 4096;

/// One thing that is other than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The field of the answer, as `messages[0].preKeyId`; none where it is not about one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is expected.
    pub expected: String,
    /// What came back, cut where it is more than 4,096 bytes longer than what is expected.
    pub got: String,
}

impl Difference {
    /// Of no field in particular.
    pub(super) fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        let (expected, mut got) = (expected.into(), got.into());
        let end = got.floor_char_boundary(expected.len() + MORE);
        if end < got.len() {
            got = format!("{}… ({} bytes)", &got[..end], got.len());
        }
        Difference {
            field: None,
            expected,
            got,
        }
    }

    fn of(field: String, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Difference {
            field: Some(field).filter(|field| !field.is_empty()),
            ..Difference::new(expected, got)
        }
    }
}

/// Every field in which an answer, as its type writes it, differs from the expected one: twenty at most. `raw` is the
/// answer as it came, whose unknown fields may explain one that is missing.
pub(super) fn between(expected: &Value, got: &Value, raw: &Value) -> Vec<Difference> {
    let mut comparison = Comparison {
        found: Vec::new(),
        typed: true,
    };
    comparison.values(String::new(), Some(expected), Some(got), raw);
    comparison.found
}

/// The same of an answer that its type cannot read: what the type says against it, and where else its fields differ
/// from the expected ones.
pub(super) fn unreadable(expected: &Value, raw: &Value, faults: &[Fault]) -> Vec<Difference> {
    let mut comparison = Comparison {
        found: Vec::new(),
        typed: false,
    };
    comparison.values(String::new(), Some(expected), Some(raw), raw);
    let of_faults = faults.iter().map(|fault| {
        let wanted = expected
            .pointer(&fault.place)
            .filter(|_| !fault.place.is_empty());
        let wanted = wanted.map_or_else(
            || "what docs/adapter_schema.json says".to_owned(),
            Value::to_string,
        );
        Difference::of(fault.field(), wanted, fault.got.clone())
    });
    let others = comparison.found.iter().filter(|other| {
        let other = other.field.as_deref().unwrap_or_default();
        !faults.iter().any(|fault| are_of_one(&fault.field(), other))
    });
    of_faults.chain(others.cloned()).take(MOST).collect()
}

/// Whether a field is the other one, or within it.
fn are_of_one(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
    };
    within(one, other) || within(other, one)
}

struct Comparison {
    found: Vec<Difference>,
    /// Whether both sides are as their type writes them: then each field of either counts. Otherwise those that are
    /// expected do, and null is an absent one.
    typed: bool,
}

impl Comparison {
    fn values(
        &mut self,
        field: String,
        expected: Option<&Value>,
        got: Option<&Value>,
        raw: &Value,
    ) {
        if expected == got || self.found.len() == MOST {
            return;
        }
        match (expected, got) {
            (Some(Value::Object(expected)), Some(Value::Object(got))) => {
                let more = got.keys().filter(|name| !expected.contains_key(*name));
                let more = more.filter(|_| self.typed);
                let names: Vec<_> = expected.keys().chain(more).collect();
                for name in names {
                    let is_there = |value: &&Value| self.typed || !value.is_null();
                    let one = expected.get(name).filter(is_there);
                    let other = got.get(name).filter(is_there);
                    let inner = raw.get(name).unwrap_or(&Value::Null);
                    let field = below(&field, name);
                    if let (Some(wanted), None) = (one, other) {
                        let unknown = unknown(raw, expected, got, self.typed);
                        let hint = Hint::nearest(name, unknown);
                        self.push(Difference::of(field, wanted.to_string(), absent(&hint)));
                    } else {
                        self.values(field, one, other, inner);
                    }
                }
            }
            (Some(Value::Array(expected)), Some(Value::Array(got))) => {
                for index in 0..expected.len().max(got.len()) {
                    let inner = raw.get(index).unwrap_or(&Value::Null);
                    let field = format!("{field}[{index}]");
                    self.values(field, expected.get(index), got.get(index), inner);
                }
            }
            _ => {
                let said = |value: Option<&Value>| {
                    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
                };
                self.push(Difference::of(field, said(expected), said(got)));
            }
        }
    }

    fn push(&mut self, difference: Difference) {
        if self.found.len() < MOST {
            self.found.push(difference);
        }
    }
}

/// The names in an object as it came that are neither expected nor known to its type.
fn unknown<'r>(
    raw: &'r Value,
    expected: &Map<String, Value>,
    got: &Map<String, Value>,
    typed: bool,
) -> impl Iterator<Item = &'r str> {
    let names = raw.as_object().into_iter().flat_map(Map::keys);
    names
        .filter(move |name| !(expected.contains_key(*name) || typed && got.contains_key(*name)))
        .map(String::as_str)
}
