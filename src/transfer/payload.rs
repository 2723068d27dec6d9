//! The payload: what the ratchet encrypts (profile section 8).

use super::TransferId;
use crate::error_code::ErrorCode;
use crate::primitives::SecretBytes;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// The stateful format: a car key.
pub const CAR_KEY: &str = "digitalwallet.carkey.ccc";
/// The stateless format: a token that its issuer understands.
pub const AUTHORIZATION_TOKEN: &str = "digitalwallet.generic.authorizationToken";

/// Provisioning Information with the key `tigress` (PAY-02): one message of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The transfer that it is about.
    pub transfer: TransferId,
    /// The credential's format: [`CAR_KEY`], [`AUTHORIZATION_TOKEN`] or one that is not supported.
    pub format: String,
    /// What it says.
    pub content: Content,
    /// Keys that this version does not know (PAY-03).
    pub unknown: Unknown,
}

/// What a payload says, by its type (PAY-06, PAY-08).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The sender offers a credential.
    ProvisioningInformation {
        /// The credential, by its format.
        provisioning: Provisioning,
        /// From then on nothing is signed or provisioned (PAY-10, XFER-10).
        expires: Timestamp,
    },
    /// The receiver asks for its key to be signed.
    KeySigningRequest(SecretBytes),
    /// The sender signs it.
    KeyImportRequest(SecretBytes),
    /// The receiver holds the credential.
    Provisioned,
    /// The receiver does not want it.
    Decline {
        /// Why, in at most 256 bytes.
        reason: String,
    },
    /// Either side ends the transfer.
    Cancel {
        /// Why, in at most 256 bytes.
        reason: String,
    },
}

/// What is offered, by its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// [`CAR_KEY`]: opaque bytes.
    KeyCreationRequest(SecretBytes),
    /// [`AUTHORIZATION_TOKEN`]: opaque bytes.
    AuthorizationToken(SecretBytes),
    /// Any other format (PAY-07); its content stands in [`Unknown::content`].
    Unsupported,
}

/// The type of a payload, `tigress.type`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum MessageType {
    /// The sender offers a credential.
    ProvisioningInformation,
    /// The receiver asks for its key to be signed.
    KeySigningRequest,
    /// The sender signs it.
    KeyImportRequest,
    /// The receiver holds the credential.
    Provisioned,
    /// The receiver does not want it.
    Decline,
    /// Either side ends the transfer.
    Cancel,
}

/// Keys that are kept and ignored (PAY-03), by where they stand.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// At the top level.
    pub top: Map<String, Value>,
    /// In `content`.
    pub content: Map<String, Value>,
}

/// A payload that breaks section 8. Its code is `invalid-payload`; no part of the plaintext is shown (PRIV-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {}

impl PayloadError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        ErrorCode::InvalidPayload
    }
}

impl Payload {
    /// A payload without unknown keys.
    #[must_use]
    pub fn new(transfer: TransferId, format: &str, content: Content) -> Self {
        Payload {
            transfer,
            format: format.to_owned(),
            content,
            unknown: Unknown::default(),
        }
    }

    /// The payload's type.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        match self.content {
            Content::ProvisioningInformation { .. } => MessageType::ProvisioningInformation,
            Content::KeySigningRequest(_) => MessageType::KeySigningRequest,
            Content::KeyImportRequest(_) => MessageType::KeyImportRequest,
            Content::Provisioned => MessageType::Provisioned,
            Content::Decline { .. } => MessageType::Decline,
            Content::Cancel { .. } => MessageType::Cancel,
        }
    }

    /// Reads a padded plaintext.
    ///
    /// # Errors
    /// `invalid-payload`.
    pub fn decode(_plaintext: &[u8]) -> Result<Self, PayloadError> {
        todo!()
    }

    /// Writes the payload, padded.
    ///
    /// # Errors
    /// `invalid-payload` where [`Payload::decode`] would refuse what it would have to write.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        todo!()
    }
}

impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Unknown({} at the top level, {} in content)",
            self.top.len(),
            self.content.len()
        )
    }
}
