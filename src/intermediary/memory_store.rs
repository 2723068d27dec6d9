//! The intermediary's store in memory.
//!
//! What a transaction costs does not depend on how many devices there are, nor on how much is kept of them: everything
//! is found by its key, and what expires by its time. Copies share what is kept of a device until one of them changes
//! it.

use super::envelope::{Envelope, EnvelopeId};
use super::store::{Answered, Change, DeviceRecord, Store, StoreError, Transaction};
use super::token::Digest;
use crate::agreement::OneTimePreKey;
use crate::identifier::{Address, DeviceId, PreKeyId, UserId};
use crate::primitives::PublicKey;
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A store that lives as long as the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemoryStore {
    devices: BTreeMap<Address, Arc<Kept>>,
    /// Whose token it is: follows from `devices`.
    owners: BTreeMap<Digest, Address>,
    /// When the first thing expires that is kept of a device: follows from `devices`.
    expiries: BTreeSet<(Timestamp, Address)>,
}

/// What is kept of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kept {
    record: DeviceRecord,
    one_time_pre_keys: BTreeMap<PreKeyId, PublicKey>,
    mailbox: BTreeMap<EnvelopeId, Arc<Envelope>>,
    answered: Remembered,
    /// When each bundle that the device was handed is no longer counted, by whose it is; rising.
    bundles: BTreeMap<Address, Vec<Timestamp>>,
    /// What expires, by when: follows from the rest.
    expiries: BTreeSet<(Timestamp, Expiring)>,
}

/// Something that expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Expiring {
    Envelope(EnvelopeId),
    Answer(Digest),
    BundleOf(Address),
}

/// Answers in the order in which they were remembered, each found by the hash of its request id.
#[derive(Clone, Debug, Default)]
struct Remembered {
    /// By rising number. The numbers mean nothing but the order.
    in_order: BTreeMap<u64, Answered>,
    numbers: BTreeMap<Digest, u64>,
}

impl Remembered {
    fn get(&self, request: &Digest) -> Option<&Answered> {
        self.in_order.get(self.numbers.get(request)?)
    }

    /// The last one, in place of a former answer to that request.
    fn push(&mut self, answered: Answered) -> Option<Answered> {
        let former = self.remove(&answered.request);
        let number = match self.in_order.last_key_value() {
            Some((last, _)) => last + 1,
            None => 0,
        };
        self.numbers.insert(answered.request, number);
        self.in_order.insert(number, answered);
        former
    }

    fn remove(&mut self, request: &Digest) -> Option<Answered> {
        self.in_order.remove(&self.numbers.remove(request)?)
    }

    fn first(&self) -> Option<&Answered> {
        self.in_order.first_key_value().map(|(_, first)| first)
    }
}

impl PartialEq for Remembered {
    fn eq(&self, other: &Self) -> bool {
        self.in_order.values().eq(other.in_order.values())
    }
}

impl Eq for Remembered {}

impl Hash for Remembered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.in_order.len().hash(state);
        self.in_order.values().for_each(|one| one.hash(state));
    }
}

impl Kept {
    pub(super) fn new(record: DeviceRecord) -> Self {
        Kept {
            record,
            one_time_pre_keys: BTreeMap::new(),
            mailbox: BTreeMap::new(),
            answered: Remembered::default(),
            bundles: BTreeMap::new(),
            expiries: BTreeSet::new(),
        }
    }

    pub(super) fn record(&self) -> &DeviceRecord {
        &self.record
    }

    /// By rising id.
    pub(super) fn one_time_pre_keys(&self) -> impl Iterator<Item = OneTimePreKey> {
        let keys = self.one_time_pre_keys.iter();
        keys.map(|(id, key)| OneTimePreKey { id: *id, key: *key })
    }

    /// By rising id.
    pub(super) fn mailbox(&self) -> impl Iterator<Item = &Envelope> {
        self.mailbox.values().map(Arc::as_ref)
    }

