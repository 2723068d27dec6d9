//! The engine above `suite/` runs unchanged on a suite that differs in every choice: names and ids from 0, keys
//! that are not reduced, a KEM in the agreement, labels, start of the ratchet, previous counter, limits, a
//! second ratchet in a header extension, a cipher with a MAC in the trailer, a lenient parser, associated data.
//! And one device speaks it beside another.

use crate::common;

use common::{Exhausted, Seeded, bundle, device_of};
use tigress_signal::agreement::{BundleFields, PreKeyStore, stated};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{
    Address, DeviceId, Identifiers, PreKeyId, RegistrationId, UserId,
};
use tigress_signal::primitives::hkdf::{self, hkdf_sha256};
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{
    KeyPair, PrimitiveError, PrivateKey, PublicKey, Randomness, RandomnessError, Secret,
    SecretBytes, Signature, xeddsa,
};
use tigress_signal::sesame::{Device, Limits as DeviceLimits, SavedDevice};
use tigress_signal::short_bytes::ShortBytes;
use tigress_signal::suite::protobuf::{Field, Kind, Reader, Value};
use tigress_signal::suite::{
    Agreement, AssociatedData, Cipher, Encapsulated, EncodedAddress, FormerChain, Kem, KemKeyPair,
    Keys, Limits, MessageKey, Parties, Ratchet, Role, Schema, Scope, Sealing, SecondRatchet,
    SecondStep, Suite, SuiteError, SuiteRef, Tigress1, Wire, Yield,
};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};
use zeroize::Zeroizing;

/// Nobody's suite: the shape of deployed formats, older and newer, made of what is at hand.
#[derive(Debug)]
struct Contrast;

const TRAILER: usize = 8;

const LIMITS: Limits = Limits {
    max_skip: 25_000,
    max_stored: 4,
    stored_scope: Scope::Chain,
    receiving_chains: 5,
    former_chain: FormerChain::KeptOpen,
    max_plaintext: 1000,
};

const IDENTIFIERS: Identifiers = Identifiers {
    names: true,
    device_id: 1..=0x7fff_ffff,
    registration_id: 0..=0x3fff,
    pre_key_id: 0..=0x00ff_ffff,
};

const fn field(number: u32, kind: Kind, required: bool) -> Field {
    Field {
        number,
        kind,
        required,
    }
}

const UINT32: Kind = Kind::Uint32(0..=u32::MAX);

const RATCHET_MESSAGE: Schema = Schema {
    fields: &[
        field(1, Kind::Bytes, true),
        field(2, UINT32, false),
        field(3, UINT32, false),
        field(4, Kind::Bytes, true),
        field(5, Kind::Bytes, true),
    ],
    max_length: 2000,
};

const PRE_KEY_MESSAGE: Schema = Schema {
    fields: &[
        field(1, UINT32, false),
        field(2, Kind::Bytes, true),
        field(3, Kind::Bytes, true),
        field(4, Kind::Bytes, true),
        field(5, UINT32, false),
        field(6, UINT32, false),
        field(7, UINT32, false),
        field(8, Kind::Bytes, true),
    ],
    max_length: 2200,
};

impl Contrast {
    /// The second ratchet's key is the salt.
    fn keystream(sealing: &Sealing<'_>, length: usize) -> Vec<u8> {
        let mut stream = vec![0; length];
        let salt = sealing.second_key.map(|key| &key.expose()[..]);
        hkdf::expand(
            salt,
            &[sealing.key.expose()],
            b"Contrast stream",
            &mut stream,
        );
        stream
    }

    /// Over the associated data and everything that stands before the trailer.
    fn tag(sealing: &Sealing<'_>, message: &[u8]) -> [u8; TRAILER] {
        let salt = sealing.second_key.map(|key| &key.expose()[..]);
        let mac_key: Secret<32> = hkdf_sha256(salt, &[sealing.key.expose()], b"Contrast MAC");
        let mac = hmac_sha256(
            mac_key.expose(),
            &[sealing.associated_data.as_bytes(), message].concat(),
        );
        mac.expose()[..TRAILER].try_into().expect("8 bytes")
    }
}

impl Suite for Contrast {
    fn name(&self) -> &'static str {
        "contrast"
    }
}

