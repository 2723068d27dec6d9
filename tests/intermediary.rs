//! The intermediary against a small model: whatever is asked in whatever order, a refused request changes
//! nothing, a repeated one gets the first answer again, no one-time prekey is handed out twice, a mailbox is
//! first in, first out, and what it learns is listed (MBX-01 to MBX-19, PRIV-01).

use crate::common;

use common::{Exhausted, Seeded, bundle, device};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::thread::ScopedJoinHandle;
use tigress_signal::agreement::{BundleFields, OneTimePreKey};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, Recipient, UserId};
use tigress_signal::intermediary::memory_store::MemoryTransaction;
use tigress_signal::intermediary::store::{Answered, Change, DeviceRecord, Transaction};
use tigress_signal::intermediary::{
    Answer, Body, Digest, Envelope, EnvelopeId, Intermediary, IntermediaryError, Learned, Limits,
    MAX_REQUEST, MemoryStore, PublishedOneTimePreKey, Registration, Request, RequestId, Row,
    SavedIntermediary, Store, StoreError, Submission, SubmittedMessage, Token,
};
use tigress_signal::primitives::Randomness;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

type Server = Intermediary<MemoryStore>;

/// How many devices there are: two of each of two users, and one of a third.
const DEVICES: usize = 5;

/// What each device registers: the second of each user is device 2.
static REGISTRATIONS: LazyLock<Vec<Registration>> = LazyLock::new(|| {
    (0..DEVICES)
        .map(|index| {
            let seed = index as u64 + 1;
            let fields = bundle(&device(seed).1);
            let user = UserId::random(&mut Seeded(1_000 + seed / 2)).expect("never ends");
            let device_id = DeviceId::try_from(1 + u32::from(index % 2 == 0)).expect("1 or 2");
            let address = Address {
                user_id: user,
                device_id,
            };
            registration(address, &fields)
        })
        .collect()
});

fn registration(address: Address, fields: &BundleFields) -> Registration {
    Registration {
        address,
        registration_id: fields.registration_id.try_into().expect("in its range"),
        identity_key: fields.identity_key.clone(),
        signed_pre_key_id: fields.signed_pre_key_id.try_into().expect("in its range"),
        signed_pre_key: fields.signed_pre_key.clone(),
        signed_pre_key_signature: fields.signed_pre_key_signature.clone(),
        one_time_pre_keys: one_time_pre_keys(1, 3),
    }
}

/// That many one-time prekeys from that id on; the keys themselves do not matter here.
fn one_time_pre_keys(first: u32, count: u32) -> Vec<PublishedOneTimePreKey> {
    static KEY: LazyLock<Hex> = LazyLock::new(|| bundle(&device(99).1).identity_key);
    (first..first + count)
        .map(|id| PublishedOneTimePreKey {
            id: PreKeyId::try_from(id).expect("in its range"),
            key: KEY.clone(),
        })
        .collect()
}

fn server() -> Server {
    Intermediary::new(&Tigress1, MemoryStore::default())
}

fn restarted(server: &Server, limits: Limits) -> Server {
    let json = server.save().to_json();
    let saved = SavedIntermediary::from_json(&json).expect("what was saved can be read");
    let restored = saved.restore(limits);
    let restored = restored.expect("what was saved can be restored");
    assert_eq!(restored.save().to_json(), json);
    assert_eq!(&restored, server);
    assert_eq!(hash_of(&restored), hash_of(server));
    restored
}

fn hash_of(server: &Server) -> u64 {
    let mut hasher = DefaultHasher::new();
    server.hash(&mut hasher);
    hasher.finish()
}

#[allow(clippy::needless_pass_by_value, reason = "reads better at the call")]
fn request_id(text: impl ToString) -> RequestId {
    text.to_string().try_into().expect("visible ASCII")
}

fn ask(
    server: &mut Server,
    request: &Request,
    now: u64,
    randomness: &mut dyn Randomness,
) -> Result<Answer, IntermediaryError> {
    // Off the wire and on it again, the request is the same.
    let json = serde_json::to_vec(request).expect("a request");
    assert_eq!(&Request::from_json(&json).expect("a request"), request);
    server.handle(request, Timestamp(now), randomness)
}

/// What happens. The numbers say which device acts, and on which.
#[derive(Clone, Debug)]
enum Event {
    /// With the token of that device, if any.
    Register(usize, Option<usize>),
    RegisterExhausted(usize),
    /// So many times.
    Fetch(usize, usize, usize),
    Publish(usize, usize, u32),
    Count(usize, usize),
    /// From, to, whether to all devices of the user or to one, which devices are listed, whether the
    /// registration ids are right, lifetime.
    Submit(usize, usize, bool, u8, bool, u64),
    SubmitTooMuch(usize, usize),
    Read(usize, usize, u32),
    Acknowledge(usize, usize, Vec<u64>),
    Remove(usize, usize),
    /// Any request ever made, again.
    Repeat(u16),
    /// Any request ever made, with another body.
    Conflict(u16, usize),
    Wait(u64),
    Tick,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let who = || 0..DEVICES;
    // Mostly the device itself.
    let own = || who().prop_flat_map(move |me| (Just(me), prop_oneof![5 => Just(me), 1 => who()]));
    let lifetime = prop_oneof![
        Just(60),
        Just(5_000),
        Just(172_800),
        Just(0),
        Just(2_592_001)
    ];
    prop_oneof![
        3 => (who(), prop::option::of(who())).prop_map(|(me, with)| Event::Register(me, with)),
        1 => who().prop_map(Event::RegisterExhausted),
        6 => (who(), who(), prop_oneof![5 => Just(1_usize), 1 => Just(6)])
            .prop_map(|(me, target, times)| Event::Fetch(me, target, times)),
        2 => (own(), 0..4_u32).prop_map(|((me, whose), count)| Event::Publish(me, whose, count)),
        2 => own().prop_map(|(me, whose)| Event::Count(me, whose)),
        10 => (who(), who(), any::<bool>(), 0..4_u8, prop::bool::weighted(0.9), lifetime).prop_map(
            |(me, to, all, listed, right, lifetime)| Event::Submit(me, to, all, listed, right, lifetime)
        ),
        1 => (who(), who()).prop_map(|(me, to)| Event::SubmitTooMuch(me, to)),
        8 => (own(), prop_oneof![Just(100), 0..4_u32])
            .prop_map(|((me, whose), limit)| Event::Read(me, whose, limit)),
        4 => (own(), prop::collection::vec(0..12_u64, 0..4))
            .prop_map(|((me, whose), ids)| Event::Acknowledge(me, whose, ids)),
        1 => own().prop_map(|(me, whose)| Event::Remove(me, whose)),
        6 => any::<u16>().prop_map(Event::Repeat),
        1 => (any::<u16>(), who()).prop_map(|(which, target)| Event::Conflict(which, target)),
        2 => prop_oneof![Just(1), Just(59), Just(60), Just(3_600), Just(86_400)].prop_map(Event::Wait),
        1 => Just(Event::Tick),
        2 => Just(Event::Restart),
    ]
}

