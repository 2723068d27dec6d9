//! What is wrong with a value that breaks its schema: at the innermost place, in one sentence.

use super::printable::shortened;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

/// A sentence quotes the value that is wrong, and is shortened to so many characters.
const LONG: usize = 160;

/// One thing that is wrong.
pub(super) enum Fault<'a> {
    /// What the schema says of the value at one place.
    Broken(&'a ValidationError<'a>),
    /// The value is none of several constants.
    NoneOf {
        /// Where, as a JSON pointer.
        place: String,
        /// The constants.
        known: Vec<String>,
    },
}

impl Fault<'_> {
    /// Where, as a JSON pointer.
    pub(super) fn place(&self) -> &str {
        match self {
            Fault::Broken(error) => error.instance_path().as_str(),
            Fault::NoneOf { place, .. } => place,
        }
    }

    /// What is wrong there.
    pub(super) fn says(&self) -> String {
        match self {
            Fault::Broken(error) => shortened(&error.to_string(), LONG).into_owned(),
            Fault::NoneOf { known, .. } => format!("not one of {}", known.join(", ")),
        }
    }
}

/// The faults that an error stands for, at least one. Of several shapes the one is meant whose constants fit (a group's
/// `type`, a step's `op`), which is not of another type altogether (`null`), and which does not lack its name
/// (`submit` of a step that fetches bundles).
pub(super) fn faults<'a>(error: &'a ValidationError<'a>) -> Vec<Fault<'a>> {
    let (ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context }) =
        error.kind()
    else {
        return vec![Fault::Broken(error)];
    };
    let own = depth(error);
    let constant = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), ValidationErrorKind::Constant { .. }) && depth(inner) == own + 1
    };
    let of_another_type = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), ValidationErrorKind::Type { .. }) && depth(inner) == own
    };
    let without_its_name = |inner: &ValidationError<'_>| {
        matches!(inner.kind(), ValidationErrorKind::Required { .. }) && depth(inner) == own
    };
    let mut meant: Vec<&Vec<ValidationError<'_>>> = context
        .iter()
        .filter(|branch| !branch.iter().any(constant))
        .collect();
    let others: [&dyn Fn(&ValidationError<'_>) -> bool; 2] = [&of_another_type, &without_its_name];
    for other in others {
        if meant.len() > 1 {
            meant.retain(|branch| !branch.iter().any(other));
        }
    }
    if let [branch] = meant[..]
        && !branch.is_empty()
    {
        return branch.iter().flat_map(faults).collect();
    }
    let mut constants = context
        .iter()
        .flatten()
        .filter(|inner| constant(inner))
        .peekable();
    match constants.peek() {
        Some(first) => vec![Fault::NoneOf {
            place: first.instance_path().to_string(),
            known: constants
                .filter_map(|inner| match inner.kind() {
                    ValidationErrorKind::Constant { expected_value } => {
                        Some(expected_value.to_string())
                    }
                    _ => None,
                })
                .collect(),
        }],
        None => vec![Fault::Broken(error)],
    }
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}
