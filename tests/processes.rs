//! The processes of adapters: as many as are needed, and none that outlives the run, whatever it ignores.
#![cfg(unix)]

use crate::adapter;

use adapter::{TIGRESS, answering, not_implemented, script, text, tigress};
use serde_json::json;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tigress_signal::conformance::adapter::{Process, Setup, Trace};
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::conformance::subject::{Failure, Subject};

/// Two vectors, for runs that should not take long.
const ONLY: [&str; 4] = [
    "--only",
    "tigress-1/kdf/four_outputs",
    "--only",
    "tigress-1/kdf/three_outputs",
];

/// Part of a script: it ignores what asks it to end, and starts children and grandchildren that do the same and hold its
/// standard streams open. The number of each is written down.
fn family(numbers: &Path) -> String {
    let numbers = numbers.display();
    format!(
        "trap '' TERM INT HUP; echo $$ >> '{numbers}'; sleep 300 & echo $! >> '{numbers}'; sh -c 'sleep 300 & echo $! >> \"{numbers}\"; sleep 300' & echo $! >> '{numbers}'; "
    )
}

/// The numbers that were written down, once there are so many.
fn written(numbers: &Path, at_least: usize) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let text = fs::read_to_string(numbers).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.len() >= at_least && text.ends_with('\n') {
            return lines;
        }
        assert!(Instant::now() < deadline, "{lines:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Whether there is such a process that is more than what its parent has not yet asked for.
fn is_running(number: &str) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", number])
        .output();
    let state = text(&state.expect("ps runs").stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

#[track_caller]
fn all_gone(numbers: &[String]) {
    // A killed process takes a moment.
    let deadline = Instant::now() + Duration::from_secs(2);
    while numbers.iter().any(|number| is_running(number)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    let left: Vec<_> = numbers.iter().filter(|number| is_running(number)).collect();
    for number in &left {
        let _ = Command::new("kill").args(["-9", number]).status();
    }
    assert!(left.is_empty(), "{left:?} of {numbers:?}");
}

/// Whether this test, and so whatever it starts, was started to ignore the signal: by `nohup`, by a shell's `&`.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.map(|mask| u64::from_str_radix(mask.trim(), 16).expect("hex"));
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

fn signal(child: &Child, name: &str) {
    let number = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &number]).status();
    assert!(sent.expect("kill runs").success());
}

/// What became of the program, which has ten seconds to end.
#[track_caller]
fn ended(mut child: Child) -> (Option<i32>, String) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().expect("a child").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("its output");
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

fn begun(arguments: &[&str]) -> Child {
    Command::new(TIGRESS)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[test]
fn a_time_out_ends_all_that_the_adapter_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers = folder.path().join("numbers");
    let then = family(&numbers) + "sleep 300";
    let setup = Setup {
        timeout: Duration::from_secs(1),
        ..Setup::default()
    };
    let command = script(folder.path(), "silent", "", &then);
    let mut adapter = Process::start(&command, setup).expect("it starts");
    adapter.reset("tigress-1").expect("it does");
    let answer = adapter.call("public_key.decode", json!({}));
    assert!(matches!(answer, Err(Failure::TimedOut(why)) if why.contains("within 1 s")));
    all_gone(&written(&numbers, 4));
    adapter.reset("tigress-1").expect("it is started again");
}

/// It need not even end by itself.
#[test]
fn the_end_of_the_run_ends_all_that_the_adapter_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers = folder.path().join("numbers");
    let answer = not_implemented();
    for (name, first, then) in [
        ("good", family(&numbers), answer.clone()),
        (
            "deaf",
            family(&numbers),
            format!("{answer}; exec sleep 300"),
        ),
        ("dead", family(&numbers), "exit 0".to_owned()),
        ("mute", family(&numbers), "exec >&-; sleep 300".to_owned()),
    ] {
        let _ = fs::remove_file(&numbers);
        let command = script(folder.path(), name, &first, &then);
        tigress(
            &[
                &[
                    "test",
                    "--adapter",
                    &command,
                    "--jobs",
                    "2",
                    "--timeout",
                    "2",
                ],
                &ONLY[..],
            ]
            .concat(),
        );
        let numbers = written(&numbers, 8);
        all_gone(&numbers);
    }
}

