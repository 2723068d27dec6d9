//! A device at rest: its documented, versioned form (`docs/saved-state.md`).

use super::device_record::{DeviceRecord, TimedSession};
use super::held_session::{HeldSession, SavedLibrarySession};
use super::session_library::{Library, SessionLibrary};
use super::{Device, Limits};
use crate::agreement::{Pin, PreKeyStore};
use crate::identifier::{Address, IdentifierError, PreKeyId, RegistrationId};
use crate::primitives::PublicKey;
use crate::ratchet::{SavedSession, SavedSessionError};
use crate::requirement::flawed;
use crate::saved::json_text;
use crate::suite::{self, Party, Suite, SuiteRef};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of the form that this build writes and reads.
pub const SAVED_DEVICE_VERSION: u32 = 2;

/// A device as it is saved. Secrets are marked as such: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedDevice {
    version: u32,
    suite: String,
    /// Those that it speaks beside that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further_suites: Vec<String>,
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
    pin: Pin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedRecord {
    address: Address,
    identity_key: PublicKey,
    registration_id: RegistrationId,
    /// Whether a statement named it.
    confirmed: bool,
    stale_since: Option<Timestamp>,
    /// The active session first.
    sessions: Vec<SavedTimedSession>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedTimedSession {
    time: Timestamp,
    provisioning: bool,
    /// The engine's own, or one that a library keeps: of these two one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SavedSession>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    library_session: Option<SavedLibrarySession>,
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
    /// An identifier that none of the device's suites admits.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
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
    /// A session of a library that is not there, or of a suite that it does not speak.
    #[error("session {index} with {address}: {missing} are not there to go on with")]
    Library {
        /// The peer.
        address: Address,
        /// The session's place in the record, from 0.
        index: usize,
        /// What is missing.
        missing: String,
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

json_text!(SavedDevice, SavedDeviceError, SAVED_DEVICE_VERSION);

impl From<&Device> for SavedDevice {
    fn from(device: &Device) -> Self {
        let mut suites = device.suites.iter().map(|suite| suite.name().to_owned());
        SavedDevice {
            version: SAVED_DEVICE_VERSION,
            suite: suites.next().unwrap_or_default(),
            further_suites: suites.collect(),
            address: device.address,
            now: flawed!(
                "XFER-15 device's time",
                device.now,
                device.keys.signed_pre_key_created().unwrap_or(device.now)
            ),
            #[cfg(not(feature = "flaws"))]
            keys: PreKeyStore::clone(&device.keys),
            #[cfg(feature = "flaws")]
            keys: PreKeyStore::clone(&device.keys).written_down(device.now),
            pinned: device
                .pinned
                .iter()
                .take(flawed!("XFER-15 pins", usize::MAX, 0))
                .map(|(address, pin)| SavedPin {
                    address: *address,
                    pin: Pin {
                        named: flawed!("XFER-15 named", pin.named, false),
                        ..*pin
                    },
                })
                .collect(),
            records: device
                .records
                .iter()
                .map(|(address, record)| SavedRecord {
                    address: *address,
                    identity_key: record.identity_key,
                    registration_id: record.registration_id,
                    confirmed: flawed!("XFER-15 confirmed", record.confirmed, false),
                    stale_since: flawed!("XFER-15 stale", record.stale_since, None),
                    sessions: record
                        .sessions
                        .iter()
                        .take(flawed!("XFER-15 inactive sessions", usize::MAX, 1))
                        .map(SavedTimedSession::from)
                        .collect(),
                })
                .collect(),
        }
    }
}

impl From<&TimedSession> for SavedTimedSession {
    fn from(held: &TimedSession) -> Self {
        let (session, library_session) = match &*held.session {
            HeldSession::Engine(session) => (Some(session.save()), None),
            HeldSession::Library(session) => (None, Some(SavedLibrarySession::from(&**session))),
        };
        SavedTimedSession {
            time: held.time,
            provisioning: flawed!("XFER-15 own session", held.provisioning, false),
            session,
            library_session,
        }
    }
}

impl SavedDevice {
    /// The device, whose suites are among `suites`, held to `limits`.
    ///
    /// # Errors
    /// Where it speaks another suite, or breaks what a device keeps true of its own.
    pub fn restore(self, suites: &[SuiteRef], limits: &Limits) -> Result<Device, SavedDeviceError> {
        self.restore_with(suites, limits, None)
    }

    /// The same for a device whose sessions that library keeps.
    ///
    /// # Errors
    /// As [`SavedDevice::restore`], and where a session is another library's.
    pub fn restore_with(
        self,
        suites: &[SuiteRef],
        limits: &Limits,
        library: Option<Arc<dyn SessionLibrary>>,
    ) -> Result<Device, SavedDeviceError> {
        if self.version != SAVED_DEVICE_VERSION {
            return Err(SavedDeviceError::Version(self.version));
        }
        let find = |name: String| suite::find(suites, &name).ok_or(SavedDeviceError::Suite(name));
        let mut device = Device::new(find(self.suite)?, self.address, self.keys);
        for name in self.further_suites {
            device = device.and_speaks(find(name)?);
        }
        device.limits = *limits;
        device.library = library.map(Library);
        let suites = device.suites.clone();
        let address =
            |address: &Address| admitted(&suites, |suite| suite.identifiers().check(address));
        address(&self.address)?;
        for id in device.keys.ids() {
            admitted(&suites, |suite| {
                PreKeyId::within(id.get(), &suite.identifiers().pre_key_id)
            })?;
        }
        for SavedPin { address: peer, pin } in self.pinned {
            address(&peer)?;
            if device.pinned(&peer).is_some()
                || device.pin(peer, pin.fingerprint, pin.named).is_err()
            {
                return Err(SavedDeviceError::Record {
                    address: peer,
                    reason: "two pins of one device (X3DH-15)",
                });
            }
        }
        device.now = self.now;
        for record in self.records {
            let peer = record.address;
            address(&peer)?;
            let restored = restore(&device, record)?;
            if device.records.insert(peer, Arc::new(restored)).is_some() {
                return Err(SavedDeviceError::Record {
                    address: peer,
                    reason: "two records of one device",
                });
            }
        }
        Ok(device)
    }
}

impl TryFrom<SavedDevice> for Device {
    type Error = SavedDeviceError;

    fn try_from(saved: SavedDevice) -> Result<Self, SavedDeviceError> {
        saved.restore(suite::ALL, &Limits::default())
    }
}

/// What one of the suites admits.
pub(super) fn admitted<T>(
    suites: &[SuiteRef],
    read: impl Fn(&dyn Suite) -> Result<T, IdentifierError>,
) -> Result<(), IdentifierError> {
    let mut result = Ok(());
    for suite in suites {
        result = read(*suite).map(drop);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Restores one record of `device`, and holds it to what a device keeps true of its own.
fn restore(device: &Device, saved: SavedRecord) -> Result<DeviceRecord, SavedDeviceError> {
    let address = saved.address;
    let wrong = |reason| Err(SavedDeviceError::Record { address, reason });
    admitted(&device.suites, |suite| {
        let range = &suite.identifiers().registration_id;
        RegistrationId::within(saved.registration_id.get(), range)
    })?;
    if saved.stale_since.is_some_and(|since| since > device.now) {
        return wrong("stale since a time to come");
    }
    let own = device.party();
    let peer = Party {
        identity_key: saved.identity_key,
        address,
    };
    let mut record = DeviceRecord::new(saved.identity_key, saved.registration_id);
    record.confirmed = saved.confirmed;
    record.stale_since = saved.stale_since;
    // Each session is as old as the one before it, or older; the first has read at `now` at the latest.
    let mut newest = device.now;
    for (index, saved) in saved.sessions.into_iter().enumerate() {
        let SavedTimedSession {
            time,
            provisioning,
            session,
            library_session,
        } = saved;
        let session = match (session, library_session) {
            (Some(session), None) => {
                let limits = device.limits.session.as_ref();
                let session = session.restore(&device.suites, limits);
                HeldSession::Engine(session.map_err(|error| SavedDeviceError::Session {
                    address,
                    index,
                    error,
                })?)
            }
            (None, Some(session)) => {
                let session = session.restore(&device.suites, device.library.as_ref());
                session.map_err(|missing| SavedDeviceError::Library {
                    address,
                    index,
                    missing,
                })?
            }
            _ => return wrong("a session is the engine's or a library's"),
        };
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
        let taken = record.sessions.iter().any(|held| held.provisioning);
        if provisioning && (taken || !session.is_own()) {
            return wrong(
                "provisioning information goes into one session, of this device's (SES-19)",
            );
        }
        record.sessions.push_back(TimedSession {
            session: Arc::new(session),
            time: time.max(flawed!("XFER-15 session's age", time, device.now)),
            provisioning,
        });
    }
    if record.counted() > device.limits.max_inactive_sessions {
        return wrong("more sessions than a record keeps (SES-04)");
    }
    Ok(record)
}
