//! The scripts that travel inside the program, and those of a folder.

use super::script::{Scenario, Script};
use crate::conformance::FileError;
use crate::conformance::catalogue::is_requirement_id;
use crate::conformance::files::{self, Most};
use std::borrow::Cow;
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
    "links",
    "invitations",
    "sessions",
    "wallet",
    "answers",
    "queues",
    "peers",
    "attacks",
    "steps",
    "letters",
    "clients",
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
        match path {
            Some(path) => Self::read(read(path)),
            None => Self::read(SCRIPTS.iter().map(built_in).map(Ok)),
        }
    }

    /// Reads of the scripts that travel inside the program at least those with a scenario that is called one of `names`.
    #[must_use]
    pub fn built_in_called(names: &[String]) -> Self {
        let called = |script: &&(&str, &str)| names.iter().any(|name| may_have(script, name));
        Self::read(SCRIPTS.iter().filter(called).map(built_in).map(Ok))
    }

    fn read(sources: impl IntoIterator<Item = Result<Source, FileError>>) -> Self {
        let mut library = Library::default();
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

/// So much is read of a folder of scripts: 1 MiB of each, 16 MiB of all.
const MOST: Most = Most {
    each: Script::MOST_BYTES,
    all: 16 << 20,
};

/// A file's name and its text.
type Source = (String, Cow<'static, str>);

fn built_in((name, text): &(&str, &'static str)) -> Source {
    ((*name).to_owned(), Cow::Borrowed(*text))
}

/// Whether a scenario of a script may be called `name`: where this says no, none is, and the script need not be read.
pub(in crate::conformance) fn may_have((file, text): &(&str, &str), name: &str) -> bool {
    // `scenarios/theft` is a theme, `scenarios/theft/theft.feature:18` a scenario of it.
    file.starts_with(name)
        || name.starts_with(file)
        || is_requirement_id(name) && text.contains(&format!("@{name}"))
}

fn read(path: &Path) -> Vec<Result<Source, FileError>> {
    let is_script = |path: &Path| path.extension().is_some_and(|end| end == "feature");
    let name = path.display().to_string();
    let mut found = if path.is_dir() {
        files::read_below(path, is_script, MOST).collect()
    } else {
        vec![files::read(path, MOST.each).map(|text| (name.clone(), text))]
    };
    if found.is_empty() {
        found.push(Err(FileError::of(name, "no `.feature` file here")));
    }
    let owned = |(name, text)| (name, Cow::Owned(text));
    found.into_iter().map(|file| file.map(owned)).collect()
}
