//! Messages damaged on their way to a session that is under way.

use crate::common::{self, Seeded};
use crate::prepared;
use arbitrary::Arbitrary;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::Address;
use tigress_signal::primitives::{KeyPair, NoRandomness, PublicKey};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::wire::{MessageKind, RatchetMessage};

/// A change of a message's bytes, or of a field that is then encoded anew.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Edit {
    /// Bits of a byte are turned.
    Turn(u16, u8),
    /// A byte comes in.
    Insert(u16, u8),
    /// A byte goes.
    Remove(u16),
    /// The rest goes.
    Cut(u16),
    /// The counter.
    Counter(u32),
    /// The previous counter.
    Previous(u32),
    /// The ratchet key: one that the session has to do with.
    Key(u8),
    /// A byte of the ciphertext or tag.
    Ciphertext(u16, u8),
}

/// Damage to one message.
#[derive(Arbitrary, Clone, Debug)]
pub struct Damage {
    /// Which message.
    pub message: u8,
    /// Whether the envelope calls it the other kind.
    pub other_kind: bool,
    /// What is done to it.
    pub edits: Vec<Edit>,
}

/// A device, and messages that its peer sent it.
struct Fixture {
    device: Device,
    peer: Address,
    /// With what they say; none where it was read already.
    messages: Vec<(MessageKind, Vec<u8>, Option<Vec<u8>>)>,
    keys: Vec<PublicKey>,
}

impl Fixture {
    fn new() -> Self {
        let mut randomness = Seeded(9);
        let ((a, mut alice), (b, mut bob)) = (common::device(1), common::device(2));
        alice
            .process_bundle(&common::bundle(&bob), &mut randomness)
            .expect("a good bundle");
        let mut messages = Vec::new();
        let mut keys = Vec::new();
        // What stays unread of each chain: its first, third and last message.
        for round in 0..3_u8 {
            for number in 0..5_u8 {
                let plaintext = vec![round, number];
                let sent = alice
                    .encrypt(&b, &plaintext, &mut NoRandomness)
                    .expect("a session");
                let read = round < 2 && number % 2 == 1;
                if read {
                    bob.decrypt(&a, sent.kind, &sent.bytes, &mut randomness)
                        .expect("in order");
                }
                messages.push((sent.kind, sent.bytes, (!read).then_some(plaintext)));
            }
            let answer = bob
                .encrypt(&a, b"answer", &mut NoRandomness)
                .expect("a session");
            if let Ok(message) = RatchetMessage::decode(&Tigress1, &answer.bytes) {
                keys.push(message.header.ratchet_key);
            }
            alice
                .decrypt(&b, answer.kind, &answer.bytes, &mut randomness)
                .expect("an answer");
        }
        for (kind, bytes, _) in &messages {
            if *kind == MessageKind::Ratchet
                && let Ok(message) = RatchetMessage::decode(&Tigress1, bytes)
            {
                keys.push(message.header.ratchet_key);
            }
        }
        keys.push(*bob.keys().identity().public());
        keys.push(bob.bundle(None).expect("keys").signed_pre_key.key);
        keys.push(
            *KeyPair::random(&mut randomness)
                .expect("never ends")
                .public(),
        );
        Fixture {
            device: bob,
            peer: a,
            messages,
            keys,
        }
    }
}

/// Only what was sent and not yet read is accepted; whatever is refused changes nothing.
#[allow(clippy::needless_pass_by_value, reason = "what libFuzzer hands over")]
pub fn run(damage: Damage) {
    let _ = play(&damage);
}

/// As [`run`].
///
/// # Errors
/// What the message is refused with.
pub fn play(damage: &Damage) -> Result<(), Option<ErrorCode>> {
    prepared!(Fixture, Fixture::new()).with(|fixture| {
        let which = usize::from(damage.message) % fixture.messages.len();
        let (kind, original, plaintext) = &fixture.messages[which];
        let mut bytes = original.clone();
        for edit in damage.edits.iter().take(8) {
            apply(*edit, &mut bytes, &fixture.keys);
        }
        let kind = match (kind, damage.other_kind) {
            (MessageKind::PreKey, false) | (MessageKind::Ratchet, true) => MessageKind::PreKey,
            _ => MessageKind::Ratchet,
        };
        let mut device = fixture.device.clone();
        match device.decrypt(&fixture.peer, kind, &bytes, &mut Seeded(3)) {
            Ok(decrypted) => {
                let inner = ratchet_message(&bytes);
                let same = fixture.messages.iter().any(|(_, sent, said)| {
                    said.as_deref() == Some(&**decrypted.plaintext)
                        && ratchet_message(sent) == inner
                });
                assert!(same, "{bytes:02x?} is accepted, which nobody sent");
                assert!(plaintext.is_some() || bytes != *original, "read twice");
                Ok(())
            }
            Err(error) => {
                assert!(
                    device == fixture.device,
                    "a refused message changes the state"
                );
                Err(error.code())
            }
        }
    })
}

/// The ratchet message of a message: what is authentic. Ids in the prekey message around it are not, once the session
/// is there.
pub(crate) fn ratchet_message(bytes: &[u8]) -> &[u8] {
    use tigress_signal::wire::PreKeyMessage;
    match PreKeyMessage::decode(&Tigress1, bytes) {
        Ok(message) => message.message.bytes,
        Err(_) => bytes,
    }
}

fn apply(edit: Edit, bytes: &mut Vec<u8>, keys: &[PublicKey]) {
    let at = |at: u16| usize::from(at) % bytes.len().max(1);
    match edit {
        Edit::Turn(place, bits) => {
            let place = at(place);
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= bits;
            }
        }
        Edit::Insert(place, byte) => {
            let place = at(place);
            bytes.insert(place, byte);
        }
        Edit::Remove(place) => {
            let place = at(place);
            if place < bytes.len() {
                bytes.remove(place);
            }
        }
        Edit::Cut(place) => bytes.truncate(at(place)),
        Edit::Counter(_) | Edit::Previous(_) | Edit::Key(_) | Edit::Ciphertext(..) => {
            let Ok(message) = RatchetMessage::decode(&Tigress1, bytes) else {
                return;
            };
            let mut header = message.header;
            let mut ciphertext = message.ciphertext.to_vec();
            match edit {
                Edit::Counter(counter) => header.counter = counter,
                Edit::Previous(counter) => header.previous_counter = counter,
                Edit::Key(key) => header.ratchet_key = keys[usize::from(key) % keys.len()],
                Edit::Ciphertext(place, bits) => {
                    let place = usize::from(place) % ciphertext.len();
                    ciphertext[place] ^= bits;
                }
                _ => {}
            }
            *bytes = RatchetMessage::encode(&Tigress1, &header, &ciphertext);
        }
    }
}