impl Keys for Contrast {
    fn identifiers(&self) -> &'static Identifiers {
        &IDENTIFIERS
    }

    /// The name, then the DeviceID.
    fn encode_address(&self, address: &Address) -> EncodedAddress {
        let user = address.user_id.as_bytes();
        let device_id = address.device_id.get().to_be_bytes();
        ShortBytes::concat(&[user, &device_id]).expect("at most 68 bytes")
    }

    fn read_public_key(&self, bytes: &[u8]) -> Result<PublicKey, PrimitiveError> {
        PublicKey::decode_unreduced(bytes)
    }

    fn sign(&self, key: &KeyPair, message: &[u8], z: &Secret<64>) -> Signature {
        xeddsa::sign(key, message, z)
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), PrimitiveError> {
        xeddsa::verify(key, message, signature)
    }
}

impl Agreement for Contrast {
    fn x3dh_info(&self) -> &'static [u8] {
        b"Contrast X3DH"
    }

    fn yields(&self) -> Yield {
        Yield::RootKeyChainKeyAndSecondKey
    }

    fn associated_data(&self, parties: &Parties, sender: Role) -> AssociatedData {
        let key = |role| parties.get(role).identity_key.encode();
        let address = |role| self.encode_address(&parties.get(role).address);
        AssociatedData::concat(&[
            &key(sender),
            &key(sender.other()),
            address(sender).as_bytes(),
            address(sender.other()).as_bytes(),
        ])
        .expect("two keys and two addresses")
    }

    fn kem(&self) -> Option<&'static dyn Kem> {
        Some(&DhKem)
    }
}

/// A KEM made of a Diffie-Hellman: `K` and the encoding of an X25519 key are its public keys and ciphertexts.
#[derive(Debug)]
struct DhKem;

impl DhKem {
    fn encode(key: &PublicKey) -> Vec<u8> {
        [b"K", &key.encode()[..]].concat()
    }

    fn decode(bytes: &[u8]) -> Result<PublicKey, PrimitiveError> {
        PublicKey::decode(
            bytes
                .strip_prefix(b"K")
                .ok_or(PrimitiveError::KeyEncoding)?,
        )
    }
}

impl Kem for DhKem {
    fn key_pair(&self, randomness: &mut dyn Randomness) -> Result<KemKeyPair, RandomnessError> {
        let pair = KeyPair::random(randomness)?;
        Ok(KemKeyPair {
            private: pair.private().expose().to_vec().into(),
            public: Hex(Self::encode(pair.public())),
        })
    }

    fn check_public_key(&self, public: &[u8]) -> Result<(), PrimitiveError> {
        Self::decode(public).map(drop)
    }

    fn encapsulate(
        &self,
        public: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Encapsulated, RandomnessError> {
        let public = Self::decode(public).expect("it was checked");
        let ephemeral = KeyPair::random(randomness)?;
        let secret = ephemeral
            .private()
            .diffie_hellman(&public)
            .expect("of no small order");
        Ok(Encapsulated {
            secret: secret.expose().to_vec().into(),
            ciphertext: Self::encode(ephemeral.public()),
        })
    }

    fn decapsulate(
        &self,
        pair: &KemKeyPair,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, PrimitiveError> {
        let private = <[u8; 32]>::try_from(pair.private.expose()).expect("32 bytes");
        let secret = PrivateKey::from(private).diffie_hellman(&Self::decode(ciphertext)?)?;
        Ok(secret.expose().to_vec().into())
    }
}

impl Ratchet for Contrast {
    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn root_info(&self) -> &'static [u8] {
        b"Contrast Ratchet"
    }

    fn previous_counter(&self, sent: u32) -> u32 {
        sent.saturating_sub(1)
    }

    fn second_ratchet(&self) -> Option<&'static dyn SecondRatchet> {
        Some(&Nonces)
    }
}

/// A ratchet that counts: its state is a key and how much was sent and received; what it sends is a nonce drawn
/// for the message. Its first messages come without a key.
#[derive(Debug)]
struct Nonces;

const NONCE: usize = 16;

impl Nonces {
    fn step(state: &SecretBytes, place: usize, extension: &[u8]) -> SecondStep {
        let mut next = state.expose().to_vec();
        next[place] = next[place].wrapping_add(1);
        let key = |state: &[u8]| hmac_sha256(&state[..32], extension);
        SecondStep {
            key: (extension[0] > 0).then(|| key(state.expose())),
            state: next.into(),
        }
    }
}

