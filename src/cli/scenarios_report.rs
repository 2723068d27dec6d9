//! `tigress scenarios report`.

use super::scenarios::Choice;
use super::{CliError, Ended, clock, whole};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::dossier::{Dossier, EVENTS, Order};
use tigress_signal::conformance::scenario::SEED;
use tigress_signal::report;

/// Write a requirement with its scenarios and what came of them as one document, for auditors.
///
/// It has the requirement's text, who gains if it is broken, and of each scenario the steps with their outcomes, a diagram, the SHA-256 of
/// the transcript, and the commands that make the run again. The reference engine plays every role. 200 scenarios at most.
///
/// Exit status: 0 where every scenario succeeded, 1 where one did not; 2 where nothing is called that, a script cannot be read, or the
/// document cannot be written.
#[derive(Args)]
pub(super) struct Report {
    #[command(flatten)]
    choice: Choice,
    /// What all randomness is made from.
    #[arg(long, default_value = SEED)]
    seed: String,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// Write the document into this file, instead of standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page that needs nothing else.
    Html,
    /// Text that a forge shows, diagrams included.
    Markdown,
}

impl Report {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let scripts = self.choice.scripts()?;
        let scenarios = self.choice.chosen(&scripts)?;
        let order = Order {
            scenarios: &scenarios,
            names: &self.choice.only,
            path: self.choice.path.as_deref(),
            suite: self.choice.suite()?,
            seed: &self.seed,
            date: &clock::now(),
        };
        let dossier =
            Dossier::of(&order, EVENTS).map_err(|error| CliError::Usage(error.to_string()))?;
        let document = match self.format {
            Format::Html => report::scenarios::html::page(&dossier),
            Format::Markdown => report::scenarios::markdown::page(&dossier),
        };
        match &self.to {
            None => out.write_all(document.as_bytes())?,
            Some(file) => whole::write(file, document.as_bytes())?,
        }
        Ok(if dossier.failed > 0 {
            Ended::Badly
        } else {
            Ended::Well
        })
    }
}
