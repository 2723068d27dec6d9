//! Fingerprints (X3DH-16).

use super::{AddressFields, Operation, Reference};
use crate::agreement::fingerprint::fingerprint;
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::suite::{Party, Suite};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Computes the number that two users compare (X3DH-16).
#[derive(Debug, JsonSchema)]
pub struct Compute;

/// A device as a fingerprint covers it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartyFields {
    /// The device's address.
    pub address: AddressFields,
    /// Its identity key, encoded.
    pub identity_key: Hex,
}

impl PartyFields {
    pub(super) fn party(&self, suite: &dyn Suite) -> Result<Party, Failure> {
        Ok(Party {
            identity_key: suite.read_public_key(&self.identity_key)?,
            address: self.address.within(suite.identifiers())?,
        })
    }
}

/// Parameters of [`Compute`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// The device that computes.
    pub own: PartyFields,
    /// The device that it talks to.
    pub peer: PartyFields,
}

/// Result of [`Compute`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Twelve groups of five digits with a space between.
    pub fingerprint: String,
}

impl Operation for Compute {
    const METHOD: &'static str = "fingerprint.compute";
    type Input = Input;
    type Output = Output;

    fn run(reference: &mut Reference, input: Input) -> Result<Output, Failure> {
        let suite = reference.suite;
        let fingerprint = fingerprint(suite, &input.own.party(suite)?, &input.peer.party(suite)?);
        Ok(Output { fingerprint })
    }
}
