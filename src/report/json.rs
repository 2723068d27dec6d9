//! The result as JSON (`docs/result.md`).

use crate::conformance::printable;
use crate::conformance::result::TestResult;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use std::io::{self, Write};

/// Writes the result: two spaces, a line feed at the end. What a terminal would obey is escaped, as JSON may.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    out.write_all(text(result).as_bytes())
}

/// The same as a text.
#[must_use]
pub fn text(result: &TestResult) -> String {
    let Ok(text) = serde_json::to_string_pretty(result) else {
        unreachable!("every map of a result has keys that JSON can write")
    };
    printable::json(&text) + "\n"
}

/// The JSON Schema of the result.
#[must_use]
pub fn schema() -> String {
    schema_of::<TestResult>()
}

/// The JSON Schema of a type, as it is checked in.
pub(super) fn schema_of<T: JsonSchema>() -> String {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    format!("{:#}\n", schema.to_value())
}
