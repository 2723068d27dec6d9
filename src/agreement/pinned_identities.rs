//! Identity keys that somebody has vouched for (X3DH-15).

use super::{AgreementError, Fingerprint};
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::requirement::{always_require, flawed, require};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

/// What is pinned to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// That of the identity key.
    pub fingerprint: Fingerprint,
    /// Whether the user named the key, by taking an invitation or by comparing fingerprints (X3DH-16): provisioning
    /// information goes to no other (SES-18). Else an offer's MAC vouched for it.
    pub named: bool,
}

/// The identity keys pinned to addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PinnedIdentities(OrdMap<Address, Pin>);

impl PinnedIdentities {
    /// Pins a key to `address`. The same again may name it; it takes no name away.
    ///
    /// # Errors
    /// `untrusted-identity` where another key is pinned; that one stays.
    pub fn pin(
        &mut self,
        address: Address,
        fingerprint: Fingerprint,
        named: bool,
    ) -> Result<(), AgreementError> {
        let pinned = self.0.get(&address);
        let is_free = pinned.is_none_or(|pin| pin.fingerprint == fingerprint);
        always_require!(
            "X3DH-15",
            flawed!("X3DH-15 pin replaced", is_free, true),
            AgreementError::UntrustedIdentity(address)
        );
        let named = named
            || flawed!(
                "X3DH-15 name lost",
                pinned.is_some_and(|pin| pin.named),
                false
            );
        let named = flawed!(
            "X3DH-15 never named",
            named,
            pinned.map_or(named, |pin| pin.named)
        );
        self.0.insert(address, Pin { fingerprint, named });
        Ok(())
    }

    /// Nothing is pinned to `address` any more.
    pub fn unpin(&mut self, address: &Address) {
        self.0.remove(address);
    }

    /// What is pinned to `address`.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Pin> {
        self.0.get(address)
    }

    /// The pairs, by address.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Pin)> {
        self.0.iter()
    }

    /// The pin that keys of `address` are held to.
    fn pinned(&self, address: &Address) -> Option<&Pin> {
        flawed!("X3DH-15 of a user", (), {
            let mut pins = self.0.iter();
            return pins
                .find(|(other, _)| other.user_id == address.user_id)
                .map(|(_, pin)| pin);
        });
        let pin = self.0.get(address);
        flawed!("X3DH-15 named alone", pin, pin.filter(|pin| pin.named))
    }

    /// Whether `address` may present `key`.
    ///
    /// # Errors
    /// `untrusted-identity` where another key is pinned (X3DH-15).
    pub fn check(&self, address: &Address, key: &PublicKey) -> Result<(), AgreementError> {
        let is_pinned = |pin: &Pin| pin.fingerprint == Fingerprint::of(key);
        require!(
            "X3DH-15",
            self.pinned(address).is_none_or(is_pinned),
            AgreementError::UntrustedIdentity(*address)
        );
        Ok(())
    }
}
