//! `tigress requirements`.

use super::{CliError, Ended};
use clap::Args;
use owo_colors::OwoColorize;
use std::io::Write;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::Catalogue;

/// List the requirements: id, how many vectors and how many scenarios carry it, text.
#[derive(Args)]
pub(super) struct Requirements {
    /// Only those of this section of the profile; may be repeated.
    #[arg(long, value_name = "NUMBER")]
    section: Vec<u32>,
}

impl Requirements {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let catalogue = Catalogue::get();
        if let Some(unknown) = self
            .section
            .iter()
            .find(|number| catalogue.of_section(**number).next().is_none())
        {
            let known: Vec<_> = catalogue
                .sections
                .iter()
                .map(|s| s.number.to_string())
                .collect();
            return Err(CliError::Usage(format!(
                "section {unknown} states no requirement; these do: {}",
                known.join(", ")
            )));
        }
        let cases = Cases::load(None, None);
        for section in &catalogue.sections {
            if !self.section.is_empty() && !self.section.contains(&section.number) {
                continue;
            }
            let title = format!("{}. {}", section.number, section.title);
            writeln!(out, "{}", title.bold())?;
            let mut carried = 0;
            let mut total = 0;
            for requirement in catalogue.of_section(section.number) {
                let (vectors, scenarios): (Vec<_>, Vec<_>) = cases
                    .carrying(requirement.id)
                    .partition(|case| matches!(case, Case::Vector(_)));
                total += 1;
                carried += u32::from(vectors.len() + scenarios.len() > 0);
                let counts = format!("{:>4} {:>3}", vectors.len(), scenarios.len());
                let counts = if vectors.len() + scenarios.len() == 0 {
                    counts.red().to_string()
                } else {
                    counts
                };
                writeln!(
                    out,
                    "  {:<8} {counts}  {}",
                    requirement.id, requirement.text
                )?;
            }
            writeln!(
                out,
                "  {carried} of {total} are carried by a vector or a scenario\n"
            )?;
        }
        Ok(Ended::Well)
    }
}
