//! Toys in place of the primitives (feature `toy`), for fuzzing: some ten nanoseconds where the real ones take ten or a hundred
//! microseconds. They keep no secret from anybody.
//!
//! They are honest where the machines above look: Diffie-Hellman commutes, and gives zero for the points of small order of the real
//! curve; a scalar is clamped; a changed byte of a key is another key; tags and signatures hold for what they were made of and for
//! nothing else; what is derived from different inputs differs. There is no torsion beyond the points of small order, and every other u
//! is a point of the curve that keys are on.
//!
//! They are switched on by [`under`], in one thread and for the time of a call: a build with this feature computes the real primitives
//! everywhere else. No build with this feature is without debug assertions, and so none that is published is one.
//!
//! | primitive | toy |
//! | --- | --- |
//! | X25519 | multiplication modulo 2^61 - 1; base point 9 |
//! | XEdDSA, Ed25519 | Schnorr signatures in that group, written additively |
//! | HMAC-SHA-256 | folded multiplications, 8 bytes each (as wyhash has them) |
//! | AES-256-GCM | a key stream of them, and a tag |
//! | AES-256-CBC | a key stream of them, and the padding of PKCS#7 |

use super::Backend;
use crate::primitives::aes256_cbc::ciphertext_length;
use crate::primitives::x25519::{FIELD_PRIME, SMALL_ORDER};
use std::cell::Cell;
use std::marker::PhantomData;
use zeroize::Zeroizing;

#[cfg(not(debug_assertions))]
compile_error!(
    "feature `toy` is for fuzzing: what is built without debug assertions has the real primitives"
);

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread computes with toys.
#[must_use]
pub fn is_on() -> bool {
    ON.get()
}

/// Runs `run` with toys in place of the primitives, in this thread alone. Keys and states that were made with the real ones have no use
/// there, nor the other way round.
pub fn under<T>(run: impl FnOnce() -> T) -> T {
    /// As it was before, also where `run` panics.
    struct Former(bool);
    impl Drop for Former {
        fn drop(&mut self) {
            ON.set(self.0);
        }
    }
    let _former = Former(ON.replace(true));
    run()
}

/// A backend, with toys in its place where they are on.
#[derive(Clone, Copy, Debug)]
pub struct Switch<B>(PhantomData<B>);

/// A key of HMAC of either kind.
#[derive(Clone)]
pub enum HmacKey<K> {
    /// Of the backend.
    Real(K),
    /// A toy's.
    Toy(Hash),
}

impl<B: Backend> Backend for Switch<B> {
    const NAME: &'static str = B::NAME;

    type HmacKey = HmacKey<B::HmacKey>;

    fn x25519(scalar: &[u8; 32], u: &[u8; 32], out: &mut [u8; 32]) {
        if is_on() {
            *out = point(u).map_or([0; 32], |u| encode(times(self::scalar(scalar), u)));
        } else {
            B::x25519(scalar, u, out);
        }
    }

    fn x25519_base(scalar: &[u8; 32]) -> [u8; 32] {
        if is_on() {
            encode(times(self::scalar(scalar), BASE))
        } else {
            B::x25519_base(scalar)
        }
    }

    fn hmac_key(key: &[u8]) -> Self::HmacKey {
        if !is_on() {
            return HmacKey::Real(B::hmac_key(key));
        }
        // A short key is one with zero bytes behind it (RFC 2104).
        let end = key
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        let key = if key.len() <= 64 { &key[..end] } else { key };
        let mut hash = Hash::new(1);
        hash.update(key);
        HmacKey::Toy(Hash::new(hash.finish()))
    }

    fn hmac_sha256(key: &Self::HmacKey, message: &[&[u8]], out: &mut [u8; 32]) {
        match key {
            HmacKey::Real(key) => B::hmac_sha256(key, message, out),
            HmacKey::Toy(key) => {
                let mut hash = key.clone();
                for part in message {
                    hash.update(part);
                }
                stream(hash.finish(), out, |_, key| key);
            }
        }
    }

