//! A whole run: every selected vector is asked, the outcomes are counted by family, section and
//! requirement, and a verdict is given. The types here are the JSON result (`docs/result.md`).

use super::catalogue::Catalogue;
use super::run::{self, Mismatch, Outcome};
use super::selection::Selection;
use super::subject::{Description, Subject};
use super::vector::{Collection, Family, FileError, Vector};
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
    /// Every vector passed.
    Conforms,
    /// No vector failed, but some ask for what the subject does not offer.
    ConformsInPart,
    /// At least one vector failed.
    DoesNotConform,
    /// Nothing failed, but part of the run could not be made: see `errors`.
    None,
}

/// How many vectors went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// The subject did as expected.
    pub passed: u32,
    /// It did not.
    pub failed: u32,
    /// It does not offer what the vector asks for.
    pub skipped: u32,
}

impl Counts {
    /// How many were run.
    #[must_use]
    pub fn total(self) -> u32 {
        self.passed + self.failed + self.skipped
    }

    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }
}

/// The outcome for a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyResult {
    /// Its name.
    pub family: String,
    /// What it is about.
    pub title: String,
    /// Its vectors.
    pub vectors: Counts,
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
    /// How many of them a vector of this run carries.
    pub tested: u32,
    /// The vectors that carry at least one of them; a vector may count in several sections.
    pub vectors: Counts,
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
}

/// A clause that a failed vector tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clause {
    /// The requirement's id.
    pub id: String,
    /// What it says.
    pub text: String,
}

/// A vector that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureResult {
    /// Its name.
    pub vector: String,
    /// What it is about.
    pub comment: String,
    /// The clauses that it tests.
    pub requirements: Vec<Clause>,
    /// In a conversation, the step that failed, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was asked.
    pub method: String,
    /// With what.
    pub inputs: Value,
    /// The field of the answer, where it is one field that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the vector expects.
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
    /// What `--only` named; empty where every vector was run.
    pub only: Vec<String>,
    /// What the run says.
    pub verdict: Verdict,
    /// All vectors of the run.
    pub vectors: Counts,
    /// By family, those without a vector in this run left out.
    pub families: Vec<FamilyResult>,
    /// By section of the profile.
    pub sections: Vec<SectionResult>,
    /// By requirement.
    pub requirements: Vec<RequirementResult>,
    /// The vectors that failed.
    pub failures: Vec<FailureResult>,
    /// Vector files that could not be used. Nothing of them was run.
    pub errors: Vec<FileError>,
}

/// Is told how a run goes on.
pub trait Progress {
    /// That many vectors will be run.
    fn started(&mut self, total: usize);
    /// A vector was run.
    fn ran(&mut self, vector: &Vector);
    /// All vectors of a family were run.
    fn finished(&mut self, family: &FamilyResult);
}

/// Runs what is selected. Error codes must be the profile's where `strict`.
pub fn judge(
    subject: &mut dyn Subject,
    collection: &Collection,
    selection: &Selection,
    strict: bool,
    progress: &mut dyn Progress,
) -> TestResult {
    let catalogue = Catalogue::get();
    let selected: Vec<&Vector> = collection
        .vectors
        .iter()
        .filter(|vector| selection.contains(vector))
        .collect();
    let mut total = Counts::default();
    let mut families = Vec::new();
    let mut by_section: BTreeMap<u32, Counts> = BTreeMap::new();
    let mut by_requirement: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut failures = Vec::new();
    progress.started(selected.len());
    for vectors in selected.chunk_by(|one, next| one.family == next.family) {
        let mut counts = Counts::default();
        for vector in vectors {
            let outcome = run::run(subject, vector, strict);
            progress.ran(vector);
            counts.add(&outcome);
            total.add(&outcome);
            let mut sections: Vec<u32> = Vec::new();
            for requirement in clauses(vector) {
                by_requirement
                    .entry(requirement.id)
                    .or_default()
                    .add(&outcome);
                sections.push(requirement.section);
            }
            sections.sort_unstable();
            sections.dedup();
            for section in sections {
                by_section.entry(section).or_default().add(&outcome);
            }
            if let Outcome::Failed(mismatch) = outcome {
                failures.push(failure(vector, mismatch));
            }
        }
        let family = &vectors[0].family;
        let result = FamilyResult {
            family: family.clone(),
            title: Family::find(family).map_or_else(String::new, |family| family.title.to_owned()),
            vectors: counts,
        };
        progress.finished(&result);
        families.push(result);
    }
    let requirements: Vec<_> = catalogue
        .requirements
        .iter()
        .map(|requirement| RequirementResult {
            id: requirement.id.to_owned(),
            section: requirement.section,
            text: requirement.text.to_owned(),
            vectors: by_requirement
                .get(requirement.id)
                .copied()
                .unwrap_or_default(),
        })
        .collect();
    let sections = catalogue
        .sections
        .iter()
        .map(|section| {
            let of_section = requirements.iter().filter(|r| r.section == section.number);
            SectionResult {
                section: section.number,
                title: section.title.to_owned(),
                requirements: count(of_section.clone()),
                tested: count(of_section.filter(|r| r.vectors.total() > 0)),
                vectors: by_section.get(&section.number).copied().unwrap_or_default(),
            }
        })
        .collect();
    TestResult {
        version: RESULT_VERSION,
        profile: super::PROFILE_VERSION,
        subject: subject.describe(),
        only: selection.names().to_vec(),
        verdict: verdict(total, &collection.errors),
        vectors: total,
        families,
        sections,
        requirements,
        failures,
        errors: collection.errors.clone(),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn verdict(counts: Counts, errors: &[FileError]) -> Verdict {
    if counts.failed > 0 {
        Verdict::DoesNotConform
    } else if !errors.is_empty() {
        Verdict::None
    } else if counts.skipped > 0 {
        Verdict::ConformsInPart
    } else {
        Verdict::Conforms
    }
}

fn clauses(vector: &Vector) -> impl Iterator<Item = &'static super::catalogue::Requirement> {
    vector
        .requirements
        .iter()
        .filter_map(|id| Catalogue::get().find(id))
}

fn failure(vector: &Vector, mismatch: Mismatch) -> FailureResult {
    FailureResult {
        vector: vector.name(),
        comment: vector.comment.clone(),
        requirements: clauses(vector)
            .map(|requirement| Clause {
                id: requirement.id.to_owned(),
                text: requirement.text.to_owned(),
            })
            .collect(),
        step: mismatch.step,
        method: mismatch.method,
        inputs: mismatch.inputs,
        field: mismatch.field,
        expected: mismatch.expected,
        got: mismatch.got,
    }
}
