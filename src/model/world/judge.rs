//! What a wallet does with an event, and what must hold of it.

use super::action::Event;
use super::actor::{Actor, DealFacts, Facts, HELD, NEVER, code};
use super::adversary::Adversary;
use super::bounds::{What, Who, Wish};
use super::journal::Told;
use super::keeper::hash;
use super::property::{Goal, Promise};
use super::world::{Happened, NONE, World};
use crate::error_code::ErrorCode;
use crate::hex;
use crate::identifier::{Address, PreKeyId, TransferId};
use crate::intermediary::{AccessKey, Answer, Body, Envelope, Submission};
use crate::suite;
use crate::timestamp::{DAY, Timestamp};
use crate::transfer::table::{EventName, Flow, rows};
use crate::transfer::{Host, Invitation, MessageType, Offer, Offered, StateName, Vertical};
use crate::wallet::{Effect, Report, WalletError, WalletEvent};
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};

/// How long an offer lives that does not say (XFER-10), in seconds.
const LIFETIME: u64 = 2 * DAY;
/// How long a link lives that does not say (INV-05).
const LINK: u64 = 7 * DAY;
/// How long a transfer lives at most where its receiver has it (XFER-10).
const LONGEST: u64 = 30 * DAY;
/// How long a token and an ended transfer are remembered (XFER-18, XFER-19).
const REMEMBERED: u64 = 60 * DAY;
/// The lengths of a plaintext (PAY-11), with the tag behind it.
const SIZES: [u32; 4] = [1 << 10, 1 << 12, 1 << 14, 1 << 16];
const TAG: u32 = 16;
/// A word of every payload.
const WORD: &[u8] = b"\"tigress\"";

/// What is looked up of an actor; what it is by itself is judged.
pub(super) fn facts<A: Adversary>(world: &World<A>, actor: &Actor) -> Facts {
    let setting = &world.setting;
    let bounds = &setting.bounds;
    let mut waiting = [NONE; Facts::WAITING];
    let mut waiting_count = 0;
    for request in actor.wallet.waiting().take(Facts::WAITING) {
        waiting[usize::from(waiting_count)] = world.requests.intern(request);
        waiting_count += 1;
    }
    let text = |text: Option<String>| text.map_or(NONE, |text| world.texts.intern(text));
    let compares = bounds
        .wishes
        .iter()
        .any(|wish| matches!(wish, Wish::Compare(..)));
    let number = |who: usize| {
        let peer = &setting.addresses[who];
        let is_peer = compares && who < bounds.devices.len() && who != usize::from(actor.who);
        is_peer
            .then(|| actor.wallet.device().fingerprint(peer))
            .flatten()
    };
    let place_of =
        |time: Option<Timestamp>| time.map_or(NEVER, |time| bounds.place_of(actor.who, time));
    let deal = |place: usize| {
        let notes = &actor.journal.deals[place];
        let state = notes
            .transfer
            .and_then(|id| actor.wallet.transfers().state(&id));
        DealFacts {
            state: code(state),
            told: notes.told,
            given_up: notes.given_up,
            is_offered: notes.offered.is_some(),
            over: place_of(notes.offered.map(|(_, over)| over)),
            acted: place_of(notes.acted),
            looked: notes.looked.map_or(0, |at| bounds.place_of(actor.who, at)),
            heard: place_of(notes.heard),
            size: notes.size,
        }
    };
    Facts {
        waiting,
        waiting_count,
        deals: std::array::from_fn(deal),
        link: text(actor.journal.links.last().map(|(link, _)| link.clone())),
        taken: std::array::from_fn(|who| text(actor.journal.peers[who].taken.clone())),
        links_taken: actor.journal.links_taken,
        links_wanted: actor.journal.links_wanted,
        numbers: std::array::from_fn(|who| text(number(who))),
        is_sending: actor.wallet.is_sending(),
        has_joined: actor.wallet.token().is_some(),
        broken: broken(world, actor).map_or(0, Promise::mark),
    }
}

/// What a machine state breaks by itself.
fn broken<A: Adversary>(world: &World<A>, actor: &Actor) -> Option<Promise> {
    let setting = &world.setting;
    let bounds = &setting.bounds;
    let wallet = &actor.wallet;
    let restarted = actor.restarted(bounds);
    if restarted.is_none_or(|restarted| restarted != *wallet) {
        return Some(Promise::Restart);
    }
    let requests: Vec<_> = wallet.waiting().collect();
    if requests.len() > Facts::WAITING {
        return Some(Promise::Bounds);
    }
    // Nothing is asked for what nobody wants to send any more.
    let outgoing: Vec<_> = wallet.outgoing().collect();
    let is_wanted = |to: &Address| {
        outgoing
            .iter()
            .any(|message| message.to == *to && message.is_started)
    };
    let orphan = requests.iter().any(|request| match &request.body {
        Body::FetchBundle { address, .. } => !is_wanted(address),
        Body::Submit(submission) => !is_wanted(&submission.recipient),
        _ => false,
    });
    if orphan {
        return Some(Promise::EndedRemains);
    }
    let publishes = requests
        .iter()
        .any(|request| matches!(request.body, Body::PublishAccessKey { .. }));
    for message in &outgoing {
        let first = outgoing.iter().find(|first| first.to == message.to);
        let waits = first.is_some_and(|first| !first.is_started);
        if waits && !publishes && wallet.token().is_some() {
            return Some(Promise::OwnQueue);
        }
        let state = wallet.transfers().state(&message.transfer);
        let ended = state.is_none_or(crate::transfer::table::StateName::is_final);
        if ended && !says_an_end(message.message_type) {
            return Some(Promise::EndedRemains);
        }
        let same = outgoing.iter().filter(|other| {
            other.transfer == message.transfer && other.message_type == message.message_type
        });
        if same.count() > 1 {
            return Some(Promise::Bounds);
        }
    }
    let unknown = wallet
        .transfers()
        .states()
        .any(|(id, _)| setting.deal_of(id).is_none());
    if unknown && world.adversary.is_honest() {
        return Some(Promise::EndedRemains);
    }
    if tokens_remain(world, actor) {
        return Some(Promise::EndedRemains);
    }
    let most = bounds.limits.device.max_inactive_sessions + 1;
    let too_many = wallet.device().records().any(|(_, record)| {
        let sessions = record.inactive();
        let keys = sessions
            .map(crate::ratchet::Session::stored_keys)
            .sum::<usize>();
        record.inactive().count() > most || keys > 2_000
    });
    if too_many || actor.journal.links.len() > 8 {
        return Some(Promise::Bounds);
    }
    None
}

