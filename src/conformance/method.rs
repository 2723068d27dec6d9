//! The methods of the adapter protocol as a page shows them: which field is what, and a call of each as the harness makes it.

use super::adapter::protocol;
use super::case::{Case, Cases};
use super::operation::{METHODS, Reference, role_of};
use super::run::{self, Terms};
use super::scenario::{self, Cast, SEED, Tested};
use super::subject::{Description, Failure, Role, Subject};
use super::vector::conversation::Action;
use super::vector::{Body, Vector};
use crate::suite::SuiteRef;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// So many words of an enumeration stand in place of a type; of more the description tells.
const WORDS: usize = 4;

/// A method.
#[derive(Clone, Debug, Serialize)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Of which role it is.
    pub role: Role,
    /// What it does.
    pub about: String,
    /// The fields of its parameters.
    pub params: Vec<Field>,
    /// The fields of its result.
    pub result: Vec<Field>,
    /// How it is asked, and answered by the reference engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
}

/// A field, at any depth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name with those of the fields that it is in: `peer.userId`, `messages[].kind`; `|` before it where it is one of
    /// several that there may be.
    pub name: String,
    /// What it is in JSON.
    pub kind: String,
    /// Whether it must be there; absent and null are the same.
    pub required: bool,
    /// What it says.
    pub about: String,
}

/// A call with its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// The vector or scenario that makes it.
    pub of: String,
    /// The parameters.
    pub params: Value,
    /// The result.
    pub result: Value,
}

impl Method {
    /// Every method, without examples.
    #[must_use]
    pub fn all() -> Vec<Method> {
        let schemas = protocol::schemas();
        let method = |name: &&'static str| {
            let schema = &schemas["methods"][*name];
            let fields = |of: &str| {
                let mut fields = Vec::new();
                let page = Page { schemas: &schemas };
                page.object(&schema[of], "", &mut fields);
                fields
            };
            Method {
                name,
                role: role_of(name),
                about: on_one_line(&schema["description"]),
                params: fields("params"),
                result: fields("result"),
                example: None,
            }
        };
        METHODS.iter().map(method).collect()
    }

    /// Whether it is called `name`: by its own name, by what stands before the dot, or by a family whose vectors ask it.
    #[must_use]
    pub fn is_called(&self, name: &str, cases: &Cases) -> bool {
        let asks = |case: Case| match case {
            Case::Vector(vector) => {
                vector.is_called(name) && asks(vector).any(|it| it == self.name)
            }
            Case::Scenario(..) => false,
        };
        let area = self.name.split_once('.').map(|(area, _)| area);
        self.name == name || area == Some(name) || cases.iter().any(asks)
    }

    /// Gives each an example: the first call in a vector, or else in a scenario, that the reference engine carries out; in a
    /// suite, where one is named.
    pub fn exemplify(methods: &mut [Method], cases: &Cases, suite: Option<SuiteRef>) {
        let mut recorder = Recorder {
            engine: Reference::default(),
            wanted: methods.iter().map(|method| method.name).collect(),
            of: String::new(),
            found: BTreeMap::new(),
        };
        let is_of = |case: &Case| match (case.suite(), suite) {
            (Some(own), Some(suite)) => own == suite.name(),
            _ => true,
        };
        for case in cases.iter().filter(is_of) {
            if recorder.wanted.is_empty() {
                break;
            }
            recorder.of = case.name();
            match case {
                Case::Vector(vector) => {
                    if asks(vector).any(|method| recorder.wanted.contains(method)) {
                        run::run(&mut recorder, vector, Terms::STRICT);
                    }
                }
                Case::Scenario(scenario, _) => {
                    if let Some(plays) = scenario.devices().into_iter().next() {
                        let suite = scenario.suite_or(suite);
                        let is_ready = recorder.reset(suite.name()).is_ok();
                        let tested = Tested {
                            subject: &mut recorder,
                            plays: &plays,
                            strict: true,
                        };
                        if is_ready {
                            let cast = Cast {
                                tested: Some(tested),
                                ..Cast::default()
                            };
                            let _ = scenario::run_with(scenario, suite, SEED, cast);
                        }
                    }
                }
            }
        }
        for method in methods {
            method.example = recorder.found.remove(method.name);
        }
    }
}

