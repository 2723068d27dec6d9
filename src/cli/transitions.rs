//! `tigress transitions`.

use super::{CliError, Ended};
use comfy_table::{Table, presets};
use owo_colors::OwoColorize;
use std::io::Write;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::transitions::Transitions;
use tigress_signal::transfer::table::TABLE;

pub(super) fn run(out: &mut dyn Write) -> Result<Ended, CliError> {
    let transitions = Transitions::of(&Cases::load(None, None));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "row",
        "from",
        "event",
        "to",
        "vectors",
        "scenarios",
    ]);
    for ((row, (vectors, scenarios)), number) in TABLE.iter().zip(&transitions.rows).zip(1..) {
        let [from, event, to, ..] = row.cells();
        table.add_row([
            number.to_string(),
            from,
            event,
            to,
            vectors.to_string(),
            scenarios.to_string(),
        ]);
    }
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    let reached = |count: &(usize, usize)| count.0 + count.1 > 0;
    let rows = transitions.rows.iter().filter(|row| reached(row)).count();
    writeln!(out, "\n{rows} of {} rows are reached", TABLE.len())?;
    let missing: Vec<_> = transitions
        .refused
        .iter()
        .filter(|pair| pair.vectors == 0)
        .collect();
    let total = transitions.refused.len();
    writeln!(
        out,
        "{} of {total} pairs that must be refused are reached by a vector",
        total - missing.len()
    )?;
    for pair in &missing {
        let from = pair.from.map_or_else(
            || "(none)".to_owned(),
            |(state, flow)| format!("{state}, {flow:?}"),
        );
        writeln!(out, "  {} {from}: {}", "not reached:".red(), pair.event)?;
    }
    Ok(if rows == TABLE.len() && missing.is_empty() {
        Ended::Well
    } else {
        Ended::Badly
    })
}