impl SecondRatchet for Nonces {
    fn start(&self, _role: Role, key: &Secret<32>) -> SecretBytes {
        [&key.expose()[..], &[0, 0]].concat().into()
    }

    fn send(
        &self,
        state: &SecretBytes,
        randomness: &mut dyn Randomness,
    ) -> Result<(SecondStep, Vec<u8>), RandomnessError> {
        let mut extension = vec![0; 1 + NONCE];
        extension[0] = state.expose()[32];
        randomness.fill(&mut extension[1..])?;
        Ok((Self::step(state, 32, &extension), extension))
    }

    fn receive(&self, state: &SecretBytes, extension: &[u8]) -> Result<SecondStep, SuiteError> {
        if extension.len() != 1 + NONCE {
            return Err(SuiteError::Malformed {
                at: 0,
                why: "a nonce of another length",
            });
        }
        Ok(Self::step(state, 33, extension))
    }
}

impl Cipher for Contrast {
    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(key.expose().to_vec())
    }

    fn ciphertext_length(&self, plaintext: usize) -> usize {
        plaintext
    }

    fn min_ciphertext_length(&self) -> usize {
        0
    }

    fn seal(&self, sealing: &Sealing<'_>, plaintext: &[u8], after: &[u8], out: &mut Vec<u8>) {
        let stream = Self::keystream(sealing, plaintext.len());
        out.extend(plaintext.iter().zip(stream).map(|(byte, key)| byte ^ key));
        out.extend_from_slice(after);
        let tag = Self::tag(sealing, out);
        out.extend_from_slice(&tag);
    }

    fn open(
        &self,
        sealing: &Sealing<'_>,
        message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        let (body, tag) = message
            .split_last_chunk::<TRAILER>()
            .ok_or(PrimitiveError::Tag)?;
        if *tag != Self::tag(sealing, body) {
            return Err(PrimitiveError::Tag.into());
        }
        let stream = Self::keystream(sealing, ciphertext.len());
        let plaintext = ciphertext.iter().zip(stream).map(|(byte, key)| byte ^ key);
        Ok(Zeroizing::new(plaintext.collect()))
    }
}

impl Wire for Contrast {
    fn version(&self) -> u8 {
        0x33
    }

    fn accepts_version(&self, version: u8) -> bool {
        version >> 4 == 3
    }

    fn ratchet_message(&self) -> &'static Schema {
        &RATCHET_MESSAGE
    }

    fn pre_key_message(&self) -> &'static Schema {
        &PRE_KEY_MESSAGE
    }

    fn trailer_length(&self) -> usize {
        TRAILER
    }

    /// Unknown fields are skipped, the last of repeated ones counts, any order will do.
    fn read_fields<'a>(
        &self,
        schema: &[Field],
        message: &'a [u8],
        start: usize,
        end: usize,
        values: &mut [Option<Value<'a>>],
    ) -> Result<(), SuiteError> {
        values.fill(None);
        let mut reader = Reader::new(&message[..end.max(start)], start);
        while !reader.is_at_end() {
            let at = reader.at();
            let tag = reader.varint()?.value;
            let value = match tag & 7 {
                0 => Value::Uint32(u32::try_from(reader.varint()?.value).unwrap_or(u32::MAX)),
                2 => {
                    let length = reader.varint()?.value;
                    Value::Bytes(reader.take(length)?)
                }
                _ => {
                    return Err(SuiteError::Malformed {
                        at,
                        why: "a wire type not used here",
                    });
                }
            };
            let known = schema
                .iter()
                .position(|field| u64::from(field.number) == tag >> 3);
            if let Some(index) = known {
                values[index] = Some(value);
            }
        }
        let missing = schema
            .iter()
            .zip(values.iter())
            .any(|(field, value)| field.required && value.is_none());
        if missing {
            return Err(SuiteError::Malformed {
                at: end,
                why: "a field is missing",
            });
        }
        Ok(())
    }
}

const SUITES: &[SuiteRef] = &[&Contrast, &Tigress1];

/// A device, and the randomness that it draws from.
struct Peer {
    address: Address,
    device: Device,
    randomness: Seeded,
}

