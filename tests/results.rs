//! Results as data: their parts merged, two of them compared, what JUnit's XML and SARIF say of each.

use crate::browser;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::comparison::Comparison;
use tigress_signal::conformance::known_failures::KnownFailures;
use tigress_signal::conformance::merge::{MergeError, merge};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::provenance::{Arguments, Provenance};
use tigress_signal::conformance::restarts::Restarts;
use tigress_signal::conformance::result::{
    CaseOutcome, CaseResult, Ending, GroupResult, TestResult, Verdict,
};
use tigress_signal::conformance::selection::{Selection, Shard, of_an_intermediary};
use tigress_signal::conformance::statement::{Standing, Statement};
use tigress_signal::conformance::stopwatch::Stopped;
use tigress_signal::conformance::subject::{Description, Failure, Role, Subject};
use tigress_signal::conformance::verdict::{self, Ends, Plan, Progress};
use tigress_signal::report::{comparison, junit, statement};

struct Quiet;

impl Progress for Quiet {
    fn started(&mut self, _total: usize) {}
    fn ran(&mut self, _case: &Case) {}
    fn finished(&mut self, _group: &GroupResult) {}
}

/// The reference engine with one suite, no part in scenarios, and a chain step that goes wrong.
#[derive(Default)]
struct Flawed(Reference);

impl Subject for Flawed {
    fn describe(&self) -> Description {
        Description {
            roles: vec![Role::Primitives],
            suites: vec!["tigress-1".to_owned()],
            ..self.0.describe()
        }
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.0.reset(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let mut answer = self.0.call(method, params)?;
        if method == "ratchet.chain_step" {
            answer["nextChainKey"] = "00".into();
        }
        Ok(answer)
    }
}

pub(crate) fn cases() -> &'static Cases {
    static CASES: OnceLock<Cases> = OnceLock::new();
    CASES.get_or_init(|| Cases::load(None, None))
}

/// What `KEY-01`, `kdf` and a family without suite name, with a flawed subject: some of it passes, fails, is skipped.
fn part(shard: Shard) -> TestResult {
    let cases = cases();
    let names = ["KEY-01", "kdf", "invitation"].map(str::to_owned).to_vec();
    let plan = Plan {
        cases,
        selection: &Selection::of(names, None, cases).expect("there are such"),
        shard,
        strict: true,
        restarts: Restarts::AsWritten,
        known: &KnownFailures::default(),
        ends: Ends::default(),
        stopwatch: &Stopped,
    };
    verdict::judge(&mut [Box::new(Flawed::default())], &plan, &mut Quiet)
}

pub(crate) fn whole() -> &'static TestResult {
    static WHOLE: OnceLock<TestResult> = OnceLock::new();
    WHOLE.get_or_init(|| part(Shard::WHOLE))
}

fn parts(of: usize) -> Vec<TestResult> {
    (1..=of).map(|index| part(Shard { index, of })).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// Into however many parts a run is split, and in whatever order they come: together they say what the whole says.
    #[test]
    fn merged_parts_are_the_whole(of in 2..12_usize, turned in 0..12_usize) {
        let mut parts = parts(of);
        parts.rotate_left(turned % of);
        prop_assert_eq!(&merge(parts).expect("the parts of one run"), whole());
    }
}

