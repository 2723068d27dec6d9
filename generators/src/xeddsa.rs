//! Family `xeddsa`.

use super::public_key::{encoded, near_prime, small_order, with_top_bit};
use super::{Builder, seed};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest, Sha512};
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::xeddsa::{Sign, SignInput, Verify, VerifyInput};
use tigress_signal::error_code::ErrorCode::{InvalidKey, InvalidSignature};
use tigress_signal::hex::Hex;
use tigress_signal::primitives::{KeyPair, PrivateKey, Secret, xeddsa};

const SPECIFICATION: &str = "https://signal.org/docs/specifications/xeddsa/";

/// A key pair whose Edwards point has that sign bit.
fn key_with_sign(sign: u8) -> KeyPair {
    (0..10_000)
        .map(|n| KeyPair::from(PrivateKey::from(seed::bytes(&format!("xeddsa/key {n}")))))
        .find(|key| raw_edwards(key).compress().0[31] >> 7 == sign)
        .expect("every second key")
}

fn raw_scalar(key: &KeyPair) -> Scalar {
    Scalar::from_bytes_mod_order(clamp_integer(*key.private().expose()))
}

fn raw_edwards(key: &KeyPair) -> EdwardsPoint {
    EdwardsPoint::mul_base(&raw_scalar(key))
}

/// The scalar whose point has sign bit 0.
fn scalar(key: &KeyPair) -> Scalar {
    match raw_edwards(key).compress().0[31] >> 7 {
        0 => raw_scalar(key),
        _ => -raw_scalar(key),
    }
}

fn edwards(key: &KeyPair) -> [u8; 32] {
    let mut point = raw_edwards(key).compress().0;
    point[31] &= 0x7f;
    point
}

fn hash(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

fn joined(r: &[u8; 32], s: &[u8; 32]) -> Vec<u8> {
    [&r[..], &s[..]].concat()
}

/// s + `times` * q, as 32 bytes.
pub(super) fn plus_order(s: &[u8], times: u32) -> [u8; 32] {
    let order = {
        // q - 1 is the scalar -1.
        let mut bytes = (-Scalar::ONE).to_bytes();
        bytes[0] += 1;
        bytes
    };
    let mut out: [u8; 32] = s.try_into().expect("32 bytes");
    for _ in 0..times {
        let mut carry = 0_u16;
        for (byte, add) in out.iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).expect("a byte");
            carry = sum >> 8;
        }
    }
    out
}

