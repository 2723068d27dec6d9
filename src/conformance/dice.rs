//! Chance that is the same whenever something is drawn again.

use super::seed;

/// Numbers that look random, of a label (`SplitMix64`).
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Dice(u64);

impl Dice {
    pub(in crate::conformance) fn new(label: &str) -> Self {
        Dice(u64::from_le_bytes(seed::bytes(label)))
    }

    /// A number below `bound`, which is not 0.
    pub(in crate::conformance) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or_default();
        z % bound
    }

    /// True once in so many times.
    pub(in crate::conformance) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them, each as likely as any other; none of none.
    pub(in crate::conformance) fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        match items {
            [] => None,
            _ => items.get(self.below(items.len())),
        }
    }

    pub(in crate::conformance) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_shuffle_keeps_all_and_is_the_same_again() {
        let shuffled = |label| {
            let mut items: Vec<u32> = (0..50).collect();
            Dice::new(label).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled("a"), shuffled("a"));
        assert_ne!(shuffled("a"), shuffled("b"));
        let mut sorted = shuffled("a");
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..50));
    }
}
