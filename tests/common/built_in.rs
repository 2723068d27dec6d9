//! What travels inside the program, read once for all tests; and every scenario, played once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::thread;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::scenario::{Run, SEED, Scenario, run};
use tigress_signal::conformance::vector::Vector;

static CASES: LazyLock<Cases> = LazyLock::new(|| {
    let cases = Cases::load(None, None);
    assert_eq!(cases.errors, []);
    cases
});

/// All vectors and scenarios.
pub(crate) fn cases() -> &'static Cases {
    &CASES
}

/// All vectors.
pub(crate) fn vectors() -> impl Iterator<Item = &'static Vector> {
    CASES.iter().filter_map(|case| match case {
        Case::Vector(vector) => Some(vector),
        Case::Scenario(..) => None,
    })
}

/// A scenario, and its run.
pub(crate) struct Played {
    pub(crate) scenario: &'static Scenario,
    pub(crate) run: Run,
}

static PLAYED: LazyLock<Vec<Played>> = LazyLock::new(|| {
    let scenarios = CASES.iter().filter_map(|case| match case {
        Case::Vector(_) => None,
        Case::Scenario(scenario, _) => Some((scenario, OnceLock::new())),
    });
    let scenarios: Vec<(&Scenario, OnceLock<Run>)> = scenarios.collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((scenario, played)) =
                    scenarios.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    played.get_or_init(|| run(scenario, scenario.suite_or(None), SEED));
                }
            });
        }
    });
    let played = scenarios.into_iter().map(|(scenario, run)| Played {
        scenario,
        run: run.into_inner().expect("it was played"),
    });
    played.collect()
});

/// All scenarios, in their order. All cores play when it is first asked for.
pub(crate) fn played() -> &'static [Played] {
    &PLAYED
}
