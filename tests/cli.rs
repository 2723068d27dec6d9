//! The program as its users meet it: every command of the pages, and what they see where something is wrong.

use crate::listening::{ADMIN, Served};
use crate::sample;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tigress_signal::conformance::vector::BuiltIn;

fn tigress(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[track_caller]
fn assert_says(output: &Output, status: i32, words: &[&str]) {
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in:\n{said}");
    }
}

/// A copy of the vectors that may be spoiled.
fn copy_of_the_vectors() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    assert_says(
        &tigress(&["vectors", "export", path(folder.path())]),
        0,
        &[&format!("{} files in", 2 * BuiltIn::ALL.len())],
    );
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn vector_file(folder: &Path, family: &str) -> PathBuf {
    let mut files = BuiltIn::ALL.iter();
    let file = files.find(|file| file.family == family).expect("a family");
    folder.join(file.path())
}

/// The pages show what the program writes.
#[test]
fn the_pages_show_what_the_program_says() {
    trycmd::TestCases::new().case("docs/*.md").case("README.md");
}

/// `explain` names the command for a wallet before the one for the reference engine, and says of a run of vectors where it begins and ends.
#[test]
fn a_requirement_is_explained_in_few_lines() {
    let output = tigress(&["explain", "KEY-04"]);
    assert_says(
        &output,
        0,
        &[
            "x25519_1_2 to x25519_517_518: 51 vectors",
            "Ask your wallet: tigress test --only KEY-04 --adapter COMMAND",
            "Ask the reference engine: tigress test --only KEY-04",
        ],
    );
    let said = text(&output.stdout);
    assert!(
        said.contains("tigress-1/public_key/small_order_0"),
        "{said}"
    );
    assert!(!said.contains("x25519_13_16"), "{said}");
}

/// A run of one family has a line for each section that it asks of, and no other.
#[test]
fn a_section_that_is_not_asked_of_has_no_line() {
    let output = tigress(&["test", "--only", "tigress-1/public_key/base_point"]);
    assert_says(
        &output,
        0,
        &["Keys and signatures", ": 1 vector, 0 scenarios, 1 passed"],
    );
    assert!(!text(&output.stdout).contains("Double Ratchet"));
}

/// Whoever gives something else in place of a transcript is told what makes one.
#[test]
fn what_is_no_transcript_is_told_what_makes_one() {
    let how = "`tigress scenarios run --transcript FILE` writes a transcript";
    for command in ["explore", "diagram", "replay"] {
        let output = tigress(&[command, "README.md"]);
        assert_says(&output, 2, &["README.md:1: ", how]);
    }
}

/// The commands that a page gives to be typed, in `sh` blocks: each is run, or is this very test.
#[test]
fn every_command_of_the_pages_is_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    pages.extend(
        fs::read_dir(root.join("docs"))
            .expect("docs")
            .flatten()
            .map(|entry| entry.path()),
    );
    let mut commands = 0;
    for page in pages
        .iter()
        .filter(|page| page.extension().is_some_and(|e| e == "md"))
    {
        let content = fs::read_to_string(page).expect("a page");
        for block in content.split("```sh\n").skip(1) {
            let block = block.split("```").next().expect("an end");
            for command in block.lines() {
                commands += 1;
                run_as_shown(command, page);
            }
        }
    }
    assert!(commands >= 5, "{commands} commands");
}

/// Asks a server as a page says, but on a free port, and a small part of it: tests/served.rs asks the rest.
fn asks_a_server(command: &str) {
    if command.contains("--mapping") {
        // Nobody serves such paths here.
        let page = include_str!("../docs/operators.md");
        let json = page.split("```json\n").nth(1).expect("a file");
        let json = json.split("```").next().expect("an end");
        tigress_signal::serve::Binding::from_json(json.as_bytes()).expect("a description");
        return;
    }
    let served = Served::now();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("token.txt"), ADMIN).expect("a file");
    let arguments = command.strip_prefix("tigress ").expect("a command of it");
    let arguments = arguments
        .replace("http://127.0.0.1:8440", &served.url())
        .replace("systemctl restart intermediary", "true");
    let mut arguments = shlex::split(&arguments).expect("words");
    if arguments[0] == "test" {
        arguments.extend(["--shard".to_owned(), sample::one_of(40)]);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    assert_says(&output, 0, &[]);
}

