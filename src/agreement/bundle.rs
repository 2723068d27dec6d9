//! Prekey bundles (X3DH 3.2; profile X3DH-01).

use super::AgreementError;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use crate::primitives::{PrimitiveError, PublicKey, Signature};
use crate::requirement::{flawed, require};
use crate::suite::{Party, Suite};
use serde::{Deserialize, Serialize};

/// A bundle as it comes from outside: every field as written, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleFields {
    /// UserID of B (ID-01).
    pub user_id: String,
    /// DeviceID of B (ID-03).
    pub device_id: u32,
    /// Registration id of B (ID-04).
    pub registration_id: u32,
    /// `IK_B`, encoded.
    pub identity_key: Hex,
    /// Id of `SPK_B`.
    pub signed_pre_key_id: u32,
    /// `SPK_B`, encoded.
    pub signed_pre_key: Hex,
    /// XEdDSA signature of `IK_B` over the encoded `SPK_B`: 64 bytes (KEY-07).
    pub signed_pre_key_signature: Hex,
    /// Id of `OPK_B`, where the bundle has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key_id: Option<u32>,
    /// `OPK_B`, encoded, where the bundle has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key: Option<Hex>,
}

/// A signed prekey of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedPreKey {
    /// Its id.
    pub id: PreKeyId,
    /// SPK.
    pub key: PublicKey,
    /// The identity key's signature over the encoded SPK (KEY-07).
    pub signature: Signature,
}

/// A one-time prekey of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneTimePreKey {
    /// Its id.
    pub id: PreKeyId,
    /// OPK.
    pub key: PublicKey,
}

/// A bundle whose keys and identifiers are well-formed, and whose signature verifies (X3DH-01, X3DH-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// B: identity key and address.
    pub party: Party,
    /// Registration id of B.
    pub registration_id: RegistrationId,
    /// `SPK_B`.
    pub signed_pre_key: SignedPreKey,
    /// `OPK_B`, where there is one.
    pub one_time_pre_key: Option<OneTimePreKey>,
}

impl Bundle {
    /// Checks the fields, then the signature, before any Diffie-Hellman (X3DH-02).
    ///
    /// # Errors
    /// `malformed` for an identifier, `invalid-key` for a key, `invalid-signature` for the signature.
    pub fn verify(suite: &dyn Suite, fields: &BundleFields) -> Result<Self, AgreementError> {
        let key = |field, bytes: &Hex| {
            PublicKey::decode(bytes).map_err(|error| AgreementError::Bundle { field, error })
        };
        let signature_error = |error: PrimitiveError| AgreementError::Bundle {
            field: "signedPreKeySignature",
            error,
        };
        let bundle = Bundle {
            party: Party {
                identity_key: key("identityKey", &fields.identity_key)?,
                address: Address {
                    user_id: fields.user_id.parse::<UserId>()?,
                    device_id: DeviceId::try_from(fields.device_id)?,
                },
            },
            registration_id: RegistrationId::try_from(fields.registration_id)?,
            signed_pre_key: SignedPreKey {
                id: PreKeyId::try_from(fields.signed_pre_key_id)?,
                key: key("signedPreKey", &fields.signed_pre_key)?,
                signature: Signature::decode(&fields.signed_pre_key_signature)
                    .map_err(signature_error)?,
            },
            one_time_pre_key: match (&fields.one_time_pre_key_id, &fields.one_time_pre_key) {
                (Some(id), Some(bytes)) => Some(OneTimePreKey {
                    id: PreKeyId::try_from(*id)?,
                    key: key("oneTimePreKey", bytes)?,
                }),
                (None, None) => None,
                _ => flawed!(
                    "X3DH-01 half",
                    return Err(AgreementError::HalfOneTimePreKey),
                    None
                ),
            },
        };
        let verified = suite.verify(
            &bundle.party.identity_key,
            &bundle.signed_pre_key.key.encode(),
            &bundle.signed_pre_key.signature,
        );
        require!(
            "X3DH-02",
            verified.is_ok(),
            signature_error(PrimitiveError::Signature)
        );
        Ok(bundle)
    }
}

impl From<&Bundle> for BundleFields {
    fn from(bundle: &Bundle) -> Self {
        let one_time = bundle.one_time_pre_key;
        BundleFields {
            user_id: bundle.party.address.user_id.to_string(),
            device_id: bundle.party.address.device_id.into(),
            registration_id: bundle.registration_id.into(),
            identity_key: bundle.party.identity_key.encode().into(),
            signed_pre_key_id: bundle.signed_pre_key.id.into(),
            signed_pre_key: bundle.signed_pre_key.key.encode().into(),
            signed_pre_key_signature: bundle.signed_pre_key.signature.as_bytes().into(),
            one_time_pre_key_id: one_time.map(|key| key.id.into()),
            one_time_pre_key: one_time.map(|key| key.key.encode().into()),
        }
    }
}
