//! Two ends of a session, of the engine and of each peer.

use tigress_signal::agreement::{Limits, PreKeyStore};
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, UserId};
use tigress_signal::primitives::{NoRandomness, Randomness, RandomnessError};
use tigress_signal::ratchet::Session;
use tigress_signal::sesame::{Device, accept};
use tigress_signal::suite::{SuiteRef, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::{Message, PreKeyMessage};
use vodozemac::olm::{Account, OlmMessage, SessionConfig};

pub(crate) const SUITE: SuiteRef = &Tigress1;

/// Other bytes at each draw, at next to no cost: what the engine does is measured, not the system's generator.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new() -> Self {
        Numbers(0)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out).expect("it never ends");
        out
    }
}

impl Randomness for Numbers {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&(self.0 ^ self.0 >> 29).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Two devices that do not know each other: A, and B with a one-time prekey.
pub(crate) struct Strangers {
    pub(crate) a: Device,
    pub(crate) b: Device,
    pub(crate) one_time_pre_key: PreKeyId,
}

impl Strangers {
    pub(crate) fn new(randomness: &mut Numbers) -> Self {
        Strangers::of(SUITE, randomness)
    }

    /// Of that suite.
    pub(crate) fn of(suite: SuiteRef, randomness: &mut Numbers) -> Self {
        let mut device = || {
            let address = Address {
                user_id: UserId::random(randomness).expect("an id"),
                device_id: DeviceId::try_from(1).expect("in range"),
            };
            let keys = PreKeyStore::random(&[suite], &address, Timestamp::default(), randomness);
            let keys = keys.expect("keys");
            Device::new(suite, address, keys)
        };
        let (a, mut b) = (device(), device());
        let added = b.add_one_time_pre_keys(1, randomness).expect("a prekey");
        Strangers {
            a,
            b,
            one_time_pre_key: added[0].id,
        }
    }
}

/// A session that has been answered: both ends send ratchet messages.
pub(crate) struct Pair {
    pub(crate) a: Session,
    pub(crate) b: Session,
    pub(crate) randomness: Numbers,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Pair::of(SUITE)
    }

    /// Of that suite.
    pub(crate) fn of(suite: SuiteRef) -> Self {
        let mut randomness = Numbers::new();
        let Strangers {
            mut a,
            b,
            one_time_pre_key,
        } = Strangers::of(suite, &mut randomness);
        let bundle = b.bundle(Some(one_time_pre_key)).expect("it has keys");
        a.process_bundle(&(&bundle).into(), &mut randomness)
            .expect("a good bundle");
        let mut session = a.session(&b.address()).expect("it is open").clone();
        let first = session
            .encrypt(b"", &mut NoRandomness)
            .expect("a message")
            .bytes;
        let message = PreKeyMessage::decode(suite, &first).expect("a prekey message");
        let mut keys = b.keys().clone();
        let (theirs, _) = accept(
            suite,
            (&Limits::PROFILE, suite.limits()),
            &mut keys,
            b.address(),
            a.address(),
            &message,
            &mut randomness,
        )
        .expect("it opens");
        let mut pair = Pair {
            a: session,
            b: theirs,
            randomness,
        };
        pair.answer();
        pair.turn();
        // B's own public key is computed where it is first asked for: once a step, and not in what is measured of each copy.
        pair.b.encrypt(b"", &mut NoRandomness).expect("a message");
        pair
    }

    /// A message from B to A: A makes a DH ratchet step.
    pub(crate) fn answer(&mut self) {
        let message = self
            .b
            .encrypt(b"", &mut NoRandomness)
            .expect("a message")
            .bytes;
        self.a
            .decrypt(&message, &mut self.randomness)
            .expect("in order");
    }

    /// A message from A to B: B makes a DH ratchet step, where A made one before.
    pub(crate) fn turn(&mut self) {
        let message = self
            .a
            .encrypt(b"", &mut NoRandomness)
            .expect("a message")
            .bytes;
        self.read(&message);
    }

    /// B reads a message.
    pub(crate) fn read(&mut self, message: &[u8]) {
        self.b
            .decrypt(message, &mut self.randomness)
            .expect("authentic");
    }

