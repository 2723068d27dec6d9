//! Parameters and answers, read by the type of their operation.

use super::{IntegerRange, Operation};
use crate::conformance::hint::Hint;
use crate::conformance::schema_error;
use crate::conformance::subject::{Failure, Subject};
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// At most so many faults are said of an answer.
const MOST: usize = 20;

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a JSON pointer; empty for the answer as a whole.
    pub place: String,
    /// What is there instead, or what is wrong with it.
    pub got: String,
}

impl Fault {
    fn of_the_whole(got: impl fmt::Display) -> Self {
        Fault {
            place: String::new(),
            got: got.to_string(),
        }
    }

    /// The field, as `messages[0].preKeyId`; empty for the answer as a whole.
    #[must_use]
    pub fn field(&self) -> String {
        let steps = self.place.split('/').skip(1);
        steps.fold(String::new(), |place, step| {
            if step.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("{place}[{step}]")
            } else {
                below(&place, &step.replace("~1", "/").replace("~0", "~"))
            }
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field() {
            field if field.is_empty() => f.write_str(&self.got),
            field => write!(f, "`{field}`: {}", self.got),
        }
    }
}

/// A field's name below a place: `step.submit`.
#[must_use]
pub fn below(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

/// What is said of a field that is not there, with the name that it may have been written under.
#[must_use]
pub fn absent(hint: &Hint) -> String {
    format!("nothing{hint}")
}

/// Asks a subject for an operation, as JSON.
///
/// # Errors
/// Why there is no result; [`Failure::Broken`] where the answer is none of the operation.
pub fn ask<O: Operation>(subject: &mut dyn Subject, input: O::Input) -> Result<O::Output, Failure> {
    let params = serde_json::to_value(input).map_err(|error| Failure::Broken(error.to_string()))?;
    let value = subject.call(O::METHOD, params)?;
    read::<O>(&value).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Failure::Broken(format!(
            "an answer that cannot be read: {}",
            faults.join("; ")
        ))
    })
}

/// An answer to an operation.
///
/// # Errors
/// All that its type says against it: twenty faults at most.
pub fn read<O: Operation>(answer: &Value) -> Result<O::Output, Vec<Fault>> {
    let answer = &without_nulls(answer, O::DATA);
    if let Some(shape) = Shape::of::<O::Output>(O::METHOD, Part::Result) {
        let faults = shape.faults(answer);
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    // What a schema cannot say: that an integer has no decimal point.
    O::Output::deserialize(answer).map_err(|error| vec![Fault::of_the_whole(error)])
}

/// Parameters of an operation.
///
/// # Errors
/// All that their type says against them, where they cannot be read: twenty faults at most.
pub(super) fn params<O: Operation>(params: &Value) -> Result<O::Input, Vec<Fault>> {
    O::Input::deserialize(params).map_err(|error| {
        let shape = Shape::of::<O::Input>(O::METHOD, Part::Params);
        let mut faults = shape.map_or_else(Vec::new, |shape| shape.faults(params));
        if faults.is_empty() {
            faults.push(Fault::of_the_whole(error));
        }
        faults
    })
}

/// What of a method has a schema.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Params,
    Result,
}

/// The same without the fields that are null; those that carry data stay as they are.
fn without_nulls(value: &Value, data: &[&str]) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, inner)| !inner.is_null())
            .map(|(name, inner)| {
                let is_data = data.contains(&name.as_str());
                let inner = if is_data {
                    inner.clone()
                } else {
                    without_nulls(inner, &[])
                };
                (name.clone(), inner)
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| without_nulls(item, &[])).collect(),
        other => other.clone(),
    }
}

/// An answer as its type writes it.
pub(super) fn normal<O: Operation>(answer: &Value) -> Result<Value, Vec<Fault>> {
    let output = read::<O>(answer)?;
    serde_json::to_value(output).map_err(|error| vec![Fault::of_the_whole(error)])
}

/// The schema of parameters or of a result.
struct Shape {
    validator: Validator,
    /// Every name that it has for a field, at any depth.
    names: BTreeSet<String>,
}

impl Shape {
    /// That of a part of a method, which is made once; none where it is no schema, which a test denies.
    fn of<T: JsonSchema>(method: &'static str, part: Part) -> Option<Arc<Shape>> {
        type Made = BTreeMap<(&'static str, Part), Arc<Shape>>;
        static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = made.get(&(method, part)) {
            return Some(Arc::clone(shape));
        }
        let schema = SchemaSettings::draft2020_12()
            .with_transform(IntegerRange)
            .into_generator()
            .into_root_schema_for::<T>()
            .to_value();
        let mut names = BTreeSet::new();
        collect_names(&schema, &mut names);
        let validator = jsonschema::validator_for(&schema).ok()?;
        let shape = Arc::new(Shape { validator, names });
        made.insert((method, part), Arc::clone(&shape));
        Some(shape)
    }

    fn faults(&self, answer: &Value) -> Vec<Fault> {
        if self.validator.is_valid(answer) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for error in self.validator.iter_errors(answer) {
            for fault in schema_error::faults(&error) {
                found.extend(self.explain(answer, &fault));
            }
            if found.len() >= MOST {
                break;
            }
        }
        found.truncate(MOST);
        found
    }

    /// A fault in the words of an answer; for fields that may not be there one each.
    fn explain(&self, answer: &Value, fault: &schema_error::Fault<'_>) -> Vec<Fault> {
        let place = fault.place();
        let of_field = |name: &str, got: String| Fault {
            place: format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")),
            got,
        };
        if let schema_error::Fault::Broken(error) = fault {
            match error.kind() {
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    let hint = self.hint(name, answer.pointer(place));
                    return vec![of_field(name, absent(&hint))];
                }
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    let got = "a field that may not be there";
                    let each = unexpected.iter().take(MOST);
                    return each.map(|name| of_field(name, got.to_owned())).collect();
                }
                _ => {}
            }
        }
        vec![Fault {
            place: place.to_owned(),
            got: fault.says(),
        }]
    }

    /// The name that comes nearest to a missing one, of those in the object that mean nothing.
    fn hint(&self, missing: &str, object: Option<&Value>) -> Hint {
        let there = object.and_then(Value::as_object).into_iter().flatten();
        let unknown = there.map(|(name, _)| name.as_str());
        Hint::nearest(missing, unknown.filter(|name| !self.names.contains(*name)))
    }
}

fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let properties = fields.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(|own| own.keys().cloned()));
            fields
                .values()
                .for_each(|inner| collect_names(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_names(inner, names)),
        _ => {}
    }
}
