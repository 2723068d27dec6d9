//! What must hold where many ask a server at once, in whatever order it takes them.
//!
//! Each race has devices of its own, drawn for it and removed after it, and every asker a connection of its own; they begin together.
//! An honest server keeps all of it however the race goes. One that does not may still win a race by luck.

use super::wire::{Reply, Wire, WireError};
use crate::agreement::{BundleFields, PreKeyStore};
use crate::conformance::seed::Recorder;
use crate::identifier::{Address, DeviceId, UserId};
use crate::intermediary::{AccessKey, RequestId, Token};
use crate::primitives::Randomness;
use crate::sesame::Device;
use crate::suite::Tigress1;
use crate::timestamp::{DAY, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Barrier;
use std::thread;

/// So many clients ask at once.
pub const CLIENTS: usize = 64;
/// So many ask at once where each of them needs keys of its own.
const FEW: usize = 8;

/// A race.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// The requirement that it is about.
    pub requirement: &'static str,
    /// What must hold.
    pub words: &'static str,
    run: fn(&mut Course) -> Result<(), Fault>,
}

/// All races.
pub const RACES: &[Race] = &[
    Race {
        requirement: "MBX-03",
        words: "64 clients ask for the last one-time prekeys at once: each is handed out once, and the other bundles come without",
        run: last_pre_keys,
    },
    Race {
        requirement: "MBX-17",
        words: "64 bundles are asked for with one access key at once: ten of them have a one-time prekey",
        run: ten_for_an_access_key,
    },
    Race {
        requirement: "MBX-07",
        words: "36 messages are submitted at once: each is there once, and they are numbered 1 to 36",
        run: numbered,
    },
    Race {
        requirement: "MBX-23",
        words: "64 messages are submitted by one access key at once: 40 are taken",
        run: forty_of_an_access_key,
    },
    Race {
        requirement: "MBX-09",
        words: "messages are acknowledged while others are read: no other is ever missing, and none comes after its acknowledgement",
        run: acknowledged_while_read,
    },
    Race {
        requirement: "MBX-15",
        words: "a device is removed while others write to it: nothing of it is left, and who comes to its address begins anew",
        run: removed_while_written_to,
    },
    Race {
        requirement: "MBX-13",
        words: "a bundle request comes eight times at once: one answer, and one one-time prekey is spent",
        run: bundle_asked_again,
    },
    Race {
        requirement: "MBX-13",
        words: "a submission comes eight times at once: it is carried out once",
        run: submitted_again,
    },
    Race {
        requirement: "MBX-12",
        words: "eight devices register as the first of one user at once: one is there, and the others are refused",
        run: first_device,
    },
    Race {
        requirement: "MBX-13",
        words: "a registration comes eight times at once: one device is there, with what it registered",
        run: registered_again,
    },
];

/// Why a race was not won, or not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What must hold does not.
    Broken(String),
    /// The wire gave no reply.
    Wire(String),
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        Fault::Wire(error.to_string())
    }
}

impl Race {
    /// Runs it over a wire. What it draws is drawn from `seed`.
    ///
    /// # Errors
    /// What does not hold; why it could not be run.
    pub fn run(&self, wire: &mut dyn Wire, seed: &str) -> Result<(), Fault> {
        let mut course = Course {
            randomness: Recorder::new(&format!("{seed}/{}", self.words)),
            wire,
            clients: Vec::new(),
            requests: 0,
        };
        let held = (self.run)(&mut course);
        course.clean();
        held
    }
}

/// A race under way.
struct Course<'a> {
    wire: &'a mut dyn Wire,
    randomness: Recorder,
    /// Everybody who may be registered.
    clients: Vec<(Address, Token)>,
    requests: u32,
}

/// A device with its keys.
struct Client {
    address: Address,
    token: Token,
    registration_id: u32,
    registration: Value,
}

impl Client {
    fn says(&self, id: &str, body: &Value) -> Value {
        json!({ "id": long(id), "token": self.token, "body": body })
    }

