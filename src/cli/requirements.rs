//! `tigress requirements`.

use super::{CliError, Ended, Format, completions, matrix};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use owo_colors::OwoColorize;
use std::io::Write;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::{Catalogue, Requirement, Section};
use tigress_signal::conformance::hint::Hint;

/// List the requirements: id, how many vectors and how many scenarios carry it, text.
#[derive(Args)]
pub(super) struct Requirements {
    /// Only those of this section of the profile; may be repeated.
    #[arg(long, value_name = "NUMBER")]
    section: Vec<u32>,
    /// Only the requirement with this id; may be repeated.
    #[arg(long, value_name = "ID", add = ArgValueCompleter::new(completions::requirements))]
    only: Vec<String>,
    /// List the places where each holds, with a case in each or the reason why there is none (docs/matrix.md).
    #[arg(long)]
    matrix: bool,
    /// How to write the matrix.
    #[arg(long, value_enum, default_value_t = Format::Pretty, requires = "matrix")]
    format: Format,
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
        if let Some(unknown) = self.only.iter().find(|id| catalogue.find(id).is_none()) {
            let hint = Hint::nearest(unknown, catalogue.requirements.iter().map(|r| r.id));
            return Err(CliError::Unknown(
                format!("no requirement is called `{unknown}`{hint}"),
                Vec::new(),
                "`tigress requirements` lists them",
            ));
        }
        if self.matrix {
            let wanted = |requirement: &Requirement| self.wants(requirement);
            return match self.format {
                Format::Pretty => matrix::show(out, wanted),
                Format::Json => matrix::write(out, wanted),
            };
        }
        let cases = Cases::load(None, None);
        for section in self.sections(catalogue) {
            let title = format!("{}. {}", section.number, section.title);
            writeln!(out, "{}", title.bold())?;
            let mut carried = 0;
            let mut total = 0;
            let of_section = catalogue.of_section(section.number);
            for requirement in of_section.filter(|it| self.wants(it)) {
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

    /// Whether a requirement is among those that were asked for.
    fn wants(&self, requirement: &Requirement) -> bool {
        let section = self.section.is_empty() || self.section.contains(&requirement.section);
        section && (self.only.is_empty() || self.only.iter().any(|id| id == requirement.id))
    }

    /// The sections that have one of them.
    fn sections<'a>(&self, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a Section> {
        let sections = catalogue.sections.iter();
        sections.filter(|section| {
            catalogue
                .of_section(section.number)
                .any(|it| self.wants(it))
        })
    }
}
