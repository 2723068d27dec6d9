//! Letters between devices, past wallets and the intermediary: a directory says who is there, and hands bundles out.
//!
//! Each step of a device is held to what [`Correspondent`] is held to.

use super::{StepFailure, World};
use crate::conformance::correspondence::{Bounds, Correspondent, Fault, Letter, Waits};
use crate::conformance::scenario::transcript::Line;
use crate::conformance::seed::Stream;
use crate::identifier::{Address, DeviceId, Recipient, UserId};
use crate::sesame::{Purpose, SendEvent};
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// After so many answers a send that does not end is left alone.
const PATIENCE: usize = 24;

/// What the directory answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Answer {
    /// The truth.
    Honest,
    /// A bundle with the one-time prekey that it handed out last.
    Again,
    /// A bundle without a one-time prekey.
    Without,
    /// That nobody is there.
    NotThere,
    /// That the registration ids are out of date.
    Outdated,
    /// That a device is missing.
    Further,
}

/// A device that writes letters.
#[derive(Clone)]
struct Writer {
    device: Correspondent,
    /// Whether the directory knows it.
    there: bool,
    /// How many of its one-time prekeys the directory has handed out.
    handed_out: u32,
    /// How often it was made.
    made: u32,
}

/// Everything about letters.
#[derive(Clone)]
pub(in super::super) struct Letters {
    pub(in super::super) bounds: Bounds,
    users: BTreeMap<String, UserId>,
    writers: BTreeMap<String, Writer>,
    /// Letters under way, each with what the script calls it.
    under_way: Vec<(String, Letter)>,
    /// Who wrote a letter, and which of its letters it is, by what the script calls it.
    names: BTreeMap<String, (String, u8)>,
    /// The true time, when the directory was last asked something.
    now: Timestamp,
}

impl Default for Letters {
    fn default() -> Self {
        Letters {
            bounds: Bounds::profile(),
            users: BTreeMap::new(),
            writers: BTreeMap::new(),
            under_way: Vec::new(),
            names: BTreeMap::new(),
            now: super::BEGINNING,
        }
    }
}

fn fault(fault: Fault) -> StepFailure {
    StepFailure::differs(fault.breach.words(), fault.what)
}

impl Letters {
    fn writer(&mut self, name: &str) -> Result<&mut Writer, StepFailure> {
        let none = || StepFailure::script(format!("`{name}` writes no letters"));
        self.writers.get_mut(name).ok_or_else(none)
    }

    fn address(&mut self, name: &str) -> Result<Address, StepFailure> {
        Ok(self.writer(name)?.device.address())
    }

    /// The bounds are changed, before the first device is there.
    pub(in super::super) fn bound(
        &mut self,
        change: impl FnOnce(Bounds) -> Bounds,
    ) -> Result<(), StepFailure> {
        if !self.writers.is_empty() {
            return Err(StepFailure::script("bounds stand before the first device"));
        }
        self.bounds = change(self.bounds);
        Ok(())
    }

    /// Whether that device writes letters.
    pub(in super::super) fn has(&self, name: &str) -> bool {
        self.writers.contains_key(name)
    }

    fn make(
        &mut self,
        seed: &str,
        name: &str,
        (address, made): (Address, u32),
        now: Timestamp,
    ) -> Result<(), StepFailure> {
        let seed = format!("{seed}/letters of {name}/{made}");
        let device = Correspondent::new(&seed, address, &self.bounds, now).map_err(fault)?;
        let writer = Writer {
            device,
            there: true,
            handed_out: 0,
            made,
        };
        self.writers.insert(name.to_owned(), writer);
        Ok(())
    }

