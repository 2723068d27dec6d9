//! What the intermediary keeps, behind a small trait, and the same in memory.
//!
//! A request is reads, then at most one [`Store::commit`], which carries out all of its changes or none:
//! taking a one-time prekey and remembering the answer that hands it out are one transaction (MBX-03,
//! MBX-13, MBX-18). [`Intermediary::handle`](super::Intermediary::handle) borrows the store alone, so nothing
//! comes between the reads and the commit; a store that several processes share holds its write lock from the
//! first read on. Each [`Change`] is one statement about one row, and each read one query.

use super::envelope::{Envelope, EnvelopeId};
use super::token::{Digest, SealedToken};
use super::{ANSWER_LIFETIME, BUNDLE_WINDOW, MAX_ANSWERS};
use crate::agreement::{BundleFields, OneTimePreKey, SignedPreKey};
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use crate::primitives::PublicKey;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A store that failed, and why. Nothing of the commit was carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the intermediary's store: {0}")]
pub struct StoreError(pub String);

/// What is kept of a device beside its one-time prekeys and its mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceRecord {
    /// The hash of its token (MBX-01).
    pub token: Digest,
    /// IK.
    pub identity_key: PublicKey,
    /// Its registration id.
    pub registration_id: RegistrationId,
    /// SPK.
    pub signed_pre_key: SignedPreKey,
    /// The highest id of all one-time prekeys ever published: none at or below it is taken again (MBX-03).
    pub last_one_time_pre_key_id: Option<PreKeyId>,
    /// The id of the next message in its mailbox.
    pub next_envelope_id: EnvelopeId,
}

/// A request that was carried out, and what is needed to answer it again (MBX-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answered {
    /// The hash of the request id.
    pub request: Digest,
    /// The hash of what was asked.
    pub body: Digest,
    /// When.
    pub at: Timestamp,
    /// The answer.
    pub answer: FirstAnswer,
}

/// The first answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FirstAnswer {
    /// It was carried out.
    Done,
    /// The token, readable for nobody but who has the whole registration.
    Registered(SealedToken),
    /// The bundle.
    Bundle(BundleFields),
}

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The record is stored, in place of a former one.
    PutDevice(Address, DeviceRecord),
    /// Everything of the device is erased: record, one-time prekeys, mailbox, remembered answers, its bundle
    /// requests (MBX-15).
    EraseDevice(Address),
    /// A one-time prekey is stored.
    PutOneTimePreKey(Address, OneTimePreKey),
    /// A one-time prekey is erased.
    EraseOneTimePreKey(Address, PreKeyId),
    /// A message is put into its recipient's mailbox.
    PutEnvelope(Envelope),
    /// A message is erased from a mailbox, where it is there.
    EraseEnvelope(Address, EnvelopeId),
    /// A device was handed the bundle of another.
    CountBundle {
        /// The device that asked.
        requester: Address,
        /// The device whose bundle it is.
        target: Address,
    },
    /// The answer to a device is remembered. Of more than [`MAX_ANSWERS`] the oldest go.
    Remember(Address, Answered),
}

/// The changes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The time. What has expired by then is erased first: messages (MBX-10), answers (MBX-13), counted
    /// bundle requests (MBX-17).
    pub now: Timestamp,
    /// Then these, in order.
    pub list: Vec<Change>,
}

/// What an intermediary keeps. A device that is asked for and not there has nothing.
pub trait Store {
    /// The record of a device.
    fn device(&self, address: &Address) -> Result<Option<DeviceRecord>, StoreError>;

    /// The records of a user's devices.
    fn devices(&self, user: &UserId) -> Result<BTreeMap<DeviceId, DeviceRecord>, StoreError>;

    /// The device with that token.
    fn owner(&self, token: &Digest) -> Result<Option<Address>, StoreError>;

    /// A device's one-time prekey of the lowest id.
    fn next_one_time_pre_key(&self, address: &Address)
    -> Result<Option<OneTimePreKey>, StoreError>;

    /// How many one-time prekeys a device has.
    fn one_time_pre_keys(&self, address: &Address) -> Result<usize, StoreError>;

    /// The first `limit` messages of a mailbox that have not expired, by rising id.
    fn envelopes(
        &self,
        address: &Address,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError>;

    /// How many messages of a mailbox have not expired.
    fn mailbox_length(&self, address: &Address, now: Timestamp) -> Result<usize, StoreError>;

    /// How many bundles of `target` the requester was handed within [`BUNDLE_WINDOW`].
    fn bundles(
        &self,
        requester: &Address,
        target: &Address,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// What a device was answered to a request of that id within [`ANSWER_LIFETIME`].
    fn answered(
        &self,
        address: &Address,
        request: &Digest,
        now: Timestamp,
    ) -> Result<Option<Answered>, StoreError>;

    /// Carries out all changes, or none; once this returns, they outlast a crash (MBX-18).
    fn commit(&mut self, changes: Changes) -> Result<(), StoreError>;
}

/// A store that lives as long as the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    pub(super) devices: BTreeMap<Address, Kept>,
    /// Whose token it is: follows from `devices`.
    pub(super) owners: BTreeMap<Digest, Address>,
}

/// What is kept of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) record: DeviceRecord,
    pub(super) one_time_pre_keys: BTreeMap<PreKeyId, PublicKey>,
    pub(super) mailbox: BTreeMap<EnvelopeId, Envelope>,
    /// The oldest first.
    pub(super) answered: VecDeque<Answered>,
    pub(super) bundles: Vec<CountedBundle>,
}

/// A bundle that the device was handed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountedBundle {
    pub(super) target: Address,
    pub(super) at: Timestamp,
}

