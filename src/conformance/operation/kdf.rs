//! The KDF chains (profile section 4, DR-03 to DR-05, DR-18).

use super::{Operation, Reference, array};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::primitives::DhOutput;
use crate::ratchet::{ChainKey, RootKey};
use crate::suite;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `KDF_RK` (DR-03).
#[derive(Debug, JsonSchema)]
pub struct RootStep;

/// Parameters of [`RootStep`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RootStepInput {
    /// rk: 32 bytes.
    pub root_key: Hex,
    /// The Diffie-Hellman output: 32 bytes.
    pub dh: Hex,
}

/// Result of [`RootStep`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RootStepOutput {
    /// The new rk: 32 bytes.
    pub next_root_key: Hex,
    /// ck: 32 bytes.
    pub chain_key: Hex,
}

impl Operation for RootStep {
    const METHOD: &'static str = "ratchet.root_step";
    type Input = RootStepInput;
    type Output = RootStepOutput;

    fn run(reference: &mut Reference, input: RootStepInput) -> Result<RootStepOutput, Failure> {
        let root_key = RootKey::from(array("rootKey", &input.root_key)?);
        let dh = DhOutput::from(array("dh", &input.dh)?);
        let (next_root_key, chain_key) = root_key.step(reference.suite, &dh);
        Ok(RootStepOutput {
            next_root_key: next_root_key.expose().into(),
            chain_key: chain_key.expose().into(),
        })
    }
}

/// `KDF_CK` at a counter (DR-04, DR-18).
#[derive(Debug, JsonSchema)]
pub struct ChainStep;

/// Parameters of [`ChainStep`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainStepInput {
    /// ck: 32 bytes.
    pub chain_key: Hex,
    /// The counter of the message that the step is for.
    pub counter: u32,
}

/// Result of [`ChainStep`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainStepOutput {
    /// mk: 32 bytes.
    pub message_key: Hex,
    /// The next ck: 32 bytes.
    pub next_chain_key: Hex,
    /// The next message's counter.
    pub next_counter: u32,
}

impl Operation for ChainStep {
    const METHOD: &'static str = "ratchet.chain_step";
    type Input = ChainStepInput;
    type Output = ChainStepOutput;

    fn run(_: &mut Reference, input: ChainStepInput) -> Result<ChainStepOutput, Failure> {
        let chain_key = ChainKey::at(array("chainKey", &input.chain_key)?, input.counter);
        let (message_key, next) = chain_key.step()?;
        Ok(ChainStepOutput {
            message_key: message_key.expose().into(),
            next_chain_key: next.expose().into(),
            next_counter: next.counter(),
        })
    }
}

/// What a message key expands to (DR-05).
#[derive(Debug, JsonSchema)]
pub struct MessageKey;

/// Parameters of [`MessageKey`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageKeyInput {
    /// mk: 32 bytes.
    pub message_key: Hex,
}

/// Result of [`MessageKey`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MessageKeyOutput {
    /// In `tigress-1` 44 bytes: the AES key, then the nonce. In `signal-v3` 80: the AES key, the MAC key, the IV.
    pub expanded: Hex,
}

impl Operation for MessageKey {
    const METHOD: &'static str = "ratchet.message_key";
    type Input = MessageKeyInput;
    type Output = MessageKeyOutput;

    fn run(reference: &mut Reference, input: MessageKeyInput) -> Result<MessageKeyOutput, Failure> {
        let key = suite::MessageKey::from(array("messageKey", &input.message_key)?);
        let expanded = reference.suite.expand_message_key(&key);
        Ok(MessageKeyOutput {
            expanded: expanded.as_slice().into(),
        })
    }
}
