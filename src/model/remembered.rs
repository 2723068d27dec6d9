//! Steps that are computed once and remembered.

use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, PoisonError};

/// Locks of the shared memory.
const SHARDS: usize = 64;

/// What one thread remembers by itself: it asks the shared memory once for each key.
pub type Local<K, V> = FxHashMap<K, V>;

/// Values by key, each computed once (by two threads at once, twice; the first counts), shared between threads.
pub struct Remembered<K, V> {
    shards: Vec<Mutex<FxHashMap<K, V>>>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl<K: Copy + Eq + Hash, V: Copy> Remembered<K, V> {
    /// The value of `key`. `compute` runs outside of every lock, so that it may ask this memory too.
    pub fn get_or(&self, local: &mut Local<K, V>, key: K, compute: impl FnOnce() -> V) -> V {
        match local.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => *place.insert(self.shared(key, compute)),
        }
    }

    /// The same without a memory of one's own: where `compute` asks with the same one, or a key comes once.
    pub fn shared(&self, key: K, compute: impl FnOnce() -> V) -> V {
        // The map inside takes the low bits of the same hash, and the very highest.
        let place = (FxBuildHasher.hash_one(key) >> 48) as usize % SHARDS;
        let shard = || {
            self.shards[place]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = shard().get(&key) {
            return *known;
        }
        let value = compute();
        *shard().entry(key).or_insert(value)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_computed_once() {
        let squares = Remembered::default();
        let (mut mine, mut other) = (Local::default(), Local::default());
        assert_eq!(squares.get_or(&mut mine, 3_u32, || 9_u64), 9);
        assert_eq!(squares.get_or(&mut mine, 3, || unreachable!()), 9);
        assert_eq!(squares.get_or(&mut other, 3, || unreachable!()), 9);
        assert_eq!(squares.len(), 1);
    }
}
