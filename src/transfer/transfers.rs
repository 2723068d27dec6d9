//! All transfers of one device (profile section 9): events in, states and messages out.

use super::car_key::{self, CarKeyError};
use super::payload::{AUTHORIZATION_TOKEN, CAR_KEY, Content, Payload, PayloadError, Provisioning};
use super::table::{self, EventName, Flow, Guard, StateName, Transition};
use super::{MessageType, SavedTransfers, TransferId};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, Recipient};
use crate::primitives::ed25519::{SigningKey, VerifyingKey};
use crate::primitives::{Randomness, RandomnessError, SecretBytes};
use crate::requirement::{flawed, require, required};
use crate::timestamp::{DAY, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a transfer lives where its offer does not say, in seconds (XFER-10).
pub const DEFAULT_LIFETIME: u64 = 2 * DAY;
/// How long it lives at most, in seconds (XFER-10).
pub const MAX_LIFETIME: u64 = 30 * DAY;

/// The reason of a cancel to a device that came second (XFER-05).
const ALREADY_CLAIMED: &str = "already-claimed";
/// The reason of a decline of a format that is not supported (PAY-07).
const UNSUPPORTED_FORMAT: &str = "unsupported-format";
/// The reason of a cancel after an attestation that does not hold (XFER-13).
const ATTESTATION_INVALID: &str = "attestation-invalid";
/// The reason of what a user ends without saying why.
const BY_USER: &str = "user";

/// What a user offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub what: Offered,
    /// For how long, in seconds: 1 to 2,592,000; 172,800 where not stated (XFER-10).
    pub lifetime: Option<u64>,
}

/// A credential on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    #[error("a transfer lives 1 to {MAX_LIFETIME} seconds (XFER-10)")]
    Lifetime,
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
            Self::NamesNoDevice | Self::Lifetime | Self::InvalidState(_) => ErrorCode::InvalidState,
            Self::CarKey(error) => error.code(),
            Self::Payload(error) => error.code(),
            Self::Randomness(_) => return None,
        })
    }
}

/// A transfer by its state: each state holds what it needs and no more (XFER-14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
            Self::OfferedToken { .. } | Self::InvitedToToken { .. } => Flow::Stateless,
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

    /// The row for an event; from its expiry on, what is left to do is what [`StateName::is_final`] allows.
    fn find(&self, event: EventName, holds: impl Fn(Guard) -> bool) -> Option<Transition> {
        table::find(Some((self.name(), self.flow())), event, holds)
    }

    /// The state as it is at `now`: past expiry the one that a tick leads to (XFER-10).
    fn at(&self, now: Timestamp) -> StateName {
        match self.expires() {
            Some(expires) if flawed!("XFER-10 a second late", now >= expires, now > expires) => {
                self.find(EventName::Tick, |guard| guard == Guard::PastExpiry)
                    .map_or(self.name(), |transition| transition.to)
            }
            _ => self.name(),
        }
    }
}

/// All transfers of one device. Every step is all or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfers {
    pub(super) transfers: BTreeMap<TransferId, Transfer>,
}

impl Transfers {
    /// No transfer yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The state of a transfer.
    #[must_use]
    pub fn state(&self, id: &TransferId) -> Option<StateName> {
        self.transfers.get(id).map(Transfer::name)
    }

    /// Every transfer with its state.
    pub fn states(&self) -> impl Iterator<Item = (&TransferId, StateName)> {
        self.transfers
            .iter()
            .map(|(id, transfer)| (id, transfer.name()))
    }

