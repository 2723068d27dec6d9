//! Documents for auditors: scenarios with what came of them, and what the intermediary knows when a run is over.

use crate::built_in::{Played, played};
use crate::{browser, harm, sample};

use data_encoding::HEXLOWER;
use harm::is_harmful;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::dossier::{
    Dossier, DossierError, EVENTS, Exhibit, Order, Outcome, SCENARIOS, SEED_LENGTH, STEPS,
};
use tigress_signal::conformance::scenario::knowledge::{Knowledge, Message};
use tigress_signal::conformance::scenario::library::{Library, SCRIPTS};
use tigress_signal::conformance::scenario::transcript::{Line, Transcript};
use tigress_signal::conformance::scenario::view::{LISTED, TooMany, View};
use tigress_signal::conformance::scenario::{SEED, Scenario, Script};
use tigress_signal::conformance::selection::{self, NoScenario};
use tigress_signal::intermediary::{Body, Learned};
use tigress_signal::report::{knowledge, scenarios};

const DATE: &str = "2026-01-31T23:59:59Z";

fn tigress(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tigress"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

fn order<'o>(scenarios: &'o [(&'o Script, &'o Scenario)], names: &'o [String]) -> Order<'o> {
    Order {
        scenarios,
        names,
        path: None,
        suite: None,
        seed: SEED,
        date: DATE,
    }
}

/// The document of what is called that.
fn dossier(names: &[&str]) -> Dossier {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let scripts = Library::load(None).scripts;
    let chosen = selection::scenarios(&scripts, &names, None).expect("some");
    Dossier::of(&order(&chosen, &names), EVENTS).expect("not too many")
}

fn exhibits(dossier: &Dossier) -> impl Iterator<Item = &Exhibit> {
    dossier.themes.iter().flat_map(|theme| &theme.exhibits)
}

/// A script whose only scenario ends at its fourth step of five.
const TOO_EARLY: &str = "Feature: Mine\n  What and why.\n\n  @XFER-09 @SES-10\n  Scenario: Too early\n    Given Ben has a phone\n    And Ryan has a phone\n    When Ben's phone offers a hotel key to Ryan's phone\n    Then Ryan's phone holds the hotel key\n    And nobody is told anything\n";

/// A script of one scenario of so many steps, so many times.
fn script(steps: usize, scenarios: usize) -> Script {
    let scenarios = (0..scenarios).map(|number| {
        let more = "    When 1 second passes\n".repeat(steps - 1);
        format!("\n  @XFER-01\n  Scenario: Number {number}\n    Given Ben has a phone\n{more}")
    });
    let text: String = scenarios.collect();
    let text = format!("Feature: Mine\n  What and why.\n{text}");
    Script::parse("mine.feature", &text).expect("a script")
}

fn of_script(script: &Script) -> Vec<(&Script, &Scenario)> {
    script.scenarios.iter().map(|it| (script, it)).collect()
}

#[test]
fn a_document_has_each_scenario_of_a_requirement_as_it_is_played() {
    // The one has four times as many scenarios as the other.
    let id = if sample::seed().is_none() {
        "MBX-13"
    } else {
        "XFER-12"
    };
    let dossier = dossier(&[id]);
    let carries = |it: &Played, id: &str| it.scenario.requirements.iter().any(|own| own == id);
    let expected: Vec<&Played> = played().iter().filter(|it| carries(it, id)).collect();
    assert!(expected.len() > 10 && dossier.failed == 0);
    assert!(
        exhibits(&dossier)
            .map(|it| it.number)
            .eq(1..=expected.len())
    );
    let [html, markdown] = [
        scenarios::html::page(&dossier).replace("&#x2f;", "/"),
        scenarios::markdown::page(&dossier),
    ];
    for (exhibit, played) in exhibits(&dossier).zip(&expected) {
        let transcript = &played.run.transcript;
        assert_eq!(exhibit.place, played.scenario.place());
        let digest = HEXLOWER.encode(&Sha256::digest(transcript.to_lines()));
        assert_eq!(exhibit.digest, digest, "{}", exhibit.place);
        let script = SCRIPTS
            .iter()
            .find(|(file, _)| *file == played.scenario.file);
        let lines: Vec<&str> = script.expect("a script").1.lines().collect();
        let steps = transcript.header.steps.iter();
        for (act, step) in exhibit.acts.iter().zip(steps.clone()) {
            assert_eq!(act.text, step.text);
            let line = lines[step.line - 1].trim_start();
            assert_eq!(line.split(' ').next(), Some(act.keyword), "{line}");
        }
        assert_eq!(exhibit.acts.len(), steps.len());
        assert!(
            exhibit
                .acts
                .iter()
                .all(|act| act.outcome == Outcome::Passed)
        );
        for document in [&html, &markdown] {
            for words in [&exhibit.digest, &exhibit.alone, &exhibit.again] {
                assert!(document.contains(words.as_str()), "no {words}");
            }
        }
    }
    for clause in &dossier.clauses {
        let numbers = clause.carried_by.iter();
        let numbers = numbers.flat_map(|it| it.first..=it.last);
        let places = numbers.map(|number| expected[number - 1].scenario.place());
        let carrying = expected.iter().filter(|it| carries(it, clause.id));
        assert!(
            places.eq(carrying.map(|it| it.scenario.place())),
            "{}",
            clause.id
        );
        let requirement = Catalogue::get().find(clause.id).expect("a requirement");
        assert_eq!(clause.text, requirement.text);
        assert!(markdown.contains(clause.text));
    }
    assert_eq!(dossier.clauses[0].id, id);
    assert_eq!(
        dossier.clauses.iter().filter(|it| it.is_asked_for).count(),
        1
    );
    assert_eq!(markdown.matches("\n```mermaid\n").count(), expected.len());
    assert_eq!(html.matches("<svg ").count(), expected.len());
}

#[test]
fn attacks_and_what_attackers_can_do_are_in_the_document() {
    let dossier = dossier(&["SES-10"]);
    let [html, markdown] = [
        scenarios::html::page(&dossier),
        scenarios::markdown::page(&dossier),
    ];
    assert!(html.contains("The intermediary <b>cannot</b> reset a session."));
    let attack = "attack 4, a lie resets a healed session, by the intermediary or a thief";
    assert!(html.contains(attack));
    assert!(markdown.contains("* The intermediary **cannot** reset a session."));
    assert!(markdown.contains(attack));
}

/// What the document says of a transcript, anybody can hold against it.
#[test]
fn the_commands_of_a_document_make_the_transcripts_that_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("too early.feature"), TOO_EARLY).expect("written");
    for (arguments, status, outcome) in [
        (
            &["--only", "XFER-12", "--seed", "it's 2"][..],
            0,
            "all the same",
        ),
        (&["too early.feature"], 1, "the run failed"),
    ] {
        let report = ["scenarios", "report", "--format", "markdown"];
        let output = tigress(folder.path(), &[&report[..], arguments].concat());
        assert_eq!(output.status.code(), Some(status));
        let document = text(output.stdout);
        let again = document.split("```sh\n").nth(1).expect("a command");
        let again = again.lines().next().expect("a line");
        let words = shlex::split(again).expect("words");
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let without_date = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("Made on "));
            lines.map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let second = text(tigress(folder.path(), &words).stdout);
        assert_eq!(without_date(&second), without_date(&document));
        let exhibit = document
            .rsplit("has the SHA-256 `")
            .next()
            .expect("a digest");
        let digest = &exhibit[..64];
        let commands = exhibit.split("```sh\n").nth(1).expect("commands");
        let commands: Vec<_> = commands.lines().take(2).collect();
        let [alone, replay] = [commands[0], commands[1]].map(|command| {
            let words = shlex::split(command).expect("words");
            let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            let file = words.iter().find(|word| word.contains(".jsonl"));
            let file = folder.path().join(file.expect("a transcript"));
            (tigress(folder.path(), &words), file)
        });
        assert_eq!(alone.0.status.code(), Some(status), "{alone:?}");
        let written = fs::read(&alone.1).expect("a transcript");
        let written = HEXLOWER.encode(&Sha256::digest(written));
        assert_eq!(written, digest);
        assert_eq!(replay.0.status.code(), Some(status), "{replay:?}");
        let said = text(replay.0.stdout);
        assert!(
            said.contains(outcome) && said.contains("all the same"),
            "{said}"
        );
    }
}

