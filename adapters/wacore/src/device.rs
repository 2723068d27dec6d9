//! The role `device`.

use std::collections::BTreeMap;

use pollster::FutureExt;
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wacore_libsignal::protocol::{
    CiphertextMessage, CiphertextMessageType, GenericSignedPreKey, IdentityChange, IdentityKey, IdentityKeyPair, KeyPair,
    PreKeyBundle, PreKeyRecord, PreKeySignalMessage, PreKeyStore, ProtocolAddress, SessionRecord, SignalMessage,
    SignalProtocolError, SignedPreKeyRecord, Timestamp, UsePQRatchet, message_decrypt, message_encrypt,
    process_prekey_bundle,
};

use crate::fields;
use crate::outcome::{Failure, Outcome};
use crate::randomness::Script;
use crate::store::{Identities, PreKeys, Sessions, SignedPreKeys};

/// Bits of a registration id.
const REGISTRATION_ID: u16 = 0x3fff;

/// A device with its keys and sessions.
pub struct Device {
    address: ProtocolAddress,
    identities: Identities,
    signed_pre_keys: SignedPreKeys,
    pre_keys: PreKeys,
    sessions: Sessions,
}

/// A device's saved form: what the library serialises, in hex.
#[derive(Serialize, Deserialize)]
struct Saved {
    address: (String, u32),
    registration_id: u32,
    identity: String,
    signed_pre_keys: Vec<String>,
    pre_keys: Vec<String>,
    sessions: Vec<(String, u32, String)>,
    identities: Vec<(String, u32, String)>,
}

impl Device {
    fn new(address: ProtocolAddress, own: IdentityKeyPair, registration_id: u32) -> Self {
        Self {
            address,
            identities: Identities { own, registration_id, peers: BTreeMap::new() },
            signed_pre_keys: SignedPreKeys::default(),
            pre_keys: PreKeys::default(),
            sessions: Sessions::default(),
        }
    }

    /// `device.create`, without the bundle.
    pub fn create(params: &Value, random: &mut Script) -> Outcome<Self> {
        let now = fields::long(params, "now")?;
        let count = fields::number(params, "oneTimePreKeys")?;
        let own = IdentityKeyPair::generate(random);
        let mut number = [0; 2];
        random.fill_bytes(&mut number);
        let registration_id = u16::from_be_bytes(number) & REGISTRATION_ID;
        let mut device = Self::new(fields::address(&params["address"])?, own, registration_id.into());
        let pair = KeyPair::generate(random);
        let signature =
            device.identities.own.private_key().calculate_signature(&pair.public_key.serialize(), random)?;
        let time = Timestamp::from_epoch_millis(now.saturating_mul(1000));
        device.signed_pre_keys.0.push(SignedPreKeyRecord::new(1.into(), time, &pair, &signature));
        for id in 1..=count {
            device.pre_keys.0.insert(id, PreKeyRecord::new(id.into(), &KeyPair::generate(random)));
        }
        Ok(device)
    }

    /// `device.load`.
    pub fn load(params: &Value) -> Outcome<Self> {
        let own = IdentityKeyPair::try_from(fields::private_key(params, "identityPrivateKey")?)?;
        let number = fields::number(params, "registrationId")?;
        let mut device = Self::new(fields::address(&params["address"])?, own, number);
        for key in fields::items(params, "signedPreKeys")? {
            let pair = KeyPair::try_from(fields::private_key(key, "privateKey")?)?;
            let id = fields::number(key, "id")?.into();
            let time = Timestamp::from_epoch_millis(0);
            let record = SignedPreKeyRecord::new(id, time, &pair, &fields::bytes(key, "signature")?);
            device.signed_pre_keys.0.push(record);
        }
        for key in fields::items(params, "oneTimePreKeys")? {
            let pair = KeyPair::try_from(fields::private_key(key, "privateKey")?)?;
            let id = fields::number(key, "id")?;
            device.pre_keys.0.insert(id, PreKeyRecord::new(id.into(), &pair));
        }
        Ok(device)
    }

