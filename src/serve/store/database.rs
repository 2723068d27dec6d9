//! What a database has to do for the store: transactions with marks in them, and prepared statements.

use crate::intermediary::StoreError;
use std::borrow::Cow;
use std::fmt;

/// What stands in a column, or in a statement's place for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// An integer.
    Integer(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

/// A database with one connection, which has at most one transaction open.
///
/// A statement's places are `$1`, `$2` and so on, and stand in it first in that order. It is prepared once, and known by
/// its text from then on.
pub trait Database: fmt::Debug {
    /// Opens a transaction, which no other process has beside this one. Where the connection was lost, it is made anew.
    ///
    /// # Errors
    /// Where that cannot be done within some seconds.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Makes the transaction durable, and closes it.
    ///
    /// # Errors
    /// Where that failed; it is closed all the same, and undone.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Undoes the transaction, and closes it.
    fn roll_back(&mut self);

    /// Sets the mark.
    ///
    /// # Errors
    /// Where the database fails.
    fn set_mark(&mut self) -> Result<(), StoreError>;

    /// Takes the mark away; what was done since stays.
    ///
    /// # Errors
    /// Where the database fails.
    fn leave_mark(&mut self) -> Result<(), StoreError>;

    /// Undoes what was done since the mark was set, and takes it away. The transaction stays open.
    ///
    /// # Errors
    /// Where there is no transaction any more.
    fn back_to_mark(&mut self) -> Result<(), StoreError>;

    /// The rows that a statement finds, or returns of what it changes.
    ///
    /// # Errors
    /// Where the database fails.
    fn query(
        &mut self,
        statement: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Value<'static>>>, StoreError>;

    /// How many rows a statement has changed.
    ///
    /// # Errors
    /// Where the database fails, or a constraint forbids it.
    fn execute(&mut self, statement: &'static str, values: &[Value<'_>])
    -> Result<u64, StoreError>;

    /// What can wait until a transaction has been made durable, and need not be done at all.
    fn tidy(&mut self) {}
}