/// A request that was carried out once, and until when it is remembered.
#[derive(Clone)]
struct First {
    request: RequestId,
    answer: Answer,
    until: u64,
}

/// What the model knows of a registered device.
#[derive(Clone, Default)]
struct Known {
    last_one_time_pre_key: u32,
    one_time_pre_keys: BTreeSet<u32>,
    next: u64,
    mailbox: BTreeMap<u64, Envelope>,
    bundles: Vec<(usize, u64)>,
    /// The oldest first.
    first: Vec<First>,
}

impl Known {
    fn first(&self, request: &Request, now: u64) -> Option<&First> {
        let mut living = self.first.iter().filter(|first| now < first.until);
        living.find(|first| first.request == request.id)
    }
}

/// Limits that a story meets.
const FEW: Limits = Limits {
    message_length: 100,
    mailbox: 3,
    one_time_pre_keys: 5,
    lifetime: 172_800,
    read: 2,
    acknowledged: 2,
    answers: 4,
    answer_lifetime: 3_600,
    bundles: 2,
    bundle_window: 60,
};

/// The model: what the profile says, in the plainest form.
struct Model {
    server: Server,
    limits: Limits,
    now: u64,
    tokens: Vec<Option<Token>>,
    known: Vec<Option<Known>>,
    asked: Vec<(usize, Request)>,
    /// Every one-time prekey ever handed out, by the token of its owner.
    handed_out: BTreeSet<(Digest, u32)>,
    requests: u64,
}

fn address(index: usize) -> Address {
    REGISTRATIONS[index].address
}

