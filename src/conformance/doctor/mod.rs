//! What there is of what parts of the project need: `tigress doctor`.

mod tools;

pub use tools::{PARTS, TOOLS};

use super::adapter::leader::Leader;
use super::interrupt::Interrupt;
use serde::Serialize;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// So long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(5);
/// So much is read of what it tells, in bytes.
const MOST: u64 = 4 * 1024;

/// Something that parts of the project need.
#[derive(Debug)]
pub struct Tool {
    /// What it is called.
    pub name: &'static str,
    /// The parts that need it: names of [`PARTS`].
    pub parts: &'static [&'static str],
    /// The version that they need at least: its first two numbers.
    pub at_least: Option<(u32, u32)>,
    /// Where to look for it.
    pub look: Look,
    /// The command that installs it; those of Debian's packages are for Debian and what is made of it.
    pub install: &'static str,
}

/// Where to look for something.
#[derive(Debug)]
pub enum Look {
    /// For the first program of these names that there is, asked with these arguments. In a path one folder may be `*`: any.
    Program(&'static [&'static str], &'static [&'static str]),
    /// For a library that pkg-config knows.
    Library(&'static str),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is there.
    Found,
    /// It is there in an older version than is needed.
    TooOld,
    /// It is not there.
    Missing,
    /// It is there, and does not tell its version.
    Broken,
}

/// What there is of something.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is called.
    pub name: &'static str,
    /// The parts that need it.
    pub parts: &'static [&'static str],
    /// What was found.
    pub state: State,
    /// The version that it tells: digits and points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The version that is needed at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// The command that installs it.
    pub install: &'static str,
}

/// Looks for all that one of these parts needs, or any part where none is named: all at once, and within some seconds.
#[must_use]
pub fn look(parts: &[String], interrupt: &Interrupt) -> Vec<Finding> {
    let wanted = |tool: &&Tool| {
        let mut of = tool.parts.iter();
        parts.is_empty() || of.any(|part| parts.iter().any(|wanted| wanted == part))
    };
    thread::scope(|scope| {
        let looking: Vec<_> = TOOLS
            .iter()
            .filter(wanted)
            .map(|tool| (tool, scope.spawn(|| tool.find(interrupt))))
            .collect();
        let found = looking.into_iter();
        let found =
            found.map(|(tool, found)| tool.finding(found.join().unwrap_or(Found::NoVersion)));
        found.collect()
    })
}

/// What came of asking for a version.
enum Found {
    Nothing,
    NoVersion,
    Version(String),
}

impl Tool {
    fn find(&self, interrupt: &Interrupt) -> Found {
        match self.look {
            Look::Program(names, arguments) => {
                let place = names.iter().find_map(|name| place(name));
                place.map_or(Found::Nothing, |place| ask(&place, arguments, interrupt))
            }
            Look::Library(name) => match place("pkg-config") {
                Some(place) => match ask(&place, &["--modversion", name], interrupt) {
                    Found::NoVersion => Found::Nothing,
                    found => found,
                },
                None => Found::Nothing,
            },
        }
    }

    fn finding(&self, found: Found) -> Finding {
        let (state, version) = match found {
            Found::Nothing => (State::Missing, None),
            Found::NoVersion => (State::Broken, None),
            Found::Version(version)
                if self.at_least.is_some_and(|least| numbers(&version) < least) =>
            {
                (State::TooOld, Some(version))
            }
            Found::Version(version) => (State::Found, Some(version)),
        };
        Finding {
            name: self.name,
            parts: self.parts,
            state,
            version,
            at_least: self
                .at_least
                .map(|(major, minor)| format!("{major}.{minor}")),
            install: self.install,
        }
    }
}

/// Where the program of that name or path is.
fn place(name: &str) -> Option<PathBuf> {
    if let Some((before, after)) = name.split_once("/*/") {
        let folders = fs::read_dir(before).ok()?.flatten();
        return folders
            .map(|folder| folder.path().join(after))
            .filter(|path| path.is_file())
            .max();
    }
    if name.contains('/') {
        return Path::new(name).is_file().then(|| name.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join(name));
    places.find(|path| {
        path.with_extension(std::env::consts::EXE_EXTENSION)
            .is_file()
            || path.is_file()
    })
}

/// The version that a program tells. It and all that it starts end within some seconds.
fn ask(program: &Path, arguments: &[&str], interrupt: &Interrupt) -> Found {
    let mut command = Command::new(program);
    command
        .args(arguments.iter().map(OsStr::new))
        // Rustup would fetch a toolchain that is asked for and is not there.
        .env("RUSTUP_AUTO_INSTALL", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let deadline = Instant::now() + PATIENCE;
    let Ok(mut leader) = Leader::start(&mut command, interrupt) else {
        return Found::NoVersion;
    };
    let Some(stdout) = leader.child().stdout.take() else {
        return Found::NoVersion;
    };
    let (said, heard) = channel();
    // It ends with the pipe.
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(MOST).read_to_end(&mut bytes);
        let _ = said.send(read.map(|_| bytes));
    });
    let bytes = heard.recv_timeout(PATIENCE);
    while !leader.has_ended() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    match (bytes, leader.end()) {
        (Ok(Ok(bytes)), Some(status)) if status.success() => {
            version(&String::from_utf8_lossy(&bytes)).map_or(Found::NoVersion, Found::Version)
        }
        _ => Found::NoVersion,
    }
}

/// The first number of a text that has a point and digits after it, or else the first number.
fn version(text: &str) -> Option<String> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = numbers.map(|word| word.trim_matches('.'));
    let mut numbers = numbers.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let first = numbers.clone().next()?;
    Some(
        numbers
            .find(|number| number.contains('.'))
            .unwrap_or(first)
            .to_owned(),
    )
}

/// The first two numbers of a version.
fn numbers(version: &str) -> (u32, u32) {
    let mut numbers = version
        .split('.')
        .map(|number| number.parse().unwrap_or(u32::MAX));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (said, expected) in [
            ("v20.19.2", "20.19.2"),
            ("Python 3.11.4\n", "3.11.4"),
            ("gcc (Debian 12.2.0-14) 12.2.0", "12.2.0"),
            ("cargo 1.97.0-nightly (abc 2026-01-02)", "1.97.0"),
            ("initdb (PostgreSQL) 17", "17"),
            ("strace -- version 6.1\nCopyright (c) 1991-2022", "6.1"),
            ("ends with a point 1.2.", "1.2"),
        ] {
            assert_eq!(version(said).as_deref(), Some(expected), "{said}");
        }
        assert_eq!(version("none at all ..."), None);
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(numbers("3.9.18") < (3, 10) && numbers("3.11") >= (3, 10));
        assert!(numbers("18") < (20, 0) && numbers("20") >= (20, 0));
        assert!(numbers("99999999999999") > (20, 0));
    }

    #[test]
    fn every_part_needs_something_and_every_tool_is_of_a_part() {
        for tool in TOOLS {
            assert!(!tool.parts.is_empty(), "{}", tool.name);
            for part in tool.parts {
                assert!(PARTS.iter().any(|(name, _)| name == part), "{part}");
            }
        }
        for (part, _) in PARTS {
            assert!(
                TOOLS.iter().any(|tool| tool.parts.contains(&part)),
                "{part}"
            );
        }
    }
}
