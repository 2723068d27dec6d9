//! Wallets and the intermediary between them, as a space to explore.

use super::action::{Action, Event};
use super::actor::{Actor, Facts};
use super::adversary::{Adversary, Nobody};
use super::bounds::{Bounds, DEVICES, Who, Wish};
use super::post::{Answered, Post};
use super::property::{self, Promise};
use super::{fair, judge, keeper, words};
use crate::identifier::{Address, TransferId};
use crate::intermediary::Request;
use crate::model::interned::Interned;
use crate::model::remembered::{Local, Remembered};
use crate::model::{Property, Space};
use crate::timestamp::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// No such thing, where a number stands.
pub const NONE: u32 = u32::MAX;

/// A state of the whole world: numbers of machine states, and what the network still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State<E = ()> {
    /// The devices, by the numbers of their machine states.
    pub actors: [u32; DEVICES],
    /// The intermediary.
    pub post: u32,
    /// A copy of a request that has not arrived, by number.
    pub copy: u32,
    /// An answer that has not arrived: the request's number, and its own.
    pub late: (u32, u32),
    /// Whose the copy is.
    pub copy_of: Who,
    /// Whose the late answer is.
    pub late_of: Who,
    /// The place of the moment that it is.
    pub clock: u8,
    /// So many answers were lost.
    pub lost: u8,
    /// So many copies were held back.
    pub copied: u8,
    /// So many answers were held back.
    pub delayed: u8,
    /// What the last step has broken: 0 for nothing.
    pub broken: u8,
    /// What an adversary has.
    pub extra: E,
}

/// What comes of an event at a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The wallet afterwards.
    pub actor: u32,
    /// What the step has broken: 0 for nothing.
    pub broken: u8,
}

/// What comes of a request at the intermediary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The intermediary afterwards.
    pub post: u32,
    /// Its answer, by number.
    pub answer: u32,
    /// What the step has broken: 0 for nothing.
    pub broken: u8,
}

/// What one thread keeps for itself.
#[derive(Default)]
pub struct Scratch {
    happened: Local<(u32, Event, u8), Happened>,
    handled: Local<(u32, u32, u8), Handled>,
    mail: Local<(u32, u8), [u32; DEVICES]>,
    ticked: Local<(u32, u8), u32>,
    facts: Vec<Option<Facts>>,
    /// The goals that were reached by name, and the same as bits of the model's.
    reached: (u64, u64),
    pub(super) ends: fair::Known,
}

/// What steps are computed with.
pub struct Setting {
    /// How far it goes.
    pub bounds: Bounds,
    /// The devices' addresses.
    pub addresses: [Address; DEVICES],
    /// Which deal each transfer is, by its id.
    deals: Mutex<HashMap<TransferId, u8>>,
}

impl Setting {
    /// Which deal a transfer is; none where nobody has offered it.
    #[must_use]
    pub fn deal_of(&self, transfer: &TransferId) -> Option<u8> {
        let deals = self.deals.lock().unwrap_or_else(PoisonError::into_inner);
        deals.get(transfer).copied()
    }

    /// A transfer is offered.
    pub fn is_deal(&self, transfer: TransferId, deal: u8) {
        let mut deals = self.deals.lock().unwrap_or_else(PoisonError::into_inner);
        deals.insert(transfer, deal);
    }

    /// The device at that address.
    #[must_use]
    pub fn who(&self, address: &Address) -> Option<Who> {
        let mut everybody = self.bounds.everybody();
        everybody.find(|who| self.addresses[usize::from(*who)] == *address)
    }
}

/// Wallets, the intermediary and the network between them, and perhaps an adversary.
pub struct World<A: Adversary = Nobody> {
    /// What steps are computed with.
    pub setting: Setting,
    /// Who does more than the network.
    pub adversary: A,
    /// Machine states of devices.
    pub actors: Interned<Actor>,
    /// Machine states of the intermediary.
    pub posts: Interned<Post>,
    /// Requests as they go on the wire.
    pub requests: Interned<Request>,
    /// Answers.
    pub answers: Interned<Answered>,
    /// Links and numbers that people show each other.
    pub texts: Interned<String>,
    happened: Remembered<(u32, Event, u8), Happened>,
    handled: Remembered<(u32, u32, u8), Handled>,
    mail: Remembered<(u32, u8), [u32; DEVICES]>,
    ticked: Remembered<(u32, u8), u32>,
    facts: Remembered<u32, Facts>,
    reached: AtomicU64,
    own: AtomicU64,
    beginning: State<A::Extra>,
}

impl World<Nobody> {
    /// The world of these bounds, without an adversary.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        World::with(bounds, Nobody)
    }
}

