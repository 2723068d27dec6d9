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

/// Times of rows that took turns, as the benchmark leaves them.
fn in_turns(figures: &Path, group: &str, times: &[(&str, u64, f64)]) {
    let folder = figures.join("turns");
    fs::create_dir_all(&folder).expect("a folder");
    let kept: Vec<_> = times
        .iter()
        .map(|(row, parameter, nanoseconds)| {
            json!({
                "group": group,
                "row": row,
                "parameter": parameter,
                "nanoseconds": nanoseconds,
            })
        })
        .collect();
    let (row, parameter, _) = times[0];
    let file = folder.join(format!("{group} {row} {parameter}.json"));
    fs::write(file, serde_json::Value::from(kept).to_string()).expect("a file");
}

#[test]
fn each_ratio_is_the_quotient_of_the_two_times_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (figures, docs) = (folder.path().join("figures"), folder.path().join("docs"));
    for group in ["encrypt", "decrypt", "gap"] {
        for row in ["engine", "floor", "vodozemac"] {
            for parameter in [10, 1024] {
                // What was timed alone, in another mood of the machine.
                measured(&figures, group, row, parameter, 9_999.0);
            }
        }
        for parameter in [10, 1024] {
            let times = [("engine", 1100.0), ("floor", 1000.0), ("vodozemac", 5500.0)];
            let times = times.map(|(row, nanoseconds)| (row, parameter, nanoseconds));
            in_turns(&figures, group, &times);
        }
    }
    let sizes = [10, 100, 1_000, 10_000]
        .into_iter()
        .zip([8.0, 10.0, 11.0, 12.0]);
    let times: Vec<_> = sizes
        .map(|(size, nanoseconds)| ("a line", size, nanoseconds))
        .collect();
    in_turns(&figures, "growth", &times);
    let page = || {
        let output = example("performance")
            .args([&figures, &docs])
            .output()
            .expect("it starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        fs::read_to_string(docs.join("performance.md")).expect("the page")
    };
    let shown = |page: &str, row: &str| assert!(page.contains(row), "no {row:?} in:\n{page}");
    let without_limit = page();
    for row in [
        "| encrypt, 1024 bytes | 1.10 µs | 1.00 µs | 1.10 | 5.50 µs | 5.00 |",
        "vodozemac 11.00 µs, which is 5.0 times",
        "| a line | 8 ns | 10 ns | 11 ns | 12 ns | 1.20 |",
    ] {
        shown(&without_limit, row);
    }
    for plot in ["gap", "growth"] {
        let plot = fs::read_to_string(docs.join(format!("performance/{plot}.svg")));
        assert!(plot.expect("a plot").contains("<polyline"));
    }
    in_turns(
        &figures,
        "dh_step",
        &[("engine", 0, 600.0), ("floor", 0, 500.0)],
    );
    in_turns(
        &figures,
        "dh_step",
        &[("engine on AWS-LC", 0, 300.0), ("limit", 0, 100.0)],
    );
    let load = |others: u64, rate: u64| {
        json!({
            "kept": "SQLite", "others": others, "clients": 16, "kind": "readings",
            "rate": rate, "p50": 250.0, "p99": 1500.0, "floor": 4000,
        })
    };
    let load = json!([load(0, 3_000), load(1_000, 2_400)]);
    let not_loaded = "\nNot measured: `cargo bench -p tigress-benches --bench load` was not run.";
    shown(&without_limit, not_loaded);
    fs::write(figures.join("load.json"), load.to_string()).expect("a file");
    let peers = json!({
        "subjects": [
            { "name": "engine", "version": "", "keeps": "in memory" },
            { "name": "a library", "version": "1.2.3", "keeps": "as bytes" },
            { "name": "another 4.5", "version": "4.5", "keeps": "as bytes, in Node" },
        ],
        "times": [
            { "operation": "encrypt", "subject": "engine", "nanoseconds": 200.0 },
            { "operation": "encrypt", "subject": "a library", "nanoseconds": 700.0 },
            { "operation": "encrypt", "subject": "another 4.5", "nanoseconds": 900.0 },
            { "operation": "refuse", "subject": "engine", "nanoseconds": 110.0 },
            { "operation": "refuse", "subject": "floor", "nanoseconds": 88.0 },
            { "operation": "the binding: a call", "subject": "another 4.5", "nanoseconds": 5.0 },
        ],
        "skipped": ["a third is not installed"],
    });
    shown(
        &without_limit,
        "\nNot measured: `cargo bench --manifest-path benches/peers/Cargo.toml` was not run.",
    );
    fs::write(figures.join("peers.json"), peers.to_string()).expect("a file");
    let page = page();
    for row in [
        "| library | keeps sessions | encrypt | refuse |",
        "| engine | in memory | 200 ns | 110 ns |",
        "| a library (1.2.3) | as bytes | 700 ns (3.50) |  |",
        "| another 4.5 | as bytes, in Node | 900 ns |  |",
        "| the floor |  |  | 88 ns (0.80) |",
        "| SQLite | readings | 16 | 3000 | 250.00 µs | 1.50 ms | 4000 | 0.75 |",
        "| SQLite | readings | 1000 | 2400 | 1.25 |",
        "\nOf another 4.5, a call takes 5 ns.",
        "\nSkipped: a third is not installed.",
    ] {
        shown(&page, row);
    }
    shown(&page, "| engine on AWS-LC | limit | that / limit |");
    shown(&page, "| 600 ns | 500 ns | 1.20 | 300 ns | 100 ns | 3.00 |");
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
    assert!(
        error.contains("run `cargo bench -p tigress-benches` first"),
        "{error}"
    );
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
