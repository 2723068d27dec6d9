//! A send of a device, from its start to its end, and what each step of it must be.

use super::SUITE;
use super::breach::{Breach, Fault, hold};
use super::bundles::{Named, OPENING, named};
use super::correspondent::{Correspondent, said, sessions};
use super::deed::{Deed, Deeds};
use super::letter::{self, Letter};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId, Recipient, RegistrationId};
use crate::primitives::PublicKey;
use crate::sesame::{
    Device, DeviceMessage, GiveUp, Purpose, Send, SendEvent, SendOutcome, SendStep,
};
use crate::suite::Header;
use crate::wire::{Message, MessageKind, PreKeyMessage};
use std::collections::{BTreeMap, BTreeSet};

/// A message that was made for one device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Draft {
    session: PublicKey,
    to_key: PublicKey,
    registration_id: RegistrationId,
    outdated: bool,
    message: Message,
}

/// A send under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sending {
    pub(super) send: Send,
    recipient: Recipient,
    purpose: Purpose,
    number: u8,
    rounds: u8,
    awaiting: BTreeSet<DeviceId>,
    drafts: BTreeMap<DeviceId, Draft>,
}

/// What a send waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Waits {
    /// The bundle of a device, to open a session.
    Bundle(Address),
    /// The bundle of a device without a one-time prekey, for its statement.
    Statement(Address),
    /// Whether the messages for these devices are accepted, each with the registration id that it is for.
    Submission(Recipient, Vec<(Address, u32)>),
}

impl Sending {
    fn outdated(&self) -> impl Iterator<Item = DeviceId> {
        let drafts = self.drafts.iter();
        drafts
            .filter(|(_, draft)| draft.outdated)
            .map(|(id, _)| *id)
    }

    fn is_fetching(&self) -> bool {
        !self.awaiting.is_empty() || self.outdated().next().is_some()
    }

    fn awaits(&self, address: &Address) -> bool {
        let id = address.device_id;
        self.recipient.user_id() == address.user_id
            && (self.awaiting.contains(&id) || self.outdated().any(|outdated| outdated == id))
    }

    /// What must be done now, by what has happened.
    fn due(&self) -> SendStep {
        let device = |id| self.recipient.device(id);
        if !self.awaiting.is_empty() {
            return SendStep::FetchBundles(self.awaiting.iter().copied().map(device).collect());
        }
        let outdated: Vec<Address> = self.outdated().map(device).collect();
        if !outdated.is_empty() {
            return SendStep::FetchStatements(outdated);
        }
        let messages = self.drafts.iter().map(|(id, draft)| DeviceMessage {
            device_id: *id,
            registration_id: draft.registration_id,
            message: draft.message.clone(),
        });
        SendStep::Submit {
            recipient: self.recipient,
            messages: messages.collect(),
        }
    }

    /// After an answer: a round more, or nobody is left (SES-09).
    fn goes_round(&mut self) -> SendStep {
        let asks = matches!(self.recipient, Recipient::User(_)) && self.rounds == 0;
        if self.drafts.is_empty() && self.awaiting.is_empty() && !asks {
            return SendStep::GiveUp(GiveUp::NotFound);
        }
        if !self.is_fetching() {
            self.rounds += 1;
        }
        self.due()
    }
}

impl Correspondent {
    /// What its send waits for, where it has one under way.
    #[must_use]
    pub fn waits(&self) -> Option<Waits> {
        let sending = self.sending.as_ref()?;
        let device = |id| sending.recipient.device(id);
        if let Some(id) = sending.awaiting.first() {
            return Some(Waits::Bundle(device(*id)));
        }
        if let Some(id) = sending.outdated().next() {
            return Some(Waits::Statement(device(id)));
        }
        let drafts = sending.drafts.iter();
        let messages = drafts.map(|(id, draft)| (device(*id), draft.registration_id.get()));
        Some(Waits::Submission(sending.recipient, messages.collect()))
    }

