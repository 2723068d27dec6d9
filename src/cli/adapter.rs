//! `tigress adapter`.

use super::{CliError, Ended};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, Write};
use std::path::PathBuf;
use tigress_signal::conformance::adapter::{self, skeleton};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::printable::Printable;

/// Speak the adapter protocol (docs/adapter.md) for the reference engine, on standard input and output.
#[derive(Args)]
pub(super) struct Adapter {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Init(Init),
}

/// Write an adapter to begin with: it runs at once, and reports everything as not implemented.
#[derive(Args)]
struct Init {
    /// In which language.
    #[arg(long, value_enum)]
    language: Language,
    /// The folder, which is made where it is not there. Nothing in it is written over.
    folder: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Python,
    Node,
    Rust,
}

impl Adapter {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        match self.command {
            Some(Command::Init(init)) => init.run(out),
            None => {
                // Bytes, and nothing for a terminal.
                let mut out = io::stdout();
                adapter::serve(&mut Reference::default(), io::stdin().lock(), &mut out)?;
                Ok(Ended::Well)
            }
        }
    }
}

impl Init {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let skeleton = match self.language {
            Language::Python => skeleton::PYTHON,
            Language::Node => skeleton::NODE,
            Language::Rust => skeleton::RUST,
        };
        let written = skeleton
            .write(&self.folder)
            .map_err(|(path, error)| CliError::Usage(format!("{}: {error}", path.display())))?;
        for path in written {
            writeln!(out, "{}", Printable(path.display()))?;
        }
        writeln!(out, "\nThen:\n")?;
        writeln!(out, "  cd {}", Printable(self.folder.display()))?;
        if let Some(build) = skeleton.build {
            writeln!(out, "  {build}")?;
        }
        writeln!(out, "  tigress test --adapter '{}'", skeleton.command)?;
        Ok(Ended::Well)
    }
}
