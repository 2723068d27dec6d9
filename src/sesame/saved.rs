//! A device at rest: its documented, versioned form (`docs/saved-state.md`).

use super::Device;
use super::device_record::{DeviceRecord, MAX_INACTIVE_SESSIONS, TimedSession};
use crate::agreement::PreKeyStore;
use crate::identifier::{Address, RegistrationId};
use crate::primitives::PublicKey;
use crate::ratchet::{SavedSession, SavedSessionError, Session};
use crate::saved::json_text;
use crate::suite;
use crate::suite::Party;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the form that this build writes and reads.
pub const SAVED_DEVICE_VERSION: u32 = 1;

/// A device as it is saved. Secrets are marked as such: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedDevice {
    version: u32,
    suite: String,
    address: Address,
    now: Timestamp,
    keys: PreKeyStore,
    pinned: Vec<SavedPin>,
    records: Vec<SavedRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedPin {
    address: Address,
    identity_key: PublicKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedRecord {
    address: Address,
    identity_key: PublicKey,
    registration_id: RegistrationId,
    stale_since: Option<Timestamp>,
    /// The active session first.
    sessions: Vec<SavedTimedSession>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedTimedSession {
    time: Timestamp,
    session: SavedSession,
}

/// A saved device that no device of this build could have written.
#[derive(Debug, thiserror::Error)]
pub enum SavedDeviceError {
    /// Not the JSON of a saved device.
    #[error("not a saved device: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("saved device version {0}; this build reads version {SAVED_DEVICE_VERSION}")]
    Version(u32),
    /// Another suite.
    #[error("saved device of suite `{0}`, which this build does not speak")]
    Suite(String),
    /// A session that cannot be restored.
    #[error("session {index} with {address}: {error}")]
    Session {
        /// The peer.
        address: Address,
        /// The session's place in the record, from 0.
        index: usize,
        /// What is wrong with it.
        error: SavedSessionError,
    },
    /// A record breaks what a device keeps true of its own.
    #[error("record of {address}: {reason}")]
    Record {
        /// The peer.
        address: Address,
        /// What is wrong with it.
        reason: &'static str,
    },
}

json_text!(SavedDevice, SavedDeviceError);

impl From<&Device> for SavedDevice {
    fn from(device: &Device) -> Self {
        SavedDevice {
            version: SAVED_DEVICE_VERSION,
            suite: device.suite.name().to_owned(),
            address: device.address,
            now: device.now,
            keys: device.keys.clone(),
            pinned: device
                .pinned
                .iter()
                .map(|(address, identity_key)| SavedPin {
                    address: *address,
                    identity_key: *identity_key,
                })
                .collect(),
            records: device
                .records
                .iter()
                .map(|(address, record)| SavedRecord {
                    address: *address,
                    identity_key: record.identity_key,
                    registration_id: record.registration_id,
                    stale_since: record.stale_since,
                    sessions: record
                        .sessions
                        .iter()
                        .map(|held| SavedTimedSession {
                            time: held.time,
                            session: held.session.save(),
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}

impl TryFrom<SavedDevice> for Device {
    type Error = SavedDeviceError;

    fn try_from(saved: SavedDevice) -> Result<Self, SavedDeviceError> {
        if saved.version != SAVED_DEVICE_VERSION {
            return Err(SavedDeviceError::Version(saved.version));
        }
        let suite = suite::by_name(&saved.suite).ok_or(SavedDeviceError::Suite(saved.suite))?;
        let mut device = Device::new(suite, saved.address, saved.keys);
        for pin in saved.pinned {
            device.pin(pin.address, pin.identity_key);
        }
        device.now = saved.now;
        for record in saved.records {
            let address = record.address;
            let restored = restore(&device, record)?;
            if device.records.insert(address, restored).is_some() {
                return Err(SavedDeviceError::Record {
                    address,
                    reason: "two records of one device",
                });
            }
        }
        Ok(device)
    }
}

/// Restores one record of `device`, and holds it to what a device keeps true of its own.
fn restore(device: &Device, saved: SavedRecord) -> Result<DeviceRecord, SavedDeviceError> {
    let address = saved.address;
    let wrong = |reason| Err(SavedDeviceError::Record { address, reason });
    if saved.sessions.len() > 1 + MAX_INACTIVE_SESSIONS {
        return wrong("a record has at most 41 sessions (SES-04)");
    }
    if saved.stale_since.is_some_and(|since| since > device.now) {
        return wrong("stale since a time to come");
    }
    let own = Party {
        identity_key: *device.keys.identity().public(),
        address: device.address,
    };
    let peer = Party {
        identity_key: saved.identity_key,
        address,
    };
    let mut record = DeviceRecord::new(saved.identity_key, saved.registration_id);
    record.stale_since = saved.stale_since;
    // Each session is as old as the one before it, or older; the first has read at `now` at the latest.
    let mut newest = device.now;
    for (index, SavedTimedSession { time, session }) in saved.sessions.into_iter().enumerate() {
        let session = Session::try_from(session).map_err(|error| SavedDeviceError::Session {
            address,
            index,
            error,
        })?;
        if *session.own() != own {
            return wrong("a session of another device");
        }
        if *session.peer() != peer {
            return wrong("a session with another device, or with another identity key (SES-12)");
        }
        if time > newest {
            return wrong("a session that is newer than the one before it (SES-06)");
        }
        newest = time;
        record.sessions.push_back(TimedSession { session, time });
    }
    Ok(record)
}
