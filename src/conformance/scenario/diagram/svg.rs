//! A diagram as SVG that needs nothing else, in light and in dark.
//!
//! Nothing crosses a text: what goes across all lifelines has a ground of its own, and what stands at a lifeline fits between it and
//! the next one towards the intermediary.

use super::layout::{self, BAND, EDGE, GAP, INDENT, LEAST_WIDTH, LINE, MARGIN, height, lines};
use super::{Mark, Note, Part, Row};
use crate::conformance::printable::Printable;
use crate::conformance::scenario::transcript::Fate;
use std::fmt::Write;

/// From the top to the heads, and how high they are with what keeps them apart from the next row.
const TOP: usize = 44;
const HEAD: usize = 38;
const LEAST_HEAD: usize = 130;
/// Heads are drawn again behind so many pixels.
const FAR: usize = 900;

const STYLE: &str = include_str!("style.css");

struct Picture<'p> {
    part: &'p Part<'p>,
    out: String,
    /// From the top to where the next row begins.
    y: usize,
    width: usize,
    /// From the left edge to the first lifeline.
    first: usize,
    middle: usize,
}

impl Part<'_> {
    /// The picture as an SVG that needs nothing else.
    #[must_use]
    pub fn svg(&self) -> String {
        let heads = self.heads();
        let own = 2 * EDGE + GAP * (heads.len() - 1);
        let mut picture = Picture {
            part: self,
            out: String::new(),
            y: TOP,
            width: own.max(LEAST_WIDTH),
            first: EDGE + LEAST_WIDTH.saturating_sub(own) / 2,
            middle: self.middle(),
        };
        picture.heads(&heads);
        let mut headed = picture.y;
        for row in self.rows() {
            if picture.y > headed + FAR {
                picture.heads(&heads);
                headed = picture.y;
            }
            picture.row(row);
        }
        picture.finished(heads.len())
    }
}

