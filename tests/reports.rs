//! The result in its other forms: JUnit's XML and one HTML page.

use crate::forms::{fault_of_junit, sarif_of};
use crate::{browser, harm};

use harm::{is_harmful, without_colours};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};
use std::sync::OnceLock;
use tigress_signal::conformance::result::TestResult;
use tigress_signal::conformance::scenario::diagram::Diagram;
use tigress_signal::conformance::scenario::transcript::{Header, Line, Outcome, Transcript};
use tigress_signal::report::{html, json, junit, pretty};

fn tigress(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

/// A run with a vector and a scenario that fail.
fn failing(more: &[&str]) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("mine.feature");
    fs::write(&script, "Feature: Mine <&>\n  What and why.\n\n  @XFER-09\n  Scenario: Too <b>early</b>\n    Given Ben has a phone\n    And Ryan has a phone\n    When Ben's phone offers a hotel key to Ryan's phone\n    Then Ryan's phone holds the hotel key\n")
        .expect("written");
    let script = script.to_str().expect("UTF-8").to_owned();
    let fixed = ["test", "--vectors", "docs/example", "--scenarios", &script];
    let more: Vec<String> = more
        .iter()
        .map(|argument| argument.replace("FOLDER", folder.path().to_str().expect("UTF-8")))
        .collect();
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let output = tigress(&[&fixed[..], &more].concat());
    assert_eq!(output.status.code(), Some(1));
    (folder, output)
}

#[test]
fn junit_names_each_case_and_says_of_each_failure_what_was_expected() {
    let (_folder, output) = failing(&["--format", "junit"]);
    let xml = String::from_utf8(output.stdout).expect("UTF-8");
    for words in [
        r#"tests="3" failures="2" errors="0""#,
        r#"<testcase name="tigress-1/public_key/base_point" classname="tigress-1/public_key" time=""#,
        r#"<testcase name="tigress-1/public_key/point_of_the_twist" classname="tigress-1/public_key" time=""#,
        "KEY-01  A public key is encoded",
        "asked 9: Ryan&apos;s phone holds the hotel key",
        "expected R:Provisioned\ngot R:Invited",
    ] {
        assert!(xml.contains(words), "no {words} in\n{xml}");
    }
}

#[test]
fn the_page_links_each_requirement_to_its_failures_and_draws_each_scenario() {
    let (folder, _) = failing(&["--report", "FOLDER/report.html"]);
    let page = fs::read_to_string(folder.path().join("report.html")).expect("a page");
    for words in [
        "does not conform",
        r##"<a href="#f2">"##,
        r#"id="f2""#,
        r##"<a href="#XFER-09">"##,
        "Too &lt;b&gt;early&lt;",
        "<svg ",
        "R:<mark>Provision</mark>ed</pre>",
        r#"id="outcome-failed""#,
        r#"id="section-9""#,
    ] {
        assert!(page.contains(words), "no {words} in the page");
    }
    // Each failure has the command that runs it alone.
    let alone = page.matches("<pre><code>tigress test --only ").count();
    assert_eq!(alone, 2, "{page}");
    // One file, nothing from elsewhere.
    for words in ["src=", "<link", "@import", "url(h"] {
        assert!(!page.contains(words), "{words} in the page");
    }
    assert!(page.trim_end().ends_with("</html>"));
}

/// What a page says of itself: how many requirements its filters show, and what its address is.
const SHOWN: &str = "document.getElementById('said').textContent.split(' ')[0] + location.search";

#[test]
fn the_page_keeps_its_filters_in_the_address_and_fits_every_width() {
    let (folder, _) = failing(&["--report", "FOLDER/report.html"]);
    let page = format!("file://{}/report.html", folder.path().display());
    let pick = "document.getElementById('outcome-failed').click(); document.getElementById('section-9').click()";
    let search = "search.value = 'user accept'; search.dispatchEvent(new Event('input'))";
    let follow = "location.hash = 'KEY-01'; new Promise((done) => setTimeout(done, 100))";
    let opened = "document.getElementById('KEY-01').open && document.getElementById('KEY-01').checkVisibility()";
    for width in ["390", "1600"] {
        let arguments = [width, pick, SHOWN, search, SHOWN, follow, opened, SHOWN];
        let Some(seen) = browser::look("page.mjs", &page, &arguments) else {
            return;
        };
        assert_eq!(seen["faults"], json!([]), "{seen}");
        assert_eq!(seen["asked"], json!([page]), "{seen}");
        assert_eq!(seen["overflows"], false, "{seen}");
        let values = &seen["values"];
        assert_eq!(values[1], "1?outcome=failed&section=9", "{seen}");
        let searched = "1?search=user+accept&outcome=failed&section=9";
        assert_eq!(values[3], searched, "{seen}");
        // A link leads to what it names, whatever the filters hide.
        assert_eq!(values[5], true, "{seen}");
    }
    let filtered = format!("{page}?outcome=failed");
    let seen = browser::look("page.mjs", &filtered, &["390", SHOWN]).expect("as before");
    assert_eq!(seen["values"][0], "2?outcome=failed", "{seen}");
}

