//! Scenario scripts, held to the vocabulary before anything runs.

use super::call::Call;
use super::feature::{self, Faults, Feature, Table};
use super::limits;
use super::scope::Scope;
use super::vocabulary::Vocabulary;
use crate::conformance::FileError;
use crate::conformance::catalogue::Catalogue;
use crate::conformance::files;
use crate::conformance::hint::Hint;
use crate::conformance::suites;
use crate::suite::{self, SuiteRef};
use std::collections::{BTreeMap, BTreeSet};

/// The tag of a scenario that is played with the libraries that people run, too (`tigress interop --transfers`).
const LIBRARIES: &str = "libraries";

/// A script: one theme, told in scenarios.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file.
    pub file: String,
    /// Its text.
    pub text: String,
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
    /// The SHA-256 of that file, in hex.
    pub digest: String,
    /// Its name.
    pub name: String,
    /// The line that it begins in, from 1.
    pub line: usize,
    /// The requirements that it carries: its own in the order in which they stand, then those of its script. The first is what it is
    /// about.
    pub requirements: Vec<String>,
    /// The suite that its tag names; none where it is told of any suite.
    pub suite: Option<SuiteRef>,
    /// Whether it is a whole transfer that is played with the libraries that people run, too, as its tag says.
    pub with_libraries: bool,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One step of a scenario.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its line, from 1.
    pub line: usize,
    /// Its keyword, as the script has it; of a step that stands in no script, Given, When or Then by what it does.
    pub keyword: &'static str,
    /// Its text, without the keyword.
    pub text: String,
    /// What it asks for.
    pub call: Call,
}

