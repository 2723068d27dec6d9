//! What a device did, as far as a later step is judged by it.

use super::known::Known;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::sesame::Limits;
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A signed prekey.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Signed {
    pub(super) created: Timestamp,
    pub(super) replaced: Option<Timestamp>,
    /// The base keys of openings without a one-time prekey, by the identity key that they came with (X3DH-14).
    pub(super) openings: BTreeMap<PublicKey, BTreeSet<PublicKey>>,
}

/// A one-time prekey.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct OneTime {
    pub(super) key: PublicKey,
    pub(super) drawn: Timestamp,
    pub(super) held: bool,
}

/// A pinned key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pinned {
    pub(super) key: PublicKey,
    pub(super) named: bool,
}

/// All that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Journal {
    pub(super) known: BTreeMap<Address, Known>,
    pub(super) pinned: BTreeMap<Address, Pinned>,
    pub(super) signed: BTreeMap<u32, Signed>,
    pub(super) one_time: BTreeMap<u32, OneTime>,
    /// Ratchet keys that something was encrypted under (DR-20).
    pub(super) ratchet_keys: BTreeSet<PublicKey>,
    /// How many letters were written.
    pub(super) written: u8,
    /// What was read: writer, its identity key, number.
    pub(super) read: BTreeSet<(Address, PublicKey, u8)>,
    /// Whether a session was ever dropped or erased, or replaced with its identity key: who has lost one may lose letters.
    pub(super) dropped: bool,
}

/// What time has done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed {
    pub(super) replaced: bool,
    pub(super) sessions_erased: bool,
    pub(super) records_erased: bool,
}

impl Journal {
    /// Whether an address may come with an identity key (X3DH-15).
    pub(super) fn trusts(&self, address: &Address, key: &PublicKey) -> Result<(), ErrorCode> {
        match self.pinned.get(address) {
            Some(pinned) if pinned.key != *key => Err(ErrorCode::UntrustedIdentity),
            _ => Ok(()),
        }
    }

    /// Whether provisioning information may go there (SES-18).
    pub(super) fn names(&self, address: &Address) -> bool {
        self.pinned.get(address).is_some_and(|pinned| pinned.named)
    }

    /// A device is gone (SES-09, SES-11); whether that changes anything.
    pub(super) fn mark_stale(&mut self, address: &Address, now: Timestamp) -> bool {
        if self.pinned.contains_key(address) {
            return false;
        }
        match self.known.get_mut(address) {
            Some(known) if known.stale_since.is_none() => {
                known.stale_since = Some(now);
                true
            }
            _ => false,
        }
    }

    /// Time has come to `now` (KEY-08, KEY-12, SES-11, SES-13).
    pub(super) fn tick(&mut self, now: Timestamp, limits: &Limits) -> Passed {
        let mut passed = Passed::default();
        let keys = &limits.pre_keys;
        let is_due = |signed: &Signed| {
            signed.replaced.is_none()
                && now.seconds_since(signed.created) >= keys.signed_pre_key_lifetime
        };
        if self.signed.values().any(is_due) {
            passed.replaced = true;
            for signed in self.signed.values_mut() {
                signed.replaced.get_or_insert(now);
            }
            let last = self.signed.keys().next_back().copied().unwrap_or(0);
            self.sign(last + 1, now);
        }
        self.signed.retain(|_, signed| {
            let replaced = signed.replaced;
            replaced.is_none_or(|replaced| now.seconds_since(replaced) < keys.max_latency)
        });
        for one_time in self.one_time.values_mut() {
            one_time.held &= now.seconds_since(one_time.drawn) < keys.one_time_pre_key_lifetime;
        }
        self.known.retain(|_, known| {
            let stale = known.stale_since;
            let gone = stale.is_some_and(|since| now.seconds_since(since) >= keys.max_latency);
            passed.records_erased |= gone;
            if !gone {
                passed.sessions_erased |= known.expire(now, limits);
            }
            !gone
        });
        self.dropped |= passed.sessions_erased || passed.records_erased;
        passed
    }

    /// A signed prekey was drawn.
    pub(super) fn sign(&mut self, id: u32, now: Timestamp) {
        let signed = Signed {
            created: now,
            replaced: None,
            openings: BTreeMap::new(),
        };
        self.signed.insert(id, signed);
    }
}
