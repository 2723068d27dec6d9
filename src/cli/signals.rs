//! Signals that end a run early: SIGINT (Ctrl-C), SIGTERM and SIGHUP.

use super::Ended;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tigress_signal::conformance::interrupt::Interrupt;
use tigress_signal::system;

/// The number of the signal that was received; 0 while none was.
#[derive(Clone, Debug, Default)]
pub(super) struct Received(Arc<AtomicU8>);

impl Received {
    /// From now on a signal raises the interrupt, and the command goes on to its early end. A second one ends the program
    /// at once.
    pub(super) fn watch(interrupt: &Interrupt) -> io::Result<Self> {
        let received = Received::default();
        let (Received(signal), interrupt) = (received.clone(), interrupt.clone());
        system::on_signal(move |number| {
            if signal.swap(number, Ordering::SeqCst) != 0 {
                std::process::exit(128 + i32::from(number));
            }
            interrupt.raise();
        })?;
        Ok(received)
    }

    /// Whether there was one.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// How the command ended, which would have ended like that without a signal.
    pub(super) fn ended(&self, otherwise: Ended) -> Ended {
        match self.0.load(Ordering::SeqCst) {
            0 => otherwise,
            signal => Ended::Interrupted(signal),
        }
    }
}
