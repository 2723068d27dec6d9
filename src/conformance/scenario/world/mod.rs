//! The world of a scenario: people with devices, the intermediary, the network between them, and somebody who
//! would like to read along.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`players`] | who plays the devices: the reference engine, and a subject under test |
//! | [`participant`] | a device, as anybody sees it from outside |
//! | [`people`] | people, their devices, what each of them was told |
//! | [`links`] | the links that people have given one another |
//! | [`letters`] | letters between devices, past wallets and the intermediary |
//! | [`lies`] | what a dishonest intermediary answers |
//! | [`peers`] | what a peer sends that does not keep to the profile |
//! | [`forgery`] | what Mallory and a dishonest intermediary make themselves |
//! | [`payloads`] | what a sender that does not keep to the profile writes |
//! | [`intermediary`] | the intermediary, honest or not |
//! | `played` | a subject in the intermediary's part |
//! | [`clients`] | clients of the intermediary that are no wallets |
//! | [`strangers`] | those whom nobody knows |
//! | [`network`] | what gets lost, held back, repeated and damaged |
//! | [`stepwise`] | the same where nothing arrives by itself: a script says what does |

mod clients;
pub(crate) mod forgery;
mod intermediary;
mod letters;
pub(crate) mod lies;
mod links;
mod network;
mod participant;
pub(crate) mod payloads;
mod peers;
mod people;
mod played;
mod players;
mod stepwise;
mod strangers;

pub(super) use intermediary::Swapped;
pub(super) use letters::Answer as DirectoryAnswer;
pub(super) use lies::LIES;
pub(super) use network::REQUESTS;
pub(super) use participant::REPORTS;
pub(super) use payloads::{PAYLOADS, SAYINGS};
pub(super) use peers::Under;
pub use players::{Cast, Tested};

use super::limits;
use super::step_failure::StepFailure;
use super::transcript::{Answered, Fate, Line};
use super::view::View;
use crate::conformance::seed::Recorder;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::intermediary::{AccessKey, Answer, Body, Envelope, Request};
use crate::suite::{Party, SuiteRef};
use crate::timestamp::Timestamp;
use crate::transfer::{Fingerprint, Invitation, Offer};
use crate::wallet::{self, Wallet, WalletEvent};
use clients::Clients;
use intermediary::ScriptedIntermediary;
use letters::Letters;
use lies::{Answering, Lie};
use links::Links;
use network::Network;
use people::People;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use stepwise::Stepwise;

/// When every scenario begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_767_225_600);

/// After so many requests without rest, something goes round in circles.
const PATIENCE: usize = 10_000;
/// So often in a row a device is told that messages wait, where it does not read them.
const IN_VAIN: usize = 5;

/// Everybody and everything.
#[derive(Clone)]
pub(super) struct World<'a> {
    suite: SuiteRef,
    seed: String,
    /// The true time.
    pub(super) now: Timestamp,
    pub(super) people: People<'a>,
    pub(super) network: Network,
    pub(super) intermediary: ScriptedIntermediary<'a>,
    /// What Mallory has copied, by the device.
    pub(super) stolen: BTreeMap<String, Wallet>,
    links: Links,
    pub(super) letters: Letters,
    pub(super) stepwise: Stepwise,
    clients: Option<Clients>,
    /// How many transfers a link serves.
    transfers_of_a_link: u32,
    /// The names of the transfers whose token each one offers, where it is another's.
    pub(super) tokens: BTreeMap<String, String>,
    /// Transfers whose credential opens nothing any more.
    pub(super) revoked: BTreeSet<String>,
    /// Strangers, guests, and bundles that strangers have fetched.
    strangers: u64,
    /// How many guests a hotel has.
    guests: u64,
    /// Devices that have encrypted something to a key of the intermediary's own.
    pub(super) overheard: Vec<String>,
    /// How many steps have gone through all that happened.
    reviews: usize,
    /// What happened so far.
    pub(super) lines: Vec<Line>,
}

