//! Recordings of real libraries: what two devices of one library say to each other with given keys and randomness.
//!
//! A script is played twice: by two devices of the engine, which says how much randomness each step draws, and by two devices of the
//! library behind an adapter, which is given the same keys and bytes. What the library answers is what is recorded, and the
//! vectors of a file are made of it ([`crate::recorded`]).

use super::actor::Actor;
use super::cases::but;
use super::making;
use super::seed::Recorder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::adapter::{Process, Setup};
use tigress_signal::conformance::operation::device::LoadInput;
use tigress_signal::conformance::subject::Subject;
use tigress_signal::hex::Hex;
use tigress_signal::primitives::NoRandomness;
use tigress_signal::sesame::{Device, SesameError};
use tigress_signal::suite::SignalV3;
use tigress_signal::wire::Message;

/// What was recorded of one library.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recording {
    /// The library, by the name of its package.
    pub library: String,
    /// Its version.
    pub version: String,
    /// What a conversation of it is called before its script's name.
    pub prefix: String,
    /// What it said, by script and device.
    pub conversations: Vec<Recorded>,
}

/// What one device did in a script.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recorded {
    /// The script.
    pub script: String,
    /// `initiator` or `responder`.
    pub role: String,
    /// What the script is about.
    pub comment: String,
    /// Whether the library's bytes are those of the engine.
    pub same: bool,
    /// The device's keys.
    pub device: LoadInput,
    /// Its steps, as a conversation has them.
    pub steps: Vec<Value>,
}

/// Who does something: the one who opens the first session, or the other.
const ALICE: usize = 0;
const BOB: usize = 1;

/// A step of a script.
#[derive(Clone, Copy)]
enum Act {
    /// A session is opened by the other's bundle, with that one-time prekey.
    Open(usize, Option<u32>),
    /// So many messages are written, of these lengths.
    Write(usize, &'static [usize]),
    /// That message of those that the other wrote is read, from 0.
    Read(usize, usize),
    /// Both are saved and restored.
    Restart,
}

use Act::{Open, Read, Restart, Write};

/// A script: what it is called, what it is about, whose keys, and what happens.
struct Script {
    name: &'static str,
    about: &'static str,
    names: [&'static str; 2],
    acts: &'static [Act],
}

macro_rules! scripts {
    ($($name:literal $names:tt $about:literal: $($act:expr),+;)*) => {
        &[$(Script { name: $name, about: $about, names: $names, acts: &[$($act),+] }),*]
    };
}

const SCRIPTS: &[Script] = scripts! {
    "answers" ["alice", "bob"] "with a one-time prekey, an answer, and two further turns":
        Open(ALICE, Some(1)), Write(ALICE, &[5]), Read(BOB, 0), Write(BOB, &[7]), Read(ALICE, 0), Write(ALICE, &[9]),
        Read(BOB, 1), Write(BOB, &[11]), Read(ALICE, 1);
    "without_opk" ["alice", "bob"] "without a one-time prekey":
        Open(ALICE, None), Write(ALICE, &[5, 6]), Read(BOB, 0), Read(BOB, 1), Write(BOB, &[7]), Read(ALICE, 0),
        Write(ALICE, &[1]), Read(BOB, 2);
    "other_keys" ["carol", "dora"] "with keys of two others":
        Open(ALICE, Some(2)), Write(ALICE, &[3]), Read(BOB, 0), Write(BOB, &[4]), Read(ALICE, 0);
    "keys_of_third_pair" ["mallory", "erin"] "with keys of a third pair":
        Open(ALICE, Some(3)), Write(ALICE, &[3]), Read(BOB, 0), Write(BOB, &[4]), Read(ALICE, 0);
    "exchanged" ["bob", "alice"] "the other one opens the session":
        Open(ALICE, Some(4)), Write(ALICE, &[2]), Read(BOB, 0), Write(BOB, &[2]), Read(ALICE, 0);
    "prekeys_out_of_order" ["alice", "bob"] "four prekey messages, the last one first":
        Open(ALICE, Some(1)), Write(ALICE, &[1, 2, 3, 4]), Read(BOB, 3), Read(BOB, 0), Read(BOB, 2), Read(BOB, 1),
        Write(BOB, &[5]), Read(ALICE, 0);
    "out_of_order" ["alice", "bob"] "five ratchet messages in another order":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[1, 2, 3, 4, 5]), Read(ALICE, 2), Read(ALICE, 4),
        Read(ALICE, 0), Read(ALICE, 3), Read(ALICE, 1);
    "former_chain" ["alice", "bob"] "messages of a former chain arrive after the next one has begun":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[1]), Read(ALICE, 0), Write(ALICE, &[1, 2, 3]),
        Read(BOB, 2), Write(BOB, &[1]), Read(ALICE, 1), Write(ALICE, &[4, 5]), Read(BOB, 4), Read(BOB, 1), Read(BOB, 5);
    "two_former_chains" ["alice", "bob"] "late messages of two former chains":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[1, 2, 3]), Read(ALICE, 1), Write(ALICE, &[1]),
        Read(BOB, 1), Write(BOB, &[1, 2, 3]), Read(ALICE, 4), Write(ALICE, &[1]), Read(BOB, 2), Write(BOB, &[1]),
        Read(ALICE, 6), Read(ALICE, 0), Read(ALICE, 5), Read(ALICE, 3);
    "ten_turns" ["alice", "bob"] "ten turns":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[1]), Read(ALICE, 0), Write(ALICE, &[1]),
        Read(BOB, 1), Write(BOB, &[1]), Read(ALICE, 1), Write(ALICE, &[1]), Read(BOB, 2), Write(BOB, &[1]), Read(ALICE, 2),
        Write(ALICE, &[1]), Read(BOB, 3), Write(BOB, &[1]), Read(ALICE, 3), Write(ALICE, &[1]), Read(BOB, 4),
        Write(BOB, &[1]), Read(ALICE, 4);
    "lengths" ["alice", "bob"] "plaintexts around the length of a block, and 1,000 bytes":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[1, 15, 16, 17, 31, 32, 33, 127, 128, 1000]),
        Read(ALICE, 0), Read(ALICE, 1), Read(ALICE, 2), Read(ALICE, 3), Read(ALICE, 4), Read(ALICE, 5), Read(ALICE, 6),
        Read(ALICE, 7), Read(ALICE, 8), Read(ALICE, 9);
    "gap" ["alice", "bob"] "a gap of 50 messages":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[1; 52]), Read(ALICE, 51), Read(ALICE, 25),
        Read(ALICE, 0);
    "restarts" ["alice", "bob"] "both restarted in between":
        Open(ALICE, Some(1)), Restart, Write(ALICE, &[1, 2]), Restart, Read(BOB, 1), Restart, Write(BOB, &[3]), Restart,
        Read(ALICE, 0), Restart, Read(BOB, 0), Restart, Write(ALICE, &[4]), Restart, Read(BOB, 2);
    "second_session" ["alice", "bob"] "the initiator opens a second session":
        Open(ALICE, Some(1)), Write(ALICE, &[1]), Read(BOB, 0), Write(BOB, &[2]), Read(ALICE, 0), Open(ALICE, Some(2)),
        Write(ALICE, &[3]), Read(BOB, 1), Write(BOB, &[4]), Read(ALICE, 1);
};

