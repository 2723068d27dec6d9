//! The limits of profile section 7, as data: a test shrinks them, so that it meets them early.

use crate::requirement::flawed;
use crate::timestamp::DAY;

/// How much an intermediary takes, keeps and hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The longest message, in bytes (MBX-11).
    pub message_length: usize,
    /// The most messages in a mailbox beyond those that are always taken (MBX-11).
    pub mailbox: usize,
    /// So many messages of each access key are always taken (MBX-11).
    pub always_taken: usize,
    /// The most messages of one access key in a mailbox (MBX-23).
    pub mailbox_of_access_key: usize,
    /// The most one-time prekeys of a device (MBX-02).
    pub one_time_pre_keys: usize,
    /// How long a one-time prekey is handed out after it was published, in seconds (MBX-03).
    pub one_time_pre_key_lifetime: u64,
    /// How long a message is kept at most, in seconds (MBX-10).
    pub lifetime: u64,
    /// The most messages that one answer holds (MBX-08).
    pub read: u32,
    /// The most messages that one request acknowledges (MBX-09).
    pub acknowledged: usize,
    /// How many answers to one device are remembered; those go first that were remembered first (MBX-13).
    pub answers: usize,
    /// How long an answer is remembered, in seconds (MBX-13).
    pub answer_lifetime: u64,
    /// The most access keys of a device (MBX-20).
    pub access_keys: usize,
    /// How far ahead an access key may expire, in seconds (MBX-20).
    pub access_key_lifetime: u64,
    /// How many one-time prekeys are handed out for one access key in all (MBX-17).
    pub one_time_pre_keys_of_access_key: u32,
    /// The oldest statement that is taken, in seconds (MBX-24).
    pub statement_age: u64,
    /// How far a statement may be ahead of the intermediary's clock, in seconds (MBX-24).
    pub statement_ahead: u64,
}

impl Limits {
    /// Those of the profile.
    pub const PROFILE: Limits = Limits {
        message_length: 96 * 1024,
        mailbox: 1_000,
        always_taken: 4,
        mailbox_of_access_key: 40,
        one_time_pre_keys: 200,
        one_time_pre_key_lifetime: 60 * DAY,
        lifetime: 30 * DAY,
        read: 100,
        acknowledged: 1_000,
        answers: 1_000,
        answer_lifetime: DAY,
        access_keys: 1_000,
        access_key_lifetime: 63 * DAY,
        one_time_pre_keys_of_access_key: 10,
        statement_age: 9 * DAY,
        statement_ahead: DAY,
    };

    /// The most messages that a mailbox ever holds: those that are always taken of as many access keys as a device may
    /// have, and the others (MBX-11). Messages of access keys that were withdrawn count, too.
    #[must_use]
    pub fn mailbox_in_all(&self) -> usize {
        let always = self.access_keys.saturating_mul(self.always_taken);
        always.saturating_add(self.mailbox)
    }
}

impl Default for Limits {
    /// Those of the profile.
    fn default() -> Self {
        let profile = Limits::PROFILE;
        Limits {
            message_length: flawed!(
                "MBX-11 byte less",
                flawed!("MBX-11 byte more", profile.message_length, 96 * 1024 + 1),
                96 * 1024 - 1
            ),
            mailbox: flawed!(
                "MBX-11 999",
                flawed!("MBX-11 1,001", profile.mailbox, 1_001),
                999
            ),
            always_taken: flawed!(
                "MBX-11 three of each",
                flawed!("MBX-11 five of each", profile.always_taken, 5),
                3
            ),
            mailbox_of_access_key: flawed!(
                "MBX-23 39",
                flawed!("MBX-23 41", profile.mailbox_of_access_key, 41),
                39
            ),
            one_time_pre_keys: flawed!(
                "MBX-02 199",
                flawed!("MBX-02 201", profile.one_time_pre_keys, 201),
                199
            ),
            one_time_pre_key_lifetime: flawed!(
                "MBX-03 second less",
                flawed!(
                    "MBX-03 second more",
                    profile.one_time_pre_key_lifetime,
                    60 * DAY + 1
                ),
                60 * DAY - 1
            ),
            lifetime: flawed!(
                "MBX-10 lifetime a second less",
                flawed!(
                    "MBX-10 lifetime a second more",
                    profile.lifetime,
                    30 * DAY + 1
                ),
                30 * DAY - 1
            ),
            read: flawed!("MBX-08 99", flawed!("MBX-08 101", profile.read, 101), 99),
            acknowledged: flawed!(
                "MBX-09 999",
                flawed!("MBX-09 1,001", profile.acknowledged, 1_001),
                999
            ),
            answers: flawed!(
                "MBX-13 999",
                flawed!("MBX-13 1,001", profile.answers, 1_001),
                999
            ),
            answer_lifetime: flawed!(
                "MBX-13 second less",
                flawed!("MBX-13 second more", profile.answer_lifetime, DAY + 1),
                DAY - 1
            ),
            access_keys: flawed!(
                "MBX-20 999",
                flawed!("MBX-20 1,001", profile.access_keys, 1_001),
                999
            ),
            access_key_lifetime: flawed!(
                "MBX-20 second less",
                flawed!(
                    "MBX-20 second more",
                    profile.access_key_lifetime,
                    63 * DAY + 1
                ),
                63 * DAY - 1
            ),
            one_time_pre_keys_of_access_key: flawed!(
                "MBX-17 nine",
                flawed!("MBX-17 eleven", profile.one_time_pre_keys_of_access_key, 11),
                9
            ),
            statement_age: flawed!(
                "MBX-24 age a second less",
                flawed!(
                    "MBX-24 age a second more",
                    profile.statement_age,
                    9 * DAY + 1
                ),
                9 * DAY - 1
            ),
            statement_ahead: flawed!(
                "MBX-24 ahead a second less",
                flawed!(
                    "MBX-24 ahead a second more",
                    profile.statement_ahead,
                    DAY + 1
                ),
                DAY - 1
            ),
        }
    }
}
