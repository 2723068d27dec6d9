//! `tigress fuzz`.

use super::run::{fault, seconds, start};
use super::signals::Received;
use super::{CliError, Ended};
use clap::{Args, ValueEnum};
use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tigress_signal::conformance::adapter::Setup;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::files;
use tigress_signal::conformance::fuzz::campaign::{Finding, FuzzResult, Plan, Until, run};
use tigress_signal::conformance::fuzz::corpus::Corpus;
use tigress_signal::conformance::fuzz::draw::Area;
use tigress_signal::conformance::fuzz::seeds;
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::printable::quoted;
use tigress_signal::conformance::redaction;
use tigress_signal::conformance::subject::Subject;
use tigress_signal::conformance::suites;
use tigress_signal::report;
use tigress_signal::suite::{self, SuiteRef};

/// Draw conversations, calls and scenarios by a seed, and compare what an adapter does with what the reference engine does (docs/fuzzing.md).
///
/// Exit status: 0 where nothing differs, 1 where something does, or nothing could be asked; 2 where it could not be run.
#[derive(Args)]
pub(super) struct Fuzz {
    /// The program, which speaks the adapter protocol (docs/adapter.md).
    #[arg(long, value_name = "COMMAND")]
    adapter: String,
    /// How long to go on, in seconds.
    #[arg(long, value_name = "N", default_value = "60", value_parser = seconds)]
    seconds: Duration,
    /// Draw everything from this seed, which is any text. The same seed draws the same.
    #[arg(long, value_name = "S", default_value = "1")]
    seed: String,
    /// Draw what this file lists, SEED/AREA/NUMBER a line, and nothing else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seconds", "seed", "only"])]
    seeds: Option<PathBuf>,
    /// The suite; where it is not given, the first one of this build that the adapter speaks.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Draw only this: `calls`, `conversations`, `devices`, `bounds` or `wallets`; may be repeated.
    #[arg(long, value_name = "AREA")]
    only: Vec<Area>,
    /// Compare the adapter's error codes with the profile's, too.
    #[arg(long)]
    strict_errors: bool,
    /// Stop after so many differences that are not alike.
    #[arg(long, value_name = "N", default_value = "20")]
    max_differences: NonZeroUsize,
    /// Share the work among so many processes of the adapter.
    #[arg(long, value_name = "N", default_value = "1")]
    jobs: NonZeroUsize,
    /// How long the adapter may take for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Write each difference into this folder, as a vector file or a script; the folder is made where it does not exist. Without this they are printed.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// How to write the result.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Pretty,
    /// For programs: docs/fuzzing.md.
    Json,
}

