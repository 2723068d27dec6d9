//! Key agreement: X3DH, and where a suite has a KEM, PQXDH (profile section 3).

use super::{Parties, Role};
use crate::hex::Hex;
use crate::identifier::UserId;
use crate::primitives::{PrimitiveError, PublicKey, Randomness, RandomnessError, SecretBytes};
use crate::short_bytes::ShortBytes;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The associated data AD of a session's messages: 100 bytes in `tigress-1` (X3DH-05).
pub type AssociatedData = ShortBytes<{ 2 * (PublicKey::LENGTH + UserId::MAX_NAME + 4) }>;

/// What the agreement yields: each part of 32 bytes, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// The root key alone (DR-01, DR-02).
    RootKey,
    /// The root key, then a chain key of the responder's signed prekey: the initiator's first receiving
    /// chain, and the responder's first sending chain.
    RootKeyAndChainKey,
    /// Those two, then what a [second ratchet](super::SecondRatchet) starts with.
    RootKeyChainKeyAndSecondKey,
}

/// What is agreed on with a bundle's keys.
pub trait Agreement {
    /// HKDF's info (X3DH-04).
    fn x3dh_info(&self) -> &'static [u8];

    /// What HKDF yields.
    fn yields(&self) -> Yield;

    /// AD for a message that `sender` sends (X3DH-05).
    fn associated_data(&self, parties: &Parties, sender: Role) -> AssociatedData;

    /// The KEM whose shared secret follows the Diffie-Hellman outputs, where there is one (PQXDH 3.3). A
    /// bundle then holds a KEM prekey, and a prekey message its id and the ciphertext.
    fn kem(&self) -> Option<&'static dyn Kem> {
        None
    }
}

/// A key encapsulation mechanism (PQXDH 2.2). Keys and ciphertexts are encoded as they travel.
pub trait Kem: fmt::Debug + Sync {
    /// Draws a key pair.
    fn key_pair(&self, randomness: &mut dyn Randomness) -> Result<KemKeyPair, RandomnessError>;

    /// Holds a public key that comes from outside to its encoding.
    ///
    /// # Errors
    /// `invalid-key`.
    fn check_public_key(&self, public: &[u8]) -> Result<(), PrimitiveError>;

    /// Encapsulates a fresh secret to a public key that was checked.
    fn encapsulate(
        &self,
        public: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Encapsulated, RandomnessError>;

    /// The secret of a ciphertext that comes from outside.
    ///
    /// # Errors
    /// Where the ciphertext cannot be one: `invalid-key`.
    fn decapsulate(
        &self,
        pair: &KemKeyPair,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, PrimitiveError>;
}

/// A KEM's key pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KemKeyPair {
    /// The private key.
    pub private: SecretBytes,
    /// The public key.
    pub public: Hex,
}

/// A secret, and the ciphertext that its receiver finds it by.
#[derive(Clone, Debug)]
pub struct Encapsulated {
    /// SS.
    pub secret: SecretBytes,
    /// CT.
    pub ciphertext: Vec<u8>,
}
