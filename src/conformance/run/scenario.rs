//! Plays a scenario with a subject in the part of each device in turn.

#[cfg(feature = "flaws")]
use super::outcome::Outcome;
use super::outcome::{Mismatch, Skip, Stop, Why};
use super::{Terms, ready};
use crate::conformance::scenario::outline::Outline;
use crate::conformance::scenario::{self, Cast, SEED, Scenario, StepFailure, Tested};
use crate::conformance::subject::Subject;
use crate::suite::SuiteRef;
#[cfg(feature = "flaws")]
use crate::{
    conformance::scenario::transcript::{Line, Transcript},
    flaw,
};
use serde_json::json;
#[cfg(feature = "flaws")]
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Plays a scenario with the subject in the part of each device in turn, and the reference engine in all others. What comes off has the
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
            let alone = alone.get_or_insert_with(|| {
                let run = scenario::run(scenario, suite, SEED);
                Outline::of(&run.transcript.events, suite, terms.strict)
            });
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

/// How the engine's own run went, which came off: with a flaw on it has the outline, too, of the run without.
#[cfg(feature = "flaws")]
pub(super) fn as_without_flaw(scenario: &Scenario, suite: SuiteRef, run: Transcript) -> Outcome {
    /// A scenario in a suite: its name, the digest of its script and its line there.
    type Place = (&'static str, String, usize);
    /// The outlines of the runs without: each flaw is looked for in all scenarios.
    static WITHOUT: LazyLock<Mutex<HashMap<Place, Arc<Outline>>>> = LazyLock::new(Mutex::default);
    if flaw::on().is_empty() {
        return Outcome::Passed;
    }
    let of = |events: &[Line]| Outline::of(events, suite, true);
    let place = (suite.name(), scenario.digest.clone(), scenario.line);
    let known = |place| {
        let known = WITHOUT.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(place).cloned()
    };
    let without = known(&place).unwrap_or_else(|| {
        let run = flaw::with("", || scenario::run(scenario, suite, SEED));
        let outline = Arc::new(of(&run.transcript.events));
        let mut known = WITHOUT.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(place).or_insert(outline))
    });
    match without.departure(&of(&run.events)) {
        None => Outcome::Passed,
        Some(departure) => Outcome::Failed(Mismatch::departing(departure, run)),
    }
}
