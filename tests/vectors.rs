//! The vectors themselves: they pass, they are as they are made, they leave no requirement out, and each
//! value that they expect is looked at.

use crate::built_in::{cases, vectors};
use crate::sample;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::restarts::Restarts;
use tigress_signal::conformance::result::{GroupResult, TestResult, Verdict};
use tigress_signal::conformance::run::{self, Outcome};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::selection::{Selection, Shard};
use tigress_signal::conformance::stopwatch::Stopped;
use tigress_signal::conformance::transitions::Transitions;
use tigress_signal::conformance::vector::conversation::Action;
use tigress_signal::conformance::vector::{
    Body, BuiltIn, Call, Collection, Expectation, Family, Source, Vector, VectorFile,
};
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::report;
use tigress_signal::transfer::MessageType;
use tigress_signal::transfer::table::{EventName, Flow, StateName};

struct Quiet;

impl Progress for Quiet {
    fn started(&mut self, _total: usize) {}
    fn ran(&mut self, _case: &Case) {}
    fn finished(&mut self, _group: &GroupResult) {}
}

/// The reference engine, asked all of them.
fn judge(cases: &Cases) -> TestResult {
    let plan = Plan {
        cases,
        selection: &Selection::all(),
        shard: Shard::WHOLE,
        strict: true,
        restarts: Restarts::AsWritten,
        known: &KnownFailures::default(),
        ends: Ends::default(),
        stopwatch: &Stopped,
    };
    verdict::judge(&mut [Box::new(Reference::default())], &plan, &mut Quiet)
}

#[test]
fn every_file_keeps_its_schema() {
    for file in BuiltIn::ALL {
        let vectors = VectorFile::load(&file.path(), file.json);
        assert!(vectors.is_ok(), "{vectors:?}");
    }
}

#[test]
fn every_family_has_the_vectors_that_were_promised() {
    assert!(vectors().count() > 420);
    for (family, least) in [
        ("public_key", 25),
        ("xeddsa", 40),
        ("x3dh_initiate", 30),
        ("x3dh_respond", 30),
        ("fingerprint", 6),
        ("kdf", 20),
        ("message_encryption", 20),
        ("ratchet_session", 70),
        ("wire_ratchet", 80),
        ("wire_prekey", 100),
        ("intermediary", 120),
        ("invitation", 20),
        ("payload", 80),
        ("sesame", 70),
        ("transfer_sender", 140),
        ("transfer_receiver", 150),
    ] {
        let count = vectors().filter(|vector| vector.family == family).count();
        assert!(count >= least, "{family} has {count} vectors");
    }
}

#[test]
fn every_requirement_is_carried_by_a_vector_or_a_scenario() {
    let cases = cases();
    for requirement in &Catalogue::get().requirements {
        let id = requirement.id;
        assert!(cases.carrying(id).next().is_some(), "nothing carries {id}");
        // What no vector can show: it takes several devices, or the intermediary's view of a whole run.
        let scenarios_alone = [
            "ID-02", "SES-16", "SES-17", "INV-07", "INV-08", "INV-09", "XFER-16",
        ];
        let areas_alone = ["WAL-", "PRIV-"];
        let by_scenario =
            scenarios_alone.contains(&id) || areas_alone.iter().any(|area| id.starts_with(area));
        let by_vector = cases
            .carrying(id)
            .any(|case| matches!(case, Case::Vector(_)));
        assert_ne!(by_vector, by_scenario, "{id}");
    }
}

#[test]
fn every_row_of_the_transfer_and_every_refused_pair_is_reached() {
    // Scenarios would be run for it, and count by themselves.
    let alone = Cases::of(Collection::built_in(), Library::default());
    let transitions = Transitions::of(&alone);
    for ((vectors, _), number) in transitions.rows.iter().zip(1..) {
        assert!(*vectors > 0, "no vector reaches row {number}");
    }
    for pair in &transitions.refused {
        assert!(pair.vectors > 0, "no vector reaches {pair:?}");
    }
}

