//! Asks a subject what the vectors ask, and compares.

use super::operation::Saved;
use super::own_randomness;
use super::scenario::transcript::Transcript;
use super::scenario::{self, Scenario, StepFailure, Tested};
use super::subject::{Failure, RandomnessSource, Role, Subject, holds};
use super::vector::conversation::{Action, Conversation, Machine};
use super::vector::{Body, Call, Expectation, Vector};
use super::verdict::SEED;
use crate::hex::Hex;
use serde_json::{Value, json};

/// The suite of the scenarios.
const SUITE: &str = "tigress-1";

/// The handle of the one machine of a conversation.
const HANDLE: &str = "subject";

/// How a vector went.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The subject did as expected.
    Passed,
    /// It did not.
    Failed(Mismatch),
    /// It does not offer what the vector asks for.
    Skipped,
}

/// Where a subject departs from a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The step of a conversation, from 1; of a scenario, its line.
    pub step: Option<usize>,
    /// What was asked: a method, or the words of a scenario's step.
    pub method: String,
    /// With what.
    pub inputs: Value,
    /// The field of the answer, where it is one field that differs.
    pub field: Option<String>,
    /// What the vector expects.
    pub expected: String,
    /// What came back.
    pub got: String,
    /// What happened in the scenario up to there.
    pub transcript: Option<Box<Transcript>>,
}

impl Mismatch {
    /// Where a scenario ended early.
    pub(super) fn of(failure: scenario::Failure, transcript: Transcript) -> Self {
        let (expected, got) = match failure.reason {
            StepFailure::Script(reason)
            | StepFailure::NotObservable(reason)
            | StepFailure::NotImplemented(reason) => {
                ("a step that can be carried out".into(), reason)
            }
            StepFailure::Expectation { expected, got } => (expected, got),
        };
        Mismatch {
            step: Some(failure.line),
            method: failure.text,
            transcript: Some(Box::new(transcript)),
            ..mismatch(expected, got)
        }
    }
}

/// Why a vector's run ended before its end.
enum Stop {
    Differs(Box<Mismatch>),
    NotImplemented,
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Self {
        Stop::Differs(Box::new(mismatch))
    }
}

impl Stop {
    /// Says of which call the verdict is.
    fn about(self, step: Option<usize>, method: &str, inputs: &Value) -> Stop {
        match self {
            Stop::Differs(mismatch) => Stop::Differs(Box::new(Mismatch {
                step,
                method: method.to_owned(),
                inputs: inputs.clone(),
                ..*mismatch
            })),
            Stop::NotImplemented => Stop::NotImplemented,
        }
    }
}

fn mismatch(expected: impl Into<String>, got: impl Into<String>) -> Mismatch {
    Mismatch {
        step: None,
        method: String::new(),
        inputs: Value::Null,
        field: None,
        expected: expected.into(),
        got: got.into(),
        transcript: None,
    }
}

/// Runs one vector. Where `strict`, the error codes must be the profile's too.
pub fn run(subject: &mut dyn Subject, vector: &Vector, strict: bool) -> Outcome {
    let verdict = ready(subject, vector.suite.as_deref().unwrap_or(SUITE)).and_then(|()| {
        match &vector.body {
            Body::Call(call) => {
                let may_refuse = vector.result == Expectation::Acceptable;
                self::call(subject, call, call.params.clone(), may_refuse, strict)
                    .map_err(|verdict| verdict.about(None, call.method, &call.params))
            }
            Body::Conversation(conversation) => self::conversation(subject, conversation, strict),
        }
    });
    match verdict {
        Ok(()) => Outcome::Passed,
        Err(Stop::Differs(mismatch)) => Outcome::Failed(*mismatch),
        Err(Stop::NotImplemented) => Outcome::Skipped,
    }
}

/// Runs one scenario with the subject in the part of each device in turn, and the reference engine in all
/// others. None where every part shows what cannot be seen of a subject.
pub fn play(subject: &mut dyn Subject, scenario: &Scenario, strict: bool) -> Option<Outcome> {
    if !subject.describe().roles.contains(&Role::Wallet) {
        return Some(Outcome::Skipped);
    }
    let mut outcome = None;
    for plays in scenario.devices() {
        let inputs = json!({ "the subject plays": plays });
        match ready(subject, SUITE) {
            Ok(()) => {}
            Err(Stop::NotImplemented) => return Some(Outcome::Skipped),
            Err(Stop::Differs(mismatch)) => {
                return Some(Outcome::Failed(Mismatch {
                    inputs,
                    ..*mismatch
                }));
            }
        }
        let tested = Tested {
            subject: &mut *subject,
            plays: &plays,
            strict,
        };
        let run = scenario::run_with(scenario, SEED, Some(tested));
        let Some(failure) = run.failure else {
            outcome.get_or_insert(Outcome::Passed);
            continue;
        };
        match failure.reason {
            StepFailure::NotObservable(_) => {}
            StepFailure::NotImplemented(_) => outcome = Some(Outcome::Skipped),
            StepFailure::Script(_) | StepFailure::Expectation { .. } => {
                return Some(Outcome::Failed(Mismatch {
                    inputs,
                    ..Mismatch::of(failure, run.transcript)
                }));
            }
        }
    }
    outcome
}

