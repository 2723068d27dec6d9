//! The links that people have given one another, out of band (INV-01).

use crate::identifier::Address;
use crate::intermediary::{AccessKey, Digest};
use crate::timestamp::Timestamp;
use crate::transfer::Invitation;
use std::collections::BTreeMap;

/// A link that a device took.
#[derive(Clone, Debug)]
struct Taken {
    invitation: Invitation,
    transfers: u32,
}

/// Every link.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    /// The links that a script calls by names.
    named: BTreeMap<String, String>,
    /// The names of links that are still to be published, by the hash of each one's access key.
    expected: BTreeMap<Digest, String>,
    /// The last link that a device took of each other one.
    taken: BTreeMap<(String, Address), Taken>,
}

impl Links {
    pub(super) fn name(&mut self, name: &str, link: String) {
        self.named.insert(name.to_owned(), link);
    }

    /// The link with that access key has a name, once it is published.
    pub(super) fn expect(&mut self, access_key: Digest, name: &str) {
        self.expected.insert(access_key, name.to_owned());
    }

    /// A link was published: it has the name that was meant for it.
    pub(super) fn published(&mut self, link: String) {
        let invitation = link.parse::<Invitation>().ok();
        let hash = invitation.map(|it| AccessKey::from(it.access_key()).digest());
        if let Some(name) = hash.and_then(|hash| self.expected.remove(&hash)) {
            self.named.insert(name, link);
        }
    }

    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// A device took a link, which is the one that it has of its maker from now on; the same again counts on.
    pub(super) fn take(&mut self, taker: &str, link: &str) {
        let Ok(invitation) = link.parse::<Invitation>() else {
            return;
        };
        let key = (taker.to_owned(), invitation.address);
        let known = self.taken.get(&key);
        if known.is_none_or(|known| known.invitation.id != invitation.id) {
            let transfers = 0;
            let new = Taken {
                invitation,
                transfers,
            };
            self.taken.insert(key, new);
        }
    }

    /// The link that a device has of another one.
    pub(super) fn of(&self, taker: &str, maker: Address) -> Option<&Invitation> {
        let link = self.taken.get(&(taker.to_owned(), maker))?;
        Some(&link.invitation)
    }

    /// Whether a device has a link of another one by which it can offer, at that time of its own clock (INV-05).
    pub(super) fn serves(&self, taker: &str, maker: Address, clock: Timestamp, most: u32) -> bool {
        let link = self.taken.get(&(taker.to_owned(), maker));
        link.is_some_and(|link| link.transfers < most && clock < link.invitation.expires)
    }

    /// A transfer was offered by the link that the device has.
    pub(super) fn count(&mut self, taker: &str, maker: Address) {
        if let Some(link) = self.taken.get_mut(&(taker.to_owned(), maker)) {
            link.transfers += 1;
        }
    }

    /// A device has forgotten the links that it took.
    pub(super) fn forget(&mut self, taker: &str) {
        self.taken.retain(|(device, _), _| device != taker);
    }
}
