//! What is wrong with a file.

use super::printable::{Printable, shortened};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::Path;

/// A fault of a file of vectors or scenarios: nothing of the file is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileError {
    /// The file.
    pub file: String,
    /// The line, where it is known, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Where in the file, beyond its line: a vector or a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What is wrong, and how to go on.
    pub reason: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(place) = &self.place {
            write!(f, ": {}", Printable(place))?;
        }
        write!(f, ": {}", Printable(&self.reason))
    }
}

impl std::error::Error for FileError {}

/// Longer reasons quote what is wrong, and are shortened to so many characters; and so are names.
const LONG: usize = 600;

impl FileError {
    /// A fault of a whole file.
    pub(crate) fn of(file: impl Into<String>, reason: impl Into<String>) -> Self {
        let short = |text: String| shortened(&text, LONG).into_owned();
        FileError {
            file: short(file.into()),
            line: None,
            place: None,
            reason: short(reason.into()),
        }
    }

    /// A fault in a line, from 1.
    pub(crate) fn at(file: impl Into<String>, line: usize, reason: impl Into<String>) -> Self {
        FileError {
            line: Some(line),
            ..Self::of(file, reason)
        }
    }

    /// A file or folder that cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::of(
            path.display().to_string(),
            format!("cannot be read: {error}"),
        )
    }
}
