//! Family `intermediary`.

use super::actor::{Actor, user_id};
use super::{Builder, seed};
use crate::agreement::BundleFields;
use crate::conformance::operation::Done;
use crate::conformance::operation::intermediary::{
    RequestInput, RequestOutput, RequestsInput, TickInput,
};
use crate::conformance::vector::conversation::intermediary::{Fields, Step};
use crate::conformance::vector::conversation::{Erased, ErasedFields, StepOf};
use crate::error_code::ErrorCode::{
    self, ConflictingRequest, Forbidden, InvalidKey, InvalidSignature, MailboxFull, Malformed,
    NotFound, RateLimited, TooLarge, Unauthorized,
};
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, PreKeyId, Recipient};
use crate::intermediary::{
    Answer, Body, Envelope, EnvelopeId, Intermediary, IntermediaryError, MemoryStore,
    PublishedOneTimePreKey, Registration, Request, RequestId, Submission, SubmittedMessage, Token,
};
use crate::primitives::{KeyPair, PrivateKey, ScriptedRandomness, Secret, xeddsa};
use crate::suite::Tigress1;
use crate::timestamp::{DAY, Timestamp};
use crate::wire::MessageKind::{self, PreKey, Ratchet};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// When every conversation begins.
const START: u64 = 1_700_000_000;
/// How long a message is kept where nothing else is asked for.
const TWO_DAYS: u64 = 172_800;

/// A device as its intermediary's client: what it registers, and its token once it has one.
#[derive(Clone)]
struct Client {
    address: Address,
    registration: Registration,
    identity: KeyPair,
    token: Option<Token>,
}

fn key_pair(label: &str) -> KeyPair {
    KeyPair::from(PrivateKey::from(seed::bytes(label)))
}

fn one_time(name: &str, ids: RangeInclusive<u32>) -> Vec<PublishedOneTimePreKey> {
    ids.map(|raw| PublishedOneTimePreKey {
        id: PreKeyId::try_from(raw).expect("a prekey id"),
        key: key_pair(&format!("intermediary/{name}/{raw}"))
            .public()
            .encode()
            .into(),
    })
    .collect()
}

fn device_ids(raw: &[u32]) -> Vec<DeviceId> {
    raw.iter()
        .map(|raw| DeviceId::try_from(*raw).expect("a DeviceID"))
        .collect()
}

impl Client {
    /// A device with that many one-time prekeys, ids from 1 on.
    fn new(name: &str, device_id: u32, one_time_pre_keys: u32) -> Self {
        let actor = Actor::on_device(name, device_id);
        let bundle = actor.bundle(None);
        let private = &actor.loaded.identity_private_key[..];
        let private: [u8; 32] = private.try_into().expect("32 bytes");
        Client {
            address: actor.address,
            registration: Registration {
                address: actor.address,
                registration_id: bundle.registration_id.try_into().expect("in its range"),
                identity_key: bundle.identity_key,
                signed_pre_key_id: bundle.signed_pre_key_id.try_into().expect("in its range"),
                signed_pre_key: bundle.signed_pre_key,
                signed_pre_key_signature: bundle.signed_pre_key_signature,
                one_time_pre_keys: one_time(name, 1..=one_time_pre_keys),
            },
            identity: KeyPair::from(PrivateKey::from(private)),
            token: None,
        }
    }

    /// The device after its state was erased: another registration id, other keys, the same address.
    fn anew(&self, name: &str) -> Self {
        let mut other = Client::new(name, self.address.device_id.get(), 1);
        other.address = self.address;
        other.registration.address = self.address;
        other
    }

    /// Its bundle with that one-time prekey of those that it registered.
    fn bundle(&self, one_time_pre_key: Option<u32>) -> Answer {
        let own = &self.registration;
        let one_time = one_time_pre_key.and_then(|raw| {
            let mut keys = own.one_time_pre_keys.iter();
            keys.find(|key| u32::from(key.id) == raw)
        });
        assert_eq!(one_time.is_some(), one_time_pre_key.is_some());
        Answer::Bundle {
            bundle: BundleFields {
                user_id: self.address.user_id.to_string(),
                device_id: self.address.device_id.into(),
                registration_id: own.registration_id.into(),
                identity_key: own.identity_key.clone(),
                signed_pre_key_id: own.signed_pre_key_id.into(),
                signed_pre_key: own.signed_pre_key.clone(),
                signed_pre_key_signature: own.signed_pre_key_signature.clone(),
                one_time_pre_key_id: one_time.map(|key| key.id.into()),
                one_time_pre_key: one_time.map(|key| key.key.clone()),
                kem_pre_key: None,
                suites: Vec::new(),
            },
        }
    }

    /// A further signed prekey: id, key, signature.
    fn signed_pre_key(&self, raw: u32) -> (PreKeyId, Hex, Hex) {
        let label = format!("intermediary/{}/signed prekey {raw}", self.address);
        let key = key_pair(&label).public().encode();
        let z = Secret::new(seed::bytes(&format!("{label}/z")));
        let signature = xeddsa::sign(&self.identity, &key, &z);
        let id = PreKeyId::try_from(raw).expect("a prekey id");
        (id, key.into(), signature.as_bytes().into())
    }

    /// A message for this device.
    fn message(&self, kind: MessageKind, bytes: &[u8]) -> SubmittedMessage {
        SubmittedMessage {
            device_id: self.address.device_id,
            registration_id: self.registration.registration_id,
            kind,
            message: bytes.into(),
        }
    }

    fn fetch(&self) -> Body {
        Body::FetchBundle {
            address: self.address,
        }
    }

    fn count(&self) -> Body {
        Body::CountOneTimePreKeys {
            address: self.address,
        }
    }

    fn read(&self) -> Body {
        self.read_at_most(100)
    }

    fn read_at_most(&self, limit: u32) -> Body {
        let address = self.address;
        Body::Read { address, limit }
    }

    fn acknowledge(&self, ids: &[u64]) -> Body {
        Body::Acknowledge {
            address: self.address,
            ids: ids.iter().copied().map(EnvelopeId).collect(),
        }
    }

    fn remove(&self) -> Body {
        Body::Remove {
            address: self.address,
        }
    }

    fn publish(&self, one_time_pre_keys: &[PublishedOneTimePreKey]) -> Body {
        Body::PublishOneTimePreKeys {
            address: self.address,
            one_time_pre_keys: one_time_pre_keys.to_vec(),
        }
    }

    fn publish_signed(&self, (id, key, signature): (PreKeyId, Hex, Hex)) -> Body {
        Body::PublishSignedPreKey {
            address: self.address,
            id,
            key,
            signature,
        }
    }
}

/// One ratchet message for one device.
fn send(to: &Client, bytes: &[u8]) -> Body {
    send_for(to, bytes, None)
}

fn send_for(to: &Client, bytes: &[u8], lifetime: Option<u64>) -> Body {
    Body::Submit(Submission {
        recipient: Recipient::Device(to.address),
        messages: vec![to.message(Ratchet, bytes)],
        lifetime,
    })
}

/// A message for each of those devices, to all of the first one's user.
fn send_all(to: &[(&Client, &[u8])]) -> Body {
    let (first, _) = to.first().expect("a device");
    let messages = to.iter();
    Body::Submit(Submission {
        recipient: Recipient::User(first.address.user_id),
        messages: messages
            .map(|(device, bytes)| device.message(PreKey, bytes))
            .collect(),
        lifetime: None,
    })
}

fn left(left: u32) -> Answer {
    Answer::OneTimePreKeys { left }
}

fn nothing() -> Answer {
    Answer::Envelopes {
        envelopes: Vec::new(),
    }
}

fn mismatch(missing: &[u32], extra: &[u32]) -> Answer {
    Answer::DeviceMismatch {
        missing: device_ids(missing),
        extra: device_ids(extra),
    }
}

/// A conversation that is played here and recorded.
struct Play {
    label: String,
    machine: Intermediary<MemoryStore>,
    steps: Vec<Step>,
    now: u64,
}

impl Play {
    fn new(label: &str) -> Self {
        Play {
            label: label.to_owned(),
            machine: Intermediary::new(&Tigress1, MemoryStore::default()),
            steps: Vec::new(),
            now: START,
        }
    }

    /// That many seconds after the beginning.
    fn at(&mut self, seconds: u64) {
        self.now = START + seconds;
    }

    /// What a step is called here: no two requests of a conversation have the same id unless they must.
    fn name(&self) -> String {
        format!("{}, step {}", self.label, self.steps.len() + 1)
    }

    fn id(&self, body: &Body) -> RequestId {
        let id = match body {
            Body::Register(_) => {
                crate::hex::encode(&seed::bytes::<16>(&format!("intermediary/{}", self.name())))
            }
            _ => format!("request-{}", self.steps.len() + 1),
        };
        id.try_into().expect("visible ASCII")
    }

    fn request(&self, who: Option<&Client>, body: Body) -> Request {
        Request {
            id: self.id(&body),
            token: who.and_then(|who| who.token.clone()),
            body,
        }
    }

    fn record(&mut self, request: Value, randomness: &[u8], result: Result<Answer, ErrorCode>) {
        let (expected, error) = match result {
            Ok(answer) => (Some(RequestOutput { answer }), None),
            Err(code) => (None, Some(code)),
        };
        self.steps.push(Step::Request(StepOf {
            input: RequestInput {
                request,
                now: Timestamp(self.now),
                randomness: randomness.into(),
            },
            expected,
            error,
        }));
    }

    fn handle(&mut self, request: &Value, randomness: &[u8]) -> Result<Answer, IntermediaryError> {
        let request = Request::from_json(request.to_string().as_bytes())?;
        let mut script = ScriptedRandomness::new(randomness);
        self.machine
            .handle(&request, Timestamp(self.now), &mut script)
    }

    /// The request, exactly, is answered so.
    fn exactly(&mut self, request: &Request, randomness: &[u8], answer: Answer) {
        let request = serde_json::to_value(request).expect("a request");
        let got = self.handle(&request, randomness);
        assert_eq!(got.as_ref(), Ok(&answer), "{}", self.name());
        self.record(request, randomness, Ok(answer));
    }

    /// The request, exactly, is refused.
    fn refused(&mut self, request: Value, code: ErrorCode) {
        // What a refused step is given, and must not draw.
        let unused: [u8; 32] = seed::bytes(&format!("intermediary/{}", self.name()));
        let got = self.handle(&request, &unused).map_err(|error| error.code());
        assert_eq!(got, Err(Some(code)), "{}", self.name());
        self.record(request, &unused, Err(code));
    }

    fn answers(&mut self, who: &Client, body: Body, answer: Answer) {
        let request = self.request(Some(who), body);
        self.exactly(&request, &[], answer);
    }

    fn done(&mut self, who: &Client, body: Body) {
        self.answers(who, body, Answer::Done);
    }

