//! JSON from outside, read strictly: no name stands twice in an object, and there is no more of it than a bound says.

use super::printable::shortened;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;

/// Reads one value, and nothing after it.
///
/// `most` bounds how many values there may be: each takes up to 600 bytes of memory, and as few as two of the text. Arrays
/// and objects may stand in each other 127 deep.
///
/// # Errors
/// Text that is no JSON; a name that stands twice in an object; too many values; nesting that is too deep.
pub(super) fn read(text: &str, most: usize) -> Result<Value, serde_json::Error> {
    let element = Element {
        left: &Cell::new(most),
        most,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = element.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// One value.
#[derive(Clone, Copy)]
struct Element<'a> {
    /// How many more there may be.
    left: &'a Cell<usize>,
    /// How many there may be in all.
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        let left = left.ok_or_else(|| D::Error::custom(format!("more than {} values", self.most)));
        self.left.set(left?);
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
        let mut array = Vec::new();
        while let Some(value) = access.next_element_seed(self)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if object.contains_key(&name) {
                let name = shortened(&name, 100);
                let reason = format!("the name `{name}` stands twice in one object");
                return Err(A::Error::custom(reason));
            }
            object.insert(name, access.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        read(text, 5).expect_err("refused").to_string()
    }

    #[test]
    fn it_is_read_as_serde_json_reads_it() {
        let text = r#" {"a": [null, true, -1, 1.5, "é\n"], "A": {"a": 18446744073709551615}} "#;
        let value: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(read(text, 9).expect("JSON"), value);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let twice = wrong("{\"a\": 1,\n \"b\": {}, \"a\": 2}");
        assert!(twice.starts_with("the name `a` stands twice in one object at line 2 column "));
        // Escaped or not, it is the same name.
        assert!(wrong(r#"{"a": 1, "\u0061": 2}"#).contains("stands twice"));
        assert!(wrong("[0, 0, 0, 0, 0]").contains("more than 5 values"));
        assert!(read("[0, 0, 0, 0]", 5).is_ok());
        assert!(wrong("1 2").contains("trailing characters"));
        let deep = "[".repeat(128);
        let error = read(&deep, 200).expect_err("refused").to_string();
        assert!(error.contains("recursion limit exceeded"), "{error}");
    }
}
