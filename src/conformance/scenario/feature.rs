//! The part of Gherkin that scripts are written in, read line by line (docs/scenarios.md).
//!
//! What stands in a script is read, or is a fault with its line: free text that nobody reads is most often a step whose
//! keyword is misspelled, and a scenario that has lost a step is green for nothing.
//!
//! Whatever is read here without a fault, other readers of Gherkin read alike (`tests/scenarios.rs`).

use super::limits;
use crate::conformance::hint::Hint;
use std::collections::BTreeSet;

/// A script as it stands: nothing in it is known to make sense yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feature {
    /// The line of its heading, from 1; 0 where it has none.
    pub line: usize,
    /// What stands behind `Feature:`.
    pub name: String,
    /// The lines below that, before the first scenario, without their indentation.
    pub description: Vec<String>,
    /// Its tags, without `@`.
    pub tags: Vec<String>,
    /// The steps that every scenario begins with.
    pub background: Vec<Step>,
    /// The scenarios and outlines, in order.
    pub scenarios: Vec<Scenario>,
}

/// A scenario, or the outline of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// The line of its heading.
    pub line: usize,
    /// What stands behind `Scenario:`.
    pub name: String,
    /// Its own tags, without `@`.
    pub tags: Vec<String>,
    /// Its own steps.
    pub steps: Vec<Step>,
    /// Whether it is headed as an outline.
    pub is_outline: bool,
    /// The tables of its examples.
    pub examples: Vec<Table>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its line.
    pub line: usize,
    /// Its keyword: Given, When, Then, And, But or `*`.
    pub keyword: &'static str,
    /// What stands behind its keyword.
    pub text: String,
}

/// The examples of an outline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The line of its heading.
    pub line: usize,
    /// The names of the columns.
    pub head: Vec<String>,
    /// The rows, each as wide as the head.
    pub rows: Vec<Row>,
}

/// A row of examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line.
    pub line: usize,
    /// Its cells.
    pub cells: Vec<String>,
}

/// What is wrong with a script, in the order of its lines; each fault is told once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults(BTreeSet<(usize, String)>);

impl Faults {
    pub(super) fn add(&mut self, line: usize, reason: impl Into<String>) {
        if !self.is_full() {
            self.0.insert((line, reason.into()));
        }
    }

