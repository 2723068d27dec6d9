//! A session with few or many skipped keys: what it costs must not depend on how many.

use crate::ENGINE;
use crate::rounds::rounds;
use crate::sessions::{Numbers, Pair, decrypt_all};
use criterion::{BenchmarkId, Criterion, Throughput};

/// 2,000 are the most (DR-12).
const STORED: [usize; 2] = [10, 2000];
/// How many messages a round takes, so that ten stored keys suffice.
const ROUND: usize = 10;

/// A message in order, of a session that has keys stored.
pub(crate) fn in_order(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stored_in_order");
    for stored in STORED {
        let mut pair = Pair::new();
        pair.with_stored(stored);
        let messages = pair.messages(ROUND, b"");
        group.bench_function(BenchmarkId::new(ENGINE, stored), |bencher| {
            rounds(
                bencher,
                ROUND,
                |count| (pair.b.clone(), count),
                |(b, count)| decrypt_all(b, &mut Numbers::new(), &messages[..*count]),
            );
        });
    }
}

/// A message whose key is stored.
pub(crate) fn find(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stored_find");
    for stored in STORED {
        let mut pair = Pair::new();
        let late = pair.with_stored(stored);
        // From all over the store.
        let messages: Vec<_> = (0..ROUND)
            .map(|index| late[index * (stored / ROUND)].clone())
            .collect();
        group.bench_function(BenchmarkId::new(ENGINE, stored), |bencher| {
            rounds(
                bencher,
                ROUND,
                |count| (pair.b.clone(), count),
                |(b, count)| decrypt_all(b, &mut Numbers::new(), &messages[..*count]),
            );
        });
    }
}

/// A message that skips one, where the store is full, and the oldest key is dropped for it (DR-12).
pub(crate) fn drop_oldest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stored_drop_oldest");
    for stored in STORED {
        let mut pair = Pair::new();
        pair.with_stored(stored);
        let messages: Vec<_> = pair
            .messages(2 * ROUND, b"")
            .into_iter()
            .skip(1)
            .step_by(2)
            .collect();
        group.bench_function(BenchmarkId::new(ENGINE, stored), |bencher| {
            rounds(
                bencher,
                ROUND,
                |count| (pair.b.clone(), count),
                |(b, count)| decrypt_all(b, &mut Numbers::new(), &messages[..*count]),
            );
        });
    }
}

/// A DH ratchet step with which the chain that holds the keys falls off (DR-16).
pub(crate) fn expire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stored_expire");
    for stored in STORED {
        group.throughput(Throughput::Elements(stored as u64));
        let mut pair = Pair::new();
        pair.with_stored(stored);
        // Five chains are remembered: four more, and the next one pushes that of the keys out.
        for _ in 0..4 {
            pair.answer();
            pair.turn();
        }
        pair.answer();
        let message = pair.messages(1, b"").remove(0);
        assert_eq!(pair.b.stored_keys(), stored);
        group.bench_function(BenchmarkId::new(ENGINE, stored), |bencher| {
            rounds(
                bencher,
                1,
                |_| pair.b.clone(),
                |b| b.decrypt(&message, &mut Numbers::new()).expect("authentic"),
            );
        });
    }
}
