//! The result as one self-contained HTML page, which needs no script and nothing from elsewhere.

use super::harmless::harmless;
use crate::conformance::result::{Ending, RequirementOutcome, TestResult, Verdict};
use crate::conformance::scenario::diagram::Diagram;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde_json::json;

/// The page.
#[must_use]
pub fn page(result: &TestResult) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let content = content(&harmless(result));
    let rendered = environment.render_str(include_str!("report.html"), content);
    match rendered {
        Ok(page) => page,
        // The template is fixed, and so is what it is given: a test renders both.
        Err(error) => format!("<!doctype html><title>tigress</title><p>{error:#}"),
    }
}

/// What the template is given: texts and numbers, no decisions left.
fn content(result: &TestResult) -> Value {
    let requirements: Vec<_> = result
        .requirements
        .iter()
        .map(|requirement| {
            let failures: Vec<usize> = result
                .failures
                .iter()
                .zip(1..)
                .filter(|(failure, _)| {
                    failure
                        .requirements
                        .iter()
                        .any(|clause| clause.id == requirement.id)
                })
                .map(|(_, number)| number)
                .collect();
            json!({
                "id": requirement.id,
                "section": requirement.section,
                "text": requirement.text,
                "outcome": requirement.outcome,
                "counts": requirement.vectors + requirement.scenarios,
                "failures": failures,
            })
        })
        .collect();
    let failures: Vec<Value> = result
        .failures
        .iter()
        .map(|failure| {
            let inputs = match serde_json::to_string_pretty(&failure.inputs) {
                Ok(inputs) if inputs != "null" => inputs,
                _ => String::new(),
            };
            let diagram = failure
                .transcript
                .as_ref()
                .map(|transcript| Value::from_safe_string(Diagram::of(transcript).svg()));
            context! { inputs, diagram, ..Value::from(Serde(failure)) }
        })
        .collect();
    let outcomes = result.outcomes().into_iter();
    let outcomes: Vec<&str> = outcomes.map(RequirementOutcome::name).collect();
    let skips: Vec<Value> = result
        .skips()
        .into_iter()
        .map(|((_, reason), cases)| {
            let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
            context! { reason => reason, names => Value::from(Serde(names)) }
        })
        .collect();
    context! {
        verdict => match result.verdict {
            Verdict::Conforms => "conforms",
            Verdict::ConformsInPart => "conforms, with parts not implemented",
            Verdict::NothingImplemented => "has nothing implemented yet",
            Verdict::DoesNotConform => "does not conform",
            Verdict::None => "no verdict: part of the run could not be made",
        },
        outcome => match result.verdict {
            Verdict::Conforms => "passed",
            Verdict::ConformsInPart => "skipped",
            Verdict::NothingImplemented | Verdict::DoesNotConform | Verdict::None => "failed",
        },
        ending => result.ended.map(Ending::words),
        outcomes => outcomes,
        requirements => Value::from(Serde(requirements)),
        skips,
        failures,
        ..Value::from(Serde(result))
    }
}
