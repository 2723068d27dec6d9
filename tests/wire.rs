//! The wire format as a property: one encoding for each message, and no other bytes are accepted
//! (WIRE-03, WIRE-10, WIRE-11).

use proptest::prelude::*;
use tigress_signal::primitives::{PrivateKey, PublicKey};
use tigress_signal::suite::{Header, Tigress1};
use tigress_signal::wire::{PreKeyMessage, RatchetMessage};

fn key() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(|bytes| PrivateKey::from(bytes).public_key())
}

fn header() -> impl Strategy<Value = Header> {
    (key(), any::<u32>(), any::<u32>()).prop_map(|(ratchet_key, previous_counter, counter)| {
        Header {
            ratchet_key,
            previous_counter,
            counter,
        }
    })
}

/// A prekey message of any content, encoded.
fn prekey_message() -> impl Strategy<Value = Vec<u8>> {
    let id = 1..(1_u32 << 24);
    let ids = (prop::option::of(id.clone()), id, 1..=16_380_u32);
    let ciphertext = prop::collection::vec(any::<u8>(), 16..300);
    (ids, key(), key(), header(), ciphertext).prop_map(
        |(
            (pre_key_id, signed_pre_key_id, registration_id),
            base_key,
            identity_key,
            header,
            ciphertext,
        )| {
            let inner = RatchetMessage::encode(&Tigress1, &header, &ciphertext);
            let message = PreKeyMessage {
                pre_key_id,
                base_key,
                identity_key,
                message: RatchetMessage::decode(&Tigress1, &inner).expect("just encoded"),
                registration_id,
                signed_pre_key_id,
                kem: None,
            };
            let bytes = message.encode(&Tigress1);
            assert_eq!(PreKeyMessage::decode(&Tigress1, &bytes), Ok(message));
            bytes
        },
    )
}

/// One place of a message changed: a byte set, removed or put in, or a part repeated.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        index().prop_map(Change::Remove),
        (index(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len().max(1);
        match change {
            Change::Set(at, byte) => {
                if let Some(place) = bytes.get_mut(at.index(length)) {
                    *place = *byte;
                }
            }
            Change::Remove(at) if !bytes.is_empty() => {
                bytes.remove(at.index(length));
            }
            Change::Remove(_) => {}
            Change::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), *byte),
            Change::Repeat(from, to) => {
                let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(from..from, part);
            }
        }
    }
    bytes
}

proptest! {
    #[test]
    fn a_ratchet_message_decodes_to_what_was_encoded(
        header in header(),
        ciphertext in prop::collection::vec(any::<u8>(), 16..300),
    ) {
        let bytes = RatchetMessage::encode(&Tigress1, &header, &ciphertext);
        let decoded = RatchetMessage::decode(&Tigress1, &bytes).expect("just encoded");
        prop_assert_eq!(decoded.header, header);
        prop_assert_eq!(decoded.ciphertext, ciphertext.as_slice());
    }

    #[test]
    fn whatever_is_accepted_is_encoded_to_the_same_bytes(
        bytes in prekey_message(),
        changes in prop::collection::vec(change(), 0..3),
    ) {
        let bytes = changed(bytes, &changes);
        if let Ok(message) = PreKeyMessage::decode(&Tigress1, &bytes) {
            prop_assert_eq!(message.encode(&Tigress1), bytes.clone());
        }
        if let Ok(message) = RatchetMessage::decode(&Tigress1, &bytes) {
            prop_assert_eq!(RatchetMessage::encode(&Tigress1, &message.header, message.ciphertext), bytes);
        }
    }

    #[test]
    fn no_bytes_crash_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = PreKeyMessage::decode(&Tigress1, &bytes);
        let _ = RatchetMessage::decode(&Tigress1, &[&[0x11], bytes.as_slice()].concat());
    }
}
