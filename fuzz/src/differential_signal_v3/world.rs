//! Alice and Bob, each played by both, in step: they draw the same, send the same bytes, and read and refuse the same messages.

use super::forge::{
    self, ALICE, BOB, Chain, Key, ONE_TIME, ONE_TIME_PRE_KEYS, Outer, pair, private, public,
};
use super::known::{self, Difference};
use super::{Edit, Made, Point, Script, Side, Step, Told};
use crate::common::Seeded;
use crate::prepared;
use libsignal_protocol_c::{Bundle, Device as Theirs, Keys as TheirKeys, Kind};
use std::rc::Rc;
use tigress_signal::agreement::{BundleFields, Dated, PreKeyStore};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use tigress_signal::primitives::{NoRandomness, Randomness, Secret, Signature};
use tigress_signal::sesame::Device;
use tigress_signal::suite::{Keys, SignalV3};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::{MessageKind, PreKeyMessage, RatchetMessage};

/// Longer scripts are cut.
const STEPS: usize = 32;
/// The longest plaintext: scripts are about sessions.
const LONGEST: u16 = 300;

/// A message on its way.
#[derive(Clone)]
struct Letter {
    sender: Address,
    kind: Kind,
    bytes: Rc<[u8]>,
}

/// A device, as both implementations have it.
#[derive(Clone)]
struct Party {
    address: Address,
    ours: Device,
    theirs: Theirs,
    mailbox: Vec<Letter>,
    next: usize,
}

#[derive(Clone)]
struct World {
    alice: Party,
    bob: Party,
    /// A seed for each step that draws.
    drawn: u64,
}

/// An identifier of a kind that a suite may have from 0.
fn pre_key_id(id: u32) -> PreKeyId {
    PreKeyId::within(id, &SignalV3.identifiers().pre_key_id).expect("of 24 bits")
}

fn address(name: &str) -> Address {
    Address {
        user_id: UserId::named(name).expect("a name"),
        device_id: DeviceId::FIRST,
    }
}

fn their_address(address: &Address) -> libsignal_protocol_c::Address {
    libsignal_protocol_c::Address {
        name: address.user_id.as_bytes().to_vec(),
        device_id: 1,
    }
}

fn signature(first: u8) -> Signature {
    let signed = public(private(first, 1));
    SignalV3.sign(&pair(private(first, 0)), &signed, &Secret::new([1; 64]))
}

/// Alice's is 0, which is written like any other (V3-15).
fn registration_id_of(first: u8) -> u32 {
    (first - ALICE).into()
}

fn party(name: &str, first: u8) -> Party {
    let (identity, signed) = (private(first, 0), private(first, 1));
    let range = &SignalV3.identifiers().registration_id;
    let registration_id =
        RegistrationId::within(registration_id_of(first), range).expect("of 14 bits");
    let mut keys = PreKeyStore::new(pair(identity), registration_id);
    keys.insert_signed_pre_key(
        PreKeyId::FIRST,
        pair(signed),
        signature(first),
        Dated::Unstated {
            created: Timestamp(0),
        },
    );
    let mut one_time_pre_keys = Vec::new();
    for id in 0..ONE_TIME_PRE_KEYS {
        let key = private(ONE_TIME, id);
        keys.insert_one_time_pre_key(pre_key_id(id.into()), pair(key), Timestamp(0));
        one_time_pre_keys.push((id.into(), key));
    }
    let theirs = Theirs::new(&TheirKeys {
        identity,
        registration_id: registration_id_of(first),
        signed_pre_key: (1, signed, *signature(first).as_bytes()),
        one_time_pre_keys,
    });
    let address = address(name);
    Party {
        address,
        ours: Device::new(&SignalV3, address, keys),
        theirs: theirs.expect("good keys"),
        mailbox: Vec::new(),
        next: 0,
    }
}

/// Whose message one with that identity key is: each key has an address of its own, so that nobody comes with another key than before.
fn sender(identity: Point) -> Address {
    match identity {
        Point::Own(number) if number % 8 == 0 => address("alice"),
        Point::Own(number) => address(&format!("own {}", number % 8)),
        Point::HighBit(number) => address(&format!("high {}", number % 8)),
        Point::Small(number) => address(&format!("small {}", number % 6)),
    }
}

fn kind_of(kind: MessageKind) -> Kind {
    match kind {
        MessageKind::PreKey => Kind::PreKey,
        MessageKind::Ratchet => Kind::Ratchet,
    }
}

fn our_kind(kind: Kind) -> MessageKind {
    match kind {
        Kind::PreKey => MessageKind::PreKey,
        Kind::Ratchet => MessageKind::Ratchet,
    }
}

impl Party {
    /// Both draw the same.
    fn seed(&mut self, seed: u64) -> Seeded {
        let mut seeded = Seeded(seed);
        self.theirs
            .draw_from(move |out| seeded.fill(out).expect("never ends"));
        Seeded(seed)
    }

