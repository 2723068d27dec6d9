//! `tigress diagram`.

use super::{CliError, Ended, replay};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::scenario::diagram::Diagram;

/// Draw the sequence diagram of a transcript.
#[derive(Args)]
pub(super) struct Draw {
    /// The transcript.
    file: PathBuf,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text that many editors and forges draw.
    Mermaid,
    /// A picture that opens anywhere.
    Svg,
}

impl Draw {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (_, transcript) = replay::read(&self.file)?;
        let diagram = Diagram::of(&transcript);
        let text = match self.format {
            Format::Mermaid => diagram.mermaid(),
            Format::Svg => diagram.svg(),
        };
        out.write_all(text.as_bytes())?;
        Ok(Ended::Well)
    }
}
