//! Unix. What each promises stands in [`super`].

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;

#[cfg(feature = "conformance")]
pub(super) use harness::*;

pub(super) fn keep_private(options: &mut OpenOptions) {
    options.mode(0o600);
}

#[cfg(feature = "serve")]
pub(super) fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// What the harness alone needs.
#[cfg(feature = "conformance")]
mod harness {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{Mode, OFlags};
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use std::fs::{DirBuilder, File, FileType};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::{Child, ChildStderr, Command};

    pub(crate) fn keep_folder_private(folder: &mut DirBuilder) {
        folder.mode(0o700);
    }

    pub(crate) fn open(path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
    }

    pub(crate) fn special(file: FileType) -> Option<&'static str> {
        if file.is_fifo() {
            Some("a pipe")
        } else if file.is_char_device() || file.is_block_device() {
            Some("a device")
        } else {
            None
        }
    }

    pub(crate) fn keep_names(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    pub(crate) fn lead_a_group(command: &mut Command) {
        command.process_group(0);
    }

    pub(crate) fn end_group(leader: u32) {
        let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // Fails where all of them have ended.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }

    pub(crate) fn has_ended(child: &mut Child) -> bool {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = waitid(WaitId::Pid(Pid::from_child(child)), how);
        ended.is_ok_and(|status| status.is_some())
    }

    pub(crate) fn shell(line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]);
        shell
    }

    pub(crate) fn on_signal(mut tell: impl FnMut(u8) + Send + 'static) -> io::Result<()> {
        let ignored = ignored();
        let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter();
        let heeded = heeded.filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let mut signals = Signals::new(heeded)?;
        std::thread::spawn(move || {
            for signal in signals.forever() {
                tell(u8::try_from(signal).unwrap_or_default());
            }
        });
        Ok(())
    }

    /// The signals that the program was started to ignore, a bit each; none where the system does not tell.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .unwrap_or_default()
    }

    #[derive(Debug)]
    pub(crate) struct Pipe(OwnedFd);

    impl Pipe {
        pub(crate) fn of(stderr: ChildStderr) -> Self {
            Pipe(stderr.into())
        }

        pub(crate) fn is_ready(&self) -> bool {
            const AT_ONCE: Timespec = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            self.poll(Some(&AT_ONCE))
        }

        pub(crate) fn wait(&self) -> bool {
            self.poll(None)
        }

        fn poll(&self, at_most: Option<&Timespec>) -> bool {
            let ready = rustix::io::retry_on_intr(|| {
                let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
                poll(&mut polled, at_most)
            });
            ready.is_ok_and(|ready| ready > 0)
        }

        pub(crate) fn read(&self, into: &mut [u8]) -> usize {
            rustix::io::retry_on_intr(|| rustix::io::read(&self.0, &mut *into)).unwrap_or_default()
        }
    }
}
