//! `tigress replay`.

use super::{CliError, Ended};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};
use tigress_signal::conformance::files;
use tigress_signal::conformance::printable::Printable;
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::transcript::{Header, Outcome, Transcript};
use tigress_signal::conformance::scenario::{self, Scenario};
use tigress_signal::conformance::suites;

/// Make the run of a transcript again and compare it byte for byte.
///
/// The header is compared with this build, and with the script, where that is inside the program or named.
///
/// Exit status: 0 where all is the same and the run passed; 1 where a line differs, the header is not what it would be now, or
/// the run failed; 2 where it is no transcript.
#[derive(Args)]
pub(super) struct Replay {
    /// The transcript (`tigress scenarios run --transcript FILE` writes one).
    file: PathBuf,
    /// The script that was run, to compare the header with, instead of the one inside the program.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

/// The text of a transcript's file, and what it says.
pub(super) fn read(file: &Path) -> Result<(String, Transcript), CliError> {
    let name = file.display();
    let text = files::read(file, Transcript::MOST_BYTES)?;
    let transcript = Transcript::from_lines(&text).map_err(|error| {
        let how = match error.line {
            1 => "; `tigress scenarios run --transcript FILE` writes a transcript",
            _ => "",
        };
        CliError::Usage(format!("{name}:{}: {}{how}", error.line, error.reason))
    })?;
    Ok((text, transcript))
}

/// Longer values are shown by their beginning.
const LONG: usize = 300;

fn shortened(text: &str) -> Printable<String> {
    Printable(text.chars().take(LONG).collect())
}

impl Replay {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (text, transcript) = read(&self.file)?;
        let file = Printable(self.file.display());
        let recorded = &transcript.header;
        let again = scenario::replay(recorded)?.transcript;
        let now = self.header_now(recorded, &again.header)?;
        let changes = recorded.changes(now.as_ref().unwrap_or(&again.header));
        for change in &changes {
            let [was, is] = [&change.recorded, &change.now].map(|it| shortened(&it.to_string()));
            let place = Printable(&change.place);
            writeln!(out, "{file}:1: {place} was {was}, and is {is} now")?;
        }
        let again = again.to_lines();
        // What is in the header was said already.
        let from = usize::from(!changes.is_empty());
        let mut made = again.lines().skip(from);
        let mut there = text.lines().skip(from);
        let mut same = from;
        let difference = loop {
            match (there.next(), made.next()) {
                (None, None) => break None,
                (one, two) if one == two => same += 1,
                lines => break Some(lines),
            }
        };
        if let Some((there, made)) = difference {
            let shown = |line: Option<&str>| shortened(line.unwrap_or("(the end)"));
            let line = same + 1;
            writeln!(out, "{file}:{line}: differs from what the run makes")?;
            writeln!(out, "  there  {}", shown(there))?;
            writeln!(out, "  made   {}", shown(made))?;
        } else {
            let other = if changes.is_empty() { "" } else { "other " };
            writeln!(out, "{} {other}lines, all the same", same - from)?;
        }
        if let Outcome::Failed { line, text, reason } = &transcript.outcome {
            let what = format!("{}:{line}: {text}: {reason}", recorded.file);
            writeln!(out, "the run failed: {}", Printable(what))?;
        }
        if now.is_none() {
            writeln!(
                out,
                "the script is not inside this program; `--script FILE` compares the header with it"
            )?;
        }
        let passed = transcript.outcome == Outcome::Passed {};
        Ok(if changes.is_empty() && difference.is_none() && passed {
            Ended::Well
        } else {
            Ended::Badly
        })
    }

    /// The header that the script's scenario makes now; none where there is no script at hand.
    fn header_now(&self, recorded: &Header, again: &Header) -> Result<Option<Header>, CliError> {
        let library = Library::load(self.script.as_deref());
        if !library.errors.is_empty() {
            return Err(CliError::Files(library.errors));
        }
        let found = library.scenario(&recorded.scenario, recorded.line);
        let is_meant = |it: &&Scenario| self.script.is_some() || it.file == recorded.file;
        let Some(found) = found.filter(is_meant) else {
            if let Some(script) = &self.script {
                let (script, name) = (script.display(), &recorded.scenario);
                let reason = format!("{script}: no scenario is called `{name}`");
                return Err(CliError::Usage(reason));
            }
            return Ok(None);
        };
        let suite =
            suites::find(&again.suite).map_err(|error| CliError::Usage(error.to_string()))?;
        Ok(Some(Header {
            // Where the script lies is nothing that it says.
            file: recorded.file.clone(),
            ..scenario::header(found, found.suite_or(Some(suite)), &recorded.seed)
        }))
    }
}
