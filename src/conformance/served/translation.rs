//! The requests of a case as they go to a living server, and its answers as they come back.

use super::names::Names;
use super::shift::Shift;
use super::signatures::Signatures;
use serde_json::{Map, Value};

/// What stands for the values of one case.
#[derive(Clone, Debug)]
pub(super) struct Translation {
    pub(super) names: Names,
    signatures: Signatures,
    pub(super) shift: Shift,
}

/// When messages of a reading expire: in the case, and there between which times.
pub(super) type Expiries = Vec<(u64, u64, u64)>;

impl Translation {
    /// Of a case of which nothing is known yet. What is drawn is drawn from `seed`.
    pub(super) fn new(seed: String) -> Self {
        Translation {
            names: Names::new(seed),
            signatures: Signatures::default(),
            shift: Shift::default(),
        }
    }

    /// The case will ask this: what is right in it tells what is wrong before.
    pub(super) fn foresee(&mut self, request: &Value) {
        self.request(request);
    }

    /// A request of the case as it goes to the server, right or wrong. Ids stay: they count for a device alone, and all devices
    /// are the case's own.
    pub(super) fn request(&mut self, request: &Value) -> Value {
        let mut request = request.clone();
        if let Some(Value::String(token)) = request.get_mut("token") {
            *token = self.names.secret_text(token);
        }
        if let Some(body) = request.get_mut("body") {
            let (names, shift) = (&mut self.names, self.shift);
            let signatures = self.signatures.translate(body, names, shift);
            self.there(body);
            for (field, signature) in signatures {
                body[field] = signature.into();
            }
        }
        request
    }

    fn there(&mut self, value: &mut Value) {
        let Value::Object(fields) = value else {
            return;
        };
        for (name, value) in fields {
            match (name.as_str(), &mut *value) {
                ("userId" | "user", Value::String(text)) => *text = self.names.user_text(text),
                ("tokenHash" | "hash", Value::String(text)) => *text = self.names.hash_text(text),
                ("accessKey", Value::String(text)) => *text = self.names.secret_text(text),
                ("identityKey", Value::String(text)) => *text = self.names.identity_text(text),
                ("created" | "expires", Value::Number(number)) => {
                    if let Some(seconds) = number.as_u64() {
                        *number = self.shift.there(seconds).into();
                    }
                }
                (_, value) => self.there(value),
            }
        }
    }

    /// An answer of the server as the case has it. A message that expires between the times of `expiries` expires when the case
    /// says.
    pub(super) fn back(&self, mut answer: Value, expiries: &Expiries) -> Value {
        let envelopes = answer.get_mut("envelopes").and_then(Value::as_array_mut);
        let envelopes = envelopes.into_iter().flatten();
        for (envelope, (case, from, to)) in envelopes.zip(expiries) {
            let Some(end) = envelope.get_mut("expires") else {
                continue;
            };
            if end.as_u64().is_some_and(|it| (*from..=*to).contains(&it)) {
                // What comes out of the walk below is what the case has.
                *end = self.shift.there(*case).into();
            }
        }
        self.walk_back(&mut answer);
        answer
    }

    fn walk_back(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.fields_back(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk_back(item)),
            _ => {}
        }
    }

    fn fields_back(&self, fields: &mut Map<String, Value>) {
        for (name, value) in fields {
            let (names, signatures) = (&self.names, &self.signatures);
            match (name.as_str(), &mut *value) {
                ("created" | "expires", Value::Number(number)) => {
                    if let Some(seconds) = number.as_u64() {
                        *number = self.shift.back(seconds).into();
                    }
                }
                (name, Value::String(text)) => {
                    let case = match name {
                        "userId" => names.user_back(text),
                        "identityKey" => names.identity_back(text),
                        "signedPreKeySignature" | "statementSignature" => signatures.back(text),
                        _ => None,
                    };
                    if let Some(case) = case {
                        *text = case.to_owned();
                    }
                }
                (_, value) => self.walk_back(value),
            }
        }
    }
}
