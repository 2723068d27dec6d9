//! The two wire families in suite `signal-v3`: what a sender writes, and what a lenient receiver reads.

use super::prelude::*;
use super::proto::{Proto, bytes, fixed32, fixed64, group, long_varint, tag, uint, varint};
use super::public_key::{encoded as point, near_prime, with_top_bit};
use super::signal_v3::ratchet_message;
use super::wire::{Parser, encoded, key, lengths, notes, truncations};
use tigress_signal::conformance::operation::wire::{
    DecodePreKey, DecodeRatchet, EncodePreKey, EncodeRatchet, PreKeyFields, RatchetFields,
};

/// The MAC of the messages here: no parser verifies it.
const MAC: [u8; 8] = [0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8];

/// Length of the longest ciphertext of a ratchet message of 66,560 bytes without unknown fields.
const LARGEST: usize = 66_560 - 1 - 35 - 4 - 4 - 8;

fn deployed_notes(b: &mut Builder) {
    notes(b);
    notes! { b;
        Version INTEROPERABILITY [signal("doubleratchet/#integration-with-x3dh")]
            "The version byte: the high nibble is the message's version, the low one the sender's newest."
            => "Whoever looks at the whole byte cannot read devices with another library, or sessions that were carried over.";
        Lenient INTEROPERABILITY [protobuf("encoding/"), protobuf("serialization-not-canonical/")]
            "An encoding that Protocol Buffers allow and this suite does not write."
            => "Whoever refuses it cannot read what other libraries, or later ones, write.";
        Missing MISSING_STEP [protobuf("proto3/#default")] "A field is missing."
            => "Whoever puts a default where there is none decrypts with a key that nobody meant.";
        ShortCiphertext MISSING_STEP [cwe(354)] "A ciphertext or a MAC that is not there whole."
            => "Whoever takes the MAC off without looking crashes, or reads past the end.";
    }
}

/// A field under another number of bytes than its varint needs, or with more bits than it has room for.
fn lenient_varints(number: u32) -> [(&'static str, &'static str, Vec<u8>); 5] {
    let value = |bytes: Vec<u8>| [tag(number, 0), bytes].concat();
    [
        (
            "in_2_bytes",
            "in two bytes where one does",
            value(long_varint(3, 2)),
        ),
        (
            "in_10_bytes",
            "in ten bytes where one does",
            value(long_varint(3, 10)),
        ),
        (
            "of_2_to_32_plus_3",
            "of 2^32 + 3: the low 32 bits count",
            value(varint((1 << 32) + 3)),
        ),
        (
            "of_long_tag",
            "whose tag has two bytes",
            [long_varint(u64::from(number) << 3, 2), varint(3)].concat(),
        ),
        (
            "twice",
            "twice: the last counts",
            [uint(number, 9), uint(number, 3)].concat(),
        ),
    ]
}

/// Fields that the message does not have, which are skipped.
fn unknown(free: u32) -> [(&'static str, &'static str, Vec<u8>); 6] {
    [
        ("varint", "an unknown varint field", uint(free, 1)),
        ("bytes", "an unknown bytes field", bytes(free, b"new")),
        (
            "empty_bytes",
            "an unknown empty bytes field",
            bytes(free, b""),
        ),
        (
            "fixed_32",
            "an unknown field of 32 fixed bits",
            fixed32(free, 7),
        ),
        (
            "fixed_64",
            "an unknown field of 64 fixed bits",
            fixed64(free, 7),
        ),
        (
            "of_highest_number",
            "an unknown field of the highest number",
            uint((1 << 29) - 1, 1),
        ),
    ]
}

