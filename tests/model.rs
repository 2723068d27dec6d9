//! The models: what their small bounds come to, and that their page says what they are. `tigress model` explores them all.

use crate::sample;

use std::collections::BTreeSet;
use tigress_signal::conformance::catalogue::Catalogue;
use tigress_signal::model::figures::{FIGURES, Figures};
use tigress_signal::model::{End, Limits, MODELS};

const PAGE: &str = include_str!("../docs/model.md");

/// Every property holds within the small bounds, and the figures are those that are checked in: what changes the engine's behaviour
/// changes one. A sample explores a third of them.
///
/// `SNAPSHOTS=overwrite TIGRESS_SEED=all cargo test` writes them anew.
#[test]
fn small_bounds_come_to_what_is_checked_in() {
    let limits = Limits {
        threads: 2,
        memory: 12 << 30,
        ..Limits::default()
    };
    let mut text = FIGURES.lines().next().expect("a heading").to_owned() + "\n";
    let mut place = sample::seed().unwrap_or_default();
    for model in MODELS {
        for rung in 0..model.quick() {
            place += 1;
            if sample::seed().is_some() && !place.is_multiple_of(3) {
                let figures = Figures::checked_in(model.name(), rung).expect("they are checked in");
                text.push_str(&figures.line(model.name(), rung));
                continue;
            }
            let outcome = model.explore(rung, &limits, &mut |_| {});
            if let End::Broken(counterexample) = &outcome.end {
                panic!("{} {}: {counterexample:#?}", model.name(), rung + 1);
            }
            let figures = Figures::of(&outcome).expect("it is small");
            text.push_str(&figures.line(model.name(), rung));
        }
    }
    snapbox::assert_data_eq!(text, snapbox::file!["../src/model/figures.csv"].raw());
}

#[test]
fn each_line_of_figures_is_read_as_it_was_written() {
    for model in MODELS {
        for rung in 0..model.quick() {
            let figures = Figures::checked_in(model.name(), rung).expect("they are checked in");
            assert!(FIGURES.contains(&figures.line(model.name(), rung)));
        }
        assert_eq!(
            Figures::checked_in(model.name(), model.bounds().len()),
            None
        );
    }
}

/// A goal that the small bounds do not reach is one that a larger one does: the page says so.
#[test]
fn models_say_what_they_are() {
    let mut names = BTreeSet::new();
    for model in MODELS {
        assert!(names.insert(model.name()), "{}", model.name());
        assert!(model.quick() <= model.bounds().len());
        assert!(model.goals().len() <= 64, "a bit each");
        assert!(!model.goals().is_empty() && !model.properties().is_empty());
        let distinct = |texts: &[&str]| BTreeSet::from_iter(texts).len() == texts.len();
        for properties in [model.properties(), model.goals()] {
            let words: Vec<_> = properties.iter().map(|property| property.name).collect();
            assert!(distinct(&words), "{words:?}");
            for property in properties {
                let name = property.name;
                assert!(name.ends_with('.'), "{name}");
                for id in property.requirements {
                    assert!(Catalogue::get().find(id).is_some(), "{name}: {id}");
                }
            }
        }
    }
    assert_eq!(names.len(), MODELS.len());
}

/// docs/model.md is made by `tigress model --all --page`: here it is held to what the models say of themselves.
#[test]
fn the_page_shows_every_model() {
    let mut missing = Vec::new();
    for model in MODELS {
        let mut words = vec![format!("### {}\n\n{}\n", model.name(), model.about())];
        for (number, bounds) in (1..).zip(model.bounds()) {
            words.push(format!("| {} {number} | {bounds} |", model.name()));
        }
        let named = model.properties().iter().chain(model.goals());
        words.extend(named.map(|property| property.name.to_owned()));
        words.extend(
            model
                .reductions()
                .iter()
                .map(|words| format!("* {words}\n")),
        );
        missing.extend(words.into_iter().filter(|words| !PAGE.contains(words)));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