impl Peer {
    /// A device of that name with registration id 0 and a one-time prekey 0.
    fn named(name: &str, seed: u64) -> Self {
        let mut randomness = Seeded(seed);
        let address = Address {
            user_id: UserId::named(name).expect("a name"),
            device_id: DeviceId::within(0x0012_3456, &IDENTIFIERS.device_id).expect("in range"),
        };
        let key_pair = |randomness: &mut Seeded| KeyPair::random(randomness).expect("never ends");
        let zero = RegistrationId::within(0, &IDENTIFIERS.registration_id).expect("in range");
        let mut keys = PreKeyStore::new(key_pair(&mut randomness), zero);
        let zero = PreKeyId::within(0, &IDENTIFIERS.pre_key_id).expect("in range");
        keys.insert_one_time_pre_key(zero, key_pair(&mut randomness), Timestamp(0));
        let mut device = Device::new(&Contrast, address, keys);
        device
            .tick(Timestamp(0), &mut randomness)
            .expect("never ends");
        Peer {
            address,
            device,
            randomness,
        }
    }

    /// A device that speaks these suites, the preferred one first.
    fn speaking(suites: &[SuiteRef], seed: u64) -> Self {
        let mut randomness = Seeded(seed);
        let address = Address {
            user_id: UserId::random(&mut randomness).expect("never ends"),
            device_id: DeviceId::try_from(1).expect("from 1 to 127"),
        };
        let keys = PreKeyStore::random(suites, &address, Timestamp(0), &mut randomness);
        let mut keys = keys.expect("never ends");
        keys.add_one_time_pre_keys(4, Timestamp(0), &mut randomness)
            .expect("never ends");
        let device = Device::new(suites[0], address, keys);
        Peer {
            address,
            device: suites[1..]
                .iter()
                .fold(device, |device, suite| device.and_speaks(*suite)),
            randomness: Seeded(seed + 100),
        }
    }

    fn opens(&mut self, bundle: &BundleFields) {
        self.device
            .process_bundle(bundle, &mut self.randomness)
            .expect("a good bundle");
    }

    fn send(&mut self, to: &Peer, plaintext: &[u8]) -> Message {
        self.device
            .encrypt(&to.address, plaintext, &mut self.randomness)
            .expect("a session")
    }

    /// Reads a message; one that is refused changes nothing.
    fn read(&mut self, from: &Peer, message: &Message) -> Result<Vec<u8>, Option<ErrorCode>> {
        let before = self.device.clone();
        let (kind, bytes) = (message.kind, &message.bytes);
        let read = self
            .device
            .decrypt(&from.address, kind, bytes, &mut self.randomness);
        match read {
            Ok(read) => Ok(read.plaintext.to_vec()),
            Err(error) => {
                assert_eq!(self.device, before, "refused with {error}");
                Err(error.code())
            }
        }
    }

    /// Saves and restores.
    fn restart(&mut self) {
        let saved = SavedDevice::from_json(&self.device.save().to_json()).expect("just written");
        let restored = saved.restore(SUITES, &DeviceLimits::default());
        let restored = restored.expect("just saved");
        assert_eq!(restored, self.device);
        self.device = restored;
    }

    fn suite_with(&self, peer: &Peer) -> &'static str {
        self.device
            .session(&peer.address)
            .expect("a session")
            .suite()
            .name()
    }
}

/// The bundle with a statement of its device's that names these suites.
fn restated(of: &Peer, mut bundle: BundleFields, suites: &[&str]) -> BundleFields {
    bundle.suites = Some(suites.iter().map(|name| (*name).to_owned()).collect());
    let range = &IDENTIFIERS;
    let id = RegistrationId::within(bundle.registration_id, &range.registration_id);
    let spk_id = PreKeyId::within(bundle.signed_pre_key_id, &range.pre_key_id);
    let key = PublicKey::decode_unreduced(&bundle.signed_pre_key).expect("a key");
    let covered = stated(
        &of.address,
        id.expect("in range"),
        (spk_id.expect("in range"), &key),
        bundle.created.expect("a time"),
        &bundle.named_suites().expect("names"),
    );
    let identity = of.device.keys().identity();
    let signature = xeddsa::sign(identity, &covered, &Secret::new([8; 64]));
    bundle.statement_signature = Some(signature.as_bytes().into());
    bundle
}

/// The suites that a bundle's statement names.
fn said_suites(bundle: &BundleFields) -> &[String] {
    bundle.suites.as_deref().unwrap_or_default()
}

