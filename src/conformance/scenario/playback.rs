//! A transcript, made ready to be stepped through: each event with what it holds, what it changes, and what the intermediary learns.
//!
//! It shows what diagrams and [`View`](super::view::View) show: public keys by short names, and no token and no access key.

use super::diagram::INTERMEDIARY;
use super::diagram::sides::Sides;
use super::diagram::words::{Words, duration, name, shown, time};
use super::keywords::Keywords;
use super::transcript::{Answered, Fate, Line, Outcome, Transcript};
use super::view::{Learning, TooMany};
use crate::conformance::suites;
use crate::hex;
use crate::identifier::TransferId;
use crate::intermediary::{Answer, Body, Learned, Row};
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::wallet::Report;
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;

/// So many things that an event holds, or teaches the intermediary, are listed; of more it is said how many.
const LISTED: usize = 40;
/// A value that has no name is shown by so many characters.
const VALUE: usize = 16;

/// A run to be stepped through.
#[derive(Clone, Debug, Serialize)]
pub struct Playback {
    /// What the scenario is called.
    pub title: String,
    /// The suite that is spoken.
    pub suite: String,
    /// Who acts, from left to right.
    pub actors: Vec<String>,
    /// The transfers, in the order in which they begin.
    pub transfers: Vec<String>,
    /// What happens.
    pub moments: Vec<Moment>,
    /// Why the run failed, where it did.
    pub failure: Option<String>,
}

/// An event.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Moment {
    /// Given, When, Then, or what kind of event it is.
    pub kind: &'static str,
    /// Whose doing it is.
    pub from: Option<String>,
    /// Whom it goes to.
    pub to: Option<String>,
    /// What it is, in words.
    pub words: String,
    /// What the network did with it.
    pub fate: Option<String>,
    /// Which of the transfers it is about, from 1.
    pub transfer: Option<usize>,
    /// What it holds.
    pub holds: Vec<Fact>,
    /// What is so from then on.
    pub changes: Vec<Change>,
    /// What the intermediary learns by it.
    pub learned: Vec<Fact>,
}

/// A thing with its value.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// What.
    pub what: String,
    /// Its value.
    pub value: String,
}

/// What is so of an actor from then on.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Which of the actors.
    pub actor: usize,
    /// What of it.
    pub what: String,
    /// How it is now.
    pub now: String,
}

impl Playback {
    /// The run of a transcript.
    ///
    /// # Errors
    /// Where its requests list too many prekeys and messages.
    pub fn of(transcript: &Transcript) -> Result<Self, TooMany> {
        TooMany::check(&transcript.events)?;
        let sides = Sides::of(&transcript.events);
        let order = sides.in_order((0..sides.len()).collect());
        let middle = order.iter().filter(|it| sides.is_left(**it)).count();
        let mut actors: Vec<String> = order.iter().map(|it| sides.name(*it).to_owned()).collect();
        actors.insert(middle, INTERMEDIARY.to_owned());
        let mut places = vec![0; sides.len()];
        for (place, device) in order.into_iter().enumerate() {
            places[device] = place + usize::from(place >= middle);
        }
        let mut teller = Teller {
            words: Words::of(&transcript.events),
            keywords: Keywords::of(&transcript.header),
            sides,
            places,
            suite: suites::find(&transcript.header.suite).ok(),
            learning: Learning::default(),
            keys: Keys::default(),
            transfers: Vec::new(),
            numbers: HashMap::new(),
            now: None,
        };
        let moments = transcript.events.iter().map(|event| teller.moment(event));
        let moments = moments.collect();
        let failure = match &transcript.outcome {
            Outcome::Passed {} => None,
            Outcome::Failed { text, reason, .. } => {
                Some(format!("{}: {}", shown(text), shown(reason)))
            }
        };
        Ok(Playback {
            title: shown(&transcript.header.scenario),
            suite: name(&transcript.header.suite),
            actors,
            transfers: teller.transfers,
            moments,
            failure,
        })
    }
}

/// Short names of public keys, by their hex.
#[derive(Default)]
struct Keys {
    names: HashMap<String, String>,
    /// How many of a kind a device has shown.
    many: HashMap<String, usize>,
}

impl Keys {
    fn named(&mut self, hex: String, name: impl FnOnce() -> String) -> String {
        self.names.entry(hex).or_insert_with(name).clone()
    }

