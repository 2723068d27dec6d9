//! The intermediary as a server.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`store`] | where a served intermediary keeps everything: in memory, in SQLite, in PostgreSQL |

pub mod store;
