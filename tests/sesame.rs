//! What a device knows of others, held against a model of a few lines; and two devices that open sessions at
//! once.

use crate::common;

use common::{Exhausted, Seeded, bundle, device, device_at, other_device};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, Recipient};
use tigress_signal::primitives::PublicKey;
use tigress_signal::sesame::{Device, DeviceMessage, GiveUp, Limits, Purpose, SendEvent, SendStep};
use tigress_signal::suite::{Ratchet, Tigress1};
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage};

fn base_key(message: &Message) -> Option<PublicKey> {
    let prekey = message.kind == MessageKind::PreKey;
    prekey.then(|| {
        PreKeyMessage::decode(&Tigress1, &message.bytes)
            .expect("one's own message")
            .base_key
    })
}

fn active(device: &Device, peer: &Address) -> Option<PublicKey> {
    device.session(peer).map(|session| *session.base_key())
}

/// A record as section 6 has it: base keys with their sessions' times, the active one first.
#[derive(Clone, Debug, Default)]
struct ModelRecord {
    identity: Option<PublicKey>,
    stale_since: Option<Timestamp>,
    sessions: Vec<(PublicKey, Timestamp)>,
    /// The one that this device opened last (SES-19).
    own: Option<PublicKey>,
}

impl ModelRecord {
    /// Whether the identity key changed (SES-12). By a message nothing becomes current (SES-11).
    fn open(&mut self, identity: PublicKey, session: PublicKey, now: Timestamp) -> bool {
        let changed = self.identity.is_some_and(|known| known != identity);
        if changed {
            *self = ModelRecord {
                stale_since: self.stale_since,
                ..ModelRecord::default()
            };
        }
        self.identity = Some(identity);
        self.sessions.insert(0, (session, now));
        self.drop_tail();
        changed
    }

    /// At most 40 are inactive, and the own one does not count (SES-04).
    fn drop_tail(&mut self) {
        let own = self.own;
        let counts = |(session, _): &(PublicKey, Timestamp)| Some(*session) != own;
        while self
            .sessions
            .iter()
            .skip(1)
            .filter(|held| counts(held))
            .count()
            > 40
        {
            let last = self.sessions.iter().rposition(counts);
            self.sessions.remove(last.expect("more than 40"));
        }
    }

    /// The same with a bundle.
    fn open_own(&mut self, identity: PublicKey, session: PublicKey, now: Timestamp) -> bool {
        self.own = Some(session);
        let changed = self.open(identity, session, now);
        self.own = Some(session);
        self.stale_since = None;
        changed
    }

    fn read(&mut self, session: PublicKey, now: Timestamp) {
        self.sessions.retain(|(other, _)| *other != session);
        self.sessions.insert(0, (session, now));
        self.drop_tail();
    }

    fn holds(&self, session: &PublicKey) -> bool {
        self.sessions.iter().any(|(other, _)| other == session)
    }

    /// The session that may be sent in.
    fn sendable(&self, now: Timestamp) -> Option<PublicKey> {
        let (session, time) = self.sessions.first()?;
        let fresh = now.seconds_since(*time) < 30 * DAY;
        (fresh && self.stale_since.is_none()).then_some(*session)
    }
}

/// A message of one of Bob's devices on its way to Alice, with what it is.
struct Underway {
    session: PublicKey,
    identity: PublicKey,
    message: Message,
    plaintext: Vec<u8>,
}

/// One of Bob's devices.
struct Peer {
    address: Address,
    device: Device,
    /// Whether the intermediary knows it.
    there: bool,
    underway: VecDeque<Underway>,
}

struct World {
    alice: Device,
    peers: Vec<Peer>,
    model: BTreeMap<Address, ModelRecord>,
    now: Timestamp,
    randomness: Seeded,
    sent: u32,
}

#[derive(Clone, Debug)]
enum Event {
    /// Alice opens that many sessions with a device.
    Open(usize, u8),
    /// A device opens a session with Alice and writes to her.
    OpenedBy(usize),
    /// A device writes to Alice.
    Write(usize),
    /// Alice reads the next message of a device.
    Read(usize),
    /// Alice sends to all of Bob's devices, or to one.
    Send(Option<usize>),
    /// A device is removed, or comes back.
    Toggle(usize),
    /// A device is erased and set up again.
    SetUp(usize),
    Days(u8),
    Restart,
}

