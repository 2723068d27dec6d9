//! Family `xeddsa`.

use super::builder::About;
use super::prelude::*;
use super::public_key::{encoded, first_byte, key_pair, near_prime, small_order, with_top_bit};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest, Sha512};
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::xeddsa::{Sign, SignInput, Verify, VerifyInput};
use tigress_signal::primitives::{KeyPair, PublicKey, Secret, xeddsa};

/// A key pair whose Edwards point has that sign bit.
fn key_with_sign(sign: u8) -> KeyPair {
    (0..10_000)
        .map(|n| key_pair(&format!("xeddsa/key {n}")))
        .find(|key| raw_edwards(key).compress().0[31] >> 7 == sign)
        .expect("every second key")
}

fn raw_scalar(key: &KeyPair) -> Scalar {
    Scalar::from_bytes_mod_order(clamp_integer(*key.private().expose()))
}

fn raw_edwards(key: &KeyPair) -> EdwardsPoint {
    EdwardsPoint::mul_base(&raw_scalar(key))
}

/// The scalar whose point has sign bit 0.
fn scalar(key: &KeyPair) -> Scalar {
    match raw_edwards(key).compress().0[31] >> 7 {
        0 => raw_scalar(key),
        _ => -raw_scalar(key),
    }
}

fn edwards(key: &KeyPair) -> [u8; 32] {
    but(raw_edwards(key).compress().0, |point| point[31] &= 0x7f)
}

/// Somebody whose public key has a point of order 8 in it, A = aB + T, as no honest key has.
pub(super) struct MixedOrderSigner {
    a: Scalar,
    /// A with the sign bit 0, as verifiers take it.
    point: [u8; 32],
    pub(super) public_key: PublicKey,
}

pub(super) fn mixed_order_signer(label: &str) -> MixedOrderSigner {
    let a = raw_scalar(&key_pair(label));
    let sum = EdwardsPoint::mul_base(&a) + EIGHT_TORSION[1];
    let compressed = sum.compress().0;
    let public_key = PublicKey::decode(&encoded(&sum.to_montgomery().0));
    MixedOrderSigner {
        a: if compressed[31] >> 7 == 0 { a } else { -a },
        point: but(compressed, |point| point[31] &= 0x7f),
        public_key: public_key.expect("it is of large order"),
    }
}

impl MixedOrderSigner {
    /// R and s with a challenge of that remainder by 8, which says what becomes of T.
    fn signs(&self, message: &[u8], remainder: u8) -> [u8; 64] {
        (0..10_000_u32)
            .find_map(|n| {
                let r = hash(&[b"xeddsa/mixed order", &n.to_be_bytes(), message]);
                let big_r = EdwardsPoint::mul_base(&r).compress().0;
                let challenge = hash(&[&big_r, &self.point, message]);
                let s = r + challenge * self.a;
                let is_so = challenge.to_bytes()[0] & 7 == remainder;
                is_so.then(|| [big_r, s.to_bytes()].concat().try_into().expect("64 bytes"))
            })
            .expect("every eighth")
    }

    /// A signature that verifies: the challenge is a multiple of 8, and T falls out.
    pub(super) fn verifying(&self, message: &[u8]) -> [u8; 64] {
        self.signs(message, 0)
    }

    /// One that does not: only a verifier that multiplies by the cofactor takes it.
    pub(super) fn by_cofactor(&self, message: &[u8]) -> [u8; 64] {
        self.signs(message, 1)
    }
}

/// SHA-512 as a scalar.
pub(super) fn hash(parts: &[&[u8]]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&Sha512::digest(parts.concat()).into())
}

/// s + `times` * q, as 32 bytes.
pub(super) fn plus_order(s: &[u8], times: u32) -> [u8; 32] {
    // q - 1 is the scalar -1.
    let order = but((-Scalar::ONE).to_bytes(), |bytes| bytes[0] += 1);
    let mut out: [u8; 32] = s.try_into().expect("32 bytes");
    for _ in 0..times {
        let mut carry = 0_u16;
        for (byte, add) in out.iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).expect("a byte");
            carry = sum >> 8;
        }
    }
    out
}

