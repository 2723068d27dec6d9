//! The sequence diagram of a transcript, as Mermaid and as SVG.

use super::transcript::{Answered, Fate, Line, Outcome, Transcript};
use crate::conformance::printable::Printable;
use crate::identifier::Address;
use crate::intermediary::{Answer, Body, Envelope, Submission};
use crate::wallet::Report;
use crate::wire::MessageKind;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The lifeline that every device talks to.
const INTERMEDIARY: &str = "intermediary";

/// A sequence diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    title: String,
    /// The lifelines, from left to right.
    actors: Vec<String>,
    rows: Vec<Row>,
}

/// One row of the diagram, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    /// A step of the script, across all lifelines.
    Step(String),
    /// Something goes from one lifeline to another.
    Arrow {
        from: usize,
        to: usize,
        label: String,
        fate: Option<Fate>,
    },
    /// Something that happens on one lifeline.
    Note { actor: usize, text: String },
}

/// What the network did, in one word.
fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Lost => "lost",
        Fate::HeldBack => "held back",
        Fate::Repeated => "repeated",
        Fate::Damaged => "damaged",
        Fate::Replaced => "replaced",
        Fate::Late => "late",
    }
}

impl Diagram {
    /// The diagram of a transcript.
    #[must_use]
    pub fn of(transcript: &Transcript) -> Self {
        let mut drawing = Drawing::default();
        for event in &transcript.events {
            if let Line::Device {
                device,
                address: Some(address),
                ..
            } = event
            {
                drawing.names.insert(*address, device.clone());
                drawing.actor(device);
            }
        }
        drawing.actor(INTERMEDIARY);
        for event in &transcript.events {
            drawing.event(event);
        }
        if let Outcome::Failed { reason, .. } = &transcript.outcome {
            drawing.rows.push(Row::Step(format!("failed: {reason}")));
        }
        Diagram {
            title: transcript.header.scenario.clone(),
            actors: drawing.actors,
            rows: drawing.rows,
        }
    }

    /// The diagram in Mermaid's words.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut out = format!(
            "---\ntitle: {}\n---\nsequenceDiagram\n",
            quoted(&self.title)
        );
        for (index, actor) in self.actors.iter().enumerate() {
            let _ = writeln!(out, "    participant a{index} as {}", plain(actor));
        }
        let last = self.actors.len().saturating_sub(1);
        for row in &self.rows {
            let _ = match row {
                Row::Step(text) => writeln!(out, "    Note over a0,a{last}: {}", plain(text)),
                Row::Arrow {
                    from,
                    to,
                    label,
                    fate,
                } => {
                    let arrow = match fate {
                        Some(Fate::Lost) => "--x",
                        Some(Fate::HeldBack) => "--)",
                        _ => "->>",
                    };
                    let fate = fate.map_or_else(String::new, |fate| format!(" ({})", word(fate)));
                    writeln!(out, "    a{from}{arrow}a{to}: {}{fate}", plain(label))
                }
                Row::Note { actor, text } => {
                    writeln!(out, "    Note right of a{actor}: {}", plain(text))
                }
            };
        }
        out
    }

    /// The diagram as an SVG that needs nothing else.
    #[must_use]
    pub fn svg(&self) -> String {
        let width = LEFT * 2 + COLUMN * self.actors.len().saturating_sub(1).max(1);
        let height = TOP + ROW * (self.rows.len() + 1) + ROW;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{ARROW_HEADS}",
            escaped(&self.title)
        );
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"24\" text-anchor=\"middle\" font-size=\"16\">{}</text>",
            width / 2,
            escaped(&self.title)
        );
        for (index, actor) in self.actors.iter().enumerate() {
            let x = column(index);
            let _ = writeln!(
                out,
                "<line x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{}\" stroke=\"#999\"/>\n\
                 <rect x=\"{}\" y=\"40\" width=\"140\" height=\"26\" rx=\"4\" fill=\"#eef\" stroke=\"#446\"/>\n\
                 <text x=\"{x}\" y=\"58\" text-anchor=\"middle\">{}</text>",
                height - ROW / 2,
                x - 70,
                escaped(actor)
            );
        }
        for (row, index) in self.rows.iter().zip(1..) {
            row.svg(TOP + ROW * index, width, &mut out);
        }
        out.push_str("</svg>\n");
        out
    }
}

