//! A device, by handle: its prekeys, its sessions, its state at rest (profile sections 2 to 6).

use super::x3dh::key_pair;
use super::{
    AddressFields, AtRest, Done, On, Operation, Reference, broken, device_step, handed_out,
    is_false, with_randomness,
};
use crate::agreement::{
    AgreementError, BundleFields, Dated, Fingerprint, PreKeyStore, Statement, SuiteNames,
};
use crate::conformance::subject::Failure;
use crate::hex::Hex;
use crate::identifier::{PreKeyId, RegistrationId};
use crate::primitives::{NoRandomness, Signature};
use crate::saved;
use crate::sesame::{self, SavedDevice, SavedSend, SesameError};
use crate::suite::{self, SuiteRef};
use crate::timestamp::Timestamp;
use crate::wire::MessageKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) fn held<'a>(
    reference: &'a mut Reference,
    handle: &str,
) -> Result<&'a mut sesame::Device, Failure> {
    reference
        .devices
        .get_mut(handle)
        .ok_or_else(|| Failure::Broken(format!("no device has the handle `{handle}`")))
}

/// Makes a device that draws its own keys (KEY-05 to KEY-07, ID-04, RND-01).
#[derive(Debug, JsonSchema)]
pub struct Create;

/// Parameters of [`Create`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateInput {
    /// The device's address.
    pub address: AddressFields,
    /// How many one-time prekeys to draw.
    pub one_time_pre_keys: u8,
    /// The time, in seconds since 1970.
    pub now: Timestamp,
    /// Identity key 32 bytes, registration id 2 (again while out of range), signed prekey 32, its
    /// signature 64, in suites with statements the statement's 64, one-time prekeys 32 each.
    pub randomness: Hex,
}

/// Result of [`Create`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateOutput {
    /// The device's bundle, with its first one-time prekey if it has any.
    pub bundle: BundleFields,
}

impl Operation for Create {
    const METHOD: &'static str = "device.create";
    type Input = On<CreateInput>;
    type Output = CreateOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<CreateOutput, Failure> {
        let address = reference.address(&input.address)?;
        let suite = reference.suite;
        let keys = with_randomness(&input.randomness, |randomness| {
            let mut keys = PreKeyStore::random(&[suite], &address, input.now, randomness)?;
            keys.add_one_time_pre_keys(input.one_time_pre_keys.into(), input.now, randomness)?;
            Ok::<_, SesameError>(keys)
        })?;
        let first = keys.one_time_pre_key_ids().next();
        let made = reference.device(&handle, address, keys);
        let bundle = made
            .bundle(first)
            .ok_or_else(|| Failure::Broken("a new device has a signed prekey".to_owned()))?;
        reference.devices.insert(handle, made);
        Ok(CreateOutput {
            bundle: BundleFields::from(&bundle),
        })
    }
}

/// A signed prekey with its private key.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedPreKeyFields {
    /// Its id.
    pub id: u32,
    /// 32 bytes.
    pub private_key: Hex,
    /// The identity key's signature over the encoded public key: 64 bytes.
    pub signature: Hex,
    /// When it was made, in seconds since 1970.
    pub created: Timestamp,
    /// The identity key's signature over the statement that names the suite under test alone: 64 bytes (KEY-09). Absent in
    /// suites without statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_signature: Option<Hex>,
}

/// A one-time prekey with its private key.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneTimePreKeyFields {
    /// Its id.
    pub id: u32,
    /// 32 bytes.
    pub private_key: Hex,
    /// When it was drawn, in seconds since 1970.
    pub drawn: Timestamp,
}

/// Makes a device whose keys are given.
#[derive(Debug, JsonSchema)]
pub struct Load;

/// Parameters of [`Load`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadInput {
    /// The device's address.
    pub address: AddressFields,
    /// Its registration id.
    pub registration_id: u32,
    /// Its identity private key: 32 bytes.
    pub identity_private_key: Hex,
    /// Its signed prekeys, oldest first; the last is the current one.
    pub signed_pre_keys: Vec<SignedPreKeyFields>,
    /// Its one-time prekeys.
    pub one_time_pre_keys: Vec<OneTimePreKeyFields>,
}

