//! Whether a run ends before its end, and what must be gone then.

use crate::system;
use std::collections::BTreeSet;
use std::io;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Is raised once by whoever is told to stop, such as a signal handler, and looked at by whoever runs for long: between
/// cases, and while an adapter is waited for. All clones are one.
///
/// It knows the process group of every adapter that was started under it, and ends them when it is raised, whatever the
/// run is doing at that time.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    raised: AtomicBool,
    /// The leader of each group, which is not waited for while it stands here: its number is nobody else's.
    groups: Mutex<BTreeSet<u32>>,
}

impl Interrupt {
    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// Raises it for good, and ends every process group under it.
    pub fn raise(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
        for group in self.groups().iter() {
            system::end_group(*group);
        }
    }

    /// Starts the leader of a process group of its own.
    ///
    /// # Errors
    /// Where it does not start, or the interrupt was raised.
    pub(super) fn start(&self, start: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
        // Held meanwhile, so that `raise` either comes first or finds the group.
        let mut groups = self.groups();
        if self.is_raised() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
        }
        let child = start()?;
        groups.insert(child.id());
        Ok(child)
    }

    /// Ends the group of a leader that was not waited for yet.
    pub(super) fn end(&self, leader: &mut Child) {
        let mut groups = self.groups();
        if groups.remove(&leader.id()) {
            system::end_group(leader.id());
        }
        // Where there are no groups, the leader alone.
        let _ = leader.kill();
    }

    fn groups(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.0.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
