//! Toys in place of the primitives (feature `toy`): the machines do on them what they do on the real ones, in one binary.

#![cfg(feature = "toy")]

use arbitrary::{Arbitrary, Unstructured};
use serde_json::Value;
use std::collections::BTreeSet;
use tigress_fuzz::{session_decrypt, session_script, wallet_script, x3dh_respond};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex;
use tigress_signal::primitives::backend::toy::{self, Switch};
use tigress_signal::primitives::backend::{Backend, RustCrypto};
use tigress_signal::primitives::{
    KeyPair, PrimitiveError, PrivateKey, PublicKey, Secret, aes256_gcm, ed25519, hkdf, hmac, xeddsa,
};

/// 2^255 - 19, little-endian.
const FIELD_PRIME: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// The u of the points of small order, in hex, little-endian.
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Bytes that look random, and are the same each time (`SplitMix64`).
fn bytes(seed: u64, length: u64) -> Vec<u8> {
    let byte = |n: u64| {
        let mut z = (seed << 32 | n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()[0]
    };
    (1..=length).map(byte).collect()
}

/// So many of something that bytes make.
fn many<T: for<'a> Arbitrary<'a>>(seed: u64, count: usize) -> Vec<T> {
    let bytes = bytes(seed, 4096);
    let mut bytes = Unstructured::new(&bytes);
    let one = |_| T::arbitrary(&mut bytes).expect("enough bytes");
    (0..count).map(one).collect()
}

/// An event without what is computed from keys: of hex of 16 bytes and more stays how much it is.
fn masked(value: &mut Value) {
    match value {
        Value::String(text) if text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            *text = format!("{} digits", text.len());
        }
        Value::Array(values) => values.iter_mut().for_each(masked),
        Value::Object(fields) => fields.values_mut().for_each(masked),
        _ => {}
    }
}

/// Everything that happens in a script: who asks what and is answered what, every state, report and refusal.
fn wallets(seed: u64) -> Vec<String> {
    use wallet_script::{Name, Script, Step};
    let mut steps: Vec<Step> = many(seed, 20);
    // Half of them begin with a transfer: what comes at random seldom does.
    if seed.is_multiple_of(2) {
        let to = seed.is_multiple_of(4);
        let deal = [
            Step::Offers(false, Name::TheCar, to),
            Step::Accepts(to, Name::TheCar),
        ];
        let at = usize::from(bytes(seed, 1)[0] % 4);
        steps.splice(at..at, deal);
    }
    let wallets = wallet_script::play(Script { steps });
    let events = wallets.events().iter().map(|event| {
        let mut event = serde_json::to_value(event).expect("it is written");
        masked(&mut event);
        event.to_string()
    });
    events.collect()
}

#[test]
fn wallets_do_the_same_on_toys() {
    let mut events = 0;
    for seed in 0..500 {
        let real = wallets(seed);
        let toy = toy::under(|| wallets(seed));
        let differs = real.iter().zip(&toy).find(|(real, toy)| real != toy);
        assert_eq!(differs, None, "script {seed}");
        assert_eq!(real.len(), toy.len(), "script {seed}");
        events += real.len();
    }
    assert!(events > 50_000, "{events}");
}

/// A code, where it does not hang on what the ciphertext looks like when a damaged length has it read as fields.
fn coarse(code: Option<ErrorCode>) -> Option<ErrorCode> {
    match code {
        Some(ErrorCode::NonCanonical) => Some(ErrorCode::Malformed),
        code => code,
    }
}

