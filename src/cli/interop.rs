//! `tigress interop`.

use super::clock;
use super::interop_screen::Screen;
use super::run::{fault, seconds};
use super::signals::Received;
use super::{CliError, Ended, whole};
use clap::{Args, Subcommand, ValueEnum};
use owo_colors::OwoColorize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tigress_signal::conformance::adapter::Setup;
use tigress_signal::conformance::files;
use tigress_signal::conformance::hint::Hint;
use tigress_signal::conformance::interop::conversation::Conversation;
use tigress_signal::conformance::interop::matrix::Matrix;
use tigress_signal::conformance::interop::party::Party;
use tigress_signal::conformance::interop::peers::{ADAPTERS, Peer, REFERENCE, Row};
use tigress_signal::conformance::interop::play::{self, Terms};
use tigress_signal::conformance::interop::tournament::{self, Plan};
use tigress_signal::conformance::interop::transcript::{self, Outcome, Transcript};
use tigress_signal::conformance::interop::{transfers, vocabulary};
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::printable::{Printable, block, quoted, shortened};
use tigress_signal::conformance::redaction;
use tigress_signal::conformance::scenario::Scenario;
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::suites;
use tigress_signal::report;
use tigress_signal::suite::{self, SuiteRef};

/// The suite that libraries are asked to speak where nobody says.
const SUITE: &str = "signal-v3";

/// Play scripted conversations between implementations, each as initiator and as responder.
///
/// Exit status: 0 where every conversation succeeded, or as `--expect` says; 1 where one did not, or `--fail-on-skipped` is not met; 2 where part of the
/// run could not be made.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Interop {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    tournament: Tournament,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Steps(Steps),
    Replay(Replay),
}

#[derive(Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command"
)]
struct Tournament {
    /// Play only with these: `tigress` is the reference engine, `libsignal-client` both versions of it, `libsignal-client@0.22.0` one.
    names: Vec<String>,
    /// Add this program, which speaks the adapter protocol (docs/adapter.md), and play only the pairs that include it.
    #[arg(long, value_name = "COMMAND")]
    adapter: Vec<String>,
    /// The list of adapters; adapters/adapters.json where it is not given.
    #[arg(long, value_name = "FILE")]
    adapters: Option<PathBuf>,
    /// Play only with adapters that can be installed in a minute, as the list says.
    #[arg(long)]
    quick: bool,
    /// The suite.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// Play only this conversation (`gap/50`), those of this file (`gap`) or requirement (`DR-10`); may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Play whole transfers, too: scenarios with wallets of the reference engine, whose sessions these adapters keep. `--only` then also takes
    /// a theme (`hotel_key`) or a scenario (`hotel_key/From phone to phone`), and nothing else is played.
    #[arg(long)]
    transfers: bool,
    /// Play the conversations of this file or folder, not those inside the program.
    #[arg(long, value_name = "PATH")]
    conversations: Option<PathBuf>,
    /// Make all randomness that is handed in, and every random order, from this seed.
    #[arg(long, default_value = "1")]
    seed: String,
    /// Let so many pairs play at once.
    #[arg(long, value_name = "N", default_value = "1")]
    jobs: NonZeroUsize,
    /// How long an adapter may take for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// How long a conversation or scenario may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    bound: Duration,
    /// Write the transcript of each conversation that fails into this folder; it is made where it does not exist.
    #[arg(long, value_name = "DIR")]
    transcripts: Option<PathBuf>,
    /// Write the transcripts of those that succeed, too.
    #[arg(long, requires = "transcripts")]
    every_transcript: bool,
    /// Write the matrix as one self-contained HTML page, too.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write it as a page in Markdown, too.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Compare with this file, which `--format json` wrote before: exit with 0 where nothing changed, with 1 where anything did, for better or worse.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Exit with 1 where anything was skipped, or an adapter did not take part.
    #[arg(long)]
    fail_on_skipped: bool,
    /// How to write the matrix.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: docs/conversations.md.
    Json,
}

