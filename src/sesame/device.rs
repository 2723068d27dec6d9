//! One device: its keys, and what it knows of each other device.

use super::device_record::DeviceRecord;
use super::{SavedDevice, SesameError, accept};
use crate::agreement::{
    AgreementError, Bundle, BundleFields, MAX_LATENCY, OneTimePreKey, PinnedIdentities,
    PreKeyStore, x3dh,
};
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use crate::primitives::{KeyPair, PublicKey, Randomness};
use crate::ratchet::Session;
use crate::requirement::flawed;
use crate::suite::{Party, SuiteRef};
use crate::timestamp::Timestamp;
use crate::wire::{Message, MessageKind, PreKeyMessage};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A device: everything that it remembers, and no I/O.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) suite: SuiteRef,
    pub(super) address: Address,
    pub(super) now: Timestamp,
    pub(super) keys: PreKeyStore,
    pub(super) pinned: PinnedIdentities,
    /// By address: a user record is the part with one UserID (SES-01).
    pub(super) records: BTreeMap<Address, DeviceRecord>,
}

/// What a message said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// Its plaintext.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether the sender came with another identity key than it was known by: to be told to the user
    /// (SES-12).
    pub identity_changed: bool,
}

impl Device {
    /// A device at `address` with these keys, which knows no other one. Its time is that of its signed
    /// prekey until the first [`Device::tick`].
    #[must_use]
    pub fn new(suite: SuiteRef, address: Address, keys: PreKeyStore) -> Self {
        Device {
            suite,
            address,
            now: keys.signed_pre_key_created().unwrap_or_default(),
            keys,
            pinned: PinnedIdentities::default(),
            records: BTreeMap::new(),
        }
    }

    /// The device's address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// The time as the device knows it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The device's own keys.
    #[must_use]
    pub fn keys(&self) -> &PreKeyStore {
        &self.keys
    }

    /// What is known of each other device, by address (SES-01).
    pub fn records(&self) -> impl Iterator<Item = (&Address, &DeviceRecord)> {
        self.records.iter()
    }

    /// What is known of `peer`.
    #[must_use]
    pub fn record(&self, peer: &Address) -> Option<&DeviceRecord> {
        self.records.get(peer)
    }

    /// The active session with `peer`.
    #[must_use]
    pub fn session(&self, peer: &Address) -> Option<&Session> {
        self.records.get(peer)?.active()
    }

    /// The devices of `user` that are known and not stale (SES-11).
    pub(super) fn devices_of(&self, user: UserId) -> impl Iterator<Item = DeviceId> {
        self.records
            .iter()
            .filter(move |(address, record)| {
                address.user_id == user
                    && flawed!("SES-11 listed", record.stale_since.is_none(), true)
            })
            .map(|(address, _)| address.device_id)
    }

    /// Pins an identity key (X3DH-15).
    pub fn pin(&mut self, peer: Address, key: PublicKey) {
        self.pinned.pin(peer, key);
    }

    /// The bundle to publish, with that one-time prekey if it is held (X3DH-01).
    #[must_use]
    pub fn bundle(&self, one_time_pre_key: Option<PreKeyId>) -> Option<Bundle> {
        self.keys.bundle(self.address, one_time_pre_key)
    }

