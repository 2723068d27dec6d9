//! One device: its keys, and what it knows of each other device.

use super::device_record::{DeviceRecord, TimedSession};
use super::held_session::{HeldSession, Incoming, Terms};
use super::send::Purpose;
use super::session_library::{Library, Opening, OwnKeys, SessionLibrary};
use super::{LibraryError, Limits, SavedDevice, SesameError};
use crate::agreement::{
    AgreementError, Bundle, BundleFields, Fingerprint, OneTimePreKey, Pin, PinnedIdentities,
    PreKeyStore, fingerprint, x3dh,
};
#[cfg(feature = "flaws")]
use crate::error_code::ErrorCode;
#[cfg(feature = "flaws")]
use crate::flaw;
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use crate::primitives::{KeyPair, PublicKey, Randomness};
use crate::ratchet::Session;
use crate::requirement::{flawed, require};
use crate::suite::{self, Party, SuiteRef};
use crate::timestamp::Timestamp;
use crate::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};
use imbl::OrdMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A device: everything that it remembers, and no I/O.
///
/// It speaks one suite or several side by side, the preferred one first. They share its keys; each session is
/// of one suite, and a message's version byte says of which. A copy shares with the original what neither has
/// changed since, so that copying takes no time that grows with what the device knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    /// The preferred one first; never empty.
    pub(super) suites: Arc<[SuiteRef]>,
    pub(super) address: Address,
    pub(super) now: Timestamp,
    pub(super) keys: Arc<PreKeyStore>,
    pub(super) pinned: PinnedIdentities,
    /// By address: a user record is the part with one UserID (SES-01).
    pub(super) records: OrdMap<Address, Arc<DeviceRecord>>,
    pub(super) limits: Limits,
    /// The library that keeps the sessions; none where the engine does.
    pub(super) library: Option<Library>,
}

/// What a message said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// Its plaintext.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether the sender came with another identity key than it was known by: to be told to the user
    /// (SES-12).
    pub identity_changed: bool,
    /// Whether it opened a session beside the answered one that provisioning information goes into: to be told to the
    /// user (SES-19).
    pub beside: bool,
}

impl Device {
    /// A device at `address` with these keys, which knows no other one. Its time is that of its signed
    /// prekey until the first [`Device::tick`].
    #[must_use]
    pub fn new(suite: SuiteRef, address: Address, keys: PreKeyStore) -> Self {
        Device {
            suites: Arc::new([suite]),
            address,
            now: keys.signed_pre_key_created().unwrap_or_default(),
            keys: Arc::new(keys),
            pinned: PinnedIdentities::default(),
            records: OrdMap::new(),
            limits: Limits::default(),
            library: None,
        }
    }

    /// The same device, whose sessions that library opens and keeps from now on. All else stays the device's own business:
    /// addresses, pins, prekeys, which session is sent in. For suites without statements and KEM.
    #[must_use]
    pub fn with_sessions_of(mut self, library: Arc<dyn SessionLibrary>) -> Self {
        self.library = Some(Library(library));
        self
    }

    /// The library that keeps the sessions; none where the engine does.
    #[must_use]
    pub fn library(&self) -> Option<&Arc<dyn SessionLibrary>> {
        self.library.as_ref().map(|library| &library.0)
    }