/// List the conversations: their names, clauses, and why they must succeed.
#[derive(Args)]
struct List {
    /// A file or folder; those inside the program where none is given.
    path: Option<PathBuf>,
}

/// List the steps that a conversation may have.
#[derive(Args)]
struct Steps {}

/// Play the transcript of a conversation again: one side is run, the other says what it said then.
///
/// Exit status: 0 where the conversation succeeds, or all of it that was recorded; 1 where a step does not; 2 where it is no transcript, or the
/// adapter cannot be used.
#[derive(Args)]
struct Replay {
    /// The transcript.
    file: PathBuf,
    /// Who takes the side: a name as in `tigress interop`, or a command; where it is not given, who played it then.
    #[arg(long, value_name = "NAME|COMMAND")]
    adapter: Option<String>,
    /// Which side it takes.
    #[arg(long, value_enum)]
    r#as: Side,
    /// The list of adapters; adapters/adapters.json where it is not given.
    #[arg(long, value_name = "FILE")]
    adapters: Option<PathBuf>,
    /// How long an adapter may take for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// Ben.
    Initiator,
    /// Ryan.
    Responder,
}

impl Interop {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        match self.command {
            None => self.tournament.run(out),
            Some(Command::List(command)) => command.run(out),
            Some(Command::Steps(Steps {})) => steps(out),
            Some(Command::Replay(command)) => command.run(out),
        }
    }
}

/// The reference engine, and every adapter of the list. None is needed where nobody named a list.
fn listed(file: Option<&Path>) -> Result<Vec<Peer>, CliError> {
    let rows = match file {
        Some(file) => Row::load(file),
        None if Path::new(ADAPTERS).exists() => Row::load(Path::new(ADAPTERS)),
        None => Ok(Vec::new()),
    };
    let rows = rows?;
    let adapters = rows.into_iter().map(Peer::Listed);
    Ok(std::iter::once(Peer::Reference).chain(adapters).collect())
}

fn unknown(what: &str, name: &str, known: &[String]) -> CliError {
    let hint = Hint::nearest(name, known.iter().map(String::as_str));
    CliError::Usage(format!("{what} is called `{name}`{hint}"))
}

