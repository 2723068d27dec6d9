//! The matrix of who speaks with whom, as people and programs read it.

pub mod html;
pub mod markdown;
pub mod pretty;

use super::harmless::matrix as harmless;
use crate::conformance::interop::matrix::Matrix;
use crate::conformance::printable;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the matrix as JSON: two spaces, a line feed at the end. What a terminal would obey is escaped, as JSON may.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn json(out: &mut dyn Write, matrix: &Matrix) -> io::Result<()> {
    let text = serde_json::to_string_pretty(matrix)?;
    writeln!(out, "{}", printable::json(&text))
}

/// How many pairs each conversation succeeded in, of how many that played it, by its name.
fn by_conversation(matrix: &Matrix) -> BTreeMap<&str, [usize; 2]> {
    let all = matrix.cells.len();
    let mut counts: BTreeMap<&str, [usize; 2]> = matrix
        .conversations
        .iter()
        .map(|conversation| (conversation.name.as_str(), [all, all]))
        .collect();
    for cell in &matrix.cells {
        for other in &cell.others {
            if let Some([passed, _]) = counts.get_mut(other.conversation.as_str()) {
                *passed -= 1;
            }
        }
    }
    counts
}

/// What succeeded of one peer's conversations as initiator and as responder: passed, and of how many.
fn by_peer(matrix: &Matrix, label: &str) -> [[usize; 2]; 2] {
    let mut counts = [[0; 2]; 2];
    for cell in &matrix.cells {
        let roles = [&cell.initiator, &cell.responder];
        for (role, count) in roles.into_iter().zip(&mut counts) {
            if role == label {
                count[0] += cell.passed;
                count[1] += cell.passed + cell.others.len();
            }
        }
    }
    counts
}
