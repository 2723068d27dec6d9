//! Who is there, and how often what may happen.

use crate::conformance::correspondence::Bounds;

/// One rung of a ladder.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Setting {
    /// In words.
    pub words: &'static str,
    /// Two (a phone of each of two users) or four (a watch of each beside it).
    pub devices: u8,
    /// What each device is held to.
    pub bounds: fn() -> Bounds,
    /// Letters in all.
    pub letters: u8,
    /// Whether a letter may go to all devices of a user, beside those to one device.
    pub to_users: bool,
    /// Letters of provisioning information, of all letters.
    pub confided: u8,
    /// Whether the phones have named each other's keys from the start.
    pub named: bool,
    /// Keys that are named later.
    pub namings: u8,
    /// Sessions opened with a bundle though there is one.
    pub openings: u8,
    /// Letters that are lost.
    pub losses: u8,
    /// Letters that come twice.
    pub repetitions: u8,
    /// Openings that come with another registration id in them.
    pub misled: u8,
    /// Letters that come before an earlier one.
    pub reorderings: u8,
    /// Seconds from the beginning at which something may happen, rising; the beginning is the first, and is left out.
    pub moments: &'static [u64],
    /// Devices that leave or come back.
    pub removals: u8,
    /// Devices that are made anew, at the same address.
    pub resets: u8,
    /// Devices that are forgotten by another's user.
    pub forgotten: u8,
    /// Sessions that a user gives up for provisioning information.
    pub renewals: u8,
    /// Answers of the intermediary that are not true.
    pub lies: u8,
    /// Whether something may happen between two answers to one send.
    pub races: bool,
    /// Whether two devices at rest must come to one session: with small bounds they may lose one.
    pub converges: bool,
}

impl Setting {
    /// Two devices that do nothing.
    pub const NOTHING: Setting = Setting {
        words: "",
        devices: 2,
        bounds: Bounds::profile,
        letters: 0,
        to_users: false,
        confided: 0,
        named: false,
        namings: 0,
        openings: 0,
        losses: 0,
        repetitions: 0,
        misled: 0,
        reorderings: 0,
        moments: &[],
        removals: 0,
        resets: 0,
        forgotten: 0,
        renewals: 0,
        lies: 0,
        races: false,
        converges: true,
    };
}
