//! A result whose every text may be shown.

use crate::conformance::interop::matrix::Matrix;
use crate::conformance::printable::{Printable, block};
use crate::conformance::result::TestResult;
use serde_json::Value;

/// What may have several lines: an answer's difference, the end of an adapter's standard error.
const BLOCKS: [&str; 2] = ["expected", "got"];

/// The same result; what adapters, vectors and scripts say in it is [`Printable`]. Of the lines of a block each is.
///
/// It goes by what the result is as JSON, so that no text of it is forgotten. The transcripts, which are no part of
/// that, are drawn by who knows what to do with them.
pub(super) fn harmless(result: &TestResult) -> TestResult {
    result.through_json(|value| of(value, false))
}

/// The same matrix, likewise.
pub(super) fn matrix(matrix: &Matrix) -> Matrix {
    let shown = serde_json::to_value(matrix)
        .map(|value| of(value, false))
        .and_then(serde_json::from_value::<Matrix>);
    let Ok(shown) = shown else {
        unreachable!("a matrix is read as it is written, and its numbers and words are harmless")
    };
    shown
}

fn of(value: Value, is_block: bool) -> Value {
    match value {
        Value::String(text) if is_block => block(&text, "").into(),
        Value::String(text) => Printable(text).to_string().into(),
        Value::Array(items) => items.into_iter().map(|item| of(item, is_block)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_block = BLOCKS.contains(&name.as_str());
                (Printable(name).to_string(), of(value, is_block))
            })
            .collect(),
        other => other,
    }
}
