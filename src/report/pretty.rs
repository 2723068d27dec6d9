//! The result in a terminal.

use super::harmless::harmless;
use super::{marks, sides};
use crate::conformance::printable::{Printable, block, shortened};
use crate::conformance::provenance::Arguments;
use crate::conformance::result::{
    Counts, FailureResult, GroupResult, Kind, RequirementOutcome, RequirementResult, SectionResult,
    TestResult, Verdict,
};
use crate::conformance::run::{Cause, Difference, Why};
use comfy_table::{CellAlignment, Table, presets};
use owo_colors::OwoColorize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Longer texts are shortened to about this many characters.
const LONG: usize = 160;
/// And why there is no answer to this many: it shows a line that is none.
const NO_ANSWER: usize = 400;

/// So many columns stand before what is said of a failure.
const BEFORE: usize = 25;

/// So many requirements are named that explain what failed.
const SUSPECTS: usize = 5;

/// Of failures that are the same so many are named.
const NAMED: usize = 20;

/// A line for a family or a theme.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn group(out: &mut dyn Write, group: &GroupResult) -> io::Result<()> {
    let counts = group.counts;
    let mark = match RequirementOutcome::of(counts) {
        RequirementOutcome::Failed => "fail".red().to_string(),
        RequirementOutcome::Passed => "  ok".green().to_string(),
        RequirementOutcome::Partial => "part".yellow().to_string(),
        RequirementOutcome::Skipped => "skip".yellow().to_string(),
        RequirementOutcome::NotClaimed | RequirementOutcome::Untested => "   -".to_owned(),
    };
    let name = Printable(&group.name).to_string();
    writeln!(out, "{mark}  {name:<28} {}", tally(counts))
}

/// `1 vector`, `2 vectors`.
pub(super) fn number(count: u32, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn tally(counts: Counts) -> String {
    let mut parts = vec![format!("{:>4} passed", counts.passed)];
    if counts.failed > 0 {
        parts.push(format!("{} failed", counts.failed).red().to_string());
    }
    if counts.skipped > 0 {
        parts.push(format!("{} skipped", counts.skipped).yellow().to_string());
    }
    if counts.not_claimed > 0 {
        parts.push(format!("{} not claimed", counts.not_claimed));
    }
    parts.join(", ")
}

/// The table by section of the profile: how its requirements came out. Then those that were tested in part.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn sections(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    let result = &harmless(result);
    // An outcome that nothing has needs no column.
    let outcomes = result.outcomes();
    let mut header = vec!["", "section of the profile", "requirements"];
    header.extend(outcomes.iter().map(|outcome| outcome.name()));
    header.extend(["vectors", "scenarios"]);
    let columns = header.len();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    let shown = |count: u32| match count {
        0 => "-".to_owned(),
        _ => count.to_string(),
    };
    let is_asked = |section: &&SectionResult| {
        result.only.is_empty() || (section.vectors + section.scenarios).total() > 0
    };
    for section in result.sections.iter().filter(is_asked) {
        let mut row = vec![
            section.section.to_string(),
            section.title.clone(),
            section.requirements.to_string(),
        ];
        let of = |outcome| section.outcomes.get(outcome).copied().unwrap_or_default();
        row.extend(outcomes.iter().map(|outcome| shown(of(outcome))));
        row.extend([section.vectors, section.scenarios].map(|counts| shown(counts.total())));
        table.add_row(row);
    }
    for column in (0..columns).filter(|column| *column != 1) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "\n{}", trimmed(&table.to_string()))?;
    let partial: Vec<String> = result
        .requirements
        .iter()
        .filter(|requirement| requirement.outcome == RequirementOutcome::Partial)
        .map(|requirement| {
            let counts = requirement.vectors + requirement.scenarios;
            let of = counts.passed + counts.skipped;
            format!(
                "{} ({} of {})",
                requirement.id,
                counts.passed,
                cases(requirement, of)
            )
        })
        .collect();
    if !partial.is_empty() {
        let heading = "partial, since some of what carries them was skipped:".yellow();
        writeln!(out, "{heading} {}", partial.join(", "))?;
    }
    Ok(())
}

