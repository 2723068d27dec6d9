//! A run as several commands make it: what is asked, of whom, and what came of it.

use super::signals::Received;
use super::{CliError, Ended, clock, command_line, completions};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use indicatif::ProgressBar;
use std::fmt::Display;
use std::io::{self, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use tigress_signal::conformance::adapter::{Process, Setup, Trace};
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::printable::{Printable, block, shortened};
use tigress_signal::conformance::program;
use tigress_signal::conformance::provenance::{Arguments, Provenance};
use tigress_signal::conformance::redaction;
use tigress_signal::conformance::restarts::Restarts;
use tigress_signal::conformance::result::{GroupResult, TestResult, Verdict};
#[cfg(feature = "serve")]
use tigress_signal::conformance::selection;
use tigress_signal::conformance::selection::{Selection, Shard};
#[cfg(feature = "serve")]
use tigress_signal::conformance::served::races::Fault;
use tigress_signal::conformance::stopwatch::Stopwatch;
use tigress_signal::conformance::subject::Subject;
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::report;

/// So many characters are shown of what an adapter says at its start.
const GREETING: usize = 2_000;

/// What is asked, of whom, and how.
#[derive(Args)]
pub(super) struct Run {
    /// Run only this family (`xeddsa`), vector (`tigress-1/xeddsa/verify_prekey_negated`), theme (`scenarios/theft`), scenario
    /// (`scenarios/theft/theft.feature:18`) or requirement (`SIG-02`); may be repeated.
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(completions::cases))]
    pub(super) only: Vec<String>,
    /// Run only the vectors and scenarios of this suite, and those that belong to none.
    #[arg(long, value_name = "NAME")]
    pub(super) suite: Option<String>,
    /// Use the vectors of this folder, not those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(super) vectors: Option<PathBuf>,
    /// Use the scenarios of this file or folder, not those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(super) scenarios: Option<PathBuf>,
    /// Test this program, which speaks the adapter protocol (docs/adapter.md), not the reference engine.
    #[arg(long, value_name = "COMMAND")]
    pub(super) adapter: Option<String>,
    /// Test the intermediary at this URL, over HTTP (docs/operators.md): what section 7 of the profile asks of one, where `--only` names nothing
    /// else.
    #[cfg(feature = "serve")]
    #[arg(
        long = "intermediary",
        id = "url",
        value_name = "URL",
        conflicts_with = "adapter"
    )]
    pub(super) intermediary: Option<String>,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    pub(super) reach: super::server::Reach,
    /// How long an adapter may take for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(super) timeout: Duration,
    /// Compare an adapter's error codes with the profile's, too. The reference engine's always are.
    #[arg(long)]
    pub(super) strict_errors: bool,
    /// Save and restore an adapter's machine before every step of a conversation or a scenario, and compare what it saves then with what it
    /// saved before (XFER-15). The reference engine is always tested in this way.
    #[arg(long)]
    pub(super) restart_everywhere: bool,
    /// Exit with 0 where exactly the vectors and scenarios of this file fail. Each of its lines is NAME REASON.
    #[arg(long, value_name = "FILE")]
    pub(super) known_failures: Option<PathBuf>,
    /// Stop at the first failure that is not known.
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Stop after so many vectors and scenarios in a row without an answer in time.
    #[arg(long, value_name = "N", default_value = "5", requires = "adapter")]
    pub(super) max_timeouts: NonZeroU32,
    /// Share the work among so many processes of the adapter, at most one for each vector and scenario.
    #[arg(long, value_name = "N", default_value = "1", requires = "adapter")]
    pub(super) jobs: NonZeroUsize,
    /// Run only this part of the whole: `2/4` is the second of four.
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    pub(super) shard: Shard,
}

/// What came of a run.
pub(super) struct Ran {
    /// What can be asked.
    pub(super) cases: Cases,
    /// What of it was chosen.
    pub(super) selection: Selection,
    /// The result; none where a signal came before there was anybody to ask.
    pub(super) result: Option<TestResult>,
    /// The signals that came meanwhile.
    pub(super) received: Received,
}

