//! What a mailbox holds (profile section 7).

use crate::hex::Hex;
use crate::identifier::Address;
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of a message in its mailbox: 1, 2, 3, and so on.
///
/// Each mailbox counts for itself, so that its owner learns nothing of another's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct EnvelopeId(pub u64);

impl EnvelopeId {
    /// The id of the first message of a mailbox.
    pub const FIRST: EnvelopeId = EnvelopeId(1);

    /// The id after this one.
    #[must_use]
    pub fn next(self) -> EnvelopeId {
        EnvelopeId(self.0.saturating_add(1))
    }
}

/// A message as the intermediary holds it: bytes that it does not look into and never prints (MBX-14).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MessageBytes(pub Hex);

impl fmt::Debug for MessageBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

impl From<&[u8]> for MessageBytes {
    fn from(bytes: &[u8]) -> Self {
        MessageBytes(Hex(bytes.to_vec()))
    }
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// Its number in its mailbox (MBX-07).
    pub id: EnvelopeId,
    /// Who submitted it, by the token (MBX-19).
    pub sender: Address,
    /// Whose mailbox it is in.
    pub recipient: Address,
    /// Which of the two messages it is.
    pub kind: MessageKind,
    /// The message.
    pub message: MessageBytes,
    /// From when on it is neither delivered nor kept (MBX-10).
    pub expires: Timestamp,
}
