//! The sequence diagram of a transcript, as Mermaid and as SVG.
//!
//! The intermediary stands in the middle: whoever offers is left of it, whoever is offered something is right of it, the devices of
//! a user stand together. What does not fit into one picture goes on in the next: each is a [`Part`], with the lifelines that it needs.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `carried` | what the messages carry, as far as the transcript tells |
//! | `words` | what the events are called |
//! | `sides` | who stands where |
//! | `layout` | lines of text, and how much room they need |
//! | `svg`, `mermaid` | the two forms |

pub(super) mod carried;
mod layout;
mod mermaid;
pub(super) mod sides;
mod svg;
pub(super) mod words;

use super::keywords::Keywords;
use super::transcript::{Fate, Line, Outcome, Transcript};
use crate::timestamp::Timestamp;
use sides::Sides;
use std::collections::BTreeSet;
use std::ops::Range;
use words::{Words, duration, name, shown, time};

/// The lifeline that every device talks to.
pub(super) const INTERMEDIARY: &str = "intermediary";

/// A picture is cut before the first step behind so many pixels,
const ENOUGH: usize = 6_000;
/// and anywhere before so many.
const MOST: usize = 12_000;
/// So many devices a picture has at most.
const DEVICES: usize = 12;

/// A sequence diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    title: String,
    sides: Sides,
    rows: Vec<Row>,
}

/// A part of a diagram that makes one picture: all of it, most often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'d> {
    diagram: &'d Diagram,
    rows: Range<usize>,
    /// Which part it is, from 1, and of how many.
    number: usize,
    of: usize,
    /// The devices in it, from left to right.
    devices: Vec<usize>,
}

/// Whether something succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Passed,
    Failed,
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Mark::Passed => "✓",
            Mark::Failed => "✗",
        }
    }
}

/// One row of the diagram, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    /// A step of the script, across all lifelines.
    Step {
        /// Given, When or Then; none where no step is called that.
        keyword: Option<&'static str>,
        text: String,
        mark: Option<Mark>,
    },
    /// Time has come to a point, across all lifelines.
    Time(String),
    /// Why the run failed, across all lifelines.
    Failure(String),
    /// Something goes between a device and the intermediary.
    Arrow {
        device: usize,
        is_answer: bool,
        label: String,
        fate: Option<Fate>,
    },
    /// Something that happens on a device.
    Note {
        device: usize,
        text: String,
        kind: Note,
    },
}

/// What happens on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Note {
    /// A transfer is in another state.
    State,
    /// Something else.
    Other,
    /// It refused what its user asked for.
    Refused,
}

impl Row {
    /// The device that it is about.
    fn device(&self) -> Option<usize> {
        match self {
            Row::Arrow { device, .. } | Row::Note { device, .. } => Some(*device),
            Row::Step { .. } | Row::Time(_) | Row::Failure(_) => None,
        }
    }

    /// Its words, in front of which nothing is drawn.
    fn words(&self) -> String {
        match self {
            Row::Step {
                keyword,
                text,
                mark,
            } => {
                let mark = mark.map(Mark::sign);
                let words = mark.into_iter().chain(*keyword).chain([text.as_str()]);
                words.collect::<Vec<_>>().join(" ")
            }
            Row::Time(text) | Row::Note { text, .. } => text.clone(),
            Row::Failure(reason) => format!("{} failed: {reason}", Mark::Failed.sign()),
            Row::Arrow { label, fate, .. } => match fate {
                Some(fate) => format!("{label} ({fate})"),
                None => label.clone(),
            },
        }
    }
}

impl Diagram {
    /// The diagram of a transcript.
    #[must_use]
    pub fn of(transcript: &Transcript) -> Self {
        let mut drawing = Drawing {
            words: Words::of(&transcript.events),
            keywords: Keywords::of(&transcript.header),
            sides: Sides::of(&transcript.events),
            now: None,
            rows: Vec::new(),
        };
        for event in &transcript.events {
            drawing.event(event);
        }
        if let Outcome::Failed { text, reason, .. } = &transcript.outcome {
            drawing.failed(&shown(text));
            drawing.rows.push(Row::Failure(shown(reason)));
        }
        Diagram {
            title: shown(&transcript.header.scenario),
            sides: drawing.sides,
            rows: drawing.rows,
        }
    }

