//! A server under test, with the reference engine in its place: what stands between the harness and a server adds nothing and
//! loses nothing.

use crate::built_in::{cases, vectors};
use crate::in_process::{InProcess, handled};
use crate::listening::Served;
use crate::sample;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::Command;
use tigress_signal::conformance::case::Case;
use tigress_signal::conformance::run::{Outcome, Terms, ask};
use tigress_signal::conformance::served::races::{Fault, RACES};
use tigress_signal::conformance::served::{Http, Reply, Server, Wire, WireError};
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
    outcomes_of(&mut wire.server(), cases)
}

fn outcomes_of(server: &mut Server, cases: &[Case]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for case in cases {
        let outcome = match ask(server, case, Terms::STRICT) {
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
    let unseen = 12 + 1;
    assert_eq!(
        outcomes,
        BTreeMap::from([
            ("passed".to_owned(), cases.len() - unseen),
            (
                "not-observable: what the server keeps cannot be seen".to_owned(),
                12
            ),
            (
                "not-observable: time goes back in it, and a server's clock goes forward"
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
    assert!(wire.shared().machine == nobody(), "something is left");
}

#[test]
fn races_are_held_and_leave_nothing() {
    let mut wire = InProcess::new(false);
    for race in RACES {
        assert_eq!(race.run(&mut wire, "a seed"), Ok(()), "{}", race.words);
    }
    assert!(wire.shared().machine == nobody(), "something is left");
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

fn nobody() -> Intermediary<MemoryStore> {
    Intermediary::new(&Tigress1, MemoryStore::default())
}

fn http(served: &Served, restart: &str) -> Http {
    Http::new(served.client(), true, Some(restart.to_owned())).expect("it answers")
}

/// Vectors and a race over HTTP: nothing is lost on the way, but what HTTP has no place for, and nothing is left.
#[test]
fn a_server_is_tested_over_http() {
    let served = Served::at(Timestamp(1_900_000_000));
    let wire = http(&served, "true");
    let mine = part_of(family().into_iter(), 12);
    let mut subject = Server::new(Box::new(wire.clone()), "over HTTP", "a seed");
    let outcomes = outcomes_of(&mut subject, &mine);
    assert!(outcomes["passed"] > mine.len() / 2, "{outcomes:?}");
    for (outcome, many) in &outcomes {
        let is_known = outcome == "passed" || outcome.starts_with("not-observable");
        assert!(is_known, "{outcome}: {many}");
    }
    let part = sample::seed();
    for (race, place) in RACES.iter().zip(0..) {
        if part.is_none_or(|part| part % RACES.len() as u64 == place) {
            let held = race.run(&mut wire.clone(), "a seed");
            assert_eq!(held, Ok(()), "{}", race.words);
        }
    }
    drop((subject, wire));
    assert!(served.end() == nobody(), "something is left");
}

#[test]
fn a_restart_is_what_the_command_says() {
    let served = Served::at(Timestamp(1_900_000_000));
    let restarted = |command| http(&served, command).restart();
    assert_eq!(restarted("true"), Ok(()));
    let failed = restarted("exit 3");
    assert!(
        matches!(&failed, Err(WireError::Broken(why)) if why.contains("exit 3")),
        "{failed:?}"
    );
    let nobody_says = Http::new(served.client(), true, None)
        .expect("it answers")
        .restart();
    assert!(matches!(nobody_says, Err(WireError::Lacking(_))));
}

#[test]
fn the_program_tests_a_server_and_says_where_none_is() {
    let served = Served::now();
    let run = |arguments: &[&str]| {
        let tigress = Command::new(env!("CARGO_BIN_EXE_tigress"))
            .args(arguments)
            .output();
        let output = tigress.expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8(said).expect("UTF-8"),
        )
    };
    let url = served.url();
    let (status, said) = run(&[
        "test",
        "--intermediary",
        &url,
        "--only",
        "to_one_device_of_two",
    ]);
    assert_eq!(status, Some(2), "{said}");
    let only = "tigress-1/intermediary/to_one_device_of_two";
    let (status, said) = run(&["test", "--intermediary", &url, "--only", only]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(" conforms as an intermediary in "), "{said}");
    assert!(said.contains("--server-seed "), "{said}");
    // A scenario over it has the same transcript, byte for byte.
    let folder = tempfile::tempdir().expect("a folder");
    let transcript = |name: &str, over: &[&str]| {
        let file = folder.path().join(name);
        let own = [
            "scenarios",
            "run",
            "--only",
            "From phone to phone",
            "--transcript",
        ];
        let file_name = file.to_str().expect("UTF-8");
        let (status, said) = run(&[&own[..], &[file_name], over].concat());
        assert_eq!(status, Some(0), "{said}");
        std::fs::read_to_string(file).expect("it is written")
    };
    assert_eq!(
        transcript("over", &["--over", &url]),
        transcript("alone", &[])
    );
    let nowhere = "http://127.0.0.1:1";
    let (status, said) = run(&["test", "--intermediary", nowhere]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("gave no answer"), "{said}");
}
