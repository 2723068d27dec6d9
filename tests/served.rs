//! A server under test, with the reference engine in its place: what stands between the harness and a server adds nothing and
//! loses nothing.

use crate::built_in::{cases, vectors};
use crate::in_process::{InProcess, handled};
use crate::sample;
use serde_json::json;
use std::collections::BTreeMap;
use tigress_signal::conformance::case::Case;
use tigress_signal::conformance::run::{Outcome, Terms, ask};
use tigress_signal::conformance::served::Reply;
use tigress_signal::conformance::served::races::{Fault, RACES};
use tigress_signal::conformance::vector::Vector;
use tigress_signal::intermediary::{Intermediary, MemoryStore};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;

fn family() -> Vec<Case<'static>> {
    let of_family = |vector: &&Vector| vector.family == "intermediary";
    vectors().filter(of_family).map(Case::Vector).collect()
}

/// Somebody else whom the server serves.
fn bystander(wire: &mut InProcess) {
    let register = |vector: &&Vector| vector.test == "first_device";
    let vector = vectors().find(register).expect("a device registers");
    let tigress_signal::conformance::vector::Body::Conversation(conversation) = &vector.body else {
        panic!("a conversation");
    };
    let Some(tigress_signal::conformance::vector::conversation::Action::Call(call)) =
        conversation.steps.first()
    else {
        panic!("a call");
    };
    let now = call.params["now"].as_u64().expect("a time");
    let mut shared = wire.shared();
    let reply = handled(&mut shared.machine, &call.params["request"], Timestamp(now));
    assert_eq!(reply, Reply::Answer(json!({ "type": "done" })));
}

/// What is asked of a server, by how it went: passed, or skipped with which reason.
fn outcomes(wire: &InProcess, cases: &[Case]) -> BTreeMap<String, usize> {
    let mut server = wire.server();
    let mut outcomes = BTreeMap::new();
    for case in cases {
        let outcome = match ask(&mut server, case, Terms::STRICT) {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped(skip) => format!("{}: {}", skip.why.name(), skip.reason),
            Outcome::Failed(mismatch) => panic!("{}: {mismatch:#?}", case.name()),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

/// All vectors, in a server that serves somebody else under the very names of the vectors. Nothing is left there.
#[test]
fn every_vector_passes_where_clock_and_restarts_are_there() {
    let mut wire = InProcess::new(true);
    bystander(&mut wire);
    let mut before = wire.shared().machine.clone();
    let cases = family();
    let outcomes = outcomes(&wire, &cases);
    assert_eq!(
        outcomes,
        BTreeMap::from([
            ("passed".to_owned(), 157),
            (
                "not-observable: what the server keeps cannot be seen".to_owned(),
                12
            ),
            (
                "not-implemented: time goes back in it, and a server's clock goes forward"
                    .to_owned(),
                1
            ),
        ])
    );
    let mut shared = wire.shared();
    let now = shared.now;
    before.tick(now).expect("memory does not fail");
    shared.machine.tick(now).expect("memory does not fail");
    assert!(shared.machine == before, "something is left");
}

/// Every case of each `parts`, and which of them the seed says.
fn part_of(cases: impl Iterator<Item = Case<'static>>, parts: u64) -> Vec<Case<'static>> {
    let part = sample::seed().map(|seed| seed % parts);
    let mine = cases
        .zip(0..)
        .filter(|(_, place)| part.is_none_or(|part| place % parts == part));
    mine.map(|(case, _)| case).collect()
}

#[test]
fn what_hangs_on_time_and_restarts_is_skipped_where_they_are_not_there() {
    let wire = InProcess::new(false);
    let mine = part_of(family().into_iter(), 4);
    let outcomes = outcomes(&wire, &mine);
    let allowed = [
        "passed",
        "not-observable: what the server keeps cannot be seen",
        "not-implemented: it needs a server whose clock can be moved",
        "not-implemented: nobody restarts it",
    ];
    let mut others = outcomes.keys().filter(|it| !allowed.contains(&it.as_str()));
    assert_eq!(others.next(), None);
    assert!(outcomes["passed"] > mine.len() / 2, "{outcomes:?}");
}

/// Scenarios, the server in the intermediary's part.
#[test]
fn scenarios_run_over_a_server() {
    let scenarios = cases().iter();
    let mine = part_of(
        scenarios.filter(|case| matches!(case, Case::Scenario(..))),
        16,
    );
    let wire = InProcess::new(true);
    let outcomes = outcomes(&wire, &mine);
    let allowed = [
        "passed",
        "not-observable: the intermediary is played by the subject, whose bounds are the profile's",
        "not-implemented: the suite `signal-v3` is not spoken",
        "suite: the suite `signal-v3` is not spoken",
    ];
    let others: Vec<_> = outcomes
        .keys()
        .filter(|it| !allowed.contains(&it.as_str()))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(outcomes["passed"] > mine.len() / 2, "{outcomes:?}");
    assert!(
        wire.shared().machine == Intermediary::new(&Tigress1, MemoryStore::default()),
        "something is left"
    );
}

#[test]
fn races_are_held_and_leave_nothing() {
    let mut wire = InProcess::new(false);
    for race in RACES {
        assert_eq!(race.run(&mut wire, "a seed"), Ok(()), "{}", race.words);
    }
    assert!(
        wire.shared().machine == Intermediary::new(&Tigress1, MemoryStore::default()),
        "something is left"
    );
}

/// A server that reads, and writes later what it has read, loses what came between: the races tell.
#[test]
fn races_find_a_server_without_transactions() {
    let mut wire = InProcess::new(false);
    wire.is_torn = true;
    let found = RACES.iter().filter(|race| {
        let faults = (0..20).map(|round| race.run(&mut wire, &format!("seed {round}")));
        faults
            .into_iter()
            .any(|it| matches!(it, Err(Fault::Broken(_))))
    });
    assert!(found.count() >= 3);
}