impl Operation for Load {
    const METHOD: &'static str = "device.load";
    type Input = On<LoadInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let suite = reference.suite;
        let identifiers = suite.identifiers();
        let pre_key_id = |id| PreKeyId::within(id, &identifiers.pre_key_id);
        let mut keys = PreKeyStore::new(
            key_pair("identityPrivateKey", &input.identity_private_key)?,
            RegistrationId::within(input.registration_id, &identifiers.registration_id)?,
        );
        for signed in &input.signed_pre_keys {
            keys.insert_signed_pre_key(
                pre_key_id(signed.id)?,
                key_pair("privateKey", &signed.private_key)?,
                Signature::decode(&signed.signature)?,
                dated(suite, signed)?,
            );
        }
        for one_time in &input.one_time_pre_keys {
            keys.insert_one_time_pre_key(
                pre_key_id(one_time.id)?,
                key_pair("privateKey", &one_time.private_key)?,
                one_time.drawn,
            );
        }
        let address = reference.address(&input.address)?;
        let made = reference.device(&handle, address, keys);
        reference.devices.insert(handle, made);
        Ok(Done {})
    }
}

/// When a signed prekey was made, with its statement in suites that have them.
fn dated(suite: SuiteRef, signed: &SignedPreKeyFields) -> Result<Dated, Failure> {
    let created = signed.created;
    if !suite.has_statements() {
        return Ok(Dated::Unstated { created });
    }
    let signature = signed.statement_signature.as_ref();
    let signature = signature.ok_or(AgreementError::NoStatement)?;
    Ok(Dated::Stated(Statement {
        created,
        suites: SuiteNames::of(&[suite]),
        signature: Signature::decode(signature)?,
    }))
}

/// Asks for the bundle that a device publishes (X3DH-01).
#[derive(Debug, JsonSchema)]
pub struct Bundle;

/// Parameters of [`Bundle`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BundleInput {
    /// The one-time prekey to put in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_pre_key_id: Option<u32>,
}

/// Result of [`Bundle`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BundleOutput {
    /// The bundle.
    pub bundle: BundleFields,
}

impl Operation for Bundle {
    const METHOD: &'static str = "device.bundle";
    type Input = On<BundleInput>;
    type Output = BundleOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<BundleOutput, Failure> {
        let id = input
            .one_time_pre_key_id
            .map(|id| PreKeyId::within(id, &reference.suite.identifiers().pre_key_id))
            .transpose()?;
        let bundle = held(reference, &handle)?
            .bundle(id)
            .ok_or_else(|| Failure::Broken("the device has no signed prekey".to_owned()))?;
        Ok(BundleOutput {
            bundle: BundleFields::from(&bundle),
        })
    }
}

/// Asks which prekeys a device holds the private keys of (KEY-08, X3DH-10).
#[derive(Debug, JsonSchema)]
pub struct Keys;

/// Result of [`Keys`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeysOutput {
    /// Ids of the signed prekeys, rising (KEY-08, ID-06).
    pub signed_pre_key_ids: Vec<u32>,
    /// Ids of the one-time prekeys, rising (KEY-12, X3DH-10).
    pub one_time_pre_key_ids: Vec<u32>,
}

impl Operation for Keys {
    const METHOD: &'static str = "device.keys";
    type Input = On<Done>;
    type Output = KeysOutput;

    fn run(
        reference: &mut Reference,
        On { handle, .. }: Self::Input,
    ) -> Result<KeysOutput, Failure> {
        let keys = held(reference, &handle)?.keys();
        Ok(KeysOutput {
            signed_pre_key_ids: keys.signed_pre_key_ids().map(u32::from).collect(),
            one_time_pre_key_ids: keys.one_time_pre_key_ids().map(u32::from).collect(),
        })
    }
}

/// Pins an identity key to an address (X3DH-15).
#[derive(Debug, JsonSchema)]
pub struct Pin;