    /// The bundle, with this one-time prekey.
    pub fn bundle(&self, pre_key: Option<u32>) -> Outcome<Value> {
        let signed = self.signed_pre_keys.0.last().ok_or(SignalProtocolError::InvalidSignedPreKeyId)?;
        let mut bundle = json!({
            "userId": self.address.name(),
            "deviceId": u32::from(self.address.device_id()),
            "registrationId": self.identities.registration_id,
            "identityKey": fields::hex(self.identities.own.identity_key().serialize()),
            "signedPreKeyId": u32::from(signed.id()?),
            "signedPreKey": fields::hex(signed.public_key()?.serialize()),
            "signedPreKeySignature": fields::hex(signed.signature()?),
        });
        if let Some(id) = pre_key {
            let record = self.pre_keys.get_pre_key(id.into()).block_on()?;
            bundle["oneTimePreKeyId"] = id.into();
            bundle["oneTimePreKey"] = fields::hex(record.public_key()?.serialize()).into();
        }
        Ok(json!({ "bundle": bundle }))
    }

    /// The bundle after `device.create`: with the first one-time prekey, if there is one.
    pub fn first_bundle(&self) -> Outcome<Value> {
        self.bundle(self.pre_keys.0.keys().next().copied())
    }

    /// `device.bundle`.
    pub fn asked_bundle(&self, params: &Value) -> Outcome<Value> {
        let name = "oneTimePreKeyId";
        self.bundle(fields::has(params, name).then(|| fields::number(params, name)).transpose()?)
    }

    /// `device.keys`.
    pub fn keys(&self) -> Outcome<Value> {
        let ids = self.signed_pre_keys.0.iter().map(|record| Ok(record.id()?.into()));
        let mut signed: Vec<u32> = ids.collect::<Outcome<_>>()?;
        signed.sort_unstable();
        let one_time: Vec<_> = self.pre_keys.0.keys().collect();
        Ok(json!({ "signedPreKeyIds": signed, "oneTimePreKeyIds": one_time }))
    }

    /// `device.process_bundle`.
    pub fn process_bundle(&mut self, params: &Value, random: &mut Script) -> Outcome<Value> {
        let given = &params["bundle"];
        let peer = fields::address(given)?;
        let pre_key = if fields::has(given, "oneTimePreKey") {
            let id = fields::number(given, "oneTimePreKeyId")?;
            Some((id.into(), fields::public_key(given, "oneTimePreKey")?))
        } else {
            None
        };
        let bundle = PreKeyBundle::new(
            fields::number(given, "registrationId")?,
            peer.device_id(),
            pre_key,
            fields::number(given, "signedPreKeyId")?.into(),
            fields::public_key(given, "signedPreKey")?,
            fields::bytes(given, "signedPreKeySignature")?,
            fields::identity_key(given, "identityKey")?,
        )?;
        let (sessions, identities) = (&mut self.sessions, &mut self.identities);
        let change =
            process_prekey_bundle(&peer, sessions, identities, &bundle, random, UsePQRatchet::No).block_on()?;
        Ok(json!({ "identityChanged": change == IdentityChange::ReplacedExisting }))
    }

    /// `device.encrypt`.
    pub fn encrypt(&mut self, params: &Value) -> Outcome<Value> {
        let plaintext = fields::bytes(params, "plaintext")?;
        let peer = fields::peer(params)?;
        let message = message_encrypt(&plaintext, &peer, &mut self.sessions, &mut self.identities).block_on()?;
        let kind = if message.message_type() == CiphertextMessageType::PreKey { "prekey" } else { "ratchet" };
        Ok(json!({ "kind": kind, "message": fields::hex(message.serialize()) }))
    }

