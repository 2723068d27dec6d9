//! The scripts that travel inside the program, and those of a folder.

use super::script::{Scenario, Script};
use crate::conformance::{FileError, files};
use std::borrow::Cow;
use std::fs;
use std::path::Path;

macro_rules! scripts {
    ($($theme:literal),+ $(,)?) => {
        /// Every script of this build: its path and its text.
        pub const SCRIPTS: &[(&str, &str)] = &[$((
            concat!("scenarios/", $theme, "/", $theme, ".feature"),
            include_str!(concat!("../../../scenarios/", $theme, "/", $theme, ".feature")),
        )),+];
    };
}

scripts!(
    "hotel_key",
    "car_key",
    "cancel_and_expiry",
    "devices",
    "network",
    "restart",
    "theft",
    "prekeys",
    "privacy",
    "clock",
    "intermediary",
);

/// Scripts, and what was wrong with those that could not be used.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The scripts, in the order of their files.
    pub scripts: Vec<Script>,
    /// Every fault of every other script.
    pub errors: Vec<FileError>,
}

impl Library {
    /// Reads the scripts that travel inside the program, or those of a folder and its subfolders, or one file.
    #[must_use]
    pub fn load(path: Option<&Path>) -> Self {
        let mut library = Library::default();
        let sources = match path {
            Some(path) => read(path),
            None => SCRIPTS
                .iter()
                .map(|(name, text)| Ok(((*name).to_owned(), Cow::Borrowed(*text))))
                .collect(),
        };
        for source in sources {
            let parsed = source
                .map_err(|error| vec![error])
                .and_then(|(name, text)| Script::parse(&name, &text));
            match parsed {
                Ok(script) => library.scripts.push(script),
                Err(found) => library.errors.extend(found),
            }
        }
        library
    }

    /// The scenario that a run was of: by its name and line, or else by its name alone.
    #[must_use]
    pub fn scenario(&self, name: &str, line: usize) -> Option<&Scenario> {
        let scenarios = || self.scripts.iter().flat_map(|script| &script.scenarios);
        let called = || scenarios().filter(|scenario| scenario.name == name);
        called()
            .find(|scenario| scenario.line == line)
            .or_else(|| called().next())
    }
}

/// A file's name and its text.
type Source = (String, Cow<'static, str>);

fn read(path: &Path) -> Vec<Result<Source, FileError>> {
    let is_script = |path: &Path| path.extension().is_some_and(|end| end == "feature");
    let found = if path.is_dir() {
        files::below(path, is_script)
    } else {
        fs::metadata(path).map(|_| vec![path.to_owned()])
    };
    let files = match found {
        Ok(files) => files,
        Err(error) => return vec![Err(FileError::unreadable(path, &error))],
    };
    if files.is_empty() {
        let reason = "no `.feature` file here";
        return vec![Err(FileError::of(path.display().to_string(), reason))];
    }
    files
        .iter()
        .map(|file| {
            let text =
                fs::read_to_string(file).map_err(|error| FileError::unreadable(file, &error))?;
            Ok((file.display().to_string(), Cow::Owned(text)))
        })
        .collect()
}
