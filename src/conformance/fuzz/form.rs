//! A vector as its file has it, so that `tigress test --vectors` runs it.

use crate::conformance::PROFILE_VERSION;
use crate::conformance::scenario::transcript::PROGRAM;
use crate::conformance::vector::conversation::{Action, Conversation};
use crate::conformance::vector::{
    Body, Call, Family, Origin, TestGroup, Vector, VectorFile, group_of,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The file with that vector alone; none where its family has no place for it.
#[must_use]
pub fn file(vector: &Vector) -> Option<VectorFile> {
    let family = Family::find(&vector.family)?;
    let (group, test) = match &vector.body {
        Body::Call(call) => {
            let mut test = Map::new();
            test.extend(object(&call.params));
            test.extend(call.expected.iter().flat_map(object));
            if let Some(code) = call.error {
                test.insert("error".to_owned(), json!(code));
            }
            (group_of(call.method)?, test)
        }
        Body::Conversation(conversation) => of_conversation(conversation),
    };
    let mut whole = Map::new();
    for (name, value) in [
        ("tcId", json!(vector.tc_id)),
        ("name", json!(vector.test)),
        ("comment", json!(vector.comment)),
        ("flags", json!(vector.flags)),
        ("requirements", json!(vector.requirements)),
    ] {
        whole.insert(name.to_owned(), value);
    }
    whole.extend(test);
    whole.insert("result".to_owned(), json!(vector.result));
    let (name, version) = PROGRAM.split_once(' ')?;
    Some(VectorFile {
        schema: family.schema_name(),
        profile: PROFILE_VERSION,
        family: family.name.to_owned(),
        suite: vector.suite.clone(),
        generator_version: version.to_owned(),
        header: vec!["Drawn by tigress fuzz.".to_owned()],
        number_of_tests: 1,
        last_tc_id: vector.tc_id,
        notes: BTreeMap::new(),
        test_groups: vec![TestGroup {
            r#type: group.to_owned(),
            source: Origin {
                name: name.to_owned(),
                version: version.to_owned(),
            },
            tests: vec![Value::Object(whole)],
        }],
    })
}

/// The type of its group, and what the test has beside what every test has.
fn of_conversation(conversation: &Conversation) -> (&'static str, Map<String, Value>) {
    let (kind, _) = conversation
        .machine
        .load
        .split_once('.')
        .unwrap_or_default();
    let group = match kind {
        "transfers" => "TransferConversation",
        "intermediary" => "IntermediaryConversation",
        _ => "Conversation",
    };
    let steps = conversation.steps.iter().map(|action| match action {
        Action::Restart => json!({ "op": "restart" }),
        Action::Erased(secrets) => json!({ "op": "erased", "secrets": secrets }),
        Action::Repeat(times, call) => {
            json!({ "op": "repeat", "times": times, "step": step(call) })
        }
        Action::Call(call) => step(call),
    });
    let mut test = Map::new();
    test.insert(kind.to_owned(), conversation.load.clone());
    test.insert("steps".to_owned(), steps.collect());
    (group, test)
}

fn step(call: &Call) -> Value {
    let mut step = Map::new();
    step.insert("op".to_owned(), camel_case(call.method).into());
    step.extend(object(&call.params));
    step.extend(call.expected.iter().flat_map(object));
    if let Some(code) = call.error {
        step.insert("error".to_owned(), json!(code));
    }
    Value::Object(step)
}

/// `device.process_bundle` as a step is called: `processBundle`.
fn camel_case(method: &str) -> String {
    let (_, name) = method.split_once('.').unwrap_or(("", method));
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        out.push_str(&first.to_uppercase());
        out.push_str(rest);
    }
    out
}

fn object(value: &Value) -> impl Iterator<Item = (String, Value)> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::vector::{Collection, Source};

    /// What is written is read again as what it was, of every kind that there is.
    #[test]
    fn every_vector_that_is_written_is_read_again() {
        let names = ["fingerprint", "sesame", "transfer_sender", "wire_prekey"];
        for source in Source::built_in_called(&names) {
            let all = Collection::load([Ok(source)]);
            for vector in all.vectors.iter().step_by(40) {
                let written = file(&Vector {
                    flags: Vec::new(),
                    ..vector.clone()
                });
                let text = serde_json::to_string(&written.expect("it has a family"));
                let again = VectorFile::load("again", &text.expect("it is JSON"));
                let again = again.expect("it can be read");
                assert_eq!(again.len(), 1);
                let (one, other) = (format!("{:?}", again[0].body), format!("{:?}", vector.body));
                assert_eq!(one, other, "{}", vector.name());
            }
        }
    }
}
