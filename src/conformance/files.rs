//! Files and folders of others: read to the end of a bound, and no further.

use super::FileError;
use crate::hex;
use crate::system;
use sha2::{Digest, Sha256};
use std::fs::{self, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// So many files and folders are looked at below a folder.
const MOST_ENTRIES: usize = 10_000;

/// The text of a file of at most so many bytes. Links are followed.
///
/// # Errors
/// What is wrong with it: it cannot be opened, it is no regular file (a pipe, a device, a folder), it has more bytes, it is
/// not UTF-8. A pipe that nobody writes to is not waited for, and a file that grows meanwhile is read to the bound.
pub fn read(path: &Path, at_most: u64) -> Result<String, FileError> {
    let wrong = |reason: String| FileError::of(path.display().to_string(), reason);
    let unreadable = |error: io::Error| FileError::unreadable(path, &error);
    let file = system::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        let what = kind(about.file_type());
        return Err(wrong(format!("is {what}, and no regular file")));
    }
    let size = about.len().min(at_most);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    if about.len() <= at_most {
        file.take(at_most + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    if about.len() > at_most || bytes.len() as u64 > at_most {
        return Err(wrong(format!(
            "has more than {at_most} bytes, which is the most that is read of one such file"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        wrong(format!("is not UTF-8 at byte {}", at + 1))
    })
}

/// The SHA-256 of a file's bytes, in lower-case hex: by it a script, a transcript or a vector file is known.
#[must_use]
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(&Sha256::digest(bytes))
}

/// What it is that is no regular file.
fn kind(of: FileType) -> &'static str {
    match system::special(of) {
        Some(special) => special,
        None if of.is_dir() => "a folder",
        None => "something else",
    }
}

/// So many bytes are read of a folder's files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Of each.
    pub(super) each: u64,
    /// Of all together.
    pub(super) all: u64,
}

/// The files that are `wanted` in a folder and its subfolders: their names and texts, by name; one is read when it is asked
/// for. A file that cannot be used is an error beside the others; the first that goes beyond the bound of all is the last.
pub(super) fn read_below(
    folder: &Path,
    wanted: fn(&Path) -> bool,
    most: Most,
) -> impl Iterator<Item = Result<(String, String), FileError>> {
    let (paths, error) = match below(folder, wanted) {
        Ok(paths) => (paths, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let mut left = Some(most.all);
    let texts = paths.into_iter().map_while(move |path| {
        let before = left?;
        let name = path.display().to_string();
        let text = match read(&path, most.each) {
            Ok(text) => text,
            Err(error) => return Some(Err(error)),
        };
        left = before.checked_sub(text.len() as u64);
        Some(if left.is_some() {
            Ok((name, text))
        } else {
            let reason = format!(
                "the files up to this one have more than {} bytes together; name a folder that has less",
                most.all
            );
            Err(FileError::of(name, reason))
        })
    });
    error.into_iter().map(Err).chain(texts)
}

/// The files that are `wanted` in a folder and its subfolders, by name. No link to a folder is followed.
///
/// # Errors
/// Where a folder cannot be read, or there are more than 10,000 files and folders in them.
pub(super) fn below(folder: &Path, wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    find(folder, wanted, &mut { MOST_ENTRIES }, &mut found)?;
    Ok(found)
}

fn find(
    folder: &Path,
    wanted: fn(&Path) -> bool,
    left: &mut usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), FileError> {
    let unreadable = |error: io::Error| FileError::unreadable(folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        *left = left.checked_sub(1).ok_or_else(|| {
            let name = folder.display().to_string();
            FileError::of(
                name,
                format!("there are more than {MOST_ENTRIES} files up to here; name a folder that has fewer"),
            )
        })?;
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        // A link to a folder is not followed: it may lead back here.
        if path.is_dir() && !path.is_symlink() {
            find(&path, wanted, left, found)?;
        } else if wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}
