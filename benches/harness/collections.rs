//! Everything that travels inside the program, asked of the reference engine in this process as `tigress test` asks it, on one core.

use criterion::{Criterion, Throughput};
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::run::{Outcome, Terms, ask};

pub(crate) fn vectors(criterion: &mut Criterion) {
    all(criterion, "vectors", |case| matches!(case, Case::Vector(_)));
}

pub(crate) fn scenarios(criterion: &mut Criterion) {
    let is_scenario = |case: &Case| matches!(case, Case::Scenario(..));
    all(criterion, "scenarios", is_scenario);
}

fn all(criterion: &mut Criterion, name: &str, is_one: fn(&Case) -> bool) {
    let cases = Cases::load(None, None);
    let cases: Vec<Case> = cases.iter().filter(is_one).collect();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.throughput(Throughput::Elements(cases.len() as u64));
    group.bench_function("all", |bencher| {
        bencher.iter(|| {
            for case in &cases {
                let outcome = ask(&mut Reference::default(), case, Terms::REFERENCE);
                assert_eq!(outcome, Outcome::Passed, "{}", case.name());
            }
        });
    });
}
