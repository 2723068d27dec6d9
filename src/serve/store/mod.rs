//! Where a served intermediary keeps everything.

use crate::intermediary::{MemoryStore, Store, StoreError};
use crate::timestamp::Timestamp;

/// A store whose transactions are made durable in groups: one wait for the disk serves all requests that came meanwhile.
///
/// Between [`begin_group`](GroupStore::begin_group) and [`end_group`](GroupStore::end_group) every transaction sees what those before it
/// committed; whoever asked gets an answer after the end alone. A group that does not end has changed nothing.
pub trait GroupStore: Store {
    /// Begins a group. A store that several processes share takes its lock here.
    ///
    /// # Errors
    /// Where the store fails, or somebody else holds the lock for too long.
    fn begin_group(&mut self, now: Timestamp) -> Result<(), StoreError>;

    /// Ends it: everything outlasts a crash from now on (MBX-18).
    ///
    /// # Errors
    /// Where the store fails. Then nothing of the group has changed anything.
    fn end_group(&mut self) -> Result<(), StoreError>;

    /// Gives up a group: nothing of it has changed anything.
    fn abort_group(&mut self);
}

impl GroupStore for MemoryStore {
    fn begin_group(&mut self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn abort_group(&mut self) {}
}
