//! What comes of a run, as `docs/result.md` has it: the types here are the JSON result.

use super::provenance::{Arguments, Provenance};
use super::run::{Cause, Difference, Outcome, Skip, Why};
use super::scenario::transcript::Transcript;
use super::selection;
use super::stopwatch::milliseconds;
use super::subject::{Description, Party};
use super::suspects::Suspect;
use super::vector::Family;
use super::{FileError, files, json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Add;
use std::path::Path;
use std::time::Duration;

/// The version of the JSON result.
pub const RESULT_VERSION: u32 = 2;

/// What a run says of the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything passed that the party or the parties are asked that the subject claims to be.
    Conforms,
    /// Nothing failed and something passed, but something was skipped for the subject's sake.
    ConformsInPart,
    /// Nothing failed, and nothing passed.
    NothingImplemented,
    /// At least one vector or scenario failed, or there are `faults`.
    DoesNotConform,
    /// Nothing failed, but part of the run could not be made: see `errors` and `ended`.
    None,
}

/// Why a run ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Something failed, and `--fail-fast` asks for no more.
    FirstFailure,
    /// So many times in a row there was no answer in time as `--max-timeouts` says.
    TimeOuts,
    /// It was interrupted.
    Interrupted,
}

impl Ending {
    /// What is said of what was not run.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Ending::FirstFailure => "the run ended at its first failure",
            Ending::TimeOuts => "the run ended: there were too many time-outs in a row",
            Ending::Interrupted => "the run was interrupted",
        }
    }
}

/// How many went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// The subject did as expected.
    pub passed: u32,
    /// It did not.
    pub failed: u32,
    /// It was not judged, for a reason that each case gives.
    pub skipped: u32,
    /// It was not asked: it does not claim to be the party that this is asked of.
    pub not_claimed: u32,
}

impl Counts {
    /// How many there are.
    #[must_use]
    pub fn total(self) -> u32 {
        self.passed + self.failed + self.skipped + self.not_claimed
    }

    pub(super) fn add(&mut self, outcome: CaseOutcome) {
        match outcome {
            CaseOutcome::Passed => self.passed += 1,
            CaseOutcome::Failed => self.failed += 1,
            CaseOutcome::Skipped => self.skipped += 1,
            CaseOutcome::NotClaimed => self.not_claimed += 1,
        }
    }
}

impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
            not_claimed: self.not_claimed + other.not_claimed,
        }
    }
}

/// What a run says of a requirement.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementOutcome {
    /// All that carries it passed, what is not claimed left out.
    Passed,
    /// Some of what carries it passed, and the rest was skipped.
    Partial,
    /// Something that carries it failed.
    Failed,
    /// All that carries it was skipped.
    Skipped,
    /// All that carries it is asked of a party that the subject does not claim to be.
    NotClaimed,
    /// Nothing of the run carries it.
    Untested,
}

impl RequirementOutcome {
    /// Every one.
    pub const ALL: [RequirementOutcome; 6] = [
        RequirementOutcome::Passed,
        RequirementOutcome::Partial,
        RequirementOutcome::Failed,
        RequirementOutcome::Skipped,
        RequirementOutcome::NotClaimed,
        RequirementOutcome::Untested,
    ];

    /// What those say that carry a requirement.
    #[must_use]
    pub fn of(carrying: Counts) -> Self {
        match carrying {
            Counts { failed: 1.., .. } => RequirementOutcome::Failed,
            Counts {
                passed: 1..,
                skipped: 1..,
                ..
            } => RequirementOutcome::Partial,
            Counts { passed: 1.., .. } => RequirementOutcome::Passed,
            Counts { skipped: 1.., .. } => RequirementOutcome::Skipped,
            Counts {
                not_claimed: 1.., ..
            } => RequirementOutcome::NotClaimed,
            _ => RequirementOutcome::Untested,
        }
    }

