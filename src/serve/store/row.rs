//! What stands in a row: the records of the store as columns, and back.
//!
//! Integers of a database have 63 bits and a sign. A time that has no room stands as the last one that has: it means "never",
//! as it does in the records.

use super::database::Value;
use crate::agreement::{BundleFields, OneTimePreKey, SignedPreKey, Statement, SuiteNames};
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use crate::intermediary::store::{
    AccessRecord, Answered, DeviceRecord, FirstAnswer, KeptEnvelope, KeptOneTimePreKey,
};
use crate::intermediary::{Digest, Envelope, EnvelopeId, MessageBytes, StoreError};
use crate::primitives::{PublicKey, Signature};
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;
use std::borrow::Cow;

/// From when on a store gives up: some 146 billion years.
pub(super) const END: Timestamp = Timestamp(1 << 62);

/// A value that no row of this store has.
fn broken(what: &str) -> StoreError {
    StoreError(format!(
        "the database holds {what}: something else has written to it; restore it from a copy"
    ))
}

pub(super) fn integer(value: impl Into<u64>) -> Value<'static> {
    Value::Integer(i64::try_from(value.into()).unwrap_or(i64::MAX))
}

/// A count or a limit.
pub(super) fn count(value: usize) -> Value<'static> {
    integer(u64::try_from(value).unwrap_or(u64::MAX))
}

pub(super) fn time(at: Timestamp) -> Value<'static> {
    integer(at.0)
}

pub(super) fn bytes(bytes: &[u8]) -> Value<'_> {
    Value::Bytes(Cow::Borrowed(bytes))
}

fn text(text: impl Into<String>) -> Value<'static> {
    Value::Text(Cow::Owned(text.into()))
}

pub(super) fn hash(hash: &Digest) -> Value<'_> {
    bytes(hash.as_bytes())
}

pub(super) fn user(user: &UserId) -> Value<'static> {
    text(*user)
}

pub(super) fn device(address: &Address) -> [Value<'static>; 2] {
    [user(&address.user_id), integer(address.device_id.get())]
}

fn or_null<'a, T>(value: Option<T>, write: impl FnOnce(T) -> Value<'a>) -> Value<'a> {
    value.map_or(Value::Null, write)
}

/// The columns of `devices`, as they are put, without the address.
pub(super) fn device_record(record: &DeviceRecord) -> [Value<'_>; 11] {
    let statement = record.statement.as_ref();
    [
        hash(&record.token),
        public_key(&record.identity_key),
        integer(record.registration_id.get()),
        integer(record.signed_pre_key.id.get()),
        public_key(&record.signed_pre_key.key),
        bytes(record.signed_pre_key.signature.as_bytes()),
        or_null(statement, |statement| time(statement.created)),
        // A name is visible ASCII.
        or_null(statement, |statement| {
            text(statement.suites.iter().collect::<Vec<_>>().join(" "))
        }),
        or_null(statement, |statement| bytes(statement.signature.as_bytes())),
        or_null(record.last_one_time_pre_key_id, |id| integer(id.get())),
        integer(record.next_envelope_id.0),
    ]
}

pub(super) fn public_key(key: &PublicKey) -> Value<'static> {
    Value::Bytes(Cow::Owned(key.encode().into()))
}

/// Sender, kind, message, and when it expires.
pub(super) fn envelope(envelope: &Envelope) -> [Value<'_>; 5] {
    let [user_id, device_id] = device(&envelope.sender);
    let kind = match envelope.kind {
        MessageKind::PreKey => "prekey",
        MessageKind::Ratchet => "ratchet",
    };
    [
        user_id,
        device_id,
        Value::Text(Cow::Borrowed(kind)),
        bytes(&envelope.message.0),
        time(envelope.expires),
    ]
}

/// The hashes of request and body, the bundle, and when it expires.
///
/// # Errors
/// Where the bundle cannot be written.
pub(super) fn answered(answered: &Answered) -> Result<[Value<'_>; 4], StoreError> {
    let bundle = match &answered.answer {
        FirstAnswer::Done => Value::Null,
        FirstAnswer::Bundle(bundle) => {
            let json = serde_json::to_string(bundle);
            text(json.map_err(|error| StoreError(error.to_string()))?)
        }
    };
    Ok([
        hash(&answered.request),
        hash(&answered.body),
        bundle,
        time(answered.expires),
    ])
}

/// A row, read from its first column to its last.
pub(super) struct Row(std::vec::IntoIter<Value<'static>>);

impl From<Vec<Value<'static>>> for Row {
    fn from(columns: Vec<Value<'static>>) -> Self {
        Row(columns.into_iter())
    }
}

