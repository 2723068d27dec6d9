//! The intermediary's store in memory.
//!
//! What a transaction costs does not depend on how many devices there are, nor on how much is kept of them: everything
//! is found by its key, and what expires by its time. Only into a full mailbox a submission goes through what is there.
//! Copies share what is kept of a device until one of them changes
//! it.

use super::envelope::{Envelope, EnvelopeId};
#[cfg(feature = "conformance")]
use super::intermediary::bundle_of;
use super::store::{
    AccessRecord, Answered, Change, DeviceRecord, KeptEnvelope, KeptOneTimePreKey, Store,
    StoreError, Transaction,
};
use super::token::Digest;
#[cfg(feature = "conformance")]
use crate::agreement::BundleFields;
use crate::agreement::OneTimePreKey;
use crate::identifier::{Address, DeviceId, PreKeyId, UserId};
use crate::requirement::flawed;
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
    one_time_pre_keys: BTreeMap<PreKeyId, KeptOneTimePreKey>,
    mailbox: BTreeMap<EnvelopeId, Arc<KeptEnvelope>>,
    /// Which messages came by which access key, and until when they are kept: follows from `mailbox`. Counting them touches no message.
    by_access_key: BTreeMap<(Digest, EnvelopeId), Timestamp>,
    access_keys: BTreeMap<Digest, AccessRecord>,
    answered: Remembered,
    /// What expires, by when: follows from the rest.
    expiries: BTreeSet<(Timestamp, Expiring)>,
}

/// Something that expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Expiring {
    Envelope(EnvelopeId),
    OneTimePreKey(PreKeyId),
    AccessKey(Digest),
    Answer(Digest),
}

/// Answers in the order in which they were remembered, each found by the hash of its request id.
#[derive(Clone, Debug, Default)]
struct Remembered {
    /// By rising number. The numbers mean nothing but the order.
    in_order: BTreeMap<u64, Answered>,
    /// Only looked up, never gone through.
    numbers: HashMap<Digest, u64>,
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

