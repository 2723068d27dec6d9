//! Reads the page: the tables under its headings.

use super::cell::{cut, reason};
use super::{Bound, Cell, Class, Constant, Filling, Matrix, Place, Row};

/// The matrix of a page. A row that has too few cells is passed over; what is missing then, the check tells.
pub(super) fn parse(page: &'static str) -> Matrix {
    let mut matrix = Matrix::default();
    let mut heading = "";
    let lines: Vec<_> = page.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title;
        }
        let next = lines.get(index + 1);
        let is_head = next.is_some_and(|next| next.starts_with("| ---"));
        if line.starts_with("| ") && !line.starts_with("| ---") && !is_head {
            add(&mut matrix, heading, &cells(line));
        }
    }
    matrix
}

/// The cells of a line of a table.
fn cells(line: &'static str) -> Vec<&'static str> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(str::trim).collect()
}

fn add(matrix: &mut Matrix, heading: &str, cells: &[&'static str]) {
    match (heading, cells) {
        ("Places", [name, meaning, by_itself]) => matrix.places.push(Place {
            name,
            meaning,
            by_itself: Some(*by_itself).filter(|reason| !reason.is_empty()),
        }),
        ("Classes", [name, meaning, places, nowhere_else]) => matrix.classes.push(Class {
            name,
            meaning,
            places: words(places),
            nowhere_else,
        }),
        ("Requirements", [id, class, text]) => matrix.rows.push(Row {
            id,
            class,
            cells: row(text),
            reason: reason(text),
        }),
        ("Numbers", [id, number, place, below, at, above]) => matrix.bounds.push(Bound {
            id,
            number,
            place,
            below: Filling::parse(below),
            at: Filling::parse(at),
            above: Filling::parse(above),
        }),
        ("Numbers that are no bounds", [id, numbers, reason]) => matrix.constants.push(Constant {
            id,
            numbers: numbers.split(';').map(str::trim).collect(),
            reason,
        }),
        _ => {}
    }
}

/// The cells of a row: `first: case, case; open, new: case; former (reason)`.
fn row(text: &'static str) -> Vec<Cell> {
    if reason(text).is_some() {
        return Vec::new();
    }
    let mut cells = Vec::new();
    for part in cut(text, ';') {
        let (places, filling) = match (cut(part, ':').as_slice(), part.find('(')) {
            ([places, _, ..], _) => (*places, Filling::parse(&part[places.len() + 1..])),
            (_, Some(begin)) => (&part[..begin], Filling::parse(&part[begin..])),
            _ => (part, Filling::Cases(Vec::new())),
        };
        for place in words(places) {
            let filling = filling.clone();
            cells.push(Cell { place, filling });
        }
    }
    cells
}

fn words(text: &'static str) -> Vec<&'static str> {
    let words = text.split(',').map(str::trim);
    words.filter(|word| !word.is_empty()).collect()
}
