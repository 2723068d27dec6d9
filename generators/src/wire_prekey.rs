//! Family `wire_prekey`.

use super::builder::About;
use super::prelude::*;
use super::proto::{Proto, bytes, fixed32, fixed64, group, tag, uint, varint};
use super::wire::{
    Parser, bad_keys, encoded, key, lengths, long_forms, notes, truncations, twice, unknown_fields,
    varints, versions,
};
use super::wire_deployed;
use super::wire_ratchet::{LARGEST, ratchet};
use tigress_signal::conformance::operation::wire::{DecodePreKey, EncodePreKey, PreKeyFields};

const FIELDS: [&str; 6] = [
    "pre_key_id",
    "base_key",
    "identity_key",
    "message",
    "registration_id",
    "signed_pre_key_id",
];

/// The highest prekey id, and the highest registration id (ID-04, ID-06).
const HIGHEST: (u32, u32) = (0x00ff_ffff, 16_380);

/// A prekey message with these ids around a ratchet message of 32 bytes of ciphertext.
fn fields(pre_key_id: Option<u32>, registration_id: u32, signed_pre_key_id: u32) -> PreKeyFields {
    PreKeyFields {
        pre_key_id,
        base_key: key("base").into(),
        identity_key: key("identity").into(),
        ratchet_message: Hex(ratchet(32).build()),
        registration_id,
        signed_pre_key_id,
    }
}

/// The same around a ratchet message of so many bytes of ciphertext.
fn around(length: usize, fields: PreKeyFields) -> PreKeyFields {
    PreKeyFields {
        ratchet_message: Hex(ratchet(length).build()),
        ..fields
    }
}

fn proto(fields: &PreKeyFields) -> Proto {
    let pre_key_id = fields.pre_key_id.map(|id| uint(1, id.into()));
    let others = [
        bytes(2, &fields.base_key),
        bytes(3, &fields.identity_key),
        bytes(4, &fields.ratchet_message),
        uint(5, fields.registration_id.into()),
        uint(6, fields.signed_pre_key_id.into()),
    ];
    Proto {
        version: 0x11,
        fields: pre_key_id.into_iter().chain(others).collect(),
    }
}

/// What a message shows before all else.
fn shows(name: &str) -> &'static [&'static str] {
    match name {
        "without_one_time_prekey" => &["X3DH-12"],
        "registration_id_1" | "highest_registration_id" => &["ID-04"],
        "with_one_time_prekey" => &["WIRE-06", "WIRE-09"],
        "shortest_message" => &["WIRE-07"],
        "message_of_4096" => &["WIRE-05"],
        ids if ids.starts_with("ids_") => &["WIRE-04", "WIRE-03"],
        _ => &["ID-06"],
    }
}

/// Messages that are read and written alike.
fn good(b: &mut Builder) {
    let (id, registration_id) = HIGHEST;
    let usual = || fields(Some(3), 1234, 7);
    let highest = || fields(Some(id), registration_id, id);
    let cases = rows! {
        with_one_time_prekey: "with a one-time prekey" => usual();
        without_one_time_prekey: "without a one-time prekey: pre_key_id is left out, not written as 0"
            => fields(None, 1234, 7);
        lowest_ids: "the lowest ids" => fields(Some(1), 1, 1);
        prekey_ids_1: "the lowest prekey ids" => fields(Some(1), 1234, 1);
        registration_id_1: "the lowest registration id" => fields(Some(3), 1, 7);
        highest_prekey_ids: "the highest prekey ids" => fields(Some(id), 1234, id);
        highest_one_time_prekey_id: "the highest id of a one-time prekey" => fields(Some(id), 1234, 7);
        highest_signed_prekey_id: "the highest id of a signed prekey" => fields(None, 1234, id);
        highest_registration_id: "the highest registration id" => fields(Some(3), registration_id, 7);
        highest_ids: "the highest ids" => highest();
        ids_127_128: "ids 127 and 128: where a varint grows" => fields(Some(127), 128, 127);
        ids_16383_16384: "ids 16,383 and 16,384: where it grows again" => fields(Some(16_383), registration_id, 16_384);
        ids_of_21_bits: "ids 2^21 - 1 and 2^21: where it grows once more" => fields(Some((1 << 21) - 1), 127, 1 << 21);
        shortest_message: "the shortest ratchet message" => around(16, usual());
        message_of_4096: "a ratchet message of 4,096 bytes of ciphertext" => around(4096, usual());
    };
    let reads = |fields: &PreKeyFields| {
        valid::<DecodePreKey>(encoded(proto(fields).build()), fields.clone())
    };
    for (name, comment, fields) in &cases {
        reads(fields)(
            b,
            About {
                name: format!("decode_{name}").into(),
                comment,
                flags: &["Normal"],
                requirements: &[
                    shows(name),
                    &["WIRE-01", "WIRE-02", "WIRE-08", "WIRE-11", "ID-04", "ID-06"],
                ]
                .concat(),
            },
        );
    }
    cases! { b;
        /// a ratchet message of the greatest size
        decode_greatest_message [Size: WIRE-08 WIRE-10 WIRE-01 WIRE-02 WIRE-11 ID-04 ID-06] => reads(&around(LARGEST, highest()));
        /// one as long, whose ids have as many bytes and are others
        decode_message_as_long_as_the_greatest [Size: WIRE-08 WIRE-10] => reads(&around(LARGEST, fields(Some(1 << 23), 1234, 1 << 22)));
    }
    for (name, comment, fields) in &cases {
        let message = encoded(proto(fields).build());
        cases! { b, [Normal: WIRE-01 WIRE-02 WIRE-03 WIRE-11];
            "encode_{name}": "{comment}" => valid::<EncodePreKey>(fields.clone(), message);
        }
    }
}

