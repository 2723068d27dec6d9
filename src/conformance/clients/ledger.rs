//! What the intermediary owes: what it has done for its clients, as far as that matters to what it must do next, and whether it does.
//!
//! It is told as the profile tells it, from the requests and answers alone; the intermediary's own state is not looked into.

use super::errand::{CLIENTS, Errand, LIMITS, last_id};
use crate::error_code::ErrorCode;
use crate::identifier::{PreKeyId, RegistrationId};
use crate::intermediary::{AccessKey, Answer, Body, Digest, EnvelopeId, Registration, Submission};
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $words:literal [$($id:literal),+];)+) => {
        /// What an intermediary must keep.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule),+
        }

        impl Rule {
            /// Every rule, in order.
            pub const ALL: &[Rule] = &[$(Rule::$rule),+];

            /// In words, and the requirements that it stands for.
            #[must_use]
            pub const fn words(self) -> (&'static str, &'static [&'static str]) {
                match self {
                    $(Rule::$rule => ($words, &[$($id),+]),)+
                }
            }
        }
    };
}

rules! {
    /// The saved state is the whole state.
    Restart "A restart of the intermediary changes nothing." ["MBX-18"];
    /// It may stop at any point.
    Transaction "A request is one transaction: answered only once it is carried out, and carried out whole." ["MBX-03", "MBX-13", "MBX-18"];
    /// All or nothing.
    Refusal "A refused request changes nothing." ["MBX-02", "MBX-05"];
    /// What can be seen of the request alone.
    Form "What is longer, later or more than it may be is refused." ["MBX-08", "MBX-09", "MBX-10", "MBX-11", "MBX-20"];
    /// Who may ask.
    Token "Only the token of a registered device opens anything, and only what is its own." ["MBX-01", "MBX-12", "MBX-15"];
    /// What may be published.
    Keys "Only keys are published that are new and that the device has signed, with what it says of them." ["KEY-09", "MBX-02", "MBX-03", "MBX-24"];
    /// How many access keys.
    AccessKeys "A device has so many access keys at most." ["MBX-20"];
    /// Who may submit.
    Taken "A message is taken that goes by an access key of its recipient, to the device as it is registered, and into a mailbox with room." ["MBX-06", "MBX-11", "MBX-16", "MBX-22", "MBX-23"];
    /// Nobody keeps others out.
    Room "A message for which there is room is taken." ["MBX-11", "MBX-23"];
    /// Nothing else is refused.
    Asked "What a device may ask is done." ["MBX-12", "MBX-20"];
    /// Repetition is harmless.
    Repeated "A repeated request gets the first answer again, and changes nothing; under its id nothing else is done." ["MBX-13"];
    /// A one-time prekey is one.
    Once "A one-time prekey is handed out once." ["MBX-03", "MBX-18"];
    /// Who gets one.
    Admitted "A one-time prekey is for whom the device admits, and for one access key there are so many." ["MBX-17", "MBX-20", "MBX-21"];
    /// Which one.
    Lowest "A bundle has the lowest one-time prekey that is left, and none that is too old." ["MBX-03", "MBX-04"];
    /// What waits.
    Mailbox "A mailbox hands out what was accepted, the oldest first, until it is acknowledged or over; and who sent it." ["MBX-07", "MBX-08", "MBX-09", "MBX-10", "MBX-15", "MBX-18", "MBX-19"];
    /// How many are left.
    Count "Counted is what is left." ["MBX-04"];
    /// Nothing grows.
    Bounds "Everything is within its bound." ["MBX-02", "MBX-11", "MBX-20"];
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Message {
    id: EnvelopeId,
    /// The place of the submission.
    errand: usize,
    access_key: Digest,
    expires: Timestamp,
}

/// An access key that is published.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Access {
    expires: Timestamp,
    handed_out: u32,
}

/// What is known of a device that is registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Device {
    /// The place of its registration.
    registration: usize,
    /// Its one-time prekeys that are left, each with its end.
    left: BTreeMap<PreKeyId, Timestamp>,
    /// Those that were handed out, each for a request.
    handed_out: BTreeMap<PreKeyId, usize>,
    last: Option<PreKeyId>,
    /// The oldest first.
    mailbox: Vec<Message>,
    next: EnvelopeId,
    access: BTreeMap<Digest, Access>,
    /// The requests of it that are remembered: until when, and what was answered.
    remembered: BTreeMap<usize, (Timestamp, Digest)>,
}