    fn add(
        &mut self,
        seed: &str,
        user: &str,
        kind: &str,
        now: Timestamp,
    ) -> Result<(), StepFailure> {
        let user_id = match self.users.get(user) {
            Some(user_id) => *user_id,
            None => UserId::random(&mut Stream::new(&format!("{seed}/letters of {user}")))
                .map_err(StepFailure::script)?,
        };
        self.users.insert(user.to_owned(), user_id);
        let siblings = self.writers.values();
        let siblings = siblings.filter(|it| it.device.address().user_id == user_id);
        let number = u32::try_from(siblings.count()).map_err(StepFailure::script)? + 1;
        let device_id = DeviceId::try_from(number).map_err(StepFailure::script)?;
        let address = Address { user_id, device_id };
        self.make(seed, &format!("{user}'s {kind}"), (address, 1), now)
    }

    /// What waits for a device is gone.
    fn empty(&mut self, address: &Address) {
        self.under_way.retain(|(_, letter)| letter.to != *address);
    }

    fn start(
        &mut self,
        from: &str,
        letter: &str,
        recipient: Recipient,
        purpose: Purpose,
    ) -> Result<(), StepFailure> {
        if self.names.contains_key(letter) {
            return Err(StepFailure::script(format!(
                "there is a letter `{letter}` already"
            )));
        }
        let writer = self.writer(from)?;
        if writer.device.waits().is_some() {
            return Err(StepFailure::script(format!("{from} is at another letter")));
        }
        writer.device.start(recipient, purpose).map_err(fault)?;
        let number = writer.device.written();
        self.names
            .insert(letter.to_owned(), (from.to_owned(), number));
        Ok(())
    }

    /// The directory answers what a device asks for.
    fn answer(&mut self, of: &str, answer: Answer) -> Result<(), StepFailure> {
        let waits = self.writer(of)?.device.waits();
        let waits = waits.ok_or_else(|| StepFailure::script(format!("{of} asks for nothing")))?;
        let event = match waits {
            Waits::Bundle(address) => self.bundle(&address, answer, true)?,
            Waits::Statement(address) => self.bundle(&address, answer, false)?,
            Waits::Submission(recipient, messages) => self.judged(&recipient, &messages, answer),
        };
        let device = &mut self.writer(of)?.device;
        let (_, letters) = device.goes_on(&event).map_err(fault)?;
        let names = &self.names;
        let with_names = letters.into_iter().map(|letter| {
            let is_it = |(writer, number): &(String, u8)| writer == of && *number == letter.number;
            let mut names = names.iter();
            let name = names
                .find(|(_, it)| is_it(it))
                .map(|(name, _)| name.clone());
            (name.unwrap_or_default(), letter)
        });
        self.under_way.extend(with_names.collect::<Vec<_>>());
        Ok(())
    }

    fn at(&mut self, address: &Address) -> Option<&mut Writer> {
        let mut writers = self.writers.values_mut();
        writers.find(|writer| writer.device.address() == *address)
    }

    fn bundle(
        &mut self,
        address: &Address,
        answer: Answer,
        with_one_time: bool,
    ) -> Result<SendEvent, StepFailure> {
        let most = u32::from(self.bounds.one_time_pre_keys);
        let nobody = SendEvent::NoBundle(*address);
        let old = self.now.seconds_since(super::BEGINNING) >= Bounds::HANDED_OUT;
        let Some(writer) = self.at(address).filter(|it| it.there) else {
            return Ok(nobody);
        };
        let one_time = match answer {
            Answer::NotThere => return Ok(nobody),
            Answer::Again => Some(writer.handed_out),
            Answer::Honest if with_one_time && writer.handed_out < most && !old => {
                writer.handed_out += 1;
                Some(writer.handed_out)
            }
            _ => None,
        };
        let bundle = writer.device.bundle(one_time);
        let none = || StepFailure::script("it has no such bundle");
        Ok(SendEvent::Bundle(bundle.ok_or_else(none)?))
    }

