//! What a client asks of the intermediary (profile section 7, "Requests and answers").

use super::envelope::{EnvelopeId, MessageBytes};
use super::token::{AccessKey, Digest, Token};
use super::{DEFAULT_LIFETIME, IntermediaryError, Limits, MAX_REQUEST};
use crate::agreement::{AgreementError, Bundle, SuiteNames};
use crate::hex::Hex;
use crate::identifier::{Address, IdentifierError, Identifiers, PreKeyId, RegistrationId};
use crate::primitives::{Randomness, RandomnessError};
use crate::requirement::{flawed, require};
use crate::suite::Suite;
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a client calls a request: 1 to 64 characters of visible ASCII. It prints nothing.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// The most characters.
    pub const MAX_LENGTH: usize = 64;

    /// Draws one: 16 bytes of randomness, as 32 digits of hex.
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes)?;
        Ok(RequestId(Hex(bytes.to_vec()).to_string()))
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = IntermediaryError;

    fn try_from(text: String) -> Result<Self, IntermediaryError> {
        let longest = flawed!(
            "MBX-13 id of 63",
            flawed!("MBX-13 id of 65", Self::MAX_LENGTH, 65),
            63
        );
        let length = flawed!("MBX-13 empty id", 1, 0)..=longest;
        let is_visible = |byte: u8| {
            byte.is_ascii_graphic() || flawed!("MBX-13 space in an id", false, byte == b' ')
        };
        require!(
            "MBX-13",
            length.contains(&text.len()) && text.bytes().all(is_visible),
            IntermediaryError::malformed(&"a request id is 1 to 64 characters of visible ASCII")
        );
        Ok(RequestId(text))
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> String {
        id.0
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestId")
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for RequestId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequestId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[!-~]{1,64}$",
            "description": "What the client calls the request: repeated, it gets the first answer again."
        })
    }
}

/// A request as it stands on the wire. Its debug output shows no token, no access key and no message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// What the client calls it.
    pub id: RequestId,
    /// Who asks; only the registration of a user's first device has none (MBX-12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// What is asked.
    pub body: Body,
}

/// The hashes by which the machine knows who asks, and whether it was asked before. They are the request's alone.
#[derive(Clone, Copy, Debug)]
pub struct Hashes {
    /// Of the token.
    pub(super) token: Option<Digest>,
    /// Of the request id: the answer is remembered under it (MBX-13).
    pub(super) id: Digest,
    /// Of what is asked: a request that is repeated asks the same (MBX-13).
    pub(super) body: Digest,
}

