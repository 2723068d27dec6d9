//! Our session against the naive one: two devices, each played by both, that also lie in headers of messages they
//! seal properly, which no damage on the way can do.

use crate::common::Seeded;
use crate::naive::{self, Bounds, State};
use crate::session_decrypt::ratchet_message;
use crate::{is_on_toys, prepared};
use arbitrary::Arbitrary;
use tigress_signal::agreement::{BundleFields, PreKeyStore, Statement, SuiteNames, stated};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use tigress_signal::primitives::Randomness;
use tigress_signal::primitives::{KeyPair, NoRandomness, PublicKey, Secret};
use tigress_signal::sesame::{self, Device};
use tigress_signal::suite::{self, Keys, Ratchet, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// Longer scripts are cut.
const STEPS: usize = 32;

/// Which of the two.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opens the session.
    Alice,
    /// Who answers.
    Bob,
}

/// How far ahead of its chain a lie claims to be.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Jump {
    /// Not at all, or a little.
    By(u8),
    /// As many messages as may be skipped.
    Most,
    /// One more.
    TooFar,
}

/// What a lie says of the chain before.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Previous {
    /// The truth.
    True,
    /// So many more.
    More(u8),
    /// None.
    None,
    /// So many more as may be skipped.
    Most,
    /// As many as there can be.
    All,
}

/// A step.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Step {
    /// A message of so many bytes.
    Send(Side, u8),
    /// A message with a header that is not true, sealed as if it were.
    Lie(Side, Jump, Previous),
    /// The message of that number for that side arrives.
    Deliver(Side, u8),
    /// The next message for that side arrives.
    DeliverNext(Side),
    /// It arrives with a byte changed.
    Damage(Side, u8, u16, u8),
    /// The side is stopped and started again.
    Restart(Side),
}

/// A script.
#[derive(Arbitrary, Debug)]
pub struct Script {
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One side, as both implementations have it.
#[derive(Clone)]
struct Party {
    address: Address,
    device: Device,
    naive: Option<State>,
    device_randomness: Seeded,
    naive_randomness: Seeded,
    /// What was sent to it, and how much of it arrived in order.
    mailbox: Vec<(MessageKind, Vec<u8>, naive::Message)>,
    next: usize,
}

#[derive(Clone)]
struct World {
    alice: Party,
    bob: Party,
    /// What opens the session on Bob's side.
    sk: naive::Key,
    signed_pre_key: KeyPair,
    ad: Vec<u8>,
    base_key: PublicKey,
}

const REGISTRATION_ID: u32 = 7;

/// The profile's; with toys small ones, so that the time goes into many scripts and not into a thousand keys of one.
fn bounds() -> Bounds {
    if is_on_toys() {
        Bounds::SMALL
    } else {
        Bounds::PROFILE
    }
}

/// Held to the bounds. They are not saved.
fn bounded(device: Device) -> Device {
    let Bounds {
        max_skip,
        max_stored,
    } = bounds();
    device.with_limits(sesame::Limits {
        session: Some(suite::Limits {
            max_skip,
            max_stored,
            ..*Tigress1.limits()
        }),
        ..sesame::Limits::PROFILE
    })
}

fn party(seed: u64, keys: &[KeyPair; 3]) -> Party {
    let mut randomness = Seeded(seed);
    let address = Address {
        user_id: UserId::random(&mut randomness).expect("never ends"),
        device_id: DeviceId::try_from(1).expect("from 1 to 127"),
    };
    let registration_id = RegistrationId::try_from(REGISTRATION_ID).expect("in range");
    let [identity, signed, one_time] = keys;
    let mut store = PreKeyStore::new(identity.clone(), registration_id);
    let signature = Tigress1.sign(identity, &signed.public().encode(), &Secret::new([1; 64]));
    let suites = SuiteNames::of(&[&Tigress1]);
    let spk = (PreKeyId::FIRST, signed.public());
    let said = stated(&address, registration_id, spk, Timestamp(0), &suites);
    let statement = Statement {
        created: Timestamp(0),
        suites,
        signature: Tigress1.sign(identity, &said, &Secret::new([2; 64])),
    };
    store.insert_signed_pre_key(PreKeyId::FIRST, signed.clone(), signature, statement);
    store.insert_one_time_pre_key(PreKeyId::FIRST, one_time.clone(), Timestamp(0));
    Party {
        address,
        device: bounded(Device::new(&Tigress1, address, store)),
        naive: None,
        device_randomness: Seeded(seed + 1),
        naive_randomness: Seeded(seed + 1),
        mailbox: Vec::new(),
        next: 0,
    }
}

fn draw(randomness: &mut Seeded) -> naive::Key {
    let mut key = [0; 32];
    randomness.fill(&mut key).expect("never ends");
    key
}

impl World {
    fn new() -> Self {
        let keys = |seed: u8| [seed, seed + 1, seed + 2].map(|byte| naive::key_pair([byte; 32]));
        let (alices, bobs) = (keys(10), keys(20));
        let (mut alice, bob) = (party(1, &alices), party(1000, &bobs));
        let bundle = bob
            .device
            .bundle(Some(PreKeyId::FIRST))
            .expect("it has keys");
        alice
            .device
            .process_bundle(&BundleFields::from(&bundle), &mut alice.device_randomness)
            .expect("the bundle is good");
        let ephemeral = naive::key_pair(draw(&mut alice.naive_randomness));
        let [identity, signed, one_time] = &bobs;
        let sk = naive::sk_of_initiator(
            &alices[0],
            &ephemeral,
            identity.public(),
            signed.public(),
            Some(one_time.public()),
        )
        .expect("no key is of small order");
        let mut ad = Vec::new();
        ad.extend(alices[0].public().encode());
        ad.extend(identity.public().encode());
        ad.extend(Tigress1.encode_address(&alice.address).as_bytes());
        ad.extend(Tigress1.encode_address(&bob.address).as_bytes());
        let own = draw(&mut alice.naive_randomness);
        let state = State::alice(sk, *signed.public(), own, ad.clone());
        alice.naive = state.map(|state| state.with_bounds(bounds()));
        World {
            alice,
            bob,
            sk,
            signed_pre_key: signed.clone(),
            ad,
            base_key: *ephemeral.public(),
        }
    }

