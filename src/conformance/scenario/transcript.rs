//! The transcript of a run: JSON Lines, one line an event, so that the run can be made again and compared
//! byte for byte (`docs/transcript.md`).

use crate::error_code::ErrorCode;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Answer, Request};
use crate::timestamp::Timestamp;
use crate::transfer::StateName;
use crate::transfer::table::EventName;
use crate::wallet::Report;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the transcript's form.
pub const TRANSCRIPT_VERSION: u32 = 1;

/// The first line: what has to be known to make the run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The version of this form: 1.
    pub transcript: u32,
    /// The version of the profile.
    pub profile: u32,
    /// The suite.
    pub suite: String,
    /// The script's file.
    pub file: String,
    /// The line of the scenario in it.
    pub line: usize,
    /// The scenario's name.
    pub scenario: String,
    /// The requirements that it carries.
    pub requirements: Vec<String>,
    /// What all randomness of the run is made from.
    pub seed: String,
    /// The steps, with their lines.
    pub steps: Vec<StepText>,
}

/// A step as it was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepText {
    /// Its line in the script.
    pub line: usize,
    /// Its words.
    pub text: String,
}

/// What the network did with something on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It never arrived.
    Lost,
    /// It waits.
    HeldBack,
    /// It arrived twice.
    Repeated,
    /// It arrived with a byte changed.
    Damaged,
    /// Somebody put something else in its place.
    Replaced,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fate::Lost => "lost",
            Fate::HeldBack => "held back",
            Fate::Repeated => "repeated",
            Fate::Damaged => "damaged",
            Fate::Replaced => "replaced",
        })
    }
}

/// What changed a transfer's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The device's user.
    User,
    /// Time.
    Time,
    /// A message of the other side.
    Message,
}

impl Cause {
    /// What an event of the table is caused by.
    #[must_use]
    pub fn of(event: EventName) -> Self {
        match event {
            EventName::Offer | EventName::Accept | EventName::Decline | EventName::Cancel => {
                Cause::User
            }
            EventName::Tick => Cause::Time,
            EventName::Message(_) => Cause::Message,
        }
    }
}

/// What the intermediary answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answered {
    /// It refused.
    Refused {
        /// The profile's code.
        code: ErrorCode,
    },
    /// It answered.
    Answer(Answer),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Line {
    /// A step of the script begins.
    Step {
        /// Its line.
        line: usize,
        /// Its words.
        text: String,
    },
    /// Time has come to a point.
    Time {
        /// Seconds since 1970.
        now: Timestamp,
    },
    /// A device was started, stopped or put back from its saved state.
    Device {
        /// The device.
        device: String,
        /// What happened to it.
        what: String,
        /// Its address, where it is new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
    },
    /// A request left a device for the intermediary.
    Request {
        /// The device.
        device: String,
        /// What became of it, where it did not simply arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fate: Option<Fate>,
        /// The request.
        request: Box<Request>,
    },
    /// An answer left the intermediary for a device.
    Answer {
        /// The device.
        device: String,
        /// What became of it, where it did not simply arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fate: Option<Fate>,
        /// The answer.
        answer: Box<Answered>,
    },
    /// A transfer changed its state on a device.
    State {
        /// The device.
        device: String,
        /// The transfer.
        transfer: TransferId,
        /// What changed it.
        by: Cause,
        /// The state before, if there was one.
        before: Option<StateName>,
        /// The state after.
        after: StateName,
    },
    /// A device reported something to its user.
    Report {
        /// The device.
        device: String,
        /// What.
        report: Report,
    },
    /// A device refused what its user asked for.
    Refused {
        /// The device.
        device: String,
        /// The profile's code, or a subject's own.
        code: String,
    },
}

/// A transcript: its header and its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The first line.
    pub header: Header,
    /// The other lines.
    pub events: Vec<Line>,
}

/// Text that is no transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for TranscriptError {}

impl Transcript {
    /// So many bytes a transcript's file has at most: 16 MiB.
    pub const MOST_BYTES: u64 = 16 << 20;

    /// The text: a line an event, each ended by a line feed.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let mut text = line(&self.header);
        for event in &self.events {
            text.push_str(&line(event));
        }
        text
    }

    /// Reads the text.
    ///
    /// # Errors
    /// The first line that is not one of a transcript.
    pub fn from_lines(text: &str) -> Result<Self, TranscriptError> {
        let mut lines = text.lines().zip(1..);
        let (first, _) = lines.next().ok_or_else(|| TranscriptError {
            line: 1,
            reason: "an empty file is no transcript".to_owned(),
        })?;
        let header: Header = parse(first, 1)?;
        if header.transcript != TRANSCRIPT_VERSION {
            return Err(TranscriptError {
                line: 1,
                reason: format!(
                    "transcript version {}; this build reads version {TRANSCRIPT_VERSION}",
                    header.transcript
                ),
            });
        }
        let events = lines
            .map(|(text, line)| parse(text, line))
            .collect::<Result<_, _>>()?;
        Ok(Transcript { header, events })
    }
}

fn line(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(mut text) => {
            text.push('\n');
            text
        }
        Err(_) => unreachable!("every map of a transcript has keys that JSON can write"),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str, line: usize) -> Result<T, TranscriptError> {
    serde_json::from_str(text).map_err(|error| TranscriptError {
        line,
        reason: error.to_string(),
    })
}
