//! Every machine, one property: a step that fails leaves the state as it was, byte for byte (DR-15,
//! X3DH-11), a restart changes nothing, and a copy stays as it was.

use crate::common;

use common::{Exhausted, Seeded, bundle, device, device_at, other_device};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasher, BuildHasherDefault, Hash};
use tigress_signal::agreement::BundleFields;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{Address, DeviceId, Recipient};
use tigress_signal::ratchet::{SavedSession, Session};
use tigress_signal::sesame::{
    Device, Purpose, SavedDevice, SavedSend, Send, SendEvent, SendOutcome, SendStep, SesameError,
};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::{Message, MessageKind};

/// A state machine that can be written down and made again.
trait Machine: Clone + Hash + Eq + std::fmt::Debug {
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

    /// Saves and restores; nothing may have changed, what is not saved included.
    fn restart(&mut self) {
        let before = self.save();
        let restored = Self::restore(&before);
        assert_eq!(before, restored.save());
        assert_eq!(*self, restored);
        let hash = |machine: &Self| BuildHasherDefault::<DefaultHasher>::new().hash_one(machine);
        assert_eq!(hash(self), hash(&restored));
        *self = restored;
    }
}

impl Machine for Device {
    fn save(&self) -> String {
        Device::save(self).to_json().to_string()
    }

    fn restore(saved: &str) -> Self {
        let saved = SavedDevice::from_json(saved).expect("what was saved can be read");
        Device::try_from(saved).expect("what was saved can be restored")
    }
}

/// A device with its last send.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sender {
    device: Device,
    send: Option<Send>,
}

impl Machine for Sender {
    fn save(&self) -> String {
        let send = self.send.as_ref().map(Send::save);
        let send = serde_json::to_string(&send).expect("a send can be saved");
        format!("{}\n{send}", Machine::save(&self.device))
    }

