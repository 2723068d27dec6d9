//! What has changed between two results, for people, for programs and for a pull request.

use super::interop::markdown::escaped;
use super::json::schema_of;
use crate::conformance::comparison::{CaseChange, Comparison, Side};
use crate::conformance::printable::{self, Printable};
use crate::conformance::result::{CaseOutcome, Verdict};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Of more changes the first so many are named in Markdown, where a comment has a bound.
const NAMED: usize = 200;

/// Writes it as JSON (`docs/result.md`).
///
/// # Errors
/// Where `out` cannot be written to.
pub fn json(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    let text = serde_json::to_string_pretty(comparison)?;
    writeln!(out, "{}", printable::json(&text))
}

/// The JSON Schema of it.
#[must_use]
pub fn schema() -> String {
    schema_of::<Comparison>()
}

/// Writes it for people.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn pretty(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    for line in lines(comparison, usize::MAX) {
        match line {
            Line::Heading(text) => writeln!(out, "\n{}", Printable(text))?,
            Line::Item(text) => writeln!(out, "  {}", Printable(text))?,
            Line::Plain(text) => writeln!(out, "{}", Printable(text))?,
        }
    }
    Ok(())
}

/// It as Markdown.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let mut page = String::new();
    for line in lines(comparison, NAMED) {
        // A `String` takes whatever is written to it.
        let _ = match line {
            Line::Heading(text) => writeln!(page, "\n**{}**\n", markdown_of(&text)),
            Line::Item(text) => writeln!(page, "* {}", markdown_of(&text)),
            Line::Plain(text) => writeln!(page, "{}  ", markdown_of(&text)),
        };
    }
    page
}

fn markdown_of(text: &str) -> String {
    escaped(&Printable(text).to_string())
}

enum Line {
    Plain(String),
    Heading(String),
    Item(String),
}

/// What is said, line by line; of a list `most` items.
fn lines(comparison: &Comparison, most: usize) -> Vec<Line> {
    let mut lines = vec![
        Line::Plain(format!("before: {}", side(&comparison.before))),
        Line::Plain(format!("after: {}", side(&comparison.after))),
    ];
    let mut list = |heading: &str, items: Vec<String>| {
        if items.is_empty() {
            return;
        }
        let count = items.len();
        lines.push(Line::Heading(format!("{heading} ({count})")));
        lines.extend(items.into_iter().take(most).map(Line::Item));
        if count > most {
            let rest = count - most;
            lines.push(Line::Item(format!(
                "and {rest} more: `--format json` names all"
            )));
        }
    };
    list("what was run differs", comparison.differs.clone());
    list("new faults", comparison.new_faults.clone());
    for (heading, is_meant) in KINDS {
        let cases = comparison.cases.iter().filter(|case| is_meant(case));
        list(heading, cases.map(case).collect());
    }
    let requirements = comparison.requirements.iter().map(|it| {
        let (before, after) = (it.before.name(), it.after.name());
        format!("{} {before}, now {after}: {}", it.id, it.text)
    });
    list("requirements", requirements.collect());
    list("look first at, now", comparison.new_suspects.clone());
    list("and no more at", comparison.former_suspects.clone());
    let slower = comparison.slower.iter().map(|it| {
        let (before, after) = (it.before.as_millis(), it.after.as_millis());
        format!("{}: {before} ms, now {after} ms", it.name)
    });
    list("takes far longer", slower.collect());
    lines.push(Line::Heading(
        match (comparison.worse, comparison.is_empty()) {
            (true, _) => "something is worse",
            (false, true) => "nothing has changed",
            (false, false) => "nothing is worse",
        }
        .to_owned(),
    ));
    lines
}

type Kind = (&'static str, fn(&CaseChange) -> bool);

/// Each change is of one kind.
const KINDS: [Kind; 7] = [
    ("fails now", |it| {
        it.is(CaseOutcome::Failed) && it.before.is_some() && !it.failed()
    }),
    ("fails otherwise", |it| {
        it.is(CaseOutcome::Failed) && it.failed()
    }),
    ("new, and fails", |it| {
        it.is(CaseOutcome::Failed) && it.before.is_none()
    }),
    ("passes now", |it| {
        it.is(CaseOutcome::Passed) && it.before.is_some()
    }),
    ("not judged now", |it| {
        it.is_unjudged() && it.before.is_some()
    }),
    ("new", |it| {
        it.before.is_none() && !it.is(CaseOutcome::Failed)
    }),
    ("gone", |it| it.after.is_none()),
];

impl CaseChange {
    fn is(&self, outcome: CaseOutcome) -> bool {
        self.after == Some(outcome)
    }

    fn is_unjudged(&self) -> bool {
        self.is(CaseOutcome::Skipped) || self.is(CaseOutcome::NotClaimed)
    }

    fn failed(&self) -> bool {
        self.before == Some(CaseOutcome::Failed)
    }
}

fn case(change: &CaseChange) -> String {
    let why = change.why.as_ref();
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    format!("{}{why}", change.name)
}

fn side(side: &Side) -> String {
    let verdict = match side.verdict {
        Verdict::Conforms => "conforms",
        Verdict::ConformsInPart => "fails nothing that it implements",
        Verdict::NothingImplemented => "has nothing implemented",
        Verdict::DoesNotConform => "does not conform",
        Verdict::None => "no verdict",
    };
    let date = side.date.as_ref();
    let date = date.map_or_else(String::new, |date| format!(", {date}"));
    let counts = side.counts;
    format!(
        "{}: {verdict}, {} passed, {} failed, {} skipped{date}",
        side.subject, counts.passed, counts.failed, counts.skipped
    )
}
