//! The links that people have given one another, out of band (INV-01).

use crate::identifier::Address;
use crate::timestamp::{DAY, Timestamp};
use std::collections::BTreeMap;

/// For so long after it was made, in seconds, its maker serves a link that lives as long as links do unless asked otherwise
/// (INV-05): 7 days and 31 more.
const SERVED: u64 = (7 + 31) * DAY;
/// So many transfers a link serves (INV-05).
const TRANSFERS: u32 = 10;

/// A link that a script calls by a name.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The device that made it.
    pub(super) maker: String,
    pub(super) link: String,
}

/// A link that a device took.
#[derive(Clone, Copy, Debug)]
struct Taken {
    since: Timestamp,
    transfers: u32,
}

/// Every link.
#[derive(Debug, Default)]
pub(super) struct Links {
    named: BTreeMap<String, Named>,
    /// The last link that a device took of each other one.
    taken: BTreeMap<(String, Address), Taken>,
}

impl Links {
    pub(super) fn name(&mut self, name: &str, maker: &str, link: String) {
        let maker = maker.to_owned();
        self.named.insert(name.to_owned(), Named { maker, link });
    }

    pub(super) fn named(&self, name: &str) -> Option<&Named> {
        self.named.get(name)
    }

    pub(super) fn take(&mut self, taker: &str, maker: Address, since: Timestamp) {
        let taken = Taken {
            since,
            transfers: 0,
        };
        self.taken.insert((taker.to_owned(), maker), taken);
    }

    /// Whether a device has a link of another one that still serves.
    pub(super) fn serves(&self, taker: &str, maker: Address, now: Timestamp) -> bool {
        let taken = self.taken.get(&(taker.to_owned(), maker));
        taken.is_some_and(|taken| {
            taken.transfers < TRANSFERS && now.seconds_since(taken.since) < SERVED
        })
    }

    /// A transfer was offered by the link that the device has.
    pub(super) fn count(&mut self, taker: &str, maker: Address) {
        if let Some(taken) = self.taken.get_mut(&(taker.to_owned(), maker)) {
            taken.transfers += 1;
        }
    }

    /// A device has forgotten the links that it took.
    pub(super) fn forget(&mut self, taker: &str) {
        self.taken.retain(|(device, _), _| device != taker);
    }
}