    fn two(&mut self, side: Side) -> (&mut Party, &mut Party) {
        match side {
            Side::Alice => (&mut self.alice, &mut self.bob),
            Side::Bob => (&mut self.bob, &mut self.alice),
        }
    }

    fn send(&mut self, side: Side, length: u8) {
        let base_key = self.base_key;
        let (from, to) = self.two(side);
        let plaintext = vec![length; length.into()];
        let ours = from
            .device
            .encrypt(&to.address, &plaintext, &mut NoRandomness);
        let Some(message) = from
            .naive
            .as_mut()
            .and_then(|state| state.encrypt(&plaintext))
        else {
            assert!(ours.is_err(), "the naive one cannot send");
            return;
        };
        let ours = ours.expect("the naive one can send");
        let inner = message.write();
        let written = match ours.kind {
            MessageKind::Ratchet => inner,
            MessageKind::PreKey => pre_key_message(from, &base_key, &inner),
        };
        assert!(
            ours.bytes == written,
            "sent as {:02x?}\nand as {written:02x?}",
            ours.bytes
        );
        to.mailbox.push((ours.kind, written, message));
    }

    fn lie(&mut self, side: Side, jump: Jump, previous: Previous) {
        let base_key = self.base_key;
        let (from, to) = self.two(side);
        // While Alice has not heard of Bob, hers are prekey messages.
        let opening = from
            .device
            .clone()
            .encrypt(&to.address, b"", &mut NoRandomness)
            .is_ok_and(|message| message.kind == MessageKind::PreKey);
        let Some(state) = &from.naive else { return };
        let (n, pn) = state.counters();
        let Some((mut chain_key, ad)) = state.sending() else {
            return;
        };
        let jump = match jump {
            Jump::By(by) => u32::from(by % 16),
            Jump::Most => bounds().max_skip,
            Jump::TooFar => bounds().max_skip + 1,
        };
        for _ in 0..jump {
            chain_key = naive::kdf_ck(&chain_key).0;
        }
        let (_, message_key) = naive::kdf_ck(&chain_key);
        let previous = match previous {
            Previous::True => pn,
            Previous::More(more) => pn + u32::from(more),
            Previous::None => 0,
            Previous::Most => pn + bounds().max_skip,
            Previous::All => u32::MAX,
        };
        let dh = state.ratchet_key();
        let message = naive::seal(&message_key, ad, dh, previous, n + jump, b"a lie");
        let inner = message.write();
        let (kind, written) = if opening {
            (
                MessageKind::PreKey,
                pre_key_message(from, &base_key, &inner),
            )
        } else {
            (MessageKind::Ratchet, inner)
        };
        to.mailbox.push((kind, written, message));
    }