impl Run {
    /// Asks everything that is chosen. With `lines`, how it goes on is written there.
    pub(super) fn judge<'w>(
        &self,
        mut lines: Option<&mut (dyn Write + 'w)>,
        trace: Option<&Trace>,
    ) -> Result<Ran, CliError> {
        let (date, since) = (clock::now(), clock::Since::now());
        let (selection, cases) = self.chosen()?;
        let known = match &self.known_failures {
            Some(file) => KnownFailures::load(file, &cases)?,
            None => KnownFailures::default(),
        };
        let mut progress = Screen {
            bar: ProgressBar::hidden(),
            lines: lines.as_deref_mut(),
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
                    trace: trace.cloned(),
                };
                let jobs = self.jobs.get().min(plan.selected(None).len()).max(1);
                match start(command, &setup, jobs) {
                    Err(_) if received.any() => {
                        return Ok(Ran {
                            result: None,
                            cases,
                            selection,
                            received,
                        });
                    }
                    started => started?,
                }
            }
            (None, None) => engines(),
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
            self.race(reached, &mut result, lines)?;
        }
        result.provenance = Some(Provenance {
            date,
            program: program::VERSION.to_owned(),
            commit: program::COMMIT.map(str::to_owned),
            command: command_line(),
            took: since.elapsed(),
            again: self.again(&selection),
        });
        Ok(Ran {
            result: Some(result),
            cases,
            selection,
            received,
        })
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
        chosen.map_err(|wrong| {
            let (error, cases) = *wrong;
            CliError::Unknown(
                error.to_string(),
                cases.errors,
                "`tigress vectors list`, `tigress scenarios list` and `tigress requirements` list what there is",
            )
        })
    }

    /// How a command ends with that result, which may fall short of what else is asked of it.
    pub(super) fn ended(&self, result: &TestResult, is_short: bool) -> Ended {
        match result.verdict {
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
        }
    }

    /// The names of what is run.
    fn names(&self) -> Vec<String> {
        #[cfg(feature = "serve")]
        if self.only.is_empty() && self.intermediary.is_some() {
            return selection::of_an_intermediary();
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
        out: Option<&mut (dyn Write + '_)>,
    ) -> io::Result<()> {
        use owo_colors::OwoColorize;
        let is_whole = self.shard == Shard::WHOLE && result.ended.is_none();
        let is_named = |id: &str| self.only.is_empty() || self.only.iter().any(|only| only == id);
        let races = reached.races(|id| is_whole && is_named(id));
        let mut faults = Vec::new();
        let mut out = out;
        if !races.is_empty()
            && let Some(out) = &mut out
        {
            writeln!(out, "\nmany at once")?;
        }
        for (requirement, words, held) in races {
            let why = match held {
                Ok(()) => None,
                Err(Fault::Broken(why) | Fault::Wire(why)) => Some(why),
            };
            if let Some(out) = &mut out {
                let mark = match &why {
                    None => "  ok".green().to_string(),
                    Some(_) => "fail".red().to_string(),
                };
                writeln!(out, "{mark}  {requirement}  {words}")?;
            }
            faults.extend(why.map(|why| format!("{requirement}: {words}: {why}")));
        }
        result.charge(faults);
        if let Some(out) = out {
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
}

/// Writes the result for people, and how to run again what failed.
pub(super) fn show(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    report::pretty::sections(out, result)?;
    report::pretty::skips(out, result)?;
    report::pretty::failures(out, result, super::columns())?;
    report::pretty::verdict(out, result)
}

pub(super) fn fault(file: &Path, error: &impl Display) -> CliError {
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

/// The reference engine, once for each core.
fn engines() -> Vec<Box<dyn Subject>> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (0..cores)
        .map(|_| -> Box<dyn Subject> { Box::new(Reference::default()) })
        .collect()
}

/// So many processes of the adapter. What it says on its standard error at its start is shown.
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
        let greeting = process.greeting();
        if number == 1 && !greeting.is_empty() {
            let said = shortened(greeting, GREETING);
            writeln!(
                anstream::stderr(),
                "the adapter says:\n  {}",
                block(&said, "  ")
            )?;
        }
        Ok(Box::new(process))
    };
    (1..=jobs).map(process).collect()
}

/// A bar on standard error, and only where that is a terminal; a line a family and a theme on standard output.
struct Screen<'a, 'w> {
    bar: ProgressBar,
    lines: Option<&'a mut (dyn Write + 'w)>,
    failure: Option<io::Error>,
}

impl Screen<'_, '_> {
    fn end(self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.failure.map_or(Ok(()), Err)
    }
}

impl Progress for Screen<'_, '_> {
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
