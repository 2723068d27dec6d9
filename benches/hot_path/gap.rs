//! Messages that arrive before those sent earlier.

use crate::rows::{Rows, repeated, rounds};
use crate::sessions::{Numbers, Olm, Pair, decrypt_all, olm_copy, olm_decrypt};
use crate::{CHAIN_STEPS, ENGINE, FLOOR, VODOZEMAC, floor};
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tigress_signal::ratchet::ChainKey;

const GAPS: [usize; 4] = [1, 10, 100, 1000];

/// A message that skips others. The floor is the chain's steps alone; `chain steps` are the engine's.
pub(crate) fn gap(criterion: &mut Criterion) {
    for gap in GAPS {
        let mut pair = Pair::new();
        let last = pair.messages(gap + 1, b"").pop().expect("the last one");
        let engine = rounds(
            1,
            |_| pair.b.clone(),
            |b| b.decrypt(&last, &mut Numbers::new()).expect("authentic"),
        );
        let chain_steps = repeated(|| {
            let mut chain_key = ChainKey::at([1; 32], 0);
            for _ in 0..gap {
                let (message_key, next) = chain_key.step().expect("far from the end");
                black_box(message_key);
                chain_key = next;
            }
            chain_key
        });
        let floor = repeated(|| {
            let mut chain_key = [1; 32];
            for _ in 0..gap {
                let (message_key, next) = floor::chain_step(&chain_key);
                black_box(message_key);
                chain_key = next;
            }
            chain_key
        });
        let mut olm = Olm::new();
        let olm_last = olm.messages(gap + 1, b"").pop().expect("the last one");
        let vodozemac = rounds(1, |_| olm_copy(&olm.b), |b| olm_decrypt(b, &olm_last));
        Rows::new("gap")
            .throughput(Throughput::Elements(gap as u64))
            .row(ENGINE, gap, engine)
            .row(CHAIN_STEPS, gap, chain_steps)
            .row(FLOOR, gap, floor)
            .row(VODOZEMAC, gap, vodozemac)
            .measure(criterion);
    }
}

/// A thousand messages, the last one first. The floor is a symmetric step for each. Olm keeps forty keys, and cannot.
pub(crate) fn reverse(criterion: &mut Criterion) {
    const COUNT: usize = 1000;
    let mut pair = Pair::new();
    let mut messages = pair.messages(COUNT, b"");
    messages.reverse();
    let engine = rounds(
        1,
        |_| pair.b.clone(),
        |b| decrypt_all(b, &mut Numbers::new(), &messages),
    );
    let mut sender = floor::Sender { chain_key: [1; 32] };
    let tags: Vec<_> = (0..COUNT).map(|_| sender.seal(&mut [])).collect();
    let floor = repeated(|| {
        let mut receiver = floor::Sender { chain_key: [1; 32] };
        for tag in &tags {
            receiver.open(&mut [], tag);
        }
    });
    Rows::new("reverse")
        .throughput(Throughput::Elements(COUNT as u64))
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .measure(criterion);
}
