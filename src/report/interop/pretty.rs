//! The matrix in a terminal.

use super::harmless;
use crate::conformance::interop::matrix::{Cell, Matrix, Plays};
use crate::conformance::printable::{block, shortened};
use comfy_table::{CellAlignment, Table, presets};
use owo_colors::OwoColorize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Longer texts are shortened to about this many characters.
const LONG: usize = 300;
/// So many conversations and peers that fail alike are named.
const NAMED: usize = 6;

/// How a part of a run is run again.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// What names each peer, by its label.
    pub peers: BTreeMap<String, String>,
    /// What else the run was given, with a blank before it.
    pub more: String,
}

/// The matrix, then what failed, what was skipped, who did not take part.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write(out: &mut dyn Write, matrix: &Matrix, arguments: &Arguments) -> io::Result<()> {
    let matrix = harmless(matrix);
    for (number, (plays, part)) in matrix.parts().into_iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        if plays == Plays::Transfers {
            writeln!(out, "{}\n", "Whole transfers".bold())?;
        }
        write_part(out, part, arguments, plays)?;
    }
    Ok(())
}

fn write_part(
    out: &mut dyn Write,
    matrix: &Matrix,
    arguments: &Arguments,
    plays: Plays,
) -> io::Result<()> {
    table(out, matrix, plays)?;
    failures(out, matrix, arguments, plays)?;
    let skips = matrix.skips();
    if !skips.is_empty() {
        writeln!(out, "\n{}", "skipped".yellow())?;
    }
    for (reason, (conversations, times)) in skips {
        let conversations: Vec<_> = conversations.into_iter().collect();
        let conversations = shortened(&conversations.join(", "), LONG).into_owned();
        writeln!(out, "{times:>4}  {reason}: {conversations}")?;
    }
    if !matrix.absent.is_empty() {
        writeln!(out, "\n{}", "not there".yellow())?;
    }
    for absent in &matrix.absent {
        writeln!(
            out,
            "      {}: {}",
            absent.label,
            shortened(&absent.reason, LONG)
        )?;
    }
    for peer in &matrix.peers {
        for fault in &peer.faults {
            let fault = block(&shortened(fault, LONG), "      ");
            writeln!(out, "\n{} {}: {fault}", "fault".red(), peer.label)?;
        }
    }
    let [passed, failed, skipped] = matrix.counts();
    let (pairs, conversations) = (matrix.cells.len(), matrix.conversations.len());
    let early = if matrix.interrupted {
        "ended early: "
    } else {
        ""
    };
    let what = plays.words();
    writeln!(
        out,
        "\n{early}{} in {pairs} pairs, {conversations} {what} each: {passed} passed, {failed} failed, {skipped} skipped",
        matrix.suite
    )
}

fn table(out: &mut dyn Write, matrix: &Matrix, plays: Plays) -> io::Result<()> {
    let mut header = vec![String::new(), plays.rows().to_owned()];
    header.extend((1..=matrix.peers.len()).map(|number| number.to_string()));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for (one, number) in matrix.peers.iter().zip(1..) {
        let mut row = vec![format!("{number}"), one.label.clone()];
        row.extend(matrix.peers.iter().map(|other| {
            let cell = matrix.cell(&one.label, &other.label);
            cell.map_or_else(|| "-".to_owned(), Cell::words)
        }));
        table.add_row(row);
    }
    for column in (0..matrix.peers.len() + 2).filter(|column| *column != 1) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let plain = table.to_string();
    let mut lines = plain.lines().map(str::trim_end);
    writeln!(out, "{}", lines.next().unwrap_or_default())?;
    for (line, one) in lines.zip(&matrix.peers) {
        let cells = matrix
            .cells
            .iter()
            .filter(|cell| cell.initiator == one.label);
        let (failed, skipped) = cells.fold((0, 0), |(failed, skipped), cell| {
            (failed + cell.failed(), skipped + cell.skipped())
        });
        match (failed, skipped) {
            (0, 0) => writeln!(out, "{}", line.green())?,
            (0, _) => writeln!(out, "{}", line.yellow())?,
            _ => writeln!(out, "{}", line.red())?,
        }
    }
    Ok(())
}

fn failures(
    out: &mut dyn Write,
    matrix: &Matrix,
    arguments: &Arguments,
    plays: Plays,
) -> io::Result<()> {
    for alike in matrix.alike() {
        let failure = alike.failure;
        let only = alike.conversations.first().copied().unwrap_or_default();
        writeln!(
            out,
            "\n{} {}",
            "FAILED".red(),
            few(&alike.conversations).bold()
        )?;
        if let Some(conversation) = matrix.conversation(only) {
            writeln!(out, "  {}: {}", conversation.clause, conversation.reason)?;
        }
        if failure.line > 0 {
            writeln!(
                out,
                "    step        line {}: {}",
                failure.line, failure.text
            )?;
        }
        let (who, role) = (alike.who, failure.party.role());
        writeln!(out, "    asked       {who}, the {role}: {}", failure.asked)?;
        writeln!(
            out,
            "    expected    {}",
            shortened(&failure.expected, LONG)
        )?;
        let got = block(&shortened(&failure.got, LONG), "                ");
        writeln!(out, "    got         {got}")?;
        writeln!(out, "    with        {}", few(&alike.with))?;
        let (initiator, responder, transcript) = alike.first;
        if let Some(file) = transcript {
            writeln!(out, "    transcript  {file}")?;
        }
        let named = |label: &str| arguments.peers.get(label).cloned().unwrap_or_default();
        let (one, other) = (named(initiator), named(responder));
        let peers = if one == other {
            one
        } else {
            format!("{one} {other}")
        };
        let more = &arguments.more;
        let only = match plays {
            Plays::Conversations => format!("--only {only}"),
            Plays::Transfers => format!("--transfers --only '{only}'"),
        };
        writeln!(out, "    alone       tigress interop {peers} {only}{more}")?;
    }
    Ok(())
}

/// Some names, and how many more there are.
fn few(names: &[&str]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
