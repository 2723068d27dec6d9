//! Makes the seeds anew, from the vectors, the scenarios and a few scripts that lead where the profile has a rule:
//! `cargo run --manifest-path fuzz/Cargo.toml --no-default-features --example seeds`.

#![forbid(unsafe_code)]
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "lists, written once"
)]

#[path = "seeds/signal_v3.rs"]
mod signal_v3;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tigress_fuzz::differential_signal_v3::{PRE_KEY_MESSAGE, RATCHET_MESSAGE};
use tigress_fuzz::encode::Encode;
use tigress_fuzz::{
    differential_ratchet as differential, session_decrypt, session_script, store, wallet_script,
    x3dh_respond,
};
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::run;
use tigress_signal::conformance::scenario;
use tigress_signal::conformance::subject::{Description, Failure, Subject};
use tigress_signal::conformance::vector::conversation::Action;
use tigress_signal::conformance::vector::{Body, BuiltIn, Source};

/// Longer seeds are left out.
const LONGEST: usize = 6000;

/// Longer events are left out of a transcript.
const SHORT: usize = 700;

/// Target to name to bytes.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>);

impl Seeds {
    fn add(&mut self, target: &'static str, name: impl Into<String>, bytes: Vec<u8>) {
        let seeds = self.0.entry(target).or_default();
        if bytes.len() <= LONGEST && !seeds.values().any(|other| *other == bytes) {
            seeds.insert(name.into(), bytes);
        }
    }

    fn write(&self, folder: &Path) -> std::io::Result<()> {
        for (target, seeds) in &self.0 {
            let folder = folder.join(target);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder)?;
            for (name, bytes) in seeds {
                fs::write(folder.join(name), bytes)?;
            }
            println!("{target}: {}", seeds.len());
        }
        Ok(())
    }
}

fn main() -> std::io::Result<()> {
    let mut seeds = Seeds::default();
    messages_and_payloads(&mut seeds);
    statements_requests_and_transcripts(&mut seeds);
    for (name, bytes) in tigress_fuzz::http_request::seeds() {
        seeds.add("http_request", name, bytes);
    }
    vector_files(&mut seeds);
    scripts(&mut seeds);
    answers_and_states(&mut seeds);
    structured(&mut seeds);
    let here = tigress_fuzz::folder();
    dictionaries(&seeds, &here.join("dictionaries"))?;
    seeds.write(&here.join("seeds"))
}

/// The words of each target whose input is bytes: what libFuzzer would not guess.
fn dictionaries(seeds: &Seeds, folder: &Path) -> std::io::Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    for (target, of_target) in &seeds.0 {
        let mut words: BTreeSet<Vec<u8>> = BTreeSet::new();
        match *target {
            "wire_ratchet" | "wire_prekey" | "differential_wire" | "differential_signal_v3" => {
                // The version; each tag with the length of a key; the longest varints.
                words.insert(vec![0x11]);
                if *target == "differential_signal_v3" {
                    words.extend([0x33, 0x34].map(|version| vec![version]));
                    // A group, fields of a fixed width, and one whose number nobody knows.
                    words.extend([0x4b, 0x4c, 0x4d, 0x49, 0x48].map(|tag| vec![tag, 0]));
                }
                words.extend([0x0a, 0x12, 0x1a, 0x22].map(|tag| vec![tag, 33, 5]));
                words.extend([0x08, 0x10, 0x18, 0x28, 0x30].map(|tag| vec![tag, 0]));
                words.insert(vec![0xff, 0xff, 0xff, 0xff, 0x0f]);
                words.insert([&[0xff; 9][..], &[1]].concat());
                words.insert(vec![0x80, 0]);
            }
            "bundle" | "payload" | "adapter_answer" | "saved_state" | "vector_file" | "request"
            | "http_request" | "transcript" | "statement" => {
                for bytes in of_target.values() {
                    let text = String::from_utf8_lossy(bytes);
                    let strings = text.split('"').skip(1).step_by(2);
                    let word = |word: &&str| {
                        (2..24).contains(&word.len())
                            && word.bytes().all(|b| b.is_ascii_alphabetic())
                    };
                    words.extend(
                        strings
                            .filter(word)
                            .map(|word| format!("\"{word}\"").into_bytes()),
                    );
                }
                if *target == "payload" {
                    // What other forms of time have.
                    words.extend(["+00:00", ".0Z", ":60Z"].map(|w| w.as_bytes().to_vec()));
                }
                words.extend([
                    b"null".to_vec(),
                    b"1e308".to_vec(),
                    b"-0".to_vec(),
                    b"\\u0000".to_vec(),
                ]);
            }
            "scenario_script" => {
                for bytes in of_target.values() {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    words.extend(text.lines().map(|line| format!("{line}\n").into_bytes()));
                }
                words.extend(
                    [
                        "Background:",
                        "Scenario Outline:",
                        "Examples:",
                        "<a>",
                        "|",
                        "\"\"\"",
                    ]
                    .map(|w| w.as_bytes().to_vec()),
                );
            }
            _ => continue,
        }
        let line = |word: &Vec<u8>| {
            let escaped: String = word.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{escaped}\"\n")
        };
        fs::write(
            folder.join(format!("{target}.dict")),
            words.iter().map(line).collect::<String>(),
        )?;
    }
    Ok(())
}

