//! Toys in place of the primitives (feature `toy`): the machines do on them what they do on the real ones, in one binary.

#![cfg(feature = "toy")]

use arbitrary::{Arbitrary, Unstructured};
use serde_json::Value;
use std::collections::BTreeSet;
use tigress_fuzz::{session_decrypt, session_script, wallet_script, x3dh_respond};
use tigress_signal::primitives::backend::toy;

/// Bytes that look random, and are the same each time (`SplitMix64`).
fn bytes(seed: u64, length: u64) -> Vec<u8> {
    let byte = |n: u64| {
        let mut z = (seed << 32 | n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()[0]
    };
    (1..=length).map(byte).collect()
}

/// So many of something that bytes make.
fn many<T: for<'a> Arbitrary<'a>>(seed: u64, count: usize) -> Vec<T> {
    let bytes = bytes(seed, 4096);
    let mut bytes = Unstructured::new(&bytes);
    let one = |_| T::arbitrary(&mut bytes).expect("enough bytes");
    (0..count).map(one).collect()
}

/// An event without what is computed from keys: of hex of 16 bytes and more stays how much it is.
fn masked(value: &mut Value) {
    match value {
        Value::String(text) if text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            *text = format!("{} digits", text.len());
        }
        Value::Array(values) => values.iter_mut().for_each(masked),
        Value::Object(fields) => fields.values_mut().for_each(masked),
        _ => {}
    }
}

/// Everything that happens in a script: who asks what and is answered what, every state, report and refusal.
fn wallets(seed: u64) -> Vec<String> {
    use wallet_script::{Name, Script, Step};
    let mut steps: Vec<Step> = many(seed, 20);
    // Half of them begin with a transfer: what comes at random seldom does.
    if seed.is_multiple_of(2) {
        let to = seed.is_multiple_of(4);
        let deal = [
            Step::Offers(false, Name::TheCar, to),
            Step::Accepts(to, Name::TheCar),
        ];
        let at = usize::from(bytes(seed, 1)[0] % 4);
        steps.splice(at..at, deal);
    }
    let wallets = wallet_script::play(Script { steps });
    let events = wallets.events().iter().map(|event| {
        let mut event = serde_json::to_value(event).expect("it is written");
        masked(&mut event);
        event.to_string()
    });
    events.collect()
}

#[test]
fn wallets_do_the_same_on_toys() {
    let mut events = 0;
    for seed in 0..1_000 {
        let real = wallets(seed);
        let toy = toy::under(|| wallets(seed));
        let differs = real.iter().zip(&toy).find(|(real, toy)| real != toy);
        assert_eq!(differs, None, "script {seed}");
        assert_eq!(real.len(), toy.len(), "script {seed}");
        events += real.len();
    }
    assert!(events > 100_000, "{events}");
}

#[test]
fn sessions_do_the_same_on_toys() {
    let mut refused = 0;
    for seed in 0..5_000 {
        let play = || {
            let steps = many(seed, 16);
            session_script::play(session_script::Script { steps })
        };
        let real = play();
        assert_eq!(real, toy::under(play), "script {seed}");
        refused += real.iter().filter(|outcome| outcome.is_err()).count();
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn damage_is_refused_with_the_same_codes_on_toys() {
    let mut codes = BTreeSet::new();
    for seed in 0..5_000 {
        let play = || {
            let edits = many(seed, 1 + usize::from(seed % 2 == 1));
            let [message, kind] = bytes(seed + 5_000, 2)[..] else {
                unreachable!("two bytes")
            };
            session_decrypt::play(&session_decrypt::Damage {
                message,
                other_kind: kind < 16,
                edits,
            })
        };
        let real = play();
        assert_eq!(real, toy::under(play), "damage {seed}");
        codes.extend(real.err().flatten());
    }
    assert!(codes.len() > 5, "{codes:?}");
}

/// The target itself says which messages open a session, and with which code the others are refused.
#[test]
fn x3dh_does_the_same_on_toys() {
    for seed in 0..2_000 {
        let messages = many(seed, 8);
        toy::under(|| x3dh_respond::run(x3dh_respond::Messages { messages }));
    }
}
