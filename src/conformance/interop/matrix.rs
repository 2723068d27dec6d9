//! What comes of it when everybody plays with everybody (`docs/conversations.md`).

use super::party::Party;
use super::transcript::{Failure, Outcome};
use crate::conformance::FileError;
use crate::conformance::files;
use crate::conformance::json;
use crate::conformance::run::Cause;
use crate::conformance::subject::{Description, RandomnessSource};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The version of this form.
pub const VERSION: u32 = 1;
/// So many bytes a matrix has at most, as a file: 32 MiB.
const MOST_BYTES: u64 = 32 << 20;
/// So many values it has at most.
const MOST_VALUES: usize = 1_000_000;

/// Who speaks with whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Matrix {
    /// The version of this form: 1.
    pub interop: u32,
    /// The program that made it, and its version.
    pub program: String,
    /// The day on which it was made.
    pub date: String,
    /// The version of the profile.
    pub profile: u32,
    /// The suite.
    pub suite: String,
    /// What all randomness that is handed in is made from.
    pub seed: String,
    /// What was played.
    pub conversations: Vec<Played>,
    /// Who took part, in the order of rows and columns.
    pub peers: Vec<Participant>,
    /// Who did not, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Absent>,
    /// A cell for each pair, row by row.
    pub cells: Vec<Cell>,
    /// Whole transfers, where they were played: a matrix of its own, whose conversations are scenarios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers: Option<Box<Matrix>>,
    /// Whether a signal ended it early.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

/// What pairs play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plays {
    /// Conversations between devices.
    Conversations,
    /// Scenarios with a library under each wallet.
    Transfers,
}

impl Plays {
    /// What one calls several of them.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Plays::Conversations => "conversations",
            Plays::Transfers => "scenarios",
        }
    }

    /// What stands in the rows.
    #[must_use]
    pub fn rows(self) -> &'static str {
        match self {
            Plays::Conversations => "initiator",
            Plays::Transfers => "Ben's wallets",
        }
    }
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The clause that it rests on.
    pub clause: String,
    /// Why it must succeed.
    pub reason: String,
    /// The requirements of the profile that say the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
}

/// Somebody who took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Name and version.
    pub label: String,
    /// Where its randomness comes from.
    pub randomness: RandomnessSource,
    /// The licence of what is behind it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What it did that no conversation can be charged with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

impl Participant {
    pub(super) fn new(label: String, description: &Description, licence: Option<&str>) -> Self {
        Participant {
            label,
            randomness: description.randomness,
            licence: licence.map(str::to_owned),
            faults: Vec::new(),
        }
    }
}

/// Somebody who did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// Name and version, or the command.
    pub label: String,
    /// Why.
    pub reason: String,
}

/// What a pair came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Who played Ben.
    pub initiator: String,
    /// Who played Ryan.
    pub responder: String,
    /// How many conversations succeeded.
    pub passed: usize,
    /// The others, in the order of the conversations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
}

/// A conversation that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Other {
    /// Its name.
    pub conversation: String,
    /// Why.
    pub why: Why,
    /// The file of its transcript, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
}

/// Why a conversation did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// A step did not succeed.
    Failed(Failure),
    /// It could not be played.
    Skipped(String),
}

impl Cell {
    /// How many of its conversations failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failures().count()
    }

    /// How many of them were skipped.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.others.len() - self.failed()
    }

    /// Those that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&Other, &Failure)> {
        self.others.iter().filter_map(|other| match &other.why {
            Why::Failed(failure) => Some((other, failure)),
            Why::Skipped(_) => None,
        })
    }

    /// `16/16`: how many succeeded, of how many.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}/{}", self.passed, self.passed + self.others.len())
    }

    pub(super) fn enter(&mut self, conversation: &str, outcome: &Outcome, file: Option<String>) {
        let why = match outcome {
            Outcome::Passed {} => {
                self.passed += 1;
                return;
            }
            Outcome::Failed(failure) => Why::Failed(failure.clone()),
            Outcome::Skipped { party, reason } => {
                let who = match party.index() {
                    0 => &self.initiator,
                    _ => &self.responder,
                };
                Why::Skipped(format!("{who}: {reason}"))
            }
        };
        self.others.push(Other {
            conversation: conversation.to_owned(),
            why,
            transcript: file,
        });
    }
}

/// Failures that are the same: of one peer in one part, at the same step, with the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike<'a> {
    /// The conversations, in their order.
    pub conversations: Vec<&'a str>,
    /// Whose answer it was.
    pub who: &'a str,
    /// The failure, as it was first.
    pub failure: &'a Failure,
    /// With whom, in the order of the peers.
    pub with: Vec<&'a str>,
    /// Where it was first: initiator, responder, and the file of the transcript.
    pub first: (&'a str, &'a str, Option<&'a str>),
    /// How often.
    pub times: usize,
}

impl Matrix {
    /// The cell of a pair.
    #[must_use]
    pub fn cell(&self, initiator: &str, responder: &str) -> Option<&Cell> {
        let mut cells = self.cells.iter();
        cells.find(|cell| cell.initiator == initiator && cell.responder == responder)
    }

