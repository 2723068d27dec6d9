//! A whole run: every selected vector and scenario is asked, the outcomes are counted by family, section and
//! requirement, and a verdict is given.

use super::case::{Case, Cases};
use super::catalogue::{Catalogue, Requirement};
use super::interrupt::Interrupt;
use super::known_failures::KnownFailures;
use super::restarts::Restarts;
use super::result::{
    CaseOutcome, CaseResult, Clause, Counts, Ending, FailureResult, GroupResult, Kind,
    RESULT_VERSION, RequirementOutcome, RequirementResult, SectionResult, TestResult, Verdict,
};
use super::run::{Cause, Mismatch, Outcome, Skip, Terms, Why, ask};
use super::selection::{Selection, Shard};
use super::subject::{Description, Party, Subject};
use super::suspects::{Asked, suspects};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Is told how a run goes on.
pub trait Progress {
    /// That many vectors and scenarios will be run.
    fn started(&mut self, total: usize);
    /// One was run.
    fn ran(&mut self, case: &Case);
    /// All of a family or theme were run.
    fn finished(&mut self, group: &GroupResult);
}

/// Vectors and scenarios, counted apart.
#[derive(Clone, Copy, Default)]
struct Tally {
    vectors: Counts,
    scenarios: Counts,
}

impl Tally {
    fn add(&mut self, case: &Case, outcome: &Outcome) {
        match case {
            Case::Vector(_) => self.vectors.add(outcome),
            Case::Scenario(..) => self.scenarios.add(outcome),
        }
    }
}

/// What a run has come to so far.
#[derive(Default)]
struct Ledger {
    /// Who is judged is an intermediary and no wallet: of what a scenario carries, only what an intermediary owes speaks of it.
    is_intermediary: bool,
    total: Tally,
    families: Vec<GroupResult>,
    themes: Vec<GroupResult>,
    by_section: BTreeMap<u32, Tally>,
    by_requirement: BTreeMap<&'static str, Tally>,
    /// Those that were judged.
    asked: Vec<Asked>,
    cases: Vec<CaseResult>,
    failures: Vec<FailureResult>,
}

