//! Devices that act in vectors, and conversations as they are recorded.

use super::builder::step_of;
use super::cases::{Case, but};
use super::making::suite;
use super::public_key::key_pair;
use super::said::Said;
use super::seed::{self, Recorder};
use serde_json::Value;
use tigress_signal::agreement::{
    BundleFields, Dated, Fingerprint, PreKeyStore, Statement, SuiteNames,
};
use tigress_signal::conformance::operation::device::{
    BundleInput, BundleOutput, DecryptInput, DecryptOutput, DropSessionsInput, EncryptInput,
    EncryptOutput, KeysOutput, LoadInput, OneTimePreKeyFields, OpenAnewInput, PinInput,
    ProcessBundleInput, ProcessBundleOutput, ReadOpeningInput, ReadOpeningOutput, SetCountersInput,
    SignedPreKeyFields, TickInput, UnpinInput, set_counters,
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
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, Recipient, RegistrationId, UserId};
use tigress_signal::primitives::{
    KeyPair, NoRandomness, PublicKey, Randomness, ScriptedRandomness, Secret, Signature, xeddsa,
};
use tigress_signal::sesame::{self, Decrypted, Device, Limits, Purpose, SesameError};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage};

/// The UserID of that name; the name itself in suites that have names.
pub(super) fn user_id(name: &str) -> String {
    if suite().identifiers().names {
        return name.to_owned();
    }
    UserId::random(&mut Recorder::new(&format!("user/{name}")))
        .expect("a recorder never ends")
        .to_string()
}

