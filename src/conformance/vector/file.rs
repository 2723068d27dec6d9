//! Vector files: reading them, and saying what is wrong with one.

use super::group::{self, Meta};
use super::{Body, Expectation, Family, Vector, conversation::Action};
use crate::conformance::catalogue::Catalogue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a flag means: the bug that it hunts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Note {
    /// The kind of bug, in Wycheproof's terms where it has one.
    pub bug_type: String,
    /// What the bug is and what comes of it.
    pub description: String,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
}

/// A vector file as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VectorFile {
    /// The file name of its JSON Schema, which stands beside it.
    pub schema: String,
    /// The version of the profile.
    pub profile: u32,
    /// The family.
    pub family: String,
    /// The suite.
    pub suite: String,
    /// How many tests there are.
    pub number_of_tests: u32,
    /// What the flags mean.
    pub notes: BTreeMap<String, Note>,
    /// The tests, by type.
    pub test_groups: Vec<TestGroup>,
}

/// Tests of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestGroup {
    /// The type.
    pub r#type: String,
    /// The tests.
    pub tests: Vec<Value>,
}

/// A vector file that cannot be used: nothing of it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file.
    pub file: String,
    /// The line, where it is known, from 1.
    pub line: Option<usize>,
    /// Where in the file: a vector or a JSON pointer.
    pub place: Option<String>,
    /// What is wrong, and how to go on.
    pub reason: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(place) = &self.place {
            write!(f, ": {place}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for FileError {}

impl VectorFile {
    /// The file name of a family's schema.
    #[must_use]
    pub fn schema_name(family: &Family) -> String {
        format!("{}_schema.json", family.name)
    }

    /// Reads a vector file: JSON, its family's schema, and what a schema cannot say.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn load(name: &str, text: &str) -> Result<Vec<Vector>, FileError> {
        let loader = Loader { name, text };
        let value = loader.json()?;
        let family = loader.family(&value)?;
        loader.validate(&value, family)?;
        let file: VectorFile =
            serde_json::from_value(value).map_err(|error| loader.error(None, error.to_string()))?;
        loader.vectors(file)
    }
}

struct Loader<'a> {
    name: &'a str,
    text: &'a str,
}

