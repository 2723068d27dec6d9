//! The store in a file of SQLite, for one server.
//!
//! A group is durable once its commit returns: the write-ahead log is synced at each (`synchronous = FULL`). What is erased is
//! overwritten in the file (`secure_delete`); beside it, the log holds what was written until it is carried over into the file:
//! with the first group after a minute, and when the store is closed. Then the log is cut to nothing.
//!
//! A second process may open the same file. One of both waits while the other's group is under way, for five seconds at most.

use super::database::{Database, Value};
use super::sql_store::SqlStore;
use super::statement::{SCHEMA, VERSION};
use crate::intermediary::StoreError;
use crate::system::keep_private;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, Row, ToSql, params_from_iter};
use std::borrow::Cow;
use std::fs::OpenOptions;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another process's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the log may hold what was erased.
const LOG_KEPT: Duration = Duration::from_mins(1);
/// Room for every statement of the store.
const STATEMENTS: usize = 64;
/// In the file's header, by which it is told from another program's: `TSPi`.
const APPLICATION: i64 = 0x5453_5069;

/// The store in a file.
pub type SqliteStore = SqlStore<Sqlite>;

/// A connection to a database of SQLite.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    /// When the log was last cut to nothing.
    log_cut: Instant,
}

impl SqlStore<Sqlite> {
    /// Opens a file. Where it is made, only its owner can read it.
    ///
    /// # Errors
    /// Where that cannot be done, or the file is another program's, or that of another version.
    pub fn open(file: &Path) -> Result<SqliteStore, StoreError> {
        Sqlite::open(file, "FULL").map(SqlStore::new)
    }

    /// The same, but nothing is synced: an accepted request outlasts a crash of the process, and not one of the machine. By this
    /// tests show that they would see it.
    ///
    /// # Errors
    /// As of [`SqliteStore::open`].
    pub fn open_unsynced(file: &Path) -> Result<SqliteStore, StoreError> {
        Sqlite::open(file, "OFF").map(SqlStore::new)
    }

    /// A store that lives as long as this value.
    ///
    /// # Errors
    /// Where SQLite has no memory.
    pub fn in_memory() -> Result<SqliteStore, StoreError> {
        let connection = Connection::open_in_memory().map_err(failed)?;
        let sqlite = Sqlite::new(connection, "OFF").map_err(failed)?;
        sqlite.make_tables()?;
        Ok(SqlStore::new(sqlite))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: rusqlite::Error) -> StoreError {
    let is_busy = matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    );
    let seconds = PATIENCE.as_secs();
    StoreError(if is_busy {
        format!("SQLite: another process has held the file for {seconds} seconds: end it ({error})")
    } else {
        format!("SQLite: {error}")
    })
}

impl Sqlite {
    fn open(file: &Path, synchronous: &str) -> Result<Self, StoreError> {
        Self::open_file(file, synchronous).map_err(|StoreError(error)| {
            StoreError(format!("the file {}: {error}", file.display()))
        })
    }

    fn open_file(file: &Path, synchronous: &str) -> Result<Self, StoreError> {
        if !file.exists() {
            make_file(file).map_err(|error| StoreError(error.to_string()))?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
        let sqlite = Sqlite::new(connection, synchronous).map_err(failed)?;
        // Before anything of it is changed.
        sqlite.is_empty()?;
        let journal: String = sqlite
            .connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
            .map_err(failed)?;
        if journal != "wal" {
            return Err(StoreError(format!(
                "SQLite cannot keep a write-ahead log here ({journal}); take another file system"
            )));
        }
        sqlite.make_tables()?;
        Ok(sqlite)
    }

    fn new(connection: Connection, synchronous: &str) -> Result<Self, rusqlite::Error> {
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        Ok(Sqlite {
            connection,
            log_cut: Instant::now(),
        })
    }

    /// Whether nothing is there yet.
    ///
    /// # Errors
    /// Where what is there is not this version's.
    fn is_empty(&self) -> Result<bool, StoreError> {
        let number = |name| {
            let value = self
                .connection
                .pragma_query_value(None, name, |row| row.get(0));
            value.map_err(failed)
        };
        let (application, version): (i64, i64) =
            (number("application_id")?, number("user_version")?);
        if application == APPLICATION {
            if version == VERSION {
                return Ok(false);
            }
            return Err(StoreError(format!(
                "it is of version {version}, and this program reads version {VERSION}: take the program that wrote it, or another file"
            )));
        }
        let count = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = self
            .connection
            .query_row(count, [], |row| row.get(0))
            .map_err(failed)?;
        if application == 0 && version == 0 && tables == 0 {
            Ok(true)
        } else {
            Err(StoreError(
                "it is another program's database: take another file".to_owned(),
            ))
        }
    }

    /// Makes the tables, unless another process has made them meanwhile.
    fn make_tables(&self) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE")?;
        let made = self.is_empty().and_then(|is_empty| {
            if !is_empty {
                return Ok(());
            }
            let schema = SCHEMA
                .replace("{integer}", "INTEGER")
                .replace("{bytes}", "BLOB")
                .replace("{name}", "TEXT")
                .replace("{small}", " STRICT, WITHOUT ROWID")
                .replace("{large}", " STRICT");
            self.run(&schema)?;
            self.run(&format!(
                "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}"
            ))
        });
        match made {
            Ok(()) => self.run("COMMIT"),
            Err(error) => {
                self.undo();
                Err(error)
            }
        }
    }

