//! Scripted conversations, held to the vocabulary before anything is played.
//!
//! A file is one conversation, or one for each row of its outline. Its description begins with the clause that it rests on, up
//! to the first colon; the rest is the reason.

use super::party::Party;
use super::vocabulary::{self, Brings, Call, MOST_LETTERS};
use crate::conformance::FileError;
use crate::conformance::catalogue::Catalogue;
use crate::conformance::files::{self, Most};
use crate::conformance::hint::Hint;
use crate::conformance::scenario::feature::{self, Feature};
use crate::conformance::scenario::limits;
use crate::conformance::scenario::transcript::StepText;
use crate::conformance::suites;
use crate::suite::SuiteRef;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A conversation, ready to be played.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its name: that of its file, and of an outline the first value of its row, as `gap/50`.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// The SHA-256 of that file, in hex.
    pub digest: String,
    /// What it is about.
    pub title: String,
    /// The clause that it rests on, of Signal's specifications or another.
    pub clause: String,
    /// Why it must succeed.
    pub reason: String,
    /// The requirements of the profile that say the same.
    pub requirements: Vec<String>,
    /// The suite that its tag names; none where it is of any.
    pub suite: Option<SuiteRef>,
    /// What happens.
    pub steps: Vec<(StepText, Call)>,
}

/// So many steps a conversation has at most.
const MOST_STEPS: usize = 500;
/// So many conversations a file has at most.
const MOST_ROWS: usize = 100;
/// So much is read of a folder of scripts: 256 KiB of each, 4 MiB of all.
const MOST: Most = Most {
    each: 256 << 10,
    all: 4 << 20,
};

macro_rules! scripts {
    ($($name:literal),+ $(,)?) => {
        /// Every script of this build: its path and its text.
        pub const SCRIPTS: &[(&str, &str)] = &[$((
            concat!("conversations/", $name, ".feature"),
            include_str!(concat!("../../../conversations/", $name, ".feature")),
        )),+];
    };
}

scripts!(
    "first_message",
    "first_message_without_one_time_prekey",
    "several_first_messages",
    "turns",
    "out_of_order",
    "late_of_former_chain",
    "last_of_former_chain_late",
    "whole_former_chain_late",
    "old_chain",
    "gap",
    "random_order",
    "simultaneous_start",
    "simultaneous_start_twice",
    "simultaneous_start_late",
    "late_of_older_session",
    "answer_in_older_session",
    "sessions_dropped",
    "replay_of_first_message",
    "replay",
    "one_time_prekey_twice",
    "prekey_id_zero",
    "no_prekey_is_not_zero",
    "damaged",
    "damaged_first_message",
    "unsigned_bundle",
    "restart",
    "carried_over",
    "plaintext",
);

impl Conversation {
    /// Whether it is played in a suite.
    #[must_use]
    pub fn is_of(&self, suite: SuiteRef) -> bool {
        self.suite.is_none_or(|own| own.name() == suite.name())
    }

