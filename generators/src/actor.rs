//! Devices that act in vectors, and conversations as they are recorded.

use super::cases::Case;
use super::seed::{self, Recorder};
use serde_json::Value;
use std::fmt::Debug;
use tigress_signal::agreement::{Bundle, BundleFields, PreKeyStore};
use tigress_signal::conformance::operation::device::{
    BundleInput, BundleOutput, DecryptInput, DecryptOutput, DropSessionsInput, EncryptInput,
    EncryptOutput, KeysOutput, LoadInput, OneTimePreKeyFields, PinInput, ProcessBundleInput,
    ProcessBundleOutput, SetCountersInput, SignedPreKeyFields, TickInput, set_counters,
};
use tigress_signal::conformance::operation::sesame::{
    ContinueSendInput, ContinueSendOutput, EventFields, RecordFields, RecordsOutput, SendInput,
    SendOutput, StepFields,
};
use tigress_signal::conformance::operation::{AddressFields, Done};
use tigress_signal::conformance::vector::conversation::device::{Fields, Step};
use tigress_signal::conformance::vector::conversation::{Erased, ErasedFields, StepOf};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::Recipient;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, RegistrationId, UserId};
use tigress_signal::primitives::{KeyPair, NoRandomness, PrivateKey, PublicKey, Secret, xeddsa};
use tigress_signal::sesame::{self, Device, SendEvent, SendOutcome, SesameError};
use tigress_signal::suite::{Keys, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::Message;

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
        set_counters(&mut self.device, &input).expect("a session");
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

/// A conversation with that device under test; its comment makes its randomness differ from that of others.
pub(super) fn talk(me: Actor, play: impl FnOnce(&mut Talk)) -> impl Case {
    move |b, about| {
        let mut talk = Talk::new(me, about.comment);
        play(&mut talk);
        b.conversation(about, talk.recorded());
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

    pub(super) fn recorded(self) -> Fields {
        Fields {
            device: self.me.loaded,
            steps: self.steps,
        }
    }

    /// Where randomness of the next step comes from.
    fn source(&self) -> String {
        format!("talk/{}/{}", self.label, self.steps.len())
    }

    /// Randomness of the next step.
    pub(super) fn randomness(&self) -> Recorder {
        Recorder::new(&self.source())
    }

    /// What the next step is given: what it drew or, where it is refused, what it must not draw.
    fn given<T, E>(&self, mut drawn: Recorder, expected: &Result<T, E>) -> Hex {
        match expected {
            Ok(_) => Hex(drawn.take()),
            Err(_) => seed::bytes::<32>(&self.source()).into(),
        }
    }

    /// Which step is next, for whoever finds it to go wrong.
    fn at(&self) -> String {
        format!("{}, step {}", self.label, self.steps.len() + 1)
    }

    /// What the engine answered.
    fn good<T>(&self, result: Result<T, SesameError>) -> T {
        result.unwrap_or_else(|error| panic!("{}: {error}", self.at()))
    }

    /// The step, where the engine answers as expected.
    fn step<I, T: PartialEq + Debug, O>(
        &self,
        input: I,
        got: Result<T, SesameError>,
        expected: Result<T, ErrorCode>,
        output: impl FnOnce(T) -> O,
    ) -> StepOf<I, O> {
        let got = got.map_err(|error| error.code().expect("a recorder never ends"));
        assert_eq!(got, expected, "{}", self.at());
        StepOf {
            input,
            error: expected.as_ref().err().copied(),
            expected: expected.ok().map(output),
        }
    }

    /// The step, where the engine refuses as expected.
    fn refused<I, T, O>(
        &self,
        input: I,
        got: Result<T, SesameError>,
        error: ErrorCode,
    ) -> StepOf<I, O> {
        let got = got.map(|_| ());
        self.step(input, got, Err(error), |()| unreachable!("it is refused"))
    }

    pub(super) fn process_bundle(&mut self, bundle: &BundleFields) {
        self.process_changed_bundle(bundle, false);
    }

    /// `changed`: whether the peer is known by another identity key.
    pub(super) fn process_changed_bundle(&mut self, bundle: &BundleFields, changed: bool) {
        self.try_bundle(bundle, Ok(changed));
    }

    pub(super) fn refuse_bundle(&mut self, bundle: &BundleFields, error: ErrorCode) {
        self.try_bundle(bundle, Err(error));
    }

    fn try_bundle(&mut self, bundle: &BundleFields, expected: Result<bool, ErrorCode>) {
        let mut randomness = self.randomness();
        let got = self.me.device.process_bundle(bundle, &mut randomness);
        let mut randomness = self.given(randomness, &expected);
        if expected.is_err() {
            // It would draw two keys.
            randomness = randomness.repeat(2).into();
        }
        let bundle = bundle.clone();
        let input = ProcessBundleInput { bundle, randomness };
        let reports = self.reports;
        let step = self.step(input, got, expected, |changed| ProcessBundleOutput {
            identity_changed: reports.then_some(changed),
        });
        self.steps.push(Step::ProcessBundle(step));
    }

    pub(super) fn encrypt(&mut self, peer: Address, plaintext: &[u8]) -> Message {
        let got = self.me.device.encrypt(&peer, plaintext, &mut NoRandomness);
        let message = self.good(got);
        let output = EncryptOutput {
            kind: message.kind,
            message: Hex::from(&message.bytes),
        };
        let step = answered(encrypt_input(peer, plaintext), output);
        self.steps.push(Step::Encrypt(step));
        message
    }

    pub(super) fn refuse_encrypt(&mut self, peer: Address, plaintext: &[u8], error: ErrorCode) {
        let got = self.me.device.encrypt(&peer, plaintext, &mut NoRandomness);
        let step = self.refused(encrypt_input(peer, plaintext), got, error);
        self.steps.push(Step::Encrypt(step));
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
        self.try_decrypt(peer, message, Ok((plaintext.to_vec(), changed)));
    }

    pub(super) fn refuse(&mut self, peer: Address, message: &Message, error: ErrorCode) {
        self.try_decrypt(peer, message, Err(error));
    }

    fn try_decrypt(
        &mut self,
        peer: Address,
        message: &Message,
        expected: Result<(Vec<u8>, bool), ErrorCode>,
    ) {
        let mut randomness = self.randomness();
        let Message { kind, bytes } = message;
        let got = self
            .me
            .device
            .decrypt(&peer, *kind, bytes, &mut randomness)
            .map(|got| (got.plaintext.to_vec(), got.identity_changed));
        let input = DecryptInput {
            peer: peer.into(),
            kind: *kind,
            message: bytes.into(),
            randomness: self.given(randomness, &expected),
        };
        let reports = self.reports;
        let step = self.step(input, got, expected, |(plaintext, changed)| DecryptOutput {
            plaintext: plaintext.into(),
            identity_changed: reports.then_some(changed),
        });
        self.steps.push(Step::Decrypt(step));
    }

    pub(super) fn pin(&mut self, peer: Address, key: PublicKey) {
        self.me.device.pin(peer, key);
        let input = PinInput {
            peer: peer.into(),
            identity_key: key.encode().into(),
        };
        self.steps.push(Step::Pin(answered(input, Done {})));
    }

    pub(super) fn drop_sessions(&mut self, peer: Address) {
        self.me.device.drop_sessions(&peer);
        let input = DropSessionsInput { peer: peer.into() };
        self.steps
            .push(Step::DropSessions(answered(input, Done {})));
    }

    pub(super) fn restart(&mut self) {
        self.steps.push(Step::Restart(Done {}));
    }

    pub(super) fn tick(&mut self, now: u64) {
        let mut randomness = self.randomness();
        let now = Timestamp(now);
        let ticked = self.me.device.tick(now, &mut randomness);
        ticked.expect("a recorder never ends");
        let randomness = Hex(randomness.take());
        let input = TickInput { now, randomness };
        self.steps.push(Step::Tick(answered(input, Done {})));
    }

    /// The device holds exactly these prekeys.
    pub(super) fn keys(&mut self, signed: &[u32], one_time: &[u32]) {
        let output = KeysOutput {
            signed_pre_key_ids: signed.to_vec(),
            one_time_pre_key_ids: one_time.to_vec(),
        };
        self.steps.push(Step::Keys(answered(Done {}, output)));
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
        self.steps.push(Step::Bundle(answered(input, output)));
        bundle
    }

    pub(super) fn set_counters(
        &mut self,
        peer: Address,
        sending: Option<u32>,
        receiving: Option<u32>,
    ) {
        let input = self.me.set_counters(peer, sending, receiving);
        self.steps.push(Step::SetCounters(answered(input, Done {})));
    }

    /// The device knows exactly this of others, whatever the order.
    pub(super) fn records(&mut self, mut records: Vec<RecordFields>) {
        records.sort_by_key(|record| {
            let peer = Address::try_from(&record.peer).expect("an address");
            Tigress1.encode_address(&peer)
        });
        let got: Vec<RecordFields> = self.me.device.records().map(Into::into).collect();
        assert_eq!(got, records, "{}", self.at());
        let output = RecordsOutput { records };
        self.steps.push(Step::Records(answered(Done {}, output)));
    }

    /// Starts a send; the messages that it submits.
    pub(super) fn send(&mut self, to: Recipient, plaintext: &[u8], asks: Asks<'_>) -> Vec<Message> {
        let started = self.me.device.start_send(to, plaintext, &mut NoRandomness);
        let (send, got) = self.good(started);
        self.send = Some(send);
        let output = SendOutput { step: got.into() };
        let messages = self.asked(&output.step, to, asks);
        let input = send_input(to, plaintext);
        self.steps.push(Step::Send(answered(input, output)));
        messages
    }

    pub(super) fn refuse_send(&mut self, to: Recipient, plaintext: &[u8], error: ErrorCode) {
        let got = self.me.device.start_send(to, plaintext, &mut NoRandomness);
        let step = self.refused(send_input(to, plaintext), got, error);
        self.steps.push(Step::Send(step));
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
        let to = self.send.as_ref().expect("a send was started").recipient();
        let (got, mut randomness) = self.go_on(&event);
        let got = self.good(got);
        assert_eq!(got.identity_changed, changed, "{}", self.at());
        let output = ContinueSendOutput {
            step: got.step.into(),
            identity_changed: changed,
        };
        let messages = self.asked(&output.step, to, asks);
        let randomness = Hex(randomness.take());
        let input = ContinueSendInput { event, randomness };
        self.steps.push(Step::ContinueSend(answered(input, output)));
        messages
    }

    pub(super) fn refuse_answer(&mut self, event: EventFields, error: ErrorCode) {
        let (got, randomness) = self.go_on(&event);
        let randomness = self.given(randomness, &got);
        let input = ContinueSendInput { event, randomness };
        let step = self.refused(input, got, error);
        self.steps.push(Step::ContinueSend(step));
    }

    /// Hands the send that event.
    fn go_on(&mut self, event: &EventFields) -> (Result<SendOutcome, SesameError>, Recorder) {
        let mut randomness = self.randomness();
        let send = self.send.as_mut().expect("a send was started");
        let event = SendEvent::try_from(event.clone()).expect("ids in their range");
        let device = &mut self.me.device;
        (
            device.continue_send(send, event, &mut randomness),
            randomness,
        )
    }

    /// Holds what a send asks for against the text; the messages, where it submits some.
    fn asked(&self, got: &StepFields, to: Recipient, asks: Asks<'_>) -> Vec<Message> {
        let at = self.at();
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
        let saved = serde_json::to_value(self.me.device.save()).expect("a saved device");
        let pointer = format!("/records/0/sessions/0/session{pointer}/secret");
        let hex = saved.pointer(&pointer).and_then(Value::as_str);
        let hex = hex.unwrap_or_else(|| panic!("{}: no secret at {pointer}", self.at()));
        erased(name, &tigress_signal::hex::decode(hex).expect("hex"))
    }
}

fn answered<I, O>(input: I, output: O) -> StepOf<I, O> {
    StepOf {
        input,
        expected: Some(output),
        error: None,
    }
}

fn encrypt_input(peer: Address, plaintext: &[u8]) -> EncryptInput {
    EncryptInput {
        peer: peer.into(),
        plaintext: plaintext.into(),
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