/// Parameters of [`Pin`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinInput {
    /// The peer.
    pub peer: AddressFields,
    /// Its identity key, encoded.
    pub identity_key: Hex,
    /// Whether the user named the key, by an invitation or by comparing fingerprints; else an offer's MAC vouches for
    /// it.
    pub named: bool,
}

impl Operation for Pin {
    const METHOD: &'static str = "device.pin";
    type Input = On<PinInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let peer = reference.address(&input.peer)?;
        let key = reference.suite.read_public_key(&input.identity_key)?;
        held(reference, &handle)?
            .pin(peer, Fingerprint::of(&key), input.named)
            .map_err(SesameError::from)?;
        Ok(Done {})
    }
}

/// Lets the next provisioning information for a peer open a new session (SES-19).
#[derive(Debug, JsonSchema)]
pub struct OpenAnew;

/// Parameters of [`OpenAnew`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenAnewInput {
    /// The peer.
    pub peer: AddressFields,
}

impl Operation for OpenAnew {
    const METHOD: &'static str = "device.open_anew";
    type Input = On<OpenAnewInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let peer = reference.address(&input.peer)?;
        held(reference, &handle)?.open_anew(&peer);
        Ok(Done {})
    }
}

/// Forgets what is pinned to an address, with its record and sessions (X3DH-15).
#[derive(Debug, JsonSchema)]
pub struct Unpin;

/// Parameters of [`Unpin`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnpinInput {
    /// The peer.
    pub peer: AddressFields,
}

impl Operation for Unpin {
    const METHOD: &'static str = "device.unpin";
    type Input = On<UnpinInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let peer = reference.address(&input.peer)?;
        held(reference, &handle)?.unpin(&peer);
        Ok(Done {})
    }
}

/// Opens a session with a bundle (X3DH-01 to X3DH-05, X3DH-15, KEY-09 to KEY-11, DR-01).
#[derive(Debug, JsonSchema)]
pub struct ProcessBundle;

/// Parameters of [`ProcessBundle`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProcessBundleInput {
    /// The peer's bundle.
    pub bundle: BundleFields,
    /// The ephemeral key's 32 bytes, then the ratchet key's 32.
    pub randomness: Hex,
}

/// Result of [`ProcessBundle`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProcessBundleOutput {
    /// Whether the peer came with another identity key than it was known by (SES-12).
    #[serde(default, skip_serializing_if = "is_false")]
    pub identity_changed: bool,
}

impl Operation for ProcessBundle {
    const METHOD: &'static str = "device.process_bundle";
    type Input = On<ProcessBundleInput>;
    type Output = ProcessBundleOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<ProcessBundleOutput, Failure> {
        let device = held(reference, &handle)?;
        let changed = device_step(device, &input.randomness, |device, randomness| {
            device.process_bundle(&input.bundle, randomness)
        })?;
        Ok(ProcessBundleOutput {
            identity_changed: changed,
        })
    }
}

/// Encrypts to a peer (DR-04 to DR-08, DR-18, DR-22, X3DH-07).
#[derive(Debug, JsonSchema)]
pub struct Encrypt;

/// Parameters of [`Encrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EncryptInput {
    /// The peer.
    pub peer: AddressFields,
    /// The plaintext.
    pub plaintext: Hex,
}

/// Result of [`Encrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EncryptOutput {
    /// What the envelope calls the message (X3DH-07).
    pub kind: MessageKind,
    /// The message.
    pub message: Hex,
}

impl Operation for Encrypt {
    const METHOD: &'static str = "device.encrypt";
    type Input = On<EncryptInput>;
    type Output = EncryptOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<EncryptOutput, Failure> {
        let peer = reference.address(&input.peer)?;
        let message =
            held(reference, &handle)?.encrypt(&peer, &input.plaintext, &mut NoRandomness)?;
        Ok(EncryptOutput {
            kind: message.kind,
            message: Hex(message.bytes),
        })
    }
}