#[test]
fn what_are_not_the_parts_of_one_run_is_refused() {
    assert!(whole().counts().failed > 0 && whole().counts().passed > 0);
    let [one, two, three]: [TestResult; 3] = parts(3).try_into().expect("three");
    let missing = Shard { index: 3, of: 3 };
    let refused = |results: &[&TestResult]| {
        let results = results.iter().map(|result| (*result).clone());
        merge(results.collect()).expect_err("refused")
    };
    assert_eq!(refused(&[]), MergeError::Nothing);
    assert_eq!(refused(&[&one, &two]), MergeError::Missing(missing));
    assert_eq!(
        refused(&[&one, &two, &three, &one]),
        MergeError::Twice(1, 4, Shard { index: 1, of: 3 })
    );
    assert_eq!(refused(&[&one, whole()]), MergeError::NoPart(2, 2, 2));
    let mut other = two.clone();
    other.subject.version.push('x');
    assert_eq!(
        refused(&[&one, &other, &three]),
        MergeError::Differs(2, "subject")
    );
    let mut other = three.clone();
    other.profile += 1;
    assert_eq!(
        refused(&[&one, &two, &other]),
        MergeError::Differs(3, "version of the profile")
    );
    let mut other = three.clone();
    other.cases.truncate(other.cases.len() - 2);
    assert!(matches!(
        refused(&[&one, &two, &other]),
        MergeError::Length(..)
    ));
    let mut other = three.clone();
    other.cases[0].name = one.cases[0].name.clone();
    assert!(matches!(
        refused(&[&one, &two, &other]),
        MergeError::Overlap(_)
    ));
    let mut million = one.clone();
    million.shard = Some("1/18446744073709551615".to_owned());
    assert!(matches!(refused(&[&million]), MergeError::Missing(_)));
}

/// Parts are run on several machines, where adapters and folders have other places; how strictly they are run is the same.
#[test]
fn parts_of_one_run_may_have_other_places() {
    let with = |subject: &str, vectors: &str, part: &TestResult| {
        let again = Arguments {
            subject: subject.to_owned(),
            vectors: vectors.to_owned(),
            ..Arguments::default()
        };
        let provenance = Provenance {
            again,
            ..Provenance::default()
        };
        TestResult {
            provenance: Some(provenance),
            ..part.clone()
        }
    };
    let [one, two]: [TestResult; 2] = parts(2).try_into().expect("two");
    let first = with("--adapter '/a/run --x'", "--vectors /a", &one);
    let merged = merge(vec![
        with("--adapter '/b c/run'", "--vectors '/b c'", &two),
        first.clone(),
    ]);
    let merged = merged.expect("the parts of one run");
    assert_eq!(merged.cases, whole().cases);
    assert_eq!(merged.again(), first.again());
    for (subject, vectors) in [
        ("--adapter /a/run --strict-errors", "--vectors /a"),
        ("--adapter /a/run", ""),
        ("", "--vectors /a"),
    ] {
        let other = with(subject, vectors, &two);
        let refused = merge(vec![first.clone(), other]);
        let differs = MergeError::Differs(2, "set of options");
        assert_eq!(refused, Err(differs), "{subject} {vectors}");
    }
}

#[test]
fn a_run_compared_with_itself_has_not_changed() {
    let comparison = Comparison::of(whole(), whole());
    assert!(comparison.is_empty() && !comparison.worse, "{comparison:?}");
}

#[test]
fn what_is_worse_is_told_and_what_is_better_is_not_worse() {
    let cases = whole().cases.iter();
    let passed = cases
        .clone()
        .position(|it| it.outcome == CaseOutcome::Passed)
        .expect("one");
    let failed = cases
        .clone()
        .position(|it| it.outcome == CaseOutcome::Failed)
        .expect("one");
    let with = |place: usize, outcome| {
        let mut other = whole().clone();
        other.cases[place].outcome = outcome;
        other
    };
    for (before, after, worse) in [
        (whole(), &with(passed, CaseOutcome::Failed), true),
        (whole(), &with(passed, CaseOutcome::Skipped), true),
        (whole(), &with(failed, CaseOutcome::Passed), false),
        (&with(failed, CaseOutcome::Skipped), whole(), true),
    ] {
        let comparison = Comparison::of(before, after);
        assert_eq!((comparison.cases.len(), comparison.worse), (1, worse));
    }
    let mut gone = whole().clone();
    let name = gone.cases.remove(passed).name;
    let comparison = Comparison::of(whole(), &gone);
    assert_eq!(
        (comparison.cases[0].name.as_str(), comparison.worse),
        (name.as_str(), true)
    );
    assert!(!Comparison::of(&gone, whole()).worse);
    let mut slow = whole().clone();
    slow.cases[passed].took = Duration::from_millis(100);
    let mut slower = whole().clone();
    for (took, told) in [(349, 0), (399, 0), (400, 1), (4_000, 1)] {
        slower.cases[passed].took = Duration::from_millis(took);
        assert_eq!(Comparison::of(&slow, &slower).slower.len(), told, "{took}");
    }
}

