//! Test vectors, in the manner of Wycheproof.
//!
//! A vector is one call of an operation with its expected answer, or a [conversation] of
//! several steps with one device. Its name is `family/tcId`.

mod collection;
pub mod conversation;
mod family;
mod file;
mod group;

pub use collection::{Collection, Source};
pub use family::Family;
pub use file::{Note, TestGroup, VectorFile};
pub(super) use group::group_of;
pub use group::schema;

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
    /// The vector's number, which never changes.
    pub tc_id: u32,
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
    /// The suite that it is for.
    pub suite: String,
    /// Its number.
    pub tc_id: u32,
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
    /// `family/tcId`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.family, self.tc_id)
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
