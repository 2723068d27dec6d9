//! What a run asks: vectors and scenarios, those inside the program or those of folders.

use super::FileError;
use super::scenario::library::Library;
use super::scenario::{Scenario, Script};
use super::vector::conversation::Action;
use super::vector::{Body, Collection, Family, Place, Vector};
use crate::suite::Suite;
use std::collections::BTreeMap;
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

    /// Whether it has restarts of its own.
    #[must_use]
    pub fn restarts(&self) -> bool {
        match self {
            Case::Vector(vector) => match &vector.body {
                Body::Call(_) => false,
                Body::Conversation(conversation) => {
                    let mut steps = conversation.steps.iter();
                    steps.any(|step| matches!(step, Action::Restart))
                }
            },
            Case::Scenario(scenario, _) => {
                let mut steps = scenario.steps.iter();
                steps.any(|step| step.text.contains("restart"))
            }
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
    /// Where the vectors of a folder stand, by name.
    places: BTreeMap<String, Place>,
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

    /// At least those of them that are called one of `names`, or all where there are no names. What travels inside the
    /// program is read only as far as it may be called that; a folder is read whole, for what is wrong with it.
    #[must_use]
    pub fn called(names: &[String], vectors: Option<&Path>, scenarios: Option<&Path>) -> Self {
        if names.is_empty() {
            return Self::load(vectors, scenarios);
        }
        let collection = match vectors {
            Some(folder) => Collection::in_folder(folder),
            None => Collection::built_in_called(names),
        };
        let library = match scenarios {
            Some(path) => Library::load(Some(path)),
            None => Library::built_in_called(names),
        };
        Self::of(collection, library)
    }

    /// These vectors and these scripts.
    #[must_use]
    pub fn of(collection: Collection, library: Library) -> Self {
        Cases {
            vectors: collection.vectors,
            scripts: library.scripts,
            errors: [collection.errors, library.errors].concat(),
            places: collection.places,
        }
    }

    /// Where the vector or scenario of that name stands: in a file of a folder, or among those inside the program.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Place> {
        let of_script = name.rsplit_once(':').and_then(|(file, line)| {
            Some(Place {
                file: file.into(),
                line: line.parse().ok()?,
            })
        });
        let of_vector = || match self.places.get(name) {
            Some(place) => Some(place.clone()),
            None => Place::built_in(name),
        };
        of_script.or_else(of_vector)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::scenario::library::{SCRIPTS, may_have};
    use crate::conformance::vector::BuiltIn;
    use std::collections::BTreeSet;

    /// By whatever a case is called, its file is among those that are read.
    #[test]
    fn no_file_is_left_out_that_has_what_is_asked_for() {
        let cases = Cases::load(None, None);
        let mut names = BTreeSet::new();
        for case in cases.iter() {
            let (file, own) = match case {
                Case::Vector(vector) => {
                    let (family, test) = (&vector.family, &vector.test);
                    let numbered = format!("{family}/{}", vector.tc_id);
                    let suite = vector.suite.clone();
                    let of_suite = suite.iter().map(|suite| format!("{suite}/{numbered}"));
                    let mut own: Vec<_> = of_suite.chain(suite.clone()).collect();
                    own.extend([family.clone(), format!("{family}/{test}"), numbered]);
                    (vector.group(), own)
                }
                Case::Scenario(scenario, _) => (scenario.file.clone(), Vec::new()),
            };
            let shared = case.requirements().iter().cloned();
            let own = own.into_iter().chain([case.name(), case.group()]);
            for name in own.chain(shared) {
                assert!(case.is_called(&name), "{name}");
                names.insert((file.clone(), name));
            }
        }
        for (file, name) in &names {
            let vectors = BuiltIn::ALL.iter().filter(|it| it.name() == *file);
            let scripts = SCRIPTS.iter().filter(|script| script.0 == file);
            let found = vectors.map(|it| it.may_have(name));
            let found: Vec<_> = found.chain(scripts.map(|it| may_have(it, name))).collect();
            assert_eq!(found, [true], "{file} for {name}");
        }
    }

    #[test]
    fn what_is_called_by_its_family_or_theme_is_read_alone() {
        let only = |name: &str| {
            let cases = Cases::called(&[name.to_owned()], None, None);
            let groups: BTreeSet<_> = cases.iter().map(|case| case.group()).collect();
            Vec::from_iter(groups)
        };
        assert_eq!(only("tigress-1/kdf/four_outputs"), ["tigress-1/kdf"]);
        assert_eq!(only("scenarios/theft"), ["scenarios/theft"]);
        assert_eq!(only("theft"), Vec::<String>::new());
        assert!(only("DR-05").len() > 1);
    }
}
