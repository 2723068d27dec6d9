//! Both messages read and written, with a ciphertext of 1,024 bytes and its tag.

use crate::ENGINE;
use crate::sessions::{Numbers, Pair, SUITE, first_message};
use criterion::Criterion;
use std::hint::black_box;
use tigress_signal::wire::{PreKeyMessage, RatchetMessage};

pub(crate) fn wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    let bytes = Pair::new().messages(1, &[0x2a; 1024]).remove(0);
    let message = RatchetMessage::decode(SUITE, &bytes).expect("a message");
    group.bench_function(format!("{ENGINE} ratchet parse"), |bencher| {
        bencher.iter(|| RatchetMessage::decode(SUITE, black_box(&bytes)).expect("a message"));
    });
    group.bench_function(format!("{ENGINE} ratchet encode"), |bencher| {
        bencher.iter(|| {
            let message = black_box(&message);
            RatchetMessage::encode(SUITE, &message.header, message.ciphertext)
        });
    });
    let (_, first) = first_message(&mut Numbers::new());
    let opening = PreKeyMessage::decode(SUITE, &first.bytes).expect("a message");
    let opening = PreKeyMessage { message, ..opening };
    let bytes = opening.encode(SUITE);
    group.bench_function(format!("{ENGINE} prekey parse"), |bencher| {
        bencher.iter(|| PreKeyMessage::decode(SUITE, black_box(&bytes)).expect("a message"));
    });
    group.bench_function(format!("{ENGINE} prekey encode"), |bencher| {
        bencher.iter(|| black_box(&opening).encode(SUITE));
    });
}
