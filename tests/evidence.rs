//! Evidence: what is kept, and that nothing can be changed in it unseen.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use tempfile::TempDir;
use tigress_signal::conformance::FileError;
use tigress_signal::conformance::evidence::{self, Manifest, Verification};
use tigress_signal::report;

fn verify(folder: &Path) -> Result<Verification, FileError> {
    evidence::verify(folder, report::evidence::pages)
}

/// `tigress evidence` and more, in the project's folder.
fn keeps_or_verifies(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tigress"))
        .arg("evidence")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program starts")
}

/// Keeps evidence of a run that ends with that status.
#[track_caller]
fn keep(status: i32, arguments: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let all = [&[kept.to_str().expect("UTF-8")], arguments].concat();
    let output = keeps_or_verifies(&all);
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    (folder, kept)
}

/// Every file with its content, by its name from the folder on.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(folder: &Path, name: &str, to: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let own = format!("{name}{}", entry.file_name().to_str().expect("UTF-8"));
            if entry.path().is_dir() {
                add(&entry.path(), &format!("{own}/"), to);
            } else {
                to.insert(own, fs::read(entry.path()).expect("a file"));
            }
        }
    }
    let mut all = BTreeMap::new();
    add(folder, "", &mut all);
    all
}

/// A copy of evidence that may be spoiled.
fn copy(of: &BTreeMap<String, Vec<u8>>) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in of {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }
    folder
}

/// One scenario and five vectors.
static SMALL: LazyLock<BTreeMap<String, Vec<u8>>> =
    LazyLock::new(|| files(&keep(0, &["--only", "MBX-23"]).1));

/// Which files are not as they were.
fn found(folder: &TempDir) -> Vec<String> {
    let Verification { findings, .. } = verify(folder.path()).expect("it can be read");
    findings.into_iter().map(|finding| finding.file).collect()
}

