//! Family `wire_prekey`.

use super::proto::{Proto, bytes, long_varint, tag, uint, varint};
use super::wire_ratchet::{
    bad_keys, key, notes, refuse_lengths, refuse_truncations, refuse_unknown_fields,
    refuse_varints, refuse_versions,
};
use super::{Builder, seed};
use tigress_signal::conformance::operation::wire::{
    DecodePreKey, EncodePreKey, Encoded, PreKeyFields,
};
use tigress_signal::error_code::ErrorCode::{
    self, InvalidKey, Malformed, NonCanonical, TooLarge, UnsupportedVersion,
};
use tigress_signal::hex::Hex;

/// A ratchet message with a ciphertext of that length.
fn ratchet(length: usize) -> Proto {
    Proto {
        version: 0x11,
        fields: vec![
            bytes(1, &key("ratchet")),
            uint(2, 0),
            uint(3, 0),
            bytes(4, &seed::vec("wire/ciphertext", length)),
        ],
    }
}

fn proto(fields: &PreKeyFields) -> Proto {
    Proto {
        version: 0x11,
        fields: fields
            .pre_key_id
            .map(|id| uint(1, id.into()))
            .into_iter()
            .chain([
                bytes(2, &fields.base_key),
                bytes(3, &fields.identity_key),
                bytes(4, &fields.ratchet_message),
                uint(5, fields.registration_id.into()),
                uint(6, fields.signed_pre_key_id.into()),
            ])
            .collect(),
    }
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    b.old_note(
        "Identifier",
        "MISSING_STEP",
        "An id out of its range. Whoever lets it through looks up what no device can have published.",
        &[],
    );
    b.old_note(
        "Inner",
        "MISSING_STEP",
        "The ratchet message inside breaks a rule. Whoever parses it later may have changed its state by then.",
        &[],
    );

    let fields = |pre_key_id, registration_id, signed_pre_key_id, inner: Vec<u8>| PreKeyFields {
        pre_key_id,
        base_key: key("base").into(),
        identity_key: key("identity").into(),
        ratchet_message: Hex(inner),
        registration_id,
        signed_pre_key_id,
    };
    let inner = ratchet(32).build();
    let largest_inner = ratchet(66_000 - 1 - 35 - 4 - 4).build();
    let cases = [
        (
            "with a one-time prekey",
            fields(Some(3), 1234, 7, inner.clone()),
        ),
        (
            "without a one-time prekey: pre_key_id is left out, not written as 0",
            fields(None, 1234, 7, inner.clone()),
        ),
        ("the lowest ids", fields(Some(1), 1, 1, inner.clone())),
        (
            "the highest ids",
            fields(Some(0x00ff_ffff), 16_380, 0x00ff_ffff, inner.clone()),
        ),
        (
            "ids 127 and 128: where a varint grows",
            fields(Some(127), 128, 127, inner.clone()),
        ),
        (
            "ids 16,383 and 16,384: where it grows again",
            fields(Some(16_383), 16_380, 16_384, inner.clone()),
        ),
        (
            "the shortest ratchet message",
            fields(Some(3), 1234, 7, ratchet(16).build()),
        ),
        (
            "a ratchet message of 4,096 bytes of ciphertext",
            fields(Some(3), 1234, 7, ratchet(4096).build()),
        ),
        (
            "a ratchet message of the greatest size",
            fields(
                Some(0x00ff_ffff),
                16_380,
                0x00ff_ffff,
                largest_inner.clone(),
            ),
        ),
    ];
    for (comment, fields) in &cases {
        let flag = if fields.ratchet_message.len() == largest_inner.len() {
            "Size"
        } else {
            "Normal"
        };
        let ids: &[&str] = match fields.pre_key_id {
            Some(_) => &["WIRE-01", "WIRE-02", "WIRE-08", "WIRE-11", "ID-06"],
            None => &[
                "WIRE-01", "WIRE-02", "WIRE-08", "WIRE-11", "ID-06", "X3DH-12",
            ],
        };
        b.old_valid::<DecodePreKey>(
            (comment, &[flag], ids),
            Encoded {
                message: Hex(proto(fields).build()),
            },
            fields.clone(),
        );
    }
    for (comment, fields) in &cases[..8] {
        b.old_valid::<EncodePreKey>(
            (
                comment,
                &["Normal"],
                &["WIRE-01", "WIRE-02", "WIRE-03", "WIRE-11"],
            ),
            fields.clone(),
            Encoded {
                message: Hex(proto(fields).build()),
            },
        );
    }

    let p = proto(&cases[0].1);
    let mut refuse =
        |comment: &str, flag: &str, ids: &[&str], error: ErrorCode, message: Vec<u8>| {
            b.old_invalid::<DecodePreKey>(
                (comment, &[flag], ids),
                error,
                Encoded {
                    message: Hex(message),
                },
            );
        };
    let names = [
        "pre_key_id",
        "base_key",
        "identity_key",
        "message",
        "registration_id",
        "signed_pre_key_id",
    ];

    refuse_versions(&p, &mut refuse);
    for (index, name) in names.iter().enumerate().skip(1) {
        let comment = match *name {
            "registration_id" => {
                "without registration_id: signal-v3 reads 0, this suite does not".to_owned()
            }
            _ => format!("without {name}"),
        };
        refuse(
            &comment,
            "Missing",
            &["WIRE-02"],
            Malformed,
            p.without(index),
        );
    }
    for (index, name) in names.iter().enumerate() {
        let field = p.fields[index].clone();
        refuse(
            &format!("{name} twice, alike"),
            "NonCanonical",
            &["WIRE-02", "WIRE-03"],
            NonCanonical,
            p.insert(index, field),
        );
    }
    refuse(
        "a second base_key at the end: a lenient reader runs X3DH with it",
        "NonCanonical",
        &["WIRE-02", "WIRE-03"],
        NonCanonical,
        p.insert(6, bytes(2, &key("other"))),
    );
    for (comment, order) in [
        (
            "pre_key_id last, as Signal's libraries may write it",
            [1, 2, 3, 4, 5, 0],
        ),
        ("base_key and identity_key exchanged", [0, 2, 1, 3, 4, 5]),
        (
            "message last, as fields of the first drafts stood",
            [0, 1, 2, 4, 5, 3],
        ),
        ("the fields in falling order", [5, 4, 3, 2, 1, 0]),
    ] {
        refuse(
            comment,
            "NonCanonical",
            &["WIRE-03"],
            NonCanonical,
            p.order(&order),
        );
    }
    refuse_unknown_fields(&p, 7, &mut refuse);
    refuse(
        "field 8, a Kyber prekey of signal-v4",
        "NonCanonical",
        &["WIRE-03"],
        NonCanonical,
        p.insert(6, bytes(8, b"ciphertext")),
    );

    for (comment, index, field) in [
        ("pre_key_id as bytes", 0, bytes(1, &[3])),
        (
            "pre_key_id as 32 fixed bits",
            0,
            [tag(1, 5), vec![3, 0, 0, 0]].concat(),
        ),
        ("base_key as a varint", 1, uint(2, 5)),
        (
            "identity_key as 64 fixed bits",
            2,
            [tag(3, 1), vec![0; 8]].concat(),
        ),
        ("message as a group", 3, [tag(4, 3), tag(4, 4)].concat()),
        ("registration_id as bytes", 4, bytes(5, &[1])),
        (
            "signed_pre_key_id as 64 fixed bits",
            5,
            [tag(6, 1), vec![7, 0, 0, 0, 0, 0, 0, 0]].concat(),
        ),
        (
            "signed_pre_key_id of wire type 6, which does not exist",
            5,
            tag(6, 6),
        ),
    ] {
        refuse(
            comment,
            "WireType",
            &["WIRE-09"],
            Malformed,
            p.with(index, field),
        );
    }
    refuse_varints(&p, 5, 6, "signed_pre_key_id", &mut refuse);
    refuse(
        "the tag of pre_key_id in two bytes",
        "Varint",
        &["WIRE-03"],
        NonCanonical,
        p.with(0, [long_varint(0x08, 2), varint(3)].concat()),
    );
    let long_length = [tag(2, 2), long_varint(33, 2), key("base").to_vec()].concat();
    refuse(
        "base_key's length in two bytes",
        "NonCanonical",
        &["WIRE-03"],
        NonCanonical,
        p.with(1, long_length),
    );
    refuse_lengths(&p, 3, 4, &inner, &mut refuse);
    refuse_truncations(&p, &mut refuse);

    for (name, index) in [("base_key", 1), ("identity_key", 2)] {
        let number = if index == 1 { 2 } else { 3 };
        for (comment, id, bad) in bad_keys("base") {
            refuse(
                &format!("{name} {comment}"),
                "InvalidKey",
                &["WIRE-06", id],
                InvalidKey,
                p.with(index, bytes(number, &bad)),
            );
        }
    }

    for (comment, id, index, field) in [
        (
            "pre_key_id 0, written: a reader that takes 0 for `none` runs three Diffie-Hellmans",
            "ID-06",
            0,
            uint(1, 0),
        ),
        ("pre_key_id 2^24", "ID-06", 0, uint(1, 1 << 24)),
        ("signed_pre_key_id 0", "ID-06", 5, uint(6, 0)),
        ("signed_pre_key_id 2^24", "ID-06", 5, uint(6, 1 << 24)),
        ("registration_id 0", "ID-04", 4, uint(5, 0)),
        ("registration_id 16,381", "ID-04", 4, uint(5, 16_381)),
        (
            "registration_id 2^32 - 1",
            "ID-04",
            4,
            uint(5, u32::MAX.into()),
        ),
    ] {
        refuse(
            comment,
            "Identifier",
            &[id],
            Malformed,
            p.with(index, field),
        );
    }

    let r = ratchet(32);
    for (comment, id, error, inner) in [
        ("an empty ratchet message", "WIRE-05", Malformed, vec![]),
        (
            "the ratchet message is of version 0x33",
            "WIRE-01",
            UnsupportedVersion,
            r.version(0x33),
        ),
        (
            "the ratchet message has no version byte",
            "WIRE-01",
            UnsupportedVersion,
            r.build()[1..].to_vec(),
        ),
        (
            "the ratchet message has an unknown field",
            "WIRE-03",
            NonCanonical,
            r.insert(4, uint(5, 1)),
        ),
        (
            "the ratchet message's fields stand in another order",
            "WIRE-03",
            NonCanonical,
            r.order(&[1, 0, 2, 3]),
        ),
        (
            "the ratchet message lacks its counter",
            "WIRE-02",
            Malformed,
            r.without(1),
        ),
        (
            "the ratchet message is cut",
            "WIRE-05",
            Malformed,
            r.build()[..50].to_vec(),
        ),
        (
            "the ratchet message's key is of small order",
            "WIRE-06",
            InvalidKey,
            r.with(0, bytes(1, &bad_keys("ratchet")[6].2)),
        ),
        (
            "the ratchet message's ciphertext has 15 bytes",
            "WIRE-07",
            Malformed,
            r.with(3, bytes(4, &[0; 15])),
        ),
        (
            "a prekey message in place of the ratchet message",
            "WIRE-02",
            Malformed,
            {
                // Its first field is a varint where a ratchet key must stand.
                p.build()
            },
        ),
    ] {
        refuse(comment, "Inner", &[id], error, p.with(3, bytes(4, &inner)));
    }
    let too_large = ratchet(66_000 - 1 - 35 - 4 - 4 + 1).build();
    refuse(
        "the ratchet message has 66,001 bytes, the whole fewer than 66,200",
        "Size",
        &["WIRE-08"],
        TooLarge,
        p.with(3, bytes(4, &too_large)),
    );
    refuse(
        "66,201 bytes of an unknown version: the size counts first",
        "Size",
        &["WIRE-08", "WIRE-01"],
        TooLarge,
        vec![0x99; 66_201],
    );
    refuse(
        "66,200 bytes of an unknown version: the size is good, the version is not",
        "Size",
        &["WIRE-08", "WIRE-01"],
        UnsupportedVersion,
        vec![0x99; 66_200],
    );
    refuse(
        "66,201 bytes: one too many",
        "Size",
        &["WIRE-08"],
        TooLarge,
        {
            let mut message = p.clone();
            let rest = p.build().len() - p.fields[3].len();
            message.fields[3] = bytes(4, &seed::vec("wire/large", 66_201 - rest - 4));
            message.build()
        },
    );
}
