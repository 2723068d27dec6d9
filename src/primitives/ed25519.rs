//! Ed25519 (RFC 8032), for the attestations of the reference wallet (PAY-12).

#[cfg(feature = "toy")]
use super::backend::toy;
use super::{PrimitiveError, Randomness, RandomnessError, Secret, Signature};
use crate::hex;
use crate::requirement::{flawed, require};
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
        #[cfg(feature = "toy")]
        if toy::is_on() {
            return VerifyingKey(toy::verifying_key(self.0.expose()));
        }
        VerifyingKey(self.key().verifying_key().to_bytes())
    }

    /// Signs `message`: 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        #[cfg(feature = "toy")]
        if toy::is_on() {
            return Signature(toy::sign(self.0.expose(), message, &[]));
        }
        Signature(self.key().sign(message).to_bytes())
    }
}

impl From<[u8; 32]> for SigningKey {
    fn from(bytes: [u8; 32]) -> Self {
        SigningKey(Secret::new(bytes))
    }
}

/// An Ed25519 public key: 32 bytes that are a point on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Reads the 32 bytes of RFC 8032 section 5.1.2.
    ///
    /// # Errors
    /// `invalid-key` where they are no point, or not as section 5.1.3 has it.
    pub fn decode(bytes: &[u8]) -> Result<Self, PrimitiveError> {
        let key = bytes.try_into().map(VerifyingKey);
        let key = key.map_err(|_| PrimitiveError::KeyEncoding)?;
        #[cfg(feature = "toy")]
        if toy::is_on() {
            let is_key = toy::is_verifying_key(&key.0);
            return is_key.then_some(key).ok_or(PrimitiveError::KeyEncoding);
        }
        key.point().map(|_| key)
    }

    /// The point, where the bytes are the one encoding that it has (RFC 8032 section 5.1.3): neither a y that is not reduced
    /// nor the sign of an x that is zero.
    fn point(&self) -> Result<ed25519_dalek::VerifyingKey, PrimitiveError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0);
        let key = key.map_err(|_| PrimitiveError::KeyEncoding)?;
        let canonical = key.to_edwards().compress().to_bytes() == self.0;
        require!("PAY-12", canonical, PrimitiveError::KeyEncoding);
        Ok(key)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; 32] {
        self.0
    }

    /// Verifies strictly: no malleable s, no point of small order.
    ///
    /// # Errors
    /// `invalid-signature`.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), PrimitiveError> {
        #[cfg(feature = "toy")]
        if toy::is_on() {
            let verifies = toy::verifies(&self.0, message, signature.as_bytes());
            return verifies.then_some(()).ok_or(PrimitiveError::Signature);
        }
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        let key = self.point()?;
        let verified = key.verify_strict(message, &signature);
        let verified = flawed!(
            "PAY-12 small key",
            verified,
            verified.or_else(|_| but_for_small_order(message, &signature, &key, false))
        );
        let verified = flawed!(
            "PAY-12 small R",
            verified,
            verified.or_else(|_| but_for_small_order(message, &signature, &key, true))
        );
        verified.map_err(|_| PrimitiveError::Signature)
    }
}

/// Verifies where one of the two is of small order, the point R of the signature or the key, and the other is not.
#[cfg(feature = "flaws")]
fn but_for_small_order(
    message: &[u8],
    signature: &ed25519_dalek::Signature,
    key: &ed25519_dalek::VerifyingKey,
    is_r: bool,
) -> Result<(), ed25519_dalek::SignatureError> {
    use ed25519_dalek::Verifier as _;
    let r = ed25519_dalek::VerifyingKey::from_bytes(signature.r_bytes())?;
    if (r.is_weak(), key.is_weak()) != (is_r, !is_r) {
        return Err(ed25519_dalek::SignatureError::new());
    }
    key.verify(message, signature)
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", hex::encode(&self.encode()))
    }
}
