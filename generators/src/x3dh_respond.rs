//! Family `x3dh_respond`.

use super::actor::{Actor, SIGNED_PRE_KEY_ID, Talk, erased_private_key, user_id};
use super::x3dh_initiate::notes;
use super::{Builder, seed};
use tigress_signal::conformance::operation::device::{Create, CreateInput};
use tigress_signal::conformance::operation::x3dh::{Respond, RespondInput};
use tigress_signal::conformance::operation::{AddressFields, On};
use tigress_signal::error_code::ErrorCode::{
    self, DecryptFailed, DuplicateMessage, UnknownOneTimePrekey, UnknownSignedPrekey,
    UntrustedIdentity,
};
use tigress_signal::hex::Hex;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage};

/// The prekey message with other fields, the ratchet message inside left alone.
fn with(message: &Message, change: &dyn Fn(&mut PreKeyMessage<'_>)) -> Message {
    let mut parsed = PreKeyMessage::decode(&Tigress1, &message.bytes).expect("a prekey message");
    change(&mut parsed);
    Message {
        kind: MessageKind::PreKey,
        bytes: parsed.encode(&Tigress1),
    }
}

/// The message with one bit of its last field's end flipped.
fn damaged(message: &Message) -> Message {
    let inner = {
        let parsed = PreKeyMessage::decode(&Tigress1, &message.bytes).expect("a prekey message");
        let mut inner = parsed.message.bytes.to_vec();
        *inner.last_mut().expect("a message has bytes") ^= 1;
        inner
    };
    let mut bytes = message.bytes.clone();
    let at = bytes
        .windows(inner.len() - 1)
        .position(|window| window == &inner[..inner.len() - 1])
        .expect("the message holds its ratchet message");
    bytes[at + inner.len() - 1] ^= 1;
    Message {
        kind: message.kind,
        bytes,
    }
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    b.old_note(
        "UnknownPreKey",
        "MISSING_STEP",
        "A prekey id that the device does not hold, or no longer. Whoever goes on without it computes with another key or with none.",
        &["https://signal.org/docs/specifications/x3dh/#receiving-the-initial-message"],
    );
    b.old_note(
        "PreKeyLifetime",
        "CONFIDENTIALITY",
        "When prekeys are made, kept and erased. Kept too long they cost forward secrecy, erased too early they lose messages.",
        &["https://signal.org/docs/specifications/x3dh/#key-compromise"],
    );
    b.old_note(
        "Replay",
        "AUTH_BYPASS",
        "A prekey message is delivered again. Whoever accepts it carries out a transfer twice.",
        &["https://signal.org/docs/specifications/x3dh/#protocol-replay"],
    );
    b.old_note(
        "StateChanged",
        "DENIAL_OF_SERVICE",
        "A refused message must change nothing. Whoever spends a one-time prekey on it lets a stranger lock the real sender out.",
        &[],
    );
    b.old_note(
        "WrongSender",
        "AUTH_BYPASS",
        "The message is delivered under another sender's address or identity key.",
        &["https://signal.org/docs/specifications/x3dh/#identity-binding"],
    );

    let bob = Actor::new("bob");
    let first = |from: &mut Actor, one_time: Option<u32>, label: &str, text: &[u8]| {
        from.open(&bob.bundle(one_time), label);
        from.encrypt(bob.address, text)
    };
    let input =
        |from: &Actor, message: &Message, one_time: Option<u32>, label: &str| RespondInput {
            address: bob.address_fields(),
            identity_private_key: bob.loaded.identity_private_key.clone(),
            signed_pre_key_id: SIGNED_PRE_KEY_ID,
            signed_pre_key_private_key: bob.loaded.signed_pre_keys[0].private_key.clone(),
            one_time_pre_key_id: one_time,
            one_time_pre_key_private_key: one_time.map(|id| {
                bob.loaded.one_time_pre_keys[id as usize - 1]
                    .private_key
                    .clone()
            }),
            sender: from.address_fields(),
            pinned_identity_key: None,
            message: Hex(message.bytes.clone()),
            randomness: seed::bytes::<32>(&format!("x3dh_respond/{label}")).into(),
        };
    let all = &["X3DH-03", "X3DH-04", "X3DH-05", "DR-02", "DR-09"];

    for (comment, flag, mut from, one_time, text) in [
        (
            "with a one-time prekey",
            "Normal",
            Actor::new("alice"),
            Some(1),
            &b"hello Bob"[..],
        ),
        (
            "with another one-time prekey, from another initiator",
            "Normal",
            Actor::new("carol"),
            Some(3),
            b"hello",
        ),
        (
            "an empty first message",
            "Normal",
            Actor::new("alice"),
            Some(2),
            b"",
        ),
        (
            "from device 127",
            "Normal",
            Actor::on_device("alice", 127),
            Some(1),
            b"from my watch",
        ),
        (
            "without a one-time prekey: three Diffie-Hellmans",
            "NoOneTimePreKey",
            Actor::new("alice"),
            None,
            b"hello",
        ),
    ] {
        let message = first(&mut from, one_time, comment, text);
        let ids: &[&str] = if one_time.is_some() {
            all
        } else {
            &["X3DH-03", "X3DH-04", "X3DH-12"]
        };
        b.old_computed::<Respond>(
            (comment, &[flag], ids),
            input(&from, &message, one_time, comment),
        );
    }

    let mut alice = Actor::new("alice");
    let mallory = Actor::new("mallory");
    let message = first(&mut alice, Some(1), "respond", b"hello Bob");
    let without = first(&mut alice, None, "respond without", b"hello Bob");
    b.old_computed::<Respond>(
        (
            "the sender's identity key is the pinned one",
            &["PinnedIdentity"],
            &["X3DH-15"],
        ),
        RespondInput {
            pinned_identity_key: Some(alice.identity_key().encode().into()),
            ..input(&alice, &message, Some(1), "pinned")
        },
    );
    let mut refuse =
        |comment: &str, flag: &str, ids: &[&str], error: ErrorCode, input: RespondInput| {
            b.old_invalid::<Respond>((comment, &[flag], ids), error, input);
        };
    let base = |message: &Message, one_time| input(&alice, message, one_time, "refused");
    refuse(
        "another identity key is pinned",
        "PinnedIdentity",
        &["X3DH-15"],
        UntrustedIdentity,
        RespondInput {
            pinned_identity_key: Some(mallory.identity_key().encode().into()),
            ..base(&message, Some(1))
        },
    );
    refuse(
        "a signed prekey id that was never given out",
        "UnknownPreKey",
        &["X3DH-08"],
        UnknownSignedPrekey,
        base(&with(&message, &|m| m.signed_pre_key_id = 8), Some(1)),
    );
    refuse(
        "the one-time prekey's id in place of the signed prekey's: the kinds have ids of their own",
        "UnknownPreKey",
        &["X3DH-08", "ID-06"],
        UnknownSignedPrekey,
        base(&with(&message, &|m| m.signed_pre_key_id = 1), Some(1)),
    );
    refuse(
        "a one-time prekey id that was never given out",
        "UnknownPreKey",
        &["X3DH-09"],
        UnknownOneTimePrekey,
        base(&with(&message, &|m| m.pre_key_id = Some(9)), Some(1)),
    );
    refuse(
        "the device holds no one-time prekey: whoever leaves DH4 out falls back to three",
        "UnknownPreKey",
        &["X3DH-09"],
        UnknownOneTimePrekey,
        base(&message, None),
    );
    refuse(
        "the id of the one-time prekey struck out: a weaker agreement than the sender made",
        "WrongSender",
        &["X3DH-12", "X3DH-03"],
        DecryptFailed,
        base(&with(&message, &|m| m.pre_key_id = None), Some(1)),
    );
    refuse(
        "a one-time prekey id put in",
        "WrongSender",
        &["X3DH-12", "X3DH-03"],
        DecryptFailed,
        base(&with(&without, &|m| m.pre_key_id = Some(1)), Some(1)),
    );
    refuse(
        "another identity key in the message",
        "WrongSender",
        &["X3DH-03", "X3DH-05"],
        DecryptFailed,
        base(
            &with(&message, &|m| m.identity_key = mallory.identity_key()),
            Some(1),
        ),
    );
    refuse(
        "another base key",
        "WrongSender",
        &["X3DH-03"],
        DecryptFailed,
        base(
            &with(&message, &|m| m.base_key = mallory.identity_key()),
            Some(1),
        ),
    );
    refuse(
        "base key and identity key exchanged",
        "WrongSender",
        &["X3DH-03"],
        DecryptFailed,
        base(
            &with(&message, &|m| {
                std::mem::swap(&mut m.base_key, &mut m.identity_key);
            }),
            Some(1),
        ),
    );
    refuse(
        "delivered as another user's: the address is bound by AD",
        "WrongSender",
        &["X3DH-05"],
        DecryptFailed,
        RespondInput {
            sender: mallory.address_fields(),
            ..base(&message, Some(1))
        },
    );
    refuse(
        "delivered as another device's of the same user",
        "WrongSender",
        &["X3DH-05"],
        DecryptFailed,
        RespondInput {
            sender: AddressFields {
                device_id: 2,
                ..alice.address_fields()
            },
            ..base(&message, Some(1))
        },
    );
    refuse(
        "delivered to another device of the receiver",
        "WrongSender",
        &["X3DH-05"],
        DecryptFailed,
        RespondInput {
            address: AddressFields {
                device_id: 2,
                ..bob.address_fields()
            },
            ..base(&message, Some(1))
        },
    );
    refuse(
        "its last bit flipped",
        "StateChanged",
        &["X3DH-11"],
        DecryptFailed,
        base(&damaged(&message), Some(1)),
    );

    let mut create = |comment: &str, device_id, one_time_pre_keys, now, randomness: Vec<u8>| {
        b.old_computed::<Create>(
            (
                comment,
                &["PreKeyLifetime"],
                &["KEY-05", "KEY-06", "KEY-07", "ID-04", "X3DH-01", "RND-01"],
            ),
            On {
                handle: "device".to_owned(),
                input: CreateInput {
                    address: AddressFields {
                        user_id: user_id("dora"),
                        device_id,
                    },
                    one_time_pre_keys,
                    now: Timestamp(now),
                    randomness: Hex(randomness),
                },
            },
        );
    };
    // Identity key, registration id, signed prekey, its signature, one-time prekeys.
    let drawn = |comment: &str, registration_id: &[u8], one_time_pre_keys: usize| {
        let rest = seed::vec(&format!("{comment}/rest"), 32 + 64 + 32 * one_time_pre_keys);
        [&seed::bytes::<32>(comment)[..], registration_id, &rest].concat()
    };
    for (comment, device_id, one_time_pre_keys, now, registration_id) in [
        (
            "a device with three one-time prekeys",
            1,
            3,
            1_800_000_000,
            &[0x12, 0x34][..],
        ),
        ("a device without one-time prekeys", 2, 0, 0, &[0x00, 0x01]),
        (
            "device 127, the highest registration id",
            127,
            1,
            1_800_000_000,
            &[0x3f, 0xfc],
        ),
        (
            "the two bytes of the registration id are masked to 14 bits",
            1,
            0,
            0,
            &[0xff, 0xfc],
        ),
        (
            "a registration id of 0 and one of 16,381 are drawn again",
            1,
            0,
            0,
            &[0x00, 0x00, 0x3f, 0xfd, 0x00, 0x2a],
        ),
    ] {
        let randomness = drawn(comment, registration_id, one_time_pre_keys.into());
        create(comment, device_id, one_time_pre_keys, now, randomness);
    }
    conversations(b);
}

fn conversations(b: &mut Builder) {
    let bob = Actor::new("bob");
    let spk = [SIGNED_PRE_KEY_ID];
    let opening = |one_time: Option<u32>, label: &str| {
        let mut alice = Actor::new("alice");
        alice.open(&bob.bundle(one_time), label);
        alice
    };
    let mut talk = |comment: &str, flag: &str, ids: &[&str], play: &dyn Fn(&mut Talk)| {
        let mut talk = Talk::new(bob.clone(), comment);
        play(&mut talk);
        b.old_conversation((comment, &[flag], ids), talk.recorded());
    };

    talk(
        "the one-time prekey is held until the first message decrypts, and gone then",
        "PreKeyLifetime",
        &["X3DH-10"],
        &|t| {
            let mut alice = opening(Some(2), "erase");
            let message = alice.encrypt(bob.address, b"first");
            t.keys(&spk, &[1, 2, 3, 4]);
            t.decrypt(alice.address, &message, b"first");
            t.keys(&spk, &[1, 3, 4]);
            t.erased(erased_private_key(
                "the one-time prekey\'s private key",
                &bob.loaded.one_time_pre_keys[1].private_key,
            ));
        },
    );
    talk(
        "a message that does not decrypt leaves the one-time prekey usable: the real one decrypts afterwards",
        "StateChanged",
        &["X3DH-10", "X3DH-11"],
        &|t| {
            let mut alice = opening(Some(2), "usable");
            let message = alice.encrypt(bob.address, b"first");
            t.refuse(alice.address, &damaged(&message), DecryptFailed);
            t.keys(&spk, &[1, 2, 3, 4]);
            t.decrypt(alice.address, &message, b"first");
        },
    );
    talk(
        "a message that does not decrypt is not remembered: its base key may still open the session",
        "StateChanged",
        &["X3DH-11", "X3DH-14"],
        &|t| {
            let mut alice = opening(None, "not remembered");
            let message = alice.encrypt(bob.address, b"first");
            t.refuse(alice.address, &damaged(&message), DecryptFailed);
            t.refuse(alice.address, &damaged(&message), DecryptFailed);
            t.decrypt(alice.address, &message, b"first");
        },
    );
    talk(
        "an unknown one-time prekey changes nothing",
        "UnknownPreKey",
        &["X3DH-09", "DR-15"],
        &|t| {
            let mut alice = opening(Some(2), "unknown opk");
            let message = alice.encrypt(bob.address, b"first");
            t.refuse(
                alice.address,
                &with(&message, &|m| m.pre_key_id = Some(9)),
                UnknownOneTimePrekey,
            );
            t.keys(&spk, &[1, 2, 3, 4]);
            t.decrypt(alice.address, &message, b"first");
        },
    );
    talk(
        "an unknown signed prekey changes nothing",
        "UnknownPreKey",
        &["X3DH-08", "DR-15"],
        &|t| {
            let mut alice = opening(Some(2), "unknown spk");
            let message = alice.encrypt(bob.address, b"first");
            t.refuse(
                alice.address,
                &with(&message, &|m| m.signed_pre_key_id = 8),
                UnknownSignedPrekey,
            );
            t.keys(&spk, &[1, 2, 3, 4]);
            t.decrypt(alice.address, &message, b"first");
        },
    );
    talk(
        "two initiators with one one-time prekey: the second is refused",
        "UnknownPreKey",
        &["X3DH-09", "X3DH-10"],
        &|t| {
            let mut alice = opening(Some(2), "one of two");
            let mut carol = Actor::new("carol");
            carol.open(&bob.bundle(Some(2)), "two of two");
            let first = alice.encrypt(bob.address, b"from Alice");
            let second = carol.encrypt(bob.address, b"from Carol");
            t.decrypt(alice.address, &first, b"from Alice");
            t.refuse(carol.address, &second, UnknownOneTimePrekey);
        },
    );
    talk(
        "two initiators without one-time prekeys: both are accepted",
        "NoOneTimePreKey",
        &["X3DH-12"],
        &|t| {
            let mut alice = opening(None, "one of two");
            let mut carol = Actor::new("carol");
            carol.open(&bob.bundle(None), "two of two");
            let first = alice.encrypt(bob.address, b"from Alice");
            let second = carol.encrypt(bob.address, b"from Carol");
            t.decrypt(alice.address, &first, b"from Alice");
            t.decrypt(carol.address, &second, b"from Carol");
            t.keys(&spk, &[1, 2, 3, 4]);
        },
    );
    talk(
        "further prekey messages go to the session: X3DH is not run again, though the one-time prekey is gone",
        "Normal",
        &["X3DH-07", "X3DH-13"],
        &|t| {
            let mut alice = opening(Some(2), "further");
            for text in [&b"first"[..], b"second", b"third"] {
                let message = alice.encrypt(bob.address, text);
                t.decrypt(alice.address, &message, text);
            }
            t.keys(&spk, &[1, 3, 4]);
        },
    );
    talk(
        "the second prekey message arrives first",
        "Normal",
        &["X3DH-13", "DR-10"],
        &|t| {
            let mut alice = opening(Some(2), "second first");
            let first = alice.encrypt(bob.address, b"first");
            let second = alice.encrypt(bob.address, b"second");
            t.decrypt(alice.address, &second, b"second");
            t.decrypt(alice.address, &first, b"first");
            t.keys(&spk, &[1, 3, 4]);
        },
    );
    talk(
        "a prekey message delivered twice",
        "Replay",
        &["X3DH-13", "DR-14"],
        &|t| {
            let mut alice = opening(Some(2), "twice");
            let message = alice.encrypt(bob.address, b"first");
            t.decrypt(alice.address, &message, b"first");
            t.refuse(alice.address, &message, DuplicateMessage);
            t.restart();
            t.refuse(alice.address, &message, DuplicateMessage);
        },
    );
    talk(
        "a prekey message delivered again after its session is gone",
        "Replay",
        &["X3DH-14"],
        &|t| {
            let mut alice = opening(Some(2), "gone");
            let message = alice.encrypt(bob.address, b"first");
            t.decrypt(alice.address, &message, b"first");
            t.drop_sessions(alice.address);
            t.refuse(alice.address, &message, DuplicateMessage);
        },
    );
    talk(
        "the same without a one-time prekey, where nothing but the memory of base keys helps",
        "Replay",
        &["X3DH-14"],
        &|t| {
            let mut alice = opening(None, "gone without");
            let message = alice.encrypt(bob.address, b"first");
            t.decrypt(alice.address, &message, b"first");
            t.drop_sessions(alice.address);
            t.refuse(alice.address, &message, DuplicateMessage);
            t.restart();
            t.refuse(alice.address, &message, DuplicateMessage);
        },
    );
    talk(
        "a second message of a session that is gone would open it again",
        "Replay",
        &["X3DH-14"],
        &|t| {
            let mut alice = opening(None, "second of gone");
            let first = alice.encrypt(bob.address, b"first");
            let second = alice.encrypt(bob.address, b"second");
            t.decrypt(alice.address, &first, b"first");
            t.drop_sessions(alice.address);
            t.refuse(alice.address, &second, DuplicateMessage);
        },
    );
    talk(
        "the same initiator opens a second session: another base key is no replay",
        "Normal",
        &["X3DH-14"],
        &|t| {
            let mut alice = opening(None, "one");
            let first = alice.encrypt(bob.address, b"first");
            t.decrypt(alice.address, &first, b"first");
            alice.open(&bob.bundle(None), "two");
            let second = alice.encrypt(bob.address, b"in a new session");
            t.decrypt(alice.address, &second, b"in a new session");
        },
    );
    talk(
        "base keys are remembered for as long as the signed prekey is held, over its replacement",
        "Replay",
        &["X3DH-14", "KEY-08"],
        &|t| {
            let mut alice = opening(None, "over replacement");
            let message = alice.encrypt(bob.address, b"first");
            t.decrypt(alice.address, &message, b"first");
            t.drop_sessions(alice.address);
            t.tick(7 * DAY);
            t.tick(36 * DAY);
            t.refuse(alice.address, &message, DuplicateMessage);
        },
    );
    talk(
        "the signed prekey is replaced when it is 7 days old",
        "PreKeyLifetime",
        &["KEY-08", "KEY-07"],
        &|t| {
            t.tick(7 * DAY);
            t.keys(&[7, 8], &[1, 2, 3, 4]);
            t.bundle(Some(1));
        },
    );
    talk(
        "a replaced signed prekey still answers for 30 days",
        "PreKeyLifetime",
        &["KEY-08"],
        &|t| {
            let mut alice = opening(Some(2), "late");
            let message = alice.encrypt(bob.address, b"late");
            t.tick(7 * DAY);
            t.tick(37 * DAY - 1);
            t.decrypt(alice.address, &message, b"late");
        },
    );
    talk(
        "a signed prekey replaced 30 days ago is erased",
        "PreKeyLifetime",
        &["KEY-08", "X3DH-08"],
        &|t| {
            let mut alice = opening(Some(2), "too late");
            let message = alice.encrypt(bob.address, b"too late");
            t.tick(7 * DAY);
            t.tick(37 * DAY);
            t.refuse(alice.address, &message, UnknownSignedPrekey);
            t.erased(erased_private_key(
                "the signed prekey's private key",
                &bob.loaded.signed_pre_keys[0].private_key,
            ));
        },
    );
    talk(
        "another identity key is pinned to the sender",
        "PinnedIdentity",
        &["X3DH-15"],
        &|t| {
            let mut alice = opening(Some(2), "pinned other");
            let message = alice.encrypt(bob.address, b"first");
            t.pin(alice.address, Actor::new("mallory").identity_key());
            t.refuse(alice.address, &message, UntrustedIdentity);
            t.keys(&spk, &[1, 2, 3, 4]);
        },
    );
    talk(
        "the pinned identity key holds for bundles too, and over a restart",
        "PinnedIdentity",
        &["X3DH-15"],
        &|t| {
            let alice = Actor::new("alice");
            t.pin(alice.address, Actor::new("mallory").identity_key());
            t.restart();
            t.refuse_bundle(&alice.bundle(Some(1)), UntrustedIdentity);
        },
    );
    talk(
        "an established session does not outrank the pin",
        "PinnedIdentity",
        &["X3DH-15"],
        &|t| {
            let mut alice = opening(Some(2), "pin later");
            let first = alice.encrypt(bob.address, b"first");
            let second = alice.encrypt(bob.address, b"second");
            t.decrypt(alice.address, &first, b"first");
            t.pin(alice.address, Actor::new("mallory").identity_key());
            t.refuse(alice.address, &second, UntrustedIdentity);
        },
    );
}
