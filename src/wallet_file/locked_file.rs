//! A file that one command has at a time, and that is replaced whole.

use super::WalletFileError;
use crate::conformance::{FileError, files};
use crate::system;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The most bytes of a file: far beyond what a wallet comes to.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// So long somebody else's lock is waited for: a program that is just being started from the process that had it has it, too, until it
/// runs.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that this process alone has open. The lock goes with the process, however it ends; its file `FILE.lock` stays.
#[derive(Debug)]
pub(super) struct LockedFile {
    path: PathBuf,
    _lock: File,
}

impl LockedFile {
    /// A file that is there. Links are followed: what they lead to is replaced, and not they.
    pub(super) fn open(path: &Path) -> Result<Self, WalletFileError> {
        let real = path.canonicalize().map_err(|error| {
            let how = match error.kind() {
                ErrorKind::NotFound => "; `tigress wallet init` makes a wallet",
                _ => "",
            };
            wrong(path, format!("cannot be read: {error}{how}"))
        })?;
        Self::lock(real)
    }

    /// A file that is not there yet.
    pub(super) fn create(path: &Path) -> Result<Self, WalletFileError> {
        let nowhere = |why: String| wrong(path, format!("cannot be made: {why}"));
        let name = path.file_name();
        let name = name.ok_or_else(|| nowhere("this is no name of a file".to_owned()))?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = folder
            .canonicalize()
            .map_err(|error| nowhere(error.to_string()))?;
        let file = Self::lock(folder.join(name))?;
        match fs::symlink_metadata(&file.path) {
            Ok(_) => Err(WalletFileError::Exists(path.display().to_string())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(file),
            Err(error) => Err(nowhere(error.to_string()).into()),
        }
    }

    fn lock(path: PathBuf) -> Result<Self, WalletFileError> {
        let beside = beside(&path, "lock");
        let unlocked = |error: io::Error| wrong(&beside, format!("cannot be locked: {error}"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let lock = system::keep_private(&mut options)
            .open(&beside)
            .map_err(unlocked)?;
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(LockedFile { path, _lock: lock }),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(PATIENCE / 50);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(WalletFileError::InUse(path.display().to_string()));
                }
                Err(TryLockError::Error(error)) => return Err(unlocked(error).into()),
            }
        }
    }

    /// Its name, for errors.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What stands in it; it is erased when dropped.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, FileError> {
        files::read(&self.path, MOST_BYTES).map(Zeroizing::new)
    }

    /// Puts that in its place: once this returns it outlasts a crash, and before that the file is what it was. Nobody but its
    /// owner can read it.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        if text.len() as u64 > MOST_BYTES {
            return Err(io::Error::other("it would have more bytes than are read"));
        }
        let new = beside(&self.path, "new");
        match fs::remove_file(&new) {
            // What a crash has left.
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let mut file = system::keep_private(&mut options).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        // The new name, too, must outlast a crash.
        system::keep_name(&self.path)
    }
}

/// A file of the same name with a further ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(ending);
    name.into()
}

fn wrong(path: &Path, reason: String) -> FileError {
    FileError::of(path.display().to_string(), reason)
}
