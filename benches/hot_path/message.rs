//! A message: encrypted and decrypted in order, and with a DH ratchet step.

use crate::floor;
use crate::rows::{Rows, Timed, repeated, round_of, rounds};
use crate::sessions::{Numbers, Olm, Pair, decrypt_all, olm_bytes, olm_decrypt};
use crate::{ENGINE, FLOOR, VODOZEMAC};
#[cfg(feature = "aws-lc")]
use crate::{LIMIT, limit};
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tigress_signal::primitives::NoRandomness;

const SIZES: [usize; 5] = [0, 256, 1024, 16_384, 65_536];

pub(crate) fn encrypt(criterion: &mut Criterion) {
    for size in SIZES {
        let plaintext = vec![0x2a; size];
        let mut pair = Pair::new();
        let mut sender = floor::Sender { chain_key: [1; 32] };
        let mut buffer = plaintext.clone();
        let mut olm = Olm::new();
        let rows = Rows::new("encrypt")
            .throughput(Throughput::Bytes(size as u64))
            .row(
                ENGINE,
                size,
                repeated(|| {
                    pair.a
                        .encrypt(black_box(&plaintext), &mut NoRandomness)
                        .expect("a message")
                }),
            )
            .row(
                FLOOR,
                size,
                repeated(|| sender.seal(black_box(&mut buffer))),
            )
            .row(
                VODOZEMAC,
                size,
                repeated(|| olm_bytes(&olm.a.encrypt(black_box(&plaintext)).expect("a message"))),
            );
        #[cfg(feature = "aws-lc")]
        let (mut chain_key, mut buffer) = ([1; 32], plaintext.clone());
        #[cfg(feature = "aws-lc")]
        let rows = rows.row(
            LIMIT,
            size,
            repeated(move || limit::seal(&mut chain_key, black_box(&mut buffer))),
        );
        rows.measure(criterion);
    }
}

#[cfg(feature = "aws-lc")]
fn opened_at_the_limit<'a>(plaintext: Vec<u8>) -> Timed<'a> {
    let (mut sender, mut receiver) = ([1; 32], [1; 32]);
    rounds(
        round_of(plaintext.len()),
        move |count| -> Vec<_> {
            let seal = |_| {
                let mut buffer = plaintext.clone();
                let tag = limit::seal(&mut sender, &mut buffer);
                (buffer, tag)
            };
            (0..count).map(seal).collect()
        },
        move |messages| -> Vec<_> {
            let opened = messages
                .iter()
                .map(|(buffer, tag)| limit::open(&mut receiver, buffer, tag));
            opened.collect()
        },
    )
}

pub(crate) fn decrypt(criterion: &mut Criterion) {
    for size in SIZES {
        let plaintext = vec![0x2a; size];
        let Pair {
            mut a,
            mut b,
            mut randomness,
        } = Pair::new();
        let engine = rounds(
            round_of(size),
            |count| -> Vec<Vec<u8>> {
                let message = |_| {
                    a.encrypt(&plaintext, &mut NoRandomness)
                        .expect("a message")
                        .bytes
                };
                (0..count).map(message).collect()
            },
            |messages| decrypt_all(&mut b, &mut randomness, messages),
        );
        let mut sender = floor::Sender { chain_key: [1; 32] };
        let mut receiver = floor::Sender { chain_key: [1; 32] };
        let floor = rounds(
            round_of(size),
            |count| -> Vec<_> {
                let seal = |_| {
                    let mut buffer = plaintext.clone();
                    let tag = sender.seal(&mut buffer);
                    (buffer, tag)
                };
                (0..count).map(seal).collect()
            },
            |messages| {
                for (buffer, tag) in messages {
                    receiver.open(buffer, tag);
                }
            },
        );
        let Olm {
            a: mut olm_a,
            b: mut olm_b,
        } = Olm::new();
        let vodozemac = rounds(
            round_of(size),
            |count| -> Vec<_> {
                let message = |_| olm_bytes(&olm_a.encrypt(&plaintext).expect("a message"));
                (0..count).map(message).collect()
            },
            |messages| {
                let mut plaintexts = Vec::with_capacity(messages.len());
                for message in messages {
                    plaintexts.push(olm_decrypt(&mut olm_b, message));
                }
                plaintexts
            },
        );
        let rows = Rows::new("decrypt")
            .throughput(Throughput::Bytes(size as u64))
            .row(ENGINE, size, engine)
            .row(FLOOR, size, floor)
            .row(VODOZEMAC, size, vodozemac);
        #[cfg(feature = "aws-lc")]
        let rows = rows.row(LIMIT, size, opened_at_the_limit(plaintext.clone()));
        rows.measure(criterion);
    }
}

/// A message that one end writes and the other reads, in turns: each makes a DH ratchet step.
pub(crate) fn exchange(criterion: &mut Criterion) {
    let mut pair = Pair::new();
    let mut answers = false;
    let engine = repeated(move || {
        answers = !answers;
        if answers { pair.answer() } else { pair.turn() }
    });
    let mut numbers = Numbers::new();
    let their = floor::generate(&numbers.bytes());
    let own = numbers.bytes();
    let floor = repeated(move || {
        let mut sender = floor::Sender { chain_key: [1; 32] };
        let tag = sender.seal(&mut []);
        let stepped = floor::dh_step(&[2; 32], &own, &their, &numbers.bytes());
        floor::Sender { chain_key: [1; 32] }.open(&mut [], &tag);
        stepped
    });
    let Olm { mut a, mut b } = Olm::new();
    let mut answers = false;
    let vodozemac = repeated(move || {
        answers = !answers;
        let (from, to) = if answers {
            (&mut b, &mut a)
        } else {
            (&mut a, &mut b)
        };
        let message = olm_bytes(&from.encrypt(b"").expect("a message"));
        olm_decrypt(to, &message)
    });
    Rows::new("exchange")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .row(VODOZEMAC, None, vodozemac)
        .measure(criterion);
}

/// A receiver reads messages each of which starts a new chain.
pub(crate) fn reading_new_chains<'a>(mut pair: Pair) -> Timed<'a> {
    rounds(
        1,
        move |_| {
            pair.answer();
            let message = pair.messages(1, b"").remove(0);
            let before = pair.b.clone();
            pair.read(&message);
            (before, message)
        },
        |(b, message)| b.decrypt(message, &mut Numbers::new()).expect("authentic"),
    )
}

/// What a message that starts a new chain costs its receiver, against the step's own primitives alone.
pub(crate) fn dh_step(criterion: &mut Criterion) {
    let engine = reading_new_chains(Pair::new());
    let mut numbers = Numbers::new();
    let their = floor::generate(&numbers.bytes());
    let own = numbers.bytes();
    let floor = rounds(
        1,
        |_| numbers.bytes(),
        |fresh| floor::dh_step(&[2; 32], &own, &their, fresh),
    );
    let rows = Rows::new("dh_step")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor);
    #[cfg(feature = "aws-lc")]
    let rows = rows.row(
        LIMIT,
        None,
        repeated(move || limit::dh_step(&own, &their, &[5; 32])),
    );
    rows.measure(criterion);
}
