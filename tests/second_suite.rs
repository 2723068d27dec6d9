//! The engine above `suite/` runs unchanged on a suite that differs in every choice: labels, AEAD with a
//! trailer, start of the ratchet, previous counter, limits, a lenient parser, associated data.

mod common;

use common::{Seeded, bundle, device_of};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::primitives::hkdf::{self, hkdf_sha256};
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{KeyPair, PrimitiveError, PublicKey, Secret, Signature, xeddsa};
use tigress_signal::sesame::Device;
use tigress_signal::suite::protobuf::{Field, Kind, Reader, Value};
use tigress_signal::suite::{
    AssociatedData, FormerChain, Header, Limits, MessageKey, Parties, Role, Scope, Start, Suite,
    SuiteError, Tigress1,
};
use tigress_signal::wire::{Message, MessageKind};
use zeroize::Zeroizing;

/// Nobody's suite: the shape of older deployed formats with a cipher made of what is at hand.
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
    max_ratchet_message: 2000,
    max_prekey_message: 2200,
};

impl Contrast {
    fn keystream(key: &MessageKey, length: usize) -> Vec<u8> {
        let mut stream = vec![0; length];
        hkdf::expand(None, &[key.expose()], b"Contrast stream", &mut stream);
        stream
    }

    /// Over the associated data and everything that stands before the trailer.
    fn tag(key: &MessageKey, associated_data: &AssociatedData, message: &[u8]) -> [u8; TRAILER] {
        let mac_key: Secret<32> = hkdf_sha256(None, &[key.expose()], b"Contrast MAC");
        let mac = hmac_sha256(
            mac_key.expose(),
            &[associated_data.as_bytes(), message].concat(),
        );
        mac.expose()[..TRAILER].try_into().expect("8 bytes")
    }
}

impl Suite for Contrast {
    fn name(&self) -> &'static str {
        "contrast"
    }

    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn x3dh_info(&self) -> &'static [u8] {
        b"Contrast X3DH"
    }

    fn start(&self) -> Start {
        Start::RootKeyAndChainKey
    }

    fn associated_data(&self, parties: &Parties, sender: Role) -> AssociatedData {
        let key = |role| parties.get(role).identity_key.encode();
        AssociatedData::concat(&[&key(sender), &key(sender.other())]).expect("66 bytes")
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

    fn root_info(&self) -> &'static [u8] {
        b"Contrast Ratchet"
    }

    fn previous_counter(&self, sent: u32) -> u32 {
        sent.saturating_sub(1)
    }

    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(Self::keystream(key, 64))
    }

    fn version(&self) -> u8 {
        0x33
    }

    fn accepts_version(&self, version: u8) -> bool {
        version >> 4 == 3
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
            .any(|(field, value)| field.required && field.kind == Kind::Bytes && value.is_none());
        if missing {
            return Err(SuiteError::Malformed {
                at: end,
                why: "a field is missing",
            });
        }
        Ok(())
    }

    fn ciphertext_length(&self, plaintext: usize) -> usize {
        plaintext
    }

    fn min_ciphertext_length(&self) -> usize {
        0
    }

    fn seal(
        &self,
        key: &MessageKey,
        associated_data: &AssociatedData,
        _header: &Header,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) {
        let stream = Self::keystream(key, plaintext.len());
        out.extend(plaintext.iter().zip(stream).map(|(byte, key)| byte ^ key));
        let tag = Self::tag(key, associated_data, out);
        out.extend_from_slice(&tag);
    }

    fn open(
        &self,
        key: &MessageKey,
        associated_data: &AssociatedData,
        _header: &Header,
        message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        let (body, tag) = message
            .split_last_chunk::<TRAILER>()
            .ok_or(PrimitiveError::Tag)?;
        if *tag != Self::tag(key, associated_data, body) {
            return Err(PrimitiveError::Tag.into());
        }
        let stream = Self::keystream(key, ciphertext.len());
        Ok(Zeroizing::new(
            ciphertext
                .iter()
                .zip(stream)
                .map(|(byte, key)| byte ^ key)
                .collect(),
        ))
    }
}

/// Two devices that speak it, and Alice's session with Bob.
fn pair() -> (Peer, Peer) {
    let [mut alice, bob] = [1, 2].map(|seed| {
        let (address, device) = device_of(&Contrast, seed);
        Peer {
            address,
            device,
            randomness: Seeded(seed + 100),
        }
    });
    let published = bundle(&bob.device);
    alice
        .device
        .process_bundle(&published, &mut alice.randomness)
        .expect("a good bundle");
    (alice, bob)
}

struct Peer {
    address: tigress_signal::identifier::Address,
    device: Device,
    randomness: Seeded,
}

impl Peer {
    fn send(&mut self, to: &Peer, plaintext: &[u8]) -> Message {
        self.device
            .encrypt(&to.address, plaintext)
            .expect("a session")
    }

    fn read(&mut self, from: &Peer, message: &Message) -> Result<Vec<u8>, Option<ErrorCode>> {
        self.device
            .decrypt(
                &from.address,
                message.kind,
                &message.bytes,
                &mut self.randomness,
            )
            .map(|read| read.plaintext.to_vec())
            .map_err(|error| error.code())
    }
}

#[test]
fn a_conversation_goes_to_and_fro() {
    let (mut alice, mut bob) = pair();
    let first = alice.send(&bob, b"hello");
    assert_eq!((first.kind, first.bytes[0]), (MessageKind::PreKey, 0x33));
    assert_eq!(bob.read(&alice, &first), Ok(b"hello".to_vec()));
    for n in 0..6_u8 {
        let answer = bob.send(&alice, &[n]);
        assert_eq!(alice.read(&bob, &answer), Ok(vec![n]));
        let message = alice.send(&bob, &[n, n]);
        assert_eq!(message.kind, MessageKind::Ratchet);
        assert_eq!(bob.read(&alice, &message), Ok(vec![n, n]));
    }
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
    let inner_end = damaged.bytes.len() - 6;
    damaged.bytes[inner_end] ^= 1;
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
    let (_, mut other) = device_of(&Tigress1, 2);
    let refused = other.decrypt(&alice.address, message.kind, &message.bytes, &mut Seeded(9));
    assert_eq!(
        refused.expect_err("another version").code(),
        Some(ErrorCode::UnsupportedVersion)
    );
}