    /// Whether somebody means it by a name: its own, that of its file, or a requirement's.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let family = self.name.split('/').next().unwrap_or_default();
        self.name == name || family == name || self.requirements.iter().any(|it| it == name)
    }

    /// The conversations inside the program, or those of a file or folder.
    ///
    /// # Errors
    /// Every fault of every script.
    pub fn load(path: Option<&Path>) -> Result<Vec<Conversation>, Vec<FileError>> {
        let sources: Vec<Result<(String, String), FileError>> = match path {
            None => {
                let owned = |(file, text): &(&str, &str)| ((*file).to_owned(), (*text).to_owned());
                SCRIPTS.iter().map(owned).map(Ok).collect()
            }
            Some(path) if path.is_dir() => {
                let is_script = |file: &Path| file.extension().is_some_and(|it| it == "feature");
                files::read_below(path, is_script, MOST).collect()
            }
            Some(path) => {
                let name = path.display().to_string();
                vec![files::read(path, MOST.each).map(|text| (name, text))]
            }
        };
        let (mut all, mut errors) = (Vec::new(), Vec::new());
        for source in sources {
            match source
                .map_err(|error| vec![error])
                .and_then(|(file, text)| parse(&file, &text))
            {
                Ok(conversations) => all.extend(conversations),
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() && all.is_empty() {
            let name = path.map_or_else(String::new, |path| path.display().to_string());
            errors.push(FileError::of(name, "no conversation here"));
        }
        let mut names = BTreeSet::new();
        for conversation in &all {
            if !names.insert(&conversation.name) {
                let reason = format!("two conversations are called `{}`", conversation.name);
                errors.push(FileError::of(&conversation.file, reason));
            }
        }
        if errors.is_empty() {
            Ok(all)
        } else {
            Err(errors)
        }
    }
}

/// Reads a script: a conversation, or one for each row of its outline.
///
/// # Errors
/// What is wrong with it, by line.
pub fn parse(file: &str, text: &str) -> Result<Vec<Conversation>, Vec<FileError>> {
    let at = |(line, reason)| FileError::at(file, line, reason);
    let feature =
        Feature::parse(text).map_err(|faults| faults.into_iter().map(at).collect::<Vec<_>>())?;
    let mut reader = Reader {
        file,
        digest: files::digest(text),
        feature: &feature,
        faults: Vec::new(),
    };
    let conversations = reader.conversations();
    let faults = reader.faults;
    if faults.is_empty() {
        Ok(conversations)
    } else {
        Err(faults.into_iter().map(at).collect())
    }
}

struct Reader<'f> {
    file: &'f str,
    digest: String,
    feature: &'f Feature,
    faults: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn fault(&mut self, line: usize, reason: impl Into<String>) {
        if self.faults.len() < limits::FAULTS {
            self.faults.push((line, reason.into()));
        }
    }

    fn conversations(&mut self) -> Vec<Conversation> {
        let feature = self.feature;
        let [scenario] = feature.scenarios.as_slice() else {
            let reason = "a file of conversations has one scenario, or one outline";
            self.fault(feature.line, reason);
            return Vec::new();
        };
        let (clause, reason) = self.reason();
        let (requirements, suite) = self.tags(scenario);
        let rows: Vec<Vec<(&str, &str)>> = if scenario.is_outline {
            let tables = scenario.examples.iter();
            let pairs = tables.flat_map(|table| {
                table.rows.iter().map(|row| {
                    let names = table.head.iter().map(String::as_str);
                    names.zip(row.cells.iter().map(String::as_str)).collect()
                })
            });
            pairs.collect()
        } else {
            vec![Vec::new()]
        };
        if rows.is_empty() || rows.len() > MOST_ROWS {
            self.fault(
                scenario.line,
                format!("an outline has 1 to {MOST_ROWS} rows of examples"),
            );
        }
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = file.strip_suffix(".feature").unwrap_or(file);
        let rows = rows.into_iter().take(MOST_ROWS);
        rows.map(|row| {
            let filled = |text: &str| {
                row.iter().fold(text.to_owned(), |text, (name, value)| {
                    text.replace(&format!("<{name}>"), value)
                })
            };
            let name = match row.first() {
                Some((_, value)) => format!("{stem}/{}", slug(value)),
                None => stem.to_owned(),
            };
            Conversation {
                name,
                file: self.file.to_owned(),
                digest: self.digest.clone(),
                title: filled(&scenario.name),
                clause: clause.clone(),
                reason: reason.clone(),
                requirements: requirements.clone(),
                suite,
                steps: self.steps(scenario, filled),
            }
        })
        .collect()
    }

    /// The clause and the reason, of the description.
    fn reason(&mut self) -> (String, String) {
        let words = self.feature.description.join(" ");
        match words.trim().split_once(": ") {
            Some((clause, reason)) if !clause.is_empty() && clause.len() <= 60 => {
                (clause.to_owned(), reason.trim().to_owned())
            }
            _ => {
                let reason = "the description begins with the clause and a colon, as `Double Ratchet 2.6: `, and says why";
                self.fault(self.feature.line, reason);
                (String::new(), String::new())
            }
        }
    }

    fn tags(&mut self, scenario: &feature::Scenario) -> (Vec<String>, Option<SuiteRef>) {
        let (mut requirements, mut suite) = (Vec::new(), None);
        for tag in self.feature.tags.iter().chain(&scenario.tags) {
            if let Ok(named) = suites::find(tag) {
                suite = Some(named);
            } else if Catalogue::get().find(tag).is_some() {
                requirements.push(tag.clone());
            } else {
                let ids = Catalogue::get().requirements.iter().map(|it| it.id);
                let hint = Hint::nearest(tag, ids.chain(suites::names()));
                let reason =
                    format!("`@{tag}` is no requirement of the profile and no suite{hint}");
                self.fault(scenario.line, reason);
            }
        }
        (requirements, suite)
    }

    /// The steps, each held to the vocabulary and to what stands before it.
    fn steps(
        &mut self,
        scenario: &feature::Scenario,
        filled: impl Fn(&str) -> String,
    ) -> Vec<(StepText, Call)> {
        let count = self.feature.background.len() + scenario.steps.len();
        if count == 0 || count > MOST_STEPS {
            let reason = format!("{count} steps; a conversation has 1 to {MOST_STEPS}");
            self.fault(scenario.line, reason);
            return Vec::new();
        }
        let steps = self.feature.background.iter().chain(&scenario.steps);
        let mut scope = Scope::default();
        let mut ready = Vec::new();
        for step in steps {
            let text = filled(&step.text);
            match vocabulary::find(&text) {
                Ok(call) => {
                    if let Err(reason) = scope.step(&call) {
                        self.fault(step.line, reason);
                    }
                    let line = step.line;
                    ready.push((StepText { line, text }, call));
                }
                Err(reason) => self.fault(step.line, reason),
            }
        }
        if scope.sent > MOST_LETTERS {
            let reason = format!("a conversation has {MOST_LETTERS} letters at most");
            self.fault(scenario.line, reason);
        }
        ready
    }
}

