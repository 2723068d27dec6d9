//! Identity keys that a user has checked (X3DH-15).

use super::AgreementError;
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::requirement::require;
use imbl::OrdMap;

/// The identity keys pinned to addresses: from an invitation, or compared out of band (X3DH-16).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PinnedIdentities(OrdMap<Address, PublicKey>);

impl PinnedIdentities {
    /// Pins `key` to `address`, in place of any other.
    pub fn pin(&mut self, address: Address, key: PublicKey) {
        self.0.insert(address, key);
    }

    /// The pairs, by address.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &PublicKey)> {
        self.0.iter()
    }

    /// Whether `address` may present `key`.
    ///
    /// # Errors
    /// `untrusted-identity` where another key is pinned (X3DH-15).
    pub fn check(&self, address: &Address, key: &PublicKey) -> Result<(), AgreementError> {
        require!(
            "X3DH-15",
            self.0.get(address).is_none_or(|pinned| pinned == key),
            AgreementError::UntrustedIdentity(*address)
        );
        Ok(())
    }
}

impl FromIterator<(Address, PublicKey)> for PinnedIdentities {
    fn from_iter<I: IntoIterator<Item = (Address, PublicKey)>>(pairs: I) -> Self {
        PinnedIdentities(pairs.into_iter().collect())
    }
}
