//! What authorises a device, and the hashes under which things are kept (MBX-01, MBX-13).

use crate::hex;
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::{Randomness, RandomnessError, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::io;

/// The secret that authorises one device: 32 random bytes, on the wire 64 digits of lower-case hex.
///
/// It is returned once, prints nothing, and is kept by its [`Digest`] alone (MBX-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token(Secret<32>);

impl From<Secret<32>> for Token {
    fn from(secret: Secret<32>) -> Self {
        Token(secret)
    }
}

impl Token {
    /// Draws a token: 32 bytes of randomness.
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        Secret::random(randomness).map(Token)
    }

    /// The hash under which it is kept.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.expose())
    }

    /// The 32 bytes, for a request or a test vector.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The token as it is remembered with the answer to a registration: only who has the whole
    /// registration, its random request id included, can open it again (MBX-01, MBX-13).
    #[must_use]
    pub(super) fn seal(&self, registration: &[u8]) -> SealedToken {
        let pad = pad(&self.digest(), registration);
        SealedToken(*xor(self.expose(), &pad).expose())
    }
}

impl From<[u8; 32]> for Token {
    fn from(bytes: [u8; 32]) -> Self {
        Token(Secret::new(bytes))
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(self.expose(), serializer)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bytes_32(deserializer, "a token", |bytes| {
            Token(Secret::copy_of(bytes))
        })
    }
}

#[cfg(feature = "conformance")]
impl schemars::JsonSchema for Token {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Token".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "32 bytes in lower-case hex."
        })
    }
}

/// A token that is remembered beside an answer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SealedToken([u8; 32]);

impl SealedToken {
    /// The token again, from its hash and the registration that it was sealed with.
    #[must_use]
    pub(super) fn open(&self, token: &Digest, registration: &[u8]) -> Token {
        let pad = pad(token, registration);
        Token(xor(&self.0, &pad))
    }
}

impl fmt::Debug for SealedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedToken")
    }
}

impl Serialize for SealedToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for SealedToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bytes_32(deserializer, "a sealed token", |bytes| SealedToken(*bytes))
    }
}

/// The token's hash as salt gives each token a pad of its own.
fn pad(token: &Digest, registration: &[u8]) -> Secret<32> {
    hkdf_sha256(
        Some(&token.0),
        &[registration],
        b"TigressSignal/1 Registration",
    )
}

fn xor(bytes: &[u8; 32], pad: &Secret<32>) -> Secret<32> {
    Secret::filled(|out| {
        for ((out, byte), pad) in out.iter_mut().zip(bytes).zip(pad.expose()) {
            *out = byte ^ pad;
        }
    })
}

/// SHA-256: of a token, of a request id, or of what a request asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
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

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", hex::encode(&self.0))
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
    fn a_sealed_token_opens_with_the_same_registration_alone() {
        let token = Token::from([7; 32]);
        let sealed = token.seal(b"registration");
        assert_eq!(sealed.open(&token.digest(), b"registration"), token);
        assert_ne!(sealed.open(&token.digest(), b"Registration"), token);
        assert_ne!(sealed.0, *token.expose());
    }

    #[test]
    fn a_token_prints_nothing() {
        let token = Token::from([0xab; 32]);
        let printed = format!("{token:?} {:?}", token.seal(b"r"));
        assert!(
            !printed.contains("ab") && !printed.contains("171"),
            "{printed}"
        );
    }
}
