//! Clients of the intermediary that are no wallets: a fixed list of requests, each of which may come at any time and any number of
//! times, and what the intermediary owes to whoever makes them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`errand`] | the requests, by what scenarios call them |
//! | [`ledger`] | what happened, and what must come of the next request |
//! | [`transaction`] | whether a request is one transaction of the store |

pub mod errand;
pub mod ledger;
pub mod transaction;

pub use errand::{ERRANDS, Errand, LIMITS, errands};
pub use ledger::{Ledger, Rule};

use crate::timestamp::Timestamp;

/// When everything begins: 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp(1_767_225_600);