/// Whether the token of a deal stands in the saved state although no transfer of it is open or held here (XFER-14).
fn tokens_remain<A: Adversary>(world: &World<A>, actor: &Actor) -> bool {
    let deals = world.setting.bounds.deals;
    let mut text = None;
    deals.iter().enumerate().any(|(place, deal)| {
        if deal.what != What::HotelKey {
            return false;
        }
        let is_of_token = |(other, deal): (usize, &super::bounds::Deal)| match deal.what {
            What::HotelKey => other == place,
            What::TokenOf { deal, .. } => usize::from(deal) == place,
            What::CarKey => false,
        };
        let transfers = deals
            .iter()
            .enumerate()
            .filter(|known| is_of_token(*known))
            .filter_map(|(other, _)| actor.journal.deals[other].transfer);
        let states: Vec<_> = transfers
            .map(|id| actor.wallet.transfers().state(&id))
            .collect();
        let over = |state: &Option<StateName>| {
            state.is_none_or(|state| state.is_final() && code(Some(state)) != HELD)
        };
        if states.is_empty() || !states.iter().all(over) {
            return false;
        }
        let text = text.get_or_insert_with(|| actor.wallet.save().to_json());
        text.contains(&hex::encode(token(deal.name).as_bytes()))
    })
}

/// The token of the deal of that name.
fn token(name: &str) -> String {
    format!("the token of {name}")
}

fn says_an_end(message: MessageType) -> bool {
    matches!(
        message,
        MessageType::Cancel | MessageType::Decline | MessageType::Provisioned
    )
}

/// What a user is told by an event, in the words of scenarios.
pub(super) fn told<A: Adversary>(
    world: &World<A>,
    number: u32,
    event: Event,
    clock: u8,
) -> Vec<String> {
    let mut judge = Judge::of(world, number, event, clock);
    let reports = judge.carry_out();
    let words = reports.iter().map(|report| match report {
        Report::Refused { code, .. }
        | Report::Unsent { code, .. }
        | Report::Rejected { code }
        | Report::Transfer { code, .. } => code.to_string(),
        Report::IdentityChanged { .. } => "identity-changed".to_owned(),
        Report::FurtherSession { .. } => "further-session".to_owned(),
        Report::Delayed { .. } => "delayed".to_owned(),
    });
    words.collect()
}

/// An event at a wallet, carried out and looked at.
pub(super) fn happen<A: Adversary>(
    world: &World<A>,
    number: u32,
    event: Event,
    clock: u8,
) -> Happened {
    let mut judge = Judge::of(world, number, event, clock);
    judge.carry_out();
    let is_same = judge.actor == *world.actors.get(number);
    Happened {
        actor: if is_same {
            number
        } else {
            world.actors.intern(judge.actor)
        },
        broken: judge.broken.map_or(0, Promise::mark),
    }
}

/// Looks at what a wallet does.
struct Judge<'a, A: Adversary> {
    world: &'a World<A>,
    event: Event,
    /// By the device's own clock.
    now: Timestamp,
    /// The actor, after all that has happened so far.
    actor: Actor,
    /// The first that did not hold.
    broken: Option<Promise>,
}

impl<'a, A: Adversary> Judge<'a, A> {
    /// Before the event.
    fn of(world: &'a World<A>, number: u32, event: Event, clock: u8) -> Self {
        let actor = Actor::clone(&world.actors.get(number));
        Judge {
            world,
            event,
            now: world.setting.bounds.clock_of(actor.who, clock),
            actor,
            broken: None,
        }
    }

    /// The event; what the user is told.
    fn carry_out(&mut self) -> Vec<Report> {
        let effects = match self.event {
            Event::Read(answer) => self.read(answer),
            event => self.wallet_event(event).and_then(|event| self.step(event)),
        };
        let reports = effects
            .into_iter()
            .flatten()
            .filter_map(|effect| match effect {
                Effect::Report(report) => Some(report),
                _ => None,
            });
        reports.collect()
    }

