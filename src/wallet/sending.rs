//! How a wallet's messages leave it.

use super::WalletError;
use super::outbox::Outbound;
use super::requests::Waiting;
use super::step::Step;
use super::wallet::{Report, Wallet};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, Recipient, TransferId};
use crate::intermediary::{Body, Submission};
use crate::primitives::{Secret, SecretBytes};
use crate::requirement::flawed;
#[cfg(feature = "conformance")]
use crate::sesame::Device;
use crate::sesame::{Send, SendEvent, SendStep, SesameError};
use crate::transfer::invitation::offer_key;
use crate::transfer::{MessageType, OfferParties, Outgoing, TransferEvent};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Step<'_> {
    /// A message of a transfer waits to be sent. An offer is given what its link asks for (PAY-14).
    pub(super) fn send(
        &mut self,
        transfer: TransferId,
        outgoing: Outgoing,
    ) -> Result<(), WalletError> {
        let Outgoing {
            to,
            mut payload,
            at_least,
            expires,
        } = outgoing;
        let message_type = payload.message_type();
        let device = &self.wallet.device;
        let taken = self.wallet.invitations.taken.get_mut(&to);
        let plaintext = match (message_type, taken, device.pinned(&to)) {
            (MessageType::ProvisioningInformation, Some(taken), Some(pin)) => {
                let taken = Arc::make_mut(taken);
                taken.transfers += flawed!("INV-05 offers uncounted", 1, 0);
                payload.invitation = Some(taken.id);
                payload.access_key = Some(Secret::copy_of(taken.answers.expose()));
                let (suite, sender) = (device.suites()[0], device.party());
                let parties = OfferParties::new(suite, &sender, &to, &pin.fingerprint);
                payload.encode_offer(&offer_key(&taken.secret), &parties, at_least)?
            }
            _ => payload.encode(at_least)?,
        };
        let message = Outbound {
            transfer,
            message_type,
            plaintext: plaintext.to_vec().into(),
            until: expires,
            send: None,
            told: false,
        };
        self.wallet.outbox.push(to, message);
        Ok(())
    }

    /// Starts the first message to each device, where none is on its way to it: but no offer before what opens this
    /// wallet's mailbox to the answer is published (INV-09).
    pub(super) fn go_on_sending(&mut self) -> Result<(), WalletError> {
        for to in self.wallet.outbox.recipients() {
            while self.may_start(&to) {
                self.start(&to)?;
            }
        }
        Ok(())
    }

    /// Asks anew for what was on its way when the device left the intermediary: once it has registered again, and what opens its
    /// mailbox to the answer is published (WAL-02).
    pub(super) fn resume(&mut self) -> Result<(), WalletError> {
        for to in self.wallet.unasked() {
            flawed!("WAL-02 never anew", self.ask_anew(&to)?, ());
        }
        Ok(())
    }

    fn may_start(&self, to: &Address) -> bool {
        let first = self.wallet.outbox.first(to);
        let waits = first.is_some_and(|first| first.send.is_none());
        let known = flawed!("INV-09 unpublished", !self.wallet.is_unpublished(to), true);
        let free = flawed!("WAL-03 one queue", true, !self.is_sending_to_others(to));
        waits && self.wallet.token().is_some() && known && free
    }

    /// Whether a message to somebody else has no answer yet.
    #[cfg(feature = "flaws")]
    fn is_sending_to_others(&self, to: &Address) -> bool {
        let mut messages = self.wallet.outbox.iter();
        messages.any(|(other, message)| other != to && message.send.is_some())
    }

    fn start(&mut self, to: &Address) -> Result<(), WalletError> {
        let Some(first) = self.wallet.outbox.first_mut(to) else {
            return Ok(());
        };
        let started = self.wallet.device.start_send(
            Recipient::Device(*to),
            first.plaintext.expose(),
            first.purpose(),
            self.randomness,
        );
        match started {
            Ok((send, step)) => {
                first.send = Some(send);
                first.plaintext = SecretBytes::default();
                self.go_on(to, step)
            }
            Err(error) => self.failed(to, error),
        }
    }

    /// What a send wants done at the intermediary.
    fn go_on(&mut self, to: &Address, step: SendStep) -> Result<(), WalletError> {
        let access_key = self.wallet.invitations.access_key(to);
        match step {
            SendStep::FetchBundles(_) => self.fetch(Body::FetchBundle {
                address: *to,
                access_key,
            }),
            // A statement needs no one-time prekey beside it.
            SendStep::FetchStatements(_) => self.fetch(Body::FetchBundle {
                address: *to,
                access_key: flawed!("SES-10 access key", None, access_key),
            }),
            SendStep::Submit { messages, .. } => {
                let message = messages.into_iter().next();
                let (Some(message), Some(access_key)) = (message, access_key) else {
                    self.give_up(to, ErrorCode::InvalidInvitation);
                    return Ok(());
                };
                let Some(first) = self.wallet.outbox.first(to) else {
                    return Ok(());
                };
                let (transfer, message_type) = (first.transfer, first.message_type);
                let provisioning = message_type.lets_provision();
                let limits = self.wallet.limits.transfers;
                let lifetime = limits.message_lifetime(provisioning, first.until, self.now);
                let submission = Submission {
                    recipient: *to,
                    access_key,
                    registration_id: message.registration_id,
                    kind: message.message.kind,
                    message: message.message.bytes.as_slice().into(),
                    lifetime: flawed!("XFER-16 default lifetime", Some(lifetime), None),
                };
                // From here on it counts as out, whatever is answered (WAL-01).
                if provisioning {
                    let out = TransferEvent::Out {
                        transfer,
                        message: message_type,
                    };
                    let out = flawed!(
                        "XFER-17 offers alone",
                        out,
                        TransferEvent::Out {
                            transfer,
                            message: MessageType::ProvisioningInformation,
                        }
                    );
                    match flawed!("WAL-01 not out", self.transfer(out), Ok(())) {
                        // Its time has run out, though no tick has come: it stays here (XFER-17).
                        Err(error) if error.code().is_some() => {
                            self.wallet.outbox.pop(to);
                            return Ok(());
                        }
                        told => told?,
                    }
                }
                self.request(Body::Submit(submission))
            }
            SendStep::Done => {
                self.wallet.outbox.pop(to);
                Ok(())
            }
            SendStep::GiveUp(reason) => {
                self.give_up(to, reason.code());
                Ok(())
            }
        }
    }

    fn fetch(&mut self, body: Body) -> Result<(), WalletError> {
        if self.wallet.requests.any(|waiting| *waiting == body) {
            return Ok(());
        }
        self.request(body)
    }

    /// The message on its way to that device is given up, and the user is told.
    pub(super) fn give_up(&mut self, to: &Address, code: ErrorCode) {
        if self.wallet.outbox.pop(to).is_some() {
            self.wallet.requests.forget(to);
            self.report(Report::Unsent { to: *to, code });
        }
    }

    /// What a message on its way to that device wants done now is asked anew, where it has no answer yet. Under an access key that
    /// another one takes the place of it might wait until its time is over, and hold up all that comes after it (WAL-03).
    pub(super) fn ask_anew(&mut self, to: &Address) -> Result<(), WalletError> {
        let first = self.wallet.outbox.first(to);
        let Some(step) = first.and_then(|first| first.send.as_ref()).map(Send::step) else {
            return Ok(());
        };
        self.wallet.requests.forget(to);
        self.go_on(to, step)
    }

    /// Erases messages that have not been accepted, and what was asked for them: it is never repeated (XFER-14). The
    /// devices whose turn it was.
    pub(super) fn erase_unsent(
        &mut self,
        is: impl Fn(&Address, &Outbound) -> bool,
    ) -> Vec<Address> {
        let interrupted = self.wallet.outbox.erase(is);
        for to in &interrupted {
            self.wallet.requests.forget(to);
        }
        interrupted
    }

    pub(super) fn continue_send(
        &mut self,
        to: &Address,
        event: SendEvent,
    ) -> Result<(), WalletError> {
        let Wallet { device, outbox, .. } = &mut self.wallet;
        let Some(send) = outbox.first_mut(to).and_then(|first| first.send.as_mut()) else {
            return Ok(());
        };
        match device.continue_send(send, event, self.randomness) {
            Ok(outcome) => {
                if outcome.identity_changed {
                    self.report(Report::IdentityChanged { device: *to });
                }
                self.go_on(to, outcome.step)
            }
            // The answer to a question that the send no longer has.
            Err(SesameError::UnexpectedAnswer) => Ok(()),
            Err(error) => self.failed(to, error),
        }
    }

    fn failed(&mut self, to: &Address, error: SesameError) -> Result<(), WalletError> {
        match error.code() {
            Some(code) => {
                self.give_up(to, code);
                Ok(())
            }
            None => Err(error.into()),
        }
    }
}

