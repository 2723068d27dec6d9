//! What a wallet makes of the messages in its mailbox.

use super::WalletError;
use super::invitations::{Made, Owner};
use super::step::Step;
use super::wallet::Report;
use crate::agreement::Fingerprint;
use crate::identifier::Address;
use crate::intermediary::{Body, Envelope, MessageBytes};
use crate::primitives::PublicKey;
use crate::requirement::{flawed, require, required};
use crate::sesame::SesameError;
use crate::suite::Party;
use crate::transfer::{
    Content, InvitationError, InvitationId, OfferParties, Payload, TransferEvent, offer_mac_holds,
};
use crate::wire::MessageKind;
use std::sync::Arc;

impl Step<'_> {
    /// Messages were read: each is decrypted and carried out, or reported. They are acknowledged either way,
    /// since reading a message again would not make it better.
    pub(super) fn read(&mut self, envelopes: &[Envelope]) -> Result<(), WalletError> {
        #[cfg(feature = "flaws")]
        let mut understood = envelopes.to_vec();
        for envelope in envelopes {
            let before = self.wallet.clone();
            if let Err(error) = self.envelope(envelope) {
                // Only the lack of randomness is an error of this step: everything else is the sender's.
                let Some(code) = error.code() else {
                    return Err(error);
                };
                self.wallet = before;
                let from = envelope.sender;
                self.report(Report::Refused { from, code });
                #[cfg(feature = "flaws")]
                understood.retain(|other| other.id != envelope.id);
            }
        }
        if envelopes.is_empty() {
            return Ok(());
        }
        let address = self.wallet.device.address();
        #[cfg(feature = "flaws")]
        let envelopes = &if crate::flaw::is_on("WAL-05 read ones alone") {
            understood
        } else {
            envelopes.to_vec()
        };
        let ids = envelopes.iter().map(|envelope| envelope.id).collect();
        self.request(Body::Acknowledge { address, ids })
    }

    fn envelope(&mut self, envelope: &Envelope) -> Result<(), WalletError> {
        let from = envelope.sender;
        let MessageBytes(message) = &envelope.message;
        if self.wallet.device.pinned(&from).is_none() {
            flawed!(
                "INV-08 any opening",
                self.admit_stranger(from, envelope.kind, message)?,
                ()
            );
        }
        let decrypted =
            self.wallet
                .device
                .decrypt(&from, envelope.kind, message, self.randomness)?;
        if decrypted.identity_changed {
            self.report(Report::IdentityChanged { device: from });
        }
        // Whoever has something to offer opens a session for it; one for anything else may be a copy's (SES-19).
        let offers = is_offer(&decrypted.plaintext);
        if decrypted.beside && flawed!("SES-19 told of offers", !offers, true) {
            self.report(Report::FurtherSession { device: from });
        }
        // From here on the session has gone on: what is refused is refused as a payload.
        if let Err(error) = self.payload(from, &decrypted.plaintext) {
            let Some(code) = error.code() else {
                return Err(error);
            };
            self.report(Report::Refused { from, code });
        }
        Ok(())
    }

    fn payload(&mut self, from: Address, plaintext: &[u8]) -> Result<(), WalletError> {
        let payload = Payload::decode(plaintext)?;
        let offered = matches!(payload.content, Content::ProvisioningInformation { .. });
        if offered {
            self.may_be_offered(from, &payload, plaintext)?;
        }
        let event = TransferEvent::Message {
            from,
            payload: &payload,
            size: plaintext.len(),
        };
        let outcomes = self
            .wallet
            .transfers
            .step(event, self.now, self.randomness)?;
        if offered {
            self.serve(from, &payload)?;
        }
        self.outcomes(outcomes)
    }

    /// A message of a device that nothing authenticates: it is let in by an offer whose MAC holds, and by nothing
    /// else. Nothing has been drawn or kept for it (INV-08).
    fn admit_stranger(
        &mut self,
        from: Address,
        kind: MessageKind,
        message: &[u8],
    ) -> Result<(), WalletError> {
        require!(
            "INV-08",
            kind == MessageKind::PreKey,
            SesameError::NoSession(from)
        );
        let (identity_key, plaintext) = self.wallet.device.read_opening(&from, message)?;
        // What is no payload at all is no offer either.
        let offer = Payload::decode(&plaintext).ok();
        let is_offer = |it: &Payload| matches!(it.content, Content::ProvisioningInformation { .. });
        flawed!("INV-08 any message", (), {
            if !offer.as_ref().is_some_and(is_offer) {
                return Ok(());
            }
        });
        let id = offer.filter(is_offer).and_then(|offer| offer.invitation);
        let id = required!("INV-08", id, WalletError::Unnamed(from));
        self.authenticate(from, &identity_key, id, &plaintext)?;
        let fingerprint = Fingerprint::of(&identity_key);
        let named = flawed!("INV-08 named", false, true);
        self.wallet.device.pin(from, fingerprint, named)?;
        Ok(())
    }

    /// Whether an offer of a device that is known may be made: by a key that a link or the user names, or by an
    /// invitation of this wallet.
    fn may_be_offered(
        &mut self,
        from: Address,
        payload: &Payload,
        plaintext: &[u8],
    ) -> Result<(), WalletError> {
        let named = self
            .wallet
            .device
            .pinned(&from)
            .is_some_and(|pin| pin.named);
        match payload.invitation {
            Some(id) => {
                let record = self.wallet.device.record(&from);
                let key = record.map(|record| *record.identity_key());
                let key = required!("INV-08", key, WalletError::Unnamed(from));
                self.authenticate(from, &key, id, plaintext)?;
            }
            None => require!(
                "INV-08",
                flawed!("INV-08 pinned", named, true),
                WalletError::Unnamed(from)
            ),
        }
        let has_key =
            payload.access_key.is_some() || self.wallet.invitations.access_key(&from).is_some();
        require!(
            "INV-08",
            has_key,
            WalletError::NotInvited("it brings no access key for the answer")
        );
        Ok(())
    }

    /// The MAC holds under an invitation of this wallet that is valid, not used up, and nobody else's (INV-05, INV-08).
    fn authenticate(
        &mut self,
        from: Address,
        identity_key: &PublicKey,
        id: InvitationId,
        plaintext: &[u8],
    ) -> Result<(), WalletError> {
        let limits = self.wallet.limits.transfers;
        let device = &self.wallet.device;
        let suite = device.suites()[0];
        let receiver = device.party();
        let receiver_fingerprint = Fingerprint::of(&receiver.identity_key);
        let owner = Owner {
            address: from,
            fingerprint: Fingerprint::of(identity_key),
        };
        let made = self.wallet.invitations.made.get_mut(&id).map(Arc::make_mut);
        let made: &mut Made = required!(
            "INV-08",
            made,
            WalletError::NotInvited("no such link was given away, or no longer")
        );
        require!(
            "INV-05",
            flawed!(
                "INV-05 honoured late",
                made.invitation.is_honoured(self.now, &limits),
                true
            ),
            InvitationError::Over
        );
        let sender = Party {
            identity_key: *identity_key,
            address: from,
        };
        let parties = OfferParties::new(suite, &sender, &receiver.address, &receiver_fingerprint);
        offer_mac_holds(plaintext, &made.invitation.offer_key(), &parties)?;
        require!(
            "INV-08",
            made.owner.is_none_or(|known| {
                known == owner
                    || flawed!("INV-08 any key", false, known.address == owner.address)
                    || flawed!("INV-08 any owner", false, true)
            }),
            WalletError::NotInvited("the link is another sender's")
        );
        require!(
            "INV-05",
            flawed!(
                "INV-05 served without end",
                made.transfers < limits.invitation_transfers,
                true
            ),
            WalletError::NotInvited("the link has served as many transfers as it may")
        );
        made.owner = Some(owner);
        Ok(())
    }

    /// An offer was taken up: it counts for its invitation, and its access key opens the sender's mailbox.
    fn serve(&mut self, from: Address, payload: &Payload) -> Result<(), WalletError> {
        let before = self.wallet.invitations.access_key(&from);
        let invitations = &mut self.wallet.invitations;
        if let Some(id) = payload.invitation
            && let Some(made) = invitations.made.get_mut(&id)
        {
            Arc::make_mut(made).transfers += flawed!("INV-05 not counted", 1, 0);
        }
        if let Some(access_key) = &payload.access_key {
            invitations.senders.insert(from, access_key.clone().into());
        }
        if before != invitations.access_key(&from) {
            flawed!("WAL-03 old key", self.ask_anew(&from)?, ());
        }
        Ok(())
    }
}

fn is_offer(plaintext: &[u8]) -> bool {
    let payload = Payload::decode(plaintext);
    payload.is_ok_and(|payload| matches!(payload.content, Content::ProvisioningInformation { .. }))
}
