//! A whole run: every selected vector and scenario is asked, the outcomes are counted by family, section and
//! requirement, and a verdict is given.

use super::FileError;
use super::case::{Case, Cases};
use super::catalogue::{Catalogue, Requirement};
use super::known_failures::KnownFailures;
use super::result::{
    CaseOutcome, CaseResult, Clause, Counts, FailureResult, GroupResult, Kind, RESULT_VERSION,
    RequirementResult, SectionResult, TestResult, Verdict,
};
use super::run::{Mismatch, Outcome, Terms, ask};
use super::selection::{Selection, Shard};
use super::subject::Subject;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    total: Tally,
    families: Vec<GroupResult>,
    themes: Vec<GroupResult>,
    by_section: BTreeMap<u32, Tally>,
    by_requirement: BTreeMap<&'static str, Tally>,
    cases: Vec<CaseResult>,
    failures: Vec<FailureResult>,
}

impl Ledger {
    /// A family or theme with the outcome of each of its cases; what was not put to the subject has none.
    fn enter(
        &mut self,
        cases: &[Case],
        outcomes: impl Iterator<Item = Option<Outcome>>,
    ) -> &GroupResult {
        let mut counts = Counts::default();
        for (case, outcome) in cases.iter().zip(outcomes) {
            let Some(outcome) = outcome else { continue };
            counts.add(&outcome);
            self.total.add(case, &outcome);
            let mut sections: Vec<u32> = Vec::new();
            for requirement in clauses(case) {
                let tally = self.by_requirement.entry(requirement.id).or_default();
                tally.add(case, &outcome);
                sections.push(requirement.section);
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
    /// What is known to fail.
    pub known: &'a KnownFailures,
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

/// Runs what is planned. Where there are several subjects, which are the same one several times, they share the
/// work; the result is the same.
pub fn judge(
    subjects: &mut [Box<dyn Subject>],
    plan: &Plan,
    progress: &mut dyn Progress,
) -> TestResult {
    let catalogue = Catalogue::get();
    let selected = plan.selected();
    let mut ledger = Ledger::default();
    progress.started(selected.len());
    let mut groups = selected.chunk_by(|one, next| one.group() == next.group());
    let mut group = groups.next();
    let mut of_group = Vec::new();
    let terms = Terms {
        suite: plan.selection.suite(),
        strict: plan.strict,
    };
    in_order(subjects, &selected, terms, |case, outcome| {
        progress.ran(case);
        of_group.push(outcome);
        if let Some(cases) = group.filter(|cases| cases.len() == of_group.len()) {
            progress.finished(ledger.enter(cases, of_group.drain(..)));
            group = groups.next();
        }
    });
    let Ledger {
        total,
        families,
        themes,
        by_section,
        by_requirement,
        cases,
        mut failures,
    } = ledger;
    for failure in &mut failures {
        failure.known = plan.known.reason(&failure.name).map(str::to_owned);
    }
    let no_longer_fails = cases
        .iter()
        .filter(|case| case.outcome != CaseOutcome::Failed)
        .filter(|case| plan.known.reason(&case.name).is_some())
        .map(|case| case.name.clone())
        .collect();
    let requirements: Vec<_> = catalogue
        .requirements
        .iter()
        .map(|requirement| {
            let tally = by_requirement
                .get(requirement.id)
                .copied()
                .unwrap_or_default();
            RequirementResult {
                id: requirement.id.to_owned(),
                section: requirement.section,
                text: requirement.text.to_owned(),
                vectors: tally.vectors,
                scenarios: tally.scenarios,
            }
        })
        .collect();
    let sections = catalogue
        .sections
        .iter()
        .map(|section| {
            let of_section = requirements.iter().filter(|r| r.section == section.number);
            let tally = by_section.get(&section.number).copied().unwrap_or_default();
            SectionResult {
                section: section.number,
                title: section.title.to_owned(),
                requirements: count(of_section.clone()),
                tested: count(of_section.filter(|r| r.vectors.judged() + r.scenarios.judged() > 0)),
                vectors: tally.vectors,
                scenarios: tally.scenarios,
            }
        })
        .collect();
    TestResult {
        version: RESULT_VERSION,
        profile: super::PROFILE_VERSION,
        subject: subjects
            .first()
            .map(|subject| subject.describe())
            .unwrap_or_default(),
        only: plan.selection.names().to_vec(),
        suite: plan.selection.suite().map(|suite| suite.name().to_owned()),
        shard: (plan.shard != Shard::WHOLE).then(|| plan.shard.to_string()),
        verdict: verdict(total, &plan.cases.errors),
        vectors: total.vectors,
        scenarios: total.scenarios,
        families,
        themes,
        sections,
        requirements,
        cases,
        failures,
        no_longer_fails,
        errors: plan.cases.errors.clone(),
    }
}

/// Asks each case of some subject, and tells of it in the order of the cases.
fn in_order(
    subjects: &mut [Box<dyn Subject>],
    cases: &[Case],
    terms: Terms,
    mut tell: impl FnMut(&Case, Option<Outcome>),
) {
    if let [subject] = subjects {
        for case in cases {
            tell(case, ask(&mut **subject, case, terms));
        }
        return;
    }
    let next = AtomicUsize::new(0);
    let (done, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for subject in subjects {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    if done
                        .send((index, ask(&mut **subject, case, terms)))
                        .is_err()
                    {
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
                tell(&cases[told], outcome);
                told += 1;
            }
        }
    });
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn verdict(tally: Tally, errors: &[FileError]) -> Verdict {
    let Tally { vectors, scenarios } = tally;
    if vectors.failed + scenarios.failed > 0 {
        Verdict::DoesNotConform
    } else if !errors.is_empty() {
        Verdict::None
    } else if vectors.skipped + scenarios.skipped > 0 {
        Verdict::ConformsInPart
    } else {
        Verdict::Conforms
    }
}

fn clauses<'a>(case: &Case<'a>) -> impl Iterator<Item = &'static Requirement> + use<'a> {
    case.requirements()
        .iter()
        .filter_map(|id| Catalogue::get().find(id))
}

fn failure(case: &Case, mismatch: Mismatch) -> FailureResult {
    FailureResult {
        kind: match case {
            Case::Vector(_) => Kind::Vector,
            Case::Scenario(..) => Kind::Scenario,
        },
        name: case.name(),
        comment: case.comment().to_owned(),
        requirements: clauses(case)
            .map(|requirement| Clause {
                id: requirement.id.to_owned(),
                text: requirement.text.to_owned(),
            })
            .collect(),
        step: mismatch.step,
        asked: mismatch.method,
        inputs: mismatch.inputs,
        field: mismatch.field,
        known: None,
        expected: mismatch.expected,
        got: mismatch.got,
        transcript: mismatch.transcript,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::operation::Reference;

    /// Stops at the first that fails: this is what mutations of the engine are run against (CONTRIBUTING.md).
    #[test]
    fn the_engine_does_as_each_vector_and_scenario_says() {
        for case in Cases::load(None, None).iter() {
            let outcome = ask(&mut Reference::default(), &case, Terms::STRICT);
            assert_eq!(outcome, Some(Outcome::Passed), "{}", case.name());
        }
    }
}
