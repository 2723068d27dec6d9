//! What a bundle holds.

use super::bundle::Bundle;
use super::manifest::{Manifest, plain_name};
use crate::conformance::case::{Case, Cases};
use crate::conformance::result::{CaseResult, Kind, TestResult};
use crate::conformance::run::first_spoken;
use crate::conformance::scenario::{self, SEED};
use crate::conformance::selection::Selection;
use crate::conformance::subject::Description;
use crate::conformance::vector::{BuiltIn, Source};
use crate::conformance::{FileError, PROFILE_VERSION, files, program, suites};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::env::consts::{ARCH, OS};
use std::fmt::Write as _;
use std::path::Path;

/// The result, as `tigress test --format json` writes it.
pub(super) const RESULT: &str = "result.json";
/// What lies where.
pub(super) const README: &str = "README.txt";
/// What an adapter was asked and answered.
pub const TRACE: &str = "trace.txt";
/// What all was made by.
pub(super) const VERSIONS: &str = "versions.json";
/// The digests of the vector files that were run.
pub(super) const VECTORS: &str = "vectors.sha256";

/// What all was made by, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Versions {
    /// The version of the bundle's form: 1.
    pub bundle: u32,
    /// That of the program.
    pub program: String,
    /// The commit that the program was built of, where it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// That of the profile.
    pub profile: u32,
    /// The suites that the program knows.
    pub suites: Vec<String>,
    /// What it ran on: `linux-x86_64`.
    pub system: String,
    /// Who was tested.
    pub subject: Description,
    /// When the run began, as in the result.
    pub date: String,
}

impl Versions {
    /// The version of a bundle's form.
    const BUNDLE: u32 = 1;

    fn of(result: &TestResult) -> Self {
        let provenance = result.provenance.as_ref();
        Versions {
            bundle: Self::BUNDLE,
            program: program::VERSION.to_owned(),
            commit: program::COMMIT.map(str::to_owned),
            profile: PROFILE_VERSION,
            suites: suites::names().map(str::to_owned).collect(),
            system: format!("{OS}-{ARCH}"),
            subject: result.subject.clone(),
            date: provenance.map_or_else(String::new, |it| it.date.clone()),
        }
    }

    /// Whether this very build made it, as far as that can be told.
    pub(super) fn is_of_this_build(&self) -> bool {
        let this = (program::VERSION, program::COMMIT, PROFILE_VERSION);
        (self.program.as_str(), self.commit.as_deref(), self.profile) == this
    }
}

