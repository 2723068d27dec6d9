//! The files of a folder and its subfolders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Those that are `wanted`, sorted by name in each folder, a subfolder's at its own place.
///
/// A link to a folder is not followed: it may lead back.
pub(super) fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            found.append(&mut files(&path, wanted)?);
        } else if wanted(&path) {
            found.push(path);
        }
    }
    Ok(found)
}
