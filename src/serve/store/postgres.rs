//! The store in PostgreSQL, which any number of servers share.
//!
//! A group is one transaction under one advisory lock, so that nothing comes between what a request reads and what it changes
//! (MBX-03): it is `READ COMMITTED`, and reads what was committed before it got the lock. Servers need no state of their own.
//!
//! The connection is not encrypted: it goes over a socket of Unix or loopback, or over a tunnel. Where it is lost, the group under
//! way fails, and the next one opens it anew.

use super::database::{Database, Value};
use super::sql_store::SqlStore;
use super::statement::{SCHEMA, VERSION};
use crate::intermediary::StoreError;
use ::postgres::config::{Host, SslMode};
use ::postgres::error::SqlState;
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Config, NoTls, Row, Statement};
use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nobody waits for ever: neither for another server's lock, nor another server for that of one that stands still.
const BOUNDS: &str = "
SET lock_timeout = '5s';
SET statement_timeout = '30s';
SET idle_in_transaction_session_timeout = '30s'";

/// One server at a time. The number is that of `Tigress` and 1.
const BEGIN: &str = "
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(x'5469677265737301'::bigint)";

/// The store in PostgreSQL.
pub type PostgresStore = SqlStore<Postgres>;

/// A connection to a database of PostgreSQL.
pub struct Postgres {
    config: Config,
    connection: Option<Connection>,
}

impl fmt::Debug for Postgres {
    /// Without the configuration, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    /// Whether the transaction has a mark. It is taken away with the next one: that saves a way there and back.
    is_marked: bool,
}

impl SqlStore<Postgres> {
    /// Connects to `postgres://...`, and makes the tables where there are none. It has a runtime of its own: not to be called
    /// from within another.
    ///
    /// # Errors
    /// Where that cannot be done, the connection would be readable on the way, the database does not sync what it commits, or the
    /// tables are those of another version.
    pub fn open(url: &str) -> Result<PostgresStore, StoreError> {
        let mut config: Config = url.parse().map_err(failed)?;
        config
            .connect_timeout(PATIENCE)
            .tcp_user_timeout(2 * PATIENCE)
            .application_name("tigress");
        stays_here(&config)?;
        let mut postgres = Postgres {
            config,
            connection: None,
        };
        postgres.begin()?;
        match postgres.make_tables() {
            Ok(()) => postgres.commit()?,
            Err(error) => {
                postgres.roll_back();
                return Err(error);
            }
        }
        Ok(SqlStore::new(postgres))
    }
}

/// Refuses a connection that others could read, unless they are said to be allowed to.
fn stays_here(config: &Config) -> Result<(), StoreError> {
    let is_near = |host: &Host| {
        #[allow(
            irrefutable_let_patterns,
            reason = "there are sockets with a path on Unix alone"
        )]
        let Host::Tcp(name) = host else {
            return true;
        };
        let address = name.parse();
        name == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
    };
    if config.get_ssl_mode() == SslMode::Disable || config.get_hosts().iter().all(is_near) {
        return Ok(());
    }
    Err(StoreError(
        "the connection to PostgreSQL is not encrypted: go over a socket, loopback or a tunnel, or add `sslmode=disable` \
         where nobody else is on the way"
            .to_owned(),
    ))
}

/// Without the values of a row, which the database may name beside its message.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: ::postgres::Error) -> StoreError {
    StoreError(match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("PostgreSQL: {}", said.message()),
        (None, Some(source)) => format!("PostgreSQL: {error}: {source}"),
        (None, None) => format!("PostgreSQL: {error}"),
    })
}

impl Connection {
    fn open(config: &Config) -> Result<Self, StoreError> {
        let mut client = config.connect(NoTls).map_err(failed)?;
        client.batch_execute(BOUNDS).map_err(failed)?;
        // MBX-18: what is committed outlasts a crash.
        let settings = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
        let settings = client.query_one(settings, &[]).map_err(failed)?;
        let [fsync, commit] = [0, 1].map(|at| settings.get::<_, String>(at));
        if fsync == "off" {
            return Err(StoreError(
                "PostgreSQL does not sync what it commits (MBX-18): set `fsync = on`".to_owned(),
            ));
        }
        if commit == "off" {
            let on = "SET synchronous_commit = on";
            client.batch_execute(on).map_err(failed)?;
        }
        Ok(Connection {
            client,
            statements: HashMap::new(),
            is_marked: false,
        })
    }

    fn run(&mut self, statements: &str) -> Result<(), ::postgres::Error> {
        self.client.batch_execute(statements)
    }

    fn statement(&mut self, statement: &'static str) -> Result<Statement, StoreError> {
        if let Some(prepared) = self.statements.get(statement) {
            return Ok(prepared.clone());
        }
        let prepared = self.client.prepare(statement).map_err(failed)?;
        self.statements.insert(statement, prepared.clone());
        Ok(prepared)
    }
}