    fn aes256_gcm_seal(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> [u8; 16] {
        if !is_on() {
            return B::aes256_gcm_seal(key, nonce, associated_data, buffer);
        }
        let secret = seed(2, &[key, nonce]);
        stream(secret, buffer, |byte, key| byte ^ key);
        tag(secret, associated_data, buffer)
    }

    fn aes256_gcm_open(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
    ) -> Option<Zeroizing<Vec<u8>>> {
        if !is_on() {
            return B::aes256_gcm_open(key, nonce, associated_data, ciphertext, tag);
        }
        let secret = seed(2, &[key, nonce]);
        if self::tag(secret, associated_data, ciphertext) != *tag {
            return None;
        }
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        stream(secret, &mut plaintext, |byte, key| byte ^ key);
        Some(plaintext)
    }

    fn aes256_cbc_encrypt(key: &[u8; 32], iv: &[u8; 16], plaintext: &[u8], out: &mut Vec<u8>) {
        if !is_on() {
            return B::aes256_cbc_encrypt(key, iv, plaintext, out);
        }
        let start = out.len();
        let length = ciphertext_length(plaintext.len());
        let padding = length - plaintext.len();
        out.extend_from_slice(plaintext);
        out.resize(start + length, u8::try_from(padding).unwrap_or(0));
        stream(seed(7, &[key, iv]), &mut out[start..], |byte, key| {
            byte ^ key
        });
    }

    fn aes256_cbc_decrypt(
        key: &[u8; 32],
        iv: &[u8; 16],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        if !is_on() {
            return B::aes256_cbc_decrypt(key, iv, ciphertext);
        }
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        stream(seed(7, &[key, iv]), &mut plaintext, |byte, key| byte ^ key);
        let padding = usize::from(*plaintext.last()?);
        let length = plaintext.len().checked_sub(padding)?;
        (padding > 0 && ciphertext_length(length) == ciphertext.len()).then(|| {
            plaintext.truncate(length);
            plaintext
        })
    }
}

// Hashes

/// Odd, and half of their bits are set.
const MIX: [u64; 3] = [
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
    0x8ebc_6af0_9c88_c6e3,
];

/// The two halves of a product, folded.
fn fold(one: u64, other: u64) -> u64 {
    let (high, low) = halves(u128::from(one) * u128::from(other));
    high ^ low
}

fn halves(product: u128) -> (u64, u64) {
    let low = product & u128::from(u64::MAX);
    let half = |half| u64::try_from(half).unwrap_or_else(|_| unreachable!("64 bits"));
    (half(product >> 64), half(low))
}

/// A hash of bytes that come in pieces, wherever they are cut: 8 bytes at a time.
#[derive(Clone)]
pub struct Hash {
    state: u64,
    length: u64,
    /// What is not yet a word, its first byte lowest.
    rest: u64,
}

impl Hash {
    fn new(seed: u64) -> Self {
        Hash {
            state: seed ^ MIX[0],
            length: 0,
            rest: 0,
        }
    }

    fn word(&mut self, word: u64) {
        self.state = fold(self.state ^ word, MIX[1]);
    }

    fn update(&mut self, bytes: &[u8]) {
        let held = self.length % 8;
        self.length += bytes.len() as u64;
        if held == 0 {
            let (words, rest) = bytes.as_chunks();
            for word in words {
                self.word(u64::from_le_bytes(*word));
            }
            self.rest = short_word(rest);
            return;
        }
        // Each word is what is held, and the first bytes of the next.
        let shift = 8 * held;
        let push = |hash: &mut Self, word: u64| {
            hash.rest |= word << shift;
            hash.word(hash.rest);
            hash.rest = word >> (64 - shift);
        };
        let (words, rest) = bytes.as_chunks();
        for word in words {
            push(self, u64::from_le_bytes(*word));
        }
        let last = short_word(rest);
        if held + rest.len() as u64 >= 8 {
            push(self, last);
        } else {
            self.rest |= last << shift;
        }
    }

