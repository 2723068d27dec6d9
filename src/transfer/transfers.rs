//! All transfers of one device (profile section 9): events in, states and messages out.

use super::car_key::{self, CarKeyError};
use super::payload::{AUTHORIZATION_TOKEN, CAR_KEY, Content, Payload, PayloadError, Provisioning};
use super::table::{self, EventName, Facts, Flow, Out, Refusal, StateName, Transition};
use super::token_key::{LastOffer, TokenDigest};
use super::{Limits, MessageType, SavedTransfers, TokenKey, TransferId};
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::ed25519::{SigningKey, VerifyingKey};
use crate::primitives::{Randomness, RandomnessError, SecretBytes};
use crate::requirement::{always_require, flawed, require};
use crate::timestamp::Timestamp;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a user offers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offer {
    /// To which device (XFER-04).
    pub to: Address,
    /// What.
    pub what: Offered,
    /// For how long, in seconds: 1 to 2,592,000; 172,800 where not stated (XFER-10).
    pub lifetime: Option<u64>,
    /// Whether the user knows that the token was offered before, and offers it all the same (XFER-18).
    pub again: bool,
}

/// A credential on offer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Offered {
    /// A car key: the stand-in of PAY-12, whose owner's key is drawn, 32 bytes.
    CarKey,
    /// A token that its issuer understands.
    AuthorizationToken(SecretBytes),
}

/// What happens to the transfers of a device.
#[derive(Clone, Debug)]
pub enum TransferEvent<'a> {
    /// The user offers a credential.
    Offer(Offer),
    /// The transfer's offer, or once it has signed its key import request, is about to be handed to the network for
    /// the first time; further times say nothing new. Where it is refused, the message must not be handed over
    /// (XFER-17).
    Out {
        /// The transfer.
        transfer: TransferId,
        /// What is handed over: `provisioningInformation` or `keyImportRequest`; of others nothing is asked.
        message: MessageType,
    },
    /// The user accepts.
    Accept(TransferId),
    /// The user declines.
    Decline(TransferId),
    /// The user cancels.
    Cancel(TransferId),
    /// Time has come to where it now is.
    Tick,
    /// A message was decrypted.
    Message {
        /// The device that sent it.
        from: Address,
        /// What it says.
        payload: &'a Payload,
        /// How long its plaintext is, in bytes: what answers it is no shorter (PAY-11).
        size: usize,
    },
}

impl TransferEvent<'_> {
    /// Its name in the table.
    #[must_use]
    pub fn name(&self) -> EventName {
        match self {
            Self::Offer(_) => EventName::Offer,
            Self::Out { .. } => EventName::Out,
            Self::Accept(_) => EventName::Accept,
            Self::Decline(_) => EventName::Decline,
            Self::Cancel(_) => EventName::Cancel,
            Self::Tick => EventName::Tick,
            Self::Message { payload, .. } => EventName::Message(payload.message_type()),
        }
    }
}

/// What an event did to a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The transfer.
    pub transfer: TransferId,
    /// The state before, if there was one.
    pub before: Option<StateName>,
    /// The state after.
    pub after: StateName,
    /// What is to be sent.
    pub sends: Option<Outgoing>,
    /// What the user is told (XFER-12, XFER-13, XFER-17).
    pub report: Option<ErrorCode>,
}

/// What can be told of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its state.
    pub state: StateName,
    /// The device that it is with (XFER-06).
    pub peer: Address,
    /// Of which flow it is; nothing once it has ended, but for what was provisioned here (XFER-14).
    pub flow: Option<Flow>,
    /// From then on it can no longer go on (XFER-10); nothing once it has ended.
    pub expires: Option<Timestamp>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// To which device.
    pub to: Address,
    /// What. An offer has no invitation yet. Before what lets the receiver provision is handed to the network for the
    /// first time, [`TransferEvent::Out`] is asked.
    pub payload: Payload,
    /// How long it is at least, in bytes, once it is padded (PAY-11).
    pub at_least: usize,
    /// From then on nobody needs it, and it is not handed over any more: the end of its transfer; where it is the end
    /// itself, 30 days later.
    pub expires: Timestamp,
}

