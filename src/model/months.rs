//! Months go by: prekeys, links, tokens and sessions grow old, and clocks differ.

use super::stateless;
use super::world::property::goals_of;
use super::world::{Bounds, Deal, Ladder, What, Wish};
use crate::timestamp::DAY;

/// A room for as long as an offer can live.
const ROOM: Deal = Deal {
    lifetime: Some(30 * DAY),
    ..stateless::ROOM
};

const PLAIN: Bounds = Bounds {
    words: "1 offer for 30 days; clocks at 0, 7, 8 and 39 days",
    deals: &[ROOM],
    wishes: &[
        Wish::Offer(0),
        Wish::Accept(0),
        Wish::Decline(0),
        Wish::Cancel(0, 0),
    ],
    moments: &[0, 7 * DAY, 8 * DAY, 39 * DAY],
    end: 130 * DAY,
    goals: goals_of![
        Offered,
        Completed,
        SenderExpires,
        AfterExpiry,
        ReceiverExpires,
        TokenProvisioned,
        Twice,
        GivenUp,
        LinkOver,
        OfferedAgain,
        NotAgain,
        KeyReplaced,
        MorePreKeys,
        Forgotten,
    ],
    ..stateless::PLAIN
};

/// The ladder, smallest first.
const BOUNDS: &[Bounds] = &[
    Bounds {
        words: "1 offer; Ben's clock is 49 hours behind",
        deals: &[stateless::ROOM],
        moments: &[0],
        skew: [-49 * 3600, 0, 0],
        ..PLAIN
    },
    Bounds {
        words: "1 offer; Ben's clock is 25 hours ahead",
        deals: &[stateless::ROOM],
        moments: &[0],
        skew: [25 * 3600, 0, 0],
        ..PLAIN
    },
    PLAIN,
    Bounds {
        words: "1 link; clocks at 0, a second before its end, at it and a day after it",
        links: &[],
        deals: &[stateless::ROOM],
        wishes: &[
            Wish::MakeLink(1, 1),
            Wish::TakeLink(0, 1, 1),
            Wish::Offer(0),
            Wish::Accept(0),
        ],
        moments: &[0, 7 * DAY - 1, 7 * DAY, 8 * DAY],
        ..PLAIN
    },
    Bounds {
        words: "1 offer; 1 answer lost, 1 request repeated; clocks at 0 and 25 hours",
        deals: &[stateless::ROOM],
        moments: &[0, 25 * 3600],
        losses: 1,
        copies: 1,
        ..PLAIN
    },
    Bounds {
        words: "2 links, 1 token offered twice; clocks at 0, 36, 41 and 61 days",
        links: &[],
        deals: &[
            stateless::ROOM,
            Deal {
                name: "the room again",
                what: What::TokenOf {
                    deal: 0,
                    insists: false,
                },
                ..stateless::ROOM
            },
            Deal {
                name: "the room once more",
                what: What::TokenOf {
                    deal: 0,
                    insists: true,
                },
                ..stateless::ROOM
            },
        ],
        wishes: &[
            Wish::MakeLink(1, 2),
            Wish::TakeLink(0, 1, 2),
            Wish::Offer(0),
            Wish::Accept(0),
            Wish::Offer(1),
            Wish::Offer(2),
        ],
        moments: &[0, 36 * DAY, 41 * DAY, 61 * DAY],
        end: 160 * DAY,
        ..PLAIN
    },
];

/// The model.
pub const MODEL: Ladder = Ladder {
    name: "months",
    about: "Ben's phone offers Ryan's phone a hotel key, and months go by in between: prekeys are replaced, links and offers end, tokens are forgotten. The intermediary is honest.",
    rungs: BOUNDS,
    quick: 0,
};
