//! `tigress adapter`.

use super::run::seconds;
use super::{CliError, Ended, Format};
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{Table, presets};
use owo_colors::OwoColorize;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tigress_signal::conformance::adapter::{self, Process, Setup, skeleton};
use tigress_signal::conformance::case::Cases;
#[cfg(feature = "flaws")]
use tigress_signal::conformance::flaws;
use tigress_signal::conformance::hint::Hint;
use tigress_signal::conformance::method::Method;
use tigress_signal::conformance::operation::{Keepers, Reference};
use tigress_signal::conformance::printable::{Printable, shortened};
use tigress_signal::conformance::redaction;
use tigress_signal::conformance::sessions::SubjectSessions;
use tigress_signal::conformance::suites;
use tigress_signal::suite;

/// Longer examples are shortened to about so many characters: `--format json` has them whole.
const LONG: usize = 1200;

/// Begin an adapter (`init`), list the protocol's methods (`methods`), or answer as the reference engine does, on standard input and output.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Adapter {
    #[command(subcommand)]
    command: Option<Command>,
    /// Let another adapter keep the sessions of the engine's devices and wallets: a wallet on somebody else's library.
    #[arg(long, value_name = "COMMAND")]
    sessions: Option<String>,
    /// The suite of those sessions.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "signal-v3",
        requires = "sessions"
    )]
    suite: String,
    /// How long that program may take for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, requires = "sessions")]
    timeout: Duration,
    /// Speak as an engine with this flaw (`SES-03 behind`), one of those that `tigress flaws` lists.
    #[cfg(feature = "flaws")]
    #[arg(long, value_name = "NAME")]
    flaw: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    Init(Init),
    Methods(Methods),
}

/// List the methods of the protocol; of those that are named, every field of parameters and result, and an example.
#[derive(Args)]
struct Methods {
    /// A method (`x3dh.initiate`), an area (`device`), or a family of vectors (`sesame`).
    names: Vec<String>,
    /// The suite that the examples are of.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// How to write them.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

/// Write an adapter to begin with: it runs at once, and reports everything as not implemented.
#[derive(Args)]
struct Init {
    /// In which language.
    #[arg(long, value_enum)]
    language: Language,
    /// The suite that it is for.
    #[arg(long, value_name = "NAME", default_value = "tigress-1")]
    suite: String,
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
        #[cfg(feature = "flaws")]
        let flaw = self.flaw.as_deref().map(named).transpose()?;
        match self.command {
            Some(Command::Init(init)) => init.run(out),
            Some(Command::Methods(methods)) => methods.run(out),
            None => {
                let mut engine = Reference::default();
                if let Some(command) = &self.sessions {
                    engine = engine.with_sessions_of(keeper(command, &self.suite, self.timeout)?);
                }
                // Bytes, and nothing for a terminal.
                let mut out = io::stdout();
                let mut serve = || adapter::serve(&mut engine, io::stdin().lock(), &mut out);
                #[cfg(feature = "flaws")]
                flaws::under(flaw.unwrap_or_default(), &mut serve)?;
                #[cfg(not(feature = "flaws"))]
                serve()?;
                Ok(Ended::Well)
            }
        }
    }
}

/// The flaw of that name.
#[cfg(feature = "flaws")]
pub(super) fn named(name: &str) -> Result<&'static str, CliError> {
    let found = flaws::all().find(|flaw| flaw.name == name);
    let unknown = || CliError::Usage(format!("no flaw is called `{name}`"));
    found.map(|flaw| flaw.name).ok_or_else(unknown)
}

/// A program that keeps all sessions.
fn keeper(command: &str, suite: &str, timeout: Duration) -> Result<Keepers, CliError> {
    let suite = suites::find(suite).map_err(|error| CliError::Usage(error.to_string()))?;
    let setup = Setup {
        timeout,
        ..Setup::default()
    };
    let process =
        Process::start(command, setup).map_err(|error| CliError::Usage(error.to_string()))?;
    let sessions = SubjectSessions::new(Box::new(process), suite);
    let sessions = sessions
        .map_err(|why| CliError::Usage(format!("`{}`: {why}", redaction::text(command))))?;
    Ok(Keepers::all(Arc::new(sessions)))
}

