//! Which flaw is switched on in this thread (feature `flaws`). `conformance::flaws` lists them.

use std::cell::Cell;

thread_local! {
    static ON: Cell<&'static str> = const { Cell::new("") };
}

/// Whether the flaw of that name is on.
pub(crate) fn is_on(name: &str) -> bool {
    ON.get() == name
}

/// Runs `run` with the flaw of that name on, in this thread alone.
pub(crate) fn with<T>(name: &'static str, run: impl FnOnce() -> T) -> T {
    /// Off again, also where `run` panics.
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            ON.set("");
        }
    }
    ON.set(name);
    let _off = Off;
    run()
}
