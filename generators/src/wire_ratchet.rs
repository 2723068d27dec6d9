//! Family `wire_ratchet`.

use super::builder::About;
use super::prelude::*;
use super::proto::{Proto, bytes, fixed32, fixed64, group, long_varint, tag, uint, varint};
use super::wire::{
    Parser, bad_keys, encoded, key, lengths, long_forms, notes, truncations, twice, unknown_fields,
    varints, versions,
};
use super::wire_deployed;
use tigress_signal::conformance::operation::wire::{DecodeRatchet, EncodeRatchet, RatchetFields};

/// Length of the ciphertext of a message of exactly 65,604 bytes, with counters below 128: less version, key, two
/// counters of two bytes, tag and length of four.
pub(super) const LARGEST: usize = 65_604 - 1 - 35 - 4 - 4;

const FIELDS: [&str; 4] = ["ratchet_key", "counter", "previous_counter", "ciphertext"];

/// A message with a ciphertext of that length.
fn fields(counter: u32, previous_counter: u32, length: usize) -> RatchetFields {
    RatchetFields {
        ratchet_key: key("ratchet").into(),
        counter,
        previous_counter,
        ciphertext: Hex(seed::vec("wire/ciphertext", length)),
        mac: None,
    }
}

fn proto(fields: &RatchetFields) -> Proto {
    Proto {
        version: 0x11,
        fields: vec![
            bytes(1, &fields.ratchet_key),
            uint(2, fields.counter.into()),
            uint(3, fields.previous_counter.into()),
            bytes(4, &fields.ciphertext),
        ],
    }
}

/// A message with a ciphertext of that length, for whoever puts it into another.
pub(super) fn ratchet(length: usize) -> Proto {
    proto(&fields(0, 0, length))
}

/// What a message shows before all else.
fn shows(name: &str) -> &'static [&'static str] {
    match name {
        "counters_0" => &["WIRE-07"],
        "small_counters" => &["WIRE-06", "WIRE-09"],
        "ciphertext_of_127" | "ciphertext_of_128" | "ciphertext_of_16384" => &["WIRE-05"],
        _ => &["WIRE-04", "WIRE-03"],
    }
}

/// Messages that are read and written alike.
fn good(b: &mut Builder) {
    let cases = rows! {
        counters_0: "both counters 0, which are written all the same; the shortest ciphertext" => fields(0, 0, 16);
        small_counters: "small counters" => fields(3, 5, 32);
        counters_127_128: "counter 127, previous counter 128: where a varint grows to two bytes"
            => fields(127, 128, 32);
        counters_16383_16384: "counter 16,383, previous counter 16,384: where it grows to three"
            => fields(16_383, 16_384, 32);
        counters_of_21_bits: "counter 2^21 - 1, previous counter 2^21: where it grows to four"
            => fields((1 << 21) - 1, 1 << 21, 32);
        counters_of_28_bits: "counter 2^28 - 1, previous counter 2^28: where it grows to five"
            => fields((1 << 28) - 1, 1 << 28, 32);
        counters_of_31_bits: "counter 2^31, previous counter 2^31 - 1: whoever uses signed integers reads less than 0"
            => fields(1 << 31, (1 << 31) - 1, 32);
        highest_counters: "the highest counters: the parser leaves them to the ratchet"
            => fields(u32::MAX, u32::MAX, 32);
        ciphertext_of_127: "a ciphertext of 127 bytes" => fields(0, 0, 127);
        ciphertext_of_128: "a ciphertext of 128 bytes: its length grows to two bytes" => fields(0, 0, 128);
        ciphertext_of_16384: "a ciphertext of 16,384 bytes: its length grows to three bytes" => fields(0, 0, 16_384);
    };
    let reads = |fields: &RatchetFields| {
        valid::<DecodeRatchet>(encoded(proto(fields).build()), fields.clone())
    };
    for (name, comment, fields) in &cases {
        reads(fields)(
            b,
            About {
                name: format!("decode_{name}").into(),
                comment,
                flags: &["Normal"],
                requirements: &[shows(name), &["WIRE-01", "WIRE-02", "WIRE-08", "WIRE-11"]]
                    .concat(),
            },
        );
    }
    cases! { b;
        /// 65,604 bytes: the greatest size
        decode_greatest_size [Size: WIRE-08 WIRE-10 WIRE-01 WIRE-02 WIRE-11] => reads(&fields(0, 0, LARGEST));
    }
    for (name, comment, fields) in &cases[..10] {
        let message = encoded(proto(fields).build());
        cases! { b, [Normal: WIRE-01 WIRE-02 WIRE-03 WIRE-11];
            "encode_{name}": "{comment}" => valid::<EncodeRatchet>(fields.clone(), message);
        }
    }
}

