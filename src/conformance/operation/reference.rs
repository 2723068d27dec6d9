//! The reference engine as a subject: its machines, by their handles.

use super::AddressFields;
use crate::agreement::PreKeyStore;
use crate::conformance::seed::Stream;
use crate::identifier::{Address, IdentifierError};
use crate::intermediary::{Intermediary, MemoryStore};
use crate::sesame::{self, Device, SessionLibrary};
use crate::suite::{self, SuiteRef};
use crate::transfer::Transfers;
use crate::wallet::{self, Wallet};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

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
    pub(super) keepers: Keepers,
}

/// Who keeps the sessions of devices and wallets, by how their handles begin; the engine itself, where nobody else does.
#[derive(Clone, Debug, Default)]
pub struct Keepers(Vec<(String, Option<Arc<dyn SessionLibrary>>)>);

impl Keepers {
    /// That library keeps all sessions.
    #[must_use]
    pub fn all(library: Arc<dyn SessionLibrary>) -> Self {
        Keepers::default().and("", Some(library))
    }

    /// That library, or where there is none the engine, keeps the sessions of those whose handles begin so, but of those that
    /// were named before.
    #[must_use]
    pub fn and(mut self, handles: &str, library: Option<Arc<dyn SessionLibrary>>) -> Self {
        self.0.push((handles.to_owned(), library));
        self
    }

    /// The libraries.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &Arc<dyn SessionLibrary>> {
        self.0.iter().filter_map(|(_, library)| library.as_ref())
    }

    fn of(&self, handle: &str) -> Option<&Arc<dyn SessionLibrary>> {
        let mut keepers = self.0.iter();
        let keeper = keepers.find(|(beginning, _)| handle.starts_with(beginning));
        keeper.and_then(|(_, library)| library.as_ref())
    }
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
            keepers: Keepers::default(),
        }
    }

    /// The same, with others who keep the sessions of what is made from now on.
    #[must_use]
    pub fn with_sessions_of(mut self, keepers: Keepers) -> Self {
        self.keepers = keepers;
        self
    }

    /// The saved states of all wallets.
    pub(in crate::conformance) fn saved_wallets(&self) -> impl Iterator<Item = Zeroizing<String>> {
        self.wallets
            .values()
            .map(|held| held.wallet.save().to_json())
    }

    /// Who keeps the sessions of what has that handle; none where the engine does.
    pub(in crate::conformance) fn keeper(&self, handle: &str) -> Option<&Arc<dyn SessionLibrary>> {
        self.keepers.of(handle)
    }

    /// A device with these keys, under a handle.
    pub(super) fn device(&self, handle: &str, address: Address, keys: PreKeyStore) -> Device {
        let device = Device::new(self.suite, address, keys);
        match self.keeper(handle) {
            Some(library) => device.with_sessions_of(Arc::clone(library)),
            None => device,
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
