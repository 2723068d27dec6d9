//! What a served intermediary does in a second, from the figures of benches/load.

use serde::Deserialize;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What measures it.
const COMMAND: &str = "cargo bench -p tigress-benches --bench load";
/// What the row is called that has no machine behind it.
const EMPTY: &str = "axum alone";
/// What the rows are called that keep everything in memory.
const MEMORY: &str = "memory";

/// A figure.
#[derive(Deserialize)]
struct Figure {
    /// Where everything is kept.
    kept: String,
    /// So many devices are there that ask nothing.
    others: u64,
    clients: u64,
    kind: String,
    /// Requests a second.
    rate: f64,
    /// Microseconds.
    p50: f64,
    p99: f64,
    /// Requests a second of the floor.
    floor: f64,
}

impl Figure {
    /// What it is measured against: memory costs nothing, so there it is HTTP alone that is the floor.
    fn floor(&self, all: &[Figure]) -> f64 {
        let same = |other: &&Figure| {
            (other.kept.as_str(), other.clients) == (EMPTY, self.clients) && other.kind == self.kind
        };
        let empty = all.iter().find(same).filter(|_| self.kept == MEMORY);
        empty.map_or(self.floor, |empty| empty.rate)
    }

    fn cells(&self, all: &[Figure]) -> String {
        let floor = self.floor(all);
        let time = |micros: f64| super::duration(micros * 1e3);
        let ratio = if self.kept == EMPTY {
            "|  |  |".to_owned()
        } else {
            format!("| {floor:.0} | {:.2} |", self.rate / floor)
        };
        format!(
            "{:.0} | {} | {} {ratio}",
            self.rate,
            time(self.p50),
            time(self.p99)
        )
    }
}

/// Adds the part to the page.
///
/// # Errors
/// Where the figures are there and cannot be read.
pub(crate) fn section(figures: &Path, page: &mut String) -> Result<(), Box<dyn Error>> {
    page.push_str("\n## A served intermediary\n\n");
    let Ok(text) = fs::read_to_string(figures.join("load.json")) else {
        let _ = writeln!(page, "Not measured: `{COMMAND}` was not run.");
        return Ok(());
    };
    let figures: Vec<Figure> = serde_json::from_str(&text)?;
    let _ = writeln!(
        page,
        "From the figures of `{COMMAND}`: requests a second on loopback, messages of 1,024 bytes, readings of ten messages. Clients, server \
         and database share the cores. The floor of a database is the same requests carried out by the machine alone, as many in a commit as \
         there are clients; that of memory is `{EMPTY}`: a server that takes the same requests whole and answers each with two bytes (a reading of ten messages is some 21,000 bytes).\n\n\
         | kept in | request | clients | a second | p50 | p99 | floor, a second | ratio |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for figure in figures.iter().filter(|figure| figure.others == 0) {
        let Figure {
            kept,
            kind,
            clients,
            ..
        } = figure;
        let _ = writeln!(
            page,
            "| {kept} | {kind} | {clients} | {}",
            figure.cells(&figures)
        );
    }
    let _ = writeln!(
        page,
        "\nAmong other devices, 16 clients. A ratio above 1 is what a request takes more than where there are none.\n\n\
         | kept in | request | other devices | a second | ratio |\n| --- | --- | ---: | ---: | ---: |"
    );
    for figure in figures.iter().filter(|figure| figure.others > 0) {
        let alone = figures.iter().find(|other| {
            (other.others, other.clients) == (0, figure.clients)
                && (&other.kept, &other.kind) == (&figure.kept, &figure.kind)
        });
        let ratio = alone.map_or_else(String::new, |alone| {
            format!("{:.2}", alone.rate / figure.rate)
        });
        let Figure {
            kept,
            kind,
            others,
            rate,
            ..
        } = figure;
        let _ = writeln!(page, "| {kept} | {kind} | {others} | {rate:.0} | {ratio} |");
    }
    Ok(())
}
