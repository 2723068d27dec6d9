//! The one thread that has the machine: requests in groups, each group one durable commit.
//!
//! Requests queue; whatever waits when the thread comes back for more is one group. While the disk is slow, groups grow, and each request
//! still waits for one commit alone. Nobody is answered before the commit: neither with an answer nor with a refusal, since both may rest
//! on what another request of the group changed.

use super::arrivals::Arrivals;
use super::clock::Clock;
use super::store::{GroupStore, Overview, overview};
use crate::intermediary::request::Body;
use crate::intermediary::{Answer, Intermediary, IntermediaryError, Request, Row, StoreError};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The most requests of a group.
const GROUP: usize = 64;
/// The most requests that wait for the thread.
const QUEUE: usize = 4_096;
/// How many things of what the intermediary learned are remembered for the page of its operator.
const LEARNED: usize = 2_000;

type Outcome = Result<Answer, IntermediaryError>;

/// A request, and who waits for its answer.
struct Asked {
    request: Request,
    reply: oneshot::Sender<Outcome>,
}

#[allow(clippy::large_enum_variant, reason = "nearly all are requests")]
enum Job {
    Ask(Asked),
    /// What is kept of the first so many devices.
    Look(usize, oneshot::Sender<Result<Vec<Overview>, StoreError>>),
}

fn stopping() -> StoreError {
    StoreError("the intermediary is stopping".to_owned())
}

/// Hands requests to the thread.
#[derive(Clone, Debug)]
pub struct Worker {
    queue: SyncSender<Job>,
    learned: Option<Arc<Mutex<VecDeque<Row>>>>,
}

/// What the thread does, as it happens.
pub trait Observer: Send + 'static {
    /// A group has ended.
    fn group(&self, requests: usize, took: Duration);
    /// The store failed.
    fn failed(&self, error: &StoreError);
}

impl Worker {
    /// Starts the thread. It ends when the last copy of this is dropped; joined, it gives the machine back.
    ///
    /// Where nobody asks for anything, what has expired is erased once in `tick`. What the intermediary learns (PRIV-01) is remembered, the last 2,000 things of it, where `remembers` says so.
    ///
    /// # Errors
    /// Where the system starts no thread.
    pub fn start<S: GroupStore + Send + 'static>(
        machine: Intermediary<S>,
        clock: Clock,
        arrivals: Arrivals,
        observer: impl Observer,
        tick: Duration,
        remembers: bool,
    ) -> std::io::Result<(Self, JoinHandle<Intermediary<S>>)> {
        let (queue, jobs) = sync_channel(QUEUE);
        let learned = remembers.then(Arc::<Mutex<VecDeque<Row>>>::default);
        let mut thread = Thread {
            machine,
            clock,
            arrivals,
            observer,
            tick,
            learned: learned.clone(),
        };
        let started = std::thread::Builder::new().name("intermediary".to_owned());
        #[cfg(feature = "flaws")]
        let flaw = crate::flaw::on();
        let thread = started.spawn(move || {
            #[cfg(feature = "flaws")]
            crate::flaw::with(flaw, || thread.run(&jobs));
            #[cfg(not(feature = "flaws"))]
            thread.run(&jobs);
            thread.machine
        })?;
        Ok((Worker { queue, learned }, thread))
    }

    /// Asks the machine.
    ///
    /// # Errors
    /// What it refuses; the store's error, too, where too many requests wait or the thread has ended. Then nothing has changed.
    pub async fn ask(&self, request: Request) -> Outcome {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Job::Ask(Asked { request, reply }))?;
        answer.await.unwrap_or_else(|_| Err(stopping().into()))
    }

    /// What is kept of the first so many devices, by rising address.
    ///
    /// # Errors
    /// Where the store fails, too many requests wait or the thread has ended.
    pub async fn look(&self, most: usize) -> Result<Vec<Overview>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Job::Look(most, reply))?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    fn hand_in(&self, job: Job) -> Result<(), StoreError> {
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError("too many requests wait".to_owned()),
            TrySendError::Disconnected(_) => stopping(),
        })
    }

    /// What the intermediary learned last, the oldest first; nothing where it was not to be remembered.
    #[must_use]
    pub fn learned(&self) -> Vec<Row> {
        let Some(learned) = &self.learned else {
            return Vec::new();
        };
        let learned = learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.iter().cloned().collect()
    }
}

struct Thread<S, O> {
    machine: Intermediary<S>,
    clock: Clock,
    arrivals: Arrivals,
    observer: O,
    tick: Duration,
    learned: Option<Arc<Mutex<VecDeque<Row>>>>,
}

impl<S: GroupStore, O: Observer> Thread<S, O> {
    fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            let first = match jobs.recv_timeout(self.tick) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut group = Vec::new();
            let mut looks = Vec::new();
            for job in first.into_iter().chain(jobs.try_iter().take(GROUP - 1)) {
                match job {
                    Job::Ask(asked) => group.push(asked),
                    Job::Look(most, reply) => looks.push((most, reply)),
                }
            }
            if !group.is_empty() || looks.is_empty() {
                self.group(group);
            }
            for (most, reply) in looks {
                let overview = overview(self.machine.store_mut(), self.clock.now(), most);
                let _ = reply.send(overview);
            }
        }
    }

    /// Handles them all and answers them all; an empty group erases what has expired.
    fn group(&mut self, jobs: Vec<Asked>) {
        let began = Instant::now();
        let outcomes = match self.outcomes(&jobs) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.observer.failed(&error);
                jobs.iter().map(|_| Err(error.clone().into())).collect()
            }
        };
        self.observer.group(jobs.len(), began.elapsed());
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            if let (Body::Submit(submission), Ok(_)) = (&job.request.body, &outcome) {
                self.arrivals.ring(&submission.recipient);
            }
            // Whoever asked may be gone: the answer is remembered for it (MBX-13).
            let _ = job.reply.send(outcome);
        }
    }

    /// What comes of each, once everything is durable.
    fn outcomes(&mut self, jobs: &[Asked]) -> Result<Vec<Outcome>, StoreError> {
        let now = self.clock.now();
        self.machine.store_mut().begin_group(now)?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        if jobs.is_empty()
            && let Err(error) = self.machine.tick(now)
        {
            self.machine.store_mut().abort_group();
            return Err(StoreError(error.to_string()));
        }
        for Asked { request, .. } in jobs {
            if let Some(learned) = &self.learned
                && let Ok(rows) = self.machine.learns(request, now)
            {
                let mut learned = learned.lock().unwrap_or_else(PoisonError::into_inner);
                learned.extend(rows);
                let beyond = learned.len().saturating_sub(LEARNED);
                learned.drain(..beyond);
            }
            let outcome = self.machine.handle(request, now);
            // The store has undone this one alone. Where it could not, the group's end fails.
            if let Err(IntermediaryError::Store(error)) = &outcome {
                self.observer.failed(error);
            }
            outcomes.push(outcome);
        }
        self.machine.store_mut().end_group()?;
        Ok(outcomes)
    }
}
