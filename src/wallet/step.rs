//! A step of the wallet, on a copy that takes the wallet's place where it succeeds.

use super::WalletError;
use super::requests::Waiting;
use super::wallet::{Effect, Report, Wallet, WalletEvent};
use crate::agreement::{AgreementError, Bundle, Fingerprint};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{
    Answer, Body, PublishedOneTimePreKey, Registration, Request, RequestId, Token,
};
use crate::primitives::{Randomness, Secret};
use crate::requirement::{always_require, flawed, require, required};
use crate::sesame::SendEvent;
use crate::timestamp::Timestamp;
use crate::transfer::{Outcome, TransferEvent};

pub(super) struct Step<'a> {
    pub(super) wallet: Wallet,
    pub(super) now: Timestamp,
    pub(super) randomness: &'a mut dyn Randomness,
    effects: Vec<Effect>,
}

impl<'a> Step<'a> {
    /// A step on a copy of that wallet.
    pub(super) fn of(wallet: &Wallet, now: Timestamp, randomness: &'a mut dyn Randomness) -> Self {
        Step {
            wallet: wallet.clone(),
            now,
            randomness,
            effects: Vec::new(),
        }
    }

    /// The wallet after the event, and what it wants done.
    pub(super) fn carry_out(
        mut self,
        event: WalletEvent,
    ) -> Result<(Wallet, Vec<Effect>), WalletError> {
        flawed!("KEY-10 last tick", self.wallet.device.observe(self.now), ());
        flawed!(
            "KEY-08 any event",
            (),
            self.wallet.device.tick(self.now, self.randomness)?
        );
        self.apply(event)?;
        self.go_on_sending()?;
        Ok((self.wallet, self.effects))
    }

