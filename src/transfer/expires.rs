//! `expires`: a point in time as a payload writes it (PAY-10).

use crate::requirement::flawed;
use crate::timestamp::Timestamp;
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

/// The day after the last of a month that has 30 or fewer, which is the first of the next one: so `Date` of JavaScript reads
/// it.
#[cfg(feature = "flaws")]
fn rolled_over(text: &str) -> Option<Timestamp> {
    let (month, day) = (text.get(5..7)?, text.get(8..10)?);
    let next = month.parse::<u8>().ok()?.checked_add(1)?;
    let rolls = matches!(
        (month, day),
        ("04" | "06" | "09" | "11", "31") | ("02", "30")
    );
    let first = if day == "30" { "02" } else { "01" };
    let rolled = format!("{}{next:02}-{first}{}", text.get(..5)?, text.get(10..)?);
    if rolls { read(&rolled) } else { None }
}

/// Reads what [`Timestamp::rfc3339`] writes, and nothing else.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    flawed!("PAY-10 lower case", (), {
        let upper = text.to_ascii_uppercase();
        if upper != text {
            return read(&upper);
        }
    });
    flawed!("PAY-10 offset of zero", (), {
        if let Some(local) = text.strip_suffix("+00:00") {
            return read(&format!("{local}Z"));
        }
    });
    flawed!("PAY-10 line feed", (), {
        if let Some(line) = text.strip_suffix('\n') {
            return read(line);
        }
    });
    flawed!("PAY-10 rolled over", (), {
        if let Some(rolled) = rolled_over(text) {
            return Some(rolled);
        }
    });
    let date = UtcDateTime::parse(text, &Rfc3339).ok()?;
    let expires = Timestamp(u64::try_from(date.unix_timestamp()).ok()?);
    // RFC 3339 has other forms of the same instant: fractions, offsets, lower case, a leap second.
    let canonical = expires.rfc3339()? == text;
    flawed!("PAY-10 any form", canonical, true).then_some(expires)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::timestamp::Timestamp;
    use proptest::prelude::*;

    /// 9999-12-31T23:59:59Z.
    const LAST: u64 = 253_402_300_799;

    /// Days from 1970-01-01, counted year by year and month by month.
    fn days(year: u64, month: u64, day: u64) -> u64 {
        let leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let lengths = [
            31,
            28 + u64::from(leap(year)),
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ];
        let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
        let months: u64 = (1..month).zip(lengths).map(|(_, length)| length).sum();
        years + months + day - 1
    }

    proptest! {
        #[test]
        fn every_second_from_1970_to_9999_has_its_one_form(seconds in 0..=LAST) {
            let text = Timestamp(seconds).rfc3339().expect("in range");
            prop_assert_eq!(text.len(), 20);
            prop_assert_eq!(read(&text), Some(Timestamp(seconds)));
        }

        #[test]
        fn the_calendar_is_the_gregorian_one(
            year in 1970_u64..=9999, month in 1_u64..=12, day in 1_u64..=28,
            hour in 0_u64..24, minute in 0_u64..60, second in 0_u64..60,
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
            prop_assert_eq!(read(&text), Some(Timestamp(seconds)));
        }

        #[test]
        fn whatever_is_read_is_what_is_written(text in "[0-9]{4}-[0-3][0-9]-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.0)?(Z|z|[+-]00:00)") {
            if let Some(expires) = read(&text) {
                prop_assert_eq!(expires.rfc3339(), Some(text));
            }
        }
    }

    #[test]
    fn years_before_1970_and_after_9999_have_no_form() {
        assert_eq!(
            Timestamp(LAST).rfc3339().as_deref(),
            Some("9999-12-31T23:59:59Z")
        );
        assert_eq!(Timestamp(LAST + 1).rfc3339(), None);
        assert_eq!(Timestamp(u64::MAX).rfc3339(), None);
        assert_eq!(read("1969-12-31T23:59:59Z"), None);
        assert_eq!(read("10000-01-01T00:00:00Z"), None);
    }
}
