//! The clients of an intermediary that act in scripts.

use crate::actor::Actor;
use crate::public_key::key_pair;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tigress_signal::agreement::{SuiteNames, stated};
use tigress_signal::conformance::seed;
use tigress_signal::hex;
use tigress_signal::identifier::{Address, RegistrationId};
use tigress_signal::primitives::{KeyPair, PublicKey, Secret, xeddsa};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;

/// Who acts: name, user, device, how many one-time prekeys it registers, and what its keys are made of.
pub(super) type Role = (&'static str, &'static str, u32, u64, &'static str);

pub(super) const CAST: &[Role] = &[
    ("ben", "ben", 1, 2, "ben"),
    ("ryan", "ryan", 1, 3, "ryan"),
    ("watch", "ryan", 2, 1, "ryan"),
    ("ryan_3", "ryan", 3, 0, "ryan"),
    ("ryan_9", "ryan", 9, 0, "ryan"),
    ("eve", "eve", 1, 0, "eve"),
    ("nobody", "nobody", 1, 0, "nobody"),
    // The same addresses after their state was erased, or in other hands: other keys.
    ("ryan_anew", "ryan", 1, 1, "ryan, anew"),
    ("ryan_again", "ryan", 1, 1, "ryan, again"),
    ("watch_anew", "ryan", 2, 1, "watch, anew"),
    ("thief", "ryan", 1, 1, "thief"),
];

/// When every conversation begins.
pub(super) const START: u64 = 1_700_000_000;

/// A device as its intermediary's client.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) name: &'static str,
    keys: &'static str,
    pub(super) address: Address,
    identity: KeyPair,
    registration_id: RegistrationId,
    /// What it registers.
    pub(super) registration: Value,
    /// Its token, once it has one.
    pub(super) token: Value,
}

/// The public key of that label, encoded, in hex.
pub(super) fn public(label: &str) -> String {
    hex::encode(&key_pair(&format!("intermediary/{label}")).public().encode())
}

/// The hash of an access key, of which a script sees the last eight digits alone: `########`, which number the requests.
pub(super) fn numbered_hash() -> String {
    format!("{}########", "ab".repeat(28))
}

/// The token that a device draws whose keys are made of that.
fn token_of(keys: &str, address: Address) -> [u8; 32] {
    seed::bytes(&format!("intermediary/token/{keys}/{address}"))
}

/// SHA-256, in hex.
fn hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

impl Client {
    /// One of its access keys.
    pub(super) fn access_key(&self, label: &str) -> [u8; 32] {
        seed::bytes(&format!("intermediary/access key/{}/{label}", self.name))
    }

    /// The hash of one of its access keys, as it publishes it.
    pub(super) fn access_key_hash(&self, label: &str) -> String {
        hash(&self.access_key(label))
    }

    /// The token whose hash it registers.
    pub(super) fn drawn_token(&self) -> Value {
        hex::encode(&token_of(self.keys, self.address)).into()
    }

    pub(super) fn new(&(name, user, device, one_time_pre_keys, keys): &Role) -> Self {
        let actor = Actor::on_device(keys, device);
        let (address, bundle) = (Actor::on_device(user, device).address, actor.bundle(None));
        let registration_id = RegistrationId::try_from(bundle.registration_id);
        let mut client = Client {
            name,
            keys,
            address,
            identity: actor.device.keys().identity().clone(),
            registration_id: registration_id.expect("in its range"),
            registration: json!({
                "type": "register",
                "address": address,
                "tokenHash": hash(&token_of(keys, address)),
                "registrationId": bundle.registration_id,
                "identityKey": bundle.identity_key,
                "signedPreKeyId": bundle.signed_pre_key_id,
                "signedPreKey": bundle.signed_pre_key,
                "signedPreKeySignature": bundle.signed_pre_key_signature,
                "created": bundle.created,
                "suites": bundle.suites,
                "statementSignature": bundle.statement_signature,
            }),
            token: Value::Null,
        };
        client.registers_with(one_time_pre_keys);
        client.made_at(START);
        client
    }

