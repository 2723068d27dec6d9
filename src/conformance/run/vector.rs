//! Asks a subject what a vector asks, and compares.

use super::Terms;
use super::clause::{self, Compared};
use super::difference;
use super::outcome::{Cause, Mismatch, Skip, Stop, Why};
use super::own_randomness;
use crate::conformance::leak::holds;
use crate::conformance::operation::device::{Create, Decrypt};
use crate::conformance::operation::xeddsa::Sign;
use crate::conformance::operation::{Operation, Reference, Saved, normal};
use crate::conformance::printable::shortened;
use crate::conformance::restarts::Restarts;
use crate::conformance::secrets::{Secrets, is_suspect};
use crate::conformance::subject::{Failure, RandomnessSource, Subject};
use crate::conformance::vector::conversation::{Action, Conversation, Machine, numbered};
use crate::conformance::vector::{Body, Call, Expectation, Vector};
use crate::hex;
use serde_json::{Value, json};

/// The handle of the one machine of a conversation.
const HANDLE: &str = "subject";
/// Of what shows a secret on standard error so many characters are told.
const MOST_SAID: usize = 2_000;

/// Runs a vector with a subject that was reset to the suite.
pub(super) fn run(
    subject: &mut dyn Subject,
    vector: &Vector,
    suite: &str,
    terms: Terms,
) -> Result<(), Stop> {
    let mut asking = Asking {
        subject,
        vector,
        suite,
        terms,
        may_differ: vector.result == Expectation::Acceptable,
        has_drawn: false,
        secrets: Secrets::default(),
        leak: None,
        at: None,
        saved: 0,
    };
    let result = match &vector.body {
        Body::Call(call) => asking
            .call(call, call.params.clone())
            .map(|_| ())
            .map_err(|stop| stop.about(None, call.method, &call.params)),
        Body::Conversation(conversation) => asking.conversation(conversation),
    };
    match (result, asking.leak) {
        (Ok(()) | Err(Stop::Skipped(_)), Some(leak)) => Err(leak.into()),
        (result, _) => result,
    }
}

/// A subject under the questions of a vector.
struct Asking<'a> {
    subject: &'a mut dyn Subject,
    vector: &'a Vector,
    suite: &'a str,
    terms: Terms,
    /// Whether it may refuse what it is asked, or make it otherwise where both can be used.
    may_differ: bool,
    /// Whether it has drawn something of its own: what it sends from then on is its own too.
    has_drawn: bool,
    /// What it was given and has answered that it must not show.
    secrets: Secrets,
    /// The first of them that it wrote to its standard error, which it is charged with where nothing else is wrong.
    leak: Option<Mismatch>,
    /// The conversation, and how many of its steps are over.
    at: Option<(&'a Conversation, usize)>,
    /// How long the state was that was saved last, in bytes.
    saved: usize,
}

impl<'a> Asking<'a> {
    /// One call; `params` are those of the vector, with the handle where it takes one. Whether it was carried out.
    fn call(&mut self, call: &Call, params: Value) -> Result<bool, Stop> {
        let expectation = match (&call.error, &call.expected) {
            (Some(code), _) => format!("refused with `{code}`"),
            (None, Some(expected))
                if expected.as_object().is_some_and(serde_json::Map::is_empty) =>
            {
                "accepted".to_owned()
            }
            (None, expected) => expected.as_ref().map_or_else(String::new, Value::to_string),
        };
        match (self.ask(call.method, params)?, &call.error) {
            (Err(failure @ Failure::Rejected { .. }), Some(code)) => {
                let is_code =
                    matches!(&failure, Failure::Rejected { error, .. } if error == code.as_str());
                if self.terms.strict && !is_code {
                    let mismatch = Mismatch::new(Cause::Code, expectation, failure.to_string());
                    return Err(self.of_missing(mismatch, code.as_str()).into());
                }
                Ok(false)
            }
            (Err(Failure::Rejected { .. }), None) if self.may_differ => Ok(false),
            (Err(ref failure @ Failure::Rejected { ref error, .. }), None) => Err(Mismatch {
                clause: self.of_refused(call.method, error),
                ..Mismatch::without_answer(expectation, failure)
            }
            .into()),
            (Err(failure), code) => {
                let stop = Stop::without_answer(call.method, expectation, &failure);
                Err(match (stop, code) {
                    (Stop::Differs(mismatch), Some(code)) => {
                        self.of_missing(*mismatch, code.as_str()).into()
                    }
                    (stop, _) => stop,
                })
            }
            (Ok(got), Some(code)) => {
                let mismatch =
                    Mismatch::new(Cause::Accepted, expectation, format!("accepted: {got}"));
                Err(self.of_missing(mismatch, code.as_str()).into())
            }
            (Ok(got), None) => self.compare(call, &got).map(|()| true),
        }
    }

