//! The list of flaws, and the samples that are taken of it (feature `flaws`). `tigress flaws` runs them.

#[path = "common/in_process.rs"]
#[allow(dead_code, reason = "others have a use for all of it")]
mod in_process;
#[path = "common/sample.rs"]
#[allow(dead_code, reason = "others have a use for all of it")]
mod sample_of_tests;

use in_process::InProcess;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::flaws::{Flaw, all, catches, sample, under, without};
use tigress_signal::conformance::run::{Outcome, Terms, ask};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::run;
use tigress_signal::conformance::served::races::RACES;
use tigress_signal::conformance::served::{Http, Reply, Server, Wire, WireError};
use tigress_signal::conformance::symptoms::{self, Key, Symptoms};
use tigress_signal::intermediary::{Intermediary, MemoryStore, SavedIntermediary};
use tigress_signal::model::flaws::{How, attacks, hunt};
use tigress_signal::model::{Limits, MODELS};
use tigress_signal::serve::{Client, Clock, Server as HttpServer, Settings};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tokio::sync::oneshot;

/// The engine's sources: not those of the harness, nor of the macros themselves.
fn read_sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("src/conformance") {
            read_sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("requirement.rs")
        {
            text.push_str(&fs::read_to_string(path).expect("a source"));
        }
    }
}

/// The names that stand in the engine are those of the list.
#[test]
fn every_flaw_has_its_place_in_the_engine() {
    let mut text = String::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_sources(&source, &mut text);
    // The last one is how the macros of src/identifier.rs name theirs.
    let pattern = r#"(?:\brequire!\(|flawed!\(|is_on\(|Id, "[^"]+",)\s*"([^"]+)""#;
    let pattern = regex::Regex::new(pattern).expect("an expression");
    let named: BTreeSet<&str> = pattern
        .captures_iter(&text)
        .filter_map(|found| Some(found.get(1)?.as_str()))
        .collect();
    let listed: BTreeSet<&str> = all().map(|flaw| flaw.name).collect();
    assert_eq!(named, listed);
}

#[test]
fn every_requirement_has_a_flaw_or_a_reason() {
    let broken = all().map(|flaw| flaw.requirement());
    let mut named: Vec<&str> = broken.collect();
    named.dedup();
    named.extend(without().map(|(id, _)| id));
    named.sort_unstable();
    let mut ids: Vec<&str> = Catalogue::get().requirements.iter().map(|r| r.id).collect();
    ids.sort_unstable();
    assert_eq!(named, ids);
}

/// The dictionary of faults has a row for each flaw, and knows few cases that are no more. Of a sample, each flaw fails what stands in
/// its row.
#[test]
fn the_dictionary_says_what_each_flaw_fails() {
    let rows: BTreeSet<&str> = symptoms::all().iter().map(|row| row.flaw).collect();
    let listed: BTreeSet<&str> = all().map(|flaw| flaw.name).collect();
    assert_eq!(
        rows, listed,
        "`tigress flaws --thorough --symptoms` writes them"
    );

    let cases = Cases::load(None, None);
    let known: BTreeMap<Key, Case> = cases
        .iter()
        .map(|case| (Key::of_case(&case), case))
        .collect();
    let keys: BTreeSet<Key> = symptoms::all()
        .iter()
        .flat_map(|it| it.cases.clone())
        .collect();
    let gone = keys.iter().filter(|key| !known.contains_key(key)).count();
    assert!(
        gone * 20 < keys.len(),
        "{gone} of {} are no more",
        keys.len()
    );

    let seed = sample_of_tests::seed().unwrap_or_default();
    let small = |row: &&Symptoms| row.cases.len() < 8;
    let place = |(place, _): &(u64, _)| (place + seed).is_multiple_of(37);
    let sample = (0..)
        .zip(symptoms::all().iter().filter(small))
        .filter(place);
    for (_, row) in sample {
        let flaw = all().find(|flaw| flaw.name == row.flaw).expect("listed");
        let cases = row.cases.iter().filter_map(|key| known.get(key));
        let passed: Vec<String> = cases
            .filter(|case| !catches(case, flaw))
            .map(Case::name)
            .collect();
        assert_eq!(passed, [""; 0], "{}", row.flaw);
    }
}

#[test]
fn a_seed_has_its_sample_and_each_flaw_is_in_some() {
    let names = |flaws: Vec<Flaw>| -> Vec<&str> { flaws.iter().map(|f| f.name).collect() };
    let flaws: Vec<Flaw> = all().collect();
    let of = |seed| names(sample(flaws.clone(), 60, seed));
    assert_eq!(of(7), of(7));
    let mut taken = BTreeSet::new();
    for seed in 0..200 {
        let sample = of(seed);
        assert_eq!(sample.len(), 60);
        assert!(sample.is_sorted_by_key(|name| flaws.iter().position(|f| f.name == *name)));
        taken.extend(sample);
    }
    assert!(
        taken
            .into_iter()
            .eq(BTreeSet::from_iter(names(flaws.clone())))
    );
    let whole = sample(flaws.clone(), usize::MAX, 7);
    assert_eq!(names(whole), names(flaws));
}

