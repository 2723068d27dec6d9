//! A dishonest intermediary, strangers, and a peer that does not keep to the profile: what each of them does to the world.

use super::action::{Action, Event};
use super::actor::{Actor, Draws};
use super::adversary::Adversary;
use super::attack::{self, Attack, Keys};
use super::bounds::{BEGINNING, DEVICES, Deal, Who};
use super::post::Post;
use super::words;
use super::world::{NONE, Scratch, State, World};
use crate::agreement::{BundleFields, PreKeyStore};
use crate::conformance::scenario::lies::Lie;
use crate::conformance::scenario::{forgery, payloads};
use crate::conformance::small;
use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId, TransferId, UserId};
use crate::intermediary::{AccessKey, Answer, Body, Envelope, Request, RequestId, Submission};
use crate::model::remembered::Remembered;
use crate::model::{Property, Space};
use crate::primitives::Secret;
use crate::sesame::Device;
use crate::suite;
use crate::timestamp::Timestamp;
use crate::transfer::{Invitation, Offer, Offered};
use crate::wallet::{Effect, Wallet, WalletEvent};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// What a stranger's wallet may ask for by one event, before it gives up.
const PATIENCE: usize = 50;

/// Who does what, how often, and to whom.
#[derive(Clone, Debug)]
pub struct Liar {
    /// So many deeds at most, on one path.
    pub deeds: u8,
    /// What is answered in place of the truth.
    pub lies: &'static [Lie],
    /// What becomes of bundles.
    pub swaps: &'static [Swap],
    /// Whether first messages are forged.
    pub forges: bool,
    /// Whether messages are handed out again, or in reverse.
    pub replays: bool,
    /// Whether strangers come, without a link and with one.
    pub strangers: bool,
    /// What a peer sends that does not keep to the profile, by the last link that a device has given away.
    pub payloads: &'static [&'static str],
    /// For whom every request is answered so from some moment on, as long as the world lasts.
    pub troubles: &'static [(Who, Lie)],
}

impl Liar {
    /// One that does nothing.
    pub const HONEST: Liar = Liar {
        deeds: 1,
        lies: &[],
        swaps: &[],
        forges: false,
        replays: false,
        strangers: false,
        payloads: &[],
        troubles: &[],
    };
}

/// What stands in the place of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Swap {
    /// One with keys of the intermediary's own.
    OwnKeys,
    /// That of another device, as it is.
    Of(Who),
    /// The keys of another device, at the address that was asked for.
    KeysOf(Who),
    /// The device's own, as it was in the beginning.
    Former,
    /// The device's own, without a one-time prekey.
    WithoutPreKey,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// A waiting request is answered with a lie, whether it was carried out or not.
    Lie {
        /// Whose request.
        who: Who,
        /// Its place among those that wait.
        place: u8,
        /// What is answered.
        lie: Lie,
        /// Whether it was carried out.
        carried_out: bool,
    },
    /// A device looks for messages, and is answered with a lie.
    LieAboutMail {
        /// Which.
        who: Who,
        /// What is answered.
        lie: Lie,
    },
    /// A waiting bundle request is answered with another bundle.
    Bundle {
        /// Whose request.
        who: Who,
        /// Its place among those that wait.
        place: u8,
        /// Which.
        swap: Swap,
    },
    /// A device reads a first message in the name of another one, under keys of the intermediary's own.
    Forge {
        /// In whose name.
        from: Who,
        /// Who reads it.
        to: Who,
    },
    /// A device reads its last message again.
    Replay(Who),
    /// A device reads what waits for it, the last first.
    Reverse(Who),
    /// A stranger fetches a bundle.
    Fetch(Who),
    /// A stranger offers something by a link that it has made up.
    Intrude(Who),
    /// A stranger offers something by the last link that the device has given away.
    Share(Who),
    /// A peer sends what no wallet writes, by the last link that the device has given away.
    Send {
        /// Its place in [`Liar::payloads`].
        payload: u8,
        /// To whom.
        to: Who,
    },
    /// From now on every request for a device is answered so: its place in [`Liar::troubles`].
    Trouble(u8),
}

/// What is known of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Past {
    /// So many deeds were done.
    pub deeds: u8,
    /// The trouble that there is: its place and one, 0 for none.
    pub trouble: u8,
    /// Whether an answer was believed that nobody could have seen through: what it was about may never come to its end.
    pub believed: bool,
    /// The last message of each device, as an answer to a reading; [`NONE`] where there was none, or nothing is replayed.
    pub last: [u32; DEVICES],
}

/// What an adversary makes once and uses again.
pub struct Tools {
    keys: Keys,
    stranger: Stranger,
}