/// What others make of a result, the result as JSON among it: names and contents.
pub type Pages = fn(&TestResult) -> Vec<(&'static str, String)>;

/// Puts everything into a bundle but what an adapter was asked: `pages`, versions, digests of the vector files, scripts, and transcripts.
///
/// # Errors
/// Where a file cannot be read or written.
pub fn fill(
    bundle: &mut Bundle,
    result: &TestResult,
    cases: &Cases,
    selection: &Selection,
    vectors: Option<&Path>,
    pages: Pages,
) -> Result<(), FileError> {
    // As whoever reads its JSON has it, so that they make the same of it: its durations are to the microsecond.
    let result = &result.through_json(|value| value);
    for (name, content) in pages(result) {
        bundle.add(name, content.as_bytes())?;
    }
    let versions = format!("{:#}\n", serde_json::json!(Versions::of(result)));
    bundle.add(VERSIONS, versions.as_bytes())?;
    let digests = vector_digests(result, vectors)?;
    bundle.add(VECTORS, digests.to_lines().as_bytes())?;
    let run: BTreeSet<&str> = scenarios(result).map(|case| case.name.as_str()).collect();
    let mut scripts = BTreeSet::new();
    for case in cases.iter() {
        let Case::Scenario(scenario, script) = case else {
            continue;
        };
        if !run.contains(scenario.place().as_str()) {
            continue;
        }
        if scripts.insert(&scenario.file) {
            bundle.add(&script_name(&scenario.file), script.text.as_bytes())?;
        }
        let suite = selection.suite();
        let suite = suite.unwrap_or_else(|| first_spoken(&result.subject));
        let ran = scenario::run(scenario, scenario.suite_or(Some(suite)), SEED);
        let name = transcript_name(&scenario.place());
        bundle.add(&name, ran.transcript.to_lines().as_bytes())?;
    }
    for failure in &result.failures {
        if let Some(transcript) = &failure.transcript {
            let name = failure_name(&failure.name);
            bundle.add(&name, transcript.to_lines().as_bytes())?;
        }
    }
    let about = about(result, bundle.files() + 1);
    bundle.add(README, about.as_bytes())
}

/// The scenarios of a result.
pub(super) fn scenarios(result: &TestResult) -> impl Iterator<Item = &CaseResult> {
    result
        .cases
        .iter()
        .filter(|case| case.kind() == Kind::Scenario)
}

/// The digests of the vector files of a run: those inside the program, as far as something of them was run, or all of a folder.
fn vector_digests(result: &TestResult, folder: Option<&Path>) -> Result<Manifest, FileError> {
    let groups: BTreeSet<&str> = result.families.iter().map(|it| it.name.as_str()).collect();
    let sources: Vec<Result<Source, FileError>> = match folder {
        _ if groups.is_empty() => Vec::new(),
        Some(folder) => Source::in_folder(folder).collect(),
        None => {
            let of_run = |file: &&BuiltIn| groups.contains(file.name().as_str());
            let files = BuiltIn::ALL.iter().filter(of_run);
            files.map(|file| Ok(Source::from(file))).collect()
        }
    };
    let mut digests = Manifest::default();
    // What cannot be read is an error of the result, too, and nothing of it was run.
    for source in sources.into_iter().flatten() {
        let added = digests.add(
            &plain_name(&source.name),
            files::digest(source.text.as_bytes()),
        );
        added.map_err(|reason| FileError::of(source.name, reason))?;
    }
    Ok(digests)
}

/// Where a script lies in a bundle.
pub(super) fn script_name(file: &str) -> String {
    let file = file.strip_prefix("scenarios/").unwrap_or(file);
    format!("scenarios/{}", plain_name(file))
}

/// Where the transcript of a scenario lies that the reference engine plays, by `file:line`.
pub(super) fn transcript_name(place: &str) -> String {
    format!("transcripts/{}", line_name(place))
}

/// Where the transcript of a failed scenario lies, up to the failure, by `file:line`.
pub(super) fn failure_name(place: &str) -> String {
    format!("failures/{}", line_name(place))
}

fn line_name(place: &str) -> String {
    let place = place.strip_prefix("scenarios/").unwrap_or(place);
    let (file, line) = place.rsplit_once(':').unwrap_or((place, "0"));
    let file = file.strip_suffix(".feature").unwrap_or(file);
    format!("{}-{}.jsonl", plain_name(file), plain_name(line))
}

/// What lies where, for who opens the folder.
pub(super) fn about(result: &TestResult, files: usize) -> String {
    let provenance = result.provenance.clone().unwrap_or_default();
    let Description { name, version, .. } = &result.subject;
    let plain = |text: &str| {
        text.chars()
            .filter(|it| !it.is_control())
            .collect::<String>()
    };
    let (who, command) = (
        plain(&format!("{name} {version}")),
        plain(&provenance.command),
    );
    let mut about = format!(
        "A run of the Tigress conformance tests: {who}, {}.\n\n",
        provenance.date
    );
    let _ = write!(
        about,
        "The command was\n\n    {command}\n\n\
         report.html       everything to read, in a browser: begin here\n\
         result.json       the same for programs\n\
         statement.html    what it says of each requirement: what a customer is given; statement.json for programs\n\
         versions.json     the program, the profile, the suites, who was tested\n\
         vectors.sha256    the digests of the vector files that were run\n\
         scenarios/        the scripts that were run, if any\n\
         transcripts/      each scenario as the reference engine plays it: what a right run looks like\n\
         failures/         what happened in each scenario that failed, up to its failure; if any did\n\
         trace.txt         all that an adapter was asked and answered, where one was tested\n\
         {}        the digests of these {files} files\n\n\
         Has anything changed since? Either of\n\n    sha256sum --check --strict {0}\n    tigress evidence verify .\n\n\
         The second also finds files that were added, plays every transcript again, and holds the parts against each other.\n\n\
         Who vouches for it? The list alone does not say. Sign it, and keep the signature outside this folder:\n\n    \
         minisign -S -m {0} -x ../kept.minisig\n    cosign sign-blob --bundle ../kept.sigstore {0}\n",
        Manifest::NAME
    );
    about
}
