//! Whether a bundle is still what it was, and agrees with itself.

use super::agreement::agree;
use super::bundle::digest;
use super::contents::{Pages, Versions};
use super::manifest::Manifest;
use crate::conformance::FileError;
use crate::conformance::files;
use crate::system;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// So many bytes the files of a bundle have at most, in all: 8 GiB. A trace of everything has a hundredth.
pub const MOST_BYTES: u64 = 8 << 30;
/// So many files and folders are looked at.
const MOST_ENTRIES: usize = 2 * super::MOST_FILES;
/// So many folders lie in each other at most.
const DEPTH: usize = 20;

/// What was found.
#[derive(Debug, Default)]
pub struct Verification {
    /// So many files are listed.
    pub files: usize,
    /// So many bytes they have.
    pub bytes: u64,
    /// What is other than it was or than it should be, by file.
    pub findings: Vec<FileError>,
    /// So many transcripts were played again; none where another build made them.
    pub replayed: Option<usize>,
    /// So many vector files are those of this program, and so many are not.
    pub vectors: (usize, usize),
    /// What made the bundle, where it can be read.
    pub versions: Option<Versions>,
}

/// What lies in a folder.
enum Entry {
    /// A regular file of so many bytes.
    File(u64),
    /// What it is else.
    Other(&'static str),
}

/// Looks at a bundle: every file first; where all are as they were, whether they agree with each other. `pages` are made of the result again.
///
/// # Errors
/// Where there is no list of files, or no such list, or more lies there than is looked at.
pub fn verify(folder: &Path, pages: Pages) -> Result<Verification, FileError> {
    let path = folder.join(Manifest::NAME);
    let text = files::read(&path, Manifest::MOST_BYTES)?;
    let manifest = Manifest::from_lines(&path.display().to_string(), &text)?;
    let mut there = BTreeMap::new();
    let mut left = MOST_ENTRIES;
    walk(folder, "", DEPTH, &mut left, &mut there)?;
    let list = there.remove(Manifest::NAME);
    let sizes = there.values().map(|entry| match entry {
        Entry::File(size) => *size,
        Entry::Other(_) => 0,
    });
    let bytes = sizes.fold(0, u64::saturating_add);
    if bytes > MOST_BYTES {
        let reason = format!(
            "its files have more than {MOST_BYTES} bytes, which is the most that is looked at"
        );
        return Err(FileError::of(folder.display().to_string(), reason));
    }
    let mut verification = Verification {
        files: manifest.iter().count(),
        bytes,
        ..Verification::default()
    };
    if let Some(Entry::Other(what)) = list {
        let what = format!("is {what}, and no regular file");
        verification
            .findings
            .push(FileError::of(Manifest::NAME, what));
    }
    for (name, recorded) in manifest.iter() {
        let finding = match there.remove(name) {
            None => Some("is missing".to_owned()),
            Some(Entry::Other(what)) => Some(format!("is {what}, and no regular file")),
            // What grows meanwhile is not read on and on.
            Some(Entry::File(size)) => match system::open(&folder.join(name))
                .and_then(|file| digest(file.take(size.saturating_add(1))))
            {
                Ok(now) if now == recorded => None,
                Ok(now) => Some(format!(
                    "was changed: its digest was {recorded}, and is {now}"
                )),
                Err(error) => Some(format!("cannot be read: {error}")),
            },
        };
        let finding = finding.map(|what| FileError::of(name, what));
        verification.findings.extend(finding);
    }
    let added = there.into_iter().filter_map(|(name, entry)| match entry {
        // A folder is nothing by itself.
        Entry::Other("a folder") => None,
        Entry::Other(what) => Some((name, format!("is {what}, and is not in the list"))),
        Entry::File(_) => Some((name, "is not in the list".to_owned())),
    });
    let added = added.map(|(name, what)| FileError::of(name, what));
    verification.findings.extend(added);
    if verification.findings.is_empty() {
        agree(folder, &manifest, pages, &mut verification);
    }
    Ok(verification)
}

/// Enters what lies in a folder by its name from the bundle's on. No link is followed.
fn walk(
    folder: &Path,
    name: &str,
    depth: usize,
    left: &mut usize,
    there: &mut BTreeMap<String, Entry>,
) -> Result<(), FileError> {
    let unreadable = |error: io::Error| FileError::unreadable(folder, &error);
    let beyond = |what: String| FileError::of(folder.display().to_string(), what);
    let depth = depth.checked_sub(1).ok_or_else(|| {
        beyond(format!(
            "lies in more than {DEPTH} folders, as nothing of a bundle does"
        ))
    })?;
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        *left = left.checked_sub(1).ok_or_else(|| {
            beyond(format!(
                "there are more than {MOST_ENTRIES} files and folders up to here"
            ))
        })?;
        let about = fs::symlink_metadata(entry.path()).map_err(unreadable)?;
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if name.is_empty() {
            own
        } else {
            format!("{name}/{own}")
        };
        let kind = about.file_type();
        let entered = if kind.is_file() {
            Entry::File(about.len())
        } else if kind.is_symlink() {
            Entry::Other("a link")
        } else if kind.is_dir() {
            walk(&entry.path(), &name, depth, left, there)?;
            Entry::Other("a folder")
        } else {
            Entry::Other(system::special(kind).unwrap_or("something else"))
        };
        there.insert(name, entered);
    }
    Ok(())
}