    /// The conversation of that name.
    #[must_use]
    pub fn conversation(&self, name: &str) -> Option<&Played> {
        self.conversations.iter().find(|it| it.name == name)
    }

    /// The matrix itself, where conversations were played, and that of whole transfers.
    #[must_use]
    pub fn parts(&self) -> Vec<(Plays, &Matrix)> {
        let own = (!self.conversations.is_empty()).then_some((Plays::Conversations, self));
        let transfers = self.transfers.as_deref().map(|it| (Plays::Transfers, it));
        own.into_iter().chain(transfers).collect()
    }

    /// How many conversations succeeded, failed and were skipped, in all pairs.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let sum = |count: fn(&Cell) -> usize| self.cells.iter().map(count).sum();
        [
            sum(|cell| cell.passed),
            sum(Cell::failed),
            sum(Cell::skipped),
        ]
    }

    /// The failures, those together that are the same, in the order of the conversations.
    #[must_use]
    pub fn alike(&self) -> Vec<Alike<'_>> {
        let mut all: Vec<Alike> = Vec::new();
        let mut places = BTreeMap::new();
        for conversation in &self.conversations {
            for cell in &self.cells {
                let found = cell.failures();
                for (other, failure) in found.filter(|it| it.0.conversation == conversation.name) {
                    let (who, with) = match failure.party {
                        Party::Ben => (cell.initiator.as_str(), cell.responder.as_str()),
                        Party::Ryan => (cell.responder.as_str(), cell.initiator.as_str()),
                    };
                    // Of a pair that hardly speaks at all each conversation fails for one reason.
                    let is_mute = 2 * cell.failed() > self.conversations.len();
                    let family = other.conversation.split('/').next().unwrap_or_default();
                    let key = (
                        if is_mute { "" } else { family },
                        who,
                        failure.party,
                        &failure.text,
                        failure.cause,
                        failure.likeness(),
                    );
                    let place = *places.entry(key).or_insert(all.len());
                    if place == all.len() {
                        all.push(Alike {
                            conversations: Vec::new(),
                            who,
                            failure,
                            with: Vec::new(),
                            first: (
                                &cell.initiator,
                                &cell.responder,
                                other.transcript.as_deref(),
                            ),
                            times: 0,
                        });
                    }
                    let alike = &mut all[place];
                    alike.times += 1;
                    for (list, item) in [
                        (&mut alike.conversations, conversation.name.as_str()),
                        (&mut alike.with, with),
                    ] {
                        if !list.contains(&item) {
                            list.push(item);
                        }
                    }
                }
            }
        }
        let place = |label: &str| self.peers.iter().position(|peer| peer.label == label);
        for alike in &mut all {
            alike.with.sort_by_key(|label| place(label));
        }
        all
    }

    /// What was skipped, by its reason: the conversations, and in how many plays.
    #[must_use]
    pub fn skips(&self) -> BTreeMap<&str, (BTreeSet<&str>, usize)> {
        let mut skips: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
        for other in self.cells.iter().flat_map(|cell| &cell.others) {
            if let Why::Skipped(reason) = &other.why {
                let (conversations, times) = skips.entry(reason).or_default();
                conversations.insert(&other.conversation);
                *times += 1;
            }
        }
        skips
    }

    /// Reads a matrix that was written as JSON.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn load(file: &Path) -> Result<Matrix, FileError> {
        let text = files::read(file, MOST_BYTES)?;
        let wrong = |reason: String| FileError::of(file.display().to_string(), reason);
        let value = json::read(&text, MOST_VALUES).map_err(|error| wrong(error.to_string()))?;
        let matrix: Matrix =
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        if matrix.interop != VERSION {
            let version = matrix.interop;
            return Err(wrong(format!(
                "version {version} of the form; this build reads {VERSION}"
            )));
        }
        Ok(matrix)
    }

    /// In what this run departs from one that was recorded, in either direction. Pairs and conversations that this run did
    /// not play are not looked at; what it played and was not recorded is a change.
    #[must_use]
    pub fn changes(&self, recorded: &Matrix) -> Vec<String> {
        let mut changes = Vec::new();
        if self.suite != recorded.suite {
            let (then, now) = (&recorded.suite, &self.suite);
            return vec![format!("the suite was {then}, and is {now}")];
        }
        for peer in &self.peers {
            if recorded.peers.iter().any(|then| then.label == peer.label) {
                continue;
            }
            let name = |label: &str| {
                label
                    .rsplit_once(' ')
                    .map_or("", |(name, _)| name)
                    .to_owned()
            };
            let before = recorded.peers.iter().find(|then| {
                name(&then.label) == name(&peer.label)
                    && !self.peers.iter().any(|now| now.label == then.label)
            });
            changes.push(match before {
                Some(before) => format!("{} was played, and {} is now", before.label, peer.label),
                None => format!("{} is new", peer.label),
            });
        }
        for conversation in &self.conversations {
            if recorded.conversation(&conversation.name).is_none() {
                changes.push(format!("the conversation {} is new", conversation.name));
            }
        }
        for now in &self.cells {
            let Some(then) = recorded.cell(&now.initiator, &now.responder) else {
                let is_there = |label: &str| recorded.peers.iter().any(|it| it.label == label);
                if is_there(&now.initiator) && is_there(&now.responder) {
                    changes.push(format!("{} with {} is new", now.initiator, now.responder));
                }
                continue;
            };
            for Played { name, .. } in &self.conversations {
                if recorded.conversation(name).is_none() {
                    continue;
                }
                let (was, is) = (then.how(name), now.how(name));
                if was != is {
                    let (ben, ryan) = (&now.initiator, &now.responder);
                    changes.push(format!("{ben} with {ryan}, {name}: {was}, and is {is} now"));
                }
            }
        }
        match (&self.transfers, &recorded.transfers) {
            (Some(now), Some(then)) => changes.extend(now.changes(then)),
            (Some(_), None) => changes.push("whole transfers are new".to_owned()),
            (None, _) => {}
        }
        changes
    }
}

