//! Family `wire_ratchet`.

use super::proto::{Proto, bytes, long_varint, tag, uint, varint};
use super::public_key::{near_prime, small_order, with_top_bit};
use super::{Builder, seed};
use tigress_signal::conformance::operation::wire::{
    DecodeRatchet, EncodeRatchet, Encoded, RatchetFields,
};
use tigress_signal::error_code::ErrorCode::{
    self, InvalidKey, Malformed, NonCanonical, TooLarge, UnsupportedVersion,
};
use tigress_signal::hex::Hex;
use tigress_signal::primitives::{KeyPair, PrivateKey};

/// The encoded public key of that label.
pub(super) fn key(label: &str) -> [u8; 33] {
    let private = seed::bytes(&format!("wire/{label}"));
    KeyPair::from(PrivateKey::from(private)).public().encode()
}

/// The notes that both wire families share.
pub(super) fn notes(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "A message as honest implementations make it.",
        &[],
    );
    b.old_note(
        "Version",
        "MISSING_STEP",
        "The version byte is not 0x11. Whoever reads on mistakes another protocol for this one, or an attacker's choice of version for the sender's.",
        &[],
    );
    b.old_note(
        "Missing",
        "MISSING_STEP",
        "A required field is missing. Proto3 readers put a default in its place: a message then means what its sender did not say.",
        &["https://protobuf.dev/programming-guides/proto3/#default"],
    );
    b.old_note(
        "NonCanonical",
        "MALLEABILITY",
        "The fields can be read, but the bytes are not their one encoding. Whoever accepts it reads one message from many byte strings: copies pass as new, and two readers may read two messages.",
        &["https://protobuf.dev/programming-guides/serialization-not-canonical/"],
    );
    b.old_note(
        "WireType",
        "PARSER_BUG",
        "A field of another wire type, or of one that does not exist.",
        &["https://protobuf.dev/programming-guides/encoding/"],
    );
    b.old_note(
        "Varint",
        "PARSER_BUG",
        "An integer that is too long, too large or not ended. Whoever cuts it to 32 bits reads another number than was written.",
        &["https://protobuf.dev/programming-guides/encoding/#varints"],
    );
    b.old_note(
        "Length",
        "DENIAL_OF_SERVICE",
        "A length that does not fit what follows. Whoever trusts it reads past the end, overflows, or allocates what a stranger asked for.",
        &["https://protobuf.dev/programming-guides/encoding/#length-types"],
    );
    b.old_note("Truncated", "PARSER_BUG", "The message ends early.", &[]);
    b.old_note(
        "InvalidKey",
        "CONFIDENTIALITY",
        "A key inside the message that must not be used. Whoever checks it only where it is used may store it first.",
        &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    );
    b.old_note(
        "ShortCiphertext",
        "MISSING_STEP",
        "A ciphertext shorter than its tag.",
        &[],
    );
    b.old_note(
        "Size",
        "DENIAL_OF_SERVICE",
        "At or over the greatest size. Whoever parses first does the work that the bound is there to spare.",
        &[],
    );
}

