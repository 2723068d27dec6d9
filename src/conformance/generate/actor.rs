//! Devices that act in vectors, and conversations as they are recorded.

use super::seed::{self, Recorder};
use crate::agreement::{Bundle, BundleFields, PreKeyStore};
use crate::conformance::operation::device::{
    BundleInput, BundleOutput, DecryptInput, DecryptOutput, DropSessionsInput, EncryptInput,
    EncryptOutput, KeysOutput, LoadInput, OneTimePreKeyFields, PinInput, ProcessBundleInput,
    ProcessBundleOutput, SetCounters, SetCountersInput, SignedPreKeyFields, TickInput,
};
use crate::conformance::operation::sesame::{
    ContinueSendInput, ContinueSendOutput, EventFields, RecordFields, RecordsOutput, SendInput,
    SendOutput, StepFields,
};
use crate::conformance::operation::{AddressFields, Done, On, Operation};
use crate::conformance::subject::Reference;
use crate::conformance::vector::conversation::device::{Fields, Step};
use crate::conformance::vector::conversation::{Erased, ErasedFields, StepOf};
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::Recipient;
use crate::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use crate::primitives::{KeyPair, NoRandomness, PrivateKey, PublicKey, Secret, xeddsa};
use crate::sesame::{self, Device, SendEvent, SesameError};
use crate::suite::{Keys, Tigress1};
use crate::timestamp::Timestamp;
use crate::wire::Message;
use serde_json::Value;

/// The UserID of that name.
pub(super) fn user_id(name: &str) -> String {
    UserId::random(&mut Recorder::new(&format!("user/{name}")))
        .expect("a recorder never ends")
        .to_string()
}

/// How many one-time prekeys an actor has: ids 1 to 4.
const ONE_TIME_PRE_KEYS: u32 = 4;

/// The id of an actor's signed prekey.
pub(super) const SIGNED_PRE_KEY_ID: u32 = 7;

/// A device with keys made from its name.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    name: String,
    pub(super) address: Address,
    pub(super) loaded: LoadInput,
    pub(super) device: Device,
    /// How often it has drawn: no two steps draw the same.
    draws: u32,
}

impl Actor {
    pub(super) fn new(name: &str) -> Self {
        Self::on_device(name, 1)
    }

    pub(super) fn on_device(name: &str, device_id: u32) -> Self {
        Self::labelled(name, device_id, &format!("actor/{name}/{device_id}"))
    }

    /// The device of that name, erased and set up again: other keys, another registration id.
    pub(super) fn set_up_again(name: &str) -> Self {
        Self::labelled(name, 1, &format!("actor/{name}/1, again"))
    }

    fn labelled(name: &str, device_id: u32, label: &str) -> Self {
        let key =
            |what: &str| KeyPair::from(PrivateKey::from(seed::bytes(&format!("{label}/{what}"))));
        let address = Address {
            user_id: user_id(name).parse().expect("a UserID"),
            device_id: DeviceId::try_from(device_id).expect("a DeviceID"),
        };
        let identity = key("identity");
        let registration_id =
            RegistrationId::random(&mut Recorder::new(label)).expect("a recorder never ends");
        let mut keys = PreKeyStore::new(identity.clone(), registration_id);
        let signed = key("signed prekey");
        let z = Secret::new(seed::bytes(&format!("{label}/z")));
        let signature = xeddsa::sign(&identity, &signed.public().encode(), &z);
        let id = |raw| PreKeyId::try_from(raw).expect("a prekey id");
        keys.insert_signed_pre_key(
            id(SIGNED_PRE_KEY_ID),
            signed.clone(),
            signature,
            Timestamp(0),
        );
        let mut one_time_pre_keys = Vec::new();
        for raw in 1..=ONE_TIME_PRE_KEYS {
            let one_time = key(&format!("one-time prekey {raw}"));
            one_time_pre_keys.push(OneTimePreKeyFields {
                id: raw,
                private_key: one_time.private().expose().into(),
            });
            keys.insert_one_time_pre_key(id(raw), one_time);
        }
        Actor {
            name: name.to_owned(),
            address,
            loaded: LoadInput {
                address: address.into(),
                registration_id: registration_id.into(),
                identity_private_key: identity.private().expose().into(),
                signed_pre_keys: vec![SignedPreKeyFields {
                    id: SIGNED_PRE_KEY_ID,
                    private_key: signed.private().expose().into(),
                    signature: signature.as_bytes().into(),
                    created: Timestamp(0),
                }],
                one_time_pre_keys,
            },
            device: Device::new(&Tigress1, address, keys),
            draws: 0,
        }
    }

