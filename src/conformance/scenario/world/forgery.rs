//! What Mallory and a dishonest intermediary make themselves: devices with keys of their own, first messages, other encodings of
//! a first message.

use crate::agreement::{BundleFields, Initiation, PreKeyStore};
use crate::conformance::scenario::step_failure::StepFailure;
use crate::identifier::{Address, TransferId};
use crate::intermediary::{Envelope, EnvelopeId, MessageBytes};
use crate::primitives::{KeyPair, PublicKey, Randomness};
use crate::ratchet::Session;
use crate::sesame::{Device, Limits};
use crate::suite::{Party, Suite, SuiteRef};
use crate::timestamp::Timestamp;
use crate::transfer::payload::{AUTHORIZATION_TOKEN, CAR_KEY};
use crate::transfer::{Content, Payload};
use crate::wire::{Message, MessageKind, PreKeyMessage};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::montgomery::MontgomeryPoint;

/// How long what is forged waits, in seconds.
const LIFETIME: u64 = 30 * 24 * 60 * 60;

/// A device at somebody else's address, with keys that were drawn for it.
pub(crate) fn ghost(
    suite: SuiteRef,
    address: Address,
    now: Timestamp,
    randomness: &mut dyn Randomness,
) -> Result<Device, StepFailure> {
    let keys =
        PreKeyStore::random(&[suite], &address, now, randomness).map_err(StepFailure::script)?;
    Ok(Device::new(suite, address, keys))
}

/// The bundle of a device, as its owner would publish it.
pub(crate) fn bundle(device: &Device) -> Result<BundleFields, StepFailure> {
    let bundle = device.bundle(None);
    bundle
        .map(|bundle| BundleFields::from(&bundle))
        .ok_or_else(|| StepFailure::script("it has no bundle"))
}

/// A first message that says `plaintext`, from a ghost to a device.
pub(crate) fn first_message(
    ghost: &mut Device,
    to: &Device,
    plaintext: &[u8],
    randomness: &mut dyn Randomness,
) -> Result<Message, StepFailure> {
    first_message_by(ghost, (to.address(), &bundle(to)?), plaintext, randomness)
}

/// The same, to the device at that address whose bundle that is.
pub(crate) fn first_message_by(
    ghost: &mut Device,
    (address, bundle): (Address, &BundleFields),
    plaintext: &[u8],
    randomness: &mut dyn Randomness,
) -> Result<Message, StepFailure> {
    ghost
        .process_bundle(bundle, randomness)
        .map_err(StepFailure::script)?;
    ghost
        .encrypt(&address, plaintext, randomness)
        .map_err(StepFailure::script)
}

/// A first message that says `plaintext`, made with the stolen private keys of its receiver: it bears the identity key of
/// `from`, whose private half Mallory does not have.
pub(crate) fn with_stolen_keys(
    suite: SuiteRef,
    stolen: &Device,
    from: Party,
    plaintext: &[u8],
    randomness: &mut dyn Randomness,
) -> Result<Message, StepFailure> {
    let bundle = stolen
        .bundle(None)
        .ok_or_else(|| StepFailure::script("nothing that a message can be made for"))?;
    let registration_id = stolen.keys().registration_id();
    let base = KeyPair::random(randomness).map_err(StepFailure::script)?;
    // What the receiver would compute from such a message, its thief computes as well.
    let mut other = ghost(suite, from.address, stolen.now(), randomness)?;
    let other = first_message(&mut other, stolen, b"", randomness)?;
    let mut shape = PreKeyMessage::decode(suite, &other.bytes).map_err(StepFailure::script)?;
    shape.identity_key = from.identity_key;
    shape.base_key = *base.public();
    let agreed = stolen
        .keys()
        .respond(suite, &Limits::PROFILE.pre_keys, &shape)
        .map_err(StepFailure::script)?;
    let initiation = Initiation {
        secret: agreed.secret,
        base_key: *base.public(),
        kem: None,
    };
    let mut session = Session::initiate(
        suite,
        from,
        registration_id,
        &bundle,
        initiation,
        randomness,
    )
    .map_err(StepFailure::script)?;
    session
        .encrypt(plaintext, randomness)
        .map_err(StepFailure::script)
}

/// The same first message with a point of small order added to its base key: no Diffie-Hellman output is another one.
pub(crate) fn twisted(suite: &dyn Suite, message: &[u8]) -> Result<Vec<u8>, StepFailure> {
    let mut message = PreKeyMessage::decode(suite, message).map_err(StepFailure::script)?;
    let point = MontgomeryPoint(*message.base_key.u())
        .to_edwards(0)
        .ok_or_else(|| StepFailure::script("the base key is on no Edwards curve"))?;
    let other = (point + EIGHT_TORSION[1]).to_montgomery();
    let encoded = [&[5][..], &other.0].concat();
    message.base_key = PublicKey::decode(&encoded).map_err(StepFailure::script)?;
    Ok(message.encode(suite))
}

/// An envelope that the intermediary made itself.
pub(crate) fn envelope(from: Address, to: Address, message: Message, now: Timestamp) -> Envelope {
    Envelope {
        id: EnvelopeId(1 << 40),
        sender: from,
        recipient: to,
        kind: message.kind,
        message: MessageBytes(message.bytes.into()),
        expires: now.after(LIFETIME),
    }
}

/// The same envelope with another first message in it.
pub(crate) fn with_message(envelope: &Envelope, message: Vec<u8>) -> Envelope {
    Envelope {
        kind: MessageKind::PreKey,
        message: MessageBytes(message.into()),
        ..envelope.clone()
    }
}

/// A cancel of a transfer, as its other party would write it.
pub(crate) fn cancel(transfer: TransferId, format: &str) -> Result<Vec<u8>, StepFailure> {
    let format = match format {
        "car key" => CAR_KEY,
        _ => AUTHORIZATION_TOKEN,
    };
    let reason = "user".to_owned();
    let payload = Payload::new(transfer, format, Content::Cancel { reason });
    let plaintext = payload.encode(0).map_err(StepFailure::script)?;
    Ok(plaintext.to_vec())
}
