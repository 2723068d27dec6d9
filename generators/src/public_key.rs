//! Family `public_key`.

use super::prelude::*;
use super::x3dh_respond::with_torsion;
use tigress_signal::conformance::operation::public_key::{
    Decode, DecodeInput, DecodeOutput, Derive, DeriveInput, DeriveOutput,
};
use tigress_signal::primitives::{KeyPair, PrivateKey};

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

/// 32 bytes, all zero but the first.
pub(super) const fn first_byte(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = byte;
    bytes
}

/// The key pair of that label.
pub(super) fn key_pair(label: &str) -> KeyPair {
    KeyPair::from(PrivateKey::from(seed::bytes(label)))
}

pub(super) fn with_top_bit(mut u: [u8; 32]) -> [u8; 32] {
    u[31] |= 0x80;
    u
}

pub(super) fn encoded(u: &[u8]) -> Hex {
    Hex([&[0x05], u].concat())
}

/// The points of small order: 0 and 1, two of order 8, and that on the twist.
pub(super) fn small_order() -> [[u8; 32]; 5] {
    let point = |text| <[u8; 32]>::try_from(hex::decode(text).expect("hex")).expect("32 bytes");
    [
        first_byte(0),
        first_byte(1),
        point("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        point("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        near_prime(-1),
    ]
}

/// A u drawn at random.
fn seeded() -> [u8; 32] {
    but(seed::bytes("public_key/seeded"), |u: &mut [u8; 32]| {
        u[31] &= 0x3f;
    })
}

pub(super) fn generate(b: &mut Builder) {
    b.header("One encoding for each key: what is read, what is refused, and how a private key is clamped.");
    notes! { b;
        Normal BASIC [rfc("7748#section-5")] "A key as honest implementations make it."
            => "Whoever refuses it speaks with nobody.";
        WrongEncoding MALLEABILITY [signal("x3dh/#cryptographic-notation")] "A key of another length or type byte."
            => "Whoever accepts it takes keys of other curves, or several encodings for one key.";
        SmallOrder CONFIDENTIALITY [rfc("7748#section-6.1")]
            "A point of small order makes every shared secret all zero or guessable."
            => "Whoever accepts it lets a peer or a server force the session's keys.";
        NonReduced MALLEABILITY [rfc("7748#section-5")]
            "A u-coordinate of 2^255 - 19 or more: a second encoding of the same key, which X25519 of RFC 7748 reduces."
            => "Keys are compared, hashed and looked up as bytes here: one key under two encodings passes for two.";
        Clamping INTEROPERABILITY [rfc("7748#section-5")]
            "A private key whose bits 0, 1, 2, 254 or 255 are not already as RFC 7748 wants them."
            => "Whoever does not clamp computes another public key.";
    }
    let (two, nine) = (first_byte(2), first_byte(9));
    let high = but([0xff; 32], |u| (u[30], u[31]) = (0xfe, 0x7f));
    let seeded = seeded();

    let reads = |u: [u8; 32]| {
        let public_key = encoded(&u);
        valid::<Decode>(DecodeInput { public_key }, DecodeOutput { u: u.into() })
    };
    cases! { b, [Normal: KEY-01 KEY-02];
        base_point: "the base point" => reads(nine);
        /// a u drawn at random: it is of the twist, as half of all u are, and as no honest key is
        drawn_at_random [: KEY-04 KEY-01] => reads(seeded);
        /// u = 2, a point of the twist, which no private key yields: X25519 is safe there, and KEY-01 to KEY-04 refuse no such point
        point_of_the_twist [: KEY-04 KEY-01] => reads(two);
        /// u = 2^255 - 21, the highest that is reduced and not of small order: refused by a check that compares too few bytes with the prime
        highest_reduced [: KEY-03 KEY-04 KEY-01] => reads(near_prime(-2));
        /// the highest byte is 0x7f, but u is reduced: refused by a check that looks at the highest byte alone
        highest_byte_7f [: KEY-03 KEY-01] => reads(high);
    }

    let refuses = |bytes: &[u8]| {
        let public_key = bytes.into();
        refused::<Decode>(InvalidKey, DecodeInput { public_key })
    };
    let key = &encoded(&seeded)[..];
    let typed = |byte: u8| refuses(&[&[byte], &seeded[..]].concat());
    cases! { b, [WrongEncoding: KEY-02];
        empty: "no byte at all" => refuses(&[]);
        type_byte_alone: "the type byte alone" => refuses(&[0x05]);
        without_type_byte: "32 bytes without a type byte: an encoding of other protocols" => refuses(&seeded);
        one_byte_short: "type byte and 31 bytes" => refuses(&key[..32]);
        zero_byte_behind: "34 bytes: one zero byte follows" => refuses(&[key, &[0]].concat());
        two_coordinates: "65 bytes: two u-coordinates" => refuses(&[key, &seeded].concat());
        type_byte_00: "type byte 0x00" => typed(0x00);
        type_byte_04: "type byte 0x04, as of an uncompressed point" => typed(0x04);
        type_byte_06: "type byte 0x06" => typed(0x06);
        type_byte_85: "type byte 0x85: 0x05 with its top bit set" => typed(0x85);
        type_byte_behind: "the type byte stands behind the key" => refuses(&[&seeded[..], &[0x05]].concat());
    }

    // Neighbours of what is refused by its order.
    cases! { b, [Normal: KEY-04 KEY-01];
        next_to_order_8: "u of a point of order 8, plus 1" => reads(but(small_order()[2], |u| u[0] += 1));
        before_order_8: "u of a point of order 8, less 1" => reads(but(small_order()[2], |u| u[0] -= 1));
        next_to_other_order_8: "u of the other point of order 8, plus 1" => reads(but(small_order()[3], |u| u[0] += 1));
        low_31_bytes_zero: "the low 31 bytes are zero" => reads(but([0; 32], |u| u[31] = 1));
        /// 31 bytes of a point of order 8, and another last one
        last_byte_differs => reads(but(small_order()[2], |u| u[31] = 1));
        first_byte_1_and_last_byte_1: "u = 1 and a bit of the last byte" => reads(but(first_byte(1), |u| u[31] = 0x40));
        of_mixed_order: "a key with a point of order 8 in it" => reads(*with_torsion(key_pair("public_key/mixed").public(), 1).u());
    }
    if is_strict() {
        strict(b);
    } else {
        unreduced(b);
    }
    derivations(b);
}

/// What tigress-1 refuses of 33 bytes with the right type byte.
fn strict(b: &mut Builder) {
    let (nine, seeded) = (first_byte(9), seeded());
    let refuses = |u: [u8; 32]| {
        let public_key = encoded(&u);
        refused::<Decode>(InvalidKey, DecodeInput { public_key })
    };
    let [zero, one, order_8, another_order_8, p_minus_1] = small_order();
    cases! { b, [SmallOrder: KEY-04];
        small_order_0: "u = 0, of order 2 on the curve (and on its twist)" => refuses(zero);
        small_order_1: "u = 1, of order 4" => refuses(one);
        small_order_8: "u = 325606…3504, of order 8" => refuses(order_8);
        small_order_8_again: "u = 393823…5823, of order 8" => refuses(another_order_8);
        small_order_p_minus_1: "u = 2^255 - 20, of order 4 on the twist" => refuses(p_minus_1);
    }
    cases! { b, [NonReduced: KEY-03];
        p: "u = 2^255 - 19, which reduces to 0" => refuses(near_prime(0));
        p_plus_1: "u = 2^255 - 18, which reduces to 1" => refuses(near_prime(1));
        p_plus_9: "u = 2^255 - 10, which reduces to the base point" => refuses(near_prime(9));
        highest_of_255_bits: "u = 2^255 - 1" => refuses(near_prime(18));
        base_point_with_top_bit: "the base point with bit 255 set" => refuses(with_top_bit(nine));
        drawn_at_random_with_top_bit: "a key drawn at random, with bit 255 set" => refuses(with_top_bit(seeded));
        zero_with_top_bit [NonReduced SmallOrder:]: "0 with bit 255 set" => refuses(with_top_bit([0; 32]));
        order_8_with_top_bit [NonReduced SmallOrder:]: "a point of order 8 with bit 255 set"
            => refuses(with_top_bit(order_8));
        /// 2^255 - 20 with bit 255 set
        p_minus_1_with_top_bit [NonReduced SmallOrder:] => refuses(with_top_bit(near_prime(-1)));
        all_bits_set: "all bits set" => refuses([0xff; 32]);
    }
}

/// What signal-v3 reads beside: deployed libraries look at nothing but length and type byte.
fn unreduced(b: &mut Builder) {
    let (nine, seeded) = (first_byte(9), seeded());
    let reads = |u: [u8; 32]| {
        let public_key = encoded(&u);
        valid::<Decode>(DecodeInput { public_key }, DecodeOutput { u: u.into() })
    };
    let may_read = |u: [u8; 32]| {
        let public_key = encoded(&u);
        acceptable::<Decode>(DecodeInput { public_key }, DecodeOutput { u: u.into() })
    };
    cases! { b, [NonReduced: V3-03];
        p_plus_9: "u = 2^255 - 10 stays as it is" => reads(near_prime(9));
        highest_of_255_bits: "u = 2^255 - 1" => reads(near_prime(18));
        base_point_with_top_bit: "the base point with bit 255 set" => reads(with_top_bit(nine));
        drawn_at_random_with_top_bit: "a key drawn at random, with bit 255 set" => reads(with_top_bit(seeded));
        all_bits_set: "all bits set" => reads([0xff; 32]);
    }
    let [zero, one, order_8, another_order_8, p_minus_1] = small_order();
    cases! { b, [SmallOrder: V3-03];
        small_order_0: "u = 0: it may be refused here, or where it is used" => may_read(zero);
        small_order_1: "u = 1, of order 4" => may_read(one);
        small_order_8: "u = 325606…3504, of order 8" => may_read(order_8);
        small_order_8_again: "u = 393823…5823, of order 8" => may_read(another_order_8);
        small_order_p_minus_1: "u = 2^255 - 20, of order 4 on the twist" => may_read(p_minus_1);
        p: "u = 2^255 - 19, which reduces to 0" => may_read(near_prime(0));
        zero_with_top_bit: "0 with bit 255 set" => may_read(with_top_bit([0; 32]));
    }
}

/// How a private key becomes a public one.
fn derivations(b: &mut Builder) {
    let unhex = |text| hex::decode(text).expect("hex");
    let derives = |private, public| {
        let private_key = Hex(unhex(private));
        let public_key = encoded(&unhex(public));
        valid::<Derive>(DeriveInput { private_key }, DeriveOutput { public_key })
    };
    let clamps = |private: [u8; 32]| {
        let private_key = private.into();
        computed::<Derive>(DeriveInput { private_key })
    };
    let seeded = |label, change: fn(&mut [u8; 32])| but(seed::bytes(label), change);
    cases! { b, [Clamping: KEY-05];
        /// Alice of RFC 7748 section 6.1
        alice_of_rfc_7748 [Normal: KEY-01 KEY-05] => derives(
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        );
        /// Bob of RFC 7748 section 6.1
        bob_of_rfc_7748 [Normal: KEY-01 KEY-05] => derives(
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        );
        /// all bits set: five of them are cleared, none may be left to the reader
        private_key_of_ones => clamps([0xff; 32]);
        private_key_of_zeros: "no bit set: clamping sets bit 254" => clamps([0; 32]);
        /// bits 0 to 2 set: a multiple of 8 is used all the same
        low_bits_set => clamps(seeded("public_key/low bits", |k| k[0] |= 7));
        /// bit 255 set, bit 254 clear
        high_bits_wrong => clamps(seeded("public_key/high bits", |k| k[31] = k[31] & 0x3f | 0x80));
    }
}