impl Model {
    fn new(limits: Limits) -> Self {
        Model {
            server: Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits),
            limits,
            now: 1_700_000_000,
            tokens: vec![None; DEVICES],
            known: vec![None; DEVICES],
            asked: Vec::new(),
            handed_out: BTreeSet::new(),
            requests: 0,
        }
    }

    fn users_devices(&self, user: UserId) -> Vec<usize> {
        (0..DEVICES)
            .filter(|index| address(*index).user_id == user && self.known[*index].is_some())
            .collect()
    }

    /// The device whose token that is.
    fn owner(&self, token: Option<&Token>) -> Option<usize> {
        (0..DEVICES).find(|index| {
            self.known[*index].is_some() && token.is_some() && self.tokens[*index].as_ref() == token
        })
    }

    fn request(&mut self, me: usize, body: Body) -> Request {
        self.requests += 1;
        let request = Request {
            id: request_id(format!("request-{}", self.requests)),
            token: self.tokens[me].clone(),
            body,
        };
        self.asked.push((me, request.clone()));
        request
    }

    /// What the profile says comes of it: a refusal's code, or nothing where it is to be carried out.
    fn refusal(&self, request: &Request) -> Option<ErrorCode> {
        let asker = self.owner(request.token.as_ref());
        match &request.body {
            Body::Register(registration) => {
                let user = registration.address.user_id;
                let is_first = self.users_devices(user).is_empty();
                return match asker {
                    Some(asker) if address(asker).user_id != user => Some(ErrorCode::Forbidden),
                    Some(_) => None,
                    None if is_first && request.token.is_none() => None,
                    None => Some(ErrorCode::Unauthorized),
                };
            }
            Body::Submit(submission) => {
                if !(1..=self.limits.lifetime).contains(&submission.lifetime()) {
                    return Some(ErrorCode::Malformed);
                }
                if submission
                    .messages
                    .iter()
                    .any(|m| m.message.0.len() > self.limits.message_length)
                {
                    return Some(ErrorCode::TooLarge);
                }
            }
            Body::Read { limit, .. } if !(1..=self.limits.read).contains(limit) => {
                return Some(ErrorCode::Malformed);
            }
            Body::Acknowledge { ids, .. } if ids.len() > self.limits.acknowledged => {
                return Some(ErrorCode::TooLarge);
            }
            _ => {}
        }
        let Some(asker) = asker else {
            return Some(ErrorCode::Unauthorized);
        };
        if request.body.own().is_some_and(|own| *own != address(asker)) {
            return Some(ErrorCode::Forbidden);
        }
        let known = self.known[asker].as_ref().expect("registered");
        match &request.body {
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => {
                let first = u32::from(one_time_pre_keys.first()?.id);
                if first <= known.last_one_time_pre_key {
                    return Some(ErrorCode::Malformed);
                }
                let held = known.one_time_pre_keys.len() + one_time_pre_keys.len();
                (held > self.limits.one_time_pre_keys).then_some(ErrorCode::TooLarge)
            }
            Body::FetchBundle { address: target } => {
                let Some(target) = self.at(target) else {
                    return Some(ErrorCode::NotFound);
                };
                let recent = known.bundles.iter();
                let window = self.limits.bundle_window;
                let recent = recent.filter(|(of, at)| *of == target && self.now < at + window);
                (recent.count() >= self.limits.bundles).then_some(ErrorCode::RateLimited)
            }
            Body::Submit(submission) => {
                let devices = match submission.recipient {
                    Recipient::User(user) => self.users_devices(user),
                    Recipient::Device(address) => self.at(&address).into_iter().collect(),
                };
                if devices.is_empty() {
                    return Some(ErrorCode::NotFound);
                }
                let current: BTreeSet<DeviceId> = devices
                    .iter()
                    .map(|index| address(*index).device_id)
                    .collect();
                let listed: BTreeSet<DeviceId> = submission
                    .messages
                    .iter()
                    .map(|message| message.device_id)
                    .collect();
                if current != listed {
                    return Some(ErrorCode::DeviceMismatch);
                }
                let stale = devices.iter().any(|index| {
                    submission.messages.iter().any(|message| {
                        message.device_id == address(*index).device_id
                            && message.registration_id != REGISTRATIONS[*index].registration_id
                    })
                });
                if stale {
                    return Some(ErrorCode::StaleRegistration);
                }
                let full = devices.iter().any(|index| {
                    let mailbox = &self.known[*index].as_ref().expect("registered").mailbox;
                    let waiting = mailbox.values().filter(|one| self.now < one.expires.0);
                    waiting.count() >= self.limits.mailbox
                });
                full.then_some(ErrorCode::MailboxFull)
            }
            _ => None,
        }
    }

    fn at(&self, wanted: &Address) -> Option<usize> {
        (0..DEVICES).find(|index| address(*index) == *wanted && self.known[*index].is_some())
    }

    /// Makes the request, and holds what comes of it against the model.
    fn make(&mut self, me: usize, request: &Request, randomness: &mut dyn Randomness) {
        let before = self.server.clone();
        let got = ask(&mut self.server, request, self.now, randomness);
        // What is the same, what hashes the same and what is saved the same is one thing.
        let unchanged = self.server == before;
        assert_eq!(hash_of(&self.server) == hash_of(&before), unchanged);
        assert_eq!(self.server.save() == before.save(), unchanged);
        // Who remembers: whoever asked, by the token; of a registration, the device that it registers.
        let asker = match &request.body {
            Body::Register(registration) => self.at(&registration.address),
            body => self
                .owner(request.token.as_ref())
                .filter(|asker| body.own().is_none_or(|own| *own == address(*asker))),
        };
        let first = asker
            .and_then(|asker| self.known[asker].as_ref())
            .and_then(|known| known.first(request, self.now));
        if let Some(first) = first {
            assert_eq!(
                got,
                Ok(first.answer.clone()),
                "the first answer again (MBX-13)"
            );
            assert!(unchanged, "a repetition changes nothing (MBX-13)");
            return;
        }
        let refusal = self.refusal(request);
        let code = match &got {
            Ok(answer) => answer.code(),
            Err(error) => Some(error.code().expect("randomness and store do not fail here")),
        };
        assert_eq!(code, refusal, "{request:?}");
        if refusal.is_some() {
            assert!(unchanged, "what is refused changes nothing: {request:?}");
            return;
        }
        self.carry_out(me, request, got.expect("not refused"));
        if !unchanged {
            self.has_nothing_that_expired();
        }
    }

    /// What has expired is erased at the latest by the next request that changes something (profile section 7).
    fn has_nothing_that_expired(&self) {
        let saved: Value = serde_json::from_str(&self.server.save().to_json()).expect("JSON");
        for device in saved["devices"].as_array().expect("devices") {
            for list in ["mailbox", "answered", "bundles"] {
                for kept in device[list].as_array().expect("a list") {
                    assert!(kept["expires"].as_u64() > Some(self.now), "{list}: {kept}");
                }
            }
        }
    }

    #[allow(clippy::too_many_lines, reason = "a request after the other")]
    fn carry_out(&mut self, me: usize, request: &Request, answer: Answer) {
        let now = self.now;
        let mut remembered = self.owner(request.token.as_ref());
        match &request.body {
            Body::Register(registration) => {
                let Answer::Registered { token } = &answer else {
                    panic!("{answer:?}")
                };
                let keys = registration
                    .one_time_pre_keys
                    .iter()
                    .map(|key| u32::from(key.id));
                self.known[me] = Some(Known {
                    last_one_time_pre_key: keys.clone().max().unwrap_or(0),
                    one_time_pre_keys: keys.collect(),
                    next: 1,
                    ..Known::default()
                });
                assert!(!self.tokens.contains(&Some(token.clone())), "a fresh token");
                self.tokens[me] = Some(token.clone());
                remembered = Some(me);
            }
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => {
                let known = self.known[me].as_mut().expect("registered");
                for key in one_time_pre_keys {
                    known.one_time_pre_keys.insert(key.id.into());
                    known.last_one_time_pre_key = key.id.into();
                }
            }
            Body::CountOneTimePreKeys { .. } => {
                let known = self.known[me].as_ref().expect("registered");
                let left = u32::try_from(known.one_time_pre_keys.len()).expect("few");
                assert_eq!(answer, Answer::OneTimePreKeys { left });
                remembered = None;
            }
            Body::FetchBundle { address } => {
                let target = self.at(address).expect("found");
                let Answer::Bundle { bundle } = &answer else {
                    panic!("{answer:?}")
                };
                let owner = self.tokens[target].as_ref().expect("registered").digest();
                let known = self.known[target].as_mut().expect("registered");
                assert_eq!(
                    bundle.one_time_pre_key_id,
                    known.one_time_pre_keys.pop_first()
                );
                if let Some(id) = bundle.one_time_pre_key_id {
                    assert!(
                        self.handed_out.insert((owner, id)),
                        "handed out twice (MBX-03)"
                    );
                }
                self.known[me]
                    .as_mut()
                    .expect("registered")
                    .bundles
                    .push((target, now));
            }
            Body::Submit(submission) => {
                assert_eq!(answer, Answer::Done);
                for message in &submission.messages {
                    let recipient = Address {
                        user_id: submission.recipient.user_id(),
                        device_id: message.device_id,
                    };
                    let at = self.at(&recipient).expect("found");
                    let known = self.known[at].as_mut().expect("registered");
                    let envelope = Envelope {
                        id: EnvelopeId(known.next),
                        sender: address(me),
                        recipient,
                        kind: message.kind,
                        message: message.message.clone(),
                        expires: Timestamp(now + submission.lifetime()),
                    };
                    known.mailbox.insert(known.next, envelope);
                    known.next += 1;
                }
            }
            Body::Read { limit, .. } => {
                let known = self.known[me].as_ref().expect("registered");
                let there = known.mailbox.values().filter(|one| now < one.expires.0);
                let envelopes = there.take(*limit as usize).cloned().collect();
                assert_eq!(answer, Answer::Envelopes { envelopes });
                remembered = None;
            }
            Body::Acknowledge { ids, .. } => {
                let known = self.known[me].as_mut().expect("registered");
                known
                    .mailbox
                    .retain(|id, _| !ids.contains(&EnvelopeId(*id)));
                remembered = None;
            }
            Body::Remove { .. } => {
                self.known[me] = None;
                remembered = None;
            }
            Body::PublishSignedPreKey { .. } => {}
        }
        if let Some(remembered) = remembered {
            let known = self.known[remembered].as_mut().expect("registered");
            known.first.retain(|first| now < first.until);
            known.first.push(First {
                request: request.id.clone(),
                answer,
                until: now + self.limits.answer_lifetime,
            });
            if known.first.len() > self.limits.answers {
                known.first.remove(0);
            }
        }
    }

    fn step(&mut self, event: Event, randomness: &mut dyn Randomness) {
        match event {
            Event::Register(me, with) => {
                let mut request = self.request(me, Body::Register(REGISTRATIONS[me].clone()));
                request.token = with.and_then(|with| self.tokens[with].clone());
                self.asked.last_mut().expect("just asked").1 = request.clone();
                self.make(me, &request, randomness);
            }
            Event::RegisterExhausted(me) => {
                let request = self.request(me, Body::Register(REGISTRATIONS[me].clone()));
                self.asked.pop();
                let before = self.server.save().to_json();
                assert!(ask(&mut self.server, &request, self.now, &mut Exhausted).is_err());
                assert_eq!(self.server.save().to_json(), before);
            }
            Event::Fetch(me, target, times) => {
                let address = address(target);
                for _ in 0..times {
                    self.asks(me, Body::FetchBundle { address }, randomness);
                }
            }
            Event::Publish(me, whose, count) => {
                let last = self.known[whose]
                    .as_ref()
                    .map_or(0, |known| known.last_one_time_pre_key);
                // Of three the first was published before.
                let first = if count == 3 { last.max(1) } else { last + 1 };
                let body = Body::PublishOneTimePreKeys {
                    address: address(whose),
                    one_time_pre_keys: one_time_pre_keys(first, count),
                };
                self.asks(me, body, randomness);
            }
            Event::Count(me, whose) => {
                let address = address(whose);
                self.asks(me, Body::CountOneTimePreKeys { address }, randomness);
            }
            Event::Submit(me, to, all, listed, right, lifetime) => {
                let body = self.submission(to, all, listed, right, lifetime);
                self.asks(me, body, randomness);
            }
            Event::SubmitTooMuch(me, to) => {
                let mut message = message(to, true, 0);
                message.message = vec![7; self.limits.message_length + 1].as_slice().into();
                let body = Body::Submit(Submission {
                    recipient: Recipient::Device(address(to)),
                    messages: vec![message],
                    lifetime: None,
                });
                self.asks(me, body, randomness);
                self.asked.pop();
            }
            Event::Read(me, whose, limit) => {
                let address = address(whose);
                self.asks(me, Body::Read { address, limit }, randomness);
            }
            Event::Acknowledge(me, whose, ids) => {
                let body = Body::Acknowledge {
                    address: address(whose),
                    ids: ids.into_iter().map(EnvelopeId).collect(),
                };
                self.asks(me, body, randomness);
            }
            Event::Remove(me, whose) => {
                let address = address(whose);
                self.asks(me, Body::Remove { address }, randomness);
            }
            Event::Repeat(which) if !self.asked.is_empty() => {
                let (me, request) = self.asked[usize::from(which) % self.asked.len()].clone();
                self.make(me, &request, randomness);
            }
            Event::Conflict(which, target) if !self.asked.is_empty() => {
                self.conflict(usize::from(which) % self.asked.len(), target);
            }
            Event::Repeat(_) | Event::Conflict(..) => {}
            Event::Wait(seconds) => self.now += seconds,
            Event::Tick => {
                let now = Timestamp(self.now);
                self.server.tick(now).expect("memory does not fail");
                self.has_nothing_that_expired();
            }
            Event::Restart => self.server = restarted(&self.server, self.limits),
        }
    }

    fn asks(&mut self, me: usize, body: Body, randomness: &mut dyn Randomness) {
        let request = self.request(me, body);
        self.make(me, &request, randomness);
    }

    /// A remembered request id with another body is refused, and changes nothing.
    fn conflict(&mut self, which: usize, target: usize) {
        let (_, mut request) = self.asked[which].clone();
        let address = address(target);
        let other = Body::FetchBundle { address };
        if request.body == other || matches!(request.body, Body::Register(_)) {
            return;
        }
        request.body = other;
        let remembered = self
            .owner(request.token.as_ref())
            .and_then(|asker| self.known[asker].as_ref())
            .and_then(|known| known.first(&request, self.now))
            .is_some();
        if remembered {
            let before = self.server.save().to_json();
            let got = ask(&mut self.server, &request, self.now, &mut Exhausted);
            assert_eq!(got, Err(IntermediaryError::ConflictingRequest));
            assert_eq!(self.server.save().to_json(), before);
        }
    }

    fn submission(&self, to: usize, all: bool, listed: u8, right: bool, lifetime: u64) -> Body {
        let user = address(to).user_id;
        let of_user = |index: &usize| address(*index).user_id == user;
        let devices: Vec<usize> = match (all, listed) {
            (false, 0..=2) => vec![to],
            // Exactly the current ones, as an honest sender would.
            (true, 0..=1) => self.users_devices(user),
            (_, 2) => Vec::new(),
            _ => (0..DEVICES).filter(of_user).collect(),
        };
        Body::Submit(Submission {
            recipient: if all {
                Recipient::User(user)
            } else {
                Recipient::Device(address(to))
            },
            messages: devices
                .into_iter()
                .map(|index| message(index, right, self.requests))
                .collect(),
            lifetime: Some(lifetime),
        })
    }
}