    /// What becomes of a submission.
    fn judged(
        &mut self,
        recipient: &Recipient,
        messages: &[(Address, u32)],
        answer: Answer,
    ) -> SendEvent {
        let submitted = |address: &Address| messages.iter().any(|(to, _)| to == address);
        let ids = |addresses: Vec<Address>| addresses.into_iter().map(|it| it.device_id).collect();
        let all: Vec<Address> = messages.iter().map(|(address, _)| *address).collect();
        match answer {
            Answer::Outdated => return SendEvent::StaleRegistration(ids(all)),
            Answer::NotThere => {
                return SendEvent::DeviceMismatch {
                    missing: Vec::new(),
                    extra: ids(all),
                };
            }
            Answer::Further => {
                let other = |id: &DeviceId| !all.iter().any(|address| address.device_id == *id);
                let further = (1..=2).filter_map(|id| DeviceId::try_from(id).ok());
                return SendEvent::DeviceMismatch {
                    missing: further.filter(other).collect(),
                    extra: Vec::new(),
                };
            }
            Answer::Honest | Answer::Again | Answer::Without => {}
        }
        let there = self.writers.values().filter(|writer| writer.there);
        let there = there.map(|it| (it.device.address(), it.device.registration_id()));
        let there: BTreeMap<Address, u32> = there
            .filter(|(address, _)| recipient.includes(address))
            .collect();
        let missing = there.keys().copied().filter(|it| !submitted(it));
        let missing: Vec<Address> = missing.collect();
        let extra = all.iter().copied().filter(|it| !there.contains_key(it));
        let extra: Vec<Address> = extra.collect();
        if !missing.is_empty() || !extra.is_empty() {
            return SendEvent::DeviceMismatch {
                missing: ids(missing),
                extra: ids(extra),
            };
        }
        let outdated = messages.iter().filter(|(to, id)| there.get(to) != Some(id));
        let outdated: Vec<Address> = outdated.map(|(address, _)| *address).collect();
        if outdated.is_empty() {
            SendEvent::Accepted
        } else {
            SendEvent::StaleRegistration(ids(outdated))
        }
    }

    /// All that a device asks for is answered truly.
    fn whole(&mut self, of: &str) -> Result<(), StepFailure> {
        for _ in 0..PATIENCE {
            if self.writer(of)?.device.waits().is_none() {
                break;
            }
            self.answer(of, Answer::Honest)?;
        }
        Ok(())
    }

    /// The letter of that name to that device; it stays under way where a copy comes.
    fn take(&mut self, letter: &str, to: &str, copy: bool) -> Result<Letter, StepFailure> {
        let address = self.address(to)?;
        let is_it = |(name, it): &(String, Letter)| name == letter && it.to == address;
        let place = self.under_way.iter().position(is_it);
        let none = || StepFailure::script(format!("no letter `{letter}` is under way to {to}"));
        let place = place.ok_or_else(none)?;
        Ok(if copy {
            self.under_way[place].1.clone()
        } else {
            self.under_way.remove(place).1
        })
    }

    /// Within a letter each way, two devices that have lost no session send in one session, and have read both letters (SES-08).
    fn converge(&mut self, one: &str, other: &str, now: Timestamp) -> Result<(), StepFailure> {
        self.now = now;
        let mut lost = false;
        for name in [one, other] {
            let device = &mut self.writer(name)?.device;
            lost |= device.has_lost_a_session();
            device.tick(now).map_err(fault)?;
            lost |= device.has_lost_a_session();
        }
        if lost {
            return Ok(());
        }
        for (from, to) in [(one, other), (other, one)] {
            let name = format!("the last of {from} to {to}, {}", self.names.len());
            let recipient = Recipient::Device(self.address(to)?);
            self.start(from, &name, recipient, Purpose::Other)?;
            self.whole(from)?;
            let letter = self.take(&name, to, false)?;
            self.writer(to)?.device.read(&letter).map_err(fault)?;
            if !self.has_read(to, &name)? {
                return Err(StepFailure::differs("the last letter is read", "it is not"));
            }
        }
        self.match_sessions(one, other)
    }

    /// Both devices send in one session.
    pub(in super::super) fn match_sessions(
        &mut self,
        one: &str,
        other: &str,
    ) -> Result<(), StepFailure> {
        let (first, second) = (self.address(one)?, self.address(other)?);
        let ours = self.writer(one)?.device.active(&second);
        let theirs = self.writer(other)?.device.active(&first);
        if ours.is_some() && ours == theirs {
            return Ok(());
        }
        Err(StepFailure::differs("one session", "two"))
    }

