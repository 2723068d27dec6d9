//! A car key, whose receiver's key the sender must sign: the stateful flow. Then two transfers at once.

use super::stateless;
use super::world::property::goals_of;
use super::world::{Bounds, Deal, Ladder, What, Wish};

/// The car key.
pub(super) const CAR: Deal = Deal {
    name: "the car",
    what: What::CarKey,
    ..stateless::ROOM
};

const PLAIN: Bounds = Bounds {
    words: "1 car key; nothing is lost",
    deals: &[CAR],
    goals: goals_of![
        Offered,
        Signed,
        Completed,
        SenderCancels,
        MayBeOut,
        HearsDecline,
        HearsCancel,
        SenderExpires,
        AfterCancel,
        AfterExpiry,
        Invited,
        Requested,
        CarKeyProvisioned,
        Declines,
        ReceiverCancels,
        ReceiverHearsCancel,
        ReceiverExpires,
        Crossed,
    ],
    ..stateless::PLAIN
};

/// Everything that two users may want of two deals in one direction.
const TWO: &[Wish] = &[
    Wish::Offer(0),
    Wish::Accept(0),
    Wish::Cancel(0, 0),
    Wish::Cancel(1, 0),
    Wish::Offer(1),
    Wish::Accept(1),
    Wish::Decline(1),
    Wish::Cancel(0, 1),
];

/// The ladder, smallest first.
const BOUNDS: &[Bounds] = &[
    PLAIN,
    Bounds {
        words: "1 car key; 1 answer lost, 1 request repeated, 1 answer late",
        losses: 1,
        copies: 1,
        late_answers: 1,
        ..PLAIN
    },
    Bounds {
        words: "1 car key; 2 answers lost, 2 requests repeated, 2 answers late",
        losses: 2,
        copies: 2,
        late_answers: 2,
        ..PLAIN
    },
    Bounds {
        words: "1 car key; clocks at 0, a second before expiry, and at it",
        moments: &[0, 48 * 3600 - 1, 48 * 3600],
        ..PLAIN
    },
    Bounds {
        words: "a car key there and a hotel key back, two links; nothing is lost",
        links: &[(0, 1), (1, 0)],
        deals: &[
            CAR,
            Deal {
                from: 1,
                to: 0,
                ..stateless::ROOM
            },
        ],
        wishes: &[
            Wish::Offer(0),
            Wish::Accept(0),
            Wish::Cancel(0, 0),
            Wish::Cancel(1, 0),
            Wish::Offer(1),
            Wish::Accept(1),
            Wish::Cancel(1, 1),
        ],
        ..PLAIN
    },
    Bounds {
        words: "a car key and a hotel key for two phones, two links; nothing is lost",
        devices: &["Ben's phone", "Ryan's phone", "Rhea's phone"],
        links: &[(0, 1), (0, 2)],
        deals: &[
            CAR,
            Deal {
                to: 2,
                ..stateless::ROOM
            },
        ],
        wishes: TWO,
        ..PLAIN
    },
    Bounds {
        words: "a car key and a hotel key for one phone; 1 answer lost",
        deals: &[CAR, stateless::ROOM],
        wishes: TWO,
        losses: 1,
        ..PLAIN
    },
    Bounds {
        words: "1 car key; 1 answer lost, 1 request repeated; clocks at 0, a second before expiry, and at it",
        moments: &[0, 48 * 3600 - 1, 48 * 3600],
        losses: 1,
        copies: 1,
        ..PLAIN
    },
];

/// The model.
pub const MODEL: Ladder = Ladder {
    name: "stateful",
    about: "Ben's phone offers a car key, and with larger bounds a hotel key too, also to another phone or the other way. Answers are lost, requests repeated, answers late; the intermediary is honest.",
    rungs: BOUNDS,
    quick: 1,
};
