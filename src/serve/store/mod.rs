//! Where a served intermediary keeps everything.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`database`] | what two databases have to do for it |
//! | `statement` | the schema and every statement, which both databases read |
//! | `row` | what stands in a row |
//! | [`sql_store`] | the intermediary's store over either |
//! | [`sqlite`] | a file, for one server |
//! | [`postgres`] | a database that several servers share |
//!
//! Requests come in groups: all that wait are carried out in one transaction of the database, and answered once it is
//! durable (MBX-18). So a disk is waited for once for a group, and not once for each.

pub mod database;
pub mod postgres;
mod row;
pub mod sql_store;
pub mod sqlite;
mod statement;

pub use self::postgres::PostgresStore;
pub use self::sqlite::SqliteStore;

use self::sql_store::SqlTransaction;
use crate::agreement::OneTimePreKey;
use crate::identifier::{Address, UserId};
use crate::intermediary::memory_store::MemoryTransaction;
use crate::intermediary::store::{AccessRecord, Answered, Change, DeviceRecord};
use crate::intermediary::{Digest, Envelope, MemoryStore, Store, StoreError, Transaction};
use crate::timestamp::Timestamp;
use serde::Serialize;

/// A store that makes many transactions durable at once.
///
/// Between `begin_group` and `end_group` a transaction's commit can be seen by those after it, but may still be lost. A
/// transaction outside a group is a group of its own.
pub trait GroupStore: Store {
    /// Whether a group waits for a disk or for another process.
    fn waits(&self) -> bool;

    /// Begins a group at that time. Until it ends, no other process changes anything. One that is under way is given up.
    ///
    /// # Errors
    /// Where the database cannot be reached, or another process does not give back its lock for some seconds.
    fn begin_group(&mut self, now: Timestamp) -> Result<(), StoreError>;

    /// Ends the group: once this returns, all of its commits outlast a crash.
    ///
    /// # Errors
    /// Where it failed. All of its commits are undone, and whoever waits for an answer must be told so. Only where the
    /// database broke off at this very step, it may have carried them out all the same: who repeats a request with its id
    /// learns it (MBX-13).
    fn end_group(&mut self) -> Result<(), StoreError>;

    /// Gives the group up: none of its commits is carried out.
    fn abort_group(&mut self);

    /// The first so many devices, by rising address.
    ///
    /// # Errors
    /// Where the database fails.
    fn addresses(&mut self, most: usize) -> Result<Vec<Address>, StoreError>;
}

/// What an operator sees of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The device.
    pub address: Address,
    /// How many one-time prekeys it has left.
    pub one_time_pre_keys: usize,
    /// How many access keys it has.
    pub access_keys: usize,
    /// How many messages wait for it.
    pub mailbox: usize,
}

/// What an operator sees of the first so many devices, by rising address.
///
/// # Errors
/// Where the database fails.
pub fn overview(
    store: &mut impl GroupStore,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Overview>, StoreError> {
    let addresses = store.addresses(most)?;
    let mut reads = store.begin(now)?;
    let overview = addresses.into_iter().map(|address| {
        Ok(Overview {
            address,
            one_time_pre_keys: reads.one_time_pre_keys(&address)?,
            access_keys: reads.access_keys(&address)?,
            mailbox: reads.mailbox_length(&address)?,
        })
    });
    overview.collect()
}

/// What is in memory is as durable as it will ever be; `abort_group` undoes nothing, and nothing there fails.
impl GroupStore for MemoryStore {
    fn waits(&self) -> bool {
        false
    }

    fn begin_group(&mut self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn abort_group(&mut self) {}

    fn addresses(&mut self, most: usize) -> Result<Vec<Address>, StoreError> {
        Ok(MemoryStore::addresses(self).take(most).collect())
    }
}

/// The store that an operator names.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a server has one, and never moves it"
)]
pub enum AnyStore {
    /// For as long as the process lives.
    Memory(MemoryStore),
    /// In a file.
    Sqlite(SqliteStore),
    /// In a database that several servers share.
    Postgres(PostgresStore),
}

