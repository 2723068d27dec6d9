//! A thief: it has copied what a device has saved, and reads along, or runs the copy.

use super::action::{Action, Event};
use super::actor::{Actor, Draws};
use super::adversary::Adversary;
use super::attack::{self, Attack, Loot};
use super::bounds::{DEALS, Deal, Who};
use super::journal::Journal;
use super::lies::marked;
use super::property::{self, Promise};
use super::words;
use super::world::{NONE, Scratch, State, World};
use crate::conformance::scenario::forgery;
use crate::conformance::scenario::lies::Lie;
use crate::intermediary::{Answer, Body, Envelope, Submission};
use crate::model::Property;
use crate::model::remembered::Remembered;
use crate::sesame::Device;
use crate::suite::{self, Party};
use crate::transfer::StateName;
use crate::wallet::{Effect, Report, WalletEvent};

/// A copy draws what its original draws after so many bytes: nothing that both will ever have drawn.
const ELSEWHERE: u64 = 1 << 40;

/// Whose state is copied, and what is done with it.
#[derive(Clone, Debug)]
pub struct Burglar {
    /// The device whose state is copied.
    pub of: Who,
    /// The device that it speaks with.
    pub peer: Who,
    /// Whether the copy is run: it opens sessions, reads the device's mailbox, and answers.
    pub runs: bool,
    /// Whether messages to the device are forged with its stolen keys.
    pub forges: bool,
    /// Whether the peer is put back to an older state.
    pub rolls_back: bool,
    /// So often the intermediary helps, with a lie about a message to the device.
    pub lies: u8,
}

/// What has happened of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Past {
    /// The machine state that was copied; [`NONE`] before the theft.
    stolen: u32,
    /// The peer's, at that moment.
    met: u32,
    /// The copy, where it is run.
    copy: u32,
    /// What the device read last, before the theft; who knows.
    last: u32,
    /// What the peer will be put back to.
    saved: u32,
    /// So many lies were told.
    lies: u8,
    /// So many things the copy has done to somebody: sessions opened, messages forged.
    done: u8,
    /// The session has healed.
    healed: bool,
    /// The deals that were on offer when it had, a bit each.
    before: u8,
    /// The peer was put back.
    back: bool,
}

/// What a thief, its copy and its helper do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// The state is copied.
    Steal,
    /// The intermediary answers a waiting request of the peer with a lie.
    Lie {
        /// Its place among those that wait.
        place: u8,
        /// What is answered.
        lie: Lie,
    },
    /// The copy opens a further session with the peer, who reads its message.
    Open,
    /// The device reads a cancel of that deal, in the peer's name.
    Forge(u8),
    /// The copy reads the device's mailbox.
    Read,
    /// A waiting request of the copy arrives.
    Exchange(u8),
    /// The copy accepts.
    Accept(u8),
    /// The peer's state is saved.
    Save,
    /// The peer is put back to it.
    RollBack,
}

/// What is lied about a submission, for a thief's sake.
const LIES: [Lie; 2] = [
    Lie::Refused(crate::error_code::ErrorCode::StaleRegistration),
    Lie::Refused(crate::error_code::ErrorCode::NotFound),
];

/// What of the world must be possible with a thief in it.
pub const OF_THE_WORLD: property::Goals =
    property::goals_of![Offered, Completed, Invited, TokenProvisioned];

/// What a thief may reach.
pub const GOALS: &[Property] = &[
    Property {
        name: "A thief reads what comes in the chain that it has copied.",
        requirements: &["DR-09"],
    },
    Property {
        name: "The session heals.",
        requirements: &["DR-09", "DR-20"],
    },
    Property {
        name: "A limit: with stolen keys somebody ends a transfer in its sender's name.",
        requirements: &["SES-19"],
    },
    Property {
        name: "A limit: a phone that is put back to an older state encrypts twice with one key.",
        requirements: &["ID-04", "SES-17"],
    },
];

