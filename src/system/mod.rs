//! What the rest needs of the operating system beyond the standard library: files, processes, pipes, signals. Nothing else under `src`
//! names one system.
//!
//! Each function promises what its description says. Where a system other than Unix cannot keep all of it, that is said too: there the
//! program works, and promises less.

#[cfg(any(not(unix), test))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as this;
#[cfg(unix)]
use unix as this;

use std::fs::OpenOptions;
#[cfg(feature = "conformance")]
use std::fs::{DirBuilder, File, FileType};
use std::io;
use std::path::Path;
#[cfg(feature = "conformance")]
use std::process::{Child, ChildStderr, Command};

/// A file that is made will be for nobody but its owner. Elsewhere than on Unix it is for whom its folder is.
pub fn keep_private(options: &mut OpenOptions) -> &mut OpenOptions {
    this::keep_private(options);
    options
}

/// A folder that is made will be for nobody but its owner. Elsewhere than on Unix it is for whom its own folder is.
#[cfg(feature = "conformance")]
pub fn keep_folder_private(folder: &mut DirBuilder) -> &mut DirBuilder {
    this::keep_folder_private(folder);
    folder
}

/// Opens a file for reading. Who writes to a pipe is not waited for, and no terminal becomes this process's own. Elsewhere than on
/// Unix a pipe has no name among the files.
///
/// # Errors
/// Where it cannot be opened.
#[cfg(feature = "conformance")]
pub fn open(path: &Path) -> io::Result<File> {
    this::open(path)
}

/// What it is, where it is neither a regular file, nor a folder, nor a link: a pipe or a device. None elsewhere than on Unix.
#[cfg(feature = "conformance")]
#[must_use]
pub fn special(file: FileType) -> Option<&'static str> {
    this::special(file)
}

/// Once this returns, a name that was given or taken in the folder of that file outlasts a crash. Elsewhere than on Unix it does once
/// the system finds the time.
///
/// # Errors
/// Where the folder cannot be opened, or the system says that it cannot do so.
#[cfg(feature = "conformance")]
pub fn keep_name(file: &Path) -> io::Result<()> {
    match file.parent() {
        // A name alone is one in the folder at hand.
        Some(folder) if folder.as_os_str().is_empty() => this::keep_names(Path::new(".")),
        Some(folder) => this::keep_names(folder),
        None => Ok(()),
    }
}

/// What is started will lead a process group of its own. Elsewhere than on Unix there is none.
#[cfg(feature = "conformance")]
pub fn lead_a_group(command: &mut Command) {
    this::lead_a_group(command);
}

/// Ends every process of the group whose leader has that number and was not waited for yet, whatever they ignore. A process can leave
/// its group only by making one of its own. Elsewhere than on Unix nothing ends: whoever has the leader kills it alone.
#[cfg(feature = "conformance")]
pub fn end_group(leader: u32) {
    this::end_group(leader);
}

/// Whether a child has ended by itself. It is not waited for: until then its number is nobody else's. Elsewhere than on Unix, where
/// no group is ended by it, it is waited for.
#[cfg(feature = "conformance")]
pub fn has_ended(child: &mut Child) -> bool {
    this::has_ended(child)
}

/// What a shell makes of a line: `sh -c`, on Windows `cmd /C`.
#[cfg(feature = "conformance")]
#[must_use]
pub fn shell(line: &str) -> Command {
    this::shell(line)
}

/// Bytes of memory that this process takes, where the system says so (Linux); 0 elsewhere.
#[cfg(feature = "conformance")]
#[must_use]
pub fn memory() -> u64 {
    /// Of a page: what `getconf PAGESIZE` says nearly everywhere; where a page is larger, the process takes more than is said.
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * PAGE
}

/// From now on each SIGINT, SIGTERM and SIGHUP is told, by its number, and ends nothing by itself; but what the program was started to
/// ignore, as `nohup` has it, it goes on to ignore. Elsewhere than on Unix nothing is told, and Ctrl-C ends the program.
///
/// # Errors
/// Where the system lets nobody listen.
#[cfg(feature = "conformance")]
pub fn on_signal(tell: impl FnMut(u8) + Send + 'static) -> io::Result<()> {
    this::on_signal(tell)
}

/// What ends once the program is told to end: by SIGINT or SIGTERM; elsewhere than on Unix by Ctrl-C.
///
/// # Errors
/// Where the system lets nobody listen.
#[cfg(feature = "serve")]
pub fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    this::told_to_end()
}

/// The end of a pipe from which a child's standard error is read. Several threads may have it.
#[cfg(feature = "conformance")]
#[derive(Debug)]
pub struct Pipe(this::Pipe);

#[cfg(feature = "conformance")]
impl Pipe {
    /// That of a child.
    #[must_use]
    pub fn of(stderr: ChildStderr) -> Self {
        Pipe(this::Pipe::of(stderr))
    }

    /// Whether there is something to read, or nothing will come any more. All is there that a child had written before it wrote
    /// anything else that was read; elsewhere than on Unix what it wrote last may come late.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    /// Waits until it is; whether that came to be.
    #[must_use]
    pub fn wait(&self) -> bool {
        self.0.wait()
    }

    /// Reads some of what there is; 0 where nothing will come any more.
    pub fn read(&self, into: &mut [u8]) -> usize {
        self.0.read(into)
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests;
