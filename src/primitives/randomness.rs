//! Randomness, always handed in (RND-01).

use std::fmt;
use zeroize::Zeroizing;

/// The source had fewer bytes left than were asked for, or the system gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness has no more bytes")]
pub struct RandomnessError;

/// A device's one source of randomness.
///
/// RND-01 fixes the order in which a device draws from it. With the source fixed, every output of the
/// engine is the same, byte for byte.
pub trait Randomness {
    /// Fills `out`, or fails and draws nothing.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(out).map_err(|_| RandomnessError)
    }
}

/// No randomness at all: for a step that draws none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRandomness;

impl Randomness for NoRandomness {
    fn fill(&mut self, _out: &mut [u8]) -> Result<(), RandomnessError> {
        Err(RandomnessError)
    }
}

/// Bytes fixed beforehand, as a test vector carries them.
#[derive(Clone)]
pub struct ScriptedRandomness {
    bytes: Zeroizing<Vec<u8>>,
    drawn: usize,
}

impl ScriptedRandomness {
    /// A source that yields `bytes` once, in order.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        ScriptedRandomness {
            bytes: Zeroizing::new(bytes.to_vec()),
            drawn: 0,
        }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.drawn
    }
}

impl Randomness for ScriptedRandomness {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        if out.len() > self.remaining() {
            return Err(RandomnessError);
        }
        let end = self.drawn + out.len();
        out.copy_from_slice(&self.bytes[self.drawn..end]);
        self.drawn = end;
        Ok(())
    }
}

impl fmt::Debug for ScriptedRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScriptedRandomness({} bytes left)", self.remaining())
    }
}

#[cfg(test)]
mod tests {
    use super::{Randomness, RandomnessError, ScriptedRandomness};

    #[test]
    fn a_script_yields_its_bytes_once_and_draws_nothing_when_short() {
        let mut script = ScriptedRandomness::new(&[1, 2, 3]);
        let mut two = [0; 2];
        assert_eq!(script.fill(&mut two), Ok(()));
        assert_eq!(two, [1, 2]);
        assert_eq!(script.fill(&mut two), Err(RandomnessError));
        assert_eq!(script.remaining(), 1);
    }
}
