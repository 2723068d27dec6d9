//! Devices that act in vectors, and conversations as they are recorded.

use super::cases::Case;
use super::said::Said;
use super::seed::{self, Recorder};
use serde_json::Value;
use tigress_signal::agreement::{BundleFields, PreKeyStore};
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
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage};

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
        let part = |what: &str| seed::bytes(&format!("{label}/{what}"));
        let key = |what: &str| KeyPair::from(PrivateKey::from(part(what)));
        let address = Address {
            user_id: user_id(name).parse().expect("a UserID"),
            device_id: DeviceId::try_from(device_id).expect("a DeviceID"),
        };
        let (identity, signed) = (key("identity"), key("signed prekey"));
        let z = Secret::new(seed::bytes(&format!("{label}/z")));
        let signature = xeddsa::sign(&identity, &signed.public().encode(), &z);
        let registration_id = RegistrationId::random(&mut Recorder::new(label));
        let registration_id = registration_id.expect("a recorder never ends");
        let mut loaded = LoadInput {
            address: address.into(),
            registration_id: registration_id.into(),
            identity_private_key: identity.private().expose().into(),
            signed_pre_keys: vec![SignedPreKeyFields {
                id: SIGNED_PRE_KEY_ID,
                private_key: signed.private().expose().into(),
                signature: signature.as_bytes().into(),
                created: Timestamp(0),
            }],
            one_time_pre_keys: Vec::new(),
        };
        let mut keys = PreKeyStore::new(identity, registration_id);
        let id = pre_key_id(SIGNED_PRE_KEY_ID);
        keys.insert_signed_pre_key(id, signed, signature, Timestamp(0));
        for id in 1..=ONE_TIME_PRE_KEYS {
            let one_time = key(&format!("one-time prekey {id}"));
            let private_key = one_time.private().expose().into();
            let fields = OneTimePreKeyFields { id, private_key };
            loaded.one_time_pre_keys.push(fields);
            keys.insert_one_time_pre_key(pre_key_id(id), one_time);
        }
        Actor {
            name: name.to_owned(),
            address,
            loaded,
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
        let bundle = self.device.bundle(one_time_pre_key.map(pre_key_id));
        BundleFields::from(&bundle.expect("an actor has a signed prekey"))
    }

    fn recorder(&mut self, what: &str) -> Recorder {
        self.draws += 1;
        Recorder::new(&format!("{}/{what}/{}", self.name, self.draws))
    }

    /// Opens a session, outside any vector.
    pub(super) fn open(&mut self, bundle: &BundleFields, label: &str) {
        let mut randomness = self.recorder(label);
        let changed = self.device.process_bundle(bundle, &mut randomness);
        changed.expect("a good bundle");
    }

    /// Writes a message, outside any vector.
    pub(super) fn says(&mut self, to: &Actor, text: &[u8]) -> Said {
        let message = self.device.encrypt(&to.address, text, &mut NoRandomness);
        Said {
            from: self.address,
            message: message.expect("a session"),
            text: text.to_vec(),
        }
    }

    /// Reads a message, outside any vector.
    pub(super) fn decrypt(&mut self, from: &Actor, message: &Message, label: &str) {
        let mut randomness = self.recorder(label);
        let Message { kind, bytes } = message;
        let read = self
            .device
            .decrypt(&from.address, *kind, bytes, &mut randomness);
        read.expect("a good message");
    }

    /// Sets counters of the session with `peer`, leaving its keys alone.
    pub(super) fn set_counters(
        &mut self,
        peer: &Actor,
        sending: Option<u32>,
        receiving: Option<u32>,
    ) -> SetCountersInput {
        let peer = peer.address_fields();
        let input = SetCountersInput {
            peer,
            sending,
            receiving,
        };
        set_counters(&mut self.device, &input).expect("a session");
        input
    }
}

fn pre_key_id(id: u32) -> PreKeyId {
    PreKeyId::try_from(id).expect("a prekey id")
}

/// A conversation that is played here and recorded as steps of a vector.
pub(super) struct Talk {
    pub(super) me: Actor,
    send: Option<sesame::Send>,
    steps: Vec<Step>,
    label: String,
    /// Whether each step that can report a changed identity key says whether it does (SES-12).
    reports: bool,
    /// With whom there were sessions, and the base key of each, in the order in which their messages went.
    sessions: Vec<(Address, Hex)>,
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
    recorded(me, false, play)
}

/// As [`talk`]; each step says whether it reports a changed identity key.
pub(super) fn reporting(me: Actor, play: impl FnOnce(&mut Talk)) -> impl Case {
    recorded(me, true, play)
}