#[test]
fn a_scenario_that_ends_early_has_a_step_that_failed_and_steps_that_were_not_reached() {
    let script = Script::parse("mine.feature", TOO_EARLY).expect("a script");
    let dossier = Dossier::of(&order(&of_script(&script), &[]), EVENTS).expect("one");
    assert_eq!((dossier.scenarios, dossier.failed), (1, 1));
    let exhibit = exhibits(&dossier).next().expect("one");
    let acts = exhibit.acts.iter().map(|act| (act.keyword, act.outcome));
    let expected = [
        ("Given", Outcome::Passed),
        ("And", Outcome::Passed),
        ("When", Outcome::Passed),
        ("Then", Outcome::Failed),
        ("And", Outcome::NotReached),
    ];
    assert!(acts.eq(expected), "{:?}", exhibit.acts);
    let reason = "expected R:Provisioned, got R:Invited";
    assert_eq!(exhibit.failure.as_deref(), Some(reason));
    let html = scenarios::html::page(&dossier);
    assert!(html.contains("the scenario did not succeed") && html.contains(reason));
    let markdown = scenarios::markdown::page(&dossier);
    assert!(markdown.contains(&format!("It did not succeed: {reason}")));
    assert!(markdown.contains("5. · **And** nobody is told anything (not reached)"));
    // It carries two requirements, and was asked for by neither.
    let clauses = dossier.clauses.iter().map(|it| (it.id, it.is_asked_for));
    assert!(clauses.eq([("SES-10", false), ("XFER-09", false)]));
}

