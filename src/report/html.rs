//! The result as one self-contained HTML page, which is read without a script, and better with it.

use super::harmless::harmless;
use super::marks::{self, Part};
use super::{page, pretty};
use crate::conformance::catalogue::Level;
use crate::conformance::printable::shortened;
use crate::conformance::result::{
    CaseOutcome, CaseResult, Counts, Ending, FailureResult, Kind, RequirementResult, TestResult,
    Verdict,
};
use crate::conformance::run::Skip;
use crate::conformance::scenario::diagram::Diagram;
use minijinja::value::Serde;
use minijinja::{HtmlEscape, Value, context};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A part of a text that is the same on both sides is shortened to about this many characters, one that differs to that many.
const SAME: usize = 120;
const DIFFERENT: usize = 1_000;

/// Inputs, differences and diagrams of all failures together have at most so many bytes. Those of failures that are as one before come last.
const INPUTS: usize = 512 << 10;
const DIFFERENCES: usize = 1 << 20;
const DIAGRAMS: usize = 1 << 20;

/// So many failures are on the page.
const MOST: usize = 5_000;

/// So many of the slowest vectors and scenarios are named.
const SLOWEST: usize = 10;

/// The page.
#[must_use]
pub fn page(result: &TestResult) -> String {
    page::render(include_str!("report.html"), content(&harmless(result)))
}

/// What the template is given: texts and numbers, no decisions left.
fn content(result: &TestResult) -> Value {
    let numbers = numbers(result);
    let mut carrying: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &result.cases {
        for id in &case.requirements {
            carrying.entry(id).or_default().push(case);
        }
    }
    let requirements: Vec<_> = result
        .requirements
        .iter()
        .map(|it| {
            let cases = carrying.get(it.id.as_str()).map_or(&[][..], Vec::as_slice);
            requirement(it, cases, &numbers)
        })
        .collect();
    let outcomes: Vec<_> = result
        .outcomes()
        .into_iter()
        .map(|outcome| {
            let all = result.requirements.iter();
            let count = all.filter(|it| it.outcome == outcome).count();
            json!({ "name": outcome.name(), "count": count })
        })
        .collect();
    let suspects: Vec<_> = result
        .suspects
        .iter()
        .map(|suspect| {
            let id = &suspect.requirement;
            let mut all = result.requirements.iter();
            let text = all.find(|it| it.id == *id).map(|it| &it.text);
            let mut failures = result.failures.iter().zip(1..=MOST);
            let first = failures.find(|(failure, _)| {
                let mut clauses = failure.requirements.iter();
                clauses.next().is_some_and(|clause| clause.id == *id)
            });
            json!({ "is": suspect, "text": text, "first": first.map(|(_, number)| number) })
        })
        .collect();
    let skips: Vec<Value> = result
        .skips_in_order()
        .into_iter()
        .map(|((why, reason), cases)| {
            let groups = Value::from(Serde(by_group(&cases)));
            context! { reason, groups, why => why.name(), count => cases.len() }
        })
        .collect();
    let mut slowest: Vec<_> = result
        .cases
        .iter()
        .filter(|case| !case.took.is_zero())
        .collect();
    slowest.sort_by_key(|case| std::cmp::Reverse(case.took));
    slowest.truncate(SLOWEST);
    let outcome = match result.verdict {
        Verdict::Conforms => "passed",
        Verdict::ConformsInPart => "partial",
        Verdict::NothingImplemented | Verdict::DoesNotConform | Verdict::None => "failed",
    };
    context! {
        outcome,
        verdict => result.words(),
        extent => result.extent(),
        asked => [
            pretty::number(result.vectors.total(), "vector"),
            pretty::number(result.scenarios.total(), "scenario"),
        ],
        only => result.named().to_vec(),
        ending => result.ended.map(Ending::words),
        counts => Value::from(Serde(result.counts())),
        outcomes => Value::from(Serde(outcomes)),
        levels => Level::ALL.map(Level::name).to_vec(),
        requirements => Value::from(Serde(requirements)),
        suspects => Value::from(Serde(suspects)),
        broken => result.breakdowns().len(),
        broken_first => result.breakdowns().first().and_then(|it| numbers.get(it.name.as_str())),
        slowest => Value::from(Serde(slowest)),
        known => result.failures.iter().filter(|failure| failure.known.is_some()).count(),
        skips,
        failures => failures(result, &numbers),
        more => result.failures.len().saturating_sub(MOST),
        ..Value::from(Serde(result))
    }
}

