//! The rows of an operation: each is timed alone, by criterion, and the first in turns with each of the others.
//!
//! A ratio of two times that were taken one after the other holds the machine's moods between them. So the ratios are
//! taken from short bursts in turns, of which the median counts.

use criterion::measurement::WallTime;
use criterion::{Bencher, BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use serde_json::json;
use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// Runs that many iterations, and says how long they took.
pub(crate) type Timed<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// A step that can be repeated as it is.
pub(crate) fn repeated<'a, T>(mut run: impl FnMut() -> T + 'a) -> Timed<'a> {
    Box::new(move |iterations| {
        let began = Instant::now();
        for _ in 0..iterations {
            black_box(run());
        }
        began.elapsed()
    })
}

/// A step that uses its input up, in rounds of at most `most` iterations. What a round needs is made by `prepare` before
/// the clock starts, for the number of iterations it is given; what it leaves is dropped after the clock has stopped.
pub(crate) fn rounds<'a, S, T>(
    most: usize,
    mut prepare: impl FnMut(usize) -> S + 'a,
    mut run: impl FnMut(&mut S) -> T + 'a,
) -> Timed<'a> {
    Box::new(move |iterations| {
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
    })
}

/// How many messages of `size` bytes a round takes: no more than fit a core's own cache.
pub(crate) fn round_of(size: usize) -> usize {
    (128 * 1024 / (size + 128)).clamp(2, 64)
}

struct Row<'a> {
    name: &'static str,
    parameter: Option<usize>,
    timed: Timed<'a>,
}

/// The rows of a group.
pub(crate) struct Rows<'a> {
    group: &'static str,
    throughput: Option<Throughput>,
    list: Vec<Row<'a>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(group: &'static str) -> Self {
        Rows {
            group,
            throughput: None,
            list: Vec::new(),
        }
    }

    pub(crate) fn throughput(mut self, throughput: Throughput) -> Self {
        self.throughput = Some(throughput);
        self
    }

    pub(crate) fn row(
        mut self,
        name: &'static str,
        parameter: impl Into<Option<usize>>,
        timed: Timed<'a>,
    ) -> Self {
        self.list.push(Row {
            name,
            parameter: parameter.into(),
            timed,
        });
        self
    }

    /// Measures the rows, and the first against each of the others.
    pub(crate) fn measure(mut self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group(self.group);
        if let Some(throughput) = self.throughput.take() {
            group.throughput(throughput);
        }
        let mut wanted = Vec::new();
        for row in &mut self.list {
            wanted.push(alone(&mut group, row));
        }
        group.finish();
        // Each once, to see that it runs.
        if env::args().any(|argument| argument == "--test") {
            return;
        }
        let Some((first, others)) = self.list.split_first_mut() else {
            return;
        };
        for (other, asked_for) in others.iter_mut().zip(&wanted[1..]) {
            if wanted[0] && *asked_for {
                in_turns(self.group, first, other).expect("the ratio can be kept");
            }
        }
    }
}

/// Times a row by criterion. Says whether the command line asks for it.
fn alone(group: &mut BenchmarkGroup<'_, WallTime>, row: &mut Row<'_>) -> bool {
    let asked_for = Cell::new(false);
    let timed = &mut row.timed;
    let run = |bencher: &mut Bencher<'_>| {
        asked_for.set(true);
        bencher.iter_custom(&mut *timed);
    };
    match row.parameter {
        Some(parameter) => group.bench_function(BenchmarkId::new(row.name, parameter), run),
        None => group.bench_function(row.name, run),
    };
    asked_for.get()
}

/// Times two rows in turns, and keeps the ratio for docs/performance.md.
fn in_turns(group: &str, first: &mut Row<'_>, other: &mut Row<'_>) -> io::Result<()> {
    /// How long a burst takes, and all of them.
    const BURST: Duration = Duration::from_micros(200);
    const ALL: Duration = Duration::from_secs(2);
    let iterations = |timed: &mut Timed<'_>| {
        let once = timed(16) / 16;
        let fit = BURST.as_nanos() / once.as_nanos().max(1);
        u64::try_from(fit).unwrap_or(1).max(1)
    };
    let counts = [iterations(&mut first.timed), iterations(&mut other.timed)];
    let burst = |row: &mut Row<'_>, count: u64| {
        #[allow(clippy::cast_precision_loss, reason = "a few hundred at most")]
        let each = (row.timed)(count).as_secs_f64() / count as f64;
        each
    };
    let mut ratios = Vec::new();
    let began = Instant::now();
    while began.elapsed() < ALL || ratios.len() < 10 {
        // Who comes first changes too.
        let [one, two] = if ratios.len() % 2 == 0 {
            let one = burst(first, counts[0]);
            [one, burst(other, counts[1])]
        } else {
            let two = burst(other, counts[1]);
            [burst(first, counts[0]), two]
        };
        ratios.push(one / two);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    let name = |row: &Row<'_>| match row.parameter {
        Some(parameter) => format!("{} {parameter}", row.name),
        None => row.name.to_owned(),
    };
    let pair = format!("{group} {} to {}", name(first), name(other));
    println!("{pair}: {ratio:.3}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/criterion/ratios");
    fs::create_dir_all(&folder)?;
    let kept = json!({
        "group": group,
        "row": first.name,
        "parameter": first.parameter,
        "to": other.name,
        "toParameter": other.parameter,
        "ratio": ratio,
    });
    fs::write(folder.join(format!("{pair}.json")), kept.to_string())
}
