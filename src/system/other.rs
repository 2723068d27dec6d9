//! A system that is not Unix: what the standard library offers everywhere. What each promises there stands in [`super`].
#![cfg_attr(unix, allow(dead_code, reason = "here for its tests"))]
#![allow(clippy::unnecessary_wraps, reason = "on Unix it may fail")]

use std::fs::OpenOptions;
use std::io;

#[cfg(feature = "conformance")]
pub(super) use harness::*;

pub(super) fn keep_private(_options: &mut OpenOptions) {}

#[cfg(feature = "serve")]
pub(super) fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// What the harness alone needs.
#[cfg(feature = "conformance")]
mod harness {
    use std::collections::VecDeque;
    use std::fs::{DirBuilder, File, FileType};
    use std::io::{self, Read};
    use std::path::Path;
    use std::process::{Child, ChildStderr, Command};
    use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

    pub(crate) fn keep_folder_private(_folder: &mut DirBuilder) {}

    pub(crate) fn open(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    pub(crate) fn special(_file: FileType) -> Option<&'static str> {
        None
    }

    pub(crate) fn keep_names(_folder: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn lead_a_group(_command: &mut Command) {}

    pub(crate) fn end_group(_leader: u32) {}

    pub(crate) fn has_ended(child: &mut Child) -> bool {
        child.try_wait().is_ok_and(|status| status.is_some())
    }

    pub(crate) fn shell(line: &str) -> Command {
        let (shell, option) = if cfg!(windows) {
            ("cmd", "/C")
        } else {
            ("sh", "-c")
        };
        let mut shell = Command::new(shell);
        shell.args([option, line]);
        shell
    }

    pub(crate) fn on_signal(_tell: impl FnMut(u8) + Send + 'static) -> io::Result<()> {
        Ok(())
    }

    /// Nobody can be asked whether there is something to read, so a thread reads on, so far.
    #[derive(Debug)]
    pub(crate) struct Pipe(Arc<State>);

    #[derive(Debug, Default)]
    struct State {
        read: Mutex<Waiting>,
        changed: Condvar,
    }

    /// What was read of the pipe, and not by whoever has it.
    #[derive(Debug, Default)]
    struct Waiting {
        bytes: VecDeque<u8>,
        is_over: bool,
    }

    impl Waiting {
        fn is_ready(&self) -> bool {
            self.is_over || !self.bytes.is_empty()
        }
    }

    impl State {
        fn waiting(&self) -> MutexGuard<'_, Waiting> {
            self.read.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// The state, once it is as is wanted.
        fn once(&self, is_so: impl Fn(&Waiting) -> bool) -> MutexGuard<'_, Waiting> {
            let waiting = self.waiting();
            let so = self.changed.wait_while(waiting, |waiting| !is_so(waiting));
            so.unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Pipe {
        pub(crate) fn of(mut stderr: ChildStderr) -> Self {
            /// It is read in pieces of so many bytes, while fewer wait.
            const PIECE: usize = 8 * 1024;
            let pipe = Pipe(Arc::default());
            let state = Arc::clone(&pipe.0);
            std::thread::spawn(move || {
                let mut piece = [0; PIECE];
                while let Ok(read @ 1..) = stderr.read(&mut piece) {
                    let mut waiting = state.once(|waiting| waiting.bytes.len() < PIECE);
                    waiting.bytes.extend(&piece[..read]);
                    state.changed.notify_all();
                }
                state.waiting().is_over = true;
                state.changed.notify_all();
            });
            pipe
        }

        pub(crate) fn is_ready(&self) -> bool {
            self.0.waiting().is_ready()
        }

        pub(crate) fn wait(&self) -> bool {
            self.0.once(Waiting::is_ready).is_ready()
        }

        pub(crate) fn read(&self, into: &mut [u8]) -> usize {
            let mut waiting = self.0.waiting();
            let read = waiting.bytes.read(into).unwrap_or_default();
            self.0.changed.notify_all();
            read
        }
    }
}