pub(super) fn generate(b: &mut Builder) {
    if !is_strict() {
        return wire_deployed::prekey(b);
    }
    b.header("The prekey message of profile section 5, and the ratchet message inside it.");
    notes(b);
    notes! { b;
        Identifier MISSING_STEP [signal("x3dh/#publishing-keys")] "An id out of its range."
            => "Whoever lets it through looks up what no device can have published.";
        Inner MISSING_STEP [signal("x3dh/#receiving-the-initial-message")] "The ratchet message inside breaks a rule."
            => "Whoever parses it later may have changed its state by then.";
    }
    good(b);

    let parser = Parser::PreKey;
    let malformed = |message| parser.refuses(Malformed, message);
    let not_canonical = |message| parser.refuses(NonCanonical, message);
    let usual = fields(Some(3), 1234, 7);
    let p = &proto(&usual);
    versions(b, parser, p);
    for (index, name) in FIELDS.iter().enumerate().skip(1) {
        let why = match *name {
            "registration_id" => ": signal-v3 reads 0, this suite does not",
            _ => "",
        };
        cases! { b, [Missing: WIRE-02]; "without_{name}": "without {name}{why}" => malformed(p.without(index)); }
    }
    twice(b, parser, p, &FIELDS);
    cases! { b, [NonCanonical: WIRE-03];
        /// a second base_key at the end: a lenient reader runs X3DH with it
        second_base_key [: WIRE-02 WIRE-03] => not_canonical(p.insert(6, bytes(2, &key("other"))));
        /// pre_key_id last, as Signal's libraries may write it
        pre_key_id_last => not_canonical(p.order(&[1, 2, 3, 4, 5, 0]));
        keys_exchanged: "base_key and identity_key exchanged" => not_canonical(p.order(&[0, 2, 1, 3, 4, 5]));
        /// message last, as fields of the first drafts stood
        message_last => not_canonical(p.order(&[0, 1, 2, 4, 5, 3]));
        falling_order: "the fields in falling order" => not_canonical(p.order(&[5, 4, 3, 2, 1, 0]));
    }
    unknown_fields(b, parser, p, 7);
    cases! { b, [WireType: WIRE-09];
        /// field 8, a Kyber prekey of signal-v4
        kyber_prekey [NonCanonical: WIRE-03] => not_canonical(p.insert(6, bytes(8, b"ciphertext")));
        pre_key_id_as_bytes: "pre_key_id as bytes" => malformed(p.with(0, bytes(1, &[3])));
        pre_key_id_as_fixed_32: "pre_key_id as 32 fixed bits" => malformed(p.with(0, fixed32(1, 3)));
        base_key_as_varint: "base_key as a varint" => malformed(p.with(1, uint(2, 5)));
        identity_key_as_fixed_64: "identity_key as 64 fixed bits" => malformed(p.with(2, fixed64(3, 0)));
        message_as_group: "message as a group" => malformed(p.with(3, group(4)));
        registration_id_as_bytes: "registration_id as bytes" => malformed(p.with(4, bytes(5, &[1])));
        signed_pre_key_id_as_fixed_64: "signed_pre_key_id as 64 fixed bits" => malformed(p.with(5, fixed64(6, 7)));
        /// signed_pre_key_id of wire type 6, which does not exist
        signed_pre_key_id_of_wire_type_6 => malformed(p.with(5, tag(6, 6)));
    }
    varints(b, parser, p, (5, 6, "signed_pre_key_id"));
    cases! { b, [Varint: WIRE-04];
        /// a tag of more than 32 bits, whose low bits are those of registration_id
        tag_over_32_bits => malformed(p.with(4, [varint(5 << 3 | 1 << 32), varint(1234)].concat()));
        /// a tag of more than 32 bits at the end, whose low bits are those of an unknown field
        unknown_tag_over_32_bits => malformed(p.insert(6, [varint(7 << 3 | 1 << 32), varint(1)].concat()));
    }
    varints(b, parser, p, (4, 5, "registration_id"));
    varints(b, parser, p, (0, 1, "pre_key_id"));
    long_forms(b, parser, p, &FIELDS);
    lengths(b, parser, p, &usual.ratchet_message);
    truncations(b, parser, p);

    bad_keys(b, parser, p, (1, 2, "base_key"), "base");
    bad_keys(b, parser, p, (2, 3, "identity_key"), "base");
    cases! { b, [Identifier: ID-06];
        /// pre_key_id 0, written: a reader that takes 0 for `none` runs three Diffie-Hellmans
        pre_key_id_0 => malformed(p.with(0, uint(1, 0)));
        pre_key_id_2_to_24: "pre_key_id 2^24" => malformed(p.with(0, uint(1, 1 << 24)));
        pre_key_id_0_beside_lowest_ids: "pre_key_id 0 beside the lowest ids" => malformed(proto(&fields(Some(3), 1, 1)).with(0, uint(1, 0)));
        signed_pre_key_id_0: "signed_pre_key_id 0" => malformed(p.with(5, uint(6, 0)));
        signed_pre_key_id_2_to_24: "signed_pre_key_id 2^24" => malformed(p.with(5, uint(6, 1 << 24)));
        registration_id_0 [: ID-04]: "registration_id 0" => malformed(p.with(4, uint(5, 0)));
        registration_id_16381 [: ID-04]: "registration_id 16,381" => malformed(p.with(4, uint(5, 16_381)));
        /// registration_id 2^32 - 1
        registration_id_2_to_32_less_1 [: ID-04] => malformed(p.with(4, uint(5, u32::MAX.into())));
    }

    let r = ratchet(32);
    let small_order = bytes(1, &super::public_key::encoded(&[0; 32]));
    let holding =
        |error: ErrorCode, inner: &[u8]| parser.refuses(error, p.with(3, bytes(4, inner)));
    let mut over = p.clone();
    let rest = p.build().len() - p.fields[3].len();
    over.fields[3] = bytes(4, &seed::vec("wire/large", 65_693 - rest - 4));
    cases! { b, [Inner Truncated: WIRE-05];
        inner_empty: "an empty ratchet message" => holding(Malformed, &[]);
        /// the ratchet message is of version 0x33
        inner_version_33 [Inner Version: WIRE-01] => holding(UnsupportedVersion, &r.version(0x33));
        /// the ratchet message has no version byte
        inner_without_version [Inner Version: WIRE-01] => holding(UnsupportedVersion, &r.build()[1..]);
        /// the ratchet message has an unknown field
        inner_unknown_field [Inner NonCanonical: WIRE-03] => holding(NonCanonical, &r.insert(4, uint(5, 1)));
        /// the ratchet message's fields stand in another order
        inner_other_order [Inner NonCanonical: WIRE-03] => holding(NonCanonical, &r.order(&[1, 0, 2, 3]));
        /// the ratchet message's counter stands in two bytes where one is enough
        inner_counter_of_two_bytes [Inner NonCanonical: WIRE-03] => holding(NonCanonical, &r.with(1, vec![0x10, 0x80, 0x00]));
        /// the ratchet message lacks its counter
        inner_without_counter [Inner Missing: WIRE-02] => holding(Malformed, &r.without(1));
        inner_cut: "the ratchet message is cut" => holding(Malformed, &r.build()[..50]);
        /// the ratchet message's key is of small order
        inner_key_of_small_order [Inner InvalidKey: WIRE-06] => holding(InvalidKey, &r.with(0, small_order));
        /// the ratchet message's ciphertext has 15 bytes
        inner_ciphertext_of_15 [Inner ShortCiphertext: WIRE-07] => holding(Malformed, &r.with(3, bytes(4, &[0; 15])));
        // Its first field is a varint where a ratchet key must stand.
        /// a prekey message in place of the ratchet message
        inner_prekey_message [Inner: WIRE-02] => holding(Malformed, &p.build());
        /// the ratchet message has 65,605 bytes, the whole fewer than 65,692
        inner_too_large [Size Inner: WIRE-08] => holding(TooLarge, &ratchet(LARGEST + 1).build());
        /// 65,693 bytes of an unknown version: the size counts first
        size_counts_first [Size Version: WIRE-08 WIRE-01] => parser.refuses(TooLarge, vec![0x99; 65_693]);
        /// 65,692 bytes of an unknown version: the size is good, the version is not
        greatest_of_unknown_version [Size Version: WIRE-08 WIRE-01]
            => parser.refuses(UnsupportedVersion, vec![0x99; 65_692]);
        one_byte_too_many [Size: WIRE-08]: "65,693 bytes: one too many" => parser.refuses(TooLarge, over.build());
    }
}
