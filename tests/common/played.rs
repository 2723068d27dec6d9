//! Every scenario played once, for all tests that look at how it went.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::thread;
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::{Run, Scenario, run};

/// A scenario, and its run from seed 1.
pub(crate) struct Played {
    pub(crate) scenario: Scenario,
    pub(crate) run: Run,
}

static PLAYED: LazyLock<Vec<Played>> = LazyLock::new(|| {
    let Library { scripts, errors } = Library::load(None);
    assert_eq!(errors, []);
    let scenarios = scripts.into_iter().flat_map(|script| script.scenarios);
    let scenarios: Vec<Scenario> = scenarios.collect();
    let runs: Vec<OnceLock<Run>> = scenarios.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(at) else {
                        break;
                    };
                    let played = run(scenario, scenario.suite_or(None), "1");
                    runs[at].get_or_init(|| played);
                }
            });
        }
    });
    let runs = runs
        .into_iter()
        .map(|run| run.into_inner().expect("played"));
    let played = scenarios.into_iter().zip(runs);
    played
        .map(|(scenario, run)| Played { scenario, run })
        .collect()
});

/// All that travel inside the program, in their order. All cores play, when it is first asked for.
pub(crate) fn played() -> &'static [Played] {
    &PLAYED
}
