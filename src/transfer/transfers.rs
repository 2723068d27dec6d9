//! All transfers of one device (profile section 9): events in, states and messages out.

use super::car_key::{self, CarKeyError};
use super::payload::{AUTHORIZATION_TOKEN, CAR_KEY, Content, Payload, PayloadError, Provisioning};
use super::table::{self, EventName, Facts, Flow, Refusal, Sender, StateName, Transition};
use super::{Limits, MessageType, SavedTransfers, TransferId};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, Recipient};
use crate::primitives::ed25519::SigningKey;
use crate::primitives::{Randomness, RandomnessError, SecretBytes};
use crate::requirement::{flawed, require};
use crate::timestamp::Timestamp;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a user offers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offer {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub what: Offered,
    /// For how long, in seconds: 1 to 2,592,000; 172,800 where not stated (XFER-10).
    pub lifetime: Option<u64>,
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
    },
}

impl TransferEvent<'_> {
    /// Its name in the table.
    #[must_use]
    pub fn name(&self) -> EventName {
        match self {
            Self::Offer(_) => EventName::Offer,
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
    /// What the user is told (XFER-12).
    pub report: Option<ErrorCode>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub payload: Payload,
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
    /// XFER-04.
    #[error("an authorization token goes to one device: name it (XFER-04)")]
    NamesNoDevice,
    /// XFER-06.
    #[error("{0} is not bound to the transfer (XFER-06)")]
    NotBound(Address),
    /// XFER-07.
    #[error("another key signing request was signed before (XFER-07)")]
    Conflicting,
    /// XFER-10.
    #[error("a transfer lives 1 to {0} seconds (XFER-10)")]
    Lifetime(u64),
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
            Self::NamesNoDevice | Self::Lifetime(_) | Self::InvalidState(_) => {
                ErrorCode::InvalidState
            }
            Self::CarKey(error) => error.code(),
            Self::Payload(error) => error.code(),
            Self::Randomness(_) => return None,
        })
    }
}

/// A transfer by its state: each state holds what it needs and no more (XFER-14).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(super) enum Transfer {
    /// S:Offered, a token.
    OfferedToken { to: Recipient, expires: Timestamp },
    /// S:Offered, a car key: the owner's key signs the receiver's.
    OfferedCarKey {
        to: Recipient,
        expires: Timestamp,
        owner: SigningKey,
    },
    /// S:Signed: to the same request the same answer is sent again.
    Signed {
        device: Address,
        expires: Timestamp,
        request: SecretBytes,
        import: SecretBytes,
    },
    /// R:Invited, a token.
    InvitedToToken {
        from: Address,
        expires: Timestamp,
        token: SecretBytes,
    },
    /// R:Invited, a car key.
    InvitedToCarKey {
        from: Address,
        expires: Timestamp,
        creation: SecretBytes,
    },
    /// R:Requested.
    Requested {
        from: Address,
        expires: Timestamp,
        creation: SecretBytes,
        receiver: SigningKey,
    },
    /// R:Provisioned: the credential itself.
    Provisioned {
        from: Address,
        credential: Credential,
    },
    /// Every other state: it has ended, and nothing is left but whom it was with (XFER-14).
    Ended { state: StateName, peer: Recipient },
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

    /// From when on it can no longer go on; nothing where it has ended.
    fn expires(&self) -> Option<Timestamp> {
        match self {
            Self::OfferedToken { expires, .. }
            | Self::OfferedCarKey { expires, .. }
            | Self::Signed { expires, .. }
            | Self::InvitedToToken { expires, .. }
            | Self::InvitedToCarKey { expires, .. }
            | Self::Requested { expires, .. } => Some(*expires),
            Self::Provisioned { .. } | Self::Ended { .. } => None,
        }
    }

    /// Whom it is with.
    fn peer(&self) -> Recipient {
        match self {
            Self::OfferedToken { to, .. } | Self::OfferedCarKey { to, .. } => *to,
            Self::Signed { device, .. } => Recipient::Device(*device),
            Self::InvitedToToken { from, .. }
            | Self::InvitedToCarKey { from, .. }
            | Self::Requested { from, .. }
            | Self::Provisioned { from, .. } => Recipient::Device(*from),
            Self::Ended { peer, .. } => *peer,
        }
    }

    /// It has ended in that state: all that it held is gone (XFER-14).
    fn ended(&self, state: StateName) -> Transfer {
        let peer = self.peer();
        Transfer::Ended { state, peer }
    }

    /// Who sent a message, for this transfer (XFER-06).
    fn sender(&self, from: &Address) -> Sender {
        match self.peer() {
            peer if peer.includes(from) => Sender::Bound,
            Recipient::Device(bound) if bound.user_id == from.user_id => Sender::OtherDevice,
            _ => Sender::Stranger,
        }
    }
}

