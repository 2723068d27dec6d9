//! `tigress intermediary-view`.

use super::{CliError, Ended, replay};
use clap::Args;
use comfy_table::{Table, presets};
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::scenario::view::View;

/// Longer values are shortened to so many characters.
const LONG: usize = 44;

/// Show what the intermediary learned in the run of a transcript.
///
/// A value that names somebody and is known of devices of several users is marked with `*`.
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
        for row in &view.rows {
            let mark = if view.is_shared(row) { "*" } else { "" };
            let kind = serde_json::to_value(row.kind).map_err(std::io::Error::from)?;
            let value: String = if row.value.chars().count() > LONG {
                row.value.chars().take(LONG - 1).chain(['…']).collect()
            } else {
                row.value.clone()
            };
            let whose = view.names.get(&row.whose);
            table.add_row([
                mark.to_owned(),
                kind.as_str().unwrap_or_default().to_owned(),
                value,
                whose.cloned().unwrap_or_else(|| row.whose.to_string()),
                row.when.0.to_string(),
            ]);
        }
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        let shared = view.rows.iter().filter(|row| view.is_shared(row)).count();
        writeln!(
            out,
            "\n{} things learned, {shared} of them shared between users",
            view.rows.len()
        )?;
        Ok(Ended::Well)
    }
}
