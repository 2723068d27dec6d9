//! The forms that other programs read: JUnit's XML and SARIF, held against the rules of those who read them; and what no form may tell, the secrets of a command line.

use crate::adapter::{TIGRESS, script, text, tigress};
use crate::results::{cases, whole, written};
use quick_xml::events::{BytesStart, Event};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tigress_signal::conformance::FileError;
use tigress_signal::conformance::printable::quoted;
use tigress_signal::conformance::result::{
    CaseOutcome, CaseResult, Ending, FailureResult, TestResult,
};
use tigress_signal::conformance::run::{Skip, Why};
use tigress_signal::report::{html, junit, sarif};

/// An element of JUnit's XML, as Jenkins's xUnit plugin has it in its schema (junit-10), as far as it is written here.
struct Element {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
    has_text: bool,
}

const ELEMENTS: [Element; 8] = [
    Element {
        name: "testsuites",
        required: &[],
        // There is no `skipped` here.
        optional: &["name", "time", "tests", "failures", "errors"],
        children: &["testsuite"],
        has_text: false,
    },
    Element {
        name: "testsuite",
        required: &["name", "tests", "failures", "errors"],
        optional: &["time", "skipped", "timestamp", "hostname", "id", "package"],
        children: &["properties", "testcase"],
        has_text: false,
    },
    Element {
        name: "properties",
        required: &[],
        optional: &[],
        children: &["property"],
        has_text: false,
    },
    Element {
        name: "property",
        required: &["name", "value"],
        optional: &[],
        children: &[],
        has_text: false,
    },
    Element {
        name: "testcase",
        required: &["name"],
        optional: &["time", "classname", "group"],
        children: &["failure", "error", "skipped"],
        has_text: false,
    },
    outcome("failure"),
    outcome("error"),
    outcome("skipped"),
];

const fn outcome(name: &'static str) -> Element {
    Element {
        name,
        required: &[],
        optional: &["type", "message"],
        children: &[],
        has_text: true,
    }
}

/// The attributes of an element that is as its rule has it.
fn attributes(tag: &BytesStart, rule: &Element) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = String::from_utf8_lossy(&attribute.value).into_owned();
        if ![rule.required, rule.optional]
            .concat()
            .contains(&name.as_str())
        {
            return Err(format!("{}: no attribute {name}", rule.name));
        }
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let is_right = match name.as_str() {
            "tests" | "failures" | "errors" | "skipped" => is_number(&value),
            "time" => value
                .split_once('.')
                .is_some_and(|(whole, part)| is_number(whole) && is_number(part)),
            _ => true,
        };
        if !is_right {
            return Err(format!("{}: {name}={value:?}", rule.name));
        }
        found.insert(name, value);
    }
    match rule
        .required
        .iter()
        .find(|name| !found.contains_key(**name))
    {
        Some(missing) => Err(format!("{}: {missing} is missing", rule.name)),
        None => Ok(found),
    }
}