fn call(
    subject: &mut dyn Subject,
    call: &Call,
    params: Value,
    may_refuse: bool,
    strict: bool,
) -> Result<(), Stop> {
    let expectation = match (&call.error, &call.expected) {
        (Some(code), _) => format!("refused with `{code}`"),
        (None, Some(expected)) if expected.as_object().is_some_and(serde_json::Map::is_empty) => {
            "accepted".to_owned()
        }
        (None, expected) => expected.as_ref().map_or_else(String::new, Value::to_string),
    };
    let answer = subject.call(call.method, params);
    if let Err(Failure::Rejected { message, .. }) = &answer
        && let Some(name) = secret_in(&call.params, message)
    {
        let expected = format!("an error that does not show `{name}` (PRIV-04)");
        return Err(mismatch(expected, message).into());
    }
    match (answer, &call.error) {
        (Err(Failure::NotImplemented), _) => Err(Stop::NotImplemented),
        (Err(Failure::Broken(why)), _) => Err(mismatch(expectation, why).into()),
        (Err(Failure::Rejected { error, message }), Some(code)) => {
            if strict && error != code.as_str() {
                let got = format!("refused with `{error}`: {message}");
                return Err(mismatch(expectation, got).into());
            }
            Ok(())
        }
        (Err(Failure::Rejected { .. }), None) if may_refuse => Ok(()),
        (Err(Failure::Rejected { error, message }), None) => {
            Err(mismatch(expectation, format!("refused with `{error}`: {message}")).into())
        }
        (Ok(got), Some(_)) => Err(mismatch(expectation, format!("accepted: {got}")).into()),
        (Ok(got), None) if draws_own(subject, call) => match own_randomness::judge(call, &got) {
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => {
                let expected = "what the reference engine can use";
                Err(mismatch(expected, format!("{got}: {why}")).into())
            }
            None => Err(Stop::NotImplemented),
        },
        (Ok(got), None) => compare(call.expected.as_ref(), &got),
    }
}

/// Whether the call is one whose outcome the subject's own randomness decides.
fn draws_own(subject: &dyn Subject, call: &Call) -> bool {
    own_randomness::draws(call) && subject.describe().randomness == RandomnessSource::Own
}

/// Parameters that no error shows (PRIV-04).
const SECRETS: &[&str] = &[
    "chainKey",
    "dh",
    "dh1",
    "dh2",
    "dh3",
    "dh4",
    "identityPrivateKey",
    "messageKey",
    "oneTimePreKeyPrivateKey",
    "ownerPrivateKey",
    "plaintext",
    "privateKey",
    "randomness",
    "rootKey",
    "signedPreKeyPrivateKey",
];

/// So many bytes of a secret, or a shorter one as a whole, are no accident in an error's text.
const TELLING: usize = 32;
const LEAST: usize = 16;

/// The parameter that a text shows.
fn secret_in<'a>(params: &'a Value, text: &str) -> Option<&'a str> {
    let fields = params.as_object()?.iter();
    let secrets = fields.filter(|(name, _)| SECRETS.contains(&name.as_str()));
    secrets
        .filter(|(_, value)| {
            let bytes = serde_json::from_value::<Hex>((*value).clone());
            bytes.is_ok_and(|Hex(bytes)| {
                let mut parts = bytes.chunks(TELLING);
                parts.any(|part| {
                    let padding = part.iter().all(|byte| *byte == part[0]);
                    part.len() >= LEAST && !padding && holds(text.as_bytes(), &part.into())
                })
            })
        })
        .map(|(name, _)| name.as_str())
        .next()
}

/// Holds each field of the expected answer against the one that came.
fn compare(expected: Option<&Value>, got: &Value) -> Result<(), Stop> {
    for (field, value) in expected.and_then(Value::as_object).into_iter().flatten() {
        let came = got.get(field).unwrap_or(&Value::Null);
        if came != value {
            return Err(Mismatch {
                field: Some(field.clone()),
                ..mismatch(value.to_string(), came.to_string())
            }
            .into());
        }
    }
    Ok(())
}