/// docs/threats.md names a flaw for each of its attacks: with it a scenario of that number does not succeed.
#[test]
fn each_attack_comes_back_with_its_flaw() {
    let page = include_str!("../docs/threats.md");
    let scripts = Library::load(None).scripts;
    let scenarios = || scripts.iter().flat_map(|script| &script.scenarios);
    let mut attacks = 0;
    let mut missed = Vec::new();
    for row in page.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, number, _, _, flaw, ..] = cells.as_slice() else {
            continue;
        };
        if number.parse::<u32>().is_err() {
            continue;
        }
        let name = flaw.trim_matches('`');
        let flaw = all().find(|flaw| flaw.name == name).expect(name);
        let beginning = format!("Attack {number}, ");
        let mut own = scenarios().filter(|scenario| scenario.name.starts_with(&beginning));
        let comes_back = own.any(|scenario| {
            let suite = scenario.suite_or(None);
            under(flaw.name, || run(scenario, suite, "1"))
                .failure
                .is_some()
        });
        if !comes_back {
            missed.push(format!("{number}: {name}"));
        }
        attacks += 1;
    }
    assert_eq!(attacks, 16);
    assert!(missed.is_empty(), "{missed:?}");
}

/// Attacks that no bounded model reaches: the addition of a point of small order is no step of one.
const OUT_OF_REACH: &[u32] = &[6];

/// Attacks that take larger rungs, and optimised builds some ten seconds: `.ci/nightly` holds them, and docs/model.md shows them.
const LARGER: &[u32] = &[4, 7, 8, 9, 11, 13, 15];