#[test]
fn a_signal_ends_the_run_and_all_that_its_adapters_started() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, status) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
        if is_ignored(status - 128) {
            eprintln!("skipped: this test was started to ignore SIG{name}");
            continue;
        }
        let numbers = folder.path().join(name);
        let command = script(
            folder.path(),
            "silent",
            "",
            &(family(&numbers) + "sleep 300"),
        );
        let arguments = [
            "test",
            "--adapter",
            &command,
            "--jobs",
            "2",
            "--timeout",
            "300",
        ];
        let run = begun(&[&arguments, &ONLY[..]].concat());
        let numbers = written(&numbers, 8);
        signal(&run, name);
        let (code, said) = ended(run);
        assert_eq!(code, Some(status), "{name}: {said}");
        all_gone(&numbers);
        // What is left unasked has not failed.
        assert!(!said.contains("FAILED"), "{said}");
    }
    // One that describes itself no more.
    let numbers = folder.path().join("describe");
    let command = script(
        folder.path(),
        "speechless",
        &(family(&numbers) + "sleep 300"),
        "",
    );
    let run = begun(&["test", "--adapter", &command, "--timeout", "300"]);
    let numbers = written(&numbers, 4);
    signal(&run, "TERM");
    assert_eq!(ended(run).0, Some(143));
    all_gone(&numbers);
}

/// Whoever interrupts twice does not want to read what there is.
#[test]
fn a_second_signal_ends_the_program_at_once() {
    // More than a pipe takes: once it has begun to write, it waits to be read.
    let mut run = begun(&[
        "test", "--only", "kdf", "--only", "xeddsa", "--format", "json",
    ]);
    let mut first = [0; 1];
    let mut stdout = run.stdout.take().expect("a pipe");
    stdout.read_exact(&mut first).expect("a byte");
    thread::sleep(Duration::from_millis(300));
    signal(&run, "TERM");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(run.try_wait().expect("a child"), None);
    // Two that come before the first is heeded are one.
    for _ in 0..20 {
        if run.try_wait().expect("a child").is_none() {
            signal(&run, "TERM");
            thread::sleep(Duration::from_millis(200));
        }
    }
    assert_eq!(ended(run).0, Some(143));
}

/// `nohup` and a shell's jobs in the background ignore signals on purpose.
#[test]
#[cfg(target_os = "linux")]
fn what_the_program_was_started_to_ignore_it_ignores() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers = folder.path().join("numbers");
    let command = script(
        folder.path(),
        "silent",
        "",
        &(family(&numbers) + "sleep 300"),
    );
    let run = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh", TIGRESS])
        .args(["test", "--adapter", &command, "--timeout", "300"])
        .args(ONLY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let numbers = written(&numbers, 4);
    signal(&run, "HUP");
    thread::sleep(Duration::from_millis(300));
    assert!(is_running(&run.id().to_string()));
    signal(&run, "TERM");
    assert_eq!(ended(run).0, Some(143));
    all_gone(&numbers);
}

/// Whoever waits for an adapter looks at the interrupt, even where a process that left the group holds the pipes open.
#[test]
fn an_interrupt_is_seen_while_an_adapter_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers = folder.path().join("numbers");
    let then = format!(
        "setsid sh -c 'echo $$ > \"{}\"; exec sleep 300' & sleep 300",
        numbers.display()
    );
    let interrupt = Interrupt::default();
    let setup = Setup {
        timeout: Duration::from_mins(5),
        interrupt: interrupt.clone(),
        ..Setup::default()
    };
    let command = script(folder.path(), "leaving", "", &then);
    let mut adapter = Process::start(&command, setup).expect("it starts");
    adapter.reset("tigress-1").expect("it does");
    let numbers = thread::scope(|scope| {
        let waiting = scope.spawn(|| adapter.call("public_key.decode", json!({})));
        let numbers = written(&numbers, 1);
        interrupt.raise();
        let raised = Instant::now();
        let answer = waiting.join().expect("no panic");
        assert!(matches!(answer, Err(Failure::Broken(why)) if why.starts_with("interrupted")));
        assert!(raised.elapsed() < Duration::from_secs(5));
        numbers
    });
    assert!(
        matches!(adapter.reset("tigress-1"), Err(Failure::Broken(why)) if why.contains("interrupted"))
    );
    // It is no longer of the adapter's group.
    let _ = Command::new("kill").args(["-9", &numbers[0]]).status();
}

/// However many are asked for.
#[test]
fn no_more_processes_are_started_than_there_are_cases() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers = folder.path().join("numbers");
    let first = format!("echo $$ >> '{}'", numbers.display());
    let command = script(folder.path(), "counted", &first, &not_implemented());
    let arguments = ["test", "--adapter", &command, "--jobs", "300"];
    tigress(&[&arguments, &ONLY[..]].concat());
    assert_eq!(written(&numbers, 2).len(), 2);
}