/// Two devices that speak it, and Alice's session with Bob.
fn pair() -> (Peer, Peer) {
    let (mut alice, bob) = (Peer::named("alice@example.org", 1), Peer::named("bob", 2));
    alice.opens(&bundle(&bob.device));
    (alice, bob)
}

/// A message to and an answer, three times; both devices restart after each step.
fn converse(alice: &mut Peer, bob: &mut Peer) {
    for n in 0..3_u8 {
        let message = alice.send(bob, &[n, n]);
        alice.restart();
        assert_eq!(bob.read(alice, &message), Ok(vec![n, n]));
        bob.restart();
        let answer = bob.send(alice, &[n]);
        bob.restart();
        assert_eq!(alice.read(bob, &answer), Ok(vec![n]));
        alice.restart();
    }
}

#[test]
fn a_conversation_goes_to_and_fro() {
    let (mut alice, mut bob) = pair();
    let first = alice.send(&bob, b"hello");
    assert_eq!((first.kind, first.bytes[0]), (MessageKind::PreKey, 0x33));
    assert_eq!(bob.read(&alice, &first), Ok(b"hello".to_vec()));
    converse(&mut alice, &mut bob);
    assert_eq!(alice.send(&bob, b"").kind, MessageKind::Ratchet);
}

#[test]
fn names_and_ids_from_0_are_the_suite_s_own() {
    let (mut alice, mut bob) = pair();
    let published = bundle(&bob.device);
    assert_eq!(
        (published.user_id.as_str(), published.registration_id),
        ("bob", 0)
    );
    assert_eq!(published.one_time_pre_key_id, Some(0));
    let first = alice.send(&bob, b"hello");
    let read = PreKeyMessage::decode(&Contrast, &first.bytes).expect("a prekey message");
    assert_eq!((read.pre_key_id, read.registration_id), (Some(0), 0));
    assert_eq!(bob.read(&alice, &first), Ok(b"hello".to_vec()));
    // In the other suite neither is an address or an id.
    let mut other = Peer::speaking(&[&Tigress1], 3);
    let published = restated(&bob, published, &["tigress-1"]);
    let refused = other.device.process_bundle(&published, &mut Exhausted);
    assert_eq!(
        refused.expect_err("a name").code(),
        Some(ErrorCode::Malformed)
    );
    let mut stranger = Peer::speaking(&[&Tigress1], 4);
    stranger.opens(&bundle(&other.device));
    let message = stranger.send(&other, b"hello");
    stranger.address = alice.address;
    assert_eq!(
        other.read(&stranger, &message),
        Err(Some(ErrorCode::Malformed))
    );
}

#[test]
fn a_key_that_is_not_reduced_is_used_as_it_stands() {
    let (mut alice, mut bob) = pair();
    let mut published = bundle(&bob.device);
    published.signed_pre_key.0[32] |= 0x80;
    let identity = bob.device.keys().identity();
    let signature = xeddsa::sign(identity, &published.signed_pre_key, &Secret::new([7; 64]));
    published.signed_pre_key_signature = signature.as_bytes().into();
    let mut published = restated(&bob, published, &["contrast", "tigress-1"]);
    alice.opens(&published);
    converse(&mut alice, &mut bob);
    let mut other = Peer::speaking(&[&Tigress1], 3);
    published.user_id = other.address.user_id.to_string();
    published.device_id = 1;
    published.registration_id = 1;
    published.one_time_pre_key_id = Some(1);
    let refused = other.device.process_bundle(&published, &mut Exhausted);
    assert_eq!(
        refused.expect_err("KEY-03").code(),
        Some(ErrorCode::InvalidKey)
    );
}

