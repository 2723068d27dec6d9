//! A credential from one wallet to another, by way of the intermediary: keys, bundles, sessions, messages, states.

use criterion::Criterion;
use tigress_signal::conformance::scenario::{Stage, Step};
use tigress_signal::suite;

const DEVICES: [&str; 2] = ["Ben has a phone", "Ryan has a phone"];

fn steps(texts: &[String]) -> Vec<Step> {
    let parse = |(line, text): (usize, &String)| Step::parse(line, text).expect("a step");
    texts.iter().enumerate().map(parse).collect()
}

/// Both flows as the runner of scenarios plays them, its transcript and its checks included.
pub(crate) fn transfer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transfer");
    for (name, credential) in [("stateless", "hotel key"), ("stateful", "car key")] {
        let steps = steps(&[
            DEVICES[0].to_owned(),
            DEVICES[1].to_owned(),
            format!("Ben's phone offers a {credential} to Ryan's phone"),
            format!("Ryan's phone accepts the {credential}"),
            format!("Ryan's phone holds the {credential}"),
            format!("Ben's phone is in \"S:Completed\" with the {credential}"),
        ]);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut stage = Stage::new(suite::ALL[0], "benchmark");
                for step in &steps {
                    stage.play(step).expect("it comes off");
                }
            });
        });
    }
}
