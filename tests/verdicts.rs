//! What a run says: whole answers are compared, each skip has its reason, and nothing is green that was not tested.

use crate::built_in::{cases, vectors};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroU32;
use std::process::{Command, Output};
use std::sync::OnceLock;
use tigress_signal::conformance::case::Case;
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::restarts::Restarts;
use tigress_signal::conformance::result::{
    CaseOutcome, Counts, Ending, GroupResult, RequirementOutcome, TestResult, Verdict,
};
use tigress_signal::conformance::run::{self, Cause, Difference, Outcome, Terms, Why};
use tigress_signal::conformance::selection::{Selection, Shard};
use tigress_signal::conformance::stopwatch::Stopped;
use tigress_signal::conformance::subject::{Description, Failure, Role, Subject};
use tigress_signal::conformance::vector::conversation::Action;
use tigress_signal::conformance::vector::{Body, Call, Expectation, Vector};
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::hex::{self, Hex};
use tigress_signal::report;

/// The reference engine with something changed about it.
struct Altered<F> {
    engine: Reference,
    roles: Vec<Role>,
    /// What becomes of an answer.
    change: F,
}

impl<F: FnMut(&str, Result<Value, Failure>) -> Result<Value, Failure>> Altered<F> {
    fn new(change: F) -> Self {
        let engine = Reference::default();
        let roles = engine.describe().roles;
        Altered {
            engine,
            roles,
            change,
        }
    }
}

impl<F: FnMut(&str, Result<Value, Failure>) -> Result<Value, Failure> + Send> Subject
    for Altered<F>
{
    fn describe(&self) -> Description {
        Description {
            roles: self.roles.clone(),
            ..self.engine.describe()
        }
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let answer = self.engine.call(method, params);
        (self.change)(method, answer)
    }
}

/// The reference engine in these roles.
fn in_roles(roles: &[Role]) -> Box<dyn Subject> {
    Box::new(Altered {
        roles: roles.to_vec(),
        ..Altered::new(|_: &str, answer| answer)
    })
}

/// Counts what was run, and interrupts after so many.
#[derive(Default)]
struct Counting {
    ran: usize,
    interrupts: Option<(usize, Interrupt)>,
}

impl Progress for Counting {
    fn started(&mut self, _total: usize) {}
    fn ran(&mut self, _case: &Case) {
        self.ran += 1;
        if let Some((after, interrupt)) = &self.interrupts
            && self.ran == *after
        {
            interrupt.raise();
        }
    }
    fn finished(&mut self, _group: &GroupResult) {}
}

/// Runs what `only` names with these subjects.
fn judge(subjects: Vec<Box<dyn Subject>>, only: &[&str], ends: Ends) -> TestResult {
    watched(subjects, only, ends, &mut Counting::default())
}

/// The reference engine with a save that loses something: where it saves, or where it restores.
struct Forgetful {
    engine: Reference,
    at: &'static str,
}

impl Forgetful {
    /// The saved state without all sessions but the active one of each peer.
    fn forget(state: &mut Value) {
        let bytes = state["state"].as_str().expect("hex");
        let bytes = hex::decode(bytes).expect("hex");
        let mut saved: Value = serde_json::from_slice(&bytes).expect("JSON");
        for record in saved["device"]["records"].as_array_mut().expect("records") {
            record["sessions"]
                .as_array_mut()
                .expect("sessions")
                .truncate(1);
        }
        state["state"] = json!(Hex::from(saved.to_string()));
    }
}

impl Subject for Forgetful {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.engine.reset(suite)
    }

    fn call(&mut self, method: &str, mut params: Value) -> Result<Value, Failure> {
        if method == "device.restore" && self.at == method {
            Forgetful::forget(&mut params);
        }
        let mut answer = self.engine.call(method, params)?;
        if method == "device.save" && self.at == method {
            Forgetful::forget(&mut answer);
        }
        Ok(answer)
    }
}

