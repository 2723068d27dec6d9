//! Points in time, always handed in: the engine has no clock.

use serde::{Deserialize, Serialize};
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Timestamp(pub u64);

/// Seconds in a day.
pub const DAY: u64 = 24 * 60 * 60;

impl Timestamp {
    /// Seconds from `earlier` to here; 0 where `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `YYYY-MM-DDThh:mm:ssZ`, as RFC 3339 and ISO 8601 have it; none after 9999.
    #[must_use]
    pub fn rfc3339(self) -> Option<String> {
        let seconds = i64::try_from(self.0).ok()?;
        let date = UtcDateTime::from_unix_timestamp(seconds).ok()?;
        date.format(&Rfc3339).ok()
    }

    /// So many seconds from here; the end of time where there are not so many.
    #[must_use]
    pub fn after(self, seconds: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds))
    }
}
