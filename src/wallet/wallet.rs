//! The wallet's machine.

use super::{Limits, SavedWallet, WalletError};
use crate::agreement::BundleFields;
use crate::error_code::ErrorCode;
use crate::identifier::{Address, Recipient, TransferId};
use crate::intermediary::{
    AccessKey, Answer, Body, Envelope, MessageBytes, PublishedOneTimePreKey, Registration, Request,
    RequestId, Submission, Token,
};
use crate::primitives::{PublicKey, Randomness, SecretBytes};
use crate::requirement::{always_require, flawed, require, required};
use crate::sesame::{Device, DeviceMessage, Purpose, Send, SendEvent, SendStep, SesameError};
use crate::timestamp::Timestamp;
use crate::transfer::{
    Fingerprint, Host, Invitation, Offer, Outcome, Payload, StateName, TransferEvent, Transfers,
    Vertical,
};
use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What happens to a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WalletEvent {
    /// The device joins the intermediary.
    Register {
        /// The token of another device of the user, where there is one (MBX-12).
        sponsor: Option<Token>,
    },
    /// The device leaves it (MBX-15).
    Remove,
    /// The user takes somebody's invitation (INV-03).
    TakeInvitation(String),
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

/// What a wallet wants done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// A request for the intermediary, as it stands on the wire.
    Request(Request),
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
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
#[serde(tag = "report", rename_all = "kebab-case")]
pub enum Report {
    /// A message was refused.
    Refused {
        /// Who sent it.
        from: Address,
        /// Why.
        code: ErrorCode,
    },
    /// A message could not be sent.
    Unsent {
        /// Whom it was for.
        to: Recipient,
        /// Why.
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
    /// The transfer itself has something to say (XFER-12, XFER-13).
    Transfer {
        /// The transfer.
        transfer: TransferId,
        /// What.
        code: ErrorCode,
    },
}

/// A message that is still to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Outbound {
    pub(super) recipient: Recipient,
    /// The payload, for as long as it is not on its way.
    pub(super) plaintext: SecretBytes,
    /// How far it is; nothing while others go first.
    pub(super) send: Option<Send>,
}

/// A request that has no answer yet. It is repeated as it is (MBX-13).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    pub(super) id: RequestId,
    /// Whose token it bears, where not the wallet's own.
    pub(super) sponsor: Option<Token>,
    pub(super) body: Body,
}

/// A wallet. Every step is all or nothing.
///
/// A copy shares with the original what neither has changed since: copying takes no time that grows with the
/// transfers, or with the messages that wait to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wallet {
    pub(super) device: Device,
    pub(super) transfers: Transfers,
    pub(super) token: Option<Token>,
    /// The token of a registration that has no answer yet.
    pub(super) registering: Option<Token>,
    /// What invitations say of devices whose identity key has not been seen yet (INV-03).
    pub(super) invited: OrdMap<Address, Fingerprint>,
    /// Messages to send, one after the other; the first is on its way.
    pub(super) outbound: Vector<Arc<Outbound>>,
    /// Requests without an answer, the oldest first.
    pub(super) waiting: Vector<Arc<Waiting>>,
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
            device,
            transfers: Transfers::new(),
            token: None,
            registering: None,
            invited: OrdMap::new(),
            outbound: Vector::new(),
            waiting: Vector::new(),
            limits: Limits::PROFILE,
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

    /// What authorises the device at the intermediary.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Whether something that was to be sent is still here.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        !self.outbound.is_empty()
    }

    /// The link by which others find the device and know its identity key (INV-01).
    #[must_use]
    pub fn invitation(&self, host: Host, vertical: Vertical) -> Invitation {
        Invitation {
            host,
            address: self.device.address(),
            vertical,
            fingerprint: Fingerprint::of(self.device.keys().identity().public()),
        }
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
    /// `invalid-state` for a registration out of turn. What others send never fails: it is reported. The
    /// wallet is as it was.
    pub fn step(
        &mut self,
        event: WalletEvent,
        now: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Vec<Effect>, WalletError> {
        let mut next = Step {
            wallet: self.clone(),
            now,
            randomness,
            effects: Vec::new(),
        };
        next.apply(event)?;
        next.go_on_sending()?;
        let Step {
            wallet, effects, ..
        } = next;
        *self = wallet;
        Ok(effects)
    }
}

/// A step on a copy of the wallet, which takes the wallet's place where it succeeds.
struct Step<'a> {
    wallet: Wallet,
    now: Timestamp,
    randomness: &'a mut dyn Randomness,
    effects: Vec<Effect>,
}

