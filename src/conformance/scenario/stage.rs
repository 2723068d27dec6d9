//! Scenarios under way: runs, and what comes of them.

use super::property;
use super::script::{Scenario, Step};
use super::step_failure::StepFailure;
use super::transcript::{Header, Line, Outcome, PROGRAM, StepText, TRANSCRIPT_VERSION, Transcript};
use super::world::{Cast, World};
use crate::conformance::suites;
use crate::conformance::{FileError, PROFILE_VERSION};
use crate::identifier::TransferId;
use crate::suite::SuiteRef;
use crate::transfer::StateName;

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Run {
    /// What happened.
    pub transcript: Transcript,
    /// Where it ended early, and why.
    pub failure: Option<Failure>,
}

/// A step that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its line.
    pub line: usize,
    /// Its words.
    pub text: String,
    /// Why.
    pub reason: StepFailure,
}

/// What all randomness of a scenario is made from where nobody says.
pub const SEED: &str = "1";

/// Runs a scenario with the reference engine in every role, in a suite. All randomness is made from `seed`.
#[must_use]
pub fn run(scenario: &Scenario, suite: SuiteRef, seed: &str) -> Run {
    run_with(scenario, suite, seed, Cast::default())
}

/// Runs a scenario with others beside the reference engine: a subject in the part of one device, or who keeps the sessions.
#[must_use]
pub fn run_with(scenario: &Scenario, suite: SuiteRef, seed: &str, cast: Cast<'_>) -> Run {
    let mut stage = Stage {
        world: World::new(suite, seed, cast),
    };
    let failure = stage.whole(scenario);
    let outcome = match &failure {
        None => Outcome::Passed {},
        Some(failure) => Outcome::Failed {
            line: failure.line,
            text: failure.text.clone(),
            reason: failure.reason.to_string(),
        },
    };
    Run {
        transcript: Transcript {
            header: header(scenario, suite, seed),
            events: stage.world.lines,
            outcome,
        },
        failure,
    }
}

/// The header that a run's transcript has.
#[must_use]
pub fn header(scenario: &Scenario, suite: SuiteRef, seed: &str) -> Header {
    Header {
        transcript: TRANSCRIPT_VERSION,
        program: PROGRAM.to_owned(),
        profile: PROFILE_VERSION,
        suite: suite.name().to_owned(),
        file: scenario.file.clone(),
        digest: scenario.digest.clone(),
        line: scenario.line,
        scenario: scenario.name.clone(),
        requirements: scenario.requirements.clone(),
        seed: seed.to_owned(),
        steps: scenario
            .steps
            .iter()
            .map(|step| StepText {
                line: step.line,
                text: step.text.clone(),
            })
            .collect(),
    }
}

/// A scenario under way, a step at a time. A copy of it goes on by itself, without the subject where there is one.
#[derive(Clone)]
pub struct Stage<'a> {
    world: World<'a>,
}

impl Stage<'_> {
    /// Nobody is there yet. All randomness is made from `seed`.
    #[must_use]
    pub fn new(suite: SuiteRef, seed: &str) -> Self {
        Stage {
            world: World::new(suite, seed, Cast::default()),
        }
    }

    /// Plays a step.
    ///
    /// # Errors
    /// Where it does not succeed.
    pub fn play(&mut self, step: &Step) -> Result<(), StepFailure> {
        self.world.lines.push(Line::Step {
            line: step.line,
            text: step.text.clone(),
        });
        (step.call.definition.run)(&mut self.world, &step.call)
    }

    /// Whether the run, as far as it is, keeps what must hold in every run.
    ///
    /// # Errors
    /// The first property that is broken.
    pub fn properties(&self) -> Result<(), StepFailure> {
        if let Some(device) = self.world.overheard.first() {
            let got = format!("{device} did");
            let expected = "nobody encrypts to a key that the intermediary has drawn";
            return Err(StepFailure::differs(expected, got));
        }
        match property::broken(&self.world.lines) {
            Some((property, got)) => Err(StepFailure::differs(property.words(), got)),
            None => Ok(()),
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn events(&self) -> &[Line] {
        &self.world.lines
    }

    /// Whether a device is online; where it is not there, it is not.
    #[must_use]
    pub fn is_online(&self, device: &str) -> bool {
        self.world.people.is_online(device)
    }

    /// Whether nothing is under way: nothing waits on the network or at the intermediary, and no device for an answer.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.world.is_at_rest()
    }

    /// The transfer that the script calls by that name, where something was offered under it.
    #[must_use]
    pub fn transfer(&self, name: &str) -> Option<TransferId> {
        self.world.people.transfer(name).ok()
    }

    /// The state that a transfer has on a device, by the script's names for both.
    ///
    /// # Errors
    /// Where either is unknown.
    pub fn state(&self, device: &str, transfer: &str) -> Result<Option<StateName>, StepFailure> {
        self.world.people.state(device, transfer)
    }

    /// Plays a scenario to its end: where it ends early, and why.
    fn whole(&mut self, scenario: &Scenario) -> Option<Failure> {
        let failure = |step: &Step, reason| Failure {
            line: step.line,
            text: step.text.clone(),
            reason,
        };
        for step in &scenario.steps {
            if let Err(reason) = self.play(step) {
                return Some(failure(step, reason));
            }
        }
        let reason = self.ending().err()?;
        Some(match scenario.steps.last() {
            Some(last) => failure(last, reason),
            None => Failure {
                line: scenario.line,
                text: scenario.name.clone(),
                reason,
            },
        })
    }

    /// What must hold where a script has come to its end: the properties, and that no fault is left over.
    fn ending(&self) -> Result<(), StepFailure> {
        self.properties()?;
        let unused = self.world.network.unused_rule();
        match unused.or_else(|| self.world.intermediary.unused_lie()) {
            Some(reason) => Err(StepFailure::Script(reason)),
            None => Ok(()),
        }
    }
}

/// Makes the run of a transcript again, from its header alone.
///
/// # Errors
/// Where this build does not speak its suite, or a step of the header is none of the vocabulary.
pub fn replay(header: &Header) -> Result<Run, FileError> {
    let suite = suites::find(&header.suite)
        .map_err(|error| FileError::of(&header.file, error.to_string()))?;
    let steps = header.steps.iter().map(|step| {
        Step::parse(step.line, &step.text)
            .map_err(|reason| FileError::at(&header.file, step.line, reason))
    });
    let scenario = Scenario {
        file: header.file.clone(),
        digest: header.digest.clone(),
        name: header.scenario.clone(),
        line: header.line,
        requirements: header.requirements.clone(),
        suite: Some(suite),
        with_libraries: false,
        steps: steps.collect::<Result<_, _>>()?,
    };
    Ok(run(&scenario, suite, &header.seed))
}
