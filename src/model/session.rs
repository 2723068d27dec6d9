//! Model `session`: two devices.

use super::devices::{Ladder, Setting};
use crate::conformance::correspondence::Bounds;

fn small() -> Bounds {
    Bounds::profile().skipped(1, 2).chains(2)
}

fn chains() -> Bounds {
    Bounds::profile().chains(3)
}

fn openings() -> Bounds {
    Bounds::profile()
        .inactive(1)
        .openings(2)
        .one_time_pre_keys(0)
}

const RUNGS: &[Setting] = &[
    Setting {
        words: "2 letters; 1 lost, 1 repeated",
        letters: 2,
        losses: 1,
        repetitions: 1,
        ..Setting::NOTHING
    },
    Setting {
        words: "3 letters; 1 lost, 1 repeated, 1 out of order; both may open a further session",
        letters: 3,
        openings: 1,
        losses: 1,
        repetitions: 1,
        reorderings: 1,
        ..Setting::NOTHING
    },
    Setting {
        words: "6 letters; 1 key skipped, 2 kept, 2 chains remembered; 2 lost, 1 repeated, 3 out of order",
        bounds: small,
        letters: 6,
        losses: 2,
        repetitions: 1,
        reorderings: 3,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "6 letters; 3 chains remembered; 1 lost, 2 repeated, 3 out of order",
        bounds: chains,
        letters: 6,
        losses: 1,
        repetitions: 2,
        reorderings: 3,
        ..Setting::NOTHING
    },
    Setting {
        words: "3 letters, 3 further sessions; 1 inactive session, 2 openings, no one-time prekeys; 1 repeated; both keys named, 1 session given up",
        bounds: openings,
        letters: 3,
        confided: 1,
        named: true,
        openings: 3,
        repetitions: 1,
        renewals: 1,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "5 letters, 3 further sessions; 1 inactive session, 2 openings, no one-time prekeys; 2 repeated, 1 out of order",
        bounds: openings,
        letters: 5,
        openings: 3,
        repetitions: 2,
        reorderings: 1,
        converges: false,
        ..Setting::NOTHING
    },
    Setting {
        words: "6 letters, 1 further session; 2 lost, 2 repeated, 3 out of order",
        letters: 6,
        openings: 1,
        losses: 2,
        repetitions: 2,
        reorderings: 3,
        ..Setting::NOTHING
    },
];

/// The model.
pub const MODEL: Ladder = Ladder {
    name: "session",
    about: "Two devices of two users write letters to each other, and open sessions at once. The network loses, repeats and turns round; somebody damages \
         letters, passes them on in other names and changes bundles.",
    rungs: RUNGS,
};
