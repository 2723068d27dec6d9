//! Which requirement a run speaks of first: what an implementer looks at before anything else.
//!
//! A case carries several requirements, and a mistake fails cases of several. What lies low fails everything above it: where a chain key
//! is wrong no conversation succeeds, and no transfer. So the failures of one family are looked at alone: of the first, in the order in
//! which an implementer goes, in which anything fails. Of what its failed cases carry, the requirement that is broken explains most of
//! them, and is not what every case carries: each is ranked by `explained² / ∛carried`, where `explained` is how many of these failed
//! cases carry it, one that it stands first in half as much again, and `carried` how many of all that were asked do. What the first one
//! explains is set aside, and the next is looked for in what is left, so that several mistakes are each named.
//!
//! Where a flaw of the gallery fails all but the same cases of that family ([`symptoms`](super::symptoms)), the requirement that it breaks
//! is named before all others, and the flaw with it.

use super::catalogue::Catalogue;
use super::run::Cause;
use super::symptoms::{Key, Symptoms, explaining};
use super::vector::Family;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What asks that a restart changes nothing.
const OF_RESTARTS: [&str; 2] = ["XFER-15", "MBX-18"];

/// A case that was asked.
pub(super) struct Asked<'a> {
    key: Key,
    /// The requirements that its outcome speaks of, the first first.
    requirements: Vec<&'a str>,
    failed: bool,
    /// The place of its family in the order in which an implementer goes ([`Family::place`]).
    place: usize,
}

impl<'a> Asked<'a> {
    /// A case of that key and group, and the requirements that its outcome speaks of: of a failure that is of one requirement, the first alone.
    /// Of any other failure that of restarts comes last: it goes wrong without them too. In a scenario a wallet plays devices: what
    /// the intermediary alone owes is at stake in none.
    pub(super) fn new(
        key: Key,
        requirements: impl Iterator<Item = &'a str>,
        failed: bool,
        cause: Option<Cause>,
        group: &str,
        is_wallet: bool,
    ) -> Self {
        let is_of_one = cause.is_some_and(Cause::is_of_one_requirement);
        let most = if is_of_one { 1 } else { usize::MAX };
        let mut requirements: Vec<&str> = requirements.take(most).collect();
        if failed && !is_of_one {
            requirements.sort_by_key(|id| OF_RESTARTS.contains(id));
        }
        if is_wallet && group.starts_with("scenarios/") {
            let find = |id: &str| Catalogue::get().find(id);
            requirements.retain(|id| find(id).is_none_or(|it| !it.is_of_intermediaries_alone()));
        }
        Asked {
            key,
            requirements,
            failed,
            place: Family::place(group),
        }
    }
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
    /// The flaw of the gallery that fails the same, where one does: its name, and what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
}

/// What the failures of a run are explained by, the first first. Of the dictionary of flaws the row of `except` is left out.
pub(super) fn suspects(asked: &[Asked], except: Option<&str>) -> Vec<Suspect> {
    let mut carried: BTreeMap<&str, u32> = BTreeMap::new();
    for id in asked.iter().flat_map(|case| &case.requirements) {
        *carried.entry(id).or_default() += 1;
    }
    let is_left = |case: &&Asked| case.failed && !case.requirements.is_empty();
    let mut left: Vec<&Asked> = asked.iter().filter(is_left).collect();
    let keys: BTreeSet<Key> = asked.iter().map(|case| case.key).collect();
    let mut suspects = Vec::new();
    while let Some(lowest) = left.iter().map(|case| case.place).min() {
        let of_family = || left.iter().filter(|case| case.place == lowest);
        let ranked = ranked(of_family(), &carried);
        let rank = |id: &str| ranked.iter().find(|(known, _)| *known == id);
        let rank = |id: &str| rank(id).map_or(0.0, |(_, rank)| *rank);
        let failed = of_family().map(|case| case.key).collect();
        let flaws = explaining(&failed, &keys, except).into_iter();
        let flaws = flaws.filter(|flaw| carried.contains_key(flaw.requirement()));
        let flaw = first_of_highest(flaws, |flaw| rank(flaw.requirement()));
        let carried_most = first_of_highest(ranked.iter(), |(_, rank)| *rank);
        let Some(first) = flaw
            .map(Symptoms::requirement)
            .or(carried_most.map(|(id, _)| *id))
        else {
            break;
        };
        let before = left.len();
        left.retain(|case| {
            let is_of_flaw = flaw.is_some_and(|flaw| flaw.cases.contains(&case.key));
            !is_of_flaw && !case.requirements.contains(&first)
        });
        suspects.push(Suspect {
            requirement: first.to_owned(),
            failed: u32::try_from(before - left.len()).unwrap_or(u32::MAX),
            carried: carried.get(first).copied().unwrap_or_default(),
            like: flaw.and_then(Symptoms::line),
        });
    }
    suspects
}

