//! Whether a request is one transaction: an intermediary that stops before the commit has done nothing, and there is one commit.

use crate::agreement::OneTimePreKey;
use crate::identifier::{Address, UserId};
use crate::intermediary::memory_store::MemoryTransaction;
use crate::intermediary::store::{AccessRecord, Answered, Change, DeviceRecord};
use crate::intermediary::{Digest, Envelope};
use crate::intermediary::{
    Intermediary, IntermediaryError, Limits, MemoryStore, Request, Store, StoreError, Transaction,
};
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;

/// Whether the intermediary over that store carries the request out in one commit at most, answers only once that succeeded, and has
/// changed nothing where it did not.
#[must_use]
pub fn is_one(
    suite: SuiteRef,
    limits: Limits,
    store: &MemoryStore,
    request: &Request,
    now: Timestamp,
) -> bool {
    let stopping = Stopping {
        store: store.clone(),
        begun: 0,
        commits: 0,
    };
    let mut intermediary = Intermediary::with_limits(suite, stopping, limits);
    let answer = intermediary.handle(request, now);
    let after = intermediary.store();
    let stopped = matches!(answer, Err(IntermediaryError::Store(_)));
    after.store == *store
        && after.begun <= 1
        && match after.commits {
            0 => !stopped,
            1 => stopped,
            _ => false,
        }
}

/// A store that stops at the commit.
#[derive(Debug)]
struct Stopping {
    store: MemoryStore,
    begun: u32,
    commits: u32,
}

impl Store for Stopping {
    type Transaction<'a> = StoppingTransaction<'a>;

    fn begin(&mut self, now: Timestamp) -> Result<StoppingTransaction<'_>, StoreError> {
        self.begun += 1;
        Ok(StoppingTransaction {
            inner: self.store.begin(now)?,
            commits: &mut self.commits,
        })
    }
}

struct StoppingTransaction<'a> {
    inner: MemoryTransaction<'a>,
    commits: &'a mut u32,
}

impl Transaction for StoppingTransaction<'_> {
    fn device(&mut self, address: &Address) -> Result<Option<DeviceRecord>, StoreError> {
        self.inner.device(address)
    }

    fn has_devices(&mut self, user: &UserId) -> Result<bool, StoreError> {
        self.inner.has_devices(user)
    }

    fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError> {
        self.inner.owner(token)
    }

    fn next_one_time_pre_key(
        &mut self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError> {
        self.inner.next_one_time_pre_key(address)
    }

    fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        self.inner.one_time_pre_keys(address)
    }

    fn envelopes(&mut self, address: &Address, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        self.inner.envelopes(address, limit)
    }

    fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError> {
        self.inner.mailbox_length(address)
    }

    fn mailbox_length_of(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<usize, StoreError> {
        self.inner.mailbox_length_of(address, access_key)
    }

    fn mailbox_length_beyond(
        &mut self,
        address: &Address,
        each: usize,
    ) -> Result<usize, StoreError> {
        self.inner.mailbox_length_beyond(address, each)
    }

    fn access_key(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<Option<AccessRecord>, StoreError> {
        self.inner.access_key(address, access_key)
    }

    fn access_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        self.inner.access_keys(address)
    }

    fn answered(
        &mut self,
        address: &Address,
        request: &Digest,
    ) -> Result<Option<Answered>, StoreError> {
        self.inner.answered(address, request)
    }

    fn commit(self, _: Vec<Change>) -> Result<(), StoreError> {
        *self.commits += 1;
        Err(StoreError("it stopped".to_owned()))
    }
}
