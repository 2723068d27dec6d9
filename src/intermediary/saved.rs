//! The intermediary at rest: its documented, versioned form (`docs/saved-state.md`).

use super::memory_store::{CountedBundle, Kept, MemoryStore};
use super::store::{Answered, DeviceRecord};
use super::{
    Envelope, Intermediary, MAX_ANSWERS, MAX_BUNDLES, MAX_MAILBOX, MAX_MESSAGE,
    MAX_ONE_TIME_PRE_KEYS,
};
use crate::agreement::OneTimePreKey;
use crate::identifier::Address;
use crate::requirement::flawed;
use crate::suite;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The version of the form that this build writes and reads.
pub const SAVED_INTERMEDIARY_VERSION: u32 = 2;

/// An intermediary as it is saved. It holds no token and no key that opens a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedIntermediary {
    version: u32,
    suite: String,
    /// By rising address.
    devices: Vec<SavedDevice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedDevice {
    address: Address,
    record: DeviceRecord,
    /// By rising id.
    one_time_pre_keys: Vec<OneTimePreKey>,
    /// By rising id.
    mailbox: Vec<Envelope>,
    /// The oldest first.
    answered: VecDeque<Answered>,
    /// The oldest first.
    bundles: Vec<CountedBundle>,
}

/// A saved intermediary that no intermediary of this build could have written.
#[derive(Debug, thiserror::Error)]
pub enum SavedIntermediaryError {
    /// Not the JSON of a saved intermediary.
    #[error("not a saved intermediary: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error(
        "saved intermediary version {0}; this build reads version {SAVED_INTERMEDIARY_VERSION}"
    )]
    Version(u32),
    /// Another suite.
    #[error("saved intermediary of suite `{0}`, which this build does not speak")]
    Suite(String),
    /// A device breaks what an intermediary keeps true of its own.
    #[error("device {address}: {reason}")]
    Device {
        /// The device.
        address: Address,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl SavedIntermediary {
    /// The JSON text: the same bytes for the same state.
    #[must_use]
    pub fn to_json(&self) -> String {
        match serde_json::to_string(self) {
            Ok(json) => json,
            Err(_) => unreachable!("a saved intermediary has no map"),
        }
    }

    /// Reads the JSON text.
    ///
    /// # Errors
    /// Where it is not the JSON of a saved intermediary.
    pub fn from_json(json: &str) -> Result<Self, SavedIntermediaryError> {
        Ok(serde_json::from_str(json)?)
    }
}

impl Intermediary<MemoryStore> {
    /// The intermediary in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedIntermediary {
        SavedIntermediary {
            version: SAVED_INTERMEDIARY_VERSION,
            suite: self.suite.name().to_owned(),
            devices: self
                .store
                .devices
                .iter()
                .map(|(address, kept)| SavedDevice::new(*address, kept))
                .collect(),
        }
    }
}

impl SavedDevice {
    fn new(address: Address, kept: &Kept) -> Self {
        let one_time = kept.one_time_pre_keys.iter();
        SavedDevice {
            address,
            record: kept.record.clone(),
            one_time_pre_keys: one_time
                .map(|(id, key)| OneTimePreKey { id: *id, key: *key })
                .collect(),
            mailbox: flawed!(
                "MBX-18 mailbox lost",
                kept.mailbox.values().cloned().collect(),
                Vec::new()
            ),
            answered: kept.answered.clone(),
            bundles: kept.bundles.clone(),
        }
    }

    /// What an intermediary keeps true of a device.
    fn check(&self) -> Result<(), &'static str> {
        let record = &self.record;
        let keys = &self.one_time_pre_keys;
        let rising = keys.is_sorted_by(|one, next| one.id < next.id);
        if keys.len() > MAX_ONE_TIME_PRE_KEYS || !rising {
            return Err("at most 200 one-time prekeys, by rising id (MBX-02)");
        }
        if keys.last().map(|key| key.id) > record.last_one_time_pre_key_id {
            return Err("a one-time prekey above the highest published (MBX-03)");
        }
        let rising = self.mailbox.is_sorted_by(|one, next| one.id < next.id);
        if self.mailbox.len() > MAX_MAILBOX || !rising {
            return Err("at most 1,000 messages, by rising id (MBX-07, MBX-11)");
        }
        if self
            .mailbox
            .iter()
            .any(|envelope| envelope.recipient != self.address)
        {
            return Err("a message of another device's mailbox");
        }
        if self
            .mailbox
            .iter()
            .any(|envelope| envelope.id >= record.next_envelope_id)
        {
            return Err("a message at or beyond the next id (MBX-07)");
        }
        if self
            .mailbox
            .iter()
            .any(|envelope| envelope.message.0.len() > MAX_MESSAGE)
        {
            return Err("a message of more than 98,304 bytes (MBX-11)");
        }
        if self.answered.len() > MAX_ANSWERS {
            return Err("at most 1,000 remembered answers (MBX-13)");
        }
        let mut bundles: BTreeMap<&Address, usize> = BTreeMap::new();
        for bundle in &self.bundles {
            *bundles.entry(&bundle.target).or_default() += 1;
        }
        if bundles.values().any(|count| *count > MAX_BUNDLES) {
            return Err("at most 10 bundles of one device within an hour (MBX-17)");
        }
        Ok(())
    }
}

impl From<SavedDevice> for Kept {
    fn from(saved: SavedDevice) -> Self {
        let one_time = saved.one_time_pre_keys.into_iter();
        let mailbox = saved.mailbox.into_iter();
        Kept {
            record: saved.record,
            one_time_pre_keys: one_time.map(|key| (key.id, key.key)).collect(),
            mailbox: mailbox.map(|envelope| (envelope.id, envelope)).collect(),
            answered: saved.answered,
            bundles: saved.bundles,
        }
    }
}

impl TryFrom<SavedIntermediary> for Intermediary<MemoryStore> {
    type Error = SavedIntermediaryError;

    fn try_from(saved: SavedIntermediary) -> Result<Self, SavedIntermediaryError> {
        if saved.version != SAVED_INTERMEDIARY_VERSION {
            return Err(SavedIntermediaryError::Version(saved.version));
        }
        let suite =
            suite::by_name(&saved.suite).ok_or(SavedIntermediaryError::Suite(saved.suite))?;
        let mut store = MemoryStore::default();
        for device in saved.devices {
            let address = device.address;
            let broken = |reason| SavedIntermediaryError::Device { address, reason };
            device.check().map_err(broken)?;
            if store.owners.insert(device.record.token, address).is_some() {
                return Err(broken("another device has its token (MBX-01)"));
            }
            if store.devices.insert(address, device.into()).is_some() {
                return Err(broken("the device stands twice"));
            }
        }
        Ok(Intermediary::new(suite, store))
    }
}
