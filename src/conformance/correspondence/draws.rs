//! A device's randomness: a function of its name and of how much it has drawn, so that two devices that did the same are the same.

use crate::primitives::{Randomness, RandomnessError};
use sha2::{Digest, Sha256};

/// The bytes of a block.
const BLOCK: u64 = 32;

/// A stream of bytes at some place in it: block `n`, of 32 bytes, is SHA-256 of the name and of `n` as eight bytes.
pub(super) struct Draws<'a> {
    name: &'a str,
    drawn: &'a mut u64,
}

impl<'a> Draws<'a> {
    /// The stream of that name, of which `drawn` bytes are drawn.
    pub(super) fn new(name: &'a str, drawn: &'a mut u64) -> Self {
        Draws { name, drawn }
    }
}

impl Randomness for Draws<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        let mut block = None;
        for byte in out {
            let number = *self.drawn / BLOCK;
            let bytes: &[u8; 32] = match &block {
                Some((held, bytes)) if *held == number => bytes,
                _ => {
                    let mut hash = Sha256::new();
                    hash.update(self.name.as_bytes());
                    hash.update(number.to_be_bytes());
                    &block.insert((number, hash.finalize().into())).1
                }
            };
            let place = (*self.drawn % BLOCK) as usize;
            *byte = bytes[place];
            *self.drawn += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_is_drawn_at_once_it_is_one_stream() {
        let mut drawn = 0;
        let mut whole = [0; 100];
        let filled = Draws::new("Ben", &mut drawn).fill(&mut whole);
        assert_eq!((filled, drawn), (Ok(()), 100));
        let mut parts = Vec::new();
        let mut drawn = 0;
        for length in [1, 31, 40, 28] {
            let mut part = vec![0; length];
            let filled = Draws::new("Ben", &mut drawn).fill(&mut part);
            assert_eq!(filled, Ok(()));
            parts.extend(part);
        }
        assert_eq!(parts, whole);
    }
}