    fn submits(&self, id: &str, to: &Client, access_key: &AccessKey, message: &str) -> Value {
        let body = json!({
            "type": "submit", "recipient": to.address, "accessKey": access_key, "registrationId": to.registration_id,
            "kind": "ratchet", "message": message,
        });
        self.says(id, &body)
    }

    fn fetches(&self, id: &str, of: &Client, access_key: &AccessKey) -> Value {
        let body = json!({ "type": "fetchBundle", "address": of.address, "accessKey": access_key });
        self.says(id, &body)
    }

    fn reads(&self, id: &str) -> Value {
        let body = json!({ "type": "read", "address": self.address, "limit": 100 });
        self.says(id, &body)
    }
}

impl Course<'_> {
    fn address(&mut self) -> Result<Address, Fault> {
        let user_id = UserId::random(&mut self.randomness).map_err(unmade)?;
        let device_id = DeviceId::try_from(1).map_err(unmade)?;
        Ok(Address { user_id, device_id })
    }

    /// A device with so many one-time prekeys, which is not registered yet.
    fn client(&mut self, address: Address, one_time_pre_keys: usize) -> Result<Client, Fault> {
        let now = self.wire.clock()?;
        let randomness = &mut self.randomness;
        let keys = PreKeyStore::random(&[&Tigress1], &address, now, randomness).map_err(unmade)?;
        let mut device = Device::new(&Tigress1, address, keys);
        let bundle = device.bundle(None).ok_or_else(|| unmade("no bundle"))?;
        let fields = BundleFields::from(&bundle);
        let drawn = device.add_one_time_pre_keys(one_time_pre_keys, randomness);
        let published = drawn.map_err(unmade)?;
        let published: Vec<Value> = published
            .iter()
            .map(|key| json!({ "id": key.id, "key": crate::hex::encode(&key.key.encode()) }))
            .collect();
        let token = Token::random(randomness).map_err(unmade)?;
        let registration = json!({
            "type": "register", "address": address, "tokenHash": token.digest(),
            "registrationId": fields.registration_id, "identityKey": fields.identity_key,
            "signedPreKeyId": fields.signed_pre_key_id, "signedPreKey": fields.signed_pre_key,
            "signedPreKeySignature": fields.signed_pre_key_signature, "created": fields.created,
            "suites": fields.suites, "statementSignature": fields.statement_signature,
            "oneTimePreKeys": published,
        });
        self.clients.push((address, token.clone()));
        Ok(Client {
            address,
            token,
            registration_id: fields.registration_id,
            registration,
        })
    }

    /// A device that is registered, the first of a user of its own.
    fn joined(&mut self, one_time_pre_keys: usize) -> Result<Client, Fault> {
        let address = self.address()?;
        let client = self.client(address, one_time_pre_keys)?;
        let id = self.id();
        let request = json!({ "id": id, "body": client.registration });
        self.must(&request)?;
        Ok(client)
    }

    /// An access key that a device has published.
    fn access_key(&mut self, of: &Client) -> Result<AccessKey, Fault> {
        let mut bytes = [0; 32];
        self.randomness.fill(&mut bytes).map_err(unmade)?;
        let access_key = AccessKey::from(bytes);
        let expires: Timestamp = self.wire.clock()?.after(30 * DAY);
        let body = json!({
            "type": "publishAccessKey", "address": of.address, "hash": access_key.digest(), "expires": expires,
        });
        let id = self.id();
        self.must(&of.says(&id, &body))?;
        Ok(access_key)
    }

    fn id(&mut self) -> String {
        self.requests += 1;
        long(&format!("race-{}", self.requests))
    }

    /// Asks for what may not be refused.
    fn must(&mut self, request: &Value) -> Result<Value, Fault> {
        match self.wire.ask(request)? {
            Reply::Answer(answer) => Ok(answer),
            Reply::Refused { code, .. } => {
                let kind = request["body"]["type"].as_str().unwrap_or_default();
                Err(Fault::Broken(format!("{kind} is refused with `{code}`")))
            }
        }
    }

    fn read(&mut self, of: &Client) -> Result<Vec<Value>, Fault> {
        let id = self.id();
        let answer = self.must(&of.reads(&id))?;
        Ok(envelopes(&answer))
    }

    fn count(&mut self, of: &Client) -> Result<u64, Fault> {
        let id = self.id();
        let body = json!({ "type": "countOneTimePreKeys", "address": of.address });
        let answer = self.must(&of.says(&id, &body))?;
        Ok(answer["left"].as_u64().unwrap_or(u64::MAX))
    }

    /// All of them are asked at once, each on a connection of its own.
    fn at_once(&mut self, requests: impl IntoIterator<Item = Value>) -> Result<Vec<Reply>, Fault> {
        let requests: Vec<Value> = requests.into_iter().collect();
        let wires = requests.iter().map(|_| self.wire.another());
        let wires = wires.collect::<Result<Vec<_>, _>>()?;
        let start = Barrier::new(requests.len());
        let replies = thread::scope(|scope| {
            let askers = wires.into_iter().zip(&requests);
            let askers = askers.map(|(mut wire, request)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    wire.ask(request)
                })
            });
            let askers: Vec<_> = askers.collect();
            let replies = askers.into_iter().map(|asker| {
                let reply = asker.join();
                reply.unwrap_or_else(|_| Err(WireError::Broken("an asker failed".to_owned())))
            });
            replies.collect::<Result<Vec<_>, _>>()
        });
        Ok(replies?)
    }

    /// Nobody is left.
    fn clean(&mut self) {
        for (address, token) in std::mem::take(&mut self.clients) {
            let body = json!({ "type": "remove", "address": address });
            let id = self.id();
            let request = json!({ "id": id, "token": token, "body": body });
            if self.wire.ask(&request).is_err() {
                return;
            }
        }
    }
}

