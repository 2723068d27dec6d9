//! Puts a case to a subject, and says how it went.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `clause` | which requirement a failure speaks of before those of its case |
//! | `difference` | where an answer differs from the expected one |
//! | `outcome` | how it went, and where a subject departs from it |
//! | `own_randomness` | what is looked at where a subject draws its own |
//! | `vector` | the questions of a vector |
//! | `scenario` | a subject in the part of each device, or of the intermediary |

mod clause;
mod difference;
mod outcome;
mod own_randomness;
mod scenario;
mod vector;

pub use difference::Difference;
pub use outcome::{Cause, Mismatch, Outcome, Skip, Why};

use super::case::Case;
use super::operation::role_of;
use super::restarts::Restarts;
use super::scenario::{self as scenarios, Cast, SEED};
use super::subject::{Description, Failure, Party, Role, Subject};
use super::vector::{Body, Vector};
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
    /// When it is restarted.
    pub restarts: Restarts,
}

impl Terms {
    /// With the profile's error codes, in any suite.
    pub const STRICT: Terms = Terms {
        suite: None,
        strict: true,
        restarts: Restarts::AsWritten,
    };

    /// How the reference engine is asked: as [`Terms::STRICT`] has it, and restarted before every step.
    pub const REFERENCE: Terms = Terms {
        restarts: Restarts::Everywhere,
        ..Terms::STRICT
    };

    fn suite(self, subject: &dyn Subject) -> SuiteRef {
        self.suite
            .unwrap_or_else(|| first_spoken(&subject.describe()))
    }
}

/// The suite of what names none, where nobody asked for one: the first of this build that the subject speaks.
pub(in crate::conformance) fn first_spoken(subject: &Description) -> SuiteRef {
    let speaks = |suite: &SuiteRef| subject.suites.iter().any(|name| name == suite.name());
    let first = suite::ALL.iter().copied().find(speaks);
    first.unwrap_or(suite::ALL[0])
}

/// How a case goes. What goes wrong only where it is restarted is told as that (XFER-15, MBX-18): with restarts between its steps,
/// or where it says so itself.
pub fn ask(subject: &mut dyn Subject, case: &Case, terms: Terms) -> Outcome {
    let mut with = |restarts| settled(subject, case, Terms { restarts, ..terms });
    let mut failed = match with(terms.restarts) {
        Outcome::Failed(mismatch) => mismatch,
        outcome => return outcome,
    };
    if terms.restarts == Restarts::Everywhere {
        match with(Restarts::AsWritten) {
            Outcome::Passed => return Outcome::Failed(failed.of_restarts(case)),
            Outcome::Failed(as_written) => failed = as_written,
            skipped @ Outcome::Skipped(_) => return skipped,
        }
    }
    let is_judged = !matches!(failed.cause, Cause::NoAnswer | Cause::TimedOut);
    if case.restarts() && is_judged && with(Restarts::Never) == Outcome::Passed {
        failed = failed.of_restarts(case);
    }
    Outcome::Failed(failed)
}

fn settled(subject: &mut dyn Subject, case: &Case, terms: Terms) -> Outcome {
    let outcome = put(subject, case, terms);
    // What it does beyond answering is charged to the case that was asked, and to no other.
    match (outcome, subject.settle()) {
        (Outcome::Passed | Outcome::Skipped(_), Err(failure)) => {
            let expected = "an answer to each question, and nothing else";
            Outcome::Failed(Mismatch::without_answer(expected, &failure))
        }
        (outcome, _) => outcome,
    }
}

fn put(subject: &mut dyn Subject, case: &Case, terms: Terms) -> Outcome {
    match case {
        Case::Vector(vector) => run(subject, vector, terms),
        Case::Scenario(scenario, _) => {
            let suite = scenario.suite.unwrap_or_else(|| terms.suite(subject));
            if subject.is_reference() {
                let run = scenarios::run_with(
                    scenario,
                    suite,
                    SEED,
                    Cast {
                        restarts: terms.restarts,
                        ..Cast::default()
                    },
                );
                return match run.failure {
                    None => Outcome::Passed,
                    Some(failure) => Outcome::Failed(Mismatch::of(failure, run.transcript)),
                };
            }
            let description = subject.describe();
            if description.claims(Party::Intermediary) && !description.claims(Party::Wallet) {
                return self::scenario::play_intermediary(subject, scenario, suite).into();
            }
            let played = claimed(subject, Role::Wallet)
                .and_then(|()| self::scenario::play(subject, scenario, suite, terms));
            played.into()
        }
    }
}

/// How a vector goes.
pub fn run(subject: &mut dyn Subject, vector: &Vector, terms: Terms) -> Outcome {
    let suite = match &vector.suite {
        Some(suite) => suite,
        None => terms.suite(subject).name(),
    };
    let role = role_of(match &vector.body {
        Body::Call(call) => call.method,
        Body::Conversation(conversation) => conversation.machine.load,
    });
    claimed(subject, role)
        .and_then(|()| ready(subject, suite))
        .and_then(|()| vector::run(subject, vector, suite, terms))
        .into()
}

/// A subject that claims the role: whoever claims none of its party is not asked, and whoever claims another of it lacks
/// this one.
fn claimed(subject: &dyn Subject, role: Role) -> Result<(), Stop> {
    let description = subject.describe();
    if description.roles.contains(&role) {
        return Ok(());
    }
    let why = if description.claims(role.party()) {
        Why::Role
    } else {
        Why::NotClaimed
    };
    Err(Skip::new(why, format!("the role `{}` is not claimed", role.name())).into())
}

/// A subject that holds nothing and speaks the suite.
fn ready(subject: &mut dyn Subject, suite: &str) -> Result<(), Stop> {
    let not_spoken = || Skip::new(Why::Suite, format!("the suite `{suite}` is not spoken"));
    let spoken = subject.describe().suites;
    if !spoken.iter().any(|name| name == suite) {
        return Err(not_spoken().into());
    }
    subject.reset(suite).map_err(|failure| match failure {
        Failure::NotImplemented => not_spoken().into(),
        failure => {
            let expected = "a subject that holds nothing".to_owned();
            let inputs = json!({ "suite": suite });
            Stop::without_answer("reset", expected, &failure).about(None, "reset", &inputs)
        }
    })
}