/// What is lost at a restart fails wherever it is needed, and the verdict names the clause of restarts first: whether a vector restarts
/// the device itself, or only the runner does, without whose restarts the vector passes.
#[test]
fn what_a_save_loses_is_told_as_that() {
    for at in ["device.save", "device.restore"] {
        let judged = |restarts| {
            let selection = vec!["SES-05".to_owned()];
            let selection = Selection::of(selection, None, cases()).expect("there are such");
            let plan = Plan {
                restarts,
                ..plan(&selection)
            };
            let engine = Reference::default();
            let mut subjects: Vec<Box<dyn Subject>> = vec![Box::new(Forgetful { engine, at })];
            verdict::judge(&mut subjects, &plan, &mut Counting::default())
        };
        let everywhere = judged(Restarts::Everywhere).failures;
        let as_written = judged(Restarts::AsWritten).failures;
        for failure in everywhere.iter().chain(&as_written) {
            assert_eq!(failure.cause, Cause::Restart, "{}", failure.name);
            assert_eq!(failure.requirements[0].id, "XFER-15", "{}", failure.name);
        }
        assert!(!as_written.is_empty(), "{at}");
        assert!(everywhere.len() > as_written.len(), "{at}");
        assert_eq!(judged(Restarts::Never).failures, [], "{at}");
    }
}

/// All that is selected, with the profile's error codes.
fn plan(selection: &Selection) -> Plan<'_> {
    Plan {
        cases: cases(),
        selection,
        shard: Shard::WHOLE,
        strict: true,
        restarts: Restarts::AsWritten,
        known: NONE_KNOWN.get_or_init(KnownFailures::default),
        ends: Ends::default(),
        stopwatch: &Stopped,
    }
}

static NONE_KNOWN: OnceLock<KnownFailures> = OnceLock::new();

fn watched(
    mut subjects: Vec<Box<dyn Subject>>,
    only: &[&str],
    ends: Ends,
    progress: &mut Counting,
) -> TestResult {
    let cases = cases();
    let names = only.iter().map(|name| (*name).to_owned()).collect();
    let selection = Selection::of(names, None, cases).expect("there are such");
    let plan = Plan {
        ends,
        ..plan(&selection)
    };
    verdict::judge(&mut subjects, &plan, progress)
}

