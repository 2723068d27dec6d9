//! Scenarios with other steps: some are gone, come twice or in another order, and the network, time and restarts come between.

use super::change;
use super::corpus::Corpus;
use crate::conformance::dice::Dice;
use crate::conformance::restarts::Restarts;
use crate::conformance::run::Mismatch;
use crate::conformance::scenario::lies;
use crate::conformance::scenario::outline::Outline;
use crate::conformance::scenario::transcript::Line;
use crate::conformance::scenario::{
    Cast, SEED, Scenario, Stage, Step, StepFailure, Tested, run_with,
};
use crate::conformance::subject::Subject;
use crate::suite::SuiteRef;
use std::fmt::Write as _;

/// At most so many changes.
const MOST_CHANGES: usize = 5;

/// A scenario, and the device that the subject plays in it.
#[derive(Clone, Debug)]
pub struct Script {
    scenario: Scenario,
    plays: String,
}

/// A script that succeeds with the reference engine in every role, and what happened then.
#[derive(Clone, Debug)]
pub struct Settled {
    script: Script,
    events: Vec<Line>,
}

/// A scenario of the program with other steps.
pub(super) fn draw(corpus: &Corpus, _suite: SuiteRef, dice: &mut Dice) -> Option<Script> {
    let scenario = dice.pick(&corpus.scenarios)?.clone();
    let devices: Vec<String> = scenario.devices().into_iter().collect();
    let plays = dice.pick(&devices)?.clone();
    let mut steps: Vec<String> = scenario.steps.iter().map(|it| it.text.clone()).collect();
    for _ in 0..=dice.below(MOST_CHANGES) {
        let at = dice.below(steps.len().max(1));
        match dice.below(10) {
            0 if steps.len() > 2 => {
                steps.remove(at);
            }
            1 => {
                let later = at + dice.below(steps.len() - at + 1);
                if let Some(step) = steps.get(at).cloned() {
                    steps.insert(later, step);
                }
            }
            2 => {
                let other = dice.below(steps.len().max(1));
                steps.swap(at, other);
            }
            _ => {
                let between = meanwhile(dice, &devices, &plays);
                steps.insert(at + 1, between);
            }
        }
    }
    Script { scenario, plays }.with_steps(&steps)
}

/// Something that may happen at any time, every second time to the device that the subject plays.
fn meanwhile(dice: &mut Dice, devices: &[String], plays: &str) -> String {
    let other = dice.pick(devices).map_or("", String::as_str);
    let device = if dice.one_in(2) { plays } else { other };
    let requests = ["bundle request", "submission", "reading", "acknowledgement"];
    let request = requests[dice.below(requests.len())];
    match dice.below(26) {
        0..=2 => format!("{device} restarts"),
        3 => "everybody restarts".to_owned(),
        4 => format!("the next {request} of {device} is lost"),
        5 => format!("the next {request} of {device} arrives twice"),
        6 => format!("the next {request} of {device} is held back"),
        7 => format!("the answer to the next {request} of {device} is lost"),
        8 => format!("{device} goes offline"),
        9 => format!("{device} comes online"),
        10 => format!("the intermediary replays the last message to {device}"),
        11 => "what was held back arrives in reverse".to_owned(),
        12 => format!("the intermediary withholds the messages of {device}"),
        13 => "the intermediary withholds nothing any more".to_owned(),
        14 => "1 minute passes".to_owned(),
        15 => "7 hours pass".to_owned(),
        16 => "25 hours pass".to_owned(),
        17 => "8 days pass".to_owned(),
        18 => "31 days pass".to_owned(),
        19 => format!("the next submission of {device} is damaged"),
        // Nobody has looked at the clock yet.
        20 => format!("the clock moves on by {} seconds", change::time(dice)),
        21 => format!("{} seconds pass", change::time(dice)),
        22 => {
            format!("the intermediary answers the next bundle request with the bundle of {other}")
        }
        _ => {
            // The answer to another question.
            let lie = lies::LIES[dice.below(lies::LIES.len())];
            let times = if dice.one_in(4) {
                format!("{} {request}s of {device}", 2 + dice.below(4))
            } else {
                format!("the next {request} of {device}")
            };
            format!("the intermediary answers {times} with \"{lie}\"")
        }
    }
}