    /// A message to `peer`; none where there is no session.
    fn encrypt(&mut self, peer: &Address, plaintext: &[u8]) -> Option<(Kind, Vec<u8>)> {
        let ours = self.ours.encrypt(peer, plaintext, &mut NoRandomness);
        let theirs = self.theirs.encrypt(&their_address(peer), plaintext);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let ours = (kind_of(ours.kind), ours.bytes);
                assert!(ours == theirs, "sent as {ours:02x?}\nand as {theirs:02x?}");
                Some(ours)
            }
            (Err(_), Err(_)) => None,
            (ours, theirs) => panic!("ours sends {ours:02x?}\ntheirs {theirs:02x?}"),
        }
    }

    /// A message arrives, and both read it to the same plaintext, or refuse it; the engine is as it was then.
    fn decrypt(&mut self, sender: &Address, kind: Kind, bytes: &[u8], seed: u64) {
        // No copy of ours: in a session that two devices share a refusal is of a copy, and changes nothing that shows.
        let (before, theirs_before) = (self.ours.save(), self.theirs.clone());
        // The library draws for each session that it tries, before it knows that the message is authentic (RND-02): the same each
        // time.
        self.theirs
            .draw_from(move |out| Seeded(seed).fill(out).expect("never ends"));
        let mut seeded = Seeded(seed);
        let ours = self
            .ours
            .decrypt(sender, our_kind(kind), bytes, &mut seeded);
        let theirs = self.theirs.decrypt(&their_address(sender), kind, bytes);
        if ours.is_err() {
            assert!(
                self.ours.save() == before,
                "a refused message changes the state"
            );
        }
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert!(
                    *ours.plaintext == *theirs,
                    "decrypted to different plaintexts"
                );
                return;
            }
            (Err(_), Err(_)) => return,
            _ => {}
        }
        let code =
            |error: &tigress_signal::sesame::SesameError| error.code().map(ErrorCode::as_str);
        let held = |max_skip| {
            let mut held = known::held(&before, max_skip);
            let ours = held.decrypt(sender, our_kind(kind), bytes, &mut Seeded(seed));
            ours.as_ref().err().and_then(code)
        };
        let difference = Difference {
            kind,
            data: bytes,
            ours: ours.as_ref().err().and_then(code),
            theirs: theirs.as_ref().err().copied(),
            held: &held,
        };
        assert!(
            known::in_a_session(&difference).is_some(),
            "ours: {ours:02x?}\ntheirs: {theirs:02x?}\nof {kind:?} {bytes:02x?}"
        );
        // As if it had not come, so that they stay in step.
        self.ours = Device::try_from(before).expect("as it was saved");
        self.theirs = theirs_before;
    }

    /// The chain that it sends in, and the prekey message that it sends in, if it does.
    fn sending(&self, peer: &Address) -> Option<(Chain, Option<Outer>)> {
        let message = self
            .ours
            .clone()
            .encrypt(peer, b"", &mut NoRandomness)
            .ok()?;
        let session = self.ours.session(peer)?;
        let saved = serde_json::to_value(session.save()).expect("it is written");
        let state = saved["state"].as_object()?.values().next()?;
        let key = state["sending"]["chainKey"]["key"]["secret"].as_str()?;
        let outer = match message.kind {
            MessageKind::PreKey => PreKeyMessage::decode(&SignalV3, &message.bytes).ok(),
            MessageKind::Ratchet => None,
        };
        let inner = match &outer {
            Some(outer) => outer.message,
            None => RatchetMessage::decode(&SignalV3, &message.bytes).ok()?,
        };
        let chain = Chain {
            key: unhex(key)?,
            counter: inner.header.counter,
            previous_counter: inner.header.previous_counter,
            ratchet_key: inner.header.ratchet_key.encode(),
            sender: session.own().identity_key.encode(),
            receiver: session.peer().identity_key.encode(),
        };
        let outer = outer.map(|outer| Outer {
            one_time: outer.pre_key_id,
            base_key: outer.base_key.encode(),
            identity: outer.identity_key.encode(),
            registration_id: outer.registration_id,
            signed: outer.signed_pre_key_id,
        });
        Some((chain, outer))
    }
}

fn unhex(text: &str) -> Option<Key> {
    let mut key = [0; 32];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(key)
}

fn edited(bytes: &[u8], edit: Edit) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = |at: u16| usize::from(at) % bytes.len().max(1);
    match edit {
        Edit::Turn(place, bits) => {
            let place = at(place);
            bytes[place] ^= bits;
        }
        Edit::Insert(place, byte) => bytes.insert(at(place), byte),
        Edit::Remove(place) => drop(bytes.remove(at(place))),
        Edit::Cut(place) => bytes.truncate(at(place)),
    }
    bytes
}

impl World {
    fn new() -> Self {
        World {
            alice: party("alice", ALICE),
            bob: party("bob", BOB),
            drawn: 0,
        }
    }

