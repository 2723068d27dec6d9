//! Counts the instructions of the hot path under valgrind, and holds them against the figures of
//! benches/instructions/figures.json.
//!
//! `cargo run --example instructions` fails where one has grown by more than 3 %. With `-- --accept` it writes the new figures
//! down. It says so and ends well where valgrind or gungraun-runner is missing, or where the figures are of another compiler.

#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};

const FIGURES: &str = "benches/instructions/figures.json";
/// In percent.
const MOST_GROWTH: f64 = 3.0;

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct Figures {
    /// As `rustc --version` says it: another compiler makes other code.
    compiler: String,
    /// As `valgrind --version` says it.
    valgrind: String,
    /// By benchmark.
    instructions: BTreeMap<String, u64>,
}

/// The first line that a program prints, if it is there.
fn says(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next().filter(|_| output.status.success())?;
    Some(line.to_owned())
}

fn version_of_gungraun() -> Option<String> {
    let lock = fs::read_to_string("Cargo.lock").ok()?;
    let (_, rest) = lock.split_once("name = \"gungraun\"\nversion = \"")?;
    Some(rest.split('"').next()?.to_owned())
}

/// What is missing to count here, or else the versions of compiler and valgrind.
fn tools() -> Result<(String, String), String> {
    let valgrind = says("valgrind", "--version").ok_or("valgrind is not installed")?;
    let compiler = says("rustc", "--version").ok_or("rustc does not say its version")?;
    let wanted = version_of_gungraun().ok_or("Cargo.lock names no gungraun")?;
    let runner = says("gungraun-runner", "--version").unwrap_or_default();
    if runner.ends_with(&format!(" {wanted}")) {
        Ok((compiler, valgrind))
    } else {
        let install = format!("cargo install --locked gungraun-runner --version {wanted}");
        Err(format!(
            "gungraun-runner {wanted} is not installed ({install})"
        ))
    }
}

/// Runs the benchmark. Each line of its output is the summary of one of its functions.
fn count() -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let output = Command::new("cargo")
        .args(["bench", "--quiet", "-p", "tigress-benches"])
        .args([
            "--features",
            "instructions",
            "--bench",
            "instructions",
            "--",
        ])
        .arg("--output-format=json")
        .output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("cargo bench -p tigress-benches: {}\n{error}", output.status).into());
    }
    let mut counts = BTreeMap::new();
    for summary in serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>() {
        let summary = summary?;
        let text = |name: &str| summary[name].as_str().unwrap_or_default();
        let name = format!("{} {}", text("function_name"), text("id"));
        let count =
            instructions(&summary).ok_or_else(|| format!("{name}: no count in {summary}"))?;
        counts.insert(name, count);
    }
    Ok(counts)
}

/// What callgrind counted (`Ir`).
fn instructions(summary: &Value) -> Option<u64> {
    summary
        .pointer("/profiles/0/data/total/metrics/Ir/values/new")?
        .as_u64()
}

/// What fails: growth, benchmarks that have no figure, and requirements whose naming costs something.
fn faults(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, &count) in now {
        match before.get(name) {
            None => faults.push(format!("{name}: no figure in {FIGURES}")),
            Some(&before) if growth(before, count) > MOST_GROWTH => {
                faults.push(format!("{name}: {before} instructions have become {count}"));
            }
            Some(_) => {}
        }
    }
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        faults.push(format!("{name}: in {FIGURES}, but not measured"));
    }
    if now.get("by_macro counter") != now.get("by_hand counter") {
        faults.push("a check named by `require!` costs more than one written by hand".to_owned());
    }
    faults
}

/// In percent.
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn growth(before: u64, now: u64) -> f64 {
    100.0 * (now as f64 - before as f64) / before as f64
}

fn run(accept: bool) -> Result<ExitCode, Box<dyn Error>> {
    let (compiler, valgrind) = match tools() {
        Ok(tools) => tools,
        Err(why) => {
            println!("instruction counts: skipped: {why}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let figures: Option<Figures> = match fs::read_to_string(FIGURES) {
        Ok(text) => Some(serde_json::from_str(&text).map_err(|e| format!("{FIGURES}: {e}"))?),
        Err(_) => None,
    };
    let same = |of: &Figures| of.compiler == compiler && of.valgrind == valgrind;
    if let Some(figures) = figures.as_ref().filter(|of| !accept && !same(of)) {
        println!(
            "instruction counts: skipped: {FIGURES} is of {} and {}, and here are {compiler} and {valgrind}; \
             `cargo run --example instructions -- --accept` counts anew",
            figures.compiler, figures.valgrind
        );
        return Ok(ExitCode::SUCCESS);
    }
    let now = count()?;
    let before = figures
        .map(|figures| figures.instructions)
        .unwrap_or_default();
    for (name, &count) in &now {
        let change = before.get(name).map_or_else(
            || "new".to_owned(),
            |&b| format!("{:+.1} %", growth(b, count)),
        );
        println!("{name:<28} {count:>12} {change:>9}");
    }
    if accept {
        let figures = Figures {
            compiler,
            valgrind,
            instructions: now,
        };
        fs::write(FIGURES, serde_json::to_string_pretty(&figures)? + "\n")?;
        println!("written to {FIGURES}");
        return Ok(ExitCode::SUCCESS);
    }
    let faults = faults(&before, &now);
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() {
        let most = now
            .iter()
            .filter_map(|(name, &count)| Some(growth(*before.get(name)?, count)))
            .fold(0.0, f64::max);
        println!(
            "{} counts, none has grown by more than {most:.1} %",
            now.len()
        );
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{MOST_GROWTH} % are allowed; `cargo run --example instructions -- --accept` accepts the new figures"
    );
    Ok(ExitCode::FAILURE)
}

fn main() -> ExitCode {
    let accept = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--accept") => true,
        Some(other) => {
            eprintln!("instructions: `{other}` is not known; `--accept` is");
            return ExitCode::from(2);
        }
    };
    run(accept).unwrap_or_else(|error| {
        eprintln!("instructions: {error}");
        ExitCode::from(2)
    })
}
