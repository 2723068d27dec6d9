//! The harness itself: transfers from end to end, vectors, scenarios and adapter calls a second.

mod adapter;
mod collections;
mod transfer;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    transfer::transfer,
    collections::vectors,
    collections::scenarios,
    adapter::calls
);
criterion_main!(benches);
