//! What the two wire families share: keys, notes, and ways to get an encoding wrong that are the same for both messages.

use super::prelude::*;
use super::proto::{Proto, bytes, fixed32, fixed64, group, long_varint, tag, uint, varint};
use super::public_key::{key_pair, near_prime, small_order, with_top_bit};
use tigress_signal::conformance::operation::wire::{DecodePreKey, DecodeRatchet, Encoded};

/// The encoded public key of that label.
pub(super) fn key(label: &str) -> [u8; 33] {
    key_pair(&format!("wire/{label}")).public().encode()
}

/// A message as operations take and give it.
pub(super) fn encoded(message: Vec<u8>) -> Encoded {
    let message = Hex(message);
    Encoded { message }
}

/// A message that must be refused is given to the parser of one of the two.
#[derive(Clone, Copy)]
pub(super) enum Parser {
    Ratchet,
    PreKey,
}

impl Parser {
    /// It refuses these bytes with that code.
    pub(super) fn refuses(self, error: ErrorCode, message: Vec<u8>) -> impl Case {
        let message = encoded(message);
        move |b, about| match self {
            Parser::Ratchet => refused::<DecodeRatchet>(error, message)(b, about),
            Parser::PreKey => refused::<DecodePreKey>(error, message)(b, about),
        }
    }
}

pub(super) fn notes(b: &mut Builder) {
    notes! { b;
        Normal BASIC [protobuf("encoding/")] "A message as honest implementations make it."
            => "Whoever refuses it, or writes another, speaks with nobody.";
        Version MISSING_STEP [signal("doubleratchet/#integration-with-x3dh")] "The version byte is not 0x11."
            => "Whoever reads on mistakes another protocol for this one, or an attacker's choice of version for the sender's.";
        Missing MISSING_STEP [protobuf("proto3/#default")] "A required field is missing."
            => "Proto3 readers put a default in its place: a message then means what its sender did not say.";
        NonCanonical MALLEABILITY [protobuf("serialization-not-canonical/")]
            "The fields can be read, but the bytes are not their one encoding."
            => "Whoever accepts it reads one message from many byte strings: copies pass as new, and two readers may read two messages.";
        WireType PARSER_BUG [protobuf("encoding/")] "A field of another wire type, or of one that does not exist."
            => "Whoever goes on reads the bytes that follow as something else than was written.";
        Varint PARSER_BUG [protobuf("encoding/#varints")] "An integer that is too long, too large or not ended."
            => "Whoever cuts it to 32 bits reads another number than was written.";
        Length DENIAL_OF_SERVICE [protobuf("encoding/#length-types")] "A length that does not fit what follows."
            => "Whoever trusts it reads past the end, overflows, or allocates what a stranger asked for.";
        Truncated PARSER_BUG [protobuf("encoding/")] "The message ends early."
            => "Whoever reads on crashes, or takes what lies behind it in memory for part of it.";
        InvalidKey CONFIDENTIALITY [rfc("7748#section-6.1")] "A key inside the message that must not be used."
            => "Whoever checks it only where it is used may store it first.";
        ShortCiphertext MISSING_STEP [rfc("5116#section-5.1")] "A ciphertext shorter than its tag."
            => "Whoever takes the tag off without looking crashes, or verifies a part of it.";
        Size DENIAL_OF_SERVICE [cwe(770)] "At or over the greatest size."
            => "Whoever parses first does the work that the bound is there to spare.";
    }
}

