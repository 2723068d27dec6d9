//! What a wallet does with an event, and what must hold of it.

use super::action::Event;
use super::actor::{Actor, DealFacts, Facts, code};
use super::adversary::Adversary;
use super::bounds::{DEALS, DEVICES, What, Who};
use super::journal::Told;
use super::keeper::hash;
use super::property::{Goal, Promise};
use super::world::{Happened, NONE, World};
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Body, Submission};
use crate::suite;
use crate::timestamp::Timestamp;
use crate::transfer::table::{EventName, Flow, rows};
use crate::transfer::{Host, MessageType, Offer, Offered, StateName, Vertical};
use crate::wallet::{Effect, Report, WalletEvent};
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};

/// How long an offer lives that does not say (XFER-10), in seconds.
const LIFETIME: u64 = 48 * 3600;

/// What is looked up of an actor.
pub(super) fn facts<A: Adversary>(world: &World<A>, actor: &Actor) -> Facts {
    let setting = &world.setting;
    let bounds = &setting.bounds;
    let mut waiting = [NONE; Facts::WAITING];
    let mut waiting_count = 0;
    let mut broken = None;
    for (place, request) in actor.wallet.waiting().enumerate() {
        match waiting.get_mut(place) {
            Some(number) => {
                *number = world.requests.intern(request);
                waiting_count += 1;
            }
            None => broken = Some(Promise::Ends),
        }
    }
    let restarted = actor.restarted(bounds);
    if restarted.is_none_or(|restarted| restarted != actor.wallet) {
        broken = Some(Promise::Restart);
    }
    let text = |text: Option<String>| text.map_or(NONE, |text| world.texts.intern(text));
    let compares = bounds
        .wishes
        .iter()
        .any(|wish| matches!(wish, super::bounds::Wish::Compare(..)));
    let number = |who: usize| {
        let peer = &setting.addresses[who];
        let is_peer = compares && who < bounds.devices.len() && who != usize::from(actor.who);
        is_peer
            .then(|| actor.wallet.device().fingerprint(peer))
            .flatten()
    };
    let deal = |place: usize| {
        let notes = &actor.journal.deals[place];
        let transfer = notes.transfer;
        let state = transfer.and_then(|id| actor.wallet.transfers().state(&id));
        let place_of =
            |time: Option<Timestamp>| time.map_or(u8::MAX, |time| bounds.place_of(actor.who, time));
        DealFacts {
            state: code(state),
            is_offered: notes.over.is_some(),
            told: notes.told,
            out: notes.out,
            consented: notes.accepted.is_some(),
            accepted: notes
                .accepted
                .map_or(0, |time| bounds.place_of(actor.who, time)),
            over: place_of(notes.over),
        }
    };
    Facts {
        waiting,
        waiting_count,
        deals: std::array::from_fn(deal),
        link: text(actor.journal.links.last().cloned()),
        taken: text(actor.journal.taken.clone()),
        links_wanted: actor.journal.links_wanted,
        numbers: std::array::from_fn(|who| text(number(who))),
        is_sending: actor.wallet.is_sending(),
        broken: broken.map_or(0, Promise::mark),
    }
}

