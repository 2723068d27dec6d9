//! The clock of this machine, read here alone: everything below is told the time.

use std::time::{Duration, Instant};
use tigress_signal::conformance::stopwatch::Stopwatch;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The day, in UTC: `2026-01-31`.
pub(super) fn today() -> String {
    OffsetDateTime::now_utc().date().to_string()
}

/// The time to the second, in UTC: `2026-01-31T23:59:59Z`.
pub(super) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let to_the_second = now.replace_nanosecond(0).unwrap_or(now);
    // Years have four digits for some time to come.
    to_the_second.format(&Rfc3339).unwrap_or_default()
}

/// How long it is since it was made; a clock that is set meanwhile changes nothing.
#[derive(Debug)]
pub(super) struct Since(Instant);

impl Since {
    pub(super) fn now() -> Self {
        Since(Instant::now())
    }
}

impl Stopwatch for Since {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
