//! What a wallet is held to, as data: a test shrinks it, so that it meets it early.

use crate::requirement::flawed;
use crate::timestamp::DAY;
use crate::{sesame, transfer};

/// The limits of a wallet and its parts: how long things live, how much it asks the intermediary for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Those of its device.
    pub device: sesame::Limits,
    /// Those of its links and transfers.
    pub transfers: transfer::Limits,
    /// Below so many one-time prekeys at the intermediary, more are published (MBX-04).
    pub few_one_time_pre_keys: u32,
    /// How many are published at once.
    pub more_one_time_pre_keys: usize,
    /// How often the wallet asks how many are left, in seconds.
    pub count_interval: u64,
    /// The most messages that a reading asks for.
    pub read: u32,
    /// How many links of others a wallet has at most (INV-05).
    pub taken_invitations: usize,
    /// How long the access key for the answers lives, in seconds: as long as an offer by the link can be made and live.
    pub answers_lifetime: u64,
    /// After so many wrong answers a request is given up (WAL-02).
    pub wrong_answers: u8,
}

impl Limits {
    /// Those of the profile.
    pub const PROFILE: Limits = Limits {
        device: sesame::Limits::PROFILE,
        transfers: transfer::Limits::PROFILE,
        few_one_time_pre_keys: 10,
        more_one_time_pre_keys: 20,
        count_interval: DAY,
        read: 100,
        taken_invitations: 1_000 - transfer::Limits::PROFILE.invitations,
        answers_lifetime: 61 * DAY,
        wrong_answers: 5,
    };
}

impl Default for Limits {
    /// Those of the profile.
    fn default() -> Self {
        let profile = Limits::PROFILE;
        Limits {
            device: sesame::Limits::default(),
            transfers: transfer::Limits::default(),
            few_one_time_pre_keys: flawed!(
                "MBX-04 nine",
                flawed!("MBX-04 ten", profile.few_one_time_pre_keys, 11),
                9
            ),
            more_one_time_pre_keys: flawed!(
                "MBX-04 nineteen more",
                flawed!("MBX-04 twenty-one more", profile.more_one_time_pre_keys, 21),
                19
            ),
            count_interval: flawed!(
                "MBX-04 every hour",
                flawed!("MBX-04 every other day", profile.count_interval, 2 * DAY),
                60 * 60
            ),
            wrong_answers: flawed!(
                "WAL-02 fourth",
                flawed!("WAL-02 sixth", profile.wrong_answers, 6),
                4
            ),
            ..profile
        }
    }
}
