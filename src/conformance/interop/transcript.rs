//! The transcript of a conversation: JSON Lines, every question and its answer, so that either side can be replaced by what
//! it said (`docs/conversations.md`).

use super::party::Party;
use crate::conformance::json;
use crate::conformance::run::Cause;
use crate::conformance::scenario::transcript::StepText;
use crate::conformance::subject::{self, Description};
use crate::hex::Hex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of this form.
pub const VERSION: u32 = 1;
/// So many bytes the questions and answers of a conversation have at most: 16 MiB.
pub const MOST_BYTES: usize = 16 << 20;
/// So many bytes a transcript's file has at most: [`MOST_BYTES`], and the words around them.
pub const MOST_FILE_BYTES: u64 = 64 << 20;
/// So many lines a transcript has at most, the header and the last one left out.
pub const MOST_LINES: usize = 20_000;
/// So many values a line has at most.
const MOST_VALUES: usize = 300_000;

/// The first line: what has to be known to play the conversation again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The version of this form: 1.
    pub interop: u32,
    /// The program that made it, and its version.
    pub program: String,
    /// The version of the profile.
    pub profile: u32,
    /// The suite.
    pub suite: String,
    /// The conversation's name.
    pub conversation: String,
    /// The script's file.
    pub file: String,
    /// The SHA-256 of that file, in hex.
    pub digest: String,
    /// What all randomness that is handed in is made from.
    pub seed: String,
    /// The steps, with their lines.
    pub steps: Vec<StepText>,
    /// Who played Ben.
    pub initiator: Player,
    /// Who played Ryan.
    pub responder: Player,
}

impl Header {
    /// Who played a party.
    #[must_use]
    pub fn player(&self, party: Party) -> &Player {
        match party {
            Party::Ben => &self.initiator,
            Party::Ryan => &self.responder,
        }
    }
}

/// Who played a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Player {
    /// What the matrix calls it.
    pub label: String,
    /// What it says of itself.
    pub description: Description,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Line {
    /// A step of the script begins.
    Step(StepText),
    /// A party was asked.
    Asked(Asked),
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Who was asked.
    pub party: Party,
    /// The method.
    pub method: String,
    /// Its parameters.
    pub params: Value,
    /// What came back.
    #[serde(flatten)]
    pub answer: Answer,
    /// The state afterwards, as the party saved it: where it drew its own randomness, for a replay to go on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Hex>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It was carried out.
    Result(Value),
    /// It was refused.
    Refused(Refusal),
    /// It is not offered: the method.
    NotImplemented(String),
    /// There was no answer that could be judged, and why.
    Broken(String),
    /// There was no answer in time.
    TimedOut(String),
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The implementation's own name for it.
    pub error: String,
    /// What it says of it.
    pub message: String,
}

impl Answer {
    pub(super) fn of(method: &str, answer: Result<Value, subject::Failure>) -> Self {
        match answer {
            Ok(value) => Answer::Result(value),
            Err(subject::Failure::Rejected { error, message }) => {
                Answer::Refused(Refusal { error, message })
            }
            Err(subject::Failure::NotImplemented) => Answer::NotImplemented(method.to_owned()),
            Err(subject::Failure::Broken(why)) => Answer::Broken(why),
            Err(subject::Failure::TimedOut(why)) => Answer::TimedOut(why),
        }
    }

    /// The answer of a subject that says this.
    pub(super) fn replayed(self) -> Result<Value, subject::Failure> {
        match self {
            Answer::Result(value) => Ok(value),
            Answer::Refused(Refusal { error, message }) => {
                Err(subject::Failure::Rejected { error, message })
            }
            Answer::NotImplemented(_) => Err(subject::Failure::NotImplemented),
            Answer::Broken(why) => Err(subject::Failure::Broken(why)),
            Answer::TimedOut(why) => Err(subject::Failure::TimedOut(why)),
        }
    }

    /// In a few words, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Answer::Result(value) => value.to_string(),
            Answer::Refused(Refusal { error, message }) => {
                format!("refused with `{error}`: {message}")
            }
            Answer::NotImplemented(method) => format!("`{method}` is not implemented"),
            Answer::Broken(why) | Answer::TimedOut(why) => why.clone(),
        }
    }
}