fn unhex(value: &Value) -> Option<Vec<u8>> {
    let text = value.as_str()?;
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// Every tenth of the vectors that are refused, and each that is not.
fn messages_and_payloads(seeds: &mut Seeds) {
    let cases = Cases::load(None, None);
    for case in cases.iter() {
        let Case::Vector(vector) = case else { continue };
        let Body::Call(call) = &vector.body else {
            continue;
        };
        if call.error.is_some() && vector.tc_id % 4 != 0 {
            continue;
        }
        let name = vector.name().replace('/', "-");
        let given = |field: &str| unhex(&call.params[field]);
        let made = |field: &str| unhex(&call.expected.as_ref()?[field]);
        match call.method {
            "wire.decode_ratchet"
            | "wire.decode_prekey"
            | "wire.encode_ratchet"
            | "wire.encode_prekey" => {
                let target = if call.method.ends_with("ratchet") {
                    "wire_ratchet"
                } else {
                    "wire_prekey"
                };
                if let Some(bytes) = given("message").or_else(|| made("message")) {
                    if name.starts_with("signal-v3") {
                        let is_prekey = target == "wire_prekey";
                        let kind = if is_prekey {
                            PRE_KEY_MESSAGE
                        } else {
                            RATCHET_MESSAGE
                        };
                        let input = [vec![kind], bytes.clone()].concat();
                        seeds.add("differential_signal_v3", &name, input);
                    }
                    seeds.add(target, &name, bytes.clone());
                    seeds.add("differential_wire", &name, bytes);
                }
            }
            "x3dh.initiate" => {
                let bundle = call.params["bundle"].to_string();
                seeds.add("bundle", &name, bundle.into_bytes());
            }
            "invitation.parse" => {
                if let Some(link) = call.params["link"].as_str() {
                    seeds.add("link", &name, link.as_bytes().to_vec());
                }
            }
            "payload.decode" => {
                if let Some(mut text) = given("plaintext") {
                    while text.last() == Some(&0) {
                        text.pop();
                    }
                    text.pop();
                    seeds.add("payload", &name, text);
                }
            }
            _ => {}
        }
    }
}

/// The bundles' statements, each beside another that says something else; the intermediary's requests; a few transcripts.
fn statements_requests_and_transcripts(seeds: &mut Seeds) {
    let cases = Cases::load(None, None);
    let mut before = String::new();
    for case in cases.iter() {
        let vector = match case {
            Case::Vector(vector) => vector,
            Case::Scenario(scenario, _) => {
                if scenario.steps.len() <= 9 {
                    let mut run = scenario::run(scenario, scenario.suite_or(None), scenario::SEED);
                    // Without the registrations, of which each alone is as long as all the rest.
                    run.transcript.events.retain(|event| {
                        serde_json::to_string(event).is_ok_and(|line| line.len() < SHORT)
                    });
                    let name = scenario.place().replace(['/', ':'], "-");
                    let text = run.transcript.to_lines();
                    seeds.add("transcript", name, text.into_bytes());
                }
                continue;
            }
        };
        let name = vector.name().replace('/', "-");
        match &vector.body {
            Body::Call(call) if call.method == "x3dh.initiate" => {
                let bundle = &call.params["bundle"];
                let key = unhex(&bundle["signedPreKey"]).unwrap_or_default();
                let said = json!([
                    bundle["userId"],
                    bundle["deviceId"],
                    bundle["registrationId"],
                    bundle["signedPreKeyId"],
                    key.get(1..),
                    bundle["created"],
                    bundle["suites"],
                ])
                .to_string();
                if vector.tc_id % 3 == 1 {
                    let two = format!("{said}\n{before}").into_bytes();
                    seeds.add("statement", &name, two);
                }
                before = said;
            }
            Body::Conversation(conversation) => {
                let requests = conversation.steps.iter().filter_map(|step| match step {
                    Action::Call(call) => call.params.get("request").map(Value::to_string),
                    _ => None,
                });
                let requests: Vec<_> = requests.collect();
                if !requests.is_empty() && vector.tc_id % 4 == 1 {
                    seeds.add("request", &name, requests.join("\n").into_bytes());
                }
            }
            Body::Call(_) => {}
        }
    }
}

/// Files with one vector each: the first of each group.
fn vector_files(seeds: &mut Seeds) {
    for source in Source::built_in() {
        let Ok(file) = serde_json::from_str::<Value>(&source.text) else {
            continue;
        };
        let Some(index) = BuiltIn::ALL
            .iter()
            .position(|file| source.name.ends_with(&file.path()))
        else {
            continue;
        };
        for (number, group) in file["testGroups"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let smallest = group["tests"].as_array().into_iter().flatten();
            let Some(test) = smallest.min_by_key(|test| test.to_string().len()) else {
                continue;
            };
            let mut one = file.clone();
            let mut group = group.clone();
            group["tests"] = json!([test]);
            one["testGroups"] = json!([group]);
            one["numberOfTests"] = 1.into();
            let flags: BTreeSet<&str> = test["flags"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            if let Some(notes) = one["notes"].as_object_mut() {
                notes.retain(|flag, _| flags.contains(flag.as_str()));
            }
            let mut bytes = vec![u8::try_from(index).expect("few families")];
            bytes.extend(one.to_string().into_bytes());
            seeds.add(
                "vector_file",
                format!("{}-{number}", BuiltIn::ALL[index].family),
                bytes,
            );
        }
    }
}

/// Each scenario that is short, as a script of its own.
fn scripts(seeds: &mut Seeds) {
    let cases = Cases::load(None, None);
    for case in cases.iter() {
        let Case::Scenario(scenario, _) = case else {
            continue;
        };
        if scenario.steps.len() > 9 {
            continue;
        }
        let mut text = "Feature: F\n  Why.\n".to_owned();
        for requirement in scenario.requirements.iter().take(1) {
            text.push_str(&format!("  @{requirement}\n"));
        }
        text.push_str("  Scenario: S\n");
        for step in &scenario.steps {
            text.push_str(&format!("    * {}\n", step.text));
        }
        let name = scenario.place().replace(['/', ':'], "-");
        seeds.add("scenario_script", name, text.into_bytes());
    }
}

/// The reference engine, whose answers and states are kept.
#[derive(Default)]
struct Recorder {
    engine: Reference,
    lines: Vec<String>,
    wallets: Vec<String>,
}

impl Subject for Recorder {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        if method == "wallet.create" {
            self.wallets
                .extend(params["handle"].as_str().map(str::to_owned));
        }
        let result = self.engine.call(method, params);
        self.lines.push(match &result {
            Ok(value) => json!({ "jsonrpc": "2.0", "id": 1, "result": value }).to_string(),
            Err(Failure::Rejected { error, .. }) => {
                json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 1, "message": "", "data": { "error": error } } }).to_string()
            }
            Err(_) => json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32601, "message": "" } }).to_string(),
        });
        result
    }
}

