//! The result as JUnit's XML, as the schema has it that Jenkins checks it by: a suite a family or theme, a test case a vector or scenario.

use super::harmless::harmless;
use super::sides;
use crate::conformance::printable::shortened;
use crate::conformance::result::{CaseOutcome, CaseResult, FailureResult, TestResult};
use crate::conformance::run::Skip;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

/// Longer texts are shortened to about this many characters: those who read it keep all of it in memory.
const LONG: usize = 2_000;

/// A suite of the report.
struct Suite {
    name: String,
    properties: Vec<(String, String)>,
    tests: Vec<Test>,
}

/// A test case.
struct Test {
    name: String,
    took: Option<Duration>,
    /// What became of it, where it did not pass.
    outcome: Option<Outcome>,
}

/// Why a test did not pass.
struct Outcome {
    /// `failure`, `error` or `skipped`.
    is: &'static str,
    /// A word for its kind.
    kind: Option<&'static str>,
    message: String,
    text: String,
}

/// Writes the XML.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    let result = &harmless(result);
    let failures: BTreeMap<&str, &FailureResult> = result
        .failures
        .iter()
        .map(|failure| (failure.name.as_str(), failure))
        .collect();
    let groups = result
        .cases
        .chunk_by(|one, next| one.group == next.group)
        .map(|cases| Suite {
            name: cases[0].group.clone(),
            properties: Vec::new(),
            tests: cases
                .iter()
                .map(|case| Test {
                    name: case.name.clone(),
                    took: Some(case.took),
                    outcome: outcome(case, failures.get(case.name.as_str()).copied(), result),
                })
                .collect(),
        });
    let of_the_run = of_the_run(result).into_iter().filter(|it| !it.is_empty());
    let suites: Vec<Suite> = groups.chain(of_the_run).collect();
    let name = format!(
        "tigress: {} {}",
        result.subject.name, result.subject.version
    );
    let took = result.provenance.as_ref().map(|it| seconds(it.took));
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 4);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|suite| &suite.tests);
    let [tests, failed, errors, _] = counts(&all());
    xml.create_element("testsuites")
        .with_attribute(("name", name.as_str()))
        .with_attributes(took.as_deref().map(|took| ("time", took)))
        .with_attribute(("tests", tests.as_str()))
        .with_attribute(("failures", failed.as_str()))
        .with_attribute(("errors", errors.as_str()))
        .write_inner_content(|xml| suites.iter().try_for_each(|suite| suite.write(xml)))?;
    writeln!(xml.get_mut())
}

/// What is said of the run as a whole: the outcomes of the requirements, as properties, since JUnit counts what is run; and what no vector and no scenario
/// can be charged with, as tests that did not pass, since else nothing of it would be seen.
fn of_the_run(result: &TestResult) -> [Suite; 2] {
    let requirements = result.requirements.iter().map(|requirement| {
        let counts = requirement.vectors + requirement.scenarios;
        let (outcome, of) = (requirement.outcome.name(), counts.total());
        let value = format!("{outcome}, {} of {of} passed", counts.passed);
        (requirement.id.clone(), value)
    });
    let test = |name: String, is, kind, message: &str| Test {
        name,
        took: None,
        outcome: Some(Outcome {
            is,
            kind: Some(kind),
            message: shortened(message, LONG).into_owned(),
            text: String::new(),
        }),
    };
    let faults = (1..).zip(&result.faults);
    let faults =
        faults.map(|(number, fault)| test(format!("fault {number}"), "failure", "fault", fault));
    let errors = (1..).zip(&result.errors).map(|(number, error)| {
        let words = error.to_string();
        test(format!("file {number}"), "error", "file", &words)
    });
    let ended = result.ended.map(|ending| {
        let name = "the run to its end".to_owned();
        test(name, "error", "ended", ending.words())
    });
    let suite = |name: &str| Suite {
        name: name.to_owned(),
        properties: Vec::new(),
        tests: Vec::new(),
    };
    [
        Suite {
            properties: requirements.collect(),
            ..suite("requirements")
        },
        Suite {
            tests: faults.chain(errors).chain(ended).collect(),
            ..suite("run")
        },
    ]
}

/// How many there are, and how many of them failed, are errors, were skipped.
fn counts<'a>(tests: &(impl Iterator<Item = &'a Test> + Clone)) -> [String; 4] {
    let of = |is: &str| {
        let tests = tests.clone().filter_map(|test| test.outcome.as_ref());
        tests.filter(|outcome| outcome.is == is).count()
    };
    let [failures, errors, skipped] = ["failure", "error", "skipped"].map(of);
    [tests.clone().count(), failures, errors, skipped].map(|count| count.to_string())
}

