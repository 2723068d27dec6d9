//! Which vectors and scenarios are run: all, or those that `--only` and `--suite` name.

use super::case::{Case, Cases};
use super::catalogue::Catalogue;
use super::hint::Hint;
use super::matrix::Matrix;
use super::scenario::{Scenario, Script};
use super::suites::{self, UnknownSuite};
use super::vector::{BuiltIn, Family};
use crate::suite::SuiteRef;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A choice of vectors and scenarios.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    names: Vec<String>,
    suite: Option<SuiteRef>,
}

/// A name that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is called that.
    #[error("no family, vector, theme, scenario or requirement is called `{name}`{hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest known name.
        hint: Hint,
    },
    /// The requirement is known, but nothing carries it.
    #[error("no vector and no scenario carries {0}")]
    Uncarried(String),
    /// There is no such suite.
    #[error(transparent)]
    Suite(#[from] UnknownSuite),
    /// There is something of that name, but in other suites.
    #[error("`{name}` has nothing that is of suite `{suite}` or of none")]
    OfOtherSuites {
        /// What was asked for.
        name: String,
        /// The suite.
        suite: &'static str,
    },
}

impl Selection {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// What any of `names` names: a family, a vector, a theme, a scenario, a requirement; of the suite of that name,
    /// and of no suite.
    ///
    /// A family of the program is always known: its file may be the one that is broken.
    ///
    /// # Errors
    /// Where there is no such suite; the first name that selects nothing.
    pub fn of(
        names: Vec<String>,
        suite: Option<&str>,
        cases: &Cases,
    ) -> Result<Self, SelectionError> {
        let suite = suite.map(suites::find).transpose()?;
        for name in &names {
            let mut called = cases.iter().filter(|case| case.is_called(name)).peekable();
            if let (Some(suite), Some(_)) = (suite, called.peek())
                && !called.any(|case| is_of(&case, suite))
            {
                return Err(SelectionError::OfOtherSuites {
                    name: name.clone(),
                    suite: suite.name(),
                });
            }
            if BuiltIn::ALL.iter().any(|file| file.name() == *name)
                || Family::find(name).is_some()
                || cases.iter().any(|case| case.is_called(name))
            {
                continue;
            }
            if Catalogue::get().find(name).is_some() {
                return Err(SelectionError::Uncarried(name.clone()));
            }
            let case_names: Vec<_> = cases.iter().map(|case| case.name()).collect();
            let groups: BTreeSet<_> = cases.iter().map(|case| case.group()).collect();
            let known = Family::ALL
                .iter()
                .map(|family| family.name)
                .chain(groups.iter().map(String::as_str))
                .chain(Catalogue::get().requirements.iter().map(|r| r.id))
                .chain(case_names.iter().map(String::as_str));
            return Err(SelectionError::Unknown {
                hint: Hint::nearest(name, known),
                name: name.clone(),
            });
        }
        Ok(Selection { names, suite })
    }

    /// What any of `names` names, as [`Selection::of`] says, with the cases that it is chosen from: of those inside the
    /// program only what may be called so, or everything where it cannot be chosen.
    ///
    /// # Errors
    /// As [`Selection::of`], with the files that may be why.
    pub fn load(
        names: &[String],
        suite: Option<&str>,
        load: impl Fn(&[String]) -> Cases,
    ) -> Result<(Self, Cases), Box<(SelectionError, Cases)>> {
        let few = load(names);
        if let Ok(selection) = Self::of(names.to_vec(), suite, &few) {
            return Ok((selection, few));
        }
        // What is likened to a name that selects nothing is any name that there is.
        let all = load(&[]);
        match Self::of(names.to_vec(), suite, &all) {
            Ok(selection) => Ok((selection, all)),
            Err(error) => Err(Box::new((error, all))),
        }
    }

    /// Whether that is run.
    #[must_use]
    pub fn contains(&self, case: &Case) -> bool {
        let is_named = || self.names.iter().any(|name| case.is_called(name));
        self.suite.is_none_or(|suite| is_of(case, suite)) && (self.names.is_empty() || is_named())
    }

    /// The one suite that was asked for.
    #[must_use]
    pub fn suite(&self) -> Option<SuiteRef> {
        self.suite
    }

