//! Every seed and every input that once found something, on stable Rust.

use std::fs;
use std::path::PathBuf;
use tigress_fuzz::TARGETS;

fn inputs(folder: &str, target: &str) -> Vec<PathBuf> {
    let folder = tigress_fuzz::folder().join(folder).join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn replay(folder: &str) -> usize {
    let mut replayed = 0;
    for (name, body) in TARGETS {
        for file in inputs(folder, name) {
            let data = fs::read(&file).expect("an input");
            eprintln!("{}", file.display());
            body(&data);
            replayed += 1;
        }
    }
    replayed
}

#[test]
fn every_seed_holds() {
    for (name, _) in TARGETS {
        assert!(!inputs("seeds", name).is_empty(), "{name} has no seed");
    }
    assert!(replay("seeds") > TARGETS.len());
}

#[test]
fn what_was_found_once_is_not_found_again() {
    replay("regressions");
}

/// The targets are those of the manifest.
#[test]
fn every_target_is_built() {
    let manifest = include_str!("../Cargo.toml");
    for (name, _) in TARGETS {
        let binary = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&binary), "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}
