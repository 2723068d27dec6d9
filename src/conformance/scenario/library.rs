//! The scripts that travel inside the program, and those of a folder.

use super::{Script, ScriptError};
use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    "intermediary",
);

/// Reads the scripts that travel inside the program, or those of a folder and its subfolders, or one file.
///
/// # Errors
/// Every fault of every script.
pub fn load(path: Option<&Path>) -> Result<Vec<Script>, Vec<ScriptError>> {
    let sources = match path {
        Some(path) => read(path)?,
        None => SCRIPTS
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(*text)))
            .collect(),
    };
    let mut scripts = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in sources {
        match Script::parse(&name, &text) {
            Ok(script) => scripts.push(script),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() {
        Ok(scripts)
    } else {
        Err(errors)
    }
}

fn read(path: &Path) -> Result<Vec<(String, Cow<'static, str>)>, Vec<ScriptError>> {
    let fault = |path: &Path, reason: String| {
        vec![ScriptError {
            file: path.display().to_string(),
            line: 1,
            reason,
        }]
    };
    let mut files = Vec::new();
    features(path, &mut files).map_err(|error| fault(path, format!("cannot be read: {error}")))?;
    if files.is_empty() {
        return Err(fault(path, "no `.feature` file here".to_owned()));
    }
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file)
                .map_err(|error| fault(file, format!("cannot be read: {error}")))?;
            Ok((file.display().to_string(), Cow::Owned(text)))
        })
        .collect()
}

fn features(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        fs::metadata(path)?;
        found.push(path.to_owned());
        return Ok(());
    }
    let mut paths = fs::read_dir(path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        // A link to a folder is not followed: it may lead back here.
        if path.is_dir() && !path.is_symlink() {
            features(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "feature")
        {
            found.push(path);
        }
    }
    Ok(())
}