/// An id as long as one may be.
fn long(id: &str) -> String {
    format!("{id:~<longest$}", longest = RequestId::MAX_LENGTH)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn unmade(error: impl ToString) -> Fault {
    Fault::Wire(error.to_string())
}

fn broken(what: impl Into<String>) -> Result<(), Fault> {
    Err(Fault::Broken(what.into()))
}

fn holds(condition: bool, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if condition {
        Ok(())
    } else {
        Err(Fault::Broken(what()))
    }
}

fn envelopes(answer: &Value) -> Vec<Value> {
    let envelopes = answer["envelopes"].as_array();
    envelopes.cloned().unwrap_or_default()
}

fn list(ids: RangeInclusive<u64>) -> Vec<u64> {
    ids.collect()
}

fn ids(envelopes: &[Value]) -> Vec<u64> {
    let ids = envelopes.iter();
    ids.map(|it| it["id"].as_u64().unwrap_or_default())
        .collect()
}

/// The ids of the one-time prekeys in bundles, and how many bundles have none.
fn handed_out(replies: &[Reply]) -> Result<(Vec<u64>, usize), Fault> {
    let mut ids = Vec::new();
    let mut without = 0;
    for reply in replies {
        match reply {
            Reply::Answer(answer) => match answer["bundle"]["oneTimePreKeyId"].as_u64() {
                Some(id) => ids.push(id),
                None => without += 1,
            },
            Reply::Refused { code, .. } => {
                return Err(Fault::Broken(format!("a bundle is refused with `{code}`")));
            }
        }
    }
    ids.sort_unstable();
    Ok((ids, without))
}

/// How often what was answered: `done`, or the code of a refusal.
fn tally(replies: &[Reply]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for reply in replies {
        let said = match reply {
            Reply::Answer(answer) => answer["type"].as_str().unwrap_or("?"),
            Reply::Refused { code, .. } => code,
        };
        *tally.entry(said).or_default() += 1;
    }
    tally
}

fn last_pre_keys(course: &mut Course) -> Result<(), Fault> {
    let ryan = course.joined(9)?;
    let access_key = course.access_key(&ryan)?;
    let mut requests = Vec::new();
    for _ in 0..CLIENTS {
        let client = course.joined(0)?;
        requests.push(client.fetches("bundle", &ryan, &access_key));
    }
    let replies = course.at_once(requests)?;
    let (ids, without) = handed_out(&replies)?;
    holds(ids == list(1..=9) && without == CLIENTS - 9, || {
        format!("one-time prekeys {ids:?} were handed out, and {without} bundles had none")
    })?;
    let left = course.count(&ryan)?;
    holds(left == 0, || format!("{left} are said to be left"))
}

fn ten_for_an_access_key(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(20)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    let requests = (0..CLIENTS).map(|n| ben.fetches(&format!("bundle-{n}"), &ryan, &access_key));
    let replies = course.at_once(requests)?;
    let (ids, _) = handed_out(&replies)?;
    let left = course.count(&ryan)?;
    holds(ids == list(1..=10) && left == 10, || {
        format!("one-time prekeys {ids:?} were handed out, and {left} are left")
    })
}

fn numbered(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(0)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    let message = |n: usize| format!("{n:04x}");
    let requests =
        (0..36).map(|n| ben.submits(&format!("message-{n}"), &ryan, &access_key, &message(n)));
    let replies = course.at_once(requests)?;
    holds(tally(&replies) == BTreeMap::from([("done", 36)]), || {
        format!("they were answered {:?}", tally(&replies))
    })?;
    let read = course.read(&ryan)?;
    holds(ids(&read) == list(1..=36), || {
        format!("they are numbered {:?}", ids(&read))
    })?;
    let messages: BTreeSet<&str> = read
        .iter()
        .filter_map(|it| it["message"].as_str())
        .collect();
    holds(messages.len() == 36, || {
        format!("{} of them are different", messages.len())
    })
}

fn forty_of_an_access_key(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(0)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    let requests =
        (0..CLIENTS).map(|n| ben.submits(&format!("message-{n}"), &ryan, &access_key, "2e"));
    let replies = course.at_once(requests)?;
    let expected = BTreeMap::from([("done", 40), ("mailbox-full", CLIENTS - 40)]);
    holds(tally(&replies) == expected, || {
        format!("they were answered {:?}", tally(&replies))
    })?;
    let read = course.read(&ryan)?;
    holds(ids(&read) == list(1..=40), || {
        format!("they are numbered {:?}", ids(&read))
    })
}

fn acknowledged_while_read(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(0)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    for n in 0..20 {
        let id = course.id();
        course.must(&ben.submits(&id, &ryan, &access_key, &format!("{n:04x}")))?;
    }
    let body = json!({
        "type": "acknowledge", "address": ryan.address, "ids": list(1..=10),
    });
    let mut requests = vec![ryan.says("acknowledgement", &body)];
    requests.extend((0..15).map(|n| ryan.reads(&format!("reading-{n}"))));
    let replies = course.at_once(requests)?;
    let rest = list(11..=20);
    for reply in &replies[1..] {
        let Reply::Answer(answer) = reply else {
            return broken("a reading is refused");
        };
        let ids = ids(&envelopes(answer));
        // That an acknowledgement is seen half done the profile does not forbid.
        let has_rest = ids.is_sorted() && ids.ends_with(&rest);
        holds(has_rest, || format!("{ids:?} were read"))?;
    }
    let read = ids(&course.read(&ryan)?);
    holds(read == rest, || {
        format!("after the acknowledgement {read:?} are read")
    })
}

fn removed_while_written_to(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(3)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    let removal = json!({ "type": "remove", "address": ryan.address });
    let mut requests = vec![ryan.says("removal", &removal)];
    requests.extend((0..30).map(|n| {
        let id = format!("message-{n}");
        ben.submits(&id, &ryan, &access_key, &format!("{n:04x}"))
    }));
    let replies = course.at_once(requests)?;
    let removed = tally(&replies[..1]);
    holds(removed == BTreeMap::from([("done", 1)]), || {
        format!("the removal was answered {removed:?}")
    })?;
    let submitted = tally(&replies[1..]);
    holds(
        submitted
            .keys()
            .all(|it| ["done", "not-found"].contains(it)),
        || format!("submissions were answered {submitted:?}"),
    )?;
    let id = course.id();
    let late = [
        ben.submits(&id, &ryan, &access_key, "2e"),
        ryan.reads("late"),
    ];
    let late = course.at_once(late)?;
    let expected = BTreeMap::from([("not-found", 1), ("unauthorized", 1)]);
    holds(tally(&late) == expected, || {
        format!(
            "a message to it and its own reading were answered {:?}",
            tally(&late)
        )
    })?;
    // Who comes next has an empty mailbox, which counts from 1.
    let anew = course.client(ryan.address, 0)?;
    let id = course.id();
    course.must(&json!({ "id": id, "body": anew.registration }))?;
    let before = ids(&course.read(&anew)?);
    holds(before.is_empty(), || {
        format!("messages {before:?} are left")
    })?;
    let access_key = course.access_key(&anew)?;
    let id = course.id();
    course.must(&ben.submits(&id, &anew, &access_key, "2e"))?;
    let after = ids(&course.read(&anew)?);
    holds(after == [1], || {
        format!("its first message has number {after:?}")
    })
}

fn bundle_asked_again(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(9)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    let request = ben.fetches("the-same", &ryan, &access_key);
    let replies = course.at_once(vec![request; FEW])?;
    holds(replies.iter().all(|reply| *reply == replies[0]), || {
        format!("answers differ: {:?}", tally(&replies))
    })?;
    let (ids, _) = handed_out(&replies[..1])?;
    let left = course.count(&ryan)?;
    holds(ids == [1] && left == 8, || {
        format!("one-time prekey {ids:?} was handed out, and {left} of 9 are left")
    })
}

fn submitted_again(course: &mut Course) -> Result<(), Fault> {
    let (ryan, ben) = (course.joined(0)?, course.joined(0)?);
    let access_key = course.access_key(&ryan)?;
    let request = ben.submits("the-same", &ryan, &access_key, "2e");
    let replies = course.at_once(vec![request; FEW])?;
    holds(tally(&replies) == BTreeMap::from([("done", FEW)]), || {
        format!("it was answered {:?}", tally(&replies))
    })?;
    let read = ids(&course.read(&ryan)?);
    holds(read == [1], || format!("messages {read:?} are there"))
}

fn first_device(course: &mut Course) -> Result<(), Fault> {
    let address = course.address()?;
    let mut clients = Vec::new();
    for _ in 0..FEW {
        clients.push(course.client(address, 1)?);
    }
    let requests = clients.iter().zip(0..).map(
        |(client, n)| json!({ "id": format!("registration-{n}"), "body": client.registration }),
    );
    let replies = course.at_once(requests)?;
    let expected = BTreeMap::from([("done", 1), ("unauthorized", FEW - 1)]);
    holds(tally(&replies) == expected, || {
        format!("they were answered {:?}", tally(&replies))
    })?;
    for (client, registered) in clients.iter().zip(&replies) {
        let id = course.id();
        let reply = course.wire.ask(&client.reads(&id))?;
        let is_there = matches!(reply, Reply::Answer(_));
        let was_taken = matches!(registered, Reply::Answer(_));
        holds(is_there == was_taken, || {
            "the token of one that was refused opens the mailbox, or that of the one that was taken does not"
                .to_owned()
        })?;
    }
    Ok(())
}

fn registered_again(course: &mut Course) -> Result<(), Fault> {
    let address = course.address()?;
    let client = course.client(address, 5)?;
    let request = json!({ "id": "the-same", "body": client.registration });
    let replies = course.at_once(vec![request; FEW])?;
    holds(tally(&replies) == BTreeMap::from([("done", FEW)]), || {
        format!("it was answered {:?}", tally(&replies))
    })?;
    let left = course.count(&client)?;
    holds(left == 5, || {
        format!("{left} of 5 one-time prekeys are there")
    })
}
