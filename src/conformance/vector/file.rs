//! Vector files: reading them, and saying what is wrong with one.

use super::form::{Note, VectorFile};
use super::group::{self, Meta};
use super::{Body, Expectation, Family, Vector, conversation::Action};
use crate::conformance::catalogue::Catalogue;
use crate::conformance::printable::shortened;
use crate::conformance::{FileError, json as outside, schema_error};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl VectorFile {
    /// Reads a vector file: JSON, its family's schema, and what a schema cannot say.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn load(name: &str, text: &str) -> Result<Vec<Vector>, FileError> {
        let loader = Loader { name, text };
        let value = loader.json()?;
        let family = loader.family(&value)?;
        loader.count(&value)?;
        loader.validate(&value, family)?;
        loader.vectors(value)
    }

    /// Reads a file that travels inside the program: a test has held it against its schema.
    pub(super) fn load_built_in(name: &str, text: &str) -> Result<Vec<Vector>, FileError> {
        let loader = Loader { name, text };
        // Not by `from_str`, which is compiled here, and slow where this is not optimised.
        let value = text.parse().map_err(|error| loader.not_json(&error))?;
        loader.vectors(value)
    }
}

struct Loader<'a> {
    name: &'a str,
    text: &'a str,
}

impl Loader<'_> {
    fn error(&self, place: Option<String>, reason: impl Into<String>) -> FileError {
        FileError {
            place: place.map(|place| shortened(&place, LONG).into_owned()),
            ..FileError::of(self.name, reason)
        }
    }

    /// An error in the test of that name, whose line is searched for.
    fn test_error(&self, test: &Value, detail: Option<String>, reason: String) -> FileError {
        let test_name = test.to_string();
        // The last one: where a name stands twice, it is the second that is wrong.
        let lines = names(self.text).filter(|(name, _)| *name == test_name);
        let line = lines.map(|(_, line)| line).last();
        let place = match detail {
            Some(detail) => format!("test {test}, {detail}"),
            None => format!("test {test}"),
        };
        FileError {
            line,
            ..self.error(Some(place), reason)
        }
    }

    fn json(&self) -> Result<Value, FileError> {
        outside::read(self.text, VectorFile::MOST_VALUES).map_err(|error| self.not_json(&error))
    }

    fn not_json(&self, error: &serde_json::Error) -> FileError {
        let reason = if error.is_data() {
            error.to_string()
        } else {
            format!("not JSON: {error}")
        };
        let place = format!("column {}", error.column());
        FileError {
            line: Some(error.line()),
            ..self.error(Some(place), reason)
        }
    }

    /// What is not looked at further where there is too much of it.
    fn count(&self, value: &Value) -> Result<(), FileError> {
        let groups = value.get("testGroups").and_then(Value::as_array);
        let tests = groups
            .into_iter()
            .flatten()
            .filter_map(|group| group.get("tests")?.as_array())
            .map(Vec::len);
        match tests.sum() {
            0..=VectorFile::MOST_TESTS => Ok(()),
            many => Err(self.error(
                Some("/testGroups".to_owned()),
                format!(
                    "{many} tests; a file has at most {}",
                    VectorFile::MOST_TESTS
                ),
            )),
        }
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
        let mut schema = group::schema(family);
        let broken = |pointer: String, reason: &str| {
            let reason = format!("breaks {}: {reason}", family.schema_name());
            match test_at(value, &pointer) {
                Some((test, inside)) => self.test_error(test, inside, reason),
                None => self.error(Some(pointer), reason),
            }
        };
        let compile = |schema: &Value| {
            jsonschema::validator_for(schema)
                .map_err(|error| self.error(None, format!("schema of {}: {error}", family.name)))
        };
        let hold = |validator: &Validator, value: &Value, place: &str| {
            validator.validate(value).map_err(|error| {
                // A schema's error stands for at least one fault.
                let faults = schema_error::faults(&error);
                let (pointer, reason) = faults
                    .first()
                    .map_or_else(Default::default, |fault| (fault.place(), fault.says()));
                broken(format!("{place}{pointer}"), &reason)
            })
        };
        // Each group is held against the one schema of its type. Where it broke all that are possible, the validator would
        // keep every fault of every test by every one of them.
        let groups = schema["properties"]["testGroups"]["items"]["oneOf"].take();
        schema["properties"]["testGroups"]["items"] = json!({ "required": ["type"] });
        hold(&compile(&schema)?, value, "")?;
        let mut validators = BTreeMap::new();
        for form in groups.as_array().into_iter().flatten() {
            let mut form = form.clone();
            for shared in ["$schema", "$defs"] {
                form[shared] = schema[shared].clone();
            }
            let name = form["properties"]["type"]["const"].to_string();
            validators.insert(name, compile(&form)?);
        }
        let groups = value["testGroups"].as_array().into_iter().flatten();
        for (group, index) in groups.zip(0..) {
            let place = format!("/testGroups/{index}");
            let Some(validator) = validators.get(&group["type"].to_string()) else {
                let known: Vec<_> = family
                    .groups
                    .iter()
                    .map(|name| format!("{name:?}"))
                    .collect();
                let reason = format!("not one of {}", known.join(", "));
                return Err(broken(format!("{place}/type"), &reason));
            };
            hold(validator, group, &place)?;
        }
        Ok(())
    }

    fn vectors(&self, mut value: Value) -> Result<Vec<Vector>, FileError> {
        // The tests are taken out as they are: `from_value` would make each of their values anew.
        let groups = value.get_mut("testGroups").and_then(Value::as_array_mut);
        let tests: Vec<_> = groups
            .into_iter()
            .flatten()
            .map(|group| {
                let tests = group.get_mut("tests").and_then(Value::as_array_mut);
                tests.map(std::mem::take).unwrap_or_default()
            })
            .collect();
        let file: VectorFile =
            serde_json::from_value(value).map_err(|error| self.error(None, error.to_string()))?;
        let mut vectors = Vec::new();
        let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for (test_group, tests) in file.test_groups.into_iter().zip(tests) {
            for test in tests {
                let name = test.get("name").cloned().unwrap_or_default();
                let parsed = group::parse(&test_group.r#type, test).ok_or_else(|| {
                    self.error(None, format!("unknown group type `{}`", test_group.r#type))
                })?;
                let checked =
                    parsed
                        .map_err(|error| error.to_string())
                        .and_then(|(meta, error, body)| {
                            check(&meta, error.is_some(), &body, &file.notes)?;
                            if !names.insert(meta.name.clone()) {
                                return Err("the name stands twice in this file".to_owned());
                            }
                            if !numbers.insert(meta.tc_id) {
                                return Err("the tcId stands twice in this file".to_owned());
                            }
                            if meta.tc_id > file.last_tc_id {
                                return Err(format!(
                                    "the tcId {} is greater than `lastTcId`",
                                    meta.tc_id
                                ));
                            }
                            Ok((meta, body))
                        });
                let (meta, body) =
                    checked.map_err(|reason| self.test_error(&name, None, reason))?;
                vectors.push(Vector {
                    family: file.family.clone(),
                    suite: file.suite.clone(),
                    tc_id: meta.tc_id,
                    test: meta.name,
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

/// The names that stand in a vector file on lines of their own, as JSON, with the numbers of their lines.
pub(super) fn names(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.lines().zip(1..).filter_map(|(line, number)| {
        let name = line.trim().strip_prefix("\"name\": ")?;
        Some((name.strip_suffix(',')?, number))
    })
}

/// The name of the test that a JSON pointer leads into, and the rest of the pointer.
fn test_at<'v>(value: &'v Value, pointer: &str) -> Option<(&'v Value, Option<String>)> {
    // "", "testGroups", index, "tests", index, rest
    let parts: Vec<_> = pointer.splitn(6, '/').collect();
    if parts.len() < 5 || parts[1] != "testGroups" || parts[3] != "tests" {
        return None;
    }
    let test = value.pointer(&format!("{}/name", parts[..5].join("/")))?;
    Some((test, parts.get(5).map(|rest| format!("/{rest}"))))
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
        return Err(format!(
            "flag `{flag}` is not explained in the file's notes"
        ));
    }
    let refuses = match body {
        Body::Call(_) => has_error,
        Body::Conversation(conversation) => conversation
            .steps
            .iter()
            .any(|step| matches!(step, Action::Call(call) if call.error.is_some())),
    };
    if refuses != (meta.result == Expectation::Invalid) {
        return Err("`result` is `invalid` where an `error` is stated, and only there".to_owned());
    }
    let answers = match body {
        Body::Call(call) => refuses || call.expected.is_some(),
        Body::Conversation(conversation) => conversation.steps.iter().all(|step| match step {
            Action::Call(call) => call.error.is_some() || call.expected.is_some(),
            Action::Repeat(_, call) => call.error.is_none(),
            Action::Restart | Action::Erased(_) => true,
        }),
    };
    if !answers {
        return Err("neither an expected answer nor an `error` is stated".to_owned());
    }
    Ok(())
}

/// A message and a name are shortened to so many characters.
const LONG: usize = 160;