/// What the intermediary has done for its clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    devices: [Option<Device>; CLIENTS],
}

impl Device {
    /// What is over is gone.
    fn forget(&mut self, now: Timestamp) {
        self.left.retain(|_, end| now < *end);
        self.mailbox.retain(|message| now < message.expires);
        self.access.retain(|_, access| now < access.expires);
        self.remembered.retain(|_, (end, _)| now < *end);
    }

    fn of_access_key(&self, access_key: &Digest) -> usize {
        let of = |message: &&Message| message.access_key == *access_key;
        self.mailbox.iter().filter(of).count()
    }

    /// Whether the mailbox takes a message by that access key (MBX-11, MBX-23).
    fn has_room(&self, access_key: &Digest) -> bool {
        let of_it = self.of_access_key(access_key);
        if of_it >= LIMITS.mailbox_of_access_key {
            return false;
        }
        if of_it < LIMITS.always_taken {
            return self.mailbox.len() < LIMITS.mailbox_in_all();
        }
        let keys: BTreeSet<&Digest> = self.mailbox.iter().map(|it| &it.access_key).collect();
        let beyond = keys
            .into_iter()
            .map(|key| self.of_access_key(key).saturating_sub(LIMITS.always_taken));
        self.mailbox.len() < LIMITS.mailbox || beyond.sum::<usize>() < LIMITS.mailbox
    }
}

/// Whether a statement of that time may be published (MBX-24).
fn is_timely(created: Option<Timestamp>, now: Timestamp) -> bool {
    let created = created.unwrap_or_default();
    now.seconds_since(created) <= LIMITS.statement_age
        && created.seconds_since(now) <= LIMITS.statement_ahead
}

impl Ledger {
    /// What is over by then is gone.
    pub fn forget(&mut self, now: Timestamp) {
        for device in self.devices.iter_mut().flatten() {
            device.forget(now);
        }
    }

    /// A request was answered: what the answer breaks. `changed` tells whether the intermediary is another one since.
    pub fn judge(
        &mut self,
        errands: &[Errand],
        place: usize,
        now: Timestamp,
        answer: &Result<Answer, ErrorCode>,
        changed: bool,
    ) -> Option<Rule> {
        self.forget(now);
        if answer.is_err() && changed {
            return Some(Rule::Refusal);
        }
        let errand = &errands[place];
        if let Some(first) = self.first_answer(errand, place) {
            let again = answer.as_ref().is_ok_and(|answer| print(answer) == first);
            return (!again || changed).then_some(Rule::Repeated);
        }
        match (self.forbids(errands, place, now), answer) {
            (None, Ok(answer)) => self.done(errands, place, now, answer),
            (Some(_), Err(_)) => None,
            (Some(rule), Ok(_)) => Some(rule),
            (None, Err(ErrorCode::MailboxFull)) => Some(Rule::Room),
            (None, Err(_)) => Some(Rule::Asked),
        }
    }

    /// Of a request that is remembered, and that its device may still make.
    fn first_answer(&self, errand: &Errand, place: usize) -> Option<Digest> {
        let device = self.devices[errand.by].as_ref()?;
        let is_registration = matches!(errand.request.body, Body::Register(_));
        if !is_registration && errand.authority != Some(device.registration) {
            return None;
        }
        device.remembered.get(&place).map(|(_, first)| *first)
    }

    fn is_current(&self, registration: usize) -> bool {
        let mut devices = self.devices.iter().flatten();
        devices.any(|device| device.registration == registration)
    }

