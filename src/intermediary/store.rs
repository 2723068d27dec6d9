//! What the intermediary keeps, behind two small traits.
//!
//! A request is one [`Transaction`]. It begins before the first read, and ends in one of two ways: committed, it carries
//! out all of its changes or none; dropped, it carries out none. So taking a one-time prekey and remembering the answer
//! that hands it out are one step (MBX-03, MBX-13, MBX-18).
//!
//! A store that several processes share takes its lock in [`Store::begin`] and gives it back where the transaction
//! ends: nothing comes between what a request reads and what it changes. Each read is one query, and each [`Change`]
//! one statement about one row.

use super::envelope::{Envelope, EnvelopeId};
use super::token::Digest;
use crate::agreement::{BundleFields, OneTimePreKey, SignedPreKey, Statement};
use crate::identifier::{Address, PreKeyId, RegistrationId, UserId};
use crate::primitives::PublicKey;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// A store that failed, and why. Nothing of the commit was carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the intermediary's store: {0}")]
pub struct StoreError(pub String);

/// What is kept of a device beside its one-time prekeys and its mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceRecord {
    /// The hash of its token (MBX-01).
    pub token: Digest,
    /// IK.
    pub identity_key: PublicKey,
    /// Its registration id.
    pub registration_id: RegistrationId,
    /// SPK.
    pub signed_pre_key: SignedPreKey,
    /// What the device said of it and of itself (KEY-09), in suites with statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
    /// The highest id of all one-time prekeys ever published: none at or below it is taken again (MBX-03).
    pub last_one_time_pre_key_id: Option<PreKeyId>,
    /// The id of the next message in its mailbox.
    pub next_envelope_id: EnvelopeId,
}

/// What is kept of an access key (MBX-20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessRecord {
    /// How many one-time prekeys were handed out for it (MBX-17).
    pub one_time_pre_keys: u32,
    /// From when on it admits nobody.
    pub expires: Timestamp,
}

/// A one-time prekey that is to be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptOneTimePreKey {
    /// Its id.
    pub id: PreKeyId,
    /// OPK.
    pub key: PublicKey,
    /// From when on it is not handed out (MBX-03).
    pub expires: Timestamp,
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeptEnvelope {
    /// The message.
    pub envelope: Envelope,
    /// The hash of the access key that it came by (MBX-23).
    pub access_key: Digest,
}

/// A request that was carried out, and what is needed to answer it again (MBX-13).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answered {
    /// The hash of the request id.
    pub request: Digest,
    /// The hash of what was asked.
    pub body: Digest,
    /// The answer.
    pub answer: FirstAnswer,
    /// From when on it is no longer remembered; [`FirstAnswer::KEPT`] where it is for as long as the device is registered.
    pub expires: Timestamp,
}

impl Answered {
    /// Whether the answer was a bundle.
    #[cfg(feature = "flaws")]
    pub(super) fn is_bundle(&self) -> bool {
        matches!(self.answer, FirstAnswer::Bundle(_))
    }

    /// Whether it is remembered for as long as the device is registered.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.expires == FirstAnswer::KEPT
    }
}

/// The first answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FirstAnswer {
    /// It was carried out.
    Done,
    /// The bundle.
    Bundle(Box<BundleFields>),
}

impl FirstAnswer {
    /// The end of what is remembered for as long as the device is registered.
    pub const KEPT: Timestamp = Timestamp(u64::MAX);
}

/// One change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The record is stored, in place of a former one.
    PutDevice(Address, DeviceRecord),
    /// Everything of the device is erased: record, one-time prekeys, mailbox, access keys, remembered answers (MBX-15).
    EraseDevice(Address),
    /// A one-time prekey is stored.
    PutOneTimePreKey(Address, KeptOneTimePreKey),
    /// A one-time prekey is erased.
    EraseOneTimePreKey(Address, PreKeyId),
    /// A message is put into its recipient's mailbox.
    PutEnvelope(KeptEnvelope),
    /// A message is erased from a mailbox, where it is there.
    EraseEnvelope(Address, EnvelopeId),
    /// An access key of the device is stored by its hash, in place of a former record of it.
    PutAccessKey(Address, Digest, AccessRecord),
    /// An access key of the device is erased, where it is there.
    EraseAccessKey(Address, Digest),
    /// An answer to a device that is still there is remembered; of more than `at_most` those go that were remembered
    /// first, but for one that is kept ([`Answered::is_kept`]).
    Remember {
        /// The device that was answered.
        address: Address,
        /// The answer.
        answered: Answered,
        /// How many answers to one device are remembered.
        at_most: usize,
    },
}

/// Where an intermediary keeps everything.
pub trait Store {
    /// A transaction of this store.
    type Transaction<'a>: Transaction
    where
        Self: 'a;

    /// Begins a transaction at that time. What has expired by `now` is not there for its reads, and a commit erases it
    /// first: messages (MBX-10), one-time prekeys (MBX-03), access keys (MBX-21), answers (MBX-13).
    ///
    /// Until it ends, no other transaction of the store changes anything.
    fn begin(&mut self, now: Timestamp) -> Result<Self::Transaction<'_>, StoreError>;
}

/// The reads of one request, and then its changes. Dropped, it has changed nothing.
///
/// A device that is asked for and not there has nothing. Reads take `&mut self`, since they may need the one
/// connection that the transaction holds.
pub trait Transaction: Sized {
    /// The record of a device.
    fn device(&mut self, address: &Address) -> Result<Option<DeviceRecord>, StoreError>;

    /// Whether a user has a device.
    fn has_devices(&mut self, user: &UserId) -> Result<bool, StoreError>;

    /// The device with that token.
    fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError>;

    /// A device's one-time prekey of the lowest id.
    fn next_one_time_pre_key(
        &mut self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError>;

    /// How many one-time prekeys a device has.
    fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError>;

    /// The first `limit` messages of a mailbox, by rising id.
    fn envelopes(&mut self, address: &Address, limit: usize) -> Result<Vec<Envelope>, StoreError>;

    /// How many messages a mailbox holds.
    fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError>;

    /// How many messages of a mailbox came by that access key.
    fn mailbox_length_of(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<usize, StoreError>;

    /// How many messages of a mailbox there are beyond the first `each` of each access key.
    fn mailbox_length_beyond(
        &mut self,
        address: &Address,
        each: usize,
    ) -> Result<usize, StoreError>;

    /// What is kept of an access key of a device.
    fn access_key(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<Option<AccessRecord>, StoreError>;

    /// How many access keys a device has.
    fn access_keys(&mut self, address: &Address) -> Result<usize, StoreError>;

    /// What a device was answered to a request of that id.
    fn answered(
        &mut self,
        address: &Address,
        request: &Digest,
    ) -> Result<Option<Answered>, StoreError>;

    /// Erases what has expired and carries out the changes, in order: everything, or nothing. Once this returns, it
    /// outlasts a crash (MBX-18).
    fn commit(self, changes: Vec<Change>) -> Result<(), StoreError>;
}
