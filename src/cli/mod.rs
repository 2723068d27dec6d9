//! The command line: arguments in, library calls, text out. A file a subcommand.

mod adapter;
mod clock;
mod compare;
mod completions;
mod diagram;
mod doctor;
mod evidence;
mod explain;
mod explore;
#[cfg(feature = "flaws")]
mod flaws;
mod fuzz;
mod intermediary_view;
mod interop;
mod interop_screen;
mod man;
mod matrix;
mod merge;
mod model;
mod replay;
mod requirements;
mod run;
mod scenarios;
mod scenarios_report;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod server;
mod signals;
mod test;
mod transitions;
mod vectors;
#[cfg(feature = "serve")]
mod wallet;
mod whole;

use anstream::stream::IsTerminal;
use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use tigress_signal::conformance::FileError;
use tigress_signal::conformance::printable::{Printable, block, shortened};
use tigress_signal::conformance::{program, redaction};

/// Conformance harness for Tigress credential transfer over the Signal Protocol.
#[derive(Parser)]
#[command(name = "tigress", version = program::version(), arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(test::Test),
    Adapter(adapter::Adapter),
    Explain(explain::Explain),
    #[command(subcommand)]
    Vectors(vectors::Vectors),
    #[command(subcommand)]
    Scenarios(scenarios::Scenarios),
    Requirements(requirements::Requirements),
    /// Show how many vectors and scenarios reach each row of the transfer's table, and each refused pair.
    ///
    /// Exit status: 0 where all are reached, 1 otherwise.
    Transitions,
    Fuzz(fuzz::Fuzz),
    Interop(interop::Interop),
    Compare(compare::Compare),
    Merge(merge::Merge),
    Evidence(evidence::Evidence),
    Replay(replay::Replay),
    Diagram(diagram::Draw),
    Explore(explore::Explore),
    IntermediaryView(intermediary_view::IntermediaryView),
    #[cfg(feature = "serve")]
    Serve(serve::Serve),
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    Wallet(wallet::Wallet),
    Model(model::Explore),
    #[cfg(feature = "flaws")]
    Flaws(flaws::Flaws),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Manual),
}

/// A bar of so many things to do on standard error, and only where that is a terminal.
fn progress_bar(total: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    ProgressBar::new(total as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

/// How many columns standard output has, where it is a terminal.
fn columns() -> Option<usize> {
    let is_terminal = io::stdout().is_terminal();
    let size = is_terminal.then(terminal_size::terminal_size).flatten();
    size.map(|(terminal_size::Width(columns), _)| usize::from(columns))
}

/// The command line, as a shell takes it, without secrets.
fn command_line() -> String {
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    let words: Vec<String> = std::iter::once("tigress".to_owned())
        .chain(arguments)
        .collect();
    redaction::command_line(&words)
}

/// How to write what a command says that has no further form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Pretty,
    /// For programs.
    Json,
}

/// How a command ended, where it came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// All is well: status 0.
    Well,
    /// What was looked at is not as it must be: status 1.
    Badly,
    /// Part of it could not be looked at: status 2.
    Incomplete,
    /// The signal of that number ended it early: status 128 and the number, as a shell has it.
    Interrupted(u8),
}

/// Why a command did not come to an end.
#[derive(Debug)]
enum CliError {
    /// What was asked for cannot be done, and how to go on.
    Usage(String),
    /// A name that names nothing, with the files that may be why, and which command lists what there is.
    Unknown(String, Vec<FileError>, &'static str),
    /// What is wrong with files: a line each.
    Files(Vec<FileError>),
    /// Reading or writing failed.
    Io(io::Error),
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        CliError::Files(vec![error])
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        CliError::Io(error)
    }
}