    fn finish(mut self) -> u64 {
        self.word(self.rest);
        fold(self.state ^ self.length, MIX[2])
    }
}

/// Less than 8 bytes, the first lowest.
fn short_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// The hash of the parts, one behind the other.
fn seed(purpose: u64, parts: &[&[u8]]) -> u64 {
    let mut hash = Hash::new(purpose);
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// Each byte with its byte of a key stream.
fn stream(seed: u64, bytes: &mut [u8], with: impl Fn(u8, u8) -> u8) {
    for (block, n) in bytes.chunks_mut(8).zip(1_u64..) {
        let key = fold(seed ^ n.wrapping_mul(MIX[0]), MIX[2]).to_le_bytes();
        for (byte, key) in block.iter_mut().zip(key) {
            *byte = with(*byte, key);
        }
    }
}

fn tag(secret: u64, associated_data: &[u8], ciphertext: &[u8]) -> [u8; 16] {
    let length = (associated_data.len() as u64).to_le_bytes();
    let hash = seed(secret, &[&length, associated_data, ciphertext]);
    let mut tag = [0; 16];
    stream(hash, &mut tag, |_, key| key);
    tag
}

// The group: the integers modulo 2^61 - 1, with the base point for a generator. Whoever can divide has every private key.

const ORDER: u64 = (1 << 61) - 1;
/// The point of u = 9.
const BASE: u64 = 0x0123_4567_89ab_cdef;

fn times(scalar: u64, point: u64) -> u64 {
    let product = u128::from(scalar) * u128::from(point);
    let (_, low) = halves(product & u128::from(ORDER));
    let (_, high) = halves(product >> 61);
    reduced(low + high)
}

fn plus(one: u64, other: u64) -> u64 {
    reduced(one + other)
}

/// Of a number below 2^64.
fn reduced(number: u64) -> u64 {
    let sum = (number & ORDER) + (number >> 61);
    if sum >= ORDER { sum - ORDER } else { sum }
}

/// A number of the group that is none of its zero.
fn not_zero(number: u64) -> u64 {
    reduced(number).max(1)
}

/// A private key as it is used: clamped (RFC 7748 section 5).
fn scalar(private: &[u8; 32]) -> u64 {
    let mut clamped = *private;
    clamped[0] &= 0xf8;
    clamped[31] = clamped[31] & 0x7f | 0x40;
    not_zero(seed(3, &[&clamped]))
}

/// The u of a point: below 2^254, and its last 24 bytes follow from its first 8.
fn encode(point: u64) -> [u8; 32] {
    let mut u = [0; 32];
    let (first, rest) = u.split_at_mut(8);
    first.copy_from_slice(&point.to_le_bytes());
    stream(point, rest, |_, key| key);
    u[31] &= 0x3f;
    u
}

/// The point of a u; none where it is of small order.
fn point(u: &[u8; 32]) -> Option<u64> {
    // The top bit of u says nothing, and a u of 2^255 - 19 or more is reduced.
    let mut reduced = *u;
    reduced[31] &= 0x7f;
    if reduced[1..] == FIELD_PRIME[1..] && reduced[0] >= FIELD_PRIME[0] {
        let small = reduced[0] - FIELD_PRIME[0];
        reduced = [0; 32];
        reduced[0] = small;
    }
    if SMALL_ORDER.contains(&reduced) {
        return None;
    }
    let mut nine = [0; 32];
    nine[0] = 9;
    if reduced == nine {
        return Some(BASE);
    }
    let (first, _) = reduced.as_chunks();
    let number = u64::from_le_bytes(first[0]);
    if (1..ORDER).contains(&number) && encode(number) == reduced {
        return Some(number);
    }
    Some(not_zero(seed(4, &[&reduced])))
}

// Signatures

/// The public key of a signing key: that of X25519.
pub(crate) fn verifying_key(private: &[u8; 32]) -> [u8; 32] {
    encode(times(scalar(private), BASE))
}

/// Whether these bytes are a public key that [`verifying_key`] may give.
pub(crate) fn is_verifying_key(public: &[u8; 32]) -> bool {
    point(public).is_some_and(|point| encode(point) == *public)
}

/// Signs: R, and s = r + h a.
pub(crate) fn sign(private: &[u8; 32], message: &[u8], z: &[u8]) -> [u8; 64] {
    let a = scalar(private);
    let r = not_zero(seed(5, &[private, z, message]));
    let big_r = encode(times(r, BASE));
    let h = challenge(&big_r, &encode(times(a, BASE)), message);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&big_r);
    signature[32..40].copy_from_slice(&plus(r, times(h, a)).to_le_bytes());
    signature
}

/// Whether s times the base point is R + h A. Strictly: there is one way to write each of them.
pub(crate) fn verifies(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (words, _) = signature.as_chunks();
    let (big_r, s) = signature.split_at(32);
    let Some(a) = point(public) else {
        return false;
    };
    let number = u64::from_le_bytes(words[4]);
    if number >= ORDER || s[8..].iter().any(|byte| *byte != 0) {
        return false;
    }
    let ha = times(challenge(big_r, public, message), a);
    encode(plus(times(number, BASE), ORDER - ha)) == *big_r
}

fn challenge(big_r: &[u8], public: &[u8; 32], message: &[u8]) -> u64 {
    not_zero(seed(6, &[big_r, public, message]))
}
