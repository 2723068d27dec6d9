//! Each genre of mutation, compiled and run: what the function says without one, and with it.

use super::*;
use crate::listed::Mutation;
use std::process::Command;
use std::{env, fs};

const ENGINE: &str = r#"
fn value(n: u8) -> Option<u8> {
    Some(n + 1)
}

fn nameless(n: u8) -> impl Iterator<Item = u8> {
    0..n
}

fn operators(a: u8, b: u8) -> bool {
    a + 1 < b && !(a == 2)
}

fn chain(a: Option<u8>) -> bool {
    if let Some(a) = a && a > 2 { true } else { false }
}

fn compound(mut a: u8) -> u8 {
    a += 2;
    a
}

fn arms(a: u8) -> &'static str {
    match a {
        0 => "none",
        1 if a > 0 => "one",
        _ => "many",
    }
}

#[derive(Clone, Default)]
struct Pair {
    left: u8,
    right: u8,
}

fn fields(left: u8) -> u8 {
    let base = Pair { left: 7, right: 7 };
    let pair = Pair { left, ..base.clone() };
    pair.left + pair.right
}

#[cfg(test)]
fn tested() -> u8 {
    1 + 1
}

const fn constant() -> u8 {
    2 * 3
}
"#;

/// The mutation of what stands at the first `at` behind `behind`.
fn mutation(genre: Genre, behind: &str, at: &str, replacement: &str) -> Mutation {
    let from = ENGINE.find(behind).expect("it is there") + behind.len();
    let place = from + ENGINE[from..].find(at).expect("it is there");
    let before = &ENGINE[..place];
    let start = Position {
        line: before.matches('\n').count() + 1,
        column: place - before.rfind('\n').expect("a line"),
    };
    Mutation {
        file: "src/a.rs".to_owned(),
        genre,
        span: crate::listed::Span { start },
        replacement: replacement.to_owned(),
        name: String::new(),
        key: String::new(),
    }
}

fn spliced(mutations: &[Mutation]) -> Spliced {
    let numbered: Vec<(u32, &Mutation)> = (1..).zip(mutations).collect();
    splice(ENGINE, &numbered).expect("it is Rust")
}

/// What a program prints that is made of the functions, first without a mutation, then with each.
fn said(text: &str, mutations: usize) -> Vec<String> {
    let name = format!("mutants-{}", std::process::id());
    let folder = env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let (source, program) = (folder.join("main.rs"), folder.join("main"));
    let main = r#"
mod mutation;
fn main() {
    let all: Vec<u8> = nameless(3).collect();
    print!("{:?} {all:?} {}{}{} ", value(1), operators(1, 3), operators(1, 2), operators(2, 9));
    print!("{}{} {} ", chain(Some(3)), chain(None), compound(5));
    print!("{} {} {} {} {}", arms(0), arms(1), arms(2), fields(1), constant());
}
"#;
    fs::write(&source, format!("{text}{main}")).expect("written");
    fs::write(
        folder.join("mutation.rs"),
        include_str!("../../tree/mutation.rs"),
    )
    .expect("written");
    let built = Command::new("rustc")
        .args(["--edition=2024", "--cap-lints=allow", "-o"])
        .args([&program, &source])
        .output()
        .expect("rustc starts");
    assert!(
        built.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&built.stderr)
    );
    let runs = (0..=mutations).map(|id| {
        let output = Command::new(&program)
            .env("TIGRESS_MUTATION", id.to_string())
            .output();
        String::from_utf8(output.expect("it starts").stdout).expect("text")
    });
    let runs = runs.collect();
    let _ = fs::remove_dir_all(folder);
    runs
}

