//! A send at rest: its documented, versioned form (`docs/saved-state.md`).

use super::Limits;
use super::saved::admitted;
use super::send::{GiveUp, Open, Outgoing, Purpose, Send, State};
use crate::hex::Hex;
use crate::identifier::{DeviceId, IdentifierError, Recipient, RegistrationId};
use crate::primitives::{PublicKey, SecretBytes};
use crate::requirement::flawed;
use crate::suite::{self, SuiteRef};
use crate::wire::{Message, MessageKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the form that this build writes and reads.
pub const SAVED_SEND_VERSION: u32 = 2;

/// A send as it is saved. The plaintext is marked as secret: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedSend {
    version: u32,
    recipient: Recipient,
    purpose: Purpose,
    rounds: u8,
    state: SavedState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum SavedState {
    #[serde(rename_all = "camelCase")]
    Open {
        plaintext: SecretBytes,
        devices: BTreeMap<DeviceId, SavedOutgoing>,
    },
    Done,
    GivenUp(GiveUp),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum SavedOutgoing {
    AwaitsBundle,
    #[serde(rename_all = "camelCase")]
    Encrypted {
        identity_key: PublicKey,
        registration_id: RegistrationId,
        kind: MessageKind,
        message: Hex,
        /// Whether a statement is awaited.
        outdated: bool,
    },
}

/// A saved send that no send of this build could have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedSendError {
    /// Another version.
    #[error("saved send version {0}; this build reads version {SAVED_SEND_VERSION}")]
    Version(u32),
    /// More rounds than a send has, or none where something was answered.
    #[error(
        "a send has at most {0} rounds, and at least one before its messages are under way (SES-14)"
    )]
    Rounds(u8),
    /// An identifier that none of the device's suites admits.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// Devices that the send cannot be for.
    #[error("a send to one device is for that device alone (SES-15)")]
    Devices,
    /// Provisioning information for a user.
    #[error("provisioning information goes to one device (SES-18)")]
    Purpose,
}

impl From<&Send> for SavedSend {
    fn from(send: &Send) -> Self {
        let state = match &send.state {
            State::Open(open) => SavedState::Open {
                plaintext: open.plaintext.clone(),
                devices: open
                    .devices
                    .iter()
                    .map(|(id, outgoing)| (*id, outgoing.into()))
                    .collect(),
            },
            State::Done => SavedState::Done,
            State::GivenUp(why) => SavedState::GivenUp(*why),
        };
        SavedSend {
            version: SAVED_SEND_VERSION,
            recipient: send.recipient,
            purpose: flawed!("XFER-15 purpose", send.purpose, Purpose::Other),
            rounds: flawed!(
                "XFER-15 rounds",
                send.rounds,
                match &send.state {
                    State::Open(_) => send.rounds.min(1),
                    State::Done | State::GivenUp(_) => send.rounds,
                }
            ),
            state,
        }
    }
}

impl From<&Outgoing> for SavedOutgoing {
    fn from(outgoing: &Outgoing) -> Self {
        match outgoing {
            Outgoing::AwaitsBundle => SavedOutgoing::AwaitsBundle,
            Outgoing::Encrypted {
                identity_key,
                registration_id,
                message,
                outdated,
            } => SavedOutgoing::Encrypted {
                identity_key: *identity_key,
                registration_id: *registration_id,
                kind: message.kind,
                message: Hex(message.bytes.clone()),
                outdated: *outdated,
            },
        }
    }
}

impl From<SavedOutgoing> for Outgoing {
    fn from(saved: SavedOutgoing) -> Self {
        match saved {
            SavedOutgoing::AwaitsBundle => Outgoing::AwaitsBundle,
            SavedOutgoing::Encrypted {
                identity_key,
                registration_id,
                kind,
                message,
                outdated,
            } => Outgoing::Encrypted {
                identity_key,
                registration_id,
                message: Message {
                    kind,
                    bytes: message.0,
                },
                outdated,
            },
        }
    }
}

impl SavedSend {
    /// The send, of a device that speaks `suites` and is held to `limits`.
    ///
    /// # Errors
    /// Where no such device could have written it.
    pub fn restore(self, suites: &[SuiteRef], limits: &Limits) -> Result<Send, SavedSendError> {
        if self.version != SAVED_SEND_VERSION {
            return Err(SavedSendError::Version(self.version));
        }
        if let Recipient::Device(address) = &self.recipient {
            admitted(suites, |suite| suite.identifiers().check(address))?;
        }
        if let (Recipient::User(_), Purpose::Provisioning) = (&self.recipient, self.purpose) {
            return Err(SavedSendError::Purpose);
        }
        let state = match self.state {
            SavedState::Open { plaintext, devices } => {
                for id in devices.keys() {
                    let address = self.recipient.device(*id);
                    admitted(suites, |suite| suite.identifiers().check(&address))?;
                }
                State::Open(Arc::new(Open {
                    plaintext,
                    devices: devices
                        .into_iter()
                        .map(|(id, outgoing)| (id, outgoing.into()))
                        .collect(),
                }))
            }
            SavedState::Done => State::Done,
            SavedState::GivenUp(why) => State::GivenUp(why),
        };
        let max_rounds = limits.max_rounds;
        let (least, most) = match &state {
            // Bundles and statements are fetched before a round, and none after the last.
            State::Open(open) if open.is_fetching() => (0, max_rounds.saturating_sub(1)),
            State::Open(_) | State::Done => (1, max_rounds),
            State::GivenUp(GiveUp::RetryLimit) => (max_rounds, max_rounds),
            State::GivenUp(GiveUp::NotFound) => (0, max_rounds),
        };
        if !(least..=most).contains(&self.rounds) {
            return Err(SavedSendError::Rounds(max_rounds));
        }
        if let (Recipient::Device(address), State::Open(open)) = (&self.recipient, &state)
            && open.devices.keys().ne([&address.device_id])
        {
            return Err(SavedSendError::Devices);
        }
        Ok(Send {
            recipient: self.recipient,
            purpose: self.purpose,
            rounds: self.rounds,
            state,
        })
    }
}

impl TryFrom<SavedSend> for Send {
    type Error = SavedSendError;

    fn try_from(saved: SavedSend) -> Result<Self, SavedSendError> {
        saved.restore(suite::ALL, &Limits::default())
    }
}
