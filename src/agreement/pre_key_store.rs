//! A device's own keys for X3DH: identity, signed prekeys, one-time prekeys, and which base keys it has
//! seen (profile KEY-06 to KEY-08, X3DH-08 to X3DH-11, X3DH-14).

use super::x3dh::{self, SharedSecret};
use super::{AgreementError, Bundle, Limits, OneTimePreKey, SignedKemPreKey, SignedPreKey};
use crate::identifier::{Address, PreKeyId, RegistrationId};
#[cfg(feature = "flaws")]
use crate::primitives::PrivateKey;
use crate::primitives::{
    KeyPair, PublicKey, Randomness, RandomnessError, Secret, SecretBytes, Signature,
};
use crate::requirement::{flawed, require, required};
use crate::suite::{KemKeyPair, Party, Suite};
use crate::timestamp::Timestamp;
use crate::wire::PreKeyMessage;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An identity key and base key that opened a session (X3DH-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Opening {
    identity_key: PublicKey,
    base_key: PublicKey,
}

/// A signed prekey of this device.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnSignedPreKey {
    key: KeyPair,
    signature: Signature,
    created: Timestamp,
    /// When another took its place; the current one has none.
    replaced: Option<Timestamp>,
    /// The base keys of every prekey message accepted with it (X3DH-14): they go when it goes.
    openings: OrdSet<Opening>,
    /// The KEM prekey that came with it, under the same id, in suites that have a KEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kem: Option<OwnKemPreKey>,
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
    one_time_pre_keys: OrdMap<PreKeyId, KeyPair>,
    /// The id of the next one-time prekey: an id once used is not used again (ID-06).
    next_one_time_pre_key_id: PreKeyId,
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
    opening: Opening,
}

