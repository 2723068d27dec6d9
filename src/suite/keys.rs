//! Keys, signatures and identifiers (profile sections 1 and 2).

use crate::identifier::{Address, Identifiers, UserId};
use crate::primitives::{KeyPair, PrimitiveError, PublicKey, Secret, Signature};
use crate::short_bytes::ShortBytes;

/// An address as keys and associated data know it: a user of at most 64 bytes, a DeviceID of at most 4.
pub type EncodedAddress = ShortBytes<{ UserId::MAX_NAME + 4 }>;

/// How keys are read, what is signed with them, and what names a device.
pub trait Keys {
    /// Which identifiers there are (ID-01, ID-03, ID-04, ID-06).
    fn identifiers(&self) -> &'static Identifiers;

    /// The encoding of an address (ID-05).
    fn encode_address(&self, address: &Address) -> EncodedAddress;

    /// Whether a device says by a signed statement what it is, and asks others for theirs (KEY-09 to KEY-11).
    fn has_statements(&self) -> bool {
        true
    }

    /// Reads an encoded public key that comes from outside, and refuses what must not be used (KEY-02 to
    /// KEY-04).
    ///
    /// # Errors
    /// `invalid-key`.
    fn read_public_key(&self, bytes: &[u8]) -> Result<PublicKey, PrimitiveError>;

    /// Signs with 64 random bytes `z` (SIG-01).
    fn sign(&self, key: &KeyPair, message: &[u8], z: &Secret<64>) -> Signature;

    /// Verifies a signature (SIG-02 to SIG-05).
    ///
    /// # Errors
    /// `invalid-signature`.
    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), PrimitiveError>;
}
