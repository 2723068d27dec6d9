//! Timing of steps that use their input up.

use criterion::Bencher;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Times `run` in rounds of at most `most` iterations. What a round needs is made by `prepare` before the clock
/// starts, for the number of iterations it is given; what it leaves is dropped after the clock has stopped.
pub(crate) fn rounds<S, T>(
    bencher: &mut Bencher<'_>,
    most: usize,
    mut prepare: impl FnMut(usize) -> S,
    mut run: impl FnMut(&mut S) -> T,
) {
    bencher.iter_custom(|iterations| {
        let mut took = Duration::ZERO;
        let mut left = usize::try_from(iterations).expect("a small number");
        while left > 0 {
            let count = left.min(most);
            let mut state = prepare(count);
            let began = Instant::now();
            let outcome = black_box(run(&mut state));
            took += began.elapsed();
            drop((outcome, state));
            left -= count;
        }
        took
    });
}

/// How many messages of `size` bytes a round takes: no more than fit a core's own cache.
pub(crate) fn round_of(size: usize) -> usize {
    (128 * 1024 / (size + 128)).clamp(2, 64)
}