    /// Draws `count` further one-time prekeys, 32 bytes each, and gives their public halves (RND-01).
    ///
    /// # Errors
    /// Where randomness runs out; the device is as it was.
    pub fn add_one_time_pre_keys(
        &mut self,
        count: usize,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<OneTimePreKey>, SesameError> {
        Ok(self.keys.add_one_time_pre_keys(count, randomness)?)
    }

    /// Drops all sessions with `peer` (SES-10); the keys remember what they must (X3DH-14).
    pub fn drop_sessions(&mut self, peer: &Address) {
        if let Some(record) = self.records.get_mut(peer) {
            record.sessions.clear();
        }
    }

    /// Marks what is known of `peer` as stale (SES-09); where it is so already, it stays as it is.
    pub(super) fn mark_stale(&mut self, peer: &Address) {
        if let Some(record) = self.records.get_mut(peer) {
            record.stale_since.get_or_insert(self.now);
        }
    }

    /// Time has come to `now`: the signed prekey is replaced and old ones are erased (KEY-08), as are
    /// sessions past MAXRECV (SES-13) and records stale for MAXLATENCY (SES-11). A time before the
    /// device's own counts as its own.
    ///
    /// # Errors
    /// Where randomness runs out; the device is as it was.
    pub fn tick(
        &mut self,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<(), SesameError> {
        let now = now.max(self.now);
        self.keys.rotate(self.suite, now, randomness)?;
        self.now = now;
        self.records.retain(|_, record| {
            record.expire_sessions(now);
            record.stale_since.is_none_or(|since| {
                now.seconds_since(since) < flawed!("SES-11 never erased", MAX_LATENCY, u64::MAX)
            })
        });
        Ok(())
    }

    /// Opens a session with a bundle (X3DH 3.3). Draws the ephemeral key, then the ratchet key: 32 bytes
    /// each (RND-01).
    ///
    /// Returns whether the peer came with another identity key than it was known by (SES-12).
    ///
    /// # Errors
    /// Those of [`Bundle::verify`], then `untrusted-identity` (X3DH-15), `invalid-key` (KEY-04).
    pub fn process_bundle(
        &mut self,
        fields: &BundleFields,
        randomness: &mut dyn Randomness,
    ) -> Result<bool, SesameError> {
        let bundle = Bundle::verify(self.suite, fields)?;
        let session = self.initiate(&bundle, randomness)?;
        Ok(self.open_initiated(&bundle, session))
    }

    /// A's session from a verified bundle; the device is only read.
    pub(super) fn initiate(
        &self,
        bundle: &Bundle,
        randomness: &mut dyn Randomness,
    ) -> Result<Session, SesameError> {
        let peer = bundle.party;
        self.pinned.check(&peer.address, &peer.identity_key)?;
        let own = Party {
            identity_key: *self.keys.identity().public(),
            address: self.address,
        };
        let ephemeral = KeyPair::random(randomness)?;
        let base_key = *ephemeral.public();
        let secret = x3dh::initiate(self.suite, self.keys.identity(), ephemeral, bundle)?;
        Ok(Session::initiate(
            self.suite,
            own,
            self.keys.registration_id(),
            bundle,
            base_key,
            secret,
            randomness,
        )?)
    }

    /// Stores a session opened with a bundle. The bundle shows that the device is there: its record is no
    /// longer stale (SES-09).
    pub(super) fn open_initiated(&mut self, bundle: &Bundle, session: Session) -> bool {
        let changed = self.open(bundle.registration_id, session);
        if let Some(record) = self.records.get_mut(&bundle.party.address) {
            record.stale_since = None;
        }
        changed
    }

    /// Encrypts to `peer` in the active session (SES-02).
    ///
    /// # Errors
    /// `untrusted-identity` (X3DH-15), `no-session` where there is none that may be sent in (SES-11, SES-13),
    /// and those of [`Session::encrypt`].
    pub fn encrypt(&mut self, peer: &Address, plaintext: &[u8]) -> Result<Message, SesameError> {
        let now = self.now;
        let record = self
            .records
            .get_mut(peer)
            .ok_or(SesameError::NoSession(*peer))?;
        self.pinned.check(peer, &record.identity_key)?;
        let session = record.sendable_mut(now);
        Ok(session
            .ok_or(SesameError::NoSession(*peer))?
            .encrypt(plaintext)?)
    }

    /// The record of `peer` with its active session, where that may be sent in: not where it is with
    /// another identity key than the pinned one (X3DH-15).
    pub(super) fn sendable(&self, peer: &Address) -> Option<(&DeviceRecord, &Session)> {
        let record = self.records.get(peer)?;
        self.pinned.check(peer, &record.identity_key).ok()?;
        Some((record, record.sendable(self.now)?))
    }

    /// Decrypts a message of `sender`.
    ///
    /// # Errors
    /// Those of [`PreKeyMessage::decode`], `untrusted-identity` (X3DH-15), `no-session`, those of
    /// [`accept`] and [`Session::decrypt`]; where several sessions were tried, that of the first
    /// (SES-07).
    pub fn decrypt(
        &mut self,
        sender: &Address,
        kind: MessageKind,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Decrypted, SesameError> {
        match kind {
            MessageKind::Ratchet => self.decrypt_ratchet(sender, message, randomness),
            MessageKind::PreKey => self.decrypt_prekey(sender, message, randomness),
        }
    }

    /// The active session first, then the inactive ones in order (SES-05).
    fn decrypt_ratchet(
        &mut self,
        sender: &Address,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Decrypted, SesameError> {
        let record = self
            .records
            .get_mut(sender)
            .ok_or(SesameError::NoSession(*sender))?;
        self.pinned.check(sender, &record.identity_key)?;
        let mut first_error = None;
        let tried = flawed!(
            "SES-05 active alone",
            record.sessions.len(),
            record.sessions.len().min(1)
        );
        for index in 0..tried {
            match record.sessions[index].session.decrypt(message, randomness) {
                Ok(plaintext) => {
                    record.promote(index, self.now);
                    return Ok(Decrypted {
                        plaintext,
                        identity_changed: false,
                    });
                }
                Err(error) => {
                    flawed!("SES-07 last error", (), first_error = None);
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.map_or(SesameError::NoSession(*sender), SesameError::Ratchet))
    }

    /// The matching session, without X3DH (X3DH-13); else a new one (X3DH-08 to X3DH-11).
    fn decrypt_prekey(
        &mut self,
        sender: &Address,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Decrypted, SesameError> {
        let message = PreKeyMessage::decode(self.suite, message)?;
        self.pinned.check(sender, &message.identity_key)?;
        if let Some(record) = self.records.get_mut(sender) {
            let matching = record.sessions.iter_mut().enumerate().find(|(_, held)| {
                held.session
                    .matches(&message.identity_key, &message.base_key)
            });
            let matching = flawed!("X3DH-13 run again", matching, None);
            if let Some((index, held)) = matching {
                let plaintext = held.session.decrypt_message(&message.message, randomness)?;
                record.promote(index, self.now);
                return Ok(Decrypted {
                    plaintext,
                    identity_changed: false,
                });
            }
        }
        let registration_id =
            RegistrationId::try_from(message.registration_id).map_err(AgreementError::from)?;
        flawed!("SES-07 record kept", (), {
            if let Some(record) = self.records.get_mut(sender) {
                record.registration_id = registration_id;
            }
        });
        let (session, plaintext) = accept(
            self.suite,
            &mut self.keys,
            self.address,
            *sender,
            &message,
            randomness,
        )?;
        Ok(Decrypted {
            plaintext,
            identity_changed: self.open(registration_id, session),
        })
    }

    /// Stores a new session. Another identity key of the peer replaces its record; whether it did is the
    /// answer (SES-12).
    fn open(&mut self, registration_id: RegistrationId, session: Session) -> bool {
        let peer = *session.peer();
        flawed!("SES-01 by user", (), {
            let of_user = |address: &Address| address.user_id == peer.address.user_id;
            self.records
                .retain(|address, _| !of_user(address) || *address == peer.address);
        });
        let fresh = || DeviceRecord::new(peer.identity_key, registration_id);
        let record = self.records.entry(peer.address).or_insert_with(fresh);
        let changed = record.identity_key != peer.identity_key;
        if flawed!("SES-12 sessions kept", changed, false) {
            *record = fresh();
        }
        record.registration_id = registration_id;
        record.activate(session, self.now);
        flawed!("SES-12 not reported", changed, false)
    }

    /// The device in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedDevice {
        SavedDevice::from(self)
    }
}
