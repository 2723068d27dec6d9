//! The intermediary: prekeys and mailboxes (profile section 7; MBX-01 to MBX-23).
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`request`], [`answer`] | what is asked and answered, as it stands on the wire |
//! | [`token`] | what authorises a device, and what admits strangers to it |
//! | [`envelope`] | what a mailbox holds |
//! | [`limits`] | how much the intermediary takes, keeps and hands out |
//! | [`store`] | what is kept, behind two small traits |
//! | [`memory_store`] | the same in memory |
//! | [`intermediary`] | the machine: request and time in, answer out |
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
    Body, Hashes, PublishedOneTimePreKey, Registration, Request, RequestId, Submission,
};
pub use saved::{SAVED_INTERMEDIARY_VERSION, SavedIntermediary, SavedIntermediaryError};
pub use store::{Store, StoreError, Transaction};
pub use token::{AccessKey, Digest, Token};
pub use view::{Learned, Row};

use crate::agreement::AgreementError;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::timestamp::DAY;

/// How long a message is kept where the submission does not say, in seconds.
pub const DEFAULT_LIFETIME: u64 = 2 * DAY;
/// The longest request, in bytes of JSON: room for a message of 96 KiB in hex.
pub const MAX_REQUEST: usize = 256 * 1024;

/// A request that is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntermediaryError {
    /// No request, or one that contradicts itself.
    #[error("malformed request: {0} (profile section 7)")]
    Malformed(String),
    /// Longer or more than allowed (MBX-02, MBX-09, MBX-11, MBX-20).
    #[error("{what}: at most {limit} (section 7)")]
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
    /// MBX-22.
    #[error("{0} has published no such access key, or no longer (MBX-22)")]
    NoAccess(Address),
    /// MBX-06.
    #[error("the registration id of {0} is another one; take it from its statement (MBX-06)")]
    StaleRegistration(Address),
    /// MBX-11.
    #[error("the mailbox of {0} is full; try again later (MBX-11)")]
    MailboxFull(Address),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntermediaryError {
    fn malformed(reason: &impl ToString) -> Self {
        Self::Malformed(reason.to_string())
    }

    /// The profile's code for this error; none where the store failed, which is no fault of the client.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::Malformed(_) => ErrorCode::Malformed,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Unauthorized => ErrorCode::Unauthorized,
            Self::Forbidden(_) | Self::NoAccess(_) => ErrorCode::Forbidden,
            Self::ConflictingRequest => ErrorCode::ConflictingRequest,
            Self::Keys(error) => return error.code(),
            Self::NoDevice(_) => ErrorCode::NotFound,
            Self::StaleRegistration(_) => ErrorCode::StaleRegistration,
            Self::MailboxFull(_) => ErrorCode::MailboxFull,
            Self::Store(_) => return None,
        })
    }
}
