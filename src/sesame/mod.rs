//! A device, its sessions with other devices, and its sends to them (Sesame specification 3; profile
//! section 6).

mod accept;
mod device;
mod device_record;
mod held_session;
mod limits;
mod saved;
mod saved_send;
mod send;
mod session_library;

pub use accept::accept;
pub use device::{Decrypted, Device};
pub use device_record::DeviceRecord;
pub use limits::Limits;
pub use saved::{SAVED_DEVICE_VERSION, SavedDevice, SavedDeviceError};
pub use saved_send::{SAVED_SEND_VERSION, SavedSend, SavedSendError};
pub use send::{DeviceMessage, GiveUp, Purpose, Send, SendEvent, SendOutcome, SendStep};
pub use session_library::{LibraryError, Opening, OwnKeys, SessionLibrary};

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
    /// The library that keeps the sessions refused, or cannot be used.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// There is no session with that device (SES-07), or none that may be sent in (SES-11, SES-13).
    #[error("there is no session with {0} to use (SES-07, SES-11, SES-13): open one with a bundle")]
    NoSession(Address),
    /// The recipient is the device's own user (SES-15).
    #[error("a message goes to a peer's devices, not to those of the own user (SES-15)")]
    OwnUser,
    /// Provisioning information for a user, and not for one device (SES-18).
    #[error("provisioning information goes to one device, not to all of a user (SES-18)")]
    NotOneDevice,
    /// An answer to nothing that a send has asked (SES-02, SES-09).
    #[error("the send has not asked for this answer; its present step says what it waits for")]
    UnexpectedAnswer,
}

impl SesameError {
    /// The profile's code for this error; none where randomness ran out, or a library cannot be used, which is no fault of
    /// the peer.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Agreement(error) => error.code(),
            Self::Ratchet(error) => error.code(),
            Self::Library(error) => error.code(),
            Self::NoSession(_) => Some(ErrorCode::NoSession),
            Self::OwnUser | Self::NotOneDevice => Some(ErrorCode::InvalidState),
            Self::UnexpectedAnswer => Some(ErrorCode::UnexpectedMessage),
        }
    }
}

#[cfg(feature = "flaws")]
impl SesameError {
    /// The same refusal, with bytes in it that nobody should see.
    fn showing(self, secret: &[u8]) -> Self {
        let message = format!("{self}: {}", crate::hex::encode(secret));
        match self.code() {
            Some(code) => LibraryError::Refused {
                code,
                error: code.to_string(),
                message,
            }
            .into(),
            None => self,
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
