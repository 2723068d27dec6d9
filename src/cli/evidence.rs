//! `tigress evidence`.

use super::run::{Ran, Run, fault, show};
use super::{CliError, Ended};
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tigress_signal::conformance::adapter::Trace;
use tigress_signal::conformance::evidence::{self, Bundle, TRACE, Verification};
use tigress_signal::conformance::printable::Printable;
use tigress_signal::conformance::program;
use tigress_signal::report;

/// Run the tests and keep everything that an auditor needs later: report, result, scripts, transcripts, versions, and a list of digests.
///
/// `tigress evidence verify DIR` looks at such a folder later.
///
/// Exit status: as `tigress test`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Evidence {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where to keep it: a folder that is new or empty.
    #[arg(required = true)]
    dir: Option<PathBuf>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Command {
    Verify(Verify),
}

/// Look at evidence that was kept: whether each file is what it was, and whether the files agree with each other.
///
/// Whether somebody changed all of it on purpose, only a signature tells (docs/evidence.md).
///
/// Exit status: 0 where all is as it was, 1 where something is not, 2 where it cannot be read.
#[derive(Args)]
struct Verify {
    /// The folder.
    dir: PathBuf,
}

impl Evidence {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        if let Some(Command::Verify(verify)) = self.command {
            return verify.run(out);
        }
        let Some(dir) = &self.dir else {
            return Err(CliError::Usage("no folder is named".to_owned()));
        };
        let mut bundle = Bundle::begin(dir)?;
        let trace = match &self.run.adapter {
            Some(_) => {
                let path = bundle.path(TRACE);
                Some(Trace::create(&path).map_err(|error| fault(&path, &error))?)
            }
            None => None,
        };
        let Ran {
            cases,
            selection,
            result,
            received,
        } = self.run.judge(Some(&mut *out), trace.as_ref())?;
        let Some(result) = result.filter(|_| !received.any()) else {
            return Ok(received.ended(Ended::Incomplete));
        };
        show(out, &result)?;
        if let Some(trace) = trace {
            let path = bundle.path(TRACE);
            if let Some(error) = trace.failure() {
                return Err(fault(&path, &error));
            }
            bundle.add_written(TRACE)?;
        }
        let vectors = self.run.vectors.as_deref();
        let pages = report::evidence::pages;
        evidence::fill(&mut bundle, &result, &cases, &selection, vectors, pages)?;
        let files = bundle.files();
        // A signal that comes now comes too late: what is written is whole.
        bundle.finish()?;
        let dir = Printable(dir.display().to_string());
        writeln!(
            out,
            "\n{dir}: {files} files and their digests; README.txt says what they are, and how to sign them"
        )?;
        Ok(received.ended(self.run.ended(&result, false)))
    }
}

impl Verify {
    fn run(&self, out: &mut dyn Write) -> Result<Ended, CliError> {
        /// So many findings are shown.
        const SHOWN: usize = 100;
        let found = evidence::verify(&self.dir, report::evidence::pages)?;
        for finding in found.findings.iter().take(SHOWN) {
            writeln!(out, "{finding}")?;
        }
        if let Some(more) = found.findings.len().checked_sub(SHOWN).filter(|it| *it > 0) {
            writeln!(out, "and {more} more")?;
        }
        if !found.findings.is_empty() {
            let count = found.findings.len();
            writeln!(out, "\nnot as it was kept: {count} of its parts")?;
            return Ok(Ended::Badly);
        }
        all_well(out, &self.dir, &found)?;
        Ok(Ended::Well)
    }
}

/// What was looked at, where nothing was found.
fn all_well(out: &mut dyn Write, dir: &Path, found: &Verification) -> io::Result<()> {
    let (files, bytes) = (found.files, found.bytes);
    writeln!(
        out,
        "{files} files, {bytes} bytes: each is what it was, and none was added"
    )?;
    if let Some(count) = found.replayed {
        writeln!(out, "transcripts: {count} played again, all the same")?;
    } else {
        let made = found.versions.as_ref().map(|it| it.program.as_str());
        let (made, this) = (Printable(made.unwrap_or_default()), program::version());
        writeln!(
            out,
            "transcripts were not played again: another build made them, tigress {made}; this is {this}"
        )?;
    }
    let (same, other) = found.vectors;
    writeln!(
        out,
        "vector files: {same} are those of this program, {other} are not"
    )?;
    let dir = Printable(dir.display().to_string());
    writeln!(
        out,
        "\n{dir} is what was kept. Who kept it, its signature says."
    )
}