impl AnyStore {
    /// Opens `sqlite:FILE` or `postgres://...`, and makes it where it is not there; without either, the store is in memory.
    ///
    /// It waits for the database, and PostgreSQL's client has a runtime of its own: not to be called from within another.
    ///
    /// # Errors
    /// Where there is no such kind of store, or it cannot be opened, or another program's or version's data is in it.
    pub fn open(url: Option<&str>) -> Result<AnyStore, StoreError> {
        let Some(url) = url else {
            return Ok(AnyStore::Memory(MemoryStore::default()));
        };
        match url.split_once(':') {
            Some(("sqlite", file)) if !file.is_empty() => {
                SqliteStore::open(file.as_ref()).map(AnyStore::Sqlite)
            }
            Some(("postgres" | "postgresql", _)) => {
                PostgresStore::open(url).map(AnyStore::Postgres)
            }
            // The text may hold a password.
            _ => Err(StoreError(
                "a database is named `sqlite:FILE` or `postgres://USER@HOST/DATABASE`".to_owned(),
            )),
        }
    }
}

/// The same of whichever store it is.
macro_rules! whichever {
    ($kind:ident, $this:expr, $one:ident => $what:expr) => {
        match $this {
            $kind::Memory($one) => $what,
            $kind::Sqlite($one) => $what,
            $kind::Postgres($one) => $what,
        }
    };
}

impl Store for AnyStore {
    type Transaction<'a> = AnyTransaction<'a>;

    fn begin(&mut self, now: Timestamp) -> Result<AnyTransaction<'_>, StoreError> {
        Ok(match self {
            AnyStore::Memory(store) => AnyTransaction::Memory(store.begin(now)?),
            AnyStore::Sqlite(store) => AnyTransaction::Sqlite(store.begin(now)?),
            AnyStore::Postgres(store) => AnyTransaction::Postgres(store.begin(now)?),
        })
    }
}

impl GroupStore for AnyStore {
    fn waits(&self) -> bool {
        whichever!(AnyStore, self, store => store.waits())
    }

    fn begin_group(&mut self, now: Timestamp) -> Result<(), StoreError> {
        whichever!(AnyStore, self, store => store.begin_group(now))
    }

    fn end_group(&mut self) -> Result<(), StoreError> {
        whichever!(AnyStore, self, store => store.end_group())
    }

    fn abort_group(&mut self) {
        whichever!(AnyStore, self, store => store.abort_group());
    }

    fn addresses(&mut self, most: usize) -> Result<Vec<Address>, StoreError> {
        whichever!(AnyStore, self, store => GroupStore::addresses(store, most))
    }
}

/// A transaction of an [`AnyStore`].
#[derive(Debug)]
pub enum AnyTransaction<'a> {
    /// In memory.
    Memory(MemoryTransaction<'a>),
    /// In SQLite.
    Sqlite(SqlTransaction<'a, sqlite::Sqlite>),
    /// In PostgreSQL.
    Postgres(SqlTransaction<'a, postgres::Postgres>),
}

/// The methods of a transaction, each by that of whichever transaction it is.
macro_rules! handed_on {
    ($(fn $name:ident(&mut self $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {
        $(fn $name(&mut self $(, $argument: $type)*) -> Result<$result, StoreError> {
            whichever!(AnyTransaction, self, one => one.$name($($argument),*))
        })*
    };
}

impl Transaction for AnyTransaction<'_> {
    handed_on! {
        fn device(&mut self, address: &Address) -> Option<DeviceRecord>;
        fn has_devices(&mut self, user: &UserId) -> bool;
        fn owner(&mut self, token: &Digest) -> Option<Address>;
        fn next_one_time_pre_key(&mut self, address: &Address) -> Option<OneTimePreKey>;
        fn one_time_pre_keys(&mut self, address: &Address) -> usize;
        fn envelopes(&mut self, address: &Address, limit: usize) -> Vec<Envelope>;
        fn mailbox_length(&mut self, address: &Address) -> usize;
        fn mailbox_length_of(&mut self, address: &Address, access_key: &Digest) -> usize;
        fn mailbox_length_beyond(&mut self, address: &Address, each: usize) -> usize;
        fn access_key(&mut self, address: &Address, access_key: &Digest) -> Option<AccessRecord>;
        fn access_keys(&mut self, address: &Address) -> usize;
        fn answered(&mut self, address: &Address, request: &Digest) -> Option<Answered>;
    }

    fn commit(self, changes: Vec<Change>) -> Result<(), StoreError> {
        whichever!(AnyTransaction, self, one => one.commit(changes))
    }
}