impl Recorder {
    /// A saved state, as the target reads it.
    fn state(&mut self, which: u8, method: &str, handle: &str) -> Option<Vec<u8>> {
        let saved = self.engine.call(method, json!({ "handle": handle })).ok()?;
        let mut bytes = vec![which];
        bytes.extend(unhex(&saved["state"])?);
        Some(bytes)
    }
}

fn answers_and_states(seeds: &mut Seeds) {
    let cases = Cases::load(None, None);
    for case in cases.iter() {
        let mut recorder = Recorder::default();
        let name = case.name().replace(['/', ':'], "-");
        if matches!(case, Case::Scenario(scenario, _) if scenario.steps.len() >= 8) {
            continue;
        }
        run::ask(&mut recorder, &case, run::Terms::STRICT);
        let asked = tigress_fuzz::targets::ASKED_OF_ADAPTERS.iter();
        for (which, _) in asked.enumerate().filter(|(_, asked)| case.is_called(asked)) {
            let mut bytes = vec![u8::try_from(which).expect("few")];
            bytes.extend(recorder.lines.join("\n").into_bytes());
            seeds.add("adapter_answer", &name, bytes);
        }
        let family = case.group();
        let sampled = match &case {
            Case::Vector(vector) => vector.tc_id % 12 == 1,
            Case::Scenario(scenario, _) => scenario.line % 4 == 0,
        };
        if !sampled {
            continue;
        }
        let state = match family.strip_prefix("tigress-1/").unwrap_or(&family) {
            "ratchet_session" | "sesame" | "x3dh_respond" => {
                recorder.state(0, "device.save", "subject")
            }
            "transfer_sender" | "transfer_receiver" => {
                recorder.state(2, "transfers.save", "subject")
            }
            "intermediary" => recorder.state(4, "intermediary.save", "subject"),
            _ => recorder
                .wallets
                .pop()
                .and_then(|handle| recorder.state(3, "wallet.save", &handle)),
        };
        if let Some(state) = state {
            seeds.add("saved_state", &name, state);
        }
    }
}

