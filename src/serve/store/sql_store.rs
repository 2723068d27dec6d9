//! The intermediary's store over a database.
//!
//! A read is one query, and a change one statement about one row, but for an answer that is remembered: the oldest of too
//! many is erased beside it, and they are counted. What a transaction costs does not depend on how many devices there are; a
//! submission counts what waits in the mailbox.

use super::GroupStore;
use super::database::{Database, Value};
use super::row::{self, Row};
use super::statement;
use crate::agreement::OneTimePreKey;
use crate::identifier::{Address, UserId};
use crate::intermediary::store::{
    AccessRecord, Answered, Change, DeviceRecord, FirstAnswer, KeptEnvelope, KeptOneTimePreKey,
};
use crate::intermediary::{Digest, Envelope, EnvelopeId, Store, StoreError, Transaction};
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// A store that keeps everything in a database, and nothing of it in memory.
#[derive(Debug)]
pub struct SqlStore<D> {
    database: D,
    group: Option<Group>,
}

/// A group that is under way.
#[derive(Debug, Default)]
struct Group {
    /// What has made it impossible to go on.
    failed: Option<StoreError>,
    /// By when what had expired was last erased. No change puts what has expired, so at the same time nothing new has.
    erased: Option<Timestamp>,
}

impl<D: Database> SqlStore<D> {
    pub(super) fn new(database: D) -> Self {
        SqlStore {
            database,
            group: None,
        }
    }

    /// Everything that is kept, as the changes that put it into an empty store; of answers the oldest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn contents(&mut self) -> Result<Vec<Change>, StoreError> {
        self.begin(Timestamp(0))?.contents()
    }
}

impl<D: Database> GroupStore for SqlStore<D> {
    fn waits(&self) -> bool {
        true
    }

    fn begin_group(&mut self, now: Timestamp) -> Result<(), StoreError> {
        check(now)?;
        self.abort_group();
        self.database.begin()?;
        self.group = Some(Group::default());
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), StoreError> {
        let group = self.group.take();
        let group = group.ok_or_else(|| StoreError("no group is under way".to_owned()))?;
        if let Some(error) = group.failed {
            self.database.roll_back();
            return Err(error);
        }
        self.database.commit()?;
        self.database.tidy();
        Ok(())
    }

    fn abort_group(&mut self) {
        if self.group.take().is_some() {
            self.database.roll_back();
        }
    }

    fn addresses(&mut self, most: usize) -> Result<Vec<Address>, StoreError> {
        let mut reads = self.begin(Timestamp(0))?;
        reads.rows(statement::FIRST_DEVICES, &[row::count(most)], Row::device)
    }
}

impl<D: Database> Store for SqlStore<D> {
    type Transaction<'a>
        = SqlTransaction<'a, D>
    where
        D: 'a;

    fn begin(&mut self, now: Timestamp) -> Result<SqlTransaction<'_, D>, StoreError> {
        check(now)?;
        let alone = self.group.is_none();
        if alone {
            self.begin_group(now)?;
        }
        Ok(SqlTransaction {
            store: self,
            now,
            alone,
        })
    }
}

fn check(now: Timestamp) -> Result<(), StoreError> {
    if now < row::END {
        Ok(())
    } else {
        Err(StoreError(format!(
            "the clock shows {} seconds since 1970: set it right",
            now.0
        )))
    }
}

/// A transaction of a [`SqlStore`].
#[derive(Debug)]
pub struct SqlTransaction<'a, D: Database> {
    store: &'a mut SqlStore<D>,
    now: Timestamp,
    /// Whether it is a group of its own, and has not ended.
    alone: bool,
}

impl<D: Database> Drop for SqlTransaction<'_, D> {
    fn drop(&mut self) {
        if self.alone {
            self.store.abort_group();
        }
    }
}