/// Somebody whom nobody knows. It can register, and has no link of its own.
struct Stranger {
    register: Request,
    wallet: Wallet,
}

/// A liar with what it remembers.
pub struct Hostile {
    liar: Liar,
    tools: OnceLock<Tools>,
    /// What is wrong with a wallet at a time: 0 for nothing.
    judged: Remembered<(u32, u8), u8>,
    /// Whether a session was lost between two states of a wallet.
    lost: Remembered<(u32, u32), bool>,
    /// An answer to a request.
    told: Remembered<(u32, Lie), u32>,
    swapped: Remembered<(u32, Swap), u32>,
    /// What a reading is answered with that has a forged message in it.
    forged: Remembered<(u32, u8, u8, u32), u32>,
    sent: Remembered<(u32, u8, u8, u32), u32>,
    /// The last message of an answer alone, and an answer in reverse.
    alone: Remembered<u32, u32>,
    reversed: Remembered<u32, u32>,
    /// What comes of a stranger's visit: whether it got what it may not get.
    fetched: Remembered<(u32, u8, u8), bool>,
    intruded: Remembered<(u32, u8, u8), bool>,
    /// The intermediary after a stranger's offer by a link.
    shared: Remembered<(u32, u32, u8), u32>,
}

impl Hostile {
    /// Who does that.
    #[must_use]
    pub fn new(liar: Liar) -> Self {
        Hostile {
            liar,
            tools: OnceLock::new(),
            judged: Remembered::default(),
            lost: Remembered::default(),
            told: Remembered::default(),
            swapped: Remembered::default(),
            forged: Remembered::default(),
            sent: Remembered::default(),
            alone: Remembered::default(),
            reversed: Remembered::default(),
            fetched: Remembered::default(),
            intruded: Remembered::default(),
            shared: Remembered::default(),
        }
    }

    fn tools(&self, world: &World<Self>) -> &Tools {
        self.tools.get_or_init(|| {
            let beginning = world.beginning();
            let everybody = world.setting.bounds.everybody();
            let actors: Vec<Arc<Actor>> = everybody
                .map(|who| world.actors.get(beginning.actors[usize::from(who)]))
                .collect();
            let actors: Vec<&Actor> = actors.iter().map(|actor| &**actor).collect();
            Tools {
                keys: Keys::of(&actors),
                stranger: Stranger::new().expect("a stranger can be made"),
            }
        })
    }

    /// The state after a deed, marked where a session was lost by it.
    fn after(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        who: Who,
        event: Event,
    ) -> State<Past> {
        let next = world.after(scratch, from, who, event);
        let place = usize::from(who);
        let pair = (from.actors[place], next.actors[place]);
        let lost = pair.0 != pair.1
            && self.lost.shared(pair, || {
                let device = |number| world.actors.get(number).wallet.device().clone();
                attack::has_lost(&device(pair.0), &device(pair.1))
            });
        if lost {
            marked(next, Attack::SessionLost)
        } else {
            next
        }
    }

    /// The number of a lie about a request.
    fn lie(&self, world: &World<Self>, request: u32, lie: Lie) -> Option<u32> {
        let number = self.told.shared((request, lie), || {
            let answer = lie.answer(&world.requests.get(request).body);
            answer.map_or(NONE, |answer| world.answers.intern(answer))
        });
        (number != NONE).then_some(number)
    }

    /// An answer with another bundle in it.
    fn swap(&self, world: &World<Self>, answer: u32, of: Who, swap: Swap) -> u32 {
        let keys = &self.tools(world).keys;
        self.swapped.shared((answer, swap), || {
            let Ok(Answer::Bundle { bundle }) = &*world.answers.get(answer) else {
                return NONE;
            };
            let bundle = match swap {
                Swap::OwnKeys => keys.own_bundle(of),
                Swap::Of(other) => keys.former_bundle(other),
                Swap::KeysOf(other) => BundleFields {
                    user_id: bundle.user_id.clone(),
                    device_id: bundle.device_id,
                    registration_id: bundle.registration_id,
                    ..keys.former_bundle(other)
                },
                Swap::Former => keys.former_bundle(of),
                Swap::WithoutPreKey => BundleFields {
                    one_time_pre_key_id: None,
                    one_time_pre_key: None,
                    ..bundle.clone()
                },
            };
            world.answers.intern(Ok(Answer::Bundle { bundle }))
        })
    }

    /// What waits for a device, and that message behind it.
    fn with(world: &World<Self>, mail: u32, envelope: Option<Envelope>) -> u32 {
        let Some(envelope) = envelope else {
            return NONE;
        };
        let mut envelopes = messages(world, mail);
        envelopes.push(envelope);
        // More than was asked for would be no answer.
        let limit = usize::try_from(world.setting.bounds.limits.read).unwrap_or(usize::MAX);
        if envelopes.len() > limit {
            return NONE;
        }
        world.answers.intern(Ok(Answer::Envelopes { envelopes }))
    }