/// What no reader can make a field of; `may` is a message that is read by whoever is more lenient than V3-16.
fn broken<C: Case>(
    b: &mut Builder,
    parser: Parser,
    with: &dyn Fn(Vec<u8>) -> Vec<u8>,
    may: &dyn Fn(Vec<u8>) -> C,
    free: u32,
) {
    let refuses = |field: &[&[u8]]| parser.refuses(Malformed, with(field.concat()));
    let may = |field: &[&[u8]]| may(with(field.concat()));
    cases! { b, [Truncated: V3-16 WIRE-05];
        /// an unknown field whose length runs past the end
        unknown_length_past_the_end [Truncated Length:] => refuses(&[&tag(free, 2), &[100]]);
        /// an unknown field of wire type 7, which does not exist
        unknown_wire_type_7 [WireType: V3-16] => refuses(&[&tag(free, 7), &[0; 8]]);
    }
    cases! { b, [Varint: V3-16];
        unknown_varint_over_64_bits: "an unknown field whose varint has more than 64 bits: some parsers drop them"
            => may(&[&tag(free, 0), &[0xff; 9], &[0x02]]);
        field_number_0 [WireType:]: "a varint field of number 0: some parsers skip it" => may(&[&[0x00, 0x01]]);
        tag_over_32_bits: "a tag of more than 32 bits: some parsers drop what is over" => may(&[&varint(1 << 34), &[1]]);
    }
}

/// Version bytes that are read, and others.
fn versions(b: &mut Builder, parser: Parser, of: &dyn Fn(u8) -> Vec<u8>) {
    let refuses = |version| parser.refuses(UnsupportedVersion, of(version));
    cases! { b, [Version: V3-01];
        version_00: "version byte 0x00" => refuses(0x00);
        version_11: "version byte 0x11, of suite tigress-1" => refuses(0x11);
        version_23: "version byte 0x23: version 2" => refuses(0x23);
        version_44: "version byte 0x44, of suite signal-v4" => refuses(0x44);
        version_b3: "version byte 0xB3: 0x33 with its top bit set" => refuses(0xb3);
        no_byte [Truncated: WIRE-05 WIRE-10]: "no byte at all" => parser.refuses(Malformed, vec![]);
        /// the version byte alone
        version_alone [Truncated Missing: WIRE-05] => parser.refuses(Malformed, vec![0x33]);
    }
}

fn ratchet_fields(counter: u32, previous_counter: u32, length: usize) -> RatchetFields {
    RatchetFields {
        ratchet_key: key("ratchet").into(),
        counter,
        previous_counter,
        ciphertext: Hex(seed::vec("wire/ciphertext", length)),
        mac: Some(MAC.into()),
    }
}

fn ratchet_proto(fields: &RatchetFields) -> Proto {
    ratchet_message(
        &fields.ratchet_key,
        fields.counter,
        fields.previous_counter,
        &fields.ciphertext,
    )
}

fn with_mac(message: Vec<u8>) -> Vec<u8> {
    [message, MAC.to_vec()].concat()
}

