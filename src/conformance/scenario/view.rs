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
    /// In which transfers a user took part. The intermediary does not know them.
    transfers: BTreeMap<UserId, BTreeSet<TransferId>>,
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
        View {
            rows,
            names,
            transfers,
        }
    }

    /// Whether the thing names somebody who took part in several transfers: what ties them together (PRIV-02).
    #[must_use]
    pub fn is_shared(&self, row: &Row) -> bool {
        self.transfers_named_by(row).len() > 1
    }

    /// Whether something that names somebody was there in both transfers.
    #[must_use]
    pub fn ties(&self, one: &TransferId, other: &TransferId) -> bool {
        self.rows.iter().any(|row| {
            let transfers = self.transfers_named_by(row);
            transfers.contains(one) && transfers.contains(other)
        })
    }

    /// The transfers of whomever the thing names; none where it names nobody.
    fn transfers_named_by(&self, row: &Row) -> BTreeSet<TransferId> {
        let kind = match row.kind {
            Learned::AskedBundleOf | Learned::WroteTo => Learned::Address,
            kind @ (Learned::Address
            | Learned::IdentityKey
            | Learned::SignedPreKey
            | Learned::OneTimePreKey
            | Learned::RequestId) => kind,
            _ => return BTreeSet::new(),
        };
        self.rows
            .iter()
            .filter(|other| other.kind == kind && other.value == row.value)
            .filter_map(|owned| self.transfers.get(&owned.whose.user_id))
            .flatten()
            .copied()
            .collect()
    }
}