    /// What was asked for; nothing for everything.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// A name that chooses no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScenario {
    /// Nothing is called that.
    #[error(
        "no scenario has these words in its name, and no theme, scenario or requirement is called `{name}`{hint}"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest known name.
        hint: Hint,
    },
    /// The requirement is known, and no scenario carries it.
    #[error("no scenario carries {id}: {reason}")]
    Uncarried {
        /// The requirement.
        id: &'static str,
        /// Why, or what carries it.
        reason: String,
    },
    /// There are scenarios of that name, but of other suites.
    #[error("`{name}` has no scenario of suite `{suite}`, and none that is told of any")]
    OfOtherSuites {
        /// What was asked for.
        name: String,
        /// The suite.
        suite: &'static str,
    },
    /// There is none of the suite at all.
    #[error("no scenario is of suite `{0}`, and none is told of any")]
    OfSuite(&'static str),
}

/// The scenarios that any of `names` chooses, in their order: words of its name, its place, its theme, a requirement that it carries. All,
/// where there are no names; of a suite those that run in it.
///
/// # Errors
/// The first name that chooses none.
pub fn scenarios<'s>(
    scripts: &'s [Script],
    names: &[String],
    suite: Option<SuiteRef>,
) -> Result<Vec<(&'s Script, &'s Scenario)>, NoScenario> {
    let all = || {
        let each = |script: &'s Script| script.scenarios.iter().map(move |it| (script, it));
        scripts.iter().flat_map(each)
    };
    let is_called = |name: &str, (script, scenario): &(&'s Script, &'s Scenario)| {
        Case::Scenario(scenario, script).is_called(name)
            || scenario.name.to_lowercase().contains(&name.to_lowercase())
    };
    let runs = |(_, scenario): &(&'s Script, &'s Scenario)| scenario.runs_in(suite);
    for name in names {
        let mut called = all().filter(|it| is_called(name, it)).peekable();
        if called.peek().is_none() {
            return Err(no_scenario(scripts, name));
        }
        if let (Some(suite), false) = (suite, called.any(|it| runs(&it))) {
            let (name, suite) = (name.clone(), suite.name());
            return Err(NoScenario::OfOtherSuites { name, suite });
        }
    }
    let is_named = |it: &(&'s Script, &'s Scenario)| {
        names.is_empty() || names.iter().any(|name| is_called(name, it))
    };
    let chosen: Vec<_> = all().filter(|it| runs(it) && is_named(it)).collect();
    match (chosen.is_empty(), suite) {
        (true, Some(suite)) => Err(NoScenario::OfSuite(suite.name())),
        _ => Ok(chosen),
    }
}

/// Why nothing is called that.
fn no_scenario(scripts: &[Script], name: &str) -> NoScenario {
    let requirements = || Catalogue::get().requirements.iter();
    if let Some(requirement) = requirements().find(|it| it.id == name) {
        let row = Matrix::get().row(requirement.id);
        let reason = row.and_then(|row| row.reason).map(ToOwned::to_owned);
        return NoScenario::Uncarried {
            id: requirement.id,
            reason: reason
                .unwrap_or_else(|| format!("`tigress explain {name}` lists the vectors that do")),
        };
    }
    let scenarios = || scripts.iter().flat_map(|script| &script.scenarios);
    let themes: BTreeSet<_> = scenarios()
        .map(|it| format!("scenarios/{}", it.theme()))
        .collect();
    let known = themes.iter().map(String::as_str);
    let known = known.chain(scenarios().map(|it| it.name.as_str()));
    NoScenario::Unknown {
        hint: Hint::nearest(name, known.chain(requirements().map(|it| it.id))),
        name: name.to_owned(),
    }
}

/// What is named where an intermediary is asked everything that is asked of one: its family of vectors, and each requirement on it.
#[must_use]
pub fn of_an_intermediary() -> Vec<String> {
    let requirements = Catalogue::get().requirements.iter();
    let owed = requirements.filter(|requirement| requirement.is_of_intermediaries());
    let owed = owed.map(|requirement| requirement.id.to_owned());
    std::iter::once("intermediary".to_owned())
        .chain(owed)
        .collect()
}

/// Whether a case belongs to a run of that suite: what is no suite's always does.
fn is_of(case: &Case, suite: SuiteRef) -> bool {
    case.suite().is_none_or(|own| own == suite.name())
}

/// One part of a run that is split into several: what stands at the places `index`, `index + of`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// The whole run.
    pub const WHOLE: Shard = Shard { index: 1, of: 1 };

    /// Whether what stands at a place of the run, from 0, is in this part.
    #[must_use]
    pub fn contains(self, place: usize) -> bool {
        place % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<usize>().ok();
        text.split_once('/')
            .and_then(|(index, of)| Some((number(index)?, number(of)?)))
            .filter(|(index, of)| (1..=*of).contains(index))
            .map(|(index, of)| Shard { index, of })
            .ok_or_else(|| "a part is I/N, with I from 1 to N".to_owned())
    }
}
