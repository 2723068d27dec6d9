//! Files that are written whole or not at all.

use super::CliError;
use super::run::fault;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file whole, or leaves what was there. A link stays, and what it leads to is replaced; a device or a pipe, which
/// cannot be replaced, is written to.
pub(super) fn write(file: &Path, content: &[u8]) -> Result<(), CliError> {
    replace(file, content).map_err(|error| fault(file, &error))
}

fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let at = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let before = fs::metadata(&at).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return fs::write(&at, content);
    }
    // In the same folder, since nothing is renamed from one disk to another. Its name is short, so that any name goes that the system takes.
    let new = at.with_file_name(format!(".tigress-{}.new", std::process::id()));
    let mut to = File::create_new(&new)?;
    let written = to
        .write_all(content)
        .and_then(|()| to.sync_all())
        .and_then(|()| {
            before.map_or(Ok(()), |before| {
                fs::set_permissions(&new, before.permissions())
            })
        })
        .and_then(|()| fs::rename(&new, &at));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