    pub(super) fn address_fields(&self) -> AddressFields {
        self.address.into()
    }

    pub(super) fn identity_key(&self) -> PublicKey {
        *self.device.keys().identity().public()
    }

    /// The bundle, with that one-time prekey if it is held.
    pub(super) fn bundle(&self, one_time_pre_key: Option<u32>) -> BundleFields {
        let id = one_time_pre_key.map(|raw| PreKeyId::try_from(raw).expect("a prekey id"));
        let bundle: Bundle = self
            .device
            .bundle(id)
            .expect("an actor has a signed prekey");
        BundleFields::from(&bundle)
    }

    fn recorder(&mut self, what: &str) -> Recorder {
        self.draws += 1;
        Recorder::new(&format!("{}/{what}/{}", self.name, self.draws))
    }

    /// Opens a session, outside any vector.
    pub(super) fn open(&mut self, bundle: &BundleFields, label: &str) {
        let mut randomness = self.recorder(label);
        self.device
            .process_bundle(bundle, &mut randomness)
            .expect("a good bundle");
    }

    pub(super) fn encrypt(&mut self, peer: Address, plaintext: &[u8]) -> Message {
        self.device
            .encrypt(&peer, plaintext, &mut NoRandomness)
            .expect("a session")
    }

    pub(super) fn decrypt(&mut self, peer: Address, message: &Message, label: &str) {
        let mut randomness = self.recorder(label);
        self.device
            .decrypt(&peer, message.kind, &message.bytes, &mut randomness)
            .expect("a good message");
    }
}

impl Actor {
    /// Sets counters of the session with `peer`, leaving its keys alone.
    pub(super) fn set_counters(
        &mut self,
        peer: Address,
        sending: Option<u32>,
        receiving: Option<u32>,
    ) -> SetCountersInput {
        let input = SetCountersInput {
            peer: peer.into(),
            sending,
            receiving,
        };
        let device = "device".to_owned();
        let mut reference = Reference::default();
        reference
            .devices
            .insert(device.clone(), self.device.clone());
        let on = On {
            handle: device.clone(),
            input: input.clone(),
        };
        SetCounters::run(&mut reference, on).expect("a session");
        self.device = reference.devices.remove(&device).expect("still there");
        input
    }
}

/// A conversation that is played here and recorded as steps of a vector.
pub(super) struct Talk {
    pub(super) me: Actor,
    send: Option<sesame::Send>,
    steps: Vec<Step>,
    label: String,
    /// Whether each step that can report a changed identity key says whether it does (SES-12).
    reports: bool,
}