/// An event that is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// XFER-02.
    #[error("transfer {0} is known already (XFER-02)")]
    Duplicate(TransferId),
    /// XFER-03.
    #[error("no transfer {0} is known (XFER-03)")]
    Unknown(TransferId),
    /// XFER-06.
    #[error("{0} is not bound to the transfer (XFER-06)")]
    NotBound(Address),
    /// XFER-07.
    #[error("another key signing request was signed before (XFER-07)")]
    Conflicting,
    /// XFER-10.
    #[error("a transfer lives 1 to {0} seconds (XFER-10)")]
    Lifetime(u64),
    /// XFER-18.
    #[error("the token was offered before, and somebody may still have it (XFER-18)")]
    AlreadyOffered,
    /// The same, with what nobody should see in it.
    #[cfg(feature = "flaws")]
    #[error("the token {0} was offered before")]
    Shown(&'static str),
    /// XFER-18.
    #[error("{0} tokens are on offer, and no more can be (XFER-18)")]
    TooManyOffered(usize),
    /// XFER-20.
    #[error("{0} has too many transfers here (XFER-20)")]
    TooManyTransfers(Address),
    /// A message that the state does not allow (XFER-01).
    #[error("{message} is not expected in {state} (XFER-01)")]
    UnexpectedMessage {
        /// The state, past expiry the one after it.
        state: StateName,
        /// The message.
        message: &'static str,
    },
    /// An event of the user that the state does not allow (XFER-01, XFER-11).
    #[error("not possible in {0} (XFER-01)")]
    InvalidState(StateName),
    /// A request of the car-key stand-in (PAY-12).
    #[error(transparent)]
    CarKey(#[from] CarKeyError),
    /// What would have to be sent cannot be written.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl TransferError {
    /// The profile's code for this error; none where randomness ran out, which is nobody's fault.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::Duplicate(_) => ErrorCode::DuplicateTransfer,
            Self::Unknown(_) => ErrorCode::UnknownTransfer,
            Self::NotBound(_) => ErrorCode::NotBound,
            Self::Conflicting => ErrorCode::ConflictingRequest,
            Self::UnexpectedMessage { .. } => ErrorCode::UnexpectedMessage,
            Self::AlreadyOffered => ErrorCode::AlreadyOffered,
            #[cfg(feature = "flaws")]
            Self::Shown(_) => ErrorCode::AlreadyOffered,
            Self::TooManyTransfers(_) => ErrorCode::RateLimited,
            Self::Lifetime(_) | Self::TooManyOffered(_) | Self::InvalidState(_) => {
                ErrorCode::InvalidState
            }
            Self::CarKey(error) => error.code(),
            Self::Payload(error) => error.code(),
            Self::Randomness(_) => return None,
        })
    }
}

/// What every transfer that has not ended holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    /// The device that it is with (XFER-06).
    peer: Address,
    /// From then on it can no longer go on (XFER-10).
    expires: Timestamp,
    /// How long the plaintext of its offer is, in bytes: no message of it is shorter (PAY-11).
    size: usize,
}

/// A transfer by its state: each state holds what it needs and no more (XFER-14).
///
/// `out` says of a sender's state whether the message that led to it was handed to the network (XFER-17).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(super) enum Transfer {
    /// S:Offered, a token.
    OfferedToken { terms: Terms, out: bool },
    /// S:Offered, a car key: the owner's key signs the receiver's.
    OfferedCarKey {
        terms: Terms,
        out: bool,
        owner: SigningKey,
    },
    /// S:Signed: to the same request the same answer is sent again.
    Signed {
        terms: Terms,
        out: bool,
        request: SecretBytes,
        import: SecretBytes,
    },
    /// R:Invited, a token.
    InvitedToToken { terms: Terms, token: SecretBytes },
    /// R:Invited, a car key.
    InvitedToCarKey { terms: Terms, creation: SecretBytes },
    /// R:Requested.
    Requested {
        terms: Terms,
        creation: SecretBytes,
        receiver: SigningKey,
    },
    /// R:Provisioned: the credential itself.
    Provisioned {
        from: Address,
        credential: Credential,
    },
    /// Every other state: it has ended, and nothing is left but whom it was with (XFER-14), until when it is forgotten
    /// (XFER-19).
    Ended {
        state: StateName,
        peer: Address,
        since: Timestamp,
    },
}

/// A credential that the receiver holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Credential {
    /// A token.
    AuthorizationToken {
        /// Its bytes.
        token: SecretBytes,
    },
    /// A car key of the stand-in.
    CarKey {
        /// The receiver's key.
        receiver: SigningKey,
        /// The owner's attestation of it.
        import: SecretBytes,
    },
}

impl Transfer {
    pub(super) fn name(&self) -> StateName {
        match self {
            Self::OfferedToken { .. } | Self::OfferedCarKey { .. } => StateName::Offered,
            Self::Signed { .. } => StateName::Signed,
            Self::InvitedToToken { .. } | Self::InvitedToCarKey { .. } => StateName::Invited,
            Self::Requested { .. } => StateName::Requested,
            Self::Provisioned { .. } => StateName::Provisioned,
            Self::Ended { state, .. } => *state,
        }
    }

    fn flow(&self) -> Flow {
        match self {
            Self::OfferedToken { .. }
            | Self::InvitedToToken { .. }
            | Self::Provisioned {
                credential: Credential::AuthorizationToken { .. },
                ..
            } => Flow::Stateless,
            _ => Flow::Stateful,
        }
    }