impl CliError {
    /// Says on standard error what is wrong.
    fn show(&self) -> io::Result<()> {
        /// Longer texts, which quote what is wrong, are shortened to so many characters.
        const LONG: usize = 8_000;
        let mut out = anstream::stderr().lock();
        let what = match self {
            // An adapter's last words may be several lines.
            CliError::Usage(what) => Some(block(&shortened(&redaction::urls(what), LONG), "  ")),
            CliError::Unknown(what, ..) => Some(Printable(shortened(what, LONG / 10)).to_string()),
            CliError::Files(_) => None,
            CliError::Io(error) => Some(error.to_string()),
        };
        if let Some(what) = what {
            writeln!(out, "error: {what}")?;
        }
        if let CliError::Unknown(_, files, _) | CliError::Files(files) = self {
            for error in files {
                writeln!(out, "error: {error}")?;
            }
        }
        if let CliError::Unknown(.., how) = self {
            writeln!(out, "{how}")?;
        }
        Ok(())
    }
}

/// Standard output, until nobody reads it any more (`tigress vectors list | head`). What a command finds out does not depend on that,
/// so it goes on to its end.
struct Output<W> {
    to: W,
    is_closed: bool,
}

impl<W> Output<W> {
    /// What was done; where nobody reads any more, as if it had been.
    fn unless_closed<T>(&mut self, done: io::Result<T>, pretended: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(pretended)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let written = self.to.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.unless_closed(flushed, ())
    }
}

/// Reads the arguments. Where they are wrong, the error repeats them as they may be shown.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    /// Longer arguments are shortened to so many characters where they are repeated.
    const LONG: usize = 200;
    Cli::try_parse_from(arguments).map_err(|error| {
        let shown = arguments
            .iter()
            .map(|argument| Printable(shortened(&argument.to_string_lossy(), LONG)).to_string());
        // What is no UTF-8 is an error, and is not repeated, where what is shown in its place would be none.
        Cli::try_parse_from(shown).err().unwrap_or(error)
    })
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    match completions::answer(&arguments) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => {
            let _ = error.show();
            return ExitCode::from(2);
        }
    }
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let mut out = Output {
        to: anstream::AutoStream::auto(io::stdout()).lock(),
        is_closed: false,
    };
    let ended = match cli.command {
        Command::Test(command) => command.run(&mut out),
        Command::Compare(command) => command.run(&mut out),
        Command::Merge(command) => command.run(&mut out),
        Command::Evidence(command) => command.run(&mut out),
        Command::Adapter(command) => command.run(&mut out),
        Command::Vectors(command) => command.run(&mut out),
        Command::Scenarios(command) => command.run(&mut out),
        Command::Fuzz(command) => command.run(&mut out),
        Command::Interop(command) => command.run(&mut out),
        Command::Replay(command) => command.run(&mut out),
        Command::Diagram(command) => command.run(&mut out),
        Command::Explore(command) => command.run(&mut out),
        Command::IntermediaryView(command) => command.run(&mut out),
        Command::Requirements(command) => command.run(&mut out),
        Command::Transitions => transitions::run(&mut out),
        Command::Explain(command) => command.run(&mut out),
        Command::Model(command) => command.run(&mut out),
        Command::Doctor(command) => command.run(&mut out),
        Command::Completions(command) => command.run(&mut out),
        Command::Man(command) => command.run(&mut out),
        #[cfg(feature = "serve")]
        Command::Serve(command) => command.run(&mut out),
        #[cfg(feature = "serve")]
        Command::Wallet(command) => command.run(&mut out),
        #[cfg(feature = "flaws")]
        Command::Flaws(command) => command.run(&mut out),
    };
    let ended = ended.and_then(|ended| {
        out.flush()?;
        Ok(ended)
    });
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::FAILURE,
        Ok(Ended::Incomplete) => ExitCode::from(2),
        Ok(Ended::Interrupted(signal)) => ExitCode::from(128 + signal),
        // Whoever asked the reference engine as an adapter asks nothing more.
        Err(CliError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = error.show();
            ExitCode::from(2)
        }
    }
}
