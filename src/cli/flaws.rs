//! `tigress flaws`, in builds with feature `flaws`.

use super::{CliError, Ended};
use clap::Args;
use comfy_table::{Table, presets};
use owo_colors::OwoColorize;
use std::io::Write;
use std::num::NonZeroUsize;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::flaws::{Caught, Flaw, all, hunt, without};

/// Switch on one flaw of the engine after the other, and show what catches it: survivors first.
///
/// Exit status: 0 where every flaw is caught, 1 where one survives.
#[derive(Args)]
pub(super) struct Flaws {
    /// So many threads share the work.
    #[arg(long, value_name = "N", default_value = "2")]
    jobs: NonZeroUsize,
    /// Only this flaw (`SES-03 behind`) or those of this requirement (`SES-03`); may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

impl Flaws {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let cases = Cases::load(None, None);
        let chosen = |flaw: &Flaw| {
            let is_named = |name: &String| name == flaw.name || name == flaw.requirement();
            self.only.is_empty() || self.only.iter().any(is_named)
        };
        let flaws: Vec<Flaw> = all().filter(chosen).collect();
        if let Some(unknown) = self.only.iter().find(|name| {
            !flaws
                .iter()
                .any(|f| f.name == **name || f.requirement() == **name)
        }) {
            return Err(CliError::Usage(format!("no flaw is called `{unknown}`")));
        }
        let mut caught = hunt(&flaws, &cases, self.jobs.get(), &|_| {});
        caught.sort_by_key(|caught| caught.count().min(2));
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "flaw",
            "what is wrong",
            "vectors",
            "scenarios",
            "for example",
        ]);
        for found in &caught {
            let first = found.vectors.first().or(found.scenarios.first());
            let survives = || "survives".red().to_string();
            table.add_row([
                found.flaw.name.to_owned(),
                found.flaw.what.to_owned(),
                found.vectors.len().to_string(),
                found.scenarios.len().to_string(),
                first.cloned().unwrap_or_else(survives),
            ]);
        }
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        if self.only.is_empty() {
            writeln!(out, "\nrequirements without a flaw")?;
        }
        for (id, reason) in without().filter(|_| self.only.is_empty()) {
            writeln!(out, " {id:<8} {reason}")?;
        }
        let survivors = caught.iter().filter(|found| found.count() == 0).count();
        let well = |found: &&Caught| found.count() >= 2;
        writeln!(
            out,
            "\n{} flaws, {survivors} survive, {} are caught by two or more vectors or scenarios",
            caught.len(),
            caught.iter().filter(well).count()
        )?;
        Ok(if survivors == 0 {
            Ended::Well
        } else {
            Ended::Badly
        })
    }
}