impl Step<'_> {
    fn apply(&mut self, event: WalletEvent) -> Result<(), WalletError> {
        match event {
            WalletEvent::Register { sponsor } => self.register(sponsor),
            WalletEvent::Remove => {
                let address = self.wallet.device.address();
                self.request(Body::Remove { address })
            }
            WalletEvent::TakeInvitation(link) => {
                let invitation: Invitation = link.parse()?;
                let Invitation {
                    address,
                    fingerprint,
                    ..
                } = invitation;
                self.wallet.invited.insert(address, fingerprint);
                Ok(())
            }
            WalletEvent::Offer(offer) => self.transfer(TransferEvent::Offer(offer)),
            WalletEvent::Accept(id) => self.transfer(TransferEvent::Accept(id)),
            WalletEvent::Decline(id) => self.transfer(TransferEvent::Decline(id)),
            WalletEvent::Cancel(id) => self.transfer(TransferEvent::Cancel(id)),
            WalletEvent::Collect => self.collect(),
            WalletEvent::Tick => self.tick(),
            WalletEvent::Answer { request, answer } => self.answered(&request, answer),
        }
    }

    fn report(&mut self, report: Report) {
        self.effects.push(Effect::Report(report));
    }

    // Requests

    fn request(&mut self, body: Body) -> Result<(), WalletError> {
        require!(
            "MBX-12",
            self.wallet.token.is_some(),
            WalletError::Registration("not registered")
        );
        self.ask(None, body)
    }

    /// A request goes out, and is kept until it is answered. Its id is drawn, 16 bytes: what is counted would
    /// tie a wallet's requests together (PRIV-02).
    fn ask(&mut self, sponsor: Option<Token>, body: Body) -> Result<(), WalletError> {
        let id = RequestId::random(self.randomness)?;
        let waiting = Waiting { id, sponsor, body };
        self.effects
            .push(Effect::Request(self.wallet.on_the_wire(&waiting)));
        self.wallet.waiting.push_back(Arc::new(waiting));
        Ok(())
    }

    fn waits_for(&self, is: impl Fn(&Body) -> bool) -> bool {
        self.wallet.waiting.iter().any(|waiting| is(&waiting.body))
    }

    fn register(&mut self, sponsor: Option<Token>) -> Result<(), WalletError> {
        let registering = self.waits_for(|body| matches!(body, Body::Register(_)));
        let may_register = self.wallet.token.is_none() && !registering;
        always_require!(
            "MBX-01",
            may_register,
            WalletError::Registration("registered already")
        );
        let one_time_pre_keys = self.more_one_time_pre_keys()?;
        let token = Token::random(self.randomness)?;
        let token_hash = token.digest();
        self.wallet.registering = Some(token);
        let device = &self.wallet.device;
        let bundle = required!(
            "KEY-08",
            device.bundle(None),
            WalletError::Registration("without a signed prekey, and cannot register")
        );
        let registration = Registration {
            address: device.address(),
            token_hash,
            registration_id: bundle.registration_id,
            identity_key: bundle.party.identity_key.encode().into(),
            signed_pre_key_id: bundle.signed_pre_key.id,
            signed_pre_key: bundle.signed_pre_key.key.encode().into(),
            signed_pre_key_signature: bundle.signed_pre_key.signature.as_bytes().into(),
            created: bundle.statement.created,
            suites: bundle.statement.suites,
            statement_signature: bundle.statement.signature.as_bytes().into(),
            one_time_pre_keys,
        };
        self.ask(sponsor, Body::Register(registration))
    }

    /// New one-time prekeys, as they are published: 32 bytes of randomness each.
    fn more_one_time_pre_keys(&mut self) -> Result<Vec<PublishedOneTimePreKey>, WalletError> {
        let keys = self
            .wallet
            .device
            .add_one_time_pre_keys(self.wallet.limits.more_one_time_pre_keys, self.randomness)?;
        let published = keys.into_iter().map(|one_time| PublishedOneTimePreKey {
            id: one_time.id,
            key: one_time.key.encode().into(),
        });
        Ok(published.collect())
    }

    /// Messages are read and acknowledged one batch after the other.
    fn collect(&mut self) -> Result<(), WalletError> {
        let busy = |body: &Body| matches!(body, Body::Read { .. } | Body::Acknowledge { .. });
        if self.waits_for(busy) {
            return Ok(());
        }
        let address = self.wallet.device.address();
        let limit = self.wallet.limits.read;
        self.request(Body::Read { address, limit })
    }

    /// Time passes: prekeys are replaced, transfers and sessions expire, what was not answered is asked again.
    fn tick(&mut self) -> Result<(), WalletError> {
        for waiting in &self.wallet.waiting {
            let request = self.wallet.on_the_wire(waiting);
            self.effects.push(Effect::Request(request));
        }
        let current = |device: &Device| {
            let bundle = device.bundle(None);
            bundle.map(|bundle| (bundle.signed_pre_key, bundle.statement))
        };
        let before = current(&self.wallet.device);
        self.wallet.device.tick(self.now, self.randomness)?;
        self.transfer(TransferEvent::Tick)?;
        if self.wallet.token.is_none() {
            return Ok(());
        }
        let address = self.wallet.device.address();
        let after = current(&self.wallet.device);
        if before != after
            && let Some((new, statement)) = after
        {
            self.request(Body::PublishSignedPreKey {
                address,
                id: new.id,
                key: new.key.encode().into(),
                signature: new.signature.as_bytes().into(),
                created: statement.created,
                suites: statement.suites,
                statement_signature: statement.signature.as_bytes().into(),
            })?;
        }
        if self.now.seconds_since(self.wallet.counted) >= self.wallet.limits.count_interval {
            self.wallet.counted = self.now;
            self.request(Body::CountOneTimePreKeys { address })?;
        }
        Ok(())
    }

    // Answers

    fn answered(
        &mut self,
        id: &RequestId,
        answer: Result<Answer, ErrorCode>,
    ) -> Result<(), WalletError> {
        let waiting = &mut self.wallet.waiting;
        let index = waiting.iter().position(|waiting| waiting.id == *id);
        let index = required!("MBX-13", index, WalletError::UnknownRequest);
        let asked = waiting.remove(index);
        match (&asked.body, answer) {
            // Later it may be carried out: it waits for the next tick.
            (_, Err(ErrorCode::RateLimited | ErrorCode::MailboxFull)) => {
                self.wallet.waiting.insert(index, asked);
                Ok(())
            }
            (Body::Register(_), Ok(Answer::Done)) => {
                self.wallet.token = self.wallet.registering.take();
                Ok(())
            }
            (Body::Remove { .. }, Ok(Answer::Done)) => {
                self.wallet.token = None;
                Ok(())
            }
            (Body::FetchBundle { .. }, Ok(Answer::Bundle { bundle })) => self.bundle_came(bundle),
            (Body::FetchBundle { address, .. }, Err(ErrorCode::NotFound)) => {
                self.continue_send(SendEvent::NoBundle(*address))
            }
            (Body::Submit(_), Ok(Answer::Done)) => self.continue_send(SendEvent::Accepted),
            (Body::Submit(submission), Err(ErrorCode::StaleRegistration)) => {
                let device = submission.recipient.device_id;
                self.continue_send(SendEvent::StaleRegistration(vec![device]))
            }
            (Body::FetchBundle { .. } | Body::Submit(_), Err(code)) => {
                self.give_up(code);
                Ok(())
            }
            (Body::Read { .. }, Ok(Answer::Envelopes { envelopes })) => self.read(&envelopes),
            (Body::CountOneTimePreKeys { address }, Ok(Answer::OneTimePreKeys { left })) => {
                let address = *address;
                if left >= self.wallet.limits.few_one_time_pre_keys {
                    return Ok(());
                }
                let one_time_pre_keys = self.more_one_time_pre_keys()?;
                self.request(Body::PublishOneTimePreKeys {
                    address,
                    one_time_pre_keys,
                })
            }
            (_, Err(code)) => {
                self.report(Report::Rejected { code });
                Ok(())
            }
            // Done, or an answer to something else than was asked, which says nothing.
            (_, Ok(_)) => Ok(()),
        }
    }

    /// Messages were read: each is decrypted and carried out, or reported. They are acknowledged either way,
    /// since reading a message again would not make it better.
    fn read(&mut self, envelopes: &[Envelope]) -> Result<(), WalletError> {
        for envelope in envelopes {
            self.envelope(envelope)?;
        }
        if envelopes.is_empty() {
            return Ok(());
        }
        let address = self.wallet.device.address();
        let ids = envelopes.iter().map(|envelope| envelope.id).collect();
        self.request(Body::Acknowledge { address, ids })
    }

    fn envelope(&mut self, envelope: &Envelope) -> Result<(), WalletError> {
        let from = envelope.sender;
        let MessageBytes(message) = &envelope.message;
        let read = self
            .wallet
            .device
            .decrypt(&from, envelope.kind, message, self.randomness);
        let decrypted = match read {
            Ok(decrypted) => decrypted,
            Err(error) => return self.refused(from, error.code(), error.into()),
        };
        if decrypted.identity_changed {
            self.report(Report::IdentityChanged { device: from });
        }
        let payload = match Payload::decode(&decrypted.plaintext) {
            Ok(payload) => payload,
            Err(error) => return self.refused(from, Some(error.code()), error.into()),
        };
        let event = TransferEvent::Message {
            from,
            payload: &payload,
        };
        match self.wallet.transfers.step(event, self.now, self.randomness) {
            Ok(outcomes) => self.outcomes(outcomes),
            Err(error) => self.refused(from, error.code(), error.into()),
        }
    }

    /// What another device sent is refused, and the user is told; only the lack of randomness is an error.
    fn refused(
        &mut self,
        from: Address,
        code: Option<ErrorCode>,
        error: WalletError,
    ) -> Result<(), WalletError> {
        match code {
            Some(code) => {
                self.report(Report::Refused { from, code });
                Ok(())
            }
            None => Err(error),
        }
    }

    // Transfers

    fn transfer(&mut self, event: TransferEvent<'_>) -> Result<(), WalletError> {
        let outcomes = self
            .wallet
            .transfers
            .step(event, self.now, self.randomness)?;
        self.outcomes(outcomes)
    }

    fn outcomes(&mut self, outcomes: Vec<Outcome>) -> Result<(), WalletError> {
        for outcome in outcomes {
            let Outcome {
                transfer,
                before,
                after,
                sends,
                report,
            } = outcome;
            if before != Some(after) {
                self.effects.push(Effect::Changed {
                    transfer,
                    before,
                    after,
                });
            }
            if let Some(code) = report {
                self.report(Report::Transfer { transfer, code });
            }
            if let Some(outgoing) = sends {
                let plaintext = outgoing.payload.encode()?;
                self.wallet.outbound.push_back(Arc::new(Outbound {
                    recipient: outgoing.to,
                    plaintext: plaintext.to_vec().into(),
                    send: None,
                }));
            }
        }
        Ok(())
    }

    // Sends

    /// Starts the first message that waits, where none is on its way.
    fn go_on_sending(&mut self) -> Result<(), WalletError> {
        while self.wallet.token.is_some() {
            let Wallet {
                device, outbound, ..
            } = &mut self.wallet;
            let Some(first) = outbound.front_mut().filter(|first| first.send.is_none()) else {
                return Ok(());
            };
            let started = device.start_send(
                first.recipient,
                first.plaintext.expose(),
                Purpose::Other,
                self.randomness,
            );
            match started {
                Ok((send, step)) => {
                    let first = Arc::make_mut(first);
                    first.send = Some(send);
                    first.plaintext = SecretBytes::default();
                    self.carry_out(step)?;
                }
                Err(error) => match error.code() {
                    Some(code) => self.give_up(code),
                    None => return Err(error.into()),
                },
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, step: SendStep) -> Result<(), WalletError> {
        match step {
            SendStep::FetchBundles(addresses) | SendStep::FetchStatements(addresses) => addresses
                .into_iter()
                .map(|address| Body::FetchBundle {
                    address,
                    access_key: Some(AccessKey::from([0; 32])),
                })
                .filter(|bundle| !self.waits_for(|body| body == bundle))
                .collect::<Vec<_>>()
                .into_iter()
                .try_for_each(|bundle| self.request(bundle)),
            // A submission is for one device: which devices a user has, nobody tells (MBX-05).
            SendStep::Submit { messages, .. } if messages.is_empty() => {
                self.give_up(ErrorCode::NotFound);
                Ok(())
            }
            SendStep::Submit {
                recipient,
                messages,
            } => messages.into_iter().try_for_each(|message| {
                let submission = self.submission(recipient, message);
                self.request(Body::Submit(submission))
            }),
            SendStep::Done => {
                self.wallet.outbound.pop_front();
                Ok(())
            }
            SendStep::GiveUp(reason) => {
                self.give_up(reason.code());
                Ok(())
            }
        }
    }

    fn submission(&self, recipient: Recipient, message: DeviceMessage) -> Submission {
        Submission {
            recipient: recipient.device(message.device_id),
            access_key: AccessKey::from([0; 32]),
            registration_id: message.registration_id,
            kind: message.message.kind,
            message: message.message.bytes.as_slice().into(),
            lifetime: flawed!(
                "XFER-16 default lifetime",
                Some(self.wallet.limits.message_lifetime),
                None
            ),
        }
    }

    /// The message on its way is given up, and the user is told.
    fn give_up(&mut self, code: ErrorCode) {
        if let Some(first) = self.wallet.outbound.pop_front() {
            let to = first.recipient;
            self.report(Report::Unsent { to, code });
        }
    }

    /// A bundle came: where an invitation tells its identity key, no other one is taken (INV-03).
    fn bundle_came(&mut self, bundle: BundleFields) -> Result<(), WalletError> {
        let address = match (bundle.user_id.parse(), bundle.device_id.try_into()) {
            (Ok(user_id), Ok(device_id)) => Some(Address { user_id, device_id }),
            _ => None,
        };
        let invited =
            address.and_then(|address| Some((address, self.wallet.invited.get(&address)?)));
        if let Some((address, fingerprint)) = invited {
            let key = PublicKey::decode(&bundle.identity_key).ok().filter(|key| {
                flawed!("INV-03 any key", Fingerprint::of(key) == *fingerprint, true)
            });
            let Some(key) = key else {
                self.give_up(ErrorCode::UntrustedIdentity);
                return Ok(());
            };
            let pinned = flawed!(
                "INV-03 not pinned",
                (self.wallet.device).pin(address, Fingerprint::of(&key), true),
                Ok(())
            );
            if pinned.is_err() {
                self.give_up(ErrorCode::UntrustedIdentity);
                return Ok(());
            }
            self.wallet.invited.remove(&address);
        }
        self.continue_send(SendEvent::Bundle(bundle))
    }

    fn continue_send(&mut self, event: SendEvent) -> Result<(), WalletError> {
        let Wallet {
            device, outbound, ..
        } = &mut self.wallet;
        let first = outbound.front_mut().map(Arc::make_mut);
        let Some(send) = first.and_then(|first| first.send.as_mut()) else {
            return Ok(());
        };
        let recipient = send.recipient();
        let came = match &event {
            SendEvent::Bundle(bundle) => Some(bundle.device_id),
            _ => None,
        };
        match device.continue_send(send, event, self.randomness) {
            Ok(outcome) => {
                let user_id = match recipient {
                    Recipient::User(user_id) => user_id,
                    Recipient::Device(address) => address.user_id,
                };
                let known = came
                    .and_then(|id| id.try_into().ok())
                    .map(|device_id| Address { user_id, device_id })
                    .filter(|address| recipient.includes(address))
                    .filter(|address| device.record(address).is_some());
                if let (true, Some(device)) = (outcome.identity_changed, known) {
                    self.report(Report::IdentityChanged { device });
                }
                self.carry_out(outcome.step)
            }
            // The answer to a question of a message that was given up.
            Err(SesameError::UnexpectedAnswer) => Ok(()),
            Err(error) => match error.code() {
                Some(code) => {
                    self.give_up(code);
                    Ok(())
                }
                None => Err(error.into()),
            },
        }
    }
}

impl Wallet {
    /// A request with the token that it bears.
    fn on_the_wire(&self, waiting: &Waiting) -> Request {
        let joining = matches!(waiting.body, Body::Register(_));
        let token = if joining {
            waiting.sponsor.clone()
        } else {
            self.token.clone()
        };
        Request {
            id: waiting.id.clone(),
            token,
            body: waiting.body.clone(),
        }
    }
}
