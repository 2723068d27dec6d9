//! A send at rest: its documented, versioned form (`docs/saved-state.md`).

use super::send::{GiveUp, MAX_ROUNDS, Open, Outgoing, Send, State};
use crate::hex::Hex;
use crate::identifier::Recipient;
use crate::identifier::{DeviceId, RegistrationId};
use crate::primitives::SecretBytes;
use crate::wire::{Message, MessageKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form that this build writes and reads.
pub const SAVED_SEND_VERSION: u32 = 1;

/// A send as it is saved. The plaintext is marked as secret: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedSend {
    version: u32,
    recipient: Recipient,
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
        registration_id: RegistrationId,
        kind: MessageKind,
        message: Hex,
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
        "a send has at most {MAX_ROUNDS} rounds, and at least one before its messages are under way (SES-14)"
    )]
    Rounds,
    /// Devices that the send cannot be for.
    #[error("a send to one device is for that device alone (SES-15)")]
    Devices,
}

impl From<&Send> for SavedSend {
    fn from(send: &Send) -> Self {
        let state = match &send.state {
            State::Open(Open { plaintext, devices }) => SavedState::Open {
                plaintext: plaintext.clone(),
                devices: devices
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
            rounds: send.rounds,
            state,
        }
    }
}

impl From<&Outgoing> for SavedOutgoing {
    fn from(outgoing: &Outgoing) -> Self {
        match outgoing {
            Outgoing::AwaitsBundle => SavedOutgoing::AwaitsBundle,
            Outgoing::Encrypted {
                registration_id,
                message,
            } => SavedOutgoing::Encrypted {
                registration_id: *registration_id,
                kind: message.kind,
                message: Hex(message.bytes.clone()),
            },
        }
    }
}

impl From<SavedOutgoing> for Outgoing {
    fn from(saved: SavedOutgoing) -> Self {
        match saved {
            SavedOutgoing::AwaitsBundle => Outgoing::AwaitsBundle,
            SavedOutgoing::Encrypted {
                registration_id,
                kind,
                message,
            } => Outgoing::Encrypted {
                registration_id,
                message: Message {
                    kind,
                    bytes: message.0,
                },
            },
        }
    }
}

impl TryFrom<SavedSend> for Send {
    type Error = SavedSendError;

    fn try_from(saved: SavedSend) -> Result<Self, SavedSendError> {
        if saved.version != SAVED_SEND_VERSION {
            return Err(SavedSendError::Version(saved.version));
        }
        let state = match saved.state {
            SavedState::Open { plaintext, devices } => State::Open(Open {
                plaintext,
                devices: devices
                    .into_iter()
                    .map(|(id, outgoing)| (id, outgoing.into()))
                    .collect(),
            }),
            SavedState::Done => State::Done,
            SavedState::GivenUp(why) => State::GivenUp(why),
        };
        let (least, most) = match &state {
            // Bundles are fetched before a round, and none after the last.
            State::Open(open) if open.is_fetching() => (0, MAX_ROUNDS - 1),
            State::Open(_) | State::Done => (1, MAX_ROUNDS),
            State::GivenUp(GiveUp::RetryLimit) => (MAX_ROUNDS, MAX_ROUNDS),
            State::GivenUp(GiveUp::NotFound) => (0, MAX_ROUNDS),
        };
        if !(least..=most).contains(&saved.rounds) {
            return Err(SavedSendError::Rounds);
        }
        if let (Recipient::Device(address), State::Open(open)) = (&saved.recipient, &state)
            && open.devices.keys().ne([&address.device_id])
        {
            return Err(SavedSendError::Devices);
        }
        Ok(Send {
            recipient: saved.recipient,
            rounds: saved.rounds,
            state,
        })
    }
}