const PEERS: usize = 3;

fn event() -> impl Strategy<Value = Event> {
    let peer = || 0..PEERS;
    prop_oneof![
        3 => (peer(), 1..3_u8).prop_map(|(peer, count)| Event::Open(peer, count)),
        1 => (peer(), 38..44_u8).prop_map(|(peer, count)| Event::Open(peer, count)),
        4 => peer().prop_map(Event::OpenedBy),
        8 => peer().prop_map(Event::Write),
        12 => peer().prop_map(Event::Read),
        8 => prop::option::weighted(0.3, peer()).prop_map(Event::Send),
        2 => peer().prop_map(Event::Toggle),
        1 => peer().prop_map(Event::SetUp),
        4 => (1..40_u8).prop_map(Event::Days),
        2 => Just(Event::Restart),
    ]
}

impl World {
    fn new() -> Self {
        let (_, alice) = device(1);
        let (first, _) = device(2);
        let peer = |id: u32| {
            let address = other_device(first, id);
            Peer {
                address,
                device: device_at(&Tigress1, address, &mut Seeded(10 + u64::from(id))),
                there: true,
                underway: VecDeque::new(),
            }
        };
        World {
            alice,
            peers: (1..).take(PEERS).map(peer).collect(),
            model: BTreeMap::new(),
            now: Timestamp(0),
            randomness: Seeded(99),
            sent: 0,
        }
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Open(peer, count) => (0..count).for_each(|_| self.open(peer)),
            Event::OpenedBy(peer) => {
                let bundle = bundle(&self.alice);
                let peer = &mut self.peers[peer];
                peer.device
                    .process_bundle(&bundle, &mut self.randomness)
                    .expect("a good bundle");
                self.write(event);
            }
            Event::Write(_) => self.write(event),
            Event::Read(peer) => self.read(peer),
            Event::Send(peer) => self.send(peer),
            Event::Toggle(peer) => self.peers[peer].there ^= true,
            Event::SetUp(peer) => {
                let peer = &mut self.peers[peer];
                peer.device = device_at(&Tigress1, peer.address, &mut self.randomness);
                let ticked = peer.device.tick(self.now, &mut self.randomness);
                ticked.expect("never ends");
            }
            Event::Days(days) => {
                self.now.0 += u64::from(days) * DAY;
                self.alice
                    .tick(self.now, &mut self.randomness)
                    .expect("never ends");
                let now = self.now;
                for peer in &mut self.peers {
                    let ticked = peer.device.tick(now, &mut self.randomness);
                    ticked.expect("never ends");
                }
                self.model.retain(|_, record| {
                    record
                        .sessions
                        .retain(|(_, time)| now.seconds_since(*time) < 90 * DAY);
                    record
                        .stale_since
                        .is_none_or(|since| now.seconds_since(since) < 30 * DAY)
                });
            }
            Event::Restart => {
                self.alice = Device::try_from(self.alice.save()).expect("just saved");
            }
        }
        self.check(event);
    }

    fn open(&mut self, peer: usize) {
        let peer = &self.peers[peer];
        let changed = self
            .alice
            .process_bundle(&bundle(&peer.device), &mut self.randomness)
            .expect("a good bundle");
        let session = active(&self.alice, &peer.address).expect("just opened");
        let record = self.model.entry(peer.address).or_default();
        let identity = *peer.device.keys().identity().public();
        let expected = record.open_own(identity, session, self.now);
        assert_eq!(changed, expected, "SES-12");
    }

    fn write(&mut self, event: &Event) {
        let (Event::Write(peer) | Event::OpenedBy(peer)) = *event else {
            return;
        };
        let peer = &mut self.peers[peer];
        let alice = self.alice.address();
        self.sent += 1;
        let plaintext = self.sent.to_be_bytes().to_vec();
        if let Ok(message) = peer.device.encrypt(&alice, &plaintext, &mut Exhausted) {
            peer.underway.push_back(Underway {
                session: active(&peer.device, &alice).expect("it was used"),
                identity: *peer.device.keys().identity().public(),
                message,
                plaintext,
            });
        }
    }

    /// The session that decrypted last is the active one; a message of a session that is held is read.
    fn read(&mut self, peer: usize) {
        let address = self.peers[peer].address;
        let Some(next) = self.peers[peer].underway.pop_front() else {
            return;
        };
        let held = self
            .model
            .get(&address)
            .is_some_and(|record| record.holds(&next.session));
        let Message { kind, bytes } = &next.message;
        match self
            .alice
            .decrypt(&address, *kind, bytes, &mut self.randomness)
        {
            Ok(read) => {
                assert_eq!(*read.plaintext, next.plaintext);
                let record = self.model.entry(address).or_default();
                if held {
                    record.read(next.session, self.now);
                    assert!(!read.identity_changed, "SES-12");
                } else {
                    let changed = record.open(next.identity, next.session, self.now);
                    assert_eq!(read.identity_changed, changed, "SES-12");
                }
                assert_eq!(active(&self.alice, &address), Some(next.session), "SES-06");
            }
            Err(error) => assert!(!held, "a message of a held session is lost: {error}"),
        }
    }

    /// The intermediary answers truly; every device of Bob that is there gets the message once.
    fn send(&mut self, only: Option<usize>) {
        let recipient = match only {
            None => Recipient::User(self.peers[0].address.user_id),
            Some(peer) => Recipient::Device(self.peers[peer].address),
        };
        self.sent += 1;
        let plaintext = self.sent.to_be_bytes();
        let (mut send, mut step) = self
            .alice
            .start_send(recipient, &plaintext, Purpose::Other, &mut Exhausted)
            .expect("short enough");
        let mut submitted = BTreeMap::new();
        loop {
            let event = match &step {
                SendStep::FetchBundles(addresses) | SendStep::FetchStatements(addresses) => {
                    self.fetched(addresses[0])
                }
                SendStep::Submit { messages, .. } => {
                    for DeviceMessage {
                        device_id, message, ..
                    } in messages
                    {
                        // The message for a device changes with its session alone.
                        submitted.insert(*device_id, message.clone());
                    }
                    self.submitted(recipient, messages)
                }
                SendStep::Done => break,
                SendStep::GiveUp(why) => {
                    assert_eq!(*why, GiveUp::NotFound);
                    assert!(
                        self.peers
                            .iter()
                            .enumerate()
                            .all(|(peer, it)| !it.there || only.is_some_and(|only| only != peer)),
                        "SES-09"
                    );
                    return;
                }
            };
            let restarted = send.save().try_into();
            send = restarted.expect("just saved");
            let fetched = matches!(event, SendEvent::Bundle(_)).then_some(&step);
            // The device behind an outdated registration id has another identity key here: it gets a session too.
            let opened = match fetched {
                Some(SendStep::FetchBundles(addresses) | SendStep::FetchStatements(addresses)) => {
                    Some(addresses[0])
                }
                _ => None,
            };
            let outcome = self
                .alice
                .continue_send(&mut send, event, &mut self.randomness)
                .expect("a true answer");
            if let Some(address) = opened {
                let peer = self.peers.iter().find(|peer| peer.address == address);
                let identity = *peer
                    .expect("it has a bundle")
                    .device
                    .keys()
                    .identity()
                    .public();
                let session = active(&self.alice, &address).expect("just opened");
                let record = self.model.entry(address).or_default();
                let changed = record.open_own(identity, session, self.now);
                assert_eq!(outcome.identity_changed, changed, "SES-12");
            }
            step = outcome.step;
        }
        self.delivered(only, &plaintext, &submitted);
    }

    fn fetched(&mut self, address: Address) -> SendEvent {
        let peer = self.peers.iter().find(|peer| peer.address == address);
        if let Some(peer) = peer.filter(|peer| peer.there) {
            return SendEvent::Bundle(bundle(&peer.device));
        }
        self.gone(address);
        SendEvent::NoBundle(address)
    }

    fn gone(&mut self, address: Address) {
        let now = self.now;
        if let Some(record) = self.model.get_mut(&address) {
            record.stale_since.get_or_insert(now);
        }
    }

    /// What section 7 answers to a submission (MBX-05, MBX-06).
    fn submitted(&mut self, recipient: Recipient, messages: &[DeviceMessage]) -> SendEvent {
        let user = recipient.user_id();
        let named: BTreeSet<DeviceId> = messages.iter().map(|message| message.device_id).collect();
        for message in messages {
            let address = Address {
                user_id: user,
                device_id: message.device_id,
            };
            let record = &self.model[&address];
            assert!(record.stale_since.is_none(), "a stale device is sent to");
            let session = record.sendable(self.now).expect("SES-13");
            if let Some(base_key) = base_key(&message.message) {
                assert_eq!(base_key, session, "SES-02");
            }
        }
        let there: BTreeSet<DeviceId> = self
            .peers
            .iter()
            .filter(|peer| peer.there)
            .map(|peer| peer.address.device_id)
            .collect();
        let extra: Vec<DeviceId> = named.difference(&there).copied().collect();
        let missing: Vec<DeviceId> = match recipient {
            Recipient::User(_) => there.difference(&named).copied().collect(),
            Recipient::Device(_) => Vec::new(),
        };
        let at = |device_id: DeviceId| Address {
            user_id: user,
            device_id,
        };
        if !extra.is_empty() || !missing.is_empty() {
            for id in &extra {
                self.gone(at(*id));
            }
            return SendEvent::DeviceMismatch { missing, extra };
        }
        let current = |id: DeviceId| {
            let peer = self.peers.iter().find(|peer| peer.address.device_id == id);
            peer.expect("it is there").device.keys().registration_id()
        };
        let outdated: Vec<DeviceId> = messages
            .iter()
            .filter(|message| message.registration_id != current(message.device_id))
            .map(|message| message.device_id)
            .collect();
        if outdated.is_empty() {
            return SendEvent::Accepted;
        }
        SendEvent::StaleRegistration(outdated)
    }

    fn delivered(
        &mut self,
        only: Option<usize>,
        plaintext: &[u8],
        submitted: &BTreeMap<DeviceId, Message>,
    ) {
        let alice = self.alice.address();
        for (index, peer) in self.peers.iter_mut().enumerate() {
            if !peer.there || only.is_some_and(|only| only != index) {
                continue;
            }
            let message = &submitted[&peer.address.device_id];
            let session = active(&self.alice, &peer.address).expect("it was sent in");
            let read =
                peer.device
                    .decrypt(&alice, message.kind, &message.bytes, &mut self.randomness);
            // A prekey message finds or opens its session; another one needs the session, which the
            // device may have dropped for later ones (SES-04).
            let held = peer.device.record(&alice).is_some_and(|record| {
                let mut sessions = record.active().into_iter().chain(record.inactive());
                sessions.any(|held| *held.base_key() == session)
            });
            match read {
                Ok(read) => assert_eq!(*read.plaintext, plaintext),
                Err(error) => assert!(!held, "a message is lost: {error}"),
            }
        }
    }

    /// The device knows what the model knows.
    fn check(&self, event: &Event) {
        let known: Vec<_> = self
            .alice
            .records()
            .map(|(address, record)| {
                let sessions = record.active().into_iter().chain(record.inactive());
                (
                    *address,
                    Some(*record.identity_key()),
                    record.stale_since(),
                    sessions.map(|held| *held.base_key()).collect::<Vec<_>>(),
                )
            })
            .collect();
        let expected: Vec<_> = self
            .model
            .iter()
            .map(|(address, record)| {
                (
                    *address,
                    record.identity,
                    record.stale_since,
                    record.sessions.iter().map(|(held, _)| *held).collect(),
                )
            })
            .collect();
        assert_eq!(known, expected, "after {event:?}");
        for (address, record) in self.alice.records() {
            assert!(record.inactive().count() <= 41, "SES-04, SES-19");
            let sendable = self
                .alice
                .clone()
                .encrypt(address, b"may it?", &mut Exhausted)
                .is_ok();
            let may_send = self.model[address].sendable(self.now).is_some();
            assert_eq!(sendable, may_send, "SES-11, SES-13, after {event:?}");
        }
    }
}

