//! What a fleet builds: `.clusterfuzzlite/build.sh`, run with a `cargo` that only pretends to build.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use tigress_fuzz::TARGETS;

/// `cargo fuzz build`: leaves a file for each target where cargo-fuzz would.
const CARGO: &str = r#"#!/bin/bash -eu
[[ "$1 $2" == "fuzz build" ]]
mkdir -p fuzz/target/x86_64-unknown-linux-gnu/release
for target in fuzz/seeds/*/; do
    touch "fuzz/target/x86_64-unknown-linux-gnu/release/$(basename "$target")"
done
"#;

fn run(program: &mut Command) -> String {
    let output = program.output().expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn every_target_has_its_seeds_and_its_dictionary_beside_it() {
    for tool in ["zip", "unzip"] {
        if Command::new(tool).arg("-v").output().is_err() {
            eprintln!("skipped: {tool} is not installed");
            return;
        }
    }
    let fuzz = tigress_fuzz::folder();
    let folder = std::env::temp_dir().join(format!("tigress-fleet-{}", std::process::id()));
    let (source, out, path) = (folder.join("src"), folder.join("out"), folder.join("path"));
    for folder in [&source.join("tigress/fuzz"), &out, &path] {
        fs::create_dir_all(folder).expect("a folder");
    }
    for part in ["seeds", "dictionaries"] {
        run(Command::new("cp")
            .arg("-r")
            .arg(fuzz.join(part))
            .arg(source.join("tigress/fuzz")));
    }
    fs::write(path.join("cargo"), CARGO).expect("a file");
    fs::set_permissions(path.join("cargo"), fs::Permissions::from_mode(0o755)).expect("its mode");
    let others = std::env::var("PATH").expect("there is one");
    run(Command::new("bash")
        .arg("-eu")
        .arg(fuzz.join("../.clusterfuzzlite/build.sh"))
        .env("SRC", &source)
        .env("OUT", &out)
        .env("PATH", format!("{}:{others}", path.display())));
    for (target, _) in TARGETS {
        assert!(out.join(target).is_file(), "{target}");
        let seeds = out.join(format!("{target}_seed_corpus.zip"));
        let listed = run(Command::new("unzip").arg("-Z1").arg(&seeds));
        let kept = fs::read_dir(fuzz.join("seeds").join(target)).expect("seeds");
        assert_eq!(listed.lines().count(), kept.count(), "{target}");
        assert_eq!(
            out.join(format!("{target}.dict")).is_file(),
            fuzz.join(format!("dictionaries/{target}.dict")).is_file(),
            "{target}"
        );
    }
    fs::remove_dir_all(folder).expect("it was made");
}