/// A message for that device that no other message is equal to.
fn message(to: usize, right: bool, number: u64) -> SubmittedMessage {
    let registration = &REGISTRATIONS[to];
    let other = u32::from(registration.registration_id) ^ 2;
    SubmittedMessage {
        device_id: registration.address.device_id,
        registration_id: if right {
            registration.registration_id
        } else {
            other.clamp(1, 16_380).try_into().expect("in its range")
        },
        kind: MessageKind::Ratchet,
        message: format!("message {number} for {to}").as_bytes().into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Any requests in any order, repeated, refused, with restarts between: the model says what comes of each.
    #[test]
    fn the_intermediary_does_what_the_model_says(
        events in prop::collection::vec(event(), 1..80),
        limits in prop_oneof![1 => Just(Limits::PROFILE), 2 => Just(FEW)],
    ) {
        let mut model = Model::new(limits);
        // Most stories begin with everybody there.
        for me in [0, 1, 3] {
            model.step(Event::Register(me, None), &mut Seeded(me as u64 + 500));
        }
        for (me, with) in [(2, 1), (4, 3)] {
            model.step(Event::Register(me, Some(with)), &mut Seeded(me as u64 + 500));
        }
        for (index, event) in events.into_iter().enumerate() {
            model.step(event, &mut Seeded(index as u64 + 1_000));
        }
    }

    /// Bytes from outside are a request or an error, and nothing else.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = Request::from_json(&bytes) {
            prop_assert_eq!(error.code(), Some(ErrorCode::Malformed));
        }
    }
}