/// A library behind its adapter.
struct Library<'a> {
    process: &'a mut Process,
    peers: [Value; 2],
}

impl Library<'_> {
    fn call(&mut self, who: usize, method: &str, params: Value) -> Result<Value, String> {
        let params = but(params, |it| it["handle"] = json!(["alice", "bob"][who]));
        let answer = self.process.call(method, params);
        answer.map_err(|failure| format!("{method}: {failure}"))
    }

    fn open(&mut self, who: usize, bundle: &BundleFields, randomness: &Hex) -> Result<(), String> {
        let params = json!({ "bundle": bundle, "randomness": randomness });
        self.call(who, "device.process_bundle", params).map(drop)
    }

    fn write(&mut self, who: usize, text: &[u8]) -> Result<Message, String> {
        let peer = self.peers[1 - who].clone();
        let params = json!({ "peer": peer, "plaintext": Hex(text.to_vec()) });
        let answer = self.call(who, "device.encrypt", params)?;
        let kind = serde_json::from_value(answer["kind"].clone());
        let bytes: Result<Hex, _> = serde_json::from_value(answer["message"].clone());
        Ok(Message {
            kind: kind.map_err(|error| error.to_string())?,
            bytes: bytes.map_err(|error| error.to_string())?.0,
        })
    }

    fn read(&mut self, who: usize, message: &Message, randomness: &Hex) -> Result<Vec<u8>, String> {
        let params = json!({
            "peer": self.peers[1 - who],
            "kind": message.kind,
            "message": Hex(message.bytes.clone()),
            "randomness": randomness,
        });
        let answer = self.call(who, "device.decrypt", params)?;
        let text: Result<Hex, _> = serde_json::from_value(answer["plaintext"].clone());
        text.map(|text| text.0).map_err(|error| error.to_string())
    }

    fn restart(&mut self) -> Result<(), String> {
        for who in [ALICE, BOB] {
            let saved = self.call(who, "device.save", json!({}))?;
            self.call(who, "device.restore", json!({ "state": saved["state"] }))?;
        }
        Ok(())
    }
}

/// The engine's two devices.
struct Engine {
    actors: [Actor; 2],
}

impl Engine {
    fn device(&mut self, who: usize) -> &mut Device {
        &mut self.actors[who].device
    }

