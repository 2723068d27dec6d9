//! What is wrong with the page.

use super::{Case, Filling, Matrix, Place, Row, normal, numbers};
use crate::conformance::case::{self, Cases};
use crate::conformance::catalogue::Catalogue;
use crate::conformance::vector::Body;
use std::collections::BTreeMap;

/// What is wrong, each in a line: what, and where.
pub type Faults = Vec<String>;

/// The cases by their names.
struct Index<'a> {
    vectors: BTreeMap<String, case::Case<'a>>,
    scenarios: Vec<case::Case<'a>>,
}

impl<'a> Index<'a> {
    fn of(cases: &'a Cases) -> Self {
        let (mut vectors, mut scenarios) = (BTreeMap::new(), Vec::new());
        for case in cases.iter() {
            match case {
                case::Case::Vector(_) => {
                    vectors.insert(case.name().replace("tigress-1/", ""), case);
                }
                case::Case::Scenario(..) => scenarios.push(case),
            }
        }
        Index { vectors, scenarios }
    }

    /// The cases that are called so; several where an outline has several examples.
    fn find(&self, name: Case) -> Vec<case::Case<'a>> {
        match name {
            Case::Vector(name) => self.vectors.get(name).copied().into_iter().collect(),
            Case::Scenario(name) => {
                let name = name.replace("\\\"", "\"");
                let all = self.scenarios.iter().copied();
                all.filter(|case| is_example_of(case.comment(), &name))
                    .collect()
            }
        }
    }
}

/// Whether `name` is that of the outline, with something in the place of each `<word>`.
fn is_example_of(name: &str, outline: &str) -> bool {
    let mut parts = outline.split('<').enumerate().map(|(index, part)| {
        let behind = part.split_once('>').map_or(part, |(_, behind)| behind);
        if index == 0 { part } else { behind }
    });
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut is_whole = rest.is_empty();
    for part in parts {
        is_whole = rest.ends_with(part);
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    is_whole
}

impl Matrix {
    /// What is wrong with the page, `cases` being all that there are: a requirement without a row, a cell without a case or a
    /// reason, a case that is not there or does not carry the requirement, a number that nothing is said of. A hole is none.
    #[must_use]
    pub fn faults(&self, cases: &Cases) -> Faults {
        let index = Index::of(cases);
        let mut faults = Faults::new();
        let ids: Vec<_> = self.rows.iter().map(|row| row.id).collect();
        let requirements: Vec<_> = Catalogue::get()
            .requirements
            .iter()
            .map(|it| it.id)
            .collect();
        for id in &requirements {
            if !ids.contains(id) {
                faults.push(format!("{id} has no row"));
            }
        }
        if faults.is_empty() && ids != requirements {
            faults.push("the rows do not stand in the order of the profile, each once".to_owned());
        }
        for row in &self.rows {
            self.look_at_row(row, &index, &mut faults);
        }
        self.look_at_numbers(&index, &mut faults);
        faults
    }

    fn place(&self, name: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.name == name)
    }

    fn look_at_row(&self, row: &Row, index: &Index, faults: &mut Faults) {
        let id = row.id;
        let Some(class) = self.class(row) else {
            faults.push(format!("{id}: no class is called {:?}", row.class));
            return;
        };
        if class.places.is_empty() != row.reason.is_some() {
            let word = "(reason), where its class has no places, and nowhere else";
            faults.push(format!("{id}: a row says {word}"));
        }
        for place in class
            .places
            .iter()
            .chain(row.cells.iter().map(|it| &it.place))
        {
            if self.place(place).is_none() {
                faults.push(format!("{id}: no place is called {place:?}"));
            }
            let said = row.cells.iter().filter(|cell| cell.place == *place).count();
            let by_itself = self.by_itself(place).is_some();
            if said > 1 || said == 0 && !by_itself {
                faults.push(format!("{id}: {place:?} is said {said} times"));
            }
        }
        let mut stateful = false;
        for cell in &row.cells {
            let place = format!("{id}, {}", cell.place);
            stateful |= look_at_filling(id, &place, &cell.filling, index, faults);
        }
        let derived = self.cells(row);
        let derived = derived
            .iter()
            .find(|cell| matches!(cell.filling, Filling::ByItself(_)));
        if let Some(cell) = derived.filter(|_| !stateful) {
            let what = "no case of the row is a conversation or a scenario";
            faults.push(format!("{id}, {}: {what}", cell.place));
        }
        for number in self.unsaid(row) {
            faults.push(format!("{id}: nothing is said of its number {number}"));
        }
    }

    fn look_at_numbers(&self, index: &Index, faults: &mut Faults) {
        let bounds = self.bounds.iter().map(|bound| (bound.id, bound.number));
        let constants = self.constants.iter();
        let constants = constants.flat_map(|it| it.numbers.iter().map(|number| (it.id, *number)));
        for (id, number) in bounds.chain(constants) {
            let text = Catalogue::get().find(id).map_or("", |it| it.text);
            let spelled = numbers(text).contains(&normal(number)) || text.contains(number);
            if !spelled {
                faults.push(format!("{id} does not say {number}"));
            }
        }
        for bound in &self.bounds {
            if self.place(bound.place).is_none() {
                faults.push(format!(
                    "{}: no place is called {:?}",
                    bound.id, bound.place
                ));
            }
            for (word, filling) in [
                ("below", &bound.below),
                ("at", &bound.at),
                ("above", &bound.above),
            ] {
                let place = format!("{}, {} {word}", bound.id, bound.number);
                look_at_filling(bound.id, &place, filling, index, faults);
            }
        }
    }
}

/// Looks at a cell, and says whether it names a case in which a state is kept from step to step.
fn look_at_filling(
    id: &str,
    place: &str,
    filling: &Filling,
    index: &Index,
    faults: &mut Faults,
) -> bool {
    let mut stateful = false;
    match filling {
        Filling::Cases(names) if names.is_empty() => faults.push(format!("{place}: no case")),
        Filling::None(reason) if reason.len() < 10 => {
            faults.push(format!("{place}: {reason:?} is no reason"));
        }
        _ => {}
    }
    for name in filling.cases() {
        let found = index.find(*name);
        let carries = |case: &case::Case| case.requirements().iter().any(|it| it == id);
        if found.is_empty() {
            faults.push(format!("{place}: {name:?} is not there"));
        } else if !found.iter().any(carries) {
            faults.push(format!("{place}: {name:?} does not carry {id}"));
        }
        stateful |= found.iter().any(|case| match case {
            case::Case::Vector(vector) => matches!(vector.body, Body::Conversation(_)),
            case::Case::Scenario(..) => true,
        });
    }
    stateful
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_found_by_their_outline() {
        let outline = "A link for <lifetime> is <made>";
        assert!(is_example_of("A link for 7 days is made", outline));
        assert!(!is_example_of("A link for 7 days was made", outline));
        assert!(is_example_of("A link is taken", "A link is taken"));
        assert!(!is_example_of("A link is taken twice", "A link is taken"));
        assert!(!is_example_of("A link", "A link is taken"));
    }
}