/// What is found in evidence after a change for which its list was made anew, as who may write all files can.
fn found_though_listed(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Vec<String> {
    let mut all = SMALL.clone();
    change(&mut all);
    found_in(all)
}

/// What is found in these files, with a list of them.
fn found_in(mut all: BTreeMap<String, Vec<u8>>) -> Vec<String> {
    all.remove(Manifest::NAME);
    let folder = copy(&all);
    let sums = Command::new("sha256sum")
        .args(all.keys())
        .current_dir(folder.path())
        .output()
        .expect("sha256sum");
    fs::write(folder.path().join(Manifest::NAME), sums.stdout).expect("written");
    found(&folder)
}

fn replaced(content: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(content.clone()).expect("UTF-8");
    assert!(text.contains(from), "no {from:?}");
    *content = text.replacen(from, to, 1).into_bytes();
}

#[test]
fn what_is_kept_is_found_as_it_was_by_us_and_by_sha256sum() {
    let (_folder, kept) = keep(0, &["--only", "XFER-12"]);
    let output = keeps_or_verifies(&["verify", kept.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let there = files(&kept);
    let transcripts = there.keys().filter(|name| name.starts_with("transcripts/"));
    let transcripts = transcripts.count();
    assert!(transcripts > 10, "{transcripts}");
    let again = format!("transcripts: {transcripts} played again, all the same");
    assert!(said.contains(&again), "{said}");
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", Manifest::NAME])
        .current_dir(&kept)
        .output()
        .expect("sha256sum");
    assert!(sums.status.success(), "{sums:?}");
    // Each vector file that was run lies in the project, too.
    let vectors = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet"])
        .arg(kept.join("vectors.sha256"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("sha256sum");
    assert!(vectors.status.success(), "{vectors:?}");
}

#[test]
fn evidence_of_the_same_run_differs_in_times_alone() {
    let again = files(&keep(0, &["--only", "MBX-23"]).1);
    assert!(again.keys().eq(SMALL.keys()));
    let timed = [
        "README.txt",
        "SHA256SUMS",
        "report.html",
        "result.json",
        "statement.html",
        "statement.json",
        "versions.json",
    ];
    for (name, content) in &again {
        if !timed.contains(&name.as_str()) {
            assert_eq!(content, &SMALL[name], "{name}");
        }
    }
    let timeless = |all: &BTreeMap<String, Vec<u8>>| {
        let mut result: Value = serde_json::from_slice(&all["result.json"]).expect("JSON");
        result["provenance"] = Value::Null;
        for case in result["cases"].as_array_mut().expect("cases") {
            case.as_object_mut().expect("a case").remove("milliseconds");
        }
        result
    };
    assert_eq!(timeless(&again), timeless(&SMALL));
}

#[test]
fn what_failed_is_kept_with_what_happened() {
    let script = "docs/example/too_early.feature";
    let (_folder, kept) = keep(1, &["--scenarios", script, "--only", "XFER-09"]);
    let there = files(&kept);
    let failed: Vec<_> = there
        .keys()
        .filter(|name| name.starts_with("failures/"))
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    let own = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).expect("it");
    assert_eq!(there["scenarios/docs/example/too_early.feature"], own);
    assert_eq!(verify(&kept).expect("it can be read").findings, []);
}

#[test]
fn the_transcripts_of_failures_are_read_to_a_bound() {
    let failing = [
        "--scenarios",
        "docs/example/too_early.feature",
        "--only",
        "XFER-09",
    ];
    let there = files(&keep(1, &failing).1);
    let transcript = "failures/docs/example/too_early-5.jsonl";
    // Eight megabytes each, and 64 MiB are read.
    for (failures, is_beyond) in [(8, false), (9, true)] {
        let mut all = there.clone();
        let long = format!("\"seed\":\"{}\"", "1".repeat(8_000_000));
        replaced(
            all.get_mut(transcript).expect("it"),
            "\"seed\":\"1\"",
            &long,
        );
        let mut result: Value = serde_json::from_slice(&all["result.json"]).expect("JSON");
        let scenario = result["failures"][0].clone();
        result["failures"] = vec![scenario; failures].into();
        all.insert("result.json".to_owned(), result.to_string().into_bytes());
        let found = found_in(all);
        assert!(found.contains(&"result.json".to_owned()), "{found:?}");
        let is_told = found.contains(&transcript.to_owned());
        assert_eq!(is_told, is_beyond, "{failures}: {found:?}");
    }
}

#[test]
fn an_adapter_leaves_its_trace() {
    let adapter = format!("{} adapter", env!("CARGO_BIN_EXE_tigress"));
    let (_folder, kept) = keep(0, &["--only", "fingerprint", "--adapter", &adapter]);
    let trace = String::from_utf8(files(&kept)["trace.txt"].clone()).expect("UTF-8");
    for mark in ["-> ", "<- "] {
        assert!(trace.lines().any(|line| line.starts_with(mark)), "{mark}");
    }
    assert_eq!(verify(&kept).expect("it can be read").findings, []);
}

/// A right run is told in the suite in which the adapter was asked.
#[test]
fn transcripts_are_of_the_suite_that_the_adapter_speaks() {
    let program = env!("CARGO_BIN_EXE_tigress");
    let adapter = format!("sh -c '{program} adapter | sed -u s/.tigress-1.,//'");
    let (_folder, kept) = keep(0, &["--only", "MBX-23", "--adapter", &adapter]);
    let all = files(&kept);
    let transcripts = all
        .iter()
        .filter(|(name, _)| name.starts_with("transcripts/"));
    let suites: Vec<Value> = transcripts
        .map(|(_, content)| {
            let header = content.split(|byte| *byte == b'\n').next().expect("a line");
            let header: Value = serde_json::from_slice(header).expect("JSON");
            header["suite"].clone()
        })
        .collect();
    assert_eq!(suites, ["signal-v3"]);
    assert_eq!(verify(&kept).expect("it can be read").findings, []);
}

#[test]
fn nothing_is_left_of_a_run_that_was_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let place = kept.to_str().expect("UTF-8");
    for wrong in [
        ["--adapter", "./nowhere"],
        ["--only", "fingerprnt"],
        ["--known-failures", "docs/example/typo.feature"],
    ] {
        let output = keeps_or_verifies(&[&[place, "--only", "fingerprint"][..], &wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(files(folder.path()).is_empty());
    }
    // Somebody else's is not touched.
    fs::create_dir(&kept).expect("made");
    fs::write(kept.join("own"), "mine").expect("written");
    let output = keeps_or_verifies(&[place, "--only", "fingerprint"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(
        files(folder.path()).into_keys().collect::<Vec<_>>(),
        ["kept/own"]
    );
    // An empty folder may be there; what a killed run left is named.
    fs::remove_file(kept.join("own")).expect("removed");
    let left = folder.path().join("kept.unfinished");
    fs::create_dir(&left).expect("made");
    let output = keeps_or_verifies(&[place, "--only", "fingerprint"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("kept.unfinished"), "{said}");
    fs::remove_dir(&left).expect("removed");
    let output = keeps_or_verifies(&[place, "--only", "fingerprint"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// What somebody does to a file.
#[derive(Clone, Debug)]
enum Harm {
    Change(prop::sample::Index),
    Append(u8),
    Shorten,
    Remove,
    Link,
    Beside,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        4 => any::<prop::sample::Index>().prop_map(Harm::Change),
        1 => any::<u8>().prop_map(Harm::Append),
        1 => Just(Harm::Shorten),
        1 => Just(Harm::Remove),
        1 => Just(Harm::Link),
        1 => Just(Harm::Beside),
    ]
}

fn is_found(name: &str, harm: &Harm) -> TestCaseResult {
    let folder = copy(&SMALL);
    let path = folder.path().join(name);
    let mut content = SMALL[name].clone();
    let mut touched = name.to_owned();
    match harm {
        Harm::Change(at) => {
            let at = at.index(content.len());
            content[at] ^= 1;
            fs::write(&path, content).expect("written");
        }
        Harm::Append(byte) => {
            content.push(*byte);
            fs::write(&path, content).expect("written");
        }
        Harm::Shorten => {
            content.pop();
            fs::write(&path, content).expect("written");
        }
        Harm::Remove => fs::remove_file(&path).expect("removed"),
        Harm::Link => {
            let elsewhere = folder.path().with_extension("elsewhere");
            fs::rename(&path, &elsewhere).expect("moved");
            std::os::unix::fs::symlink(&elsewhere, &path).expect("linked");
        }
        Harm::Beside => {
            touched = format!("{name}.new");
            fs::write(folder.path().join(&touched), content).expect("written");
        }
    }
    match verify(folder.path()) {
        // The list may not be one any more.
        Err(error) => prop_assert!(error.file.ends_with(Manifest::NAME), "{}", error),
        Ok(Verification { findings, .. }) if name == Manifest::NAME => {
            prop_assert!(!findings.is_empty());
        }
        Ok(Verification { findings, .. }) => {
            let files: Vec<_> = findings.into_iter().map(|it| it.file).collect();
            prop_assert_eq!(files, [touched]);
        }
    }
    fs::remove_file(folder.path().with_extension("elsewhere")).ok();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn whatever_is_done_to_a_file_is_found(file in any::<prop::sample::Index>(), harm in harm()) {
        let names: Vec<_> = SMALL.keys().collect();
        is_found(names[file.index(names.len())], &harm)?;
    }
}

#[test]
fn a_list_that_was_made_anew_does_not_hide_what_disagrees() {
    assert_eq!(found_though_listed(|_| ()), [""; 0], "nothing was changed");
    let script = "scenarios/attacks/attacks.feature";
    let transcript = "transcripts/attacks/attacks-176.jsonl";
    let of = |all: &mut BTreeMap<String, Vec<u8>>, name: &str, from: &str, to: &str| {
        replaced(all.get_mut(name).expect("it is there"), from, to);
    };
    let played =
        found_though_listed(|all| of(all, transcript, "\"now\":1767225600", "\"now\":1767225601"));
    assert_eq!(played, [transcript]);
    let scripted = found_though_listed(|all| of(all, script, "Feature", "# \nFeature"));
    assert_eq!(scripted, [transcript]);
    let missing = found_though_listed(|all| drop(all.remove(transcript)));
    assert_eq!(missing, [transcript]);
    let missing = found_though_listed(|all| drop(all.remove(script)));
    assert_eq!(missing, [script]);
    let subject = found_though_listed(|all| of(all, "versions.json", "reference", "another"));
    assert_eq!(subject, ["versions.json"]);
    let renamed = found_though_listed(|all| {
        of(
            all,
            transcript,
            "\"scenario\":\"",
            "\"scenario\":\"Another ",
        );
    });
    assert_eq!(renamed, [transcript]);
    let forged = found_though_listed(|all| of(all, "report.html", "conforms", "does well"));
    assert_eq!(forged, ["report.html"]);
    let forged = found_though_listed(|all| of(all, "README.txt", "begin here", "go home"));
    assert_eq!(forged, ["README.txt"]);
    let forged = found_though_listed(|all| {
        of(all, "result.json", "\"conforms\"", "\"conforms-in-part\"");
    });
    assert_eq!(forged[0], "result.json", "{forged:?}");
    let stranger = found_though_listed(|all| drop(all.insert("notes.txt".to_owned(), vec![])));
    assert_eq!(stranger, ["notes.txt"]);
    let digest = found_though_listed(|all| {
        let text = String::from_utf8(all["vectors.sha256"].clone()).expect("UTF-8");
        let turned = if text.starts_with('0') { "1" } else { "0" };
        of(all, "vectors.sha256", &text[..1], turned);
    });
    assert_eq!(digest, ["vectors.sha256"]);
    for part in ["result.json", "versions.json", "vectors.sha256"] {
        let none = found_though_listed(|all| drop(all.remove(part)));
        assert_eq!(none.len(), 1, "{none:?}");
        assert!(none[0].ends_with(part), "{none:?}");
    }
}

#[test]
fn another_build_says_what_it_does_not_look_at() {
    let mut all = SMALL.clone();
    all.remove(Manifest::NAME);
    // Whoever says so in one place alone is found.
    let said = found_though_listed(|all| {
        let versions = all.get_mut("versions.json").expect("it is there");
        replaced(versions, "\"program\": \"", "\"program\": \"9.");
    });
    assert_eq!(said, ["versions.json"]);
    for name in ["versions.json", "result.json"] {
        let content = all.get_mut(name).expect("it is there");
        replaced(content, "\"program\": \"", "\"program\": \"9.");
    }
    let folder = copy(&all);
    let sums = Command::new("sha256sum")
        .args(all.keys())
        .current_dir(folder.path())
        .output();
    let sums = sums.expect("sha256sum").stdout;
    fs::write(folder.path().join(Manifest::NAME), sums).expect("written");
    let output = keeps_or_verifies(&["verify", folder.path().to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("another build made them, tigress 9."),
        "{said}"
    );
}
