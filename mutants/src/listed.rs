//! The mutations, as `cargo mutants --list --json` has them.

use serde::Deserialize;
use std::collections::HashMap;

/// Line and column, both from 1; a column counts characters.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Position {
    /// The line.
    pub(crate) line: usize,
    /// The character in it.
    pub(crate) column: usize,
}

/// From one position up to another.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Span {
    /// The first character.
    pub(crate) start: Position,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
pub(crate) enum Genre {
    /// A function gives back something plain at once.
    FnValue,
    /// Another operator.
    BinaryOperator,
    /// `!` or `-` is gone.
    UnaryOperator,
    /// An arm of a match is gone.
    MatchArm,
    /// A guard of an arm is always or never true.
    MatchArmGuard,
    /// A field of an expression with a base is gone.
    StructField,
}

/// A mutation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mutation {
    /// The file, from the root of the tree.
    pub(crate) file: String,
    /// Its kind.
    pub(crate) genre: Genre,
    /// What is replaced.
    pub(crate) span: Span,
    /// By what.
    pub(crate) replacement: String,
    /// `FILE:LINE:COLUMN: WHAT`.
    pub(crate) name: String,
    /// What it is called whatever stands above it: `FILE: WHAT`, with `#2` behind the second of that name in the file.
    #[serde(skip)]
    pub(crate) key: String,
}

impl Mutation {
    /// The engine room that it is in.
    #[must_use]
    pub(crate) fn room(&self) -> &str {
        room(&self.file)
    }
}

/// The engine room that a file, or a mutation by its key, is in: a folder of src/, or a file there.
#[must_use]
pub(crate) fn room(file: &str) -> &str {
    let path = file.strip_prefix("src/").unwrap_or(file);
    path.split(['/', ':']).next().unwrap_or(path)
}

/// The mutations of a list, in its order. A mutation's number is its place there, from 1.
///
/// # Errors
/// Where it is no such list.
pub(crate) fn read(json: &str) -> Result<Vec<Mutation>, String> {
    let mut all: Vec<Mutation> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by_key(|&at| (all[at].file.clone(), all[at].span.start, at));
    let mut seen: HashMap<String, usize> = HashMap::new();
    for at in places {
        let mutation = &mut all[at];
        let what = mutation
            .name
            .splitn(4, ':')
            .nth(3)
            .unwrap_or(&mutation.name);
        let key = format!("{}: {}", mutation.file, what.trim());
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        mutation.key = if *count == 1 {
            key
        } else {
            format!("{key} #{count}")
        };
    }
    Ok(all)
}
