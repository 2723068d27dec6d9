//! Growth: what a step costs among 10, 100, 1,000 and 10,000 others. It should cost the same.
//!
//! All sizes of a case are timed in the same turns, and the time kept is that of one item: an event, a request, a line.
//!
//! `cargo bench -p tigress-benches --bench growth [-- CASE]`; with `--test` each case is run once, small.

#[path = "../hot_path/turns.rs"]
#[allow(dead_code, reason = "nothing here uses its input up")]
mod turns;

mod hostile;
mod intermediary;
mod transcript;
mod wallet;

use std::env;
use std::time::Duration;
use tigress_signal::primitives::{Randomness, RandomnessError};
use turns::{Plan, Row, Timed, in_turns};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

const PLAN: Plan = Plan {
    burst: Duration::from_millis(5),
    all: Duration::from_secs(3),
    least: 5,
};

/// What is timed at a size.
struct Sized {
    /// How many items an iteration does.
    items: usize,
    timed: Timed<'static>,
}

/// What grows, what an item is, and how it is timed.
type Case = (&'static str, fn(usize) -> Sized);

const CASES: &[Case] = &[
    ("wallet event, by transfers", wallet::event),
    ("intermediary request, by devices", intermediary::request),
    ("intermediary view, by lines", transcript::view),
    ("replay, by lines", transcript::replay),
    ("diagram, by lines", transcript::diagram),
    ("wrong vector file, by tests", hostile::vectors),
    ("wrong script, by steps", hostile::script),
    ("wrong transcript, by lines", hostile::transcript),
    ("wrong list of failures, by lines", hostile::known_failures),
    ("hostile text, by characters", hostile::text),
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let given = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    // `cargo bench` says so; `cargo test` runs everything once.
    let once = given("--test") || !given("--bench");
    let wanted: Vec<_> = arguments
        .iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    for &(name, case) in CASES {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        if once {
            (case(SIZES[0]).timed)(1);
            println!("{name}: it runs");
            continue;
        }
        let mut rows: Vec<_> = SIZES
            .into_iter()
            .map(|size| {
                let Sized { items, timed } = case(size);
                Row {
                    name,
                    parameter: Some(size),
                    items,
                    timed,
                }
            })
            .collect();
        let mut rows: Vec<_> = rows.iter_mut().collect();
        in_turns("growth", &mut rows, PLAN).expect("the times can be kept");
    }
}

/// Other bytes at each draw, at next to no cost.
#[derive(Default)]
struct Numbers(u64);

impl Randomness for Numbers {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&(self.0 ^ self.0 >> 29).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
