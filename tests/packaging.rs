//! What the program is packed with: its commit, what the packed crate holds, completions, manual pages, the image, the action.
#![cfg(unix)]

use crate::adapter::{TIGRESS, text, tigress};
use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tigress_signal::conformance::program;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder of the project.
fn below(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "{folder}");
    files
}

/// build.rs in a repository of its own.
struct Clone(tempfile::TempDir);

impl Clone {
    fn new() -> Self {
        let clone = Clone(tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(clone.path("own/src")).expect("a folder");
        let built = Command::new("rustc")
            .args(["--edition", "2024", "-o"])
            .arg(clone.path("build"))
            .arg(root().join("build.rs"))
            .status();
        assert!(built.expect("rustc").success());
        clone.git(&["init", "--quiet"]);
        clone.write("src/a.rs", "1");
        clone.write("docs.md", "1");
        clone.git(&["add", "--all"]);
        clone.git(&["commit", "--quiet", "--message", "a"]);
        clone
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("own").join(name), text).expect("written");
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments)
            .current_dir(self.path("own"))
            .output()
            .expect("git");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    fn run(&self, folder: &str, profile: &str, named: &str) -> Output {
        Command::new(self.path("build"))
            .current_dir(self.path(folder))
            .env("PROFILE", profile)
            .env("TIGRESS_COMMIT", named)
            .output()
            .expect("it runs")
    }

    /// What a build of that profile says of its commit.
    fn says(&self, folder: &str, profile: &str, named: &str) -> String {
        let output = self.run(folder, profile, named);
        assert!(output.status.success());
        let said = text(&output.stdout);
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("cargo::rustc-env=TIGRESS_COMMIT="));
        line.expect("a line").to_owned()
    }
}

#[test]
fn a_build_knows_the_commit_that_it_is_made_of() {
    let clone = Clone::new();
    let head = clone.git(&["rev-parse", "HEAD"]);
    assert_eq!(clone.says("own", "release", ""), head);
    assert_eq!(clone.says("own", "debug", ""), "", "it does not ask");
    assert_eq!(
        clone.says("own/src", "release", ""),
        "",
        "that is no clone of its own"
    );

    clone.write("docs.md", "2");
    assert_eq!(
        clone.says("own", "release", ""),
        head,
        "what is not compiled is not asked for"
    );
    clone.write("src/a.rs", "2");
    assert_eq!(clone.says("own", "release", ""), format!("{head}-modified"));

    let packed = "0123456789abcdef0123456789abcdef01234567";
    let written = |dirty: &str| {
        format!(
            "{{\n  \"git\": {{\n    \"sha1\": \"{packed}\"{dirty}\n  }},\n  \"path_in_vcs\": \"\"\n}}"
        )
    };
    clone.write(".cargo_vcs_info.json", &written(""));
    assert_eq!(clone.says("own", "debug", ""), packed);
    clone.write(".cargo_vcs_info.json", &written(",\n    \"dirty\": true"));
    assert_eq!(clone.says("own", "debug", ""), format!("{packed}-modified"));

    let named = "f".repeat(40);
    assert_eq!(clone.says("own", "debug", &named), named);
    for wrong in ["f00", "HEAD", &"g".repeat(40), &format!("{named}\n::")] {
        let output = clone.run("own", "release", wrong);
        assert!(!output.status.success(), "{wrong}");
        assert!(text(&output.stdout).contains("cargo::error=TIGRESS_COMMIT is"));
    }
}

#[test]
fn each_commit_runs_it_again() {
    let clone = Clone::new();
    let said = text(&clone.run("own", "release", "").stdout);
    let watched: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::rerun-if-changed="))
        .map(|file| clone.path("own").join(file))
        .collect();
    let contents = || -> Vec<_> { watched.iter().map(|file| fs::read(file).ok()).collect() };
    let before = contents();
    clone.git(&["commit", "--quiet", "--allow-empty", "--message", "b"]);
    assert!(before != contents());
    // A developer's build watches nothing that a commit changes.
    let said = text(&clone.run("own", "debug", "").stdout);
    assert!(!said.contains("HEAD"), "{said}");
}

#[test]
fn the_program_says_of_what_it_is_made() {
    for option in ["--version", "-V"] {
        let said = text(&tigress(&[option]).stdout);
        assert_eq!(said, format!("tigress {}\n", program::version()));
        assert!(said.contains("(profile 2"), "{said}");
    }
}

/// Nothing but src/system names a system: what is to run on another one is written there.
#[test]
fn one_room_alone_names_the_operating_system() {
    let named = Regex::new(r#"rustix::|signal_hook|cfg!?\((not\()?(any\()?(unix|windows|target_os)|std::os::|tokio::signal|"/proc|"/dev/"#)
        .expect("an expression");
    let mut files = 0;
    for path in below("src") {
        if path.extension().is_none_or(|ending| ending != "rs")
            || path.starts_with(root().join("src/system"))
        {
            continue;
        }
        files += 1;
        let content = fs::read_to_string(&path).expect("it");
        for (place, line) in content.lines().enumerate() {
            assert!(
                !named.is_match(line),
                "{}:{}: {line}",
                path.display(),
                place + 1
            );
        }
    }
    assert!(files > 200, "{files}");
}