/// A field of the message: its place among the fields, its number, and its name.
pub(super) type Field = (usize, u32, &'static str);

/// Keys that the message must not carry in that field, made from the key of that label.
pub(super) fn bad_keys(b: &mut Builder, parser: Parser, p: &Proto, field: Field, label: &str) {
    let (index, number, field) = field;
    let good = &key(label)[..];
    let u: [u8; 32] = good[1..].try_into().expect("32 bytes");
    let refuses = |key: &[u8]| parser.refuses(InvalidKey, p.with(index, bytes(number, key)));
    let point = |u: [u8; 32]| refuses(&[&[0x05], &u[..]].concat());
    cases! { b, [InvalidKey: WIRE-06 KEY-02];
        "{field}_empty": "{field} empty" => refuses(&[]);
        "{field}_untyped": "{field} 32 bytes without a type byte" => refuses(&u);
        "{field}_long": "{field} of 34 bytes" => refuses(&[good, &[0]].concat());
        "{field}_of_type_06": "{field} with type byte 0x06" => refuses(&[&[0x06], &u[..]].concat());
        "{field}_with_top_bit" [: WIRE-06 KEY-03]: "{field} with bit 255 set" => point(with_top_bit(u));
        "{field}_p" [: WIRE-06 KEY-03]: "{field} u = 2^255 - 19" => point(near_prime(0));
        "{field}_zero" [: WIRE-06 KEY-04]: "{field} u = 0" => point([0; 32]);
        "{field}_one" [: WIRE-06 KEY-04]: "{field} u = 1" => point(small_order()[1]);
        "{field}_of_order_8" [: WIRE-06 KEY-04]: "{field} of order 8" => point(small_order()[2]);
        "{field}_of_other_order_8" [: WIRE-06 KEY-04]: "{field} of order 8, the other point" => point(small_order()[3]);
        "{field}_p_minus_1" [: WIRE-06 KEY-04]: "{field} u = 2^255 - 20, of order 4 on the twist" => point(small_order()[4]);
    }
}

/// Each of these fields, which are all of the message's, twice.
pub(super) fn twice(b: &mut Builder, parser: Parser, p: &Proto, fields: &[&str]) {
    for (index, name) in fields.iter().enumerate() {
        let twice = p.insert(index, p.fields[index].clone());
        cases! { b, [NonCanonical: WIRE-02 WIRE-03];
            "{name}_twice": "{name} twice, alike" => parser.refuses(NonCanonical, twice);
        }
    }
}

/// Version bytes, and messages without fields.
pub(super) fn versions(b: &mut Builder, parser: Parser, p: &Proto) {
    let of = |version| parser.refuses(UnsupportedVersion, p.version(version));
    cases! { b, [Version: WIRE-01];
        version_00: "version byte 0x00" => of(0x00);
        version_01: "version byte 0x01" => of(0x01);
        version_10: "version byte 0x10" => of(0x10);
        version_12: "version byte 0x12: the high nibble alone does not make a version" => of(0x12);
        version_21: "version byte 0x21" => of(0x21);
        version_33: "version byte 0x33, of suite signal-v3" => of(0x33);
        version_44: "version byte 0x44, of suite signal-v4" => of(0x44);
        version_91: "version byte 0x91: 0x11 with its top bit set" => of(0x91);
        /// no version byte: the first field's tag stands there
        no_version => parser.refuses(UnsupportedVersion, p.build()[1..].to_vec());
        no_byte [Truncated: WIRE-05 WIRE-10]: "no byte at all" => parser.refuses(Malformed, vec![]);
        /// the version byte alone
        version_alone [Truncated Missing: WIRE-02] => parser.refuses(Malformed, vec![p.version]);
    }
}

/// Fields that the message does not have; `free` is the first free number.
pub(super) fn unknown_fields(b: &mut Builder, parser: Parser, p: &Proto, free: u32) {
    let end = p.fields.len();
    let readable = |at, field| parser.refuses(NonCanonical, p.insert(at, field));
    cases! { b, [NonCanonical: WIRE-03];
        unknown_varint: "an unknown varint field at the end" => readable(end, uint(free, 1));
        unknown_bytes: "an unknown bytes field at the end" => readable(end, bytes(free, b"new"));
        unknown_empty_bytes: "an unknown empty bytes field at the end" => readable(end, bytes(free, b""));
        unknown_fixed_32: "an unknown field of 32 fixed bits at the end" => readable(end, fixed32(free, 0));
        unknown_fixed_64: "an unknown field of 64 fixed bits at the end" => readable(end, fixed64(free, 0));
        unknown_field_first: "an unknown field before all others" => readable(0, uint(free, 1));
        /// an unknown field of the highest number
        unknown_field_of_highest_number => readable(end, uint((1 << 29) - 1, 1));
        empty_group: "an empty group at the end" => readable(end, group(free));
        end_of_no_group: "the end of a group that never began" => readable(end, tag(free, 4));
    }
    let broken = |field: &[&[u8]]| parser.refuses(Malformed, p.insert(end, field.concat()));
    cases! { b, [Truncated: WIRE-04 WIRE-05];
        /// an unknown field whose varint does not end
        unknown_varint_without_end [Truncated Varint:] => broken(&[&tag(free, 0), &[0x80]]);
        unknown_varint_over_64_bits [Truncated Varint:]: "an unknown field whose varint has more than 64 bits"
            => broken(&[&tag(free, 0), &[0xff; 9], &[0x02]]);
        /// an unknown field whose length runs past the end
        unknown_length_past_the_end [Truncated Length:] => broken(&[&tag(free, 2), &[1]]);
        unknown_fixed_64_cut: "an unknown field of 64 fixed bits cut to 7 bytes" => broken(&[&tag(free, 1), &[0; 7]]);
        /// an unknown field of wire type 7, which does not exist
        unknown_wire_type_7 [WireType: WIRE-09] => broken(&[&tag(free, 7)]);
        field_number_0 [WireType: WIRE-03]: "a varint field of number 0" => broken(&[&[0x00, 0x01]]);
        trailing_zero [Length: WIRE-05 WIRE-03]: "a trailing zero byte" => broken(&[&[0x00]]);
    }
}

/// Values of that `uint32` field.
pub(super) fn varints(b: &mut Builder, parser: Parser, p: &Proto, (index, number, field): Field) {
    let value = |error, value: &[u8]| {
        parser.refuses(error, p.with(index, [&tag(number, 0), value].concat()))
    };
    let over_64_bits = [&[0xff; 9][..], &[0x02]].concat();
    let eleven_bytes = [&[0x80; 10][..], &[0x00]].concat();
    cases! { b, [Varint: WIRE-03 WIRE-04];
        "{field}_in_2_bytes": "a {field} in two bytes where one does" => value(NonCanonical, &long_varint(3, 2));
        "{field}_in_10_bytes": "a {field} in ten bytes where one does" => value(NonCanonical, &long_varint(3, 10));
        "{field}_of_2_to_32": "a {field} of 2^32: cut to 32 bits it reads 0" => value(Malformed, &varint(1 << 32));
        "{field}_of_2_to_32_plus_3": "a {field} of 2^32 + 3: cut to 32 bits it reads 3"
            => value(Malformed, &varint((1 << 32) + 3));
        "{field}_of_minus_1": "a {field} of 2^64 - 1, as a negative int32 is written"
            => value(Malformed, &varint(u64::MAX));
        "{field}_over_64_bits": "a {field} of ten bytes and more than 64 bits" => value(Malformed, &over_64_bits);
        "{field}_of_11_bytes": "a {field} of eleven bytes" => value(Malformed, &eleven_bytes);
    }
}

/// Every tag, value and length of the message in one byte more than it takes: the values at both ends of each width.
pub(super) fn long_forms(b: &mut Builder, parser: Parser, p: &Proto, fields: &[&str]) {
    let longer = |value: u64| long_varint(value, varint(value).len() + 1);
    for (index, field) in fields.iter().enumerate() {
        let (tag, rest) = p.fields[index].split_at(1);
        let refuses = |field: &[&[u8]]| parser.refuses(NonCanonical, p.with(index, field.concat()));
        cases! { b, [Varint NonCanonical: WIRE-03 WIRE-04];
            "long_tag_of_{field}": "the tag of {field} in one byte more than it takes"
                => refuses(&[&longer(tag[0].into()), rest]);
        }
        if tag[0] % 8 == 0 {
            for value in [0, 127, 128, 16_383, 16_384, u32::MAX.into()] {
                cases! { b, [Varint NonCanonical: WIRE-03 WIRE-04];
                    "long_{field}_of_{value}": "a {field} of {value} in one byte more than it takes"
                        => refuses(&[tag, &longer(value)]);
                }
            }
        } else {
            let content = content(rest);
            cases! { b, [Length NonCanonical: WIRE-03 WIRE-04];
                "long_length_of_{field}": "the length of {field} in one byte more than it takes"
                    => refuses(&[tag, &longer(content.len() as u64), content]);
            }
        }
    }
}

/// What stands behind a length.
fn content(field: &[u8]) -> &[u8] {
    let bytes = field.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    &field[bytes..]
}

/// Lengths of the `bytes` field 4, the last one of the message.
pub(super) fn lengths(b: &mut Builder, parser: Parser, p: &Proto, content: &[u8]) {
    let one_more = content.len() as u64 + 1;
    let claims = |length: u64| {
        let mut cut = p.clone();
        cut.fields.truncate(3);
        cut.fields
            .push([&tag(4, 2), &varint(length), content].concat());
        parser.refuses(Malformed, cut.build())
    };
    cases! { b, [Length: WIRE-05 WIRE-10];
        length_of_one_more: "a length of one byte longer than what follows" => claims(one_more);
        length_of_2_to_31_less_1: "a length of 2^31 - 1" => claims((1 << 31) - 1);
        length_of_2_to_32_less_1: "a length of 2^32 - 1: plus an offset it overflows 32 bits" => claims((1 << 32) - 1);
        length_of_2_to_63: "a length of 2^63: less than 0 where lengths are signed" => claims(1 << 63);
        length_of_2_to_64_less_1: "a length of 2^64 - 1: plus an offset it overflows 64 bits" => claims(u64::MAX);
    }
}

/// The message cut at telling places.
pub(super) fn truncations(b: &mut Builder, parser: Parser, p: &Proto) {
    let whole = &p.build()[..];
    let first = 1 + p.fields[0].len();
    let cut = |length| parser.refuses(Malformed, whole[..length].to_vec());
    cases! { b, [Truncated: WIRE-05 WIRE-02];
        cut_after_first_tag: "cut after the first tag" => cut(2);
        cut_after_first_field [Truncated Missing:]: "cut after the first field" => cut(first);
        cut_in_second_field: "cut in the middle of the second field" => cut(first + 1);
        cut_at_three_quarters: "cut at three quarters of its length" => cut(whole.len() * 3 / 4);
        without_last_byte: "without its last byte" => cut(whole.len() - 1);
    }
}
