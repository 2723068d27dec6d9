//! Messages that arrive before those sent earlier.

use crate::rounds::rounds;
use crate::sessions::{Numbers, Olm, Pair, decrypt_all, olm_copy, olm_decrypt};
use crate::{ENGINE, FLOOR, VODOZEMAC, floor};
use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use tigress_signal::ratchet::ChainKey;

const GAPS: [usize; 4] = [1, 10, 100, 1000];

/// A message that skips others. The floor is the chain's steps alone; `chain steps` are the engine's.
pub(crate) fn gap(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gap");
    for gap in GAPS {
        group.throughput(Throughput::Elements(gap as u64));
        let mut pair = Pair::new();
        let last = pair.messages(gap + 1, b"").pop().expect("the last one");
        group.bench_function(BenchmarkId::new(ENGINE, gap), |bencher| {
            rounds(
                bencher,
                1,
                |_| pair.b.clone(),
                |b| b.decrypt(&last, &mut Numbers::new()).expect("authentic"),
            );
        });
        group.bench_function(BenchmarkId::new("chain steps", gap), |bencher| {
            bencher.iter(|| {
                let mut chain_key = ChainKey::at([1; 32], 0);
                for _ in 0..gap {
                    let (message_key, next) = chain_key.step().expect("far from the end");
                    black_box(message_key);
                    chain_key = next;
                }
                chain_key
            });
        });
        group.bench_function(BenchmarkId::new(FLOOR, gap), |bencher| {
            bencher.iter(|| {
                let mut chain_key = [1; 32];
                for _ in 0..gap {
                    let (message_key, next) = floor::chain_step(&chain_key);
                    black_box(message_key);
                    chain_key = next;
                }
                chain_key
            });
        });
        let mut olm = Olm::new();
        let last = olm.messages(gap + 1, b"").pop().expect("the last one");
        group.bench_function(BenchmarkId::new(VODOZEMAC, gap), |bencher| {
            rounds(bencher, 1, |_| olm_copy(&olm.b), |b| olm_decrypt(b, &last));
        });
    }
}

/// A thousand messages, the last one first. The floor is a symmetric step for each. Olm keeps forty keys, and cannot.
pub(crate) fn reverse(criterion: &mut Criterion) {
    const COUNT: usize = 1000;
    let mut group = criterion.benchmark_group("reverse");
    group.throughput(Throughput::Elements(COUNT as u64));
    let mut pair = Pair::new();
    let mut messages = pair.messages(COUNT, b"");
    messages.reverse();
    group.bench_function(ENGINE, |bencher| {
        rounds(
            bencher,
            1,
            |_| pair.b.clone(),
            |b| decrypt_all(b, &mut Numbers::new(), &messages),
        );
    });
    let mut sender = floor::Sender { chain_key: [1; 32] };
    let tags: Vec<_> = (0..COUNT).map(|_| sender.seal(&mut [])).collect();
    group.bench_function(FLOOR, |bencher| {
        bencher.iter(|| {
            let mut receiver = floor::Sender { chain_key: [1; 32] };
            for tag in &tags {
                receiver.open(&mut [], tag);
            }
        });
    });
}
