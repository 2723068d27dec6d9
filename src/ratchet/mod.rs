//! The Double Ratchet (Double Ratchet specification; profile section 4).

mod chain_key;
mod receiving_chain;
mod root_key;
mod saved;
mod session;

pub use chain_key::ChainKey;
pub use receiving_chain::MAX_COUNTER;
pub use root_key::RootKey;
pub use saved::{SAVED_SESSION_VERSION, SavedSession, SavedSessionError};
pub use session::{Responding, Session};

use crate::error_code::ErrorCode;
use crate::primitives::{PrimitiveError, RandomnessError};
use crate::suite::SuiteError;
use crate::wire::WireError;

/// A step of a session that is refused. The session is as it was (DR-15).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatchetError {
    /// The message cannot be read.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A key that must not be used.
    #[error(transparent)]
    Primitive(#[from] PrimitiveError),
    /// A plaintext, or a ciphertext that would hold one, over the bound (DR-22).
    #[error("a plaintext of {length} bytes, where {limit} are allowed (DR-22)")]
    PlaintextTooLong {
        /// The plaintext's length in bytes.
        length: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// The message's ratchet key is the receiver's own (DR-21).
    #[error("the message's ratchet key is this device's own (DR-21)")]
    OwnRatchetKey,
    /// The message was read before, or its key is gone (DR-14).
    #[error("message {counter} of its chain was read before, or its key was dropped (DR-14)")]
    Duplicate {
        /// The message's counter.
        counter: u32,
    },
    /// The message skips too many keys (DR-11).
    #[error("the message skips {skipped} keys of one chain, where {limit} are allowed (DR-11)")]
    TooManySkipped {
        /// How many.
        skipped: u32,
        /// The most allowed.
        limit: u32,
    },
    /// The chain has no counter left (DR-18).
    #[error("the chain's counter has reached 2^32 - 1 (DR-18)")]
    CounterExhausted,
    /// The message does not decrypt.
    #[error("the message does not decrypt: {0}")]
    Undecryptable(SuiteError),
    /// A message of a chain that has ended, beyond its end.
    #[error("message {counter} is beyond the end of its chain, which had {length} messages")]
    BeyondChain {
        /// The message's counter.
        counter: u32,
        /// How many messages the chain had.
        length: u32,
    },
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl RatchetError {
    /// The profile's code for this error; none where randomness ran out, which is no fault of the peer.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::Wire(error) => error.code(),
            Self::Primitive(error) => error.code(),
            Self::PlaintextTooLong { .. } => ErrorCode::TooLarge,
            Self::OwnRatchetKey => ErrorCode::InvalidKey,
            Self::Duplicate { .. } => ErrorCode::DuplicateMessage,
            Self::TooManySkipped { .. } => ErrorCode::TooManySkipped,
            Self::CounterExhausted => ErrorCode::CounterExhausted,
            Self::Undecryptable(_) | Self::BeyondChain { .. } => ErrorCode::DecryptFailed,
            Self::Randomness(_) => return None,
        })
    }
}