impl Ledger {
    /// A family or theme with the outcome of each of its cases.
    fn enter(&mut self, cases: &[Case], outcomes: impl Iterator<Item = Outcome>) -> &GroupResult {
        let mut counts = Counts::default();
        for (case, outcome) in cases.iter().zip(outcomes) {
            counts.add(&outcome);
            self.total.add(case, &outcome);
            let mut sections: Vec<u32> = Vec::new();
            let named = match &outcome {
                Outcome::Failed(mismatch) => mismatch.clause,
                Outcome::Passed | Outcome::Skipped(_) => None,
            };
            let mut requirements = Vec::new();
            let is_of_wallets = |requirement: &Requirement| {
                let is_scenario = matches!(case, Case::Scenario(..));
                self.is_intermediary && is_scenario && !requirement.id.starts_with("MBX-")
            };
            for requirement in at_stake(case, named) {
                if is_of_wallets(requirement) {
                    continue;
                }
                let tally = self.by_requirement.entry(requirement.id).or_default();
                tally.add(case, &outcome);
                sections.push(requirement.section);
                requirements.push(requirement.id);
            }
            if !matches!(outcome, Outcome::Skipped(_)) {
                let failed = matches!(outcome, Outcome::Failed(_));
                self.asked.push(Asked {
                    requirements,
                    failed,
                });
            }
            sections.sort_unstable();
            sections.dedup();
            for section in sections {
                let tally = self.by_section.entry(section).or_default();
                tally.add(case, &outcome);
            }
            self.cases.push(CaseResult {
                name: case.name(),
                group: case.group(),
                outcome: (&outcome).into(),
                skip: match &outcome {
                    Outcome::Skipped(skip) => Some(skip.clone()),
                    Outcome::Passed | Outcome::Failed(_) => None,
                },
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

    /// What is entered, as the result has it: without a verdict, and of no subject.
    fn result(mut self, plan: &Plan) -> TestResult {
        let suspects = suspects(&self.asked);
        for failure in &mut self.failures {
            failure.known = plan.known.reason(&failure.name).map(str::to_owned);
            failure.begin_with(&suspects);
        }
        let requirements = self.requirements();
        TestResult {
            version: RESULT_VERSION,
            profile: super::PROFILE_VERSION,
            subject: Description::default(),
            only: plan.selection.names().to_vec(),
            suite: plan.selection.suite().map(|suite| suite.name().to_owned()),
            shard: (plan.shard != Shard::WHOLE).then(|| plan.shard.to_string()),
            verdict: Verdict::None,
            ended: None,
            vectors: self.total.vectors,
            scenarios: self.total.scenarios,
            sections: self.sections(&requirements),
            requirements,
            families: self.families,
            themes: self.themes,
            no_longer_fails: no_longer_fails(&self.cases, plan.known),
            cases: self.cases,
            suspects,
            failures: self.failures,
            faults: Vec::new(),
            errors: plan.cases.errors.clone(),
        }
    }

    fn requirements(&self) -> Vec<RequirementResult> {
        let requirements = Catalogue::get().requirements.iter();
        requirements
            .map(|requirement| {
                let tally = self.by_requirement.get(requirement.id).copied();
                let Tally { vectors, scenarios } = tally.unwrap_or_default();
                RequirementResult {
                    id: requirement.id.to_owned(),
                    section: requirement.section,
                    text: requirement.text.to_owned(),
                    outcome: RequirementOutcome::of(vectors + scenarios),
                    vectors,
                    scenarios,
                }
            })
            .collect()
    }

    fn sections(&self, requirements: &[RequirementResult]) -> Vec<SectionResult> {
        let sections = Catalogue::get().sections.iter();
        sections
            .map(|section| {
                let of_section = requirements.iter().filter(|r| r.section == section.number);
                let mut outcomes = BTreeMap::new();
                for requirement in of_section.clone() {
                    *outcomes.entry(requirement.outcome).or_default() += 1;
                }
                let tally = self.by_section.get(&section.number).copied();
                let Tally { vectors, scenarios } = tally.unwrap_or_default();
                SectionResult {
                    section: section.number,
                    title: section.title.to_owned(),
                    requirements: count(of_section),
                    outcomes,
                    vectors,
                    scenarios,
                }
            })
            .collect()
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
}

impl<'a> Plan<'a> {
    /// The vectors and scenarios that are run.
    #[must_use]
    pub fn selected(&self) -> Vec<Case<'a>> {
        let selected = self
            .cases
            .iter()
            .filter(|case| self.selection.contains(case));
        let mine = selected
            .enumerate()
            .filter(|(place, _)| self.shard.contains(*place));
        mine.map(|(_, case)| case).collect()
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
    let selected = of_its_suites(plan, subject);
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
    let mut enter = |case: &Case, outcome: Outcome| {
        let ending = watch.see(case, &outcome);
        progress.ran(case);
        of_group.push(outcome);
        if let Some(cases) = group.filter(|cases| cases.len() == of_group.len()) {
            progress.finished(ledger.enter(cases, of_group.drain(..)));
            group = groups.next();
        }
        ending
    };
    let ended = in_order(subjects, &selected, terms, plan.ends, &mut enter);
    if let Some((told, ending)) = ended {
        for case in &selected[told..] {
            enter(
                case,
                Outcome::Skipped(Skip::new(Why::NotRun, ending.words())),
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
    result.verdict = verdict(&result);
    result
}

/// What is selected, less what is of suites that the subject does not speak: where no suite was asked for, it is judged by
/// its own. Where nothing else was asked for it stays, and is skipped with that reason.
fn of_its_suites<'a>(plan: &Plan<'a>, subject: Option<Description>) -> Vec<Case<'a>> {
    let selected = plan.selected();
    let (None, Some(subject)) = (plan.selection.suite(), subject) else {
        return selected;
    };
    let is_spoken = |case: &&Case| {
        let mut spoken = subject.suites.iter();
        case.suite()
            .is_none_or(|suite| spoken.any(|name| name == suite))
    };
    let spoken: Vec<Case> = selected.iter().filter(is_spoken).copied().collect();
    if spoken.is_empty() { selected } else { spoken }
}

/// Asks each case of some subject, and tells of it in the order of the cases. Where the run ends before its end: how many
/// were told of, and why.
fn in_order(
    subjects: &mut [Box<dyn Subject>],
    cases: &[Case],
    terms: Terms,
    ends: Ends,
    mut tell: impl FnMut(&Case, Outcome) -> Option<Ending>,
) -> Option<(usize, Ending)> {
    // None where the run was interrupted: a subject that is ended under a question has not failed it.
    let ask_one = |subject: &mut dyn Subject, case| {
        let outcome = (!ends.interrupted()).then(|| ask(subject, case, terms))?;
        (!ends.interrupted()).then_some(outcome)
    };
    if let [subject] = subjects {
        return cases.iter().zip(0..).find_map(|(case, before)| {
            match ask_one(&mut **subject, case) {
                Some(outcome) => Some((before + 1, tell(case, outcome)?)),
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
                let Some(outcome) = outcome else {
                    return Some((told, Ending::Interrupted));
                };
                told += 1;
                if let Some(ending) = tell(&cases[told - 1], outcome) {
                    over.store(true, Ordering::Relaxed);
                    return Some((told, ending));
                }
            }
        }
        None
    })
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn verdict(result: &TestResult) -> Verdict {
    let counts = result.counts();
    let is_whole = result.errors.is_empty() && result.ended.is_none();
    let is_lacking = result.lacking().next().is_some() || counts.not_claimed > 0;
    match counts {
        Counts { failed: 1.., .. } => Verdict::DoesNotConform,
        _ if !result.faults.is_empty() => Verdict::DoesNotConform,
        _ if !is_whole => Verdict::None,
        Counts { passed: 0, .. } if is_lacking => Verdict::NothingImplemented,
        // Nothing at all could be asked.
        Counts { passed: 0, .. } => Verdict::None,
        _ if result.lacking().next().is_some() => Verdict::ConformsInPart,
        _ => Verdict::Conforms,
    }
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
