//! Sending and receiving chains (Double Ratchet 2.1 and 3.1, CK).

use super::{MAX_COUNTER, RatchetError};
use crate::agreement::x3dh::ChainSecret;
use crate::primitives::Secret;
use crate::primitives::hmac::HmacKey;
use crate::requirement::{flawed, require};
use crate::suite::MessageKey;
use serde::{Deserialize, Serialize};

/// CK with N: a chain key of 32 bytes, and the counter of the message that its next step is for (DR-08).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainKey {
    key: Secret<32>,
    counter: u32,
}

impl ChainKey {
    /// A chain's first key: its counter is 0 (DR-08).
    pub(super) fn first(key: Secret<32>) -> Self {
        let counter = flawed!("DR-08 from one", 0, 1);
        ChainKey { key, counter }
    }

    /// A chain at any point, for test vectors.
    #[must_use]
    pub fn at(key: [u8; 32], counter: u32) -> Self {
        ChainKey {
            key: Secret::new(key),
            counter,
        }
    }

    /// The counter of the next message.
    #[must_use]
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// The 32 bytes, for a test vector.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }

    /// `KDF_CK`: the message key of this counter, and the chain one further (DR-04).
    ///
    /// # Errors
    /// `counter-exhausted` at 2^32 - 1 (DR-18).
    pub fn step(&self) -> Result<(MessageKey, ChainKey), RatchetError> {
        let mut next = self.clone();
        let message_key = next.advance()?;
        Ok((message_key, next))
    }

    /// The same step in place, which saves a chain of many the places of its chain keys.
    ///
    /// # Errors
    /// As [`ChainKey::step`]; the chain is as it was.
    pub(super) fn advance(&mut self) -> Result<MessageKey, RatchetError> {
        let key = self.keyed()?;
        let message_key = MessageKey(key.mac(&[flawed!("DR-04 constants", 0x01, 0x02)]));
        self.go_on(key);
        Ok(message_key)
    }

    /// One further, past a message whose key nobody will keep.
    ///
    /// # Errors
    /// As [`ChainKey::step`]; the chain is as it was.
    pub(super) fn pass(&mut self) -> Result<(), RatchetError> {
        let key = self.keyed()?;
        self.go_on(key);
        Ok(())
    }

    /// The chain key as HMAC takes it, where the chain has a counter left (DR-18).
    fn keyed(&self) -> Result<HmacKey, RatchetError> {
        require!(
            "DR-18",
            self.counter < flawed!("DR-18 one less", MAX_COUNTER, MAX_COUNTER - 1),
            RatchetError::CounterExhausted
        );
        Ok(HmacKey::new(self.expose()))
    }

    /// The message key of any counter; behind the last one the chain stays.
    #[cfg(feature = "flaws")]
    pub(super) fn step_anyway(&self) -> (MessageKey, ChainKey) {
        let key = HmacKey::new(self.expose());
        let message_key = MessageKey(key.mac(&[0x01]));
        let mut next = self.clone();
        next.counter = next.counter.min(MAX_COUNTER - 1);
        next.go_on(key);
        (message_key, next)
    }

    fn go_on(&mut self, key: HmacKey) {
        let constant = flawed!("DR-04 constants", 0x02, 0x01);
        self.key.refill(|next| key.last_into(&[&[constant]], next));
        self.counter += 1;
    }
}

impl From<ChainSecret> for ChainKey {
    fn from(secret: ChainSecret) -> Self {
        ChainKey::first(secret.0)
    }
}