impl Tournament {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let suite = suite(self.suite.as_deref())?;
        let scenarios = self.scenarios(suite)?;
        let conversations = self.conversations(suite, &scenarios)?;
        let peers = self.peers()?;
        let recorded = match &self.expect {
            Some(file) => Some(Matrix::load(file)?),
            None => None,
        };
        if let Some(folder) = &self.transcripts {
            fs::create_dir_all(folder).map_err(|error| fault(folder, &error))?;
        }
        let interrupt = Interrupt::default();
        let received = Received::watch(&interrupt)?;
        let plan = Plan {
            conversations: &conversations,
            peers: &peers,
            terms: Terms {
                suite,
                seed: self.seed.clone(),
                bound: self.bound,
            },
            setup: Setup {
                timeout: self.timeout,
                interrupt,
                trace: None,
            },
            jobs: self.jobs,
            date: clock::today(),
        };
        let mut screen = Screen::new(self.transcripts.as_deref(), self.every_transcript);
        let mut matrix = tournament::run(&plan, &mut screen);
        if self.transfers {
            let transfers = transfers::run(&plan, &scenarios, &mut screen);
            matrix.transfers = Some(Box::new(transfers));
        }
        screen.end().map_err(|(file, error)| fault(&file, &error))?;
        match self.format {
            Format::Json => report::interop::json(out, &matrix)?,
            Format::Text => {
                let arguments = self.arguments(&matrix, &peers);
                report::interop::pretty::write(out, &matrix, &arguments)?;
            }
        }
        let write = |file: &Option<PathBuf>, page: fn(&Matrix) -> String| match file {
            Some(file) => whole::write(file, page(&matrix).as_bytes()),
            None => Ok(()),
        };
        write(&self.report, report::interop::html::page)?;
        write(&self.page, report::interop::markdown::page)?;
        self.say_who_is_missing(&matrix)?;
        let is_as_expected = self.is_as_expected(&matrix, recorded.as_ref())?;
        Ok(received.ended(self.ended(&matrix, is_as_expected)))
    }

    /// The whole transfers that are played: none where they were not asked for.
    fn scenarios(&self, suite: SuiteRef) -> Result<Vec<Scenario>, CliError> {
        if !self.transfers {
            return Ok(Vec::new());
        }
        let library = Library::load(None);
        if !library.errors.is_empty() {
            return Err(CliError::Files(library.errors));
        }
        let all = library.scripts.into_iter().flat_map(|it| it.scenarios);
        let wanted = |it: &Scenario| {
            let mut only = self.only.iter();
            let is_named = self.only.is_empty() || only.any(|name| transfers::is_called(it, name));
            is_named && it.with_libraries && it.runs_in(Some(suite))
        };
        Ok(all.filter(wanted).collect())
    }

    fn conversations(
        &self,
        suite: SuiteRef,
        scenarios: &[Scenario],
    ) -> Result<Vec<Conversation>, CliError> {
        let all = Conversation::load(self.conversations.as_deref()).map_err(CliError::Files)?;
        let is_known = |name: &String| {
            let mut scenarios = scenarios.iter();
            all.iter().any(|it| it.is_called(name))
                || scenarios.any(|it| transfers::is_called(it, name))
        };
        if let Some(name) = self.only.iter().find(|name| !is_known(name)) {
            let conversations = all.iter().map(|it| it.name.clone());
            let known: Vec<_> = conversations
                .chain(scenarios.iter().map(transfers::name))
                .collect();
            return Err(unknown("no conversation", name, &known));
        }
        let wanted = |it: &Conversation| {
            let is_named = self.only.is_empty() || self.only.iter().any(|name| it.is_called(name));
            is_named && it.is_of(suite)
        };
        let chosen: Vec<_> = all.into_iter().filter(wanted).collect();
        if chosen.is_empty() && scenarios.is_empty() {
            let suite = suite.name();
            return Err(CliError::Usage(format!(
                "none of these conversations is of {suite}"
            )));
        }
        Ok(chosen)
    }

    fn peers(&self) -> Result<Vec<Peer>, CliError> {
        let all = listed(self.adapters.as_deref())?;
        for name in &self.names {
            if !all.iter().any(|peer| peer.is_called(name)) {
                let known: Vec<_> = all.iter().map(Peer::listed).collect();
                return Err(unknown("no adapter", name, &known));
            }
        }
        let wanted = |peer: &Peer| {
            let is_quick = match peer {
                Peer::Listed(row) => row.quick,
                Peer::Reference | Peer::Named(_) => true,
            };
            let is_named =
                self.names.is_empty() || self.names.iter().any(|name| peer.is_called(name));
            is_named && (is_quick || !self.quick)
        };
        let own = self.adapter.iter().cloned().map(Peer::Named);
        Ok(all.into_iter().filter(wanted).chain(own).collect())
    }

    /// How a part of this run is run alone.
    fn arguments(&self, matrix: &Matrix, peers: &[Peer]) -> report::interop::pretty::Arguments {
        let mut of = BTreeMap::new();
        for participant in &matrix.peers {
            let label = &participant.label;
            let is_listed =
                |peer: &&Peer| !matches!(peer, Peer::Named(_)) && peer.listed() == *label;
            let argument = match (peers.iter().find(is_listed), self.adapter.as_slice()) {
                (Some(_), _) => quoted(&label.replacen(' ', "@", 1)),
                // Of an adapter that says itself who it is only one can be told by that.
                (None, [command]) => format!("--adapter {}", redaction::argument(command)),
                (None, _) => "--adapter COMMAND".to_owned(),
            };
            of.insert(label.clone(), argument);
        }
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let seed = (self.seed != "1").then(|| self.seed.clone());
        let options = [
            ("suite", self.suite.clone()),
            ("seed", seed),
            ("adapters", path(&self.adapters)),
            ("conversations", path(&self.conversations)),
        ];
        let given = options
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let more = given.map(|(name, value)| format!(" --{name} {}", quoted(value)));
        let more = more.collect();
        report::interop::pretty::Arguments { peers: of, more }
    }

    /// Whether all is as was recorded; on standard error what is not. None where nothing was recorded.
    fn is_as_expected(
        &self,
        matrix: &Matrix,
        recorded: Option<&Matrix>,
    ) -> Result<Option<bool>, CliError> {
        let (Some(recorded), Some(file)) = (recorded, &self.expect) else {
            return Ok(None);
        };
        let changes = matrix.changes(recorded);
        let mut stderr = anstream::stderr();
        for change in &changes {
            let (file, change) = (Printable(file.display()), Printable(change));
            writeln!(stderr, "changed: {file}: {change}")?;
        }
        Ok(Some(changes.is_empty()))
    }

    /// Whether peers were asked for by name: then each of them must take part, while others may not be installed.
    fn asks_for_all(&self) -> bool {
        !self.names.is_empty() || !self.adapter.is_empty()
    }

    /// On standard error, where that is why the run is not whole.
    fn say_who_is_missing(&self, matrix: &Matrix) -> Result<(), CliError> {
        let mut stderr = anstream::stderr();
        if self.asks_for_all() || matrix.cells.is_empty() {
            for absent in &matrix.absent {
                let (label, reason) = (Printable(&absent.label), Printable(&absent.reason));
                writeln!(stderr, "error: {label} does not take part: {reason}")?;
            }
        }
        Ok(())
    }

    fn ended(&self, matrix: &Matrix, is_as_expected: Option<bool>) -> Ended {
        let mut counts = [0; 3];
        let mut faulty = false;
        for (_, part) in matrix.parts() {
            for (sum, count) in counts.iter_mut().zip(part.counts()) {
                *sum += count;
            }
            faulty |= part.peers.iter().any(|peer| !peer.faults.is_empty());
        }
        let [passed, failed, skipped] = counts;
        if matrix.cells.is_empty() || self.asks_for_all() && !matrix.absent.is_empty() {
            return Ended::Incomplete;
        }
        let is_short = self.fail_on_skipped && (skipped > 0 || !matrix.absent.is_empty());
        let is_well = is_as_expected.unwrap_or(failed == 0 && passed > 0);
        if is_well && !faulty && !is_short {
            Ended::Well
        } else {
            Ended::Badly
        }
    }
}

