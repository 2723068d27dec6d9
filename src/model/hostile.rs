//! A dishonest intermediary, strangers, and a peer that does not keep to the profile.

use super::explorer::explore;
use super::stateful::CAR;
use super::stateless::ROOM;
use super::world::attack;
use super::world::lies::{Hostile as Adversary, Liar, Swap};
use super::world::property::{Goals, goals_of};
use super::world::{self, Bounds, Deal, What, Wish, World};
use super::{Limits, Model, Outcome, Progress, Property};
use crate::conformance::scenario::lies::Lie;
use crate::conformance::small;
use crate::error_code::ErrorCode;
use crate::timestamp::DAY;

/// The model.
#[derive(Debug)]
pub struct Hostile;

/// What of the world must be possible among lies.
const OF_THE_WORLD: Goals = goals_of![
    Offered,
    Completed,
    MayBeOut,
    HearsDecline,
    Invited,
    TokenProvisioned,
    Declines,
    Waits,
    GivenUp,
];

/// One of each kind: of the codes that a wallet does not tell apart, one.
const LIES: &[Lie] = &[
    Lie::Done,
    Lie::NothingWaits,
    Lie::OtherKind,
    Lie::Refused(ErrorCode::NotFound),
    Lie::Refused(ErrorCode::StaleRegistration),
    Lie::Refused(ErrorCode::MailboxFull),
    Lie::Refused(ErrorCode::Forbidden),
    Lie::Refused(ErrorCode::Unauthorized),
];

const SWAPS: &[Swap] = &[
    Swap::OwnKeys,
    Swap::Of(0),
    Swap::KeysOf(0),
    Swap::Former,
    Swap::WithoutPreKey,
];

const PAYLOADS: &[&str] = &[
    "an offer in an unknown format",
    "an offer that expires in the year 9999",
    "an offer of another version",
    "an offer that is not padded",
    "an offer with a wrong MAC",
    "an offer without a MAC",
    "something that is no offer",
];

/// Every lie, everything forged, and everything handed out again.
const EVERYTHING: Liar = Liar {
    deeds: 1,
    lies: LIES,
    swaps: SWAPS,
    forges: true,
    replays: true,
    strangers: true,
    payloads: &[],
    troubles: &[],
};

/// Back, without a link: it is refused.
const BACK: Deal = Deal {
    name: "the way back",
    from: 1,
    to: 0,
    what: What::HotelKey,
    lifetime: None,
};

const WISHES: &[Wish] = &[
    Wish::Offer(0),
    Wish::Accept(0),
    Wish::Decline(0),
    Wish::Cancel(0, 0),
    Wish::Offer(1),
];

/// One offer among lies; nothing is lost.
const PLAIN: Bounds = Bounds {
    words: "1 hotel key; 1 lie, forgery, replay or stranger",
    devices: &["Ben's phone", "Ryan's phone"],
    links: &[(0, 1)],
    deals: &[ROOM, BACK],
    wishes: WISHES,
    moments: &[0],
    skew: [0; 3],
    losses: 0,
    copies: 0,
    late_answers: 0,
    slow_reading: false,
    end: 31 * DAY,
    limits: small::WALLET,
    post_limits: small::INTERMEDIARY,
    goals: OF_THE_WORLD,
};

/// Two receivers, one of whom is in trouble; and the first one's token for the second.
const TWO: Bounds = Bounds {
    words: "2 hotel keys for 2 receivers, every request for one of them refused or answered wrongly from some moment on",
    devices: &["Ben's phone", "Ryan's phone", "Rhea's phone"],
    links: &[(0, 1), (0, 2)],
    deals: &[
        ROOM,
        Deal {
            name: "the suite",
            to: 2,
            ..ROOM
        },
        Deal {
            name: "the room again",
            to: 2,
            what: What::TokenOf {
                deal: 0,
                insists: false,
            },
            ..ROOM
        },
    ],
    wishes: &[
        Wish::Offer(0),
        Wish::Offer(1),
        Wish::Offer(2),
        Wish::Accept(0),
        Wish::Accept(1),
        Wish::Accept(2),
        Wish::Cancel(0, 0),
    ],
    ..PLAIN
};

