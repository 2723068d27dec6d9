//! A wallet, by handle: what its user, the intermediary and time do to it, and what it wants done.

use super::reference::HeldWallet;
use super::transfers::{CredentialFields, OfferFields, TransferFields};
use super::{AddressFields, AtRest, Done, On, Operation, Reference, broken, handed_out, text};
use crate::agreement::PreKeyStore;
use crate::conformance::seed::Stream;
use crate::conformance::subject::Failure;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId};
use crate::intermediary::{Answer, RequestId, Token};
use crate::timestamp::Timestamp;
use crate::transfer::{Offer, Offered, Vertical};
use crate::wallet::{Effect, SavedWallet, Wallet, WalletEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn held<'a>(reference: &'a mut Reference, handle: &str) -> Result<&'a mut HeldWallet, Failure> {
    reference
        .wallets
        .get_mut(handle)
        .ok_or_else(|| Failure::Broken(format!("no wallet has the handle `{handle}`")))
}

/// Makes a wallet: a device with keys of its own, not yet known to the intermediary (RND-01).
#[derive(Debug, JsonSchema)]
pub struct Create;

/// Parameters of [`Create`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CreateInput {
    /// The device's address.
    pub address: AddressFields,
    /// The time, in seconds since 1970.
    pub now: Timestamp,
    /// What all its randomness is made from, where it takes any: see docs/adapter.md.
    pub seed: String,
}

impl Operation for Create {
    const METHOD: &'static str = "wallet.create";
    type Input = On<CreateInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let address = Address::try_from(&input.address)?;
        let mut randomness = Stream::new(&input.seed);
        let keys = PreKeyStore::random(&[reference.suite], &address, input.now, &mut randomness)
            .map_err(|error| Failure::Broken(error.to_string()))?;
        let wallet = Wallet::new(reference.device(&handle, address, keys));
        reference
            .wallets
            .insert(handle, HeldWallet { wallet, randomness });
        Ok(Done {})
    }
}

/// Carries an event out.
#[derive(Debug, JsonSchema)]
pub struct StepWallet;

/// Parameters of [`StepWallet`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepWalletInput {
    /// The time, in seconds since 1970.
    pub now: Timestamp,
    /// What happens.
    pub event: WalletEventFields,
}

/// What happens to a wallet.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum WalletEventFields {
    /// The device joins the intermediary.
    Register {
        /// The token of another device of the user, where there is one (MBX-12).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sponsor: Option<Token>,
    },
    /// The device leaves it (MBX-15).
    Remove {},
    /// The user has lost another of its devices, which is taken off the intermediary (MBX-12).
    RemoveSibling {
        /// The other device's id.
        device_id: u32,
    },
    /// The user wants a link to give away (INV-05).
    Invite {
        /// Where the device's intermediary is: HOST of INV-01.
        host: String,
        /// What kind of credential is meant.
        vertical: Vertical,
        /// For how long, in seconds; 604,800 where not stated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifetime: Option<u64>,
    },
    /// The user no longer wants to be found by a link (INV-05).
    WithdrawInvitation {
        /// The link.
        link: String,
    },
    /// The user takes somebody's invitation (INV-03).
    TakeInvitation {
        /// The link.
        link: String,
    },
    /// The user was shown the number of X3DH-16 by the other device.
    CompareFingerprints {
        /// The other device.
        device: AddressFields,
        /// What it shows.
        number: String,
    },
    /// The user no longer holds that device to the key that it is known by (WAL-06).
    DropPin {
        /// The other device.
        device: AddressFields,
    },
    /// The user offers a credential.
    Offer(OfferFields),
    /// The user accepts.
    Accept(TransferFields),
    /// The user declines.
    Decline(TransferFields),
    /// The user cancels.
    Cancel(TransferFields),
    /// Messages wait at the intermediary.
    Collect {},
    /// Time has come to `now`.
    Tick {},
    /// The intermediary answered.
    Answer {
        /// Which request.
        request: RequestId,
        /// What, where it carried the request out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<Answer>,
        /// The profile's code, where it refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ErrorCode>,
    },
}

/// Result of [`StepWallet`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepWalletOutput {
    /// What the wallet wants done, in order.
    pub effects: Vec<Effect>,
}

impl TryFrom<WalletEventFields> for WalletEvent {
    type Error = Failure;

