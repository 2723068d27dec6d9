//! Payloads (profile section 8).

use super::fingerprint::PartyFields;
use super::{Done, Operation, Reference, array};
use crate::agreement::Fingerprint;
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::primitives::{Secret, SecretBytes};
use crate::timestamp::Timestamp;
use crate::transfer::{
    Content, InvitationError, InvitationId, MessageType, OfferParties, Payload, PayloadError,
    Provisioning, TransferId, Unknown, offer_mac_holds,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A plaintext, as the ratchet encrypts it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Plaintext {
    /// The JSON with its padding.
    pub plaintext: Hex,
}

/// What a payload says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// `tigress.transfer`.
    pub transfer: String,
    /// `tigress.type`.
    pub r#type: MessageType,
    /// `format`.
    pub format: String,
    /// `tigress.expires`, in seconds since 1970; in `provisioningInformation` alone (PAY-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// `tigress.invitation`, in `provisioningInformation` alone: 16 bytes (PAY-15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Hex>,
    /// `tigress.accessKey`, in `provisioningInformation` alone: 32 bytes (PAY-15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<Hex>,
    /// `content.keyCreationRequest`, where type and format require it: the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_creation_request: Option<Hex>,
    /// `content.authorizationToken`, where type and format require it: the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_token: Option<Hex>,
    /// `content.keySigningRequest`, where the type requires it: the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_signing_request: Option<Hex>,
    /// `content.keyImportRequest`, where the type requires it: the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_import_request: Option<Hex>,
    /// `content.reason`, where the type requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The other keys of `content` (PAY-03).
    #[serde(default)]
    pub unknown_content: Map<String, Value>,
    /// The other keys at the top level (PAY-03).
    #[serde(default)]
    pub unknown_top: Map<String, Value>,
}

impl From<Payload> for Fields {
    fn from(payload: Payload) -> Self {
        let mut fields = Fields {
            transfer: payload.transfer.to_string(),
            r#type: payload.message_type(),
            format: payload.format,
            expires: None,
            invitation: payload.invitation.map(|id| id.as_bytes().into()),
            access_key: payload.access_key.map(|key| key.expose().into()),
            key_creation_request: None,
            authorization_token: None,
            key_signing_request: None,
            key_import_request: None,
            reason: None,
            unknown_content: payload.unknown.content,
            unknown_top: payload.unknown.top,
        };
        let hex = |bytes: SecretBytes| Some(Hex::from(bytes.expose()));
        match payload.content {
            Content::ProvisioningInformation {
                provisioning,
                expires,
            } => {
                fields.expires = Some(expires);
                match provisioning {
                    Provisioning::KeyCreationRequest(bytes) => {
                        fields.key_creation_request = hex(bytes);
                    }
                    Provisioning::AuthorizationToken(bytes) => {
                        fields.authorization_token = hex(bytes);
                    }
                    Provisioning::Unsupported => {}
                }
            }
            Content::KeySigningRequest(bytes) => fields.key_signing_request = hex(bytes),
            Content::KeyImportRequest(bytes) => fields.key_import_request = hex(bytes),
            Content::Provisioned => {}
            Content::Decline { reason } | Content::Cancel { reason } => {
                fields.reason = Some(reason);
            }
        }
        fields
    }
}

impl Fields {
    /// The payload that says this. What its type has no place for is not written (PAY-13).
    fn payload(self) -> Result<Payload, Failure> {
        self.has_its_places()?;
        let bytes = |name, bytes: Option<Hex>| {
            bytes
                .map(|bytes| SecretBytes::from(bytes.0))
                .ok_or(missing(name))
        };
        let reason = |reason: Option<String>| reason.ok_or(missing("reason"));
        let content = match self.r#type {
            MessageType::ProvisioningInformation => Content::ProvisioningInformation {
                provisioning: match (self.key_creation_request, self.authorization_token) {
                    (Some(request), _) => Provisioning::KeyCreationRequest(request.0.into()),
                    (_, Some(token)) => Provisioning::AuthorizationToken(token.0.into()),
                    (None, None) => Provisioning::Unsupported,
                },
                expires: self.expires.ok_or(missing("expires"))?,
            },
            MessageType::KeySigningRequest => {
                Content::KeySigningRequest(bytes("keySigningRequest", self.key_signing_request)?)
            }
            MessageType::KeyImportRequest => {
                Content::KeyImportRequest(bytes("keyImportRequest", self.key_import_request)?)
            }
            MessageType::Provisioned => Content::Provisioned,
            MessageType::Decline => Content::Decline {
                reason: reason(self.reason)?,
            },
            MessageType::Cancel => Content::Cancel {
                reason: reason(self.reason)?,
            },
        };
        let transfer: TransferId = self.transfer.parse().map_err(|_| missing("transfer"))?;
        let invitation = self.invitation.as_ref().map(|id| array("invitation", id));
        let access_key = self.access_key.as_ref().map(|key| array("accessKey", key));
        Ok(Payload {
            invitation: invitation.transpose()?.map(InvitationId::from),
            access_key: access_key.transpose()?.map(Secret::new),
            unknown: Unknown {
                top: self.unknown_top,
                content: self.unknown_content,
            },
            ..Payload::new(transfer, &self.format, content)
        })
    }
}