    fn format(&self) -> &'static str {
        match self.flow() {
            Flow::Stateless => AUTHORIZATION_TOKEN,
            Flow::Stateful => CAR_KEY,
        }
    }

    /// Nothing where it has ended.
    fn terms(&self) -> Option<&Terms> {
        match self {
            Self::OfferedToken { terms, .. }
            | Self::OfferedCarKey { terms, .. }
            | Self::Signed { terms, .. }
            | Self::InvitedToToken { terms, .. }
            | Self::InvitedToCarKey { terms, .. }
            | Self::Requested { terms, .. } => Some(terms),
            Self::Provisioned { .. } | Self::Ended { .. } => None,
        }
    }

    /// The same, now that the size of its offer is known.
    fn with_size(mut self, size: usize) -> Self {
        if let Self::OfferedToken { terms, .. } | Self::OfferedCarKey { terms, .. } = &mut self {
            terms.size = size;
        }
        self
    }

    /// From when on it can no longer go on; nothing where it has ended.
    fn expires(&self) -> Option<Timestamp> {
        self.terms().map(|terms| terms.expires)
    }

    /// When it ended; nothing where it has not, or is kept for ever.
    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Ended { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// The device that it is with.
    fn peer(&self) -> Address {
        match self {
            Self::Provisioned { from, .. } => *from,
            Self::Ended { peer, .. } => *peer,
            _ => self
                .terms()
                .map_or_else(|| unreachable!("it has not ended"), |terms| terms.peer),
        }
    }

    /// Who offered it, where it is kept for their sake and not for the user's (XFER-20).
    fn kept_for(&self) -> Option<Address> {
        let received = self.name().as_str().starts_with("R:");
        let received = flawed!("XFER-20 both ways", received, true);
        let wanted = self.name() == StateName::Provisioned;
        (received && !flawed!("XFER-20 provisioned ones", wanted, false)).then(|| self.peer())
    }

    /// What of it is out (XFER-17).
    fn out(&self) -> Out {
        match self {
            Self::OfferedToken { out: true, .. } | Self::Signed { out: true, .. } => {
                Out::Credential
            }
            Self::OfferedCarKey { out: true, .. } | Self::Signed { .. } => Out::Offer,
            _ => Out::Nothing,
        }
    }

    /// The same, once that message is out: an offer that goes out again says nothing of the key import request.
    fn once_out(&self, message: MessageType) -> Transfer {
        let mut next = self.clone();
        let (out, last) = match &mut next {
            Self::OfferedToken { out, .. } | Self::OfferedCarKey { out, .. } => {
                (out, MessageType::ProvisioningInformation)
            }
            Self::Signed { out, .. } => (out, MessageType::KeyImportRequest),
            _ => return next,
        };
        let says = flawed!("XFER-17 any message", message == last, true);
        *out |= flawed!("XFER-17 not remembered", says, false);
        next
    }

    /// It has ended in that state: all that it held is gone (XFER-14).
    fn ended(&self, state: StateName, since: Timestamp) -> Transfer {
        let peer = self.peer();
        Transfer::Ended { state, peer, since }
    }

    /// As if nothing were out.
    #[cfg(feature = "flaws")]
    pub(super) fn not_out(mut self) -> Self {
        if let Self::OfferedToken { out, .. }
        | Self::OfferedCarKey { out, .. }
        | Self::Signed { out, .. } = &mut self
        {
            *out = false;
        }
        self
    }

    /// As if nobody knew how long its offer was.
    #[cfg(feature = "flaws")]
    pub(super) fn of_no_size(mut self) -> Self {
        if let Self::OfferedToken { terms, .. }
        | Self::OfferedCarKey { terms, .. }
        | Self::Signed { terms, .. }
        | Self::InvitedToToken { terms, .. }
        | Self::InvitedToCarKey { terms, .. }
        | Self::Requested { terms, .. } = &mut self
        {
            terms.size = 0;
        }
        self
    }

    /// Whether that device is not the one that the transfer is with (XFER-06).
    fn is_strange(&self, from: &Address) -> bool {
        flawed!("XFER-06 once ended", (), {
            if self.ended_at().is_some() {
                return false;
            }
        });
        flawed!(
            "XFER-04 any device",
            self.peer() != *from,
            self.peer().user_id != from.user_id
        )
    }
}

/// All transfers of one device. Every step is all or nothing.
///
/// A copy shares with the original what neither has changed since: copying takes no time that grows with the
/// transfers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transfers {
    pub(super) by_id: OrdMap<TransferId, Arc<Transfer>>,
    /// Those that can still expire, the next one first. It follows from the transfers, as do the next two: they are
    /// kept so that a step looks at what it is about, and at nothing else.
    due: OrdSet<(Timestamp, TransferId)>,
    /// Those that have ended, the first one first (XFER-19).
    ended: OrdSet<(Timestamp, TransferId)>,
    /// Those that others offered, by who did (XFER-20).
    received: OrdMap<Address, OrdSet<TransferId>>,
    /// The tokens that were offered (XFER-18).
    pub(super) offered: OrdMap<TokenDigest, LastOffer>,
    pub(super) token_key: TokenKey,
    limits: Limits,
}