impl Failure {
    /// The answer's beginning, without its numbers: where it is the same, so is the failure.
    fn likeness(&self) -> String {
        let letters = self.got.chars().filter(|c| !c.is_ascii_digit());
        letters.take(80).collect()
    }
}

impl Cell {
    /// How a conversation went, in words that are the same in each run where it went the same.
    fn how(&self, conversation: &str) -> String {
        let other = self
            .others
            .iter()
            .find(|it| it.conversation == conversation);
        match other.map(|other| &other.why) {
            None => "passed".to_owned(),
            Some(Why::Skipped(_)) => "skipped".to_owned(),
            Some(Why::Failed(Failure {
                cause, error, text, ..
            })) => match (cause, error) {
                (Cause::Refused, Some(error)) => format!("refused with `{error}` at \"{text}\""),
                (cause, _) => format!("failed ({}) at \"{text}\"", cause.name()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(labels: &[&str]) -> Matrix {
        let peers = labels
            .iter()
            .map(|label| Participant::new((*label).to_owned(), &Description::default(), None));
        let pairs = labels
            .iter()
            .flat_map(|one| labels.iter().map(move |two| (one, two)));
        Matrix {
            interop: VERSION,
            program: String::new(),
            date: String::new(),
            profile: 2,
            suite: "s".to_owned(),
            seed: "1".to_owned(),
            conversations: ["a", "b"]
                .map(|name| Played {
                    name: name.to_owned(),
                    title: String::new(),
                    clause: String::new(),
                    reason: String::new(),
                    requirements: Vec::new(),
                })
                .to_vec(),
            peers: peers.collect(),
            absent: Vec::new(),
            cells: pairs
                .map(|(one, two)| Cell {
                    initiator: (*one).to_owned(),
                    responder: (*two).to_owned(),
                    passed: 2,
                    others: Vec::new(),
                })
                .collect(),
            transfers: None,
            interrupted: false,
        }
    }

    fn fail(cell: &mut Cell, error: &str) {
        let failure = Failure {
            line: 3,
            text: "Ryan reads \"b\"".to_owned(),
            party: Party::Ryan,
            asked: "device.decrypt".to_owned(),
            cause: Cause::Refused,
            expected: String::new(),
            got: String::new(),
            error: Some(error.to_owned()),
        };
        cell.passed -= 1;
        cell.others.retain(|other| other.conversation != "b");
        cell.enter("b", &Outcome::Failed(failure), None);
    }

    #[test]
    fn a_change_in_either_direction_is_told() {
        let same = matrix(&["x 1", "y 1"]);
        assert_eq!(same.changes(&same), [""; 0]);
        let mut worse = same.clone();
        fail(&mut worse.cells[1], "Bad");
        let got = worse.changes(&same);
        assert_eq!(
            got,
            ["x 1 with y 1, b: passed, and is refused with `Bad` at \"Ryan reads \"b\"\" now"]
        );
        assert_eq!(same.changes(&worse).len(), 1);
        let mut other = same.clone();
        fail(&mut other.cells[1], "Worse");
        assert_eq!(other.changes(&worse).len(), 1);
        let newer = matrix(&["x 1", "y 2"]);
        assert_eq!(newer.changes(&same), ["y 1 was played, and y 2 is now"]);
        // What was not played is not looked at.
        assert_eq!(matrix(&["x 1"]).changes(&same), [""; 0]);
        assert_eq!(matrix(&["x 1", "z 1"]).changes(&same), ["z 1 is new"]);
    }

    #[test]
    fn failures_that_are_the_same_stand_together() {
        let mut found = matrix(&["x 1", "y 1"]);
        fail(&mut found.cells[1], "Bad");
        fail(&mut found.cells[3], "Bad");
        fail(&mut found.cells[0], "Bad");
        let alike = found.alike();
        let pairs: Vec<_> = alike
            .iter()
            .map(|it| (it.who, it.times, it.with.len()))
            .collect();
        assert_eq!(pairs, [("x 1", 1, 1), ("y 1", 2, 2)]);
        let text = serde_json::to_string(&found).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Matrix>(&text).expect("a matrix"),
            found
        );
    }
}
