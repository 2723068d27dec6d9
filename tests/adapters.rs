//! Adapters: the reference engine behind the protocol conforms as it does in process, and whatever an adapter does,
//! the run goes on and says what happened.

use crate::adapter;
use crate::built_in::cases;
use crate::sample;

use adapter::{TIGRESS, answering, script, started, text, tigress};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tigress_signal::conformance::adapter::{Process, Setup, protocol, serve};
use tigress_signal::conformance::case::Case;
use tigress_signal::conformance::interop::conversation::Conversation;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::operation::METHODS;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::restarts::Restarts;
use tigress_signal::conformance::result::GroupResult;
use tigress_signal::conformance::run::{self, Outcome, Terms};
use tigress_signal::conformance::scenario::{self, Tested};
use tigress_signal::conformance::selection::{Selection, Shard};
use tigress_signal::conformance::stopwatch::Stopped;
use tigress_signal::conformance::subject::{Description, Failure, RandomnessSource, Subject};
use tigress_signal::conformance::vector::conversation::Action;
use tigress_signal::conformance::vector::{Body, Call};
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::hex::Hex;

struct Quiet;

impl Progress for Quiet {
    fn started(&mut self, _total: usize) {}
    fn ran(&mut self, _case: &Case) {}
    fn finished(&mut self, _group: &GroupResult) {}
}

fn reference() -> Process {
    started(&format!("'{TIGRESS}' adapter"))
}

#[test]
fn the_reference_engine_conforms_over_the_protocol_as_in_process() {
    let adapter = format!("'{TIGRESS}' adapter");
    let run = |arguments: &[&str]| {
        let output = tigress(&[&["test", "--format", "json"], arguments].concat());
        let mut value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(value["failures"], serde_json::json!([]));
        assert_eq!(value["verdict"], "conforms");
        let cases = value["cases"].as_array_mut().expect("cases");
        let whole = cases.len();
        // What cannot be seen of a subject is said to be so.
        cases.retain(|case| case["skip"]["why"] != "not-observable");
        let unseen = whole - cases.len();
        for name in ["scenarios", "themes", "sections", "requirements"] {
            value[name].take();
        }
        (value, unseen)
    };
    let arguments = [
        "--adapter",
        &adapter,
        "--strict-errors",
        "--timeout",
        "60",
        "--jobs",
        "2",
    ];
    let part = sample::one_of(PARTS);
    let part = ["--shard", &part];
    let (in_process, all_are_seen) = run(&part);
    // Nothing is left out where the engine is asked in process.
    assert_eq!(in_process["errors"], json!([]));
    let of_there = in_process["cases"].as_array().expect("cases");
    assert!(of_there.len() >= cases().iter().count() / 45);
    assert!(of_there.iter().all(|case| case["outcome"] == "passed"));
    let (process, unseen) = run(&[&arguments, &part[..]].concat());
    assert_eq!(all_are_seen, 0);
    assert!(unseen * 8 < of_there.len(), "{unseen} cannot be seen");
    let names = |value: &Value| -> BTreeSet<String> {
        let cases = value["cases"].as_array().expect("cases").iter();
        cases.map(|case| case["name"].to_string()).collect()
    };
    let (seen, all) = (names(&process), names(&in_process));
    assert!(seen.is_subset(&all) && all.len() == seen.len() + unseen);
    // The one was another command, at another time.
    let the_rest = |mut value: Value| {
        value["cases"].take();
        value["provenance"].take();
        value
    };
    assert_eq!(the_rest(process), the_rest(in_process));
}

/// So many parts there are of a whole run: an unoptimised one takes minutes.
const PARTS: u64 = 40;

/// The reference engine as one that draws its own randomness: what is handed in is not what it uses.
#[derive(Default)]
struct DrawsItsOwn {
    engine: Reference,
    /// Signatures come out with a bit changed.
    broken: bool,
}

impl Subject for DrawsItsOwn {
    fn describe(&self) -> Description {
        Description {
            randomness: RandomnessSource::Own,
            ..self.engine.describe()
        }
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, mut params: Value) -> Result<Value, Failure> {
        if let Some(randomness) = params["randomness"].as_str() {
            let Hex(mut bytes) = serde_json::from_value(randomness.into()).expect("hex");
            if let Some(first) = bytes.first_mut() {
                *first ^= 0x04;
            }
            params["randomness"] = Hex(bytes).to_string().into();
        }
        if let Some(seed) = params.get("seed").and_then(Value::as_str) {
            params["seed"] = format!("{seed}, but another").into();
        }
        let mut answer = self.engine.call(method, params)?;
        if let Some(signature) = answer["signature"].as_str().filter(|_| self.broken) {
            let flipped = if signature.starts_with('0') { "1" } else { "0" };
            answer["signature"] = format!("{flipped}{}", &signature[1..]).into();
        }
        Ok(answer)
    }
}

