//! Signals that end a run early: SIGINT (Ctrl-C), SIGTERM and SIGHUP.

use super::Ended;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tigress_signal::conformance::interrupt::Interrupt;

/// The number of the signal that was received; 0 while none was.
#[derive(Clone, Debug, Default)]
pub(super) struct Received(Arc<AtomicU8>);

impl Received {
    /// From now on a signal raises the interrupt, and the command goes on to its early end. A second one ends the program
    /// at once. What the program was started to ignore, as `nohup` has it, it goes on to ignore.
    pub(super) fn watch(interrupt: &Interrupt) -> io::Result<Self> {
        let received = Received::default();
        received.listen(interrupt.clone())?;
        Ok(received)
    }

    #[cfg(unix)]
    fn listen(&self, interrupt: Interrupt) -> io::Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::iterator::Signals;
        let ignored = ignored();
        let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter();
        let heeded = heeded.filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let mut signals = Signals::new(heeded)?;
        let Received(received) = self.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                let number = u8::try_from(signal).unwrap_or_default();
                if received.swap(number, Ordering::SeqCst) != 0 {
                    std::process::exit(128 + signal);
                }
                interrupt.raise();
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    fn listen(&self, _interrupt: Interrupt) -> io::Result<()> {
        Ok(())
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

/// The signals that the program was started to ignore, a bit each; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
