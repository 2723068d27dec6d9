//! What failed as SARIF 2.1.0, for code scanning: a rule a requirement, a result a failure.

use super::harmless::harmless;
use crate::conformance::printable::{self, shortened};
use crate::conformance::result::{FailureResult, Kind, TestResult};
use crate::conformance::vector::BuiltIn;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Longer texts are shortened to so many characters.
const LONG: usize = 1_000;

/// Writes it.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write(out: &mut dyn Write, result: &TestResult) -> io::Result<()> {
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run(&harmless(result))],
    });
    writeln!(out, "{}", printable::json(&format!("{log:#}")))
}

fn run(result: &TestResult) -> Value {
    let blamed: BTreeSet<&str> = result.failures.iter().filter_map(rule_of).collect();
    let rules: Vec<&_> = result
        .requirements
        .iter()
        .filter(|it| blamed.contains(it.id.as_str()))
        .collect();
    let ids: Vec<&str> = rules.iter().map(|it| it.id.as_str()).collect();
    let results = result.failures.iter().map(|it| finding(it, &ids, result));
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
    let notices = result.faults.iter().cloned();
    let notices = notices.chain(result.errors.iter().map(ToString::to_string));
    let notices = notices.map(|text| json!({ "level": "error", "message": { "text": text } }));
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

fn finding(failure: &FailureResult, rules: &[&str], result: &TestResult) -> Value {
    let (file, line) = location(failure, result);
    let mut finding = json!({
        "level": "error",
        "message": { "text": message(failure, &result.alone(&failure.name)) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&file) },
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
        let (expected, got) = (
            shortened(&difference.expected, LONG),
            shortened(&difference.got, LONG),
        );
        format!("\n{field}expected {expected}, got {got}")
    });
    let differences = differences.collect::<String>();
    let FailureResult { comment, asked, .. } = failure;
    format!(
        "{comment}\nasked {}{differences}\nalone: {alone}",
        shortened(asked, LONG)
    )
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

/// Where it stands: a script and the line of the step; a vector file and the vector's line. Of a file that was handed in the folder is known alone.
fn location(failure: &FailureResult, result: &TestResult) -> (String, usize) {
    let name = &failure.name;
    if failure.kind == Kind::Scenario {
        let (file, line) = name.rsplit_once(':').unwrap_or((name, "1"));
        let line = failure.step.or_else(|| line.parse().ok());
        return (file.to_owned(), line.unwrap_or(1).max(1));
    }
    let (group, test) = name.rsplit_once('/').unwrap_or(("", name));
    let is_built_in = result.again().vectors.is_empty();
    let mut files = BuiltIn::ALL.iter();
    match files
        .find(|file| file.name() == group)
        .filter(|_| is_built_in)
    {
        Some(file) => {
            let needle = format!("\"name\": \"{test}\",");
            let mut lines = (1..).zip(file.json.lines());
            let line = lines.find(|(_, line)| line.trim_start() == needle);
            let line = line.map_or(1, |(number, _)| number);
            (format!("vectors/{}", file.path()), line)
        }
        None => (format!("{group}.json"), 1),
    }
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(byte);
    let each = path.bytes().map(|byte| {
        if plain(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    each.collect()
}
