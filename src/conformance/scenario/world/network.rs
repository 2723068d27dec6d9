//! The network between the devices and the intermediary: faithful, but for what a script has it do.

use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::scenario::transcript::Fate;
use crate::hex::Hex;
use crate::intermediary::{Answer, Body, Request};
use std::sync::Arc;

/// What the network does with the next request of that kind from that device, or with the answer to it.
#[derive(Clone, Debug)]
struct Rule {
    device: String,
    request: &'static str,
    of_answer: bool,
    fate: Fate,
}

/// The network.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Network {
    rules: Vec<Rule>,
    /// Requests that wait, each with the device that sent it.
    held_back: Vec<(String, Arc<Request>)>,
}

/// What the script calls a request.
pub(super) fn kind(body: &Body) -> &'static str {
    match body {
        Body::Register(_) => "registration",
        Body::PublishSignedPreKey { .. }
        | Body::PublishOneTimePreKeys { .. }
        | Body::PublishAccessKey { .. }
        | Body::WithdrawAccessKey { .. } => "publication",
        Body::CountOneTimePreKeys { .. } => "count",
        Body::FetchBundle { .. } => "bundle request",
        Body::Submit(_) => "submission",
        Body::Read { .. } => "reading",
        Body::Acknowledge { .. } => "acknowledgement",
        Body::Remove { .. } => "removal",
    }
}

/// The requests that a script can have something done to.
pub(in super::super) const REQUESTS: &[&str] = &[
    "registration",
    "publication",
    "count",
    "bundle request",
    "submission",
    "reading",
    "acknowledgement",
    "removal",
];

/// What scripts call a request of that name.
pub(super) fn request_called(name: &str) -> Result<&'static str, StepFailure> {
    REQUESTS
        .iter()
        .find(|known| **known == name)
        .copied()
        .ok_or_else(|| StepFailure::script(format!("`{name}` is no request")))
}

impl Network {
    /// From now on the first request of that kind, or the answer to it, has that fate.
    pub(in super::super) fn rule(
        &mut self,
        device: &str,
        request: &str,
        of_answer: bool,
        fate: Fate,
    ) -> Result<(), StepFailure> {
        let request = request_called(request)?;
        self.rules.push(Rule {
            device: device.to_owned(),
            request,
            of_answer,
            fate,
        });
        Ok(())
    }

    /// From now on nothing is done to anything. What is held back still waits.
    pub(in super::super) fn be_fair(&mut self) {
        self.rules.clear();
    }

    /// What a script wants done to something that never came.
    pub(in super::super) fn unused_rule(&self) -> Option<String> {
        let rule = self.rules.first()?;
        let answer = if rule.of_answer { "answer to the " } else { "" };
        Some(format!(
            "the next {answer}{} of {} never came, and should have been {}",
            rule.request, rule.device, rule.fate
        ))
    }

    /// What becomes of a request on its way to the intermediary; damage is done.
    pub(super) fn sent(
        &mut self,
        device: &str,
        request: &mut Request,
    ) -> Result<Option<Fate>, StepFailure> {
        let fate = self.fate(device, &request.body, false);
        if fate == Some(Fate::Damaged) {
            damage(match &mut request.body {
                Body::Submit(submission) => Some(&mut submission.message.0),
                _ => None,
            })?;
        }
        Ok(fate)
    }

    /// What becomes of the answer to a request on its way to the device; damage is done.
    pub(super) fn answered<E>(
        &mut self,
        device: &str,
        request: &Body,
        answer: &mut Result<Answer, E>,
    ) -> Result<Option<Fate>, StepFailure> {
        let fate = self.fate(device, request, true);
        if fate == Some(Fate::Damaged) {
            damage(match answer {
                Ok(Answer::Envelopes { envelopes }) => {
                    envelopes.first_mut().map(|first| &mut first.message.0)
                }
                Ok(Answer::Bundle { bundle }) => Some(&mut bundle.signed_pre_key_signature),
                _ => None,
            })?;
        }
        Ok(fate)
    }

    fn fate(&mut self, device: &str, body: &Body, of_answer: bool) -> Option<Fate> {
        let index = self.rules.iter().position(|rule| {
            rule.device == device && rule.request == kind(body) && rule.of_answer == of_answer
        })?;
        Some(self.rules.remove(index).fate)
    }

    /// A request waits until it is released.
    pub(super) fn hold_back(&mut self, device: &str, request: Arc<Request>) {
        self.held_back.push((device.to_owned(), request));
    }

    /// What waited, in the order in which it was sent.
    pub(super) fn release(&mut self) -> Vec<(String, Arc<Request>)> {
        std::mem::take(&mut self.held_back)
    }
}

/// One byte is changed, the tenth from the end: in a message a part of the tag, in a signature of s.
fn damage(bytes: Option<&mut Hex>) -> Result<(), StepFailure> {
    let bytes = bytes.ok_or_else(|| StepFailure::script("nothing in it can be damaged"))?;
    if let Some(byte) = bytes.0.iter_mut().rev().nth(9) {
        *byte ^= 1;
    }
    Ok(())
}
