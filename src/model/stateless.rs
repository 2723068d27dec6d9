//! A hotel key, from one phone to another: the stateless flow.

use super::explorer::explore;
use super::world::bounds::{POST_LIMITS, WALLET_LIMITS};
use super::world::{self, Bounds, Deal, What, Wish, World, property};
use super::{Limits, Model, Outcome, Progress, Property};

/// The model.
#[derive(Debug)]
pub struct Stateless;

const ROOM: Deal = Deal {
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
const PLAIN: Bounds = Bounds {
    words: "1 offer; nothing is lost",
    devices: &["Ben's phone", "Ryan's phone"],
    links: &[(0, 1)],
    deals: &[ROOM],
    wishes: WISHES,
    moments: &[0],
    skew: [0; 3],
    losses: 0,
    copies: 0,
    late_answers: 0,
    slow_reading: false,
    limits: WALLET_LIMITS,
    post_limits: POST_LIMITS,
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
        words: "1 offer; 1 answer lost, 1 request repeated; clocks before, at and after expiry",
        moments: &[0, 47 * 3600, 48 * 3600, 49 * 3600],
        losses: 1,
        copies: 1,
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
        property::GOALS
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