impl<A: Adversary> World<A> {
    /// The world of these bounds, with that adversary.
    ///
    /// # Panics
    /// Where not even its beginning succeeds.
    #[must_use]
    pub fn with(bounds: Bounds, adversary: A) -> Self {
        let actors: Vec<Actor> = bounds
            .everybody()
            .map(|who| Actor::new(&bounds, who).expect("its randomness never ends"))
            .collect();
        let address = |who: usize| {
            actors
                .get(who)
                .unwrap_or(&actors[0])
                .wallet
                .device()
                .address()
        };
        let extra = adversary.beginning();
        let mut world = World {
            setting: Setting {
                addresses: std::array::from_fn(address),
                deals: Mutex::default(),
                bounds,
            },
            adversary,
            actors: Interned::default(),
            posts: Interned::default(),
            requests: Interned::default(),
            answers: Interned::default(),
            texts: Interned::default(),
            happened: Remembered::default(),
            handled: Remembered::default(),
            mail: Remembered::default(),
            ticked: Remembered::default(),
            facts: Remembered::default(),
            reached: AtomicU64::new(0),
            own: AtomicU64::new(0),
            beginning: State {
                actors: [NONE; DEVICES],
                post: NONE,
                copy: NONE,
                late: (NONE, NONE),
                copy_of: 0,
                late_of: 0,
                clock: 0,
                lost: 0,
                copied: 0,
                delayed: 0,
                broken: 0,
                extra,
            },
        };
        let mut state = world.beginning;
        state.post = world.posts.intern(Post::new(&world.setting.bounds));
        for actor in actors {
            let who = usize::from(actor.who);
            state.actors[who] = world.actors.intern(actor);
        }
        world.beginning = fair::prelude(&world, state);
        world
    }

    fn now(&self, clock: u8) -> Timestamp {
        self.setting.bounds.now(clock)
    }

    /// Whether all devices take it to be the same time.
    pub(super) fn has_one_clock(&self) -> bool {
        let skew = &self.setting.bounds.skew;
        skew.iter().all(|ahead| *ahead == skew[0])
    }

    /// A goal that a step has reached: steps are computed only where they are possible.
    pub(super) fn reach(&self, goals: u64) {
        self.reached.fetch_or(goals, Ordering::Relaxed);
    }

    /// A goal of the adversary's own that a step has reached, a bit each.
    pub fn reach_own(&self, goals: u64) {
        self.own.fetch_or(goals, Ordering::Relaxed);
    }

    /// What is looked up of an actor.
    pub fn facts(&self, scratch: &mut Scratch, actor: u32) -> Facts {
        let place = actor as usize;
        if let Some(Some(facts)) = scratch.facts.get(place) {
            return *facts;
        }
        let facts = self
            .facts
            .shared(actor, || judge::facts(self, &self.actors.get(actor)));
        if scratch.facts.len() <= place {
            scratch.facts.resize(place + 1, None);
        }
        scratch.facts[place] = Some(facts);
        facts
    }

    /// What a reading of each device is answered with; [`NONE`] where no message waits.
    pub fn mail(&self, scratch: &mut Scratch, post: u32, clock: u8) -> [u32; DEVICES] {
        self.mail.get_or(&mut scratch.mail, (post, clock), || {
            keeper::mail(self, &self.posts.get(post), self.now(clock))
        })
    }

    /// The intermediary answers a request.
    pub fn handle(&self, scratch: &mut Scratch, post: u32, request: u32, clock: u8) -> Handled {
        let key = (post, request, clock);
        self.handled.get_or(&mut scratch.handled, key, || {
            let (before, request) = (self.posts.get(post), self.requests.get(request));
            keeper::handle(self, (post, &before), &request, self.now(clock))
        })
    }

    /// An event at a wallet.
    pub fn happen(&self, scratch: &mut Scratch, actor: u32, event: Event, clock: u8) -> Happened {
        let key = (actor, event, clock);
        self.happened.get_or(&mut scratch.happened, key, || {
            judge::happen(self, actor, event, clock)
        })
    }

    /// The intermediary's clock has come to that moment.
    fn tick_post(&self, scratch: &mut Scratch, post: u32, clock: u8) -> u32 {
        self.ticked.get_or(&mut scratch.ticked, (post, clock), || {
            let mut next = Post::clone(&self.posts.get(post));
            // A store in memory does not fail.
            let _ = next.intermediary.tick(self.now(clock));
            self.posts.intern(next)
        })
    }

    /// The state after an event at a device.
    pub fn after(
        &self,
        scratch: &mut Scratch,
        from: &State<A::Extra>,
        who: Who,
        event: Event,
    ) -> State<A::Extra> {
        let place = usize::from(who);
        let happened = self.happen(scratch, from.actors[place], event, from.clock);
        let mut next = *from;
        next.actors[place] = happened.actor;
        let broken = happened.broken;
        if broken != 0 && !self.adversary.pardons(self, from.extra, broken) {
            next.broken = broken;
        }
        next
    }