    fn own_keys(&self) -> OwnKeys<'_> {
        OwnKeys {
            address: self.address,
            keys: &self.keys,
        }
    }

    /// The same device, which also speaks `suite`, after those that it spoke before.
    ///
    /// Signed prekeys are those of the first suite with a KEM, where there is one, and else of the preferred
    /// suite; where the device's keys do not say so, the next [`Device::tick`] draws a signed prekey that does.
    #[must_use]
    pub fn and_speaks(mut self, suite: SuiteRef) -> Self {
        self.suites = self.suites.iter().copied().chain([suite]).collect();
        self
    }

    /// The same device, held to other bounds than the profile's: for tests and models. They are not saved.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The suites that the device speaks, the preferred one first.
    #[must_use]
    pub fn suites(&self) -> &[SuiteRef] {
        &self.suites
    }

    /// The preferred suite.
    pub(super) fn suite(&self) -> SuiteRef {
        self.suites[0]
    }

    /// The bounds that sessions of that suite are held to.
    pub(super) fn session_limits(&self, suite: SuiteRef) -> suite::Limits {
        self.limits.session.unwrap_or(*suite.limits())
    }

    /// Whether one of the suites has statements: the device makes them then, and takes no bundle without one, whichever
    /// suite it comes to: who leaves it out would else choose the suite (V3-04).
    fn has_statements(&self) -> bool {
        self.suites.iter().any(|suite| suite.has_statements())
    }

    /// The bundle, which says which suite a session with its device is opened in: the highest in the order of
    /// section 0 that both speak (KEY-11). The statement is signed and fresh (KEY-10).
    ///
    /// A device without statements looks at none, and its bundles' suite is the highest of its own (V3-04).
    pub(super) fn verify(&self, fields: &BundleFields) -> Result<(SuiteRef, Bundle), SesameError> {
        let stated = self.has_statements();
        flawed!("KEY-10 pin first", (), self.check_raw_pin(fields)?);
        flawed!("KEY-10 time first", (), self.check_raw_time(fields)?);
        flawed!(
            "KEY-11 last",
            (),
            _ = Bundle::verify(self.suite(), fields, stated)?
        );
        let names = stated.then(|| fields.named_suites()).transpose()?;
        let spoken = self.suites.iter().copied();
        let includes = |suite: &SuiteRef| names.as_ref().is_none_or(|it| it.include(*suite));
        let spoken = spoken.filter(includes);
        let suite = spoken.max_by_key(|suite| suite.rank());
        let suite = flawed!("KEY-11", suite, suite.or(Some(self.suite())));
        let suite = suite.ok_or(AgreementError::NoCommonSuite)?;
        flawed!("X3DH-02 known ones", (), {
            if self.knows(fields) {
                let bundle = flaw::with("X3DH-02", || Bundle::verify(suite, fields, stated));
                return Ok((suite, bundle?));
            }
        });
        flawed!("KEY-10 known ones", (), {
            if self.knows(fields) {
                let bundle = flaw::with("KEY-10", || Bundle::verify(suite, fields, stated));
                return Ok((suite, bundle?));
            }
        });
        let bundle = Bundle::verify(suite, fields, stated)?;
        if let Some(statement) = &bundle.statement {
            statement.check(self.now, &self.limits.pre_keys)?;
        }
        Ok((suite, bundle))
    }

    /// Whether there is a record of a bundle's device.
    #[cfg(feature = "flaws")]
    fn knows(&self, fields: &BundleFields) -> bool {
        let mut known = self.records.keys();
        known.any(|peer| {
            peer.user_id.to_string() == fields.user_id
                && u32::from(peer.device_id) == fields.device_id
        })
    }

    /// Holds a bundle to the pin of its device before anything else was looked at.
    #[cfg(feature = "flaws")]
    fn check_raw_pin(&self, fields: &BundleFields) -> Result<(), SesameError> {
        for (peer, pin) in self.pinned.iter() {
            let is_it = peer.user_id.to_string() == fields.user_id
                && u32::from(peer.device_id) == fields.device_id;
            let key = PublicKey::decode_unreduced(&fields.identity_key);
            if is_it && key.is_ok_and(|key| Fingerprint::of(&key) != pin.fingerprint) {
                return Err(AgreementError::UntrustedIdentity(*peer).into());
            }
        }
        Ok(())
    }

    /// Holds a bundle to the time of its statement before anything else was looked at.
    #[cfg(feature = "flaws")]
    fn check_raw_time(&self, fields: &BundleFields) -> Result<(), SesameError> {
        let created = fields.created.unwrap_or(self.now);
        let limits = &self.limits.pre_keys;
        let old = self.now.seconds_since(created) > limits.statement_age;
        if old || created.seconds_since(self.now) > limits.statement_ahead {
            return Err(AgreementError::StaleStatement(created).into());
        }
        Ok(())
    }

    /// The suite that a message is of, by its version byte (WIRE-01): the preferred one where no suite
    /// accepts it, which then says so.
    fn suite_of_message(&self, message: &[u8]) -> SuiteRef {
        let accepts = |suite: &SuiteRef| reads(*suite, message);
        let suite = self.suites.iter().copied().find(accepts);
        suite.unwrap_or(self.suite())
    }

    /// The device's address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// The device as a party to a session: its identity key and its address.
    #[must_use]
    pub fn party(&self) -> Party {
        Party {
            identity_key: *self.keys.identity().public(),
            address: self.address,
        }
    }

    /// The number by which the device's user and that of `peer` compare identity keys (X3DH-16); none where nothing is
    /// known of `peer`.
    #[must_use]
    pub fn fingerprint(&self, peer: &Address) -> Option<String> {
        let other = Party {
            identity_key: *self.record(peer)?.identity_key(),
            address: *peer,
        };
        Some(fingerprint::fingerprint(
            self.suite(),
            &self.party(),
            &other,
        ))
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
        self.records
            .iter()
            .map(|(address, record)| (address, &**record))
    }

    /// What is known of `peer`.
    #[must_use]
    pub fn record(&self, peer: &Address) -> Option<&DeviceRecord> {
        self.records.get(peer).map(|record| &**record)
    }

    /// The active session with `peer`, where the engine keeps it.
    #[must_use]
    pub fn session(&self, peer: &Address) -> Option<&Session> {
        self.records.get(peer)?.active()
    }

    /// The devices of `user` that are known and not stale (SES-11).
    pub(super) fn devices_of(&self, user: UserId) -> impl Iterator<Item = DeviceId> {
        let first = Address {
            user_id: user,
            device_id: DeviceId::FIRST,
        };
        self.records
            .range(first..)
            .take_while(move |(address, _)| address.user_id == user)
            .filter(|(_, record)| flawed!("SES-11 listed", record.stale_since.is_none(), true))
            .map(|(address, _)| address.device_id)
    }

    /// What is known of `peer`, to change it.
    pub(super) fn record_mut(&mut self, peer: &Address) -> Option<&mut DeviceRecord> {
        self.records.get_mut(peer).map(Arc::make_mut)
    }

    /// Pins an identity key to `peer`: from now on bundles, messages and sessions of `peer` with another are refused, in
    /// both directions (X3DH-15). `named` where the user named it, which the same key stays.
    ///
    /// # Errors
    /// `untrusted-identity` where another key is pinned; nothing has changed.
    pub fn pin(
        &mut self,
        peer: Address,
        fingerprint: Fingerprint,
        named: bool,
    ) -> Result<(), AgreementError> {
        self.pinned.pin(peer, fingerprint, named)
    }

    /// Forgets what is pinned to `peer`, and with it its record and sessions, as its user wishes.
    pub fn unpin(&mut self, peer: &Address) {
        flawed!("X3DH-15 pin stays", self.pinned.unpin(peer), ());
        flawed!("X3DH-14 until unpinned", (), {
            if let Some(key) = self.record(peer).map(|record| *record.identity_key()) {
                Arc::make_mut(&mut self.keys).forget_openings(&key);
            }
        });
        flawed!("X3DH-15 sessions stay", drop(self.records.remove(peer)), ());
    }

    /// What is pinned to `peer`.
    #[must_use]
    pub fn pinned(&self, peer: &Address) -> Option<&Pin> {
        self.pinned.get(peer)
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
        let keys = Arc::make_mut(&mut self.keys);
        Ok(keys.add_one_time_pre_keys(count, self.now, randomness)?)
    }

    /// Drops all sessions with `peer`; the keys remember what they must (X3DH-14).
    pub fn drop_sessions(&mut self, peer: &Address) {
        flawed!("X3DH-14 with its session", (), {
            if let Some(key) = self.record(peer).map(|record| *record.identity_key()) {
                Arc::make_mut(&mut self.keys).forget_openings(&key);
            }
        });
        if let Some(record) = self.record_mut(peer) {
            record.sessions.clear();
        }
    }

    /// Marks what is known of `peer` as stale (SES-09); where it is so already, it stays as it is. What is under a pin
    /// stays current: nobody has authenticated that the device is gone (SES-11).
    pub(super) fn mark_stale(&mut self, peer: &Address) {
        let now = self.now;
        if flawed!("SES-11 pinned", self.pinned.get(peer).is_some(), false) {
            return;
        }
        if let Some(record) = self.record_mut(peer) {
            record.stale_since.get_or_insert(now);
            flawed!("SES-11 anew", (), record.stale_since = Some(now));
            flawed!("SES-09 sessions dropped", (), record.sessions.clear());
        }
    }

    /// It is `now`, and nothing is due for it: what a bundle or a session is judged by goes on with the clock between two
    /// points of [`Device::tick`] (KEY-10, SES-13). A clock that goes back is not followed.
    pub fn observe(&mut self, now: Timestamp) {
        self.now = flawed!("KEY-10 back", self.now.max(now), now);
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
        let now = flawed!("KEY-10 back", now.max(self.now), now);
        let limits = self.limits;
        let address = self.address;
        if self.keys.is_due(&self.suites, &limits.pre_keys, now) {
            let keys = Arc::make_mut(&mut self.keys);
            keys.rotate(&self.suites, &address, &limits.pre_keys, now, randomness)?;
        }
        self.now = now;
        let max_latency = flawed!("SES-11 never erased", limits.pre_keys.max_latency, u64::MAX);
        let max_latency = flawed!(
            "SES-11 second early",
            flawed!(
                "SES-11 second late",
                max_latency,
                max_latency.saturating_add(1)
            ),
            max_latency - 1
        );
        let is_gone = |record: &DeviceRecord| {
            let since = record.stale_since;
            since.is_some_and(|since| now.seconds_since(since) >= max_latency)
        };
        // What stays as it is stays shared.
        let due: Vec<Address> = self
            .records()
            .filter(|(_, record)| is_gone(record) || record.has_expired_sessions(now, &limits))
            .map(|(address, _)| *address)
            .collect();
        for address in due {
            match self.record_mut(&address) {
                Some(record) if !is_gone(record) => {
                    record.expire_sessions(now, &limits);
                    flawed!("SES-13 record too", (), {
                        if record.sessions.is_empty() {
                            self.records.remove(&address);
                        }
                    });
                }
                _ => drop(self.records.remove(&address)),
            }
        }
        Ok(())
    }

    /// Opens a session with a bundle (X3DH 3.3). Draws the ephemeral key, then the ratchet key: 32 bytes
    /// each (RND-01).
    ///
    /// Returns whether the peer came with another identity key than it was known by (SES-12).
    ///
    /// # Errors
    /// Those of [`Bundle::verify`], then `stale-statement` (KEY-10), `untrusted-identity` (X3DH-15), `invalid-key`
    /// (KEY-04).
    pub fn process_bundle(
        &mut self,
        fields: &BundleFields,
        randomness: &mut dyn Randomness,
    ) -> Result<bool, SesameError> {
        flawed!(
            "RND-02 bundles",
            (),
            _ = self.verify(fields).or_else(|error| {
                KeyPair::random(randomness)?;
                Err(error)
            })?
        );
        let (suite, bundle) = self.verify(fields)?;
        let session = self.initiate(suite, &bundle, randomness)?;
        Ok(self.open_initiated(&bundle, session))
    }

    /// Whether a bundle's device may come with its identity key (X3DH-15).
    pub(super) fn check_pin(&self, peer: &Party) -> Result<(), AgreementError> {
        flawed!("X3DH-15 bundles", (), return Ok(()));
        self.pinned.check(&peer.address, &peer.identity_key)
    }

    /// A's session from a verified bundle; the device is only read.
    pub(super) fn initiate(
        &self,
        suite: SuiteRef,
        bundle: &Bundle,
        randomness: &mut dyn Randomness,
    ) -> Result<HeldSession, SesameError> {
        self.check_pin(&bundle.party)?;
        if let Some(library) = &self.library {
            return HeldSession::open_by(library, suite, &self.own_keys(), bundle, randomness);
        }
        let own = self.party();
        flawed!("RND-01 ratchet key first", (), {
            let mut order = Reversed::of(randomness)?;
            let randomness = &mut order;
            let ephemeral = KeyPair::random(randomness)?;
            let identity = self.keys.identity();
            let initiation = x3dh::initiate(suite, identity, ephemeral, bundle, randomness)?;
            let id = self.keys.registration_id();
            let session = Session::initiate(suite, own, id, bundle, initiation, randomness)?;
            let session = session.with_limits(self.session_limits(suite));
            return Ok(HeldSession::Engine(session));
        });
        let ephemeral = KeyPair::random(randomness)?;
        let identity = self.keys.identity();
        let initiation = x3dh::initiate(suite, identity, ephemeral, bundle, randomness)?;
        let registration_id = self.keys.registration_id();
        let session =
            Session::initiate(suite, own, registration_id, bundle, initiation, randomness)?;
        let session = session.with_limits(self.session_limits(suite));
        Ok(HeldSession::Engine(session))
    }

    /// Stores a session opened with a bundle.
    pub(super) fn open_initiated(&mut self, bundle: &Bundle, session: HeldSession) -> bool {
        let changed = self.open(bundle.registration_id, session);
        self.confirm(bundle);
        changed
    }

    /// The next provisioning information for `peer` opens a new session (SES-19): the way out for a user who knows that
    /// the present one is lost or copied.
    pub fn open_anew(&mut self, peer: &Address) {
        let limits = self.limits;
        if let Some(record) = self.record_mut(peer) {
            flawed!("SES-19 not anew", record.is_for_none(), ());
            flawed!("SES-04 given up", record.drop_tail(&limits), ());
        }
    }

    /// The device is there, and its statement names its registration id: the record is no longer stale (SES-11).
    pub(super) fn confirm(&mut self, bundle: &Bundle) {
        if let Some(record) = self.record_mut(&bundle.party.address) {
            flawed!("SES-11 for good", record.stale_since = None, ());
            record.registration_id = bundle.registration_id;
            flawed!("SES-10 unconfirmed", record.confirmed = true, ());
        }
    }

    /// Encrypts to `peer` in the active session (SES-02). Draws what [`Session::encrypt`] draws.
    ///
    /// # Errors
    /// `untrusted-identity` (X3DH-15), `no-session` where there is none that may be sent in (SES-11, SES-13),
    /// and those of [`Session::encrypt`].
    pub fn encrypt(
        &mut self,
        peer: &Address,
        plaintext: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Message, SesameError> {
        let no_session = SesameError::NoSession(*peer);
        let Some(record) = self.record(peer) else {
            return Err(no_session);
        };
        flawed!(
            "X3DH-15 encrypts",
            self.pinned.check(peer, &record.identity_key)?,
            ()
        );
        if !record.may_send(self.now, &self.limits) {
            return Err(no_session);
        }
        flawed!("SES-13 sending", (), {
            let now = self.now;
            if let Some(held) = self.record_mut(peer).and_then(|it| it.sessions.front_mut()) {
                held.time = now;
            }
        });
        let record = self.record_mut(peer);
        match record.and_then(|record| record.sessions.front_mut()) {
            Some(held) => {
                let encrypted = Arc::make_mut(&mut held.session).encrypt(plaintext, randomness);
                flawed!(
                    "PRIV-04 plaintext",
                    encrypted,
                    encrypted.map_err(|error| error.showing(plaintext))
                )
            }
            None => Err(no_session),
        }
    }

    /// The record of `peer`, and the place in it of the session that is sent in, where there is one: none where the
    /// record is with another identity key than the pinned one (X3DH-15).
    pub(super) fn sendable(
        &self,
        peer: &Address,
        purpose: Purpose,
    ) -> Option<(&DeviceRecord, usize)> {
        let record = self.record(peer)?;
        flawed!(
            "SES-12 sent to",
            self.pinned.check(peer, &record.identity_key).ok()?,
            ()
        );
        let index = match purpose {
            Purpose::Provisioning => record.provisioning(self.now, &self.limits)?,
            Purpose::Other => record.may_send(self.now, &self.limits).then_some(0)?,
        };
        Some((record, index))
    }

    /// Provisioning information goes to a key that the user named, and to no other (SES-18).
    ///
    /// # Errors
    /// `untrusted-identity`.
    pub(super) fn check_purpose(
        &self,
        peer: &Address,
        purpose: Purpose,
    ) -> Result<(), AgreementError> {
        let named = self.pinned(peer).is_some_and(|pin| pin.named);
        let named = flawed!("SES-18 pinned", named, self.pinned(peer).is_some());
        require!(
            "SES-18",
            purpose == Purpose::Other || named,
            AgreementError::UntrustedIdentity(*peer)
        );
        Ok(())
    }

    /// Decrypts a message of `sender`.
    ///
    /// # Errors
    /// Those of [`PreKeyMessage::decode`], `untrusted-identity` (X3DH-15), `no-session`, those of
    /// [`Session::decrypt`], and for an opening those of [`PreKeyStore::respond`]; where several sessions were tried, that of the first
    /// (SES-07).
    pub fn decrypt(
        &mut self,
        sender: &Address,
        kind: MessageKind,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Decrypted, SesameError> {
        let decrypted = match kind {
            MessageKind::Ratchet => self.decrypt_ratchet(sender, message, randomness),
            MessageKind::PreKey => self.decrypt_prekey(sender, message, randomness),
        };
        let decrypted = flawed!(
            "PRIV-04 identity key",
            decrypted,
            decrypted.map_err(|error| { error.showing(self.keys.identity().private().expose()) })
        );
        flawed!(
            "PRIV-04 root key",
            decrypted,
            decrypted.map_err(|error| {
                match self.session(sender) {
                    Some(session) => error.showing(session.root_key().expose()),
                    None => error,
                }
            })
        )
    }

    /// The active session first, then the inactive ones in order (SES-05). Sessions of a suite that the
    /// message is not of are passed over.
    fn decrypt_ratchet(
        &mut self,
        sender: &Address,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Decrypted, SesameError> {
        let (now, limits) = (self.now, self.limits);
        let suite = self.suite_of_message(message);
        let no_session = SesameError::NoSession(*sender);
        let Some(record) = self.record(sender) else {
            return Err(no_session);
        };
        flawed!("SES-11 unread", (), {
            if record.stale_since.is_some() {
                return Err(no_session);
            }
        });
        let of_suite = |held: &TimedSession| held.session.suite() == suite;
        if !record.sessions.iter().any(of_suite) {
            return Err(no_session);
        }
        let tried = flawed!("SES-05 active alone", record.sessions.len(), 1);
        let incoming = Incoming {
            kind: MessageKind::Ratchet,
            bytes: message,
            message: &RatchetMessage::decode(suite, message)?,
        };
        flawed!(
            "X3DH-15 reads",
            self.pinned.check(sender, &record.identity_key)?,
            ()
        );
        let Some(record) = self.record_mut(sender) else {
            return Err(no_session);
        };
        let mut first_error = None;
        for index in 0..tried {
            if !of_suite(&record.sessions[index]) {
                continue;
            }
            match record.sessions[index].decrypt(&incoming, randomness) {
                Ok(plaintext) => {
                    record.promote(index, now, &limits);
                    flawed!("SES-11 current", (), record.stale_since = None);
                    return Ok(Decrypted {
                        plaintext,
                        identity_changed: false,
                        beside: false,
                    });
                }
                // Whether another session reads it, nobody knows while the library cannot be used.
                Err(SesameError::Library(error @ LibraryError::Failed(_))) => {
                    return Err(error.into());
                }
                Err(error) => {
                    flawed!("SES-07 last error", (), first_error = None);
                    flawed!("SES-05 first error", (), {
                        if error.code() != Some(ErrorCode::DecryptFailed) {
                            return Err(error);
                        }
                    });
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or(no_session))
    }

    /// What a prekey message that would open a session says, and the identity key that it comes with. Nothing changes
    /// and nothing is drawn: whoever is to accept the message decides by it.
    ///
    /// # Errors
    /// Those of [`Device::decrypt`] for a message that opens a session; `duplicate-message` for one of a session that
    /// is there (X3DH-13).
    pub fn read_opening(
        &self,
        sender: &Address,
        message: &[u8],
    ) -> Result<(PublicKey, Zeroizing<Vec<u8>>), SesameError> {
        let bytes = message;
        let (suite, message) = self.pre_key_message(sender, bytes)?;
        require!(
            "X3DH-13",
            self.matching(suite, sender, &message).is_none(),
            AgreementError::Replay
        );
        let terms = Terms {
            suite,
            limits: (&self.limits.pre_keys, &self.session_limits(suite)),
            library: self.library.as_ref(),
        };
        let opening = Opening {
            peer: *sender,
            bytes,
            message: &message,
        };
        let said = terms.peek(&self.keys, self.address, &opening)?;
        Ok((message.identity_key, said))
    }

    /// A prekey message in its suite, with an identity key that its sender may present (X3DH-15).
    fn pre_key_message<'a>(
        &self,
        sender: &Address,
        message: &'a [u8],
    ) -> Result<(SuiteRef, PreKeyMessage<'a>), SesameError> {
        let suite = self.suite_of_message(message);
        let message = PreKeyMessage::decode(suite, message)?;
        let identifiers = suite.identifiers();
        identifiers.check(sender).map_err(AgreementError::from)?;
        flawed!(
            "X3DH-15 openings",
            self.pinned.check(sender, &message.identity_key)?,
            ()
        );
        Ok((suite, message))
    }

    /// The place of the session that a prekey message belongs to (X3DH-13).
    fn matching(
        &self,
        suite: SuiteRef,
        sender: &Address,
        message: &PreKeyMessage<'_>,
    ) -> Option<usize> {
        let matches = |held: &TimedSession| {
            let session = &held.session;
            session.suite() == suite && session.matches(&message.identity_key, &message.base_key)
        };
        flawed!("X3DH-13 base key alone", (), {
            let base_key = Some(&message.base_key);
            let mut sessions = self.record(sender)?.sessions.iter();
            return sessions.position(|held| held.session.base_key() == base_key);
        });
        let index = self.record(sender)?.sessions.iter().position(matches);
        flawed!(
            "X3DH-13 active alone",
            index,
            index.filter(|index| *index == 0)
        )
    }

    /// The matching session, without X3DH (X3DH-13); else a new one (X3DH-08 to X3DH-11).
    fn decrypt_prekey(
        &mut self,
        sender: &Address,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Decrypted, SesameError> {
        let (now, limits) = (self.now, self.limits);
        let bytes = message;
        let (suite, message) = self.pre_key_message(sender, bytes)?;
        let matching = self.matching(suite, sender, &message);
        let matching = flawed!("X3DH-13 run again", matching, None);
        flawed!("X3DH-13 prekeys first", (), {
            let mut held = self.keys.signed_pre_key_ids();
            if !held.any(|id| u32::from(id) == message.signed_pre_key_id) {
                let id = message.signed_pre_key_id;
                return Err(AgreementError::UnknownSignedPreKey(id).into());
            }
        });
        if let Some(index) = matching
            && let Some(record) = self.record_mut(sender)
        {
            let incoming = Incoming {
                kind: MessageKind::PreKey,
                bytes,
                message: &message.message,
            };
            let plaintext = record.sessions[index].decrypt(&incoming, randomness)?;
            flawed!("SES-06 openings", record.promote(index, now, &limits), ());
            flawed!("X3DH-13 registration id", (), {
                let range = &suite.identifiers().registration_id;
                if let Ok(id) = RegistrationId::within(message.registration_id, range) {
                    record.registration_id = id;
                }
            });
            return Ok(Decrypted {
                plaintext,
                identity_changed: false,
                beside: false,
            });
        }
        let range = &suite.identifiers().registration_id;
        let registration_id =
            RegistrationId::within(message.registration_id, range).map_err(AgreementError::from)?;
        flawed!("X3DH-11 record made", (), {
            let fresh = || Arc::new(DeviceRecord::new(message.identity_key, registration_id));
            self.records.entry(*sender).or_insert_with(fresh);
        });
        flawed!("SES-07 record kept", (), {
            if let Some(record) = self.record_mut(sender) {
                record.registration_id = registration_id;
            }
        });
        let terms = Terms {
            suite,
            limits: (&limits.pre_keys, &self.session_limits(suite)),
            library: self.library.as_ref(),
        };
        let opening = Opening {
            peer: *sender,
            bytes,
            message: &message,
        };
        let keys = Arc::make_mut(&mut self.keys);
        let (session, plaintext) = terms.accept(keys, self.address, &opening, randomness)?;
        let beside = self.record(sender);
        let beside = flawed!(
            "SES-19 told too early",
            beside.is_some_and(|record| record.is_answered(now, &limits)),
            beside.is_some_and(|record| record.provisioning(now, &limits).is_some())
        );
        let identity_changed = self.open(registration_id, session);
        Ok(Decrypted {
            plaintext,
            identity_changed,
            beside: flawed!("SES-19 not told", beside && !identity_changed, false),
        })
    }

    /// Stores a new session. Another identity key of the peer replaces its record; whether it did is the
    /// answer (SES-12).
    fn open(&mut self, registration_id: RegistrationId, session: HeldSession) -> bool {
        let peer = *session.peer();
        flawed!("SES-01 by user", (), {
            let of_user: Vec<Address> = self
                .records
                .keys()
                .filter(|address| address.user_id == peer.address.user_id)
                .copied()
                .collect();
            for address in of_user {
                if address != peer.address {
                    self.records.remove(&address);
                }
            }
        });
        let (now, limits) = (self.now, self.limits);
        let fresh = || DeviceRecord::new(peer.identity_key, registration_id);
        let record = self
            .records
            .entry(peer.address)
            .or_insert_with(|| Arc::new(fresh()));
        let record = Arc::make_mut(record);
        #[cfg(feature = "flaws")]
        let had_sessions = !record.sessions.is_empty();
        let changed = record.identity_key != peer.identity_key;
        if flawed!("SES-12 sessions kept", changed, false) {
            // A message makes nothing current (SES-11), whatever key it comes with.
            let stale_since = flawed!("SES-11 another key", record.stale_since, None);
            *record = fresh();
            record.stale_since = stale_since;
        }
        flawed!("SES-11 opening", (), record.stale_since = None);
        // What a prekey message says of the registration id, nobody has authenticated.
        if flawed!("SES-10 hint", !record.confirmed, true) {
            record.registration_id = registration_id;
        }
        flawed!("SES-12 with sessions", (), {
            if changed && !had_sessions {
                record.activate(Arc::new(session), now, &limits);
                return false;
            }
        });
        record.activate(Arc::new(session), now, &limits);
        flawed!("SES-12 not reported", changed, false)
    }

    /// The device in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedDevice {
        SavedDevice::from(self)
    }
}

/// Two draws of 32 bytes in the other order.
#[cfg(feature = "flaws")]
struct Reversed(Vec<[u8; 32]>);

#[cfg(feature = "flaws")]
impl Reversed {
    fn of(randomness: &mut dyn Randomness) -> Result<Self, crate::primitives::RandomnessError> {
        let mut drawn = [[0; 32]; 2];
        for part in &mut drawn {
            randomness.fill(part)?;
        }
        Ok(Reversed(drawn.to_vec()))
    }
}

#[cfg(feature = "flaws")]
impl Randomness for Reversed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), crate::primitives::RandomnessError> {
        let last = self.0.pop().ok_or(crate::primitives::RandomnessError)?;
        out.copy_from_slice(&last);
        Ok(())
    }
}

/// Whether a message is of that suite, as far as its version byte tells.
fn reads(suite: SuiteRef, message: &[u8]) -> bool {
    let version = message.first();
    version.is_some_and(|version| suite.accepts_version(*version))
}
