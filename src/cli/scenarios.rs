//! `tigress scenarios`.

use super::{CliError, Ended, completions, scenarios_report, whole};
use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use owo_colors::OwoColorize;
use std::io::Write;
use std::path::{Path, PathBuf};
use tigress_signal::conformance::printable::{Printable, block};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::vocabulary::Vocabulary;
use tigress_signal::conformance::scenario::{
    Cast, Run as Ran, SEED, Scenario, Script, StepFailure, run, run_with,
};
use tigress_signal::conformance::selection;
use tigress_signal::conformance::subject::{Failure, Subject};
use tigress_signal::conformance::suites;
use tigress_signal::suite::SuiteRef;

/// List, check or run scenarios, or write a document about them; list the steps of which they are made.
#[derive(Subcommand)]
pub(super) enum Scenarios {
    List(List),
    Steps(Steps),
    Check(Check),
    Run(Run),
    Report(scenarios_report::Report),
}

/// Which scenarios, and in which suite.
#[derive(Args)]
pub(super) struct Choice {
    /// A file or folder; those inside the program where there is none.
    pub(super) path: Option<PathBuf>,
    /// Only the scenarios with these words in their names, of this theme (`scenarios/theft`) or requirement (`XFER-12`), or this one
    /// (`scenarios/theft/theft.feature:18`); may be repeated.
    #[arg(long, value_name = "WORDS", add = ArgValueCompleter::new(completions::requirements))]
    pub(super) only: Vec<String>,
    /// Only the scenarios of this suite and those that are told of any, in this suite.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
}

impl Choice {
    /// The scripts to choose from.
    pub(super) fn scripts(&self) -> Result<Vec<Script>, CliError> {
        load(self.path.as_deref())
    }

    /// The suite that was asked for.
    pub(super) fn suite(&self) -> Result<Option<SuiteRef>, CliError> {
        suite(self.suite.as_deref())
    }

    /// The scenarios of these scripts that are chosen: one at least.
    pub(super) fn chosen<'s>(
        &self,
        scripts: &'s [Script],
    ) -> Result<Vec<(&'s Script, &'s Scenario)>, CliError> {
        selection::scenarios(scripts, &self.only, self.suite()?).map_err(|error| {
            let how = "`tigress scenarios list` lists them";
            CliError::Unknown(error.to_string(), Vec::new(), how)
        })
    }
}

/// List the scenarios: where they stand, the requirements that they carry, what they show.
#[derive(Args)]
pub(super) struct List {
    /// A file or folder; those inside the program where there is none.
    path: Option<PathBuf>,
    /// List only the scenarios of this suite, and those that are told of any.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
}

/// List the steps that a script may have.
#[derive(Args)]
pub(super) struct Steps {}

/// Read scripts and say what is wrong with them; run nothing.
#[derive(Args)]
pub(super) struct Check {
    /// A file or folder.
    path: PathBuf,
}

/// Run scenarios with the reference engine in every role.
///
/// Exit status: 0 where every one succeeded, 1 where one did not, 2 where a script cannot be read.
#[derive(Args)]
pub(super) struct Run {
    #[command(flatten)]
    choice: Choice,
    /// What all randomness is made from.
    #[arg(long, default_value = SEED)]
    seed: String,
    /// Write the transcript of the one scenario that is run to this file.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// The intermediary is the server at this URL (docs/operators.md), which must answer as the reference engine's does. What it cannot be asked
    /// is skipped.
    #[cfg(feature = "serve")]
    #[arg(long, id = "url", value_name = "URL")]
    over: Option<String>,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    reach: super::server::Reach,
}

fn load(path: Option<&Path>) -> Result<Vec<Script>, CliError> {
    let library = Library::load(path);
    if library.errors.is_empty() {
        return Ok(library.scripts);
    }
    Err(CliError::Files(library.errors))
}

/// The suite of that name, where one is asked for.
fn suite(name: Option<&str>) -> Result<Option<SuiteRef>, CliError> {
    name.map(suites::find)
        .transpose()
        .map_err(|error| CliError::Usage(error.to_string()))
}

impl Scenarios {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        match self {
            Scenarios::List(command) => command.run(out),
            Scenarios::Steps(_) => steps(out),
            Scenarios::Check(command) => command.run(out),
            Scenarios::Run(command) => command.run(out),
            Scenarios::Report(command) => command.run(out),
        }
    }
}

