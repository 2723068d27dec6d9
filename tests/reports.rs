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
        r#"<testcase name="public_key/1" classname="public_key"/>"#,
        r#"<testcase name="public_key/2" classname="public_key">"#,
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
