//! The tests in one program, a module for each file: it is built and linked once, and both of two cores have work until the last test.
//! `cargo test --test all vectors::` runs those of one file.
//!
//! A file has a program of its own, and is named in Cargo.toml, where its process must be its own (`allocations`, `erasure`) or it
//! needs a feature (`flaws`).

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/browser.rs"]
mod browser;
#[path = "common/built_in.rs"]
mod built_in;
#[path = "common/cluster.rs"]
mod cluster;
mod common;
#[path = "common/harm.rs"]
mod harm;
#[path = "common/in_process.rs"]
mod in_process;
#[path = "common/listening.rs"]
mod listening;
#[path = "common/sample.rs"]
mod sample;

mod adapters;
mod all_or_nothing;
mod auditors;
mod backends;
mod book;
mod cli;
mod diagrams;
mod durability;
mod evidence;
mod forms;
mod fuzzing;
mod hostile;
mod intermediary;
mod interop;
mod model;
mod nightly;
mod packaging;
mod payload;
mod performance;
mod postgres;
mod power_loss;
mod primitives;
mod processes;
mod replay;
mod reports;
mod results;
mod saved_state;
mod scenarios;
mod second_suite;
mod serve;
mod served;
mod sesame;
mod sessions;
mod signal_v3;
mod stores;
mod traced;
mod transfers;
mod vectors;
mod verdicts;
mod wallet_file;
mod wallet_program;
mod wallet_properties;
mod wallets;
mod wire;

/// No file is forgotten: cargo looks for none by itself.
#[test]
fn every_file_of_tests_is_run() {
    let manifest = include_str!("../Cargo.toml");
    let own = include_str!("all.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("tests").flatten() {
        let name = entry.file_name().into_string().expect("UTF-8");
        let Some(name) = name.strip_suffix(".rs") else {
            continue;
        };
        let is_module = own.lines().any(|line| line == format!("mod {name};"));
        let target = format!("[[test]]\nname = \"{name}\"\n");
        assert!(is_module != manifest.contains(&target), "{name}");
        files += 1;
    }
    assert!(files > 20, "{files}");
}