/// Where a subject draws its own randomness, the reference engine judges what it made of it.
#[test]
fn own_randomness_is_judged_by_what_comes_of_it() {
    let cases = cases();
    let run = |broken: bool, selection: &Selection, shard: Shard| {
        let plan = Plan {
            cases,
            selection,
            shard,
            strict: true,
            restarts: Restarts::AsWritten,
            known: &KnownFailures::default(),
            ends: Ends::default(),
            stopwatch: &Stopped,
        };
        let subject = DrawsItsOwn {
            broken,
            ..DrawsItsOwn::default()
        };
        verdict::judge(&mut [Box::new(subject)], &plan, &mut Quiet)
    };
    let result = run(
        false,
        &Selection::all(),
        sample::one_of(PARTS).parse().expect("a part"),
    );
    let failed: Vec<_> = result
        .failures
        .iter()
        .map(|f| (&f.name, &f.differences))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(result.scenarios.skipped < 40, "{:?}", result.scenarios);
    assert!(result.vectors.passed > 40, "{:?}", result.vectors);
    let drawn = [
        "tigress-1/xeddsa/sign_prekey",
        "tigress-1/x3dh_initiate/with_one_time_prekey",
        "tigress-1/x3dh_respond/device_with_three_one_time_prekeys",
    ];
    let named = Selection::of(drawn.map(str::to_owned).to_vec(), None, cases).expect("vectors");
    let result = run(false, &named, Shard::WHOLE);
    assert_eq!(result.vectors.passed, 3, "{:?}", result.vectors);
    let signatures = Selection::of(vec!["xeddsa".to_owned()], None, cases).expect("a family");
    let broken = run(true, &signatures, Shard::WHOLE);
    let first = broken.failures.first().expect("a failure");
    assert_eq!(first.name, "tigress-1/xeddsa/sign_prekey");
    let got = &first.differences[0].got;
    assert!(
        got.contains("xeddsa.verify of the reference engine"),
        "{got}"
    );
}

/// The parts of a run that is split are the whole, each once.
#[test]
fn the_shards_of_a_run_are_the_whole() {
    let names = |arguments: &[&str]| -> Vec<String> {
        let output = tigress(
            &[
                &["test", "--format", "json", "--only", "wire_ratchet"],
                arguments,
            ]
            .concat(),
        );
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let cases = value["cases"].as_array().expect("cases");
        cases.iter().map(|case| case["name"].to_string()).collect()
    };
    let mut parts = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        parts.extend(names(&["--shard", shard]));
    }
    let mut whole = names(&[]);
    assert!(whole.len() > 100 && parts != whole);
    parts.sort();
    whole.sort();
    assert_eq!(parts, whole);
    for shard in ["0/3", "4/3", "3", "a/b"] {
        let output = tigress(&["test", "--shard", shard]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("a part is I/N"));
    }
}

