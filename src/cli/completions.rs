//! `tigress completions`, and what a shell asks of the program while somebody types.

use super::{Cli, CliError, Ended};
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::conformance::scenario::library::SCRIPTS;
use tigress_signal::conformance::vector::BuiltIn;

/// In this variable of the environment the script of a shell says that it asks, and which shell it is.
const ASKS: &str = "TIGRESS_COMPLETE";

/// Print the script by which a shell completes what is typed: commands, options, files, and the names of vectors, scenarios and requirements.
///
/// In bash: `source <(tigress completions bash)`. docs/packaging.md says where each shell looks for it.
#[derive(Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Completions {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let shell = self.shell.to_possible_value();
        let shells = Shells::builtins();
        let name = shell.as_ref().map_or("", |shell| shell.get_name());
        let Some(shell) = shells.completer(name) else {
            return Err(CliError::Usage(format!("there is no script for {name}")));
        };
        let mut script = Vec::new();
        shell.write_registration(ASKS, "tigress", "tigress", "tigress", &mut script)?;
        out.write_all(&script)?;
        Ok(Ended::Well)
    }
}

/// Answers the shell, where it is one that asks; whether it was.
pub(super) fn answer(arguments: &[OsString]) -> Result<bool, CliError> {
    let asked = CompleteEnv::with_factory(Cli::command).var(ASKS);
    let answered = asked.try_complete(arguments.iter().cloned(), None);
    // Who asks for a shell that there is none of is no shell.
    answered.map_err(|error| CliError::Usage(format!("{ASKS}: {error}")))
}

/// What `--only` may name and begins like this.
pub(super) fn cases(begun: &OsStr) -> Vec<CompletionCandidate> {
    beginning(begun, true)
}

/// Names of vectors that begin like this.
pub(super) fn vectors(begun: &OsStr) -> Vec<CompletionCandidate> {
    beginning(begun, false)
}

/// Requirements that begin like this.
pub(super) fn requirements(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let all = Catalogue::get().requirements.iter();
    let like_this = all.filter(|requirement| requirement.id.starts_with(&*begun));
    like_this
        .map(|requirement| {
            CompletionCandidate::new(requirement.id).help(Some(requirement.text.into()))
        })
        .collect()
}

/// Groups first, with the slash after which their cases follow: of all groups but one nothing is read.
fn beginning(begun: &OsStr, with_scenarios: bool) -> Vec<CompletionCandidate> {
    let text = begun.to_string_lossy();
    let families = BuiltIn::ALL.iter().map(BuiltIn::name);
    let themes = SCRIPTS.iter().filter(|_| with_scenarios);
    let themes =
        themes.filter_map(|(file, _)| file.rsplit_once('/').map(|(theme, _)| theme.to_owned()));
    let groups: BTreeSet<String> = families.chain(themes).collect();
    let of_group = groups.iter().find(|group| {
        let rest = text.strip_prefix(group.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    });
    if let Some(group) = of_group {
        let cases = Cases::called(std::slice::from_ref(group), None, None);
        let like_this = cases.iter().filter(|case| case.name().starts_with(&*text));
        return like_this
            .map(|case| {
                CompletionCandidate::new(case.name()).help(Some(case.comment().to_owned().into()))
            })
            .collect();
    }
    let mut found: Vec<CompletionCandidate> = groups
        .iter()
        .filter(|group| group.starts_with(&*text))
        .map(|group| CompletionCandidate::new(format!("{group}/")))
        .collect();
    if with_scenarios {
        found.extend(requirements(begun));
    }
    found
}
