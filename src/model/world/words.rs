//! A path through the world as a scenario.

use super::action::{Action, Event};
use super::actor::{DealFacts, state_of};
use super::adversary::Adversary;
use super::bounds::{Bounds, What, Who, Wish};
use super::property::Promise;
use super::world::{NONE, Scratch, State, World};
use super::{fair, judge};
use crate::conformance::small;
use crate::intermediary::Body;
use crate::model::Space;
use crate::transfer::StateName;
use std::collections::BTreeSet;

/// The lines of a path, and the Then that shows what is broken at its end.
pub(super) fn script<A: Adversary>(
    world: &World<A>,
    path: &[Action<A::Deed>],
    broken: Option<usize>,
) -> Vec<String> {
    let promise = broken.and_then(Promise::at);
    let of_adversary = broken.filter(|_| promise.is_none());
    let mut teller = Teller {
        world,
        scratch: Scratch::default(),
        state: world.beginning(),
        lines: beginning(&world.setting.bounds),
        accepted: Vec::new(),
    };
    teller.lines.extend(world.adversary.given(world));
    teller.say("Given", "nothing arrives by itself");
    for (place, action) in path.iter().enumerate() {
        let is_last = place + 1 == path.len();
        teller.tell(*action, is_last && broken.is_some());
    }
    if let Some(promise) = promise {
        teller.ending(promise);
    }
    if let Some(broken) = of_adversary {
        let lines = world.adversary.then(world, &teller.state, broken);
        teller.lines.extend(lines);
    }
    teller.lines
}

fn beginning(bounds: &Bounds) -> Vec<String> {
    let mut lines = Vec::new();
    if bounds.limits == small::WALLET {
        lines.push("Given bounds are small".to_owned());
    }
    for (who, device) in bounds.devices.iter().enumerate() {
        if let Some((user, kind)) = device.split_once("'s ") {
            lines.push(format!("Given {user} has a {kind}"));
        }
        let ahead = bounds.skew[who];
        let by = duration(ahead.unsigned_abs());
        match ahead {
            0 => {}
            1.. => lines.push(format!("Given {device}'s clock is {by} ahead")),
            _ => lines.push(format!("Given {device}'s clock is {by} behind")),
        }
    }
    for (place, (taker, maker)) in bounds.links.iter().enumerate() {
        let former = bounds.links[..=place].iter();
        let number = former.filter(|(_, other)| other == maker).count();
        let link = link(bounds, *maker, u8::try_from(number).unwrap_or(u8::MAX));
        let name = |who: &Who| bounds.devices[usize::from(*who)];
        let (taker, maker) = (name(taker), name(maker));
        lines.push(format!(
            "Given {maker} makes an invitation called \"{link}\""
        ));
        lines.push(format!("Given {taker} takes the invitation \"{link}\""));
    }
    lines
}

/// What a scenario calls a waiting request of that machine state: its kind, and which of them it is.
pub(super) fn waiting<A: Adversary>(
    world: &World<A>,
    actor: u32,
    place: u8,
) -> (&'static str, String) {
    let facts = world.facts(&mut Scratch::default(), actor);
    let kinds: Vec<&str> = facts
        .waiting()
        .iter()
        .map(|request| kind(&world.requests.get(*request).body))
        .collect();
    let place = usize::from(place);
    let kind = kinds[place];
    let before = kinds[..place].iter().filter(|other| **other == kind);
    let which = match before.count() {
        0 => format!("the {kind}"),
        number => format!("{kind} {}", number + 1),
    };
    (kind, which)
}

/// What a scenario calls a request.
fn kind(body: &Body) -> &'static str {
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

/// Goes along a path and writes it down.
struct Teller<'a, A: Adversary> {
    world: &'a World<A>,
    scratch: Scratch,
    state: State<A::Extra>,
    lines: Vec<String>,
    /// The deals that were accepted.
    accepted: Vec<u8>,
}

