//! How fast the adapter protocol is: a trivial method of the reference engine, asked over a pipe as the harness asks any
//! adapter, and in this process.

use criterion::{Criterion, Throughput};
use serde_json::json;
use std::{env, io};
use tigress_signal::conformance::adapter::{self, Process, Setup};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::subject::Subject;

/// What makes this program an adapter, the same as `tigress adapter`. No name of a benchmark to be run.
pub(crate) const ARGUMENT: &str = "--serve";

pub(crate) fn serve() {
    let mut out = io::stdout();
    adapter::serve(&mut Reference::default(), io::stdin().lock(), &mut out).expect("it is asked");
}

pub(crate) fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("adapter");
    group.throughput(Throughput::Elements(1));
    let this = env::current_exe().expect("it runs");
    let command = format!("'{}' {ARGUMENT}", this.display());
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