    /// `device.decrypt`. The library leaves it to its user to remove the one-time prekey.
    pub fn decrypt(&mut self, params: &Value, random: &mut Script) -> Outcome<Value> {
        let (bytes, peer) = (fields::bytes(params, "message")?, fields::peer(params)?);
        let message = match fields::text(params, "kind")? {
            "prekey" => CiphertextMessage::PreKeySignalMessage(PreKeySignalMessage::try_from(bytes.as_slice())?),
            "ratchet" => CiphertextMessage::SignalMessage(SignalMessage::try_from(bytes.as_slice())?),
            _ => return Err(Failure::BadParameter("kind")),
        };
        let decrypted = message_decrypt(
            &message,
            &peer,
            &mut self.sessions,
            &mut self.identities,
            &mut self.pre_keys,
            &self.signed_pre_keys,
            random,
            UsePQRatchet::No,
        )
        .block_on()?;
        if let Some(id) = decrypted.consumed_prekey_id {
            self.pre_keys.remove_pre_key(id).block_on()?;
        }
        Ok(json!({
            "plaintext": fields::hex(decrypted.plaintext),
            "identityChanged": decrypted.identity_change == IdentityChange::ReplacedExisting,
        }))
    }

    /// `device.drop_sessions`.
    pub fn drop_sessions(&mut self, params: &Value) -> Outcome<Value> {
        self.sessions.0.remove(&fields::peer(params)?);
        Ok(json!({}))
    }

    /// `device.save`.
    pub fn save(&self) -> Outcome<Value> {
        let parts = |address: &ProtocolAddress| (address.name().to_owned(), u32::from(address.device_id()));
        let signed = self.signed_pre_keys.0.iter().map(|record| Ok(fields::hex(record.serialize()?)));
        let one_time = self.pre_keys.0.values().map(|record| Ok(fields::hex(record.serialize()?)));
        let sessions = self.sessions.0.iter().map(|(peer, record)| {
            let (name, device) = parts(peer);
            Ok((name, device, fields::hex(record.serialize()?)))
        });
        let identities = self.identities.peers.iter().map(|(peer, key)| {
            let (name, device) = parts(peer);
            (name, device, fields::hex(key.serialize()))
        });
        let saved = Saved {
            address: parts(&self.address),
            registration_id: self.identities.registration_id,
            identity: fields::hex(self.identities.own.serialize()),
            signed_pre_keys: signed.collect::<Outcome<_>>()?,
            pre_keys: one_time.collect::<Outcome<_>>()?,
            sessions: sessions.collect::<Outcome<_>>()?,
            identities: identities.collect(),
        };
        Ok(json!({ "state": fields::hex(json!(saved).to_string()) }))
    }

    /// `device.restore`.
    pub fn restore(params: &Value) -> Outcome<Self> {
        let bad = || Failure::BadParameter("state");
        let bytes = |text: &str| fields::from_hex(text).ok_or_else(bad);
        let saved: Saved = serde_json::from_slice(&fields::bytes(params, "state")?).map_err(|_| bad())?;
        let own = IdentityKeyPair::try_from(bytes(&saved.identity)?.as_slice())?;
        let (name, number) = saved.address;
        let address = ProtocolAddress::new(&name, number.into());
        let mut device = Self::new(address, own, saved.registration_id);
        for record in saved.signed_pre_keys {
            device.signed_pre_keys.0.push(SignedPreKeyRecord::deserialize(&bytes(&record)?)?);
        }
        for record in saved.pre_keys {
            let record = PreKeyRecord::deserialize(&bytes(&record)?)?;
            device.pre_keys.0.insert(record.id()?.into(), record);
        }
        for (name, number, record) in saved.sessions {
            let peer = ProtocolAddress::new(&name, number.into());
            device.sessions.0.insert(peer, SessionRecord::deserialize(&bytes(&record)?)?);
        }
        for (name, number, key) in saved.identities {
            let peer = ProtocolAddress::new(&name, number.into());
            device.identities.peers.insert(peer, IdentityKey::decode(&bytes(&key)?)?);
        }
        Ok(device)
    }
}