impl<A: Adversary> Teller<'_, A> {
    fn bounds(&self) -> &Bounds {
        &self.world.setting.bounds
    }

    fn name(&self, who: Who) -> &'static str {
        self.bounds().devices[usize::from(who)]
    }

    fn say(&mut self, keyword: &str, line: &str) {
        self.lines.push(format!("{keyword} {line}"));
    }

    /// One action, and what users are told by it; not by the last, where what it tells is what is looked at.
    fn tell(&mut self, action: Action<A::Deed>, is_last: bool) {
        for sentence in self.sentences(action) {
            self.say("When", &sentence);
        }
        let mut found = Vec::new();
        let world = self.world;
        world.steps(&mut self.scratch, &self.state, &mut found);
        let next = found.iter().find(|(known, _)| *known == action);
        let next = next.map_or(self.state, |(_, next)| *next);
        if !is_last {
            for (who, told) in self.told(action) {
                let name = self.name(who);
                self.say("Then", &format!("{name} is told \"{told}\""));
            }
        }
        self.state = next;
    }

    /// What users are told by an action of the world.
    fn told(&mut self, action: Action<A::Deed>) -> Vec<(Who, String)> {
        let (world, state) = (self.world, self.state);
        let found = world.event_of(&mut self.scratch, &state, action);
        found.map_or_else(Vec::new, |(who, event)| {
            let actor = state.actors[usize::from(who)];
            let told = judge::told(world, actor, event, state.clock);
            told.into_iter().map(|told| (who, told)).collect()
        })
    }

    /// A waiting request: `the submission of Ben's phone`, or `submission 2 of Ben's phone` where several of its kind wait.
    fn request(&mut self, who: Who, place: u8) -> String {
        let actor = self.state.actors[usize::from(who)];
        let (_, which) = waiting(self.world, actor, place);
        format!("{which} of {}", self.name(who))
    }

    /// An action, as lines of a scenario without their first word.
    fn sentences(&mut self, action: Action<A::Deed>) -> Vec<String> {
        let one = match action {
            Action::Wish(place) => self.wish(self.bounds().wishes[usize::from(place)]),
            Action::Exchange(who, place) => format!("{} arrives", self.request(who, place)),
            Action::LoseAnswer(who, place) => {
                format!(
                    "{} arrives, and its answer is lost",
                    self.request(who, place)
                )
            }
            Action::HoldCopy(who, place) => {
                format!("a copy of {} is held back", self.request(who, place))
            }
            Action::ReleaseCopy => "the copy arrives".to_owned(),
            Action::HoldAnswer(who, place) => format!(
                "{} arrives, and its answer is held back",
                self.request(who, place)
            ),
            Action::ReleaseAnswer => "the answer arrives".to_owned(),
            Action::Read(who) => format!("{} looks for messages", self.name(who)),
            Action::Collect(who) => format!("{} asks for its messages", self.name(who)),
            Action::Tick(who) => format!("{} looks at the clock", self.name(who)),
            Action::Clock => {
                let (now, next) = (self.state.clock, self.state.clock + 1);
                let seconds = self
                    .bounds()
                    .now(next)
                    .seconds_since(self.bounds().now(now));
                format!("the clock moves on by {}", duration(seconds))
            }
            Action::Deed(deed) => {
                return self
                    .world
                    .adversary
                    .sentences(self.world, &self.state, deed);
            }
        };
        vec![one]
    }

    fn wish(&mut self, wish: Wish) -> String {
        let deals = self.bounds().deals;
        let deal = |deal: u8| &deals[usize::from(deal)];
        match wish {
            Wish::Offer(place) => self.offer(place),
            Wish::Accept(it) => {
                self.accepted.push(it);
                format!("{} accepts {}", self.name(deal(it).to), deal(it).called())
            }
            Wish::Decline(it) => {
                format!("{} declines {}", self.name(deal(it).to), deal(it).called())
            }
            Wish::Cancel(who, it) => format!("{} cancels {}", self.name(who), deal(it).called()),
            Wish::MakeLink(who, _) => {
                let made = self.links_wanted(who) + 1;
                format!(
                    "{} makes an invitation called \"{}\"",
                    self.name(who),
                    self.link(who, made)
                )
            }
            Wish::TakeLink(who, of, _) => {
                let made = self.links_wanted(of);
                format!(
                    "{} takes the invitation \"{}\"",
                    self.name(who),
                    self.link(of, made)
                )
            }
            Wish::WithdrawLink(who) => {
                let made = self.links_wanted(who);
                format!(
                    "{} withdraws the invitation \"{}\"",
                    self.name(who),
                    self.link(who, made)
                )
            }
            Wish::DropPin(who, of) => {
                format!("{} drops the pin of {}", self.name(who), self.name(of))
            }
            Wish::Compare(who, of) => {
                format!(
                    "{} compares fingerprints with {}",
                    self.name(who),
                    self.name(of)
                )
            }
            Wish::Leave(who) => format!("{} leaves the intermediary", self.name(who)),
        }
    }

    fn offer(&self, place: u8) -> String {
        let deals = self.bounds().deals;
        let deal = &deals[usize::from(place)];
        let (from, to, name) = (self.name(deal.from), self.name(deal.to), deal.name);
        let lifetime = deal
            .lifetime
            .map(|seconds| format!(" for {}", duration(seconds)));
        let lifetime = lifetime.unwrap_or_default();
        let called = match deal.lifetime {
            None => format!(" called \"{name}\""),
            Some(_) => String::new(),
        };
        match deal.what {
            What::HotelKey => format!("{from} offers a hotel key{called} to {to}{lifetime}"),
            What::CarKey => format!("{from} offers a car key{called} to {to}{lifetime}"),
            What::TokenOf {
                deal: first,
                insists,
            } => {
                let verb = if insists {
                    "insists on offering"
                } else {
                    "offers"
                };
                let first = deals[usize::from(first)].name;
                format!("{from} {verb} the token of \"{first}\" called \"{name}\" to {to}")
            }
        }
    }

    fn links_wanted(&mut self, who: Who) -> u8 {
        let actor = self.state.actors[usize::from(who)];
        self.world.facts(&mut self.scratch, actor).links_wanted
    }

    fn link(&self, of: Who, number: u8) -> String {
        link(self.bounds(), of, number)
    }

    // What is broken

    /// The lines that show what is broken.
    fn ending(&mut self, promise: Promise) {
        let at_once = self.state.broken != 0
            || super::property::broken(self.world, &mut self.scratch, &self.state).is_some();
        if !at_once {
            self.fair_ending();
        }
        for line in self.then(promise) {
            self.say("Then", &line);
        }
    }

    /// What waits arrives, and time passes until it is broken.
    fn fair_ending(&mut self) {
        if self.state.copy != NONE {
            self.say("When", "the copy arrives");
        }
        if self.state.late != (NONE, NONE) {
            self.say("When", "the answer arrives");
        }
        self.say("When", "everything arrives");
        let end = fair::followed(self.world, &mut self.scratch, &self.state);
        for clock in self.state.clock..end.clock {
            let seconds = self
                .bounds()
                .now(clock + 1)
                .seconds_since(self.bounds().now(clock));
            self.say("When", &format!("{} pass", duration(seconds)));
        }
        self.state = end;
    }

    fn deals_of(&mut self, place: usize) -> (DealFacts, DealFacts) {
        let deal = self.bounds().deals[place];
        let mut of = |who: Who| {
            let actor = self.state.actors[usize::from(who)];
            self.world.facts(&mut self.scratch, actor).deals[place]
        };
        (of(deal.from), of(deal.to))
    }

    /// What holds where the promise is kept, without the first word. Nothing, where every scenario is held to it.
    fn then(&mut self, promise: Promise) -> Vec<String> {
        match promise {
            Promise::Restart => {
                let everybody = self.bounds().devices.iter().copied();
                everybody
                    .chain(["the intermediary"])
                    .map(|who| format!("a restart of {who} changes nothing"))
                    .collect()
            }
            Promise::Suspicion
            | Promise::ToldInVain
            | Promise::ToldTwice
            | Promise::Answerable
            | Promise::Statement
            | Promise::Registered
            | Promise::Repetition
            | Promise::OpenedOnce => vec!["nobody is told anything".to_owned()],
            Promise::Told | Promise::ToldAfterEnd => self.told_of(promise),
            Promise::EndedRemains => self.remains(),
            Promise::EndedLeaves => self.leaves(),
            Promise::MessageKey => {
                let everybody = self.bounds().devices.iter();
                everybody
                    .map(|who| format!("{who} has used no message key twice"))
                    .collect()
            }
            Promise::TokenKnown => vec!["it is refused with \"already-offered\"".to_owned()],
            Promise::Named => vec!["it is refused with \"untrusted-identity\"".to_owned()],
            Promise::OwnQueue => self.asked(),
            Promise::Consent => self.unaccepted(),
            Promise::Expiry
            | Promise::Agreement
            | Promise::Ends
            | Promise::Wish
            | Promise::Signed
            | Promise::AnotherKey => self.expected(),
            // Every scenario is held to it, or no scenario has words for it.
            _ => Vec::new(),
        }
    }

    /// What nobody has accepted is an invitation.
    fn unaccepted(&mut self) -> Vec<String> {
        let deals = self.bounds().deals.iter().enumerate();
        let not = |(place, deal): (usize, &super::bounds::Deal)| {
            let place = u8::try_from(place).unwrap_or(u8::MAX);
            (!self.accepted.contains(&place)).then(|| {
                format!(
                    "{} is in \"R:Invited\" with {}",
                    self.name(deal.to),
                    deal.called()
                )
            })
        };
        deals.filter_map(not).collect()
    }

    fn told_of(&mut self, promise: Promise) -> Vec<String> {
        let code = if promise == Promise::Told {
            "credential-may-be-out"
        } else {
            "provisioned-after-end"
        };
        let deals = self.bounds().deals;
        let mut devices: Vec<_> = deals.iter().map(|deal| self.name(deal.from)).collect();
        devices.dedup();
        let told = devices
            .into_iter()
            .map(|device| format!("{device} is told \"{code}\""));
        told.collect()
    }

    /// Each device asks for every recipient that something waits for, and for what it asks now.
    fn asked(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for who in self.bounds().everybody() {
            let actor = self.world.actors.get(self.state.actors[usize::from(who)]);
            let idle: BTreeSet<_> = actor
                .wallet
                .outgoing()
                .map(|message| message.to)
                .filter(|to| {
                    let mut of_them = actor.wallet.outgoing().filter(|it| it.to == *to);
                    !of_them.any(|message| message.is_started)
                })
                .collect();
            let wanted = actor.wallet.waiting().count() + idle.len();
            if !idle.is_empty() {
                lines.push(format!("{wanted} requests wait with {}", self.name(who)));
            }
        }
        lines
    }

    /// What has ended leaves nobody any more.
    fn leaves(&mut self) -> Vec<String> {
        let deals = self.bounds().deals;
        let mut lines = Vec::new();
        // Those with a name: a step calls them by it.
        let named = deals.iter().enumerate();
        for (place, deal) in named.filter(|(_, deal)| deal.lifetime.is_none()) {
            let (sender, receiver) = self.deals_of(place);
            for (who, facts) in [(deal.from, sender), (deal.to, receiver)] {
                if state_of(facts.state).is_some_and(StateName::is_final) {
                    let (name, of) = (self.name(who), deal.called());
                    lines.push(format!("nothing of {of} but its end waits to leave {name}"));
                }
            }
        }
        lines
    }

    fn remains(&mut self) -> Vec<String> {
        let deals = self.bounds().deals;
        let mut lines = Vec::new();
        for (place, deal) in deals.iter().enumerate() {
            let (sender, receiver) = self.deals_of(place);
            for (who, facts) in [(deal.from, sender), (deal.to, receiver)] {
                let name = self.name(who);
                let state = state_of(facts.state);
                let over =
                    state.is_some_and(|state| state.is_final() && state != StateName::Provisioned);
                if over && deal.what == What::HotelKey {
                    let of = deal.called();
                    lines.push(format!("the saved state of {name} holds nothing of {of}"));
                }
            }
        }
        for who in self.bounds().everybody() {
            lines.push(format!("0 requests wait with {}", self.name(who)));
        }
        lines
    }

    /// What both sides should see of each transfer.
    fn expected(&mut self) -> Vec<String> {
        use StateName as S;
        let deals = self.bounds().deals;
        let mut lines = Vec::new();
        for (place, deal) in deals.iter().enumerate() {
            let (sender, receiver) = self.deals_of(place);
            if !sender.is_offered {
                continue;
            }
            let late = self.state.clock >= sender.over;
            let (sends, receives) = (state_of(sender.state), state_of(receiver.state));
            let (from, to, of) = (self.name(deal.from), self.name(deal.to), deal.called());
            let expected = match (sends, receives) {
                (_, Some(S::Provisioned)) if late => {
                    lines.push(format!("{to} does not hold {of}"));
                    continue;
                }
                (_, Some(S::Invited | S::Requested)) if late => (S::OfferExpired, Some(S::Expired)),
                (Some(S::Completed), _) | (_, Some(S::Provisioned | S::Requested)) => {
                    (S::Completed, Some(S::Provisioned))
                }
                (Some(S::OfferDeclined), _) | (_, Some(S::Declined)) => {
                    (S::OfferDeclined, Some(S::Declined))
                }
                (Some(S::OfferCancelled), _) | (_, Some(S::Cancelled)) => {
                    (S::OfferCancelled, Some(S::Cancelled))
                }
                _ => (S::Offered, Some(S::Invited)),
            };
            lines.push(format!("{from} is in \"{}\" with {of}", expected.0));
            if let Some(state) = expected.1 {
                lines.push(format!("{to} is in \"{state}\" with {of}"));
            }
        }
        lines
    }
}

