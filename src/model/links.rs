//! Links that are made, taken and withdrawn, keys that are compared and forgotten, a device that leaves.

use super::stateless;
use super::world::property::goals_of;
use super::world::{Bounds, Deal, Ladder, Wish};

const PLAIN: Bounds = Bounds {
    words: "1 link, 1 offer; 1 answer lost",
    links: &[],
    wishes: &[
        Wish::MakeLink(1, 1),
        Wish::TakeLink(0, 1, 1),
        Wish::Offer(0),
        Wish::Accept(0),
        Wish::Cancel(0, 0),
    ],
    losses: 1,
    goals: goals_of![
        Offered,
        Completed,
        Invited,
        TokenProvisioned,
        LinkMade,
        LinkTaken,
        LinkWithdrawn,
        Waits,
        Compared,
        PinDropped,
        Left,
    ],
    ..stateless::PLAIN
};

/// The ladder, smallest first.
const BOUNDS: &[Bounds] = &[
    PLAIN,
    Bounds {
        words: "2 links, which are withdrawn, 1 offer",
        wishes: &[
            Wish::MakeLink(1, 2),
            Wish::TakeLink(0, 1, 2),
            Wish::WithdrawLink(1),
            Wish::Offer(0),
            Wish::Accept(0),
        ],
        losses: 0,
        ..PLAIN
    },
    Bounds {
        words: "1 link, which is taken twice, 2 offers; the sender drops the pin",
        deals: &[
            stateless::ROOM,
            Deal {
                name: "the other room",
                ..stateless::ROOM
            },
        ],
        wishes: &[
            Wish::MakeLink(1, 1),
            Wish::TakeLink(0, 1, 2),
            Wish::DropPin(0, 1),
            Wish::Offer(0),
            Wish::Offer(1),
            Wish::Accept(0),
        ],
        losses: 0,
        ..PLAIN
    },
    Bounds {
        words: "1 offer by a link and 1 back to a key that was compared; the receiver drops the pin",
        links: &[(0, 1)],
        deals: &[
            stateless::ROOM,
            Deal {
                name: "the other room",
                from: 1,
                to: 0,
                ..stateless::ROOM
            },
        ],
        wishes: &[
            Wish::Offer(0),
            Wish::Accept(0),
            Wish::Compare(1, 0),
            Wish::DropPin(1, 0),
            Wish::Offer(1),
            Wish::Accept(1),
        ],
        losses: 0,
        ..PLAIN
    },
    Bounds {
        words: "1 offer, and either device leaves",
        links: &[(0, 1)],
        wishes: &[
            Wish::Offer(0),
            Wish::Accept(0),
            Wish::Cancel(0, 0),
            Wish::Leave(0),
            Wish::Leave(1),
        ],
        losses: 0,
        ..PLAIN
    },
];

/// The model.
pub const MODEL: Ladder = Ladder {
    name: "links",
    about: "Ryan's phone makes links, and Ben's phone takes them and offers by them; links are withdrawn, numbers compared, pins dropped, devices leave. The intermediary is honest.",
    rungs: BOUNDS,
    quick: 1,
};
