//! `tigress wallet` as its users type it, against a running server.

use crate::listening::Served;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tigress_signal::intermediary::Limits;
use tigress_signal::serve::Settings;

const BEN: &str = "ben.wallet";
const RYAN: &str = "ryan.wallet";

fn tigress(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tigress"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(all).expect("UTF-8")
}

/// The commands of a page's `sh` blocks that are about wallets.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let commands = blocks.flat_map(str::lines);
    commands
        .filter(|line| line.starts_with("tigress wallet "))
        .collect()
}

/// The pages' commands, as two people type them: a car key passes.
#[test]
fn the_commands_of_the_pages_pass_a_car_key() {
    let served = Served::with(Limits::PROFILE, Settings::default());
    let folder = tempfile::tempdir().expect("a folder");
    let page = commands(include_str!("../docs/wallet.md"));
    let [demo, by_hand @ ..] = &page[..] else {
        panic!("{page:?}")
    };
    assert_eq!(commands(include_str!("../README.md")), [*demo]);
    assert_eq!(by_hand.len(), 6);
    let mut link = String::new();
    let mut waits = None;
    let mut all = String::new();
    for command in page {
        let url = served.url();
        let words = command.split(' ').skip(1).map(|word| match word {
            "http://127.0.0.1:8440" => url.as_str(),
            "LINK" => link.as_str(),
            word => word,
        });
        let words: Vec<&str> = words.collect();
        let mut program = tigress(folder.path(), &words);
        if words[1] == "offer" {
            waits = Some(program.spawn().expect("it starts"));
            continue;
        }
        let output = program.output().expect("it starts");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{command}: {}",
            said(&output)
        );
        if words[1] == "invite" {
            // It is all that standard output has.
            let out = String::from_utf8(output.stdout.clone()).expect("UTF-8");
            assert_eq!(out.lines().count(), 1, "{out}");
            assert!(out.starts_with("https://localhost:"), "{out}");
            out.trim_end().clone_into(&mut link);
        }
        all += &said(&output);
    }
    let output = waits
        .expect("an offer")
        .wait_with_output()
        .expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    all += &said(&output);
    for words in [
        "Both keys have come.",
        "has the credential: done",
        "is here: done",
    ] {
        assert!(all.contains(words), "no {words:?} in\n{all}");
    }
    let numbers: Vec<&str> = all
        .split("(number ")
        .skip(1)
        .filter_map(|it| it.get(..8))
        .collect();
    assert_eq!(numbers.len(), 6, "{all}");
    assert_eq!(numbers[4..], [numbers[5], numbers[5]], "{all}");
}

/// Nobody accepts; and then nobody is there.
#[test]
fn what_does_not_come_about_shows_in_the_exit_status() {
    let served = Served::with(Limits::PROFILE, Settings::default());
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str]| tigress(folder.path(), words).output().expect("it starts");
    for name in [BEN, RYAN] {
        run(&["wallet", "init", name, "--server", &served.url()]);
    }
    let link = run(&["wallet", "invite", RYAN]).stdout;
    let mut take = tigress(folder.path(), &["wallet", "take", BEN, "-"]);
    let mut take = take.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut input = take.stdin.take().expect("piped");
    input.write_all(&link).expect("it reads");
    drop(input);
    assert!(take.wait().expect("it ends").success());
    for (words, status, says) in [
        (
            &["offer", BEN, "--hotel-key", "--wait", "1"][..],
            1,
            "is offered to",
        ),
        (
            &["cancel", BEN],
            0,
            "may have the credential all the same: revoke it",
        ),
        (&["offer", BEN, "--hotel-key"], 0, "is offered to"),
        (&["decline", RYAN], 0, "is declined"),
        (&["status", BEN], 0, "does not want it"),
        (&["status", BEN, "--wait", "1"], 0, ": declined"),
        (&["accept", RYAN, "--wait", "0"], 2, "nothing is offered"),
        (
            &["offer", BEN, "--hotel-key", "--car-key"],
            2,
            "cannot be used with",
        ),
        (&["offer", BEN], 2, "--car-key|--hotel-key"),
    ] {
        let output = run(&[&["wallet"], words].concat());
        assert_eq!(
            output.status.code(),
            Some(status),
            "{words:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(says), "{words:?}: {}", said(&output));
    }
    drop(served);
    let output = run(&["wallet", "status", BEN]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let said = said(&output);
    assert!(
        said.contains("no answer: ") && said.contains("wallet   "),
        "{said}"
    );
}

/// What a server says reaches no terminal as it is.
#[test]
fn a_server_steers_no_terminal() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has one"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if stream.read(&mut vec![0; 65_536]).unwrap_or_default() == 0 {
                continue;
            }
            let body = "\u{1b}[2J\u{202e}\rall is well\u{7}";
            let head = "HTTP/1.1 500 no\r\nContent-Type: application/problem+json\r\nConnection: close\r\n";
            let length = body.len();
            let _ = write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}");
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    for words in [
        &["wallet", "init", "ben.wallet", "--server", &url][..],
        &["wallet", "status", "ben.wallet"],
        &["wallet", "demo", &url],
        &["wallet", "take", "ben.wallet", "\u{1b}[2J"],
        &["wallet", "status", "\u{1b}[2J"],
        &["wallet", "init", "other", "--server", "http://\u{1b}[2J"],
    ] {
        let output = tigress(folder.path(), words).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let said = said(&output);
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(harmful), "{words:?}: {said:?}");
        assert!(said.contains("error: "), "{words:?}: {said}");
    }
}