/// A thief with what it remembers.
pub struct Thief {
    burglar: Burglar,
    /// Whether the session of a wallet has healed from a theft: the peer, what is the thief's, what was met, what was copied, and the
    /// device itself where a copy of it is run.
    healed: Remembered<[u32; 5], bool>,
    /// Whether a thief opens what waits with a wallet, and whether what lets provision alone counts.
    reads: Remembered<(u32, u32, bool), bool>,
    /// Whether a thief opens the messages of an answer.
    closed: Remembered<(u32, u32), bool>,
    copies: Remembered<u32, u32>,
    told: Remembered<(u32, Lie), u32>,
    /// The copy with a session more, and what the peer reads of it.
    opened: Remembered<(u32, u32, u8), (u32, u32)>,
    /// Whether the peer's user is told of a session.
    untold: Remembered<(u32, u32, u8), bool>,
    forged: Remembered<(u32, u32, u8, u8), u32>,
    /// Whether a key of a wallet is on its way in a session that somebody else has opened.
    foreign: Remembered<u32, bool>,
}

impl Thief {
    /// Who does that.
    #[must_use]
    pub fn new(burglar: Burglar) -> Self {
        Thief {
            burglar,
            healed: Remembered::default(),
            reads: Remembered::default(),
            closed: Remembered::default(),
            copies: Remembered::default(),
            told: Remembered::default(),
            opened: Remembered::default(),
            untold: Remembered::default(),
            forged: Remembered::default(),
            foreign: Remembered::default(),
        }
    }

    fn peer(&self, state: &State<Past>) -> u32 {
        state.actors[usize::from(self.burglar.peer)]
    }

    fn victim(&self, state: &State<Past>) -> u32 {
        state.actors[usize::from(self.burglar.of)]
    }

    /// What is the thief's now: the copy where it is run, else what was stolen.
    fn loot(past: &Past) -> u32 {
        if past.copy == NONE {
            past.stolen
        } else {
            past.copy
        }
    }

    /// Whether the peer's session is with a ratchet key that the thief does not have.
    fn has_healed(&self, world: &World<Self>, state: &State<Past>) -> bool {
        let past = &state.extra;
        let (peer, loot) = (self.peer(state), Self::loot(past));
        // A copy draws ratchet keys of its own, one after the other: then it must be one of the device itself.
        let victim = if past.copy == NONE {
            NONE
        } else {
            self.victim(state)
        };
        let (met, stolen) = (past.met, past.stolen);
        self.healed.shared([peer, loot, met, stolen, victim], || {
            let device = |number| world.actors.get(number).wallet.device().clone();
            let Some(loot) = Loot::of(&device(loot)) else {
                return false;
            };
            let mut deals = world.setting.bounds.deals.iter();
            let offers = deals.any(|deal| deal.from == self.burglar.peer);
            let victim = (victim != NONE).then(|| device(victim));
            let loot = loot.and(&device(stolen));
            loot.is_worthless_to(&device(peer), &device(met), victim.as_ref(), offers)
        })
    }

    /// Whether the thief opens a message that the peer has encrypted since the session had healed.
    fn reads(&self, world: &World<Self>, peer: u32, loot: u32, keys_alone: bool) -> bool {
        self.reads.shared((peer, loot, keys_alone), || {
            let peer = world.actors.get(peer);
            let Some(loot) = Loot::of(world.actors.get(loot).wallet.device()) else {
                return false;
            };
            let device = peer.wallet.device();
            peer.wallet.waiting().any(|request| match &request.body {
                Body::Submit(it) if it.recipient == loot.address() => {
                    let counts = !keys_alone || peer.wallet.sends_provisioning(&it.recipient);
                    let current = attack::session_of(device, it).is_some();
                    counts && current && loot.opens(&sent(device, it))
                }
                _ => false,
            })
        })
    }

    /// What of a state follows from the others.
    fn notice(&self, world: &World<Self>, scratch: &mut Scratch, next: &mut State<Past>) {
        let past = &next.extra;
        if past.stolen == NONE || past.healed || past.back {
            return;
        }
        if self.has_healed(world, next) {
            let deals = world.facts(scratch, self.peer(next)).deals;
            let past = &mut next.extra;
            past.healed = true;
            past.before = (0..DEALS)
                .filter(|deal| deals[*deal].is_offered)
                .fold(0, |bits, deal| bits | 1 << deal);
        }
    }

    fn copy_of(&self, world: &World<Self>, victim: u32) -> u32 {
        self.copies.shared(victim, || {
            let mut copy = Actor::clone(&world.actors.get(victim));
            copy.drawn += ELSEWHERE;
            world.actors.intern(copy)
        })
    }

