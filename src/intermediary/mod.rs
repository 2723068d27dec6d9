//! The intermediary: prekeys and mailboxes (profile section 7; MBX-01 to MBX-19).
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`request`], [`answer`] | what is asked and answered, as it stands on the wire |
//! | [`token`] | what authorises a device |
//! | [`envelope`] | what a mailbox holds |
//! | [`limits`] | how much the intermediary takes, keeps and hands out |
//! | [`store`] | what is kept, behind two small traits |
//! | [`memory_store`] | the same in memory |
//! | [`intermediary`] | the machine: request, time and randomness in, answer out |
//! | [`view`] | what the intermediary learns (PRIV-01) |
//! | [`saved`] | its state at rest |

pub mod answer;
pub mod envelope;
#[allow(
    clippy::module_inception,
    reason = "the room's machine has the room's name"
)]
pub mod intermediary;
pub mod limits;
pub mod memory_store;
pub mod request;
pub mod saved;
pub mod store;
pub mod token;
pub mod view;

pub use answer::Answer;
pub use envelope::{Envelope, EnvelopeId, MessageBytes};
pub use intermediary::Intermediary;
pub use limits::Limits;
pub use memory_store::MemoryStore;
pub use request::{
    Body, PublishedOneTimePreKey, Registration, Request, RequestId, Submission, SubmittedMessage,
};
pub use saved::{SAVED_INTERMEDIARY_VERSION, SavedIntermediary, SavedIntermediaryError};
pub use store::{Store, StoreError, Transaction};
pub use token::{Digest, Token};
pub use view::{Learned, Row};

use crate::agreement::AgreementError;
use crate::error_code::ErrorCode;
use crate::identifier::{Address, UserId};
use crate::primitives::RandomnessError;
use crate::timestamp::DAY;

/// How long a message is kept where the submission does not say, in seconds.
pub const DEFAULT_LIFETIME: u64 = 2 * DAY;
/// The longest request, in bytes of JSON: room for 127 messages of 96 KiB in hex.
pub const MAX_REQUEST: usize = 25 * 1024 * 1024;

/// A request that is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntermediaryError {
    /// No request, or one that contradicts itself.
    #[error("malformed request: {0} (profile section 7)")]
    Malformed(String),
    /// Longer than allowed (MBX-11).
    #[error("{what}: at most {limit} (MBX-11)")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// MBX-12.
    #[error("the request needs the token of a registered device; register first (MBX-12)")]
    Unauthorized,
    /// MBX-12.
    #[error("the token does not authorise {0}; use the token of that device (MBX-12)")]
    Forbidden(Address),
    /// The request id belongs to another request (MBX-13).
    #[error("this request id was used for another request; take a fresh one (MBX-13)")]
    ConflictingRequest,
    /// A key or a signature (MBX-02).
    #[error("{0} (MBX-02)")]
    Keys(#[from] AgreementError),
    /// MBX-16.
    #[error("no device is registered at {0} (MBX-16)")]
    NoDevice(Address),
    /// MBX-16.
    #[error("no device of user {0} is registered (MBX-16)")]
    NoUser(UserId),
    /// MBX-17.
    #[error("no more bundles of {0} for now; try again later (MBX-17)")]
    RateLimited(Address),
    /// MBX-11.
    #[error("the mailbox of {0} is full; try again later (MBX-11)")]
    MailboxFull(Address),
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntermediaryError {
    fn malformed(reason: &impl ToString) -> Self {
        Self::Malformed(reason.to_string())
    }

    /// The profile's code for this error; none where randomness or the store failed, which is no fault of
    /// the client.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::Malformed(_) => ErrorCode::Malformed,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Unauthorized => ErrorCode::Unauthorized,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::ConflictingRequest => ErrorCode::ConflictingRequest,
            Self::Keys(error) => return error.code(),
            Self::NoDevice(_) | Self::NoUser(_) => ErrorCode::NotFound,
            Self::RateLimited(_) => ErrorCode::RateLimited,
            Self::MailboxFull(_) => ErrorCode::MailboxFull,
            Self::Randomness(_) | Self::Store(_) => return None,
        })
    }
}
