//! A hotel key, from one phone to another: the stateless flow.

use super::explorer::explore;
use super::world::property::goals_of;
use super::world::{self, Bounds, Deal, What, Wish, World, property};
use super::{Limits, Model, Outcome, Progress, Property};
use crate::conformance::small;
use crate::timestamp::DAY;

/// The model.
#[derive(Debug)]
pub struct Stateless;

/// The hotel key.
pub(super) const ROOM: Deal = Deal {
    name: "the room",
    from: 0,
    to: 1,
    what: What::HotelKey,
    lifetime: None,
};

const WISHES: &[Wish] = &[
    Wish::Offer(0),
    Wish::Accept(0),
    Wish::Decline(0),
    Wish::Cancel(0, 0),
    Wish::Cancel(1, 0),
];

/// One offer, and nothing else happens.
pub(super) const PLAIN: Bounds = Bounds {
    words: "1 offer; nothing is lost",
    devices: &["Ben's phone", "Ryan's phone"],
    links: &[(0, 1)],
    deals: &[ROOM],
    wishes: WISHES,
    moments: &[0],
    end: 31 * DAY,
    skew: [0; 3],
    losses: 0,
    copies: 0,
    late_answers: 0,
    slow_reading: false,
    limits: small::WALLET,
    post_limits: small::INTERMEDIARY,
    goals: goals_of![
        Offered,
        Completed,
        SenderCancels,
        MayBeOut,
        HearsDecline,
        HearsCancel,
        SenderExpires,
        AfterCancel,
        AfterExpiry,
        Invited,
        TokenProvisioned,
        Declines,
        ReceiverCancels,
        ReceiverHearsCancel,
        ReceiverExpires,
        Crossed,
    ],
};

/// The ladder, smallest first.
pub const BOUNDS: &[Bounds] = &[
    PLAIN,
    Bounds {
        words: "1 offer; 1 answer lost, 1 request repeated, 1 answer late",
        losses: 1,
        copies: 1,
        late_answers: 1,
        ..PLAIN
    },
    Bounds {
        words: "1 offer; messages are asked for and read in two steps",
        slow_reading: true,
        ..PLAIN
    },
    Bounds {
        words: "1 offer; 1 answer lost, 1 request repeated; clocks before, a second before, at and after expiry",
        moments: &[0, 25 * 3600, 48 * 3600 - 1, 48 * 3600, 49 * 3600],
        losses: 1,
        copies: 1,
        ..PLAIN
    },
    Bounds {
        words: "3 offers, 1 token twice; nothing is lost",
        deals: &[
            ROOM,
            Deal {
                name: "the room again",
                what: What::TokenOf {
                    deal: 0,
                    insists: false,
                },
                ..ROOM
            },
            Deal {
                name: "another room",
                ..ROOM
            },
            Deal {
                name: "a fourth room",
                ..ROOM
            },
        ],
        wishes: &[
            Wish::Offer(0),
            Wish::Accept(0),
            Wish::Cancel(0, 0),
            Wish::Offer(1),
            Wish::Offer(2),
            Wish::Offer(3),
        ],
        ..PLAIN
    },
];

impl Model for Stateless {
    fn name(&self) -> &'static str {
        "stateless"
    }

    fn about(&self) -> &'static str {
        "Ben's phone offers Ryan's phone a hotel key. Answers are lost, requests repeated, answers late; the intermediary is honest."
    }

    fn bounds(&self) -> Vec<String> {
        BOUNDS
            .iter()
            .map(|bounds| bounds.words.to_owned())
            .collect()
    }

    fn properties(&self) -> &'static [Property] {
        property::PROPERTIES
    }

    fn goals(&self) -> &'static [Property] {
        BOUNDS[0].goals.words
    }

    fn reductions(&self) -> &'static [&'static str] {
        world::REDUCTIONS
    }

    fn explore(
        &self,
        rung: usize,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Outcome {
        explore(&World::new(BOUNDS[rung].clone()), limits, progress)
    }
}
