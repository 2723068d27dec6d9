//! HMAC-SHA-256 (RFC 2104, FIPS 198-1).

use super::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key of HMAC-SHA-256, hashed once for all the messages under it.
#[derive(Clone)]
pub struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    /// A key of any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        match Hmac::new_from_slice(key) {
            Ok(mac) => HmacKey(mac),
            Err(_) => unreachable!("HMAC takes a key of any length"),
        }
    }

    /// HMAC-SHA-256 of `message`: 32 bytes.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Secret<32> {
        let mut mac = self.0.clone();
        mac.update(message);
        Secret::filled(|out| out.copy_from_slice(&mac.finalize().into_bytes()))
    }
}

/// HMAC-SHA-256 of `message` under `key`: 32 bytes.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Secret<32> {
    HmacKey::new(key).mac(message)
}
