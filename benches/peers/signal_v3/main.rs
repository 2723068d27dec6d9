//! Libraries that speak `signal-v3`, beside the engine: `cargo bench --manifest-path benches/peers/Cargo.toml`.
//!
//! Libraries of Rust and C run in this process, in turns, so that the quotients of their times hold; libsignal-client runs in Node, by
//! itself (`libsignal-client.mjs`). What is not installed is said to be skipped. The times are left in target/criterion/peers.json,
//! of which `cargo run --example performance` makes its part of docs/performance.md.
//!
//! Each library talks to itself. Those that keep sessions as bytes read and write them in each call, as they do in an application,
//! into a store in memory; the engine keeps them as they are, and stands here both so and restored and saved around each call.

mod engine;
mod libsignal_c;
mod node;
mod wacore;

#[path = "../../hot_path/floor_v3.rs"]
mod floor_v3;
#[path = "../../../adapters/wacore/src/store.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "the adapter's")]
mod store;
#[path = "../../hot_path/turns.rs"]
#[allow(dead_code, reason = "the hot path keeps its times otherwise")]
mod turns;

use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};
use turns::{Plan, Row, Timed, medians, repeated, rounds};

/// A message's plaintext, in bytes.
const SIZE: usize = 1024;
/// How far ahead forged messages claim to be: what most libraries take, and what the engine does (V3-13).
const FAR: [u32; 2] = [2_000, 25_000];
/// How many keys of a chain the engine stores.
const STORED: usize = 2_000;

/// One of the two ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    A,
    B,
}

/// Two devices of a library with a session that has been answered: both ends send ratchet messages.
trait Pair {
    /// A message from that end to the other.
    fn encrypt(&mut self, from: End, plaintext: &[u8]) -> Vec<u8>;

    /// What it says to that end; none where it is refused.
    fn decrypt(&mut self, at: End, message: &[u8]) -> Option<Vec<u8>>;

    /// An answer of B, read by A, and A's message after it, which begins a chain.
    fn turn(&mut self) -> Vec<u8> {
        let answer = self.encrypt(End::B, b"");
        assert!(self.decrypt(End::A, &answer).is_some(), "an answer");
        self.encrypt(End::A, b"")
    }

    /// B's messages begin to be ratchet messages, and A's too.
    fn settle(&mut self) {
        for _ in 0..2 {
            let turn = self.turn();
            assert!(self.decrypt(End::B, &turn).is_some(), "a turn");
        }
    }
}

/// Something that is measured.
struct Subject {
    name: &'static str,
    version: String,
    /// How it keeps sessions.
    keeps: &'static str,
    pair: fn() -> Box<dyn Pair>,
}

/// The same message with another counter, which its MAC does not cover: any library's message of this format has it there.
fn claiming(message: &[u8], counter: u32) -> Vec<u8> {
    // Version byte, the ratchet key's tag, length and 33 bytes; then the counter's tag.
    const AT: usize = 36;
    assert_eq!(message[AT], 0x10, "the counter's field");
    let end = AT
        + 1
        + message[AT + 1..]
            .iter()
            .position(|byte| byte & 0x80 == 0)
            .expect("a varint")
        + 1;
    let mut forged = message[..=AT].to_vec();
    let mut left = counter;
    while left >= 0x80 {
        forged.push(left.to_le_bytes()[0] | 0x80);
        left >>= 7;
    }
    forged.push(left.to_le_bytes()[0]);
    forged.extend_from_slice(&message[end..]);
    forged
}

fn encrypt(make: fn() -> Box<dyn Pair>) -> Timed<'static> {
    let mut pair = make();
    let plaintext = vec![0x2a; SIZE];
    repeated(move || pair.encrypt(End::A, black_box(&plaintext)))
}

/// What a round of messages is prepared in, and what they are read in, are one pair.
fn decrypt(make: fn() -> Box<dyn Pair>) -> Timed<'static> {
    let pair = std::rc::Rc::new(std::cell::RefCell::new(make()));
    let sender = pair.clone();
    let plaintext = vec![0x2a; SIZE];
    rounds(
        64,
        move |count| -> Vec<Vec<u8>> {
            let mut pair = sender.borrow_mut();
            (0..count)
                .map(|_| pair.encrypt(End::A, &plaintext))
                .collect()
        },
        move |messages| -> Vec<Vec<u8>> {
            let mut pair = pair.borrow_mut();
            let read = messages.iter().map(|message| pair.decrypt(End::B, message));
            read.map(|plaintext| plaintext.expect("in order")).collect()
        },
    )
}