/// What an element says, and what was counted in it: tests, failures, errors, what was skipped.
type Open = (&'static Element, BTreeMap<String, String>, [usize; 4]);

/// How much of each an element says that it has; nothing where it does not say so.
fn said(attributes: &BTreeMap<String, String>) -> [Option<usize>; 4] {
    ["tests", "failures", "errors", "skipped"].map(|name| attributes.get(name)?.parse().ok())
}

/// What is wrong with a JUnit report, by the rules above and by what it counts itself.
pub(crate) fn fault_of_junit(xml: &str) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut open: Vec<Open> = Vec::new();
    let mut roots = 0;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(ref tag) | Event::Empty(ref tag) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                let rule = ELEMENTS.iter().find(|rule| rule.name == name);
                let rule = rule.ok_or_else(|| format!("no element {name}"))?;
                let is_at_home = match open.last() {
                    Some((above, ..)) => above.children.contains(&rule.name),
                    None => rule.name == "testsuites",
                };
                if !is_at_home {
                    return Err(format!("{name} stands in the wrong place"));
                }
                roots += usize::from(open.is_empty());
                let outcomes = ["testcase", "failure", "error", "skipped"];
                if let Some(kind) = outcomes.iter().position(|it| *it == name) {
                    for (.., counts) in &mut open {
                        counts[kind] += 1;
                    }
                }
                open.push((rule, attributes(tag, rule)?, [0; 4]));
            }
            Event::Text(_) | Event::GeneralRef(_) | Event::CData(_) => {
                let is_blank =
                    matches!(&event, Event::Text(text) if text.iter().all(u8::is_ascii_whitespace));
                if !is_blank && !open.last().is_some_and(|(rule, ..)| rule.has_text) {
                    return Err("text where there may be none".to_owned());
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if matches!(event, Event::End(_) | Event::Empty(_)) {
            let (rule, attributes, counts) = open.pop().ok_or("an end too many")?;
            if rule.name.starts_with("testsuite")
                && let Some(wrong) = said(&attributes)
                    .iter()
                    .zip(counts)
                    .find(|(said, counted)| said.is_some_and(|it| it != *counted))
            {
                return Err(format!("{}: {wrong:?}", rule.name));
            }
        }
    }
    (roots == 1 && open.is_empty())
        .then_some(())
        .ok_or("no root".to_owned())
}

/// A result with something of everything: passes, failures, one of them known, skips, faults, broken files, an early end.
fn everything() -> TestResult {
    let mut result = whole().clone();
    result.failures[0].known = Some("Mine-1".to_owned());
    let passed = |case: &&mut CaseResult| case.outcome == CaseOutcome::Passed;
    let case = result.cases.iter_mut().find(passed).expect("one passed");
    case.outcome = CaseOutcome::Skipped;
    case.skip = Some(Skip {
        why: Why::NotRun,
        reason: "the run ended <before> it".to_owned(),
    });
    result.faults = vec!["a line after its last answer".to_owned(); 2];
    result.errors = vec![FileError {
        file: "a <&>.json".to_owned(),
        line: Some(1),
        place: None,
        reason: "not JSON".to_owned(),
    }];
    result.ended = Some(Ending::Interrupted);
    result
}

#[test]
fn junit_is_as_its_schema_has_it() {
    let mut empty = whole().clone();
    empty.cases.clear();
    empty.failures.clear();
    for result in [whole(), &everything(), &empty] {
        let xml = written(|out| junit::write(out, result));
        assert_eq!(fault_of_junit(&xml), Ok(()), "{xml}");
        let tests = xml.matches("<testcase ").count();
        let more = result.faults.len() + result.errors.len() + usize::from(result.ended.is_some());
        assert_eq!(tests, result.cases.len() + more);
        assert_eq!(
            xml.matches("<error ").count(),
            result.errors.len() + usize::from(result.ended.is_some())
        );
        let failed = result.failures.iter().filter(|it| it.known.is_none());
        assert_eq!(
            xml.matches("<failure ").count(),
            failed.count() + result.faults.len()
        );
    }
}

/// What breaks a rule is found: else the test above would say nothing.
#[test]
fn what_breaks_junits_schema_is_found() {
    let xml = written(|out| junit::write(out, &everything()));
    for (from, to) in [
        ("<testsuites name", "<testsuites skipped=\"1\" name"),
        ("<testsuite name", "<testsuite title"),
        ("<testcase name", "<testcase file=\"a\" name"),
        ("<failure type", "<fault type"),
        ("</properties>", "</properties><properties name=\"a\"/>"),
        (" time=\"0.000\"", " time=\"0.000s\""),
        ("<skipped type", "<skipped kind"),
        ("<error type=\"file\"", "<failure type=\"file\""),
        ("<properties>", "<properties>text"),
        ("tests=\"", "tests=\"1"),
        ("</testsuites>", ""),
    ] {
        let broken = xml.replacen(from, to, 1);
        assert_ne!(broken, xml, "{from}");
        assert!(fault_of_junit(&broken).is_err(), "{to}");
    }
}

