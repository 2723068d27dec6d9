//! How long a device's signed prekeys live (KEY-08).

use crate::timestamp::DAY;

/// The times of KEY-08. They are data: a device can be run with shorter ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// A signed prekey is replaced at this age, in seconds.
    pub signed_pre_key_lifetime: u64,
    /// MAXLATENCY: a replaced signed prekey is kept this long, in seconds.
    pub max_latency: u64,
}

impl Limits {
    /// Those of the profile: 7 days and 30 days.
    pub const PROFILE: Limits = Limits {
        signed_pre_key_lifetime: 7 * DAY,
        max_latency: 30 * DAY,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::PROFILE
    }
}
