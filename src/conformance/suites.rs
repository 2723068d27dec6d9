//! Suites by the names that files and arguments give them.

use super::hint::Hint;
use crate::suite::{self, SuiteRef};
use std::fmt;

/// A name that no suite of this build has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSuite(String);

impl fmt::Display for UnknownSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = Hint::nearest(&self.0, names());
        let known: Vec<_> = names().collect();
        let end = if hint.is_empty() { "." } else { "" };
        let known = known.join(", ");
        write!(
            f,
            "no suite is called `{}`{hint}{end} This build speaks {known}",
            self.0
        )
    }
}

impl std::error::Error for UnknownSuite {}

/// What the suites of this build are called, the reference suite first.
pub fn names() -> impl Iterator<Item = &'static str> {
    suite::ALL.iter().map(|suite| suite.name())
}

/// The suite of that name.
///
/// # Errors
/// Where this build speaks none of that name: which it speaks.
pub fn find(name: &str) -> Result<SuiteRef, UnknownSuite> {
    suite::by_name(name).ok_or_else(|| UnknownSuite(name.to_owned()))
}