    fn device(world: &World<Self>, actor: u32) -> Device {
        world.actors.get(actor).wallet.device().clone()
    }

    /// Everything that is done to one device's waiting requests.
    fn lies(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        who: Who,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        let facts = world.facts(scratch, from.actors[usize::from(who)]);
        for (place, request) in facts.waiting().iter().copied().enumerate() {
            let place = u8::try_from(place).unwrap_or(u8::MAX);
            for lie in self.liar.lies.iter().copied() {
                let Some(answer) = self.lie(world, request, lie) else {
                    continue;
                };
                let body = &world.requests.get(request).body;
                let is_true = |answered: u32| answered == answer;
                let (done, truth) = world.carried_out(scratch, from, request);
                for carried_out in [false, true] {
                    let base = if carried_out { done } else { *from };
                    // What changes nothing is the same either way, and the truth is no lie.
                    let same = done.post == from.post;
                    let is_no_lie = if carried_out {
                        same || is_true(truth)
                    } else {
                        same && is_true(truth)
                    };
                    if is_no_lie {
                        continue;
                    }
                    let event = Event::Answer(request, answer);
                    let next = self.after(world, scratch, &base, who, event);
                    let deed = Deed::Lie {
                        who,
                        place,
                        lie,
                        carried_out,
                    };
                    let believed = is_believed(lie, body);
                    found.push((Action::Deed(deed), done_with(next, believed)));
                }
            }
            let Body::FetchBundle { address, .. } = &world.requests.get(request).body else {
                continue;
            };
            let Some(of) = world.setting.who(address) else {
                continue;
            };
            let (done, truth) = world.carried_out(scratch, from, request);
            for swap in self.liar.swaps.iter().copied() {
                if matches!(swap, Swap::Of(other) | Swap::KeysOf(other) if other == of) {
                    continue;
                }
                let answer = self.swap(world, truth, of, swap);
                if answer == NONE || answer == truth {
                    continue;
                }
                // Its own keys it answers with in place of the truth, all others after it.
                let base = if swap == Swap::OwnKeys { *from } else { done };
                let event = Event::Answer(request, answer);
                let mut next = self.after(world, scratch, &base, who, event);
                let opened = next.actors[usize::from(who)] != base.actors[usize::from(who)];
                let now = world.setting.bounds.clock_of(who, from.clock);
                if swap == Swap::Former && attack::is_stale(now) && opened {
                    let sessions = |actor| {
                        let device = Self::device(world, actor);
                        let record = device.record(address);
                        record.map_or(0, |record| attack::sessions(record).count())
                    };
                    let before = sessions(base.actors[usize::from(who)]);
                    if sessions(next.actors[usize::from(who)]) > before {
                        next = marked(next, Attack::StaleBundle);
                    }
                }
                let deed = Deed::Bundle { who, place, swap };
                let believed = swap != Swap::WithoutPreKey;
                found.push((Action::Deed(deed), done_with(next, believed)));
            }
        }
    }