const TROUBLE: Liar = Liar {
    troubles: &[
        (2, Lie::Refused(ErrorCode::MailboxFull)),
        (2, Lie::Refused(ErrorCode::Forbidden)),
        (2, Lie::OtherKind),
        (2, Lie::Refused(ErrorCode::StaleRegistration)),
    ],
    ..Liar::HONEST
};

/// A rung: what happens, and who lies.
const BOUNDS: &[(Bounds, Liar)] = &[
    (PLAIN, EVERYTHING),
    (
        Bounds {
            words: "1 hotel key; a peer with the same link, and what no wallet writes; clocks before and after 40 days",
            moments: &[0, 48 * 3600, 31 * DAY, 41 * DAY],
            end: 75 * DAY,
            ..PLAIN
        },
        Liar {
            payloads: PAYLOADS,
            swaps: &[Swap::Former],
            strangers: true,
            ..Liar::HONEST
        },
    ),
    (TWO, TROUBLE),
    (
        Bounds {
            words: "1 hotel key; 1 lie, forgery, replay or stranger; 1 answer lost, 1 request repeated",
            losses: 1,
            copies: 1,
            ..PLAIN
        },
        EVERYTHING,
    ),
    (
        Bounds {
            words: "1 car key; 1 lie, forgery, replay or stranger; 1 answer lost, 1 request repeated",
            deals: &[CAR, BACK],
            losses: 1,
            copies: 1,
            ..PLAIN
        },
        EVERYTHING,
    ),
    (
        Bounds {
            words: "2 hotel keys for 2 receivers, one in trouble from some moment on; 1 answer lost, 1 request repeated",
            losses: 1,
            copies: 1,
            ..TWO
        },
        TROUBLE,
    ),
    (
        Bounds {
            words: "1 hotel key; 2 lies, forgeries, replays or strangers; 1 answer lost, 1 request repeated",
            losses: 1,
            copies: 1,
            ..PLAIN
        },
        Liar {
            deeds: 2,
            ..EVERYTHING
        },
    ),
];

/// What makes it smaller.
const REDUCTIONS: &[&str] = &[
    world::REDUCTIONS[0],
    world::REDUCTIONS[1],
    world::REDUCTIONS[2],
    world::REDUCTIONS[3],
    "Of the codes that a wallet does not tell apart one is answered: left out are the others, which the scenarios have.",
    "What a stranger without a link leaves at the intermediary, its registration and the answers to it, is not kept: nobody else can see it.",
    "The keys that the intermediary draws for itself are drawn once for each address, in the beginning.",
    "Whoever is in trouble stays so: left out is what happens when the trouble ends.",
];

impl Model for Hostile {
    fn name(&self) -> &'static str {
        "hostile"
    }

    fn about(&self) -> &'static str {
        "Ben's phone offers keys to Ryan's and to Rhea's. The intermediary lies, forges, replays, swaps bundles and draws keys of its own; strangers come, with a link that was passed on and without one; a peer sends what no wallet writes."
    }

    fn bounds(&self) -> Vec<String> {
        BOUNDS
            .iter()
            .map(|(bounds, _)| bounds.words.to_owned())
            .collect()
    }

    fn properties(&self) -> &'static [Property] {
        attack::all()
    }

    fn goals(&self) -> &'static [Property] {
        OF_THE_WORLD.words
    }

    fn reductions(&self) -> &'static [&'static str] {
        REDUCTIONS
    }

    fn explore(
        &self,
        rung: usize,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Outcome {
        let (bounds, liar) = BOUNDS[rung].clone();
        let world = World::with(bounds, Adversary::new(liar));
        explore(&world, limits, progress)
    }
}