    /// As the JSON result writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RequirementOutcome::Passed => "passed",
            RequirementOutcome::Partial => "partial",
            RequirementOutcome::Failed => "failed",
            RequirementOutcome::Skipped => "skipped",
            RequirementOutcome::NotClaimed => "not-claimed",
            RequirementOutcome::Untested => "untested",
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
    /// How many of them came out how; what none came out as is left out.
    pub outcomes: BTreeMap<RequirementOutcome, u32>,
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
    /// What the run says of it.
    pub outcome: RequirementOutcome,
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
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
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
    /// The clauses that it tests, the likeliest first (`suspects`).
    pub requirements: Vec<Clause>,
    /// Where it failed: in a conversation the step, from 1; in a scenario the line of the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was asked: a method; in a scenario the words of the step.
    pub asked: String,
    /// With what.
    pub inputs: Value,
    /// What kind of failure it is.
    pub cause: Cause,
    /// What is other than expected: each field of an answer that differs, twenty at most, or one thing that is about no
    /// field.
    pub differences: Vec<Difference>,
    /// Why it is known to fail, where `--known-failures` lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// What happened in the scenario up to there; not a part of the JSON.
    #[serde(skip)]
    pub transcript: Option<Box<Transcript>>,
}

/// How one vector or scenario went.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// The subject did as expected.
    Passed,
    /// It did not: see `failures`.
    Failed,
    /// It was not judged: see `skip`.
    Skipped,
    /// It was not asked: it does not claim to be the party that this is asked of.
    NotClaimed,
}

impl From<&Outcome> for CaseOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => CaseOutcome::Passed,
            Outcome::Failed(_) => CaseOutcome::Failed,
            Outcome::Skipped(skip) if skip.why == Why::NotClaimed => CaseOutcome::NotClaimed,
            Outcome::Skipped(_) => CaseOutcome::Skipped,
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
    /// What it is about.
    #[serde(default)]
    pub comment: String,
    /// The ids of the requirements that its outcome speaks of; the first is what it is about.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// How it went.
    pub outcome: CaseOutcome,
    /// Why it was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<Skip>,
    /// How long it took, in milliseconds; left out where it was not asked.
    #[serde(
        default,
        rename = "milliseconds",
        with = "milliseconds",
        skip_serializing_if = "Duration::is_zero"
    )]
    #[schemars(with = "f64")]
    pub took: Duration,
}

impl CaseResult {
    /// Which of the two it is: a theme is called `scenarios/THEME`, and no family is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.group.starts_with("scenarios/") {
            Kind::Scenario
        } else {
            Kind::Vector
        }
    }
}

/// A run from end to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The version of this form: 2. A new field does not raise it; any other change does.
    pub version: u32,
    /// The version of the profile.
    pub profile: u32,
    /// When, by what and how the run was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
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
    /// Why it says no better than that; empty where it is `conforms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Why the run ended before its end; none where it did not. What it did not come to is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ending>,
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
    /// The requirements that explain what failed, the likeliest first: each with how many failures it explains that none before
    /// it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspects: Vec<Suspect>,
    /// What failed.
    pub failures: Vec<FailureResult>,
    /// What `--known-failures` lists and did not fail, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_longer_fails: Vec<String>,
    /// What the subject did that no vector and no scenario can be charged with, such as a line after its last answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Files of vectors or scenarios that could not be used. Nothing of them was run.
    pub errors: Vec<FileError>,
}

impl TestResult {
    /// So many bytes a result's file has at most: 32 MiB. One of every vector and scenario has one or two, and what failed adds its inputs.
    pub const MOST_BYTES: u64 = 32 << 20;
    /// So many values of JSON it holds at most.
    const MOST_VALUES: usize = 400_000;

    /// What its JSON says, with something changed in that. What happened in scenarios that failed is no part of the JSON, and stays.
    ///
    /// # Panics
    /// Where the changed JSON is no result any more.
    #[must_use]
    pub(crate) fn through_json(&self, change: impl FnOnce(Value) -> Value) -> Self {
        let read = serde_json::to_value(self).map(change);
        let Ok(mut read) = read.and_then(serde_json::from_value::<Self>) else {
            unreachable!("a result is read as it is written")
        };
        for (read, failure) in read.failures.iter_mut().zip(&self.failures) {
            read.transcript.clone_from(&failure.transcript);
        }
        read
    }

