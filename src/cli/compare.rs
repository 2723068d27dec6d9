//! `tigress compare`.

use super::{CliError, Ended};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::comparison::Comparison;
use tigress_signal::conformance::result::TestResult;
use tigress_signal::report;

/// Show what changed between two results that `tigress test --format json` wrote.
///
/// These are worse: a lower verdict, a vector or scenario that fails now or no longer passes, a new fault or error.
///
/// Exit status: 0 where nothing is worse, 1 where something is, 2 where a result cannot be read.
#[derive(Args)]
pub(super) struct Compare {
    /// The result before.
    before: PathBuf,
    /// The result after.
    after: PathBuf,
    /// How to write what has changed.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Pretty,
    /// For programs: docs/result.md.
    Json,
    /// For the comment of a pull request.
    Markdown,
}

impl Compare {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let [before, after] = [&self.before, &self.after].map(|file| TestResult::load(file));
        let (before, after) = match (before, after) {
            (Ok(before), Ok(after)) => (before, after),
            (before, after) => {
                let errors = [before.err(), after.err()];
                return Err(CliError::Files(errors.into_iter().flatten().collect()));
            }
        };
        let comparison = Comparison::of(&before, &after);
        match self.format {
            Format::Pretty => report::comparison::pretty(out, &comparison)?,
            Format::Json => report::comparison::json(out, &comparison)?,
            Format::Markdown => write!(out, "{}", report::comparison::markdown(&comparison))?,
        }
        Ok(if comparison.worse {
            Ended::Badly
        } else {
            Ended::Well
        })
    }
}
