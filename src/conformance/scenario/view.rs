//! What the intermediary learned in a run (PRIV-01), from its transcript alone.

use super::transcript::{Fate, Line, Transcript};
use crate::identifier::{Address, TransferId, UserId};
use crate::intermediary::view::learned;
use crate::intermediary::{Body, Learned, Row};
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The requests of a run may list so many prekeys and messages in all, where what the intermediary learns of each is told.
pub const LISTED: usize = 100_000;

/// The requests of a run list more than [`LISTED`] prekeys and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its requests list {0} prekeys and messages; there may be {LISTED} at most: take a shorter run"
)]
pub struct TooMany(pub usize);

impl TooMany {
    pub(super) fn check(events: &[Line]) -> Result<(), Self> {
        match events.iter().map(listed).sum() {
            many if many > LISTED => Err(Self(many)),
            _ => Ok(()),
        }
    }
}

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
        let mut learning = Learning::default();
        let mut rows = Vec::new();
        let mut transfers: BTreeMap<UserId, BTreeSet<TransferId>> = BTreeMap::new();
        for event in events {
            rows.extend(learning.event(event));
            match event {
                Line::Device {
                    device,
                    address: Some(address),
                    ..
                } => {
                    names.insert(*address, device.clone());
                }
                Line::State {
                    device, transfer, ..
                } => {
                    if let Some(address) = learning.addresses.get(device.as_str()) {
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

/// What the intermediary learns, event after event.
#[derive(Default)]
pub(super) struct Learning<'t> {
    now: Timestamp,
    addresses: BTreeMap<&'t str, Address>,
    known: BTreeSet<(&'t str, String)>,
}

impl<'t> Learning<'t> {
    /// What it learns by the next event. A request that never arrived teaches nothing, and what is asked again nothing new.
    pub(super) fn event(&mut self, event: &'t Line) -> Vec<Row> {
        match event {
            Line::Time { now } => self.now = *now,
            Line::Device {
                device,
                address: Some(address),
                ..
            } => {
                self.addresses.insert(device, *address);
            }
            Line::Request {
                device,
                fate,
                request,
            } if !matches!(fate, Some(Fate::Lost | Fate::HeldBack)) => {
                let asker = match &request.body {
                    Body::Register(registration) => Some(registration.address),
                    _ => self.addresses.get(device.as_str()).copied(),
                };
                if self
                    .known
                    .insert((device.as_str(), String::from(request.id.clone())))
                {
                    let rows = asker.map(|asker| learned(asker, request, self.now));
                    return rows.unwrap_or_default();
                }
            }
            _ => {}
        }
        Vec::new()
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

/// How many prekeys and messages an event lists, of each of which the intermediary learns.
fn listed(event: &Line) -> usize {
    let Line::Request { request, .. } = event else {
        return 0;
    };
    match &request.body {
        Body::Register(it) => it.one_time_pre_keys.len(),
        Body::PublishOneTimePreKeys {
            one_time_pre_keys, ..
        } => one_time_pre_keys.len(),
        Body::Acknowledge { ids, .. } => ids.len(),
        _ => 0,
    }
}
