//! `tigress vectors`.

use super::{CliError, Ended, completions};
use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use owo_colors::OwoColorize;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::hint::Hint;
use tigress_signal::conformance::printable::{self, Printable};
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::selection::Selection;
use tigress_signal::conformance::vector::{self, Collection, Expectation, Source, Vector};

/// List, show or write out test vectors.
#[derive(Subcommand)]
pub(super) enum Vectors {
    List(List),
    Show(Show),
    Export(Export),
}

/// List the vectors: name, what a conforming implementation does, requirements, comment.
#[derive(Args)]
pub(super) struct List {
    /// List only this family, vector or requirement; may be repeated.
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(completions::cases))]
    only: Vec<String>,
    /// List only the vectors of this suite, and those that are no suite's.
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
    /// List the vectors of this folder, not those inside the program.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
}

/// Show a vector as it stands in its file.
#[derive(Args)]
pub(super) struct Show {
    /// The vector's name, such as `tigress-1/kdf/four_outputs`.
    #[arg(add = ArgValueCompleter::new(completions::vectors))]
    name: String,
    /// Look in this folder, not inside the program.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
}

/// Write the vector files and schemas that travel inside the program into a folder.
#[derive(Args)]
pub(super) struct Export {
    /// The folder; made where it is not there.
    folder: PathBuf,
}

impl Vectors {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        match self {
            Vectors::List(command) => command.run(out),
            Vectors::Show(command) => command.run(out),
            Vectors::Export(command) => command.run(out),
        }
    }
}

impl List {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let load = |names: &[String]| {
            let collection = match &self.vectors {
                Some(folder) => Collection::in_folder(folder),
                None if names.is_empty() => Collection::built_in(),
                None => Collection::built_in_called(names),
            };
            Cases::of(collection, Library::default())
        };
        let (selection, cases) = Selection::load(&self.only, self.suite.as_deref(), load)
            .map_err(|wrong| CliError::Usage(wrong.0.to_string()))?;
        let listed: Vec<&Vector> = cases
            .iter()
            .filter(|case| selection.contains(case))
            .filter_map(|case| match case {
                Case::Vector(vector) => Some(vector),
                Case::Scenario(..) => None,
            })
            .collect();
        let names = listed.iter().map(|vector| vector.name().len());
        let width = names.max().unwrap_or_default();
        for vector in listed {
            writeln!(
                out,
                "{:<width$}  {:<10} {}  {}",
                vector.name(),
                expectation(vector.result),
                vector.requirements.join(" ").dimmed(),
                Printable(&vector.comment)
            )?;
        }
        for error in &cases.errors {
            writeln!(out, "{} {error}", "error:".red().bold())?;
        }
        Ok(if cases.errors.is_empty() {
            Ended::Well
        } else {
            Ended::Incomplete
        })
    }
}

fn expectation(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Valid => "valid",
        Expectation::Invalid => "invalid",
        Expectation::Acceptable => "acceptable",
    }
}

impl Show {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let sources: Vec<Source> = match &self.vectors {
            Some(folder) => Source::in_folder(folder).collect::<Result<_, _>>()?,
            None => Source::built_in_called(&[&self.name]).collect(),
        };
        let found = sources.iter().find_map(|source| source.test(&self.name));
        let Some(test) = found else {
            let collection = match &self.vectors {
                Some(_) => Collection::load(sources.into_iter().map(Ok)),
                None => Collection::built_in(),
            };
            let names: Vec<_> = collection.vectors.iter().map(Vector::name).collect();
            let hint = Hint::nearest(&self.name, names.iter().map(String::as_str));
            return Err(CliError::Unknown(
                format!("no vector is called `{}`{hint}", self.name),
                Vec::new(),
                "`tigress vectors list` lists them",
            ));
        };
        writeln!(out, "{}", printable::json(&format!("{test:#}")))?;
        Ok(Ended::Well)
    }
}

impl Export {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let files = vector::files();
        for (path, content) in &files {
            let path = self.folder.join(path);
            let written = path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, content));
            written.map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
        }
        let folder = Printable(self.folder.display());
        writeln!(out, "{} files in {folder}", files.len())?;
        Ok(Ended::Well)
    }
}