/// Keys that a message must not carry, each with the clause.
pub(super) fn bad_keys(label: &str) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let good = key(label);
    let typed = |u: &[u8; 32]| [&[0x05], &u[..]].concat();
    let mut type_6 = good;
    type_6[0] = 0x06;
    let u: [u8; 32] = good[1..].try_into().expect("32 bytes");
    vec![
        ("empty", "KEY-02", vec![]),
        ("32 bytes without a type byte", "KEY-02", u.to_vec()),
        ("of 34 bytes", "KEY-02", [&good[..], &[0]].concat()),
        ("with type byte 0x06", "KEY-02", type_6.to_vec()),
        ("with bit 255 set", "KEY-03", typed(&with_top_bit(u))),
        ("u = 2^255 - 19", "KEY-03", typed(&near_prime(0))),
        ("u = 0", "KEY-04", typed(&[0; 32])),
        ("of order 8", "KEY-04", typed(&small_order()[2].1)),
    ]
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    let ratchet_key = key("ratchet");
    let ciphertext = seed::vec("wire/ciphertext", 66_000);
    let fields = |counter, previous_counter, length: usize| RatchetFields {
        ratchet_key: ratchet_key.into(),
        counter,
        previous_counter,
        ciphertext: ciphertext[..length].into(),
    };
    let proto = |fields: &RatchetFields| Proto {
        version: 0x11,
        fields: vec![
            bytes(1, &fields.ratchet_key),
            uint(2, fields.counter.into()),
            uint(3, fields.previous_counter.into()),
            bytes(4, &fields.ciphertext),
        ],
    };
    // A message of exactly 66,000 bytes: version, key, two counters of two bytes, tag and length of four.
    let largest = 66_000 - 1 - 35 - 4 - 4;
    let cases = [
        (
            "both counters 0, which are written all the same; the shortest ciphertext",
            fields(0, 0, 16),
        ),
        ("small counters", fields(3, 5, 32)),
        (
            "counter 127, previous counter 128: where a varint grows to two bytes",
            fields(127, 128, 32),
        ),
        (
            "counter 16,383, previous counter 16,384: where it grows to three",
            fields(16_383, 16_384, 32),
        ),
        (
            "counter 2^28 - 1, previous counter 2^28: where it grows to five",
            fields((1 << 28) - 1, 1 << 28, 32),
        ),
        (
            "counter 2^31, previous counter 2^31 - 1: whoever uses signed integers reads less than 0",
            fields(1 << 31, (1 << 31) - 1, 32),
        ),
        (
            "the highest counters: the parser leaves them to the ratchet",
            fields(u32::MAX, u32::MAX, 32),
        ),
        ("a ciphertext of 127 bytes", fields(0, 0, 127)),
        (
            "a ciphertext of 128 bytes: its length grows to two bytes",
            fields(0, 0, 128),
        ),
        (
            "a ciphertext of 16,384 bytes: its length grows to three bytes",
            fields(0, 0, 16_384),
        ),
        ("66,000 bytes: the greatest size", fields(0, 0, largest)),
    ];
    for (comment, fields) in &cases {
        let flag = if fields.ciphertext.len() == largest {
            "Size"
        } else {
            "Normal"
        };
        b.old_valid::<DecodeRatchet>(
            (
                comment,
                &[flag],
                &["WIRE-01", "WIRE-02", "WIRE-08", "WIRE-11"],
            ),
            Encoded {
                message: Hex(proto(fields).build()),
            },
            fields.clone(),
        );
    }
    for (comment, fields) in &cases[..9] {
        b.old_valid::<EncodeRatchet>(
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

    let good = fields(3, 5, 32);
    let p = proto(&good);
    let names = ["ratchet_key", "counter", "previous_counter", "ciphertext"];
    let mut refuse =
        |comment: &str, flag: &str, ids: &[&str], error: ErrorCode, message: Vec<u8>| {
            b.old_invalid::<DecodeRatchet>(
                (comment, &[flag], ids),
                error,
                Encoded {
                    message: Hex(message),
                },
            );
        };

    refuse_versions(&p, &mut refuse);
    for (index, name) in names.iter().enumerate() {
        refuse(
            &format!("without {name}"),
            "Missing",
            &["WIRE-02"],
            Malformed,
            p.without(index),
        );
    }
    let zero = proto(&fields(0, 0, 32));
    refuse(
        "counter 0 left out, as proto3 writers do",
        "Missing",
        &["WIRE-02"],
        Malformed,
        zero.without(1),
    );
    refuse(
        "both counters 0 and left out",
        "Missing",
        &["WIRE-02"],
        Malformed,
        zero.order(&[0, 3]),
    );

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
        "counter 3, then counter 4: a lenient reader takes the last",
        "NonCanonical",
        &["WIRE-02", "WIRE-03"],
        NonCanonical,
        p.insert(2, uint(2, 4)),
    );
    refuse(
        "a second ratchet_key at the end",
        "NonCanonical",
        &["WIRE-02", "WIRE-03"],
        NonCanonical,
        p.insert(4, bytes(1, &key("other"))),
    );
    for (comment, order) in [
        ("counter and previous_counter exchanged", [0, 2, 1, 3]),
        ("ciphertext first", [3, 0, 1, 2]),
        ("ratchet_key last", [1, 2, 3, 0]),
        ("the fields in falling order", [3, 2, 1, 0]),
    ] {
        refuse(
            comment,
            "NonCanonical",
            &["WIRE-03"],
            NonCanonical,
            p.order(&order),
        );
    }
    refuse_unknown_fields(&p, 5, &mut refuse);

    for (comment, index, field) in [
        ("ratchet_key as a varint", 0, uint(1, 5)),
        ("ratchet_key as a group", 0, [tag(1, 3), tag(1, 4)].concat()),
        ("counter as bytes", 1, bytes(2, &[3])),
        (
            "counter as 32 fixed bits",
            1,
            [tag(2, 5), vec![3, 0, 0, 0]].concat(),
        ),
        (
            "counter as 64 fixed bits",
            1,
            [tag(2, 1), vec![3, 0, 0, 0, 0, 0, 0, 0]].concat(),
        ),
        ("previous_counter as bytes", 2, bytes(3, &[5])),
        ("ciphertext as a varint", 3, uint(4, 32)),
        (
            "ciphertext of wire type 6, which does not exist",
            3,
            [tag(4, 6), vec![0]].concat(),
        ),
        (
            "ciphertext of wire type 7, which does not exist",
            3,
            [tag(4, 7), vec![0]].concat(),
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

    refuse_varints(&p, 1, 2, "counter", &mut refuse);
    for (comment, error, field) in [
        (
            "the tag of counter in two bytes",
            NonCanonical,
            [long_varint(0x10, 2), varint(3)].concat(),
        ),
        (
            "the tag of counter in ten bytes",
            NonCanonical,
            [long_varint(0x10, 10), varint(3)].concat(),
        ),
        (
            "a tag of more than 32 bits, whose low bits are those of counter",
            Malformed,
            [varint(0x10 | 1 << 32), varint(3)].concat(),
        ),
    ] {
        refuse(
            comment,
            "Varint",
            &["WIRE-03", "WIRE-04"],
            error,
            p.with(1, field),
        );
    }
    let long_length = [tag(4, 2), long_varint(32, 3), good.ciphertext.to_vec()].concat();
    refuse(
        "the ciphertext's length in three bytes",
        "NonCanonical",
        &["WIRE-03"],
        NonCanonical,
        p.with(3, long_length),
    );

    refuse_lengths(&p, 3, 4, &good.ciphertext, &mut refuse);
    let swallowing = [tag(1, 2), varint(35), ratchet_key.to_vec()].concat();
    refuse(
        "ratchet_key's length takes in the counter field that follows",
        "Length",
        &["WIRE-05", "WIRE-06"],
        Malformed,
        p.with(0, swallowing),
    );
    refuse_truncations(&p, &mut refuse);

    for (comment, id, bad) in bad_keys("ratchet") {
        refuse(
            &format!("ratchet_key {comment}"),
            "InvalidKey",
            &["WIRE-06", id],
            InvalidKey,
            p.with(0, bytes(1, &bad)),
        );
    }
    refuse(
        "an empty ciphertext",
        "ShortCiphertext",
        &["WIRE-07"],
        Malformed,
        p.with(3, bytes(4, &[])),
    );
    refuse(
        "a ciphertext of 15 bytes",
        "ShortCiphertext",
        &["WIRE-07"],
        Malformed,
        p.with(3, bytes(4, &ciphertext[..15])),
    );
    refuse(
        "66,001 bytes: one too many, otherwise well-formed",
        "Size",
        &["WIRE-08"],
        TooLarge,
        proto(&fields(0, 0, largest + 1)).build(),
    );
    let mut garbage = vec![0x80; 66_001];
    garbage[0] = 0x99;
    refuse(
        "66,001 bytes of an unknown version that never end a varint: the size counts first",
        "Size",
        &["WIRE-08", "WIRE-10"],
        TooLarge,
        garbage,
    );
    let mut many = vec![0x11];
    many.extend(std::iter::repeat_n([0x28, 0x00], 32_000).flatten());
    refuse(
        "32,000 unknown fields: the first of them settles it",
        "Size",
        &["WIRE-03", "WIRE-10"],
        NonCanonical,
        many,
    );
}

/// What a refused message is recorded with.
type Refuse<'a> = &'a mut dyn FnMut(&str, &str, &[&str], ErrorCode, Vec<u8>);

/// Version bytes, and messages without fields.
pub(super) fn refuse_versions(p: &Proto, refuse: Refuse<'_>) {
    for (comment, version) in [
        ("version byte 0x00", 0x00),
        ("version byte 0x01", 0x01),
        ("version byte 0x10", 0x10),
        (
            "version byte 0x12: the high nibble alone does not make a version",
            0x12,
        ),
        ("version byte 0x21", 0x21),
        ("version byte 0x33, of suite signal-v3", 0x33),
        ("version byte 0x44, of suite signal-v4", 0x44),
        ("version byte 0x91: 0x11 with its top bit set", 0x91),
    ] {
        refuse(
            comment,
            "Version",
            &["WIRE-01"],
            UnsupportedVersion,
            p.version(version),
        );
    }
    let without = p.build()[1..].to_vec();
    refuse(
        "no version byte: the first field's tag stands there",
        "Version",
        &["WIRE-01"],
        UnsupportedVersion,
        without,
    );
    refuse(
        "no byte at all",
        "Truncated",
        &["WIRE-05", "WIRE-10"],
        Malformed,
        vec![],
    );
    refuse(
        "the version byte alone",
        "Truncated",
        &["WIRE-02"],
        Malformed,
        vec![p.version],
    );
}

/// Fields that the message does not have; `unknown` is the first free number.
pub(super) fn refuse_unknown_fields(p: &Proto, unknown: u32, refuse: Refuse<'_>) {
    let end = p.fields.len();
    for (comment, at, field) in [
        ("an unknown varint field at the end", end, uint(unknown, 1)),
        (
            "an unknown bytes field at the end",
            end,
            bytes(unknown, b"new"),
        ),
        (
            "an unknown empty bytes field at the end",
            end,
            bytes(unknown, b""),
        ),
        (
            "an unknown field of 32 fixed bits at the end",
            end,
            [tag(unknown, 5), vec![0; 4]].concat(),
        ),
        (
            "an unknown field of 64 fixed bits at the end",
            end,
            [tag(unknown, 1), vec![0; 8]].concat(),
        ),
        ("an unknown field before all others", 0, uint(unknown, 1)),
        (
            "an unknown field of the highest number",
            end,
            uint((1 << 29) - 1, 1),
        ),
        (
            "an empty group at the end",
            end,
            [tag(unknown, 3), tag(unknown, 4)].concat(),
        ),
        ("the end of a group that never began", end, tag(unknown, 4)),
    ] {
        refuse(
            comment,
            "NonCanonical",
            &["WIRE-03"],
            NonCanonical,
            p.insert(at, field),
        );
    }
    for (comment, field) in [
        (
            "an unknown field whose varint does not end",
            [tag(unknown, 0), vec![0x80]].concat(),
        ),
        (
            "an unknown field whose varint has more than 64 bits",
            [tag(unknown, 0), vec![0xff; 9], vec![0x02]].concat(),
        ),
        (
            "an unknown field whose length runs past the end",
            [tag(unknown, 2), vec![1]].concat(),
        ),
        (
            "an unknown field of 64 fixed bits cut to 7 bytes",
            [tag(unknown, 1), vec![0; 7]].concat(),
        ),
    ] {
        refuse(
            comment,
            "Truncated",
            &["WIRE-04", "WIRE-05"],
            Malformed,
            p.insert(end, field),
        );
    }
    refuse(
        "an unknown field of wire type 7, which does not exist",
        "WireType",
        &["WIRE-09"],
        Malformed,
        p.insert(end, tag(unknown, 7)),
    );
    refuse(
        "a varint field of number 0",
        "WireType",
        &["WIRE-03"],
        Malformed,
        p.insert(end, vec![0x00, 0x01]),
    );
    refuse(
        "a trailing zero byte",
        "Length",
        &["WIRE-05", "WIRE-03"],
        Malformed,
        p.insert(end, vec![0x00]),
    );
}

/// Values of the `uint32` field `index`, of that number and name.
pub(super) fn refuse_varints(p: &Proto, index: usize, number: u32, name: &str, refuse: Refuse<'_>) {
    let field = |value: Vec<u8>| p.with(index, [tag(number, 0), value].concat());
    let mut too_many_bits = vec![0xff; 9];
    too_many_bits.push(0x02);
    let mut eleven = vec![0x80; 10];
    eleven.push(0x00);
    for (comment, error, value) in [
        (
            "in two bytes where one does",
            NonCanonical,
            long_varint(3, 2),
        ),
        (
            "in ten bytes where one does",
            NonCanonical,
            long_varint(3, 10),
        ),
        (
            "of 2^32: cut to 32 bits it reads 0",
            Malformed,
            varint(1 << 32),
        ),
        (
            "of 2^32 + 3: cut to 32 bits it reads 3",
            Malformed,
            varint((1 << 32) + 3),
        ),
        (
            "of 2^64 - 1, as a negative int32 is written",
            Malformed,
            varint(u64::MAX),
        ),
        (
            "of ten bytes and more than 64 bits",
            Malformed,
            too_many_bits,
        ),
        ("of eleven bytes", Malformed, eleven),
    ] {
        refuse(
            &format!("a {name} {comment}"),
            "Varint",
            &["WIRE-03", "WIRE-04"],
            error,
            field(value),
        );
    }
}

/// Lengths of the `bytes` field `index`, the last one.
pub(super) fn refuse_lengths(
    p: &Proto,
    index: usize,
    number: u32,
    content: &[u8],
    refuse: Refuse<'_>,
) {
    let field = |length: u64| [tag(number, 2), varint(length), content.to_vec()].concat();
    for (comment, length) in [
        (
            "one byte longer than what follows",
            content.len() as u64 + 1,
        ),
        ("2^31 - 1", (1 << 31) - 1),
        (
            "2^32 - 1: plus an offset it overflows 32 bits",
            u32::MAX.into(),
        ),
        ("2^63: less than 0 where lengths are signed", 1 << 63),
        ("2^64 - 1: plus an offset it overflows 64 bits", u64::MAX),
    ] {
        let mut cut = p.clone();
        cut.fields.truncate(index + 1);
        cut.fields[index] = field(length);
        refuse(
            &format!("a length of {comment}"),
            "Length",
            &["WIRE-05", "WIRE-10"],
            Malformed,
            cut.build(),
        );
    }
}

/// The message cut at telling places.
pub(super) fn refuse_truncations(p: &Proto, refuse: Refuse<'_>) {
    let whole = p.build();
    let first = 1 + p.fields[0].len();
    for (comment, length) in [
        ("cut after the first tag", 2),
        ("cut after the first field", first),
        ("cut in the middle of the second field", first + 1),
        ("cut at three quarters of its length", whole.len() * 3 / 4),
        ("without its last byte", whole.len() - 1),
    ] {
        refuse(
            comment,
            "Truncated",
            &["WIRE-05", "WIRE-02"],
            Malformed,
            whole[..length].to_vec(),
        );
    }
}
