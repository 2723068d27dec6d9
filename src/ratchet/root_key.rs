//! The root chain (Double Ratchet 2.2 and 3.1, RK).

use super::ChainKey;
use crate::agreement::x3dh::RootSecret;
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::secret::secret_key;
use crate::primitives::{DhOutput, Secret};
use crate::suite::Suite;

secret_key!(
    /// RK: 32 bytes, erased once a step has replaced it (DR-19).
    RootKey
);

impl RootKey {
    /// `KDF_RK`: the next root key, and the chain key of a new chain (DR-03).
    #[must_use]
    pub fn step(&self, suite: &dyn Suite, dh: &DhOutput) -> (RootKey, ChainKey) {
        let both: Secret<64> = hkdf_sha256(Some(self.expose()), &[dh.expose()], suite.root_info());
        let (root, chain) = both.expose_split();
        (
            RootKey(Secret::copy_of(root)),
            ChainKey::first(Secret::copy_of(chain)),
        )
    }
}

impl From<RootSecret> for RootKey {
    fn from(secret: RootSecret) -> Self {
        RootKey(secret.0)
    }
}
