//! `tigress explain`.

use super::{CliError, Ended};
use clap::Args;
use owo_colors::OwoColorize;
use std::io::Write;
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::selection::Hint;
use tigress_signal::conformance::vector::Collection;

/// Explain a requirement: its text, its section, and the vectors that carry it.
#[derive(Args)]
pub(super) struct Explain {
    /// The requirement's id, such as `DR-15`.
    id: String,
}

impl Explain {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let catalogue = Catalogue::get();
        let requirement = catalogue.find(&self.id).ok_or_else(|| {
            let hint = Hint::nearest(&self.id, catalogue.requirements.iter().map(|r| r.id));
            CliError::Usage(format!(
                "no requirement is called `{}`{hint}\n`tigress requirements` lists them",
                self.id
            ))
        })?;
        let title = catalogue
            .sections
            .iter()
            .find(|section| section.number == requirement.section)
            .map_or("", |section| section.title);
        writeln!(out, "{}  {}", requirement.id.bold(), requirement.text)?;
        writeln!(
            out,
            "\nSection {} of docs/profile.md: {title}",
            requirement.section
        )?;
        let collection = Collection::built_in();
        let vectors: Vec<_> = collection
            .vectors
            .iter()
            .filter(|vector| vector.requirements.contains(&self.id))
            .collect();
        if vectors.is_empty() {
            writeln!(out, "\nNo vector carries it.")?;
            return Ok(Ended::Well);
        }
        writeln!(out, "\n{} vectors carry it:", vectors.len())?;
        for vector in &vectors {
            writeln!(out, "  {:<22} {}", vector.name(), vector.comment)?;
        }
        writeln!(out, "\nRun them: tigress test --only {}", self.id)?;
        Ok(Ended::Well)
    }
}
