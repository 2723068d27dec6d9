//! Where two texts differ: byte by byte in hexadecimal and in other texts without a blank that are as long, else what stands
//! between their common beginning and their common end.

use crate::conformance::run::Cause;

/// Whether what was expected and what came say the same kind of thing, so that it tells something where they differ.
pub(super) fn is_alike(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Answer | Cause::Code | Cause::State | Cause::Restart | Cause::Step | Cause::Outline
    )
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Never empty.
    pub(super) text: &'a str,
    /// Whether the other text has something else here.
    pub(super) differs: bool,
}

/// So many digits and more are bytes in hexadecimal, two digits each, where nothing of a word is before or behind them.
const BYTES: usize = 8;

/// The parts of both texts, in order: what is the same in both and what is not take turns.
pub(super) fn between<'a>(one: &'a str, other: &'a str) -> [Vec<Part<'a>>; 2] {
    let (ones, others) = (units(one), units(other));
    let least = ones.len().min(others.len());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let before = ones.iter().zip(&others).take_while(same).count();
    let behind = ones.iter().rev().zip(others.iter().rev());
    let behind = behind.take(least - before).take_while(same).count();
    let [middle, other_middle] = [&ones, &others].map(|units| &units[before..units.len() - behind]);
    let is_closed = |units: &[&str]| !units.iter().any(|unit| unit.contains(char::is_whitespace));
    let by_unit =
        middle.len() == other_middle.len() && is_closed(middle) && is_closed(other_middle);
    let differs = |at: usize, of: &[&str]| {
        let place = at.wrapping_sub(before);
        at >= before
            && at < of.len() - behind
            && !(by_unit && middle.get(place) == other_middle.get(place))
    };
    [(one, &ones), (other, &others)].map(|(text, units)| {
        let mut parts: Vec<Part<'a>> = Vec::new();
        let (mut from, mut to) = (0, 0);
        for (at, unit) in units.iter().enumerate() {
            let differs = differs(at, units);
            if parts.last().is_none_or(|part| part.differs != differs) {
                from = to;
                parts.push(Part { text: "", differs });
            }
            to += unit.len();
            if let Some(part) = parts.last_mut() {
                part.text = &text[from..to];
            }
        }
        parts
    })
}

/// A text cut into what is compared: bytes where it is hexadecimal, else characters.
fn units(text: &str) -> Vec<&str> {
    let is_digit = |c: char| c.is_ascii_hexdigit();
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // A word is a run of letters and digits.
        let word = rest.find(|c: char| !c.is_alphanumeric());
        let word = &rest[..word.unwrap_or(rest.len())];
        let step =
            if word.len() >= BYTES && word.len().is_multiple_of(2) && word.chars().all(is_digit) {
                2
            } else {
                0
            };
        let end = word.len().max(first.len_utf8());
        let mut at = 0;
        while at < end {
            let width = match rest[at..].chars().next() {
                Some(_) if step > 0 => step,
                Some(c) => c.len_utf8(),
                None => break,
            };
            units.push(&rest[at..at + width]);
            at += width;
        }
        rest = &rest[end..];
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    fn whole(parts: &[Part]) -> String {
        parts.iter().map(|part| part.text).collect()
    }

    fn same(parts: &[Part]) -> String {
        let same = parts.iter().filter(|part| !part.differs);
        same.map(|part| part.text).collect()
    }

    /// What differs, in brackets.
    fn marked(parts: &[Part]) -> String {
        let parts = parts.iter().map(|part| {
            let [before, behind] = if part.differs { ["[", "]"] } else { [""; 2] };
            format!("{before}{}{behind}", part.text)
        });
        parts.collect()
    }

    #[test]
    fn what_differs_is_marked() {
        for (one, other, marked_one, marked_other) in [
            (
                "\"05c0ffee00\"",
                "\"05c0fe0000\"",
                "\"05c0[ffee]00\"",
                "\"05c0[fe00]00\"",
            ),
            (
                "05c0ffee00",
                "06c0ffee01",
                "[05]c0ffee[00]",
                "[06]c0ffee[01]",
            ),
            ("deadbeefdead", "deadbeef", "deadbeef[dead]", "deadbeef"),
            (
                "S:Provisioned",
                "S:Offered",
                "S:[Provision]ed",
                "S:[Offer]ed",
            ),
            (
                "{\"a\":1,\"b\":2}",
                "{\"a\":3,\"b\":4}",
                "{\"a\":[1],\"b\":[2]}",
                "{\"a\":[3],\"b\":[4]}",
            ),
            (
                "a key is lost",
                "a bar is cast",
                "a [key is lo]st",
                "a [bar is ca]st",
            ),
            ("", "x", "", "[x]"),
        ] {
            let [a, b] = between(one, other);
            assert_eq!([marked(&a), marked(&b)], [marked_one, marked_other]);
        }
    }

    proptest! {
        /// Nothing is lost, what is not marked is the same on both sides, and nothing is marked where nothing differs.
        #[test]
        fn what_is_not_marked_is_the_same(one in "[ab0-3ü \"]{0,24}", other in "[ab0-3ü \"]{0,24}") {
            let [a, b] = between(&one, &other);
            prop_assert_eq!(whole(&a), &*one);
            prop_assert_eq!(whole(&b), &*other);
            prop_assert_eq!(same(&a), same(&b));
            for parts in [&a, &b] {
                prop_assert!(parts.iter().all(|part| !part.text.is_empty()));
                prop_assert!(parts.windows(2).all(|two| two[0].differs != two[1].differs));
            }
            let marks = [&a, &b].map(|parts| parts.iter().any(|part| part.differs));
            prop_assert_eq!(marks != [false; 2], one != other);
        }

        /// Of as many bytes exactly those are marked that differ.
        #[test]
        fn exactly_the_bytes_are_marked_that_differ(
            (one, changes) in (4..60_usize).prop_flat_map(|n| (
                proptest::collection::vec(any::<u8>(), n),
                proptest::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], n),
            ))
        ) {
            let other: Vec<u8> = one.iter().zip(&changes).map(|(byte, change)| byte ^ change).collect();
            let texts = [&one, &other].map(|bytes| format!("\"{}\"", HEXLOWER.encode(bytes)));
            for parts in between(&texts[0], &texts[1]) {
                let digits = parts.iter().flat_map(|part| part.text.chars().map(|_| part.differs));
                let digits: Vec<bool> = digits.collect();
                let inner = &digits[1..digits.len() - 1];
                let marked: Vec<bool> = inner.chunks(2).map(|two| two[0] && two[1]).collect();
                prop_assert!(inner.chunks(2).all(|two| two[0] == two[1]));
                prop_assert_eq!(marked, changes.iter().map(|change| *change != 0).collect::<Vec<_>>());
            }
        }

        /// Of bytes that are left out or put in somewhere, none is marked that both have before or behind.
        #[test]
        fn what_is_put_in_is_marked_alone(
            before in proptest::collection::vec(0..9_u8, 4..20),
            more in proptest::collection::vec(10..20_u8, 1..9),
            behind in proptest::collection::vec(0..9_u8, 4..20),
        ) {
            let one = HEXLOWER.encode(&[&before[..], &behind].concat());
            let other = HEXLOWER.encode(&[&before[..], &more, &behind].concat());
            let [a, b] = between(&one, &other);
            prop_assert_eq!(marked(&a), &*one);
            let more = HEXLOWER.encode(&more);
            let (before, behind) = (HEXLOWER.encode(&before), HEXLOWER.encode(&behind));
            prop_assert_eq!(marked(&b), format!("{before}[{more}]{behind}"));
        }
    }
}
