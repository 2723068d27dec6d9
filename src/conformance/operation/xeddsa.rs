//! `XEdDSA` (profile section 2, SIG-01 to SIG-05).

use super::{Done, Operation, Reference, array};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::primitives::{KeyPair, PrivateKey, Secret, Signature};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Signs (SIG-01).
#[derive(Debug, JsonSchema)]
pub struct Sign;

/// Parameters of [`Sign`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInput {
    /// The X25519 private key: 32 bytes, not clamped.
    pub private_key: Hex,
    /// The message.
    pub message: Hex,
    /// Z: 64 bytes.
    pub randomness: Hex,
}

/// Result of [`Sign`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SignOutput {
    /// R and s: 64 bytes.
    pub signature: Hex,
}

impl Operation for Sign {
    const METHOD: &'static str = "xeddsa.sign";
    type Input = SignInput;
    type Output = SignOutput;

    fn run(reference: &mut Reference, input: SignInput) -> Result<SignOutput, Failure> {
        let key = KeyPair::from(PrivateKey::from(array("privateKey", &input.private_key)?));
        let z = Secret::new(array("randomness", &input.randomness)?);
        let signature = reference.suite.sign(&key, &input.message, &z);
        Ok(SignOutput {
            signature: signature.as_bytes().into(),
        })
    }
}

/// Verifies (SIG-02 to SIG-05).
#[derive(Debug, JsonSchema)]
pub struct Verify;

/// Parameters of [`Verify`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifyInput {
    /// The encoded public key.
    pub public_key: Hex,
    /// The message.
    pub message: Hex,
    /// The signature; 64 bytes where it is right.
    pub signature: Hex,
}

impl Operation for Verify {
    const METHOD: &'static str = "xeddsa.verify";
    type Input = VerifyInput;
    type Output = Done;

    fn run(reference: &mut Reference, input: VerifyInput) -> Result<Done, Failure> {
        let key = reference.suite.read_public_key(&input.public_key)?;
        let signature = Signature::decode(&input.signature)?;
        reference.suite.verify(&key, &input.message, &signature)?;
        Ok(Done {})
    }
}