fn suite(name: Option<&str>) -> Result<SuiteRef, CliError> {
    match name {
        Some(name) => suites::find(name).map_err(|error| CliError::Usage(error.to_string())),
        None => Ok(suites::find(SUITE).unwrap_or(suite::ALL[0])),
    }
}

impl List {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let all = Conversation::load(self.path.as_deref()).map_err(CliError::Files)?;
        for conversation in &all {
            let suite = conversation
                .suite
                .map_or_else(String::new, |suite| format!(" ({})", suite.name()));
            let name = Printable(&conversation.name).to_string();
            writeln!(
                out,
                "{}  {}{suite}",
                name.bold(),
                Printable(&conversation.title)
            )?;
            let (clause, reason) = (&conversation.clause, &conversation.reason);
            writeln!(out, "    {}: {}", Printable(clause), Printable(reason))?;
        }
        writeln!(out, "\n{} conversations", all.len())?;
        Ok(Ended::Well)
    }
}

fn steps(out: &mut dyn Write) -> Result<Ended, CliError> {
    for definition in vocabulary::definitions() {
        let step = format!("{} {}", definition.keyword, definition.expression);
        writeln!(out, "{}\n    {}", step.bold(), definition.help)?;
    }
    writeln!(out, "\nWhat stands between braces:")?;
    for parameter in vocabulary::PARAMETERS {
        let name = format!("{{{}}}", parameter.name);
        writeln!(out, "{}\n    {}", name.bold(), parameter.values)?;
    }
    Ok(Ended::Well)
}

