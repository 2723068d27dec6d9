//! Why a step did not succeed.

use crate::conformance::subject::Failure;
use std::fmt;

/// Why a step did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepFailure {
    /// What the script says cannot be done: a fault of the script.
    Script(String),
    /// What the script asks for cannot be seen of a subject under test.
    NotObservable(String),
    /// The subject does not offer a method that its part needs.
    NotImplemented(String),
    /// The subject gives no answer that could be judged.
    NoAnswer {
        /// To what.
        method: &'static str,
        /// What came instead.
        failure: Failure,
    },
    /// The subject shows a secret (PRIV-04).
    Secret {
        /// What must not show it.
        expected: String,
        /// What does.
        got: String,
    },
    /// What the script expects is not so.
    Expectation {
        /// What it expects.
        expected: String,
        /// What is so.
        got: String,
    },
}

impl StepFailure {
    pub(super) fn script(reason: impl fmt::Display) -> Self {
        StepFailure::Script(reason.to_string())
    }

    pub(super) fn differs(expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        StepFailure::Expectation {
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepFailure::Script(reason)
            | StepFailure::NotObservable(reason)
            | StepFailure::NotImplemented(reason) => f.write_str(reason),
            StepFailure::NoAnswer { method, failure } => {
                write!(f, "expected an answer to {method}, got {failure}")
            }
            StepFailure::Expectation { expected, got } | StepFailure::Secret { expected, got } => {
                write!(f, "expected {expected}, got {got}")
            }
        }
    }
}