    /// The command that runs this vector or scenario alone.
    #[must_use]
    pub fn alone(&self, name: &str) -> String {
        self.again().alone(name)
    }

    /// Reads a result that `tigress test --format json` wrote, now or before.
    ///
    /// # Errors
    /// A file that cannot be read, is larger than [`TestResult::MOST_BYTES`], or is no such result.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let text = files::read(path, Self::MOST_BYTES)?;
        Self::read(&path.display().to_string(), &text)
    }

    /// Reads it from the text of the file of that name.
    ///
    /// # Errors
    /// Text that is no such result.
    pub fn read(name: &str, text: &str) -> Result<Self, FileError> {
        /// What a result of any version says.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let no_result = |error: serde_json::Error| {
            let how = "`tigress test --format json` writes one";
            let reason = format!("no result: {error}; {how}");
            match error.line() {
                0 => FileError::of(name, reason),
                line => FileError::at(name, line, reason),
            }
        };
        let value = json::read(text, Self::MOST_VALUES).map_err(no_result)?;
        let Version { version } = Version::deserialize(&value).map_err(no_result)?;
        if version != RESULT_VERSION {
            let reason =
                format!("result version {version}; this build reads version {RESULT_VERSION}");
            return Err(FileError::of(name, reason));
        }
        serde_json::from_value(value).map_err(no_result)
    }

    /// What a command needs that runs a part of it again.
    #[must_use]
    pub fn again(&self) -> Arguments {
        let provenance = self.provenance.as_ref();
        provenance.map_or_else(Arguments::default, |it| it.again.clone())
    }

    /// What `--only` named; nothing where the subject was asked everything that is asked of such a one. An intermediary that is no
    /// wallet is asked by names even then.
    #[must_use]
    pub fn named(&self) -> &[String] {
        let claims = |party| self.subject.claims(party);
        let is_intermediary = claims(Party::Intermediary) && !claims(Party::Wallet);
        if is_intermediary && self.only == selection::of_an_intermediary() {
            &[]
        } else {
            &self.only
        }
    }

    /// All vectors and scenarios of the run.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.vectors + self.scenarios
    }

    /// The verdict in words, behind the name of who was tested. Nobody is said to conform who was not judged by all that is asked of such a one.
    #[must_use]
    pub fn words(&self) -> String {
        match self.verdict {
            Verdict::Conforms => format!("conforms{}", self.subject.as_what()),
            Verdict::ConformsInPart => "fails nothing that it implements".to_owned(),
            Verdict::NothingImplemented => "has nothing implemented yet".to_owned(),
            Verdict::DoesNotConform => "does not conform".to_owned(),
            Verdict::None => "no verdict: part of the run could not be made".to_owned(),
        }
    }

    /// How much of what was asked passed, where nothing failed and something was skipped for the subject's sake.
    #[must_use]
    pub fn extent(&self) -> Option<String> {
        let passed = self.counts().passed as usize;
        let asked = passed + self.lacking().count();
        (self.verdict == Verdict::ConformsInPart)
            .then(|| format!("{passed} of {asked} asked passed: no verdict on the whole"))
    }

    /// What requirements came out as.
    #[must_use]
    pub fn outcomes(&self) -> Vec<RequirementOutcome> {
        let occurs = |outcome: &RequirementOutcome| {
            let mut sections = self.sections.iter();
            sections.any(|section| section.outcomes.contains_key(outcome))
        };
        let all = RequirementOutcome::ALL.into_iter();
        all.filter(occurs).collect()
    }

    /// Whether exactly that failed which is known to fail.
    #[must_use]
    pub fn is_as_known(&self) -> bool {
        self.no_longer_fails.is_empty()
            && self.faults.is_empty()
            && self.failures.iter().all(|f| f.known.is_some())
    }

    /// What was skipped for the subject's sake: what keeps it from conforming as a whole.
    pub fn lacking(&self) -> impl Iterator<Item = &CaseResult> {
        let lowers = |case: &&CaseResult| case.skip.as_ref().is_some_and(|skip| skip.why.lowers());
        self.cases.iter().filter(lowers)
    }

    /// What was not judged, by its reason; the cases of each in the order of the run.
    #[must_use]
    pub fn skips(&self) -> BTreeMap<(Why, &str), Vec<&CaseResult>> {
        let mut skips: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for case in &self.cases {
            if let Some(Skip { why, reason }) = &case.skip {
                let of_reason = skips.entry((*why, reason.as_str())).or_default();
                of_reason.push(case);
            }
        }
        skips
    }

    /// The same in the order in which an implementer goes on ([`Family::IN_TURN`]); scenarios come last.
    #[must_use]
    pub fn skips_in_order(&self) -> Vec<((Why, &str), Vec<&CaseResult>)> {
        let place = |case: &&CaseResult| Family::place(&case.group);
        let mut skips: Vec<_> = self.skips().into_iter().collect();
        skips.sort_by_key(|((why, _), cases)| (*why, cases.iter().map(place).min()));
        skips
    }

    /// The failures that are not known and say more of the adapter than of a requirement.
    #[must_use]
    pub fn breakdowns(&self) -> Vec<&FailureResult> {
        let failures = self.failures.iter();
        let broken = failures.filter(|it| it.known.is_none() && it.is_breakdown());
        broken.collect()
    }

    /// The failures that are not known, those together that are the same: of one kind and of the same requirement, after the same question, in the
    /// same fields; for want of an answer or at a step of a script, with the same words but for their numbers.
    #[must_use]
    pub fn alike(&self) -> Vec<Vec<&FailureResult>> {
        let mut groups: Vec<Vec<&FailureResult>> = Vec::new();
        let mut places = BTreeMap::new();
        for failure in self
            .failures
            .iter()
            .filter(|failure| failure.known.is_none())
        {
            let place = *places.entry(failure.likeness()).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.push(failure),
                None => groups.push(vec![failure]),
            }
        }
        groups
    }
}

