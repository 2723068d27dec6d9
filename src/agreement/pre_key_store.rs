//! A device's own keys for X3DH: identity, signed prekeys, one-time prekeys, and which sessions were opened with
//! them (profile KEY-06 to KEY-12, X3DH-08 to X3DH-11, X3DH-14).

use super::x3dh::{self, SharedSecret};
use super::{
    AgreementError, Bundle, Dated, Limits, OneTimePreKey, SignedKemPreKey, SignedPreKey, Statement,
    SuiteNames, stated,
};
use crate::hex::Hex;
use crate::identifier::{Address, PreKeyId, RegistrationId};
#[cfg(feature = "flaws")]
use crate::primitives::PrivateKey;
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::{
    KeyPair, PublicKey, Randomness, RandomnessError, Secret, SecretBytes, Signature,
};
use crate::requirement::{always_require, flawed, require, required};
use crate::suite::{KemKeyPair, Party, Suite, SuiteRef};
use crate::timestamp::Timestamp;
use crate::wire::PreKeyMessage;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A one-way id of SK, by which an opening is known again: 16 bytes (X3DH-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Hex", into = "Hex")]
struct OpeningId([u8; 16]);

impl OpeningId {
    fn of(secret: &SharedSecret) -> Self {
        let info = b"TigressSignal/1 Opening";
        OpeningId(*hkdf_sha256(None, &[secret.root.expose()], info).expose())
    }

    /// That of a base key.
    #[cfg(feature = "flaws")]
    fn of_base_key(key: &PublicKey) -> Self {
        OpeningId(*hkdf_sha256(None, &[&key.encode()], b"base key").expose())
    }
}

impl From<OpeningId> for Hex {
    fn from(id: OpeningId) -> Self {
        id.0.into()
    }
}

impl TryFrom<Hex> for OpeningId {
    type Error = &'static str;

    fn try_from(bytes: Hex) -> Result<Self, Self::Error> {
        let bytes = bytes.0.try_into();
        bytes
            .map(OpeningId)
            .map_err(|_| "an opening's id is 16 bytes")
    }
}

/// A signed prekey of this device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnSignedPreKey {
    key: KeyPair,
    signature: Signature,
    /// When it was made, and what was said then (KEY-09).
    #[serde(rename = "statement")]
    dated: Dated,
    /// When another took its place; the current one has none.
    replaced: Option<Timestamp>,
    /// What was opened with it and no one-time prekey, by the peer's identity key (X3DH-14): it goes when it goes.
    openings: OrdMap<PublicKey, OrdSet<OpeningId>>,
    /// The KEM prekey that came with it, under the same id, in suites that have a KEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kem: Option<OwnKemPreKey>,
}

impl OwnSignedPreKey {
    /// Whether messages that were made with it may still come (KEY-08).
    fn is_kept(&self, limits: &Limits, now: Timestamp) -> bool {
        let latency = flawed!("KEY-08 erased at once", limits.max_latency, 1);
        let latency = flawed!("KEY-08 never erased", latency, u64::MAX);
        let latency = flawed!(
            "KEY-08 latency a second less",
            flawed!("KEY-08 latency a second more", latency, latency + 1),
            latency - 1
        );
        let replaced = self.replaced;
        let replaced = flawed!(
            "KEY-08 since it was made",
            replaced,
            replaced.map(|_| self.dated.created())
        );
        replaced.is_none_or(|replaced| now.seconds_since(replaced) < latency)
    }
}

/// A one-time prekey of this device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnOneTimePreKey {
    key: KeyPair,
    drawn: Timestamp,
}

impl OwnOneTimePreKey {
    /// Whether it is still kept (KEY-12).
    fn is_kept(&self, limits: &Limits, now: Timestamp) -> bool {
        let lifetime = limits.one_time_pre_key_lifetime;
        let lifetime = flawed!("KEY-12 never erased", lifetime, u64::MAX);
        let lifetime = flawed!("KEY-12 too early", lifetime, lifetime / 2);
        now.seconds_since(self.drawn) < lifetime
    }
}

/// A KEM prekey of this device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKemPreKey {
    pair: KemKeyPair,
    signature: Signature,
}

