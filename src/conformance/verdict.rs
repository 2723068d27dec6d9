//! A whole run: every selected vector and scenario is asked, the outcomes are counted by family, section and
//! requirement, and a verdict is given. The types here are the JSON result (`docs/result.md`).

use super::FileError;
use super::case::{Case, Cases};
use super::catalogue::Catalogue;
use super::known_failures::KnownFailures;
use super::run::{self, Mismatch, Outcome};
use super::scenario;
use super::scenario::transcript::Transcript;
use super::selection::{Selection, Shard};
use super::subject::{Description, Subject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// The version of the JSON result.
pub const RESULT_VERSION: u32 = 1;

/// What a run says of the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything passed.
    Conforms,
    /// Nothing failed, but some ask for what the subject does not offer.
    ConformsInPart,
    /// At least one vector or scenario failed.
    DoesNotConform,
    /// Nothing failed, but part of the run could not be made: see `errors`.
    None,
}

/// How many went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// The subject did as expected.
    pub passed: u32,
    /// It did not.
    pub failed: u32,
    /// It does not offer what is asked for.
    pub skipped: u32,
}

impl Counts {
    /// How many were run.
    #[must_use]
    pub fn total(self) -> u32 {
        self.passed + self.failed + self.skipped
    }

    /// How many the subject could be judged by.
    #[must_use]
    pub fn judged(self) -> u32 {
        self.passed + self.failed
    }

    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }
}

/// The outcome for a family of vectors or a theme of scenarios.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupResult {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// How its vectors or scenarios went.
    pub counts: Counts,
}

/// The outcome for a section of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SectionResult {
    /// Its number.
    pub section: u32,
    /// Its title.
    pub title: String,
    /// How many requirements it states.
    pub requirements: u32,
    /// How many of them a vector or scenario carries that was not skipped.
    pub tested: u32,
    /// The vectors that carry at least one of them; a vector may count in several sections.
    pub vectors: Counts,
    /// The scenarios that do.
    pub scenarios: Counts,
}

/// The outcome for a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequirementResult {
    /// Its id.
    pub id: String,
    /// Its section.
    pub section: u32,
    /// What it says.
    pub text: String,
    /// The vectors that carry it.
    pub vectors: Counts,
    /// The scenarios that carry it.
    pub scenarios: Counts,
}

/// A clause that something that failed tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clause {
    /// The requirement's id.
    pub id: String,
    /// What it says.
    pub text: String,
}

/// A vector or a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A vector.
    Vector,
    /// A scenario.
    Scenario,
}

/// A vector or scenario that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureResult {
    /// Which of the two.
    pub kind: Kind,
    /// Its name, by which it is run alone.
    pub name: String,
    /// What it is about.
    pub comment: String,
    /// The clauses that it tests.
    pub requirements: Vec<Clause>,
    /// Where it failed: in a conversation the step, from 1; in a scenario the line of the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was asked: a method; in a scenario the words of the step.
    pub asked: String,
    /// With what.
    pub inputs: Value,
    /// The field of the answer, where it is one field that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why it is known to fail, where `--known-failures` lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// What is expected.
    pub expected: String,
    /// What came back.
    pub got: String,
    /// What happened in the scenario up to there; not a part of the JSON.
    #[serde(skip)]
    pub transcript: Option<Box<Transcript>>,
}

/// How one vector or scenario went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CaseOutcome {
    /// The subject did as expected.
    Passed,
    /// It did not: see `failures`.
    Failed,
    /// It does not offer what is asked for.
    Skipped,
}

/// A vector or scenario of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Its family or theme.
    pub group: String,
    /// How it went.
    pub outcome: CaseOutcome,
}

/// A run from end to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The version of this form: 1. A new field does not raise it; any other change does.
    pub version: u32,
    /// The version of the profile.
    pub profile: u32,
    /// Who was tested.
    pub subject: Description,
    /// What `--only` named; empty where everything was run.
    pub only: Vec<String>,
    /// Which part of the run this is, as `--shard` names it; none where it is the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// What the run says.
    pub verdict: Verdict,
    /// All vectors of the run.
    pub vectors: Counts,
    /// All scenarios of the run.
    pub scenarios: Counts,
    /// The vectors by family, those without one in this run left out.
    pub families: Vec<GroupResult>,
    /// The scenarios by theme, those without one in this run left out.
    pub themes: Vec<GroupResult>,
    /// By section of the profile.
    pub sections: Vec<SectionResult>,
    /// By requirement.
    pub requirements: Vec<RequirementResult>,
    /// Each vector and scenario of the run.
    pub cases: Vec<CaseResult>,
    /// What failed.
    pub failures: Vec<FailureResult>,
    /// What `--known-failures` lists and did not fail, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_longer_fails: Vec<String>,
    /// Files of vectors or scenarios that could not be used. Nothing of them was run.
    pub errors: Vec<FileError>,
}

impl TestResult {
    /// Whether exactly that failed which is known to fail.
    #[must_use]
    pub fn is_as_known(&self) -> bool {
        self.no_longer_fails.is_empty() && self.failures.iter().all(|f| f.known.is_some())
    }
}

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

/// Runs what is planned. Where there are several subjects, which are the same one several times, they share the
/// work; the result is the same.
pub fn judge(
    subjects: &mut [Box<dyn Subject>],
    plan: &Plan,
    progress: &mut dyn Progress,
) -> TestResult {
    let catalogue = Catalogue::get();
    let selected: Vec<Case> = plan
        .cases
        .iter()
        .filter(|case| plan.selection.contains(case))
        .enumerate()
        .filter(|(place, _)| plan.shard.contains(*place))
        .map(|(_, case)| case)
        .collect();
    let mut ledger = Ledger::default();
    progress.started(selected.len());
    let mut groups = selected.chunk_by(|one, next| one.group() == next.group());
    let mut group = groups.next();
    let mut of_group = Vec::new();
    in_order(subjects, &selected, plan.strict, |case, outcome| {
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

impl From<&Outcome> for CaseOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => CaseOutcome::Passed,
            Outcome::Failed(_) => CaseOutcome::Failed,
            Outcome::Skipped => CaseOutcome::Skipped,
        }
    }
}

/// Asks each case of some subject, and tells of it in the order of the cases.
fn in_order(
    subjects: &mut [Box<dyn Subject>],
    cases: &[Case],
    strict: bool,
    mut tell: impl FnMut(&Case, Option<Outcome>),
) {
    if let [subject] = subjects {
        for case in cases {
            tell(case, ask(&mut **subject, case, strict));
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
                        .send((index, ask(&mut **subject, case, strict)))
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

/// How it went; none where it cannot be put to the subject.
pub(super) fn ask(subject: &mut dyn Subject, case: &Case, strict: bool) -> Option<Outcome> {
    match case {
        Case::Vector(vector) => Some(run::run(subject, vector, strict)),
        Case::Scenario(scenario, _) if subject.is_reference() => {
            let run = scenario::run(scenario, scenario.suite_or(None), scenario::SEED);
            Some(match run.failure {
                None => Outcome::Passed,
                Some(failure) => Outcome::Failed(Mismatch::of(failure, run.transcript)),
            })
        }
        Case::Scenario(scenario, _) => run::play(subject, scenario, strict),
    }
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

fn clauses<'a>(
    case: &Case<'a>,
) -> impl Iterator<Item = &'static super::catalogue::Requirement> + use<'a> {
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
            let outcome = ask(&mut Reference::default(), &case, true);
            assert_eq!(outcome, Some(Outcome::Passed), "{}", case.name());
        }
    }
}