/// Starts a server as a page says, but on a free port, and ends it.
fn serves(arguments: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let page = include_str!("../docs/serve.md");
    let rules = page.split("```json\n").nth(1).expect("rules");
    let rules = rules.split("```").next().expect("an end");
    for (name, content) in [
        ("faults.json", rules),
        (
            "token.txt",
            "the operator's token".replace(' ', "-").as_str(),
        ),
        ("secret.txt", "a-secret-of-the-operator"),
    ] {
        fs::write(folder.path().join(name), content).expect("a file");
    }
    let mut program = Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(arguments)
        .args(["--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let out = program.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut line).expect("a line");
    assert!(line.starts_with("http"), "{arguments:?}: {line}");
    let id = program.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status();
    assert!(killed.expect("kill").success());
    let ended = program.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0), "{arguments:?}");
}

fn run_as_shown(command: &str, page: &Path) {
    let words: Vec<_> = command.split(' ').collect();
    if words.starts_with(&["tigress", "scenarios", "run"]) {
        return writes_a_transcript(command);
    }
    if words.starts_with(&["tigress", "serve"]) {
        return serves(&words[1..]);
    }
    if words
        .iter()
        .any(|word| ["--intermediary", "--over"].contains(word))
    {
        return asks_a_server(command);
    }
    if words.starts_with(&["tigress", "wallet"]) {
        // tests/wallet_program.rs plays what stands in README and docs/wallet.md, with a server on a free port.
        let plays = ["README.md", "wallet.md"];
        return assert!(plays.iter().any(|name| page.ends_with(name)));
    }
    let own = match words.as_slice() {
        // What runs this test, what is around it, and what has been built to run it; and what
        // `a_skeleton_runs_at_once` in tests/adapters.rs and tests/performance.rs run.
        ["cargo", "test"]
        | ["cargo", "run", "--example", "performance"]
        // generators/tests/vectors.rs makes the files and compares them.
        | ["cargo", "run", "-p", "tigress-generators"]
        // tests/book.rs makes the book.
        | [".ci/run" | ".ci/nightly" | "book/run"]
        // `the_built_in_run_conforms` runs it, once for all pages.
        | ["cargo", "run", "--", "test"]
        | ["cargo", "run", "--release", "--", "test"]
        | ["cargo", "install", "--locked", "--path", "."]
        // `the_page_leads_to_a_first_verdict_in_node` in tests/adapters.rs runs the second.
        | ["tigress", "adapter", "init", "--language", "python", "my_adapter"]
        | ["tigress", "adapter", "init", "--language", "node", "my_wallet"]
        | ["cd", "my_adapter" | "my_port" | "my_wallet"]
        // What docs/exit-status.md lists is run elsewhere, in a folder of its own; tests/evidence.rs keeps evidence and looks at it.
        | ["tigress", "explore" | "evidence", ..]
        | ["tigress", "scenarios", "report", ..]
        // tests/model.rs goes through the small bounds; the ladders are for `.ci/nightly`.
        | ["tigress", "model"]
        | ["tigress", "model", "stateless"]
        // tests/results.rs makes statements, and docs/exit-status.md lists the option.
        | ["tigress", "test", "--adapter", "'python3", "adapter.py'", "--statement", ..]
        // The rates of fuzzing need an optimised build of their own; the example is linted.
        | ["cargo", "run", "--release", "--manifest-path", "fuzz/Cargo.toml", .., "rate", "--", _, _, _]
        | ["tigress", "test", "--adapter", "'python3", "adapter.py'"]
        | ["tigress", "test", "--adapter", "'node", "adapter.js'", "--only", "public_key"]
        // `a_skeleton_of_a_port_takes_part` in tests/interop.rs runs the same.
        | ["tigress", "adapter", "init", "--language", "python", "--suite", "signal-v3", "my_port"]
        | ["tigress", "interop", "--adapter", "'python3", "adapter.py'", "tigress"]
        | ["tigress", "test", "--adapter", "'python3", "adapter.py'", "--only", "signal-v3"] => return,
        // They need what is not installed here: `.ci/nightly` plays with all that it can install.
        ["adapters/setup", ..] => return assert_in_ci("adapters/setup"),
        ["tigress", "interop"] => {
            return assert_in_ci("interop --transfers --jobs 2 --expect docs/interop.json");
        }
        ["tigress", "interop", own @ ..] if own.contains(&"--transfers") => {
            return assert_in_ci("--transfers --jobs 2 --expect docs/interop.json");
        }
        // tests/fuzzing.rs has adapters of its own in its place.
        ["tigress", "fuzz", ..] => return assert_in_ci("fuzz --adapter adapters/wallet-node/run"),
        // tests/sessions.rs has the reference engine in the library's place.
        ["tigress", "test" | "adapter", own @ ..] if own.contains(&"--sessions") => return,
        // Run by `.ci/nightly`, since it needs another build.
        [
            "cargo",
            "run",
            "--release",
            "--features",
            "flaws",
            "--",
            "flaws",
        ] => return assert_in_ci("--release --features flaws -- flaws"),
        // They need a nightly toolchain: `.ci/nightly` builds and runs every target by fuzz/run.
        ["cargo", "+nightly", "fuzz", ..] => return assert_in_ci("fuzz/run 1200"),
        // fuzz/tests/replay.rs runs what it makes, as part of the workspace.
        [
            "cargo",
            "run",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--no-default-features",
            "--example",
            "seeds",
        ] => return assert_in_ci("cargo test --locked --workspace"),
        // Run by `.ci/nightly`: they need an optimised build, and valgrind or LLVM's tools.
        ["cargo", "bench", "-p", "tigress-benches"] => {
            return assert_in_ci("cargo bench --locked -p tigress-benches");
        }
        ["cargo", "bench", "--manifest-path", "benches/peers/Cargo.toml"] => {
            return assert_in_ci("cargo bench --locked --manifest-path benches/peers/Cargo.toml");
        }
        ["cargo", "bench", "-p", "tigress-benches", "--features", "aws-lc", ..] => {
            return assert_in_ci("--features aws-lc --bench hot_path");
        }
        ["cargo", "run", "--example", "instructions"] => {
            return assert_in_ci("--example instructions");
        }
        ["fuzz/run", ..] | ["fuzz/time_to_find" | "fuzz/coverage_by_room"] => {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            assert!(root.join(words[0]).exists());
            return;
        }
        // Run by `.ci/run`, since it needs Python's packages.
        ["adapters/python-check/run"] => {
            assert!(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join(words[0])
                    .exists()
            );
            return;
        }
        ["tigress", own @ ..]
        | ["cargo", "run", "--release", "--", own @ ..]
        | ["cargo", "run", "--", own @ ..] => own,
        _ => panic!("{}: no test runs `{command}`", page.display()),
    };
    assert_says(&tigress(own), 0, &[]);
}

