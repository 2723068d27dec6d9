//! The list of flaws, and the samples that are taken of it (feature `flaws`). `tigress flaws` runs them.

#[path = "common/in_process.rs"]
mod in_process;
#[path = "common/sample.rs"]
mod sample_of_tests;

use in_process::InProcess;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::flaws::{Flaw, all, sample, under, without};
use tigress_signal::conformance::run::{Outcome, Terms, ask};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::scenario::run;
use tigress_signal::conformance::served::races::RACES;
use tigress_signal::model::flaws::{How, attacks, hunt};
use tigress_signal::model::{Limits, MODELS};

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

/// docs/threats.md names a flaw for each of its attacks: with it a scenario of that number does not come off.
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

/// With the flaw of an attack switched on, a model prints a scenario that fails with it and comes off without it.
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
    (
        "MBX-11 in all",
        "it takes a thousand access keys and five thousand messages: asked with small bounds alone",
    ),
    (
        "MBX-13 1,001",
        "whether the answer to the registration is one of the thousand is left open",
    ),
    (
        "MBX-13 999",
        "whether the answer to the registration is one of the thousand is left open",
    ),
    ("MBX-14 in clear", OF_WALLETS),
];
const OF_WALLETS: &str = "it is a wallet's";

/// Whether a server with the flaw fails a vector of the family, or a scenario that speaks of section 7: those that carry the
/// flaw's requirement are asked first.
fn is_caught_in_a_server(flaw: Flaw, cases: &Cases) -> bool {
    let wire = InProcess::within(true, Arc::new(move |run| under(flaw.name, run)));
    let mut server = wire.server();
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
    let mut fails = |case: &&Case| {
        let outcome = catch_unwind(AssertUnwindSafe(|| ask(&mut server, case, Terms::STRICT)));
        outcome.is_err() || matches!(outcome, Ok(Outcome::Failed(_)))
    };
    in_order.any(|case| fails(&case))
        || RACES
            .iter()
            .any(|race| race.run(&mut wire.clone(), "races").is_err())
        || rest.any(|case| fails(&case))
}

#[test]
fn the_flaws_of_section_7_are_caught_in_a_server() {
    let cases = Cases::load(None, None);
    let mut flaws: Vec<Flaw> = all().filter(|flaw| flaw.name.starts_with("MBX-")).collect();
    if let Some(seed) = sample_of_tests::seed() {
        flaws = sample(flaws, 5, seed);
    }
    let mut wrong = Vec::new();
    for flaw in flaws {
        let is_seen = UNSEEN.iter().all(|(name, _)| *name != flaw.name);
        if is_caught_in_a_server(flaw, &cases) != is_seen {
            wrong.push(flaw.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
