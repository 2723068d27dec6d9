//! Each mutation against the cases that come by it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A case, how long it takes, and the mutations that it comes by.
#[derive(Debug, Deserialize)]
pub(crate) struct Reach {
    /// Its name.
    pub(crate) case: String,
    /// How long it takes without a mutation.
    pub(crate) microseconds: u64,
    /// Whether it fails without one.
    pub(crate) failed: bool,
    /// The mutations.
    pub(crate) reached: Vec<u32>,
}

/// How a mutation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// A case failed, or the engine panicked.
    Caught,
    /// The process ended: its stack or its memory ran out.
    Crashed,
    /// A case took too long.
    TimedOut,
    /// No case noticed it.
    Survived,
    /// No case comes by it.
    NotReached,
}

impl End {
    /// Whether nothing noticed it.
    #[must_use]
    pub(crate) fn is_survivor(self) -> bool {
        matches!(self, End::Survived | End::NotReached)
    }
}

/// The cases to ask for each mutation: first the one that caught it before, then the quickest first.
#[must_use]
pub(crate) fn plan(
    reach: &[Reach],
    hint: impl Fn(u32) -> Option<String>,
) -> BTreeMap<u32, Vec<usize>> {
    let mut order: Vec<usize> = (0..reach.len()).collect();
    order.sort_by_key(|&at| reach[at].microseconds);
    let mut plan: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for at in order {
        for id in &reach[at].reached {
            plan.entry(*id).or_default().push(at);
        }
    }
    for (id, cases) in &mut plan {
        if let Some(name) = hint(*id)
            && let Some(first) = cases.iter().position(|&at| reach[at].case == name)
        {
            cases[..=first].rotate_right(1);
        }
    }
    plan
}

/// A process that asks cases under mutations.
struct Worker {
    child: Child,
    asks: ChildStdin,
    says: Receiver<String>,
}

impl Worker {
    fn start(program: &Path) -> io::Result<Self> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let gone = || io::Error::other("no pipe");
        let asks = child.stdin.take().ok_or_else(gone)?;
        let out = child.stdout.take().ok_or_else(gone)?;
        let (send, says) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Worker { child, asks, says })
    }

    fn end(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds mutations against cases, one after the other.
pub(crate) struct Trial<'a> {
    program: &'a Path,
    reach: &'a [Reach],
    worker: Option<Worker>,
}

impl<'a> Trial<'a> {
    /// With the program that was built of the changed tree.
    #[must_use]
    pub(crate) fn new(program: &'a Path, reach: &'a [Reach]) -> Self {
        Trial {
            program,
            reach,
            worker: None,
        }
    }

    /// How a mutation ends, and by which case.
    ///
    /// # Errors
    /// Where the program does not start.
    pub(crate) fn run(&mut self, id: u32, cases: &[usize]) -> io::Result<(End, Option<String>)> {
        if cases.is_empty() {
            return Ok((End::NotReached, None));
        }
        let mut worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(self.program)?,
        };
        let numbers: Vec<String> = cases.iter().map(usize::to_string).collect();
        let asked = writeln!(worker.asks, "{id} {}", numbers.join(" "));
        let mut at = None;
        // It reads all cases first.
        let mut patience = Duration::from_mins(1);
        let end = loop {
            match worker.says.recv_timeout(patience) {
                _ if asked.is_err() => break End::Crashed,
                Ok(said) if said == "caught" => break End::Caught,
                Ok(said) if said == "survived" => break End::Survived,
                Ok(said) => {
                    at = said.parse::<usize>().ok().and_then(|at| self.reach.get(at));
                    let usual = at.map_or(0, |reach| reach.microseconds);
                    patience = Duration::from_secs(5) + Duration::from_micros(usual) * 30;
                }
                Err(RecvTimeoutError::Timeout) => break End::TimedOut,
                Err(RecvTimeoutError::Disconnected) => break End::Crashed,
            }
        };
        match end {
            End::Caught | End::Survived => self.worker = Some(worker),
            _ => worker.end(),
        }
        let by = at
            .filter(|_| !end.is_survivor())
            .map(|reach| reach.case.clone());
        Ok((end, by))
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.end();
        }
    }
}