    /// The copy with a session more, and the peer's next reading.
    fn opens(&self, world: &World<Self>, copy: u32, peer: u32, from: &State<Past>) -> (u32, u32) {
        self.opened.shared((copy, peer, from.clock), || {
            let mut actor = Actor::clone(&world.actors.get(copy));
            let peer = world.actors.get(peer);
            let name = world.setting.bounds.devices[usize::from(actor.who)];
            let mut draws = Draws::new(name, actor.drawn);
            let mut device = actor.wallet.device().clone();
            let nothing = b"nothing that makes sense";
            let peer = peer.wallet.device();
            let Ok(message) = forgery::first_message(&mut device, peer, nothing, &mut draws) else {
                return (NONE, NONE);
            };
            let now = world.setting.bounds.now(from.clock);
            let envelope = forgery::envelope(device.address(), peer.address(), message, now);
            actor.drawn = draws.drawn;
            actor.wallet = actor.wallet.with_device(device);
            let envelopes = vec![envelope];
            (
                world.actors.intern(actor),
                world.answers.intern(Ok(Answer::Envelopes { envelopes })),
            )
        })
    }

    /// Whether a wallet that reads that tells its user nothing of a further session.
    fn is_untold(&self, world: &World<Self>, actor: u32, answer: u32, clock: u8) -> bool {
        self.untold.shared((actor, answer, clock), || {
            let actor = world.actors.get(actor);
            let bounds = &world.setting.bounds;
            let now = bounds.clock_of(actor.who, clock);
            let (asked, effects) = actor.step(bounds, WalletEvent::Collect, now);
            let request = effects
                .unwrap_or_default()
                .into_iter()
                .find_map(|effect| match effect {
                    Effect::Request(request) => Some(request.id),
                    _ => None,
                });
            let Some(request) = request else {
                return false;
            };
            let answer = Result::clone(&world.answers.get(answer));
            let (_, effects) = asked.step(bounds, WalletEvent::Answer { request, answer }, now);
            let is_told =
                |effect: &Effect| matches!(effect, Effect::Report(Report::FurtherSession { .. }));
            !effects.unwrap_or_default().iter().any(is_told)
        })
    }

    /// What the device reads, where somebody cancels that deal in the peer's name.
    fn forges(&self, world: &World<Self>, from: &State<Past>, deal: u8) -> u32 {
        let (victim, stolen) = (self.victim(from), from.extra.stolen);
        self.forged.shared((victim, stolen, deal, from.clock), || {
            let forged = || {
                let (victim, stolen) = (world.actors.get(victim), world.actors.get(stolen));
                let peer = world.actors.get(self.peer(from));
                let transfer = victim.journal.deals[usize::from(deal)].transfer?;
                let sender: Party = peer.wallet.device().party();
                let what = world.setting.bounds.deals[usize::from(deal)].what;
                let format = match what {
                    super::bounds::What::CarKey => "car key",
                    _ => "hotel key",
                };
                let plaintext = forgery::cancel(transfer, format).ok()?;
                let mut draws = Draws::new("Mallory", 0);
                let stolen = stolen.wallet.device();
                let suite = suite::ALL[0];
                let message =
                    forgery::with_stolen_keys(suite, stolen, sender, &plaintext, &mut draws)
                        .ok()?;
                let now = world.setting.bounds.now(from.clock);
                let to = victim.wallet.device().address();
                Some(forgery::envelope(sender.address, to, message, now))
            };
            match forged() {
                Some(envelope) => {
                    let envelopes = vec![envelope];
                    world.answers.intern(Ok(Answer::Envelopes { envelopes }))
                }
                None => NONE,
            }
        })
    }

    /// What the intermediary does for the thief.
    fn lies(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        let facts = world.facts(scratch, self.peer(from));
        for (place, request) in facts.waiting().iter().copied().enumerate() {
            let body = &world.requests.get(request).body;
            if !matches!(body, Body::Submit(_)) {
                continue;
            }
            for lie in LIES {
                let answer = self.told.shared((request, lie), || {
                    lie.answer(body)
                        .map_or(NONE, |answer| world.answers.intern(answer))
                });
                let event = Event::Answer(request, answer);
                let mut next = world.after(scratch, from, self.burglar.peer, event);
                next.extra.lies += 1;
                let place = u8::try_from(place).unwrap_or(u8::MAX);
                found.push((Action::Deed(Deed::Lie { place, lie }), next));
            }
        }
    }