impl Transfers {
    /// No transfer yet. The tokens that are offered are remembered under that key (XFER-18).
    #[must_use]
    pub fn new(token_key: TokenKey) -> Self {
        Transfers {
            by_id: OrdMap::new(),
            due: OrdSet::new(),
            ended: OrdSet::new(),
            received: OrdMap::new(),
            offered: OrdMap::new(),
            token_key,
            limits: Limits::default(),
        }
    }

    /// The same transfers, held to other limits than the profile's: for tests and models. They are not saved.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The state of a transfer.
    #[must_use]
    pub fn state(&self, id: &TransferId) -> Option<StateName> {
        self.by_id.get(id).map(|transfer| transfer.name())
    }

    /// Every transfer with its state.
    pub fn states(&self) -> impl Iterator<Item = (&TransferId, StateName)> {
        self.by_id
            .iter()
            .map(|(id, transfer)| (id, transfer.name()))
    }

    /// The credential of a transfer that was provisioned here.
    #[must_use]
    pub fn credential(&self, id: &TransferId) -> Option<&Credential> {
        match &**self.by_id.get(id)? {
            Transfer::Provisioned { credential, .. } => Some(credential),
            _ => None,
        }
    }

    /// The transfers with that device that have not ended, and whose time is not over: a user who no longer trusts its key can
    /// cancel them.
    pub fn under_way_with(
        &self,
        peer: &Address,
        now: Timestamp,
    ) -> impl Iterator<Item = &TransferId> {
        let is_open = move |terms: &Terms| terms.peer == *peer && now < terms.expires;
        let with_peer = move |transfer: &Transfer| transfer.terms().is_some_and(is_open);
        self.by_id
            .iter()
            .filter(move |(_, transfer)| with_peer(transfer))
            .map(|(id, _)| id)
    }

    /// What the user can be told of a transfer; nothing where it is not known.
    #[must_use]
    pub fn summary(&self, id: &TransferId) -> Option<Summary> {
        self.by_id.get(id).map(|transfer| Summary {
            state: transfer.name(),
            peer: transfer.peer(),
            flow: transfer.ended_at().is_none().then(|| transfer.flow()),
            expires: transfer.expires(),
        })
    }

    /// The owner's key of a car key that is on offer here: what attests the receiver's, once that is signed.
    #[must_use]
    pub fn owner_key(&self, id: &TransferId) -> Option<VerifyingKey> {
        match &**self.by_id.get(id)? {
            Transfer::OfferedCarKey { owner, .. } => Some(owner.verifying_key()),
            _ => None,
        }
    }

    /// The transfers that have not ended: state, the device that each is with, and when it can no longer go on.
    #[cfg(feature = "conformance")]
    pub(crate) fn under_way(&self) -> impl Iterator<Item = (StateName, Address, Timestamp)> {
        self.by_id.values().filter_map(|transfer| {
            let terms = transfer.terms()?;
            Some((transfer.name(), terms.peer, terms.expires))
        })
    }

    /// What this side asked for, signed or did last in a transfer; nothing where that was to offer or to be offered.
    #[cfg(feature = "conformance")]
    pub(crate) fn said_last(&self, id: &TransferId) -> Option<Content> {
        Some(match &**self.by_id.get(id)? {
            Transfer::Requested { receiver, .. } => {
                Content::KeySigningRequest(car_key::signing_request(id, receiver))
            }
            Transfer::Signed { import, .. } => Content::KeyImportRequest(import.clone()),
            Transfer::Provisioned { .. } => Content::Provisioned,
            Transfer::Ended { state, .. } if *state == StateName::Declined => {
                let reason = "user".to_owned();
                Content::Decline { reason }
            }
            _ => return None,
        })
    }