impl Wallet {
    /// The devices that a message waits for although it could be on its way: nothing is asked for it.
    pub(crate) fn unasked(&self) -> Vec<Address> {
        let waiting = self.requests.iter();
        let asked: BTreeSet<Address> = waiting.filter_map(Waiting::recipient).collect();
        let mut unasked = self.outbox.recipients();
        unasked
            .retain(|to| self.token().is_some() && !asked.contains(to) && !self.is_unpublished(to));
        unasked
    }

    /// Whether the message that is on its way to that device lets it provision.
    #[cfg(feature = "conformance")]
    pub(crate) fn sends_provisioning(&self, to: &Address) -> bool {
        let first = self.outbox.first(to);
        first.is_some_and(|first| first.message_type.lets_provision())
    }

    /// The same wallet with another engine in it: what was sent with it outside the wallet is not sent again.
    #[cfg(feature = "conformance")]
    pub(crate) fn with_device(self, device: Device) -> Self {
        Wallet { device, ..self }
    }

    /// Whether what opens this wallet's mailbox to that device is not published yet.
    pub(super) fn is_unpublished(&self, to: &Address) -> bool {
        self.invitations.taken.get(to).is_some_and(|taken| {
            let own = taken.answers.digest();
            self.requests
                .any(|body| matches!(body, Body::PublishAccessKey { hash, .. } if *hash == own))
        })
    }
}