impl Step {
    /// A step of these words.
    ///
    /// # Errors
    /// Where no step, or more than one, is called that; where it names what does not exist.
    pub fn parse(line: usize, text: &str) -> Result<Self, String> {
        let call = Vocabulary::get().find(text)?;
        Ok(Step {
            line,
            keyword: call.definition.keyword,
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
        let steps = self.steps.iter();
        steps.flat_map(|step| step.call.brought()).collect()
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
    /// Every fault in it, in the order of its lines, [`limits::FAULTS`] at most: what is no Gherkin or is read by nobody,
    /// unknown or ambiguous steps, values that do not exist, names that were not declared, tags that are no requirement.
    pub fn parse(file: &str, text: &str) -> Result<Script, Vec<FileError>> {
        if text.len() as u64 > Self::MOST_BYTES {
            let most = Self::MOST_BYTES;
            let reason = format!("{} bytes; a script has {most} at most", text.len());
            return Err(vec![FileError::of(file, reason)]);
        }
        let mut faults = Faults::default();
        let feature = feature::parse(text, &mut faults);
        let reader = Reader {
            file,
            digest: files::digest(text),
            feature: &feature,
            faults,
            steps: 0,
        };
        let (scenarios, faults) = reader.read();
        if faults.is_empty() {
            return Ok(Script {
                file: file.to_owned(),
                text: text.to_owned(),
                theme: feature.name,
                paragraph: feature.description.join("\n"),
                scenarios,
            });
        }
        let mut errors: Vec<_> = faults
            .into_iter()
            .map(|(line, reason)| FileError::at(file, line, reason))
            .collect();
        if errors.len() == limits::FAULTS {
            let reason = "so many faults that no more are looked for";
            errors.push(FileError::of(file, reason));
        }
        Err(errors)
    }
}

struct Reader<'a> {
    file: &'a str,
    digest: String,
    feature: &'a Feature,
    faults: Faults,
    /// The steps of all scenarios so far.
    steps: usize,
}

impl Reader<'_> {
    fn read(mut self) -> (Vec<Scenario>, Faults) {
        let feature = self.feature;
        if feature.line > 0 {
            if feature.description.is_empty() {
                self.faults.add(
                    feature.line,
                    "a script begins with a paragraph that says what is shown and why it matters",
                );
            }
            if feature.scenarios.is_empty() {
                self.faults.add(feature.line, "a script without a scenario");
            }
        }
        let mut scenarios = Vec::new();
        for outline in &feature.scenarios {
            for row in self.rows(outline) {
                if scenarios.len() == limits::SCENARIOS {
                    let most = limits::SCENARIOS;
                    let reason =
                        format!("more than {most} scenarios; a script has so many at most");
                    self.faults.add(outline.line, reason);
                    return (scenarios, self.faults);
                }
                self.steps += feature.background.len() + outline.steps.len();
                if self.steps > limits::STEPS_OF_A_SCRIPT {
                    let most = limits::STEPS_OF_A_SCRIPT;
                    let reason = format!(
                        "more than {most} steps up to here, those of outlines and of the background as often as they run; a script has so many at most"
                    );
                    self.faults.add(outline.line, reason);
                    return (scenarios, self.faults);
                }
                if self.faults.is_full() {
                    return (scenarios, self.faults);
                }
                scenarios.push(self.scenario(outline, &row));
            }
        }
        (scenarios, self.faults)
    }

    /// The rows that an outline is run with; one without values for what is none.
    fn rows<'f>(&mut self, outline: &'f feature::Scenario) -> Vec<Row<'f>> {
        if outline.steps.is_empty() {
            let reason = "a scenario without a step, which shows nothing";
            self.faults.add(outline.line, reason);
        }
        let steps = self.feature.background.len() + outline.steps.len();
        if steps > limits::STEPS {
            let most = limits::STEPS;
            let reason = format!("a scenario of {steps} steps; {most} are the most");
            self.faults.add(outline.line, reason);
            return Vec::new();
        }
        if outline.examples.is_empty() {
            if outline.is_outline {
                let reason = "an outline without examples; what is none is called `Scenario:`";
                self.faults.add(outline.line, reason);
            }
            return vec![Row {
                line: outline.line,
                values: BTreeMap::new(),
            }];
        }
        let mut rows = Vec::new();
        for table in &outline.examples {
            self.columns(outline, table);
            rows.extend(table.rows.iter().map(|row| {
                Row {
                    line: row.line,
                    values: table
                        .head
                        .iter()
                        .map(String::as_str)
                        .zip(row.cells.iter().map(String::as_str))
                        .collect(),
                }
            }));
        }
        rows
    }

    /// Whether each column is read, and each value that is read is in a column.
    fn columns(&mut self, outline: &feature::Scenario, table: &Table) {
        let steps = self.feature.background.iter().chain(&outline.steps);
        let texts = steps.map(|step| (step.line, step.text.as_str()));
        let mut read = BTreeSet::new();
        for (line, text) in texts.chain([(outline.line, outline.name.as_str())]) {
            for name in placeholders(text) {
                if !table.head.iter().any(|column| column == name) {
                    let hint = Hint::nearest(name, table.head.iter().map(String::as_str));
                    let reason = format!("`<{name}>` is no column of the examples{hint}");
                    self.faults.add(line, reason);
                }
                read.insert(name);
            }
        }
        let mut seen = BTreeSet::new();
        for column in &table.head {
            if !seen.insert(column) {
                let reason = format!("two columns are called `{column}`");
                self.faults.add(table.line, reason);
            } else if !read.contains(column.as_str()) {
                let reason = format!("nobody reads the column `{column}`");
                self.faults.add(table.line, reason);
            }
        }
    }

    /// A scenario; of an outline with the values of a row put in.
    fn scenario(&mut self, outline: &feature::Scenario, row: &Row) -> Scenario {
        let mut own_suite = None;
        let mut with_libraries = false;
        let mut requirements: Vec<String> = Vec::new();
        // Its own first: the first of them is what it is about.
        for tag in outline.tags.iter().chain(&self.feature.tags) {
            if tag == LIBRARIES {
                with_libraries = true;
            } else if let Ok(named) = suites::find(tag) {
                own_suite = Some(named);
            } else if !requirements.contains(tag) {
                requirements.push(tag.clone());
            }
        }
        for tag in &requirements {
            if Catalogue::get().find(tag).is_none() {
                let ids = Catalogue::get().requirements.iter().map(|r| r.id);
                let others = suites::names().chain([LIBRARIES]);
                let hint = Hint::nearest(tag, ids.chain(others));
                let reason =
                    format!("`@{tag}` is no requirement of the profile and no suite{hint}");
                self.faults.add(outline.line, reason);
            }
        }
        if requirements.is_empty() {
            let reason = "a scenario names the requirements that it carries, as in `@XFER-09`";
            self.faults.add(outline.line, reason);
        }
        Scenario {
            file: self.file.to_owned(),
            digest: self.digest.clone(),
            name: self
                .filled(outline.line, &outline.name, row)
                .unwrap_or_default(),
            line: row.line,
            requirements,
            suite: own_suite,
            with_libraries,
            steps: self.steps(outline, row),
        }
    }

    /// The steps, each held to the vocabulary and to what stands before it.
    fn steps(&mut self, outline: &feature::Scenario, row: &Row) -> Vec<Step> {
        let mut scope = Scope::default();
        let mut ready = Vec::new();
        for step in self.feature.background.iter().chain(&outline.steps) {
            let Some(text) = self.filled(step.line, &step.text, row) else {
                continue;
            };
            match Step::parse(step.line, &text) {
                Ok(read) => {
                    for reason in scope.step(&read.call) {
                        self.faults.add(step.line, reason);
                    }
                    let keyword = step.keyword;
                    ready.push(Step { keyword, ..read });
                }
                Err(reason) => self.faults.add(step.line, reason),
            }
            if self.faults.is_full() {
                break;
            }
        }
        ready
    }

    fn filled(&mut self, line: usize, text: &str, row: &Row) -> Option<String> {
        let filled = row.fill(text);
        if filled.is_none() {
            let (most, values) = (limits::LINE, row.line);
            let reason = format!("longer than {most} bytes with the values of line {values}");
            self.faults.add(line, reason);
        }
        filled
    }
}

/// A row of an outline's examples.
struct Row<'f> {
    line: usize,
    /// By column.
    values: BTreeMap<&'f str, &'f str>,
}

impl Row<'_> {
    /// A text with the values put in; none where it is longer than a line may be.
    fn fill(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_placeholder(rest) {
            filled.push_str(before);
            match self.values.get(name) {
                Some(value) => filled.push_str(value),
                None => filled.extend(["<", name, ">"]),
            }
            if filled.len() > limits::LINE {
                return None;
            }
            rest = after;
        }
        filled.push_str(rest);
        (filled.len() <= limits::LINE).then_some(filled)
    }
}

/// The names that stand in a text as `<name>`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(name)
    })
}

/// What stands before the next `<name>`, the name, and what stands behind it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (_, behind) = text.split_once('<')?;
    let (inside, after) = behind.split_once('>')?;
    // Of `a < <b>` the name is `b`.
    let name = inside.rsplit('<').next().unwrap_or(inside);
    let before = &text[..text.len() - after.len() - name.len() - 2];
    Some((before, name, after))
}
