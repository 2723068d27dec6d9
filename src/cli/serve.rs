//! `tigress serve`.

use super::{CliError, Ended, Output};
use clap::{Args, ValueEnum};
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tigress_signal::conformance::files;
#[cfg(feature = "flaws")]
use tigress_signal::conformance::flaws;
use tigress_signal::intermediary::Intermediary;
use tigress_signal::serve::admission::Admission;
use tigress_signal::serve::faults::{Faults, Rules};
use tigress_signal::serve::journal::Journal;
use tigress_signal::serve::server::Bounds;
use tigress_signal::serve::store::AnyStore;
use tigress_signal::serve::{Clock, Server, ServerError, Settings, tls};
use tigress_signal::{suite, system};

/// Serve an intermediary: prekeys and mailboxes over HTTP, as section 7 of the profile has them (docs/serve.md).
///
/// It says on standard output where it listens, and goes on until it gets SIGINT or SIGTERM. Exit status: 0.
#[derive(Args)]
pub(super) struct Serve {
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8440")]
    listen: SocketAddr,
    /// Where everything is kept: `sqlite:FILE`, or `postgres://USER@HOST/DATABASE`, which several servers may share. Without it, in memory.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A certificate, in PEM; with --tls-key.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make a certificate for `localhost`, and write it into this file for clients to trust.
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert")]
    tls_self_signed: Option<PathBuf>,
    /// Register only strangers who send the secret in this file, in the header `Registration-Secret`.
    #[arg(long, value_name = "FILE")]
    registration_secret_file: Option<PathBuf>,
    /// Register at most so many strangers an hour from one address (with IPv6, from one /64).
    #[arg(long, value_name = "N")]
    registrations_an_hour: Option<u32>,
    /// Offer /admin to whoever sends the bearer token in this file.
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// Serve as an intermediary with this flaw (`MBX-07 newest first`), one of those that `tigress flaws` lists.
    #[cfg(feature = "flaws")]
    #[arg(long, value_name = "NAME")]
    flaw: Option<String>,
    /// For tests: a clock that stands still until it is moved at /admin/clock.
    #[arg(long, requires = "admin_token_file")]
    test_clock: bool,
    /// For tests of wallets: lose, delay, repeat, reorder, damage and lie by the rules in this file.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// For tests of wallets: write what was asked and answered into this file, as JSON Lines without secrets.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// The most connections at once.
    #[arg(long, value_name = "N", default_value = "256", value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// What is written on standard error: a line for each request, without who asked.
    #[arg(long, value_name = "FORM", default_value = "text")]
    log: Log,
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// Nothing.
    Off,
    /// Lines of text.
    Text,
    /// A JSON object a line.
    Json,
}

/// The longest file of rules, in bytes.
const LONGEST_RULES: u64 = 1024 * 1024;
/// The longest certificate and the longest key, in bytes.
const LONGEST_PEM: u64 = 1024 * 1024;
/// The longest file with a secret, in bytes.
const LONGEST_SECRET: u64 = 4 * 1024;
/// The shortest secret that a file may hold: what is shorter can be guessed.
const SHORTEST_SECRET: usize = 16;

impl From<ServerError> for CliError {
    fn from(error: ServerError) -> Self {
        CliError::Usage(error.to_string())
    }
}

impl Serve {
    #[cfg(feature = "flaws")]
    pub(super) fn run(self, out: &mut Output<impl Write>) -> Result<Ended, CliError> {
        let flaw = self
            .flaw
            .as_deref()
            .map(super::adapter::named)
            .transpose()?;
        flaws::under(flaw.unwrap_or_default(), || self.serve(out))
    }

    #[cfg(not(feature = "flaws"))]
    pub(super) fn run(self, out: &mut Output<impl Write>) -> Result<Ended, CliError> {
        self.serve(out)
    }