impl Hashes {
    /// Those of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Hashes {
            token: request.token.as_ref().map(Token::digest),
            id: Digest::of(request.id.0.as_bytes()),
            body: Digest::of_json(&request.body),
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[serde(deny_unknown_fields)]
pub enum Body {
    /// A device is stored (MBX-01).
    Register(Registration),
    /// The signed prekey is replaced (KEY-08).
    PublishSignedPreKey {
        /// The asker's own device.
        address: Address,
        /// The signed prekey's id.
        id: PreKeyId,
        /// SPK, encoded.
        key: Hex,
        /// The identity key's signature over it: 64 bytes (KEY-07).
        signature: Hex,
        /// When SPK was made, in seconds since 1970 (KEY-09). Absent, as the two that follow, in suites without statements.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created: Option<Timestamp>,
        /// The suites that the device speaks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", schemars(with = "Option<Vec<String>>"))]
        suites: Option<SuiteNames>,
        /// The identity key's signature over the statement: 64 bytes (KEY-09).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement_signature: Option<Hex>,
    },
    /// One-time prekeys are added.
    PublishOneTimePreKeys {
        /// The asker's own device.
        address: Address,
        /// The keys, by rising id.
        one_time_pre_keys: Vec<PublishedOneTimePreKey>,
    },
    /// How many one-time prekeys are left (MBX-04).
    CountOneTimePreKeys {
        /// The asker's own device.
        address: Address,
    },
    /// Whoever has that access key may write to the device from now on (MBX-20).
    PublishAccessKey {
        /// The asker's own device.
        address: Address,
        /// The hash of the access key.
        hash: Digest,
        /// From when on it admits nobody.
        expires: Timestamp,
    },
    /// That access key admits nobody any more (MBX-21).
    WithdrawAccessKey {
        /// The asker's own device.
        address: Address,
        /// The hash of the access key.
        hash: Digest,
    },
    /// A device's bundle is handed out (MBX-03, MBX-17).
    FetchBundle {
        /// The device.
        address: Address,
        /// With one that the device has published, a one-time prekey is in the bundle as long as there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_key: Option<AccessKey>,
    },
    /// A message is put into a mailbox (MBX-05).
    Submit(Submission),
    /// The oldest messages of a mailbox (MBX-07, MBX-08).
    Read {
        /// The asker's own device.
        address: Address,
        /// The most messages that the answer may hold: 1 to 100.
        limit: u32,
    },
    /// Messages are erased from a mailbox (MBX-09).
    Acknowledge {
        /// The asker's own device.
        address: Address,
        /// Their ids: at most 1,000.
        ids: Vec<EnvelopeId>,
    },
    /// A device is erased (MBX-15).
    Remove {
        /// A device of the asker's user.
        address: Address,
    },
}

impl Body {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::PublishSignedPreKey { .. } => "publishSignedPreKey",
            Self::PublishOneTimePreKeys { .. } => "publishOneTimePreKeys",
            Self::CountOneTimePreKeys { .. } => "countOneTimePreKeys",
            Self::PublishAccessKey { .. } => "publishAccessKey",
            Self::WithdrawAccessKey { .. } => "withdrawAccessKey",
            Self::FetchBundle { .. } => "fetchBundle",
            Self::Submit(_) => "submit",
            Self::Read { .. } => "read",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Remove { .. } => "remove",
        }
    }

    /// Whether a signed prekey that it publishes comes with a whole statement.
    fn is_stated(&self) -> bool {
        match self {
            Self::Register(Registration {
                created,
                suites,
                statement_signature,
                ..
            })
            | Self::PublishSignedPreKey {
                created,
                suites,
                statement_signature,
                ..
            } => created.is_some() && suites.is_some() && statement_signature.is_some(),
            _ => true,
        }
    }

    /// Holds every identifier to what the suite admits (ID-01, ID-03, ID-04, ID-06).
    fn check_identifiers(&self, admitted: &Identifiers) -> Result<(), IdentifierError> {
        let pre_key = |id: &PreKeyId| PreKeyId::within(id.get(), &admitted.pre_key_id);
        let pre_keys = |keys: &[PublishedOneTimePreKey]| {
            let mut keys = keys.iter();
            keys.try_for_each(|key| pre_key(&key.id).map(drop))
        };
        let registration =
            |id: RegistrationId| RegistrationId::within(id.get(), &admitted.registration_id);
        match self {
            Self::Register(device) => {
                admitted.check(&device.address)?;
                registration(device.registration_id)?;
                pre_key(&device.signed_pre_key_id)?;
                pre_keys(&device.one_time_pre_keys)
            }
            Self::PublishSignedPreKey { address, id, .. } => {
                admitted.check(address)?;
                pre_key(id).map(drop)
            }
            Self::PublishOneTimePreKeys {
                address,
                one_time_pre_keys,
            } => {
                admitted.check(address)?;
                pre_keys(one_time_pre_keys)
            }
            Self::Submit(submission) => {
                admitted.check(&submission.recipient)?;
                registration(submission.registration_id).map(drop)
            }
            Self::CountOneTimePreKeys { address }
            | Self::PublishAccessKey { address, .. }
            | Self::WithdrawAccessKey { address, .. }
            | Self::FetchBundle { address, .. }
            | Self::Read { address, .. }
            | Self::Acknowledge { address, .. }
            | Self::Remove { address } => admitted.check(address),
        }
    }

    /// Whether a device may ask this (MBX-12).
    #[must_use]
    pub fn is_open_to(&self, asker: &Address) -> bool {
        match self {
            Self::PublishSignedPreKey { address, .. }
            | Self::PublishOneTimePreKeys { address, .. }
            | Self::CountOneTimePreKeys { address }
            | Self::PublishAccessKey { address, .. }
            | Self::WithdrawAccessKey { address, .. }
            | Self::Read { address, .. }
            | Self::Acknowledge { address, .. } => flawed!(
                "MBX-12 whole user",
                asker == address,
                asker.user_id == address.user_id
            ),
            Self::Register(Registration { address, .. }) | Self::Remove { address } => flawed!(
                "MBX-12 itself alone",
                asker.user_id == address.user_id,
                asker == address
            ),
            Self::FetchBundle { .. } | Self::Submit(_) => true,
        }
    }

    /// The device that it is about.
    #[must_use]
    pub fn target(&self) -> &Address {
        match self {
            Self::Register(registration) => &registration.address,
            Self::Submit(submission) => &submission.recipient,
            Self::PublishSignedPreKey { address, .. }
            | Self::PublishOneTimePreKeys { address, .. }
            | Self::CountOneTimePreKeys { address }
            | Self::PublishAccessKey { address, .. }
            | Self::WithdrawAccessKey { address, .. }
            | Self::FetchBundle { address, .. }
            | Self::Read { address, .. }
            | Self::Acknowledge { address, .. }
            | Self::Remove { address } => address,
        }
    }
}

