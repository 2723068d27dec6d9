//! `tigress man`.

use super::{Cli, CliError, Ended};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use tigress_signal::conformance::printable::Printable;

/// Write the manual pages of the program and of each of its commands into a folder.
#[derive(Args)]
pub(super) struct Manual {
    /// The folder; made where it is not there. `man` finds them in a folder `man1`.
    folder: PathBuf,
}

impl Manual {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let mut pages = Vec::new();
        render(command, &mut pages)?;
        let written = fs::create_dir_all(&self.folder).and_then(|()| {
            let mut pages = pages.iter();
            pages.try_for_each(|(name, page)| fs::write(self.folder.join(name), page))
        });
        let folder = Printable(self.folder.display());
        written.map_err(|error| CliError::Usage(format!("{folder}: {error}")))?;
        writeln!(out, "{} pages in {folder}", pages.len())?;
        Ok(Ended::Well)
    }
}

/// The page of a command, and those of the commands under it: their files and what stands in them.
fn render(command: Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let under: Vec<Command> = command.get_subcommands().cloned().collect();
    let page = Man::new(command).manual("tigress");
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((page.get_filename(), text));
    under
        .into_iter()
        .try_for_each(|command| render(command, pages))
}
