//! The results of a run's parts (`--shard`) as the result of the whole.

use super::result::{CaseResult, FailureResult, GroupResult, TestResult};
use super::selection::Shard;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Why results are not the parts of one run. Each names them by their places, from 1, in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("no result to merge")]
    Nothing,
    /// A result is of a whole run, or says of no such part.
    #[error("result {0} is of no part of a run: `tigress test --shard {1}/{2}` makes one")]
    NoPart(usize, usize, usize),
    /// Two results are of runs of another number of parts.
    #[error("result 1 is one of {0} parts, and result {1} one of {2}")]
    OtherSplit(usize, usize, usize),
    /// Two results are of the same part.
    #[error("results {0} and {1} are both of part {2}")]
    Twice(usize, usize, Shard),
    /// A part is missing.
    #[error("there is no result of part {0}")]
    Missing(Shard),
    /// What must be the same in all of them is not.
    #[error("results 1 and {0} are of runs with another {1}")]
    Differs(usize, &'static str),
    /// Together they have not what a whole run would have.
    #[error("part {0} has {1} vectors and scenarios, where the others say that it has {2}")]
    Length(Shard, usize, usize),
    /// A vector or scenario stands in two of them.
    #[error("`{0}` stands in two of them")]
    Overlap(String),
}

/// The result of the whole run. But for times it is what the run without parts has. One result of a whole run is itself.
///
/// # Errors
/// Where they are not the parts of one run: of the same program, profile and subject, each part once.
pub fn merge(results: Vec<TestResult>) -> Result<TestResult, MergeError> {
    if results.is_empty() {
        return Err(MergeError::Nothing);
    }
    if let [whole] = &results[..]
        && whole.shard.is_none()
    {
        return Ok(whole.clone());
    }
    let parts = in_order(results)?;
    let Some(first) = parts.first().cloned() else {
        return Err(MergeError::Nothing);
    };
    let groups = |of: fn(&TestResult) -> &[GroupResult]| {
        let groups = parts.iter().flat_map(of);
        groups
            .map(|it| (it.name.clone(), it.title.clone()))
            .collect()
    };
    let (families, themes) = (groups(|it| &it.families), groups(|it| &it.themes));
    let all = |of: fn(&TestResult) -> &[String]| -> BTreeSet<String> {
        parts.iter().flat_map(of).cloned().collect()
    };
    let no_longer_fails = all(|it| &it.no_longer_fails);
    let faults = all(|it| &it.faults);
    let mut errors = Vec::new();
    for error in parts.iter().flat_map(|part| &part.errors) {
        if !errors.contains(error) {
            errors.push(error.clone());
        }
    }
    let ended = parts.iter().find_map(|part| part.ended);
    let provenance = first.provenance.clone().map(|mut provenance| {
        let each = parts.iter().filter_map(|part| part.provenance.as_ref());
        provenance.took = each
            .clone()
            .fold(Duration::ZERO, |sum, it| sum.saturating_add(it.took));
        // They are of one form, whose order is that of time.
        if let Some(date) = each.map(|it| &it.date).min() {
            provenance.date.clone_from(date);
        }
        provenance
    });
    let (cases, failures) = interleaved(parts)?;
    let mut whole = TestResult {
        provenance,
        shard: None,
        ended,
        families: counted(&cases, &families),
        themes: counted(&cases, &themes),
        no_longer_fails: names(&cases)
            .filter(|name| no_longer_fails.contains(*name))
            .map(str::to_owned)
            .collect(),
        cases,
        failures,
        faults: faults.into_iter().collect(),
        errors,
        ..first
    };
    whole.sum_up();
    Ok(whole)
}

fn names(cases: &[CaseResult]) -> impl Iterator<Item = &str> {
    cases.iter().map(|case| case.name.as_str())
}