/// Whether what is kept for `lifetime` seconds from `at` on is still there.
fn lives(at: Timestamp, lifetime: u64, now: Timestamp) -> bool {
    now.0 < at.0.saturating_add(lifetime)
}

impl Kept {
    fn new(record: DeviceRecord) -> Self {
        Kept {
            record,
            one_time_pre_keys: BTreeMap::new(),
            mailbox: BTreeMap::new(),
            answered: VecDeque::new(),
            bundles: Vec::new(),
        }
    }

    fn forget(&mut self, now: Timestamp) {
        self.mailbox.retain(|_, envelope| now < envelope.expires);
        self.answered
            .retain(|answered| lives(answered.at, ANSWER_LIFETIME, now));
        self.bundles
            .retain(|bundle| lives(bundle.at, BUNDLE_WINDOW, now));
    }
}

impl MemoryStore {
    fn kept(&self, address: &Address) -> Option<&Kept> {
        self.devices.get(address)
    }

    /// The messages that have not expired, by rising id.
    fn mailbox(&self, address: &Address, now: Timestamp) -> impl Iterator<Item = &Envelope> {
        let mailbox = self
            .kept(address)
            .into_iter()
            .flat_map(|kept| kept.mailbox.values());
        mailbox.filter(move |envelope| now < envelope.expires)
    }

    /// Changes what is kept of a device; without the device there is nothing to change.
    fn change(&mut self, address: &Address, change: impl FnOnce(&mut Kept)) {
        if let Some(kept) = self.devices.get_mut(address) {
            change(kept);
        }
    }

    fn apply(&mut self, change: Change, now: Timestamp) {
        match change {
            Change::PutDevice(address, record) => {
                if let Some(former) = self.devices.get(&address) {
                    self.owners.remove(&former.record.token);
                }
                self.owners.insert(record.token, address);
                self.devices
                    .entry(address)
                    .and_modify(|kept| kept.record = record.clone())
                    .or_insert_with(|| Kept::new(record));
            }
            Change::EraseDevice(address) => {
                if let Some(former) = self.devices.remove(&address) {
                    self.owners.remove(&former.record.token);
                }
            }
            Change::PutOneTimePreKey(address, one_time) => self.change(&address, |kept| {
                kept.one_time_pre_keys.insert(one_time.id, one_time.key);
            }),
            Change::EraseOneTimePreKey(address, id) => self.change(&address, |kept| {
                kept.one_time_pre_keys.remove(&id);
            }),
            Change::PutEnvelope(envelope) => {
                let recipient = envelope.recipient;
                self.change(&recipient, |kept| {
                    kept.mailbox.insert(envelope.id, envelope);
                });
            }
            Change::EraseEnvelope(address, id) => self.change(&address, |kept| {
                kept.mailbox.remove(&id);
            }),
            Change::CountBundle { requester, target } => self.change(&requester, |kept| {
                kept.bundles.push(CountedBundle { target, at: now });
            }),
            Change::Remember(address, answered) => self.change(&address, |kept| {
                kept.answered.push_back(answered);
                while kept.answered.len() > MAX_ANSWERS {
                    kept.answered.pop_front();
                }
            }),
        }
    }
}

impl Store for MemoryStore {
    fn device(&self, address: &Address) -> Result<Option<DeviceRecord>, StoreError> {
        Ok(self.kept(address).map(|kept| kept.record.clone()))
    }

    fn devices(&self, user: &UserId) -> Result<BTreeMap<DeviceId, DeviceRecord>, StoreError> {
        Ok(self
            .devices
            .iter()
            .filter(|(address, _)| address.user_id == *user)
            .map(|(address, kept)| (address.device_id, kept.record.clone()))
            .collect())
    }

    fn owner(&self, token: &Digest) -> Result<Option<Address>, StoreError> {
        Ok(self.owners.get(token).copied())
    }

    fn next_one_time_pre_key(
        &self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError> {
        Ok(self
            .kept(address)
            .and_then(|kept| kept.one_time_pre_keys.first_key_value())
            .map(|(id, key)| OneTimePreKey { id: *id, key: *key }))
    }

    fn one_time_pre_keys(&self, address: &Address) -> Result<usize, StoreError> {
        Ok(self
            .kept(address)
            .map_or(0, |kept| kept.one_time_pre_keys.len()))
    }

    fn envelopes(
        &self,
        address: &Address,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        Ok(self.mailbox(address, now).take(limit).cloned().collect())
    }

    fn mailbox_length(&self, address: &Address, now: Timestamp) -> Result<usize, StoreError> {
        Ok(self.mailbox(address, now).count())
    }

    fn bundles(
        &self,
        requester: &Address,
        target: &Address,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let bundles = self
            .kept(requester)
            .into_iter()
            .flat_map(|kept| &kept.bundles);
        Ok(bundles
            .filter(|bundle| bundle.target == *target && lives(bundle.at, BUNDLE_WINDOW, now))
            .count())
    }

    fn answered(
        &self,
        address: &Address,
        request: &Digest,
        now: Timestamp,
    ) -> Result<Option<Answered>, StoreError> {
        let mut answered = self
            .kept(address)
            .into_iter()
            .flat_map(|kept| &kept.answered);
        Ok(answered
            .find(|answered| {
                answered.request == *request && lives(answered.at, ANSWER_LIFETIME, now)
            })
            .cloned())
    }

    fn commit(&mut self, changes: Changes) -> Result<(), StoreError> {
        for kept in self.devices.values_mut() {
            kept.forget(changes.now);
        }
        for change in changes.list {
            self.apply(change, changes.now);
        }
        Ok(())
    }
}