/// The same bytes, whoever plays the device: the stream of the seed is the one of docs/adapter.md.
#[test]
fn a_scenario_leaves_the_same_transcript_whoever_plays() {
    let mut adapter = reference();
    let mut compared = 0;
    for case in cases().iter() {
        let Case::Scenario(scenario, _) = case else {
            continue;
        };
        if scenario.theme() != "car_key" && scenario.theme() != "restart" {
            continue;
        }
        let suite = scenario.suite_or(None);
        let expected = scenario::run(scenario, suite, "7").transcript.to_lines();
        for plays in scenario.devices() {
            adapter.reset(suite.name()).expect("it speaks it");
            let tested = Tested {
                subject: &mut adapter,
                plays: &plays,
                strict: true,
            };
            let cast = scenario::Cast {
                tested: Some(tested),
                ..scenario::Cast::default()
            };
            let run = scenario::run_with(scenario, suite, "7", cast);
            assert_eq!(run.failure, None, "{} by {plays}", scenario.name);
            assert!(
                run.transcript.to_lines() == expected,
                "{} by {plays}",
                scenario.name
            );
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");
}

/// The exchange in docs/adapter.md is what the reference engine says.
#[test]
fn the_page_shows_what_is_said() {
    let page = include_str!("../docs/adapter.md");
    let exchange = page.split("```jsonl\n").nth(1).expect("an exchange");
    let exchange = exchange.split("```").next().expect("its end");
    let lines = |mark: &str| -> String {
        let of = exchange.lines().filter_map(|line| line.strip_prefix(mark));
        of.flat_map(|line| [line, "\n"]).collect()
    };
    let (asked, expected) = (lines("-> "), lines("<- "));
    let mut out = Vec::new();
    serve(&mut Reference::default(), asked.as_bytes(), &mut out).expect("bytes");
    snapbox::assert_data_eq!(text(&out), expected);
}

#[test]
fn the_page_names_every_method() {
    let page = include_str!("../docs/adapter.md");
    for method in METHODS {
        assert!(page.contains(&format!("`{method}`")), "{method}");
    }
}

#[test]
fn the_schemas_are_those_of_the_types() {
    snapbox::assert_data_eq!(
        format!("{:#}\n", protocol::schemas()),
        snapbox::file!["../docs/adapter_schema.json"].raw()
    );
}

#[test]
fn lines_that_are_no_request_are_answered_with_an_error() {
    let mut out = Vec::new();
    let lines = "not JSON\n{\"id\":7}\n{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"reset\"}\n{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"xeddsa.verify\",\"params\":{\"message\":5}}\n";
    serve(&mut Reference::default(), lines.as_bytes(), &mut out).expect("bytes");
    let answers: Vec<serde_json::Value> = text(&out)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let codes: Vec<i64> = answers
        .iter()
        .map(|answer| answer["error"]["code"].as_i64().expect("a code"))
        .collect();
    assert_eq!(codes, [-32_700, -32_600, -32_602, -32_602]);
    assert_eq!(answers[1]["id"], 7);
}

/// An adapter that does `then` with whatever is asked of it, after a word on standard error.
fn bad(folder: &Path, name: &str, then: &str) -> String {
    script(folder, name, "", &format!("echo 'last words' >&2; {then}"))
}

#[test]
fn a_bad_adapter_fails_the_test_at_hand_and_the_run_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, then, words) in [
        (
            "crash",
            "exit 3",
            "ended before it answered: exit status: 3",
        ),
        ("hang", "sleep 60", "did not answer within 0.5 s"),
        ("garbage", "echo hello", "wrote what is no answer"),
        (
            "half",
            "printf '{\"jsonrpc\":'; exit 0",
            "ended in the middle of a line",
        ),
        (
            "other",
            r#"printf '{"jsonrpc":"2.0","id":999,"result":{}}\n'"#,
            "answered request 999, and was asked 3",
        ),
        (
            "flood",
            "head -c 17000000 /dev/zero | tr '\\0' a",
            "wrote a line of more than 16777216 bytes",
        ),
        (
            "internal",
            r#"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"oops"}}\n' "$id""#,
            "failed with error -32000 and no `data.error`: oops",
        ),
    ] {
        let command = bad(folder.path(), name, then);
        let timeout = if name == "hang" { "0.5" } else { "20" };
        let arguments = [
            "test",
            "--adapter",
            &command,
            "--timeout",
            timeout,
            "--only",
            "tigress-1/kdf/four_outputs",
            "--only",
            "tigress-1/kdf/three_outputs",
        ];
        let output = tigress(&arguments);
        let said = text(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{name}: {said}{}",
            text(&output.stderr)
        );
        assert!(
            said.contains("FAILED tigress-1/kdf/four_outputs")
                && said.contains("      tigress-1/kdf/three_outputs"),
            "{name}: {said}"
        );
        assert!(said.contains(words), "{name}: {said}");
        if name != "internal" {
            assert!(
                said.contains("its standard error:")
                    && said.contains("\n                         last words\n"),
                "{name}: {said}"
            );
        }
        assert!(
            said.contains("--only tigress-1/kdf/four_outputs --adapter"),
            "{name}: {said}"
        );
    }
}

/// Lines that are no answer to request `$id`, and why not.
const NO_ANSWERS: &[(&str, &str)] = &[
    (
        r#"{"jsonrpc":"2.0","id":$id,"result":1e400}"#,
        "number out of range",
    ),
    ("", "EOF while parsing"),
    ("[1]", "it is no object"),
    ("\u{feff}{}", "expected value"),
    (r#"{"id":$id,"result":{}}"#, "no `jsonrpc`"),
    (
        r#"{"json_rpc":"2.0","id":$id,"result":{}}"#,
        "did you mean `json_rpc`?",
    ),
    (
        r#"{"jsonrpc":"1.0","id":$id,"result":{}}"#,
        "`jsonrpc` is not \"2.0\"",
    ),
    (r#"{"jsonrpc":"2.0","result":{}}"#, "no `id`"),
    (
        r#"{"jsonrpc":"2.0","id":"$id","result":{}}"#,
        "`id` is not the number of a request",
    ),
    (
        r#"{"jsonrpc":"2.0","id":-1,"result":{}}"#,
        "`id` is not the number of a request",
    ),
    (
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}"#,
        "could not read request",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id}"#,
        "neither `result` nor `error`",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"Result":{}}"#,
        "did you mean `Result`?",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"result":null,"error":null}"#,
        "neither `result` nor `error`",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"result":{},"error":{"code":1,"message":""}}"#,
        "both `result` and `error`",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"result":{"u":"00"},"result":{"u":"01"}}"#,
        "`result` stands twice",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"result":{"u":"00","a":{"u":1,"\u0075":2}}}"#,
        "`u` stands twice",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"id":1,"result":{}}"#,
        "`id` stands twice",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"error":{"message":""}}"#,
        "`error`: missing field `code`",
    ),
    (
        r#"{"jsonrpc":"2.0","id":$id,"error":{"code":1,"message":"","data":{"error":" "}}}"#,
        "`error.data.error` is blank",
    ),
];

