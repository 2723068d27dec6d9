//! The encoding of the two messages (profile section 5).

use super::{Operation, Reference};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::suite::Header;
use crate::wire::{PreKeyMessage, RatchetMessage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An encoded message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Encoded {
    /// The message, version byte included.
    pub message: Hex,
}

/// The fields of a ratchet message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RatchetFields {
    /// Field 1, encoded.
    pub ratchet_key: Hex,
    /// Field 2: N.
    pub counter: u32,
    /// Field 3: PN.
    pub previous_counter: u32,
    /// Field 4, with its tag.
    pub ciphertext: Hex,
    /// What follows the fields, in suites where a MAC does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Hex>,
}

/// Decodes a ratchet message (WIRE-01 to WIRE-11).
#[derive(Debug, JsonSchema)]
pub struct DecodeRatchet;

impl Operation for DecodeRatchet {
    const METHOD: &'static str = "wire.decode_ratchet";
    type Input = Encoded;
    type Output = RatchetFields;

    fn run(reference: &mut Reference, input: Encoded) -> Result<RatchetFields, Failure> {
        let message = RatchetMessage::decode(reference.suite, &input.message)?;
        let trailer = reference.suite.trailer_length();
        Ok(RatchetFields {
            ratchet_key: message.header.ratchet_key.encode().into(),
            counter: message.header.counter,
            previous_counter: message.header.previous_counter,
            ciphertext: message.ciphertext.into(),
            mac: (trailer > 0).then(|| message.bytes[message.bytes.len() - trailer..].into()),
        })
    }
}

/// Encodes a ratchet message (WIRE-11).
#[derive(Debug, JsonSchema)]
pub struct EncodeRatchet;

impl Operation for EncodeRatchet {
    const METHOD: &'static str = "wire.encode_ratchet";
    type Input = RatchetFields;
    type Output = Encoded;

    fn run(reference: &mut Reference, input: RatchetFields) -> Result<Encoded, Failure> {
        let header = Header {
            ratchet_key: reference.suite.read_public_key(&input.ratchet_key)?,
            previous_counter: input.previous_counter,
            counter: input.counter,
        };
        let mut message = RatchetMessage::encode(reference.suite, &header, &input.ciphertext);
        message.extend_from_slice(input.mac.as_deref().unwrap_or_default());
        Ok(Encoded {
            message: Hex(message),
        })
    }
}

/// The fields of a prekey message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreKeyFields {
    /// Field 1, where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_key_id: Option<u32>,
    /// Field 2, encoded.
    pub base_key: Hex,
    /// Field 3, encoded.
    pub identity_key: Hex,
    /// Field 4: a whole ratchet message.
    pub ratchet_message: Hex,
    /// Field 5.
    pub registration_id: u32,
    /// Field 6.
    pub signed_pre_key_id: u32,
}

/// Decodes a prekey message and the ratchet message inside (WIRE-01 to WIRE-11).
#[derive(Debug, JsonSchema)]
pub struct DecodePreKey;

impl Operation for DecodePreKey {
    const METHOD: &'static str = "wire.decode_prekey";
    type Input = Encoded;
    type Output = PreKeyFields;

    fn run(reference: &mut Reference, input: Encoded) -> Result<PreKeyFields, Failure> {
        let message = PreKeyMessage::decode(reference.suite, &input.message)?;
        Ok(PreKeyFields {
            pre_key_id: message.pre_key_id,
            base_key: message.base_key.encode().into(),
            identity_key: message.identity_key.encode().into(),
            ratchet_message: message.message.bytes.into(),
            registration_id: message.registration_id,
            signed_pre_key_id: message.signed_pre_key_id,
        })
    }
}

/// Encodes a prekey message (WIRE-11).
#[derive(Debug, JsonSchema)]
pub struct EncodePreKey;

impl Operation for EncodePreKey {
    const METHOD: &'static str = "wire.encode_prekey";
    type Input = PreKeyFields;
    type Output = Encoded;

    fn run(reference: &mut Reference, input: PreKeyFields) -> Result<Encoded, Failure> {
        let message = PreKeyMessage {
            pre_key_id: input.pre_key_id,
            base_key: reference.suite.read_public_key(&input.base_key)?,
            identity_key: reference.suite.read_public_key(&input.identity_key)?,
            message: RatchetMessage::decode(reference.suite, &input.ratchet_message)?,
            registration_id: input.registration_id,
            signed_pre_key_id: input.signed_pre_key_id,
            kem: None,
        };
        Ok(Encoded {
            message: Hex(message.encode(reference.suite)),
        })
    }
}
