//! The time by which everything expires.

use crate::timestamp::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, or one that stands still until somebody moves it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    stands_at: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// The system's.
    #[must_use]
    pub fn system() -> Self {
        Clock::default()
    }

    /// One for tests: it stands at the system's time of this moment until [`Clock::advance`] moves it.
    #[must_use]
    pub fn standing() -> Self {
        Clock::standing_at(system())
    }

    /// One that stands at that time.
    #[must_use]
    pub fn standing_at(now: Timestamp) -> Self {
        Clock {
            stands_at: Some(Arc::new(AtomicU64::new(now.0))),
        }
    }

    /// The time, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.stands_at {
            None => system(),
            Some(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Whether it can be moved.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        self.stands_at.is_some()
    }

    /// Moves a standing clock forward, never back. Whether it stands there now.
    #[must_use]
    pub fn advance(&self, to: Timestamp) -> bool {
        self.stands_at
            .as_ref()
            .is_some_and(|at| at.fetch_max(to.0, Ordering::SeqCst) <= to.0)
    }
}

fn system() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_goes_forward_alone_and_the_systems_is_not_moved() {
        let clock = Clock::standing();
        let then = clock.now();
        assert!(clock.advance(Timestamp(then.0 + 5)));
        assert!(!clock.advance(then));
        assert_eq!(clock.now(), Timestamp(then.0 + 5));
        assert!(!Clock::system().advance(Timestamp(u64::MAX)));
        assert!(Clock::system().now() < Timestamp(u64::MAX));
    }
}