#[test]
fn sessions_do_the_same_on_toys() {
    let mut refused = 0;
    for seed in 0..2_000 {
        let play = || {
            let steps = many(seed, 16);
            let outcomes = session_script::play(session_script::Script { steps });
            let outcomes = outcomes.into_iter();
            outcomes.map(|it| it.map_err(coarse)).collect::<Vec<_>>()
        };
        let real = play();
        assert_eq!(real, toy::under(play), "script {seed}");
        refused += real.iter().filter(|outcome| outcome.is_err()).count();
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn damage_is_refused_with_the_same_codes_on_toys() {
    let mut codes = BTreeSet::new();
    for seed in 0..5_000 {
        let play = || {
            let edits = many(seed, 1 + usize::from(seed % 2 == 1));
            let [message, kind] = bytes(seed + 5_000, 2)[..] else {
                unreachable!("two bytes")
            };
            session_decrypt::play(&session_decrypt::Damage {
                message,
                other_kind: kind < 16,
                edits,
            })
            .map_err(coarse)
        };
        let real = play();
        assert_eq!(real, toy::under(play), "damage {seed}");
        codes.extend(real.err().flatten());
    }
    assert!(codes.len() > 5, "{codes:?}");
}

/// The target itself says which messages open a session, and with which code the others are refused.
#[test]
fn x3dh_does_the_same_on_toys() {
    for seed in 0..800 {
        let messages = many(seed, 8);
        toy::under(|| x3dh_respond::run(x3dh_respond::Messages { messages }));
    }
}

fn x25519(scalar: &[u8; 32], u: &[u8; 32]) -> [u8; 32] {
    let mut out = [0xaa; 32];
    Switch::<RustCrypto>::x25519(scalar, u, &mut out);
    out
}

fn key_pair(seed: u8) -> KeyPair {
    PrivateKey::from([seed; 32]).into()
}

#[test]
fn diffie_hellman_commutes_and_nine_is_its_base_point() {
    toy::under(|| {
        let nine = [&[9_u8][..], &[0; 31]]
            .concat()
            .try_into()
            .expect("32 bytes");
        let mut seen = BTreeSet::new();
        for one in 0..60 {
            let (one, other) = (key_pair(one), key_pair(one + 100));
            let ours = one
                .private()
                .diffie_hellman(other.public())
                .expect("a point");
            let theirs = other
                .private()
                .diffie_hellman(one.public())
                .expect("a point");
            assert_eq!(ours.expose(), theirs.expose());
            assert!(seen.insert(*ours.expose()), "it is that of two others too");
            assert_eq!(x25519(one.private().expose(), &nine), *one.public().u());
            assert!(PublicKey::decode(&one.public().encode()).is_ok());
        }
    });
}

#[test]
fn what_has_small_order_gives_zero_as_the_real_one_does() {
    let mut all: Vec<[u8; 32]> = SMALL_ORDER
        .iter()
        .filter_map(|u| hex::decode(u)?.try_into().ok())
        .collect();
    assert_eq!(all.len(), SMALL_ORDER.len());
    for above in 0..19 {
        let mut u = FIELD_PRIME;
        u[0] += above;
        all.push(u);
    }
    let with_top_bit = all.clone().into_iter().map(|mut u| {
        u[31] |= 0x80;
        u
    });
    all.extend(with_top_bit.collect::<Vec<_>>());
    for u in all {
        let real = x25519(&[7; 32], &u) == [0; 32];
        assert_eq!(
            toy::under(|| x25519(&[7; 32], &u)) == [0; 32],
            real,
            "{u:02x?}"
        );
    }
}

#[test]
fn clamped_bits_and_the_top_bit_of_u_say_nothing_and_every_other_bit_does() {
    toy::under(|| {
        let (scalar, u) = ([0x55; 32], *key_pair(1).public().u());
        let agreed = x25519(&scalar, &u);
        for bit in 0..256 {
            let (mut other, mut key) = (scalar, u);
            other[bit / 8] ^= 1 << (bit % 8);
            key[bit / 8] ^= 1 << (bit % 8);
            let is_clamped = !(3..=253).contains(&bit);
            assert_eq!(x25519(&other, &u) == agreed, is_clamped, "bit {bit}");
            assert_eq!(x25519(&scalar, &key) == agreed, bit == 255, "bit {bit}");
        }
    });
}

#[test]
fn a_tag_holds_for_what_it_was_made_of() {
    toy::under(|| {
        // Key, nonce, tag, associated data and ciphertext, one behind the other.
        let open = |all: &[u8]| {
            let (key, rest) = all.split_first_chunk().expect("a key");
            let (nonce, rest) = rest.split_first_chunk().expect("a nonce");
            let (tag, rest) = rest.split_first_chunk().expect("a tag");
            let (data, ciphertext) = rest.split_at(21);
            aes256_gcm::open(key, nonce, data, ciphertext, tag)
        };
        let (key, nonce, data) = ([1; 32], [2; 12], [3; 21]);
        for length in [0, 1, 7, 8, 9, 16, 100] {
            let plaintext = vec![9; length];
            let mut sealed = plaintext.clone();
            let tag = aes256_gcm::seal(&key, &nonce, &data, &mut sealed);
            assert!(length < 8 || sealed != plaintext);
            let mut all = [&key[..], &nonce, &tag, &data, &sealed].concat();
            assert_eq!(*open(&all).expect("its tag"), plaintext);
            for byte in 0..all.len() {
                all[byte] ^= 0x10;
                assert_eq!(open(&all).err(), Some(PrimitiveError::Tag), "byte {byte}");
                all[byte] ^= 0x10;
            }
        }
    });
}

#[test]
fn a_hash_is_of_the_bytes_wherever_they_are_cut_and_of_the_key() {
    toy::under(|| {
        let message: Vec<u8> = (0..40).collect();
        let whole = hkdf::hkdf_sha256::<64>(None, &[&message], b"info");
        for cut in 0..40 {
            for end in cut..40 {
                let parts = [&message[..cut], &message[cut..end], &message[end..]];
                assert!(hkdf::hkdf_sha256(Some(&[0; 32]), &parts, b"info") == whole);
            }
        }
        let mut seen = BTreeSet::new();
        for length in 0..40 {
            let mac = hmac::hmac_sha256(b"key", &message[..length]);
            assert!(seen.insert(*mac.expose()), "{length}");
            assert!(seen.insert(*hmac::hmac_sha256(b"other", &message[..length]).expose()));
            assert!(seen.insert(*hmac::hmac_sha256(b"key", &vec![7; length + 1]).expose()));
        }
    });
}

#[test]
fn a_signature_holds_for_its_message_and_its_key_alone() {
    toy::under(|| {
        let (one, other) = (key_pair(1), key_pair(2));
        let signature = xeddsa::sign(&one, b"message", &Secret::new([4; 64]));
        assert_eq!(xeddsa::verify(one.public(), b"message", &signature), Ok(()));
        let refused = Err(PrimitiveError::Signature);
        assert_eq!(
            xeddsa::verify(one.public(), b"massage", &signature),
            refused
        );
        assert_eq!(
            xeddsa::verify(other.public(), b"message", &signature),
            refused
        );
        for bit in 0..512 {
            let mut bytes = *signature.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = xeddsa::Signature::decode(&bytes).expect("64 bytes");
            assert_eq!(
                xeddsa::verify(one.public(), b"message", &changed),
                refused,
                "bit {bit}"
            );
        }
        let key = ed25519::SigningKey::from([5; 32]);
        let public = ed25519::VerifyingKey::decode(&key.verifying_key().encode());
        let public = public.expect("a key");
        assert_eq!(public.verify(b"message", &key.sign(b"message")), Ok(()));
        assert_eq!(public.verify(b"massage", &key.sign(b"message")), refused);
    });
}

#[test]
fn it_is_on_for_the_time_of_a_call_also_of_one_that_fails() {
    let real = *key_pair(1).public();
    let toy = toy::under(|| *toy::under(|| key_pair(1)).public());
    assert_ne!(toy, real);
    assert!(std::panic::catch_unwind(|| toy::under(|| panic!("it fails"))).is_err());
    assert!(!toy::is_on());
    assert_eq!(*key_pair(1).public(), real);
}
