//! What the program is packed with: its commit, what the packed crate holds, completions, manual pages, the image, the action.
#![cfg(unix)]

use crate::adapter::{TIGRESS, text, tigress};
use regex::Regex;
use std::fs;
use std::os::unix::fs::PermissionsExt;
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

/// Whatever the sources take in at compile time is in the packed crate.
#[test]
fn the_packed_crate_holds_all_that_is_compiled() {
    let listed = Command::new("cargo")
        .args([
            "package",
            "--list",
            "--locked",
            "--allow-dirty",
            "--package",
            "tigress-signal",
        ])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    let listed = text(&listed.stdout);
    let listed: Vec<PathBuf> = listed.lines().map(|file| root().join(file)).collect();
    let is_listed = |path: &Path| listed.iter().any(|file| file == path);

    let mut taken = 0;
    // A name, or the folder before what a macro puts together.
    let included =
        Regex::new(r#"include_(?:str|bytes)!\((?:concat!\()?\s*"([^"]+)""#).expect("an expression");
    for source in below("src") {
        assert!(is_listed(&source), "{}", source.display());
        let content = fs::read_to_string(&source).unwrap_or_default();
        for found in included.captures_iter(&content) {
            taken += 1;
            let path = source.parent().expect("a folder").join(&found[1]);
            let path = path.canonicalize().expect("it is there");
            if path.is_dir() {
                let files = below(path.to_str().expect("UTF-8"));
                let files = files
                    .iter()
                    .filter(|file| file.extension().is_some_and(|ending| ending != "md"));
                files.for_each(|file| assert!(is_listed(file), "{}", file.display()));
            } else {
                assert!(is_listed(&path), "{}", path.display());
            }
        }
    }
    assert!(taken > 15, "{taken}");
    for file in [
        "build.rs",
        "Cargo.lock",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        assert!(is_listed(&root().join(file)), "{file}");
    }
    let foreign = [
        "tests",
        "adapters",
        "fuzz",
        "mutants",
        "benches",
        "generators",
        "examples",
        ".ci",
    ];
    for file in &listed {
        assert!(
            !foreign
                .iter()
                .any(|folder| file.starts_with(root().join(folder))),
            "{}",
            file.display()
        );
    }
}

/// What bash offers for words, of which the last is being typed.
fn offered(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let script = text(&tigress(&["completions", "bash"]).stdout);
    fs::write(folder.path().join("completions"), script).expect("written");
    let asks = r#"
        source completions
        function=$(complete -p tigress | sed 's/.* -F \([^ ]*\) .*/\1/')
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        "$function" tigress "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let path = format!(
        "{}:{}",
        Path::new(TIGRESS).parent().expect("a folder").display(),
        std::env::var("PATH").expect("it is set")
    );
    let output = Command::new("bash")
        .args(["-c", asks, "bash"])
        .args(words)
        .env("PATH", path)
        .current_dir(folder.path())
        .output()
        .expect("bash");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn bash_completes_commands_options_and_names() {
    assert_eq!(offered(&["tigress", "expla"])[0], "explain");
    assert!(offered(&["tigress", "test", "--known"]).contains(&"--known-failures".to_owned()));
    assert_eq!(offered(&["tigress", "test", "--format", "ju"]), ["junit"]);
    assert_eq!(
        offered(&["tigress", "test", "--only", "tigress-1/k"]),
        ["tigress-1/kdf/"]
    );
    let vectors = offered(&["tigress", "test", "--only", "tigress-1/kdf/four"]);
    assert!(
        vectors.contains(&"tigress-1/kdf/four_outputs".to_owned()),
        "{vectors:?}"
    );
    let scenarios = offered(&["tigress", "test", "--only", "scenarios/theft/"]);
    assert!(
        scenarios.len() > 5
            && scenarios
                .iter()
                .all(|name| name.starts_with("scenarios/theft/theft.feature:")),
        "{scenarios:?}"
    );
    assert!(offered(&["tigress", "explain", "DR-0"]).contains(&"DR-05".to_owned()));
    assert_eq!(offered(&["tigress", "explain", "nothing"]), [""]);
    assert_eq!(
        offered(&["tigress", "vectors", "show", "tigress-1/kdf/four_outputs"]),
        ["tigress-1/kdf/four_outputs"]
    );
}

/// Every name that is offered selects what it names, of every group.
#[test]
fn what_is_offered_can_be_asked_for() {
    let groups = offered(&["tigress", "test", "--only", ""]);
    assert!(groups.len() > 150, "{groups:?}");
    for group in [
        "tigress-1/fingerprint/",
        "invitation/",
        "scenarios/clock/",
        "signal-v3/kdf/",
    ] {
        assert!(groups.iter().any(|offered| offered == group), "{group}");
        let names = offered(&["tigress", "test", "--only", group]);
        let listed =
            text(&tigress(&["vectors", "list", "--only", group.trim_end_matches('/')]).stdout);
        if !group.starts_with("scenarios/") {
            let mut listed: Vec<_> = listed
                .lines()
                .filter_map(|line| line.split(' ').next())
                .collect();
            let mut names: Vec<_> = names.iter().map(String::as_str).collect();
            listed.sort_unstable();
            names.sort_unstable();
            assert_eq!(names, listed);
        }
    }
}

#[test]
fn who_asks_for_an_unknown_shell_is_told_so_without_harm() {
    let output = Command::new(TIGRESS)
        .env("TIGRESS_COMPLETE", "sh\u{1b}[2J")
        .output()
        .expect("it runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("error: TIGRESS_COMPLETE: ") && !said.contains('\u{1b}'),
        "{said:?}"
    );
}

/// `man` reads every page without a word of complaint, where it is installed; each command has one.
#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("man1");
    let written = tigress(&["man", to.to_str().expect("UTF-8")]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    for page in [
        "tigress.1",
        "tigress-test.1",
        "tigress-vectors-show.1",
        "tigress-doctor.1",
        "tigress-adapter-init.1",
    ] {
        assert!(to.join(page).exists(), "{page}");
    }
    let help = text(&tigress(&["--help"]).stdout);
    let (_, commands) = help.split_once("Commands:\n").expect("commands");
    for command in commands
        .lines()
        .map_while(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split(' ').next())
    {
        assert!(
            ["", "help"].contains(&command) || to.join(format!("tigress-{command}.1")).exists(),
            "{command}"
        );
    }
    if Command::new("man").arg("--version").output().is_err() {
        return eprintln!("skipped: there is no `man` (Debian's package `man-db`)");
    }
    for page in fs::read_dir(&to).expect("pages").flatten() {
        let read = Command::new("man")
            .args(["--warnings", "--local-file"])
            .arg(page.path())
            .env("MANWIDTH", "100")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("man");
        let said = text(&read.stderr);
        let is_minimal = said.contains("minimized") || text(&read.stdout).contains("minimized");
        assert!(
            is_minimal || (read.status.success() && said.is_empty()),
            "{}: {said}",
            page.path().display()
        );
        assert!(is_minimal || text(&read.stdout).contains("SYNOPSIS"));
    }
}

/// What scripts and tests look for, and what they say is missing, `tigress doctor` looks for too.
#[test]
fn each_tool_that_scripts_look_for_is_looked_for() {
    use tigress_signal::conformance::doctor::{Look, TOOLS};
    let asked = [
        r#"command -v "?([a-z+-][a-z0-9.+-]*)"#,
        r"pkg-config --exists ([a-z][\w.+-]*)",
        r"apt-get install ([\w.+-]+)",
        r"Debian's package `([\w.+-]+)`",
        r"cargo (\+nightly) ",
        r"cargo install (?:--[a-z]+ )*([a-z][\w-]+)",
        r"(?m)^\s*([a-z][a-z0-9-]+) --version >/dev/null",
    ];
    let asked = asked.map(|words| Regex::new(words).expect("an expression"));
    let mut files = Vec::new();
    for folder in [
        ".ci",
        "adapters",
        "tests",
        "fuzz",
        "mutants",
        "benches/peers",
        "packaging",
    ] {
        let all = below(folder).into_iter();
        files.extend(all.filter(|path| {
            let skipped = ["corpus", "artifacts", "target", "seeds", "node_modules"];
            !skipped
                .iter()
                .any(|name| path.components().any(|part| part.as_os_str() == *name))
        }));
    }
    let mut found = std::collections::BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| !file.ends_with("tests/packaging.rs"))
    {
        let content = fs::read_to_string(file).unwrap_or_default();
        for expression in &asked {
            found.extend(
                expression
                    .captures_iter(&content)
                    .map(|it| it[1].trim_end_matches('.').to_owned()),
            );
        }
    }
    assert!(found.len() > 12, "{found:?}");
    // A variable's name of a script, and this program itself.
    for asked in found.iter().filter(|name| *name != "tigress") {
        let has = TOOLS.iter().any(|tool| {
            let by_look = match &tool.look {
                Look::Program(names, arguments) => {
                    names.contains(&asked.as_str()) || arguments.contains(&asked.as_str())
                }
                Look::Library(name) => name == asked,
            };
            by_look || tool.install.split(' ').any(|word| word == asked)
        });
        assert!(has, "no row for `{asked}`");
    }
}