    /// It registers with a signed prekey that was made at that time.
    pub(super) fn made_at(&mut self, created: u64) {
        let id = self.registration["signedPreKeyId"]
            .as_u64()
            .unwrap_or_default();
        let key = self.registration["signedPreKey"]
            .as_str()
            .unwrap_or_default();
        let key = PublicKey::decode(&hex::decode(key).unwrap_or_default()).expect("its key");
        let mut registration = std::mem::take(&mut self.registration);
        self.state(&mut registration, id, &key, created);
        self.registration = registration;
    }

    /// Adds a statement about a signed prekey.
    fn state(&self, to: &mut Value, id: u64, key: &PublicKey, created: u64) {
        let suites = SuiteNames::of(&[&Tigress1]);
        let id = u32::try_from(id).ok().and_then(|id| id.try_into().ok());
        let covered = stated(
            &self.address,
            self.registration_id,
            (id.expect("in its range"), key),
            Timestamp(created),
            &suites,
        );
        let label = format!("intermediary/{}/statement/{}", self.address, hash(&covered));
        let signature = xeddsa::sign(&self.identity, &covered, &Secret::new(seed::bytes(&label)));
        to["created"] = created.into();
        to["suites"] = json!(suites);
        to["statementSignature"] = hex::encode(signature.as_bytes()).into();
    }

    /// Sets how many one-time prekeys it registers.
    pub(super) fn registers_with(&mut self, count: u64) {
        self.registration["oneTimePreKeys"] = self.one_time_pre_keys(1..=count);
    }

    pub(super) fn one_time_pre_keys(&self, ids: impl IntoIterator<Item = u64>) -> Value {
        let key = |id: u64| json!({"id": id, "key": public(&format!("{}/{id}", self.keys))});
        ids.into_iter().map(key).collect()
    }

    /// The publication of a further signed prekey, which was made at that time.
    pub(super) fn signed_pre_key(&self, id: u64, created: u64) -> Value {
        let label = format!("intermediary/{}/signed prekey {id}", self.address);
        let public_key = *key_pair(&label).public();
        let key = public_key.encode();
        let z = Secret::new(seed::bytes(&format!("{label}/z")));
        let signature = xeddsa::sign(&self.identity, &key, &z);
        let (key, signature) = (hex::encode(&key), hex::encode(signature.as_bytes()));
        let mut body = json!({
            "type": "publishSignedPreKey", "address": self.address, "id": id, "key": key, "signature": signature,
        });
        self.state(&mut body, id, &public_key, created);
        body
    }

    /// Its bundle with that signed prekey, where it is not the registered one, and that one-time prekey.
    pub(super) fn bundle(&self, signed: Option<u64>, one_time: Option<u64>) -> Value {
        let mut bundle = self.registration.clone();
        for other in ["type", "address", "tokenHash", "oneTimePreKeys"] {
            bundle.as_object_mut().map(|bundle| bundle.remove(other));
        }
        bundle["userId"] = json!(self.address.user_id);
        bundle["deviceId"] = json!(self.address.device_id);
        if let Some(id) = signed {
            let signed = self.signed_pre_key(id, START);
            bundle["signedPreKeyId"] = signed["id"].clone();
            bundle["signedPreKey"] = signed["key"].clone();
            bundle["signedPreKeySignature"] = signed["signature"].clone();
            bundle["statementSignature"] = signed["statementSignature"].clone();
        }
        if let Some(id) = one_time {
            bundle["oneTimePreKeyId"] = id.into();
            bundle["oneTimePreKey"] = self.one_time_pre_keys([id])[0]["key"].clone();
        }
        json!({"type": "bundle", "bundle": bundle})
    }

    /// What a script can name of it: `ben.token`, `ben.8.signature` of its signed prekey 8, all that it registers.
    pub(super) fn view(&self) -> Value {
        let mut view = self.registration.clone();
        view["token"] = self.token.clone();
        view["8"] = self.signed_pre_key(8, START);
        view["accessKey"] = hex::encode(&self.access_key("")).into();
        view["accessKeyHash"] = self.access_key_hash("").into();
        view
    }
}
