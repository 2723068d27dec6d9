//! What the intermediary answers (profile section 7, "Requests and answers").

use super::envelope::Envelope;
use super::token::Token;
use crate::agreement::BundleFields;
use crate::error_code::ErrorCode;
use crate::identifier::DeviceId;
use serde::{Deserialize, Serialize};

/// An answer that carries something, or says that the request was carried out.
///
/// The last two refuse a submission: nothing is stored, and the sender learns what it has to mend. Every
/// other refusal is an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Answer {
    /// It was carried out.
    Done,
    /// The device is stored (MBX-01).
    Registered {
        /// Its token.
        token: Token,
    },
    /// How many one-time prekeys are left (MBX-04).
    OneTimePreKeys {
        /// So many.
        left: u32,
    },
    /// A bundle (MBX-03, MBX-04).
    Bundle {
        /// The bundle.
        bundle: BundleFields,
    },
    /// The oldest messages of the mailbox, the oldest first (MBX-07).
    Envelopes {
        /// The messages.
        envelopes: Vec<Envelope>,
    },
    /// The devices listed are not the user's (MBX-05).
    #[serde(rename = "device-mismatch")]
    DeviceMismatch {
        /// Devices of the user that have no message, rising.
        missing: Vec<DeviceId>,
        /// Devices with a message that the user does not have, rising.
        extra: Vec<DeviceId>,
    },
    /// Registration ids are out of date (MBX-06).
    #[serde(rename = "stale-registration")]
    StaleRegistration {
        /// The devices concerned, rising.
        devices: Vec<DeviceId>,
    },
}

impl Answer {
    /// The profile's code where the answer refuses the request.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::DeviceMismatch { .. } => Some(ErrorCode::DeviceMismatch),
            Self::StaleRegistration { .. } => Some(ErrorCode::StaleRegistration),
            _ => None,
        }
    }
}