    /// The credential of a transfer that was provisioned here.
    #[must_use]
    pub fn credential(&self, id: &TransferId) -> Option<&Credential> {
        match self.transfers.get(id)? {
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
    pub fn step(
        &mut self,
        event: TransferEvent<'_>,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<Outcome>, TransferError> {
        match event {
            TransferEvent::Offer(offer) => self
                .offer(offer, now, randomness)
                .map(|outcome| vec![outcome]),
            TransferEvent::Accept(id) => self
                .accept(id, now, randomness)
                .map(|outcome| vec![outcome]),
            TransferEvent::Decline(id) => self
                .end(id, EventName::Decline, now)
                .map(|outcome| vec![outcome]),
            TransferEvent::Cancel(id) => self
                .end(id, EventName::Cancel, now)
                .map(|outcome| vec![outcome]),
            TransferEvent::Tick => Ok(self.tick(now)),
            TransferEvent::Message { from, payload } => self
                .message(from, payload, now)
                .map(|outcome| vec![outcome]),
        }
    }

    fn known(&self, id: &TransferId) -> Result<&Transfer, TransferError> {
        let transfer = required!(
            "XFER-03",
            self.transfers.get(id),
            TransferError::Unknown(*id)
        );
        Ok(transfer)
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
            let former = self.transfers.get(&id).filter(|_| ended).cloned();
            if let Some(former) = former.filter(|former| !matches!(former, Transfer::Ended { .. }))
            {
                let attic = format!("00000000{}", &id.to_string()[8..]);
                self.transfers
                    .extend(attic.parse().map(|attic| (attic, former)));
            }
        });
        let before = self.transfers.insert(id, next).map(|former| former.name());
        Outcome {
            transfer: id,
            before,
            after,
            sends,
            report,
        }
    }