impl Init {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let suite =
            suites::find(&self.suite).map_err(|error| CliError::Usage(error.to_string()))?;
        let skeleton = match self.language {
            Language::Python => skeleton::PYTHON,
            Language::Node => skeleton::NODE,
            Language::Rust => skeleton::RUST,
        };
        let written = skeleton
            .write(suite.name(), &self.folder)
            .map_err(|(path, error)| {
                let path = path.display();
                CliError::Usage(match error.kind() {
                    io::ErrorKind::AlreadyExists => format!(
                        "{path} exists already, and nothing is written over: go on with it, or name another folder"
                    ),
                    _ => format!("{path}: {error}"),
                })
            })?;
        for path in written {
            writeln!(out, "{}", Printable(path.display()))?;
        }
        writeln!(out, "\nThen:\n")?;
        writeln!(out, "  cd {}", Printable(self.folder.display()))?;
        if let Some(build) = skeleton.build {
            writeln!(out, "  {build}")?;
        }
        let adapter = skeleton.command;
        if suite == suite::ALL[0] {
            writeln!(
                out,
                "  tigress test --adapter '{adapter}' --only public_key"
            )?;
        } else {
            // A library under wallets, which is asked for what is of its suite, and may speak with others.
            let suite = suite.name();
            writeln!(
                out,
                "  tigress interop --adapter '{adapter}' --suite {suite} tigress"
            )?;
            writeln!(out, "  tigress test --adapter '{adapter}' --only {suite}")?;
        }
        Ok(Ended::Well)
    }
}

impl Methods {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let suite = self.suite.as_deref().map(suites::find).transpose();
        let suite = suite.map_err(|error| CliError::Usage(error.to_string()))?;
        let cases = Cases::load(None, None);
        let mut methods = Method::all();
        if let Some(unknown) = self
            .names
            .iter()
            .find(|name| !methods.iter().any(|method| method.is_called(name, &cases)))
        {
            let areas = methods.iter().filter_map(|it| it.name.split_once('.'));
            let known = methods.iter().map(|method| method.name);
            let hint = Hint::nearest(unknown, known.chain(areas.map(|(area, _)| area)));
            return Err(CliError::Unknown(
                format!("no method, area or family is called `{unknown}`{hint}"),
                Vec::new(),
                "`tigress adapter methods` lists the methods",
            ));
        }
        let is_named = |method: &Method| {
            let mut names = self.names.iter();
            self.names.is_empty() || names.any(|name| method.is_called(name, &cases))
        };
        methods.retain(is_named);
        if self.format == Format::Json || !self.names.is_empty() {
            Method::exemplify(&mut methods, &cases, suite);
        }
        if self.format == Format::Json {
            serde_json::to_writer_pretty(&mut *out, &methods).map_err(io::Error::from)?;
            writeln!(out)?;
        } else if self.names.is_empty() {
            list(out, &methods)?;
        } else {
            for method in &methods {
                show(out, method)?;
            }
            writeln!(
                out,
                "| one of several; what is not required may be absent, or null, which is the same"
            )?;
        }
        Ok(Ended::Well)
    }
}

fn list(out: &mut dyn Write, methods: &[Method]) -> io::Result<()> {
    let names = methods.iter().map(|method| method.name.len());
    let width = names.max().unwrap_or_default();
    for Method { name, about, .. } in methods {
        writeln!(out, "{name:<width$}  {about}")?;
    }
    writeln!(
        out,
        "\nTheir fields, and examples: tigress adapter methods {}",
        methods.first().map_or("", |method| method.name)
    )
}

fn show(out: &mut dyn Write, method: &Method) -> io::Result<()> {
    let role = method.role.name();
    writeln!(
        out,
        "{}  {}  (role `{role}`)",
        method.name.bold(),
        method.about
    )?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (of, fields) in [("params", &method.params), ("result", &method.result)] {
        if fields.is_empty() {
            table.add_row([of, "nothing"]);
        }
        for (place, field) in fields.iter().enumerate() {
            table.add_row([
                if place == 0 { of } else { "" },
                &field.name,
                &field.kind,
                if field.required { "required" } else { "" },
                &field.about,
            ]);
        }
    }
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    if let Some(example) = &method.example {
        writeln!(out, " example, of {}", example.of)?;
        for (mark, value) in [("->", &example.params), ("<-", &example.result)] {
            writeln!(out, "   {mark} {}", shortened(&value.to_string(), LONG))?;
        }
    }
    writeln!(out)
}