/// What a send asks for, as the profile's text has it; the messages are the engine's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asks<'a> {
    /// The bundles of these devices.
    Bundles(&'a [u32]),
    /// A submission to these devices.
    Submission(&'a [u32]),
    Nothing,
    GivingUp(ErrorCode),
}

fn step<I, O>(input: I, expected: O) -> StepOf<I, O> {
    StepOf {
        input,
        expected: Some(expected),
        error: None,
    }
}

fn refused<I, O>(input: I, error: ErrorCode) -> StepOf<I, O> {
    StepOf {
        input,
        expected: None,
        error: Some(error),
    }
}

impl Talk {
    /// `me` is the device under test; `label` makes its randomness differ from that of other vectors.
    pub(super) fn new(me: Actor, label: &str) -> Self {
        Talk {
            me,
            send: None,
            steps: Vec::new(),
            label: label.to_owned(),
            reports: false,
        }
    }

    /// As [`Talk::new`]; each step says whether it reports a changed identity key.
    pub(super) fn reporting(me: Actor, label: &str) -> Self {
        Talk {
            reports: true,
            ..Self::new(me, label)
        }
    }

    /// The first step as it was recorded.
    pub(super) fn first_step(&self) -> &Step {
        self.steps.first().expect("a step was played")
    }

    pub(super) fn recorded(self) -> Fields {
        Fields {
            device: self.me.loaded,
            steps: self.steps,
        }
    }

    /// Randomness of the next step.
    fn randomness(&self) -> Recorder {
        Recorder::new(&format!("talk/{}/{}", self.label, self.steps.len()))
    }

    /// What a refused step is given, and must not draw.
    fn unused(&self) -> Hex {
        seed::bytes::<32>(&format!("talk/{}/{}", self.label, self.steps.len())).into()
    }

    fn agree<T>(&self, result: Result<T, SesameError>, code: ErrorCode) {
        let got = result.map(|_| ()).map_err(|error| error.code());
        assert_eq!(
            got,
            Err(Some(code)),
            "{}, step {}",
            self.label,
            self.steps.len() + 1
        );
    }

    pub(super) fn process_bundle(&mut self, bundle: &BundleFields) {
        self.process_changed_bundle(bundle, false);
    }

    /// `changed`: whether the peer is known by another identity key.
    pub(super) fn process_changed_bundle(&mut self, bundle: &BundleFields, changed: bool) {
        let mut randomness = self.randomness();
        let got = self
            .me
            .device
            .process_bundle(bundle, &mut randomness)
            .unwrap_or_else(|error| panic!("{}: {error}", self.label));
        assert_eq!(got, changed, "{}", self.label);
        let output = ProcessBundleOutput {
            identity_changed: self.reports.then_some(changed),
        };
        let input = ProcessBundleInput {
            bundle: bundle.clone(),
            randomness: Hex(randomness.take()),
        };
        self.steps.push(Step::ProcessBundle(step(input, output)));
    }

    pub(super) fn refuse_bundle(&mut self, bundle: &BundleFields, error: ErrorCode) {
        let mut randomness = self.randomness();
        let result = self.me.device.process_bundle(bundle, &mut randomness);
        self.agree(result, error);
        let input = ProcessBundleInput {
            bundle: bundle.clone(),
            randomness: [self.unused(), self.unused()]
                .map(|half| half.0)
                .concat()
                .into(),
        };
        self.steps.push(Step::ProcessBundle(refused(input, error)));
    }

    pub(super) fn encrypt(&mut self, peer: Address, plaintext: &[u8]) -> Message {
        let message = self
            .me
            .device
            .encrypt(&peer, plaintext, &mut NoRandomness)
            .unwrap_or_else(|error| panic!("{}: {error}", self.label));
        let input = EncryptInput {
            peer: peer.into(),
            plaintext: plaintext.into(),
        };
        let output = EncryptOutput {
            kind: message.kind,
            message: Hex(message.bytes.clone()),
        };
        self.steps.push(Step::Encrypt(step(input, output)));
        message
    }

    pub(super) fn refuse_encrypt(&mut self, peer: Address, plaintext: &[u8], error: ErrorCode) {
        let result = self.me.device.encrypt(&peer, plaintext, &mut NoRandomness);
        self.agree(result, error);
        let input = EncryptInput {
            peer: peer.into(),
            plaintext: plaintext.into(),
        };
        self.steps.push(Step::Encrypt(refused(input, error)));
    }

    /// The message must say `plaintext`.
    pub(super) fn decrypt(&mut self, peer: Address, message: &Message, plaintext: &[u8]) {
        self.decrypt_changed(peer, message, plaintext, false);
    }

    /// `changed`: whether the peer is known by another identity key.
    pub(super) fn decrypt_changed(
        &mut self,
        peer: Address,
        message: &Message,
        plaintext: &[u8],
        changed: bool,
    ) {
        let mut randomness = self.randomness();
        let got = self
            .me
            .device
            .decrypt(&peer, message.kind, &message.bytes, &mut randomness)
            .unwrap_or_else(|error| panic!("{}: {error}", self.label));
        assert_eq!(got.plaintext.as_slice(), plaintext, "{}", self.label);
        assert_eq!(got.identity_changed, changed, "{}", self.label);
        let input = DecryptInput {
            peer: peer.into(),
            kind: message.kind,
            message: Hex(message.bytes.clone()),
            randomness: Hex(randomness.take()),
        };
        let output = DecryptOutput {
            plaintext: plaintext.into(),
            identity_changed: self.reports.then_some(changed),
        };
        self.steps.push(Step::Decrypt(step(input, output)));
    }

    pub(super) fn refuse(&mut self, peer: Address, message: &Message, error: ErrorCode) {
        let mut randomness = self.randomness();
        let result = self
            .me
            .device
            .decrypt(&peer, message.kind, &message.bytes, &mut randomness);
        self.agree(result, error);
        let input = DecryptInput {
            peer: peer.into(),
            kind: message.kind,
            message: Hex(message.bytes.clone()),
            randomness: self.unused(),
        };
        self.steps.push(Step::Decrypt(refused(input, error)));
    }

    pub(super) fn pin(&mut self, peer: Address, key: PublicKey) {
        self.me.device.pin(peer, key);
        let input = PinInput {
            peer: peer.into(),
            identity_key: key.encode().into(),
        };
        self.steps.push(Step::Pin(step(input, Done {})));
    }

    pub(super) fn drop_sessions(&mut self, peer: Address) {
        self.me.device.drop_sessions(&peer);
        let input = DropSessionsInput { peer: peer.into() };
        self.steps.push(Step::DropSessions(step(input, Done {})));
    }

    pub(super) fn restart(&mut self) {
        self.steps.push(Step::Restart(Done {}));
    }

    pub(super) fn tick(&mut self, now: u64) {
        let mut randomness = self.randomness();
        self.me
            .device
            .tick(Timestamp(now), &mut randomness)
            .expect("a recorder never ends");
        let input = TickInput {
            now: Timestamp(now),
            randomness: Hex(randomness.take()),
        };
        self.steps.push(Step::Tick(step(input, Done {})));
    }

    /// The device holds exactly these prekeys.
    pub(super) fn keys(&mut self, signed: &[u32], one_time: &[u32]) {
        let output = KeysOutput {
            signed_pre_key_ids: signed.to_vec(),
            one_time_pre_key_ids: one_time.to_vec(),
        };
        self.steps.push(Step::Keys(step(Done {}, output)));
    }

    /// The bundle as the device now publishes it.
    pub(super) fn bundle(&mut self, one_time_pre_key: Option<u32>) -> BundleFields {
        let bundle = self.me.bundle(one_time_pre_key);
        let input = BundleInput {
            one_time_pre_key_id: one_time_pre_key,
        };
        let output = BundleOutput {
            bundle: bundle.clone(),
        };
        self.steps.push(Step::Bundle(step(input, output)));
        bundle
    }

    pub(super) fn set_counters(
        &mut self,
        peer: Address,
        sending: Option<u32>,
        receiving: Option<u32>,
    ) {
        let input = self.me.set_counters(peer, sending, receiving);
        self.steps.push(Step::SetCounters(step(input, Done {})));
    }

    /// The device knows exactly this of others, whatever the order.
    pub(super) fn records(&mut self, mut records: Vec<RecordFields>) {
        records.sort_by_key(|record| {
            let peer = Address::try_from(&record.peer).expect("an address");
            Tigress1.encode_address(&peer)
        });
        let got: Vec<RecordFields> = self.me.device.records().map(Into::into).collect();
        assert_eq!(
            got,
            records,
            "{}, step {}",
            self.label,
            self.steps.len() + 1
        );
        let output = RecordsOutput { records };
        self.steps.push(Step::Records(step(Done {}, output)));
    }

    /// Starts a send; the messages that it submits.
    pub(super) fn send(&mut self, to: Recipient, plaintext: &[u8], asks: Asks<'_>) -> Vec<Message> {
        let (send, got) = self
            .me
            .device
            .start_send(to, plaintext, &mut NoRandomness)
            .unwrap_or_else(|error| panic!("{}: {error}", self.label));
        self.send = Some(send);
        let output = SendOutput { step: got.into() };
        let messages = self.asked(&output.step, to, asks);
        let input = send_input(to, plaintext);
        self.steps.push(Step::Send(step(input, output)));
        messages
    }

    pub(super) fn refuse_send(&mut self, to: Recipient, plaintext: &[u8], error: ErrorCode) {
        let result = self.me.device.start_send(to, plaintext, &mut NoRandomness);
        self.agree(result, error);
        let input = send_input(to, plaintext);
        self.steps.push(Step::Send(refused(input, error)));
    }

    /// The intermediary answers; the messages that the send submits then.
    pub(super) fn answer(&mut self, event: EventFields, asks: Asks<'_>) -> Vec<Message> {
        self.answer_changed(event, asks, false)
    }

    /// `changed`: whether the bundle's device is known by another identity key.
    pub(super) fn answer_changed(
        &mut self,
        event: EventFields,
        asks: Asks<'_>,
        changed: bool,
    ) -> Vec<Message> {
        let mut randomness = self.randomness();
        let send = self.send.as_mut().expect("a send was started");
        let to = send.recipient();
        let event_of = SendEvent::try_from(event.clone()).expect("ids in their range");
        let got = self
            .me
            .device
            .continue_send(send, event_of, &mut randomness)
            .unwrap_or_else(|error| panic!("{}: {error}", self.label));
        assert_eq!(got.identity_changed, changed, "{}", self.label);
        let output = ContinueSendOutput {
            step: got.step.into(),
            identity_changed: changed,
        };
        let messages = self.asked(&output.step, to, asks);
        let input = ContinueSendInput {
            event,
            randomness: Hex(randomness.take()),
        };
        self.steps.push(Step::ContinueSend(step(input, output)));
        messages
    }

    pub(super) fn refuse_answer(&mut self, event: EventFields, error: ErrorCode) {
        let mut randomness = self.randomness();
        let send = self.send.as_mut().expect("a send was started");
        let event_of = SendEvent::try_from(event.clone()).expect("ids in their range");
        let result = self
            .me
            .device
            .continue_send(send, event_of, &mut randomness);
        self.agree(result, error);
        let input = ContinueSendInput {
            event,
            randomness: self.unused(),
        };
        self.steps.push(Step::ContinueSend(refused(input, error)));
    }

    /// Holds what a send asks for against the text; the messages, where it submits some.
    fn asked(&self, got: &StepFields, to: Recipient, asks: Asks<'_>) -> Vec<Message> {
        let at = format!("{}, step {}", self.label, self.steps.len() + 1);
        match (got, asks) {
            (StepFields::FetchBundles(got), Asks::Bundles(ids)) => {
                let user = to.user_id().to_string();
                let expected = ids.iter().map(|id| AddressFields {
                    user_id: user.clone(),
                    device_id: *id,
                });
                assert_eq!(*got, expected.collect::<Vec<_>>(), "{at}");
                Vec::new()
            }
            (StepFields::Submit(got), Asks::Submission(ids)) => {
                let devices: Vec<u32> = got.iter().map(|message| message.device_id).collect();
                assert_eq!(devices, ids, "{at}");
                got.iter()
                    .map(|message| Message {
                        kind: message.kind,
                        bytes: message.message.0.clone(),
                    })
                    .collect()
            }
            (StepFields::Done, Asks::Nothing) => Vec::new(),
            (StepFields::GiveUp(code), Asks::GivingUp(expected)) => {
                assert_eq!(*code, expected, "{at}");
                Vec::new()
            }
            (got, asks) => panic!("{at}: {got:?} is not {asks:?}"),
        }
    }

    /// The saved state must hold none of these.
    pub(super) fn erased(&mut self, secrets: Vec<Erased>) {
        self.steps.push(Step::Erased(ErasedFields { secrets }));
    }

    /// A secret of the active session with the first peer, as it now stands at `pointer`.
    pub(super) fn secret(&self, name: &str, pointer: &str) -> Erased {
        let saved: Value = serde_json::to_value(self.me.device.save()).expect("a saved device");
        let session = saved
            .pointer("/records/0/sessions/0/session")
            .expect("the device has a session");
        let hex = session
            .pointer(&format!("{pointer}/secret"))
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{}: no secret at {pointer} of {session}", self.label));
        erased(name, &crate::hex::decode(hex).expect("hex"))
    }
}

fn send_input(to: Recipient, plaintext: &[u8]) -> SendInput {
    SendInput {
        recipient: to.into(),
        plaintext: plaintext.into(),
    }
}

/// A private key, as drawn and as clamped: a device may have kept either.
pub(super) fn erased_private_key(name: &str, bytes: &[u8]) -> Vec<Erased> {
    let mut clamped = bytes.to_vec();
    clamped[0] &= 0xf8;
    clamped[31] = clamped[31] & 0x7f | 0x40;
    vec![
        erased(name, bytes),
        erased(&format!("{name}, clamped"), &clamped),
    ]
}

/// A secret by its bytes.
pub(super) fn erased(name: &str, bytes: &[u8]) -> Erased {
    Erased {
        name: name.to_owned(),
        bytes: bytes.into(),
    }
}