#[test]
fn the_schema_of_a_comparison_is_as_it_is_made_and_holds() {
    let schema = comparison::schema();
    // `SNAPSHOTS=overwrite cargo test` writes it anew.
    snapbox::assert_data_eq!(
        schema.clone(),
        snapbox::file!["../docs/comparison_schema.json"].raw()
    );
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    // Something of each kind has changed.
    let mut after = whole().clone();
    after.cases.remove(0);
    for case in &mut after.cases {
        case.outcome = match case.outcome {
            CaseOutcome::Passed => CaseOutcome::Failed,
            _ => CaseOutcome::Passed,
        };
        case.took += Duration::from_secs(10);
    }
    after.faults.push("a line after its last answer".to_owned());
    let told = written(|out| comparison::json(out, &Comparison::of(whole(), &after)));
    let mut told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(validator.is_valid(&told), "{told}");
    told["worse"] = "yes".into();
    assert!(!validator.is_valid(&told));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_statement_says_of_each_requirement_what_its_cases_came_to(
        of in 1..9_usize,
        at in 0..9_usize,
        known in prop_oneof![1 => Just(u64::MAX), 3 => any::<u64>()],
    ) {
        let shard = format!("{}/{of}", at % of + 1).parse().expect("a part");
        let mut result = part(shard);
        for (place, failure) in result.failures.iter_mut().enumerate() {
            failure.known = (known >> (place % 64) & 1 == 1).then(|| format!("reason {place}"));
        }
        let reasons = result.failures.iter().filter_map(|it| Some((it.name.as_str(), it.known.as_deref()?)));
        let reasons: BTreeMap<&str, &str> = reasons.collect();
        let statement = Statement::of(&result);
        let ids = statement.requirements.iter().map(|it| it.id.as_str());
        prop_assert!(ids.eq(Catalogue::get().requirements.iter().map(|it| it.id)));
        for stated in &statement.requirements {
            let carries = |case: &&CaseResult| case.requirements.contains(&stated.id);
            let with = |outcome| result.cases.iter().filter(carries).filter(|it| it.outcome == outcome).count();
            let counts = stated.counts;
            let told = [counts.passed, counts.failed, counts.skipped, counts.not_claimed];
            let there = [CaseOutcome::Passed, CaseOutcome::Failed, CaseOutcome::Skipped, CaseOutcome::NotClaimed].map(with);
            prop_assert!(told.iter().zip(there).all(|(told, there)| *told as usize == there), "{}", stated.id);
            let failed = result.cases.iter().filter(carries).filter(|it| it.outcome == CaseOutcome::Failed);
            let (known, unknown): (Vec<_>, Vec<_>) = failed.map(|it| it.name.as_str()).partition(|name| reasons.contains_key(name));
            prop_assert_eq!(stated.failed.len(), unknown.len().min(20), "{}", stated.id);
            prop_assert!(stated.failed.iter().all(|name| unknown.contains(&name.as_str())), "{}", stated.id);
            prop_assert_eq!(stated.known.len(), known.len().min(20), "{}", stated.id);
            prop_assert!(stated.known.iter().all(|it| reasons.get(it.name.as_str()) == Some(&it.reason.as_str())), "{}", stated.id);
            let left_out: usize = stated.left_out.iter().map(|it| it.count).sum();
            prop_assert_eq!(left_out, there[2] + there[3], "{}", stated.id);
            let standing = match there {
                [_, failed, _, _] if failed > 0 && unknown.is_empty() => Standing::KnownToFail,
                [_, failed, _, _] if failed > 0 => Standing::Failed,
                [0, 0, 0, 0] => Standing::NotRun,
                [0, 0, 0, _] => Standing::NotClaimed,
                [0, 0, _, _] => Standing::Skipped,
                [_, 0, 0, 0] => Standing::Passed,
                _ => Standing::Partial,
            };
            prop_assert_eq!(stated.standing, standing, "{}", stated.id);
        }
        // It was told to run three names alone.
        prop_assert!(!statement.scope.is_whole && statement.says.contains("not the whole"));
        // Of the whole it says no more than that it does not conform.
        let verdict = if result.counts().failed > 0 { Verdict::DoesNotConform } else { Verdict::None };
        prop_assert_eq!(statement.verdict, verdict);
    }
}