    /// The state after a request has been carried out, and its answer.
    pub fn carried_out(
        &self,
        scratch: &mut Scratch,
        from: &State<A::Extra>,
        request: u32,
    ) -> (State<A::Extra>, u32) {
        if let Some(answer) = self.adversary.answers(self, from, request) {
            return (*from, answer);
        }
        let handled = self.handle(scratch, from.post, request, from.clock);
        let mut next = *from;
        next.post = handled.post;
        if handled.broken != 0 {
            next.broken = handled.broken;
        }
        (next, handled.answer)
    }

    /// The state after an action of the world itself, where it is possible; not for deeds.
    pub fn act(
        &self,
        scratch: &mut Scratch,
        from: &State<A::Extra>,
        action: Action<A::Deed>,
    ) -> Option<State<A::Extra>> {
        let waiting = |scratch: &mut Scratch, who: Who, place: u8| {
            let facts = self.facts(scratch, from.actors[usize::from(who)]);
            facts.waiting().get(usize::from(place)).copied()
        };
        Some(match action {
            Action::Wish(_) | Action::Read(_) | Action::Collect(_) | Action::Tick(_) => {
                let (who, event) = self.event_of(scratch, from, action)?;
                self.after(scratch, from, who, event)
            }
            Action::Exchange(who, place) => {
                let request = waiting(scratch, who, place)?;
                let (next, answer) = self.carried_out(scratch, from, request);
                self.after(scratch, &next, who, Event::Answer(request, answer))
            }
            Action::LoseAnswer(who, place) => {
                let request = waiting(scratch, who, place)?;
                let (next, _) = self.carried_out(scratch, from, request);
                // Where nothing was carried out it is as if the request had been lost, which is no step.
                if next.post == from.post {
                    return None;
                }
                let lost = from.lost + 1;
                State { lost, ..next }
            }
            Action::HoldCopy(who, place) => State {
                copy: waiting(scratch, who, place)?,
                copy_of: who,
                copied: from.copied + 1,
                ..*from
            },
            Action::ReleaseCopy => {
                let (request, who) = (from.copy, from.copy_of);
                let (next, answer) = self.carried_out(scratch, from, request);
                let next = State {
                    copy: NONE,
                    copy_of: 0,
                    ..next
                };
                self.after(scratch, &next, who, Event::Answer(request, answer))
            }
            Action::HoldAnswer(who, place) => {
                let request = waiting(scratch, who, place)?;
                let (next, answer) = self.carried_out(scratch, from, request);
                State {
                    late: (request, answer),
                    late_of: who,
                    delayed: from.delayed + 1,
                    ..next
                }
            }
            Action::ReleaseAnswer => {
                let (request, answer) = from.late;
                let next = State {
                    late: (NONE, NONE),
                    late_of: 0,
                    ..*from
                };
                self.after(scratch, &next, from.late_of, Event::Answer(request, answer))
            }
            Action::Clock => {
                let clock = from.clock + 1;
                let post = self.tick_post(scratch, from.post, clock);
                State {
                    clock,
                    post,
                    ..*from
                }
            }
            Action::Deed(_) => return None,
        })
    }

    /// What a wish is at whose device, where it can be said there.
    pub(super) fn wish(
        &self,
        scratch: &mut Scratch,
        from: &State<A::Extra>,
        place: u8,
    ) -> Option<(Who, Event)> {
        let bounds = &self.setting.bounds;
        let mut facts = |who: Who| self.facts(scratch, from.actors[usize::from(who)]);
        let deal = |deal: u8| &bounds.deals[usize::from(deal)];
        let is_known = |facts: Facts, deal: u8| facts.deals[usize::from(deal)].state != 0;
        match *bounds.wishes.get(usize::from(place))? {
            Wish::Offer(it) => {
                let who = deal(it).from;
                let offered = facts(who).deals[usize::from(it)].is_offered;
                (!offered).then_some((who, Event::Offer(it)))
            }
            Wish::Accept(it) => {
                let who = deal(it).to;
                is_known(facts(who), it).then_some((who, Event::Accept(it)))
            }
            Wish::Decline(it) => {
                let who = deal(it).to;
                is_known(facts(who), it).then_some((who, Event::Decline(it)))
            }
            Wish::Cancel(who, it) => is_known(facts(who), it).then_some((who, Event::Cancel(it))),
            Wish::MakeLink(who, most) => {
                (facts(who).links_wanted < most).then_some((who, Event::Invite))
            }
            Wish::TakeLink(who, of, most) => {
                let (link, taker) = (facts(of).link, facts(who));
                let may = taker.links_taken < most && taker.taken[usize::from(of)] != link;
                (link != NONE && may).then_some((who, Event::Take(link)))
            }
            Wish::WithdrawLink(who) => {
                let link = facts(who).link;
                (link != NONE).then_some((who, Event::Withdraw(link)))
            }
            Wish::DropPin(who, of) => Some((who, Event::DropPin(of))),
            Wish::Leave(who) => facts(who).has_joined.then_some((who, Event::Leave)),
            Wish::Compare(who, of) => {
                let number = facts(of).numbers[usize::from(who)];
                (number != NONE).then_some((who, Event::Compare(of, number)))
            }
        }
    }

