//! A device, what it has drawn, the send that it is at, and its journal.

use super::SUITE;
use super::bounds::Bounds;
use super::breach::{Breach, Fault, hold};
use super::deed::{Deed, Deeds};
use super::draws::Draws;
use super::journal::{Journal, OneTime, Pinned};
use super::known::{Held, Known};
use super::letter::sibling;
use super::sending::Sending;
use crate::agreement::fingerprint::fingerprint;
use crate::agreement::{BundleFields, Fingerprint, PreKeyStore};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, Recipient};
use crate::primitives::{KeyPair, PublicKey, Randomness};
use crate::sesame::{Device, DeviceRecord, Purpose, SesameError};
use crate::suite::Party;
use crate::timestamp::Timestamp;
use std::sync::Arc;

/// A device that writes letters. Two that compare equal do the same from then on, and are judged alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Correspondent {
    /// What its randomness is made from.
    name: Arc<str>,
    pub(super) device: Device,
    pub(super) drawn: u64,
    pub(super) bounds: Bounds,
    pub(super) journal: Journal,
    pub(super) sending: Option<Sending>,
}

/// Bytes of a signed prekey: its key pair and two signatures (RND-01).
const SIGNED_PRE_KEY: u64 = 32 + 64 + 64;

impl Correspondent {
    /// A device that was just made. Its randomness is made from `name`.
    ///
    /// # Errors
    /// What it does not keep from the start.
    pub fn new(
        name: &str,
        address: Address,
        bounds: &Bounds,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let out = |_| Fault::new(Breach::Draws, "its randomness ran out");
        let mut drawn = 0;
        let keys = PreKeyStore::random(&[SUITE], &address, now, &mut Draws::new(name, &mut drawn));
        let mut device = Device::new(SUITE, address, keys.map_err(out)?).with_limits(bounds.limits);
        let first = KeyPair::random(&mut Draws::new(name, &mut 0)).map_err(out)?;
        hold(
            first == *device.keys().identity(),
            Breach::Draws,
            "the identity key is not what was drawn first",
        )?;
        let mut journal = Journal::default();
        let count = usize::from(bounds.one_time_pre_keys);
        let before = drawn;
        let added = device.add_one_time_pre_keys(count, &mut Draws::new(name, &mut drawn));
        let added = added.map_err(|_| Fault::new(Breach::Draws, "its randomness ran out"))?;
        hold(
            drawn - before == 32 * count as u64,
            Breach::Draws,
            "a one-time prekey is not 32 bytes of randomness",
        )?;
        for key in added {
            let twice = journal.one_time.values().any(|other| other.key == key.key);
            hold(!twice, Breach::OwnKeys, "two one-time prekeys are one")?;
            let drawn = OneTime {
                key: key.key,
                drawn: now,
                held: true,
            };
            journal.one_time.insert(key.id.get(), drawn);
        }
        journal.sign(1, now);
        let made = Correspondent {
            name: name.into(),
            device,
            drawn,
            bounds: *bounds,
            journal,
            sending: None,
        };
        made.check()?;
        Ok(made)
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.device.address()
    }

    /// Its identity key.
    #[must_use]
    pub fn identity_key(&self) -> &PublicKey {
        self.device.keys().identity().public()
    }

    /// Its registration id.
    #[must_use]
    pub fn registration_id(&self) -> u32 {
        self.device.keys().registration_id().get()
    }

