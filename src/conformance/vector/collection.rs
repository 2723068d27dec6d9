//! All vectors of a run: those that travel inside the program, or those of a folder.

use super::file::names;
use super::group::schema;
use super::{BuiltIn, Family, Vector, VectorFile};
use crate::conformance::FileError;
use crate::conformance::files::{self, Most};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A vector file before it is read.
#[derive(Clone, Debug)]
pub struct Source {
    /// What messages call it: its path.
    pub name: String,
    /// Its text.
    pub text: Cow<'static, str>,
}

/// Vectors, and what was wrong with the files that could not be used.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    /// The vectors, in the order of their files.
    pub vectors: Vec<Vector>,
    /// The broken files; nothing of them is in `vectors`.
    pub errors: Vec<FileError>,
    /// Where those of a folder stand, by name.
    pub(in crate::conformance) places: BTreeMap<String, Place>,
}

/// Where a vector or a scenario stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The line in it, from 1.
    pub line: usize,
}

impl Place {
    /// That of a vector that travels inside the program.
    pub(in crate::conformance) fn built_in(name: &str) -> Option<Self> {
        let (group, test) = name.rsplit_once('/')?;
        let mut files = BuiltIn::ALL.iter();
        let file = files.find(|file| file.name() == group)?;
        let test = Value::from(test).to_string();
        let (_, line) = names(file.json).find(|(name, _)| *name == test)?;
        Some(Place {
            file: format!("vectors/{}", file.path()).into(),
            line,
        })
    }
}

impl From<&BuiltIn> for Source {
    fn from(file: &BuiltIn) -> Self {
        Source {
            name: format!("vectors/{}", file.path()),
            text: Cow::Borrowed(file.json),
        }
    }
}

impl Source {
    /// The files that travel inside the program.
    pub fn built_in() -> impl Iterator<Item = Source> {
        BuiltIn::ALL.iter().map(Source::from)
    }

    /// Those of them that may have a vector that is called one of `names`.
    pub fn built_in_called<N: AsRef<str>>(names: &[N]) -> impl Iterator<Item = Source> {
        let may_have = |file: &&BuiltIn| names.iter().any(|name| file.may_have(name.as_ref()));
        BuiltIn::ALL.iter().filter(may_have).map(Source::from)
    }

    /// The vector files in a folder and its subfolders, by name: every `.json` that is no `_schema.json`. One is read when it
    /// is asked for.
    ///
    /// A file that cannot be read is an error beside the others.
    pub fn in_folder(folder: &Path) -> impl Iterator<Item = Result<Source, FileError>> {
        let is_vector_file = |path: &Path| {
            let name = path.to_string_lossy();
            name.ends_with(".json") && !name.ends_with("_schema.json")
        };
        let most = Most {
            each: VectorFile::MOST_BYTES,
            all: Collection::MOST_BYTES,
        };
        let mut found = files::read_below(folder, is_vector_file, most).peekable();
        let none = found.peek().is_none().then(|| {
            Err(FileError::of(
                folder.display().to_string(),
                "no vector file in this folder; one is called SUITE/FAMILY/FAMILY.json",
            ))
        });
        let source = |(name, text)| Source {
            name,
            text: Cow::Owned(text),
        };
        found.map(move |file| file.map(source)).chain(none)
    }

    /// The vector of that name, or of that number, as it stands in this file, if it is there.
    #[must_use]
    pub fn test(&self, name: &str) -> Option<Value> {
        let found = VectorFile::load_built_in(&self.name, &self.text).ok()?;
        let found = found.into_iter().find(|vector| vector.is_named(name))?;
        let file: VectorFile = serde_json::from_str(&self.text).ok()?;
        file.test_groups
            .into_iter()
            .flat_map(|group| group.tests)
            .find(|test| test.get("name").and_then(Value::as_str) == Some(&found.test))
    }
}

impl Collection {
    /// So many bytes the vector files of a folder have at most, all together: 64 MiB.
    pub const MOST_BYTES: u64 = 64 << 20;

    /// The vectors that travel inside the program.
    #[must_use]
    pub fn built_in() -> Self {
        Self::read(Source::built_in().map(Ok), VectorFile::load_built_in)
    }

    /// Of the vectors that travel inside the program at least those that are called one of `names`: no file is read that
    /// cannot have one.
    #[must_use]
    pub fn built_in_called(names: &[String]) -> Self {
        let sources = Source::built_in_called(names);
        Self::read(sources.map(Ok), VectorFile::load_built_in)
    }

    /// The vectors of a folder and its subfolders.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::load(Source::in_folder(folder))
    }

    /// Reads every source; a broken one is an error beside the vectors of the others.
    pub fn load(sources: impl IntoIterator<Item = Result<Source, FileError>>) -> Self {
        Self::read(sources, VectorFile::load)
    }

    fn read(
        sources: impl IntoIterator<Item = Result<Source, FileError>>,
        load: fn(&str, &str) -> Result<Vec<Vector>, FileError>,
    ) -> Self {
        let mut collection = Collection::default();
        let mut known = BTreeSet::new();
        for source in sources {
            let loaded = source.and_then(|source| {
                let vectors = load(&source.name, &source.text)?;
                match vectors
                    .iter()
                    .map(Vector::name)
                    .find(|name| known.contains(name))
                {
                    Some(name) => Err(FileError {
                        place: Some(name),
                        ..FileError::of(source.name, "another file has a vector of that name")
                    }),
                    None => Ok((vectors, source)),
                }
            });
            match loaded {
                Ok((vectors, source)) => {
                    known.extend(vectors.iter().map(Vector::name));
                    // What travels inside the program is looked for where it is wanted.
                    if let Cow::Owned(text) = &source.text {
                        collection
                            .places
                            .extend(places(&source.name, text, &vectors));
                    }
                    collection.vectors.extend(vectors);
                }
                Err(error) => collection.errors.push(error),
            }
        }
        collection
    }
}

/// Where the vectors of a file stand in it; on its first line those whose names have no line of their own.
fn places(file: &str, text: &str, vectors: &[Vector]) -> Vec<(String, Place)> {
    let file: Arc<str> = file.into();
    let lines: BTreeMap<&str, usize> = names(text).collect();
    let places = vectors.iter().map(|vector| {
        let name = Value::from(vector.test.as_str()).to_string();
        let line = lines.get(name.as_str()).copied().unwrap_or(1);
        let file = Arc::clone(&file);
        (vector.name(), Place { file, line })
    });
    places.collect()
}

/// Every vector file and its schema, as they stand below the vectors' folder: path and text.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    BuiltIn::ALL
        .iter()
        .flat_map(|file| {
            let schema = Family::find(file.family).map(|family| {
                let text = format!("{:#}\n", schema(family));
                (file.schema_path(), text)
            });
            schema
                .into_iter()
                .chain([(file.path(), file.json.to_owned())])
        })
        .collect()
}
