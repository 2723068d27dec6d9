//! Whether the parts of a bundle agree with each other, each of which is what its list says.

use super::contents::{self, Pages, README, RESULT, TRACE, VECTORS, VERSIONS, Versions};
use super::manifest::Manifest;
use super::verification::Verification;
use crate::conformance::result::{CaseOutcome, CaseResult, TestResult};
use crate::conformance::scenario::transcript::{Outcome, Transcript};
use crate::conformance::scenario::{self, SEED, Script};
use crate::conformance::vector::Source;
use crate::conformance::{FileError, files, program, suites};
use std::collections::BTreeSet;
use std::path::Path;

/// So many bytes the transcripts of all failures have at most: twice what all scenarios together have.
const FAILURES: u64 = 64 << 20;
/// So many bytes a small file has at most.
const SMALL: u64 = 1 << 20;

/// Holds the parts against each other. What this program alone can make again, it makes again where it is the build that made the bundle.
pub(super) fn agree(
    folder: &Path,
    manifest: &Manifest,
    pages: Pages,
    verification: &mut Verification,
) {
    let result = TestResult::load(&folder.join(RESULT));
    let versions = files::read(&folder.join(VERSIONS), SMALL).and_then(|text| {
        serde_json::from_str::<Versions>(&text)
            .map_err(|error| FileError::of(VERSIONS, error.to_string()))
    });
    let digests = files::read(&folder.join(VECTORS), Manifest::MOST_BYTES)
        .and_then(|text| Manifest::from_lines(VECTORS, &text));
    let (result, versions, digests) = match (result, versions, digests) {
        (Ok(result), Ok(versions), Ok(digests)) => (result, versions, digests),
        (result, versions, digests) => {
            let errors = [result.err(), versions.err(), digests.err()];
            verification.findings.extend(errors.into_iter().flatten());
            return;
        }
    };
    let is_ours = versions.is_of_this_build();
    let mut parts = Parts {
        folder,
        manifest,
        result,
        found: Vec::new(),
    };
    parts.hold_versions(&versions);
    verification.vectors = parts.hold_vectors(&digests, is_ours);
    let replayed = parts.hold_scenarios(is_ours);
    parts.read_failures();
    let pages = pages(&parts.result);
    parts.hold_names(&pages);
    if is_ours {
        parts.hold_pages(&pages);
    }
    verification.replayed = is_ours.then_some(replayed);
    verification.versions = Some(versions);
    verification.findings.append(&mut parts.found);
}

/// A bundle as it is looked at.
struct Parts<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
    result: TestResult,
    found: Vec<FileError>,
}

