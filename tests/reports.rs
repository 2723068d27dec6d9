//! The result in its other forms: JUnit's XML and one HTML page.

use std::fs;
use std::process::{Command, Output};

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
        r#"tests="3" skipped="0" failures="2""#,
        r#"<testcase name="tigress-1/public_key/base_point" classname="tigress-1/public_key"/>"#,
        r#"<testcase name="tigress-1/public_key/point_of_the_twist" classname="tigress-1/public_key">"#,
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
        r##"<a href="#f2">failure 2</a>"##,
        r#"<h3 id="f2">"#,
        r##"<a href="#XFER-09">"##,
        "Too &lt;b&gt;early&lt;",
        "<svg ",
        "expected R:Provisioned",
        r#"id="o-failed""#,
        r#"id="s-9""#,
    ] {
        assert!(page.contains(words), "no {words} in the page");
    }
    // One file, no script, nothing from elsewhere.
    for words in ["<script", "src=", "<link", "@import", "url(h"] {
        assert!(!page.contains(words), "{words} in the page");
    }
    assert!(page.trim_end().ends_with("</html>"));
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
