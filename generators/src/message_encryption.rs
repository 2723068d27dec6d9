//! Family `message_encryption`.

use super::actor::user_id;
use super::{Builder, seed};
use tigress_signal::conformance::operation::message_encryption::{
    Context, Decrypt, DecryptInput, DecryptOutput, Encrypt, EncryptInput,
};
use tigress_signal::error_code::ErrorCode::DecryptFailed;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::UserId;
use tigress_signal::primitives::aes256_gcm;
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::primitives::{KeyPair, PrivateKey, Secret};

fn key(label: &str) -> [u8; 33] {
    let private = seed::bytes(&format!("message_encryption/{label}"));
    KeyPair::from(PrivateKey::from(private)).public().encode()
}

fn address(user: &str, device: u8) -> Vec<u8> {
    let user: UserId = user_id(user).parse().expect("a UserID");
    [&user.as_bytes()[..], &[device]].concat()
}

/// AES-256-GCM with everything spelled out, for ciphertexts made wrongly.
fn seal(context: &Context, aad: &[&[u8]], swap: bool, plaintext: &[u8]) -> Hex {
    let expanded: Secret<44> = hkdf_sha256(
        None,
        &[&context.message_key],
        b"TigressSignal/1 MessageKeys",
    );
    let expanded = expanded.expose();
    let (aes_key, nonce) = if swap {
        (&expanded[12..], &expanded[..12])
    } else {
        (&expanded[..32], &expanded[32..])
    };
    let mut out = plaintext.to_vec();
    let tag = aes256_gcm::seal(
        aes_key.try_into().expect("32 bytes"),
        nonce.try_into().expect("12 bytes"),
        &aad.concat(),
        &mut out,
    );
    out.extend_from_slice(&tag);
    Hex(out)
}

