//! What the messages of a run carry, as far as its transcript tells.
//!
//! Nobody opens a message here. How a transfer changes its state tells what its device has read or is about to send, by the table of
//! profile section 9: who goes from `R:Invited` to `R:Requested` sends a key signing request. Where several messages may be meant, none is.

use super::super::transcript::{Answered, Cause, Fate, Line};
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Answer, Body, Submission};
use crate::transfer::table::{EventName, Out, Row, TABLE};
use crate::transfer::{MessageType, StateName};
use crate::wallet::Report;
use std::collections::{HashMap, HashSet};

/// A device with more than so many messages under way is not followed: which of them leaves next is a guess.
const FOLLOWED: usize = 16;

/// What a message says, and of which transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Said {
    pub(in super::super) what: MessageType,
    pub(in super::super) transfer: TransferId,
}

impl Said {
    /// In words, for people.
    pub(in super::super) fn words(self) -> &'static str {
        match self.what {
            MessageType::ProvisioningInformation => "offer",
            MessageType::KeySigningRequest => "key signing request",
            MessageType::KeyImportRequest => "key import request",
            MessageType::Provisioned => "word that it is provisioned",
            MessageType::Decline => "decline",
            MessageType::Cancel => "cancel",
        }
    }
}

/// What is known of messages, by their bytes.
#[derive(Debug, Default)]
pub(in super::super) struct Carried<'t>(HashMap<&'t [u8], Said>);

impl<'t> Carried<'t> {
    /// What the messages of these events carry. What a reader made of a message goes before what its sender was about to send.
    pub(in super::super) fn of(events: &'t [Line]) -> Self {
        let mut known = sent(events);
        known.extend(read(events));
        Carried(known)
    }

    pub(in super::super) fn get(&self, message: &[u8]) -> Option<Said> {
        self.0.get(message).copied()
    }
}

/// The rows of the table by which something leads from one state to the other.
fn rows(
    by: Cause,
    before: Option<StateName>,
    after: StateName,
) -> impl Iterator<Item = (&'static Row, EventName)> {
    TABLE.iter().flat_map(move |row| {
        let leads = match before {
            None => row.from.is_empty(),
            Some(before) => row.from.iter().any(|from| from.state == before),
        };
        let steps = row.steps.iter();
        let steps = steps.filter(move |step| {
            leads && step.to == after && Some(after) != before && Cause::of(step.event) == by
        });
        steps.map(move |step| (row, step.event))
    })
}

/// The one thing that all are; none where they differ, or there is none.
fn only<T: PartialEq>(mut all: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

/// What its senders were about to send when the messages left.
fn sent(events: &[Line]) -> HashMap<&[u8], Said> {
    let mut senders: HashMap<&str, Sender> = HashMap::new();
    let mut seen = HashSet::new();
    let mut known = HashMap::new();
    for event in events {
        match event {
            // It begins anew.
            Line::Device {
                device,
                address: Some(_),
                ..
            } => drop(senders.remove(device.as_str())),
            Line::State {
                device,
                transfer,
                by,
                before,
                after,
            } => {
                let sender = senders.entry(device).or_default();
                sender.changed(*transfer, *by, *before, *after);
            }
            Line::Request {
                device, request, ..
            } => {
                if let Body::Submit(submission) = &request.body {
                    let message = submission.message.0.0.as_slice();
                    let sender = senders.get_mut(device.as_str());
                    if let (true, Some(sender)) = (seen.insert(message), sender)
                        && let Some(said) = sender.submits(submission)
                    {
                        known.insert(message, said);
                    }
                }
            }
            _ => {}
        }
    }
    known
}

/// What a device has still to send.
#[derive(Default)]
struct Sender {
    /// The oldest first.
    waiting: Vec<Said>,
    /// With whom its transfers are. Of these the first message is out.
    peers: HashMap<TransferId, Address>,
}

impl Sender {
    fn changed(
        &mut self,
        transfer: TransferId,
        by: Cause,
        before: Option<StateName>,
        after: StateName,
    ) {
        if after.is_final() {
            self.waiting.retain(|said| said.transfer != transfer);
        }
        let out = if self.peers.contains_key(&transfer) {
            Out::Credential
        } else {
            Out::Nothing
        };
        let sends = rows(by, before, after)
            .map(|(row, _)| row.sends.filter(|it| out >= it.least).map(|it| it.what));
        if let Some(what) = only(sends) {
            self.waiting.push(Said { what, transfer });
            if self.waiting.len() > FOLLOWED {
                self.waiting.remove(0);
            }
        }
    }

    /// What it submits: the only thing that it can be, or the oldest of those that are surely for that device.
    fn submits(&mut self, submission: &Submission) -> Option<Said> {
        let to = submission.recipient;
        let peer = |said: &Said| self.peers.get(&said.transfer);
        let mut fitting = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(_, said)| peer(said).is_none_or(|peer| *peer == to));
        let (index, first) = fitting.next()?;
        if fitting.next().is_some() && peer(first).is_none() {
            return None;
        }
        let said = self.waiting.remove(index);
        self.peers.insert(said.transfer, to);
        Some(said)
    }
}

