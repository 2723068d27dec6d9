//! Wallets whose sessions somebody else keeps, through the role `device` of the adapter protocol.

use crate::adapter;
use crate::common;

use adapter::{TIGRESS, text, tigress};
use common::{Seeded, device_of};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fs;
use std::sync::{Arc, Mutex};
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::{Keepers, Reference};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::{Cast, SEED, Scenario, run, run_with};
use tigress_signal::conformance::sessions::SubjectSessions;
use tigress_signal::conformance::subject::{Description, Failure, Subject};
use tigress_signal::hex::Hex;
use tigress_signal::identifier::Address;
use tigress_signal::primitives::Randomness;
use tigress_signal::sesame::{Device, Limits, SesameError, SessionLibrary};
use tigress_signal::suite::{SignalV3, Tigress1};
use tigress_signal::wire::{Message, MessageKind};

/// The scenarios that are played with libraries, and those in which somebody writes what no wallet would.
fn scenarios() -> Vec<Scenario> {
    let library = Library::load(None);
    assert!(library.errors.is_empty(), "{:?}", library.errors);
    let all = library.scripts.into_iter().flat_map(|it| it.scenarios);
    let is_one = |it: &Scenario| it.with_libraries || it.theme() == "peers";
    all.filter(|it| it.runs_in(Some(&SignalV3)) && is_one(it))
        .collect()
}

fn sessions(subject: impl Subject + 'static) -> Arc<dyn SessionLibrary> {
    let sessions = SubjectSessions::new(Box::new(subject), &SignalV3);
    Arc::new(sessions.expect("a device of signal-v3"))
}

/// The engine's own sessions, kept for it through the protocol, make no difference: no byte of a transcript is another.
#[test]
fn the_engines_own_sessions_behave_as_if_nobody_stood_between() {
    let keeper = sessions(Reference::default());
    let (mut played, mut others) = (0, Vec::new());
    for scenario in scenarios() {
        let alone = run(&scenario, &SignalV3, SEED);
        let cast = Cast {
            keepers: Keepers::all(Arc::clone(&keeper)),
            ..Cast::default()
        };
        let kept = run_with(&scenario, &SignalV3, SEED, cast);
        if kept.transcript.to_lines() != alone.transcript.to_lines() {
            let why = kept.failure.map(|it| format!("{}: {}", it.line, it.reason));
            others.push(format!("{}: {why:?}", scenario.place()));
        }
        played += 1;
    }
    assert!(others.is_empty(), "{others:#?}");
    assert!(played > 40, "{played}");
}

/// What goes wrong once.
#[derive(Clone, Debug)]
enum Wrong {
    Fails(Failure),
    Says(Value),
}

/// The reference engine, which goes wrong where it is asked for a method, once.
struct Faulty {
    engine: Reference,
    next: Arc<Mutex<Option<(&'static str, Wrong)>>>,
}

impl Subject for Faulty {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let mut next = self.next.lock().expect("nobody panics");
        match next.take_if(|(at, _)| *at == method) {
            Some((_, Wrong::Fails(failure))) => Err(failure),
            Some((_, Wrong::Says(value))) => Ok(value),
            None => self.engine.call(method, params),
        }
    }
}

/// Two devices, the first of which has opened a session with the second, whose sessions a library keeps: the first message.
struct Pair {
    ben: Device,
    ryan: Device,
    addresses: [Address; 2],
    first: Message,
    next: Arc<Mutex<Option<(&'static str, Wrong)>>>,
}

impl Pair {
    fn new() -> Self {
        let next = Arc::default();
        let engine = Reference::default();
        let keeper = sessions(Faulty {
            engine,
            next: Arc::clone(&next),
        });
        let (bens, ben) = device_of(&SignalV3, 1);
        let (ryans, ryan) = device_of(&SignalV3, 2);
        let mut ben = ben.with_sessions_of(Arc::clone(&keeper));
        let ryan = ryan.with_sessions_of(keeper);
        let bundle = bundle(&ryan);
        ben.process_bundle(&bundle, &mut Seeded(3)).expect("opened");
        let first = ben.encrypt(&ryans, b"first", &mut Seeded(4)).expect("sent");
        Pair {
            ben,
            ryan,
            addresses: [bens, ryans],
            first,
            next,
        }
    }

