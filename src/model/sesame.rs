//! Model `sesame`: two users, their devices, and the sessions between them.

use super::devices::{Ladder, Setting};
use crate::conformance::correspondence::Bounds;
use crate::timestamp::DAY;

fn rounds() -> Bounds {
    Bounds::profile().rounds(2)
}

fn inactive() -> Bounds {
    Bounds::profile().inactive(2)
}

const RUNGS: &[Setting] = &[
    Setting {
        words: "2 devices; 1 letter with provisioning information to a named key, 1 device made anew",
        letters: 1,
        confided: 1,
        named: true,
        resets: 1,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "2 devices; 1 letter; 8 days, 38 days and a second",
        letters: 1,
        moments: &[8 * DAY, 38 * DAY + 1],
        ..Setting::NOTHING
    },
    Setting {
        words: "2 devices; 3 letters, 1 with provisioning information; 1 device leaves, 1 is made anew, 1 key is named, 1 opening with another registration id",
        letters: 3,
        confided: 1,
        namings: 1,
        misled: 1,
        removals: 1,
        resets: 1,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "2 devices; 3 letters, 2 with provisioning information to a named key; 1 further session; 1 device forgotten, 1 session given up",
        letters: 3,
        confided: 2,
        named: true,
        openings: 1,
        forgotten: 1,
        renewals: 1,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "2 devices; 3 letters; 1 lost; 8, 31, 38 and 91 days",
        letters: 3,
        losses: 1,
        moments: &[8 * DAY, 31 * DAY, 38 * DAY + 1, 91 * DAY],
        ..Setting::NOTHING
    },
    Setting {
        words: "4 devices; 2 letters to users and devices; 1 device made anew, 2 leave or come back",
        devices: 4,
        letters: 2,
        to_users: true,
        removals: 2,
        resets: 1,
        ..Setting::NOTHING
    },
    Setting {
        words: "4 devices; 2 letters to users and devices, with races; sends of 2 rounds; 2 lies of the intermediary, 1 device leaves",
        devices: 4,
        bounds: rounds,
        letters: 2,
        to_users: true,
        removals: 1,
        lies: 2,
        races: true,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "2 devices; 5 letters, 1 with provisioning information; 3 further sessions, 2 inactive ones; 1 repeated, 1 out of order",
        bounds: inactive,
        letters: 5,
        confided: 1,
        named: true,
        openings: 3,
        repetitions: 1,
        reorderings: 1,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "2 devices; 3 letters, 1 with provisioning information; 1 device leaves or comes back, 1 made anew; 8, 31 and 62 days",
        letters: 3,
        confided: 1,
        named: true,
        removals: 2,
        resets: 1,
        moments: &[8 * DAY, 31 * DAY, 62 * DAY],
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "4 devices; 4 letters to users and devices; 1 device made anew, 1 leaves or comes back",
        devices: 4,
        letters: 4,
        to_users: true,
        removals: 1,
        resets: 1,
        ..Setting::NOTHING
    },
];

/// The model.
pub const MODEL: Ladder = Ladder {
    name: "sesame",
    about: "Two users with up to two devices each send letters to devices and to users. Devices leave, come back and are made anew; time runs out; \
         the intermediary answers late, and not always truly.",
    rungs: RUNGS,
};