/// What SARIF 2.1.0 says of the parts that are written here, and what GitHub's code scanning wants beyond that: a text of help for each rule; for each
/// result a rule, a message, and a place with a line from 1.
fn schema_of_sarif() -> Value {
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties });
    let list = |of: Value| json!({ "type": "array", "items": of });
    let text = || json!({ "type": "string", "minLength": 1 });
    let message = || object(&["text"], json!({ "text": text(), "markdown": text() }));
    let rule = object(
        &["id", "shortDescription", "fullDescription", "help"],
        json!({ "id": text(), "shortDescription": message(), "fullDescription": message(), "help": message() }),
    );
    let driver = object(
        &["name", "rules"],
        json!({ "name": text(), "semanticVersion": text(), "rules": { "type": "array", "uniqueItems": true, "items": rule } }),
    );
    let notice = object(
        &["message"],
        json!({ "level": { "enum": ["none", "note", "warning", "error"] }, "message": message() }),
    );
    let invocation = object(
        &["executionSuccessful"],
        json!({
            "executionSuccessful": { "type": "boolean" },
            "commandLine": text(),
            "startTimeUtc": { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$" },
            "toolExecutionNotifications": list(notice),
        }),
    );
    // RFC 3986: neither blanks nor controls nor what is no ASCII, `%` before two digits alone.
    let uri = json!({ "type": "string", "pattern": "^([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$" });
    let place = object(
        &["artifactLocation", "region"],
        json!({
            "artifactLocation": object(&["uri"], json!({ "uri": uri })),
            "region": object(&["startLine"], json!({ "startLine": { "type": "integer", "minimum": 1 } })),
        }),
    );
    let finding = object(
        &[
            "ruleId",
            "ruleIndex",
            "level",
            "message",
            "locations",
            "partialFingerprints",
        ],
        json!({
            "ruleId": text(),
            "ruleIndex": { "type": "integer", "minimum": 0 },
            "level": { "enum": ["none", "note", "warning", "error"] },
            "message": object(&["text"], json!({ "text": text() })),
            "locations": { "type": "array", "minItems": 1, "items": object(&["physicalLocation"], json!({ "physicalLocation": place })) },
            "partialFingerprints": { "type": "object", "additionalProperties": { "type": "string" } },
            "suppressions": list(object(&["kind"], json!({ "kind": { "enum": ["inSource", "external"] }, "justification": { "type": "string" } }))),
        }),
    );
    let run = object(
        &["tool", "results"],
        json!({
            "tool": object(&["driver"], json!({ "driver": driver })),
            "invocations": list(invocation),
            "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
            "results": list(finding),
        }),
    );
    object(
        &["version", "runs"],
        json!({ "$schema": text(), "version": { "const": "2.1.0" }, "runs": list(run) }),
    )
}

/// A result as SARIF, where the files of the run lie in the project.
pub(crate) fn sarif_of(result: &TestResult) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    written(|out| sarif::write(out, result, cases(), here))
}

fn parsed(sarif: &str) -> Value {
    serde_json::from_str(sarif).expect("JSON")
}

#[test]
fn sarif_is_as_its_schema_has_it() {
    let validator = jsonschema::validator_for(&schema_of_sarif()).expect("a schema");
    for result in [whole(), &everything()] {
        let log = parsed(&sarif_of(result));
        let faults: Vec<String> = validator
            .iter_errors(&log)
            .map(|it| it.to_string())
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
    // What breaks it is found.
    let log = parsed(&sarif_of(&everything()));
    for (place, other) in [
        ("/version", json!("2.2.0")),
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/locations", json!([])),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
            json!(0),
        ),
        (
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
            json!("a b#c"),
        ),
        ("/runs/0/tool/driver/rules/0/help", json!({})),
        ("/runs/0/invocations/0", json!({})),
    ] {
        let mut broken = log.clone();
        *broken.pointer_mut(place).expect(place) = other;
        assert!(!validator.is_valid(&broken), "{place}");
    }
}

