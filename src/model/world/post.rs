//! The intermediary, and what is remembered of its past.

use super::bounds::Bounds;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::intermediary::{Answer, Intermediary, MemoryStore, Request, SavedIntermediary};
use crate::suite;
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An answer of the intermediary, or its refusal.
pub type Answered = Result<Answer, ErrorCode>;

/// The machine state of the intermediary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Post {
    /// The intermediary.
    pub intermediary: Intermediary<MemoryStore>,
    /// The request that each one-time prekey was handed out for, both by a hash.
    pub handed_out: BTreeMap<u64, u64>,
    /// How many were handed out for each access key of a device, by a hash of both.
    pub handed_by: BTreeMap<u64, u32>,
    /// Whose each published key is, and since when, by a hash: identity keys, and prekeys.
    pub keys: BTreeMap<u64, (Address, Timestamp)>,
    /// The access keys of devices, by a hash of both, each with its end.
    pub access_keys: BTreeMap<u64, Timestamp>,
    /// The requests that have changed something, by a hash.
    pub done: BTreeSet<u64>,
}

impl Post {
    /// One that knows nobody.
    #[must_use]
    pub fn new(bounds: &Bounds) -> Self {
        let store = MemoryStore::default();
        Post {
            intermediary: Intermediary::with_limits(suite::ALL[0], store, bounds.post_limits),
            handed_out: BTreeMap::new(),
            handed_by: BTreeMap::new(),
            keys: BTreeMap::new(),
            access_keys: BTreeMap::new(),
            done: BTreeSet::new(),
        }
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, now: Timestamp) -> Answered {
        let answered = self.intermediary.handle(request, now);
        answered.map_err(|error| error.code().unwrap_or(ErrorCode::RateLimited))
    }

    /// The same, saved and restored; nothing where that does not succeed.
    #[must_use]
    pub fn restarted(&self, bounds: &Bounds) -> Option<Intermediary<MemoryStore>> {
        let text = self.intermediary.save().to_json();
        let saved = SavedIntermediary::from_json(&text).ok()?;
        saved.restore(bounds.post_limits).ok()
    }
}