    /// A key that is known by when it first came: `RK 2 of Ben's phone`.
    fn counted(&mut self, kind: &str, hex: String, device: &str) -> String {
        if let Some(name) = self.names.get(&hex) {
            return name.clone();
        }
        let many = self.many.entry(format!("{kind} {device}")).or_default();
        *many += 1;
        let name = format!("{kind} {many} of {device}");
        self.named(hex, || name)
    }

    /// A value with each key in it by its name, and what has none shortened.
    fn value(&self, value: &str) -> String {
        let words = value.split(' ').map(|word| match self.names.get(word) {
            Some(name) => name.clone(),
            None if word.chars().nth(VALUE).is_some() && !word.contains('-') => {
                word.chars().take(VALUE).chain(['…']).collect()
            }
            None => word.to_owned(),
        });
        shown(&words.collect::<Vec<_>>().join(" "))
    }
}

struct Teller<'t> {
    words: Words<'t>,
    keywords: Keywords,
    sides: Sides,
    /// Where each device stands among the actors.
    places: Vec<usize>,
    suite: Option<SuiteRef>,
    learning: Learning<'t>,
    keys: Keys,
    transfers: Vec<String>,
    numbers: HashMap<TransferId, usize>,
    now: Option<Timestamp>,
}

#[allow(clippy::needless_pass_by_value, reason = "numbers and texts alike")]
fn fact(what: impl Into<String>, value: impl ToString) -> Fact {
    Fact {
        what: what.into(),
        value: value.to_string(),
    }
}

/// As many as are listed, and how many more there are.
fn listed(mut facts: Vec<Fact>) -> Vec<Fact> {
    let more = facts.len().saturating_sub(LISTED);
    if more > 0 {
        facts.truncate(LISTED);
        facts.push(fact("and more", more));
    }
    facts
}

impl<'t> Teller<'t> {
    fn moment(&mut self, event: &'t Line) -> Moment {
        let mut moment = self.told(event);
        moment.holds = listed(moment.holds);
        let rows = self.learning.event(event);
        moment.learned = self.learned(&rows);
        moment
    }

    fn told(&mut self, event: &'t Line) -> Moment {
        let at = |device: &String| Some(name(device));
        match event {
            Line::Step { line, text } => Moment {
                kind: self.keywords.step(*line, text).unwrap_or("Step"),
                words: shown(text),
                ..Moment::default()
            },
            Line::Time { now } => {
                let passed = self.now.replace(*now);
                let passed = passed.map(|before| now.seconds_since(before));
                let passed = passed.filter(|seconds| *seconds > 0);
                let passed = passed.map(|it| format!(" (+ {})", duration(it)));
                Moment {
                    kind: "Time",
                    words: format!("{}{}", time(*now), passed.unwrap_or_default()),
                    ..Moment::default()
                }
            }
            Line::Device { device, what, .. } => Moment {
                kind: "Device",
                from: at(device),
                words: shown(what),
                changes: vec![self.change(device, "device".to_owned(), shown(what))],
                ..Moment::default()
            },
            Line::Request {
                device,
                fate,
                request,
            } => self.request(device, *fate, &request.body),
            Line::Answer {
                device,
                fate,
                answer,
            } => self.answer(device, *fate, answer),
            Line::State {
                device,
                transfer,
                before,
                after,
                ..
            } => {
                let called = self.words.transfer(transfer).to_owned();
                let words = match before {
                    Some(before) => format!("{called}: {before} → {after}"),
                    None => format!("{called}: {after}"),
                };
                Moment {
                    kind: "State",
                    from: at(device),
                    words,
                    transfer: Some(self.number(*transfer)),
                    changes: vec![self.change(device, called, after.to_string())],
                    ..Moment::default()
                }
            }
            Line::Report { device, report } => {
                let words = self.words.told(report);
                Moment {
                    kind: "Report",
                    from: at(device),
                    transfer: match report {
                        Report::Transfer { transfer, .. } => Some(self.number(*transfer)),
                        _ => None,
                    },
                    changes: vec![self.change(device, "last told".to_owned(), words.clone())],
                    words,
                    ..Moment::default()
                }
            }
            Line::Refused { device, code } => Moment {
                kind: "Refused",
                from: at(device),
                words: format!("refuses its user: {}", name(code)),
                ..Moment::default()
            },
        }
    }

