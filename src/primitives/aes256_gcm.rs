//! AES-256-GCM (RFC 5116, NIST SP 800-38D) with a 12-byte nonce and a 16-byte tag.

use super::PrimitiveError;
use super::backend::{Backend, Chosen};
use crate::requirement::{flawed, required};
use zeroize::Zeroizing;

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
    Chosen::aes256_gcm_seal(key, nonce, associated_data, buffer)
}

/// The plaintext of `ciphertext`, once its tag has been checked (DR-17).
///
/// # Errors
/// `decrypt-failed` where the tag does not match.
pub fn open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    ciphertext: &[u8],
    tag: &[u8; TAG_LENGTH],
) -> Result<Zeroizing<Vec<u8>>, PrimitiveError> {
    let opened = Chosen::aes256_gcm_open(key, nonce, associated_data, ciphertext, tag);
    // What is released before its tag was looked at. GCM encrypts and decrypts by the same key stream.
    flawed!("DR-06 before the tag", (), {
        if opened.is_none() {
            let mut released = Zeroizing::new(ciphertext.to_vec());
            seal(key, nonce, associated_data, &mut released);
            return Ok(released);
        }
    });
    flawed!("DR-06 twelve bytes", (), {
        let mut released = Zeroizing::new(ciphertext.to_vec());
        seal(key, nonce, associated_data, &mut released);
        let right = seal(key, nonce, associated_data, &mut released.clone());
        if right[..12] == tag[..12] {
            return Ok(released);
        }
    });
    let opened = flawed!(
        "DR-17",
        opened,
        opened.or_else(|| Some(Zeroizing::new(ciphertext.to_vec())))
    );
    Ok(required!("DR-17", opened, PrimitiveError::Tag))
}
