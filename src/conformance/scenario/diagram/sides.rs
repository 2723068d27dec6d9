//! Who stands where: whoever offers left of the intermediary, whoever is offered something right of it.

use super::super::transcript::Line;
use super::words::name;
use crate::identifier::UserId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The devices of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Sides {
    /// In the order in which they first act.
    devices: Vec<Device>,
    indices: HashMap<String, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Device {
    name: String,
    /// The first device of the same user: they stand together.
    first: usize,
    is_left: bool,
}

impl Sides {
    pub(in super::super) fn of(events: &[Line]) -> Self {
        let mut sides = Sides {
            devices: Vec::new(),
            indices: HashMap::new(),
        };
        let mut users: BTreeMap<UserId, usize> = BTreeMap::new();
        // By the first device of a user: which side it takes in the first transfer that it knows.
        let mut taken: BTreeMap<usize, bool> = BTreeMap::new();
        for event in events {
            let (Line::Device { device, .. }
            | Line::Request { device, .. }
            | Line::Answer { device, .. }
            | Line::State { device, .. }
            | Line::Report { device, .. }
            | Line::Refused { device, .. }) = event
            else {
                continue;
            };
            let index = sides.add(device);
            match event {
                Line::Device {
                    address: Some(address),
                    ..
                } => {
                    let first = *users
                        .entry(address.user_id)
                        .or_insert(sides.devices[index].first);
                    sides.devices[index].first = first;
                }
                Line::State { after, .. } => {
                    let first = sides.devices[index].first;
                    taken.entry(first).or_insert(after.is_of_sender());
                }
                _ => {}
            }
        }
        // Who takes part in no transfer stands where there is more room.
        let mut left = taken.values().filter(|is_left| **is_left).count();
        let mut right = taken.len() - left;
        for index in 0..sides.devices.len() {
            let first = sides.devices[index].first;
            sides.devices[index].is_left = *taken.entry(first).or_insert_with(|| {
                let is_left = left <= right;
                left += usize::from(is_left);
                right += usize::from(!is_left);
                is_left
            });
        }
        sides
    }

    fn add(&mut self, device: &str) -> usize {
        if let Some(index) = self.indices.get(device) {
            return *index;
        }
        let index = self.devices.len();
        self.indices.insert(device.to_owned(), index);
        self.devices.push(Device {
            name: name(device),
            first: index,
            is_left: true,
        });
        index
    }

    /// How many devices there are.
    pub(in super::super) fn len(&self) -> usize {
        self.devices.len()
    }

    /// The number of a device of the run.
    pub(in super::super) fn index(&self, device: &str) -> usize {
        self.indices.get(device).copied().unwrap_or_default()
    }

    pub(in super::super) fn name(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |it| it.name.as_str())
    }

    pub(in super::super) fn is_left(&self, device: usize) -> bool {
        self.devices.get(device).is_some_and(|it| it.is_left)
    }

    /// Some devices from left to right: those of a user next to each other.
    pub(in super::super) fn in_order(&self, devices: BTreeSet<usize>) -> Vec<usize> {
        let mut devices: Vec<usize> = devices.into_iter().collect();
        devices.sort_by_key(|index| {
            let device = self.devices.get(*index);
            device.map(|it| (!it.is_left, it.first, *index))
        });
        devices
    }
}
