//! Prekey bundles (X3DH 3.2; profile X3DH-01).

use super::{AgreementError, Statement, SuiteNames, stated};
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId};
use crate::primitives::{PrimitiveError, PublicKey, Signature};
use crate::requirement::{flawed, require};
use crate::suite::{Party, Suite};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// A bundle as it comes from outside: every field as written, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
    /// When `SPK_B` was made, in seconds since 1970 (KEY-09). Absent, as the two that follow, where B speaks no suite with
    /// statements (V3-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// The suites that B speaks, by name, the preferred one first: 1 to 16, each 1 to 32 characters of visible
    /// ASCII, none twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suites: Option<Vec<String>>,
    /// XEdDSA signature of `IK_B` over its statement: 64 bytes (KEY-09).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_signature: Option<Hex>,
    /// Id of `OPK_B`, where the bundle has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key_id: Option<u32>,
    /// `OPK_B`, encoded, where the bundle has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key: Option<Hex>,
    /// The KEM prekey, where the bundle has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schemars(skip))]
    pub kem_pre_key: Option<Box<KemPreKeyFields>>,
}

/// The KEM prekey of a bundle, in suites that have a KEM (PQXDH 3.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KemPreKeyFields {
    /// Its id.
    pub id: u32,
    /// The public key, encoded.
    pub key: Hex,
    /// The identity key's signature over the encoded key.
    pub signature: Hex,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneTimePreKey {
    /// Its id.
    pub id: PreKeyId,
    /// OPK.
    pub key: PublicKey,
}

/// The KEM prekey of a bundle: a last-resort key, which lives as long as the signed prekey beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignedKemPreKey {
    /// Its id.
    pub id: PreKeyId,
    /// The public key, encoded.
    pub key: Hex,
    /// The identity key's signature over the encoded key.
    pub signature: Signature,
}

/// A bundle whose keys and identifiers are well-formed, and whose signatures verify (X3DH-01, X3DH-02).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// B: identity key and address.
    pub party: Party,
    /// Registration id of B.
    pub registration_id: RegistrationId,
    /// `SPK_B`.
    pub signed_pre_key: SignedPreKey,
    /// What B says of itself and of `SPK_B` (KEY-09), where it was asked for.
    pub statement: Option<Statement>,
    /// `OPK_B`, where there is one.
    pub one_time_pre_key: Option<OneTimePreKey>,
    /// The KEM prekey, in suites that have a KEM.
    pub kem_pre_key: Option<SignedKemPreKey>,
}

impl BundleFields {
    /// Whether it says that it is the bundle of that device.
    pub(crate) fn is_of(&self, address: &Address) -> bool {
        self.user_id == address.user_id.to_string() && self.device_id == address.device_id.get()
    }

    /// The suites that the statement names, held to X3DH-01.
    ///
    /// # Errors
    /// `malformed`, also where there is no list.
    pub fn named_suites(&self) -> Result<SuiteNames, AgreementError> {
        let names = self.suites.clone().ok_or(AgreementError::NoStatement)?;
        SuiteNames::try_from(names)
    }
}

