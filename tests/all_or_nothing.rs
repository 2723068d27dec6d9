//! Every machine, one property: a step that fails leaves the state as it was, byte for byte (DR-15,
//! X3DH-11), and a restart changes nothing.

mod common;

use common::{Exhausted, Seeded, bundle, device};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tigress_signal::agreement::BundleFields;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::Address;
use tigress_signal::ratchet::{SavedSession, Session};
use tigress_signal::sesame::{Device, SavedDevice};
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::{Message, MessageKind};

/// A state machine that can be written down and made again.
trait Machine: Sized {
    /// Everything that it remembers.
    fn save(&self) -> String;
    /// The machine that was saved.
    fn restore(saved: &str) -> Self;

    /// Runs a step; where it fails, nothing may have changed.
    fn step<T, E: std::fmt::Debug>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.save();
        let result = step(self);
        if let Err(error) = &result {
            assert_eq!(before, self.save(), "refused with {error:?}");
        }
        result
    }

    /// Saves and restores; nothing may have changed.
    fn restart(&mut self) {
        let before = self.save();
        *self = Self::restore(&before);
        assert_eq!(before, self.save());
    }
}

impl Machine for Device {
    fn save(&self) -> String {
        Device::save(self).to_json()
    }

    fn restore(saved: &str) -> Self {
        let saved = SavedDevice::from_json(saved).expect("what was saved can be read");
        Device::try_from(saved).expect("what was saved can be restored")
    }
}

impl Machine for Session {
    fn save(&self) -> String {
        serde_json::to_string(&Session::save(self)).expect("a session can be saved")
    }

    fn restore(saved: &str) -> Self {
        let saved: SavedSession = serde_json::from_str(saved).expect("what was saved can be read");
        Session::try_from(saved).expect("what was saved can be restored")
    }
}

/// How a message is delivered.
#[derive(Clone, Debug)]
enum Delivery {
    Whole,
    /// One bit of one byte is flipped, at that share of the message.
    Flipped(u16, u8),
    /// It is cut at that share of its length.
    Cut(u16),
    /// It is called by the other kind's name.
    WrongKind,
    /// The randomness has run out.
    Exhausted,
}

/// What happens to the two devices. `bool` says which of them acts.
#[derive(Clone, Debug)]
enum Event {
    Encrypt(bool, u8),
    EncryptTooMuch(bool),
    /// Any message ever sent, to whom it was sent.
    Deliver(u16, Delivery),
    ProcessBundle(bool),
    ProcessBadBundle(bool, u8),
    ProcessBundleExhausted(bool),
    DropSessions(bool),
    /// That many hours pass.
    Tick(bool, u8),
    TickExhausted(bool, u8),
    Restart(bool),
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        6 => Just(Delivery::Whole),
        3 => (any::<u16>(), 0..8_u8).prop_map(|(at, bit)| Delivery::Flipped(at, bit)),
        1 => any::<u16>().prop_map(Delivery::Cut),
        1 => Just(Delivery::WrongKind),
        1 => Just(Delivery::Exhausted),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let who = any::<bool>;
    prop_oneof![
        8 => (who(), any::<u8>()).prop_map(|(who, length)| Event::Encrypt(who, length)),
        1 => who().prop_map(Event::EncryptTooMuch),
        12 => (any::<u16>(), delivery()).prop_map(|(which, how)| Event::Deliver(which, how)),
        1 => who().prop_map(Event::ProcessBundle),
        1 => (who(), any::<u8>()).prop_map(|(who, field)| Event::ProcessBadBundle(who, field)),
        1 => who().prop_map(Event::ProcessBundleExhausted),
        1 => who().prop_map(Event::DropSessions),
        1 => (who(), any::<u8>()).prop_map(|(who, hours)| Event::Tick(who, hours)),
        1 => (who(), any::<u8>()).prop_map(|(who, hours)| Event::TickExhausted(who, hours)),
        1 => who().prop_map(Event::Restart),
    ]
}

/// A message on its way.
struct Sent {
    from: Address,
    to_second: bool,
    message: Message,
    plaintext: Vec<u8>,
}

/// A bundle with one byte of one field flipped.
fn spoiled(mut bundle: BundleFields, field: u8) -> BundleFields {
    let flip = |bytes: &mut Hex| bytes.0[5] ^= 1;
    match field % 5 {
        0 => flip(&mut bundle.identity_key),
        1 => flip(&mut bundle.signed_pre_key),
        2 => flip(&mut bundle.signed_pre_key_signature),
        3 => bundle.registration_id = 0,
        _ => bundle.user_id.make_ascii_uppercase(),
    }
    bundle
}

