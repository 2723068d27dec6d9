//! How long a device's prekeys live, and what it takes of others' (KEY-08, KEY-10, KEY-12, X3DH-14).

use crate::requirement::flawed;
use crate::timestamp::DAY;

/// The bounds of sections 2 and 3. They are data: a device can be run with smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// A signed prekey is replaced at this age, in seconds (KEY-08).
    pub signed_pre_key_lifetime: u64,
    /// MAXLATENCY: a replaced signed prekey is kept this long, in seconds (KEY-08).
    pub max_latency: u64,
    /// A one-time prekey is kept this long after it was drawn, in seconds (KEY-12).
    pub one_time_pre_key_lifetime: u64,
    /// The oldest statement that opens a session, in seconds (KEY-10).
    pub statement_age: u64,
    /// How far a statement may be ahead of the device's clock, in seconds (KEY-10).
    pub statement_ahead: u64,
    /// How many openings without one-time prekey are taken of one identity key at one signed prekey (X3DH-14).
    pub max_openings: usize,
}

impl Limits {
    /// Those of the profile.
    pub const PROFILE: Limits = Limits {
        signed_pre_key_lifetime: 7 * DAY,
        max_latency: 30 * DAY,
        one_time_pre_key_lifetime: 90 * DAY,
        statement_age: 40 * DAY,
        statement_ahead: 2 * DAY,
        max_openings: 100,
    };
}

impl Default for Limits {
    /// Those of the profile.
    fn default() -> Self {
        let profile = Limits::PROFILE;
        Limits {
            signed_pre_key_lifetime: flawed!(
                "KEY-08 second early",
                flawed!(
                    "KEY-08 second late",
                    profile.signed_pre_key_lifetime,
                    profile.signed_pre_key_lifetime + 1
                ),
                profile.signed_pre_key_lifetime - 1
            ),
            max_latency: profile.max_latency,
            one_time_pre_key_lifetime: flawed!(
                "KEY-12 second early",
                flawed!(
                    "KEY-12 second late",
                    profile.one_time_pre_key_lifetime,
                    profile.one_time_pre_key_lifetime + 1
                ),
                profile.one_time_pre_key_lifetime - 1
            ),
            statement_age: flawed!(
                "KEY-10 age a second less",
                flawed!(
                    "KEY-10 age a second more",
                    profile.statement_age,
                    profile.statement_age + 1
                ),
                profile.statement_age - 1
            ),
            statement_ahead: flawed!(
                "KEY-10 ahead a second less",
                flawed!(
                    "KEY-10 ahead a second more",
                    profile.statement_ahead,
                    profile.statement_ahead + 1
                ),
                profile.statement_ahead - 1
            ),
            max_openings: flawed!(
                "X3DH-14 99",
                flawed!("X3DH-14 101", profile.max_openings, 101),
                99
            ),
        }
    }
}