    /// A refusal that is missing, or has another code.
    fn of_missing(&self, mismatch: Mismatch, code: &str) -> Mismatch {
        let clause = clause::of_missing_refusal(code, &self.vector.requirements);
        Mismatch { clause, ..mismatch }
    }

    /// The requirement that a refusal speaks of which is none of the profile's. In a conversation an earlier step may be why.
    fn of_refused(&self, method: &str, code: &str) -> Option<&'static str> {
        let carried = &self.vector.requirements;
        match self.vector.body {
            Body::Call(_) => clause::of_refused(method, code, carried),
            Body::Conversation(_) => clause::of_missing_refusal(code, carried),
        }
    }

    /// Asks, and looks whether a secret is shown (PRIV-04).
    fn ask(&mut self, method: &str, params: Value) -> Result<Result<Value, Failure>, Stop> {
        self.secrets.note(&params);
        let answer = self.subject.call(method, params);
        if let (Err(Failure::NotImplemented), Some(lack)) = (&answer, self.subject.lack()) {
            return Err(Skip::of(lack).into());
        }
        match &answer {
            Ok(value) => self.secrets.note(value),
            Err(Failure::Rejected { message, .. }) => {
                if let Some(name) = self.shown_in(message.as_bytes()) {
                    let expected = format!("an error that does not show `{name}` (PRIV-04)");
                    return Err(Mismatch::new(Cause::Secret, expected, message).into());
                }
            }
            Err(_) => {}
        }
        let said = self.subject.said();
        if self.leak.is_none()
            && let Some(name) = self.shown_in(&said)
        {
            let expected = format!("standard error does not show `{name}` (PRIV-04)");
            let said = String::from_utf8_lossy(&said);
            let leak = Mismatch::new(Cause::Secret, expected, shortened(&said, MOST_SAID));
            self.leak = Some(Mismatch {
                method: method.to_owned(),
                ..leak
            });
        }
        Ok(answer)
    }

    /// The secret that a text shows: of those that were asked and answered, else of those that the reference engine has in the
    /// subject's place.
    fn shown_in(&mut self, text: &[u8]) -> Option<&'static str> {
        let shown = self.secrets.shown_in(text);
        if shown.is_some() || !is_suspect(text) {
            return shown;
        }
        let (conversation, over) = self.at?;
        let machine = conversation.machine;
        let mut engine = Reference::default();
        engine.reset(self.suite).ok()?;
        let load = on_machine(conversation.load.clone());
        engine.call(machine.load, load).ok()?;
        for action in conversation.steps.iter().take(over) {
            if let Action::Call(call) = action {
                // What is to be refused is.
                engine
                    .call(call.method, on_machine(call.params.clone()))
                    .ok();
            }
            let saved = engine.call(machine.save, on_machine(json!({}))).ok()?;
            let saved = serde_json::from_value::<Saved>(saved).ok()?;
            self.secrets.note_saved(&saved.state);
        }
        self.secrets.shown_in(text)
    }

    /// Holds an answer against the expected one: the whole of it, but what the subject drew itself.
    fn compare(&mut self, call: &Call, got: &Value) -> Result<(), Stop> {
        // What a message says does not depend on what its reader draws.
        let reads = call.method == Decrypt::METHOD;
        let draws_own = self.draws_own(call) && !reads;
        self.has_drawn |= self.draws_own(call);
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
        if differences.is_empty() || self.is_as_good(call, got) {
            return Ok(());
        }
        let compared = Compared {
            method: call.method,
            suite: self.suite,
            carried: &self.vector.requirements,
            expected,
            got,
        };
        let clause = compared.of_fields(&differences);
        Err(Mismatch {
            clause,
            ..Mismatch::of_fields(differences)
        }
        .into())
    }

    /// Whether a signature, or a device's keys, are made otherwise where that may be, and the reference engine can use
    /// them all the same.
    fn is_as_good(&self, call: &Call, got: &Value) -> bool {
        let is_made = [Sign::METHOD, Create::METHOD].contains(&call.method);
        self.may_differ
            && is_made
            && own_randomness::judge(call, got, self.suite).is_some_and(|judged| judged.is_ok())
    }

    /// Whether what the subject answers to a step hangs on what it has drawn before.
    fn hangs_on_drawn(&self, call: &Call) -> bool {
        let is_read = call.method == Decrypt::METHOD && !own_randomness::draws(call);
        self.has_drawn && call.error.is_none() && !is_read
    }

    /// Whether the call is one whose outcome the subject's own randomness decides.
    fn draws_own(&self, call: &Call) -> bool {
        own_randomness::draws(call) && self.subject.describe().randomness == RandomnessSource::Own
    }

    /// The steps of a conversation, until one differs.
    fn conversation(&mut self, conversation: &'a Conversation) -> Result<(), Stop> {
        let machine = conversation.machine;
        for action in &conversation.steps {
            if let Action::Call(call) | Action::Repeat(_, call) = action {
                self.subject.foresee(call.method, &call.params);
            }
        }
        self.plain(machine.load, on_machine(conversation.load.clone()))
            .map_err(|stop| stop.about(None, machine.load, &conversation.load))?;
        // Why something could not be asked that must be refused; how many refusals were judged; why what is kept cannot be seen.
        let (mut passed_over, mut refusals, mut unseen) = (None, 0, None);
        for (index, action) in conversation.steps.iter().enumerate() {
            self.at = Some((conversation, index + 1));
            let at_step = |stop: Stop, name: &str| {
                let inputs = match action {
                    Action::Call(call) | Action::Repeat(_, call) => call.params.clone(),
                    Action::Restart | Action::Erased(_) => json!({}),
                };
                stop.about(Some(index + 1), name, &inputs)
            };
            match action {
                Action::Call(call) if self.hangs_on_drawn(call) => {
                    let reason = format!("what `{}` answers is drawn by the subject", call.method);
                    return Err(Skip::new(Why::OwnRandomness, reason).into());
                }
                Action::Call(call) => {
                    let done = self
                        .restart_before_a_step(machine, index)
                        .and_then(|saved| self.step(machine, call, saved));
                    match done {
                        // What is refused changes nothing: it goes on without it.
                        Err(Stop::Skipped(skip))
                            if skip.why == Why::NotObservable && call.error.is_some() =>
                        {
                            passed_over.get_or_insert(skip);
                        }
                        Err(stop) => return Err(at_step(stop, call.method)),
                        // Where it may refuse, nothing follows from a step that was not taken.
                        Ok(false) if call.error.is_none() => return Ok(()),
                        Ok(_) => refusals += usize::from(call.error.is_some()),
                    }
                }
                Action::Repeat(times, call) => self
                    .repeat(*times, call)
                    .map_err(|stop| at_step(stop, call.method))?,
                Action::Restart if self.terms.restarts == Restarts::Never => {}
                Action::Restart => self
                    .restart(machine)
                    .map_err(|stop| at_step(stop, "restart"))?,
                Action::Erased(secrets) => {
                    let state = match self.save(machine) {
                        Err(Stop::Skipped(skip)) if skip.why == Why::NotObservable => {
                            unseen.get_or_insert(skip);
                            continue;
                        }
                        state => state.map_err(|stop| at_step(stop, "erased"))?,
                    };
                    let state = hex::decode(&state).unwrap_or_default();
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
        let passed_over = passed_over.filter(|_| refusals == 0);
        unseen
            .or(passed_over)
            .map_or(Ok(()), |skip| Err(skip.into()))
    }

    /// It is stopped and started again.
    fn restart(&mut self, machine: &Machine) -> Result<(), Stop> {
        match self.subject.restart() {
            None => {
                let state = self.save(machine)?;
                self.restore(machine, &state)
            }
            Some(Ok(())) => Ok(()),
            Some(Err(failure)) => Err(match self.subject.lack() {
                Some(lack) => Skip::of(lack).into(),
                None => Stop::without_answer("restart", "a restart".to_owned(), &failure),
            }),
        }
    }

    /// Before the step of that number, where there is a restart before it: what was saved. A subject that cannot be saved is not
    /// restarted.
    fn restart_before_a_step(
        &mut self,
        machine: &Machine,
        index: usize,
    ) -> Result<Option<String>, Stop> {
        let step = u32::try_from(index).unwrap_or(u32::MAX);
        if !self.terms.restarts.before(step, self.saved) {
            return Ok(None);
        }
        let before = match self.save(machine) {
            Err(Stop::Skipped(_)) => return Ok(None),
            before => before?,
        };
        self.restore(machine, &before)?;
        let after = self.save(machine)?;
        if before == after {
            return Ok(Some(after));
        }
        let got = first_difference(&before, &after);
        Err(Mismatch::new(Cause::Restart, Restarts::EXPECTED, got).into())
    }

    /// So many calls, each of which is carried out.
    fn repeat(&mut self, times: u32, call: &Call) -> Result<(), Stop> {
        for number in 1..=times {
            let params = numbered(&call.params, number).map_err(|error| {
                Mismatch::new(
                    Cause::NoAnswer,
                    "a call that can be made",
                    error.to_string(),
                )
            })?;
            self.plain(call.method, on_machine(params))?;
        }
        Ok(())
    }

    fn restore(&mut self, machine: &Machine, state: &str) -> Result<(), Stop> {
        let params = on_machine(json!({ "state": state }));
        self.plain(machine.restore, params).map(|_| ())
    }

    /// One call of a conversation; a refusal leaves the machine as it was (DR-15, X3DH-11), which `saved` is where it is known.
    fn step(
        &mut self,
        machine: &Machine,
        step: &Call,
        saved: Option<String>,
    ) -> Result<bool, Stop> {
        let before = match (step.error, saved) {
            (None, _) => None,
            (Some(_), Some(saved)) => Some(saved),
            // A subject that cannot be saved is not compared.
            (Some(_), None) => match self.save(machine) {
                Err(Stop::Skipped(_)) => None,
                before => Some(before?),
            },
        };
        let done = self.call(step, on_machine(step.params.clone()))?;
        if let Some(before) = before {
            let after = self.save(machine)?;
            if before != after {
                let expected = "the state as it was before the refused step";
                let got = first_difference(&before, &after);
                return Err(Mismatch {
                    clause: clause::of_changed_state(&self.vector.requirements),
                    ..Mismatch::new(Cause::State, expected, got)
                }
                .into());
            }
        }
        Ok(done)
    }

    /// A call that a vector needs but does not test.
    fn plain(&mut self, method: &str, params: Value) -> Result<Value, Stop> {
        self.ask(method, params)?.map_err(|failure| {
            Stop::without_answer(method, format!("{method} is carried out"), &failure)
        })
    }

    /// The saved state, in hex: it is compared and put back as it stands there.
    fn save(&mut self, machine: &Machine) -> Result<String, Stop> {
        let mut saved = self.plain(machine.save, on_machine(json!({})))?;
        match saved.get_mut("state").map_or(Value::Null, Value::take) {
            Value::String(state) if hex::is_hex(&state) => {
                self.saved = state.len() / 2;
                Ok(state)
            }
            other => {
                let got = shortened(&other.to_string(), MOST_SAID).into_owned();
                Err(Mismatch::new(Cause::Answer, "a saved `state` in hex", got).into())
            }
        }
    }
}

fn first_difference(before: &str, after: &str) -> String {
    let bytes = |state| hex::decode(state).unwrap_or_default();
    let (before, after) = (bytes(before), bytes(after));
    let same = before.iter().zip(&after).take_while(|(a, b)| a == b);
    let at = same.count();
    let excerpt = |state: &[u8]| {
        let end = state.len().min(at + 40);
        String::from_utf8_lossy(&state[at.saturating_sub(40)..end]).into_owned()
    };
    format!(
        "the saved state differs from byte {at} on: `{}` became `{}`",
        excerpt(&before),
        excerpt(&after)
    )
}

fn on_machine(mut params: Value) -> Value {
    if let Some(object) = params.as_object_mut() {
        object.insert("handle".to_owned(), HANDLE.into());
    }
    params
}
