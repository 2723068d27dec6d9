//! Small bounds, for models and for the scenarios that they print: everything that is bounded meets its bound early, and
//! there is little of anything.

use crate::timestamp::DAY;
use crate::{intermediary, sesame, transfer, wallet};

/// What a wallet is held to.
pub const WALLET: wallet::Limits = wallet::Limits {
    device: sesame::Limits {
        max_inactive_sessions: 3,
        ..sesame::Limits::PROFILE
    },
    transfers: transfer::Limits {
        under_way: 2,
        known: 4,
        offered: 4,
        invitation_transfers: 3,
        invitations: 2,
        ..transfer::Limits::PROFILE
    },
    few_one_time_pre_keys: 1,
    more_one_time_pre_keys: 2,
    count_interval: DAY,
    read: 2,
    taken_invitations: 2,
    ..wallet::Limits::PROFILE
};

/// What the intermediary is held to.
pub const INTERMEDIARY: intermediary::Limits = intermediary::Limits {
    mailbox: 2,
    always_taken: 1,
    mailbox_of_access_key: 3,
    one_time_pre_keys: 4,
    read: 2,
    access_keys: 4,
    one_time_pre_keys_of_access_key: 1,
    ..intermediary::Limits::PROFILE
};
