//! What of a run is the same whatever was drawn in it: its outline, by which two runs of one script are compared.
//!
//! Keys, tokens and ids differ from wallet to wallet. Nearly all else that users and the intermediary see the profile fixes: which
//! requests leave a device in which step, what the headers of its messages count and how long they are, in which state a transfer is,
//! what a user is told or refused, and which of the values that were drawn are one and the same. What it leaves open is left out:
//!
//! * how often a mailbox is read, and how many messages one acknowledgement names (WAL-05);
//! * whether one access key for answers serves one transfer or several, and until when (PAY-15, MBX-20): which is published,
//!   withdrawn and used when;
//! * in which order the requests of one step leave.

use super::transcript::Line;
use crate::error_code::ErrorCode;
use crate::hex;
use crate::intermediary::{Body, Submission};
use crate::suite::SuiteRef;
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// From so many hex digits on a text was drawn, or made of what was: 16 bytes.
const DRAWN: usize = 32;
/// The one number that is drawn: of so few that two devices may well have the same one.
const REGISTRATION_ID: &str = "registrationId";

/// What many have one name for, whatever the profile calls it: a message that no session reads.
pub(super) const UNREAD: [ErrorCode; 3] = [
    ErrorCode::DecryptFailed,
    ErrorCode::DuplicateMessage,
    ErrorCode::TooManySkipped,
];

/// The outline of a run: its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline(Vec<Step>);

/// What happened in a step, in an order that says nothing.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// Its line in the script; 0 for what was before the first.
    line: usize,
    text: String,
    events: Vec<Event>,
}

/// An event, and what it was before drawn values had names.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    kind: &'static str,
    shown: Value,
}

/// The first step in which one run departs from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    /// The line of the step in the script.
    pub line: usize,
    /// The step's words.
    pub text: String,
    /// What does not happen in it, and does in the other run; none where nothing is missing.
    pub missing: Option<Value>,
    /// What happens in it, and does not in the other run.
    pub further: Option<Value>,
    /// The requirement that says most of it; none where it is the scenario's own matter.
    pub clause: Option<&'static str>,
}

impl Outline {
    /// The outline of what happened in a run in that suite; with the codes of refusals where `strict`, since others may have names of
    /// their own.
    #[must_use]
    pub fn of(events: &[Line], suite: SuiteRef, strict: bool) -> Self {
        let mut steps = vec![Step::begun(0, "")];
        for event in events {
            if let Line::Step { line, text } = event {
                steps.push(Step::begun(*line, text));
            } else if let Some(step) = steps.last_mut() {
                step.events.extend(Event::of(event, suite, strict));
            }
        }
        let mut names = Names::default();
        for step in &mut steps {
            step.events
                .sort_by_cached_key(|event| without_drawn(&event.shown).to_string());
            for event in &mut step.events {
                names.put_into(&mut event.shown);
            }
            // Nor does the order of events that differ by nothing else.
            step.events
                .sort_by_cached_key(|event| event.shown.to_string());
        }
        Outline(steps)
    }

    /// Where `run` departs from this one first. A run that ended early is compared as far as it came.
    #[must_use]
    pub fn departure(&self, run: &Outline) -> Option<Departure> {
        let mut pairs = self.0.iter().zip(&run.0);
        let (expected, got) = pairs.find(|(expected, got)| expected != got)?;
        let missing = expected.further_than(got);
        let further = got.further_than(expected);
        let shown = |event: Option<&Event>| event.map(|event| event.shown.clone());
        Some(Departure {
            line: got.line,
            text: got.text.clone(),
            missing: shown(missing),
            further: shown(further),
            clause: clause_of(missing, further),
        })
    }
}

impl Step {
    fn begun(line: usize, text: &str) -> Self {
        Step {
            line,
            text: text.to_owned(),
            events: Vec::new(),
        }
    }

    /// The first event that this step has more often than the other.
    fn further_than(&self, other: &Step) -> Option<&Event> {
        let count = |step: &Step, event: &Event| {
            let alike = step.events.iter().filter(|other| *other == event);
            alike.count()
        };
        let mut events = self.events.iter();
        events.find(|event| count(self, event) > count(other, event))
    }
}