impl<D: Database> SqlTransaction<'_, D> {
    /// Does something with the database. Where a read fails, PostgreSQL takes no other statement of the group.
    fn try_with<T>(
        &mut self,
        what: impl FnOnce(&mut D) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(group) = &mut self.store.group else {
            return Err(StoreError("the group has ended".to_owned()));
        };
        if let Some(error) = &group.failed {
            return Err(error.clone());
        }
        let done = what(&mut self.store.database);
        if let Err(error) = &done {
            group.failed = Some(error.clone());
        }
        done
    }

    fn rows<T>(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&mut Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.try_with(|database| database.query(statement, values))?;
        rows.into_iter()
            .map(|columns| read(&mut columns.into()))
            .collect()
    }

    fn row<T>(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&mut Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(statement, values, read)?.pop())
    }

    /// How many of a device are there at this time.
    fn count(&mut self, statement: &'static str, address: &Address) -> Result<usize, StoreError> {
        let [user_id, device_id] = row::device(address);
        let values = [user_id, device_id, row::time(self.now)];
        let count = self.row(statement, &values, Row::count)?;
        Ok(count.unwrap_or_default())
    }

    fn contents(&mut self) -> Result<Vec<Change>, StoreError> {
        let mut contents = self.rows(statement::ALL_DEVICES, &[], |row| {
            Ok(Change::PutDevice(row.device()?, row.device_record()?))
        })?;
        contents.extend(self.rows(statement::ALL_ONE_TIME_PRE_KEYS, &[], |row| {
            let address = row.device()?;
            Ok(Change::PutOneTimePreKey(
                address,
                row.kept_one_time_pre_key()?,
            ))
        })?);
        contents.extend(self.rows(statement::ALL_ENVELOPES, &[], |row| {
            Ok(Change::PutEnvelope(row.kept_envelope()?))
        })?);
        contents.extend(self.rows(statement::ALL_ACCESS_KEYS, &[], |row| {
            let (address, hash) = (row.device()?, row.hash()?);
            Ok(Change::PutAccessKey(address, hash, row.access_record()?))
        })?);
        contents.extend(self.rows(statement::ALL_ANSWERED, &[], |row| {
            Ok(Change::Remember {
                address: row.device()?,
                answered: row.answered()?,
                at_most: usize::MAX,
            })
        })?);
        Ok(contents)
    }

    /// Everything or nothing. Only where even undoing fails, the whole group does.
    fn carry_out(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let now = self.now;
        self.try_with(D::set_mark)?;
        let Some(group) = &mut self.store.group else {
            return Err(StoreError("the group has ended".to_owned()));
        };
        let is_first = group.erased != Some(now);
        let mut changing = Changing(&mut self.store.database);
        let done = if is_first {
            changing.forget(now)
        } else {
            Ok(())
        };
        let done = done
            .and_then(|()| changes.iter().try_for_each(|one| changing.apply(one)))
            .and_then(|()| self.store.database.leave_mark());
        match &done {
            Ok(()) => group.erased = Some(now),
            Err(error) => {
                if self.store.database.back_to_mark().is_err() {
                    group.failed = Some(error.clone());
                }
            }
        }
        done
    }
}

