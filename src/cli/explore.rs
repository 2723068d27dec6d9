//! `tigress explore`.

use super::run::fault;
use super::{CliError, Ended, replay, whole};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::scenario::playback::Playback;
use tigress_signal::report;

/// Make a page to step through a transcript: who does what, what each message holds, and what is so by then.
///
/// The page is one HTML file that needs nothing else. Without JavaScript it is a list of all steps.
///
/// Exit status: 0 where it is made; 2 where there is no transcript, or too much in it, or the page cannot be written.
#[derive(Args)]
pub(super) struct Explore {
    /// The transcript (`tigress scenarios run --transcript FILE` writes one).
    file: PathBuf,
    /// Write the page into this file, instead of standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Explore {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (_, transcript) = replay::read(&self.file)?;
        let playback = Playback::of(&transcript).map_err(|error| fault(&self.file, &error))?;
        let page = report::player::page(&playback);
        match &self.to {
            None => out.write_all(page.as_bytes())?,
            Some(file) => whole::write(file, page.as_bytes())?,
        }
        Ok(Ended::Well)
    }
}
