//! The intermediary at rest: its documented, versioned form (`docs/saved-state.md`).

#[cfg(feature = "flaws")]
use super::EnvelopeId;
use super::memory_store::{Kept, MemoryStore};
use super::store::{AccessRecord, Answered, DeviceRecord, KeptEnvelope, KeptOneTimePreKey};
use super::{Digest, Intermediary, Limits};
use crate::identifier::Address;
use crate::requirement::flawed;
use crate::saved::json_text;
use crate::suite;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the form that this build writes and reads.
pub const SAVED_INTERMEDIARY_VERSION: u32 = 3;

/// An intermediary as it is saved. It holds no token, no access key and no key that opens a message.
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
    one_time_pre_keys: Vec<KeptOneTimePreKey>,
    /// By rising id.
    mailbox: Vec<KeptEnvelope>,
    /// By rising hash.
    access_keys: Vec<SavedAccessKey>,
    /// The oldest first.
    answered: Vec<Answered>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedAccessKey {
    hash: Digest,
    record: AccessRecord,
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

json_text!(
    SavedIntermediary,
    SavedIntermediaryError,
    SAVED_INTERMEDIARY_VERSION
);

impl SavedIntermediary {
    /// The intermediary again, with these limits. The profile's are those of `try_from`.
    ///
    /// # Errors
    /// Where no intermediary with these limits could have written it.
    pub fn restore(
        self,
        limits: Limits,
    ) -> Result<Intermediary<MemoryStore>, SavedIntermediaryError> {
        if self.version != SAVED_INTERMEDIARY_VERSION {
            return Err(SavedIntermediaryError::Version(self.version));
        }
        let suite = suite::by_name(&self.suite).ok_or(SavedIntermediaryError::Suite(self.suite))?;
        let mut store = MemoryStore::default();
        let mut addresses = BTreeSet::new();
        for device in self.devices {
            let address = device.address;
            let broken = |reason| SavedIntermediaryError::Device { address, reason };
            device.check(&limits).map_err(broken)?;
            if store.owner(&device.record.token).is_some() {
                return Err(broken("another device has its token (MBX-01)"));
            }
            if !addresses.insert(address) {
                return Err(broken("the device stands twice"));
            }
            store.put(address, device.into());
        }
        Ok(Intermediary::with_limits(suite, store, limits))
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
                .devices()
                .map(|(address, kept)| SavedDevice::new(*address, kept))
                .collect(),
        }
    }
}

impl SavedDevice {
    fn new(address: Address, kept: &Kept) -> Self {
        let access_keys = kept.access_keys();
        let access_keys = access_keys.map(|(hash, record)| SavedAccessKey {
            hash: *hash,
            record: AccessRecord {
                one_time_pre_keys: flawed!("MBX-18 handed out", record.one_time_pre_keys, 0),
                ..*record
            },
        });
        SavedDevice {
            address,
            record: DeviceRecord {
                last_one_time_pre_key_id: flawed!(
                    "MBX-18 last prekey",
                    kept.record().last_one_time_pre_key_id,
                    kept.one_time_pre_keys().last().map(|key| key.id)
                ),
                next_envelope_id: flawed!(
                    "MBX-18 next number",
                    kept.record().next_envelope_id,
                    kept.mailbox()
                        .last()
                        .map_or(EnvelopeId::FIRST, |it| it.envelope.id.next())
                ),
                ..kept.record().clone()
            },
            one_time_pre_keys: kept.one_time_pre_keys().copied().collect(),
            mailbox: flawed!(
                "MBX-18 mailbox lost",
                kept.mailbox().cloned().collect(),
                Vec::new()
            ),
            access_keys: access_keys
                .take(flawed!("MBX-18 access keys", usize::MAX, 0))
                .collect(),
            answered: kept
                .answered()
                .take(flawed!("MBX-18 answers", usize::MAX, 0))
                .cloned()
                .collect(),
        }
    }

    /// What an intermediary keeps true of a device.
    fn check(&self, limits: &Limits) -> Result<(), &'static str> {
        let record = &self.record;
        let keys = &self.one_time_pre_keys;
        let rising = keys.is_sorted_by(|one, next| one.id < next.id);
        if keys.len() > limits.one_time_pre_keys || !rising {
            return Err("too many one-time prekeys, or not by rising id (MBX-02)");
        }
        if keys.last().map(|key| key.id) > record.last_one_time_pre_key_id {
            return Err("a one-time prekey above the highest published (MBX-03)");
        }
        let mailbox = || self.mailbox.iter().map(|kept| &kept.envelope);
        let rising = mailbox().is_sorted_by(|one, next| one.id < next.id);
        if self.mailbox.len() > limits.mailbox_in_all() || !rising {
            return Err("too many messages, or not by rising id (MBX-07, MBX-11)");
        }
        if mailbox().any(|envelope| envelope.recipient != self.address) {
            return Err("a message of another device's mailbox");
        }
        if mailbox().any(|envelope| envelope.id >= record.next_envelope_id) {
            return Err("a message at or beyond the next id (MBX-07)");
        }
        if mailbox().any(|envelope| envelope.message.0.len() > limits.message_length) {
            return Err("a message that is too long (MBX-11)");
        }
        let mut of_access_keys: BTreeMap<_, usize> = BTreeMap::new();
        for kept in &self.mailbox {
            *of_access_keys.entry(kept.access_key).or_default() += 1;
        }
        let mut of_access_keys = of_access_keys.into_values();
        if of_access_keys.any(|count| count > limits.mailbox_of_access_key) {
            return Err("too many messages of one access key (MBX-23)");
        }
        let keys = &self.access_keys;
        let rising = keys.is_sorted_by(|one, next| one.hash < next.hash);
        if keys.len() > limits.access_keys || !rising {
            return Err("too many access keys, or not by rising hash (MBX-20)");
        }
        let most = limits.one_time_pre_keys_of_access_key;
        if keys.iter().any(|key| key.record.one_time_pre_keys > most) {
            return Err("too many one-time prekeys for one access key (MBX-17)");
        }
        if self.answered.len() > limits.answers {
            return Err("too many remembered answers (MBX-13)");
        }
        let mut requests = BTreeSet::new();
        if !self
            .answered
            .iter()
            .all(|answered| requests.insert(answered.request))
        {
            return Err("two answers to one request (MBX-13)");
        }
        Ok(())
    }
}

impl From<SavedDevice> for Kept {
    fn from(saved: SavedDevice) -> Self {
        let mut kept = Kept::new(saved.record);
        for one_time in saved.one_time_pre_keys {
            kept.put_one_time_pre_key(one_time);
        }
        for envelope in saved.mailbox {
            kept.put_envelope(envelope);
        }
        for access_key in saved.access_keys {
            kept.put_access_key(access_key.hash, access_key.record);
        }
        for answered in saved.answered {
            kept.remember(answered, usize::MAX);
        }
        kept
    }
}

impl TryFrom<SavedIntermediary> for Intermediary<MemoryStore> {
    type Error = SavedIntermediaryError;

    fn try_from(saved: SavedIntermediary) -> Result<Self, SavedIntermediaryError> {
        saved.restore(Limits::default())
    }
}