    /// What the copy does.
    fn copy(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        let Burglar { of, peer, .. } = self.burglar;
        let copy = from.extra.copy;
        if from.extra.done == 0 {
            let (opened, answer) = self.opens(world, copy, self.peer(from), from);
            if answer != NONE {
                let mut next = world.after(scratch, from, peer, Event::Read(answer));
                if next.actors != from.actors {
                    next.extra.copy = opened;
                    next.extra.done = 1;
                    let untold = self.is_untold(world, self.peer(from), answer, from.clock);
                    if from.extra.healed && untold {
                        next = marked(next, Attack::CopyUntold);
                    }
                    found.push((Action::Deed(Deed::Open), next));
                }
            }
        }
        let mail = world.mail(scratch, from.post, from.clock)[usize::from(of)];
        let mut at_copy = |scratch: &mut Scratch, base: &State<Past>, deed, event| {
            let happened = world.happen(scratch, copy, event, from.clock);
            let mut next = *base;
            next.extra.copy = happened.actor;
            if next != *from {
                found.push((Action::Deed(deed), next));
            }
        };
        if mail != NONE {
            at_copy(scratch, from, Deed::Read, Event::Read(mail));
        }
        let facts = world.facts(scratch, copy);
        for (place, request) in facts.waiting().iter().copied().enumerate() {
            let (next, answer) = world.carried_out(scratch, from, request);
            let deed = Deed::Exchange(u8::try_from(place).unwrap_or(u8::MAX));
            at_copy(scratch, &next, deed, Event::Answer(request, answer));
        }
        for (deal, facts) in facts.deals.iter().enumerate() {
            if super::actor::state_of(facts.state) == Some(StateName::Invited) {
                let deal = u8::try_from(deal).unwrap_or(u8::MAX);
                at_copy(scratch, from, Deed::Accept(deal), Event::Accept(deal));
            }
        }
    }
}

impl Adversary for Thief {
    type Extra = Past;
    type Deed = Deed;

    fn beginning(&self) -> Past {
        Past {
            stolen: NONE,
            met: NONE,
            copy: NONE,
            last: NONE,
            saved: NONE,
            lies: 0,
            done: 0,
            healed: false,
            before: 0,
            back: false,
        }
    }

    fn deeds(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        let first = found.len();
        let past = &from.extra;
        if self.burglar.rolls_back {
            if past.saved == NONE {
                let mut next = *from;
                next.extra.saved = self.peer(from);
                found.push((Action::Deed(Deed::Save), next));
            } else if !past.back && past.saved != self.peer(from) {
                let mut next = *from;
                let saved = world.actors.get(past.saved);
                let mut put_back = Actor::clone(&world.actors.get(self.peer(from)));
                // Nothing is drawn anew, and what it has encrypted it has.
                let keys = std::mem::take(&mut put_back.journal.keys);
                put_back.wallet = saved.wallet.clone();
                put_back.journal = Journal {
                    keys,
                    ..saved.journal.clone()
                };
                next.actors[usize::from(self.burglar.peer)] = world.actors.intern(put_back);
                next.extra.back = true;
                found.push((Action::Deed(Deed::RollBack), next));
            }
        } else if past.stolen == NONE {
            let victim = self.victim(from);
            let mut next = *from;
            next.extra.stolen = victim;
            next.extra.met = self.peer(from);
            next.extra.last = NONE;
            if self.burglar.runs {
                next.extra.copy = self.copy_of(world, victim);
            }
            let reads = past.last != NONE
                && self.closed.shared((victim, past.last), || {
                    let loot = Loot::of(world.actors.get(victim).wallet.device());
                    let read = world.answers.get(past.last);
                    let Ok(Answer::Envelopes { envelopes }) = &*read else {
                        return false;
                    };
                    loot.is_some_and(|loot| envelopes.iter().any(|it| loot.opens(it)))
                });
            if reads {
                next = marked(next, Attack::ReadBefore);
            }
            found.push((Action::Deed(Deed::Steal), next));
        } else {
            if past.lies < self.burglar.lies {
                self.lies(world, scratch, from, found);
            }
            if self.burglar.runs {
                self.copy(world, scratch, from, found);
            }
            if self.burglar.forges && past.done == 0 {
                for deal in 0..world.setting.bounds.deals.len() {
                    let deal = u8::try_from(deal).unwrap_or(u8::MAX);
                    let answer = self.forges(world, from, deal);
                    if answer != NONE {
                        let event = Event::Read(answer);
                        let mut next = world.after(scratch, from, self.burglar.of, event);
                        next.extra.done = 1;
                        if next.actors != from.actors {
                            found.push((Action::Deed(Deed::Forge(deal)), next));
                        }
                    }
                }
            }
        }
        for (_, next) in &mut found[first..] {
            self.notice(world, scratch, next);
        }
    }