/// A device as it registers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registration {
    /// The device.
    pub address: Address,
    /// The hash of its token.
    pub token_hash: Digest,
    /// Its registration id.
    pub registration_id: RegistrationId,
    /// IK, encoded.
    pub identity_key: Hex,
    /// The signed prekey's id.
    pub signed_pre_key_id: PreKeyId,
    /// SPK, encoded.
    pub signed_pre_key: Hex,
    /// The identity key's signature over it: 64 bytes (KEY-07).
    pub signed_pre_key_signature: Hex,
    /// When SPK was made, in seconds since 1970 (KEY-09). Absent, as the two that follow, in suites without statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// The suites that the device speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schemars(with = "Option<Vec<String>>"))]
    pub suites: Option<SuiteNames>,
    /// The identity key's signature over the statement: 64 bytes (KEY-09).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_signature: Option<Hex>,
    /// The one-time prekeys, by rising id.
    pub one_time_pre_keys: Vec<PublishedOneTimePreKey>,
}

impl Registration {
    /// Of the device whose bundle that is, without one-time prekeys.
    #[must_use]
    pub fn of(bundle: &Bundle, token_hash: Digest) -> Self {
        let statement = bundle.statement.as_ref();
        Registration {
            address: bundle.party.address,
            token_hash,
            registration_id: bundle.registration_id,
            identity_key: bundle.party.identity_key.encode().into(),
            signed_pre_key_id: bundle.signed_pre_key.id,
            signed_pre_key: bundle.signed_pre_key.key.encode().into(),
            signed_pre_key_signature: bundle.signed_pre_key.signature.as_bytes().into(),
            created: statement.map(|it| it.created),
            suites: statement.map(|it| it.suites.clone()),
            statement_signature: statement.map(|it| it.signature.as_bytes().into()),
            one_time_pre_keys: Vec::new(),
        }
    }
}

/// A one-time prekey as it is published.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishedOneTimePreKey {
    /// Its id.
    pub id: PreKeyId,
    /// OPK, encoded.
    pub key: Hex,
}

