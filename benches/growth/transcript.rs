//! What is made of a transcript of many lines.

use crate::Sized;
use crate::turns::repeated;
use tigress_signal::conformance::scenario::diagram::Diagram;
use tigress_signal::conformance::scenario::transcript::{Line, Transcript};
use tigress_signal::conformance::scenario::view::View;
use tigress_signal::conformance::scenario::{self, Scenario, Step};
use tigress_signal::suite::Tigress1;

/// Fewer lines than any transfer makes.
const LINES_OF_A_TRANSFER: usize = 15;

/// A run of transfers from one phone to another, of at least so many lines.
fn long(lines: usize) -> Transcript {
    let devices = ["Ben has a phone", "Ryan has a phone"].map(str::to_owned);
    // A link serves ten transfers (INV-05).
    let transfers = (0..lines.div_ceil(LINES_OF_A_TRANSFER)).flat_map(|number| {
        let link = (number % 10 == 0)
            .then(|| "Ben's phone has taken the invitation of Ryan's phone".to_owned());
        link.into_iter().chain([
            format!("Ben's phone offers a hotel key called \"{number}\" to Ryan's phone"),
            format!("Ryan's phone accepts \"{number}\""),
        ])
    });
    let texts = devices.into_iter().chain(transfers).zip(1..);
    let scenario = Scenario {
        file: "growth.feature".to_owned(),
        digest: String::new(),
        name: "Many transfers".to_owned(),
        line: 1,
        requirements: Vec::new(),
        with_libraries: false,
        suite: None,
        steps: texts
            .map(|(text, line)| Step::parse(line, &text).expect("a step"))
            .collect(),
    };
    let run = scenario::run(&scenario, &Tigress1, "growth");
    assert!(run.failure.is_none(), "{:?}", run.failure);
    assert!(run.transcript.events.len() >= lines, "too short");
    run.transcript
}

/// The first lines of a transcript.
fn text(lines: usize) -> String {
    let mut transcript = long(lines);
    transcript.events.truncate(lines - 1);
    transcript.to_lines()
}

/// What the intermediary learned, as `tigress intermediary-view` asks for it, from the file's text on.
pub(crate) fn view(lines: usize) -> Sized {
    let text = text(lines);
    Sized {
        items: lines,
        timed: repeated(move || {
            let view = View::of(&Transcript::from_lines(&text).expect("a transcript"));
            view.rows.iter().filter(|row| view.is_shared(row)).count()
        }),
    }
}

/// The diagram in both forms, from the file's text on.
pub(crate) fn diagram(lines: usize) -> Sized {
    let text = text(lines);
    Sized {
        items: lines,
        timed: repeated(move || {
            let diagram = Diagram::of(&Transcript::from_lines(&text).expect("a transcript"));
            (diagram.mermaid(), diagram.svg())
        }),
    }
}

/// The run once more, from the file's text on.
pub(crate) fn replay(lines: usize) -> Sized {
    let mut transcript = long(lines);
    let steps = transcript.events[..lines]
        .iter()
        .filter(|line| matches!(line, Line::Step { .. }));
    transcript.header.steps.truncate(steps.count());
    let run = scenario::replay(&transcript.header).expect("its steps are steps");
    let text = run.transcript.to_lines();
    Sized {
        items: text.lines().count(),
        timed: repeated(move || {
            let transcript = Transcript::from_lines(&text).expect("a transcript");
            let again = scenario::replay(&transcript.header).expect("its steps are steps");
            assert!(again.transcript.to_lines() == text, "it differs");
        }),
    }
}
