//! Bytes as lower-case hex, the one form in which vectors and saved states write them.

use data_encoding::HEXLOWER;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use zeroize::Zeroizing;

/// A byte string that is written as lower-case hex. It is not erased, so it is no place for a secret that is to be.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(pub Vec<u8>);

/// `bytes` as lower-case hex.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Reads lower-case hex; `None` for anything else.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}

/// Whether it is what [`decode`] reads.
#[cfg(feature = "conformance")]
pub(crate) fn is_hex(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len().is_multiple_of(2) && text.bytes().all(is_digit)
}

/// Writes `bytes` as lower-case hex. The text, which may be a secret's, is erased.
pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Zeroizing::new(encode(bytes)))
}

/// Reads from lower-case hex what `read` makes of the bytes; the bytes, which may be a secret's, are erased.
///
/// # Errors
/// That of `read`, and for other text that `what` is lower-case hex.
pub(crate) fn deserialize<'de, D, T, E, F>(
    deserializer: D,
    what: &'static str,
    read: F,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    F: FnOnce(&[u8]) -> Result<T, E>,
    E: fmt::Display,
{
    handed_over(deserializer, what, |bytes| read(&Zeroizing::new(bytes)))
}

/// As [`deserialize`], for a reader that keeps the bytes.
fn handed_over<'de, D, T, E, F>(deserializer: D, what: &'static str, read: F) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    F: FnOnce(Vec<u8>) -> Result<T, E>,
    E: fmt::Display,
{
    /// Takes the text as it stands in the input: no copy of a secret is made on the way.
    struct Text<T, F>(&'static str, F, PhantomData<T>);
    impl<T, E: fmt::Display, F: FnOnce(Vec<u8>) -> Result<T, E>> Visitor<'_> for Text<T, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} in lower-case hex", self.0)
        }

        fn visit_str<X: Error>(self, text: &str) -> Result<T, X> {
            match decode(text) {
                Some(bytes) => (self.1)(bytes).map_err(X::custom),
                None => Err(X::custom(format_args!("{} is lower-case hex", self.0))),
            }
        }
    }
    deserializer.deserialize_str(Text(what, read, PhantomData))
}

impl Deref for Hex {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<T: AsRef<[u8]>> From<T> for Hex {
    fn from(bytes: T) -> Self {
        Hex(bytes.as_ref().to_vec())
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({self})")
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(self))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        handed_over(deserializer, "a byte string", |bytes| {
            Ok::<_, std::convert::Infallible>(Hex(bytes))
        })
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for Hex {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([0-9a-f]{2})*$",
            "description": "Bytes in lower-case hex."
        })
    }
}
