//! The document as one page.

use super::undrawn;
use crate::conformance::dossier::{Clause, Dossier, Exhibit, Theme};
use crate::conformance::scenario::diagram::Diagram;
use crate::report::page;
use minijinja::value::Serde;
use minijinja::{Value, context};

/// The page.
#[must_use]
pub fn page(dossier: &Dossier) -> String {
    let themes: Vec<_> = dossier.themes.iter().map(theme).collect();
    let clauses: Vec<_> = dossier.clauses.iter().map(clause).collect();
    let content = context! { themes, clauses, ..Value::from(Serde(dossier)) };
    page::render(include_str!("scenarios.html"), content)
}

fn clause(clause: &Clause) -> Value {
    let attacks = clause.attacks.iter();
    let attacks = attacks.map(|it| format!("attack {}, {}{}", it.number, it.what, it.who()));
    context! { attacks => attacks.collect::<Vec<_>>(), ..Value::from(Serde(clause)) }
}

fn theme(theme: &Theme) -> Value {
    let exhibits: Vec<_> = theme.exhibits.iter().map(exhibit).collect();
    context! { exhibits, ..Value::from(Serde(theme)) }
}

fn exhibit(exhibit: &Exhibit) -> Value {
    let diagram = exhibit.diagram.as_ref().map(Diagram::svg);
    let [outcome, words] = match exhibit.failure {
        None => ["passed", "succeeded"],
        Some(_) => ["failed", "failed"],
    };
    context! {
        outcome,
        words,
        diagram => diagram.map(Value::from_safe_string),
        undrawn => undrawn(exhibit),
        ..Value::from(Serde(exhibit))
    }
}