impl Postgres {
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let none = || StoreError("PostgreSQL: the connection was lost".to_owned());
        self.connection.as_mut().ok_or_else(none)
    }

    fn run(&mut self, statements: &str) -> Result<(), StoreError> {
        self.connection()?.run(statements).map_err(failed)
    }

    fn make_tables(&mut self) -> Result<(), StoreError> {
        let client = &mut self.connection()?.client;
        let there = "SELECT to_regclass('tigress') IS NOT NULL";
        let there = client.query_one(there, &[]).map_err(failed)?;
        if there.get(0) {
            let version = "SELECT version FROM tigress";
            let version: i64 = client.query_one(version, &[]).map_err(failed)?.get(0);
            if version == VERSION {
                return Ok(());
            }
            return Err(StoreError(format!(
                "the database is of version {version}, and this program reads version {VERSION}: take the program that wrote it, \
                 or another database"
            )));
        }
        let schema = SCHEMA
            .replace("{integer}", "BIGINT")
            .replace("{bytes}", "BYTEA")
            .replace("{name}", "TEXT COLLATE \"C\"")
            .replace("{small}", "")
            .replace("{large}", "");
        self.run(&schema)?;
        self.run(&format!(
            "CREATE TABLE tigress (version BIGINT NOT NULL); INSERT INTO tigress VALUES ({VERSION})"
        ))
    }
}

impl Database for Postgres {
    fn begin(&mut self) -> Result<(), StoreError> {
        // One that was lost since the last group is opened anew: nothing was asked of it yet.
        if let Some(former) = &mut self.connection {
            match former.run(BEGIN) {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                    self.roll_back();
                    return Err(StoreError(format!(
                        "PostgreSQL: another server has held its lock for {} seconds",
                        PATIENCE.as_secs()
                    )));
                }
                Err(_) => self.connection = None,
            }
        }
        let mut connection = Connection::open(&self.config)?;
        connection.run(BEGIN).map_err(failed)?;
        self.connection = Some(connection);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let connection = self.connection()?;
        connection.is_marked = false;
        let committed = connection.run("COMMIT").map_err(failed);
        if committed.is_err() {
            self.connection = None;
        }
        committed
    }

    fn roll_back(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.is_marked = false;
            // Without a connection the database undoes it by itself.
            if connection.run("ROLLBACK").is_err() {
                self.connection = None;
            }
        }
    }

    fn set_mark(&mut self) -> Result<(), StoreError> {
        let connection = self.connection()?;
        let statements = if connection.is_marked {
            "RELEASE mark; SAVEPOINT mark"
        } else {
            "SAVEPOINT mark"
        };
        connection.run(statements).map_err(failed)?;
        connection.is_marked = true;
        Ok(())
    }

    fn leave_mark(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK TO mark")
    }

    fn query(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Value<'static>>>, StoreError> {
        let connection = self.connection()?;
        let statement = connection.statement(statement)?;
        let values = parameters(&statement, values);
        let rows = connection
            .client
            .query(&statement, &values)
            .map_err(failed)?;
        rows.iter().map(columns).collect()
    }

    fn execute(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let connection = self.connection()?;
        let statement = connection.statement(statement)?;
        let values = parameters(&statement, values);
        connection
            .client
            .execute(&statement, &values)
            .map_err(failed)
    }
}

fn parameters<'a>(statement: &Statement, values: &'a [Value<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let values = values.iter().zip(statement.params());
    values
        .map(|(value, of_type)| -> &(dyn ToSql + Sync) {
            match value {
                Value::Null if *of_type == Type::INT8 => &None::<i64>,
                Value::Null if *of_type == Type::BYTEA => &None::<&[u8]>,
                Value::Null => &None::<&str>,
                Value::Integer(integer) => integer,
                Value::Text(text) => text,
                Value::Bytes(bytes) => bytes,
            }
        })
        .collect()
}

/// The columns of a row: an integer, bytes or text each.
fn columns(row: &Row) -> Result<Vec<Value<'static>>, StoreError> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(at, column)| {
            let value = if *column.type_() == Type::INT8 {
                row.try_get::<_, Option<i64>>(at)
                    .map(|value| value.map(Value::Integer))
            } else if *column.type_() == Type::BYTEA {
                row.try_get::<_, Option<Vec<u8>>>(at)
                    .map(|value| value.map(Cow::Owned).map(Value::Bytes))
            } else {
                row.try_get::<_, Option<String>>(at)
                    .map(|value| value.map(Cow::Owned).map(Value::Text))
            };
            value
                .map(|value| value.unwrap_or(Value::Null))
                .map_err(failed)
        })
        .collect()
}
