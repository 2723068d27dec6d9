//! What the events of a run are called, for people: in diagrams, and where a run is stepped through.

use super::super::call::Brings;
use super::super::transcript::{Answered, Line};
use super::super::vocabulary::Vocabulary;
use super::carried::{Carried, Said};
use crate::conformance::printable::{Printable, shortened};
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Answer, Body};
use crate::timestamp::{DAY, Timestamp};
use crate::wallet::Report;
use crate::wire::MessageKind;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longer names are shortened to so many characters.
const NAME: usize = 60;
/// And longer texts.
const TEXT: usize = 400;
/// So many kinds of messages in an answer are told apart.
const KINDS: usize = 6;

/// A text as it is shown: harmless, and not too long.
pub(in super::super) fn shown(text: &str) -> String {
    Printable(shortened(text, TEXT)).to_string()
}

/// A name as it is shown.
pub(in super::super) fn name(text: &str) -> String {
    Printable(shortened(text, NAME)).to_string()
}

/// The words of a run.
#[derive(Debug, Default)]
pub(in super::super) struct Words<'t> {
    carried: Carried<'t>,
    devices: BTreeMap<Address, String>,
    transfers: HashMap<TransferId, String>,
}

impl<'t> Words<'t> {
    /// The words of these events.
    pub(in super::super) fn of(events: &'t [Line]) -> Self {
        let mut words = Words {
            carried: Carried::of(events),
            ..Words::default()
        };
        let mut called = Called::default();
        for event in events {
            match event {
                Line::Device {
                    device,
                    address: Some(address),
                    ..
                } => {
                    words.devices.insert(*address, name(device));
                }
                Line::Step { text, .. } => called.step(text),
                Line::State { transfer, .. } => {
                    let transfers = &mut words.transfers;
                    let number = transfers.len() + 1;
                    transfers
                        .entry(*transfer)
                        .or_insert_with(|| called.next(number));
                }
                _ => {}
            }
        }
        words
    }

    /// What the script calls the device at an address.
    pub(in super::super) fn device(&self, address: &Address) -> String {
        let name = self.devices.get(address).cloned();
        name.unwrap_or_else(|| address.to_string())
    }

    /// What the script calls a transfer; where it has no name, its number.
    pub(in super::super) fn transfer(&self, transfer: &TransferId) -> &str {
        self.transfers.get(transfer).map_or("", String::as_str)
    }

    /// What a message carries, where that is known.
    pub(in super::super) fn carried(&self, message: &[u8]) -> Option<Said> {
        self.carried.get(message)
    }

    pub(in super::super) fn request(&self, body: &Body) -> String {
        match body {
            Body::Register(_) => "register".to_owned(),
            Body::PublishSignedPreKey { .. } => "publish a signed prekey".to_owned(),
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => format!("publish {} one-time prekeys", one_time_pre_keys.len()),
            Body::CountOneTimePreKeys { .. } => "how many one-time prekeys?".to_owned(),
            Body::PublishAccessKey { .. } => "publish an access key".to_owned(),
            Body::WithdrawAccessKey { .. } => "withdraw an access key".to_owned(),
            Body::FetchBundle { address, .. } => format!("bundle of {}?", self.device(address)),
            Body::Submit(it) => {
                let message = self.message(it.kind, &it.message.0.0);
                format!("{message} for {}", self.device(&it.recipient))
            }
            Body::Read { .. } => "messages?".to_owned(),
            Body::Acknowledge { ids, .. } => format!("acknowledge {}", ids.len()),
            Body::Remove { .. } => "remove".to_owned(),
        }
    }

    /// A message by what it carries, where that is known, and by its kind.
    fn message(&self, kind: MessageKind, bytes: &[u8]) -> String {
        let kind = match kind {
            MessageKind::PreKey => "prekey message",
            MessageKind::Ratchet => "ratchet message",
        };
        match self.carried(bytes) {
            None => kind.to_owned(),
            Some(said) if self.transfers.len() > 1 => {
                let (what, of) = (said.words(), self.transfer(&said.transfer));
                format!("{what}, {of} ({kind})")
            }
            Some(said) => format!("{} ({kind})", said.words()),
        }
    }

