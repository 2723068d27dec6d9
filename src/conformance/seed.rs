//! Bytes that look random and are always the same.

use crate::primitives::hkdf;
use crate::primitives::{Randomness, RandomnessError};

/// `N` bytes for that label.
pub(in crate::conformance) fn bytes<const N: usize>(label: &str) -> [u8; N] {
    let mut out = [0; N];
    hkdf::expand(b"tigress vectors 1", &[label.as_bytes()], b"", &mut out);
    out
}

/// Any number of bytes for that label.
pub(in crate::conformance) fn vec(label: &str, length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|block| bytes::<64>(&format!("{label}/{block}")))
        .take(length)
        .collect()
}

/// A source of randomness that never ends, and tells what was drawn from it.
#[derive(Debug)]
pub(in crate::conformance) struct Recorder {
    label: String,
    draws: u32,
    drawn: Vec<u8>,
}

impl Recorder {
    pub(in crate::conformance) fn new(label: &str) -> Self {
        Recorder {
            label: label.to_owned(),
            draws: 0,
            drawn: Vec::new(),
        }
    }

    /// What was drawn since this was last asked.
    pub(in crate::conformance) fn take(&mut self) -> Vec<u8> {
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