impl PreKeyStore {
    /// Draws a device's keys: identity key pair, registration id, signed prekey, its signature (RND-01).
    pub fn random(
        suite: &dyn Suite,
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
        let registration_id = RegistrationId::random(randomness)?;
        let mut store = Self::new(identity, registration_id);
        store.add_signed_pre_key(suite, PreKeyId::FIRST, now, randomness)?;
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
            next_one_time_pre_key_id: PreKeyId::FIRST,
        }
    }

    /// Adds a given signed prekey, made at `created`, as the current one.
    pub fn insert_signed_pre_key(
        &mut self,
        id: PreKeyId,
        key: KeyPair,
        signature: Signature,
        created: Timestamp,
    ) {
        let added = OwnSignedPreKey {
            key,
            signature,
            created,
            replaced: None,
            openings: OrdSet::new(),
            kem: None,
        };
        self.replace_signed_pre_key(id, added);
    }

    fn replace_signed_pre_key(&mut self, id: PreKeyId, added: OwnSignedPreKey) {
        for other in self.signed_pre_keys.values_mut() {
            other.replaced.get_or_insert(added.created);
        }
        self.signed_pre_keys.insert(id, added);
    }

    /// Adds a given one-time prekey.
    pub fn insert_one_time_pre_key(&mut self, id: PreKeyId, key: KeyPair) {
        self.one_time_pre_keys.insert(id, key);
        if id >= self.next_one_time_pre_key_id {
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

    /// Every id that a store holds, with the one that it gives next.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PreKeyId> {
        self.signed_pre_key_ids()
            .chain(self.one_time_pre_key_ids())
            .chain([self.next_one_time_pre_key_id])
    }

    /// Draws `count` one-time prekeys, 32 bytes each, by rising id (RND-01), and gives their public halves.
    pub fn add_one_time_pre_keys(
        &mut self,
        count: usize,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<OneTimePreKey>, RandomnessError> {
        let keys = (0..count)
            .map(|_| KeyPair::random(randomness))
            .collect::<Result<Vec<_>, _>>()?;
        let added = keys.into_iter().map(|pair| {
            let id = self.next_one_time_pre_key_id;
            let pair = flawed!(
                "PRIV-02 fixed prekey",
                pair,
                KeyPair::from(PrivateKey::from([7; 32]))
            );
            let key = *pair.public();
            self.insert_one_time_pre_key(id, pair);
            OneTimePreKey { id, key }
        });
        Ok(added.collect())
    }

    /// Replaces the signed prekey where it is 7 days old, and erases those replaced 30 days ago (KEY-08).
    ///
    /// A replacement draws 32 bytes for the key pair, then 64 for its signature (RND-01); then, where the suite
    /// has a KEM, a key pair of that and another 64.
    pub fn rotate(
        &mut self,
        suite: &dyn Suite,
        limits: &Limits,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<(), RandomnessError> {
        let lifetime = limits.signed_pre_key_lifetime;
        let due = self.current_signed_pre_key().is_none_or(|(_, current)| {
            now.seconds_since(current.created)
                >= flawed!("KEY-08 never replaced", lifetime, u64::MAX)
        });
        if due {
            let id = self
                .signed_pre_keys
                .keys()
                .next_back()
                .map_or(PreKeyId::FIRST, |last| last.next());
            self.add_signed_pre_key(suite, id, now, randomness)?;
        }
        let latency = flawed!("KEY-08 erased at once", limits.max_latency, 1);
        let latency = flawed!("KEY-08 never erased", latency, u64::MAX);
        self.signed_pre_keys.retain(|_, key| {
            let replaced = key.replaced;
            replaced.is_none_or(|replaced| now.seconds_since(replaced) < latency)
        });
        Ok(())
    }

    fn add_signed_pre_key(
        &mut self,
        suite: &dyn Suite,
        id: PreKeyId,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<(), RandomnessError> {
        let key = KeyPair::random(randomness)?;
        // KEY-07: the signature covers the encoded key.
        let encoded = key.public().encode();
        let covered = &encoded[flawed!("KEY-07 bare key", 0, 1)..];
        let signature = self.sign(suite, covered, randomness)?;
        let kem = match suite.kem() {
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
            created: now,
            replaced: None,
            openings: OrdSet::new(),
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
            .map(|(_, current)| current.created)
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
            one_time_pre_key: one_time_pre_key.and_then(|id| {
                let key = *self.one_time_pre_keys.get(&id)?.public();
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
    /// In this order: `unknown-signed-prekey` (X3DH-08), `duplicate-message` (X3DH-14),
    /// `unknown-one-time-prekey` (X3DH-09), `invalid-key` (KEY-04).
    pub fn respond(
        &self,
        suite: &dyn Suite,
        message: &PreKeyMessage<'_>,
    ) -> Result<Response, AgreementError> {
        let opening = Opening {
            identity_key: message.identity_key,
            base_key: message.base_key,
        };
        let pre_key_id = |id| PreKeyId::within(id, &suite.identifiers().pre_key_id);
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
        require!(
            "X3DH-14",
            !signed.openings.contains(&opening),
            AgreementError::Replay
        );
        let one_time = match message.pre_key_id {
            None => None,
            Some(raw) => {
                let held = pre_key_id(raw)
                    .ok()
                    .and_then(|id| Some((id, self.one_time_pre_keys.get(&id)?)));
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
        Ok(Response {
            secret,
            signed_pre_key: signed.key.clone(),
            signed_pre_key_id,
            one_time_pre_key_id: one_time.map(|(id, _)| id),
            opening,
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

    /// The first ciphertext has decrypted: erases the one-time prekey (X3DH-10) and remembers the base key
    /// (X3DH-14).
    pub fn accept(&mut self, response: &Response) {
        if let Some(id) = response.one_time_pre_key_id {
            flawed!("X3DH-10 kept", drop(self.one_time_pre_keys.remove(&id)), ());
        }
        self.remember(response);
    }

    pub(crate) fn remember(&mut self, response: &Response) {
        if let Some(signed) = self.signed_pre_keys.get_mut(&response.signed_pre_key_id) {
            flawed!(
                "X3DH-14 not remembered",
                _ = signed.openings.insert(response.opening),
                ()
            );
        }
    }
}
