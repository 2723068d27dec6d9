//! Public keys (profile section 2).

use super::{Operation, Reference, array};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::primitives::PrivateKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decodes a public key (KEY-01 to KEY-04).
#[derive(Debug, JsonSchema)]
pub struct Decode;

/// Parameters of [`Decode`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecodeInput {
    /// The encoded key; 33 bytes where it is right.
    pub public_key: Hex,
}

/// Result of [`Decode`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecodeOutput {
    /// The u-coordinate: 32 bytes, little-endian.
    pub u: Hex,
}

impl Operation for Decode {
    const METHOD: &'static str = "public_key.decode";
    type Input = DecodeInput;
    type Output = DecodeOutput;

    fn run(reference: &mut Reference, input: DecodeInput) -> Result<DecodeOutput, Failure> {
        let key = reference.suite.read_public_key(&input.public_key)?;
        Ok(DecodeOutput { u: key.u().into() })
    }
}

/// Computes the public key of a private key (KEY-01, KEY-05).
#[derive(Debug, JsonSchema)]
pub struct Derive;

/// Parameters of [`Derive`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeriveInput {
    /// 32 bytes, not clamped.
    pub private_key: Hex,
}

/// Result of [`Derive`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeriveOutput {
    /// The encoded public key: 33 bytes.
    pub public_key: Hex,
}

impl Operation for Derive {
    const METHOD: &'static str = "public_key.derive";
    type Input = DeriveInput;
    type Output = DeriveOutput;

    fn run(_: &mut Reference, input: DeriveInput) -> Result<DeriveOutput, Failure> {
        let key = PrivateKey::from(array("privateKey", &input.private_key)?);
        Ok(DeriveOutput {
            public_key: key.public_key().encode().into(),
        })
    }
}
