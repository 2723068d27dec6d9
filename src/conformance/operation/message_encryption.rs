//! Encryption of one message under its message key (profile section 4, DR-05 to DR-07, DR-17).

use super::{Operation, Reference, array};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::primitives::PrimitiveError;
use crate::suite::{AssociatedData, Header, MessageKey, Sealing, SuiteRef};
use crate::wire::RatchetMessage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a message is encrypted under and bound to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// mk: 32 bytes.
    pub message_key: Hex,
    /// AD of X3DH: 100 bytes in `tigress-1` (X3DH-05); in `signal-v3` the identity keys of sender and receiver (V3-10).
    pub associated_data: Hex,
    /// The sender's ratchet key, encoded.
    pub ratchet_key: Hex,
    /// PN.
    pub previous_counter: u32,
    /// N.
    pub counter: u32,
}

impl Context {
    fn parts(&self, suite: SuiteRef) -> Result<(MessageKey, AssociatedData, Header), Failure> {
        let associated_data = AssociatedData::concat(&[&self.associated_data])
            .ok_or_else(|| Failure::Broken("associatedData is too long (X3DH-05)".to_owned()))?;
        let header = Header {
            ratchet_key: suite.read_public_key(&self.ratchet_key)?,
            previous_counter: self.previous_counter,
            counter: self.counter,
        };
        let key = MessageKey::from(array("messageKey", &self.message_key)?);
        Ok((key, associated_data, header))
    }
}

fn sealing((key, associated_data, header): &(MessageKey, AssociatedData, Header)) -> Sealing<'_> {
    Sealing {
        key,
        second_key: None,
        associated_data,
        header,
        extension: &[],
    }
}

/// Encrypts (DR-06, DR-07).
#[derive(Debug, JsonSchema)]
pub struct Encrypt;

/// Parameters of [`Encrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EncryptInput {
    /// Key and associated data.
    #[serde(flatten)]
    pub context: Context,
    /// The plaintext.
    pub plaintext: Hex,
}

/// Result of [`Encrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EncryptOutput {
    /// The ciphertext with its tag; in `signal-v3` with the MAC of its message.
    pub ciphertext: Hex,
}

impl Operation for Encrypt {
    const METHOD: &'static str = "ratchet.encrypt";
    type Input = EncryptInput;
    type Output = EncryptOutput;

    fn run(reference: &mut Reference, input: EncryptInput) -> Result<EncryptOutput, Failure> {
        let suite = reference.suite;
        let parts = input.context.parts(suite)?;
        let length = suite.ciphertext_length(input.plaintext.len());
        let mut message = RatchetMessage::encode_head(suite, &parts.2, length, 0);
        let head = message.len();
        suite.seal(&sealing(&parts), &input.plaintext, &[], &mut message);
        Ok(EncryptOutput {
            ciphertext: Hex(message.split_off(head)),
        })
    }
}

/// Decrypts (DR-06, DR-07, DR-17).
#[derive(Debug, JsonSchema)]
pub struct Decrypt;

/// Parameters of [`Decrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecryptInput {
    /// Key and associated data.
    #[serde(flatten)]
    pub context: Context,
    /// The ciphertext with its tag; in `signal-v3` with the MAC of its message.
    pub ciphertext: Hex,
}

/// Result of [`Decrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecryptOutput {
    /// The plaintext.
    pub plaintext: Hex,
}

impl Operation for Decrypt {
    const METHOD: &'static str = "ratchet.decrypt";
    type Input = DecryptInput;
    type Output = DecryptOutput;

    fn run(reference: &mut Reference, input: DecryptInput) -> Result<DecryptOutput, Failure> {
        let suite = reference.suite;
        let parts = input.context.parts(suite)?;
        let length = input.ciphertext.len().checked_sub(suite.trailer_length());
        let (ciphertext, trailer) = input
            .ciphertext
            .split_at(length.ok_or(PrimitiveError::Tag)?);
        let mut message = RatchetMessage::encode(suite, &parts.2, ciphertext);
        message.extend_from_slice(trailer);
        let plaintext = suite.open(&sealing(&parts), &message, ciphertext)?;
        Ok(DecryptOutput {
            plaintext: plaintext.as_slice().into(),
        })
    }
}
