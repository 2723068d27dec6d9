//! Rows timed in turns.
//!
//! Of two times that were taken one after the other, the quotient holds the machine's moods between them. So rows that
//! are to be compared take turns, each for a short burst, over and over; of each row the median burst counts.

use serde_json::json;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

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

/// Something that is timed.
pub(crate) struct Row<'a> {
    pub(crate) name: &'static str,
    pub(crate) parameter: Option<usize>,
    /// How many things an iteration does; the time is kept for one of them.
    pub(crate) items: usize,
    pub(crate) timed: Timed<'a>,
}

/// How long turns go on.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// How long a burst of a row takes, as long as that is more than an iteration.
    pub(crate) burst: Duration,
    /// How long all turns take at least.
    pub(crate) all: Duration,
    /// How many turns there are at least.
    pub(crate) least: usize,
}

/// Times the rows in turns. Nanoseconds of an item by row: the median burst.
pub(crate) fn medians(group: &str, rows: &mut [&mut Row<'_>], plan: Plan) -> Vec<f64> {
    let counts: Vec<u64> = rows
        .iter_mut()
        .map(|row| iterations(row, plan.burst))
        .collect();
    let mut times = vec![Vec::new(); rows.len()];
    let began = Instant::now();
    let mut turn = 0;
    while began.elapsed() < plan.all || turn < plan.least {
        for place in 0..rows.len() {
            // Who comes first changes too.
            let at = (place + turn) % rows.len();
            #[allow(clippy::cast_precision_loss, reason = "a few thousand at most")]
            let done = counts[at] as f64 * rows[at].items as f64;
            let took = (rows[at].timed)(counts[at]).as_secs_f64();
            times[at].push(took * 1e9 / done);
        }
        turn += 1;
    }
    let medians = rows.iter().zip(&mut times).map(|(row, times)| {
        times.sort_by(f64::total_cmp);
        let nanoseconds = times[times.len() / 2];
        println!("{group} {}: {nanoseconds:.0} ns", title(row));
        nanoseconds
    });
    medians.collect()
}

/// Times the rows in turns, and keeps their times for docs/performance.md.
pub(crate) fn in_turns(group: &str, rows: &mut [&mut Row<'_>], plan: Plan) -> io::Result<()> {
    let medians = medians(group, rows, plan);
    let kept = rows.iter().zip(medians).map(|(row, nanoseconds)| {
        json!({
            "group": group,
            "row": row.name,
            "parameter": row.parameter,
            "nanoseconds": nanoseconds,
        })
    });
    let kept: Vec<_> = kept.collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/criterion/turns");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{group} {}.json", title(rows[0])));
    fs::write(file, serde_json::Value::from(kept).to_string())
}

fn title(row: &Row<'_>) -> String {
    match row.parameter {
        Some(parameter) => format!("{} {parameter}", row.name),
        None => row.name.to_owned(),
    }
}

/// How many iterations fit a burst.
fn iterations(row: &mut Row<'_>, burst: Duration) -> u64 {
    // The first one also warms up.
    let once = (row.timed)(1);
    let once = if once < burst {
        (row.timed)(16) / 16
    } else {
        once
    };
    let fit = burst.as_nanos() / once.as_nanos().max(1);
    u64::try_from(fit).unwrap_or(1).max(1)
}
