//! How fast the explorer of `tigress model` is by itself: states of 32 bytes whose steps cost nothing.
//!
//! `cargo run --release --example explorer -- [THREADS] [SIZE]`: five counters up to SIZE, 30 where none is named.

use std::process::ExitCode;
use tigress_signal::model::{End, Limits, Property, Space, explorer};

/// Five counters, each of which goes up by steps of one, and what a handful of machine states would be.
struct Counters {
    size: u32,
}

impl Space for Counters {
    type State = [u32; 8];
    type Action = u8;
    type Scratch = ();

    fn scratch(&self) {}

    fn beginning(&self) -> [u32; 8] {
        [0; 8]
    }

    fn steps(&self, (): &mut (), from: &[u32; 8], found: &mut Vec<(u8, [u32; 8])>) {
        for (number, count) in (0..5).zip(from) {
            if *count < self.size {
                let mut to = *from;
                to[usize::from(number)] += 1;
                let others = [to[0] + to[4], to[1] * to[3], to[2] ^ to[3]];
                to[5..].copy_from_slice(&others);
                found.push((number, to));
            }
        }
    }

    fn broken(&self, (): &mut (), _: &[u32; 8]) -> Option<usize> {
        None
    }

    fn reached(&self, (): &mut (), _: &[u32; 8]) -> u64 {
        0
    }

    fn properties(&self) -> &'static [Property] {
        &[]
    }

    fn goals(&self) -> &'static [Property] {
        &[]
    }

    fn script(&self, _: &[u8], _: Option<usize>) -> Vec<String> {
        Vec::new()
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse());
    let mut number = |otherwise: u32| match arguments.next() {
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => None,
        None => Some(otherwise),
    };
    let (Some(threads), Some(size)) = (number(1), number(30)) else {
        eprintln!("usage: explorer [THREADS] [SIZE]");
        return ExitCode::from(2);
    };
    let limits = Limits {
        threads: threads as usize,
        ..Limits::default()
    };
    let outcome = explorer::explore(&Counters { size: size - 1 }, &limits, &mut |_| {});
    #[expect(clippy::cast_precision_loss, reason = "figures that are shown")]
    let rate = |count: u64| count as f64 / outcome.seconds / f64::from(threads) / 1e6;
    println!(
        "{} states, {} steps, depth {}, {threads} threads, {:.1} s; million a second and thread: {:.2} states, {:.2} steps; {:.1} bytes a state",
        outcome.states,
        outcome.transitions,
        outcome.depth,
        outcome.seconds,
        rate(outcome.states),
        rate(outcome.transitions),
        outcome.bytes_a_state,
    );
    match outcome.end {
        End::Complete => ExitCode::SUCCESS,
        end => {
            println!("{end:?}");
            ExitCode::FAILURE
        }
    }
}
