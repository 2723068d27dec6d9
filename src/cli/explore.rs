//! `tigress explore`.

use super::run::fault;
use super::{CliError, Ended, replay};
use clap::Args;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tigress_signal::conformance::scenario::playback::Playback;
use tigress_signal::report;

/// Make a page to step through a transcript: who does what, what each message holds, and what is so by then.
///
/// The page is one HTML file that needs nothing else. Without JavaScript it is a list of all steps.
///
/// Exit status: 0 where it is made; 2 where there is no transcript, or the page cannot be written.
#[derive(Args)]
pub(super) struct Explore {
    /// The transcript.
    file: PathBuf,
    /// Write the page into this file, instead of standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Explore {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (_, transcript) = replay::read(&self.file)?;
        let page = report::player::page(&Playback::of(&transcript));
        match &self.to {
            None => out.write_all(page.as_bytes())?,
            Some(file) => written_whole(file, &page).map_err(|error| fault(file, &error))?,
        }
        Ok(Ended::Well)
    }
}

/// Writes a file whole, or leaves what was there.
fn written_whole(file: &Path, text: &str) -> io::Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
