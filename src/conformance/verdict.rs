//! A whole run: every selected vector and scenario is asked, the outcomes are counted by family, section and
//! requirement, and a verdict is given.

use super::case::{Case, Cases};
use super::catalogue::{Catalogue, Requirement};
use super::interrupt::Interrupt;
use super::known_failures::KnownFailures;
use super::restarts::Restarts;
use super::result::{
    CaseOutcome, CaseResult, Clause, Counts, Ending, FailureResult, GroupResult, Kind,
    RESULT_VERSION, TestResult, Verdict,
};
use super::run::{Cause, Mismatch, Outcome, Skip, Terms, Why, ask};
use super::selection::{Selection, Shard};
use super::stopwatch::Stopwatch;
use super::subject::{Description, Party, Subject};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Is told how a run goes on.
pub trait Progress {
    /// That many vectors and scenarios will be run.
    fn started(&mut self, total: usize);
    /// One was run.
    fn ran(&mut self, case: &Case);
    /// All of a family or theme were run.
    fn finished(&mut self, group: &GroupResult);
}

/// What a run has come to so far.
#[derive(Default)]
struct Ledger {
    /// Who is judged is an intermediary and no wallet: of what a scenario carries, only what an intermediary owes speaks of it.
    is_intermediary: bool,
    families: Vec<GroupResult>,
    themes: Vec<GroupResult>,
    cases: Vec<CaseResult>,
    failures: Vec<FailureResult>,
}

impl Ledger {
    /// A family or theme with the outcome of each of its cases, and how long it took.
    fn enter(
        &mut self,
        cases: &[Case],
        outcomes: impl Iterator<Item = (Outcome, Duration)>,
    ) -> &GroupResult {
        let mut counts = Counts::default();
        for (case, (outcome, took)) in cases.iter().zip(outcomes) {
            let named = match &outcome {
                Outcome::Failed(mismatch) => mismatch.clause,
                Outcome::Passed | Outcome::Skipped(_) => None,
            };
            let is_of_wallets = |requirement: &Requirement| {
                let is_scenario = matches!(case, Case::Scenario(..));
                self.is_intermediary && is_scenario && !requirement.is_of_intermediaries()
            };
            let requirements = at_stake(case, named)
                .filter(|requirement| !is_of_wallets(requirement))
                .map(|requirement| requirement.id.to_owned());
            counts.add((&outcome).into());
            self.cases.push(CaseResult {
                name: case.name(),
                group: case.group(),
                comment: case.comment().to_owned(),
                requirements: requirements.collect(),
                outcome: (&outcome).into(),
                skip: match &outcome {
                    Outcome::Skipped(skip) => Some(skip.clone()),
                    Outcome::Passed | Outcome::Failed(_) => None,
                },
                took,
            });
            if let Outcome::Failed(mismatch) = outcome {
                self.failures.push(failure(case, mismatch));
            }
        }
        let groups = match cases[0] {
            Case::Vector(_) => &mut self.families,
            Case::Scenario(..) => &mut self.themes,
        };
        let at = groups.len();
        groups.push(GroupResult {
            name: cases[0].group(),
            title: cases[0].title().to_owned(),
            counts,
        });
        &groups[at]
    }

    /// What is entered, as the result has it: not summed up, and of no subject.
    fn result(mut self, plan: &Plan) -> TestResult {
        for failure in &mut self.failures {
            failure.known = plan.known.reason(&failure.name).map(str::to_owned);
        }
        TestResult {
            version: RESULT_VERSION,
            profile: super::PROFILE_VERSION,
            provenance: None,
            subject: Description::default(),
            only: plan.selection.names().to_vec(),
            suite: plan.selection.suite().map(|suite| suite.name().to_owned()),
            shard: (plan.shard != Shard::WHOLE).then(|| plan.shard.to_string()),
            verdict: Verdict::None,
            reasons: Vec::new(),
            ended: None,
            vectors: Counts::default(),
            scenarios: Counts::default(),
            families: self.families,
            themes: self.themes,
            sections: Vec::new(),
            requirements: Vec::new(),
            no_longer_fails: no_longer_fails(&self.cases, plan.known),
            cases: self.cases,
            suspects: Vec::new(),
            failures: self.failures,
            faults: Vec::new(),
            errors: plan.cases.errors.clone(),
        }
    }
}