/// A program that hangs, one that steers the terminal and one that is too old, in a folder of their own.
#[test]
fn the_doctor_sees_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, script: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    };
    write("node", "echo v18.20.4");
    write("python3", "printf '\\033[2JPython 3.12.1\\n'");
    write("cargo", "while :; do echo; done");
    write("strace", "exec /bin/sleep 300 & /bin/sleep 300");
    write(
        "pkg-config",
        "[ $2 = json-c ] && echo 0.16 || { echo 1.0; exit 1; }",
    );
    let doctor = |arguments: &[&str]| {
        let output = Command::new(TIGRESS)
            .arg("doctor")
            .args(arguments)
            .env("PATH", folder.path())
            .output()
            .expect("it runs");
        (output.status.code(), text(&output.stdout))
    };
    let (status, said) = doctor(&["--format", "json"]);
    assert_eq!(status, Some(1), "{said}");
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let tool = |name: &str| {
        let tools = said["tools"].as_array().expect("tools");
        let tool = tools.iter().find(|tool| tool["name"] == name).expect(name);
        (
            tool["state"].as_str().expect("a word").to_owned(),
            tool["version"].as_str().map(ToOwned::to_owned),
        )
    };
    let is =
        |state: &str, version: Option<&str>| (state.to_owned(), version.map(ToOwned::to_owned));
    assert_eq!(tool("Node"), is("too-old", Some("18.20.4")));
    assert_eq!(tool("Python"), is("found", Some("3.12.1")));
    assert_eq!(tool("cargo"), is("broken", None));
    assert_eq!(tool("strace"), is("broken", None));
    assert_eq!(tool("json-c"), is("found", Some("0.16")));
    assert_eq!(tool("libomemo-c"), is("missing", None));
    assert_eq!(tool("valgrind"), is("missing", None));
    let (status, said) = doctor(&["--for", "schemathesis", "--for", "durability"]);
    assert_eq!(status, Some(1), "{said}");
    for words in [
        "Python",
        "3.12.1",
        "strace",
        "lacks something",
        "The program itself needs none of this.",
        "tells no version",
        "apt-get install strace",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    assert!(
        !said.contains("valgrind") && !said.contains('\u{1b}'),
        "{said}"
    );
}

