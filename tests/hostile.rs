//! Attempts at harm: a row each, with what is attempted and how it must end. Whatever comes from outside, as arguments, files,
//! standard input or an adapter: the program ends by itself with its exit status, says what, where and how to go on, takes no more
//! memory than the row allows, and writes nothing that a terminal would obey.
//!
//! `HOSTILE=words cargo test --test all hostile::` runs the rows whose first words hold these.
#![cfg(unix)]

use crate::harm;
use crate::sample;

use harm::{is_harmful, without_colours};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Whoever takes longer is ended, and the row fails. It is a net and no measure: nothing here takes a tenth of it on a quiet machine.
const NET: Duration = Duration::from_mins(2);

/// So many characters of an output are looked at; none that is to be has as many.
const MOST_OUTPUT: usize = 16 << 20;

/// What is attempted, and how it must end.
struct Attempt {
    what: &'static str,
    /// As a shell splits them; in a folder of its own. `LONG` stands for 100,000 letters, `BYTES` for what is no UTF-8, `MINE` for
    /// `--vectors . --scenarios x.feature`, `> PATH` for where standard output goes.
    arguments: &'static str,
    /// What stands in the folder; `stdin` is standard input. With `MINE` there are also a file of vectors, `a.json`, and a script,
    /// `x.feature`, where the row has none of its own.
    files: Vec<(&'static str, Content)>,
    status: i32,
    /// So much memory it takes at most, in MiB.
    memory: u64,
    says: Vec<&'static str>,
}

/// What stands at a place of the folder.
enum Content {
    Text(String),
    Bytes(&'static [u8]),
    /// A beginning, something many times, an end.
    Many(&'static str, &'static str, usize, &'static str),
    /// So many zeros, which take no room on a disk.
    Zeros(u64),
    /// A pipe that nobody writes to.
    Pipe,
    LinkTo(&'static str),
    Folder,
    /// So many empty files `N.json`.
    Files(usize),
    /// So many folders, each in the one before.
    Nested(usize),
}

use Content::{Bytes, Files, Folder, LinkTo, Many, Nested, Pipe, Zeros};

fn text(text: impl Into<String>) -> Content {
    Content::Text(text.into())
}

/// A text in which something stands for something else, each once.
fn changed(whole: &str, changes: &[(&str, &str)]) -> Content {
    let change = |whole: String, (from, to): &(&str, &str)| {
        assert!(whole.contains(from), "no {from:?}");
        whole.replacen(from, to, 1)
    };
    text(changes.iter().fold(whole.to_owned(), change))
}

/// A file of two vectors, the second of which fails.
const VECTORS: &str = include_str!("../docs/example/public_key.json");
fn vectors(changes: &[(&str, &str)]) -> Content {
    changed(VECTORS, changes)
}

const TRANSCRIPT: &str = include_str!("../docs/example/hotel_key.jsonl");
fn transcript(changes: &[(&str, &str)]) -> Content {
    changed(TRANSCRIPT, changes)
}

/// The first line of the transcript.
fn header() -> &'static str {
    TRANSCRIPT.split_inclusive('\n').next().expect("a header")
}

/// A transcript of so many devices, to which nothing happens.
fn devices(many: usize) -> Content {
    let mut lines = header().to_owned();
    for n in 0..many {
        lines.extend([
            "{\"event\":\"device\",\"device\":\"d",
            &n.to_string(),
            "\",\"what\":\"x\"}\n",
        ]);
    }
    text(lines + "{\"event\":\"passed\"}\n")
}

/// A transcript in which a device writes so many times to one whose name has so many letters.
fn writing(letters: usize, times: usize) -> Content {
    let address =
        |id: u32| format!(r#"{{"userId":"a2d9781e-4fce-48f2-b684-124693cf1e7d","deviceId":{id}}}"#);
    let [one, other] = [1, 2].map(address);
    let devices = [("a".repeat(letters), &one), ("b".to_owned(), &other)];
    let devices = devices.map(|(device, address)| {
        format!(r#"{{"event":"device","device":"{device}","what":"x","address":{address}}}"#)
    });
    let secret = "00".repeat(32);
    let body = format!(
        r#"{{"type":"submit","recipient":{one},"accessKey":"{secret}","registrationId":1,"kind":"prekey","message":"00"}}"#
    );
    let requests = (0..times).map(|n| {
        format!(
            r#"{{"event":"request","device":"b","request":{{"id":"{n:032x}","token":"{secret}","body":{body}}}}}"#
        )
    });
    let events: Vec<String> = devices.into_iter().chain(requests).collect();
    let events = events.join("\n");
    text(format!("{}{events}\n{{\"event\":\"passed\"}}\n", header()))
}

/// A part of a result, up to the names in `only`, and what stands behind them.
macro_rules! part {
    (begins) => {
        r#"{"version":2,"profile":2,"shard":"1/2","subject":{"name":"a","version":"1","protocol":1,"suites":[],"roles":[],"randomness":"injected"},"verdict":"none","only":["#
    };
    (ends) => {
        r#""a"],"vectors":{"passed":0,"failed":0,"skipped":0,"notClaimed":0},"scenarios":{"passed":0,"failed":0,"skipped":0,"notClaimed":0},"families":[],"themes":[],"sections":[],"requirements":[],"cases":[],"failures":[],"errors":[]}"#
    };
}
const PART: &str = part!(begins);
const PART_ENDS: &str = part!(ends);
const WHOLE_PART: &str = concat!(part!(begins), part!(ends));

/// The beginning of a script, up to the first step.
const HEAD: &str = "Feature: Mine\n  What and why.\n\n  @XFER-01\n  Scenario: Well\n";

/// A script of one scenario that succeeds.
const SCRIPT: &str = "Feature: Mine\n  What and why.\n\n  @XFER-01\n  Scenario: Well\n    Given Ben has a phone\n    And Ryan has a phone\n    \
     When Ben's phone offers a hotel key to Ryan's phone\n    Then Ben's phone is in \"S:Offered\" with the hotel key\n";
fn script(changes: &[(&str, &str)]) -> Content {
    changed(SCRIPT, changes)
}

/// An adapter in `sh` that describes itself, takes a reset, and then does something with each request; `$id` is the request's.
fn adapter(then: &str) -> Content {
    described(
        r#"{"name":"bad","version":"0","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}"#,
        then,
    )
}

/// The same with what it says of itself.
fn described(description: &str, then: &str) -> Content {
    text(format!(
        r#"while read -r line; do
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  answer() {{ printf '{{"jsonrpc":"2.0","id":%s,"result":%s}}\n' "$id" "$1"; }}
  case "$line" in
    *'"describe"'*) answer '{description}' ;;
    *'"reset"'*) answer '{{}}' ;;
    *) {then} ;;
  esac
done
"#
    ))
}

macro_rules! attempts {
    ($($what:literal: $arguments:literal $(, $name:literal = $content:expr)* =>
        $status:literal, $memory:literal MiB $(, $says:literal)*;)+) => {
        #[allow(clippy::too_many_lines, reason = "a table")]
        fn attempts() -> Vec<Attempt> {
            vec![$(Attempt {
                what: $what,
                arguments: $arguments,
                files: vec![$(($name, $content)),*],
                status: $status,
                memory: $memory,
                says: vec![$($says),*],
            }),+]
        }
    };
}

// What is attempted: the arguments, the files => the exit status, the most memory, what it says.
attempts! {
    // Arguments.
    "nothing is asked for": "" => 2, 40 MiB, "Usage: tigress <COMMAND>";
    "a command that there is none of": "tset" => 2, 40 MiB, "unrecognized subcommand 'tset'", "'test'";
    "a command that clears the terminal": "'te\u{1b}[2Jst'" => 2, 40 MiB, r"unrecognized subcommand 'te\u{1b}[2Jst'";
    "a command that sets the title": "'te\u{1b}]0;title\u{7}st'" => 2, 40 MiB, r"\u{1b}]0;title\u{7}st";
    "a command by its C1 control character": "'\u{9b}2J'" => 2, 40 MiB, r"'\u{9b}2J'";
    "an option that there is none of": "test --frob" => 2, 40 MiB, "unexpected argument '--frob'";
    "an option that forges a line": "test '--frob\nerror: none'" => 2, 40 MiB, r"unexpected argument '--frob\nerror: none'";
    "an option of 100,000 letters": "test --LONG" => 2, 40 MiB, "(100002 characters)";
    "a value that turns the direction of writing": "test --format '\u{202e}nosj'" => 2, 40 MiB, r"invalid value '\u{202e}nosj'", "pretty, json, junit, sarif";
    "a value that is no UTF-8": "test --only BYTES" => 2, 40 MiB, "invalid UTF-8";
    "a format that there is none of": "test --format xml" => 2, 40 MiB, "possible values: pretty, json";
    "an argument too many": "replay a b" => 2, 40 MiB, "unexpected argument 'b'";
    "an argument too few": "replay" => 2, 40 MiB, "<FILE>";
    "a part that steers the terminal": "doctor --for 'np\u{1b}[2Jm'" => 2, 40 MiB, r"invalid value 'np\u{1b}[2Jm'", "possible values: skeletons";
    "a part of 100,000 letters": "doctor --for LONG" => 2, 40 MiB, "(100000 characters)";
    "a shell that forges a line": "completions 'bash\nok'" => 2, 40 MiB, r"invalid value 'bash\nok'";
    "a shell that is no UTF-8": "completions BYTES" => 2, 40 MiB, "invalid value", "possible values: bash";
    "manual pages into a file that forges a line": "man 'a\nok'", "a\nok" = text("") => 2, 40 MiB, r"error: a\nok: ";
    "manual pages over a folder": "man .", "tigress.1" = Folder => 2, 40 MiB, "error: .: ", "directory";
    "manual pages into a folder of 100,000 letters": "man LONG" => 2, 40 MiB, "File name too long";
    "a requirement that forges a line": "explain 'DR-05\nok'" => 2, 40 MiB, r"no requirement is called `DR-05\nok`", "`tigress requirements` lists them";
    "a requirement that is nothing": "explain ''" => 2, 40 MiB, "no requirement is called ``";
    "a requirement of 100,000 letters": "explain LONG" => 2, 40 MiB, "characters)";
    "a section that there is none of": "requirements --section 4294967295" => 2, 40 MiB, "section 4294967295 states no requirement";
    "a section that is no number": "requirements --section -1" => 2, 40 MiB, "unexpected argument '-1'";
    "a section beyond all numbers": "requirements --section 99999999999999999999" => 2, 40 MiB, "number too large";
    "a case that there is none of": "test MINE --only xedsa" => 2, 96 MiB, "did you mean `xeddsa`?";
    "a case that is nothing": "test MINE --only ''" => 2, 96 MiB, "is called ``";
    "a case of 100,000 letters": "test MINE --only LONG" => 2, 96 MiB, "characters)";
    "a suite that there is none of": "vectors list --suite tigress-9" => 2, 192 MiB, "no suite is called `tigress-9`; did you mean `tigress-1`?";
    "a suite that clears the terminal": "scenarios run --suite '\u{1b}c'" => 2, 96 MiB, r"no suite is called `\u{1b}c`";
    "the part of nothing": "test --shard 0/0" => 2, 40 MiB, "a part is I/N";
    "a part beyond the last": "test --shard 5/4" => 2, 40 MiB, "a part is I/N";
    "a part beyond all numbers": "test --shard 1/99999999999999999999999" => 2, 40 MiB, "a part is I/N";
    "no time at all": "test --timeout 0" => 2, 40 MiB, "invalid value '0' for '--timeout <SECONDS>'", "a number of seconds above 0";
    "a time that is no number": "test --timeout nan" => 2, 40 MiB, "invalid value 'nan'", "a number of seconds above 0";
    "a time before now": "test --timeout=-1" => 2, 40 MiB, "invalid value '-1'";
    "a time without end": "test --timeout 1e400" => 2, 40 MiB, "invalid value '1e400'";
    "no process of an adapter": "test --adapter x --jobs 0" => 2, 40 MiB, "invalid value '0'";
    "processes of no adapter": "test --jobs 2" => 2, 40 MiB, "--adapter <COMMAND>";
    "more processes than there are numbers": "test --adapter x --jobs 99999999999999999999" => 2, 40 MiB, "number too large";
    "a place to listen that is none": "serve --listen 'no\u{1b}[2Jwhere'" => 2, 40 MiB, r"invalid value 'no\u{1b}[2Jwhere'";
    "a database that clears the terminal": "serve --database 'now\u{1b}[2Jhere'" => 2, 40 MiB, "a database is named";
    "a database that is a text": "serve --database sqlite:a", "a" = text("mine") => 2, 40 MiB, "file is not a database";
    "rules that clear the terminal": "serve --listen 127.0.0.1:0 --faults a", "a" = text(r#"{"rules":[{"do":"\u001b[2J"}]}"#) => 2, 40 MiB, r"unknown variant `\u{1b}[2J`";
    "rules of a gigabyte": "serve --listen 127.0.0.1:0 --faults a", "a" = Zeros(1 << 30) => 2, 40 MiB, "a: ";
    "a secret of a gigabyte": "serve --listen 127.0.0.1:0 --admin-token-file a", "a" = Zeros(1 << 30) => 2, 40 MiB, "a: ";
    "a secret that can be guessed": "serve --listen 127.0.0.1:0 --admin-token-file a", "a" = text("short") => 2, 40 MiB, "16 characters";
    "a certificate of a gigabyte": "serve --listen 127.0.0.1:0 --tls-cert a --tls-key a", "a" = Zeros(1 << 30) => 2, 40 MiB, "a: ";
    "a certificate that is none": "serve --listen 127.0.0.1:0 --tls-cert a --tls-key a", "a" = text("mine") => 2, 40 MiB, "it is PEM";
    "a wallet that is none": "wallet status a", "a" = text("\u{1b}[2J") => 2, 40 MiB, "a: is no wallet";
    "a wallet of a gigabyte": "wallet status a", "a" = Zeros(1 << 30) => 2, 40 MiB, "a: ";
    "a wallet's link of 100,000 letters": "wallet take a LONG", "a" = text("{") => 2, 40 MiB, "a: is no wallet";
    "a wallet's server that clears the terminal": "wallet init a --server 'http://x\u{1b}[2J'" => 2, 40 MiB, r"`http://x\u{1b}[2J` is no address of a server";
    "a server that clears the terminal": "test --intermediary 'http://x/\u{1b}[2J'" => 2, 128 MiB, r"`http://x/\u{1b}[2J` is no base URL";
    "routes of a gigabyte": "test --intermediary http://127.0.0.1:1 --mapping a", "a" = Zeros(1 << 30) => 2, 96 MiB, "a: ";
    "routes that are none": "test --intermediary http://127.0.0.1:1 --mapping a", "a" = text(r#"{"routes":{"\u001b[2J":{"method":"GET","path":"/"}}}"#) => 2, 96 MiB, "is no type of request";
    "scenarios over what is no server": "scenarios run --over ftp://x" => 2, 96 MiB, "`ftp://x` is no base URL";
    "a vector that there is none of": "vectors show kdf --vectors .", "a.json" = vectors(&[]) => 2, 64 MiB, "no vector is called `kdf`";
    "a vector's name of 100,000 letters": "vectors show LONG --vectors .", "a.json" = vectors(&[]) => 2, 64 MiB, "characters)", "`tigress vectors list` lists them";
    "a vector's name that leads elsewhere": "vectors show ../../etc/passwd --vectors .", "a.json" = vectors(&[]) => 2, 64 MiB, "no vector is called";
    "a seed of 100,000 letters": "scenarios run x.feature --seed LONG", "x.feature" = script(&[]) => 0, 96 MiB, "1 scenarios, 0 failed";
    "words that are in no scenario": "scenarios run x.feature --only zzz", "x.feature" = script(&[]) => 2, 64 MiB, "no scenario has these words";
    "an export into a file": "vectors export a", "a" = text("mine") => 2, 96 MiB, "a/";
    "an export into a device": "vectors export /dev/null" => 2, 96 MiB, "/dev/null/";
    "a skeleton into a folder with files": "adapter init --language python .", "adapter.py" = text("mine") => 2, 40 MiB, "adapter.py";
    "a skeleton into a file": "adapter init --language node a", "a" = text("mine") => 2, 40 MiB, "a";
    "a skeleton into a folder with a hostile name": "adapter init --language python 'a\u{1b}[2Jb\nc'" => 0, 40 MiB, r"cd a\u{1b}[2Jb\nc";
    "a report in place of a folder": "test MINE --report ." => 2, 96 MiB, ".: ";
    "a statement in a form that there is none of": "test --statement 'a\u{1b}[2J.pdf'" => 2, 40 MiB, r"'a\u{1b}[2J.pdf'", "ends in `.json` or in `.html`";
    "a statement in place of a folder": "test MINE --statement s.json", "s.json" = Folder => 2, 96 MiB, "s.json: ";
    "a report nowhere": "test MINE --report no/where" => 2, 96 MiB, "no/where: ";
    "a transcript in place of a folder": "scenarios run x.feature --transcript .", "x.feature" = script(&[]) => 2, 64 MiB, ".: ";
    "an output that takes nothing": "requirements > /dev/full" => 2, 160 MiB, "error: No space left on device";
    "a table for which there is no room": "transitions > /dev/full" => 2, 160 MiB, "error: No space left on device";
    "a model that is none": "model zzz" => 2, 96 MiB, "no model is called";
    "a verdict for which there is no room": "test MINE > /dev/full" => 2, 96 MiB, "error: No space left on device";

    // Vector files: what is no file.
    "a folder without vector files": "test --vectors . --only kdf" => 2, 96 MiB, "no vector file in this folder";
    "a folder that is not there": "vectors list --vectors nowhere" => 2, 40 MiB, "nowhere: cannot be read: No such file";
    "a folder that is a file": "vectors list --vectors a.json", "a.json" = vectors(&[]) => 2, 40 MiB, "a.json: cannot be read: Not a directory";
    "a folder with a hostile name": "vectors list --vectors '\u{1b}[2J\u{202e}'" => 2, 40 MiB, r"\u{1b}[2J\u{202e}: cannot be read";
    "a pipe that nobody writes to": "vectors list --vectors .", "a.json" = Pipe => 2, 40 MiB, "a.json: is a pipe, and no regular file";
    "a link to an endless device": "vectors list --vectors .", "a.json" = LinkTo("/dev/zero") => 2, 40 MiB, "a.json: is a device, and no regular file";
    "a link to a device without end, shown": "vectors show x --vectors .", "a.json" = LinkTo("/dev/zero") => 2, 40 MiB, "a.json: is a device";
    "a link to itself": "vectors list --vectors .", "a.json" = LinkTo("a.json") => 2, 40 MiB, "a.json: cannot be read: Too many levels";
    "a link to nothing": "vectors list --vectors .", "a.json" = LinkTo("b") => 2, 40 MiB, "a.json: cannot be read: No such file";
    "a link to the folder around it": "vectors list --vectors .", "a.json" = vectors(&[]), "b" = LinkTo(".") => 0, 40 MiB, "base_point";
    "a folder called as a file": "vectors list --vectors .", "a.json" = Folder => 2, 40 MiB, "no vector file in this folder";
    "10,001 files": "vectors list --vectors .", "f" = Files(10_001) => 2, 64 MiB, "there are more than 10000 files up to here";
    "500 folders in each other": "vectors list --vectors .", "f" = Nested(500), "a.json" = vectors(&[]) => 0, 40 MiB, "base_point";
    "a hostile file name": "vectors list --vectors .", "a\u{1b}]0;b\u{7}\u{2028}\n.json" = text("") => 2, 40 MiB, r"a\u{1b}]0;b\u{7}\u{2028}\n.json:1: column 0: not JSON";

    // Vector files: what is no vector file.
    "an empty file": "vectors list --vectors .", "a.json" = text("") => 2, 40 MiB, "a.json:1: column 0: not JSON: EOF while parsing";
    "a file of 200 MB": "test --only kdf --vectors .", "a.json" = Many("[", "0,", 100_000_000, "0]") => 2, 96 MiB, "a.json: has more than 16777216 bytes";
    "a file of 4 TiB": "vectors list --vectors .", "a.json" = Zeros(1 << 42) => 2, 40 MiB, "a.json: has more than 16777216 bytes";
    "16 MB of small values": "vectors list --vectors .", "a.json" = Many("[", "0,", 8_000_000, "0]") => 2, 128 MiB, "more than 250000 values";
    "16 MB of empty arrays": "vectors list --vectors .", "a.json" = Many("[", "[],", 5_000_000, "0]") => 2, 128 MiB, "more than 250000 values";
    "16 MB of small objects": "vectors list --vectors .", "a.json" = Many("[", r#"{"a":0},"#, 2_000_000, "0]") => 2, 160 MiB, "more than 250000 values";
    "as many small objects as may be": "vectors list --vectors .", "a.json" = Many("[", r#"{"a":0},"#, 124_990, "0]") => 2, 160 MiB, "names its family";
    "a string of 15 MB": "vectors list --vectors .", "a.json" = Many(r#"{"family":""#, "family", 2_500_000, r#""}"#) => 2, 128 MiB, "/family: unknown family `family", "characters)";
    "a name of 15 MB": "vectors list --vectors .", "a.json" = Many(r#"{""#, "name", 4_000_000, r#"":0}"#) => 2, 80 MiB, "names its family";
    "two names of 7 MB that are the same": "vectors list --vectors .", "a.json" = changed("{\"A\":0,\"A\":0}", &[("A", &"a".repeat(7_000_000)), ("A", &"a".repeat(7_000_000))]) => 2, 80 MiB, "stands twice in one object";
    "a number of 15 MB": "vectors list --vectors .", "a.json" = Many("[", "7", 15_000_000, "]") => 2, 128 MiB, "number out of range";
    "15 MB of blanks": "vectors list --vectors .", "a.json" = Many("", " ", 15_000_000, "") => 2, 64 MiB, "not JSON: EOF";
    "15 MB of line feeds": "vectors list --vectors .", "a.json" = Many("", "\n", 15_000_000, "0") => 2, 64 MiB, "names its family";
    "a million arrays in each other": "vectors list --vectors .", "a.json" = Many("", "[", 1_000_000, "") => 2, 40 MiB, "recursion limit exceeded";
    "a million objects in each other": "vectors list --vectors .", "a.json" = Many("", r#"{"a":"#, 1_000_000, "") => 2, 64 MiB, "recursion limit exceeded";
    "70 MB in five files": "vectors list --vectors .", "1.json" = Zeros(15 << 20), "2.json" = Zeros(15 << 20), "3.json" = Zeros(15 << 20), "4.json" = Zeros(15 << 20), "5.json" = Zeros(15 << 20) => 2, 96 MiB, "5.json: the files up to this one have more than 67108864 bytes together";
    "bytes that are no UTF-8": "vectors list --vectors .", "a.json" = Bytes(b"{\"family\": \"\xff\"}") => 2, 40 MiB, "a.json: is not UTF-8 at byte 13";
    "UTF-16": "vectors list --vectors .", "a.json" = Bytes(b"\xff\xfe{\0}\0") => 2, 40 MiB, "a.json: is not UTF-8 at byte 1";
    "a byte order mark": "vectors list --vectors .", "a.json" = text("\u{feff}{}") => 2, 40 MiB, "a.json:1: column 1: not JSON";
    "zeros": "vectors list --vectors .", "a.json" = Zeros(100) => 2, 40 MiB, "a.json:1: column 1: not JSON";
    "half a surrogate": "vectors list --vectors .", "a.json" = text(r#"{"family": "\ud800"}"#) => 2, 40 MiB, "a.json:1: column 19: not JSON";
    "two values": "vectors list --vectors .", "a.json" = text("{} {}") => 2, 40 MiB, "trailing characters";
    "NaN": "vectors list --vectors .", "a.json" = text(r#"{"family": NaN}"#) => 2, 40 MiB, "a.json:1: column 12: not JSON";
    "a comment": "vectors list --vectors .", "a.json" = text("// mine\n{}") => 2, 40 MiB, "not JSON";
    "a family that forges a line": "vectors list --vectors .", "a.json" = text("{\"family\": \"a\\nok\\u001b[2J\"}") => 2, 40 MiB, r"unknown family `a\nok\u{1b}[2J`";

    // Vector files: wrong vectors.
    "a name twice in the file": "vectors list --vectors .", "a.json" = vectors(&[("\"profile\": 2,", "\"profile\": 2, \"profile\": 2,")]) => 2, 40 MiB, "the name `profile` stands twice in one object";
    "a name twice in a test, once escaped": "vectors list --vectors .", "a.json" = vectors(&[("\"result\"", "\"\\u0072esult\": \"valid\", \"result\"")]) => 2, 40 MiB, "the name `result` stands twice in one object at line 38";
    "the number 0": "vectors list --vectors .", "a.json" = vectors(&[("\"tcId\": 1", "\"tcId\": 0")]) => 2, 64 MiB, r#"test "base_point", /tcId: "#, "0 is less than the minimum of 1";
    "a number below 0": "vectors list --vectors .", "a.json" = vectors(&[("\"tcId\": 1", "\"tcId\": -1")]) => 2, 64 MiB, "/tcId";
    "a number with a fraction": "vectors list --vectors .", "a.json" = vectors(&[("\"tcId\": 1", "\"tcId\": 1.5")]) => 2, 64 MiB, "/tcId";
    "a number of 33 bits": "vectors list --vectors .", "a.json" = vectors(&[("\"tcId\": 1", "\"tcId\": 4294967296"), ("\"lastTcId\": 2", "\"lastTcId\": 4294967296")]) => 2, 64 MiB, "4294967296";
    "a number twice": "vectors list --vectors .", "a.json" = vectors(&[("\"tcId\": 2", "\"tcId\": 1")]) => 2, 64 MiB, "the tcId stands twice in this file";
    "a number beyond the last": "vectors list --vectors .", "a.json" = vectors(&[("\"tcId\": 2", "\"tcId\": 3")]) => 2, 64 MiB, "the tcId 3 is greater than `lastTcId`";
    "a vector's name twice": "vectors list --vectors .", "a.json" = vectors(&[("point_of_the_twist", "base_point")]) => 2, 64 MiB, "the name stands twice in this file";
    "a vector in two files": "vectors list --vectors .", "a.json" = vectors(&[]), "b.json" = vectors(&[]) => 2, 64 MiB, "b.json: tigress-1/public_key/base_point: another file has a vector of that name";
    "a vector's name that forges a line": "vectors list --vectors .", "a.json" = vectors(&[("point_of_the_twist", "a\\nok")]) => 2, 64 MiB, r"/name: breaks public_key_schema.json";
    "a vector's name of 1 MB": "vectors list --vectors .", "a.json" = vectors(&[("point_of_the_twist", &"A".repeat(1_000_000))]) => 2, 96 MiB, "characters)";
    "fewer tests than said": "vectors list --vectors .", "a.json" = vectors(&[("\"numberOfTests\": 2", "\"numberOfTests\": 4000000000")]) => 2, 64 MiB, "says 4000000000, but the file has 2 tests";
    "10,001 tests": "vectors list --vectors .", "a.json" = Many(r#"{"family":"kdf","testGroups":[{"type":"KdfRoot","tests":["#, "{},", 10_000, "{}]}]}") => 2, 64 MiB, "10001 tests; a file has at most 10000";
    "10,001 tests in as many groups": "vectors list --vectors .", "a.json" = Many(r#"{"family":"kdf","testGroups":["#, r#"{"tests":[0]},"#, 10_001, "0]}") => 2, 96 MiB, "10001 tests; a file has at most 10000";
    "as many wrong tests as may be": "vectors list --vectors .", "a.json" = changed(&VECTORS.replace("\"tests\": [", &format!("\"tests\": [{}", "0,".repeat(9_990))), &[]) => 2, 96 MiB, r#"/testGroups/0/tests/0: breaks public_key_schema.json: 0 is not of type "object""#;
    "240,000 steps that are none": "vectors list --vectors .", "a.json" = text(include_str!("../vectors/tigress-1/sesame/sesame.json").replacen("\"steps\": [", &format!("\"steps\": [{}", "0,".repeat(200_000)), 1)) => 2, 160 MiB, "/steps/0: breaks sesame_schema.json";
    "a group of a type that there is none of": "vectors list --vectors .", "a.json" = vectors(&[("PublicKeyDecode", "Dance")]) => 2, 64 MiB, r#"/testGroups/0/type: breaks public_key_schema.json: not one of "PublicKeyDecode""#;
    "a group of another family": "vectors list --vectors .", "a.json" = vectors(&[("PublicKeyDecode", "XeddsaSign")]) => 2, 64 MiB, "not one of";
    "groups that are none": "vectors list --vectors .", "a.json" = Many(r#"{"family":"kdf","testGroups":["#, "null,", 200_000, "null]}") => 2, 96 MiB, "breaks kdf_schema.json";
    "a suite that there is none of in a file": "vectors list --vectors .", "a.json" = vectors(&[("tigress-1", "tigress-9")]) => 2, 64 MiB, r#"/suite: breaks public_key_schema.json: "tigress-9" is not one of"#;
    "another version of the profile": "vectors list --vectors .", "a.json" = vectors(&[("\"profile\": 2", "\"profile\": 4294967295")]) => 2, 64 MiB, "/profile";
    "a field that there is none of": "vectors list --vectors .", "a.json" = vectors(&[("\"comment\"", "\"__proto__\": {}, \"comment\"")]) => 2, 64 MiB, "'__proto__' was unexpected";
    "a requirement that there is none of": "vectors list --vectors .", "a.json" = vectors(&[("\"KEY-01\"", "\"KEY-99\"")]) => 2, 64 MiB, "unknown requirement `KEY-99`; `tigress requirements` lists them";
    "a requirement that clears the terminal": "vectors list --vectors .", "a.json" = vectors(&[("\"KEY-01\"", "\"KEY\\u001b[2J\"")]) => 2, 64 MiB, r"unknown requirement `KEY\u{1b}[2J`";
    "a vector that tests nothing": "vectors list --vectors .", "a.json" = vectors(&[("\"KEY-01\"", "")]) => 2, 64 MiB, "a vector names at least one requirement";
    "a flag that nobody explains": "vectors list --vectors .", "a.json" = vectors(&[("\"Normal\": {", "\"Odd\": {")]) => 2, 64 MiB, "flag `Normal` is not explained";
    "a vector that must be refused for no reason": "vectors list --vectors .", "a.json" = vectors(&[("\"valid\"", "\"invalid\"")]) => 2, 64 MiB, "`result` is `invalid` where an `error` is stated";
    "hex of half a byte": "vectors list --vectors .", "a.json" = vectors(&[("\"u\": \"09", "\"u\": \"9")]) => 2, 64 MiB, "/u: ";
    "hex in capitals": "vectors list --vectors .", "a.json" = vectors(&[("\"u\": \"09", "\"u\": \"AB")]) => 2, 64 MiB, "/u: ";
    "hex of 10 MB": "test MINE", "a.json" = vectors(&[("\"publicKey\": \"05", &format!("\"publicKey\": \"05{}", "00".repeat(5_000_000)))]) => 1, 160 MiB, "FAILED tigress-1/public_key/base_point", "characters)";
    "a comment that clears the terminal": "vectors list --vectors .", "a.json" = vectors(&[("the base point", "\\u001b[2J\\u009b2J\\u202e\\u2028\\ufffe\\nok")]) => 0, 64 MiB, r"KEY-01  \u{1b}[2J\u{9b}2J\u{202e}\u{2028}\u{fffe}\nok";
    "the same, shown": "vectors show public_key/base_point --vectors .", "a.json" = vectors(&[("the base point", "\\u001b[2J\\u009b2J\\u202e\\u2028\\ufffe\\nok")]) => 0, 64 MiB, r#""\u001b[2J\u009b2J\u202e\u2028\ufffe\nok""#;
    "the same, failed": "test MINE", "a.json" = vectors(&[("u = 2", "\\u001b[2J\\u009b2J\\u202e\\nok")]) => 1, 96 MiB, r"  \u{1b}[2J\u{9b}2J\u{202e}\nok, a point";
    "the same, as JSON": "test MINE --format json", "a.json" = vectors(&[("u = 2", "\\u001b[2J\\u009b2J\\u202e\\nok")]) => 1, 96 MiB, r"\u001b[2J\u009b2J\u202e\nok, a point";
    "the same, as XML": "test MINE --format junit", "a.json" = vectors(&[("u = 2", "\\u001b[2J\\u009b2J\\u202e\\nok\\ufffe")]) => 1, 96 MiB, r"\u{1b}[2J\u{9b}2J\u{202e}\nok\u{fffe}, a point";

    // Scripts.
    "a script that is not there": "scenarios check nowhere" => 2, 40 MiB, "nowhere: cannot be read: No such file";
    "a folder without scripts": "scenarios check ." => 2, 40 MiB, ".: no `.feature` file here";
    "a script that is a pipe": "scenarios check x.feature", "x.feature" = Pipe => 2, 40 MiB, "x.feature: is a pipe";
    "a script that is an endless device": "scenarios run x.feature", "x.feature" = LinkTo("/dev/zero") => 2, 40 MiB, "x.feature: is a device";
    "a script that is a folder": "scenarios list x.feature", "x.feature" = Folder => 2, 40 MiB, "x.feature: no `.feature` file here";
    "a script that is no UTF-8": "scenarios check x.feature", "x.feature" = Bytes(b"Feature: \xff") => 2, 40 MiB, "x.feature: is not UTF-8 at byte 10";
    "a script of 2 MiB": "scenarios check x.feature", "x.feature" = Zeros(2 << 20) => 2, 40 MiB, "x.feature: has more than 1048576 bytes";
    "scripts of 4 TiB for a run": "test MINE", "x.feature" = Zeros(1 << 42) => 2, 96 MiB, "x.feature: has more than 1048576 bytes";
    "an empty script": "scenarios check x.feature", "x.feature" = text("") => 2, 64 MiB, "x.feature:";
    "a script of zeros": "scenarios check x.feature", "x.feature" = Zeros(100) => 2, 64 MiB, "x.feature:1: ";
    "a step that there is none of": "scenarios check x.feature", "x.feature" = script(&[("offers a hotel", "offer a hotel")]) => 2, 64 MiB, "x.feature:8: no step is called";
    "a step that clears the terminal": "scenarios check x.feature", "x.feature" = script(&[("Ben has a phone", "Ben has a \u{1b}[2J phone")]) => 2, 64 MiB, r"x.feature:6: no step is called `Ben has a \u{1b}[2J phone`";
    "a requirement in a script that there is none of": "scenarios check x.feature", "x.feature" = script(&[("XFER-01", "XFER-99")]) => 2, 64 MiB, "XFER-99";
    "1 MB of indentation": "scenarios check x.feature", "x.feature" = Many("", " ", 1_000_000, "Feature: Mine") => 2, 64 MiB, "x.feature:1: a line of 1000013 bytes; a script has lines of 1000 at most";
    "100,000 steps that there are none of": "scenarios check x.feature", "x.feature" = Many(HEAD, "  And so\n", 100_000, "") => 2, 128 MiB, "a scenario of 100000 steps; 2000 are the most";
    "2,000 steps that there are none of": "scenarios check x.feature", "x.feature" = Many(HEAD, "    And so on\n", 2_000, "") => 2, 96 MiB, "x.feature:6: no step is called `so on`", "so many faults that no more are looked for";
    "a step of 900 KB": "scenarios check x.feature", "x.feature" = Many(HEAD, "    And so", 90_000, "") => 2, 64 MiB, "x.feature:6: a line of 900000 bytes";
    "a step of 50 MB": "scenarios check x.feature", "x.feature" = Many(HEAD, "    And so", 5_000_000, "") => 2, 40 MiB, "x.feature: has more than 1048576 bytes";
    "4,000,000,000 bundles": "scenarios run x.feature", "x.feature" = script(&[("Then", "And strangers fetch 4000000000 bundles of Ben's phone\n    Then")]) => 2, 64 MiB, "x.feature:9: ", "where a number from 1 to 1,000 stands";
    "more bundles than there are numbers": "scenarios run x.feature", "x.feature" = script(&[("Then", "And strangers fetch 99999999999999999999999 bundles of Ben's phone\n    Then")]) => 2, 64 MiB, "x.feature:9: ";
    "days beyond all time": "scenarios run x.feature", "x.feature" = script(&[("Then", "And 18446744073709551615 days pass\n    Then")]) => 2, 64 MiB, "x.feature:9: ";
    "1,000 scenarios in a row of tags": "scenarios check x.feature", "x.feature" = Many("Feature: Mine\n  Why.\n", "  @XFER-01\n  Scenario: Well\n    Given Ben has a phone\n", 1_001, "") => 2, 128 MiB, "more than 1000 scenarios";
    "10,000 rows of an outline": "scenarios check x.feature", "x.feature" = Many("Feature: Mine\n  Why.\n  @XFER-01\n  Scenario Outline: Well\n    Given <who> has a phone\n    Examples:\n      | who |\n", "      | Ben |\n", 10_000, "") => 2, 128 MiB, "more than 1000 scenarios";
    "a step that values blow up": "scenarios check x.feature", "x.feature" = text(format!("Feature: Mine\n  Why.\n  @XFER-01\n  Scenario Outline: Well\n    Given {}\n    Examples:\n      | a |\n      | {} |\n", "<a>".repeat(300), "b".repeat(900))) => 2, 64 MiB, "longer than 1000 bytes with the values of line 8";
    "10,000 steps of a background for 100 scenarios": "scenarios check x.feature", "x.feature" = Many("Feature: Mine\n  Why.\n  Background:\n", "    Given Ben has a phone\n", 10_000, "  @XFER-01\n  Scenario: Well\n    Given Ryan has a phone\n") => 2, 128 MiB, "steps; 2000 are the most";
    "a scenario without a step": "scenarios check x.feature", "x.feature" = text(HEAD) => 2, 64 MiB, "x.feature:5: a scenario without a step, which shows nothing";
    "text that nobody reads": "scenarios check x.feature", "x.feature" = script(&[("    When", "    and then\n    When")]) => 2, 64 MiB, "x.feature:8: `and then` is text that nobody reads";
    "a doc string that never ends": "scenarios check x.feature", "x.feature" = script(&[("    When", "    \"\"\"\n    When")]) => 2, 64 MiB, "x.feature:8: a doc string, which no step reads";
    "a table that nobody reads": "scenarios check x.feature", "x.feature" = script(&[("    When", "    | a |\n    When")]) => 2, 64 MiB, "x.feature:8: a table that no step reads";
    "a state that there is none of": "scenarios check x.feature", "x.feature" = script(&[("S:Offered", "S:Forged")]) => 2, 64 MiB, "x.feature:9: `S:Forged` is no state, which is one of";
    "a script in another language": "scenarios check x.feature", "x.feature" = script(&[("Feature", "# language: xx\u{1b}[2J\nFeature")]) => 2, 64 MiB, r"scripts are in English, and not in `xx\u{1b}[2J`";
    "a script of tags": "scenarios check x.feature", "x.feature" = Many("", "@a ", 300_000, "\n") => 2, 64 MiB, "x.feature:1: a line of";
    "a script of tags, a line each": "scenarios check x.feature", "x.feature" = Many("", "@a\n", 300_000, "") => 2, 128 MiB, "x.feature:300000: tags that nobody bears";
    "a script with the line ends of Windows, and none at its end": "scenarios run x.feature", "x.feature" = text(SCRIPT.trim_end().replace('\n', "\r\n")) => 0, 96 MiB, "1 scenarios, 0 failed";
    "a script with a byte order mark": "scenarios check x.feature", "x.feature" = text(format!("\u{feff}{SCRIPT}")) => 0, 64 MiB, "no fault";
    "100,000 faults in 10 scripts": "scenarios check .", "a.feature" = Many("Feature: a\n  b\n", "a\n", 200_000, ""), "b.feature" = Many("Feature: a\n  b\n  Scenario: c\n", "a\n", 200_000, "") => 2, 128 MiB, "so many faults that no more are looked for";
    "a scenario's name that clears the terminal": "scenarios list x.feature", "x.feature" = script(&[("Well", "Well\u{1b}[2J\u{202e}\u{9b}K")]) => 0, 64 MiB, r"Well\u{1b}[2J\u{202e}\u{9b}K";
    "the same, run": "scenarios run x.feature", "x.feature" = script(&[("Well", "Well\u{1b}[2J\u{202e}\u{9b}K")]) => 0, 64 MiB, r"Well\u{1b}[2J\u{202e}\u{9b}K";
    "a theme that sets the title": "scenarios list x.feature", "x.feature" = script(&[("Mine", "\u{1b}]0;Mine\u{7}"), ("What", "\u{1b}c\u{2067}")]) => 0, 64 MiB, r"\u{1b}]0;Mine\u{7}", r"\u{1b}c\u{2067} and why.";
    "a scenario and a theme with hostile names, as a page": "scenarios report x.feature", "x.feature" = script(&[("Mine", "Mine</p><script>"), ("Well", "Well</h3>\u{1b}[2J\u{202e}")]) => 0, 96 MiB, r"Well&lt;&#x2f;h3&gt;\u{1b}[2J\u{202e}", "Mine&lt;&#x2f;p&gt;&lt;script&gt;";
    "the same, as Markdown": "scenarios report x.feature --format markdown", "x.feature" = script(&[("Mine", "```</p>|# Mine"), ("Well", "<b>`Well`|\u{1b}[2J\u{202e}")]) => 0, 96 MiB, r"&lt;b&gt;\`Well\`\|\\u{1b}\[2J\\u{202e}", r"\`\`\`&lt;/p&gt;\|\# Mine";
    "a script in a file with a hostile name, as a document": "scenarios report 'a\u{1b}[2J\n```\n# b.feature' --format markdown", "a\u{1b}[2J\n```\n# b.feature" = script(&[]) => 0, 96 MiB, r"# a\\u{1b}\[2J\\n\`\`\`\\n\# b.feature";
    "a document about words that are in no scenario": "scenarios report --only 'z\u{1b}[2J\nz'" => 2, 96 MiB, r"is called `z\u{1b}[2J\nz`";
    "a document of 201 scenarios": "scenarios report x.feature", "x.feature" = text(format!("Feature: Mine\n  Why.\n{}", "\n  @XFER-01\n  Scenario: Well\n    Given Ben has a phone\n".repeat(201))) => 2, 96 MiB, "201 scenarios; a document has 200 at most";
    "a document of 20,001 steps": "scenarios report .", "a.feature" = text(format!("Feature: Mine\n  Why.\n{}", ["\n  @XFER-01\n  Scenario: Well\n", "    Given Ben has a phone\n", &"    When 1 second passes\n".repeat(1_999)].concat().repeat(10))), "b.feature" = text(format!("{HEAD}    Given Ben has a phone\n")) => 2, 160 MiB, "20001 steps; a document has 20000 at most";
    "a document with a paragraph of 1 MB and 200 scenarios": "scenarios report x.feature", "x.feature" = text(format!("Feature: Mine\n{}{}", "  <<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\n".repeat(20_000), "\n  @XFER-01\n  Scenario: Well\n    Given Ben has a phone\n".repeat(200))) => 0, 128 MiB, "all 200 scenarios succeeded";
    "a document with a seed of 100,000 letters": "scenarios report x.feature --seed LONG", "x.feature" = script(&[]) => 2, 96 MiB, "a seed of 100000 characters";
    "a document over a folder": "scenarios report x.feature --to .", "x.feature" = script(&[]) => 2, 96 MiB, "error: .: ";
    "a scenario that fails, with a hostile name": "test MINE", "x.feature" = script(&[("Well", "Well\u{1b}[2J\u{202e}"), ("S:Offered", "S:Signed")]) => 1, 96 MiB, r"Well\u{1b}[2J\u{202e}";

    // Conversations between implementations.
    "a list of adapters that is endless": "interop --adapters /dev/zero" => 2, 40 MiB, "/dev/zero: is a device";
    "a list of adapters of 100,000 numbers": "interop --adapters a.json", "a.json" = Many("[", "1,", 100_000, "1]") => 2, 64 MiB, "more than 10000 values";
    "an adapter of a list whose name clears the terminal": "interop --adapters a.json --only gap/1", "a.json" = text("[{\"name\": \"a\\u001b[2J\", \"version\": \"\\u202e\", \"command\": [\"sh\", \"-c\", \"exit 3\"]}]") => 0, 128 MiB, r"a\u{1b}[2J \u{202e}: ";
    "a peer that clears the terminal": "interop --adapter 'sh a.sh' tigress --suite tigress-1 --only gap/1", "a.sh" = described(r#"{"name":"b\u001b[2J\nok","version":"\u202e","protocol":1,"suites":["tigress-1"],"roles":["device"],"randomness":"own"}"#, "answer '{}'") => 1, 128 MiB, r"b\u{1b}[2J\nok \u{202e}, the initiator: device.create";
    "a peer that writes without end": "interop --adapter 'sh a.sh' tigress --suite tigress-1 --only gap/1", "a.sh" = described(r#"{"name":"b","version":"0","protocol":1,"suites":["tigress-1"],"roles":["device"],"randomness":"own"}"#, "cat /dev/zero") => 1, 256 MiB, "wrote a line of more than";
    "a list of what was drawn that clears the terminal": "fuzz --adapter true --seeds a.txt", "a.txt" = text("1/devices/1\n\u{1b}[2J\n") => 2, 128 MiB, "a.txt:2: what was drawn is called SEED/AREA/NUMBER";
    "a list of what was drawn that is endless": "fuzz --adapter true --seeds /dev/zero" => 2, 128 MiB, "/dev/zero: is a device";
    "a list of what was drawn of 3 MB": "fuzz --adapter true --seeds a.txt", "a.txt" = Many("", "\n", 3_000_000, "") => 2, 128 MiB, "has more than 1048576 bytes";
    "a peer that is silent": "interop --adapter 'sh a.sh' tigress --suite tigress-1 --only gap --timeout 0.3", "a.sh" = described(r#"{"name":"b","version":"0","protocol":1,"suites":["tigress-1"],"roles":["device"],"randomness":"own"}"#, "sleep 100") => 1, 128 MiB, "did not answer within 0.3 s", "not played: 2 before it had no answer in time";
    "a conversation with a step that clears the terminal": "interop tigress --conversations x.feature", "x.feature" = text("Feature: A\n  B: c.\n\n  Scenario: D\n    Given Ben \u{1b}[2J\n") => 2, 64 MiB, r"no step is called `Ben \u{1b}[2J`";
    "a conversation of 30,000 steps": "interop list x.feature", "x.feature" = Many("Feature: A\n  B: c.\n  Scenario: D\n", "Given a\n", 30_000, "") => 2, 96 MiB, "30000 steps; a conversation has 1 to 500";
    "a conversation of too many letters": "interop list x.feature", "x.feature" = Many("Feature: A\n  B: c.\n  Scenario: D\n    Given Ben has a device with 1 one-time prekey\n    Given Ryan has a device with 1 one-time prekey\n", "    When Ben and Ryan take 3000 turns\n", 100, "") => 2, 64 MiB, "3000 letters at most";
    "a record that is no matrix": "interop tigress --expect a.json", "a.json" = text("{\"interop\": 1}") => 2, 64 MiB, "a.json: missing field";
    "a transcript of a conversation of 4 TiB": "interop replay t.jsonl --as initiator", "t.jsonl" = Zeros(1 << 42) => 2, 40 MiB, "t.jsonl: has more than 67108864 bytes";
    "a transcript of a conversation of line feeds": "interop replay t.jsonl --as initiator", "t.jsonl" = Many("", "\n", 15_000_000, "") => 2, 96 MiB, "t.jsonl:1: ";
    "a transcript of a conversation with a hostile step": "interop replay t.jsonl --as responder --adapter tigress", "t.jsonl" = changed(include_str!("../docs/example/read_twice.jsonl"), &[("Ben has a device", "Ben has \\u001b[2J a device")]) => 2, 64 MiB, r"no step is called `Ben has \u{1b}[2J a device";

    // Transcripts.
    "a transcript that is not there": "replay nowhere" => 2, 40 MiB, "nowhere: cannot be read: No such file";
    "a transcript that is a pipe": "replay t.jsonl", "t.jsonl" = Pipe => 2, 40 MiB, "t.jsonl: is a pipe";
    "a transcript that is an endless device": "diagram t.jsonl", "t.jsonl" = LinkTo("/dev/zero") => 2, 40 MiB, "t.jsonl: is a device";
    "a transcript that is an endless device, viewed": "intermediary-view /dev/zero" => 2, 40 MiB, "/dev/zero: is a device";
    "a transcript that is a folder": "diagram ." => 2, 40 MiB, ".: is a folder, and no regular file";
    "a transcript that is no UTF-8": "intermediary-view t.jsonl", "t.jsonl" = Bytes(b"{\"transcript\": \"\xff\"}") => 2, 40 MiB, "t.jsonl: is not UTF-8 at byte 17";
    "a transcript of 4 TiB": "replay t.jsonl", "t.jsonl" = Zeros(1 << 42) => 2, 40 MiB, "t.jsonl: has more than 16777216 bytes";
    "an empty transcript": "replay t.jsonl", "t.jsonl" = text("") => 2, 40 MiB, "t.jsonl:1: nothing, where a transcript has its header";
    "15 MB of line feeds as a transcript": "diagram t.jsonl", "t.jsonl" = Many("", "\n", 15_000_000, "") => 2, 64 MiB, "t.jsonl:1: nothing, where a transcript has its header";
    "a transcript without a header": "diagram t.jsonl", "t.jsonl" = text("{}\n") => 2, 40 MiB, "t.jsonl:1: column 2: missing field `transcript`";
    "a million arrays as a header": "diagram t.jsonl", "t.jsonl" = Many("", "[", 1_000_000, "") => 2, 40 MiB, "t.jsonl:1: column 1: invalid type: sequence";
    "another version of the transcript": "replay t.jsonl", "t.jsonl" = transcript(&[("\"transcript\":1", "\"transcript\":4294967295")]) => 2, 40 MiB, "transcript version 4294967295; this build reads version 1";
    "an event that there is none of": "diagram t.jsonl", "t.jsonl" = transcript(&[("\"event\":\"time\"", "\"event\":\"dance\"")]) => 2, 40 MiB, "t.jsonl:2: column 16: unknown variant `dance`";
    "an event that clears the terminal": "diagram t.jsonl", "t.jsonl" = transcript(&[("\"event\":\"time\"", "\"event\":\"\\u001b[2J\"")]) => 2, 40 MiB, r"unknown variant `\u{1b}[2J`";
    "half a line": "intermediary-view t.jsonl", "t.jsonl" = text(&TRANSCRIPT[..TRANSCRIPT.len() - 9]) => 2, 40 MiB, "EOF while parsing";
    "a device with a hostile name, drawn": "diagram t.jsonl", "t.jsonl" = changed(&TRANSCRIPT.replace("Ben's phone", "Ben\\u001b[2J\\n  Note over a0: forged"), &[]) => 0, 64 MiB, "as Ben#92;u#123;1b#125;[2J#92;n  Note over a0: forged";
    "a device with a hostile name, as a picture": "diagram t.jsonl --format svg", "t.jsonl" = changed(&TRANSCRIPT.replace("Ben's phone", "<script>\\u001b[2J\\ufffe</script>"), &[]) => 0, 64 MiB, r"&lt;script&gt;\u{1b}[2J";
    "a device with a hostile name, to be stepped through": "explore t.jsonl", "t.jsonl" = changed(&TRANSCRIPT.replace("Ben's phone", "</script><b>\\u001b[2J"), &[]) => 0, 96 MiB, r"&lt;&#x2f;script&gt;&lt;b&gt;\u{1b}[2J";
    "an endless transcript to be stepped through": "explore /dev/zero" => 2, 40 MiB, "/dev/zero: is a device";
    "a page to step through in no folder": "explore t.jsonl --to no/where.html", "t.jsonl" = transcript(&[]) => 2, 96 MiB, "no/where.html: No such file";
    "a part of a diagram that there is none of": "diagram t.jsonl --part 0", "t.jsonl" = transcript(&[]) => 2, 64 MiB, "there is no part 0";
    "a device with a hostile name, viewed": "intermediary-view t.jsonl", "t.jsonl" = changed(&TRANSCRIPT.replace("Ben's phone", "Ben\\u001b[2J\\nok"), &[]) => 0, 64 MiB, r"Ben\u{1b}[2J\nok";
    "a device with a hostile name, viewed as a page": "intermediary-view t.jsonl --format html", "t.jsonl" = changed(&TRANSCRIPT.replace("Ben's phone", "</h3><b>\\u001b[2J"), &[]) => 0, 64 MiB, r"&lt;&#x2f;h3&gt;&lt;b&gt;\u{1b}[2J";
    "a device with a hostile name, viewed as JSON": "intermediary-view t.jsonl --format json", "t.jsonl" = changed(&TRANSCRIPT.replace("Ben's phone", "Ben\\u001b[2J\\u202e"), &[]) => 0, 64 MiB, r#""name": "Ben\\u{1b}[2J\\u{202e}""#;
    "2,000 messages to a device with a name of 1 MB": "intermediary-view t.jsonl", "t.jsonl" = writing(1_000_000, 2_000) => 0, 96 MiB, "18000 things learned", "aaa…aaa";
    "19,998 messages, viewed": "intermediary-view t.jsonl", "t.jsonl" = writing(10, 19_998) => 0, 256 MiB, "b and aaaaaaaaaa: 19998 messages", "and 174982 more";
    "a million message numbers, viewed": "intermediary-view t.jsonl", "t.jsonl" = changed(TRANSCRIPT, &[("\"ids\":[1]", &format!("\"ids\":[1{}]", ",1".repeat(999_999)))]) => 2, 128 MiB, "t.jsonl: its requests list 10000", "100000 at most";
    "19,998 messages, as a page": "intermediary-view t.jsonl --format html", "t.jsonl" = writing(10, 19_998) => 0, 256 MiB, "<b>179982</b> things learned", "And 14998 more", "And 174982 more";
    "5,000 messages, as JSON": "intermediary-view t.jsonl --format json", "t.jsonl" = writing(10, 5_000) => 0, 128 MiB, "\"submit\": 5000";
    "a suite in a transcript that clears the terminal": "replay t.jsonl", "t.jsonl" = transcript(&[("tigress-1", "\\u001b[2J")]) => 2, 64 MiB, r"no suite is called `\u{1b}[2J`";
    "a step in a transcript that there is none of": "replay t.jsonl", "t.jsonl" = transcript(&[("Ben has a phone", "Ben has a \\u001b[2J phone")]) => 2, 64 MiB, r"no step is called `Ben has a \u{1b}[2J phone`";
    "a transcript without an outcome": "replay t.jsonl", "t.jsonl" = transcript(&[("{\"event\":\"passed\"}\n", "")]) => 2, 64 MiB, "the last line says that the run passed or failed";
    "a run that failed, and says so": "replay t.jsonl", "t.jsonl" = transcript(&[("{\"event\":\"passed\"}", "{\"event\":\"failed\",\"line\":19,\"text\":\"\\u001b[2J\",\"reason\":\"\\u202e\"}")]) => 1, 96 MiB, r"\u{1b}[2J: \u{202e}";
    "another program": "replay t.jsonl", "t.jsonl" = transcript(&[("tigress 0.1.0", "tigress \\u001b[2J\\u202e")]) => 1, 96 MiB, r#"/program was "tigress \u001b[2J\u{202e}", and is "tigress"#;
    "another script's digest": "replay t.jsonl", "t.jsonl" = transcript(&[("\"digest\":\"42", "\"digest\":\"00")]) => 1, 96 MiB, "t.jsonl:1: ";
    "a script for a transcript that is not there": "replay t.jsonl --script nowhere", "t.jsonl" = transcript(&[]) => 2, 96 MiB, "nowhere: cannot be read";
    "a script for a transcript that is endless": "replay t.jsonl --script /dev/zero", "t.jsonl" = transcript(&[]) => 2, 96 MiB, "/dev/zero: is a device";
    "300,000 events": "diagram t.jsonl", "t.jsonl" = Many(header(), "{\"event\":\"time\",\"now\":1}\n", 300_000, "") => 2, 128 MiB, "one event too many; a transcript has 20000 at most";
    "20,000 devices": "diagram t.jsonl --format html", "t.jsonl" = devices(19_999) => 0, 192 MiB, "d19998";
    "20,000 devices, in one picture": "diagram t.jsonl --format svg", "t.jsonl" = devices(19_999) => 2, 128 MiB, "pictures: `--part 1`";
    "a million message numbers, to be stepped through": "explore t.jsonl", "t.jsonl" = changed(TRANSCRIPT, &[("\"ids\":[1]", &format!("\"ids\":[1{}]", ",1".repeat(999_999)))]) => 2, 128 MiB, "t.jsonl: its requests list 10000", "100000 at most";
    "5,000 messages, to be stepped through": "explore t.jsonl", "t.jsonl" = writing(10, 5_000) => 0, 128 MiB, "step-5002";
    "20,000 devices, to be stepped through": "explore t.jsonl", "t.jsonl" = devices(19_999) => 0, 384 MiB, "d19998";
    "a line of 15 MB in a transcript": "intermediary-view t.jsonl", "t.jsonl" = Many("{\"transcript\":1,\"scenario\":\"", "a", 15_000_000, "\"}\n") => 2, 96 MiB, "t.jsonl:1: 15000030 bytes; a line has 8388608 at most";
    "the line ends of Windows, and none at the end": "replay t.jsonl", "t.jsonl" = text(TRANSCRIPT.trim_end().replace('\n', "\r\n")) => 0, 96 MiB, "all the same";
    "another seed": "replay t.jsonl", "t.jsonl" = transcript(&[("\"seed\":\"1\"", "\"seed\":\"2\"")]) => 1, 64 MiB, "t.jsonl:";
    "a time beyond all time": "diagram t.jsonl", "t.jsonl" = transcript(&[("1767225600", "18446744073709551615")]) => 0, 64 MiB, "18446744073709551615 seconds after 1970";

    // Lists of known failures.
    "a list that is not there": "test MINE --known-failures nowhere" => 2, 96 MiB, "nowhere: cannot be read";
    "a list that is a pipe": "test MINE --known-failures k", "k" = Pipe => 2, 96 MiB, "k: is a pipe";
    "a list that is an endless device": "test MINE --known-failures /dev/zero" => 2, 96 MiB, "/dev/zero: is a device";
    "a list of 2 MiB": "test MINE --known-failures k", "k" = Zeros(2 << 20) => 2, 96 MiB, "k: has more than 1048576 bytes";
    "a list that is no UTF-8": "test MINE --known-failures k", "k" = Bytes(b"\xff why") => 2, 96 MiB, "k: is not UTF-8 at byte 1";
    "a failure without a reason": "test MINE --known-failures k", "k" = text("public_key/base_point") => 2, 96 MiB, "k:1: `public_key/base_point` has no reason";
    "a failure that clears the terminal": "test MINE --known-failures k", "k" = text("\u{1b}[2J why") => 2, 96 MiB, r"k:1: no vector and no scenario is called `\u{1b}[2J`";
    "a failure twice": "test MINE --known-failures k", "k" = text("tigress-1/public_key/base_point a\ntigress-1/public_key/base_point b") => 2, 96 MiB, "k:2: `tigress-1/public_key/base_point` is listed twice";
    "a line of 1 MB": "test MINE --known-failures k", "k" = Many("", "a", 1_000_000, " why") => 2, 96 MiB, "characters)";
    "a reason that sets the title": "test MINE --known-failures k", "k" = text("tigress-1/public_key/point_of_the_twist \u{1b}]0;title\u{7}") => 0, 96 MiB, r"\u{1b}]0;title\u{7}";

    // Results. Those with much in them have what was measured (73, 86, 420, 49 MiB), and half as much again.
    "a result that is not there": "compare nowhere nowhere" => 2, 40 MiB, "nowhere: cannot be read";
    "a result that is a pipe": "compare a a", "a" = Pipe => 2, 40 MiB, "a: is a pipe";
    "a result that is endless": "merge /dev/zero" => 2, 40 MiB, "/dev/zero: is a device";
    "a result of a gigabyte": "compare a a", "a" = Zeros(1 << 30) => 2, 40 MiB, "a: has more than 33554432 bytes";
    "a result that is no UTF-8": "merge a", "a" = Bytes(b"\xff") => 2, 40 MiB, "a: is not UTF-8 at byte 1";
    "a million arrays as a result": "merge a", "a" = Many("", "[", 1_000_000, "") => 2, 40 MiB, "recursion limit exceeded";
    "ten million numbers as a result": "compare a a", "a" = Many("[", "0,", 10_000_000, "0]") => 2, 128 MiB, "more than 400000 values";
    "two results of as many values as may be": "compare a a", "a" = Many(PART, "\"\",", 399_000, PART_ENDS) => 0, 112 MiB, "nothing has changed";
    "forty parts of as many values as may be": "merge a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a", "a" = Many(PART, "\"\",", 399_000, PART_ENDS) => 2, 640 MiB, "results 1 and 2 are both of part 1/2";
    "parts of 75 MB together": "merge a a a", "a" = Many("", " ", 25_000_000, WHOLE_PART) => 2, 96 MiB, "the results up to a have more than 67108864 bytes";
    "another version of the result": "compare a a", "a" = text("{\"version\":4294967295}") => 2, 40 MiB, "result version 4294967295; this build reads version 2";
    "a result whose field clears the terminal": "merge a", "a" = text("{\"version\":2,\"\\u001b[2J\":1,\"\\u001b[2J\":1}") => 2, 40 MiB, r"stands twice";
    "a result with a hostile name": "compare 'a\u{1b}[2J' b" => 2, 40 MiB, r"a\u{1b}[2J: cannot be read";
    "no result to merge": "merge" => 2, 40 MiB, "<RESULTS>...";

    // Evidence.
    "evidence where a file is": "evidence a", "a" = text("") => 2, 40 MiB, "a: something is there already";
    "evidence with a hostile name": "evidence verify 'a\u{1b}[2J'" => 2, 40 MiB, r"a\u{1b}[2J/SHA256SUMS: cannot be read";
    "a list of digests that is endless": "evidence verify .", "SHA256SUMS" = LinkTo("/dev/zero") => 2, 40 MiB, "SHA256SUMS: is a device";
    "a list of digests that is a pipe": "evidence verify .", "SHA256SUMS" = Pipe => 2, 40 MiB, "SHA256SUMS: is a pipe";
    "a list of ten million files": "evidence verify .", "SHA256SUMS" = Many("", "0123456789012345678901234567890123456789012345678901234567890123  a\n", 10_000_000, "") => 2, 40 MiB, "SHA256SUMS: has more than";
    "a list that leads outside": "evidence verify .", "SHA256SUMS" = text("0123456789012345678901234567890123456789012345678901234567890123  ../a\n") => 2, 40 MiB, "SHA256SUMS:1: a name is of letters";
    "a list that clears the terminal": "evidence verify .", "SHA256SUMS" = text("0123456789012345678901234567890123456789012345678901234567890123  \u{1b}[2J\n") => 2, 40 MiB, "SHA256SUMS:1: a name is of letters";
    "a file of evidence that is a link": "evidence verify .", "SHA256SUMS" = text("0123456789012345678901234567890123456789012345678901234567890123  a\n"), "a" = LinkTo("/dev/zero") => 1, 40 MiB, "a: is a link, and no regular file";
    "a file of evidence that is a pipe": "evidence verify .", "SHA256SUMS" = text("0123456789012345678901234567890123456789012345678901234567890123  a\n"), "a" = Pipe => 1, 40 MiB, "a: is a pipe, and no regular file";
    "a file of evidence with a hostile name": "evidence verify .", "SHA256SUMS" = text(""), "a\u{1b}[2J" = text("") => 1, 40 MiB, r"a\u{1b}[2J: is not in the list";
    "evidence of nine gigabytes": "evidence verify .", "SHA256SUMS" = text(""), "a" = Zeros(9 << 30) => 2, 40 MiB, "more than 8589934592 bytes";
    "evidence of 50,000 files": "evidence verify .", "SHA256SUMS" = text(""), "a" = Files(50_000) => 2, 40 MiB, "there are more than 40000 files and folders";
    "evidence in a thousand folders": "evidence verify .", "SHA256SUMS" = text(""), "a" = Nested(1_000) => 2, 40 MiB, "lies in more than 20 folders";
    "evidence that is no evidence": "evidence verify .", "SHA256SUMS" = text("") => 1, 40 MiB, "result.json: cannot be read";

    // What a run must have.
    "more passed than there are": "test MINE --min-passed 4294967295", "a.json" = vectors(&[("0300", "0200")]) => 1, 96 MiB, "4294967295";
    "more passed than there are numbers": "test --min-passed 4294967296" => 2, 40 MiB, "4294967296 is not in 0..=4294967295";
    "no time-out at all": "test --adapter x --max-timeouts 0" => 2, 40 MiB, "invalid value '0'";
    "a trace of no adapter": "test --trace t" => 2, 40 MiB, "--adapter <COMMAND>";
    "a trace in place of a folder": "test MINE --adapter cat --trace ." => 2, 96 MiB, ".: Is a directory";

    // Adapters.
    "no command for an adapter": "test MINE --adapter ''" => 2, 96 MiB, "`` is no command";
    "an open quote": "test MINE --adapter \"'\"" => 2, 96 MiB, "`'` is no command";
    "an adapter that is not there": "test MINE --adapter ./nowhere" => 2, 96 MiB, "`./nowhere` does not start: No such file";
    "an adapter that is a folder": "test MINE --adapter ." => 2, 96 MiB, "`.` does not start: Permission denied";
    "an adapter with a hostile name": "test MINE --adapter '\u{1b}[2J'" => 2, 96 MiB, r"`\u{1b}[2J` does not start";
    "an adapter that says nothing": "test MINE --adapter 'sleep 100' --timeout 0.3" => 2, 96 MiB, "did not answer within 0.3 s";
    "an adapter that ends at once": "test MINE --adapter true" => 2, 96 MiB, "ended before it answered";
    "an adapter that repeats what it hears": "test MINE --adapter cat" => 2, 96 MiB, "does not answer `describe`";
    "an endless line": "test MINE --adapter 'cat /dev/zero'" => 2, 160 MiB, "wrote a line of more than";
    "endless lines": "test MINE --adapter yes" => 2, 96 MiB, "wrote what is no answer";
    "another version of the protocol": "test MINE --adapter 'sh a.sh'", "a.sh" = described(r#"{"name":"bad","version":"0","protocol":4294967295,"suites":["tigress-1"],"roles":[],"randomness":"own"}"#, "exit") => 2, 96 MiB, "speaks version 4294967295 of the adapter protocol";
    "a role that there is none of": "test MINE --adapter 'sh a.sh'", "a.sh" = described(r#"{"name":"bad","version":"0","protocol":1,"suites":["tigress-1"],"roles":["king"],"randomness":"own"}"#, "exit") => 2, 96 MiB, "unknown variant `king`";
    "a name that clears the terminal": "test MINE --adapter 'sh a.sh'", "a.sh" = described(r#"{"name":"b\u001b[2J\nok","version":"\u202e","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}"#, "answer '{\"u\":\"00\"}'") => 1, 96 MiB, r"b\u{1b}[2J\nok \u{202e} does not conform";
    // The link ends in `.json`, as a file of vectors does, and is none.
    "a name that clears the terminal, in a statement": "test MINE --adapter 'sh a.sh' --statement s.json", "s.json" = LinkTo("/dev/stdout"), "a.sh" = described(r#"{"name":"b\u001b[2J\nok","version":"\u202e","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}"#, "answer '{\"u\":\"00\"}'") => 2, 96 MiB, r#""says": "b\u001b[2J\nok \u202e does not conform to the part"#;
    "the same, in its page": "test MINE --adapter 'sh a.sh' --statement s.html", "s.html" = LinkTo("/dev/stdout"), "a.sh" = described(r#"{"name":"b\u001b[2J\nok<b>","version":"\u202e","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}"#, "answer '{\"u\":\"00\"}'") => 1, 96 MiB, r"b\u{1b}[2J\nok&lt;b&gt; \u{202e} does not conform to the part";
    "a crash": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("exit 3") => 1, 96 MiB, "ended before it answered: exit status: 3";
    "a crash with hostile last words": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r"printf '\033[2Jlast\302\233words\n' >&2; exit 3") => 1, 96 MiB, r"\u{1b}[2Jlast\u{9b}words";
    "a hostile greeting of 1 MB": "test MINE --adapter 'sh a.sh'", "a.sh" = text(r#"printf '\033[2Jhello\302\233\n' >&2; head -c 1000000 /dev/zero | tr '\0' x >&2; read -r line; echo '{"jsonrpc":"2.0","id":1,"result":{"name":"bad","version":"0","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}}'; read -r line"#) => 1, 96 MiB, r"\u{1b}[2Jhello\u{9b}", "the adapter says:\n";
    "silence": "test MINE --adapter 'sh a.sh' --timeout 0.5", "a.sh" = adapter("sleep 100") => 1, 96 MiB, "did not answer within 0.5 s";
    "a line of 17 MB": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("head -c 17000000 /dev/zero | tr '\\0' a; echo") => 1, 160 MiB, "wrote a line of more than";
    "half an answer": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("printf '{\"jsonrpc\":'; exit 0") => 1, 96 MiB, "ended in the middle of a line";
    "an answer that is no UTF-8": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"answer '{"u":"'"$(printf '\377')"'"}'"#) => 1, 96 MiB, "wrote what is no answer";
    "a million arrays in an answer": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("head -c 1000000 /dev/zero | tr '\\0' '['; echo") => 1, 96 MiB, "wrote what is no answer";
    "the answer to another request": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("id=999; answer '{}'") => 1, 96 MiB, "answered request 999, and was asked";
    "an answer that is no object": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("answer '[1]'") => 1, 96 MiB, "FAILED tigress-1/public_key/base_point";
    "an answer that clears the terminal": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"answer '{"u":"\u001b[2J\u202e\ufffe"}'"#) => 1, 96 MiB, r#"got                  "\u001b[2J\u{202e}\u{fffe}""#;
    "an answer of 10 MB": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"answer '{"u":"'"$(head -c 10000000 /dev/zero | tr '\0' 0)"'"}'"#) => 1, 192 MiB, "FAILED tigress-1/public_key/base_point";
    "an error that clears the terminal": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":1,"message":"\\u001b[2J\\nok","data":{"error":"\\u202e"}}}\n' "$id""#) => 1, 96 MiB, r"refused with `\u{202e}`: \u{1b}[2J", "\n                         ok";
    "a result twice": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"printf '{"jsonrpc":"2.0","id":%s,"result":{"u":"00"},"result":{}}\n' "$id""#) => 1, 96 MiB, "the name `result` stands twice";
    "a result and an error": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"printf '{"jsonrpc":"2.0","id":%s,"result":{},"error":{"code":1,"message":""}}\n' "$id""#) => 1, 96 MiB, "both `result` and `error`";
    "an answer twice": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"for n in 1 2; do answer '{"u":"0900000000000000000000000000000000000000000000000000000000000000"}'; done"#) => 1, 96 MiB, "a second time, and was asked";
    "an error text of 15 MB": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":1,"message":"%s","data":{"error":"x"}}}\n' "$id" "$(head -c 15000000 /dev/zero | tr '\0' e)""#) => 1, 192 MiB, "`error.message` has 15000000 bytes, and at most 16384 may be";
    "four million numbers in an answer": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("answer \"[$(yes 0, | head -c 12000000 | tr -d '\\n')0]\"") => 1, 160 MiB, "more than 100000 values";
    "no suite": "test MINE --adapter 'sh a.sh'", "a.sh" = described(r#"{"name":"bad","version":"0","protocol":1,"suites":[],"roles":["primitives"],"randomness":"own"}"#, "exit") => 2, 96 MiB, "`suites`";
    "no name": "test MINE --adapter 'sh a.sh'", "a.sh" = described(r#"{"name":"","version":"0","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"own"}"#, "exit") => 2, 96 MiB, "`name`";
    "nothing implemented": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter(r#"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"\u001b[2J"}}\n' "$id""#) => 1, 96 MiB, "has nothing implemented yet";
    "endless last words": "test MINE --adapter 'sh a.sh'", "a.sh" = adapter("head -c 100000000 /dev/zero | tr '\\0' x >&2; exit 3") => 1, 96 MiB, "ended before it answered: exit status: 3";

    // Requests to the reference engine as an adapter.
    "methods that there are none of": "adapter methods LONG" => 2, 160 MiB, "characters)";
    "methods that clear the terminal": "adapter methods 'a\u{1b}[2J\nb'" => 2, 160 MiB, r"a\u{1b}[2J";
    "no request": "adapter", "stdin" = text("") => 0, 40 MiB;
    "an empty line": "adapter", "stdin" = text("\n") => 0, 40 MiB, "-32700";
    "a line that is no JSON": "adapter", "stdin" = text("\u{1b}[2J\n") => 0, 40 MiB, "-32700";
    "a line that is no UTF-8": "adapter", "stdin" = Bytes(b"\xff\xfe\n") => 0, 40 MiB, "-32700";
    "a million arrays in a request": "adapter", "stdin" = Many("", "[", 1_000_000, "\n") => 0, 40 MiB, "-32700";
    "a million numbers in a request": "adapter", "stdin" = Many("[", "0,", 1_000_000, "0]\n") => 0, 96 MiB, "-32700";
    "a request to an intermediary that is none": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"intermediary.create\",\"params\":{\"handle\":\"a\"}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"intermediary.requests\",\"params\":{\"handle\":\"a\",\"request\":[1],\"times\":2,\"now\":1}}\n") => 0, 40 MiB, "\"error\":\"malformed\"";
    "a request to be made four billion times": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"intermediary.create\",\"params\":{\"handle\":\"a\"}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"intermediary.requests\",\"params\":{\"handle\":\"a\",\"request\":{},\"times\":4000000000,\"now\":1}}\n") => 0, 40 MiB, "`times` is 4000000000, and at most 10000";
    "a number out of its range": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ratchet.chain_step\",\"params\":{\"chainKey\":\"00\",\"counter\":4294967296}}\n") => 0, 40 MiB, "parameters of ratchet.chain_step: `counter`: 4294967296 is greater than the maximum of 4294967295";
    "a request that is null": "adapter", "stdin" = text("null\n") => 0, 40 MiB, "-32600";
    "a method that there is none of": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"dance\",\"params\":{}}\n") => 0, 40 MiB, "-32601";
    "parameters that are an array": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"xeddsa.verify\",\"params\":[1]}\n") => 0, 40 MiB, "-32602";
    "a request of 100 MB": "adapter", "stdin" = Many("", " ", 100_000_000, "\n") => 2, 96 MiB, "a request of more than 16777216 bytes";
    "a number that is a text": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"describe\",\"params\":{}}\n") => 0, 40 MiB, "-32600";
    "a reset to a suite that there is none of": "adapter", "stdin" = text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"reset\",\"params\":{\"suite\":\"x\"}}\n") => 0, 40 MiB, "-32601";
}

fn write(place: &Path, content: &Content) -> io::Result<()> {
    match content {
        Content::Text(text) => fs::write(place, text),
        Bytes(bytes) => fs::write(place, bytes),
        Many(head, item, times, tail) => {
            let mut file = BufWriter::new(File::create(place)?);
            file.write_all(head.as_bytes())?;
            let chunk = item.repeat(1_000);
            for _ in 0..times / 1_000 {
                file.write_all(chunk.as_bytes())?;
            }
            file.write_all(item.repeat(times % 1_000).as_bytes())?;
            file.write_all(tail.as_bytes())?;
            file.flush()
        }
        Zeros(many) => File::create(place)?.set_len(*many),
        Pipe => {
            let made = Command::new("mkfifo").arg(place).status()?;
            assert!(made.success());
            Ok(())
        }
        LinkTo(there) => symlink(there, place),
        Folder => fs::create_dir(place),
        Files(many) => {
            fs::create_dir(place)?;
            (0..*many).try_for_each(|n| fs::write(place.join(format!("{n}.json")), ""))
        }
        Nested(many) => {
            let below = vec!["f"; *many].join("/");
            fs::create_dir_all(place.join(below))
        }
    }
}

/// How a run ended.
struct Ended {
    /// The exit status; none where a signal, or this test, ended it.
    status: Option<i32>,
    /// The most memory that it had, in MiB, where the system says so.
    memory: u64,
    said: String,
}

impl Attempt {
    fn run(&self) -> io::Result<Ended> {
        let folder = tempfile::tempdir()?;
        let outputs = tempfile::tempdir()?;
        for (name, content) in &self.files {
            write(&folder.path().join(name), content)?;
        }
        let mine = [("a.json", VECTORS), ("x.feature", SCRIPT)];
        for (name, text) in mine.iter().filter(|_| self.arguments.contains("MINE")) {
            if fs::symlink_metadata(folder.path().join(name)).is_err() {
                fs::write(folder.path().join(name), text)?;
            }
        }
        let arguments = self
            .arguments
            .replace("MINE", "--vectors . --scenarios x.feature");
        let words = shlex::split(&arguments).expect("words");
        let mut words: Vec<OsString> = words
            .iter()
            .map(|word| match word.as_str() {
                "BYTES" => OsString::from_vec(vec![0xff, 0xfe]),
                word => word.replace("LONG", &"A".repeat(100_000)).into(),
            })
            .collect();
        let (out, error) = (outputs.path().join("out"), outputs.path().join("error"));
        let mut stdout = File::create(&out)?;
        if let Some(at) = words.iter().position(|word| word == ">") {
            stdout = File::options().write(true).open(&words[at + 1])?;
            words.truncate(at);
        }
        let stdin = match File::open(folder.path().join("stdin")) {
            Ok(file) => Stdio::from(file),
            Err(_) => Stdio::null(),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_tigress"))
            .args(words)
            .current_dir(folder.path())
            // What a terminal gets, colours and all.
            .env("CLICOLOR_FORCE", "1")
            .env_remove("RUST_BACKTRACE")
            .stdin(stdin)
            .stdout(stdout)
            .stderr(File::create(&error)?)
            .spawn()?;
        let began = Instant::now();
        let mut memory = 0;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status.code();
            }
            memory = memory.max(peak_of(child.id()));
            if memory > self.memory || began.elapsed() > NET {
                child.kill()?;
                child.wait()?;
                break None;
            }
            thread::sleep(Duration::from_millis(2));
        };
        let mut said = Vec::new();
        for file in [&out, &error] {
            File::open(file)?
                .take(MOST_OUTPUT as u64)
                .read_to_end(&mut said)?;
        }
        Ok(Ended {
            status,
            memory,
            said: without_colours(&String::from_utf8_lossy(&said)),
        })
    }

    /// What is wrong with how it ended.
    fn fault(&self) -> Option<String> {
        let ended = match self.run() {
            Ok(ended) => ended,
            Err(error) => return Some(format!("{}: {error}", self.what)),
        };
        let Ended {
            status,
            memory,
            said,
        } = ended;
        println!("{memory:>4} of {:>4} MiB  {}", self.memory, self.what);
        let mut faults = Vec::new();
        if memory > self.memory {
            faults.push(format!("took {memory} MiB, more than {}", self.memory));
        }
        if status != Some(self.status) {
            faults.push(format!("ended with {status:?}, and not {}", self.status));
        }
        for words in &self.says {
            if !said.contains(words) {
                faults.push(format!("does not say {words:?}"));
            }
        }
        if let Some(harm) = said.chars().find(|&c| c != '\n' && is_harmful(c)) {
            faults.push(format!("says {harm:?}"));
        }
        if said.contains("panicked at") || said.len() >= MOST_OUTPUT {
            faults.push("panics, or does not end".to_owned());
        }
        if faults.is_empty() {
            return None;
        }
        let said: String = said.chars().take(2_000).collect();
        Some(format!(
            "{}: tigress {}\n  {}\n  it says: {said}",
            self.what,
            self.arguments,
            faults.join("\n  ")
        ))
    }
}

/// The most memory that a process had until now, in MiB. Before it has begun with its own program, it has the name and
/// the memory of the thread that started it: that is not counted.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let own = fs::read_to_string("/proc/thread-self/comm").unwrap_or_default();
    let name = status.lines().find_map(|line| line.strip_prefix("Name:"));
    if name.is_some_and(|name| name.trim() == own.trim()) {
        return 0;
    }
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().split(' ').next()?.parse().ok());
    kib.unwrap_or(0_u64).div_ceil(1024)
}

#[test]
fn each_attempt_ends_as_its_row_says() {
    let wanted = std::env::var("HOSTILE").unwrap_or_default();
    let attempts: Vec<Attempt> = attempts();
    let (first, step) = match sample::seed() {
        Some(seed) if wanted.is_empty() => (usize::try_from(seed % 6).expect("one of six"), 6),
        _ => (0, 1),
    };
    let attempts: Vec<&Attempt> = attempts
        .iter()
        .filter(|attempt| attempt.what.contains(&wanted))
        .skip(first)
        .step_by(step)
        .collect();
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(attempt) = attempts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fault = attempt.fault();
                    faults.lock().expect("nobody panics").extend(fault);
                }
            });
        }
    });
    let faults = faults.into_inner().expect("nobody panicked");
    assert!(
        faults.is_empty(),
        "{} of {} attempts:\n\n{}",
        faults.len(),
        attempts.len(),
        faults.join("\n\n")
    );
}

/// Every command is attempted, and each row is another.
#[test]
fn the_table_is_whole() {
    let attempts = attempts();
    assert!(attempts.len() >= 150, "{}", attempts.len());
    let mut names: Vec<_> = attempts.iter().map(|attempt| attempt.what).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), attempts.len(), "two rows are called the same");
    let help = Command::new(env!("CARGO_BIN_EXE_tigress"))
        .arg("--help")
        .output()
        .expect("it runs");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let commands = help.split("Commands:").nth(1).expect("commands");
    let commands = commands.split("Options:").next().expect("their end");
    for line in commands.lines() {
        let Some(command) = line
            .strip_prefix("  ")
            .filter(|line| !line.starts_with(' '))
        else {
            continue;
        };
        let command = command.split(' ').next().expect("a word");
        let is_attempted = attempts
            .iter()
            .any(|attempt| attempt.arguments.starts_with(command));
        // `flaws` is in no release.
        let is_none = ["help", "flaws"].contains(&command);
        assert!(is_attempted || is_none, "no attempt at {command}");
    }
}