/// How well each requirement explains what fails of a family, in the order in which they come.
fn ranked<'a: 'b, 'b>(
    failed: impl Iterator<Item = &'b &'b Asked<'a>>,
    carried: &BTreeMap<&str, u32>,
) -> Vec<(&'a str, f64)> {
    let mut explained: Vec<(&'a str, f64)> = Vec::new();
    for case in failed {
        for (place, id) in case.requirements.iter().enumerate() {
            let weight = if place == 0 { 1.5 } else { 1.0 };
            match explained.iter_mut().find(|(known, _)| known == id) {
                Some((_, sum)) => *sum += weight,
                None => explained.push((id, weight)),
            }
        }
    }
    for (id, explained) in &mut explained {
        let carried = carried.get(id).copied().unwrap_or(1);
        *explained = explained.powi(2) / f64::from(carried).cbrt();
    }
    explained
}

/// Of equals the one that comes first.
fn first_of_highest<T>(all: impl Iterator<Item = T>, rank: impl Fn(&T) -> f64) -> Option<T> {
    all.reduce(|most, one| if rank(&one) > rank(&most) { one } else { most })
}

#[cfg(test)]
mod tests {
    use super::super::symptoms::all;
    use super::*;

    fn first(ids: &[&str], cause: Cause, group: &str, is_wallet: bool) -> Option<String> {
        let ids = ids.iter().copied();
        let key = Key::of("", group, "");
        let asked = Asked::new(key, ids, true, Some(cause), group, is_wallet);
        let mut all = suspects(&[asked], None).into_iter();
        all.next().map(|suspect| suspect.requirement)
    }

    #[test]
    fn a_wallet_owes_nothing_of_what_the_intermediary_alone_owes() {
        let of = |ids: &[&str], is_wallet| first(ids, Cause::Step, "scenarios/queues", is_wallet);
        let ids = ["MBX-13", "WAL-02"];
        assert_eq!(of(&ids, true).as_deref(), Some("WAL-02"));
        assert_eq!(of(&ids, false).as_deref(), Some("MBX-13"));
        assert_eq!(of(&["MBX-13"], true), None);
        let publishes = of(&["MBX-04", "WAL-02"], true);
        assert_eq!(publishes.as_deref(), Some("MBX-04"), "a wallet publishes");
    }

    #[test]
    fn what_fails_without_restarts_is_not_of_restarts() {
        let of = |cause| first(&["XFER-15", "XFER-18"], cause, "transfer_sender", true);
        assert_eq!(of(Cause::Answer).as_deref(), Some("XFER-18"));
        assert_eq!(of(Cause::Restart).as_deref(), Some("XFER-15"));
    }
    /// Who fails what a flaw of the gallery fails is told of that flaw, whatever else its cases carry; who fails it in part is not.
    #[test]
    fn a_flaw_that_fails_the_same_is_named() {
        let flaw = all()
            .iter()
            .find(|flaw| flaw.cases.len() == 8)
            .expect("one");
        let suspected = |failed: usize, except| {
            let cases = flaw.cases.iter().zip(0..);
            let ids = ["KEY-01", flaw.requirement()];
            let asked = cases.map(|(key, place)| {
                let ids = ids.into_iter();
                Asked::new(*key, ids, place < failed, None, "public_key", true)
            });
            let asked: Vec<Asked> = asked.collect();
            let first = suspects(&asked, except).into_iter().next();
            let first = first.expect("something fails");
            (first.requirement, first.like)
        };
        let line = flaw.line();
        for failed in [6, 7, 8] {
            let own = (flaw.requirement().to_owned(), line.clone());
            assert_eq!(suspected(failed, None), own);
        }
        assert_eq!(suspected(5, None), ("KEY-01".to_owned(), None));
        assert_ne!(suspected(8, Some(flaw.flaw)).1, line);
    }
}
