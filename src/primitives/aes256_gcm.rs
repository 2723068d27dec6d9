//! AES-256-GCM (RFC 5116, NIST SP 800-38D) with a 12-byte nonce and a 16-byte tag.

use super::PrimitiveError;
use crate::requirement::{flawed, require};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};

/// Length of the tag in bytes.
pub const TAG_LENGTH: usize = 16;

/// Encrypts `buffer` in place and returns its tag.
///
/// `buffer` is at most 2^36 - 32 bytes long, which no caller here comes near.
pub fn seal(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    buffer: &mut [u8],
) -> [u8; TAG_LENGTH] {
    let cipher = Aes256Gcm::new(key.into());
    match cipher.encrypt_inout_detached(&Nonce::from(*nonce), associated_data, buffer.into()) {
        Ok(tag) => tag.into(),
        Err(_) => unreachable!("the plaintext is far below GCM's bound"),
    }
}

/// Checks the tag, then decrypts `buffer` in place; with a wrong tag `buffer` stays as it was (DR-17).
///
/// # Errors
/// `decrypt-failed` where the tag does not match.
pub fn open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    buffer: &mut [u8],
    tag: &[u8; TAG_LENGTH],
) -> Result<(), PrimitiveError> {
    let cipher = Aes256Gcm::new(key.into());
    let opened = cipher.decrypt_inout_detached(
        &Nonce::from(*nonce),
        associated_data,
        buffer.into(),
        &Tag::from(*tag),
    );
    // What is released before its tag was looked at. GCM encrypts and decrypts by the same key stream.
    flawed!("DR-06 before the tag", (), {
        if opened.is_err() {
            seal(key, nonce, associated_data, buffer);
            return Ok(());
        }
    });
    require!("DR-17", opened.is_ok(), PrimitiveError::Tag);
    Ok(())
}