impl Replay {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let text = files::read(&self.file, transcript::MOST_FILE_BYTES)?;
        let name = self.file.display();
        let recorded = Transcript::from_lines(&text)
            .map_err(|(line, reason)| CliError::Usage(format!("{name}:{line}: {reason}")))?;
        let header = &recorded.header;
        let live = match self.r#as {
            Side::Initiator => Party::Ben,
            Side::Responder => Party::Ryan,
        };
        let wanted = self.adapter.as_ref().unwrap_or(&header.player(live).label);
        let peers = listed(self.adapters.as_deref())?;
        let peer = peers.into_iter().find(|peer| peer.is_called(wanted));
        let peer = match (peer, &self.adapter) {
            (Some(peer), _) => peer,
            (None, Some(command)) => Peer::Named(command.clone()),
            (None, None) => return Err(unknown("no adapter", wanted, &[REFERENCE.to_owned()])),
        };
        let interrupt = Interrupt::default();
        let received = Received::watch(&interrupt)?;
        let setup = Setup {
            timeout: self.timeout,
            interrupt,
            trace: None,
        };
        let mut subject = peer
            .start(&setup)
            .map_err(|error| CliError::Usage(error.to_string()))?;
        let suite = suites::find(&header.suite);
        let suite = suite.map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
        let player = peer.player(&*subject, suite).map_err(CliError::Usage)?;
        let replay = play::replay(&recorded, live, &mut *subject, Duration::from_mins(10))
            .map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
        drop(subject);
        let other = &header.player(live.other()).label;
        writeln!(
            out,
            "{} in {}: {} as {}, and what {} said",
            Printable(&header.conversation),
            Printable(&header.suite),
            Printable(&player.label),
            live.role(),
            Printable(other)
        )?;
        show(out, &replay)?;
        let then = header.player(live).description.randomness;
        if then != player.description.randomness && !replay.is_well() {
            writeln!(
                out,
                "it draws its randomness otherwise than who played this side then: its messages and theirs need not fit"
            )?;
        }
        Ok(received.ended(if replay.is_well() {
            Ended::Well
        } else {
            Ended::Badly
        }))
    }
}

fn show(out: &mut dyn Write, replay: &play::Replay) -> io::Result<()> {
    /// Longer texts are shortened to about this many characters.
    const LONG: usize = 300;
    let (compared, others) = (replay.compared, replay.differences.len());
    writeln!(out, "{compared} answers, {others} other than recorded")?;
    for (method, then, now) in replay.differences.iter().take(5) {
        let shown = |text: &str| block(&shortened(text, LONG), "           ");
        writeln!(
            out,
            "  {}\n    was    {}\n    is     {}",
            Printable(method),
            shown(then),
            shown(now)
        )?;
    }
    match &replay.outcome {
        Some(Outcome::Passed {}) => writeln!(out, "the conversation succeeds"),
        None => writeln!(out, "everything succeeds up to the end of the transcript"),
        Some(Outcome::Skipped { party, reason }) => {
            writeln!(out, "it cannot be played: {party}: {}", Printable(reason))
        }
        Some(Outcome::Failed(failure)) => {
            let got = block(&shortened(&failure.got, LONG), "           ");
            writeln!(out, "line {}: {}", failure.line, Printable(&failure.text))?;
            writeln!(
                out,
                "  asked    {}: {}",
                failure.party,
                Printable(&failure.asked)
            )?;
            writeln!(out, "  expected {}", Printable(&failure.expected))?;
            writeln!(out, "  got      {got}")
        }
    }
}