/// With the flaw of an attack switched on, a model prints a scenario that fails with it and succeeds without it.
#[test]
fn the_models_bring_each_attack_back() {
    let limits = Limits {
        states: Some(100_000),
        memory: 12 << 30,
        ..Limits::default()
    };
    let mut names = BTreeSet::new();
    let mut missed = Vec::new();
    for (number, name) in attacks() {
        if OUT_OF_REACH.contains(&number) || LARGER.contains(&number) || !names.insert(name) {
            continue;
        }
        let flaw = all().find(|flaw| flaw.name == name).expect(name);
        let hunted = hunt(MODELS, flaw, &limits, 1);
        match hunted.how {
            How::Broken { is_confirmed, .. } if is_confirmed => {}
            how => missed.push(format!("{number}, {name}: {:?}, {how:?}", hunted.by)),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Flaws of section 7 that no server shows, each with the reason (docs/operators.md).
const UNSEEN: &[(&str, &str)] = &[
    ("MBX-04 every hour", OF_WALLETS),
    ("MBX-04 every other day", OF_WALLETS),
    ("MBX-04 from then on", OF_WALLETS),
    ("MBX-04 nine", OF_WALLETS),
    ("MBX-04 nineteen more", OF_WALLETS),
    ("MBX-04 once", OF_WALLETS),
    ("MBX-04 ten", OF_WALLETS),
    ("MBX-04 twenty-one more", OF_WALLETS),
    ("MBX-14 in clear", OF_WALLETS),
];
const OF_WALLETS: &str = "it is a wallet's";

/// Those that HTTP has no place for.
const UNSENDABLE: &[(&str, &str)] = &[("MBX-13 empty id", "no header is empty")];

/// Whether a server with a flaw fails a vector of the family, a race, or a scenario that speaks of section 7: those that carry the
/// flaw's requirement are asked first.
fn is_caught(flaw: Flaw, wire: &dyn Wire, cases: &Cases) -> bool {
    let another = || wire.another().expect("another connection");
    let mut server = Server::new(another(), "with a flaw", "a seed");
    let is_carried = |case: &Case| {
        case.requirements()
            .iter()
            .any(|id| id == flaw.requirement())
    };
    let is_of_servers = |case: &Case| match case {
        Case::Vector(vector) => vector.family == "intermediary",
        Case::Scenario(..) => is_carried(case),
    };
    let of_servers: Vec<Case> = cases.iter().filter(is_of_servers).collect();
    let mut in_order = of_servers.iter().filter(|case| is_carried(case));
    let mut rest = of_servers.iter().filter(|case| !is_carried(case));
    let mut fails = |case: &Case| {
        let outcome = catch_unwind(AssertUnwindSafe(|| ask(&mut server, case, Terms::STRICT)));
        outcome.is_err() || matches!(outcome, Ok(Outcome::Failed(_)))
    };
    in_order.any(&mut fails)
        || RACES
            .iter()
            .any(|race| race.run(&mut *another(), "races").is_err())
        || rest.any(&mut fails)
}

/// So many flaws of section 7, and all of them where everything is tried.
fn of_section_7(many: usize) -> Vec<Flaw> {
    let flaws = all().filter(|flaw| flaw.name.starts_with("MBX-")).collect();
    match sample_of_tests::seed() {
        Some(seed) => sample(flaws, many, seed),
        None => flaws,
    }
}

/// Those that are caught although nobody could, or are not.
fn wrong(
    many: usize,
    unseen: &[&[(&str, &str)]],
    wire: impl Fn(Flaw) -> Box<dyn Wire>,
) -> Vec<&'static str> {
    let cases = Cases::load(None, None);
    let flaws = of_section_7(many).into_iter();
    let wrong = flaws.filter(|flaw| {
        let is_seen = unseen
            .iter()
            .copied()
            .flatten()
            .all(|(name, _)| *name != flaw.name);
        is_caught(*flaw, &*wire(*flaw), &cases) != is_seen
    });
    wrong.map(|flaw| flaw.name).collect()
}

#[test]
fn the_flaws_of_section_7_are_caught_in_a_server() {
    let within = |flaw: Flaw| Arc::new(move |run: &mut dyn FnMut()| under(flaw.name, run));
    let wrong = wrong(5, &[UNSEEN], |flaw| {
        Box::new(InProcess::within(true, within(flaw)))
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A served intermediary with a flaw.
struct Running {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    thread: JoinHandle<Intermediary<MemoryStore>>,
}

/// Serves what `machine` makes, with the flaw, until it is told to end.
fn served(
    flaw: &'static str,
    listen: SocketAddr,
    clock: Clock,
    machine: impl FnOnce() -> Intermediary<MemoryStore> + Send + 'static,
) -> Running {
    let (end, ends) = oneshot::channel();
    let (tell, told) = channel();
    let serve = move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let settings = Settings {
                clock,
                admin_token: Some(ADMIN.to_owned()),
                ..Settings::default()
            };
            let server = HttpServer::bind(listen, machine(), settings).await;
            let server = server.expect("a free port");
            tell.send(server.address().expect("it has one"))
                .expect("somebody waits");
            let end = async {
                let _ = ends.await;
            };
            server.run(end).await.expect("it ends well")
        })
    };
    let thread = std::thread::spawn(move || under(flaw, serve));
    Running {
        address: told.recv().expect("it starts"),
        end,
        thread,
    }
}

const ADMIN: &str = "the-operators-token";

/// One that is restarted: ended, saved, restored and served again at its address.
#[derive(Clone)]
struct Restartable {
    flaw: &'static str,
    clock: Clock,
    http: Http,
    running: Arc<Mutex<Option<Running>>>,
}

impl Restartable {
    fn new(flaw: &'static str) -> Self {
        let clock = Clock::standing();
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let machine = || Intermediary::new(&Tigress1, MemoryStore::default());
        let running = served(flaw, anywhere, clock.clone(), machine);
        let client = Client::new(&format!("http://{}", running.address), None, false);
        let client = client.expect("a URL").with_admin_token(ADMIN);
        Restartable {
            flaw,
            clock,
            http: Http::new(client, true, None).expect("it answers"),
            running: Arc::new(Mutex::new(Some(running))),
        }
    }
}

impl Wire for Restartable {
    fn ask(&mut self, request: &Value) -> Result<Reply, WireError> {
        self.http.ask(request)
    }

    fn ask_all(&mut self, requests: &[Value]) -> Vec<Result<Reply, WireError>> {
        self.http.ask_all(requests)
    }

    fn clock(&mut self) -> Result<Timestamp, WireError> {
        self.http.clock()
    }

    fn has_test_clock(&self) -> bool {
        true
    }

    fn advance(&mut self, to: Timestamp) -> Result<(), WireError> {
        self.http.advance(to)
    }

    fn restart(&mut self) -> Result<(), WireError> {
        let mut running = self.running.lock().expect("nobody panics");
        let Running {
            address,
            end,
            thread,
        } = running.take().expect("it runs");
        drop(end);
        let machine = thread.join().expect("it ends well");
        let restored = move || {
            let saved = SavedIntermediary::from_json(&machine.save().to_json()).expect("saved");
            Intermediary::try_from(saved).expect("restored")
        };
        *running = Some(served(self.flaw, address, self.clock.clone(), restored));
        Ok(())
    }

    fn another(&self) -> Result<Box<dyn Wire>, WireError> {
        Ok(Box::new(self.clone()))
    }
}

#[test]
fn the_flaws_of_section_7_are_caught_over_http() {
    let wrong = wrong(3, &[UNSEEN, UNSENDABLE], |flaw| {
        Box::new(Restartable::new(flaw.name))
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}