    /// That side, and the other one.
    fn two(&mut self, side: Side) -> (&mut Party, &mut Party) {
        match side {
            Side::Alice => (&mut self.alice, &mut self.bob),
            Side::Bob => (&mut self.bob, &mut self.alice),
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn << 32
    }

    fn open(&mut self, one_time: Option<u8>, damage: Option<(u8, u8)>) {
        let seed = self.draw();
        let id = one_time.map(|id| id % ONE_TIME_PRE_KEYS);
        let bundle = self.bob.ours.bundle(id.map(|id| pre_key_id(id.into())));
        let mut fields = BundleFields::from(&bundle.expect("it has a signed prekey"));
        let mut signature = *signature(BOB).as_bytes();
        if let Some((at, bits)) = damage {
            signature[usize::from(at) % 64] ^= bits;
            fields.signed_pre_key_signature = signature.to_vec().into();
        }
        let held = fields.one_time_pre_key.is_some();
        let theirs = Bundle {
            registration_id: registration_id_of(BOB),
            identity_key: public(private(BOB, 0)),
            signed_pre_key: (1, public(private(BOB, 1)), signature),
            one_time_pre_key: id
                .filter(|_| held)
                .map(|id| (id.into(), public(private(ONE_TIME, id)))),
        };
        let bob = self.bob.address;
        let mut seeded = self.alice.seed(seed);
        let ours = self.alice.ours.process_bundle(&fields, &mut seeded);
        let theirs = self
            .alice
            .theirs
            .process_bundle(&their_address(&bob), &theirs);
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok(),
            "ours: {ours:?}, theirs: {theirs:?}"
        );
        assert!(ours.is_ok() || damage.is_some(), "a good bundle is refused");
    }

    fn send(&mut self, side: Side, length: u16) {
        let (from, to) = self.two(side);
        let plaintext = vec![length.to_le_bytes()[0]; (length % LONGEST).into()];
        if let Some((kind, bytes)) = from.encrypt(&to.address, &plaintext) {
            to.mailbox.push(Letter {
                sender: from.address,
                kind,
                bytes: bytes.into(),
            });
        }
    }

    fn tell(&mut self, side: Side, told: Told) {
        let (from, to) = self.two(side);
        let Some((chain, outer)) = from.sending(&to.address) else {
            return;
        };
        let inner = forge::ratchet_message(chain, told);
        let (kind, bytes) = match outer {
            Some(outer) => (
                Kind::PreKey,
                forge::pre_key_message(&outer, inner, told.form),
            ),
            None => (Kind::Ratchet, inner),
        };
        to.mailbox.push(Letter {
            sender: from.address,
            kind,
            bytes: bytes.into(),
        });
    }

    fn make(&mut self, made: &Made) {
        self.bob.mailbox.push(Letter {
            sender: sender(made.identity),
            kind: Kind::PreKey,
            bytes: forge::first_message(made).into(),
        });
    }

    fn deliver(&mut self, side: Side, which: usize, edit: Option<Edit>) {
        let seed = self.draw();
        let (to, _) = self.two(side);
        let Some(letter) = to.mailbox.get(which).cloned() else {
            return;
        };
        let Letter {
            sender,
            kind,
            bytes,
        } = letter;
        match edit {
            Some(edit) => to.decrypt(&sender, kind, &edited(&bytes, edit), seed),
            None => to.decrypt(&sender, kind, &bytes, seed),
        }
    }

    fn deliver_next(&mut self, side: Side) {
        let (to, _) = self.two(side);
        let next = to.next;
        to.next += 1;
        self.deliver(side, next, None);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Open(one_time, damage) => self.open(one_time, damage),
            Step::Send(side, length) => self.send(side, length),
            Step::Tell(side, told) => self.tell(side, told),
            Step::Make(made) => self.make(&made),
            Step::Deliver(side, which) => self.deliver(side, which.into(), None),
            Step::DeliverNext(side) => self.deliver_next(side),
            Step::Damage(side, which, edit) => self.deliver(side, which.into(), Some(edit)),
            Step::Restart(side) => {
                let (party, _) = self.two(side);
                let saved = party.ours.save();
                party.ours = Device::try_from(saved).expect("as it was saved");
            }
            Step::Forget(side) => {
                let (party, other) = self.two(side);
                party.ours.drop_sessions(&other.address);
                party.theirs.drop_session(&their_address(&other.address));
            }
        }
    }

    /// Whatever has come of it, both sides say something, and what was said last is read last.
    fn end(&mut self) {
        for (from, to) in [(Side::Alice, Side::Bob), (Side::Bob, Side::Alice)] {
            self.send(from, 1);
            let last = self.two(to).0.mailbox.len();
            if let Some(last) = last.checked_sub(1) {
                self.deliver(to, last, None);
            }
        }
    }
}

/// Says where it was, if it panics.
struct Place(usize, Option<Step>);

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            match self.1 {
                Some(step) => eprintln!("in step {}, {step:?}", self.0),
                None => eprintln!("after the last step"),
            }
        }
    }
}

/// The two do the same.
pub(super) fn run(script: &Script) {
    let mut world = prepared!(World, World::new()).with(World::clone);
    for (index, step) in script.steps.iter().take(STEPS).enumerate() {
        let _place = Place(index, Some(*step));
        world.step(*step);
    }
    let _place = Place(STEPS, None);
    world.end();
}
