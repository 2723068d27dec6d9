//! The transfers of a device, by handle: events and what they do, their state at rest (profile section 9).

use super::{
    AddressFields, AtRest, Done, On, Operation, Reference, array, broken, handed_out, is_false,
    text, with_randomness,
};
use crate::conformance::subject::Failure;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::Address;
use crate::timestamp::Timestamp;
use crate::transfer::{
    MessageType, Offer, Offered, Outcome, Payload, SavedTransfers, StateName, TokenKey,
    TransferEvent, TransferId, Transfers,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn held<'a>(reference: &'a mut Reference, handle: &str) -> Result<&'a mut Transfers, Failure> {
    reference
        .transfers
        .get_mut(handle)
        .ok_or_else(|| Failure::Broken(format!("no transfers have the handle `{handle}`")))
}

/// Makes the transfers of a device: none yet.
#[derive(Debug, JsonSchema)]
pub struct Create;

/// Parameters of [`Create`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateInput {
    /// The key under which offered tokens are remembered: 32 bytes (XFER-18).
    pub token_key: Hex,
}

impl Operation for Create {
    const METHOD: &'static str = "transfers.create";
    type Input = On<CreateInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let key: [u8; 32] = array("tokenKey", &input.token_key)?;
        let transfers = Transfers::new(TokenKey::from(key));
        reference.transfers.insert(handle, transfers);
        Ok(Done {})
    }
}

/// Carries an event out (XFER-01 to XFER-20).
#[derive(Debug, JsonSchema)]
pub struct StepTransfers;

/// Parameters of [`StepTransfers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepTransfersInput {
    /// The time, in seconds since 1970.
    pub now: Timestamp,
    /// What an offer or an acceptance draws; else nothing is drawn.
    pub randomness: Hex,
    /// What happens.
    pub event: TransferEventFields,
}

/// What happens to the transfers of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TransferEventFields {
    /// The user offers a credential.
    Offer(OfferFields),
    /// The transfer's offer, or once it has signed its key import request, is about to be handed to the network for
    /// the first time (XFER-17).
    Out(OutFields),
    /// The user accepts.
    Accept(TransferFields),
    /// The user declines.
    Decline(TransferFields),
    /// The user cancels.
    Cancel(TransferFields),
    /// Time has come to `now`.
    Tick,
    /// A message was decrypted.
    Message(MessageFields),
}

/// What a user offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferFields {
    /// To which device (XFER-04).
    pub to: AddressFields,
    /// What.
    pub credential: CredentialFields,
    /// For how long, in seconds; 172,800 where not stated (XFER-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
    /// Whether the user offers a token that was offered before all the same (XFER-18); not where not stated.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
}

/// A credential on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CredentialFields {
    /// A car key of the stand-in; the owner's key is drawn.
    CarKey,
    /// An authorization token: its bytes.
    AuthorizationToken(Hex),
}

/// A message that is about to be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutFields {
    /// The id of its transfer (XFER-02).
    pub transfer: String,
    /// Which: `provisioningInformation` or `keyImportRequest`.
    pub message: MessageType,
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransferFields {
    /// Its id (XFER-02).
    pub transfer: String,
}

/// A message of another device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageFields {
    /// The device that sent it.
    pub from: AddressFields,
    /// The payload with its padding (PAY-11).
    pub plaintext: Hex,
}

/// Result of [`StepTransfers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepTransfersOutput {
    /// What the event did, a transfer each, by rising transfer id. Only a tick can concern several, or none.
    pub outcomes: Vec<OutcomeFields>,
}

/// What an event did to a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeFields {
    /// The transfer's id (XFER-02).
    pub transfer: String,
    /// The state before, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<StateName>,
    /// The state after.
    pub after: StateName,
    /// What is to be sent, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<OutgoingFields>,
    /// What the user is told, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ErrorCode>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutgoingFields {
    /// To which device (XFER-04).
    pub to: AddressFields,
    /// The payload as it is written, with its padding (PAY-11, PAY-13).
    pub plaintext: Hex,
}

