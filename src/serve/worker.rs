//! Who has the machine: one at a time, with requests in groups, each group one durable commit.
//!
//! Where a commit waits for a disk or for another process, one thread has the machine. Requests queue; whatever waits when the thread comes
//! back for more is one group. While the disk is slow, groups grow, and each request still waits for one commit alone. Nobody is answered
//! before the commit: neither with an answer nor with a refusal, since both may rest on what another request of the group changed.
//!
//! Where a commit waits for nothing ([`GroupStore::waits`]), whoever asks takes the machine for as long as that takes: a thread in between
//! would take longer.

use super::arrivals::Arrivals;
use super::clock::Clock;
use super::store::{GroupStore, Overview, overview};
use crate::intermediary::request::Body;
use crate::intermediary::{
    Answer, Hashes, Intermediary, IntermediaryError, Request, Row, StoreError,
};
use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The most requests of a group.
const GROUP: usize = 64;
/// The most requests that wait for the thread.
const QUEUE: usize = 4_096;
/// How often whoever finds the machine taken looks again before it sleeps: a request takes microseconds, and waking a thread takes more.
const LOOKS: usize = 200;
/// How many things of what the intermediary learned are remembered for the page of its operator.
const LEARNED: usize = 2_000;

type Outcome = Result<Answer, IntermediaryError>;

/// A request with its hashes, which need no machine.
struct Hashed {
    request: Request,
    hashes: Hashes,
}

impl From<Request> for Hashed {
    fn from(request: Request) -> Self {
        let hashes = Hashes::of(&request);
        Hashed { request, hashes }
    }
}

/// A request, and who waits for its answer.
struct Asked {
    request: Hashed,
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

fn broken() -> StoreError {
    StoreError("a request broke the intermediary".to_owned())
}

/// Hands requests to the machine.
#[derive(Clone)]
pub struct Worker {
    // Dropped before the queue: the thread ends with the queue, and is then the only one that has the machine.
    machine: Option<Arc<dyn Machine>>,
    queue: SyncSender<Job>,
    learned: Option<Arc<Mutex<VecDeque<Row>>>>,
}

impl Debug for Worker {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// What is done, as it happens.
pub trait Observer: Send + 'static {
    /// A group has ended.
    fn group(&self, requests: usize, took: Duration);
    /// The store failed.
    fn failed(&self, error: &StoreError);
}

impl Worker {
    /// Starts the thread. It ends when the last copy of this is dropped; joined, it gives the machine back, unless a request broke it.
    ///
    /// Where nobody asks the thread for anything, what has expired is erased once in `tick`. What the intermediary learns (PRIV-01) is remembered, the last 2,000 things of it, where `remembers` says so.
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
    ) -> std::io::Result<(Self, JoinHandle<Option<Intermediary<S>>>)> {
        let (queue, jobs) = sync_channel(QUEUE);
        let learned = remembers.then(Arc::<Mutex<VecDeque<Row>>>::default);
        let waits = machine.store().waits();
        let keeper = Arc::new(Mutex::new(Keeper {
            machine,
            clock,
            arrivals,
            observer,
            learned: learned.clone(),
            #[cfg(feature = "flaws")]
            flaw: crate::flaw::on(),
        }));
        let machine = (!waits).then(|| Arc::clone(&keeper) as Arc<dyn Machine>);
        let thread = std::thread::Builder::new().name("intermediary".to_owned());
        let thread = thread.spawn(move || {
            run(&keeper, &jobs, tick);
            let keeper = Arc::into_inner(keeper)?.into_inner();
            keeper.ok().map(|keeper| keeper.machine)
        })?;
        let worker = Worker {
            machine,
            queue,
            learned,
        };
        Ok((worker, thread))
    }

    /// Asks the machine.
    ///
    /// # Errors
    /// What it refuses; the store's error, too, where too many requests wait or the thread has ended. Then nothing has changed.
    pub async fn ask(&self, request: Request) -> Outcome {
        let request = Hashed::from(request);
        if let Some(machine) = &self.machine {
            return machine.ask(&request);
        }
        let (reply, answer) = oneshot::channel();
        self.hand_in(Job::Ask(Asked { request, reply }))?;
        answer.await.unwrap_or_else(|_| Err(stopping().into()))
    }