/// What crosses between two devices, in order for each direction.
struct Pair {
    devices: [(Address, Device); 2],
    underway: [VecDeque<(Message, u32)>; 2],
    randomness: Seeded,
    sent: u32,
}

impl Pair {
    fn write(&mut self, from: usize) {
        self.sent += 1;
        let to = self.devices[1 - from].0;
        let message = self.devices[from]
            .1
            .encrypt(&to, &self.sent.to_be_bytes(), &mut Exhausted)
            .expect("a session");
        self.underway[from].push_back((message, self.sent));
    }

    fn deliver(&mut self, from: usize) {
        let Some((message, number)) = self.underway[from].pop_front() else {
            return;
        };
        let sender = self.devices[from].0;
        let read = self.devices[1 - from]
            .1
            .decrypt(&sender, message.kind, &message.bytes, &mut self.randomness)
            .expect("no message is lost");
        assert_eq!(*read.plaintext, number.to_be_bytes());
    }

    fn active(&self, of: usize) -> Option<PublicKey> {
        active(&self.devices[of].1, &self.devices[1 - of].0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens, a device knows of others what section 6 says, and sends to them accordingly.
    #[test]
    fn a_device_agrees_with_the_model(events in prop::collection::vec(event(), 1..60)) {
        let mut world = World::new();
        for event in &events {
            world.happens(event);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// SES-08: both open sessions at once, messages cross in any way, and none is lost. Once all have
    /// arrived, one message each way, one after the other, and both send in the same session.
    #[test]
    fn sessions_opened_at_once_converge(
        crossing in prop::collection::vec((any::<bool>(), any::<bool>()), 0..24),
        first in 0..2_usize,
    ) {
        let devices = [device(1), device(2)];
        let bundles = [bundle(&devices[0].1), bundle(&devices[1].1)];
        let mut pair = Pair { devices, underway: Default::default(), randomness: Seeded(3), sent: 0 };
        for who in [0, 1] {
            let (device, randomness) = (&mut pair.devices[who].1, &mut pair.randomness);
            device.process_bundle(&bundles[1 - who], randomness).expect("a good bundle");
            pair.write(who);
        }
        prop_assert_ne!(pair.active(0), pair.active(1));
        for (write, who) in crossing {
            if write { pair.write(usize::from(who)) } else { pair.deliver(usize::from(who)) }
        }
        while pair.underway.iter().any(|underway| !underway.is_empty()) {
            pair.deliver(0);
            pair.deliver(1);
        }
        for who in [first, 1 - first] {
            pair.write(who);
            pair.deliver(who);
        }
        prop_assert_eq!(pair.active(0), pair.active(1));
    }
}

#[test]
fn the_bounds_are_those_of_the_profile() {
    let Limits {
        max_inactive_sessions,
        max_send,
        max_recv,
        max_rounds,
        pre_keys,
        session,
    } = Limits::default();
    assert_eq!((max_inactive_sessions, max_rounds), (40, 5));
    assert_eq!((max_send, max_recv), (30 * DAY, 90 * DAY));
    assert_eq!(pre_keys.signed_pre_key_lifetime, 7 * DAY);
    assert_eq!(pre_keys.max_latency, 30 * DAY);
    assert_eq!(session, None);
}

#[test]
fn a_time_before_the_device_s_own_changes_nothing() {
    let (_, mut alice) = device(1);
    alice
        .tick(Timestamp(40 * DAY), &mut Seeded(2))
        .expect("never ends");
    let before = alice.save();
    alice
        .tick(Timestamp(DAY), &mut common::Exhausted)
        .expect("nothing is due");
    assert_eq!(alice.save(), before);
}

#[test]
fn a_new_device_s_time_is_that_of_its_signed_prekey() {
    let (address, _) = device(1);
    let keys = tigress_signal::agreement::PreKeyStore::random(
        &[&Tigress1],
        &address,
        Timestamp(500 * DAY),
        &mut Seeded(2),
    );
    let alice = Device::new(&Tigress1, address, keys.expect("never ends"));
    assert_eq!(alice.now(), Timestamp(500 * DAY));
}

/// The bounds are data: a device that is handed smaller ones keeps to them, from one message to the send.
#[test]
fn a_device_keeps_to_the_bounds_that_it_is_given() {
    let of_suite = *Tigress1.limits();
    let limits = Limits {
        max_inactive_sessions: 1,
        max_send: 10,
        max_recv: 20,
        max_rounds: 1,
        pre_keys: tigress_signal::agreement::Limits {
            signed_pre_key_lifetime: 30,
            max_latency: 5,
            ..tigress_signal::agreement::Limits::PROFILE
        },
        session: Some(tigress_signal::suite::Limits {
            max_skip: 2,
            max_stored: 3,
            max_plaintext: 8,
            ..of_suite
        }),
    };
    let ((a, alice), (b, mut bob)) = (device(1), device(2));
    let (mut alice, mut randomness) = (alice.with_limits(limits), Seeded(3));
    let bobs = bundle(&bob);
    for _ in 0..3 {
        alice
            .process_bundle(&bobs, &mut randomness)
            .expect("a good bundle");
    }
    let record = alice.record(&b).expect("a record");
    assert_eq!(record.inactive().count(), 1, "SES-04");
    let too_long = alice.encrypt(&b, &[0; 9], &mut Exhausted);
    assert_eq!(
        too_long.expect_err("DR-22").code(),
        Some(ErrorCode::TooLarge)
    );
    let hello = alice
        .encrypt(&b, b"hello", &mut Exhausted)
        .expect("a session");
    bob.decrypt(&a, hello.kind, &hello.bytes, &mut randomness)
        .expect("hello");
    let sent: Vec<Message> = (0..8)
        .map(|n| bob.encrypt(&a, &[n], &mut Exhausted).expect("a session"))
        .collect();
    let mut read = |alice: &mut Device, n: usize| {
        alice
            .decrypt(&b, sent[n].kind, &sent[n].bytes, &mut randomness)
            .map(|read| read.plaintext.to_vec())
            .map_err(|error| error.code())
    };
    assert_eq!(
        read(&mut alice, 3),
        Err(Some(ErrorCode::TooManySkipped)),
        "DR-11"
    );
    assert_eq!(read(&mut alice, 2), Ok(vec![2]));
    assert_eq!(read(&mut alice, 5), Ok(vec![5]));
    assert_eq!(alice.session(&b).expect("active").stored_keys(), 3, "DR-12");
    assert_eq!(read(&mut alice, 0), Err(Some(ErrorCode::DuplicateMessage)));
    let saved = alice.save();
    let restored = saved.restore(tigress_signal::suite::ALL, &limits);
    assert_eq!(restored.expect("as saved"), alice);
    let (mut once, _) = alice
        .start_send(
            Recipient::Device(b),
            b"once",
            Purpose::Other,
            &mut Exhausted,
        )
        .expect("a session");
    let refused = SendEvent::DeviceMismatch {
        missing: Vec::new(),
        extra: Vec::new(),
    };
    let last = alice.continue_send(&mut once, refused, &mut Exhausted);
    assert_eq!(
        last.expect("it was submitted").step,
        SendStep::GiveUp(GiveUp::RetryLimit)
    );
    alice
        .tick(Timestamp(10), &mut Exhausted)
        .expect("no key is due");
    let late = alice.encrypt(&b, b"late", &mut Exhausted);
    assert_eq!(late.expect_err("SES-13").code(), Some(ErrorCode::NoSession));
    alice
        .tick(Timestamp(20), &mut Exhausted)
        .expect("no key is due");
    assert!(alice.session(&b).is_none(), "SES-13");
    let keys = |alice: &Device| alice.keys().signed_pre_key_ids().count();
    alice
        .tick(Timestamp(30), &mut Seeded(5))
        .expect("never ends");
    assert_eq!(keys(&alice), 2, "KEY-08");
    alice
        .tick(Timestamp(35), &mut Exhausted)
        .expect("no key is due");
    assert_eq!(keys(&alice), 1, "KEY-08");
}