/// Pixels from the edge to the first lifeline, between lifelines, to the first row, between rows.
const LEFT: usize = 100;
const COLUMN: usize = 260;
const TOP: usize = 66;
const ROW: usize = 30;

const ARROW_HEADS: &str = "<defs><marker id=\"head\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" \
     orient=\"auto\"><path d=\"M0,0 L9,4 L0,8 z\" fill=\"context-stroke\"/></marker>\
     <marker id=\"lost\" markerWidth=\"11\" markerHeight=\"10\" refX=\"5\" refY=\"5\" orient=\"auto\">\
     <path d=\"M1,1 L9,9 M9,1 L1,9\" stroke=\"#c00\" stroke-width=\"2\"/></marker></defs>\n";

fn column(index: usize) -> usize {
    LEFT + COLUMN * index
}

impl Row {
    fn svg(&self, y: usize, width: usize, out: &mut String) {
        let _ = match self {
            Row::Step(text) => writeln!(
                out,
                "<rect x=\"10\" y=\"{}\" width=\"{}\" height=\"22\" fill=\"#f4f4e4\"/>\n\
                 <text x=\"18\" y=\"{}\" font-style=\"italic\">{}</text>",
                y - 16,
                width - 20,
                y,
                escaped(text)
            ),
            Row::Arrow {
                from,
                to,
                label,
                fate,
            } => {
                let (start, mut end) = (column(*from), column(*to));
                let (colour, dash, head) = match fate {
                    Some(Fate::Lost) => ("#c00", " stroke-dasharray=\"6 4\"", "lost"),
                    Some(Fate::HeldBack) => ("#777", " stroke-dasharray=\"3 3\"", "head"),
                    Some(Fate::Damaged | Fate::Replaced) => ("#c60", "", "head"),
                    Some(Fate::Repeated | Fate::Late) => ("#06c", "", "head"),
                    None => ("#222", "", "head"),
                };
                if *fate == Some(Fate::Lost) {
                    end = usize::midpoint(start, end);
                }
                let fate = fate.map_or_else(String::new, |fate| format!(" ({})", word(fate)));
                writeln!(
                    out,
                    "<line x1=\"{start}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\" stroke=\"{colour}\"{dash} \
                     marker-end=\"url(#{head})\"/>\n\
                     <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{colour}\" font-size=\"12\">{}{fate}</text>",
                    usize::midpoint(column(*from), column(*to)),
                    y - 5,
                    escaped(label)
                )
            }
            Row::Note { actor, text } => writeln!(
                out,
                "<circle cx=\"{x}\" cy=\"{}\" r=\"4\" fill=\"#446\"/>\n\
                 <text x=\"{}\" y=\"{y}\" font-size=\"12\" fill=\"#446\">{}</text>",
                y - 4,
                column(*actor) + 8,
                escaped(text),
                x = column(*actor)
            ),
        };
    }
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

#[derive(Default)]
struct Drawing {
    names: BTreeMap<Address, String>,
    actors: Vec<String>,
    /// Which of the actors has that name.
    lifelines: BTreeMap<String, usize>,
    rows: Vec<Row>,
}

impl Drawing {
    /// The lifeline of that name; a new one where there is none yet.
    fn actor(&mut self, name: &str) -> usize {
        if let Some(index) = self.lifelines.get(name) {
            return *index;
        }
        let index = self.actors.len();
        self.actors.push(name.to_owned());
        self.lifelines.insert(name.to_owned(), index);
        index
    }

    fn name(&self, address: &Address) -> String {
        self.names
            .get(address)
            .cloned()
            .unwrap_or_else(|| address.to_string())
    }

    fn note(&mut self, device: &str, text: String) {
        let actor = self.actor(device);
        self.rows.push(Row::Note { actor, text });
    }

