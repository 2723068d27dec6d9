//! Which requirement a run speaks of first: what an implementer looks at before anything else.
//!
//! A case carries several requirements, and a mistake fails cases of several. What lies low fails everything above it: where a chain key
//! is wrong no conversation succeeds, and no transfer. So the failures of one family are looked at alone: of the first, in the order in
//! which an implementer goes, in which anything fails. Of what its failed cases carry, the requirement that is broken explains most of
//! them, and is not what every case carries: each is ranked by `explained² / ∛carried`, where `explained` is how many of these failed
//! cases carry it, one that it stands first in half as much again, and `carried` how many of all that were asked do. What the first one
//! explains is set aside, and the next is looked for in what is left, so that several mistakes are each named.

use super::catalogue::Catalogue;
use super::run::Cause;
use super::vector::Family;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What asks that a restart changes nothing.
const OF_RESTARTS: [&str; 2] = ["XFER-15", "MBX-18"];

/// A case that was asked.
pub(super) struct Asked<'a> {
    /// The requirements that its outcome speaks of, the first first.
    requirements: Vec<&'a str>,
    failed: bool,
    /// The place of its family in the order in which an implementer goes ([`Family::place`]).
    place: usize,
}

impl<'a> Asked<'a> {
    /// A case of that group, and the requirements that its outcome speaks of: of a failure that is of one requirement, the first alone.
    /// Of any other failure that of restarts comes last: it goes wrong without them too. In a scenario a wallet plays devices: what
    /// the intermediary alone owes is at stake in none.
    pub(super) fn new(
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
}

/// What the failures of a run are explained by, the first first.
pub(super) fn suspects(asked: &[Asked]) -> Vec<Suspect> {
    let mut carried: BTreeMap<&str, u32> = BTreeMap::new();
    for id in asked.iter().flat_map(|case| &case.requirements) {
        *carried.entry(id).or_default() += 1;
    }
    let is_left = |case: &&Asked| case.failed && !case.requirements.is_empty();
    let mut left: Vec<&Asked> = asked.iter().filter(is_left).collect();
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

/// The requirement that explains most of what fails in the first family in which anything does; of equals the one that comes first.
fn most_likely<'a>(failed: &[&Asked<'a>], carried: &BTreeMap<&str, u32>) -> Option<&'a str> {
    let lowest = failed.iter().map(|case| case.place).min()?;
    let mut explained: Vec<(&'a str, f64)> = Vec::new();
    for case in failed.iter().filter(|case| case.place == lowest) {
        for (place, id) in case.requirements.iter().enumerate() {
            let weight = if place == 0 { 1.5 } else { 1.0 };
            match explained.iter_mut().find(|(known, _)| known == id) {
                Some((_, sum)) => *sum += weight,
                None => explained.push((id, weight)),
            }
        }
    }
    let rank = |(id, explained): &(&str, f64)| {
        let carried = carried.get(id).copied().unwrap_or(1);
        explained.powi(2) / f64::from(carried).cbrt()
    };
    let mut likely: Option<&(&'a str, f64)> = None;
    for one in &explained {
        if likely.is_none_or(|other| rank(one) > rank(other)) {
            likely = Some(one);
        }
    }
    likely.map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(ids: &[&str], cause: Cause, group: &str, is_wallet: bool) -> Option<String> {
        let ids = ids.iter().copied();
        let asked = Asked::new(ids, true, Some(cause), group, is_wallet);
        let mut all = suspects(&[asked]).into_iter();
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
}
