//! Adapters to begin with: each runs at once and offers nothing.

use crate::conformance::operation::METHODS;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The files of a skeleton, and the command that runs it from its folder.
#[derive(Clone, Copy, Debug)]
pub struct Skeleton {
    files: &'static [(&'static str, &'static str)],
    /// What has to be done before it can run, if anything.
    pub build: Option<&'static str>,
    /// What `--adapter` is given.
    pub command: &'static str,
}

/// The suite that the files name.
const SUITE: &str = "tigress-1";
/// The role that they claim and that is of no other suite.
const WALLET: &str = ", \"wallet\"";

/// In Python 3, with nothing but its own library.
pub const PYTHON: Skeleton = Skeleton {
    files: &[("adapter.py", include_str!("skeleton/adapter.py"))],
    build: None,
    command: "python3 adapter.py",
};

/// For Node.js, with nothing but its own library.
pub const NODE: Skeleton = Skeleton {
    files: &[("adapter.js", include_str!("skeleton/adapter.js"))],
    build: None,
    command: "node adapter.js",
};

/// In Rust, with `serde_json`.
pub const RUST: Skeleton = Skeleton {
    files: &[
        ("Cargo.toml", include_str!("skeleton/Cargo.toml.txt")),
        ("src/main.rs", include_str!("skeleton/main.rs")),
    ],
    build: Some("cargo build --release"),
    command: "target/release/adapter",
};

impl Skeleton {
    /// Writes the files into a folder, which is made where it is not there: an adapter of that suite. Nothing is written over.
    ///
    /// # Errors
    /// The file that could not be written, and why.
    pub fn write(&self, suite: &str, folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
        let mut written = Vec::new();
        for (name, text) in self.files {
            let text = text.replace("@METHODS@", &methods());
            let text = if suite == SUITE {
                text
            } else {
                let of_suite = text.replace(&format!("\"{SUITE}\""), &format!("\"{suite}\""));
                of_suite.replace(WALLET, "")
            };
            let path = folder.join(name);
            let made = path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path))
                .and_then(|mut file| file.write_all(text.as_bytes()));
            match made {
                Ok(()) => written.push(path),
                Err(error) => return Err((path, error)),
            }
        }
        Ok(written)
    }
}

/// The protocol's methods, several on a line.
fn methods() -> String {
    let mut names = vec!["describe", "reset"];
    names.extend(METHODS);
    let lines = names.chunks(5).map(|names| names.join(" "));
    lines.collect::<Vec<_>>().join("\n")
}