    fn request(&mut self, device: &str, fate: Option<Fate>, body: &'t Body) -> Moment {
        let (holds, changes) = self.asked(device, body);
        Moment {
            kind: "Request",
            from: Some(name(device)),
            to: Some(INTERMEDIARY.to_owned()),
            words: self.words.request(body),
            fate: fate.map(|fate| fate.to_string()),
            transfer: match body {
                Body::Submit(it) => self.number_of(&it.message.0.0),
                _ => None,
            },
            holds,
            changes,
            ..Moment::default()
        }
    }

    fn answer(&mut self, device: &str, fate: Option<Fate>, answer: &'t Answered) -> Moment {
        let arrives = !matches!(fate, Some(Fate::Lost | Fate::HeldBack));
        let (holds, changes) = self.answered(device, answer);
        Moment {
            kind: "Answer",
            from: Some(INTERMEDIARY.to_owned()),
            to: Some(name(device)),
            words: self.words.answer(answer),
            fate: fate.map(|fate| fate.to_string()),
            transfer: match answer {
                Answered::Answer(Answer::Envelopes { envelopes }) => {
                    let mut known = envelopes.iter();
                    known.find_map(|it| self.number_of(&it.message.0.0))
                }
                _ => None,
            },
            holds,
            changes: if arrives { changes } else { Vec::new() },
            ..Moment::default()
        }
    }

    fn change(&self, device: &str, what: String, now: String) -> Change {
        let place = self.places.get(self.sides.index(device));
        Change {
            actor: place.copied().unwrap_or_default(),
            what,
            now,
        }
    }

    /// Which transfer it is, from 1, in the order in which they begin.
    fn number(&mut self, transfer: TransferId) -> usize {
        let next = self.transfers.len() + 1;
        let number = *self.numbers.entry(transfer).or_insert(next);
        if number == next {
            let called = self.words.transfer(&transfer);
            self.transfers.push(match called {
                "" => format!("transfer {number}"),
                called => called.to_owned(),
            });
        }
        number
    }

    fn number_of(&mut self, message: &[u8]) -> Option<usize> {
        let transfer = self.words.carried(message)?.transfer;
        Some(self.number(transfer))
    }

    /// What a request holds, and what it tells of the device's sessions.
    fn asked(&mut self, device: &str, body: &Body) -> (Vec<Fact>, Vec<Change>) {
        let who = name(device);
        let mut holds = Vec::new();
        match body {
            Body::Register(it) => {
                holds.push(fact("registration id", it.registration_id));
                let key = it.identity_key.to_string();
                holds.push(fact("identity key", self.key("IK", key, &who)));
                let (key, id) = (it.signed_pre_key.to_string(), it.signed_pre_key_id);
                holds.push(fact(
                    "signed prekey",
                    self.key(&format!("SPK {id}"), key, &who),
                ));
                for key in &it.one_time_pre_keys {
                    self.key(&format!("OPK {}", key.id), key.key.to_string(), &who);
                }
                holds.push(fact("one-time prekeys", it.one_time_pre_keys.len()));
            }
            Body::PublishSignedPreKey { id, key, .. } => {
                let key = self.key(&format!("SPK {id}"), key.to_string(), &who);
                holds.push(fact("signed prekey", key));
            }
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => {
                for key in one_time_pre_keys {
                    self.key(&format!("OPK {}", key.id), key.key.to_string(), &who);
                }
                holds.push(fact("one-time prekeys", one_time_pre_keys.len()));
            }
            Body::Submit(it) => {
                let (facts, session) = self.message(&who, it.kind, &it.message.0.0);
                let to = self.words.device(&it.recipient);
                let change = self.change(device, format!("session: sent to {to}"), session);
                return (facts, vec![change]);
            }
            _ => {}
        }
        (holds, Vec::new())
    }

