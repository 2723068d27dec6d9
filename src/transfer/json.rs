//! A strict reader of JSON (RFC 8259; PAY-01, PAY-04, PAY-05).

use super::PayloadError;
use crate::requirement::{flawed, require, required};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

/// How deep arrays and objects may stand in each other; the outermost object counts (PAY-05).
const MAX_DEPTH: usize = 16;

/// Reads one object, and nothing after it. The names of every object are in the order of their bytes.
///
/// # Errors
/// Invalid UTF-8, text that is no JSON or no object, a name that stands twice, nesting that is too deep.
pub(super) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, PayloadError> {
    flawed!("PAY-01 mended", (), {
        if let std::borrow::Cow::Owned(mended) = String::from_utf8_lossy(bytes) {
            return read_object(mended.as_bytes());
        }
    });
    flawed!("PAY-01 byte order mark", (), {
        if let Some(rest) = bytes.strip_prefix("\u{feff}".as_bytes()) {
            return read_object(rest);
        }
    });
    let text = std::str::from_utf8(bytes);
    let text = required!(
        "PAY-01",
        text.ok(),
        PayloadError::Utf8 {
            at: text.map_or_else(|error| error.valid_up_to(), str::len)
        }
    );
    let broken_rule = Cell::new(None);
    let element = Element {
        depth: 0,
        broken_rule: &broken_rule,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = element
        .deserialize(&mut deserializer)
        .and_then(|value| {
            flawed!("PAY-01 first value", deserializer.end()?, ());
            Ok(value)
        })
        .map_err(|error| {
            broken_rule.get().unwrap_or(PayloadError::Json {
                line: error.line(),
                column: error.column(),
            })
        })?;
    Ok(required!(
        "PAY-01",
        object(value),
        PayloadError::NotAnObject
    ))
}

/// The names and values of an object.
pub(super) fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// One value, `depth` arrays and objects deep.
#[derive(Clone, Copy)]
struct Element<'a> {
    depth: usize,
    /// Why reading stopped, where it was not the JSON itself.
    broken_rule: &'a Cell<Option<PayloadError>>,
}

impl Element<'_> {
    /// An array or object begins.
    fn inside<E: Error>(self) -> Result<Self, E> {
        require!(
            "PAY-05",
            self.depth
                < flawed!(
                    "PAY-05 15",
                    flawed!("PAY-05 17", MAX_DEPTH, MAX_DEPTH + 1),
                    MAX_DEPTH - 1
                ),
            self.breaks::<E>(PayloadError::TooDeep)
        );
        Ok(Element {
            depth: self.depth + 1,
            ..self
        })
    }

    fn breaks<E: Error>(self, rule: PayloadError) -> E {
        self.broken_rule.set(Some(rule));
        E::custom(rule)
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let element = flawed!("PAY-05 objects alone", self.inside()?, self);
        let mut array = Vec::new();
        while let Some(value) = access.next_element_seed(element)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let element = self.inside()?;
        let mut object = BTreeMap::new();
        while let Some(name) = access.next_key::<String>()? {
            flawed!("PAY-04 case", (), {
                if object
                    .keys()
                    .any(|other: &String| other.eq_ignore_ascii_case(&name))
                {
                    return Err(self.breaks(PayloadError::DuplicateName));
                }
            });
            require!(
                "PAY-04",
                !object.contains_key(&name) || flawed!("PAY-04 at the top", false, self.depth > 0),
                self.breaks::<A::Error>(PayloadError::DuplicateName)
            );
            object.insert(name, access.next_value_seed(element)?);
        }
        Ok(Value::Object(object.into_iter().collect()))
    }
}