pub(super) fn generate(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "A signature as honest implementations make it.",
        &[SPECIFICATION],
    );
    b.old_note(
        "Negation",
        "INTEROPERABILITY",
        "The signer's Edwards point has sign bit 1: its scalar must be negated. A signer that forgets makes signatures that verify for half of all keys.",
        &[SPECIFICATION],
    );
    b.old_note(
        "Modified",
        "AUTH_BYPASS",
        "One part of a valid signature was changed. Whoever accepts it does not verify.",
        &[SPECIFICATION],
    );
    b.old_note(
        "ScalarNotReduced",
        "SIGNATURE_MALLEABILITY",
        "s is q or more. Whoever accepts it lets anyone make further valid signatures from a valid one.",
        &["https://www.rfc-editor.org/rfc/rfc8032#section-8.4"],
    );
    b.old_note(
        "TopBit",
        "SIGNATURE_MALLEABILITY",
        "Bit 255 of s is set. Signal's libraries keep the sign of the Edwards key there; tigress-1 has that sign fixed at 0, so that a signature has one form.",
        &[SPECIFICATION],
    );
    b.old_note(
        "NonCanonicalR",
        "SIGNATURE_MALLEABILITY",
        "R is no canonical encoding of a point, or differs from the recomputed one by a point of small order. Whoever decodes R, or multiplies by the cofactor, accepts what others refuse.",
        &["https://eprint.iacr.org/2020/1244"],
    );
    b.old_note(
        "WrongLength",
        "MISSING_STEP",
        "A signature not of 64 bytes. Whoever accepts it reads past the end, or ignores bytes.",
        &[],
    );
    b.old_note(
        "WrongHash",
        "INTEROPERABILITY",
        "The challenge was hashed over other bytes than R, A and M. Whoever accepts it has the same bug as the signer.",
        &[SPECIFICATION],
    );
    b.old_note(
        "InvalidKey",
        "AUTH_BYPASS",
        "A public key that must not be used to verify with.",
        &[SPECIFICATION],
    );

    let plus = key_with_sign(0);
    let minus = key_with_sign(1);
    let prekey = KeyPair::from(PrivateKey::from(seed::bytes("xeddsa/prekey")));
    let prekey = prekey.public().encode();
    let z: [u8; 64] = seed::bytes("xeddsa/z");
    let long = seed::vec("xeddsa/long message", 1000);

    for (comment, key, message, z, flag) in [
        (
            "a signed prekey, the signer's sign bit 0",
            &plus,
            &prekey[..],
            z,
            "Normal",
        ),
        (
            "a signed prekey, the signer's sign bit 1",
            &minus,
            &prekey[..],
            z,
            "Negation",
        ),
        ("an empty message, sign bit 0", &plus, b"", z, "Normal"),
        ("an empty message, sign bit 1", &minus, b"", z, "Negation"),
        ("one byte", &plus, b"\x72", z, "Normal"),
        ("1,000 bytes, sign bit 1", &minus, &long, z, "Negation"),
        (
            "Z is all zero: the nonce still depends on key and message",
            &plus,
            &prekey,
            [0; 64],
            "Normal",
        ),
        ("Z is all 0xFF", &plus, &prekey, [0xff; 64], "Normal"),
        (
            "Z is all zero, another message: a nonce made from Z alone would be the same as before, and give the key away",
            &plus,
            b"another",
            [0; 64],
            "Normal",
        ),
        (
            "Z is all zero, sign bit 1: the nonce hashes the negated scalar",
            &minus,
            b"another",
            [0; 64],
            "Negation",
        ),
    ] {
        b.old_computed::<Sign>(
            (
                comment,
                &[flag],
                &["SIG-01", "KEY-06", "KEY-07"][..if message == prekey { 3 } else { 1 }],
            ),
            SignInput {
                private_key: key.private().expose().into(),
                message: message.into(),
                randomness: z.into(),
            },
        );
    }

    let sign = |key: &KeyPair, message: &[u8]| {
        xeddsa::sign(key, message, &Secret::new(z))
            .as_bytes()
            .to_vec()
    };
    let input = |key: &[u8], message: &[u8], signature: &[u8]| VerifyInput {
        public_key: key.into(),
        message: message.into(),
        signature: signature.into(),
    };
    let verify_key = plus.public().encode();
    let good = sign(&plus, &prekey);

    for (comment, key, message, flag) in [
        ("a signed prekey, sign bit 0", &plus, &prekey[..], "Normal"),
        (
            "a signed prekey, sign bit 1",
            &minus,
            &prekey[..],
            "Negation",
        ),
        ("an empty message", &plus, b"", "Normal"),
        ("1,000 bytes", &minus, &long, "Negation"),
    ] {
        b.old_valid::<Verify>(
            (comment, &[flag], &["SIG-01", "SIG-05"]),
            input(&key.public().encode(), message, &sign(key, message)),
            Done {},
        );
    }

    // Each part of signature, message and key changed.
    for (comment, at) in [
        ("the first bit of R flipped", 0),
        ("the last byte of R changed", 31),
        ("the first bit of s flipped", 32),
        ("a middle bit of s flipped", 48),
    ] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        b.old_invalid::<Verify>(
            (comment, &["Modified"], &["SIG-05"]),
            InvalidSignature,
            input(&verify_key, &prekey, &bad),
        );
    }
    let mut other_message = prekey;
    other_message[32] ^= 1;
    for (comment, key, message) in [
        (
            "one bit of the message flipped",
            verify_key,
            &other_message[..],
        ),
        (
            "the message without its last byte",
            verify_key,
            &prekey[..32],
        ),
        (
            "the message without its first byte: the key's 32 bytes in place of its encoding of 33",
            verify_key,
            &prekey[1..],
        ),
        (
            "a byte appended to the message",
            verify_key,
            &[&prekey[..], &[0]].concat(),
        ),
        ("no message", verify_key, &[]),
        (
            "the key of another signer",
            minus.public().encode(),
            &prekey,
        ),
        ("the signed key in place of the signer's", prekey, &prekey),
    ] {
        b.old_invalid::<Verify>(
            (comment, &["Modified"], &["SIG-05"]),
            InvalidSignature,
            input(&key, message, &good),
        );
    }
    b.old_invalid::<Verify>(
        ("R and s exchanged", &["Modified"], &["SIG-05"]),
        InvalidSignature,
        input(&verify_key, &prekey, &[&good[32..], &good[..32]].concat()),
    );
    b.old_invalid::<Verify>(
        ("all 64 bytes zero", &["Modified"], &["SIG-05"]),
        InvalidSignature,
        input(&verify_key, &prekey, &[0; 64]),
    );

    // s not reduced.
    let r: [u8; 32] = good[..32].try_into().expect("32 bytes");
    for (comment, times) in [
        ("s + q in place of s", 1),
        (
            "s + 3q: below 2^254, where a check of the highest bits sees nothing",
            3,
        ),
        ("s + 7q: the highest that fits 255 bits", 7),
    ] {
        b.old_invalid::<Verify>(
            (comment, &["ScalarNotReduced"], &["SIG-02"]),
            InvalidSignature,
            input(
                &verify_key,
                &prekey,
                &joined(&r, &plus_order(&good[32..], times)),
            ),
        );
    }
    let a = scalar(&plus);
    b.old_invalid::<Verify>(
        ("s = q", &["ScalarNotReduced"], &["SIG-02"]),
        InvalidSignature,
        input(&verify_key, &prekey, &joined(&r, &plus_order(&[0; 32], 1))),
    );

    // Bit 255 of s.
    let mut top = good.clone();
    top[63] |= 0x80;
    b.old_invalid::<Verify>(
        (
            "bit 255 of s set: accepted by whoever masks it away",
            &["TopBit"],
            &["SIG-03"],
        ),
        InvalidSignature,
        input(&verify_key, &prekey, &top),
    );
    {
        // As Signal's libraries sign: the scalar keeps its sign, and the sign bit goes into s.
        let k = raw_scalar(&minus);
        let big_a = raw_edwards(&minus).compress().0;
        let r = hash(&[b"xeddsa/signal", &z]);
        let big_r = EdwardsPoint::mul_base(&r).compress().0;
        let s = r + hash(&[&big_r, &big_a, &prekey]) * k;
        let mut signature = joined(&big_r, &s.to_bytes());
        let minus_key = minus.public().encode();
        b.old_invalid::<Verify>(
            (
                "a signer that does not negate its scalar, without a sign bit in s",
                &["Negation"],
                &["SIG-01", "SIG-05"],
            ),
            InvalidSignature,
            input(&minus_key, &prekey, &signature),
        );
        signature[63] |= 0x80;
        b.old_invalid::<Verify>(
            (
                "as Signal's libraries sign: the scalar keeps its sign, which stands in bit 255 of s",
                &["TopBit"],
                &["SIG-03"],
            ),
            InvalidSignature,
            input(&minus_key, &prekey, &signature),
        );
    }

    // R.
    let big_a = edwards(&plus);
    let r = hash(&[b"xeddsa/r", &z]);
    {
        let torsion = EIGHT_TORSION[1];
        let big_r = (EdwardsPoint::mul_base(&r) + torsion).compress().0;
        let s = r + hash(&[&big_r, &big_a, &prekey]) * a;
        b.old_invalid::<Verify>(
            (
                "R has a component of order 8: accepted by whoever multiplies the equation by the cofactor",
                &["NonCanonicalR"],
                &["SIG-05"],
            ),
            InvalidSignature,
            input(&verify_key, &prekey, &joined(&big_r, &s.to_bytes())),
        );
    }
    for (comment, big_r) in [
        (
            "R is the neutral element with y = 2^255 - 18, not reduced: accepted by whoever decodes R",
            near_prime(1),
        ),
        (
            "R is the neutral element with the sign bit of x = 0 set: accepted by whoever decodes R",
            {
                let mut one = [0; 32];
                one[0] = 1;
                with_top_bit(one)
            },
        ),
    ] {
        let s = hash(&[&big_r, &big_a, &prekey]) * a;
        b.old_invalid::<Verify>(
            (comment, &["NonCanonicalR"], &["SIG-05"]),
            InvalidSignature,
            input(&verify_key, &prekey, &joined(&big_r, &s.to_bytes())),
        );
    }

    // The challenge.
    let big_r = EdwardsPoint::mul_base(&r).compress().0;
    let mut prefix = [0xff; 32];
    prefix[0] = 0xfe;
    for (comment, challenge) in [
        (
            "the challenge leaves out A: whoever accepts it lets a signature be moved to another key",
            hash(&[&big_r, &prekey]),
        ),
        (
            "the challenge hashes the key's u-coordinate in place of its Edwards point",
            hash(&[&big_r, plus.public().u(), &prekey]),
        ),
        (
            "the challenge begins with the prefix of hash_1, which belongs to the nonce alone",
            hash(&[&prefix, &big_r, &big_a, &prekey]),
        ),
        (
            "the challenge hashes A before R",
            hash(&[&big_a, &big_r, &prekey]),
        ),
    ] {
        let s = r + challenge * a;
        b.old_invalid::<Verify>(
            (comment, &["WrongHash"], &["SIG-05"]),
            InvalidSignature,
            input(&verify_key, &prekey, &joined(&big_r, &s.to_bytes())),
        );
    }

    for (comment, bytes) in [
        ("no signature", vec![]),
        ("R alone", good[..32].to_vec()),
        ("63 bytes", good[..63].to_vec()),
        ("65 bytes: a zero byte follows", [&good[..], &[0]].concat()),
        ("the signature twice", [&good[..], &good].concat()),
    ] {
        b.old_invalid::<Verify>(
            (comment, &["WrongLength"], &["SIG-04"]),
            InvalidSignature,
            input(&verify_key, &prekey, &bytes),
        );
    }

    let twist = (2..u8::MAX)
        .map(|first| {
            let mut u = [0; 32];
            u[0] = first;
            u
        })
        .find(|u| MontgomeryPoint(*u).to_edwards(0).is_none())
        .expect("every second u");
    b.old_invalid::<Verify>(
        (
            "the key is a point of the twist and has no Edwards point: fit for X25519, not to verify with",
            &["InvalidKey"],
            &["SIG-04"],
        ),
        InvalidSignature,
        input(&encoded(&twist), &prekey, &good),
    );
    for (comment, key, id) in [
        (
            "the signer's key with bit 255 set",
            encoded(&with_top_bit(*plus.public().u())),
            "KEY-03",
        ),
        (
            "u = 2^255 - 10, not reduced",
            encoded(&near_prime(9)),
            "KEY-03",
        ),
        (
            "u = 0, whose Edwards point has order 2: signatures can be made without any private key",
            encoded(&small_order()[0].1),
            "KEY-04",
        ),
        (
            "u = 2^255 - 20, where the map to the Edwards curve divides by zero",
            encoded(&near_prime(-1)),
            "KEY-04",
        ),
        (
            "the signer's key without its type byte",
            Hex(plus.public().u().to_vec()),
            "KEY-02",
        ),
        (
            "the signer's key as an Ed25519 key, 32 bytes",
            Hex(big_a.to_vec()),
            "KEY-02",
        ),
    ] {
        b.old_invalid::<Verify>(
            (comment, &["InvalidKey"], &["SIG-04", id]),
            InvalidKey,
            input(&key, &prekey, &good),
        );
    }
}
