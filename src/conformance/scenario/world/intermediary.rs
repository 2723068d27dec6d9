//! The intermediary of a scenario: the reference engine's, or a subject's beside it, and what a dishonest one makes of its answers.

use super::forgery;
use super::lies::{Answering, Lie};
use super::network;
use super::played::Played;
use crate::agreement::BundleFields;
use crate::conformance::clients::transaction;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::scenario::submitted::submitted;
use crate::conformance::seed::Recorder;
use crate::conformance::subject::Subject;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId};
use crate::intermediary::{
    Answer, Body, Envelope, Intermediary, Limits, MemoryStore, Request, SavedIntermediary,
};
use crate::primitives::Randomness;
use crate::sesame::Device;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// What a bundle is in place of the one asked for.
#[derive(Clone)]
pub(in super::super) enum Swapped {
    /// That one, at the address asked for.
    Keys(BundleFields),
    /// That one as it is.
    Whole(BundleFields),
}

/// The intermediary, honest until a script says otherwise.
#[derive(Clone)]
pub(in super::super) struct ScriptedIntermediary<'a> {
    /// The reference engine's. Where a subject plays the intermediary it is asked the same, and must answer the same.
    machine: Intermediary<MemoryStore>,
    played: Played<'a>,
    suite: SuiteRef,
    limits: Limits,
    pub(super) randomness: Recorder,
    /// Devices that are not told that messages wait.
    pub(in super::super) withheld: Vec<Address>,
    /// Envelopes that it puts into the next reading of their owner.
    pub(in super::super) injected: Vec<Envelope>,
    /// Whether it hands out the mailbox in reverse.
    pub(in super::super) reversed: bool,
    /// What the next bundle is in place of the one asked for.
    pub(in super::super) swapped: Option<Swapped>,
    /// Devices whose bundles come without a one-time prekey, whatever is left.
    pub(in super::super) kept_back: Vec<Address>,
    /// What it says is left of a device's one-time prekeys.
    pub(in super::super) counted: BTreeMap<Address, u32>,
    /// What it answers in place of the truth, the last that was said first.
    pub(super) lies: Vec<Answering>,
    /// Devices with keys of its own, at addresses of others.
    pub(super) ghosts: Vec<Device>,
    /// The last one-time prekey that was handed out of each device.
    handed_out: BTreeMap<Address, (u32, Hex)>,
    /// The next bundle of these devices has the one-time prekey that was handed out last.
    pub(in super::super) handed_out_again: Vec<Address>,
}

impl<'a> ScriptedIntermediary<'a> {
    /// It knows nobody, and neither does the subject that plays it where there is one. What it makes itself is made from `seed`.
    pub(super) fn new(suite: SuiteRef, seed: &str, played: Option<&'a mut dyn Subject>) -> Self {
        ScriptedIntermediary {
            machine: Intermediary::new(suite, MemoryStore::default()),
            played: Played::new(played),
            suite,
            limits: Limits::PROFILE,
            randomness: Recorder::new(&format!("{seed}/intermediary")),
            withheld: Vec::new(),
            injected: Vec::new(),
            reversed: false,
            swapped: None,
            kept_back: Vec::new(),
            counted: BTreeMap::new(),
            lies: Vec::new(),
            ghosts: Vec::new(),
            handed_out: BTreeMap::new(),
            handed_out_again: Vec::new(),
        }
    }

    /// From now on it is held to these limits. It knows nobody yet. No subject can be.
    pub(super) fn limit(&mut self, limits: Limits) -> Result<(), StepFailure> {
        if self.played.is_there() {
            let reason =
                "the intermediary is played by the subject, whose bounds are the profile's";
            return Err(StepFailure::NotObservable(reason.to_owned()));
        }
        self.machine = Intermediary::with_limits(self.suite, MemoryStore::default(), limits);
        self.limits = limits;
        Ok(())
    }