    fn deliver(&mut self, side: Side, which: usize, damage: Option<(u16, u8)>) {
        let (sk, key, ad) = (self.sk, self.signed_pre_key.clone(), self.ad.clone());
        let (to, from) = self.two(side);
        let Some((kind, sent, message)) = to.mailbox.get(which).cloned() else {
            return;
        };
        let mut bytes = sent.clone();
        if let Some((at, bits)) = damage {
            let at = usize::from(at) % bytes.len();
            bytes[at] ^= bits;
        }
        let before = to.device.clone();
        let ours = to
            .device
            .decrypt(&from.address, kind, &bytes, &mut to.device_randomness);
        if bytes != sent {
            if ours.is_err() {
                assert!(to.device == before, "a refused message changes the state");
                return;
            }
            // Accepted where the damage is to what nobody looks at (X3DH-13), and then as if it were not there.
            assert!(
                ratchet_message(&bytes) == ratchet_message(&sent),
                "a damaged message is accepted"
            );
        }
        let mut state = match &to.naive {
            Some(state) => Some(state.clone()),
            None if kind == MessageKind::PreKey => {
                Some(State::bob(sk, key, ad).with_bounds(bounds()))
            }
            None => None,
        };
        let theirs = match &mut state {
            Some(state) => state.decrypt(&message, &mut to.naive_randomness),
            None => Err("no-session"),
        };
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert!(
                    *ours.plaintext == theirs,
                    "decrypted to different plaintexts"
                );
                to.naive = state;
            }
            (Err(error), Err(theirs)) => {
                let code = error.code().map(ErrorCode::as_str);
                assert_eq!(code, Some(theirs), "refused with another code: {error}");
                assert!(to.device == before, "a refused message changes the state");
            }
            (Ok(_), Err(code)) => panic!("the naive one refuses {message:02x?} with {code}"),
            (Err(error), Ok(_)) => panic!("the naive one accepts {message:02x?}: {error}"),
        }
    }
}

fn pre_key_message(from: &Party, base_key: &PublicKey, inner: &[u8]) -> Vec<u8> {
    let identity = from.device.keys().identity().public();
    naive::write_pre_key_message(Some(1), base_key, identity, inner, REGISTRATION_ID, 1)
}

/// The two implementations send the same bytes, and accept and refuse the same messages.
pub fn run(script: Script) {
    let mut world = prepared!(World, World::new()).with(World::clone);
    for step in script.steps.into_iter().take(STEPS) {
        match step {
            Step::Send(side, length) => world.send(side, length),
            Step::Lie(side, jump, previous) => world.lie(side, jump, previous),
            Step::Deliver(side, which) => world.deliver(side, which.into(), None),
            Step::DeliverNext(side) => {
                let (to, _) = world.two(side);
                let next = to.next;
                to.next += 1;
                world.deliver(side, next, None);
            }
            Step::Damage(side, which, at, bits) => {
                world.deliver(side, which.into(), Some((at, bits)));
            }
            Step::Restart(side) => {
                let (party, _) = world.two(side);
                let saved = party.device.save();
                party.device = bounded(Device::try_from(saved).expect("as it was saved"));
            }
        }
    }
}