/// The address of that user's device.
pub(super) fn address(user: &str, device_id: u32) -> AddressFields {
    let user_id = user_id(user);
    AddressFields { user_id, device_id }
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

    /// A further device of that name, with the keys of its first one.
    pub(super) fn with_keys_of_first(name: &str, device_id: u32) -> Self {
        Self::labelled(name, device_id, &format!("actor/{name}/1"))
    }

    /// The same device with these signed prekeys, the oldest first, in place of its one.
    pub(super) fn with_signed_pre_keys(name: &str, ids: &[u32]) -> Self {
        Self::made(name, 1, &format!("actor/{name}/1"), ids)
    }

    /// The same device, whose n-th one-time prekey was drawn n times so many seconds after its signed prekey.
    pub(super) fn with_one_time_pre_keys_each(name: &str, seconds: u64) -> Self {
        let label = format!("actor/{name}/1");
        Self::made_over(name, 1, &label, &[SIGNED_PRE_KEY_ID], seconds)
    }

    fn labelled(name: &str, device_id: u32, label: &str) -> Self {
        Self::made(name, device_id, label, &[SIGNED_PRE_KEY_ID])
    }

    fn made(name: &str, device_id: u32, label: &str, signed_pre_keys: &[u32]) -> Self {
        Self::made_over(name, device_id, label, signed_pre_keys, 0)
    }

    fn made_over(
        name: &str,
        device_id: u32,
        label: &str,
        signed_pre_keys: &[u32],
        seconds: u64,
    ) -> Self {
        let key = |what: &str| key_pair(&format!("{label}/{what}"));
        let address = Address {
            user_id: suite()
                .identifiers()
                .user_id(&user_id(name))
                .expect("a user"),
            device_id: DeviceId::try_from(device_id).expect("a DeviceID"),
        };
        let identity = key("identity");
        let registration_id = RegistrationId::random(&mut Recorder::new(label));
        let registration_id = registration_id.expect("a recorder never ends");
        let mut keys = PreKeyStore::new(identity.clone(), registration_id);
        let mut loaded = LoadInput {
            address: address.into(),
            registration_id: registration_id.into(),
            identity_private_key: identity.private().expose().into(),
            signed_pre_keys: Vec::new(),
            one_time_pre_keys: Vec::new(),
        };
        let created = Timestamp(0);
        for (n, &id) in signed_pre_keys.iter().enumerate() {
            let nth = if n == 0 {
                String::new()
            } else {
                format!(" {n}")
            };
            let signed = key(&format!("signed prekey{nth}"));
            let z = Secret::new(seed::bytes(&format!("{label}/z{nth}")));
            let signature = suite().sign(&identity, &signed.public().encode(), &z);
            let bare = || {
                let mut keys = PreKeyStore::new(identity.clone(), registration_id);
                let dated = Dated::Unstated { created };
                keys.insert_signed_pre_key(pre_key_id(id), signed.clone(), signature, dated);
                Device::new(suite(), address, keys).bundle(None)
            };
            let dated = if suite().has_statements() {
                let suites = SuiteNames::of(&[suite()]);
                let bundle = but(
                    BundleFields::from(&bare().expect("it has a signed prekey")),
                    |bundle| {
                        bundle.created = Some(created);
                        bundle.suites = Some(suites.clone().into());
                    },
                );
                Dated::Stated(Statement {
                    created,
                    suites,
                    signature: state(&identity, &bundle),
                })
            } else {
                Dated::Unstated { created }
            };
            let statement = dated.statement();
            loaded.signed_pre_keys.push(SignedPreKeyFields {
                id,
                private_key: signed.private().expose().into(),
                signature: signature.as_bytes().into(),
                created,
                statement_signature: statement.map(|it| it.signature.as_bytes().into()),
            });
            keys.insert_signed_pre_key(pre_key_id(id), signed, signature, dated);
        }
        for id in 1..=ONE_TIME_PRE_KEYS {
            let one_time = key(&format!("one-time prekey {id}"));
            let private_key = one_time.private().expose().into();
            let drawn = Timestamp(seconds * u64::from(id));
            let fields = OneTimePreKeyFields {
                id,
                private_key,
                drawn,
            };
            loaded.one_time_pre_keys.push(fields);
            keys.insert_one_time_pre_key(pre_key_id(id), one_time, drawn);
        }
        Actor {
            name: name.to_owned(),
            address,
            loaded,
            device: Device::new(suite(), address, keys),
            draws: 0,
        }
    }

    pub(super) fn identity_key(&self) -> PublicKey {
        *self.device.keys().identity().public()
    }

    /// The bundle, with that one-time prekey if it is held.
    pub(super) fn bundle(&self, one_time_pre_key: Option<u32>) -> BundleFields {
        let bundle = self.device.bundle(one_time_pre_key.map(pre_key_id));
        BundleFields::from(&bundle.expect("an actor has a signed prekey"))
    }

    /// A bundle with a statement of this device's about what it says by now, made at `created`.
    pub(super) fn restate(&self, mut bundle: BundleFields, created: u64) -> BundleFields {
        bundle.created = Some(Timestamp(created));
        self.state(&mut bundle);
        bundle
    }

    /// Signs the statement of a bundle anew, in suites with statements.
    pub(super) fn state(&self, bundle: &mut BundleFields) {
        if !suite().has_statements() {
            return;
        }
        let signature = state(self.device.keys().identity(), bundle);
        bundle.statement_signature = Some(signature.as_bytes().into());
    }

    fn recorder(&mut self, what: &str) -> Recorder {
        self.draws += 1;
        Recorder::new(&format!("{}/{what}/{}", self.name, self.draws))
    }

    /// Opens a session, outside any vector: its clock stands still, and it takes a statement of any time.
    pub(super) fn open(&mut self, bundle: &BundleFields, label: &str) {
        let mut limits = Limits::PROFILE;
        limits.pre_keys.statement_ahead = u64::MAX;
        self.device = self.device.clone().with_limits(limits);
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
        let device = &mut self.device;
        let read = device.decrypt(&from.address, *kind, bytes, &mut randomness);
        assert!(read.is_ok(), "{label}: {:?}", read.err());
    }

    /// What stands there in the saved form of the active session with that peer.
    pub(super) fn saved(&self, peer: &Actor, pointer: &str) -> Value {
        let saved = serde_json::to_value(self.device.save()).expect("JSON");
        let address = serde_json::to_value(peer.address).expect("JSON");
        let records = saved["records"].as_array().expect("records");
        let record = records.iter().find(|record| record["address"] == address);
        let session = &record.expect("a record")["sessions"][0]["session"];
        let found = session.pointer(pointer).cloned();
        found.unwrap_or_else(|| panic!("nothing at {pointer}"))
    }

    /// Sets the sending and the receiving counter of the session with `peer`, leaving its keys alone.
    pub(super) fn set_counters(
        &mut self,
        peer: &Actor,
        counters: [Option<u32>; 2],
    ) -> SetCountersInput {
        let [sending, receiving] = counters;
        let peer = peer.address.into();
        let input = SetCountersInput {
            peer,
            sending,
            receiving,
        };
        set_counters(&mut self.device, &input).expect("a session");
        input
    }
}