    /// What is kept of the first so many devices, by rising address.
    ///
    /// # Errors
    /// Where the store fails, too many requests wait or the thread has ended.
    pub async fn look(&self, most: usize) -> Result<Vec<Overview>, StoreError> {
        if let Some(machine) = &self.machine {
            return machine.look(most);
        }
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

/// The machine as whoever asks may take it.
trait Machine: Send + Sync {
    fn ask(&self, request: &Hashed) -> Outcome;
    fn look(&self, most: usize) -> Result<Vec<Overview>, StoreError>;
}

/// The machine, and what is done about what happens to it.
struct Keeper<S, O> {
    machine: Intermediary<S>,
    clock: Clock,
    arrivals: Arrivals,
    observer: O,
    learned: Option<Arc<Mutex<VecDeque<Row>>>>,
    #[cfg(feature = "flaws")]
    flaw: &'static str,
}

impl<S: GroupStore + Send, O: Observer> Machine for Mutex<Keeper<S, O>> {
    fn ask(&self, request: &Hashed) -> Outcome {
        let soon = (0..LOOKS).find_map(|_| {
            std::hint::spin_loop();
            self.try_lock().ok()
        });
        let mut keeper = match soon {
            Some(keeper) => keeper,
            None => self.lock().map_err(|_| broken())?,
        };
        let outcome = keeper.group(&[request]).pop();
        outcome.unwrap_or_else(|| Err(broken().into()))
    }

    fn look(&self, most: usize) -> Result<Vec<Overview>, StoreError> {
        self.lock().map_err(|_| broken())?.look(most)
    }
}

/// The thread: groups of whatever waits, until nobody can ask any more or a request has broken the machine.
fn run<S: GroupStore, O: Observer>(
    keeper: &Mutex<Keeper<S, O>>,
    jobs: &Receiver<Job>,
    tick: Duration,
) {
    loop {
        let first = match jobs.recv_timeout(tick) {
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
        let Ok(mut keeper) = keeper.lock() else {
            return;
        };
        if !group.is_empty() || looks.is_empty() {
            let requests: Vec<&Hashed> = group.iter().map(|asked| &asked.request).collect();
            let outcomes = keeper.group(&requests);
            for (asked, outcome) in group.into_iter().zip(outcomes) {
                // Whoever asked may be gone: the answer is remembered for it (MBX-13).
                let _ = asked.reply.send(outcome);
            }
        }
        for (most, reply) in looks {
            let _ = reply.send(keeper.look(most));
        }
    }
}

impl<S: GroupStore, O: Observer> Keeper<S, O> {
    /// What is kept of the first so many devices.
    fn look(&mut self, most: usize) -> Result<Vec<Overview>, StoreError> {
        overview(self.machine.store_mut(), self.clock.now(), most)
    }

    /// What comes of each, in their order; an empty group erases what has expired.
    fn group(&mut self, requests: &[&Hashed]) -> Vec<Outcome> {
        let began = Instant::now();
        #[cfg(feature = "flaws")]
        let outcomes = crate::flaw::with(self.flaw, || self.outcomes(requests));
        #[cfg(not(feature = "flaws"))]
        let outcomes = self.outcomes(requests);
        let outcomes = outcomes.unwrap_or_else(|error| {
            self.observer.failed(&error);
            let all = requests.iter();
            all.map(|_| Err(error.clone().into())).collect()
        });
        self.observer.group(requests.len(), began.elapsed());
        for (Hashed { request, .. }, outcome) in requests.iter().zip(&outcomes) {
            if let (Body::Submit(submission), Ok(_)) = (&request.body, outcome) {
                self.arrivals.ring(&submission.recipient);
            }
        }
        outcomes
    }

    /// What comes of each, once everything is durable.
    fn outcomes(&mut self, requests: &[&Hashed]) -> Result<Vec<Outcome>, StoreError> {
        let now = self.clock.now();
        self.machine.store_mut().begin_group(now)?;
        let mut outcomes = Vec::with_capacity(requests.len());
        if requests.is_empty()
            && let Err(error) = self.machine.tick(now)
        {
            self.machine.store_mut().abort_group();
            return Err(StoreError(error.to_string()));
        }
        for Hashed { request, hashes } in requests {
            if let Some(learned) = &self.learned
                && let Ok(rows) = self.machine.learns(request, now)
            {
                let mut learned = learned.lock().unwrap_or_else(PoisonError::into_inner);
                learned.extend(rows);
                let beyond = learned.len().saturating_sub(LEARNED);
                learned.drain(..beyond);
            }
            let outcome = self.machine.handle_hashed(request, hashes, now);
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
