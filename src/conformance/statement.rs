//! The conformance statement: what a maker says of a product, made of a run and nothing else.

use super::catalogue::Level;
use super::provenance::Provenance;
use super::result::{
    CaseOutcome, CaseResult, Counts, Ending, RequirementOutcome, RequirementResult, TestResult,
    Verdict,
};
use super::run::{Skip, Why};
use super::subject::{Description, Role};
use super::suites;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of a statement's form.
pub const STATEMENT_VERSION: u32 = 1;

/// So many vectors and scenarios that failed are named of a requirement; `failed` counts all.
const NAMED: usize = 20;

/// What a run says of who was tested, requirement by requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The version of this form: 1. A new field does not raise it; any other change does.
    pub version: u32,
    /// The version of the profile.
    pub profile: u32,
    /// Who was tested: its name and version, the suites that it speaks and the roles that it claims.
    pub subject: Description,
    /// The roles that it does not claim.
    pub roles_not_claimed: Vec<Role>,
    /// The suites of the program that it does not claim to speak: what is asked of these alone was not run.
    pub suites_not_claimed: Vec<String>,
    /// When, by what and how the run was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What of the whole was run.
    pub scope: Scope,
    /// What the run says of the product. Where a part of the whole was run and nothing failed in it, that is `none`.
    pub verdict: Verdict,
    /// What came of the run, in a sentence.
    pub says: String,
    /// Why it says no better than that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// All vectors of the run.
    pub vectors: Counts,
    /// All scenarios of the run.
    pub scenarios: Counts,
    /// Each requirement of the profile, in its order.
    pub requirements: Vec<Stated>,
    /// What was done beside what was asked, which belongs to no requirement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// What of the whole was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Whether everything was run that is asked of these suites and roles.
    pub is_whole: bool,
    /// Why it is not the whole, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// How it stands with a requirement.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Everything that carries it passed.
    Passed,
    /// Some of it passed, and some was not judged.
    Partial,
    /// Something failed, and not all of it is known.
    Failed,
    /// Something failed, and all of that is known, with a reason for each.
    KnownToFail,
    /// Nothing of it was judged.
    Skipped,
    /// It is asked of a party that the product does not claim to be.
    NotClaimed,
    /// Nothing of it was run.
    NotRun,
}

impl Standing {
    /// Every one, in the order in which a reader wants them.
    pub const ALL: [Standing; 7] = [
        Standing::Failed,
        Standing::KnownToFail,
        Standing::Partial,
        Standing::Skipped,
        Standing::NotRun,
        Standing::NotClaimed,
        Standing::Passed,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Standing::Passed => "passed",
            Standing::Partial => "passed in part",
            Standing::Failed => "failed",
            Standing::KnownToFail => "known to fail",
            Standing::Skipped => "skipped",
            Standing::NotClaimed => "not claimed",
            Standing::NotRun => "not run",
        }
    }
}

/// What is stated of a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stated {
    /// Its id.
    pub id: String,
    /// Its section.
    pub section: u32,
    /// `MUST`, `SHOULD`, `MAY`: one requirement may ask several things.
    pub levels: Vec<String>,
    /// What it says.
    pub text: String,
    /// How it stands with it.
    pub standing: Standing,
    /// The vectors and scenarios that carry it.
    pub counts: Counts,
    /// What failed and is not known, by name, twenty at most; `counts` has all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// What is known to fail, by name, with the reason, twenty at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
    /// What was left out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A vector or scenario that is known to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Why, as the list of known failures says.
    pub reason: String,
}

/// Vectors and scenarios that were not judged for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Of which kind the reason is.
    pub why: Why,
    /// The reason.
    pub reason: String,
    /// So many.
    pub count: usize,
}

impl Statement {
    /// What a run says.
    #[must_use]
    pub fn of(result: &TestResult) -> Self {
        let mut carrying: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
        for case in &result.cases {
            for id in case.requirements.iter().collect::<BTreeSet<_>>() {
                carrying.entry(id).or_default().push(case);
            }
        }
        let known = result.failures.iter();
        let known = known.filter_map(|it| Some((it.name.as_str(), it.known.as_deref()?)));
        let known: BTreeMap<&str, &str> = known.collect();
        let requirements = result.requirements.iter().map(|it| {
            let cases = carrying.get(it.id.as_str()).map_or(&[][..], Vec::as_slice);
            stated(it, cases, &known)
        });
        let scope = Scope::of(result);
        Statement {
            version: STATEMENT_VERSION,
            profile: result.profile,
            roles_not_claimed: Role::ALL
                .into_iter()
                .filter(|role| !result.subject.roles.contains(role))
                .collect(),
            suites_not_claimed: suites::names()
                .map(str::to_owned)
                .filter(|suite| !result.subject.suites.contains(suite))
                .collect(),
            says: says(result, &scope),
            subject: result.subject.clone(),
            provenance: result.provenance.clone(),
            verdict: match result.verdict {
                verdict if scope.is_whole => verdict,
                Verdict::DoesNotConform => Verdict::DoesNotConform,
                _ => Verdict::None,
            },
            scope,
            reasons: result.reasons.clone(),
            vectors: result.vectors,
            scenarios: result.scenarios,
            requirements: requirements.collect(),
            faults: result.faults.clone(),
        }
    }

