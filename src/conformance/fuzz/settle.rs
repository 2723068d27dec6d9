//! The reference engine's answers to what was drawn: with them it is a vector.

use super::sketch::{Asked, Question, Sketch, Step};
use crate::conformance::catalogue::Catalogue;
use crate::conformance::operation::{Reference, drawn};
use crate::conformance::seed;
use crate::conformance::subject::{Failure, Subject};
use crate::conformance::vector::conversation::{Action, Conversation};
use crate::conformance::vector::{Body, Call, Expectation, Vector};
use crate::error_code::ErrorCode;
use crate::hex::{self, Hex};
use crate::suite;
use serde_json::{Value, json};

/// The handle of a machine under test.
pub(super) const SUBJECT: &str = "subject";
/// So many bytes of randomness a question gets until it is known how many it draws.
const PLENTY: usize = 640;
/// So many stay where it is refused, and draws none: who wrongly goes on must not lack them.
const REFUSED: usize = 64;

/// A vector, and which clauses the reference engine names where it refuses.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The vector.
    pub vector: Vector,
    /// The clauses of each step, or of the one call; none where it is not refused.
    pub(super) clauses: Vec<Vec<String>>,
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// It is refused, for what these clauses say.
    Refused(ErrorCode, Vec<String>),
    /// It is no question: of a session that is not there, say, or with parameters of another form.
    NoQuestion,
}

impl Sketch {
    /// The vector that it is; none where it is none, since nothing of it can be asked.
    #[must_use]
    pub fn settle(&self, name: &str, comment: &str) -> Option<Settled> {
        let suite = match &self.suite {
            Some(name) => suite::by_name(name)?,
            None => suite::ALL[0],
        };
        let mut reference = Reference::speaking(suite);
        let mut clauses = Vec::new();
        let body = match &self.asked {
            Asked::Call(question) => {
                let (call, of_call) = answered(&mut reference, question, None, 0)?;
                clauses.push(of_call);
                Body::Call(call)
            }
            Asked::Machine {
                machine,
                load,
                steps,
            } => {
                let mut made = Question::new(machine.load, load.clone());
                ask(&mut reference, &mut made, Some(SUBJECT), 0).ok()?;
                let mut actions = Vec::new();
                for (step, salt) in steps.iter().zip(1..) {
                    match step {
                        Step::Restart => {
                            actions.push(Action::Restart);
                            clauses.push(Vec::new());
                        }
                        Step::Ask(question) => {
                            let settled = answered(&mut reference, question, Some(SUBJECT), salt);
                            if let Some((call, of_call)) = settled {
                                actions.push(Action::Call(call));
                                clauses.push(of_call);
                            }
                        }
                    }
                }
                if !actions.iter().any(|it| matches!(it, Action::Call(_))) {
                    return None;
                }
                Body::Conversation(Conversation {
                    machine,
                    load: load.clone(),
                    steps: actions,
                })
            }
        };
        let refuses = match &body {
            Body::Call(call) => call.error.is_some(),
            Body::Conversation(conversation) => conversation
                .steps
                .iter()
                .any(|it| matches!(it, Action::Call(call) if call.error.is_some())),
        };
        Some(Settled {
            vector: Vector {
                family: self.family.clone(),
                suite: self.suite.clone(),
                tc_id: 1,
                test: name.to_owned(),
                comment: comment.to_owned(),
                flags: Vec::new(),
                requirements: self.requirements.clone(),
                result: if refuses {
                    Expectation::Invalid
                } else {
                    Expectation::Valid
                },
                body,
            },
            clauses,
        })
    }
}

/// The call with what is expected of it.
fn answered(
    reference: &mut Reference,
    question: &Question,
    handle: Option<&str>,
    salt: usize,
) -> Option<(Call, Vec<String>)> {
    let mut question = question.clone();
    // An event that the profile says nothing of must not leave a trace in the engine alone.
    let before = is_out(&question).then(|| reference.clone());
    let answer = ask(reference, &mut question, handle, salt);
    if let (Ok(answer), Some(before)) = (&answer, before)
        && !is_said(answer)
    {
        *reference = before;
        return None;
    }
    if let Ok(answer) = &answer
        && !is_read_again(reference, question.method, answer)
    {
        return None;
    }
    let Question { method, params, .. } = question;
    let (expected, error, clauses) = match answer {
        Ok(answer) => (Some(answer), None, Vec::new()),
        Err(NoAnswer::Refused(code, clauses)) => (None, Some(code), clauses),
        Err(NoAnswer::NoQuestion) => return None,
    };
    let call = Call {
        method,
        params,
        expected,
        error,
    };
    Some((call, clauses))
}

/// Whether it is an event `out` (XFER-17).
fn is_out(question: &Question) -> bool {
    question.params.pointer("/event/out").is_some()
}

/// Whether the profile says what becomes of an `out` with that answer: that of a key import request comes once it is signed.
fn is_said(answer: &Value) -> bool {
    let states = answer["outcomes"].as_array().into_iter().flatten();
    let mut states = states.map(|outcome| &outcome["after"]);
    states.all(|state| state != "S:Offered")
}

/// Whether what was written on request is a message: what none would read, the profile lets nobody write or refuse.
fn is_read_again(reference: &mut Reference, method: &str, answer: &Value) -> bool {
    let reads = match method {
        "wire.encode_ratchet" => "wire.decode_ratchet",
        "wire.encode_prekey" => "wire.decode_prekey",
        _ => return true,
    };
    let params = json!({ "message": answer["message"] });
    reference.call(reads, params).is_ok()
}

/// Asks the reference engine, which gets as much randomness as it draws: that stands in the question afterwards. What it lacks
/// comes of what is there and of `salt`.
pub(super) fn ask(
    reference: &mut Reference,
    question: &mut Question,
    handle: Option<&str>,
    salt: usize,
) -> Result<Value, NoAnswer> {
    let given = question.params.get("randomness").and_then(Value::as_str);
    let Some(given) = given.map(ToOwned::to_owned) else {
        return call(reference, question, handle);
    };
    let label = format!("{given}/{salt}");
    let mut bytes = hex::decode(&given).ok_or(NoAnswer::NoQuestion)?;
    let least = bytes.len().max(REFUSED);
    bytes.extend(seed::vec(&label, PLENTY));
    let cut = |question: &mut Question, length: usize| {
        question.params["randomness"] = json!(Hex(bytes[..length.min(bytes.len())].to_vec()));
    };
    cut(question, usize::MAX);
    match call(reference, question, handle) {
        Err(NoAnswer::NoQuestion) => {
            cut(question, drawn());
            call(reference, question, handle)
        }
        Err(refused) => {
            cut(question, least);
            Err(refused)
        }
        Ok(answer) => Ok(answer),
    }
}

fn call(
    reference: &mut Reference,
    question: &Question,
    handle: Option<&str>,
) -> Result<Value, NoAnswer> {
    let mut params = question.params.clone();
    if let (Some(handle), Some(object)) = (handle, params.as_object_mut()) {
        object.insert("handle".to_owned(), handle.into());
    }
    reference
        .call(question.method, params)
        .map_err(|failure| match failure {
            Failure::Rejected { error, message } => match serde_json::from_value(error.into()) {
                Ok(code) => NoAnswer::Refused(code, named(&message)),
                Err(_) => NoAnswer::NoQuestion,
            },
            _ => NoAnswer::NoQuestion,
        })
}

/// The clauses that a text names.
pub(super) fn named(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let known = words.filter(|word| Catalogue::get().find(word).is_some());
    known.map(ToOwned::to_owned).collect()
}
