//! What other libraries that speak `signal-v3` take, from the figures of benches/peers.

use serde::Deserialize;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What the part of the page is headed by, and what measures it.
const COMMAND: &str = "cargo bench --manifest-path benches/peers/Cargo.toml";
const ENGINE: &str = "engine";
const FLOOR: &str = "floor";
/// Operations that tell what Node's binding costs begin so.
const BINDING: &str = "the binding: ";

/// What benches/peers leaves.
#[derive(Deserialize)]
struct Peers {
    subjects: Vec<Subject>,
    times: Vec<Time>,
    /// Who could not be measured, and why.
    skipped: Vec<String>,
}

#[derive(Deserialize)]
struct Subject {
    name: String,
    version: String,
    /// How it keeps sessions.
    keeps: String,
}

#[derive(Deserialize)]
struct Time {
    operation: String,
    subject: String,
    nanoseconds: f64,
}

impl Peers {
    fn time(&self, operation: &str, subject: &str) -> Option<f64> {
        let found = self.times.iter();
        let mut found = found.filter(|time| time.operation == operation && time.subject == subject);
        Some(found.next()?.nanoseconds)
    }

    /// What was measured, in the order in which it was.
    fn operations(&self) -> Vec<&str> {
        let mut operations: Vec<&str> = Vec::new();
        for time in &self.times {
            if !time.operation.starts_with(BINDING)
                && !operations.contains(&time.operation.as_str())
            {
                operations.push(&time.operation);
            }
        }
        operations
    }

    /// A cell: the time, and how many times the engine's it is where both took turns.
    fn cell(&self, operation: &str, subject: &str, in_turns: bool) -> String {
        let Some(time) = self.time(operation, subject) else {
            return String::new();
        };
        let engine = self.time(operation, ENGINE);
        match engine.filter(|_| in_turns && subject != ENGINE) {
            Some(engine) => format!("{} ({:.2})", super::duration(time), time / engine),
            None => super::duration(time),
        }
    }

    fn table(&self, page: &mut String) {
        let operations = self.operations();
        let _ = writeln!(
            page,
            "| library | keeps sessions | {} |\n| --- | --- |{}",
            operations.join(" | "),
            " ---: |".repeat(operations.len()),
        );
        for subject in &self.subjects {
            let in_turns = !subject.keeps.ends_with("Node");
            let mut cells = vec![
                if subject.name.contains(&subject.version) {
                    subject.name.clone()
                } else {
                    format!("{} ({})", subject.name, subject.version)
                },
                subject.keeps.clone(),
            ];
            let cell = |operation: &&str| self.cell(operation, &subject.name, in_turns);
            cells.extend(operations.iter().map(cell));
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
        let cell = |operation: &&str| self.cell(operation, FLOOR, true);
        let cells: Vec<_> = operations.iter().map(cell).collect();
        let _ = writeln!(page, "| the floor |  | {} |", cells.join(" | "));
    }

    /// What of the times in Node is Node's.
    fn binding(&self, page: &mut String) {
        for subject in &self.subjects {
            let costs = self
                .times
                .iter()
                .filter(|time| time.subject == subject.name);
            let costs: Vec<String> = costs
                .filter_map(|time| {
                    let what = time.operation.strip_prefix(BINDING)?;
                    Some(format!(
                        "{what} takes {}",
                        super::duration(time.nanoseconds)
                    ))
                })
                .collect();
            if !costs.is_empty() {
                let _ = writeln!(page, "\nOf {}, {}.", subject.name, costs.join(", and "));
            }
        }
    }
}

/// Adds the part to the page.
///
/// # Errors
/// Where the figures are there and cannot be read.
pub(crate) fn section(figures: &Path, page: &mut String) -> Result<(), Box<dyn Error>> {
    page.push_str("\n## Libraries that speak `signal-v3`\n\n");
    let Ok(text) = fs::read_to_string(figures.join("peers.json")) else {
        let _ = writeln!(page, "Not measured: `{COMMAND}` was not run.");
        return Ok(());
    };
    let peers: Peers = serde_json::from_str(&text)?;
    let _ = writeln!(
        page,
        "From the figures of `{COMMAND}`. Each library talks to itself, in a session that has been answered; in parentheses stands how many \
         times the engine's time it is. Libraries of Rust and C took turns in one process, as above, and compute with the same \
         crates but for curves, which are each library's own. libsignal-client ran in Node, in batches, by itself: its times hold the \
         binding, whose stores are asked in JavaScript several times a message, and no ratio is given.\n\n\
         What is compared is not quite the same. Libraries that keep sessions as bytes read them at each call, and write \
         them where the call changed something; the engine keeps them as they are. So it stands here twice, the second time restored from its \
         saved form and saved again around each call. That form is JSON, and for people to read: where it is what one waits for, bytes are faster.\n\n\
         A forged message claims to be so many ahead of its chain, and its MAC is of nobody: whoever can deliver a message can have that \
         much computed. Where a library follows chains less far, it refuses the message at once; the engine follows them for 25,000 (V3-13), and its floor \
         is that many steps of a chain, of which the last 2,000 give keys that would be stored.\n"
    );
    peers.table(page);
    peers.binding(page);
    for reason in &peers.skipped {
        let _ = writeln!(page, "\nSkipped: {reason}.");
    }
    Ok(())
}
