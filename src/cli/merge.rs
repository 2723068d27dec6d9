//! `tigress merge`.

use super::{CliError, Ended};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::files;
use tigress_signal::conformance::merge::merge;
use tigress_signal::conformance::result::{TestResult, Verdict};
use tigress_signal::report;

/// So many results are read at most.
const MOST: usize = 256;
/// So many bytes they have at most together: each has the requirements and sections of the whole.
const MOST_BYTES: u64 = 2 * TestResult::MOST_BYTES;

/// Merge the results of a run's parts (`tigress test --shard I/N --format json`) into one, as JSON.
///
/// They must be of one program, profile, subject and selection, and each part must be there once. Except for times, the result is that of the whole run.
///
/// Exit status: 0 where something passed and nothing failed; 1 where something failed, or nothing is implemented; 2 where the results cannot be merged, or part of
/// the run could not be made.
#[derive(Args)]
pub(super) struct Merge {
    /// The results, in any order.
    #[arg(required = true)]
    results: Vec<PathBuf>,
}

impl Merge {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        if self.results.len() > MOST {
            let many = self.results.len();
            let reason = format!("{many} results; {MOST} are merged at most");
            return Err(CliError::Usage(reason));
        }
        let mut results = Vec::new();
        let mut left = MOST_BYTES;
        for file in &self.results {
            let text = files::read(file, TestResult::MOST_BYTES)?;
            let name = file.display().to_string();
            left = left.checked_sub(text.len() as u64).ok_or_else(|| {
                let reason = format!("the results up to {name} have more than {MOST_BYTES} bytes");
                CliError::Usage(reason)
            })?;
            results.push(TestResult::read(&name, &text)?);
        }
        let whole = merge(results).map_err(|error| CliError::Usage(error.to_string()))?;
        report::json::write(out, &whole)?;
        Ok(match whole.verdict {
            Verdict::Conforms | Verdict::ConformsInPart => Ended::Well,
            Verdict::NothingImplemented | Verdict::DoesNotConform => Ended::Badly,
            Verdict::None => Ended::Incomplete,
        })
    }
}
