//! What has changed between two results.

use super::result::{CaseOutcome, CaseResult, Counts, RequirementOutcome, TestResult, Verdict};
use super::run::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The version of the comparison as JSON.
pub const COMPARISON_VERSION: u32 = 1;

/// So much longer something must take to be told: other things go on in a machine, too.
const MUCH_LONGER: u32 = 4;
/// And by so much at least.
const NOTICEABLE: Duration = Duration::from_millis(250);
/// Of what takes longer the worst so many are told.
const MOST_SLOWER: usize = 20;

/// One of the two results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// Who was tested: name and version.
    pub subject: String,
    /// When, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The version of the program and its commit, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The version of the profile.
    pub profile: u32,
    /// What the run said.
    pub verdict: Verdict,
    /// How all vectors and scenarios went.
    pub counts: Counts,
}

/// A vector or scenario that went otherwise, or is in one result alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseChange {
    /// Its name.
    pub name: String,
    /// How it went before; left out where it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<CaseOutcome>,
    /// How it went after; left out where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CaseOutcome>,
    /// What kind of failure it is now, or why it is not judged now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether that is worse.
    pub worse: bool,
}

/// A requirement of which the runs say something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequirementChange {
    /// Its id.
    pub id: String,
    /// What it says.
    pub text: String,
    /// What the first run says of it.
    pub before: RequirementOutcome,
    /// What the second says.
    pub after: RequirementOutcome,
}

/// What takes far longer than before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slower {
    /// The vector or scenario.
    pub name: String,
    /// How long it took before, in milliseconds.
    #[serde(with = "super::stopwatch::milliseconds")]
    #[schemars(with = "f64")]
    pub before: Duration,
    /// How long it takes now.
    #[serde(with = "super::stopwatch::milliseconds")]
    #[schemars(with = "f64")]
    pub after: Duration,
}

/// What has changed from one result to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The version of this form: 1.
    pub version: u32,
    /// The first result.
    pub before: Side,
    /// The second.
    pub after: Side,
    /// Whether anything is worse: the verdict, a vector or scenario, a fault or an error that was none.
    pub worse: bool,
    /// What differs in what was run, so that not all changes need be the subject's: the subject itself, the profile, the selection.
    pub differs: Vec<String>,
    /// The vectors and scenarios that went otherwise.
    pub cases: Vec<CaseChange>,
    /// The requirements of which the runs say something else.
    pub requirements: Vec<RequirementChange>,
    /// The requirements that explain failures now, and did not before.
    pub new_suspects: Vec<String>,
    /// Those that did before, and do no more.
    pub former_suspects: Vec<String>,
    /// Faults and errors that were none before.
    pub new_faults: Vec<String>,
    /// What takes far longer, the worst first: at least four times as long, and a quarter of a second more.
    pub slower: Vec<Slower>,
}

impl Comparison {
    /// What has changed from `before` to `after`.
    #[must_use]
    pub fn of(before: &TestResult, after: &TestResult) -> Self {
        let cases = case_changes(before, after);
        let new_faults = new_faults(before, after);
        let is_worse = rank(after.verdict) > rank(before.verdict);
        Comparison {
            version: COMPARISON_VERSION,
            before: side(before),
            after: side(after),
            worse: is_worse || !new_faults.is_empty() || cases.iter().any(|case| case.worse),
            differs: differs(before, after),
            cases,
            requirements: requirement_changes(before, after),
            new_suspects: suspects_of_first_alone(after, before),
            former_suspects: suspects_of_first_alone(before, after),
            new_faults,
            slower: slower(before, after),
        }
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
            && self.requirements.is_empty()
            && self.new_faults.is_empty()
            && self.before.verdict == self.after.verdict
    }
}

/// Verdicts, the better the lower.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Conforms => 0,
        Verdict::ConformsInPart => 1,
        Verdict::NothingImplemented => 2,
        Verdict::None => 3,
        Verdict::DoesNotConform => 4,
    }
}

fn side(result: &TestResult) -> Side {
    let provenance = result.provenance.as_ref();
    let program = provenance.map(|it| match &it.commit {
        Some(commit) => format!("{} ({commit})", it.program),
        None => it.program.clone(),
    });
    Side {
        subject: format!("{} {}", result.subject.name, result.subject.version),
        date: provenance.map(|it| it.date.clone()),
        program,
        profile: result.profile,
        verdict: result.verdict,
        counts: result.counts(),
    }
}

