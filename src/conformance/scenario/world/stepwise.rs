//! A world in which nothing arrives by itself: a script says which request arrives, and when, and what becomes of its answer.
//!
//! A device's requests wait with it until it has an answer to them, in the order in which its wallet has them. A wallet repeats
//! what was not answered, and the network may: so whatever waits can arrive, also for a second time.

use super::network;
use super::{StepFailure, World};
use crate::conformance::scenario::transcript::{Fate, Line};
use crate::conformance::small;
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Request};
use crate::timestamp::Timestamp;
use crate::wallet::WalletEvent;
use std::sync::Arc;

/// What is held back in such a world.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Stepwise {
    on: bool,
    /// Copies of requests, each with the device that sent it, the first that was held back first.
    copies: Vec<(String, Request)>,
    /// Answers, each with the device that it is for and the request that it answers, in the same order.
    answers: Vec<(String, Request, Result<Answer, ErrorCode>)>,
}

impl Stepwise {
    /// From now on nothing arrives by itself.
    pub(in super::super) fn begin(&mut self) {
        self.on = true;
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// An answer comes later.
    pub(super) fn hold_answer(
        &mut self,
        device: &str,
        request: &Request,
        answer: Result<Answer, ErrorCode>,
    ) {
        self.answers
            .push((device.to_owned(), request.clone(), answer));
    }
}

impl World<'_> {
    /// Wallets and the intermediary are held to small bounds. Nobody is there yet.
    pub(in super::super) fn shrink(&mut self) -> Result<(), StepFailure> {
        self.people.limit(&small::WALLET)?;
        self.intermediary.limit(small::INTERMEDIARY)?;
        self.transfers_of_a_link = small::WALLET.transfers.invitation_transfers;
        Ok(())
    }

    /// Everything arrives by itself again, what waits first.
    pub(in super::super) fn arrive_by_themselves(&mut self) -> Result<(), StepFailure> {
        self.must_be_stepwise()?;
        self.stepwise.on = false;
        for device in self.people.names() {
            self.people.send_waiting(&device)?;
        }
        self.settle()
    }

    /// A request that waits with a device arrives: the `number`th of its kind, from 1. That becomes of its answer.
    pub(in super::super) fn let_arrive(
        &mut self,
        device: &str,
        kind: &str,
        number: u64,
        answer: Option<Fate>,
    ) -> Result<(), StepFailure> {
        let request = self.waiting_request(device, kind, number)?;
        self.send_for(device, request, answer)
    }

    /// A copy of a request that waits with a device comes later; the request itself still waits.
    pub(in super::super) fn hold_copy(
        &mut self,
        device: &str,
        kind: &str,
        number: u64,
    ) -> Result<(), StepFailure> {
        let request = self.waiting_request(device, kind, number)?;
        self.request_line(device, &request, Some(Fate::HeldBack));
        self.stepwise.copies.push((device.to_owned(), request));
        Ok(())
    }

    /// The `number`th copy that is held back arrives, from 1. That becomes of its answer.
    pub(in super::super) fn release_copy(
        &mut self,
        number: u64,
        answer: Option<Fate>,
    ) -> Result<(), StepFailure> {
        let (device, request) = nth(&mut self.stepwise.copies, number, "copy")?;
        self.request_line(&device, &request, None);
        self.arrive_for(&device, &request, answer)?;
        self.settle()
    }

    /// The `number`th answer that is held back arrives, from 1.
    pub(in super::super) fn release_answer(&mut self, number: u64) -> Result<(), StepFailure> {
        let (device, request, answer) = nth(&mut self.stepwise.answers, number, "answer")?;
        self.deliver(&device, &request, answer, Some(Fate::Late))?;
        self.settle()
    }

    /// A device reads what waits for it.
    pub(in super::super) fn look_for_messages(&mut self, device: &str) -> Result<(), StepFailure> {
        self.event(device, WalletEvent::Collect)?;
        if !self.stepwise.on {
            return self.settle();
        }
        match self.waiting_request(device, "reading", 1) {
            Ok(reading) => self.send(device, reading),
            // It has an acknowledgement under way (WAL-05).
            Err(_) => Ok(()),
        }
    }

    /// So much time passes, and nobody has looked at the clock yet.
    pub(in super::super) fn move_clock(&mut self, seconds: u64) {
        self.now = Timestamp(self.now.0.saturating_add(seconds));
        self.lines.push(Line::Time { now: self.now });
    }

    fn must_be_stepwise(&self) -> Result<(), StepFailure> {
        if self.stepwise.on {
            return Ok(());
        }
        Err(StepFailure::script(
            "everything arrives by itself; `nothing arrives by itself` changes that",
        ))
    }

    /// How many requests of that kind wait with a device.
    pub(in super::super) fn waiting_requests(
        &self,
        device: &str,
        kind: &str,
    ) -> Result<usize, StepFailure> {
        self.must_be_stepwise()?;
        let kind = network::request_called(kind)?;
        let waiting = self.people.waiting(device)?;
        let of_kind = waiting.iter().filter(|it| network::kind(&it.body) == kind);
        Ok(of_kind.count())
    }

    fn waiting_request(
        &self,
        device: &str,
        kind: &str,
        number: u64,
    ) -> Result<Request, StepFailure> {
        self.must_be_stepwise()?;
        let kind = network::request_called(kind)?;
        let waiting = self.people.waiting(device)?.into_iter();
        let mut of_kind = waiting.filter(|it| network::kind(&it.body) == kind);
        let index = usize::try_from(number).map_err(StepFailure::script)?;
        let found = index.checked_sub(1).and_then(|index| of_kind.nth(index));
        found.ok_or_else(|| StepFailure::script(format!("no {kind} {number} waits with {device}")))
    }

    fn request_line(&mut self, device: &str, request: &Request, fate: Option<Fate>) {
        self.lines.push(Line::Request {
            device: device.to_owned(),
            fate,
            request: Arc::new(request.clone()),
        });
    }
}

/// Takes the `number`th out, from 1.
fn nth<T>(held: &mut Vec<T>, number: u64, what: &str) -> Result<T, StepFailure> {
    let index = usize::try_from(number)
        .ok()
        .and_then(|it| it.checked_sub(1));
    match index.filter(|index| *index < held.len()) {
        Some(index) => Ok(held.remove(index)),
        None => Err(StepFailure::script(format!(
            "no {what} {number} is held back"
        ))),
    }
}
