//! `tigress doctor`.

use super::signals::Received;
use super::{CliError, Ended, Format};
use clap::Args;
use clap::builder::PossibleValue;
use owo_colors::OwoColorize;
use serde_json::json;
use std::io::Write;
use tigress_signal::conformance::doctor::{self, Finding, PARTS, State};
use tigress_signal::conformance::interrupt::Interrupt;

/// Show which tools are installed that parts of the project need beyond this program, and how to install the others.
///
/// The program itself needs none of it. Exit status: 0 where all is there, 1 where something is missing, too old or broken.
#[derive(Args)]
pub(super) struct Doctor {
    /// Only what this part needs; may be repeated.
    #[arg(long = "for", value_name = "PART", value_parser = parts())]
    parts: Vec<String>,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    format: Format,
}

fn parts() -> impl clap::builder::TypedValueParser<Value = String> {
    clap::builder::PossibleValuesParser::new(
        PARTS.map(|(name, what)| PossibleValue::new(name).help(what)),
    )
}

impl Doctor {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let interrupt = Interrupt::default();
        let received = Received::watch(&interrupt)?;
        let findings = doctor::look(&self.parts, &interrupt);
        let lacking = |part: &str| {
            let mut of = findings.iter().filter(|it| it.parts.contains(&part));
            of.any(|it| it.state != State::Found)
        };
        let parts = PARTS.iter().filter(|(name, _)| {
            self.parts.is_empty() || self.parts.iter().any(|part| part == name)
        });
        if self.format == Format::Json {
            let parts: Vec<_> = parts
                .map(|(name, what)| json!({"name": name, "what": what, "ready": !lacking(name)}))
                .collect();
            writeln!(out, "{:#}", json!({"parts": parts, "tools": findings}))?;
        } else {
            writeln!(
                out,
                "The program itself needs none of this. Testing a wallet of your own needs one language of `skeletons`;\nthe rest is for working on the project.\n"
            )?;
            // What a maker of a wallet needs comes first.
            let (first, rest): (Vec<_>, Vec<_>) = findings
                .iter()
                .partition(|it| it.parts.contains(&"skeletons"));
            for it in first.into_iter().chain(rest) {
                let parts = it.parts.join(" ");
                writeln!(
                    out,
                    "{} {:<22} {:<24} {}",
                    state(it),
                    it.name,
                    told(it),
                    parts.dimmed()
                )?;
            }
            writeln!(out)?;
            for (name, what) in parts {
                let ready = if lacking(name) {
                    "lacks something"
                } else {
                    "ready"
                };
                writeln!(out, "{name:<13} {ready:<15}  {what}")?;
            }
            let mut missing = findings
                .iter()
                .filter(|it| it.state != State::Found)
                .peekable();
            if missing.peek().is_some() {
                writeln!(
                    out,
                    "\nWhat installs the rest, on Debian and what is made of it:"
                )?;
            }
            for it in missing {
                writeln!(out, "  {:<22} {}", it.name, it.install)?;
            }
        }
        let is_well = findings.iter().all(|it| it.state == State::Found);
        Ok(received.ended(if is_well { Ended::Well } else { Ended::Badly }))
    }
}

/// All of one width.
fn state(of: &Finding) -> String {
    match of.state {
        State::Found => "ok     ".green().to_string(),
        State::TooOld => "too old".red().to_string(),
        State::Missing => "missing".yellow().to_string(),
        State::Broken => "broken ".red().to_string(),
    }
}

/// The version, or why there is none.
fn told(of: &Finding) -> String {
    if of.state == State::Broken {
        return "tells no version".to_owned();
    }
    let found = of.version.as_deref().unwrap_or("");
    match &of.at_least {
        Some(least) if of.state != State::Found => format!("{found} (needed: {least})"),
        _ => found.to_owned(),
    }
}
