//! When, by what and how a result was made.

use super::printable::quoted;
use super::redaction::REDACTED;
use super::stopwatch::milliseconds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The arguments of a run that a command which runs a part of it again needs too, as a shell takes them, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Who is tested, and how: `--adapter COMMAND`, and what belongs to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// `--vectors DIR`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vectors: String,
    /// `--scenarios DIR`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scenarios: String,
}

impl Arguments {
    /// The command that runs this vector or scenario alone.
    #[must_use]
    pub fn alone(&self, name: &str) -> String {
        let all = [&self.subject, &self.vectors, &self.scenarios];
        command("tigress test --only", name, &all)
    }

    /// The command that shows this vector in full.
    #[must_use]
    pub fn in_full(&self, name: &str) -> String {
        command("tigress vectors show", name, &[&self.vectors])
    }
}

fn command(begins: &str, name: &str, arguments: &[&String]) -> String {
    let mut command = format!("{begins} {}", quoted(name));
    for argument in arguments.iter().filter(|argument| !argument.is_empty()) {
        command.push(' ');
        command.push_str(argument);
    }
    if command.contains(REDACTED) || command.contains('…') {
        command.push_str(LEFT_OUT);
    }
    command
}

/// Behind a command that cannot be run as it stands.
const LEFT_OUT: &str = "  # put back what *** and … stand for";

/// When, by what and how a run was made. Beside the durations of the cases, nothing else of a result differs between two runs of the same program that ask the
/// same of the same subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// When it began, in UTC, as ISO 8601 has it: `2026-01-31T23:59:59Z`.
    pub date: String,
    /// The version of the program.
    pub program: String,
    /// The commit that it was built of, where it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The command, as a shell takes it, without secrets and shortened where it is long.
    pub command: String,
    /// How long the run took, in milliseconds.
    #[serde(rename = "milliseconds", with = "milliseconds")]
    #[schemars(with = "f64")]
    pub took: Duration,
    /// What a command needs that runs a part of it again.
    #[serde(default)]
    pub again: Arguments,
}
