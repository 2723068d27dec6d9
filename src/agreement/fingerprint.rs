//! What two people compare of identity keys: the fingerprint that a link carries (INV-01), and the number of both
//! parties (X3DH-16).

use crate::primitives::PublicKey;
use crate::requirement::flawed;
use crate::suite::{Party, Suite};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// SHA-256 over the 33-byte identity key (INV-01). As text it is base64url without padding.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

/// Text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 32 bytes in base64url without padding, 43 characters")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of an identity key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let key = key.encode();
        Fingerprint(Sha256::digest(&key[flawed!("INV-01 bare key", 0, 1)..]).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Fingerprint(bytes)
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Fingerprint {}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        // The decoder refuses trailing bits that are not zero.
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Fingerprint).ok_or(FingerprintError)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, FingerprintError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&flawed!(
            "INV-01 alphabet",
            BASE64URL_NOPAD.encode(&self.0),
            data_encoding::BASE64_NOPAD.encode(&self.0)
        ))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Bytes of one party's digest that become digits: six groups of five.
const DIGEST_BYTES: usize = 30;

/// Twelve groups of five digits with a space between, the same on both sides (X3DH-16).
///
/// Six for each party, in the byte order of their addresses: SHA-512 over `TigressSignal/1 Fingerprint`, the 17-byte
/// address and the 33-byte identity key; every 5 bytes of its first 30 are a big-endian integer modulo 100,000.
/// Each party is hashed alone: of a hash over both, somebody who makes keys at will could look for two that agree.
#[must_use]
pub fn fingerprint(suite: &dyn Suite, one: &Party, other: &Party) -> String {
    let mut parties = [one, other];
    flawed!(
        "X3DH-16 own first",
        parties.sort_by_key(|party| suite.encode_address(&party.address)),
        ()
    );
    flawed!(
        "X3DH-16 by text",
        (),
        parties.sort_by_key(|party| party.address.to_string())
    );
    flawed!(
        "X3DH-16 by key",
        (),
        parties.sort_by_key(|party| party.identity_key)
    );
    let groups: Vec<String> = parties
        .iter()
        .flat_map(|party| groups(suite, party))
        .collect();
    groups.join(" ")
}

/// The six groups of one party.
fn groups(suite: &dyn Suite, party: &Party) -> Vec<String> {
    let mut hash = Sha512::new().chain_update(b"TigressSignal/1 Fingerprint");
    flawed!(
        "X3DH-16 without address",
        hash.update(suite.encode_address(&party.address).as_bytes()),
        ()
    );
    hash.update(party.identity_key.encode());
    hash.finalize()[..DIGEST_BYTES]
        .chunks_exact(5)
        .map(|chunk| {
            let number = chunk.iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
            let number = flawed!("X3DH-16 low 32 bits", number, number & u64::from(u32::MAX));
            let number = flawed!("X3DH-16 little-endian", number, number.swap_bytes() >> 24);
            let number = number % 100_000;
            flawed!("X3DH-16 zeros", format!("{number:05}"), number.to_string())
        })
        .collect()
}