/// A server that knows Ben (device 3 of the list) and Ryan (device 1), with their tokens.
fn two() -> (Server, Token, Token) {
    let mut server = server();
    let tokens = [3, 1].map(|me| {
        let request = Request {
            id: request_id(format!("registration-{me}")),
            token: None,
            body: Body::Register(REGISTRATIONS[me].clone()),
        };
        let answer = ask(&mut server, &request, 0, &mut Seeded(me as u64));
        match answer {
            Ok(Answer::Registered { token }) => token,
            other => panic!("{other:?}"),
        }
    });
    let [ben, ryan] = tokens;
    (server, ben, ryan)
}

fn submit(token: &Token, id: impl ToString, bytes: &[u8]) -> Request {
    let mut message = message(1, true, 0);
    message.message = bytes.into();
    Request {
        id: request_id(id),
        token: Some(token.clone()),
        body: Body::Submit(Submission {
            recipient: Recipient::Device(address(1)),
            messages: vec![message],
            lifetime: None,
        }),
    }
}

#[test]
fn a_thousand_answers_are_remembered_and_the_oldest_go_first() {
    let (mut server, ben, ryan) = two();
    let empty = |server: &mut Server, round: usize| {
        let ids = (0..2_000).map(EnvelopeId).skip(round * 1_000).take(1_000);
        let body = Body::Acknowledge {
            address: address(1),
            ids: ids.collect(),
        };
        let request = Request {
            id: request_id(format!("acknowledge-{round}")),
            token: Some(ryan.clone()),
            body,
        };
        assert_eq!(ask(server, &request, 0, &mut Exhausted), Ok(Answer::Done));
    };
    // The registration is the first of the thousand.
    for number in 1..Limits::PROFILE.answers {
        let request = submit(&ben, number, b"hello");
        assert_eq!(
            ask(&mut server, &request, 0, &mut Exhausted),
            Ok(Answer::Done)
        );
    }
    empty(&mut server, 0);
    empty(&mut server, 1);
    let held = |server: &Server| server.store().mailbox_length(&address(1), Timestamp(0));
    assert_eq!(held(&server), 0);
    let again = |server: &mut Server, number: usize| {
        let request = submit(&ben, number, b"hello");
        assert_eq!(ask(server, &request, 0, &mut Exhausted), Ok(Answer::Done));
    };
    again(&mut server, 1);
    assert_eq!(held(&server), 0, "still remembered");
    again(&mut server, 1_000);
    again(&mut server, 1_001);
    assert_eq!(held(&server), 2);
    again(&mut server, 2);
    assert_eq!(held(&server), 2, "still remembered");
    again(&mut server, 1);
    assert_eq!(held(&server), 3, "the oldest went");
    restarted(&server, Limits::PROFILE);
}

/// The reads of a transaction, each made by way of another one.
macro_rules! reads_by_way_of {
    (|$this:ident| $inner:expr) => {
        fn device(&mut self, address: &Address) -> Result<Option<DeviceRecord>, StoreError> {
            let $this = self;
            $inner.device(address)
        }
        fn devices(
            &mut self,
            user: &UserId,
        ) -> Result<BTreeMap<DeviceId, DeviceRecord>, StoreError> {
            let $this = self;
            $inner.devices(user)
        }
        fn owner(&mut self, token: &Digest) -> Result<Option<Address>, StoreError> {
            let $this = self;
            $inner.owner(token)
        }
        fn next_one_time_pre_key(
            &mut self,
            address: &Address,
        ) -> Result<Option<OneTimePreKey>, StoreError> {
            let $this = self;
            $inner.next_one_time_pre_key(address)
        }
        fn one_time_pre_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
            let $this = self;
            $inner.one_time_pre_keys(address)
        }
        fn envelopes(
            &mut self,
            address: &Address,
            limit: usize,
        ) -> Result<Vec<Envelope>, StoreError> {
            let $this = self;
            $inner.envelopes(address, limit)
        }
        fn mailbox_length(&mut self, address: &Address) -> Result<usize, StoreError> {
            let $this = self;
            $inner.mailbox_length(address)
        }
        fn bundles(&mut self, requester: &Address, target: &Address) -> Result<usize, StoreError> {
            let $this = self;
            $inner.bundles(requester, target)
        }
        fn answered(
            &mut self,
            address: &Address,
            request: &Digest,
        ) -> Result<Option<Answered>, StoreError> {
            let $this = self;
            $inner.answered(address, request)
        }
    };
}

/// What a store was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    Begin,
    Read,
    Commit,
    Drop,
}

/// What a store was asked to do since it was last looked at, and at which of its calls it is to fail.
#[derive(Debug, Default)]
struct Watch {
    did: RefCell<Vec<Did>>,
    fails_at: Cell<Option<usize>>,
}

impl Watch {
    fn call(&self, what: Did) -> Result<(), StoreError> {
        let mut did = self.did.borrow_mut();
        did.push(what);
        if self.fails_at.get() == Some(did.len()) {
            return Err(StoreError("the disk is full".to_owned()));
        }
        Ok(())
    }
}

/// A store under watch.
#[derive(Debug, Default)]
struct Watched {
    store: MemoryStore,
    watch: Watch,
}

struct WatchedTransaction<'a> {
    /// None once it is committed.
    transaction: Option<MemoryTransaction<'a>>,
    watch: &'a Watch,
}

impl Store for Watched {
    type Transaction<'a> = WatchedTransaction<'a>;

    fn begin(&mut self, now: Timestamp) -> Result<WatchedTransaction<'_>, StoreError> {
        self.watch.call(Did::Begin)?;
        Ok(WatchedTransaction {
            transaction: Some(self.store.begin(now)?),
            watch: &self.watch,
        })
    }
}

impl<'a> WatchedTransaction<'a> {
    fn read(&mut self) -> Result<&mut MemoryTransaction<'a>, StoreError> {
        self.watch.call(Did::Read)?;
        Ok(self.transaction.as_mut().expect("not committed"))
    }
}

impl Transaction for WatchedTransaction<'_> {
    reads_by_way_of!(|this| this.read()?);

    fn commit(mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        let transaction = self.transaction.take().expect("not committed");
        self.watch.call(Did::Commit)?;
        transaction.commit(changes)
    }
}

impl Drop for WatchedTransaction<'_> {
    fn drop(&mut self) {
        if self.transaction.is_some() {
            self.watch.did.borrow_mut().push(Did::Drop);
        }
    }
}

