//! The randomness that the harness hands in.

use std::convert::Infallible;

use rand::{Rng, TryCryptoRng, TryRng};

/// Hands out given bytes in the order in which the library asks, and the system's where they have run out.
#[derive(Debug, Default)]
pub struct Script {
    /// What is left.
    bytes: Vec<u8>,
}

impl Script {
    /// Hands out these from now on.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut number = [0; 4];
        self.try_fill_bytes(&mut number)?;
        Ok(u32::from_le_bytes(number))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut number = [0; 8];
        self.try_fill_bytes(&mut number)?;
        Ok(u64::from_le_bytes(number))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let given = bytes.len().min(self.bytes.len());
        let (first, rest) = bytes.split_at_mut(given);
        first.copy_from_slice(&self.bytes[..given]);
        self.bytes.drain(..given);
        rand::rng().fill_bytes(rest);
        Ok(())
    }
}

impl TryCryptoRng for Script {}