    /// Everything that is done where a device looks for messages.
    fn readings(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        to: Who,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        let actor = from.actors[usize::from(to)];
        let mail = world.mail(scratch, from.post, from.clock)[usize::from(to)];
        let mut read = |scratch: &mut Scratch, deed: Deed, answer: u32| {
            // Whoever sends has the link first; and what is read the last first may be an end before its beginning.
            let believed = matches!(deed, Deed::Send { .. } | Deed::Reverse(_));
            if answer != NONE {
                let next = self.after(world, scratch, from, to, Event::Read(answer));
                if next.actors != from.actors || next.broken != 0 {
                    found.push((Action::Deed(deed), done_with(next, believed)));
                }
            }
        };
        for by in self
            .liar
            .forges
            .then(|| world.setting.bounds.everybody())
            .into_iter()
            .flatten()
        {
            if by == to {
                continue;
            }
            let answer = self.forged.shared((actor, by, from.clock, mail), || {
                let now = world.setting.bounds.now(from.clock);
                let device = Self::device(world, actor);
                let forged = self.tools(world).keys.forged(by, &device, now);
                Self::with(world, mail, forged)
            });
            read(scratch, Deed::Forge { from: by, to }, answer);
        }
        for payload in 0..u8::try_from(self.liar.payloads.len()).unwrap_or(u8::MAX) {
            let link = world.facts(scratch, actor).link;
            let answer = self.sent.shared((actor, payload, from.clock, mail), || {
                let name = self.liar.payloads[usize::from(payload)];
                let now = world.setting.bounds.now(from.clock);
                let device = Self::device(world, actor);
                let link = (link != NONE).then(|| world.texts.get(link));
                let stranger = &self.tools(world).stranger;
                let sent = link.and_then(|link| stranger.payload(name, &link, &device, now));
                Self::with(world, mail, sent)
            });
            read(scratch, Deed::Send { payload, to }, answer);
        }
        if self.liar.replays {
            let last = from.extra.last[usize::from(to)];
            if last != NONE && mail == NONE {
                read(scratch, Deed::Replay(to), last);
            }
            if mail != NONE {
                let reversed = self.reversed.shared(mail, || {
                    let mut envelopes = messages(world, mail);
                    if envelopes.len() < 2 {
                        return NONE;
                    }
                    envelopes.reverse();
                    world.answers.intern(Ok(Answer::Envelopes { envelopes }))
                });
                read(scratch, Deed::Reverse(to), reversed);
            }
        }
        for lie in self.liar.lies.iter().copied() {
            let asked = world.after(scratch, from, to, Event::Collect);
            let request = reading(world, scratch, &asked, to);
            let Some(request) = request.filter(|_| asked.actors != from.actors) else {
                continue;
            };
            let Some(answer) = self.lie(world, request, lie) else {
                continue;
            };
            let event = Event::Answer(request, answer);
            let next = self.after(world, scratch, &asked, to, event);
            if next.actors != from.actors {
                let deed = Deed::LieAboutMail { who: to, lie };
                let believed = matches!(lie, Lie::Refused(_));
                found.push((Action::Deed(deed), done_with(next, believed)));
            }
        }
    }

    /// What strangers do. Without a link they get nothing, and leave nothing that concerns anybody: then it is no step.
    fn strangers(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        to: Who,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        let address = world.setting.addresses[usize::from(to)];
        let key = (from.post, to, from.clock);
        let now = world.setting.bounds.now(from.clock);
        let stranger = &self.tools(world).stranger;
        if self.fetched.shared(key, || {
            stranger.is_given_a_pre_key(world, from, address, now)
        }) {
            let next = marked(*from, Attack::Drained);
            found.push((Action::Deed(Deed::Fetch(to)), next));
        }
        if self
            .intruded
            .shared(key, || stranger.intrudes(world, from, address, now))
        {
            let next = marked(*from, Attack::Intruded);
            found.push((Action::Deed(Deed::Intrude(to)), next));
        }
        if from.extra.deeds >= self.liar.deeds {
            return;
        }
        let link = world.facts(scratch, from.actors[usize::from(to)]).link;
        if link == NONE {
            return;
        }
        let post = self.shared.shared((from.post, link, from.clock), || {
            let link = world.texts.get(link);
            stranger
                .offers(world, from, &link, now)
                .map_or(NONE, |post| world.posts.intern(post))
        });
        if post != NONE && post != from.post {
            // Whoever comes first has the link.
            let next = State { post, ..*from };
            found.push((Action::Deed(Deed::Share(to)), done_with(next, true)));
        }
    }
}

impl Adversary for Hostile {
    type Extra = Past;
    type Deed = Deed;

    fn beginning(&self) -> Past {
        Past {
            deeds: 0,
            trouble: 0,
            believed: false,
            last: [NONE; DEVICES],
        }
    }

    fn deeds(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        found: &mut Vec<(Action<Deed>, State<Past>)>,
    ) {
        for who in world.setting.bounds.everybody() {
            if self.liar.strangers {
                self.strangers(world, scratch, from, who, found);
            }
            if from.extra.deeds < self.liar.deeds {
                self.lies(world, scratch, from, who, found);
                self.readings(world, scratch, from, who, found);
            }
        }
        if from.extra.deeds < self.liar.deeds && from.extra.trouble == 0 {
            for place in 0..u8::try_from(self.liar.troubles.len()).unwrap_or(u8::MAX) {
                let mut next = done_with(*from, false);
                next.extra.trouble = place + 1;
                found.push((Action::Deed(Deed::Trouble(place)), next));
            }
        }
    }

    fn answers(&self, world: &World<Self>, from: &State<Past>, request: u32) -> Option<u32> {
        let place = usize::from(from.extra.trouble).checked_sub(1)?;
        let (of, lie) = self.liar.troubles[place];
        let to = recipient(&world.requests.get(request).body)?;
        if to != world.setting.addresses[usize::from(of)] {
            return None;
        }
        self.lie(world, request, lie)
    }

