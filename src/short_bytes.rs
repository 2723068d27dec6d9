//! Byte strings of bounded length, held in place.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// At most `N` bytes, without an allocation: copied as it stands, compared by its content.
#[derive(Clone, Copy)]
pub struct ShortBytes<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> ShortBytes<N> {
    /// The most bytes.
    pub const CAPACITY: usize = N;

    /// The concatenation of `parts`, or nothing where they are longer than `N` bytes.
    #[must_use]
    pub fn concat(parts: &[&[u8]]) -> Option<Self> {
        let mut all = ShortBytes {
            bytes: [0; N],
            length: 0,
        };
        for part in parts {
            let end = all.length.checked_add(part.len())?;
            all.bytes.get_mut(all.length..end)?.copy_from_slice(part);
            all.length = end;
        }
        Some(all)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl<const N: usize> PartialEq for ShortBytes<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for ShortBytes<N> {}

impl<const N: usize> PartialOrd for ShortBytes<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for ShortBytes<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl<const N: usize> Hash for ShortBytes<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl<const N: usize> fmt::Debug for ShortBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortBytes({})", crate::hex::encode(self.as_bytes()))
    }
}
