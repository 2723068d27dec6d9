//! A counterexample as a script, and whether the script shows it.

use super::Counterexample;
use crate::conformance::scenario::{Run, SEED, Script, StepFailure, run};
use std::fmt::Write as _;
use std::panic::{self, AssertUnwindSafe};

/// The requirement of a counterexample whose property stands for none: every step is all or nothing.
const ANY: &str = "WAL-01";

/// The script of what a model found: one scenario that has the property for its name and bears its requirements.
#[must_use]
pub fn feature(counterexample: &Counterexample, model: &str) -> String {
    let Counterexample { property, steps } = counterexample;
    let mut text = format!(
        "Feature: What the model \"{model}\" has found\n  A shortest way to what must not be; `tigress model` printed it.\n\n "
    );
    let ids = match property.requirements {
        [] => &[ANY],
        ids => ids,
    };
    for id in ids {
        let _ = write!(text, " @{id}");
    }
    let name = property.name.trim_end_matches('.');
    let _ = writeln!(text, "\n  Scenario: {name}");
    for step in steps {
        let _ = writeln!(text, "    {step}");
    }
    text
}

/// What comes of a script, run by the scenario engine.
#[derive(Debug)]
pub enum Played {
    /// It fails, as it should: what it expects is not so. With the run's transcript.
    Fails(Box<Run>),
    /// It succeeds, and so shows nothing.
    ComesOff(Box<Run>),
    /// The engine gives up in it, as no engine may.
    Panics,
    /// It cannot be played, and why.
    CannotBePlayed(String),
}

impl Played {
    /// Whether the script shows what it was made for.
    #[must_use]
    pub fn shows_it(&self) -> bool {
        matches!(self, Played::Fails(_) | Played::Panics)
    }

    /// The run, with its transcript, as far as it came.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        match self {
            Played::Fails(run) | Played::ComesOff(run) => Some(run),
            Played::Panics | Played::CannotBePlayed(_) => None,
        }
    }
}

/// Runs a script of one scenario. With a flaw it shows only where that is on in this thread.
#[must_use]
pub fn play(text: &str) -> Played {
    let script = match Script::parse("counterexample.feature", text) {
        Ok(script) => script,
        Err(errors) => {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            return Played::CannotBePlayed(errors.join("\n"));
        }
    };
    let Some(scenario) = script.scenarios.first() else {
        return Played::CannotBePlayed("no scenario".to_owned());
    };
    let ran = panic::catch_unwind(AssertUnwindSafe(|| {
        run(scenario, scenario.suite_or(None), SEED)
    }));
    let Ok(ran) = ran else {
        return Played::Panics;
    };
    match &ran.failure {
        None => Played::ComesOff(Box::new(ran)),
        Some(failure) => match &failure.reason {
            StepFailure::Expectation { .. } => Played::Fails(Box::new(ran)),
            reason => {
                let (line, step) = (failure.line, &failure.text);
                Played::CannotBePlayed(format!("line {line}, `{step}`: {reason}"))
            }
        },
    }
}

/// Whether a script fails where it is run, as one that shows something must.
#[must_use]
pub fn confirm(text: &str) -> bool {
    play(text).shows_it()
}