    /// The transfers in their documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedTransfers {
        SavedTransfers::from(self)
    }

    /// Carries an event out. Only a tick can concern several transfers, or none.
    ///
    /// Randomness is drawn by an offer, 16 bytes for its id and for a car key 32 for the owner's key, and by
    /// the acceptance of a car key, 32 bytes (RND-01).
    ///
    /// # Errors
    /// In this order: for an offer of the user `invalid-state` (XFER-10), `already-offered`, `invalid-state` (XFER-18);
    /// `unknown-transfer` (XFER-03) or `duplicate-transfer` (XFER-02), `not-bound` (XFER-06), `unexpected-message` or
    /// `invalid-state` (XFER-01), `conflicting-request` (XFER-07), `rate-limited` (XFER-20), then what the
    /// event itself holds. Nothing has changed.
    #[allow(clippy::needless_pass_by_value, reason = "an event happens once")]
    pub fn step(
        &mut self,
        event: TransferEvent<'_>,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<Outcome>, TransferError> {
        let id = match &event {
            TransferEvent::Tick => return Ok(self.tick(now)),
            TransferEvent::Offer(offer) => {
                self.check(offer, now)?;
                TransferId::random(randomness)?
            }
            TransferEvent::Out { transfer: id, .. }
            | TransferEvent::Accept(id)
            | TransferEvent::Decline(id)
            | TransferEvent::Cancel(id) => *id,
            TransferEvent::Message { payload, .. } => payload.transfer,
        };
        flawed!("XFER-03 made", (), {
            if let (None, TransferEvent::Message { from, .. }) = (self.by_id.get(&id), &event)
                && !event.name().begins()
            {
                let (state, peer, since) = (StateName::Cancelled, *from, now);
                let made = Transfer::Ended { state, peer, since };
                return Ok(vec![self.apply(id, made, None, None)]);
            }
        });
        let former = self.by_id.get(&id).map(|former| &**former);
        let row =
            decide(former, id, &event, now).map_err(|refusal| refused(refusal, id, &event))?;
        if let TransferEvent::Message { from, .. } = &event
            && event.name().begins()
        {
            self.check_sender(from, now)?;
        }
        let limits = &self.limits;
        let mut next = next(row.to, former, id, &event, now, limits, randomness)?;
        let sends = row
            .sends
            .map(|message| {
                let content = content(message, row.reason, id, &next, &event)?;
                outgoing(content, former, id, &next, &event, now, limits)
            })
            .transpose()?;
        if let (TransferEvent::Offer(_), Some(sends)) = (&event, &sends) {
            next = next.with_size(sends.at_least);
        }
        flawed!("XFER-08 stays open", (), {
            if let (StateName::Signed, Some(former)) = (row.to, former) {
                let former = former.clone();
                return Ok(vec![self.apply(id, former, sends, row.reports)]);
            }
        });
        let outcome = self.apply(id, next, sends, row.reports);
        if let TransferEvent::Offer(Offer {
            what: Offered::AuthorizationToken(token),
            ..
        }) = &event
        {
            self.remember(token, id, now);
        }
        Ok(vec![outcome])
    }

    /// Puts the state after an event in place. Nothing here can fail.
    fn apply(
        &mut self,
        id: TransferId,
        next: Transfer,
        sends: Option<Outgoing>,
        report: Option<ErrorCode>,
    ) -> Outcome {
        let after = next.name();
        flawed!("XFER-14 kept", (), {
            let ended = matches!(next, Transfer::Ended { .. });
            let former = self.by_id.get(&id).filter(|_| ended).cloned();
            let former = former.filter(|former| !matches!(**former, Transfer::Ended { .. }));
            let attic = format!("00000000{}", &id.to_string()[8..]).parse();
            if let (Some(former), Ok(attic)) = (former, attic) {
                self.put(attic, former);
            }
        });
        let before = self.put(id, Arc::new(next));
        Outcome {
            transfer: id,
            before,
            after,
            sends,
            report,
        }
    }

    /// Puts a transfer in place of what was there, whose state is given back.
    pub(super) fn put(&mut self, id: TransferId, transfer: Arc<Transfer>) -> Option<StateName> {
        let former = self.remove(&id);
        if let Some(expires) = transfer.expires() {
            self.due.insert((expires, id));
        }
        if let Some(ended) = transfer.ended_at() {
            self.ended.insert((ended, id));
        }
        if let Some(sender) = transfer.kept_for() {
            self.received.entry(sender).or_default().insert(id);
        }
        self.by_id.insert(id, transfer);
        former
    }

    /// Forgets a transfer, whose state is given back.
    fn remove(&mut self, id: &TransferId) -> Option<StateName> {
        let former = self.by_id.remove(id)?;
        if let Some(expires) = former.expires() {
            self.due.remove(&(expires, *id));
        }
        if let Some(ended) = former.ended_at() {
            self.ended.remove(&(ended, *id));
        }
        if let Some(sender) = former.kept_for()
            && let Some(of_sender) = self.received.get_mut(&sender)
        {
            of_sender.remove(id);
            if of_sender.is_empty() {
                self.received.remove(&sender);
            }
        }
        Some(former.name())
    }

    /// What a user may offer.
    fn check(&self, offer: &Offer, now: Timestamp) -> Result<(), TransferError> {
        let most = self.limits.lifetime;
        require!(
            "XFER-10",
            (flawed!("XFER-10 zero", 1, 0)..=most).contains(&self.limits.lifetime_of(offer)),
            TransferError::Lifetime(most)
        );
        if let Offered::AuthorizationToken(token) = &offer.what {
            let known = self.offered.get(&self.token_key.digest(token));
            let known = known.is_some_and(|last| self.knows(last, now));
            flawed!("XFER-18 order", (), {
                let most = self.limits.offered;
                let has_room = self.offered.len() < most || self.oldest(now).is_some();
                always_require!("XFER-18", has_room, TransferError::TooManyOffered(most));
            });
            flawed!("PRIV-04 token", (), {
                if known && !offer.again {
                    let token = crate::hex::encode(token.expose()).leak();
                    return Err(TransferError::Shown(token));
                }
            });
            require!(
                "XFER-18",
                offer.again || !known,
                TransferError::AlreadyOffered
            );
            let most = self.limits.offered;
            let has_room = known || self.offered.len() < most || self.oldest(now).is_some();
            always_require!("XFER-18", has_room, TransferError::TooManyOffered(most));
        }
        Ok(())
    }

    /// Whether a token that was offered is still remembered (XFER-18).
    fn knows(&self, last: &LastOffer, now: Timestamp) -> bool {
        let kept = flawed!(
            "XFER-18 a month",
            self.limits.offered_kept,
            self.limits.lifetime
        );
        flawed!("XFER-18 under way", (), {
            let transfer = self.by_id.get(&last.transfer);
            return transfer.is_some_and(|transfer| transfer.expires().is_some());
        });
        now.seconds_since(last.at) < kept
    }

    /// The token that gives way first where there are too many: the one that was offered longest ago of those whose
    /// transfer has ended (XFER-18).
    fn oldest(&self, now: Timestamp) -> Option<TokenDigest> {
        let under_way = |id: &TransferId| {
            let expires = self.by_id.get(id).and_then(|transfer| transfer.expires());
            expires.is_some_and(|expires| flawed!("XFER-18 not judged", now < expires, true))
        };
        let ended = self
            .offered
            .iter()
            .filter(|(_, last)| flawed!("XFER-18 on offer", !under_way(&last.transfer), true));
        let age = |(token, last): &(&TokenDigest, &LastOffer)| (last.at, **token);
        let oldest = flawed!(
            "XFER-18 newest",
            ended.min_by_key(age),
            ended.max_by_key(age)
        )?;
        Some(*oldest.0)
    }

    /// A token is offered in that transfer, for which there is room (XFER-18).
    fn remember(&mut self, token: &SecretBytes, transfer: TransferId, now: Timestamp) {
        let token = self.token_key.digest(token);
        if !self.offered.contains_key(&token)
            && self.offered.len() >= self.limits.offered
            && let Some(oldest) = self.oldest(now)
        {
            self.offered.remove(&oldest);
        }
        let at = flawed!("XFER-18 first time", now, {
            let known = self.offered.get(&token);
            known.map_or(now, |last| last.at)
        });
        self.offered.insert(token, LastOffer { at, transfer });
    }

    /// Whether a further offer of that sender is taken (XFER-20).
    fn check_sender(&self, from: &Address, now: Timestamp) -> Result<(), TransferError> {
        flawed!("XFER-20 of a user", (), {
            let of_user = |sender: &Address| sender.user_id == from.user_id;
            let known = self.received.iter().filter(|(sender, _)| of_user(sender));
            if known.map(|(_, ids)| ids.len()).sum::<usize>() >= self.limits.under_way {
                return Err(TransferError::TooManyTransfers(*from));
            }
        });
        let Some(known) = self.received.get(from) else {
            return Ok(());
        };
        let expires = known.iter().filter_map(|id| self.by_id.get(id)?.expires());
        let under_way = expires
            .filter(|expires| flawed!("XFER-20 not judged", now < *expires, true))
            .count();
        require!(
            "XFER-20",
            under_way < self.limits.under_way
                && flawed!("XFER-20 ended ones", known.len() < self.limits.known, true),
            TransferError::TooManyTransfers(*from)
        );
        Ok(())
    }

    /// What is past its expiry ends, and what ended long ago is forgotten.
    fn tick(&mut self, now: Timestamp) -> Vec<Outcome> {
        self.forget(now);
        let due = self.due.iter().take_while(|(expires, _)| *expires <= now);
        let mut ended: Vec<_> = due
            .filter_map(|(_, id)| {
                let transfer = self.by_id.get(id)?;
                let row = decide(Some(transfer), *id, &TransferEvent::Tick, now).ok()?;
                Some((*id, transfer.ended(row.to, now), row.reports))
            })
            .collect();
        ended.sort_by_key(|(id, ..)| *id);
        ended
            .into_iter()
            .map(|(id, next, report)| self.apply(id, next, None, report))
            .collect()
    }

    /// XFER-18, XFER-19.
    fn forget(&mut self, now: Timestamp) {
        let kept = flawed!("XFER-19 never", self.limits.ended_kept, u64::MAX);
        let kept = flawed!("XFER-19 at once", kept, 1);
        let ended = self.ended.iter();
        let over: Vec<_> = ended
            .take_while(|(since, _)| now.seconds_since(*since) >= kept)
            .map(|(_, id)| *id)
            .collect();
        for id in over {
            self.remove(&id);
        }
        let offered = self.offered.iter();
        let over: Vec<_> = offered
            .filter(|(_, last)| !self.knows(last, now))
            .map(|(token, _)| *token)
            .collect();
        for token in over {
            self.offered.remove(&token);
        }
    }
}