/// The keys that a device agrees with, in every suite that it speaks. A copy shares what it can with the
/// original.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreKeyStore {
    identity: KeyPair,
    registration_id: RegistrationId,
    signed_pre_keys: BTreeMap<PreKeyId, OwnSignedPreKey>,
    one_time_pre_keys: OrdMap<PreKeyId, OwnOneTimePreKey>,
    /// The id of the next one-time prekey: an id once used is not used again, and after the last there is none (ID-06).
    next_one_time_pre_key_id: Option<PreKeyId>,
}

/// B's part of X3DH for a prekey message that its keys fit: nothing has changed yet.
#[derive(Debug)]
pub struct Response {
    /// SK.
    pub secret: SharedSecret,
    /// `SPK_B`, the ratchet key that B starts with (DR-02).
    pub signed_pre_key: KeyPair,
    signed_pre_key_id: PreKeyId,
    one_time_pre_key_id: Option<PreKeyId>,
    identity_key: PublicKey,
    #[cfg(feature = "flaws")]
    base_key: PublicKey,
}

impl Response {
    /// By which the opening is known again.
    fn opening(&self) -> OpeningId {
        flawed!(
            "X3DH-14 base key",
            OpeningId::of(&self.secret),
            OpeningId::of_base_key(&self.base_key)
        )
    }
}

impl PreKeyStore {
    /// Draws the keys of a device at `address` that speaks these suites, the preferred one first: identity key pair,
    /// registration id, then what [`PreKeyStore::rotate`] draws (RND-01).
    pub fn random(
        suites: &[SuiteRef],
        address: &Address,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        flawed!("RND-01 order", (), _ = RegistrationId::random(randomness)?);
        let identity = KeyPair::random(randomness)?;
        let identity = flawed!(
            "KEY-06 shared",
            identity,
            KeyPair::from(PrivateKey::from([7; 32]))
        );
        let ranges = suites
            .iter()
            .map(|suite| &suite.identifiers().registration_id);
        let registration_id = flawed!(
            "V3-14 drawn again",
            RegistrationId::random_within(ranges, randomness)?,
            RegistrationId::random(randomness)?
        );
        let mut store = Self::new(identity, registration_id);
        store.add_signed_pre_key(suites, address, now, randomness)?;
        Ok(store)
    }

    /// A store without prekeys, for a device whose keys are given.
    #[must_use]
    pub fn new(identity: KeyPair, registration_id: RegistrationId) -> Self {
        PreKeyStore {
            identity,
            registration_id,
            signed_pre_keys: BTreeMap::new(),
            one_time_pre_keys: OrdMap::new(),
            next_one_time_pre_key_id: Some(PreKeyId::FIRST),
        }
    }

    /// Adds a given signed prekey as the current one.
    pub fn insert_signed_pre_key(
        &mut self,
        id: PreKeyId,
        key: KeyPair,
        signature: Signature,
        dated: impl Into<Dated>,
    ) {
        let added = OwnSignedPreKey {
            key,
            signature,
            dated: dated.into(),
            replaced: None,
            openings: OrdMap::new(),
            kem: None,
        };
        self.replace_signed_pre_key(id, added);
    }

    fn replace_signed_pre_key(&mut self, id: PreKeyId, added: OwnSignedPreKey) {
        let created = added.dated.created();
        for other in self.signed_pre_keys.values_mut() {
            other.replaced.get_or_insert(created);
            flawed!("X3DH-14 until replaced", (), other.openings = OrdMap::new());
        }
        self.signed_pre_keys.insert(id, added);
    }

    /// Adds a given one-time prekey, drawn at `drawn`.
    pub fn insert_one_time_pre_key(&mut self, id: PreKeyId, key: KeyPair, drawn: Timestamp) {
        let held = OwnOneTimePreKey { key, drawn };
        self.one_time_pre_keys.insert(id, held);
        if self.next_one_time_pre_key_id.is_some_and(|next| id >= next) {
            self.next_one_time_pre_key_id = id.next();
        }
    }

    /// The identity key pair (KEY-06).
    #[must_use]
    pub fn identity(&self) -> &KeyPair {
        &self.identity
    }