/// Scripts that lead where the profile has a rule.
fn structured(seeds: &mut Seeds) {
    use Side::{Alice, Bob};
    use differential::{Jump, Previous, Side, Step};
    let both = |one: Side, other: Side| vec![Step::Send(one, 3), Step::DeliverNext(other)];
    let talk = [both(Alice, Bob), both(Bob, Alice), both(Alice, Bob)].concat();
    let lies = |jump, previous| {
        [
            talk.clone(),
            vec![Step::Lie(Bob, jump, previous), Step::DeliverNext(Alice)],
        ]
        .concat()
    };
    let script: Vec<(&str, Vec<Step>)> = vec![
        ("conversation", talk.clone()),
        (
            "reversed",
            vec![
                Step::Send(Alice, 1),
                Step::Send(Alice, 2),
                Step::Send(Alice, 3),
                Step::Deliver(Bob, 2),
                Step::Deliver(Bob, 1),
                Step::Deliver(Bob, 0),
                Step::Deliver(Bob, 0),
            ],
        ),
        (
            "late",
            [
                vec![
                    Step::Send(Alice, 1),
                    Step::Send(Alice, 2),
                    Step::Deliver(Bob, 1),
                ],
                both(Bob, Alice),
                vec![
                    Step::Send(Alice, 4),
                    Step::Deliver(Bob, 2),
                    Step::Deliver(Bob, 0),
                ],
            ]
            .concat(),
        ),
        ("most", lies(Jump::Most, Previous::True)),
        ("too-far", lies(Jump::TooFar, Previous::True)),
        ("previous", lies(Jump::By(0), Previous::More(3))),
        ("previous-most", lies(Jump::By(0), Previous::Most)),
        ("previous-all", lies(Jump::By(0), Previous::All)),
        (
            "restart",
            [
                talk.clone(),
                vec![Step::Restart(Alice), Step::Restart(Bob)],
                both(Alice, Bob),
            ]
            .concat(),
        ),
        (
            "damage",
            [
                talk.clone(),
                vec![
                    Step::Send(Alice, 9),
                    Step::Damage(Bob, 2, 40, 1),
                    Step::Deliver(Bob, 2),
                ],
            ]
            .concat(),
        ),
        (
            "five-chains",
            [
                vec![Step::Send(Alice, 1)],
                vec![Step::Send(Alice, 2), Step::Deliver(Bob, 1)],
                both(Bob, Alice),
                vec![Step::Send(Alice, 2), Step::Deliver(Bob, 2)],
                both(Bob, Alice),
                vec![Step::Send(Alice, 2), Step::Deliver(Bob, 3)],
                both(Bob, Alice),
                vec![Step::Send(Alice, 2), Step::Deliver(Bob, 4)],
                both(Bob, Alice),
                vec![Step::Send(Alice, 2), Step::Deliver(Bob, 5)],
                both(Bob, Alice),
                vec![
                    Step::Send(Alice, 2),
                    Step::Deliver(Bob, 6),
                    Step::Deliver(Bob, 0),
                ],
            ]
            .concat(),
        ),
    ];
    for (name, steps) in script {
        seeds.add(
            "differential_ratchet",
            name,
            differential::Script { steps }.encoded(),
        );
    }
    for (name, script) in signal_v3::scripts() {
        seeds.add("differential_signal_v3", name, script);
    }
    session_scripts(seeds);
    store_scripts(seeds);
    wallet_scripts(seeds);
    for message in [0_u8, 4, 7, 10, 14] {
        let edits = vec![
            vec![],
            vec![session_decrypt::Edit::Turn(40, 1)],
            vec![session_decrypt::Edit::Counter(2)],
            vec![
                session_decrypt::Edit::Previous(7),
                session_decrypt::Edit::Key(1),
            ],
            vec![session_decrypt::Edit::Ciphertext(3, 0x80)],
        ];
        for (number, edits) in edits.into_iter().enumerate() {
            let damage = session_decrypt::Damage {
                message,
                other_kind: false,
                edits,
            };
            seeds.add(
                "session_decrypt",
                format!("{message}-{number}"),
                damage.encoded(),
            );
        }
    }
    let made = x3dh_respond::Made {
        one_time: Some(1),
        signed: 1,
        ephemeral: 0,
        identity: true,
        registration_id: 9,
        damage: None,
    };
    let other = x3dh_respond::Made {
        ephemeral: 1,
        ..made
    };
    for (name, messages) in [
        ("one", vec![made]),
        ("twice", vec![made, made]),
        ("one-time-again", vec![made, other]),
        (
            "no-one-time",
            vec![
                x3dh_respond::Made {
                    one_time: None,
                    ..made
                },
                x3dh_respond::Made {
                    one_time: None,
                    ..other
                },
            ],
        ),
        (
            "damaged",
            vec![
                x3dh_respond::Made {
                    damage: Some((60, 1)),
                    ..made
                },
                made,
            ],
        ),
        (
            "unknown",
            vec![
                x3dh_respond::Made { signed: 2, ..made },
                x3dh_respond::Made {
                    one_time: Some(9),
                    ..made
                },
            ],
        ),
        (
            "registration",
            vec![x3dh_respond::Made {
                registration_id: 0,
                ..made
            }],
        ),
    ] {
        let messages = messages
            .into_iter()
            .map(x3dh_respond::Message::Made)
            .collect();
        seeds.add(
            "x3dh_respond",
            name,
            x3dh_respond::Messages { messages }.encoded(),
        );
    }
    // Three sessions, of which two are kept; and the messages once more.
    let without = [0, 1, 2].map(|ephemeral| {
        x3dh_respond::Message::Made(x3dh_respond::Made {
            one_time: None,
            ephemeral,
            ..made
        })
    });
    let again = [
        x3dh_respond::Message::Again(2),
        x3dh_respond::Message::Restart,
        x3dh_respond::Message::Again(1),
    ];
    let messages = without.into_iter().chain(again).collect();
    seeds.add(
        "x3dh_respond",
        "again",
        x3dh_respond::Messages { messages }.encoded(),
    );
}

