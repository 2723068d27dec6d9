//! How a case went, and where a subject departs from it.

use crate::conformance::scenario::transcript::Transcript;
use crate::conformance::scenario::{self, StepFailure};
use serde_json::Value;

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
    /// Of nothing in particular.
    pub(super) fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
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

    /// Where a scenario ended early.
    pub(in crate::conformance) fn of(failure: scenario::Failure, transcript: Transcript) -> Self {
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
            ..Mismatch::new(expected, got)
        }
    }
}

/// Why a case ended before its end.
pub(super) enum Stop {
    Differs(Box<Mismatch>),
    NotImplemented,
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Self {
        Stop::Differs(Box::new(mismatch))
    }
}

impl Stop {
    /// Says of which call the failure is.
    pub(super) fn about(self, step: Option<usize>, method: &str, inputs: &Value) -> Stop {
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

impl From<Result<(), Stop>> for Outcome {
    fn from(result: Result<(), Stop>) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(Stop::Differs(mismatch)) => Outcome::Failed(*mismatch),
            Err(Stop::NotImplemented) => Outcome::Skipped,
        }
    }
}