#[test]
fn each_switch_changes_its_place_alone() {
    use Genre::{BinaryOperator, FnValue, MatchArm, MatchArmGuard, StructField, UnaryOperator};
    let rows = [
        (
            mutation(FnValue, "fn value", "Some(n", "None"),
            "Some(2)",
            "None",
        ),
        (
            mutation(FnValue, "fn nameless", "0..n", "::std::iter::empty()"),
            "[0, 1, 2]",
            "[]",
        ),
        (
            mutation(FnValue, "fn nameless", "0..n", "::std::iter::once(9)"),
            "[0, 1, 2]",
            "[9]",
        ),
        (
            mutation(BinaryOperator, "a + 1 ", "<", ">="),
            "truefalsefalse",
            "falsetruefalse",
        ),
        (
            mutation(BinaryOperator, "a + 1 ", "<", "<="),
            "truefalsefalse",
            "truetruefalse",
        ),
        (
            mutation(BinaryOperator, "fn operators", "&&", "||"),
            "truefalsefalse",
            "truetruetrue",
        ),
        (
            mutation(BinaryOperator, "bool {\n    a ", "+", "-"),
            "truefalsefalse",
            "truetruefalse",
        ),
        (
            mutation(UnaryOperator, "fn operators", "!", ""),
            "truefalsefalse",
            "falsefalsetrue",
        ),
        (
            mutation(BinaryOperator, "= a && a ", ">", "<"),
            " truefalse ",
            " falsefalse ",
        ),
        (
            mutation(BinaryOperator, "fn compound", "+=", "-="),
            " 7 ",
            " 3 ",
        ),
        (
            mutation(MatchArm, "match a {\n", "0 =>", ""),
            "none",
            "many",
        ),
        (
            mutation(MatchArm, "match a {\n", "1 if", ""),
            "one many",
            "many many",
        ),
        (
            mutation(MatchArmGuard, "1 if ", "a > 0", "false"),
            "one many",
            "many many",
        ),
        (
            mutation(StructField, "pair = Pair { ", "left", ""),
            " 8 6",
            " 14 6",
        ),
    ];
    let mutations: Vec<Mutation> = rows.iter().map(|row| row.0.clone()).collect();
    let spliced = spliced(&mutations);
    assert_eq!(spliced.not_built, []);
    let runs = said(&spliced.text, mutations.len());
    for ((mutation, without, with), run) in rows.iter().zip(&runs[1..]) {
        let expected = runs[0].replacen(without, with, 1);
        assert_ne!(expected, runs[0], "{mutation:?}");
        assert_eq!(*run, expected, "{mutation:?}");
    }
}

#[test]
fn what_has_no_switch_is_said() {
    use Genre::{BinaryOperator, FnValue};
    let spliced = spliced(&[
        mutation(BinaryOperator, "fn chain", "&&", "||"),
        mutation(BinaryOperator, "fn constant", "*", "+"),
        mutation(FnValue, "fn tested", "1", "0"),
        mutation(BinaryOperator, "fn tested", "+", "-"),
        mutation(FnValue, "fn tested", "u8", "0"),
    ]);
    let mut left_out = spliced.left_out;
    left_out.sort_unstable();
    assert_eq!(left_out, [3, 4, 5]);
    assert_eq!(spliced.not_built, [(1, LET), (2, "the compiler runs it")]);
    assert_eq!(spliced.text, ENGINE);
}

#[test]
fn who_does_not_compile_is_found_by_its_marks() {
    let spliced = spliced(&[
        mutation(Genre::FnValue, "fn value", "Some(n", "7"),
        mutation(
            Genre::BinaryOperator,
            "fn value(n: u8) -> Option<u8> {\n    Some(n ",
            "+",
            "&&",
        ),
    ]);
    let at = |text: &str| {
        let start = spliced.text.find(text).expect("it is there");
        serde_json::json!({
            "file_name": "src/a.rs", "byte_start": start, "byte_end": start + text.len(), "is_primary": true, "expansion": null,
        })
    };
    let message = |place: serde_json::Value| {
        let message = serde_json::json!({ "level": "error", "message": "no", "code": null, "spans": [place] });
        serde_json::json!({ "message": message }).to_string()
    };
    let fault = |place| {
        let text = |_: &str| Some(spliced.text.clone());
        crate::check::at_fault(&message(place), text)
            .map(|found| found.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(fault(at("7")), Ok(vec![1]));
    assert_eq!(fault(at("n && 1")), Ok(vec![2]));
    assert_eq!(fault(at("n + 1")), Ok(vec![2]));
    assert_eq!(fault(at("Some")), Ok(vec![1]));
    assert!(fault(at("fn chain")).is_err());
}