/// How a conversation went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Outcome {
    /// Every step succeeded.
    Passed {},
    /// One did not.
    Failed(Failure),
    /// It could not be played, and why.
    Skipped {
        /// Whose answer it was.
        party: Party,
        /// Why.
        reason: String,
    },
}

/// A step that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its line in the script.
    pub line: usize,
    /// Its words.
    pub text: String,
    /// Who was asked.
    pub party: Party,
    /// What it was asked: a method.
    pub asked: String,
    /// What kind of failure it is.
    pub cause: Cause,
    /// What the step expects.
    pub expected: String,
    /// What came back.
    pub got: String,
    /// The name of the error, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A conversation that was played.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The first line.
    pub header: Header,
    /// What happened, in order.
    pub lines: Vec<Line>,
    /// The last line.
    pub outcome: Outcome,
}

impl Transcript {
    /// The text: a line an event, each ended by a line feed.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let mut text = written(&self.header);
        for line in &self.lines {
            text.push_str(&written(line));
        }
        text.push_str(&written(&self.outcome));
        text
    }

    /// Reads the text.
    ///
    /// # Errors
    /// The first line, from 1, that is none of a transcript, and why.
    pub fn from_lines(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = text.lines().zip(1..).peekable();
        let (first, _) = lines.next().unwrap_or_default();
        let header: Header = read(first).map_err(|reason| (1, reason))?;
        if header.interop != VERSION {
            let version = header.interop;
            let reason = format!("version {version} of the form; this build reads {VERSION}");
            return Err((1, reason));
        }
        let mut events = Vec::new();
        while let Some((text, number)) = lines.next() {
            let fault = |reason| (number, reason);
            if lines.peek().is_none() {
                let outcome = read(text)
                    .map_err(|reason| fault(format!("the last line says how it went: {reason}")))?;
                return Ok(Transcript {
                    header,
                    lines: events,
                    outcome,
                });
            }
            if events.len() == MOST_LINES {
                return Err(fault(format!(
                    "a transcript has {MOST_LINES} lines at most"
                )));
            }
            events.push(read(text).map_err(fault)?);
        }
        Err((2, "nothing; the last line says how it went".to_owned()))
    }
}

fn written(value: &impl Serialize) -> String {
    let Ok(mut text) = serde_json::to_string(value) else {
        unreachable!("every map of a transcript has keys that JSON can write")
    };
    text.push('\n');
    text
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let value = json::read(text, MOST_VALUES).map_err(|error| error.to_string())?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read() {
        let player = |label: &str| Player {
            label: label.to_owned(),
            description: Description::default(),
        };
        let answers = [
            Answer::Result(json!({ "a": 1 })),
            Answer::Refused(Refusal {
                error: "E".to_owned(),
                message: "m".to_owned(),
            }),
            Answer::NotImplemented("device.save".to_owned()),
            Answer::Broken("b".to_owned()),
            Answer::TimedOut("t".to_owned()),
        ];
        let asked = |answer| {
            Line::Asked(Asked {
                party: Party::Ryan,
                method: "device.save".to_owned(),
                params: json!({}),
                answer,
                state: Some(Hex(vec![1])),
            })
        };
        let step = StepText {
            line: 3,
            text: "Ben restarts".to_owned(),
        };
        let transcript = Transcript {
            header: Header {
                interop: VERSION,
                program: "p".to_owned(),
                profile: 2,
                suite: "s".to_owned(),
                conversation: "c".to_owned(),
                file: "f".to_owned(),
                digest: String::new(),
                seed: "1".to_owned(),
                steps: vec![step.clone()],
                initiator: player("i"),
                responder: player("r"),
            },
            lines: std::iter::once(Line::Step(step))
                .chain(answers.map(asked))
                .collect(),
            outcome: Outcome::Skipped {
                party: Party::Ben,
                reason: "why".to_owned(),
            },
        };
        let text = transcript.to_lines();
        assert_eq!(Transcript::from_lines(&text), Ok(transcript));
        let cut = text.lines().take(2).collect::<Vec<_>>().join("\n");
        assert_eq!(
            Transcript::from_lines(&cut).map_err(|(line, _)| line),
            Err(2)
        );
        let other = text.replacen("\"interop\":1", "\"interop\":9", 1);
        let (line, why) = Transcript::from_lines(&other).expect_err("refused");
        assert!(line == 1 && why.starts_with("version 9"), "{why}");
    }
}