    /// The time as it knows it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.device.now()
    }

    /// How many letters it has written.
    #[must_use]
    pub fn written(&self) -> u8 {
        self.journal.written
    }

    /// Whether it has read that letter of a writer.
    #[must_use]
    pub fn has_read(&self, from: &Correspondent, number: u8) -> bool {
        let read = (from.address(), *from.identity_key(), number);
        self.journal.read.contains(&read)
    }

    /// Whether it ever lost a session: dropped, erased, or with an identity key that was replaced.
    #[must_use]
    pub fn has_lost_a_session(&self) -> bool {
        self.journal.dropped
    }

    /// Whether it has pinned that device's key.
    #[must_use]
    pub fn has_named(&self, peer: &Address) -> bool {
        self.journal.names(peer)
    }

    /// How many inactive sessions it has with that device.
    #[must_use]
    pub fn sessions_with(&self, peer: &Address) -> usize {
        let record = self.device.record(peer);
        record.map_or(0, |record| sessions(record).count())
    }

    /// The base key of its active session with that device.
    #[must_use]
    pub fn active(&self, peer: &Address) -> Option<PublicKey> {
        Some(*self.device.session(peer)?.base_key())
    }

    /// Its bundle as an honest intermediary hands it out, with that one-time prekey, whether it is still held or not.
    #[must_use]
    pub fn bundle(&self, one_time_pre_key: Option<u32>) -> Option<BundleFields> {
        let mut fields = BundleFields::from(&self.device.bundle(None)?);
        if let Some(id) = one_time_pre_key {
            let one_time = self.journal.one_time.get(&id)?;
            fields.one_time_pre_key_id = Some(id);
            fields.one_time_pre_key = Some(one_time.key.encode().into());
        }
        Some(fields)
    }

    /// A step of the device, with its randomness: what it answers, and how much it drew.
    pub(super) fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Device, &mut dyn Randomness) -> T,
    ) -> (T, u64) {
        let before = self.drawn;
        let answer = step(
            &mut self.device,
            &mut Draws::new(&self.name, &mut self.drawn),
        );
        (answer, self.drawn - before)
    }

    /// A step that must be refused, with that code where it is known, and leaves nothing behind.
    pub(super) fn refuses<T>(
        &self,
        step: impl FnOnce(&mut Device, &mut dyn Randomness) -> Result<T, SesameError>,
        code: Option<ErrorCode>,
        breach: Breach,
        what: &str,
    ) -> Result<(), Fault> {
        self.refuses_as(self.device.clone(), step, code, breach, what)
    }

    /// The same, with a copy of the device to try it on.
    pub(super) fn refuses_as<T>(
        &self,
        mut tried: Device,
        step: impl FnOnce(&mut Device, &mut dyn Randomness) -> Result<T, SesameError>,
        code: Option<ErrorCode>,
        breach: Breach,
        what: &str,
    ) -> Result<(), Fault> {
        let mut drawn = self.drawn;
        match step(&mut tried, &mut Draws::new(&self.name, &mut drawn)) {
            Ok(_) => Err(Fault::new(breach, format!("{what} was taken"))),
            Err(error) => {
                if code.is_some() && error.code() != code {
                    let wrong = format!("{what} was refused with {}", said(&error));
                    return Err(Fault::new(Breach::Reasons, wrong));
                }
                hold(
                    tried == self.device && drawn == self.drawn,
                    Breach::Refusals,
                    &format!("{what} was refused, and left something"),
                )
            }
        }
    }

    /// Time has come to `now`.
    ///
    /// # Errors
    /// What it does not keep.
    pub fn tick(&mut self, now: Timestamp) -> Result<Deeds, Fault> {
        let mut deeds = Deeds::default();
        let (ticked, drawn) = self.step(|device, randomness| device.tick(now, randomness));
        ticked.map_err(|_| Fault::new(Breach::Draws, "its randomness ran out"))?;
        let passed = self.journal.tick(now, &self.bounds.limits);
        let due = if passed.replaced { SIGNED_PRE_KEY } else { 0 };
        hold(
            drawn == due,
            Breach::Draws,
            "time passed, and it drew too much or too little",
        )?;
        deeds.add_if(passed.replaced, Deed::Replaced);
        deeds.add_if(passed.sessions_erased, Deed::Erased);
        deeds.add_if(passed.records_erased, Deed::StaleErased);
        self.check()?;
        Ok(deeds)
    }

    /// Its user names the identity key of another device (X3DH-15).
    ///
    /// # Errors
    /// What it does not keep.
    pub fn name(&mut self, peer: &Correspondent) -> Result<Deeds, Fault> {
        let (address, key) = (peer.address(), *peer.identity_key());
        let pinned = self.device.pin(address, Fingerprint::of(&key), true);
        match (self.journal.pinned.get(&address), pinned) {
            (Some(known), Ok(())) if known.key != key => {
                return Err(Fault::new(Breach::Pins, "another key was pinned over one"));
            }
            (Some(known), Err(_)) if known.key != key => {}
            (_, Err(_)) => return Err(Fault::new(Breach::Pins, "a key cannot be pinned")),
            _ => {
                let pin = Pinned { key, named: true };
                self.journal.pinned.insert(address, pin);
            }
        }
        self.check()?;
        Ok(Deeds::default())
    }

    /// Its user forgets another device, with its key and its sessions.
    ///
    /// # Errors
    /// What it does not keep.
    pub fn forget(&mut self, peer: &Address) -> Result<Deeds, Fault> {
        self.device.unpin(peer);
        self.journal.pinned.remove(peer);
        if self.journal.known.remove(peer).is_some() {
            self.journal.dropped = true;
        }
        self.check()?;
        Ok(Deeds::default())
    }

    /// Its user knows that the session with another device is lost: the next provisioning information opens one (SES-19).
    ///
    /// # Errors
    /// What it does not keep.
    pub fn open_anew(&mut self, peer: &Address) -> Result<Deeds, Fault> {
        self.device.open_anew(peer);
        if let Some(known) = self.journal.known.get_mut(peer) {
            self.journal.dropped |= known.open_anew(&self.bounds.limits);
        }
        self.check()?;
        Ok(Deeds::default())
    }

    /// What must be so after every step.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.keys_are_right()?;
        self.records_are_right()?;
        self.restarts()?;
        self.refuses_what_nobody_may_ask()?;
        self.numbers_are_right()
    }

    fn keys_are_right(&self) -> Result<(), Fault> {
        let keys = self.device.keys();
        let signed = keys.signed_pre_key_ids().map(u32::from);
        let current = self.journal.signed.values();
        let mut current = current.filter(|signed| signed.replaced.is_none());
        let held = self.journal.one_time.iter();
        let held = held.filter(|(_, key)| key.held).map(|(id, _)| *id);
        hold(
            signed.eq(self.journal.signed.keys().copied()),
            Breach::PreKeys,
            "it does not hold the signed prekeys that it should",
        )?;
        hold(
            keys.signed_pre_key_created() == current.next().map(|signed| signed.created),
            Breach::PreKeys,
            "its current signed prekey is not the one that it should be",
        )?;
        hold(
            keys.one_time_pre_key_ids().map(u32::from).eq(held),
            Breach::PreKeys,
            "it does not hold the one-time prekeys that it should",
        )
    }

    fn records_are_right(&self) -> Result<(), Fault> {
        let records = self.device.records();
        let wrong = |what: &str| Err(Fault::new(Breach::Records, what));
        if !records
            .map(|(address, _)| address)
            .eq(self.journal.known.keys())
        {
            return wrong("it does not know the devices that it should");
        }
        for (address, known) in &self.journal.known {
            let Some(record) = self.device.record(address) else {
                return wrong("it does not know a device");
            };
            if known.identity_key == *self.identity_key() {
                let what = "two devices have one identity key";
                return Err(Fault::new(Breach::OwnKeys, what));
            }
            if *record.identity_key() != known.identity_key {
                return wrong("it knows another identity key of a device than it should");
            }
            if record.registration_id().get() != known.registration_id {
                return wrong("it knows another registration id of a device than it should");
            }
            if record.stale_since() != known.stale_since {
                return wrong("a device is stale for it that should not be, or the other way");
            }
            let names = |held: &Held| held.base_key;
            let held = sessions(record).map(|session| *session.base_key());
            if !held.eq(known.sessions.iter().map(names)) {
                return wrong(
                    "its sessions with a device are not those, in the order, that they should be",
                );
            }
            for (session, held) in sessions(record).zip(&known.sessions) {
                hold(
                    session.stored_keys() == held.stored(),
                    Breach::Stored,
                    "a session keeps more skipped keys than it should, or fewer",
                )?;
            }
        }
        Ok(())
    }

    fn restarts(&self) -> Result<(), Fault> {
        let limits = &self.bounds.limits;
        let restored = self.device.save().restore(self.device.suites(), limits);
        let same = restored.is_ok_and(|restored| restored == self.device);
        hold(same, Breach::Restarts, "what was saved is not what it is")?;
        if let Some(Sending { send, .. }) = &self.sending {
            let restored = send.save().restore(self.device.suites(), limits);
            let same = restored.is_ok_and(|restored| restored == *send);
            hold(
                same,
                Breach::Restarts,
                "what was saved of a send is not what it is",
            )?;
        }
        Ok(())
    }

    fn refuses_what_nobody_may_ask(&self) -> Result<(), Fault> {
        let own = Recipient::User(self.address().user_id);
        self.refuses(
            |device, randomness| device.start_send(own, b"", Purpose::Other, randomness),
            Some(ErrorCode::InvalidState),
            Breach::Sends,
            "a letter to the own user",
        )?;
        let long = vec![0; self.bounds.session().max_plaintext + 1];
        for (address, known) in &self.journal.known {
            let (to, user) = (
                Recipient::Device(*address),
                Recipient::User(address.user_id),
            );
            self.refuses(
                |device, randomness| device.start_send(to, &long, Purpose::Other, randomness),
                Some(ErrorCode::TooLarge),
                Breach::Length,
                "a letter that is too long",
            )?;
            self.refuses(
                |device, randomness| {
                    device.start_send(user, b"", Purpose::Provisioning, randomness)
                },
                Some(ErrorCode::InvalidState),
                Breach::Named,
                "provisioning information for a user",
            )?;
            if !self.journal.names(address) {
                self.refuses(
                    |device, randomness| {
                        device.start_send(to, b"", Purpose::Provisioning, randomness)
                    },
                    Some(ErrorCode::UntrustedIdentity),
                    Breach::Named,
                    "provisioning information for a device whose key nobody named",
                )?;
            }
            let now = self.now();
            let trusted = self.journal.trusts(address, &known.identity_key);
            let sendable = known.sendable(Purpose::Other, now, &self.bounds.limits);
            let code = match (trusted, sendable) {
                (Err(code), _) => Some(code),
                (Ok(()), None) => Some(ErrorCode::NoSession),
                (Ok(()), Some(_)) => None,
            };
            match code {
                Some(code) => self.refuses(
                    |device, randomness| device.encrypt(address, b"", randomness),
                    Some(code),
                    Breach::InSession,
                    "a message in a session that may not be sent in",
                )?,
                None => self.refuses(
                    |device, randomness| device.encrypt(address, &long, randomness),
                    Some(ErrorCode::TooLarge),
                    Breach::Length,
                    "a message that is too long",
                )?,
            }
        }
        for (address, pinned) in &self.journal.pinned {
            let pin = self.device.pinned(address);
            let fingerprint = Fingerprint::of(&pinned.key);
            let kept =
                pin.is_some_and(|pin| pin.fingerprint == fingerprint && pin.named == pinned.named);
            hold(kept, Breach::Pins, "a pin is not what it should be")?;
            let other = Fingerprint::of(self.identity_key());
            let mut tried = self.device.clone();
            let taken = tried.pin(*address, other, true).is_ok();
            hold(!taken, Breach::Pins, "another key can be pinned over one")?;
            let _ = tried.pin(*address, fingerprint, false);
            let kept = tried
                .pinned(address)
                .is_some_and(|pin| pin.named == pinned.named);
            hold(
                kept,
                Breach::Pins,
                "a pin that nobody names takes a name away",
            )?;
        }
        Ok(())
    }

    /// The number that is compared (X3DH-16).
    fn numbers_are_right(&self) -> Result<(), Fault> {
        let own = self.device.party();
        for (address, Known { identity_key, .. }) in &self.journal.known {
            let party = |address: Address| Party {
                identity_key: *identity_key,
                address,
            };
            let shown = self.device.fingerprint(address).unwrap_or_default();
            let digits = shown.bytes().filter(u8::is_ascii_digit).count();
            let theirs = fingerprint(SUITE, &party(*address), &own);
            let elsewhere = fingerprint(SUITE, &own, &party(sibling(address)));
            hold(digits == 60, Breach::Numbers, "it has not sixty digits")?;
            hold(
                shown == theirs,
                Breach::Numbers,
                "the other side sees another number",
            )?;
            hold(
                shown != elsewhere,
                Breach::Numbers,
                "it is the same for another address",
            )?;
        }
        Ok(())
    }
}

/// The active session, then the inactive ones.
pub(super) fn sessions(record: &DeviceRecord) -> impl Iterator<Item = &crate::ratchet::Session> {
    record.active().into_iter().chain(record.inactive())
}

/// An error's code, in words.
pub(super) fn said(error: &SesameError) -> &'static str {
    error.code().map_or("no code", ErrorCode::as_str)
}