/// The names of what is known to fail and was run, and did not.
fn no_longer_fails(cases: &[CaseResult], known: &KnownFailures) -> Vec<String> {
    let was_run = |case: &&CaseResult| {
        let skip = case.skip.as_ref();
        skip.is_none_or(|skip| skip.why != Why::NotRun)
    };
    cases
        .iter()
        .filter(|case| case.outcome != CaseOutcome::Failed)
        .filter(was_run)
        .filter(|case| known.reason(&case.name).is_some())
        .map(|case| case.name.clone())
        .collect()
}

/// What is run, and how.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Everything that there is.
    pub cases: &'a Cases,
    /// What of it is run.
    pub selection: &'a Selection,
    /// Which part of that.
    pub shard: Shard,
    /// Whether error codes must be the profile's.
    pub strict: bool,
    /// When it is restarted.
    pub restarts: Restarts,
    /// What is known to fail.
    pub known: &'a KnownFailures,
    /// What ends the run before its end.
    pub ends: Ends<'a>,
    /// By what it is told how long each takes.
    pub stopwatch: &'a dyn Stopwatch,
}

impl<'a> Plan<'a> {
    /// The vectors and scenarios that are run of a subject: where no suite was asked for, it is judged by its own. Where nothing else was
    /// asked for, what is of others stays, and is skipped with that reason.
    #[must_use]
    pub fn selected(&self, subject: Option<&Description>) -> Vec<Case<'a>> {
        let all = self.cases.iter();
        let mut selected: Vec<Case> = all.filter(|case| self.selection.contains(case)).collect();
        if let (None, Some(subject)) = (self.selection.suite(), subject) {
            let is_spoken = |case: &Case| {
                let mut spoken = subject.suites.iter();
                case.suite()
                    .is_none_or(|suite| spoken.any(|name| name == suite))
            };
            if selected.iter().any(is_spoken) {
                selected.retain(is_spoken);
            }
        }
        let mut place = 0..;
        selected.retain(|_| place.next().is_some_and(|place| self.shard.contains(place)));
        selected
    }
}

/// What ends a run before its end: nothing, by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends<'a> {
    /// The first failure that is not known.
    pub at_first_failure: bool,
    /// So many cases in a row without an answer in time.
    pub after_time_outs: Option<NonZeroU32>,
    /// Whoever is told to stop: looked at before and after each case. What the subject did meanwhile does not count.
    pub interrupt: Option<&'a Interrupt>,
}

impl Ends<'_> {
    fn interrupted(&self) -> bool {
        self.interrupt.is_some_and(Interrupt::is_raised)
    }
}

/// How a run goes on from case to case: whether it has come to an early end.
struct Watch<'a> {
    ends: Ends<'a>,
    known: &'a KnownFailures,
    time_outs: u32,
}

impl Watch<'_> {
    fn see(&mut self, case: &Case, outcome: &Outcome) -> Option<Ending> {
        match outcome {
            Outcome::Failed(Mismatch {
                cause: Cause::TimedOut,
                ..
            }) => self.time_outs += 1,
            Outcome::Failed(_) | Outcome::Passed => self.time_outs = 0,
            Outcome::Skipped(_) => {}
        }
        let failed = matches!(outcome, Outcome::Failed(_));
        if failed && self.ends.at_first_failure && self.known.reason(&case.name()).is_none() {
            return Some(Ending::FirstFailure);
        }
        let enough = |most: NonZeroU32| self.time_outs >= most.get();
        (failed && self.ends.after_time_outs.is_some_and(enough)).then_some(Ending::TimeOuts)
    }
}

/// Runs what is planned. Where there are several subjects, which are the same one several times, they share the
/// work; the result is the same.
pub fn judge(
    subjects: &mut [Box<dyn Subject>],
    plan: &Plan,
    progress: &mut dyn Progress,
) -> TestResult {
    let subject = subjects.first().map(|subject| subject.describe());
    let claims = |party| {
        subject
            .as_ref()
            .is_some_and(|subject| subject.claims(party))
    };
    let mut ledger = Ledger {
        is_intermediary: claims(Party::Intermediary) && !claims(Party::Wallet),
        ..Ledger::default()
    };
    let selected = plan.selected(subject.as_ref());
    progress.started(selected.len());
    let mut groups = selected.chunk_by(|one, next| one.group() == next.group());
    let mut group = groups.next();
    let mut of_group = Vec::new();
    let terms = Terms {
        suite: plan.selection.suite(),
        strict: plan.strict,
        restarts: plan.restarts,
    };
    let mut watch = Watch {
        ends: plan.ends,
        known: plan.known,
        time_outs: 0,
    };
    let mut enter = |case: &Case, outcome: Outcome, took: Duration| {
        let ending = watch.see(case, &outcome);
        progress.ran(case);
        of_group.push((outcome, took));
        if let Some(cases) = group.filter(|cases| cases.len() == of_group.len()) {
            progress.finished(ledger.enter(cases, of_group.drain(..)));
            group = groups.next();
        }
        ending
    };
    let ended = in_order(subjects, &selected, terms, plan, &mut enter);
    if let Some((told, ending)) = ended {
        for case in &selected[told..] {
            enter(
                case,
                Outcome::Skipped(Skip::new(Why::NotRun, ending.words())),
                Duration::ZERO,
            );
        }
    }
    let mut result = ledger.result(plan);
    result.ended = ended.map(|(_, ending)| ending);
    if let Some(subject) = subjects.first() {
        result.subject = subject.describe();
    }
    let faults = subjects.iter().flat_map(|subject| subject.faults());
    result.faults = faults.cloned().collect();
    result.sum_up();
    result
}