fn recorded(me: Actor, reports: bool, play: impl FnOnce(&mut Talk)) -> impl Case {
    move |b, about| {
        let mut talk = Talk {
            me,
            send: None,
            steps: Vec::new(),
            label: about.comment.to_owned(),
            reports,
            sessions: Vec::new(),
        };
        play(&mut talk);
        let (device, steps) = (talk.me.loaded, talk.steps);
        b.conversation(about, Fields { device, steps });
    }
}

impl Talk {
    /// Where randomness of the next step comes from.
    fn source(&self) -> String {
        format!("talk/{}/{}", self.label, self.steps.len())
    }

    /// Randomness of the next step.
    pub(super) fn randomness(&self) -> Recorder {
        Recorder::new(&self.source())
    }

    /// What a step is given that is refused, and must not draw it.
    fn undrawn(&self) -> Hex {
        seed::bytes::<32>(&self.source()).into()
    }

    /// Which step is next, for whoever finds it to go wrong.
    fn at(&self) -> String {
        format!("{}, step {}", self.label, self.steps.len() + 1)
    }

    /// What the engine answered.
    fn good<T>(&self, result: Result<T, SesameError>) -> T {
        result.unwrap_or_else(|error| panic!("{}: {error}", self.at()))
    }

    /// The engine refused with that code.
    fn bad<T>(&self, result: Result<T, SesameError>, error: ErrorCode) {
        let got = result.map_err(|error| error.code().expect("a recorder never ends"));
        assert_eq!(got.err(), Some(error), "{}", self.at());
    }

    fn answered<I, O>(&mut self, step: fn(StepOf<I, O>) -> Step, input: I, output: O) {
        let (expected, error) = (Some(output), None);
        self.steps.push(step(StepOf {
            input,
            expected,
            error,
        }));
    }

    fn refused<I, O>(&mut self, step: fn(StepOf<I, O>) -> Step, input: I, error: ErrorCode) {
        let (expected, error) = (None, Some(error));
        self.steps.push(step(StepOf {
            input,
            expected,
            error,
        }));
    }

    /// Keeps in mind which session a message is of, where that is a prekey message.
    fn went(&mut self, peer: Address, message: &Message) {
        if let (MessageKind::PreKey, Ok(message)) = (
            message.kind,
            PreKeyMessage::decode(&Tigress1, &message.bytes),
        ) {
            let session = (peer, Hex::from(message.base_key.encode()));
            if !self.sessions.contains(&session) {
                self.sessions.push(session);
            }
        }
    }

    /// The base key of a session with that peer; the first one is 0.
    pub(super) fn base_key(&self, peer: &Actor, session: usize) -> Hex {
        let mut with_it = self
            .sessions
            .iter()
            .filter(|(with, _)| *with == peer.address);
        with_it.nth(session).expect("a session").1.clone()
    }

    pub(super) fn process_bundle(&mut self, bundle: &BundleFields) {
        self.good_bundle(bundle, false);
    }

    /// The bundle of a peer that is known by another identity key.
    pub(super) fn process_changed_bundle(&mut self, bundle: &BundleFields) {
        self.good_bundle(bundle, true);
    }

    fn good_bundle(&mut self, bundle: &BundleFields, changed: bool) {
        let mut randomness = self.randomness();
        let got = self.me.device.process_bundle(bundle, &mut randomness);
        assert_eq!(self.good(got), changed, "{}", self.at());
        let (bundle, randomness) = (bundle.clone(), Hex(randomness.take()));
        let input = ProcessBundleInput { bundle, randomness };
        let identity_changed = self.reports.then_some(changed);
        self.answered(
            Step::ProcessBundle,
            input,
            ProcessBundleOutput { identity_changed },
        );
    }

    pub(super) fn refuse_bundle(&mut self, bundle: &BundleFields, error: ErrorCode) {
        let got = self
            .me
            .device
            .process_bundle(bundle, &mut self.randomness());
        self.bad(got, error);
        // It would draw two keys.
        let (bundle, randomness) = (bundle.clone(), self.undrawn().repeat(2).into());
        let input = ProcessBundleInput { bundle, randomness };
        self.refused(Step::ProcessBundle, input, error);
    }

    pub(super) fn encrypt(&mut self, peer: &Actor, plaintext: &[u8]) -> Message {
        let to = peer.address;
        let got = self.me.device.encrypt(&to, plaintext, &mut NoRandomness);
        let message = self.good(got);
        self.went(to, &message);
        let output = EncryptOutput {
            kind: message.kind,
            message: Hex::from(&message.bytes),
        };
        self.answered(Step::Encrypt, encrypt_input(to, plaintext), output);
        message
    }