/// However many fail: no more results are written than are shown, and it is said how many there are beside them. So does the page.
#[test]
fn sarif_and_the_page_have_as_many_failures_as_are_shown() {
    let mut result = whole().clone();
    let failure = result.failures[0].clone();
    let named = |number: usize| FailureResult {
        name: format!("tigress-1/kdf/case_{number}"),
        ..failure.clone()
    };
    result.failures = (0..5_001).map(named).collect();
    let log = parsed(&sarif_of(&result));
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().map(Vec::len), Some(5_000));
    let notices = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(
        notices.contains("and 1 more results: `--format json` has all"),
        "{notices}"
    );
    let page = html::page(&result);
    assert_eq!(page.matches("<details class=\"row card ").count(), 5_000);
    assert!(page.contains("And 1 more: <code>--format json</code> has all."));
    let told = page.matches("<pre class=\"got\">").count();
    let untold = page.matches("This page has no more room for").count();
    assert!(told > 0 && told + untold >= 5_000, "{told} {untold}");
    assert!(page.len() < 10 << 20, "{}", page.len());
    result.failures.pop();
    let log = parsed(&sarif_of(&result));
    assert_eq!(
        log["runs"][0]["results"].as_array().map(Vec::len),
        Some(5_000)
    );
    assert_eq!(
        log["runs"][0]["invocations"][0]["toolExecutionNotifications"],
        json!([])
    );
}

/// A file of vectors or a script with a hostile name is found again by its URI, which is relative to where the run was.
#[test]
fn a_place_in_sarif_leads_to_the_line_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["a b", "#1", "100%", "größe ж", "%20?x", "a:b", "-x"];
    let vectors = fs::read_to_string("docs/example/public_key.json").expect("vectors");
    for name in names {
        let below = folder.path().join(name);
        fs::create_dir_all(&below).expect("a folder");
        fs::write(below.join("v 1.json"), &vectors).expect("vectors");
        let steps = "    Given Ben has a phone\n    And Ryan has a phone\n    When Ben's phone offers a hotel key to Ryan's phone\n    Then Ryan's phone holds the hotel key\n";
        let feature =
            format!("Feature: Mine\n  What and why.\n\n  @XFER-09\n  Scenario: Too early\n{steps}");
        fs::write(below.join("s#1.feature"), feature).expect("a script");
        let asked = |given: &Path| {
            let output = Command::new(TIGRESS)
                .args([
                    "test", "--format", "sarif", "--only", "KEY-01", "--only", "XFER-09",
                ])
                .arg(format!("--vectors={}", given.display()))
                .arg(format!("--scenarios={}", given.display()))
                .current_dir(folder.path())
                .output()
                .expect("it runs");
            assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
            let log = parsed(&text(&output.stdout));
            let results = log["runs"][0]["results"]
                .as_array()
                .expect("results")
                .clone();
            let places = results.iter().map(|result| {
                let place = &result["locations"][0]["physicalLocation"];
                let uri = place["artifactLocation"]["uri"]
                    .as_str()
                    .expect("a URI")
                    .to_owned();
                let line = place["region"]["startLine"].as_u64().expect("a line");
                (uri, usize::try_from(line).expect("small"))
            });
            places.collect::<Vec<_>>()
        };
        // By whichever path it is named.
        let whole = folder.path().canonicalize().expect("a folder").join(name);
        let around = Path::new(".").join(name).join("..").join(name);
        let places = asked(&Path::new(".").join(name));
        assert_eq!(places.len(), 2, "{places:?}");
        assert_eq!(asked(&around), places);
        assert_eq!(asked(&whole), places);
        for (uri, line) in places {
            assert!(
                uri.bytes().all(|it| it.is_ascii_graphic()) && !uri.contains([':', '#', '?']),
                "{uri}"
            );
            let file = percent_encoding::percent_decode_str(&uri)
                .decode_utf8()
                .expect("UTF-8");
            let file = fs::read_to_string(folder.path().join(&*file)).expect("it is there");
            let line = file.lines().nth(line - 1).expect("the line");
            assert!(
                line.contains("point_of_the_twist") || line.contains("holds the hotel key"),
                "{line}"
            );
        }
    }
    // What lies elsewhere has no relative one.
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("v.json"), &vectors).expect("vectors");
    let given = elsewhere.path().canonicalize().expect("a folder");
    let given = given.to_str().expect("UTF-8");
    let output = tigress(&[
        "test",
        "--format",
        "sarif",
        "--only",
        "KEY-01",
        "--vectors",
        given,
    ]);
    let uri = format!("file://{given}/v.json");
    assert!(text(&output.stdout).contains(&uri), "no {uri}");
}

