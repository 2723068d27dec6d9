//! How often the hot path asks for memory. The counting allocator stands in this file's process alone.

mod common;

use allocation_counter::{AllocationInfo, measure};
use common::{Exhausted, Seeded, bundle, device};
use tigress_signal::ratchet::Session;
use tigress_signal::suite::{Ratchet, Tigress1};
use tigress_signal::wire::{MessageKind, PreKeyMessage};

const SIZES: [usize; 5] = [0, 256, 1024, 16_384, 65_536];

/// Both ends of a session that has been answered.
fn sessions() -> (Session, Session) {
    let mut randomness = Seeded(1);
    let (a, mut alice) = device(2);
    let (b, bob) = device(3);
    alice
        .process_bundle(&bundle(&bob), &mut randomness)
        .expect("a good bundle");
    let mut initiator = alice.session(&b).expect("it is open").clone();
    let first = initiator.encrypt(b"", &mut Exhausted).expect("a message");
    let message = PreKeyMessage::decode(&Tigress1, &first.bytes).expect("it reads");
    let mut keys = bob.keys().clone();
    let (mut responder, _) = tigress_signal::sesame::accept(
        &Tigress1,
        (
            &tigress_signal::agreement::Limits::PROFILE,
            Tigress1.limits(),
        ),
        &mut keys,
        b,
        a,
        &message,
        &mut randomness,
    )
    .expect("it opens");
    for _ in 0..2 {
        let message = responder.encrypt(b"", &mut Exhausted).expect("a message");
        initiator
            .decrypt(&message.bytes, &mut randomness)
            .expect("in order");
        let message = initiator.encrypt(b"", &mut Exhausted).expect("a message");
        responder
            .decrypt(&message.bytes, &mut randomness)
            .expect("in order");
    }
    (initiator, responder)
}

/// The secrets of a message, each in a place of its own: its key and the next chain key.
const SECRETS: [usize; 2] = [32, 32];

fn one_buffer(info: AllocationInfo, bytes: usize) {
    let count = SECRETS.len() + usize::from(bytes > 0);
    assert_eq!(info.count_total, count as u64, "{info:?}");
    let bytes = SECRETS.iter().sum::<usize>() + bytes;
    assert_eq!(info.bytes_total, bytes as u64, "{info:?}");
}

#[test]
fn a_message_in_order_takes_its_output_buffer_and_places_for_its_secrets() {
    let (mut a, mut b) = sessions();
    let mut randomness = Seeded(4);
    for size in SIZES {
        let plaintext = vec![0x2a; size];
        let mut message = None;
        let info =
            measure(|| message = Some(a.encrypt(&plaintext, &mut Exhausted).expect("a message")));
        let message = message.expect("it was made");
        assert_eq!(message.kind, MessageKind::Ratchet);
        one_buffer(info, message.bytes.capacity());
        // Room for counters and a length of five bytes each, whatever they take.
        assert!(message.bytes.capacity() - message.bytes.len() <= 3 * 4);

        let mut read = None;
        let info = measure(|| {
            read = Some(
                b.decrypt(&message.bytes, &mut randomness)
                    .expect("in order"),
            );
        });
        let read = read.expect("it was read");
        assert_eq!(*read, plaintext);
        one_buffer(info, read.len());
    }
}

#[test]
fn a_message_that_is_refused_takes_no_more_than_one_that_is_read() {
    let (mut a, mut b) = sessions();
    let mut message = a
        .encrypt(&[0x2a; 1024], &mut Exhausted)
        .expect("a message")
        .bytes;
    let last = message.len() - 1;
    message[last] ^= 1;
    let info = measure(|| {
        b.decrypt(&message, &mut Seeded(4))
            .expect_err("not authentic");
    });
    one_buffer(info, 1024);
}
