//! Adapters for tests, and the program that tests them.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tigress_signal::conformance::adapter::{Process, Setup};

pub(crate) const TIGRESS: &str = env!("CARGO_BIN_EXE_tigress");

pub(crate) fn tigress(arguments: &[&str]) -> Output {
    Command::new(TIGRESS)
        .args(arguments)
        .output()
        .expect("the program runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An adapter that has a minute for each answer.
pub(crate) fn started(command: &str) -> Process {
    let setup = Setup {
        timeout: Duration::from_mins(1),
        ..Setup::default()
    };
    Process::start(command, setup).expect("it starts")
}

/// The command of a shell script that does `first`, then describes itself and takes resets, and does `then` with whatever
/// else is asked under `$id`.
pub(crate) fn script(folder: &Path, name: &str, first: &str, then: &str) -> String {
    let script = folder.join(format!("{name}.sh"));
    let described = r#"{"name":"bad","version":"0","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}"#;
    let text = format!(
        r#"{first}
while read line; do
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *'"describe"'*) printf '{{"jsonrpc":"2.0","id":%s,"result":{described}}}\n' "$id" ;;
    *'"reset"'*) printf '{{"jsonrpc":"2.0","id":%s,"result":{{}}}}\n' "$id" ;;
    *) {then}
       ;;
  esac
done
"#
    );
    fs::write(&script, text).expect("written");
    format!("sh '{}'", script.display())
}

/// Part of such a script: one that writes a line with `$id` in it.
pub(crate) fn answering(answer: &str) -> String {
    format!("printf '%s\\n' \"{}\"", answer.replace('"', "\\\""))
}

/// Part of such a script: the answer that nothing is implemented.
pub(crate) fn not_implemented() -> String {
    answering(r#"{"jsonrpc":"2.0","id":$id,"error":{"code":-32601,"message":""}}"#)
}