#[test]
fn the_page_is_read_without_a_script() {
    let (folder, _) = failing(&["--report", "FOLDER/report.html"]);
    let page = format!("file://{}/report.html", folder.path().display());
    let hidden = "document.querySelectorAll('.requirement').length && [...document.querySelectorAll('.row')].every((it) => it.checkVisibility())";
    let Some(seen) = browser::look("page.mjs", &page, &["390", "--no-script", hidden]) else {
        return;
    };
    assert_eq!(seen["overflows"], false, "{seen}");
    assert_eq!(seen["values"][0], true, "{seen}");
}

/// A list of known failures holds CI to exactly them.
#[test]
fn what_is_known_to_fail_is_held_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("known.txt");
    let page = folder.path().join("report.html");
    let run = |lines: &str, format: &str| {
        fs::write(&list, lines).expect("written");
        let output = tigress(&[
            "test",
            "--vectors",
            "docs/example",
            "--only",
            "public_key",
            "--known-failures",
            list.to_str().expect("UTF-8"),
            "--report",
            page.to_str().expect("UTF-8"),
            "--format",
            format,
        ]);
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8(text).expect("UTF-8"),
        )
    };
    let (code, text) = run("# none\n", "pretty");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAILED tigress-1/public_key/point_of_the_twist"));

    let (code, text) = run(
        "tigress-1/public_key/point_of_the_twist  Mine-1\n",
        "pretty",
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("FAILED"));
    assert!(text.contains("   1  Mine-1: tigress-1/public_key/point_of_the_twist"));
    assert!(text.contains("does not conform") && text.contains("1 failed (1 of them known)"));
    let page = fs::read_to_string(&page).expect("a page");
    assert!(page.contains("known failure</span> Mine-1"));
    let (_, json) = run("tigress-1/public_key/point_of_the_twist  Mine-1\n", "json");
    assert!(json.contains(r#""known": "Mine-1""#));
    let (_, xml) = run("tigress-1/public_key/point_of_the_twist  Mine-1\n", "junit");
    assert!(xml.contains("known failure: Mine-1") && xml.contains(r#"failures="0""#));

    let (code, text) = run(
        "tigress-1/public_key/base_point  Mine-1\ntigress-1/public_key/point_of_the_twist  Mine-1\n",
        "pretty",
    );
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("no longer fails; take it from the list: tigress-1/public_key/base_point")
    );

    let (code, text) = run(
        "tigress-1/public_kye/point_of_the_twist  Mine-1\n",
        "pretty",
    );
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("known.txt:1: no vector and no scenario is called `tigress-1/public_kye/point_of_the_twist`; did you mean `tigress-1/public_key/point_of_the_twist`?"));
}

/// Where a value has texts: strings in whose place it may have any other. What names one of a few things is none.
fn texts_of<T: DeserializeOwned>(value: &Value) -> Vec<String> {
    fn strings(value: &Value, place: &str, found: &mut Vec<String>) {
        let below: Vec<(String, &Value)> = match value {
            Value::String(_) => return found.push(place.to_owned()),
            Value::Array(items) => (0..).map(|n: u32| n.to_string()).zip(items).collect(),
            Value::Object(fields) => fields.iter().map(|(n, v)| (n.clone(), v)).collect(),
            _ => return,
        };
        for (name, value) in below {
            strings(value, &format!("{place}/{name}"), found);
        }
    }
    let mut found = Vec::new();
    strings(value, "", &mut found);
    found.retain(|place| {
        let mut other = value.clone();
        *other.pointer_mut(place).expect("its place") = "anything \u{202e}".into();
        T::deserialize(other).is_ok()
    });
    found
}

/// The value with that text in the place of each of its texts that may be that: a user's name has rules of its own.
fn with_texts<T: DeserializeOwned>(value: &Value, places: &[String], text: &str) -> T {
    let mut other = value.clone();
    for place in places {
        *other.pointer_mut(place).expect("its place") = text.into();
    }
    if let Ok(read) = T::deserialize(&other) {
        return read;
    }
    other.clone_from(value);
    for place in places {
        let before = other.clone();
        *other.pointer_mut(place).expect("its place") = text.into();
        if T::deserialize(&other).is_err() {
            other = before;
        }
    }
    T::deserialize(other).expect("as it was, but for some texts")
}

/// A result that has something of everything: a vector and a scenario that fail, a known failure, a broken file.
fn result() -> &'static (Value, Vec<String>) {
    static RESULT: OnceLock<(Value, Vec<String>)> = OnceLock::new();
    RESULT.get_or_init(|| {
        let (_folder, output) =
            failing(&["--format", "json", "--only", "KEY-01", "--only", "XFER-09"]);
        let mut result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for name in ["requirements", "sections"] {
            result[name].as_array_mut().expect("many").truncate(2);
        }
        let known = result["failures"][0].clone();
        let failures = result["failures"].as_array_mut().expect("failures");
        failures.push(known);
        failures[2]["known"] = "why".into();
        result["suite"] = "tigress-1".into();
        result["provenance"]["commit"] = "c".into();
        for name in ["subject", "vectors", "scenarios"] {
            result["provenance"]["again"][name] = "--a b".into();
        }
        result["noLongerFails"] = json!(["a", "b"]);
        result["errors"] = json!([{"file": "f", "line": 1, "place": "p", "reason": "r"}]);
        let texts = texts_of::<TestResult>(&result);
        assert!(texts.len() > 40, "{texts:?}");
        (result, texts)
    })
}