/// What a bundle's statement covers, written from the profile's text (KEY-09). What no device can have is cut to its place, as whoever does not
/// look at it would cut it: then nothing but the look at it refuses the bundle.
pub(super) fn stated(bundle: &BundleFields) -> Vec<u8> {
    let mut digits: String = bundle.user_id.to_ascii_lowercase();
    digits.retain(|c| c.is_ascii_hexdigit());
    digits.truncate(32);
    let mut covered = b"TigressSignal/1 Statement".to_vec();
    covered.extend(tigress_signal::hex::decode(&digits).unwrap_or_default());
    covered.push(bundle.device_id.to_le_bytes()[0]);
    covered.extend(bundle.registration_id.to_be_bytes());
    covered.extend(bundle.signed_pre_key_id.to_be_bytes());
    covered.extend(&bundle.signed_pre_key.0);
    covered.extend(bundle.created.unwrap_or_default().0.to_be_bytes());
    for name in bundle.suites.iter().flatten() {
        covered.push(u8::try_from(name.len()).unwrap_or(255));
        covered.extend(name.as_bytes());
    }
    covered
}

/// The statement's signature: its randomness is made from what it covers.
fn state(identity: &KeyPair, bundle: &BundleFields) -> Signature {
    let covered = stated(bundle);
    let z = seed::bytes(&format!("statement/{}", Hex(covered.clone())));
    xeddsa::sign(identity, &covered, &Secret::new(z))
}

fn pre_key_id(id: u32) -> PreKeyId {
    PreKeyId::try_from(id).expect("a prekey id")
}

/// A message of a send, and the device that it is for.
pub(super) type Sent = (Address, Message);

/// A conversation that is played here and recorded as steps of a vector.
pub(super) struct Talk {
    pub(super) me: Actor,
    send: Option<sesame::Send>,
    steps: Vec<Step>,
    label: String,
    /// With whom there were sessions, and the base key of each, in the order in which their messages went.
    sessions: Vec<(Address, Hex)>,
    /// What is to be erased.
    secrets: Vec<Erased>,
    /// Whether the device may refuse a step, which ends the conversation.
    may_refuse: bool,
}

