//! What differs between suites (profile section 0): five parts, each a trait of its own, and a [`Suite`] is
//! all of them.
//!
//! | part | what it decides |
//! | --- | --- |
//! | [`Keys`] | how a public key is read, signatures, which identifiers there are and how an address is encoded |
//! | [`Agreement`] | what beside X3DH's keys is agreed on, what the agreement yields, the associated data |
//! | [`Ratchet`] | labels and bounds of the Double Ratchet, and a second ratchet beside it |
//! | [`Cipher`] | how a message is sealed: an AEAD, or a cipher with a MAC |
//! | [`Wire`] | version byte, fields, which of them are required, how lenient the parser is |
//!
//! The engine above is written once over them. A suite is chosen by name when a device is made; nothing above
//! this room asks which one it is.

mod agreement;
mod cipher;
mod keys;
mod message_key;
mod parties;
pub mod protobuf;
mod ratchet;
mod signal_v3;
mod tigress_1;
mod wire;

pub use agreement::{Agreement, AssociatedData, Encapsulated, Kem, KemKeyPair, Yield};
pub use cipher::{Cipher, Sealing};
pub use keys::{EncodedAddress, Keys};
pub use message_key::MessageKey;
pub use parties::{Parties, Party, Role};
pub use ratchet::{FormerChain, Header, Limits, Ratchet, Scope, SecondRatchet, SecondStep};
pub use signal_v3::SignalV3;
pub use tigress_1::Tigress1;
pub use wire::{Schema, Wire};

use crate::error_code::ErrorCode;
use crate::primitives::PrimitiveError;
use std::fmt;
use std::hash::{Hash, Hasher};

/// One suite: every choice that the engine does not make itself.
pub trait Suite: Keys + Agreement + Ratchet + Cipher + Wire + fmt::Debug + Sync {
    /// The suite's name in profile section 0. Two suites with one name are the same suite.
    fn name(&self) -> &'static str;

    /// Its place in the order of profile section 0: a higher one is the better one (KEY-11). That of the version byte, where a
    /// suite says nothing else.
    fn rank(&self) -> u8 {
        self.version()
    }
}

impl PartialEq for dyn Suite {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Suite {}

impl Hash for dyn Suite {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

/// A suite of profile section 0, shared by everything that speaks it.
pub type SuiteRef = &'static dyn Suite;

/// Every suite that this build speaks, the reference suite first.
pub const ALL: &[SuiteRef] = &[&Tigress1, &SignalV3];

/// The suite of that name, if this build speaks it.
#[must_use]
pub fn by_name(name: &str) -> Option<SuiteRef> {
    find(ALL, name)
}

/// The suite of that name among `suites`.
#[must_use]
pub fn find(suites: &[SuiteRef], name: &str) -> Option<SuiteRef> {
    suites.iter().copied().find(|suite| suite.name() == name)
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