    /// The oldest first.
    pub(super) fn answered(&self) -> impl Iterator<Item = &Answered> {
        self.answered.in_order.values()
    }

    /// Whose bundles the device was handed, with when they are no longer counted.
    pub(super) fn bundles(&self) -> impl Iterator<Item = (Address, Timestamp)> {
        let bundles = self.bundles.iter();
        bundles.flat_map(|(target, expiries)| expiries.iter().map(|expires| (*target, *expires)))
    }

    pub(super) fn put_one_time_pre_key(&mut self, one_time: OneTimePreKey) {
        self.one_time_pre_keys.insert(one_time.id, one_time.key);
    }

    pub(super) fn put_envelope(&mut self, envelope: Envelope) {
        self.erase_envelope(envelope.id);
        let expiring = Expiring::Envelope(envelope.id);
        self.expiries.insert((envelope.expires, expiring));
        self.mailbox.insert(envelope.id, Arc::new(envelope));
    }

    fn erase_envelope(&mut self, id: EnvelopeId) {
        if let Some(erased) = self.mailbox.remove(&id) {
            let expiring = Expiring::Envelope(id);
            self.expiries.remove(&(erased.expires, expiring));
        }
    }

    pub(super) fn count_bundle(&mut self, target: Address, expires: Timestamp) {
        let counted = self.bundles.entry(target).or_default();
        let at = counted.partition_point(|earlier| *earlier <= expires);
        counted.insert(at, expires);
        self.expiries.insert((expires, Expiring::BundleOf(target)));
    }

    pub(super) fn remember(&mut self, answered: Answered, at_most: usize) {
        let expiring = |answered: &Answered| (answered.expires, Expiring::Answer(answered.request));
        let new = expiring(&answered);
        if let Some(former) = self.answered.push(answered) {
            self.expiries.remove(&expiring(&former));
        }
        self.expiries.insert(new);
        while self.answered.in_order.len() > at_most
            && let Some(first) = self.answered.first().cloned()
        {
            self.answered.remove(&first.request);
            self.expiries.remove(&expiring(&first));
        }
    }

    /// When the first thing expires.
    fn expires(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// What expires by `now`.
    fn expired(&self, now: Timestamp) -> impl Iterator<Item = &Expiring> {
        let expiries = self.expiries.iter().take_while(move |(at, _)| *at <= now);
        expiries.map(|(_, expiring)| expiring)
    }

    /// Erases what expires by `now`.
    fn forget(&mut self, now: Timestamp) {
        while self.expires().is_some_and(|at| at <= now)
            && let Some((_, expiring)) = self.expiries.pop_first()
        {
            match expiring {
                Expiring::Envelope(id) => {
                    self.mailbox.remove(&id);
                }
                Expiring::Answer(request) => {
                    self.answered.remove(&request);
                }
                Expiring::BundleOf(target) => {
                    if let Some(expiries) = self.bundles.get_mut(&target) {
                        expiries.retain(|expires| now < *expires);
                        if expiries.is_empty() {
                            self.bundles.remove(&target);
                        }
                    }
                }
            }
        }
    }
}

impl MemoryStore {
    /// What is kept, by rising address.
    pub(super) fn devices(&self) -> impl Iterator<Item = (&Address, &Kept)> {
        let devices = self.devices.iter();
        devices.map(|(address, kept)| (address, kept.as_ref()))
    }

    fn kept(&self, address: &Address) -> Option<&Kept> {
        self.devices.get(address).map(Arc::as_ref)
    }

    /// The device with that token.
    pub(super) fn owner(&self, token: &Digest) -> Option<Address> {
        self.owners.get(token).copied()
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
        self.kept(address).map_or(0, |kept| {
            let expired = kept.expired(now);
            let expired = expired.filter(|expiring| matches!(expiring, Expiring::Envelope(_)));
            kept.mailbox.len() - expired.count()
        })
    }

