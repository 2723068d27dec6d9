//! Adapters: the reference engine behind the protocol conforms as it does in process, and whatever an adapter does,
//! the run goes on and says what happened.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tigress_signal::conformance::adapter::{Process, protocol, serve};
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::operation::METHODS;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::result::{CaseOutcome, GroupResult};
use tigress_signal::conformance::scenario::{self, Tested};
use tigress_signal::conformance::selection::{Selection, Shard};
use tigress_signal::conformance::subject::{Description, Failure, RandomnessSource, Subject};
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::hex::Hex;

struct Quiet;

impl Progress for Quiet {
    fn started(&mut self, _total: usize) {}
    fn ran(&mut self, _case: &Case) {}
    fn finished(&mut self, _group: &GroupResult) {}
}

const TIGRESS: &str = env!("CARGO_BIN_EXE_tigress");

fn reference() -> Process {
    Process::start(&format!("'{TIGRESS}' adapter"), Duration::from_mins(1)).expect("it starts")
}

fn tigress(arguments: &[&str]) -> Output {
    Command::new(TIGRESS)
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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
    let (in_process, all_are_seen) = run(&[]);
    let (process, unseen) = run(&arguments);
    assert_eq!((all_are_seen, unseen), (0, 4));
    let names = |value: &Value| -> BTreeSet<String> {
        let cases = value["cases"].as_array().expect("cases").iter();
        cases.map(|case| case["name"].to_string()).collect()
    };
    let (seen, all) = (names(&process), names(&in_process));
    assert!(seen.is_subset(&all) && all.len() == seen.len() + unseen);
    let but_cases = |mut value: Value| {
        value["cases"].take();
        value
    };
    assert_eq!(but_cases(process), but_cases(in_process));
}

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
    let cases = Cases::load(None, None);
    let run = |broken: bool, selection: &Selection| {
        let plan = Plan {
            cases: &cases,
            selection,
            shard: Shard::WHOLE,
            strict: true,
            known: &KnownFailures::default(),
            ends: Ends::default(),
        };
        let subject = DrawsItsOwn {
            broken,
            ..DrawsItsOwn::default()
        };
        verdict::judge(&mut [Box::new(subject)], &plan, &mut Quiet)
    };
    let result = run(false, &Selection::all());
    let failed: Vec<_> = result
        .failures
        .iter()
        .map(|f| (&f.name, &f.differences))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(result.scenarios.skipped, 4);
    assert!(result.vectors.passed > 1000, "{:?}", result.vectors);
    let passed = |name: &str| {
        let case = result.cases.iter().find(|case| case.name == name);
        case.expect("a case").outcome == CaseOutcome::Passed
    };
    for name in [
        "tigress-1/xeddsa/sign_prekey",
        "tigress-1/x3dh_initiate/with_one_time_prekey",
        "tigress-1/x3dh_respond/device_with_three_one_time_prekeys",
    ] {
        assert!(passed(name), "{name}");
    }
    let signatures = Selection::of(vec!["xeddsa".to_owned()], None, &cases).expect("a family");
    let broken = run(true, &signatures);
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
    let cases = Cases::load(None, None);
    let mut adapter = reference();
    let mut compared = 0;
    for case in cases.iter() {
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
            let run = scenario::run_with(scenario, suite, "7", Some(tested));
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
        protocol::schemas(),
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

/// A shell script that describes itself and takes a reset, and then does `then` with the third request.
fn bad(folder: &Path, name: &str, then: &str) -> String {
    let script = folder.join(format!("{name}.sh"));
    let mut file = fs::File::create(&script).expect("a file");
    write!(
        file,
        r#"while read line; do
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *'"describe"'*) printf '{{"jsonrpc":"2.0","id":%s,"result":{{"name":"bad","version":"0","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}}}}\n' "$id" ;;
    *'"reset"'*) printf '{{"jsonrpc":"2.0","id":%s,"result":{{}}}}\n' "$id" ;;
    *) echo 'last words' >&2
       {then} ;;
  esac
done
"#
    )
    .expect("written");
    format!("sh '{}'", script.display())
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
            "wrote what is no answer",
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
                said.contains("its standard error: last words"),
                "{name}: {said}"
            );
        }
        assert!(
            said.contains("--only tigress-1/kdf/four_outputs --adapter"),
            "{name}: {said}"
        );
    }
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

/// An answer that nobody asked for is found at the next request.
#[test]
fn an_answer_too_many_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let twice = r#"for i in 1 2; do printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":""}}\n' "$id"; done"#;
    let mut adapter = Process::start(&bad(folder.path(), "twice", twice), Duration::from_secs(20))
        .expect("starts");
    adapter.reset("tigress-1").expect("it does");
    let first = adapter.call("public_key.decode", serde_json::json!({}));
    assert_eq!(first, Err(Failure::NotImplemented));
    std::thread::sleep(Duration::from_millis(200));
    let second = adapter.call("public_key.decode", serde_json::json!({}));
    let Err(Failure::Broken(why)) = second else {
        panic!("{second:?}")
    };
    assert!(why.contains("answers no request"), "{why}");
    adapter.reset("tigress-1").expect("it is started again");
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
        (silent.as_str(), "its standard error: why"),
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
        if language == "rust" {
            let built = Command::new("cargo")
                .args(["build", "--release", "--quiet"])
                .env_remove("CARGO_TARGET_DIR")
                // It is only to run.
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
                .current_dir(&mine)
                .output()
                .expect("cargo runs");
            if !built.status.success() {
                eprintln!("skipped: {}", text(&built.stderr));
                continue;
            }
        }
        let output = Command::new(TIGRESS)
            .args(["test", "--adapter", command])
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
            text(&again.stderr).contains("exists"),
            "{}",
            text(&again.stderr)
        );
    }
}

/// Each known failure of an adapter is explained, and each finding is seen in a failure.
#[test]
fn every_known_failure_has_its_finding() {
    let list = include_str!("../adapters/python/known_failures.txt");
    let page = include_str!("../docs/findings.md");
    let listed: BTreeSet<&str> = list
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    let explained: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### ")?.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(listed, explained);
}
