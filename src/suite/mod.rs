//! What differs between suites (profile section 0): labels, limits, the AEAD, the rules of the wire.
//!
//! The engine above is written once over [`Suite`]. A suite is chosen by name when a device is made;
//! nothing above this room asks which one it is.

mod message_key;
pub mod protobuf;
mod tigress_1;

pub use message_key::MessageKey;
pub use tigress_1::Tigress1;

use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::{KeyPair, PrimitiveError, PublicKey, Secret, Signature};
use protobuf::{Field, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// A suite of profile section 0, shared by everything that speaks it.
pub type SuiteRef = &'static dyn Suite;

/// Every suite that this build speaks, the reference suite first.
pub const ALL: &[SuiteRef] = &[&Tigress1];

/// The suite of that name, if this build speaks it.
#[must_use]
pub fn by_name(name: &str) -> Option<SuiteRef> {
    ALL.iter().copied().find(|suite| suite.name() == name)
}

/// One of the two devices of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// The device's identity key IK.
    pub identity_key: PublicKey,
    /// The device's address.
    pub address: Address,
}

/// The two devices of a session: A opened it with B's bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// A.
    pub initiator: Party,
    /// B.
    pub responder: Party,
}

impl Parties {
    /// The party in that role.
    #[must_use]
    pub fn get(&self, role: Role) -> &Party {
        match role {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }
}

/// Which of the two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// A, who opened the session with B's bundle.
    Initiator,
    /// B, whose prekeys were used.
    Responder,
}

impl Role {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Role {
        match self {
            Role::Initiator => Role::Responder,
            Role::Responder => Role::Initiator,
        }
    }
}

/// The associated data AD of a session's messages: at most 100 bytes (X3DH-05).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AssociatedData {
    bytes: [u8; Self::MAX_LENGTH],
    length: usize,
}

impl AssociatedData {
    /// Two encoded identity keys and two encoded addresses.
    pub const MAX_LENGTH: usize = 2 * PublicKey::LENGTH + 2 * Address::LENGTH;

    /// The concatenation of `parts`, or nothing where they are longer than [`Self::MAX_LENGTH`].
    #[must_use]
    pub fn concat(parts: &[&[u8]]) -> Option<Self> {
        let mut ad = AssociatedData {
            bytes: [0; Self::MAX_LENGTH],
            length: 0,
        };
        for part in parts {
            let end = ad.length.checked_add(part.len())?;
            ad.bytes.get_mut(ad.length..end)?.copy_from_slice(part);
            ad.length = end;
        }
        Some(ad)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Debug for AssociatedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = data_encoding::HEXLOWER.encode(self.as_bytes());
        write!(f, "AssociatedData({hex})")
    }
}

/// The header of a ratchet message (Double Ratchet 3.4, HEADER).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's current ratchet key.
    pub ratchet_key: PublicKey,
    /// PN: how long the sender's previous chain was (DR-08).
    pub previous_counter: u32,
    /// N: the message's place in its chain, from 0 (DR-08).
    pub counter: u32,
}

/// What X3DH yields to start the ratchet with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The root key alone (DR-01, DR-02).
    RootKey,
    /// The root key, then a chain key of the responder's signed prekey: the initiator's first receiving
    /// chain, and the responder's first sending chain.
    RootKeyAndChainKey,
}

/// What a bound on stored message keys is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All chains of a session together.
    Session,
    /// Each receiving chain alone.
    Chain,
}

/// What becomes of a receiving chain when the peer starts the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerChain {
    /// The keys up to the header's previous counter are stored, and its chain key is erased (DR-09).
    Closed,
    /// It keeps its chain key; the previous counter is not used.
    KeptOpen,
}

/// The bounds of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most keys that one message may store in one chain (`MAX_SKIP`, DR-11).
    pub max_skip: u32,
    /// The most keys stored; the oldest are dropped first (DR-12).
    pub max_stored: usize,
    /// What `max_stored` is counted over.
    pub stored_scope: Scope,
    /// The most receiving chains remembered, the current one included: the keys of the one that falls
    /// off are erased (DR-16).
    pub receiving_chains: usize,
    /// What becomes of a chain when the next one starts.
    pub former_chain: FormerChain,
    /// The longest plaintext in bytes (DR-22).
    pub max_plaintext: usize,
    /// The longest ratchet message in bytes (WIRE-08).
    pub max_ratchet_message: usize,
    /// The longest prekey message in bytes (WIRE-08).
    pub max_prekey_message: usize,
}