fn dh_step(make: fn() -> Box<dyn Pair>) -> Timed<'static> {
    let pair = std::rc::Rc::new(std::cell::RefCell::new(make()));
    let sender = pair.clone();
    rounds(
        1,
        move |_| sender.borrow_mut().turn(),
        move |message| pair.borrow_mut().decrypt(End::B, message).expect("a turn"),
    )
}

fn forged(make: fn() -> Box<dyn Pair>, ahead: u32) -> Timed<'static> {
    let mut pair = make();
    let message = pair.encrypt(End::A, b"");
    let counter = u32::from(message[37]) + ahead;
    let forged = claiming(&message, counter);
    repeated(move || {
        assert!(
            pair.decrypt(End::B, black_box(&forged)).is_none(),
            "it is of nobody"
        );
    })
}

/// The primitive calls of each operation, alone.
mod floors {
    use crate::floor_v3::{Chain, dh_step, generate, refuse};
    use crate::turns::{Timed, repeated, rounds};
    use crate::{SIZE, STORED};

    pub(crate) fn encrypt() -> Timed<'static> {
        let mut chain = Chain { chain_key: [1; 32] };
        let mut buffer = vec![0x2a; SIZE + 16];
        repeated(move || chain.seal(&mut buffer))
    }

    pub(crate) fn decrypt() -> Timed<'static> {
        let (mut sender, mut receiver) =
            (Chain { chain_key: [1; 32] }, Chain { chain_key: [1; 32] });
        rounds(
            64,
            move |count| -> Vec<_> {
                let seal = |_| {
                    let mut buffer = vec![0x2a; SIZE + 16];
                    let mac = sender.seal(&mut buffer);
                    (buffer, mac)
                };
                (0..count).map(seal).collect()
            },
            move |messages| {
                for (buffer, mac) in messages {
                    receiver.open(buffer, *mac);
                }
            },
        )
    }

    pub(crate) fn turn() -> Timed<'static> {
        let their = generate(&[3; 32]);
        repeated(move || dh_step(&[2; 32], &[4; 32], &their, &[5; 32]))
    }

    pub(crate) fn forged(ahead: u32) -> Timed<'static> {
        repeated(move || refuse(ahead as usize, STORED))
    }
}

/// Times of an operation by subject.
fn operation(
    what: &str,
    subjects: &[Subject],
    time: impl Fn(fn() -> Box<dyn Pair>) -> Timed<'static>,
    floor: Timed<'static>,
) -> Vec<Value> {
    let mut rows: Vec<Row<'_>> = subjects
        .iter()
        .map(|subject| (subject.name, time(subject.pair)))
        .chain([("floor", floor)])
        .map(|(name, timed)| Row {
            name,
            parameter: None,
            items: 1,
            timed,
        })
        .collect();
    let mut rows: Vec<&mut Row<'_>> = rows.iter_mut().collect();
    let plan = Plan {
        burst: Duration::from_micros(500),
        all: Duration::from_secs(3),
        least: 10,
    };
    let medians = medians(what, &mut rows, plan);
    let kept = rows.iter().zip(medians).map(|(row, nanoseconds)| {
        json!({ "operation": what, "subject": row.name, "nanoseconds": nanoseconds })
    });
    kept.collect()
}

fn main() -> io::Result<()> {
    let mut skipped = Vec::new();
    let mut subjects = vec![engine::in_memory(), engine::as_bytes()];
    match libsignal_c::subject() {
        Ok(subject) => subjects.push(subject),
        Err(reason) => skipped.push(reason),
    }
    subjects.extend([wacore::in_memory(), wacore::as_bytes()]);
    let mut times = operation(
        "encrypt, 1,024 bytes",
        &subjects,
        encrypt,
        floors::encrypt(),
    );
    times.extend(operation(
        "decrypt, 1,024 bytes",
        &subjects,
        decrypt,
        floors::decrypt(),
    ));
    times.extend(operation(
        "decrypt with a DH ratchet step",
        &subjects,
        dh_step,
        floors::turn(),
    ));
    for ahead in FAR {
        let what = format!("refuse a forged message, {ahead} ahead");
        times.extend(operation(
            &what,
            &subjects,
            |make| forged(make, ahead),
            floors::forged(ahead),
        ));
    }
    let mut listed: Vec<Value> = subjects
        .iter()
        .map(|subject| json!({ "name": subject.name, "version": subject.version, "keeps": subject.keeps }))
        .collect();
    match node::measured() {
        Ok((subjects, more)) => {
            listed.extend(subjects);
            times.extend(more);
        }
        Err(reason) => skipped.push(reason),
    }
    for reason in &skipped {
        println!("skipped: {reason}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/criterion");
    fs::create_dir_all(&folder)?;
    let kept = json!({ "subjects": listed, "times": times, "skipped": skipped });
    fs::write(folder.join("peers.json"), kept.to_string())
}