    pub(in super::super) fn answer(&self, answered: &Answered) -> String {
        match answered {
            Answered::Refused { code } => format!("refused: {code}"),
            Answered::Answer(Answer::Done) => "done".to_owned(),
            Answered::Answer(Answer::OneTimePreKeys { left }) => {
                format!("{left} one-time prekeys")
            }
            Answered::Answer(Answer::Bundle { bundle }) => match bundle.one_time_pre_key_id {
                Some(_) => "bundle".to_owned(),
                None => "bundle without one-time prekey".to_owned(),
            },
            Answered::Answer(Answer::Envelopes { envelopes }) => {
                let messages = envelopes.iter().map(|it| {
                    let message = self.message(it.kind, &it.message.0.0);
                    format!("{message} from {}", self.device(&it.sender))
                });
                counted(messages)
            }
        }
    }

    /// What a user is told, in a few words.
    pub(in super::super) fn told(&self, report: &Report) -> String {
        match report {
            Report::Refused { from, code } => {
                format!("refused a message of {}: {code}", self.device(from))
            }
            Report::Unsent { to, code } => {
                format!("could not send to {}: {code}", self.device(to))
            }
            Report::Delayed { to, code } => {
                format!("still waits to send to {}: {code}", self.device(to))
            }
            Report::Rejected { code } => format!("was rejected: {code}"),
            Report::IdentityChanged { device } => {
                format!("{} has another identity key", self.device(device))
            }
            Report::FurtherSession { device } => {
                format!("{} opened a further session", self.device(device))
            }
            Report::Transfer { transfer, code } => match self.transfer(transfer) {
                "" => code.to_string(),
                name => format!("{name}: {code}"),
            },
        }
    }
}

/// Messages, those that are alike once.
fn counted(messages: impl Iterator<Item = String>) -> String {
    let (mut kinds, mut more): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
    for message in messages {
        if let Some((_, many)) = kinds.iter_mut().find(|(kind, _)| *kind == message) {
            *many += 1;
        } else if kinds.len() < KINDS {
            kinds.push((message, 1));
        } else {
            more += 1;
        }
    }
    if kinds.is_empty() {
        return "no message".to_owned();
    }
    let kinds = kinds.into_iter().map(|(kind, many)| match many {
        1 => kind,
        many => format!("{many} × {kind}"),
    });
    let more = (more > 0).then(|| format!("{more} more"));
    kinds.chain(more).collect::<Vec<_>>().join(", ")
}

/// What the script calls transfers.
#[derive(Default)]
struct Called {
    /// The name of the one that the step brings, which is not there yet.
    name: Option<String>,
    taken: HashSet<String>,
}

impl Called {
    fn step(&mut self, text: &str) {
        let call = Vocabulary::get().known(text);
        let brings = call.filter(|call| call.definition.brings == Brings::Transfer);
        self.name = brings.map(|call| name(call.offered()));
    }

    /// The name of a transfer that begins; by its number where the step has none, or another has it.
    fn next(&mut self, number: usize) -> String {
        let name = self.name.take();
        let name = name.unwrap_or_else(|| format!("transfer {number}"));
        if self.taken.insert(name.clone()) {
            return name;
        }
        format!("{name} ({number})")
    }
}

/// A point in time as ISO 8601 has it; beyond its years, the seconds.
pub(in super::super) fn time(time: Timestamp) -> String {
    let seconds = || format!("{} seconds after 1970-01-01T00:00:00Z", time.0);
    time.rfc3339().unwrap_or_else(seconds)
}

/// How long it was: `3 d 2 min`.
pub(in super::super) fn duration(seconds: u64) -> String {
    let parts = [
        (seconds / DAY, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts = parts.into_iter().filter(|(many, _)| *many > 0);
    let parts: Vec<_> = parts.map(|(many, unit)| format!("{many} {unit}")).collect();
    if parts.is_empty() {
        "0 s".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_names_what_it_has() {
        for (seconds, words) in [
            (0, "0 s"),
            (45, "45 s"),
            (3 * DAY, "3 d"),
            (DAY + 3600 + 120, "1 d 1 h 2 min"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn a_time_is_one_of_iso_8601_as_long_as_it_can_be() {
        assert_eq!(time(Timestamp(1_767_225_600)), "2026-01-01T00:00:00Z");
        assert!(time(Timestamp(u64::MAX)).starts_with("18446744073709551615 seconds"));
    }
}
