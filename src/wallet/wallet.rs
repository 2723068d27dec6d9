//! The wallet's state, and what goes in and out of it.

use super::invitations::Invitations;
#[cfg(feature = "conformance")]
use super::outbox::Outbound;
use super::outbox::Outbox;
use super::requests::Requests;
use super::step::Step;
use super::{Limits, SavedWallet, WalletError};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId, TransferId};
use crate::intermediary::{Answer, Request, RequestId, Token};
use crate::primitives::Randomness;
use crate::sesame::Device;
use crate::timestamp::Timestamp;
#[cfg(feature = "conformance")]
use crate::transfer::MessageType;
use crate::transfer::{Host, Offer, StateName, TokenKey, Transfers, Vertical};
use serde::{Deserialize, Serialize};

/// What happens to a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WalletEvent {
    /// The device joins the intermediary, under a token that it draws: 32 bytes (MBX-01).
    Register {
        /// The token of another device of the user, where there is one (MBX-12).
        sponsor: Option<Token>,
    },
    /// The device leaves it (MBX-15).
    Remove,
    /// The user has lost another of its devices: it is taken off the intermediary (MBX-12).
    RemoveSibling(DeviceId),
    /// The user wants a link to give away (INV-05).
    Invite {
        /// Where the device's intermediary is.
        host: Host,
        /// What kind of credential is meant.
        vertical: Vertical,
        /// For how long, in seconds: 1 to 2,592,000; 604,800 where not stated.
        lifetime: Option<u64>,
    },
    /// The user no longer wants to be found by a link (INV-05).
    WithdrawInvitation(String),
    /// The user takes somebody's invitation: from now on its key alone speaks for that device (INV-03).
    TakeInvitation(String),
    /// The user was shown the number of X3DH-16 by the other device.
    CompareFingerprints {
        /// The other device.
        device: Address,
        /// What it shows: twelve groups of five digits with a space between.
        number: String,
    },
    /// The user no longer holds that device to the key that it is known by.
    DropPin(Address),
    /// The user offers a credential.
    Offer(Offer),
    /// The user accepts.
    Accept(TransferId),
    /// The user declines.
    Decline(TransferId),
    /// The user cancels.
    Cancel(TransferId),
    /// Messages wait at the intermediary.
    Collect,
    /// Time has come to where it now is.
    Tick,
    /// The intermediary answered.
    Answer {
        /// Which request.
        request: RequestId,
        /// What; a refusal by its code.
        answer: Result<Answer, ErrorCode>,
    },
}

/// What a wallet wants done, once its new state is saved (WAL-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every effect is a request, and none is kept"
)]
pub enum Effect {
    /// A request for the intermediary, as it stands on the wire.
    Request(Request),
    /// A link that the user can give away: its access key is published (INV-01).
    Invitation {
        /// The link. It holds a secret.
        link: String,
    },
    /// A transfer changed its state.
    Changed {
        /// The transfer.
        transfer: TransferId,
        /// The state before, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<StateName>,
        /// The state after.
        after: StateName,
    },
    /// Something that the user is told.
    Report(Report),
}

/// What a user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(tag = "report", rename_all = "kebab-case")]
pub enum Report {
    /// A message was refused.
    Refused {
        /// Who sent it.
        from: Address,
        /// Why.
        code: ErrorCode,
    },
    /// A message could not be sent, and is not tried again.
    Unsent {
        /// Whom it was for.
        to: Address,
        /// Why.
        code: ErrorCode,
    },
    /// A message waits, since the intermediary does not take it yet. It is told once.
    Delayed {
        /// Whom it is for.
        to: Address,
        /// Why: `mailbox-full` or `rate-limited`.
        code: ErrorCode,
    },
    /// The intermediary refused a request of the wallet's own: to join, to publish, to read.
    Rejected {
        /// Why.
        code: ErrorCode,
    },
    /// A device presents another identity key than before (SES-12).
    IdentityChanged {
        /// The device.
        device: Address,
    },
    /// A device has opened a further session beside the one that answers (SES-19).
    FurtherSession {
        /// The device.
        device: Address,
    },
    /// The transfer itself has something to say (XFER-12, XFER-13, XFER-17).
    Transfer {
        /// The transfer.
        transfer: TransferId,
        /// What.
        code: ErrorCode,
    },
}

