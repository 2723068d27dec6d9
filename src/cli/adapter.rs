//! `tigress adapter`.

use super::{CliError, Ended};
use std::io::{self, Write};
use tigress_signal::conformance::adapter;
use tigress_signal::conformance::subject::Reference;

/// The reference engine behind the adapter protocol, on standard input and output.
pub(super) fn run(out: &mut dyn Write) -> Result<Ended, CliError> {
    adapter::serve(&mut Reference::default(), io::stdin().lock(), out)?;
    Ok(Ended::Well)
}
