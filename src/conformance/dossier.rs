//! Scenarios played for an auditor: the requirements that they carry, their words, what came of each step, and how anybody makes the
//! same run.

use super::catalogue::{Catalogue, Level};
use super::files;
use super::printable::{Printable, quoted, shortened};
use super::program;
use super::scenario::diagram::Diagram;
use super::scenario::transcript::{Line, Transcript};
use super::scenario::{SEED, Scenario, Script, Step, run};
use super::threats::{Attack, Threat, Threats};
use crate::suite::SuiteRef;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// A dossier has so many scenarios at most,
pub const SCENARIOS: usize = 200;
/// and so many steps of all of them.
pub const STEPS: usize = 20_000;
/// Diagrams are drawn of so many events in all.
pub const EVENTS: usize = 50_000;
/// A seed, which stands in every command, has so many characters at most.
pub const SEED_LENGTH: usize = 200;

/// Longer reasons and titles are shortened to so many characters.
const LONG: usize = 2_000;

/// What is asked for, and when.
#[derive(Clone, Copy, Debug)]
pub struct Order<'o> {
    /// The scenarios, with their scripts.
    pub scenarios: &'o [(&'o Script, &'o Scenario)],
    /// By which names they were chosen.
    pub names: &'o [String],
    /// The file or folder of the scripts; none for those inside the program.
    pub path: Option<&'o Path>,
    /// The suite for those that are told of any.
    pub suite: Option<SuiteRef>,
    /// What all randomness is made from.
    pub seed: &'o str,
    /// The date.
    pub date: &'o str,
}

/// Why there is no dossier of what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DossierError {
    /// Too many scenarios or steps.
    #[error("{many} {what}; a document has {most} at most: `--only` chooses fewer scenarios")]
    Many {
        /// How many.
        many: usize,
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// The seed is too long.
    #[error("a seed of {0} characters; in a document it has {SEED_LENGTH} at most")]
    Seed(usize),
}

/// Scenarios that were played, with what they are about.
#[derive(Clone, Debug, Serialize)]
pub struct Dossier {
    /// What was asked for.
    pub title: String,
    /// The requirements: first those that were asked for, then what the scenarios carry beside them.
    pub clauses: Vec<Clause>,
    /// The scenarios, by their scripts.
    pub themes: Vec<Theme>,
    /// How many scenarios there are,
    pub scenarios: usize,
    /// and how many did not succeed.
    pub failed: usize,
    /// The date.
    pub date: String,
    /// The program that played them: its version, profile and commit.
    pub program: &'static str,
    /// What all randomness was made from.
    pub seed: String,
    /// The command that makes it again.
    pub command: String,
}

/// A requirement.
#[derive(Clone, Debug, Serialize)]
pub struct Clause {
    /// Its id.
    pub id: &'static str,
    /// What it says.
    pub text: &'static str,
    /// How strictly: MUST, SHOULD, MAY.
    pub levels: Vec<&'static str>,
    /// The number of its section of the profile.
    pub section: u32,
    /// The title of its section.
    pub title: &'static str,
    /// Whether it was asked for by its id.
    pub is_asked_for: bool,
    /// The numbered attacks that it stands against.
    #[serde(skip)]
    pub attacks: Vec<&'static Attack>,
    /// The numbers of the scenarios that carry it.
    pub carried_by: Vec<Numbers>,
}

/// Numbers without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// The first,
    pub first: usize,
    /// and the last.
    pub last: usize,
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Numbers { first, last } if first == last => write!(f, "{first}"),
            Numbers { first, last } => write!(f, "{first} to {last}"),
        }
    }
}

/// A script with those of its scenarios that were played.
#[derive(Clone, Debug, Serialize)]
pub struct Theme {
    /// What it is called.
    pub name: String,
    /// What is shown, and why it matters.
    pub paragraph: String,
    /// The scenarios.
    pub exhibits: Vec<Exhibit>,
}

