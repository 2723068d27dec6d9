//! The world of a scenario: people with devices, the intermediary, the network between them, and somebody who
//! would like to read along.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`players`] | who plays the devices: the reference engine, and a subject under test |
//! | [`participant`] | a device, as anybody sees it from outside |
//! | [`people`] | people, their devices, what each of them was told |
//! | [`intermediary`] | the intermediary, honest or not |
//! | [`strangers`] | those who fetch one-time prekeys until none is left |
//! | [`network`] | what gets lost, held back, repeated and damaged |

mod intermediary;
mod network;
mod participant;
mod people;
mod players;
mod strangers;

pub(super) use network::REQUESTS;
pub(super) use participant::IDENTITY_CHANGED;
pub use players::Tested;

use super::limits;
use super::step_failure::StepFailure;
use super::transcript::{Answered, Fate, Line};
use super::view::View;
use crate::identifier::Address;
use crate::intermediary::{Answer, Envelope, Request};
use crate::sesame::Device;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::transfer::Offer;
use crate::wallet::WalletEvent;
use intermediary::ScriptedIntermediary;
use network::Network;
use people::People;
use std::collections::BTreeMap;

/// When every scenario begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_767_225_600);

/// After so many requests without rest, something goes round in circles.
const PATIENCE: usize = 10_000;

/// Everybody and everything.
pub(super) struct World<'a> {
    suite: SuiteRef,
    seed: String,
    /// The true time.
    pub(super) now: Timestamp,
    pub(super) people: People<'a>,
    pub(super) network: Network,
    pub(super) intermediary: ScriptedIntermediary,
    /// What Mallory has copied, by the device.
    pub(super) stolen: BTreeMap<String, Device>,
    /// How many bundles strangers have fetched.
    fetched: u64,
    /// How many steps have gone through all that happened.
    reviews: usize,
    /// What happened so far.
    pub(super) lines: Vec<Line>,
}

impl<'a> World<'a> {
    /// Nobody is there yet. All randomness is made from `seed`.
    pub(super) fn new(suite: SuiteRef, seed: &str, tested: Option<Tested<'a>>) -> Self {
        World {
            suite,
            seed: seed.to_owned(),
            now: BEGINNING,
            people: People::new(suite, seed, tested),
            network: Network::default(),
            intermediary: ScriptedIntermediary::new(suite),
            stolen: BTreeMap::new(),
            fetched: 0,
            reviews: 0,
            lines: vec![Line::Time { now: BEGINNING }],
        }
    }

    /// A device is made and joins the intermediary, a user's further ones with the token of the first.
    pub(super) fn add(&mut self, user: &str, kind: &str) -> Result<(), StepFailure> {
        self.people.add(user, kind, self.now, &mut self.lines)?;
        self.settle()
    }

    /// A device is erased and set up again at its address.
    pub(super) fn reset(&mut self, device: &str) -> Result<(), StepFailure> {
        self.people.reset(device, self.now, &mut self.lines)?;
        self.settle()
    }

    /// A device leaves the intermediary and is gone.
    pub(super) fn remove(&mut self, device: &str) -> Result<(), StepFailure> {
        self.event(device, WalletEvent::Remove)?;
        self.settle()?;
        self.people.remove(device, &mut self.lines);
        Ok(())
    }

    /// A device is stopped and started again from its saved state.
    pub(super) fn restart(&mut self, device: &str) -> Result<(), StepFailure> {
        self.people.restart(device, &mut self.lines)
    }

    /// Strangers fetch so many bundles of a device.
    pub(super) fn drain(&mut self, device: &str, bundles: u64) -> Result<(), StepFailure> {
        let of = self.people.address(device)?;
        self.fetched += bundles;
        if self.fetched > limits::BUNDLES {
            let most = limits::BUNDLES;
            let reason = format!("strangers fetch {most} bundles at most in a scenario");
            return Err(StepFailure::Script(reason));
        }
        let seed = format!("{}/strangers of {device}/{}", self.seed, self.lines.len());
        let (intermediary, suite) = (&mut self.intermediary, self.suite);
        strangers::fetch_bundles(intermediary, suite, of, bundles, self.now, &seed)
    }

    /// From now on a device's clock is so many seconds ahead of the true time.
    pub(super) fn set_clock(&mut self, device: &str, ahead: i64) -> Result<(), StepFailure> {
        self.people.set_clock(device, ahead, &mut self.lines)?;
        self.event(device, WalletEvent::Tick)?;
        self.settle()
    }

    /// Nothing leaves a device, and it reads nothing, until it is online again.
    pub(super) fn set_online(&mut self, device: &str, online: bool) -> Result<(), StepFailure> {
        self.people.set_online(device, online)?;
        if online { self.settle() } else { Ok(()) }
    }

    /// Time passes for everybody who is there.
    pub(super) fn wait(&mut self, seconds: u64) -> Result<(), StepFailure> {
        self.now = Timestamp(self.now.0.saturating_add(seconds));
        self.lines.push(Line::Time { now: self.now });
        for device in self.people.names() {
            self.event(&device, WalletEvent::Tick)?;
        }
        self.settle()
    }

