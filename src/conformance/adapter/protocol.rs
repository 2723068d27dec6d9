//! Requests and answers, a line each.

use crate::conformance::hint::Hint;
use crate::conformance::operation::IntegerRange;
use crate::conformance::subject::{Description, Failure};
use crate::conformance::{json, operation, printable};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most bytes of an answer's line.
pub const MAX_LINE: usize = 16 * 1024 * 1024;
/// The most values of an answer, those in arrays and objects included.
pub const MAX_VALUES: usize = 100_000;
/// The most bytes of an error's `message`.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// The most bytes of an error's `data.error`.
pub const MAX_CODE: usize = 200;

/// The method is not offered (JSON-RPC 2.0).
pub const METHOD_NOT_FOUND: i64 = -32_601;
/// The parameters cannot be read (JSON-RPC 2.0).
pub const INVALID_PARAMS: i64 = -32_602;
/// The line is no JSON (JSON-RPC 2.0).
pub const PARSE_ERROR: i64 = -32_700;
/// The JSON is no request (JSON-RPC 2.0).
pub const INVALID_REQUEST: i64 = -32_600;
/// The subject refuses; `data.error` says with what.
pub const REJECTED: i64 = 1;

/// The one version of JSON-RPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Version {
    /// 2.0.
    #[default]
    #[serde(rename = "2.0")]
    Two,
}

/// A request of the harness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RequestLine")]
pub struct Request {
    /// `"2.0"`.
    pub jsonrpc: Version,
    /// Its number: the answer bears the same.
    pub id: u64,
    /// The method.
    pub method: String,
    /// Its parameters, an object.
    #[serde(default)]
    pub params: Value,
}

/// Parameters of `reset`, which comes before each vector and each part in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reset {
    /// The suite to speak from now on.
    pub suite: String,
}

/// An answer of an adapter: a result or an error.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AnswerLine")]
pub struct Answer {
    /// `"2.0"`.
    pub jsonrpc: Version,
    /// The number of the request; none where it could not be read.
    pub id: Option<u64>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It was carried out.
    Result(Value),
    /// It was not.
    Error(Error),
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// -32601 where the method is not offered; 1 where the subject refuses; another number where the adapter
    /// itself failed.
    pub code: i64,
    /// For people.
    pub message: String,
    /// Where the subject refuses: with which error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Refusal>,
}

/// What a subject refuses with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The profile's code (section 11), or the implementation's own.
    pub error: String,
}

impl Request {
    /// The request with that number.
    #[must_use]
    pub fn new(id: u64, method: &str, params: Value) -> Self {
        Request {
            jsonrpc: Version::Two,
            id,
            method: method.to_owned(),
            params,
        }
    }

    /// Its line, with the line feed.
    #[must_use]
    pub fn line(&self) -> String {
        let Request {
            id, method, params, ..
        } = self;
        format!(
            "{}\n",
            serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
        )
    }
}

