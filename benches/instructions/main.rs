//! The hot path in instructions, counted under valgrind: figures that repeat. `cargo run --example instructions` holds them
//! against benches/instructions/figures.json.
//!
//! Valgrind's processor has AES and carry-less multiplication, but no SHA instructions: a hash costs more here than it does
//! on most machines.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::needless_pass_by_value,
    reason = "what the macros of gungraun make"
)]

#[path = "../hot_path/sessions.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod sessions;

// The macros by which the engine names requirements, to be laid beside the same code written by hand.
#[path = "../../src/requirement.rs"]
#[allow(unused, reason = "one of three is used")]
mod requirement;

/// What `require!` asks in builds with feature `flaws`.
#[cfg(feature = "flaws")]
mod flaw {
    pub(crate) fn is_on(_: &str) -> bool {
        false
    }
}

use gungraun::{library_benchmark, library_benchmark_group, main};
use requirement::{flawed, require};
use sessions::{Numbers, Pair, SUITE, first_message};
use std::hint::black_box;
use tigress_signal::primitives::NoRandomness;
use tigress_signal::ratchet::{RatchetError, Session};
use tigress_signal::wire::{Message, PreKeyMessage, RatchetMessage};

type Plaintext = Vec<Vec<u8>>;

/// Reads messages in this order.
fn read(session: &mut Session, messages: &[Vec<u8>]) -> usize {
    let mut length = 0;
    for message in messages {
        let plaintext = session
            .decrypt(black_box(message), &mut Numbers::new())
            .expect("authentic");
        length += plaintext.len();
    }
    length
}

fn sender(size: usize) -> (Session, Vec<u8>) {
    (Pair::new().a, vec![0x2a; size])
}

fn receiver(size: usize) -> (Session, Plaintext) {
    let mut pair = Pair::new();
    let messages = pair.messages(1, &vec![0x2a; size]);
    (pair.b, messages)
}

fn receiver_of_a_new_chain() -> (Session, Plaintext) {
    let mut pair = Pair::new();
    pair.answer();
    let messages = pair.messages(1, b"");
    (pair.b, messages)
}

fn receiver_after_a_gap(gap: usize) -> (Session, Plaintext) {
    let mut pair = Pair::new();
    let messages = pair.messages(gap + 1, b"").split_off(gap);
    (pair.b, messages)
}

fn receiver_with_stored_keys(count: usize) -> (Session, Plaintext) {
    let mut pair = Pair::new();
    let mut late = pair.with_stored(count);
    let messages = late.split_off(count / 2).into_iter().take(1).collect();
    (pair.b, messages)
}

fn ratchet_message() -> Vec<u8> {
    Pair::new().messages(1, &[0x2a; 1024]).remove(0)
}

fn pre_key_message() -> Vec<u8> {
    first_message(&mut Numbers::new()).1.bytes
}

#[library_benchmark]
#[bench::bytes_0(args = (0), setup = sender)]
#[bench::bytes_1024(args = (1024), setup = sender)]
fn encrypt((mut session, plaintext): (Session, Vec<u8>)) -> (Session, Vec<u8>, Message) {
    let message = session
        .encrypt(black_box(&plaintext), &mut NoRandomness)
        .expect("a message");
    (session, plaintext, message)
}

#[library_benchmark]
#[bench::bytes_0(args = (0), setup = receiver)]
#[bench::bytes_1024(args = (1024), setup = receiver)]
#[bench::new_chain(args = (), setup = receiver_of_a_new_chain)]
#[bench::gap_1000(args = (1000), setup = receiver_after_a_gap)]
#[bench::one_of_10_stored(args = (10), setup = receiver_with_stored_keys)]
#[bench::one_of_2000_stored(args = (2000), setup = receiver_with_stored_keys)]
fn decrypt((mut session, messages): (Session, Plaintext)) -> (Session, Plaintext, usize) {
    let length = read(&mut session, &messages);
    (session, messages, length)
}

#[library_benchmark]
#[bench::ratchet(args = (), setup = ratchet_message)]
fn parse_ratchet(bytes: Vec<u8>) -> Vec<u8> {
    black_box(RatchetMessage::decode(SUITE, black_box(&bytes)).expect("a message"));
    bytes
}

#[library_benchmark]
#[bench::prekey(args = (), setup = pre_key_message)]
fn parse_pre_key(bytes: Vec<u8>) -> Vec<u8> {
    black_box(PreKeyMessage::decode(SUITE, black_box(&bytes)).expect("a message"));
    bytes
}

#[library_benchmark]
#[bench::counter(args = (black_box(7), black_box(7)))]
fn by_macro(counter: u32, reached: u32) -> Result<u32, RatchetError> {
    require!(
        "DR-14",
        counter >= reached,
        RatchetError::Duplicate { counter }
    );
    Ok(flawed!("DR-04 constants", counter ^ 1, counter ^ 2))
}

#[library_benchmark]
#[bench::counter(args = (black_box(7), black_box(7)))]
fn by_hand(counter: u32, reached: u32) -> Result<u32, RatchetError> {
    if counter < reached {
        return Err(RatchetError::Duplicate { counter });
    }
    Ok(counter ^ 1)
}

library_benchmark_group!(
    name = message,
    benchmarks = [encrypt, decrypt, parse_ratchet, parse_pre_key]
);
library_benchmark_group!(name = requirement_named, benchmarks = [by_macro, by_hand]);
main!(library_benchmark_groups = [message, requirement_named]);
