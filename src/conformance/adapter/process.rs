//! An adapter as a child process. Whatever it does, a call ends: with an answer, or with what went wrong; and the vector or
//! scenario that fails by it is the one that was asked.

use super::leader::Leader;
use super::protocol::{Answer, MAX_LINE, Request, shortened};
use super::stderr::Stderr;
use super::trace::Trace;
use crate::conformance::interrupt::Interrupt;
use crate::conformance::redaction;
use crate::conformance::subject::{Description, Failure, PROTOCOL_VERSION, Subject};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel,
};
use std::thread;
use std::time::{Duration, Instant};

/// So many lines that nobody asked for may wait; the adapter waits with more.
const LINES_WAITING: usize = 1;
/// How long it is waited for an adapter that has closed its output to end, and for the rest of its standard error.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long an adapter may take to end once its standard input has ended.
const GRACE: Duration = Duration::from_millis(500);
/// How often whoever waits looks at the interrupt.
const LOOK: Duration = Duration::from_millis(50);
/// So many faults that no case can be charged with are kept, and as many belated answers to one request.
const MAX_FAULTS: usize = 20;
/// The most bytes of an adapter's name, version, and of a suite's name.
const MAX_NAME: usize = 200;

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
    #[error("`{command}` does not answer `describe` as it must: {why}")]
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
        version: u64,
    },
}

/// How an adapter is started and asked.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How long it may take for an answer.
    pub timeout: Duration,
    /// What ends it before.
    pub interrupt: Interrupt,
    /// Where all lines are written down, if anywhere.
    pub trace: Option<Trace>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            timeout: Duration::from_secs(10),
            interrupt: Interrupt::default(),
            trace: None,
        }
    }
}

/// An adapter, started again whenever it has failed.
#[derive(Debug)]
pub struct Process {
    /// As it may be shown.
    command: String,
    words: Vec<String>,
    setup: Setup,
    description: Description,
    next_id: u64,
    /// The first request of the case at hand: answers to those before come too late to be charged to their case.
    case_began: u64,
    /// The suite that it was last reset to.
    suite: Option<String>,
    /// Whether nothing was asked of it since.
    is_reset: bool,
    faults: Vec<String>,
    greeting: String,
    running: Option<Running>,
}

/// One run of the adapter's program.
#[derive(Debug)]
struct Running {
    leader: Leader,
    /// None once its standard input is closed.
    requests: Option<Sender<String>>,
    answers: Receiver<Line>,
    stderr: Stderr,
    /// The first request of this run.
    first_id: u64,
}

/// What was read from the adapter's standard output.
#[derive(Debug)]
enum Line {
    Whole(Vec<u8>),
    /// The last one, without its line feed.
    CutOff(Vec<u8>),
    /// The beginning of one.
    TooLong(Vec<u8>),
}