pub(super) fn generate(b: &mut Builder) {
    b.header(if is_strict() {
        "XEdDSA as the profile has it: strict, with the sign of the Edwards key fixed at 0. Signatures with given Z."
    } else {
        "XEdDSA as it is deployed: the sign of the Edwards key stands in bit 255 of s. Signatures with given Z."
    });
    notes! { b;
        Normal BASIC [signal("xeddsa/")] "A signature as honest implementations make it."
            => "Whoever refuses it, or makes another, shares prekeys with nobody.";
        Negation INTEROPERABILITY [signal("xeddsa/")]
            "The signer's Edwards point has sign bit 1: its scalar must be negated."
            => "A signer that forgets makes signatures that verify for half of all keys.";
        Modified AUTH_BYPASS [signal("xeddsa/")] "One part of a valid signature was changed."
            => "Whoever accepts it does not verify.";
        ScalarNotReduced SIGNATURE_MALLEABILITY [rfc("8032#section-8.4")] "s is q or more."
            => "Whoever accepts it lets anyone make further valid signatures from a valid one.";
        TopBit SIGNATURE_MALLEABILITY [signal("xeddsa/")]
            "Bit 255 of s is set. Signal's libraries keep the sign of the Edwards key there; tigress-1 has it fixed at 0."
            => "Whoever masks the bit away gives a signature two forms.";
        NonCanonicalR SIGNATURE_MALLEABILITY [eprint("2020/1244")]
            "R is no canonical encoding of a point, or differs from the recomputed one by a point of small order."
            => "Whoever decodes R, or multiplies by the cofactor, accepts what others refuse.";
        WrongLength MISSING_STEP [rfc("8032#section-5.1.7")] "A signature not of 64 bytes."
            => "Whoever accepts it reads past the end, or ignores bytes.";
        WrongHash INTEROPERABILITY [signal("xeddsa/")] "The challenge was hashed over other bytes than R, A and M."
            => "Whoever accepts it has the same bug as the signer.";
        InvalidKey AUTH_BYPASS [signal("xeddsa/")] "A public key that must not be used to verify with."
            => "Signatures can be made for it without a private key, or verify under one key and not under its equal.";
    }
    let (plus, minus) = (&key_with_sign(0), &key_with_sign(1));
    let prekey = &key_pair("xeddsa/prekey").public().encode()[..];
    let z: [u8; 64] = seed::bytes("xeddsa/z");
    let long = &seed::vec("xeddsa/long message", 1000)[..];

    let asked = |key: &KeyPair, message: &[u8], z: [u8; 64]| SignInput {
        private_key: key.private().expose().into(),
        message: message.into(),
        randomness: z.into(),
    };
    let signs = |key: &KeyPair, message: &[u8], z: [u8; 64]| {
        let input = asked(key, message, z);
        move |b: &mut Builder, about: About<'_>| {
            if is_strict() {
                computed::<Sign>(input)(b, about);
            } else {
                // Some deployed signers negate their scalar, as XEdDSA has it, or make the nonce without Z.
                one_of_several::<Sign>(input)(b, about);
            }
        }
    };
    let zero = [0; 64];
    cases! { b, [Normal: SIG-01];
        sign_prekey [: SIG-01 KEY-06 KEY-07]: "a signed prekey, the signer's sign bit 0" => signs(plus, prekey, z);
        /// a signed prekey, the signer's sign bit 1
        sign_prekey_negated [Negation: SIG-01 KEY-06 KEY-07] => signs(minus, prekey, z);
        sign_empty: "an empty message, sign bit 0" => signs(plus, b"", z);
        sign_empty_negated [Negation:]: "an empty message, sign bit 1" => signs(minus, b"", z);
        sign_one_byte: "one byte" => signs(plus, b"\x72", z);
        sign_1000_bytes_negated [Negation:]: "1,000 bytes, sign bit 1" => signs(minus, long, z);
        /// Z is all zero: the nonce still depends on key and message
        sign_z_of_zeros [: SIG-01 KEY-06 KEY-07] => signs(plus, prekey, zero);
        sign_z_of_ones [: SIG-01 KEY-06 KEY-07]: "Z is all 0xFF" => signs(plus, prekey, [0xff; 64]);
        /// Z is all zero, another message: a nonce made from Z alone would be the same as before, and give the key away
        sign_z_of_zeros_other_message => signs(plus, b"another", zero);
        /// Z is all zero, sign bit 1: the nonce hashes the negated scalar
        sign_z_of_zeros_negated [Negation:] => signs(minus, b"another", zero);
    }

    let sign =
        |key: &KeyPair, message: &[u8]| *suite().sign(key, message, &Secret::new(z)).as_bytes();
    let verifies = |key: &KeyPair, message: &[u8]| {
        let signature = sign(key, message);
        valid::<Verify>(input(&key.public().encode(), message, &signature), Done {})
    };
    cases! { b, [Normal: SIG-01 SIG-04 SIG-05];
        verify_prekey: "a signed prekey, sign bit 0" => verifies(plus, prekey);
        verify_prekey_negated [Negation:]: "a signed prekey, sign bit 1" => verifies(minus, prekey);
        verify_empty: "an empty message" => verifies(plus, b"");
        verify_1000_bytes_negated [Negation:]: "1,000 bytes" => verifies(minus, long);
    }

    // Each part of signature, message and key changed.
    let good = &sign(plus, prekey)[..];
    let (r, s) = good.split_at(32);
    let own = &plus.public().encode()[..];
    let refuses = |key: &[u8], message: &[u8], signature: &[u8]| {
        refused::<Verify>(InvalidSignature, input(key, message, signature))
    };
    let bad = |signature: &[u8]| refuses(own, prekey, signature);
    let flipped = |at: usize, bit: u8| bad(&but(good.to_vec(), |bytes| bytes[at] ^= bit));
    let moved = |key: &[u8], message: &[u8]| refuses(key, message, good);
    let mut other_message = prekey.to_vec();
    other_message[32] ^= 1;
    cases! { b, [Modified: SIG-05];
        first_bit_of_r: "the first bit of R flipped" => flipped(0, 1);
        last_byte_of_r: "the last byte of R changed" => flipped(31, 1);
        first_bit_of_s: "the first bit of s flipped" => flipped(32, 1);
        middle_bit_of_s: "a middle bit of s flipped" => flipped(48, 1);
        bit_of_the_message: "one bit of the message flipped" => moved(own, &other_message);
        message_without_last_byte: "the message without its last byte" => moved(own, &prekey[..32]);
        /// the message without its first byte: the key's 32 bytes in place of its encoding of 33
        message_without_type_byte => moved(own, &prekey[1..]);
        byte_appended: "a byte appended to the message" => moved(own, &[prekey, &[0]].concat());
        no_message: "no message" => moved(own, &[]);
        key_of_another: "the key of another signer" => moved(&minus.public().encode(), prekey);
        signed_key_for_signer: "the signed key in place of the signer's" => moved(prekey, prekey);
        r_and_s_exchanged: "R and s exchanged" => bad(&[s, r].concat());
        all_zero: "all 64 bytes zero" => bad(&[0; 64]);
    }

    if is_strict() {
        malleable(b, plus, minus, prekey, &z);
    } else {
        deployed(b, plus, minus, prekey, &z);
    }
    edges(b, plus, prekey);
    // R, and the challenge over it.
    let (a, big_a) = (scalar(plus), edwards(plus));
    let r = hash(&[b"xeddsa/r", &z]);
    let forged = |big_r: &[u8; 32], r: Scalar, challenge: Scalar| {
        let s = r + challenge * a;
        refuses(own, prekey, &[*big_r, s.to_bytes()].concat())
    };
    let challenged = |big_r: [u8; 32], r| forged(&big_r, r, hash(&[&big_r, &big_a, prekey]));
    cases! { b, [NonCanonicalR: SIG-05];
        /// R has a component of order 8: accepted by whoever multiplies the equation by the cofactor
        r_with_torsion => challenged((EdwardsPoint::mul_base(&r) + EIGHT_TORSION[1]).compress().0, r);
        /// R is the neutral element with y = 2^255 - 18, not reduced: accepted by whoever decodes R
        r_not_reduced => challenged(near_prime(1), Scalar::ZERO);
        /// R is the neutral element with the sign bit of x = 0 set: accepted by whoever decodes R
        r_with_sign_of_zero => challenged(with_top_bit(first_byte(1)), Scalar::ZERO);
    }
    let big_r = &EdwardsPoint::mul_base(&r).compress().0;
    let hashes = |parts: &[&[u8]]| forged(big_r, r, hash(parts));
    let prefix = but([0xff; 32], |bytes| bytes[0] = 0xfe);
    cases! { b, [WrongHash: SIG-05];
        /// the challenge leaves out A: whoever accepts it lets a signature be moved to another key
        challenge_without_a => hashes(&[big_r, prekey]);
        /// the challenge hashes the key's u-coordinate in place of its Edwards point
        challenge_over_u => hashes(&[big_r, plus.public().u(), prekey]);
        /// the challenge begins with the prefix of hash_1, which belongs to the nonce alone
        challenge_with_prefix => hashes(&[&prefix, big_r, &big_a, prekey]);
        challenge_a_before_r: "the challenge hashes A before R" => hashes(&[&big_a, big_r, prekey]);
    }

    cases! { b, [WrongLength: SIG-04];
        no_signature: "no signature" => bad(&[]);
        r_alone: "R alone" => bad(&good[..32]);
        signature_of_63_bytes: "63 bytes" => bad(&good[..63]);
        signature_of_65_bytes: "65 bytes: a zero byte follows" => bad(&[good, &[0]].concat());
        signature_twice: "the signature twice" => bad(&[good, good].concat());
    }

    let has_no_point = |u: &[u8; 32]| MontgomeryPoint(*u).to_edwards(0).is_none();
    let mut low = (2..u8::MAX).map(first_byte);
    let twist = low.find(has_no_point).expect("every second u");
    let bad_key = |key: &[u8]| refused::<Verify>(InvalidKey, input(key, prekey, good));
    let u = plus.public().u();
    cases! { b, [InvalidKey: SIG-04 KEY-03];
        /// the key is a point of the twist and has no Edwards point: fit for X25519, not to verify with
        key_on_the_twist [: SIG-04] => moved(&encoded(&twist), prekey);
    }
    if !is_strict() {
        let moved = |key: &[u8]| refused::<Verify>(InvalidSignature, input(key, prekey, good));
        let may = |key: &[u8]| acceptable::<Verify>(input(key, prekey, good), Done {});
        cases! { b, [InvalidKey: V3-03 V3-06];
            key_with_top_bit: "the signer's key with bit 255 set: the same point" => may(&encoded(&with_top_bit(*u)));
            key_not_reduced: "u = 2^255 - 10, not reduced: another point" => moved(&encoded(&near_prime(9)));
            key_of_order_2: "u = 0, whose Edwards point has order 2" => moved(&encoded(&small_order()[0]));
            key_p_minus_1: "u = 2^255 - 20, where the map to the Edwards curve divides by zero"
                => moved(&encoded(&near_prime(-1)));
            key_without_type_byte [: KEY-02]: "the signer's key without its type byte" => bad_key(u);
            key_as_ed25519 [: KEY-02]: "the signer's key as an Ed25519 key, 32 bytes" => bad_key(&big_a);
        }
        return;
    }
    cases! { b, [InvalidKey: SIG-04 KEY-03];
        key_with_top_bit: "the signer's key with bit 255 set" => bad_key(&encoded(&with_top_bit(*u)));
        key_not_reduced: "u = 2^255 - 10, not reduced" => bad_key(&encoded(&near_prime(9)));
        /// u = 0, whose Edwards point has order 2: signatures can be made without any private key
        key_of_order_2 [: SIG-04 KEY-04] => bad_key(&encoded(&small_order()[0]));
        /// u = 2^255 - 20, where the map to the Edwards curve divides by zero
        key_p_minus_1 [: SIG-04 KEY-04] => bad_key(&encoded(&near_prime(-1)));
        key_without_type_byte [: SIG-04 KEY-02]: "the signer's key without its type byte" => bad_key(u);
        key_as_ed25519 [: SIG-04 KEY-02]: "the signer's key as an Ed25519 key, 32 bytes" => bad_key(&big_a);
    }
}