/// What the table says of an event, given the facts that it asks for.
fn decide(
    transfer: Option<&Transfer>,
    id: TransferId,
    event: &TransferEvent<'_>,
    now: Timestamp,
) -> Result<Transition, Refusal> {
    let name = event.name();
    let content = match event {
        TransferEvent::Message { payload, .. } => Some(&payload.content),
        _ => None,
    };
    let past = |expires: Timestamp| {
        let past = flawed!("XFER-10 a second late", now >= expires, now > expires);
        flawed!("XFER-10 a second early", past, now.after(1) >= expires)
    };
    let facts = Facts {
        past_expiry: transfer.and_then(Transfer::expires).is_some_and(past),
        stranger: match (transfer, event) {
            (Some(transfer), TransferEvent::Message { from, .. }) if !name.begins() => {
                transfer.is_strange(from)
            }
            _ => false,
        },
        same_request: match (transfer, content) {
            (Some(Transfer::Signed { request, .. }), Some(Content::KeySigningRequest(again))) => {
                flawed!(
                    "XFER-07 key alone",
                    request == again,
                    request.expose().get(..32) == again.expose().get(..32)
                )
            }
            _ => false,
        },
        attestation_valid: match (transfer, content) {
            (
                Some(Transfer::Requested {
                    creation, receiver, ..
                }),
                Some(Content::KeyImportRequest(import)),
            ) => attested(&id, creation, receiver, import).is_ok(),
            _ => false,
        },
        format_supported: match content {
            Some(Content::ProvisioningInformation { provisioning, .. }) => {
                *provisioning != Provisioning::Unsupported
            }
            _ => false,
        },
        out: transfer.map(Transfer::out).unwrap_or_default(),
    };
    let from = transfer.map(|transfer| (transfer.name(), transfer.flow()));
    table::decide(from, name, facts)
}

