//! Prekey messages for a device with known keys: bytes, and messages that an initiator with any keys puts together.

use crate::common::Seeded;
use crate::naive::{self, Code, State};
use crate::prepared;
use arbitrary::Arbitrary;
use std::collections::{BTreeSet, VecDeque};
use tigress_signal::agreement::{PreKeyStore, Statement, SuiteNames, stated};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use tigress_signal::primitives::{KeyPair, Secret};
use tigress_signal::sesame::{Device, Limits};
use tigress_signal::suite::{Keys, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// More messages are cut.
const MESSAGES: usize = 10;
/// So many inactive sessions are kept with one device: few, so that sessions go while their messages are still about.
const INACTIVE: usize = 1;

/// A message that is put together.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Made {
    /// Which one-time prekey it says it used: 1 and 2 are there.
    pub one_time: Option<u8>,
    /// Which signed prekey: 1 is there.
    pub signed: u8,
    /// The ephemeral key, one of a few, so that some are used again.
    pub ephemeral: u8,
    /// The identity key, one of two.
    pub identity: bool,
    /// The registration id.
    pub registration_id: u16,
    /// A byte of the ratchet message that is changed, and how.
    pub damage: Option<(u16, u8)>,
}

impl Made {
    /// Which of the ephemeral keys it is.
    fn base_key(&self) -> u8 {
        self.ephemeral % 4
    }
}

/// A message.
#[derive(Arbitrary, Clone, Debug)]
pub enum Message {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A message put together.
    Made(Made),
    /// One that came before.
    Again(u8),
    /// The device is stopped and started again.
    Restart,
}

/// Messages, one after the other.
#[derive(Arbitrary, Debug)]
pub struct Messages {
    /// The messages.
    pub messages: Vec<Message>,
}

/// With few sessions. The bound is not saved.
fn limited(device: Device) -> Device {
    device.with_limits(Limits {
        max_inactive_sessions: INACTIVE,
        ..Limits::PROFILE
    })
}

#[derive(Clone)]
struct Fixture {
    device: Device,
    identity: KeyPair,
    signed: KeyPair,
    one_time: [KeyPair; 2],
    own: Address,
    sender: Address,
}

impl Fixture {
    fn new() -> Self {
        let mut randomness = Seeded(1);
        let mut address = || Address {
            user_id: UserId::random(&mut randomness).expect("never ends"),
            device_id: DeviceId::try_from(1).expect("from 1 to 127"),
        };
        let (own, sender) = (address(), address());
        let [identity, signed, first, second] =
            [1, 2, 3, 4].map(|byte: u8| naive::key_pair([byte; 32]));
        let registration_id = RegistrationId::try_from(1).expect("in range");
        let mut keys = PreKeyStore::new(identity.clone(), registration_id);
        let signature = Tigress1.sign(&identity, &signed.public().encode(), &Secret::new([0; 64]));
        let suites = SuiteNames::of(&[&Tigress1]);
        let spk = (PreKeyId::FIRST, signed.public());
        let said = stated(&own, registration_id, spk, Timestamp(0), &suites);
        let statement = Statement {
            created: Timestamp(0),
            suites,
            signature: Tigress1.sign(&identity, &said, &Secret::new([2; 64])),
        };
        keys.insert_signed_pre_key(PreKeyId::FIRST, signed.clone(), signature, statement);
        for (id, key) in (1..).zip([&first, &second]) {
            keys.insert_one_time_pre_key(
                PreKeyId::try_from(id).expect("small"),
                key.clone(),
                Timestamp(0),
            );
        }
        Fixture {
            device: limited(Device::new(&Tigress1, own, keys)),
            identity,
            signed,
            one_time: [first, second],
            own,
            sender,
        }
    }

    /// The message with a ratchet message inside that the claimed keys would make.
    fn make(&self, made: Made) -> Option<Vec<u8>> {
        let identity = naive::key_pair([if made.identity { 50 } else { 51 }; 32]);
        let ephemeral = naive::key_pair([100 + made.base_key(); 32]);
        let one_time = made
            .one_time
            .and_then(|id| self.one_time.get(usize::from(id).checked_sub(1)?));
        let sk = naive::sk_of_initiator(
            &identity,
            &ephemeral,
            self.identity.public(),
            self.signed.public(),
            one_time.map(KeyPair::public),
        )?;
        let mut ad = Vec::new();
        ad.extend(identity.public().encode());
        ad.extend(self.identity.public().encode());
        ad.extend(Tigress1.encode_address(&self.sender).as_bytes());
        ad.extend(Tigress1.encode_address(&self.own).as_bytes());
        let mut state = State::alice(sk, *self.signed.public(), [77; 32], ad)?;
        let mut inner = state.encrypt(b"hello")?.write();
        if let Some((at, bits)) = made.damage {
            let at = usize::from(at) % inner.len();
            inner[at] ^= bits;
        }
        Some(naive::write_pre_key_message(
            made.one_time.map(u32::from),
            ephemeral.public(),
            identity.public(),
            &inner,
            made.registration_id.into(),
            made.signed.into(),
        ))
    }
}

