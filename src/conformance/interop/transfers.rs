//! Whole transfers: scenarios in which the wallets are the reference engine's, and their sessions those of libraries. Everybody
//! plays with everybody, each under the wallets of Ben, who has something to offer, and under all others.

use super::matrix::{Matrix, Played};
use super::party::Party;
use super::peers::Peer;
use super::tournament::{
    MOST_TIME_OUTS, Plan, Present, Progress, empty_matrix, gather, not_started, pairs,
};
use super::transcript::{Failure, Outcome};
use crate::conformance::operation::Keepers;
use crate::conformance::restarts::Restarts;
use crate::conformance::run::Cause;
use crate::conformance::scenario::transcript::Transcript;
use crate::conformance::scenario::{self, Cast, Scenario, StepFailure};
use crate::conformance::sessions::{Refused, SubjectSessions};
use crate::conformance::subject;
use crate::sesame::SessionLibrary;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// How the handles of Ben's devices begin.
const BEN: &str = "Ben's ";

/// What a pair that plays has to tell.
enum News {
    /// The cell, the scenario, how it went.
    Played(usize, usize, Box<(Outcome, Transcript)>),
    /// What a peer did that no scenario can be charged with.
    Faults(usize, Vec<String>),
}

/// Who keeps the sessions of one side; nobody where the engine itself does.
type Side = Option<Arc<SubjectSessions>>;

/// What a scenario is called in a matrix.
#[must_use]
pub fn name(scenario: &Scenario) -> String {
    format!("{}/{}", scenario.theme(), scenario.name)
}

/// Whether somebody means it by a name: its own, its theme, or a requirement that it carries.
#[must_use]
pub fn is_called(scenario: &Scenario, wanted: &str) -> bool {
    let requirements = &scenario.requirements;
    name(scenario) == wanted
        || scenario.theme() == wanted
        || requirements.iter().any(|id| id == wanted)
}

