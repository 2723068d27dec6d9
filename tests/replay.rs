//! `tigress replay`, and what it takes for a transcript.

use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tigress_signal::conformance::scenario::transcript::{Outcome, PROGRAM, Transcript};
use tigress_signal::conformance::scenario::{Scenario, Script, limits, run};

const SCRIPT: &str = "Feature: Mine\n  What and why.\n\n  @XFER-09\n  Scenario: A hotel key\n    Given Ben has a phone\n    And Ryan has a phone\n    When Ben's phone offers a hotel key to Ryan's phone\n    Then Ryan's phone is in \"R:Invited\" with the hotel key\n";

fn scenario(script: &str) -> Scenario {
    let script = Script::parse("mine.feature", script).expect("no fault");
    script.scenarios.into_iter().next().expect("one")
}

fn transcript(script: &str) -> Transcript {
    let scenario = scenario(script);
    run(&scenario, scenario.suite_or(None), "1").transcript
}

/// The status of `tigress replay` for a transcript, and what it says, its folder left out.
fn replay(text: &str, script: Option<&str>) -> (i32, String) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("t.jsonl");
    fs::write(&file, text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tigress"));
    command.arg("replay").arg(&file);
    if let Some(script) = script {
        let file = folder.path().join("mine.feature");
        fs::write(&file, script).expect("written");
        command.arg("--script").arg(file);
    }
    let output = command.output().expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("UTF-8");
    let folder = format!("{}/", folder.path().display());
    (
        output.status.code().expect("a status"),
        said.replace(&folder, ""),
    )
}

#[test]
fn a_run_that_passed_and_is_the_same_ends_with_0() {
    let transcript = transcript(SCRIPT);
    assert_eq!(transcript.outcome, Outcome::Passed {});
    let lines = transcript.to_lines();
    let same = format!("{} lines, all the same\n", lines.lines().count());
    assert_eq!(replay(&lines, Some(SCRIPT)), (0, same.clone()));
    // Without its script it is replayed all the same, and that is said.
    let said = format!(
        "{same}the script is not inside this program; `--script FILE` compares the header with it\n"
    );
    assert_eq!(replay(&lines, None), (0, said));
}

#[test]
fn lines_may_end_as_on_windows_and_the_last_need_not_end() {
    let lines = transcript(SCRIPT).to_lines();
    let windows = lines.replace('\n', "\r\n");
    for lines in [lines.trim_end(), &windows, windows.trim_end()] {
        let (status, said) = replay(lines, Some(SCRIPT));
        assert_eq!(status, 0, "{said}");
    }
}

#[test]
fn a_header_that_is_not_what_it_was_is_told_field_by_field() {
    let good = transcript(SCRIPT);
    let others = format!("{} other lines, all the same\n", good.events.len() + 1);

    let mut older = good.clone();
    older.header.program = "tigress 0.0.9".to_owned();
    older.header.profile = 0;
    let said = format!(
        "t.jsonl:1: /program was \"tigress 0.0.9\", and is \"{PROGRAM}\" now\n\
         t.jsonl:1: /profile was 0, and is 2 now\n{others}"
    );
    assert_eq!(replay(&older.to_lines(), Some(SCRIPT)), (1, said));

    // The script has changed since: one line more, one word less.
    let digest = &good.header.digest;
    let now = SCRIPT.replace("  @XFER-09", "\n  @XFER-09 @XFER-10");
    let new_digest = scenario(&now).digest;
    let (status, said) = replay(&good.to_lines(), Some(&now));
    assert_eq!(status, 1);
    for change in [
        format!("/digest was \"{digest}\", and is \"{new_digest}\" now"),
        "/line was 5, and is 6 now".to_owned(),
        "/requirements/1 was null, and is \"XFER-10\" now".to_owned(),
        "/steps/0/line was 6, and is 7 now".to_owned(),
        others,
    ] {
        assert!(said.contains(&change), "{change}\n{said}");
    }

    // The transcript was changed, and claims to be of the script.
    let mut forged = good.clone();
    forged.header.requirements = vec!["XFER-01".to_owned()];
    let (status, said) = replay(&forged.to_lines(), Some(SCRIPT));
    assert_eq!(status, 1);
    assert!(
        said.starts_with("t.jsonl:1: /requirements/0 was \"XFER-01\", and is \"XFER-09\" now\n"),
        "{said}"
    );

    let mut renamed = good;
    renamed.header.scenario = "Another".to_owned();
    let (status, said) = replay(&renamed.to_lines(), Some(SCRIPT));
    assert_eq!(
        (status, said.as_str()),
        (2, "error: mine.feature: no scenario is called `Another`\n")
    );
}

/// The script inside the program is at hand without being named.
#[test]
fn a_script_inside_the_program_is_compared_with() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/example/hotel_key.jsonl")).expect("it");
    let (status, said) = replay(&text, None);
    assert_eq!(
        status, 0,
        "{said}\n`tigress scenarios run --only \"From phone to phone\" --transcript docs/example/hotel_key.jsonl` makes it anew"
    );
    let changed = text.replacen("From phone to phone", "From phone to watch", 1);
    let (_, said) = replay(&changed, None);
    assert!(
        said.contains("the script is not inside this program"),
        "{said}"
    );
    let changed = text.replacen("\"XFER-01\"", "\"XFER-02\"", 1);
    let (status, said) = replay(&changed, None);
    assert_eq!(status, 1);
    assert!(
        said.starts_with("t.jsonl:1: /requirements/0 was \"XFER-02\", and is \"XFER-01\" now\n"),
        "{said}"
    );
}

