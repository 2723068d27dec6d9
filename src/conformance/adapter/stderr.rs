//! What an adapter writes to its standard error.

use crate::system::Pipe;
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// So much of it is kept for people: the end of it, in bytes.
const WORDS_KEPT: usize = 3 * 1024;
/// So much of it is kept for whoever asks what was written since he last asked: the beginning of that, in bytes.
const SAID_KEPT: usize = 32 * 1024;
/// It is read in pieces of so many bytes.
const PIECE: usize = 8 * 1024;
/// So many pieces are waited for where somebody asks: four times what a pipe holds. An adapter may write on and on.
const PIECES_WAITING: usize = 32;

/// The standard error of a running adapter, which is read as it comes, so that the adapter never waits.
#[derive(Debug)]
pub(super) struct Stderr {
    kept: Arc<Mutex<Kept>>,
    pipe: Arc<Pipe>,
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
    pub(super) fn read(stderr: ChildStderr) -> Self {
        let stderr = Stderr {
            kept: Arc::default(),
            pipe: Arc::new(Pipe::of(stderr)),
        };
        let (kept, pipe) = (Arc::clone(&stderr.kept), Arc::clone(&stderr.pipe));
        thread::spawn(move || {
            // It is read under the lock, so that whoever has the lock knows that nothing is on its way; and waited for
            // without it.
            while pipe.wait() {
                let mut kept = lock(&kept);
                // Somebody else may have been faster since.
                if pipe.is_ready() && !take(&pipe, &mut kept) {
                    return;
                }
            }
        });
        stderr
    }

    /// What was written since this was last asked: all that was written before the adapter's last answer is in it, but what
    /// goes beyond 32 KiB.
    pub(super) fn said(&self) -> Vec<u8> {
        let mut kept = lock(&self.kept);
        for _ in 0..PIECES_WAITING {
            if !self.pipe.is_ready() || !take(&self.pipe, &mut kept) {
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

/// Reads a piece; whether more may come.
fn take(pipe: &Pipe, kept: &mut Kept) -> bool {
    let mut piece = [0; PIECE];
    let read = pipe.read(&mut piece);
    kept.add(&piece[..read]);
    read > 0
}

/// The lock; nobody panics while holding it, and if so the bytes are still there.
fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
