//! Family `x3dh_initiate`.

use super::actor::Actor;
use super::public_key::{encoded, near_prime, small_order, with_top_bit};
use super::{Builder, seed};
use curve25519_dalek::scalar::Scalar;
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::x3dh::{Initiate, InitiateInput};
use tigress_signal::error_code::ErrorCode::{
    self, InvalidKey, InvalidSignature, Malformed, UntrustedIdentity,
};
use tigress_signal::hex::Hex;
use tigress_signal::primitives::{Secret, xeddsa};

const X3DH: &str = "https://signal.org/docs/specifications/x3dh/";

/// The notes that both X3DH families share.
pub(super) fn notes(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "An agreement as honest implementations make it.",
        &[X3DH],
    );
    b.old_note(
        "NoOneTimePreKey",
        "EDGE_CASE",
        "An agreement without a one-time prekey: three Diffie-Hellmans, and no id in the message.",
        &[X3DH],
    );
    b.old_note(
        "PinnedIdentity",
        "AUTH_BYPASS",
        "Another identity key is pinned to the address. Whoever goes on talks to whoever put itself in the peer's place.",
        &["https://signal.org/docs/specifications/x3dh/#authentication"],
    );
    b.old_note(
        "InvalidKey",
        "CONFIDENTIALITY",
        "A key that must not be used: with it a server or peer forces a Diffie-Hellman output, or gives one key two names.",
        &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    );
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    b.old_note(
        "Identifier",
        "MISSING_STEP",
        "A UserID, DeviceID, registration id or prekey id that no device can have.",
        &[],
    );
    b.old_note(
        "SignatureNotVerified",
        "AUTH_BYPASS",
        "The signed prekey's signature does not verify. Whoever goes on lets a server put its own prekey in, and loses forward secrecy.",
        &["https://signal.org/docs/specifications/x3dh/#signatures"],
    );
    b.old_note(
        "Malleability",
        "SIGNATURE_MALLEABILITY",
        "The signature is a second form of a valid one.",
        &[],
    );

    let alice = Actor::new("alice");
    let bob = Actor::new("bob");
    let mallory = Actor::new("mallory");
    let input = |from: &Actor, bundle: BundleFields, label: &str, plaintext: &[u8]| InitiateInput {
        address: from.address_fields(),
        registration_id: from.loaded.registration_id,
        identity_private_key: from.loaded.identity_private_key.clone(),
        bundle,
        pinned_identity_key: None,
        randomness: seed::bytes::<64>(&format!("x3dh_initiate/{label}")).into(),
        plaintext: plaintext.into(),
    };
    let all = &[
        "ID-05", "X3DH-01", "X3DH-03", "X3DH-04", "X3DH-05", "X3DH-07", "DR-01",
    ];

    for (comment, flag, from, bundle, label, text) in [
        (
            "with a one-time prekey",
            "Normal",
            &alice,
            bob.bundle(Some(1)),
            "opk",
            &b"hello Bob"[..],
        ),
        (
            "another one-time prekey and other randomness",
            "Normal",
            &alice,
            bob.bundle(Some(4)),
            "opk 2",
            b"hello again",
        ),
        (
            "an empty first message",
            "Normal",
            &alice,
            bob.bundle(Some(1)),
            "empty",
            b"",
        ),
        (
            "a first message of 256 bytes",
            "Normal",
            &alice,
            bob.bundle(Some(2)),
            "256",
            &[0x5a; 256],
        ),
        (
            "roles exchanged: initiator's key and address stand first in AD",
            "Normal",
            &bob,
            alice.bundle(Some(1)),
            "roles",
            b"hello Alice",
        ),
        (
            "from a second device of the same user",
            "Normal",
            &Actor::on_device("alice", 2),
            bob.bundle(Some(1)),
            "device 2",
            b"from my watch",
        ),
        (
            "to device 127",
            "Normal",
            &alice,
            Actor::on_device("bob", 127).bundle(Some(1)),
            "device 127",
            b"to your watch",
        ),
        (
            "to another device of one's own",
            "Normal",
            &alice,
            Actor::on_device("alice", 2).bundle(Some(3)),
            "own device",
            b"to myself",
        ),
    ] {
        b.old_computed::<Initiate>((comment, &[flag], all), input(from, bundle, label, text));
    }
    for (comment, from, label) in [
        (
            "without a one-time prekey: SK comes of three Diffie-Hellmans",
            &alice,
            "no opk",
        ),
        ("the same from another initiator", &mallory, "no opk 2"),
    ] {
        b.old_computed::<Initiate>(
            (
                comment,
                &["NoOneTimePreKey"],
                &["X3DH-03", "X3DH-04", "X3DH-12"],
            ),
            input(from, bob.bundle(None), label, b"hello"),
        );
    }
    let pinned = |key: &Actor| InitiateInput {
        pinned_identity_key: Some(key.identity_key().encode().into()),
        ..input(&alice, bob.bundle(Some(1)), "pinned", b"hello Bob")
    };
    b.old_computed::<Initiate>(
        (
            "the bundle's identity key is the pinned one",
            &["PinnedIdentity"],
            &["X3DH-15"],
        ),
        pinned(&bob),
    );
    b.old_invalid::<Initiate>(
        (
            "another identity key is pinned, the signature is good",
            &["PinnedIdentity"],
            &["X3DH-15"],
        ),
        UntrustedIdentity,
        pinned(&mallory),
    );

    let good = bob.bundle(Some(1));
    let mut refuse =
        |comment: &str, flag: &str, ids: &[&str], error: ErrorCode, bundle: BundleFields| {
            b.old_invalid::<Initiate>(
                (comment, &[flag], ids),
                error,
                input(&alice, bundle, "refused", b"must not be sent"),
            );
        };
    let signed = |signature: Vec<u8>| BundleFields {
        signed_pre_key_signature: Hex(signature),
        ..good.clone()
    };
    let signature = good.signed_pre_key_signature.0.clone();
    let z = Secret::new(seed::bytes("x3dh_initiate/z"));
    let sign = |actor: &Actor, message: &[u8]| {
        let key = actor.device.keys().identity();
        signed(xeddsa::sign(key, message, &z).as_bytes().to_vec())
    };
    let flipped = |at: usize| {
        let mut signature = signature.clone();
        signature[at] ^= 1;
        signed(signature)
    };
    for (comment, bundle) in [
        ("a bit of R flipped", flipped(0)),
        ("a bit of s flipped", flipped(40)),
        ("a signature of zero bytes", signed(vec![0; 64])),
        (
            "signed by somebody else",
            sign(&mallory, &good.signed_pre_key),
        ),
        (
            "signed over the prekey's 32 bytes in place of its encoding",
            sign(&bob, &good.signed_pre_key[1..]),
        ),
        (
            "signed over the one-time prekey",
            sign(&bob, good.one_time_pre_key.as_deref().expect("it has one")),
        ),
        (
            "signed over the prekey with its id",
            sign(&bob, &[&good.signed_pre_key[..], &[7]].concat()),
        ),
        (
            "somebody else's signed prekey with Bob's signature",
            BundleFields {
                signed_pre_key: mallory.bundle(None).signed_pre_key,
                ..good.clone()
            },
        ),
        (
            "somebody else's identity key with Bob's signed prekey",
            BundleFields {
                identity_key: mallory.bundle(None).identity_key,
                ..good.clone()
            },
        ),
        (
            "the one-time prekey and the signed prekey exchanged",
            BundleFields {
                signed_pre_key: good.one_time_pre_key.clone().expect("it has one"),
                one_time_pre_key: Some(good.signed_pre_key.clone()),
                ..good.clone()
            },
        ),
    ] {
        refuse(
            comment,
            "SignatureNotVerified",
            &["X3DH-02", "KEY-07", "SIG-05"],
            InvalidSignature,
            bundle,
        );
    }
    for (comment, id, bundle) in [
        ("bit 255 of s set", "SIG-03", {
            let mut signature = signature.clone();
            signature[63] |= 0x80;
            signed(signature)
        }),
        ("s + q in place of s", "SIG-02", {
            let mut bad = signature.clone();
            let order = {
                let mut bytes = (-Scalar::ONE).to_bytes();
                bytes[0] += 1;
                bytes
            };
            let mut carry = 0;
            for (byte, add) in bad[32..].iter_mut().zip(order) {
                let sum = u16::from(*byte) + u16::from(add) + carry;
                *byte = u8::try_from(sum & 0xff).expect("a byte");
                carry = sum >> 8;
            }
            signed(bad)
        }),
        (
            "a signature of 63 bytes",
            "SIG-04",
            signed(signature[..63].to_vec()),
        ),
        (
            "a signature of 65 bytes",
            "SIG-04",
            signed([&signature[..], &[0]].concat()),
        ),
        ("no signature", "SIG-04", signed(vec![])),
    ] {
        refuse(
            comment,
            "Malleability",
            &["X3DH-02", id],
            InvalidSignature,
            bundle,
        );
    }

    let resigned = |key: &[u8]| BundleFields {
        signed_pre_key: key.into(),
        ..sign(&bob, key)
    };
    let one_time = |key: Hex| BundleFields {
        one_time_pre_key: Some(key),
        ..good.clone()
    };
    let identity = |key: Hex| BundleFields {
        identity_key: key,
        ..good.clone()
    };
    let u: [u8; 32] = bob.identity_key().u().to_owned();
    for (comment, id, bundle) in [
        (
            "IK_B with bit 255 set: the same point, another key",
            "KEY-03",
            identity(encoded(&with_top_bit(u))),
        ),
        ("IK_B of 32 bytes", "KEY-02", identity(Hex(u.to_vec()))),
        ("IK_B is u = 0", "KEY-04", identity(encoded(&[0; 32]))),
        (
            "SPK_B of order 8, its signature good: DH1 and DH3 are all zero",
            "KEY-04",
            resigned(&encoded(&small_order()[2].1)),
        ),
        (
            "SPK_B with u = 2^255 - 10, its signature good",
            "KEY-03",
            resigned(&encoded(&near_prime(9))),
        ),
        ("SPK_B with type byte 0x06, its signature good", "KEY-02", {
            let mut key = good.signed_pre_key.0.clone();
            key[0] = 0x06;
            resigned(&key)
        }),
        (
            "OPK_B is u = 1: whoever checks signed keys alone sends with a known DH4",
            "KEY-04",
            one_time(encoded(&small_order()[1].1)),
        ),
        (
            "OPK_B with u = 2^255 - 19",
            "KEY-03",
            one_time(encoded(&near_prime(0))),
        ),
        (
            "OPK_B empty: it is left out or whole",
            "KEY-02",
            one_time(Hex(vec![])),
        ),
    ] {
        refuse(comment, "InvalidKey", &["X3DH-01", id], InvalidKey, bundle);
    }

    let with = |change: &dyn Fn(&mut BundleFields)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        bundle
    };
    for (comment, id, bundle) in [
        (
            "an upper-case UserID",
            "ID-01",
            with(&|b| b.user_id = b.user_id.to_uppercase()),
        ),
        (
            "a UserID without hyphens",
            "ID-01",
            with(&|b| b.user_id = b.user_id.replace('-', "")),
        ),
        (
            "a UserID in braces",
            "ID-01",
            with(&|b| b.user_id = format!("{{{}}}", b.user_id)),
        ),
        (
            "a UUID of version 1",
            "ID-01",
            with(&|b| b.user_id.replace_range(14..15, "1")),
        ),
        (
            "a UUID of another variant",
            "ID-01",
            with(&|b| b.user_id.replace_range(19..20, "c")),
        ),
        (
            "an e-mail address as UserID",
            "ID-01",
            with(&|b| "bob@example.com".clone_into(&mut b.user_id)),
        ),
        ("DeviceID 0", "ID-03", with(&|b| b.device_id = 0)),
        ("DeviceID 128", "ID-03", with(&|b| b.device_id = 128)),
        (
            "DeviceID 257: cut to a byte it reads 1",
            "ID-03",
            with(&|b| b.device_id = 257),
        ),
        (
            "registration id 0",
            "ID-04",
            with(&|b| b.registration_id = 0),
        ),
        (
            "registration id 16,381",
            "ID-04",
            with(&|b| b.registration_id = 16_381),
        ),
        (
            "signed prekey id 0",
            "ID-06",
            with(&|b| b.signed_pre_key_id = 0),
        ),
        (
            "signed prekey id 2^24",
            "ID-06",
            with(&|b| b.signed_pre_key_id = 1 << 24),
        ),
        (
            "one-time prekey id 0",
            "ID-06",
            with(&|b| b.one_time_pre_key_id = Some(0)),
        ),
        (
            "a one-time prekey without its id",
            "X3DH-01",
            with(&|b| b.one_time_pre_key_id = None),
        ),
        (
            "a one-time prekey's id without the key",
            "X3DH-01",
            with(&|b| b.one_time_pre_key = None),
        ),
    ] {
        let ids = ["X3DH-01", id];
        let ids = if id == ids[0] { &ids[..1] } else { &ids[..] };
        refuse(comment, "Identifier", ids, Malformed, bundle);
    }
}
