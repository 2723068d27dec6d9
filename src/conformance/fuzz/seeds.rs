//! Lists of what was drawn before: a name a line, and what must come of it.

use super::corpus::Corpus;
use super::draw::{Name, draw};
use super::drawn::Drawn;
use super::form;
use crate::conformance::FileError;
use crate::hex;
use crate::suite::SuiteRef;
use sha2::{Digest, Sha256};

/// So many bytes a list has at most: 1 MiB.
pub const MOST_BYTES: u64 = 1 << 20;
/// So many bytes of SHA-256 stand for what must come of it.
const DIGEST: usize = 8;

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which draw.
    pub name: Name,
    /// The beginning of the SHA-256 of the vector that it is, in hex; none where nobody wrote it down.
    pub digest: Option<String>,
}

/// Reads a list: `SEED/AREA/NUMBER` and, where it was written down, a digest. What stands behind `#` is for people.
///
/// # Errors
/// The first line that is none.
pub fn read(file: &str, text: &str) -> Result<Vec<Listed>, FileError> {
    let mut listed = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(name) = words.next() else { continue };
        let name = name
            .parse()
            .map_err(|reason: String| FileError::at(file, number, reason))?;
        listed.push(Listed {
            name,
            digest: words.next().map(ToOwned::to_owned),
        });
    }
    Ok(listed)
}

/// The digest of what comes of a name: questions and answers, byte for byte; none where it is no vector.
#[must_use]
pub fn digest(corpus: &Corpus, suite: SuiteRef, name: &Name) -> Option<String> {
    let Drawn::Questions(sketch) = draw(corpus, suite, name)? else {
        return None;
    };
    let settled = sketch.settle("drawn", "")?;
    let file = form::file(&settled.vector)?;
    let text = serde_json::to_string(&file.test_groups).ok()?;
    let hash = Sha256::digest(text);
    Some(hex::encode(&hash[..DIGEST]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_line_by_line() {
        let text = "# drawn\n1/devices/3 00ff\n\n1/calls/7 # no digest\n";
        let listed = read("list", text).expect("it is one");
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].digest.as_deref(), Some("00ff"));
        assert_eq!(listed[1].digest, None);
        let error = read("list", "1/devices/3\nnothing").expect_err("line 2");
        assert_eq!(error.line, Some(2));
    }
}
