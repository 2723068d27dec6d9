//! AES-256 in CBC mode (NIST SP 800-38A) with the padding of PKCS#7 (RFC 5652 section 6.3). It authenticates nothing: whoever
//! decrypts has checked a MAC before.

use super::PrimitiveError;
use super::backend::{Backend, Chosen};
use zeroize::Zeroizing;

/// Length of a block, and of the IV, in bytes.
pub const BLOCK_LENGTH: usize = 16;

/// Length of the ciphertext of so many bytes: padding of 1 to 16 bytes makes whole blocks of them.
#[must_use]
pub const fn ciphertext_length(plaintext: usize) -> usize {
    plaintext + (BLOCK_LENGTH - plaintext % BLOCK_LENGTH)
}

/// Pads and encrypts `plaintext`, and appends the ciphertext to `out`.
pub fn encrypt(key: &[u8; 32], iv: &[u8; BLOCK_LENGTH], plaintext: &[u8], out: &mut Vec<u8>) {
    Chosen::aes256_cbc_encrypt(key, iv, plaintext, out);
}

/// The plaintext of `ciphertext`.
///
/// # Errors
/// `decrypt-failed` where it is no whole number of blocks, or its padding is none: the same for both.
pub fn decrypt(
    key: &[u8; 32],
    iv: &[u8; BLOCK_LENGTH],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PrimitiveError> {
    Chosen::aes256_cbc_decrypt(key, iv, ciphertext).ok_or(PrimitiveError::Tag)
}
