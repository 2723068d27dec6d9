//! The key under which offered tokens are remembered (XFER-18).

use super::TransferId;
use crate::hex;
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::hmac::hmac_sha256;
use crate::primitives::secret::secret_key;
use crate::primitives::{PrivateKey, SecretBytes};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

secret_key!(
    /// The key under which a device remembers the tokens that it has offered: of what it keeps nobody can tell a
    /// token, nor whether two devices have offered the same one.
    TokenKey
);

impl TokenKey {
    /// Derived from a device's identity key, so that it lives as long: HKDF-SHA-256 (salt of 32 zero bytes, info
    /// `TigressSignal/1 Token`).
    #[must_use]
    pub fn of(identity: &PrivateKey) -> Self {
        TokenKey(hkdf_sha256(
            None,
            &[identity.expose()],
            b"TigressSignal/1 Token",
        ))
    }

    /// What is remembered of a token.
    pub(super) fn digest(&self, token: &SecretBytes) -> TokenDigest {
        TokenDigest(*hmac_sha256(self.expose(), token.expose()).expose())
    }
}

/// When a token was offered last, and in which transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LastOffer {
    pub(super) at: Timestamp,
    pub(super) transfer: TransferId,
}

/// A token, as it is remembered: HMAC-SHA-256 under a [`TokenKey`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TokenDigest([u8; 32]);

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest")
    }
}

impl Serialize for TokenDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for TokenDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer, "a token's digest", |bytes| {
            bytes.try_into().map(TokenDigest)
        })
    }
}