    fn watch(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Past>,
        action: Action<Deed>,
        next: &mut State<Past>,
    ) {
        let (true, Action::Read(who)) = (self.liar.replays, action) else {
            return;
        };
        // What nobody will replay is not kept.
        if from.extra.deeds >= self.liar.deeds {
            return;
        }
        let mail = world.mail(scratch, from.post, from.clock)[usize::from(who)];
        next.extra.last[usize::from(who)] = self.alone.shared(mail, || {
            let envelopes = messages(world, mail).pop().into_iter().collect();
            world.answers.intern(Ok(Answer::Envelopes { envelopes }))
        });
    }

    fn sentences(&self, world: &World<Self>, from: &State<Past>, deed: Deed) -> Vec<String> {
        let name = |who: Who| world.setting.bounds.devices[usize::from(who)];
        let request =
            |who: Who, place: u8| words::waiting(world, from.actors[usize::from(who)], place);
        match deed {
            Deed::Lie {
                who,
                place,
                lie,
                carried_out,
            } => {
                let (kind, arrives) = request(who, place);
                let (device, lie) = (name(who), lie.name());
                let lie = if carried_out {
                    format!(
                        "the intermediary carries out the next {kind} of {device}, and answers with \"{lie}\""
                    )
                } else {
                    format!("the intermediary answers the next {kind} of {device} with \"{lie}\"")
                };
                vec![lie, format!("{arrives} of {device} arrives")]
            }
            Deed::LieAboutMail { who, lie } => {
                let (device, lie) = (name(who), lie.name());
                vec![
                    format!("the intermediary answers the next reading of {device} with \"{lie}\""),
                    format!("{device} looks for messages"),
                ]
            }
            Deed::Bundle { who, place, swap } => {
                let (_, arrives) = request(who, place);
                let device = name(who);
                let of = || {
                    let facts = world.facts(&mut Scratch::default(), from.actors[usize::from(who)]);
                    let body = &world.requests.get(facts.waiting()[usize::from(place)]).body;
                    let of = recipient(body).and_then(|of| world.setting.who(&of));
                    name(of.unwrap_or_default())
                };
                let bundle = "the intermediary answers the next bundle request";
                let lie = match swap {
                    Swap::OwnKeys => format!("{bundle} of {device} with \"keys of its own\""),
                    Swap::Of(other) => format!("{bundle} with the bundle of {}", name(other)),
                    Swap::KeysOf(other) => format!("{bundle} with the keys of {}", name(other)),
                    Swap::Former => {
                        format!("{bundle} with a bundle as it was at \"{}\"", former(of()))
                    }
                    Swap::WithoutPreKey => format!(
                        "the intermediary keeps the one-time prekeys of {} back, and says that 100 are left",
                        of()
                    ),
                };
                let mut lines = vec![lie, format!("{arrives} of {device} arrives")];
                if swap == Swap::WithoutPreKey {
                    lines.push("the intermediary is honest again".to_owned());
                }
                lines
            }
            Deed::Forge { from, to } => vec![
                format!(
                    "the intermediary forges a first message from {} to {}",
                    name(from),
                    name(to)
                ),
                format!("{} looks for messages", name(to)),
            ],
            Deed::Replay(to) => vec![
                format!("the intermediary replays the last message to {}", name(to)),
                format!("{} looks for messages", name(to)),
            ],
            Deed::Reverse(to) => vec![
                "the intermediary reverses its answers".to_owned(),
                format!("{} looks for messages", name(to)),
                "the intermediary is honest again".to_owned(),
            ],
            Deed::Fetch(of) => vec![format!("strangers fetch 2 bundles of {}", name(of))],
            Deed::Intrude(to) => vec![format!("1 stranger offers a hotel key to {}", name(to))],
            Deed::Share(to) => vec![format!(
                "1 stranger with the invitation \"{}\" offers a hotel key to {}",
                words::link(&world.setting.bounds, to, 1),
                name(to)
            )],
            Deed::Send { payload, to } => vec![
                format!(
                    "Mallory's phone sends {} called \"the trap\" to {}",
                    self.liar.payloads[usize::from(payload)],
                    name(to)
                ),
                format!("{} looks for messages", name(to)),
            ],
            Deed::Trouble(place) => {
                let (of, lie) = self.liar.troubles[usize::from(place)];
                ["bundle request", "submission"]
                    .map(|kind| {
                        format!(
                            "the intermediary answers every {kind} for {} with \"{}\"",
                            name(of),
                            lie.name()
                        )
                    })
                    .to_vec()
            }
        }
    }

    fn rest(&self, past: Past) -> Past {
        Past {
            trouble: past.trouble,
            believed: past.believed,
            ..self.beginning()
        }
    }