/// A message that breaks the rules of its suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuiteError {
    /// The bytes cannot be read.
    #[error("byte {at}: {why}")]
    Malformed {
        /// Offset in the message, from its version byte on.
        at: usize,
        /// What is wrong there, and the clause.
        why: &'static str,
    },
    /// The bytes can be read, but are not the one valid encoding.
    #[error("byte {at}: {why}")]
    NonCanonical {
        /// Offset in the message, from its version byte on.
        at: usize,
        /// What is wrong there, and the clause.
        why: &'static str,
    },
    /// A version byte that the suite does not speak (WIRE-01).
    #[error("version byte {0:#04x} is not spoken here (WIRE-01)")]
    UnsupportedVersion(u8),
    /// A primitive refused.
    #[error(transparent)]
    Primitive(#[from] PrimitiveError),
}

impl SuiteError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Malformed { .. } => ErrorCode::Malformed,
            Self::NonCanonical { .. } => ErrorCode::NonCanonical,
            Self::UnsupportedVersion(_) => ErrorCode::UnsupportedVersion,
            Self::Primitive(error) => error.code(),
        }
    }
}

/// One suite: every choice that the engine does not make itself.
pub trait Suite: fmt::Debug + Sync {
    /// The suite's name in profile section 0.
    fn name(&self) -> &'static str;

    /// The bounds of the suite.
    fn limits(&self) -> &'static Limits;

    // Key agreement

    /// HKDF's info for X3DH (X3DH-04).
    fn x3dh_info(&self) -> &'static [u8];

    /// What X3DH yields.
    fn start(&self) -> Start;

    /// AD for a message that `sender` sends (X3DH-05).
    fn associated_data(&self, parties: &Parties, sender: Role) -> AssociatedData;

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

    // Ratchet

    /// HKDF's info for a root step (DR-03).
    fn root_info(&self) -> &'static [u8];

    /// What a header says of a former chain in which `sent` messages were sent (DR-08).
    fn previous_counter(&self, sent: u32) -> u32;

    /// What a message key expands to: the AEAD's key and what else it needs (DR-05).
    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>>;

    // Wire

    /// The version byte of a message written by this suite (WIRE-01).
    fn version(&self) -> u8;

    /// Whether a version byte can be read.
    fn accepts_version(&self, version: u8) -> bool;

    /// Bytes that follow the protobuf message in a ratchet message.
    fn trailer_length(&self) -> usize;

    /// Reads the fields of `message[start..end]` by the rules of the suite (WIRE-02 to WIRE-05, WIRE-09).
    ///
    /// `values` has one place for each field of `schema`; what it holds after an error is of no meaning.
    ///
    /// # Errors
    /// `malformed` or `non-canonical`.
    fn read_fields<'a>(
        &self,
        schema: &[Field],
        message: &'a [u8],
        start: usize,
        end: usize,
        values: &mut [Option<Value<'a>>],
    ) -> Result<(), SuiteError>;

    // Encryption

    /// Length of the ciphertext field for a plaintext of that length.
    fn ciphertext_length(&self, plaintext: usize) -> usize;

    /// The shortest ciphertext field (WIRE-07).
    fn min_ciphertext_length(&self) -> usize;

    /// Encrypts (DR-06, DR-07). `out` holds the message up to the ciphertext field's content; this
    /// appends the content, of [`Suite::ciphertext_length`] bytes, and the trailer.
    fn seal(
        &self,
        key: &MessageKey,
        associated_data: &AssociatedData,
        header: &Header,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    );

    /// Decrypts `ciphertext`, the content of that field of `message`; no byte before the tag is verified
    /// (DR-17).
    ///
    /// # Errors
    /// `decrypt-failed`.
    fn open(
        &self,
        key: &MessageKey,
        associated_data: &AssociatedData,
        header: &Header,
        message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError>;
}
