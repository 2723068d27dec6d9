//! Family `public_key`.

use super::{Builder, seed};
use tigress_signal::conformance::operation::public_key::{
    Decode, DecodeInput, DecodeOutput, Derive, DeriveInput, DeriveOutput,
};
use tigress_signal::error_code::ErrorCode::InvalidKey;
use tigress_signal::hex;
use tigress_signal::hex::Hex;

/// 2^255 - 19 + `offset`, little-endian; `offset` is small.
pub(super) fn near_prime(offset: i16) -> [u8; 32] {
    let mut u = [0xff; 32];
    u[31] = 0x7f;
    let low = 0xed_i16 + offset;
    u[0] = u8::try_from(low.rem_euclid(256)).expect("a byte");
    if low > 255 {
        // Carried past 2^255: only 2^255 itself and a little more are asked for.
        u[1..].fill(0);
        u[31] = 0x80;
    }
    u
}

pub(super) fn with_top_bit(mut u: [u8; 32]) -> [u8; 32] {
    u[31] |= 0x80;
    u
}

pub(super) fn encoded(u: &[u8]) -> Hex {
    Hex([&[0x05], u].concat())
}

/// The points of small order, by the names that the comments use.
pub(super) fn small_order() -> [(&'static str, [u8; 32]); 5] {
    let point = |text| <[u8; 32]>::try_from(hex::decode(text).expect("hex")).expect("32 bytes");
    [
        ("0, of order 2 on the curve (and on its twist)", [0; 32]),
        (
            "1, of order 4",
            point("0100000000000000000000000000000000000000000000000000000000000000"),
        ),
        (
            "325606…3504, of order 8",
            point("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        ),
        (
            "393823…5823, of order 8",
            point("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        ),
        ("2^255 - 20, of order 4 on the twist", near_prime(-1)),
    ]
}

pub(super) fn generate(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "A key as honest implementations make it.",
        &[],
    );
    b.old_note(
        "WrongEncoding",
        "MALLEABILITY",
        "A key of another length or type byte. Whoever accepts it takes keys of other curves, or several encodings for one key.",
        &["https://signal.org/docs/specifications/x3dh/#cryptographic-notation"],
    );
    b.old_note(
        "SmallOrder",
        "CONFIDENTIALITY",
        "A point of small order makes every shared secret all zero or guessable. Whoever accepts it lets a peer or a server force the session's keys.",
        &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    );
    b.old_note(
        "NonReduced",
        "MALLEABILITY",
        "A u-coordinate of 2^255 - 19 or more: a second encoding of the same key. RFC 7748 lets X25519 reduce it; here one key has one encoding, since keys are compared, hashed and looked up as bytes.",
        &["https://www.rfc-editor.org/rfc/rfc7748#section-5"],
    );
    b.old_note(
        "Clamping",
        "INTEROPERABILITY",
        "A private key whose bits 0, 1, 2, 254 or 255 are not already as RFC 7748 wants them.",
        &["https://www.rfc-editor.org/rfc/rfc7748#section-5"],
    );

    let mut nine = [0; 32];
    nine[0] = 9;
    let mut two = [0; 32];
    two[0] = 2;
    let mut high = [0xff; 32];
    high[31] = 0x7f;
    high[30] = 0xfe;
    let seeded = {
        let mut u: [u8; 32] = seed::bytes("public_key/seeded");
        u[31] &= 0x3f;
        u
    };
    for (comment, flag, u) in [
        ("the base point", "Normal", nine),
        ("a key drawn at random", "Normal", seeded),
        (
            "u = 2, a point of the twist: X25519 is safe on the twist, so whoever refuses it refuses half of all keys",
            "Normal",
            two,
        ),
        (
            "u = 2^255 - 21, the highest that is reduced and not of small order: refused by a check that compares too few bytes with the prime",
            "Normal",
            near_prime(-2),
        ),
        (
            "the highest byte is 0x7f, but u is reduced: refused by a check that looks at the highest byte alone",
            "Normal",
            high,
        ),
    ] {
        b.old_valid::<Decode>(
            (comment, &[flag], &["KEY-01"]),
            DecodeInput {
                public_key: encoded(&u),
            },
            DecodeOutput { u: u.into() },
        );
    }

    let key = encoded(&seeded);
    for (comment, bytes) in [
        ("no byte at all", vec![]),
        ("the type byte alone", vec![0x05]),
        (
            "32 bytes without a type byte: an encoding of other protocols",
            seeded.to_vec(),
        ),
        ("type byte and 31 bytes", key[..32].to_vec()),
        ("34 bytes: one zero byte follows", [&key[..], &[0]].concat()),
        ("65 bytes: two u-coordinates", [&key[..], &seeded].concat()),
        ("type byte 0x00", [&[0x00], &seeded[..]].concat()),
        (
            "type byte 0x04, as of an uncompressed point",
            [&[0x04], &seeded[..]].concat(),
        ),
        ("type byte 0x06", [&[0x06], &seeded[..]].concat()),
        (
            "type byte 0x85: 0x05 with its top bit set",
            [&[0x85], &seeded[..]].concat(),
        ),
        (
            "the type byte stands behind the key",
            [&seeded[..], &[0x05]].concat(),
        ),
    ] {
        b.old_invalid::<Decode>(
            (comment, &["WrongEncoding"], &["KEY-02"]),
            InvalidKey,
            DecodeInput {
                public_key: Hex(bytes),
            },
        );
    }

    for (name, u) in small_order() {
        b.old_invalid::<Decode>(
            (&format!("u = {name}"), &["SmallOrder"], &["KEY-04"]),
            InvalidKey,
            DecodeInput {
                public_key: encoded(&u),
            },
        );
    }

    for (comment, u) in [
        ("u = 2^255 - 19, which reduces to 0", near_prime(0)),
        ("u = 2^255 - 18, which reduces to 1", near_prime(1)),
        (
            "u = 2^255 - 10, which reduces to the base point",
            near_prime(9),
        ),
        ("u = 2^255 - 1", near_prime(18)),
        ("the base point with bit 255 set", with_top_bit(nine)),
        (
            "a key drawn at random, with bit 255 set",
            with_top_bit(seeded),
        ),
        ("0 with bit 255 set", with_top_bit([0; 32])),
        (
            "a point of order 8 with bit 255 set",
            with_top_bit(small_order()[2].1),
        ),
        ("2^255 - 20 with bit 255 set", with_top_bit(near_prime(-1))),
        ("all bits set", [0xff; 32]),
    ] {
        b.old_invalid::<Decode>(
            (comment, &["NonReduced"], &["KEY-03"]),
            InvalidKey,
            DecodeInput {
                public_key: encoded(&u),
            },
        );
    }

    // RFC 7748 section 6.1.
    for (name, private, public) in [
        (
            "Alice",
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
        (
            "Bob",
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ),
    ] {
        b.old_valid::<Derive>(
            (
                &format!("{name} of RFC 7748 section 6.1"),
                &["Normal"],
                &["KEY-01", "KEY-05"],
            ),
            DeriveInput {
                private_key: Hex(hex::decode(private).expect("hex")),
            },
            DeriveOutput {
                public_key: encoded(&hex::decode(public).expect("hex")),
            },
        );
    }
    for (comment, private) in [
        (
            "all bits set: five of them are cleared, none may be left to the reader",
            [0xff; 32],
        ),
        ("no bit set: clamping sets bit 254", [0; 32]),
        ("bits 0 to 2 set: a multiple of 8 is used all the same", {
            let mut k: [u8; 32] = seed::bytes("public_key/low bits");
            k[0] |= 7;
            k
        }),
        ("bit 255 set, bit 254 clear", {
            let mut k: [u8; 32] = seed::bytes("public_key/high bits");
            k[31] = k[31] & 0x3f | 0x80;
            k
        }),
    ] {
        b.old_computed::<Derive>(
            (comment, &["Clamping"], &["KEY-05"]),
            DeriveInput {
                private_key: private.into(),
            },
        );
    }
}
