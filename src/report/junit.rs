//! The result as JUnit's XML: a suite a family or theme, a test case a vector or scenario.

use super::harmless::harmless;
use crate::conformance::result::{CaseOutcome, CaseResult, FailureResult, TestResult};
use crate::conformance::run::Skip;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::io::{self, Write};

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
    let subject = &result.subject;
    let mut report = Report::new(format!("tigress: {} {}", subject.name, subject.version));
    if let Some(provenance) = &result.provenance {
        report.set_time(provenance.took);
    }
    for cases in result.cases.chunk_by(|one, next| one.group == next.group) {
        let mut suite = TestSuite::new(cases[0].group.clone());
        suite.set_time(cases.iter().map(|case| case.took).sum());
        for case in cases {
            let status = match case.outcome {
                CaseOutcome::Passed => TestCaseStatus::success(),
                CaseOutcome::Skipped | CaseOutcome::NotClaimed => skipped(case),
                CaseOutcome::Failed => match failures.get(case.name.as_str()) {
                    Some(failure) => failed(failure, &result.alone(&failure.name)),
                    None => TestCaseStatus::non_success(NonSuccessKind::Failure),
                },
            };
            let mut test = TestCase::new(case.name.clone(), status);
            test.set_classname(case.group.clone());
            test.set_time(case.took);
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.add_test_suite(requirements(result));
    report.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

/// The outcomes of the requirements, as properties of a suite without tests: JUnit counts what is run.
fn requirements(result: &TestResult) -> TestSuite {
    let mut suite = TestSuite::new("requirements");
    for requirement in &result.requirements {
        let counts = requirement.vectors + requirement.scenarios;
        let (outcome, of) = (requirement.outcome.name(), counts.total());
        let value = format!("{outcome}, {} of {of} passed", counts.passed);
        suite.add_property((requirement.id.as_str(), value.as_str()));
    }
    for fault in &result.faults {
        suite.add_property(("fault", fault.as_str()));
    }
    suite
}

fn skipped(case: &CaseResult) -> TestCaseStatus {
    let mut skipped = TestCaseStatus::skipped();
    if let Some(Skip { why, reason }) = &case.skip {
        skipped.set_type(why.name()).set_message(reason.as_str());
    }
    skipped
}

/// A known failure is skipped: JUnit has no word of its own for it.
fn failed(failure: &FailureResult, alone: &str) -> TestCaseStatus {
    if let Some(reason) = &failure.known {
        let mut known = TestCaseStatus::skipped();
        known.set_message(format!("known failure: {reason}"));
        return known;
    }
    let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
    failed.set_type(failure.cause.name());
    failed.set_message(failure.comment.clone());
    failed.set_description(description(failure, alone));
    failed
}

fn description(failure: &FailureResult, alone: &str) -> String {
    let clauses: Vec<String> = failure
        .requirements
        .iter()
        .map(|clause| format!("{}  {}\n", clause.id, clause.text))
        .collect();
    let step = failure
        .step
        .map_or_else(String::new, |step| format!("{step}: "));
    let differences = failure.differences.iter().map(|difference| {
        let field = difference.field.as_ref();
        let field = field.map_or_else(String::new, |field| format!("answered {field}\n"));
        format!(
            "{field}expected {}\ngot {}\n",
            difference.expected, difference.got
        )
    });
    let inputs = failure.inputs.as_object().into_iter().flatten();
    let inputs = inputs.map(|(name, value)| format!("  {name} {value}\n"));
    format!(
        "{}asked {step}{}\n{}{}alone: {alone}\n",
        clauses.concat(),
        failure.asked,
        inputs.collect::<String>(),
        differences.collect::<String>()
    )
}
