//! The invitation (profile section 7, INV-01 to INV-04).

use super::{AddressFields, Done, Operation, Reference};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::transfer::{Fingerprint, Invitation, Vertical};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A link.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// The whole of it, fragment included.
    pub link: String,
}

/// Reads a link (INV-01, INV-02, INV-04).
#[derive(Debug, JsonSchema)]
pub struct Parse;

/// Result of [`Parse`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParseOutput {
    /// HOST, with its port where it has one.
    pub host: String,
    /// UserID and DeviceID.
    pub address: AddressFields,
    /// VERTICAL.
    pub vertical: Vertical,
    /// FINGERPRINT: 32 bytes.
    pub fingerprint: Hex,
    /// What may be asked of HOST (INV-02).
    pub request_url: String,
}

impl Operation for Parse {
    const METHOD: &'static str = "invitation.parse";
    type Input = Link;
    type Output = ParseOutput;

    fn run(_: &mut Reference, input: Link) -> Result<ParseOutput, Failure> {
        let invitation: Invitation = input.link.parse()?;
        Ok(ParseOutput {
            request_url: invitation.request_url(),
            host: invitation.host.to_string(),
            address: invitation.address.into(),
            vertical: invitation.vertical,
            fingerprint: invitation.fingerprint.as_bytes().into(),
        })
    }
}

/// Makes a link (INV-01).
#[derive(Debug, JsonSchema)]
pub struct Make;

/// Parameters of [`Make`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MakeInput {
    /// HOST, with its port where it has one.
    pub host: String,
    /// UserID and DeviceID.
    pub address: AddressFields,
    /// VERTICAL.
    pub vertical: Vertical,
    /// The device's identity key, encoded.
    pub identity_key: Hex,
}

impl Operation for Make {
    const METHOD: &'static str = "invitation.make";
    type Input = MakeInput;
    type Output = Link;

    fn run(_: &mut Reference, input: MakeInput) -> Result<Link, Failure> {
        let invitation = Invitation {
            host: input.host.parse()?,
            address: Address::try_from(&input.address)?,
            vertical: input.vertical,
            fingerprint: Fingerprint::of(&PublicKey::decode(&input.identity_key)?),
        };
        Ok(Link {
            link: invitation.to_string(),
        })
    }
}

/// Holds an identity key against a link (INV-03).
#[derive(Debug, JsonSchema)]
pub struct Check;

/// Parameters of [`Check`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckInput {
    /// The whole link, fragment included.
    pub link: String,
    /// The identity key that the intermediary gives for the device, encoded.
    pub identity_key: Hex,
}

impl Operation for Check {
    const METHOD: &'static str = "invitation.check";
    type Input = CheckInput;
    type Output = Done;

    fn run(_: &mut Reference, input: CheckInput) -> Result<Done, Failure> {
        let invitation: Invitation = input.link.parse()?;
        invitation.check(&PublicKey::decode(&input.identity_key)?)?;
        Ok(Done {})
    }
}
