//! Wallets whose sessions somebody else keeps, through the role `device` of the adapter protocol.

use crate::adapter;

use adapter::{TIGRESS, text, tigress};
use serde_json::Value;
use std::sync::Arc;
use tigress_signal::conformance::operation::{Keepers, Reference};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::{Cast, SEED, Scenario, run, run_with};
use tigress_signal::conformance::sessions::SubjectSessions;
use tigress_signal::conformance::subject::{Description, Failure, Subject};
use tigress_signal::suite::SignalV3;

/// All scenarios that can be played in `signal-v3`.
fn scenarios() -> Vec<Scenario> {
    let library = Library::load(None);
    assert!(library.errors.is_empty(), "{:?}", library.errors);
    let all = library.scripts.into_iter().flat_map(|it| it.scenarios);
    all.filter(|scenario| scenario.runs_in(Some(&SignalV3)))
        .collect()
}

/// What keeps the sessions of everybody.
fn keepers(subject: impl Subject + 'static) -> Keepers {
    let sessions = SubjectSessions::new(Box::new(subject), &SignalV3);
    Keepers::all(Arc::new(sessions.expect("a device of signal-v3")))
}

/// The engine's own sessions, kept for it through the protocol, make no difference: no byte of a transcript is another.
#[test]
fn the_engines_own_sessions_behave_as_if_nobody_stood_between() {
    let mut differing = Vec::new();
    for scenario in scenarios() {
        let alone = run(&scenario, &SignalV3, SEED);
        let cast = Cast {
            keepers: keepers(Reference::default()),
            ..Cast::default()
        };
        let with = run_with(&scenario, &SignalV3, SEED, cast);
        let began = std::time::Instant::now();
        if with.transcript.to_lines() != alone.transcript.to_lines() {
            let why = with.failure.map(|it| format!("{}: {}", it.line, it.reason));
            differing.push(format!("{} {}: {why:?}", scenario.place(), scenario.name));
        }
        eprintln!("{:?} {}", began.elapsed(), scenario.place());
    }
    assert!(differing.is_empty(), "{}: {differing:#?}", differing.len());
}
