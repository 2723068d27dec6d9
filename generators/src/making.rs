//! The suite whose file is being made.
//!
//! A family's cases are the same in every suite for as long as both say the same: actors, messages and the engine that computes
//! answers are of the suite of the file under way, so that no case has to name it.

use std::cell::Cell;
use tigress_signal::suite::{SuiteRef, Tigress1};

thread_local! {
    static SUITE: Cell<SuiteRef> = const { Cell::new(&Tigress1) };
}

/// The suite of the file under way; the reference suite in files of none.
pub(crate) fn suite() -> SuiteRef {
    SUITE.get()
}

/// Whether it is the reference suite, which is strict.
pub(crate) fn is_strict() -> bool {
    suite() == &Tigress1 as SuiteRef
}

/// Makes something of that suite.
pub(crate) fn of<T>(suite: SuiteRef, make: impl FnOnce() -> T) -> T {
    let former = SUITE.replace(suite);
    let all = make();
    SUITE.set(former);
    all
}