    /// Every step of the world itself.
    fn own_steps(
        &self,
        scratch: &mut Scratch,
        from: &State<A::Extra>,
        found: &mut Vec<(Action<A::Deed>, State<A::Extra>)>,
    ) {
        let bounds = &self.setting.bounds;
        let mut step = |scratch: &mut Scratch, action| {
            if let Some(mut next) = self.act(scratch, from, action)
                && next != *from
            {
                self.adversary.watch(self, scratch, from, action, &mut next);
                found.push((action, next));
            }
        };
        for who in bounds.everybody() {
            let facts = self.facts(scratch, from.actors[usize::from(who)]);
            for place in 0..facts.waiting_count {
                step(scratch, Action::Exchange(who, place));
                if from.lost < bounds.losses {
                    step(scratch, Action::LoseAnswer(who, place));
                }
                if from.copied < bounds.copies && from.copy == NONE {
                    step(scratch, Action::HoldCopy(who, place));
                }
                if from.delayed < bounds.late_answers && from.late == (NONE, NONE) {
                    step(scratch, Action::HoldAnswer(who, place));
                }
            }
            step(scratch, Action::Read(who));
            if bounds.slow_reading {
                step(scratch, Action::Collect(who));
            }
            if from.clock > 0 {
                step(scratch, Action::Tick(who));
            }
        }
        if from.copy != NONE {
            step(scratch, Action::ReleaseCopy);
        }
        if from.late != (NONE, NONE) {
            step(scratch, Action::ReleaseAnswer);
        }
        for place in 0..bounds.wishes.len() {
            step(
                scratch,
                Action::Wish(u8::try_from(place).unwrap_or(u8::MAX)),
            );
        }
        if bounds.has_next(from.clock) {
            step(scratch, Action::Clock);
        }
    }
}

impl<A: Adversary> Space for World<A> {
    type State = State<A::Extra>;
    type Action = Action<A::Deed>;
    type Scratch = Scratch;

    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    fn beginning(&self) -> Self::State {
        self.beginning
    }

    fn steps(
        &self,
        scratch: &mut Scratch,
        from: &Self::State,
        found: &mut Vec<(Self::Action, Self::State)>,
    ) {
        self.own_steps(scratch, from, found);
        self.adversary.deeds(self, scratch, from, found);
    }

    fn broken(&self, scratch: &mut Scratch, state: &Self::State) -> Option<usize> {
        if state.broken != 0 {
            return Some(usize::from(state.broken) - 1);
        }
        let found = property::broken(self, scratch, state).map(Promise::place);
        let found = found
            .or_else(|| self.adversary.broken(self, scratch, state))
            .or_else(|| fair::broken(self, scratch, state));
        found.filter(|place| {
            let mark = u8::try_from(place + 1).unwrap_or(u8::MAX);
            !self.adversary.pardons(self, state.extra, mark)
        })
    }

    fn reached(&self, scratch: &mut Scratch, state: &Self::State) -> u64 {
        let all = self.reached.load(Ordering::Relaxed);
        if scratch.reached.0 != all {
            let goals = self.setting.bounds.goals.list.iter().enumerate();
            let bits = goals.filter(|(_, goal)| all & goal.bit() != 0);
            scratch.reached = (all, bits.fold(0, |bits, (place, _)| bits | 1 << place));
        }
        let own = self.adversary.reached(self, scratch, state) | self.own.load(Ordering::Relaxed);
        scratch.reached.1 | own << self.setting.bounds.goals.list.len()
    }

    fn properties(&self) -> &'static [Property] {
        self.adversary.properties()
    }

    fn goals(&self) -> &'static [Property] {
        let own = self.adversary.goals();
        own.unwrap_or(self.setting.bounds.goals.words)
    }

    fn script(&self, path: &[Self::Action], broken: Option<usize>) -> Vec<String> {
        words::script(self, path, broken)
    }

    fn machines(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("wallet states", self.actors.len() as u64),
            ("wallet steps", self.happened.len() as u64),
            ("intermediary states", self.posts.len() as u64),
            ("intermediary steps", self.handled.len() as u64),
        ]
    }
}
