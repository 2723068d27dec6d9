//! The intermediary: prekeys and mailboxes (profile section 7; MBX-01 to MBX-19).
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`request`], [`answer`] | what is asked and answered, as it stands on the wire |
//! | [`token`] | what authorises a device |
//! | [`envelope`] | what a mailbox holds |
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
pub mod memory_store;
pub mod request;
pub mod saved;
pub mod store;
pub mod token;
pub mod view;

pub use answer::Answer;
pub use envelope::{Envelope, EnvelopeId, MessageBytes};
pub use intermediary::Intermediary;
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

/// The longest message, in bytes: 96 KiB (MBX-11).
pub const MAX_MESSAGE: usize = 96 * 1024;
/// The most messages in a mailbox (MBX-11).
pub const MAX_MAILBOX: usize = 1000;
/// The most one-time prekeys of a device.
pub const MAX_ONE_TIME_PRE_KEYS: usize = 200;
/// How long a message is kept where the submission does not say, in seconds.
pub const DEFAULT_LIFETIME: u64 = 2 * DAY;
/// How long a message is kept at most, in seconds.
pub const MAX_LIFETIME: u64 = 30 * DAY;
/// The most messages that one answer holds.
pub const MAX_READ: u32 = 100;
/// The most messages that one request acknowledges: as many as a mailbox holds.
pub const MAX_ACKNOWLEDGED: usize = MAX_MAILBOX;
/// The longest request, in bytes of JSON: room for 127 messages of [`MAX_MESSAGE`] bytes in hex.
pub const MAX_REQUEST: usize = 25 * 1024 * 1024;
/// How long an answer is remembered, in seconds (MBX-13).
pub const ANSWER_LIFETIME: u64 = DAY;
/// How many answers to one device are remembered; the oldest go first (MBX-13).
pub const MAX_ANSWERS: usize = 1000;
/// How many bundles of one device another gets within [`BUNDLE_WINDOW`] (MBX-17).
pub const MAX_BUNDLES: usize = 10;
/// The time over which bundle requests are counted, in seconds (MBX-17).
pub const BUNDLE_WINDOW: u64 = 60 * 60;

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
    #[error("{MAX_BUNDLES} bundles of {0} within an hour; try again later (MBX-17)")]
    RateLimited(Address),
    /// MBX-11.
    #[error("the mailbox of {0} holds {MAX_MAILBOX} messages; try again later (MBX-11)")]
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
