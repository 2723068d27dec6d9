//! HMAC-SHA-256 (RFC 2104, FIPS 198-1).

use super::Secret;
use super::backend::{Backend, Hmac};

/// A key of HMAC-SHA-256, hashed once for all the messages under it.
#[derive(Clone)]
pub struct HmacKey(pub(super) <Hmac as Backend>::HmacKey);

impl HmacKey {
    /// A key of any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        HmacKey(Hmac::hmac_key(key))
    }

    /// HMAC-SHA-256 of `message`: 32 bytes.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Secret<32> {
        self.mac_of(&[message])
    }

    /// HMAC-SHA-256 of the concatenated parts of the key's last message, into `out`.
    pub fn last_into(self, parts: &[&[u8]], out: &mut [u8; 32]) {
        Hmac::hmac_sha256_last(self.0, parts, out);
    }

    /// HMAC-SHA-256 of the concatenated parts: 32 bytes.
    #[must_use]
    pub fn mac_of(&self, parts: &[&[u8]]) -> Secret<32> {
        Secret::filled(|out| Hmac::hmac_sha256(&self.0, parts, out))
    }
}

/// HMAC-SHA-256 of `message` under `key`: 32 bytes.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Secret<32> {
    HmacKey::new(key).mac(message)
}