/// A message that is still to be sent, as models look at it.
#[cfg(feature = "conformance")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutgoingMessage {
    pub(crate) to: Address,
    pub(crate) transfer: TransferId,
    pub(crate) message_type: MessageType,
    /// Whether it is on its way.
    pub(crate) is_started: bool,
}

/// A wallet. Every step is all or nothing.
///
/// A copy shares with the original what neither has changed since: copying takes no time that grows with the
/// transfers, or with the messages that wait to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wallet {
    pub(super) device: Device,
    pub(super) transfers: Transfers,
    /// Drawn by the device when it joins (MBX-01).
    pub(super) token: Option<Token>,
    pub(super) invitations: Invitations,
    pub(super) outbox: Outbox,
    pub(super) requests: Requests,
    /// When the wallet last asked how many one-time prekeys are left.
    pub(super) counted: Timestamp,
    pub(super) limits: Limits,
}

impl Wallet {
    /// A wallet with that device, not yet known to the intermediary.
    #[must_use]
    pub fn new(device: Device) -> Self {
        Wallet {
            counted: device.now(),
            transfers: Transfers::new(TokenKey::of(device.keys().identity().private())),
            device,
            token: None,
            invitations: Invitations::default(),
            outbox: Outbox::default(),
            requests: Requests::default(),
            limits: Limits::default(),
        }
    }

    /// The same wallet, held to other limits than the profile's: for tests and models. They are not saved.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.device = self.device.with_limits(limits.device);
        self.transfers = self.transfers.with_limits(limits.transfers);
        self.limits = limits;
        self
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The transfers.
    #[must_use]
    pub fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// What authorises the device at the intermediary, once it has joined.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref().filter(|_| !self.requests.is_joining())
    }

    /// Whether something that was to be sent is still here.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The devices whose links it has taken, each with the end of its link (INV-05).
    pub fn links_taken(&self) -> impl Iterator<Item = (Address, Timestamp)> {
        let taken = self.invitations.taken.iter();
        taken.map(|(address, taken)| (*address, taken.expires))
    }

    /// When each of the links that it has given away is over, for who wants to take it (INV-05).
    pub fn links_given(&self) -> impl Iterator<Item = Timestamp> {
        let made = self.invitations.made.values();
        made.map(|made| made.invitation.expires)
    }

    /// The requests that wait for an answer, as they go on the wire, the oldest first.
    #[cfg(feature = "conformance")]
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Request> {
        self.requests
            .iter()
            .map(|waiting| self.on_the_wire(waiting))
    }

    /// What is still to be sent, to each device in the order in which it leaves.
    #[cfg(feature = "conformance")]
    pub(crate) fn outgoing(&self) -> impl Iterator<Item = OutgoingMessage> {
        self.outbox.iter().map(|(to, message)| OutgoingMessage {
            to: *to,
            transfer: message.transfer,
            message_type: message.message_type,
            is_started: message.send.is_some(),
        })
    }

    /// The messages about a transfer that are still to be sent.
    #[cfg(feature = "conformance")]
    pub(crate) fn to_send(&self, transfer: TransferId) -> impl Iterator<Item = MessageType> {
        let of = move |(_, message): &(&Address, &Outbound)| message.transfer == transfer;
        self.outbox
            .iter()
            .filter(of)
            .map(|(_, message)| message.message_type)
    }

    /// The wallet in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedWallet {
        SavedWallet::from(self)
    }

    /// Carries an event out.
    ///
    /// # Errors
    /// Those of the transfer for what its user wants (section 9), `malformed` for a link (INV-04),
    /// `invalid-invitation` for one whose time is over (INV-05), `untrusted-identity` where a key is not the one
    /// known (X3DH-15, SES-18), `invalid-state` for a wish out of turn. What others send never fails: it is
    /// reported. The wallet is as it was.
    pub fn step(
        &mut self,
        event: WalletEvent,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<Effect>, WalletError> {
        let (wallet, effects) = Step::of(self, now, randomness).carry_out(event)?;
        *self = wallet;
        Ok(effects)
    }
}
