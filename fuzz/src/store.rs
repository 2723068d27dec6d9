//! Requests to two intermediaries, one over memory and one over SQLite: alone, in groups, in groups that are given up. Both answer the
//! same, and keep the same.

use crate::common::{Seeded, device_at};
use crate::prepared;
use arbitrary::Arbitrary;
use tigress_signal::hex::Hex;
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, UserId};
use tigress_signal::intermediary::{
    AccessKey, Body, EnvelopeId, Intermediary, Limits, MemoryStore, PublishedOneTimePreKey,
    Registration, Request, RequestId, Store, Submission, Token, Transaction,
};
use tigress_signal::serve::store::{GroupStore, SqliteStore};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// Longer scripts are cut.
const STEPS: usize = 60;

/// Two devices of one user, and one of another.
const DEVICES: usize = 3;

/// So few that a script meets them.
const LIMITS: Limits = Limits {
    message_length: 100,
    mailbox: 2,
    always_taken: 1,
    mailbox_of_access_key: 3,
    one_time_pre_keys: 5,
    one_time_pre_key_lifetime: 4_000,
    lifetime: 172_800,
    read: 3,
    acknowledged: 3,
    answers: 4,
    answer_lifetime: 3_600,
    access_keys: 2,
    statement_age: u64::MAX,
    ..Limits::PROFILE
};

/// A step. The first number says which device asks, the others at whom, and with what.
#[derive(Arbitrary, Clone, Debug)]
pub enum Step {
    /// It registers, with the token of a device of its user or without.
    Register(u8, bool),
    /// It lets somebody in, for so long.
    PublishAccessKey(u8, u8, u16),
    /// It lets nobody in any more by this one.
    WithdrawAccessKey(u8, u8),
    /// So many one-time prekeys, from an id on.
    PublishOneTimePreKeys(u8, u8, u8),
    /// The same signed prekey again.
    PublishSignedPreKey(u8),
    /// How many are left.
    Count(u8),
    /// A bundle.
    Fetch(u8, u8, Option<u8>),
    /// A message, kept for so long.
    Submit(u8, u8, u8, u16),
    /// So many of its messages.
    Read(u8, u8),
    /// These were read.
    Acknowledge(u8, Vec<u8>),
    /// It goes, or another one.
    Remove(u8, u8),
    /// A former request again.
    Repeat(u8),
    /// Time passes.
    Wait(u16),
    /// What has expired is erased.
    Tick,
    /// A group begins; one under way is given up.
    Begin,
    /// It ends.
    End,
    /// It is given up.
    Abort,
}

/// A script.
#[derive(Arbitrary, Clone, Debug)]
pub struct Script {
    /// Its steps.
    pub steps: Vec<Step>,
}

fn token(number: u8) -> Token {
    Token::from([number; 32])
}

fn access_key(number: u8) -> AccessKey {
    AccessKey::from([number % 4; 32])
}

fn registrations() -> Vec<Registration> {
    (0..DEVICES)
        .map(|index| {
            let user = UserId::random(&mut Seeded(index as u64 / 2));
            let number = 1 + u32::try_from(index % 2).expect("small");
            let address = Address {
                user_id: user.expect("never ends"),
                device_id: DeviceId::try_from(number).expect("1 or 2"),
            };
            let device = device_at(&Tigress1, address, &mut Seeded(index as u64));
            let registration =
                Registration::of(&device.bundle(None).expect("a bundle"), token(0).digest());
            Registration {
                one_time_pre_keys: one_time_pre_keys(1, 2, &registration.identity_key),
                ..registration
            }
        })
        .collect()
}

fn one_time_pre_keys(first: u8, count: u8, key: &Hex) -> Vec<PublishedOneTimePreKey> {
    (first..first.saturating_add(count))
        .filter_map(|id| {
            let id = PreKeyId::try_from(u32::from(id)).ok()?;
            let key = key.clone();
            Some(PublishedOneTimePreKey { id, key })
        })
        .collect()
}

struct Both {
    registrations: Vec<Registration>,
    memory: Intermediary<MemoryStore>,
    sqlite: Intermediary<SqliteStore>,
    /// What memory held as the group began.
    before: Option<Intermediary<MemoryStore>>,
    now: Timestamp,
    /// Each device registers under a token of its own each time.
    tokens: [u8; DEVICES],
    drawn: u8,
    asked: Vec<Request>,
}

impl Both {
    fn ask(&mut self, me: usize, body: Body) {
        let id = format!("request-{}", self.asked.len());
        let request = Request {
            id: RequestId::try_from(id).expect("visible ASCII"),
            token: Some(token(self.tokens[me])),
            body,
        };
        self.make(request);
    }

    fn make(&mut self, request: Request) {
        let one = self.memory.handle(&request, self.now);
        let other = self.sqlite.handle(&request, self.now);
        assert_eq!(other, one, "{request:?}");
        self.asked.push(request);
    }

    fn keeps_the_same(&mut self) {
        let contents = self.sqlite.store_mut().contents().expect("it can be read");
        let mut copy = MemoryStore::default();
        let transaction = copy.begin(Timestamp(0)).expect("memory does not fail");
        transaction.commit(contents).expect("memory does not fail");
        assert_eq!(&copy, self.memory.store());
    }

