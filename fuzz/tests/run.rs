//! `fuzz/run`, with a `cargo` that only pretends to build, and targets that only pretend to fuzz.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// `cargo fuzz build` leaves the targets `good`, `bad` and `lost` where cargo would: `good` finds nothing, `bad` something,
/// `lost` dies by itself. `unbuilt` is a target that is not there.
const CARGO: &str = r#"#!/bin/bash -eu
[[ $1 != +nightly ]] || shift
case "$1" in
--version) ;;
metadata) echo "{\"packages\":[],\"target_directory\":\"${CARGO_TARGET_DIR:-$PWD/target}\",\"version\":1}" ;;
fuzz)
    [[ $2 == build ]] || exit 0
    built=${CARGO_TARGET_DIR:-$PWD/target}/$(rustc -vV | sed -n 's/^host: //p')/release
    mkdir -p "$built"
    printf '#!/bin/sh\necho "stat::number_of_executed_units: 4711"\necho "stat::average_exec_per_sec: 1234"\n' >"$built/good"
    printf '#!/bin/sh\necho "x; Test unit written to artifacts/bad/crash-1"\nexit 77\n' >"$built/bad"
    printf '#!/bin/sh\necho "out of luck"\nexit 3\n' >"$built/lost"
    chmod +x "$built"/*
    ;;
esac
"#;

struct Fuzz(PathBuf);

impl Fuzz {
    fn new(name: &str) -> Self {
        let name = format!("tigress-fuzz-run-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        for target in ["good", "bad", "lost", "unbuilt"] {
            fs::create_dir_all(folder.join("fuzz/seeds").join(target)).expect("a folder");
        }
        fs::create_dir_all(folder.join("bin")).expect("a folder");
        let script = tigress_fuzz::folder().join("run");
        fs::copy(script, folder.join("fuzz/run")).expect("a file");
        let cargo = folder.join("bin/cargo");
        fs::write(&cargo, CARGO).expect("a file");
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("its mode");
        Fuzz(folder)
    }

    /// Status and output of `fuzz/run 1 TARGETS`, started in the folder above it.
    fn run(&self, target_dir: Option<&str>, targets: &[&str]) -> (Option<i32>, String) {
        // Read by bash, and not started: the copy may still be open for writing in a process that another test has just begun.
        let mut command = Command::new("bash");
        let others = std::env::var("PATH").expect("there is one");
        command
            .current_dir(&self.0)
            .env("PATH", format!("{}:{others}", self.0.join("bin").display()))
            .env("LC_ALL", "C")
            .env_remove("CARGO_TARGET_DIR")
            .args(["fuzz/run", "1"])
            .args(targets);
        if let Some(folder) = target_dir {
            command.env("CARGO_TARGET_DIR", folder);
        }
        let output = command.output().expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("text");
        (output.status.code(), said)
    }
}

impl Drop for Fuzz {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The line of a target, its columns parted by one space.
fn line(said: &str, target: &str) -> String {
    let line = said.lines().find(|line| line.starts_with(target));
    let words: Vec<&str> = line.expect("its line").split_whitespace().collect();
    words.join(" ")
}

#[test]
fn its_figures_are_there_wherever_the_targets_are_built() {
    let fuzz = Fuzz::new("figures");
    let elsewhere = fuzz.0.join("else where");
    for folder in [None, Some("relative"), elsewhere.to_str()] {
        let (status, said) = fuzz.run(folder, &["good"]);
        assert_eq!(line(&said, "good"), "good 4711 1234 nothing", "{said}");
        assert_eq!(status, Some(0), "{said}");
    }
    assert!(fuzz.0.join("relative").is_dir(), "as cargo reads it");
}

#[test]
fn what_was_found_is_named() {
    let (status, said) = Fuzz::new("found").run(None, &["good", "bad"]);
    assert_eq!(line(&said, "good"), "good 4711 1234 nothing");
    assert_eq!(line(&said, "bad"), "bad - - artifacts/bad/crash-1");
    assert_eq!(status, Some(1), "{said}");
}

#[test]
fn a_target_that_does_not_start_is_said_with_its_reason_and_the_others_run() {
    let (status, said) = Fuzz::new("unbuilt").run(None, &[]);
    let unbuilt = line(&said, "unbuilt");
    assert!(unbuilt.starts_with("unbuilt - - did not start: "), "{said}");
    assert!(unbuilt.ends_with("No such file or directory"), "{said}");
    assert_eq!(
        line(&said, "lost"),
        "lost - - ended with 3 and left no input: out of luck"
    );
    assert_eq!(line(&said, "good"), "good 4711 1234 nothing");
    assert_eq!(status, Some(2), "{said}");
}

#[test]
fn a_target_that_nobody_knows_is_refused() {
    let (status, said) = Fuzz::new("unknown").run(None, &["god"]);
    assert!(
        said.contains("no target `god`; there are bad good"),
        "{said}"
    );
    assert_eq!(status, Some(2));
}