#[test]
fn the_kem_s_secret_is_part_of_the_agreement() {
    let (mut alice, mut bob) = pair();
    let published = bundle(&bob.device);
    let refused = |change: &dyn Fn(&mut BundleFields)| {
        let mut changed = published.clone();
        change(&mut changed);
        let (_, mut stranger) = device_of(&Contrast, 9);
        let refused = stranger.process_bundle(&changed, &mut Exhausted);
        refused.expect_err("nothing is drawn for it").code()
    };
    let kem = |bundle: &mut BundleFields| bundle.kem_pre_key.clone().expect("it has one");
    assert_eq!(
        refused(&|bundle| bundle.kem_pre_key = None),
        Some(ErrorCode::Malformed)
    );
    assert_eq!(
        refused(&|bundle| {
            let mut changed = kem(bundle);
            changed.key.0[0] = b'L';
            bundle.kem_pre_key = Some(changed);
        }),
        Some(ErrorCode::InvalidKey)
    );
    assert_eq!(
        refused(&|bundle| {
            let mut changed = kem(bundle);
            changed.signature = bundle.signed_pre_key_signature.clone();
            bundle.kem_pre_key = Some(changed);
        }),
        Some(ErrorCode::InvalidSignature)
    );
    let first = alice.send(&bob, b"hello");
    let read = PreKeyMessage::decode(&Contrast, &first.bytes).expect("a prekey message");
    let carried = read
        .kem
        .expect("it carries a ciphertext")
        .ciphertext
        .to_vec();
    let other = DhKem::encode(&PrivateKey::from([9; 32]).public_key());
    let mut changed = first.clone();
    changed.bytes = replaced(&first.bytes, &carried, &other);
    assert_eq!(
        bob.read(&alice, &changed),
        Err(Some(ErrorCode::DecryptFailed))
    );
    assert_eq!(bob.read(&alice, &first), Ok(b"hello".to_vec()));
}

#[test]
fn the_second_ratchet_s_key_is_mixed_in_and_its_step_kept_with_the_message() {
    let (mut alice, mut bob) = pair();
    let first = alice.send(&bob, b"hello");
    assert_eq!(bob.read(&alice, &first), Ok(b"hello".to_vec()));
    let answer = bob.send(&alice, b"answer");
    assert_eq!(alice.read(&bob, &answer), Ok(b"answer".to_vec()));
    let sent: Vec<_> = (0..3).map(|n| alice.send(&bob, &[n])).collect();
    for (n, message) in (0..3).zip(&sent).rev() {
        let read = RatchetMessage::decode(&Contrast, &message.bytes).expect("a ratchet message");
        let extension = read.extension.to_vec();
        assert_eq!(extension.len(), 1 + NONCE);
        let mut changed = message.clone();
        let mut other = extension.clone();
        other[NONCE] ^= 1;
        changed.bytes = replaced(&message.bytes, &extension, &other);
        assert_eq!(
            bob.read(&alice, &changed),
            Err(Some(ErrorCode::DecryptFailed))
        );
        assert_eq!(bob.read(&alice, message), Ok(vec![n]));
        bob.restart();
    }
    // What it draws comes from outside; where there is nothing, nothing is sent.
    let before = alice.device.clone();
    let refused = alice.device.encrypt(&bob.address, b"", &mut Exhausted);
    assert_eq!(refused.expect_err("no randomness").code(), None);
    assert_eq!(alice.device, before);
}

/// `bytes` with the one place of `from` holding `to`, of the same length.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .expect("it stands there");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn a_former_chain_stays_open() {
    let (mut alice, mut bob) = pair();
    let first = alice.send(&bob, b"first");
    let late = alice.send(&bob, b"late");
    assert_eq!(bob.read(&alice, &first), Ok(b"first".to_vec()));
    let answer = bob.send(&alice, b"answer");
    assert_eq!(alice.read(&bob, &answer), Ok(b"answer".to_vec()));
    let next = alice.send(&bob, b"next");
    assert_eq!(bob.read(&alice, &next), Ok(b"next".to_vec()));
    assert_eq!(bob.read(&alice, &late), Ok(b"late".to_vec()));
}

#[test]
fn the_bound_on_stored_keys_is_the_suite_s_own() {
    let (mut alice, mut bob) = pair();
    let sent: Vec<_> = (0..6).map(|n| alice.send(&bob, &[n])).collect();
    assert_eq!(bob.read(&alice, &sent[5]), Ok(vec![5]));
    assert_eq!(
        bob.read(&alice, &sent[0]),
        Err(Some(ErrorCode::DuplicateMessage))
    );
    assert_eq!(bob.read(&alice, &sent[1]), Ok(vec![1]));
}

#[test]
fn an_unknown_field_is_skipped_and_a_changed_trailer_is_not() {
    let (mut alice, mut bob) = pair();
    let first = alice.send(&bob, b"hello");
    let mut longer = first.clone();
    longer.bytes.extend([0x78, 0x01]);
    let mut damaged = first.clone();
    let read = PreKeyMessage::decode(&Contrast, &first.bytes).expect("a prekey message");
    let inner = read.message.bytes.to_vec();
    let mut other = inner.clone();
    *other.last_mut().expect("a trailer") ^= 1;
    damaged.bytes = replaced(&first.bytes, &inner, &other);
    assert_eq!(
        bob.read(&alice, &damaged),
        Err(Some(ErrorCode::DecryptFailed))
    );
    assert_eq!(bob.read(&alice, &longer), Ok(b"hello".to_vec()));
}

