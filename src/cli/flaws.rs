//! `tigress flaws`, in builds with feature `flaws`.

use super::{CliError, Ended};
use clap::{Args, ValueEnum};
use owo_colors::OwoColorize;
use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::flaws::{
    Caught, ENOUGH, Flaw, Mode, all, dictionary, hunt, sample, without,
};
use tigress_signal::primitives::{Randomness, SystemRandomness};

/// Switch on the engine's flaws one by one, and show two cases that catch each; those that survive come first.
///
/// A flaw's run ends once two cases have caught it. First it is asked as `tigress test` asks, then with `--strict-errors` and
/// `--restart-everywhere`.
///
/// Exit status: 0 where every flaw is caught, 1 where one survives.
#[derive(Args)]
pub(super) struct Flaws {
    /// Share the work among so many threads.
    #[arg(long, value_name = "N", default_value = "2")]
    jobs: NonZeroUsize,
    /// Only this flaw (`SES-03 behind`) or those of this requirement (`SES-03`); may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Ask every case, as `tigress test` does, and say whether the flaw's own requirement is the one that the verdict names first.
    #[arg(long)]
    thorough: bool,
    /// Write the dictionary of faults with what these flaws fail to this file; the rows of others stay.
    #[arg(long, value_name = "FILE", requires = "thorough")]
    symptoms: Option<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only so many of them, taken at random; the seed is printed.
    #[arg(long, value_name = "N")]
    sample: Option<NonZeroUsize>,
    /// The seed of a sample that was taken before.
    #[arg(long, value_name = "S", requires = "sample")]
    seed: Option<u64>,
}

/// How what was found is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Survivors first, then those that one case catches.
    Text,
    /// A list, a flaw each.
    Json,
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
                if self.format == Format::Text {
                    writeln!(out, "{} of {known} flaws, --seed {seed}", flaws.len())?;
                }
                flaws
            }
            None => flaws,
        };
        let mut caught = hunt(&flaws, &cases, self.jobs.get(), self.thorough, &|_| {});
        if let Some(path) = &self.symptoms {
            let text = dictionary(&caught, &cases);
            fs::write(path, text)
                .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
        }
        if self.format == Format::Json {
            serde_json::to_writer_pretty(&mut *out, &caught).map_err(std::io::Error::from)?;
            writeln!(out)?;
            return Ok(ended(&caught));
        }
        caught.sort_by_key(|caught| caught.by.len());
        for found in &caught {
            write_found(out, found)?;
        }
        if self.only.is_empty() && self.sample.is_none() {
            writeln!(out, "\nrequirements without a flaw")?;
            for (id, reason) in without() {
                writeln!(out, " {id:<8} {reason}")?;
            }
        }
        write_counts(out, &caught)?;
        Ok(ended(&caught))
    }
}

fn ended(caught: &[Caught]) -> Ended {
    if caught.iter().any(|found| found.by.is_empty()) {
        Ended::Badly
    } else {
        Ended::Well
    }
}

/// A flaw, and what catches it.
fn write_found(out: &mut dyn Write, found: &Caught) -> Result<(), CliError> {
    writeln!(out, "{}: {}", found.flaw.name, found.flaw.what)?;
    for catch in found.by.iter().take(ENOUGH) {
        let mode = match catch.mode {
            Mode::Plain => "",
            Mode::Strict => "  (--strict-errors --restart-everywhere)",
        };
        writeln!(out, "    {}{mode}", catch.case)?;
    }
    if found.by.len() > ENOUGH {
        writeln!(out, "    and {} more", found.by.len() - ENOUGH)?;
    }
    if found.by.is_empty() {
        writeln!(out, "    {}", "survives".red())?;
    }
    Ok(())
}

/// How many there are of which kind, and which are caught by one case, or named by another requirement.
fn write_counts(out: &mut dyn Write, caught: &[Caught]) -> Result<(), CliError> {
    let once: Vec<_> = caught.iter().filter(|found| found.by.len() == 1).collect();
    if !once.is_empty() {
        writeln!(out, "\ncaught once")?;
        for found in &once {
            writeln!(out, " {}", found.flaw.name)?;
        }
    }
    let first: Vec<bool> = caught.iter().filter_map(Caught::names_it_first).collect();
    let others = caught
        .iter()
        .filter(|found| found.names_it_first() == Some(false));
    for (index, found) in others.enumerate() {
        if index == 0 {
            writeln!(out, "\nanother requirement is named first")?;
        }
        let named = found
            .named
            .iter()
            .flatten()
            .map(|it| it.requirement.as_str());
        let named: Vec<_> = named.take(3).collect();
        writeln!(out, " {}: {}", found.flaw.name, named.join(", "))?;
    }
    let count = |is: &dyn Fn(&&Caught) -> bool| caught.iter().filter(is).count();
    writeln!(
        out,
        "\n{} flaws, {} survive, {} are caught by two or more vectors or scenarios",
        caught.len(),
        count(&|found| found.by.is_empty()),
        count(&|found| found.by.len() >= ENOUGH),
    )?;
    if !first.is_empty() {
        let well = first.iter().filter(|well| **well).count();
        let all = first.len();
        let would = |it: &&Caught| it.would_name_it_first() == Some(true);
        writeln!(
            out,
            "the own requirement is named first for {well} of {all}; for {} if the flaw were not in the dictionary of faults",
            count(&would)
        )?;
    }
    Ok(())
}

/// Short enough to type it again.
fn drawn_seed() -> Result<u64, CliError> {
    let mut bytes = [0; 2];
    SystemRandomness
        .fill(&mut bytes)
        .map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(u16::from_le_bytes(bytes).into())
}
