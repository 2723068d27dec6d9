//! Values as numbers: equal values have one number.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, PoisonError, RwLock};

/// Values by number, shared between threads. Two values are one where they are equal (`Eq`).
pub struct Interned<T> {
    held: RwLock<Held<T>>,
}

struct Held<T> {
    numbers: HashTable<u32>,
    /// With the hash of each.
    values: Vec<(u64, Arc<T>)>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self {
            held: RwLock::new(Held {
                numbers: HashTable::new(),
                values: Vec::new(),
            }),
        }
    }
}

impl<T: Eq + Hash> Interned<T> {
    /// The number of an equal value, or the next one, which is this value's from now on. Numbers begin with 0.
    ///
    /// # Panics
    ///
    /// Where there are 2^32 values.
    pub fn intern(&self, value: T) -> u32 {
        let hash = FxBuildHasher.hash_one(&value);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let Held { numbers, values } = &mut *held;
        let known = numbers.find(hash, |number| {
            let (its, known) = &values[*number as usize];
            *its == hash && **known == value
        });
        if let Some(number) = known {
            return *number;
        }
        let number = u32::try_from(values.len()).expect("2^32 values");
        values.push((hash, Arc::new(value)));
        numbers.insert_unique(hash, number, |number| values[*number as usize].0);
        number
    }

    /// The value of a number that [`Interned::intern`] gave.
    ///
    /// # Panics
    ///
    /// With any other number.
    pub fn get(&self, number: u32) -> Arc<T> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held.values[number as usize].1)
    }

    /// How many distinct values there are.
    pub fn len(&self) -> usize {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_one_number() {
        let words = Interned::default();
        let numbers = ["link", "offer", "link", ""].map(|word| words.intern(word.to_owned()));
        assert_eq!(numbers, [0, 1, 0, 2]);
        assert_eq!(words.len(), 3);
        assert_eq!(*words.get(1), "offer");
    }

    #[test]
    fn threads_agree_on_numbers() {
        let words = Interned::default();
        std::thread::scope(|scope| {
            for begin in [0, 500] {
                let words = &words;
                scope.spawn(move || {
                    (begin..begin + 1000_u64)
                        .for_each(|n| assert_eq!(*words.get(words.intern(n)), n));
                });
            }
        });
        assert_eq!(words.len(), 1500);
    }
}
