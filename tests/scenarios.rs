//! The scenarios: every script is read, every scenario comes off, and a run makes the same transcript again.

use std::path::Path;
use tigress_signal::conformance::scenario::diagram::Diagram;
use tigress_signal::conformance::scenario::library::{Library, SCRIPTS};
use tigress_signal::conformance::scenario::transcript::Transcript;
use tigress_signal::conformance::scenario::{Scenario, Script, replay, run};
use tigress_signal::suite::Suite;

fn scenarios() -> Vec<Scenario> {
    let Library { scripts, errors } = Library::load(None);
    assert_eq!(errors, []);
    scripts
        .into_iter()
        .flat_map(|script| script.scenarios)
        .collect()
}

#[test]
fn every_script_of_the_folder_is_inside_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let there = Library::load(Some(&folder)).scripts.len();
    assert_eq!(there, SCRIPTS.len());
}

#[test]
fn every_scenario_comes_off() {
    let mut failures = Vec::new();
    for scenario in scenarios() {
        let run = run(&scenario, scenario.suite_or(None), "1");
        if let Some(failure) = run.failure {
            failures.push(format!(
                "{}:{}: {}: {}: {}",
                scenario.file, failure.line, scenario.name, failure.text, failure.reason
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_transcript_replays_byte_for_byte() {
    for scenario in scenarios() {
        let lines = run(&scenario, scenario.suite_or(None), "1")
            .transcript
            .to_lines();
        let read = Transcript::from_lines(&lines).expect("just written");
        assert_eq!(read.to_lines(), lines, "{}", scenario.name);
        let again = replay(&read.header).expect("its steps are known");
        assert_eq!(again.transcript.to_lines(), lines, "{}", scenario.name);
    }
}

#[test]
fn another_seed_makes_other_bytes() {
    let scenario = scenarios().remove(0);
    let one = run(&scenario, scenario.suite_or(None), "1").transcript;
    let two = run(&scenario, scenario.suite_or(None), "2").transcript;
    assert_ne!(one.events, two.events);
}

#[test]
fn every_transcript_can_be_drawn() {
    for scenario in scenarios() {
        let diagram = Diagram::of(&run(&scenario, scenario.suite_or(None), "1").transcript);
        assert!(diagram.mermaid().contains("sequenceDiagram"));
        let svg = diagram.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}

fn errors_of(script: &str) -> Vec<String> {
    let errors = Script::parse("my.feature", script).expect_err("a fault");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_fault_of_a_script_points_at_its_line() {
    let script = "Feature: A theme\n  What and why.\n\n  @XFER-1\n  Scenario: One\n    Given Ben has a phone\n    When Ben's phone offer a car key to Ryan\n    And Ben's fone restarts\n";
    let errors = errors_of(script);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(
        errors[0].starts_with(
            "my.feature:5: `@XFER-1` is no requirement of the profile and no suite; did you mean `XFER-01`?"
        ),
        "{}",
        errors[0]
    );
    assert!(errors[1].starts_with("my.feature:7: no step is called `Ben's phone offer a car key to Ryan`; did you mean `{device} offers a {credential} to {user}`?"), "{}", errors[1]);
    assert!(
        errors[2].starts_with(
            "my.feature:8: nobody has declared `Ben's fone`; did you mean `Ben's phone`?"
        ),
        "{}",
        errors[2]
    );
    let errors = errors_of("Feature: A theme\n\n  Scenario: One\n    Given Ben has a phone\n");
    assert!(errors[0].contains("begins with a paragraph"), "{errors:?}");
    assert!(
        errors[1].contains("names the requirements that it carries"),
        "{errors:?}"
    );
    assert!(errors_of("Scenario without a feature")[0].contains("not Gherkin"));
}

#[test]
fn a_tag_may_name_the_suite_and_the_transcript_carries_it() {
    let one = |tags: &str| {
        let script = format!(
            "Feature: A theme\n  What and why.\n\n  {tags}\n  Scenario: One\n    Given Ben has a phone\n"
        );
        let script = Script::parse("my.feature", &script).expect("no fault");
        script.scenarios.into_iter().next().expect("one")
    };
    let (any, own) = (one("@XFER-01"), one("@XFER-01 @tigress-1"));
    assert_eq!(own.requirements, any.requirements);
    assert!(any.suite.is_none());
    assert_eq!(own.suite.map(Suite::name), Some("tigress-1"));
    let transcript = run(&own, own.suite_or(None), "1").transcript;
    assert_eq!(transcript.header.suite, "tigress-1");
    let mut header = transcript.header;
    header.suite = "tigres-1".to_owned();
    let refused = replay(&header).expect_err("no such suite").to_string();
    assert_eq!(
        refused,
        "my.feature: no suite is called `tigres-1`; did you mean `tigress-1`? This build speaks tigress-1"
    );
}