    fn refuses(&mut self, who: &Client, body: Body, code: ErrorCode) {
        let request = self.request(Some(who), body);
        self.refuses_exactly(&request, code);
    }

    fn refuses_exactly(&mut self, request: &Request, code: ErrorCode) {
        let request = serde_json::to_value(request).expect("a request");
        self.refused(request, code);
    }

    /// Changed in that way, the request that `who` would make is malformed.
    fn malformed(&mut self, who: &Client, body: Body, change: impl FnOnce(&mut Value)) {
        let request = self.request(Some(who), body);
        let mut request = serde_json::to_value(request).expect("a request");
        change(&mut request);
        self.refused(request, Malformed);
    }

    /// Registers with the token of `with`; the registration, to be made again.
    fn registers(&mut self, who: &mut Client, with: Option<&Client>) -> Request {
        let request = self.request(with, Body::Register(who.registration.clone()));
        let drawn: [u8; 32] = seed::bytes(&format!("intermediary/{}/token", self.name()));
        let token = Token::from(drawn);
        self.exactly(
            &request,
            &drawn,
            Answer::Registered {
                token: token.clone(),
            },
        );
        who.token = Some(token);
        request
    }

    fn refuses_registration(&mut self, who: &Client, with: Option<&Client>, code: ErrorCode) {
        let request = self.request(with, Body::Register(who.registration.clone()));
        self.refuses_exactly(&request, code);
    }

    /// The mailbox holds exactly these: id, sender, message.
    fn holds(&mut self, who: &Client, messages: &[(u64, &Client, &[u8])]) {
        let envelopes = messages.iter().map(|(id, sender, bytes)| {
            self.envelope(who, *id, sender, Ratchet, bytes, START + TWO_DAYS)
        });
        let answer = Answer::Envelopes {
            envelopes: envelopes.collect(),
        };
        self.answers(who, who.read(), answer);
    }

    #[allow(clippy::unused_self, reason = "reads as a sentence")]
    fn envelope(
        &self,
        recipient: &Client,
        id: u64,
        sender: &Client,
        kind: MessageKind,
        bytes: &[u8],
        expires: u64,
    ) -> Envelope {
        Envelope {
            id: EnvelopeId(id),
            sender: sender.address,
            recipient: recipient.address,
            kind,
            message: bytes.into(),
            expires: Timestamp(expires),
        }
    }

    /// The request is made many times; each is answered so.
    fn many(&mut self, who: &Client, body: Body, times: u32, answer: Answer) {
        let request = self.request(Some(who), body);
        let id = request.id.as_str().to_owned();
        let request = serde_json::to_value(request).expect("a request");
        for time in 1..=times {
            let mut request = request.clone();
            request["id"] = format!("{id}-{time}").into();
            let got = self.handle(&request, &[]);
            assert_eq!(got.as_ref(), Ok(&answer), "{}, {time}", self.name());
        }
        self.steps.push(Step::Requests(StepOf {
            input: RequestsInput {
                request,
                times,
                now: Timestamp(self.now),
            },
            expected: Some(RequestOutput { answer }),
            error: None,
        }));
    }

    fn tick(&mut self) {
        let now = Timestamp(self.now);
        self.machine.tick(now).expect("memory does not fail");
        self.steps.push(Step::Tick(StepOf {
            input: TickInput { now },
            expected: Some(Done {}),
            error: None,
        }));
    }

    fn restart(&mut self) {
        self.steps.push(Step::Restart(Done {}));
    }

    fn erased(&mut self, name: &str, bytes: &[u8]) {
        let bytes: Hex = bytes.into();
        let state = self.machine.save().to_json();
        assert!(!state.contains(&bytes.to_string()), "{}", self.name());
        self.steps.push(Step::Erased(ErasedFields {
            secrets: vec![Erased {
                name: name.to_owned(),
                bytes,
            }],
        }));
    }
}

fn message(label: &str) -> Vec<u8> {
    seed::vec(&format!("intermediary/message/{label}"), 48)
}

fn notes(b: &mut Builder) {
    for (flag, bug_type, description) in [
        ("Normal", "BASIC", "Requests as honest clients make them."),
        (
            "TokenHandling",
            "CONFIDENTIALITY",
            "How the token is made and kept. Whoever keeps it readable hands every mailbox to a thief of the store.",
        ),
        (
            "Authorisation",
            "AUTH_BYPASS",
            "A request without a token, with an unknown one or with that of another device. Whoever goes by the address that the request names lets a stranger read mailboxes, replace keys or join a user's devices.",
        ),
        (
            "UncheckedKey",
            "MISSING_STEP",
            "A key that must not be used, or a signature that does not verify, is published. Whoever stores it hands it on: to clients that do not check it, or whose sends then fail one and all.",
        ),
        (
            "OneTimePreKeyReuse",
            "CONFIDENTIALITY",
            "A one-time prekey is handed out a second time. The second sender's message is refused, and a replay of the first cannot be told from a new session.",
        ),
        (
            "Drain",
            "DENIAL_OF_SERVICE",
            "Somebody takes bundle after bundle. Whoever lets them leaves a device without one-time prekeys.",
        ),
        (
            "DeviceList",
            "MISSING_STEP",
            "A submission to a user does not list exactly the user's devices. Whoever stores it leaves a device out or writes to one that is gone, and the sender never learns of it.",
        ),
        (
            "StaleRegistration",
            "MISSING_STEP",
            "A message is encrypted for a former installation of a device. Whoever stores it delivers what nobody can read, and the sender never learns of it.",
        ),
        (
            "PartlyStored",
            "MISSING_STEP",
            "A refused request changes nothing at all. Whoever stores a part of it delivers twice what the client then sends again.",
        ),
        (
            "Order",
            "MISSING_STEP",
            "Messages arrive in the order in which they were accepted.",
        ),
        (
            "LostMessage",
            "MISSING_STEP",
            "A message is gone before its owner has acknowledged it. Whoever erases on reading loses what a client read and crashed on.",
        ),
        (
            "Acknowledgement",
            "MISSING_STEP",
            "What an acknowledgement erases: the messages that it names, once, and no later one.",
        ),
        (
            "Expiry",
            "CONFIDENTIALITY",
            "A message's lifetime is over, or nearly. Kept too long it is there for a thief of the store, dropped too early it is lost.",
        ),
        (
            "Limit",
            "DENIAL_OF_SERVICE",
            "A limit of section 7, on both sides of it.",
        ),
        (
            "Repetition",
            "MISSING_STEP",
            "A client that got no answer makes its request again. Whoever carries it out again spends a second prekey or delivers a message twice; whoever refuses it leaves the client without its answer.",
        ),
        (
            "Removal",
            "CONFIDENTIALITY",
            "A device is removed, or another takes its place. Whatever stays of it can be read by whoever comes next.",
        ),
        (
            "Spoofing",
            "AUTH_BYPASS",
            "Who a message is from is what the token says. Whoever takes a client's word for it lets it write in another's name.",
        ),
        (
            "LooksInside",
            "CONFIDENTIALITY",
            "The intermediary carries bytes. Whoever parses them, or wants to be told what they are, can treat transfers by their type.",
        ),
        (
            "UnknownTarget",
            "MISSING_STEP",
            "A user or device that is not registered. Whoever accepts a message for it loses it.",
        ),
        (
            "Form",
            "PARSER_BUG",
            "What is no request by the table of section 7. Whoever reads it leniently carries out what another reader would not.",
        ),
        (
            "Restart",
            "MISSING_STEP",
            "The intermediary is started again from what it stored. Whatever it answered for must still hold.",
        ),
    ] {
        b.note(flag, bug_type, description, &[]);
    }
}

/// The devices that most conversations are among: Ben's phone, Ryan's phone and watch, a stranger's phone.
#[derive(Clone)]
struct Cast {
    ben: Client,
    ryan: Client,
    watch: Client,
    eve: Client,
}

impl Cast {
    fn new() -> Self {
        Cast {
            ben: Client::new("ben", 1, 2),
            ryan: Client::new("ryan", 1, 3),
            watch: Client::new("ryan", 2, 1),
            eve: Client::new("eve", 1, 0),
        }
    }
}

/// A conversation with Ben and Ryan registered, and Ryan's watch and Eve where they are asked for.
fn play(label: &str, with_watch: bool, with_eve: bool) -> (Play, Cast) {
    let (mut p, mut cast) = (Play::new(label), Cast::new());
    p.registers(&mut cast.ben, None);
    p.registers(&mut cast.ryan, None);
    if with_watch {
        let ryan = cast.ryan.clone();
        p.registers(&mut cast.watch, Some(&ryan));
    }
    if with_eve {
        p.registers(&mut cast.eve, None);
    }
    (p, cast)
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    registrations(b);
    published_keys(b);
    bundles(b);
    rates(b);
    submissions(b);
    mailboxes(b);
    lifetimes(b);
    limits(b);
    repetitions(b);
    removals(b);
    opacity(b);
    forms(b);
}