/// What a scenario calls the link that a device makes as its `number`th, from 1.
pub(super) fn link(bounds: &Bounds, of: Who, number: u8) -> String {
    let device = bounds.devices[usize::from(of)];
    let user = device.split("'s ").next().unwrap_or_default();
    format!("link {number} of {user}")
}

/// A time in the largest unit that tells it exactly.
pub(super) fn duration(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = units
        .into_iter()
        .find(|(of, _)| seconds != 0 && seconds.is_multiple_of(*of));
    let (count, unit) = unit.map_or((seconds, "second"), |(of, unit)| (seconds / of, unit));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// What comes of an action at a wallet, where something does.
impl<A: Adversary> World<A> {
    pub(super) fn event_of(
        &self,
        scratch: &mut Scratch,
        from: &State<A::Extra>,
        action: Action<A::Deed>,
    ) -> Option<(Who, Event)> {
        let waiting = |scratch: &mut Scratch, who: Who, place: u8| {
            let facts = self.facts(scratch, from.actors[usize::from(who)]);
            facts.waiting().get(usize::from(place)).copied()
        };
        Some(match action {
            Action::Wish(place) => self.wish(scratch, from, place)?,
            Action::Exchange(who, place) => {
                let request = waiting(scratch, who, place)?;
                let (_, answer) = self.carried_out(scratch, from, request);
                (who, Event::Answer(request, answer))
            }
            Action::ReleaseCopy => {
                let (_, answer) = self.carried_out(scratch, from, from.copy);
                (from.copy_of, Event::Answer(from.copy, answer))
            }
            Action::ReleaseAnswer => (from.late_of, Event::Answer(from.late.0, from.late.1)),
            Action::Read(who) => {
                let mail = self.mail(scratch, from.post, from.clock)[usize::from(who)];
                (mail != NONE).then_some((who, Event::Read(mail)))?
            }
            // Asking in vain draws a name for the request, and leads nowhere.
            Action::Collect(who) => {
                let mail = self.mail(scratch, from.post, from.clock)[usize::from(who)];
                (mail != NONE).then_some((who, Event::Collect))?
            }
            Action::Tick(who) => (who, Event::Tick),
            _ => return None,
        })
    }
}