    fn broken(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        state: &State<Past>,
    ) -> Option<usize> {
        for who in world.setting.bounds.everybody() {
            let actor = state.actors[usize::from(who)];
            let attack = self.judged.shared((actor, state.clock), || {
                let facts = world.facts(scratch, actor);
                let waiting = facts
                    .waiting()
                    .iter()
                    .map(|request| world.requests.get(*request));
                let waiting: Vec<Arc<Request>> = waiting.collect();
                let now = world.setting.bounds.clock_of(who, state.clock);
                let addresses = &world.setting.addresses;
                let keys = &self.tools(world).keys;
                keys.judge(addresses, &world.actors.get(actor), &waiting, now)
                    .map_or(0, Attack::mark)
            });
            if attack != 0 {
                return Some(usize::from(attack) - 1);
            }
        }
        None
    }

    /// Whoever is in trouble is not served; everybody else is.
    fn may_fail(&self, past: Past, deal: &Deal) -> bool {
        let place = usize::from(past.trouble).checked_sub(1);
        let troubled = place.is_some_and(|place| {
            let (of, _) = self.liar.troubles[place];
            deal.from == of || deal.to == of
        });
        past.believed || troubled
    }

    fn given(&self, world: &World<Self>) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.liar.payloads.is_empty() {
            lines.push("Given Mallory has a phone".to_owned());
            // The link was passed on.
            let bounds = &world.setting.bounds;
            lines.extend(bounds.links.iter().map(|(_, of)| {
                let link = words::link(bounds, *of, 1);
                format!("Given Mallory's phone takes the invitation \"{link}\"")
            }));
        }
        if self.liar.swaps.contains(&Swap::Former) {
            let devices = world.setting.bounds.devices.iter();
            lines.extend(devices.map(|device| {
                let moment = former(device);
                format!("Given the state of {device} is saved as \"{moment}\"")
            }));
        }
        lines
    }

    fn then(&self, world: &World<Self>, end: &State<Past>, broken: usize) -> Vec<String> {
        let Some(attack) = Attack::at(broken) else {
            return Vec::new();
        };
        let bounds = &world.setting.bounds;
        let everything = || "When everything arrives".to_owned();
        // Whom it is about: who is judged so now.
        let about = bounds.everybody().find(|who| {
            let actor = end.actors[usize::from(*who)];
            let judged = self.judged.shared((actor, end.clock), || 0);
            judged == attack.mark()
        });
        let about = about.unwrap_or_default();
        let name = |who: Who| bounds.devices[usize::from(who)];
        let device = name(about);
        let now = bounds.now(end.clock);
        let store = |of: Who| {
            let post = world.posts.get(end.post);
            let of = world.setting.addresses[usize::from(of)];
            let store = post.intermediary.store();
            let keys = store.one_time_pre_keys(&of, now);
            (keys, store.mailbox_length(&of, now))
        };
        match attack {
            Attack::Overheard => vec![everything()],
            Attack::Impostor => vec![format!("Then {device} is told \"untrusted-identity\"")],
            Attack::Unnamed => vec!["Then it is refused with \"untrusted-identity\"".to_owned()],
            Attack::SessionLost => {
                let to = 1;
                let (keys, _) = store(to);
                vec![
                    everything(),
                    format!("Then {keys} one-time prekeys of {} are left", name(to)),
                ]
            }
            Attack::Wedged => {
                let mut lines = vec![everything(), "When 1 minute passes".to_owned()];
                let wallet = &world.actors.get(end.actors[usize::from(about)]).wallet;
                let stuck = wallet.unasked();
                let address = |who: Who| world.setting.addresses[usize::from(who)];
                let mut deals = bounds.deals.iter();
                let facts = world.facts(&mut Scratch::default(), end.actors[usize::from(about)]);
                let deal = deals.position(|deal| {
                    let place = bounds.deals.iter().position(|other| other == deal);
                    let known = place.is_some_and(|place| facts.deals[place].state != 0);
                    known
                        && (deal.from == about && stuck.contains(&address(deal.to))
                            || deal.to == about && stuck.contains(&address(deal.from)))
                });
                if let Some(deal) = deal.map(|deal| &bounds.deals[deal]) {
                    let (who, state) = if deal.from == about {
                        (deal.to, "R:Invited")
                    } else {
                        (deal.from, "S:Completed")
                    };
                    lines.push(format!(
                        "Then {} is in \"{state}\" with \"{}\"",
                        name(who),
                        deal.name
                    ));
                }
                lines
            }
            Attack::Intruded => bounds
                .everybody()
                .map(|of| format!("Then {} messages wait for {}", store(of).1, name(of)))
                .collect(),
            Attack::Drained => bounds
                .everybody()
                .map(|of| {
                    format!(
                        "Then {} one-time prekeys of {} are left",
                        store(of).0,
                        name(of)
                    )
                })
                .collect(),
            Attack::LinkShared => vec![format!("Then 1 transfer of {device} is in \"R:Invited\"")],
            Attack::Overdue => vec![
                "When the clock moves on by 31 days".to_owned(),
                format!("When {device} looks at the clock"),
                format!("Then {device} is in \"R:Expired\" with \"the trap\""),
            ],
            Attack::StaleBundle => vec![format!("Then {} is told \"stale-statement\"", name(0))],
            _ => vec![everything()],
        }
    }

    fn properties(&self) -> &'static [Property] {
        attack::all()
    }

    /// A device whose messages all wait for somebody who is in trouble waits as long as the trouble lasts.
    fn excuses(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        state: &State<Past>,
        who: Who,
    ) -> bool {
        let Some(place) = usize::from(state.extra.trouble).checked_sub(1) else {
            return false;
        };
        let (of, _) = self.liar.troubles[place];
        let of = world.setting.addresses[usize::from(of)];
        let facts = world.facts(scratch, state.actors[usize::from(who)]);
        let mut waiting = facts.waiting().iter();
        waiting.all(|request| recipient(&world.requests.get(*request).body) == Some(of))
    }
}