#[test]
fn an_archive_holds_all_that_is_installed_and_is_the_same_again() {
    let folder = tempfile::tempdir().expect("a folder");
    // An unoptimised program has 120 MiB, which take long to compress: one that calls it stands for it.
    let program = folder.path().join("tigress");
    let script = format!("#!/bin/sh\nexec '{TIGRESS}' \"$@\"\n");
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
    let pack = |name: &str| {
        let packed = Command::new(root().join("packaging/archive"))
            .args([&program, &folder.path().join(name)])
            .output()
            .expect("it runs");
        assert!(packed.status.success(), "{}", text(&packed.stderr));
        fs::read_to_string(folder.path().join(name).join("SHA256SUMS")).expect("sums")
    };
    let sums = pack("a");
    assert_eq!(sums, pack("b"));
    let checked = Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(folder.path().join("a"))
        .status();
    assert!(checked.expect("sha256sum").success());
    let archive = sums.split_whitespace().nth(1).expect("a name");
    let listed = Command::new("tar")
        .args(["--list", "--file"])
        .arg(folder.path().join("a").join(archive))
        .output()
        .expect("tar");
    let listed = text(&listed.stdout);
    for file in [
        "/bin/tigress",
        "/share/man/man1/tigress-test.1",
        "/share/bash-completion/completions/tigress",
        "/share/zsh/site-functions/_tigress",
        "/share/fish/vendor_completions.d/tigress.fish",
        "/share/doc/tigress/LICENSE-MIT",
    ] {
        assert!(
            listed.lines().any(|line| line.ends_with(file)),
            "no {file} in {listed}"
        );
    }
}

/// What the image and the workflows run are scripts that there are; each says that it was not tried.
#[test]
fn what_was_not_tried_says_so_and_runs_what_is_there() {
    let script = Regex::new(
        r"(?m)(?:GITHUB_ACTION_PATH/|run: |&& |^ +)((?:action|packaging|tests|\.ci)/[\w./]+)",
    )
    .expect("an expression");
    let mut scripts = 0;
    for file in ["Dockerfile", "action.yml", ".github/workflows/release.yml"] {
        let content = fs::read_to_string(root().join(file)).expect(file);
        assert!(content.contains("NOT TRIED"), "{file}");
        for found in script.captures_iter(&content) {
            scripts += 1;
            assert!(root().join(&found[1]).is_file(), "{file}: {}", &found[1]);
        }
    }
    assert!(scripts >= 6, "{scripts}");
    let action = fs::read_to_string(root().join("action.yml")).expect("it");
    // What is put into a script's text could run there; it comes by the environment alone.
    for line in action.lines().filter(|line| line.contains("run:")) {
        assert!(!line.contains("${{"), "{line}");
    }
}

