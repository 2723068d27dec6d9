//! Scenario scripts: Gherkin, held to the vocabulary before anything runs.

use super::call::Call;
use super::vocabulary::Vocabulary;
use crate::conformance::FileError;
use crate::conformance::catalogue::Catalogue;
use crate::conformance::hint::Hint;
use crate::conformance::suites;
use crate::suite::{self, SuiteRef};
use gherkin::{Examples, Feature, GherkinEnv};
use std::collections::BTreeSet;

/// A script: one theme, told in scenarios.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file.
    pub file: String,
    /// The theme.
    pub theme: String,
    /// What is shown and why it matters.
    pub paragraph: String,
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
}

/// One scenario, ready to be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file that it stands in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// The line that it begins in, from 1.
    pub line: usize,
    /// The requirements that it carries.
    pub requirements: Vec<String>,
    /// The suite that its tag names; none where it is told of any suite.
    pub suite: Option<SuiteRef>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One step of a scenario.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its line, from 1.
    pub line: usize,
    /// Its text, without the keyword.
    pub text: String,
    /// What it asks for.
    pub call: Call,
}

impl Step {
    /// A step of these words.
    ///
    /// # Errors
    /// Where no step, or more than one, is called that.
    pub fn parse(line: usize, text: &str) -> Result<Self, String> {
        let call = Vocabulary::get().find(text)?;
        Ok(Step {
            line,
            text: text.to_owned(),
            call,
        })
    }
}

impl Scenario {
    /// `file:line`, by which it can be run alone.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// The suite that it runs in: its own, or the one asked for, or the reference suite.
    #[must_use]
    pub fn suite_or(&self, asked: Option<SuiteRef>) -> SuiteRef {
        self.suite.or(asked).unwrap_or(suite::ALL[0])
    }

    /// Whether it belongs to a run of that suite: it is told of that one, or of any.
    #[must_use]
    pub fn runs_in(&self, suite: Option<SuiteRef>) -> bool {
        let names = self.suite.zip(suite);
        names.is_none_or(|(own, asked)| own.name() == asked.name())
    }

    /// The devices that act in it, by their names.
    #[must_use]
    pub fn devices(&self) -> BTreeSet<String> {
        self.steps
            .iter()
            .flat_map(|step| step.call.declared())
            .filter(|name| name.contains("'s "))
            .collect()
    }

    /// The theme: what its file is called, without its ending.
    #[must_use]
    pub fn theme(&self) -> &str {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        name.strip_suffix(".feature").unwrap_or(name)
    }
}

impl Script {
    /// So many bytes a script's file has at most: 1 MiB.
    pub const MOST_BYTES: u64 = 1 << 20;

    /// Reads a script.
    ///
    /// # Errors
    /// Every fault in it: text that is no Gherkin, unknown or ambiguous steps, names that were not declared, tags
    /// that are no requirement.
    pub fn parse(file: &str, text: &str) -> Result<Script, Vec<FileError>> {
        // The parser wants a line feed at the end.
        let feature =
            Feature::parse(format!("{text}\n"), GherkinEnv::default()).map_err(|error| {
                let line = line_of(&error.to_string());
                vec![FileError::at(file, line, format!("not Gherkin: {error}"))]
            })?;
        let mut reader = Reader {
            file,
            vocabulary: Vocabulary::get(),
            errors: Vec::new(),
        };
        let paragraph = feature.description.clone().unwrap_or_default();
        if paragraph.trim().is_empty() {
            reader.fault(
                feature.position.line,
                "a script begins with a paragraph that says what is shown and why it matters"
                    .to_owned(),
            );
        }
        let scenarios: Vec<_> = feature
            .scenarios
            .iter()
            .flat_map(|scenario| reader.scenario(&feature, scenario))
            .collect();
        if reader.errors.is_empty() {
            Ok(Script {
                file: file.to_owned(),
                theme: feature.name.clone(),
                paragraph: paragraph
                    .lines()
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join("\n"),
                scenarios,
            })
        } else {
            Err(reader.errors)
        }
    }
}