    pub(super) fn refuse_encrypt(&mut self, peer: &Actor, plaintext: &[u8], error: ErrorCode) {
        let to = peer.address;
        let got = self.me.device.encrypt(&to, plaintext, &mut NoRandomness);
        self.bad(got, error);
        self.refused(Step::Encrypt, encrypt_input(to, plaintext), error);
    }

    /// The device must decrypt it to what its sender said.
    pub(super) fn reads(&mut self, said: &Said) {
        self.decrypt(said, false);
    }

    /// The same, of a peer that is known by another identity key.
    pub(super) fn reads_changed(&mut self, said: &Said) {
        self.decrypt(said, true);
    }

    fn decrypt(&mut self, said: &Said, changed: bool) {
        let mut randomness = self.randomness();
        let Message { kind, bytes } = &said.message;
        let device = &mut self.me.device;
        let got = device.decrypt(&said.from, *kind, bytes, &mut randomness);
        let got = self.good(got);
        let (plaintext, identity_changed) = (Hex(got.plaintext.to_vec()), got.identity_changed);
        let expected = (&said.text, changed);
        assert_eq!((&plaintext.0, identity_changed), expected, "{}", self.at());
        self.went(said.from, &said.message);
        let input = decrypt_input(said, Hex(randomness.take()));
        let identity_changed = self.reports.then_some(changed);
        let output = DecryptOutput {
            plaintext,
            identity_changed,
        };
        self.answered(Step::Decrypt, input, output);
    }

    pub(super) fn refuses(&mut self, said: &Said, error: ErrorCode) {
        let mut randomness = self.randomness();
        let Message { kind, bytes } = &said.message;
        let device = &mut self.me.device;
        let got = device.decrypt(&said.from, *kind, bytes, &mut randomness);
        self.bad(got.map(drop), error);
        let input = decrypt_input(said, self.undrawn());
        self.refused(Step::Decrypt, input, error);
    }

    pub(super) fn pin(&mut self, peer: &Actor, key: PublicKey) {
        self.me.device.pin(peer.address, key);
        let (peer, identity_key) = (peer.address_fields(), key.encode().into());
        let input = PinInput { peer, identity_key };
        self.answered(Step::Pin, input, Done {});
    }

    pub(super) fn drop_sessions(&mut self, peer: &Actor) {
        self.me.device.drop_sessions(&peer.address);
        let peer = peer.address_fields();
        self.answered(Step::DropSessions, DropSessionsInput { peer }, Done {});
    }

    pub(super) fn restart(&mut self) {
        self.steps.push(Step::Restart(Done {}));
    }

    pub(super) fn tick(&mut self, now: u64) {
        let (now, mut randomness) = (Timestamp(now), self.randomness());
        let ticked = self.me.device.tick(now, &mut randomness);
        ticked.expect("a recorder never ends");
        let randomness = Hex(randomness.take());
        self.answered(Step::Tick, TickInput { now, randomness }, Done {});
    }

    /// The device holds exactly these prekeys.
    pub(super) fn keys(&mut self, signed: &[u32], one_time: &[u32]) {
        let output = KeysOutput {
            signed_pre_key_ids: signed.to_vec(),
            one_time_pre_key_ids: one_time.to_vec(),
        };
        self.answered(Step::Keys, Done {}, output);
    }

    /// The bundle as the device now publishes it.
    pub(super) fn bundle(&mut self, one_time_pre_key_id: Option<u32>) {
        let bundle = self.me.bundle(one_time_pre_key_id);
        let input = BundleInput {
            one_time_pre_key_id,
        };
        self.answered(Step::Bundle, input, BundleOutput { bundle });
    }

    pub(super) fn set_counters(
        &mut self,
        peer: &Actor,
        sending: Option<u32>,
        receiving: Option<u32>,
    ) {
        let input = self.me.set_counters(peer, sending, receiving);
        self.answered(Step::SetCounters, input, Done {});
    }

    /// The device knows exactly this of others, whatever the order.
    pub(super) fn records(&mut self, mut records: Vec<RecordFields>) {
        records.sort_by_key(|record| {
            let peer = Address::try_from(&record.peer).expect("an address");
            Tigress1.encode_address(&peer)
        });
        let got: Vec<RecordFields> = self.me.device.records().map(Into::into).collect();
        assert_eq!(got, records, "{}", self.at());
        self.answered(Step::Records, Done {}, RecordsOutput { records });
    }

