//! What the parts of the project need: a row each.

use super::{Look, Tool};

/// A part of the project that needs more than the program: its name, and what it is.
pub const PARTS: [(&str, &str); 17] = [
    (
        "skeletons",
        "testing a wallet of your own: adapters that `tigress adapter init` writes, one language is enough",
    ),
    ("build", "building the program and running its tests"),
    ("shell", "the scripts of the project"),
    (
        "npm",
        "adapters of libraries from npm, and the wallet in JavaScript",
    ),
    ("debian", "adapters of the Signal Protocol's C libraries"),
    (
        "pypi",
        "adapters of Python's libraries, and the check of the vectors by them",
    ),
    ("diagrams", "Mermaid reads the diagrams"),
    ("browser", "tests that look at pages in a browser"),
    ("postgres", "tests of an intermediary on PostgreSQL"),
    ("durability", "tests of what outlasts a loss of power"),
    ("schemathesis", "Schemathesis asks a server"),
    ("fuzz", "fuzzing of the engine"),
    ("mutations", "every mutation of the engine in one build"),
    ("coverage", "what fuzzing reaches, room by room"),
    ("instructions", "instruction counts"),
    ("manual", "reading the manual pages"),
    ("container", "the image of the program"),
];

macro_rules! tools {
    (@least) => { None };
    (@least $least:tt) => { Some($least) };
    ($($name:literal $parts:tt $(>= $least:tt)? $how:expr, $install:literal;)+) => {
        /// Every one of them.
        pub const TOOLS: &[Tool] = &[$(Tool {
            name: $name,
            parts: &$parts,
            at_least: tools!(@least $($least)?),
            look: $how,
            install: $install,
        }),+];
    };
}

/// A program under that name that tells its version.
const fn program(names: &'static [&'static str]) -> Look {
    Look::Program(names, &["--version"])
}

// Name, the parts that need it, the version that they need at least; where to look, how to install it.
tools! {
    "Rust" ["build"] >= (1, 95) program(&["rustc"]), "rustup toolchain install stable";
    "cargo" ["build", "skeletons", "fuzz"] program(&["cargo"]), "rustup toolchain install stable";
    "rustfmt" ["build"] program(&["rustfmt"]), "rustup component add rustfmt";
    "clippy" ["build"] program(&["clippy-driver"]), "rustup component add clippy";
    "C compiler" ["build", "npm", "debian", "fuzz"] program(&["cc"]), "apt-get install gcc";
    "C++ compiler" ["fuzz"] program(&["c++"]), "apt-get install g++";
    "bash" ["build", "shell"] program(&["bash"]), "apt-get install bash";
    "git" ["build", "shell"] program(&["git"]), "apt-get install git";
    "ps" ["build"] program(&["ps"]), "apt-get install procps";
    "Node" ["skeletons", "npm", "diagrams", "browser"] >= (20, 0) program(&["node"]), "apt-get install nodejs";
    "npm" ["npm", "diagrams"] program(&["npm"]), "apt-get install npm";
    "Python" ["skeletons", "pypi", "schemathesis", "coverage"] >= (3, 10) program(&["python3"]), "apt-get install python3";
    "Python's venv" ["pypi", "schemathesis", "coverage"]
        Look::Program(&["python3"], &["-c", "import venv, ensurepip; print(ensurepip.version())"]), "apt-get install python3-venv";
    "pkg-config" ["debian"] program(&["pkg-config"]), "apt-get install pkg-config";
    "json-c" ["debian"] Look::Library("json-c"), "apt-get install libjson-c-dev";
    "OpenSSL" ["debian"] Look::Library("libcrypto"), "apt-get install libssl-dev";
    "libsignal-protocol-c" ["debian", "fuzz"] Look::Library("libsignal-protocol-c"), "apt-get install libsignal-protocol-c-dev";
    "libomemo-c" ["debian"] Look::Library("libomemo-c"), "apt-get install libomemo-c-dev";
    "Chromium" ["browser"] program(&["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]), "apt-get install chromium";
    "PostgreSQL" ["postgres"] program(&["/usr/lib/postgresql/*/bin/initdb"]), "apt-get install postgresql";
    "strace" ["durability"] program(&["strace"]), "apt-get install strace";
    "nightly toolchain" ["fuzz"] Look::Program(&["cargo"], &["+nightly", "--version"]), "rustup toolchain install nightly";
    "cargo-fuzz" ["fuzz"] program(&["cargo-fuzz"]), "cargo install --locked cargo-fuzz";
    "cargo-mutants" ["mutations"] program(&["cargo-mutants"]), "cargo install --locked cargo-mutants";
    "llvm-profdata" ["coverage"] program(&["llvm-profdata"]), "rustup component add llvm-tools";
    "valgrind" ["instructions"] program(&["valgrind"]), "apt-get install valgrind";
    "gungraun-runner" ["instructions"] program(&["gungraun-runner"]), "cargo install --locked gungraun-runner";
    "man" ["manual"] program(&["man", "mandoc"]), "apt-get install man-db";
    "Docker" ["container"] Look::Program(&["docker"], &["version", "--format", "{{.Server.Version}}"]), "apt-get install docker.io";
}
