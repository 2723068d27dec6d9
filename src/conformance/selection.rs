//! Which vectors are run: all, or those that `--only` names.

use super::catalogue::Catalogue;
use super::vector::{Family, Vector};
use std::fmt;

/// A choice of vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    names: Vec<String>,
}

/// A name that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No family, vector or requirement is called that.
    #[error("no family, vector or requirement is called `{name}`{hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest known name.
        hint: Hint,
    },
    /// The requirement is known, but no vector carries it.
    #[error("no vector carries {0}")]
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
    /// Every vector.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The vectors that any of `names` names: a family, a vector, a requirement.
    ///
    /// A family of the program is always known: its file may be the one that is broken.
    ///
    /// # Errors
    /// The first name that selects nothing.
    pub fn of(names: Vec<String>, vectors: &[Vector]) -> Result<Self, SelectionError> {
        for name in &names {
            if Family::find(name).is_some() || vectors.iter().any(|vector| selects(name, vector)) {
                continue;
            }
            if Catalogue::get().find(name).is_some() {
                return Err(SelectionError::Uncarried(name.clone()));
            }
            let vector_names: Vec<_> = vectors.iter().map(Vector::name).collect();
            let known = Family::ALL
                .iter()
                .map(|family| family.name)
                .chain(Catalogue::get().requirements.iter().map(|r| r.id))
                .chain(vector_names.iter().map(String::as_str));
            return Err(SelectionError::Unknown {
                hint: Hint::nearest(name, known),
                name: name.clone(),
            });
        }
        Ok(Selection { names })
    }

    /// Whether that vector is run.
    #[must_use]
    pub fn contains(&self, vector: &Vector) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| selects(name, vector))
    }

    /// What was asked for; nothing for every vector.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn selects(name: &str, vector: &Vector) -> bool {
    vector.family == name
        || vector.requirements.iter().any(|id| id == name)
        || vector.name() == name
}
