//! The two messages and their encoding (profile section 5).
//!
//! A message is a version byte, then a Protocol Buffers message with the field numbers of Signal's wire
//! format. How lenient the parser is, is the suite's choice; `tigress-1` accepts one encoding alone.

mod pre_key_message;
mod ratchet_message;

pub use pre_key_message::{KemFields, PreKeyMessage};
pub use ratchet_message::RatchetMessage;

use crate::error_code::ErrorCode;
use crate::primitives::{PrimitiveError, PublicKey};
use crate::requirement::{flawed, require};
use crate::suite::protobuf::Value;
use crate::suite::{Suite, SuiteError};
use serde::{Deserialize, Serialize};

/// Which of the two messages; the envelope carries it beside the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// A prekey message: opens a session (X3DH-07).
    #[serde(rename = "prekey")]
    PreKey,
    /// A plain ratchet message.
    Ratchet,
}

/// An encoded message with its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Which message it is.
    pub kind: MessageKind,
    /// Its encoding, version byte included.
    pub bytes: Vec<u8>,
}

/// A message that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than the suite allows (WIRE-08).
    #[error("a message of {length} bytes, where {limit} are allowed (WIRE-08)")]
    TooLarge {
        /// The message's length in bytes.
        length: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// No byte at all (WIRE-05).
    #[error("an empty message (WIRE-05)")]
    Empty,
    /// A ciphertext shorter than its tag (WIRE-07).
    #[error("a ciphertext shorter than its tag (WIRE-07)")]
    ShortCiphertext,
    /// The fields break the rules of the suite.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// A key that must not be used (WIRE-06).
    #[error("{field}: {error} (WIRE-06)")]
    Key {
        /// The field's name.
        field: &'static str,
        /// What is wrong with the key.
        error: PrimitiveError,
    },
    /// The ratchet message inside a prekey message.
    #[error("inner ratchet message: {0}")]
    Inner(Box<WireError>),
}

impl WireError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Empty | Self::ShortCiphertext => ErrorCode::Malformed,
            Self::Suite(error) => error.code(),
            Self::Key { error, .. } => error.code(),
            Self::Inner(error) => error.code(),
        }
    }
}

/// Checks what comes before the fields: size (WIRE-08), emptiness (WIRE-05), version byte (WIRE-01).
fn check_frame(suite: &dyn Suite, bytes: &[u8], limit: usize) -> Result<(), WireError> {
    require!(
        "WIRE-08",
        bytes.len() <= limit,
        WireError::TooLarge {
            length: bytes.len(),
            limit
        }
    );
    let version = bytes.first();
    require!("WIRE-05", version.is_some(), WireError::Empty);
    let version = version.copied().unwrap_or_default();
    require!(
        "WIRE-01",
        suite.accepts_version(version),
        SuiteError::UnsupportedVersion(version)
    );
    Ok(())
}

/// The content of a `bytes` field that the suite's reader has found.
fn bytes_of(value: Option<Value<'_>>) -> &[u8] {
    match value {
        Some(Value::Bytes(bytes)) => bytes,
        _ => &[],
    }
}

/// The content of a `uint32` field that the suite's reader has found, or its default.
fn uint32_of(value: Option<Value<'_>>) -> u32 {
    match value {
        Some(Value::Uint32(value)) => value,
        _ => 0,
    }
}

/// Reads a key that a message carries (WIRE-06).
fn key_of(
    suite: &dyn Suite,
    field: &'static str,
    value: Option<Value<'_>>,
) -> Result<PublicKey, WireError> {
    let key = suite.read_public_key(bytes_of(value));
    flawed!("WIRE-06 ratchet key", (), {
        if field == "ratchet_key" {
            return unreduced(field, value);
        }
    });
    flawed!("WIRE-06 base key", (), {
        if field == "base_key" {
            return unreduced(field, value);
        }
    });
    flawed!("WIRE-06 identity key", (), {
        if field == "identity_key" {
            return unreduced(field, value);
        }
    });
    let key = flawed!(
        "WIRE-06 unchecked",
        key,
        Ok(PublicKey::unchecked(bytes_of(value)))
    );
    key.map_err(|error| WireError::Key { field, error })
}

/// A key of which only length and type were looked at.
#[cfg(feature = "flaws")]
fn unreduced(field: &'static str, value: Option<Value<'_>>) -> Result<PublicKey, WireError> {
    let key = PublicKey::decode_unreduced(bytes_of(value));
    key.map_err(|error| WireError::Key { field, error })
}
