//! `tigress intermediary-view`.

use super::run::fault;
use super::{CliError, Ended, replay};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::scenario::knowledge::Knowledge;
use tigress_signal::report;

/// Show what the intermediary learned in the run of a transcript: who wrote to whom, when, and how much.
///
/// Whatever identifies somebody in several transfers is marked: it ties these to one another.
///
/// Exit status: 0 where it is shown; 2 where there is no transcript, or too much in it.
#[derive(Args)]
pub(super) struct IntermediaryView {
    /// The transcript (`tigress scenarios run --transcript FILE` writes one).
    file: PathBuf,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Pretty,
    /// For programs: docs/transcript.md.
    Json,
    /// A page that needs nothing else.
    Html,
}

impl IntermediaryView {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (_, transcript) = replay::read(&self.file)?;
        let knowledge = Knowledge::of(&transcript).map_err(|error| fault(&self.file, &error))?;
        match self.format {
            Format::Pretty => report::knowledge::pretty(out, &knowledge)?,
            Format::Json => report::knowledge::json(out, &knowledge)?,
            Format::Html => out.write_all(report::knowledge::page(&knowledge).as_bytes())?,
        }
        Ok(Ended::Well)
    }
}