/// Family `wire_ratchet`.
pub(super) fn ratchet(b: &mut Builder) {
    b.header("The ratchet message of suite signal-v3: what a sender writes (V3-15), and what a receiver reads (V3-16).");
    b.header("Who differs: JavaScript libraries refuse a low nibble above 3, oldmemo every byte but 0x33; some read a counter");
    b.header("that is missing as 0.");
    deployed_notes(b);
    let rows = rows! {
        counters_0: "both counters 0, which are written all the same" => ratchet_fields(0, 0, 16);
        small_counters: "small counters" => ratchet_fields(3, 5, 32);
        counters_127_128: "counter 127, previous counter 128: where a varint grows" => ratchet_fields(127, 128, 32);
        counters_16383_16384: "counter 16,383, previous counter 16,384" => ratchet_fields(16_383, 16_384, 32);
        counters_of_31_bits: "counter 2^31, previous counter 2^31 - 1" => ratchet_fields(1 << 31, (1 << 31) - 1, 32);
        highest_counters: "the highest counters" => ratchet_fields(u32::MAX, u32::MAX, 32);
        ciphertext_of_112: "a ciphertext of 112 bytes" => ratchet_fields(0, 0, 112);
        ciphertext_of_128: "a ciphertext of 128 bytes: its length grows to two bytes" => ratchet_fields(0, 0, 128);
        ciphertext_of_16384: "a ciphertext of 16,384 bytes" => ratchet_fields(0, 0, 16_384);
    };
    let decodes = |message: Vec<u8>, fields: &RatchetFields| {
        valid::<DecodeRatchet>(encoded(with_mac(message)), fields.clone())
    };
    for (name, comment, fields) in &rows {
        let message = ratchet_proto(fields).build();
        cases! { b, [Normal: V3-15 V3-16 WIRE-11];
            "decode_{name}": "{comment}" => decodes(message.clone(), fields);
            "encode_{name}": "{comment}" => valid::<EncodeRatchet>(fields.clone(), encoded(with_mac(message)));
        }
    }
    let fields = &ratchet_fields(3, 5, 32);
    let p = &ratchet_proto(fields);
    let parser = Parser::Ratchet;
    let may = |message: Vec<u8>, fields: &RatchetFields| {
        acceptable::<DecodeRatchet>(encoded(with_mac(message)), fields.clone())
    };
    versions(b, parser, &|version| with_mac(p.version(version)));
    cases! { b, [Version: V3-01];
        version_34: "version byte 0x34, as a newer library writes" => decodes(p.version(0x34), fields);
        version_30: "version byte 0x30" => may(p.version(0x30), fields);
        version_3f: "version byte 0x3F" => may(p.version(0x3f), fields);
    }
    cases! { b, [Missing: V3-16];
        without_ratchet_key: "without ratchet_key" => parser.refuses(Malformed, with_mac(p.without(0)));
        without_ciphertext: "without ciphertext" => parser.refuses(Malformed, with_mac(p.without(3)));
        without_previous_counter: "without previous_counter: it is 0"
            => decodes(p.without(2), &but(fields.clone(), |it| it.previous_counter = 0));
        /// without counter: most refuse, some read 0
        without_counter => may(p.without(1), &but(fields.clone(), |it| it.counter = 0));
    }
    for (name, comment, field) in lenient_varints(2) {
        cases! { b, [Lenient Varint: V3-16];
            "counter_{name}": "a counter {comment}" => decodes(p.with(1, field), fields);
        }
    }
    for (name, comment, field) in unknown(5) {
        cases! { b, [Lenient: V3-16];
            "unknown_{name}": "{comment} at the end" => decodes(p.insert(4, field.clone()), fields);
            "unknown_{name}_first": "{comment} before all others" => decodes(p.insert(0, field), fields);
        }
    }
    cases! { b, [Lenient: V3-16];
        /// field 6, the addresses that newer versions write
        addresses => decodes(p.insert(4, bytes(6, &[7; 36])), fields);
        falling_order: "the fields in falling order" => decodes(p.order(&[3, 2, 1, 0]), fields);
        second_ratchet_key: "a second ratchet_key at the end: it counts"
            => decodes(p.insert(4, bytes(1, &key("other"))), &but(fields.clone(), |it| it.ratchet_key = key("other").into()));
        empty_group: "an empty group: it may be skipped" => may(p.insert(4, group(5)), fields);
        counters_in_other_order: "the counters exchanged" => decodes(p.order(&[0, 2, 1, 3]), fields);
    }
    let reads = |message: Vec<u8>| acceptable::<DecodeRatchet>(encoded(message), fields.clone());
    broken(b, parser, &|field| with_mac(p.insert(4, field)), &reads, 5);
    cases! { b, [WireType: V3-16 WIRE-09];
        ratchet_key_as_varint: "ratchet_key as a varint" => parser.refuses(Malformed, with_mac(p.with(0, uint(1, 5))));
        ciphertext_as_varint: "ciphertext as a varint" => parser.refuses(Malformed, with_mac(p.with(3, uint(4, 32))));
        /// ciphertext of wire type 6, which does not exist
        ciphertext_of_wire_type_6
            => parser.refuses(Malformed, with_mac(p.with(3, [tag(4, 6), vec![0]].concat())));
    }
    // What else is cut ends in the MAC, or before it.
    lengths(b, parser, p, &fields.ciphertext);
    truncations(b, parser, p);
    let bad_key = |field: &[u8]| parser.refuses(InvalidKey, with_mac(p.with(0, bytes(1, field))));
    let good = &key("ratchet")[..];
    let u: [u8; 32] = good[1..].try_into().expect("32 bytes");
    let reads_key = |u: [u8; 32]| {
        let ratchet_key = point(&u);
        decodes(
            p.with(0, bytes(1, &ratchet_key)),
            &but(fields.clone(), |it| it.ratchet_key = ratchet_key),
        )
    };
    cases! { b, [InvalidKey: V3-03 KEY-02];
        ratchet_key_empty: "ratchet_key empty" => bad_key(&[]);
        ratchet_key_untyped: "ratchet_key 32 bytes without a type byte" => bad_key(&u);
        ratchet_key_long: "ratchet_key of 34 bytes" => bad_key(&[good, &[0]].concat());
        ratchet_key_of_type_06: "ratchet_key with type byte 0x06" => bad_key(&[&[0x06], &u[..]].concat());
        ratchet_key_with_top_bit: "ratchet_key with bit 255 set stays as it is" => reads_key(with_top_bit(u));
        ratchet_key_p_plus_9: "ratchet_key u = 2^255 - 10 stays as it is" => reads_key(near_prime(9));
    }
    cases! { b, [ShortCiphertext: V3-10];
        empty_ciphertext: "an empty ciphertext" => parser.refuses(Malformed, with_mac(p.with(3, bytes(4, &[]))));
        ciphertext_of_15: "a ciphertext of 15 bytes"
            => parser.refuses(Malformed, with_mac(p.with(3, bytes(4, &fields.ciphertext[..15]))));
        mac_alone: "version byte and MAC alone" => parser.refuses(Malformed, with_mac(vec![0x33]));
        eight_bytes: "eight bytes in all: no room for a MAC" => parser.refuses(Malformed, but(vec![0; 8], |it| it[0] = 0x33));
    }
    let unknown = [&[0x33][..], &[0x28, 0x00].repeat(32_000)].concat();
    cases! { b, [Size: V3-17];
        /// 66,560 bytes: the greatest size
        greatest_size => decodes(ratchet_proto(&ratchet_fields(0, 0, LARGEST)).build(), &ratchet_fields(0, 0, LARGEST));
        one_byte_too_many: "66,561 bytes: few deployed receivers have a bound"
            => may(ratchet_proto(&ratchet_fields(0, 0, LARGEST + 1)).build(), &ratchet_fields(0, 0, LARGEST + 1));
        /// 66,561 bytes of an unknown version: the size counts first
        size_counts_first [Size Version:] => parser.refuses(TooLarge, vec![0x99; 66_561]);
        /// 70,000 zero bytes: no version, and too many
        zeros_70000 [Size Version:] => parser.refuses(TooLarge, vec![0; 70_000]);
        /// 32,000 unknown fields and nothing else
        unknown_fields_32000 [Size Lenient: V3-16 WIRE-10] => parser.refuses(Malformed, with_mac(unknown));
    }
}