impl Process {
    /// Starts the command, as a shell would split it, and asks who it is. No shell is started.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn start(command: &str, setup: Setup) -> Result<Self, StartError> {
        let words = shlex::split(command)
            .filter(|words| !words.is_empty())
            .ok_or_else(|| StartError::Command(redaction::text(command).into_owned()))?;
        // It is shown, and written into traces.
        let command = redaction::text(command);
        let mut process = Process {
            command: command.clone().into_owned(),
            words,
            setup,
            description: Description::default(),
            next_id: 1,
            case_began: 1,
            suite: None,
            is_reset: false,
            faults: Vec::new(),
            greeting: String::new(),
            running: None,
        };
        process.spawn()?;
        let describe = |why: String| StartError::Describe {
            command: command.clone().into_owned(),
            why,
        };
        let answer = process
            .ask("describe", json!({}))
            .map_err(|failure| describe(failure.to_string()))?;
        if let Some(version) = answer["protocol"].as_u64()
            && version != u64::from(PROTOCOL_VERSION)
        {
            return Err(StartError::Protocol {
                command: command.into_owned(),
                version,
            });
        }
        process.description = described(answer).map_err(describe)?;
        let said = process.said();
        process
            .greeting
            .push_str(String::from_utf8_lossy(&said).trim());
        process.case_began = process.next_id;
        Ok(process)
    }

    /// What it had written to its standard error by the time that it had said who it is.
    #[must_use]
    pub fn greeting(&self) -> &str {
        &self.greeting
    }

    fn spawn(&mut self) -> Result<(), StartError> {
        let failed = |error| StartError::Spawn {
            command: self.command.clone(),
            error,
        };
        let running = Running::new(&self.words, &self.setup.interrupt, self.next_id);
        self.running = Some(running.map_err(failed)?);
        self.is_reset = false;
        if let Some(trace) = &self.setup.trace {
            trace.noted(&format!("started: {}", self.command));
        }
        Ok(())
    }

    /// One request and its answer. An adapter that fails is ended; the next reset starts it again.
    fn ask(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        let id = self.next_id;
        self.next_id += 1;
        self.is_reset = false;
        if self.running.is_none() {
            return Err(Failure::Broken("the adapter has ended".to_owned()));
        }
        let line = Request::new(id, method, params).line();
        match self.answer_to(id, line) {
            Ok(answer) => Result::from(answer.outcome),
            Err(Failure::Broken(why)) => Err(Failure::Broken(self.end(why))),
            Err(Failure::TimedOut(why)) => Err(Failure::TimedOut(self.end(why))),
            Err(failure) => Err(failure),
        }
    }

    fn answer_to(&mut self, id: u64, request: String) -> Result<Answer, Failure> {
        let broken = |why: String| Err(Failure::Broken(why));
        let deadline = Instant::now().checked_add(self.setup.timeout);
        if let Some(trace) = &self.setup.trace {
            trace.asked(&request);
        }
        if let Some(requests) = self.running.as_ref().and_then(|it| it.requests.as_ref()) {
            // Where nobody reads it any more, the end of the output says so.
            let _ = requests.send(request);
        }
        let mut belated = 0;
        loop {
            let line = self.next_line(deadline)?;
            let answer = Answer::read(&line).map_err(Failure::Broken)?;
            let first = self.running.as_ref().map_or(id, |running| running.first_id);
            match answer.id {
                Some(said) if said == id => return Ok(answer),
                Some(said) if (first..self.case_began).contains(&said) => {
                    belated += 1;
                    if belated > MAX_FAULTS {
                        return broken(format!(
                            "the adapter answered earlier requests instead of request {id}"
                        ));
                    }
                    self.fault(format!(
                        "the adapter answered request {said} a second time, when it was asked request {id}"
                    ));
                }
                Some(said) if (self.case_began..id).contains(&said) => {
                    return broken(format!(
                        "the adapter answered request {said} a second time, and was asked {id}"
                    ));
                }
                Some(said) => {
                    return broken(format!(
                        "the adapter answered request {said}, and was asked {id}"
                    ));
                }
                None => {
                    return broken(format!(
                        "the adapter could not read request {id}: {}",
                        shortened(&line)
                    ));
                }
            }
        }
    }

    fn next_line(&mut self, deadline: Option<Instant>) -> Result<Vec<u8>, Failure> {
        let Some(running) = &mut self.running else {
            return Err(Failure::Broken("the adapter has ended".to_owned()));
        };
        let line = loop {
            if self.setup.interrupt.is_raised() {
                return Err(Failure::Broken("interrupted".to_owned()));
            }
            let now = Instant::now();
            let left = deadline.map(|deadline| deadline.saturating_duration_since(now));
            match running.answers.recv_timeout(left.unwrap_or(LOOK).min(LOOK)) {
                Ok(line) => break line,
                Err(RecvTimeoutError::Timeout) if left.is_none_or(|left| left > LOOK) => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Failure::TimedOut(format!(
                        "the adapter did not answer within {} s",
                        self.setup.timeout.as_secs_f64()
                    )));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Broken(match running.status() {
                        Some(status) => format!("the adapter ended before it answered: {status}"),
                        None => {
                            "the adapter closed its standard output before it answered".to_owned()
                        }
                    }));
                }
            }
        };
        if let Some(trace) = &self.setup.trace {
            trace.answered(line.bytes());
        }
        line.whole().map_err(Failure::Broken)
    }

    /// Ends it; `why`, with the end of its standard error.
    fn end(&mut self, why: String) -> String {
        let Some(mut running) = self.running.take() else {
            return why;
        };
        let status = running.leader.end();
        if let Some(trace) = &self.setup.trace {
            let status = status.map_or_else(String::new, |status| format!(": {status}"));
            trace.noted(&format!("ended{status}: {why}"));
        }
        match running.stderr.last_words(LAST_WORDS) {
            words if words.is_empty() => format!("{why}; its standard error is empty"),
            words => format!("{why}; its standard error:\n{words}"),
        }
    }

    /// An adapter that has said something or ended since the case before was over, is ended: what it does next would be
    /// charged to a case that has nothing to do with it.
    fn look_between_cases(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let why = match running.answers.try_recv() {
            Err(TryRecvError::Empty) => return,
            Ok(line) => {
                if let Some(trace) = &self.setup.trace {
                    trace.answered(line.bytes());
                }
                let line = shortened(line.bytes());
                format!("the adapter wrote a line when nothing was asked of it: {line}")
            }
            Err(TryRecvError::Disconnected) => match running.status() {
                Some(status) => {
                    format!("the adapter ended when nothing was asked of it: {status}")
                }
                None => {
                    "the adapter closed its standard output when nothing was asked of it".to_owned()
                }
            },
        };
        let why = self.end(why);
        if !self.setup.interrupt.is_raised() {
            self.fault(why);
        }
    }

    fn fault(&mut self, what: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(what);
        }
    }

    fn reset_to(&mut self, suite: &str) -> Result<(), Failure> {
        self.ask("reset", json!({ "suite": suite }))?;
        self.suite = Some(suite.to_owned());
        self.is_reset = true;
        Ok(())
    }
}

