//! `tigress diagram`.

use super::{CliError, Ended, replay};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::scenario::diagram::{Diagram, Part};
use tigress_signal::report;

/// Draw the sequence diagram of a transcript.
///
/// What is too long for one picture goes on in the next. A page (`--format html`) has them all, one below the other; of the other
/// forms `--part` names the one to write.
///
/// Exit status: 0 where it is drawn; 2 where there is no transcript, or no such part, or there are several and none is named.
#[derive(Args)]
pub(super) struct Draw {
    /// The transcript (`tigress scenarios run --transcript FILE` writes one).
    file: PathBuf,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
    /// Which of the pictures, from 1.
    #[arg(long, value_name = "N")]
    part: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text that many editors and forges draw.
    Mermaid,
    /// A picture that opens anywhere.
    Svg,
    /// A page with all pictures.
    Html,
}

impl Draw {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (_, transcript) = replay::read(&self.file)?;
        let diagram = Diagram::of(&transcript);
        let parts = diagram.parts();
        let chosen = self.chosen(&parts)?;
        let text = match self.format {
            Format::Mermaid => chosen.iter().map(Part::mermaid).collect(),
            Format::Svg => chosen.iter().map(Part::svg).collect(),
            Format::Html => report::diagram::page(chosen),
        };
        out.write_all(text.as_bytes())?;
        Ok(Ended::Well)
    }

    /// The parts that are asked for: one, or all of them on a page.
    fn chosen<'p, 'd>(&self, parts: &'p [Part<'d>]) -> Result<&'p [Part<'d>], CliError> {
        let many = parts.len();
        let Some(part) = self.part else {
            if many == 1 || self.format == Format::Html {
                return Ok(parts);
            }
            return Err(CliError::Usage(format!(
                "it takes {many} pictures: `--part 1` to `--part {many}` write one each, `--format html` writes a page of all"
            )));
        };
        let index = part.checked_sub(1);
        let chosen = index.and_then(|index| parts.get(index..=index));
        chosen.ok_or_else(|| {
            CliError::Usage(format!("there is no part {part}; there are 1 to {many}"))
        })
    }
}
