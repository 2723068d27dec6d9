//! The clients of an intermediary that act in scripts.

use crate::actor::Actor;
use crate::public_key::key_pair;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tigress_signal::conformance::seed;
use tigress_signal::hex;
use tigress_signal::identifier::Address;
use tigress_signal::primitives::{KeyPair, Secret, xeddsa};

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

/// A device as its intermediary's client.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) name: &'static str,
    keys: &'static str,
    pub(super) address: Address,
    identity: KeyPair,
    /// What it registers.
    pub(super) registration: Value,
    /// Its token, once it has one.
    pub(super) token: Value,
}

/// The public key of that label, encoded, in hex.
pub(super) fn public(label: &str) -> String {
    hex::encode(&key_pair(&format!("intermediary/{label}")).public().encode())
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
    /// The token whose hash it registers.
    pub(super) fn drawn_token(&self) -> Value {
        hex::encode(&token_of(self.keys, self.address)).into()
    }

    pub(super) fn new(&(name, user, device, one_time_pre_keys, keys): &Role) -> Self {
        let actor = Actor::on_device(keys, device);
        let (address, bundle) = (Actor::on_device(user, device).address, actor.bundle(None));
        let mut client = Client {
            name,
            keys,
            address,
            identity: actor.device.keys().identity().clone(),
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
        client
    }

    /// Sets how many one-time prekeys it registers.
    pub(super) fn registers_with(&mut self, count: u64) {
        self.registration["oneTimePreKeys"] = self.one_time_pre_keys(1..=count);
    }

    pub(super) fn one_time_pre_keys(&self, ids: impl IntoIterator<Item = u64>) -> Value {
        let key = |id: u64| json!({"id": id, "key": public(&format!("{}/{id}", self.keys))});
        ids.into_iter().map(key).collect()
    }

    /// The publication of a further signed prekey.
    pub(super) fn signed_pre_key(&self, id: u64) -> Value {
        let label = format!("intermediary/{}/signed prekey {id}", self.address);
        let key = key_pair(&label).public().encode();
        let z = Secret::new(seed::bytes(&format!("{label}/z")));
        let signature = xeddsa::sign(&self.identity, &key, &z);
        let (key, signature) = (hex::encode(&key), hex::encode(signature.as_bytes()));
        json!({
            "type": "publishSignedPreKey", "address": self.address, "id": id, "key": key, "signature": signature,
        })
    }

    /// Its bundle with that signed prekey, where it is not the registered one, and that one-time prekey.
    pub(super) fn bundle(&self, signed: Option<u64>, one_time: Option<u64>) -> Value {
        let mut bundle = self.registration.clone();
        for other in ["type", "address", "oneTimePreKeys"] {
            bundle.as_object_mut().map(|bundle| bundle.remove(other));
        }
        bundle["userId"] = json!(self.address.user_id);
        bundle["deviceId"] = json!(self.address.device_id);
        if let Some(id) = signed {
            let signed = self.signed_pre_key(id);
            bundle["signedPreKeyId"] = signed["id"].clone();
            bundle["signedPreKey"] = signed["key"].clone();
            bundle["signedPreKeySignature"] = signed["signature"].clone();
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
        view["8"] = self.signed_pre_key(8);
        view
    }
}