impl Bundle {
    /// Checks the fields, then the signatures, before any Diffie-Hellman (X3DH-02, KEY-10). The statement's time is
    /// for [`Statement::check_time`]. Where it is not `stated`, no statement is looked at (V3-04).
    ///
    /// # Errors
    /// `malformed` for an identifier, the list of suites or a statement that is missing, `invalid-key` for a key,
    /// `invalid-signature` for a signature.
    pub fn verify(
        suite: &dyn Suite,
        fields: &BundleFields,
        stated: bool,
    ) -> Result<Self, AgreementError> {
        let identifiers = suite.identifiers();
        let pre_key_id = |id| PreKeyId::within(id, &identifiers.pre_key_id);
        let key = |field, bytes: &Hex| -> Result<PublicKey, AgreementError> {
            suite
                .read_public_key(bytes)
                .map_err(|error| AgreementError::Bundle { field, error })
        };
        let signature = |field, bytes: &Hex| {
            Signature::decode(bytes).map_err(|error| AgreementError::Bundle { field, error })
        };
        let invalid = |field| AgreementError::Bundle {
            field,
            error: PrimitiveError::Signature,
        };
        let bundle = Bundle {
            party: Party {
                identity_key: key("identityKey", &fields.identity_key)?,
                address: Address {
                    user_id: identifiers.user_id(&fields.user_id)?,
                    device_id: DeviceId::within(fields.device_id, &identifiers.device_id)?,
                },
            },
            registration_id: RegistrationId::within(
                fields.registration_id,
                &identifiers.registration_id,
            )?,
            signed_pre_key: SignedPreKey {
                id: pre_key_id(fields.signed_pre_key_id)?,
                key: key("signedPreKey", &fields.signed_pre_key)?,
                signature: signature("signedPreKeySignature", &fields.signed_pre_key_signature)?,
            },
            statement: if flawed!(
                "X3DH-01 no statement",
                stated,
                stated && fields.statement_signature.is_some()
            ) {
                let missing = AgreementError::NoStatement;
                let signed = fields.statement_signature.as_ref().ok_or(missing)?;
                Some(Statement {
                    created: fields.created.ok_or(missing)?,
                    suites: fields.named_suites()?,
                    signature: signature("statementSignature", signed)?,
                })
            } else {
                None
            },
            one_time_pre_key: match (&fields.one_time_pre_key_id, &fields.one_time_pre_key) {
                (Some(id), Some(bytes)) => Some(OneTimePreKey {
                    id: pre_key_id(*id)?,
                    key: key("oneTimePreKey", bytes)?,
                }),
                (None, None) => None,
                _ => flawed!(
                    "X3DH-01 half",
                    return Err(AgreementError::HalfOneTimePreKey),
                    None
                ),
            },
            kem_pre_key: kem_pre_key(suite, fields)?,
        };
        let verified = suite.verify(
            &bundle.party.identity_key,
            &bundle.signed_pre_key.key.encode(),
            &bundle.signed_pre_key.signature,
        );
        require!(
            "X3DH-02",
            verified.is_ok(),
            invalid("signedPreKeySignature")
        );
        if let Some(statement) = &bundle.statement {
            let identity_key = &bundle.party.identity_key;
            let verified = suite.verify(
                identity_key,
                &bundle.stated(statement),
                &statement.signature,
            );
            require!("KEY-10", verified.is_ok(), invalid("statementSignature"));
        }
        // Before anything is drawn (RND-02): what comes of them is zero, whichever key is drawn.
        let keys = [
            ("identityKey", Some(bundle.party.identity_key)),
            ("signedPreKey", Some(bundle.signed_pre_key.key)),
            ("oneTimePreKey", bundle.one_time_pre_key.map(|it| it.key)),
        ];
        for (field, key) in keys {
            key.map_or(Ok(()), |key| key.check_order())
                .map_err(|error| AgreementError::Bundle { field, error })?;
        }
        if let Some(kem) = &bundle.kem_pre_key {
            let identity_key = &bundle.party.identity_key;
            suite
                .verify(identity_key, &kem.key, &kem.signature)
                .map_err(kem_error)?;
        }
        Ok(bundle)
    }

    /// What the statement's signature covers (KEY-09).
    fn stated(&self, statement: &Statement) -> Vec<u8> {
        stated(
            &self.party.address,
            self.registration_id,
            (self.signed_pre_key.id, &self.signed_pre_key.key),
            statement.created,
            &statement.suites,
        )
    }
}

/// The KEM prekey, where the suite has a KEM; in other suites it is not looked at.
fn kem_pre_key(
    suite: &dyn Suite,
    fields: &BundleFields,
) -> Result<Option<SignedKemPreKey>, AgreementError> {
    let Some(kem) = suite.kem() else {
        return Ok(None);
    };
    let fields = fields.kem_pre_key.as_ref();
    let fields = fields.ok_or(AgreementError::NoKemPreKey)?;
    kem.check_public_key(&fields.key).map_err(kem_error)?;
    Ok(Some(SignedKemPreKey {
        id: PreKeyId::within(fields.id, &suite.identifiers().pre_key_id)?,
        key: fields.key.clone(),
        signature: Signature::decode(&fields.signature).map_err(kem_error)?,
    }))
}

fn kem_error(error: PrimitiveError) -> AgreementError {
    AgreementError::Bundle {
        field: "kemPreKey",
        error,
    }
}

impl From<&Bundle> for BundleFields {
    fn from(bundle: &Bundle) -> Self {
        let one_time = bundle.one_time_pre_key;
        let statement = bundle.statement.as_ref();
        BundleFields {
            user_id: bundle.party.address.user_id.to_string(),
            device_id: bundle.party.address.device_id.into(),
            registration_id: bundle.registration_id.into(),
            identity_key: bundle.party.identity_key.encode().into(),
            signed_pre_key_id: bundle.signed_pre_key.id.into(),
            signed_pre_key: bundle.signed_pre_key.key.encode().into(),
            signed_pre_key_signature: bundle.signed_pre_key.signature.as_bytes().into(),
            created: statement.map(|it| it.created),
            suites: statement.map(|it| it.suites.clone().into()),
            statement_signature: statement.map(|it| it.signature.as_bytes().into()),
            one_time_pre_key_id: one_time.map(|key| key.id.into()),
            one_time_pre_key: one_time.map(|key| key.key.encode().into()),
            kem_pre_key: bundle.kem_pre_key.as_ref().map(|kem| {
                Box::new(KemPreKeyFields {
                    id: kem.id.into(),
                    key: kem.key.clone(),
                    signature: kem.signature.as_bytes().into(),
                })
            }),
        }
    }
}