impl<D: Database> Transaction for SqlTransaction<'_, D> {
    fn device(&mut self, address: &Address) -> Result<Option<DeviceRecord>, StoreError> {
        self.row(statement::DEVICE, &row::device(address), Row::device_record)
    }

    fn has_devices(&mut self, user: &UserId) -> Result<bool, StoreError> {
        let first = self.row(statement::HAS_DEVICES, &[row::user(user)], |_| Ok(()))?;
        Ok(first.is_some())
    }

    fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError> {
        self.row(statement::OWNER, &[row::hash(token)], Row::device)
    }

    fn next_one_time_pre_key(
        &mut self,
        address: &Address,
    ) -> Result<Option<OneTimePreKey>, StoreError> {
        let [user_id, device_id] = row::device(address);
        let values = [user_id, device_id, row::time(self.now)];
        let next = statement::NEXT_ONE_TIME_PRE_KEY;
        self.row(next, &values, Row::one_time_pre_key)
    }

    fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        self.count(statement::ONE_TIME_PRE_KEYS, address)
    }

    fn envelopes(&mut self, address: &Address, limit: usize) -> Result<Vec<Envelope>, StoreError> {
        let [user_id, device_id] = row::device(address);
        let limit = row::count(limit);
        let values = [user_id, device_id, row::time(self.now), limit];
        self.rows(statement::ENVELOPES, &values, |row| row.envelope(*address))
    }

    fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError> {
        self.count(statement::MAILBOX_LENGTH, address)
    }

    fn mailbox_length_of(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<usize, StoreError> {
        let [user_id, device_id] = row::device(address);
        let hash = row::hash(access_key);
        let values = [user_id, device_id, hash, row::time(self.now)];
        let length = self.row(statement::MAILBOX_LENGTH_OF, &values, Row::count)?;
        Ok(length.unwrap_or_default())
    }

    fn mailbox_length_beyond(
        &mut self,
        address: &Address,
        each: usize,
    ) -> Result<usize, StoreError> {
        let [user_id, device_id] = row::device(address);
        let each = row::count(each);
        let values = [each, user_id, device_id, row::time(self.now)];
        let beyond = self.row(statement::MAILBOX_LENGTH_BEYOND, &values, Row::count)?;
        Ok(beyond.unwrap_or_default())
    }

    fn access_key(
        &mut self,
        address: &Address,
        access_key: &Digest,
    ) -> Result<Option<AccessRecord>, StoreError> {
        let [user_id, device_id] = row::device(address);
        let hash = row::hash(access_key);
        let values = [user_id, device_id, hash, row::time(self.now)];
        self.row(statement::ACCESS_KEY, &values, Row::access_record)
    }

    fn access_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
        self.count(statement::ACCESS_KEYS, address)
    }

    fn answered(
        &mut self,
        address: &Address,
        request: &Digest,
    ) -> Result<Option<Answered>, StoreError> {
        let [user_id, device_id] = row::device(address);
        let hash = row::hash(request);
        let values = [user_id, device_id, hash, row::time(self.now)];
        self.row(statement::ANSWERED, &values, Row::answered)
    }

    fn commit(mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        // Where it fails, a transaction that stands alone is undone as it is dropped.
        self.carry_out(&changes)?;
        if self.alone {
            self.alone = false;
            self.store.end_group()?;
        }
        Ok(())
    }
}

/// The changes of one commit.
struct Changing<'a, D>(&'a mut D);

