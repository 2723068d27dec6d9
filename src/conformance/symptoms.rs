//! A dictionary of faults: which cases each flaw of the gallery fails.
//!
//! Who fails what the reference engine fails with a flaw has, it may be, made that mistake. Of each flaw the dictionary has the failed
//! cases of the first family in which any fails ([`Family::place`](super::vector::Family::place)), as whole runs found them; `tigress
//! flaws --thorough --symptoms FILE` writes it. A case that is younger than a row is not in it: rows are compared by how much they share.

use super::case::Case;
use crate::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The gallery: each flaw's name, and what is wrong.
pub(super) fn gallery() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("flaws/gallery.txt").lines();
    lines.filter_map(|line| line.split_once(": "))
}

/// The requirement that a flaw of that name breaks.
pub(super) fn broken_by(flaw: &'static str) -> &'static str {
    flaw.split(' ').next().unwrap_or_default()
}

/// The dictionary: a line for each flaw, `NAME: CASE...`, each case by the first four bytes of its SHA-256.
pub const DICTIONARY: &str = include_str!("flaws/symptoms.txt");

/// A flaw explains failures where they share so much with its own, of all that either fails. Measured on the gallery: from 0.6 to 0.9
/// it makes no difference.
const ALIKE: f64 = 0.75;

/// A case, whatever line of its script it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 4]);

impl Key {
    /// A case of that name in that group (`tigress-1/kdf`, `scenarios/theft`), and what it is about: that is what a scenario is called.
    #[must_use]
    pub fn of(name: &str, group: &str, comment: &str) -> Self {
        let digest = if group.starts_with("scenarios/") {
            Sha256::digest(format!("{group}/{comment}"))
        } else {
            Sha256::digest(name)
        };
        let [a, b, c, d, ..] = digest.0;
        Key([a, b, c, d])
    }

    /// That case.
    #[must_use]
    pub fn of_case(case: &Case) -> Self {
        Key::of(&case.name(), &case.group(), case.comment())
    }

    /// As the dictionary writes it.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(&self.0)
    }

    fn read(text: &str) -> Option<Self> {
        Some(Key(hex::decode(text)?.try_into().ok()?))
    }
}

/// A flaw, and what it fails.
#[derive(Clone, Debug)]
pub struct Symptoms {
    /// Its name: the requirement, and where it is more than a check left out, a word for it.
    pub flaw: &'static str,
    /// The cases, all of one place in the order of families.
    pub cases: BTreeSet<Key>,
}

impl Symptoms {
    /// The requirement that the flaw breaks.
    #[must_use]
    pub fn requirement(&self) -> &'static str {
        broken_by(self.flaw)
    }

    /// The flaw as the gallery has it: its name, and what is wrong.
    pub(super) fn line(&self) -> Option<String> {
        let (name, what) = gallery().find(|(name, _)| *name == self.flaw)?;
        Some(format!("{name}: {what}"))
    }

    /// How much of what either fails both do, of what was asked: 0 to 1.
    fn likeness(&self, failed: &BTreeSet<Key>, asked: &BTreeSet<Key>) -> f64 {
        let both = self.cases.intersection(failed).count();
        if both == 0 {
            return 0.0;
        }
        let own = self.cases.intersection(asked).count();
        let either = own + failed.len() - both;
        let count = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
        count(both) / count(either)
    }
}

/// Every row of the dictionary, in the order of the gallery.
#[must_use]
pub fn all() -> &'static [Symptoms] {
    static ALL: LazyLock<Vec<Symptoms>> = LazyLock::new(|| {
        let rows = DICTIONARY.lines().filter_map(|line| line.split_once(": "));
        let rows = rows.map(|(flaw, cases)| Symptoms {
            flaw,
            cases: cases.split(' ').filter_map(Key::read).collect(),
        });
        rows.collect()
    });
    &ALL
}

/// The flaws that explain best what `failed` of what was `asked`: those that are most like it, where any is like it; no flaw called
/// `except`.
pub(super) fn explaining(
    failed: &BTreeSet<Key>,
    asked: &BTreeSet<Key>,
    except: Option<&str>,
) -> Vec<&'static Symptoms> {
    let rows = all().iter().filter(|row| Some(row.flaw) != except);
    let rows = rows.map(|row| (row, row.likeness(failed, asked)));
    let rows: Vec<_> = rows.filter(|(_, likeness)| *likeness >= ALIKE).collect();
    let most = rows
        .iter()
        .map(|(_, likeness)| *likeness)
        .fold(0.0, f64::max);
    let best = rows.iter().filter(|(_, likeness)| *likeness >= most);
    best.map(|(row, _)| *row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_the_same_on_another_line() {
        let key = |name| Key::of(name, "scenarios/theft", "Mallory replays");
        assert_eq!(
            key("scenarios/theft/theft.feature:8"),
            key("scenarios/theft/theft.feature:9")
        );
        let vector = |name| Key::of(name, "tigress-1/kdf", "the same");
        assert_ne!(vector("tigress-1/kdf/one"), vector("tigress-1/kdf/other"));
    }

    #[test]
    fn every_row_is_read_and_explains_itself() {
        assert_eq!(all().len(), DICTIONARY.lines().count());
        let asked = all().iter().flat_map(|row| row.cases.clone()).collect();
        for row in all() {
            let words = DICTIONARY
                .lines()
                .find(|line| line.starts_with(&format!("{}: ", row.flaw)));
            let words = words.expect("its row").split(": ").last().expect("cases");
            assert_eq!(words.split(' ').count(), row.cases.len(), "{}", row.flaw);
            let like = explaining(&row.cases, &asked, None);
            assert!(like.iter().any(|it| it.flaw == row.flaw), "{}", row.flaw);
            assert!(row.line().is_some(), "{}", row.flaw);
        }
    }
}