    fn must(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken.get_or_insert(promise);
        }
    }

    /// Seconds since the beginning.
    fn age(&self) -> u64 {
        self.now.seconds_since(super::bounds::BEGINNING)
    }

    fn reach(&self, goal: Goal) {
        self.world.reach(goal.bit());
    }

    /// Whether everybody is honest, and no link, key or device goes away.
    fn is_calm(&self) -> bool {
        self.world.adversary.is_honest() && self.world.setting.bounds.is_calm()
    }

    /// The device looks for messages and reads them. Not, where it is reading or acknowledging already (WAL-05).
    fn read(&mut self, answer: u32) -> Option<Vec<Effect>> {
        let before = self.actor.clone();
        let effects = self.step(WalletEvent::Collect)?;
        let mut requests = effects.into_iter().filter_map(|effect| match effect {
            Effect::Request(request) => Some(request.id),
            _ => None,
        });
        let Some(request) = requests.next() else {
            self.actor = before;
            return None;
        };
        let answer = Result::clone(&self.world.answers.get(answer));
        self.step(WalletEvent::Answer { request, answer })
    }

    /// What happens to the wallet; nothing where it cannot be.
    fn wallet_event(&self, event: Event) -> Option<WalletEvent> {
        let setting = &self.world.setting;
        let address = |who: Who| setting.addresses[usize::from(who)];
        let text = |number: u32| String::clone(&self.world.texts.get(number));
        let transfer = |deal: u8| self.actor.journal.deals[usize::from(deal)].transfer;
        Some(match event {
            Event::Join => WalletEvent::Register { sponsor: None },
            Event::Leave => WalletEvent::Remove,
            Event::Invite => WalletEvent::Invite {
                host: "keys.example".parse::<Host>().ok()?,
                vertical: Vertical::Car,
                lifetime: None,
            },
            Event::Take(link) => WalletEvent::TakeInvitation(text(link)),
            Event::Withdraw(link) => WalletEvent::WithdrawInvitation(text(link)),
            Event::DropPin(who) => WalletEvent::DropPin(address(who)),
            Event::Compare(who, number) => WalletEvent::CompareFingerprints {
                device: address(who),
                number: text(number),
            },
            Event::Offer(place) => {
                let deals = setting.bounds.deals;
                let deal = &deals[usize::from(place)];
                let (token, again) = match deal.what {
                    What::CarKey => (None, false),
                    What::HotelKey => (Some(token(deal.name)), false),
                    What::TokenOf { deal, insists } => {
                        (Some(token(deals[usize::from(deal)].name)), insists)
                    }
                };
                WalletEvent::Offer(Offer {
                    to: address(deal.to),
                    what: match token {
                        Some(token) => Offered::AuthorizationToken(token.into_bytes().into()),
                        None => Offered::CarKey,
                    },
                    lifetime: deal.lifetime,
                    again,
                })
            }
            Event::Accept(deal) => WalletEvent::Accept(transfer(deal)?),
            Event::Decline(deal) => WalletEvent::Decline(transfer(deal)?),
            Event::Cancel(deal) => WalletEvent::Cancel(transfer(deal)?),
            Event::Tick => WalletEvent::Tick,
            Event::Collect => WalletEvent::Collect,
            Event::Answer(request, answer) => WalletEvent::Answer {
                request: self.world.requests.get(request).id.clone(),
                answer: Result::clone(&self.world.answers.get(answer)),
            },
            Event::Read(_) => return None,
        })
    }

    /// One event; what the wallet wants done, where it did not refuse.
    fn step(&mut self, event: WalletEvent) -> Option<Vec<Effect>> {
        let before = self.actor.clone();
        let bounds = &self.world.setting.bounds;
        let purpose = match self.event {
            Event::Offer(deal) => deal + 1,
            _ => 0,
        };
        let (after, effects) = before.step_of(bounds, purpose, event.clone(), self.now);
        let effects = match effects {
            Ok(effects) => effects,
            Err(error) => {
                // What a wish has drawn before it is refused is nobody's.
                let drawn = after.drawn == before.drawn;
                let drawn = drawn || !matches!(event, WalletEvent::Answer { .. });
                self.must(Promise::Refusal, after.wallet == before.wallet && drawn);
                self.refused(&error);
                return None;
            }
        };
        self.actor = after;
        self.wish(&event, &effects);
        self.messages(&before, &event, &effects);
        for effect in &effects {
            self.effect(&before, &event, effect);
        }
        self.ends(&effects);
        self.keys(&before, &event);
        self.bundle(&event, &effects);
        Some(effects)
    }

    // What users want

    /// Whether the link of that device that the user took last serves by now, and has not served as often as it may.
    fn is_served(&self, to: Who) -> bool {
        let peer = &self.actor.journal.peers[usize::from(to)];
        let link = peer
            .taken
            .as_ref()
            .and_then(|link| link.parse::<Invitation>().ok());
        let most = self
            .world
            .setting
            .bounds
            .limits
            .transfers
            .invitation_transfers;
        link.is_some_and(|link| self.now < link.expires && peer.offers < most)
    }

    /// Whether a token that the deal offers was offered before, and is remembered.
    fn is_known(&self, place: u8) -> bool {
        let deals = self.world.setting.bounds.deals;
        let token_of = |place: u8| match deals[usize::from(place)].what {
            What::TokenOf { deal, .. } => Some(deal),
            What::HotelKey => Some(place),
            What::CarKey => None,
        };
        let Some(token) = token_of(place) else {
            return false;
        };
        (0..deals.len()).any(|other| {
            let number = u8::try_from(other).unwrap_or(u8::MAX);
            let offered = self.actor.journal.deals[other].offered;
            let remembered = offered.is_some_and(|(at, _)| self.now.seconds_since(at) < REMEMBERED);
            number != place && token_of(number) == Some(token) && remembered
        })
    }

    /// A wish was refused: with reason.
    fn refused(&mut self, error: &WalletError) {
        // A device that is unknown to the intermediary has nothing to say to anybody.
        if self.actor.wallet.token().is_none() {
            return;
        }
        let code = error.code();
        if code == Some(ErrorCode::InvalidInvitation) {
            self.reach(Goal::LinkOver);
        }
        match self.event {
            Event::Offer(place) => {
                let deal = self.world.setting.bounds.deals[usize::from(place)];
                let insists = matches!(deal.what, What::TokenOf { insists: true, .. });
                let known = self.is_known(place) && !insists;
                if known {
                    self.reach(Goal::NotAgain);
                }
                let by_link = self.is_served(deal.to);
                let room = self.open_offers() < self.world.setting.bounds.limits.transfers.offered;
                self.must(Promise::Wish, known || !by_link || !room || !self.is_calm());
            }
            Event::Take(_) => {
                let link = self.link();
                let serves = link.is_some_and(|link| self.now < link.expires);
                self.must(Promise::Wish, !serves || !self.is_calm());
            }
            Event::Compare(..) => self.must(Promise::Wish, !self.is_calm()),
            // What is over cannot be accepted; all else can be ended.
            Event::Accept(deal) | Event::Decline(deal) | Event::Cancel(deal) => {
                let place = usize::from(deal);
                let notes = self.actor.journal.deals[place];
                let state = notes
                    .transfer
                    .and_then(|id| self.actor.wallet.transfers().state(&id));
                let open = match (self.event, state) {
                    (Event::Accept(_), state) => state == Some(StateName::Invited),
                    (Event::Decline(_), state) => state == Some(StateName::Invited),
                    (_, state) => state.is_some_and(|state| !state.is_final()),
                };
                let lifetime = self.world.setting.bounds.deals[place].lifetime;
                let until = match (notes.offered, notes.heard) {
                    (Some((_, over)), _) => Some(over),
                    // It was offered before it was heard of: its time may be over earlier.
                    (None, Some(_)) => None,
                    (None, None) => None,
                };
                let first = super::bounds::BEGINNING.after(lifetime.unwrap_or(LIFETIME));
                let in_time = self.now < until.unwrap_or(first) && self.world.has_one_clock();
                self.must(Promise::Wish, !(open && in_time));
            }
            _ => {}
        }
    }

    fn link(&self) -> Option<Invitation> {
        match self.event {
            Event::Take(link) => self.world.texts.get(link).parse().ok(),
            _ => None,
        }
    }

    /// How many offers of tokens are not over.
    fn open_offers(&self) -> usize {
        let deals = self.actor.journal.deals.iter();
        deals.filter(|deal| deal.offered.is_some()).count()
    }

    /// What its user wanted is carried out and remembered.
    fn wish(&mut self, event: &WalletEvent, effects: &[Effect]) {
        let now = self.now;
        match (self.event, event) {
            (Event::Invite, _) => self.actor.journal.links_wanted += 1,
            (Event::Take(_), WalletEvent::TakeInvitation(link)) => {
                let expires = self.link().map(|link| link.expires);
                self.must(Promise::Link, expires.is_none_or(|expires| now < expires));
                self.actor.journal.links_taken += 1;
                // By another link it is another request.
                self.actor.journal.delayed = None;
                let maker = self
                    .link()
                    .and_then(|made| self.world.setting.who(&made.address));
                if let Some(maker) = maker {
                    let peer = &mut self.actor.journal.peers[usize::from(maker)];
                    if peer.taken.as_ref() != Some(link) {
                        peer.taken = Some(link.clone());
                        peer.offers = 0;
                    }
                }
                self.asked_anew();
                self.reach(Goal::LinkTaken);
            }
            (Event::Withdraw(_), _) => self.reach(Goal::LinkWithdrawn),
            (Event::Compare(peer, _), _) => {
                self.actor.journal.peers[usize::from(peer)].compared = true;
                self.reach(Goal::Compared);
            }
            (Event::Leave, _) => self.reach(Goal::Left),
            (Event::DropPin(peer), _) => self.pin_dropped(peer),
            (Event::Offer(place), _) => self.offered(place, effects),
            (Event::Accept(place), _) => {
                let notes = &mut self.actor.journal.deals[usize::from(place)];
                notes.consented = true;
            }
            _ => {}
        }
        if let Event::Accept(place) | Event::Decline(place) | Event::Cancel(place) = self.event {
            let transfer = self.actor.journal.deals[usize::from(place)].transfer;
            let moved = effects.iter().any(|effect| {
                matches!(effect, Effect::Changed { transfer: changed, before, after }
                    if Some(*changed) == transfer && *before != Some(*after))
            });
            self.must(Promise::Table, moved);
        }
    }

    /// What waits for the maker of a link that was just taken is asked for by that link, and by no other (WAL-03).
    fn asked_anew(&mut self) {
        let Some(link) = self.link() else {
            return;
        };
        let access_key = AccessKey::from(link.access_key()).digest();
        let anew = self
            .actor
            .wallet
            .waiting()
            .all(|request| match &request.body {
                Body::Submit(submission) if submission.recipient == link.address => {
                    submission.access_key.digest() == access_key
                }
                _ => true,
            });
        self.must(Promise::Answerable, anew);
    }

    fn offered(&mut self, place: u8, effects: &[Effect]) {
        let deal = self.world.setting.bounds.deals[usize::from(place)];
        let insists = matches!(deal.what, What::TokenOf { insists: true, .. });
        let known = self.is_known(place);
        self.must(Promise::TokenKnown, insists || !known);
        if insists && known {
            self.reach(Goal::OfferedAgain);
        }
        let by_link = self.is_served(deal.to);
        let peer = &mut self.actor.journal.peers[usize::from(deal.to)];
        peer.offers += 1;
        // Or to a key that was compared, of a device whose offer brought an access key.
        let (taken, compared) = (peer.taken.is_some(), peer.compared);
        self.must(Promise::Named, taken || compared);
        self.must(Promise::Link, by_link || compared);
        let transfer = effects.iter().find_map(|effect| match effect {
            Effect::Changed {
                transfer,
                before: None,
                ..
            } => Some(*transfer),
            _ => None,
        });
        if let Some(transfer) = transfer {
            let over = self.now.after(deal.lifetime.unwrap_or(LIFETIME));
            let notes = &mut self.actor.journal.deals[usize::from(place)];
            notes.transfer = Some(transfer);
            notes.offered = Some((self.now, over));
            self.world.setting.is_deal(transfer, place);
        }
        self.must(Promise::Table, transfer.is_some());
    }

    /// With the pin the transfers with that device have ended, and nothing that was for it is here.
    fn pin_dropped(&mut self, peer: Who) {
        self.reach(Goal::PinDropped);
        let address = self.world.setting.addresses[usize::from(peer)];
        let open = self
            .actor
            .wallet
            .transfers()
            .under_way_with(&address, self.now);
        let open = open.count();
        let sends = self.actor.wallet.outgoing();
        let sends = sends.filter(|message| message.to == address).count();
        self.must(Promise::AnotherKey, open == 0 && sends == 0);
        self.actor.journal.peers[usize::from(peer)] = super::journal::PeerNotes::default();
    }

    // What a wallet wants done

    fn effect(&mut self, before: &Actor, event: &WalletEvent, effect: &Effect) {
        match effect {
            Effect::Request(request) => {
                if let Body::Submit(submission) = &request.body {
                    // At a tick what was not answered leaves once more, as it was.
                    self.submission(submission);
                }
            }
            Effect::Invitation { link } => {
                self.reach(Goal::LinkMade);
                let expires = link.parse::<Invitation>().map(|link| link.expires);
                let now = self.now;
                let made = expires.is_ok_and(|expires| {
                    let lifetime = expires.0.saturating_sub(super::bounds::BEGINNING.0);
                    lifetime >= LINK && expires <= now.after(LINK)
                });
                self.must(Promise::Link, made || !self.world.has_one_clock());
                self.actor.journal.links.push((link.clone(), now));
            }
            Effect::Changed {
                transfer,
                before,
                after,
            } => self.changed(event, *transfer, *before, *after),
            Effect::Report(report) => self.report(before, report),
        }
    }

    fn changed(
        &mut self,
        event: &WalletEvent,
        transfer: TransferId,
        before: Option<StateName>,
        after: StateName,
    ) {
        let Some(deal) = self.world.setting.deal_of(&transfer) else {
            // Somebody else has made it up.
            let honest = self.world.adversary.is_honest();
            self.must(Promise::Table, !honest);
            return;
        };
        self.must(Promise::Table, has_row(event, before, after));
        let by_message = matches!(event, WalletEvent::Answer { .. });
        if let Some(goal) = Goal::of(before, after, by_message) {
            self.reach(goal);
        }
        let now = self.now;
        let ticks = matches!(event, WalletEvent::Tick);
        let lifetime = self.world.setting.bounds.deals[usize::from(deal)].lifetime;
        let notes = &mut self.actor.journal.deals[usize::from(deal)];
        notes.transfer = Some(transfer);
        let consented = notes.consented;
        if before.is_none() && after.as_str().starts_with("R:") {
            notes.heard = Some(now);
        }
        if matches!(after, StateName::Requested | StateName::Provisioned) {
            notes.acted = Some(now);
            self.must(Promise::Consent, consented);
        }
        let notes = &mut self.actor.journal.deals[usize::from(deal)];
        if after.is_final() && before != Some(after) {
            notes.ended = Some(now);
            notes.looked = None;
        }
        let (offered, heard) = (notes.offered, notes.heard);
        let expired = matches!(after, StateName::OfferExpired | StateName::Expired);
        if let Some((_, over)) = offered {
            // What its sender goes on with, or lets expire.
            let goes_on = matches!(after, StateName::Signed | StateName::Completed);
            self.must(Promise::Expiry, !goes_on || now < over);
            self.must(Promise::Expiry, !expired || !ticks || now >= over);
        } else if let Some(heard) = heard
            && expired
        {
            // It cannot be over before the earliest moment at which it can have been offered is so long ago.
            let begun = super::bounds::BEGINNING;
            let least = begun
                .after(lifetime.unwrap_or(LIFETIME))
                .min(heard.after(LONGEST));
            let in_time = now >= least || !self.world.has_one_clock();
            self.must(Promise::Expiry, in_time);
        }
    }

    fn report(&mut self, before: &Actor, report: &Report) {
        let bounds = &self.world.setting.bounds;
        let calm = self.is_calm();
        match report {
            Report::Transfer { transfer, code } => self.told(transfer, *code),
            Report::Refused { code, .. } => {
                let holds = match code {
                    ErrorCode::UnexpectedMessage => {
                        self.reach(Goal::Crossed);
                        let mut deals = self.actor.journal.deals.iter();
                        // Or it is over, and nobody has looked at the clock.
                        self.age() >= LIFETIME || deals.any(|deal| deal.ended.is_some())
                    }
                    ErrorCode::DuplicateMessage => {
                        self.reach(Goal::Twice);
                        bounds.can_repeat_late()
                    }
                    // Its offer waited too long, was one too many, was erased before it arrived, or comes later.
                    ErrorCode::UnknownTransfer => {
                        self.age() >= LIFETIME || bounds.is_overtaken() || bounds.is_crowded()
                    }
                    ErrorCode::UntrustedIdentity | ErrorCode::NoSession => bounds.is_overtaken(),
                    ErrorCode::RateLimited => bounds.is_crowded(),
                    _ => false,
                };
                self.must(Promise::Suspicion, holds || !calm);
            }
            Report::Unsent { to, code } => {
                self.reach(Goal::GivenUp);
                let first = before.wallet.outgoing().find(|message| message.to == *to);
                let deal = first.and_then(|first| self.world.setting.deal_of(&first.transfer));
                if let Some(deal) = deal {
                    self.actor.journal.deals[usize::from(deal)].given_up = true;
                }
                let holds = match code {
                    ErrorCode::RetryLimit => self.age() >= LIFETIME,
                    // A device that has not looked at the clock for days takes what is new for what is to come.
                    ErrorCode::StaleStatement => {
                        self.age() >= LIFETIME || !self.world.has_one_clock()
                    }
                    _ => false,
                };
                self.must(Promise::Suspicion, holds || !calm);
            }
            Report::Delayed { to, code } => {
                self.reach(Goal::Waits);
                let full = *code == ErrorCode::MailboxFull;
                // The access key of a link is over by then.
                let old = self.age() >= LINK + 31 * DAY;
                self.must(Promise::Answerable, full || old || !calm);
                let who = self.world.setting.who(to);
                let first = self
                    .actor
                    .wallet
                    .outgoing()
                    .find(|message| message.to == *to);
                if let (Some(who), Some(first)) = (who, first) {
                    let message = Some((who, first.transfer, first.message_type));
                    let told = self.actor.journal.delayed == message;
                    self.actor.journal.delayed = message;
                    self.must(Promise::ToldTwice, !told);
                }
            }
            Report::Rejected { code } => {
                let holds = match code {
                    ErrorCode::StaleStatement | ErrorCode::TooLarge => true,
                    // One-time prekeys that arrive after those of the day after: their ids are below what is there (MBX-03).
                    ErrorCode::Malformed => self.age() >= bounds.limits.count_interval,
                    _ => false,
                };
                self.must(Promise::Suspicion, holds || !calm);
            }
            // An end opens the session that its offer would have opened.
            Report::FurtherSession { .. } => {
                let overtaken = bounds.is_overtaken();
                self.must(Promise::Suspicion, overtaken || !calm);
            }
            Report::IdentityChanged { .. } => self.must(Promise::Suspicion, !calm),
        }
    }

    /// A user is told something about a transfer.
    fn told(&mut self, transfer: &TransferId, code: ErrorCode) {
        let Some(deal) = self.world.setting.deal_of(transfer) else {
            return;
        };
        let told = match code {
            ErrorCode::CredentialMayBeOut => Told::MAY_BE_OUT,
            ErrorCode::ProvisionedAfterEnd => Told::AFTER_END,
            _ => Told::ATTESTATION,
        };
        let state = self.actor.wallet.transfers().state(transfer);
        let notes = &mut self.actor.journal.deals[usize::from(deal)];
        notes.told |= told;
        let out = notes.out;
        match told {
            Told::MAY_BE_OUT => {
                self.reach(Goal::MayBeOut);
                self.must(Promise::ToldInVain, out);
            }
            Told::AFTER_END if state == Some(StateName::OfferExpired) => {
                self.reach(Goal::AfterExpiry);
            }
            Told::AFTER_END => self.reach(Goal::AfterCancel),
            _ => {
                let honest = self.world.adversary.is_honest();
                self.must(Promise::Suspicion, !honest);
            }
        }
    }

    /// Whoever offered is told where a transfer ends whose credential is out.
    fn ends(&mut self, effects: &[Effect]) {
        for effect in effects {
            let Effect::Changed {
                transfer, after, ..
            } = effect
            else {
                continue;
            };
            let ended = matches!(
                after,
                StateName::OfferCancelled | StateName::OfferDeclined | StateName::OfferExpired
            );
            let deal = self.world.setting.deal_of(transfer);
            let out = deal.is_some_and(|deal| self.actor.journal.deals[usize::from(deal)].out);
            // That it was provisioned says more.
            let told = [
                ErrorCode::CredentialMayBeOut,
                ErrorCode::ProvisionedAfterEnd,
            ]
            .into_iter()
            .any(|code| {
                let transfer = *transfer;
                effects.contains(&Effect::Report(Report::Transfer { transfer, code }))
            });
            self.must(Promise::Told, !(ended && out) || told);
        }
    }

    // Messages

    /// A message leaves.
    fn submission(&mut self, submission: &Submission) {
        let bytes = submission.message.0.0.as_slice();
        let plain = bytes.windows(WORD.len()).any(|window| window == WORD);
        self.must(Promise::Plaintext, !plain);
        let to = submission.recipient;
        let Some(who) = self.world.setting.who(&to) else {
            return;
        };
        let Some(seen) = Seen::of(submission.kind, bytes) else {
            return;
        };
        let key = hash((who, seen.ratchet_key, seen.counter));
        let message = hash(bytes);
        let former = self.actor.journal.keys.insert(key, message);
        self.must(
            Promise::MessageKey,
            former.is_none_or(|former| former == message),
        );
        // As it was: nothing new is said.
        if former.is_some() {
            return;
        }
        let one_session = self.is_calm() && self.world.setting.bounds.has_one_session();
        let now = self.now;
        let first = self
            .actor
            .wallet
            .outgoing()
            .find(|message| message.to == to);
        let peer = &mut self.actor.journal.peers[usize::from(who)];
        let opens = seen.base_key != 0;
        let own = opens || peer.base_key != 0;
        let answered = opens && peer.base_key == seen.base_key && peer.answered;
        let turned = !peer.must_turn || peer.ratchet_key != seen.ratchet_key;
        let age = peer.fresh.map(|fresh| now.seconds_since(fresh));
        if opens && peer.base_key != seen.base_key {
            peer.base_key = seen.base_key;
            peer.answered = false;
            peer.fresh = Some(now);
        }
        let is_new = peer.fresh == Some(now);
        peer.ratchet_key = seen.ratchet_key;
        peer.must_turn = false;
        if one_session {
            self.must(Promise::Handshake, !answered);
            self.must(Promise::RatchetKey, turned);
            let fresh = age.is_none_or(|age| age < 30 * DAY);
            self.must(Promise::SessionAge, is_new || fresh);
        }
        let Some(first) = first else {
            return;
        };
        self.of_transfer(
            submission,
            first.transfer,
            first.message_type,
            seen.length,
            own,
        );
    }

    /// A message of a transfer leaves for the first time.
    fn of_transfer(
        &mut self,
        submission: &Submission,
        transfer: TransferId,
        message: MessageType,
        length: u32,
        own: bool,
    ) {
        let Some(deal) = self.world.setting.deal_of(&transfer) else {
            return;
        };
        let what = self.world.setting.bounds.deals[usize::from(deal)].what;
        let is_offer = message == MessageType::ProvisioningInformation;
        let provisioning = is_offer || message == MessageType::KeyImportRequest;
        let lets_provision = provisioning && !(is_offer && what == What::CarKey);
        let state = self.actor.wallet.transfers().state(&transfer);
        let notes = &mut self.actor.journal.deals[usize::from(deal)];
        notes.out |= lets_provision;
        notes.offer_left |= is_offer;
        notes.size = if notes.size == 0 {
            length
        } else {
            notes.size.min(length)
        };
        let notes = *notes;
        self.must(Promise::OwnSession, own || !provisioning);
        let ended = state.is_none_or(StateName::is_final);
        let said = notes.offered.is_none() || notes.offer_left;
        self.must(
            Promise::EndedLeaves,
            (!ended || says_an_end(message)) && said,
        );
        let signed =
            message != MessageType::KeyImportRequest || matches!(state, Some(StateName::Signed));
        self.must(Promise::Signed, signed);
        let size = SIZES.iter().any(|size| size + TAG == length);
        self.must(Promise::Size, size);
        // Until its transfer is over, and no longer than it must; of all else as long as there is.
        let needed = match notes.offered {
            Some((_, over)) if provisioning => over.seconds_since(self.now),
            _ => LONGEST,
        };
        let lifetimes = [2 * DAY, 7 * DAY, LONGEST];
        let shortest = lifetimes.into_iter().find(|lifetime| *lifetime >= needed);
        let lifetime = submission.lifetime.unwrap_or(2 * DAY);
        self.must(Promise::Lifetime, lifetime == shortest.unwrap_or(LONGEST));
    }

    /// Messages that were read.
    fn messages(&mut self, before: &Actor, event: &WalletEvent, effects: &[Effect]) {
        let WalletEvent::Answer {
            answer: Ok(Answer::Envelopes { envelopes }),
            ..
        } = event
        else {
            return;
        };
        let refusals = effects.iter().filter_map(|effect| match effect {
            Effect::Report(Report::Refused { code, .. }) => Some(*code),
            _ => None,
        });
        let refusals: Vec<_> = refusals.collect();
        let opened = &mut self.actor.journal.opened;
        let name = |envelope: &Envelope| hash((&envelope.sender, &envelope.message.0.0));
        let again = envelopes.iter().filter(|it| opened.contains(&name(it)));
        let again = again.count();
        // Where some are refused nobody says which.
        if refusals.is_empty() {
            opened.extend(envelopes.iter().map(name));
        }
        self.must(Promise::OpenedOnce, again <= refusals.len());
        // What is not decrypted draws nothing; what is acknowledged draws the name of its request.
        let sealed = |code: &ErrorCode| {
            matches!(
                code,
                ErrorCode::DuplicateMessage | ErrorCode::DecryptFailed | ErrorCode::NoSession
            )
        };
        if refusals.len() == envelopes.len() && refusals.iter().all(sealed) {
            let drawn = self.actor.drawn - before.drawn;
            self.must(Promise::Refusal, drawn <= 16);
        }
        for envelope in envelopes {
            if refusals.is_empty() {
                self.opened(envelope);
            } else {
                self.may_have_opened(envelope);
            }
        }
        self.room();
    }

    /// A message was opened or refused. Where its payload alone was, its ratchet key was read, and is not new again.
    fn may_have_opened(&mut self, envelope: &Envelope) {
        let who = self.world.setting.who(&envelope.sender);
        let seen = Seen::of(envelope.kind, &envelope.message.0.0);
        if let (Some(who), Some(seen)) = (who, seen) {
            self.actor.journal.peers[usize::from(who)].read = seen.ratchet_key;
        }
    }

    /// A message was opened.
    fn opened(&mut self, envelope: &Envelope) {
        let Some(who) = self.world.setting.who(&envelope.sender) else {
            return;
        };
        let Some(seen) = Seen::of(envelope.kind, &envelope.message.0.0) else {
            return;
        };
        let now = self.now;
        if let Some(id) = seen.one_time_pre_key {
            let keys = self.actor.wallet.device().keys();
            let gone = keys.one_time_pre_key_ids().all(|held| held != id);
            self.must(Promise::UsedOnce, gone);
        }
        let waits = self.actor.journal.delayed.as_ref();
        if waits.is_some_and(|(to, ..)| *to == who) {
            // It may have brought another access key: then it is another request.
            self.actor.journal.delayed = None;
        }
        let peer = &mut self.actor.journal.peers[usize::from(who)];
        peer.answered = true;
        peer.fresh = Some(now);
        if peer.read != seen.ratchet_key {
            peer.read = seen.ratchet_key;
            peer.must_turn = true;
        }
    }

    /// No sender has more transfers here than it may (XFER-20), as long as none can be over.
    fn room(&mut self) {
        let bounds = &self.world.setting.bounds;
        if self.age() >= LIFETIME {
            return;
        }
        for from in bounds.everybody() {
            let of_sender = bounds
                .deals
                .iter()
                .enumerate()
                .filter(|(_, deal)| deal.from == from && deal.to == self.actor.who);
            let states = of_sender.filter_map(|(place, _)| {
                let transfer = self.actor.journal.deals[place].transfer?;
                self.actor.wallet.transfers().state(&transfer)
            });
            let states: Vec<_> = states.collect();
            let open = states.iter().filter(|state| !state.is_final()).count();
            let known = states
                .iter()
                .filter(|state| **state != StateName::Provisioned)
                .count();
            let limits = &bounds.limits.transfers;
            if open > limits.under_way || known > limits.known {
                self.broken.get_or_insert(Promise::Bounds);
            }
        }
    }

    // Keys and time

    /// Prekeys come and go in their time.
    fn keys(&mut self, before: &Actor, event: &WalletEvent) {
        let now = self.now;
        let keys = self.actor.wallet.device().keys();
        let signed: Vec<PreKeyId> = keys.signed_pre_key_ids().collect();
        let one_time: Vec<PreKeyId> = keys.one_time_pre_key_ids().collect();
        let created = keys.signed_pre_key_created();
        let current = self
            .actor
            .wallet
            .device()
            .bundle(None)
            .map(|bundle| bundle.signed_pre_key.id);
        let journal = &mut self.actor.journal;
        let mut holds = true;
        for id in &signed {
            journal.signed_pre_keys.entry(*id).or_insert(None);
        }
        for (id, replaced) in &mut journal.signed_pre_keys {
            if Some(*id) != current {
                replaced.get_or_insert(now);
            }
        }
        let drawn = self.actor.wallet.device().now();
        for id in &one_time {
            journal.one_time_pre_keys.entry(*id).or_insert(drawn);
        }
        if matches!(event, WalletEvent::Tick) {
            let before = before.wallet.device().bundle(None);
            if before.map(|bundle| bundle.signed_pre_key.id) != current {
                self.world.reach(Goal::KeyReplaced.bit());
            }
            holds &= created.is_some_and(|created| now.seconds_since(created) < 7 * DAY);
            journal.signed_pre_keys.retain(|id, replaced| {
                let old = replaced.is_some_and(|at| now.seconds_since(at) >= 30 * DAY);
                holds &= signed.contains(id) != old;
                !old
            });
            journal.one_time_pre_keys.retain(|id, drawn| {
                let old = now.seconds_since(*drawn) >= 90 * DAY;
                holds &= one_time.contains(id) != old;
                !old
            });
        }
        if !matches!(event, WalletEvent::Tick) {
            // What a session was opened with is gone.
            journal
                .one_time_pre_keys
                .retain(|id, _| one_time.contains(id));
        }
        self.must(Promise::KeysAge, holds);
        if matches!(event, WalletEvent::Tick) {
            self.ticked(before);
        }
    }

    /// What is over ends; what ended long ago is forgotten; what nobody answers is erased.
    fn ticked(&mut self, before: &Actor) {
        let now = self.now;
        for place in 0..self.world.setting.bounds.deals.len() {
            let notes = self.actor.journal.deals[place];
            let Some(transfer) = notes.transfer else {
                continue;
            };
            let state = self.actor.wallet.transfers().state(&transfer);
            let was = before.wallet.transfers().state(&transfer);
            let open = state.is_some_and(|state| !state.is_final());
            self.actor.journal.deals[place].looked = open.then_some(now);
            let over = match (notes.offered, notes.heard) {
                (Some((_, over)), _) => now >= over,
                (None, Some(heard)) => now >= heard.after(LONGEST),
                (None, None) => false,
            };
            self.must(Promise::Expiry, !(open && over));
            let old = notes
                .ended
                .is_some_and(|ended| now.seconds_since(ended) >= REMEMBERED);
            let held = state == Some(StateName::Provisioned);
            self.must(Promise::Forgotten, held || !old || state.is_none());
            self.must(Promise::Forgotten, old || state.is_some() || was.is_none());
            if old && was.is_some() && state.is_none() {
                self.reach(Goal::Forgotten);
            }
        }
        for who in self.world.setting.bounds.everybody() {
            let peer = &self.actor.journal.peers[usize::from(who)];
            let old = peer
                .fresh
                .is_some_and(|fresh| now.seconds_since(fresh) >= 90 * DAY);
            let address = self.world.setting.addresses[usize::from(who)];
            let session = self.actor.wallet.device().session(&address).is_some();
            self.must(Promise::SessionAge, !(old && session));
        }
    }

    /// A bundle came: no session is opened with a statement that is too old, or of a time to come (KEY-10).
    fn bundle(&mut self, event: &WalletEvent, effects: &[Effect]) {
        let WalletEvent::Answer {
            answer: Ok(answer), ..
        } = event
        else {
            return;
        };
        match answer {
            Answer::Bundle { bundle } => {
                let now = self.now;
                let created = bundle.created.unwrap_or_default();
                let age = now.seconds_since(created);
                let ahead = created.seconds_since(now);
                let fresh = age <= 40 * DAY && ahead <= 2 * DAY;
                let sends = effects.iter().any(|effect| {
                    matches!(effect, Effect::Request(request) if matches!(request.body, Body::Submit(_)))
                });
                self.must(Promise::Statement, fresh || !sends);
            }
            Answer::OneTimePreKeys { left } => {
                let few = *left < self.world.setting.bounds.limits.few_one_time_pre_keys;
                let publishes = effects.iter().any(|effect| {
                    matches!(effect, Effect::Request(request)
                        if matches!(request.body, Body::PublishOneTimePreKeys { .. }))
                });
                if few {
                    self.reach(Goal::MorePreKeys);
                }
                let honest = self.world.adversary.is_honest();
                self.must(Promise::Counted, few == publishes || !honest);
            }
            _ => {}
        }
    }
}