/// So many of what carries a requirement: `14 vectors`, or of both kinds `14 vectors and scenarios`.
fn cases(requirement: &RequirementResult, count: u32) -> String {
    match (requirement.vectors.total(), requirement.scenarios.total()) {
        (_, 0) => number(count, "vector"),
        (0, _) => number(count, "scenario"),
        _ => format!("{count} vectors and scenarios"),
    }
}

/// What was not judged, by reason.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn skips(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    let result = &harmless(result);
    let mut heading = None;
    for ((why, reason), cases) in result.skips_in_order() {
        let of = match why {
            Why::NotClaimed => "not claimed",
            _ => "skipped",
        };
        if heading.replace(of) != Some(of) {
            writeln!(out, "\n{of}")?;
        }
        writeln!(out, "{:>4}  {reason}", cases.len())?;
    }
    Ok(())
}

/// A table without the blanks that pad its last column.
fn trimmed(table: &str) -> String {
    let lines: Vec<_> = table.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Each failure that is not known: what was asked, what was expected, what came, how to ask it alone, and which others
/// are the same. Then the known ones by reason. A terminal has so many `columns`.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn failures(
    out: &mut dyn Write,
    result: &TestResult,
    columns: Option<usize>,
) -> io::Result<()> {
    let result = &harmless(result);
    let again = result.again();
    for alike in result.alike() {
        if let Some((first, others)) = alike.split_first() {
            writeln!(out)?;
            failure(out, first, &again, columns)?;
            same(out, others)?;
        }
    }
    if !result.alike().is_empty() {
        suspects(out, result)?;
    }
    let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for failure in &result.failures {
        if let Some(reason) = &failure.known {
            known.entry(reason).or_default().push(&failure.name);
        }
    }
    if !known.is_empty() {
        writeln!(out, "\nknown failures")?;
    }
    for (reason, names) in known {
        writeln!(out, "{:>4}  {reason}: {}", names.len(), names.join(" "))?;
    }
    if !result.no_longer_fails.is_empty() {
        let names = result.no_longer_fails.join(" ");
        let heading = "no longer fails; take it from the list:".yellow();
        writeln!(out, "\n{heading} {names}")?;
    }
    Ok(())
}

/// Where to look first.
fn suspects(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    writeln!(out, "\nlook first at")?;
    let broken = result.breakdowns();
    if let Some(first) = broken.first() {
        let what = "the adapter itself".bold();
        writeln!(
            out,
            "{:>4}  {what}  It gave no answer, or one of another type: see {} above.",
            broken.len(),
            first.name
        )?;
    }
    for suspect in result.suspects.iter().take(SUSPECTS) {
        let mut requirements = result.requirements.iter();
        let text = requirements
            .find(|requirement| requirement.id == suspect.requirement)
            .map_or("", |requirement| &requirement.text);
        let id = suspect.requirement.bold();
        writeln!(out, "{:>4}  {id}  {text}", suspect.failed)?;
        if let Some(like) = &suspect.like {
            writeln!(out, "      It fails what a flaw of ours fails, {like}")?;
        }
    }
    Ok(())
}

fn failure(
    out: &mut dyn Write,
    failure: &FailureResult,
    again: &Arguments,
    columns: Option<usize>,
) -> io::Result<()> {
    let FailureResult { name, comment, .. } = failure;
    writeln!(out, "{} {}", "FAILED".red().bold(), name.bold())?;
    writeln!(out, "  {comment}")?;
    for clause in &failure.requirements {
        writeln!(out, "  {}  {}", clause.id.bold(), clause.text)?;
    }
    match (failure.step, failure.kind) {
        (Some(step), Kind::Vector) => {
            line(out, "asked", &format!("step {step}: {}", failure.asked))?;
        }
        (Some(step), Kind::Scenario) => {
            line(out, "at", &format!("line {step}: {}", failure.asked))?;
        }
        (None, _) => line(out, "asked", &failure.asked)?,
    }
    for (name, value) in failure.inputs.as_object().into_iter().flatten() {
        line(out, &format!("  {name}"), &shown(value))?;
    }
    for difference in &failure.differences {
        if let Some(field) = &difference.field {
            line(out, "answered", field)?;
        }
        both(out, failure.cause, difference, columns)?;
    }
    if failure.kind == Kind::Vector {
        line(out, "in full", &again.in_full(name))?;
    }
    line(out, "alone", &again.alone(name))
}

