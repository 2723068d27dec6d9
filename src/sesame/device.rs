//! One device: its keys, and for each other device the sessions with it.

use super::{SavedDevice, SesameError};
use crate::agreement::{Bundle, BundleFields, PinnedIdentities, PreKeyStore, x3dh};
use crate::identifier::{Address, PreKeyId};
use crate::primitives::{KeyPair, PublicKey, Randomness};
use crate::ratchet::{self, Session};
use crate::suite::{Party, SuiteRef};
use crate::timestamp::Timestamp;
use crate::wire::{Message, MessageKind, PreKeyMessage};
use std::collections::{BTreeMap, VecDeque};
use zeroize::Zeroizing;

/// The most inactive sessions kept with one device (SES-04).
pub const MAX_INACTIVE_SESSIONS: usize = 40;

/// The sessions with one other device, the active one first, then the inactive ones in order (SES-01).
///
/// Never empty: a device without sessions has no record.
#[derive(Clone, Debug)]
pub(super) struct DeviceRecord(pub(super) VecDeque<Session>);

impl DeviceRecord {
    /// A new session becomes the active one (SES-03); the tail of the inactive list is dropped (SES-04).
    fn activate(&mut self, session: Session) {
        self.0.push_front(session);
        self.0.truncate(1 + MAX_INACTIVE_SESSIONS);
    }

    /// An inactive session that decrypted becomes the active one (SES-06).
    fn promote(&mut self, index: usize) {
        if let Some(session) = self.0.remove(index) {
            self.0.push_front(session);
        }
    }
}

/// A device: everything that it remembers, and no I/O.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) suite: SuiteRef,
    pub(super) address: Address,
    pub(super) keys: PreKeyStore,
    pub(super) pinned: PinnedIdentities,
    pub(super) records: BTreeMap<Address, DeviceRecord>,
}

impl Device {
    /// A device at `address` with these keys, and no session yet.
    #[must_use]
    pub fn new(suite: SuiteRef, address: Address, keys: PreKeyStore) -> Self {
        Device {
            suite,
            address,
            keys,
            pinned: PinnedIdentities::default(),
            records: BTreeMap::new(),
        }
    }

    /// The device's own keys.
    #[must_use]
    pub fn keys(&self) -> &PreKeyStore {
        &self.keys
    }

    /// The active session with `peer`.
    #[must_use]
    pub fn session(&self, peer: &Address) -> Option<&Session> {
        self.records.get(peer)?.0.front()
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

    /// Drops all sessions with `peer`; the keys remember what they must (X3DH-14).
    pub fn drop_sessions(&mut self, peer: &Address) {
        self.records.remove(peer);
    }

    /// Time has come to `now`: the signed prekey is replaced and old ones are erased (KEY-08).
    ///
    /// # Errors
    /// Where randomness runs out; the device is as it was.
    pub fn tick(
        &mut self,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<(), SesameError> {
        Ok(self.keys.rotate(self.suite, now, randomness)?)
    }

    /// Opens a session with a bundle (X3DH 3.3). Draws the ephemeral key, then the ratchet key: 32 bytes
    /// each (RND-01).
    ///
    /// # Errors
    /// Those of [`Bundle::verify`], then `untrusted-identity` (X3DH-15), `invalid-key` (KEY-04).
    pub fn process_bundle(
        &mut self,
        fields: &BundleFields,
        randomness: &mut dyn Randomness,
    ) -> Result<(), SesameError> {
        let bundle = Bundle::verify(self.suite, fields)?;
        let peer = bundle.party;
        self.pinned.check(&peer.address, &peer.identity_key)?;
        let own = Party {
            identity_key: *self.keys.identity().public(),
            address: self.address,
        };
        let ephemeral = KeyPair::random(randomness)?;
        let base_key = *ephemeral.public();
        let secret = x3dh::initiate(self.suite, self.keys.identity(), ephemeral, &bundle)?;
        let session = Session::initiate(
            self.suite,
            own,
            self.keys.registration_id(),
            &bundle,
            base_key,
            secret,
            randomness,
        )?;
        self.open(peer, session);
        Ok(())
    }

    /// Encrypts to `peer` in the active session (SES-02).
    ///
    /// # Errors
    /// `no-session`, and those of [`Session::encrypt`].
    pub fn encrypt(&mut self, peer: &Address, plaintext: &[u8]) -> Result<Message, SesameError> {
        let record = self.records.get_mut(peer);
        let session = record
            .and_then(|record| record.0.front_mut())
            .ok_or(SesameError::NoSession(*peer))?;
        Ok(session.encrypt(plaintext)?)
    }

    /// Decrypts a message of `sender`.
    ///
    /// # Errors
    /// Those of [`PreKeyMessage::decode`], `untrusted-identity` (X3DH-15), `no-session`, those of
    /// [`ratchet::accept`] and [`Session::decrypt`]; where several sessions were tried, that of the first.
    pub fn decrypt(
        &mut self,
        sender: &Address,
        kind: MessageKind,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
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
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
        let record = self
            .records
            .get_mut(sender)
            .ok_or(SesameError::NoSession(*sender))?;
        let mut first_error = None;
        for index in 0..record.0.len() {
            match record.0[index].decrypt(message, randomness) {
                Ok(plaintext) => {
                    record.promote(index);
                    return Ok(plaintext);
                }
                Err(error) => {
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
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
        let message = PreKeyMessage::decode(self.suite, message)?;
        self.pinned.check(sender, &message.identity_key)?;
        if let Some(record) = self.records.get_mut(sender) {
            let matching = record
                .0
                .iter()
                .position(|session| session.matches(&message.identity_key, &message.base_key));
            if let Some(index) = matching {
                let plaintext = record.0[index].decrypt_message(&message.message, randomness)?;
                record.promote(index);
                return Ok(plaintext);
            }
        }
        let (session, plaintext) = ratchet::accept(
            self.suite,
            &mut self.keys,
            self.address,
            *sender,
            &message,
            randomness,
        )?;
        let peer = *session.peer();
        self.open(peer, session);
        Ok(plaintext)
    }

    /// Stores a new session. Another identity key of the peer replaces its record (SES-12).
    fn open(&mut self, peer: Party, session: Session) {
        let record = self
            .records
            .entry(peer.address)
            .or_insert_with(|| DeviceRecord(VecDeque::new()));
        record
            .0
            .retain(|former| former.peer().identity_key == peer.identity_key);
        record.activate(session);
    }

    /// The device in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedDevice {
        SavedDevice::from(self)
    }
}