    /// A user offers something, which the script calls by a name.
    pub(super) fn offer(
        &mut self,
        device: &str,
        name: &str,
        offer: Offer,
    ) -> Result<(), StepFailure> {
        self.people
            .offer(device, name, offer, self.now, &mut self.lines)?;
        self.settle()
    }

    /// An event at a device; what comes of it waits until the next [`settle`](Self::settle).
    pub(super) fn event(&mut self, device: &str, event: WalletEvent) -> Result<(), StepFailure> {
        self.people.event(device, event, self.now, &mut self.lines)
    }

    /// The network and the intermediary at work, until nobody has anything left to do.
    pub(super) fn settle(&mut self) -> Result<(), StepFailure> {
        for _ in 0..PATIENCE {
            if self.lines.len() > limits::EVENTS {
                let most = limits::EVENTS;
                return Err(StepFailure::Script(format!(
                    "more than {most} events in a run"
                )));
            }
            if let Some((device, request)) = self.people.next_request() {
                self.send(&device, request)?;
                continue;
            }
            match self.mail() {
                Some(device) => self.event(&device, WalletEvent::Collect)?,
                None => return Ok(()),
            }
            // A collection that asks for nothing waits for an answer that was lost.
            if self.people.are_silent() {
                return Ok(());
            }
        }
        Err(StepFailure::script("it does not come to rest"))
    }

    /// A device that is online and for which messages wait.
    fn mail(&self) -> Option<String> {
        let mut readers = self.people.readers();
        readers
            .find(|(_, address)| self.intermediary.has_mail(address, self.now))
            .map(|(device, _)| device.clone())
    }

    /// A request leaves a device.
    fn send(&mut self, device: &str, mut request: Request) -> Result<(), StepFailure> {
        let fate = self.network.sent(device, &mut request)?;
        self.lines.push(Line::Request {
            device: device.to_owned(),
            fate,
            request: Box::new(request.clone()),
        });
        match fate {
            Some(Fate::Lost) => Ok(()),
            Some(Fate::HeldBack) => {
                self.network.hold_back(device, request);
                Ok(())
            }
            Some(Fate::Repeated) => {
                self.arrive(device, &request)?;
                self.arrive(device, &request)
            }
            _ => self.arrive(device, &request),
        }
    }

    /// What was held back arrives, in order or in reverse.
    pub(super) fn release(&mut self, reverse: bool) -> Result<(), StepFailure> {
        let mut held = self.network.release();
        if held.is_empty() {
            return Err(StepFailure::script("nothing is held back"));
        }
        if reverse {
            held.reverse();
        }
        for (device, request) in held {
            self.lines.push(Line::Request {
                device: device.clone(),
                fate: None,
                request: Box::new(request.clone()),
            });
            self.arrive(&device, &request)?;
        }
        self.settle()
    }

    /// A request arrives at the intermediary, and its answer leaves for the device.
    fn arrive(&mut self, device: &str, request: &Request) -> Result<(), StepFailure> {
        let (mut answer, replaced) = match self.intermediary.handle(request, self.now)? {
            Ok(answer) => {
                let to = self.people.address(device).ok();
                let (answer, replaced) = self.intermediary.tamper(to, answer);
                (Ok(answer), replaced)
            }
            Err(code) => (Err(code), false),
        };
        let mut fate = self.network.answered(device, &request.body, &mut answer)?;
        if replaced {
            fate.get_or_insert(Fate::Replaced);
        }
        self.lines.push(Line::Answer {
            device: device.to_owned(),
            fate,
            answer: Box::new(match &answer {
                Ok(answer) => Answered::Answer(answer.clone()),
                Err(code) => Answered::Refused { code: *code },
            }),
        });
        if fate == Some(Fate::Lost) || !self.people.is_there(device) {
            return Ok(());
        }
        self.people.see_answer(device, &request.body, &answer);
        let event = |answer| WalletEvent::Answer {
            request: request.id.clone(),
            answer,
        };
        if fate == Some(Fate::Repeated) {
            self.event(device, event(answer.clone()))?;
        }
        self.event(device, event(answer))
    }

    /// From now on nothing is done to anything.
    pub(super) fn be_fair(&mut self) {
        self.network.be_fair();
        self.intermediary.reversed = false;
    }

    /// The last message to a device that the intermediary handed out.
    pub(super) fn last_message(&self, to: &Address) -> Option<&Envelope> {
        self.lines.iter().rev().find_map(|line| match line {
            Line::Answer { answer, .. } => match &**answer {
                Answered::Answer(Answer::Envelopes { envelopes }) => {
                    envelopes.iter().rev().find(|sent| sent.recipient == *to)
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// All that has happened so far, for a step that goes through it.
    pub(super) fn review(&mut self) -> Result<&[Line], StepFailure> {
        if self.reviews == limits::REVIEWS {
            let most = limits::REVIEWS;
            let reason = format!("more than {most} steps go through all that has happened");
            return Err(StepFailure::Script(reason));
        }
        self.reviews += 1;
        Ok(&self.lines)
    }

    /// What the intermediary has learned so far.
    pub(super) fn view(&mut self) -> Result<View, StepFailure> {
        self.review().map(View::from_events)
    }
}
