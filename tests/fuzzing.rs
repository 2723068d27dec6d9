//! `tigress fuzz`: what it draws, what it finds, and that what it writes runs alone.

use crate::built_in::cases;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;
use tigress_signal::conformance::fuzz::campaign::{FuzzResult, Plan, Until, run};
use tigress_signal::conformance::fuzz::corpus::Corpus;
use tigress_signal::conformance::fuzz::draw::{Area, Name, draw};
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::run::{self, Outcome, Terms};
use tigress_signal::conformance::subject::{Description, Failure, Subject};
use tigress_signal::conformance::vector::VectorFile;
use tigress_signal::suite::Tigress1;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::of(cases(), &Tigress1));

/// What it answers, of a method with its parameters, in place of the right answer.
type Spoiler = fn(&str, &Value, Result<Value, Failure>) -> Result<Value, Failure>;

/// The engine as an adapter has it, with something wrong in its answers.
struct Wrong {
    engine: Reference,
    wrong: Spoiler,
}

impl Subject for Wrong {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let answer = self.engine.call(method, params.clone());
        (self.wrong)(method, &params, answer)
    }
}

fn wrong(wrong: Spoiler) -> Box<dyn Subject> {
    let engine = Reference::default();
    Box::new(Wrong { engine, wrong })
}

fn names(area: Area, count: u64) -> Vec<Name> {
    let name = |number| Name {
        seed: "test".to_owned(),
        area,
        number,
    };
    (0..count).map(name).collect()
}

fn fuzz(subject: Box<dyn Subject>, names: Vec<Name>) -> FuzzResult {
    let interrupt = Interrupt::default();
    let plan = Plan {
        corpus: &CORPUS,
        suite: &Tigress1,
        seed: "test",
        areas: Area::ALL,
        strict: true,
        until: Until::Asked(names),
        most_findings: 1,
        interrupt: &interrupt,
    };
    run(&mut [subject], &plan, &|_: Duration, _, _| {})
}

#[test]
fn the_engine_does_not_differ_from_itself() {
    for (area, count) in [
        (Area::Calls, 60),
        (Area::Conversations, 12),
        (Area::Devices, 8),
        (Area::Bounds, 4),
        (Area::Wallets, 4),
    ] {
        let result = fuzz(wrong(|_, _, answer| answer), names(area, count));
        let drawn = result.drawn[&area];
        assert_eq!(drawn.asked + drawn.skipped + drawn.empty, count, "{area}");
        assert!(drawn.asked >= count / 4, "{area}: {drawn:?}");
        let found = result.findings.iter().map(|finding| &finding.name);
        assert_eq!(found.collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[test]
fn a_draw_is_the_same_whenever_it_is_drawn() {
    for &area in Area::ALL {
        let mut all = BTreeSet::new();
        for name in names(area, 6) {
            let drawn = || format!("{:?}", draw(&CORPUS, &Tigress1, &name));
            assert_eq!(drawn(), drawn(), "{name}");
            all.insert(drawn());
        }
        assert!(all.len() > 3, "{area}");
    }
}

/// Whoever takes more than he may shows it only where somebody asks so often.
#[test]
fn a_bound_that_is_not_kept_is_found() {
    let accepts = |method: &str, _: &Value, answer: Result<Value, Failure>| match answer {
        Err(Failure::Rejected { error, .. })
            if method == "transfers.event" && error == "rate-limited" =>
        {
            Ok(serde_json::json!({ "outcomes": [] }))
        }
        answer => answer,
    };
    let result = fuzz(wrong(accepts), names(Area::Bounds, 60));
    let finding = result.findings.first().expect("it is found");
    assert_eq!(finding.method, "transfers.event");
    assert_eq!(finding.requirements[0], "XFER-20");
}

/// A refusal that is not made is found, made small, told by its clause, and runs alone.
#[test]
fn what_differs_is_made_small_and_runs_alone() {
    let accepts = |method: &str, _: &Value, answer: Result<Value, Failure>| match answer {
        Err(Failure::Rejected { error, .. })
            if method == "device.decrypt" && error == "duplicate-message" =>
        {
            Ok(serde_json::json!({ "plaintext": "" }))
        }
        answer => answer,
    };
    let result = fuzz(wrong(accepts), names(Area::Devices, 40));
    let finding = result.findings.first().expect("it is found");
    assert_eq!(finding.method, "device.decrypt");
    let vector = finding.vector.as_ref().expect("it is a conversation");
    let text = serde_json::to_string(vector).expect("it is JSON");
    let vectors = VectorFile::load("drawn", &text).expect("it is a vector file");
    let [vector] = &vectors[..] else {
        panic!("{} vectors", vectors.len())
    };
    let steps = vector_steps(&text);
    assert!(steps <= 6, "{steps} of {}", finding.drawn_steps);
    let clauses: Vec<&str> = finding.requirements.iter().map(String::as_str).collect();
    assert!(
        clauses.contains(&"DR-14") || clauses.contains(&"X3DH-14"),
        "{clauses:?}"
    );
    let alone = |subject: &mut dyn Subject| run::run(subject, vector, Terms::STRICT);
    assert!(matches!(alone(&mut *wrong(accepts)), Outcome::Failed(_)));
    assert_eq!(alone(&mut Reference::default()), Outcome::Passed);
}

fn vector_steps(text: &str) -> usize {
    let file: Value = serde_json::from_str(text).expect("it is JSON");
    let steps = file["testGroups"][0]["tests"][0]["steps"].as_array();
    steps.map_or(0, Vec::len)
}
