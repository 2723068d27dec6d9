//! The engine: sessions as they are in memory, and the same restored and saved around each call.

use crate::{End, Pair, Subject};
use tigress_signal::agreement::{Limits, PreKeyStore};
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::primitives::{NoRandomness, Randomness, RandomnessError};
use tigress_signal::ratchet::{SavedSession, Session};
use tigress_signal::sesame::{Device, accept};
use tigress_signal::suite::{Ratchet, SignalV3};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::PreKeyMessage;

pub(crate) fn in_memory() -> Subject {
    Subject {
        name: "engine",
        version: String::new(),
        keeps: "in memory",
        pair: || Box::new(InMemory::new()),
    }
}

pub(crate) fn as_bytes() -> Subject {
    Subject {
        name: "engine, restored and saved",
        version: String::new(),
        keeps: "as JSON",
        pair: || Box::new(AsBytes::new()),
    }
}

/// Other bytes at each draw, at next to no cost.
#[derive(Clone, Default)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn put(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&(self.0 ^ self.0 >> 29).to_le_bytes()[..chunk.len()]);
        }
    }
}

impl Randomness for Numbers {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        self.put(out);
        Ok(())
    }
}

struct InMemory {
    ends: [Session; 2],
    randomness: Numbers,
}

impl InMemory {
    fn new() -> Self {
        let mut randomness = Numbers::default();
        let mut device = || {
            let address = Address {
                user_id: UserId::random(&mut randomness).expect("an id"),
                device_id: DeviceId::try_from(1).expect("in range"),
            };
            let keys = PreKeyStore::random(
                &[&SignalV3],
                &address,
                Timestamp::default(),
                &mut randomness,
            );
            Device::new(&SignalV3, address, keys.expect("keys"))
        };
        let (mut a, mut b) = (device(), device());
        let added = b
            .add_one_time_pre_keys(1, &mut randomness)
            .expect("a prekey");
        let bundle = b.bundle(Some(added[0].id)).expect("it has keys");
        a.process_bundle(&(&bundle).into(), &mut randomness)
            .expect("a good bundle");
        let mut session = a.session(&b.address()).expect("it is open").clone();
        let first = session
            .encrypt(b"", &mut NoRandomness)
            .expect("a message")
            .bytes;
        let message = PreKeyMessage::decode(&SignalV3, &first).expect("a prekey message");
        let (theirs, _) = accept(
            &SignalV3,
            (&Limits::PROFILE, SignalV3.limits()),
            &mut b.keys().clone(),
            b.address(),
            a.address(),
            &message,
            &mut randomness,
        )
        .expect("it opens");
        let mut pair = InMemory {
            ends: [session, theirs],
            randomness,
        };
        pair.settle();
        pair
    }
}

impl Pair for InMemory {
    fn encrypt(&mut self, from: End, plaintext: &[u8]) -> Vec<u8> {
        let session = &mut self.ends[from as usize];
        session
            .encrypt(plaintext, &mut NoRandomness)
            .expect("a message")
            .bytes
    }

    fn decrypt(&mut self, at: End, message: &[u8]) -> Option<Vec<u8>> {
        let session = &mut self.ends[at as usize];
        let mut plaintext = session.decrypt(message, &mut self.randomness).ok()?;
        Some(std::mem::take(&mut *plaintext))
    }
}

struct AsBytes {
    ends: [String; 2],
    randomness: Numbers,
}

impl AsBytes {
    fn new() -> Self {
        let InMemory { ends, randomness } = InMemory::new();
        AsBytes {
            ends: ends.map(|session| saved(&session)),
            randomness,
        }
    }

    fn restored(&self, end: End) -> Session {
        let saved: SavedSession =
            serde_json::from_str(&self.ends[end as usize]).expect("as it was saved");
        saved.try_into().expect("as it was saved")
    }
}

fn saved(session: &Session) -> String {
    serde_json::to_string(&session.save()).expect("it is written")
}

impl Pair for AsBytes {
    fn encrypt(&mut self, from: End, plaintext: &[u8]) -> Vec<u8> {
        let mut session = self.restored(from);
        let message = session
            .encrypt(plaintext, &mut NoRandomness)
            .expect("a message");
        self.ends[from as usize] = saved(&session);
        message.bytes
    }

    fn decrypt(&mut self, at: End, message: &[u8]) -> Option<Vec<u8>> {
        let mut session = self.restored(at);
        let mut plaintext = session.decrypt(message, &mut self.randomness).ok()?;
        self.ends[at as usize] = saved(&session);
        Some(std::mem::take(&mut *plaintext))
    }
}