/// What was expected and what came.
fn both(
    out: &mut dyn Write,
    cause: Cause,
    difference: &Difference,
    columns: Option<usize>,
) -> io::Result<()> {
    // Below the first line stands what an adapter last wrote on its standard error: the end of it tells most.
    let (first, rest) = difference.got.split_once('\n').unzip();
    let (expected, got) = (&difference.expected, first.unwrap_or(&difference.got));
    let room = columns.map(|columns| columns.saturating_sub(BEFORE));
    let marked = marks::is_alike(cause)
        .then(|| sides::marked(expected, got, LONG, room))
        .flatten();
    if let Some(sides) = marked {
        for (name, lines) in ["expected", "got"].into_iter().zip(sides) {
            let names = std::iter::once(name).chain(std::iter::repeat(""));
            for (name, line) in names.zip(lines) {
                writeln!(out, "    {name:<20} {line}")?;
            }
        }
    } else {
        let [expected, got] = match cause {
            Cause::NoAnswer | Cause::TimedOut => {
                [shortened(expected, LONG), shortened(got, NO_ANSWER)].map(Cow::into_owned)
            }
            _ => sides::excerpts(expected, got, LONG),
        };
        line(out, "expected", &expected)?;
        line(out, "got", &got)?;
    }
    rest.map_or(Ok(()), |rest| line(out, "", rest))
}

/// Failures that are as the one before.
fn same(out: &mut dyn Write, others: &[&FailureResult]) -> io::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    line(out, "the same", &format!("{} more", others.len()))?;
    for failure in others.iter().take(NAMED) {
        writeln!(out, "      {}  {}", failure.name, failure.comment)?;
    }
    if others.len() > NAMED {
        let rest = others.len() - NAMED;
        writeln!(out, "      and {rest} more: `--format json` names all")?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "    {name:<20} {}", block(value, &" ".repeat(BEFORE)))
}

/// A parameter on one line: a string without quotes, long strings shortened.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text, LONG).into_owned(),
        _ => within(value).to_string(),
    }
}

/// The same value, in which long strings are shortened.
pub(super) fn within(value: &Value) -> Value {
    match value {
        Value::String(text) => shortened(text, LONG).into_owned().into(),
        Value::Array(items) => items.iter().map(within).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), within(value)))
            .collect(),
        _ => value.clone(),
    }
}

/// The broken files, and the verdict.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn verdict(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    let result = &harmless(result);
    writeln!(out)?;
    for error in &result.errors {
        writeln!(out, "{} {error}", "error:".red().bold())?;
    }
    for fault in &result.faults {
        writeln!(out, "{} {fault}", "FAULT".red().bold())?;
    }
    if let Some(ending) = result.ended {
        writeln!(out, "{}", ending.words().yellow())?;
    }
    let (vectors, scenarios) = (result.vectors, result.scenarios);
    let counts = result.counts();
    let subject = &result.subject;
    let name = format!("{} {}", subject.name, subject.version);
    let parts: Vec<&str> = result
        .suite
        .iter()
        .chain(result.named())
        .map(String::as_str)
        .collect();
    let of_what = if parts.is_empty() {
        String::new()
    } else {
        format!(" in {}", parts.join(", "))
    };
    let words = result.words();
    let verdict = match result.verdict {
        Verdict::Conforms => words.green().to_string(),
        Verdict::ConformsInPart => words.yellow().to_string(),
        Verdict::NothingImplemented | Verdict::DoesNotConform | Verdict::None => {
            words.red().to_string()
        }
    };
    let known = match result.failures.iter().filter(|f| f.known.is_some()).count() {
        0 => String::new(),
        known => format!(" ({known} of them known)"),
    };
    writeln!(
        out,
        "{name} {verdict}{of_what}: {}, {}, {}{known}",
        number(vectors.total(), "vector"),
        number(scenarios.total(), "scenario"),
        tally(counts).trim_start()
    )?;
    if let Some(extent) = result.extent() {
        let passed = counts.passed;
        let ci = "in CI, `--fail-on-skipped` asks for all";
        writeln!(
            out,
            "{extent}; {ci}, `--min-passed {passed}` for no less than now"
        )?;
    }
    Ok(())
}
