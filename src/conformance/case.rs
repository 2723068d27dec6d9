//! What a run asks: vectors and scenarios, those inside the program or those of folders.

use super::FileError;
use super::scenario::library::Library;
use super::scenario::{Scenario, Script};
use super::vector::{Collection, Family, Vector};
use crate::suite::Suite;
use std::path::Path;

/// A vector or a scenario.
#[derive(Clone, Copy, Debug)]
pub enum Case<'a> {
    /// A vector.
    Vector(&'a Vector),
    /// A scenario of a script.
    Scenario(&'a Scenario, &'a Script),
}

impl<'a> Case<'a> {
    /// By which it is run alone: `tigress-1/xeddsa/s_is_q`, `scenarios/theft/theft.feature:18`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Case::Vector(vector) => vector.name(),
            Case::Scenario(scenario, _) => scenario.place(),
        }
    }

    /// The suite that it is of; none where it is no suite's.
    #[must_use]
    pub fn suite(&self) -> Option<&'a str> {
        match self {
            Case::Vector(vector) => vector.suite.as_deref(),
            Case::Scenario(scenario, _) => scenario.suite.map(Suite::name),
        }
    }

    /// What it is about.
    #[must_use]
    pub fn comment(&self) -> &'a str {
        match self {
            Case::Vector(vector) => &vector.comment,
            Case::Scenario(scenario, _) => &scenario.name,
        }
    }

    /// The requirements that it carries.
    #[must_use]
    pub fn requirements(&self) -> &'a [String] {
        match self {
            Case::Vector(vector) => &vector.requirements,
            Case::Scenario(scenario, _) => &scenario.requirements,
        }
    }

    /// Its family with its suite, or its theme as `scenarios/THEME`.
    #[must_use]
    pub fn group(&self) -> String {
        match self {
            Case::Vector(vector) => vector.group(),
            Case::Scenario(scenario, _) => format!("scenarios/{}", scenario.theme()),
        }
    }

    /// What its family or theme is about.
    #[must_use]
    pub fn title(&self) -> &'a str {
        match self {
            Case::Vector(vector) => Family::find(&vector.family).map_or("", |family| family.title),
            Case::Scenario(_, script) => &script.theme,
        }
    }

    /// Whether it is called `name`, by its own name, its group's, or that of a requirement that it carries.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let by_name = match self {
            Case::Vector(vector) => vector.is_called(name),
            Case::Scenario(..) => self.group() == name || self.name() == name,
        };
        by_name || self.requirements().iter().any(|id| id == name)
    }
}

/// Everything that can be asked.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    vectors: Vec<Vector>,
    scripts: Vec<Script>,
    /// The files that cannot be used.
    pub errors: Vec<FileError>,
}

impl Cases {
    /// Reads the vectors and the scenarios, each from a folder or from inside the program.
    #[must_use]
    pub fn load(vectors: Option<&Path>, scenarios: Option<&Path>) -> Self {
        let collection = match vectors {
            Some(folder) => Collection::in_folder(folder),
            None => Collection::built_in(),
        };
        Self::of(collection, Library::load(scenarios))
    }

    /// These vectors and these scripts.
    #[must_use]
    pub fn of(collection: Collection, library: Library) -> Self {
        Cases {
            vectors: collection.vectors,
            scripts: library.scripts,
            errors: [collection.errors, library.errors].concat(),
        }
    }

    /// All of them: the vectors, then the scenarios.
    pub fn iter(&self) -> impl Iterator<Item = Case<'_>> {
        let scenarios = self.scripts.iter().flat_map(|script| {
            let of_script = script.scenarios.iter();
            of_script.map(move |scenario| Case::Scenario(scenario, script))
        });
        self.vectors.iter().map(Case::Vector).chain(scenarios)
    }

    /// Those that carry a requirement.
    pub fn carrying(&self, id: &str) -> impl Iterator<Item = Case<'_>> {
        self.iter()
            .filter(move |case| case.requirements().iter().any(|carried| carried == id))
    }
}