/// What no test can run is run by `.ci/run` or `.ci/nightly`.
fn assert_in_ci(command: &str) {
    let ci = concat!(include_str!("../.ci/run"), include_str!("../.ci/nightly"));
    assert!(ci.contains(command), "no step or part runs `{command}`");
}

/// `tigress scenarios run --only "…" --transcript FILE`, in a folder of its own.
fn writes_a_transcript(command: &str) {
    let name = command.split('"').nth(1).expect("a name");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.jsonl");
    let run = [
        "scenarios",
        "run",
        "--only",
        name,
        "--transcript",
        path(&file),
    ];
    assert_says(&tigress(&run), 0, &["1 scenarios, 0 failed"]);
    assert_says(&tigress(&["replay", path(&file)]), 0, &["all the same"]);
}

#[test]
fn a_transcript_with_one_byte_changed_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.jsonl");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let good = fs::read_to_string(root.join("docs/example/hotel_key.jsonl")).expect("it");
    for line in [2, 5, 20] {
        let mut lines: Vec<String> = good.lines().map(ToOwned::to_owned).collect();
        let at = lines[line - 1]
            .rfind(|c: char| c.is_ascii_alphanumeric())
            .expect("a letter");
        let other = if lines[line - 1].as_bytes()[at] == b'e' {
            "f"
        } else {
            "e"
        };
        lines[line - 1].replace_range(at..=at, other);
        fs::write(&file, lines.join("\n") + "\n").expect("written");
        let output = tigress(&["replay", path(&file)]);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_ne!(output.status.code(), Some(0), "{said}");
        let named = [
            format!("t.jsonl:{line}: differs"),
            format!("t.jsonl:{line}: column "),
        ];
        assert!(
            named.iter().any(|named| said.contains(named)),
            "{line}: {said}"
        );
    }
    fs::write(&file, "{}\n").expect("written");
    assert_says(
        &tigress(&["replay", path(&file)]),
        2,
        &["t.jsonl:1: column 2: missing field"],
    );
}

