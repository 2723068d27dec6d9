//! Asks a subject what a vector asks, and compares.

use super::difference;
use super::outcome::{Cause, Mismatch, Skip, Stop, Why};
use super::own_randomness;
use super::secrets::secret_in;
use crate::conformance::leak::holds;
use crate::conformance::operation::{Saved, normal};
use crate::conformance::subject::{Failure, RandomnessSource, Subject};
use crate::conformance::vector::conversation::{Action, Conversation, Machine};
use crate::conformance::vector::{Body, Call, Expectation, Vector};
use crate::hex::Hex;
use serde_json::{Value, json};

/// The handle of the one machine of a conversation.
const HANDLE: &str = "subject";

/// Runs a vector with a subject that was reset to the suite.
pub(super) fn run(
    subject: &mut dyn Subject,
    vector: &Vector,
    suite: &str,
    strict: bool,
) -> Result<(), Stop> {
    let mut asking = Asking {
        subject,
        suite,
        strict,
    };
    match &vector.body {
        Body::Call(call) => {
            let may_refuse = vector.result == Expectation::Acceptable;
            asking
                .call(call, call.params.clone(), may_refuse)
                .map_err(|stop| stop.about(None, call.method, &call.params))
        }
        Body::Conversation(conversation) => asking.conversation(conversation),
    }
}

/// A subject under the questions of a vector.
struct Asking<'a> {
    subject: &'a mut dyn Subject,
    suite: &'a str,
    /// Whether error codes must be the profile's.
    strict: bool,
}

