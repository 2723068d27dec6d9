//! HKDF-SHA-256 (RFC 5869), over the HMAC of a backend.

use super::Secret;
use super::backend::{Backend, Hmac};
use super::hmac::HmacKey;
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// The length of HMAC-SHA-256, of PRK and of each block of the output, in bytes.
const BLOCK: usize = 32;

/// The most that one expansion yields: 255 blocks of 32 bytes (RFC 5869 section 2.3).
pub const MAX_OUTPUT: usize = 255 * BLOCK;

/// What every extraction without a salt begins with: a salt of 32 zero bytes (RFC 5869 section 2.2), hashed once.
static NO_SALT: LazyLock<HmacKey> = LazyLock::new(|| HmacKey::new(&[0; BLOCK]));

/// HKDF-SHA-256 of the concatenated `ikm` parts: `N` bytes, at most [`MAX_OUTPUT`]. No salt is one of 32 zero bytes.
#[must_use]
pub fn hkdf_sha256<const N: usize>(salt: Option<&[u8]>, ikm: &[&[u8]], info: &[u8]) -> Secret<N> {
    const { assert!(N <= MAX_OUTPUT) };
    Secret::filled(|out| expand(salt, ikm, info, out))
}

/// HKDF-SHA-256 into `out`, whose length is at most [`MAX_OUTPUT`]; a longer one is left untouched.
pub fn expand(salt: Option<&[u8]>, ikm: &[&[u8]], info: &[u8], out: &mut [u8]) {
    match salt {
        // Nothing that is kept is of the other kind.
        #[cfg(feature = "toy")]
        None if super::backend::toy::is_on() => {
            expand_by::<Hmac>(&Hmac::hmac_key(&[0; BLOCK]), ikm, info, out);
        }
        None => expand_by::<Hmac>(&NO_SALT.0, ikm, info, out),
        Some(salt) => expand_by::<Hmac>(&Hmac::hmac_key(salt), ikm, info, out),
    }
}

/// As [`expand`], by the HMAC of that backend; `salt` is hashed already.
pub fn expand_by<B: Backend>(salt: &B::HmacKey, ikm: &[&[u8]], info: &[u8], out: &mut [u8]) {
    if out.len() > MAX_OUTPUT {
        return;
    }
    // HKDF-Extract (RFC 5869 section 2.2).
    let mut prk = Zeroizing::new([0; BLOCK]);
    B::hmac_sha256(salt, ikm, &mut prk);
    let prk = B::hmac_key(prk.as_slice());
    // HKDF-Expand (RFC 5869 section 2.3): T(n) = HMAC(PRK, T(n - 1), info, n).
    let mut block = Zeroizing::new([0; BLOCK]);
    let mut done: &[u8] = &[];
    let (whole, last) = out.split_at_mut(out.len().saturating_sub(1) / BLOCK * BLOCK);
    let mut n = 1;
    for next in whole.chunks_mut(BLOCK) {
        B::hmac_sha256(&prk, &[done, info, &[n]], &mut block);
        next.copy_from_slice(&block[..]);
        done = next;
        n += 1;
    }
    B::hmac_sha256_last(prk, &[done, info, &[n]], &mut block);
    last.copy_from_slice(&block[..last.len()]);
}
