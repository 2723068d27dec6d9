//! The transcript of a run: JSON Lines, one line an event, so that the run can be made again and compared
//! byte for byte (`docs/transcript.md`).

use super::limits;
use crate::error_code::ErrorCode;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Answer, Request};
use crate::timestamp::Timestamp;
use crate::transfer::StateName;
use crate::transfer::table::EventName;
use crate::wallet::Report;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// The version of the transcript's form.
pub const TRANSCRIPT_VERSION: u32 = 1;

/// The program that makes transcripts, and its version.
pub const PROGRAM: &str = concat!("tigress ", env!("CARGO_PKG_VERSION"));

/// The first line: what has to be known to make the run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The version of this form: 1.
    pub transcript: u32,
    /// The program that made it, and its version.
    pub program: String,
    /// The version of the profile.
    pub profile: u32,
    /// The suite.
    pub suite: String,
    /// The script's file.
    pub file: String,
    /// The SHA-256 of that file, in hex.
    pub digest: String,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// It was held back, and arrived now.
    Late,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fate::Lost => "lost",
            Fate::HeldBack => "held back",
            Fate::Repeated => "repeated",
            Fate::Damaged => "damaged",
            Fate::Replaced => "replaced",
            Fate::Late => "late",
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
            EventName::Out | EventName::Message(_) => Cause::Message,
        }
    }
}

/// What the intermediary answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "it is shared wherever it stands")]
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
        #[serde(with = "shared")]
        request: Arc<Request>,
    },
    /// An answer left the intermediary for a device.
    Answer {
        /// The device.
        device: String,
        /// What became of it, where it did not simply arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fate: Option<Fate>,
        /// The answer.
        #[serde(with = "shared")]
        answer: Arc<Answered>,
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

/// What is shared is written as if it were not.
mod shared {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(value, serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}

/// The last line: how the run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", deny_unknown_fields)]
pub enum Outcome {
    /// Every step succeeded, and what must hold in every run held.
    Passed {},
    /// It ended early.
    Failed {
        /// The line of the step that did not succeed.
        line: usize,
        /// Its words.
        text: String,
        /// Why it did not.
        reason: String,
    },
}

/// A transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The first line.
    pub header: Header,
    /// What happened, a line an event.
    pub events: Vec<Line>,
    /// The last line.
    pub outcome: Outcome,
}

/// A field of a header that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where in the header, as a JSON pointer.
    pub place: String,
    /// What it was.
    pub recorded: Value,
    /// What it is now.
    pub now: Value,
}

impl Header {
    fn value(&self) -> Value {
        serde_json::to_value(self)
            .unwrap_or_else(|_| unreachable!("every map of it has keys that JSON can write"))
    }

    /// The first difference in each field between what was recorded and what is so now.
    #[must_use]
    pub fn changes(&self, now: &Header) -> Vec<Change> {
        let (recorded, now) = (self.value(), now.value());
        let fields = recorded.as_object().into_iter().flatten();
        fields
            .filter_map(|(name, recorded)| {
                first_difference(&format!("/{name}"), recorded, &now[name])
            })
            .collect()
    }
}

/// The first difference of two values, by its place.
fn first_difference(place: &str, recorded: &Value, now: &Value) -> Option<Change> {
    if recorded == now {
        return None;
    }
    let inside = match (recorded, now) {
        (Value::Array(one), Value::Array(two)) => one
            .iter()
            .chain(std::iter::repeat(&Value::Null))
            .zip(two.iter().chain(std::iter::repeat(&Value::Null)))
            .take(one.len().max(two.len()))
            .zip(0..)
            .find_map(|((one, two), index)| {
                first_difference(&format!("{place}/{index}"), one, two)
            }),
        (Value::Object(one), Value::Object(two)) => one.iter().find_map(|(name, one)| {
            first_difference(&format!("{place}/{name}"), one, two.get(name)?)
        }),
        _ => None,
    };
    inside.or_else(|| {
        Some(Change {
            place: place.to_owned(),
            recorded: recorded.clone(),
            now: now.clone(),
        })
    })
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
        text.push_str(&line(&self.outcome));
        text
    }

    /// Reads the text. Lines may end as they do on Windows, and the last one may have no end.
    ///
    /// # Errors
    /// The first line that is none of a transcript, or longer than [`limits::TRANSCRIPT_LINE`]; the first that is one too many,
    /// by [`limits::EVENTS`] and [`limits::STEPS`]; the last, where it does not say how the run ended.
    pub fn from_lines(text: &str) -> Result<Self, TranscriptError> {
        if text.len() as u64 > Self::MOST_BYTES {
            let most = Self::MOST_BYTES;
            let reason = format!("{} bytes; a transcript has {most} at most", text.len());
            return Err(TranscriptError { line: 1, reason });
        }
        let mut lines = text.lines().zip(1..).peekable();
        let (first, _) = lines.next().unwrap_or(("", 1));
        let header = header(first)?;
        let mut events = Vec::new();
        while let Some((text, line)) = lines.next() {
            if lines.peek().is_none() {
                let outcome = parse(text, line).map_err(|error| TranscriptError {
                    line,
                    reason: format!(
                        "the last line says that the run passed or failed: {}",
                        error.reason
                    ),
                })?;
                return Ok(Transcript {
                    header,
                    events,
                    outcome,
                });
            }
            if events.len() == limits::EVENTS {
                let most = limits::EVENTS;
                let reason = format!("one event too many; a transcript has {most} at most");
                return Err(TranscriptError { line, reason });
            }
            events.push(parse(text, line)?);
        }
        Err(TranscriptError {
            line: 2,
            reason: "nothing; the last line says that the run passed or failed".to_owned(),
        })
    }
}

fn header(text: &str) -> Result<Header, TranscriptError> {
    /// What a line of any version says.
    #[derive(Deserialize)]
    struct Version {
        transcript: u32,
    }
    let fault = |reason| Err(TranscriptError { line: 1, reason });
    if text.is_empty() {
        return fault("nothing, where a transcript has its header".to_owned());
    }
    let Version { transcript } = parse(text, 1)?;
    if transcript != TRANSCRIPT_VERSION {
        return fault(format!(
            "transcript version {transcript}; this build reads version {TRANSCRIPT_VERSION}"
        ));
    }
    let header: Header = parse(text, 1)?;
    if header.steps.is_empty() {
        return fault("a run without a step, which shows nothing".to_owned());
    }
    if header.steps.len() > limits::STEPS {
        let (steps, most) = (header.steps.len(), limits::STEPS);
        return fault(format!("{steps} steps; a scenario has {most} at most"));
    }
    Ok(header)
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
    let fault = |reason| TranscriptError { line, reason };
    if text.len() > limits::TRANSCRIPT_LINE {
        let (bytes, most) = (text.len(), limits::TRANSCRIPT_LINE);
        return Err(fault(format!("{bytes} bytes; a line has {most} at most")));
    }
    serde_json::from_str(text).map_err(|error| {
        // It counts lines of its own.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = error.to_string();
        let reason = reason.strip_suffix(&place).unwrap_or(&reason);
        fault(format!("column {}: {reason}", error.column()))
    })
}
