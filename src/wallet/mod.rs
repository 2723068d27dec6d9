//! A wallet: one device with its sessions and its transfers, and its side of the talk with the intermediary.
//!
//! The one machine that a program drives: events in, effects out. It asks nobody; what it wants to know it
//! requests, and the answer is an event.

mod invitations;
mod limits;
mod links;
mod mail;
mod outbox;
mod requests;
mod saved;
mod sending;
mod step;
#[allow(
    clippy::module_inception,
    reason = "the room's machine has the room's name"
)]
mod wallet;

pub use limits::Limits;
#[cfg(feature = "conformance")]
pub(crate) use requests::belongs;
pub use saved::{SAVED_WALLET_VERSION, SavedWallet, SavedWalletError};
pub use wallet::{Effect, Report, Wallet, WalletEvent};

use crate::agreement::AgreementError;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::RandomnessError;
use crate::sesame::SesameError;
use crate::transfer::{InvitationError, PayloadError, TransferError};

/// An event that is refused. The wallet is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The user's wish does not fit the transfer.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// A message could not be written.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The device refused.
    #[error(transparent)]
    Sesame(#[from] SesameError),
    /// A key is not the one that the device is held to.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// The link is no invitation, or not one that can be used.
    #[error(transparent)]
    Invitation(#[from] InvitationError),
    /// A link that says nothing here, or no longer (INV-05, INV-08).
    #[error("the invitation cannot be used: {0} (INV-05, INV-08)")]
    NotInvited(&'static str),
    /// No link and no comparison names the key of that device (SES-18, INV-08).
    #[error("nothing says whose key {0} has: take a link of it first (SES-18, INV-08)")]
    Unnamed(Address),
    /// There is nothing to compare with that device.
    #[error("nothing is known of {0}")]
    UnknownDevice(Address),
    /// As many links as a wallet may have (INV-05).
    #[error("the wallet has {0} links, which is as many as it may have (INV-05)")]
    TooManyInvitations(usize),
    /// The wallet has no token yet, or has one already.
    #[error("the wallet is {0} with the intermediary")]
    Registration(&'static str),
    /// The answer belongs to no request that waits for one.
    #[error("no such request waits for an answer")]
    UnknownRequest,
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl WalletError {
    /// The profile's code for this error; none where randomness ran out, which is nobody's fault.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Transfer(error) => error.code(),
            Self::Payload(error) => Some(error.code()),
            Self::Sesame(error) => error.code(),
            Self::Agreement(error) => error.code(),
            Self::Invitation(error) => Some(error.code()),
            Self::NotInvited(_) => Some(ErrorCode::InvalidInvitation),
            Self::Unnamed(_) => Some(ErrorCode::UntrustedIdentity),
            Self::Registration(_) | Self::UnknownDevice(_) | Self::TooManyInvitations(_) => {
                Some(ErrorCode::InvalidState)
            }
            Self::UnknownRequest => Some(ErrorCode::UnexpectedMessage),
            Self::Randomness(_) => None,
        }
    }
}
