//! How a case went, and where a subject departs from it.

use super::difference::Difference;
use crate::conformance::case::Case;
use crate::conformance::scenario::outline::Departure;
use crate::conformance::scenario::transcript::Transcript;
use crate::conformance::scenario::{self, StepFailure};
use crate::conformance::subject::{Failure, Lack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a vector or a scenario went.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The subject did as expected.
    Passed,
    /// It did not.
    Failed(Mismatch),
    /// It was not judged.
    Skipped(Skip),
}

/// Why a subject was not judged by a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skip {
    /// Of which kind the reason is.
    pub why: Why,
    /// The reason.
    pub reason: String,
}

/// The kinds of reasons.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The subject does not offer a method.
    NotImplemented,
    /// It does not claim a role of the party that it claims to be.
    Role,
    /// It does not speak the suite.
    Suite,
    /// It draws its own randomness, and nobody can tell what its answer must be.
    OwnRandomness,
    /// The run ended before.
    NotRun,
    /// What is asked cannot be seen of any subject: it lowers no verdict.
    NotObservable,
    /// It is asked of a party that the subject does not claim to be: it lowers no verdict.
    NotClaimed,
}

impl Skip {
    pub(in crate::conformance) fn new(why: Why, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Skip { why, reason }
    }

    /// Of a subject that was not asked.
    pub(super) fn of(lack: &Lack) -> Self {
        match lack {
            Lack::Sight(reason) => Skip::new(Why::NotObservable, reason),
            Lack::Means(reason) => Skip::new(Why::NotImplemented, reason),
        }
    }

    pub(super) fn not_implemented(method: &str) -> Self {
        Skip::new(
            Why::NotImplemented,
            format!("`{method}` is not implemented"),
        )
    }
}

impl Why {
    /// As the JSON result writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Why::NotImplemented => "not-implemented",
            Why::Role => "role",
            Why::Suite => "suite",
            Why::OwnRandomness => "own-randomness",
            Why::NotRun => "not-run",
            Why::NotObservable => "not-observable",
            Why::NotClaimed => "not-claimed",
        }
    }

    /// Whether a subject with such a skip conforms in part only.
    #[must_use]
    pub fn lowers(self) -> bool {
        !matches!(self, Why::NotObservable | Why::NotClaimed)
    }
}

/// What kind of failure it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The answer is another one.
    Answer,
    /// What must be refused was carried out.
    Accepted,
    /// What must be carried out was refused.
    Refused,
    /// It was refused with another code than the profile's.
    Code,
    /// An error or its standard error shows a secret (PRIV-04).
    Secret,
    /// The state is not what it must be: a refusal changed it, or something is still in it.
    State,
    /// It goes wrong only where it is saved and restored: before every step, or where the vector or the script says so (XFER-15, MBX-18).
    Restart,
    /// A step of a script does not succeed.
    Step,
    /// Every step of a script succeeds, and something else happens in one, which the script does not look at, than the profile says.
    Outline,
    /// There is no answer that could be judged.
    NoAnswer,
    /// There is no answer within the time that it has.
    TimedOut,
}

impl Cause {
    /// Whether it says by itself which requirement is broken, whatever else its case is about: the one of restarts, or of secrets.
    #[must_use]
    pub(in crate::conformance) fn is_of_one_requirement(self) -> bool {
        matches!(self, Cause::Restart | Cause::Secret)
    }

    /// As the JSON result writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::Answer => "answer",
            Cause::Accepted => "accepted",
            Cause::Refused => "refused",
            Cause::Code => "code",
            Cause::Secret => "secret",
            Cause::State => "state",
            Cause::Restart => "restart",
            Cause::Step => "step",
            Cause::Outline => "outline",
            Cause::NoAnswer => "no-answer",
            Cause::TimedOut => "timed-out",
        }
    }
}

/// Where a subject departs from a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The step of a conversation, from 1; of a scenario, its line.
    pub step: Option<usize>,
    /// What was asked: a method, or the words of a scenario's step.
    pub method: String,
    /// With what.
    pub inputs: Value,
    /// What kind of failure it is.
    pub cause: Cause,
    /// The requirement that speaks of it before those of the case; none where these do.
    pub clause: Option<&'static str>,
    /// What is other than expected: one or more.
    pub differences: Vec<Difference>,
    /// What happened in the scenario up to there.
    pub transcript: Option<Box<Transcript>>,
}