impl Picture<'_> {
    fn x(&self, column: usize) -> usize {
        self.first + GAP * column
    }

    fn heads(&mut self, names: &[&str]) {
        let (y, most) = (self.y, 2 * (EDGE - MARGIN));
        for (index, name) in names.iter().enumerate() {
            let x = self.x(index);
            let name = one_line(name, most - 2 * MARGIN);
            let width = (layout::width(&name) + 2 * MARGIN).max(LEAST_HEAD);
            let _ = writeln!(
                self.out,
                "<rect class=\"head\" x=\"{}\" y=\"{y}\" width=\"{width}\" height=\"26\" rx=\"5\"/>\
                 <text class=\"name\" x=\"{x}\" y=\"{}\">{}</text>",
                x.saturating_sub(width / 2),
                y + 17,
                escaped(&name)
            );
        }
        self.y += HEAD;
    }

    fn row(&mut self, row: &Row) {
        let lines = lines(row);
        match row {
            Row::Step { keyword, .. } => self.band(keyword.unwrap_or("Step"), &lines, row),
            Row::Time(_) => self.band("Time", &lines, row),
            Row::Failure(_) => self.band("Failure", &lines, row),
            Row::Arrow {
                device,
                is_answer,
                fate,
                ..
            } => self.arrow(self.part.column(*device), *is_answer, *fate, &lines),
            Row::Note { device, kind, .. } => {
                self.note(self.part.column(*device), *kind, &lines);
            }
        }
        self.y += height(row);
    }

    /// Something across all lifelines, on a ground of its own.
    fn band(&mut self, kind: &str, lines: &[String], row: &Row) {
        let class = match row {
            Row::Step {
                mark: Some(Mark::Failed),
                ..
            } => "failure".to_owned(),
            _ => kind.to_lowercase(),
        };
        let (x, width, high) = (BAND, self.width - 2 * BAND, height(row) - 6);
        let _ = writeln!(
            self.out,
            "<rect class=\"band {class}\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{high}\" rx=\"3\"/>",
            self.y
        );
        let top = self.y + (high - LINE * lines.len()) / 2 + 11;
        for (line, index) in lines.iter().zip(0..) {
            // The sign and the keyword are bold.
            let head = match row {
                Row::Step {
                    keyword: Some(keyword),
                    ..
                } if index == 0 => line.find(keyword).map_or(0, |at| at + keyword.len()),
                _ => 0,
            };
            let (head, rest) = line.split_at(head);
            let head = if head.is_empty() {
                String::new()
            } else {
                format!("<tspan class=\"keyword\">{}</tspan>", escaped(head))
            };
            let _ = writeln!(
                self.out,
                "<text x=\"{}\" y=\"{}\">{head}{}</text>",
                // At the left, where a narrow window begins.
                BAND + INDENT,
                top + LINE * index,
                escaped(rest)
            );
        }
    }

    /// The middle of the gap between a lifeline and the next one towards the intermediary.
    fn beside(&self, column: usize) -> usize {
        if column < self.middle {
            self.x(column) + GAP / 2
        } else {
            self.x(column) - GAP / 2
        }
    }

    fn arrow(&mut self, device: usize, is_answer: bool, fate: Option<Fate>, lines: &[String]) {
        let beside = self.beside(device);
        self.text("label", beside, lines);
        let y = self.y + LINE * lines.len() + 4;
        let (device, middle) = (self.x(device), self.x(self.middle));
        let (start, goal) = if is_answer {
            (middle, device)
        } else {
            (device, middle)
        };
        let arrives = !matches!(fate, Some(Fate::Lost | Fate::HeldBack));
        let end = if arrives { goal } else { beside };
        let class = match fate {
            Some(Fate::Lost) => "lost",
            Some(Fate::HeldBack) => "held",
            Some(Fate::Damaged | Fate::Replaced) => "harmed",
            Some(Fate::Repeated | Fate::Late) => "odd",
            None if is_answer => "answer",
            None => "plain",
        };
        let head = match fate {
            Some(Fate::Lost) => format!(
                "M{} {}l10 10m0 -10l-10 10",
                end.saturating_sub(5),
                y.saturating_sub(5)
            ),
            Some(Fate::HeldBack) => format!("M{} {}v12m5 0v-12", end, y.saturating_sub(6)),
            _ if start < end => format!("M{end} {y}l-9 -4v8z"),
            _ => format!("M{end} {y}l9 -4v8z"),
        };
        let filled = if arrives { " filled" } else { "" };
        let _ = writeln!(
            self.out,
            "<path class=\"arrow {class}\" d=\"M{start} {y}H{end}\"/><path class=\"tip {class}{filled}\" d=\"{head}\"/>"
        );
    }

    fn note(&mut self, column: usize, kind: Note, lines: &[String]) {
        let x = self.x(column);
        let (at, class) = if column < self.middle {
            (x + MARGIN, "right")
        } else {
            (x - MARGIN, "left")
        };
        let class = match kind {
            Note::State => format!("{class} state"),
            Note::Other => class.to_owned(),
            Note::Refused => format!("{class} refused"),
        };
        let _ = writeln!(
            self.out,
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{}\" r=\"4.5\"/>",
            self.y + 8
        );
        self.text(&class, at, lines);
    }

    fn text(&mut self, class: &str, x: usize, lines: &[String]) {
        for (line, index) in lines.iter().zip(0..) {
            let y = self.y + 12 + LINE * index;
            let _ = writeln!(
                self.out,
                "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>",
                escaped(line)
            );
        }
    }

    /// The whole picture: what was drawn stands above the lifelines.
    fn finished(self, lifelines: usize) -> String {
        let (width, height) = (self.width, self.y + 16);
        let title = escaped(&self.part.title());
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sequence\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n"
        );
        for index in 0..lifelines {
            let x = self.x(index);
            let class = if index == self.middle {
                "lifeline middle"
            } else {
                "lifeline"
            };
            let _ = writeln!(
                svg,
                "<path class=\"{class}\" d=\"M{x} {TOP}V{}\"/>",
                self.y + 8
            );
        }
        let heading = one_line(&self.part.title(), width * 3 / 4);
        let _ = writeln!(
            svg,
            "<text class=\"title\" x=\"{}\" y=\"26\">{}</text>",
            width / 2,
            escaped(&heading)
        );
        svg.push_str(&self.out);
        svg.push_str("</svg>\n");
        svg
    }
}

/// As much of a text as has room on one line; where there is more, with a sign that it goes on.
fn one_line(text: &str, most: usize) -> String {
    let mut lines = layout::wrapped(text, most);
    let mut line = lines.swap_remove(0);
    if !lines.is_empty() {
        line.push('…');
    }
    line
}

/// Text as XML takes it.
fn escaped(text: &str) -> String {
    Printable(text)
        .to_string()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
