//! A device and its sessions with other devices (Sesame specification 3; profile section 6).

mod device;
mod saved;

pub use device::{Device, MAX_INACTIVE_SESSIONS};
pub use saved::{SAVED_DEVICE_VERSION, SavedDevice, SavedDeviceError};

use crate::agreement::AgreementError;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::RandomnessError;
use crate::ratchet::RatchetError;
use crate::wire::WireError;

/// A step of a device that is refused. The device is as it was (DR-15, X3DH-11).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SesameError {
    /// A bundle or identity is refused.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// A session refused.
    #[error(transparent)]
    Ratchet(#[from] RatchetError),
    /// There is no session with that device (SES-07).
    #[error("there is no session with {0} (SES-07)")]
    NoSession(Address),
}

impl SesameError {
    /// The profile's code for this error; none where randomness ran out, which is no fault of the peer.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Agreement(error) => error.code(),
            Self::Ratchet(error) => error.code(),
            Self::NoSession(_) => Some(ErrorCode::NoSession),
        }
    }
}

impl From<WireError> for SesameError {
    fn from(error: WireError) -> Self {
        SesameError::Ratchet(error.into())
    }
}

impl From<RandomnessError> for SesameError {
    fn from(error: RandomnessError) -> Self {
        SesameError::Ratchet(error.into())
    }
}
