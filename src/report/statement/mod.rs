//! The conformance statement as people and programs read it.

use super::harmless::harmless;
use super::{json, page};
use crate::conformance::printable;
use crate::conformance::result::{TestResult, Verdict};
use crate::conformance::statement::{Standing, Statement};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::json;

/// As JSON: two spaces, a line feed at the end. What a terminal would obey is escaped.
#[must_use]
pub fn json(result: &TestResult) -> String {
    match serde_json::to_string_pretty(&Statement::of(result)) {
        Ok(text) => format!("{}\n", printable::json(&text)),
        Err(_) => unreachable!("a statement has texts and numbers alone"),
    }
}

/// The JSON Schema of [`json()`].
#[must_use]
pub fn schema() -> String {
    json::schema_of::<Statement>()
}

/// As a page that is read in a minute, on a screen or on paper.
#[must_use]
pub fn page(result: &TestResult) -> String {
    let result = &harmless(result);
    let statement = Statement::of(result);
    let outcome = match result.verdict {
        Verdict::Conforms if statement.scope.is_whole => "passed",
        Verdict::Conforms | Verdict::ConformsInPart => "partial",
        Verdict::NothingImplemented | Verdict::DoesNotConform | Verdict::None => "failed",
    };
    let counts: Vec<_> = Standing::ALL
        .into_iter()
        .map(|standing| {
            let all = statement.standing(standing);
            let ids: Vec<_> = all.map(|it| it.id.as_str()).collect();
            // Whoever reads wants to know what is amiss.
            let is_listed = ![Standing::Passed, Standing::NotRun].contains(&standing);
            json!({
                "words": standing.words(), "mark": mark(standing), "count": ids.len(),
                "ids": Some(ids).filter(|_| is_listed),
            })
        })
        .filter(|it| it["count"] != 0)
        .collect();
    let sections: Vec<_> = result
        .sections
        .iter()
        .map(|section| {
            let all = statement.requirements.iter();
            let of_section = all.filter(|it| it.section == section.section);
            let rows: Vec<_> = of_section
                .map(|it| {
                    json!({
                        "is": it, "mark": mark(it.standing), "words": it.standing.words(),
                        "total": it.counts.total(),
                        "more": u64::from(it.counts.failed).saturating_sub((it.failed.len() + it.known.len()) as u64),
                    })
                })
                .collect();
            json!({ "number": section.section, "title": section.title, "rows": rows })
        })
        .collect();
    let content = context! {
        outcome,
        counts => Value::from(Serde(counts)),
        sections => Value::from(Serde(sections)),
        ..Value::from(Serde(&statement))
    };
    page::render(include_str!("statement.html"), content)
}

/// The class whose sign and colour it has.
fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "passed",
        Standing::Partial => "partial",
        Standing::Failed | Standing::KnownToFail => "failed",
        Standing::Skipped => "skipped",
        Standing::NotClaimed => "not-claimed",
        Standing::NotRun => "untested",
    }
}