    fn run(&self, statements: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(statements).map_err(failed)
    }

    /// A short statement, prepared once.
    fn run_one(&self, statement: &'static str) -> Result<(), StoreError> {
        self.prepared(statement)?
            .execute([])
            .map(drop)
            .map_err(failed)
    }

    fn undo(&self) {
        // After some errors SQLite has undone everything by itself.
        if !self.connection.is_autocommit() {
            // Where even this fails, the next group does too: it cannot begin inside another.
            let undone = self.run("ROLLBACK");
            drop(undone);
        }
    }

    fn prepared(&self, statement: &'static str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection.prepare_cached(statement).map_err(failed)
    }
}

fn make_file(file: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    keep_private(&mut options).open(file).map(drop)
}

impl Database for Sqlite {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.run_one("BEGIN IMMEDIATE")
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let committed = self.run_one("COMMIT");
        if committed.is_err() {
            self.undo();
        }
        committed
    }

    fn roll_back(&mut self) {
        self.undo();
    }

    fn set_mark(&mut self) -> Result<(), StoreError> {
        self.run_one("SAVEPOINT mark")
    }

    fn leave_mark(&mut self) -> Result<(), StoreError> {
        self.run_one("RELEASE mark")
    }

    fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.run_one("ROLLBACK TO mark")?;
        self.leave_mark()
    }

    fn query(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Value<'static>>>, StoreError> {
        let mut statement = self.prepared(statement)?;
        let columns = statement.column_count();
        let read = |row: &Row<'_>| (0..columns).map(|at| Ok(value(row.get_ref(at)?))).collect();
        let rows = statement.query_map(params_from_iter(values), read);
        rows.and_then(Iterator::collect).map_err(failed)
    }

    fn execute(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let mut statement = self.prepared(statement)?;
        let changed = statement.execute(params_from_iter(values));
        changed
            .map(|rows| u64::try_from(rows).unwrap_or(u64::MAX))
            .map_err(failed)
    }

    fn tidy(&mut self) {
        if self.log_cut.elapsed() < LOG_KEPT {
            return;
        }
        self.log_cut = Instant::now();
        // Where another process keeps it from being done now, it is done in a minute.
        let cut = self
            .connection
            .pragma_update(None, "wal_checkpoint", "TRUNCATE");
        drop(cut);
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The tables are strict: there is no other type, and text is UTF-8 as it was written.
fn value(column: ValueRef<'_>) -> Value<'static> {
    match column {
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Text(text) => Value::Text(Cow::Owned(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Blob(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every statement of the store, by its name.
    fn statements() -> impl Iterator<Item = (&'static str, &'static str)> {
        let text = include_str!("statement.rs");
        let text = text.split("#[cfg(test)]").next().unwrap_or(text);
        text.split("pub(super) const ")
            .skip(1)
            .filter_map(|constant| {
                let (name, rest) = constant.split_once(": &str =")?;
                let (_, statement) = rest.split_once('"')?;
                Some((name, statement.split_once('"')?.0))
            })
    }

    /// What a request costs does not grow with the devices that there are.
    #[test]
    fn no_statement_goes_through_a_whole_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("a.db"), "OFF").expect("it opens");
        let is_table = |name: &str| SCHEMA.contains(&format!("CREATE TABLE {name} ("));
        let mut explained = 0;
        for (name, statement) in statements() {
            // The tables themselves, what copies them, and the list for the operator, which is cut.
            if name == "SCHEMA" || name.starts_with("ALL_") || name == "FIRST_DEVICES" {
                continue;
            }
            let plan = format!("EXPLAIN QUERY PLAN {statement}");
            let mut plan = store.connection.prepare(&plan).expect(name);
            let mut rows = plan.raw_query();
            while let Some(row) = rows.next().expect(name) {
                let step: String = row.get(3).expect("text");
                // What a subquery has found is no table.
                let table = step
                    .strip_prefix("SCAN ")
                    .and_then(|it| it.split(' ').next());
                assert!(!table.is_some_and(is_table), "{name}: {step}");
            }
            explained += 1;
        }
        assert!(explained > 25, "{explained}");
    }
}
