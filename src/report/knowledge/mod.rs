//! What the intermediary knows when a run is over: for people, for programs, and as a page.

use super::json::schema_of;
use super::page;
use crate::conformance::printable;
use crate::conformance::scenario::knowledge::{Knowledge, Message, Pair};
use crate::timestamp::Timestamp;
use comfy_table::{Table, presets};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// People are shown so many messages, devices, and things that were learned,
const LISTED: usize = 5_000;
/// and so many pairs that wrote to each other.
const PAIRS: usize = 500;

/// Writes it as JSON (`docs/transcript.md`).
///
/// # Errors
/// Where `out` cannot be written to.
pub fn json(out: &mut dyn Write, knowledge: &Knowledge) -> io::Result<()> {
    let text = serde_json::to_string_pretty(knowledge)?;
    writeln!(out, "{}", printable::json(&text))
}

/// The JSON Schema of it.
#[must_use]
pub fn schema() -> String {
    schema_of::<Knowledge>()
}

/// Writes it for people.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn pretty(out: &mut dyn Write, knowledge: &Knowledge) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["", "what", "value", "of", "when"]);
    for line in knowledge.lines().take(LISTED) {
        let mark = if line.ties { "*" } else { "" };
        table.add_row([mark, &line.what, &line.value, &line.whose, &line.when]);
    }
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    more(out, knowledge.lines().count(), LISTED)?;
    writeln!(out, "\nWho wrote to whom:")?;
    if knowledge.pairs.is_empty() {
        writeln!(out, "  nobody to anybody")?;
    }
    for pair in knowledge.pairs.iter().take(PAIRS) {
        let [one, other] = pair.between.each_ref().map(|it| knowledge.name(it));
        let (many, bytes, time) = (pair.messages.len(), pair.bytes(), pair.time());
        let s = if many == 1 { "" } else { "s" };
        writeln!(
            out,
            "  {one} and {other}: {many} message{s}, {bytes} bytes, {time}"
        )?;
    }
    more(out, knowledge.pairs.len(), PAIRS)?;
    writeln!(out, "\nWhat stays hidden:")?;
    for remark in &knowledge.hidden {
        let requirement = remark.requirement.unwrap_or_default();
        writeln!(out, "  {} ({requirement})", remark.what)?;
    }
    writeln!(
        out,
        "\n{} things learned, {} of them tie several transfers to one another (*)",
        knowledge.learned.len(),
        knowledge.ties()
    )
}

/// Says how many more there are than are shown.
fn more(out: &mut dyn Write, many: usize, most: usize) -> io::Result<()> {
    match many.checked_sub(most) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "  and {more} more: `--format json` has all"),
    }
}

/// The page.
#[must_use]
pub fn page(knowledge: &Knowledge) -> String {
    let messages = || knowledge.pairs.iter().flat_map(|pair| &pair.messages);
    let span = Span::of(messages());
    let largest = messages().map(|it| it.bytes).max().unwrap_or_default();
    let mut left = LISTED;
    let pairs: Vec<_> = knowledge
        .pairs
        .iter()
        .take(PAIRS)
        .map(|pair| shown(knowledge, pair, &span, largest, &mut left))
        .collect();
    let lines: Vec<_> = knowledge.lines().take(LISTED).collect();
    let devices = knowledge.devices.iter().take(LISTED);
    let devices: Vec<_> = devices.collect();
    let content = context! {
        scenario => &knowledge.scenario,
        suite => &knowledge.suite,
        pairs => Value::from(Serde(pairs)),
        lines => Value::from(Serde(lines)),
        devices => Value::from(Serde(devices)),
        hidden => Value::from(Serde(&knowledge.hidden)),
        beside => Value::from(Serde(&knowledge.beside)),
        all_pairs => knowledge.pairs.len(),
        known => knowledge.devices.len(),
        listed => LISTED,
        messages => messages().count(),
        learned => knowledge.learned.len(),
        all_lines => knowledge.lines().count(),
        ties => knowledge.ties(),
        begins => span.is_long().then(|| span.begins.clone()),
        ends => span.ends,
    };
    page::render(include_str!("knowledge.html"), content)
}

/// The time in which messages came.
struct Span {
    first: Timestamp,
    last: Timestamp,
    begins: String,
    ends: String,
}

impl Span {
    fn of<'m>(messages: impl Iterator<Item = &'m Message> + Clone) -> Self {
        let first = messages.clone().min_by_key(|it| it.when);
        let last = messages.max_by_key(|it| it.when);
        let when = |message: Option<&Message>| message.map(|it| it.when).unwrap_or_default();
        let time = |message: Option<&Message>| message.map(Message::time).unwrap_or_default();
        Span {
            first: when(first),
            last: when(last),
            begins: time(first),
            ends: time(last),
        }
    }

    fn is_long(&self) -> bool {
        self.first < self.last
    }

    /// Where in it a time is, in thousandths.
    fn place(&self, when: Timestamp) -> u128 {
        let passed = |until: Timestamp| u128::from(until.seconds_since(self.first));
        1_000 * passed(when) / passed(self.last).max(1)
    }
}

/// A pair for the page, and `left` fewer messages that it may list.
fn shown(
    knowledge: &Knowledge,
    pair: &Pair,
    span: &Span,
    largest: usize,
    left: &mut usize,
) -> serde_json::Value {
    let [one, other] = pair.between.each_ref().map(|it| knowledge.name(it));
    let listed = pair.messages.len().min(*left);
    *left -= listed;
    let messages: Vec<_> = pair.messages[..listed]
        .iter()
        .map(|message| {
            let from_first = message.from == pair.between[0];
            json!({
                "time": message.time(),
                "from": if from_first { one } else { other },
                "to": if from_first { other } else { one },
                "back": !from_first,
                "kind": message.kind,
                "bytes": message.bytes,
                "share": 100 * message.bytes / largest.max(1),
                "kept": message.kept(),
                "access_key": &message.access_key,
            })
        })
        .collect();
    // What came at one time is one mark.
    let mut marks: BTreeMap<Timestamp, (String, usize)> = BTreeMap::new();
    for message in &pair.messages {
        let mark = marks
            .entry(message.when)
            .or_insert_with(|| (message.time(), 0));
        mark.1 += 1;
    }
    let marks: Vec<_> = marks
        .iter()
        .take(LISTED)
        .map(|(when, (time, many))| json!({ "at": span.place(*when), "time": time, "many": many }))
        .collect();
    json!({
        "one": one,
        "other": other,
        "many": pair.messages.len(),
        "bytes": pair.bytes(),
        "time": pair.time(),
        "marks": marks,
        "messages": messages,
        "more": pair.messages.len() - listed,
    })
}
