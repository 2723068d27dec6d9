//! Plays a scenario with a subject in the part of each device in turn.

use super::outcome::{Mismatch, Skip, Stop, Why};
use super::{Terms, ready};
use crate::conformance::scenario::outline::Outline;
use crate::conformance::scenario::{self, Cast, SEED, Scenario, StepFailure, Tested};
use crate::conformance::subject::Subject;
use crate::suite::SuiteRef;
use serde_json::json;
use std::sync::Arc;

/// Plays a scenario with the subject in the part of each device in turn, and the reference engine in all others. What succeeds has the
/// outline, too, of the run in which the reference engine plays all devices.
///
/// # Errors
/// Where a part fails, or departs from that outline; where none can be judged, why the last one cannot.
pub(super) fn play(
    subject: &mut dyn Subject,
    scenario: &Scenario,
    suite: SuiteRef,
    terms: Terms,
) -> Result<(), Stop> {
    let mut skip = None;
    let mut alone = None;
    let mut unseen = Some(Skip::new(Why::NotObservable, "no device acts in it"));
    for plays in scenario.devices() {
        let inputs = json!({ "the subject plays": plays });
        let at_part = |stop| match stop {
            Stop::Differs(mismatch) => Mismatch {
                inputs,
                ..*mismatch
            }
            .into(),
            skipped @ Stop::Skipped(_) => skipped,
        };
        if let Err(stop) = ready(subject, suite.name()) {
            return Err(at_part(stop));
        }
        let tested = Tested {
            subject: &mut *subject,
            plays: &plays,
            strict: terms.strict,
        };
        let cast = Cast {
            tested: Some(tested),
            restarts: terms.restarts,
            ..Cast::default()
        };
        let run = scenario::run_with(scenario, suite, SEED, cast);
        let Some(failure) = run.failure else {
            unseen = None;
            let alone = alone.get_or_insert_with(|| outline_alone(scenario, suite, terms.strict));
            let outline = Outline::of(&run.transcript.events, suite, terms.strict);
            if let Some(departure) = alone.departure(&outline) {
                return Err(at_part(
                    Mismatch::departing(departure, run.transcript).into(),
                ));
            }
            continue;
        };
        match failure.reason {
            StepFailure::NotObservable(reason) => {
                unseen = unseen.map(|_| Skip::new(Why::NotObservable, reason));
            }
            StepFailure::NotImplemented(reason) => {
                skip = Some(Skip::new(Why::NotImplemented, reason));
            }
            _ => return Err(at_part(Mismatch::of(failure, run.transcript).into())),
        }
    }
    match skip.or(unseen) {
        Some(skip) => Err(skip.into()),
        None => Ok(()),
    }
}

/// Plays a scenario with the subject in the part of the intermediary, and the reference engine in those of all devices. To each request it
/// answers what the reference engine answers.
///
/// # Errors
/// Where it does not; where it is not asked, why.
pub(super) fn play_intermediary(
    subject: &mut dyn Subject,
    scenario: &Scenario,
    suite: SuiteRef,
) -> Result<(), Stop> {
    ready(subject, suite.name())?;
    let cast = Cast {
        intermediary: Some(subject),
        ..Cast::default()
    };
    let run = scenario::run_with(scenario, suite, SEED, cast);
    let Some(failure) = run.failure else {
        return Ok(());
    };
    Err(match failure.reason {
        StepFailure::NotObservable(reason) => Skip::new(Why::NotObservable, reason).into(),
        StepFailure::NotImplemented(reason) => Skip::new(Why::NotImplemented, reason).into(),
        _ => Mismatch::of(failure, run.transcript).into(),
    })
}

/// The outline of the run in which the reference engine plays all devices.
fn outline_alone(scenario: &Scenario, suite: SuiteRef, strict: bool) -> Arc<Outline> {
    let alone = || {
        let run = scenario::run(scenario, suite, SEED);
        Arc::new(Outline::of(&run.transcript.events, suite, strict))
    };
    #[cfg(not(feature = "flaws"))]
    return alone();
    // Each flaw is looked for in all scenarios: once for all of them is enough.
    #[cfg(feature = "flaws")]
    remembered(
        (suite.name(), strict, scenario.digest.clone(), scenario.line),
        alone,
    )
}

/// What distinguishes runs: suite, strictness, the script's digest and the scenario's line.
#[cfg(feature = "flaws")]
type Place = (&'static str, bool, String, usize);

#[cfg(feature = "flaws")]
fn remembered(place: Place, alone: impl FnOnce() -> Arc<Outline>) -> Arc<Outline> {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};
    static KNOWN: LazyLock<Mutex<HashMap<Place, Arc<Outline>>>> = LazyLock::new(Mutex::default);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(outline) = known().get(&place) {
        return Arc::clone(outline);
    }
    let outline = alone();
    known().insert(place, Arc::clone(&outline));
    outline
}