    fn watch(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        action: Action<Deed>,
        next: &mut State<Past>,
    ) {
        let Burglar { of, rolls_back, .. } = self.burglar;
        if action == Action::Read(of) && from.extra.stolen == NONE && !rolls_back {
            next.extra.last = world.mail(scratch, from.post, from.clock)[usize::from(of)];
        }
        self.notice(world, scratch, next);
    }

    fn sentences(&self, world: &World<Self>, from: &State<Past>, deed: Deed) -> Vec<String> {
        let name = |who: Who| world.setting.bounds.devices[usize::from(who)];
        let (of, peer) = (name(self.burglar.of), name(self.burglar.peer));
        let deal = |deal: u8| world.setting.bounds.deals[usize::from(deal)].name;
        match deed {
            Deed::Steal if self.burglar.runs => vec![
                format!("Mallory copies the state of {of}"),
                format!("Mallory has a copy of {of}"),
            ],
            Deed::Steal => vec![format!("Mallory copies the state of {of}")],
            Deed::Lie { place, lie } => {
                let (kind, arrives) = words::waiting(world, self.peer(from), place);
                let lie = lie.name();
                vec![
                    format!("the intermediary answers the next {kind} of {peer} with \"{lie}\""),
                    format!("{arrives} of {peer} arrives"),
                ]
            }
            Deed::Open => vec![
                format!("Mallory's copy opens a further session with {peer}"),
                format!("{peer} looks for messages"),
            ],
            Deed::Forge(it) => vec![
                format!(
                    "Mallory forges a cancel of \"{}\" from {peer} to {of}",
                    deal(it)
                ),
                format!("{of} looks for messages"),
            ],
            Deed::Read => vec!["Mallory's copy looks for messages".to_owned()],
            Deed::Exchange(place) => {
                let (_, arrives) = words::waiting(world, from.extra.copy, place);
                vec![format!("{arrives} of Mallory's copy arrives")]
            }
            Deed::Accept(it) => vec![format!("Mallory's copy accepts \"{}\"", deal(it))],
            Deed::Save => vec![format!("the state of {peer} is saved as \"before\"")],
            Deed::RollBack => vec![format!("{peer} is rolled back to \"before\"")],
        }
    }

    fn rest(&self, past: Past) -> Past {
        past
    }

    fn broken(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        state: &State<Past>,
    ) -> Option<usize> {
        let past = &state.extra;
        for who in world.setting.bounds.everybody() {
            let actor = state.actors[usize::from(who)];
            let foreign = self.foreign.shared(actor, || {
                let actor = world.actors.get(actor);
                attack::provisions_in_foreign_session(&actor.wallet)
            });
            if foreign {
                return Some(Attack::ForeignSession.index());
            }
        }
        if !past.healed {
            return None;
        }
        let peer = self.peer(state);
        if past.copy == NONE {
            if self.reads(world, peer, past.stolen, false) {
                return Some(Attack::ReadAfterHealing.index());
            }
            return None;
        }
        let deals = world.facts(scratch, past.copy).deals;
        let is_new = |deal: usize| past.before & 1 << deal == 0 && deals[deal].state != 0;
        if (0..DEALS).any(is_new) || self.reads(world, peer, past.copy, true) {
            return Some(Attack::KeyForCopy.index());
        }
        None
    }