impl Loader<'_> {
    fn error(&self, place: Option<String>, reason: impl Into<String>) -> FileError {
        FileError {
            file: self.name.to_owned(),
            line: None,
            place,
            reason: reason.into(),
        }
    }

    /// An error in the test with that number, whose line is searched for.
    fn test_error(&self, tc_id: &Value, detail: Option<String>, reason: String) -> FileError {
        let needle = format!("\"tcId\": {tc_id},");
        let line = self
            .text
            .lines()
            .position(|line| line.trim_start() == needle)
            .map(|index| index + 1);
        let place = match detail {
            Some(detail) => format!("tcId {tc_id}, {detail}"),
            None => format!("tcId {tc_id}"),
        };
        FileError {
            line,
            ..self.error(Some(place), reason)
        }
    }

    fn json(&self) -> Result<Value, FileError> {
        serde_json::from_str(self.text).map_err(|error| FileError {
            line: Some(error.line()),
            ..self.error(
                Some(format!("column {}", error.column())),
                format!("not JSON: {error}"),
            )
        })
    }

    fn family(&self, value: &Value) -> Result<&'static Family, FileError> {
        let Some(name) = value.get("family").and_then(Value::as_str) else {
            return Err(self.error(
                Some("/family".to_owned()),
                "a vector file names its family; see docs/vectors.md",
            ));
        };
        Family::find(name).ok_or_else(|| {
            let known: Vec<_> = Family::ALL.iter().map(|family| family.name).collect();
            self.error(
                Some("/family".to_owned()),
                format!("unknown family `{name}`; known are {}", known.join(", ")),
            )
        })
    }

    fn validate(&self, value: &Value, family: &Family) -> Result<(), FileError> {
        let schema = group::schema(family);
        let validator = jsonschema::validator_for(&schema)
            .map_err(|error| self.error(None, format!("schema of {}: {error}", family.name)))?;
        let Some(error) = validator.iter_errors(value).next() else {
            return Ok(());
        };
        let pointer = error.instance_path().to_string();
        // A group is one of several shapes: the fault lies in the test that its own shape refuses.
        if let Some(found) = self.fault_in_test(value, &schema) {
            return Err(found);
        }
        let reason = format!(
            "breaks {}: {}",
            family.schema_file(),
            shortened(&error.to_string())
        );
        Err(self.error(Some(pointer), reason))
    }

    /// The first test that breaks the schema of its group's type, with the place inside it.
    fn fault_in_test(&self, value: &Value, schema: &Value) -> Option<FileError> {
        let shapes = schema.pointer("/properties/testGroups/items/oneOf")?;
        for group in value.get("testGroups")?.as_array()? {
            let shape = shapes.as_array()?.iter().find(|shape| {
                shape.pointer("/properties/type/const") == group.get("type")
            })?;
            let mut test_schema = shape.pointer("/properties/tests/items")?.clone();
            test_schema
                .as_object_mut()?
                .insert("$defs".to_owned(), schema.get("$defs")?.clone());
            let validator = jsonschema::validator_for(&test_schema).ok()?;
            for test in group.get("tests")?.as_array()? {
                if let Some(error) = validator.iter_errors(test).next() {
                    let path = error.instance_path().to_string();
                    return Some(self.test_error(
                        test.get("tcId").unwrap_or(&Value::Null),
                        (!path.is_empty()).then_some(path),
                        format!("breaks the schema: {}", shortened(&error.to_string())),
                    ));
                }
            }
        }
        None
    }

    fn vectors(&self, file: VectorFile) -> Result<Vec<Vector>, FileError> {
        let mut vectors = Vec::new();
        let mut seen = BTreeSet::new();
        for test_group in file.test_groups {
            for test in test_group.tests {
                let tc_id = test.get("tcId").cloned().unwrap_or_default();
                let parsed = group::parse(&test_group.r#type, test).ok_or_else(|| {
                    self.error(None, format!("unknown group type `{}`", test_group.r#type))
                })?;
                let checked = parsed
                    .map_err(|error| error.to_string())
                    .and_then(|(meta, error, body)| {
                        check(&meta, error.is_some(), &body, &file.notes)?;
                        if !seen.insert(meta.tc_id) {
                            return Err("the tcId stands twice in this file".to_owned());
                        }
                        Ok((meta, body))
                    });
                let (meta, body) =
                    checked.map_err(|reason| self.test_error(&tc_id, None, reason))?;
                vectors.push(Vector {
                    family: file.family.clone(),
                    suite: file.suite.clone(),
                    tc_id: meta.tc_id,
                    comment: meta.comment,
                    flags: meta.flags,
                    requirements: meta.requirements,
                    result: meta.result,
                    body,
                });
            }
        }
        if vectors.len() != file.number_of_tests as usize {
            return Err(self.error(
                Some("/numberOfTests".to_owned()),
                format!(
                    "says {}, but the file has {} tests",
                    file.number_of_tests,
                    vectors.len()
                ),
            ));
        }
        Ok(vectors)
    }
}

/// What a schema cannot say of a test.
fn check(
    meta: &Meta,
    has_error: bool,
    body: &Body,
    notes: &BTreeMap<String, Note>,
) -> Result<(), String> {
    if meta.requirements.is_empty() {
        return Err("a vector names at least one requirement".to_owned());
    }
    if let Some(id) = meta
        .requirements
        .iter()
        .find(|id| Catalogue::get().find(id).is_none())
    {
        return Err(format!(
            "unknown requirement `{id}`; `tigress requirements` lists them"
        ));
    }
    if let Some(flag) = meta.flags.iter().find(|flag| !notes.contains_key(*flag)) {
        return Err(format!("flag `{flag}` is not explained in the file's notes"));
    }
    let refuses = match body {
        Body::Call(_) => has_error,
        Body::Conversation(conversation) => conversation
            .steps
            .iter()
            .any(|step| matches!(step, Action::Call(call) if call.error.is_some())),
    };
    if refuses != (meta.result == Expectation::Invalid) {
        return Err(
            "`result` is `invalid` where an `error` is stated, and only there".to_owned(),
        );
    }
    let answers = match body {
        Body::Call(call) => refuses || call.expected.is_some(),
        Body::Conversation(conversation) => conversation.steps.iter().all(|step| match step {
            Action::Call(call) => call.error.is_some() || call.expected.is_some(),
            Action::Restart | Action::Erased(_) => true,
        }),
    };
    if !answers {
        return Err("neither an expected answer nor an `error` is stated".to_owned());
    }
    Ok(())
}

/// A message without the long value that a schema error quotes.
fn shortened(message: &str) -> String {
    const LIMIT: usize = 160;
    if message.chars().count() <= LIMIT {
        return message.to_owned();
    }
    let head: String = message.chars().take(60).collect();
    let tail: Vec<char> = message.chars().rev().take(90).collect();
    format!("{head} … {}", tail.into_iter().rev().collect::<String>())
}