#[test]
fn the_built_in_run_conforms() {
    let output = tigress(&["test", "--shard", &sample::one_of(16)]);
    assert_says(
        &output,
        0,
        &[
            "  ok  tigress-1/ratchet_session",
            "Double Ratchet",
            "conforms: ",
        ],
    );
    assert!(
        output.stderr.is_empty(),
        "no bar where there is no terminal"
    );
    assert!(
        !text(&output.stdout).contains('\u{1b}'),
        "no colour where there is no terminal"
    );
}

#[test]
fn what_is_exported_is_what_stands_in_the_repository() {
    let folder = copy_of_the_vectors();
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    for file in BuiltIn::ALL {
        for path in [file.path(), file.schema_path()] {
            let read = |folder: &Path| fs::read_to_string(folder.join(&path)).expect("a file");
            assert!(read(folder.path()) == read(&there), "{path}");
        }
    }
}

/// One digit of one expected value in each family: the run fails and names the vector.
#[test]
fn one_changed_digit_makes_the_run_fail_and_say_where() {
    let whole = copy_of_the_vectors();
    for (family, field) in [
        ("public_key", "u"),
        ("xeddsa", "signature"),
        ("x3dh_initiate", "sharedSecret"),
        ("x3dh_respond", "plaintext"),
        ("fingerprint", "fingerprint"),
        ("kdf", "nextChainKey"),
        ("message_encryption", "ciphertext"),
        ("ratchet_session", "message"),
        ("wire_ratchet", "ciphertext"),
        ("wire_prekey", "baseKey"),
    ] {
        let good = fs::read_to_string(vector_file(whole.path(), family)).expect("a file");
        let start = good.find(&format!("\"{field}\": \"")).expect(field) + field.len() + 5;
        let mut bad = good.clone().into_bytes();
        bad[start] = if bad[start] == b'1' { b'2' } else { b'1' };
        // Alone: the other families need not be read twenty times.
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bad.json"), bad).expect("written");
        let test = good[..start].rsplit_once("\"name\": \"").expect("a test").1;
        let test = test.split('"').next().expect("a name");
        let name = format!("tigress-1/{family}/{test}");
        let output = tigress(&["test", "--only", family, "--vectors", path(folder.path())]);
        let failed = format!("FAILED {name}\n");
        assert_says(
            &output,
            1,
            &[
                &failed,
                "does not conform",
                &format!("test --only {name} --vectors"),
            ],
        );
        let alone = tigress(&["test", "--only", &name, "--vectors", path(folder.path())]);
        assert_says(
            &alone,
            1,
            &[&failed, "1 vector, 0 scenarios, 0 passed, 1 failed"],
        );
    }
}

