//! `tigress requirements`.

use super::{CliError, Ended};
use clap::Args;
use owo_colors::OwoColorize;
use std::collections::BTreeMap;
use std::io::Write;
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::vector::Collection;

/// List the requirements: id, how many vectors carry it, text.
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
        let collection = Collection::built_in();
        let mut carriers: BTreeMap<&str, u32> = BTreeMap::new();
        for id in collection
            .vectors
            .iter()
            .flat_map(|vector| &vector.requirements)
        {
            *carriers.entry(id).or_default() += 1;
        }
        for section in &catalogue.sections {
            if !self.section.is_empty() && !self.section.contains(&section.number) {
                continue;
            }
            let title = format!("{}. {}", section.number, section.title);
            writeln!(out, "{}", title.bold())?;
            let mut carried = 0;
            let mut total = 0;
            for requirement in catalogue.of_section(section.number) {
                let count = carriers.get(requirement.id).copied().unwrap_or_default();
                total += 1;
                carried += u32::from(count > 0);
                let count = format!("{count:>4}");
                let count = if count.ends_with(" 0") {
                    count.red().to_string()
                } else {
                    count
                };
                writeln!(out, "  {:<8} {count}  {}", requirement.id, requirement.text)?;
            }
            writeln!(out, "  {carried} of {total} are carried by a vector\n")?;
        }
        Ok(Ended::Well)
    }
}
