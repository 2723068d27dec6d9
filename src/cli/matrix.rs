//! `tigress requirements --matrix`.

use super::{CliError, Ended};
use owo_colors::OwoColorize;
use serde::Serialize;
use std::io::{self, Write};
use tigress_signal::conformance::catalogue::{Catalogue, Requirement};
use tigress_signal::conformance::matrix::{Bound, Case, Cell, Class, Count, Filling, Matrix};

/// A requirement with what the matrix says of it.
#[derive(Serialize)]
struct Entry {
    id: &'static str,
    text: &'static str,
    class: Option<&'static Class>,
    reason: Option<&'static str>,
    cells: Vec<Cell>,
    numbers: Vec<&'static Bound>,
}

#[derive(Serialize)]
struct Document {
    requirements: Vec<Entry>,
    cells: Count,
}

impl Document {
    fn of(wanted: impl Fn(&Requirement) -> bool) -> Self {
        let matrix = Matrix::get();
        let all = Catalogue::get().requirements.iter();
        let requirements = all.filter(|requirement| wanted(requirement));
        let entries = requirements.map(|requirement| {
            let row = matrix.row(requirement.id);
            Entry {
                id: requirement.id,
                text: requirement.text,
                class: row.and_then(|row| matrix.class(row)),
                reason: row.and_then(|row| row.reason),
                cells: row.map_or_else(Vec::new, |row| matrix.cells(row)),
                numbers: matrix.bounds_of(requirement.id).collect(),
            }
        });
        let entries: Vec<_> = entries.collect();
        let cells = matrix.count(|id| entries.iter().any(|entry| entry.id == id));
        Document {
            requirements: entries,
            cells,
        }
    }
}

/// For programs: a JSON document.
pub(super) fn write(
    out: &mut dyn Write,
    wanted: impl Fn(&Requirement) -> bool,
) -> Result<Ended, CliError> {
    let document = Document::of(wanted);
    serde_json::to_writer_pretty(&mut *out, &document).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(Ended::Well)
}

/// For people: each requirement with its places, then how many cells there are, and what is missing.
pub(super) fn show(
    out: &mut dyn Write,
    wanted: impl Fn(&Requirement) -> bool,
) -> Result<Ended, CliError> {
    let document = Document::of(wanted);
    for entry in &document.requirements {
        let class = entry.class.map_or("no class", |class| class.name);
        writeln!(out, "{}  ({class})  {}", entry.id.bold(), entry.text)?;
        let width = entry.cells.iter().map(|cell| cell.place.len()).max();
        let width = width.unwrap_or_default();
        for Cell { place, filling } in &entry.cells {
            writeln!(out, "  {place:<width$}  {}", said(filling))?;
        }
        if let Some(reason) = entry.reason {
            writeln!(out, "  none: {reason}")?;
        }
        for bound in &entry.numbers {
            writeln!(out, "  {} ({})", bound.number, bound.place)?;
            for (word, filling) in [
                ("below", &bound.below),
                ("at", &bound.at),
                ("above", &bound.above),
            ] {
                writeln!(out, "    {word:<5}  {}", said(filling))?;
            }
        }
        writeln!(out)?;
    }
    let Count {
        cases,
        by_itself,
        reasons,
        holes,
    } = document.cells;
    writeln!(
        out,
        "{} cells: {cases} name a case, {by_itself} have one by themselves, {reasons} say why there is none, {holes} wait for one",
        document.cells.all()
    )?;
    Ok(Ended::Well)
}

fn said(filling: &Filling) -> String {
    match filling {
        Filling::Cases(cases) => {
            let names = cases.iter().map(|case| match case {
                Case::Vector(name) => (*name).to_owned(),
                Case::Scenario(name) => format!("\"{name}\""),
            });
            names.collect::<Vec<_>>().join(", ")
        }
        Filling::ByItself(reason) => format!("by itself: {reason}"),
        Filling::None(reason) => format!("none: {reason}"),
        Filling::Hole(missing) => format!("{} {missing}", "hole:".red()),
    }
}