/// What is said stands in a file as it was said, and in the order in which it was.
#[test]
fn a_trace_holds_all_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace");
    let setup = Setup {
        trace: Some(Trace::create(&file).expect("a file")),
        ..Setup::default()
    };
    let answer = answering(r#"{"jsonrpc":"2.0","id":$id,"result":{"u":"é"}}"#);
    let then = format!("case $id in 3) {answer} ;; *) printf 'no answer\\n'; sleep 300 ;; esac");
    let command = script(folder.path(), "traced", "", &then);
    let mut adapter = Process::start(&command, setup).expect("it starts");
    adapter.reset("tigress-1").expect("it does");
    let call =
        |adapter: &mut Process| adapter.call("public_key.decode", json!({"publicKey": "06"}));
    assert_eq!(call(&mut adapter), Ok(json!({ "u": "é" })));
    call(&mut adapter).expect_err("no answer");
    drop(adapter);
    let traced = fs::read_to_string(&file).expect("a trace");
    let expected = [
        &*format!("== started: {command}"),
        r#"-> {"jsonrpc":"2.0","id":1,"method":"describe","params":{}}"#,
        r#"<- {"jsonrpc":"2.0","id":1,"result":{"name":"bad","version":"0","protocol":1,"suites":["tigress-1"],"roles":["primitives"],"randomness":"injected"}}"#,
        r#"-> {"jsonrpc":"2.0","id":2,"method":"reset","params":{"suite":"tigress-1"}}"#,
        r#"<- {"jsonrpc":"2.0","id":2,"result":{}}"#,
        r#"-> {"jsonrpc":"2.0","id":3,"method":"public_key.decode","params":{"publicKey":"06"}}"#,
        r#"<- {"jsonrpc":"2.0","id":3,"result":{"u":"é"}}"#,
        r#"-> {"jsonrpc":"2.0","id":4,"method":"public_key.decode","params":{"publicKey":"06"}}"#,
        "<- no answer",
        "== ended: signal: 9 (SIGKILL): the adapter wrote what is no answer (expected ident at line 1 column 2): no answer",
    ];
    assert_eq!(traced.lines().collect::<Vec<_>>(), expected);
}

/// Each of several adapters has its number, and a trace that cannot be written is an error.
#[test]
fn a_run_is_traced() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = script(folder.path(), "traced", "", &not_implemented());
    let file = folder.path().join("trace");
    let traced = |file: &Path, jobs: &str| {
        let file = file.to_str().expect("UTF-8");
        let arguments = [
            "test",
            "--adapter",
            &command,
            "--trace",
            file,
            "--jobs",
            jobs,
        ];
        tigress(&[&arguments, &ONLY[..]].concat())
    };
    traced(&file, "1");
    let one = fs::read_to_string(&file).expect("a trace");
    assert_eq!(one.matches("\n-> ").count(), one.matches("\n<- ").count());
    assert!(
        one.contains("\n-> {\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"x3dh.shared_secret\""),
        "{one}"
    );
    traced(&file, "2");
    let two = fs::read_to_string(&file).expect("a trace");
    for number in ["1", "2"] {
        let of_one = two.lines().filter_map(|line| line.strip_prefix(number));
        assert!(
            of_one.filter(|line| line.starts_with(" <- ")).count() >= 2,
            "{two}"
        );
    }
    for unwritable in [folder.path(), Path::new("/dev/full")] {
        let output = traced(unwritable, "1");
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(
            said.contains(&format!("error: {}", unwritable.display())),
            "{said}"
        );
    }
}

/// Any time may be given, also one that no clock reaches.
#[test]
fn a_time_out_is_any_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = script(folder.path(), "quick", "", &not_implemented());
    for (seconds, code, says) in [
        ("1e19", None, ""),
        ("0.001", None, ""),
        ("0", Some(2), "not a number of seconds above 0"),
        ("1e20", Some(2), "not a number of seconds"),
        ("inf", Some(2), "not a number of seconds"),
        ("NaN", Some(2), "not a number of seconds"),
    ] {
        let arguments = ["test", "--adapter", &command, "--timeout", seconds];
        let output = tigress(&[&arguments, &ONLY[..]].concat());
        let said = text(&output.stderr);
        assert!(said.contains(says) && !said.contains("panicked"), "{said}");
        assert!(
            code.is_none_or(|code| output.status.code() == Some(code)),
            "{seconds}: {said}"
        );
    }
}