/// What is no answer is told with the reason, and is the failure of the call that was asked; the next one is asked of an
/// adapter that was started again.
#[test]
fn what_is_no_answer_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":$id,"result":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let long = |message: usize, code: usize| {
        let (message, code) = ("m".repeat(message), "c".repeat(code));
        format!(
            r#"{{"jsonrpc":"2.0","id":$id,"error":{{"code":1,"message":"{message}","data":{{"error":"{code}"}}}}}}"#
        )
    };
    let too_much = [
        (
            long(16_385, 1),
            "`error.message` has 16385 bytes, and at most 16384 may be",
        ),
        (
            long(1, 201),
            "`error.data.error` has 201 bytes, and at most 200 may be",
        ),
        (deep, "recursion limit exceeded"),
    ];
    let too_much = too_much.iter().map(|(answer, why)| (answer.as_str(), *why));
    for (answer, why) in NO_ANSWERS.iter().copied().chain(too_much) {
        let mut adapter = started(&bad(folder.path(), "bad", &answering(answer)));
        adapter.reset("tigress-1").expect("it does");
        let Err(Failure::Broken(said)) = adapter.call("public_key.decode", json!({})) else {
            panic!("{answer}")
        };
        assert!(said.contains(why), "{answer}: {said}");
        assert!(said.len() < 1000, "{said}");
        assert_eq!(adapter.settle(), Ok(()));
        adapter.reset("tigress-1").expect("it is started again");
        assert!(adapter.faults().is_empty());
    }
    // As long as may be, and what JSON-RPC 1.0 writes.
    for (answer, expected) in [
        (
            long(16_384, 200).as_str(),
            Err(Failure::Rejected {
                error: "c".repeat(200),
                message: "m".repeat(16_384),
            }),
        ),
        (
            r#"{"jsonrpc":"2.0","id":$id,"result":{},"error":null}"#,
            Ok(json!({})),
        ),
    ] {
        let mut adapter = started(&bad(folder.path(), "good", &answering(answer)));
        assert_eq!(adapter.call("public_key.decode", json!({})), expected);
    }
}

/// What an adapter says of itself must make sense.
#[test]
fn a_description_without_sense_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = json!({ "name": "n", "version": "0", "protocol": 1, "suites": ["tigress-1"], "roles": ["primitives"], "randomness": "own" });
    let describing = |field: &str, value: Value| {
        let mut description = good.clone();
        description[field] = value;
        let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": description });
        let script = folder.path().join("describing.sh");
        fs::write(
            &script,
            format!("read line\nprintf '%s\\n' '{answer}'\nread line\n"),
        )
        .expect("written");
        Process::start(&format!("sh '{}'", script.display()), Setup::default())
    };
    assert!(describing("name", "n".into()).is_ok());
    for (field, value, why) in [
        ("name", json!(""), "a text in `name` has 0 bytes"),
        (
            "name",
            json!("x".repeat(201)),
            "a text in `name` has 201 bytes",
        ),
        ("version", json!(" \n"), "a text in `version` has 2 bytes"),
        (
            "version",
            Value::Null,
            "invalid type: null, expected a string",
        ),
        ("suites", json!([]), "`suites` names at least one suite"),
        (
            "suites",
            json!(["a", "a"]),
            "`suites` names at least one suite, and none twice",
        ),
        ("suites", json!([""]), "a text in `suites` has 0 bytes"),
        ("roles", json!([]), "`roles` names at least one role"),
        (
            "roles",
            json!(["wallet", "device", "wallet"]),
            "`roles` names at least one role, and none twice",
        ),
        ("roles", json!(["king"]), "unknown variant `king`"),
        ("randomness", json!("some"), "unknown variant `some`"),
        (
            "protocol",
            json!(0),
            "speaks version 0 of the adapter protocol",
        ),
        ("protocol", json!(-1), "invalid value: integer `-1`"),
    ] {
        let error = describing(field, value).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
}

/// Of a long standard error the end is shown, in whole lines.
#[test]
fn the_last_words_are_the_last_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let flood = "i=0; while [ $i -lt 1000 ]; do echo \"line number $i of many\"; i=$((i+1)); done >&2; echo 'Error: the end' >&2; exit 1";
    let mut adapter = started(&bad(folder.path(), "wordy", flood));
    let Err(Failure::Broken(said)) = adapter.call("public_key.decode", json!({})) else {
        panic!("it crashes")
    };
    let (_, words) = said.split_once("its standard error:\n…\n").expect("words");
    assert!(
        words.ends_with("line number 999 of many\nError: the end"),
        "{words}"
    );
    assert!(words.starts_with("line number "), "{words}");
    assert!((2_500..=3 * 1024).contains(&words.len()), "{}", words.len());
}

