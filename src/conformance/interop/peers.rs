//! Who takes part: the reference engine, and adapters that a file names.

use super::transcript::Player;
use crate::conformance::FileError;
use crate::conformance::adapter::{Process, Setup, StartError};
use crate::conformance::files;
use crate::conformance::json;
use crate::conformance::operation::Reference;
use crate::conformance::subject::{Role, Subject};
use crate::suite::SuiteRef;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the reference engine among peers.
pub const REFERENCE: &str = "tigress";
/// Where the adapters stand that are played with where nobody says.
pub const ADAPTERS: &str = "adapters/adapters.json";
/// So many bytes a list of adapters has at most: 256 KiB.
const MOST_BYTES: u64 = 256 << 10;
/// So many adapters it has at most.
const MOST_ROWS: usize = 100;
/// So many values it has at most.
const MOST_VALUES: usize = 10_000;

/// An adapter, as a list of adapters names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The library's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The program and its arguments, from the folder in which `tigress` is started.
    pub command: Vec<String>,
    /// The library's licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The program that installs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<String>,
    /// Whether it is installed in a minute: `--quick` plays with these alone.
    #[serde(default)]
    pub quick: bool,
}

/// Whoever may take part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The reference engine, in this process.
    Reference,
    /// An adapter of a list.
    Listed(Row),
    /// An adapter by its command; it says itself who it is.
    Named(String),
}

impl Row {
    /// Reads a list of adapters.
    ///
    /// # Errors
    /// Where it cannot be read, or names an adapter twice, or one that is no command.
    pub fn load(file: &Path) -> Result<Vec<Row>, FileError> {
        let text = files::read(file, MOST_BYTES)?;
        let wrong = |reason: String| FileError::of(file.display().to_string(), reason);
        let value = json::read(&text, MOST_VALUES).map_err(|error| wrong(error.to_string()))?;
        let rows: Vec<Row> =
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        if rows.len() > MOST_ROWS {
            return Err(wrong(format!("more than {MOST_ROWS} adapters")));
        }
        for (number, row) in rows.iter().enumerate() {
            let blank = [&row.name, &row.version]
                .iter()
                .any(|text| text.trim().is_empty());
            let Row { name, version, .. } = row;
            if blank || row.command.is_empty() || name == REFERENCE {
                return Err(wrong(format!(
                    "`{name} {version}` has no name of its own, version or command"
                )));
            }
            let same = |other: &Row| other.name == *name && other.version == *version;
            if rows[..number].iter().any(same) {
                return Err(wrong(format!("`{name} {version}` stands twice")));
            }
        }
        Ok(rows)
    }
}

impl Peer {
    /// Whether somebody means it by a name: `libsignal-client`, or `libsignal-client@0.22.0`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        match self {
            Peer::Reference => name == REFERENCE,
            Peer::Listed(row) => {
                let (of, version) = match name.split_once(['@', ' ']) {
                    Some((of, version)) => (of, Some(version)),
                    None => (name, None),
                };
                row.name == of && version.is_none_or(|version| row.version == version)
            }
            Peer::Named(_) => false,
        }
    }

    /// The name that it is listed under.
    #[must_use]
    pub fn listed(&self) -> String {
        match self {
            Peer::Reference => REFERENCE.to_owned(),
            Peer::Listed(row) => format!("{} {}", row.name, row.version),
            Peer::Named(command) => command.clone(),
        }
    }

    /// The licence of what is behind it, where that is known.
    #[must_use]
    pub fn licence(&self) -> Option<&str> {
        match self {
            Peer::Listed(row) => row.licence.as_deref(),
            Peer::Reference | Peer::Named(_) => None,
        }
    }

    /// Starts it.
    ///
    /// # Errors
    /// Why it cannot take part.
    pub fn start(&self, setup: &Setup) -> Result<Box<dyn Subject>, StartError> {
        let command = match self {
            Peer::Reference => return Ok(Box::<Reference>::default()),
            Peer::Listed(row) => {
                let words = row.command.iter().map(String::as_str);
                shlex::try_join(words).map_err(|_| StartError::Command(self.listed()))?
            }
            Peer::Named(command) => command.clone(),
        };
        Ok(Box::new(Process::start(&command, setup.clone())?))
    }

    /// Who it is in a matrix, once it is started.
    ///
    /// # Errors
    /// Why it is not asked: it is no device, or does not speak the suite.
    pub fn player(&self, subject: &dyn Subject, suite: SuiteRef) -> Result<Player, String> {
        let description = subject.describe();
        let label = match self {
            Peer::Reference => REFERENCE.to_owned(),
            Peer::Listed(row) => format!("{} {}", row.name, description.version),
            Peer::Named(_) => format!("{} {}", description.name, description.version),
        };
        if !description.roles.contains(&Role::Device) {
            return Err("it does not claim the role `device`".to_owned());
        }
        if !description.suites.iter().any(|it| it == suite.name()) {
            return Err(format!("it does not speak {}", suite.name()));
        }
        Ok(Player { label, description })
    }

    /// Why it did not start, in a line that says how to go on.
    #[must_use]
    pub fn why_not(&self, error: &StartError) -> String {
        let said = error.to_string();
        // An adapter whose library is not there says so on standard error, last.
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or_default().trim();
        match self {
            Peer::Listed(row) if !row.ready.is_empty() => {
                format!("{last} (`{}` installs it)", row.ready.join(" "))
            }
            _ => last.to_owned(),
        }
    }
}
