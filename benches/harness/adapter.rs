//! How fast the adapter protocol is: a trivial method of `tigress adapter`, asked over a pipe as the harness asks any
//! adapter, and of the engine in this process.

use criterion::{Criterion, Throughput};
use serde_json::json;
use tigress_signal::conformance::adapter::{Process, Setup};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::subject::Subject;

pub(crate) fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("adapter");
    group.throughput(Throughput::Elements(1));
    let command = format!("'{}' adapter", env!("CARGO_BIN_EXE_tigress"));
    let process = Process::start(&command, Setup::default()).expect("it starts");
    let subjects: [(&str, Box<dyn Subject>); 2] = [
        ("call over a pipe", Box::new(process)),
        ("call in process", Box::new(Reference::default())),
    ];
    for (name, mut subject) in subjects {
        subject.reset("tigress-1").expect("it speaks it");
        let base_point = format!("0509{}", "00".repeat(31));
        group.bench_function(name, |bencher| {
            bencher.iter(|| subject.call("public_key.decode", json!({ "publicKey": base_point })));
        });
    }
}
