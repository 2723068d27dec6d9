//! The vectors of this repository are what the generators make, byte for byte, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tigress_generators::{Numbers, generate};
use tigress_signal::conformance::vector::BuiltIn;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            folder if folder.is_dir() => files(&folder, found),
            file => {
                found.insert(file);
            }
        }
    }
}

#[test]
fn the_vectors_are_as_they_are_made() {
    let mut left = BTreeSet::new();
    files(&vectors(), &mut left);
    for file in BuiltIn::ALL {
        let numbers = Numbers::of(file.json);
        for made in generate(file, numbers) {
            let path = vectors().join(&made.path);
            let there = fs::read_to_string(&path).expect("a vector file");
            assert!(
                there == made.content,
                "{} differs; `cargo run -p tigress-generators` writes it anew",
                made.path
            );
            left.remove(&path);
        }
    }
    assert_eq!(left, BTreeSet::new(), "files that are not made");
}

#[test]
fn a_file_made_without_its_numbers_gives_them_from_1_on() {
    let kdf = BuiltIn::ALL.iter().find(|file| file.family == "kdf");
    let [made, _] = generate(kdf.expect("a family"), Numbers::default());
    assert!(made.content.contains("\"tcId\": 1,"));
    let numbers = Numbers::of(&made.content);
    let [again, _] = generate(kdf.expect("a family"), numbers);
    assert_eq!(made, again);
}
