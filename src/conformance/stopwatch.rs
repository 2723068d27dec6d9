//! How long something takes, as whoever runs it is told.

use std::fmt;
use std::time::Duration;

/// Runs on and on; handed in, since nothing in here reads a clock for a result.
pub trait Stopwatch: fmt::Debug + Sync {
    /// How long it has run.
    fn elapsed(&self) -> Duration;
}

/// Stands still: for whoever does not ask how long anything takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopped;

impl Stopwatch for Stopped {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// A duration as JSON has it: milliseconds, to the microsecond.
pub(super) mod milliseconds {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    const ONE: Duration = Duration::from_millis(1);

    fn to_the_microsecond(duration: Duration) -> Duration {
        Duration::new(
            duration.as_secs(),
            duration.subsec_micros().saturating_mul(1_000),
        )
    }

    pub(in crate::conformance) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(to_the_microsecond(*duration).div_duration_f64(ONE))
    }

    pub(in crate::conformance) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        /// What is far from the next microsecond below is meant for the one above.
        const HALF: Duration = Duration::from_nanos(500);
        let seconds = f64::deserialize(deserializer)? / 1_000.0;
        let read = Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)?;
        let read = read.checked_add(HALF).map(to_the_microsecond);
        read.ok_or_else(|| D::Error::custom("a longer time than there is"))
    }

    #[cfg(test)]
    mod tests {
        use proptest::prelude::*;
        use serde::{Deserialize, Serialize};
        use std::time::Duration;

        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Took(#[serde(with = "super")] Duration);

        proptest! {
            #[test]
            fn a_duration_is_read_as_it_is_written(microseconds in 0..1_u64 << 50) {
                let took = Took(Duration::from_micros(microseconds));
                let text = serde_json::to_string(&took).expect("JSON");
                prop_assert_eq!(serde_json::from_str::<Took>(&text).expect(&text), took);
            }
        }

        #[test]
        fn what_is_no_duration_is_refused() {
            for text in ["-1", "1e300", "\"1\"", "null"] {
                assert!(serde_json::from_str::<Took>(text).is_err(), "{text}");
            }
            assert_eq!(
                serde_json::to_string(&Took(Duration::from_nanos(412_900))).expect("JSON"),
                "0.412"
            );
        }
    }
}
