//! A list of vectors and scenarios that are known to fail, each with a reason, so that CI may hold on to the rest.

use super::case::Cases;
use super::hint::Hint;
use super::{FileError, files};
use std::collections::BTreeMap;
use std::path::Path;

/// Which vectors and scenarios are known to fail, and why.
///
/// A line each: the name, blanks, the reason. Empty lines, and what follows a `#` at the start of a line, say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFailures {
    reasons: BTreeMap<String, String>,
}

impl KnownFailures {
    /// So many bytes a list has at most: 1 MiB.
    pub const MOST_BYTES: u64 = 1 << 20;

    /// Reads the list.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line names nothing that there is, gives no reason, or names something again.
    pub fn load(file: &Path, cases: &Cases) -> Result<Self, FileError> {
        let text = files::read(file, Self::MOST_BYTES)?;
        Self::parse(&file.display().to_string(), &text, cases)
    }

    fn parse(file: &str, text: &str, cases: &Cases) -> Result<Self, FileError> {
        let names: Vec<String> = cases.iter().map(|case| case.name()).collect();
        let mut reasons = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |reason: String| FileError::at(file, number, reason);
            let Some((name, reason)) = line.split_once(char::is_whitespace) else {
                return Err(wrong(format!(
                    "`{line}` has no reason: a line is NAME REASON"
                )));
            };
            // A broken file hides the names in it, and is an error of the run in any case.
            if cases.errors.is_empty() && !names.iter().any(|known| known == name) {
                let hint = Hint::nearest(name, names.iter().map(String::as_str));
                return Err(wrong(format!(
                    "no vector and no scenario is called `{name}`{hint}"
                )));
            }
            let reason = reason.trim().to_owned();
            if reasons.insert(name.to_owned(), reason).is_some() {
                return Err(wrong(format!("`{name}` is listed twice")));
            }
        }
        Ok(KnownFailures { reasons })
    }

    /// Why that is known to fail, if it is.
    #[must_use]
    pub fn reason(&self, name: &str) -> Option<&str> {
        self.reasons.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KnownFailures, String> {
        let cases = Cases::load(None, None);
        KnownFailures::parse("known", text, &cases).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_a_name_and_a_reason() {
        let text = "# mine\n\ntigress-1/kdf/root_step  Library-1, see\ttigress-1/kdf/first_step\n";
        let known = parse(text).expect("a list");
        let reason = "Library-1, see\ttigress-1/kdf/first_step";
        assert_eq!(known.reason("tigress-1/kdf/root_step"), Some(reason));
        assert_eq!(known.reason("tigress-1/kdf/first_step"), None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |text: &str| parse(text).expect_err("refused");
        let name = "tigress-1/kdf/root_step";
        assert!(wrong(name).starts_with(&format!("known:1: `{name}` has no reason")));
        assert!(wrong("\nroot_stop why").contains("known:2: no vector and no scenario is called"));
        let near = wrong("tigress-1/kdf/root_stepp why");
        assert!(near.ends_with(&format!("did you mean `{name}`?")), "{near}");
        assert!(wrong(&format!("{name} a\n{name} b")).contains("listed twice"));
    }
}
