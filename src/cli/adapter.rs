//! `tigress adapter`.

use super::{CliError, Ended};
use std::io;
use tigress_signal::conformance::adapter;
use tigress_signal::conformance::subject::Reference;

/// The reference engine behind the adapter protocol, on standard input and output: bytes, nothing for a terminal.
pub(super) fn run() -> Result<Ended, CliError> {
    let mut out = io::stdout().lock();
    adapter::serve(&mut Reference::default(), io::stdin().lock(), &mut out)?;
    Ok(Ended::Well)
}
