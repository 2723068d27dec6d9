//! What failed as SARIF 2.1.0, for code scanning: a rule a requirement, a result a failure.

use super::harmless::harmless;
use super::sides;
use crate::conformance::case::Cases;
use crate::conformance::printable::{self, shortened};
use crate::conformance::result::{FailureResult, Kind, TestResult};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// Longer texts are shortened to so many characters.
const LONG: usize = 1_000;
/// What was asked, expected and answered has together at most so many.
const LONGEST: usize = 4_000;

/// So many results are written: no more are shown by GitHub's code scanning.
const MOST: usize = 5_000;

/// Writes it. The files of `cases` are named as seen from the folder `here`, where they lie in it.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write(
    out: &mut dyn Write,
    result: &TestResult,
    cases: &Cases,
    here: &Path,
) -> io::Result<()> {
    // By the names as they are: those that may be shown are none of files.
    let failures = result.failures.iter().take(MOST);
    let places: Vec<_> = failures
        .map(|failure| location(failure, cases, here))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run(&harmless(result), &places)],
    });
    writeln!(out, "{}", printable::json(&format!("{log:#}")))
}

fn run(result: &TestResult, places: &[(String, usize)]) -> Value {
    let failures = || result.failures.iter().zip(places);
    let blamed: BTreeSet<&str> = failures().filter_map(|(it, _)| rule_of(it)).collect();
    let rules: Vec<&_> = result
        .requirements
        .iter()
        .filter(|it| blamed.contains(it.id.as_str()))
        .collect();
    let ids: Vec<&str> = rules.iter().map(|it| it.id.as_str()).collect();
    let results = failures().map(|(it, place)| finding(it, place, &ids, result));
    let rules = rules.iter().map(|requirement| {
        let help = format!("`tigress explain {}` says more.", requirement.id);
        json!({
            "id": requirement.id,
            "shortDescription": { "text": requirement.text },
            "fullDescription": { "text": requirement.text },
            "help": { "text": format!("{} {help}", requirement.text), "markdown": help },
        })
    });
    let mut driver = json!({ "name": "tigress", "rules": rules.collect::<Vec<_>>() });
    let faults = result.faults.iter().cloned();
    let errors = result.errors.iter().map(ToString::to_string);
    let more = result.failures.len() - places.len();
    let more = (more > 0).then(|| format!("and {more} more results: `--format json` has all"));
    let notices = faults.chain(errors).map(|text| ("error", text));
    let notices = notices.chain(more.map(|text| ("note", text)));
    let notices = notices.map(|(level, text)| {
        let text = shortened(&text, LONG);
        json!({ "level": level, "message": { "text": text } })
    });
    let mut invocation = json!({
        "executionSuccessful": result.errors.is_empty() && result.ended.is_none(),
        "toolExecutionNotifications": notices.collect::<Vec<_>>(),
    });
    if let Some(provenance) = &result.provenance {
        driver["semanticVersion"] = provenance.program.as_str().into();
        invocation["commandLine"] = provenance.command.as_str().into();
        invocation["startTimeUtc"] = provenance.date.as_str().into();
    }
    json!({
        "tool": { "driver": driver },
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results.collect::<Vec<_>>(),
    })
}

/// The requirement that explains a failure.
fn rule_of(failure: &FailureResult) -> Option<&str> {
    failure
        .requirements
        .first()
        .map(|clause| clause.id.as_str())
}

fn finding(
    failure: &FailureResult,
    (uri, line): &(String, usize),
    rules: &[&str],
    result: &TestResult,
) -> Value {
    let mut finding = json!({
        "level": "error",
        "message": { "text": message(failure, &result.alone(&failure.name)) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri },
            "region": { "startLine": line },
        } }],
        "partialFingerprints": { "tigressCase/v1": fingerprint(failure) },
    });
    let place = rule_of(failure).and_then(|id| Some((id, rules.iter().position(|it| *it == id)?)));
    if let Some((id, index)) = place {
        finding["ruleId"] = id.into();
        finding["ruleIndex"] = index.into();
    }
    if let Some(why) = &failure.known {
        finding["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    finding
}

fn message(failure: &FailureResult, alone: &str) -> String {
    let differences = failure.differences.iter().map(|difference| {
        let field = difference.field.as_ref();
        let field = field.map_or_else(String::new, |field| format!("{field}: "));
        let [expected, got] = sides::excerpts(&difference.expected, &difference.got, LONG);
        format!("\n{field}expected {expected}, got {got}")
    });
    let differences = differences.collect::<String>();
    let FailureResult { comment, asked, .. } = failure;
    let text = format!("{comment}\nasked {}{differences}", shortened(asked, LONG));
    format!("{}\nalone: {alone}", shortened(&text, LONGEST))
}

/// The same as long as the same case fails for the same kind of reason in the same fields.
fn fingerprint(failure: &FailureResult) -> String {
    let fields = failure
        .differences
        .iter()
        .filter_map(|it| it.field.as_deref());
    let words = [failure.name.as_str(), failure.cause.name()];
    let words: Vec<&str> = words.into_iter().chain(fields).collect();
    crate::hex::encode(&Sha256::digest(words.join("\n")))
}

/// Where it stands: a script and the line of the step, a vector file and the vector's line.
fn location(failure: &FailureResult, cases: &Cases, here: &Path) -> (String, usize) {
    let name = failure.name.as_str();
    let place = cases.place(name);
    let (file, line) = place.as_ref().map_or_else(
        || (name.rsplit_once('/').map_or(name, |(group, _)| group), 1),
        |place| (&*place.file, place.line),
    );
    // The step of a conversation is no line.
    let of_script = failure.step.filter(|_| failure.kind == Kind::Scenario);
    (uri(Path::new(file), here), of_script.unwrap_or(line).max(1))
}

/// A path as a URI: relative, where it lies below `here`.
fn uri(path: &Path, here: &Path) -> String {
    let path = plain(&here.join(path));
    let (begins, path) = match path.strip_prefix(plain(here)) {
        Ok(path) => ("", path),
        Err(_) => ("file://", path.as_path()),
    };
    let parts = path.components().filter_map(|part| match part {
        Component::RootDir => Some(String::new()),
        Component::Prefix(drive) => Some(format!("/{}", drive.as_os_str().display())),
        Component::Normal(name) => Some(encoded(&name.to_string_lossy())),
        _ => None,
    });
    let mut parts: Vec<String> = parts.collect();
    // A drive has a root behind it, which is no part of its own.
    if parts.len() > 1 && parts[0].len() > 1 && parts[1].is_empty() {
        parts.remove(1);
    }
    format!("{begins}{}", parts.join("/"))
}

/// A path without `.` and `..`, as far as it says itself where it leads.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            _ => plain.push(part),
        }
    }
    plain
}

/// A name of a file as a part of a URI.
fn encoded(name: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-~".contains(byte);
    let each = name.bytes().map(|byte| {
        if plain(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    each.collect()
}
