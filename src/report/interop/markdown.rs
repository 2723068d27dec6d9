//! The matrix as a page of docs/, made by one command and never by hand.

use super::{by_conversation, harmless};
use crate::conformance::interop::matrix::{Cell, Matrix, Plays};
use crate::conformance::printable::shortened;
use crate::conformance::subject::RandomnessSource;
use std::fmt::Write;

/// Longer texts are shortened to about this many characters.
const LONG: usize = 200;
/// Of more conversations than about so many the first are named.
const NAMED: usize = 6;

/// The page.
#[must_use]
pub fn page(matrix: &Matrix) -> String {
    let mut page = String::new();
    // A `String` takes whatever is written to it.
    let _ = write(&mut page, &harmless(matrix));
    page
}

fn write(page: &mut String, matrix: &Matrix) -> std::fmt::Result {
    if !matrix.conversations.is_empty() {
        conversations(page, matrix)?;
    }
    match &matrix.transfers {
        Some(transfers) => self::transfers(page, transfers),
        None => Ok(()),
    }
}

fn conversations(page: &mut String, matrix: &Matrix) -> std::fmt::Result {
    let Matrix {
        suite,
        date,
        program,
        seed,
        ..
    } = matrix;
    writeln!(page, "# Who speaks with whom: `{}`\n", escaped(suite))?;
    writeln!(
        page,
        "Made on {date} by `{} interop --page FILE`, seed {}, and never edited by hand. [conversations.md](conversations.md) says how it is run, read and",
        escaped(program),
        escaped(seed)
    )?;
    writeln!(
        page,
        "replayed. Every library was run as it is, from its registry, as initiator (rows) and as responder (columns); a cell says how many of the"
    )?;
    writeln!(
        page,
        "{} conversations succeeded.\n",
        matrix.conversations.len()
    )?;
    table(page, matrix, Plays::Conversations)?;
    writeln!(page, "\n## Who took part\n")?;
    participants(page, matrix)?;
    writeln!(page, "\n## Conversations\n")?;
    writeln!(
        page,
        "| conversation | clause | pairs | what happens, and why it must succeed |"
    )?;
    writeln!(page, "| --- | --- | ---: | --- |")?;
    let counts = by_conversation(matrix);
    for conversation in &matrix.conversations {
        let [passed, of] = counts
            .get(conversation.name.as_str())
            .copied()
            .unwrap_or_default();
        let [name, clause, title, reason] = [
            &conversation.name,
            &conversation.clause,
            &conversation.title,
            &conversation.reason,
        ]
        .map(|text| escaped(text));
        writeln!(
            page,
            "| {name} | {clause} | {passed}/{of} | {title}: {reason} |"
        )?;
    }
    failures(page, matrix)
}

/// Who took part, and who did not.
fn participants(page: &mut String, matrix: &Matrix) -> std::fmt::Result {
    writeln!(
        page,
        "| | library | licence | draws | as initiator | as responder |"
    )?;
    writeln!(page, "| ---: | --- | --- | --- | ---: | ---: |")?;
    for (peer, number) in matrix.peers.iter().zip(1..) {
        let licence = peer.licence.as_deref().unwrap_or("-");
        let draws = match peer.randomness {
            RandomnessSource::Injected => "what it is given",
            RandomnessSource::Own => "its own randomness",
        };
        let [initiator, responder] =
            super::by_peer(matrix, &peer.label).map(|[passed, of]| format!("{passed}/{of}"));
        let (label, licence) = (escaped(&peer.label), escaped(licence));
        writeln!(
            page,
            "| {number} | {label} | {licence} | {draws} | {initiator} | {responder} |"
        )?;
    }
    for absent in &matrix.absent {
        let reason = escaped(&shortened(&absent.reason, LONG));
        writeln!(page, "\nNot there: {}: {reason}", escaped(&absent.label))?;
    }
    Ok(())
}