type About<'a> = (&'a str, &'a str, &'a [&'a str]);

/// One vector: played, then recorded.
fn tell(
    b: &mut Builder,
    (comment, flag, requirements): About<'_>,
    with_watch: bool,
    with_eve: bool,
    story: impl FnOnce(&mut Play, &mut Cast),
) {
    let (mut p, mut cast) = play(comment, with_watch, with_eve);
    story(&mut p, &mut cast);
    record(b, (comment, flag, requirements), p);
}

/// One vector among nobody yet.
fn begin(
    b: &mut Builder,
    (comment, flag, requirements): About<'_>,
    story: impl FnOnce(&mut Play, &mut Cast),
) {
    let (mut p, mut cast) = (Play::new(comment), Cast::new());
    story(&mut p, &mut cast);
    record(b, (comment, flag, requirements), p);
}

fn record(b: &mut Builder, (comment, flag, requirements): About<'_>, p: Play) {
    let fields = Fields {
        intermediary: Done {},
        steps: p.steps,
    };
    b.conversation((comment, &[flag], requirements), fields);
}

fn registrations(b: &mut Builder) {
    let all = &["MBX-01"];
    begin(
        b,
        (
            "a device registers: its token is the 32 bytes drawn, and opens an empty mailbox",
            "Normal",
            all,
        ),
        |p, c| {
            p.registers(&mut c.ben, None);
            p.answers(&c.ben, c.ben.read(), nothing());
            p.answers(&c.ben, c.ben.count(), left(2));
        },
    );
    begin(
        b,
        (
            "a device without one-time prekeys registers",
            "Normal",
            &["MBX-01", "MBX-04"],
        ),
        |p, c| {
            p.registers(&mut c.eve, None);
            p.answers(&c.eve, c.eve.count(), left(0));
        },
    );
    begin(
        b,
        (
            "the store holds no token: whoever keeps it as it is gives every mailbox away with the store",
            "TokenHandling",
            all,
        ),
        |p, c| {
            p.registers(&mut c.ben, None);
            let token = *c.ben.token.as_ref().expect("registered").expose();
            p.erased("the token", &token);
            p.restart();
            p.answers(&c.ben, c.ben.read(), nothing());
        },
    );
    begin(
        b,
        (
            "nor does it hold one while it remembers the answer to a registration, nor the request id that opens it",
            "TokenHandling",
            &["MBX-01", "MBX-13"],
        ),
        |p, c| {
            let request = p.registers(&mut c.ben, None);
            let token = c.ben.token.clone().expect("registered");
            p.exactly(
                &request,
                &[],
                Answer::Registered {
                    token: token.clone(),
                },
            );
            p.erased("the token", token.expose());
            p.erased("the request id", request.id.as_str().as_bytes());
        },
    );
    begin(
        b,
        (
            "a second device of a user without a token: whoever lets it in lets a stranger join a user's devices",
            "Authorisation",
            &["MBX-12"],
        ),
        |p, c| {
            p.registers(&mut c.ryan, None);
            p.refuses_registration(&c.watch, None, Unauthorized);
        },
    );
    begin(
        b,
        (
            "a second device of a user with the token of the first: each has a token of its own",
            "Normal",
            &["MBX-01", "MBX-12"],
        ),
        |p, c| {
            p.registers(&mut c.ryan, None);
            let ryan = c.ryan.clone();
            p.registers(&mut c.watch, Some(&ryan));
            p.answers(&c.watch, c.watch.read(), nothing());
            p.refuses(&c.ryan, c.watch.read(), Forbidden);
        },
    );
    begin(
        b,
        (
            "a second device of a user with the token of another user",
            "Authorisation",
            &["MBX-12"],
        ),
        |p, c| {
            p.registers(&mut c.ryan, None);
            p.registers(&mut c.eve, None);
            p.refuses_registration(&c.watch, Some(&c.eve.clone()), Forbidden);
        },
    );
    begin(
        b,
        (
            "a user's first device with the token of another user: it would tie the two together",
            "Authorisation",
            &["MBX-12"],
        ),
        |p, c| {
            p.registers(&mut c.eve, None);
            p.refuses_registration(&c.ryan, Some(&c.eve.clone()), Forbidden);
            p.registers(&mut c.ryan, None);
        },
    );
    begin(
        b,
        (
            "a user's first device with a token that nobody has",
            "Authorisation",
            &["MBX-12"],
        ),
        |p, c| {
            c.eve.token = Some(Token::from([7; 32]));
            p.refuses_registration(&c.ryan, Some(&c.eve.clone()), Unauthorized);
        },
    );
    begin(
        b,
        (
            "a registered address without a token: whoever takes the newcomer hands it the device's mailbox",
            "Authorisation",
            &["MBX-12", "MBX-01"],
        ),
        |p, c| {
            p.registers(&mut c.ryan, None);
            let thief = c.ryan.anew("thief");
            p.refuses_registration(&thief, None, Unauthorized);
            p.answers(&c.ryan, c.ryan.count(), left(3));
        },
    );
    tell(
        b,
        (
            "every request of a device's own, with the token of another user's device",
            "Authorisation",
            &["MBX-01", "MBX-12"],
        ),
        false,
        true,
        |p, c| {
            let ryan = &c.ryan;
            for body in [
                ryan.read(),
                ryan.acknowledge(&[1]),
                ryan.count(),
                ryan.publish(&one_time("eve", 9..=9)),
                ryan.publish_signed(ryan.signed_pre_key(8)),
                ryan.remove(),
            ] {
                p.refuses(&c.eve, body, Forbidden);
            }
        },
    );
    tell(
        b,
        (
            "every request of a device's own, with the token of another device of the same user",
            "Authorisation",
            &["MBX-01", "MBX-12"],
        ),
        true,
        false,
        |p, c| {
            let ryan = &c.ryan;
            for body in [
                ryan.read(),
                ryan.acknowledge(&[1]),
                ryan.count(),
                ryan.publish(&one_time("ryan", 9..=9)),
                ryan.publish_signed(ryan.signed_pre_key(8)),
                ryan.remove(),
            ] {
                p.refuses(&c.watch, body, Forbidden);
            }
        },
    );
    tell(
        b,
        (
            "another device's mailbox that holds something: neither read nor acknowledged, and still there",
            "Authorisation",
            &["MBX-12"],
        ),
        true,
        false,
        |p, c| {
            let hello = message("hello");
            p.done(&c.ben, send(&c.ryan, &hello));
            p.refuses(&c.watch, c.ryan.read(), Forbidden);
            p.refuses(&c.watch, c.ryan.acknowledge(&[1]), Forbidden);
            p.holds(&c.ryan, &[(1, &c.ben, &hello)]);
        },
    );
    for (comment, token) in [
        ("every request but a registration without a token", None),
        (
            "every request but a registration with a token that nobody has",
            Some([0; 32]),
        ),
    ] {
        tell(
            b,
            (comment, "Authorisation", &["MBX-12"]),
            false,
            false,
            |p, c| {
                c.eve.token = token.map(Token::from);
                let ryan = &c.ryan;
                for body in [
                    ryan.read(),
                    ryan.acknowledge(&[1]),
                    ryan.count(),
                    ryan.publish(&one_time("eve", 9..=9)),
                    ryan.publish_signed(ryan.signed_pre_key(8)),
                    ryan.fetch(),
                    send(ryan, b"hello"),
                    ryan.remove(),
                ] {
                    p.refuses(&c.eve, body, Unauthorized);
                }
            },
        );
    }
    tell(
        b,
        ("a token with one bit flipped", "Authorisation", &["MBX-12"]),
        false,
        false,
        |p, c| {
            let mut bytes = *c.ryan.token.as_ref().expect("registered").expose();
            bytes[31] ^= 1;
            c.ryan.token = Some(Token::from(bytes));
            p.refuses(&c.ryan, c.ryan.read(), Unauthorized);
        },
    );
}

/// A low-order point and a u-coordinate that is not reduced, each behind its type byte.
fn bad_keys() -> [(&'static str, Hex); 4] {
    let mut small = [0; 33];
    small[0] = 5;
    small[1] = 1;
    let mut not_reduced = [0xff; 33];
    not_reduced[0] = 5;
    not_reduced[1] = 0xee;
    not_reduced[32] = 0x7f;
    let other_type = {
        let mut key = key_pair("intermediary/other type").public().encode();
        key[0] = 4;
        key
    };
    let short = key_pair("intermediary/short").public().encode();
    [
        ("a point of small order", small.into()),
        ("a u-coordinate that is not reduced", not_reduced.into()),
        ("another type byte", other_type.into()),
        ("a key of 32 bytes", short[1..].into()),
    ]
}

fn published_keys(b: &mut Builder) {
    let [small, not_reduced, other_type, short] = bad_keys();
    for (what, (why, key), field) in [
        ("identity key", small.clone(), 0),
        ("signed prekey", not_reduced.clone(), 1),
        ("only one-time prekey", other_type, 2),
        ("third one-time prekey", short.clone(), 3),
    ] {
        let comment = format!("a registration whose {what} is {why}: nothing of it is stored");
        begin(
            b,
            (&comment, "UncheckedKey", &["MBX-02", "MBX-16"]),
            |p, c| {
                p.registers(&mut c.ben, None);
                let good = c.ryan.registration.clone();
                let bad = &mut c.ryan.registration;
                match field {
                    0 => bad.identity_key = key,
                    1 => bad.signed_pre_key = key,
                    2 => {
                        bad.one_time_pre_keys.truncate(1);
                        bad.one_time_pre_keys[0].key = key;
                    }
                    _ => bad.one_time_pre_keys[2].key = key,
                }
                p.refuses_registration(&c.ryan, None, InvalidKey);
                p.refuses(&c.ben, c.ryan.fetch(), NotFound);
                c.ryan.registration = good;
                p.registers(&mut c.ryan, None);
            },
        );
    }
    for (comment, change) in [
        (
            "a registration whose signature has one bit flipped",
            (|r: &mut Registration| r.signed_pre_key_signature.0[5] ^= 1) as fn(&mut Registration),
        ),
        ("a registration whose signature has 63 bytes", |r| {
            r.signed_pre_key_signature.0.truncate(63);
        }),
        (
            "a registration whose signature is another device's over its own prekey",
            |r| {
                r.signed_pre_key_signature = Client::new("eve", 1, 0)
                    .registration
                    .signed_pre_key_signature;
            },
        ),
        (
            "a registration whose signed prekey is another than was signed",
            |r| {
                r.signed_pre_key = key_pair("intermediary/not signed").public().encode().into();
            },
        ),
        (
            "a registration under another's identity key: the prekey is not signed with it",
            |r| {
                r.identity_key = Client::new("eve", 1, 0).registration.identity_key;
            },
        ),
    ] {
        begin(
            b,
            (comment, "UncheckedKey", &["MBX-02", "MBX-16"]),
            |p, c| {
                p.registers(&mut c.ben, None);
                change(&mut c.ryan.registration);
                p.refuses_registration(&c.ryan, None, InvalidSignature);
                p.refuses(&c.ben, c.ryan.fetch(), NotFound);
            },
        );
    }
    begin(
        b,
        (
            "a wrong key and a wrong signature: the key comes first",
            "UncheckedKey",
            &["MBX-02"],
        ),
        |p, c| {
            c.ryan.registration.one_time_pre_keys[2].key = small.1.clone();
            c.ryan.registration.signed_pre_key_signature.0[5] ^= 1;
            p.refuses_registration(&c.ryan, None, InvalidKey);
        },
    );
    tell(
        b,
        (
            "a new signed prekey takes the place of the former one",
            "Normal",
            &["MBX-02"],
        ),
        false,
        false,
        |p, c| {
            let (id, key, signature) = c.ryan.signed_pre_key(8);
            p.done(
                &c.ryan,
                c.ryan.publish_signed((id, key.clone(), signature.clone())),
            );
            let own = &mut c.ryan.registration;
            (own.signed_pre_key_id, own.signed_pre_key) = (id, key);
            own.signed_pre_key_signature = signature;
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
        },
    );
    tell(
        b,
        (
            "new signed prekeys that break a rule: the former one stays",
            "UncheckedKey",
            &["MBX-02"],
        ),
        false,
        false,
        |p, c| {
            let (id, key, signature) = c.ryan.signed_pre_key(8);
            let mut flipped = signature.clone();
            flipped.0[40] ^= 1;
            let (_, others, others_signature) = c.ben.signed_pre_key(8);
            for (key, signature, code) in [
                (&key, &flipped, InvalidSignature),
                (&key, &others_signature, InvalidSignature),
                (&others, &others_signature, InvalidSignature),
                (&small.1, &signature, InvalidKey),
                (&not_reduced.1, &signature, InvalidKey),
            ] {
                let body = c.ryan.publish_signed((id, key.clone(), signature.clone()));
                p.refuses(&c.ryan, body, code);
            }
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
        },
    );
    tell(
        b,
        (
            "further one-time prekeys, then one bad among three: none of the three is stored",
            "PartlyStored",
            &["MBX-02", "MBX-04"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ryan, c.ryan.publish(&one_time("ryan", 4..=5)));
            p.answers(&c.ryan, c.ryan.count(), left(5));
            let mut three = one_time("ryan", 6..=8);
            three[1].key = short.1.clone();
            p.refuses(&c.ryan, c.ryan.publish(&three), InvalidKey);
            p.answers(&c.ryan, c.ryan.count(), left(5));
        },
    );
    begin(
        b,
        (
            "200 one-time prekeys and no more: the 201st is refused, one is handed out, then there is room for one",
            "Limit",
            &["MBX-02", "MBX-04"],
        ),
        |p, c| {
            p.registers(&mut c.ben, None);
            c.ryan.registration.one_time_pre_keys = one_time("ryan", 1..=200);
            p.registers(&mut c.ryan, None);
            p.answers(&c.ryan, c.ryan.count(), left(200));
            p.refuses(
                &c.ryan,
                c.ryan.publish(&one_time("ryan", 201..=201)),
                TooLarge,
            );
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
            p.refuses(
                &c.ryan,
                c.ryan.publish(&one_time("ryan", 201..=202)),
                TooLarge,
            );
            p.done(&c.ryan, c.ryan.publish(&one_time("ryan", 201..=201)));
            p.answers(&c.ryan, c.ryan.count(), left(200));
        },
    );
    begin(
        b,
        (
            "a registration with 201 one-time prekeys",
            "Limit",
            &["MBX-02"],
        ),
        |p, c| {
            c.ryan.registration.one_time_pre_keys = one_time("ryan", 1..=201);
            p.refuses_registration(&c.ryan, None, TooLarge);
        },
    );
}

fn bundles(b: &mut Builder) {
    tell(
        b,
        (
            "three one-time prekeys, the lowest id first, then bundles without one",
            "Normal",
            &["MBX-03", "MBX-04"],
        ),
        false,
        false,
        |p, c| {
            for id in [Some(1), Some(2), Some(3), None, None] {
                p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(id));
            }
            p.answers(&c.ryan, c.ryan.count(), left(0));
        },
    );
    tell(
        b,
        (
            "two requesters in turn: whoever counts for each requester hands the same one-time prekey to both",
            "OneTimePreKeyReuse",
            &["MBX-03"],
        ),
        false,
        true,
        |p, c| {
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
            p.answers(&c.eve, c.ryan.fetch(), c.ryan.bundle(Some(2)));
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(3)));
        },
    );
    tell(
        b,
        (
            "a restart after each bundle: whoever stores later than it answers hands one out twice",
            "Restart",
            &["MBX-03", "MBX-18"],
        ),
        false,
        false,
        |p, c| {
            for id in [Some(1), Some(2), Some(3), None] {
                p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(id));
                p.restart();
            }
            p.answers(&c.ryan, c.ryan.count(), left(0));
        },
    );
    tell(
        b,
        (
            "how many are left goes down with each bundle, and up with what is published",
            "Normal",
            &["MBX-04"],
        ),
        false,
        false,
        |p, c| {
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
            p.answers(&c.ryan, c.ryan.count(), left(2));
            p.done(&c.ryan, c.ryan.publish(&one_time("ryan", 4..=6)));
            p.answers(&c.ryan, c.ryan.count(), left(5));
        },
    );
    tell(
        b,
        (
            "all are gone, then one more is published: the next bundle has it, the one after has none",
            "Normal",
            &["MBX-03", "MBX-04"],
        ),
        true,
        false,
        |p, c| {
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(1)));
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(None));
            let more = one_time("ryan", 2..=2);
            p.done(&c.watch, c.watch.publish(&more));
            c.watch.registration.one_time_pre_keys.extend(more);
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(2)));
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(None));
        },
    );
    tell(
        b,
        (
            "a one-time prekey that was handed out is published again: whoever takes it hands it out twice",
            "OneTimePreKeyReuse",
            &["MBX-03"],
        ),
        false,
        false,
        |p, c| {
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
            p.refuses(&c.ryan, c.ryan.publish(&one_time("ryan", 1..=1)), Malformed);
            p.refuses(&c.ryan, c.ryan.publish(&one_time("ryan", 1..=4)), Malformed);
            p.answers(&c.ryan, c.ryan.count(), left(2));
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(2)));
        },
    );
    tell(
        b,
        (
            "the same, once none is left and after a restart: whoever compares with what is held does not see it",
            "OneTimePreKeyReuse",
            &["MBX-03"],
        ),
        true,
        false,
        |p, c| {
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(1)));
            p.restart();
            p.refuses(
                &c.watch,
                c.watch.publish(&one_time("ryan", 1..=1)),
                Malformed,
            );
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(None));
        },
    );
    tell(
        b,
        (
            "one-time prekeys that do not stand by rising id, and one id twice",
            "Form",
            &["MBX-03"],
        ),
        false,
        false,
        |p, c| {
            let mut keys = one_time("ryan", 4..=5);
            keys.reverse();
            p.refuses(&c.ryan, c.ryan.publish(&keys), Malformed);
            let mut keys = one_time("ryan", 4..=5);
            keys[1].id = keys[0].id;
            p.refuses(&c.ryan, c.ryan.publish(&keys), Malformed);
            p.answers(&c.ryan, c.ryan.count(), left(3));
        },
    );
    tell(
        b,
        (
            "an empty list of one-time prekeys publishes nothing",
            "Normal",
            &["MBX-04"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ryan, c.ryan.publish(&[]));
            p.answers(&c.ryan, c.ryan.count(), left(3));
        },
    );
    tell(
        b,
        (
            "each device of a user has its own one-time prekeys",
            "OneTimePreKeyReuse",
            &["MBX-03"],
        ),
        true,
        false,
        |p, c| {
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(1)));
            p.answers(&c.ryan, c.ryan.count(), left(2));
            p.answers(&c.watch, c.watch.count(), left(0));
        },
    );
    tell(
        b,
        (
            "the bundle of a user and of a device that are not registered",
            "UnknownTarget",
            &["MBX-16"],
        ),
        false,
        false,
        |p, c| {
            p.refuses(&c.ben, c.eve.fetch(), NotFound);
            p.refuses(&c.ben, c.watch.fetch(), NotFound);
        },
    );
}

