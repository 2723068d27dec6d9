//! The harness itself: transfers from end to end, vectors, scenarios and adapter calls a second.

mod adapter;
mod collections;
mod transfer;

use criterion::{Criterion, criterion_group};

criterion_group!(
    benches,
    transfer::transfer,
    collections::vectors,
    collections::scenarios,
    adapter::calls
);
// As by `criterion_main!`.
fn main() {
    if std::env::args().nth(1).as_deref() == Some(adapter::ARGUMENT) {
        return adapter::serve();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