/// What came of whole transfers.
fn transfers(page: &mut String, matrix: &Matrix) -> std::fmt::Result {
    let Matrix {
        suite, date, seed, ..
    } = matrix;
    writeln!(page, "\n## Whole transfers\n")?;
    writeln!(
        page,
        "Made on {date} by the same command, in `{}`, seed {}. Both flows, with a library under each wallet: the wallets are the reference engine's, their",
        escaped(suite),
        escaped(seed)
    )?;
    writeln!(
        page,
        "sessions are the libraries': under the wallets of Ben, who offers, that of the row, under all others that of the column. A cell says how many of the {}",
        matrix.conversations.len()
    )?;
    writeln!(
        page,
        "scenarios succeeded; every wallet was stopped and started again from its saved state before each of its steps.\n"
    )?;
    table(page, matrix, Plays::Transfers)?;
    writeln!(page)?;
    participants(page, matrix)?;
    writeln!(page, "\n| scenario | requirements | pairs |")?;
    writeln!(page, "| --- | --- | ---: |")?;
    let counts = by_conversation(matrix);
    for scenario in &matrix.conversations {
        let [passed, of] = counts
            .get(scenario.name.as_str())
            .copied()
            .unwrap_or_default();
        let (name, clause) = (escaped(&scenario.name), escaped(&scenario.clause));
        writeln!(page, "| {name} | {clause} | {passed}/{of} |")?;
    }
    writeln!(page, "\n### What fails in them\n")?;
    what_fails(page, matrix)
}

fn failures(page: &mut String, matrix: &Matrix) -> std::fmt::Result {
    writeln!(page, "\n## What fails\n")?;
    what_fails(page, matrix)
}

fn what_fails(page: &mut String, matrix: &Matrix) -> std::fmt::Result {
    let alike = matrix.alike();
    if alike.is_empty() {
        return writeln!(page, "Nothing.");
    }
    writeln!(
        page,
        "Failures that are the same stand together. [findings.md](findings.md) says what they mean to users.\n"
    )?;
    writeln!(page, "| conversations | asked | step | came back | with |")?;
    writeln!(page, "| --- | --- | --- | --- | --- |")?;
    for alike in alike {
        let failure = alike.failure;
        let came = match &failure.error {
            Some(error) => format!("`{}`", error.replace(['`', '|'], "'")),
            None => escaped(&shortened(&failure.got, LONG / 2)),
        };
        let conversations = match alike.conversations.as_slice() {
            all if all.len() == matrix.conversations.len() => "all".to_owned(),
            [first, second, more @ ..] if more.len() > NAMED => {
                format!(
                    "{}, {} and {} more",
                    escaped(first),
                    escaped(second),
                    more.len()
                )
            }
            some => escaped(&some.join(", ")),
        };
        let with = match alike.with.as_slice() {
            all if all.len() == matrix.peers.len() => "all".to_owned(),
            [one] if *one == alike.who => "itself".to_owned(),
            some => escaped(&some.join(", ")),
        };
        let (who, role, step) = (
            escaped(alike.who),
            failure.party.role(),
            escaped(&failure.text),
        );
        writeln!(
            page,
            "| {conversations} | {who}, {role} | {step} | {came} | {with} |"
        )?;
    }
    Ok(())
}

fn table(page: &mut String, matrix: &Matrix, plays: Plays) -> std::fmt::Result {
    write!(page, "| | {} |", plays.rows())?;
    for number in 1..=matrix.peers.len() {
        write!(page, " {number} |")?;
    }
    write!(page, "\n| ---: | --- |")?;
    for _ in &matrix.peers {
        write!(page, " ---: |")?;
    }
    writeln!(page)?;
    for (one, number) in matrix.peers.iter().zip(1..) {
        write!(page, "| {number} | {} |", escaped(&one.label))?;
        for other in &matrix.peers {
            let cell = matrix.cell(&one.label, &other.label);
            let is_whole = cell.is_none_or(|cell| cell.others.is_empty());
            let words = cell.map_or_else(|| "-".to_owned(), Cell::words);
            if is_whole {
                write!(page, " {words} |")?;
            } else {
                write!(page, " **{words}** |")?;
            }
        }
        writeln!(page)?;
    }
    Ok(())
}

/// A text of one line, in a cell of a table or elsewhere, in which nothing is markup.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Forges take what stands between two for a formula.
            '$' => out.push_str("&#36;"),
            '\\' | '`' | '|' | '*' | '_' | '[' | ']' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_from_outside_is_markup() {
        assert_eq!(
            escaped("a|b<c>\n[d](e)$f$"),
            "a\\|b&lt;c&gt; \\[d\\](e)&#36;f&#36;"
        );
    }
}
