//! A whole run: every selected vector and scenario is asked, the outcomes are counted by family, section and
//! requirement, and a verdict is given. The types here are the JSON result (`docs/result.md`).

use super::FileError;
use super::case::{Case, Cases};
use super::catalogue::Catalogue;
use super::run::{self, Mismatch, Outcome};
use super::scenario;
use super::selection::Selection;
use super::subject::{Description, Subject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// What is expected.
    pub expected: String,
    /// What came back.
    pub got: String,
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
    /// What failed.
    pub failures: Vec<FailureResult>,
    /// Files of vectors or scenarios that could not be used. Nothing of them was run.
    pub errors: Vec<FileError>,
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

/// What all randomness of a scenario is made from.
pub const SEED: &str = "1";

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

/// Runs what is selected. Error codes must be the profile's where `strict`.
pub fn judge(
    subject: &mut dyn Subject,
    cases: &Cases,
    selection: &Selection,
    strict: bool,
    progress: &mut dyn Progress,
) -> TestResult {
    let catalogue = Catalogue::get();
    let selected: Vec<Case> = cases
        .iter()
        .filter(|case| selection.contains(case))
        .collect();
    let mut total = Tally::default();
    let (mut families, mut themes) = (Vec::new(), Vec::new());
    let mut by_section: BTreeMap<u32, Tally> = BTreeMap::new();
    let mut by_requirement: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut failures = Vec::new();
    progress.started(selected.len());
    for group in selected.chunk_by(|one, next| one.group() == next.group()) {
        let mut counts = Counts::default();
        for case in group {
            let outcome = ask(subject, case, strict);
            progress.ran(case);
            let Some(outcome) = outcome else { continue };
            counts.add(&outcome);
            total.add(case, &outcome);
            let mut sections: Vec<u32> = Vec::new();
            for requirement in clauses(case) {
                let tally = by_requirement.entry(requirement.id).or_default();
                tally.add(case, &outcome);
                sections.push(requirement.section);
            }
            sections.sort_unstable();
            sections.dedup();
            for section in sections {
                let tally = by_section.entry(section).or_default();
                tally.add(case, &outcome);
            }
            if let Outcome::Failed(mismatch) = outcome {
                failures.push(failure(case, mismatch));
            }
        }
        let result = GroupResult {
            name: group[0].group(),
            title: group[0].title().to_owned(),
            counts,
        };
        progress.finished(&result);
        match group[0] {
            Case::Vector(_) => families.push(result),
            Case::Scenario(..) => themes.push(result),
        }
    }
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
        subject: subject.describe(),
        only: selection.names().to_vec(),
        verdict: verdict(total, &cases.errors),
        vectors: total.vectors,
        scenarios: total.scenarios,
        families,
        themes,
        sections,
        requirements,
        failures,
        errors: cases.errors.clone(),
    }
}

/// How it went; none where it cannot be put to the subject.
fn ask(subject: &mut dyn Subject, case: &Case, strict: bool) -> Option<Outcome> {
    match case {
        Case::Vector(vector) => Some(run::run(subject, vector, strict)),
        Case::Scenario(scenario, _) if subject.is_reference() => {
            Some(match scenario::run(scenario, SEED).failure {
                None => Outcome::Passed,
                Some(failure) => Outcome::Failed(failure.into()),
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
        expected: mismatch.expected,
        got: mismatch.got,
    }
}