#[test]
fn a_document_keeps_its_bounds() {
    let dossier = |script: &Script, most: usize, seed: &str, drawn: usize| {
        let chosen = of_script(script);
        let order = order(&chosen[..most.min(chosen.len())], &[]);
        Dossier::of(&Order { seed, ..order }, drawn)
    };
    let many = script(1, SCENARIOS + 1);
    let at = dossier(&many, SCENARIOS, SEED, 0).expect("so many");
    assert_eq!(at.scenarios, SCENARIOS);
    let above = dossier(&many, SCENARIOS + 1, SEED, 0).expect_err("one too many");
    assert_eq!(
        above.to_string(),
        "201 scenarios; a document has 200 at most: `--only` chooses fewer scenarios"
    );
    let long = script(STEPS / 10, 10);
    assert!(dossier(&long, 10, SEED, 0).is_ok());
    let mut longer = long;
    let step = longer.scenarios[0].steps[0].clone();
    longer.scenarios[9].steps.push(step);
    let above = dossier(&longer, 10, SEED, 0).expect_err("one too many");
    assert!(matches!(above, DossierError::Many { what: "steps", .. }));
    let two = script(2, 2);
    assert!(dossier(&two, 2, &"ü".repeat(SEED_LENGTH), 0).is_ok());
    let above = dossier(&two, 2, &"ü".repeat(SEED_LENGTH + 1), 0);
    assert_eq!(above.err(), Some(DossierError::Seed(SEED_LENGTH + 1)));

    // The diagrams of both need so much room.
    let whole = dossier(&two, 2, SEED, EVENTS).expect("two");
    let events: usize = exhibits(&whole).map(|it| it.events).sum();
    for (room, drawn) in [
        (events, [true, true]),
        (events - 1, [true, false]),
        (0, [false; 2]),
    ] {
        let dossier = dossier(&two, 2, SEED, room).expect("two");
        let is_drawn = exhibits(&dossier).map(|it| it.diagram.is_some());
        assert!(is_drawn.eq(drawn), "{room}");
        let undrawn = drawn.iter().filter(|it| !**it).count();
        for document in [
            scenarios::html::page(&dossier),
            scenarios::markdown::page(&dossier),
        ] {
            assert_eq!(document.matches("events are not drawn").count(), undrawn);
            assert_eq!(document.matches("tigress diagram mine-").count(), undrawn);
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_document_but_for_its_date() {
    let documents = |date: &str, seed: &str| {
        let names = ["XFER-12".to_owned()];
        let scripts = Library::load(None).scripts;
        let chosen = selection::scenarios(&scripts, &names, None).expect("some");
        let order = Order {
            date,
            seed,
            ..order(&chosen, &names)
        };
        let dossier = Dossier::of(&order, EVENTS).expect("not too many");
        [
            scenarios::html::page(&dossier),
            scenarios::markdown::page(&dossier),
        ]
    };
    let first = documents(DATE, SEED);
    assert_eq!(
        first,
        documents("THE DAY", SEED).map(|it| it.replace("THE DAY", DATE))
    );
    assert_ne!(first, documents(DATE, "2"));
}

#[test]
fn scenarios_are_chosen_by_words_place_theme_or_requirement() {
    let scripts = Library::load(None).scripts;
    let chosen = |names: &[&str], suite: Option<&str>| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let suite = suite.map(|name| tigress_signal::conformance::suites::find(name).expect(name));
        let chosen = selection::scenarios(&scripts, &names, suite)?;
        Ok(chosen.iter().map(|(_, it)| it.place()).collect::<Vec<_>>())
    };
    let all = scripts.iter().map(|script| script.scenarios.len()).sum();
    assert_eq!(chosen(&[], None).map(|it| it.len()), Ok(all));
    let one = chosen(&["from PHONE to phone"], None).expect("one");
    assert_eq!(one.len(), 1);
    assert_eq!(chosen(&[&one[0]], None), Ok(one.clone()));
    let theft = chosen(&["scenarios/theft"], None).expect("a theme");
    assert!(
        theft.len() > 3
            && theft
                .iter()
                .all(|place| place.starts_with("scenarios/theft/"))
    );
    let carrying = chosen(&["XFER-12"], None).expect("a requirement").len();
    assert!(carrying > 10 && carrying < all);
    // Each once, in their order.
    let both = chosen(&["scenarios/theft", &theft[0], "from phone to phone"], None);
    assert_eq!(both, Ok([one, theft].concat()));
    let clients = chosen(&["scenarios/clients"], None)
        .expect("a theme")
        .remove(0);
    for (names, suite, words) in [
        (
            &["XFER-12", "zzz"][..],
            None,
            "no theme, scenario or requirement is called `zzz`",
        ),
        (&["scenarios/thft"], None, "did you mean `scenarios/theft`?"),
        (
            &["KEY-01"],
            None,
            "no scenario carries KEY-01: `tigress explain KEY-01`",
        ),
        (
            &[clients.as_str()],
            Some("signal-v3"),
            "has no scenario of suite `signal-v3`",
        ),
    ] {
        let error: NoScenario = chosen(names, suite).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// What stands in a script may be what HTML or Markdown take for more than text.
fn named(words: &str) -> Dossier {
    let mut script = Script::parse("mine.feature", TOO_EARLY).expect("a script");
    words.clone_into(&mut script.theme);
    words.clone_into(&mut script.paragraph);
    let scenario = &mut script.scenarios[0];
    words.clone_into(&mut scenario.name);
    scenario.file = format!("{words}.feature");
    for step in &mut scenario.steps {
        words.clone_into(&mut step.text);
    }
    let (path, names) = (Path::new(words), [words.to_owned()]);
    let chosen = of_script(&script);
    let order = Order {
        path: Some(path),
        seed: words,
        ..order(&chosen, &names)
    };
    Dossier::of(&order, EVENTS).expect("one")
}

/// The lines of Markdown by what they begin with, and whether they are code.
fn outline(markdown: &str) -> Vec<(bool, String)> {
    let mut is_code = false;
    let lines = markdown.lines().map(|line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        let begin = line.chars().take_while(|c| !c.is_alphanumeric());
        (
            is_code,
            if is_code {
                String::new()
            } else {
                begin.collect()
            },
        )
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever a script is called and says: no element more, no line more, nothing that a terminal obeys.
    #[test]
    fn no_word_of_a_script_is_markup(
        words in r#"x[#<>&|`*_~\[\]\\"'{}%:;!$ -]{0,9}[\n\r\t\x1b\u{202e}\u{2028}`|<]{0,3}[a-l<#`]{0,4}"#
    ) {
        let [plain, hostile] = [named("x"), named(&words)];
        let [one, other] = [&plain, &hostile].map(scenarios::html::page);
        for element in ["<b", "<script", "<svg", "<p", "<li", "<code", "<a ", "<h", "<d"] {
            prop_assert_eq!(one.matches(element).count(), other.matches(element).count(), "{}", element);
        }
        let markdown = scenarios::markdown::page(&hostile);
        prop_assert_eq!(outline(&scenarios::markdown::page(&plain)), outline(&markdown), "{}", &markdown);
        let text = markdown.split("\n```").step_by(2).collect::<String>();
        let ours = Catalogue::get().requirements.iter().map(|it| it.text);
        let text = ours.fold(text, |text, own| text.replace(own, ""));
        prop_assert!(!text.contains(['<', '>', '$']), "{}", text);
        for document in [other, markdown] {
            prop_assert!(!document.contains(|c: char| c != '\n' && is_harmful(c)));
        }
    }
}

#[test]
fn a_document_fits_every_width_and_is_read_without_a_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let transcript = example();
    for (name, page) in [
        (
            "scenarios.html",
            scenarios::html::page(&dossier(&["XFER-12"])),
        ),
        (
            "hostile.html",
            scenarios::html::page(&named(&"<b>x".repeat(40))),
        ),
        (
            "knowledge.html",
            knowledge::page(&knowledge_of(&transcript)),
        ),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, &page).expect("written");
        let url = format!("file://{}", file.display());
        // It has none.
        assert!(!page.contains("<script"));
        for width in ["390", "1600"] {
            let opened = "document.querySelectorAll('details').forEach((it) => { it.open = true }); document.documentElement.scrollWidth > innerWidth";
            let Some(seen) = browser::look("page.mjs", &url, &[width, opened]) else {
                return;
            };
            assert_eq!(seen["faults"], json!([]), "{seen}");
            assert_eq!(seen["asked"], json!([url]), "{seen}");
            assert_eq!(seen["overflows"], false, "{name} {width}");
            assert_eq!(seen["values"][0], false, "{name} {width}");
        }
    }
}

fn example() -> Transcript {
    let text = include_str!("../docs/example/hotel_key.jsonl");
    Transcript::from_lines(text).expect("a transcript")
}

fn knowledge_of(transcript: &Transcript) -> Knowledge {
    Knowledge::of(transcript).expect("not too much")
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("a vector takes all");
    text(out)
}

/// Messages, devices and marks are those of the list of PRIV-01, whatever is played; and no secret is among them.
#[test]
fn what_the_intermediary_knows_is_what_it_learned_and_no_secret() {
    let secret =
        regex::Regex::new(r#""(?:token|accessKey)":"([0-9a-f]{64})""#).expect("an expression");
    let (mut messages, mut ties, mut secrets) = (0, 0, 0);
    let (first, step) = sample::seed().map_or((0, 1), |seed| (seed % 6, 6));
    let first = usize::try_from(first).expect("one of six");
    for played in played().iter().skip(first).step_by(step) {
        let transcript = &played.run.transcript;
        let view = View::of(transcript);
        let known = knowledge_of(transcript);
        let of_kind = |kind: Learned| view.rows.iter().filter(move |row| row.kind == kind);
        let seen = known.pairs.iter().flat_map(|pair| &pair.messages);
        let told = |value: &dyn Fn(&Message) -> String| {
            let mut told: Vec<_> = seen.clone().map(value).collect();
            told.sort_unstable();
            told
        };
        let learned = |kind: Learned| {
            let mut values: Vec<_> = of_kind(kind).map(|row| row.value.clone()).collect();
            values.sort_unstable();
            values
        };
        assert_eq!(
            told(&|it| it.bytes.to_string()),
            learned(Learned::PaddedSize)
        );
        assert_eq!(
            told(&|it| it.lifetime.to_string()),
            learned(Learned::Lifetime)
        );
        let keys: BTreeSet<_> = told(&|it| it.access_key.clone()).into_iter().collect();
        assert!(keys.is_subset(&learned(Learned::AccessKey).into_iter().collect()));
        let asked = known
            .devices
            .iter()
            .flat_map(|device| device.asked.values());
        assert_eq!(asked.sum::<usize>(), of_kind(Learned::Asked).count());
        assert_eq!(known.learned.len(), view.rows.len());
        let shared = view.rows.iter().filter(|row| view.is_shared(row)).count();
        assert_eq!(known.ties(), shared);
        messages += seen.count();
        ties += shared;
        let json = written(|out| knowledge::json(out, &known));
        for found in secret.captures_iter(&transcript.to_lines()) {
            secrets += 1;
            assert!(!json.contains(&found[1]), "{}", transcript.header.scenario);
        }
    }
    assert!(messages > 100 && ties > 0 && secrets > 100);
}

#[test]
fn the_three_forms_tell_the_same() {
    let known = knowledge_of(&example());
    let pretty = written(|out| knowledge::pretty(out, &known));
    let json: Value =
        serde_json::from_str(&written(|out| knowledge::json(out, &known))).expect("JSON");
    let page = knowledge::page(&known);
    assert_eq!(
        json["learned"].as_array().map(Vec::len),
        Some(known.learned.len())
    );
    let pair = &known.pairs[0];
    let many = pair.messages.len();
    assert!(many > 1);
    assert!(pretty.contains(&format!(
        "Ben's phone and Ryan's phone: {many} messages, {} bytes",
        pair.bytes()
    )));
    assert_eq!(
        json["pairs"][0]["messages"].as_array().map(Vec::len),
        Some(many)
    );
    assert_eq!(
        page.matches("<td><time>").count(),
        many + known.lines().count()
    );
    for remark in known.hidden.iter().chain(&known.beside) {
        assert!(page.contains(remark.what), "{}", remark.what);
        let id = remark.requirement;
        assert!(id.is_none_or(|id| Catalogue::get().find(id).is_some()));
    }
    assert!(
        known
            .hidden
            .iter()
            .all(|remark| pretty.contains(remark.what))
    );
}

#[test]
fn the_schema_of_what_the_intermediary_knows_is_as_it_is_made_and_holds() {
    let schema = knowledge::schema();
    // `SNAPSHOTS=overwrite cargo test` writes it anew.
    snapbox::assert_data_eq!(
        schema.clone(),
        snapbox::file!["../docs/intermediary_view_schema.json"].raw()
    );
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for played in played().iter().step_by(20) {
        let known = knowledge_of(&played.run.transcript);
        let told = written(|out| knowledge::json(out, &known));
        let mut told: Value = serde_json::from_str(&told).expect("JSON");
        assert!(validator.is_valid(&told), "{told}");
        told["version"] = "1".into();
        assert!(!validator.is_valid(&told));
    }
}

/// A name that stands once in a transcript stands in many lines of what is made of it.
#[test]
fn a_device_with_a_long_name_makes_no_output_long() {
    let with = |name: &str| {
        let mut transcript = example();
        for event in &mut transcript.events {
            match event {
                Line::Device { device, .. }
                | Line::Request { device, .. }
                | Line::Answer { device, .. }
                | Line::State { device, .. } => *device = device.replace("Ben", name),
                _ => {}
            }
        }
        let known = knowledge_of(&transcript);
        let pretty = written(|out| knowledge::pretty(out, &known));
        let json = written(|out| knowledge::json(out, &known));
        [pretty, json, knowledge::page(&known)]
    };
    for (short, long) in with("Ben").iter().zip(with(&"<Ben>\u{1b}".repeat(10_000))) {
        assert!(
            long.len() < 8 * short.len(),
            "{} of {}",
            long.len(),
            short.len()
        );
        assert!(
            !long.contains("<Ben") || !long.contains("<html"),
            "an element"
        );
        assert!(!long.contains(|c: char| c != '\n' && is_harmful(c)));
    }
}

/// Each number of a message is a thing that is learned.
#[test]
fn a_run_that_lists_too_many_messages_is_refused() {
    let listing = |many: usize| {
        let mut transcript = example();
        let acknowledge = transcript.events.iter_mut().find_map(|event| match event {
            Line::Request { request, .. } => match &mut Arc::make_mut(request).body {
                Body::Acknowledge { ids, .. } => Some(ids),
                _ => None,
            },
            _ => None,
        });
        let ids = acknowledge.expect("one");
        *ids = vec![ids[0]; many];
        Knowledge::of(&transcript)
    };
    let few = listing(0).expect("not too much").learned.len();
    // The prekeys of both registrations and the other acknowledgement count, too.
    let TooMany(all) = listing(LISTED).expect_err("too much");
    let room = 2 * LISTED - all;
    assert_eq!(
        listing(room).expect("as many as may be").learned.len(),
        few + room
    );
    assert_eq!(listing(room + 1), Err(TooMany(LISTED + 1)));
}

/// All that comes at one moment, and a run that takes days: marks stand within the track.
#[test]
fn a_timeline_has_a_mark_for_each_time_at_which_messages_came() {
    let place = regex::Regex::new(r#"<li style="left: ([0-9.]+)%" title="[^"]+">(\d+)</li>"#)
        .expect("an expression");
    let mut tracks = 0;
    for played in played().iter().step_by(7) {
        let known = knowledge_of(&played.run.transcript);
        let page = knowledge::page(&known);
        let marks = place.captures_iter(&page);
        let marks: Vec<(f64, usize)> = marks
            .map(|found| {
                (
                    found[1].parse().expect("a number"),
                    found[2].parse().expect("a number"),
                )
            })
            .collect();
        assert!(marks.iter().all(|(at, _)| (0.0..=100.0).contains(at)));
        let messages: usize = known.pairs.iter().map(|pair| pair.messages.len()).sum();
        let times: BTreeSet<_> = known
            .pairs
            .iter()
            .flat_map(|pair| &pair.messages)
            .map(|it| it.when)
            .collect();
        let shown: usize = marks.iter().map(|(_, many)| many).sum();
        assert_eq!(shown, if times.len() > 1 { messages } else { 0 });
        tracks += usize::from(shown > 0);
    }
    assert!(tracks > 3, "{tracks}");
}
