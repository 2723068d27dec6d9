//! A fuzzer of the simplest kind, on stable Rust: inputs made of the seeds by plain mutations, without a look at coverage. It says how
//! many executions a second each target makes, and how long it takes until something fails:
//! `cargo run --release -p tigress-fuzz-on-stable --example rate -- SECONDS [TARGET...]`.

#![forbid(unsafe_code)]

use std::panic::catch_unwind;
use std::time::{Duration, Instant};
use std::{env, fs, io};
use tigress_fuzz::TARGETS;

/// Longer inputs are cut.
const LONGEST: usize = 4096;

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is no zero.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    /// One to three changes: bytes turned, put in, taken out, repeated, or taken from another seed.
    fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(5) {
                0 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= self.next().to_le_bytes()[0];
                    }
                }
                1 => bytes.insert(at, self.next().to_le_bytes()[0]),
                2 if at < end => {
                    bytes.drain(at..end);
                }
                3 if at < end => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend(&other[from..]);
                }
            }
        }
        bytes.truncate(LONGEST);
        bytes
    }
}

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let seconds = arguments.next().and_then(|number| number.parse().ok());
    let limit = Duration::from_secs_f64(seconds.unwrap_or(10.0));
    let wanted: Vec<String> = arguments.collect();
    for (target, body) in TARGETS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == target) {
            continue;
        }
        let mut seeds = Vec::new();
        for entry in fs::read_dir(tigress_fuzz::folder().join("seeds").join(target))? {
            seeds.push(fs::read(entry?.path())?);
        }
        seeds.sort();
        let mut dice = Dice(1);
        let began = Instant::now();
        let mut executions = 0_u32;
        let found = loop {
            if began.elapsed() >= limit {
                break false;
            }
            let input = dice.mutate(&seeds);
            executions += 1;
            if catch_unwind(|| body(&input)).is_err() {
                break true;
            }
        };
        let took = began.elapsed().as_secs_f64();
        let rate = f64::from(executions) / took;
        let found = if found { "found something" } else { "nothing" };
        println!("{target:<22} {executions:>10} {rate:>12.0} a second  {found} in {took:.1} s");
    }
    Ok(())
}