    /// Starts its next letter, to a user or to one device; where that is refused, as it must be, nothing is under way.
    ///
    /// # Errors
    /// What the device does not keep.
    pub fn start(&mut self, recipient: Recipient, purpose: Purpose) -> Result<Deeds, Fault> {
        let mut deeds = Deeds::default();
        let number = self.journal.written + 1;
        let text = Letter::text(&self.address(), number);
        let named = match (&recipient, purpose) {
            (_, Purpose::Other) => Ok(()),
            (Recipient::Device(address), _) if self.journal.names(address) => Ok(()),
            (Recipient::Device(_), _) => Err(ErrorCode::UntrustedIdentity),
            (Recipient::User(_), _) => Err(ErrorCode::InvalidState),
        };
        let before = self.device.clone();
        let (started, drawn) = self
            .step(|device, randomness| device.start_send(recipient, &text, purpose, randomness));
        hold(
            drawn == 0,
            Breach::Draws,
            "a letter is encrypted, and something drawn",
        )?;
        let (send, step) = match (named, started) {
            (Ok(()), Ok(started)) => started,
            (Ok(()), Err(error)) => {
                let what = format!("a letter cannot be written: {}", said(&error));
                return Err(Fault::new(Breach::Sends, what));
            }
            (Err(_), Ok(_)) => {
                let what = "provisioning information for nobody who was named";
                return Err(Fault::new(Breach::Named, what));
            }
            (Err(_), Err(_)) => {
                hold(
                    self.device == before,
                    Breach::Refusals,
                    "a letter was refused, and left something",
                )?;
                return Ok(deeds);
            }
        };
        self.journal.written = number;
        let devices: Vec<DeviceId> = match recipient {
            Recipient::User(user) => {
                let known = self.journal.known.iter();
                let known = known.filter(|(address, known)| {
                    address.user_id == user && known.stale_since.is_none()
                });
                known.map(|(address, _)| address.device_id).collect()
            }
            Recipient::Device(address) => vec![address.device_id],
        };
        let mut sending = Sending {
            send,
            recipient,
            purpose,
            number,
            rounds: 0,
            awaiting: BTreeSet::new(),
            drafts: BTreeMap::new(),
        };
        let fresh = self.plan(&mut sending, &devices, &mut deeds);
        self.are_encrypted(&before, &mut sending, &fresh)?;
        let due = sending.goes_round();
        self.goes(sending, &step, &due, &mut deeds)?;
        self.check()?;
        Ok(deeds)
    }

    /// In which session the message for each device goes, where there is one for it; the bundles of the others are awaited.
    fn plan(
        &self,
        sending: &mut Sending,
        devices: &[DeviceId],
        deeds: &mut Deeds,
    ) -> BTreeMap<DeviceId, PublicKey> {
        let mut fresh = BTreeMap::new();
        let (now, limits) = (self.now(), &self.bounds.limits);
        for id in devices {
            let address = sending.recipient.device(*id);
            let known = self.journal.known.get(&address);
            let known = known.filter(|it| self.journal.trusts(&address, &it.identity_key).is_ok());
            let index = known.and_then(|known| known.sendable(sending.purpose, now, limits));
            match (known, index) {
                (Some(known), Some(index)) => {
                    deeds.add_if(index > 0, Deed::OwnSession);
                    fresh.insert(*id, known.sessions[index].base_key);
                }
                (known, _) => {
                    let old = known.is_some_and(|known| {
                        known.stale_since.is_none() && !known.sessions.is_empty()
                    });
                    deeds.add_if(old && sending.purpose == Purpose::Other, Deed::NotSent);
                    sending.awaiting.insert(*id);
                }
            }
        }
        fresh
    }