fn session_scripts(seeds: &mut Seeds) {
    use Side::{Alice, Bob};
    use session_script::{Side, Step};
    let both = |one: Side, other: Side| vec![Step::Send(one, 3), Step::Deliver(other)];
    for (name, steps) in [
        (
            "conversation",
            [both(Alice, Bob), both(Bob, Alice), both(Alice, Bob)].concat(),
        ),
        (
            "reordered",
            vec![
                Step::Send(Alice, 1),
                Step::Send(Alice, 2),
                Step::Send(Alice, 3),
                Step::Reorder(Bob, 2),
                Step::Reorder(Bob, 1),
                Step::Deliver(Bob),
            ],
        ),
        (
            "lost",
            [
                vec![Step::Send(Alice, 1), Step::Drop(Bob)],
                both(Alice, Bob),
                both(Bob, Alice),
            ]
            .concat(),
        ),
        (
            "repeated",
            [
                both(Alice, Bob),
                vec![Step::Repeat(Bob, 0)],
                both(Bob, Alice),
                vec![Step::Repeat(Alice, 0), Step::Repeat(Bob, 0)],
            ]
            .concat(),
        ),
        (
            "damaged",
            vec![
                Step::Send(Alice, 1),
                Step::Damage(Bob, 90, 4),
                Step::Deliver(Bob),
                Step::Send(Bob, 7),
                Step::Damage(Alice, 20, 1),
                Step::Deliver(Alice),
            ],
        ),
        (
            "restored",
            [
                both(Alice, Bob),
                vec![Step::Restore(Alice), Step::Restore(Bob)],
                both(Bob, Alice),
                vec![Step::Restore(Alice)],
                both(Alice, Bob),
            ]
            .concat(),
        ),
        (
            "late",
            [
                vec![
                    Step::Send(Alice, 1),
                    Step::Send(Alice, 2),
                    Step::Reorder(Bob, 1),
                ],
                both(Bob, Alice),
                vec![Step::Send(Alice, 2), Step::Reorder(Bob, 1)],
                both(Bob, Alice),
                vec![Step::Deliver(Bob)],
            ]
            .concat(),
        ),
    ] {
        seeds.add(
            "session_script",
            name,
            session_script::Script { steps }.encoded(),
        );
    }
}