impl<D: Database> Changing<'_, D> {
    /// Erases what expires by `now`.
    fn forget(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let now = [row::time(now)];
        for statement in [
            statement::FORGET_ONE_TIME_PRE_KEYS,
            statement::FORGET_ENVELOPES,
            statement::FORGET_ACCESS_KEYS,
        ] {
            self.0.execute(statement, &now)?;
        }
        let mut fewer: BTreeMap<Address, i64> = BTreeMap::new();
        for columns in self.0.query(statement::FORGET_ANSWERS, &now)? {
            *fewer.entry(Row::from(columns).device()?).or_default() -= 1;
        }
        for (address, fewer) in fewer {
            self.add_to_answers(&address, fewer)?;
        }
        Ok(())
    }

    fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        match change {
            Change::PutDevice(address, record) => {
                let mut values = Vec::from(row::device(address));
                values.extend(row::device_record(record));
                self.0.execute(statement::PUT_DEVICE, &values)?;
            }
            Change::EraseDevice(address) => {
                let values = row::device(address);
                self.0.execute(statement::ERASE_DEVICE, &values)?;
            }
            Change::PutOneTimePreKey(address, KeptOneTimePreKey { id, key, expires }) => {
                let [user_id, device_id] = row::device(address);
                let (id, key) = (row::integer(id.get()), row::public_key(key));
                let values = [id, key, row::time(*expires), user_id, device_id];
                self.0.execute(statement::PUT_ONE_TIME_PRE_KEY, &values)?;
            }
            Change::EraseOneTimePreKey(address, id) => {
                let [user_id, device_id] = row::device(address);
                let values = [user_id, device_id, row::integer(id.get())];
                self.0.execute(statement::ERASE_ONE_TIME_PRE_KEY, &values)?;
            }
            Change::PutEnvelope(KeptEnvelope {
                envelope,
                access_key,
            }) => {
                let mut values = vec![row::integer(envelope.id.0)];
                values.extend(row::envelope(envelope));
                values.push(row::hash(access_key));
                values.extend(row::device(&envelope.recipient));
                self.0.execute(statement::PUT_ENVELOPE, &values)?;
            }
            Change::EraseEnvelope(address, id) => self.erase_envelope(address, *id)?,
            Change::PutAccessKey(address, hash, record) => {
                let [user_id, device_id] = row::device(address);
                let (counted, end) = (record.one_time_pre_keys, record.expires);
                let (counted, end) = (row::integer(counted), row::time(end));
                let values = [row::hash(hash), counted, end, user_id, device_id];
                self.0.execute(statement::PUT_ACCESS_KEY, &values)?;
            }
            Change::EraseAccessKey(address, hash) => {
                let [user_id, device_id] = row::device(address);
                let values = [user_id, device_id, row::hash(hash)];
                self.0.execute(statement::ERASE_ACCESS_KEY, &values)?;
            }
            Change::Remember {
                address,
                answered,
                at_most,
            } => self.remember(address, answered, *at_most)?,
        }
        Ok(())
    }

    /// No message has a number that has no room in a column.
    fn erase_envelope(&mut self, address: &Address, id: EnvelopeId) -> Result<(), StoreError> {
        if id.0 < i64::MAX.unsigned_abs() {
            let [user_id, device_id] = row::device(address);
            let values = [user_id, device_id, row::integer(id.0)];
            self.0.execute(statement::ERASE_ENVELOPE, &values)?;
        }
        Ok(())
    }

    fn remember(
        &mut self,
        address: &Address,
        answered: &Answered,
        at_most: usize,
    ) -> Result<(), StoreError> {
        let [user_id, device_id] = &row::device(address);
        let at = |value| [user_id.clone(), device_id.clone(), value];
        let values = at(row::hash(&answered.request));
        let former = self.0.execute(statement::ERASE_ANSWER, &values)?;
        let more = 1 - i64::try_from(former).unwrap_or(i64::MAX);
        let Some(answers) = self.add_to_answers(address, more)? else {
            return Ok(());
        };
        let mut values = Vec::from(row::device(address));
        values.extend(row::answered(answered)?);
        self.0.execute(statement::PUT_ANSWER, &values)?;
        let too_many = answers.saturating_sub(at_most);
        if too_many > 0 {
            let mut values = Vec::from(at(row::time(FirstAnswer::KEPT)));
            values.push(row::count(too_many));
            let gone = self.0.execute(statement::ERASE_FIRST_ANSWERS, &values)?;
            let gone = i64::try_from(gone).unwrap_or(i64::MAX);
            self.add_to_answers(address, -gone)?;
        }
        Ok(())
    }

    /// How many answers are then remembered; nothing where there is no such device.
    fn add_to_answers(
        &mut self,
        address: &Address,
        more: i64,
    ) -> Result<Option<usize>, StoreError> {
        let [user_id, device_id] = row::device(address);
        let values = [Value::Integer(more), user_id, device_id];
        let mut rows = self.0.query(statement::ADD_TO_ANSWERS, &values)?;
        rows.pop()
            .map(|columns| Row::from(columns).count())
            .transpose()
    }
}