/// Requests of every kind; after each the same again, and then some that are refused.
fn requests_of_all_kinds() -> (MemoryStore, Vec<Request>) {
    let (server, requests, _) = real_requests(b"a car key for Ryan");
    let ben = requests[0].token.clone();
    let removed = requests.len() - 2;
    let mut refused = Vec::new();
    for (body, token) in [
        (requests[1].body.clone(), None),
        (requests[2].body.clone(), ben.clone()),
        (requests[5].body.clone(), requests[5].token.clone()),
        (submit(&Token::from([0; 32]), "x", b"hello").body, ben),
    ] {
        refused.push(Request {
            id: request_id(format!("refused-{}", refused.len())),
            token,
            body,
        });
    }
    let conflicting = Request {
        id: requests[0].id.clone(),
        ..requests[1].clone()
    };
    let twice = |request: &Request| [request.clone(), request.clone()];
    let mut all: Vec<Request> = requests[..removed].iter().flat_map(twice).collect();
    all.extend(refused);
    all.push(conflicting);
    all.extend(requests[removed..].iter().flat_map(twice));
    (server.store().clone(), all)
}

fn watched(store: MemoryStore) -> Intermediary<Watched> {
    let watch = Watch::default();
    Intermediary::new(&Tigress1, Watched { store, watch })
}

#[test]
fn a_request_is_one_transaction_that_begins_before_the_first_read() {
    let (store, requests) = requests_of_all_kinds();
    let mut server = watched(store);
    let mut ended = Vec::new();
    for request in &requests {
        let before = server.store().store.clone();
        let got = server.handle(request, Timestamp(5), &mut Seeded(7));
        let did = server.store().watch.did.take();
        let [Did::Begin, reads @ .., end] = &did[..] else {
            panic!("{did:?}")
        };
        assert!(reads.iter().all(|did| *did == Did::Read), "{did:?}");
        match end {
            Did::Commit => assert!(got.is_ok(), "{got:?}"),
            Did::Drop => assert_eq!(server.store().store, before),
            _ => panic!("it does not end: {did:?}"),
        }
        ended.push((*end, got.is_ok()));
    }
    for way in [(Did::Commit, true), (Did::Drop, true), (Did::Drop, false)] {
        assert!(ended.contains(&way), "{way:?}");
    }
    let malformed = Request {
        id: request_id("malformed"),
        token: None,
        body: Body::Read {
            address: address(1),
            limit: 0,
        },
    };
    let got = server.handle(&malformed, Timestamp(5), &mut Exhausted);
    assert!(matches!(got, Err(IntermediaryError::Malformed(_))));
    assert_eq!(server.store().watch.did.take(), [], "nothing to look up");
}

#[test]
fn a_request_asks_no_more_of_the_store_among_many_devices() {
    let calls = |strangers: u64| -> Vec<usize> {
        let (store, requests) = requests_of_all_kinds();
        let mut server = watched(store);
        let fields = bundle(&device(9).1);
        for seed in 0..strangers {
            let mut registration = registration(address(3), &fields);
            registration.address.user_id = UserId::random(&mut Seeded(seed)).expect("never ends");
            let request = Request {
                id: request_id(seed),
                token: None,
                body: Body::Register(registration),
            };
            let registered = server.handle(&request, Timestamp(5), &mut Seeded(seed + 1_000));
            registered.expect("a stranger registers");
        }
        server.store().watch.did.take();
        let calls = requests.iter().map(|request| {
            let _ = server.handle(request, Timestamp(5), &mut Seeded(7));
            server.store().watch.did.take().len()
        });
        calls.collect()
    };
    assert_eq!(calls(0), calls(100));
}

/// Wherever the store fails, the request has no answer, nothing has changed, and it can be made again.
#[test]
fn a_store_that_fails_at_any_call_leaves_everything_as_it_was() {
    let (store, requests) = requests_of_all_kinds();
    let mut server = watched(store.clone());
    let mut unharmed = Intermediary::new(&Tigress1, store);
    for request in &requests {
        let expected = unharmed.handle(request, Timestamp(5), &mut Seeded(7));
        for at in 1.. {
            let before = server.store().store.clone();
            server.store().watch.fails_at.set(Some(at));
            let got = server.handle(request, Timestamp(5), &mut Seeded(7));
            let did = server.store().watch.did.take();
            if did.iter().filter(|did| **did != Did::Drop).count() < at {
                assert_eq!(got, expected);
                break;
            }
            let error = got.expect_err("the disk is full");
            assert_eq!(error.code(), None);
            assert_eq!(
                error.to_string(),
                "the intermediary's store: the disk is full"
            );
            assert_eq!(server.store().store, before, "{did:?}");
        }
        assert_eq!(&server.store().store, unharmed.store());
    }
}

#[test]
fn a_dropped_transaction_changes_nothing_and_a_committed_one_erases_what_has_expired() {
    let (mut server, ben, _) = two();
    ask(&mut server, &submit(&ben, "x", b"hello"), 0, &mut Exhausted).expect("accepted");
    let mut store = server.store().clone();
    let late = Timestamp(3_000_000);
    {
        let mut dropped = store.begin(late).expect("memory does not fail");
        assert_eq!(dropped.mailbox_length(&address(1)), Ok(0), "expired");
    }
    assert_eq!(&store, server.store());
    let transaction = store.begin(late).expect("memory does not fail");
    assert_eq!(transaction.commit(Vec::new()), Ok(()));
    assert_ne!(&store, server.store());
    assert_eq!(store.mailbox_length(&address(1), Timestamp(0)), 0, "gone");
}

/// A store that several processes share: a transaction has it to itself from its beginning to its end.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<MemoryStore>>);

struct SharedTransaction<'a> {
    store: MutexGuard<'a, MemoryStore>,
    now: Timestamp,
}

impl Store for Shared {
    type Transaction<'a> = SharedTransaction<'a>;

    fn begin(&mut self, now: Timestamp) -> Result<SharedTransaction<'_>, StoreError> {
        let store = self.0.lock().expect("nobody panics");
        Ok(SharedTransaction { store, now })
    }
}

impl Transaction for SharedTransaction<'_> {
    reads_by_way_of!(|this| this.store.begin(this.now)?);

    fn commit(mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.store.begin(self.now)?.commit(changes)
    }
}