/// Plays all scenarios in all pairs. Of the plan the conversations are left alone.
pub fn run(plan: &Plan, scenarios: &[Scenario], progress: &mut dyn Progress) -> Matrix {
    let (present, absent) = gather(plan);
    let pairs = pairs(&present);
    let played = scenarios.iter().map(played).collect();
    let mut matrix = empty_matrix(plan, played, &present, absent, &pairs);
    progress.started(pairs.len() * scenarios.len());
    let next = AtomicUsize::new(0);
    let (tell, news) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(pairs.len()) {
            let (present, pairs, next, tell) = (&present, &pairs, &next, tell.clone());
            scope.spawn(move || {
                while let Some((one, other)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let cell = pairs.iter().position(|pair| *pair == (*one, *other));
                    let sides = [(*one, &present[*one]), (*other, &present[*other])];
                    let at = (plan, scenarios, cell.unwrap_or_default());
                    if pair(at, sides, &tell).is_none() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for piece in news {
            match piece {
                News::Played(cell, scenario, said) => {
                    let (outcome, transcript) = *said;
                    let cell = &mut matrix.cells[cell];
                    let pair = [cell.initiator.as_str(), cell.responder.as_str()];
                    let file = progress.transferred(pair, &outcome, &transcript);
                    cell.enter(&name(&scenarios[scenario]), &outcome, file);
                }
                News::Faults(peer, faults) => matrix.add_faults(peer, faults),
            }
        }
    });
    matrix.leave_out_what_was_interrupted(plan);
    matrix
}

fn played(scenario: &Scenario) -> Played {
    Played {
        name: name(scenario),
        title: scenario.name.clone(),
        clause: scenario.requirements.join(", "),
        reason: scenario.place(),
        requirements: scenario.requirements.clone(),
    }
}

/// Plays all scenarios of a pair, Ben's side first. None where the run is over.
fn pair(
    (plan, scenarios, cell): (&Plan, &[Scenario], usize),
    sides: [(usize, &Present); 2],
    tell: &mpsc::SyncSender<News>,
) -> Option<()> {
    let started = sides.map(|(_, present)| start(plan, present));
    // Whoever does not start because the run ends has not failed.
    if plan.setup.interrupt.is_raised() {
        return None;
    }
    let at = started.iter().position(Result::is_err);
    let failed = at.zip(started.iter().find_map(|side| side.as_ref().err()));
    let keeping: Vec<Side> = started
        .iter()
        .map(|it| it.clone().unwrap_or_default())
        .collect();
    let mut time_outs = 0;
    for (number, scenario) in scenarios.iter().enumerate() {
        let (outcome, transcript) = match &failed {
            Some((at, why)) => (not_started(*at, why), unplayed(plan, scenario)),
            None if time_outs < MOST_TIME_OUTS => play(plan, scenario, &keeping),
            None => {
                let reason =
                    format!("not played: {MOST_TIME_OUTS} before it had no answer in time");
                let party = Party::Ben;
                (Outcome::Skipped { party, reason }, unplayed(plan, scenario))
            }
        };
        // Who is ended under a question has not failed it.
        if plan.setup.interrupt.is_raised() {
            return None;
        }
        match &outcome {
            Outcome::Failed(Failure {
                cause: Cause::TimedOut,
                ..
            }) => time_outs += 1,
            _ if time_outs < MOST_TIME_OUTS => time_outs = 0,
            _ => {}
        }
        let said = Box::new((outcome, transcript));
        tell.send(News::Played(cell, number, said)).ok()?;
    }
    for ((who, _), side) in sides.iter().zip(keeping) {
        let faults = side.map_or_else(Vec::new, |side| side.faults());
        if !faults.is_empty() {
            tell.send(News::Faults(*who, faults)).ok()?;
        }
    }
    Some(())
}

/// Starts who keeps one side's sessions; the reference engine keeps its own.
fn start(plan: &Plan, present: &Present) -> Result<Side, String> {
    if *present.peer == Peer::Reference {
        return Ok(None);
    }
    let subject = present.peer.start(&plan.setup);
    let subject = subject.map_err(|error| error.to_string())?;
    let sessions = SubjectSessions::new(subject, plan.terms.suite)?;
    Ok(Some(Arc::new(sessions)))
}

/// Plays a scenario; every wallet is stopped and started again from its saved state before each of its steps.
fn play(plan: &Plan, scenario: &Scenario, sides: &[Side]) -> (Outcome, Transcript) {
    let mut keepers = Keepers::default();
    for (handles, side) in [BEN, ""].into_iter().zip(sides) {
        if let Some(side) = side {
            side.begin(plan.terms.bound);
        }
        let library = side.clone().map(|side| side as Arc<dyn SessionLibrary>);
        keepers = keepers.and(handles, library);
    }
    let cast = Cast {
        keepers,
        restarts: Restarts::Everywhere,
        ..Cast::default()
    };
    let ran = scenario::run_with(scenario, plan.terms.suite, &plan.terms.seed, cast);
    let mut last = None;
    let mut beyond = None;
    for (party, side) in Party::BOTH.into_iter().zip(sides) {
        match side.as_ref().map(|side| side.end()) {
            Some(Ok(Some(refused))) => last = last.or(Some((party, refused))),
            Some(Err(failure)) => beyond = beyond.or(Some((party, failure))),
            Some(Ok(None)) | None => {}
        }
    }
    let outcome = match (ran.failure, beyond) {
        (Some(failure), _) => failed(failure, last),
        (None, None) => Outcome::Passed {},
        (None, Some((party, failure))) => Outcome::Failed(Failure {
            line: scenario.line,
            text: scenario.name.clone(),
            party,
            asked: "reset".to_owned(),
            cause: Cause::NoAnswer,
            expected: "an answer to each question, and nothing else".to_owned(),
            got: failure.to_string(),
            error: None,
        }),
    };
    (outcome, ran.transcript)
}

/// A scenario that did not succeed, with what a library refused last: most often that is why.
fn failed(failure: scenario::Failure, last: Option<(Party, Refused)>) -> Outcome {
    if let Some((party, refused)) = &last
        && refused.failure == subject::Failure::NotImplemented
    {
        let reason = format!("`{}` is not implemented", refused.method);
        return Outcome::Skipped {
            party: *party,
            reason,
        };
    }
    let (mut cause, expected, mut got) = match failure.reason {
        StepFailure::Expectation { expected, got } => (Cause::Step, expected, got),
        StepFailure::NoAnswer { method, failure } => {
            let expected = format!("{method} is carried out");
            (Cause::NoAnswer, expected, failure.to_string())
        }
        other => {
            let expected = "a step that can be carried out".to_owned();
            (Cause::Step, expected, other.to_string())
        }
    };
    let (mut party, mut asked, mut error) = (Party::Ben, "wallet.event", None);
    if let Some((whose, Refused { method, failure })) = last {
        (party, asked) = (whose, method);
        match failure {
            subject::Failure::Rejected {
                error: name,
                message,
            } => {
                got = format!("{got}; `{method}` was refused with `{name}` before: {message}");
                error = Some(name);
            }
            subject::Failure::TimedOut(_) => cause = Cause::TimedOut,
            subject::Failure::Broken(_) | subject::Failure::NotImplemented => {}
        }
    }
    Outcome::Failed(Failure {
        line: failure.line,
        text: failure.text,
        party,
        asked: asked.to_owned(),
        cause,
        expected,
        got,
        error,
    })
}

/// The transcript of a scenario of which nothing was played.
fn unplayed(plan: &Plan, scenario: &Scenario) -> Transcript {
    use crate::conformance::scenario::transcript::Outcome;
    Transcript {
        header: scenario::header(scenario, plan.terms.suite, &plan.terms.seed),
        events: Vec::new(),
        outcome: Outcome::Passed {},
    }
}
