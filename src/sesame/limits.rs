//! The bounds of section 6.

use crate::requirement::flawed;
use crate::timestamp::DAY;
use crate::{agreement, suite};

/// The bounds that a device keeps to. They are data: a device can be run with smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The most inactive sessions kept with one device (SES-04).
    pub max_inactive_sessions: usize,
    /// MAXSEND: a session in which nothing was read for this long, in seconds, is not sent in (SES-13).
    pub max_send: u64,
    /// MAXRECV: a session in which nothing was read for this long, in seconds, is erased (SES-13).
    pub max_recv: u64,
    /// The most submissions of one send (SES-14).
    pub max_rounds: u8,
    /// How long prekeys live, and, as MAXLATENCY, what is known of a device that is gone (KEY-08, SES-11); what is
    /// taken of others' statements and openings.
    pub pre_keys: agreement::Limits,
    /// The bounds of every session; where there are none, those of its suite.
    pub session: Option<suite::Limits>,
}

impl Limits {
    /// Those of the profile.
    pub const PROFILE: Limits = Limits {
        max_inactive_sessions: 40,
        max_send: 30 * DAY,
        max_recv: 90 * DAY,
        max_rounds: 5,
        pre_keys: agreement::Limits::PROFILE,
        session: None,
    };
}

impl Default for Limits {
    /// Those of the profile.
    fn default() -> Self {
        let profile = Limits::PROFILE;
        Limits {
            max_inactive_sessions: flawed!(
                "SES-04 39",
                flawed!("SES-04 41", profile.max_inactive_sessions, 41),
                39
            ),
            max_send: flawed!(
                "SES-13 send a second less",
                flawed!(
                    "SES-13 send a second more",
                    profile.max_send,
                    profile.max_send + 1
                ),
                profile.max_send - 1
            ),
            max_recv: flawed!(
                "SES-13 second early",
                flawed!("SES-13 second late", profile.max_recv, profile.max_recv + 1),
                profile.max_recv - 1
            ),
            max_rounds: flawed!(
                "SES-14 four rounds",
                flawed!("SES-14 six rounds", profile.max_rounds, 6),
                4
            ),
            pre_keys: agreement::Limits::default(),
            session: None,
        }
    }
}