fn differs(before: &TestResult, after: &TestResult) -> Vec<String> {
    let (one, two) = (side(before), side(after));
    let whole = || "all".to_owned();
    let selected = |result: &TestResult| match &result.only[..] {
        [] => whole(),
        only => only.join(" "),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_else(whole);
    let program = |side: &Side| side.program.clone().unwrap_or_else(|| "unknown".to_owned());
    [
        ("subject", one.subject.clone(), two.subject.clone()),
        ("program", program(&one), program(&two)),
        ("profile", one.profile.to_string(), two.profile.to_string()),
        ("selection", selected(before), selected(after)),
        ("suite", text(&before.suite), text(&after.suite)),
        ("part", text(&before.shard), text(&after.shard)),
    ]
    .into_iter()
    .filter(|(_, one, two)| one != two)
    .map(|(what, one, two)| format!("{what}: {one}, then {two}"))
    .collect()
}

/// Why a case is not passed.
fn why(result: &TestResult) -> BTreeMap<&str, (Option<Cause>, String)> {
    let failures = result.failures.iter();
    let failures = failures.map(|it| {
        let fields: Vec<&str> = it
            .differences
            .iter()
            .filter_map(|it| it.field.as_deref())
            .collect();
        let words = match &fields[..] {
            [] => it.cause.name().to_owned(),
            fields => format!("{}: {}", it.cause.name(), fields.join(", ")),
        };
        (it.name.as_str(), (Some(it.cause), words))
    });
    let skipped = result.cases.iter();
    let skipped = skipped.filter_map(|case| {
        let skip = case.skip.as_ref()?;
        Some((case.name.as_str(), (None, skip.reason.clone())))
    });
    skipped.chain(failures).collect()
}

fn case_changes(before: &TestResult, after: &TestResult) -> Vec<CaseChange> {
    let by_name = |result: &'_ TestResult| -> BTreeMap<String, CaseOutcome> {
        let cases = result.cases.iter();
        cases
            .map(|case| (case.name.clone(), case.outcome))
            .collect()
    };
    let (was, is) = (by_name(before), by_name(after));
    let (why_before, why_after) = (why(before), why(after));
    let names = after.cases.iter().map(|case| &case.name);
    let gone = before.cases.iter().map(|case| &case.name);
    let gone = gone.filter(|name| !is.contains_key(*name));
    let change = |name: &String| {
        let (before, after) = (was.get(name).copied(), is.get(name).copied());
        let failed = Some(CaseOutcome::Failed);
        let (cause, why) = why_after.get(name.as_str()).cloned().unzip();
        let cause_before = why_before.get(name.as_str()).map(|(cause, _)| *cause);
        let fails_otherwise = before == failed && after == failed && cause != cause_before;
        (before != after || fails_otherwise).then(|| CaseChange {
            name: name.clone(),
            before,
            after,
            why,
            worse: (after == failed && before != failed)
                || (before == Some(CaseOutcome::Passed) && after != before),
        })
    };
    names.chain(gone).filter_map(change).collect()
}

fn requirement_changes(before: &TestResult, after: &TestResult) -> Vec<RequirementChange> {
    let was: BTreeMap<&str, RequirementOutcome> = before
        .requirements
        .iter()
        .map(|requirement| (requirement.id.as_str(), requirement.outcome))
        .collect();
    let changed = after.requirements.iter().filter_map(|requirement| {
        let before = was.get(requirement.id.as_str()).copied();
        let before = before.unwrap_or(RequirementOutcome::Untested);
        (before != requirement.outcome).then(|| RequirementChange {
            id: requirement.id.clone(),
            text: requirement.text.clone(),
            before,
            after: requirement.outcome,
        })
    });
    changed.collect()
}

fn suspects_of_first_alone(one: &TestResult, other: &TestResult) -> Vec<String> {
    let ids = |result: &TestResult| -> Vec<String> {
        let suspects = result.suspects.iter();
        suspects.map(|it| it.requirement.clone()).collect()
    };
    let known: BTreeSet<String> = ids(other).into_iter().collect();
    let mut own = ids(one);
    own.retain(|id| !known.contains(id));
    own
}

fn new_faults(before: &TestResult, after: &TestResult) -> Vec<String> {
    let all = |result: &TestResult| -> Vec<String> {
        let errors = result.errors.iter().map(ToString::to_string);
        result.faults.iter().cloned().chain(errors).collect()
    };
    let known: BTreeSet<String> = all(before).into_iter().collect();
    let mut new = all(after);
    new.retain(|fault| !known.contains(fault));
    new
}

fn slower(before: &TestResult, after: &TestResult) -> Vec<Slower> {
    let took = |case: &CaseResult| (case.name.clone(), case.took);
    let was: BTreeMap<String, Duration> = before.cases.iter().map(took).collect();
    let mut slower: Vec<Slower> = after
        .cases
        .iter()
        .filter_map(|case| {
            let before = was.get(&case.name).copied().filter(|it| !it.is_zero())?;
            let is_much = case.took >= before.saturating_mul(MUCH_LONGER);
            let is_noticed = case.took.saturating_sub(before) >= NOTICEABLE;
            (is_much && is_noticed).then(|| Slower {
                name: case.name.clone(),
                before,
                after: case.took,
            })
        })
        .collect();
    slower.sort_by_key(|it| std::cmp::Reverse(it.after.saturating_sub(it.before)));
    slower.truncate(MOST_SLOWER);
    slower
}
