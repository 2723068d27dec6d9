//! The intermediary's store in memory.

use super::envelope::{Envelope, EnvelopeId};
use super::store::{Answered, Change, DeviceRecord, Store, StoreError, Transaction};
use super::token::Digest;
use crate::agreement::OneTimePreKey;
use crate::identifier::{Address, DeviceId, PreKeyId, UserId};
use crate::primitives::PublicKey;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

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
    pub(super) expires: Timestamp,
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
        self.answered.retain(|answered| now < answered.expires);
        self.bundles.retain(|bundle| now < bundle.expires);
    }
}

impl MemoryStore {
    fn kept(&self, address: &Address) -> Option<&Kept> {
        self.devices.get(address)
    }

    /// How many one-time prekeys a device has.
    #[must_use]
    pub fn one_time_pre_keys(&self, address: &Address) -> usize {
        self.kept(address)
            .map_or(0, |kept| kept.one_time_pre_keys.len())
    }

    /// How many messages of a mailbox have not expired.
    #[must_use]
    pub fn mailbox_length(&self, address: &Address, now: Timestamp) -> usize {
        self.mailbox(address, now).count()
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

    fn apply(&mut self, change: Change) {
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
            Change::CountBundle {
                requester,
                target,
                expires,
            } => self.change(&requester, |kept| {
                kept.bundles.push(CountedBundle { target, expires });
            }),
            Change::Remember {
                address,
                answered,
                at_most,
            } => self.change(&address, |kept| {
                kept.answered.push_back(answered);
                while kept.answered.len() > at_most {
                    kept.answered.pop_front();
                }
            }),
        }
    }
}

impl Store for MemoryStore {
    type Transaction<'a> = MemoryTransaction<'a>;

    fn begin(&mut self, now: Timestamp) -> Result<MemoryTransaction<'_>, StoreError> {
        Ok(MemoryTransaction { store: self, now })
    }
}

/// A transaction of a [`MemoryStore`], which it has to itself. It never fails.
#[derive(Debug)]
pub struct MemoryTransaction<'a> {
    store: &'a mut MemoryStore,
    now: Timestamp,
}

impl Transaction for MemoryTransaction<'_> {
    fn device(&mut self, address: &Address) -> Result<Option<DeviceRecord>, StoreError> {
        Ok(self.store.kept(address).map(|kept| kept.record.clone()))
    }

    fn devices(&mut self, user: &UserId) -> Result<BTreeMap<DeviceId, DeviceRecord>, StoreError> {
        let devices = self.store.devices.iter();
        let of_user = devices.filter(|(address, _)| address.user_id == *user);
        Ok(of_user
            .map(|(address, kept)| (address.device_id, kept.record.clone()))
            .collect())
    }

    fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError> {
        Ok(self.store.owners.get(token).copied())
    }

    fn next_one_time_pre_key(
        &mut self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError> {
        let kept = self.store.kept(address);
        let first = kept.and_then(|kept| kept.one_time_pre_keys.first_key_value());
        Ok(first.map(|(id, key)| OneTimePreKey { id: *id, key: *key }))
    }

    fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.one_time_pre_keys(address))
    }

    fn envelopes(&mut self, address: &Address, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        let mailbox = self.store.mailbox(address, self.now);
        Ok(mailbox.take(limit).cloned().collect())
    }

    fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.mailbox_length(address, self.now))
    }

    fn bundles(&mut self, requester: &Address, target: &Address) -> Result<usize, StoreError> {
        let kept = self.store.kept(requester).into_iter();
        let bundles = kept.flat_map(|kept| &kept.bundles);
        Ok(bundles
            .filter(|bundle| bundle.target == *target && self.now < bundle.expires)
            .count())
    }

    fn answered(
        &mut self,
        address: &Address,
        request: &Digest,
    ) -> Result<Option<Answered>, StoreError> {
        let kept = self.store.kept(address).into_iter();
        let mut answered = kept.flat_map(|kept| &kept.answered);
        Ok(answered
            .find(|answered| answered.request == *request && self.now < answered.expires)
            .cloned())
    }

    fn commit(self, changes: Vec<Change>) -> Result<(), StoreError> {
        for kept in self.store.devices.values_mut() {
            kept.forget(self.now);
        }
        for change in changes {
            self.store.apply(change);
        }
        Ok(())
    }
}