impl List {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let suite = suite(self.suite.as_deref())?;
        for script in load(self.path.as_deref())? {
            writeln!(out, "{}", Printable(&script.theme).bold())?;
            writeln!(out, "{}\n", block(&script.paragraph, ""))?;
            for scenario in script.scenarios.iter().filter(|it| it.runs_in(suite)) {
                writeln!(
                    out,
                    "  {}  {}  {}",
                    Printable(scenario.place()),
                    scenario.requirements.join(" ").dimmed(),
                    Printable(&scenario.name)
                )?;
            }
            writeln!(out)?;
        }
        Ok(Ended::Well)
    }
}

fn steps(out: &mut dyn Write) -> Result<Ended, CliError> {
    for definition in Vocabulary::definitions() {
        let step = format!("{} {}", definition.keyword, definition.expression);
        writeln!(out, "{}\n    {}", step.bold(), definition.help)?;
    }
    writeln!(out, "\nWhat stands between braces:")?;
    for parameter in Vocabulary::parameters() {
        let name = format!("{{{}}}", parameter.name);
        writeln!(out, "{}\n    {parameter}", name.bold())?;
    }
    Ok(Ended::Well)
}

impl Check {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let scripts = load(Some(&self.path))?;
        let scenarios: usize = scripts.iter().map(|script| script.scenarios.len()).sum();
        writeln!(
            out,
            "{} scripts, {scenarios} scenarios: no fault",
            scripts.len()
        )?;
        Ok(Ended::Well)
    }
}

impl Run {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let scripts = self.choice.scripts()?;
        let suite = self.choice.suite()?;
        let scenarios = self.choice.chosen(&scripts)?;
        if let (Some(_), true) = (&self.transcript, scenarios.len() > 1) {
            return Err(CliError::Usage(format!(
                "a transcript is of one scenario, and {} are to be run; `--only` names one",
                scenarios.len()
            )));
        }
        #[cfg(feature = "serve")]
        let mut server = match &self.over {
            Some(url) => Some(self.reach.reach(url)?.subject()),
            None => None,
        };
        #[cfg(not(feature = "serve"))]
        let mut server: Option<Box<dyn Subject>> = None;
        let (mut failed, mut skipped) = (0, 0);
        for (_, scenario) in &scenarios {
            let suite = scenario.suite_or(suite);
            let ran = match &mut server {
                None => run(scenario, suite, &self.seed),
                Some(server) => match run_over(&mut **server, scenario, suite, &self.seed) {
                    Ok(ran) => ran,
                    Err(reason) => {
                        skipped += 1;
                        let (mark, name) = ("skip".yellow(), Printable(&scenario.name));
                        writeln!(out, "{mark}  {name}: {}", Printable(reason))?;
                        continue;
                    }
                },
            };
            failed += usize::from(ran.failure.is_some());
            show(out, scenario, &ran)?;
            if let Some(file) = &self.transcript {
                whole::write(file, ran.transcript.to_lines().as_bytes())?;
            }
        }
        let skipped = match skipped {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        writeln!(
            out,
            "\n{} scenarios, {failed} failed{skipped}",
            scenarios.len()
        )?;
        Ok(if failed > 0 {
            Ended::Badly
        } else {
            Ended::Well
        })
    }
}

/// Runs a scenario with a server in the intermediary's part; the reason where it cannot be asked all of it.
fn run_over(
    server: &mut dyn Subject,
    scenario: &Scenario,
    suite: SuiteRef,
    seed: &str,
) -> Result<Ran, String> {
    match server.reset(suite.name()) {
        Ok(()) => {}
        Err(Failure::NotImplemented) => {
            return Err(format!("the suite `{}` is not spoken", suite.name()));
        }
        Err(failure) => return Err(failure.to_string()),
    }
    let cast = Cast {
        intermediary: Some(&mut *server),
        ..Cast::default()
    };
    let ran = run_with(scenario, suite, seed, cast);
    // What is left there is removed.
    server.settle().ok();
    match ran.failure.as_ref().map(|failure| &failure.reason) {
        Some(StepFailure::NotObservable(reason) | StepFailure::NotImplemented(reason)) => {
            Err(reason.clone())
        }
        _ => Ok(ran),
    }
}

fn show(out: &mut dyn Write, scenario: &Scenario, ran: &Ran) -> Result<(), CliError> {
    let name = Printable(&scenario.name);
    match &ran.failure {
        None => writeln!(out, "{}  {name}", "  ok".green())?,
        Some(failure) => {
            writeln!(out, "{}  {name}", "fail".red())?;
            writeln!(
                out,
                "      {}:{}: {}",
                Printable(&scenario.file),
                failure.line,
                Printable(&failure.text)
            )?;
            writeln!(out, "      {}", Printable(&failure.reason))?;
            writeln!(out, "      carries {}", scenario.requirements.join(", "))?;
        }
    }
    Ok(())
}
