//! The pages that trace: what they name is there, and what they must name stands in them.

use std::collections::BTreeSet;
use std::path::Path;
use tigress_signal::conformance::case::Cases;
use tigress_signal::conformance::catalogue::{Catalogue, is_requirement_id};
use tigress_signal::conformance::matrix::{Case as Name, Filling, HOLES, Matrix};
use tigress_signal::conformance::scenario::feature::Feature;
use tigress_signal::conformance::scenario::library::{Library, SCRIPTS};
use tigress_signal::conformance::threats::Threats;

const REQUIREMENTS: &str = include_str!("../docs/requirements.md");
const THREATS: &str = include_str!("../docs/threats.md");

/// The rows of all tables of a page, cell by cell, without heads.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix('|'));
    let cells = rows.map(|row| {
        let cells = row.trim_end_matches('|').split('|');
        cells
            .map(|cell| cell.trim().replace(r"\<", "<"))
            .collect::<Vec<_>>()
    });
    let is_rule = |row: &Vec<String>| row.iter().all(|cell| cell.starts_with("---"));
    let all: Vec<_> = cells.collect();
    let is_head = |index: usize| all.get(index + 1).is_some_and(is_rule);
    let mut found = Vec::new();
    for (index, row) in all.iter().enumerate() {
        if !is_rule(row) && !is_head(index) {
            found.push(row.clone());
        }
    }
    found
}

/// What stands in straight quotes; inside a name quotes bear a backslash.
fn quoted(cell: &str) -> Vec<String> {
    let marked = cell.replace("\\\"", "\u{1}");
    let parts = marked.split('"').skip(1).step_by(2);
    parts.map(|part| part.replace('\u{1}', "\"")).collect()
}

/// The names of all scenarios and outlines, as they stand.
fn scenarios() -> BTreeSet<String> {
    let features = SCRIPTS.iter().map(|(name, text)| {
        Feature::parse(text).unwrap_or_else(|faults| panic!("{name}: {faults:?}"))
    });
    let scenarios = features.flat_map(|feature| feature.scenarios);
    scenarios.map(|scenario| scenario.name).collect()
}

/// The words that are ids of requirements.
fn ids(text: &str) -> BTreeSet<&str> {
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words = text.split(|c: char| !is_of_id(c));
    words.filter(|word| is_requirement_id(word)).collect()
}

#[test]
fn each_scenario_that_a_page_names_is_there() {
    let there = scenarios();
    for (page, text) in [("requirements", REQUIREMENTS), ("threats", THREATS)] {
        let rows = rows(text);
        let names: Vec<_> = rows
            .iter()
            .flatten()
            .flat_map(|cell| quoted(cell))
            .collect();
        assert!(names.len() > 20, "{page}: {} names", names.len());
        for name in names {
            assert!(
                there.contains(&name),
                "docs/{page}.md: no scenario is called {name:?}"
            );
        }
    }
}

#[test]
fn each_requirement_that_a_page_names_is_in_the_profile() {
    for (page, text) in [("requirements", REQUIREMENTS), ("threats", THREATS)] {
        for id in ids(text) {
            assert!(Catalogue::get().find(id).is_some(), "docs/{page}.md: {id}");
        }
    }
}

#[test]
fn each_general_requirement_is_traced_to_requirements_and_scenarios() {
    let rows = rows(REQUIREMENTS);
    for name in [
        "Req-XPlatform",
        "Req-P2P",
        "Req-CredentialType",
        "Req-Security",
        "Req-Privacy",
        "Req-Connectivity",
        "Req-RoundTrips",
        "Req-Opaque",
        "Req-SenderTrust",
        "Req-ReceiverTrust",
    ] {
        let row = rows.iter().find(|row| row[0] == name).expect(name);
        assert!(
            !ids(&row[2]).is_empty() && !quoted(&row[3]).is_empty(),
            "{name}"
        );
    }
    // Those that the profile names are all of them.
    let profile = include_str!("../docs/profile.md");
    for (at, _) in profile.match_indices("(Req-") {
        let name = profile[at + 1..]
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .next();
        let name = name.expect("a word");
        assert!(rows.iter().any(|row| row[0] == name), "{name}");
    }
}

/// Each line of an attacker, and each attack, has its scenario; each attack has one that bears its number.
#[test]
fn each_threat_has_its_scenario() {
    let rows = rows(THREATS);
    let mut attacks = BTreeSet::new();
    for row in &rows {
        let scenario = row.last().expect("a cell");
        let names = quoted(scenario);
        assert_eq!(names.len(), 1, "{row:?}");
        if let Ok(number) = row[0].parse::<u32>() {
            assert!(
                names[0].starts_with(&format!("Attack {number}, ")),
                "{row:?}"
            );
            assert!(!ids(&row[2]).is_empty(), "{row:?}");
            attacks.insert(number);
        } else {
            assert!(["can", "cannot"].contains(&row[0].as_str()), "{row:?}");
        }
    }
    assert_eq!(attacks, (1..=16).collect());
}