/// What a send asks for, as the profile's text has it; the messages are the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks<'a> {
    /// The bundles of these devices.
    Bundles(&'a [u32]),
    /// The statements of these devices.
    Statements(&'a [u32]),
    /// A submission to these devices.
    Submission(&'a [u32]),
    Nothing,
    GivingUp(ErrorCode),
    /// Nothing: the call is refused.
    Refused(ErrorCode),
}

impl Asks<'_> {
    fn refusal(self) -> Option<ErrorCode> {
        match self {
            Asks::Refused(code) => Some(code),
            _ => None,
        }
    }
}

type Answer<T> = Result<T, ErrorCode>;

/// A bundle or message is taken, of a peer that is known by that identity key or by none.
pub(super) const SAME_IDENTITY: Answer<bool> = Ok(false);
/// The same, of a peer that is known by another identity key.
pub(super) const OTHER_IDENTITY: Answer<bool> = Ok(true);

/// A conversation with that device under test; its comment makes its randomness differ from that of others.
pub(super) fn converse<C: Conversation>(
    me: Actor,
    with: impl FnOnce(Talk) -> C,
    play: impl FnOnce(&mut C) -> &mut C,
) -> impl Case {
    move |b, about| {
        let mut conversation = with(Talk {
            me,
            send: None,
            steps: Vec::new(),
            label: about.comment.to_owned(),
            sessions: Vec::new(),
            secrets: Vec::new(),
            may_refuse: false,
        });
        let played = play(&mut conversation).talk();
        let steps = std::mem::take(&mut played.steps);
        let device = played.me.loaded.clone();
        let script = Fields { device, steps };
        if played.may_refuse {
            b.acceptable_conversation(about, script);
        } else {
            b.conversation(about, script);
        }
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

    /// What the next step is given: what it drew or, where it is refused, so many keys that it must not draw.
    fn given<T>(&self, mut drawn: Recorder, got: &Answer<T>, keys: usize) -> Hex {
        match got {
            Ok(_) => Hex(drawn.take()),
            Err(_) => Hex(seed::bytes::<32>(&self.source()).repeat(keys)),
        }
    }

    /// Which step is next, for whoever finds it to go wrong.
    fn at(&self) -> String {
        format!("{}, step {}", self.label, self.steps.len() + 1)
    }

    /// What the engine answered; it must have refused with that code, or not at all.
    fn outcome<T>(&self, got: Result<T, SesameError>, refused: Option<ErrorCode>) -> Answer<T> {
        let got = got.map_err(|error| error.code().expect("a recorder never ends"));
        assert_eq!(got.as_ref().err().copied(), refused, "{}", self.at());
        got
    }

    fn record<I, O>(&mut self, step: fn(StepOf<I, O>) -> Step, input: I, answer: Answer<O>) {
        self.steps.push(step(step_of(input, answer)));
    }

    /// Keeps in mind which session a message is of, where that is a prekey message.
    fn went(&mut self, peer: Address, message: &Message) {
        if message.kind == MessageKind::Ratchet {
            return;
        }
        let message = PreKeyMessage::decode(suite(), &message.bytes).expect("a prekey message");
        let session = (peer, Hex::from(message.base_key.encode()));
        if !self.sessions.contains(&session) {
            self.sessions.push(session);
        }
    }

    /// The base key of a session with that peer; the first one is 0.
    pub(super) fn base_key(&self, peer: &Actor, session: usize) -> Hex {
        let with_it = |(with, _): &&(Address, Hex)| *with == peer.address;
        let nth = self.sessions.iter().filter(with_it).nth(session);
        nth.expect("a session").1.clone()
    }

    pub(super) fn process_bundle(&mut self, bundle: &BundleFields, expected: Answer<bool>) {
        let mut drawn = self.randomness();
        let got = self.me.device.process_bundle(bundle, &mut drawn);
        let got = self.outcome(got, expected.err());
        assert_eq!(got, expected, "{}", self.at());
        let (bundle, randomness) = (bundle.clone(), self.given(drawn, &got, 2));
        let input = ProcessBundleInput { bundle, randomness };
        let output = got.map(|changed| ProcessBundleOutput {
            identity_changed: changed,
        });
        self.record(Step::ProcessBundle, input, output);
    }

    pub(super) fn encrypt(&mut self, peer: &Actor, plaintext: &[u8]) -> Message {
        self.try_encrypt(peer, plaintext, None).expect("a session")
    }

    /// The device encrypts, or is refused with that code.
    pub(super) fn try_encrypt(
        &mut self,
        peer: &Actor,
        plaintext: &[u8],
        refused: Option<ErrorCode>,
    ) -> Answer<Message> {
        let device = &mut self.me.device;
        let got = device.encrypt(&peer.address, plaintext, &mut NoRandomness);
        let got = self.outcome(got, refused);
        let output = got.clone().map(|message| {
            self.went(peer.address, &message);
            let (kind, message) = (message.kind, Hex(message.bytes));
            EncryptOutput { kind, message }
        });
        let (peer, plaintext) = (peer.address.into(), plaintext.into());
        self.record(Step::Encrypt, EncryptInput { peer, plaintext }, output);
        got
    }

    /// The device decrypts a message to what its sender said, or refuses it.
    pub(super) fn decrypt(&mut self, said: &Said, expected: Answer<bool>) {
        self.decrypt_beside(said, expected, false);
    }

    /// The same; whether it opens a session beside the one that provisioning information goes into.
    pub(super) fn decrypt_beside(&mut self, said: &Said, expected: Answer<bool>, beside: bool) {
        let mut drawn = self.randomness();
        let got = self.try_decrypt(said, &mut drawn, expected.err());
        let randomness = self.given(drawn, &got, 1);
        self.read(said, got, randomness, (expected, beside));
    }

    /// The device decrypts a message that begins a chain, and draws that private key for its own next one.
    pub(super) fn decrypt_drawing(&mut self, said: &Said, private_key: &[u8; 32]) {
        let mut drawn = ScriptedRandomness::new(private_key);
        let got = self.try_decrypt(said, &mut drawn, None);
        assert_eq!(drawn.remaining(), 0, "{}", self.at());
        self.read(said, got, private_key.into(), (SAME_IDENTITY, false));
    }

    fn try_decrypt(
        &mut self,
        said: &Said,
        drawn: &mut dyn Randomness,
        refused: Option<ErrorCode>,
    ) -> Answer<Decrypted> {
        let Message { kind, bytes } = &said.message;
        let got = self.me.device.decrypt(&said.from, *kind, bytes, drawn);
        self.outcome(got, refused)
    }

    fn read(
        &mut self,
        said: &Said,
        got: Answer<Decrypted>,
        randomness: Hex,
        (expected, beside): (Answer<bool>, bool),
    ) {
        let input = DecryptInput {
            peer: said.from.into(),
            kind: said.message.kind,
            message: Hex::from(&said.message.bytes),
            randomness,
        };
        let output = got.map(|got| {
            let read = (got.plaintext.to_vec(), Ok(got.identity_changed));
            assert_eq!(read, (said.text.clone(), expected), "{}", self.at());
            assert_eq!(got.beside, beside, "{}", self.at());
            self.went(said.from, &said.message);
            DecryptOutput {
                plaintext: read.0.into(),
                identity_changed: got.identity_changed,
                beside: got.beside,
            }
        });
        self.record(Step::Decrypt, input, output);
    }

    /// The device reads a message that would open a session, or refuses it; nothing changes.
    pub(super) fn read_opening(&mut self, said: &Said, refused: Option<ErrorCode>) {
        let bytes = &said.message.bytes;
        let before = self.me.device.clone();
        let got = self.me.device.read_opening(&said.from, bytes);
        let output = self.outcome(got, refused).map(|(key, plaintext)| {
            assert_eq!(*plaintext, said.text, "{}", self.at());
            ReadOpeningOutput {
                identity_key: key.encode().into(),
                plaintext: plaintext.as_slice().into(),
            }
        });
        assert!(before == self.me.device, "{}", self.at());
        let (peer, message) = (said.from.into(), bytes.into());
        let input = ReadOpeningInput { peer, message };
        self.record(Step::ReadOpening, input, output);
    }

    pub(super) fn set_counters(&mut self, peer: &Actor, counters: [Option<u32>; 2]) {
        let input = self.me.set_counters(peer, counters);
        self.record(Step::SetCounters, input, Ok(Done {}));
    }

    /// The device knows exactly this of others, whatever the order.
    pub(super) fn records(&mut self, mut records: Vec<RecordFields>) {
        records.sort_by_key(|record| {
            let peer = record
                .peer
                .within(suite().identifiers())
                .expect("an address");
            suite().encode_address(&peer)
        });
        let got: Vec<RecordFields> = self.me.device.records().map(Into::into).collect();
        assert_eq!(got, records, "{}", self.at());
        self.record(Step::Records, Done {}, Ok(RecordsOutput { records }));
    }

    /// Starts a send; the messages that it submits.
    pub(super) fn send(
        &mut self,
        to: Recipient,
        plaintext: &[u8],
        purpose: Purpose,
        asks: Asks<'_>,
    ) -> Vec<Sent> {
        let got = (self.me.device).start_send(to, plaintext, purpose, &mut NoRandomness);
        let output = self.outcome(got, asks.refusal()).map(|(send, step)| {
            self.send = Some(send);
            SendOutput { step: step.into() }
        });
        let step = output.as_ref().ok().map(|output| &output.step);
        let messages = self.asked(step, to, asks);
        let (recipient, plaintext) = (to.into(), plaintext.into());
        let input = SendInput {
            recipient,
            plaintext,
            provisioning: purpose == Purpose::Provisioning,
        };
        self.record(Step::Send, input, output);
        messages
    }

    /// The intermediary answers, with a bundle of another identity key or not; the messages that the send submits then.
    pub(super) fn answer(
        &mut self,
        event: EventFields,
        asks: Asks<'_>,
        identity: Answer<bool>,
    ) -> Vec<Sent> {
        let mut drawn = self.randomness();
        let send = self.send.as_mut().expect("a send was started");
        let to = send.recipient();
        let answer = event
            .clone()
            .within(suite().identifiers())
            .expect("ids in their range");
        let got = self.me.device.continue_send(send, answer, &mut drawn);
        let output = self.outcome(got, asks.refusal()).map(|got| {
            assert_eq!(Ok(got.identity_changed), identity, "{}", self.at());
            ContinueSendOutput {
                step: got.step.into(),
                identity_changed: got.identity_changed,
            }
        });
        let step = output.as_ref().ok().map(|output| &output.step);
        let messages = self.asked(step, to, asks);
        let randomness = self.given(drawn, &output, 1);
        let input = ContinueSendInput { event, randomness };
        self.record(Step::ContinueSend, input, output);
        messages
    }

    /// Holds what a send asks for against the text; the messages, where it submits some.
    fn asked(&mut self, got: Option<&StepFields>, to: Recipient, asks: Asks<'_>) -> Vec<Sent> {
        let at = self.at();
        match (got, asks) {
            (Some(StepFields::FetchBundles(got)), Asks::Bundles(ids))
            | (Some(StepFields::FetchStatements(got)), Asks::Statements(ids)) => {
                let user = to.user_id().to_string();
                assert!(got.iter().all(|device| device.user_id == user), "{at}");
                let devices: Vec<u32> = got.iter().map(|device| device.device_id).collect();
                assert_eq!(devices, ids, "{at}");
            }
            (Some(StepFields::Submit(got)), Asks::Submission(ids)) => {
                let devices: Vec<u32> = got.iter().map(|message| message.device_id).collect();
                assert_eq!(devices, ids, "{at}");
                let sent = got.iter().map(|got| {
                    let (kind, bytes) = (got.kind, got.message.0.clone());
                    let device_id = DeviceId::try_from(got.device_id).expect("a DeviceID");
                    let user_id = to.user_id();
                    (Address { user_id, device_id }, Message { kind, bytes })
                });
                let sent: Vec<Sent> = sent.collect();
                for (address, message) in &sent {
                    self.went(*address, message);
                }
                return sent;
            }
            (None, Asks::Refused(_)) | (Some(StepFields::Done), Asks::Nothing) => {}
            (Some(StepFields::GiveUp(code)), Asks::GivingUp(expected)) => {
                assert_eq!(*code, expected, "{at}");
            }
            (got, asks) => panic!("{at}: {got:?} is not {asks:?}"),
        }
        Vec::new()
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

/// A conversation in verbs: each records a step.
pub(super) trait Conversation: Sized {
    fn talk(&mut self) -> &mut Talk;

    /// The same with each of these.
    fn each<T>(
        &mut self,
        all: impl IntoIterator<Item = T>,
        play: impl Fn(&mut Self, T) -> &mut Self,
    ) -> &mut Self {
        for one in all {
            play(self, one);
        }
        self
    }

    /// Real devices may differ: a step that is refused ends the conversation.
    fn may_refuse(&mut self) -> &mut Self {
        self.talk().may_refuse = true;
        self
    }

    fn restart(&mut self) -> &mut Self {
        self.talk().steps.push(Step::Restart(Done {}));
        self
    }

    /// The device is told the time.
    fn ticks(&mut self, now: u64) -> &mut Self {
        let (talk, now) = (self.talk(), Timestamp(now));
        let mut randomness = talk.randomness();
        let ticked = talk.me.device.tick(now, &mut randomness);
        ticked.expect("a recorder never ends");
        let randomness = Hex(randomness.take());
        talk.record(Step::Tick, TickInput { now, randomness }, Ok(Done {}));
        self
    }

    fn pins(&mut self, peer: &Actor, key: PublicKey) -> &mut Self {
        self.pins_as(peer, key, true, None)
    }

    /// An identity key is pinned, which the user named or not; or it is refused.
    fn pins_as(
        &mut self,
        peer: &Actor,
        key: PublicKey,
        named: bool,
        refused: Option<ErrorCode>,
    ) -> &mut Self {
        let talk = self.talk();
        let fingerprint = Fingerprint::of(&key);
        let pinned = talk.me.device.pin(peer.address, fingerprint, named);
        let output = talk.outcome(pinned.map_err(Into::into), refused);
        let input = PinInput {
            peer: peer.address.into(),
            identity_key: key.encode().into(),
            named,
        };
        talk.record(Step::Pin, input, output.map(|()| Done {}));
        self
    }

    /// The next provisioning information for that peer opens a new session.
    fn opens_anew(&mut self, peer: &Actor) -> &mut Self {
        let talk = self.talk();
        talk.me.device.open_anew(&peer.address);
        let peer = peer.address.into();
        talk.record(Step::OpenAnew, OpenAnewInput { peer }, Ok(Done {}));
        self
    }

    /// What is pinned to that peer is forgotten.
    fn unpins(&mut self, peer: &Actor) -> &mut Self {
        let talk = self.talk();
        talk.me.device.unpin(&peer.address);
        let peer = peer.address.into();
        talk.record(Step::Unpin, UnpinInput { peer }, Ok(Done {}));
        self
    }

    /// The device forgets its sessions with that peer.
    fn drops_sessions(&mut self, peer: &Actor) -> &mut Self {
        let talk = self.talk();
        talk.me.device.drop_sessions(&peer.address);
        let peer = peer.address.into();
        talk.record(Step::DropSessions, DropSessionsInput { peer }, Ok(Done {}));
        self
    }

    /// The device holds its signed prekey and these one-time prekeys.
    fn holds(&mut self, one_time: &[u32]) -> &mut Self {
        self.holds_all(&[SIGNED_PRE_KEY_ID], one_time)
    }

    /// The device holds exactly these prekeys.
    fn holds_all(&mut self, signed: &[u32], one_time: &[u32]) -> &mut Self {
        let output = KeysOutput {
            signed_pre_key_ids: signed.to_vec(),
            one_time_pre_key_ids: one_time.to_vec(),
        };
        self.talk().record(Step::Keys, Done {}, Ok(output));
        self
    }

    /// The bundle as the device now publishes it.
    fn publishes(&mut self, one_time_pre_key_id: Option<u32>) -> &mut Self {
        let talk = self.talk();
        let bundle = talk.me.bundle(one_time_pre_key_id);
        let input = BundleInput {
            one_time_pre_key_id,
        };
        talk.record(Step::Bundle, input, Ok(BundleOutput { bundle }));
        self
    }

    /// This is to be erased.
    fn remember(&mut self, secrets: impl IntoIterator<Item = Erased>) -> &mut Self {
        self.talk().secrets.extend(secrets);
        self
    }

    /// The secret of the session that now stands there is to be erased.
    fn secret(&mut self, name: &str, pointer: &str) -> &mut Self {
        let secret = self.talk().secret(name, pointer);
        self.remember([secret])
    }

    /// The saved state must hold nothing any more of what is to be erased.
    fn erased(&mut self) -> &mut Self {
        let talk = self.talk();
        let secrets = std::mem::take(&mut talk.secrets);
        talk.steps.push(Step::Erased(ErasedFields { secrets }));
        self
    }
}

/// A private key, as drawn and as clamped: a device may have kept either.
pub(super) fn erased_private_key(name: &str, bytes: &[u8]) -> [Erased; 2] {
    let mut clamped = bytes.to_vec();
    clamped[0] &= 0xf8;
    clamped[31] = clamped[31] & 0x7f | 0x40;
    let clamped = erased(&format!("{name}, clamped"), &clamped);
    [erased(name, bytes), clamped]
}

/// A secret by its bytes.
pub(super) fn erased(name: &str, bytes: &[u8]) -> Erased {
    let (name, bytes) = (name.to_owned(), bytes.into());
    Erased { name, bytes }
}