impl Fuzz {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let listed = match &self.seeds {
            Some(file) => Some(read(file)?),
            None => None,
        };
        let asked_for = self.suite.as_deref().map(suites::find).transpose();
        let asked_for = asked_for.map_err(|error| CliError::Usage(error.to_string()))?;
        let interrupt = Interrupt::default();
        let received = Received::watch(&interrupt)?;
        let setup = Setup {
            timeout: self.timeout,
            interrupt: interrupt.clone(),
            trace: None,
        };
        let mut subjects = match start(&self.adapter, &setup, self.jobs.get()) {
            Err(_) if received.any() => return Ok(received.ended(Ended::Incomplete)),
            started => started?,
        };
        let suite = asked_for.map_or_else(|| spoken(&subjects), Ok)?;
        let corpus = Corpus::of(&Cases::load(None, None), suite);
        let until = match listed {
            Some(listed) => {
                for it in &listed {
                    let drawn = it
                        .digest
                        .as_ref()
                        .and_then(|_| seeds::digest(&corpus, suite, &it.name));
                    if it.digest.is_some() && drawn != it.digest {
                        let name = &it.name;
                        let reason = format!(
                            "{name} is another one in this version: the list is of another"
                        );
                        return Err(CliError::Usage(reason));
                    }
                }
                Until::Asked(listed.into_iter().map(|it| it.name).collect())
            }
            None => Until::Over(self.seconds),
        };
        let bar = super::progress_bar(match &until {
            Until::Over(time) => usize::try_from(time.as_secs()).unwrap_or(usize::MAX).max(1),
            Until::Asked(names) => names.len(),
        });
        let is_timed = matches!(until, Until::Over(_));
        let areas = if self.only.is_empty() {
            Area::ALL.to_vec()
        } else {
            self.only.clone()
        };
        let plan = Plan {
            corpus: &corpus,
            suite,
            seed: &self.seed,
            areas: &areas,
            strict: self.strict_errors,
            until,
            most_findings: self.max_differences.get(),
            interrupt: &interrupt,
        };
        let result = run(&mut subjects, &plan, &|time, drawn, found| {
            bar.set_position(if is_timed { time.as_secs() } else { drawn });
            bar.set_message(format!("{drawn} drawn, {found} differ"));
        });
        bar.finish_and_clear();
        // All adapters end before anything is written that may take long.
        drop(subjects);
        if let Some(folder) = &self.write {
            write(folder, &result)?;
        }
        match self.format {
            Format::Json => report::fuzz::json(out, &result)?,
            Format::Pretty => {
                report::fuzz::pretty(out, &result, &|finding| self.alone(finding))?;
            }
        }
        let asked: u64 = result.drawn.values().map(|counts| counts.asked).sum();
        Ok(received.ended(
            if result.findings.is_empty() && result.faults.is_empty() && asked > 0 {
                Ended::Well
            } else {
                Ended::Badly
            },
        ))
    }

    /// How a difference is run alone; where it was not written down, itself.
    fn alone(&self, finding: &Finding) -> String {
        let Some(folder) = &self.write else {
            let vector = finding.vector.as_ref();
            let vector = vector.and_then(|file| serde_json::to_string(file).ok());
            return vector
                .or_else(|| finding.scenario.clone())
                .unwrap_or_default();
        };
        let option = if finding.vector.is_some() {
            "vectors"
        } else {
            "scenarios"
        };
        let folder = quoted(&folder.join(file_name(finding)).display().to_string());
        let strict = if self.strict_errors {
            " --strict-errors"
        } else {
            ""
        };
        let restarts = if finding.restarted {
            " --restart-everywhere"
        } else {
            ""
        };
        let adapter = redaction::argument(&self.adapter);
        format!("tigress test --{option} {folder} --adapter {adapter}{strict}{restarts}")
    }
}

/// The names in a list, which a person wrote or `tigress fuzz` told.
fn read(file: &Path) -> Result<Vec<seeds::Listed>, CliError> {
    let text = files::read(file, seeds::MOST_BYTES)?;
    Ok(seeds::read(&file.display().to_string(), &text)?)
}

/// The first suite of this build that the adapter speaks.
fn spoken(subjects: &[Box<dyn Subject>]) -> Result<SuiteRef, CliError> {
    let spoken = subjects.first().map(|subject| subject.describe().suites);
    let spoken = spoken.unwrap_or_default();
    let mut ours = suite::ALL.iter().copied();
    ours.find(|suite| spoken.iter().any(|name| name == suite.name()))
        .ok_or_else(|| CliError::Usage("the adapter speaks no suite of this build".to_owned()))
}

fn file_name(finding: &Finding) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    finding.name.chars().map(word).collect()
}

/// A folder for each difference, with the one file that runs it alone.
fn write(folder: &Path, result: &FuzzResult) -> Result<(), CliError> {
    for finding in &result.findings {
        let name = file_name(finding);
        let folder = folder.join(&name);
        fs::create_dir_all(&folder).map_err(|error| fault(&folder, &error))?;
        let (ending, text) = match (&finding.vector, &finding.scenario) {
            (Some(file), _) => ("json", format!("{:#}\n", serde_json::json!(file))),
            (None, Some(script)) => ("feature", script.clone()),
            (None, None) => continue,
        };
        let file = folder.join(format!("{name}.{ending}"));
        fs::write(&file, text).map_err(|error| fault(&file, &error))?;
    }
    Ok(())
}
