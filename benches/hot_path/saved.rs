//! A session written to its saved form, as JSON, and read back.

use crate::ENGINE;
use crate::sessions::Pair;
use criterion::{BenchmarkId, Criterion};
use tigress_signal::ratchet::{SavedSession, Session};

pub(crate) fn saved(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("saved_session");
    for stored in [0, 2000] {
        let mut pair = Pair::new();
        pair.with_stored(stored);
        let save = || serde_json::to_string(&pair.b.save()).expect("it is JSON");
        let restore = |json: &str| -> Session {
            let saved: SavedSession = serde_json::from_str(json).expect("it was saved");
            saved.try_into().expect("it was saved")
        };
        let json = save();
        group.bench_function(
            BenchmarkId::new(format!("{ENGINE} save"), stored),
            |bencher| {
                bencher.iter(save);
            },
        );
        group.bench_function(
            BenchmarkId::new(format!("{ENGINE} restore"), stored),
            |bencher| bencher.iter(|| restore(&json)),
        );
    }
}