/// Signatures and keys at the edges of what there is.
fn edges(b: &mut Builder, plus: &KeyPair, prekey: &[u8]) {
    let own = &plus.public().encode()[..];
    let one = Scalar::ONE;
    let base = |scalar: &Scalar| EdwardsPoint::mul_base(scalar).compress().0;
    let refuses = |r: [u8; 32], s: [u8; 32]| {
        refused::<Verify>(InvalidSignature, input(own, prekey, &[r, s].concat()))
    };
    let above_q = |by: u8| but(plus_order(&[0; 32], 1), |s| s[0] += by);
    cases! { b, [Modified: SIG-05];
        /// s = 0 under R of the neutral element: what verifies where the challenge is left out
        s_is_0 => refuses(first_byte(1), [0; 32]);
        s_is_1: "s = 1 under R of the base point" => refuses(base(&one), one.to_bytes());
        s_is_q_less_1: "s = q - 1 under R of -B" => refuses(base(&-one), (-one).to_bytes());
    }
    if is_strict() {
        cases! { b, [ScalarNotReduced: SIG-02];
            s_is_q_under_neutral_r: "s = q under R of the neutral element" => refuses(first_byte(1), above_q(0));
            s_is_q_plus_1: "s = q + 1 under R of the base point" => refuses(base(&one), above_q(1));
        }
    }
    // A signature by this device whose nonce is the n-th that suits.
    let (a, big_a) = (scalar(plus), edwards(plus));
    let signed = |suits: fn(&[u8; 64]) -> bool| -> [u8; 64] {
        let mut all = (0..100_000_u32).map(|n| {
            let r = hash(&[b"xeddsa/edges", &n.to_be_bytes()]);
            let point = base(&r);
            let s = r + hash(&[&point, &big_a, prekey]) * a;
            <[u8; 64]>::try_from([point, s.to_bytes()].concat()).expect("64 bytes")
        });
        all.find(suits).expect("one of them")
    };
    let takes = |signature: [u8; 64]| valid::<Verify>(input(own, prekey, &signature), Done {});
    if is_strict() {
        let neutral = {
            let s = hash(&[&first_byte(1), &big_a, prekey]) * a;
            [first_byte(1), s.to_bytes()].concat()
        };
        cases! { b, [Normal: SIG-05];
            /// R of the neutral element, as of a nonce of 0: it is what is recomputed, and its encoding is canonical. Some libraries refuse it
            r_is_neutral => acceptable::<Verify>(input(own, prekey, &neutral), Done {});
        }
    }
    cases! { b, [Normal: SIG-02 SIG-03 SIG-05];
        s_below_2_to_244: "s below 2^244: its highest byte is zero" => takes(signed(|bytes| bytes[63] == 0));
        s_above_15_times_2_to_248: "s above 15 * 2^248: bits 248 to 251 are set" => takes(signed(|bytes| bytes[63] == 0x0f));
        s_begins_with_zero: "the lowest byte of s is zero" => takes(signed(|bytes| bytes[32] == 0));
    }
    cases! { b, [Normal: SIG-05 SIG-04];
        r_with_sign_bit: "the sign bit of R set" => takes(signed(|bytes| bytes[31] >> 7 == 1));
        r_ends_with_zero: "the highest byte of R is zero" => takes(signed(|bytes| bytes[31] == 0));
        r_begins_with_zero: "the lowest byte of R is zero" => takes(signed(|bytes| bytes[0] == 0));
    }
    let mixed = mixed_order_signer("xeddsa/mixed");
    let by = |signature: [u8; 64]| input(&mixed.public_key.encode(), prekey, &signature);
    cases! { b, [NonCanonicalR: SIG-05 KEY-04];
        /// a key with a point of order 8 in it, and a challenge that is a multiple of 8: it verifies, but for who subtracts modulo q first
        key_of_mixed_order => acceptable::<Verify>(by(mixed.verifying(prekey)), Done {});
        /// the same with another challenge: only who multiplies by the cofactor takes it
        key_of_mixed_order_by_cofactor => refused::<Verify>(InvalidSignature, by(mixed.by_cofactor(prekey)));
    }
    for length in [47, 48, 63, 64, 111, 112] {
        let message = seed::vec("xeddsa/edges", length);
        let signature = *suite()
            .sign(plus, &message, &Secret::new(seed::bytes("xeddsa/edges/z")))
            .as_bytes();
        let input = input(own, &message, &signature);
        cases! { b, [Normal: SIG-01 SIG-05];
            "verify_{length}_bytes": "{length} bytes: about the blocks of SHA-512" => valid::<Verify>(input, Done {});
        }
    }
}