#[test]
fn intermediaries_that_share_a_store_hand_out_each_one_time_pre_key_once() {
    const FETCHERS: usize = 4;
    let shared = Shared::default();
    let mut server = Intermediary::new(&Tigress1, shared.clone());
    let mut register = |registration: Registration, seed: u64| {
        let request = Request {
            id: request_id(format!("registration-{seed}")),
            token: None,
            body: Body::Register(registration),
        };
        match server.handle(&request, Timestamp(0), &mut Seeded(seed)) {
            Ok(Answer::Registered { token }) => token,
            other => panic!("{other:?}"),
        }
    };
    let count = u32::try_from(FETCHERS * Limits::PROFILE.bundles).expect("few");
    let ryan = Registration {
        one_time_pre_keys: one_time_pre_keys(1, count),
        ..REGISTRATIONS[1].clone()
    };
    register(ryan, 1);
    let fetchers = (0..FETCHERS).map(|number| {
        let seed = 100 + number as u64;
        let mut registration = registration(address(3), &bundle(&device(seed).1));
        registration.address.user_id = UserId::random(&mut Seeded(seed)).expect("never ends");
        let token = register(registration, seed);
        let mut server = Intermediary::new(&Tigress1, shared.clone());
        move || -> Vec<Option<u32>> {
            let fetch = |number: usize| Request {
                id: request_id(number),
                token: Some(token.clone()),
                body: Body::FetchBundle {
                    address: address(1),
                },
            };
            let fetched = (0..Limits::PROFILE.bundles)
                .map(|n| server.handle(&fetch(n), Timestamp(0), &mut Exhausted));
            fetched
                .map(|answer| match answer {
                    Ok(Answer::Bundle { bundle }) => bundle.one_time_pre_key_id,
                    other => panic!("{other:?}"),
                })
                .collect()
        }
    });
    let fetchers: Vec<_> = fetchers.collect();
    let mut handed_out: Vec<Option<u32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = fetchers
            .into_iter()
            .map(|fetcher| scope.spawn(fetcher))
            .collect();
        let ids = threads.into_iter().map(ScopedJoinHandle::join);
        ids.flat_map(|ids| ids.expect("no panic")).collect()
    });
    handed_out.sort_unstable();
    assert_eq!(handed_out, (1..=count).map(Some).collect::<Vec<_>>());
}

#[test]
fn debug_output_shows_no_token_and_no_message() {
    let (mut server, ben, ryan) = two();
    let text = b"four score and seven years";
    let request = submit(&ben, "submission", text);
    ask(&mut server, &request, 0, &mut Exhausted).expect("accepted");
    let read = Request {
        id: request_id("reading"),
        token: Some(ryan.clone()),
        body: Body::Read {
            address: address(1),
            limit: 1,
        },
    };
    let answer = ask(&mut server, &read, 0, &mut Exhausted).expect("read");
    let registered = Answer::Registered { token: ben.clone() };
    let debug = format!(
        "{server:?} {:?} {request:?} {answer:#?} {registered:?}",
        server.save()
    );
    for secret in [&text[..], ben.expose(), ryan.expose()] {
        let hex = tigress_signal::hex::encode(secret);
        let list = format!("{secret:?}");
        assert!(!debug.contains(&hex), "{debug}");
        assert!(!debug.contains(list.trim_matches(['[', ']'])), "{debug}");
        assert!(!debug.contains(&String::from_utf8_lossy(secret).into_owned()));
    }
    let saved = server.save().to_json();
    assert!(
        saved.contains(&tigress_signal::hex::encode(text)),
        "the test can fail"
    );
}

