//! `tigress vectors`.

use super::{CliError, Ended};
use clap::{Args, Subcommand};
use owo_colors::OwoColorize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::generate;
use tigress_signal::conformance::hint::Hint;
use tigress_signal::conformance::scenario::library::Library;
use tigress_signal::conformance::selection::Selection;
use tigress_signal::conformance::vector::{Collection, Expectation, Source, Vector};

/// List, show or make test vectors.
#[derive(Subcommand)]
pub(super) enum Vectors {
    List(List),
    Show(Show),
    Generate(Generate),
}

/// List the vectors: name, what a conforming implementation does, requirements, comment.
#[derive(Args)]
pub(super) struct List {
    /// List only this family, vector or requirement; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the vectors of this folder, not those inside the program.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
}

/// Show a vector as it stands in its file.
#[derive(Args)]
pub(super) struct Show {
    /// The vector's name, such as `xeddsa/12`.
    name: String,
    /// Look in this folder, not inside the program.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
}

/// Make the vector files and their schemas.
///
/// The same program makes the same bytes. With `--check` nothing is written; exit status 1 where a file differs.
#[derive(Args)]
pub(super) struct Generate {
    /// The folder of the vectors.
    #[arg(long, value_name = "DIR", default_value = "vectors")]
    vectors: PathBuf,
    /// Compare with what is in the folder, and write nothing.
    #[arg(long)]
    check: bool,
}

impl Vectors {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        match self {
            Vectors::List(command) => command.run(out),
            Vectors::Show(command) => command.run(out),
            Vectors::Generate(command) => command.run(out),
        }
    }
}

impl List {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let collection = match &self.vectors {
            Some(folder) => Collection::in_folder(folder),
            None => Collection::built_in(),
        };
        let cases = Cases::of(collection, Library::default());
        let selection =
            Selection::of(self.only, &cases).map_err(|error| CliError::Usage(error.to_string()))?;
        for case in cases.iter().filter(|case| selection.contains(case)) {
            let Case::Vector(vector) = case else { continue };
            writeln!(
                out,
                "{:<22} {:<10} {}  {}",
                vector.name(),
                expectation(vector.result),
                vector.requirements.join(" ").dimmed(),
                vector.comment
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
            Some(folder) => Source::in_folder(folder)
                .into_iter()
                .collect::<Result<_, _>>()
                .map_err(|error| CliError::Usage(error.to_string()))?,
            None => Source::built_in().collect(),
        };
        let found = self.name.split_once('/').and_then(|(family, number)| {
            let tc_id = number.parse().ok()?;
            sources.iter().find_map(|source| source.test(family, tc_id))
        });
        let Some(test) = found else {
            let collection = Collection::load(sources.into_iter().map(Ok));
            let names: Vec<_> = collection.vectors.iter().map(Vector::name).collect();
            let hint = Hint::nearest(&self.name, names.iter().map(String::as_str));
            return Err(CliError::Usage(format!(
                "no vector is called `{}`{hint}\n`tigress vectors list` lists them",
                self.name
            )));
        };
        writeln!(out, "{test:#}")?;
        Ok(Ended::Well)
    }
}

impl Generate {
    fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        let files = generate::all();
        if self.check {
            return self.compare(&files, out);
        }
        for file in &files {
            let path = self.vectors.join(&file.path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
            }
            fs::write(&path, &file.content).map_err(|error| at(&path, &error))?;
        }
        writeln!(out, "{} files in {}", files.len(), self.vectors.display())?;
        Ok(Ended::Well)
    }

    fn compare(
        &self,
        files: &[generate::GeneratedFile],
        out: &mut dyn Write,
    ) -> Result<Ended, CliError> {
        let mut differing = 0;
        for file in files {
            let path = self.vectors.join(&file.path);
            let there = fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
            if there != file.content {
                differing += 1;
                let line = 1 + there
                    .lines()
                    .zip(file.content.lines())
                    .take_while(|(there, made)| there == made)
                    .count();
                writeln!(out, "{}:{line}: differs from what is made", path.display())?;
            }
        }
        if differing > 0 {
            writeln!(
                out,
                "{differing} of {} files differ; `tigress vectors generate` writes them anew",
                files.len()
            )?;
            return Ok(Ended::Badly);
        }
        writeln!(
            out,
            "{} files in {} are as they are made",
            files.len(),
            self.vectors.display()
        )?;
        Ok(Ended::Well)
    }
}

fn at(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Usage(format!(
        "{}: {error}; `--vectors DIR` names the folder",
        path.display()
    ))
}
