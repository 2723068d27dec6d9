//! Plays a scenario with a subject in the part of each device in turn.

use super::outcome::{Mismatch, Outcome};
use super::ready;
use crate::conformance::scenario::{self, SEED, Scenario, StepFailure, Tested};
use crate::conformance::subject::{Role, Subject};
use crate::suite::SuiteRef;
use serde_json::json;

/// Plays a scenario with the subject in the part of each device in turn, and the reference engine in all others.
/// None where every part shows what cannot be seen of a subject.
pub(super) fn play(
    subject: &mut dyn Subject,
    scenario: &Scenario,
    suite: SuiteRef,
    strict: bool,
) -> Option<Outcome> {
    if !subject.describe().roles.contains(&Role::Wallet) {
        return Some(Outcome::Skipped);
    }
    let mut outcome = None;
    for plays in scenario.devices() {
        let inputs = json!({ "the subject plays": plays });
        let failed = |mismatch| Some(Outcome::Failed(Mismatch { inputs, ..mismatch }));
        match ready(subject, suite.name()).into() {
            Outcome::Passed => {}
            Outcome::Failed(mismatch) => return failed(mismatch),
            Outcome::Skipped => return Some(Outcome::Skipped),
        }
        let tested = Tested {
            subject: &mut *subject,
            plays: &plays,
            strict,
        };
        let run = scenario::run_with(scenario, suite, SEED, Some(tested));
        let Some(failure) = run.failure else {
            outcome.get_or_insert(Outcome::Passed);
            continue;
        };
        match failure.reason {
            StepFailure::NotObservable(_) => {}
            StepFailure::NotImplemented(_) => outcome = Some(Outcome::Skipped),
            StepFailure::Script(_) | StepFailure::Expectation { .. } => {
                return failed(Mismatch::of(failure, run.transcript));
            }
        }
    }
    outcome
}