    /// What an answer holds, and what it tells of the device's sessions.
    fn answered(&mut self, device: &str, answer: &Answered) -> (Vec<Fact>, Vec<Change>) {
        let (mut holds, mut changes) = (Vec::new(), Vec::new());
        match answer {
            Answered::Answer(Answer::Bundle { bundle }) => {
                let all = [Some(&bundle.identity_key), Some(&bundle.signed_pre_key)];
                let all = all.into_iter().chain([bundle.one_time_pre_key.as_ref()]);
                let kinds = ["identity key", "signed prekey", "one-time prekey"];
                for (key, kind) in all.zip(kinds) {
                    let value = key.map(|key| self.keys.value(&key.to_string()));
                    holds.push(fact(kind, value.unwrap_or_else(|| "none".to_owned())));
                }
            }
            Answered::Answer(Answer::Envelopes { envelopes }) => {
                for envelope in envelopes.iter().take(LISTED) {
                    let from = self.words.device(&envelope.sender);
                    let message = &envelope.message.0.0;
                    let (facts, session) = self.message(&from, envelope.kind, message);
                    let what = format!("message {} from {from}", envelope.id.0);
                    let facts = facts
                        .into_iter()
                        .map(|it| format!("{} {}", it.what, it.value));
                    holds.push(fact(what, facts.collect::<Vec<_>>().join(", ")));
                    let what = format!("session: got from {from}");
                    changes.push(self.change(device, what, session));
                }
                if envelopes.len() > LISTED {
                    holds.push(fact("further messages", envelopes.len() - LISTED));
                }
            }
            _ => {}
        }
        (holds, changes)
    }

    fn key(&mut self, kind: &str, hex: String, device: &str) -> String {
        self.keys.named(hex, || format!("{kind} of {device}"))
    }

    /// What anybody reads off a message, and where its sender's session stands by it.
    fn message(&mut self, from: &str, kind: MessageKind, bytes: &[u8]) -> (Vec<Fact>, String) {
        let mut facts = Vec::new();
        if let Some(said) = self.words.carried(bytes) {
            facts.push(fact("carries", said.words()));
            facts.push(fact("transfer", self.words.transfer(&said.transfer)));
        }
        let kind_words = match kind {
            MessageKind::PreKey => "prekey message",
            MessageKind::Ratchet => "ratchet message",
        };
        facts.push(fact("kind", kind_words));
        facts.push(fact("bytes", bytes.len()));
        let Some(suite) = self.suite else {
            return (facts, kind_words.to_owned());
        };
        let mut session = String::new();
        let ratchet = match kind {
            MessageKind::PreKey => PreKeyMessage::decode(suite, bytes).ok().map(|message| {
                let base = hex::encode(&message.base_key.encode());
                let base = self.keys.counted("EK", base, from);
                let identity = hex::encode(&message.identity_key.encode());
                session = format!("opened by {base}, ");
                facts.push(fact("base key", base));
                facts.push(fact("identity key", self.keys.value(&identity)));
                facts.push(fact("signed prekey", message.signed_pre_key_id));
                let one_time = message.pre_key_id.map(|id| id.to_string());
                let one_time = one_time.unwrap_or_else(|| "none".to_owned());
                facts.push(fact("one-time prekey", one_time));
                message.message
            }),
            MessageKind::Ratchet => RatchetMessage::decode(suite, bytes).ok(),
        };
        let Some(ratchet) = ratchet else {
            facts.push(fact("wire", "no message of the suite"));
            return (facts, "no message of the suite".to_owned());
        };
        let key = hex::encode(&ratchet.header.ratchet_key.encode());
        let key = self.keys.counted("RK", key, from);
        let _ = write!(session, "{key}, message {}", ratchet.header.counter);
        facts.push(fact("ratchet key", key));
        facts.push(fact("counter", ratchet.header.counter));
        facts.push(fact("previous counter", ratchet.header.previous_counter));
        facts.push(fact("ciphertext bytes", ratchet.ciphertext.len()));
        (facts, session)
    }

    /// What the intermediary learned by an event. Prekeys that were published at once are one thing.
    fn learned(&self, rows: &[Row]) -> Vec<Fact> {
        let same =
            |one: &Row, next: &Row| one.kind == Learned::OneTimePreKey && next.kind == one.kind;
        let facts = rows.chunk_by(same).map(|rows| {
            let row = &rows[0];
            let what = format!(
                "{} of {}",
                row.kind.to_string().replace('-', " "),
                self.words.device(&row.whose)
            );
            match rows.len() {
                1 => fact(what, self.keys.value(&row.value)),
                many => fact(what, format!("{many} of them")),
            }
        });
        listed(facts.collect())
    }
}
