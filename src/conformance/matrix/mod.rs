//! The matrix of `docs/matrix.md`: for each requirement the places where it holds, with a case in each of them or the reason
//! why there is none; and each number of the profile with what is asked below it, at it and above it.

mod cell;
mod check;
mod numbers;
mod page;

pub use cell::{Case, Filling};
pub use check::Faults;
pub use numbers::{normal, numbers};

use super::catalogue::Catalogue;
use serde::Serialize;
use std::sync::LazyLock;

/// The page as this build was made with it.
pub const PAGE: &str = include_str!("../../../docs/matrix.md");

/// So many cells may wait for a case: the number only ever goes down.
pub const HOLES: usize = 0;

/// Where a requirement may hold: who is on the other side, what went before, through which door something comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its name, one or two words.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Why a row that names no case here has one all the same; none where each row must name one.
    pub by_itself: Option<&'static str>,
}

/// What requirements of one kind have in common: the places where they hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// What its requirements say.
    pub meaning: &'static str,
    /// The places where they hold; none for those that nobody outside can see.
    pub places: Vec<&'static str>,
    /// Why they hold nowhere else.
    pub nowhere_else: &'static str,
}

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its id.
    pub id: &'static str,
    /// The name of its class.
    pub class: &'static str,
    /// What stands in its places, in the order of the page.
    pub cells: Vec<Cell>,
    /// Why it has no cells.
    pub reason: Option<&'static str>,
}

/// What stands in one place of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The name of the place.
    pub place: &'static str,
    /// The cases, or why there are none.
    pub filling: Filling,
}

/// A number of the profile that something is held to, in one of its places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// The requirement that states it.
    pub id: &'static str,
    /// The number, as it stands there.
    pub number: &'static str,
    /// Where it is asked for.
    pub place: &'static str,
    /// What is below it.
    pub below: Filling,
    /// What is at it.
    pub at: Filling,
    /// What is above it.
    pub above: Filling,
}

/// Numbers of a requirement that nothing can lie below or above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Constant {
    /// The requirement that states them.
    pub id: &'static str,
    /// The numbers, as they stand there.
    pub numbers: Vec<&'static str>,
    /// Why they are no bounds.
    pub reason: &'static str,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The places.
    pub places: Vec<Place>,
    /// The classes.
    pub classes: Vec<Class>,
    /// The requirements, in the order of the profile.
    pub rows: Vec<Row>,
    /// The numbers that are bounds.
    pub bounds: Vec<Bound>,
    /// The numbers that are none.
    pub constants: Vec<Constant>,
}

/// The page, in which `\<` stands for `<`: else Markdown would take `<word>` for HTML.
static TEXT: LazyLock<String> = LazyLock::new(|| PAGE.replace(r"\<", "<"));
static MATRIX: LazyLock<Matrix> = LazyLock::new(|| page::parse(&TEXT));

/// How many cells there are, and of which kind. Those of the numbers count too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Cells that name cases.
    pub cases: usize,
    /// Cells that have one by themselves ([`Place::by_itself`]).
    pub by_itself: usize,
    /// Cells with a reason.
    pub reasons: usize,
    /// Cells that wait for a case.
    pub holes: usize,
}

impl Count {
    fn add(&mut self, filling: &Filling) {
        let kind = match filling {
            Filling::Cases(_) => &mut self.cases,
            Filling::ByItself(_) => &mut self.by_itself,
            Filling::None(_) => &mut self.reasons,
            Filling::Hole(_) => &mut self.holes,
        };
        *kind += 1;
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.cases + self.by_itself + self.reasons + self.holes
    }
}

impl Matrix {
    /// The matrix of the page that this build was made with.
    #[must_use]
    pub fn get() -> &'static Matrix {
        &MATRIX
    }

    /// The class of a row; none where the page lacks it.
    #[must_use]
    pub fn class(&self, row: &Row) -> Option<&Class> {
        self.classes.iter().find(|class| class.name == row.class)
    }

    /// The row of a requirement.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The numbers of a requirement that are bounds.
    pub fn bounds_of(&self, id: &str) -> impl Iterator<Item = &Bound> {
        self.bounds.iter().filter(move |bound| bound.id == id)
    }

    /// The cells of a row: those of its class's places in their order, then what the row has beyond them. A place that the row
    /// does not name has its case by itself, or is a hole.
    #[must_use]
    pub fn cells(&self, row: &Row) -> Vec<Cell> {
        let places = self.class(row).map_or(&[][..], |class| &class.places);
        let of_class = places.iter().map(|place| {
            let own = row.cells.iter().find(|cell| cell.place == *place);
            own.cloned().unwrap_or_else(|| Cell {
                place,
                filling: self
                    .by_itself(place)
                    .map_or(Filling::Hole("nothing is said"), Filling::ByItself),
            })
        });
        let beyond = row
            .cells
            .iter()
            .filter(|cell| !places.contains(&cell.place));
        of_class.chain(beyond.cloned()).collect()
    }

    fn by_itself(&self, place: &str) -> Option<&'static str> {
        let place = self.places.iter().find(|known| known.name == place);
        place.and_then(|place| place.by_itself)
    }

    /// How many cells there are of the requirements that `wanted` names.
    pub fn count(&self, wanted: impl Fn(&str) -> bool) -> Count {
        let mut count = Count::default();
        for row in self.rows.iter().filter(|row| wanted(row.id)) {
            for cell in self.cells(row) {
                count.add(&cell.filling);
            }
            for bound in self.bounds_of(row.id) {
                for filling in [&bound.below, &bound.at, &bound.above] {
                    count.add(filling);
                }
            }
        }
        count
    }

    /// Numbers of a requirement that the page says nothing of. What is computed needs no word: another number gives other
    /// bytes, and the case in its one cell shows that.
    #[must_use]
    pub fn unsaid(&self, row: &Row) -> Vec<String> {
        let computed = self
            .class(row)
            .is_some_and(|class| class.name == "computed");
        let text = Catalogue::get().find(row.id).map_or("", |it| it.text);
        let bounds = self.bounds_of(row.id).map(|bound| normal(bound.number));
        let of_row = self.constants.iter().filter(|it| it.id == row.id);
        let constants = of_row.flat_map(|it| it.numbers.iter().map(|it| normal(it)));
        let said: Vec<_> = bounds.chain(constants).collect();
        let mut unsaid = numbers(text);
        unsaid.retain(|number| !computed && !said.contains(number));
        unsaid.dedup();
        unsaid
    }
}
