//! Ed25519 (RFC 8032), for the attestations of the reference wallet (PAY-12).

use super::{PrimitiveError, Randomness, RandomnessError, Secret, Signature};
use crate::hex;
use ed25519_dalek::Signer;
use std::fmt;

/// An Ed25519 signing key: 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SigningKey(Secret<32>);

impl SigningKey {
    /// Draws a key: 32 bytes of randomness.
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        Secret::random(randomness).map(SigningKey)
    }

    fn key(&self) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(self.0.expose())
    }

    /// The public key: 32 bytes.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.key().verifying_key())
    }

    /// Signs `message`: 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key().sign(message).to_bytes())
    }
}

impl From<[u8; 32]> for SigningKey {
    fn from(bytes: [u8; 32]) -> Self {
        SigningKey(Secret::new(bytes))
    }
}

/// An Ed25519 public key: a point on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads the 32 bytes of RFC 8032 section 5.1.2.
    ///
    /// # Errors
    /// `invalid-key` where they are no point.
    pub fn decode(bytes: &[u8]) -> Result<Self, PrimitiveError> {
        <&[u8; 32]>::try_from(bytes)
            .ok()
            .and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok())
            .map(VerifyingKey)
            .ok_or(PrimitiveError::KeyEncoding)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Verifies strictly: no malleable s, no point of small order.
    ///
    /// # Errors
    /// `invalid-signature`.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), PrimitiveError> {
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        self.0
            .verify_strict(message, &signature)
            .map_err(|_| PrimitiveError::Signature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", hex::encode(&self.encode()))
    }
}