/// An event at a wallet, carried out and looked at.
pub(super) fn happen<A: Adversary>(
    world: &World<A>,
    number: u32,
    event: Event,
    clock: u8,
) -> Happened {
    let before = world.actors.get(number);
    let mut judge = Judge {
        world,
        event,
        now: world.setting.bounds.clock_of(before.who, clock),
        actor: Actor::clone(&before),
        broken: None,
    };
    let read = match event {
        Event::Read(answer) => {
            // A device that is reading or acknowledging already asks for nothing.
            let asked = judge.step(WalletEvent::Collect).and_then(|effects| {
                effects.into_iter().find_map(|effect| match effect {
                    Effect::Request(request) => Some(request.id),
                    _ => None,
                })
            });
            asked.map(|request| {
                let answer = Result::clone(&world.answers.get(answer));
                judge.step(WalletEvent::Answer { request, answer });
            })
        }
        _ => judge.wallet_event(event).map(|event| {
            judge.step(event);
        }),
    };
    let is_same = read.is_none() || judge.actor == *before;
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

impl<A: Adversary> Judge<'_, A> {
    fn must(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken.get_or_insert(promise);
        }
    }

    /// What happens to the wallet; nothing where it cannot be.
    fn wallet_event(&self, event: Event) -> Option<WalletEvent> {
        let setting = &self.world.setting;
        let address = |who: Who| setting.addresses[usize::from(who)];
        let text = |number: u32| String::clone(&self.world.texts.get(number));
        let transfer = |deal: u8| self.actor.journal.deals[usize::from(deal)].transfer;
        Some(match event {
            Event::Join => WalletEvent::Register { sponsor: None },
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
                let token = |deal: usize| format!("the token of {}", deals[deal].name);
                let (what, again) = match deal.what {
                    What::CarKey => (Offered::CarKey, false),
                    What::HotelKey => {
                        let token = token(usize::from(place)).into_bytes();
                        (Offered::AuthorizationToken(token.into()), false)
                    }
                    What::TokenOf { deal, insists } => {
                        let token = token(usize::from(deal)).into_bytes();
                        (Offered::AuthorizationToken(token.into()), insists)
                    }
                };
                WalletEvent::Offer(Offer {
                    to: address(deal.to),
                    what,
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
        let (after, effects) = before.step(bounds, event.clone(), self.now);
        let Ok(effects) = effects else {
            self.must(Promise::Refusal, after == before);
            return None;
        };
        self.actor = after;
        self.wish(&event, &effects);
        for effect in &effects {
            self.effect(&event, effect);
        }
        self.messages(&event, &effects);
        Some(effects)
    }

    /// What its user wanted is remembered.
    fn wish(&mut self, event: &WalletEvent, effects: &[Effect]) {
        let now = self.now;
        let setting = &self.world.setting;
        let journal = &mut self.actor.journal;
        match event {
            WalletEvent::Invite { .. } => journal.links_wanted += 1,
            WalletEvent::TakeInvitation(link) => journal.taken = Some(link.clone()),
            WalletEvent::Offer(offer) => {
                let offered = effects.iter().find_map(|effect| match effect {
                    Effect::Changed {
                        transfer,
                        before: None,
                        ..
                    } => Some(*transfer),
                    _ => None,
                });
                let lifetime = offer.lifetime.unwrap_or(LIFETIME);
                let over = now.after(lifetime);
                if let (Event::Offer(deal), Some(transfer)) = (self.event, offered) {
                    let notes = &mut journal.deals[usize::from(deal)];
                    notes.transfer = Some(transfer);
                    notes.over = Some(over);
                    setting.is_deal(transfer, deal);
                }
            }
            WalletEvent::Accept(transfer) => {
                if let Some(deal) = setting.deal_of(transfer) {
                    journal.deals[usize::from(deal)].accepted = Some(now);
                }
            }
            _ => {}
        }
    }

    fn effect(&mut self, event: &WalletEvent, effect: &Effect) {
        match effect {
            Effect::Request(request) => {
                if let Body::Submit(submission) = &request.body {
                    self.submission(submission);
                }
            }
            Effect::Invitation { link } => self.actor.journal.links.push(link.clone()),
            Effect::Changed {
                transfer,
                before: former,
                after,
            } => {
                let Some(deal) = self.world.setting.deal_of(transfer) else {
                    self.must(Promise::Table, false);
                    return;
                };
                self.must(Promise::Table, has_row(event, *former, *after));
                let notes = &mut self.actor.journal.deals[usize::from(deal)];
                notes.transfer = Some(*transfer);
                let notes = *notes;
                if matches!(after, StateName::Requested | StateName::Provisioned) {
                    self.must(Promise::Consent, notes.accepted.is_some());
                }
            }
            Effect::Report(report) => self.report(report),
        }
    }

    fn report(&mut self, report: &Report) {
        match report {
            Report::Transfer { transfer, code } => {
                let Some(deal) = self.world.setting.deal_of(transfer) else {
                    return;
                };
                let notes = &mut self.actor.journal.deals[usize::from(deal)];
                let told = match code {
                    ErrorCode::CredentialMayBeOut => Told::MAY_BE_OUT,
                    ErrorCode::ProvisionedAfterEnd => Told::AFTER_END,
                    _ => Told::ATTESTATION,
                };
                notes.told |= told;
                let out = notes.out;
                if told == Told::MAY_BE_OUT {
                    self.must(Promise::ToldInVain, out);
                }
                if told == Told::AFTER_END {
                    self.world.reach(Goal::AfterEnd.bit());
                }
            }
            Report::Refused { code, .. } => {
                let crosses = *code == ErrorCode::UnexpectedMessage;
                if crosses {
                    self.world.reach(Goal::Crossed.bit());
                }
                let honest = self.world.adversary.is_honest();
                self.must(Promise::Suspicion, crosses || !honest);
            }
            _ => {}
        }
    }

    /// A message leaves.
    fn submission(&mut self, submission: &Submission) {
        let Some(header) = header(submission) else {
            return;
        };
        let key = hash((submission.recipient, header));
        let message = hash(&submission.message);
        let first = *self.actor.journal.keys.entry(key).or_insert(message);
        self.must(Promise::MessageKey, first == message);
        let on_its_way = self.actor.wallet.on_its_way(&submission.recipient);
        let Some((transfer, message_type)) = on_its_way else {
            return;
        };
        if let Some(deal) = self.world.setting.deal_of(&transfer) {
            let what = self.world.setting.bounds.deals[usize::from(deal)].what;
            let provisions = match message_type {
                MessageType::ProvisioningInformation => what != What::CarKey,
                MessageType::KeyImportRequest => true,
                _ => false,
            };
            let notes = &mut self.actor.journal.deals[usize::from(deal)];
            notes.out |= provisions;
            let state = self.actor.wallet.transfers().state(&transfer);
            let says_its_end = matches!(
                message_type,
                MessageType::Cancel | MessageType::Decline | MessageType::Provisioned
            );
            let ended = state.is_none_or(StateName::is_final);
            self.must(Promise::EndedLeaves, !ended || says_its_end);
        }
    }

    /// Messages that were read.
    fn messages(&mut self, event: &WalletEvent, effects: &[Effect]) {
        let WalletEvent::Answer {
            answer: Ok(Answer::Envelopes { envelopes }),
            ..
        } = event
        else {
            return;
        };
        let opened = &mut self.actor.journal.opened;
        let again = envelopes
            .iter()
            .filter(|envelope| !opened.insert(hash((&envelope.sender, &envelope.message))))
            .count();
        let refused = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Report(Report::Refused { .. })))
            .count();
        self.must(Promise::OpenedOnce, again <= refused);
    }
}

/// The ratchet key and the counter of a message; nothing where it cannot be read.
fn header(submission: &Submission) -> Option<([u8; 33], u32)> {
    let suite = suite::ALL[0];
    let bytes = submission.message.0.0.as_slice();
    let header = match submission.kind {
        MessageKind::Ratchet => RatchetMessage::decode(suite, bytes).ok()?.header,
        MessageKind::PreKey => PreKeyMessage::decode(suite, bytes).ok()?.message.header,
    };
    Some((header.ratchet_key.encode(), header.counter))
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
        let mut names = EventName::ALL.iter().filter(|name| is_cause(name));
        names.any(|name| rows(from, *name).any(|(_, _, step)| step.to == after))
    })
}

// So many there are at most.
const _: () = assert!(DEALS <= 8 && DEVICES <= 8);
