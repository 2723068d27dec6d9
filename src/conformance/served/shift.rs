//! How far the server's clock is from the case's.

use crate::timestamp::Timestamp;

/// So many seconds are the server's times after the case's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift(i64);

impl Shift {
    /// From a time of the case to the same time there.
    pub(super) fn between(case: Timestamp, there: Timestamp) -> Self {
        let later = i64::try_from(there.0.abs_diff(case.0)).unwrap_or(i64::MAX);
        Shift(if there < case { -later } else { later })
    }

    /// A time of the case, there. One that no clock shows stays as it is.
    pub(super) fn there(self, seconds: u64) -> u64 {
        seconds.checked_add_signed(self.0).unwrap_or(seconds)
    }

    /// A time there, in the case.
    pub(super) fn back(self, seconds: u64) -> u64 {
        let back = self.0.checked_neg();
        back.and_then(|back| seconds.checked_add_signed(back))
            .unwrap_or(seconds)
    }
}
