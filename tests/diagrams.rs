//! Diagrams, as those read them who draw them: Mermaid from npm, where `tests/mermaid/run --ready` could install it.

use crate::browser;
use crate::built_in::played;
use crate::sample;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use tigress_signal::conformance::scenario::diagram::Diagram;
use tigress_signal::conformance::scenario::playback::Playback;
use tigress_signal::conformance::scenario::transcript::{Line, Outcome, Transcript};
use tigress_signal::report::player;

/// What Mermaid takes each text for; none where it is not there.
fn read_by_mermaid(diagrams: &[String]) -> Option<Vec<serde_json::Value>> {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mermaid/run");
    let mut child = Command::new(reader)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = child.stdin.take().expect("piped");
    let text = serde_json::to_vec(diagrams).expect("texts");
    // It may end before it has read anything.
    let writer = thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join().expect("it does not panic");
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Some(serde_json::from_slice(&output.stdout).expect("JSON")),
        Some(3) => {
            eprintln!("{said}");
            None
        }
        _ => panic!("{said}"),
    }
}

/// Rows are what Mermaid draws below the heads of the lifelines, one for each line of its text.
fn rows(diagram: &str) -> usize {
    let body = diagram.split("sequenceDiagram\n").nth(1).expect("a body");
    let is_row = |line: &&str| !line.trim_start().starts_with("participant ");
    body.lines().filter(is_row).count()
}

#[test]
fn each_step_is_told_by_the_keyword_that_its_script_has() {
    for played in played() {
        let mut before = "";
        let steps = played.scenario.steps.iter().map(|step| {
            if ["Given", "When", "Then"].contains(&step.keyword) {
                before = step.keyword;
            }
            (before, step.text.as_str())
        });
        let steps: Vec<_> = steps.collect();
        let playback = Playback::of(&played.run.transcript).expect("within its bounds");
        let told = playback.moments.iter();
        let told = told.filter(|it| ["Given", "When", "Then", "Step"].contains(&it.kind));
        let told: Vec<_> = told.map(|it| (it.kind, it.words.as_str())).collect();
        assert_eq!(told, steps, "{}", played.scenario.place());
    }
    // In another script, or in none, what a step does tells.
    let mut other = played()[0].run.transcript.clone();
    other.header.digest = "00".repeat(32);
    let told = Playback::of(&other).expect("within its bounds");
    assert!(told.moments.iter().any(|it| it.kind == "Then"));
}

#[test]
fn mermaid_reads_the_diagram_of_every_scenario() {
    let (first, step) = sample::seed().map_or((0, 1), |seed| (seed % 8, 8));
    let first = usize::try_from(first).expect("one of eight");
    let transcripts = || {
        let all = played().iter().map(|played| &played.run.transcript);
        all.skip(first).step_by(step)
    };
    let diagrams: Vec<_> = transcripts()
        .map(|transcript| Diagram::of(transcript).mermaid())
        .collect();
    let Some(read) = read_by_mermaid(&diagrams) else {
        return;
    };
    assert_eq!(read.len(), diagrams.len());
    for ((transcript, diagram), read) in transcripts().zip(&diagrams).zip(read) {
        let name = &transcript.header.scenario;
        assert_eq!(read["error"], serde_json::Value::Null, "{name}\n{diagram}");
        assert_eq!(read["type"], "sequence");
        assert_eq!(read["title"], **name);
        let texts = read["texts"].as_array().expect("texts");
        assert_eq!(texts.len(), rows(diagram), "{name}");
        let steps = &transcript.header.steps;
        for step in steps {
            let ends =
                |text: &serde_json::Value| text.as_str().is_some_and(|it| it.ends_with(&step.text));
            assert!(texts.iter().any(ends), "{}", step.text);
        }
    }
}

/// Words that mean something to Mermaid, to YAML or to HTML.
const HOSTILE: &[&str] = &[
    "a: b",
    "- a",
    "\"a\" 'b'",
    "# a",
    "a #35; b",
    "a; b",
    "%% a",
    "a %%{init: {}}%% b",
    "end",
    "wrap: a",
    "nowrap: a",
    ":wrap: a",
    "style a:#b;",
    "classDef a:#b;",
    "style is:#",
    "a<br/>b",
    "<b a=\"c\">d</b>",
    "<script>alert(1)</script>",
    "->>",
    "a->>b: c",
    "Note over a0: b",
    "{a}",
    "@{ \"type\" : \"actor\" }",
    "$$x^2$$",
    "`a`",
    "a\\nb",
    "ﬂ°°35¶ß",
    "Straße, größer, 中文",
    "title: a",
    "---",
    "a as b",
    "&lt;a&gt;",
    "!a *b [c] ~ | > @",
];

