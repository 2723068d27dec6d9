//! Collects the tests of one file.

use crate::{Numbers, signal_v3};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use tigress_signal::conformance::PROFILE_VERSION;
use tigress_signal::conformance::operation::{Done, Operation};
use tigress_signal::conformance::vector::conversation::{Script, StepOf};
use tigress_signal::conformance::vector::{
    BuiltIn, Expectation, Family, Note, Origin, Test, TestGroup, VectorFile, group_of,
};
use tigress_signal::error_code::ErrorCode;

/// What a test says of itself.
#[derive(Clone, Debug)]
pub(crate) struct About<'a> {
    /// What it is called: in snake case, unique in its file.
    pub(crate) name: Cow<'a, str>,
    /// What it is about; of one that must be refused, what is wrong with whoever accepts it.
    pub(crate) comment: &'a str,
    /// The bugs that it hunts.
    pub(crate) flags: &'a [&'a str],
    /// The requirements that it tests.
    pub(crate) requirements: &'a [&'a str],
}

/// A step of a conversation: its answer, or the error that refuses it.
pub(crate) fn step_of<I, O>(input: I, answer: Result<O, ErrorCode>) -> StepOf<I, O> {
    StepOf {
        input,
        error: answer.as_ref().err().copied(),
        expected: answer.ok(),
    }
}

/// This program.
fn own() -> Origin {
    Origin {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The tests of one file as they are made.
pub(crate) struct Builder {
    built_in: &'static BuiltIn,
    header: Vec<String>,
    notes: BTreeMap<String, Note>,
    /// Whose tests are added.
    origin: Origin,
    groups: Vec<Group>,
}

/// Tests of one type that one program made, one behind the other.
struct Group {
    name: &'static str,
    origin: Origin,
    tests: Vec<Value>,
}

impl Builder {
    pub(crate) fn new(built_in: &'static BuiltIn) -> Self {
        Builder {
            built_in,
            header: Vec::new(),
            notes: BTreeMap::new(),
            origin: own(),
            groups: Vec::new(),
        }
    }

    /// The tests that follow were recorded from that library.
    pub(crate) fn from(&mut self, library: &str, version: &str) {
        self.origin = Origin {
            name: library.to_owned(),
            version: version.to_owned(),
        };
    }

    /// The tests that follow are made here.
    pub(crate) fn begin_here(&mut self) {
        self.origin = own();
    }

    /// A line for people at the head of the file.
    pub(crate) fn header(&mut self, line: &str) {
        self.header.push(line.to_owned());
    }

    /// Explains a flag: the kind of bug, what the bug is and what comes of it.
    pub(crate) fn note(
        &mut self,
        flag: &str,
        bug_type: &str,
        says: [&str; 2],
        links: &[&dyn Display],
    ) {
        let [description, effect] = says.map(ToOwned::to_owned);
        let note = Note {
            bug_type: bug_type.to_owned(),
            description,
            effect: Some(effect),
            links: links.iter().map(ToString::to_string).collect(),
        };
        self.notes.insert(flag.to_owned(), note);
    }

    /// The requirements as the file's suite has them.
    fn requirements(&self, named: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for id in named {
            let id = match self.built_in.suite {
                Some("signal-v3") => signal_v3::instead_of(id),
                _ => id,
            };
            if !all.iter().any(|there| there == id) {
                all.push(id.to_owned());
            }
        }
        all
    }

    fn push<I: Serialize, O: Serialize>(
        &mut self,
        group: &'static str,
        about: About<'_>,
        input: I,
        expected: Option<O>,
        result: Expectation,
        error: Option<ErrorCode>,
    ) {
        let test = Test {
            // Given once all names are known.
            tc_id: 0,
            name: about.name.into_owned(),
            comment: about.comment.to_owned(),
            flags: about.flags.iter().map(ToString::to_string).collect(),
            requirements: self.requirements(about.requirements),
            input,
            expected,
            result,
            error,
        };
        let test = serde_json::to_value(test).expect("a test is an object");
        match self.groups.last_mut() {
            Some(last) if last.name == group && last.origin == self.origin => last.tests.push(test),
            _ => self.groups.push(Group {
                name: group,
                origin: self.origin.clone(),
                tests: vec![test],
            }),
        }
    }

    /// A call and its answer, or the error that refuses it.
    pub(crate) fn call<O: Operation>(
        &mut self,
        about: About<'_>,
        input: O::Input,
        result: Expectation,
        answer: Result<O::Output, ErrorCode>,
    ) {
        let group = group_of(O::METHOD).expect("an operation with a group");
        let error = answer.as_ref().err().copied();
        self.push(group, about, input, answer.ok(), result, error);
    }

    /// A conversation; it is `invalid` where one of its steps is refused.
    pub(crate) fn conversation<S: Script>(&mut self, about: About<'_>, script: S) {
        let result = if script.refuses() {
            Expectation::Invalid
        } else {
            Expectation::Valid
        };
        self.push(S::GROUP, about, script, None::<Done>, result, None);
    }

    /// A conversation a step of which may be refused, which ends it.
    pub(crate) fn acceptable_conversation<S: Script>(&mut self, about: About<'_>, script: S) {
        let result = Expectation::Acceptable;
        self.push(S::GROUP, about, script, None::<Done>, result, None);
    }

    /// The tests of that type so far.
    pub(crate) fn tests(&self, group: &str) -> Vec<Value> {
        let groups = self.groups.iter().filter(|it| it.name == group);
        groups.flat_map(|it| it.tests.clone()).collect()
    }

    /// The file, with the notes that its tests use.
    pub(crate) fn file(mut self, mut numbers: Numbers) -> VectorFile {
        let path = self.built_in.path();
        let mut names = BTreeSet::new();
        for test in self.groups.iter_mut().flat_map(|group| &mut group.tests) {
            let name = test["name"].as_str().expect("a name").to_owned();
            test["tcId"] = numbers.give(&name).into();
            let plain = name
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            assert!(
                plain && name.len() <= 48,
                "{path}: {name} is no short name in snake case"
            );
            assert!(names.insert(name.clone()), "{path}: {name} stands twice");
        }
        let tests = self.groups.iter().flat_map(|group| &group.tests);
        let flags: BTreeSet<&str> = tests
            .flat_map(|test| test["flags"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        // Families share notes, and not all of them have a test for each.
        let unknown = flags.iter().find(|flag| !self.notes.contains_key(**flag));
        assert_eq!(unknown, None, "{path}: a flag without a note");
        self.notes.retain(|flag, _| flags.contains(flag.as_str()));
        let family = Family::find(self.built_in.family).expect("a family of the table");
        let version = env!("CARGO_PKG_VERSION");
        VectorFile {
            schema: family.schema_name(),
            profile: PROFILE_VERSION,
            family: family.name.to_owned(),
            suite: self.built_in.suite.map(ToOwned::to_owned),
            generator_version: version.to_owned(),
            header: self.header,
            number_of_tests: u32::try_from(names.len()).expect("few tests"),
            last_tc_id: numbers.last(),
            notes: self.notes,
            test_groups: self
                .groups
                .into_iter()
                .map(|group| TestGroup {
                    r#type: group.name.to_owned(),
                    source: group.origin,
                    tests: group.tests,
                })
                .collect(),
        }
    }
}