/// The line that the parser's message names (`error at 3:5: …`).
fn line_of(message: &str) -> usize {
    message
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|digits| digits.parse().ok())
        .unwrap_or(1)
}

struct Reader<'a> {
    file: &'a str,
    vocabulary: &'static Vocabulary,
    errors: Vec<FileError>,
}

impl Reader<'_> {
    fn fault(&mut self, line: usize, reason: String) {
        self.errors.push(FileError::at(self.file, line, reason));
    }

    /// The scenario, or one for each row of its examples.
    fn scenario(&mut self, feature: &Feature, scenario: &gherkin::Scenario) -> Vec<Scenario> {
        let line = scenario.position.line;
        let mut own_suite = None;
        let mut requirements = BTreeSet::new();
        for tag in feature.tags.iter().chain(&scenario.tags) {
            if let Ok(named) = suites::find(tag) {
                own_suite = Some(named);
            } else {
                requirements.insert(tag.clone());
            }
        }
        for tag in &requirements {
            if Catalogue::get().find(tag).is_none() {
                let ids = Catalogue::get().requirements.iter().map(|r| r.id);
                let hint = Hint::nearest(tag, ids.chain(suites::names()));
                self.fault(
                    line,
                    format!("`@{tag}` is no requirement of the profile and no suite{hint}"),
                );
            }
        }
        if requirements.is_empty() {
            self.fault(
                line,
                "a scenario names the requirements that it carries, as in `@XFER-05`".to_owned(),
            );
        }
        let requirements: Vec<String> = requirements.into_iter().collect();
        let background = feature
            .background
            .iter()
            .flat_map(|background| &background.steps);
        let steps: Vec<_> = background.chain(&scenario.steps).collect();
        let rows = rows(&scenario.examples);
        let one = |row: &Row, line, reader: &mut Self| Scenario {
            file: reader.file.to_owned(),
            name: row.fill(&scenario.name),
            line,
            requirements: requirements.clone(),
            suite: own_suite,
            steps: reader.steps(&steps, row),
        };
        if rows.is_empty() {
            return vec![one(&Row::default(), line, self)];
        }
        rows.iter().map(|row| one(row, row.line, self)).collect()
    }

    /// The steps with the values of a row put in; devices are declared before they act.
    fn steps(&mut self, steps: &[&gherkin::Step], row: &Row) -> Vec<Step> {
        let mut declared = BTreeSet::new();
        let mut ready = Vec::new();
        for step in steps {
            let line = step.position.line;
            let text = row.fill(&step.value);
            match self.vocabulary.find(&text) {
                Ok(call) => {
                    let undeclared: Vec<_> = call
                        .names()
                        .filter(|name| !call.declares() && !declared.contains(*name))
                        .map(ToOwned::to_owned)
                        .collect();
                    for name in undeclared {
                        let hint = Hint::nearest(&name, declared.iter().map(String::as_str));
                        self.fault(line, format!("nobody has declared `{name}`{hint}"));
                    }
                    declared.extend(call.declared());
                    ready.push(Step { line, text, call });
                }
                Err(reason) => self.fault(line, reason),
            }
        }
        ready
    }
}

/// A row of a scenario outline's examples.
#[derive(Default)]
struct Row {
    line: usize,
    values: Vec<(String, String)>,
}

impl Row {
    fn fill(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("<{name}>"), value)
            })
    }
}

fn rows(examples: &[Examples]) -> Vec<Row> {
    let tables = examples
        .iter()
        .filter_map(|examples| examples.table.as_ref());
    tables
        .flat_map(|table| {
            let (head, rows) = table
                .rows
                .split_first()
                .map_or((&[][..], &[][..]), |(h, r)| (h, r));
            rows.iter().zip(1..).map(move |(row, index)| Row {
                line: table.position.line + index,
                values: head.iter().cloned().zip(row.iter().cloned()).collect(),
            })
        })
        .collect()
}
