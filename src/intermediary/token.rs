//! What authorises a device, what admits a stranger to it, and the hashes under which both are kept (MBX-01, MBX-20).

use crate::hex;
use crate::primitives::{Randomness, RandomnessError, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io;

/// Declares 32 secret bytes that stand on the wire as 64 digits of lower-case hex, and are kept by their hash alone.
macro_rules! secret_on_the_wire {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(Secret<32>);

        impl $name {
            /// The hash under which it is kept: SHA-256.
            #[must_use]
            pub fn digest(&self) -> Digest {
                Digest::of(self.0.expose())
            }

            /// The 32 bytes, for a request or a test vector.
            #[must_use]
            pub fn expose(&self) -> &[u8; 32] {
                self.0.expose()
            }
        }

        impl From<Secret<32>> for $name {
            fn from(secret: Secret<32>) -> Self {
                $name(secret)
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                $name(Secret::new(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                hex::serialize(self.expose(), serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                bytes_32(deserializer, $what, |bytes| $name(Secret::copy_of(bytes)))
            }
        }

        digits!($name, "32 secret bytes in lower-case hex.");
    };
}

/// How 32 bytes stand in the schema.
macro_rules! digits {
    ($name:ident, $what:literal) => {
        #[cfg(feature = "schemas")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": "^[0-9a-f]{64}$",
                    "description": $what
                })
            }
        }
    };
}

secret_on_the_wire! {
    /// The secret that authorises one device. The device draws it, and registers its [`Digest`] (MBX-01): nobody else
    /// ever has it. It prints nothing.
    Token, "a token"
}

secret_on_the_wire! {
    /// The secret with which a stranger may write to a device and take one-time prekeys of it. The device publishes its
    /// [`Digest`] (MBX-20). It prints nothing.
    AccessKey, "an access key"
}

impl Token {
    /// Draws a token: 32 bytes of randomness (RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        Secret::random(randomness).map(Token)
    }
}

/// SHA-256: of a token, of an access key, of a request id, or of what a request asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of a value's JSON, which is not written out.
    #[must_use]
    pub(super) fn of_json(value: &impl Serialize) -> Self {
        struct Hasher(Sha256);
        impl io::Write for Hasher {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.update(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut hasher = Hasher(Sha256::new());
        match serde_json::to_writer(&mut hasher, value) {
            Ok(()) => Digest(hasher.0.finalize().into()),
            Err(_) => unreachable!("a hasher takes every byte, and a request has no map"),
        }
    }
}

/// A hash that was kept.
impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Digest(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bytes_32(deserializer, "a hash", |bytes| Digest(*bytes))
    }
}

digits!(Digest, "SHA-256 in lower-case hex.");

fn bytes_32<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &'static str,
    make: impl FnOnce(&[u8; 32]) -> T,
) -> Result<T, D::Error> {
    hex::deserialize(deserializer, what, |bytes| {
        let bytes = bytes.try_into().map(make);
        bytes.map_err(|_| format!("{what} is 32 bytes in lower-case hex"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_and_an_access_key_print_nothing() {
        let printed = format!(
            "{:?} {:?}",
            Token::from([0xab; 32]),
            AccessKey::from([0xab; 32])
        );
        assert!(
            !printed.contains("ab") && !printed.contains("171"),
            "{printed}"
        );
    }
}