impl TryFrom<Outcome> for OutcomeFields {
    type Error = Failure;

    fn try_from(outcome: Outcome) -> Result<Self, Failure> {
        let sends = outcome.sends.map(|sends| {
            Ok::<_, Failure>(OutgoingFields {
                to: sends.to.into(),
                plaintext: sends.payload.encode(sends.at_least)?.as_slice().into(),
            })
        });
        Ok(OutcomeFields {
            transfer: outcome.transfer.to_string(),
            before: outcome.before,
            after: outcome.after,
            sends: sends.transpose()?,
            report: outcome.report,
        })
    }
}

impl TransferFields {
    fn id(&self) -> Result<TransferId, Failure> {
        Ok(self.transfer.parse()?)
    }
}

impl TryFrom<&OfferFields> for Offer {
    type Error = Failure;

    fn try_from(offer: &OfferFields) -> Result<Self, Failure> {
        Ok(Offer {
            to: (&offer.to).try_into()?,
            what: match &offer.credential {
                CredentialFields::CarKey => Offered::CarKey,
                CredentialFields::AuthorizationToken(token) => {
                    Offered::AuthorizationToken(token.to_vec().into())
                }
            },
            lifetime: offer.lifetime,
            again: offer.again,
        })
    }
}

impl TransferEventFields {
    /// Calls `take` with the event that these fields write down.
    ///
    /// # Errors
    /// `invalid-payload` for a message that cannot be read; where an id or an address is none, its own.
    pub fn with_event<T>(
        &self,
        take: impl FnOnce(TransferEvent<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self {
            Self::Offer(offer) => take(TransferEvent::Offer(offer.try_into()?)),
            Self::Out(out) => {
                let (transfer, message) = (out.transfer.parse()?, out.message);
                take(TransferEvent::Out { transfer, message })
            }
            Self::Accept(transfer) => take(TransferEvent::Accept(transfer.id()?)),
            Self::Decline(transfer) => take(TransferEvent::Decline(transfer.id()?)),
            Self::Cancel(transfer) => take(TransferEvent::Cancel(transfer.id()?)),
            Self::Tick => take(TransferEvent::Tick),
            Self::Message(message) => {
                let from = Address::try_from(&message.from)?;
                let payload = &Payload::decode(&message.plaintext)?;
                let size = message.plaintext.len();
                take(TransferEvent::Message {
                    from,
                    payload,
                    size,
                })
            }
        }
    }
}

impl Operation for StepTransfers {
    const METHOD: &'static str = "transfers.event";
    type Input = On<StepTransfersInput>;
    type Output = StepTransfersOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<StepTransfersOutput, Failure> {
        let held = held(reference, &handle)?;
        let before = held.clone();
        let outcomes = with_randomness(&input.randomness, |randomness| {
            input
                .event
                .with_event(|event| Ok(held.step(event, input.now, randomness)?))
        });
        // Where the randomness is not what the step draws, all is as it was.
        if let Err(Failure::Broken(_)) = outcomes {
            *held = before;
        }
        let outcomes = outcomes?.into_iter().map(OutcomeFields::try_from);
        Ok(StepTransfersOutput {
            outcomes: outcomes.collect::<Result<_, _>>()?,
        })
    }
}

impl AtRest for Transfers {
    const SAVE: &'static str = "transfers.save";
    const RESTORE: &'static str = "transfers.restore";

    fn save(reference: &mut Reference, handle: &str) -> Result<Hex, Failure> {
        Ok(handed_out(held(reference, handle)?.save().to_json()))
    }

    fn restore(reference: &mut Reference, handle: String, state: &[u8]) -> Result<(), Failure> {
        let saved = SavedTransfers::from_json(text(state)?).map_err(broken)?;
        let restored = Transfers::try_from(saved).map_err(broken)?;
        reference.transfers.insert(handle, restored);
        Ok(())
    }
}

/// Writes the transfers' state down.
pub type Save = super::Save<Transfers>;

/// Puts transfers back from their saved state, in place of whatever has the handle.
pub type Restore = super::Restore<Transfers>;