impl Row {
    fn next(&mut self) -> Result<Value<'static>, StoreError> {
        self.0.next().ok_or_else(|| broken("too short a row"))
    }

    /// Nothing, or what `read` makes of it.
    fn or_null<T>(
        &mut self,
        read: impl FnOnce(&mut Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self.0.as_slice().first() {
            Some(Value::Null) => self.next().map(|_| None),
            _ => read(self).map(Some),
        }
    }

    pub(super) fn integer(&mut self) -> Result<u64, StoreError> {
        match self.next()? {
            Value::Integer(integer) => {
                u64::try_from(integer).map_err(|_| broken("a negative number"))
            }
            _ => Err(broken("no integer where one belongs")),
        }
    }

    pub(super) fn count(&mut self) -> Result<usize, StoreError> {
        usize::try_from(self.integer()?).map_err(|_| broken("too large a count"))
    }

    fn number(&mut self) -> Result<u32, StoreError> {
        u32::try_from(self.integer()?).map_err(|_| broken("too large a number"))
    }

    fn time(&mut self) -> Result<Timestamp, StoreError> {
        let at = self.integer()?;
        Ok(if at < i64::MAX.unsigned_abs() {
            Timestamp(at)
        } else {
            FirstAnswer::KEPT
        })
    }

    fn text(&mut self) -> Result<String, StoreError> {
        match self.next()? {
            Value::Text(text) => Ok(text.into_owned()),
            _ => Err(broken("no text where some belongs")),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.next()? {
            Value::Bytes(bytes) => Ok(bytes.into_owned()),
            _ => Err(broken("no bytes where some belong")),
        }
    }

    pub(super) fn hash(&mut self) -> Result<Digest, StoreError> {
        let bytes = <[u8; 32]>::try_from(self.bytes()?);
        bytes
            .map(Digest::from)
            .map_err(|_| broken("a hash of another length"))
    }

    fn public_key(&mut self) -> Result<PublicKey, StoreError> {
        PublicKey::decode_unreduced(&self.bytes()?).map_err(|_| broken("no public key"))
    }

    fn signature(&mut self) -> Result<Signature, StoreError> {
        Signature::decode(&self.bytes()?).map_err(|_| broken("no signature"))
    }

    fn pre_key_id(&mut self) -> Result<PreKeyId, StoreError> {
        PreKeyId::within(self.number()?, &(0..=u32::MAX)).map_err(|_| broken("no prekey id"))
    }

    pub(super) fn device(&mut self) -> Result<Address, StoreError> {
        let user_id = UserId::named(&self.text()?).map_err(|_| broken("no UserID"))?;
        let device_id = DeviceId::within(self.number()?, &(0..=u32::MAX));
        Ok(Address {
            user_id,
            device_id: device_id.map_err(|_| broken("no DeviceID"))?,
        })
    }

    pub(super) fn device_record(&mut self) -> Result<DeviceRecord, StoreError> {
        let token = self.hash()?;
        let identity_key = self.public_key()?;
        let registration_id = RegistrationId::within(self.number()?, &(0..=u32::MAX))
            .map_err(|_| broken("no registration id"))?;
        let signed_pre_key = SignedPreKey {
            id: self.pre_key_id()?,
            key: self.public_key()?,
            signature: self.signature()?,
        };
        let created = self.or_null(Row::time)?;
        let suites = self.or_null(Row::suites)?;
        let signature = self.or_null(Row::signature)?;
        let statement = match (created, suites, signature) {
            (Some(created), Some(suites), Some(signature)) => Some(Statement {
                created,
                suites,
                signature,
            }),
            (None, None, None) => None,
            _ => return Err(broken("a part of a statement")),
        };
        Ok(DeviceRecord {
            token,
            identity_key,
            registration_id,
            signed_pre_key,
            statement,
            last_one_time_pre_key_id: self.or_null(Row::pre_key_id)?,
            next_envelope_id: EnvelopeId(self.integer()?),
        })
    }

    fn suites(&mut self) -> Result<SuiteNames, StoreError> {
        let names = self.text()?;
        let names = names.split(' ').map(str::to_owned);
        SuiteNames::try_from(names.collect::<Vec<_>>()).map_err(|_| broken("no names of suites"))
    }

    pub(super) fn one_time_pre_key(&mut self) -> Result<OneTimePreKey, StoreError> {
        Ok(OneTimePreKey {
            id: self.pre_key_id()?,
            key: self.public_key()?,
        })
    }

    pub(super) fn kept_one_time_pre_key(&mut self) -> Result<KeptOneTimePreKey, StoreError> {
        let OneTimePreKey { id, key } = self.one_time_pre_key()?;
        let expires = self.time()?;
        Ok(KeptOneTimePreKey { id, key, expires })
    }

    pub(super) fn envelope(&mut self, recipient: Address) -> Result<Envelope, StoreError> {
        Ok(Envelope {
            id: EnvelopeId(self.integer()?),
            sender: self.device()?,
            recipient,
            kind: match self.text()?.as_str() {
                "prekey" => MessageKind::PreKey,
                "ratchet" => MessageKind::Ratchet,
                _ => return Err(broken("a message of no kind")),
            },
            message: MessageBytes(Hex(self.bytes()?)),
            expires: self.time()?,
        })
    }

    pub(super) fn kept_envelope(&mut self) -> Result<KeptEnvelope, StoreError> {
        let recipient = self.device()?;
        Ok(KeptEnvelope {
            access_key: self.hash()?,
            envelope: self.envelope(recipient)?,
        })
    }

    pub(super) fn access_record(&mut self) -> Result<AccessRecord, StoreError> {
        Ok(AccessRecord {
            one_time_pre_keys: self.number()?,
            expires: self.time()?,
        })
    }

    pub(super) fn answered(&mut self) -> Result<Answered, StoreError> {
        Ok(Answered {
            request: self.hash()?,
            body: self.hash()?,
            answer: match self.or_null(Row::bundle)? {
                None => FirstAnswer::Done,
                Some(bundle) => FirstAnswer::Bundle(Box::new(bundle)),
            },
            expires: self.time()?,
        })
    }

    fn bundle(&mut self) -> Result<BundleFields, StoreError> {
        serde_json::from_str(&self.text()?).map_err(|_| broken("no bundle"))
    }
}