    /// Whether a device has read the letter of that name.
    pub(in super::super) fn has_read(
        &mut self,
        device: &str,
        letter: &str,
    ) -> Result<bool, StepFailure> {
        let named = self.names.get(letter).cloned();
        let none = || StepFailure::script(format!("nobody has written `{letter}`"));
        let (writer, number) = named.ok_or_else(none)?;
        let writer = self.writer(&writer)?.device.clone();
        Ok(self.writer(device)?.device.has_read(&writer, number))
    }
}

impl World<'_> {
    fn told(&mut self, device: &str, what: String) {
        let device = device.to_owned();
        self.lines.push(Line::Device {
            device,
            what,
            address: None,
        });
    }

    /// A user writes letters with a device of that kind.
    pub(in super::super) fn letters_with(
        &mut self,
        user: &str,
        kind: &str,
    ) -> Result<(), StepFailure> {
        let name = format!("{user}'s {kind}");
        if self.people.plays(&name) {
            let reason = "letters past the intermediary are written by the reference engine alone";
            return Err(StepFailure::NotObservable(reason.to_owned()));
        }
        self.letters.add(&self.seed, user, kind, self.now)?;
        self.told(&name, "writes letters".to_owned());
        Ok(())
    }

    /// A device writes a letter to a device or to a user; `whole` where all that it asks for is answered at once.
    pub(in super::super) fn write_letter(
        &mut self,
        from: &str,
        letter: &str,
        to: &str,
        (purpose, whole): (Purpose, bool),
    ) -> Result<(), StepFailure> {
        let recipient = match self.letters.users.get(to) {
            Some(user) => Recipient::User(*user),
            None => Recipient::Device(self.letters.address(to)?),
        };
        self.told(from, format!("writes `{letter}` to {to}"));
        self.letters.now = self.now;
        self.letters.start(from, letter, recipient, purpose)?;
        if whole {
            self.letters.whole(from)?;
        }
        Ok(())
    }

    /// The directory answers what a device asks for.
    pub(in super::super) fn directory_answers(
        &mut self,
        of: &str,
        answer: Answer,
    ) -> Result<(), StepFailure> {
        self.told(of, "is answered by the directory".to_owned());
        self.letters.now = self.now;
        self.letters.answer(of, answer)
    }

    /// A device opens a session with another one, beside those that are there.
    pub(in super::super) fn open_by_letter(
        &mut self,
        from: &str,
        to: &str,
    ) -> Result<(), StepFailure> {
        self.told(from, format!("opens a session with {to}"));
        self.letters.now = self.now;
        let address = self.letters.address(to)?;
        match self.letters.bundle(&address, Answer::Honest, true)? {
            SendEvent::Bundle(bundle) => {
                let device = &mut self.letters.writer(from)?.device;
                device.open(&bundle).map(drop).map_err(fault)
            }
            _ => Err(StepFailure::script(format!("{to} is not there"))),
        }
    }

    /// A letter comes, or a copy of it.
    pub(in super::super) fn letter_reaches(
        &mut self,
        letter: &str,
        to: &str,
        copy: bool,
    ) -> Result<(), StepFailure> {
        self.told(to, format!("gets `{letter}`"));
        let letter = self.letters.take(letter, to, copy)?;
        let device = &mut self.letters.writer(to)?.device;
        device.read(&letter).map(drop).map_err(fault)
    }

    /// A letter comes with another registration id in it.
    pub(in super::super) fn letter_misleads(
        &mut self,
        letter: &str,
        to: &str,
    ) -> Result<(), StepFailure> {
        self.told(to, format!("gets `{letter}` with another registration id"));
        let misled = self.letters.take(letter, to, false)?.misled();
        let misled = misled.ok_or_else(|| StepFailure::script("it is no opening"))?;
        let device = &mut self.letters.writer(to)?.device;
        device.read(&misled).map(drop).map_err(fault)
    }

    /// A letter is lost.
    pub(in super::super) fn letter_is_lost(
        &mut self,
        letter: &str,
        to: &str,
    ) -> Result<(), StepFailure> {
        self.letters.take(letter, to, false).map(drop)
    }

    /// A device that writes letters looks at the clock.
    pub(in super::super) fn look_at_the_clock(&mut self, device: &str) -> Result<(), StepFailure> {
        let now = self.now;
        self.told(device, "looks at the clock".to_owned());
        let device = &mut self.letters.writer(device)?.device;
        device.tick(now).map(drop).map_err(fault)
    }

    /// The directory knows a device no longer, or again.
    pub(in super::super) fn directory_knows(
        &mut self,
        device: &str,
        there: bool,
    ) -> Result<(), StepFailure> {
        let words = if there {
            "is in the directory again"
        } else {
            "leaves the directory"
        };
        self.told(device, words.to_owned());
        let address = self.letters.address(device)?;
        self.letters.writer(device)?.there = there;
        if !there {
            self.letters.empty(&address);
        }
        Ok(())
    }

    /// A device is made anew, at its address.
    pub(in super::super) fn make_anew(&mut self, device: &str) -> Result<(), StepFailure> {
        let now = self.now;
        self.told(device, "is made anew".to_owned());
        let Writer { made, there, .. } = *self.letters.writer(device)?;
        let address = self.letters.address(device)?;
        self.letters.empty(&address);
        self.letters
            .make(&self.seed, device, (address, made + 1), super::BEGINNING)?;
        let writer = self.letters.writer(device)?;
        writer.there = there;
        writer.device.tick(now).map(drop).map_err(fault)
    }

    /// A device's user names the key of another device.
    pub(in super::super) fn name_key(&mut self, from: &str, to: &str) -> Result<(), StepFailure> {
        let peer = self.letters.writer(to)?.device.clone();
        let device = &mut self.letters.writer(from)?.device;
        device.name(&peer).map(drop).map_err(fault)
    }

    /// A device's user gives the session with another device up for provisioning information.
    pub(in super::super) fn give_session_up(
        &mut self,
        from: &str,
        to: &str,
    ) -> Result<(), StepFailure> {
        let peer = self.letters.address(to)?;
        let device = &mut self.letters.writer(from)?.device;
        device.open_anew(&peer).map(drop).map_err(fault)
    }

    /// A device's user forgets another device.
    pub(in super::super) fn forget_device(
        &mut self,
        from: &str,
        to: &str,
    ) -> Result<(), StepFailure> {
        let peer = self.letters.address(to)?;
        let device = &mut self.letters.writer(from)?.device;
        device.forget(&peer).map(drop).map_err(fault)
    }

    /// Each two devices of two users come to one session within a letter each way (SES-08).
    pub(in super::super) fn letters_converge(&mut self) -> Result<(), StepFailure> {
        let there = self
            .letters
            .writers
            .iter()
            .filter(|(_, writer)| writer.there);
        let names: Vec<(String, UserId)> = there
            .map(|(name, writer)| (name.clone(), writer.device.address().user_id))
            .collect();
        for (one, of) in &names {
            for (other, to) in &names {
                if of != to {
                    let before = self.letters.writers.get(one).map(|it| it.device.clone());
                    let theirs = self.letters.writers.get(other).map(|it| it.device.clone());
                    let handed_out: Vec<u32> = self
                        .letters
                        .writers
                        .values()
                        .map(|it| it.handed_out)
                        .collect();
                    let names = self.letters.names.clone();
                    self.letters.converge(one, other, self.now)?;
                    // A device that is put back gives its next letter the same number.
                    self.letters.names = names;
                    // Each pair from the same state.
                    for (name, device) in [(one, before), (other, theirs)] {
                        if let (Some(writer), Some(device)) =
                            (self.letters.writers.get_mut(name), device)
                        {
                            writer.device = device;
                        }
                    }
                    for (writer, count) in self.letters.writers.values_mut().zip(handed_out) {
                        writer.handed_out = count;
                    }
                }
            }
        }
        Ok(())
    }
}