/// What a scenario calls the state of a device in the beginning.
#[must_use]
pub fn former(device: &str) -> String {
    format!("the beginning of {device}")
}

/// The state with what an attack has come to.
pub(super) fn marked<E>(state: State<E>, attack: Attack) -> State<E> {
    State {
        broken: attack.mark(),
        ..state
    }
}

/// The state after one deed more.
fn done_with(mut state: State<Past>, believed: bool) -> State<Past> {
    state.extra.deeds += 1;
    state.extra.believed |= believed;
    state
}

/// Whether nobody can see through a lie about that request: it is an answer of the right kind, or a refusal that ends it.
fn is_believed(lie: Lie, asked: &Body) -> bool {
    match lie {
        Lie::Refused(ErrorCode::RateLimited | ErrorCode::MailboxFull) => false,
        Lie::Refused(ErrorCode::Forbidden) => !matches!(asked, Body::Submit(_)),
        Lie::Refused(_) => true,
        Lie::Done => !matches!(
            asked,
            Body::FetchBundle { .. } | Body::Read { .. } | Body::CountOneTimePreKeys { .. }
        ),
        Lie::NothingWaits => false,
        Lie::OtherKind => false,
        Lie::OwnKeys | Lie::FullBatch => true,
        Lie::More | Lie::OfAnotherDevice | Lie::OfAnotherUser => false,
    }
}

/// The device that a message is for.
fn recipient(body: &Body) -> Option<Address> {
    match body {
        Body::FetchBundle { address, .. } => Some(*address),
        Body::Submit(submission) => Some(submission.recipient),
        _ => None,
    }
}

/// The reading that waits with a device.
fn reading(
    world: &World<Hostile>,
    scratch: &mut Scratch,
    state: &State<Past>,
    who: Who,
) -> Option<u32> {
    let facts = world.facts(scratch, state.actors[usize::from(who)]);
    let is_reading = |request: &u32| matches!(world.requests.get(*request).body, Body::Read { .. });
    facts.waiting().iter().copied().find(is_reading)
}

/// The messages of an answer.
fn messages(world: &World<Hostile>, answer: u32) -> Vec<Envelope> {
    if answer == NONE {
        return Vec::new();
    }
    match &*world.answers.get(answer) {
        Ok(Answer::Envelopes { envelopes }) => envelopes.clone(),
        _ => Vec::new(),
    }
}

impl Stranger {
    /// It has asked to join, and nobody knows of it yet.
    fn new() -> Option<Self> {
        let mut draws = Draws::new("a stranger", 0);
        let suite = suite::ALL[0];
        let address = Address {
            user_id: UserId::random(&mut draws).ok()?,
            device_id: DeviceId::try_from(1).ok()?,
        };
        let keys = PreKeyStore::random(&[suite], &address, BEGINNING, &mut draws).ok()?;
        let wallet = Wallet::new(Device::new(suite, address, keys));
        let mut wallet = wallet.with_limits(small::WALLET);
        let joins = WalletEvent::Register { sponsor: None };
        let effects = wallet.step(joins, BEGINNING, &mut draws).ok()?;
        let register = effects.into_iter().find_map(|effect| match effect {
            Effect::Request(request) => Some(request),
            _ => None,
        })?;
        let joined = WalletEvent::Answer {
            request: register.id.clone(),
            answer: Ok(Answer::Done),
        };
        wallet.step(joined, BEGINNING, &mut draws).ok()?;
        Some(Stranger { register, wallet })
    }

