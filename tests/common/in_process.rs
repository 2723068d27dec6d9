//! A server in this process, for what asks servers.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tigress_signal::conformance::served::{Reply, Server, Wire, WireError};
use tigress_signal::intermediary::{Intermediary, MemoryStore, Request, SavedIntermediary};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;

/// Runs what it is given.
pub(crate) type Within = Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// A server in this process.
#[derive(Clone)]
pub(crate) struct InProcess {
    shared: Arc<Mutex<Shared>>,
    has_test_clock: bool,
    /// In which its machine runs: a flaw, say.
    within: Within,
    /// Between a request and its answer others are served, without a lock: what it looked up before may not hold any more.
    pub(crate) is_torn: bool,
}

pub(crate) struct Shared {
    pub(crate) machine: Intermediary<MemoryStore>,
    pub(crate) now: Timestamp,
}

impl InProcess {
    pub(crate) fn new(has_test_clock: bool) -> Self {
        Self::within(has_test_clock, Arc::new(|run| run()))
    }

    /// One whose machine runs in that.
    pub(crate) fn within(has_test_clock: bool, within: Within) -> Self {
        let mut machine = None;
        within(&mut || {
            machine = Some(Intermediary::new(&Tigress1, MemoryStore::default()));
        });
        InProcess {
            shared: Arc::new(Mutex::new(Shared {
                machine: machine.expect("it is made"),
                now: Timestamp(1_900_000_000),
            })),
            has_test_clock,
            within,
            is_torn: false,
        }
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn server(&self) -> Server {
        Server::new(Box::new(self.clone()), "in this process", "a seed")
    }
}

pub(crate) fn handled(
    machine: &mut Intermediary<MemoryStore>,
    request: &Value,
    now: Timestamp,
) -> Reply {
    let request = Request::from_json(request.to_string().as_bytes());
    match request.and_then(|request| machine.handle(&request, now)) {
        Ok(answer) => Reply::Answer(json!(answer)),
        Err(error) => Reply::Refused {
            code: error.code().expect("memory does not fail").to_string(),
            message: error.to_string(),
        },
    }
}

impl Wire for InProcess {
    fn ask(&mut self, request: &Value) -> Result<Reply, WireError> {
        if self.is_torn {
            let (mut machine, now) = {
                let shared = self.shared();
                (shared.machine.clone(), shared.now)
            };
            let reply = handled(&mut machine, request, now);
            std::thread::yield_now();
            self.shared().machine = machine;
            return Ok(reply);
        }
        let mut shared = self.shared();
        let now = shared.now;
        let mut reply = None;
        (self.within)(&mut || reply = Some(handled(&mut shared.machine, request, now)));
        Ok(reply.expect("it ran"))
    }

    fn clock(&mut self) -> Result<Timestamp, WireError> {
        Ok(self.shared().now)
    }

    fn has_test_clock(&self) -> bool {
        self.has_test_clock
    }

    fn advance(&mut self, to: Timestamp) -> Result<(), WireError> {
        let mut shared = self.shared();
        assert!(self.has_test_clock && to >= shared.now);
        shared.now = to;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), WireError> {
        if !self.has_test_clock {
            return Err(WireError::Lacking("nobody restarts it".to_owned()));
        }
        let mut shared = self.shared();
        (self.within)(&mut || {
            let saved = shared.machine.save().to_json();
            let saved = SavedIntermediary::from_json(&saved).expect("saved");
            shared.machine = Intermediary::try_from(saved).expect("restored");
        });
        Ok(())
    }

    fn another(&self) -> Result<Box<dyn Wire>, WireError> {
        Ok(Box::new(self.clone()))
    }
}