fn prekey_fields(pre_key_id: Option<u32>, registration_id: u32, signed: u32) -> PreKeyFields {
    PreKeyFields {
        pre_key_id,
        base_key: key("base").into(),
        identity_key: key("identity").into(),
        ratchet_message: Hex(with_mac(ratchet_proto(&ratchet_fields(0, 0, 32)).build())),
        registration_id,
        signed_pre_key_id: signed,
    }
}

fn prekey_proto(fields: &PreKeyFields) -> Proto {
    let pre_key_id = fields.pre_key_id.map(|id| uint(1, id.into()));
    let others = [
        bytes(2, &fields.base_key),
        bytes(3, &fields.identity_key),
        bytes(4, &fields.ratchet_message),
        uint(5, fields.registration_id.into()),
        uint(6, fields.signed_pre_key_id.into()),
    ];
    Proto {
        version: 0x33,
        fields: pre_key_id.into_iter().chain(others).collect(),
    }
}

/// Family `wire_prekey`.
pub(super) fn prekey(b: &mut Builder) {
    b.header("The prekey message of suite signal-v3, and the ratchet message inside it: what a sender writes (V3-15), and");
    b.header("what a receiver reads (V3-16). Who differs: JavaScript libraries write pre_key_id 0 where there was none, or");
    b.header("refuse a low nibble above 3; oldmemo writes no registration_id.");
    deployed_notes(b);
    notes! { b;
        Inner MISSING_STEP [signal("x3dh/#receiving-the-initial-message")] "The ratchet message inside breaks a rule."
            => "Whoever parses it later may have changed its state by then.";
    }
    let rows = rows! {
        with_one_time_prekey: "with a one-time prekey" => prekey_fields(Some(3), 1234, 7);
        without_one_time_prekey: "without a one-time prekey: pre_key_id is left out" => prekey_fields(None, 1234, 7);
        ids_of_0: "ids of 0, which are written" => prekey_fields(Some(0), 0, 0);
        highest_ids: "the highest ids" => prekey_fields(Some(0x00ff_ffff), 16_383, 0x00ff_ffff);
        ids_127_128: "ids 127 and 128: where a varint grows" => prekey_fields(Some(127), 128, 127);
        registration_id_of_32_bits: "a registration id of 32 bits" => prekey_fields(Some(3), u32::MAX, 7);
    };
    let decodes = |message: Vec<u8>, fields: &PreKeyFields| {
        valid::<DecodePreKey>(encoded(message), fields.clone())
    };
    for (name, comment, fields) in &rows {
        let message = prekey_proto(fields).build();
        cases! { b, [Normal: V3-15 V3-16 V3-02 WIRE-11];
            "decode_{name}": "{comment}" => decodes(message.clone(), fields);
            "encode_{name}": "{comment}" => valid::<EncodePreKey>(fields.clone(), encoded(message));
        }
    }
    let fields = &prekey_fields(Some(3), 1234, 7);
    let p = &prekey_proto(fields);
    let parser = Parser::PreKey;
    let may = |message: Vec<u8>, fields: &PreKeyFields| {
        acceptable::<DecodePreKey>(encoded(message), fields.clone())
    };
    let malformed = |message| parser.refuses(Malformed, message);
    versions(b, parser, &|version| p.version(version));
    let carried = |version: u8| {
        let inner = with_mac(ratchet_proto(&ratchet_fields(0, 0, 32)).version(version));
        but(fields.clone(), |it| it.ratchet_message = Hex(inner))
    };
    cases! { b, [Version: V3-01];
        version_34: "version byte 0x34, as a newer library writes" => decodes(p.version(0x34), fields);
        version_34_inside: "version byte 0x34 of the ratchet message inside"
            => decodes(prekey_proto(&carried(0x34)).build(), &carried(0x34));
        version_3f: "version byte 0x3F" => may(p.version(0x3f), fields);
    }
    cases! { b, [Missing: V3-16];
        without_base_key: "without base_key" => malformed(p.without(1));
        without_identity_key: "without identity_key" => malformed(p.without(2));
        without_message: "without message" => malformed(p.without(3));
        without_registration_id: "without registration_id, as oldmemo writes: it is 0"
            => decodes(p.without(4), &but(fields.clone(), |it| it.registration_id = 0));
        /// without signed_pre_key_id: most refuse, some read 0
        without_signed_pre_key_id => may(p.without(5), &but(fields.clone(), |it| it.signed_pre_key_id = 0));
    }
    for (name, comment, field) in lenient_varints(1) {
        cases! { b, [Lenient Varint: V3-16];
            "pre_key_id_{name}": "a pre_key_id {comment}" => decodes(p.with(0, field), fields);
        }
    }
    for (name, comment, field) in unknown(9) {
        cases! { b, [Lenient: V3-16];
            "unknown_{name}": "{comment} at the end" => decodes(p.insert(6, field.clone()), fields);
            "unknown_{name}_first": "{comment} before all others" => decodes(p.insert(0, field), fields);
        }
    }
    cases! { b, [Lenient: V3-16];
        /// fields 7 and 8, a Kyber prekey of version 4
        kyber_prekey => decodes([p.insert(6, uint(7, 1)), bytes(8, &[8; 64])].concat(), fields);
        falling_order: "the fields in falling order" => decodes(p.order(&[5, 4, 3, 2, 1, 0]), fields);
        message_first: "message first" => decodes(p.order(&[3, 0, 1, 2, 4, 5]), fields);
        second_base_key: "a second base_key at the end: it counts" => decodes(p.insert(6, bytes(2, &key("other"))),
            &but(fields.clone(), |it| it.base_key = key("other").into()));
        empty_group: "an empty group: it may be skipped" => may(p.insert(6, group(9)), fields);
    }
    let reads = |message: Vec<u8>| acceptable::<DecodePreKey>(encoded(message), fields.clone());
    broken(b, parser, &|field| p.insert(6, field), &reads, 9);
    cases! { b, [WireType: V3-16 WIRE-09];
        pre_key_id_as_bytes: "pre_key_id as bytes" => malformed(p.with(0, bytes(1, &[3])));
        base_key_as_varint: "base_key as a varint" => malformed(p.with(1, uint(2, 5)));
        message_as_fixed_64: "message as 64 fixed bits" => malformed(p.with(3, fixed64(4, 0)));
        /// signed_pre_key_id of wire type 6, which does not exist
        signed_pre_key_id_of_wire_type_6 => malformed(p.with(5, tag(6, 6)));
    }
    lengths(b, parser, p, &fields.ratchet_message);
    truncations(b, parser, p);
    let bad_key = |index, number, field: &[u8]| {
        parser.refuses(InvalidKey, p.with(index, bytes(number, field)))
    };
    let good = &key("base")[..];
    let u: [u8; 32] = good[1..].try_into().expect("32 bytes");
    cases! { b, [InvalidKey: V3-03 KEY-02];
        base_key_empty: "base_key empty" => bad_key(1, 2, &[]);
        base_key_untyped: "base_key 32 bytes without a type byte" => bad_key(1, 2, &u);
        identity_key_long: "identity_key of 34 bytes" => bad_key(2, 3, &[good, &[0]].concat());
        identity_key_of_type_06: "identity_key with type byte 0x06" => bad_key(2, 3, &[&[0x06], &u[..]].concat());
        base_key_with_top_bit: "base_key with bit 255 set stays as it is" => {
            let base_key = point(&with_top_bit(u));
            decodes(p.with(1, bytes(2, &base_key)), &but(fields.clone(), |it| it.base_key = base_key))
        };
    }
    let holding = |error, inner: &[u8]| parser.refuses(error, p.with(3, bytes(4, inner)));
    let inner = ratchet_proto(&ratchet_fields(0, 0, 32));
    cases! { b, [Inner: V3-16];
        inner_empty [Inner Truncated: WIRE-05]: "an empty ratchet message" => holding(Malformed, &[]);
        inner_version_44 [Inner Version: V3-01]: "the ratchet message is of version 0x44"
            => holding(UnsupportedVersion, &with_mac(inner.version(0x44)));
        inner_without_ratchet_key [Inner Missing:]: "the ratchet message lacks its key"
            => holding(Malformed, &with_mac(inner.without(0)));
        inner_cut: "the ratchet message is cut" => holding(Malformed, &inner.build()[..50]);
        inner_prekey_message: "a prekey message in place of the ratchet message" => holding(Malformed, &p.build());
        /// 67,585 bytes of an unknown version: the size counts first
        size_counts_first [Size Version: V3-17] => parser.refuses(TooLarge, vec![0x99; 67_585]);
        /// 70,000 zero bytes: no version, and too many
        zeros_70000 [Size Version: V3-17] => parser.refuses(TooLarge, vec![0; 70_000]);
        /// 67,584 bytes of an unknown version: the size is good, the version is not
        greatest_of_unknown_version [Size Version: V3-17 V3-01] => parser.refuses(UnsupportedVersion, vec![0x99; 67_584]);
    }
}