fn conversation(
    subject: &mut dyn Subject,
    conversation: &Conversation,
    strict: bool,
) -> Result<(), Stop> {
    let machine = conversation.machine;
    plain(subject, machine.load, on_machine(conversation.load.clone()))
        .map_err(|verdict| verdict.about(None, machine.load, &conversation.load))?;
    for (index, action) in conversation.steps.iter().enumerate() {
        let at_step = |verdict: Stop, name: &str| {
            let inputs = match action {
                Action::Call(call) => call.params.clone(),
                Action::Restart | Action::Erased(_) => json!({}),
            };
            verdict.about(Some(index + 1), name, &inputs)
        };
        match action {
            Action::Call(call) => {
                self::step(subject, machine, call, strict)
                    .map_err(|verdict| at_step(verdict, call.method))?;
            }
            Action::Restart => save(subject, machine)
                .and_then(|state| {
                    let params = on_machine(json!({ "state": state }));
                    plain(subject, machine.restore, params).map(|_| ())
                })
                .map_err(|verdict| at_step(verdict, "restart"))?,
            Action::Erased(secrets) => {
                let state = save(subject, machine).map_err(|verdict| at_step(verdict, "erased"))?;
                if let Some(kept) = secrets.iter().find(|secret| holds(&state, &secret.bytes)) {
                    let found = mismatch(
                        format!("{} is erased", kept.name),
                        format!("the saved state holds {}", kept.bytes),
                    );
                    return Err(at_step(found.into(), "erased"));
                }
            }
        }
    }
    Ok(())
}

/// One call of a conversation; a refusal leaves the machine as it was (DR-15, X3DH-11).
fn step(
    subject: &mut dyn Subject,
    machine: &Machine,
    step: &Call,
    strict: bool,
) -> Result<(), Stop> {
    // A subject that cannot be saved is not compared.
    let before = match step.error.map(|_| save(subject, machine)).transpose() {
        Err(Stop::NotImplemented) => None,
        before => before?,
    };
    call(
        subject,
        step,
        on_machine(step.params.clone()),
        false,
        strict,
    )?;
    if let Some(before) = before {
        let after = save(subject, machine)?;
        if before != after {
            return Err(mismatch(
                "the state as it was before the refused step",
                first_difference(&before, &after),
            )
            .into());
        }
    }
    Ok(())
}

fn first_difference(before: &Hex, after: &Hex) -> String {
    let same = before.iter().zip(after.iter()).take_while(|(a, b)| a == b);
    let at = same.count();
    let excerpt = |state: &Hex| {
        let end = state.len().min(at + 40);
        String::from_utf8_lossy(&state[at.saturating_sub(40)..end]).into_owned()
    };
    format!(
        "the saved state differs from byte {at} on: `{}` became `{}`",
        excerpt(before),
        excerpt(after)
    )
}

fn on_machine(mut params: Value) -> Value {
    if let Some(object) = params.as_object_mut() {
        object.insert("handle".to_owned(), HANDLE.into());
    }
    params
}

/// A subject that holds no device and speaks the vector's suite.
fn ready(subject: &mut dyn Subject, suite: &str) -> Result<(), Stop> {
    subject.reset(suite).map_err(|failure| match failure {
        Failure::NotImplemented => Stop::NotImplemented,
        Failure::Rejected { message, .. } | Failure::Broken(message) => {
            let inputs = json!({ "suite": suite });
            Stop::from(mismatch("a subject that holds nothing", message))
                .about(None, "reset", &inputs)
        }
    })
}

/// A call that a vector needs but does not test.
fn plain(subject: &mut dyn Subject, method: &str, params: Value) -> Result<Value, Stop> {
    subject
        .call(method, params)
        .map_err(|failure| match failure {
            Failure::NotImplemented => Stop::NotImplemented,
            Failure::Rejected { error, message } => mismatch(
                format!("{method} is carried out"),
                format!("refused with `{error}`: {message}"),
            )
            .into(),
            Failure::Broken(why) => mismatch(format!("{method} is carried out"), why).into(),
        })
}

fn save(subject: &mut dyn Subject, machine: &Machine) -> Result<Hex, Stop> {
    let saved = plain(subject, machine.save, on_machine(json!({})))?;
    serde_json::from_value::<Saved>(saved)
        .map(|saved| saved.state)
        .map_err(|error| mismatch("a saved state", error.to_string()).into())
}
