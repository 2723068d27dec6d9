//! Prekey messages for a device with known keys: bytes, and messages that an initiator with any keys puts together.

use crate::common::Seeded;
use crate::naive::{self, State};
use arbitrary::Arbitrary;
use std::collections::BTreeSet;
use tigress_signal::agreement::{PreKeyStore, Statement, SuiteNames, stated};
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use tigress_signal::primitives::{KeyPair, Secret};
use tigress_signal::sesame::Device;
use tigress_signal::suite::{Keys, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// More messages are cut.
const MESSAGES: usize = 6;

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

/// A message.
#[derive(Arbitrary, Clone, Debug)]
pub enum Message {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A message put together.
    Made(Made),
}

/// Messages, one after the other.
#[derive(Arbitrary, Debug)]
pub struct Messages {
    /// The messages.
    pub messages: Vec<Message>,
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
            device: Device::new(&Tigress1, own, keys),
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
        let ephemeral = naive::key_pair([100 + made.ephemeral % 4; 32]);
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

/// A message opens a session where, and only where, its keys are there, its base key is new and it decrypts; a refusal
/// changes nothing.
pub fn run(messages: Messages) {
    thread_local! {
        static FIXTURE: Fixture = Fixture::new();
    }
    FIXTURE.with(|fixture| {
        let mut device = fixture.device.clone();
        let mut randomness = Seeded(5);
        let mut left: BTreeSet<u8> = [1, 2].into();
        let mut opened: BTreeSet<(u8, bool)> = BTreeSet::new();
        for message in messages.messages.into_iter().take(MESSAGES) {
            let bytes = match &message {
                Message::Bytes(bytes) => Some(bytes.clone()),
                Message::Made(made) => fixture.make(*made),
            };
            let Some(bytes) = bytes else { continue };
            let before = device.save();
            let result = device.decrypt(
                &fixture.sender,
                MessageKind::PreKey,
                &bytes,
                &mut randomness,
            );
            let accepted = result.is_ok();
            if !accepted {
                assert!(
                    device.save() == before,
                    "a refused message changes the state"
                );
            }
            let Message::Made(made) = message else {
                assert!(!accepted, "bytes are accepted: {bytes:02x?}");
                continue;
            };
            let keys_are_there =
                made.signed == 1 && made.one_time.is_none_or(|id| left.contains(&id));
            let damaged = made.damage.is_some_and(|(_, bits)| bits != 0);
            let known_id = (1..=16380).contains(&made.registration_id);
            // The same keys belong to the session that is there, and the message was read in it (X3DH-13, DR-14).
            let again = opened.contains(&(made.ephemeral % 4, made.identity));
            let fits = keys_are_there && !damaged && known_id && !again;
            assert_eq!(
                accepted,
                fits,
                "{made:?}: {:?}",
                result.err().map(|e| e.to_string())
            );
            if accepted {
                opened.insert((made.ephemeral % 4, made.identity));
                if let Some(id) = made.one_time {
                    left.remove(&id);
                }
                let held: Vec<u32> = device
                    .keys()
                    .one_time_pre_key_ids()
                    .map(u32::from)
                    .collect();
                assert!(
                    held.iter().copied().eq(left.iter().copied().map(u32::from)),
                    "{held:?}"
                );
            }
        }
    });
}