    /// Messages were made for those devices, in those sessions, and for no other; what was made before stays as it is.
    fn are_encrypted(
        &mut self,
        before: &Device,
        sending: &mut Sending,
        fresh: &BTreeMap<DeviceId, PublicKey>,
    ) -> Result<(), Fault> {
        let messages = sending.send.encrypted();
        let made: BTreeMap<DeviceId, &Message> = messages
            .iter()
            .map(|message| (message.device_id, &message.message))
            .collect();
        for (id, draft) in &sending.drafts {
            let kept = fresh.contains_key(id) || made.get(id) == Some(&&draft.message);
            hold(kept, Breach::Sends, "a message that was made is made again")?;
        }
        let known = |id: &DeviceId| fresh.contains_key(id) || sending.drafts.contains_key(id);
        hold(
            made.keys().all(known),
            Breach::Sends,
            "a message was made for a device that it is not for",
        )?;
        for (id, session) in fresh {
            let address = sending.recipient.device(*id);
            let message = made.get(id).ok_or_else(|| {
                Fault::new(
                    Breach::InSession,
                    "there is a session, and nothing is sent in it",
                )
            })?;
            let draft = self.is_encrypted(before, &address, session, message)?;
            sending.drafts.insert(*id, draft);
        }
        Ok(())
    }

    /// A message was made in that session.
    fn is_encrypted(
        &mut self,
        before: &Device,
        address: &Address,
        session: &PublicKey,
        message: &Message,
    ) -> Result<Draft, Fault> {
        let former: Vec<_> = before
            .record(address)
            .into_iter()
            .flat_map(sessions)
            .collect();
        let now = self.device.record(address).into_iter().flat_map(sessions);
        let used: Vec<_> = now.filter(|it| !former.contains(it)).collect();
        hold(
            used.iter().map(|it| it.base_key()).eq([session]),
            Breach::InSession,
            "a message was not made in the session that it belongs into",
        )?;
        let unreadable = || Fault::new(Breach::Openings, "nobody can read what was made");
        let Header {
            ratchet_key,
            previous_counter,
            counter,
        } = letter::header(message).ok_or_else(unreadable)?;
        let (identity_key, registration_id) = (*self.identity_key(), self.registration_id());
        let journal = &mut self.journal;
        let known = journal.known.get_mut(address).ok_or_else(unreadable)?;
        let (to_key, to_registration) = (known.identity_key, known.registration_id);
        let held = known.session_mut(session).ok_or_else(unreadable)?;
        let kind = if held.own && !held.answered {
            MessageKind::PreKey
        } else {
            MessageKind::Ratchet
        };
        hold(
            message.kind == kind,
            Breach::Openings,
            "a prekey message after the answer, or none before it",
        )?;
        if kind == MessageKind::PreKey {
            let opening = PreKeyMessage::decode(SUITE, &message.bytes);
            let opening = opening.map_err(|_| unreadable())?;
            let opened_with = (opening.signed_pre_key_id, opening.pre_key_id);
            hold(
                held.opened_with == Some(opened_with)
                    && opening.base_key == *session
                    && opening.identity_key == identity_key
                    && opening.registration_id == registration_id,
                Breach::Openings,
                "a prekey message does not say what its session was opened with",
            )?;
        }
        let sending = &mut held.sending;
        let is_new = match sending.ratchet_key {
            Some(known) => {
                hold(
                    known == ratchet_key,
                    Breach::Counters,
                    "a new chain without a turn",
                )?;
                false
            }
            None => true,
        };
        if is_new {
            sending.ratchet_key = Some(ratchet_key);
            hold(
                journal.ratchet_keys.insert(ratchet_key),
                Breach::OneKeyOneLetter,
                "a ratchet key serves a second chain",
            )?;
        }
        hold(
            counter >= sending.sent,
            Breach::OneKeyOneLetter,
            "a ratchet key and a counter came before",
        )?;
        hold(
            counter == sending.sent && previous_counter == sending.previous,
            Breach::Counters,
            "a counter does not say how many letters there were",
        )?;
        sending.sent += 1;
        let own = Some(message.clone());
        self.refuses_message(address, own, "a letter that came back to its writer")?;
        Ok(Draft {
            session: *session,
            to_key,
            registration_id: RegistrationId::try_from(to_registration)
                .map_err(|_| Fault::new(Breach::Records, "a registration id that is none"))?,
            outdated: false,
            message: message.clone(),
        })
    }

