//! What `tigress interop` shows while it plays, and the transcripts that it writes.

use indicatif::ProgressBar;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tigress_signal::conformance::interop::tournament::Progress;
use tigress_signal::conformance::interop::transcript::{Outcome, Transcript};
use tigress_signal::conformance::printable::{Printable, shortened};
use tigress_signal::conformance::scenario;

/// A bar on standard error, and only where that is a terminal; transcripts in their folder.
pub(super) struct Screen<'a> {
    bar: ProgressBar,
    folder: Option<&'a Path>,
    every: bool,
    failure: Option<(PathBuf, io::Error)>,
}

impl<'a> Screen<'a> {
    /// Writes transcripts into that folder, if any: of what fails, or of all.
    pub(super) fn new(folder: Option<&'a Path>, every: bool) -> Self {
        Screen {
            bar: ProgressBar::hidden(),
            folder,
            every,
            failure: None,
        }
    }

    /// The run is over.
    ///
    /// # Errors
    /// The first transcript that could not be written, and why.
    pub(super) fn end(self) -> Result<(), (PathBuf, io::Error)> {
        self.bar.finish_and_clear();
        self.failure.map_or(Ok(()), Err)
    }
}

impl Progress for Screen<'_> {
    fn started(&mut self, total: usize) {
        self.bar = super::progress_bar(total);
    }

    fn played(&mut self, transcript: &Transcript) -> Option<String> {
        let header = &transcript.header;
        let pair = format!("{} with {}", header.initiator.label, header.responder.label);
        self.bar
            .set_message(Printable(shortened(&pair, 60)).to_string());
        self.bar.inc(1);
        let parts = [
            header.initiator.label.as_str(),
            header.responder.label.as_str(),
            header.conversation.as_str(),
        ];
        self.write(parts, &transcript.outcome, || transcript.to_lines())
    }

    fn transferred(
        &mut self,
        [one, other]: [&str; 2],
        outcome: &Outcome,
        transcript: &scenario::transcript::Transcript,
    ) -> Option<String> {
        let pair = format!("{one} with {other}");
        self.bar
            .set_message(Printable(shortened(&pair, 60)).to_string());
        self.bar.inc(1);
        let header = &transcript.header;
        let played = format!("{}-{}", header.line, header.scenario);
        self.write([one, other, &played], outcome, || transcript.to_lines())
    }
}

impl Screen<'_> {
    /// Writes a transcript down, where that was asked for. The name of its file.
    fn write(
        &mut self,
        parts: [&str; 3],
        outcome: &Outcome,
        lines: impl FnOnce() -> String,
    ) -> Option<String> {
        let folder = self.folder?;
        if !self.every && !matches!(outcome, Outcome::Failed(_)) {
            return None;
        }
        let name = format!("{}.jsonl", parts.map(file_name).join("--"));
        let file = folder.join(&name);
        if let Err(error) = fs::write(&file, lines()) {
            self.failure.get_or_insert((file, error));
            return None;
        }
        Some(name)
    }
}

/// A text as part of a file's name: nothing of it leads elsewhere.
fn file_name(text: &str) -> String {
    /// So many characters of it at most.
    const LONG: usize = 60;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let plain = text.chars().take(LONG);
    let plain: String = plain.map(|c| if is_plain(c) { c } else { '_' }).collect();
    plain.trim_matches('.').to_owned()
}