fn rates(b: &mut Builder) {
    let drain = |comment, requirements| -> About<'_> { (comment, "Drain", requirements) };
    let twelve = |c: &mut Cast| c.ryan.registration.one_time_pre_keys = one_time("ryan", 1..=12);
    let ten = |p: &mut Play, c: &Cast| {
        for id in 1..=10 {
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(id)));
        }
    };
    begin(
        b,
        drain(
            "ten bundles of one device, then no eleventh; it costs no one-time prekey",
            &["MBX-17", "MBX-03"],
        ),
        |p, c| {
            twelve(c);
            p.registers(&mut c.ben, None);
            p.registers(&mut c.ryan, None);
            ten(p, c);
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
            p.answers(&c.ryan, c.ryan.count(), left(2));
        },
    );
    begin(
        b,
        drain(
            "3,599 seconds after the first of ten no further one, after 3,600 seconds there is",
            &["MBX-17"],
        ),
        |p, c| {
            twelve(c);
            p.registers(&mut c.ben, None);
            p.registers(&mut c.ryan, None);
            ten(p, c);
            p.at(3_599);
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
            p.at(3_600);
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(11)));
        },
    );
    begin(
        b,
        drain(
            "nine at first, nine more half an hour later: whoever counts by the clock's hours hands out all",
            &["MBX-17"],
        ),
        |p, c| {
            c.ryan.registration.one_time_pre_keys = Vec::new();
            p.registers(&mut c.ben, None);
            p.registers(&mut c.ryan, None);
            p.many(&c.ben, c.ryan.fetch(), 9, c.ryan.bundle(None));
            p.at(1_800);
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(None));
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
            p.at(3_600);
            p.many(&c.ben, c.ryan.fetch(), 9, c.ryan.bundle(None));
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
            p.at(5_400);
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(None));
        },
    );
    begin(
        b,
        drain(
            "one requester's limit is no other's, and one device's is no other's",
            &["MBX-17"],
        ),
        |p, c| {
            twelve(c);
            p.registers(&mut c.ben, None);
            p.registers(&mut c.ryan, None);
            p.registers(&mut c.eve, None);
            let ryan = c.ryan.clone();
            p.registers(&mut c.watch, Some(&ryan));
            ten(p, c);
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
            p.answers(&c.eve, c.ryan.fetch(), c.ryan.bundle(Some(11)));
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(1)));
        },
    );
    begin(
        b,
        drain(
            "a restart does not begin the count anew",
            &["MBX-17", "MBX-18"],
        ),
        |p, c| {
            twelve(c);
            p.registers(&mut c.ben, None);
            p.registers(&mut c.ryan, None);
            ten(p, c);
            p.restart();
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
        },
    );
    begin(
        b,
        drain(
            "repetitions and refused requests do not count",
            &["MBX-17", "MBX-13"],
        ),
        |p, c| {
            c.ryan.registration.one_time_pre_keys = Vec::new();
            p.registers(&mut c.ben, None);
            p.refuses(&c.ben, c.ryan.fetch(), NotFound);
            p.registers(&mut c.ryan, None);
            let request = p.request(Some(&c.ben), c.ryan.fetch());
            for _ in 0..3 {
                p.exactly(&request, &[], c.ryan.bundle(None));
            }
            p.many(&c.ben, c.ryan.fetch(), 9, c.ryan.bundle(None));
            p.refuses(&c.ben, c.ryan.fetch(), RateLimited);
            p.exactly(&request, &[], c.ryan.bundle(None));
        },
    );
}

