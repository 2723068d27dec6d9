//! Two devices and a network that loses, reorders, repeats and damages, against a small model.

use crate::common::{self, Seeded};
use crate::prepared;
use arbitrary::Arbitrary;
use std::collections::BTreeMap;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::Address;
use tigress_signal::primitives::{NoRandomness, PublicKey};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::wire::{MessageKind, PreKeyMessage, RatchetMessage};

/// Longer scripts are cut.
const STEPS: usize = 16;
/// Keys of a chain are kept while so many chains of the peer are newer (DR-16).
const KEPT: usize = 4;

/// Which of the two.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opens the session.
    Alice,
    /// Who answers.
    Bob,
}

/// A step.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Step {
    /// A message of so many bytes.
    Send(Side, u8),
    /// The oldest message on its way to that side arrives.
    Deliver(Side),
    /// That one does, of those on their way.
    Reorder(Side, u8),
    /// The oldest is lost.
    Drop(Side),
    /// One that was read arrives again.
    Repeat(Side, u8),
    /// The oldest arrives with a byte changed, and then as it was.
    Damage(Side, u16, u8),
    /// The side is stopped and started again from its saved state.
    Restore(Side),
}

/// A script.
#[derive(Arbitrary, Debug)]
pub struct Script {
    /// Its steps.
    pub steps: Vec<Step>,
}

#[derive(Clone)]
struct Sent {
    kind: MessageKind,
    bytes: Vec<u8>,
    plaintext: Vec<u8>,
}

#[derive(Clone)]
struct Party {
    address: Address,
    device: Device,
    randomness: Seeded,
    on_the_way: Vec<Sent>,
    read: Vec<Sent>,
    /// The peer's ratchet keys in the order in which they were first read.
    chains: Vec<[u8; 32]>,
    /// How many messages were sent, so that no two say the same.
    count: u8,
}

fn ratchet_key(message: &Sent) -> [u8; 32] {
    let inner = match message.kind {
        MessageKind::Ratchet => RatchetMessage::decode(&Tigress1, &message.bytes),
        MessageKind::PreKey => PreKeyMessage::decode(&Tigress1, &message.bytes).map(|m| m.message),
    };
    *PublicKey::u(&inner.expect("it was just made").header.ratchet_key)
}

impl Party {
    fn new(seed: u64) -> Self {
        let (address, device) = common::device(seed);
        Party {
            address,
            device,
            randomness: Seeded(seed + 100),
            on_the_way: Vec::new(),
            read: Vec::new(),
            chains: Vec::new(),
            count: 0,
        }
    }

    /// A message arrives for the first time: it says what was sent, or its key is too old to be kept.
    fn deliver(&mut self, from: Address, message: Sent) -> Outcome {
        let key = ratchet_key(&message);
        let newer = self
            .chains
            .iter()
            .rev()
            .take_while(|chain| **chain != key)
            .count();
        let known = newer < self.chains.len();
        let too_old = known && newer > KEPT;
        let before = self.device.clone();
        match self
            .device
            .decrypt(&from, message.kind, &message.bytes, &mut self.randomness)
        {
            Ok(decrypted) => {
                assert!(
                    *decrypted.plaintext == message.plaintext,
                    "another plaintext"
                );
                assert!(!too_old, "its key should be erased (DR-16)");
                if !known {
                    self.chains.push(key);
                }
                self.read.push(message);
                Ok(decrypted.plaintext.len())
            }
            Err(error) => {
                assert!(self.device == before, "a refused message changes the state");
                assert!(too_old, "an authentic message is refused: {error}");
                Err(error.code())
            }
        }
    }
}

/// What came of a step: how many bytes were sent or read, or why they were not.
pub type Outcome = Result<usize, Option<ErrorCode>>;

/// What arrives is what was sent, once, in whatever order.
pub fn run(script: Script) {
    let _ = play(script);
}