/// The numbers by which failures are linked, by name.
fn numbers(result: &TestResult) -> BTreeMap<&str, usize> {
    let names = result.failures.iter().map(|failure| failure.name.as_str());
    names.zip(1..=MOST).collect()
}

/// A requirement with what carries it: what failed, what was not judged and why, what passed.
fn requirement(
    requirement: &RequirementResult,
    cases: &[&CaseResult],
    numbers: &BTreeMap<&str, usize>,
) -> serde_json::Value {
    let counts = requirement.vectors + requirement.scenarios;
    let levels: Vec<_> = Level::of(&requirement.text)
        .into_iter()
        .map(Level::name)
        .collect();
    let of = |outcome| {
        let cases = cases.iter().copied();
        cases.filter(move |case| case.outcome == outcome)
    };
    let failed: Vec<_> = of(CaseOutcome::Failed)
        .map(|case| {
            let number = numbers.get(case.name.as_str());
            json!({ "name": case.name, "comment": case.comment, "number": number })
        })
        .collect();
    let mut skipped: BTreeMap<_, Vec<&CaseResult>> = BTreeMap::new();
    for case in cases {
        if let Some(Skip { why, reason }) = &case.skip {
            let of_reason = skipped.entry((*why, reason)).or_default();
            of_reason.push(case);
        }
    }
    let skipped = skipped.into_iter().map(|((why, reason), cases)| {
        json!({ "why": why.name(), "reason": reason, "groups": by_group(&cases) })
    });
    let skipped: Vec<_> = skipped.collect();
    let passed: Vec<_> = of(CaseOutcome::Passed).collect();
    json!({
        "id": requirement.id,
        "section": requirement.section,
        "text": requirement.text,
        "levels": levels,
        "outcome": requirement.outcome,
        "tally": tally(counts),
        // Of a hundred so many failed: how strongly it is coloured.
        "share": 100 * counts.failed / counts.total().max(1),
        "failed": failed,
        "skipped": skipped,
        "passed": by_group(&passed),
    })
}

/// `3 of 4 passed, 1 failed`.
fn tally(counts: Counts) -> String {
    let mut text = format!("{} of {} passed", counts.passed, counts.total());
    let others = [
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.not_claimed, "not claimed"),
    ];
    for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
        // A `String` takes whatever is written to it.
        let _ = write!(text, ", {count} {word}");
    }
    text
}

/// The cases by family or theme, each by its name within it. Scenarios, which are named after a line, have their titles.
fn by_group(cases: &[&CaseResult]) -> serde_json::Value {
    let mut groups: Vec<(&str, Vec<serde_json::Value>)> = Vec::new();
    for case in cases {
        let within = case.name.strip_prefix(case.group.as_str());
        let name = within.and_then(|name| name.strip_prefix('/'));
        let title = Some(&case.comment).filter(|_| case.kind() == Kind::Scenario);
        let shown = json!({ "name": name.unwrap_or(&case.name), "title": title });
        match groups.last_mut() {
            Some((group, names)) if *group == case.group => names.push(shown),
            _ => groups.push((&case.group, vec![shown])),
        }
    }
    let groups = groups.into_iter();
    groups
        .map(|(name, cases)| json!({ "name": name, "cases": cases }))
        .collect()
}