impl Subject for Process {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        if self.case_began == self.next_id {
            self.look_between_cases();
        }
        if self.running.is_none() {
            self.spawn()
                .map_err(|error| Failure::Broken(error.to_string()))?;
        }
        if self.is_reset && self.suite.as_deref() == Some(suite) {
            return Ok(());
        }
        self.reset_to(suite)
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.ask(method, params)
    }

    /// It is reset: what it has still to say of the case comes before the answer.
    fn settle(&mut self) -> Result<(), Failure> {
        let settled = match self.suite.clone() {
            Some(suite) if self.running.is_some() && !self.is_reset => self.reset_to(&suite),
            _ => Ok(()),
        };
        self.case_began = self.next_id;
        settled
    }

    fn said(&mut self) -> Vec<u8> {
        let running = self.running.as_ref();
        running.map_or_else(Vec::new, |running| running.stderr.said())
    }

    fn faults(&self) -> &[String] {
        &self.faults
    }
}

/// What an adapter says of itself.
fn described(answer: Value) -> Result<Description, String> {
    let description: Description =
        serde_json::from_value(answer).map_err(|error| error.to_string())?;
    let Description {
        name,
        version,
        suites,
        roles,
        ..
    } = &description;
    let texts = [("name", name), ("version", version)];
    let texts = texts
        .into_iter()
        .chain(suites.iter().map(|suite| ("suites", suite)));
    for (field, text) in texts {
        if text.trim().is_empty() || text.len() > MAX_NAME {
            let length = text.len();
            return Err(format!(
                "a text in `{field}` has {length} bytes: it may not be blank, and has at most {MAX_NAME}"
            ));
        }
    }
    let different = |suites: &BTreeSet<&String>| suites.len() == description.suites.len();
    if suites.is_empty() || !different(&suites.iter().collect()) {
        return Err("`suites` names at least one suite, and none twice".to_owned());
    }
    let twice = |(at, role)| roles[..at].contains(role);
    if roles.is_empty() || roles.iter().enumerate().any(twice) {
        return Err("`roles` names at least one role, and none twice".to_owned());
    }
    Ok(description)
}

impl Running {
    fn new(words: &[String], interrupt: &Interrupt, first_id: u64) -> io::Result<Self> {
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut leader = Leader::start(&mut command, interrupt)?;
        let child = leader.child();
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the child has no pipes"));
        };
        let (requests, to_write) = channel();
        let (lines, answers) = sync_channel(LINES_WAITING);
        // Each thread ends with its pipe. An adapter that reads nothing blocks a thread, not the run.
        thread::spawn(move || write_requests(stdin, &to_write));
        thread::spawn(move || read_answers(stdout, &lines));
        Ok(Running {
            leader,
            requests: Some(requests),
            answers,
            stderr: Stderr::read(stderr),
            first_id,
        })
    }

    /// How it ended, which is waited for a little.
    fn status(&mut self) -> Option<ExitStatus> {
        self.await_end(LAST_WORDS);
        if self.leader.has_ended() {
            self.leader.end()
        } else {
            None
        }
    }

    fn await_end(&mut self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        while !self.leader.has_ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    /// Its standard input ends, and so must it.
    fn drop(&mut self) {
        self.requests = None;
        self.await_end(GRACE);
        self.leader.end();
    }
}

impl Line {
    fn bytes(&self) -> &[u8] {
        match self {
            Line::Whole(bytes) | Line::CutOff(bytes) | Line::TooLong(bytes) => bytes,
        }
    }

    fn whole(self) -> Result<Vec<u8>, String> {
        match self {
            Line::Whole(bytes) => Ok(bytes),
            Line::CutOff(bytes) => Err(format!(
                "the adapter ended in the middle of a line: {}",
                shortened(&bytes)
            )),
            Line::TooLong(bytes) => Err(format!(
                "the adapter wrote a line of more than {MAX_LINE} bytes: {}",
                shortened(&bytes)
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
        let mut bytes = Vec::new();
        // One byte more than allowed tells a line that is too long from one that just fits.
        let mut limited = Read::by_ref(&mut stdout).take(MAX_LINE as u64 + 1);
        let line = match limited.read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) if bytes.last() == Some(&b'\n') => Line::Whole(bytes),
            Ok(read) if read > MAX_LINE => {
                bytes.truncate(1024);
                bytes.shrink_to_fit();
                Line::TooLong(bytes)
            }
            Ok(_) => Line::CutOff(bytes),
        };
        let is_last = !matches!(line, Line::Whole(_));
        if lines.send(line).is_err() || is_last {
            return;
        }
    }
}
