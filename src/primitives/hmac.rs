//! HMAC-SHA-256 (RFC 2104, FIPS 198-1).

use super::Secret;
use hmac::{KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA-256 of `message` under `key`: 32 bytes.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Secret<32> {
    let Ok(mut mac) = hmac::Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(message);
    Secret::filled(|out| out.copy_from_slice(&mac.finalize().into_bytes()))
}