/// The methods that a vector asks.
fn asks(vector: &Vector) -> impl Iterator<Item = &'static str> {
    let (machine, steps): (_, Vec<_>) = match &vector.body {
        Body::Call(call) => (None, vec![call.method]),
        Body::Conversation(conversation) => {
            let steps = conversation.steps.iter().filter_map(|step| match step {
                Action::Call(call) | Action::Repeat(_, call) => Some(call.method),
                Action::Restart | Action::Erased(_) => None,
            });
            (Some(conversation.machine), steps.collect())
        }
    };
    let of_machine = machine.map(|machine| [machine.load, machine.save, machine.restore]);
    of_machine.into_iter().flatten().chain(steps)
}

/// The reference engine, of whose answers the first to each method that is wanted is kept.
struct Recorder {
    engine: Reference,
    wanted: BTreeSet<&'static str>,
    /// The vector or scenario at hand.
    of: String,
    found: BTreeMap<&'static str, Example>,
}

impl Subject for Recorder {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let asked = params.clone();
        let result = self.engine.call(method, params)?;
        if let Some(name) = self.wanted.take(method) {
            let example = Example {
                of: self.of.clone(),
                params: asked,
                result: result.clone(),
            };
            self.found.insert(name, example);
        }
        Ok(result)
    }
}

/// What the schemas say of fields.
struct Page<'a> {
    schemas: &'a Value,
}

