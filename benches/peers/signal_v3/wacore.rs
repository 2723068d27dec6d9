//! wacore-libsignal: sessions as its own objects in the store, and the same as bytes.

use crate::engine::Numbers;
use crate::store::{Identities, PreKeys, Sessions, SignedPreKeys};
use crate::{End, Pair, Subject};
use async_trait::async_trait;
use pollster::FutureExt;
use rand::{TryCryptoRng, TryRng};
use std::collections::BTreeMap;
use std::convert::Infallible;
use wacore_libsignal::protocol::error::Result;
use wacore_libsignal::protocol::{
    CiphertextMessage, GenericSignedPreKey, IdentityKeyPair, KeyPair, PreKeyBundle, PreKeyRecord,
    PreKeySignalMessage, ProtocolAddress, SessionRecord, SessionStore, SignalMessage,
    SignedPreKeyRecord, Timestamp, UsePQRatchet, message_decrypt, message_encrypt,
    process_prekey_bundle,
};

/// The version that Cargo.toml pins.
const VERSION: &str = "0.7.0";

pub(crate) fn in_memory() -> Subject {
    Subject {
        name: "wacore-libsignal",
        version: VERSION.to_owned(),
        keeps: "in memory",
        pair: || Box::new(Devices::<Sessions>::new()),
    }
}

pub(crate) fn as_bytes() -> Subject {
    Subject {
        name: "wacore-libsignal, its sessions as bytes",
        version: VERSION.to_owned(),
        keeps: "as bytes",
        pair: || Box::new(Devices::<Records>::new()),
    }
}

impl TryRng for Numbers {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Infallible> {
        let mut number = [0; 4];
        self.put(&mut number);
        Ok(u32::from_le_bytes(number))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Infallible> {
        let mut number = [0; 8];
        self.put(&mut number);
        Ok(u64::from_le_bytes(number))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), Infallible> {
        self.put(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Numbers {}

/// Sessions as bytes. No counters are leased: each is stored before its message is sent.
#[derive(Default)]
struct Records(BTreeMap<ProtocolAddress, Vec<u8>>);

#[async_trait]
impl SessionStore for Records {
    async fn load_session(&self, address: &ProtocolAddress) -> Result<Option<SessionRecord>> {
        let Some(bytes) = self.0.get(address) else {
            return Ok(None);
        };
        let mut record = SessionRecord::deserialize(bytes)?;
        record.waive_counter_lease();
        Ok(Some(record))
    }

    async fn has_session(&self, address: &ProtocolAddress) -> Result<bool> {
        Ok(self.0.contains_key(address))
    }

    async fn store_session(
        &mut self,
        address: &ProtocolAddress,
        record: SessionRecord,
    ) -> Result<()> {
        self.0.insert(address.clone(), record.serialize()?);
        Ok(())
    }
}

struct Device<S> {
    address: ProtocolAddress,
    identities: Identities,
    pre_keys: PreKeys,
    signed_pre_keys: SignedPreKeys,
    sessions: S,
}

struct Devices<S> {
    ends: [Device<S>; 2],
    randomness: Numbers,
}

impl<S: SessionStore + Default> Devices<S> {
    fn new() -> Self {
        let mut randomness = Numbers::default();
        let mut device = |name: &str| Device {
            address: ProtocolAddress::new(name, 1.into()),
            identities: Identities {
                own: IdentityKeyPair::generate(&mut randomness),
                registration_id: 1,
                peers: BTreeMap::new(),
                pins: BTreeMap::new(),
            },
            pre_keys: PreKeys::default(),
            signed_pre_keys: SignedPreKeys::default(),
            sessions: S::default(),
        };
        let (mut a, mut b) = (device("a"), device("b"));
        let (signed, one_time) = (
            KeyPair::generate(&mut randomness),
            KeyPair::generate(&mut randomness),
        );
        let private = b.identities.own.private_key();
        let signature =
            private.calculate_signature(&signed.public_key.serialize(), &mut randomness);
        let signature = signature.expect("a signature");
        let time = Timestamp::from_epoch_millis(0);
        let record = SignedPreKeyRecord::new(1.into(), time, &signed, &signature);
        b.signed_pre_keys.0.push(record);
        b.pre_keys
            .0
            .insert(1, PreKeyRecord::new(1.into(), &one_time));
        let bundle = PreKeyBundle::new(
            1,
            b.address.device_id(),
            Some((1.into(), one_time.public_key)),
            1.into(),
            signed.public_key,
            signature.to_vec(),
            *b.identities.own.identity_key(),
        );
        process_prekey_bundle(
            &b.address,
            &mut a.sessions,
            &mut a.identities,
            &bundle.expect("a bundle"),
            &mut randomness,
            UsePQRatchet::No,
        )
        .block_on()
        .expect("a good bundle");
        let mut devices = Devices {
            ends: [a, b],
            randomness,
        };
        let first = devices.encrypt(End::A, b"");
        let first = PreKeySignalMessage::try_from(first.as_slice()).expect("a prekey message");
        let first = CiphertextMessage::PreKeySignalMessage(first);
        devices.read(End::B, &first).expect("a first message");
        let answer = devices.encrypt(End::B, b"");
        devices.decrypt(End::A, &answer).expect("an answer");
        let turn = devices.encrypt(End::A, b"");
        devices.decrypt(End::B, &turn).expect("a turn");
        devices
    }

    fn read(&mut self, at: End, message: &CiphertextMessage) -> Option<Vec<u8>> {
        let [a, b] = &mut self.ends;
        let (own, from) = if at == End::A { (a, b) } else { (b, a) };
        let read = message_decrypt(
            message,
            &from.address,
            &mut own.sessions,
            &mut own.identities,
            &mut own.pre_keys,
            &own.signed_pre_keys,
            &mut self.randomness,
            UsePQRatchet::No,
        );
        Some(read.block_on().ok()?.plaintext)
    }
}

impl<S: SessionStore + Default> Pair for Devices<S> {
    fn encrypt(&mut self, from: End, plaintext: &[u8]) -> Vec<u8> {
        let [a, b] = &mut self.ends;
        let (own, to) = if from == End::A { (a, b) } else { (b, a) };
        let message = message_encrypt(
            plaintext,
            &to.address,
            &mut own.sessions,
            &mut own.identities,
        );
        message.block_on().expect("a message").serialize().to_vec()
    }

    fn decrypt(&mut self, at: End, message: &[u8]) -> Option<Vec<u8>> {
        let message = SignalMessage::try_from(message).ok()?;
        self.read(at, &CiphertextMessage::SignalMessage(message))
    }
}