    /// What a step drew.
    fn drawn<T>(
        &mut self,
        who: usize,
        label: &str,
        step: impl FnOnce(&mut Device, &mut Recorder) -> Result<T, SesameError>,
    ) -> Result<(T, Hex), String> {
        let mut randomness = Recorder::new(label);
        let done = step(self.device(who), &mut randomness);
        let done = done.map_err(|error| format!("the engine: {error}"))?;
        Ok((done, Hex(randomness.take())))
    }
}

/// Plays all scripts with a library; what it does not go through is told to `tell`, and left out.
///
/// # Errors
/// Where the adapter cannot be started.
pub fn record(
    command: &str,
    prefix: &str,
    mut tell: impl FnMut(String),
) -> Result<Recording, String> {
    making::of(&SignalV3, || record_all(command, prefix, &mut tell))
}

fn record_all(
    command: &str,
    prefix: &str,
    tell: &mut dyn FnMut(String),
) -> Result<Recording, String> {
    let mut process = Process::start(command, Setup::default()).map_err(|it| it.to_string())?;
    let mut conversations = Vec::new();
    for script in SCRIPTS {
        match play(script, &mut process) {
            Ok(both) => conversations.extend(both),
            Err(why) => tell(format!("{}: {why}", script.name)),
        }
    }
    let described = process.describe();
    Ok(Recording {
        library: described.name,
        version: described.version,
        prefix: prefix.to_owned(),
        conversations,
    })
}

fn play(script: &Script, process: &mut Process) -> Result<[Recorded; 2], String> {
    let suite = making::suite();
    process.reset(suite.name()).map_err(|it| it.to_string())?;
    let actors = script.names.map(Actor::new);
    let loaded = actors.clone().map(|actor| actor.loaded);
    let mut engine = Engine { actors };
    let peers = [ALICE, BOB].map(|who| json!(loaded[who].address));
    let mut library = Library { process, peers };
    for who in [ALICE, BOB] {
        library.call(who, "device.load", json!(loaded[who]))?;
    }
    let mut steps: [Vec<Value>; 2] = Default::default();
    let mut same = [true, true];
    let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
    let mut written = [0, 0];
    for (n, act) in script.acts.iter().enumerate() {
        let label = format!("recorded/{}/{n}", script.name);
        match *act {
            Open(who, one_time) => {
                let bundle = engine.actors[1 - who].bundle(one_time);
                let (_, randomness) = engine.drawn(who, &label, |device, randomness| {
                    device.process_bundle(&bundle, randomness)
                })?;
                library.open(who, &bundle, &randomness)?;
                let step =
                    json!({ "op": "processBundle", "bundle": bundle, "randomness": randomness });
                steps[who].push(step);
            }
            Write(who, lengths) => {
                for (place, length) in lengths.iter().enumerate() {
                    let text = super::seed::vec(&format!("{label}/{place}"), *length);
                    let to = engine.actors[1 - who].address;
                    let own = engine.device(who).encrypt(&to, &text, &mut NoRandomness);
                    let own = own.map_err(|error| format!("the engine: {error}"))?;
                    let message = library.write(who, &text)?;
                    same[who] &= own == message;
                    steps[who].push(json!({
                        "op": "encrypt",
                        "peer": library.peers[1 - who],
                        "plaintext": Hex(text.clone()),
                        "kind": message.kind,
                        "message": Hex(message.bytes.clone()),
                    }));
                    ours.insert((who, written[who]), own);
                    theirs.insert((who, written[who]), (message, text));
                    written[who] += 1;
                }
            }
            Read(who, place) => {
                let from = engine.actors[1 - who].address;
                let own = ours.get(&(1 - who, place)).ok_or("it was not written")?;
                let (_, randomness) = engine.drawn(who, &label, |device, randomness| {
                    device.decrypt(&from, own.kind, &own.bytes, randomness)
                })?;
                let (message, text) = theirs.get(&(1 - who, place)).ok_or("it was not written")?;
                let read = library.read(who, message, &randomness)?;
                if read != *text {
                    return Err(format!(
                        "message {place} reads otherwise than it was written"
                    ));
                }
                steps[who].push(json!({
                    "op": "decrypt",
                    "peer": library.peers[1 - who],
                    "kind": message.kind,
                    "message": Hex(message.bytes.clone()),
                    "randomness": randomness,
                    "plaintext": Hex(read),
                }));
            }
            Restart => {
                library.restart()?;
                for steps in &mut steps {
                    steps.push(json!({ "op": "restart" }));
                }
            }
        }
    }
    let [mut initiator, mut responder] = steps.map(Some);
    let mut of = |who: usize, role: &str| Recorded {
        script: script.name.to_owned(),
        role: role.to_owned(),
        comment: script.about.to_owned(),
        same: same[who],
        device: loaded[who].clone(),
        steps: [&mut initiator, &mut responder][who]
            .take()
            .unwrap_or_default(),
    };
    Ok([of(ALICE, "initiator"), of(BOB, "responder")])
}
