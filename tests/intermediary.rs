//! The intermediary against a small model: whatever is asked in whatever order, a refused request changes
//! nothing, a repeated one gets the first answer again, no one-time prekey is handed out twice, no access key gets more
//! than its share, a mailbox is first in, first out, and what it learns is listed (MBX-01 to MBX-24, PRIV-01).

use crate::common;

use common::{Exhausted, Seeded, bundle, device, device_at};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::thread::ScopedJoinHandle;
use tigress_signal::agreement::OneTimePreKey;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, UserId};
use tigress_signal::intermediary::memory_store::MemoryTransaction;
use tigress_signal::intermediary::store::{
    AccessRecord, Answered, Change, DeviceRecord, Transaction,
};
use tigress_signal::intermediary::{
    AccessKey, Answer, Body, Digest, Envelope, EnvelopeId, Intermediary, IntermediaryError,
    Learned, Limits, MAX_REQUEST, MemoryStore, PublishedOneTimePreKey, Registration, Request,
    RequestId, Row, SavedIntermediary, Store, StoreError, Submission, Token,
};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::MessageKind;

pub(crate) type Server = Intermediary<MemoryStore>;

/// How many devices there are: two of each of two users, and one of a third.
pub(crate) const DEVICES: usize = 5;

/// What each device registers, but for the token: the second of each user is device 2.
pub(crate) static REGISTRATIONS: LazyLock<Vec<Registration>> = LazyLock::new(|| {
    (0..DEVICES)
        .map(|index| {
            let seed = index as u64 + 1;
            let user_id = UserId::random(&mut Seeded(1_000 + seed / 2)).expect("never ends");
            let device_id = DeviceId::try_from(1 + u32::from(index % 2 == 0)).expect("1 or 2");
            registration(Address { user_id, device_id }, seed, &token(seed))
        })
        .collect()
});

/// A registration of a device whose keys are made from that seed.
pub(crate) fn registration(address: Address, seed: u64, token: &Token) -> Registration {
    let device = device_at(&Tigress1, address, &mut Seeded(seed));
    let bundle = device.bundle(None).expect("a bundle");
    Registration {
        one_time_pre_keys: one_time_pre_keys(1, 3),
        ..Registration::of(&bundle, token.digest())
    }
}

/// A token that is another one for each seed.
pub(crate) fn token(seed: u64) -> Token {
    Token::random(&mut Seeded(seed + 1_000_000)).expect("never ends")
}

/// One of a few access keys.
pub(crate) fn access_key(number: usize) -> AccessKey {
    AccessKey::from([u8::try_from(number).expect("few"); 32])
}

