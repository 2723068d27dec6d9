//! Whom and what the steps of a scenario may speak of, as far as that can be told before it runs.

use super::call::{Brings, Call};
use crate::conformance::hint::Hint;
use std::collections::BTreeSet;

/// The devices that are there, the users who ever had one, and the transfers that were offered, after some steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    devices: BTreeSet<String>,
    users: BTreeSet<String>,
    transfers: BTreeSet<String>,
}

impl Scope {
    /// What is wrong with a step that comes next; then what it brings is there.
    pub(super) fn step(&mut self, call: &Call) -> Vec<String> {
        let brings = call.definition.brings;
        let mut faults = Vec::new();
        for device in call.all("device").filter(|it| !self.devices.contains(*it)) {
            let hint = nearest(device, &self.devices);
            faults.push(format!("nobody has declared `{device}`{hint}"));
        }
        match brings {
            Brings::Devices => {
                self.users.insert(call.the("user").to_owned());
                for device in call.brought() {
                    if !self.devices.insert(device.clone()) {
                        faults.push(format!("`{device}` is there already"));
                    }
                }
            }
            Brings::Removal => {
                self.devices.remove(call.the("device"));
            }
            Brings::Transfer | Brings::Nothing => {
                for user in call.all("user").filter(|user| !self.users.contains(*user)) {
                    let hint = nearest(user, &self.users);
                    faults.push(format!("`{user}` has no device{hint}"));
                }
            }
        }
        if brings == Brings::Transfer {
            self.transfers.insert(call.transfer().to_owned());
        } else {
            let named = call.all("name").chain(call.all("credential"));
            for name in named.filter(|name| !self.transfers.contains(*name)) {
                let hint = nearest(name, &self.transfers);
                faults.push(format!("nobody has offered `{name}`{hint}"));
            }
        }
        faults
    }
}

/// The nearest of the first hundred, of names that somebody types: comparing takes time.
fn nearest(name: &str, known: &BTreeSet<String>) -> Hint {
    let is_typed = |name: &str| name.len() <= 40;
    let known = known.iter().map(String::as_str);
    let known = known.filter(|it| is_typed(it) && is_typed(name));
    Hint::nearest(name, known.take(100))
}