    /// Whether no more of them are told.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= limits::FAULTS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Faults {
    type Item = (usize, String);
    type IntoIter = std::collections::btree_set::IntoIter<(usize, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

const STEPS: [&str; 6] = ["Given", "When", "Then", "And", "But", "*"];
const HEADINGS: [(&str, Heading); 9] = [
    ("Feature:", Heading::Feature),
    ("Rule:", Heading::Rule),
    ("Background:", Heading::Background),
    ("Scenario:", Heading::Scenario),
    ("Example:", Heading::Scenario),
    ("Scenario Outline:", Heading::Outline),
    ("Scenario Template:", Heading::Outline),
    ("Examples:", Heading::Examples),
    ("Scenarios:", Heading::Examples),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heading {
    Feature,
    Rule,
    Background,
    Scenario,
    Outline,
    Examples,
}

/// What a line is, whatever stands around it.
enum Line<'a> {
    /// Nothing, or a comment.
    Blank,
    Tags(&'a str),
    Heading(Heading, &'a str),
    Step(&'static str, &'a str),
    Row(&'a str),
    /// The line that begins a doc string, and ends it.
    DocString(&'static str),
    Text,
}

impl<'a> Line<'a> {
    /// What a line is, given without what stands before and behind it.
    fn of(line: &'a str) -> Self {
        if line.is_empty() || line.starts_with('#') {
            return Line::Blank;
        }
        for (words, heading) in HEADINGS {
            if let Some(name) = line.strip_prefix(words) {
                return Line::Heading(heading, name.trim_start());
            }
        }
        for keyword in STEPS {
            if let Some(text) = line.strip_prefix(keyword)
                && text.starts_with(' ')
            {
                return Line::Step(keyword, text.trim_start());
            }
        }
        for mark in ["\"\"\"", "```"] {
            if line.starts_with(mark) {
                return Line::DocString(mark);
            }
        }
        match line.as_bytes()[0] {
            b'@' => Line::Tags(line),
            b'|' => Line::Row(line),
            _ => Line::Text,
        }
    }
}

/// Where in a script a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    Description,
    Background,
    Scenario,
    Examples,
    /// Below something that was refused whole: what stands there was told with it.
    Refused,
}

impl Feature {
    /// Reads a script.
    ///
    /// # Errors
    /// The faults, each with its line, in their order.
    pub fn parse(text: &str) -> Result<Self, Vec<(usize, String)>> {
        let mut faults = Faults::default();
        let feature = parse(text, &mut faults);
        if faults.is_empty() {
            Ok(feature)
        } else {
            Err(faults.into_iter().collect())
        }
    }
}

/// Reads a script as far as it can be read; what cannot be is a fault.
pub(super) fn parse(text: &str, faults: &mut Faults) -> Feature {
    let mut reader = Reader {
        feature: Feature::default(),
        place: Place::Start,
        tags: Vec::new(),
        tags_line: 0,
        doc_string: None,
        faults,
    };
    // What editors of other systems put before the first letter.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, number) in text.lines().zip(1..) {
        if reader.faults.is_full() {
            break;
        }
        reader.line(number, line);
    }
    reader.end();
    reader.feature
}

struct Reader<'a> {
    feature: Feature,
    place: Place,
    /// Tags whose scenario has not come yet, and the line of the last of them.
    tags: Vec<String>,
    tags_line: usize,
    /// What ends the doc string that a reader is in.
    doc_string: Option<&'static str>,
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &str) {
        if line.len() > limits::LINE {
            let reason = format!(
                "a line of {} bytes; a script has lines of {} at most",
                line.len(),
                limits::LINE
            );
            return self.faults.add(number, reason);
        }
        let line = line.trim();
        if let Some(mark) = self.doc_string {
            if line.starts_with(mark) {
                self.doc_string = None;
            }
            return;
        }
        let read = Line::of(line);
        if !matches!(
            read,
            Line::Blank
                | Line::Tags(_)
                | Line::Heading(Heading::Feature | Heading::Scenario | Heading::Outline, _)
        ) {
            self.stray_tags();
        }
        match read {
            Line::Blank => self.comment(number, line),
            Line::Tags(tags) => self.tags(number, tags),
            Line::Heading(heading, name) => self.heading(number, heading, name),
            // A description is prose: it may begin a line with any word.
            _ if self.place == Place::Description => {
                self.feature.description.push(line.to_owned());
            }
            _ if self.place == Place::Refused => {}
            _ if self.place == Place::Start => {
                let reason =
                    format!("`{line}` stands before `Feature: …`, with which a script begins");
                self.faults.add(number, reason);
                self.place = Place::Refused;
            }
            Line::Step(keyword, text) => self.step(number, keyword, text),
            Line::Row(row) => self.row(number, row),
            Line::DocString(mark) => {
                let reason = "a doc string, which no step reads; put the words into the step";
                self.faults.add(number, reason);
                self.doc_string = Some(mark);
            }
            Line::Text => self.stray_text(number, line),
        }
    }

    /// A comment may name the language that the keywords are of.
    fn comment(&mut self, number: usize, line: &str) {
        let named = line
            .strip_prefix('#')
            .and_then(|rest| rest.trim_start().strip_prefix("language"))
            .and_then(|rest| rest.trim_start().strip_prefix(':'))
            .map(str::trim);
        if let Some(language) = named
            && self.place == Place::Start
            && language != "en"
        {
            let reason = format!("scripts are in English, and not in `{language}`");
            self.faults.add(number, reason);
        }
    }

    fn tags(&mut self, number: usize, line: &str) {
        let words = line.split_whitespace();
        for word in words.take_while(|word| !word.starts_with('#')) {
            match word.strip_prefix('@') {
                Some(tag) if !tag.is_empty() && !tag.contains(['@', '#']) => {
                    self.tags.push(tag.to_owned());
                }
                _ => {
                    let reason = format!("`{word}` among tags, which are words as `@XFER-09`");
                    self.faults.add(number, reason);
                }
            }
        }
        self.tags_line = number;
    }

    fn stray_tags(&mut self) {
        if !self.tags.is_empty() {
            let reason = "tags that nobody bears; they stand above a scenario or the feature";
            self.faults.add(self.tags_line, reason);
            self.tags.clear();
        }
    }

    fn heading(&mut self, number: usize, heading: Heading, name: &str) {
        if self.place == Place::Start && heading != Heading::Feature {
            let reason = "a script begins with `Feature: …`, and a paragraph on what is shown";
            self.faults.add(number, reason);
        }
        match heading {
            Heading::Feature => {
                if self.feature.line > 0 {
                    self.faults.add(
                        number,
                        "a second feature; what has another theme stands in a file of its own",
                    );
                    self.tags.clear();
                    self.place = Place::Refused;
                    return;
                }
                if name.is_empty() {
                    self.faults.add(number, "a feature without a name");
                }
                self.feature.line = number;
                name.clone_into(&mut self.feature.name);
                self.feature.tags = std::mem::take(&mut self.tags);
                self.place = Place::Description;
            }
            Heading::Rule => {
                self.faults.add(
                    number,
                    "a rule, which nobody reads; say it in a comment (`# …`), or take a file of its own",
                );
                self.place = Place::Refused;
            }
            Heading::Background => {
                if !self.feature.scenarios.is_empty() {
                    let reason = "a background behind a scenario; it stands before the first one";
                    self.faults.add(number, reason);
                } else if !self.feature.background.is_empty() {
                    self.faults.add(number, "a second background");
                }
                self.unread_name(number, "background", name);
                self.place = Place::Background;
            }
            Heading::Scenario | Heading::Outline => {
                if name.is_empty() {
                    self.faults.add(number, "a scenario without a name");
                }
                self.feature.scenarios.push(Scenario {
                    line: number,
                    name: name.to_owned(),
                    tags: std::mem::take(&mut self.tags),
                    steps: Vec::new(),
                    is_outline: heading == Heading::Outline,
                    examples: Vec::new(),
                });
                self.place = Place::Scenario;
            }
            Heading::Examples => {
                self.unread_name(number, "table of examples", name);
                match self.feature.scenarios.last_mut() {
                    Some(scenario) if self.place != Place::Background => {
                        scenario.examples.push(Table {
                            line: number,
                            ..Table::default()
                        });
                        self.place = Place::Examples;
                    }
                    _ => {
                        self.faults.add(number, "examples of no scenario");
                        self.place = Place::Refused;
                    }
                }
            }
        }
    }

    fn unread_name(&mut self, number: usize, what: &str, name: &str) {
        if !name.is_empty() {
            let reason = format!("a {what} has no name; say it in a comment (`# …`)");
            self.faults.add(number, reason);
        }
    }

    fn step(&mut self, number: usize, keyword: &'static str, text: &str) {
        let step = Step {
            line: number,
            keyword,
            text: text.to_owned(),
        };
        match (self.place, self.feature.scenarios.last_mut()) {
            (Place::Examples, _) => self.faults.add(
                number,
                "a step behind the examples; a scenario's steps stand before them",
            ),
            (Place::Scenario, Some(scenario)) => scenario.steps.push(step),
            _ => self.feature.background.push(step),
        }
    }

    fn row(&mut self, number: usize, line: &str) {
        let (Place::Examples, Some(table)) = (self.place, self.table()) else {
            let reason = "a table that no step reads; only examples of an outline are tables";
            return self.faults.add(number, reason);
        };
        let cells = match cells(line) {
            Ok(cells) => cells,
            Err(reason) => return self.faults.add(number, reason),
        };
        if table.head.is_empty() {
            table.head = cells;
        } else if table.head.len() == cells.len() {
            table.rows.push(Row {
                line: number,
                cells,
            });
        } else {
            let wide = table.head.len();
            let reason = format!("a row of {} cells in a table of {wide}", cells.len());
            self.faults.add(number, reason);
        }
    }

    fn table(&mut self) -> Option<&mut Table> {
        self.feature.scenarios.last_mut()?.examples.last_mut()
    }

    fn stray_text(&mut self, number: usize, line: &str) {
        let word = match line.split_once(':') {
            Some((heading, _)) if heading.len() < 20 => &line[..=heading.len()],
            _ => line.split(' ').next().unwrap_or_default(),
        };
        let headings = HEADINGS.iter().map(|(words, _)| *words);
        let hint = Hint::nearest(word, STEPS.into_iter().chain(headings));
        let reason = format!(
            "`{line}` is text that nobody reads: a step begins with Given, When, Then, And, But or `*`, a comment with `#`{hint}"
        );
        self.faults.add(number, reason);
    }

    fn end(&mut self) {
        self.stray_tags();
        if self.feature.line == 0 && self.faults.is_empty() {
            let reason = "nothing; a script begins with `Feature: …`";
            self.faults.add(1, reason);
        }
        let tables = self.feature.scenarios.iter().flat_map(|it| &it.examples);
        for table in tables.filter(|table| table.rows.is_empty()) {
            self.faults.add(table.line, "examples without a row");
        }
    }
}

/// The cells of a row, without the blanks around them.
fn cells(line: &str) -> Result<Vec<String>, &'static str> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut letters = line.chars().skip(1);
    while let Some(letter) = letters.next() {
        match letter {
            '|' => {
                cells.push(cell.trim_matches([' ', '\t']).to_owned());
                cell.clear();
            }
            '\\' => cell.push(match letters.next() {
                Some('n') => '\n',
                Some(escaped @ ('|' | '\\')) => escaped,
                _ => {
                    return Err(
                        "a backslash in a row, which stands before `|`, `n` or another one",
                    );
                }
            }),
            _ => cell.push(letter),
        }
    }
    if !cell.is_empty() {
        return Err("a row that does not end with `|`");
    }
    if cells.is_empty() {
        return Err("a row without a cell");
    }
    Ok(cells)
}