#[test]
fn a_pair_that_nothing_reaches_is_seen() {
    let mut collection = Collection::built_in();
    collection
        .vectors
        .retain(|vector| vector.comment != "a token in S:Declined: keyImportRequest");
    let transitions = Transitions::of(&Cases::of(collection, Library::default()));
    let missing: Vec<_> = transitions
        .refused
        .iter()
        .filter(|pair| pair.vectors == 0)
        .map(|pair| (pair.from, pair.event))
        .collect();
    let declined = Some((StateName::OfferDeclined, Flow::Stateless));
    let import = EventName::Message(MessageType::KeyImportRequest);
    assert_eq!(missing, [(declined, import)]);
}

#[test]
fn no_two_vectors_of_a_family_are_the_same() {
    for built_in in BuiltIn::ALL {
        let file: VectorFile = serde_json::from_str(built_in.json).expect("a vector file");
        let (mut comments, mut contents) = (BTreeSet::new(), BTreeSet::new());
        for group in &file.test_groups {
            for test in &group.tests {
                let comment = test["comment"].as_str().expect("a comment");
                assert!(
                    comments.insert((group.r#type.clone(), comment.to_owned())),
                    "{}: two vectors say {comment:?}",
                    built_in.family
                );
                let mut content = test.clone();
                for name in ["tcId", "name", "comment", "flags", "requirements"] {
                    content.as_object_mut().expect("an object").remove(name);
                }
                // Libraries that are given the same say the same: that is what was recorded.
                let of = (group.r#type.clone(), group.source.name.clone());
                assert!(
                    contents.insert((of, content.to_string())),
                    "{}: {comment:?} asks what another vector asks",
                    built_in.family
                );
            }
        }
    }
}

#[test]
fn every_note_of_a_file_is_used() {
    for built_in in BuiltIn::ALL {
        let file: VectorFile = serde_json::from_str(built_in.json).expect("a vector file");
        let used: BTreeSet<&str> = file
            .test_groups
            .iter()
            .flat_map(|group| &group.tests)
            .flat_map(|test| test["flags"].as_array().expect("flags"))
            .filter_map(Value::as_str)
            .collect();
        for flag in file.notes.keys() {
            assert!(
                used.contains(flag.as_str()),
                "{}: {flag} is not used",
                built_in.family
            );
        }
    }
}

/// JSON pointers of every value in `value` that is neither an object nor an array.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// Another value of the same kind: one character of a string, one more, the other truth value.
fn other(value: &Value, salt: usize) -> Value {
    match value {
        Value::String(text) if text.is_empty() => json!("00"),
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let at = salt % characters.len();
            characters[at] = if characters[at] == '0' { '1' } else { '0' };
            json!(characters.into_iter().collect::<String>())
        }
        // A neighbour of a whole number of either sign; zero for any other.
        Value::Number(number) => number.as_i64().map_or(json!(0), |whole| json!(whole ^ 1)),
        Value::Bool(truth) => json!(!truth),
        _ => json!("something"),
    }
}

fn other_code(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::Malformed => ErrorCode::NonCanonical,
        _ => ErrorCode::Malformed,
    }
}

/// Every way to change one expected value of a call.
fn spoiled(call: &Call) -> Vec<Call> {
    let mut found = Vec::new();
    if let Some(code) = call.error {
        found.push(Call {
            error: Some(other_code(code)),
            ..call.clone()
        });
    }
    if let Some(expected) = &call.expected {
        let mut pointers = Vec::new();
        leaves(expected, "", &mut pointers);
        for (salt, pointer) in pointers.iter().enumerate() {
            let mut expected = expected.clone();
            let value = expected.pointer_mut(pointer).expect("a leaf");
            *value = other(value, salt + pointer.len() * 7);
            found.push(Call {
                expected: Some(expected),
                ..call.clone()
            });
        }
    }
    found
}

/// Every way to change one expected value of a vector: the call that has it, and at which step it stands in a conversation.
fn changes(vector: &Vector) -> Vec<(usize, Call)> {
    let of = |(step, call): (usize, &Call)| spoiled(call).into_iter().map(move |call| (step, call));
    match &vector.body {
        Body::Call(call) => of((0, call)).collect(),
        Body::Conversation(conversation) => {
            let calls = conversation.steps.iter().enumerate();
            let calls = calls.filter_map(|(step, action)| match action {
                Action::Call(call) => Some((step, call)),
                _ => None,
            });
            calls.flat_map(of).collect()
        }
    }
}

/// The vector with that change.
fn changed(vector: &Vector, (step, call): (usize, Call)) -> Vector {
    let mut changed = vector.clone();
    match &mut changed.body {
        Body::Call(place) => *place = call,
        Body::Conversation(conversation) => conversation.steps[step] = Action::Call(call),
    }
    changed
}

/// What the environment's `TIGRESS_SEED` says of the changes that are tried, out of thousands: a number chooses one of
/// each second vector, `all` takes every one of them, of a long conversation some [`MOST`] from its beginning to its end. Where nothing
/// is said it is 0.
#[derive(Clone, Copy)]
enum Tried {
    OneOfEach { seed: u64 },
    All,
}

/// So many changes of one vector say whether its values are looked at; each of them plays the conversation up to there.
const MOST: usize = 500;

impl Tried {
    fn as_the_environment_says() -> Self {
        sample::seed().map_or(Tried::All, |seed| Tried::OneOfEach { seed })
    }

    fn of<T>(self, vector: &str, mut changes: Vec<T>) -> Vec<T> {
        match self {
            Tried::OneOfEach { seed } if !changes.is_empty() => {
                let hash = Sha256::digest(format!("{seed} {vector}"));
                let drawn = usize::from(u16::from_be_bytes([hash[0], hash[1]]));
                if hash[2] % 2 == 1 {
                    return Vec::new();
                }
                vec![changes.swap_remove(drawn % changes.len())]
            }
            _ => {
                let one_in = changes.len() / MOST + 1;
                changes.into_iter().step_by(one_in).collect()
            }
        }
    }
}

/// Every change that is tried makes its vector fail.
fn changed_values_fail(family: &str, tried: Tried) {
    let mut made = 0;
    for vector in vectors() {
        // Refused, an acceptable one passes whatever it expects.
        if vector.family != family || vector.result == Expectation::Acceptable {
            continue;
        }
        let numbered = changes(vector).into_iter().enumerate().collect();
        for (number, change) in tried.of(&vector.name(), numbered) {
            made += 1;
            let spoiled = changed(vector, change);
            let outcome = run::run(&mut Reference::default(), &spoiled, run::Terms::STRICT);
            assert!(
                matches!(outcome, Outcome::Failed(_)),
                "{} still passes with its change {number}",
                vector.name()
            );
        }
    }
    assert!(made > 0, "no vector of {family} expects a value");
}

/// A test for each family, so that they share the cores.
macro_rules! changed_values {
    ($($family:ident)*) => {
        mod one_changed_expected_value_makes_its_vector_fail {
            $(#[test]
            fn $family() {
                super::changed_values_fail(stringify!($family), super::Tried::as_the_environment_says());
            })*
        }

        #[test]
        fn every_family_has_its_values_changed() {
            let changed = [$(stringify!($family)),*];
            assert!(Family::ALL.iter().map(|family| family.name).eq(changed));
        }
    };
}

changed_values! {
    public_key
    xeddsa
    x3dh_initiate
    x3dh_respond
    fingerprint
    kdf
    message_encryption
    ratchet_session
    wire_ratchet
    wire_prekey
    intermediary
    invitation
    payload
    sesame
    transfer_sender
    transfer_receiver
}

#[test]
fn another_seed_tries_other_changes() {
    let changes: Vec<u32> = (0..300).collect();
    let of = |seed| Tried::OneOfEach { seed }.of("tigress-1/kdf/four_outputs", changes.clone());
    assert_eq!(of(1), of(1));
    let union: BTreeSet<u32> = (0..10_000).flat_map(of).collect();
    assert!(
        union
            .into_iter()
            .eq(Tried::All.of("tigress-1/kdf/four_outputs", changes.clone()))
    );
}

#[test]
fn a_secret_that_is_still_held_makes_its_vector_fail() {
    let mut changes = 0;
    for vector in vectors() {
        let Body::Conversation(conversation) = &vector.body else {
            continue;
        };
        for (index, action) in conversation.steps.iter().enumerate() {
            let Action::Erased(secrets) = action else {
                continue;
            };
            for at in 0..secrets.len() {
                let mut secrets = secrets.clone();
                // Every saved state of the reference says of which version it is.
                secrets[at].bytes = b"version".into();
                let mut conversation = conversation.clone();
                conversation.steps[index] = Action::Erased(secrets);
                let spoiled = Vector {
                    body: Body::Conversation(conversation),
                    ..vector.clone()
                };
                let outcome = run::run(&mut Reference::default(), &spoiled, run::Terms::STRICT);
                assert!(
                    matches!(outcome, Outcome::Failed(_)),
                    "{} still passes",
                    vector.name()
                );
                changes += 1;
            }
        }
    }
    assert!(changes > 5, "{changes}");
}

fn file_of(family: &str) -> Value {
    let mut files = BuiltIn::ALL.iter();
    let file = files.find(|file| file.family == family).expect("a family");
    serde_json::from_str(file.json).expect("JSON")
}

/// The name of the first test of a family.
fn first_test(family: &str) -> String {
    let name = &file_of(family)["testGroups"][0]["tests"][0]["name"];
    name.as_str().expect("a name").to_owned()
}

/// The file of a family with one change, and the error that it gives.
fn error_of(family: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value = file_of(family);
    change(&mut value);
    let text = format!("{value:#}");
    VectorFile::load("my.json", &text)
        .expect_err("broken")
        .to_string()
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of faults")]
fn a_broken_vector_file_is_an_error_that_says_where_and_why() {
    let set = |pointer: &'static str, to: Value| {
        move |file: &mut Value| *file.pointer_mut(pointer).expect("there") = to
    };
    let first = "/testGroups/0/tests/0";
    for (family, change, place, reason) in [
        (
            "kdf",
            Box::new(set("/family", json!("kfd"))) as Box<dyn FnOnce(&mut Value)>,
            "/family",
            "unknown family `kfd`; known are public_key",
        ),
        (
            "kdf",
            Box::new(set("/family", json!(1))),
            "/family",
            "names its family",
        ),
        (
            "kdf",
            Box::new(set("/suite", json!("tigress-9"))),
            "/suite",
            "\"tigress-9\" is not one of",
        ),
        (
            "kdf",
            Box::new(set("/profile", json!(3))),
            "/profile",
            "2 was expected",
        ),
        (
            "kdf",
            Box::new(set("/numberOfTests", json!(1))),
            "/numberOfTests",
            "says 1, but the file has",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/type", json!("XeddsaSign"))),
            "/testGroups/0/type",
            "not one of \"SharedSecret\"",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/requirements", json!(["DR-99"]))),
            "test FIRST",
            "unknown requirement `DR-99`",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/requirements", json!([]))),
            "test FIRST",
            "names at least one requirement",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/flags", json!(["Odd"]))),
            "test FIRST",
            "flag `Odd` is not explained",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/dh1", json!("AB"))),
            "test FIRST, /dh1",
            "breaks kdf_schema.json",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/dh1", json!(5))),
            "test FIRST, /dh1",
            "5 is not of type \"string\"",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/1/tcId", json!(1))),
            "test \"three_outputs\"",
            "the tcId stands twice",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/tcId", json!(0))),
            "test FIRST, /tcId",
            "0 is less than the minimum of 1",
        ),
        (
            "kdf",
            Box::new(set("/testGroups/0/tests/0/result", json!("invalid"))),
            "test FIRST",
            "`result` is `invalid` where an `error` is stated",
        ),
        (
            "kdf",
            Box::new(|file: &mut Value| {
                file.pointer_mut(first).expect("there")["colour"] = json!("red");
            }),
            "test FIRST",
            "'colour' was unexpected",
        ),
        (
            "kdf",
            Box::new(|file: &mut Value| {
                file.pointer_mut(first)
                    .expect("there")
                    .as_object_mut()
                    .expect("an object")
                    .remove("comment");
            }),
            "test FIRST",
            "\"comment\" is a required property",
        ),
        (
            "kdf",
            Box::new(|file: &mut Value| {
                file.pointer_mut(first)
                    .expect("there")
                    .as_object_mut()
                    .expect("an object")
                    .remove("sharedSecret");
            }),
            "test FIRST",
            "neither an expected answer nor an `error` is stated",
        ),
        (
            "ratchet_session",
            Box::new(set("/testGroups/0/tests/0/steps/0/op", json!("dance"))),
            "test FIRST, /steps/0/op",
            "not one of \"bundle\"",
        ),
        (
            "ratchet_session",
            Box::new(set("/testGroups/0/tests/0/steps/1/kind", json!("letter"))),
            "test FIRST, /steps/1/kind",
            "breaks ratchet_session",
        ),
    ] {
        let error = error_of(family, change);
        assert!(error.starts_with("my.json:"), "{error}");
        let place = place.replace("FIRST", &format!("{:?}", first_test(family)));
        assert!(
            error.contains(&format!(": {place}: ")),
            "no {place:?} in: {error}"
        );
        assert!(error.contains(reason), "no {reason:?} in: {error}");
        assert!(error.len() < 500, "too long: {error}");
    }
}

#[test]
fn text_that_is_no_vector_file_is_an_error() {
    let deep = "[".repeat(100_000);
    for text in [
        "",
        "{",
        "[]",
        "7",
        "{}",
        "\u{0}",
        "{\"family\": \"kdf\"}",
        &deep,
    ] {
        let error = VectorFile::load("my.json", text)
            .expect_err("no vector file")
            .to_string();
        assert!(
            error.starts_with("my.json:") && error.len() < 500,
            "{error}"
        );
    }
}

/// For `dedup_by`, where one vector of each family is enough.
fn one_of_a_family(next: &mut Vector, kept: &mut Vector) -> bool {
    next.family == kept.family
}

#[test]
fn a_broken_file_does_not_keep_the_others_from_running() {
    let sources = Source::built_in().map(|mut source| {
        if source.name.contains("tigress-1/kdf") {
            source.text = "{".into();
        }
        Ok(source)
    });
    let mut collection = Collection::load(sources);
    collection.vectors.dedup_by(one_of_a_family);
    assert_eq!(collection.errors.len(), 1);
    assert_eq!(collection.errors[0].file, "vectors/tigress-1/kdf/kdf.json");
    let result = judge(&Cases::of(collection, Library::default()));
    assert_eq!(result.verdict, Verdict::None);
    assert_eq!(result.families.len(), BuiltIn::ALL.len() - 1);
}

#[test]
fn a_vector_name_stands_in_one_file_only() {
    let source = || Source::built_in().next().map(Ok).expect("a file");
    let collection = Collection::load([source(), source()]);
    assert_eq!(collection.errors.len(), 1);
    let error = collection.errors[0].to_string();
    assert!(
        error.contains("tigress-1/public_key/")
            && error.ends_with(": another file has a vector of that name"),
        "{error}"
    );
}

#[test]
fn the_schema_of_the_json_result_is_as_it_is_made_and_holds() {
    let schema = report::json::schema();
    // `SNAPSHOTS=overwrite cargo test` writes it anew.
    snapbox::assert_data_eq!(
        schema.clone(),
        snapbox::file!["../docs/result_schema.json"].raw()
    );
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let mut collection = Collection::built_in();
    collection.vectors.dedup_by(one_of_a_family);
    // One failure and one error, so that every part of the result is there.
    let first = &collection.vectors[0];
    collection.vectors[0] = changed(first, changes(first).remove(0));
    collection.errors = Collection::load([Ok(Source {
        name: "x".into(),
        text: "".into(),
    })])
    .errors;
    let result = judge(&Cases::of(collection, Library::default()));
    let mut json = Vec::new();
    report::json::write(&mut json, &result).expect("a vector of bytes");
    let value: Value = serde_json::from_slice(&json).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let broken: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(value["version"], 2);
    assert_eq!(value["verdict"], "does-not-conform");
}