pub(super) fn generate(b: &mut Builder) {
    if !is_strict() {
        return wire_deployed::ratchet(b);
    }
    b.header("The ratchet message of profile section 5: one message, one encoding; what else is refused, and with which error.");
    notes(b);
    good(b);

    let parser = Parser::Ratchet;
    let malformed = |message| parser.refuses(Malformed, message);
    let not_canonical = |message| parser.refuses(NonCanonical, message);
    let ciphertext = &fields(3, 5, 32).ciphertext[..];
    let p = &proto(&fields(3, 5, 32));
    versions(b, parser, p);
    for (index, name) in FIELDS.iter().enumerate() {
        cases! { b, [Missing: WIRE-02]; "without_{name}": "without {name}" => malformed(p.without(index)); }
    }
    let zero = ratchet(32);
    cases! { b, [Missing: WIRE-02];
        counter_0_left_out: "counter 0 left out, as proto3 writers do" => malformed(zero.without(1));
        both_counters_left_out: "both counters 0 and left out" => malformed(zero.order(&[0, 3]));
    }
    twice(b, parser, p, &FIELDS);
    cases! { b, [NonCanonical: WIRE-03];
        /// counter 3, then counter 4: a lenient reader takes the last
        counter_3_then_4 [: WIRE-02 WIRE-03] => not_canonical(p.insert(2, uint(2, 4)));
        /// a second ratchet_key at the end
        second_ratchet_key [: WIRE-02 WIRE-03] => not_canonical(p.insert(4, bytes(1, &key("other"))));
        counters_exchanged: "counter and previous_counter exchanged" => not_canonical(p.order(&[0, 2, 1, 3]));
        ciphertext_first: "ciphertext first" => not_canonical(p.order(&[3, 0, 1, 2]));
        ratchet_key_last: "ratchet_key last" => not_canonical(p.order(&[1, 2, 3, 0]));
        falling_order: "the fields in falling order" => not_canonical(p.order(&[3, 2, 1, 0]));
    }
    unknown_fields(b, parser, p, 5);
    cases! { b, [WireType: WIRE-09];
        ratchet_key_as_varint: "ratchet_key as a varint" => malformed(p.with(0, uint(1, 5)));
        ratchet_key_as_group: "ratchet_key as a group" => malformed(p.with(0, group(1)));
        counter_as_bytes: "counter as bytes" => malformed(p.with(1, bytes(2, &[3])));
        counter_as_fixed_32: "counter as 32 fixed bits" => malformed(p.with(1, fixed32(2, 3)));
        counter_as_fixed_64: "counter as 64 fixed bits" => malformed(p.with(1, fixed64(2, 3)));
        previous_counter_as_bytes: "previous_counter as bytes" => malformed(p.with(2, bytes(3, &[5])));
        ciphertext_as_varint: "ciphertext as a varint" => malformed(p.with(3, uint(4, 32)));
        /// ciphertext of wire type 6, which does not exist
        ciphertext_of_wire_type_6 => malformed(p.with(3, [tag(4, 6), vec![0]].concat()));
        /// ciphertext of wire type 7, which does not exist
        ciphertext_of_wire_type_7 => malformed(p.with(3, [tag(4, 7), vec![0]].concat()));
    }

    varints(b, parser, p, (1, 2, "counter"));
    varints(b, parser, p, (2, 3, "previous_counter"));
    let tagged = |tag: Vec<u8>| p.with(1, [tag, varint(3)].concat());
    let long_length = [&tag(4, 2), &long_varint(32, 3), ciphertext].concat();
    cases! { b, [Varint: WIRE-03 WIRE-04];
        /// the tag of counter in ten bytes
        tag_in_10_bytes [Varint NonCanonical:] => not_canonical(tagged(long_varint(0x10, 10)));
        unknown_tag_over_32_bits: "an unknown field whose tag has more than 32 bits" => malformed(p.insert(4, [varint(5 << 3 | 1 << 32), varint(1)].concat()));
        /// a tag of more than 32 bits, whose low bits are those of counter
        tag_over_32_bits [: WIRE-04 WIRE-03] => malformed(tagged(varint(0x10 | 1 << 32)));
        /// the ciphertext's length in three bytes
        length_in_3_bytes [NonCanonical: WIRE-03] => not_canonical(p.with(3, long_length));
    }
    long_forms(b, parser, p, &FIELDS);
    lengths(b, parser, p, ciphertext);
    let swallowing = [&tag(1, 2), &varint(35), &key("ratchet")[..]].concat();
    cases! { b;
        /// ratchet_key's length takes in the counter field that follows
        length_takes_in_the_next_field [Length: WIRE-05 WIRE-06] => malformed(p.with(0, swallowing));
    }
    truncations(b, parser, p);

    bad_keys(b, parser, p, (0, 1, "ratchet_key"), "ratchet");
    let one_too_many = proto(&fields(0, 0, LARGEST + 1)).build();
    let mut garbage = vec![0x80; 65_605];
    garbage[0] = 0x99;
    let many = [&[0x11][..], &[0x28, 0x00].repeat(32_000)].concat();
    cases! { b, [Size: WIRE-08];
        empty_ciphertext [ShortCiphertext: WIRE-07]: "an empty ciphertext" => malformed(p.with(3, bytes(4, &[])));
        /// a ciphertext of 15 bytes
        ciphertext_of_15 [ShortCiphertext: WIRE-07] => malformed(p.with(3, bytes(4, &ciphertext[..15])));
        /// 65,605 bytes: one too many, otherwise well-formed
        one_byte_too_many => parser.refuses(TooLarge, one_too_many);
        /// 65,605 bytes of an unknown version that never end a varint: the size counts first
        size_counts_first [Size Version: WIRE-08 WIRE-10] => parser.refuses(TooLarge, garbage);
        /// 32,000 unknown fields: the first of them settles it
        unknown_fields_32000 [Size NonCanonical: WIRE-03 WIRE-10] => not_canonical(many);
    }
}