#[test]
fn a_run_that_failed_says_so_and_ends_with_1() {
    let script = SCRIPT.replace("is in \"R:Invited\" with", "holds");
    let failed = transcript(&script);
    let lines = failed.to_lines();
    let (status, said) = replay(&lines, Some(&script));
    let same = format!(
        "{} lines, all the same\nthe run failed: mine.feature:9: Ryan's phone holds the hotel key: expected R:Provisioned, got R:Invited\n",
        lines.lines().count()
    );
    assert_eq!((status, said), (1, same));
    // Whoever turns the outcome round is found out.
    let forged = Transcript {
        outcome: Outcome::Passed {},
        ..failed
    };
    let (status, said) = replay(&forged.to_lines(), Some(&script));
    assert_eq!(status, 1);
    assert!(said.contains("differs from what the run makes\n  there  {\"event\":\"passed\"}\n  made   {\"event\":\"failed\""), "{said}");
}

/// What stands in a transcript's place, and what is said of it.
#[test]
fn what_is_no_transcript_is_refused_with_its_line() {
    let good = transcript(SCRIPT);
    let lines = good.to_lines();
    let (header, rest) = lines.split_once('\n').expect("a header");
    let many_steps = {
        let mut many = good.clone();
        let step = many.header.steps[0].clone();
        many.header.steps = vec![step; limits::STEPS + 1];
        many.to_lines()
    };
    let no_step = {
        let mut none = good.clone();
        none.header.steps.clear();
        none.to_lines()
    };
    let cut_off: String = lines.split_inclusive('\n').take(3).collect();
    let time = "{\"event\":\"time\",\"now\":1}\n";
    let passed = "{\"event\":\"passed\"}\n";
    for (text, words) in [
        (
            String::new(),
            "t.jsonl:1: nothing, where a transcript has its header",
        ),
        (
            "\n".to_owned(),
            "t.jsonl:1: nothing, where a transcript has its header",
        ),
        (
            "{}".to_owned(),
            "t.jsonl:1: column 2: missing field `transcript`",
        ),
        (
            "{\"transcript\":9}".to_owned(),
            "t.jsonl:1: transcript version 9; this build reads version 1",
        ),
        (
            "{\"transcript\":1}".to_owned(),
            "t.jsonl:1: column 16: missing field `program`",
        ),
        (
            header.to_owned(),
            "t.jsonl:2: nothing; the last line says that the run passed or failed",
        ),
        (
            cut_off,
            "t.jsonl:3: the last line says that the run passed or failed: ",
        ),
        (
            format!("{header}\nno JSON\n{rest}"),
            "t.jsonl:2: column 2: expected ident",
        ),
        (
            format!("{header}\n{{\"event\":\"end\"}}\n{rest}"),
            "t.jsonl:2: column 14: unknown variant `end`, expected one of `step`",
        ),
        (format!("{header}\n{passed}{rest}"), "t.jsonl:2: "),
        (
            format!("{header}\n{}{passed}", time.repeat(limits::EVENTS + 1)),
            "t.jsonl:20002: one event too many; a transcript has 20000 at most",
        ),
        (
            format!(
                "{header}\n{}\n{passed}",
                " ".repeat(limits::TRANSCRIPT_LINE + 1)
            ),
            "t.jsonl:2: 8388609 bytes; a line has 8388608 at most",
        ),
        (
            many_steps,
            "t.jsonl:1: 2001 steps; a scenario has 2000 at most",
        ),
        (no_step, "t.jsonl:1: a run without a step"),
    ] {
        let (status, said) = replay(&text, None);
        assert_eq!(status, 2, "{said}");
        let words = format!("error: {words}");
        assert!(said.starts_with(&words), "{words}\n{said}");
    }
    let page = include_str!("../docs/transcript.md");
    for row in [
        "| bytes of a transcript | 16,777,216 |",
        "| bytes of a line | 8,388,608 |",
        "| events | 20,000 |",
        "| steps in the header | 2,000 |",
    ] {
        assert!(page.contains(row), "{row}");
    }
    let bounds = (
        Transcript::MOST_BYTES,
        limits::TRANSCRIPT_LINE,
        limits::EVENTS,
        limits::STEPS,
    );
    assert_eq!(bounds, (16_777_216, 8_388_608, 20_000, 2_000));
}

/// Whatever field of the header is another one, and whatever step: it is told, or the run differs.
#[test]
fn no_field_of_the_header_is_passed_over() {
    let good = serde_json::to_value(transcript(SCRIPT).header).expect("JSON");
    let rest = transcript(SCRIPT).to_lines();
    let (_, rest) = rest.split_once('\n').expect("a header");
    for (name, value) in good.as_object().expect("fields") {
        // The file lies wherever it lies.
        if name == "transcript" || name == "file" {
            continue;
        }
        let mut changed = good.clone();
        changed[name] = match value {
            serde_json::Value::Number(number) => (number.as_u64().expect("small") + 1).into(),
            serde_json::Value::String(text) => format!("{text}x").into(),
            serde_json::Value::Array(items) => items[1..].to_vec().into(),
            other => panic!("{other}"),
        };
        let (status, said) = replay(&format!("{changed}\n{rest}"), Some(SCRIPT));
        assert_ne!(status, 0, "{name}: {said}");
    }
}
