//! The scenarios: every script is read, every scenario succeeds, and a run makes the same transcript again.

use crate::built_in::{Played, played};
use crate::sample;
use proptest::prelude::*;
use std::path::Path;
use tigress_signal::conformance::scenario::diagram::Diagram;
use tigress_signal::conformance::scenario::feature::{self, Feature};
use tigress_signal::conformance::scenario::library::{Library, SCRIPTS};
use tigress_signal::conformance::scenario::outline::Outline;
use tigress_signal::conformance::scenario::transcript::Transcript;
use tigress_signal::conformance::scenario::vocabulary::Vocabulary;
use tigress_signal::conformance::scenario::{Run, Script, limits, replay, run};
use tigress_signal::suite::Suite;

#[test]
fn every_script_of_the_folder_is_inside_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let there = Library::load(Some(&folder)).scripts.len();
    assert_eq!(there, SCRIPTS.len());
}

#[test]
fn every_scenario_comes_off() {
    let mut failures = Vec::new();
    for Played { scenario, run } in played() {
        if let Some(failure) = &run.failure {
            failures.push(format!(
                "{}:{}: {}: {}: {}",
                scenario.file, failure.line, scenario.name, failure.text, failure.reason
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_transcript_replays_byte_for_byte() {
    for Played { scenario, run } in sampled(3) {
        let lines = run.transcript.to_lines();
        let read = Transcript::from_lines(&lines).expect("just written");
        assert_eq!(read.to_lines(), lines, "{}", scenario.name);
        let again = replay(&read.header).expect("its steps are known");
        assert_eq!(again.transcript.to_lines(), lines, "{}", scenario.name);
    }
}

/// Every so manieth scenario; which ones, the seed says.
fn sampled(of: usize) -> impl Iterator<Item = &'static Played> {
    let (first, step) = match sample::seed() {
        Some(seed) => (usize::try_from(seed).unwrap_or(0) % of, of),
        None => (0, 1),
    };
    played().iter().skip(first).step_by(step)
}

/// What a wallet draws shows in no outline.
#[test]
fn another_seed_makes_other_bytes_and_the_same_outline() {
    let (mut all, mut others) = (0, 0);
    for Played { scenario, run: one } in sampled(3) {
        let suite = scenario.suite_or(None);
        let two = run(scenario, suite, "2");
        all += 1;
        others += usize::from(one.transcript.events != two.transcript.events);
        let outline = |run: &Run| Outline::of(&run.transcript.events, suite, true);
        let departure = outline(one).departure(&outline(&two));
        assert_eq!(departure, None, "{}", scenario.name);
    }
    // Where nobody has a wallet, nothing that was drawn is seen.
    assert!(others * 2 > all, "{others} of {all}");
}

#[test]
fn every_transcript_can_be_drawn() {
    for played in played() {
        let diagram = Diagram::of(&played.run.transcript);
        assert!(diagram.mermaid().contains("sequenceDiagram"));
        let svg = diagram.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}

fn errors_of(script: &str) -> Vec<String> {
    let errors = Script::parse("my.feature", script).expect_err("a fault");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_fault_of_a_script_points_at_its_line() {
    let script = "Feature: A theme\n  What and why.\n\n  @XFER-1\n  Scenario: One\n    Given Ben has a phone\n    When Ben's phone offer a car key to Ryan's watch\n    And Ben's fone restarts\n";
    let errors = errors_of(script);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(
        errors[0].starts_with(
            "my.feature:5: `@XFER-1` is no requirement of the profile and no suite; did you mean `XFER-01`?"
        ),
        "{}",
        errors[0]
    );
    assert!(errors[1].starts_with("my.feature:7: no step is called `Ben's phone offer a car key to Ryan's watch`; did you mean `{device} offers a {credential} to {device}`?"), "{}", errors[1]);
    assert!(
        errors[2].starts_with(
            "my.feature:8: nobody has declared `Ben's fone`; did you mean `Ben's phone`?"
        ),
        "{}",
        errors[2]
    );
    let errors = errors_of("Feature: A theme\n\n  Scenario: One\n    Given Ben has a phone\n");
    assert!(errors[0].contains("begins with a paragraph"), "{errors:?}");
    assert!(
        errors[1].contains("names the requirements that it carries"),
        "{errors:?}"
    );
}

/// A scenario of these lines, of which the first is line 6; two phones are there.
fn scenario_of(lines: &str) -> String {
    let devices = "    Given Ben has a phone\n    And Ryan has a phone and a watch\n";
    format!("Feature: A theme\n  What and why.\n\n  @XFER-01\n  Scenario: One\n{lines}{devices}")
}

/// What stands before the steps of a scenario, with two devices, up to line 7.
const BEFORE: &str = "Feature: A theme\n  What and why.\n\n  @XFER-01\n  Scenario: One\n    Given Ben has a phone\n    And Ryan has a phone and a watch\n";

/// Lines behind [`BEFORE`], the line of the fault, and what is said of it.
const UNREAD: &[(&str, usize, &str)] = &[
    // What stands where nobody reads it.
    (
        "    Ben's phone restarts\n",
        8,
        "`Ben's phone restarts` is text that nobody reads: a step begins with Given",
    ),
    ("    Whn Ben's phone restarts\n", 8, "did you mean `When`?"),
    ("    when Ben's phone restarts\n", 8, "did you mean `When`?"),
    ("    Then\n", 8, "`Then` is text that nobody reads"),
    (
        "    \"\"\"\n    Scenario: Two\n    \"\"\"\n",
        8,
        "a doc string, which no step reads",
    ),
    (
        "    ```\n    @XFER-01\n    ```\n",
        8,
        "a doc string, which no step reads",
    ),
    ("    | a |\n", 8, "a table that no step reads"),
    ("  Scenario Two\n", 8, "did you mean `Scenario:`?"),
    ("  Senario: Two\n", 8, "did you mean `Scenario:`?"),
    ("  @XFER-01\n", 8, "tags that nobody bears"),
    (
        "    @XFER-01\n    And everybody restarts\n",
        8,
        "tags that nobody bears",
    ),
    (
        "    And everybody restarts\n\n  @XFER-01 XFER-02\n  Scenario: Two\n    Given Ben has a phone\n",
        10,
        "`XFER-02` among tags",
    ),
    (
        "  Rule: Two\n    And everybody restarts\n",
        8,
        "a rule, which nobody reads",
    ),
    ("  Feature: Two\n", 8, "a second feature"),
    (
        "  Background:\n    Given Bert has a phone\n",
        8,
        "a background behind a scenario",
    ),
    // What shows nothing.
    (
        "  @XFER-01\n  Scenario: Two\n",
        9,
        "a scenario without a step",
    ),
    (
        "  @XFER-01\n  Scenario:\n    Given Ben has a phone\n",
        9,
        "a scenario without a name",
    ),
    (
        "  @XFER-01\n  Scenario Outline: Two\n    Given Ben has a phone\n",
        9,
        "an outline without examples",
    ),
    ("    Examples:\n", 8, "examples without a row"),
    ("    Examples:\n      | a |\n", 8, "examples without a row"),
    (
        "    Examples:\n      | a |\n      | 1 |\n",
        8,
        "nobody reads the column `a`",
    ),
    (
        "    And <b> passes\n    Examples:\n      | a |\n      | 1 |\n",
        8,
        "`<b>` is no column of the examples",
    ),
    (
        "    And <a> passes\n    Examples:\n      | a | a |\n      | 1 day | 2 |\n",
        9,
        "two columns are called `a`",
    ),
    (
        "    And <a> passes\n    Examples:\n      | a |\n      | 1 day | 2 |\n",
        11,
        "a row of 2 cells in a table of 1",
    ),
    (
        "    And <a> passes\n    Examples:\n      | a |\n      | 1 day\n",
        11,
        "a row that does not end with `|`",
    ),
    (
        "    And <a> passes\n    Examples:\n      | a |\n      | 1\\day |\n",
        11,
        "a backslash in a row",
    ),
    (
        "    And <a> passes\n    Examples: These\n      | a |\n      | 1 day |\n",
        9,
        "a table of examples has no name",
    ),
    (
        "    And <a> passes\n    Examples:\n      | a |\n      | 1 day |\n    And everybody restarts\n",
        12,
        "a step behind the examples",
    ),
];

/// Steps that name what does not exist.
const UNKNOWN: &[(&str, &str)] = &[
    (
        "When Ben's phone restart",
        "no step is called `Ben's phone restart`; did you mean `{device} restarts`?",
    ),
    (
        "When nothing like it at all",
        "no step is called `nothing like it at all`; `tigress scenarios steps` lists them",
    ),
    (
        "When Bert's phone restarts",
        "nobody has declared `Bert's phone`; did you mean `Ben's phone`?",
    ),
    (
        "When Ben adds a fone",
        "`fone` is no kind of device, which is one of phone, watch, tablet, laptop, ring; did you mean `phone`?",
    ),
    (
        "When ben adds a ring",
        "`ben` is no name, which is a capital letter and small ones of English",
    ),
    ("When Ben adds a phone", "`Ben's phone` is there already"),
    (
        "When Ben's phone offers a car key to Rian's phone",
        "nobody has declared `Rian's phone`; did you mean `Ryan's phone`?",
    ),
    (
        "When Ben's phone offers a house key to Ryan's phone",
        "`house key` is no credential, which is one of car key, hotel key",
    ),
    (
        "When Ben's phone offers a car key called \" \" to Ryan's phone",
        "a name with nothing in it",
    ),
    (
        "When Ryan's phone accepts the car key",
        "nobody has offered `car key`",
    ),
    (
        "When Ryan's phone takes the invitation \"the link\"",
        "nobody has made the invitation `the link`",
    ),
    (
        "When Ryan's phone is rolled back to \"before\"",
        "nothing was saved as `before`",
    ),
    (
        "When Ryan's phone sends a van called \"the van\" to Ben's phone",
        "`a van` is no payload, which is one of an offer, an offer of 4,096 bytes, an offer in an unknown format, ",
    ),
    (
        "When the intermediary answers every reading of Ben's phone with \"nonsense\"",
        "`nonsense` is no lie, which is one of done, no messages, another kind of answer, keys of its own, as many messages as it asked for, ",
    ),
    (
        "When Ben's phone offers the token of \"the room\" called \"again\" to Ryan's phone",
        "nobody has offered `the room`",
    ),
    (
        "When Ryan's phone accepts \"the car\"",
        "nobody has offered `the car`",
    ),
    (
        "Then Ben's phone is told \"unknown-tranfer\"",
        "`unknown-tranfer` is no report, which is one of malformed, ",
    ),
    (
        "Then Ben's phone is told \"unknown-tranfer\"",
        "delayed; did you mean `unknown-transfer`?",
    ),
    (
        "Then it is refused with \"invalid state\"",
        "`invalid state` is no error code, which is one of malformed, ",
    ),
    (
        "Then it is refused with \"no refusal\"",
        "`no refusal` is no error code",
    ),
    (
        "When the next offer of Ben's phone is lost",
        "`offer` is no request, which is one of registration, publication, count, bundle request, submission, reading, acknowledgement, removal",
    ),
    (
        "When the answer to the next submision of Ben's phone is lost",
        "did you mean `submission`?",
    ),
    (
        "Then the last message to Ben's phone is a prekeys message",
        "`prekeys` is no kind of message, which is one of prekey, ratchet",
    ),
    (
        "When 3 weeks pass",
        "`weeks` is no unit of time, which is one of seconds, minutes, hours, days",
    ),
    (
        "When 36501 days pass",
        "`36501 days` is longer than 36500 days",
    ),
    (
        "When 99999999999999999999 days pass",
        "is longer than 36500 days",
    ),
    (
        "When Ben's phone's clock is 900000 hours behind",
        "is longer than 36500 days",
    ),
    (
        "When strangers fetch 4000000000 bundles of Ben's phone",
        "`4000000000`, where a number from 1 to 1,000 stands",
    ),
    (
        "When strangers fetch 0 bundles of Ben's phone",
        "`0`, where a number from 1 to 1,000 stands",
    ),
    (
        "Then 99999999999999999999 messages wait for Ben's phone",
        "`99999999999999999999` is too large a number",
    ),
    (
        "Then the intermediary has seen messages of \"many\" bytes",
        "`many` are no sizes",
    ),
    (
        "Then Ryan's phone is in \"R:Invite\" with the car key",
        "`R:Invite` is no state, which is one of S:Offered, ",
    ),
    (
        "Then Ryan's phone is in \"R:Invite\" with the car key",
        "did you mean `R:Invited`?",
    ),
];

/// What a script has before its first scenario.
const HEADS: &[(&str, usize, &str)] = &[
    ("", 1, "nothing; a script begins with `Feature: …`"),
    (
        "\n# only a comment\n",
        1,
        "nothing; a script begins with `Feature: …`",
    ),
    (
        "Feature: A theme\n  What and why.\n",
        1,
        "a script without a scenario",
    ),
    ("Feature:\n  What and why.\n", 1, "a feature without a name"),
    (
        "\nSome words\nand others\n",
        2,
        "`Some words` stands before `Feature: …`",
    ),
    ("Scenario: One\n", 1, "a script begins with `Feature: …`"),
    (
        "# language: de\nFunktionalität: Ein Thema\n",
        1,
        "scripts are in English, and not in `de`",
    ),
    (
        "Feature: A theme\n  What.\n  Background: Two\n    Given Ben has a phone\n",
        3,
        "a background has no name",
    ),
    (
        "Feature: A theme\n  What.\n  Background:\n    Given Ben has a phone\n  Background:\n",
        5,
        "a second background",
    ),
    (
        "Feature: A theme\n  What.\n  Examples:\n  | a |\n",
        3,
        "examples of no scenario",
    ),
    (
        "Feature: A theme\n\n  @XFER-01\n  Scenario: One\n    Given Ben has a phone\n",
        1,
        "begins with a paragraph",
    ),
    (
        "Feature: A theme\n  What.\n\n  Scenario: One\n    Given Ben has a phone\n",
        4,
        "names the requirements that it carries",
    ),
];

#[track_caller]
fn assert_fault(script: &str, line: usize, words: &str) {
    let errors = errors_of(script);
    let place = format!("my.feature:{line}: ");
    let is_it = |error: &&String| error.starts_with(&place) && error.contains(words);
    assert!(
        errors.iter().any(|error| is_it(&error)),
        "{line}: {words}\n{errors:#?}\n{script}"
    );
}

#[test]
fn what_nobody_reads_or_shows_nothing_is_a_fault_with_its_line() {
    for (lines, line, words) in UNREAD {
        assert_fault(&format!("{BEFORE}{lines}"), *line, words);
    }
    for (script, line, words) in HEADS {
        assert_fault(script, *line, words);
    }
    // Text before the first step.
    assert_fault(
        &scenario_of("    Givne Bert has a phone\n"),
        6,
        "did you mean `Given`?",
    );
}

#[test]
fn a_step_that_names_what_does_not_exist_says_what_does() {
    for (step, words) in UNKNOWN {
        assert_fault(&format!("{BEFORE}    {step}\n"), 8, words);
        let errors = errors_of(&format!("{BEFORE}    {step}\n"));
        let is_unknown = words.starts_with("no step");
        assert_eq!(
            errors[0].contains("no step is called"),
            is_unknown,
            "{errors:?}"
        );
    }
    let gone = "    When Ben's phone is removed\n    And Ben's phone restarts\n";
    assert_fault(
        &format!("{BEFORE}{gone}"),
        9,
        "nobody has declared `Ben's phone`",
    );
}

#[test]
fn lines_may_end_as_on_windows_and_the_last_need_not() {
    for (name, text) in SCRIPTS {
        let unix = Script::parse(name, text).expect("no fault");
        let windows = format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"));
        let windows = Script::parse(name, &windows).expect("no fault");
        let steps = |script: &Script| -> Vec<_> {
            let scenarios = script.scenarios.iter();
            let steps = scenarios.flat_map(|scenario| &scenario.steps);
            steps.map(|step| (step.line, step.text.clone())).collect()
        };
        assert_eq!(steps(&unix), steps(&windows), "{name}");
        assert_eq!(unix.paragraph, windows.paragraph);
    }
}

/// What the crate `gherkin` reads of a script. It knows no line of a table's row, and no comment from a description; none
/// where it cannot read the script: a line of blanks between tags and their scenario is too much for it.
fn read_by_gherkin(text: &str) -> Option<Feature> {
    let feature = gherkin::Feature::parse(text, gherkin::GherkinEnv::default()).ok()?;
    let steps = |steps: Vec<gherkin::Step>| -> Vec<_> {
        let keywords = ["Given", "When", "Then", "And", "But", "*"];
        let keyword = |words: &str| keywords.into_iter().find(|it| *it == words.trim());
        let steps = steps.into_iter().map(|step| feature::Step {
            line: step.position.line,
            keyword: keyword(&step.keyword).expect("one of them"),
            text: step.value,
        });
        steps.collect()
    };
    let table = |examples: gherkin::Examples| {
        let mut rows = examples.table.into_iter().flat_map(|table| table.rows);
        feature::Table {
            line: examples.position.line,
            head: rows.next().unwrap_or_default(),
            rows: rows.map(|cells| feature::Row { line: 0, cells }).collect(),
        }
    };
    let scenario = |scenario: gherkin::Scenario| feature::Scenario {
        line: scenario.position.line,
        name: scenario.name,
        tags: scenario.tags,
        steps: steps(scenario.steps),
        is_outline: scenario.keyword.starts_with("Scenario "),
        examples: scenario.examples.into_iter().map(table).collect(),
    };
    Some(Feature {
        line: feature.position.line,
        name: feature.name,
        description: Vec::new(),
        tags: feature.tags,
        background: feature
            .background
            .map_or_else(Vec::new, |background| steps(background.steps)),
        scenarios: feature.scenarios.into_iter().map(scenario).collect(),
    })
}

/// What that crate knows, too.
fn comparable(mut feature: Feature) -> Feature {
    feature.description.clear();
    let tables = feature.scenarios.iter_mut().flat_map(|it| &mut it.examples);
    for row in tables.flat_map(|table| &mut table.rows) {
        row.line = 0;
    }
    feature
}

#[test]
fn every_script_is_read_as_other_readers_of_gherkin_do() {
    for (name, text) in SCRIPTS {
        let read = Feature::parse(text).expect(name);
        assert_eq!(Some(comparable(read)), read_by_gherkin(text), "{name}");
    }
}

/// Lines of a script, some of which make sense at some place.
fn odd_line() -> impl Strategy<Value = String> {
    prop::sample::select(
        &[
            "",
            "  # a comment",
            "@XFER-01",
            "@a @b # c",
            "@",
            "@a@b",
            "Scenario: A b",
            "Scenario Outline: <a>",
            "Scenario:",
            "Example: Of it",
            "Examples:",
            "Scenarios:",
            "Examples: d",
            "| a | b |",
            "|a\\|b|\\n|",
            "|",
            "||",
            "| a",
            "|\\a|",
            "Given a",
            "* g",
            "Given",
            "*i",
            "Background:",
            "Feature: Again",
            "Rule: h",
            "words",
            "\"\"\"",
            "```",
            "Feature",
            "#",
            "Andere",
            "# language: de",
        ][..],
    )
    .prop_map(str::to_owned)
}

/// A scenario that is well made.
fn whole_scenario() -> impl Strategy<Value = String> {
    let comment = prop::sample::select(&["", "\n", "# a comment\n", "\n  \n#\n"][..]);
    let tags = prop::sample::select(&["@XFER-01\n", "  @a @b\n@c\n", ""][..]);
    let heading = prop::sample::select(
        &[
            "Scenario: A: b",
            "\tExample: C",
            "  Scenario Outline: <a> <b> ",
            "Scenario Template:  D",
        ][..],
    );
    let step = prop::sample::select(
        &[
            "Given a",
            "    When <a>  b ",
            "\tThen \"c\" | d",
            "And e: f",
            "But @g",
            "*   h # i",
            "# a comment",
            "Given Given b",
            "",
        ][..],
    );
    let table = prop::sample::select(
        &[
            "Examples:\n| a | b |\n|1|2|\n",
            "  Scenarios:\n\n  | a |b|\n # a comment\n  |\\||\\\\ \\n|\n\n||\t|\n",
            "",
        ][..],
    );
    (
        comment,
        tags,
        heading,
        prop::collection::vec(step, 0..6),
        prop::collection::vec(table, 0..3),
    )
        .prop_map(|(comment, tags, heading, steps, tables)| {
            format!(
                "{comment}{tags}{heading}\n{}\n{}",
                steps.join("\n"),
                tables.concat()
            )
        })
}

/// Scripts that are mostly well made: with an odd line in them, or none.
fn drawn_script() -> impl Strategy<Value = String> {
    let background = prop::sample::select(&["", "  Background:\n    Given a\n    * b\n"][..]);
    let scenarios = prop::collection::vec(whole_scenario(), 1..4);
    let odd = prop::option::weighted(0.3, (odd_line(), any::<prop::sample::Index>()));
    let end = prop::sample::select(&["\n", "\r\n"][..]);
    (background, scenarios, odd, end).prop_map(|(background, scenarios, odd, end)| {
        let text = format!(
            "@T\nFeature: A theme\n  What: and\n  why.\n{background}{}",
            scenarios.concat()
        );
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        if let Some((line, place)) = odd {
            lines.insert(place.index(lines.len()), line);
        }
        lines.join(end)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is read without a fault is read as another reader of Gherkin does; nothing else is run.
    #[test]
    fn what_has_no_fault_is_read_as_others_do(text in drawn_script()) {
        if let (Ok(read), Some(other)) = (Feature::parse(&text), read_by_gherkin(&text)) {
            prop_assert_eq!(comparable(read), other);
        }
    }

    /// And what is well made has no fault.
    #[test]
    fn what_is_well_made_has_no_fault(scenarios in prop::collection::vec(whole_scenario(), 1..4)) {
        let text = format!("Feature: A theme\n  What.\n{}", scenarios.concat());
        prop_assert_eq!(Feature::parse(&text).map(drop), Ok(()));
    }

    #[test]
    fn no_text_is_too_odd_to_be_read(text in any::<String>(), lines in prop::collection::vec(odd_line(), 0..12)) {
        let _ = Script::parse("my.feature", &text);
        let _ = Script::parse("my.feature", &format!("Feature: {text}\n{}", lines.join(&text)));
    }
}

/// Scripts at their bounds are read; beyond them they are refused where the bound stands, in a time that none of these feels.
#[test]
fn scripts_have_bounds() {
    let repeated = |text: &str, times: usize| text.repeat(times);
    let scenario = "\n  @XFER-01\n  Scenario: One\n    Given Ben has a phone\n";
    let head = "Feature: A theme\n  What and why.\n";
    let whole = |lines: &str| format!("{BEFORE}{lines}");

    let long = |bytes: usize| whole(&format!("    # {}\n", "x".repeat(bytes - 6)));
    assert!(Script::parse("my.feature", &long(limits::LINE)).is_ok());
    assert_fault(
        &long(limits::LINE + 1),
        8,
        "a line of 1001 bytes; a script has lines of 1000 at most",
    );
    assert_fault(
        &whole(&repeated(" ", 1_000_000)),
        8,
        "a line of 1000000 bytes",
    );

    let steps = |steps: usize| whole(&repeated("    And everybody restarts\n", steps - 2));
    assert!(Script::parse("my.feature", &steps(limits::STEPS)).is_ok());
    assert_fault(
        &steps(limits::STEPS + 1),
        5,
        "a scenario of 2001 steps; 2000 are the most",
    );

    let scenarios = |scenarios| format!("{head}{}", repeated(scenario, scenarios));
    assert!(Script::parse("my.feature", &scenarios(limits::SCENARIOS)).is_ok());
    let last = 2 + 4 * limits::SCENARIOS + 3;
    assert_fault(
        &scenarios(limits::SCENARIOS + 1),
        last,
        "more than 1000 scenarios",
    );

    // A background runs as often as there are scenarios.
    let background = |scenarios| {
        let steps = repeated("    And everybody restarts\n", 199);
        format!(
            "{head}  Background:\n{steps}{}",
            repeated(&scenario.replace("Ben has", "Ryan has"), scenarios)
        )
    };
    let most = limits::STEPS_OF_A_SCRIPT / 200;
    assert!(Script::parse("my.feature", &background(most)).is_ok());
    assert_fault(
        &background(most + 1),
        205 + 4 * most,
        "more than 20000 steps up to here",
    );

    // So do the values of an outline.
    let value = "x".repeat(400);
    let outline = whole(&format!(
        "    When Ben's phone offers a car key called \"<a><a><a>\" to Ryan's phone\n    Examples:\n      | a |\n      | {value} |\n"
    ));
    assert_fault(
        &outline,
        8,
        "longer than 1000 bytes with the values of line 11",
    );

    let large = whole(&repeated("# a comment\n", 100_000));
    let errors = errors_of(&large);
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("bytes; a script has 1048576 at most"),
        "{errors:?}"
    );

    // What is wrong again and again is told a hundred times.
    let wrong: Vec<_> = (0..limits::STEPS - 2)
        .map(|n| format!("    And it is step {n}\n"))
        .collect();
    let errors = errors_of(&whole(&wrong.concat()));
    assert_eq!(errors.len(), limits::FAULTS + 1);
    assert!(
        errors[100].contains("so many faults that no more are looked for"),
        "{}",
        errors[100]
    );
}

/// The page names every bound as it is.
#[test]
fn the_page_of_scenarios_has_every_bound() {
    let page = include_str!("../docs/scenarios.md");
    for (what, bound) in [
        ("bytes of a script", Script::MOST_BYTES),
        ("bytes of a line", limits::LINE as u64),
        ("scenarios of a script", limits::SCENARIOS as u64),
        ("steps of a scenario, those", limits::STEPS as u64),
        (
            "steps of all scenarios of a script",
            limits::STEPS_OF_A_SCRIPT as u64,
        ),
        ("faults", limits::FAULTS as u64),
        ("days", limits::DAYS),
        ("strangers", limits::STRANGERS),
        (
            "steps of a scenario that go through",
            limits::REVIEWS as u64,
        ),
        ("events", limits::EVENTS as u64),
    ] {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| {what}")));
        let row = row.unwrap_or_else(|| panic!("no row of {what}"));
        assert_eq!(
            row.rsplit('|').nth(1).expect("a cell").trim(),
            with_commas(bound),
            "{row}"
        );
    }
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The steps, and the values of what stands between braces, as they are listed, are those that the page explains.
#[test]
fn the_page_of_scenarios_explains_every_parameter() {
    let page = include_str!("../docs/scenarios.md");
    for parameter in Vocabulary::parameters() {
        let row = format!("| `{{{}}}` | ", parameter.name);
        assert!(page.contains(&row), "{row}");
    }
}

/// What a step does again and again comes to an end, too.
#[test]
fn a_run_has_bounds() {
    let fetching = "    When strangers fetch 600 bundles of Ben's phone\n".repeat(2);
    let looking = "    Then the intermediary has seen no payload\n".repeat(limits::REVIEWS + 1);
    for (steps, line, reason) in [
        (
            fetching,
            9,
            "more than 1000 strangers, guests and bundles that strangers fetch, in a scenario",
        ),
        (
            looking,
            28,
            "more than 20 steps go through all that has happened",
        ),
    ] {
        let script = Script::parse("my.feature", &format!("{BEFORE}{steps}")).expect("no fault");
        let scenario = &script.scenarios[0];
        let run = run(scenario, scenario.suite_or(None), "1");
        let failure = run.failure.expect("a failure");
        assert_eq!(
            (failure.line, failure.reason.to_string().as_str()),
            (line, reason)
        );
    }
}

#[test]
fn a_tag_may_name_the_suite_and_the_transcript_carries_it() {
    let one = |tags: &str| {
        let script = format!(
            "Feature: A theme\n  What and why.\n\n  {tags}\n  Scenario: One\n    Given Ben has a phone\n"
        );
        let script = Script::parse("my.feature", &script).expect("no fault");
        script.scenarios.into_iter().next().expect("one")
    };
    let (any, own) = (one("@XFER-01"), one("@XFER-01 @tigress-1"));
    assert_eq!(own.requirements, any.requirements);
    assert!(any.suite.is_none());
    assert_eq!(own.suite.map(Suite::name), Some("tigress-1"));
    let transcript = run(&own, own.suite_or(None), "1").transcript;
    assert_eq!(transcript.header.suite, "tigress-1");
    let mut header = transcript.header;
    header.suite = "tigres-1".to_owned();
    let refused = replay(&header).expect_err("no such suite").to_string();
    assert_eq!(
        refused,
        "my.feature: no suite is called `tigres-1`; did you mean `tigress-1`? This build speaks tigress-1, signal-v3"
    );
}