    /// What it answers to a request, honestly.
    pub(super) fn handle(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Result<Answer, ErrorCode>, StepFailure> {
        let answer = self.machine.handle(request, now);
        let owed = answer.map(Ok).or_else(|error| match error.code() {
            Some(code) => Ok(Err(code)),
            None => Err(StepFailure::script(error)),
        })?;
        self.played.answers(request, now, &owed)?;
        Ok(owed)
    }

    /// The same; whether it is another one since, and whether it did it in one transaction.
    pub(super) fn handle_watched(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<(Result<Answer, ErrorCode>, bool, bool), StepFailure> {
        let before = self.machine.clone();
        let store = before.store();
        let is_one = transaction::is_one(self.suite, self.limits, store, request, now);
        let answer = self.handle(request, now)?;
        Ok((answer, self.machine != before, is_one))
    }

    /// What it answers in place of the truth, where a script says so.
    pub(super) fn lie(
        &mut self,
        asker: &str,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Result<Answer, ErrorCode>>, StepFailure> {
        let kind = network::kind(&request.body);
        let is_to = |to: &Address| match &request.body {
            Body::Submit(submission) => submission.recipient == *to,
            Body::FetchBundle { address, .. } => address == to,
            _ => false,
        };
        let is_meant = |lie: &Answering| {
            lie.request == kind
                && lie.asker.as_ref().is_none_or(|of| of == asker)
                && lie.to.as_ref().is_none_or(is_to)
        };
        let Some(index) = self.lies.iter().position(is_meant) else {
            return Ok(None);
        };
        let Answering {
            lie,
            always,
            carried_out,
            ..
        } = self.lies[index];
        if !always {
            self.lies.remove(index);
        }
        if carried_out {
            self.handle(request, now)?.ok();
        }
        if let Some(mut answer) = lie.answer(&request.body) {
            // No two messages that make no sense are the same.
            if let Ok(Answer::Envelopes { envelopes }) = &mut answer {
                for envelope in envelopes {
                    let (_, end) = envelope.message.0.0.split_at_mut(1);
                    self.randomness.fill(end).map_err(StepFailure::script)?;
                }
            }
            return Ok(Some(answer));
        }
        let (Body::FetchBundle { address, .. }, Lie::OwnKeys) = (&request.body, lie) else {
            let lie = lie.name();
            return Err(StepFailure::script(format!(
                "no {kind} is answered with `{lie}`"
            )));
        };
        let ghost = forgery::ghost(self.suite, *address, now, &mut self.randomness)?;
        let bundle = forgery::bundle(&ghost)?;
        self.ghosts.push(ghost);
        Ok(Some(Ok(Answer::Bundle { bundle })))
    }

    /// What one of its own devices reads of a message.
    pub(super) fn reads(&self, from: &Address, request: &Request) -> bool {
        let Body::Submit(submission) = &request.body else {
            return false;
        };
        let (to, kind, message) = submitted(submission);
        let mut ghosts = self.ghosts.iter().filter(|ghost| ghost.address() == to);
        ghosts.any(|ghost| {
            let mut randomness = Recorder::new("the intermediary reads");
            ghost
                .clone()
                .decrypt(from, kind, message, &mut randomness)
                .is_ok()
        })
    }

    /// From now on it tells the truth; what it has made it still has.
    pub(in super::super) fn be_honest(&mut self) {
        self.reversed = false;
        self.swapped = None;
        self.lies.clear();
        self.kept_back.clear();
        self.counted.clear();
        self.handed_out_again.clear();
    }

    /// What a script wants answered to something that never came.
    pub(in super::super) fn unused_lie(&self) -> Option<String> {
        let lie = self.lies.iter().find(|lie| !lie.always)?;
        let (request, asker) = (lie.request, lie.asker.as_deref().unwrap_or("anybody"));
        Some(format!(
            "the next {request} of {asker} never came, and should have been answered with a lie"
        ))
    }

    /// What a dishonest one makes of an answer to that device, and whether it is another one then.
    pub(super) fn tamper(&mut self, to: Option<Address>, answer: Answer) -> (Answer, bool) {
        match answer {
            Answer::Bundle { bundle } => match self.swapped.take() {
                Some(Swapped::Keys(other)) => {
                    let bundle = BundleFields {
                        user_id: bundle.user_id,
                        device_id: bundle.device_id,
                        registration_id: bundle.registration_id,
                        ..other
                    };
                    (Answer::Bundle { bundle }, true)
                }
                Some(Swapped::Whole(bundle)) => (Answer::Bundle { bundle }, true),
                None => self.with_former_one_time_pre_key(bundle),
            },
            Answer::OneTimePreKeys { left } => {
                let said = to.and_then(|to| self.counted.get(&to).copied());
                let left = said.unwrap_or(left);
                (Answer::OneTimePreKeys { left }, said.is_some())
            }
            Answer::Envelopes { mut envelopes } => {
                let injected = self
                    .injected
                    .extract_if(.., |envelope| Some(envelope.recipient) == to);
                let honest = envelopes.len();
                envelopes.extend(injected);
                let mut replaced = envelopes.len() > honest;
                if self.reversed && envelopes.len() > 1 {
                    envelopes.reverse();
                    replaced = true;
                }
                (Answer::Envelopes { envelopes }, replaced)
            }
            Answer::Done => (Answer::Done, false),
        }
    }

    /// A bundle as it is, or with the one-time prekey that the last one had.
    fn with_former_one_time_pre_key(&mut self, mut bundle: BundleFields) -> (Answer, bool) {
        let address = DeviceId::try_from(bundle.device_id)
            .ok()
            .zip(bundle.user_id.parse().ok())
            .map(|(device_id, user_id)| Address { user_id, device_id });
        let Some(address) = address else {
            return (Answer::Bundle { bundle }, false);
        };
        if self.kept_back.contains(&address) {
            bundle.one_time_pre_key_id = None;
            bundle.one_time_pre_key = None;
            return (Answer::Bundle { bundle }, true);
        }
        let again = self.handed_out_again.iter().position(|of| *of == address);
        let former = self.handed_out.get(&address).cloned();
        if let (Some(index), Some((id, key))) = (again, former) {
            self.handed_out_again.remove(index);
            bundle.one_time_pre_key_id = Some(id);
            bundle.one_time_pre_key = Some(key);
            return (Answer::Bundle { bundle }, true);
        }
        let handed_out = bundle
            .one_time_pre_key_id
            .zip(bundle.one_time_pre_key.clone());
        self.handed_out.extend(handed_out.map(|key| (address, key)));
        (Answer::Bundle { bundle }, false)
    }

    /// Whether it tells a device that messages wait.
    pub(super) fn has_mail(&self, of: &Address, now: Timestamp) -> bool {
        let injected = || self.injected.iter().any(|sent| sent.recipient == *of);
        !self.withheld.contains(of) && (self.mailbox_length(of, now) > 0 || injected())
    }

    /// How many messages it has for a device, its own among them.
    pub(super) fn waiting(&self, of: &Address, now: Timestamp) -> usize {
        let injected = self.injected.iter().filter(|sent| sent.recipient == *of);
        self.mailbox_length(of, now) + injected.count()
    }

    /// What a device has published, without a one-time prekey.
    pub(in super::super) fn bundle(&self, of: &Address) -> Result<BundleFields, StepFailure> {
        let bundle = self.machine.store().bundle(of);
        bundle.ok_or_else(|| StepFailure::script("the intermediary does not know it"))
    }

    /// How many messages wait for a device.
    pub(in super::super) fn mailbox_length(&self, of: &Address, now: Timestamp) -> usize {
        self.machine.store().mailbox_length(of, now)
    }

    /// How many one-time prekeys of a device it still has.
    pub(in super::super) fn one_time_pre_keys(&self, of: &Address, now: Timestamp) -> usize {
        self.machine.store().one_time_pre_keys(of, now)
    }

    /// It is stopped and started again from its saved state.
    pub(in super::super) fn restart(&mut self) -> Result<(), StepFailure> {
        self.machine = self.restored()?;
        self.played.restart()
    }

    /// What it would be, stopped and started again from its saved state.
    fn restored(&self) -> Result<Intermediary<MemoryStore>, StepFailure> {
        let json = self.machine.save().to_json();
        SavedIntermediary::from_json(&json)
            .and_then(|saved| saved.restore(self.limits))
            .map_err(StepFailure::script)
    }

    /// Whether a restart would leave everything as it is.
    pub(in super::super) fn outlasts_a_restart(&self) -> bool {
        self.restored()
            .is_ok_and(|restored| restored == self.machine)
    }
}
