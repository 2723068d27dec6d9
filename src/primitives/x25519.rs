//! X25519 keys and Diffie-Hellman (RFC 7748; profile KEY-01 to KEY-05).

use super::backend::{Backend, Chosen};
use super::{PrimitiveError, Randomness, RandomnessError, Secret};
use crate::hex;
use crate::requirement::{flawed, require};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;
use subtle::ConstantTimeEq;

/// The type byte that stands before every encoded public key (KEY-01).
const KEY_TYPE: u8 = 0x05;

/// 2^255 - 19, little-endian.
pub(super) const FIELD_PRIME: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// The u-coordinates below 2^255 - 19 of the points of small order, on the curve and on its twist,
/// little-endian: 0, 1, the two of order 8, and -1.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = {
    let zero = [0; 32];
    let mut one = zero;
    one[0] = 1;
    let mut minus_one = FIELD_PRIME;
    minus_one[0] = 0xec;
    [
        zero,
        one,
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
        minus_one,
    ]
};

/// An X25519 public key as its suite reads it: in `tigress-1` one that passed KEY-02 to KEY-04.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Length of an encoded public key in bytes (KEY-01).
    pub const LENGTH: usize = 33;

    /// Reads the 33-byte encoding: the type byte `0x05`, then u, little-endian.
    ///
    /// # Errors
    /// `invalid-key` for another length or type byte (KEY-02), for u >= 2^255 - 19 (KEY-03), and for a
    /// point of small order (KEY-04).
    pub fn decode(bytes: &[u8]) -> Result<Self, PrimitiveError> {
        let bytes = flawed!(
            "KEY-02 longer",
            bytes,
            bytes.get(..Self::LENGTH).unwrap_or(bytes)
        );
        flawed!("KEY-02 bare key", (), {
            if let Ok(u) = bytes.try_into() {
                return Self::from_u(u);
            }
        });
        require!(
            "KEY-02",
            bytes.len() == Self::LENGTH && flawed!("KEY-02 type byte", bytes[0] == KEY_TYPE, true),
            PrimitiveError::KeyEncoding
        );
        let mut u = [0; 32];
        u.copy_from_slice(&bytes[1..]);
        Self::from_u(u)
    }

    /// Reads an encoding whatever u is: for suites whose peers accept such keys, and for what a device has saved.
    ///
    /// # Errors
    /// `invalid-key` for another length or type byte (KEY-02).
    pub fn decode_unreduced(bytes: &[u8]) -> Result<Self, PrimitiveError> {
        match bytes.split_first_chunk() {
            Some(([KEY_TYPE], u)) => u
                .try_into()
                .map(PublicKey)
                .map_err(|_| PrimitiveError::KeyEncoding),
            _ => Err(PrimitiveError::KeyEncoding),
        }
    }

    /// Checks a bare u-coordinate (KEY-03, KEY-04).
    fn from_u(u: [u8; 32]) -> Result<Self, PrimitiveError> {
        let u = flawed!("KEY-03 bit 255", u, {
            let [rest @ .., last] = &u;
            let mut masked = [last & 0x7f; 32];
            masked[..31].copy_from_slice(rest);
            masked
        });
        let reduced = u.iter().rev().lt(FIELD_PRIME.iter().rev())
            || flawed!("KEY-03 prime", false, u == FIELD_PRIME);
        require!("KEY-03", reduced, PrimitiveError::KeyNotReduced);
        let small = flawed!("KEY-04 of the curve", &SMALL_ORDER[..], &SMALL_ORDER[..4]);
        require!(
            "KEY-04",
            !flawed!("KEY-04 when read", small.contains(&u), false),
            PrimitiveError::KeyOfSmallOrder
        );
        Ok(PublicKey(u))
    }

    /// Refuses what makes every Diffie-Hellman zero, also where it is not reduced: for suites that read such keys (V3-03).
    ///
    /// # Errors
    /// `invalid-key`.
    pub fn check_order(&self) -> Result<(), PrimitiveError> {
        let mut u = self.0;
        u[31] &= 0x7f;
        // What is left over 2^255 - 19 is below 19, and stands in the lowest byte.
        if u[1..] == FIELD_PRIME[1..] && u[0] >= FIELD_PRIME[0] {
            let over = u[0] - FIELD_PRIME[0];
            u = [0; 32];
            u[0] = over;
        }
        require!(
            "V3-03",
            !SMALL_ORDER.contains(&u),
            PrimitiveError::ZeroDhOutput
        );
        Ok(())
    }

    /// `0x05` and the 32 bytes of u, little-endian (KEY-01).
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [KEY_TYPE; Self::LENGTH];
        bytes[1..].copy_from_slice(&self.0);
        flawed!("KEY-01 big-endian", (), bytes[1..].reverse());
        bytes
    }

    /// A key that nobody has looked at.
    #[cfg(feature = "flaws")]
    pub(crate) fn unchecked(bytes: &[u8]) -> Self {
        let mut u = [0; 32];
        for (to, from) in u.iter_mut().zip(bytes.iter().skip(1)) {
            *to = *from;
        }
        PublicKey(u)
    }

    /// The u-coordinate: 32 bytes, little-endian.
    #[must_use]
    pub fn u(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(&self.encode()))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.encode(), serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer, "a public key", PublicKey::decode_unreduced)
    }
}

