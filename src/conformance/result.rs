//! What comes of a run, as `docs/result.md` has it: the types here are the JSON result.

use super::FileError;
use super::run::Outcome;
use super::scenario::transcript::Transcript;
use super::subject::Description;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

    pub(super) fn add(&mut self, outcome: &Outcome) {
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

impl From<&Outcome> for CaseOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => CaseOutcome::Passed,
            Outcome::Failed(_) => CaseOutcome::Failed,
            Outcome::Skipped => CaseOutcome::Skipped,
        }
    }
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
    /// The suite that `--suite` named; none where every suite was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
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
