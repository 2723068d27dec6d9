//! Which vectors and scenarios are run: all, or those that `--only` names.

use super::case::{Case, Cases};
use super::catalogue::Catalogue;
use super::vector::{BuiltIn, Family};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A choice of vectors and scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    names: Vec<String>,
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
}

/// The nearest known name, if one is near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint(Option<String>);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl Hint {
    /// The one of `known` that is nearest to `name`, if it is near enough to be meant.
    pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        const NEAR: f64 = 0.6;
        let name = name.to_lowercase();
        let near = known
            .into_iter()
            .map(|known| {
                let likeness = strsim::normalized_damerau_levenshtein(&name, &known.to_lowercase());
                (likeness, known)
            })
            .filter(|(likeness, _)| *likeness >= NEAR)
            // The first of several that are equally near.
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        Hint(near.map(|(_, known)| known.to_owned()))
    }
}

impl Selection {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// What any of `names` names: a family, a vector, a theme, a scenario, a requirement.
    ///
    /// A family of the program is always known: its file may be the one that is broken.
    ///
    /// # Errors
    /// The first name that selects nothing.
    pub fn of(names: Vec<String>, cases: &Cases) -> Result<Self, SelectionError> {
        for name in &names {
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
        Ok(Selection { names })
    }

    /// Whether that is run.
    #[must_use]
    pub fn contains(&self, case: &Case) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| case.is_called(name))
    }

    /// What was asked for; nothing for everything.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
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
