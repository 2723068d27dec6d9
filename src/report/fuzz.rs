//! What was drawn and what differs, for people and for programs.

use crate::conformance::fuzz::campaign::{Ending, Finding, FuzzResult};
use crate::conformance::printable::{self, Printable, block, shortened};
use crate::conformance::run::Difference;
use owo_colors::OwoColorize;
use std::io::{self, Write};

/// Longer texts are shortened to about so many characters.
const LONG: usize = 400;

/// Writes the result as JSON (`docs/fuzzing.md`).
///
/// # Errors
/// Where `out` cannot be written to.
pub fn json(out: &mut dyn Write, result: &FuzzResult) -> io::Result<()> {
    let text = serde_json::to_string_pretty(result)?;
    writeln!(out, "{}", printable::json(&text))
}

/// Writes it for people. `alone` says how one difference is run alone.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn pretty(
    out: &mut dyn Write,
    result: &FuzzResult,
    alone: &dyn Fn(&Finding) -> String,
) -> io::Result<()> {
    for finding in &result.findings {
        let ids = finding.requirements.join(", ");
        writeln!(out, "{}  {}", "DIFFERS".red().bold(), ids.bold())?;
        let step = finding
            .step
            .map_or_else(String::new, |step| format!(" (step {step})"));
        line(out, "asked", &format!("{}{step}", finding.method))?;
        for Difference {
            field,
            expected,
            got,
        } in &finding.differences
        {
            if let Some(field) = field {
                line(out, "field", field)?;
            }
            line(out, "expected", expected)?;
            line(out, "got", got)?;
        }
        let drawn = format!(
            "{}, of {} steps, after {:.1} s; {} alike",
            finding.name, finding.drawn_steps, finding.after, finding.times
        );
        line(out, "drawn", &drawn)?;
        line(out, "alone", &alone(finding))?;
        writeln!(out)?;
    }
    for (area, counts) in &result.drawn {
        let skipped = match counts.skipped {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        writeln!(out, "{:>8} {area}{skipped}", counts.asked)?;
    }
    for fault in &result.faults {
        let fault = block(&shortened(fault, LONG), "      ");
        writeln!(out, "{} {fault}", "FAULT".red().bold())?;
    }
    let early = match result.ended {
        None => "",
        Some(Ending::Interrupted) => ", ended early",
        Some(Ending::Findings) => ", as many differences as were asked for",
        Some(Ending::TimeOuts) => ", too many without an answer in time",
    };
    let asked: u64 = result.drawn.values().map(|counts| counts.asked).sum();
    let subject = &result.subject;
    writeln!(
        out,
        "{} {} in {}, seed {}: {} differences of {asked} asked in {:.0} s{early}",
        Printable(&subject.name),
        Printable(&subject.version),
        result.suite,
        Printable(&result.seed),
        result.findings.len(),
        result.seconds
    )
}

fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    let value = shortened(value, LONG);
    writeln!(out, "    {name:<10} {}", block(&value, &" ".repeat(15)))
}
