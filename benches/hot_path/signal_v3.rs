//! The same engine in suite `signal-v3`, beside the floor of that suite. What other libraries take is measured by benches/peers.

use crate::floor_v3::{self, Chain};
use crate::message::reading_new_chains;
use crate::rows::{Rows, repeated, round_of, rounds};
use crate::sessions::{Numbers, Pair, decrypt_all};
use crate::{ENGINE, FLOOR};
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tigress_signal::primitives::NoRandomness;
use tigress_signal::suite::{Header, Ratchet, SignalV3};
use tigress_signal::wire::RatchetMessage;

const SIZES: [usize; 3] = [0, 1024, 16_384];

/// A ratchet message that says so of its counter.
fn claiming(message: &[u8], counter: u32) -> Vec<u8> {
    let message = RatchetMessage::decode(&SignalV3, message).expect("a message");
    let header = Header {
        counter,
        ..message.header
    };
    let mut forged = RatchetMessage::encode(&SignalV3, &header, message.ciphertext);
    // Whatever stands for a MAC.
    forged.extend([0; 8]);
    forged
}

pub(crate) fn encrypt(criterion: &mut Criterion) {
    for size in SIZES {
        let plaintext = vec![0x2a; size];
        let mut pair = Pair::of(&SignalV3);
        let mut chain = Chain { chain_key: [1; 32] };
        let mut buffer = vec![0x2a; size + 16];
        Rows::new("v3_encrypt")
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
            .row(FLOOR, size, repeated(|| chain.seal(black_box(&mut buffer))))
            .measure(criterion);
    }
}

pub(crate) fn decrypt(criterion: &mut Criterion) {
    for size in SIZES {
        let plaintext = vec![0x2a; size];
        let Pair {
            mut a,
            mut b,
            mut randomness,
        } = Pair::of(&SignalV3);
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
        let (mut sender, mut receiver) =
            (Chain { chain_key: [1; 32] }, Chain { chain_key: [1; 32] });
        let floor = rounds(
            round_of(size),
            |count| -> Vec<_> {
                let seal = |_| {
                    let mut buffer = vec![0x2a; size + 16];
                    let mac = sender.seal(&mut buffer);
                    buffer.truncate(size + 16 - size % 16);
                    (buffer, mac)
                };
                (0..count).map(seal).collect()
            },
            |messages| {
                for (buffer, mac) in messages {
                    receiver.open(buffer, *mac);
                }
            },
        );
        Rows::new("v3_decrypt")
            .throughput(Throughput::Bytes(size as u64))
            .row(ENGINE, size, engine)
            .row(FLOOR, size, floor)
            .measure(criterion);
    }
}

/// What a message that starts a new chain costs its receiver, against the step's own primitives alone.
pub(crate) fn dh_step(criterion: &mut Criterion) {
    let engine = reading_new_chains(Pair::of(&SignalV3));
    let mut numbers = Numbers::new();
    let their = floor_v3::generate(&numbers.bytes());
    let own = numbers.bytes();
    let floor = rounds(
        1,
        |_| numbers.bytes(),
        |fresh| floor_v3::dh_step(&[2; 32], &own, &their, fresh),
    );
    Rows::new("v3_dh_step")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .measure(criterion);
}

/// A message that claims to be ahead of its chain, and whose MAC does not match: what one who knows no key can make a receiver
/// compute. No message costs more than the last one, which is at the bound (V3-13).
pub(crate) fn forged(criterion: &mut Criterion) {
    let limits = SignalV3.limits();
    for ahead in [1, 2_000, limits.max_skip as usize] {
        let mut pair = Pair::of(&SignalV3);
        let message = pair.messages(1, b"").remove(0);
        let forged = claiming(&message, u32::try_from(ahead + 1).expect("a counter"));
        let mut b = pair.b.clone();
        let engine = repeated(|| {
            let refused = b.decrypt(black_box(&forged), &mut NoRandomness);
            refused.expect_err("it is of nobody")
        });
        let floor = repeated(|| floor_v3::refuse(ahead, limits.max_stored));
        Rows::new("v3_forged")
            .throughput(Throughput::Elements(ahead as u64))
            .row(ENGINE, ahead, engine)
            .row(FLOOR, ahead, floor)
            .measure(criterion);
    }
}