/// Of the page nothing is lost where it is read, and each of its lines finds its scenarios by name.
#[test]
fn the_threats_are_those_of_the_page() {
    let Threats { threats, attacks } = Threats::get();
    assert_eq!(threats.len() + attacks.len(), rows(THREATS).len());
    assert!(attacks.iter().map(|it| it.number).eq(1..=16));
    let library = Library::load(None);
    let scenarios = library.scripts.iter().flat_map(|it| &it.scenarios);
    let names: Vec<_> = scenarios.map(|it| it.name.as_str()).collect();
    for threat in threats {
        assert!(
            names.iter().any(|name| threat.is_shown_by(name)),
            "{threat:?}"
        );
    }
    let lost = threats
        .iter()
        .find(|it| it.what.starts_with("drop what goes"));
    let lost = lost.expect("a line of the network");
    for (name, is_meant) in [
        ("A bundle request is lost, and asked again", true),
        ("A bundle request is held back, and asked again", false),
        ("Once a reading is lost, and asked again", false),
        ("A reading is lost, and asked again and again", false),
    ] {
        assert_eq!(lost.is_shown_by(name), is_meant, "{name}");
    }
    let held_off = Threats::get().held_off_by("SES-10");
    let held_off = held_off.map(|it| (it.number, it.attackers.as_slice()));
    assert!(held_off.eq([(4, &["The intermediary", "A thief"][..])]));
    assert_eq!(Threats::get().held_off_by("KEY-01").count(), 0);
}

/// A script of the folder that the program does not have would show nothing.
#[test]
fn no_script_waits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for theme in std::fs::read_dir(folder).expect("a folder") {
        let theme = theme.expect("a theme").path();
        for file in std::fs::read_dir(theme).expect("a folder") {
            let path = file.expect("a file").path();
            assert_eq!(
                path.extension().and_then(|end| end.to_str()),
                Some("feature"),
                "{path:?}"
            );
        }
    }
}

/// Each requirement in each of its places, each number below, at and above it; a hole that is closed stays so.
#[test]
fn the_matrix_is_complete() {
    let matrix = Matrix::get();
    let faults = matrix.faults(&Cases::load(None, None));
    assert!(faults.is_empty(), "docs/matrix.md:\n{}", faults.join("\n"));
    let count = matrix.count(|_| true);
    assert_eq!(count.holes, HOLES, "a closed hole lowers HOLES");
    assert!(count.cases > 800, "{count:?}");
}

/// What the check is for: each of these makes it speak.
#[test]
fn a_matrix_that_lacks_something_is_told() {
    let cases = Cases::load(None, None);
    let told = |change: &dyn Fn(&mut Matrix), words: &str| {
        let mut matrix = Matrix::get().clone();
        change(&mut matrix);
        let faults = matrix.faults(&cases);
        assert!(
            faults.iter().any(|fault| fault.contains(words)),
            "{words}: {faults:?}"
        );
    };
    let row = |matrix: &mut Matrix, id: &str| {
        let at = matrix.rows.iter().position(|row| row.id == id);
        at.expect("a row")
    };
    told(&|it| drop(it.rows.remove(7)), "has no row");
    told(&|it| it.rows.swap(3, 4), "order of the profile");
    told(
        &|it| it.bounds.retain(|bound| bound.id != "DR-11"),
        "DR-11: nothing is said of its number 1000",
    );
    told(&|it| it.bounds[0].number = "37", "ID-01 does not say 37");
    told(
        &|it| it.bounds[0].place = "nowhere",
        "no place is called \"nowhere\"",
    );
    told(
        &|it| {
            let at = row(it, "DR-14");
            it.rows[at].cells.retain(|cell| cell.place != "former");
        },
        "DR-14: \"former\" is said 0 times",
    );
    told(
        &|it| {
            let at = row(it, "DR-14");
            it.rows[at].cells[0].filling = Filling::Cases(vec![Name::Vector("kdf/root_step")]);
        },
        "does not carry DR-14",
    );
    told(
        &|it| {
            let at = row(it, "DR-14");
            it.rows[at].cells[0].filling = Filling::Cases(vec![Name::Scenario("Nobody comes")]);
        },
        "is not there",
    );
    told(
        &|it| {
            let at = row(it, "DR-14");
            it.rows[at].class = "nothing";
        },
        "no class is called \"nothing\"",
    );
}
