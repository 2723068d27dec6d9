//! Key agreement (profile section 3): bundles, X3DH on both sides, what a device remembers for it.

pub mod bundle;
pub mod fingerprint;
mod limits;
mod pinned_identities;
mod pre_key_store;
mod statement;
pub mod x3dh;

pub use bundle::{
    Bundle, BundleFields, KemPreKeyFields, OneTimePreKey, SignedKemPreKey, SignedPreKey,
};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use limits::Limits;
pub use pinned_identities::{Pin, PinnedIdentities};
pub use pre_key_store::{PreKeyStore, Response};
pub use statement::{Dated, Statement, SuiteNames, stated};
pub use x3dh::{Initiation, KemMessage, SharedSecret};

use crate::error_code::ErrorCode;
use crate::identifier::{Address, IdentifierError};
use crate::primitives::{PrimitiveError, RandomnessError};
use crate::timestamp::Timestamp;

/// A key agreement that is refused. Nothing has changed, and nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// An identifier out of its range.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// A bundle that gives a one-time prekey without its id, or the other way round (X3DH-01).
    #[error("a bundle gives a one-time prekey and its id together or not at all (X3DH-01)")]
    HalfOneTimePreKey,
    /// A bundle whose list of suites is none (X3DH-01).
    #[error(
        "a bundle names 1 to 16 suites, each by 1 to 32 characters of visible ASCII, none twice (X3DH-01)"
    )]
    Suites,
    /// A bundle without the statement that one of the device's suites asks for (X3DH-01, V3-04).
    #[error("a bundle gives the time, the suites and the signature of its statement (X3DH-01)")]
    NoStatement,
    /// A statement that is too old, or of a time to come (KEY-10).
    #[error("the statement is of second {}, too long ago or too far ahead (KEY-10)", .0.0)]
    StaleStatement(Timestamp),
    /// A bundle without the KEM prekey that the suite agrees with (PQXDH 3.2).
    #[error("the bundle has no KEM prekey, which this suite needs")]
    NoKemPreKey,
    /// A bundle of a device that speaks none of this device's suites.
    #[error("the bundle's device speaks no suite that this one speaks")]
    NoCommonSuite,
    /// A key or signature of a bundle.
    #[error("{field}: {error}")]
    Bundle {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        error: PrimitiveError,
    },
    /// A primitive refused.
    #[error(transparent)]
    Primitive(#[from] PrimitiveError),
    /// The identity key differs from the one pinned (X3DH-15).
    #[error("{0} presents an identity key other than the pinned one (X3DH-15)")]
    UntrustedIdentity(Address),
    /// X3DH-08.
    #[error("this device holds no signed prekey {0} (X3DH-08)")]
    UnknownSignedPreKey(u32),
    /// X3DH-09.
    #[error("this device holds no one-time prekey {0}, or no longer (X3DH-09)")]
    UnknownOneTimePreKey(u32),
    /// A KEM prekey that the device does not hold, or no longer.
    #[error("this device holds no KEM prekey {0}, or no longer")]
    UnknownKemPreKey(u32),
    /// X3DH-14.
    #[error("this prekey message opened a session before (X3DH-14)")]
    Replay,
    /// X3DH-14.
    #[error("{0} sessions were opened with this signed prekey and no one-time prekey (X3DH-14)")]
    TooManyOpenings(usize),
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl AgreementError {
    /// The profile's code for this error; none where randomness ran out, which is no fault of the peer.
    #[must_use]
    pub fn code(self) -> Option<ErrorCode> {
        Some(match self {
            Self::Identifier(error) => error.code(),
            Self::HalfOneTimePreKey | Self::NoKemPreKey | Self::Suites | Self::NoStatement => {
                ErrorCode::Malformed
            }
            Self::StaleStatement(_) => ErrorCode::StaleStatement,
            Self::NoCommonSuite => ErrorCode::UnsupportedVersion,
            Self::Bundle { error, .. } | Self::Primitive(error) => error.code(),
            Self::UntrustedIdentity(_) => ErrorCode::UntrustedIdentity,
            Self::UnknownSignedPreKey(_) | Self::UnknownKemPreKey(_) => {
                ErrorCode::UnknownSignedPrekey
            }
            Self::UnknownOneTimePreKey(_) => ErrorCode::UnknownOneTimePrekey,
            Self::Replay => ErrorCode::DuplicateMessage,
            Self::TooManyOpenings(_) => ErrorCode::RateLimited,
            Self::Randomness(_) => return None,
        })
    }
}