    fn apply(&mut self, event: WalletEvent) -> Result<(), WalletError> {
        match event {
            WalletEvent::Register { sponsor } => self.register(sponsor),
            WalletEvent::Remove => {
                let address = self.wallet.device.address();
                self.request(Body::Remove { address })
            }
            WalletEvent::RemoveSibling(device_id) => {
                let Address { user_id, .. } = self.wallet.device.address();
                self.request(Body::Remove {
                    address: Address { user_id, device_id },
                })
            }
            WalletEvent::Invite {
                host,
                vertical,
                lifetime,
            } => self.invite(host, vertical, lifetime),
            WalletEvent::WithdrawInvitation(link) => self.withdraw(&link),
            WalletEvent::TakeInvitation(link) => self.take(&link),
            WalletEvent::CompareFingerprints { device, number } => self.compare(device, &number),
            WalletEvent::DropPin(device) => self.drop_pin(&device),
            WalletEvent::Offer(offer) => {
                self.may_offer(&offer.to)?;
                self.transfer(TransferEvent::Offer(offer))
            }
            WalletEvent::Accept(id) => self.transfer(TransferEvent::Accept(id)),
            WalletEvent::Decline(id) => self.transfer(TransferEvent::Decline(id)),
            WalletEvent::Cancel(id) => self.transfer(TransferEvent::Cancel(id)),
            WalletEvent::Collect => self.collect(),
            WalletEvent::Tick => self.tick(),
            WalletEvent::Answer { request, answer } => self.answered(&request, answer),
        }
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn report(&mut self, report: Report) {
        self.effect(Effect::Report(report));
    }

    pub(super) fn transfer(&mut self, event: TransferEvent<'_>) -> Result<(), WalletError> {
        let outcomes = self
            .wallet
            .transfers
            .step(event, self.now, self.randomness)?;
        self.outcomes(outcomes)
    }

    /// What became of transfers: the user hears of it, what an ended one had under way is erased (XFER-14), and what is
    /// to be sent waits.
    pub(super) fn outcomes(&mut self, outcomes: Vec<Outcome>) -> Result<(), WalletError> {
        for outcome in outcomes {
            let Outcome {
                transfer,
                before,
                after,
                sends,
                report,
            } = outcome;
            if before != Some(after) {
                self.effect(Effect::Changed {
                    transfer,
                    before,
                    after,
                });
                if after.is_final() {
                    flawed!(
                        "XFER-14 still leaves",
                        self.erase_unsent(|_, message| message.transfer == transfer),
                        Vec::new()
                    );
                }
            }
            if let Some(code) = report {
                self.report(Report::Transfer { transfer, code });
            }
            let leaves = flawed!("XFER-14 the end too", true, !after.is_final());
            if let Some(outgoing) = sends.filter(|_| leaves) {
                self.send(transfer, outgoing)?;
            }
        }
        Ok(())
    }

    // Requests

    pub(super) fn request(&mut self, body: Body) -> Result<(), WalletError> {
        require!(
            "MBX-12",
            self.wallet.token().is_some(),
            WalletError::Registration("not registered")
        );
        self.ask(None, body)
    }

    fn ask(&mut self, sponsor: Option<Token>, body: Body) -> Result<(), WalletError> {
        let id = RequestId::random(self.randomness)?;
        self.ask_again(Waiting {
            id,
            sponsor,
            body,
            wrong: 0,
        });
        Ok(())
    }

    /// A request goes out, and is kept until it is answered. Its id was drawn, 16 bytes: what is counted would tie a
    /// wallet's requests together (PRIV-02).
    fn ask_again(&mut self, waiting: Waiting) {
        let request = self.wallet.on_the_wire(&waiting);
        self.effect(Effect::Request(request));
        self.wallet.requests.push(waiting);
    }

    fn register(&mut self, sponsor: Option<Token>) -> Result<(), WalletError> {
        always_require!(
            "MBX-01",
            self.wallet.token.is_none(),
            WalletError::Registration("registered already")
        );
        let token = Token::from(Secret::random(self.randomness)?);
        let one_time_pre_keys = self.more_one_time_pre_keys()?;
        let device = &self.wallet.device;
        let bundle = required!(
            "KEY-08",
            device.bundle(None),
            WalletError::Registration("without a signed prekey, and cannot register")
        );
        let registration = Registration {
            one_time_pre_keys,
            ..Registration::of(&bundle, token.digest())
        };
        self.wallet.token = Some(token);
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
        let busy = |body: &Body| match body {
            Body::Read { .. } => flawed!("WAL-05 while reading", true, false),
            Body::Acknowledge { .. } => flawed!("WAL-05 while acknowledging", true, false),
            _ => false,
        };
        if flawed!("WAL-05 meanwhile", self.wallet.requests.any(busy), false) {
            return Ok(());
        }
        let address = self.wallet.device.address();
        let limit = self.wallet.limits.read;
        self.request(Body::Read { address, limit })
    }

    /// Time passes: prekeys are replaced, transfers, links and sessions expire, what was not answered is asked again.
    fn tick(&mut self) -> Result<(), WalletError> {
        let before = self.wallet.device.bundle(None);
        self.wallet.device.tick(self.now, self.randomness)?;
        self.transfer(TransferEvent::Tick)?;
        let now = self.now;
        let limits = self.wallet.limits.transfers;
        self.wallet.invitations.expire(now, &limits);
        let late =
            self.erase_unsent(|_, message| flawed!("WAL-03 for ever", message.until <= now, false));
        let late = flawed!("WAL-03 end untold", late, Vec::new());
        for to in late {
            let code = ErrorCode::RetryLimit;
            self.report(Report::Unsent { to, code });
        }
        let after = self.wallet.device.bundle(None);
        let newer = after.filter(|bundle| before.as_ref() != Some(bundle));
        if newer.is_some() {
            let requests = &mut self.wallet.requests;
            flawed!("WAL-02 older prekey", requests.forget_signed_pre_key(), ());
        }
        // What has ended by now is not asked again (XFER-14).
        let again: Vec<Request> = self
            .wallet
            .requests
            .iter()
            .map(|waiting| self.wallet.on_the_wire(waiting))
            .collect();
        for request in again {
            self.effect(Effect::Request(request));
        }
        if self.wallet.token().is_none() {
            return Ok(());
        }
        let address = self.wallet.device.address();
        if let Some(Bundle {
            signed_pre_key,
            statement,
            ..
        }) = newer
        {
            let statement = statement.as_ref();
            self.request(Body::PublishSignedPreKey {
                address,
                id: signed_pre_key.id,
                key: signed_pre_key.key.encode().into(),
                signature: signed_pre_key.signature.as_bytes().into(),
                created: statement.map(|it| it.created),
                suites: statement.map(|it| it.suites.clone()),
                statement_signature: statement.map(|it| it.signature.as_bytes().into()),
            })?;
        }
        let counts = |body: &Body| matches!(body, Body::CountOneTimePreKeys { .. });
        let counting = flawed!(
            "WAL-02 asked twice",
            self.wallet.requests.any(counts),
            false
        );
        let since = self.now.seconds_since(self.wallet.counted);
        if !counting && since >= self.wallet.limits.count_interval {
            self.wallet.counted = flawed!("MBX-04 from then on", self.now, self.wallet.counted);
            flawed!("MBX-04 once", (), self.wallet.counted = Timestamp(u64::MAX));
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
        let asked = required!(
            "MBX-13",
            self.wallet.requests.take(id),
            WalletError::UnknownRequest
        );
        let recipient = asked.recipient();
        match answer {
            // Later it may be carried out: it waits for the next tick, and nobody else waits with it.
            Err(code) if asked.may_wait(code) => {
                if let Some(to) = recipient
                    && let Some(first) = self.wallet.outbox.first_mut(&to)
                    && !flawed!("WAL-03 told again", first.told, false)
                {
                    first.told = true;
                    self.report(Report::Delayed { to, code });
                }
                flawed!("WAL-03 never again", (), return Ok(()));
                self.wallet.requests.push(asked);
                Ok(())
            }
            Err(code) => self.refused_by_the_intermediary(&asked, code),
            Ok(answer) if flawed!("WAL-02 any answer", asked.is_answered_by(&answer), true) => {
                self.carried_out(asked, answer)
            }
            Ok(_) => self.wrong_answer(asked),
        }
    }

    /// An answer that belongs to another question, or to none: it is asked again under a new id, a few times at most.
    fn wrong_answer(&mut self, mut asked: Waiting) -> Result<(), WalletError> {
        asked.wrong += 1;
        if asked.wrong < self.wallet.limits.wrong_answers {
            asked.id = flawed!(
                "WAL-02 same id",
                RequestId::random(self.randomness)?,
                asked.id
            );
            self.ask_again(asked);
            return Ok(());
        }
        flawed!("WAL-02 untold", (), return Ok(()));
        self.refused_by_the_intermediary(&asked, ErrorCode::UnexpectedMessage)
    }

    fn refused_by_the_intermediary(
        &mut self,
        asked: &Waiting,
        code: ErrorCode,
    ) -> Result<(), WalletError> {
        match (&asked.body, code) {
            (Body::FetchBundle { address, .. }, ErrorCode::NotFound) => {
                self.continue_send(address, SendEvent::NoBundle(*address))
            }
            (Body::Submit(submission), ErrorCode::NotFound) => {
                let to = submission.recipient;
                let gone = SendEvent::DeviceMismatch {
                    missing: Vec::new(),
                    extra: vec![to.device_id],
                };
                self.continue_send(&to, gone)
            }
            (Body::Submit(submission), ErrorCode::StaleRegistration) => {
                let to = submission.recipient;
                self.continue_send(&to, SendEvent::StaleRegistration(vec![to.device_id]))
            }
            (Body::FetchBundle { .. } | Body::Submit(_), code) => {
                flawed!("WAL-03 every refusal", (), {
                    self.wallet.requests.push(asked.clone());
                    return Ok(());
                });
                if let Some(to) = asked.recipient() {
                    self.give_up(&to, code);
                }
                Ok(())
            }
            // It was carried out, and its answer did not come: with the device its token is gone (section 7).
            (Body::Remove { address }, ErrorCode::Unauthorized)
                if *address == self.wallet.device.address() =>
            {
                self.left();
                Ok(())
            }
            (body, code) => {
                if matches!(body, Body::Register(_)) {
                    self.wallet.token = None;
                }
                self.report(Report::Rejected { code });
                self.not_published(asked);
                Ok(())
            }
        }
    }

    /// The intermediary knows nothing of the device any more: what was asked in its name has no answer to wait for (WAL-02).
    fn left(&mut self) {
        self.wallet.token = None;
        flawed!("WAL-02 kept", self.wallet.requests.clear(), ());
    }

    fn carried_out(&mut self, asked: Waiting, answer: Answer) -> Result<(), WalletError> {
        match (asked.body, answer) {
            (Body::FetchBundle { address, .. }, Answer::Bundle { bundle }) => {
                self.continue_send(&address, SendEvent::Bundle(bundle))
            }
            (Body::Submit(submission), _) => {
                self.continue_send(&submission.recipient, SendEvent::Accepted)
            }
            (Body::Read { .. }, Answer::Envelopes { envelopes }) => self.read(&envelopes),
            (Body::CountOneTimePreKeys { address }, Answer::OneTimePreKeys { left }) => {
                if left >= self.wallet.limits.few_one_time_pre_keys {
                    return Ok(());
                }
                let one_time_pre_keys = self.more_one_time_pre_keys()?;
                self.request(Body::PublishOneTimePreKeys {
                    address,
                    one_time_pre_keys,
                })
            }
            (Body::PublishAccessKey { hash, .. }, _) => {
                self.published(&hash);
                self.resume()
            }
            (Body::Register(_), _) => {
                self.publish_again()?;
                self.resume()
            }
            (Body::Remove { address }, _) if address == self.wallet.device.address() => {
                self.left();
                Ok(())
            }
            // Done: nothing comes of it.
            _ => Ok(()),
        }
    }

    // Identities

    /// The user was shown a number by the other device (X3DH-16): where it is the one of this device, the key that the
    /// other is known by is named.
    fn compare(&mut self, peer: Address, number: &str) -> Result<(), WalletError> {
        let device = &self.wallet.device;
        let key = device.record(&peer).map(|record| *record.identity_key());
        let identity_key = required!("X3DH-16", key, WalletError::UnknownDevice(peer));
        always_require!(
            "X3DH-16",
            device.fingerprint(&peer).as_deref() == Some(number)
                || flawed!("X3DH-16 uncompared", false, true),
            AgreementError::UntrustedIdentity(peer)
        );
        let fingerprint = Fingerprint::of(&identity_key);
        Ok(self.wallet.device.pin(peer, fingerprint, true)?)
    }

    /// The user no longer holds a device to its key: the transfers with it end, and nothing that was for it leaves any
    /// more. A transfer is with a key, not with whoever has the address next (XFER-06).
    fn drop_pin(&mut self, device: &Address) -> Result<(), WalletError> {
        let open = self.wallet.transfers.under_way_with(device, self.now);
        let open: Vec<TransferId> = open.copied().collect();
        for id in flawed!("WAL-06 any key", open, Vec::new()) {
            self.transfer(TransferEvent::Cancel(id))?;
        }
        flawed!(
            "WAL-06 queue",
            _ = self.erase_unsent(|to, _| to == device),
            ()
        );
        self.wallet.device.unpin(device);
        flawed!(
            "WAL-06 sender's key",
            _ = self.wallet.invitations.senders.remove(device),
            ()
        );
        match flawed!(
            "WAL-06 link",
            self.wallet.invitations.taken.remove(device),
            None
        ) {
            Some(_) if flawed!("WAL-06 access key", false, true) => Ok(()),
            Some(taken) => self.withdraw_access_key(taken.answers.digest()),
            None => Ok(()),
        }
    }
}

impl Wallet {
    /// A request with the token that it bears.
    pub(super) fn on_the_wire(&self, waiting: &Waiting) -> Request {
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
