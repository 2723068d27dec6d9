//! Tells the program which commit it is built from, in `TIGRESS_COMMIT`: forty digits, with `-modified` where a file that is compiled
//! is not as that commit has it; nothing where it is not known.
//!
//! It is what the environment's `TIGRESS_COMMIT` says; in a crate from a registry, what `cargo package` wrote down; in a clone, what
//! git says, and that in optimised builds alone: whatever is compiled would be compiled again after each commit, which is minutes of
//! a developer's day.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

/// What the program is made of.
const COMPILED: [&str; 9] = [
    "build.rs",
    "Cargo.lock",
    "Cargo.toml",
    "conversations",
    "docs/matrix.md",
    "docs/profile.md",
    "scenarios",
    "src",
    "vectors",
];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TIGRESS_COMMIT");
    let named = env::var("TIGRESS_COMMIT").unwrap_or_default();
    let commit = if named.is_empty() {
        written_down().or_else(of_git).unwrap_or_default()
    } else {
        named
    };
    let digits = commit.strip_suffix("-modified").unwrap_or(&commit);
    let is_commit =
        matches!(digits.len(), 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !commit.is_empty() && !is_commit {
        println!("cargo::error=TIGRESS_COMMIT is the whole number of a commit, forty digits");
        return ExitCode::FAILURE;
    }
    println!("cargo::rustc-env=TIGRESS_COMMIT={commit}");
    ExitCode::SUCCESS
}

/// What `cargo package` has written down beside a packed crate.
fn written_down() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\": \"")?;
    let (digits, _) = rest.split_once('"')?;
    let modified = if text.contains("\"dirty\": true") {
        "-modified"
    } else {
        ""
    };
    Some(format!("{digits}{modified}"))
}

/// What git says of this folder, where it is a clone of its own and the build is optimised.
fn of_git() -> Option<String> {
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return None;
    }
    let top = git(&["rev-parse", "--show-toplevel"])?;
    // A crate that lies in somebody else's repository is no commit of it.
    if Path::new(&top).canonicalize().ok()? != env::current_dir().ok()?.canonicalize().ok()? {
        return None;
    }
    let digits = git(&["rev-parse", "HEAD"])?;
    // Each commit and each checkout writes a line there.
    for file in ["HEAD", "logs/HEAD"] {
        let file = git(&["rev-parse", "--git-path", file])?;
        println!("cargo::rerun-if-changed={file}");
    }
    for file in COMPILED {
        println!("cargo::rerun-if-changed={file}");
    }
    let changed = git(&[&["status", "--porcelain", "--"], &COMPILED[..]].concat())?;
    let modified = if changed.is_empty() { "" } else { "-modified" };
    Some(format!("{digits}{modified}"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
