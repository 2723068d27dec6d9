//! Puts a case to a subject, and says how it went.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `outcome` | how it went, and where a subject departs from it |
//! | `secrets` | what no error shows |
//! | `own_randomness` | what is looked at where a subject draws its own |
//! | `vector` | the questions of a vector |
//! | `scenario` | a subject in the part of each device |

mod outcome;
mod own_randomness;
mod scenario;
mod secrets;
mod vector;

pub use outcome::{Mismatch, Outcome};

use super::case::Case;
use super::scenario::{self as scenarios, SEED};
use super::subject::{Failure, Subject};
use super::vector::Vector;
use crate::suite::{self, SuiteRef};
use outcome::Stop;
use serde_json::json;

/// On what terms a subject is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// The suite of what names none; where this is none either, the first of this build that the subject speaks.
    pub suite: Option<SuiteRef>,
    /// Whether its error codes must be the profile's.
    pub strict: bool,
}

impl Terms {
    /// With the profile's error codes, in any suite.
    pub const STRICT: Terms = Terms {
        suite: None,
        strict: true,
    };

    fn suite(self, subject: &dyn Subject) -> SuiteRef {
        let speaks = |suite: &SuiteRef| {
            let spoken = subject.describe().suites;
            spoken.iter().any(|name| name == suite.name())
        };
        let first = || suite::ALL.iter().copied().find(speaks);
        self.suite.or_else(first).unwrap_or(suite::ALL[0])
    }
}

/// How a case goes; none where it cannot be put to the subject.
pub fn ask(subject: &mut dyn Subject, case: &Case, terms: Terms) -> Option<Outcome> {
    match case {
        Case::Vector(vector) => Some(run(subject, vector, terms)),
        Case::Scenario(scenario, _) => {
            let suite = scenario.suite.unwrap_or_else(|| terms.suite(subject));
            if !subject.is_reference() {
                return self::scenario::play(subject, scenario, suite, terms.strict);
            }
            let run = scenarios::run(scenario, suite, SEED);
            Some(match run.failure {
                None => Outcome::Passed,
                Some(failure) => Outcome::Failed(Mismatch::of(failure, run.transcript)),
            })
        }
    }
}

/// How a vector goes.
pub fn run(subject: &mut dyn Subject, vector: &Vector, terms: Terms) -> Outcome {
    let suite = match &vector.suite {
        Some(suite) => suite,
        None => terms.suite(subject).name(),
    };
    ready(subject, suite)
        .and_then(|()| vector::run(subject, vector, suite, terms.strict))
        .into()
}

/// A subject that holds nothing and speaks the suite.
fn ready(subject: &mut dyn Subject, suite: &str) -> Result<(), Stop> {
    subject.reset(suite).map_err(|failure| match failure {
        Failure::NotImplemented => Stop::NotImplemented,
        Failure::Rejected { message, .. }
        | Failure::Broken(message)
        | Failure::TimedOut(message) => {
            let inputs = json!({ "suite": suite });
            Stop::from(Mismatch::new("a subject that holds nothing", message))
                .about(None, "reset", &inputs)
        }
    })
}