/// A scenario that was played.
#[derive(Clone, Debug, Serialize)]
pub struct Exhibit {
    /// Its number in the dossier, from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its file and line.
    pub place: String,
    /// The suite in which it was played.
    pub suite: &'static str,
    /// The requirements that it carries.
    pub requirements: Vec<String>,
    /// What it shows of what attackers can do, and cannot.
    pub threats: Vec<&'static Threat>,
    /// Its steps.
    pub acts: Vec<Act>,
    /// Why it did not succeed.
    pub failure: Option<String>,
    /// How many events the run had.
    pub events: usize,
    /// The SHA-256 of its transcript, in hex.
    pub digest: String,
    /// The command that plays it alone and writes the transcript.
    pub alone: String,
    /// The command that makes the transcript's run again and compares.
    pub again: String,
    /// The command that draws the transcript, however long it is.
    pub draw: String,
    /// The diagram; none where others took the room for diagrams.
    #[serde(skip)]
    pub diagram: Option<Diagram>,
}

/// A step that was to be played.
#[derive(Clone, Debug, Serialize)]
pub struct Act {
    /// Its keyword, as the script has it.
    pub keyword: &'static str,
    /// Its words.
    pub text: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded.
    Passed,
    /// It did not, and the scenario ended.
    Failed,
    /// The scenario had ended before.
    NotReached,
}

impl Dossier {
    /// Plays the scenarios, with the reference engine in every role. `drawn` events are drawn at most, most often [`EVENTS`].
    ///
    /// # Errors
    /// More than [`SCENARIOS`], or more than [`STEPS`] in all; a seed above [`SEED_LENGTH`].
    pub fn of(order: &Order<'_>, drawn: usize) -> Result<Self, DossierError> {
        let Order { scenarios, .. } = order;
        let steps = scenarios.iter().map(|(_, scenario)| scenario.steps.len());
        for (many, what, most) in [
            (scenarios.len(), "scenarios", SCENARIOS),
            (steps.sum(), "steps", STEPS),
        ] {
            if many > most {
                return Err(DossierError::Many { many, what, most });
            }
        }
        let seed = order.seed.chars().count();
        if seed > SEED_LENGTH {
            return Err(DossierError::Seed(seed));
        }
        let mut themes = Vec::new();
        let mut left = drawn;
        let mut numbers = 1..;
        for of_script in scenarios.chunk_by(|(one, _), (next, _)| std::ptr::eq(*one, *next)) {
            let script = of_script[0].0;
            let played = of_script.iter().zip(numbers.by_ref());
            let exhibits = played
                .map(|((_, scenario), number)| Exhibit::of(order, scenario, number, &mut left));
            themes.push(Theme {
                name: Printable(&script.theme).to_string(),
                paragraph: Printable(script.paragraph.replace('\n', " ")).to_string(),
                exhibits: exhibits.collect(),
            });
        }
        let exhibits = themes.iter().flat_map(|theme| &theme.exhibits);
        Ok(Dossier {
            title: order.title(),
            clauses: clauses(order),
            scenarios: scenarios.len(),
            failed: exhibits.filter(|it| it.failure.is_some()).count(),
            themes,
            date: order.date.to_owned(),
            program: program::version(),
            seed: Printable(order.seed).to_string(),
            command: order.command(),
        })
    }
}

impl Order<'_> {
    fn title(&self) -> String {
        let title = match (self.names, self.path) {
            ([], None) => "Scenarios".to_owned(),
            ([], Some(path)) => path.display().to_string(),
            (names, _) => names.join(", "),
        };
        Printable(shortened(&title, LONG)).to_string()
    }

    /// The command that makes the dossier.
    fn command(&self) -> String {
        let mut words = self.begin("report");
        let names = self.names.iter();
        words.extend(names.flat_map(|name| ["--only".to_owned(), quoted(name)]));
        self.end(words)
    }

    fn begin(&self, what: &str) -> Vec<String> {
        let path = self.path.map(|path| quoted(&path.display().to_string()));
        let words = ["tigress", "scenarios", what].map(ToOwned::to_owned);
        words.into_iter().chain(path).collect()
    }

    fn end(&self, mut words: Vec<String>) -> String {
        if let Some(suite) = self.suite {
            words.extend(["--suite".to_owned(), quoted(suite.name())]);
        }
        if self.seed != SEED {
            words.extend(["--seed".to_owned(), quoted(self.seed)]);
        }
        Printable(words.join(" ")).to_string()
    }
}