/// Seconds, as JUnit's `time` has them.
fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

impl Suite {
    fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.tests.is_empty()
    }

    fn write(&self, xml: &mut Writer<&mut dyn Write>) -> io::Result<()> {
        let [tests, failures, errors, skipped] = counts(&self.tests.iter());
        let took = self.tests.iter().filter_map(|test| test.took);
        let took = seconds(took.fold(Duration::ZERO, Duration::saturating_add));
        let element = xml
            .create_element("testsuite")
            .with_attribute(("name", self.name.as_str()))
            .with_attribute(("tests", tests.as_str()))
            .with_attribute(("failures", failures.as_str()))
            .with_attribute(("errors", errors.as_str()))
            .with_attribute(("skipped", skipped.as_str()))
            .with_attribute(("time", took.as_str()));
        element.write_inner_content(|xml| {
            if !self.properties.is_empty() {
                xml.create_element("properties")
                    .write_inner_content(|xml| {
                        self.properties.iter().try_for_each(|(name, value)| {
                            xml.create_element("property")
                                .with_attribute(("name", name.as_str()))
                                .with_attribute(("value", value.as_str()))
                                .write_empty()
                                .map(|_| ())
                        })
                    })?;
            }
            self.tests
                .iter()
                .try_for_each(|test| test.write(&self.name, xml))
        })?;
        Ok(())
    }
}

impl Test {
    fn write(&self, suite: &str, xml: &mut Writer<&mut dyn Write>) -> io::Result<()> {
        let took = self.took.map(seconds);
        let element = xml
            .create_element("testcase")
            .with_attribute(("name", self.name.as_str()))
            .with_attribute(("classname", suite))
            .with_attributes(took.as_deref().map(|took| ("time", took)));
        let Some(outcome) = &self.outcome else {
            return element.write_empty().map(|_| ());
        };
        element.write_inner_content(|xml| {
            let element = xml
                .create_element(outcome.is)
                .with_attributes(outcome.kind.map(|kind| ("type", kind)))
                .with_attribute(("message", outcome.message.as_str()));
            if outcome.text.is_empty() {
                element.write_empty()?;
            } else {
                element.write_text_content(BytesText::new(&outcome.text))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// What became of a vector or scenario; nothing where it passed. A known failure is skipped: JUnit has no word of its own for it.
fn outcome(
    case: &CaseResult,
    failure: Option<&FailureResult>,
    result: &TestResult,
) -> Option<Outcome> {
    let skipped = |kind, message: String| Outcome {
        is: "skipped",
        kind,
        message: shortened(&message, LONG).into_owned(),
        text: String::new(),
    };
    Some(match (case.outcome, failure) {
        (CaseOutcome::Passed, _) => return None,
        (CaseOutcome::Skipped | CaseOutcome::NotClaimed, _) => match &case.skip {
            Some(Skip { why, reason }) => skipped(Some(why.name()), reason.clone()),
            None => skipped(None, String::new()),
        },
        (CaseOutcome::Failed, Some(failure)) => match &failure.known {
            Some(reason) => skipped(None, format!("known failure: {reason}")),
            None => Outcome {
                is: "failure",
                kind: Some(failure.cause.name()),
                message: shortened(&failure.comment, LONG).into_owned(),
                text: description(failure, &result.alone(&failure.name)),
            },
        },
        (CaseOutcome::Failed, None) => Outcome {
            is: "failure",
            kind: None,
            message: String::new(),
            text: String::new(),
        },
    })
}

/// What was asked with which inputs, what was expected, what came, and the command that asks it alone.
fn description(failure: &FailureResult, alone: &str) -> String {
    let mut text = String::new();
    for clause in &failure.requirements {
        let _ = writeln!(text, "{}  {}", clause.id, clause.text);
    }
    let step = failure.step.map(|step| format!("{step}: "));
    let asked = shortened(&failure.asked, LONG);
    let _ = writeln!(text, "asked {}{asked}", step.unwrap_or_default());
    for (name, value) in failure.inputs.as_object().into_iter().flatten() {
        let value = value.to_string();
        let _ = writeln!(text, "  {name} {}", shortened(&value, LONG));
    }
    for difference in &failure.differences {
        if let Some(field) = &difference.field {
            let _ = writeln!(text, "answered {field}");
        }
        let [expected, got] = sides::excerpts(&difference.expected, &difference.got, LONG);
        let _ = writeln!(text, "expected {expected}\ngot {got}");
    }
    // A `String` takes whatever is written to it.
    let _ = writeln!(text, "alone: {alone}");
    text
}