/// What a reader has made of messages that it was given at once.
#[derive(Default)]
struct Reading<'t> {
    messages: Vec<&'t [u8]>,
    /// One after the other; none for one that it refused.
    made: Vec<Option<Said>>,
}

impl<'t> Reading<'t> {
    /// What is sure: where as much came of them as they are.
    fn known(self) -> impl Iterator<Item = (&'t [u8], Said)> {
        let is_sure = self.messages.len() == self.made.len();
        let pairs = self.messages.into_iter().zip(self.made);
        pairs.filter_map(move |(message, said)| Some((message, said.filter(|_| is_sure)?)))
    }
}

/// What their readers made of the messages.
fn read(events: &[Line]) -> HashMap<&[u8], Said> {
    let mut readers: HashMap<&str, Reading> = HashMap::new();
    let mut known = HashMap::new();
    for event in events {
        match event {
            Line::Answer {
                device,
                fate,
                answer,
            } if !matches!(fate, Some(Fate::Lost | Fate::HeldBack)) => {
                if let Answered::Answer(Answer::Envelopes { envelopes }) = &**answer {
                    let messages = envelopes.iter().map(|it| it.message.0.0.as_slice());
                    let reading = Reading {
                        messages: messages.collect(),
                        made: Vec::new(),
                    };
                    if let Some(before) = readers.insert(device, reading) {
                        known.extend(before.known());
                    }
                }
            }
            Line::State {
                device,
                transfer,
                by: Cause::Message,
                before,
                after,
            } => {
                let types = rows(Cause::Message, *before, *after).map(|(_, event)| match event {
                    EventName::Message(what) => Some(what),
                    _ => None,
                });
                let transfer = *transfer;
                let said = only(types).map(|what| Said { what, transfer });
                if let Some(reading) = readers.get_mut(device.as_str()) {
                    reading.made.push(said);
                }
            }
            Line::Report {
                device,
                report: Report::Refused { .. },
            } => {
                if let Some(reading) = readers.get_mut(device.as_str()) {
                    reading.made.push(None);
                }
            }
            _ => {}
        }
    }
    known.extend(readers.into_values().flat_map(Reading::known));
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::scenario::library::Library;
    use crate::conformance::scenario::{SEED, run};

    /// Where both sides tell what a message is, they agree; and most messages that change a transfer have a name.
    #[test]
    fn a_message_is_what_its_reader_takes_it_for() {
        let library = Library::load(None);
        let scenarios = library.scripts.iter().flat_map(|script| &script.scenarios);
        let (mut both, mut taken) = (0, 0);
        for scenario in scenarios.step_by(9) {
            let run = run(scenario, scenario.suite_or(None), SEED);
            let (sent, read) = (sent(&run.transcript.events), read(&run.transcript.events));
            taken += read.len();
            for (message, said) in read {
                if let Some(sent) = sent.get(message) {
                    both += 1;
                    assert_eq!(*sent, said, "{}", scenario.name);
                }
            }
        }
        assert!(taken > 40 && both * 10 > taken * 9, "{both} of {taken}");
    }
}
