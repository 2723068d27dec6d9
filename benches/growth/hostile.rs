//! Input that is refused, or that is shown harmless: however much of it there is, each piece costs the same.

use crate::Sized;
use crate::turns::repeated;
use std::fs;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::printable::Printable;
use tigress_signal::conformance::scenario::Script;
use tigress_signal::conformance::scenario::transcript::Transcript;
use tigress_signal::conformance::vector::VectorFile;

/// A vector file whose last test has the number of its first.
pub(crate) fn vectors(tests: usize) -> Sized {
    let file = include_str!("../../docs/example/public_key.json");
    let mut file: serde_json::Value = serde_json::from_str(file).expect("JSON");
    let first = file["testGroups"][0]["tests"][0].clone();
    let many: Vec<_> = (1..=tests)
        .map(|number| {
            let mut test = first.clone();
            test["tcId"] = (number % tests).max(1).into();
            test["name"] = format!("t{number}").into();
            test
        })
        .collect();
    file["testGroups"][0]["tests"] = many.into();
    file["numberOfTests"] = tests.into();
    file["lastTcId"] = tests.into();
    let text = file.to_string();
    Sized {
        items: tests,
        timed: repeated(move || {
            let error = VectorFile::load("hostile.json", &text).expect_err("a number twice");
            assert!(error.reason.contains("stands twice"), "{error}");
        }),
    }
}

/// A script whose last step there is none of.
pub(crate) fn script(steps: usize) -> Sized {
    let mut text = "Feature: Hostile\n  Why.\n".to_owned();
    for step in 1..=steps {
        if step % 1_000 == 1 {
            text.push_str("  @XFER-01\n  Scenario: Odd\n");
        }
        text.push_str("    When everybody restarts\n");
    }
    text.push_str("    Then elephants dance\n");
    Sized {
        items: steps,
        timed: repeated(move || {
            let errors = Script::parse("hostile.feature", &text).expect_err("no such step");
            assert_eq!(errors.len(), 1, "{errors:?}");
        }),
    }
}

/// A transcript whose last line is none.
pub(crate) fn transcript(lines: usize) -> Sized {
    let header = include_str!("../../docs/example/hotel_key.jsonl")
        .lines()
        .next();
    let mut text = format!("{}\n", header.expect("a header"));
    text.extend((2..lines).map(|now| format!("{{\"event\":\"time\",\"now\":{now}}}\n")));
    text.push_str("{}\n");
    Sized {
        items: lines,
        timed: repeated(move || Transcript::from_lines(&text).expect_err("a line that is none")),
    }
}

/// A list of known failures that names something twice.
pub(crate) fn known_failures(lines: usize) -> Sized {
    let cases = Cases::load(None, None);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("known_failures.txt");
    let name = "tigress-1/kdf/root_step why\n";
    let text = format!("{name}{}{name}", "# nothing\n".repeat(lines - 2));
    fs::write(&file, text).expect("written");
    Sized {
        items: lines,
        timed: repeated(move || {
            assert!(folder.path().exists());
            KnownFailures::load(&file, &cases).expect_err("a name twice")
        }),
    }
}

/// Text of nothing but what is not shown as it is.
pub(crate) fn text(characters: usize) -> Sized {
    let text: String = "\u{1b}\u{202e}\u{9b}\u{fffe}\n"
        .chars()
        .cycle()
        .take(characters)
        .collect();
    Sized {
        items: characters,
        timed: repeated(move || Printable(&text).to_string()),
    }
}
