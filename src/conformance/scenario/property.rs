//! What must never happen, whatever a script says: read off the transcript of a run.

use super::submitted::submitted;
use super::transcript::{Answered, Cause, Fate, Line};
use crate::hex::Hex;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Answer, Body, Submission};
use crate::suite::{self, Header};
use crate::transfer::StateName;
use crate::transfer::table::{EventName, Flow, rows};
use crate::wallet::Report;
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};
use std::collections::{BTreeMap, BTreeSet};

/// Something that must hold in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// The words of a payload stand in nothing that the intermediary was sent (PRIV-01).
    NoPlaintext,
    /// A message that comes a second time is refused (DR-14, X3DH-13, X3DH-14).
    NoMessageTwice,
    /// The intermediary hands each one-time prekey out once (MBX-03).
    NoOneTimePreKeyTwice,
    /// At most one device holds the credential of a transfer (XFER-08).
    OneDevice,
    /// Transfers go from state to state as the table of profile section 9 has it (XFER-01).
    Table,
    /// A message key encrypts one message (DR-19, XFER-15). A device that was rolled back is not held to it: it cannot know.
    NoKeyTwice,
}

impl Property {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Property::NoPlaintext => "the intermediary sees no plaintext",
            Property::NoMessageTwice => "no message is accepted twice",
            Property::NoOneTimePreKeyTwice => "no one-time prekey is handed out twice",
            Property::OneDevice => "at most one device holds the credential of a transfer",
            Property::Table => "transfers go from state to state as the table has it",
            Property::NoKeyTwice => "no message key encrypts two messages",
        }
    }
}

/// Words that stand in every payload.
const WORDS: [&str; 2] = ["\"tigress\"", "\"content\""];

/// What a run has shown so far.
#[derive(Default)]
struct Watch<'a> {
    /// The devices that hold the credential, by transfer.
    holders: BTreeMap<TransferId, BTreeSet<&'a str>>,
    /// The request that each device made last, and whose bundle it asked for, if it did.
    last: BTreeMap<&'a str, (&'a str, Option<Address>)>,
    /// The request that a one-time prekey was handed out for.
    handed_out: BTreeMap<(Address, &'a Hex), &'a str>,
    /// The messages that just came to a device; it takes no answer to nothing that it asked.
    came: Option<(&'a str, Vec<&'a [u8]>)>,
    /// The messages that each device has read.
    read: BTreeSet<(&'a str, &'a [u8])>,
    /// How many messages a device has just read for a second time and has not refused yet.
    owed: BTreeMap<&'a str, usize>,
    /// Copies that a thief has: they are no further devices.
    copies: BTreeSet<&'a str>,
    keys: Keys<'a>,
}

/// What each message key was used for: by the device, whom the message is for, its ratchet key and its counter.
#[derive(Default)]
struct Keys<'a> {
    used: BTreeMap<(&'a str, Address, [u8; 33], u32), &'a [u8]>,
    rolled_back: BTreeSet<&'a str>,
}

impl<'a> Keys<'a> {
    /// A submission: whether a key of the device was used for another message before. What cannot be read in the reference suite
    /// is passed over.
    fn submitted(&mut self, device: &'a str, submission: &'a Submission) -> bool {
        let suite = suite::ALL[0];
        let (to, kind, message) = submitted(submission);
        let read = match kind {
            MessageKind::Ratchet => RatchetMessage::decode(suite, message).ok(),
            MessageKind::PreKey => PreKeyMessage::decode(suite, message)
                .ok()
                .map(|message| message.message),
        };
        let Some(message) = read else {
            return false;
        };
        let Header {
            ratchet_key,
            counter,
            ..
        } = message.header;
        let key = (device, to, ratchet_key.encode(), counter);
        let first = self.used.entry(key).or_insert(message.ciphertext);
        *first != message.ciphertext
    }
}

/// Whether a device has used a message key for two messages, rolled back or not.
pub(super) fn reused_key(events: &[Line], device: &str) -> bool {
    let mut keys = Keys::default();
    events.iter().any(|event| match event {
        Line::Request {
            device: asker,
            fate,
            request,
        } => match &request.body {
            Body::Submit(submission) => {
                asker == device
                    && *fate != Some(Fate::Damaged)
                    && keys.submitted(device, submission)
            }
            _ => false,
        },
        _ => false,
    })
}

/// The first property that the run breaks, and how.
#[must_use]
pub fn broken(events: &[Line]) -> Option<(Property, String)> {
    let mut watch = Watch::default();
    for event in events {
        if let Some(found) = watch.event(event) {
            return Some(found);
        }
    }
    let came = watch.came.take();
    watch.reads(came);
    watch.owes(None)
}

