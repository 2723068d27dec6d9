//! HKDF-SHA-256 (RFC 5869).

use super::Secret;
use hkdf::HkdfExtract;
use sha2::Sha256;
use std::sync::LazyLock;

/// The most that one expansion yields: 255 blocks of 32 bytes (RFC 5869 section 2.3).
pub const MAX_OUTPUT: usize = 255 * 32;

/// What every extraction without a salt begins with: a salt of 32 zero bytes (RFC 5869 section 2.2), hashed once.
static NO_SALT: LazyLock<HkdfExtract<Sha256>> = LazyLock::new(|| HkdfExtract::new(None));

/// HKDF-SHA-256 of the concatenated `ikm` parts: `N` bytes, at most [`MAX_OUTPUT`]. No salt is one of 32 zero bytes.
#[must_use]
pub fn hkdf_sha256<const N: usize>(salt: Option<&[u8]>, ikm: &[&[u8]], info: &[u8]) -> Secret<N> {
    const { assert!(N <= MAX_OUTPUT) };
    Secret::filled(|out| expand(salt, ikm, info, out))
}

/// HKDF-SHA-256 into `out`, whose length is at most [`MAX_OUTPUT`]; a longer one is left untouched.
pub fn expand(salt: Option<&[u8]>, ikm: &[&[u8]], info: &[u8], out: &mut [u8]) {
    let mut extract = match salt {
        None => NO_SALT.clone(),
        salt => HkdfExtract::new(salt),
    };
    for part in ikm {
        extract.input_ikm(part);
    }
    let (_, prk) = extract.finalize();
    // The one error is an output longer than MAX_OUTPUT.
    let _ = prk.expand(info, out);
}