fn store_scripts(seeds: &mut Seeds) {
    use store::Step;
    let submit = |to| Step::Submit(0, to, 0, 600);
    for (name, steps) in [
        (
            "mailbox",
            vec![
                submit(2),
                submit(2),
                Step::Read(2, 1),
                Step::Acknowledge(2, vec![1]),
                Step::Acknowledge(2, vec![1, 2]),
                submit(2),
                Step::Wait(600),
                Step::Read(2, 3),
            ],
        ),
        (
            "full",
            vec![
                Step::PublishAccessKey(2, 1, 600),
                Step::PublishAccessKey(2, 2, 600),
                submit(2),
                submit(2),
                submit(2),
                submit(2),
                Step::Submit(1, 2, 1, 600),
                Step::Submit(1, 2, 1, 600),
                Step::WithdrawAccessKey(2, 1),
                Step::Submit(1, 2, 1, 600),
            ],
        ),
        (
            "prekeys",
            vec![
                Step::Fetch(0, 2, Some(0)),
                Step::Fetch(1, 2, Some(0)),
                Step::Fetch(1, 2, Some(0)),
                Step::PublishOneTimePreKeys(2, 3, 3),
                Step::PublishOneTimePreKeys(2, 6, 3),
                Step::Count(2),
                Step::Fetch(1, 2, None),
                Step::Wait(4_000),
                Step::Count(2),
                Step::PublishSignedPreKey(2),
            ],
        ),
        (
            "groups",
            vec![
                Step::Begin,
                submit(2),
                Step::Fetch(0, 2, Some(0)),
                Step::End,
                Step::Begin,
                Step::Acknowledge(2, vec![1]),
                Step::Remove(0, 1),
                Step::Abort,
                Step::Read(2, 3),
                Step::Begin,
                submit(1),
                Step::Begin,
                submit(0),
                Step::End,
            ],
        ),
        (
            "again",
            vec![
                submit(2),
                Step::Repeat(6),
                Step::Register(2, true),
                Step::Repeat(0),
                Step::Wait(3_600),
                Step::Repeat(6),
                Step::Tick,
                Step::Remove(2, 2),
                Step::Register(2, false),
                submit(2),
                submit(2),
                submit(2),
                submit(2),
                Step::Repeat(6),
            ],
        ),
    ] {
        seeds.add("store", name, store::Script { steps }.encoded());
    }
}

