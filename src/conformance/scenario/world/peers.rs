//! What a peer that does not keep to the profile sends: past its own wallet, which knows nothing of it. Whoever gets it may be a
//! subject under test: all that is needed of it is what it has published.

use super::forgery;
use super::payloads;
use super::{StepFailure, World};
use crate::conformance::seed::Recorder;
use crate::identifier::TransferId;
use crate::primitives::Secret;
use crate::suite::Party;
use crate::transfer::Invitation;

/// Under which transfer id somebody offers.
pub(in super::super) enum Under<'a> {
    /// One that is drawn, by that name for the script.
    Fresh(&'a str),
    /// That of a transfer that the script has named.
    Known(&'a str),
}

impl World<'_> {
    /// A device sends another what its wallet would not write: by the link that it has, or is given for that, or by the one of
    /// that name, whether or not it was taken or still serves.
    pub(in super::super) fn send_payload(
        &mut self,
        from: &str,
        to: &str,
        payload: &str,
        link: Option<&str>,
        under: &Under<'_>,
    ) -> Result<(), StepFailure> {
        let mut randomness = self.peer_randomness("named");
        let transfer = match under {
            Under::Fresh(_) => TransferId::random(&mut randomness).map_err(StepFailure::script)?,
            Under::Known(name) => self.people.transfer(name)?,
        };
        let address = self.people.address(to)?;
        let sender = Party {
            identity_key: self.people.identity_key(from)?,
            address: self.people.address(from)?,
        };
        let (link, answers): (Invitation, _) = if let Some(name) = link {
            let link = self.link(name)?.parse().map_err(StepFailure::script)?;
            let made_up = Secret::random(&mut randomness).map_err(StepFailure::script)?;
            (link, self.people.answers(from, address).unwrap_or(made_up))
        } else {
            self.exchange(from, to)?;
            let link = self.links.of(from, address).cloned();
            let link = link.ok_or_else(|| StepFailure::script("it has no link"))?;
            self.links.count(from, address);
            (link, self.people.answers(from, address)?)
        };
        let by = payloads::By {
            sender,
            link: &link,
            answers,
        };
        let plaintext = payloads::plaintext(payload, self.suite, transfer, by, self.now)?;
        if let Under::Fresh(name) = under {
            self.people.call(name, transfer);
        }
        self.send_plaintext(from, to, &plaintext)
    }

    /// A device says something about a transfer out of turn.
    pub(in super::super) fn send_words(
        &mut self,
        from: &str,
        to: &str,
        words: &str,
        name: &str,
    ) -> Result<(), StepFailure> {
        let transfer = self.people.transfer(name)?;
        let last = self.people.wallet(from)?.transfers().said_last(&transfer);
        let mut randomness = self.peer_randomness("said");
        let plaintext = payloads::words(words, transfer, last, &mut randomness)?;
        self.send_plaintext(from, to, &plaintext)
    }

    /// A device sends the last message to another one again, in a new one: with the stolen state it can be told what it said.
    pub(in super::super) fn send_once_more(
        &mut self,
        from: &str,
        to: &str,
    ) -> Result<(), StepFailure> {
        let address = self.people.address(to)?;
        let last = self.last_message(&address);
        let last = last.ok_or_else(|| StepFailure::script("it has read no message"))?;
        let stolen = self.stolen.get(to);
        let stolen = stolen.ok_or_else(|| StepFailure::script(format!("nobody copied {to}")))?;
        let mut randomness = Recorder::new("what it said");
        let read = stolen
            .device()
            .clone()
            .decrypt(&last.sender, last.kind, &last.message.0, &mut randomness)
            .map_err(StepFailure::script)?;
        self.send_plaintext(from, to, &read.plaintext)
    }

    /// A device opens so many sessions with another one, beside those that the two have.
    pub(in super::super) fn further_sessions(
        &mut self,
        from: &str,
        to: &str,
        many: u64,
    ) -> Result<(), StepFailure> {
        let to = self.people.address(to)?;
        let bundle = self.intermediary.bundle(&to)?;
        let mut device = self.people.wallet(from)?.device().clone();
        let mut randomness = self.peer_randomness("further");
        for _ in 0..many {
            let nothing = b"nothing that makes sense";
            let to = (to, &bundle);
            let message = forgery::first_message_by(&mut device, to, nothing, &mut randomness)?;
            let envelope = forgery::envelope(device.address(), to.0, message, self.now);
            self.intermediary.injected.push(envelope);
        }
        self.people.replace_device(from, &device)?;
        self.settle()
    }

    /// A device sends another what its wallet would not write: in the session that it has, or in a first message.
    fn send_plaintext(
        &mut self,
        from: &str,
        to: &str,
        plaintext: &[u8],
    ) -> Result<(), StepFailure> {
        let address = self.people.address(to)?;
        let mut device = self.people.wallet(from)?.device().clone();
        let mut randomness = self.peer_randomness("written");
        let message = if let Ok(message) = device.encrypt(&address, plaintext, &mut randomness) {
            message
        } else {
            // There is no session, or none that may be sent in.
            let bundle = self.intermediary.bundle(&address)?;
            let to = (address, &bundle);
            forgery::first_message_by(&mut device, to, plaintext, &mut randomness)?
        };
        self.people.replace_device(from, &device)?;
        let envelope = forgery::envelope(device.address(), address, message, self.now);
        self.intermediary.injected.push(envelope);
        self.settle()
    }

    fn peer_randomness(&self, what: &str) -> Recorder {
        Recorder::new(&format!("{}/{what}/{}", self.seed, self.lines.len()))
    }
}