#[test]
fn a_broken_file_is_an_error_and_the_rest_still_runs() {
    let folder = copy_of_the_vectors();
    fs::write(vector_file(folder.path(), "kdf"), "{ \"family\": ").expect("written");
    fs::write(folder.path().join("stray.json"), "{ \"family\": \"odd\" }").expect("written");
    let command = ["test", "--only", "xeddsa", "--vectors", path(folder.path())];
    let output = tigress(&command);
    assert_says(
        &output,
        2,
        &[
            "kdf.json:1: column 12: not JSON",
            "stray.json: /family: unknown family `odd`; known are public_key",
            "  ok  tigress-1/xeddsa",
            "no verdict: part of the run could not be made",
        ],
    );
    let json = tigress(&[&command[..], &["--format", "json"]].concat());
    assert_eq!(json.status.code(), Some(2));
    let result: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(result["verdict"], "none");
    let errors = result["errors"].as_array().expect("errors");
    assert!(errors.iter().any(|error| error["line"] == 1), "{errors:?}");
}

/// Scenarios of a folder take part in the verdict, and one that does not succeed names its line.
#[test]
fn a_scenario_that_does_not_come_off_makes_the_run_fail_and_say_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.feature");
    let script = "Feature: Mine\n  What and why.\n\n  @XFER-09\n  Scenario: Too early\n    Given Ben has a phone\n    And Ryan has a phone\n    When Ben's phone offers a hotel key to Ryan's phone\n    Then Ryan's phone holds the hotel key\n";
    fs::write(&file, script).expect("written");
    let only = format!("{}:5", path(&file));
    let arguments = ["test", "--scenarios", path(&file), "--only", &only];
    let output = tigress(&arguments);
    assert_says(
        &output,
        1,
        &[
            "fail  scenarios/mine",
            &format!("FAILED {only}\n  Too early\n  XFER-09  The receiver MUST NOT"),
            "line 9: Ryan's phone holds the hotel key",
            &format!("tigress test --only {only} --scenarios"),
            "0 vectors, 1 scenario, 0 passed, 1 failed",
        ],
    );
    fs::write(&file, script.replace("holds the hotel", "holds a hotel")).expect("written");
    assert_says(
        &tigress(&["test", "--only", "fingerprint", "--scenarios", path(&file)]),
        2,
        &["mine.feature:9: no step is called", "no verdict"],
    );
}

#[test]
fn a_folder_without_vectors_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    // The scenarios are not what this is about: a row of tests/hostile.rs runs them too.
    let only = ["test", "--only", "kdf", "--vectors"];
    let empty = tigress(&[&only[..], &[path(folder.path())]].concat());
    assert_says(&empty, 2, &["no vector file in this folder"]);
    let missing = folder.path().join("nowhere");
    assert_says(
        &tigress(&[&only[..], &[path(&missing)]].concat()),
        2,
        &["nowhere: cannot be read"],
    );
}

#[test]
fn an_unknown_name_is_an_error_with_the_nearest_one() {
    for (arguments, words) in [
        (
            &["test", "--only", "xedsa"][..],
            "is called `xedsa`; did you mean `xeddsa`?",
        ),
        (
            &["test", "--only", "scenarios/thefts"],
            "did you mean `scenarios/theft`?",
        ),
        (
            &["vectors", "list", "--only", "ID-02"],
            "no vector and no scenario carries ID-02",
        ),
        (
            &["vectors", "list", "--only", "dr-05"],
            "did you mean `DR-05`?",
        ),
        (&["vectors", "show", "kdf"], "no vector is called `kdf`"),
        (
            &["vectors", "show", "tigress-1/kdf/four_output"],
            "no vector is called `tigress-1/kdf/four_output`; did you mean `tigress-1/kdf/four_outputs`",
        ),
        (
            &["explain", "DR5"],
            "no requirement is called `DR5`; did you mean `DR-",
        ),
        (&["explain", "?"], "no requirement is called `?`\n"),
        (
            &["requirements", "--section", "13"],
            "section 13 states no requirement; these do: 1, 2",
        ),
        (
            &["test", "--format", "xml"],
            "possible values: pretty, json",
        ),
    ] {
        assert_says(&tigress(arguments), 2, &[words]);
    }
}