fn wallet_scripts(seeds: &mut Seeds) {
    use wallet_script::{Device, Fate, Name, Request, Step};
    let deal = |name, to| vec![Step::Offers(false, name, to), Step::Accepts(false, name)];
    for (name, steps) in [
        ("car-key", deal(Name::TheCar, false)),
        ("hotel-key", deal(Name::TheRoom, false)),
        (
            "both-accept",
            [
                deal(Name::TheCar, false),
                vec![Step::Accepts(true, Name::TheCar)],
            ]
            .concat(),
        ),
        (
            "cancelled",
            vec![
                Step::Offers(true, Name::TheVan, true),
                Step::Cancels(Device::BensWatch, Name::TheVan),
                Step::Accepts(true, Name::TheVan),
            ],
        ),
        (
            "declined",
            vec![
                Step::Offers(true, Name::TheRoom, true),
                Step::Declines(true, Name::TheRoom),
            ],
        ),
        (
            "expired",
            vec![
                Step::Offers(false, Name::TheCar, false),
                Step::Day,
                Step::Day,
                Step::Accepts(false, Name::TheCar),
            ],
        ),
        (
            "lost",
            [
                vec![Step::Network(
                    Device::BensPhone,
                    Request::Submission,
                    Fate::AnswerLost,
                )],
                deal(Name::TheCar, false),
                vec![Step::Minute],
            ]
            .concat(),
        ),
        (
            "held-back",
            [vec![
                Step::Offers(false, Name::TheCar, false),
                Step::Network(Device::RyansPhone, Request::Submission, Fate::HeldBack),
                Step::Accepts(false, Name::TheCar),
                Step::Accepts(true, Name::TheCar),
                Step::Arrives,
            ]]
            .concat(),
        ),
        (
            "replayed",
            [
                deal(Name::TheRoom, false),
                vec![
                    Step::Replayed(Device::RyansPhone),
                    Step::AllRestart,
                    Step::Replayed(Device::BensPhone),
                ],
            ]
            .concat(),
        ),
        (
            "withheld",
            [
                vec![Step::Withheld(Device::RyansPhone)],
                deal(Name::TheCar, false),
                vec![
                    Step::Offline(Device::BensPhone),
                    Step::WithholdsNothing,
                    Step::Accepts(false, Name::TheCar),
                    Step::Restart(Device::BensPhone),
                    Step::Online(Device::BensPhone),
                ],
            ]
            .concat(),
        ),
        (
            "damaged",
            [
                vec![Step::Damaged(Device::BensPhone)],
                deal(Name::TheVan, true),
                vec![Step::Reverses, Step::Accepts(true, Name::TheVan)],
            ]
            .concat(),
        ),
    ] {
        seeds.add(
            "wallet_script",
            name,
            wallet_script::Script { steps }.encoded(),
        );
    }
}