fn submissions(b: &mut Builder) {
    let (one, two) = (message("one"), message("two"));
    let stored = |p: &mut Play, c: &Cast, to: &Client, id, kind, bytes: &[u8]| {
        let envelope = p.envelope(to, id, &c.ben, kind, bytes, START + TWO_DAYS);
        let envelopes = vec![envelope];
        p.answers(to, to.read(), Answer::Envelopes { envelopes });
    };
    tell(
        b,
        (
            "to a user with two devices: each gets its own message",
            "Normal",
            &["MBX-05", "MBX-19"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ben, send_all(&[(&c.ryan, &one), (&c.watch, &two)]));
            stored(p, c, &c.ryan, 1, PreKey, &one);
            stored(p, c, &c.watch, 1, PreKey, &two);
        },
    );
    tell(
        b,
        (
            "to a user with two devices, listed in falling order: the list is a set",
            "Normal",
            &["MBX-05"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ben, send_all(&[(&c.watch, &two), (&c.ryan, &one)]));
            stored(p, c, &c.ryan, 1, PreKey, &one);
            stored(p, c, &c.watch, 1, PreKey, &two);
        },
    );
    tell(
        b,
        (
            "to a user without one of the devices: nothing is stored for the other",
            "DeviceList",
            &["MBX-05"],
        ),
        true,
        false,
        |p, c| {
            p.answers(&c.ben, send_all(&[(&c.ryan, &one)]), mismatch(&[2], &[]));
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        (
            "to a user with a device too many: nothing is stored for the right one",
            "DeviceList",
            &["MBX-05"],
        ),
        false,
        false,
        |p, c| {
            p.answers(
                &c.ben,
                send_all(&[(&c.ryan, &one), (&c.watch, &two)]),
                mismatch(&[], &[2]),
            );
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        (
            "to a user with one device missing and two too many: all are told, rising",
            "DeviceList",
            &["MBX-05"],
        ),
        true,
        false,
        |p, c| {
            let (third, ninth) = (Client::new("ryan", 3, 0), Client::new("ryan", 9, 0));
            let body = send_all(&[(&ninth, &one), (&c.watch, &one), (&third, &one)]);
            p.answers(&c.ben, body, mismatch(&[1], &[3, 9]));
            p.answers(&c.watch, c.watch.read(), nothing());
        },
    );
    tell(
        b,
        (
            "to a user with no message at all: that is how a sender learns which devices there are",
            "DeviceList",
            &["MBX-05"],
        ),
        true,
        false,
        |p, c| {
            let body = Body::Submit(Submission {
                recipient: Recipient::User(c.ryan.address.user_id),
                messages: Vec::new(),
                lifetime: None,
            });
            p.answers(&c.ben, body, mismatch(&[1, 2], &[]));
        },
    );
    tell(
        b,
        (
            "to one device of two: the other need not be listed",
            "Normal",
            &["MBX-05"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.watch, &two));
            p.holds(&c.watch, &[(1, &c.ben, &two)]);
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        (
            "to one device with messages for others, or with none: held to that device alone",
            "DeviceList",
            &["MBX-05"],
        ),
        true,
        false,
        |p, c| {
            for (messages, answer) in [
                (vec![c.watch.message(Ratchet, &one)], mismatch(&[1], &[2])),
                (
                    vec![
                        c.ryan.message(Ratchet, &one),
                        c.watch.message(Ratchet, &two),
                    ],
                    mismatch(&[], &[2]),
                ),
                (Vec::new(), mismatch(&[1], &[])),
            ] {
                let body = Body::Submit(Submission {
                    recipient: Recipient::Device(c.ryan.address),
                    messages,
                    lifetime: None,
                });
                p.answers(&c.ben, body, answer);
            }
            p.answers(&c.ryan, c.ryan.read(), nothing());
            p.answers(&c.watch, c.watch.read(), nothing());
        },
    );
    tell(
        b,
        ("two messages for one device", "Form", &["MBX-05"]),
        false,
        false,
        |p, c| {
            p.refuses(
                &c.ben,
                send_all(&[(&c.ryan, &one), (&c.ryan, &two)]),
                Malformed,
            );
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    let stale = |of: &Client| {
        let mut stale = of.clone();
        let other = u32::from(of.registration.registration_id) ^ 1;
        stale.registration.registration_id = other.max(2).try_into().expect("in its range");
        stale
    };
    tell(
        b,
        (
            "another registration id for one of two devices: nothing is stored for the other",
            "StaleRegistration",
            &["MBX-06"],
        ),
        true,
        false,
        |p, c| {
            let devices = device_ids(&[2]);
            let body = send_all(&[(&c.ryan, &one), (&stale(&c.watch), &two)]);
            p.answers(&c.ben, body, Answer::StaleRegistration { devices });
            p.answers(&c.ryan, c.ryan.read(), nothing());
            p.answers(&c.watch, c.watch.read(), nothing());
        },
    );
    tell(
        b,
        (
            "other registration ids for both devices: both are told, rising",
            "StaleRegistration",
            &["MBX-06"],
        ),
        true,
        false,
        |p, c| {
            let devices = device_ids(&[1, 2]);
            let body = send_all(&[(&stale(&c.watch), &two), (&stale(&c.ryan), &one)]);
            p.answers(&c.ben, body, Answer::StaleRegistration { devices });
        },
    );
    tell(
        b,
        (
            "another registration id, and a device missing: the list of devices comes first",
            "StaleRegistration",
            &["MBX-05", "MBX-06"],
        ),
        true,
        false,
        |p, c| {
            p.answers(
                &c.ben,
                send_all(&[(&stale(&c.ryan), &one)]),
                mismatch(&[2], &[]),
            );
        },
    );
    tell(
        b,
        (
            "to one device under another registration id",
            "StaleRegistration",
            &["MBX-06"],
        ),
        false,
        false,
        |p, c| {
            let devices = device_ids(&[1]);
            p.answers(
                &c.ben,
                send(&stale(&c.ryan), &one),
                Answer::StaleRegistration { devices },
            );
            p.answers(&c.ryan, c.ryan.read(), nothing());
            p.done(&c.ben, send(&c.ryan, &one));
        },
    );
    tell(
        b,
        (
            "a device registers anew: the former registration id is stale, the new one is not",
            "StaleRegistration",
            &["MBX-06", "MBX-01"],
        ),
        false,
        false,
        |p, c| {
            let former = c.ryan.clone();
            let mut anew = c.ryan.anew("ryan, anew");
            p.registers(&mut anew, Some(&former));
            let devices = device_ids(&[1]);
            p.answers(
                &c.ben,
                send(&former, &one),
                Answer::StaleRegistration { devices },
            );
            p.done(&c.ben, send(&anew, &one));
            p.holds(&anew, &[(1, &c.ben, &one)]);
        },
    );
    tell(
        b,
        (
            "to a user and to a device that are not registered, and to a user under an empty list",
            "UnknownTarget",
            &["MBX-16"],
        ),
        false,
        false,
        |p, c| {
            p.refuses(&c.ben, send_all(&[(&c.eve, &one)]), NotFound);
            p.refuses(&c.ben, send(&c.watch, &one), NotFound);
            let body = Body::Submit(Submission {
                recipient: Recipient::User(user_id("nobody").parse().expect("a UserID")),
                messages: Vec::new(),
                lifetime: None,
            });
            p.refuses(&c.ben, body, NotFound);
        },
    );
    tell(
        b,
        (
            "two devices of one user write: each envelope names the device whose token it came with",
            "Spoofing",
            &["MBX-19"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ryan, send(&c.ben, &one));
            p.done(&c.watch, send(&c.ben, &two));
            p.holds(&c.ben, &[(1, &c.ryan, &one), (2, &c.watch, &two)]);
        },
    );
    tell(
        b,
        (
            "a submission that names a sender, in the body or in a message",
            "Spoofing",
            &["MBX-19"],
        ),
        false,
        true,
        |p, c| {
            let ben = serde_json::to_value(c.ben.address).expect("an address");
            p.malformed(&c.eve, send(&c.ryan, &one), |r| {
                r["body"]["sender"] = ben.clone();
            });
            p.malformed(&c.eve, send(&c.ryan, &one), |r| {
                r["body"]["messages"][0]["sender"] = ben.clone();
            });
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
}

fn mailboxes(b: &mut Builder) {
    let texts: Vec<Vec<u8>> = (1..=5).map(|n| message(&format!("number {n}"))).collect();
    let [one, two, three, four, five] = [0, 1, 2, 3, 4].map(|at| &texts[at][..]);
    tell(
        b,
        (
            "two senders in turn within one second: whoever sorts by time or by sender loses the order",
            "Order",
            &["MBX-07"],
        ),
        false,
        true,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.done(&c.eve, send(&c.ryan, two));
            p.done(&c.ben, send(&c.ryan, three));
            p.done(&c.eve, send(&c.ryan, four));
            p.holds(
                &c.ryan,
                &[
                    (1, &c.ben, one),
                    (2, &c.eve, two),
                    (3, &c.ben, three),
                    (4, &c.eve, four),
                ],
            );
        },
    );
    tell(
        b,
        (
            "the later message has the shorter lifetime: whoever sorts by expiry delivers it first",
            "Order",
            &["MBX-07", "MBX-10"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send_for(&c.ryan, one, Some(1_000)));
            p.done(&c.ben, send_for(&c.ryan, two, Some(100)));
            let envelopes = vec![
                p.envelope(&c.ryan, 1, &c.ben, Ratchet, one, START + 1_000),
                p.envelope(&c.ryan, 2, &c.ben, Ratchet, two, START + 100),
            ];
            p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
        },
    );
    tell(
        b,
        (
            "twelve messages: whoever sorts ids as text puts the tenth before the second",
            "Order",
            &["MBX-07"],
        ),
        false,
        false,
        |p, c| {
            p.many(&c.ben, send(&c.ryan, one), 9, Answer::Done);
            for bytes in [two, three, four] {
                p.done(&c.ben, send(&c.ryan, bytes));
            }
            p.done(&c.ryan, c.ryan.acknowledge(&[1, 2, 3, 4, 5, 6, 7, 8]));
            p.holds(
                &c.ryan,
                &[
                    (9, &c.ben, one),
                    (10, &c.ben, two),
                    (11, &c.ben, three),
                    (12, &c.ben, four),
                ],
            );
        },
    );
    tell(
        b,
        (
            "each mailbox counts for itself: whoever counts for all tells one owner of another's traffic",
            "Order",
            &["MBX-07"],
        ),
        true,
        false,
        |p, c| {
            for bytes in [one, two, three] {
                p.done(&c.ben, send(&c.watch, bytes));
            }
            p.done(&c.ben, send(&c.ryan, four));
            p.holds(&c.ryan, &[(1, &c.ben, four)]);
        },
    );
    tell(
        b,
        (
            "reading twice, with a restart between: whoever erases on reading loses the message",
            "LostMessage",
            &["MBX-08", "MBX-18"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.holds(&c.ryan, &[(1, &c.ben, one)]);
            p.restart();
            p.holds(&c.ryan, &[(1, &c.ben, one)]);
        },
    );
    tell(
        b,
        (
            "the first two of five, then after their acknowledgement the next two, then the last",
            "Normal",
            &["MBX-07", "MBX-08", "MBX-09"],
        ),
        false,
        false,
        |p, c| {
            for bytes in &texts {
                p.done(&c.ben, send(&c.ryan, bytes));
            }
            for ids in [&[1_u64, 2][..], &[3, 4], &[5]] {
                let envelopes = ids
                    .iter()
                    .zip(&texts[usize::try_from(ids[0]).expect("small") - 1..]);
                let envelopes = envelopes
                    .map(|(id, bytes)| {
                        p.envelope(&c.ryan, *id, &c.ben, Ratchet, bytes, START + TWO_DAYS)
                    })
                    .collect();
                p.answers(
                    &c.ryan,
                    c.ryan.read_at_most(2),
                    Answer::Envelopes { envelopes },
                );
                p.done(&c.ryan, c.ryan.acknowledge(ids));
            }
            p.answers(&c.ryan, c.ryan.read_at_most(2), nothing());
        },
    );
    tell(
        b,
        ("reading none, and reading 101", "Form", &["MBX-08"]),
        false,
        false,
        |p, c| {
            p.refuses(&c.ryan, c.ryan.read_at_most(0), Malformed);
            p.refuses(&c.ryan, c.ryan.read_at_most(101), Malformed);
            p.answers(&c.ryan, c.ryan.read_at_most(1), nothing());
        },
    );
    tell(
        b,
        (
            "one from the middle is acknowledged: the others stay, in order",
            "Acknowledgement",
            &["MBX-07", "MBX-09"],
        ),
        false,
        false,
        |p, c| {
            for bytes in [one, two, three] {
                p.done(&c.ben, send(&c.ryan, bytes));
            }
            p.done(&c.ryan, c.ryan.acknowledge(&[2]));
            p.holds(&c.ryan, &[(1, &c.ben, one), (3, &c.ben, three)]);
        },
    );
    tell(
        b,
        (
            "a message is acknowledged twice, under two request ids and twice in one list",
            "Acknowledgement",
            &["MBX-09"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.done(&c.ben, send(&c.ryan, two));
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.done(&c.ryan, c.ryan.acknowledge(&[1, 1]));
            p.holds(&c.ryan, &[(2, &c.ben, two)]);
        },
    );
    tell(
        b,
        (
            "an acknowledgement comes again after the next message: whoever gives a number twice erases it unread",
            "Acknowledgement",
            &["MBX-07", "MBX-09"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.done(&c.ben, send(&c.ryan, two));
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.holds(&c.ryan, &[(2, &c.ben, two)]);
            p.done(&c.ryan, c.ryan.acknowledge(&[2]));
            p.done(&c.ben, send(&c.ryan, three));
            p.done(&c.ryan, c.ryan.acknowledge(&[1, 2]));
            p.holds(&c.ryan, &[(3, &c.ben, three)]);
        },
    );
    tell(
        b,
        (
            "ids that are not there yet, and ids that never can be: passed over, and no later message is touched",
            "Acknowledgement",
            &["MBX-09"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.done(
                &c.ryan,
                c.ryan.acknowledge(&[0, 2, 3, 18_446_744_073_709_551_615]),
            );
            p.done(&c.ben, send(&c.ryan, two));
            p.holds(&c.ryan, &[(1, &c.ben, one), (2, &c.ben, two)]);
        },
    );
    tell(
        b,
        (
            "an empty list acknowledges nothing: whoever takes it for all empties the mailbox",
            "Acknowledgement",
            &["MBX-09"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.done(&c.ryan, c.ryan.acknowledge(&[]));
            p.holds(&c.ryan, &[(1, &c.ben, one)]);
        },
    );
    tell(
        b,
        (
            "the same number in another mailbox stays",
            "Acknowledgement",
            &["MBX-09"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, one));
            p.done(&c.ben, send(&c.watch, two));
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.holds(&c.watch, &[(1, &c.ben, two)]);
        },
    );
    tell(
        b,
        (
            "an acknowledged message is no longer stored, nor there after a restart",
            "Acknowledgement",
            &["MBX-09"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, five));
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.erased("the message", five);
            p.restart();
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
}

fn lifetimes(b: &mut Builder) {
    let text = message("for a while");
    let expiry = |comment, requirements| -> About<'_> { (comment, "Expiry", requirements) };
    for (comment, asked, seconds) in [
        (
            "no lifetime asked for: there after 172,799 seconds, gone after 172,800",
            None,
            TWO_DAYS,
        ),
        ("a lifetime of one second", Some(1), 1),
        (
            "a lifetime of 30 days: there a second before, gone then",
            Some(30 * DAY),
            30 * DAY,
        ),
    ] {
        tell(
            b,
            expiry(comment, &["MBX-10", "MBX-08"]),
            false,
            false,
            |p, c| {
                p.done(&c.ben, send_for(&c.ryan, &text, asked));
                p.at(seconds - 1);
                let envelopes =
                    vec![p.envelope(&c.ryan, 1, &c.ben, Ratchet, &text, START + seconds)];
                p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
                p.at(seconds);
                p.answers(&c.ryan, c.ryan.read(), nothing());
            },
        );
    }
    tell(
        b,
        expiry(
            "lifetimes of 0, of a second over 30 days, and of all that a number can say",
            &["MBX-10"],
        ),
        false,
        false,
        |p, c| {
            for lifetime in [0, 30 * DAY + 1, u64::MAX] {
                p.refuses(&c.ben, send_for(&c.ryan, &text, Some(lifetime)), Malformed);
            }
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        expiry(
            "once time has passed the message is no longer stored: whoever only hides it keeps it for a thief",
            &["MBX-10"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send_for(&c.ryan, &text, Some(60)));
            p.at(60);
            p.tick();
            p.erased("the message", &text);
        },
    );
    tell(
        b,
        expiry(
            "a message of one mailbox is submitted: what has expired in another is erased with it",
            &["MBX-10"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ben, send_for(&c.watch, &text, Some(60)));
            p.at(60);
            let later = message("later");
            p.done(&c.ben, send(&c.ryan, &later));
            p.erased("the message", &text);
        },
    );
    tell(
        b,
        expiry(
            "the first of two expires: the second keeps its number",
            &["MBX-07", "MBX-10"],
        ),
        false,
        false,
        |p, c| {
            let second = message("second");
            p.done(&c.ben, send_for(&c.ryan, &text, Some(60)));
            p.done(&c.ben, send(&c.ryan, &second));
            p.at(60);
            p.tick();
            p.holds(&c.ryan, &[(2, &c.ben, &second)]);
            let third = message("third");
            p.done(&c.ben, send(&c.ryan, &third));
            let envelopes = vec![
                p.envelope(&c.ryan, 2, &c.ben, Ratchet, &second, START + TWO_DAYS),
                p.envelope(&c.ryan, 3, &c.ben, Ratchet, &third, START + 60 + TWO_DAYS),
            ];
            p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
        },
    );
    tell(
        b,
        expiry(
            "a restart does not begin a lifetime anew",
            &["MBX-10", "MBX-18"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send_for(&c.ryan, &text, Some(60)));
            p.at(59);
            p.restart();
            let envelopes = vec![p.envelope(&c.ryan, 1, &c.ben, Ratchet, &text, START + 60)];
            p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
            p.at(60);
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
}

fn limits(b: &mut Builder) {
    let text = message("limit");
    let limit = |comment| -> About<'_> { (comment, "Limit", &["MBX-11"]) };
    tell(
        b,
        limit("a thousand messages, then no other until one is acknowledged; the oldest stays"),
        false,
        true,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.many(&c.ben, send(&c.ryan, b"."), 999, Answer::Done);
            p.refuses(&c.ben, send(&c.ryan, b"!"), MailboxFull);
            p.refuses(&c.eve, send(&c.ryan, b"!"), MailboxFull);
            let envelopes = vec![p.envelope(&c.ryan, 1, &c.ben, Ratchet, &text, START + TWO_DAYS)];
            p.answers(
                &c.ryan,
                c.ryan.read_at_most(1),
                Answer::Envelopes { envelopes },
            );
            p.done(&c.ryan, c.ryan.acknowledge(&[500]));
            p.done(&c.eve, send(&c.ryan, b"!"));
            p.refuses(&c.ben, send(&c.ryan, b"!"), MailboxFull);
        },
    );
    tell(
        b,
        limit("one of two mailboxes is full: nothing is stored in the other"),
        true,
        false,
        |p, c| {
            p.many(&c.ben, send(&c.watch, b"."), 1_000, Answer::Done);
            p.refuses(
                &c.ben,
                send_all(&[(&c.ryan, &text), (&c.watch, &text)]),
                MailboxFull,
            );
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        (
            "a mailbox full of expired messages has room: whoever counts them lets a stranger close a mailbox for good",
            "Limit",
            &["MBX-10", "MBX-11"],
        ),
        false,
        false,
        |p, c| {
            p.many(
                &c.ben,
                send_for(&c.ryan, b".", Some(60)),
                1_000,
                Answer::Done,
            );
            p.at(59);
            p.refuses(&c.ben, send(&c.ryan, &text), MailboxFull);
            p.at(60);
            p.done(&c.ben, send(&c.ryan, &text));
            let expires = START + 60 + TWO_DAYS;
            let envelopes = vec![p.envelope(&c.ryan, 1_001, &c.ben, Ratchet, &text, expires)];
            p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
        },
    );
    tell(
        b,
        limit(
            "a message of 98,304 bytes is accepted, one of 98,305 is not; what was stored before stays",
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.done(&c.ben, send(&c.ryan, &vec![0x2a; 98_304]));
            p.done(&c.ryan, c.ryan.acknowledge(&[2]));
            p.refuses(&c.ben, send(&c.ryan, &vec![0x2b; 98_305]), TooLarge);
            p.holds(&c.ryan, &[(1, &c.ben, &text)]);
        },
    );
    tell(
        b,
        (
            "one of two messages is too large: neither is stored",
            "PartlyStored",
            &["MBX-11"],
        ),
        true,
        false,
        |p, c| {
            let large = vec![0x2c; 98_305];
            p.refuses(
                &c.ben,
                send_all(&[(&c.ryan, &text), (&c.watch, &large)]),
                TooLarge,
            );
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        (
            "more than a thousand ids to acknowledge",
            "Limit",
            &["MBX-09"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.refuses(&c.ryan, c.ryan.acknowledge(&[1; 1_001]), TooLarge);
            p.holds(&c.ryan, &[(1, &c.ben, &text)]);
        },
    );
}

fn repetitions(b: &mut Builder) {
    let (one, two) = (message("once"), message("twice"));
    let again = |comment, requirements| -> About<'_> { (comment, "Repetition", requirements) };
    tell(
        b,
        again("a submission is repeated: it is stored once", &["MBX-13"]),
        false,
        false,
        |p, c| {
            let request = p.request(Some(&c.ben), send(&c.ryan, &one));
            p.exactly(&request, &[], Answer::Done);
            p.exactly(&request, &[], Answer::Done);
            p.restart();
            p.exactly(&request, &[], Answer::Done);
            p.holds(&c.ryan, &[(1, &c.ben, &one)]);
        },
    );
    tell(
        b,
        again(
            "a submission is repeated after its message was acknowledged: it is not delivered again",
            &["MBX-13", "MBX-09"],
        ),
        false,
        false,
        |p, c| {
            let request = p.request(Some(&c.ben), send(&c.ryan, &one));
            p.exactly(&request, &[], Answer::Done);
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.exactly(&request, &[], Answer::Done);
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        again(
            "a bundle request is repeated: the same one-time prekey, and no second one is spent",
            &["MBX-13", "MBX-03"],
        ),
        false,
        false,
        |p, c| {
            let request = p.request(Some(&c.ben), c.ryan.fetch());
            p.exactly(&request, &[], c.ryan.bundle(Some(1)));
            p.exactly(&request, &[], c.ryan.bundle(Some(1)));
            p.restart();
            p.exactly(&request, &[], c.ryan.bundle(Some(1)));
            p.answers(&c.ryan, c.ryan.count(), left(2));
        },
    );
    tell(
        b,
        again(
            "the same request id from two devices: two requests",
            &["MBX-13", "MBX-03"],
        ),
        false,
        true,
        |p, c| {
            let mut request = p.request(Some(&c.ben), c.ryan.fetch());
            p.exactly(&request, &[], c.ryan.bundle(Some(1)));
            request.token.clone_from(&c.eve.token);
            p.exactly(&request, &[], c.ryan.bundle(Some(2)));
        },
    );
    tell(
        b,
        again(
            "the same request id for another device's bundle: refused, and no one-time prekey is spent",
            &["MBX-13"],
        ),
        true,
        false,
        |p, c| {
            let mut request = p.request(Some(&c.ben), c.ryan.fetch());
            p.exactly(&request, &[], c.ryan.bundle(Some(1)));
            request.body = c.watch.fetch();
            p.refuses_exactly(&request, ConflictingRequest);
            p.answers(&c.watch, c.watch.count(), left(1));
        },
    );
    tell(
        b,
        again(
            "the same request id with another message: refused, the first one stays",
            &["MBX-13"],
        ),
        false,
        false,
        |p, c| {
            let mut request = p.request(Some(&c.ben), send(&c.ryan, &one));
            p.exactly(&request, &[], Answer::Done);
            request.body = send(&c.ryan, &two);
            p.refuses_exactly(&request, ConflictingRequest);
            p.holds(&c.ryan, &[(1, &c.ben, &one)]);
        },
    );
    tell(
        b,
        again(
            "what was refused is not remembered: made again later, it is carried out",
            &["MBX-13", "MBX-16"],
        ),
        false,
        false,
        |p, c| {
            let to_eve = p.request(Some(&c.ben), send(&c.eve, &one));
            p.refuses_exactly(&to_eve, NotFound);
            p.registers(&mut c.eve, None);
            p.exactly(&to_eve, &[], Answer::Done);
            p.holds(&c.eve, &[(1, &c.ben, &one)]);
        },
    );
    tell(
        b,
        again(
            "nor is an answer that the devices do not match",
            &["MBX-13", "MBX-05"],
        ),
        false,
        false,
        |p, c| {
            let body = send_all(&[(&c.ryan, &one), (&c.watch, &two)]);
            let request = p.request(Some(&c.ben), body);
            p.exactly(&request, &[], mismatch(&[], &[2]));
            let ryan = c.ryan.clone();
            p.registers(&mut c.watch, Some(&ryan));
            p.exactly(&request, &[], Answer::Done);
        },
    );
    tell(
        b,
        again(
            "a submission is repeated after 86,399 seconds: not carried out; after 86,400 it is another one",
            &["MBX-13"],
        ),
        false,
        false,
        |p, c| {
            let request = p.request(Some(&c.ben), send(&c.ryan, &one));
            p.exactly(&request, &[], Answer::Done);
            p.at(86_399);
            p.exactly(&request, &[], Answer::Done);
            p.holds(&c.ryan, &[(1, &c.ben, &one)]);
            p.at(86_400);
            p.exactly(&request, &[], Answer::Done);
            let envelopes = vec![
                p.envelope(&c.ryan, 1, &c.ben, Ratchet, &one, START + TWO_DAYS),
                p.envelope(&c.ryan, 2, &c.ben, Ratchet, &one, START + 86_400 + TWO_DAYS),
            ];
            p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
        },
    );
    tell(
        b,
        again(
            "a publication is repeated after its one-time prekeys were handed out: they do not come back",
            &["MBX-13", "MBX-03"],
        ),
        true,
        false,
        |p, c| {
            let more = one_time("ryan", 2..=2);
            let request = p.request(Some(&c.watch), c.watch.publish(&more));
            c.watch.registration.one_time_pre_keys.extend(more);
            p.exactly(&request, &[], Answer::Done);
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(1)));
            p.answers(&c.ben, c.watch.fetch(), c.watch.bundle(Some(2)));
            p.exactly(&request, &[], Answer::Done);
            p.answers(&c.watch, c.watch.count(), left(0));
        },
    );
    tell(
        b,
        again(
            "the publication of a signed prekey is repeated after that of a newer one: the newer one stays",
            &["MBX-13"],
        ),
        false,
        false,
        |p, c| {
            let eighth = p.request(
                Some(&c.ryan),
                c.ryan.publish_signed(c.ryan.signed_pre_key(8)),
            );
            p.exactly(&eighth, &[], Answer::Done);
            let (id, key, signature) = c.ryan.signed_pre_key(9);
            p.done(
                &c.ryan,
                c.ryan.publish_signed((id, key.clone(), signature.clone())),
            );
            p.exactly(&eighth, &[], Answer::Done);
            let own = &mut c.ryan.registration;
            (own.signed_pre_key_id, own.signed_pre_key) = (id, key);
            own.signed_pre_key_signature = signature;
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
        },
    );
    tell(
        b,
        again(
            "a reading is repeated after the message was acknowledged: whoever remembers what was read delivers it again",
            &["MBX-09", "MBX-13"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &one));
            let request = p.request(Some(&c.ryan), c.ryan.read());
            let envelopes = vec![p.envelope(&c.ryan, 1, &c.ben, Ratchet, &one, START + TWO_DAYS)];
            p.exactly(&request, &[], Answer::Envelopes { envelopes });
            p.done(&c.ryan, c.ryan.acknowledge(&[1]));
            p.exactly(&request, &[], nothing());
        },
    );
    tell(
        b,
        again(
            "a removal is repeated: its answer went with the device",
            &["MBX-13", "MBX-15"],
        ),
        false,
        false,
        |p, c| {
            let request = p.request(Some(&c.ryan), c.ryan.remove());
            p.exactly(&request, &[], Answer::Done);
            p.refuses_exactly(&request, Unauthorized);
        },
    );
    begin(
        b,
        again(
            "a registration is repeated by a device that got no answer: the same token, also after a restart",
            &["MBX-13", "MBX-01"],
        ),
        |p, c| {
            let request = p.registers(&mut c.ben, None);
            let token = c.ben.token.clone().expect("registered");
            p.exactly(
                &request,
                &[],
                Answer::Registered {
                    token: token.clone(),
                },
            );
            p.restart();
            p.exactly(&request, &[], Answer::Registered { token });
            p.answers(&c.ben, c.ben.read(), nothing());
        },
    );
    begin(
        b,
        again(
            "a registration is repeated after one of its one-time prekeys was handed out: it does not come back",
            &["MBX-13", "MBX-03"],
        ),
        |p, c| {
            p.registers(&mut c.ben, None);
            let request = p.registers(&mut c.ryan, None);
            p.answers(&c.ben, c.ryan.fetch(), c.ryan.bundle(Some(1)));
            let token = c.ryan.token.clone().expect("registered");
            p.exactly(&request, &[], Answer::Registered { token });
            p.answers(&c.ryan, c.ryan.count(), left(2));
        },
    );
    begin(
        b,
        (
            "a registration under the same request id with other keys: whoever goes by the id alone gives the token to whoever guesses it",
            "Authorisation",
            &["MBX-13", "MBX-12"],
        ),
        |p, c| {
            let mut request = p.registers(&mut c.ryan, None);
            request.body = Body::Register(c.ryan.anew("thief").registration);
            p.refuses_exactly(&request, Unauthorized);
        },
    );
    begin(
        b,
        (
            "a registration with the same keys under another request id: the keys are public and prove nothing",
            "Authorisation",
            &["MBX-13", "MBX-12"],
        ),
        |p, c| {
            let mut request = p.registers(&mut c.ryan, None);
            request.id = "1".to_owned().try_into().expect("visible ASCII");
            p.refuses_exactly(&request, Unauthorized);
        },
    );
}

fn removals(b: &mut Builder) {
    let text = message("left behind");
    let removal = |comment, requirements| -> About<'_> { (comment, "Removal", requirements) };
    tell(
        b,
        removal(
            "a device is removed: its token, its bundle and its mailbox are gone at once",
            &["MBX-15", "MBX-16", "MBX-12"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.done(&c.ryan, c.ryan.remove());
            p.refuses(&c.ryan, c.ryan.read(), Unauthorized);
            p.refuses(&c.ryan, send(&c.ben, b"hello"), Unauthorized);
            p.refuses(&c.ben, c.ryan.fetch(), NotFound);
            p.refuses(&c.ben, send(&c.ryan, &text), NotFound);
        },
    );
    tell(
        b,
        removal(
            "nothing of a removed device is stored: not its message, not its identity key, not its one-time prekeys",
            &["MBX-15"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.done(&c.ryan, c.ryan.remove());
            let own = c.ryan.registration.clone();
            p.erased("the message", &text);
            p.erased("the identity key", &own.identity_key);
            p.erased("the signed prekey", &own.signed_pre_key);
            p.erased("a one-time prekey", &own.one_time_pre_keys[2].key);
        },
    );
    tell(
        b,
        removal(
            "a removed device registers again: its mailbox is empty, and it needs no token",
            &["MBX-15", "MBX-01"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.done(&c.ryan, c.ryan.remove());
            let mut anew = c.ryan.anew("ryan, again");
            p.registers(&mut anew, None);
            p.answers(&anew, anew.read(), nothing());
            p.answers(&anew, anew.count(), left(1));
            p.refuses(&c.ryan, c.ryan.read(), Unauthorized);
        },
    );
    tell(
        b,
        removal(
            "one of two devices is removed: the other stays, and is the whole list",
            &["MBX-15", "MBX-05"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.watch, c.watch.remove());
            let both = send_all(&[(&c.ryan, &text), (&c.watch, &text)]);
            p.answers(&c.ben, both, mismatch(&[], &[2]));
            p.done(&c.ben, send_all(&[(&c.ryan, &text)]));
            p.answers(&c.ryan, c.ryan.count(), left(3));
        },
    );
    tell(
        b,
        removal(
            "a sender is removed: what it sent is still delivered",
            &["MBX-15", "MBX-08"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            p.done(&c.ben, c.ben.remove());
            p.holds(&c.ryan, &[(1, &c.ben, &text)]);
        },
    );
    tell(
        b,
        removal(
            "a device registers anew with its own token: the former token, mailbox and one-time prekeys are gone",
            &["MBX-01", "MBX-15", "MBX-12"],
        ),
        false,
        false,
        |p, c| {
            p.done(&c.ben, send(&c.ryan, &text));
            let former = c.ryan.clone();
            let mut anew = c.ryan.anew("ryan, anew");
            p.registers(&mut anew, Some(&former));
            p.refuses(&former, former.read(), Unauthorized);
            p.answers(&anew, anew.read(), nothing());
            p.answers(&c.ben, anew.fetch(), anew.bundle(Some(1)));
            p.answers(&c.ben, anew.fetch(), anew.bundle(None));
            p.erased("the message", &text);
        },
    );
    tell(
        b,
        removal(
            "a device is registered anew with the token of its sister: whoever lost a device can put another in its place",
            &["MBX-01", "MBX-12"],
        ),
        true,
        false,
        |p, c| {
            let former = c.watch.clone();
            let mut anew = c.watch.anew("watch, anew");
            p.registers(&mut anew, Some(&c.ryan.clone()));
            p.refuses(&former, former.read(), Unauthorized);
            p.answers(&anew, anew.read(), nothing());
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
}

fn opacity(b: &mut Builder) {
    let looks = |comment, requirements| -> About<'_> { (comment, "LooksInside", requirements) };
    tell(
        b,
        looks(
            "messages that are none, an empty one among them, are delivered as they came",
            &["MBX-14", "MBX-07"],
        ),
        false,
        false,
        |p, c| {
            let text = b"{\"type\":\"provisioningInformation\"}";
            for bytes in [&b""[..], text, &[0xff; 3]] {
                p.done(&c.ben, send(&c.ryan, bytes));
            }
            p.holds(
                &c.ryan,
                &[(1, &c.ben, b""), (2, &c.ben, text), (3, &c.ben, &[0xff; 3])],
            );
        },
    );
    tell(
        b,
        looks(
            "a ratchet message called a prekey message, and the other way round: the kind is the sender's word",
            &["MBX-14"],
        ),
        false,
        false,
        |p, c| {
            let (mut ben, ryan) = (Actor::new("ben"), Actor::new("ryan"));
            ben.open(&ryan.bundle(Some(1)), "intermediary");
            let opening = ben.encrypt(ryan.address, b"hello");
            let body = |kind| {
                Body::Submit(Submission {
                    recipient: Recipient::Device(c.ryan.address),
                    messages: vec![c.ryan.message(kind, &opening.bytes)],
                    lifetime: None,
                })
            };
            p.done(&c.ben, body(PreKey));
            p.done(&c.ben, body(Ratchet));
            let envelopes = [(1, PreKey), (2, Ratchet)].map(|(id, kind)| {
                p.envelope(&c.ryan, id, &c.ben, kind, &opening.bytes, START + TWO_DAYS)
            });
            let envelopes = envelopes.to_vec();
            p.answers(&c.ryan, c.ryan.read(), Answer::Envelopes { envelopes });
        },
    );
    tell(
        b,
        looks(
            "a message that says what it is about, beside its bytes",
            &["MBX-14"],
        ),
        false,
        false,
        |p, c| {
            for (field, value) in [
                ("type", json!("provisioningInformation")),
                ("transfer", json!("5f0e2f1c-7c0c-4a5a-8d2e-1f1f1f1f1f1f")),
            ] {
                p.malformed(&c.ben, send(&c.ryan, b"hello"), |r| {
                    r["body"]["messages"][0][field] = value;
                });
            }
        },
    );
    tell(
        b,
        looks(
            "a real message: its plaintext is nowhere in the store, under no form",
            &["MBX-14"],
        ),
        false,
        false,
        |p, c| {
            let (mut ben, ryan) = (Actor::new("ben"), Actor::new("ryan"));
            ben.open(&ryan.bundle(Some(1)), "intermediary");
            let plaintext = b"{\"format\":\"digitalwallet.carkey.ccc\"}";
            let opening = ben.encrypt(ryan.address, plaintext);
            p.done(&c.ben, send(&c.ryan, &opening.bytes));
            p.erased("the plaintext", plaintext);
            p.holds(&c.ryan, &[(1, &c.ben, &opening.bytes)]);
        },
    );
    tell(
        b,
        (
            "an accepted message and the answer to it survive a restart, and so does the mailbox's count",
            "Restart",
            &["MBX-18", "MBX-07"],
        ),
        false,
        false,
        |p, c| {
            let (one, two) = (message("before"), message("after"));
            p.done(&c.ben, send(&c.ryan, &one));
            p.restart();
            p.done(&c.ben, send(&c.ryan, &two));
            p.holds(&c.ryan, &[(1, &c.ben, &one), (2, &c.ben, &two)]);
        },
    );
    tell(
        b,
        (
            "a registration, a publication and a removal survive a restart",
            "Restart",
            &["MBX-18", "MBX-15"],
        ),
        true,
        false,
        |p, c| {
            p.done(&c.ryan, c.ryan.publish(&one_time("ryan", 4..=4)));
            p.done(&c.watch, c.watch.remove());
            p.restart();
            p.answers(&c.ryan, c.ryan.count(), left(4));
            p.refuses(&c.watch, c.watch.read(), Unauthorized);
            p.refuses(&c.ben, c.watch.fetch(), NotFound);
        },
    );
}

fn forms(b: &mut Builder) {
    let form = |comment, requirements| -> About<'_> { (comment, "Form", requirements) };
    tell(
        b,
        form(
            "request ids that are none: absent, empty, of 65 characters, with a space, not ASCII, a number",
            &["MBX-13"],
        ),
        false,
        false,
        |p, c| {
            for id in [
                Value::Null,
                json!(""),
                json!("x".repeat(65)),
                json!("a b"),
                json!("é"),
                json!(5),
            ] {
                p.malformed(&c.ben, c.ben.read(), |r| {
                    let request = r.as_object_mut().expect("an object");
                    if id.is_null() {
                        request.shift_remove("id");
                    } else {
                        request["id"] = id;
                    }
                });
            }
        },
    );
    tell(
        b,
        form(
            "tokens that are none: of 31 bytes, of 33, in upper case, not in hex",
            &["MBX-12"],
        ),
        false,
        false,
        |p, c| {
            let token = crate::hex::encode(c.ben.token.as_ref().expect("registered").expose());
            for other in [
                token[2..].to_owned(),
                format!("{token}00"),
                token.to_uppercase(),
                format!("{}zz", &token[2..]),
            ] {
                p.malformed(&c.ben, c.ben.read(), |r| r["token"] = other.into());
            }
        },
    );
    tell(
        b,
        form(
            "bodies that are none: of an unknown type, without a type, with a field too many, with one too few",
            &["MBX-12", "MBX-14"],
        ),
        false,
        false,
        |p, c| {
            p.malformed(&c.ben, c.ben.read(), |r| r["body"]["type"] = "list".into());
            p.malformed(&c.ben, c.ben.read(), |r| {
                r["body"]
                    .as_object_mut()
                    .expect("an object")
                    .shift_remove("type");
            });
            p.malformed(&c.ben, c.ben.read(), |r| r["body"]["after"] = 1.into());
            p.malformed(&c.ben, c.ben.read(), |r| {
                r["body"]
                    .as_object_mut()
                    .expect("an object")
                    .shift_remove("limit");
            });
            p.malformed(&c.ben, c.ben.read(), |r| r["admin"] = true.into());
        },
    );
    tell(
        b,
        form(
            "addresses that are none: a UserID in upper case, DeviceIDs 0 and 128",
            &["ID-01", "ID-03", "MBX-16"],
        ),
        false,
        false,
        |p, c| {
            let upper = c.ryan.address.user_id.to_string().to_uppercase();
            p.malformed(&c.ben, c.ryan.fetch(), |r| {
                r["body"]["address"]["userId"] = upper.into();
            });
            for device in [0, 128] {
                p.malformed(&c.ben, c.ryan.fetch(), |r| {
                    r["body"]["address"]["deviceId"] = device.into();
                });
            }
        },
    );
    begin(
        b,
        form(
            "registrations with ids out of their range: registration ids 0 and 16381, prekey ids 0 and 16777216",
            &["ID-04", "ID-06", "MBX-01"],
        ),
        |p, c| {
            let body = || Body::Register(c.ryan.registration.clone());
            for id in [0, 16_381] {
                p.malformed(&c.ryan, body(), |r| r["body"]["registrationId"] = id.into());
            }
            for id in [0, 16_777_216] {
                p.malformed(&c.ryan, body(), |r| r["body"]["signedPreKeyId"] = id.into());
            }
            p.malformed(&c.ryan, body(), |r| {
                r["body"]["oneTimePreKeys"][0]["id"] = 0.into();
            });
        },
    );
    tell(
        b,
        form(
            "submissions that are none: of an unknown kind, hex in upper case, to a user and a device at once, with a lifetime below 0",
            &["MBX-05", "MBX-10"],
        ),
        false,
        false,
        |p, c| {
            let body = || send(&c.ryan, &[0xab, 0xcd]);
            p.malformed(&c.ben, body(), |r| {
                r["body"]["messages"][0]["kind"] = "letter".into();
            });
            p.malformed(&c.ben, body(), |r| {
                r["body"]["messages"][0]["message"] = "ABCD".into();
            });
            let user = c.ryan.address.user_id.to_string();
            p.malformed(&c.ben, body(), |r| {
                r["body"]["recipient"]["user"] = user.into();
            });
            p.malformed(&c.ben, body(), |r| r["body"]["lifetime"] = json!(-1));
            p.answers(&c.ryan, c.ryan.read(), nothing());
        },
    );
    tell(
        b,
        form(
            "a malformed request without a token: its form comes first",
            &["MBX-12"],
        ),
        false,
        false,
        |p, c| {
            c.ben.token = None;
            p.refuses(&c.ben, c.ryan.read_at_most(0), Malformed);
            p.refuses(&c.ben, send_for(&c.ryan, b"hello", Some(0)), Malformed);
        },
    );
    tell(
        b,
        (
            "too many ids without a token: the size comes before the token",
            "Limit",
            &["MBX-11", "MBX-12"],
        ),
        false,
        false,
        |p, c| {
            c.ben.token = None;
            p.refuses(&c.ben, c.ryan.acknowledge(&[1; 1_001]), TooLarge);
            p.refuses(&c.ben, c.ryan.acknowledge(&[1; 1_000]), Unauthorized);
        },
    );
}