/// The requirement that says when such a thing happens, whatever a scenario is about; where it happens otherwise, the one that says
/// how.
fn clause_of(missing: Option<&Event>, further: Option<&Event>) -> Option<&'static str> {
    let otherwise = || {
        let (missing, further) = (missing?, further?);
        let is_alike = missing.kind == further.kind;
        is_alike.then(|| of_fields(&missing.shown, &further.shown))?
    };
    let event = missing.or(further)?;
    otherwise().or_else(|| match event.kind {
        "publishSignedPreKey" => Some("KEY-08"),
        "publishOneTimePreKeys" | "countOneTimePreKeys" => Some("MBX-04"),
        "identity-changed" => Some("SES-12"),
        "further-session" => Some("SES-19"),
        "delayed" => Some("WAL-03"),
        "report" => match event.shown.pointer("/report/code")?.as_str()? {
            "provisioned-after-end" => Some("XFER-12"),
            "credential-may-be-out" => Some("XFER-17"),
            _ => None,
        },
        _ => None,
    })
}

/// The requirement that says what stands in the fields in which two events differ, where it is one.
fn of_fields(one: &Value, other: &Value) -> Option<&'static str> {
    let mut named = Vec::new();
    let mut left = vec![("", one, other)];
    while let Some((name, one, other)) = left.pop() {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
                for (name, value) in one {
                    left.push((name, value, other.get(name)?));
                }
            }
            _ if one == other => {}
            _ => named.push(match name {
                "lifetime" => "XFER-16",
                "counter" | "previousCounter" => "DR-08",
                "ciphertext" => "PAY-11",
                _ => return None,
            }),
        }
    }
    let first = *named.first()?;
    named.iter().all(|id| *id == first).then_some(first)
}

impl Event {
    /// What anybody sees of it; none where the profile leaves it open, or the script says it.
    fn of(line: &Line, suite: SuiteRef, strict: bool) -> Option<Self> {
        let mut shown = serde_json::to_value(line).ok()?;
        let kind = match line {
            Line::Request { request, .. } => {
                let body = &request.body;
                match body {
                    Body::Read { .. }
                    | Body::Acknowledge { .. }
                    | Body::PublishAccessKey { .. }
                    | Body::WithdrawAccessKey { .. } => return None,
                    Body::Submit(submission) => {
                        let body = shown.pointer_mut("/request/body")?.as_object_mut()?;
                        body.remove("accessKey");
                        body.insert("lifetime".to_owned(), submission.lifetime().into());
                        body.insert("message".to_owned(), headers(submission, suite));
                    }
                    _ => {}
                }
                body.name()
            }
            Line::State { .. } => "state",
            Line::Report { .. } => {
                let report = shown.get_mut("report")?;
                if !strict && is_unread(report.get("code")) {
                    report.as_object_mut()?.remove("code");
                }
                match report.get("report").and_then(Value::as_str) {
                    Some("identity-changed") => "identity-changed",
                    Some("further-session") => "further-session",
                    Some("delayed") => "delayed",
                    _ => "report",
                }
            }
            Line::Refused { .. } => {
                if !strict {
                    shown.as_object_mut()?.remove("code");
                }
                "refused"
            }
            Line::Step { .. } | Line::Time { .. } | Line::Device { .. } | Line::Answer { .. } => {
                return None;
            }
        };
        Some(Event { kind, shown })
    }
}

fn is_unread(code: Option<&Value>) -> bool {
    let code = code.and_then(Value::as_str);
    UNREAD.iter().any(|unread| Some(unread.as_str()) == code)
}

/// What anybody reads off a message; of one that no reader of the wire takes, its length.
fn headers(submission: &Submission, suite: SuiteRef) -> Value {
    let bytes = &submission.message.0.0;
    let inner = |message: &RatchetMessage<'_>| {
        json!({
            "ratchetKey": hex::encode(&message.header.ratchet_key.encode()),
            "previousCounter": message.header.previous_counter,
            "counter": message.header.counter,
            "ciphertext": message.ciphertext.len(),
        })
    };
    let shown = match submission.kind {
        MessageKind::PreKey => PreKeyMessage::decode(suite, bytes).ok().map(|message| {
            json!({
                "preKeyId": message.pre_key_id,
                "baseKey": hex::encode(&message.base_key.encode()),
                "identityKey": hex::encode(&message.identity_key.encode()),
                "signedPreKeyId": message.signed_pre_key_id,
                "message": inner(&message.message),
            })
        }),
        MessageKind::Ratchet => RatchetMessage::decode(suite, bytes)
            .ok()
            .map(|message| inner(&message)),
    };
    shown.unwrap_or_else(|| json!({ "bytes": bytes.len() }))
}