/// As [`run`]: what came of each step, and of each that nothing could come of `Ok(0)`.
#[must_use]
pub fn play(script: Script) -> Vec<Outcome> {
    let parties = prepared!([Party; 2], {
        let [mut alice, bob] = [Party::new(1), Party::new(2)];
        alice
            .device
            .process_bundle(&common::bundle(&bob.device), &mut alice.randomness)
            .expect("a good bundle");
        [alice, bob]
    });
    let mut parties = parties.with(<[Party; 2]>::clone);
    let mut outcomes = Vec::with_capacity(STEPS);
    for step in script.steps.into_iter().take(STEPS) {
        let (Step::Send(side, _)
        | Step::Deliver(side)
        | Step::Reorder(side, _)
        | Step::Drop(side)
        | Step::Repeat(side, _)
        | Step::Damage(side, ..)
        | Step::Restore(side)) = step;
        let [alice, bob] = &mut parties;
        let (own, peer) = match side {
            Side::Alice => (alice, bob),
            Side::Bob => (bob, alice),
        };
        outcomes.push(apply(step, own, peer));
    }
    check_counts(&parties);
    outcomes
}

fn apply(step: Step, own: &mut Party, peer: &mut Party) -> Outcome {
    match step {
        Step::Send(_, length) => {
            own.count += 1;
            let mut plaintext = vec![0; length.into()];
            plaintext.push(own.count);
            let message = own
                .device
                .encrypt(&peer.address, &plaintext, &mut NoRandomness)
                .map_err(|error| error.code())?;
            let length = message.bytes.len();
            peer.on_the_way.push(Sent {
                kind: message.kind,
                bytes: message.bytes,
                plaintext,
            });
            Ok(length)
        }
        Step::Deliver(_) | Step::Reorder(..) if !own.on_the_way.is_empty() => {
            let which = match step {
                Step::Reorder(_, which) => usize::from(which) % own.on_the_way.len(),
                _ => 0,
            };
            let message = own.on_the_way.remove(which);
            own.deliver(peer.address, message)
        }
        Step::Drop(_) if !own.on_the_way.is_empty() => {
            own.on_the_way.remove(0);
            Ok(0)
        }
        Step::Repeat(_, which) if !own.read.is_empty() => {
            let message = own.read[usize::from(which) % own.read.len()].clone();
            let before = own.device.clone();
            let again = own.device.decrypt(
                &peer.address,
                message.kind,
                &message.bytes,
                &mut own.randomness,
            );
            assert!(again.is_err(), "a message is read twice (DR-14)");
            assert!(own.device == before, "a refused message changes the state");
            again.map(|_| 0).map_err(|error| error.code())
        }
        Step::Damage(_, at, bits) if !own.on_the_way.is_empty() => {
            let mut damaged = own.on_the_way[0].bytes.clone();
            let at = usize::from(at) % damaged.len();
            damaged[at] ^= bits.max(1);
            let kind = own.on_the_way[0].kind;
            let before = own.device.clone();
            match own
                .device
                .decrypt(&peer.address, kind, &damaged, &mut own.randomness)
            {
                // The ids around a session that is there are not authenticated.
                Ok(decrypted) => {
                    let message = own.on_the_way.remove(0);
                    assert!(
                        *decrypted.plaintext == message.plaintext,
                        "another plaintext"
                    );
                    assert!(kind == MessageKind::PreKey, "a damaged message is accepted");
                    let key = ratchet_key(&message);
                    if !own.chains.contains(&key) {
                        own.chains.push(key);
                    }
                    own.read.push(message);
                    Ok(decrypted.plaintext.len())
                }
                Err(error) => {
                    assert!(own.device == before, "a refused message changes the state");
                    Err(error.code())
                }
            }
        }
        Step::Restore(_) => {
            let saved = own.device.save();
            own.device = Device::try_from(saved.clone()).expect("as it was saved");
            assert!(own.device.save() == saved, "restored, it is another");
            Ok(0)
        }
        _ => Ok(0),
    }
}

/// Nothing was read more often than it was sent.
fn check_counts(parties: &[Party; 2]) {
    for party in parties {
        let mut seen: BTreeMap<&[u8], u32> = BTreeMap::new();
        for message in &party.read {
            *seen.entry(&message.bytes).or_default() += 1;
        }
        assert!(seen.values().all(|count| *count == 1), "read twice");
    }
}