pub(super) fn generate(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "A message as honest implementations make it.",
        &[],
    );
    b.old_note(
        "ModifiedCiphertext",
        "AUTH_BYPASS",
        "Ciphertext or tag was changed. Whoever accepts it does not check the tag; whoever hands out the plaintext before refusing lets it be probed.",
        &["https://csrc.nist.gov/pubs/sp/800/38/d/final"],
    );
    b.old_note(
        "ModifiedHeader",
        "AUTH_BYPASS",
        "The header differs from the one that the message was encrypted with. Whoever accepts it does not bind the header, and an attacker can move messages within and between chains.",
        &["https://signal.org/docs/specifications/doubleratchet/#external-functions"],
    );
    b.old_note(
        "ModifiedParties",
        "AUTH_BYPASS",
        "The identities or addresses differ. Whoever accepts it does not bind who talks to whom, and a message can be passed off as another's.",
        &["https://signal.org/docs/specifications/x3dh/#identity-binding"],
    );
    b.old_note(
        "WrongConstruction",
        "INTEROPERABILITY",
        "Made with another layout of associated data or keys. Whoever accepts it has the same bug as the sender.",
        &[],
    );
    b.old_note(
        "Truncated",
        "MISSING_STEP",
        "Shorter than it was made.",
        &[],
    );

    let (alice, bob) = (key("alice"), key("bob"));
    let ad = [&alice[..], &bob, &address("alice", 1), &address("bob", 1)].concat();
    let context = Context {
        message_key: seed::bytes::<32>("message_encryption/mk").into(),
        associated_data: ad.clone().into(),
        ratchet_key: key("ratchet").into(),
        previous_counter: 5,
        counter: 3,
    };
    let text = seed::vec("message_encryption/plaintext", 1024);

    for (comment, context, length) in [
        ("an empty plaintext: the tag alone", context.clone(), 0),
        ("1 byte", context.clone(), 1),
        ("15 bytes: one less than a block", context.clone(), 15),
        ("16 bytes: a block", context.clone(), 16),
        ("17 bytes: one more", context.clone(), 17),
        ("256 bytes: a padded payload", context.clone(), 256),
        ("1,024 bytes", context.clone(), 1024),
        (
            "counters 0",
            Context {
                previous_counter: 0,
                counter: 0,
                ..context.clone()
            },
            256,
        ),
        (
            "counters that differ in their highest byte: big-endian",
            Context {
                previous_counter: 1,
                counter: 0x0100_0000,
                ..context.clone()
            },
            16,
        ),
        (
            "the highest counters",
            Context {
                previous_counter: u32::MAX,
                counter: u32::MAX - 1,
                ..context.clone()
            },
            16,
        ),
        (
            "another message key: another nonce too",
            Context {
                message_key: seed::bytes::<32>("message_encryption/mk 2").into(),
                ..context.clone()
            },
            16,
        ),
    ] {
        b.old_computed::<Encrypt>(
            (comment, &["Normal"], &["DR-05", "DR-06", "DR-07"]),
            EncryptInput {
                context,
                plaintext: text[..length].into(),
            },
        );
    }

    let version = [0x11];
    let header = |context: &Context| {
        [
            &version[..],
            &context.ratchet_key,
            &context.previous_counter.to_be_bytes(),
            &context.counter.to_be_bytes(),
        ]
        .concat()
    };
    let plaintext = &text[..20];
    let good = seal(&context, &[&ad, &header(&context)], false, plaintext);
    let empty = seal(&context, &[&ad, &header(&context)], false, b"");
    for (comment, ciphertext, plaintext) in [
        ("20 bytes", &good, plaintext),
        ("an empty plaintext", &empty, b""),
    ] {
        b.old_valid::<Decrypt>(
            (comment, &["Normal"], &["DR-05", "DR-06", "DR-07", "DR-17"]),
            DecryptInput {
                context: context.clone(),
                ciphertext: ciphertext.clone(),
            },
            DecryptOutput {
                plaintext: plaintext.into(),
            },
        );
    }

    let mut refuse =
        |comment: &str, flag: &str, ids: &[&str], context: &Context, ciphertext: Hex| {
            b.old_invalid::<Decrypt>(
                (comment, &[flag], ids),
                DecryptFailed,
                DecryptInput {
                    context: context.clone(),
                    ciphertext,
                },
            );
        };
    for (comment, at) in [
        ("the first bit of the ciphertext flipped", 0),
        ("the last bit of the ciphertext flipped", 19),
        ("the first bit of the tag flipped", 20),
        (
            "a bit of the tag's 9th byte flipped: a tag cut to 8 bytes would not see it",
            28,
        ),
        (
            "a bit of the tag's 13th byte flipped: a tag cut to 12 bytes would not see it",
            32,
        ),
        ("the last bit of the tag flipped", 35),
    ] {
        let mut bad = good.clone();
        bad.0[at] ^= if at == 19 || at == 35 { 0x80 } else { 1 };
        refuse(
            comment,
            "ModifiedCiphertext",
            &["DR-06", "DR-17"],
            &context,
            bad,
        );
    }
    let cut = |length: usize| Hex(good[..length].to_vec());
    for (comment, ciphertext) in [
        ("the tag without its last byte", cut(35)),
        ("without a tag", cut(20)),
        ("15 bytes: shorter than a tag", cut(15)),
        ("nothing", cut(0)),
        ("16 zero bytes", Hex(vec![0; 16])),
        ("a byte appended", Hex([&good[..], &[0]].concat())),
        (
            "the tag stands first",
            Hex([&good[20..], &good[..20]].concat()),
        ),
    ] {
        refuse(
            comment,
            "Truncated",
            &["DR-06", "DR-17"],
            &context,
            ciphertext,
        );
    }
    for (comment, other) in [
        (
            "another counter",
            Context {
                counter: 4,
                ..context.clone()
            },
        ),
        (
            "another previous counter",
            Context {
                previous_counter: 6,
                ..context.clone()
            },
        ),
        (
            "the two counters exchanged",
            Context {
                previous_counter: 3,
                counter: 5,
                ..context.clone()
            },
        ),
        (
            "another ratchet key",
            Context {
                ratchet_key: key("other ratchet").into(),
                ..context.clone()
            },
        ),
    ] {
        refuse(comment, "ModifiedHeader", &["DR-07"], &other, good.clone());
    }
    for (comment, parts) in [
        (
            "initiator and responder exchanged",
            [&bob[..], &alice, &address("bob", 1), &address("alice", 1)],
        ),
        (
            "the two addresses exchanged",
            [&alice[..], &bob, &address("bob", 1), &address("alice", 1)],
        ),
        (
            "another device of the responder",
            [&alice[..], &bob, &address("alice", 1), &address("bob", 2)],
        ),
        (
            "another user with the responder's key",
            [
                &alice[..],
                &bob,
                &address("alice", 1),
                &address("mallory", 1),
            ],
        ),
        (
            "another initiator's key",
            [
                &key("mallory")[..],
                &bob,
                &address("alice", 1),
                &address("bob", 1),
            ],
        ),
    ] {
        let other = Context {
            associated_data: parts.concat().into(),
            ..context.clone()
        };
        refuse(
            comment,
            "ModifiedParties",
            &["DR-07", "X3DH-05"],
            &other,
            good.clone(),
        );
    }
    let little_endian = [
        &version[..],
        &context.ratchet_key,
        &context.previous_counter.to_le_bytes(),
        &context.counter.to_le_bytes(),
    ]
    .concat();
    let counters_swapped = [
        &version[..],
        &context.ratchet_key,
        &context.counter.to_be_bytes(),
        &context.previous_counter.to_be_bytes(),
    ]
    .concat();
    let head = header(&context);
    for (comment, id, aad, swap) in [
        (
            "made without the version byte",
            "DR-07",
            vec![&ad[..], &head[1..]],
            false,
        ),
        (
            "made with little-endian counters",
            "DR-07",
            vec![&ad[..], &little_endian],
            false,
        ),
        (
            "made with the counter before the previous counter",
            "DR-07",
            vec![&ad[..], &counters_swapped],
            false,
        ),
        (
            "made with the ratchet key's 32 bytes in place of its encoding",
            "DR-07",
            vec![&ad[..], &head[..1], &head[2..]],
            false,
        ),
        (
            "made without the addresses",
            "X3DH-05",
            vec![&ad[..66], &head],
            false,
        ),
        (
            "made with the header before AD",
            "DR-07",
            vec![&head[..], &ad],
            false,
        ),
        ("made without associated data", "DR-07", vec![], false),
        (
            "made with the nonce taken before the key",
            "DR-05",
            vec![&ad[..], &head],
            true,
        ),
    ] {
        let made = seal(&context, &aad, swap, plaintext);
        refuse(comment, "WrongConstruction", &[id], &context, made);
    }
    let other_key = Context {
        message_key: seed::bytes::<32>("message_encryption/mk 2").into(),
        ..context.clone()
    };
    refuse(
        "another message key",
        "ModifiedCiphertext",
        &["DR-06"],
        &other_key,
        good.clone(),
    );
}
