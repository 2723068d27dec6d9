//! A server under test, as the command line names it.

use super::CliError;
use super::serve::secret;
use clap::Args;
use std::fmt::Write as _;
use std::path::PathBuf;
use tigress_signal::conformance::files;
use tigress_signal::conformance::redaction;
use tigress_signal::conformance::served::races::{Fault, RACES};
use tigress_signal::conformance::served::{Http, Server};
use tigress_signal::conformance::subject::Subject;
use tigress_signal::hex;
use tigress_signal::primitives::{Randomness, SystemRandomness};
use tigress_signal::serve::{Binding, Client};

/// The longest description of routes, in bytes.
const LONGEST_MAPPING: u64 = 64 * 1024;

/// How a server is reached, and what it, or who tests it, offers.
#[derive(Args)]
pub(super) struct Reach {
    /// Use the paths in this file, where the server has others than the reference server (docs/operators.md).
    #[arg(long, value_name = "FILE", requires = "url")]
    mapping: Option<PathBuf>,
    /// Move the server's test clock at /admin/clock, with the bearer token in this file.
    #[arg(long, value_name = "FILE", requires = "url")]
    admin_token_file: Option<PathBuf>,
    /// Restart the server by this shell command, which ends once the server serves again.
    #[arg(long, value_name = "COMMAND", requires = "url")]
    restart_command: Option<String>,
    /// Accept any certificate, for a server that has signed its own.
    #[arg(long, requires = "url")]
    insecure: bool,
    /// Make all users, tokens and keys on the server from this seed; drawn where it is not given. Never use one seed twice on one server.
    #[arg(long, value_name = "SEED", requires = "url")]
    server_seed: Option<String>,
}

/// A server that is reached.
pub(super) struct Reached {
    http: Http,
    url: String,
    /// What everything on the server is made from.
    pub(super) seed: String,
}

impl Reach {
    /// The server at that URL.
    pub(super) fn reach(&self, url: &str) -> Result<Reached, CliError> {
        let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
        let binding = match &self.mapping {
            Some(file) => {
                let text = files::read(file, LONGEST_MAPPING);
                let text = text?;
                let read = Binding::from_json(text.as_bytes());
                let wrong = |error| CliError::Usage(format!("{}: {error}", file.display()));
                Some(read.map_err(wrong)?)
            }
            None => None,
        };
        let client = Client::new(url, binding, self.insecure).map_err(|error| usage(&error))?;
        let client = match &self.admin_token_file {
            Some(file) => client.with_admin_token(&secret(file)?),
            None => client,
        };
        let is_admin = self.admin_token_file.is_some();
        let http = Http::new(client, is_admin, self.restart_command.clone());
        let seed = match &self.server_seed {
            Some(seed) => seed.clone(),
            None => drawn().map_err(|error| usage(&error))?,
        };
        Ok(Reached {
            http: http.map_err(|error| usage(&error))?,
            url: url.to_owned(),
            seed,
        })
    }

    /// The arguments by which it is reached again, each with a blank before it, but the seed.
    pub(super) fn arguments(&self) -> String {
        let mut arguments = String::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                let _ = write!(arguments, " --{name} {}", redaction::argument(&value));
            }
        };
        let shown = |file: &Option<PathBuf>| file.as_ref().map(|it| it.display().to_string());
        add("mapping", shown(&self.mapping));
        add("admin-token-file", shown(&self.admin_token_file));
        add("restart-command", self.restart_command.clone());
        if self.insecure {
            arguments.push_str(" --insecure");
        }
        arguments
    }
}

fn drawn() -> Result<String, tigress_signal::primitives::RandomnessError> {
    let mut bytes = [0; 8];
    SystemRandomness.fill(&mut bytes)?;
    Ok(hex::encode(&bytes))
}

impl Reached {
    /// The server as a subject.
    pub(super) fn subject(&self) -> Box<dyn Subject> {
        let wire = Box::new(self.http.clone());
        Box::new(Server::new(wire, &self.url, &self.seed))
    }

    /// Runs the races that are chosen: each with what became of it.
    pub(super) fn races(
        &self,
        is_chosen: impl Fn(&str) -> bool,
    ) -> Vec<(&'static str, &'static str, Result<(), Fault>)> {
        let chosen = RACES.iter().filter(|race| is_chosen(race.requirement));
        let run = chosen.map(|race| {
            let held = race.run(&mut self.http.clone(), &self.seed);
            (race.requirement, race.words, held)
        });
        run.collect()
    }
}