    /// The send goes on with the step that is due, or is over.
    fn goes(
        &mut self,
        sending: Sending,
        step: &SendStep,
        due: &SendStep,
        deeds: &mut Deeds,
    ) -> Result<(), Fault> {
        hold(
            step == due && sending.send.step() == *due,
            Breach::Sends,
            "a send does something else than is due",
        )?;
        hold(
            sending.rounds <= self.bounds.limits.max_rounds,
            Breach::Sends,
            "a send has one round too many",
        )?;
        self.sending = match due {
            SendStep::Done | SendStep::GiveUp(_) => None,
            _ => Some(sending),
        };
        deeds.add_if(*due == SendStep::GiveUp(GiveUp::NotFound), Deed::Nobody);
        deeds.add_if(*due == SendStep::GiveUp(GiveUp::RetryLimit), Deed::GivenUp);
        Ok(())
    }

    /// The intermediary answers its send: with letters where they leave. A send whose bundle is refused, as it must be, is given up.
    ///
    /// # Errors
    /// What the device does not keep.
    pub fn goes_on(&mut self, event: &SendEvent) -> Result<(Deeds, Vec<Letter>), Fault> {
        let mut deeds = Deeds::default();
        let Some(mut sending) = self.sending.take() else {
            return Ok((deeds, Vec::new()));
        };
        let due = self.due_of(&sending, event);
        if let SendEvent::Bundle(fields) = event {
            self.refuses_wrong_bundles(fields)?;
            self.refuses_unasked(&sending, fields)?;
        }
        let before = self.device.clone();
        let mut send = sending.send.clone();
        let (answer, drawn) = self
            .step(|device, randomness| device.continue_send(&mut send, event.clone(), randomness));
        let outcome = match (due, answer) {
            (Ok(()), Ok(outcome)) => outcome,
            (due, answer) => {
                Self::bundle_refused(due, answer.err(), &mut deeds)?;
                hold(
                    drawn == 0 && before == self.device && send == sending.send,
                    Breach::Refusals,
                    "an answer was refused, and left something",
                )?;
                self.check()?;
                return Ok((deeds, Vec::new()));
            }
        };
        sending.send = send;
        let letters =
            self.has_gone_on(&mut sending, event, &before, drawn, &outcome, &mut deeds)?;
        self.check()?;
        Ok((deeds, letters))
    }

    /// Whether an answer is to be taken.
    fn due_of(&self, sending: &Sending, event: &SendEvent) -> Result<(), ErrorCode> {
        if let (Recipient::Device(address), Purpose::Provisioning) =
            (&sending.recipient, sending.purpose)
            && *event != SendEvent::Accepted
            && !self.journal.names(address)
        {
            return Err(ErrorCode::UntrustedIdentity);
        }
        let asked = |is_so: bool| is_so.then_some(()).ok_or(ErrorCode::UnexpectedMessage);
        match event {
            SendEvent::Bundle(fields) => {
                let bundle = named(fields).ok_or(ErrorCode::Malformed)?;
                self.is_of_this_time(fields)?;
                asked(sending.awaits(&bundle.address))?;
                self.journal.trusts(&bundle.address, &bundle.identity_key)
            }
            SendEvent::NoBundle(address) => asked(sending.awaits(address)),
            _ => asked(!sending.is_fetching()),
        }
    }

    /// A bundle that was not asked for is refused (SES-02).
    fn refuses_unasked(
        &self,
        sending: &Sending,
        fields: &crate::agreement::BundleFields,
    ) -> Result<(), Fault> {
        let Some(other) = self.is_elsewhere(fields) else {
            return Ok(());
        };
        let code = self
            .due_of(sending, &SendEvent::Bundle(other.clone()))
            .err();
        let mut send = sending.send.clone();
        self.refuses(
            |device, randomness| {
                device.continue_send(&mut send, SendEvent::Bundle(other), randomness)
            },
            code,
            Breach::Bundles,
            "a bundle that nobody asked for",
        )
    }

