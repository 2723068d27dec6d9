//! A diagram in Mermaid's words.

use super::{Part, Row};
use crate::conformance::printable::Printable;
use crate::conformance::scenario::transcript::Fate;
use std::fmt::Write;

impl Part<'_> {
    /// The picture in Mermaid's words.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut out = format!(
            "---\ntitle: {}\n---\nsequenceDiagram\n",
            quoted(&self.title())
        );
        let heads = self.heads();
        for (index, actor) in heads.iter().enumerate() {
            let _ = writeln!(out, "    participant a{index} as {}", plain(actor));
        }
        let (middle, last) = (self.middle(), heads.len() - 1);
        for row in self.rows() {
            let words = plain(&row.words());
            let _ = match row {
                Row::Step { .. } | Row::Time(_) | Row::Failure(_) => {
                    writeln!(out, "    Note over a0,a{last}: {words}")
                }
                Row::Arrow {
                    device,
                    is_answer,
                    fate,
                    ..
                } => {
                    let arrow = match fate {
                        Some(Fate::Lost) => "--x",
                        Some(Fate::HeldBack) => "--)",
                        _ => "->>",
                    };
                    let device = self.column(*device);
                    let (from, to) = if *is_answer {
                        (middle, device)
                    } else {
                        (device, middle)
                    };
                    writeln!(out, "    a{from}{arrow}a{to}: {words}")
                }
                Row::Note { device, .. } => {
                    let device = self.column(*device);
                    let side = if device < middle { "right" } else { "left" };
                    writeln!(out, "    Note {side} of a{device}: {words}")
                }
            };
        }
        out
    }
}

/// Text as YAML takes it, in which Mermaid has its titles: a string of JSON is one of YAML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in Printable(text).to_string().chars() {
        let _ = match c {
            // Before it reads YAML, Mermaid looks for what it takes for HTML.
            '"' | '\\' | '<' | '>' => write!(quoted, "\\u{:04x}", u32::from(c)),
            _ => write!(quoted, "{c}"),
        };
    }
    quoted.push('"');
    quoted
}

/// Text that Mermaid reads as text. It ends a line at a semicolon, takes `#` for an entity and `%` for a comment, and has
/// its own mind about HTML, formulas and escapes.
fn plain(text: &str) -> String {
    // It takes the end off an entity behind the colon of a style, and a line that begins so for an instruction.
    let is_special = |word| text.contains(word);
    let colons = ["style", "classDef", "wrap"].into_iter().any(is_special);
    let mut plain = String::new();
    for c in Printable(text).to_string().chars() {
        let _ = match c {
            '#' | ';' | '%' | '<' | '>' | '&' | '$' | '\\' | '{' | '}' | '`' => {
                write!(plain, "#{};", u32::from(c))
            }
            // With them Mermaid writes entities to itself.
            'ﬂ' | '°' | '¶' | 'ß' => write!(plain, "#{};", u32::from(c)),
            ':' if colons => write!(plain, "#{};", u32::from(c)),
            _ => write!(plain, "{c}"),
        };
    }
    plain
}