/// A transcript, line by line, with the places of the texts of each.
fn transcript() -> &'static [(Value, Vec<String>)] {
    static LINES: OnceLock<Vec<(Value, Vec<String>)>> = OnceLock::new();
    LINES.get_or_init(|| {
        let lines = include_str!("../docs/example/hotel_key.jsonl").lines();
        let mut lines = lines.map(|line| serde_json::from_str(line).expect("JSON"));
        let first = lines.next().expect("a header");
        let texts = texts_of::<Header>(&first);
        lines.next_back().expect("how it ended");
        let of_event = |event: Value| (texts_of::<Line>(&event), event);
        let events = lines.map(of_event).map(|(texts, event)| (event, texts));
        [(first, texts)].into_iter().chain(events).collect()
    })
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector takes all");
    String::from_utf8(out).expect("UTF-8")
}

fn assert_xml(text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    while reader.read_event().expect("well-formed") != quick_xml::events::Event::Eof {}
}

/// Each output, by its name, of a result and a transcript whose every text is this one.
fn outputs(text: &str) -> Vec<(&'static str, String)> {
    let (value, texts) = result();
    let mut result: TestResult = with_texts(value, texts, text);
    let [(header, header_texts), events @ ..] = transcript() else {
        panic!("a header")
    };
    let events = events
        .iter()
        .map(|(value, texts)| with_texts(value, texts, text));
    let transcript = Transcript {
        header: with_texts(header, header_texts, text),
        events: events.collect(),
        outcome: Outcome::Failed {
            line: 1,
            text: text.to_owned(),
            reason: text.to_owned(),
        },
    };
    let diagram = Diagram::of(&transcript);
    for failure in &mut result.failures {
        failure.inputs = json!({ text: [text, { "a": text }] });
        failure.transcript = Some(Box::new(transcript.clone()));
    }
    let pretty = written(|out| {
        for group in &result.families {
            pretty::group(out, group)?;
        }
        pretty::sections(out, &result)?;
        pretty::failures(out, &result, None)?;
        pretty::verdict(out, &result)
    });
    let json = written(|out| json::write(out, &result));
    assert_eq!(
        serde_json::from_str::<Value>(&json).expect("JSON"),
        serde_json::to_value(&result).expect("JSON")
    );
    let junit = written(|out| junit::write(out, &result));
    assert_eq!(fault_of_junit(&junit), Ok(()), "{junit}");
    let svg = diagram.svg();
    assert_xml(&svg);
    vec![
        ("pretty", without_colours(&pretty)),
        ("json", json),
        ("junit", junit),
        ("sarif", sarif_of(&result)),
        ("html", html::page(&result)),
        ("svg", svg),
        ("mermaid", diagram.mermaid()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever an adapter, a vector, a script or a transcript says: no output obeys it, and none has a line more for it.
    #[test]
    fn no_text_from_outside_harms_who_reads_an_output(
        text in r#"[a-l<>&"'#;%{}:\\ -]{0,9}[\n\r\t\x00-\x1f\x7f-\x9f\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{fffe}\u{ffff}\u{fdd0}\u{e0041}\[\]]{1,9}[a-l]{0,3}"#
    ) {
        let plain = outputs("x");
        for ((name, shown), (_, plain)) in outputs(&text).into_iter().zip(plain) {
            let harm = shown.find(|c| c != '\n' && is_harmful(c));
            prop_assert_eq!(harm, None, "{}: {:?}", name, shown);
            if ["junit", "html", "svg"].contains(&name) {
                continue;
            }
            // What an adapter answered may go on, behind blanks.
            let lines = |text: &str| text.lines().filter(|l| !l.starts_with(&" ".repeat(25))).count();
            prop_assert_eq!(lines(&shown), lines(&plain), "{}: {}", name, shown);
        }
    }
}
