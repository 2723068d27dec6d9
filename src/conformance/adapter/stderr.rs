//! What an adapter writes to its standard error.

use std::process::ChildStderr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// So much of it is kept for people: the end of it, in bytes.
const WORDS_KEPT: usize = 3 * 1024;
/// So much of it is kept for whoever asks what was written since he last asked: the beginning of that, in bytes.
const SAID_KEPT: usize = 32 * 1024;
/// It is read in pieces of so many bytes.
const CHUNK: usize = 8 * 1024;
/// So many pieces are waited for where somebody asks: four times what a pipe holds. An adapter may write on and on.
#[cfg(unix)]
const PIECES_WAITING: usize = 32;

/// The standard error of a running adapter, which is read as it comes, so that the adapter never waits.
#[derive(Debug)]
pub(super) struct Stderr {
    kept: Arc<Mutex<Kept>>,
    #[cfg(unix)]
    pipe: Arc<std::os::fd::OwnedFd>,
}

#[derive(Debug, Default)]
struct Kept {
    words: Vec<u8>,
    /// Whether there was more before them.
    is_cut: bool,
    said: Vec<u8>,
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let room = SAID_KEPT.saturating_sub(self.said.len());
        self.said.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.words.extend_from_slice(bytes);
        let over = self.words.len().saturating_sub(WORDS_KEPT);
        self.is_cut |= over > 0;
        self.words.drain(..over);
    }
}

impl Stderr {
    /// Reads it from now on, on a thread that ends with it.
    #[cfg(unix)]
    pub(super) fn read(pipe: ChildStderr) -> Self {
        let stderr = Stderr {
            kept: Arc::default(),
            pipe: Arc::new(pipe.into()),
        };
        let (kept, pipe) = (Arc::clone(&stderr.kept), Arc::clone(&stderr.pipe));
        thread::spawn(move || {
            // It is read under the lock, so that whoever has the lock knows that nothing is on its way; and waited for
            // without it.
            while is_ready(&pipe, true) {
                let mut kept = lock(&kept);
                // Somebody else may have been faster since.
                if is_ready(&pipe, false) && !take(&pipe, &mut kept) {
                    return;
                }
            }
        });
        stderr
    }

    /// The same where nobody can tell whether there is something to read: what was written last may come late.
    #[cfg(not(unix))]
    pub(super) fn read(mut pipe: ChildStderr) -> Self {
        let stderr = Stderr {
            kept: Arc::default(),
        };
        let kept = Arc::clone(&stderr.kept);
        thread::spawn(move || {
            let mut chunk = [0; CHUNK];
            while let Ok(read @ 1..) = std::io::Read::read(&mut pipe, &mut chunk) {
                lock(&kept).add(&chunk[..read]);
            }
        });
        stderr
    }

    /// What was written since this was last asked: all that was written before the adapter's last answer is in it, but what
    /// goes beyond 32 KiB.
    pub(super) fn said(&self) -> Vec<u8> {
        let mut kept = lock(&self.kept);
        #[cfg(unix)]
        for _ in 0..PIECES_WAITING {
            if !is_ready(&self.pipe, false) || !take(&self.pipe, &mut kept) {
                break;
            }
        }
        std::mem::take(&mut kept.said)
    }

    /// The end of what an adapter has written that was ended, which is waited for so long: whole lines, where there are
    /// several.
    pub(super) fn last_words(&self, at_most: Duration) -> String {
        let deadline = Instant::now() + at_most;
        // A process that left the group may hold it open.
        while Arc::strong_count(&self.kept) > 1 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        let kept = lock(&self.kept);
        let mut words = &kept.words[..];
        if kept.is_cut
            && let Some(end) = words.iter().position(|byte| *byte == b'\n')
            && end + 1 < words.len()
        {
            words = &words[end + 1..];
        }
        let words = String::from_utf8_lossy(words);
        let more = if kept.is_cut { "…\n" } else { "" };
        format!("{more}{}", words.trim())
    }
}

/// Whether there is something to read, or nothing will come any more; it may be waited for.
#[cfg(unix)]
fn is_ready(pipe: &std::os::fd::OwnedFd, wait: bool) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let at_most = (!wait).then_some(&at_once);
    let ready = rustix::io::retry_on_intr(|| {
        let mut polled = [PollFd::new(pipe, PollFlags::IN)];
        poll(&mut polled, at_most)
    });
    ready.is_ok_and(|ready| ready > 0)
}

/// Reads a piece; whether more may come.
#[cfg(unix)]
fn take(pipe: &std::os::fd::OwnedFd, kept: &mut Kept) -> bool {
    let mut chunk = [0; CHUNK];
    match rustix::io::retry_on_intr(|| rustix::io::read(pipe, &mut chunk)) {
        Ok(read @ 1..) => {
            kept.add(&chunk[..read]);
            true
        }
        Ok(_) | Err(_) => false,
    }
}

/// The lock; nobody panics while holding it, and if so the bytes are still there.
fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