    fn restore(saved: &str) -> Self {
        let (device, send) = saved.split_once('\n').expect("two lines");
        let send: Option<SavedSend> = serde_json::from_str(send).expect("what was saved");
        Sender {
            device: Machine::restore(device),
            send: send.map(|send| Send::try_from(send).expect("what was saved can be restored")),
        }
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

impl Sender {
    /// What the send still keeps of its plaintext.
    fn plaintext(&self) -> Option<Vec<u8>> {
        let saved = serde_json::to_value(self.send.as_ref()?.save()).expect("JSON");
        let secret = saved.pointer("/state/open/plaintext/secret")?.as_str()?;
        tigress_signal::hex::decode(secret)
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

/// What the intermediary answers to a send: as it should, or anything.
#[derive(Clone, Debug)]
enum Answer {
    /// A true bundle for the first device that awaits one; else an acceptance.
    Good,
    /// A bundle with one byte flipped.
    BadBundle(u8),
    /// The bundle of some device, asked for or not.
    AnyBundle(usize),
    NoBundle(usize),
    Accepted,
    Mismatch(Vec<u32>, Vec<u32>),
    Stale(Vec<u32>),
    /// A true answer, and no randomness for it.
    Exhausted,
}

/// What happens to the devices. The first number says which of them acts, the second which of the others
/// is its peer.
#[derive(Clone, Debug)]
enum Event {
    Encrypt(usize, usize, u8),
    EncryptTooMuch(usize, usize),
    /// Any message ever sent, to whom it was sent.
    Deliver(u16, Delivery),
    ProcessBundle(usize, usize),
    ProcessBadBundle(usize, usize, u8),
    ProcessBundleExhausted(usize, usize),
    DropSessions(usize, usize),
    /// A send to the peer's user, or to the peer alone.
    StartSend(usize, usize, bool, u8),
    Continue(usize, Answer),
    /// That many hours pass.
    Tick(usize, u16),
    TickExhausted(usize, u16),
    Restart(usize),
    /// A copy is made, which shares what it can.
    Copy(usize),
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

fn answer() -> impl Strategy<Value = Answer> {
    let some = || prop::collection::vec(1..5_u32, 0..3);
    prop_oneof![
        8 => Just(Answer::Good),
        1 => any::<u8>().prop_map(Answer::BadBundle),
        1 => (0..DEVICES).prop_map(Answer::AnyBundle),
        1 => (0..DEVICES).prop_map(Answer::NoBundle),
        1 => Just(Answer::Accepted),
        3 => (some(), some()).prop_map(|(missing, extra)| Answer::Mismatch(missing, extra)),
        2 => some().prop_map(Answer::Stale),
        1 => Just(Answer::Exhausted),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let who = || 0..DEVICES;
    let pair = || (0..DEVICES, 1..DEVICES);
    // Hours, or months.
    let time = || prop_oneof![0..200_u16, 500..2_400_u16];
    prop_oneof![
        8 => (pair(), any::<u8>()).prop_map(|((who, to), length)| Event::Encrypt(who, to, length)),
        1 => pair().prop_map(|(who, to)| Event::EncryptTooMuch(who, to)),
        12 => (any::<u16>(), delivery()).prop_map(|(which, how)| Event::Deliver(which, how)),
        1 => pair().prop_map(|(who, to)| Event::ProcessBundle(who, to)),
        1 => (pair(), any::<u8>())
            .prop_map(|((who, to), field)| Event::ProcessBadBundle(who, to, field)),
        1 => pair().prop_map(|(who, to)| Event::ProcessBundleExhausted(who, to)),
        1 => pair().prop_map(|(who, to)| Event::DropSessions(who, to)),
        3 => (pair(), any::<bool>(), any::<u8>())
            .prop_map(|((who, to), alone, length)| Event::StartSend(who, to, alone, length)),
        9 => (who(), answer()).prop_map(|(who, answer)| Event::Continue(who, answer)),
        1 => (who(), time()).prop_map(|(who, hours)| Event::Tick(who, hours)),
        1 => (who(), time()).prop_map(|(who, hours)| Event::TickExhausted(who, hours)),
        1 => who().prop_map(Event::Restart),
        1 => who().prop_map(Event::Copy),
    ]
}

/// Alice's device and two of Bob's.
const DEVICES: usize = 3;

struct World {
    devices: [Sender; DEVICES],
    hours: u64,
    sent: Vec<Sent>,
}

impl World {
    fn new() -> Self {
        let (_, alice) = device(1);
        let (one, bob) = device(2);
        let two = device_at(&Tigress1, other_device(one, 2), &mut Seeded(3));
        World {
            devices: [alice, bob, two].map(|device| Sender { device, send: None }),
            hours: 0,
            sent: Vec::new(),
        }
    }

    fn address(&self, who: usize) -> Address {
        self.devices[who % DEVICES].device.address()
    }

    /// The bundle of one device, for another whose clock is the same.
    fn bundle(&mut self, of: usize, who: usize) -> BundleFields {
        let pair = [of % DEVICES, who];
        let now = pair.map(|who| self.devices[who].device.now());
        let now = now[0].max(now[1]);
        for who in pair {
            let ticked = self.devices[who].device.tick(now, &mut Seeded(now.0));
            ticked.expect("never ends");
        }
        bundle(&self.devices[of % DEVICES].device)
    }

    fn sends(&mut self, from: usize, to: Address, message: Message, plaintext: &[u8]) {
        let Some(to) = (0..DEVICES).find(|who| self.address(*who) == to) else {
            return;
        };
        // A send submits the same message again after a refusal.
        if self.sent.iter().any(|sent| sent.message == message) {
            return;
        }
        self.sent.push(Sent {
            from: self.address(from),
            to,
            message,
            plaintext: plaintext.to_vec(),
        });
    }

    /// A send asks for something; what it submits may arrive.
    fn asked(&mut self, who: usize, step: SendStep, plaintext: &[u8]) {
        let SendStep::Submit {
            recipient,
            messages,
        } = step
        else {
            return;
        };
        for message in messages {
            let to = Address {
                user_id: recipient.user_id(),
                device_id: message.device_id,
            };
            let stale =
                |record: &tigress_signal::sesame::DeviceRecord| record.stale_since().is_some();
            assert!(
                !self.devices[who].device.record(&to).is_some_and(stale),
                "SES-11"
            );
            assert_ne!(to.user_id, self.address(who).user_id, "SES-15");
            self.sends(who, to, message.message, plaintext);
        }
    }

    /// The event that an answer stands for.
    fn event(&mut self, who: usize, answer: &Answer) -> Option<SendEvent> {
        let ids = |raw: &[u32]| -> Vec<DeviceId> {
            let id = |raw: &u32| DeviceId::try_from(*raw).expect("from 1 to 127");
            raw.iter().map(id).collect()
        };
        let awaited = match self.devices[who].send.as_ref()?.step() {
            SendStep::FetchBundles(addresses) | SendStep::FetchStatements(addresses) => {
                addresses.first().copied()
            }
            _ => None,
        };
        let mut good = || match awaited {
            None => SendEvent::Accepted,
            Some(address) => (0..DEVICES)
                .find(|of| self.address(*of) == address)
                .map_or(SendEvent::NoBundle(address), |of| {
                    SendEvent::Bundle(self.bundle(of, who))
                }),
        };
        Some(match answer {
            Answer::Good | Answer::Exhausted => good(),
            Answer::BadBundle(field) => match good() {
                SendEvent::Bundle(bundle) => SendEvent::Bundle(spoiled(bundle, *field)),
                event => event,
            },
            Answer::AnyBundle(of) => SendEvent::Bundle(self.bundle(*of, who)),
            Answer::NoBundle(of) => SendEvent::NoBundle(self.address(*of)),
            Answer::Accepted => SendEvent::Accepted,
            Answer::Mismatch(missing, extra) => SendEvent::DeviceMismatch {
                missing: ids(missing),
                extra: ids(extra),
            },
            Answer::Stale(devices) => SendEvent::StaleRegistration(ids(devices)),
        })
    }
}

/// A message on its way.
struct Sent {
    from: Address,
    to: usize,
    message: Message,
    plaintext: Vec<u8>,
}

/// A bundle with one byte of one field flipped.
fn spoiled(mut bundle: BundleFields, field: u8) -> BundleFields {
    let flip = |bytes: &mut Hex| bytes.0[5] ^= 1;
    match field % 9 {
        0 => flip(&mut bundle.identity_key),
        1 => flip(&mut bundle.signed_pre_key),
        2 => flip(&mut bundle.signed_pre_key_signature),
        3 => bundle.registration_id = 0,
        4 => bundle.registration_id = bundle.registration_id % 16_380 + 1,
        5 => bundle.created = Some(Timestamp(1)),
        6 => bundle
            .suites
            .get_or_insert_default()
            .push("another".to_owned()),
        7 => flip(bundle.statement_signature.get_or_insert_default()),
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

    /// Three devices, any events: what fails changes nothing; what is damaged is never read as something
    /// else; no message is read twice; nothing is sent to a stale device or to the own user.
    #[test]
    fn a_device_that_refuses_a_step_is_as_it_was(events in prop::collection::vec(event(), 1..60)) {
        let mut world = World::new();
        let mut read = BTreeSet::new();
        let mut copies = Vec::new();
        for (index, event) in events.into_iter().enumerate() {
            let mut randomness = Seeded(index as u64 + 1000);
            match event {
                Event::Encrypt(who, to, length) => {
                    let plaintext = vec![length; length.into()];
                    let peer = world.address(who + to);
                    let me = &mut world.devices[who];
                    if let Ok(message) = me.step(|me| me.device.encrypt(&peer, &plaintext, &mut Exhausted)) {
                        world.sends(who, peer, message, &plaintext);
                    }
                }
                Event::EncryptTooMuch(who, to) => {
                    let peer = world.address(who + to);
                    let me = &mut world.devices[who];
                    let refused = me.step(|me| me.device.encrypt(&peer, &vec![0; 65_537], &mut Exhausted));
                    prop_assert!(refused.is_err());
                    let recipient = Recipient::Device(peer);
                    let refused = me.step(|me| me.device.start_send(recipient, &vec![0; 65_537], Purpose::Other, &mut Exhausted));
                    prop_assert!(refused.is_err());
                }
                Event::Deliver(which, how) if !world.sent.is_empty() => {
                    let which = usize::from(which) % world.sent.len();
                    let Sent { from, to, message, plaintext } = &world.sent[which];
                    let me = &mut world.devices[*to];
                    let changed = damaged(message, &how);
                    let got = me.step(|me| match how {
                        Delivery::Exhausted => {
                            me.device.decrypt(from, changed.kind, &changed.bytes, &mut Exhausted)
                        }
                        _ => me.device.decrypt(from, changed.kind, &changed.bytes, &mut randomness),
                    });
                    if let Ok(got) = got {
                        prop_assert_eq!(got.plaintext.as_slice(), plaintext.as_slice());
                        // A prekey message's outer ids can be changed and it still opens, by the
                        // same keys: it is the same message, and must not be read again.
                        prop_assert!(read.insert(which), "message {} was read twice", which);
                    }
                }
                Event::Deliver(..) => {}
                Event::ProcessBundle(who, of) => {
                    let bundle = world.bundle(who + of, who);
                    let me = &mut world.devices[who];
                    me.step(|me| me.device.process_bundle(&bundle, &mut randomness))
                        .expect("a good bundle");
                }
                Event::ProcessBadBundle(who, of, field) => {
                    let bundle = spoiled(world.bundle(who + of, who), field);
                    let me = &mut world.devices[who];
                    let refused = me.step(|me| me.device.process_bundle(&bundle, &mut randomness));
                    prop_assert!(refused.is_err());
                }
                Event::ProcessBundleExhausted(who, of) => {
                    let bundle = world.bundle(who + of, who);
                    let me = &mut world.devices[who];
                    let refused = me.step(|me| me.device.process_bundle(&bundle, &mut Exhausted));
                    prop_assert!(refused.is_err());
                }
                Event::DropSessions(who, with) => {
                    let peer = world.address(who + with);
                    world.devices[who].device.drop_sessions(&peer);
                }
                Event::StartSend(who, to, alone, length) => {
                    let plaintext = vec![length; length.into()];
                    let peer = world.address(who + to);
                    let recipient = if alone {
                        Recipient::Device(peer)
                    } else {
                        Recipient::User(peer.user_id)
                    };
                    let me = &mut world.devices[who];
                    let started = me.step(|me| {
                        let (send, step) = me.device.start_send(recipient, &plaintext, Purpose::Other, &mut Exhausted)?;
                        me.send = Some(send);
                        Ok::<_, SesameError>(step)
                    });
                    prop_assert_eq!(started.is_err(), peer.user_id == world.address(who).user_id);
                    if let Ok(step) = started {
                        world.asked(who, step, &plaintext);
                    }
                }
                Event::Continue(who, answer) => {
                    let Some(event) = world.event(who, &answer) else { continue };
                    let me = &mut world.devices[who];
                    let went_on = me.step(|me| {
                        let send = me.send.as_mut().expect("a send was started");
                        match answer {
                            Answer::Exhausted => me.device.continue_send(send, event, &mut Exhausted),
                            _ => me.device.continue_send(send, event, &mut randomness),
                        }
                    });
                    if let Ok(SendOutcome { step, .. }) = went_on {
                        let saved = Machine::save(&world.devices[who]);
                        let plaintext = world.devices[who].plaintext();
                        let ended = matches!(step, SendStep::Done | SendStep::GiveUp(_));
                        prop_assert_eq!(ended, plaintext.is_none(), "{}", saved);
                        world.asked(who, step, &plaintext.unwrap_or_default());
                    }
                }
                Event::Tick(who, more) => {
                    world.hours += u64::from(more);
                    let now = Timestamp(world.hours * DAY / 24);
                    let me = &mut world.devices[who];
                    me.step(|me| me.device.tick(now, &mut randomness)).expect("never ends");
                }
                Event::TickExhausted(who, more) => {
                    world.hours += u64::from(more);
                    let now = Timestamp(world.hours * DAY / 24);
                    let _ = world.devices[who].step(|me| me.device.tick(now, &mut Exhausted));
                }
                Event::Restart(who) => world.devices[who].restart(),
                Event::Copy(who) => {
                    let copy = world.devices[who].clone();
                    let saved = Machine::save(&copy);
                    copies.push((copy, saved));
                }
            }
        }
        for (copy, saved) in copies {
            prop_assert_eq!(Machine::save(&copy), saved, "a copy was changed");
        }
    }

    /// A session whose messages arrive in order reads every one of them, whoever speaks when.
    #[test]
    fn a_session_reads_what_arrives_in_order(turns in prop::collection::vec((any::<bool>(), any::<u8>()), 1..40)) {
        let (alice_address, mut alice) = device(1);
        let (bob_address, mut bob) = device(2);
        alice.process_bundle(&bundle(&bob), &mut Seeded(3)).expect("a good bundle");
        let opening = alice.encrypt(&bob_address, b"hello", &mut Exhausted).expect("a session");
        bob.decrypt(&alice_address, opening.kind, &opening.bytes, &mut Seeded(4)).expect("hello");
        let answer = bob.encrypt(&alice_address, b"hello", &mut Exhausted).expect("a session");
        alice.decrypt(&bob_address, answer.kind, &answer.bytes, &mut Seeded(5)).expect("hello");
        let mut sessions = [
            alice.session(&bob_address).expect("a session").clone(),
            bob.session(&alice_address).expect("a session").clone(),
        ];
        for (index, (who, length)) in turns.into_iter().enumerate() {
            let plaintext = vec![length; length.into()];
            let [alice, bob] = &mut sessions;
            let (from, to) = if who { (alice, bob) } else { (bob, alice) };
            let message = from.step(|from| from.encrypt(&plaintext, &mut Exhausted)).expect("it can send");
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