    /// The registration id.
    #[must_use]
    pub fn registration_id(&self) -> RegistrationId {
        self.registration_id
    }

    /// The ids of the one-time prekeys held, rising.
    pub fn one_time_pre_key_ids(&self) -> impl Iterator<Item = PreKeyId> {
        self.one_time_pre_keys.keys().copied()
    }

    /// The ids of the signed prekeys held, rising.
    pub fn signed_pre_key_ids(&self) -> impl Iterator<Item = PreKeyId> {
        self.signed_pre_keys.keys().copied()
    }

    /// The signed prekey of that id, its signature and when it was made; with no id the current one.
    #[must_use]
    pub fn signed_pre_key(
        &self,
        id: Option<PreKeyId>,
    ) -> Option<(PreKeyId, &KeyPair, &Signature, Timestamp)> {
        let (id, held) = match id {
            Some(id) => (id, self.signed_pre_keys.get(&id)?),
            None => self.current_signed_pre_key()?,
        };
        Some((id, &held.key, &held.signature, held.dated.created()))
    }

    /// The one-time prekey of that id, and when it was drawn.
    #[must_use]
    pub fn one_time_pre_key(&self, id: PreKeyId) -> Option<(&KeyPair, Timestamp)> {
        let held = self.one_time_pre_keys.get(&id)?;
        Some((&held.key, held.drawn))
    }