impl<'a> Page<'a> {
    /// What a schema refers to.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        reference
            .and_then(|to| self.schemas.pointer(to))
            .map_or(schema, |of| self.resolved(of))
    }

    /// The fields of an object, and those in them.
    fn object(&self, schema: &'a Value, within: &str, fields: &mut Vec<Field>) {
        let schema = self.resolved(schema);
        let required = schema["required"].as_array();
        for (name, of) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.is_some_and(|all| all.iter().any(|one| one == name));
            self.field(of, &format!("{within}{name}"), is_required, fields);
        }
    }

    fn field(&self, schema: &'a Value, name: &str, required: bool, fields: &mut Vec<Field>) {
        let of = self.value(schema);
        let about = match &schema["description"] {
            Value::Null => &of["description"],
            about => about,
        };
        let words = words(of);
        let all = match words.len() {
            0..=WORDS => String::new(),
            _ => format!(" {}", words.join(", ")),
        };
        fields.push(Field {
            name: name.to_owned(),
            kind: self.kind(of),
            required,
            about: on_one_line(about) + &all,
        });
        self.inside(of, name, fields);
    }

    /// What stands in a value, if anything.
    fn inside(&self, of: &'a Value, name: &str, fields: &mut Vec<Field>) {
        if of["type"] == "array" {
            let items = self.value(&of["items"]);
            self.inside(items, &format!("{name}[]"), fields);
        } else if let Some(shapes) = of["oneOf"].as_array() {
            for shape in shapes.iter().filter(|shape| shape["type"] == "object") {
                self.shape(shape, name, fields);
            }
        } else {
            self.object(of, &format!("{name}."), fields);
        }
    }

    /// One of several shapes of an object: named by its only field, or by a field with a constant.
    fn shape(&self, shape: &'a Value, name: &str, fields: &mut Vec<Field>) {
        let properties = shape["properties"].as_object();
        let constant = properties
            .into_iter()
            .flatten()
            .find_map(|(field, of)| of["const"].as_str().map(|word| (field, word)));
        if let Some((field, word)) = constant {
            let about = on_one_line(&shape["description"]);
            fields.push(Field {
                name: format!("| {name}.{field}"),
                kind: format!("`{word}`"),
                required: false,
                about,
            });
            let required = shape["required"].as_array();
            for (inner, of) in properties.into_iter().flatten() {
                if inner != field {
                    let is_required =
                        required.is_some_and(|all| all.iter().any(|one| one == inner));
                    self.field(of, &format!("{name}.{inner}"), is_required, fields);
                }
            }
        } else if let Some((field, of)) = properties.and_then(|all| all.iter().next()) {
            let at = fields.len();
            self.field(of, &format!("{name}.{field}"), false, fields);
            let own = &mut fields[at];
            own.name = format!("| {}", own.name);
            if !shape["description"].is_null() {
                own.about = on_one_line(&shape["description"]);
            }
        }
    }

    /// A schema without the null that an optional field may be.
    fn value(&self, schema: &'a Value) -> &'a Value {
        let of = self.resolved(schema);
        let of_several = of["anyOf"].as_array().into_iter().flatten();
        let mut others = of_several.filter(|one| one["type"] != "null");
        match others.next() {
            Some(first) => self.value(first),
            None => of,
        }
    }

    /// What a value is in JSON.
    fn kind(&self, of: &'a Value) -> String {
        let words = words(of);
        let objects = of["oneOf"].as_array().map_or(0, Vec::len) > words.len();
        if objects || !words.is_empty() {
            let words = match words.len() {
                0..=WORDS => words.join(", "),
                many => format!("one of {many} words"),
            };
            let objects = if objects { "one of |" } else { "" };
            let parts = [objects, &words].into_iter();
            let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
            return parts.join(", ");
        }
        let types = match &of["type"] {
            Value::Array(types) => types.iter().find(|one| *one != "null"),
            one => Some(one),
        };
        let kind = types.and_then(Value::as_str).unwrap_or("any");
        match kind {
            "array" => format!("array of {}", self.kind(self.value(&of["items"]))),
            "integer" => match (of["minimum"].as_u64(), of["maximum"].as_u64()) {
                (Some(least), Some(most)) if most < u64::from(u32::MAX) => {
                    format!("integer, {least} to {most}")
                }
                (_, Some(most)) => {
                    format!("integer of {} bits", u64::BITS - most.leading_zeros())
                }
                _ => "integer".to_owned(),
            },
            "string" if of["pattern"] == "^([0-9a-f]{2})*$" => "hex".to_owned(),
            kind => kind.to_owned(),
        }
    }
}

/// The words that a string may be.
fn words(of: &Value) -> Vec<String> {
    let shapes = of["oneOf"].as_array().into_iter().flatten();
    let constants = shapes.map(|shape| &shape["const"]);
    let listed = of["enum"].as_array().into_iter().flatten();
    let words = constants.chain(listed).filter_map(Value::as_str);
    words.map(|word| format!("`{word}`")).collect()
}

fn on_one_line(text: &Value) -> String {
    let words = text.as_str().unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each method says what it does, has an example, and each field of the example is in its table.
    #[test]
    fn every_method_is_shown() {
        let cases = Cases::load(None, None);
        let mut methods = Method::all();
        Method::exemplify(&mut methods, &cases, None);
        for method in &methods {
            assert!(!method.about.is_empty(), "{}", method.name);
            let example = method.example.as_ref().expect(method.name);
            for (fields, value) in [
                (&method.params, &example.params),
                (&method.result, &example.result),
            ] {
                for (name, _) in value.as_object().expect("an object") {
                    assert!(
                        fields.iter().any(|field| field.name == *name),
                        "{}: {name}",
                        method.name
                    );
                }
                let required = fields
                    .iter()
                    .filter(|field| field.required && !field.name.contains(['.', '[']));
                for field in required {
                    assert!(
                        value.get(&field.name).is_some(),
                        "{}: {}",
                        method.name,
                        field.name
                    );
                }
                for field in fields {
                    assert!(
                        !field.kind.is_empty() && field.kind != "any",
                        "{}: {field:?}",
                        method.name
                    );
                }
            }
        }
    }
}
