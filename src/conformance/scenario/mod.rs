//! Scenarios: scripts in English that run, and what is kept of a run.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`script`] | Gherkin, held to the vocabulary before anything runs |
//! | [`vocabulary`] | the words of the steps |
//! | [`library`] | the scripts inside the program, and those of a folder |
//! | [`transcript`] | a run as JSON Lines |
//! | [`diagram`] | a transcript as a sequence diagram |
//! | [`view`] | what the intermediary learned, from a transcript |
//!
//! Not public: what the steps do, and the world that they do it in.

pub mod diagram;
pub mod library;
pub mod script;
mod steps;
pub mod transcript;
pub mod view;
pub mod vocabulary;
mod world;

pub use script::{Scenario, Script};
pub use world::StepFailure;

use super::FileError;
use transcript::{Event, Header, StepText, TRANSCRIPT_VERSION, Transcript};
use vocabulary::Vocabulary;
use world::World;

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Run {
    /// What happened.
    pub transcript: Transcript,
    /// Where it ended early, and why.
    pub failure: Option<Failure>,
}

/// A step that did not come off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its line.
    pub line: usize,
    /// Its words.
    pub text: String,
    /// Why.
    pub reason: StepFailure,
}

/// Runs a scenario with the reference engine in every role. All randomness is made from `seed`.
#[must_use]
pub fn run(scenario: &Scenario, seed: &str) -> Run {
    let header = Header {
        transcript: TRANSCRIPT_VERSION,
        profile: super::PROFILE_VERSION,
        suite: "tigress-1".to_owned(),
        file: scenario.file.clone(),
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
    };
    let mut world = World::new(seed);
    let mut failure = None;
    for step in &scenario.steps {
        world.lines.push(Event::Step {
            line: step.line,
            text: step.text.clone(),
        });
        if let Err(reason) = (step.call.definition.run)(&mut world, &step.call) {
            failure = Some(Failure {
                line: step.line,
                text: step.text.clone(),
                reason,
            });
            break;
        }
    }
    if let (None, Some(reason), Some(last)) = (&failure, world.unused_rule(), scenario.steps.last())
    {
        failure = Some(Failure {
            line: last.line,
            text: last.text.clone(),
            reason: StepFailure::Script(reason),
        });
    }
    Run {
        transcript: Transcript {
            header,
            events: world.lines,
        },
        failure,
    }
}

/// Makes the run of a transcript again, from its header alone.
///
/// # Errors
/// Where a step of the header is none of the vocabulary.
pub fn replay(header: &Header) -> Result<Run, FileError> {
    let vocabulary = Vocabulary::get();
    let steps = header.steps.iter().map(|step| {
        let call = vocabulary
            .find(&step.text)
            .map_err(|reason| FileError::at(&header.file, step.line, reason))?;
        Ok(script::Step {
            line: step.line,
            text: step.text.clone(),
            call,
        })
    });
    let scenario = Scenario {
        file: header.file.clone(),
        name: header.scenario.clone(),
        line: header.line,
        requirements: header.requirements.clone(),
        steps: steps.collect::<Result<_, _>>()?,
    };
    Ok(run(&scenario, &header.seed))
}