#[test]
fn requirements_are_listed_with_what_carries_them() {
    let all = tigress(&["requirements"]);
    assert_says(
        &all,
        0,
        &[
            "2. Keys and signatures",
            "17 of 17 are carried by a vector or a scenario",
            "ID-02       0   2  ",
        ],
    );
    let one = tigress(&["requirements", "--section", "4"]);
    assert_says(&one, 0, &["22 of 22 are carried by a vector or a scenario"]);
    assert!(!text(&one.stdout).contains("KEY-01"));
    assert_says(
        &tigress(&["explain", "ID-02"]),
        0,
        &[
            "Section 1 of docs/profile.md",
            "2 scenarios carry it:",
            "scenarios/privacy/privacy.feature:",
        ],
    );
}

#[test]
fn the_matrix_says_where_a_requirement_holds() {
    let one = tigress(&["requirements", "--matrix", "--only", "DR-14"]);
    let places = [
        "DR-14  (chain)  A counter below",
        "  former    ratchet_session/message_of_former_chain_again, ",
        "  new       none: no message of it was read",
        "  restart   by itself: each conversation",
        " cells: ",
    ];
    assert_says(&one, 0, &places);
    let number = tigress(&["requirements", "--matrix", "--only", "PAY-05"]);
    assert_says(
        &number,
        0,
        &["  16 (payload)\n    below", "    above  payload/"],
    );
    let json = tigress(&[
        "requirements",
        "--matrix",
        "--section",
        "4",
        "--format",
        "json",
    ]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let entries = document["requirements"].as_array().expect("requirements");
    assert_eq!(entries.len(), 22);
    assert_eq!(entries[10]["id"], "DR-11");
    assert_eq!(entries[10]["class"]["name"], "chain");
    assert_eq!(entries[10]["numbers"][0]["number"], "1000");
    let unknown = tigress(&["requirements", "--matrix", "--only", "DR-41"]);
    assert_says(&unknown, 2, &["no requirement is called `DR-41`"]);
    let alone = tigress(&["requirements", "--only", "DR-14"]);
    assert_says(&alone, 0, &["1 of 1 are carried by a vector or a scenario"]);
}

/// `tigress vectors list | head` is no error, and `tigress test ... | head -1` ends as without `head`.
#[test]
fn a_reader_that_has_seen_enough_changes_no_exit_status() {
    use std::io::Read;
    use std::process::Stdio;
    let long = "tigress-1/ratchet_session/ratchet_message_as_prekey";
    let example = ["test", "--vectors", "docs/example", "--only", "KEY-01"];
    for (arguments, status) in [
        (&["vectors", "show", long][..], 0),
        (&["test", "--only", "fingerprint"], 0),
        (&example, 1),
        (&[&example[..], &["--format", "json"]].concat(), 1),
        (&["test", "--vectors", "src", "--only", "kdf"], 2),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tigress"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = [0; 1];
        let mut stdout = child.stdout.take().expect("piped");
        stdout.read_exact(&mut first).expect("a byte");
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    }
}

/// Where there is no room for all of a file, what stood there before still does, and nothing else is left; a link stays one.
#[cfg(unix)]
#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = |name: &str| folder.path().join(name);
    let run = |before: &str| {
        let line = format!(
            "{before} exec '{}' test --only fingerprint --report page.html --statement said.html",
            env!("CARGO_BIN_EXE_tigress")
        );
        Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path())
            .output()
            .expect("a shell")
    };
    fs::write(there("page.html"), "mine").expect("written");
    fs::write(there("elsewhere"), "mine").expect("written");
    std::os::unix::fs::symlink("elsewhere", there("said.html")).expect("a link");
    let names = || {
        let entries = fs::read_dir(folder.path()).expect("it").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    // No file may grow above some kilobytes, and whoever tries is told so.
    assert_says(&run("trap '' XFSZ; ulimit -f 8;"), 2, &["page.html: "]);
    assert_eq!(fs::read(there("page.html")).expect("it"), b"mine");
    assert_eq!(names(), before);
    assert_says(&run(""), 0, &["conforms"]);
    for name in ["page.html", "elsewhere"] {
        let page = fs::read_to_string(there(name)).expect("it");
        assert!(page.trim_end().ends_with("</html>"), "{name}");
    }
    let link = fs::read_link(there("said.html")).expect("a link");
    assert_eq!(link, Path::new("elsewhere"));
    assert_eq!(names(), before);
}

