//! How the vectors of this repository are made: from fixed seeds, so that making them again gives the same
//! bytes.
//!
//! Each file is a family. Its lines say what a vector asks and what must come of it; where the answer is
//! more than the profile's text says, the engine computes it here and `adapters/python-check` computes it
//! again with libraries that share no code with the engine.
#![allow(clippy::too_many_lines, reason = "a family is one list of cases")]

mod actor;
mod fingerprint;
mod intermediary;
mod invitation;
mod kdf;
mod message_encryption;
mod payload;
mod proto;
mod public_key;
mod ratchet_session;

mod sesame;
mod transfer;
mod transfer_receiver;
mod transfer_sender;
mod wire_prekey;
mod wire_ratchet;
mod x3dh_initiate;
mod x3dh_respond;
mod xeddsa;

use super::operation::Operation;
use super::operation::Reference;
use super::seed;
use super::vector::conversation::Script;
use super::vector::{Expectation, Family, Note, Test, VectorFile, schema};
use crate::conformance::operation::Done;
use crate::error_code::ErrorCode;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A file of the vectors' folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Its path below that folder.
    pub path: String,
    /// Its content.
    pub content: String,
}

/// Makes every vector file and every schema.
///
/// # Panics
/// Where a generator and the engine disagree: a bug of one of them, which no input can bring about.
#[must_use]
pub fn all() -> Vec<GeneratedFile> {
    let families: &[(&str, Generator)] = &[
        ("public_key", public_key::generate),
        ("xeddsa", xeddsa::generate),
        ("x3dh_initiate", x3dh_initiate::generate),
        ("x3dh_respond", x3dh_respond::generate),
        ("fingerprint", fingerprint::generate),
        ("kdf", kdf::generate),
        ("message_encryption", message_encryption::generate),
        ("ratchet_session", ratchet_session::generate),
        ("wire_ratchet", wire_ratchet::generate),
        ("wire_prekey", wire_prekey::generate),
        ("intermediary", intermediary::generate),
        ("invitation", invitation::generate),
        ("payload", payload::generate),
        ("sesame", sesame::generate),
        ("transfer_sender", transfer_sender::generate),
        ("transfer_receiver", transfer_receiver::generate),
    ];
    families
        .iter()
        .flat_map(|(name, generate)| {
            let family = Family::find(name).expect("a family of the table");
            let mut builder = Builder::new(family);
            generate(&mut builder);
            [
                GeneratedFile {
                    path: family.file(),
                    content: pretty(&builder.file()),
                },
                GeneratedFile {
                    path: family.schema_file(),
                    content: pretty(&schema(family)),
                },
            ]
        })
        .collect()
}

/// JSON as it is checked in: two spaces, a line feed at the end.
fn pretty(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("JSON has no other keys than strings");
    text.push('\n');
    text
}

/// Collects the tests of one family.
pub(super) struct Builder {
    family: &'static Family,
    notes: BTreeMap<String, Note>,
    groups: Vec<(&'static str, Vec<Value>)>,
    next_tc_id: u32,
}

/// Makes the tests of one family.
type Generator = fn(&mut Builder);

/// What a test says of itself: comment, flags, requirements.
type About<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

impl Builder {
    fn new(family: &'static Family) -> Self {
        Builder {
            family,
            notes: BTreeMap::new(),
            groups: Vec::new(),
            next_tc_id: 1,
        }
    }

    /// Explains a flag.
    fn note(&mut self, flag: &str, bug_type: &str, description: &str, links: &[&str]) {
        self.notes.insert(
            flag.to_owned(),
            Note {
                bug_type: bug_type.to_owned(),
                description: description.to_owned(),
                links: links.iter().map(ToString::to_string).collect(),
            },
        );
    }

    fn push<I: Serialize, O: Serialize>(
        &mut self,
        group: &'static str,
        (comment, flags, requirements): About<'_>,
        input: I,
        expected: Option<O>,
        result: Expectation,
        error: Option<ErrorCode>,
    ) {
        let test = Test {
            tc_id: self.next_tc_id,
            comment: comment.to_owned(),
            flags: flags.iter().map(ToString::to_string).collect(),
            requirements: requirements.iter().map(ToString::to_string).collect(),
            input,
            expected,
            result,
            error,
        };
        self.next_tc_id += 1;
        let test = serde_json::to_value(test).expect("a test is an object");
        match self.groups.last_mut() {
            Some((last, tests)) if *last == group => tests.push(test),
            _ => self.groups.push((group, vec![test])),
        }
    }

    /// A call that is answered as stated here.
    fn valid<O: Operation>(&mut self, about: About<'_>, input: O::Input, output: O::Output) {
        let group = super::vector::group_of(O::METHOD).expect("an operation with a group");
        self.push(group, about, input, Some(output), Expectation::Valid, None);
    }

    /// A call whose answer the engine computes.
    fn computed<O: Operation>(&mut self, about: About<'_>, input: O::Input)
    where
        O::Input: Clone,
    {
        let output = O::run(&mut Reference::default(), input.clone())
            .unwrap_or_else(|failure| panic!("{}: {failure:?}", about.0));
        self.valid::<O>(about, input, output);
    }

    /// A call that is refused.
    fn invalid<O: Operation>(&mut self, about: About<'_>, error: ErrorCode, input: O::Input) {
        let group = super::vector::group_of(O::METHOD).expect("an operation with a group");
        self.push(
            group,
            about,
            input,
            None::<O::Output>,
            Expectation::Invalid,
            Some(error),
        );
    }

    /// A conversation; it is `invalid` where one of its steps is refused.
    fn conversation<S: Script>(&mut self, about: About<'_>, script: S) {
        let result = if script.refuses() {
            Expectation::Invalid
        } else {
            Expectation::Valid
        };
        self.push(S::GROUP, about, script, None::<Done>, result, None);
    }

    /// The file, with the notes that its tests use.
    fn file(mut self) -> VectorFile {
        let tests = self.groups.iter().flat_map(|(_, tests)| tests);
        let flags: BTreeSet<&str> = tests
            .flat_map(|test| test["flags"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        self.notes.retain(|flag, _| flags.contains(flag.as_str()));
        VectorFile {
            schema: VectorFile::schema_name(self.family),
            profile: super::PROFILE_VERSION,
            family: self.family.name.to_owned(),
            suite: "tigress-1".to_owned(),
            number_of_tests: self.next_tc_id - 1,
            notes: self.notes,
            test_groups: self
                .groups
                .into_iter()
                .map(|(group, tests)| super::vector::TestGroup {
                    r#type: group.to_owned(),
                    tests,
                })
                .collect(),
        }
    }
}