fn damaged(message: &Message, how: &Delivery) -> Message {
    let Message {
        mut kind,
        mut bytes,
    } = message.clone();
    let at = |share: u16| usize::from(share) * bytes.len() / (1 << 16);
    match how {
        Delivery::Flipped(share, bit) => {
            let at = at(*share);
            bytes[at] ^= 1 << bit;
        }
        Delivery::Cut(share) => bytes.truncate(at(*share)),
        Delivery::WrongKind => {
            kind = match kind {
                MessageKind::PreKey => MessageKind::Ratchet,
                MessageKind::Ratchet => MessageKind::PreKey,
            };
        }
        Delivery::Whole | Delivery::Exhausted => {}
    }
    Message { kind, bytes }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Two devices, any events: what fails changes nothing; what is damaged is never read as something
    /// else; no message is read twice.
    #[test]
    fn a_device_that_refuses_a_step_is_as_it_was(events in prop::collection::vec(event(), 1..60)) {
        let (first, second) = (device(1), device(2));
        let addresses = [first.0, second.0];
        let mut devices = [first.1, second.1];
        let mut hours = 0_u64;
        let mut sent: Vec<Sent> = Vec::new();
        let mut read = BTreeSet::new();
        for (index, event) in events.into_iter().enumerate() {
            let mut randomness = Seeded(index as u64 + 1000);
            match event {
                Event::Encrypt(who, length) => {
                    let plaintext = vec![length; length.into()];
                    let peer = addresses[usize::from(!who)];
                    let me = &mut devices[usize::from(who)];
                    if let Ok(message) = me.step(|me| me.encrypt(&peer, &plaintext)) {
                        let from = addresses[usize::from(who)];
                        sent.push(Sent { from, to_second: !who, message, plaintext });
                    }
                }
                Event::EncryptTooMuch(who) => {
                    let peer = addresses[usize::from(!who)];
                    let me = &mut devices[usize::from(who)];
                    let refused = me.step(|me| me.encrypt(&peer, &vec![0; 65_537]));
                    prop_assert!(refused.is_err());
                }
                Event::Deliver(which, how) if !sent.is_empty() => {
                    let which = usize::from(which) % sent.len();
                    let Sent { from, to_second, message, plaintext } = &sent[which];
                    let me = &mut devices[usize::from(*to_second)];
                    let changed = damaged(message, &how);
                    let got = me.step(|me| match how {
                        Delivery::Exhausted => {
                            me.decrypt(from, changed.kind, &changed.bytes, &mut Exhausted)
                        }
                        _ => me.decrypt(from, changed.kind, &changed.bytes, &mut randomness),
                    });
                    if let Ok(got) = got {
                        prop_assert_eq!(got.plaintext.as_slice(), plaintext.as_slice());
                        // A prekey message's outer ids can be changed and it still opens, by the
                        // same keys: it is the same message, and must not be read again.
                        prop_assert!(read.insert(which), "message {} was read twice", which);
                    }
                }
                Event::Deliver(..) => {}
                Event::ProcessBundle(who) => {
                    let bundle = bundle(&devices[usize::from(!who)]);
                    let me = &mut devices[usize::from(who)];
                    me.step(|me| me.process_bundle(&bundle, &mut randomness)).expect("a good bundle");
                }
                Event::ProcessBadBundle(who, field) => {
                    let bundle = spoiled(bundle(&devices[usize::from(!who)]), field);
                    let me = &mut devices[usize::from(who)];
                    let refused = me.step(|me| me.process_bundle(&bundle, &mut randomness));
                    prop_assert!(refused.is_err());
                }
                Event::ProcessBundleExhausted(who) => {
                    let bundle = bundle(&devices[usize::from(!who)]);
                    let me = &mut devices[usize::from(who)];
                    let refused = me.step(|me| me.process_bundle(&bundle, &mut Exhausted));
                    prop_assert!(refused.is_err());
                }
                Event::DropSessions(who) => {
                    let peer = addresses[usize::from(!who)];
                    devices[usize::from(who)].drop_sessions(&peer);
                }
                Event::Tick(who, more) => {
                    hours += u64::from(more);
                    let now = Timestamp(hours * DAY / 24);
                    let me = &mut devices[usize::from(who)];
                    me.step(|me| me.tick(now, &mut randomness)).expect("never ends");
                }
                Event::TickExhausted(who, more) => {
                    hours += u64::from(more);
                    let now = Timestamp(hours * DAY / 24);
                    let _ = devices[usize::from(who)].step(|me| me.tick(now, &mut Exhausted));
                }
                Event::Restart(who) => devices[usize::from(who)].restart(),
            }
        }
    }

    /// A session whose messages arrive in order reads every one of them, whoever speaks when.
    #[test]
    fn a_session_reads_what_arrives_in_order(turns in prop::collection::vec((any::<bool>(), any::<u8>()), 1..40)) {
        let (alice_address, mut alice) = device(1);
        let (bob_address, mut bob) = device(2);
        alice.process_bundle(&bundle(&bob), &mut Seeded(3)).expect("a good bundle");
        let opening = alice.encrypt(&bob_address, b"hello").expect("a session");
        bob.decrypt(&alice_address, opening.kind, &opening.bytes, &mut Seeded(4)).expect("hello");
        let answer = bob.encrypt(&alice_address, b"hello").expect("a session");
        alice.decrypt(&bob_address, answer.kind, &answer.bytes, &mut Seeded(5)).expect("hello");
        let mut sessions = [
            alice.session(&bob_address).expect("a session").clone(),
            bob.session(&alice_address).expect("a session").clone(),
        ];
        for (index, (who, length)) in turns.into_iter().enumerate() {
            let plaintext = vec![length; length.into()];
            let [alice, bob] = &mut sessions;
            let (from, to) = if who { (alice, bob) } else { (bob, alice) };
            let message = from.step(|from| from.encrypt(&plaintext)).expect("it can send");
            let mut spoiled = message.bytes.clone();
            let last = spoiled.len() - 1;
            spoiled[last] ^= 1;
            let mut randomness = Seeded(index as u64 + 100);
            prop_assert!(to.step(|to| to.decrypt(&spoiled, &mut randomness)).is_err());
            to.restart();
            let got = to.step(|to| to.decrypt(&message.bytes, &mut randomness)).expect("in order");
            prop_assert_eq!(got.as_slice(), plaintext.as_slice());
            prop_assert!(to.step(|to| to.decrypt(&message.bytes, &mut randomness)).is_err());
        }
    }
}
