//! Plays a conversation between two subjects, or with one of them replaced by what it said.

use super::conversation::Conversation;
use super::party::Party;
use super::stage::Stage;
use super::transcript::{self, Asked, Failure, Header, Line, Outcome, Player, Transcript};
use super::vocabulary;
use crate::conformance::scenario::transcript::PROGRAM;
use crate::conformance::subject::{self, Description, RandomnessSource, Subject};
use crate::conformance::{PROFILE_VERSION, suites};
use crate::suite::SuiteRef;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How conversations are played.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The suite.
    pub suite: SuiteRef,
    /// What all randomness that is handed in is made from.
    pub seed: String,
    /// How long one may take.
    pub bound: Duration,
}

impl Terms {
    fn label(seed: &str, conversation: &str) -> String {
        format!("interop/{seed}/{conversation}")
    }
}

/// Plays a conversation; the first subject is Ben.
pub fn play(
    conversation: &Conversation,
    terms: &Terms,
    subjects: [&mut dyn Subject; 2],
    players: [&Player; 2],
) -> Transcript {
    let label = Terms::label(&terms.seed, &conversation.name);
    let deadline = Instant::now().checked_add(terms.bound);
    let mut stage = Stage::new(terms.suite, label, subjects, deadline);
    let mut outcome = stage.whole(&conversation.steps);
    stage.settle(&mut outcome);
    Transcript {
        header: header(conversation, terms, players),
        lines: stage.lines,
        outcome,
    }
}

/// The header of a conversation's transcript.
pub(super) fn header(conversation: &Conversation, terms: &Terms, players: [&Player; 2]) -> Header {
    let [initiator, responder] = players.map(Clone::clone);
    let steps = conversation.steps.iter();
    Header {
        interop: transcript::VERSION,
        program: PROGRAM.to_owned(),
        profile: PROFILE_VERSION,
        suite: terms.suite.name().to_owned(),
        conversation: conversation.name.clone(),
        file: conversation.file.clone(),
        digest: conversation.digest.clone(),
        seed: terms.seed.clone(),
        steps: steps.map(|(step, _)| step.clone()).collect(),
        initiator,
        responder,
    }
}

/// One side of a transcript, which says again what it said, whatever it is asked.
struct Recorded {
    answers: VecDeque<Asked>,
    /// Whether it was asked for more than was recorded.
    has_ended: bool,
}

impl Subject for Recorded {
    fn describe(&self) -> Description {
        Description {
            // What it drew, it drew.
            randomness: RandomnessSource::Injected,
            ..Description::default()
        }
    }

    fn reset(&mut self, _suite: &str) -> Result<(), subject::Failure> {
        Ok(())
    }

    fn call(&mut self, method: &str, _params: Value) -> Result<Value, subject::Failure> {
        match self.answers.pop_front() {
            Some(asked) if asked.method == method => asked.answer.replayed(),
            Some(asked) => Err(subject::Failure::Broken(format!(
                "the transcript goes on with `{}`, and not with `{method}`",
                asked.method
            ))),
            None => {
                self.has_ended = true;
                Err(subject::Failure::Broken(
                    "the transcript ends here".to_owned(),
                ))
            }
        }
    }
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// How it ended; none where it came to the end of what was recorded, and everything succeeded until there.
    pub outcome: Option<Outcome>,
    /// How many answers were held against those that were recorded.
    pub compared: usize,
    /// Those that are other than recorded: the method, what was recorded, what it is now.
    pub differences: Vec<(String, String, String)>,
}

impl Replay {
    /// Whether everything succeeded.
    #[must_use]
    pub fn is_well(&self) -> bool {
        matches!(self.outcome, None | Some(Outcome::Passed {}))
    }

    /// The step that did not succeed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Some(Outcome::Failed(failure)) => Some(failure),
            _ => None,
        }
    }
}

/// Plays a transcript again, with a subject in the part of one party; the other one says what it said.
///
/// # Errors
/// Where this build does not speak its suite, or a step of it is none of the vocabulary.
pub fn replay(
    transcript: &Transcript,
    live: Party,
    subject: &mut dyn Subject,
    bound: Duration,
) -> Result<Replay, String> {
    let header = &transcript.header;
    let suite = suites::find(&header.suite).map_err(|error| error.to_string())?;
    let steps: Vec<_> = header
        .steps
        .iter()
        .map(|step| {
            let call = vocabulary::find(&step.text);
            call.map(|call| (step.clone(), call))
                .map_err(|reason| format!("{}:{}: {reason}", header.file, step.line))
        })
        .collect::<Result<_, _>>()?;
    let of = |party: Party| -> VecDeque<Asked> {
        let asked = transcript.lines.iter().filter_map(|line| match line {
            Line::Asked(asked) if asked.party == party => Some(asked.clone()),
            Line::Asked(_) | Line::Step(_) => None,
        });
        asked.collect()
    };
    let mut recorded = Recorded {
        answers: of(live.other()),
        has_ended: false,
    };
    let subjects: [&mut dyn Subject; 2] = match live {
        Party::Ben => [subject, &mut recorded],
        Party::Ryan => [&mut recorded, subject],
    };
    let label = Terms::label(&header.seed, &header.conversation);
    let mut stage = Stage::new(suite, label, subjects, Instant::now().checked_add(bound));
    stage.follow(live, of(live));
    let mut outcome = stage.whole(&steps);
    stage.settle(&mut outcome);
    let (compared, differences) = (stage.compared, std::mem::take(&mut stage.differences));
    Ok(Replay {
        outcome: (!recorded.has_ended).then_some(outcome),
        compared,
        differences,
    })
}