impl Parts<'_> {
    fn find(&mut self, name: &str, what: impl Into<String>) {
        self.found.push(FileError::of(name, what));
    }

    fn has(&self, name: &str) -> bool {
        self.manifest.digest(name).is_some()
    }

    fn hold_versions(&mut self, versions: &Versions) {
        let provenance = self.result.provenance.clone().unwrap_or_default();
        let result = (
            self.result.profile,
            &self.result.subject,
            (&provenance.program, &provenance.commit, &provenance.date),
        );
        let said = (
            versions.profile,
            &versions.subject,
            (&versions.program, &versions.commit, &versions.date),
        );
        if said != result {
            let what =
                "does not say the same of program, profile, subject and date as the result does";
            self.find(VERSIONS, what);
        }
        let is_of_an_adapter = provenance.again.subject.starts_with("--adapter ");
        if is_of_an_adapter && !self.has(TRACE) {
            self.find(TRACE, "is missing: an adapter was tested");
        }
    }

    /// So many of the vector files that travel inside this program have the digests of the list, and so many have not.
    fn hold_vectors(&mut self, digests: &Manifest, is_ours: bool) -> (usize, usize) {
        let (mut same, mut others) = (0, 0);
        for source in Source::built_in() {
            match digests.digest(&source.name) {
                Some(digest) if digest == files::digest(source.text.as_bytes()) => same += 1,
                Some(_) => others += 1,
                None => {}
            }
        }
        // Another folder's may be called like them.
        let are_built_in = self.result.again().vectors.is_empty();
        if is_ours && are_built_in && others > 0 {
            self.find(VECTORS, "lists other digests than those of this program");
        }
        (same, others)
    }

    /// Each scenario has its script and its transcript; where this build made them, it plays the script to the same lines. So many were played.
    fn hold_scenarios(&mut self, is_ours: bool) -> usize {
        // One at a time is kept: scenarios of a script stand together, and a stranger's bundle may have gigabytes of scripts.
        let mut read: Option<(&str, Result<Script, String>)> = None;
        let mut replayed = 0;
        let cases: Vec<CaseResult> = contents::scenarios(&self.result).cloned().collect();
        for case in &cases {
            let (file, line) = case.name.rsplit_once(':').unwrap_or((&case.name, ""));
            let (script, name) = (
                contents::script_name(file),
                contents::transcript_name(&case.name),
            );
            if let Some(missing) = [&script, &name].into_iter().find(|name| !self.has(name)) {
                self.find(
                    missing,
                    format!("is missing: the result names {}", case.name),
                );
                continue;
            }
            let recorded = match self.transcript(&name, &script) {
                Ok(recorded) => recorded,
                Err(what) => {
                    self.find(&name, what);
                    continue;
                }
            };
            let is_passed = recorded.outcome == (Outcome::Passed {});
            if case.outcome == CaseOutcome::Passed && !is_passed {
                let what =
                    "is of a run that failed, while the result says that the scenario passed";
                self.find(&name, what);
            }
            if !is_ours {
                continue;
            }
            if read.as_ref().is_none_or(|(of, _)| *of != file) {
                read = Some((file, read_script(&self.folder.join(&script), file)));
            }
            let Some((_, script)) = &read else {
                continue;
            };
            let played = match script {
                Ok(script) => play(script, line, &recorded),
                Err(what) => Err(format!("its script cannot be played: {what}")),
            };
            match played {
                Ok(()) => replayed += 1,
                Err(what) => self.find(&name, what),
            }
        }
        replayed
    }

    /// A transcript, which is of that script.
    fn transcript(&self, name: &str, script: &str) -> Result<Transcript, String> {
        let text = files::read(&self.folder.join(name), Transcript::MOST_BYTES);
        let text = text.map_err(|error| error.reason)?;
        let recorded = Transcript::from_lines(&text).map_err(|error| error.to_string())?;
        if recorded.to_lines() != text {
            return Err("is not written as a transcript is".to_owned());
        }
        if self.manifest.digest(script) != Some(&recorded.header.digest) {
            return Err("is of another script than the one that lies here".to_owned());
        }
        Ok(recorded)
    }

    /// Nothing lies here that no run leaves.
    fn hold_names(&mut self, pages: &[(&str, String)]) {
        let mut known: BTreeSet<String> =
            [README, VERSIONS, VECTORS, TRACE].map(str::to_owned).into();
        known.extend(pages.iter().map(|(name, _)| (*name).to_owned()));
        for case in contents::scenarios(&self.result) {
            let file = case.name.rsplit_once(':').map_or("", |(file, _)| file);
            known.insert(contents::script_name(file));
            known.insert(contents::transcript_name(&case.name));
        }
        let failures = self.result.failures.iter();
        known.extend(failures.map(|failure| contents::failure_name(&failure.name)));
        for (name, _) in self.manifest.iter() {
            if !known.contains(name) {
                self.found.push(FileError::of(
                    name,
                    "belongs to nothing that the result names",
                ));
            }
        }
    }

    /// Puts back into the result what happened in scenarios that failed, which is no part of its JSON.
    fn read_failures(&mut self) {
        let mut left = FAILURES;
        for failure in &mut self.result.failures {
            let name = contents::failure_name(&failure.name);
            if self.manifest.digest(&name).is_none() {
                continue;
            }
            let text = files::read(&self.folder.join(&name), Transcript::MOST_BYTES);
            let read = text.and_then(|text| {
                left = left.checked_sub(text.len() as u64).ok_or_else(|| {
                    let reason = format!(
                        "the transcripts of failures up to this one have more than {FAILURES} bytes, which is the most that is read of them"
                    );
                    FileError::of(&*name, reason)
                })?;
                let read = Transcript::from_lines(&text);
                read.map_err(|error| FileError::at(&*name, error.line, error.reason))
            });
            match read {
                Ok(transcript) => failure.transcript = Some(Box::new(transcript)),
                Err(error) => self.found.push(error),
            }
        }
    }

    /// The verdict follows from the cases, and every page says what the result says.
    fn hold_pages(&mut self, pages: &[(&str, String)]) {
        let mut summed = self.result.clone();
        summed.sum_up();
        if summed != self.result {
            let what = "its counts, requirements or verdict do not follow from its cases";
            self.find(RESULT, what);
        }
        for (name, content) in pages {
            self.hold_page(name, content);
        }
        // It says how many files there are: what is wrong with one of them need not be said twice.
        if self.found.is_empty() {
            let about = contents::about(&self.result, self.manifest.iter().count());
            self.hold_page(README, &about);
        }
    }

    fn hold_page(&mut self, name: &str, content: &str) {
        match self.manifest.digest(name) {
            None => self.find(name, "is missing"),
            Some(digest) if digest == files::digest(content.as_bytes()) => {}
            Some(_) => self.find(name, "does not say what the result says"),
        }
    }
}

fn read_script(path: &Path, file: &str) -> Result<Script, String> {
    let text = files::read(path, Script::MOST_BYTES).map_err(|error| error.reason)?;
    Script::parse(file, &text).map_err(|errors| {
        let first = errors.first();
        first.map_or_else(String::new, |error| error.reason.clone())
    })
}

/// Plays the scenario of a script that begins in that line: a run of it is as recorded.
fn play(script: &Script, line: &str, recorded: &Transcript) -> Result<(), String> {
    let mut scenarios = script.scenarios.iter();
    let scenario = scenarios.find(|it| it.line.to_string() == line);
    let scenario = scenario.ok_or("its script has no scenario in that line")?;
    let suite = suites::find(&recorded.header.suite).map_err(|error| error.to_string())?;
    let again = scenario::run(scenario, scenario.suite_or(Some(suite)), SEED).transcript;
    let (again, text) = (again.to_lines(), recorded.to_lines());
    if again == text {
        return Ok(());
    }
    let same = again.lines().zip(text.lines());
    let same = same.take_while(|(one, other)| one == other).count();
    let version = program::version();
    Err(format!(
        "from line {} on tigress {version} plays it otherwise",
        same + 1
    ))
}
