//! The command line: arguments in, library calls, text out. A file a subcommand.

mod adapter;
mod diagram;
mod explain;
#[cfg(feature = "flaws")]
mod flaws;
mod intermediary_view;
mod replay;
mod requirements;
mod scenarios;
mod signals;
mod test;
mod transitions;
mod vectors;

use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

/// Conformance harness for Tigress credential transfer over the Signal Protocol.
#[derive(Parser)]
#[command(name = "tigress", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(test::Test),
    Adapter(adapter::Adapter),
    #[command(subcommand)]
    Vectors(vectors::Vectors),
    #[command(subcommand)]
    Scenarios(scenarios::Scenarios),
    Replay(replay::Replay),
    Diagram(diagram::Draw),
    IntermediaryView(intermediary_view::IntermediaryView),
    Requirements(requirements::Requirements),
    /// Show how many vectors and scenarios reach each row of the transfer's table, and each refused pair.
    ///
    /// Exit status: 0 where all are reached, 1 otherwise.
    Transitions,
    Explain(explain::Explain),
    #[cfg(feature = "flaws")]
    Flaws(flaws::Flaws),
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
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// What was asked for cannot be done, and how to go on.
    #[error("{0}")]
    Usage(String),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = anstream::AutoStream::auto(io::stdout()).lock();
    let ended = match cli.command {
        Command::Test(command) => command.run(&mut out),
        Command::Adapter(command) => command.run(&mut out),
        Command::Vectors(command) => command.run(&mut out),
        Command::Scenarios(command) => command.run(&mut out),
        Command::Replay(command) => command.run(&mut out),
        Command::Diagram(command) => command.run(&mut out),
        Command::IntermediaryView(command) => command.run(&mut out),
        Command::Requirements(command) => command.run(&mut out),
        Command::Transitions => transitions::run(&mut out),
        Command::Explain(command) => command.run(&mut out),
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
        // The reader has seen enough (`tigress vectors list | head`).
        Err(CliError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(anstream::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}
