//! Scenarios that were played for an auditor, as one document.

pub mod html;
pub mod markdown;

use crate::conformance::dossier::{EVENTS, Exhibit};

/// Why a run has no diagram, and how it gets one.
fn undrawn(exhibit: &Exhibit) -> String {
    format!(
        "Its {} events are not drawn: the diagrams of a document have {EVENTS} events at most. Once its transcript is written (see below), this command draws it:",
        exhibit.events
    )
}
