//! `tigress test`.

use super::signals::Received;
use super::{CliError, Ended, clock, command_line, completions};
use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use indicatif::ProgressBar;
use std::io::{self, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tigress_signal::conformance::adapter::{Process, Setup, Trace};
use tigress_signal::conformance::case::{Case, Cases};
#[cfg(feature = "serve")]
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::printable::Printable;
use tigress_signal::conformance::program;
use tigress_signal::conformance::provenance::{Arguments, Provenance};
use tigress_signal::conformance::redaction;
use tigress_signal::conformance::restarts::Restarts;
use tigress_signal::conformance::result::{GroupResult, TestResult, Verdict};
use tigress_signal::conformance::selection::{Selection, Shard};
#[cfg(feature = "serve")]
use tigress_signal::conformance::served::races::Fault;
use tigress_signal::conformance::stopwatch::Stopwatch;
use tigress_signal::conformance::subject::Subject;
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::report;

/// Run the test vectors and the scenarios, against the reference engine or against an adapter.
///
/// Exit status: 0 where it conforms, or conforms with parts not implemented (or fails as `--known-failures` says); 1 where it does not, has nothing
/// implemented, or falls short of `--fail-on-skipped` or `--min-passed`; 2 where part of the run could not be made.
#[derive(Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command"
)]
pub(super) struct Test {
    /// Run only this family (`xeddsa`), vector (`tigress-1/xeddsa/verify_prekey_negated`), theme (`scenarios/theft`), scenario
    /// (`scenarios/theft/theft.feature:18`) or requirement (`SIG-02`); may be repeated.
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(completions::cases))]
    only: Vec<String>,
    /// Run only the vectors and scenarios of this suite, and those that are no suite's.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Use the vectors of this folder, not those inside the program.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Use the scenarios of this file or folder, not those inside the program.
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Test this program, which speaks the adapter protocol (docs/adapter.md), not the reference engine.
    #[arg(long, value_name = "COMMAND")]
    adapter: Option<String>,
    /// Test the intermediary at this URL, over HTTP (docs/operators.md): what section 7 of the profile asks of one, where `--only` names nothing
    /// else.
    #[cfg(feature = "serve")]
    #[arg(
        long = "intermediary",
        id = "url",
        value_name = "URL",
        conflicts_with = "adapter"
    )]
    intermediary: Option<String>,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    reach: super::server::Reach,
    /// How long an adapter may take for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Write all lines between the harness and the adapter into this file: `-> ` before what is asked, `<- ` before what is answered.
    #[arg(long, value_name = "FILE", requires = "adapter")]
    trace: Option<PathBuf>,
    /// Hold an adapter's error codes against the profile's too; those of the reference engine always are.
    #[arg(long)]
    strict_errors: bool,
    /// Save and restore an adapter's machine before every step of a conversation or a scenario, and hold what it saves then against what it
    /// saved before (XFER-15); the reference engine always is.
    #[arg(long)]
    restart_everywhere: bool,
    /// Exit with 0 where exactly those fail that this file lists, a line each: NAME REASON.
    #[arg(long, value_name = "FILE")]
    known_failures: Option<PathBuf>,
    /// Exit with 1 where anything was skipped that the subject does not offer.
    #[arg(long)]
    fail_on_skipped: bool,
    /// Exit with 1 where fewer vectors and scenarios passed.
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_passed: u32,
    /// Stop at the first failure that is not known.
    #[arg(long)]
    fail_fast: bool,
    /// Stop after so many vectors and scenarios in a row without an answer in time.
    #[arg(long, value_name = "N", default_value = "5", requires = "adapter")]
    max_timeouts: NonZeroU32,
    /// So many processes of the adapter share the work, at most one for each vector and scenario.
    #[arg(long, value_name = "N", default_value = "1", requires = "adapter")]
    jobs: NonZeroUsize,
    /// Run only this part of the whole: `2/4` is the second of four.
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Write the result as one self-contained HTML page too.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How to write the result.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
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
        let (date, since) = (clock::now(), clock::Since::now());
        let (selection, cases) = self.chosen()?;
        let known = match &self.known_failures {
            Some(file) => {
                KnownFailures::load(file, &cases).map_err(|error| CliError::Files(vec![error]))?
            }
            None => KnownFailures::default(),
        };
        let mut progress = Screen {
            bar: ProgressBar::hidden(),
            lines: (self.format == Format::Pretty).then_some(&mut *out),
            failure: None,
        };
        let interrupt = Interrupt::default();
        let received = Received::watch(&interrupt)?;
        let plan = Plan {
            cases: &cases,
            selection: &selection,
            shard: self.shard,
            strict: self.strict_errors || self.adapter.is_none(),
            restarts: if self.restart_everywhere || self.is_of_the_reference() {
                Restarts::Everywhere
            } else {
                Restarts::AsWritten
            },
            known: &known,
            ends: Ends {
                at_first_failure: self.fail_fast,
                after_time_outs: Some(self.max_timeouts),
                interrupt: Some(&interrupt),
            },
            stopwatch: &since,
        };
        let trace = match &self.trace {
            Some(file) => Some(Trace::create(file).map_err(|error| fault(file, &error))?),
            None => None,
        };
        #[cfg(feature = "serve")]
        let reached = match &self.intermediary {
            Some(url) => Some(self.reach.reach(url)?),
            None => None,
        };
        #[cfg(feature = "serve")]
        let server = reached.as_ref().map(super::server::Reached::subject);
        #[cfg(not(feature = "serve"))]
        let server: Option<Box<dyn Subject>> = None;
        let mut subjects: Vec<Box<dyn Subject>> = match (server, &self.adapter) {
            (Some(server), _) => vec![server],
            (None, Some(command)) => {
                let setup = Setup {
                    timeout: self.timeout,
                    interrupt: interrupt.clone(),
                    trace: trace.clone(),
                };
                let jobs = self.jobs.get().min(plan.selected(None).len()).max(1);
                match start(command, &setup, jobs) {
                    Err(_) if received.any() => return Ok(received.ended(Ended::Incomplete)),
                    started => started?,
                }
            }
            (None, None) => vec![Box::new(Reference::default())],
        };
        #[allow(
            unused_mut,
            reason = "races charge it with their faults, where servers are tested"
        )]
        let mut result = verdict::judge(&mut subjects, &plan, &mut progress);
        // All adapters end before anything is written that may take long.
        drop(subjects);
        progress.end()?;
        #[cfg(feature = "serve")]
        if let Some(reached) = &reached {
            self.race(reached, &mut result, out)?;
        }
        result.provenance = Some(Provenance {
            date,
            program: program::VERSION.to_owned(),
            commit: program::COMMIT.map(str::to_owned),
            command: command_line(),
            took: since.elapsed(),
            again: self.again(&selection),
        });
        match self.format {
            Format::Json => report::json::write(out, &result)?,
            Format::Junit => report::junit::write(out, &result)?,
            Format::Sarif => {
                let here = std::env::current_dir()?;
                report::sarif::write(out, &result, &cases, &here)?;
            }
            Format::Pretty => self.show(out, &result)?,
        }
        if let Some(file) = &self.report {
            let page = report::html::page(&result);
            std::fs::write(file, page).map_err(|error| fault(file, &error))?;
        }
        if let (Some(file), Some(trace)) = (&self.trace, trace)
            && let Some(error) = trace.failure()
        {
            return Err(fault(file, &error));
        }
        Ok(received.ended(self.ended(&result)?))
    }

    /// What is run, and what it is chosen from.
    fn chosen(&self) -> Result<(Selection, Cases), CliError> {
        let load = |names: &[String]| {
            // A list of known failures names any case that there is.
            let names = if self.known_failures.is_none() {
                names
            } else {
                &[]
            };
            Cases::called(names, self.vectors.as_deref(), self.scenarios.as_deref())
        };
        let chosen = Selection::load(&self.names(), self.suite.as_deref(), load);
        chosen.map_err(|(error, cases)| {
            CliError::Unknown(
                error.to_string(),
                cases.errors,
                "`tigress vectors list`, `tigress scenarios list` and `tigress requirements` list what there is",
            )
        })
    }

    /// How the command ends with that result.
    fn ended(&self, result: &TestResult) -> io::Result<Ended> {
        let is_short = self.falls_short(result)?;
        Ok(match result.verdict {
            _ if !result.errors.is_empty() => Ended::Incomplete,
            _ if is_short || !result.no_longer_fails.is_empty() => Ended::Badly,
            Verdict::Conforms | Verdict::ConformsInPart => Ended::Well,
            Verdict::DoesNotConform
                if self.known_failures.is_some()
                    && result.is_as_known()
                    && result.ended.is_none() =>
            {
                Ended::Well
            }
            Verdict::NothingImplemented | Verdict::DoesNotConform => Ended::Badly,
            Verdict::None => Ended::Incomplete,
        })
    }

    /// The names of what is run.
    fn names(&self) -> Vec<String> {
        #[cfg(feature = "serve")]
        if self.only.is_empty() && self.intermediary.is_some() {
            let requirements = Catalogue::get().requirements.iter();
            let owed = requirements.filter(|it| it.id.starts_with("MBX-"));
            let owed = owed.map(|requirement| requirement.id.to_owned());
            return std::iter::once("intermediary".to_owned())
                .chain(owed)
                .collect();
        }
        self.only.clone()
    }

    fn is_of_the_reference(&self) -> bool {
        #[cfg(feature = "serve")]
        if self.intermediary.is_some() {
            return false;
        }
        self.adapter.is_none()
    }

    /// Many ask the server at once: what does not hold then is charged to it.
    #[cfg(feature = "serve")]
    fn race(
        &self,
        reached: &super::server::Reached,
        result: &mut TestResult,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        use owo_colors::OwoColorize;
        let is_whole = self.shard == Shard::WHOLE && result.ended.is_none();
        let is_named = |id: &str| self.only.is_empty() || self.only.iter().any(|only| only == id);
        let races = reached.races(|id| is_whole && is_named(id));
        let mut faults = Vec::new();
        let is_shown = self.format == Format::Pretty && !races.is_empty();
        if is_shown {
            writeln!(out, "\nmany at once")?;
        }
        for (requirement, words, held) in races {
            let why = match held {
                Ok(()) => None,
                Err(Fault::Broken(why) | Fault::Wire(why)) => Some(why),
            };
            if is_shown {
                let mark = match &why {
                    None => "  ok".green().to_string(),
                    Some(_) => "fail".red().to_string(),
                };
                writeln!(out, "{mark}  {requirement}  {words}")?;
            }
            faults.extend(why.map(|why| format!("{requirement}: {words}: {why}")));
        }
        result.charge(faults);
        if self.format == Format::Pretty {
            let seed = &reached.seed;
            writeln!(out, "\nits names there were made from --server-seed {seed}")?;
        }
        Ok(())
    }

    /// What a command needs that runs a part of the same again.
    fn again(&self, selection: &Selection) -> Arguments {
        let argument = |name: &str, folder: &Option<PathBuf>| {
            folder.as_ref().map_or_else(String::new, |folder| {
                format!(
                    "--{name} {}",
                    redaction::argument(&folder.display().to_string())
                )
            })
        };
        let mut subject = Vec::new();
        subject.extend(
            self.adapter
                .as_ref()
                .map(|command| format!("--adapter {}", redaction::argument(command))),
        );
        #[cfg(feature = "serve")]
        if let Some(url) = &self.intermediary {
            let reach = self.reach.arguments();
            subject.push(format!(
                "--intermediary {}{reach}",
                redaction::argument(url)
            ));
        }
        subject.extend(
            selection
                .suite()
                .map(|suite| format!("--suite {}", suite.name())),
        );
        subject.extend(self.strict_errors.then(|| "--strict-errors".to_owned()));
        subject.extend(
            self.restart_everywhere
                .then(|| "--restart-everywhere".to_owned()),
        );
        Arguments {
            subject: subject.join(" "),
            vectors: argument("vectors", &self.vectors),
            scenarios: argument("scenarios", &self.scenarios),
        }
    }

    /// Writes the result for people, and how to run again what failed.
    fn show(&self, out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
        report::pretty::sections(out, result)?;
        report::pretty::skips(out, result)?;
        report::pretty::failures(out, result, super::columns())?;
        // What a server is asked where nothing is named needs no names.
        let only = self.only.clone();
        report::pretty::verdict(
            out,
            &TestResult {
                only,
                ..result.clone()
            },
        )
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

pub(super) fn fault(file: &Path, error: &io::Error) -> CliError {
    CliError::Usage(format!("{}: {error}", file.display()))
}

/// How long an adapter may take.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::try_from_secs_f64);
    match seconds {
        Ok(Ok(seconds)) if !seconds.is_zero() => Ok(seconds),
        _ => Err("not a number of seconds above 0, such as 10 or 0.5".to_owned()),
    }
}

