//! What the intermediary learned in a run (PRIV-01), from its transcript alone.

use super::transcript::{Fate, Line, Transcript};
use crate::identifier::{Address, TransferId, UserId};
use crate::intermediary::view::learned;
use crate::intermediary::{Body, Learned, Row};
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the intermediary learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What, of whom, and when, in the order in which it was learned.
    pub rows: Vec<Row>,
    /// What the script calls the devices.
    pub names: BTreeMap<Address, String>,
    /// What names somebody, by its kind and value.
    named: BTreeMap<Learned, BTreeMap<String, Named>>,
    /// In which transfers a user took part. The intermediary does not know them.
    transfers: BTreeMap<UserId, BTreeSet<TransferId>>,
}

/// Whom a thing names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Named {
    users: BTreeSet<UserId>,
    /// Whether they took part in more than one transfer.
    is_shared: bool,
}

impl View {
    /// What the intermediary learned in the run of a transcript. A request that never arrived taught it nothing.
    #[must_use]
    pub fn of(transcript: &Transcript) -> Self {
        Self::from_events(&transcript.events)
    }

    pub(super) fn from_events(events: &[Line]) -> Self {
        let mut names = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        let mut now = Timestamp::default();
        let mut rows = Vec::new();
        let mut known = BTreeSet::new();
        let mut transfers: BTreeMap<UserId, BTreeSet<TransferId>> = BTreeMap::new();
        for event in events {
            match event {
                Line::Time { now: time } => now = *time,
                Line::Device {
                    device,
                    address: Some(address),
                    ..
                } => {
                    names.insert(*address, device.clone());
                    addresses.insert(device.clone(), *address);
                }
                Line::Request {
                    device,
                    fate,
                    request,
                } if !matches!(fate, Some(Fate::Lost | Fate::HeldBack)) => {
                    let asker = match &request.body {
                        Body::Register(registration) => Some(registration.address),
                        _ => addresses.get(device).copied(),
                    };
                    // What is asked again teaches nothing new.
                    if known.insert((device, String::from(request.id.clone()))) {
                        rows.extend(
                            asker
                                .into_iter()
                                .flat_map(|asker| learned(asker, request, now)),
                        );
                    }
                }
                Line::State {
                    device, transfer, ..
                } => {
                    if let Some(address) = addresses.get(device) {
                        let of_user = transfers.entry(address.user_id).or_default();
                        of_user.insert(*transfer);
                    }
                }
                _ => {}
            }
        }
        let mut things: BTreeMap<_, BTreeMap<String, Named>> = BTreeMap::new();
        for row in &rows {
            if kind_of_name(row.kind) == Some(row.kind) {
                let of_kind = things.entry(row.kind).or_default();
                let thing = of_kind.entry(row.value.clone()).or_default();
                thing.users.insert(row.whose.user_id);
            }
        }
        for thing in things.values_mut().flat_map(BTreeMap::values_mut) {
            let of_users = thing.users.iter().filter_map(|user| transfers.get(user));
            let mut of_users = of_users.flatten();
            let first = of_users.next();
            thing.is_shared = of_users.any(|other| Some(other) != first);
        }
        View {
            rows,
            names,
            named: things,
            transfers,
        }
    }

    /// Whether the thing names somebody who took part in several transfers: what ties them together (PRIV-02).
    #[must_use]
    pub fn is_shared(&self, row: &Row) -> bool {
        kind_of_name(row.kind)
            .and_then(|kind| self.named.get(&kind)?.get(&row.value))
            .is_some_and(|named| named.is_shared)
    }

    /// Whether something that names somebody was there in both transfers.
    #[must_use]
    pub fn ties(&self, one: &TransferId, other: &TransferId) -> bool {
        let mut named = self.named.values().flat_map(BTreeMap::values);
        named.any(|named| {
            let was_there = |wanted| {
                let mut of_users = named
                    .users
                    .iter()
                    .filter_map(|user| self.transfers.get(user));
                of_users.any(|of_user| of_user.contains(wanted))
            };
            was_there(one) && was_there(other)
        })
    }
}

/// The kind under which a thing that names somebody is listed for its owner; none where it names nobody.
fn kind_of_name(kind: Learned) -> Option<Learned> {
    match kind {
        Learned::AskedBundleOf | Learned::WroteTo => Some(Learned::Address),
        Learned::Address
        | Learned::IdentityKey
        | Learned::SignedPreKey
        | Learned::Statement
        | Learned::AccessKey
        | Learned::OneTimePreKey
        | Learned::RequestId => Some(kind),
        _ => None,
    }
}
