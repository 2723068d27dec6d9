//! `tigress replay`.

use super::{CliError, Ended};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};
use tigress_signal::conformance::files;
use tigress_signal::conformance::printable::Printable;
use tigress_signal::conformance::scenario::replay;
use tigress_signal::conformance::scenario::transcript::Transcript;

/// Make the run of a transcript again and compare it byte for byte.
///
/// Exit status: 0 where it is the same, 1 where a line differs, 2 where it is no transcript.
#[derive(Args)]
pub(super) struct Replay {
    /// The transcript.
    file: PathBuf,
}

/// The text of a transcript's file, and what it says.
pub(super) fn read(file: &Path) -> Result<(String, Transcript), CliError> {
    let fault = |reason: String| CliError::Usage(format!("{}: {reason}", file.display()));
    let text =
        files::read(file, Transcript::MOST_BYTES).map_err(|error| CliError::Files(vec![error]))?;
    let transcript = Transcript::from_lines(&text).map_err(|error| fault(error.to_string()))?;
    Ok((text, transcript))
}

impl Replay {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (text, transcript) = read(&self.file)?;
        let again = replay(&transcript.header)
            .map_err(|error| CliError::Files(vec![error]))?
            .transcript
            .to_lines();
        if text == again {
            writeln!(out, "{} lines, all the same", text.lines().count())?;
            return Ok(Ended::Well);
        }
        let same = text
            .lines()
            .zip(again.lines())
            .take_while(|(one, two)| one == two);
        let line = same.count() + 1;
        let shown = |text: &str| {
            let line = text.lines().nth(line - 1).unwrap_or("(the end)");
            Printable(line.chars().take(300).collect::<String>())
        };
        writeln!(
            out,
            "{}:{line}: differs from what the run makes",
            Printable(self.file.display())
        )?;
        writeln!(out, "  there  {}", shown(&text))?;
        writeln!(out, "  made   {}", shown(&again))?;
        Ok(Ended::Badly)
    }
}