impl Script {
    /// The same with these steps; those that are no steps are left out.
    fn with_steps(&self, texts: &[String]) -> Option<Script> {
        let mut steps = Vec::new();
        for text in texts {
            steps.extend(Step::parse(steps.len() + FIRST_LINE, text));
        }
        if steps.is_empty() {
            return None;
        }
        Some(Script {
            scenario: Scenario {
                file: "drawn.feature".to_owned(),
                line: FIRST_LINE - 1,
                steps,
                ..self.scenario.clone()
            },
            plays: self.plays.clone(),
        })
    }

    fn texts(&self) -> Vec<String> {
        let steps = self.scenario.steps.iter();
        steps.map(|step| step.text.clone()).collect()
    }

    /// The same with fewer steps, the coarsest first.
    pub(super) fn smaller(&self) -> Vec<Script> {
        let texts = self.texts();
        let mut found = Vec::new();
        let mut size = texts.len().div_ceil(2);
        while size > 0 {
            for end in (1..=texts.len()).rev().step_by(size) {
                let mut fewer = texts.clone();
                fewer.drain(end.saturating_sub(size)..end);
                found.extend(self.with_steps(&fewer));
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        found
    }

    /// How many steps it has.
    pub(super) fn len(&self) -> usize {
        self.scenario.steps.len()
    }

    /// What of it succeeds with the reference engine in every role; none where that breaks what must hold in every run, or
    /// a fault is left over.
    pub(super) fn settle(&self, suite: SuiteRef) -> Option<Settled> {
        let suite = self.scenario.suite.unwrap_or(suite);
        let mut stage = Stage::new(suite, SEED);
        let mut texts = Vec::new();
        for step in &self.scenario.steps {
            if stage.play(step).is_ok() {
                texts.push(step.text.clone());
            }
        }
        let script = self.with_steps(&texts)?;
        if !script.scenario.devices().contains(&self.plays) {
            return None;
        }
        let run = run_with(&script.scenario, suite, SEED, Cast::default());
        if run.failure.is_some() {
            return None;
        }
        Some(Settled {
            script,
            events: run.transcript.events,
        })
    }
}

/// The line of the first step in the text.
const FIRST_LINE: usize = 7;

impl Settled {
    /// Where a subject departs from it; none where it cannot be judged, or does not.
    pub(super) fn put(
        &self,
        subject: &mut dyn Subject,
        suite: SuiteRef,
        strict: bool,
        restarts: Restarts,
    ) -> Option<Mismatch> {
        let Script { scenario, plays } = &self.script;
        let suite = scenario.suite.unwrap_or(suite);
        subject.reset(suite.name()).ok()?;
        let tested = Tested {
            subject,
            plays,
            strict,
        };
        let cast = Cast {
            tested: Some(tested),
            restarts,
            ..Cast::default()
        };
        let run = run_with(scenario, suite, SEED, cast);
        if let Some(failure) = run.failure {
            return match failure.reason {
                StepFailure::NotObservable(_) | StepFailure::NotImplemented(_) => None,
                _ => Some(Mismatch::of(failure, run.transcript)),
            };
        }
        let alone = Outline::of(&self.events, suite, strict);
        let departure = alone.departure(&Outline::of(&run.transcript.events, suite, strict));
        departure.map(|departure| Mismatch::departing(departure, run.transcript))
    }

    /// The requirements of the scenario that it was made of.
    pub(super) fn requirements(&self) -> &[String] {
        &self.script.scenario.requirements
    }

    /// The script without what does not succeed.
    pub(super) fn script(&self) -> &Script {
        &self.script
    }

    /// The text of a script file.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let Script { scenario, plays } = &self.script;
        let tags = scenario.requirements.iter().map(|id| format!("@{id}"));
        let suite = scenario.suite.map(|suite| format!("@{}", suite.name()));
        let tags: Vec<_> = suite.into_iter().chain(tags).collect();
        let mut text = format!(
            "Feature: Drawn by tigress fuzz: {name}\n  The subject plays {plays}.\n  \
             Made of: {}.\n\n  {}\n  Scenario: {}\n",
            scenario.name,
            tags.join(" "),
            scenario.name
        );
        for step in &scenario.steps {
            // A `String` takes whatever is written to it.
            let _ = writeln!(text, "    * {}", step.text);
        }
        text
    }
}