/// Decrypts a message of a peer (DR-09 to DR-17, DR-21, X3DH-08 to X3DH-15).
#[derive(Debug, JsonSchema)]
pub struct Decrypt;

/// Parameters of [`Decrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecryptInput {
    /// The sender's address.
    pub peer: AddressFields,
    /// What the envelope calls the message.
    pub kind: MessageKind,
    /// The message.
    pub message: Hex,
    /// 32 bytes for the ratchet key where the message makes a DH ratchet step; else nothing.
    pub randomness: Hex,
}

/// Result of [`Decrypt`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecryptOutput {
    /// What the message says.
    pub plaintext: Hex,
    /// Whether the sender came with another identity key than it was known by (SES-12).
    #[serde(default, skip_serializing_if = "is_false")]
    pub identity_changed: bool,
    /// Whether the message opened a session beside the one that provisioning information goes into (SES-19).
    #[serde(default, skip_serializing_if = "is_false")]
    pub beside: bool,
}

impl Operation for Decrypt {
    const METHOD: &'static str = "device.decrypt";
    type Input = On<DecryptInput>;
    type Output = DecryptOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<DecryptOutput, Failure> {
        let peer = reference.address(&input.peer)?;
        let device = held(reference, &handle)?;
        let decrypted = device_step(device, &input.randomness, |device, randomness| {
            device.decrypt(&peer, input.kind, &input.message, randomness)
        })?;
        Ok(DecryptOutput {
            plaintext: decrypted.plaintext.as_slice().into(),
            identity_changed: decrypted.identity_changed,
            beside: decrypted.beside,
        })
    }
}

/// Reads a prekey message that would open a session, and changes nothing (X3DH-08 to X3DH-15).
#[derive(Debug, JsonSchema)]
pub struct ReadOpening;

/// Parameters of [`ReadOpening`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReadOpeningInput {
    /// The sender's address.
    pub peer: AddressFields,
    /// The prekey message.
    pub message: Hex,
}

/// Result of [`ReadOpening`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadOpeningOutput {
    /// The identity key that the message comes with, encoded.
    pub identity_key: Hex,
    /// What the message says.
    pub plaintext: Hex,
}

impl Operation for ReadOpening {
    const METHOD: &'static str = "device.read_opening";
    type Input = On<ReadOpeningInput>;
    type Output = ReadOpeningOutput;

    fn run(
        reference: &mut Reference,
        On { handle, input }: Self::Input,
    ) -> Result<ReadOpeningOutput, Failure> {
        let peer = reference.address(&input.peer)?;
        let (identity_key, plaintext) =
            held(reference, &handle)?.read_opening(&peer, &input.message)?;
        Ok(ReadOpeningOutput {
            identity_key: identity_key.encode().into(),
            plaintext: plaintext.as_slice().into(),
        })
    }
}

/// Drops all sessions with a peer; what the keys must remember stays (X3DH-14).
#[derive(Debug, JsonSchema)]
pub struct DropSessions;

/// Parameters of [`DropSessions`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DropSessionsInput {
    /// The peer.
    pub peer: AddressFields,
}

impl Operation for DropSessions {
    const METHOD: &'static str = "device.drop_sessions";
    type Input = On<DropSessionsInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let peer = reference.address(&input.peer)?;
        held(reference, &handle)?.drop_sessions(&peer);
        Ok(Done {})
    }
}

/// Lets time come to a point (KEY-08).
#[derive(Debug, JsonSchema)]
pub struct Tick;

/// Parameters of [`Tick`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TickInput {
    /// The time, in seconds since 1970.
    pub now: Timestamp,
    /// Where a new signed prekey is due: 32 bytes for it, 64 for its signature, in suites with statements 64 for the
    /// statement's; else nothing.
    pub randomness: Hex,
}

impl Operation for Tick {
    const METHOD: &'static str = "device.tick";
    type Input = On<TickInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        let device = held(reference, &handle)?;
        device_step(device, &input.randomness, |device, randomness| {
            device.tick(input.now, randomness)
        })?;
        Ok(Done {})
    }
}

