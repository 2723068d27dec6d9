//! The invitation (profile section 7, INV-01 to INV-06).

use super::{AddressFields, Done, Operation, Reference, with_randomness};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::timestamp::Timestamp;
use crate::transfer::{Invitation, InvitationError, Limits, Vertical};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A link.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// The whole of it, fragment included.
    pub link: String,
}

/// Reads a link (INV-01, INV-02, INV-04), and derives the keys of its secret (INV-06).
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
    /// The fingerprint: 32 bytes.
    pub fingerprint: Hex,
    /// The invitation's id: 16 bytes.
    pub id: Hex,
    /// Its secret: 16 bytes.
    pub secret: Hex,
    /// When it expires, in seconds since 1970.
    pub expires: Timestamp,
    /// The access key: 32 bytes (INV-06).
    pub access_key: Hex,
    /// The key of the MAC of offers: 32 bytes (INV-06).
    pub offer_key: Hex,
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
            id: invitation.id.as_bytes().into(),
            secret: invitation.secret.expose().into(),
            expires: invitation.expires,
            access_key: invitation.access_key().expose().into(),
            offer_key: invitation.offer_key().expose().into(),
        })
    }
}

/// Makes a link (INV-01, INV-05).
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
    /// The time, in seconds since 1970.
    pub now: Timestamp,
    /// For how long, in seconds; 604,800 where not stated (INV-05).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
    /// Its id, then its secret: 16 bytes each.
    pub randomness: Hex,
}

impl Operation for Make {
    const METHOD: &'static str = "invitation.make";
    type Input = MakeInput;
    type Output = Link;

    fn run(_: &mut Reference, input: MakeInput) -> Result<Link, Failure> {
        let host = input.host.parse()?;
        let address = Address::try_from(&input.address)?;
        let key = PublicKey::decode(&input.identity_key)?;
        let invitation = with_randomness(&input.randomness, |randomness| {
            let expires = Invitation::expiry(input.now, input.lifetime, &Limits::default())?;
            let (host, vertical) = (host, input.vertical);
            Invitation::draw(host, address, vertical, &key, expires, randomness)
                .map_err(|error| Failure::Broken(error.to_string()))
        })?;
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

/// Takes a link, or offers by it (INV-05).
#[derive(Debug, JsonSchema)]
pub struct Take;

/// Parameters of [`Take`] and of [`Honour`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TakeInput {
    /// The whole link, fragment included.
    pub link: String,
    /// The time, in seconds since 1970.
    pub now: Timestamp,
}

impl Operation for Take {
    const METHOD: &'static str = "invitation.take";
    type Input = TakeInput;
    type Output = Done;

    fn run(_: &mut Reference, input: TakeInput) -> Result<Done, Failure> {
        let invitation: Invitation = input.link.parse()?;
        invitation.check_time(input.now, &Limits::default())?;
        Ok(Done {})
    }
}

/// Whether the device that made a link takes an offer by it (INV-05).
#[derive(Debug, JsonSchema)]
pub struct Honour;

impl Operation for Honour {
    const METHOD: &'static str = "invitation.honour";
    type Input = TakeInput;
    type Output = Done;

    fn run(_: &mut Reference, input: TakeInput) -> Result<Done, Failure> {
        let invitation: Invitation = input.link.parse()?;
        if invitation.is_honoured(input.now, &Limits::default()) {
            Ok(Done {})
        } else {
            Err(InvitationError::Over.into())
        }
    }
}