    /// Starts a send; the messages that it submits.
    pub(super) fn send(&mut self, to: Recipient, plaintext: &[u8], asks: Asks<'_>) -> Vec<Message> {
        let started = self.me.device.start_send(to, plaintext, &mut NoRandomness);
        let (send, got) = self.good(started);
        self.send = Some(send);
        let output = SendOutput { step: got.into() };
        let messages = self.asked(&output.step, to, asks);
        self.answered(Step::Send, send_input(to, plaintext), output);
        messages
    }

    pub(super) fn refuse_send(&mut self, to: Recipient, plaintext: &[u8], error: ErrorCode) {
        let got = self.me.device.start_send(to, plaintext, &mut NoRandomness);
        self.bad(got.map(drop), error);
        self.refused(Step::Send, send_input(to, plaintext), error);
    }

    /// The intermediary answers; the messages that the send submits then.
    pub(super) fn answer(&mut self, event: EventFields, asks: Asks<'_>) -> Vec<Message> {
        self.good_answer(event, asks, false)
    }

    /// The same, of a bundle whose device is known by another identity key.
    pub(super) fn answer_changed(&mut self, event: EventFields, asks: Asks<'_>) -> Vec<Message> {
        self.good_answer(event, asks, true)
    }

    fn good_answer(&mut self, event: EventFields, asks: Asks<'_>, changed: bool) -> Vec<Message> {
        let to = self.send.as_ref().expect("a send was started").recipient();
        let (got, mut randomness) = self.go_on(&event);
        let got = self.good(got);
        assert_eq!(got.identity_changed, changed, "{}", self.at());
        let (step, randomness) = (got.step.into(), Hex(randomness.take()));
        let messages = self.asked(&step, to, asks);
        let input = ContinueSendInput { event, randomness };
        let identity_changed = changed;
        let output = ContinueSendOutput {
            step,
            identity_changed,
        };
        self.answered(Step::ContinueSend, input, output);
        messages
    }

    pub(super) fn refuse_answer(&mut self, event: EventFields, error: ErrorCode) {
        let (got, _) = self.go_on(&event);
        self.bad(got.map(drop), error);
        let randomness = self.undrawn();
        let input = ContinueSendInput { event, randomness };
        self.refused(Step::ContinueSend, input, error);
    }

    /// Hands the send that event.
    fn go_on(&mut self, event: &EventFields) -> (Result<SendOutcome, SesameError>, Recorder) {
        let mut randomness = self.randomness();
        let send = self.send.as_mut().expect("a send was started");
        let event = SendEvent::try_from(event.clone()).expect("ids in their range");
        let device = &mut self.me.device;
        let got = device.continue_send(send, event, &mut randomness);
        (got, randomness)
    }

    /// Holds what a send asks for against the text; the messages, where it submits some.
    fn asked(&mut self, got: &StepFields, to: Recipient, asks: Asks<'_>) -> Vec<Message> {
        let at = self.at();
        match (got, asks) {
            (StepFields::FetchBundles(got), Asks::Bundles(ids)) => {
                let user = to.user_id().to_string();
                assert!(got.iter().all(|device| device.user_id == user), "{at}");
                let devices: Vec<u32> = got.iter().map(|device| device.device_id).collect();
                assert_eq!(devices, ids, "{at}");
            }
            (StepFields::Submit(got), Asks::Submission(ids)) => {
                let devices: Vec<u32> = got.iter().map(|message| message.device_id).collect();
                assert_eq!(devices, ids, "{at}");
                let messages = got.iter().map(|message| Message {
                    kind: message.kind,
                    bytes: message.message.0.clone(),
                });
                let messages: Vec<Message> = messages.collect();
                for (id, message) in ids.iter().zip(&messages) {
                    let device_id = DeviceId::try_from(*id).expect("a DeviceID");
                    let user_id = to.user_id();
                    self.went(Address { user_id, device_id }, message);
                }
                return messages;
            }
            (StepFields::Done, Asks::Nothing) => {}
            (StepFields::GiveUp(code), Asks::GivingUp(expected)) => {
                assert_eq!(*code, expected, "{at}");
            }
            (got, asks) => panic!("{at}: {got:?} is not {asks:?}"),
        }
        Vec::new()
    }

    /// The saved state must hold none of these.
    pub(super) fn erased(&mut self, secrets: impl Into<Vec<Erased>>) {
        let secrets = secrets.into();
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

fn encrypt_input(peer: Address, plaintext: &[u8]) -> EncryptInput {
    EncryptInput {
        peer: peer.into(),
        plaintext: plaintext.into(),
    }
}

fn decrypt_input(said: &Said, randomness: Hex) -> DecryptInput {
    DecryptInput {
        peer: said.from.into(),
        kind: said.message.kind,
        message: Hex::from(&said.message.bytes),
        randomness,
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