/// The rows of docs/exit-status.md, each run by a shell in a copy of docs/example; every command has one.
#[cfg(target_os = "linux")]
#[test]
fn each_command_ends_as_the_page_of_exit_statuses_says() {
    let page = include_str!("../docs/exit-status.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_BIN_EXE_tigress"));
    let paths = [
        program.parent().expect("a folder").into(),
        std::env::var_os("PATH").unwrap_or_default(),
    ];
    let paths = paths.join(std::ffi::OsStr::new(":"));
    // Each starts the program, which takes a second where it is not optimised: a quarter of them, by the seed.
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let is_tried =
        |place: usize| sample::seed().is_none_or(|seed| (place as u64 + seed).is_multiple_of(4));
    let mut commands = String::new();
    for (place, row) in rows.enumerate() {
        let row = row.replace("\\|", "\u{0}");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let command = cells[1].trim_matches('`').replace('\u{0}', "|");
        let status: i32 = cells[2].parse().expect("a number");
        commands.push_str(&command);
        commands.push('\n');
        if !is_tried(place) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        for file in fs::read_dir(root.join("docs/example")).expect("files") {
            let file = file.expect("a file");
            fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied");
        }
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", &command])
            .env("PATH", &paths)
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        assert_says(&output, status, &[]);
        let error = text(&output.stderr);
        let says_why = ["error: ", "Usage: "]
            .iter()
            .any(|word| error.contains(word));
        assert!(
            status != 2 || says_why || text(&output.stdout).contains("error: "),
            "{command}: {error}"
        );
    }
    let help = text(&tigress(&["--help"]).stdout).to_owned();
    let (_, named) = help.split_once("Commands:\n").expect("commands");
    let named = named.lines().map_while(|line| line.strip_prefix("  "));
    for command in named.filter_map(|line| line.split(' ').next()) {
        let rows = commands.contains(&format!("tigress {command}"));
        assert!(
            rows || ["", "help", "flaws"].contains(&command),
            "no row for {command}"
        );
    }
}

/// Without feature `flaws` nothing of a flaw is in the program.
#[cfg(not(feature = "flaws"))]
#[test]
fn no_flaw_is_compiled_in() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_tigress")).expect("it is built");
    let list = include_str!("../src/conformance/flaws/gallery.txt");
    let names: Vec<String> = list
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| name.contains(' '))
        .map(regex::escape)
        .collect();
    assert!(names.len() > 50, "{names:?}");
    // The page of attackers, which travels inside the program, names some.
    let page = regex::escape(include_str!("../docs/threats.md"));
    let page = regex::bytes::Regex::new(&page).expect("an expression");
    let without_page = page.replace(&program, &b""[..]);
    assert!(without_page.len() < program.len());
    let any = regex::bytes::Regex::new(&names.join("|")).expect("an expression");
    let found = any
        .find(&without_page)
        .map(|found| String::from_utf8_lossy(found.as_bytes()));
    assert_eq!(found, None);
}

#[test]
fn a_suite_selects_what_is_of_it_and_what_is_no_suites() {
    let passed = tigress(&[
        "test",
        "--suite",
        "tigress-1",
        "--only",
        "fingerprint",
        "--only",
        "XFER-09",
    ]);
    assert_says(
        &passed,
        0,
        &["conforms in tigress-1, fingerprint, XFER-09", "scenarios/"],
    );
    let list = |arguments: &[&str]| text(&tigress(arguments).stdout).lines().count();
    let all = list(&["vectors", "list"]);
    let of = |suite| list(&["vectors", "list", "--suite", suite]);
    let (strict, deployed) = (of("tigress-1"), of("signal-v3"));
    assert!(strict < all && deployed < all && strict + deployed > all);
    for arguments in [
        &["test"][..],
        &["vectors", "list"],
        &["scenarios", "list"],
        &["scenarios", "run"],
    ] {
        let unknown = tigress(&[arguments, &["--suite", "tigress-9"]].concat());
        let words = "no suite is called `tigress-9`; did you mean `tigress-1`? This build speaks tigress-1, signal-v3";
        assert_says(&unknown, 2, &[words]);
    }
}