    fn event(&mut self, event: &Line) {
        match event {
            Line::Step { text, .. } => self.rows.push(Row::Step(text.clone())),
            Line::Time { now } => self.rows.push(Row::Step(format!("the time is {}", now.0))),
            Line::Device { device, what, .. } => self.note(device, what.clone()),
            Line::Request {
                device,
                fate,
                request,
            } => {
                let (from, to) = (self.actor(device), self.actor(INTERMEDIARY));
                let label = self.request(&request.body);
                self.rows.push(Row::Arrow {
                    from,
                    to,
                    label,
                    fate: *fate,
                });
            }
            Line::Answer {
                device,
                fate,
                answer,
            } => {
                let (from, to) = (self.actor(INTERMEDIARY), self.actor(device));
                let label = match &**answer {
                    Answered::Answer(answer) => self.answer(answer),
                    Answered::Refused { code } => format!("refused: {code}"),
                };
                self.rows.push(Row::Arrow {
                    from,
                    to,
                    label,
                    fate: *fate,
                });
            }
            Line::State { device, after, .. } => self.note(device, after.to_string()),
            Line::Report { device, report } => self.note(device, told(report)),
            Line::Refused { device, code } => self.note(device, format!("refused: {code}")),
        }
    }

    fn request(&self, body: &Body) -> String {
        match body {
            Body::Register(_) => "register".to_owned(),
            Body::PublishSignedPreKey { .. } => "publish a signed prekey".to_owned(),
            Body::PublishOneTimePreKeys {
                one_time_pre_keys, ..
            } => format!("publish {} one-time prekeys", one_time_pre_keys.len()),
            Body::CountOneTimePreKeys { .. } => "how many one-time prekeys?".to_owned(),
            Body::PublishAccessKey { .. } => "publish an access key".to_owned(),
            Body::WithdrawAccessKey { .. } => "withdraw an access key".to_owned(),
            Body::FetchBundle { address, .. } => format!("bundle of {}?", self.name(address)),
            Body::Submit(submission) => self.submission(submission),
            Body::Read { .. } => "messages?".to_owned(),
            Body::Acknowledge { ids, .. } => format!("acknowledge {}", ids.len()),
            Body::Remove { .. } => "remove".to_owned(),
        }
    }

    fn submission(&self, submission: &Submission) -> String {
        let recipient = self.name(&submission.recipient);
        format!("{} for {recipient}", kind(submission.kind))
    }

    fn answer(&self, answer: &Answer) -> String {
        match answer {
            Answer::Done => "done".to_owned(),
            Answer::OneTimePreKeys { left } => format!("{left} one-time prekeys"),
            Answer::Bundle { bundle } => match bundle.one_time_pre_key_id {
                Some(_) => "bundle".to_owned(),
                None => "bundle without one-time prekey".to_owned(),
            },
            Answer::Envelopes { envelopes } => self.envelopes(envelopes),
        }
    }

    fn envelopes(&self, envelopes: &[Envelope]) -> String {
        let messages: Vec<_> = envelopes
            .iter()
            .map(|envelope| {
                format!(
                    "{} from {}",
                    kind(envelope.kind),
                    self.name(&envelope.sender)
                )
            })
            .collect();
        if messages.is_empty() {
            "no message".to_owned()
        } else {
            messages.join(", ")
        }
    }
}

/// What a user is told, in one word.
fn told(report: &Report) -> String {
    match report {
        Report::Refused { code, .. } => format!("refused a message: {code}"),
        Report::Unsent { code, .. } => format!("could not send: {code}"),
        Report::Delayed { code, .. } => format!("still waits to send: {code}"),
        Report::Rejected { code } => format!("was rejected: {code}"),
        Report::IdentityChanged { .. } => "another identity key".to_owned(),
        Report::FurtherSession { .. } => "a further session".to_owned(),
        Report::Transfer { code, .. } => code.to_string(),
    }
}

fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::PreKey => "prekey message",
        MessageKind::Ratchet => "ratchet message",
    }
}