/// That many one-time prekeys from that id on; the keys themselves do not matter here.
pub(crate) fn one_time_pre_keys(first: u32, count: u32) -> Vec<PublishedOneTimePreKey> {
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
pub(crate) fn request_id(text: impl ToString) -> RequestId {
    text.to_string().try_into().expect("visible ASCII")
}

fn ask(server: &mut Server, request: &Request, now: u64) -> Result<Answer, IntermediaryError> {
    // Off the wire and on it again, the request is the same.
    let json = serde_json::to_vec(request).expect("a request");
    assert_eq!(&Request::from_json(&json).expect("a request"), request);
    server.handle(request, Timestamp(now))
}

/// What happens. The numbers say which device acts, on which, and with which access key.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// With the token of that device, if any.
    Register(usize, Option<usize>),
    /// Under the hash of another device's token.
    RegisterUnder(usize, usize),
    /// So many times.
    Fetch(usize, usize, Option<usize>, usize),
    Publish(usize, usize, u32),
    Count(usize, usize),
    /// For so long.
    PublishAccessKey(usize, usize, usize, u64),
    WithdrawAccessKey(usize, usize, usize),
    /// From, to, by which access key, whether the registration id is right, lifetime.
    Submit(usize, usize, usize, bool, u64),
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

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let who = || 0..DEVICES;
    let key = || 0..4_usize;
    // Mostly the device itself.
    let own = || who().prop_flat_map(move |me| (Just(me), prop_oneof![5 => Just(me), 1 => who()]));
    let lifetime = prop_oneof![
        Just(60),
        Just(5_000),
        Just(172_800),
        Just(0),
        Just(2_592_001)
    ];
    let long = prop_oneof![
        3 => Just(63 * DAY),
        1 => Just(63 * DAY + 1),
        1 => Just(60),
        1 => Just(0),
    ];
    prop_oneof![
        3 => (who(), prop::option::of(who())).prop_map(|(me, with)| Event::Register(me, with)),
        1 => (who(), who()).prop_map(|(me, of)| Event::RegisterUnder(me, of)),
        6 => (who(), who(), prop::option::weighted(0.8, key()), prop_oneof![5 => Just(1_usize), 1 => Just(6)])
            .prop_map(|(me, target, key, times)| Event::Fetch(me, target, key, times)),
        2 => (own(), 0..4_u32).prop_map(|((me, whose), count)| Event::Publish(me, whose, count)),
        2 => own().prop_map(|(me, whose)| Event::Count(me, whose)),
        5 => (own(), key(), long)
            .prop_map(|((me, whose), key, seconds)| Event::PublishAccessKey(me, whose, key, seconds)),
        1 => (own(), key()).prop_map(|((me, whose), key)| Event::WithdrawAccessKey(me, whose, key)),
        10 => (who(), who(), key(), prop::bool::weighted(0.9), lifetime)
            .prop_map(|(me, to, key, right, lifetime)| Event::Submit(me, to, key, right, lifetime)),
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
    /// Which registration of all this is.
    registration: u64,
    last_one_time_pre_key: u32,
    /// Until when each is handed out.
    one_time_pre_keys: BTreeMap<u32, u64>,
    next: u64,
    /// Each with the hash of its access key.
    mailbox: BTreeMap<u64, (Envelope, Digest)>,
    /// Until when each is good, and how many one-time prekeys it got.
    access_keys: BTreeMap<Digest, (u64, u32)>,
    /// The oldest first.
    first: Vec<First>,
}

impl Known {
    fn first(&self, request: &Request, now: u64) -> Option<&First> {
        let mut living = self.first.iter().filter(|first| now < first.until);
        living.find(|first| first.request == request.id)
    }

    fn held(&self, now: u64) -> usize {
        let until = self.one_time_pre_keys.values();
        until.filter(|until| now < **until).count()
    }

    fn admits(&self, hash: &Digest, now: u64) -> bool {
        self.access_keys
            .get(hash)
            .is_some_and(|(until, _)| now < *until)
    }

    fn waiting(&self, now: u64) -> impl Iterator<Item = &(Envelope, Digest)> {
        let mailbox = self.mailbox.values();
        mailbox.filter(move |(one, _)| now < one.expires.0)
    }
}

/// Limits that a story meets.
pub(crate) const FEW: Limits = Limits {
    message_length: 100,
    mailbox: 2,
    always_taken: 1,
    mailbox_of_access_key: 3,
    one_time_pre_keys: 5,
    one_time_pre_key_lifetime: 4_000,
    lifetime: 172_800,
    read: 2,
    acknowledged: 2,
    answers: 4,
    answer_lifetime: 3_600,
    access_keys: 2,
    access_key_lifetime: 63 * DAY,
    one_time_pre_keys_of_access_key: 2,
    statement_age: u64::MAX,
    statement_ahead: DAY,
};

/// The model: what the profile says, in the plainest form.
pub(crate) struct Model {
    server: Server,
    limits: Limits,
    now: u64,
    tokens: Vec<Option<Token>>,
    /// Every token that was drawn, by its hash.
    drawn: BTreeMap<Digest, Token>,
    known: Vec<Option<Known>>,
    asked: Vec<(usize, Request)>,
    /// Every one-time prekey ever handed out, by the registration of its owner.
    handed_out: BTreeSet<(u64, u32)>,
    requests: u64,
    shadow: Option<Box<dyn Shadow>>,
}

/// Another intermediary, that is asked the same.
pub(crate) trait Shadow {
    /// What the first one was asked, what it answered, and what it keeps now.
    fn asked(
        &mut self,
        request: &Request,
        now: Timestamp,
        got: &Result<Answer, IntermediaryError>,
        kept: &MemoryStore,
    );
    /// Time has come to that point.
    fn ticked(&mut self, now: Timestamp, kept: &MemoryStore);
    /// The first one was saved and restored.
    fn restarted(&mut self);
}

pub(crate) fn address(index: usize) -> Address {
    REGISTRATIONS[index].address
}

impl Model {
    /// Two devices of two users and one of a third, each open to who has the first access key, and a shadow that sees them come.
    pub(crate) fn of_all(limits: Limits, shadow: Option<Box<dyn Shadow>>) -> Self {
        let mut model = Model {
            shadow,
            ..Model::new(limits)
        };
        for (me, with) in [(0, None), (1, None), (3, None), (2, Some(1)), (4, Some(3))] {
            model.step(Event::Register(me, with));
            model.step(Event::PublishAccessKey(me, me, 0, 63 * DAY));
        }
        model
    }

    fn new(limits: Limits) -> Self {
        Model {
            shadow: None,
            server: Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits),
            limits,
            now: 1_000,
            tokens: vec![None; DEVICES],
            drawn: BTreeMap::new(),
            known: vec![None; DEVICES],
            asked: Vec::new(),
            handed_out: BTreeSet::new(),
            requests: 0,
        }
    }

    fn has_devices(&self, user: UserId) -> bool {
        (0..DEVICES).any(|index| address(index).user_id == user && self.known[index].is_some())
    }

    /// The device whose token that is.
    fn owner(&self, token: Option<&Token>) -> Option<usize> {
        (0..DEVICES).find(|index| {
            self.known[*index].is_some() && token.is_some() && self.tokens[*index].as_ref() == token
        })
    }

    fn request(&mut self, me: usize, body: Body) -> Request {
        let token = self.tokens[me].clone();
        self.request_with(me, token, body)
    }

    fn request_with(&mut self, me: usize, token: Option<Token>, body: Body) -> Request {
        self.requests += 1;
        let id = request_id(format!("request-{}", self.requests));
        let request = Request { id, token, body };
        self.asked.push((me, request.clone()));
        request
    }

    /// What the profile says comes of it: a refusal's code, or nothing where it is to be carried out.
    #[allow(clippy::too_many_lines, reason = "a request after the other")]
    fn refusal(&self, request: &Request) -> Option<ErrorCode> {
        let (now, limits) = (self.now, &self.limits);
        let asker = self.owner(request.token.as_ref());
        match &request.body {
            Body::Register(registration) => {
                let user = registration.address.user_id;
                let is_first = !self.has_devices(user);
                let refusal = match asker {
                    Some(asker) if address(asker).user_id != user => Some(ErrorCode::Forbidden),
                    Some(_) => None,
                    None if is_first && request.token.is_none() => None,
                    None => Some(ErrorCode::Unauthorized),
                };
                let taken = (0..DEVICES).any(|index| {
                    let token = self.tokens[index].as_ref();
                    address(index) != registration.address
                        && self.known[index].is_some()
                        && token.map(Token::digest) == Some(registration.token_hash)
                });
                let stale = now > limits.statement_age;
                return refusal
                    .or(taken.then_some(ErrorCode::Malformed))
                    .or(stale.then_some(ErrorCode::StaleStatement));
            }
            Body::PublishAccessKey { expires, .. }
                if expires.0 > now + limits.access_key_lifetime =>
            {
                return Some(ErrorCode::Malformed);
            }
            Body::Submit(submission) => {
                if !(1..=limits.lifetime).contains(&submission.lifetime()) {
                    return Some(ErrorCode::Malformed);
                }
                if submission.message.0.len() > limits.message_length {
                    return Some(ErrorCode::TooLarge);
                }
            }
            Body::Read { limit, .. } if !(1..=limits.read).contains(limit) => {
                return Some(ErrorCode::Malformed);
            }
            Body::Acknowledge { ids, .. } if ids.len() > limits.acknowledged => {
                return Some(ErrorCode::TooLarge);
            }
            _ => {}
        }
        let Some(asker) = asker else {
            return Some(ErrorCode::Unauthorized);
        };
        let of_user = matches!(request.body, Body::Remove { .. });
        let target = request.body.target();
        match &request.body {
            Body::FetchBundle { .. } | Body::Submit(_) => {}
            _ if of_user && target.user_id == address(asker).user_id => {}
            _ if *target == address(asker) => {}
            _ => return Some(ErrorCode::Forbidden),
        }
        let known = self.at(target).map(|target| {
            let known = self.known[target].as_ref();
            (target, known.expect("registered"))
        });
        let Some((target, known)) = known else {
            return Some(ErrorCode::NotFound);
        };
        match &request.body {
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => {
                let first = u32::from(one_time_pre_keys.first()?.id);
                if first <= known.last_one_time_pre_key {
                    return Some(ErrorCode::Malformed);
                }
                let held = known.held(now) + one_time_pre_keys.len();
                (held > limits.one_time_pre_keys).then_some(ErrorCode::TooLarge)
            }
            Body::PublishAccessKey { hash, .. } => {
                let living = known.access_keys.values();
                let living = living.filter(|(until, _)| now < *until).count();
                let is_room = known.admits(hash, now) || living < limits.access_keys;
                (!is_room).then_some(ErrorCode::TooLarge)
            }
            Body::Submit(submission) => {
                let hash = submission.access_key.digest();
                if !known.admits(&hash, now) {
                    return Some(ErrorCode::Forbidden);
                }
                if submission.registration_id != REGISTRATIONS[target].registration_id {
                    return Some(ErrorCode::StaleRegistration);
                }
                let of_key = known.waiting(now).filter(|(_, by)| *by == hash);
                let of_key = of_key.count();
                let mut by_key = BTreeMap::<_, usize>::new();
                for (_, by) in known.waiting(now) {
                    *by_key.entry(by).or_insert(0) += 1;
                }
                let beyond = |count: &usize| count.saturating_sub(limits.always_taken);
                let all: usize = by_key.values().sum();
                let has_room = if of_key < limits.always_taken {
                    all < limits.access_keys * limits.always_taken + limits.mailbox
                } else {
                    by_key.values().map(beyond).sum::<usize>() < limits.mailbox
                };
                let has_room = has_room && of_key < limits.mailbox_of_access_key;
                (!has_room).then_some(ErrorCode::MailboxFull)
            }
            _ => None,
        }
    }

    fn at(&self, wanted: &Address) -> Option<usize> {
        (0..DEVICES).find(|index| address(*index) == *wanted && self.known[*index].is_some())
    }

    fn ask(&mut self, request: &Request) -> Result<Answer, IntermediaryError> {
        let got = ask(&mut self.server, request, self.now);
        if let Some(shadow) = &mut self.shadow {
            shadow.asked(request, Timestamp(self.now), &got, self.server.store());
        }
        got
    }

    /// Makes the request, and holds what comes of it against the model.
    fn make(&mut self, request: &Request) {
        let before = self.server.clone();
        let got = self.ask(request);
        // What is the same, what hashes the same and what is saved the same is one thing.
        let unchanged = self.server == before;
        assert_eq!(hash_of(&self.server) == hash_of(&before), unchanged);
        assert_eq!(self.server.save() == before.save(), unchanged);
        // Who remembers: whoever asked, by the token; of a registration, the device that it registers.
        let asker = match &request.body {
            Body::Register(registration) => self.at(&registration.address),
            body => self
                .owner(request.token.as_ref())
                .filter(|asker| body.is_open_to(&address(*asker))),
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
        let code = got.as_ref().err();
        let code = code.map(|error| error.code().expect("memory does not fail"));
        assert_eq!(code, refusal, "{request:?}");
        if refusal.is_some() {
            assert!(unchanged, "what is refused changes nothing: {request:?}");
            return;
        }
        self.carry_out(request, got.expect("not refused"));
        if !unchanged {
            self.has_nothing_that_expired();
        }
    }

    /// What has expired is erased at the latest by the next request that changes something (profile section 7).
    fn has_nothing_that_expired(&self) {
        let saved: Value = serde_json::from_str(&self.server.save().to_json()).expect("JSON");
        for device in saved["devices"].as_array().expect("devices") {
            for (list, at) in [
                ("mailbox", "/envelope/expires"),
                ("oneTimePreKeys", "/expires"),
                ("accessKeys", "/record/expires"),
                ("answered", "/expires"),
            ] {
                for kept in device[list].as_array().expect("a list") {
                    let expires = kept.pointer(at).and_then(Value::as_u64);
                    assert!(expires > Some(self.now), "{list}: {kept}");
                }
            }
        }
    }

    #[allow(clippy::too_many_lines, reason = "a request after the other")]
    fn carry_out(&mut self, request: &Request, answer: Answer) {
        let now = self.now;
        let mut remembered = self.owner(request.token.as_ref());
        let sender = remembered.map(address);
        let target = *request.body.target();
        if let Body::Register(registration) = &request.body {
            let me = (0..DEVICES).find(|index| address(*index) == target);
            let me = me.expect("one of them");
            let until = now + self.limits.one_time_pre_key_lifetime;
            let keys = registration.one_time_pre_keys.iter();
            let keys = keys.map(|key| u32::from(key.id));
            self.known[me] = Some(Known {
                registration: self.requests,
                last_one_time_pre_key: keys.clone().max().unwrap_or(0),
                one_time_pre_keys: keys.map(|id| (id, until)).collect(),
                next: 1,
                ..Known::default()
            });
            self.tokens[me] = self.drawn.get(&registration.token_hash).cloned();
            assert!(self.tokens[me].is_some(), "a token that was drawn");
            remembered = Some(me);
        }
        let at = self.at(&target).expect("found");
        let known = self.known[at].as_mut().expect("registered");
        match &request.body {
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => {
                let until = now + self.limits.one_time_pre_key_lifetime;
                for key in one_time_pre_keys {
                    known.one_time_pre_keys.insert(key.id.into(), until);
                    known.last_one_time_pre_key = key.id.into();
                }
            }
            Body::CountOneTimePreKeys { .. } => {
                let left = u32::try_from(known.held(now)).expect("few");
                assert_eq!(answer, Answer::OneTimePreKeys { left });
                remembered = None;
            }
            Body::PublishAccessKey { hash, expires, .. } => {
                let counted = known.access_keys.get(hash).copied();
                let counted = counted.filter(|(until, _)| now < *until);
                let counted = counted.map_or(0, |(_, counted)| counted);
                known.access_keys.insert(*hash, (expires.0, counted));
            }
            Body::WithdrawAccessKey { hash, .. } => {
                known.access_keys.remove(hash);
            }
            Body::FetchBundle { access_key, .. } => {
                let Answer::Bundle { bundle } = &answer else {
                    panic!("{answer:?}")
                };
                known.one_time_pre_keys.retain(|_, until| now < *until);
                let hash = access_key.as_ref().map(AccessKey::digest);
                let access = hash.filter(|hash| known.admits(hash, now));
                let access = access.and_then(|hash| known.access_keys.get_mut(&hash));
                let most = self.limits.one_time_pre_keys_of_access_key;
                let expected = access
                    .filter(|(_, counted)| *counted < most)
                    .and_then(|access| {
                        let (id, _) = known.one_time_pre_keys.pop_first()?;
                        access.1 += 1;
                        Some(id)
                    });
                assert_eq!(bundle.one_time_pre_key_id, expected);
                if let Some(id) = expected {
                    let once = self.handed_out.insert((known.registration, id));
                    assert!(once, "handed out twice (MBX-03)");
                }
            }
            Body::Submit(submission) => {
                assert_eq!(answer, Answer::Done);
                let envelope = Envelope {
                    id: EnvelopeId(known.next),
                    sender: sender.expect("authorised"),
                    recipient: target,
                    kind: submission.kind,
                    message: submission.message.clone(),
                    expires: Timestamp(now + submission.lifetime()),
                };
                let hash = submission.access_key.digest();
                known.mailbox.insert(known.next, (envelope, hash));
                known.next += 1;
            }
            Body::Read { limit, .. } => {
                let there = known.waiting(now).map(|(envelope, _)| envelope);
                let envelopes = there.take(*limit as usize).cloned().collect();
                assert_eq!(answer, Answer::Envelopes { envelopes });
                remembered = None;
            }
            Body::Acknowledge { ids, .. } => {
                let mailbox = &mut known.mailbox;
                mailbox.retain(|id, _| !ids.contains(&EnvelopeId(*id)));
                remembered = None;
            }
            Body::Remove { .. } => {
                self.known[at] = None;
                remembered = remembered.filter(|asker| *asker != at);
            }
            Body::Register(_) | Body::PublishSignedPreKey { .. } => {}
        }
        if let Some(remembered) = remembered {
            let known = self.known[remembered].as_mut().expect("registered");
            known.first.retain(|first| now < first.until);
            known.first.push(First {
                request: request.id.clone(),
                answer,
                // A registration for as long as the device is registered.
                until: match &request.body {
                    Body::Register(_) => u64::MAX,
                    _ => now + self.limits.answer_lifetime,
                },
            });
            if known.first.len() > self.limits.answers {
                let mut first = known.first.iter();
                let goes = first.position(|first| first.until != u64::MAX);
                known.first.remove(goes.expect("more than one"));
            }
        }
    }

    fn registers(&mut self, me: usize, with: Option<usize>, token: Token) {
        let registration = Registration {
            token_hash: token.digest(),
            ..REGISTRATIONS[me].clone()
        };
        self.drawn.insert(token.digest(), token);
        let with = with.and_then(|with| self.tokens[with].clone());
        let request = self.request_with(me, with, Body::Register(registration));
        self.make(&request);
    }

    #[allow(clippy::too_many_lines, reason = "a list")]
    pub(crate) fn step(&mut self, event: Event) {
        match event {
            Event::Register(me, with) => self.registers(me, with, token(self.requests)),
            Event::RegisterUnder(me, of) => {
                if let Some(token) = self.tokens[of].clone() {
                    self.registers(me, Some(me), token);
                }
            }
            Event::Fetch(me, target, key, times) => {
                let body = Body::FetchBundle {
                    address: address(target),
                    access_key: key.map(access_key),
                };
                for _ in 0..times {
                    self.asks(me, body.clone());
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
                self.asks(me, body);
            }
            Event::Count(me, whose) => {
                let address = address(whose);
                self.asks(me, Body::CountOneTimePreKeys { address });
            }
            Event::PublishAccessKey(me, whose, key, seconds) => {
                let body = Body::PublishAccessKey {
                    address: address(whose),
                    hash: access_key(key).digest(),
                    expires: Timestamp(self.now + seconds),
                };
                self.asks(me, body);
            }
            Event::WithdrawAccessKey(me, whose, key) => {
                let body = Body::WithdrawAccessKey {
                    address: address(whose),
                    hash: access_key(key).digest(),
                };
                self.asks(me, body);
            }
            Event::Submit(me, to, key, right, lifetime) => {
                let submission = Submission {
                    access_key: access_key(key),
                    lifetime: Some(lifetime),
                    ..submission(to, right, self.requests)
                };
                self.asks(me, Body::Submit(submission));
            }
            Event::SubmitTooMuch(me, to) => {
                let message = vec![7; self.limits.message_length + 1];
                let submission = Submission {
                    message: message.as_slice().into(),
                    ..submission(to, true, 0)
                };
                self.asks(me, Body::Submit(submission));
                self.asked.pop();
            }
            Event::Read(me, whose, limit) => {
                let address = address(whose);
                self.asks(me, Body::Read { address, limit });
            }
            Event::Acknowledge(me, whose, ids) => {
                let body = Body::Acknowledge {
                    address: address(whose),
                    ids: ids.into_iter().map(EnvelopeId).collect(),
                };
                self.asks(me, body);
            }
            Event::Remove(me, whose) => {
                let address = address(whose);
                self.asks(me, Body::Remove { address });
            }
            Event::Repeat(which) if !self.asked.is_empty() => {
                let (_, request) = self.asked[usize::from(which) % self.asked.len()].clone();
                self.make(&request);
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
                if let Some(shadow) = &mut self.shadow {
                    shadow.ticked(now, self.server.store());
                }
            }
            Event::Restart => {
                self.server = restarted(&self.server, self.limits);
                if let Some(shadow) = &mut self.shadow {
                    shadow.restarted();
                }
            }
        }
    }

    fn asks(&mut self, me: usize, body: Body) {
        let request = self.request(me, body);
        self.make(&request);
    }

    /// A remembered request id with another body is refused, and changes nothing.
    fn conflict(&mut self, which: usize, target: usize) {
        let (_, mut request) = self.asked[which].clone();
        let other = Body::FetchBundle {
            address: address(target),
            access_key: None,
        };
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
            let got = self.ask(&request);
            assert_eq!(got, Err(IntermediaryError::ConflictingRequest));
            assert_eq!(self.server.save().to_json(), before);
        }
    }
}

/// A submission to that device, by the first access key, that no other is equal to.
pub(crate) fn submission(to: usize, right: bool, number: u64) -> Submission {
    let registration = &REGISTRATIONS[to];
    let other = u32::from(registration.registration_id) ^ 2;
    Submission {
        recipient: registration.address,
        access_key: access_key(0),
        registration_id: if right {
            registration.registration_id
        } else {
            other.clamp(1, 16_380).try_into().expect("in its range")
        },
        kind: MessageKind::Ratchet,
        message: format!("message {number} for {to}").as_bytes().into(),
        lifetime: None,
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
        // Most stories begin with everybody there.
        let mut model = Model::of_all(limits, None);
        for event in events {
            model.step(event);
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

/// A server that knows Ben (device 3 of the list) and Ryan (device 1, open to who has the first access key), with their
/// tokens.
fn two() -> (Server, Token, Token) {
    let mut server = server();
    for me in [3, 1] {
        let request = Request {
            id: request_id(format!("registration-{me}")),
            token: None,
            body: Body::Register(REGISTRATIONS[me].clone()),
        };
        assert_eq!(ask(&mut server, &request, 0), Ok(Answer::Done));
    }
    let [ben, ryan] = [4, 2].map(token);
    let opening = Request {
        id: request_id("opening"),
        token: Some(ryan.clone()),
        body: opens(1),
    };
    assert_eq!(ask(&mut server, &opening, 0), Ok(Answer::Done));
    (server, ben, ryan)
}

/// A device is open to who has the first access key.
fn opens(me: usize) -> Body {
    Body::PublishAccessKey {
        address: address(me),
        hash: access_key(0).digest(),
        expires: Timestamp(63 * DAY),
    }
}

fn submit(token: &Token, id: impl ToString, bytes: &[u8]) -> Request {
    Request {
        id: request_id(id),
        token: Some(token.clone()),
        body: Body::Submit(Submission {
            message: bytes.into(),
            ..submission(1, true, 0)
        }),
    }
}

/// Ben fetches Ryan's bundle.
fn fetch(token: &Token, id: impl ToString) -> Request {
    Request {
        id: request_id(id),
        token: Some(token.clone()),
        body: Body::FetchBundle {
            address: address(1),
            access_key: Some(access_key(0)),
        },
    }
}

#[test]
fn a_thousand_answers_are_remembered_and_the_oldest_go_first() {
    let (mut server, ben, ryan) = two();
    let empty = |server: &mut Server, round: usize| {
        let ids = (0..1_000).map(EnvelopeId);
        let body = Body::Acknowledge {
            address: address(1),
            ids: ids.collect(),
        };
        let request = Request {
            id: request_id(format!("acknowledge-{round}")),
            token: Some(ryan.clone()),
            body,
        };
        assert_eq!(ask(server, &request, 0), Ok(Answer::Done));
    };
    // The registration is the first of the thousand, and stays. The mailbox takes 40 of one access key at once.
    for number in 1..Limits::PROFILE.answers {
        let request = submit(&ben, number, b"hello");
        assert_eq!(ask(&mut server, &request, 0), Ok(Answer::Done));
        if number % 40 == 0 {
            empty(&mut server, number);
        }
    }
    empty(&mut server, 1_000);
    let held = |server: &Server| server.store().mailbox_length(&address(1), Timestamp(0));
    assert_eq!(held(&server), 0);
    let again = |server: &mut Server, number: usize| {
        let request = submit(&ben, number, b"hello");
        assert_eq!(ask(server, &request, 0), Ok(Answer::Done));
    };
    again(&mut server, 1);
    assert_eq!(held(&server), 0, "still remembered");
    again(&mut server, 1_000);
    again(&mut server, 1_001);
    assert_eq!(held(&server), 2);
    again(&mut server, 3);
    assert_eq!(held(&server), 2, "still remembered");
    again(&mut server, 2);
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
        fn has_devices(&mut self, user: &UserId) -> Result<bool, StoreError> {
            let $this = self;
            $inner.has_devices(user)
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
        fn mailbox_length_of(
            &mut self,
            address: &Address,
            access_key: &Digest,
        ) -> Result<usize, StoreError> {
            let $this = self;
            $inner.mailbox_length_of(address, access_key)
        }
        fn mailbox_length_beyond(
            &mut self,
            address: &Address,
            each: usize,
        ) -> Result<usize, StoreError> {
            let $this = self;
            $inner.mailbox_length_beyond(address, each)
        }
        fn access_key(
            &mut self,
            address: &Address,
            access_key: &Digest,
        ) -> Result<Option<AccessRecord>, StoreError> {
            let $this = self;
            $inner.access_key(address, access_key)
        }
        fn access_keys(&mut self, address: &Address) -> Result<usize, StoreError> {
            let $this = self;
            $inner.access_keys(address)
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
    let removed = requests.len() - 3;
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
        let got = server.handle(request, Timestamp(5));
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
    let got = server.handle(&malformed, Timestamp(5));
    assert!(matches!(got, Err(IntermediaryError::Malformed(_))));
    assert_eq!(server.store().watch.did.take(), [], "nothing to look up");
}

/// The registration of a user's first device.
fn stranger(seed: u64) -> Registration {
    let user_id = UserId::random(&mut Seeded(seed)).expect("never ends");
    let address = Address {
        user_id,
        device_id: DeviceId::try_from(1).expect("in its range"),
    };
    registration(address, seed, &token(seed + 1_000))
}

#[test]
fn a_request_asks_no_more_of_the_store_among_many_devices() {
    let calls = |strangers: u64| -> Vec<usize> {
        let (store, requests) = requests_of_all_kinds();
        let mut server = watched(store);
        for seed in 0..strangers {
            let registration = stranger(seed);
            let request = Request {
                id: request_id(seed),
                token: None,
                body: Body::Register(registration),
            };
            let registered = server.handle(&request, Timestamp(5));
            registered.expect("a stranger registers");
        }
        server.store().watch.did.take();
        let calls = requests.iter().map(|request| {
            let _ = server.handle(request, Timestamp(5));
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
        let expected = unharmed.handle(request, Timestamp(5));
        for at in 1.. {
            let before = server.store().store.clone();
            server.store().watch.fails_at.set(Some(at));
            let got = server.handle(request, Timestamp(5));
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
    ask(&mut server, &submit(&ben, "x", b"hello"), 0).expect("accepted");
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
    let mut done = |token: Option<&Token>, id: String, body: Body| {
        let request = Request {
            id: request_id(id),
            token: token.cloned(),
            body,
        };
        let answer = server.handle(&request, Timestamp(0));
        assert_eq!(answer, Ok(Answer::Done));
    };
    // Each by an access key of its own.
    let each = Limits::PROFILE.one_time_pre_keys_of_access_key;
    let count = u32::try_from(FETCHERS).expect("few") * each;
    let ryan = Registration {
        one_time_pre_keys: one_time_pre_keys(1, count),
        ..REGISTRATIONS[1].clone()
    };
    done(None, "ryan".to_owned(), Body::Register(ryan));
    let fetchers = (0..FETCHERS).map(|number| {
        let seed = 100 + number as u64;
        let registration = Body::Register(stranger(seed));
        done(None, format!("stranger-{number}"), registration);
        let opening = Body::PublishAccessKey {
            address: address(1),
            hash: access_key(number).digest(),
            expires: Timestamp(1),
        };
        done(Some(&token(2)), format!("opening-{number}"), opening);
        let mut server = Intermediary::new(&Tigress1, shared.clone());
        move || -> Vec<Option<u32>> {
            let fetch = |id: u32| Request {
                body: Body::FetchBundle {
                    address: address(1),
                    access_key: Some(access_key(number)),
                },
                ..fetch(&token(seed + 1_000), id)
            };
            let fetched = (0..each).map(|id| server.handle(&fetch(id), Timestamp(0)));
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
fn debug_output_shows_no_token_no_access_key_and_no_message() {
    let (mut server, ben, ryan) = two();
    let text = b"four score and seven years";
    let request = submit(&ben, "submission", text);
    ask(&mut server, &request, 0).expect("accepted");
    let read = Request {
        id: request_id("reading"),
        token: Some(ryan.clone()),
        body: Body::Read {
            address: address(1),
            limit: 1,
        },
    };
    let answer = ask(&mut server, &read, 0).expect("read");
    let fetching = fetch(&ben, "bundle");
    let debug = format!(
        "{server:?} {:?} {request:?} {fetching:?} {answer:#?}",
        server.save()
    );
    let access_key = access_key(0);
    for secret in [&text[..], ben.expose(), ryan.expose(), access_key.expose()] {
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
        "id",
        "token",
        "type",
        "accessKey",
        "deviceId",
        "kind",
        "userId",
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
        let error = Request::from_json(deep.repeat(2_000).as_bytes()).expect_err("too deep");
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
        (&ben, fetch(&ben, "x").body),
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
                created: spk.created,
                suites: spk.suites.clone(),
                statement_signature: spk.statement_signature.clone(),
            },
        ),
        (&ryan, opens(1)),
        (
            &ryan,
            Body::WithdrawAccessKey {
                address: address(1),
                hash: access_key(0).digest(),
            },
        ),
        (&ben, Body::Register(REGISTRATIONS[4].clone())),
        (
            &ben,
            Body::Remove {
                address: address(4),
            },
        ),
        (
            &ryan,
            Body::Remove {
                address: address(1),
            },
        ),
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
    let access_key = tigress_signal::hex::encode(access_key(0).expose());
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
        for (name, mut value) in told {
            // It is listed by its hash.
            if value == access_key {
                value = self::access_key(0).digest().to_string();
            }
            let listed = rows.iter().any(|row| {
                let whose = format!("{} {}", row.whose.user_id, row.whose.device_id);
                let words = format!("{} {whose}", row.value.replace('/', " "));
                words.split(' ').any(|word| word == value)
            });
            let hidden = ["token", "tokenHash", "message"].contains(&name.as_str());
            assert_eq!(
                listed,
                !hidden,
                "{name} {value} in {}: {rows:?}",
                request.body.name()
            );
        }
        assert!(rows.iter().all(|row| row.when == Timestamp(5)));
        ask(&mut server, request, 5).expect("carried out");
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
        ask(&mut server, &request, 0).expect("accepted");
    }
    ask(&mut server, &fetch(&ben, "fetch"), 0).expect("a bundle");
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
                v["version"] = json!(2);
                v
            },
            "saved intermediary version 2",
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
            ryan_has(|d| d["mailbox"][0]["envelope"]["id"] = json!(2)),
            "by rising id (MBX-07",
        ),
        (
            ryan_has(|d| d["mailbox"][0]["envelope"]["recipient"]["deviceId"] = json!(9)),
            "another device's mailbox",
        ),
        (
            ryan_has(|d| d["record"]["nextEnvelopeId"] = json!(2)),
            "at or beyond the next id",
        ),
        (
            ryan_has(|d| d["mailbox"][0]["envelope"]["message"] = "00".repeat(98_305).into()),
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
                let ryan = &mut v["devices"][ryan];
                many(&mut ryan["mailbox"], 41);
                for (at, kept) in ryan["mailbox"]
                    .as_array_mut()
                    .expect("mail")
                    .iter_mut()
                    .enumerate()
                {
                    kept["envelope"]["id"] = json!(at + 1);
                }
                ryan["record"]["nextEnvelopeId"] = json!(42);
                v
            },
            "too many messages of one access key",
        ),
        (
            ryan_has(|d| d["accessKeys"][0]["record"]["oneTimePreKeys"] = json!(11)),
            "too many one-time prekeys for one access key",
        ),
        (
            ryan_has(|d| d["accessKeys"] = json!([d["accessKeys"][0], d["accessKeys"][0]])),
            "not by rising hash",
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
