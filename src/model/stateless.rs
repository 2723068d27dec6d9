//! A hotel key, from one phone to another: the stateless flow.

use super::world::property::goals_of;
use super::world::{Bounds, Deal, Ladder, What, Wish};
use crate::conformance::small;
use crate::timestamp::DAY;

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

/// Before expiry, when the intermediary has forgotten its first answers, a second before expiry, at it; after it is where each ends.
pub(super) const CLOCKS: &[u64] = &[0, 25 * 3600, 48 * 3600 - 1, 48 * 3600];

/// The ladder, smallest first.
const BOUNDS: &[Bounds] = &[
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
        words: "1 token that is offered twice, and once more by a user who insists",
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
                name: "the room once more",
                what: What::TokenOf {
                    deal: 0,
                    insists: true,
                },
                ..ROOM
            },
        ],
        wishes: &[
            Wish::Offer(0),
            Wish::Offer(1),
            Wish::Offer(2),
            Wish::Cancel(0, 0),
        ],
        ..PLAIN
    },
    Bounds {
        words: "3 offers by 1 link, of which 2 are taken at once",
        deals: &[
            ROOM,
            Deal {
                name: "the other room",
                ..ROOM
            },
            Deal {
                name: "a third room",
                ..ROOM
            },
        ],
        wishes: &[Wish::Offer(0), Wish::Offer(1), Wish::Offer(2)],
        ..PLAIN
    },
    Bounds {
        words: "1 offer; 2 answers lost, 2 requests repeated, 2 answers late",
        losses: 2,
        copies: 2,
        late_answers: 2,
        ..PLAIN
    },
    Bounds {
        words: "1 offer; clocks at 0 and 25 hours, a second before expiry, and at it",
        moments: CLOCKS,
        ..PLAIN
    },
    Bounds {
        words: "1 offer; 1 answer lost, 1 request repeated; clocks at 0 and 25 hours, a second before expiry, and at it",
        moments: CLOCKS,
        losses: 1,
        copies: 1,
        ..PLAIN
    },
    Bounds {
        words: "1 offer; 2 answers lost, 2 requests repeated, 1 answer late; the same clocks",
        moments: CLOCKS,
        losses: 2,
        copies: 2,
        late_answers: 1,
        ..PLAIN
    },
];

/// The model.
pub const MODEL: Ladder = Ladder {
    name: "stateless",
    about: "Ben's phone offers Ryan's phone a hotel key. Answers are lost, requests repeated, answers late; the intermediary is honest.",
    rungs: BOUNDS,
    quick: 2,
};