/// What failures have in common that are the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    kind: Kind,
    cause: Cause,
    /// What it is about; nothing where there is no answer, whatever it was about.
    requirement: Option<&'a str>,
    asked: Option<&'a str>,
    fields: Vec<Option<&'a str>>,
    words: Option<String>,
}

impl FailureResult {
    /// The clause comes first that explains it.
    pub(super) fn begin_with(&mut self, suspects: &[Suspect]) {
        let clauses = &self.requirements;
        let place = |suspect: &Suspect| {
            let mut ids = clauses.iter().map(|clause| &clause.id);
            ids.position(|id| *id == suspect.requirement)
        };
        if let Some(place) = suspects.iter().find_map(place) {
            self.requirements[..=place].rotate_right(1);
        }
    }

    /// Whether it says more of the adapter than of a requirement: it gave no answer, or one of another type.
    #[must_use]
    pub fn is_breakdown(&self) -> bool {
        // In a value as JSON writes it, a quotation mark behind such words has a backslash before it.
        let is_of_another_type = |it: &Difference| it.got.contains(" is not of type \"");
        match self.cause {
            Cause::NoAnswer => true,
            Cause::Answer => self.differences.iter().any(is_of_another_type),
            _ => false,
        }
    }

    fn likeness(&self) -> Likeness<'_> {
        let unanswered = matches!(self.cause, Cause::NoAnswer | Cause::TimedOut);
        let words = || {
            let each = self.differences.iter().map(|it| without_numbers(&it.got));
            each.collect()
        };
        Likeness {
            kind: self.kind,
            cause: self.cause,
            requirement: (!self.is_breakdown() && !unanswered)
                .then(|| self.requirements.first().map(|clause| clause.id.as_str()))
                .flatten(),
            asked: (!unanswered).then_some(&self.asked),
            fields: self
                .differences
                .iter()
                .map(|it| it.field.as_deref())
                .collect(),
            words: (unanswered || self.cause == Cause::Step).then(words),
        }
    }
}

/// A text in which each number is a 0.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
    {
        if c != '0' || !plain.ends_with('0') {
            plain.push(c);
        }
    }
    plain
}