    /// The first that is not kept: only a registration is, and it is the first of all.
    fn first_that_goes(&self) -> Option<&Answered> {
        self.in_order.values().find(|answered| !answered.is_kept())
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
            by_access_key: BTreeMap::new(),
            access_keys: BTreeMap::new(),
            answered: Remembered::default(),
            expiries: BTreeSet::new(),
        }
    }

    pub(super) fn record(&self) -> &DeviceRecord {
        &self.record
    }

    /// By rising id.
    pub(super) fn one_time_pre_keys(&self) -> impl Iterator<Item = &KeptOneTimePreKey> {
        self.one_time_pre_keys.values()
    }

    /// By rising id.
    pub(super) fn mailbox(&self) -> impl Iterator<Item = &KeptEnvelope> {
        self.mailbox.values().map(Arc::as_ref)
    }

    /// By rising hash.
    pub(super) fn access_keys(&self) -> impl Iterator<Item = (&Digest, &AccessRecord)> {
        self.access_keys.iter()
    }

    /// The oldest first.
    pub(super) fn answered(&self) -> impl Iterator<Item = &Answered> {
        self.answered.in_order.values()
    }

    pub(super) fn put_one_time_pre_key(&mut self, one_time: KeptOneTimePreKey) {
        self.erase_one_time_pre_key(one_time.id);
        let expiring = Expiring::OneTimePreKey(one_time.id);
        self.expiries.insert((one_time.expires, expiring));
        self.one_time_pre_keys.insert(one_time.id, one_time);
    }

    fn erase_one_time_pre_key(&mut self, id: PreKeyId) {
        if let Some(erased) = self.one_time_pre_keys.remove(&id) {
            let expiring = Expiring::OneTimePreKey(id);
            self.expiries.remove(&(erased.expires, expiring));
        }
    }

    pub(super) fn put_envelope(&mut self, kept: KeptEnvelope) {
        let Envelope { id, expires, .. } = kept.envelope;
        self.erase_envelope(id);
        self.expiries.insert((expires, Expiring::Envelope(id)));
        self.by_access_key.insert((kept.access_key, id), expires);
        self.mailbox.insert(id, Arc::new(kept));
    }

    fn erase_envelope(&mut self, id: EnvelopeId) {
        if let Some(erased) = self.mailbox.remove(&id) {
            let expiring = Expiring::Envelope(id);
            self.expiries.remove(&(erased.envelope.expires, expiring));
            self.by_access_key.remove(&(erased.access_key, id));
        }
    }

    pub(super) fn put_access_key(&mut self, hash: Digest, record: AccessRecord) {
        if let Some(former) = self.access_keys.remove(&hash) {
            self.expiries
                .remove(&(former.expires, Expiring::AccessKey(hash)));
        }
        let expiring = Expiring::AccessKey(hash);
        self.expiries.insert((record.expires, expiring));
        self.access_keys.insert(hash, record);
    }

    fn erase_access_key(&mut self, hash: &Digest) {
        flawed!("MBX-21 messages too", (), {
            let came = self
                .mailbox
                .values()
                .filter(|kept| kept.access_key == *hash);
            let gone: Vec<EnvelopeId> = came.map(|kept| kept.envelope.id).collect();
            for id in gone {
                self.erase_envelope(id);
            }
        });
        if let Some(erased) = self.access_keys.remove(hash) {
            let expiring = Expiring::AccessKey(*hash);
            self.expiries.remove(&(erased.expires, expiring));
        }
    }

    /// How many things are there that `is` tells, without those that expire by `now`.
    fn count(&self, all: usize, now: Timestamp, is: impl Fn(&Expiring) -> bool) -> usize {
        let expired = self.expired(now).filter(|expiring| is(expiring)).count();
        all - flawed!("MBX-10 counted", expired, 0)
    }

    pub(super) fn remember(&mut self, answered: Answered, at_most: usize) {
        let expiring = |answered: &Answered| (answered.expires, Expiring::Answer(answered.request));
        let new = expiring(&answered);
        if let Some(former) = self.answered.push(answered) {
            self.expiries.remove(&expiring(&former));
        }
        self.expiries.insert(new);
        while self.answered.in_order.len() > at_most
            && let Some(first) = self.answered.first_that_goes().cloned()
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
                Expiring::Envelope(id) => self.erase_envelope(id),
                Expiring::OneTimePreKey(id) => self.erase_one_time_pre_key(id),
                Expiring::AccessKey(hash) => self.erase_access_key(&hash),
                Expiring::Answer(request) => {
                    self.answered.remove(&request);
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

    /// Where devices are, by rising address.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        self.devices.keys().copied()
    }

    fn kept(&self, address: &Address) -> Option<&Kept> {
        self.devices.get(address).map(Arc::as_ref)
    }

    /// The device with that token.
    pub(super) fn owner(&self, token: &Digest) -> Option<Address> {
        self.owners.get(token).copied()
    }

    /// How many one-time prekeys of a device have not expired.
    #[must_use]
    pub fn one_time_pre_keys(&self, address: &Address, now: Timestamp) -> usize {
        self.kept(address).map_or(0, |kept| {
            let is = |expiring: &Expiring| matches!(expiring, Expiring::OneTimePreKey(_));
            kept.count(kept.one_time_pre_keys.len(), now, is)
        })
    }

    /// How many messages of a mailbox have not expired.
    #[must_use]
    pub fn mailbox_length(&self, address: &Address, now: Timestamp) -> usize {
        self.kept(address).map_or(0, |kept| {
            let is = |expiring: &Expiring| matches!(expiring, Expiring::Envelope(_));
            kept.count(kept.mailbox.len(), now, is)
        })
    }

    /// What a device has published, without a one-time prekey.
    #[cfg(feature = "conformance")]
    pub(crate) fn bundle(&self, address: &Address) -> Option<BundleFields> {
        let record = &self.kept(address)?.record;
        Some(bundle_of(address, record, None))
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
            flawed!(
                "MBX-15 token stays",
                _ = self.owners.remove(&former.record.token),
                ()
            );
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
                // Most changes are not of the token.
                if former != token {
                    self.owners.remove(&former);
                    self.owners.insert(token, address);
                }
            }
            Change::EraseDevice(address) => self.erase(&address),
            Change::PutOneTimePreKey(address, one_time) => {
                self.change(&address, |kept| kept.put_one_time_pre_key(one_time));
            }
            Change::EraseOneTimePreKey(address, id) => self.change(&address, |kept| {
                kept.erase_one_time_pre_key(id);
            }),
            Change::PutEnvelope(new) => {
                let recipient = new.envelope.recipient;
                self.change(&recipient, |kept| kept.put_envelope(new));
            }
            Change::EraseEnvelope(address, id) => {
                self.change(&address, |kept| kept.erase_envelope(id));
            }
            Change::PutAccessKey(address, hash, record) => {
                self.change(&address, |kept| kept.put_access_key(hash, record));
            }
            Change::EraseAccessKey(address, hash) => {
                self.change(&address, |kept| kept.erase_access_key(&hash));
            }
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

    fn has_devices(&mut self, user: &UserId) -> Result<bool, StoreError> {
        let first = Address {
            user_id: *user,
            device_id: DeviceId::FIRST,
        };
        let next = self.store.devices.range(first..).next();
        Ok(next.is_some_and(|(address, _)| address.user_id == *user))
    }

    fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError> {
        Ok(self.store.owner(token))
    }

    fn next_one_time_pre_key(
        &mut self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError> {
        let kept = self.store.kept(address).into_iter();
        let mut there = kept
            .flat_map(Kept::one_time_pre_keys)
            .filter(|key| self.now < key.expires);
        let next = flawed!("MBX-03 highest first", there.next(), there.last());
        Ok(next.map(|KeptOneTimePreKey { id, key, .. }| OneTimePreKey { id: *id, key: *key }))
    }

    fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.one_time_pre_keys(address, self.now))
    }

    fn envelopes(&mut self, address: &Address, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        let mailbox = self.store.kept(address).into_iter().flat_map(Kept::mailbox);
        let mailbox = mailbox.map(|kept| &kept.envelope);
        let there = mailbox.filter(|envelope| {
            let now = self.now;
            flawed!(
                "MBX-10 second late",
                now < envelope.expires,
                now <= envelope.expires
            )
        });
        Ok(there.take(limit).cloned().collect())
    }

    fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.mailbox_length(address, self.now))
    }

    fn mailbox_length_of(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<usize, StoreError> {
        let Some(kept) = self.store.kept(address) else {
            return Ok(0);
        };
        let bounds = (*access_key, EnvelopeId(0))..=(*access_key, EnvelopeId(u64::MAX));
        let of_access_key = kept.by_access_key.range(bounds);
        Ok(of_access_key.filter(|(_, at)| self.now < **at).count())
    }

    fn mailbox_length_beyond(
        &mut self,
        address: &Address,
        each: usize,
    ) -> Result<usize, StoreError> {
        let Some(kept) = self.store.kept(address) else {
            return Ok(0);
        };
        let there = kept.by_access_key.iter().filter(|(_, at)| self.now < **at);
        let there: Vec<&Digest> = there.map(|((access_key, _), _)| access_key).collect();
        let of_each = there.chunk_by(|one, next| one == next);
        Ok(of_each.map(|of| of.len().saturating_sub(each)).sum())
    }

    fn access_key(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<Option<AccessRecord>, StoreError> {
        let kept = self.store.kept(address);
        let record = kept.and_then(|kept| kept.access_keys.get(access_key).copied());
        let now = self.now;
        Ok(record.filter(|record| {
            flawed!(
                "MBX-21 second late",
                now < record.expires,
                now <= record.expires
            )
        }))
    }

    fn access_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        Ok(self.store.kept(address).map_or(0, |kept| {
            let is = |expiring: &Expiring| matches!(expiring, Expiring::AccessKey(_));
            kept.count(kept.access_keys.len(), self.now, is)
        }))
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
                statement: Some(Statement {
                    created: Timestamp(0),
                    suites: SuiteNames::of(&[&Tigress1]),
                    signature: Signature::decode(&[0; 64]).expect("64 bytes"),
                }),
                last_one_time_pre_key_id: None,
                next_envelope_id: EnvelopeId(3),
            });
            for (id, expires) in [(1, 100), (2, 1_000)] {
                let envelope = Envelope {
                    id: EnvelopeId(id),
                    sender: address(0),
                    recipient: address(number),
                    kind: MessageKind::Ratchet,
                    message: MessageBytes(Hex(vec![number])),
                    expires: Timestamp(expires + u64::from(number)),
                };
                let access_key = Digest::of(b"access key");
                kept.put_envelope(KeptEnvelope {
                    envelope,
                    access_key,
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
