//! How far a rung of the model goes: data.

use crate::timestamp::DAY;

/// One rung.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// In words.
    pub words: &'static str,
    /// The requests that may be carried out, by what scenarios call them; those that never may be are in every rung.
    pub errands: &'static [&'static str],
    /// The moments that the clock goes through, in seconds from the beginning, rising; the first is 0.
    pub moments: &'static [u64],
}

const HOUR: u64 = 60 * 60;

/// The ladder, smallest first.
pub const BOUNDS: &[Bounds] = &[
    Bounds {
        words: "10 requests of 2 clients, each any number of times; now, once a message is over, once answers are forgotten",
        errands: &[
            "Ben's phone registers",
            "Ryan's phone registers",
            "Ben's phone publishes a link",
            "Ryan's phone fetches a bundle by the link",
            "Ryan's phone fetches another bundle by the link",
            "Ryan's phone submits a message by the link",
            "Ryan's phone submits another message by the link",
            "Ben's phone reads",
            "Ben's phone acknowledges the first message",
            "Ben's phone counts its one-time prekeys",
        ],
        moments: &[0, 12 * HOUR, 25 * HOUR],
    },
    Bounds {
        words: "15 requests of 2 clients, with two links that come and go; also once a link is over",
        errands: &[
            "Ben's phone registers",
            "Ryan's phone registers",
            "Ben's phone publishes a link",
            "Ben's phone publishes a further link",
            "Ben's phone withdraws the link",
            "Ben's phone publishes a further one-time prekey",
            "Ryan's phone fetches a bundle by the link",
            "Ryan's phone fetches another bundle by the link",
            "Ryan's phone fetches a bundle by the further link",
            "Ryan's phone fetches a bundle without a link",
            "Ryan's phone submits a message by the link",
            "Ryan's phone submits other words under the id of the message",
            "Ben's phone reads",
            "Ben's phone acknowledges the first message",
            "Ben's phone counts its one-time prekeys",
        ],
        moments: &[0, 12 * HOUR, 36 * HOUR],
    },
    Bounds {
        words: "15 requests of 2 clients, with three links, and mailboxes that are full",
        errands: &[
            "Ben's phone registers",
            "Ryan's phone registers",
            "Ben's phone publishes a link",
            "Ben's phone publishes a further link",
            "Ben's phone publishes a third link",
            "Ben's phone withdraws the link",
            "Ryan's phone submits a message by the link",
            "Ryan's phone submits another message by the link",
            "Ryan's phone submits a third message by the link",
            "Ryan's phone submits a message by the further link",
            "Ryan's phone submits another message by the further link",
            "Ryan's phone submits a message by the third link",
            "Ben's phone reads",
            "Ben's phone acknowledges the first message",
            "Ben's phone acknowledges the second message",
        ],
        moments: &[0],
    },
    Bounds {
        words: "17 requests of 3 clients, which come, go and take each other's places; also once a statement is too old and once one-time prekeys are",
        errands: &[
            "Ben's phone registers",
            "Ryan's phone registers",
            "Ben's watch registers",
            "Ben's phone registers anew",
            "Ben's phone leaves",
            "Ben's watch removes Ben's phone",
            "Ben's phone publishes a link",
            "Ben's phone publishes a further link",
            "Ben's phone publishes a third link",
            "Ben's phone publishes a fourth link",
            "Ben's phone publishes a signed prekey",
            "Ryan's phone fetches a bundle by the link",
            "Ryan's phone fetches another bundle by the link",
            "Ryan's phone submits a message by the link",
            "Ben's phone reads",
            "Ben's phone acknowledges the first message",
            "Ben's phone counts its one-time prekeys",
        ],
        moments: &[0, 25 * HOUR, 8 * DAY, 18 * DAY, 60 * DAY],
    },
    Bounds {
        words: "every request of 3 clients, at 8 moments",
        errands: crate::conformance::clients::ERRANDS,
        moments: &[
            0,
            12 * HOUR - 1,
            12 * HOUR,
            24 * HOUR,
            36 * HOUR,
            8 * DAY,
            18 * DAY,
            60 * DAY,
        ],
    },
];