    fn read(&mut self, message: &Message) -> Result<Vec<u8>, SesameError> {
        let [bens, _] = self.addresses;
        let read = self
            .ryan
            .decrypt(&bens, message.kind, &message.bytes, &mut Seeded(5))?;
        Ok(read.plaintext.to_vec())
    }
}

fn bundle(device: &Device) -> BundleFields {
    let one_time = device.keys().one_time_pre_key_ids().next();
    BundleFields::from(&device.bundle(one_time).expect("a signed prekey"))
}

#[test]
fn what_a_library_refuses_changes_nothing() {
    let mut pair = Pair::new();
    let [bens, ryans] = pair.addresses;
    let before = pair.ryan.clone();
    let mut damaged = pair.first.clone();
    *damaged.bytes.last_mut().expect("a message") ^= 1;
    let error = pair.read(&damaged).expect_err("refused");
    assert!(error.code().is_some(), "{error}");
    assert_eq!(pair.ryan, before);
    // It is looked at before anything is kept.
    let (_, said) = pair
        .ryan
        .read_opening(&bens, &pair.first.bytes)
        .expect("read");
    assert_eq!(said.as_slice(), b"first");
    assert_eq!(pair.ryan, before);
    assert_eq!(pair.read(&pair.first.clone()).expect("read"), b"first");
    assert_ne!(pair.ryan, before);
    let after = pair.ryan.clone();
    let error = pair.read(&pair.first.clone()).expect_err("read twice");
    assert!(error.code().is_some(), "{error}");
    assert_eq!(pair.ryan, after);
    // What was saved goes on with the same library, and with no other.
    let library = pair.ryan.library().cloned();
    let (suites, limits) = (pair.ryan.suites().to_vec(), Limits::default());
    let saved = pair.ryan.save();
    let restored = saved.clone().restore_with(&suites, &limits, library);
    assert_eq!(restored.expect("restored"), after);
    let other = sessions(Renamed(Reference::default()));
    for library in [None, Some(other)] {
        let refused = saved.clone().restore_with(&suites, &limits, library);
        let why = refused.expect_err("another library's").to_string();
        assert!(why.contains("tigress reference engine"), "{why}");
    }
    // The answer, and with it the first session that both have read in.
    let answer = pair
        .ryan
        .encrypt(&bens, b"answer", &mut Seeded(6))
        .expect("sent");
    assert_eq!(answer.kind, MessageKind::Ratchet);
    let read = pair
        .ben
        .decrypt(&ryans, answer.kind, &answer.bytes, &mut Seeded(7));
    assert_eq!(read.expect("read").plaintext.as_slice(), b"answer");
}

/// The reference engine under another name.
struct Renamed(Reference);

impl Subject for Renamed {
    fn describe(&self) -> Description {
        Description {
            name: "another".to_owned(),
            ..self.0.describe()
        }
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.0.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.0.call(method, params)
    }
}

#[test]
fn a_library_that_fails_is_nobodys_fault_and_changes_nothing() {
    let wrongs = [
        Wrong::Fails(Failure::TimedOut("no answer".to_owned())),
        Wrong::Fails(Failure::NotImplemented),
        Wrong::Says(json!({})),
        Wrong::Says(json!("nonsense")),
        Wrong::Says(json!({ "state": "00".repeat((1 << 20) + 1) })),
        Wrong::Says(json!({ "kind": "ratchet", "message": "07" })),
    ];
    let reading = ["device.load", "device.decrypt", "device.save"];
    let writing = ["device.restore", "device.encrypt", "device.save"];
    for wrong in wrongs {
        for method in reading.into_iter().chain(writing) {
            // What has nothing to say cannot say something wrong.
            let silent = ["device.load", "device.restore"].contains(&method);
            let is_read =
                method == "device.save" && matches!(&wrong, Wrong::Says(it) if it["state"] == "00");
            if silent && matches!(&wrong, Wrong::Says(it) if it.is_object()) || is_read {
                continue;
            }
            let mut pair = Pair::new();
            let [_, ryans] = pair.addresses;
            let (ben, ryan) = (pair.ben.clone(), pair.ryan.clone());
            let fault = Some((method, wrong.clone()));
            let error = if reading.contains(&method) {
                *pair.next.lock().expect("nobody panics") = fault.clone();
                let error = pair.read(&pair.first.clone()).expect_err("it failed");
                assert_eq!(pair.ryan, ryan, "{fault:?}");
                error
            } else {
                *pair.next.lock().expect("nobody panics") = fault.clone();
                let error = pair.ben.encrypt(&ryans, b"second", &mut Seeded(8));
                assert_eq!(pair.ben, ben, "{fault:?}");
                error.expect_err("it failed")
            };
            assert_eq!(error.code(), None, "{fault:?}: {error}");
            let said = error.to_string();
            assert!(said.contains("tigress reference engine"), "{said}");
            // The next time it is asked anew.
            assert_eq!(pair.read(&pair.first.clone()).expect("read"), b"first");
            pair.ben
                .encrypt(&ryans, b"second", &mut Seeded(8))
                .expect("sent");
        }
    }
}

#[test]
fn who_is_no_device_of_the_suite_keeps_no_sessions() {
    struct Primitives;
    impl Subject for Primitives {
        fn describe(&self) -> Description {
            Description {
                suites: vec!["signal-v3".to_owned()],
                ..Description::default()
            }
        }
        fn reset(&mut self, _: &str) -> Result<(), Failure> {
            Ok(())
        }
        fn call(&mut self, _: &str, _: Value) -> Result<Value, Failure> {
            Err(Failure::NotImplemented)
        }
    }
    let refused = SubjectSessions::new(Box::new(Primitives), &SignalV3);
    let why = refused.expect_err("no device");
    assert_eq!(why, "it does not claim the role `device`");
    let refused = SubjectSessions::new(Box::new(Reference::default()), &Tigress1);
    let why = refused.expect_err("statements");
    assert!(why.starts_with("tigress-1 has statements"), "{why}");
}

/// Randomness of another length than a step draws: the step has not happened.
#[test]
fn a_step_with_other_randomness_than_it_draws_changes_nothing() {
    let mut engine = Reference::default();
    engine.reset("signal-v3").expect("spoken");
    let mut ask = |method: &str, params: Value| engine.call(method, params);
    let drawn = RefCell::new(Seeded(1));
    let bytes = |length: usize| {
        let mut bytes = vec![0; length];
        drawn.borrow_mut().fill(&mut bytes).expect("never ends");
        Hex(bytes)
    };
    let create = |handle: &str, user: &str| {
        json!({
            "handle": handle, "address": { "userId": user, "deviceId": 1 },
            "oneTimePreKeys": 1, "now": 1_700_000_000, "randomness": bytes(32 + 2 + 32 + 64 + 32),
        })
    };
    ask("device.create", create("ben", "Ben")).expect("made");
    let made = ask("device.create", create("ryan", "Ryan")).expect("made");
    let process =
        |length| json!({ "handle": "ben", "bundle": made["bundle"], "randomness": bytes(length) });
    let saved = |engine: &mut dyn FnMut(&str, Value) -> Result<Value, Failure>, handle: &str| {
        engine("device.save", json!({ "handle": handle })).expect("saved")
    };
    let before = saved(&mut ask, "ben");
    for length in [0, 32, 63, 65] {
        let refused = ask("device.process_bundle", process(length));
        assert!(matches!(refused, Err(Failure::Broken(_))), "{refused:?}");
        assert_eq!(saved(&mut ask, "ben"), before, "{length}");
    }
    ask("device.process_bundle", process(64)).expect("opened");
    let peer = json!({ "userId": "Ryan", "deviceId": 1 });
    let encrypt = json!({ "handle": "ben", "peer": peer, "plaintext": "68" });
    let message = ask("device.encrypt", encrypt).expect("sent");
    let decrypt = |length| {
        json!({
            "handle": "ryan", "peer": { "userId": "Ben", "deviceId": 1 },
            "kind": message["kind"], "message": message["message"], "randomness": bytes(length),
        })
    };
    let before = saved(&mut ask, "ryan");
    for length in [0, 31, 33] {
        let refused = ask("device.decrypt", decrypt(length));
        assert!(matches!(refused, Err(Failure::Broken(_))), "{refused:?}");
        assert_eq!(saved(&mut ask, "ryan"), before, "{length}");
    }
    ask("device.decrypt", decrypt(32)).expect("read");
    let tick = |length| json!({ "handle": "ryan", "now": 1_700_000_000 + 8 * 86_400, "randomness": bytes(length) });
    let before = saved(&mut ask, "ryan");
    for length in [0, 95, 97] {
        let refused = ask("device.tick", tick(length));
        assert!(matches!(refused, Err(Failure::Broken(_))), "{refused:?}");
        assert_eq!(saved(&mut ask, "ryan"), before, "{length}");
    }
    ask("device.tick", tick(96)).expect("replaced");
}

// As programs

/// `tigress adapter --sessions` is an adapter like any other.
#[test]
fn a_wallet_on_an_adapter_plays_scenarios() {
    let sessions = format!("'{TIGRESS}' adapter --sessions \"'{TIGRESS}' adapter\"");
    let output = tigress(&[
        "test",
        "--suite",
        "signal-v3",
        "--only",
        "scenarios/hotel_key/hotel_key.feature:11",
        "--adapter",
        &sessions,
    ]);
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    assert!(said.contains("1 scenario, 1 passed"), "{said}");
    let refused = tigress(&["adapter", "--sessions", "/none/such"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("/none/such"));
}

/// Whole transfers with the reference engine on either side, with one that ends in the middle, one that hangs, and one that
/// says something else.
#[test]
fn whole_transfers_are_played_whoever_keeps_the_sessions() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let argument = |name: &str| path(name).to_str().expect("UTF-8").to_owned();
    let row = |name: &str, shell: &str| {
        let shell = shell.replace("ENGINE", &format!("'{TIGRESS}' adapter"));
        json!({ "name": name, "version": "1", "command": ["sh", "-c", shell] })
    };
    let rows = json!([
        row("whole", "ENGINE"),
        row("ends", "ENGINE | sed -u 9q"),
        row("hangs", "ENGINE | { sed -u 9q; sleep 60; }"),
        row(
            "lies",
            r#"ENGINE | sed -u 's/"kind":"[a-z]*"/"kind":"carrier pigeon"/'"#
        ),
    ]);
    fs::write(path("adapters.json"), rows.to_string()).expect("written");
    let (list, page, report) = (
        argument("adapters.json"),
        argument("a.md"),
        argument("a.html"),
    );
    let transcripts = argument("transcripts");
    // Every cell of a run with these: initiator, responder, and how it went.
    let cells = |names: &[&str], timeout: &str, more: &[&str]| -> Vec<Value> {
        let fixed = [
            "interop",
            "--adapters",
            &list,
            "--transfers",
            "--only",
            "hotel_key/From phone to phone",
            "--jobs",
            "2",
            "--transcripts",
            &transcripts,
            "--format",
            "json",
            "--timeout",
            timeout,
        ];
        let output = tigress(&[&fixed[..], more, names].concat());
        let complained = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{complained}");
        let matrix: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(matrix["conversations"], json!([]));
        let cells = matrix["transfers"]["cells"].as_array().expect("cells");
        assert_eq!(cells.len(), names.len() * names.len(), "{complained}");
        cells.clone()
    };
    let pages = ["--page", &page, "--report", &report];
    let names = ["tigress", "whole", "ends", "lies"];
    // What hangs has little time; the others have as much as they need on a machine that has much to do.
    let mut all = cells(&names, "10", &pages);
    all.extend(cells(&["tigress", "hangs"], "3", &[]));
    let is_good = |label: &Value| {
        let label = label.as_str().unwrap_or_default();
        let mut good = ["tigress", "whole"].iter();
        good.any(|good| label.starts_with(good))
    };
    for cell in all {
        let good = is_good(&cell["initiator"]) && is_good(&cell["responder"]);
        assert_eq!(cell["passed"], i32::from(good), "{cell}");
        if !good {
            let failed = &cell["others"][0]["why"]["failed"];
            let got = failed["got"].as_str().unwrap_or_default();
            assert!(!got.is_empty(), "{cell}");
            let file = cell["others"][0]["transcript"].as_str().expect("written");
            assert!(path("transcripts").join(file).exists(), "{file}");
        }
    }
    let page = fs::read_to_string(page).expect("written");
    assert!(
        page.contains("## Whole transfers") && page.contains("From phone to phone"),
        "{page}"
    );
    let report = fs::read_to_string(report).expect("written");
    assert!(report.contains("<h1>Whole transfers</h1>"), "{report}");
    let unknown = [
        "interop",
        "--adapters",
        &list,
        "--transfers",
        "--only",
        "hotel_kye",
    ];
    let output = tigress(&unknown);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("hotel_kye"));
}