    fn try_from(fields: WalletEventFields) -> Result<Self, Failure> {
        let id = |fields: &TransferFields| -> Result<_, Failure> { Ok(fields.transfer.parse()?) };
        Ok(match fields {
            WalletEventFields::Register { sponsor } => WalletEvent::Register { sponsor },
            WalletEventFields::Remove {} => WalletEvent::Remove,
            WalletEventFields::RemoveSibling { device_id } => {
                WalletEvent::RemoveSibling(DeviceId::try_from(device_id)?)
            }
            WalletEventFields::Invite {
                host,
                vertical,
                lifetime,
            } => WalletEvent::Invite {
                host: host.parse()?,
                vertical,
                lifetime,
            },
            WalletEventFields::WithdrawInvitation { link } => WalletEvent::WithdrawInvitation(link),
            WalletEventFields::TakeInvitation { link } => WalletEvent::TakeInvitation(link),
            WalletEventFields::CompareFingerprints { device, number } => {
                WalletEvent::CompareFingerprints {
                    device: Address::try_from(&device)?,
                    number,
                }
            }
            WalletEventFields::DropPin { device } => {
                WalletEvent::DropPin(Address::try_from(&device)?)
            }
            WalletEventFields::Offer(offer) => WalletEvent::Offer(Offer::try_from(&offer)?),
            WalletEventFields::Accept(transfer) => WalletEvent::Accept(id(&transfer)?),
            WalletEventFields::Decline(transfer) => WalletEvent::Decline(id(&transfer)?),
            WalletEventFields::Cancel(transfer) => WalletEvent::Cancel(id(&transfer)?),
            WalletEventFields::Collect {} => WalletEvent::Collect,
            WalletEventFields::Tick {} => WalletEvent::Tick,
            WalletEventFields::Answer {
                request,
                answer,
                error,
            } => WalletEvent::Answer {
                request,
                answer: match (answer, error) {
                    (Some(answer), None) => Ok(answer),
                    (None, Some(code)) => Err(code),
                    _ => {
                        return Err(Failure::Broken(
                            "an answer has `answer` or `error`".to_owned(),
                        ));
                    }
                },
            },
        })
    }
}

impl From<WalletEvent> for WalletEventFields {
    fn from(event: WalletEvent) -> Self {
        let transfer = |id: crate::identifier::TransferId| TransferFields {
            transfer: id.to_string(),
        };
        match event {
            WalletEvent::Register { sponsor } => WalletEventFields::Register { sponsor },
            WalletEvent::Remove => WalletEventFields::Remove {},
            WalletEvent::RemoveSibling(device_id) => WalletEventFields::RemoveSibling {
                device_id: device_id.into(),
            },
            WalletEvent::Invite {
                host,
                vertical,
                lifetime,
            } => WalletEventFields::Invite {
                host: host.to_string(),
                vertical,
                lifetime,
            },
            WalletEvent::WithdrawInvitation(link) => WalletEventFields::WithdrawInvitation { link },
            WalletEvent::TakeInvitation(link) => WalletEventFields::TakeInvitation { link },
            WalletEvent::CompareFingerprints { device, number } => {
                WalletEventFields::CompareFingerprints {
                    device: device.into(),
                    number,
                }
            }
            WalletEvent::DropPin(device) => WalletEventFields::DropPin {
                device: device.into(),
            },
            WalletEvent::Offer(offer) => WalletEventFields::Offer(offer.into()),
            WalletEvent::Accept(id) => WalletEventFields::Accept(transfer(id)),
            WalletEvent::Decline(id) => WalletEventFields::Decline(transfer(id)),
            WalletEvent::Cancel(id) => WalletEventFields::Cancel(transfer(id)),
            WalletEvent::Collect => WalletEventFields::Collect {},
            WalletEvent::Tick => WalletEventFields::Tick {},
            WalletEvent::Answer { request, answer } => {
                let (answer, error) = match answer {
                    Ok(answer) => (Some(answer), None),
                    Err(code) => (None, Some(code)),
                };
                WalletEventFields::Answer {
                    request,
                    answer,
                    error,
                }
            }
        }
    }
}

impl From<Offer> for OfferFields {
    fn from(offer: Offer) -> Self {
        OfferFields {
            to: offer.to.into(),
            credential: match offer.what {
                Offered::CarKey => CredentialFields::CarKey,
                Offered::AuthorizationToken(token) => {
                    CredentialFields::AuthorizationToken(token.expose().into())
                }
            },
            lifetime: offer.lifetime,
            again: offer.again,
        }
    }
}

impl Operation for StepWallet {
    const METHOD: &'static str = "wallet.event";
    type Input = On<StepWalletInput>;
    type Output = StepWalletOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<StepWalletOutput, Failure> {
        let held = held(reference, &handle)?;
        let event = input.event.try_into()?;
        let effects = held.wallet.step(event, input.now, &mut held.randomness)?;
        Ok(StepWalletOutput { effects })
    }
}

impl AtRest for Wallet {
    const SAVE: &'static str = "wallet.save";
    const RESTORE: &'static str = "wallet.restore";

    fn save(reference: &mut Reference, handle: &str) -> Result<Hex, Failure> {
        Ok(handed_out(held(reference, handle)?.wallet.save().to_json()))
    }

    /// The stream of its randomness goes on where it was.
    fn restore(reference: &mut Reference, handle: String, state: &[u8]) -> Result<(), Failure> {
        let saved = SavedWallet::from_json(text(state)?).map_err(broken)?;
        let keeper = reference.keeper(&handle).cloned();
        held(reference, &handle)?.wallet = saved.restore_with(keeper).map_err(broken)?;
        Ok(())
    }
}

/// Writes the wallet's state down.
pub type Save = super::Save<Wallet>;

/// Puts a wallet back from its saved state. The stream of its randomness goes on where it was.
pub type Restore = super::Restore<Wallet>;