/// A value as part of a name.
fn slug(value: &str) -> String {
    let letters = value.chars();
    letters
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}

/// Of whom and what a step may speak.
#[derive(Default)]
struct Scope {
    devices: BTreeSet<Party>,
    /// By name, whose they are.
    letters: BTreeMap<String, Party>,
    sent: usize,
}

impl Scope {
    fn step(&mut self, call: &Call) -> Result<(), String> {
        let party = call.party();
        let parties: Vec<Party> = call.parties().collect();
        if let [one, other] = parties[..]
            && one == other
        {
            return Err(format!(
                "{one} speaks with {}, not with itself",
                one.other()
            ));
        }
        let brings = call.definition.brings;
        if brings == Brings::Device {
            return if self.devices.insert(party) {
                Ok(())
            } else {
                Err(format!("{party} has a device already"))
            };
        }
        // Every other step needs both, but for a restart.
        let missing = Party::BOTH
            .into_iter()
            .find(|it| !self.devices.contains(it));
        if let Some(missing) = missing {
            return Err(format!("{missing} has no device yet"));
        }
        self.sent += call.letters();
        let name = call.letter();
        if brings == Brings::Letter {
            return match self.letters.insert(name.to_owned(), party) {
                Some(_) => Err(format!("a letter is called \"{name}\" already")),
                None => Ok(()),
            };
        }
        if !call.has_letter() {
            return Ok(());
        }
        match self.letters.get(name) {
            Some(from) if *from != party => Ok(()),
            Some(from) => Err(format!("\"{name}\" is a letter of {from}")),
            None => {
                let hint = Hint::nearest(name, self.letters.keys().map(String::as_str));
                Err(format!("nobody has sent \"{name}\"{hint}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "@DR-10\nFeature: F\n  Double Ratchet 2.6: why.\n\n  Scenario: S\n    Given Ben has a device with 1 one-time prekey\n    And Ryan has a device with 0 one-time prekeys\n";

    fn faults(more: &str) -> String {
        let faults = parse("a.feature", &format!("{HEAD}{more}")).expect_err("refused");
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    }

    #[test]
    fn the_conversations_of_this_build_are_read_and_each_has_a_clause_and_a_reason() {
        let all = Conversation::load(None).expect("no fault");
        assert!(all.len() >= 16, "{}", all.len());
        for conversation in &all {
            assert!(conversation.reason.len() > 20, "{}", conversation.name);
            assert!(!conversation.clause.is_empty() && !conversation.title.contains('<'));
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conversations");
        let there = files::below(&folder, |file| {
            file.extension().is_some_and(|it| it == "feature")
        });
        assert_eq!(there.expect("a folder").len(), SCRIPTS.len());
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_line() {
        for (more, told) in [
            (
                "    When Ben sends \"b\"\n    Then Ben reads \"b\"\n",
                "a.feature:9: \"b\" is a letter of Ben",
            ),
            (
                "    Then Ryan reads \"b\"\n",
                "a.feature:8: nobody has sent \"b\"",
            ),
            (
                "    When Ben takes Ben's bundle without a one-time prekey\n",
                "a.feature:8: Ben speaks with Ryan",
            ),
            (
                "    Given Ben has a device with 1 one-time prekey\n",
                "a.feature:8: Ben has a device already",
            ),
            (
                "    When Ben dances\n",
                "a.feature:8: no step is called `Ben dances`",
            ),
        ] {
            let faults = faults(more);
            assert!(faults.contains(told), "{told} in {faults}");
        }
        let text = HEAD
            .replace("Double Ratchet 2.6: why.", "Because.")
            .replace("@DR-10", "@DR-1");
        let faults = parse("a.feature", &text).expect_err("refused");
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn an_outline_is_a_conversation_for_each_row() {
        let text = format!(
            "{}    When Ben sends <many> letters called \"b\"\n    Examples:\n      | many |\n      | 2 |\n      | 30 |\n",
            HEAD.replace("Scenario: S", "Scenario Outline: <many> letters")
        );
        let all = parse("x/a.feature", &text).expect("no fault");
        let names: Vec<_> = all.iter().map(|it| (&*it.name, &*it.title)).collect();
        assert_eq!(names, [("a/2", "2 letters"), ("a/30", "30 letters")]);
    }
}
