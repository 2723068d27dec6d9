//! Whom and what the steps of a scenario may speak of, as far as that can be told before it runs.

use super::call::{Brings, Call};
use crate::conformance::hint::Hint;
use std::collections::BTreeSet;

/// The devices that are there, the users who ever had one, the transfers that were offered, the invitations that were made and
/// the states that were saved, after some steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    devices: BTreeSet<String>,
    users: BTreeSet<String>,
    transfers: BTreeSet<String>,
    links: BTreeSet<String>,
    moments: BTreeSet<String>,
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
            Brings::Devices | Brings::Copy => {
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
            _ => {
                for user in call.all("user").filter(|user| !self.users.contains(*user)) {
                    let hint = nearest(user, &self.users);
                    faults.push(format!("`{user}` has no device{hint}"));
                }
            }
        }
        // What is brought is called by the last name in a step; what stands before is spoken of.
        let count = call.all("name").count();
        let spoken_of = match brings {
            Brings::Transfer => count.saturating_sub(1),
            _ => count,
        };
        let credentials = match brings {
            Brings::Transfer => 0,
            _ => usize::MAX,
        };
        let spoken = call.all("name").take(spoken_of);
        let spoken = spoken.chain(call.all("credential").take(credentials));
        for name in spoken.filter(|name| !self.transfers.contains(*name)) {
            let hint = nearest(name, &self.transfers);
            faults.push(format!("nobody has offered `{name}`{hint}"));
        }
        for (parameter, is_brought, known, what) in [
            (
                "link",
                Brings::Link,
                &mut self.links,
                "nobody has made the invitation",
            ),
            (
                "moment",
                Brings::Moment,
                &mut self.moments,
                "nothing was saved as",
            ),
        ] {
            if brings == is_brought {
                known.extend(call.all(parameter).map(str::to_owned));
            }
            for name in call.all(parameter).filter(|name| !known.contains(*name)) {
                let hint = nearest(name, known);
                faults.push(format!("{what} `{name}`{hint}"));
            }
        }
        if brings == Brings::Transfer {
            self.transfers.insert(call.offered().to_owned());
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
