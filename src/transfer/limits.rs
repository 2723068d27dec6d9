//! The limits of profile section 9 and of invitations, as data: a test shrinks them, so that it meets them early.

use super::Offer;
use crate::requirement::flawed;
use crate::timestamp::{DAY, Timestamp};

/// How long transfers and invitations live, and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// How long a transfer lives where its offer does not say, in seconds (XFER-10).
    pub default_lifetime: u64,
    /// How long it lives at most, in seconds: where its receiver has it, counted from the offer's arrival (XFER-10).
    pub lifetime: u64,
    /// How long a message waits for its receiver, in seconds: the shortest that is long enough, the last for most
    /// (XFER-16). Rising.
    pub message_lifetimes: [u64; 3],
    /// How long a token that was offered is known, in seconds: longer than a transfer lives (XFER-18).
    pub offered_kept: u64,
    /// How many tokens are known at most (XFER-18).
    pub offered: usize,
    /// How long a transfer that has ended is known, in seconds (XFER-19).
    pub ended_kept: u64,
    /// How many transfers of one sender have not ended at most (XFER-20).
    pub under_way: usize,
    /// How many transfers of one sender are known at most, those that it has provisioned left out (XFER-20).
    pub known: usize,
    /// How long an invitation lives where nothing else is asked for, in seconds (INV-05).
    pub invitation_default_lifetime: u64,
    /// How long it lives at most, in seconds (INV-05).
    pub invitation_lifetime: u64,
    /// How far ahead its expiry may lie for whoever takes it, in seconds: its lifetime, and two clocks a day off each (INV-05).
    pub invitation_ahead: u64,
    /// How long it is honoured after its expiry, in seconds: as long as an offer can be on its way (INV-05).
    pub invitation_grace: u64,
    /// How many transfers it serves (INV-05).
    pub invitation_transfers: u32,
    /// How many invitations a device has at most that are not erased (INV-05).
    pub invitations: usize,
}

impl Limits {
    /// Those of the profile.
    pub const PROFILE: Limits = Limits {
        default_lifetime: 2 * DAY,
        lifetime: 30 * DAY,
        message_lifetimes: [2 * DAY, 7 * DAY, 30 * DAY],
        offered_kept: 60 * DAY,
        offered: 1000,
        ended_kept: 60 * DAY,
        under_way: 10,
        known: 100,
        invitation_default_lifetime: 7 * DAY,
        invitation_lifetime: 30 * DAY,
        invitation_ahead: 32 * DAY,
        invitation_grace: 31 * DAY,
        invitation_transfers: 10,
        invitations: 100,
    };

    /// How long a message is to wait for its receiver, in seconds, that nobody needs from `expires` on: provisioning
    /// information as shortly as will do, so that it does not lie about; any other as long as there is (XFER-16).
    #[must_use]
    pub fn message_lifetime(&self, provisioning: bool, expires: Timestamp, now: Timestamp) -> u64 {
        let [short, middle, long] = self.message_lifetimes;
        let wanted = expires.seconds_since(now);
        let lifetimes = [short, middle].into_iter();
        flawed!("XFER-16 answers too", (), {
            if !provisioning {
                return short;
            }
        });
        flawed!("XFER-16 below", (), {
            let reached = [middle, short].into_iter().filter(|_| provisioning);
            let below = reached.clone().find(|lifetime| *lifetime <= wanted);
            return below.unwrap_or(if provisioning { short } else { long });
        });
        lifetimes
            .filter(|_| flawed!("XFER-16 long", provisioning, false))
            .find(|lifetime| *lifetime >= wanted + flawed!("XFER-16 just reached", 0, 1))
            .unwrap_or(long)
    }

    pub(super) fn lifetime_of(&self, offer: &Offer) -> u64 {
        offer
            .lifetime
            .unwrap_or(flawed!("XFER-10 default", self.default_lifetime, DAY))
    }
}

impl Default for Limits {
    /// Those of the profile.
    fn default() -> Self {
        let profile = Limits::PROFILE;
        Limits {
            lifetime: flawed!(
                "XFER-10 29 days",
                flawed!("XFER-10 31 days", profile.lifetime, 31 * DAY),
                29 * DAY
            ),
            offered_kept: flawed!(
                "XFER-18 second less",
                flawed!(
                    "XFER-18 second more",
                    profile.offered_kept,
                    profile.offered_kept + 1
                ),
                profile.offered_kept - 1
            ),
            offered: flawed!(
                "XFER-18 999",
                flawed!("XFER-18 1,001", profile.offered, 1001),
                999
            ),
            ended_kept: flawed!(
                "XFER-19 second early",
                flawed!(
                    "XFER-19 second late",
                    profile.ended_kept,
                    profile.ended_kept + 1
                ),
                profile.ended_kept - 1
            ),
            under_way: flawed!(
                "XFER-20 nine",
                flawed!("XFER-20 eleven", profile.under_way, 11),
                9
            ),
            known: flawed!("XFER-20 99", flawed!("XFER-20 101", profile.known, 101), 99),
            invitation_lifetime: flawed!(
                "INV-05 lifetime a second less",
                flawed!(
                    "INV-05 lifetime a second more",
                    profile.invitation_lifetime,
                    profile.invitation_lifetime + 1
                ),
                profile.invitation_lifetime - 1
            ),
            invitation_ahead: flawed!(
                "INV-05 ahead a second less",
                flawed!(
                    "INV-05 ahead a second more",
                    profile.invitation_ahead,
                    profile.invitation_ahead + 1
                ),
                profile.invitation_ahead - 1
            ),
            invitation_grace: flawed!(
                "INV-05 grace a second less",
                flawed!(
                    "INV-05 grace a second more",
                    profile.invitation_grace,
                    profile.invitation_grace + 1
                ),
                profile.invitation_grace - 1
            ),
            invitation_transfers: flawed!(
                "INV-05 nine transfers",
                flawed!("INV-05 eleven transfers", profile.invitation_transfers, 11),
                9
            ),
            invitations: flawed!(
                "INV-05 99 invitations",
                flawed!("INV-05 101 invitations", profile.invitations, 101),
                99
            ),
            ..profile
        }
    }
}
