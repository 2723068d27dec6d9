//! Which numbers a file's tests have: `tcId`, for readers of Wycheproof's format.
//!
//! A test keeps its number when others are inserted before it or taken away, and a number is never given twice:
//! the file that is there already says which are taken.

use serde_json::Value;
use std::collections::BTreeMap;

/// The numbers of a file as it was made last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    by_name: BTreeMap<String, u32>,
    last: u32,
}

impl Numbers {
    /// The numbers of a vector file; none where it is no such file.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let file: Value = serde_json::from_str(text).unwrap_or_default();
        let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
        let groups = file["testGroups"].as_array().into_iter().flatten();
        let tests = groups.flat_map(|group| group["tests"].as_array().into_iter().flatten());
        let by_name: BTreeMap<String, u32> = tests
            .filter_map(|test| Some((test["name"].as_str()?.to_owned(), number(&test["tcId"])?)))
            .collect();
        let greatest = by_name.values().copied().max().unwrap_or(0);
        Numbers {
            last: number(&file["lastTcId"]).unwrap_or(0).max(greatest),
            by_name,
        }
    }

    /// The number of the test of that name: the one that it has, or the next.
    pub(crate) fn give(&mut self, name: &str) -> u32 {
        *self.by_name.entry(name.to_owned()).or_insert_with(|| {
            self.last += 1;
            self.last
        })
    }

    /// The greatest number ever given.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    const FILE: &str = r#"{"lastTcId": 4, "testGroups": [
        {"tests": [{"tcId": 1, "name": "first"}]},
        {"tests": [{"tcId": 3, "name": "third"}]}
    ]}"#;

    #[test]
    fn a_test_keeps_its_number_and_a_new_one_gets_one_that_nobody_ever_had() {
        let mut numbers = Numbers::of(FILE);
        assert_eq!(numbers.give("inserted"), 5);
        assert_eq!(numbers.give("third"), 3);
        assert_eq!(numbers.give("first"), 1);
        assert_eq!(numbers.give("another"), 6);
        assert_eq!(numbers.give("inserted"), 5);
        assert_eq!(numbers.last(), 6);
    }

    #[test]
    fn a_file_that_is_not_there_begins_at_1() {
        assert_eq!(Numbers::of("").give("first"), 1);
    }
}