#[test]
fn a_statement_of_the_whole_is_one_of_nothing_less() {
    let mut result = whole().clone();
    result.only.clear();
    let statement = Statement::of(&result);
    assert!(statement.scope.is_whole, "{:?}", statement.scope);
    assert!(!statement.says.contains("not the whole"));
    assert_eq!(statement.suites_not_claimed, ["signal-v3"]);
    let mut provenance = result.provenance.clone().unwrap_or_default();
    provenance.again.vectors = "--vectors mine".to_owned();
    let lesser: [&dyn Fn(&mut TestResult); 6] = [
        &|it| it.only.push("KEY-01".to_owned()),
        &|it| it.suite = Some("tigress-1".to_owned()),
        &|it| it.shard = Some("1/2".to_owned()),
        &|it| it.ended = Some(Ending::TimeOuts),
        &|it| {
            let error = r#"{"file":"x","reason":"y"}"#;
            it.errors
                .push(serde_json::from_str(error).expect("an error"));
        },
        &|it| it.provenance = Some(provenance.clone()),
    ];
    for (number, lessen) in lesser.iter().enumerate() {
        let mut less = result.clone();
        lessen(&mut less);
        let Statement { scope, says, .. } = Statement::of(&less);
        assert!(
            !scope.is_whole && scope.limits.len() == 1,
            "{number}: {scope:?}"
        );
        let limit = scope.limits[0].replace('/', "&#x2f;");
        assert!(statement::page(&less).contains(&limit), "{number}");
        assert!(says.contains("not the whole"), "{number}: {says}");
    }
}

/// Who is an intermediary and nothing else is asked by names, of which none may be missing.
#[test]
fn a_statement_of_an_intermediary_is_whole_where_all_was_asked_that_is_asked_of_one() {
    let scope_of = |roles: &[Role], names: &[String]| {
        let mut result = whole().clone();
        result.subject.roles = roles.to_vec();
        result.only = names.to_vec();
        Statement::of(&result).scope
    };
    let names = of_an_intermediary();
    assert!(scope_of(&[Role::Intermediary], &names).is_whole);
    assert!(!scope_of(&[Role::Intermediary], &names[1..]).is_whole);
    assert!(!scope_of(&[Role::Intermediary, Role::Wallet], &names).is_whole);
}

/// What is passed in one party's name is not said in another's.
#[test]
fn a_statement_says_as_what_somebody_conforms() {
    let mut result = whole().clone();
    (result.only, result.verdict) = (Vec::new(), Verdict::Conforms);
    for (roles, words) in [
        (&[Role::Wallet][..], "conforms as a wallet to profile"),
        (&[Role::Intermediary][..], "conforms as an intermediary to"),
        (
            &[Role::Wallet, Role::Intermediary][..],
            "conforms to profile",
        ),
    ] {
        result.subject.roles = roles.to_vec();
        let statement = Statement::of(&result);
        assert!(statement.says.contains(words), "{}", statement.says);
        assert!(statement::page(&result).contains(words), "{words}");
    }
}

#[test]
fn two_runs_make_the_same_statement_but_for_when_and_how() {
    let folder = tempfile::tempdir().expect("a folder");
    let statement = |name: &str| {
        let file = folder.path().join(name);
        let run = Command::new(env!("CARGO_BIN_EXE_tigress"))
            .args(["test", "--only", "fingerprint", "--only", "scenarios/links"])
            .arg("--statement")
            .arg(&file)
            .output()
            .expect("it runs");
        assert_eq!(run.status.code(), Some(0), "{run:?}");
        let text = std::fs::read(&file).expect("a statement");
        let mut statement: Value = serde_json::from_slice(&text).expect("JSON");
        let provenance = statement["provenance"].take();
        assert!(provenance["date"].is_string() && provenance["command"].is_string());
        assert!(statement["scenarios"]["passed"] != 0, "{statement}");
        statement
    };
    assert_eq!(statement("a.json"), statement("b.json"));
}