impl Answer {
    /// Reads a line of an adapter.
    ///
    /// # Errors
    /// What is wrong with the line, which is shown shortened.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let fault = |reason: String| {
            format!(
                "the adapter wrote what is no answer ({reason}): {}",
                shortened(line)
            )
        };
        let text = str::from_utf8(line).map_err(|error| fault(error.to_string()))?;
        let value = json::read(text, MAX_VALUES).map_err(|error| fault(error.to_string()))?;
        Answer::of(value).map_err(fault)
    }

    /// The answer that a value is. Null is as good as absent.
    fn of(mut value: Value) -> Result<Self, String> {
        let Some(fields) = value.as_object_mut() else {
            return Err("it is no object".to_owned());
        };
        fields.retain(|name, value| name == "id" || !value.is_null());
        let absent = |name: &str, fields: &Map<String, Value>| {
            let hint = Hint::nearest(name, fields.keys().map(String::as_str));
            format!("no `{name}`{hint}")
        };
        match fields.get("jsonrpc") {
            Some(version) if version == "2.0" => {}
            Some(_) => return Err("`jsonrpc` is not \"2.0\"".to_owned()),
            None => return Err(absent("jsonrpc", fields)),
        }
        let id = match fields.get("id") {
            Some(Value::Null) => None,
            Some(id) => Some(id.as_u64().ok_or("`id` is not the number of a request")?),
            None => return Err(absent("id", fields)),
        };
        let outcome = match (fields.remove("result"), fields.remove("error")) {
            (Some(result), None) => Outcome::Result(result),
            (None, Some(error)) => Outcome::Error(Error::of(error)?),
            (Some(_), Some(_)) => return Err("both `result` and `error`".to_owned()),
            (None, None) => {
                let hint = Hint::nearest("result", fields.keys().map(String::as_str));
                return Err(format!("neither `result` nor `error`{hint}"));
            }
        };
        Ok(Answer {
            jsonrpc: Version::Two,
            id,
            outcome,
        })
    }
}

impl Error {
    /// The error that a value is.
    fn of(value: Value) -> Result<Self, String> {
        let error: Error =
            serde_json::from_value(value).map_err(|error| format!("`error`: {error}"))?;
        let code = error.data.as_ref().map_or("-", |data| &data.error);
        for (name, text, at_most) in [
            ("error.message", error.message.as_str(), MAX_MESSAGE),
            ("error.data.error", code, MAX_CODE),
        ] {
            if text.len() > at_most {
                let length = text.len();
                return Err(format!(
                    "`{name}` has {length} bytes, and at most {at_most} may be"
                ));
            }
        }
        if code.trim().is_empty() {
            return Err("`error.data.error` is blank".to_owned());
        }
        Ok(error)
    }
}

/// A line in short, for a message.
pub(super) fn shortened(line: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(line);
    printable::shortened(text.trim_end(), SHOWN).into_owned()
}

impl From<Result<Value, Failure>> for Outcome {
    fn from(result: Result<Value, Failure>) -> Self {
        let error = |code, message: String, data| {
            Outcome::Error(Error {
                code,
                message,
                data,
            })
        };
        match result {
            Ok(value) => Outcome::Result(value),
            Err(Failure::Rejected {
                error: code,
                message,
            }) => error(REJECTED, message, Some(Refusal { error: code })),
            Err(Failure::NotImplemented) => {
                error(METHOD_NOT_FOUND, "not implemented".to_owned(), None)
            }
            Err(Failure::Broken(why) | Failure::TimedOut(why)) => error(INVALID_PARAMS, why, None),
        }
    }
}

impl From<Outcome> for Result<Value, Failure> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Result(value) => Ok(value),
            Outcome::Error(Error {
                code: METHOD_NOT_FOUND,
                ..
            }) => Err(Failure::NotImplemented),
            Outcome::Error(Error {
                message,
                data: Some(Refusal { error }),
                ..
            }) => Err(Failure::Rejected { error, message }),
            Outcome::Error(Error { code, message, .. }) => Err(Failure::Broken(format!(
                "the adapter failed with error {code} and no `data.error`: {message}"
            ))),
        }
    }
}

/// The JSON Schemas of the protocol: a request, an answer, what `describe` gives, what `reset` is given, and of each method what it
/// does, its parameters and its result. It stands in `docs/adapter_schema.json`.
#[must_use]
pub fn schemas() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with_transform(IntegerRange)
        .into_generator();
    let request = generator.subschema_for::<Request>();
    let answer = generator.subschema_for::<Answer>();
    let description = generator.subschema_for::<Description>();
    let reset = generator.subschema_for::<Reset>();
    let methods = operation::schemas(&mut generator);
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The adapter protocol, version 1",
        "request": request,
        "answer": answer,
        "description": description,
        "reset": reset,
        "methods": methods,
        "$defs": generator.take_definitions(true),
    })
}