    fn serve(self, out: &mut Output<impl Write>) -> Result<Ended, CliError> {
        self.log();
        let read = |path: &Option<PathBuf>| path.as_deref().map(secret).transpose();
        let registration = read(&self.registration_secret_file)?;
        let mut settings = Settings {
            admission: Admission::new(registration.as_deref(), self.registrations_an_hour),
            admin_token: read(&self.admin_token_file)?,
            bounds: Bounds {
                connections: usize::from(self.connections),
                ..Bounds::default()
            },
            ..Settings::default()
        };
        if self.test_clock {
            settings.clock = Clock::standing();
        }
        if let Some(file) = &self.faults {
            let wrong = |what: &str| CliError::Usage(format!("{}: {what}", file.display()));
            let json = files::read(file, LONGEST_RULES)?;
            let rules = Rules::from_json(json.as_bytes()).map_err(|error| wrong(&error))?;
            settings.faults = Some(Faults::new(rules));
        }
        if let Some(file) = &self.transcript {
            let journal = Journal::create(file, settings.clock.clone());
            settings.journal = Some(journal.map_err(|error| unwritable(file, &error))?);
        }
        let wrong = |error: tls::TlsError| CliError::Usage(error.to_string());
        if let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) {
            let read = |file: &Path| {
                files::read(file, LONGEST_PEM).map_err(|error| CliError::Files(vec![error]))
            };
            let acceptor = tls::from_pem(&read(certificate)?, &read(key)?);
            settings.tls = Some(acceptor.map_err(wrong)?);
        } else if let Some(file) = &self.tls_self_signed {
            let (acceptor, pem) = tls::self_signed().map_err(wrong)?;
            fs::write(file, pem).map_err(|error| unwritable(file, &error))?;
            settings.tls = Some(acceptor);
        }
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let Some(suite) = suite::by_name("tigress-1") else {
            unreachable!("the suite is there");
        };
        // Before there is a runtime: PostgreSQL's client has its own.
        let store = AnyStore::open(self.database.as_deref())
            .map_err(|error| CliError::Usage(error.to_string()))?;
        settings.is_shared = matches!(store, AnyStore::Postgres(_));
        let kept = match store {
            AnyStore::Memory(_) => "in memory: everything is lost when it ends",
            AnyStore::Sqlite(_) => "in a file: what was answered outlasts a crash",
            AnyStore::Postgres(_) => "in a database: what was answered outlasts a crash",
        };
        let machine = Intermediary::new(suite, store);
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        // A flaw is one of this thread.
        #[cfg(feature = "flaws")]
        if self.flaw.is_some() {
            runtime = tokio::runtime::Builder::new_current_thread();
        }
        let runtime = runtime.enable_all().build()?;
        let machine = runtime.block_on(async {
            let server = Server::bind(self.listen, machine, settings).await?;
            // Whoever reads where it listens may end it at once.
            let end = system::told_to_end()?;
            writeln!(out, "{scheme}://{}", server.address()?)?;
            writeln!(out, "{kept}")?;
            out.flush()?;
            Ok::<_, CliError>(server.run(end).await?)
        })?;
        // PostgreSQL's client closes its connection by its own runtime, too.
        drop(machine);
        Ok(Ended::Well)
    }

    fn log(&self) {
        let lines = tracing_subscriber::fmt()
            .with_writer(io::stderr)
            .with_target(false);
        match self.log {
            Log::Off => {}
            Log::Text => lines.with_ansi(false).init(),
            Log::Json => lines.json().flatten_event(true).init(),
        }
    }
}

/// What stands in a file, without white space around it.
pub(super) fn secret(path: &Path) -> Result<String, CliError> {
    let wrong = |what: &str| CliError::Usage(format!("{}: {what}", path.display()));
    let text = files::read(path, LONGEST_SECRET)?;
    let secret = text.trim();
    if secret.len() < SHORTEST_SECRET || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong(
            "a secret is 16 characters of visible ASCII or more, without spaces",
        ));
    }
    Ok(secret.to_owned())
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::Usage(format!("{}: {error}", path.display()))
}
