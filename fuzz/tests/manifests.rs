//! The targets have two manifests: cargo-fuzz's, and that of the workspace above, by which they are tested and linted on stable.

const FUZZ: &str = include_str!("../Cargo.toml");
const ON_STABLE: &str = include_str!("../on_stable/Cargo.toml");

/// The lines of a table, without its title and without comments.
fn table<'a>(manifest: &'a str, title: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != title).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let lines: Vec<_> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert!(!lines.is_empty(), "no {title}");
    lines
}

/// The packages that a lock file names, each as its name and its version.
fn packages(lock: &str) -> Vec<(&str, &str)> {
    let packages = lock.split("[[package]]\n").skip(1);
    packages
        .filter_map(|package| {
            let mut lines = package.lines();
            let name = lines.next()?.strip_prefix("name = ")?;
            Some((name, lines.next()?.strip_prefix("version = ")?))
        })
        .collect()
}

#[test]
fn both_ask_for_the_same_and_have_the_same_targets() {
    let above = ON_STABLE
        .replace("\"../../", "\"../")
        .replace("\"../..\"", "\"..\"");
    for title in ["[dependencies]", "[lints.rust]", "[lints.clippy]"] {
        assert_eq!(table(FUZZ, title), table(&above, title), "{title}");
    }
    let targets = |manifest: &str| {
        let bins = manifest.split("[[bin]]\n").skip(1);
        let names = bins.filter_map(|bin| bin.lines().next().map(str::to_owned));
        names.collect::<Vec<_>>()
    };
    assert!(!targets(FUZZ).is_empty());
    assert_eq!(targets(FUZZ), targets(ON_STABLE));
}

/// What is published computes with the real primitives: no feature brings the toys along, and they do not build without debug
/// assertions, which no profile but that of fuzzing switches on.
#[test]
fn toys_are_in_nothing_that_is_published() {
    let engine = include_str!("../../Cargo.toml");
    let named = |line: &&str| line.contains("toy") && !line.starts_with('#');
    let lines: Vec<_> = engine.lines().filter(named).collect();
    assert_eq!(lines, ["toy = []"]);
    for settings in [engine, include_str!("../../.cargo/config.toml")] {
        assert!(!settings.contains("[profile.release"));
    }
    let toys = include_str!("../../src/primitives/backend/toy.rs");
    assert!(toys.contains("#[cfg(not(debug_assertions))]\ncompile_error!("));
    let unasked = ON_STABLE.lines().find(|line| line.starts_with("default"));
    assert_eq!(
        unasked, None,
        "the workspace has them only where they are asked for"
    );
}

/// What is tested on stable is what is fuzzed.
#[test]
fn both_lock_the_same_versions() {
    let own = packages(include_str!("../Cargo.lock"));
    let above = packages(include_str!("../../Cargo.lock"));
    assert!(own.len() > 50 && above.len() > own.len());
    let others: Vec<_> = own
        .iter()
        .filter(|package| !above.contains(package) && package.0 != "\"tigress-fuzz\"")
        .collect();
    assert!(others.is_empty(), "{others:?} are not in ../Cargo.lock");
}