#[test]
fn a_name_that_stands_twice_is_malformed_wherever_it_stands() {
    let (_, ben, _) = two();
    let request = serde_json::to_string(&submit(&ben, "twice", b"hello")).expect("a request");
    assert!(Request::from_json(request.as_bytes()).is_ok());
    for name in [
        "id", "token", "type", "messages", "deviceId", "kind", "userId",
    ] {
        let quoted = format!("\"{name}\":");
        let at = request.find(&quoted).expect("a field");
        let rest = &request[at + quoted.len()..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next().expect("a value").expect("JSON");
        let twice = format!("{}{quoted}{value},{}", &request[..at], &request[at..]);
        let error = Request::from_json(twice.as_bytes()).expect_err(name);
        assert_eq!(error.code(), Some(ErrorCode::Malformed), "{twice}");
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused_before_it_is_read() {
    let long = vec![b' '; MAX_REQUEST + 1];
    let error = Request::from_json(&long).expect_err("too long");
    assert_eq!(error.code(), Some(ErrorCode::TooLarge));
    let error = Request::from_json(&long[1..]).expect_err("blank");
    assert_eq!(error.code(), Some(ErrorCode::Malformed));
    for deep in ["[", "{\"body\":", "{\"body\":{\"type\":\"read\",\"x\":["] {
        let error = Request::from_json(deep.repeat(100_000).as_bytes()).expect_err("too deep");
        assert_eq!(error.code(), Some(ErrorCode::Malformed));
    }
}

/// Every value of a request that is neither an object nor an array, with its name.
fn leaves(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| leaves(name, value, found)),
        Value::Array(items) => items.iter().for_each(|value| leaves(name, value, found)),
        Value::String(text) => found.push((name.to_owned(), text.clone())),
        other => found.push((name.to_owned(), other.to_string())),
    }
}

/// One request of each kind that changes or asks something, by a device that sends a real message.
fn real_requests(plaintext: &[u8]) -> (Server, Vec<Request>, Vec<u8>) {
    let (server, ben, ryan) = two();
    let (ryans_address, ryans) = device(2);
    let (_, mut bens) = device(4);
    bens.process_bundle(&bundle(&ryans), &mut Seeded(5))
        .expect("a good bundle");
    let opening = bens
        .encrypt(&ryans_address, plaintext, &mut Exhausted)
        .expect("a session");
    let spk = &REGISTRATIONS[1];
    let bodies = [
        (
            &ben,
            Body::FetchBundle {
                address: address(1),
            },
        ),
        (&ben, submit(&ben, "x", &opening.bytes).body),
        (
            &ryan,
            Body::Read {
                address: address(1),
                limit: 17,
            },
        ),
        (
            &ryan,
            Body::Acknowledge {
                address: address(1),
                ids: vec![EnvelopeId(1)],
            },
        ),
        (
            &ryan,
            Body::CountOneTimePreKeys {
                address: address(1),
            },
        ),
        (
            &ryan,
            Body::PublishOneTimePreKeys {
                address: address(1),
                one_time_pre_keys: one_time_pre_keys(4, 2),
            },
        ),
        (
            &ryan,
            Body::PublishSignedPreKey {
                address: address(1),
                id: spk.signed_pre_key_id,
                key: spk.signed_pre_key.clone(),
                signature: spk.signed_pre_key_signature.clone(),
            },
        ),
        (
            &ryan,
            Body::Remove {
                address: address(1),
            },
        ),
        (&ben, Body::Register(REGISTRATIONS[4].clone())),
    ];
    let requests = bodies.into_iter().enumerate();
    let requests = requests.map(|(index, (token, body))| Request {
        id: request_id(format!("request-{index}")),
        token: Some(token.clone()),
        body,
    });
    (server, requests.collect(), opening.bytes)
}

#[test]
fn the_view_lists_everything_that_a_request_tells_but_token_and_message() {
    let (mut server, requests, message) = real_requests(b"a car key for Ryan");
    for request in &requests {
        let rows = server
            .learns(request, Timestamp(5))
            .expect("memory does not fail");
        let mut told = Vec::new();
        leaves(
            "",
            &serde_json::to_value(request).expect("a request"),
            &mut told,
        );
        for (name, value) in told {
            let listed = rows.iter().any(|row| {
                let whose = format!("{} {}", row.whose.user_id, row.whose.device_id);
                let words = format!("{} {whose}", row.value.replace('/', " "));
                words.split(' ').any(|word| word == value)
            });
            let hidden = name == "token" || name == "message";
            assert_eq!(
                listed,
                !hidden,
                "{name} {value} in {}: {rows:?}",
                request.body.name()
            );
        }
        assert!(rows.iter().all(|row| row.when == Timestamp(5)));
        ask(&mut server, request, 5, &mut Seeded(7)).expect("carried out");
    }
    let submission = server
        .learns(&requests[1], Timestamp(5))
        .expect("memory does not fail");
    let size = submission
        .iter()
        .find(|row| row.kind == Learned::PaddedSize);
    assert_eq!(
        size.map(|row| row.value.clone()),
        Some(message.len().to_string())
    );
}

#[test]
fn the_view_holds_no_byte_of_a_message_and_no_plaintext() {
    let plaintext = b"a car key for Ryan";
    let (mut server, requests, message) = real_requests(plaintext);
    let rows: Vec<Row> = requests
        .iter()
        .flat_map(|request| {
            server
                .learns(request, Timestamp(5))
                .expect("memory does not fail")
        })
        .collect();
    let text = serde_json::to_string(&rows).expect("rows");
    let header_free = &message[message.len() - 16..];
    for hidden in [&plaintext[..], &message, header_free] {
        for form in [
            tigress_signal::hex::encode(hidden),
            data_encoding::BASE64_NOPAD.encode(hidden),
            String::from_utf8_lossy(hidden).into_owned(),
        ] {
            assert!(!text.contains(&form), "{form}");
        }
    }
    assert!(rows.len() > 30, "{} rows", rows.len());
}

#[test]
fn a_stranger_tells_nothing() {
    let (mut server, ..) = two();
    let request = submit(&Token::from([9; 32]), "stranger", b"hello");
    assert_eq!(server.learns(&request, Timestamp(0)), Ok(Vec::new()));
}

/// A saved server with something of everything in it.
fn saved() -> Value {
    let (mut server, ben, _) = two();
    for number in 0..2 {
        let request = submit(&ben, number, b"hello");
        ask(&mut server, &request, 0, &mut Exhausted).expect("accepted");
    }
    let fetch = Request {
        id: request_id("fetch"),
        token: Some(ben),
        body: Body::FetchBundle {
            address: address(1),
        },
    };
    ask(&mut server, &fetch, 0, &mut Exhausted).expect("a bundle");
    serde_json::from_str(&server.save().to_json()).expect("JSON")
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of faults")]
fn a_state_that_no_intermediary_could_have_written_is_refused_with_a_word() {
    let restore = |value: &Value| {
        SavedIntermediary::from_json(&value.to_string())
            .and_then(Server::try_from)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(restore(&saved()), Ok(()));
    let devices = saved()["devices"].as_array().expect("devices").clone();
    let ryan = devices
        .iter()
        .position(|device| {
            device["mailbox"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        })
        .expect("Ryan has mail");
    let ben = 1 - ryan;
    let ryan_has = |change: fn(&mut Value)| {
        let mut value = saved();
        change(&mut value["devices"][ryan]);
        value
    };
    let ben_has = |change: fn(&mut Value)| {
        let mut value = saved();
        change(&mut value["devices"][ben]);
        value
    };
    let many = |list: &mut Value, count: usize| {
        let one = list[0].clone();
        *list = json!(vec![one; count]);
    };
    let both = |field: &'static str| {
        let mut value = saved();
        value["devices"][0][field] = value["devices"][1][field].clone();
        value
    };
    for (value, word) in [
        (
            {
                let mut v = saved();
                v["version"] = json!(1);
                v
            },
            "saved intermediary version 1",
        ),
        (
            {
                let mut v = saved();
                v["suite"] = json!("x");
                v
            },
            "suite `x`",
        ),
        (
            {
                let mut v = saved();
                v["colour"] = json!("red");
                v
            },
            "unknown field `colour`",
        ),
        (
            ryan_has(|d| d["record"]["lastOneTimePreKeyId"] = json!(2)),
            "above the highest published",
        ),
        (
            ryan_has(|d| d["oneTimePreKeys"][0]["id"] = json!(3)),
            "by rising id (MBX-02)",
        ),
        (
            ryan_has(|d| d["mailbox"][0]["id"] = json!(2)),
            "by rising id (MBX-07",
        ),
        (
            ryan_has(|d| d["mailbox"][0]["recipient"]["deviceId"] = json!(9)),
            "another device's mailbox",
        ),
        (
            ryan_has(|d| d["record"]["nextEnvelopeId"] = json!(2)),
            "at or beyond the next id",
        ),
        (
            ryan_has(|d| d["mailbox"][0]["message"] = "00".repeat(98_305).into()),
            "too long",
        ),
        (
            ryan_has(|d| d["record"]["identityKey"] = json!("05")),
            "a public key is 0x05 and 32 bytes",
        ),
        (
            {
                let mut v = saved();
                many(&mut v["devices"][ben]["answered"], 1_001);
                v
            },
            "too many remembered answers",
        ),
        (
            ben_has(|d| d["answered"][1] = d["answered"][0].clone()),
            "two answers to one request",
        ),
        (
            {
                let mut v = saved();
                many(&mut v["devices"][ben]["bundles"], 11);
                v
            },
            "too many bundles of one device",
        ),
        (
            ben_has(|d| d["record"]["token"] = json!("ab")),
            "a hash is 32 bytes",
        ),
        (
            {
                let mut v = saved();
                v["devices"][0]["record"]["token"] = v["devices"][1]["record"]["token"].clone();
                v
            },
            "another device has its token",
        ),
        (
            {
                let mut v = both("address");
                v["devices"][ryan]["mailbox"] = json!([]);
                v["devices"][ben]["mailbox"] = json!([]);
                v
            },
            "the device stands twice",
        ),
    ] {
        let error = restore(&value).expect_err(word);
        assert!(error.contains(word), "{word}: {error}");
    }
}