impl Fields {
    /// Whether nothing is said that the type has no place for.
    fn has_its_places(&self) -> Result<(), PayloadError> {
        use MessageType as Type;
        let is_offer = self.r#type == Type::ProvisioningInformation;
        let ends = matches!(self.r#type, Type::Decline | Type::Cancel);
        for (path, is_there, has_place) in [
            ("expires", self.expires.is_some(), is_offer),
            ("invitation", self.invitation.is_some(), is_offer),
            ("accessKey", self.access_key.is_some(), is_offer),
            (
                "keyCreationRequest",
                self.key_creation_request.is_some(),
                is_offer,
            ),
            (
                "authorizationToken",
                self.authorization_token.is_some(),
                is_offer,
            ),
            (
                "keySigningRequest",
                self.key_signing_request.is_some(),
                self.r#type == Type::KeySigningRequest,
            ),
            (
                "keyImportRequest",
                self.key_import_request.is_some(),
                self.r#type == Type::KeyImportRequest,
            ),
            ("reason", self.reason.is_some(), ends),
        ] {
            if is_there && !has_place {
                let wanted = "nothing that the type has no place for (PAY-13)";
                return Err(PayloadError::Field { path, wanted });
            }
        }
        Ok(())
    }
}

fn missing(path: &'static str) -> PayloadError {
    PayloadError::Field {
        path,
        wanted: "what the type requires (PAY-02, PAY-08, PAY-10)",
    }
}

/// Reads a plaintext (PAY-01 to PAY-11, PAY-15).
#[derive(Debug, JsonSchema)]
pub struct Decode;

impl Operation for Decode {
    const METHOD: &'static str = "payload.decode";
    const DATA: &'static [&'static str] = &["unknownContent", "unknownTop"];
    type Input = Plaintext;
    type Output = Fields;

    fn run(_: &mut Reference, input: Plaintext) -> Result<Fields, Failure> {
        Ok(Payload::decode(&input.plaintext)?.into())
    }
}

/// Writes a plaintext (PAY-11, PAY-13).
#[derive(Debug, JsonSchema)]
pub struct Encode;

/// Parameters of [`Encode`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncodeInput {
    /// What it says.
    #[serde(flatten)]
    pub fields: Fields,
    /// How long it is at least, in bytes: as long as the offer that it belongs to. 0 where not stated.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_least: usize,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "as `skip_serializing_if` asks"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Operation for Encode {
    const METHOD: &'static str = "payload.encode";
    type Input = EncodeInput;
    type Output = Plaintext;

    fn run(_: &mut Reference, input: EncodeInput) -> Result<Plaintext, Failure> {
        let plaintext = input.fields.payload()?.encode(input.at_least)?;
        Ok(Plaintext {
            plaintext: plaintext.as_slice().into(),
        })
    }
}

/// Writes an offer by an invitation, with its MAC (PAY-13 to PAY-15).
#[derive(Debug, JsonSchema)]
pub struct EncodeOffer;

/// Who offers to whom, and by which invitation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferedBy {
    /// The key of the MAC: 32 bytes (INV-06).
    pub offer_key: Hex,
    /// Who offers.
    pub sender: PartyFields,
    /// To whom.
    pub receiver: PartyFields,
}

impl OfferedBy {
    fn mac_key(&self) -> Result<Secret<32>, Failure> {
        array("offerKey", &self.offer_key).map(Secret::new)
    }

    fn parties(&self, reference: &Reference) -> Result<OfferParties, Failure> {
        let suite = reference.suite;
        let (sender, receiver) = (self.sender.party(suite)?, self.receiver.party(suite)?);
        let fingerprint = Fingerprint::of(&receiver.identity_key);
        Ok(OfferParties::new(
            suite,
            &sender,
            &receiver.address,
            &fingerprint,
        ))
    }
}

/// Parameters of [`EncodeOffer`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EncodeOfferInput {
    /// What it says.
    #[serde(flatten)]
    pub fields: Fields,
    /// By which invitation.
    #[serde(flatten)]
    pub by: OfferedBy,
}

impl Operation for EncodeOffer {
    const METHOD: &'static str = "payload.encode_offer";
    type Input = EncodeOfferInput;
    type Output = Plaintext;

    fn run(reference: &mut Reference, input: EncodeOfferInput) -> Result<Plaintext, Failure> {
        let (key, parties) = (input.by.mac_key()?, input.by.parties(reference)?);
        let plaintext = input.fields.payload()?.encode_offer(&key, &parties, 0)?;
        Ok(Plaintext {
            plaintext: plaintext.as_slice().into(),
        })
    }
}

/// Whether an offer's MAC holds (PAY-14).
#[derive(Debug, JsonSchema)]
pub struct CheckOffer;

/// Parameters of [`CheckOffer`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CheckOfferInput {
    /// The JSON with its padding.
    pub plaintext: Hex,
    /// Who may have made it.
    #[serde(flatten)]
    pub by: OfferedBy,
}

impl Operation for CheckOffer {
    const METHOD: &'static str = "payload.check_offer";
    type Input = CheckOfferInput;
    type Output = Done;

    fn run(reference: &mut Reference, input: CheckOfferInput) -> Result<Done, Failure> {
        let payload = Payload::decode(&input.plaintext)?;
        if payload.invitation.is_none() {
            return Err(InvitationError::Mac.into());
        }
        let (key, parties) = (input.by.mac_key()?, input.by.parties(reference)?);
        offer_mac_holds(&input.plaintext, &key, &parties)?;
        Ok(Done {})
    }
}