impl Exhibit {
    fn of(order: &Order<'_>, scenario: &Scenario, number: usize, left: &mut usize) -> Self {
        let suite = scenario.suite_or(order.suite);
        let threats = Threats::get().threats.iter();
        let run = run(scenario, suite, order.seed);
        let transcript = run.transcript;
        let events = transcript.events.len();
        let diagram = left.checked_sub(events).map(|rest| {
            *left = rest;
            Diagram::of(&transcript)
        });
        let file = quoted(&format!("{}-{}.jsonl", scenario.theme(), scenario.line));
        let mut words = order.begin("run");
        words.extend(["--only".to_owned(), quoted(&scenario.place())]);
        words.extend(["--transcript".to_owned(), file.clone()]);
        let script = order
            .path
            .map(|_| format!(" --script {}", quoted(&scenario.file)));
        let again = format!("tigress replay {file}{}", script.unwrap_or_default());
        let draw = format!("tigress diagram {file} --format html");
        Exhibit {
            number,
            name: Printable(&scenario.name).to_string(),
            place: Printable(scenario.place()).to_string(),
            suite: suite.name(),
            requirements: scenario.requirements.clone(),
            threats: threats
                .filter(|threat| threat.is_shown_by(&scenario.name))
                .collect(),
            acts: acts(&scenario.steps, &transcript, run.failure.is_some()),
            failure: run.failure.map(|failure| {
                let reason = failure.reason.to_string();
                Printable(shortened(&reason, LONG)).to_string()
            }),
            events,
            digest: files::digest(transcript.to_lines()),
            alone: order.end(words),
            again: Printable(again).to_string(),
            draw: Printable(draw).to_string(),
            diagram,
        }
    }
}

/// The steps, with what came of each: the last one that was played is the one that failed.
fn acts(steps: &[Step], transcript: &Transcript, has_failed: bool) -> Vec<Act> {
    let events = transcript.events.iter();
    let played = events.filter(|event| matches!(event, Line::Step { .. }));
    let played = played.count();
    let acts = steps.iter().zip(1..).map(|(step, place)| Act {
        keyword: step.keyword,
        text: Printable(&step.text).to_string(),
        outcome: match place {
            place if place > played => Outcome::NotReached,
            place if place == played && has_failed => Outcome::Failed,
            _ => Outcome::Passed,
        },
    });
    acts.collect()
}

/// The requirements: first those that were asked for, then what the scenarios carry beside them.
fn clauses(order: &Order<'_>) -> Vec<Clause> {
    let catalogue = Catalogue::get();
    let carrying = |id: &str| {
        let all = order.scenarios.iter().zip(1..);
        let carrying = all.filter(|((_, it), _)| it.requirements.iter().any(|own| own == id));
        let carrying: Vec<usize> = carrying.map(|(_, number)| number).collect();
        let runs = carrying.chunk_by(|one, next| one + 1 == *next);
        let runs = runs.map(|run| Numbers {
            first: run[0],
            last: run[run.len() - 1],
        });
        runs.collect::<Vec<_>>()
    };
    let mut clauses: Vec<Clause> = catalogue
        .requirements
        .iter()
        .map(|requirement| {
            let mut sections = catalogue.sections.iter();
            let section = sections.find(|section| section.number == requirement.section);
            Clause {
                id: requirement.id,
                text: requirement.text,
                levels: Level::of(requirement.text)
                    .into_iter()
                    .map(Level::name)
                    .collect(),
                section: requirement.section,
                title: section.map_or("", |section| section.title),
                is_asked_for: order.names.iter().any(|name| name == requirement.id),
                attacks: Threats::get().held_off_by(requirement.id).collect(),
                carried_by: carrying(requirement.id),
            }
        })
        .filter(|clause| !clause.carried_by.is_empty())
        .collect();
    clauses.sort_by_key(|clause| !clause.is_asked_for);
    clauses
}