    /// The parts, each of which makes one picture. Every row is in one of them.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut cut = Vec::new();
        let (mut start, mut height, mut devices) = (0, 0, BTreeSet::new());
        for (index, row) in self.rows.iter().enumerate() {
            let needs = layout::height(row);
            let is_full = height + needs > MOST
                || height > ENOUGH && matches!(row, Row::Step { .. })
                || devices.len() == DEVICES
                    && row.device().is_some_and(|it| !devices.contains(&it));
            if is_full {
                cut.push((start..index, std::mem::take(&mut devices)));
                (start, height) = (index, 0);
            }
            height += needs;
            devices.extend(row.device());
        }
        cut.push((start..self.rows.len(), devices));
        let of = cut.len();
        let parts = cut.into_iter().zip(1..);
        let parts = parts.map(|((rows, devices), number)| Part {
            diagram: self,
            rows,
            number,
            of,
            devices: self.sides.in_order(devices),
        });
        parts.collect()
    }

    /// The whole diagram in Mermaid's words, however long it is.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let devices = (0..self.sides.len()).collect();
        let whole = Part {
            diagram: self,
            rows: 0..self.rows.len(),
            number: 1,
            of: 1,
            devices: self.sides.in_order(devices),
        };
        whole.mermaid()
    }

    /// The diagram for a page: as many pictures as it takes, each an SVG, one below the other.
    #[must_use]
    pub fn svg(&self) -> String {
        self.parts().iter().map(Part::svg).collect()
    }
}

impl Part<'_> {
    /// What stands above it.
    #[must_use]
    pub fn title(&self) -> String {
        let title = &self.diagram.title;
        if self.of == 1 {
            return title.clone();
        }
        format!("{title} (part {} of {})", self.number, self.of)
    }

    /// What it draws, a text a row.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.rows().iter().map(Row::words)
    }

    fn rows(&self) -> &[Row] {
        &self.diagram.rows[self.rows.clone()]
    }

    /// Where a device stands from left to right, the intermediary counted.
    fn column(&self, device: usize) -> usize {
        let index = self.devices.iter().position(|it| *it == device);
        let index = index.unwrap_or_default();
        index + usize::from(!self.diagram.sides.is_left(device))
    }

    /// Where the intermediary stands.
    fn middle(&self) -> usize {
        let sides = &self.diagram.sides;
        let left = self.devices.iter().filter(|it| sides.is_left(**it));
        left.count()
    }

    /// The names of the lifelines, from left to right.
    fn heads(&self) -> Vec<&str> {
        let (left, right) = self.devices.split_at(self.middle());
        let name = |device: &usize| self.diagram.sides.name(*device);
        let left = left.iter().map(name);
        left.chain([INTERMEDIARY])
            .chain(right.iter().map(name))
            .collect()
    }
}

struct Drawing<'t> {
    words: Words<'t>,
    keywords: Keywords,
    sides: Sides,
    now: Option<Timestamp>,
    rows: Vec<Row>,
}

impl Drawing<'_> {
    fn note(&mut self, device: &str, text: String, kind: Note) {
        let device = self.sides.index(device);
        self.rows.push(Row::Note { device, text, kind });
    }

    fn event(&mut self, event: &Line) {
        match event {
            Line::Step { line, text } => {
                let keyword = self.keywords.step(*line, text);
                self.rows.push(Row::Step {
                    keyword,
                    text: shown(text),
                    mark: (keyword == Some("Then")).then_some(Mark::Passed),
                });
            }
            Line::Time { now } => {
                let passed = self.now.map(|before| match now.seconds_since(before) {
                    0 if *now < before => format!(" (− {})", duration(before.seconds_since(*now))),
                    seconds => format!(" (+ {})", duration(seconds)),
                });
                let text = format!("{}{}", time(*now), passed.unwrap_or_default());
                self.now = Some(*now);
                self.rows.push(Row::Time(text));
            }
            Line::Device { device, what, .. } => self.note(device, shown(what), Note::Other),
            Line::Request {
                device,
                fate,
                request,
            } => self.rows.push(Row::Arrow {
                device: self.sides.index(device),
                is_answer: false,
                label: self.words.request(&request.body),
                fate: *fate,
            }),
            Line::Answer {
                device,
                fate,
                answer,
            } => self.rows.push(Row::Arrow {
                device: self.sides.index(device),
                is_answer: true,
                label: self.words.answer(answer),
                fate: *fate,
            }),
            Line::State {
                device,
                transfer,
                after,
                ..
            } => {
                let text = format!("{}: {after}", self.words.transfer(transfer));
                self.note(device, text, Note::State);
            }
            Line::Report { device, report } => {
                let text = self.words.told(report);
                self.note(device, text, Note::Other);
            }
            Line::Refused { device, code } => {
                let text = format!("refused: {}", name(code));
                self.note(device, text, Note::Refused);
            }
        }
    }

    /// The step with these words is the one that did not succeed: the last of them.
    fn failed(&mut self, words: &str) {
        let mut rows = self.rows.iter_mut().rev();
        let last = rows.find_map(|row| match row {
            Row::Step { text, mark, .. } if text == words => Some(mark),
            _ => None,
        });
        if let Some(mark) = last {
            *mark = Some(Mark::Failed);
        }
    }
}
