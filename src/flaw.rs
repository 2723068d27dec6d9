//! Which flaw is switched on in this thread (feature `flaws`). `conformance::flaws` lists them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

thread_local! {
    static ON: Cell<&'static str> = const { Cell::new("") };
    static REACHED: RefCell<Option<BTreeSet<&'static str>>> = const { RefCell::new(None) };
    static FORMER: RefCell<HashMap<[u8; 32], [u8; 32]>> = RefCell::default();
}

/// Whether the flaw of that name is on.
pub(crate) fn is_on(name: &'static str) -> bool {
    let on = ON.get();
    if !on.is_empty() {
        REACHED.with_borrow_mut(|reached| {
            if let Some(reached) = reached {
                reached.insert(name);
            }
        });
    }
    on == name
}

/// Runs `run`, and says which flaws it asked for while one was on. Where its own is not among them, that is what it asks for
/// without any.
pub(crate) fn reaching<T>(run: impl FnOnce() -> T) -> (T, BTreeSet<&'static str>) {
    let before = REACHED.replace(Some(BTreeSet::new()));
    let result = run();
    (result, REACHED.replace(before).unwrap_or_default())
}

/// The name of the flaw that is on; empty where none is.
pub(crate) fn on() -> &'static str {
    ON.get()
}

/// Runs `run` with the flaw of that name on, in this thread alone; afterwards the one is on that was on before.
pub(crate) fn with<T>(name: &'static str, run: impl FnOnce() -> T) -> T {
    /// On again, also where `run` panics.
    struct Before(&'static str);
    impl Drop for Before {
        fn drop(&mut self) {
            ON.set(self.0);
        }
    }
    let _before = Before(ON.replace(name));
    run()
}

/// What flaws have kept so far in this thread is gone.
pub(crate) fn forget() {
    FORMER.take();
}

/// A chain key was stepped on: what a flaw needs that goes back.
pub(crate) fn stepped(from: &[u8; 32], to: &[u8; 32]) {
    FORMER.with_borrow_mut(|former| former.insert(*to, *from));
}

/// The chain key before that one.
pub(crate) fn before(chain_key: &[u8; 32]) -> Option<[u8; 32]> {
    FORMER.with_borrow(|former| former.get(chain_key).copied())
}