impl<'a> World<'a> {
    /// Nobody is there yet. All randomness is made from `seed`.
    pub(super) fn new(suite: SuiteRef, seed: &str, mut cast: Cast<'a>) -> Self {
        let intermediary = ScriptedIntermediary::new(suite, seed, cast.intermediary.take());
        World {
            suite,
            seed: seed.to_owned(),
            now: BEGINNING,
            people: People::new(suite, seed, cast),
            network: Network::default(),
            intermediary,
            stolen: BTreeMap::new(),
            links: Links::default(),
            letters: Letters::default(),
            stepwise: Stepwise::default(),
            clients: None,
            transfers_of_a_link: wallet::Limits::PROFILE.transfers.invitation_transfers,
            tokens: BTreeMap::new(),
            revoked: BTreeSet::new(),
            strangers: 0,
            guests: 0,
            overheard: Vec::new(),
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
        self.links.forget(device);
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

    /// A device's user has lost another device, which is taken off the intermediary.
    pub(super) fn remove_sibling(&mut self, device: &str, lost: &str) -> Result<(), StepFailure> {
        let Address { device_id, .. } = self.people.address(lost)?;
        self.people.remove(lost, &mut self.lines);
        self.event(device, WalletEvent::RemoveSibling(device_id))?;
        self.settle()
    }

    /// A device is stopped and started again from its saved state.
    pub(super) fn restart(&mut self, device: &str) -> Result<(), StepFailure> {
        self.people.restart(device, &mut self.lines)
    }

    /// So many more strangers, guests or bundles of theirs.
    fn more_strangers(&mut self, many: u64) -> Result<(), StepFailure> {
        self.strangers += many;
        if self.strangers > limits::STRANGERS {
            let most = limits::STRANGERS;
            return Err(StepFailure::Script(format!(
                "more than {most} strangers, guests and bundles that strangers fetch, in a scenario"
            )));
        }
        Ok(())
    }

    /// Strangers fetch so many bundles of a device.
    pub(super) fn drain(&mut self, device: &str, bundles: u64) -> Result<(), StepFailure> {
        let of = (self.people.address(device)?, None);
        self.more_strangers(bundles)?;
        let seed = format!("{}/strangers of {device}/{}", self.seed, self.lines.len());
        let (intermediary, suite) = (&mut self.intermediary, self.suite);
        strangers::fetch_bundles(intermediary, suite, of, bundles, self.now, &seed)
    }

    /// Strangers fetch so many bundles with a link.
    pub(super) fn drain_by_link(&mut self, link: &str, bundles: u64) -> Result<(), StepFailure> {
        let invitation: Invitation = self.link(link)?.parse().map_err(StepFailure::script)?;
        self.more_strangers(bundles)?;
        let seed = format!("{}/strangers/{}", self.seed, self.lines.len());
        let (intermediary, suite) = (&mut self.intermediary, self.suite);
        let access_key: AccessKey = invitation.access_key().into();
        let of = (invitation.address, Some(&access_key));
        strangers::fetch_bundles(intermediary, suite, of, bundles, self.now, &seed)
    }

    /// So many strangers offer something to a device: by the link of that name, or by one that they have made up.
    pub(super) fn strangers_offer(
        &mut self,
        device: &str,
        link: Option<&str>,
        many: u64,
    ) -> Result<(), StepFailure> {
        let to = self.people.address(device)?;
        self.more_strangers(many)?;
        let link = match link {
            Some(name) => self.link(name)?.to_owned(),
            None => self.people.made_up_link(device, self.now)?,
        };
        let seed = format!("{}/strangers to {device}/{}", self.seed, self.lines.len());
        let (intermediary, suite) = (&mut self.intermediary, self.suite);
        strangers::offer(intermediary, suite, (to, &link), many, self.now, &seed)?;
        self.settle()
    }

    /// A hotel offers a key to so many guests, each of whom has given it a link.
    pub(super) fn guests(
        &mut self,
        device: &str,
        many: u64,
        offer: impl Fn(&str, Address) -> Offer,
    ) -> Result<(), StepFailure> {
        self.more_strangers(many)?;
        for number in self.guests..self.guests + many {
            let user = format!("Guest {number}");
            self.add(&user, "phone")?;
            let guest = format!("{user}'s phone");
            let name = guest_transfer(number);
            let offer = offer(&name, self.people.address(&guest)?);
            self.offer(device, &name, offer, Some(&guest))?;
        }
        self.guests += many;
        Ok(())
    }

    /// The guests, each with the name of what it was offered.
    pub(super) fn all_guests(&self) -> Vec<(String, String)> {
        let guest = |number| (format!("Guest {number}'s phone"), guest_transfer(number));
        (0..self.guests).map(guest).collect()
    }

    // Links

    fn link(&self, name: &str) -> Result<&str, StepFailure> {
        self.links
            .named(name)
            .ok_or_else(|| StepFailure::script(format!("no invitation is called `{name}`")))
    }

    /// A device makes a link, which the script calls by a name.
    pub(super) fn make_invitation(
        &mut self,
        device: &str,
        name: &str,
        lifetime: Option<u64>,
    ) -> Result<(), StepFailure> {
        self.people
            .make_invitation(device, lifetime, self.now, &mut self.lines)?;
        self.settle_wish()?;
        match self.people.take_made_link(device)? {
            Some(link) => self.links.name(name, link),
            None if self.people.refused.is_some() => {}
            None if self.stepwise.is_on() => {
                if let Some(hash) = self.people.publishing(device)? {
                    self.links.expect(hash, name);
                }
            }
            None => return Err(StepFailure::script("the link is not published yet")),
        }
        Ok(())
    }

    /// A device makes so many links that the script has no names for; where one is refused, no more.
    pub(super) fn make_invitations(
        &mut self,
        device: &str,
        many: u64,
        lifetime: Option<u64>,
    ) -> Result<(), StepFailure> {
        for _ in 0..many {
            self.people
                .make_invitation(device, lifetime, self.now, &mut self.lines)?;
            self.settle_wish()?;
            if self.people.refused.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// A device joins the intermediary, as the first of its user.
    pub(super) fn join(&mut self, device: &str) -> Result<(), StepFailure> {
        self.event(device, WalletEvent::Register { sponsor: None })?;
        self.settle_wish()
    }

    /// A device's user is given the link of that name.
    pub(super) fn take_invitation(&mut self, device: &str, name: &str) -> Result<(), StepFailure> {
        let link = self.link(name)?.to_owned();
        self.take(device, &link)
    }

    /// A device's user is given a link; where it is refused, the script says what comes of it.
    pub(super) fn take(&mut self, device: &str, link: &str) -> Result<(), StepFailure> {
        self.event(device, WalletEvent::TakeInvitation(link.to_owned()))?;
        if self.people.refused.is_none() {
            self.links.take(device, link);
        }
        self.settle_wish()
    }

    /// One device is given a link of another, unless it has one that serves. What publishes the link reaches the intermediary
    /// whatever the script does to the network, since the two exchanged it before.
    pub(super) fn exchange(&mut self, taker: &str, maker: &str) -> Result<(), StepFailure> {
        let of = self.people.address(maker)?;
        let clock = self.people.clock(taker, self.now)?;
        let most = self.transfers_of_a_link;
        if self.links.serves(taker, of, clock, most) {
            return Ok(());
        }
        let Some(link) = self.published_link(maker)? else {
            return Ok(());
        };
        self.event(taker, WalletEvent::TakeInvitation(link.clone()))?;
        if self.people.refused.is_none() {
            self.links.take(taker, &link);
        }
        self.publish_link(taker)
    }

    /// A new link of a device, which reaches the intermediary at once; none where it does not.
    fn published_link(&mut self, maker: &str) -> Result<Option<String>, StepFailure> {
        self.people
            .make_invitation(maker, None, self.now, &mut self.lines)?;
        self.publish_link(maker)?;
        self.people.take_made_link(maker)
    }

    /// What publishes a device's links reaches the intermediary.
    fn publish_link(&mut self, device: &str) -> Result<(), StepFailure> {
        let publishes = |body: &Body| matches!(body, Body::PublishAccessKey { .. });
        for request in self.people.take_requests(device, publishes)? {
            self.lines.push(Line::Request {
                device: device.to_owned(),
                fate: None,
                request: Arc::new(request.clone()),
            });
            self.arrive(device, &request)?;
        }
        Ok(())
    }

    /// A link of one device with the identity key of another.
    pub(super) fn mixed_link(&mut self, maker: &str, other: &str) -> Result<String, StepFailure> {
        let link = self.published_link(maker)?;
        let link = link.ok_or_else(|| StepFailure::script("the link is not published yet"))?;
        let mut invitation: Invitation = link.parse().map_err(StepFailure::script)?;
        invitation.fingerprint = Fingerprint::of(&self.people.identity_key(other)?);
        Ok(invitation.to_string())
    }

    /// Two users show each other the numbers of their devices, and both say so.
    pub(super) fn compare(&mut self, one: &str, other: &str) -> Result<(), StepFailure> {
        for (device, peer) in [(one, other), (other, one)] {
            let number = self.people.fingerprint(peer, device)?;
            let number = number.ok_or_else(|| StepFailure::script("it shows no number"))?;
            let event = WalletEvent::CompareFingerprints {
                device: self.people.address(peer)?,
                number,
            };
            self.event(device, event)?;
        }
        self.settle_wish()
    }

    /// A user is shown a number that is not the one of the two devices, and says that it is.
    pub(super) fn compare_wrongly(&mut self, device: &str, peer: &str) -> Result<(), StepFailure> {
        let number = self.people.fingerprint(peer, device)?;
        let mut number = number.ok_or_else(|| StepFailure::script("it shows no number"))?;
        let last = if number.pop() == Some('0') { '1' } else { '0' };
        number.push(last);
        let device_of_peer = self.people.address(peer)?;
        let event = WalletEvent::CompareFingerprints {
            device: device_of_peer,
            number,
        };
        self.event(device, event)?;
        self.settle_wish()
    }

    /// A device's user drops the pin of another device.
    pub(super) fn drop_pin(&mut self, device: &str, peer: &str) -> Result<(), StepFailure> {
        let peer = self.people.address(peer)?;
        self.event(device, WalletEvent::DropPin(peer))?;
        self.settle_wish()
    }

    /// A device withdraws the link of that name.
    pub(super) fn withdraw_invitation(
        &mut self,
        device: &str,
        name: &str,
    ) -> Result<(), StepFailure> {
        let link = self.link(name)?.to_owned();
        self.event(device, WalletEvent::WithdrawInvitation(link))?;
        self.settle_wish()
    }

    /// All that comes of what a user just wanted; what it was refused with stays for the next step.
    pub(super) fn settle_wish(&mut self) -> Result<(), StepFailure> {
        let refused = self.people.refused.clone();
        self.settle()?;
        self.people.refused = refused;
        Ok(())
    }

    // Attacks

    /// From now on the intermediary answers such requests so.
    pub(super) fn lie(
        &mut self,
        asker: Option<&str>,
        request: &str,
        to: Option<&str>,
        lie: (&str, bool, bool),
    ) -> Result<(), StepFailure> {
        let (name, always, carried_out) = lie;
        if let Some(asker) = asker {
            self.people.address(asker)?;
        }
        let to = to.map(|to| self.people.address(to)).transpose()?;
        let lie =
            Lie::called(name).ok_or_else(|| StepFailure::script(format!("`{name}` is no lie")))?;
        self.intermediary.lies.push(Answering {
            asker: asker.map(str::to_owned),
            request: network::request_called(request)?,
            to,
            lie,
            always,
            carried_out,
        });
        Ok(())
    }

    /// The intermediary delivers a first message from a device to another, with keys of its own and nothing in it that makes sense.
    pub(super) fn forge_first_message(&mut self, from: &str, to: &str) -> Result<(), StepFailure> {
        let sender = self.people.address(from)?;
        let receiver = self.people.address(to)?;
        let bundle = self.intermediary.bundle(&receiver)?;
        let to = (receiver, &bundle);
        let randomness = &mut self.intermediary.randomness;
        let mut ghost = forgery::ghost(self.suite, sender, self.now, randomness)?;
        let message = forgery::first_message_by(&mut ghost, to, b"nothing", randomness)?;
        self.intermediary.ghosts.push(ghost);
        let envelope = forgery::envelope(sender, receiver, message, self.now);
        self.intermediary.injected.push(envelope);
        self.settle()
    }

    /// The intermediary delivers the last message to a device again, with another base key that agrees on the same secret.
    pub(super) fn twist_last_message(&mut self, to: &str) -> Result<(), StepFailure> {
        let address = self.people.address(to)?;
        let last = self.last_message(&address);
        let last = last.ok_or_else(|| StepFailure::script("it has read no message"))?;
        let twisted = forgery::twisted(self.suite, &last.message.0)?;
        let envelope = forgery::with_message(last, twisted);
        self.intermediary.injected.push(envelope);
        self.settle()
    }

    /// Mallory forges a cancel of a transfer, from a device to one whose state was copied.
    pub(super) fn forge_cancel(
        &mut self,
        from: &str,
        to: &str,
        name: &str,
    ) -> Result<(), StepFailure> {
        let transfer = self.people.transfer(name)?;
        let stolen = self.stolen.get(to);
        let stolen = stolen.ok_or_else(|| StepFailure::script(format!("nobody copied {to}")))?;
        let sender = Party {
            identity_key: self.people.identity_key(from)?,
            address: self.people.address(from)?,
        };
        let mut randomness = Recorder::new(&format!("{}/forged/{}", self.seed, self.lines.len()));
        let plaintext = forgery::cancel(transfer, name)?;
        let device = stolen.device();
        let message =
            forgery::with_stolen_keys(self.suite, device, sender, &plaintext, &mut randomness)?;
        let envelope = forgery::envelope(sender.address, device.address(), message, self.now);
        self.intermediary.injected.push(envelope);
        self.settle()
    }

    /// A thief has a copy of a device, which is offline.
    pub(super) fn copy(&mut self, user: &str, of: &str) -> Result<(), StepFailure> {
        self.people.copy(user, of, self.now, &mut self.lines)
    }

    /// What a device is now is saved, for the script to come back to.
    pub(super) fn remember(&mut self, device: &str, moment: &str) -> Result<(), StepFailure> {
        let published = self.intermediary.bundle(&self.people.address(device)?).ok();
        self.people.remember(device, moment, published)
    }

    /// A device becomes what it was at that moment.
    pub(super) fn roll_back(&mut self, device: &str, moment: &str) -> Result<(), StepFailure> {
        self.people.roll_back(device, moment, &mut self.lines)
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
        if !online {
            return Ok(());
        }
        // What was asked meanwhile went nowhere: the wallet asks again for what it still wants.
        self.people.take_requests(device, |_| true)?;
        self.event(device, WalletEvent::Tick)?;
        self.settle()
    }

    /// Time passes for everybody who is there.
    pub(super) fn wait(&mut self, seconds: u64) -> Result<(), StepFailure> {
        self.now = self.now.after(seconds);
        self.lines.push(Line::Time { now: self.now });
        for device in self.people.names() {
            self.event(&device, WalletEvent::Tick)?;
        }
        self.settle()
    }

    /// A user offers something, which the script calls by a name. The two have exchanged a link before, where the receiver is
    /// named here.
    pub(super) fn offer(
        &mut self,
        device: &str,
        name: &str,
        offer: Offer,
        linked: Option<&str>,
    ) -> Result<(), StepFailure> {
        if let Some(to) = linked {
            self.exchange(device, to)?;
        }
        let before = self.lines.len();
        self.people
            .offer(device, name, offer, self.now, &mut self.lines)?;
        if let Some(to) = linked
            && self.lines.len() > before
        {
            let of = self.people.address(to)?;
            self.links.count(device, of);
        }
        self.settle_wish()
    }

    /// An event at a device; what comes of it waits until the next [`settle`](Self::settle).
    pub(super) fn event(&mut self, device: &str, event: WalletEvent) -> Result<(), StepFailure> {
        // What was not answered a wallet asks again with each tick: what it does not ask, it does not want any more.
        if self.stepwise.is_on() && event == WalletEvent::Tick && self.people.is_tested(device) {
            self.people.take_requests(device, |_| true)?;
        }
        self.people.event(device, event, self.now, &mut self.lines)
    }

    /// The network and the intermediary at work, until nobody has anything left to do. Where nothing arrives by itself they
    /// do nothing.
    pub(super) fn settle(&mut self) -> Result<(), StepFailure> {
        if self.stepwise.is_on() {
            return Ok(());
        }
        // Which devices were told that messages wait, how many they were, and how often in a row.
        let mut told: BTreeMap<String, (usize, usize)> = BTreeMap::new();
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
            match self.mail(&mut told) {
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

    /// A device that is online and for which messages wait; whom it was told in vain is not told again for now.
    fn mail(&self, told: &mut BTreeMap<String, (usize, usize)>) -> Option<String> {
        let mut readers = self.people.readers();
        readers.find_map(|(device, address)| {
            if !self.intermediary.has_mail(&address, self.now) {
                return None;
            }
            let waiting = self.intermediary.waiting(&address, self.now);
            let (before, times) = told.entry(device.clone()).or_default();
            if *before != waiting {
                (*before, *times) = (waiting, 0);
            }
            *times += 1;
            (*times <= IN_VAIN).then(|| device.clone())
        })
    }

    /// A request leaves a device.
    fn send(&mut self, device: &str, request: Request) -> Result<(), StepFailure> {
        self.send_for(device, request, None)
    }

    /// A request leaves a device; where a script says nothing else, that becomes of its answer.
    fn send_for(
        &mut self,
        device: &str,
        mut request: Request,
        answer: Option<Fate>,
    ) -> Result<(), StepFailure> {
        let fate = self.network.sent(device, &mut request)?;
        let request = Arc::new(request);
        self.lines.push(Line::Request {
            device: device.to_owned(),
            fate,
            request: request.clone(),
        });
        match fate {
            Some(Fate::Lost) => Ok(()),
            Some(Fate::HeldBack) => {
                self.network.hold_back(device, request);
                Ok(())
            }
            Some(Fate::Repeated) => {
                self.arrive_for(device, &request, answer)?;
                self.arrive_for(device, &request, answer)
            }
            _ => self.arrive_for(device, &request, answer),
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
                request: request.clone(),
            });
            self.arrive(&device, &request)?;
        }
        self.settle()
    }

    /// A request arrives at the intermediary, and its answer leaves for the device.
    fn arrive(&mut self, device: &str, request: &Request) -> Result<(), StepFailure> {
        self.arrive_for(device, request, None)
    }

    /// A request arrives at the intermediary; where a script says nothing else, that becomes of its answer.
    fn arrive_for(
        &mut self,
        device: &str,
        request: &Request,
        becomes: Option<Fate>,
    ) -> Result<(), StepFailure> {
        let asker = self.people.address(device).ok();
        if asker.is_some_and(|asker| self.intermediary.reads(&asker, request)) {
            self.overheard.push(device.to_owned());
        }
        let lie = self.intermediary.lie(device, request, self.now)?;
        let (mut answer, replaced) = match lie {
            Some(answer) => (answer, true),
            None => match self.intermediary.handle(request, self.now)? {
                Ok(answer) => {
                    let (answer, replaced) = self.intermediary.tamper(asker, answer);
                    (Ok(answer), replaced)
                }
                Err(code) => (Err(code), false),
            },
        };
        let fate = self.network.answered(device, &request.body, &mut answer)?;
        let mut fate = fate.or(becomes);
        if replaced {
            fate.get_or_insert(Fate::Replaced);
        }
        match fate {
            Some(Fate::Lost) => {
                self.answer_line(device, fate, &answer);
                Ok(())
            }
            Some(Fate::HeldBack) => {
                self.answer_line(device, fate, &answer);
                self.stepwise.hold_answer(device, request, answer);
                Ok(())
            }
            _ => self.deliver(device, request, answer, fate),
        }
    }

    fn answer_line(
        &mut self,
        device: &str,
        fate: Option<Fate>,
        answer: &Result<Answer, ErrorCode>,
    ) {
        self.lines.push(Line::Answer {
            device: device.to_owned(),
            fate,
            answer: Arc::new(match answer {
                Ok(answer) => Answered::Answer(answer.clone()),
                Err(code) => Answered::Refused { code: *code },
            }),
        });
    }

    /// An answer comes to a device, where it is still there.
    fn deliver(
        &mut self,
        device: &str,
        request: &Request,
        answer: Result<Answer, ErrorCode>,
        fate: Option<Fate>,
    ) -> Result<(), StepFailure> {
        self.answer_line(device, fate, &answer);
        if !self.people.is_there(device) {
            return Ok(());
        }
        self.people.see_answer(device, &request.body, &answer);
        let event = |answer| WalletEvent::Answer {
            request: request.id.clone(),
            answer,
        };
        if self.stepwise.is_on() {
            self.people.forget_request(device, &request.id);
            let leaves = matches!(&request.body, Body::Remove { address } if self.people.address(device)? == *address);
            if leaves && matches!(answer, Ok(Answer::Done) | Err(ErrorCode::Unauthorized)) {
                self.people.forget_requests(device);
            }
        }
        let belongs = answer
            .as_ref()
            .map_or(true, |it| wallet::belongs(&request.body, it));
        let was_asked = self.people.asks(device, &request.id);
        if fate == Some(Fate::Repeated) {
            self.event(device, event(answer.clone()))?;
        }
        self.event(device, event(answer))?;
        if !belongs && !was_asked && self.people.asks(device, &request.id) {
            return Err(StepFailure::differs(
                "what was answered with something else is asked again under a new request id (WAL-02)",
                "the same request id",
            ));
        }
        if self.stepwise.is_on()
            && let Some(link) = self.people.take_made_link(device)?
        {
            self.links.published(link);
        }
        Ok(())
    }

    /// Whether nothing is under way.
    pub(super) fn is_at_rest(&self) -> bool {
        let mut devices = self.people.readers();
        self.network.is_empty()
            && self.people.are_answered()
            && devices.all(|(_, of)| self.intermediary.waiting(&of, self.now) == 0)
    }

    /// From now on nothing is done to anything.
    pub(super) fn be_fair(&mut self) {
        self.network.be_fair();
        self.intermediary.be_honest();
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

/// What the transfer to a guest is called.
fn guest_transfer(number: u64) -> String {
    format!("the key of guest {number}")
}