/// Second forms of a signature, which tigress-1 refuses.
fn malleable(b: &mut Builder, plus: &KeyPair, minus: &KeyPair, prekey: &[u8], z: &[u8; 64]) {
    let good = *xeddsa::sign(plus, prekey, &Secret::new(*z)).as_bytes();
    let (r, s) = good.split_at(32);
    let refuses = |key: &[u8], message: &[u8], signature: &[u8]| {
        refused::<Verify>(InvalidSignature, input(key, message, signature))
    };
    let own = &plus.public().encode()[..];
    let bad = |signature: &[u8]| refuses(own, prekey, signature);
    let flipped = |at: usize, bit: u8| bad(&but(good.to_vec(), |bytes| bytes[at] ^= bit));
    let not_reduced = |s: &[u8], times| bad(&[r, &plus_order(s, times)].concat());
    cases! { b, [ScalarNotReduced: SIG-02];
        s_plus_q: "s + q in place of s" => not_reduced(s, 1);
        s_plus_3q: "s + 3q: below 2^254, where a check of the highest bits sees nothing" => not_reduced(s, 3);
        s_plus_7q: "s + 7q: the highest that fits 255 bits" => not_reduced(s, 7);
        s_is_q: "s = q" => not_reduced(&[0; 32], 1);
    }

    let minus_key = &minus.public().encode()[..];
    let kept_sign = kept_sign(minus, prekey, z);
    let with_sign_bit = but(kept_sign.clone(), |bytes| bytes[63] |= 0x80);
    cases! { b, [TopBit: SIG-03];
        top_bit_of_s [TopBit Modified:]: "bit 255 of s set: accepted by whoever masks it away" => flipped(63, 0x80);
        /// a signer that does not negate its scalar, without a sign bit in s
        scalar_not_negated [Negation: SIG-01 SIG-05] => refuses(minus_key, prekey, &kept_sign);
        /// as Signal's libraries sign: the scalar keeps its sign, which stands in bit 255 of s
        as_signals_libraries_sign [TopBit Negation:] => refuses(minus_key, prekey, &with_sign_bit);
    }
}

