//! The limit: the calls of the floor, each by the best implementation known (feature `aws-lc`).
//!
//! HMAC-SHA-256 of a few bytes is best by sha2, AES-256-GCM and X25519 are best by AWS-LC.

use crate::rows::{Rows, repeated};
use criterion::Criterion;
use std::hint::black_box;
use std::sync::LazyLock;
use tigress_signal::primitives::backend::{AwsLc, Backend, RustCrypto};
use tigress_signal::primitives::hkdf::expand_by;

type HmacKey = <RustCrypto as Backend>::HmacKey;

static ZERO_SALT: LazyLock<HmacKey> = LazyLock::new(|| RustCrypto::hmac_key(&[0; 32]));

fn chain_step<B: Backend>(chain_key: &[u8; 32]) -> ([u8; 32], [u8; 32]) {
    let key = B::hmac_key(chain_key);
    let (mut message_key, mut next) = ([0; 32], [0; 32]);
    B::hmac_sha256(&key, &[&[1]], &mut message_key);
    B::hmac_sha256(&key, &[&[2]], &mut next);
    (message_key, next)
}

fn x25519<B: Backend>(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    B::x25519(private, public, &mut out);
    out
}

/// The chain's next step, and what its message key expands to.
fn step(chain_key: &mut [u8; 32]) -> ([u8; 32], [u8; 12]) {
    let (message_key, next) = chain_step::<RustCrypto>(chain_key);
    *chain_key = next;
    let mut expanded = [0; 44];
    let info = b"TigressSignal/1 MessageKeys";
    expand_by::<RustCrypto>(&ZERO_SALT, &[&message_key], info, &mut expanded);
    let (key, nonce) = expanded.split_at(32);
    (
        key.try_into().expect("of 32 bytes"),
        nonce.try_into().expect("of 12 bytes"),
    )
}

/// A symmetric step: as the floor's.
pub(crate) fn seal(chain_key: &mut [u8; 32], buffer: &mut [u8]) -> [u8; 16] {
    let (key, nonce) = step(chain_key);
    AwsLc::aes256_gcm_seal(&key, &nonce, &[0; 142], buffer)
}

/// The same for the message that the other end has sealed. The plaintext is a copy, as the backend has it.
pub(crate) fn open(chain_key: &mut [u8; 32], buffer: &[u8], tag: &[u8; 16]) -> Vec<u8> {
    let (key, nonce) = step(chain_key);
    let opened = AwsLc::aes256_gcm_open(&key, &nonce, &[0; 142], buffer, tag);
    std::mem::take(&mut *opened.expect("an authentic message"))
}

/// A DH ratchet step: as the floor's.
pub(crate) fn dh_step(own: &[u8; 32], their: &[u8; 32], fresh: &[u8; 32]) -> [u8; 64] {
    let root_step = |root_key: &[u8], dh: [u8; 32]| {
        let mut out = [0; 64];
        let info = b"TigressSignal/1 Ratchet";
        expand_by::<RustCrypto>(&RustCrypto::hmac_key(root_key), &[&dh], info, &mut out);
        out
    };
    let receiving = root_step(&[2; 32], x25519::<AwsLc>(own, their));
    root_step(&receiving[..32], x25519::<AwsLc>(fresh, their))
}

/// Each backend alone.
pub(crate) fn backends(criterion: &mut Criterion) {
    fn row<B: Backend>(criterion: &mut Criterion) {
        let (key, nonce) = ([1; 32], [2; 12]);
        let u = B::x25519_base(&[3; 32]);
        Rows::new("x25519")
            .row(B::NAME, None, repeated(|| x25519::<B>(black_box(&key), &u)))
            .measure(criterion);
        Rows::new("x25519_base")
            .row(B::NAME, None, repeated(|| B::x25519_base(black_box(&key))))
            .measure(criterion);
        Rows::new("chain_step")
            .row(B::NAME, None, repeated(|| chain_step::<B>(black_box(&key))))
            .measure(criterion);
        for size in [0, 1024, 16_384, 65_536] {
            let mut buffer = vec![0x2a; size];
            let seal = || B::aes256_gcm_seal(black_box(&key), &nonce, &[0; 142], &mut buffer);
            Rows::new("aes256_gcm_seal")
                .row(B::NAME, size, repeated(seal))
                .measure(criterion);
        }
    }
    row::<RustCrypto>(criterion);
    row::<AwsLc>(criterion);
}