    /// Puts a device there, in place of a former one.
    pub(super) fn put(&mut self, address: Address, kept: Kept) {
        self.erase(&address);
        self.owners.insert(kept.record.token, address);
        self.expiries.extend(kept.expires().map(|at| (at, address)));
        self.devices.insert(address, Arc::new(kept));
    }

    fn erase(&mut self, address: &Address) {
        if let Some(former) = self.devices.remove(address) {
            self.owners.remove(&former.record.token);
            if let Some(at) = former.expires() {
                self.expiries.remove(&(at, *address));
            }
        }
    }

    /// Changes what is kept of a device; without the device there is nothing to change.
    fn change(&mut self, address: &Address, change: impl FnOnce(&mut Kept)) {
        let Some(kept) = self.devices.get_mut(address) else {
            return;
        };
        let former = kept.expires();
        change(Arc::make_mut(kept));
        let expires = kept.expires();
        if expires != former {
            if let Some(at) = former {
                self.expiries.remove(&(at, *address));
            }
            self.expiries.extend(expires.map(|at| (at, *address)));
        }
    }

    /// Erases what expires by `now`, of all devices.
    fn forget(&mut self, now: Timestamp) {
        while let Some((at, address)) = self.expiries.first().copied()
            && at <= now
        {
            self.change(&address, |kept| kept.forget(now));
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::PutDevice(address, record) => {
                if !self.devices.contains_key(&address) {
                    return self.put(address, Kept::new(record));
                }
                let token = record.token;
                let mut former = token;
                self.change(&address, |kept| {
                    former = kept.record.token;
                    kept.record = record;
                });
                self.owners.remove(&former);
                self.owners.insert(token, address);
            }
            Change::EraseDevice(address) => self.erase(&address),
            Change::PutOneTimePreKey(address, one_time) => {
                self.change(&address, |kept| kept.put_one_time_pre_key(one_time));
            }
            Change::EraseOneTimePreKey(address, id) => self.change(&address, |kept| {
                kept.one_time_pre_keys.remove(&id);
            }),
            Change::PutEnvelope(envelope) => {
                let recipient = envelope.recipient;
                self.change(&recipient, |kept| kept.put_envelope(envelope));
            }
            Change::EraseEnvelope(address, id) => {
                self.change(&address, |kept| kept.erase_envelope(id));
            }
            Change::CountBundle {
                requester,
                target,
                expires,
            } => self.change(&requester, |kept| kept.count_bundle(target, expires)),
            Change::Remember {
                address,
                answered,
                at_most,
            } => self.change(&address, |kept| kept.remember(answered, at_most)),
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
        let first = Address {
            user_id: *user,
            device_id: DeviceId::FIRST,
        };
        let devices = self.store.devices.range(first..);
        let of_user = devices.take_while(|(address, _)| address.user_id == *user);
        Ok(of_user
            .map(|(address, kept)| (address.device_id, kept.record.clone()))
            .collect())
    }

    fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError> {
        Ok(self.store.owner(token))
    }

    fn next_one_time_pre_key(
        &mut self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError> {
        let kept = self.store.kept(address);
        Ok(kept.and_then(|kept| kept.one_time_pre_keys().next()))
    }

    fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.one_time_pre_keys(address))
    }

    fn envelopes(&mut self, address: &Address, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        let mailbox = self.store.kept(address).into_iter().flat_map(Kept::mailbox);
        let there = mailbox.filter(|envelope| self.now < envelope.expires);
        Ok(there.take(limit).cloned().collect())
    }

    fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.mailbox_length(address, self.now))
    }

    fn bundles(&mut self, requester: &Address, target: &Address) -> Result<usize, StoreError> {
        let kept = self.store.kept(requester);
        let expiries = kept.and_then(|kept| kept.bundles.get(target));
        let expiries = expiries.into_iter().flatten();
        Ok(expiries.filter(|expires| self.now < **expires).count())
    }

    fn answered(
        &mut self,
        address: &Address,
        request: &Digest,
    ) -> Result<Option<Answered>, StoreError> {
        let kept = self.store.kept(address);
        let answered = kept.and_then(|kept| kept.answered.get(request));
        Ok(answered
            .filter(|answered| self.now < answered.expires)
            .cloned())
    }

    fn commit(self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.store.forget(self.now);
        for change in changes {
            self.store.apply(change);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{SignedPreKey, Statement, SuiteNames};
    use crate::hex::Hex;
    use crate::intermediary::MessageBytes;
    use crate::primitives::{PrivateKey, Signature};
    use crate::suite::Tigress1;
    use crate::wire::MessageKind;

    fn address(number: u8) -> Address {
        let user_id = format!("00000000-0000-4000-8000-0000000000{number:02x}");
        Address {
            user_id: user_id.parse().expect("a UserID"),
            device_id: DeviceId::FIRST,
        }
    }

    /// A store of 100 devices; the mailbox of each has a message that expires at 100 and another at 1,000.
    fn store() -> MemoryStore {
        let identity_key = PrivateKey::from([7; 32]).public_key();
        let mut store = MemoryStore::default();
        for number in 0..100 {
            let mut kept = Kept::new(DeviceRecord {
                token: Digest::of(&[number]),
                identity_key,
                registration_id: 1.try_into().expect("in its range"),
                signed_pre_key: SignedPreKey {
                    id: PreKeyId::FIRST,
                    key: identity_key,
                    signature: Signature::decode(&[0; 64]).expect("64 bytes"),
                },
                statement: Statement {
                    created: Timestamp(0),
                    suites: SuiteNames::of(&[&Tigress1]),
                    signature: Signature::decode(&[0; 64]).expect("64 bytes"),
                },
                last_one_time_pre_key_id: None,
                next_envelope_id: EnvelopeId(3),
            });
            for (id, expires) in [(1, 100), (2, 1_000)] {
                kept.put_envelope(Envelope {
                    id: EnvelopeId(id),
                    sender: address(0),
                    recipient: address(number),
                    kind: MessageKind::Ratchet,
                    message: MessageBytes(Hex(vec![number])),
                    expires: Timestamp(expires + u64::from(number)),
                });
            }
            store.put(address(number), kept);
        }
        store
    }

    #[test]
    fn a_copy_shares_every_device_that_a_commit_does_not_change() {
        let mut store = store();
        let before = store.clone();
        // The first messages of devices 0, 1 and 2 have expired, and the second of device 50 is acknowledged.
        let transaction = store.begin(Timestamp(102)).expect("it never fails");
        let change = Change::EraseEnvelope(address(50), EnvelopeId(2));
        transaction.commit(vec![change]).expect("it never fails");
        let changed: Vec<_> = (0..100)
            .filter(|number| {
                let of = |store: &MemoryStore| Arc::as_ptr(&store.devices[&address(*number)]);
                of(&store) != of(&before)
            })
            .collect();
        assert_eq!(changed, [0, 1, 2, 50]);
        let left = |number| store.mailbox_length(&address(number), Timestamp(0));
        assert_eq!([0, 1, 2, 3, 50].map(left), [1, 1, 1, 2, 1]);
    }

    #[test]
    fn the_time_of_what_expires_first_is_that_of_what_is_left() {
        let mut store = store();
        let first = |store: &MemoryStore| store.expiries.first().map(|(at, _)| at.0);
        assert_eq!(first(&store), Some(100));
        store.apply(Change::EraseEnvelope(address(0), EnvelopeId(1)));
        assert_eq!(first(&store), Some(101));
        store.apply(Change::EraseDevice(address(1)));
        assert_eq!(first(&store), Some(102));
        store.forget(Timestamp(1_000));
        assert_eq!(
            first(&store),
            Some(1_002),
            "device 1 is gone, and so is the mail of device 0"
        );
    }
}