/// So many processes of the adapter.
pub(super) fn start(
    command: &str,
    setup: &Setup,
    jobs: usize,
) -> Result<Vec<Box<dyn Subject>>, CliError> {
    let process = |number: usize| -> Result<Box<dyn Subject>, CliError> {
        let trace = setup.trace.as_ref();
        let setup = Setup {
            trace: trace.map(|trace| match jobs {
                1 => trace.clone(),
                _ => trace.of_adapter(number),
            }),
            ..setup.clone()
        };
        let process =
            Process::start(command, setup).map_err(|error| CliError::Usage(error.to_string()))?;
        Ok(Box::new(process))
    };
    (1..=jobs).map(process).collect()
}

/// A bar on standard error, and only where that is a terminal; a line a family and a theme on standard output.
struct Screen<'a> {
    bar: ProgressBar,
    lines: Option<&'a mut dyn Write>,
    failure: Option<io::Error>,
}

impl Screen<'_> {
    fn end(self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.failure.map_or(Ok(()), Err)
    }
}

impl Progress for Screen<'_> {
    fn started(&mut self, total: usize) {
        self.bar = super::progress_bar(total);
    }

    fn ran(&mut self, case: &Case) {
        self.bar.set_message(Printable(case.group()).to_string());
        self.bar.inc(1);
    }

    fn finished(&mut self, group: &GroupResult) {
        let Screen {
            bar,
            lines,
            failure,
        } = self;
        if let Some(out) = lines {
            let written = bar.suspend(|| report::pretty::group(out, group));
            if let Err(error) = written {
                failure.get_or_insert(error);
            }
        }
    }
}
