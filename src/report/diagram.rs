//! The pictures of a diagram on one page.

use super::page;
use crate::conformance::scenario::diagram::Part;
use minijinja::{Value, context};

/// The page.
#[must_use]
pub fn page(parts: &[Part<'_>]) -> String {
    let pictures: Vec<Value> = parts
        .iter()
        .map(|part| context! { title => part.title(), svg => Value::from_safe_string(part.svg()) })
        .collect();
    page::render(include_str!("diagram.html"), context! { pictures })
}