/// An adapter in that folder which answers everything, and all of it wrong.
fn wrong(folder: &Path) -> String {
    script(
        folder,
        "wrong",
        "",
        r#"printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id""#,
    )
}

/// A run by a command with secrets, given in each way: none of them stands in any output, on standard error, or in the trace; and the
/// command that runs a case alone says that something is to be put back.
#[test]
fn no_output_tells_a_secret_of_the_command_line() {
    const SECRET: &str = "hunter2&more";
    let folder = tempfile::tempdir().expect("a folder");
    let adapter = wrong(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let ways = [
        format!("--token={}", quoted(SECRET)),
        format!("--db-password {}", quoted(SECRET)),
        quoted(&format!("API_KEY={SECRET}")),
        format!("https://me:{SECRET}@host/a"),
        format!("postgres://{SECRET}@host/a"),
        quoted(&format!("Authorization: Bearer {SECRET}")),
    ];
    for (number, given) in ways.iter().enumerate() {
        let command = format!("{adapter} {given}");
        let (page, trace) = (file("page.html"), file("trace"));
        let statements = [file("statement.json"), file("statement.html")];
        for format in ["pretty", "json", "junit", "sarif"] {
            let output = tigress(&[
                "test",
                "--only",
                "KEY-01",
                "--vectors",
                "docs/example",
                "--adapter",
                &command,
                "--format",
                format,
                "--report",
                &page,
                "--trace",
                &trace,
                "--statement",
                &statements[0],
                "--statement",
                &statements[1],
            ]);
            assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
            let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
            let files = [&page, &trace, &statements[0], &statements[1]];
            let files = files.map(|file| fs::read_to_string(file).expect("written"));
            for shown in [&stdout, &stderr].into_iter().chain(&files) {
                assert!(!shown.contains("hunter2"), "{given}: {shown}");
            }
            let says = if format == "json" {
                "***"
            } else {
                "put back what *** and"
            };
            assert!(stdout.contains(says), "{format}: {stdout}");
        }
        // Nor does evidence, nor an error.
        let evidence = file(&format!("evidence {number}"));
        let only = ["--only", "KEY-01", "--vectors", "docs/example"];
        let output =
            tigress(&[&["evidence", &evidence, "--adapter", &command], &only[..]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let found = Command::new("grep")
            .args(["-r", "hunter2", &evidence])
            .output();
        let found = found.expect("grep");
        assert_eq!(found.status.code(), Some(1), "{}", text(&found.stdout));
        for wrong in [format!("nowhere {given}"), format!("{command} 'open")] {
            let output = tigress(&["test", "--only", "KEY-01", "--adapter", &wrong]);
            assert_eq!(output.status.code(), Some(2));
            assert!(
                !text(&output.stderr).contains("hunter2"),
                "{}",
                text(&output.stderr)
            );
        }
    }
    let output = tigress(&["test", "--intermediary", "http://me:hunter2@localhost:1"]);
    assert!(
        !text(&output.stderr).contains("hunter2"),
        "{}",
        text(&output.stderr)
    );
}

/// However long the command is, what is written of it is short: it stands beside each failure.
#[test]
fn a_long_command_is_shown_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let adapter = wrong(folder.path());
    let command = format!("{adapter} {}", "x".repeat(100_000));
    for format in ["pretty", "json", "junit", "sarif"] {
        let output = tigress(&[
            "test",
            "--only",
            "tigress-1/kdf",
            "--adapter",
            &command,
            "--format",
            format,
        ]);
        let stdout = text(&output.stdout);
        assert!(!stdout.contains(&"x".repeat(4_001)), "{format}");
        assert!(stdout.contains("…"), "{format}");
    }
}
