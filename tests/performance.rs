//! docs/performance.md is made of what was measured, and of nothing else.

use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The example of that name, which cargo builds before it runs this test.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("this test");
    let folder = test.parent().and_then(Path::parent).expect("its profile");
    let mut command = Command::new(folder.join("examples").join(name));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// A row as criterion leaves it.
fn measured(figures: &Path, group: &str, row: &str, parameter: u64, nanoseconds: f64) {
    let folder: PathBuf = figures
        .join(group)
        .join(row)
        .join(parameter.to_string())
        .join("new");
    fs::create_dir_all(&folder).expect("a folder");
    let benchmark = json!({
        "group_id": group,
        "function_id": row,
        "value_str": parameter.to_string(),
    });
    let estimates = json!({ "median": { "point_estimate": nanoseconds } });
    fs::write(folder.join("benchmark.json"), benchmark.to_string()).expect("a file");
    fs::write(folder.join("estimates.json"), estimates.to_string()).expect("a file");
}

/// A ratio as the benchmark leaves it.
fn in_turns(figures: &Path, group: &str, parameter: u64, to: &str, ratio: f64) {
    let folder = figures.join("ratios");
    fs::create_dir_all(&folder).expect("a folder");
    let kept = json!({
        "group": group,
        "row": "engine",
        "parameter": parameter,
        "to": to,
        "toParameter": parameter,
        "ratio": ratio,
    });
    let file = folder.join(format!("{group} {parameter} {to}.json"));
    fs::write(file, kept.to_string()).expect("a file");
}

#[test]
fn the_page_shows_the_figures_and_the_ratios_that_were_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let (figures, docs) = (folder.path().join("figures"), folder.path().join("docs"));
    for group in ["encrypt", "decrypt", "gap"] {
        for (row, nanoseconds) in [("engine", 1100.0), ("floor", 1000.0), ("vodozemac", 5500.0)] {
            for parameter in [10, 1024] {
                measured(&figures, group, row, parameter, nanoseconds);
            }
        }
        in_turns(&figures, group, 1024, "floor", 1.07);
        in_turns(&figures, group, 1024, "vodozemac", 0.125);
    }
    let output = example("performance")
        .args([&figures, &docs])
        .output()
        .expect("it starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let page = fs::read_to_string(docs.join("performance.md")).expect("the page");
    let row = "| encrypt, 1024 bytes | 1.10 µs | 1.00 µs | 1.07 | 5.50 µs | 8.0 |";
    assert!(page.contains(row), "no {row:?} in:\n{page}");
    assert!(
        page.contains("vodozemac 11.00 µs, which is 5.0 times"),
        "{page}"
    );
    let plot = fs::read_to_string(docs.join("performance/gap.svg")).expect("a plot");
    assert!(plot.contains("<polyline"), "{plot}");
}

#[test]
fn without_figures_it_says_what_to_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = example("performance")
        .args([folder.path(), folder.path()])
        .output()
        .expect("it starts");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("run `cargo bench` first"), "{error}");
}

#[test]
fn an_argument_that_counting_does_not_know_is_refused() {
    let output = example("instructions")
        .arg("--acept")
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("`--accept` is"), "{error}");
}
