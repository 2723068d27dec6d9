//! `tigress flaws`, in builds with feature `flaws`.

use super::{CliError, Ended};
use clap::Args;
use owo_colors::OwoColorize;
use std::io::Write;
use std::num::NonZeroUsize;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::flaws::{Caught, ENOUGH, Flaw, all, hunt, sample, without};
use tigress_signal::primitives::{Randomness, SystemRandomness};

/// Switch on one flaw of the engine after the other, and show two cases that catch it: survivors first.
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
    /// Only so many of them, taken at random; the seed is printed.
    #[arg(long, value_name = "N")]
    sample: Option<NonZeroUsize>,
    /// The seed of a sample that was taken before.
    #[arg(long, value_name = "S", requires = "sample")]
    seed: Option<u64>,
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
        let known = flaws.len();
        let flaws = match self.sample {
            Some(count) => {
                let seed = self.seed.map_or_else(drawn_seed, Ok)?;
                let flaws = sample(flaws, count.get(), seed);
                writeln!(out, "{} of {known} flaws, --seed {seed}", flaws.len())?;
                flaws
            }
            None => flaws,
        };
        let mut caught = hunt(&flaws, &cases, self.jobs.get(), &|_| {});
        caught.sort_by_key(|caught| caught.by.len());
        for found in &caught {
            writeln!(out, "{}: {}", found.flaw.name, found.flaw.what)?;
            for case in &found.by {
                writeln!(out, "    {case}")?;
            }
            if found.by.is_empty() {
                writeln!(out, "    {}", "survives".red())?;
            }
        }
        if self.only.is_empty() && self.sample.is_none() {
            writeln!(out, "\nrequirements without a flaw")?;
            for (id, reason) in without() {
                writeln!(out, " {id:<8} {reason}")?;
            }
        }
        let survivors = caught.iter().filter(|found| found.by.is_empty()).count();
        let well = |found: &&Caught| found.by.len() >= ENOUGH;
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

/// Short enough to type it again.
fn drawn_seed() -> Result<u64, CliError> {
    let mut bytes = [0; 2];
    SystemRandomness
        .fill(&mut bytes)
        .map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(u16::from_le_bytes(bytes).into())
}
