//! A wallet at rest: its documented, versioned form (`docs/saved-state.md`).

use super::invitations::{Invitations, Made, Owner, Taken};
use super::outbox::Outbound;
use super::requests::Waiting;
use super::{Limits, Wallet};
use crate::agreement::Fingerprint;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{AccessKey, Body, RequestId};
use crate::primitives::{Secret, SecretBytes};
use crate::requirement::flawed;
use crate::saved::json_text;
use crate::sesame::{
    Device, SavedDevice, SavedDeviceError, SavedSend, SavedSendError, Send, SessionLibrary,
};
use crate::suite;
use crate::timestamp::Timestamp;
use crate::transfer::{
    Invitation, InvitationId, MessageType, SavedTransfers, SavedTransfersError, Transfers,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The version of the form that this build writes and reads.
pub const SAVED_WALLET_VERSION: u32 = 2;

/// A wallet as it is saved. Secrets are marked as such: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedWallet {
    version: u32,
    device: SavedDevice,
    transfers: SavedTransfers,
    token: Option<Secret<32>>,
    made: Vec<SavedMade>,
    taken: Vec<SavedTaken>,
    senders: Vec<SavedSender>,
    outbox: Vec<SavedOutbound>,
    requests: Vec<SavedRequest>,
    counted: Timestamp,
}

