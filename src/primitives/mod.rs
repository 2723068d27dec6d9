//! The cryptographic primitives, as typed keys that erase themselves and print nothing.
//!
//! This is the lowest floor but for [`identifier`](crate::identifier): it knows no message and no
//! session. Each file is one primitive and names the standard it follows.

pub mod aes256_cbc;
pub mod aes256_gcm;
pub mod backend;
pub mod ed25519;
pub mod hkdf;
pub mod hmac;
pub mod randomness;
pub mod secret;
pub mod x25519;
pub mod xeddsa;

pub use randomness::{
    NoRandomness, Randomness, RandomnessError, ScriptedRandomness, SystemRandomness,
};
pub use secret::{Secret, SecretBytes};
pub use x25519::{DhOutput, KeyPair, PrivateKey, PublicKey};
pub use xeddsa::Signature;

use crate::error_code::ErrorCode;

/// A primitive that refuses its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrimitiveError {
    /// A public key of another length or with another type byte (KEY-02).
    #[error("a public key is 0x05 and 32 bytes (KEY-01, KEY-02)")]
    KeyEncoding,
    /// A u-coordinate of 2^255 - 19 or more (KEY-03).
    #[error("the public key's u-coordinate is not reduced (KEY-03)")]
    KeyNotReduced,
    /// A point of small order (KEY-04).
    #[error("the public key is a point of small order (KEY-04)")]
    KeyOfSmallOrder,
    /// A Diffie-Hellman output of zero (KEY-04).
    #[error("the Diffie-Hellman output is all zero (KEY-04)")]
    ZeroDhOutput,
    /// A signature that does not verify (SIG-02 to SIG-05).
    #[error("the signature does not verify (SIG-02 to SIG-05)")]
    Signature,
    /// A ciphertext whose tag does not match (DR-17).
    #[error("the authentication tag does not match (DR-17)")]
    Tag,
}

impl PrimitiveError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::KeyEncoding
            | Self::KeyNotReduced
            | Self::KeyOfSmallOrder
            | Self::ZeroDhOutput => ErrorCode::InvalidKey,
            Self::Signature => ErrorCode::InvalidSignature,
            Self::Tag => ErrorCode::DecryptFailed,
        }
    }
}
