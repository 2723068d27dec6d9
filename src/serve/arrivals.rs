//! Who waits for the next message of a mailbox.

use crate::identifier::Address;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// A bell for each mailbox that somebody waits at; there are never more than there are waiting requests.
#[derive(Clone, Debug, Default)]
pub struct Arrivals(Arc<Mutex<HashMap<Address, Arc<Notify>>>>);

/// Somebody waits. Whoever asks for a bell before the mailbox is read misses no message.
#[derive(Debug)]
pub struct Bell {
    arrivals: Arrivals,
    address: Address,
    rings: Arc<Notify>,
}

impl Arrivals {
    /// A bell at that mailbox.
    #[must_use]
    pub fn bell(&self, address: Address) -> Bell {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rings = Arc::clone(bells.entry(address).or_default());
        Bell {
            arrivals: self.clone(),
            address,
            rings,
        }
    }

    /// A message has come to that mailbox.
    pub fn ring(&self, address: &Address) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(address) {
            bell.notify_waiters();
        }
    }

    /// Nobody shall wait any more.
    pub fn ring_all(&self) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for bell in bells.values() {
            bell.notify_waiters();
        }
    }
}

impl Bell {
    /// Done once it rings. It rings for whoever asked for this before; afterwards it must be asked for again.
    pub fn rings(&self) -> tokio::sync::futures::Notified<'_> {
        self.rings.notified()
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let bells = &self.arrivals.0;
        let mut bells = bells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(entry) = bells.entry(self.address)
            // This one, and the map's.
            && Arc::strong_count(entry.get()) == 2
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::DeviceId;

    #[test]
    fn a_bell_that_nobody_waits_at_is_taken_away() {
        let user_id = "00000000-0000-4000-8000-000000000001".parse();
        let address = Address {
            user_id: user_id.expect("a UserID"),
            device_id: DeviceId::FIRST,
        };
        let arrivals = Arrivals::default();
        let count = |it: &Arrivals| it.0.lock().expect("no panic").len();
        let one = arrivals.bell(address);
        let other = arrivals.bell(address);
        assert_eq!(count(&arrivals), 1);
        drop(one);
        assert_eq!(count(&arrivals), 1);
        drop(other);
        assert_eq!(count(&arrivals), 0);
    }
}