    fn register(&mut self, me: usize, with_token: bool) {
        self.drawn = self.drawn.saturating_add(1);
        let registration = Registration {
            token_hash: token(self.drawn).digest(),
            ..self.registrations[me].clone()
        };
        let sibling = if me < 2 { 1 - me } else { me };
        let request = Request {
            id: RequestId::try_from(format!("request-{}", self.asked.len())).expect("so"),
            token: with_token.then(|| token(self.tokens[sibling])),
            body: Body::Register(registration),
        };
        self.make(request);
        self.tokens[me] = self.drawn;
    }

    fn step(&mut self, step: Step) {
        let device = |number: u8| usize::from(number) % DEVICES;
        let at = |number: u8| self.registrations[device(number)].address;
        match step {
            Step::Register(me, with_token) => self.register(device(me), with_token),
            Step::PublishAccessKey(me, key, seconds) => {
                let body = Body::PublishAccessKey {
                    address: at(me),
                    hash: access_key(key).digest(),
                    expires: self.now.after(seconds.into()),
                };
                self.ask(device(me), body);
            }
            Step::WithdrawAccessKey(me, key) => {
                let body = Body::WithdrawAccessKey {
                    address: at(me),
                    hash: access_key(key).digest(),
                };
                self.ask(device(me), body);
            }
            Step::PublishOneTimePreKeys(me, first, count) => {
                let key = &self.registrations[device(me)].identity_key;
                let body = Body::PublishOneTimePreKeys {
                    address: at(me),
                    one_time_pre_keys: one_time_pre_keys(first, count % 4, key),
                };
                self.ask(device(me), body);
            }
            Step::PublishSignedPreKey(me) => {
                let from = &self.registrations[device(me)];
                let body = Body::PublishSignedPreKey {
                    address: from.address,
                    id: from.signed_pre_key_id,
                    key: from.signed_pre_key.clone(),
                    signature: from.signed_pre_key_signature.clone(),
                    created: from.created,
                    suites: from.suites.clone(),
                    statement_signature: from.statement_signature.clone(),
                };
                self.ask(device(me), body);
            }
            Step::Count(me) => {
                let address = at(me);
                self.ask(device(me), Body::CountOneTimePreKeys { address });
            }
            Step::Fetch(me, of, key) => {
                let body = Body::FetchBundle {
                    address: at(of),
                    access_key: key.map(access_key),
                };
                self.ask(device(me), body);
            }
            Step::Submit(me, to, key, lifetime) => {
                let body = Body::Submit(Submission {
                    recipient: at(to),
                    access_key: access_key(key),
                    registration_id: self.registrations[device(to)].registration_id,
                    kind: MessageKind::Ratchet,
                    message: format!("message {}", self.asked.len()).as_bytes().into(),
                    lifetime: Some(lifetime.into()),
                });
                self.ask(device(me), body);
            }
            Step::Read(me, limit) => {
                let (address, limit) = (at(me), u32::from(limit % 4));
                self.ask(device(me), Body::Read { address, limit });
            }
            Step::Acknowledge(me, ids) => {
                let body = Body::Acknowledge {
                    address: at(me),
                    ids: ids.into_iter().map(|id| EnvelopeId(id.into())).collect(),
                };
                self.ask(device(me), body);
            }
            Step::Remove(me, whom) => {
                let address = at(whom);
                self.ask(device(me), Body::Remove { address });
            }
            Step::Repeat(which) => {
                if let Some(again) = self.asked.get(usize::from(which)) {
                    self.make(again.clone());
                }
            }
            Step::Wait(seconds) => self.now = self.now.after(seconds.into()),
            Step::Tick | Step::Begin | Step::End | Step::Abort => self.group(&step),
        }
    }

    fn group(&mut self, step: &Step) {
        match step {
            Step::Tick => {
                self.memory.tick(self.now).expect("memory does not fail");
                self.sqlite.tick(self.now).expect("SQLite does not fail");
            }
            Step::Begin => {
                let store = self.sqlite.store_mut();
                store.begin_group(self.now).expect("SQLite does not fail");
                self.memory = self.before.take().unwrap_or_else(|| self.memory.clone());
                self.before = Some(self.memory.clone());
            }
            Step::End => {
                let ended = self.sqlite.store_mut().end_group();
                assert_eq!(ended.is_ok(), self.before.take().is_some());
                self.keeps_the_same();
            }
            Step::Abort => {
                self.sqlite.store_mut().abort_group();
                self.memory = self.before.take().unwrap_or_else(|| self.memory.clone());
                self.keeps_the_same();
            }
            _ => {}
        }
    }
}

/// Takes the steps.
pub fn run(script: Script) {
    let store = SqliteStore::in_memory().expect("there is memory");
    let mut both = Both {
        registrations: prepared!(Vec<Registration>, registrations()).with(Clone::clone),
        memory: Intermediary::with_limits(&Tigress1, MemoryStore::default(), LIMITS),
        sqlite: Intermediary::with_limits(&Tigress1, store, LIMITS),
        before: None,
        now: Timestamp(1_000),
        tokens: [0; DEVICES],
        drawn: 0,
        asked: Vec::new(),
    };
    // Everybody is there, and lets in who has the first access key.
    for (me, with_token) in [(0, false), (1, true), (2, false)] {
        both.step(Step::Register(me, with_token));
        both.step(Step::PublishAccessKey(me, 0, u16::MAX));
    }
    for step in script.steps.into_iter().take(STEPS) {
        both.step(step);
    }
    both.keeps_the_same();
}
