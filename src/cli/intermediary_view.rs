//! `tigress intermediary-view`.

use super::{CliError, Ended, replay};
use clap::Args;
use comfy_table::{Table, presets};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::printable::Printable;
use tigress_signal::conformance::scenario::view::View;
use tigress_signal::intermediary::{Learned, Row};

/// Longer values are shortened to so many characters.
const LONG: usize = 44;

/// Show what the intermediary learned in the run of a transcript.
///
/// What names somebody who took part in several transfers is marked with `*`: it ties them to one another.
#[derive(Args)]
pub(super) struct IntermediaryView {
    /// The transcript.
    file: PathBuf,
}

impl IntermediaryView {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let (_, transcript) = replay::read(&self.file)?;
        let view = View::of(&transcript);
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["", "what", "value", "of", "when"]);
        for rows in view.rows.chunk_by(|one, next| alike(&view, one, next)) {
            let row = &rows[0];
            let mark = if view.is_shared(row) { "*" } else { "" };
            let kind = serde_json::to_value(row.kind).map_err(std::io::Error::from)?;
            let value = match rows.len() {
                1 => Printable(shortened(&row.value)).to_string(),
                many => format!("{many} of them"),
            };
            let whose = view.names.get(&row.whose);
            table.add_row([
                mark.to_owned(),
                kind.as_str().unwrap_or_default().to_owned(),
                value,
                whose.map_or_else(|| row.whose.to_string(), |name| Printable(name).to_string()),
                row.when.0.to_string(),
            ]);
        }
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        let shared = view.rows.iter().filter(|row| view.is_shared(row)).count();
        writeln!(
            out,
            "\n{} things learned, {shared} of them tie several transfers to one another (*)",
            view.rows.len()
        )?;
        Ok(Ended::Well)
    }
}

/// Prekeys that were published at once stand on one line.
fn alike(view: &View, one: &Row, next: &Row) -> bool {
    one.kind == Learned::OneTimePreKey
        && (one.kind, one.whose, one.when) == (next.kind, next.whose, next.when)
        && view.is_shared(one) == view.is_shared(next)
}

fn shortened(value: &str) -> String {
    if value.chars().count() <= LONG {
        return value.to_owned();
    }
    value.chars().take(LONG - 1).chain(['…']).collect()
}