/// What no terminal and no browser may be sent, with what stands for it.
const ESCAPED: &[(&str, &str)] = &[
    ("a\nb\r\nc", "a\\nb\\r\\nc"),
    ("\u{1b}[2J\u{202e}", "\\u{1b}[2J\\u{202e}"),
    (
        "\u{7f}\u{85}\u{2028}\u{fffe}",
        "\\u{7f}\\u{85}\\u{2028}\\u{fffe}",
    ),
];

/// Every hostile text, with what is shown of it.
fn hostile() -> impl Iterator<Item = (&'static str, &'static str)> {
    let as_it_is = HOSTILE.iter().map(|text| (*text, *text));
    as_it_is.chain(ESCAPED.iter().copied())
}

/// A transcript in which a text stands wherever one may.
fn with(text: &str, of: &Transcript) -> Transcript {
    let mut transcript = of.clone();
    text.clone_into(&mut transcript.header.scenario);
    for event in &mut transcript.events {
        match event {
            Line::Step { text: words, .. } => text.clone_into(words),
            Line::Device { device, what, .. } => {
                text.clone_into(what);
                device.push_str(text);
            }
            Line::Request { device, .. }
            | Line::Answer { device, .. }
            | Line::State { device, .. }
            | Line::Report { device, .. } => device.push_str(text),
            Line::Refused { device, code } => {
                text.clone_into(code);
                device.push_str(text);
            }
            Line::Time { .. } => {}
        }
    }
    transcript.outcome = Outcome::Failed {
        line: 1,
        text: String::new(),
        reason: text.to_owned(),
    };
    transcript
}

/// Blanks at the ends of a text are not drawn.
fn trimmed(text: &str) -> serde_json::Value {
    text.trim().into()
}

#[test]
fn mermaid_shows_every_text_as_it_stands() {
    let first = &played()[0].run.transcript;
    let diagrams: Vec<_> = hostile()
        .map(|(text, _)| Diagram::of(&with(text, first)).mermaid())
        .collect();
    let Some(read) = read_by_mermaid(&diagrams) else {
        return;
    };
    for (((_, text), diagram), read) in hostile().zip(&diagrams).zip(read) {
        assert_eq!(read["error"], serde_json::Value::Null, "{text}\n{diagram}");
        assert_eq!(read["title"], text);
        let texts = read["texts"].as_array().expect("texts");
        assert_eq!(texts.len(), rows(diagram), "{text}\n{diagram}");
        assert!(texts.contains(&trimmed(text)), "{text} in {texts:?}");
        let last = trimmed(&format!("✗ failed: {text}"));
        assert_eq!(texts.last(), Some(&last), "{diagram}");
        let ben = trimmed(&format!("Ben's phone{text}"));
        let actors = read["actors"].as_array().expect("actors");
        assert!(actors.contains(&ben), "{ben} in {actors:?}\n{diagram}");
    }
}

/// Without Mermaid: what it does not take for text stands in no text.
#[test]
fn a_diagram_has_a_line_a_row_and_no_mark_within() {
    let first = &played()[0].run.transcript;
    let plain = Diagram::of(&with("x", first)).mermaid();
    let entity = regex::Regex::new("#[0-9]+;").expect("an expression");
    for (text, shown) in hostile() {
        let diagram = Diagram::of(&with(text, first)).mermaid();
        assert_eq!(diagram.lines().count(), plain.lines().count(), "{diagram}");
        let title = diagram.lines().nth(1).expect("a title");
        let title = title.strip_prefix("title: ").expect("a title");
        let read: String = serde_json::from_str(title).expect("a string of JSON");
        assert_eq!(read, shown);
        let body = diagram.split("sequenceDiagram\n").nth(1).expect("a body");
        for line in body.lines() {
            let (_, shown) = line
                .split_once(": ")
                .or(line.split_once(" as "))
                .expect(line);
            let rest = entity.replace_all(shown, "");
            assert!(
                !rest.contains(['#', ';', '%', '<', '>', '$', '{', '`']),
                "{line}"
            );
        }
    }
}

/// The transcripts of all scenarios, and a long one: a run ten times over.
fn transcripts() -> impl Iterator<Item = Transcript> {
    let mut long = played()[0].run.transcript.clone();
    long.events = (0..10).flat_map(|_| long.events.clone()).collect();
    played()
        .iter()
        .map(|played| played.run.transcript.clone())
        .chain([long])
}

#[test]
fn each_event_is_drawn_once_in_parts_that_renderers_take() {
    for transcript in transcripts() {
        let diagram = Diagram::of(&transcript);
        let parts = diagram.parts();
        let rows: usize = parts.iter().map(|part| part.texts().count()).sum();
        let failed = usize::from(transcript.outcome != Outcome::Passed {});
        assert_eq!(rows, transcript.events.len() + failed);
        for part in parts {
            let svg = part.svg();
            assert!(number(&svg, "height") < 16_000, "{}", part.title());
            assert!(part.mermaid().len() < 50_000, "{}", part.title());
        }
    }
}

