//! The intermediary of a scenario: the reference engine's, and what a dishonest one makes of its answers.

use crate::agreement::BundleFields;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId};
use crate::intermediary::{
    Answer, Envelope, Intermediary, MemoryStore, Request, SavedIntermediary,
};
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// The intermediary, honest until a script says otherwise.
pub(in super::super) struct ScriptedIntermediary {
    machine: Intermediary<MemoryStore>,
    /// Devices that are not told that messages wait.
    pub(in super::super) withheld: Vec<Address>,
    /// Envelopes that it puts into the next reading of their owner.
    pub(in super::super) injected: Vec<Envelope>,
    /// Whether it hands out the mailbox in reverse.
    pub(in super::super) reversed: bool,
    /// The keys that the next bundle has in place of those asked for.
    pub(in super::super) swapped: Option<BundleFields>,
    /// The last one-time prekey that was handed out of each device.
    handed_out: BTreeMap<Address, (u32, Hex)>,
    /// The next bundle of these devices has the one-time prekey that was handed out last.
    pub(in super::super) handed_out_again: Vec<Address>,
}

impl ScriptedIntermediary {
    /// It knows nobody.
    pub(super) fn new(suite: SuiteRef) -> Self {
        ScriptedIntermediary {
            machine: Intermediary::new(suite, MemoryStore::default()),
            withheld: Vec::new(),
            injected: Vec::new(),
            reversed: false,
            swapped: None,
            handed_out: BTreeMap::new(),
            handed_out_again: Vec::new(),
        }
    }

    /// What it answers to a request, honestly.
    pub(super) fn handle(
        &mut self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Result<Answer, ErrorCode>, StepFailure> {
        let answer = self.machine.handle(request, now);
        answer.map(Ok).or_else(|error| match error.code() {
            Some(code) => Ok(Err(code)),
            None => Err(StepFailure::script(error)),
        })
    }

    /// What a dishonest one makes of an answer to that device, and whether it is another one then.
    pub(super) fn tamper(&mut self, to: Option<Address>, answer: Answer) -> (Answer, bool) {
        match answer {
            Answer::Bundle { bundle } => match self.swapped.take() {
                Some(other) => {
                    let bundle = BundleFields {
                        user_id: bundle.user_id,
                        device_id: bundle.device_id,
                        registration_id: bundle.registration_id,
                        ..other
                    };
                    (Answer::Bundle { bundle }, true)
                }
                None => self.with_former_one_time_pre_key(bundle),
            },
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
            other => (other, false),
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
        let json = self.machine.save().to_json();
        self.machine = SavedIntermediary::from_json(&json)
            .and_then(Intermediary::try_from)
            .map_err(StepFailure::script)?;
        Ok(())
    }
}
