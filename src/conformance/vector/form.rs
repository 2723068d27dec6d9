//! A vector file as it stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a flag means: the bug that it hunts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Note {
    /// The kind of bug, in Wycheproof's terms where it has one.
    pub bug_type: String,
    /// What the bug is.
    pub description: String,
    /// What comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
}

/// A vector file as it stands (`docs/vectors.md`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VectorFile {
    /// The file name of its JSON Schema, which stands beside it.
    pub schema: String,
    /// The version of the profile.
    pub profile: u32,
    /// The family.
    pub family: String,
    /// The suite; none where the family is no suite's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// The version of the program that made the file.
    pub generator_version: String,
    /// What the file is about, for people.
    pub header: Vec<String>,
    /// How many tests there are.
    pub number_of_tests: u32,
    /// The greatest `tcId` that any test of this file ever had: none at or below it is given again.
    pub last_tc_id: u32,
    /// What the flags mean.
    pub notes: BTreeMap<String, Note>,
    /// The tests, by type.
    pub test_groups: Vec<TestGroup>,
}

impl VectorFile {
    /// So many bytes a file has at most: 16 MiB.
    pub const MOST_BYTES: u64 = 16 << 20;
    /// So many JSON values a file holds at most: objects, arrays, strings, numbers, `true`, `false`, `null`.
    pub const MOST_VALUES: usize = 250_000;
    /// So many tests a file has at most.
    pub const MOST_TESTS: usize = 10_000;
}

/// Who made the tests of a group: this project's generators, or a library whose output was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Origin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Tests of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestGroup {
    /// The type.
    pub r#type: String,
    /// Who made the tests.
    pub source: Origin,
    /// The tests.
    pub tests: Vec<Value>,
}
