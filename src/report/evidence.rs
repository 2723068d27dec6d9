//! What evidence holds that is made of a result.

use super::{html, json, statement};
use crate::conformance::result::TestResult;

/// The pages and documents that are kept, by their names.
#[must_use]
pub fn pages(result: &TestResult) -> Vec<(&'static str, String)> {
    vec![
        ("result.json", json::text(result)),
        ("report.html", html::page(result)),
        ("statement.json", statement::json(result)),
        ("statement.html", statement::page(result)),
    ]
}