    /// `count` further messages from A to B.
    pub(crate) fn messages(&mut self, count: usize, plaintext: &[u8]) -> Vec<Vec<u8>> {
        let message = |_| {
            self.a
                .encrypt(plaintext, &mut NoRandomness)
                .expect("a message")
                .bytes
        };
        (0..count).map(message).collect()
    }

    /// B, with `count` skipped keys stored, and those keys' messages.
    pub(crate) fn with_stored(&mut self, count: usize) -> Vec<Vec<u8>> {
        let mut late = Vec::new();
        while late.len() < count {
            // One message skips a thousand keys at most (DR-11).
            late.extend(self.messages((count - late.len()).min(1000), b""));
            self.turn();
        }
        late
    }
}

/// Decrypts all of `messages`, in this order.
pub(crate) fn decrypt_all(
    session: &mut Session,
    randomness: &mut Numbers,
    messages: &[Vec<u8>],
) -> Vec<impl Drop + use<>> {
    let mut plaintexts = Vec::with_capacity(messages.len());
    for message in messages {
        plaintexts.push(session.decrypt(message, randomness).expect("authentic"));
    }
    plaintexts
}

/// The first message of A to B, and both devices before it was sent.
pub(crate) fn first_message(randomness: &mut Numbers) -> (Strangers, Message) {
    let strangers = Strangers::new(randomness);
    let bundle = strangers
        .b
        .bundle(Some(strangers.one_time_pre_key))
        .expect("it has keys");
    let mut a = strangers.a.clone();
    a.process_bundle(&(&bundle).into(), randomness)
        .expect("a good bundle");
    let message = a
        .encrypt(&strangers.b.address(), b"", &mut NoRandomness)
        .expect("a message");
    (strangers, message)
}

/// An Olm session that has been answered.
pub(crate) struct Olm {
    pub(crate) a: vodozemac::olm::Session,
    pub(crate) b: vodozemac::olm::Session,
}

/// Two Olm accounts, the second with a one-time key.
pub(crate) fn olm_accounts() -> (Account, Account) {
    let mut b = Account::new();
    b.generate_one_time_keys(1);
    (Account::new(), b)
}

/// An Olm session that A opens with B's one-time key.
pub(crate) fn olm_open(a: &Account, b: &Account) -> vodozemac::olm::Session {
    let one_time_key = *b.one_time_keys().values().next().expect("one was made");
    a.create_outbound_session(SessionConfig::version_1(), b.curve25519_key(), one_time_key)
        .expect("good keys")
}

/// A message as it travels.
pub(crate) fn olm_bytes(message: &OlmMessage) -> (usize, Vec<u8>) {
    message.to_parts()
}

impl Olm {
    pub(crate) fn new() -> Self {
        let (account, mut other) = olm_accounts();
        let mut a = olm_open(&account, &other);
        let OlmMessage::PreKey(first) = a.encrypt(b"").expect("a message") else {
            unreachable!("a session begins with a prekey message")
        };
        let b = other
            .create_inbound_session(SessionConfig::version_1(), account.curve25519_key(), &first)
            .expect("it opens")
            .session;
        let mut olm = Olm { a, b };
        let answer = olm.b.encrypt(b"").expect("a message");
        olm.a.decrypt(&answer).expect("in order");
        let turn = olm.a.encrypt(b"").expect("a message");
        olm.b.decrypt(&turn).expect("in order");
        olm
    }

    /// `count` further messages from A to B.
    pub(crate) fn messages(&mut self, count: usize, plaintext: &[u8]) -> Vec<(usize, Vec<u8>)> {
        let message = |_| olm_bytes(&self.a.encrypt(plaintext).expect("a message"));
        (0..count).map(message).collect()
    }
}

/// Reads and decrypts.
pub(crate) fn olm_decrypt(
    session: &mut vodozemac::olm::Session,
    (kind, bytes): &(usize, Vec<u8>),
) -> Vec<u8> {
    let message = OlmMessage::from_parts(*kind, bytes).expect("a message");
    session.decrypt(&message).expect("authentic")
}

/// A copy of a session, which has no `Clone`.
pub(crate) fn olm_copy(session: &vodozemac::olm::Session) -> vodozemac::olm::Session {
    vodozemac::olm::Session::from_pickle(session.pickle())
}
