//! A counterexample as a scenario.

use super::Counterexample;
use crate::conformance::scenario::{SEED, Script, run};

/// The text of a feature file with one scenario.
#[must_use]
pub fn feature(counterexample: &Counterexample, model: &str) -> String {
    let ids: Vec<String> = counterexample
        .property
        .requirements
        .iter()
        .map(|id| format!("@{id}"))
        .collect();
    let mut text = format!("Feature: What the model `{model}` has found\n\n");
    if !ids.is_empty() {
        text.push_str(&format!("  {}\n", ids.join(" ")));
    }
    text.push_str(&format!(
        "  Scenario: {}\n",
        counterexample.property.name.trim_end_matches('.')
    ));
    for step in &counterexample.steps {
        text.push_str(&format!("    {step}\n"));
    }
    text
}

/// Whether the scenario fails when it is run.
#[must_use]
pub fn confirm(text: &str) -> bool {
    let Ok(script) = Script::parse("model.feature", text) else {
        return false;
    };
    let fails = |scenario| {
        run(scenario, scenario.suite_or(None), SEED)
            .failure
            .is_some()
    };
    script.scenarios.iter().any(fails)
}