/// What anybody sees of a message.
struct Seen {
    /// A hash of the ratchet key.
    ratchet_key: u64,
    counter: u32,
    /// A hash of the base key, where it opens a session; 0 where it does not.
    base_key: u64,
    one_time_pre_key: Option<PreKeyId>,
    /// How long the ciphertext is, in bytes.
    length: u32,
}

impl Seen {
    /// Nothing where it cannot be read.
    fn of(kind: MessageKind, bytes: &[u8]) -> Option<Self> {
        let suite = suite::ALL[0];
        let (message, base_key, one_time_pre_key) = match kind {
            MessageKind::Ratchet => (RatchetMessage::decode(suite, bytes).ok()?, 0, None),
            MessageKind::PreKey => {
                let opening = PreKeyMessage::decode(suite, bytes).ok()?;
                let id = opening
                    .pre_key_id
                    .and_then(|id| PreKeyId::try_from(id).ok());
                let base_key = hash(opening.base_key.encode()).max(1);
                (opening.message, base_key, id)
            }
        };
        Some(Seen {
            ratchet_key: hash(message.header.ratchet_key.encode()),
            counter: message.header.counter,
            base_key,
            one_time_pre_key,
            length: u32::try_from(message.ciphertext.len()).unwrap_or(u32::MAX),
        })
    }
}

/// Whether a row of the table leads from one state to the other, for what has happened.
fn has_row(event: &WalletEvent, before: Option<StateName>, after: StateName) -> bool {
    let is_cause = |name: &EventName| match event {
        WalletEvent::Offer(_) => *name == EventName::Offer,
        WalletEvent::Accept(_) => *name == EventName::Accept,
        WalletEvent::Decline(_) => *name == EventName::Decline,
        WalletEvent::Cancel(_) | WalletEvent::DropPin(_) => *name == EventName::Cancel,
        WalletEvent::Tick => *name == EventName::Tick,
        _ => matches!(name, EventName::Message(_)),
    };
    [Flow::Stateful, Flow::Stateless].into_iter().any(|flow| {
        let from = before.map(|state| (state, flow));
        // What is over is judged as if a tick had come first (XFER-10).
        let over = rows(from, EventName::Tick).map(|(_, _, step)| Some((step.to, flow)));
        let froms: Vec<_> = over.chain([from]).collect();
        froms.into_iter().any(|from| {
            let mut names = EventName::ALL.iter().filter(|name| is_cause(name));
            names.any(|name| rows(from, *name).any(|(_, _, step)| step.to == after))
        })
    })
}
