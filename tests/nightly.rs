//! `.ci/nightly`, with programs that only pretend to do what its parts ask of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const PROGRAMS: [(&str, &str); 2] = [
    (
        "bin/cargo",
        "echo \"$*\" >>../asked; echo one \\| two; case $* in *test) [ ! -e ../fails ];; esac",
    ),
    ("fuzz/run", "echo 'skipped: no nightly toolchain'; exit 3"),
];

/// A repository of nothing but the script and those programs.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Repository(tempfile::tempdir().expect("a folder"));
        let write = |name: &str, text: &str| {
            let path = repository.path(&format!("clone/{name}"));
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        };
        write(".ci/nightly", include_str!("../.ci/nightly"));
        write(".gitignore", "/target\n");
        write("docs/a.md", "");
        write("fuzz/seeds/wire_ratchet/a", "");
        for (name, script) in PROGRAMS {
            write(name, &format!("#!/bin/sh\n{script}\n"));
        }
        repository.git(&["init", "--quiet"]);
        repository.commit();
        repository
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments)
            .current_dir(self.path("clone"))
            .status();
        assert!(status.expect("git starts").success(), "{arguments:?}");
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "a"]);
    }

    /// Status and output of the script.
    fn nightly(&self, parts: &[&str]) -> (Option<i32>, String) {
        let programs = self.path("clone/bin");
        let others = std::env::var("PATH").expect("there is one");
        let output = Command::new(".ci/nightly")
            .args(parts)
            .current_dir(self.path("clone"))
            .env("PATH", format!("{}:{others}", programs.display()))
            .output()
            .expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    }

    /// What the programs were asked since this was last called.
    fn asked(&self) -> Vec<String> {
        let file = self.path("asked");
        let asked = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        asked.lines().map(ToOwned::to_owned).collect()
    }

    fn figures(&self) -> String {
        fs::read_to_string(self.path("clone/docs/nightly.md")).expect("the page")
    }
}

#[test]
fn a_night_goes_on_where_it_was_interrupted() {
    let repository = Repository::new();
    let parts = ["flaws", "release", "fuzz-wire_ratchet"];
    fs::write(repository.path("fails"), "").expect("written");

    let (status, said) = repository.nightly(&parts);
    assert_eq!(status, Some(1), "{said}");
    let flaws = "run --locked --release --features flaws -- flaws";
    let release = "run --locked --release -- test";
    assert_eq!(repository.asked(), [flaws, release]);
    assert!(said.contains("\nrelease: failed: one | two\n"), "{said}");
    let page = repository.figures();
    for row in [
        "| flaws | every flaw of the engine, until two cases have caught it | well | 0 | one \\| two |",
        "| failed | 0 | one \\| two |",
        "| skipped | 0 | skipped: no nightly toolchain |",
        "| benchmarks | times of the hot path and of the harness, beside their floors | not run |",
    ] {
        assert!(page.contains(row), "no {row:?} in:\n{page}");
    }

    fs::remove_file(repository.path("fails")).expect("it is there");
    let (status, said) = repository.nightly(&parts);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(
        repository.asked(),
        [release],
        "what was well is not run again"
    );
    assert!(repository.figures().contains("| well | 0 | one \\| two |"));

    // The figures themselves may be checked in: that is another commit, for which nothing has been run.
    repository.commit();
    repository.nightly(&["flaws"]);
    assert_eq!(repository.asked(), [flaws]);
}

#[test]
fn what_has_no_name_is_not_measured() {
    let repository = Repository::new();
    let (status, said) = repository.nightly(&["flows"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("no part `flows`"), "{said}");
    fs::write(repository.path("clone/docs/a.md"), "changed").expect("written");
    let (status, said) = repository.nightly(&["flaws"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("the working tree is not that of"), "{said}");
    assert_eq!(repository.asked(), [""; 0]);
}

#[test]
fn every_part_has_a_limit() {
    let repository = Repository::new();
    let (status, said) = repository.nightly(&["--parts"]);
    assert_eq!(status, Some(0), "{said}");
    for line in said.lines() {
        let mut words = line.split_whitespace().skip(1);
        let minutes: u32 = words.next().and_then(|word| word.parse().ok()).expect(line);
        assert!((1..=300).contains(&minutes), "{line}");
        assert!(words.next().is_some(), "{line}");
    }
    assert!(said.contains("fuzz-wire_ratchet"), "{said}");
}