#[test]
fn what_a_subject_calls_itself_is_text_in_its_statement() {
    let mut result = whole().clone();
    result.subject.name = "<script>\u{1b}[2J".to_owned();
    let page = statement::page(&result);
    assert!(page.contains("&lt;script&gt;"), "{page}");
    for text in [page.as_str(), &statement::json(&result)] {
        assert!(!text.contains('\u{1b}'));
    }
    assert!(!page.contains("<script>"));
}

#[test]
fn a_statement_is_read_at_every_width_without_a_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("said.html");
    std::fs::write(&file, statement::page(whole())).expect("written");
    let url = format!("file://{}", file.display());
    let link = "document.querySelector('p.failed a')?.hash.slice(1)";
    let leads = "document.getElementById(document.querySelector('p.failed a').hash.slice(1)).textContent.includes('failed')";
    for more in [&["390"][..], &["1280", "--dark"], &["1600", "--no-script"]] {
        let Some(seen) = browser::look("page.mjs", &url, &[more, &[link, leads]].concat()) else {
            return;
        };
        assert_eq!(seen["faults"], serde_json::json!([]), "{seen}");
        assert_eq!(seen["asked"], serde_json::json!([url]), "{seen}");
        assert_eq!(seen["overflows"], false, "{seen}");
        assert!(seen["values"][0].is_string(), "{seen}");
        assert_eq!(seen["values"][1], true, "{seen}");
    }
}

#[test]
fn the_schema_of_a_statement_is_as_it_is_made_and_holds() {
    let schema = statement::schema();
    // `SNAPSHOTS=overwrite cargo test` writes it anew.
    snapbox::assert_data_eq!(
        schema.clone(),
        snapbox::file!["../docs/statement_schema.json"].raw()
    );
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut told: Value = serde_json::from_str(&statement::json(whole())).expect("JSON");
    assert!(validator.is_valid(&told), "{told}");
    told["requirements"][0]["standing"] = "perhaps".into();
    assert!(!validator.is_valid(&told));
}

pub(crate) fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector takes all");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn junit_says_how_long_each_took_and_how_a_failure_is_run_alone() {
    let mut result = whole().clone();
    result.cases[0].took = Duration::from_micros(1_234_567);
    let xml = written(|out| junit::write(out, &result));
    assert!(
        xml.contains(r#" time="1.235""#) || xml.contains(r#" time="1.234""#),
        "{xml}"
    );
    let failure = &result.failures[0];
    for words in [
        format!("alone: tigress test --only {}", failure.name),
        format!("type=\"{}\"", failure.cause.name()),
    ] {
        assert!(xml.contains(&words), "no {words}");
    }
}

/// What code scanning asks of SARIF: a version, a rule for each result, a place with a line from 1, a fingerprint of its own.
#[test]
fn sarif_has_a_rule_a_place_and_a_fingerprint_for_each_failure() {
    let log: Value = serde_json::from_str(&crate::forms::sarif_of(whole())).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), whole().failures.len());
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().expect("a rule")).expect("small");
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(rules[rule]["help"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        let file = place["artifactLocation"]["uri"].as_str().expect("a file");
        let line = place["region"]["startLine"].as_u64().expect("a line");
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(file).expect("it is there");
        let line = text.lines().nth(usize::try_from(line).expect("small") - 1);
        assert!(line.expect("the line").contains("\"name\": "), "{place}");
        let fingerprint = &result["partialFingerprints"]["tigressCase/v1"];
        assert!(fingerprints.insert(fingerprint.as_str().expect("a fingerprint")));
    }
}