/// The results in the order of their parts: each once, and of the same run.
fn in_order(results: Vec<TestResult>) -> Result<Vec<TestResult>, MergeError> {
    let (mut of, count) = (None, results.len());
    let mut parts: BTreeMap<usize, (usize, TestResult)> = BTreeMap::new();
    for (number, result) in (1..).zip(results) {
        let shard = result
            .shard
            .as_deref()
            .and_then(|it| it.parse::<Shard>().ok());
        let shard = shard.ok_or(MergeError::NoPart(number, number.min(count), count))?;
        let of = *of.get_or_insert(shard.of);
        if of != shard.of {
            return Err(MergeError::OtherSplit(of, number, shard.of));
        }
        if let Some((first, _)) = parts.get(&shard.index) {
            return Err(MergeError::Twice(*first, number, shard));
        }
        parts.insert(shard.index, (number, result));
    }
    let of = of.unwrap_or_default();
    // Not more is looked at than there are results: who claims to be one of a million is missing his neighbour.
    if let Some(index) = (1..=of).find(|index| !parts.contains_key(index)) {
        return Err(MergeError::Missing(Shard { index, of }));
    }
    let mut given: Vec<(usize, &TestResult)> = parts
        .values()
        .map(|(number, result)| (*number, result))
        .collect();
    given.sort_by_key(|(number, _)| *number);
    if let Some(((_, first), others)) = given.split_first() {
        for (number, other) in others {
            if let Some(what) = difference(first, other) {
                return Err(MergeError::Differs(*number, what));
            }
        }
    }
    Ok(parts.into_values().map(|(_, result)| result).collect())
}

/// What is another in two results that must be the same in the parts of one run.
fn difference(one: &TestResult, other: &TestResult) -> Option<&'static str> {
    let program = |result: &TestResult| {
        let provenance = result.provenance.as_ref();
        provenance.map(|it| (it.program.clone(), it.commit.clone()))
    };
    // Parts are run on several machines, where an adapter and folders have other places.
    let options = |result: &TestResult| {
        let again = result.again();
        [again.subject, again.vectors, again.scenarios].map(|it| options(&it))
    };
    [
        (one.profile != other.profile, "version of the profile"),
        (program(one) != program(other), "program"),
        (one.subject != other.subject, "subject"),
        (one.only != other.only, "selection (`--only`)"),
        (one.suite != other.suite, "suite (`--suite`)"),
        (options(one) != options(other), "set of options"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// The options of a command without their values.
fn options(arguments: &str) -> Vec<String> {
    let words = shlex::split(arguments).unwrap_or_default();
    let options = words.into_iter().filter(|word| word.starts_with("--"));
    options.collect()
}

/// The cases in the order of the whole run, of which part I of N has what stands at the places I, I + N and so on; and what failed of them.
fn interleaved(
    parts: Vec<TestResult>,
) -> Result<(Vec<CaseResult>, Vec<FailureResult>), MergeError> {
    let of = parts.len();
    let total: usize = parts.iter().map(|part| part.cases.len()).sum();
    let mut failures = BTreeMap::new();
    let mut each = Vec::new();
    for (place, part) in parts.into_iter().enumerate() {
        let due = total.saturating_sub(place).div_ceil(of);
        if part.cases.len() != due {
            let shard = Shard {
                index: place + 1,
                of,
            };
            return Err(MergeError::Length(shard, part.cases.len(), due));
        }
        failures.extend(part.failures.into_iter().map(|it| (it.name.clone(), it)));
        each.push(part.cases.into_iter());
    }
    let cases: Vec<CaseResult> = (0..total)
        .filter_map(|place| each[place % of].next())
        .collect();
    let mut seen = BTreeSet::new();
    if let Some(twice) = names(&cases).find(|name| !seen.insert(*name)) {
        return Err(MergeError::Overlap(twice.to_owned()));
    }
    let failures = cases.iter().filter_map(|case| {
        let mut failure = failures.remove(&case.name)?;
        // What the part blamed first the whole may not.
        let place = |id: &str| case.requirements.iter().position(|known| known == id);
        failure
            .requirements
            .sort_by_key(|clause| place(&clause.id).unwrap_or(usize::MAX));
        Some(failure)
    });
    let failures = failures.collect();
    Ok((cases, failures))
}

/// The families or themes in the order of the cases, with their counts.
fn counted(cases: &[CaseResult], titles: &BTreeMap<String, String>) -> Vec<GroupResult> {
    let of_group = cases.chunk_by(|one, next| one.group == next.group);
    of_group
        .filter_map(|cases| {
            let (name, title) = titles.get_key_value(&cases[0].group)?;
            let mut group = GroupResult {
                name: name.clone(),
                title: title.clone(),
                counts: super::result::Counts::default(),
            };
            for case in cases {
                group.counts.add(case.outcome);
            }
            Some(group)
        })
        .collect()
}