/// As Signal's libraries sign, but for the sign bit in s: the scalar keeps its sign.
fn kept_sign(key: &KeyPair, message: &[u8], z: &[u8; 64]) -> Vec<u8> {
    let big_a = raw_edwards(key).compress().0;
    let r = hash(&[b"xeddsa/signal", z]);
    let big_r = EdwardsPoint::mul_base(&r).compress().0;
    let s = r + hash(&[&big_r, &big_a, message]) * raw_scalar(key);
    [big_r, s.to_bytes()].concat()
}

fn input(key: &[u8], message: &[u8], signature: &[u8]) -> VerifyInput {
    VerifyInput {
        public_key: key.into(),
        message: message.into(),
        signature: signature.into(),
    }
}

/// What deployed verifiers make of second forms, and where the sign bit stands.
fn deployed(b: &mut Builder, plus: &KeyPair, minus: &KeyPair, prekey: &[u8], z: &[u8; 64]) {
    let keys = [plus, minus].map(|key| key.public().encode());
    let signed = |key: &KeyPair| *suite().sign(key, prekey, &Secret::new(*z)).as_bytes();
    let good = [signed(plus), signed(minus)];
    let bad = |n: usize, change: &dyn Fn(&mut [u8; 64])| {
        let signature = but(good[n], change);
        refused::<Verify>(InvalidSignature, input(&keys[n], prekey, &signature))
    };
    let verifies =
        |n: usize, signature: &[u8]| valid::<Verify>(input(&keys[n], prekey, signature), Done {});
    let plus_q = |n: usize| {
        let sign = good[n][63] & 0x80;
        let s = but(good[n], |bytes| bytes[63] &= 0x7f);
        let s = but(plus_order(&s[32..], 1), |s| s[31] |= sign);
        let signature = [&good[n][..32], &s].concat();
        acceptable::<Verify>(input(&keys[n], prekey, &signature), Done {})
    };
    cases! { b, [TopBit: SIG-03];
        sign_bit_set: "the sign bit of A set in s where it is 0" => bad(0, &|bytes| bytes[63] |= 0x80);
        sign_bit_cleared: "the sign bit of A cleared in s where it is 1" => bad(1, &|bytes| bytes[63] &= 0x7f);
        bit_254_set: "bit 254 of s set" => bad(0, &|bytes| bytes[63] |= 0x40);
        bit_253_set: "bit 253 of s set" => bad(0, &|bytes| bytes[63] |= 0x20);
        bit_254_set_beside_sign: "bits 255 and 254 of s set" => bad(1, &|bytes| bytes[63] |= 0x40);
        bit_253_set_beside_sign: "bits 255 and 253 of s set" => bad(1, &|bytes| bytes[63] |= 0x20);
        /// the scalar keeps its sign, and the sign bit is left out of s
        scalar_not_negated [Negation: SIG-01 SIG-05] => refused::<Verify>(InvalidSignature,
            input(&keys[1], prekey, &kept_sign(minus, prekey, z)));
        /// the nonce is drawn in another way: no verifier can tell
        as_signals_libraries_sign [TopBit Negation:]
            => verifies(1, &but(kept_sign(minus, prekey, z), |bytes| bytes[63] |= 0x80));
        /// signed as XEdDSA has it: the scalar is negated, and the sign bit is 0. The deployed verifiers read that too
        as_xeddsa_has_it [Negation:]
            => verifies(1, xeddsa::sign(minus, prekey, &Secret::new(*z)).as_bytes());
    }
    cases! { b, [ScalarNotReduced: SIG-02];
        s_plus_q: "s + q in place of s: all deployed verifiers but oldmemo's take it" => plus_q(0);
        s_plus_q_beside_sign: "the same with the sign bit set" => plus_q(1);
        s_plus_2q: "s + 2q: bit 253 is set" => {
            let s = plus_order(&good[0][32..], 2);
            let signature = [&good[0][..32], &s].concat();
            refused::<Verify>(InvalidSignature, input(&keys[0], prekey, &signature))
        };
    }
}