#[test]
fn a_message_of_one_suite_is_nothing_to_the_other() {
    let (mut alice, bob) = pair();
    let message = alice.send(&bob, b"hello");
    let mut other = Peer::speaking(&[&Tigress1], 3);
    assert_eq!(
        other.read(&alice, &message),
        Err(Some(ErrorCode::UnsupportedVersion))
    );
}

#[test]
fn a_device_speaks_two_suites_side_by_side() {
    let mut both = Peer::speaking(&[&Contrast, &Tigress1], 1);
    let mut one = Peer::speaking(&[&Tigress1], 2);
    let mut other = Peer::speaking(&[&Contrast], 3);
    let mut alike = Peer::speaking(&[&Tigress1, &Contrast], 4);
    both.opens(&bundle(&one.device));
    converse(&mut both, &mut one);
    assert_eq!(both.suite_with(&one), "tigress-1");
    let next = both.device.keys().one_time_pre_key_ids().next();
    let fields = BundleFields::from(&both.device.bundle(next).expect("it has keys"));
    assert_eq!(said_suites(&fields), ["contrast", "tigress-1"]);
    other.opens(&fields);
    converse(&mut other, &mut both);
    assert_eq!(both.suite_with(&other), "contrast");
    // Where both speak both, it is the higher one, whichever either prefers (KEY-11).
    let fields = BundleFields::from(&both.device.bundle(None).expect("it has keys"));
    alike.opens(&fields);
    converse(&mut alike, &mut both);
    assert_eq!(both.suite_with(&alike), "contrast");
    let fields = BundleFields::from(&alike.device.bundle(None).expect("it has keys"));
    assert_eq!(said_suites(&fields), ["tigress-1", "contrast"]);
    let mut fewer = fields.clone();
    fewer.suites = Some(vec!["tigress-1".to_owned()]);
    let refused = both.device.process_bundle(&fewer, &mut Exhausted);
    assert_eq!(
        refused
            .expect_err("KEY-10: nobody takes a suite away")
            .code(),
        Some(ErrorCode::InvalidSignature)
    );
    // And the sessions of both go on.
    converse(&mut both, &mut other);
    converse(&mut one, &mut both);
    // Sessions of both suites with one device: each message finds its own.
    let late = alike.send(&both, b"late");
    both.opens(&restated(&alike, fields, &["tigress-1"]));
    let message = both.send(&alike, b"in the other suite");
    assert_eq!(message.bytes[0], 0x11);
    assert_eq!(both.read(&alike, &late), Ok(b"late".to_vec()));
    assert_eq!(both.suite_with(&alike), "contrast");
    assert_eq!(
        alike.read(&both, &message),
        Ok(b"in the other suite".to_vec())
    );
    assert_eq!(alike.suite_with(&both), "tigress-1");
    let unknown = Peer::speaking(&[&Tigress1], 5);
    let fields = restated(&unknown, bundle(&unknown.device), &["rot13"]);
    let refused = both.device.process_bundle(&fields, &mut Exhausted);
    assert_eq!(
        refused.expect_err("no suite in common").code(),
        Some(ErrorCode::UnsupportedVersion)
    );
}

#[test]
fn a_device_that_comes_to_speak_another_suite_says_so_by_its_next_signed_prekey() {
    let mut one = Peer::speaking(&[&Tigress1], 2);
    let before = bundle(&one.device);
    one.device = one.device.and_speaks(&Contrast);
    assert_eq!(
        bundle(&one.device),
        before,
        "nothing is said that is not signed"
    );
    one.device
        .tick(Timestamp(1), &mut one.randomness)
        .expect("never ends");
    let after = bundle(&one.device);
    assert_eq!(said_suites(&after), ["tigress-1", "contrast"]);
    assert_eq!(after.signed_pre_key_id, before.signed_pre_key_id + 1);
    let mut both = Peer::speaking(&[&Contrast, &Tigress1], 1);
    both.opens(&after);
    assert_eq!(both.suite_with(&one), "contrast");
}