/// The first attribute of that name: a number.
fn number(element: &str, name: &str) -> usize {
    let mark = format!(" {name}=\"");
    let value = element.split(&mark).nth(1).expect(name);
    let value = value.split('"').next().expect("an end");
    value.parse().expect("a number")
}

/// What goes across all lifelines has an opaque ground; every other label stands between two of them.
#[test]
fn no_lifeline_runs_under_a_label() {
    let place = regex::Regex::new(r#"d="M(\d+) 44V"#).expect("an expression");
    let label =
        regex::Regex::new(r#"<text class="(label|right|left)[^"]*" x="(\d+)"[^>]*>([^<]*)"#)
            .expect("an expression");
    let mut labels = 0;
    for transcript in transcripts() {
        for part in Diagram::of(&transcript).parts() {
            let svg = part.svg();
            let lifelines: Vec<usize> = place
                .captures_iter(&svg)
                .map(|found| found[1].parse().expect("a number"))
                .collect();
            for found in label.captures_iter(&svg) {
                labels += 1;
                let x: usize = found[2].parse().expect("a number");
                // Entities count as what they are written with, and letters as 7 pixels, which is more than they are on average.
                let wide = found[3].chars().count() * 7;
                let (start, end) = match &found[1] {
                    "label" => (x.saturating_sub(wide / 2), x + wide / 2),
                    "right" => (x, x + wide),
                    _ => (x.saturating_sub(wide), x),
                };
                let crossed = lifelines.iter().any(|line| (start..=end).contains(line));
                assert!(!crossed, "{} in {}", &found[0], part.title());
            }
        }
    }
    assert!(labels > 1_000);
}

#[test]
fn the_intermediary_stands_between_who_offers_and_who_is_offered() {
    let diagram = Diagram::of(&example());
    let parts = diagram.parts();
    let mermaid = parts[0].mermaid();
    let places = [
        "a0 as Ben's phone",
        "a1 as intermediary",
        "a2 as Ryan's phone",
    ];
    for place in places {
        assert!(mermaid.contains(place), "no {place} in\n{mermaid}");
    }
}

fn example() -> Transcript {
    let text = include_str!("../docs/example/hotel_key.jsonl");
    Transcript::from_lines(text).expect("a transcript")
}

/// The page to step through a run.
fn stepped(transcript: &Transcript) -> String {
    player::page(&Playback::of(transcript).expect("not too much"))
}

#[test]
fn the_player_tells_every_step_and_no_secret() {
    let transcript = example();
    let page = stepped(&transcript);
    let steps = page.matches("<li id=\"step-").count();
    assert_eq!(steps, transcript.events.len());
    let secret =
        regex::Regex::new(r#""(?:token|accessKey)":"([0-9a-f]{16})"#).expect("an expression");
    let lines = transcript.to_lines();
    let mut secrets = 0;
    for found in secret.captures_iter(&lines) {
        secrets += 1;
        assert!(!page.contains(&found[1]));
    }
    assert!(secrets > 0);
}

#[test]
fn a_hostile_transcript_makes_no_element_of_the_player() {
    let plain = stepped(&with("x", &example()));
    for (text, _) in hostile() {
        let page = stepped(&with(text, &example()));
        for mark in ["<script", "</script", "<b ", "<d>"] {
            assert_eq!(
                page.matches(mark).count(),
                plain.matches(mark).count(),
                "{text}"
            );
        }
    }
}

#[test]
fn the_player_steps_in_a_browser() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.html");
    std::fs::write(&file, stepped(&example())).expect("written");
    let url = format!("file://{}#step-3", file.display());
    let press = |key: &str| {
        format!(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }})); location.hash"
        )
    };
    let (on, back) = (press("ArrowRight"), press("ArrowLeft"));
    for width in ["390", "1600"] {
        let arguments = [width, "location.hash", &on, &back, &back];
        let Some(seen) = browser::look("page.mjs", &url, &arguments) else {
            return;
        };
        assert_eq!(
            seen["values"],
            serde_json::json!(["#step-3", "#step-4", "#step-3", "#step-2"])
        );
        assert_eq!(seen["faults"], serde_json::json!([]), "{seen}");
        assert_eq!(seen["overflows"], false, "{width}");
        let all =
            "[...document.querySelectorAll('#steps > li')].filter((it) => it.offsetHeight).length";
        let seen = browser::look("page.mjs", &url, &[width, "--no-script", all]);
        let seen = seen.expect("as before");
        assert_eq!(seen["values"][0], example().events.len());
        assert_eq!(seen["overflows"], false, "{width}");
    }
}
