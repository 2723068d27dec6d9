//! An adapter as a child process. Whatever it does, a call ends: with an answer, or with what went wrong.

use super::protocol::{Answer, MAX_LINE, Request, shortened};
use crate::conformance::subject::{Description, Failure, PROTOCOL_VERSION, Subject};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// So much of an adapter's standard error is kept: the end of it, in bytes.
const STDERR_KEPT: usize = 4096;
/// So many lines that nobody asked for may wait.
const LINES_WAITING: usize = 16;
/// How long the standard error of a process that has ended is waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Why an adapter cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The command is empty or has an open quote.
    #[error("`{0}` is no command")]
    Command(String),
    /// The program does not start.
    #[error("`{command}` does not start: {error}")]
    Spawn {
        /// The command.
        command: String,
        /// Why.
        error: io::Error,
    },
    /// It starts, and does not describe itself.
    #[error("`{command}` does not answer `describe`: {why}")]
    Describe {
        /// The command.
        command: String,
        /// Why.
        why: String,
    },
    /// It speaks another version of the protocol.
    #[error(
        "`{command}` speaks version {version} of the adapter protocol; this build speaks {PROTOCOL_VERSION}"
    )]
    Protocol {
        /// The command.
        command: String,
        /// Its version.
        version: u32,
    },
}

/// An adapter, started again whenever it has failed.
#[derive(Debug)]
pub struct Process {
    command: String,
    words: Vec<String>,
    timeout: Duration,
    description: Description,
    next_id: u64,
    running: Option<Running>,
}

/// One run of the adapter's program.
#[derive(Debug)]
struct Running {
    child: Child,
    requests: Sender<String>,
    answers: Receiver<Line>,
    stderr: Arc<Mutex<Vec<u8>>>,
}

/// What was read from the adapter's standard output.
#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    TooLong,
}

impl Process {
    /// Starts the command, as a shell would split it, and asks who it is. No shell is started.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn start(command: &str, timeout: Duration) -> Result<Self, StartError> {
        let words = shlex::split(command)
            .filter(|words| !words.is_empty())
            .ok_or_else(|| StartError::Command(command.to_owned()))?;
        let mut process = Process {
            command: command.to_owned(),
            words,
            timeout,
            description: Description::default(),
            next_id: 1,
            running: None,
        };
        process.spawn()?;
        let describe = |why: String| StartError::Describe {
            command: command.to_owned(),
            why,
        };
        let answer = process
            .ask("describe", json!({}))
            .map_err(|failure| describe(failure.to_string()))?;
        process.description =
            serde_json::from_value(answer).map_err(|error| describe(error.to_string()))?;
        if process.description.protocol != PROTOCOL_VERSION {
            return Err(StartError::Protocol {
                command: command.to_owned(),
                version: process.description.protocol,
            });
        }
        Ok(process)
    }

    fn spawn(&mut self) -> Result<(), StartError> {
        let failed = |error| StartError::Spawn {
            command: self.command.clone(),
            error,
        };
        self.running = Some(Running::new(&self.words).map_err(failed)?);
        Ok(())
    }

    /// One request and its answer. An adapter that fails is ended; the next reset starts it again.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let id = self.next_id;
        self.next_id += 1;
        let Some(running) = &mut self.running else {
            return Err(Failure::Broken("the adapter has ended".to_owned()));
        };
        let request = Request::new(id, method, params);
        match running.ask(&request, self.timeout) {
            Ok(answer) => Result::from(answer.outcome),
            Err(why) => {
                let why = match running.end() {
                    stderr if stderr.is_empty() => format!("{why}; its standard error is empty"),
                    stderr => format!("{why}; its standard error: {stderr}"),
                };
                self.running = None;
                Err(Failure::Broken(why))
            }
        }
    }
}

impl Subject for Process {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        if self.running.is_none() {
            self.spawn()
                .map_err(|error| Failure::Broken(error.to_string()))?;
        }
        self.ask("reset", json!({ "suite": suite })).map(drop)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.ask(method, params)
    }
}

impl Running {
    fn new(words: &[String]) -> io::Result<Self> {
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the child has no pipes"));
        };
        let (requests, to_write) = channel();
        let (lines, answers) = sync_channel(LINES_WAITING);
        let kept = Arc::new(Mutex::new(Vec::new()));
        // Each thread ends with its pipe. An adapter that reads nothing blocks a thread, not the run.
        thread::spawn(move || write_requests(stdin, &to_write));
        thread::spawn(move || read_answers(stdout, &lines));
        let keeper = Arc::clone(&kept);
        thread::spawn(move || keep_stderr(stderr, &keeper));
        Ok(Running {
            child,
            requests,
            answers,
            stderr: kept,
        })
    }

    fn ask(&mut self, request: &Request, timeout: Duration) -> Result<Answer, String> {
        if let Ok(line) = self.answers.try_recv() {
            let line = line.text()?;
            return Err(format!(
                "the adapter wrote a line that answers no request: {}",
                shortened(&line)
            ));
        }
        let deadline = Instant::now() + timeout;
        let gone = || "the adapter ended before it answered".to_owned();
        self.requests.send(request.line()).map_err(|_| gone())?;
        let left = deadline.saturating_duration_since(Instant::now());
        let line = match self.answers.recv_timeout(left) {
            Ok(line) => line.text()?,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!(
                    "the adapter did not answer within {} s",
                    timeout.as_secs_f64()
                ));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(self.how_it_ended()),
        };
        Answer::read(&line, request.id)
    }

    fn how_it_ended(&mut self) -> String {
        let deadline = Instant::now() + LAST_WORDS;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return format!("the adapter ended before it answered: {status}");
            }
            thread::sleep(Duration::from_millis(5));
        }
        "the adapter closed its standard output before it answered".to_owned()
    }

    /// Ends the process and returns the end of its standard error.
    fn end(&mut self) -> String {
        // It may have just ended by itself; its last words are on their way.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let deadline = Instant::now() + LAST_WORDS;
        while Arc::strong_count(&self.stderr) > 1 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        let kept = lock(&self.stderr);
        String::from_utf8_lossy(&kept).trim().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Line {
    fn text(self) -> Result<Vec<u8>, String> {
        match self {
            Line::Text(text) => Ok(text),
            Line::TooLong => Err(format!(
                "the adapter wrote a line of more than {MAX_LINE} bytes"
            )),
        }
    }
}

fn write_requests(mut stdin: ChildStdin, requests: &Receiver<String>) {
    for request in requests {
        if stdin
            .write_all(request.as_bytes())
            .and_then(|()| stdin.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read_answers(stdout: ChildStdout, lines: &SyncSender<Line>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        // One byte more than allowed tells a line that is too long from one that just fits.
        let mut limited = Read::by_ref(&mut stdout).take(MAX_LINE as u64 + 1);
        match limited.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.last() == Some(&b'\n') => {
                if lines.send(Line::Text(line)).is_err() {
                    return;
                }
            }
            Ok(read) if read > MAX_LINE => {
                let _ = lines.send(Line::TooLong);
                return;
            }
            // The last line without its line feed: it was cut off.
            Ok(_) => {
                let _ = lines.send(Line::Text(line));
                return;
            }
        }
    }
}

fn keep_stderr(mut stderr: ChildStderr, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut chunk) {
        let mut kept = lock(kept);
        kept.extend_from_slice(&chunk[..read]);
        let over = kept.len().saturating_sub(STDERR_KEPT);
        kept.drain(..over);
    }
}

/// The lock; nobody panics while holding it, and if so the bytes are still there.
fn lock(kept: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    kept.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