    /// Every id that a store holds, with the one that it gives next.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PreKeyId> {
        self.signed_pre_key_ids()
            .chain(self.one_time_pre_key_ids())
            .chain(self.next_one_time_pre_key_id)
    }

    /// Draws `count` one-time prekeys, 32 bytes each, by rising id (RND-01), and gives their public halves: fewer
    /// where ids run out (ID-06).
    pub fn add_one_time_pre_keys(
        &mut self,
        count: usize,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<OneTimePreKey>, RandomnessError> {
        let next = flawed!(
            "ID-06 highest held",
            self.next_one_time_pre_key_id,
            self.after_highest_held()
        );
        let ids = std::iter::successors(next, |id| id.next());
        let drawn = ids
            .take(count)
            .map(|id| Ok((id, KeyPair::random(randomness)?)))
            .collect::<Result<Vec<_>, RandomnessError>>()?;
        let added = drawn.into_iter().map(|(id, pair)| {
            let pair = flawed!(
                "PRIV-02 fixed prekey",
                pair,
                KeyPair::from(PrivateKey::from([7; 32]))
            );
            let key = *pair.public();
            self.insert_one_time_pre_key(id, pair, now);
            OneTimePreKey { id, key }
        });
        Ok(added.collect())
    }

    /// Whether [`PreKeyStore::rotate`] would change anything: a device asks at every tick, and a store that is shared is copied to
    /// be changed.
    pub(crate) fn is_due(&self, suites: &[SuiteRef], limits: &Limits, now: Timestamp) -> bool {
        let mut signed = self.signed_pre_keys.values();
        let mut one_time = self.one_time_pre_keys.values();
        self.is_replaced(suites, limits, now)
            || signed.any(|key| !key.is_kept(limits, now))
            || one_time.any(|held| !held.is_kept(limits, now))
    }

    /// Whether the signed prekey is old, or its statement names other suites than the device speaks.
    fn is_replaced(&self, suites: &[SuiteRef], limits: &Limits, now: Timestamp) -> bool {
        let lifetime = limits.signed_pre_key_lifetime;
        let lifetime = flawed!("KEY-08 never replaced", lifetime, u64::MAX);
        self.current_signed_pre_key().is_none_or(|(_, current)| {
            let says_otherwise = match current.dated.statement() {
                Some(Statement { suites: named, .. }) => {
                    named.iter().ne(suites.iter().map(|suite| suite.name()))
                }
                None => suites.iter().any(|suite| suite.has_statements()),
            };
            now.seconds_since(current.dated.created()) >= lifetime || says_otherwise
        })
    }

    /// Replaces the signed prekey where it is 7 days old or its statement names other suites than the device speaks,
    /// and erases those replaced 30 days ago (KEY-08) and one-time prekeys drawn 90 days ago (KEY-12).
    ///
    /// A replacement draws 32 bytes for the key pair, 64 for its signature and, where a suite has statements, 64 for the
    /// statement's (RND-01); then, where a suite has a KEM, a key pair of that and another 64.
    pub fn rotate(
        &mut self,
        suites: &[SuiteRef],
        address: &Address,
        limits: &Limits,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<(), RandomnessError> {
        if self.is_replaced(suites, limits, now) {
            self.add_signed_pre_key(suites, address, now, randomness)?;
        }
        self.signed_pre_keys
            .retain(|_, key| key.is_kept(limits, now));
        let due = self.one_time_pre_keys.iter();
        let due = due.filter(|(_, held)| !held.is_kept(limits, now));
        let due = due.map(|(id, _)| *id);
        for id in due.collect::<Vec<_>>() {
            self.one_time_pre_keys.remove(&id);
        }
        Ok(())
    }

    /// The id of a new signed prekey: that after the highest held; after the last, the lowest that none has (ID-06).
    fn next_signed_pre_key_id(&self) -> PreKeyId {
        let Some(highest) = self.signed_pre_keys.keys().next_back() else {
            return PreKeyId::FIRST;
        };
        let free = || {
            let ids = std::iter::successors(Some(PreKeyId::FIRST), |id| id.next());
            let mut free = ids.filter(|id| !self.signed_pre_keys.contains_key(id));
            free.next().unwrap_or(PreKeyId::FIRST)
        };
        let wrapped = || flawed!("KEY-08 overwrites", free(), PreKeyId::FIRST);
        flawed!(
            "ID-06 lowest free",
            highest.next().unwrap_or_else(wrapped),
            free()
        )
    }

    fn add_signed_pre_key(
        &mut self,
        suites: &[SuiteRef],
        address: &Address,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<(), RandomnessError> {
        // A signature that the strict suites verify, all do.
        let stating = suites.iter().find(|suite| suite.has_statements());
        let Some(suite) = stating.or(suites.first()).copied() else {
            return Ok(());
        };
        let id = self.next_signed_pre_key_id();
        let key = KeyPair::random(randomness)?;
        // KEY-07: the signature covers the encoded key.
        let encoded = key.public().encode();
        let covered = &encoded[flawed!("KEY-07 bare key", 0, 1)..];
        let signature = self.sign(suite, covered, randomness)?;
        let dated = if suite.has_statements() {
            let names = SuiteNames::of(suites);
            let spk = (id, key.public());
            let stated = stated(address, self.registration_id, spk, now, &names);
            Dated::Stated(Statement {
                created: now,
                suites: names,
                signature: self.sign(suite, &stated, randomness)?,
            })
        } else {
            Dated::Unstated { created: now }
        };
        let kem = match suites.iter().find_map(|suite| suite.kem()) {
            None => None,
            Some(kem) => {
                let pair = kem.key_pair(randomness)?;
                let signature = self.sign(suite, &pair.public, randomness)?;
                Some(OwnKemPreKey { pair, signature })
            }
        };
        let added = OwnSignedPreKey {
            key,
            signature,
            dated,
            replaced: None,
            openings: OrdMap::new(),
            kem,
        };
        self.replace_signed_pre_key(id, added);
        Ok(())
    }

    /// The identity key's signature: 64 bytes of randomness (RND-01).
    fn sign(
        &self,
        suite: &dyn Suite,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Signature, RandomnessError> {
        let z = Secret::random(randomness)?;
        Ok(suite.sign(&self.identity, message, &z))
    }

    /// When the current signed prekey was made.
    #[must_use]
    pub fn signed_pre_key_created(&self) -> Option<Timestamp> {
        self.current_signed_pre_key()
            .map(|(_, current)| current.dated.created())
    }

    fn current_signed_pre_key(&self) -> Option<(PreKeyId, &OwnSignedPreKey)> {
        self.signed_pre_keys
            .iter()
            .find(|(_, key)| key.replaced.is_none())
            .map(|(id, key)| (*id, key))
    }

    /// The device's bundle with the current signed prekey, and with that one-time prekey if it is held
    /// (X3DH-01); none for a store without a signed prekey.
    #[must_use]
    pub fn bundle(&self, address: Address, one_time_pre_key: Option<PreKeyId>) -> Option<Bundle> {
        let (id, signed) = self.current_signed_pre_key()?;
        Some(Bundle {
            party: Party {
                identity_key: *self.identity.public(),
                address,
            },
            registration_id: self.registration_id,
            signed_pre_key: SignedPreKey {
                id,
                key: *signed.key.public(),
                signature: signed.signature,
            },
            statement: signed.dated.statement().cloned(),
            one_time_pre_key: one_time_pre_key.and_then(|id| {
                let key = *self.one_time_pre_keys.get(&id)?.key.public();
                Some(OneTimePreKey { id, key })
            }),
            kem_pre_key: signed.kem.as_ref().map(|kem| SignedKemPreKey {
                id,
                key: kem.pair.public.clone(),
                signature: kem.signature,
            }),
        })
    }

    /// B's side of X3DH for a prekey message. The store stays as it is (X3DH-11).
    ///
    /// # Errors
    /// In this order: `unknown-signed-prekey` (X3DH-08), `unknown-one-time-prekey` (X3DH-09), `invalid-key` (KEY-04),
    /// `duplicate-message`, then `rate-limited` (X3DH-14).
    pub fn respond(
        &self,
        suite: &dyn Suite,
        limits: &Limits,
        message: &PreKeyMessage<'_>,
    ) -> Result<Response, AgreementError> {
        let pre_key_id = |id| PreKeyId::within(id, &suite.identifiers().pre_key_id);
        flawed!("X3DH-08 order", (), {
            let raw = message.pre_key_id;
            let id = raw.and_then(|raw| pre_key_id(raw).ok());
            if id.is_some_and(|id| !self.one_time_pre_keys.contains_key(&id)) {
                return Err(AgreementError::UnknownOneTimePreKey(
                    raw.unwrap_or_default(),
                ));
            }
        });
        let signed = pre_key_id(message.signed_pre_key_id)
            .ok()
            .and_then(|id| Some((id, self.signed_pre_keys.get(&id)?)));
        let signed = flawed!(
            "X3DH-08 current one",
            signed,
            signed.or(self.current_signed_pre_key())
        );
        let (signed_pre_key_id, signed) = required!(
            "X3DH-08",
            signed,
            AgreementError::UnknownSignedPreKey(message.signed_pre_key_id)
        );
        let one_time = match message.pre_key_id {
            None => None,
            Some(raw) => {
                let held = pre_key_id(raw)
                    .ok()
                    .and_then(|id| Some((id, &self.one_time_pre_keys.get(&id)?.key)));
                require!(
                    "X3DH-09",
                    held.is_some(),
                    AgreementError::UnknownOneTimePreKey(raw)
                );
                held
            }
        };
        let kem_secret = self.decapsulate(suite, message)?;
        let secret = x3dh::respond(
            suite,
            &self.identity,
            &signed.key,
            one_time.map(|(_, key)| key),
            kem_secret.as_ref(),
            &message.identity_key,
            &message.base_key,
        )?;
        if let (None, Some(openings)) = (one_time, signed.openings.get(&message.identity_key)) {
            let most = flawed!("X3DH-14 unbounded", limits.max_openings, usize::MAX);
            let most = flawed!("X3DH-14 makes room", most, usize::MAX);
            let too_many = AgreementError::TooManyOpenings(limits.max_openings);
            flawed!("X3DH-14 order", (), {
                always_require!("X3DH-14", openings.len() < most, too_many);
            });
            let id = flawed!(
                "X3DH-14 base key",
                OpeningId::of(&secret),
                OpeningId::of_base_key(&message.base_key)
            );
            require!("X3DH-14", !openings.contains(&id), AgreementError::Replay);
            let taken = flawed!(
                "X3DH-14 of all",
                openings.len(),
                signed.openings.values().map(OrdSet::len).sum()
            );
            always_require!("X3DH-14", taken < most, too_many);
        }
        Ok(Response {
            secret,
            signed_pre_key: signed.key.clone(),
            signed_pre_key_id,
            one_time_pre_key_id: one_time.map(|(id, _)| id),
            identity_key: message.identity_key,
            #[cfg(feature = "flaws")]
            base_key: message.base_key,
        })
    }

    /// The KEM's secret for a prekey message, in suites that have a KEM.
    fn decapsulate(
        &self,
        suite: &dyn Suite,
        message: &PreKeyMessage<'_>,
    ) -> Result<Option<SecretBytes>, AgreementError> {
        let (Some(kem), Some(fields)) = (suite.kem(), message.kem) else {
            return Ok(None);
        };
        let held = PreKeyId::within(fields.pre_key_id, &suite.identifiers().pre_key_id)
            .ok()
            .and_then(|id| self.signed_pre_keys.get(&id)?.kem.as_ref())
            .ok_or(AgreementError::UnknownKemPreKey(fields.pre_key_id))?;
        Ok(Some(kem.decapsulate(&held.pair, fields.ciphertext)?))
    }

    /// The first ciphertext has decrypted: erases the one-time prekey (X3DH-10), or where there was none remembers the
    /// opening (X3DH-14).
    pub fn accept(&mut self, response: &Response) {
        if let Some(id) = response.one_time_pre_key_id {
            flawed!("X3DH-10 kept", drop(self.one_time_pre_keys.remove(&id)), ());
            flawed!("X3DH-10 lower ones", (), {
                let held = std::mem::take(&mut self.one_time_pre_keys).into_iter();
                self.one_time_pre_keys = held.filter(|(other, _)| *other > id).collect();
            });
        }
        self.remember(response);
    }

    pub(crate) fn remember(&mut self, response: &Response) {
        if response.one_time_pre_key_id.is_some() {
            return;
        }
        let named = flawed!(
            "X3DH-14 at the current",
            response.signed_pre_key_id,
            self.current_signed_pre_key()
                .map_or(response.signed_pre_key_id, |(id, _)| id)
        );
        if let Some(signed) = self.signed_pre_keys.get_mut(&named) {
            let openings = signed.openings.entry(response.identity_key).or_default();
            flawed!(
                "X3DH-14 not remembered",
                _ = openings.insert(response.opening()),
                ()
            );
            flawed!("X3DH-14 makes room", (), {
                if openings.len() > Limits::PROFILE.max_openings {
                    let first = openings.get_min().copied();
                    first.map(|first| openings.remove(&first));
                }
            });
        }
    }

    /// The openings of that peer are forgotten.
    #[cfg(feature = "flaws")]
    pub(crate) fn forget_openings(&mut self, identity_key: &PublicKey) {
        for signed in self.signed_pre_keys.values_mut() {
            signed.openings.remove(identity_key);
        }
    }

    /// What a device writes down that leaves something out.
    #[cfg(feature = "flaws")]
    pub(crate) fn written_down(mut self, now: Timestamp) -> Self {
        use crate::flaw::is_on;
        if is_on("XFER-15 former prekeys") {
            self.signed_pre_keys.retain(|_, key| key.replaced.is_none());
        }
        if is_on("XFER-15 openings") {
            for signed in self.signed_pre_keys.values_mut() {
                signed.openings = OrdMap::new();
            }
        }
        if is_on("XFER-15 drawn") {
            let keys = self.one_time_pre_keys.iter();
            let drawn = keys.map(|(id, held)| {
                (
                    *id,
                    OwnOneTimePreKey {
                        drawn: now,
                        ..held.clone()
                    },
                )
            });
            self.one_time_pre_keys = drawn.collect();
        }
        if is_on("XFER-15 replaced") {
            for signed in self.signed_pre_keys.values_mut() {
                signed.replaced = signed.replaced.map(|_| now);
            }
        }
        if is_on("XFER-15 next prekey") {
            self.next_one_time_pre_key_id = self.after_highest_held();
        }
        self
    }

    /// The id after the highest one-time prekey's that is still held.
    #[cfg(feature = "flaws")]
    fn after_highest_held(&self) -> Option<PreKeyId> {
        match self.one_time_pre_keys.keys().next_back() {
            Some(highest) => highest.next(),
            None => Some(PreKeyId::FIRST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::{DeviceId, UserId};
    use crate::primitives::NoRandomness;
    use crate::suite::Tigress1;
    use crate::timestamp::DAY;

    /// Randomness that never ends.
    struct Counting(u8);

    impl Randomness for Counting {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
            for byte in bytes {
                self.0 = self.0.wrapping_mul(5).wrapping_add(3);
                *byte = self.0;
            }
            Ok(())
        }
    }

    const SUITES: &[SuiteRef] = &[&Tigress1];

    fn store() -> (Address, PreKeyStore) {
        let mut randomness = Counting(1);
        let address = Address {
            user_id: UserId::random(&mut randomness).expect("never ends"),
            device_id: DeviceId::try_from(1).expect("from 1 to 127"),
        };
        let store = PreKeyStore::random(SUITES, &address, Timestamp(0), &mut randomness);
        (address, store.expect("never ends"))
    }

    fn id(id: u32) -> PreKeyId {
        PreKeyId::try_from(id).expect("a prekey id")
    }

    const LAST: u32 = 0x00ff_ffff;

    #[test]
    fn after_the_last_id_no_one_time_prekey_is_drawn() {
        let (_, mut store) = store();
        let key = store.identity().clone();
        store.insert_one_time_pre_key(id(LAST - 2), key, Timestamp(0));
        let ids = |added: Vec<OneTimePreKey>| -> Vec<u32> {
            added.iter().map(|key| key.id.get()).collect()
        };
        let mut randomness = Counting(2);
        let added = store.add_one_time_pre_keys(5, Timestamp(0), &mut randomness);
        assert_eq!(ids(added.expect("never ends")), [LAST - 1, LAST]);
        let none = store.add_one_time_pre_keys(5, Timestamp(0), &mut NoRandomness);
        assert_eq!(ids(none.expect("nothing is drawn")), [0; 0]);
        let saved = serde_json::to_string(&store).expect("JSON");
        let mut restored: PreKeyStore = serde_json::from_str(&saved).expect("just saved");
        assert_eq!(restored, store);
        let none = restored.add_one_time_pre_keys(1, Timestamp(0), &mut NoRandomness);
        assert_eq!(ids(none.expect("nothing is drawn")), [0; 0]);
    }

    #[test]
    fn after_the_last_id_a_signed_prekey_overwrites_none_that_is_held() {
        let (address, mut store) = store();
        let (_, held) = store.current_signed_pre_key().expect("the first");
        let (key, signature) = (held.key.clone(), held.signature);
        let dated = held.dated.clone();
        store.insert_signed_pre_key(id(LAST), key, signature, dated);
        let mut randomness = Counting(3);
        for week in 1..10 {
            let before: Vec<u32> = store.signed_pre_key_ids().map(u32::from).collect();
            let now = Timestamp(week * 7 * DAY);
            let limits = Limits::PROFILE;
            let rotated = store.rotate(SUITES, &address, &limits, now, &mut randomness);
            rotated.expect("never ends");
            let (current, _) = store.current_signed_pre_key().expect("a new one");
            assert!(!before.contains(&current.get()), "week {week}: {before:?}");
            let bundle = store.bundle(address, None).expect("it has one");
            assert_eq!(bundle.statement.map(|it| it.created), Some(now));
        }
    }

    #[test]
    fn a_statement_covers_what_the_profile_says() {
        let (address, store) = store();
        let bundle = store.bundle(address, None).expect("it has one");
        let SignedPreKey { id, key, .. } = bundle.signed_pre_key;
        let covered = stated(
            &address,
            store.registration_id(),
            (id, &key),
            Timestamp(0x0102_0304_0506_0708),
            &SuiteNames::try_from(vec!["a".to_owned(), "bc".to_owned()]).expect("names"),
        );
        let mut expected = b"TigressSignal/1 Statement".to_vec();
        expected.extend(address.user_id.as_bytes());
        expected.push(1);
        expected.extend(store.registration_id().get().to_be_bytes());
        expected.extend([0, 0, 0, 1]);
        expected.extend(key.encode());
        expected.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        expected.extend(b"\x01a\x02bc");
        assert_eq!(covered, expected);
    }
}
