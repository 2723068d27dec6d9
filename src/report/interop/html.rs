//! The matrix as one self-contained HTML page, which needs no script and nothing from elsewhere.

use super::{by_conversation, by_peer, harmless};
use crate::conformance::interop::matrix::{Cell, Matrix, Plays, Why};
use crate::report::page;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::json;

/// The page.
#[must_use]
pub fn page(matrix: &Matrix) -> String {
    let matrix = harmless(matrix);
    let parts = matrix.parts().into_iter();
    let parts: Vec<_> = parts.map(|(plays, part)| content(plays, part)).collect();
    let content = context! { parts, matrix => Value::from(Serde(&matrix)) };
    page::render(include_str!("interop.html"), content)
}

/// What the template is given: texts and numbers, no decisions left.
fn content(plays: Plays, matrix: &Matrix) -> Value {
    let rows: Vec<_> = matrix
        .peers
        .iter()
        .map(|one| {
            let cells = matrix.peers.iter();
            let cells: Vec<_> = cells
                .map(|other| cell(matrix, matrix.cell(&one.label, &other.label)))
                .collect();
            let [initiator, responder] =
                by_peer(matrix, &one.label).map(|[passed, of]| format!("{passed}/{of}"));
            json!({ "peer": one, "cells": cells, "initiator": initiator, "responder": responder })
        })
        .collect();
    let counts = by_conversation(matrix);
    let conversations: Vec<_> = matrix
        .conversations
        .iter()
        .map(|conversation| {
            let [passed, of] = counts
                .get(conversation.name.as_str())
                .copied()
                .unwrap_or_default();
            json!({ "is": conversation, "passed": passed, "of": of })
        })
        .collect();
    let failures: Vec<_> = matrix
        .alike()
        .into_iter()
        .map(|alike| {
            let first = alike.conversations.first().copied().unwrap_or_default();
            json!({
                "conversation": matrix.conversation(first),
                "names": alike.conversations,
                "who": alike.who,
                "role": alike.failure.party.role(),
                "failure": alike.failure,
                "with": alike.with,
                "transcript": alike.first.2,
                "times": alike.times,
            })
        })
        .collect();
    let skips: Vec<_> = matrix
        .skips()
        .into_iter()
        .map(|(reason, (names, times))| json!({ "reason": reason, "names": names, "times": times }))
        .collect();
    let [passed, failed, skipped] = matrix.counts();
    context! {
        rows => Value::from(Serde(rows)),
        conversations => Value::from(Serde(conversations)),
        failures => Value::from(Serde(failures)),
        skips => Value::from(Serde(skips)),
        passed, failed, skipped,
        is_transfers => plays == Plays::Transfers,
        words => plays.words(),
        pairs => matrix.cells.len(),
        matrix => Value::from(Serde(matrix)),
    }
}

/// A cell: its words, what it is, and the numbers of the failures in it, from 1.
fn cell(matrix: &Matrix, cell: Option<&Cell>) -> serde_json::Value {
    let Some(cell) = cell else {
        return json!({ "words": "", "outcome": "empty", "share": 0, "others": [] });
    };
    let outcome = match (cell.failed(), cell.skipped()) {
        (0, 0) => "passed",
        (0, _) => "skipped",
        _ => "failed",
    };
    let others: Vec<_> = cell
        .others
        .iter()
        .map(|other| {
            let (is, why) = match &other.why {
                Why::Failed(failure) => ("failed", failure.error.as_deref().unwrap_or(&failure.got)),
                Why::Skipped(reason) => ("skipped", reason.as_str()),
            };
            let title = matrix.conversation(&other.conversation).map(|it| &it.title);
            json!({ "name": other.conversation, "is": is, "why": why, "title": title, "transcript": other.transcript })
        })
        .collect();
    json!({
        "words": cell.words(),
        "outcome": outcome,
        // Of a hundred conversations so many did not succeed.
        "share": 100 * cell.others.len() / (cell.passed + cell.others.len()).max(1),
        "others": others,
        "initiator": cell.initiator,
        "responder": cell.responder,
    })
}