/// Whether the owner attests the key that this receiver asked for (XFER-13).
fn attested(
    id: &TransferId,
    creation: &SecretBytes,
    receiver: &SigningKey,
    import: &SecretBytes,
) -> Result<(), CarKeyError> {
    let owner = car_key::check_creation_request(creation.expose())?;
    car_key::check_import_request(id, &owner, &receiver.verifying_key(), import.expose())
}

/// The table's refusal of an event.
fn refused(refusal: Refusal, id: TransferId, event: &TransferEvent<'_>) -> TransferError {
    match (refusal, event) {
        (Refusal::Duplicate, _) => TransferError::Duplicate(id),
        (Refusal::NotBound, TransferEvent::Message { from, .. }) => TransferError::NotBound(*from),
        (Refusal::Conflicting, _) => TransferError::Conflicting,
        (Refusal::NoRow { state: Some(state) }, TransferEvent::Message { payload, .. }) => {
            TransferError::UnexpectedMessage {
                state,
                message: payload.message_type().as_str(),
            }
        }
        (Refusal::NoRow { state: Some(state) }, _) => TransferError::InvalidState(state),
        (Refusal::Unknown | Refusal::NotBound | Refusal::NoRow { state: None }, _) => {
            TransferError::Unknown(id)
        }
    }
}

/// The transfer in the state that a row leads to.
///
/// # Errors
/// What the event holds is refused by itself: a key creation or signing request (PAY-12). Randomness ran out.
fn next(
    to: StateName,
    former: Option<&Transfer>,
    id: TransferId,
    event: &TransferEvent<'_>,
    now: Timestamp,
    limits: &Limits,
    randomness: &mut dyn Randomness,
) -> Result<Transfer, TransferError> {
    use TransferEvent::{Accept, Cancel, Decline, Message, Offer, Out};
    let next = match (to, former, event) {
        (_, Some(former), Out { message, .. }) => former.once_out(*message),
        (to, Some(former), _) if to == former.name() => former.clone(),
        (StateName::Offered, _, Offer(offer)) => {
            let terms = Terms {
                peer: offer.to,
                expires: now.after(limits.lifetime_of(offer)),
                size: 0,
            };
            match offer.what {
                Offered::AuthorizationToken(_) => Transfer::OfferedToken { terms, out: false },
                Offered::CarKey => Transfer::OfferedCarKey {
                    terms,
                    out: false,
                    owner: SigningKey::random(randomness)?,
                },
            }
        }
        (StateName::Requested, Some(Transfer::InvitedToCarKey { terms, creation }), Accept(_)) => {
            Transfer::Requested {
                terms: *terms,
                creation: creation.clone(),
                receiver: SigningKey::random(randomness)?,
            }
        }
        (StateName::Provisioned, Some(Transfer::InvitedToToken { terms, token }), Accept(_)) => {
            provisioned_with(terms.peer, token)
        }
        (
            to,
            former,
            Message {
                from,
                payload,
                size,
            },
        ) => {
            let most = now.after(limits.lifetime);
            let terms = |expires: Timestamp| Terms {
                peer: *from,
                expires: flawed!("XFER-10 for ever", expires.min(most), expires),
                size: flawed!("PAY-11 not remembered", *size, 0),
            };
            return next_by_message(to, former, id, &payload.content, now, terms);
        }
        (state, Some(former), Decline(_) | Cancel(_)) => {
            flawed!("XFER-11 goes on", former.ended(state, now), former.clone())
        }
        (state, Some(former), _) => former.ended(state, now),
        (_, None, _) => return Err(TransferError::Unknown(id)),
    };
    Ok(next)
}