/// Sets counters of the active session without touching its keys: what 2^32 messages would take too long
/// to do (DR-18).
#[derive(Debug, JsonSchema)]
pub struct SetCounters;

/// Parameters of [`SetCounters`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetCountersInput {
    /// The peer.
    pub peer: AddressFields,
    /// The counter of the sending chain's next message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<u32>,
    /// The counter of the receiving chain's next message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving: Option<u32>,
}

impl Operation for SetCounters {
    const METHOD: &'static str = "device.set_counters";
    type Input = On<SetCountersInput>;
    type Output = Done;

    fn run(reference: &mut Reference, On { handle, input }: Self::Input) -> Result<Done, Failure> {
        set_counters(held(reference, &handle)?, &input)?;
        Ok(Done {})
    }
}

/// Sets counters of a device's active session with a peer. It works on the saved state: the engine itself has no way
/// to do this.
///
/// # Errors
/// Where there is no such session, or it has no such chain.
pub fn set_counters(device: &mut sesame::Device, input: &SetCountersInput) -> Result<(), Failure> {
    let peer = input.peer.within(device.suites()[0].identifiers())?;
    let mut saved = serde_json::to_value(device.save()).map_err(broken)?;
    let peer = serde_json::to_value(peer).map_err(broken)?;
    let session = saved["records"]
        .as_array_mut()
        .and_then(|records| records.iter_mut().find(|record| record["address"] == peer))
        .and_then(|record| record.pointer_mut("/sessions/0/session"))
        .ok_or_else(|| Failure::Broken("no session with that peer".to_owned()))?;
    let sending = session
        .pointer_mut("/state")
        .and_then(Value::as_object_mut)
        .and_then(|state| state.values_mut().next())
        .and_then(|state| state.pointer_mut("/sending/chainKey/counter"));
    set(sending, input.sending)?;
    let receiving = session.pointer_mut("/receivingChains/0/progress/open/counter");
    set(receiving, input.receiving)?;
    let saved: SavedDevice = serde_json::from_value(saved).map_err(broken)?;
    *device = saved.try_into().map_err(broken)?;
    Ok(())
}

fn set(place: Option<&mut Value>, counter: Option<u32>) -> Result<(), Failure> {
    match (place, counter) {
        (_, None) => Ok(()),
        (Some(place), Some(counter)) => {
            *place = counter.into();
            Ok(())
        }
        (None, Some(_)) => Err(Failure::Broken("the session has no such chain".to_owned())),
    }
}

/// A device and its send under way, as the reference engine writes them down.
#[derive(Serialize, Deserialize)]
struct SavedState {
    device: SavedDevice,
    send: Option<SavedSend>,
}

impl AtRest for sesame::Device {
    const SAVE: &'static str = "device.save";
    const RESTORE: &'static str = "device.restore";

    fn save(reference: &mut Reference, handle: &str) -> Result<Hex, Failure> {
        let state = SavedState {
            device: held(reference, handle)?.save(),
            send: reference.sends.get(handle).map(sesame::Send::save),
        };
        Ok(handed_out(saved::to_json(&state)))
    }

    fn restore(reference: &mut Reference, handle: String, state: &[u8]) -> Result<(), Failure> {
        let state: SavedState = serde_json::from_slice(state).map_err(broken)?;
        let (limits, keeper) = (
            sesame::Limits::default(),
            reference.keeper(&handle).cloned(),
        );
        let device = state.device.restore_with(suite::ALL, &limits, keeper);
        let device = device.map_err(broken)?;
        let send = state.send.map(sesame::Send::try_from).transpose();
        match send.map_err(broken)? {
            Some(send) => reference.sends.insert(handle.clone(), send),
            None => reference.sends.remove(&handle),
        };
        reference.devices.insert(handle, device);
        Ok(())
    }
}

/// Writes a device's state down, with its send under way.
pub type Save = super::Save<sesame::Device>;

/// Puts a device back from its saved state, in place of whatever has the handle.
pub type Restore = super::Restore<sesame::Device>;