/// What is written to standard error before an answer is there when the answer is: its beginning, however much it is.
#[test]
fn what_was_said_is_there_with_the_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = answering(r#"{"jsonrpc":"2.0","id":$id,"result":{}}"#);
    let flood = format!(
        "if [ $id = 3 ]; then echo begin >&2; head -c 300000 /dev/zero | tr '\\0' x >&2; fi; echo \"said $id\" >&2; {answer}"
    );
    let mut adapter = started(&script(folder.path(), "loud", "", &flood));
    adapter.reset("tigress-1").expect("it does");
    assert_eq!(adapter.said(), b"");
    for id in 3..20 {
        assert_eq!(adapter.call("public_key.decode", json!({})), Ok(json!({})));
        let said = text(&adapter.said());
        if id == 3 {
            assert!(said.starts_with("begin\nxxx") && said.len() == 32 * 1024);
        } else {
            assert!(said.ends_with(&format!("said {id}\n")), "{said}");
        }
    }
}

/// A vector may ask for counters of a session that it had dropped: it fails, and nothing else does.
#[test]
fn counters_of_no_session_are_refused() {
    let mut tried = 0;
    for case in cases().iter() {
        let Case::Vector(vector) = case else { continue };
        let mut vector = vector.clone();
        let Body::Conversation(conversation) = &mut vector.body else {
            continue;
        };
        let sets = |step: &Action| matches!(step, Action::Call(call) if call.method == "device.set_counters");
        let Some(at) = conversation.steps.iter().position(sets) else {
            continue;
        };
        let Action::Call(call) = &conversation.steps[at] else {
            continue;
        };
        let drops = Action::Call(Call {
            method: "device.drop_sessions",
            params: json!({ "peer": call.params["peer"] }),
            expected: Some(json!({})),
            error: None,
        });
        conversation.steps.insert(at, drops);
        let outcome = run::run(&mut Reference::default(), &vector, Terms::STRICT);
        let Outcome::Failed(mismatch) = outcome else {
            panic!("{}: {outcome:?}", vector.name())
        };
        assert_eq!(mismatch.differences[0].got, "no session with that peer");
        tried += 1;
    }
    assert!(tried > 3, "{tried}");
}

