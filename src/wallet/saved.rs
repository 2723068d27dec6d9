//! A wallet at rest: its documented, versioned form (`docs/saved-state.md`).

use super::wallet::{Outbound, Waiting};
use super::{Limits, Wallet};
use crate::identifier::{Address, Recipient};
use crate::intermediary::{Body, RequestId};
use crate::primitives::{Secret, SecretBytes};
use crate::requirement::flawed;
use crate::saved::json_text;
use crate::sesame::{SavedDevice, SavedDeviceError, SavedSend, SavedSendError, Send};
use crate::timestamp::Timestamp;
use crate::transfer::{Fingerprint, SavedTransfers, SavedTransfersError, Transfers};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of the form that this build writes and reads.
pub const SAVED_WALLET_VERSION: u32 = 1;

/// A wallet as it is saved. Secrets are marked as such: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedWallet {
    version: u32,
    device: SavedDevice,
    transfers: SavedTransfers,
    token: Option<Secret<32>>,
    registering: Option<Secret<32>>,
    invited: Vec<SavedInvitation>,
    outbound: Vec<SavedOutbound>,
    waiting: Vec<SavedRequest>,
    counted: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedInvitation {
    address: Address,
    fingerprint: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedOutbound {
    recipient: Recipient,
    plaintext: SecretBytes,
    send: Option<SavedSend>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedRequest {
    id: RequestId,
    sponsor: Option<Secret<32>>,
    body: Body,
}

/// A saved wallet that no wallet of this build could have written.
#[derive(Debug, thiserror::Error)]
pub enum SavedWalletError {
    /// Not the JSON of a saved wallet.
    #[error("not a saved wallet: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("saved wallet version {0}; this build reads version {SAVED_WALLET_VERSION}")]
    Version(u32),
    /// The device.
    #[error("device: {0}")]
    Device(#[from] SavedDeviceError),
    /// The transfers.
    #[error("transfers: {0}")]
    Transfers(#[from] SavedTransfersError),
    /// A fingerprint of an invitation.
    #[error("invited: {0} has no fingerprint of 32 bytes (INV-01)")]
    Invitation(Address),
    /// A message on its way.
    #[error("outbound message {index}: {error}")]
    Send {
        /// Its place, from 0.
        index: usize,
        /// What is wrong with it.
        error: SavedSendError,
    },
}

json_text!(SavedWallet, SavedWalletError);

impl From<&Wallet> for SavedWallet {
    fn from(wallet: &Wallet) -> Self {
        SavedWallet {
            version: SAVED_WALLET_VERSION,
            device: wallet.device.save(),
            transfers: wallet.transfers.save(),
            token: wallet
                .token
                .as_ref()
                .map(|token| Secret::copy_of(token.expose())),
            registering: wallet
                .registering
                .as_ref()
                .map(|token| Secret::copy_of(token.expose())),
            invited: wallet
                .invited
                .iter()
                .map(|(address, fingerprint)| SavedInvitation {
                    address: *address,
                    fingerprint: fingerprint.to_string(),
                })
                .collect(),
            outbound: wallet
                .outbound
                .iter()
                .map(|outbound| SavedOutbound {
                    recipient: outbound.recipient,
                    plaintext: outbound.plaintext.clone(),
                    send: outbound.send.as_ref().map(Send::save),
                })
                .collect(),
            waiting: wallet
                .waiting
                .iter()
                .take(flawed!("XFER-15 not asked again", usize::MAX, 0))
                .map(|waiting| SavedRequest {
                    id: waiting.id.clone(),
                    sponsor: waiting
                        .sponsor
                        .as_ref()
                        .map(|token| Secret::copy_of(token.expose())),
                    body: waiting.body.clone(),
                })
                .collect(),
            counted: wallet.counted,
        }
    }
}

impl TryFrom<SavedWallet> for Wallet {
    type Error = SavedWalletError;

    fn try_from(saved: SavedWallet) -> Result<Self, SavedWalletError> {
        if saved.version != SAVED_WALLET_VERSION {
            return Err(SavedWalletError::Version(saved.version));
        }
        let invited = saved.invited.into_iter().map(|invitation| {
            let SavedInvitation {
                address,
                fingerprint,
            } = invitation;
            let fingerprint: Fingerprint = fingerprint
                .parse()
                .map_err(|_| SavedWalletError::Invitation(address))?;
            Ok((address, fingerprint))
        });
        let outbound = saved
            .outbound
            .into_iter()
            .enumerate()
            .map(|(index, saved)| {
                let send = saved.send.map(Send::try_from).transpose();
                Ok(Arc::new(Outbound {
                    recipient: saved.recipient,
                    plaintext: saved.plaintext,
                    send: send.map_err(|error| SavedWalletError::Send { index, error })?,
                }))
            });
        Ok(Wallet {
            device: saved.device.try_into()?,
            transfers: Transfers::try_from(saved.transfers)?,
            token: saved.token.map(Into::into),
            registering: saved.registering.map(Into::into),
            invited: invited.collect::<Result<_, SavedWalletError>>()?,
            outbound: outbound.collect::<Result<_, SavedWalletError>>()?,
            waiting: saved
                .waiting
                .into_iter()
                .map(|waiting| {
                    Arc::new(Waiting {
                        id: waiting.id,
                        sponsor: waiting.sponsor.map(Into::into),
                        body: waiting.body,
                    })
                })
                .collect(),
            counted: saved.counted,
            limits: Limits::PROFILE,
        })
    }
}
