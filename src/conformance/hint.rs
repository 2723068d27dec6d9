//! "Did you mean": the known name nearest to one that is not known.

use std::fmt;

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
    /// Whether no known name is near.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The one of `known` that is nearest to `name`, if it is near enough to be meant.
    pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        const NEAR: f64 = 0.6;
        // Longer names are nobody's slip of the pen, and comparing them takes time.
        const LONG: usize = 200;
        if name.len() > LONG {
            return Hint(None);
        }
        let name = name.to_lowercase();
        let near = known
            .into_iter()
            .filter(|known| known.len() <= LONG)
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
