//! Bytes that look random and are always the same.

use crate::primitives::hkdf;
use crate::primitives::{Randomness, RandomnessError};
use sha2::{Digest, Sha256};

/// `N` bytes for that label.
#[must_use]
pub fn bytes<const N: usize>(label: &str) -> [u8; N] {
    let mut out = [0; N];
    hkdf::expand(
        Some(b"tigress vectors 1"),
        &[label.as_bytes()],
        b"",
        &mut out,
    );
    out
}

/// Any number of bytes for that label.
#[must_use]
pub fn vec(label: &str, length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|block| bytes::<64>(&format!("{label}/{block}")))
        .take(length)
        .collect()
}

/// A source of randomness that never ends, and tells what was drawn from it.
#[derive(Clone, Debug)]
pub struct Recorder {
    label: String,
    draws: u32,
    drawn: Vec<u8>,
}

impl Recorder {
    /// The source of that label.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Recorder {
            label: label.to_owned(),
            draws: 0,
            drawn: Vec::new(),
        }
    }

    /// What was drawn since this was last asked.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.drawn)
    }
}

impl Randomness for Recorder {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        let drawn = vec(&format!("{}#{}", self.label, self.draws), out.len());
        self.draws += 1;
        out.copy_from_slice(&drawn);
        self.drawn.extend_from_slice(&drawn);
        Ok(())
    }
}

/// The stream that the harness gives a wallet: block `n`, from 0, is SHA-256 of the seed's UTF-8 and of `n` as
/// eight bytes, big-endian (`docs/adapter.md`).
#[derive(Clone, Debug)]
pub struct Stream {
    seed: String,
    block: u64,
    /// What is left of the last block.
    left: Vec<u8>,
}

impl Stream {
    /// The stream of that seed.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Stream {
            seed: seed.to_owned(),
            block: 0,
            left: Vec::new(),
        }
    }
}

impl Randomness for Stream {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        while self.left.len() < out.len() {
            let mut hash = Sha256::new();
            hash.update(self.seed.as_bytes());
            hash.update(self.block.to_be_bytes());
            self.left.extend_from_slice(&hash.finalize());
            self.block += 1;
        }
        let rest = self.left.split_off(out.len());
        out.copy_from_slice(&self.left);
        self.left = rest;
        Ok(())
    }
}
