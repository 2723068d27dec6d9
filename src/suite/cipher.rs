//! How a message is sealed (profile DR-05 to DR-07).

use super::{AssociatedData, Header, MessageKey, SuiteError};
use crate::primitives::Secret;
use zeroize::Zeroizing;

/// What a message is sealed with, and what its seal covers beside the plaintext.
#[derive(Clone, Copy, Debug)]
pub struct Sealing<'a> {
    /// The message key of the Double Ratchet.
    pub key: &'a MessageKey,
    /// The key of the second ratchet, to be mixed in, in suites that have one.
    pub second_key: Option<&'a Secret<32>>,
    /// AD.
    pub associated_data: &'a AssociatedData,
    /// The message's header.
    pub header: &'a Header,
    /// Its extension; empty where it has none.
    pub extension: &'a [u8],
}

/// An AEAD, or a cipher with a MAC in the message's trailer.
pub trait Cipher {
    /// What a message key expands to: the cipher's key and what else it needs (DR-05).
    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>>;

    /// Length of the ciphertext field for a plaintext of that length.
    fn ciphertext_length(&self, plaintext: usize) -> usize;

    /// The shortest ciphertext field (WIRE-07).
    fn min_ciphertext_length(&self) -> usize;

    /// Encrypts (DR-06, DR-07). `out` holds the message up to the ciphertext field's content; this appends
    /// the content, of [`Cipher::ciphertext_length`] bytes, then the fields `after` it, and in suites that
    /// have one the trailer: a MAC over what stands before it, where the ciphertext holds no tag.
    fn seal(&self, sealing: &Sealing<'_>, plaintext: &[u8], after: &[u8], out: &mut Vec<u8>);

    /// Decrypts `ciphertext`, the content of that field of `message`; no byte before the tag is verified
    /// (DR-17).
    ///
    /// # Errors
    /// `decrypt-failed`.
    fn open(
        &self,
        sealing: &Sealing<'_>,
        message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError>;
}