    /// A request of its own.
    fn request(&self, body: Body) -> Option<Request> {
        Some(Request {
            id: RequestId::random(&mut Draws::new("a stranger asks", 0)).ok()?,
            token: self.wallet.token().cloned(),
            body,
        })
    }

    /// The intermediary once it has joined.
    fn joined(&self, world: &World<Hostile>, at: &State<Past>, now: Timestamp) -> Post {
        let mut post = Post::clone(&world.posts.get(at.post));
        // Where it has joined already, nothing changes.
        let _ = post.handle(&self.register, now);
        post
    }

    fn bundle(
        &self,
        post: &mut Post,
        address: Address,
        access_key: Option<AccessKey>,
        now: Timestamp,
    ) -> Option<BundleFields> {
        let request = self.request(Body::FetchBundle {
            address,
            access_key,
        })?;
        match post.handle(&request, now) {
            Ok(Answer::Bundle { bundle }) => Some(bundle),
            _ => None,
        }
    }

    /// Whether a bundle comes with a one-time prekey, for somebody without a link.
    fn is_given_a_pre_key(
        &self,
        world: &World<Hostile>,
        at: &State<Past>,
        of: Address,
        now: Timestamp,
    ) -> bool {
        let mut post = self.joined(world, at, now);
        let bundle = self.bundle(&mut post, of, None, now);
        bundle.is_some_and(|bundle| bundle.one_time_pre_key.is_some())
    }

    /// Whether a message is taken, of somebody without a link.
    fn intrudes(
        &self,
        world: &World<Hostile>,
        at: &State<Past>,
        to: Address,
        now: Timestamp,
    ) -> bool {
        let mut post = self.joined(world, at, now);
        let Some(bundle) = self.bundle(&mut post, to, None, now) else {
            return false;
        };
        let mut draws = Draws::new("a stranger offers", 0);
        let mut device = self.wallet.device().clone();
        let message = device
            .process_bundle(&bundle, &mut draws)
            .and_then(|_| device.encrypt(&to, b"nothing", &mut draws));
        let Ok(message) = message else {
            return false;
        };
        let Ok(registration_id) = bundle.registration_id.try_into() else {
            return false;
        };
        let request = self.request(Body::Submit(Submission {
            recipient: to,
            access_key: AccessKey::from(Secret::new([7; 32])),
            registration_id,
            kind: message.kind,
            message: message.bytes.as_slice().into(),
            lifetime: None,
        }));
        request.is_some_and(|request| post.handle(&request, now).is_ok())
    }

    /// The intermediary once the stranger has offered something by that link.
    fn offers(
        &self,
        world: &World<Hostile>,
        at: &State<Past>,
        link: &str,
        now: Timestamp,
    ) -> Option<Post> {
        let invitation: Invitation = link.parse().ok()?;
        let mut post = self.joined(world, at, now);
        let mut wallet = self.wallet.clone();
        let mut draws = Draws::new("a stranger with a link", 0);
        for event in [
            WalletEvent::TakeInvitation(link.to_owned()),
            WalletEvent::Offer(Offer {
                to: invitation.address,
                what: Offered::AuthorizationToken(b"what a stranger offers".to_vec().into()),
                lifetime: None,
                again: false,
            }),
        ] {
            let mut events = VecDeque::from([event]);
            for _ in 0..PATIENCE {
                let Some(event) = events.pop_front() else {
                    break;
                };
                for effect in wallet.step(event, now, &mut draws).unwrap_or_default() {
                    if let Effect::Request(request) = effect {
                        let answer = post.handle(&request, now);
                        let request = request.id;
                        events.push_back(WalletEvent::Answer { request, answer });
                    }
                }
            }
        }
        Some(post)
    }

    /// What no wallet writes, by that link, in a first message to its maker.
    fn payload(&self, name: &str, link: &str, to: &Device, now: Timestamp) -> Option<Envelope> {
        let suite = suite::ALL[0];
        let invitation: Invitation = link.parse().ok()?;
        let mut draws = Draws::new("a peer", 0);
        let mut device = self.wallet.device().clone();
        let by = payloads::By {
            sender: device.party(),
            link: &invitation,
            answers: Secret::new([9; 32]),
        };
        let transfer = TransferId::random(&mut draws).ok()?;
        let plaintext = payloads::plaintext(name, suite, transfer, by, now).ok()?;
        let message = forgery::first_message(&mut device, to, &plaintext, &mut draws).ok()?;
        Some(forgery::envelope(
            device.address(),
            to.address(),
            message,
            now,
        ))
    }
}