/// What failed, each with all that a reader needs to see why.
fn failures(result: &TestResult, numbers: &BTreeMap<&str, usize>) -> Vec<Value> {
    // Which failure each is the same as.
    let mut same: BTreeMap<&str, usize> = BTreeMap::new();
    for alike in result.alike() {
        if let Some((first, others)) = alike.split_first()
            && let Some(number) = numbers.get(first.name.as_str())
        {
            same.extend(others.iter().map(|other| (other.name.as_str(), *number)));
        }
    }
    let is_same = |failure: &FailureResult| same.contains_key(failure.name.as_str());
    let mut order: Vec<_> = result.failures.iter().take(MOST).enumerate().collect();
    order.sort_by_key(|(place, failure)| (is_same(failure), *place));
    let (mut inputs_left, mut diagrams_left) = (INPUTS, DIAGRAMS);
    let mut differences_left = DIFFERENCES;
    let mut shown: Vec<_> = order
        .into_iter()
        .map(|(place, failure)| {
            let inputs = Some(inputs(failure)).filter(|it| fits(it.len(), &mut inputs_left));
            let diagram = failure.transcript.as_ref();
            let diagram = diagram.map(|transcript| Diagram::of(transcript).svg());
            let is_drawn = diagram.is_some();
            let diagram = diagram.filter(|svg| fits(svg.len(), &mut diagrams_left));
            let mut differences = differences(failure);
            let size = differences.iter().flat_map(|(_, sides)| sides);
            let is_told = fits(size.map(String::len).sum(), &mut differences_left);
            if !is_told {
                differences.clear();
            }
            let differences: Vec<Value> = differences
                .into_iter()
                .map(|(field, sides)| {
                    let [expected, got] = sides.map(Value::from_safe_string);
                    context! { field, expected, got }
                })
                .collect();
            let content = context! {
                inputs,
                is_drawn,
                is_told,
                differences,
                diagram => diagram.map(Value::from_safe_string),
                same => same.get(failure.name.as_str()),
                alone => result.alone(&failure.name),
                in_full => result.again().in_full(&failure.name),
                ..Value::from(Serde(failure))
            };
            (place, content)
        })
        .collect();
    shown.sort_by_key(|(place, _)| *place);
    shown.into_iter().map(|(_, content)| content).collect()
}

/// Whether there is room for so many bytes, which they take.
fn fits(bytes: usize, left: &mut usize) -> bool {
    let rest = left.checked_sub(bytes);
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// With what was asked; nothing where it was with nothing.
fn inputs(failure: &FailureResult) -> String {
    match serde_json::to_string_pretty(&pretty::within(&failure.inputs)) {
        Ok(inputs) if inputs != "null" => inputs,
        _ => String::new(),
    }
}

/// The field of each difference, and both sides as HTML, with what differs marked where both sides say the same kind of thing.
fn differences(failure: &FailureResult) -> Vec<(Option<&str>, [String; 2])> {
    let is_alike = marks::is_alike(failure.cause);
    let each = failure.differences.iter().map(|difference| {
        let (expected, got) = (difference.expected.as_str(), difference.got.as_str());
        let [expected, got] = if is_alike {
            marks::between(expected, got)
        } else {
            [expected, got].map(|text| {
                vec![Part {
                    text,
                    differs: false,
                }]
            })
        };
        let sides = [expected, got].map(|parts| marked(&parts, is_alike));
        (difference.field.as_deref(), sides)
    });
    each.collect()
}

/// The parts as HTML: what differs is marked, what is long is shortened.
fn marked(parts: &[Part], is_alike: bool) -> String {
    let mut html = String::new();
    for part in parts {
        let most = if part.differs || !is_alike {
            DIFFERENT
        } else {
            SAME
        };
        let text = shortened(part.text, most);
        let text = HtmlEscape(&text);
        let [before, behind] = if part.differs {
            ["<mark>", "</mark>"]
        } else {
            [""; 2]
        };
        // A `String` takes whatever is written to it.
        let _ = write!(html, "{before}{text}{behind}");
    }
    html
}
