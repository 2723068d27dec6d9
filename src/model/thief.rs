//! A thief who reads along, or runs the copy.

use super::explorer::explore;
use super::stateful::CAR;
use super::stateless::ROOM;
use super::world::thief::{Burglar, Thief as Adversary};
use super::world::{self, Bounds, Deal, Wish, World, attack};
use super::{Limits, Model, Outcome, Progress, Property};
use crate::conformance::small;
use crate::timestamp::DAY;

/// The model.
#[derive(Debug)]
pub struct Thief;

const SUITE: Deal = Deal {
    name: "the suite",
    ..ROOM
};

const BACK: Deal = Deal {
    name: "the way back",
    from: 1,
    to: 0,
    ..ROOM
};

/// Two keys, one after the other or both at once.
const PLAIN: Bounds = Bounds {
    words: "2 hotel keys; the receiver's state is copied, and the intermediary lies once for the thief",
    devices: &["Ben's phone", "Ryan's phone"],
    links: &[(0, 1)],
    deals: &[ROOM, SUITE],
    wishes: &[Wish::Offer(0), Wish::Accept(0), Wish::Offer(1)],
    moments: &[0],
    skew: [0; 3],
    losses: 0,
    copies: 0,
    late_answers: 0,
    slow_reading: false,
    end: 31 * DAY,
    limits: small::WALLET,
    post_limits: small::INTERMEDIARY,
    goals: world::thief::OF_THE_WORLD,
};

/// It reads along, and the intermediary helps it once.
const PASSIVE: Burglar = Burglar {
    of: 1,
    peer: 0,
    runs: false,
    forges: false,
    rolls_back: false,
    lies: 1,
};

/// It runs the copy.
const ACTIVE: Burglar = Burglar {
    runs: true,
    lies: 0,
    ..PASSIVE
};

const BOUNDS: &[(Bounds, Burglar)] = &[
    (PLAIN, PASSIVE),
    (
        Bounds {
            words: "2 hotel keys; a copy of the receiver is run",
            ..PLAIN
        },
        ACTIVE,
    ),
    (
        Bounds {
            words: "a hotel key each way; a cancel is forged with the receiver's stolen keys",
            links: &[(0, 1), (1, 0)],
            deals: &[ROOM, BACK],
            wishes: &[
                Wish::Offer(0),
                Wish::Accept(0),
                Wish::Offer(1),
                Wish::Accept(1),
            ],
            ..PLAIN
        },
        Burglar {
            forges: true,
            lies: 0,
            ..PASSIVE
        },
    ),
    (
        Bounds {
            words: "2 hotel keys; the sender is put back to an older state",
            ..PLAIN
        },
        Burglar {
            rolls_back: true,
            lies: 0,
            ..PASSIVE
        },
    ),
    (
        Bounds {
            words: "a car key and a hotel key; the receiver's state is copied, and the intermediary lies once for the thief; 1 answer lost, 1 request repeated",
            deals: &[CAR, SUITE],
            losses: 1,
            copies: 1,
            ..PLAIN
        },
        PASSIVE,
    ),
    (
        Bounds {
            words: "a car key and a hotel key; a copy of the receiver is run; 1 answer lost, 1 request repeated",
            deals: &[CAR, SUITE],
            losses: 1,
            copies: 1,
            ..PLAIN
        },
        ACTIVE,
    ),
    (
        Bounds {
            words: "a car key and a hotel key; the sender's state is copied, and the intermediary lies once for the thief; 1 answer lost, 1 request repeated",
            deals: &[CAR, SUITE],
            losses: 1,
            copies: 1,
            ..PLAIN
        },
        Burglar {
            of: 0,
            peer: 1,
            ..PASSIVE
        },
    ),
];

/// What makes it smaller.
const REDUCTIONS: &[&str] = &[
    world::REDUCTIONS[0],
    world::REDUCTIONS[1],
    world::REDUCTIONS[2],
    world::REDUCTIONS[3],
    "A thief tries what the device is sent, with the sessions and keys that it has copied, and looks back at the last reading alone: left out is what the device itself sends, which its copied sending chain tells until the next step of the ratchet.",
    "No month passes: after one of silence the session is replaced, and a copy that has the intermediary's help is taken for the device (a stated limit, which the scenarios show).",
];

impl Model for Thief {
    fn name(&self) -> &'static str {
        "thief"
    }

    fn about(&self) -> &'static str {
        "Mallory copies what one device has saved, at any moment. She reads along, with the intermediary's help; or she runs the copy, which opens sessions, reads the device's mailbox and answers; or she forges messages with the stolen keys."
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
        world::thief::goals()
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
        let (bounds, burglar) = BOUNDS[rung].clone();
        let world = World::with(bounds, Adversary::new(burglar));
        explore(&world, limits, progress)
    }
}
