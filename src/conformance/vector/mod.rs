//! Test vectors, in the manner of Wycheproof.
//!
//! A vector is one call of an operation with its expected answer, or a [conversation] of
//! several steps with one device. Its name is `suite/family/name`, or `family/name` where it is no suite's.

mod collection;
pub mod conversation;
mod family;
mod file;
mod form;
mod group;

pub use collection::{Collection, Place, Source, files};
pub use family::{BuiltIn, Family};
pub use form::{Note, Origin, TestGroup, VectorFile};
pub use group::{group_of, schema};

use crate::error_code::ErrorCode;
use conversation::Conversation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a conforming implementation does with a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// It accepts, and answers as stated.
    Valid,
    /// It refuses; in a conversation, each step that states an error.
    Invalid,
    /// It may do either; where it accepts, it answers as stated.
    Acceptable,
}

/// A vector as it stands in its file. `I` and `O` are the parameters and the result of an operation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Test<I, O> {
    /// The vector's number, from 1, which never changes and is never given again.
    #[schemars(range(min = 1))]
    pub tc_id: u32,
    /// What the vector is called: in snake case, unique in its file.
    #[schemars(regex(pattern = "^[a-z0-9]+(_[a-z0-9]+)*$"))]
    pub name: String,
    /// What the vector is about; for one that must be refused, what is wrong with whoever accepts it.
    pub comment: String,
    /// What bug it hunts: keys of the file's `notes`.
    pub flags: Vec<String>,
    /// The requirements of the profile that it tests.
    pub requirements: Vec<String>,
    /// What is asked.
    #[serde(flatten)]
    pub input: I,
    /// What the answer is, where it is not a refusal.
    #[serde(flatten)]
    pub expected: Option<O>,
    /// What a conforming implementation does.
    pub result: Expectation,
    /// The profile's code for the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorCode>,
}

/// A vector, ready to be run.
#[derive(Clone, Debug)]
pub struct Vector {
    /// The name of its family.
    pub family: String,
    /// The suite that it is for; none where it is no suite's.
    pub suite: Option<String>,
    /// Its number.
    pub tc_id: u32,
    /// What it is called in its file.
    pub test: String,
    /// What it is about.
    pub comment: String,
    /// What bug it hunts.
    pub flags: Vec<String>,
    /// The requirements that it tests.
    pub requirements: Vec<String>,
    /// What a conforming implementation does with it.
    pub result: Expectation,
    /// What is asked, and what the answer is.
    pub body: Body,
}

impl Vector {
    /// `suite/family/name`, such as `tigress-1/kdf/four_outputs`, or `family/name`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.group(), self.test)
    }

    /// Its family with its suite: `tigress-1/kdf`, or `payload`.
    #[must_use]
    pub fn group(&self) -> String {
        Family::of_suite(&self.family, self.suite.as_deref())
    }

    /// Whether `name` is its own: its whole name, or the same without its suite or with its number, as readers of
    /// Wycheproof's files know it.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.without_suite(name)
            .split_once('/')
            .is_some_and(|(family, test)| {
                family == self.family && (test == self.test || test == self.tc_id.to_string())
            })
    }

    /// Whether it is called `name`: by a name of its own, or by its family's or its suite's.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.is_named(name)
            || self.without_suite(name) == self.family
            || self.suite.as_deref() == Some(name)
    }

    /// What follows its suite in `name`, or all of it.
    fn without_suite<'n>(&self, name: &'n str) -> &'n str {
        let suite = self.suite.as_deref();
        suite
            .and_then(|suite| name.strip_prefix(suite)?.strip_prefix('/'))
            .unwrap_or(name)
    }
}

/// What a vector asks.
#[derive(Clone, Debug)]
pub enum Body {
    /// One call.
    Call(Call),
    /// Several steps with one device.
    Conversation(Conversation),
}

/// A call with its expected answer.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// Its parameters.
    pub params: Value,
    /// The result where the call is carried out: an object, each field of which is compared.
    pub expected: Option<Value>,
    /// The code where it is refused.
    pub error: Option<ErrorCode>,
}
