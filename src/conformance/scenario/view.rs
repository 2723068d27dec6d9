//! What the intermediary learned in a run (PRIV-01), from its transcript alone.

use super::transcript::{Event, Fate, Transcript};
use crate::identifier::{Address, UserId};
use crate::intermediary::view::learned;
use crate::intermediary::{Body, Learned, Row};
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the intermediary learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What, of whom, and when, in the order in which it was learned; the same thing once.
    pub rows: Vec<Row>,
    /// What the script calls the devices.
    pub names: BTreeMap<Address, String>,
}

impl View {
    /// What the intermediary learned in the run of a transcript. A request that never arrived taught it nothing.
    #[must_use]
    pub fn of(transcript: &Transcript) -> Self {
        Self::from_events(&transcript.events)
    }

    pub(super) fn from_events(events: &[Event]) -> Self {
        let mut names = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        let mut now = Timestamp::default();
        let mut rows = Vec::new();
        let mut known = BTreeSet::new();
        for event in events {
            match event {
                Event::Time { now: time } => now = *time,
                Event::Device {
                    device,
                    address: Some(address),
                    ..
                } => {
                    names.insert(*address, device.clone());
                    addresses.insert(device.clone(), *address);
                }
                Event::Request {
                    device,
                    fate,
                    request,
                } if !matches!(fate, Some(Fate::Lost | Fate::HeldBack)) => {
                    let asker = match &request.body {
                        Body::Register(registration) => Some(registration.address),
                        _ => addresses.get(device).copied(),
                    };
                    let new = asker
                        .map(|asker| learned(asker, request, now))
                        .unwrap_or_default();
                    rows.extend(new.into_iter().filter(|row| known.insert(row.clone())));
                }
                _ => {}
            }
        }
        View { rows, names }
    }

    /// Whether a thing that names somebody is known of devices of several users: what ties two transfers
    /// together (PRIV-02).
    #[must_use]
    pub fn is_shared(&self, row: &Row) -> bool {
        let names_somebody = matches!(
            row.kind,
            Learned::Address
                | Learned::IdentityKey
                | Learned::SignedPreKey
                | Learned::OneTimePreKey
                | Learned::RequestId
        );
        let users: BTreeSet<UserId> = self
            .rows
            .iter()
            .filter(|other| other.kind == row.kind && other.value == row.value)
            .map(|other| other.whose.user_id)
            .collect();
        names_somebody && users.len() > 1
    }

    /// Whether devices of two users have anything in common that names somebody.
    #[must_use]
    pub fn ties(&self, one: UserId, other: UserId) -> bool {
        let of = |user: UserId| -> BTreeSet<(Learned, &str)> {
            self.rows
                .iter()
                .filter(|row| row.whose.user_id == user && self.is_shared(row))
                .map(|row| (row.kind, row.value.as_str()))
                .collect()
        };
        !of(one).is_disjoint(&of(other))
    }
}