    fn then(&self, world: &World<Self>, end: &State<Past>, broken: usize) -> Vec<String> {
        let Some(attack) = Attack::at(broken) else {
            return Vec::new();
        };
        let name = |who: Who| world.setting.bounds.devices[usize::from(who)];
        let (of, peer) = (name(self.burglar.of), name(self.burglar.peer));
        match attack {
            Attack::ReadAfterHealing => vec![
                "When everything arrives".to_owned(),
                format!("Then Mallory cannot read the last message to {of}"),
            ],
            Attack::ReadBefore => {
                vec![format!("Then Mallory cannot read the last message to {of}")]
            }
            Attack::ForeignSession => {
                let mut lines = vec!["When everything arrives".to_owned()];
                let deals = world.setting.bounds.deals;
                for (place, deal) in deals.iter().enumerate() {
                    let from = end.actors[usize::from(deal.from)];
                    let to = end.actors[usize::from(deal.to)];
                    let facts = |actor| world.facts(&mut Scratch::default(), actor).deals[place];
                    if facts(from).is_offered && facts(to).state == 0 {
                        let (to, deal) = (name(deal.to), deal.name);
                        lines.push(format!("Then {to} is in \"R:Invited\" with \"{deal}\""));
                    }
                }
                lines
            }
            Attack::CopyUntold => vec![format!("Then {peer} is told \"further-session\"")],
            Attack::KeyForCopy => {
                let deals = world.setting.bounds.deals;
                let new = (0..deals.len()).filter(|deal| end.extra.before & 1 << deal == 0);
                let mut lines = vec![
                    format!("When the submission of {peer} arrives"),
                    "When Mallory's copy looks for messages".to_owned(),
                ];
                let facts = world.facts(&mut Scratch::default(), self.peer(end));
                let new = new.filter(|deal| facts.deals[*deal].is_offered);
                lines.extend(new.map(|deal| {
                    format!(
                        "Then Mallory's copy knows nothing of \"{}\"",
                        deals[deal].name
                    )
                }));
                lines
            }
            _ => Vec::new(),
        }
    }

    /// A copy reads its original's mail, answers in its place, and ends its transfers: nothing ends as it should.
    fn may_fail(&self, past: Past, _: &Deal) -> bool {
        past.copy != NONE || past.done > 0 || past.lies > 0 || past.back
    }

    /// Who is put back to an older state encrypts twice with one key, and nothing in it can see that: what it does and says from then on is
    /// looked at no more.
    fn pardons(&self, world: &World<Self>, past: Past, broken: u8) -> bool {
        if past.back && broken == Promise::MessageKey.mark() {
            world.reach_own(1 << 3);
        }
        past.back
    }

    fn is_honest(&self) -> bool {
        false
    }

    fn properties(&self) -> &'static [Property] {
        attack::all()
    }

    fn goals(&self) -> Option<&'static [Property]> {
        Some(goals())
    }

    fn reached(&self, world: &World<Self>, _: &mut Scratch, state: &State<Past>) -> u64 {
        let past = &state.extra;
        if past.stolen == NONE && !past.back {
            return 0;
        }
        let loot = Self::loot(past);
        let reads =
            loot != NONE && !past.healed && self.reads(world, self.peer(state), loot, false);
        let forged = past.done > 0 && self.burglar.forges;
        let bits = [reads, past.healed, forged];
        let bits = bits.iter().enumerate();
        bits.filter(|(_, reached)| **reached)
            .fold(0, |bits, (place, _)| bits | 1 << place)
    }
}

/// What a model with a thief may reach.
#[must_use]
pub fn goals() -> &'static [Property] {
    static GOALS_OF_A_THIEF: std::sync::LazyLock<Vec<Property>> =
        std::sync::LazyLock::new(|| [OF_THE_WORLD.words, GOALS].concat());
    &GOALS_OF_A_THIEF
}

/// A message as the intermediary will hand it out.
fn sent(from: &Device, submission: &Submission) -> Envelope {
    Envelope {
        id: crate::intermediary::EnvelopeId::FIRST,
        sender: from.address(),
        recipient: submission.recipient,
        kind: submission.kind,
        message: submission.message.clone(),
        expires: from.now(),
    }
}