impl Mismatch {
    /// Of nothing in particular.
    pub(in crate::conformance) fn new(
        cause: Cause,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Mismatch {
            step: None,
            method: String::new(),
            inputs: Value::Null,
            cause,
            clause: match cause {
                Cause::Restart => Some("XFER-15"),
                Cause::Secret => Some("PRIV-04"),
                _ => None,
            },
            differences: vec![Difference::new(expected, got)],
            transcript: None,
        }
    }

    /// Where a run departs from the outline that it must have.
    pub(in crate::conformance) fn departing(departure: Departure, transcript: Transcript) -> Self {
        let (missing, further) = (departure.missing, departure.further);
        let shown = |event: Option<Value>| {
            event.map_or("nothing more".to_owned(), |event| event.to_string())
        };
        Mismatch {
            step: Some(departure.line),
            method: departure.text,
            clause: departure.clause,
            transcript: Some(Box::new(transcript)),
            ..Mismatch::new(Cause::Outline, shown(missing), shown(further))
        }
    }

    /// Of a call without an answer.
    pub(super) fn without_answer(expected: impl Into<String>, failure: &Failure) -> Self {
        let cause = match failure {
            Failure::TimedOut(_) => Cause::TimedOut,
            Failure::Rejected { .. } => Cause::Refused,
            Failure::Broken(_) | Failure::NotImplemented => Cause::NoAnswer,
        };
        Mismatch::new(cause, expected, failure.to_string())
    }

    /// The same, where it goes wrong only with restarts.
    pub(super) fn of_restarts(self, case: &Case) -> Self {
        let is_of_intermediaries =
            matches!(case, Case::Vector(vector) if vector.family == "intermediary");
        Mismatch {
            cause: Cause::Restart,
            clause: Some(if is_of_intermediaries {
                "MBX-18"
            } else {
                "XFER-15"
            }),
            ..self
        }
    }

    /// Of fields of an answer.
    pub(super) fn of_fields(differences: Vec<Difference>) -> Self {
        Mismatch {
            differences,
            ..Mismatch::new(Cause::Answer, "", "")
        }
    }

    /// Where a scenario ended early.
    pub(in crate::conformance) fn of(failure: scenario::Failure, transcript: Transcript) -> Self {
        let can = "a step that can be carried out";
        let mismatch = match failure.reason {
            StepFailure::Script(reason)
            | StepFailure::NotObservable(reason)
            | StepFailure::NotImplemented(reason) => Mismatch::new(Cause::Step, can, reason),
            StepFailure::Expectation { expected, got } => Mismatch::new(Cause::Step, expected, got),
            StepFailure::Secret { expected, got } => Mismatch::new(Cause::Secret, expected, got),
            StepFailure::NoAnswer { method, failure } => {
                Mismatch::without_answer(format!("an answer to {method}"), &failure)
            }
        };
        Mismatch {
            step: Some(failure.line),
            method: failure.text,
            transcript: Some(Box::new(transcript)),
            ..mismatch
        }
    }
}

/// Why a case ended before its end.
pub(super) enum Stop {
    Differs(Box<Mismatch>),
    Skipped(Skip),
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Self {
        Stop::Differs(Box::new(mismatch))
    }
}

impl From<Skip> for Stop {
    fn from(skip: Skip) -> Self {
        Stop::Skipped(skip)
    }
}

impl Stop {
    /// A call without an answer, where there must be one.
    pub(super) fn without_answer(method: &str, expected: String, failure: &Failure) -> Self {
        match failure {
            Failure::NotImplemented => Skip::not_implemented(method).into(),
            _ => Mismatch::without_answer(expected, failure).into(),
        }
    }

    /// Says of which call the failure is.
    pub(super) fn about(self, step: Option<usize>, method: &str, inputs: &Value) -> Stop {
        match self {
            Stop::Differs(mismatch) => Stop::Differs(Box::new(Mismatch {
                step,
                method: method.to_owned(),
                inputs: inputs.clone(),
                ..*mismatch
            })),
            skipped @ Stop::Skipped(_) => skipped,
        }
    }
}

impl From<Result<(), Stop>> for Outcome {
    fn from(result: Result<(), Stop>) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(Stop::Differs(mismatch)) => Outcome::Failed(*mismatch),
            Err(Stop::Skipped(skip)) => Outcome::Skipped(skip),
        }
    }
}
