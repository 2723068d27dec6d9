//! A bundle as it is made.

use super::manifest::Manifest;
use crate::conformance::{FileError, files};
use crate::hex;
use crate::system;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A bundle under way. It is made beside the place where it will be, and goes again unless it is finished.
#[derive(Debug)]
pub struct Bundle {
    /// Where it will be.
    place: PathBuf,
    /// Where it is made.
    folder: PathBuf,
    manifest: Manifest,
    is_finished: bool,
}

impl Bundle {
    /// Begins one that will be at `place`: nothing, or an empty folder, is there.
    ///
    /// # Errors
    /// Where something is there, or nothing can be made beside it.
    pub fn begin(place: &Path) -> Result<Self, FileError> {
        let wrong = |reason: String| FileError::of(place.display().to_string(), reason);
        let is_free = match fs::read_dir(place) {
            // In place of a link no folder can be put.
            Ok(mut entries) => entries.next().is_none() && !place.is_symlink(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !is_free {
            return Err(wrong(
                "something is there already; name a folder that is new or empty".to_owned(),
            ));
        }
        let Some(name) = place.file_name() else {
            return Err(wrong("names no new folder".to_owned()));
        };
        let folder = place.with_file_name(format!("{}.unfinished", name.to_string_lossy()));
        fs::create_dir(&folder).map_err(|error| {
            let beside = folder.display();
            wrong(format!(
                "cannot be made: {beside}: {error}; where it is left of a run that was ended, remove it"
            ))
        })?;
        Ok(Bundle {
            place: place.to_owned(),
            folder,
            manifest: Manifest::default(),
            is_finished: false,
        })
    }

    /// Where a file of that name is until the bundle is finished.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Adds a file.
    ///
    /// # Errors
    /// Where it has no name for a bundle, or cannot be written.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), FileError> {
        self.enter(name, files::digest(content))?;
        let path = self.path(name);
        let write = || -> io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = File::create_new(&path)?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().map_err(|error| unwritable(name, &error))
    }

    /// Adds a file that somebody else has written where [`Bundle::path`] says.
    ///
    /// # Errors
    /// Where it has no name for a bundle, or cannot be read.
    pub fn add_written(&mut self, name: &str) -> Result<(), FileError> {
        let path = self.path(name);
        let digest = File::open(&path).and_then(|file| {
            file.sync_all()?;
            digest(file)
        });
        let digest = digest.map_err(|error| FileError::unreadable(&path, &error))?;
        self.enter(name, digest)
    }

    fn enter(&mut self, name: &str, digest: String) -> Result<(), FileError> {
        let entered = self.manifest.add(name, digest);
        entered.map_err(|reason| FileError::of(name, reason))
    }

    /// So many files are in it by now.
    #[must_use]
    pub fn files(&self) -> usize {
        self.manifest.iter().count()
    }

    /// Writes the list, and gives the bundle its name.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub fn finish(mut self) -> Result<(), FileError> {
        let lines = self.manifest.to_lines();
        let write = || -> io::Result<()> {
            let mut file = File::create_new(self.path(Manifest::NAME))?;
            file.write_all(lines.as_bytes())?;
            file.sync_all()?;
            fs::rename(&self.folder, &self.place)?;
            system::keep_name(&self.place)
        };
        write().map_err(|error| unwritable(&self.place.display().to_string(), &error))?;
        self.is_finished = true;
        Ok(())
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        if !self.is_finished {
            // Nobody can be told any more: `begin` says what to do where it stays.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn unwritable(name: &str, error: &io::Error) -> FileError {
    FileError::of(name, format!("cannot be written: {error}"))
}

/// The SHA-256 of a file's bytes from here on, in lower-case hex. It takes 64 KiB of memory.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn digest(mut file: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut some = vec![0; 64 << 10];
    loop {
        match file.read(&mut some) {
            Ok(0) => return Ok(hex::encode(&hash.finalize())),
            Ok(read) => hash.update(&some[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