fn tigress(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

/// The calls of a vector that must succeed, with their answers.
fn answered(vector: &Vector) -> Vec<(&'static str, &Value)> {
    let of = |call: &'_ Call| call.error.is_none();
    let calls: Vec<&Call> = match &vector.body {
        Body::Call(call) => vec![call],
        Body::Conversation(conversation) => conversation
            .steps
            .iter()
            .filter_map(|step| match step {
                Action::Call(call) => Some(call),
                Action::Repeat(..) | Action::Restart | Action::Erased(_) => None,
            })
            .collect(),
    };
    calls
        .into_iter()
        .filter(|call| of(call))
        .filter_map(|call| Some((call.method, call.expected.as_ref()?)))
        .collect()
}

/// Where an object stands in the answers to a method: array indices count as one, a variant of a type as another place.
type Place = (&'static str, String);

/// Calls `see` with each object of an answer, its place, and its JSON pointer.
fn objects<'v>(
    method: &'static str,
    value: &'v Value,
    see: &mut impl FnMut(Place, String, &'v serde_json::Map<String, Value>),
) {
    fn walk<'v>(
        value: &'v Value,
        path: &str,
        pointer: &str,
        see: &mut impl FnMut(String, String, &'v serde_json::Map<String, Value>),
    ) {
        match value {
            Value::Object(fields) => {
                let variant = fields.get("type").and_then(Value::as_str).unwrap_or("");
                see(format!("{path}:{variant}"), pointer.to_owned(), fields);
                for (name, inner) in fields {
                    walk(
                        inner,
                        &format!("{path}/{name}"),
                        &format!("{pointer}/{name}"),
                        see,
                    );
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    walk(
                        inner,
                        &format!("{path}/-"),
                        &format!("{pointer}/{index}"),
                        see,
                    );
                }
            }
            _ => {}
        }
    }
    walk(value, "", "", &mut |path, pointer, fields| {
        see((method, path), pointer, fields);
    });
}

/// What is done to one object of an answer, and whether the vector passes then.
#[derive(Clone, Debug)]
enum Change {
    Set(String, Value),
    Remove(String),
}

/// All that is tried with the answers of a vector: which call, where, what, and whether it passes.
fn changes(
    vector: &Vector,
    known: &BTreeMap<Place, BTreeMap<&String, &Value>>,
) -> Vec<(usize, String, Change, bool)> {
    let mut found = Vec::new();
    for (index, (method, answer)) in answered(vector).into_iter().enumerate() {
        let unknown = Change::Set("somethingElse".to_owned(), json!(1));
        found.push((index, String::new(), unknown, true));
        objects(method, answer, &mut |place, pointer, fields| {
            // What a payload carries beside what the profile knows is data: whatever it is, it counts.
            let is_data = pointer.contains("/unknown");
            for (name, sample) in &known[&place] {
                let mut add = |change, passes| found.push((index, pointer.clone(), change, passes));
                match fields.get(*name) {
                    None => {
                        add(Change::Set((*name).clone(), (*sample).clone()), false);
                        add(Change::Set((*name).clone(), Value::Null), !is_data);
                    }
                    // It says as much as its absence.
                    Some(Value::Object(empty)) if empty.is_empty() => {
                        add(Change::Remove((*name).clone()), true);
                    }
                    Some(_) => add(Change::Remove((*name).clone()), false),
                }
            }
        });
    }
    found
}

/// A field that must be absent fails the vector, and so does one that is missing; null is absence at every depth, and a
/// field that nobody knows is nobody's business. Known is what any vector expects at that place.
#[test]
fn whole_answers_are_compared() {
    let mut known: BTreeMap<Place, BTreeMap<&String, &Value>> = BTreeMap::new();
    for vector in vectors() {
        for (method, answer) in answered(vector) {
            objects(method, answer, &mut |place, _, fields| {
                known.entry(place).or_default().extend(fields);
            });
        }
    }
    let mut tried = BTreeMap::new();
    for vector in vectors() {
        let mut changes = changes(vector, &known);
        // One that may be refused is, and has no answer; where a question is repeated, answers are more than what is expected.
        let repeats = matches!(&vector.body, Body::Conversation(conversation)
            if conversation.steps.iter().any(|step| matches!(step, Action::Repeat(..))));
        if changes.is_empty() || vector.result == Expectation::Acceptable || repeats {
            continue;
        }
        // One of each vector: together they are of every kind and at every depth.
        let at = (vector.tc_id as usize * 7) % changes.len();
        let (at, pointer, change, passes) = changes.swap_remove(at);
        let mut calls = 0;
        let expected: Vec<&Value> = answered(vector).into_iter().map(|(_, it)| it).collect();
        let mut subject = Altered::new(|method: &str, answer: Result<Value, Failure>| {
            let mut answer = answer?;
            let counts = answered(vector)
                .get(calls)
                .is_some_and(|(of, _)| *of == method);
            if counts {
                if calls == at {
                    // The engine leaves out what says no more than its absence.
                    let fields = answer.pointer_mut(&pointer).and_then(Value::as_object_mut);
                    let fields = fields.unwrap_or_else(|| panic!("{expected:?}"));
                    match &change {
                        Change::Set(name, value) => fields.insert(name.clone(), value.clone()),
                        Change::Remove(name) => fields.remove(name),
                    };
                }
                calls += 1;
            }
            Ok(answer)
        });
        let outcome = run::run(&mut subject, vector, Terms::STRICT);
        let what = format!("{}: {pointer} {change:?}: {outcome:?}", vector.name());
        match outcome {
            Outcome::Passed => assert!(passes, "{what}"),
            Outcome::Failed(mismatch) => {
                assert!(!passes && mismatch.cause == Cause::Answer, "{what}");
            }
            Outcome::Skipped(_) => panic!("{what}"),
        }
        let kind = match change {
            Change::Set(_, Value::Null) => "null",
            Change::Set(..) => "set",
            Change::Remove(_) => "removed",
        };
        *tried.entry((kind, passes, pointer.is_empty())).or_insert(0) += 1;
    }
    for (kind, passes, at_the_top) in [
        ("set", false, true),
        ("set", false, false),
        ("set", true, true),
        ("null", true, true),
        ("null", true, false),
        ("removed", false, true),
        ("removed", false, false),
    ] {
        let times = tried.get(&(kind, passes, at_the_top));
        assert!(times.is_some(), "{kind} {passes} {at_the_top}: {tried:?}");
    }
}

/// Each field that differs is said by its path, and a missing one with the name that it was written under.
#[test]
fn every_field_that_differs_is_said() {
    let said = |name: &str, change: fn(&mut Value)| -> Vec<(Option<String>, String)> {
        let mut result = judge(
            vec![Box::new(Altered::new(
                move |_: &str, answer: Result<Value, Failure>| {
                    let mut answer = answer?;
                    change(&mut answer);
                    Ok(answer)
                },
            ))],
            &[name],
            Ends::default(),
        );
        let differences = result.failures.remove(0).differences;
        let short = |it: Difference| (it.field, it.got);
        differences.into_iter().map(short).collect()
    };
    let of = |field: &str, got: &str| (Some(field.to_owned()), got.to_owned());
    let renamed = |answer: &mut Value| {
        let counter = answer
            .as_object_mut()
            .expect("fields")
            .remove("nextCounter");
        answer["nextcounter"] = counter.expect("it was there");
        answer["messageKey"] = json!("00");
    };
    assert_eq!(
        said("tigress-1/kdf/first_step", renamed),
        [
            of("nextCounter", "nothing; did you mean `nextcounter`?"),
            of("messageKey", "\"00\""),
        ]
    );
    let another = |answer: &mut Value| {
        answer["counter"] = json!(77);
        answer["previousCounter"] = json!(78);
    };
    assert_eq!(
        said("tigress-1/wire_ratchet/decode_counters_of_31_bits", another),
        [of("counter", "77"), of("previousCounter", "78")]
    );
    let optional = |answer: &mut Value| {
        let id = answer.as_object_mut().expect("fields").remove("preKeyId");
        answer["prekeyID"] = id.expect("it was there");
    };
    assert_eq!(
        said("tigress-1/wire_prekey/decode_highest_ids", optional),
        [of("preKeyId", "nothing; did you mean `prekeyID`?")]
    );
    let of_another_type = |answer: &mut Value| {
        answer["counter"] = json!("5");
        answer["previousCounter"] = json!(1.5);
    };
    assert_eq!(
        said(
            "tigress-1/wire_ratchet/decode_counters_of_31_bits",
            of_another_type
        ),
        [
            of("counter", "\"5\" is not of type \"integer\""),
            of("previousCounter", "1.5 is not of type \"integer\""),
        ]
    );
    let no_object = |answer: &mut Value| *answer = json!(["00"]);
    let [(field, got)] = &said("tigress-1/public_key/base_point", no_object)[..] else {
        panic!("one fault");
    };
    assert_eq!(
        (field, got.as_str()),
        (&None, "[\"00\"] is not of type \"object\"")
    );
}

/// In a scenario an answer is held to its type as well.
#[test]
fn an_answer_in_a_scenario_is_held_to_its_type() {
    let subject = Altered::new(|method: &str, answer: Result<Value, Failure>| {
        let mut answer = answer?;
        if method == "wallet.event" {
            let effects = answer.as_object_mut().expect("fields").remove("effects");
            answer["effect"] = effects.expect("they were there");
        }
        Ok(answer)
    });
    let only = ["scenarios/hotel_key/hotel_key.feature:11"];
    let result = judge(vec![Box::new(subject)], &only, Ends::default());
    let failure = &result.failures[0];
    assert_eq!(failure.cause, Cause::NoAnswer);
    let got = &failure.differences[0].got;
    assert!(
        got.contains("`effects`: nothing; did you mean `effect`?"),
        "{got}"
    );
}

/// However long an answer is, what is said of it is not much longer than what is expected.
#[test]
fn what_came_back_is_cut() {
    let subject = Altered::new(|_: &str, answer: Result<Value, Failure>| {
        let mut answer = answer?;
        answer["u"] = Value::String("ä".repeat(1 << 20));
        Ok(answer)
    });
    let result = judge(vec![Box::new(subject)], &["public_key"], Ends::default());
    assert!(result.failures.len() > 3);
    for difference in result.failures.iter().flat_map(|it| &it.differences) {
        assert!(difference.got.len() < difference.expected.len() + 5000);
    }
}

/// Who is not an intermediary conforms without one; who is part of a wallet lacks the rest of it.
#[test]
fn what_is_not_claimed_lowers_no_verdict_and_what_is_lacking_does() {
    use Role::{Device, Intermediary, Primitives, Wallet};
    let only = ["fingerprint", "intermediary", "x3dh_respond", "MBX-15"];
    let run = |roles: &[Role]| judge(vec![in_roles(roles)], &only, Ends::default());
    let whys = |result: &TestResult| -> BTreeSet<Why> {
        let skips = result.cases.iter().filter_map(|case| case.skip.as_ref());
        skips.map(|skip| skip.why).collect()
    };
    let outcome = |result: &TestResult, id: &str| {
        let mut requirements = result.requirements.iter();
        requirements.find(|it| it.id == id).expect("one").outcome
    };

    let all = run(&[Primitives, Device, Wallet, Intermediary]);
    assert_eq!(all.verdict, Verdict::Conforms);
    // Clients that are no wallets are played by the harness alone.
    assert_eq!(whys(&all), BTreeSet::from([Why::NotObservable]));

    let wallet = run(&[Primitives, Device, Wallet]);
    assert_eq!(wallet.verdict, Verdict::Conforms);
    assert_eq!(
        whys(&wallet),
        BTreeSet::from([Why::NotClaimed, Why::NotObservable])
    );
    assert_eq!(outcome(&wallet, "MBX-02"), RequirementOutcome::NotClaimed);
    assert_eq!(outcome(&wallet, "X3DH-16"), RequirementOutcome::Passed);
    assert_eq!(outcome(&wallet, "SIG-02"), RequirementOutcome::Untested);
    assert_eq!(wallet.lacking().count(), 0);

    let intermediary = run(&[Intermediary]);
    assert_eq!(intermediary.verdict, Verdict::Conforms);
    // It plays the intermediary of scenarios, and what they carry of wallets does not speak of it.
    assert!(intermediary.scenarios.passed > 0);
    for requirement in &intermediary.requirements {
        let is_owed = requirement.id.starts_with("MBX-");
        assert!(
            is_owed || requirement.scenarios.total() == 0,
            "{}",
            requirement.id
        );
    }

    let functions = run(&[Primitives]);
    assert_eq!(functions.verdict, Verdict::ConformsInPart);
    // Nobody is told that it conforms, in any form: how much of it passed stands there.
    let extent = functions.extent().expect("some of it");
    let (page, statement) = (
        report::html::page(&functions),
        report::statement::page(&functions),
    );
    for said in [page, statement] {
        assert!(said.contains("fails nothing that it implements"), "{said}");
        assert!(said.contains(&extent), "{said}");
        assert!(!said.contains("conforms as a wallet"), "{said}");
    }
    assert_eq!(
        whys(&functions),
        BTreeSet::from([Why::Role, Why::NotClaimed])
    );
    let reasons: BTreeSet<&str> = functions
        .skips()
        .keys()
        .map(|(_, reason)| *reason)
        .collect();
    assert!(
        reasons.contains("the role `device` is not claimed"),
        "{reasons:?}"
    );
    assert_eq!(outcome(&functions, "X3DH-08"), RequirementOutcome::Partial);
    assert_eq!(outcome(&functions, "MBX-15"), RequirementOutcome::Skipped);

    let nothing = run(&[]);
    assert_eq!(nothing.verdict, Verdict::NothingImplemented);
    assert_eq!(nothing.counts().passed, 0);
}

/// What nobody offers, and what nobody could be asked, is no conformance.
#[test]
fn nothing_passed_is_not_green() {
    let refuses = |_: &str, _| Err(Failure::NotImplemented);
    let result = judge(
        vec![Box::new(Altered::new(refuses))],
        &["fingerprint", "payload"],
        Ends::default(),
    );
    assert_eq!(result.verdict, Verdict::NothingImplemented);
    for case in &result.cases {
        let skip = case.skip.as_ref().expect("a reason");
        assert_eq!(skip.why, Why::NotImplemented);
        assert!(
            skip.reason.ends_with("is not implemented"),
            "{}",
            skip.reason
        );
    }
    let nobody = judge(
        vec![in_roles(&[Role::Wallet])],
        &["SIG-02"],
        Ends::default(),
    );
    assert_eq!(nobody.verdict, Verdict::NothingImplemented);
}

/// An answer of a requirement that was tested in part is said to be so, in every form.
#[test]
fn a_requirement_that_was_tested_in_part_is_partial_in_every_form() {
    let result = judge(
        vec![in_roles(&[Role::Primitives])],
        &["X3DH-08"],
        Ends::default(),
    );
    let requirement = result.requirements.iter().find(|it| it.id == "X3DH-08");
    let requirement = requirement.expect("one");
    let Counts {
        passed, skipped, ..
    } = requirement.vectors + requirement.scenarios;
    assert!(passed > 0 && skipped > 0);
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("UTF-8")
    };
    let json = written(&|out| report::json::write(out, &result).expect("bytes"));
    assert!(json.contains("\"outcome\": \"partial\""));
    let pretty = written(&|out| {
        report::pretty::sections(out, &result).expect("bytes");
        report::pretty::skips(out, &result).expect("bytes");
    });
    let (of, reason) = (passed + skipped, "the role `device` is not claimed");
    assert!(
        pretty.contains(&format!("X3DH-08 ({passed} of {of} ")),
        "{pretty}"
    );
    assert!(pretty.contains(reason), "{pretty}");
    let junit = written(&|out| report::junit::write(out, &result).expect("bytes"));
    assert!(
        junit.contains(r#"<property name="X3DH-08" value="partial, "#),
        "{junit}"
    );
    assert!(junit.contains(reason), "{junit}");
    let html = report::html::page(&result);
    assert!(
        html.contains(r#"<details class="row requirement partial s-3"#),
        "{html}"
    );
    assert!(html.contains("the role <code>device</code> is not claimed"));
}

#[test]
fn an_outcome_is_what_those_say_that_carry_the_requirement() {
    let counts = |passed, failed, skipped, not_claimed| Counts {
        passed,
        failed,
        skipped,
        not_claimed,
    };
    for (carrying, outcome) in [
        (counts(9, 1, 9, 9), RequirementOutcome::Failed),
        (counts(9, 0, 1, 9), RequirementOutcome::Partial),
        (counts(1, 0, 0, 9), RequirementOutcome::Passed),
        (counts(0, 0, 1, 9), RequirementOutcome::Skipped),
        (counts(0, 0, 0, 1), RequirementOutcome::NotClaimed),
        (counts(0, 0, 0, 0), RequirementOutcome::Untested),
    ] {
        assert_eq!(RequirementOutcome::of(carrying), outcome);
    }
}

/// Refuses one vector of the family, or says nothing to any.
fn fails(at: &'static str) -> impl Fn() -> Box<dyn Subject> {
    move || {
        Box::new(Altered::new(move |method: &str, answer| {
            if method == at {
                Err(Failure::Broken("oops".to_owned()))
            } else {
                answer
            }
        }))
    }
}

/// However many subjects share the work, a run ends at the same failure; what it did not come to is skipped.
#[test]
fn a_run_may_end_at_its_first_failure() {
    let ends = Ends {
        at_first_failure: true,
        ..Ends::default()
    };
    let failing = fails("ratchet.chain_step");
    let one = judge(vec![failing()], &["kdf", "fingerprint"], ends);
    let three = judge(
        vec![failing(), failing(), failing()],
        &["kdf", "fingerprint"],
        ends,
    );
    assert_eq!(one, three);
    assert_eq!(one.ended, Some(Ending::FirstFailure));
    assert_eq!(one.verdict, Verdict::DoesNotConform);
    assert_eq!(one.failures.len(), 1);
    let counts = one.counts();
    assert!(counts.passed > 0 && counts.skipped > 0);
    assert_eq!(counts.total() as usize, one.cases.len());
    let (before, after): (Vec<_>, Vec<_>) = one.cases.iter().partition(|case| case.skip.is_none());
    assert_eq!(before.last().expect("one").outcome, CaseOutcome::Failed);
    for case in after {
        assert_eq!(case.skip.as_ref().map(|skip| skip.why), Some(Why::NotRun));
    }
}

#[test]
fn a_run_ends_after_time_outs_in_a_row() {
    let silent = || -> Box<dyn Subject> {
        let mut asked = 0;
        Box::new(Altered::new(move |_: &str, answer| {
            asked += 1;
            // The third of four is answered.
            if asked == 3 {
                answer
            } else {
                Err(Failure::TimedOut("it did not answer".to_owned()))
            }
        }))
    };
    let after = |most| Ends {
        after_time_outs: NonZeroU32::new(most),
        ..Ends::default()
    };
    let result = judge(vec![silent()], &["fingerprint"], after(3));
    assert_eq!(result.ended, Some(Ending::TimeOuts));
    assert_eq!((result.failures.len(), result.counts().passed), (5, 1));
    assert!(result.failures.iter().all(|it| it.cause == Cause::TimedOut));
    let of_family = |case: &Case| case.name().contains("/fingerprint/");
    let all = cases().iter().filter(of_family).count();
    let more = usize::try_from(result.counts().skipped).expect("few");
    assert_eq!(more, all - 6, "what it did not come to");
    assert_eq!(
        judge(vec![silent()], &["fingerprint"], after(100)).ended,
        None
    );
}

#[test]
fn an_interrupted_run_says_what_it_has() {
    let interrupt = Interrupt::default();
    let mut progress = Counting {
        ran: 0,
        interrupts: Some((4, interrupt.clone())),
    };
    let ends = Ends {
        interrupt: Some(&interrupt),
        ..Ends::default()
    };
    let subjects = vec![in_roles(&[Role::Primitives])];
    let result = watched(subjects, &["fingerprint"], ends, &mut progress);
    assert_eq!(result.ended, Some(Ending::Interrupted));
    assert_eq!(result.verdict, Verdict::None);
    assert_eq!(result.counts().passed, 4);
}

/// What a subject does beyond answering fails the vector that was asked, and what comes too late for any fails the run.
#[test]
fn what_nobody_asked_for_is_charged_where_it_belongs() {
    struct Talkative(Reference, Vec<String>);
    impl Subject for Talkative {
        fn describe(&self) -> Description {
            self.0.describe()
        }
        fn reset(&mut self, suite: &str) -> Result<(), Failure> {
            self.0.reset(suite)
        }
        fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
            self.0.call(method, params)
        }
        fn settle(&mut self) -> Result<(), Failure> {
            match self.1.len() {
                0 => Err(Failure::Broken("it answered twice".to_owned())),
                _ => Ok(()),
            }
        }
        fn faults(&self) -> &[String] {
            &self.1
        }
    }
    let run = |late: &[&str]| {
        let late = late.iter().map(|line| (*line).to_owned()).collect();
        let subject = Talkative(Reference::default(), late);
        let only = ["tigress-1/fingerprint/one_side"];
        judge(vec![Box::new(subject)], &only, Ends::default())
    };
    let twice = run(&[]);
    assert_eq!(twice.failures[0].differences[0].got, "it answered twice");
    let late = run(&["a line after the last answer"]);
    assert_eq!(
        (late.counts().failed, late.verdict),
        (0, Verdict::DoesNotConform)
    );
    let mut text = Vec::new();
    report::pretty::verdict(&mut text, &late).expect("bytes");
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.contains("a line after the last answer"), "{text}");
}

/// Failures that are the same are shown once, and the others by name.
#[test]
fn failures_that_are_the_same_are_told_together() {
    let mut crashes = 0;
    let subject = Altered::new(move |method: &str, answer: Result<Value, Failure>| {
        crashes += 1;
        match method {
            "ratchet.chain_step" | "ratchet.root_step" => {
                Err(Failure::Broken(format!("it ended; process {crashes}")))
            }
            "ratchet.message_key" => {
                let mut answer = answer?;
                answer["expanded"] = json!("00");
                Ok(answer)
            }
            _ => answer,
        }
    });
    let result = judge(vec![Box::new(subject)], &["tigress-1/kdf"], Ends::default());
    let alike: Vec<usize> = result.alike().iter().map(Vec::len).collect();
    assert_eq!(alike.len(), 2, "{alike:?}");
    assert_eq!(alike.iter().sum::<usize>(), result.failures.len());
    let mut text = Vec::new();
    report::pretty::failures(&mut text, &result, None).expect("bytes");
    let text = String::from_utf8(text).expect("UTF-8");
    assert_eq!(text.matches("FAILED").count(), 2, "{text}");
    for failure in &result.failures {
        assert!(
            text.contains(&failure.name),
            "no {} in\n{text}",
            failure.name
        );
    }
}

/// An adapter that breaks down is looked at first, and what it was asked about is not; what fails beside it still is.
#[test]
fn an_adapter_that_breaks_down_is_no_broken_requirement() {
    let said = |change: fn(&str, Value) -> Result<Value, Failure>| {
        let subject = Altered::new(move |method: &str, answer: Result<Value, Failure>| {
            answer.and_then(|answer| change(method, answer))
        });
        let result = judge(
            vec![Box::new(subject)],
            &["tigress-1/public_key", "tigress-1/kdf"],
            Ends::default(),
        );
        let mut text = Vec::new();
        report::pretty::failures(&mut text, &result, None).expect("bytes");
        let text = String::from_utf8(text).expect("UTF-8");
        let (_, first) = text.rsplit_once("\nlook first at\n").expect("it");
        (first.to_owned(), result)
    };
    let crashes = |method: &str, answer| match method {
        "public_key.decode" => Err(Failure::Broken("the adapter ended".to_owned())),
        _ => Ok(answer),
    };
    let of_another_type = |method: &str, mut answer: Value| {
        if method == "public_key.decode" {
            answer["u"] = json!({"type": "Buffer", "data": [0]});
        }
        Ok(answer)
    };
    for change in [crashes, of_another_type] {
        let (first, result) = said(change);
        assert!(result.suspects.is_empty(), "{:?}", result.suspects);
        assert_eq!(first.lines().count(), 1, "{first}");
        assert!(first.contains("the adapter itself"), "{first}");
        assert_eq!(result.breakdowns().len(), result.failures.len());
        assert!(report::html::page(&result).contains("The adapter itself"));
        assert_eq!(result.alike().len(), 1);
    }
    let (first, result) = said(|method, mut answer| match method {
        "public_key.decode" => Err(Failure::Broken("the adapter ended".to_owned())),
        "ratchet.chain_step" => {
            answer["nextChainKey"] = json!("00");
            Ok(answer)
        }
        _ => Ok(answer),
    });
    let lines: Vec<_> = first.lines().collect();
    assert!(lines.len() > 1 && lines[0].contains("the adapter itself"));
    assert!(lines[1].contains("DR-"), "{first}");
    let clauses = result.suspects.iter().map(|it| it.requirement.as_str());
    assert!(!clauses.clone().any(|id| id.starts_with("KEY-")), "{first}");
}

/// A key that is not reduced and one of small order, both taken: failures of two requirements are not the same.
#[test]
fn failures_of_two_requirements_are_told_apart() {
    let takes_all = |method: &str, answer: Result<Value, Failure>| match (method, answer) {
        ("public_key.decode", Err(Failure::Rejected { .. })) => Ok(json!({"u": "00".repeat(32)})),
        (_, answer) => answer,
    };
    let result = judge(
        vec![Box::new(Altered::new(takes_all))],
        &["tigress-1/public_key"],
        Ends::default(),
    );
    let mut of_both = BTreeSet::new();
    for alike in result.alike() {
        let ids: BTreeSet<&str> = alike
            .iter()
            .map(|it| it.requirements[0].id.as_str())
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        of_both.extend(ids);
    }
    assert!(
        of_both.is_superset(&BTreeSet::from(["KEY-03", "KEY-04"])),
        "{of_both:?}"
    );
}

/// What is not offered is listed in the order in which an implementer goes on.
#[test]
fn what_to_offer_next_comes_first() {
    use tigress_signal::conformance::vector::Family;
    for name in Family::IN_TURN {
        assert!(Family::find(name).is_some(), "{name}");
    }
    let refuses = |_: &str, _| Err(Failure::NotImplemented);
    let result = judge(
        vec![Box::new(Altered::new(refuses))],
        &["payload", "kdf", "tigress-1/public_key"],
        Ends::default(),
    );
    let skips = result.skips_in_order();
    let mut groups: Vec<_> = skips.iter().map(|(_, cases)| &cases[0].group).collect();
    groups.dedup();
    assert_eq!(groups[0], "tigress-1/public_key");
    assert!(groups[1].ends_with("/kdf"), "{groups:?}");
    assert_eq!(groups.last().expect("one"), &"payload");
}

/// The exit status says what CI asks for.
#[test]
fn a_run_may_be_asked_for_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("functions.sh");
    // The reference engine, which claims to be functions alone.
    let engine = env!("CARGO_BIN_EXE_tigress");
    let text = format!(
        "'{engine}' adapter | sed -u 's/\"roles\":\\[[^]]*\\]/\"roles\":[\"primitives\"]/'\n"
    );
    fs::write(&script, text).expect("written");
    let adapter = format!("sh '{}'", script.display());
    let run = |more: &[&str]| {
        let fixed = ["test", "--only", "X3DH-08", "--adapter", &adapter];
        let output = tigress(&[&fixed[..], more].concat());
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8(said).expect("UTF-8"),
        )
    };
    let (code, said) = run(&[]);
    assert_eq!(code, Some(0), "{said}");
    let lines: Vec<_> = said.trim_end().rsplit('\n').take(2).collect();
    let [extent, verdict] = lines[..] else {
        panic!("{said}")
    };
    assert!(
        verdict.contains(" fails nothing that it implements in X3DH-08: "),
        "{said}"
    );
    assert!(!verdict.contains("conforms"), "{said}");
    let counts: Vec<u32> = extent
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    let [passed, asked, least] = counts[..] else {
        panic!("{extent}")
    };
    assert!(passed < asked && least == passed, "{extent}");
    assert!(extent.contains(" asked passed: no verdict on the whole; in CI, `--fail-on-skipped` "));
    let (code, said) = run(&["--fail-on-skipped"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error: --fail-on-skipped: "), "{said}");
    let (code, said) = run(&["--min-passed", "1000"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error: --min-passed 1000: "), "{said}");
    assert_eq!(run(&["--min-passed", "1"]).0, Some(0));
}
