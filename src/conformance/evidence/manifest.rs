//! The list of a bundle's files with their digests.

use crate::conformance::FileError;
use crate::hex;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// So many files a bundle has at most, the list apart.
pub const MOST_FILES: usize = 20_000;
/// So many bytes the name of a file has at most.
pub const LONGEST_NAME: usize = 200;

/// The files of a bundle, by name: each with its SHA-256 in lower-case hex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    digests: BTreeMap<String, String>,
    /// The names in small letters.
    folded: BTreeSet<String>,
}

impl Manifest {
    /// What the list is called.
    pub const NAME: &'static str = "SHA256SUMS";
    /// So many bytes it has at most: a line of each file.
    pub const MOST_BYTES: u64 = (MOST_FILES * (64 + 2 + LONGEST_NAME + 1)) as u64;

    /// Adds a file.
    ///
    /// # Errors
    /// For a name that is none (it is of letters, digits, `.`, `_`, `-`, `%` and `/`, 200 bytes at most), one that is there already, in small or capital letters, and the file that is one too many.
    pub fn add(&mut self, name: &str, digest: String) -> Result<(), String> {
        check_name(name)?;
        if self.digests.len() == MOST_FILES {
            return Err(format!("there are more than {MOST_FILES} files"));
        }
        if !self.folded.insert(name.to_ascii_lowercase()) {
            return Err(format!(
                "`{name}` is there twice, or differs from another in capital letters alone"
            ));
        }
        self.digests.insert(name.to_owned(), digest);
        Ok(())
    }

    /// The digest of that file.
    #[must_use]
    pub fn digest(&self, name: &str) -> Option<&str> {
        self.digests.get(name).map(String::as_str)
    }

    /// Names and digests, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.digests
            .iter()
            .map(|(name, digest)| (name.as_str(), digest.as_str()))
    }

    /// The list as `sha256sum --check` reads it: a line of each file, its digest and its name, by name.
    #[must_use]
    pub fn to_lines(&self) -> String {
        self.iter()
            .fold(String::new(), |mut lines, (name, digest)| {
                let _ = writeln!(lines, "{digest}  {name}");
                lines
            })
    }

    /// Reads such a list, which `file` is called.
    ///
    /// # Errors
    /// The first line that is of another form, or names what no bundle has: a place outside of it, the list itself, a file twice, two files that are
    /// one where capital letters do not count.
    pub fn from_lines(file: &str, text: &str) -> Result<Self, FileError> {
        let mut manifest = Manifest::default();
        if !text.is_empty() && !text.ends_with('\n') {
            let last = text.lines().count();
            return Err(FileError::at(file, last, "the line does not end"));
        }
        for (number, line) in text.split_terminator('\n').enumerate() {
            let wrong = |reason: &str| FileError::at(file, number + 1, reason);
            let parts = line.split_at_checked(64);
            let parts = parts.and_then(|(digest, rest)| Some((digest, rest.strip_prefix("  ")?)));
            let Some((digest, name)) = parts.filter(|(digest, _)| hex::decode(digest).is_some())
            else {
                let form = "a line is 64 digits of lower-case hex, two spaces and a name";
                return Err(wrong(form));
            };
            if name == Self::NAME {
                return Err(wrong("the list does not list itself"));
            }
            let added = manifest.add(name, digest.to_owned());
            added.map_err(|reason| wrong(&reason))?;
        }
        Ok(manifest)
    }
}

/// Holds a name to what the file systems of all makers take: parts between `/` of letters, digits, `.`, `_`, `-` and `%`, none of them `.` or `..`, at
/// most 200 bytes in all.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(format!("a name has 1 to {LONGEST_NAME} bytes"));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte);
    let is_part = |part: &str| !["", ".", ".."].contains(&part) && part.bytes().all(is_plain);
    if name.split('/').all(is_part) {
        Ok(())
    } else {
        Err("a name is of letters, digits, `.`, `_`, `-`, `%` and `/`, and leads to no place outside".to_owned())
    }
}

/// A name that [`check_name`] takes, made of any other: what it would not take is written as `%` and two digits of hex. Two names never become one.
pub(super) fn plain_name(name: &str) -> String {
    let plain = |part: &str| {
        let keeps_dots = !part.bytes().all(|byte| byte == b'.');
        part.bytes().fold(String::new(), |mut plain, byte| {
            let is_kept =
                byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || byte == b'.' && keeps_dots;
            if is_kept {
                plain.push(char::from(byte));
            } else {
                let _ = write!(plain, "%{byte:02X}");
            }
            plain
        })
    };
    let parts = name.split('/').map(|part| match part {
        // The first of an absolute path, and between `//`.
        "" => "%".to_owned(),
        part => plain(part),
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::files::digest as digest_of;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Manifest, FileError> {
        Manifest::from_lines("x", text)
    }

    proptest! {
        #[test]
        fn a_list_is_read_as_it_was_written(names in proptest::collection::btree_set("[a-z0-9._%-]{1,20}(/[a-z0-9_-]{1,20}){0,3}", 0..20)) {
            let mut manifest = Manifest::default();
            for name in names.iter().filter(|name| check_name(name).is_ok()) {
                manifest.add(name, digest_of(name.as_bytes())).expect("a name");
            }
            prop_assert_eq!(read(&manifest.to_lines()), Ok(manifest));
        }

        #[test]
        fn any_name_becomes_one_that_is_taken_and_no_two_become_one(one in "\\PC{1,12}", other in "\\PC{1,12}") {
            let (a, b) = (plain_name(&one), plain_name(&other));
            prop_assert_eq!(check_name(&a), Ok(()), "{} of {}", a, one);
            prop_assert_eq!(a == b, one == other);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "([0-9a-f]{60,66})? ? ?[a./\\\\]{0,9}\n?") {
            let _ = read(&text);
        }
    }

    #[test]
    fn what_no_bundle_has_is_refused_with_its_line() {
        let digest = digest_of(b"");
        assert!(read(&format!("{digest}  a\n")).is_ok());
        let long = "a".repeat(LONGEST_NAME);
        assert!(read(&format!("{digest}  {long}\n")).is_ok(), "200 bytes");
        for line in [
            format!("{digest}  ../a\n"),
            format!("{digest}  /a\n"),
            format!("{digest}  a//b\n"),
            format!("{digest}  a/.\n"),
            format!("{digest}  a\\b\n"),
            format!("{digest}  a b\n"),
            format!("{digest}  a\r\n"),
            format!("{digest}  \u{1b}[2J\n"),
            format!("{digest}  {long}a\n"),
            format!("{digest}  \n"),
            format!("{digest}  SHA256SUMS\n"),
            format!("{digest} *a\n"),
            format!("{digest}  a"),
            format!("{}  a\n", digest.to_uppercase()),
            format!("{}  a\n", &digest[1..]),
            format!("{digest}  b\n{digest}  b\n"),
            format!("{digest}  b\n{digest}  B\n"),
            "\n".to_owned(),
        ] {
            let whole = format!("{digest}  first\n{line}");
            let error = read(&whole).expect_err(&line);
            assert!(error.line >= Some(2), "{line}");
        }
    }

    #[test]
    fn as_many_files_as_may_be_are_read_and_no_more() {
        let digest = digest_of(b"");
        let of = |count: usize| {
            let lines = (0..count).map(|number| format!("{digest}  {number}\n"));
            lines.collect::<String>()
        };
        assert!(read(&of(MOST_FILES)).is_ok());
        let error = read(&of(MOST_FILES + 1)).expect_err("one too many");
        assert_eq!(error.line, Some(MOST_FILES + 1));
    }
}