    /// Those with which it stands so.
    pub fn standing(&self, standing: Standing) -> impl Iterator<Item = &Stated> {
        let all = self.requirements.iter();
        all.filter(move |it| it.standing == standing)
    }
}

impl Scope {
    fn of(result: &TestResult) -> Self {
        let mut limits = Vec::new();
        if !result.named().is_empty() {
            limits.push(format!("Only {} was run.", result.named().join(", ")));
        }
        if let Some(suite) = &result.suite {
            limits.push(format!("Only suite {suite} was run."));
        }
        if let Some(shard) = &result.shard {
            limits.push(format!("Only part {shard} was run."));
        }
        if let Some(ending) = result.ended.map(Ending::words) {
            limits.push(format!("Not all was run: {ending}."));
        }
        if !result.errors.is_empty() {
            let count = result.errors.len();
            limits.push(format!("Not all was run: {count} files could not be used."));
        }
        let again = result.again();
        let folders = [("vectors", again.vectors), ("scenarios", again.scenarios)];
        for (what, _) in folders.iter().filter(|(_, folder)| !folder.is_empty()) {
            limits.push(format!("The {what} are others than those of the program."));
        }
        Scope {
            is_whole: limits.is_empty(),
            limits,
        }
    }
}

/// The verdict in a sentence.
fn says(result: &TestResult, scope: &Scope) -> String {
    let Description { name, version, .. } = &result.subject;
    let who = format!("{name} {version}");
    // A server has no version.
    let who = who.trim_end();
    let as_what = result.subject.as_what();
    let profile = result.profile;
    let what = if scope.is_whole {
        format!("profile {profile}")
    } else {
        format!("the part of profile {profile} that was run, which is not the whole")
    };
    match result.verdict {
        Verdict::Conforms => format!("{who} conforms{as_what} to {what}."),
        Verdict::ConformsInPart => {
            let extent = result.extent().unwrap_or_default();
            format!("{who} fails nothing that it implements of {what}: {extent}.")
        }
        Verdict::NothingImplemented => format!("{who} has nothing implemented of {what}."),
        Verdict::DoesNotConform => format!("{who} does not conform to {what}."),
        Verdict::None => {
            format!("Nothing can be said of {who}: part of the run could not be made.")
        }
    }
}

fn stated(
    requirement: &RequirementResult,
    cases: &[&CaseResult],
    all_known: &BTreeMap<&str, &str>,
) -> Stated {
    let failed = cases
        .iter()
        .filter(|case| case.outcome == CaseOutcome::Failed);
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for case in failed {
        match all_known.get(case.name.as_str()) {
            Some(reason) => known.push(Known {
                name: case.name.clone(),
                reason: (*reason).to_owned(),
            }),
            None => unknown.push(case.name.clone()),
        }
    }
    let mut left_out: BTreeMap<(Why, &str), usize> = BTreeMap::new();
    for Skip { why, reason } in cases.iter().filter_map(|case| case.skip.as_ref()) {
        *left_out.entry((*why, reason)).or_default() += 1;
    }
    let standing = match requirement.outcome {
        RequirementOutcome::Passed => Standing::Passed,
        RequirementOutcome::Partial => Standing::Partial,
        RequirementOutcome::Failed if unknown.is_empty() => Standing::KnownToFail,
        RequirementOutcome::Failed => Standing::Failed,
        RequirementOutcome::Skipped => Standing::Skipped,
        RequirementOutcome::NotClaimed => Standing::NotClaimed,
        RequirementOutcome::Untested => Standing::NotRun,
    };
    known.truncate(NAMED);
    unknown.truncate(NAMED);
    Stated {
        id: requirement.id.clone(),
        section: requirement.section,
        levels: Level::of(&requirement.text)
            .into_iter()
            .map(|level| level.name().to_owned())
            .collect(),
        text: requirement.text.clone(),
        standing,
        counts: requirement.vectors + requirement.scenarios,
        failed: unknown,
        known,
        left_out: left_out
            .into_iter()
            .map(|((why, reason), count)| LeftOut {
                why,
                reason: reason.to_owned(),
                count,
            })
            .collect(),
    }
}