/// A message for one device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submission {
    /// Whom it is for.
    pub recipient: Address,
    /// What admits the sender to the recipient (MBX-22).
    pub access_key: AccessKey,
    /// The registration id that the sender knows of it (MBX-06).
    pub registration_id: RegistrationId,
    /// Which of the two messages it is.
    pub kind: MessageKind,
    /// The message: at most 98,304 bytes (MBX-11).
    pub message: MessageBytes,
    /// How long it is kept, in seconds: 1 to 2,592,000; 172,800 where not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
}

impl Submission {
    /// How long the message is kept, in seconds.
    #[must_use]
    pub fn lifetime(&self) -> u64 {
        self.lifetime.unwrap_or(DEFAULT_LIFETIME)
    }
}

impl Request {
    /// Reads a request as it comes off the wire.
    ///
    /// # Errors
    /// `too-large` above [`MAX_REQUEST`] bytes; `malformed` for what is no JSON of a request: a field too
    /// many or too few, of another type, a name that stands twice, an identifier out of its range.
    pub fn from_json(json: &[u8]) -> Result<Self, IntermediaryError> {
        require!(
            "MBX-11",
            json.len() <= MAX_REQUEST,
            IntermediaryError::TooLarge {
                what: "a request, in bytes",
                limit: MAX_REQUEST
            }
        );
        serde_json::from_slice(json).map_err(|error| IntermediaryError::malformed(&error))
    }

    /// What can be seen to be wrong without knowing anything else than the time: identifiers that the suite does not
    /// admit first.
    ///
    /// # Errors
    /// `malformed`, then `too-large`.
    pub(super) fn check(
        &self,
        suite: &dyn Suite,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), IntermediaryError> {
        if suite.has_statements() && !self.body.is_stated() {
            return Err(IntermediaryError::malformed(&AgreementError::NoStatement));
        }
        self.body
            .check_identifiers(suite.identifiers())
            .map_err(|error| IntermediaryError::malformed(&error))?;
        match &self.body {
            Body::Register(registration) => rising(&registration.one_time_pre_keys),
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => rising(one_time_pre_keys),
            Body::PublishAccessKey { expires, .. } => {
                require!(
                    "MBX-20",
                    expires.seconds_since(now) <= limits.access_key_lifetime,
                    IntermediaryError::malformed(&format!(
                        "an access key expires within {} seconds",
                        limits.access_key_lifetime
                    ))
                );
                Ok(())
            }
            Body::Submit(submission) => submission.check(limits),
            Body::Read { limit, .. } => {
                require!(
                    "MBX-08",
                    (flawed!("MBX-08 none", 1, 0)..=limits.read).contains(limit),
                    IntermediaryError::malformed(&format!(
                        "a reader takes 1 to {} messages at a time",
                        limits.read
                    ))
                );
                Ok(())
            }
            Body::Acknowledge { ids, .. } => {
                require!(
                    "MBX-09",
                    ids.len() <= limits.acknowledged,
                    IntermediaryError::TooLarge {
                        what: "the list of acknowledged messages",
                        limit: limits.acknowledged
                    }
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Submission {
    fn check(&self, limits: &Limits) -> Result<(), IntermediaryError> {
        require!(
            "MBX-10",
            (flawed!("MBX-10 lifetime of zero", 1, 0)..=limits.lifetime).contains(&self.lifetime()),
            IntermediaryError::malformed(&format!(
                "a lifetime is 1 to {} seconds",
                limits.lifetime
            ))
        );
        require!(
            "MBX-11",
            self.message.0.len() <= limits.message_length,
            IntermediaryError::TooLarge {
                what: "a message, in bytes",
                limit: limits.message_length
            }
        );
        Ok(())
    }
}

/// One-time prekeys stand by rising id.
fn rising(keys: &[PublishedOneTimePreKey]) -> Result<(), IntermediaryError> {
    require!(
        "MBX-03",
        keys.is_sorted_by(|one, next| {
            one.id < next.id || flawed!("MBX-03 twice", false, one.id == next.id)
        }),
        IntermediaryError::malformed(&"one-time prekeys stand by rising id")
    );
    Ok(())
}
