//! Everything that travels inside the program, run by the reference engine in this process.

use criterion::{Criterion, Throughput};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::run;
use tigress_signal::conformance::scenario::{self, library::Library};
use tigress_signal::conformance::vector::Collection;

pub(crate) fn vectors(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vectors");
    let vectors = Collection::built_in().vectors;
    group.sample_size(10);
    group.throughput(Throughput::Elements(vectors.len() as u64));
    group.bench_function("all", |bencher| {
        bencher.iter(|| {
            for vector in &vectors {
                run::run(&mut Reference::default(), vector, run::Terms::STRICT);
            }
        });
    });
}

pub(crate) fn scenarios(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scenarios");
    let library = Library::load(None);
    let scenarios: Vec<_> = library
        .scripts
        .iter()
        .flat_map(|script| &script.scenarios)
        .collect();
    group.sample_size(10);
    group.throughput(Throughput::Elements(scenarios.len() as u64));
    group.bench_function("all", |bencher| {
        bencher.iter(|| {
            for scenario in &scenarios {
                assert!(
                    scenario::run(scenario, scenario.suite_or(None), "benchmark")
                        .failure
                        .is_none()
                );
            }
        });
    });
}