/// action/test.sh, with its inputs, in a folder of its own.
fn action(folder: &Path, adapter: &str, options: &str) -> Output {
    let path = format!(
        "{}:{}",
        Path::new(TIGRESS).parent().expect("a folder").display(),
        std::env::var("PATH").expect("it is set")
    );
    Command::new(root().join("action/test.sh"))
        .envs([
            ("ADAPTER", adapter),
            ("OPTIONS", options),
            ("REPORT", "up"),
            ("PATH", &path),
        ])
        .envs([
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
        ])
        .current_dir(folder)
        .output()
        .expect("it runs")
}

#[test]
fn the_action_tells_github_what_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let well = action(folder.path(), "tigress adapter", "--only fingerprint");
    assert_eq!(well.status.code(), Some(0), "{}", text(&well.stderr));
    assert_eq!(
        (text(&well.stdout).as_str(), read("output").as_str()),
        ("", "verdict=conforms\n")
    );
    assert!(read("up/report.html").contains("<html") && read("summary").contains("conforms"));

    let vectors = root().join("docs/example");
    let failing = action(
        folder.path(),
        "",
        &format!("--only KEY-01 --vectors '{}'", vectors.display()),
    );
    assert_eq!(failing.status.code(), Some(1), "{}", text(&failing.stderr));
    let said = text(&failing.stdout);
    assert!(
        said.starts_with("::error title=tigress-1/public_key/point_of_the_twist::"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(read("output").ends_with("verdict=does-not-conform\n"));

    let fails = action(folder.path(), "", "--only nothing");
    assert_eq!(
        fails.status.code(),
        Some(2),
        "the exit status is the program's"
    );
    let words = action(folder.path(), "", "--only '$(touch harm)' ; touch harm");
    assert_eq!(words.status.code(), Some(2));
    assert!(!folder.path().join("harm").exists());
}

/// Whatever stands in a result begins no line and ends no property of GitHub's.
#[test]
fn a_hostile_result_gives_github_no_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let harm = "a\n::set-output name=x::y\r\n%0A,file=b:1::\u{1b}[2J`|<script>";
    fs::write(folder.path().join("mine.feature"), "").expect("written");
    let failure = |name: &str| {
        serde_json::json!({"name": name, "comment": harm, "requirements": [{"id": "DR-05", "text": harm}],
            "differences": [{"expected": harm, "got": harm, "field": harm}]})
    };
    let counts = serde_json::json!({"passed": 0, "failed": 13});
    let mut failures = vec![
        failure(harm),
        failure("mine.feature:7"),
        failure("../mine.feature:7"),
        failure("/etc/passwd:1"),
    ];
    failures.extend((0..9).map(|n| failure(&format!("{n}"))));
    let result = serde_json::json!({"verdict": harm, "subject": {"name": harm, "version": harm}, "vectors": counts, "scenarios": counts, "failures": failures});
    fs::write(folder.path().join("result"), result.to_string()).expect("written");
    let output = Command::new("python3")
        .arg(root().join("action/annotate.py"))
        .args(["result", "summary", "output"])
        .current_dir(folder.path())
        .output()
        .expect("python");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let lines: Vec<_> = said
        .split(['\n', '\r'])
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), 11, "{said}");
    for line in &lines[..10] {
        let (properties, message) = line
            .strip_prefix("::error ")
            .and_then(|line| line.split_once("::"))
            .expect("a command");
        let names: Vec<_> = properties
            .split(',')
            .filter_map(|property| property.split('=').next())
            .collect();
        assert!(
            names == ["title"]
                || (names == ["file", "line", "title"]
                    && properties.starts_with("file=mine.feature,line=7,")),
            "{line}"
        );
        assert!(!message.contains('\u{1b}'), "{line}");
    }
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("file=mine.feature,"))
            .count(),
        1
    );
    assert_eq!(
        lines[10],
        "::notice::3 further failures stand in the report"
    );
    let written = fs::read_to_string(folder.path().join("output")).expect("it");
    assert_eq!(written.lines().count(), 1, "{written}");
    let summary = fs::read_to_string(folder.path().join("summary")).expect("it");
    for line in summary.lines() {
        let outside: String = line.split('`').step_by(2).collect();
        assert!(!outside.contains('<') && !line.contains('\u{1b}'), "{line}");
    }
}