    fn offer(
        &mut self,
        offer: Offer,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Outcome, TransferError> {
        let lifetime = offer
            .lifetime
            .unwrap_or(flawed!("XFER-10 default", DEFAULT_LIFETIME, DAY));
        require!(
            "XFER-10",
            (1..=MAX_LIFETIME).contains(&lifetime),
            TransferError::Lifetime
        );
        let to = offer.to;
        require!(
            "XFER-04",
            offer.what == Offered::CarKey || matches!(to, Recipient::Device(_)),
            TransferError::NamesNoDevice
        );
        let expires = Timestamp(now.0.saturating_add(lifetime));
        let id = TransferId::random(randomness)?;
        require!(
            "XFER-02",
            !self.transfers.contains_key(&id),
            TransferError::Duplicate(id)
        );
        let (next, format, provisioning) = match offer.what {
            Offered::AuthorizationToken(token) => (
                Transfer::OfferedToken { to, expires },
                AUTHORIZATION_TOKEN,
                Provisioning::AuthorizationToken(token),
            ),
            Offered::CarKey => {
                let owner = SigningKey::random(randomness)?;
                let request = car_key::creation_request(&owner);
                (
                    Transfer::OfferedCarKey { to, expires, owner },
                    CAR_KEY,
                    Provisioning::KeyCreationRequest(request),
                )
            }
        };
        let content = Content::ProvisioningInformation {
            provisioning,
            expires,
        };
        let payload = Payload::new(id, format, content);
        // What cannot be written is refused before anything changes.
        payload.encode()?;
        Ok(self.apply(id, next, Some(Outgoing { to, payload }), None))
    }

    fn accept(
        &mut self,
        id: TransferId,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Outcome, TransferError> {
        let transfer = self.known(&id)?;
        let now_in = transfer.at(now);
        let refused = TransferError::InvalidState(now_in);
        let to = transfer.peer();
        let format = transfer.format();
        let (next, content) = match transfer {
            _ if flawed!("XFER-10 accepted", now_in.is_final(), false) => return Err(refused),
            Transfer::InvitedToToken { from, token, .. } => (
                Transfer::Provisioned {
                    from: *from,
                    credential: Credential::AuthorizationToken {
                        token: token.clone(),
                    },
                },
                Content::Provisioned,
            ),
            Transfer::InvitedToCarKey {
                from,
                expires,
                creation,
            } => {
                let receiver = SigningKey::random(randomness)?;
                let request = car_key::signing_request(&id, &receiver);
                let next = Transfer::Requested {
                    from: *from,
                    expires: *expires,
                    creation: creation.clone(),
                    receiver,
                };
                (next, Content::KeySigningRequest(request))
            }
            _ => return Err(refused),
        };
        let payload = Payload::new(id, format, content);
        Ok(self.apply(id, next, Some(Outgoing { to, payload }), None))
    }

    /// The user declines or cancels.
    fn end(
        &mut self,
        id: TransferId,
        event: EventName,
        now: Timestamp,
    ) -> Result<Outcome, TransferError> {
        let transfer = self.known(&id)?;
        let now_in = transfer.at(now);
        let row = transfer
            .find(event, |_| false)
            .filter(|_| !now_in.is_final());
        let row = required!("XFER-11", row, TransferError::InvalidState(now_in));
        let to = transfer.peer();
        let reason = BY_USER.to_owned();
        let content = match row.sends {
            Some(MessageType::Decline) => Content::Decline { reason },
            _ => Content::Cancel { reason },
        };
        let payload = Payload::new(id, transfer.format(), content);
        let ended = Transfer::Ended {
            state: row.to,
            peer: to,
        };
        let next = flawed!("XFER-11 goes on", ended, transfer.clone());
        Ok(self.apply(id, next, Some(Outgoing { to, payload }), None))
    }

    /// What is past its expiry ends.
    fn tick(&mut self, now: Timestamp) -> Vec<Outcome> {
        let ended: Vec<_> = self
            .transfers
            .iter()
            .filter(|(_, transfer)| transfer.at(now) != transfer.name())
            .map(|(id, transfer)| {
                let state = transfer.at(now);
                let peer = transfer.peer();
                (*id, Transfer::Ended { state, peer })
            })
            .collect();
        ended
            .into_iter()
            .map(|(id, next)| self.apply(id, next, None, None))
            .collect()
    }

    fn message(
        &mut self,
        from: Address,
        payload: &Payload,
        now: Timestamp,
    ) -> Result<Outcome, TransferError> {
        let id = payload.transfer;
        if let Content::ProvisioningInformation {
            provisioning,
            expires,
        } = &payload.content
        {
            require!(
                "XFER-02",
                !self.transfers.contains_key(&id),
                TransferError::Duplicate(id)
            );
            return self.invited(from, payload, provisioning, *expires);
        }
        flawed!("XFER-03 made", (), {
            if !self.transfers.contains_key(&id) {
                let state = StateName::Cancelled;
                let peer = Recipient::Device(from);
                return Ok(self.apply(id, Transfer::Ended { state, peer }, None, None));
            }
        });
        let transfer = self.known(&id)?;
        let now_in = transfer.at(now);
        let second = matches!(payload.content, Content::KeySigningRequest(_))
            && second_device(transfer, now_in, &from);
        require!(
            "XFER-06",
            second || transfer.peer().includes(&from),
            TransferError::NotBound(from)
        );
        if second {
            return Ok(already_claimed(id, transfer, from));
        }
        let name = EventName::Message(payload.message_type());
        let unexpected = TransferError::UnexpectedMessage {
            state: now_in,
            message: payload.message_type().as_str(),
        };
        if payload.content == Content::Provisioned
            && matches!(now_in, StateName::OfferCancelled | StateName::OfferExpired)
        {
            // XFER-12: the credential is out, and can be revoked.
            let next = Transfer::Ended {
                state: now_in,
                peer: transfer.peer(),
            };
            let report = flawed!(
                "XFER-12 not reported",
                Some(ErrorCode::ProvisionedAfterEnd),
                None
            );
            return Ok(self.apply(id, next, None, report));
        }
        require!("XFER-01", !now_in.is_final(), unexpected);
        match (transfer, &payload.content) {
            (
                Transfer::OfferedCarKey { .. } | Transfer::Signed { .. },
                Content::KeySigningRequest(request),
            ) => self.sign(id, from, request),
            (Transfer::Requested { .. }, Content::KeyImportRequest(import)) => {
                self.import(id, import)
            }
            (transfer, _) => {
                let row = required!("XFER-01", transfer.find(name, |_| false), unexpected);
                let next = Transfer::Ended {
                    state: row.to,
                    peer: transfer.peer(),
                };
                Ok(self.apply(id, next, None, None))
            }
        }
    }

    /// An offer arrives; one of a format that is not supported is declined at once (PAY-07).
    fn invited(
        &mut self,
        from: Address,
        payload: &Payload,
        provisioning: &Provisioning,
        expires: Timestamp,
    ) -> Result<Outcome, TransferError> {
        let id = payload.transfer;
        let next = match provisioning {
            Provisioning::AuthorizationToken(token) => flawed!(
                "XFER-09 without consent",
                Transfer::InvitedToToken {
                    from,
                    expires,
                    token: token.clone(),
                },
                Transfer::Provisioned {
                    from,
                    credential: Credential::AuthorizationToken {
                        token: token.clone(),
                    },
                }
            ),
            Provisioning::KeyCreationRequest(creation) => {
                car_key::check_creation_request(creation.expose())?;
                Transfer::InvitedToCarKey {
                    from,
                    expires,
                    creation: creation.clone(),
                }
            }
            Provisioning::Unsupported => {
                let to = Recipient::Device(from);
                let reason = flawed!("PAY-07 reason", UNSUPPORTED_FORMAT, BY_USER).to_owned();
                let payload = Payload::new(id, &payload.format, Content::Decline { reason });
                let next = Transfer::Ended {
                    state: StateName::Declined,
                    peer: to,
                };
                return Ok(self.apply(id, next, Some(Outgoing { to, payload }), None));
            }
        };
        Ok(self.apply(id, next, None, None))
    }

    /// A key signing request arrives (XFER-05, XFER-07).
    fn sign(
        &mut self,
        id: TransferId,
        device: Address,
        request: &SecretBytes,
    ) -> Result<Outcome, TransferError> {
        let (next, import) = match self.known(&id)? {
            Transfer::Signed {
                request: signed,
                import,
                ..
            } => {
                require!("XFER-07", signed == request, TransferError::Conflicting);
                (self.known(&id)?.clone(), import.clone())
            }
            Transfer::OfferedCarKey { expires, owner, .. } => {
                let receiver = car_key::check_signing_request(&id, request.expose())?;
                let import = car_key::import_request(&id, owner, &receiver);
                let next = Transfer::Signed {
                    device,
                    expires: *expires,
                    request: request.clone(),
                    import: import.clone(),
                };
                let next = flawed!("XFER-08 stays open", next, self.known(&id)?.clone());
                (next, import)
            }
            transfer => return Err(TransferError::InvalidState(transfer.name())),
        };
        let payload = Payload::new(id, CAR_KEY, Content::KeyImportRequest(import));
        let to = Recipient::Device(device);
        Ok(self.apply(id, next, Some(Outgoing { to, payload }), None))
    }

    /// A key import request arrives (XFER-13).
    fn import(&mut self, id: TransferId, import: &SecretBytes) -> Result<Outcome, TransferError> {
        let transfer = self.known(&id)?;
        let Transfer::Requested {
            from,
            creation,
            receiver,
            ..
        } = transfer
        else {
            return Err(TransferError::InvalidState(transfer.name()));
        };
        let to = Recipient::Device(*from);
        let owner: VerifyingKey = car_key::check_creation_request(creation.expose())?;
        let attested =
            car_key::check_import_request(&id, &owner, &receiver.verifying_key(), import.expose());
        let (next, content, report) = match attested {
            Ok(()) => (
                Transfer::Provisioned {
                    from: *from,
                    credential: Credential::CarKey {
                        receiver: receiver.clone(),
                        import: import.clone(),
                    },
                },
                Content::Provisioned,
                None,
            ),
            Err(error) => (
                Transfer::Ended {
                    state: StateName::Failed,
                    peer: to,
                },
                Content::Cancel {
                    reason: ATTESTATION_INVALID.to_owned(),
                },
                Some(error.code()),
            ),
        };
        let payload = Payload::new(id, CAR_KEY, content);
        Ok(self.apply(id, next, Some(Outgoing { to, payload }), report))
    }
}

/// Whether a device of the user asks for a key that another one was given (XFER-05).
fn second_device(transfer: &Transfer, now_in: StateName, from: &Address) -> bool {
    let claimed = matches!(now_in, StateName::Signed | StateName::Completed);
    match transfer.peer() {
        Recipient::Device(bound) if flawed!("XFER-05 not told", claimed, false) => {
            bound != *from && bound.user_id == from.user_id
        }
        _ => false,
    }
}

/// The second device is told so; the transfer stays as it is (XFER-05).
fn already_claimed(id: TransferId, transfer: &Transfer, from: Address) -> Outcome {
    let reason = ALREADY_CLAIMED.to_owned();
    Outcome {
        transfer: id,
        before: Some(transfer.name()),
        after: transfer.name(),
        sends: Some(Outgoing {
            to: Recipient::Device(from),
            payload: Payload::new(id, CAR_KEY, Content::Cancel { reason }),
        }),
        report: None,
    }
}