/// An error must not show what was decrypted, or a key (PRIV-04).
#[test]
fn an_error_that_shows_a_secret_fails_the_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let quoting = r#"told=$(printf '%s' "$line" | tr -d '{}"'); printf '{"jsonrpc":"2.0","id":%s,"error":{"code":1,"message":"cannot read %s","data":{"error":"invalid-payload"}}}\n' "$id" "$told""#;
    let command = bad(folder.path(), "quoting", quoting);
    let output = tigress(&["test", "--adapter", &command, "--only", "PAY-01"]);
    let said = text(&output.stdout);
    assert!(
        said.contains("an error that does not show `plaintext` (PRIV-04)"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
}

/// Nor must standard error, whatever else is right: PRIV-04 is what the case fails by.
#[test]
fn standard_error_that_shows_a_secret_fails_the_case() {
    let folder = tempfile::tempdir().expect("a folder");
    // The reference engine, and somebody who writes down what it is asked, and what a wallet draws first.
    let wrapper = folder.path().join("wrapper.sh");
    let logging = format!(
        r#"while read -r line; do
  case "$line" in
    *public_key.derive*) printf 'asked: %s\n' "$line" | sed 's/[0-9a-f][0-9a-f]/& /g' >&2 ;;
    *wallet.create*)
      seed=$(printf '%s' "$line" | sed 's/.*"seed":"\([^"]*\)".*/\1/')
      {{ printf '%s' "$seed"; head -c 8 /dev/zero; }} | sha256sum >&2 ;;
  esac
  printf '%s\n' "$line"
done | '{TIGRESS}' adapter
"#
    );
    fs::write(&wrapper, logging).expect("written");
    let command = format!("sh '{}'", wrapper.display());
    let output = tigress(&[
        "test",
        "--adapter",
        &command,
        "--only",
        "tigress-1/public_key",
        "--only",
        "scenarios/hotel_key",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let failures = result["failures"].as_array().expect("failures");
    let mut expected = BTreeSet::new();
    for failure in failures {
        assert_eq!(failure["cause"], "secret", "{failure}");
        assert_eq!(failure["requirements"][0]["id"], "PRIV-04", "{failure}");
        expected.insert(failure["differences"][0]["expected"].to_string());
    }
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    assert_eq!(
        expected,
        [
            "\"standard error does not show `privateKey` (PRIV-04)\"",
            "\"standard error does not show what is secret (PRIV-04)\""
        ]
    );
    let requirements = result["requirements"].as_array().expect("requirements");
    let broken = requirements.iter().find(|it| it["id"] == "PRIV-04");
    assert_eq!(broken.expect("it is there")["outcome"], "failed");
    // Who was asked for nothing secret has passed.
    let of = |name: &str| {
        let families = result["families"].as_array().expect("families").iter();
        let mut families = families.filter(|family| family["name"] == name);
        families.next().expect("the family")["counts"]["passed"].as_u64()
    };
    assert!(of("tigress-1/public_key") > Some(20));
}

/// Two answers at once: whoever was asked is charged with the second.
#[test]
fn an_answer_too_many_is_charged_to_whom_it_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = answering(r#"{"jsonrpc":"2.0","id":$id,"result":{}}"#);
    let mut adapter = started(&bad(folder.path(), "twice", &format!("{answer}; {answer}")));
    adapter.reset("tigress-1").expect("it does");
    assert_eq!(adapter.call("public_key.decode", json!({})), Ok(json!({})));
    // Within a case, at the next call; at its end, when it is over.
    let second = adapter.call("public_key.decode", json!({}));
    let again = "the adapter answered request 3 a second time, and was asked 4";
    assert!(matches!(second, Err(Failure::Broken(why)) if why.starts_with(again)));
    assert_eq!(adapter.settle(), Ok(()));
    adapter.reset("tigress-1").expect("it is started again");
    assert_eq!(adapter.call("public_key.decode", json!({})), Ok(json!({})));
    let settled = adapter.settle();
    let again = "the adapter answered request 6 a second time, and was asked 7";
    assert!(matches!(settled, Err(Failure::Broken(why)) if why.starts_with(again)));
    adapter.reset("tigress-1").expect("it is started again");
    assert!(adapter.faults().is_empty());
}

/// What comes when its case is over fails no other, and is not forgotten.
#[test]
fn what_comes_too_late_fails_no_innocent_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = answering(r#"{"jsonrpc":"2.0","id":$id,"result":{}}"#);
    let begun = |name: &str, then: &str| {
        let mut adapter = started(&bad(folder.path(), name, then));
        adapter.reset("tigress-1").expect("it does");
        assert_eq!(adapter.call("public_key.decode", json!({})), Ok(json!({})));
        assert_eq!(adapter.settle(), Ok(()));
        adapter
    };
    for (name, then, fault) in [
        (
            "late",
            format!("{answer}; (sleep 0.3; {answer}) &"),
            "wrote a line when nothing was asked of it: {\"jsonrpc\"",
        ),
        (
            "gone",
            format!("{answer}; (sleep 0.3; kill -9 $$) &"),
            "ended when nothing was asked of it: signal: 9 (SIGKILL)",
        ),
    ] {
        let mut adapter = begun(name, &then);
        std::thread::sleep(Duration::from_millis(600));
        adapter.reset("tigress-1").expect("it is started again");
        assert_eq!(
            adapter.call("public_key.decode", json!({})),
            Ok(json!({})),
            "{name}"
        );
        let faults = adapter.faults();
        assert!(
            faults.len() == 1 && faults[0].contains(fault),
            "{name}: {faults:?}"
        );
    }
    // While the next one waits for its answer.
    let slow = format!(
        "if [ $id = 3 ]; then {answer}; (sleep 0.2; {answer}) & else sleep 0.5; {answer}; fi"
    );
    let mut adapter = begun("slow", &slow);
    adapter.reset("tigress-1").expect("it does");
    assert_eq!(adapter.call("public_key.decode", json!({})), Ok(json!({})));
    assert_eq!(adapter.settle(), Ok(()));
    let fault = "the adapter answered request 3 a second time, when it was asked request 5";
    assert_eq!(adapter.faults(), [fault]);
}

#[test]
fn an_adapter_that_does_not_start_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = folder.path().join("silent.sh");
    fs::write(&silent, "echo why >&2\nexit 1\n").expect("written");
    let silent = format!("sh '{}'", silent.display());
    let old = folder.path().join("old.sh");
    fs::write(
        &old,
        "read line\nprintf '%s\\n' '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"name\":\"o\",\"version\":\"0\",\"protocol\":9,\"suites\":[],\"roles\":[],\"randomness\":\"own\"}}'\nread line\n",
    )
    .expect("written");
    let old = format!("sh '{}'", old.display());
    for (command, words) in [
        ("no-such-program-anywhere", "does not start"),
        ("'open", "is no command"),
        ("", "is no command"),
        (silent.as_str(), "its standard error:\n  why\n"),
        (old.as_str(), "speaks version 9 of the adapter protocol"),
    ] {
        let output = tigress(&["test", "--adapter", command]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(
            text(&output.stderr).contains(words),
            "{}",
            text(&output.stderr)
        );
    }
}

fn can_run(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

/// Each skeleton runs at once and reports everything as not implemented.
#[test]
fn a_skeleton_runs_at_once() {
    for (language, program) in [("python", "python3"), ("node", "node"), ("rust", "cargo")] {
        if !can_run(program) {
            eprintln!("skipped: {program} is not there");
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mine = folder.path().join("mine");
        let init = [
            "adapter",
            "init",
            "--language",
            language,
            mine.to_str().expect("UTF-8"),
        ];
        let output = tigress(&init);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        let command = said
            .split("--adapter '")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .expect("the command");
        if language == "rust" && !build_skeleton(&mine) {
            continue;
        }
        let output = Command::new(TIGRESS)
            .args([
                "test",
                "--adapter",
                command,
                "--shard",
                &sample::one_of(PARTS),
            ])
            .current_dir(&mine)
            .output()
            .expect("the program runs");
        let verdict = text(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{verdict}{}",
            text(&output.stderr)
        );
        assert!(
            verdict.contains("my wallet 0 has nothing implemented yet"),
            "{verdict}"
        );
        assert!(verdict.contains(" 0 passed, "), "{verdict}");
        // Nothing is written over.
        let again = tigress(&init);
        assert_eq!(again.status.code(), Some(2));
        assert!(
            text(&again.stderr).contains("exists")
                && text(&again.stderr).contains("name another folder"),
            "{}",
            text(&again.stderr)
        );
    }
}

/// A skeleton says which of its methods the protocol does not have, and the program shows it.
#[test]
fn a_misspelt_method_is_said() {
    for (language, program, file, [place, misspelt]) in [
        (
            "python",
            "python3",
            "adapter.py",
            [
                "    \"reset\": reset,\n",
                "    \"public_key_decode\": reset,\n",
            ],
        ),
        (
            "node",
            "node",
            "adapter.js",
            [
                "  // Forget every device",
                "  \"public_key_decode\": () => ({}),\n",
            ],
        ),
        (
            "rust",
            "cargo",
            "src/main.rs",
            [
                "    (\"reset\", reset),\n",
                "    (\"public_key_decode\", reset),\n",
            ],
        ),
    ] {
        if !can_run(program) {
            eprintln!("skipped: {program} is not there");
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mine = folder.path().join("mine");
        let path = mine.to_str().expect("UTF-8");
        let said = text(&tigress(&["adapter", "init", "--language", language, path]).stdout);
        let command = said.split('\'').nth(1).expect("the command");
        let skeleton = fs::read_to_string(mine.join(file)).expect("it");
        assert_eq!(skeleton.matches(place).count(), 1, "{language}");
        let changed = skeleton.replace(place, &format!("{misspelt}{place}"));
        for (text_of, warned) in [(skeleton, 0), (changed, 1)] {
            fs::write(mine.join(file), text_of).expect("written");
            if language == "rust" && !build_skeleton(&mine) {
                break;
            }
            let output = Command::new(TIGRESS)
                .args(["test", "--only", "public_key", "--adapter", command])
                .current_dir(&mine)
                .output()
                .expect("the program runs");
            let said = text(&output.stderr);
            let warning = "the protocol has no method \"public_key_decode\"";
            assert_eq!(said.matches(warning).count(), warned, "{language}: {said}");
            assert_eq!(
                said.matches("the protocol has no method").count(),
                warned,
                "{said}"
            );
        }
    }
}

/// Whether the skeleton in Rust could be built: its library may not be there.
fn build_skeleton(folder: &Path) -> bool {
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet"])
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        // It is only to run.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .current_dir(folder)
        .output()
        .expect("cargo runs");
    if !built.status.success() {
        eprintln!("skipped: {}", text(&built.stderr));
    }
    built.status.success()
}

/// Each known failure of an adapter is explained, and each finding is seen: in a failure that is listed, by a vector, a family, a
/// conversation or a requirement that it names, by a few lines of a program, or as another finding is.
#[test]
fn every_known_failure_has_its_finding() {
    let page = include_str!("../docs/findings.md");
    // By the name in the heading, the text.
    let explained: BTreeMap<&str, &str> = page
        .split("\n### ")
        .skip(1)
        .filter_map(|text| Some((text.lines().next()?.split_once(": ")?.0, text)))
        .collect();
    let mut listed = BTreeSet::new();
    for list in known_failures() {
        let entries = list.lines().filter(|line| !line.starts_with('#'));
        listed.extend(entries.filter_map(|line| Some(line.split_whitespace().nth(1)?.to_owned())));
    }
    for name in &listed {
        assert!(
            explained.contains_key(name.as_str()),
            "{name} is not explained"
        );
    }
    for (name, text) in &explained {
        let text = text.split("\n## ").next().unwrap_or_default();
        let as_another = explained
            .keys()
            .any(|other| other != name && text.contains(other));
        let is_seen = listed.contains(*name)
            || !named_tests(text).is_empty()
            || text.contains("```js")
            || text.contains("`node -p")
            || as_another;
        assert!(is_seen, "{name} is seen in nothing");
    }
}

/// What the page on findings names is there: a command that names nothing would end with an error.
#[test]
fn the_findings_name_what_is_there() {
    let conversations = Conversation::load(None).expect("those inside the program");
    let tests = named_tests(include_str!("../docs/findings.md"));
    assert!(tests.len() > 50, "{}", tests.len());
    for name in tests {
        let is_conversation = conversations.iter().any(|it| it.is_called(&name));
        let is = |name: String| Selection::of(vec![name], None, cases()).is_ok();
        let is_case = is(name.clone()) || is(format!("scenarios/{name}"));
        assert!(is_conversation || is_case, "{name}");
    }
}

/// A conversation that a finding names by a command fails between those that the command names, as docs/interop.json has it.
#[test]
fn the_conversations_of_findings_fail() {
    let matrix: Value = serde_json::from_str(include_str!("../docs/interop.json")).expect("JSON");
    let fails = |of: &Value, names: &[&str], conversation: &str| {
        let is_one = |label: &Value| {
            let name = label.as_str().and_then(|label| label.split(' ').next());
            name.is_some_and(|name| names.contains(&name))
        };
        let cells = of["cells"].as_array().into_iter().flatten();
        let mut between =
            cells.filter(|cell| is_one(&cell["initiator"]) && is_one(&cell["responder"]));
        between.any(|cell| {
            let mut others = cell["others"].as_array().into_iter().flatten();
            others.any(|other| {
                let name = other["conversation"].as_str().unwrap_or_default();
                let is_called =
                    name == conversation || name.split('/').next() == Some(conversation);
                is_called && other["why"].get("failed").is_some()
            })
        })
    };
    let mut seen = 0;
    let findings = include_str!("../docs/findings.md").split("\n### ").skip(1);
    for finding in findings.filter_map(|text| text.split("\n## ").next()) {
        let mut names = Vec::new();
        for quoted in finding.split('`').skip(1).step_by(2) {
            let words: Vec<_> = quoted.split_whitespace().collect();
            if let ["tigress", "interop", rest @ ..] = &words[..] {
                let is_name = |word: &&&str| !word.starts_with('-');
                names = rest.iter().take_while(is_name).copied().collect();
            } else if words.starts_with(&["tigress", "test"]) {
                names.clear();
            }
            let conversation = words.iter().skip_while(|word| **word != "--only").nth(1);
            if let (Some(conversation), false) = (conversation, names.is_empty()) {
                let of = if words.contains(&"--transfers") {
                    &matrix["transfers"]
                } else {
                    &matrix
                };
                assert!(fails(of, &names, conversation), "{names:?}: {conversation}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

/// What a text names by `--only`, and what it calls by a whole name in backquotes.
fn named_tests(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for quoted in text.split('`').skip(1).step_by(2) {
        let mut words = quoted.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if word == "--only" {
                names.extend(words.peek().map(ToString::to_string));
            } else if word.starts_with("signal-v3/") || word.starts_with("tigress-1/") {
                names.insert(word.to_owned());
            }
        }
    }
    names
}

/// The lists of all adapters.
fn known_failures() -> Vec<String> {
    let adapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters");
    let mut lists = Vec::new();
    for adapter in fs::read_dir(adapters).unwrap() {
        let adapter = adapter.unwrap().path();
        if !adapter.is_dir() {
            continue;
        }
        for file in fs::read_dir(adapter).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("known_failures") {
                lists.push(fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!lists.is_empty());
    lists
}

/// What docs/implementers.md has a newcomer type, in its order: the skeleton, its first method, the verdict that the page shows.
#[test]
fn the_page_leads_to_a_first_verdict_in_node() {
    if !can_run("node") {
        eprintln!("skipped: node is not there");
        return;
    }
    let page = include_str!("../docs/implementers.md");
    let (_, page) = page
        .split_once("## A first verdict, for a wallet in Node\n")
        .expect("the section");
    let block = |language: &str| {
        let (_, rest) = page
            .split_once(&format!("```{language}\n"))
            .expect("a block");
        rest.split_once("```").expect("its end").0
    };
    let commands = block("sh").lines();
    let commands: Vec<_> = commands.filter_map(shlex::split).collect();
    let [init, _, test] = &commands[..] else {
        panic!("{commands:?}")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[String], folder: &Path| {
        assert_eq!(words[0], "tigress");
        let output = Command::new(TIGRESS)
            .args(&words[1..])
            .current_dir(folder)
            .output()
            .expect("it runs");
        (output.status.code(), text(&output.stdout))
    };
    assert_eq!(run(init, folder.path()).0, Some(0));
    let mine = folder.path().join(init.last().expect("a folder"));
    let (status, said) = run(test, &mine);
    assert_eq!(status, Some(1));
    assert!(
        said.contains("my wallet 0 has nothing implemented yet"),
        "{said}"
    );
    assert!(said.contains(" 44 skipped"), "{said}");
    let adapter = mine.join("adapter.js");
    let skeleton = fs::read_to_string(&adapter).expect("it");
    let place = "  // Bytes are lower-case hex";
    assert_eq!(skeleton.matches(place).count(), 1);
    let filled = skeleton.replace(place, &format!("{}{place}", block("js")));
    fs::write(&adapter, filled).expect("written");
    let (status, said) = run(test, &mine);
    assert_eq!(status, Some(1));
    assert!(said.ends_with(block("text")), "{said}");
}