impl Asking<'_> {
    /// One call; `params` are those of the vector, with the handle where it takes one.
    fn call(&mut self, call: &Call, params: Value, may_refuse: bool) -> Result<(), Stop> {
        let expectation = match (&call.error, &call.expected) {
            (Some(code), _) => format!("refused with `{code}`"),
            (None, Some(expected))
                if expected.as_object().is_some_and(serde_json::Map::is_empty) =>
            {
                "accepted".to_owned()
            }
            (None, expected) => expected.as_ref().map_or_else(String::new, Value::to_string),
        };
        let answer = self.subject.call(call.method, params);
        if let Err(Failure::Rejected { message, .. }) = &answer
            && let Some(name) = secret_in(&call.params, message)
        {
            let expected = format!("an error that does not show `{name}` (PRIV-04)");
            return Err(Mismatch::new(Cause::Secret, expected, message).into());
        }
        match (answer, &call.error) {
            (Err(failure @ Failure::Rejected { .. }), Some(code)) => {
                let is_code =
                    matches!(&failure, Failure::Rejected { error, .. } if error == code.as_str());
                if self.strict && !is_code {
                    return Err(Mismatch::new(Cause::Code, expectation, failure.to_string()).into());
                }
                Ok(())
            }
            (Err(Failure::Rejected { .. }), None) if may_refuse => Ok(()),
            (Err(failure), _) => Err(Stop::without_answer(call.method, expectation, &failure)),
            (Ok(got), Some(_)) => {
                Err(Mismatch::new(Cause::Accepted, expectation, format!("accepted: {got}")).into())
            }
            (Ok(got), None) => self.compare(call, &got),
        }
    }

    /// Holds an answer against the expected one: the whole of it, but what the subject drew itself.
    fn compare(&self, call: &Call, got: &Value) -> Result<(), Stop> {
        let draws_own = self.draws_own(call);
        let nothing = json!({});
        let expected = match &call.expected {
            Some(expected) if !draws_own => expected,
            _ => &nothing,
        };
        let differences = match normal(call.method, got) {
            // Every method of a vector is an operation's.
            None => Vec::new(),
            Some(Err(faults)) => difference::unreadable(expected, got, &faults),
            Some(Ok(_)) if draws_own => {
                return match own_randomness::judge(call, got, self.suite) {
                    Some(Ok(())) => Ok(()),
                    Some(Err(why)) => {
                        let expected = "what the reference engine can use";
                        Err(Mismatch::new(Cause::Answer, expected, format!("{got}: {why}")).into())
                    }
                    None => {
                        let reason =
                            format!("what `{}` answers is drawn by the subject", call.method);
                        Err(Skip::new(Why::OwnRandomness, reason).into())
                    }
                };
            }
            Some(Ok(normal)) => difference::between(expected, &normal, got),
        };
        if differences.is_empty() {
            return Ok(());
        }
        Err(Mismatch::of_fields(differences).into())
    }

    /// Whether the call is one whose outcome the subject's own randomness decides.
    fn draws_own(&self, call: &Call) -> bool {
        own_randomness::draws(call) && self.subject.describe().randomness == RandomnessSource::Own
    }

    /// The steps of a conversation, until one differs.
    fn conversation(&mut self, conversation: &Conversation) -> Result<(), Stop> {
        let machine = conversation.machine;
        self.plain(machine.load, on_machine(conversation.load.clone()))
            .map_err(|stop| stop.about(None, machine.load, &conversation.load))?;
        for (index, action) in conversation.steps.iter().enumerate() {
            let at_step = |stop: Stop, name: &str| {
                let inputs = match action {
                    Action::Call(call) => call.params.clone(),
                    Action::Restart | Action::Erased(_) => json!({}),
                };
                stop.about(Some(index + 1), name, &inputs)
            };
            match action {
                Action::Call(call) => {
                    self.step(machine, call)
                        .map_err(|stop| at_step(stop, call.method))?;
                }
                Action::Restart => self
                    .save(machine)
                    .and_then(|state| {
                        let params = on_machine(json!({ "state": state }));
                        self.plain(machine.restore, params).map(|_| ())
                    })
                    .map_err(|stop| at_step(stop, "restart"))?,
                Action::Erased(secrets) => {
                    let state = self.save(machine).map_err(|stop| at_step(stop, "erased"))?;
                    if let Some(kept) = secrets.iter().find(|secret| holds(&state, &secret.bytes)) {
                        let found = Mismatch::new(
                            Cause::State,
                            format!("{} is erased", kept.name),
                            format!("the saved state holds {}", kept.bytes),
                        );
                        return Err(at_step(found.into(), "erased"));
                    }
                }
            }
        }
        Ok(())
    }

    /// One call of a conversation; a refusal leaves the machine as it was (DR-15, X3DH-11).
    fn step(&mut self, machine: &Machine, step: &Call) -> Result<(), Stop> {
        // A subject that cannot be saved is not compared.
        let before = match step.error.map(|_| self.save(machine)).transpose() {
            Err(Stop::Skipped(_)) => None,
            before => before?,
        };
        self.call(step, on_machine(step.params.clone()), false)?;
        if let Some(before) = before {
            let after = self.save(machine)?;
            if before != after {
                return Err(Mismatch::new(
                    Cause::State,
                    "the state as it was before the refused step",
                    first_difference(&before, &after),
                )
                .into());
            }
        }
        Ok(())
    }

    /// A call that a vector needs but does not test.
    fn plain(&mut self, method: &str, params: Value) -> Result<Value, Stop> {
        self.subject.call(method, params).map_err(|failure| {
            Stop::without_answer(method, format!("{method} is carried out"), &failure)
        })
    }

    fn save(&mut self, machine: &Machine) -> Result<Hex, Stop> {
        let saved = self.plain(machine.save, on_machine(json!({})))?;
        serde_json::from_value::<Saved>(saved)
            .map(|saved| saved.state)
            .map_err(|error| {
                Mismatch::new(Cause::Answer, "a saved state", error.to_string()).into()
            })
    }
}

fn first_difference(before: &Hex, after: &Hex) -> String {
    let same = before.iter().zip(after.iter()).take_while(|(a, b)| a == b);
    let at = same.count();
    let excerpt = |state: &Hex| {
        let end = state.len().min(at + 40);
        String::from_utf8_lossy(&state[at.saturating_sub(40)..end]).into_owned()
    };
    format!(
        "the saved state differs from byte {at} on: `{}` became `{}`",
        excerpt(before),
        excerpt(after)
    )
}

fn on_machine(mut params: Value) -> Value {
    if let Some(object) = params.as_object_mut() {
        object.insert("handle".to_owned(), HANDLE.into());
    }
    params
}
