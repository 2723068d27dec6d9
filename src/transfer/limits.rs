//! The limits of profile section 9, as data: a test shrinks them, so that it meets them early.

use super::Offer;
use crate::requirement::flawed;
use crate::timestamp::DAY;

/// How long transfers live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// How long a transfer lives where its offer does not say, in seconds (XFER-10).
    pub default_lifetime: u64,
    /// How long it lives at most, in seconds (XFER-10).
    pub lifetime: u64,
}

impl Limits {
    /// Those of the profile.
    pub const PROFILE: Limits = Limits {
        default_lifetime: 2 * DAY,
        lifetime: 30 * DAY,
    };

    pub(super) fn lifetime_of(&self, offer: &Offer) -> u64 {
        offer
            .lifetime
            .unwrap_or(flawed!("XFER-10 default", self.default_lifetime, DAY))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::PROFILE
    }
}