    /// An answer was taken: the journal follows.
    fn has_gone_on(
        &mut self,
        sending: &mut Sending,
        event: &SendEvent,
        before: &Device,
        drawn: u64,
        outcome: &SendOutcome,
        deeds: &mut Deeds,
    ) -> Result<Vec<Letter>, Fault> {
        let last = sending.rounds == self.bounds.limits.max_rounds;
        let recipient = sending.recipient;
        let (mut changed, mut due_draws) = (false, 0);
        let mut fresh = BTreeMap::new();
        let mut refused = false;
        let mut letters = Vec::new();
        match event {
            SendEvent::Bundle(fields) => {
                if let Some(bundle) = named(fields)
                    && !self.states(sending, &bundle, deeds)
                {
                    due_draws = OPENING;
                    changed = self.has_opened(&bundle, deeds)?;
                    let id = bundle.address.device_id;
                    sending.awaiting.remove(&id);
                    fresh.extend(self.active(&bundle.address).map(|session| (id, session)));
                }
            }
            SendEvent::NoBundle(address) => {
                sending.awaiting.remove(&address.device_id);
                sending.drafts.remove(&address.device_id);
                let stale = self.journal.mark_stale(address, self.device.now());
                deeds.add_if(stale, Deed::GoneDevice);
            }
            SendEvent::Accepted => {
                let drafts = std::mem::take(&mut sending.drafts);
                for (id, draft) in drafts {
                    letters.push(Letter {
                        from: self.address(),
                        to: recipient.device(id),
                        number: sending.number,
                        from_key: *self.identity_key(),
                        to_key: draft.to_key,
                        session: draft.session,
                        message: draft.message,
                    });
                }
            }
            SendEvent::DeviceMismatch { missing, extra } => {
                refused = true;
                let grows = matches!(recipient, Recipient::User(_)) && !last;
                let missing = missing
                    .iter()
                    .filter(|id| grows && !sending.drafts.contains_key(id));
                let missing: Vec<DeviceId> = missing.copied().collect();
                deeds.add_if(!missing.is_empty(), Deed::Missing);
                fresh = self.plan(sending, &missing, deeds);
                for id in extra {
                    if sending.drafts.remove(id).is_some() {
                        let address = recipient.device(*id);
                        let stale = self.journal.mark_stale(&address, self.device.now());
                        deeds.add_if(stale, Deed::GoneDevice);
                    }
                }
            }
            SendEvent::StaleRegistration(devices) => {
                refused = true;
                for id in devices {
                    if let Some(draft) = sending.drafts.get_mut(id) {
                        draft.outdated = true;
                    }
                }
            }
        }
        hold(
            drawn == due_draws,
            Breach::Draws,
            "a send went on, and drew too much or too little",
        )?;
        hold(
            outcome.identity_changed == changed,
            Breach::Told,
            "the user is not told of another identity key, or for nothing",
        )?;
        if letters.is_empty() && !(refused && last) {
            self.are_encrypted(before, sending, &fresh)?;
        }
        let due = match () {
            () if refused && last => SendStep::GiveUp(GiveUp::RetryLimit),
            () if !letters.is_empty() => SendStep::Done,
            () => sending.goes_round(),
        };
        let sending = sending.clone();
        self.goes(sending, &outcome.step, &due, deeds)?;
        Ok(letters)
    }

    /// Whether a bundle serves for its statement alone (SES-10): then the registration id is taken from it.
    fn states(&mut self, sending: &mut Sending, bundle: &Named, deeds: &mut Deeds) -> bool {
        let draft = sending.drafts.get_mut(&bundle.address.device_id);
        let same = |draft: &&mut Draft| draft.outdated && draft.to_key == bundle.identity_key;
        let (Some(draft), Ok(registration_id)) = (
            draft.filter(same),
            RegistrationId::try_from(bundle.registration_id),
        ) else {
            return false;
        };
        draft.registration_id = registration_id;
        draft.outdated = false;
        if let Some(known) = self.journal.known.get_mut(&bundle.address) {
            known.confirm(bundle.registration_id);
        }
        deeds.add(Deed::Outdated);
        true
    }
}
