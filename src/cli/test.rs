//! `tigress test`.

use super::run::{Ran, Run, fault, show};
use super::{CliError, Ended, whole};
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::PathBuf;
use tigress_signal::conformance::adapter::Trace;
use tigress_signal::conformance::result::TestResult;
use tigress_signal::report;

/// Run the test vectors and the scenarios, against the reference engine or against an adapter.
///
/// Exit status: 0 where something passed and nothing failed (or exactly what `--known-failures` lists); 1 where something failed, nothing is
/// implemented, or `--fail-on-skipped` or `--min-passed` is not met; 2 where part of the run could not be made.
#[derive(Args)]
pub(super) struct Test {
    #[command(flatten)]
    run: Run,
    /// Write all lines between the harness and the adapter into this file: requests begin with `-> `, answers with `<- `.
    #[arg(long, value_name = "FILE", requires = "adapter")]
    trace: Option<PathBuf>,
    /// Exit with 1 where anything was skipped because the subject does not offer it.
    #[arg(long)]
    fail_on_skipped: bool,
    /// Exit with 1 where fewer vectors and scenarios than this passed.
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_passed: u32,
    /// Write the result as one self-contained HTML page too.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a conformance statement too: as JSON where the name ends in `.json`, as a page where it ends in `.html`; may be repeated.
    #[arg(long, value_name = "FILE", value_parser = statement)]
    statement: Vec<Stated>,
    /// How to write the result.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

/// A statement that is asked for: where, and how it is written.
#[derive(Clone)]
struct Stated {
    file: PathBuf,
    write: fn(&TestResult) -> String,
}

fn statement(file: &str) -> Result<Stated, String> {
    let file = PathBuf::from(file);
    let write = match file.extension().and_then(|end| end.to_str()) {
        Some("json") => report::statement::json,
        Some("html") => report::statement::page,
        _ => return Err("a statement's name ends in `.json` or in `.html`".to_owned()),
    };
    Ok(Stated { file, write })
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Pretty,
    /// For programs: docs/result.md.
    Json,
    /// For CI that reads JUnit's XML.
    Junit,
    /// What failed, for code scanning that reads SARIF 2.1.0.
    Sarif,
}

impl Test {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let trace = match &self.trace {
            Some(file) => Some(Trace::create(file).map_err(|error| fault(file, &error))?),
            None => None,
        };
        let is_pretty = self.format == Format::Pretty;
        let lines = is_pretty.then_some(&mut *out);
        let Ran {
            cases,
            result,
            received,
            ..
        } = self.run.judge(lines, trace.as_ref())?;
        let Some(result) = result else {
            return Ok(received.ended(Ended::Incomplete));
        };
        match self.format {
            Format::Json => report::json::write(out, &result)?,
            Format::Junit => report::junit::write(out, &result)?,
            Format::Sarif => {
                let here = std::env::current_dir()?;
                report::sarif::write(out, &result, &cases, &here)?;
            }
            Format::Pretty => show(out, &result)?,
        }
        if let Some(file) = &self.report {
            whole::write(file, report::html::page(&result).as_bytes())?;
        }
        for Stated { file, write } in &self.statement {
            whole::write(file, write(&result).as_bytes())?;
        }
        if let (Some(file), Some(trace)) = (&self.trace, trace)
            && let Some(error) = trace.failure()
        {
            return Err(fault(file, &error));
        }
        let is_short = self.falls_short(&result)?;
        Ok(received.ended(self.run.ended(&result, is_short)))
    }

    /// Whether the run falls short of what the arguments ask of it; on standard error, what of.
    fn falls_short(&self, result: &TestResult) -> io::Result<bool> {
        let (passed, lacking) = (result.counts().passed, result.lacking().count());
        let mut stderr = anstream::stderr();
        if passed < self.min_passed {
            let least = self.min_passed;
            writeln!(stderr, "error: --min-passed {least}: {passed} passed")?;
        }
        if self.fail_on_skipped && lacking > 0 {
            writeln!(stderr, "error: --fail-on-skipped: {lacking} skipped")?;
        }
        Ok(passed < self.min_passed || self.fail_on_skipped && lacking > 0)
    }
}