impl<'a> Watch<'a> {
    fn event(&mut self, event: &'a Line) -> Option<(Property, String)> {
        let came = self.came.take();
        match event {
            Line::Refused { .. } => return None,
            _ => self.reads(came),
        }
        match event {
            Line::Request {
                device,
                request,
                fate,
            } => {
                let asked = match &request.body {
                    Body::FetchBundle { address, .. } => Some(*address),
                    _ => None,
                };
                self.last.insert(device, (request.id.as_str(), asked));
                let Body::Submit(submission) = &request.body else {
                    return None;
                };
                if *fate != Some(Fate::Damaged)
                    && self.keys.submitted(device, submission)
                    && !self.keys.rolled_back.contains(device.as_str())
                {
                    let got = format!("{device} used one twice");
                    return Some((Property::NoKeyTwice, got));
                }
                let word = word_in(&submission.message.0.0);
                word.map(|word| (Property::NoPlaintext, format!("{device} sends {word}")))
            }
            Line::Answer {
                device,
                fate,
                answer,
            } => self.answer(device, *fate, answer),
            Line::Report {
                device,
                report: Report::Refused { .. },
            } => {
                if let Some(owed) = self.owed.get_mut(device.as_str()) {
                    *owed = owed.saturating_sub(1);
                }
                None
            }
            Line::State {
                device,
                transfer,
                by,
                before,
                after,
            } => {
                if *after == StateName::Provisioned && !self.copies.contains(device.as_str()) {
                    let holders = self.holders.entry(*transfer).or_default();
                    holders.insert(device);
                    if holders.len() > 1 {
                        let names: Vec<_> = holders.iter().copied().collect();
                        return Some((
                            Property::OneDevice,
                            format!("{} hold it", names.join(", ")),
                        ));
                    }
                }
                (!has_row(*before, *by, *after)).then(|| {
                    let before = before.map_or("nothing", StateName::as_str);
                    (
                        Property::Table,
                        format!("{device} went from {before} to {after}"),
                    )
                })
            }
            Line::Step { .. } => self.owes(None),
            Line::Device { device, what, .. } => {
                // Erased and set up anew, it has forgotten what it read.
                if what.contains("anew") || what.contains("rolled back") {
                    self.read.retain(|(reader, _)| *reader != device.as_str());
                }
                if what.contains("rolled back") {
                    self.keys.rolled_back.insert(device);
                }
                if what.contains("copy") {
                    self.copies.insert(device);
                }
                None
            }
            _ => None,
        }
    }

    fn answer(
        &mut self,
        device: &'a str,
        fate: Option<Fate>,
        answer: &'a Answered,
    ) -> Option<(Property, String)> {
        match answer {
            // One that is lost may have been replaced before; it is asked for again, and answered alike. One that comes late
            // was looked at where it left.
            Answered::Answer(Answer::Bundle { bundle })
                if !matches!(fate, Some(Fate::Replaced | Fate::Lost | Fate::Late)) =>
            {
                let (request, asked) = *self.last.get(device)?;
                let key = bundle.one_time_pre_key.as_ref()?;
                let first = self.handed_out.entry((asked?, key)).or_insert(request);
                // The same request is answered the same again (MBX-13).
                (*first != request).then(|| {
                    let id = bundle.one_time_pre_key_id.unwrap_or_default();
                    (
                        Property::NoOneTimePreKeyTwice,
                        format!("{device} is given number {id}, which was handed out before"),
                    )
                })
            }
            Answered::Answer(Answer::Envelopes { envelopes })
                if !matches!(fate, Some(Fate::Lost | Fate::HeldBack)) =>
            {
                let found = self.owes(Some(device));
                // What is damaged is another message, and is refused for that.
                let damaged = usize::from(fate == Some(Fate::Damaged));
                let messages = envelopes.iter().skip(damaged);
                let messages = messages.map(|envelope| envelope.message.0.0.as_slice());
                self.came = Some((device, messages.collect()));
                found
            }
            _ => None,
        }
    }

    fn reads(&mut self, came: Option<(&'a str, Vec<&'a [u8]>)>) {
        let Some((device, messages)) = came else {
            return;
        };
        for message in messages {
            if !self.read.insert((device, message)) {
                *self.owed.entry(device).or_default() += 1;
            }
        }
    }

    /// A device, or any, has read something twice and not refused it.
    fn owes(&mut self, device: Option<&str>) -> Option<(Property, String)> {
        let owing = self
            .owed
            .iter()
            .find(|(owing, owed)| **owed > 0 && device.is_none_or(|device| device == **owing))
            .map(|(owing, _)| *owing)?;
        self.owed.remove(owing);
        Some((
            Property::NoMessageTwice,
            format!("{owing} did not refuse a message that it had read before"),
        ))
    }
}

/// The first word of a payload that stands in these bytes. Each begins with a quote, of which there are few.
fn word_in(bytes: &[u8]) -> Option<&'static str> {
    let quotes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'"');
    let mut found = quotes.filter_map(|(at, _)| {
        let starts = |word: &&&str| bytes[at..].starts_with(word.as_bytes());
        WORDS.iter().find(starts)
    });
    found.next().copied()
}

/// Whether a row of the table leads from one state to the other, for that cause.
fn has_row(before: Option<StateName>, by: Cause, after: StateName) -> bool {
    [Flow::Stateful, Flow::Stateless].into_iter().any(|flow| {
        let from = before.map(|state| (state, flow));
        EventName::ALL.iter().any(|event| {
            Cause::of(*event) == by && rows(from, *event).any(|(_, _, step)| step.to == after)
        })
    })
}
