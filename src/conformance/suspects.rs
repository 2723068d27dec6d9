//! Which requirement a run speaks of first: what an implementer looks at before anything else.
//!
//! A case carries several requirements, and a mistake fails cases of several. The requirement that is broken is the one whose own
//! cases fail, and that of most of those that fail: each is ranked by `failed / sqrt(carried)`, where `failed` is how many of the
//! failed cases carry it that none before it explains, and `carried` how many of all that were asked do. (So Ochiai's measure ranks
//! what a fault lies in, by what fails; its further factor is the same for all.) A requirement that stands first in a case counts
//! there twice, since that is what the case is about. What the first one explains is set aside, and the next is looked for in what
//! is left, so that several mistakes are each named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A case that was asked.
pub(super) struct Asked<'a> {
    /// The requirements that its outcome speaks of, the first first.
    pub(super) requirements: Vec<&'a str>,
    pub(super) failed: bool,
}

/// A requirement that explains failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// Its id.
    pub requirement: String,
    /// How many failed cases it explains that none before it does.
    pub failed: u32,
    /// How many cases carry it that were asked.
    pub carried: u32,
}

/// What the failures of a run are explained by, the first first.
pub(super) fn suspects(asked: &[Asked]) -> Vec<Suspect> {
    let mut carried: BTreeMap<&str, u32> = BTreeMap::new();
    for id in asked.iter().flat_map(|case| &case.requirements) {
        *carried.entry(id).or_default() += 1;
    }
    let mut left: Vec<&Asked> = asked.iter().filter(|case| case.failed).collect();
    let mut suspects = Vec::new();
    while let Some(first) = most_likely(&left, &carried) {
        let before = left.len();
        left.retain(|case| !case.requirements.contains(&first));
        suspects.push(Suspect {
            requirement: first.to_owned(),
            failed: u32::try_from(before - left.len()).unwrap_or(u32::MAX),
            carried: carried.get(first).copied().unwrap_or_default(),
        });
    }
    suspects
}

/// The requirement that explains most of these failures for how often it is carried; of equals the one that comes first.
fn most_likely<'a>(failed: &[&Asked<'a>], carried: &BTreeMap<&str, u32>) -> Option<&'a str> {
    let mut weights: Vec<(&'a str, u32)> = Vec::new();
    for case in failed {
        for (place, id) in case.requirements.iter().enumerate() {
            let weight = if place == 0 { 2 } else { 1 };
            match weights.iter_mut().find(|(known, _)| known == id) {
                Some((_, sum)) => *sum += weight,
                None => weights.push((id, weight)),
            }
        }
    }
    let rank = |(id, weight): &(&str, u32)| {
        let carried = carried.get(id).copied().unwrap_or(1);
        f64::from(*weight) / f64::from(carried).sqrt()
    };
    let mut likely: Option<&(&'a str, u32)> = None;
    for one in &weights {
        if likely.is_none_or(|other| rank(one) > rank(other)) {
            likely = Some(one);
        }
    }
    likely.map(|(id, _)| *id)
}