    /// What forbids a request that is no repetition.
    fn forbids(&self, errands: &[Errand], place: usize, now: Timestamp) -> Option<Rule> {
        let errand = &errands[place];
        if errand.never.is_some() {
            return errand.never;
        }
        let is_current = errand.authority.is_some_and(|it| self.is_current(it));
        if let Body::Register(Registration {
            address, created, ..
        }) = &errand.request.body
        {
            let of_user = |(_, errand): &(usize, &Errand)| {
                errand.request.body.target().user_id == address.user_id
            };
            let registrations = errands.iter().enumerate().filter(of_user);
            let mut registrations = registrations.map(|(place, _)| place);
            let is_first = !registrations.any(|place| self.is_current(place));
            let may = is_current || (errand.authority.is_none() && is_first);
            if !may {
                return Some(Rule::Token);
            }
            return (!is_timely(*created, now)).then_some(Rule::Keys);
        }
        if !is_current {
            return Some(Rule::Token);
        }
        let asker = self.devices[errand.by].as_ref();
        let same_id = |it: &usize| errands[*it].request.id == errand.request.id;
        let is_used = asker.is_some_and(|asker| asker.remembered.keys().any(same_id));
        if is_used {
            return Some(Rule::Repeated);
        }
        let about = errand.about.and_then(|about| self.devices[about].as_ref());
        let Some(about) = about else {
            return Some(Rule::Taken);
        };
        match &errand.request.body {
            Body::PublishSignedPreKey { created, .. } => {
                (!is_timely(*created, now)).then_some(Rule::Keys)
            }
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => {
                let first = one_time_pre_keys.first().map(|key| key.id);
                let room = about.left.len() + one_time_pre_keys.len() <= LIMITS.one_time_pre_keys;
                (first <= about.last || !room).then_some(Rule::Keys)
            }
            Body::PublishAccessKey { hash, .. } => {
                let is_new = !about.access.contains_key(hash);
                (is_new && about.access.len() >= LIMITS.access_keys).then_some(Rule::AccessKeys)
            }
            Body::Submit(submission) => {
                let access_key = submission.access_key.digest();
                let is_current =
                    registration_id(errands, about) == Some(submission.registration_id);
                let is_taken =
                    about.access.contains_key(&access_key) && about.has_room(&access_key);
                (!is_current || !is_taken).then_some(Rule::Taken)
            }
            _ => None,
        }
    }

    /// A request was carried out that might be.
    #[allow(clippy::too_many_lines, reason = "a request after the other")]
    fn done(
        &mut self,
        errands: &[Errand],
        place: usize,
        now: Timestamp,
        answer: &Answer,
    ) -> Option<Rule> {
        let errand = &errands[place];
        let wrong = |rule| Some(rule);
        if let Body::Register(registration) = &errand.request.body {
            let end = now.after(LIMITS.one_time_pre_key_lifetime);
            let keys = &registration.one_time_pre_keys;
            self.devices[errand.by] = Some(Device {
                registration: place,
                left: keys.iter().map(|key| (key.id, end)).collect(),
                handed_out: BTreeMap::new(),
                last: last_id(keys),
                mailbox: Vec::new(),
                next: EnvelopeId::FIRST,
                access: BTreeMap::new(),
                remembered: BTreeMap::new(),
            });
            self.remember(errand.by, place, now, answer);
            return (*answer != Answer::Done).then_some(Rule::Asked);
        }
        let about = errand.about.unwrap_or(errand.by);
        let Some(device) = self.devices[about].as_mut() else {
            return wrong(Rule::Token);
        };
        let broken = match (&errand.request.body, answer) {
            (Body::FetchBundle { access_key, .. }, Answer::Bundle { bundle }) => {
                let hash = access_key.as_ref().map(AccessKey::digest);
                let id = bundle.one_time_pre_key_id;
                let id = id.and_then(|id| PreKeyId::try_from(id).ok());
                device.hands_out(hash, id, place)
            }
            (
                Body::PublishOneTimePreKeys {
                    one_time_pre_keys, ..
                },
                Answer::Done,
            ) => {
                let end = now.after(LIMITS.one_time_pre_key_lifetime);
                let keys = one_time_pre_keys.iter().map(|key| (key.id, end));
                device.left.extend(keys);
                device.last = device.last.max(last_id(one_time_pre_keys));
                None
            }
            (Body::PublishAccessKey { hash, expires, .. }, Answer::Done) => {
                let former = device.access.remove(hash);
                if now < *expires {
                    let access = Access {
                        expires: *expires,
                        handed_out: former.map_or(0, |former| former.handed_out),
                    };
                    device.access.insert(*hash, access);
                }
                None
            }
            (Body::WithdrawAccessKey { hash, .. }, Answer::Done) => {
                device.access.remove(hash);
                None
            }
            (Body::Submit(submission), Answer::Done) => {
                device.takes(place, submission, now);
                None
            }
            (Body::Read { limit, .. }, Answer::Envelopes { envelopes }) => {
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                let there = device.mailbox.iter().take(limit);
                let is_right = there.len() == envelopes.len()
                    && there.zip(envelopes).all(|(message, envelope)| {
                        let submission = &errands[message.errand];
                        let sender = &errands[submission.authority.unwrap_or(message.errand)];
                        let Body::Submit(submitted) = &submission.request.body else {
                            return false;
                        };
                        envelope.id == message.id
                            && envelope.sender == *sender.request.body.target()
                            && envelope.recipient == submitted.recipient
                            && envelope.kind == submitted.kind
                            && envelope.message == submitted.message
                            && envelope.expires == message.expires
                    });
                (!is_right).then_some(Rule::Mailbox)
            }
            (Body::Acknowledge { ids, .. }, Answer::Done) => {
                device.mailbox.retain(|message| !ids.contains(&message.id));
                None
            }
            (Body::CountOneTimePreKeys { .. }, Answer::OneTimePreKeys { left }) => {
                let is_right = usize::try_from(*left) == Ok(device.left.len());
                (!is_right).then_some(Rule::Count)
            }
            (Body::PublishSignedPreKey { .. }, Answer::Done) => None,
            (Body::Remove { .. }, Answer::Done) => {
                self.devices[about] = None;
                None
            }
            _ => Some(Rule::Asked),
        };
        let is_remembered = !matches!(
            errand.request.body,
            Body::Read { .. } | Body::Acknowledge { .. } | Body::CountOneTimePreKeys { .. }
        );
        if is_remembered {
            self.remember(errand.by, place, now, answer);
        }
        broken
    }

