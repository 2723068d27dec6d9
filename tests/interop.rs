//! Interoperability: the reference engine with itself, and with adapters that lie, crash, hang, answer late, or are not there.

use crate::adapter;
use crate::harm;

use adapter::{TIGRESS, text, tigress};
use harm::{is_harmful, without_colours};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A folder with a list of adapters, each the reference engine behind a shell's pipes.
struct Peers {
    folder: tempfile::TempDir,
}

impl Peers {
    /// Names, and the commands of a shell in which ENGINE is the engine as an adapter.
    fn new(peers: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = format!("'{TIGRESS}' adapter");
        let rows: Vec<Value> = peers
            .iter()
            .map(|(name, shell)| {
                let shell = shell.replace("ENGINE", &engine);
                json!({ "name": name, "version": VERSION, "command": ["sh", "-c", shell] })
            })
            .collect();
        fs::write(folder.path().join("adapters.json"), json!(rows).to_string()).expect("written");
        Peers { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn argument(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    /// `tigress interop` with this list, in `tigress-1`. FOLDER in an argument is the folder.
    fn interop(&self, arguments: &[&str]) -> Output {
        let list = self.argument("adapters.json");
        let folder = self.argument("");
        let arguments: Vec<String> = arguments
            .iter()
            .map(|it| it.replace("FOLDER/", &folder))
            .collect();
        let arguments = arguments.iter().map(String::as_str);
        let mut all = vec![
            "interop",
            "--adapters",
            &list,
            "--suite",
            "tigress-1",
            "--jobs",
            "2",
        ];
        all.extend(arguments);
        tigress(&all)
    }

    /// The matrix of such a run.
    fn matrix(&self, status: i32, arguments: &[&str]) -> Value {
        let output = self.interop(&[&["--format", "json"], arguments].concat());
        assert_eq!(
            output.status.code(),
            Some(status),
            "{}",
            text(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// `tigress interop replay`.
    fn replay(&self, file: &str, arguments: &[&str]) -> Output {
        let (list, file) = (self.argument("adapters.json"), self.argument(file));
        let fixed = ["interop", "replay", &file, "--adapters", &list];
        tigress(&[&fixed[..], arguments].concat())
    }
}

/// What a cell of a matrix has failed in: conversation, cause, error.
fn failures(matrix: &Value, initiator: &str, responder: &str) -> Vec<[String; 3]> {
    let named = |label: &Value, name: &str| label.as_str().is_some_and(|it| it.starts_with(name));
    let mut cells = matrix["cells"].as_array().expect("cells").iter();
    let cell = cells
        .find(|it| named(&it["initiator"], initiator) && named(&it["responder"], responder))
        .expect("the pair");
    let others = cell["others"].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    others
        .iter()
        .map(|other| {
            let failed = &other["why"]["failed"];
            [&other["conversation"], &failed["cause"], &failed["error"]].map(word)
        })
        .collect()
}

fn causes(matrix: &Value, initiator: &str, responder: &str) -> Vec<String> {
    let failures = failures(matrix, initiator, responder);
    failures
        .into_iter()
        .map(|[conversation, cause, _]| format!("{conversation}: {cause}"))
        .collect()
}

/// In every suite, in this process and over the protocol.
#[test]
fn the_reference_engine_speaks_with_itself() {
    for suite in tigress_signal::conformance::suites::names() {
        let command = format!("'{TIGRESS}' adapter");
        let arguments = [
            "interop",
            "--suite",
            suite,
            "--adapter",
            &command,
            "tigress",
        ];
        let output = tigress(&[&arguments[..], &["--jobs", "2", "--timeout", "60"]].concat());
        let said = text(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{said}{}",
            text(&output.stderr)
        );
        // Its own pair is not played where an adapter is named.
        assert!(
            said.contains("in 3 pairs") && said.contains(" 0 failed, 0 skipped"),
            "{said}"
        );
    }
}

#[allow(
    clippy::too_many_lines,
    reason = "one run, looked at from several sides"
)]
#[test]
fn whoever_lies_crashes_hangs_or_is_late_fails_alone() {
    let peers = Peers::new(&[
        ("honest", "ENGINE"),
        (
            "liar",
            r#"ENGINE | sed -u 's/"plaintext":"..../"plaintext":"0000/'"#,
        ),
        (
            "credulous",
            r#"ENGINE | sed -u 's/"error":{"code":1,.*/"result":{"plaintext":"00"}}/'"#,
        ),
        ("crashes", "sed -u '/device.decrypt/Q' | ENGINE"),
        ("hangs", "sed -u '/device.decrypt/d' | ENGINE"),
        (
            "late",
            "while read -r line; do case $line in *device.decrypt*) sleep 3;; esac; printf '%s\\n' \"$line\"; done | ENGINE",
        ),
        (
            "bare",
            r#"ENGINE | sed -u 's/.*"id":\([0-9]*\),"result":{"state".*/{"jsonrpc":"2.0","id":\1,"error":{"code":-32601,"message":""}}/'"#,
        ),
        (
            "strange",
            r#"ENGINE | sed -u 's/"kind":"ratchet"/"kind":"pigeon"/'"#,
        ),
    ]);
    let only = [
        "--only",
        "first_message",
        "--only",
        "replay",
        "--only",
        "restart",
        "--timeout",
    ];
    let arguments = [&only[..], &["60", "--transcripts", "FOLDER/t"]].concat();
    let quick = ["honest", "liar", "credulous", "crashes", "bare", "strange"];
    let matrix = peers.matrix(1, &[&arguments[..], &quick].concat());
    // Where somebody does not answer, each pair waits: these meet nobody but the honest one and each other.
    let arguments = [&only[..], &["1", "--transcripts", "FOLDER/slow"]].concat();
    let slow = peers.matrix(1, &[&arguments[..], &["honest", "hangs", "late"]].concat());
    assert_eq!(causes(&matrix, "honest", "honest"), [""; 0]);
    let each =
        |cause: &str| ["first_message", "replay", "restart"].map(|it| format!("{it}: {cause}"));
    for role in 0..2 {
        let with = |matrix: &Value, name: &str| match role {
            0 => causes(matrix, name, "honest"),
            _ => causes(matrix, "honest", name),
        };
        assert_eq!(with(&matrix, "liar"), each("answer"));
        assert_eq!(with(&matrix, "crashes"), each("no-answer"));
        // Two in a row are enough: the third is not played.
        let hung = ["first_message: timed-out", "replay: timed-out", "restart: "];
        assert_eq!(with(&slow, "hangs"), hung);
        assert_eq!(with(&slow, "late"), hung);
        // What is not there is skipped, and not passed.
        assert_eq!(with(&matrix, "bare"), ["restart: "]);
    }
    assert_eq!(
        causes(&matrix, "honest", "credulous"),
        ["replay: accepted", "restart: accepted"]
    );
    assert_eq!(causes(&matrix, "strange", "honest"), each("answer"));
    let skipped = &matrix["cells"].as_array().expect("cells")[4]["others"][0]["why"]["skipped"];
    let said = format!("bare {VERSION}: `device.save` is not implemented");
    assert_eq!(skipped, &json!(said));
    // Each failure has its transcript, and no other conversation has one.
    for (matrix, folder) in [(&matrix, "t"), (&slow, "slow")] {
        let others = matrix["cells"].as_array().expect("cells").iter();
        let others = others.flat_map(|cell| cell["others"].as_array().cloned().unwrap_or_default());
        let named: Vec<_> = others
            .filter_map(|it| it["transcript"].as_str().map(str::to_owned))
            .collect();
        let written = fs::read_dir(peers.path(folder)).expect("a folder").count();
        assert_eq!(named.len(), written);
        for name in named {
            assert!(peers.path(folder).join(&name).exists(), "{name}");
        }
    }

    // The side that failed can be put in place of what it said, and the other one as well.
    let file = format!("t/honest_{VERSION}--liar_{VERSION}--first_message.jsonl");
    let honest = peers.replay(&file, &["--as", "responder", "--adapter", "honest"]);
    let said = text(&honest.stdout);
    assert_eq!(
        honest.status.code(),
        Some(0),
        "{said}{}",
        text(&honest.stderr)
    );
    assert!(
        said.contains("1 other than recorded") && said.contains("up to the end"),
        "{said}"
    );
    let liar = peers.replay(&file, &["--as", "responder"]);
    assert_eq!(liar.status.code(), Some(1), "{}", text(&liar.stderr));
    assert!(text(&liar.stdout).contains("0 other than recorded"));
    let other = peers.replay(&file, &["--as", "initiator"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        text(&other.stdout).contains("Ryan: device.decrypt"),
        "{}",
        text(&other.stdout)
    );
    for (wrong, arguments) in [
        ("adapters.json", ["--as", "initiator"]),
        ("nowhere", ["--as", "initiator"]),
    ] {
        assert_eq!(
            peers.replay(wrong, &arguments).status.code(),
            Some(2),
            "{wrong}"
        );
    }
}

/// Whoever draws its own randomness draws anew in a replay: it goes on from the states that it had then.
#[test]
fn a_transcript_of_one_that_draws_its_own_randomness_is_replayed() {
    let peers = Peers::new(&[
        ("given", "ENGINE"),
        (
            "own",
            r#"while read -r line; do r=$(od -An -N2 -tx1 /dev/urandom | tr -d ' '); printf '%s\n' "$line" | sed "s/\"randomness\":\"[0-9a-f]\{4\}/\"randomness\":\"$r/"; done | ENGINE | sed -u 's/"randomness":"injected"/"randomness":"own"/'"#,
        ),
    ]);
    let arguments = [
        "--only",
        "restart",
        "--transcripts",
        "FOLDER/t",
        "--every-transcript",
    ];
    let run = peers.interop(&[&arguments[..], &["given", "own", "--timeout", "60"]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stdout));
    for (one, other) in [
        ("own", "own"),
        ("own", "given"),
        ("given", "own"),
        ("given", "given"),
    ] {
        let file = format!("t/{one}_{VERSION}--{other}_{VERSION}--restart.jsonl");
        for side in ["initiator", "responder"] {
            let replay = peers.replay(&file, &["--as", side]);
            let said = text(&replay.stdout);
            let why = text(&replay.stderr);
            assert_eq!(replay.status.code(), Some(0), "{file} {side}: {said}{why}");
            let words = " 0 other than recorded\nthe conversation succeeds";
            assert!(said.contains(words), "{said}");
        }
    }
}

#[test]
fn a_conversation_is_the_same_again() {
    let peers = Peers::new(&[]);
    let run = |folder: &str, seed: &str| {
        let arguments = [
            "tigress",
            "--only",
            "random_order",
            "--every-transcript",
            "--seed",
            seed,
        ];
        let output = peers.interop(&[&arguments[..], &["--transcripts", folder]].concat());
        assert_eq!(output.status.code(), Some(0));
        let file = folder.replace("FOLDER/", "") + "/tigress--tigress--random_order.jsonl";
        fs::read_to_string(peers.path(&file)).expect("a transcript")
    };
    let first = run("FOLDER/a", "1");
    assert!(first == run("FOLDER/b", "1"));
    assert!(first != run("FOLDER/c", "2"));
}

#[test]
fn a_change_in_either_direction_is_told() {
    let with = |shell| Peers::new(&[("a", "ENGINE"), ("b", shell)]);
    let (good, bad) = (
        with("ENGINE"),
        with(r#"ENGINE | sed -u 's/"plaintext":"..../"plaintext":"0000/'"#),
    );
    let arguments = ["a", "b", "--only", "first_message"];
    let record = |peers: &Peers, status| {
        let matrix = peers.matrix(status, &arguments);
        fs::write(peers.path("record.json"), matrix.to_string()).expect("written");
        peers.argument("record.json")
    };
    let (all_well, some_fail) = (record(&good, 0), record(&bad, 1));
    let expect = |peers: &Peers, record: &str, status: i32, words: &str| {
        let output = peers.interop(&[&arguments[..], &["--expect", record]].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(words), "{said}");
    };
    expect(&good, &all_well, 0, "");
    expect(&bad, &some_fail, 0, "");
    expect(
        &bad,
        &all_well,
        1,
        "first_message: passed, and is failed (answer)",
    );
    expect(&good, &some_fail, 1, "and is passed now");
    // Whoever was not played changes nothing; whoever was not recorded does.
    let fewer = good.interop(&["a", "--only", "first_message", "--expect", &all_well]);
    assert_eq!(fewer.status.code(), Some(0));
    let more = good.interop(&[
        "a",
        "tigress",
        "--only",
        "first_message",
        "--expect",
        &all_well,
    ]);
    assert_eq!(more.status.code(), Some(1));
    assert!(text(&more.stderr).contains("tigress is new"));
    let other = good.interop(&["a", "--only", "turns", "--expect", &all_well]);
    assert!(text(&other.stderr).contains("the conversation turns is new"));
    let none = good.interop(&["a", "--expect", &good.argument("adapters.json")]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn whoever_is_not_there_is_said_to_be_so() {
    let peers = Peers::new(&[
        (
            "absent",
            "echo 'absent: skipped: there is no compiler' >&2; exit 3",
        ),
        (
            "other",
            r#"ENGINE | sed -u 's/"suites":\[[^]]*\]/"suites":["esperanto"]/'"#,
        ),
    ]);
    let only = ["--only", "first_message"];
    let run = |arguments: &[&str]| peers.interop(&[&only[..], arguments].concat());
    let all = run(&[]);
    let said = text(&all.stdout);
    assert_eq!(all.status.code(), Some(0), "{said}");
    for words in [
        "absent: skipped: there is no compiler",
        "it does not speak tigress-1",
        "in 1 pairs",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert_eq!(run(&["--fail-on-skipped"]).status.code(), Some(1));
    assert_eq!(run(&["absent", "tigress"]).status.code(), Some(2));
    assert_eq!(run(&["--adapter", "./nowhere"]).status.code(), Some(2));
    let unknown = run(&["absnt"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("no adapter is called `absnt`"));
    assert_eq!(peers.interop(&["--only", "gab"]).status.code(), Some(2));
}

#[test]
fn a_list_of_adapters_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("adapters.json");
    let row = json!({ "name": "a", "version": "1", "command": ["a"] });
    let mut nameless = row.clone();
    nameless["command"] = json!([]);
    let mut more = row.clone();
    more["colour"] = json!("red");
    for wrong in [
        "[".to_owned(),
        json!([row, row]).to_string(),
        json!([nameless]).to_string(),
        json!([more]).to_string(),
        json!({ "name": "a" }).to_string(),
        format!("[{}]", "1,".repeat(20_000)),
    ] {
        fs::write(&file, wrong).expect("written");
        let output = tigress(&["interop", "--adapters", file.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
        assert!(text(&output.stderr).starts_with("error: "));
    }
}

/// What adapters say stands in no output as more than text.
#[test]
fn what_adapters_say_steers_nothing() {
    let hostile = "<img src=x>|[a](b)\u{1b}[2J\u{202e}";
    let peers = Peers::new(&[(
        hostile,
        r#"ENGINE | sed -u 's/"result":{"plaintext".*/"error":{"code":1,"message":"<script>\\u001b[2J|\\u202e","data":{"error":"<b>`|x\\u202e"}}}/'"#,
    )]);
    let files = [
        "--report",
        "FOLDER/a.html",
        "--page",
        "FOLDER/a.md",
        "--transcripts",
        "FOLDER/../../t",
    ];
    let files = &files[..4];
    for format in ["text", "json"] {
        let output =
            peers.interop(&[files, &["--only", "first_message", "--format", format]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let said = without_colours(&text(&output.stdout));
        assert!(!said.contains(|c| is_harmful(c) && c != '\n'), "{said}");
    }
    let html = fs::read_to_string(peers.path("a.html")).expect("a page");
    let page = fs::read_to_string(peers.path("a.md")).expect("a page");
    for (text, harm) in [
        (&html, "<img src=x"),
        (&html, "<script"),
        (&html, "<b>`"),
        (&page, "<img"),
        (&page, "[a](b)"),
    ] {
        assert!(!text.contains(harm), "{harm}");
        assert!(!text.contains(|c| is_harmful(c) && c != '\n'));
    }
    // One file, no script, nothing from elsewhere.
    for words in ["<script", "src=\"", "<link", "@import", "url("] {
        assert!(!html.contains(words), "{words} in the page");
    }
    assert!(html.trim_end().ends_with("</html>"));
    // Every row of a table has as many cells.
    for rows in page.split("\n\n") {
        let rows = rows.lines().filter(|line| line.starts_with('|'));
        let cells: Vec<usize> = rows
            .map(|row| row.replace("\\|", "").matches('|').count())
            .collect();
        assert!(cells.windows(2).all(|pair| pair[0] == pair[1]), "{page}");
    }
}

/// As docs/implementers.md shows it.
#[test]
fn a_skeleton_of_a_port_takes_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("my_port");
    let port = port.to_str().expect("UTF-8");
    let init = [
        "adapter",
        "init",
        "--language",
        "python",
        "--suite",
        "signal-v3",
        port,
    ];
    let made = tigress(&init);
    assert_eq!(made.status.code(), Some(0));
    for command in [
        "tigress interop --adapter 'python3 adapter.py' --suite signal-v3 tigress\n",
        "tigress test --adapter 'python3 adapter.py' --only signal-v3\n",
    ] {
        assert!(text(&made.stdout).contains(command), "{command}");
    }
    let adapter = format!("python3 '{port}/adapter.py'");
    let output = tigress(&["interop", "--adapter", &adapter, "tigress"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(" 0 passed, 0 failed, ") && said.contains("my wallet 0: `device.create`"),
        "{said}"
    );
    let output = tigress(&["test", "--adapter", &adapter, "--only", "signal-v3"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    // Nothing but what is of the suite is asked.
    assert!(
        said.contains("has nothing implemented yet in signal-v3: ")
            && said.contains(" 0 scenarios"),
        "{said}"
    );
    let other = tigress(&[
        "adapter",
        "init",
        "--language",
        "python",
        "--suite",
        "x",
        port,
    ]);
    assert_eq!(other.status.code(), Some(2));
}

/// Own scripts, and what is wrong with them.
#[test]
fn scripts_of_ones_own_are_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.feature");
    let script = "Feature: Mine\n  Double Ratchet 2.6: mine.\n\n  Scenario: S\n    Given Ben has a device with 1 one-time prekey\n    And Ryan has a device with 1 one-time prekey\n    When Ben takes Ryan's bundle with a one-time prekey\n    And Ben sends \"b\"\n    Then Ryan refuses \"b\"\n";
    fs::write(&file, script).expect("written");
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let run = |suite| {
        let conversations = path(folder.path());
        tigress(&[
            "interop",
            "tigress",
            "--suite",
            suite,
            "--conversations",
            &conversations,
        ])
    };
    // What a script expects is its own affair.
    let output = run("tigress-1");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains("line 9: Ryan refuses \"b\""),
        "{}",
        text(&output.stdout)
    );
    fs::write(&file, script.replace("Ryan refuses", "Ben refuses")).expect("written");
    let output = run("tigress-1");
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("mine.feature:9: \"b\" is a letter of Ben"),
        "{said}"
    );
    assert_eq!(run("esperanto").status.code(), Some(2));
    let list = tigress(&["interop", "list", &path(&file)]);
    assert_eq!(list.status.code(), Some(2));
}

/// The page is what the record says: whoever makes the one makes the other.
#[test]
fn the_page_and_the_record_are_of_one_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let record =
        tigress_signal::conformance::interop::matrix::Matrix::load(&root.join("interop.json"));
    let page = tigress_signal::report::interop::markdown::page(&record.expect("a record"));
    snapbox::assert_data_eq!(
        page,
        snapbox::Data::read_from(&root.join("interop.md"), None).raw()
    );
}