/// What the device knows, as far as it decides which messages open a session.
struct Model {
    /// The one-time prekeys that are left.
    one_time: BTreeSet<u8>,
    /// The identity key of the sessions, and their base keys, the newest first.
    identity: bool,
    sessions: VecDeque<u8>,
    /// What was opened without one-time prekey (X3DH-14).
    remembered: BTreeSet<(bool, u8)>,
}

impl Model {
    /// Whether the message opens a session, by the order of section 3.
    ///
    /// # Errors
    /// The code that it is refused with.
    fn may_open(&self, made: &Made) -> Result<(), Code> {
        let is_id = |id: u8| id > 0;
        let are_ids = is_id(made.signed) && made.one_time.is_none_or(is_id);
        if !are_ids || !(1..=16380).contains(&made.registration_id) {
            return Err("malformed");
        }
        let base_key = made.base_key();
        if made.identity == self.identity && self.sessions.contains(&base_key) {
            // Its first message was read. With another one-time prekey it is of no session at all.
            return Err("duplicate-message");
        }
        if made.signed != 1 {
            return Err("unknown-signed-prekey");
        }
        if let Some(id) = made.one_time
            && !self.one_time.contains(&id)
        {
            return Err("unknown-one-time-prekey");
        }
        if made.one_time.is_none() && self.remembered.contains(&(made.identity, base_key)) {
            return Err("duplicate-message");
        }
        Ok(())
    }

    fn opened(&mut self, made: &Made) {
        match made.one_time {
            Some(id) => {
                self.one_time.remove(&id);
            }
            None => {
                self.remembered.insert((made.identity, made.base_key()));
            }
        }
        // Another identity key takes the place of the record (SES-12); the oldest session goes (SES-04).
        if made.identity != self.identity {
            self.sessions.clear();
        }
        self.identity = made.identity;
        self.sessions.push_front(made.base_key());
        self.sessions.truncate(1 + INACTIVE);
    }
}

/// A message opens a session where, and only where, its keys are there, it opened none before and it decrypts; a refusal
/// has the code that the profile says, and changes nothing.
pub fn run(messages: Messages) {
    prepared!(Fixture, Fixture::new()).with(|fixture| {
        let mut device = fixture.device.clone();
        let mut randomness = Seeded(5);
        let mut model = Model {
            one_time: [1, 2].into(),
            identity: false,
            sessions: VecDeque::new(),
            remembered: BTreeSet::new(),
        };
        let mut came: Vec<Message> = Vec::new();
        for message in messages.messages.into_iter().take(MESSAGES) {
            let message = match message {
                Message::Again(which) if !came.is_empty() => {
                    came[usize::from(which) % came.len()].clone()
                }
                Message::Again(_) => continue,
                Message::Restart => {
                    device = limited(Device::try_from(device.save()).expect("as it was saved"));
                    continue;
                }
                message => message,
            };
            let bytes = match &message {
                Message::Bytes(bytes) => Some(bytes.clone()),
                Message::Made(made) => fixture.make(*made),
                Message::Again(_) | Message::Restart => None,
            };
            let Some(bytes) = bytes else { continue };
            came.push(message.clone());
            let before = device.clone();
            let result = device.decrypt(
                &fixture.sender,
                MessageKind::PreKey,
                &bytes,
                &mut randomness,
            );
            let code = match &result {
                Ok(_) => Ok(()),
                Err(error) => Err(error.code().map_or("none", ErrorCode::as_str)),
            };
            if code.is_err() {
                assert!(device == before, "a refused message changes the state");
            }
            let Message::Made(made) = message else {
                assert!(code.is_err(), "bytes are accepted: {bytes:02x?}");
                continue;
            };
            if made.damage.is_some_and(|(_, bits)| bits != 0) {
                assert!(code.is_err(), "{made:?} is accepted");
                continue;
            }
            let expected = model.may_open(&made);
            if expected == Err("duplicate-message") && code == Err("decrypt-failed") {
                // A base key of a session that was made with another one-time prekey.
                assert!(
                    made.identity == model.identity && model.sessions.contains(&made.base_key())
                );
                continue;
            }
            assert_eq!(code, expected, "{made:?}");
            if code.is_ok() {
                model.opened(&made);
                let held = device.keys().one_time_pre_key_ids().map(u32::from);
                let left = model.one_time.iter().copied().map(u32::from);
                assert!(
                    held.eq(left),
                    "one-time prekeys: {:?} are left",
                    model.one_time
                );
            }
        }
    });
}