    fn remember(&mut self, by: usize, place: usize, now: Timestamp, answer: &Answer) {
        if let Some(device) = self.devices[by].as_mut() {
            // A registration for as long as the device is registered.
            let end = if device.registration == place {
                Timestamp(u64::MAX)
            } else {
                now.after(LIMITS.answer_lifetime)
            };
            device.remembered.insert(place, (end, print(answer)));
        }
    }
}

impl Device {
    /// A bundle with that one-time prekey was handed out: what is wrong with it.
    fn hands_out(
        &mut self,
        access_key: Option<Digest>,
        id: Option<PreKeyId>,
        place: usize,
    ) -> Option<Rule> {
        let access = access_key.and_then(|hash| self.access.get_mut(&hash));
        let access = access.filter(|it| it.handed_out < LIMITS.one_time_pre_keys_of_access_key);
        let next = self.left.keys().next().copied();
        let Some(id) = id else {
            // Whoever is admitted gets one as long as there is one.
            return (access.is_some() && next.is_some()).then_some(Rule::Lowest);
        };
        if self.handed_out.contains_key(&id) {
            return Some(Rule::Once);
        }
        let Some(access) = access else {
            return Some(Rule::Admitted);
        };
        if next != Some(id) {
            return Some(Rule::Lowest);
        }
        access.handed_out += 1;
        self.left.remove(&id);
        self.handed_out.insert(id, place);
        None
    }

    fn takes(&mut self, place: usize, submission: &Submission, now: Timestamp) {
        self.mailbox.push(Message {
            id: self.next,
            errand: place,
            access_key: submission.access_key.digest(),
            expires: now.after(submission.lifetime()),
        });
        self.next = self.next.next();
    }
}

/// The registration id that a device has.
fn registration_id(errands: &[Errand], device: &Device) -> Option<RegistrationId> {
    match &errands[device.registration].request.body {
        Body::Register(registration) => Some(registration.registration_id),
        _ => None,
    }
}

/// Two answers are the same where this is.
fn print(answer: &Answer) -> Digest {
    Digest::of(&serde_json::to_vec(answer).unwrap_or_default())
}