/// An X25519 private key: 32 bytes, clamped when used (KEY-05).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrivateKey(Secret<32>);

impl PrivateKey {
    /// The public key: the base point times the clamped scalar (RFC 7748 section 5).
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        // A clamped scalar is a multiple of 8 and no multiple of the group order: the product is
        // never of small order and always reduced.
        PublicKey(Chosen::x25519_base(self.0.expose()))
    }

    /// X25519(self, `their`): 32 bytes.
    ///
    /// # Errors
    /// `invalid-key` if the output is all zero, compared in constant time (KEY-04).
    pub fn diffie_hellman(&self, their: &PublicKey) -> Result<DhOutput, PrimitiveError> {
        let output = Secret::filled(|out| Chosen::x25519(self.0.expose(), &their.0, out));
        let contributory = output.expose().ct_ne(&[0; 32]);
        require!(
            "KEY-04",
            bool::from(contributory),
            PrimitiveError::ZeroDhOutput
        );
        Ok(DhOutput(output))
    }

    /// The 32 bytes as drawn, not clamped.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl From<[u8; 32]> for PrivateKey {
    fn from(bytes: [u8; 32]) -> Self {
        PrivateKey(Secret::new(bytes))
    }
}

/// A Diffie-Hellman output: 32 secret bytes, never all zero.
#[derive(Clone, Debug)]
pub struct DhOutput(Secret<32>);

impl DhOutput {
    /// The 32 bytes, for a KDF.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl From<[u8; 32]> for DhOutput {
    fn from(bytes: [u8; 32]) -> Self {
        DhOutput(Secret::new(bytes))
    }
}

/// A private key and its public key. Saved as the private key alone.
///
/// The public key is computed where it is first asked for: a device that is restored holds a hundred prekeys and more, and most of
/// them are asked for nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "PrivateKey", into = "PrivateKey")]
pub struct KeyPair {
    private: PrivateKey,
    public: OnceLock<PublicKey>,
}

impl PartialEq for KeyPair {
    fn eq(&self, other: &Self) -> bool {
        self.private == other.private
    }
}

impl Eq for KeyPair {}

impl Hash for KeyPair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.private.hash(state);
    }
}

impl KeyPair {
    /// Draws a key pair: 32 bytes of randomness (KEY-05, RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        Secret::random(randomness).map(|secret| PrivateKey(secret).into())
    }

    /// The private key.
    #[must_use]
    pub fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        self.public.get_or_init(|| self.private.public_key())
    }
}

impl From<PrivateKey> for KeyPair {
    fn from(private: PrivateKey) -> Self {
        let public = OnceLock::new();
        KeyPair { private, public }
    }
}

impl From<KeyPair> for PrivateKey {
    fn from(pair: KeyPair) -> PrivateKey {
        pair.private
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;

    #[test]
    fn the_small_order_list_is_every_torsion_point_and_minus_one() {
        let mut found: Vec<[u8; 32]> = EIGHT_TORSION
            .iter()
            .map(|point| point.to_montgomery().to_bytes())
            .chain([SMALL_ORDER[4]])
            .collect();
        found.sort_unstable();
        found.dedup();
        let mut listed = SMALL_ORDER.to_vec();
        listed.sort_unstable();
        assert_eq!(found, listed);
    }
}
