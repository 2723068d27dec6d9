//! What the intermediary learns (PRIV-01): a pure function of the requests that it receives.
//!
//! Of a message it lists the kind and the size. What the message's header would tell to whoever parses its
//! bytes is not listed: this intermediary does not parse them (MBX-14).

use super::request::{Body, PublishedOneTimePreKey, Registration, Request, Submission};
use crate::agreement::SuiteNames;
use crate::hex::Hex;
use crate::identifier::{Address, PreKeyId};
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A kind of thing that the intermediary learns. There is no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Learned {
    /// That a device asked for something: which request it was.
    Asked,
    /// What the device called the request.
    RequestId,
    /// That there is such a device: its address.
    Address,
    /// An identity key, in hex.
    IdentityKey,
    /// A registration id.
    RegistrationId,
    /// A signed prekey: its id, key and signature.
    SignedPreKey,
    /// A statement: when the signed prekey was made, in seconds since 1970, which suites the device speaks, and the
    /// signature.
    Statement,
    /// A one-time prekey: its id and key.
    OneTimePreKey,
    /// The hash of an access key that the device published, withdrew or used: who uses it has the invitation or the
    /// offer of who published it.
    AccessKey,
    /// From when on an access key admits nobody, in seconds since 1970.
    AccessExpires,
    /// Whose bundle the device asked for: an address.
    AskedBundleOf,
    /// To which mailbox the device wrote: an address.
    WroteTo,
    /// The kind of that message: `prekey` or `ratchet`.
    EnvelopeKind,
    /// Its padded size, in bytes.
    PaddedSize,
    /// How long it is to be kept, in seconds.
    Lifetime,
    /// How many messages the device reads at most, or which it acknowledges, by their numbers in its own
    /// mailbox.
    Mailbox,
}

/// As it is written in JSON: `wrote-to`.
impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// One thing that the intermediary learned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Row {
    /// What kind of thing.
    pub kind: Learned,
    /// The thing.
    pub value: String,
    /// Which device it is about.
    pub whose: Address,
    /// When it was learned.
    pub when: Timestamp,
}

/// Everything that a request of `asker` tells, in the order of its fields.
#[must_use]
pub fn learned(asker: Address, request: &Request, now: Timestamp) -> Vec<Row> {
    let mut rows = Rows {
        now,
        rows: Vec::new(),
    };
    rows.add(Learned::Address, &asker, asker);
    rows.add(Learned::RequestId, &request.id.as_str(), asker);
    rows.add(Learned::Asked, &request.body.name(), asker);
    match &request.body {
        Body::Register(registration) => rows.registration(registration),
        Body::PublishSignedPreKey {
            id,
            key,
            signature,
            created,
            suites,
            statement_signature,
            ..
        } => {
            rows.signed_pre_key(asker, *id, key, signature);
            rows.statement(
                asker,
                *created,
                suites.as_ref(),
                statement_signature.as_ref(),
            );
        }
        Body::PublishOneTimePreKeys {
            one_time_pre_keys, ..
        } => rows.one_time_pre_keys(asker, one_time_pre_keys),
        Body::PublishAccessKey { hash, expires, .. } => {
            rows.add(Learned::AccessKey, hash, asker);
            rows.add(Learned::AccessExpires, &expires.0, asker);
        }
        Body::WithdrawAccessKey { hash, .. } => rows.add(Learned::AccessKey, hash, asker),
        Body::FetchBundle {
            address,
            access_key,
        } => {
            rows.add(Learned::AskedBundleOf, address, asker);
            if let Some(access_key) = access_key {
                rows.add(Learned::AccessKey, &access_key.digest(), asker);
            }
        }
        Body::Submit(submission) => rows.submission(asker, submission),
        Body::Read { limit, .. } => rows.add(Learned::Mailbox, limit, asker),
        Body::Acknowledge { ids, .. } => {
            for id in ids {
                rows.add(Learned::Mailbox, &id.0, asker);
            }
        }
        Body::Remove { address } if *address != asker => {
            rows.add(Learned::Address, address, *address);
        }
        Body::CountOneTimePreKeys { .. } | Body::Remove { .. } => {}
    }
    rows.rows
}

struct Rows {
    now: Timestamp,
    rows: Vec<Row>,
}

impl Rows {
    fn add(&mut self, kind: Learned, value: &impl ToString, whose: Address) {
        self.rows.push(Row {
            kind,
            value: value.to_string(),
            whose,
            when: self.now,
        });
    }

    fn registration(&mut self, registration: &Registration) {
        let whose = registration.address;
        self.add(
            Learned::RegistrationId,
            &registration.registration_id,
            whose,
        );
        self.add(Learned::IdentityKey, &registration.identity_key, whose);
        self.signed_pre_key(
            whose,
            registration.signed_pre_key_id,
            &registration.signed_pre_key,
            &registration.signed_pre_key_signature,
        );
        self.statement(
            whose,
            registration.created,
            registration.suites.as_ref(),
            registration.statement_signature.as_ref(),
        );
        self.one_time_pre_keys(whose, &registration.one_time_pre_keys);
    }

    fn signed_pre_key(&mut self, whose: Address, id: PreKeyId, key: &Hex, signature: &Hex) {
        self.add(
            Learned::SignedPreKey,
            &format!("{id} {key} {signature}"),
            whose,
        );
    }

    fn statement(
        &mut self,
        whose: Address,
        created: Option<Timestamp>,
        suites: Option<&SuiteNames>,
        signature: Option<&Hex>,
    ) {
        let (Some(created), Some(suites), Some(signature)) = (created, suites, signature) else {
            return;
        };
        let suites: Vec<_> = suites.iter().collect();
        let value = format!("{} {} {signature}", created.0, suites.join(" "));
        self.add(Learned::Statement, &value, whose);
    }

    fn one_time_pre_keys(&mut self, whose: Address, keys: &[PublishedOneTimePreKey]) {
        for PublishedOneTimePreKey { id, key } in keys {
            self.add(Learned::OneTimePreKey, &format!("{id} {key}"), whose);
        }
    }

    fn submission(&mut self, sender: Address, submission: &Submission) {
        self.add(Learned::Lifetime, &submission.lifetime(), sender);
        let kind = match submission.kind {
            MessageKind::PreKey => "prekey",
            MessageKind::Ratchet => "ratchet",
        };
        let recipient = submission.recipient;
        self.add(Learned::WroteTo, &recipient, sender);
        self.add(Learned::AccessKey, &submission.access_key.digest(), sender);
        self.add(
            Learned::RegistrationId,
            &submission.registration_id,
            recipient,
        );
        self.add(Learned::EnvelopeKind, &kind, sender);
        self.add(Learned::PaddedSize, &submission.message.0.len(), sender);
    }
}