/// Asks each case of some subject, and tells of it in the order of the cases. Where the run ends before its end: how many
/// were told of, and why.
fn in_order(
    subjects: &mut [Box<dyn Subject>],
    cases: &[Case],
    terms: Terms,
    Plan {
        ends, stopwatch, ..
    }: &Plan,
    mut tell: impl FnMut(&Case, Outcome, Duration) -> Option<Ending>,
) -> Option<(usize, Ending)> {
    // None where the run was interrupted: a subject that is ended under a question has not failed it.
    let ask_one = |subject: &mut dyn Subject, case| {
        let began = stopwatch.elapsed();
        let outcome = (!ends.interrupted()).then(|| ask(subject, case, terms))?;
        let took = stopwatch.elapsed().saturating_sub(began);
        (!ends.interrupted()).then_some((outcome, took))
    };
    if let [subject] = subjects {
        return cases.iter().zip(0..).find_map(|(case, before)| {
            match ask_one(&mut **subject, case) {
                Some((outcome, took)) => Some((before + 1, tell(case, outcome, took)?)),
                None => Some((before, Ending::Interrupted)),
            }
        });
    }
    let next = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let (done, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for subject in subjects {
            let (next, over, done) = (&next, &over, done.clone());
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    if done.send((index, ask_one(&mut **subject, case))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut told = 0;
        for (index, outcome) in outcomes {
            early.insert(index, outcome);
            while let Some(outcome) = early.remove(&told) {
                let Some((outcome, took)) = outcome else {
                    return Some((told, Ending::Interrupted));
                };
                told += 1;
                if let Some(ending) = tell(&cases[told - 1], outcome, took) {
                    over.store(true, Ordering::Relaxed);
                    return Some((told, ending));
                }
            }
        }
        None
    })
}

fn clauses<'a>(case: &Case<'a>) -> impl Iterator<Item = &'static Requirement> + use<'a> {
    case.requirements()
        .iter()
        .filter_map(|id| Catalogue::get().find(id))
}

/// The requirements that an outcome speaks of: first the one that a failure names, then those of the case.
pub(super) fn at_stake<'a>(
    case: &Case<'a>,
    named: Option<&'static str>,
) -> impl Iterator<Item = &'static Requirement> + use<'a> {
    let first = named.and_then(|id| Catalogue::get().find(id));
    let rest = clauses(case).filter(move |requirement| named != Some(requirement.id));
    first.into_iter().chain(rest)
}

fn failure(case: &Case, mismatch: Mismatch) -> FailureResult {
    FailureResult {
        kind: match case {
            Case::Vector(_) => Kind::Vector,
            Case::Scenario(..) => Kind::Scenario,
        },
        name: case.name(),
        comment: case.comment().to_owned(),
        requirements: at_stake(case, mismatch.clause)
            .map(|requirement| Clause {
                id: requirement.id.to_owned(),
                text: requirement.text.to_owned(),
            })
            .collect(),
        step: mismatch.step,
        asked: mismatch.method,
        inputs: mismatch.inputs,
        cause: mismatch.cause,
        differences: mismatch.differences,
        known: None,
        transcript: mismatch.transcript,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::operation::Reference;

    /// Stops at the first that fails: this is what mutations of the engine are run against (docs/independent-checks.md), with
    /// `--ignored`.
    #[test]
    #[ignore = "cli::the_built_in_run_conforms asks the same; this is for mutations"]
    fn the_engine_does_as_each_vector_and_scenario_says() {
        for case in Cases::load(None, None).iter() {
            let outcome = ask(&mut Reference::default(), &case, Terms::REFERENCE);
            assert_eq!(outcome, Outcome::Passed, "{}", case.name());
        }
    }
}