/// The same, where a message brought it there. An offer with that expiry has these terms.
fn next_by_message(
    to: StateName,
    former: Option<&Transfer>,
    id: TransferId,
    content: &Content,
    now: Timestamp,
    offered: impl Fn(Timestamp) -> Terms,
) -> Result<Transfer, TransferError> {
    use Content::{KeyImportRequest, KeySigningRequest, ProvisioningInformation};
    let next = match (to, former, content) {
        (
            StateName::Signed,
            Some(Transfer::OfferedCarKey { terms, owner, .. }),
            KeySigningRequest(request),
        ) => {
            let receiver = car_key::check_signing_request(&id, request.expose())?;
            Transfer::Signed {
                terms: *terms,
                out: false,
                request: request.clone(),
                import: car_key::import_request(&id, owner, &receiver),
            }
        }
        (
            StateName::Invited,
            _,
            ProvisioningInformation {
                provisioning: Provisioning::AuthorizationToken(token),
                expires,
            },
        ) => flawed!(
            "XFER-09 without consent",
            Transfer::InvitedToToken {
                terms: offered(*expires),
                token: token.clone(),
            },
            provisioned_with(offered(*expires).peer, token)
        ),
        (
            StateName::Invited,
            _,
            ProvisioningInformation {
                provisioning: Provisioning::KeyCreationRequest(creation),
                expires,
            },
        ) => {
            car_key::check_creation_request(creation.expose())?;
            Transfer::InvitedToCarKey {
                terms: offered(*expires),
                creation: creation.clone(),
            }
        }
        (
            StateName::Provisioned,
            Some(Transfer::Requested {
                terms, receiver, ..
            }),
            KeyImportRequest(import),
        ) => Transfer::Provisioned {
            from: terms.peer,
            credential: Credential::CarKey {
                receiver: receiver.clone(),
                import: import.clone(),
            },
        },
        (state, Some(former), _) => former.ended(state, now),
        (state, None, _) => Transfer::Ended {
            state,
            peer: offered(now).peer,
            since: now,
        },
    };
    Ok(next)
}

fn provisioned_with(from: Address, token: &SecretBytes) -> Transfer {
    Transfer::Provisioned {
        from,
        credential: Credential::AuthorizationToken {
            token: token.clone(),
        },
    }
}

/// What a message of that type says, in the state that its row leads to.
fn content(
    message: MessageType,
    reason: &str,
    id: TransferId,
    next: &Transfer,
    event: &TransferEvent<'_>,
) -> Result<Content, TransferError> {
    let reason = reason.to_owned();
    Ok(match (message, next, event) {
        (
            MessageType::ProvisioningInformation,
            Transfer::OfferedToken { terms, .. },
            TransferEvent::Offer(Offer {
                what: Offered::AuthorizationToken(token),
                ..
            }),
        ) => Content::ProvisioningInformation {
            provisioning: Provisioning::AuthorizationToken(token.clone()),
            expires: terms.expires,
        },
        (MessageType::ProvisioningInformation, Transfer::OfferedCarKey { terms, owner, .. }, _) => {
            Content::ProvisioningInformation {
                provisioning: Provisioning::KeyCreationRequest(car_key::creation_request(owner)),
                expires: terms.expires,
            }
        }
        (MessageType::KeySigningRequest, Transfer::Requested { receiver, .. }, _) => {
            Content::KeySigningRequest(car_key::signing_request(&id, receiver))
        }
        (MessageType::KeyImportRequest, Transfer::Signed { import, .. }, _) => {
            Content::KeyImportRequest(import.clone())
        }
        (MessageType::Provisioned, ..) => Content::Provisioned,
        (MessageType::Decline, ..) => Content::Decline { reason },
        (MessageType::Cancel, ..) => Content::Cancel { reason },
        // No row sends such a message with such a state.
        (_, next, _) => return Err(TransferError::InvalidState(next.name())),
    })
}

/// A message on its way: an answer to whom it answers, a wish of the user to whom the transfer is with. What
/// cannot be written is refused before anything changes.
fn outgoing(
    content: Content,
    former: Option<&Transfer>,
    id: TransferId,
    next: &Transfer,
    event: &TransferEvent<'_>,
    now: Timestamp,
    limits: &Limits,
) -> Result<Outgoing, TransferError> {
    let (format, offered) = match (event, former) {
        (TransferEvent::Message { payload, size, .. }, None) => (
            flawed!("PAY-07 car key's", payload.format.as_str(), CAR_KEY),
            *size,
        ),
        (_, former) => {
            let known = former.unwrap_or(next);
            let offered = known.terms().map_or(0, |terms| terms.size);
            (known.format(), offered)
        }
    };
    let expires = next.expires().unwrap_or(now.after(limits.lifetime));
    let payload = Payload::new(id, format, content);
    let at_least = flawed!("PAY-11 each by itself", offered, 0);
    Ok(Outgoing {
        to: next.peer(),
        at_least: payload.encode(at_least)?.len(),
        payload,
        expires,
    })
}