/// A link is as secret as what it opens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedMade {
    link: SecretBytes,
    owner: Option<SavedOwner>,
    transfers: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedOwner {
    address: Address,
    fingerprint: Fingerprint,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedTaken {
    address: Address,
    id: InvitationId,
    secret: Secret<16>,
    expires: Timestamp,
    answers: Secret<32>,
    transfers: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedSender {
    address: Address,
    access_key: Secret<32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedOutbound {
    to: Address,
    transfer: TransferId,
    message_type: MessageType,
    plaintext: SecretBytes,
    until: Timestamp,
    send: Option<SavedSend>,
    told: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedRequest {
    id: RequestId,
    sponsor: Option<Secret<32>>,
    body: Body,
    wrong: u8,
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
    Device(Box<SavedDeviceError>),
    /// The transfers.
    #[error("transfers: {0}")]
    Transfers(#[from] SavedTransfersError),
    /// A link.
    #[error("made invitation {0}: it is no link to this device (INV-01)")]
    Invitation(usize),
    /// A message on its way.
    #[error("outbound message {index}: {error}")]
    Send {
        /// Its place, from 0.
        index: usize,
        /// What is wrong with it.
        error: SavedSendError,
    },
}

impl From<SavedDeviceError> for SavedWalletError {
    fn from(error: SavedDeviceError) -> Self {
        SavedWalletError::Device(Box::new(error))
    }
}

json_text!(SavedWallet, SavedWalletError, SAVED_WALLET_VERSION);

impl From<&Wallet> for SavedWallet {
    fn from(wallet: &Wallet) -> Self {
        let Invitations {
            made,
            taken,
            senders,
        } = &wallet.invitations;
        SavedWallet {
            version: SAVED_WALLET_VERSION,
            device: wallet.device.save(),
            transfers: wallet.transfers.save(),
            token: wallet
                .token
                .as_ref()
                .map(|token| Secret::copy_of(token.expose())),
            made: made
                .values()
                .take(flawed!("XFER-15 links made", usize::MAX, 0))
                .map(|made| SavedMade::from(&**made))
                .collect(),
            taken: taken
                .iter()
                .take(flawed!("XFER-15 links taken", usize::MAX, 0))
                .map(SavedTaken::from)
                .collect(),
            senders: senders
                .iter()
                .take(flawed!("XFER-15 senders", usize::MAX, 0))
                .map(|(address, access_key)| SavedSender {
                    address: *address,
                    access_key: Secret::copy_of(access_key.expose()),
                })
                .collect(),
            outbox: wallet
                .outbox
                .iter()
                .filter(|(_, message)| {
                    flawed!("XFER-15 queue", true, false) || message.send.is_some()
                })
                .map(SavedOutbound::from)
                .collect(),
            requests: wallet
                .requests
                .iter()
                .take(flawed!("XFER-15 not asked again", usize::MAX, 0))
                .map(|waiting| SavedRequest {
                    id: waiting.id.clone(),
                    sponsor: waiting
                        .sponsor
                        .as_ref()
                        .map(|token| Secret::copy_of(token.expose())),
                    body: waiting.body.clone(),
                    wrong: flawed!("XFER-15 wrong answers", waiting.wrong, 0),
                })
                .collect(),
            counted: flawed!("XFER-15 counted", wallet.counted, wallet.device.now()),
        }
    }
}

impl From<&Made> for SavedMade {
    fn from(made: &Made) -> Self {
        SavedMade {
            link: made.invitation.to_string().into_bytes().into(),
            owner: flawed!("XFER-15 link's owner", made.owner, None).map(|owner| SavedOwner {
                address: owner.address,
                fingerprint: owner.fingerprint,
            }),
            transfers: flawed!("XFER-15 transfers served", made.transfers, 0),
        }
    }
}

impl From<(&Address, &Arc<Taken>)> for SavedTaken {
    fn from((address, taken): (&Address, &Arc<Taken>)) -> Self {
        SavedTaken {
            address: *address,
            id: taken.id,
            secret: taken.secret.clone(),
            expires: taken.expires,
            answers: Secret::copy_of(taken.answers.expose()),
            transfers: flawed!("XFER-15 transfers offered", taken.transfers, 0),
        }
    }
}

impl From<(&Address, &Outbound)> for SavedOutbound {
    fn from((to, outbound): (&Address, &Outbound)) -> Self {
        SavedOutbound {
            to: *to,
            transfer: outbound.transfer,
            message_type: outbound.message_type,
            plaintext: outbound.plaintext.clone(),
            until: outbound.until,
            send: outbound.send.as_ref().map(Send::save),
            told: flawed!("XFER-15 told", outbound.told, false),
        }
    }
}

impl SavedMade {
    fn restore(self, device: &Device) -> Option<Made> {
        let link = Zeroizing::new(String::from_utf8(self.link.expose().to_vec()).ok()?);
        let invitation: Invitation = link.parse().ok()?;
        (invitation.address == device.address()).then_some(Made {
            invitation,
            owner: self.owner.map(|owner| Owner {
                address: owner.address,
                fingerprint: owner.fingerprint,
            }),
            transfers: self.transfers,
        })
    }
}

impl From<SavedTaken> for Taken {
    fn from(saved: SavedTaken) -> Self {
        Taken {
            id: saved.id,
            secret: saved.secret,
            expires: saved.expires,
            answers: saved.answers.into(),
            transfers: saved.transfers,
        }
    }
}

impl TryFrom<SavedOutbound> for (Address, Outbound) {
    type Error = SavedSendError;

    fn try_from(saved: SavedOutbound) -> Result<Self, SavedSendError> {
        let outbound = Outbound {
            transfer: saved.transfer,
            message_type: saved.message_type,
            plaintext: saved.plaintext,
            until: saved.until,
            send: saved.send.map(Send::try_from).transpose()?,
            told: saved.told,
        };
        Ok((saved.to, outbound))
    }
}

impl TryFrom<SavedWallet> for Wallet {
    type Error = SavedWalletError;

    fn try_from(saved: SavedWallet) -> Result<Self, SavedWalletError> {
        saved.restore_with(None)
    }
}

impl SavedWallet {
    /// The wallet, of whose device that library keeps the sessions.
    ///
    /// # Errors
    /// Where no wallet of this build could have written it, or a session is another library's.
    pub fn restore_with(
        self,
        library: Option<Arc<dyn SessionLibrary>>,
    ) -> Result<Wallet, SavedWalletError> {
        let saved = self;
        if saved.version != SAVED_WALLET_VERSION {
            return Err(SavedWalletError::Version(saved.version));
        }
        let limits = crate::sesame::Limits::default();
        let device = saved.device.restore_with(suite::ALL, &limits, library)?;
        let made = saved.made.into_iter().enumerate().map(|(index, saved)| {
            let made = saved.restore(&device);
            let made = made.ok_or(SavedWalletError::Invitation(index))?;
            Ok((made.invitation.id, Arc::new(made)))
        });
        let made = made.collect::<Result<_, SavedWalletError>>()?;
        let taken = saved.taken.into_iter();
        let outbox = saved.outbox.into_iter().enumerate().map(|(index, saved)| {
            saved
                .try_into()
                .map_err(|error| SavedWalletError::Send { index, error })
        });
        Ok(Wallet {
            transfers: Transfers::try_from(saved.transfers)?,
            token: saved.token.map(Into::into),
            invitations: Invitations {
                made,
                taken: taken
                    .map(|saved| (saved.address, Arc::new(saved.into())))
                    .collect(),
                senders: saved
                    .senders
                    .into_iter()
                    .map(|saved| (saved.address, AccessKey::from(saved.access_key)))
                    .collect(),
            },
            outbox: outbox.collect::<Result<_, SavedWalletError>>()?,
            requests: saved
                .requests
                .into_iter()
                .map(|saved| Waiting {
                    id: saved.id,
                    sponsor: saved.sponsor.map(Into::into),
                    body: saved.body,
                    wrong: saved.wrong,
                })
                .collect(),
            counted: saved.counted,
            device,
            limits: Limits::default(),
        })
    }
}
