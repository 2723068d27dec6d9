//! Sessions that a library of others makes and keeps, in place of the engine's own.

use crate::agreement::{Bundle, PreKeyStore};
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::{Randomness, SecretBytes};
use crate::wire::{Message, MessageKind, PreKeyMessage};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A library that makes sessions and keeps them. It remembers nothing between two calls: what it needs to go on, each call hands
/// over as the library wrote it down, so that a step is all or nothing and a device can be copied and saved.
///
/// All that is the device's business is judged before the library is asked: pins, which prekeys there are, what was read before,
/// and which session is sent in.
pub trait SessionLibrary: fmt::Debug + Send + Sync {
    /// Its name and version: a saved session goes on with the library of that name alone.
    fn name(&self) -> &str;

    /// Whether it draws randomness of its own, and leaves what it is handed.
    fn draws_its_own(&self) -> bool;

    /// Opens a session with a verified bundle (X3DH 3.3). Draws what the engine draws: the ephemeral key's 32 bytes, then the
    /// ratchet key's 32 (RND-01).
    ///
    /// # Errors
    /// Where the library refuses, or cannot be used.
    fn open(
        &self,
        own: &OwnKeys<'_>,
        bundle: &Bundle,
        randomness: &mut dyn Randomness,
    ) -> Result<SecretBytes, LibraryError>;

    /// Opens the peer's session with its first message (X3DH 3.4): the session and what the message says. Draws the ratchet
    /// key's 32 bytes.
    ///
    /// # Errors
    /// Where the library refuses, or cannot be used.
    fn accept(
        &self,
        own: &OwnKeys<'_>,
        opening: &Opening<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<(SecretBytes, Zeroizing<Vec<u8>>), LibraryError>;

    /// What the peer's first message says. Nothing is drawn or kept.
    ///
    /// # Errors
    /// As [`SessionLibrary::accept`].
    fn peek(
        &self,
        own: &OwnKeys<'_>,
        opening: &Opening<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, LibraryError>;

    /// Encrypts to `peer`: the session afterwards, and the message.
    ///
    /// # Errors
    /// Where the library refuses, or cannot be used.
    fn encrypt(
        &self,
        session: &SecretBytes,
        peer: &Address,
        plaintext: &[u8],
    ) -> Result<(SecretBytes, Message), LibraryError>;

    /// Decrypts a message of `peer`: the session afterwards, and what it says. Draws 32 bytes where the message makes a DH
    /// ratchet step; what is refused draws nothing (RND-02).
    ///
    /// # Errors
    /// Where the library refuses, or cannot be used.
    fn decrypt(
        &self,
        session: &SecretBytes,
        peer: &Address,
        message: (MessageKind, &[u8]),
        randomness: &mut dyn Randomness,
    ) -> Result<(SecretBytes, Zeroizing<Vec<u8>>), LibraryError>;
}

/// The device for which a session is opened.
#[derive(Clone, Copy, Debug)]
pub struct OwnKeys<'a> {
    /// Its address.
    pub address: Address,
    /// Its keys.
    pub keys: &'a PreKeyStore,
}

/// A peer's first message.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Who sent it.
    pub peer: Address,
    /// The message.
    pub bytes: &'a [u8],
    /// The same, parsed. The device holds the prekeys that it names.
    pub message: &'a PreKeyMessage<'a>,
}

/// No answer of a library, or one that says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// It refuses.
    #[error("the library refuses with `{error}`: {message}")]
    Refused {
        /// The profile's code that comes nearest.
        code: ErrorCode,
        /// The library's own name for it.
        error: String,
        /// What it says of it.
        message: String,
    },
    /// It cannot be used: it is not there, has ended, does not answer, or answers what cannot be read.
    #[error("{0}")]
    Failed(String),
}

impl LibraryError {
    /// The profile's code for it; none where the library cannot be used, which is no fault of the peer.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Failed(_) => None,
        }
    }
}

/// A library that several sessions share. Two of one name are the same.
#[derive(Clone, Debug)]
pub(super) struct Library(pub(super) Arc<dyn SessionLibrary>);

impl PartialEq for Library {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Eq for Library {}

impl Hash for Library {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name().hash(state);
    }
}