/// Whether a text was drawn, or made of what was: hex of 16 bytes and more, a UUID, a link.
fn is_drawn(text: &str) -> bool {
    let is_hex = text.len() >= DRAWN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex || text.parse::<uuid::Uuid>().is_ok() || text.starts_with("https://")
}

/// The value without what was drawn.
fn without_drawn(value: &Value) -> Value {
    match value {
        Value::String(text) if is_drawn(text) => json!(text.len()),
        Value::Array(all) => all.iter().map(without_drawn).collect(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != REGISTRATION_ID)
            .map(|(name, value)| (name.clone(), without_drawn(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Names for what was drawn: the how-manieth other value of its kind it was.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn put_into(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if is_drawn(text) => {
                let next = self.0.len();
                let number = self.0.entry(std::mem::take(text)).or_insert(next);
                *value = json!(format!("drawn {number}"));
            }
            Value::Array(all) => all.iter_mut().for_each(|value| self.put_into(value)),
            Value::Object(fields) => {
                fields.shift_remove(REGISTRATION_ID);
                fields.values_mut().for_each(|value| self.put_into(value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::scenario::{SEED, Scenario, Script, run};
    use crate::suite;

    fn scenario(steps: &str) -> Scenario {
        let script = format!("Feature: F\n  Why.\n\n  @XFER-01\n  Scenario: S\n{steps}");
        let script = Script::parse("f.feature", &script).expect("a script");
        script.scenarios.into_iter().next().expect("a scenario")
    }

    fn events() -> Vec<Line> {
        let steps = "    Given Ben has a phone\n    And Ryan has a phone\n    \
                     When Ben's phone offers a car key to Ryan's phone\n    And 1 minute passes\n    \
                     Then Ryan's phone is in \"R:Invited\" with the car key\n";
        run(&scenario(steps), suite::ALL[0], SEED).transcript.events
    }

    fn departure(run: &[Line]) -> Option<Departure> {
        let of = |events| Outline::of(events, suite::ALL[0], true);
        of(&events()).departure(&of(run))
    }

    #[test]
    fn what_happens_once_more_departs_in_its_step() {
        let all = events();
        for (at, event) in all.iter().enumerate() {
            let mut run = all.clone();
            run.insert(at, event.clone());
            if Event::of(event, suite::ALL[0], true).is_none() {
                continue;
            }
            let departure = departure(&run).expect("it happens once more");
            assert!(departure.further.is_some(), "{departure:?}");
            let mut run = all.clone();
            run.remove(at);
            assert!(super::tests::departure(&run).is_some());
        }
    }

    #[test]
    fn what_happens_otherwise_speaks_of_what_differs_in_it() {
        let submit = |lifetime: u32, counter: u32| Event {
            kind: "submit",
            shown: json!({ "lifetime": lifetime, "message": { "counter": counter } }),
        };
        let right = submit(1, 0);
        let found = |wrong: &Event| clause_of(Some(&right), Some(wrong));
        assert_eq!(found(&submit(2, 0)), Some("XFER-16"));
        assert_eq!(found(&submit(1, 1)), Some("DR-08"));
        assert_eq!(found(&submit(2, 1)), None, "two things differ");
        assert_eq!(clause_of(Some(&right), None), None);
    }

    #[test]
    fn what_is_left_open_departs_nowhere() {
        let mut run = events();
        run.retain(|event| !matches!(event, Line::Answer { .. } | Line::Time { .. }));
        assert_eq!(departure(&run), None);
    }

    #[test]
    fn a_token_that_is_another_one_departs() {
        let mut run = events();
        let last = run.iter_mut().rev().find_map(|event| match event {
            Line::Request { request, .. } if matches!(request.body, Body::Submit(_)) => {
                Some(request)
            }
            _ => None,
        });
        let request = std::sync::Arc::make_mut(last.expect("an offer"));
        request.token = Some(serde_json::from_value(json!("00".repeat(32))).expect("a token"));
        assert!(departure(&run).is_some());
    }
}
