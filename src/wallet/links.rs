//! What a wallet does with links: it makes them, takes them back, and takes those of others (INV-03, INV-05, INV-06).

use super::WalletError;
use super::invitations::{Made, Taken};
use super::requests::Waiting;
use super::step::Step;
use super::wallet::Effect;
use crate::identifier::Address;
use crate::intermediary::{AccessKey, Body, Digest};
use crate::primitives::Secret;
use crate::requirement::{flawed, require, required};
use crate::sesame::SesameError;
use crate::timestamp::Timestamp;
use crate::transfer::invitation::check_time;
use crate::transfer::{Host, Invitation, Vertical};
use std::sync::Arc;

impl Step<'_> {
    /// A link is drawn, id and secret, 16 bytes each. The user gets it once its access key is published: whoever is
    /// given it earlier might come too early.
    pub(super) fn invite(
        &mut self,
        host: Host,
        vertical: Vertical,
        lifetime: Option<u64>,
    ) -> Result<(), WalletError> {
        let limits = self.wallet.limits.transfers;
        require!(
            "INV-05",
            self.wallet.invitations.made.len() < limits.invitations,
            WalletError::TooManyInvitations(limits.invitations)
        );
        let device = &self.wallet.device;
        let invitation = Invitation::draw(
            host,
            device.address(),
            vertical,
            device.keys().identity().public(),
            Invitation::expiry(self.now, lifetime, &limits)?,
            self.randomness,
        )?;
        let made = Made {
            owner: None,
            transfers: 0,
            invitation,
        };
        let expires = made.honoured_until(&limits);
        let (id, access_key) = (made.invitation.id, made.access_key());
        flawed!("INV-09 at once", (), {
            let link = made.invitation.to_string();
            self.effect(Effect::Invitation { link });
        });
        self.wallet.invitations.made.insert(id, Arc::new(made));
        let expires = flawed!("INV-09 no grace", expires, {
            let made = self.made_with(&access_key.digest());
            made.map_or(expires, |made| made.invitation.expires)
        });
        self.publish(access_key.digest(), expires)
    }

    fn publish(&mut self, hash: Digest, expires: Timestamp) -> Result<(), WalletError> {
        let address = self.wallet.device.address();
        self.request(Body::PublishAccessKey {
            address,
            hash,
            expires,
        })
    }

    /// The intermediary knows an access key now: the user gets the link that it belongs to.
    pub(super) fn published(&mut self, hash: &Digest) {
        let made = flawed!("INV-09 at once", self.made_with(hash), None);
        if let Some(link) = made.map(|made| made.invitation.to_string()) {
            self.effect(Effect::Invitation { link });
        }
    }

    /// The intermediary refused to know it. A link that nobody can use is erased; what answers to offers need is asked for
    /// again at the next tick, and nothing is offered until then (INV-09).
    pub(super) fn not_published(&mut self, asked: &Waiting) {
        let Body::PublishAccessKey { hash, .. } = &asked.body else {
            return;
        };
        let mut taken = self.wallet.invitations.taken.values();
        if let Some(id) = self.made_with(hash).map(|made| made.invitation.id) {
            self.wallet.invitations.made.remove(&id);
        } else if taken.any(|taken| taken.answers.digest() == *hash) {
            self.wallet.requests.push(asked.again());
        }
    }

    fn made_with(&self, hash: &Digest) -> Option<&Made> {
        let mut made = self.wallet.invitations.made.values();
        made.find(|made| made.access_key().digest() == *hash)
            .map(|made| &**made)
    }

    /// From now on nobody is served by the link.
    pub(super) fn withdraw(&mut self, link: &str) -> Result<(), WalletError> {
        let Invitation { id, .. } = link.parse()?;
        let invitations = &mut self.wallet.invitations;
        let made = flawed!(
            "INV-05 still taken",
            invitations.made.remove(&id),
            invitations.made.get(&id).cloned()
        );
        let made = required!(
            "INV-05",
            made,
            WalletError::NotInvited("it is no link of this wallet")
        );
        // Transfers that it has served go on by its access key, until that expires.
        if flawed!("INV-09 served ones too", made.transfers > 0, false) {
            return Ok(());
        }
        flawed!("INV-09 never withdrawn", (), return Ok(()));
        let access_key = made.access_key();
        self.withdraw_access_key(access_key.digest())
    }

    pub(super) fn withdraw_access_key(&mut self, hash: Digest) -> Result<(), WalletError> {
        self.wallet.requests.forget_publication(&hash);
        let address = self.wallet.device.address();
        self.request(Body::WithdrawAccessKey { address, hash })
    }

    /// The device has joined: whatever it gave away before opens its mailbox again.
    pub(super) fn publish_again(&mut self) -> Result<(), WalletError> {
        let limits = self.wallet.limits.transfers;
        let answers_end = self.answers_end();
        let invitations = &self.wallet.invitations;
        let made = invitations
            .made
            .values()
            .map(|made| (made.access_key().digest(), made.honoured_until(&limits)));
        let answers = invitations.taken.values();
        let answers = answers.map(|taken| (taken.answers.digest(), answers_end));
        let made = made.take(flawed!("INV-09 made ones", usize::MAX, 0));
        let answers = answers.take(flawed!("INV-09 answers", usize::MAX, 0));
        let all: Vec<_> = made.chain(answers).collect();
        all.into_iter()
            .try_for_each(|(hash, expires)| self.publish(hash, expires))
    }

    /// Somebody's link is taken: from now on its key alone speaks for that device (INV-03, X3DH-15). An access key
    /// for the answers is drawn, 32 bytes, and published before anything is offered.
    pub(super) fn take(&mut self, link: &str) -> Result<(), WalletError> {
        let invitation: Invitation = link.parse()?;
        let limits = self.wallet.limits.transfers;
        invitation.check_time(self.now, &limits)?;
        let Invitation {
            address,
            fingerprint,
            id,
            secret,
            expires,
            ..
        } = invitation;
        require!(
            "SES-15",
            address.user_id != self.wallet.device.address().user_id,
            SesameError::OwnUser
        );
        flawed!(
            "INV-03 not pinned",
            self.wallet.device.pin(
                address,
                fingerprint,
                flawed!("INV-03 not named", true, false)
            )?,
            ()
        );
        let most = self.wallet.limits.taken_invitations;
        let known = self.wallet.invitations.taken.get(&address).cloned();
        let (answers, transfers) = match &known {
            Some(known) if known.id == id => (known.answers.clone(), known.transfers),
            // The user was given another link: what went wrong before is left behind.
            Some(known) => {
                self.wallet.device.open_anew(&address);
                (known.answers.clone(), 0)
            }
            None => (AccessKey::from(Secret::random(self.randomness)?), 0),
        };
        let answers = flawed!("PRIV-02 one access key", answers, AccessKey::from([7; 32]));
        let transfers = flawed!("INV-05 counted anew", transfers, 0);
        require!(
            "INV-05",
            known.is_some() || self.wallet.invitations.taken.len() < most,
            WalletError::TooManyInvitations(most)
        );
        let hash = answers.digest();
        let taken = Taken {
            id,
            secret,
            expires,
            answers,
            transfers,
        };
        self.wallet
            .invitations
            .taken
            .insert(address, Arc::new(taken));
        self.publish(hash, self.answers_end())?;
        if known.is_some_and(|known| known.id != id) {
            flawed!("WAL-03 old key", self.ask_anew(&address)?, ());
        }
        Ok(())
    }

    /// When an access key for answers ends that is published now.
    fn answers_end(&self) -> Timestamp {
        self.now.after(self.wallet.limits.answers_lifetime)
    }

    /// Whether provisioning information may go to that device: to a key that a link or the user names (SES-18), by a
    /// link that is still valid (INV-05).
    pub(super) fn may_offer(&self, to: &Address) -> Result<(), WalletError> {
        let pin = self.wallet.device.pinned(to);
        require!(
            "SES-18",
            pin.is_some_and(|pin| pin.named),
            WalletError::Unnamed(*to)
        );
        let invitations = &self.wallet.invitations;
        let limits = self.wallet.limits.transfers;
        match invitations.taken.get(to) {
            Some(taken) => {
                flawed!(
                    "INV-05 offered late",
                    check_time(taken.expires, self.now, &limits)?,
                    ()
                );
                require!(
                    "INV-05",
                    flawed!(
                        "INV-05 offered without end",
                        taken.transfers < limits.invitation_transfers,
                        true
                    ),
                    WalletError::NotInvited("as many transfers as it serves were offered by it")
                );
            }
            // A key that the user compared, of a sender whose offer brought an access key.
            None => require!(
                "INV-05",
                invitations.senders.contains_key(to),
                WalletError::NotInvited("no link of that device was taken")
            ),
        }
        Ok(())
    }
}
