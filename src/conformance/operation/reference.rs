//! The reference engine as a subject: its machines, by their handles.

use super::AddressFields;
use crate::conformance::seed::Stream;
use crate::identifier::{Address, IdentifierError};
use crate::intermediary::{Intermediary, MemoryStore};
use crate::sesame::{self, Device};
use crate::suite::{self, SuiteRef};
use crate::transfer::Transfers;
use crate::wallet::{self, Wallet};
use std::collections::BTreeMap;

/// The reference engine, in this process.
#[derive(Clone, Debug)]
pub struct Reference {
    pub(super) suite: SuiteRef,
    /// The devices that were made or restored, by handle.
    pub devices: BTreeMap<String, Device>,
    pub(super) intermediaries: BTreeMap<String, Intermediary<MemoryStore>>,
    pub(super) transfers: BTreeMap<String, Transfers>,
    pub(super) wallets: BTreeMap<String, HeldWallet>,
    /// The send under way of each device, by the device's handle.
    pub(super) sends: BTreeMap<String, sesame::Send>,
}

/// A wallet, and the stream that it draws from.
#[derive(Clone, Debug)]
pub(super) struct HeldWallet {
    pub(super) wallet: Wallet,
    pub(super) randomness: Stream,
}

impl Default for Reference {
    /// Without machines, speaking the reference suite.
    fn default() -> Self {
        Reference::speaking(suite::ALL[0])
    }
}

impl Reference {
    /// Without machines, speaking that suite.
    #[must_use]
    pub fn speaking(suite: SuiteRef) -> Self {
        Reference {
            suite,
            devices: BTreeMap::new(),
            intermediaries: BTreeMap::new(),
            transfers: BTreeMap::new(),
            wallets: BTreeMap::new(),
            sends: BTreeMap::new(),
        }
    }

    /// An address as the suite reads it.
    pub(super) fn address(&self, fields: &AddressFields) -> Result<Address, IdentifierError> {
        fields.within(self.suite.identifiers())
    }

    /// The wallet with that handle.
    #[must_use]
    pub fn wallet(&self, handle: &str) -> Option<&Wallet> {
        self.wallets.get(handle).map(|held| &held.wallet)
    }

    /// From now on the wallet with that handle is held to these limits, until it is restored.
    pub(in crate::conformance) fn limit(&mut self, handle: &str, limits: &wallet::Limits) {
        if let Some(held) = self.wallets.get_mut(handle) {
            held.wallet = held.wallet.clone().with_limits(*limits);
        }
    }
}