/// All transfers of one device. Every step is all or nothing.
///
/// A copy shares with the original what neither has changed since: copying takes no time that grows with the
/// transfers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transfers {
    pub(super) by_id: OrdMap<TransferId, Arc<Transfer>>,
    /// Those that can still expire, the next one first. It follows from the transfers: it is kept so that a tick
    /// looks at what is due, and at nothing else.
    due: OrdSet<(Timestamp, TransferId)>,
    limits: Limits,
}

impl Transfers {
    /// No transfer yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
    /// In this order: `unknown-transfer` (XFER-03) or `duplicate-transfer` (XFER-02), `not-bound` (XFER-06),
    /// `conflicting-request` (XFER-07), `unexpected-message` or `invalid-state` (XFER-01), then what the
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
                self.check(offer)?;
                TransferId::random(randomness)?
            }
            TransferEvent::Accept(id) | TransferEvent::Decline(id) | TransferEvent::Cancel(id) => {
                *id
            }
            TransferEvent::Message { payload, .. } => payload.transfer,
        };
        flawed!("XFER-03 made", (), {
            if let (None, TransferEvent::Message { from, .. }) = (self.by_id.get(&id), &event)
                && !event.name().begins()
            {
                let state = StateName::Cancelled;
                let peer = Recipient::Device(*from);
                let made = Transfer::Ended { state, peer };
                return Ok(vec![self.apply(id, made, None, None)]);
            }
        });
        let former = self.by_id.get(&id).map(|former| &**former);
        let row =
            decide(former, id, &event, now).map_err(|refusal| refused(refusal, id, &event))?;
        let limits = &self.limits;
        let next = next(row.to, former, id, &event, now, limits, randomness)?;
        let sends = row
            .sends
            .map(|message| {
                let content = content(message, row.reason, id, &next, &event)?;
                outgoing(content, former, id, &next, &event)
            })
            .transpose()?;
        flawed!("XFER-08 stays open", (), {
            if let (StateName::Signed, Some(former)) = (row.to, former) {
                let former = former.clone();
                return Ok(vec![self.apply(id, former, sends, row.reports)]);
            }
        });
        Ok(vec![self.apply(id, next, sends, row.reports)])
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
        let expires = transfer.expires();
        let former = self.by_id.insert(id, transfer);
        if let Some(former) = former.as_ref().and_then(|former| former.expires()) {
            self.due.remove(&(former, id));
        }
        if let Some(expires) = expires {
            self.due.insert((expires, id));
        }
        former.map(|former| former.name())
    }

    /// What a user may offer, whatever the transfers are.
    fn check(&self, offer: &Offer) -> Result<(), TransferError> {
        let most = self.limits.lifetime;
        require!(
            "XFER-10",
            (1..=most).contains(&self.limits.lifetime_of(offer)),
            TransferError::Lifetime(most)
        );
        require!(
            "XFER-04",
            offer.what == Offered::CarKey || matches!(offer.to, Recipient::Device(_)),
            TransferError::NamesNoDevice
        );
        Ok(())
    }

    /// What is past its expiry ends.
    fn tick(&mut self, now: Timestamp) -> Vec<Outcome> {
        let due = self.due.iter().take_while(|(expires, _)| *expires <= now);
        let mut ended: Vec<_> = due
            .filter_map(|(_, id)| {
                let transfer = self.by_id.get(id)?;
                let row = decide(Some(transfer), *id, &TransferEvent::Tick, now).ok()?;
                Some((*id, transfer.ended(row.to)))
            })
            .collect();
        ended.sort_by_key(|(id, _)| *id);
        ended
            .into_iter()
            .map(|(id, next)| self.apply(id, next, None, None))
            .collect()
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
    let past = |expires| flawed!("XFER-10 a second late", now >= expires, now > expires);
    let facts = Facts {
        past_expiry: transfer.and_then(Transfer::expires).is_some_and(past),
        sender: match (transfer, event) {
            (Some(transfer), TransferEvent::Message { from, .. }) if !name.begins() => {
                transfer.sender(from)
            }
            _ => Sender::Bound,
        },
        same_request: match (transfer, content) {
            (Some(Transfer::Signed { request, .. }), Some(Content::KeySigningRequest(again))) => {
                request == again
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
    use TransferEvent::{Accept, Cancel, Decline, Message, Offer};
    let next = match (to, former, event) {
        (to, Some(former), _) if to == former.name() => former.clone(),
        (StateName::Offered, _, Offer(offer)) => {
            let to = offer.to;
            let expires = Timestamp(now.0.saturating_add(limits.lifetime_of(offer)));
            match offer.what {
                Offered::AuthorizationToken(_) => Transfer::OfferedToken { to, expires },
                Offered::CarKey => Transfer::OfferedCarKey {
                    to,
                    expires,
                    owner: SigningKey::random(randomness)?,
                },
            }
        }
        (
            StateName::Requested,
            Some(Transfer::InvitedToCarKey {
                from,
                expires,
                creation,
            }),
            Accept(_),
        ) => Transfer::Requested {
            from: *from,
            expires: *expires,
            creation: creation.clone(),
            receiver: SigningKey::random(randomness)?,
        },
        (StateName::Provisioned, Some(Transfer::InvitedToToken { from, token, .. }), Accept(_)) => {
            provisioned_with(*from, token)
        }
        (to, former, Message { from, payload }) => {
            return next_by_message(to, former, id, *from, &payload.content);
        }
        (state, Some(former), Decline(_) | Cancel(_)) => {
            flawed!("XFER-11 goes on", former.ended(state), former.clone())
        }
        (state, Some(former), _) => former.ended(state),
        (_, None, _) => return Err(TransferError::Unknown(id)),
    };
    Ok(next)
}

/// The same, where a message brought it there.
fn next_by_message(
    to: StateName,
    former: Option<&Transfer>,
    id: TransferId,
    from: Address,
    content: &Content,
) -> Result<Transfer, TransferError> {
    use Content::{KeyImportRequest, KeySigningRequest, ProvisioningInformation};
    let next = match (to, former, content) {
        (
            StateName::Signed,
            Some(Transfer::OfferedCarKey { expires, owner, .. }),
            KeySigningRequest(request),
        ) => {
            let receiver = car_key::check_signing_request(&id, request.expose())?;
            Transfer::Signed {
                device: from,
                expires: *expires,
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
                from,
                expires: *expires,
                token: token.clone(),
            },
            provisioned_with(from, token)
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
                from,
                expires: *expires,
                creation: creation.clone(),
            }
        }
        (
            StateName::Provisioned,
            Some(Transfer::Requested { from, receiver, .. }),
            KeyImportRequest(import),
        ) => Transfer::Provisioned {
            from: *from,
            credential: Credential::CarKey {
                receiver: receiver.clone(),
                import: import.clone(),
            },
        },
        (state, Some(former), _) => former.ended(state),
        (state, None, _) => Transfer::Ended {
            state,
            peer: Recipient::Device(from),
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
            Transfer::OfferedToken { expires, .. },
            TransferEvent::Offer(Offer {
                what: Offered::AuthorizationToken(token),
                ..
            }),
        ) => Content::ProvisioningInformation {
            provisioning: Provisioning::AuthorizationToken(token.clone()),
            expires: *expires,
        },
        (
            MessageType::ProvisioningInformation,
            Transfer::OfferedCarKey { expires, owner, .. },
            _,
        ) => Content::ProvisioningInformation {
            provisioning: Provisioning::KeyCreationRequest(car_key::creation_request(owner)),
            expires: *expires,
        },
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
) -> Result<Outgoing, TransferError> {
    let (to, format) = match (event, former) {
        (TransferEvent::Message { from, payload }, None) => {
            (Recipient::Device(*from), payload.format.as_str())
        }
        (TransferEvent::Message { from, .. }, Some(former)) => {
            (Recipient::Device(*from), former.format())
        }
        (_, former) => (next.peer(), former.unwrap_or(next).format()),
    };
    let payload = Payload::new(id, format, content);
    payload.encode()?;
    Ok(Outgoing { to, payload })
}
