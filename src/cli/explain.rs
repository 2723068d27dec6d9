//! `tigress explain`.

use super::{CliError, Ended, completions};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use owo_colors::OwoColorize;
use std::io::Write;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::hint::Hint;

/// Explain a requirement: its text, its section, the vectors and the scenarios that carry it.
#[derive(Args)]
pub(super) struct Explain {
    /// The requirement's id, such as `DR-15`.
    #[arg(add = ArgValueCompleter::new(completions::requirements))]
    id: String,
}

impl Explain {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let catalogue = Catalogue::get();
        let requirement = catalogue.find(&self.id).ok_or_else(|| {
            let hint = Hint::nearest(&self.id, catalogue.requirements.iter().map(|r| r.id));
            CliError::Unknown(
                format!("no requirement is called `{}`{hint}", self.id),
                Vec::new(),
                "`tigress requirements` lists them",
            )
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
        let cases = Cases::called(std::slice::from_ref(&self.id), None, None);
        let (vectors, scenarios): (Vec<_>, Vec<_>) = cases
            .carrying(&self.id)
            .partition(|case| matches!(case, Case::Vector(_)));
        if vectors.is_empty() && scenarios.is_empty() {
            writeln!(out, "\nNo vector and no scenario carries it.")?;
            return Ok(Ended::Well);
        }
        for (what, carriers) in [("vectors", vectors), ("scenarios", scenarios)] {
            if carriers.is_empty() {
                continue;
            }
            match carriers.len() {
                1 => writeln!(out, "\n1 {} carries it:", what.trim_end_matches('s'))?,
                many => writeln!(out, "\n{many} {what} carry it:")?,
            }
            for alike in carriers.chunk_by(|one, next| stem(&one.name()) == stem(&next.name())) {
                if let [first, .., last] = alike
                    && alike.len() >= ALIKE
                {
                    let (first, last) = (first.name(), last.name());
                    let (_, last) = last.rsplit_once('/').unwrap_or(("", &last));
                    writeln!(out, "  {first} to {last}: {} {what}", alike.len())?;
                    continue;
                }
                for case in alike {
                    writeln!(out, "  {:<22} {}", case.name(), case.comment())?;
                }
            }
        }
        let id = &self.id;
        writeln!(
            out,
            "\nAsk your wallet: tigress test --only {id} --adapter COMMAND"
        )?;
        writeln!(out, "Ask the reference engine: tigress test --only {id}")?;
        Ok(Ended::Well)
    }
}

/// So many cases whose names differ only in numbers at their end are told in one line.
const ALIKE: usize = 5;

/// The name without the numbers at its end: `x25519` of `x25519_13_16`.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
}
