use super::other;
use super::this;
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// What either form of a pipe does.
trait Reads: Sized + Sync {
    fn of(child: &mut Child) -> Self;
    fn wait(&self) -> bool;
    fn is_ready(&self) -> bool;
    fn read(&self, into: &mut [u8]) -> usize;
}

macro_rules! reads {
    ($($pipe:ty),*) => {$(
        impl Reads for $pipe {
            fn of(child: &mut Child) -> Self {
                <$pipe>::of(child.stderr.take().expect("piped"))
            }
            fn wait(&self) -> bool {
                self.wait()
            }
            fn is_ready(&self) -> bool {
                self.is_ready()
            }
            fn read(&self, into: &mut [u8]) -> usize {
                self.read(into)
            }
        }
    )*};
}
reads!(this::Pipe, other::Pipe);

/// A child that writes what it reads to its standard error, and that a line of a shell says.
fn child(line: &str) -> Child {
    let mut shell = other::shell(line);
    shell.stdin(Stdio::piped()).stderr(Stdio::piped());
    shell.spawn().expect("a shell")
}

/// All of it comes, in its order, however little is read at once, and then an end.
fn gives_all<P: Reads>() {
    let mut child = child("cat >&2");
    let pipe = P::of(&mut child);
    assert!(!pipe.is_ready(), "nothing was written");
    let mut stdin = child.stdin.take().expect("piped");
    let sent: Vec<u8> = (0..200_000_u32).flat_map(u32::to_be_bytes).collect();
    let got = std::thread::scope(|scope| {
        scope.spawn(|| stdin.write_all(&sent).map(|()| drop(stdin)));
        let mut got = Vec::new();
        let mut piece = [0; 1_000];
        loop {
            assert!(pipe.wait() && pipe.is_ready());
            match pipe.read(&mut piece) {
                0 => break got,
                read => got.extend_from_slice(&piece[..read]),
            }
        }
    });
    assert!(got == sent, "{} bytes of {}", got.len(), sent.len());
    assert!(
        pipe.wait() && pipe.is_ready() && pipe.read(&mut [0]) == 0,
        "the end stays"
    );
    child.wait().expect("it ends");
}

#[test]
fn a_pipe_gives_all_that_was_written() {
    gives_all::<this::Pipe>();
    gives_all::<other::Pipe>();
}

#[test]
fn a_child_has_ended_once_it_has() {
    for has_ended in [this::has_ended, other::has_ended] {
        let mut child = child("read line");
        assert!(!has_ended(&mut child));
        drop(child.stdin.take());
        while !has_ended(&mut child) {
            std::thread::yield_now();
        }
        assert!(has_ended(&mut child));
        assert_eq!(child.wait().expect("its status").code(), Some(1));
    }
}

#[test]
fn a_shell_makes_of_a_line_what_shells_do() {
    for shell in [this::shell, other::shell] {
        let status = shell("exit 7").status().expect("a shell");
        assert_eq!(status.code(), Some(7));
    }
}

/// A whole group ends with its leader, which ignores all that asks it to end.
#[cfg(unix)]
#[test]
fn a_group_ends_whole() {
    let mut command = this::shell("trap '' TERM INT HUP; sleep 300 & cat >&2");
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    this::lead_a_group(&mut command);
    let mut child = command.spawn().expect("a shell");
    let pipe = this::Pipe::of(child.stderr.take().expect("piped"));
    this::end_group(child.id());
    assert!(pipe.wait());
    assert_eq!(pipe.read(&mut [0]), 0, "nobody holds it open");
    child.wait().expect("its end");
}

#[cfg(unix)]
#[test]
fn what_is_private_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |name: &str| {
        let about = std::fs::metadata(folder.path().join(name)).expect("it is there");
        about.permissions().mode() & 0o777
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    super::keep_private(&mut options);
    options.open(folder.path().join("file")).expect("made");
    let mut builder = std::fs::DirBuilder::new();
    super::keep_folder_private(&mut builder);
    builder.create(folder.path().join("folder")).expect("made");
    assert_eq!((mode("file"), mode("folder")), (0o600, 0o700));
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_opened_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    let file = super::open(&path).expect("opened");
    let kind = file.metadata().expect("known").file_type();
    assert_eq!(super::special(kind), Some("a pipe"));
    let device = super::open("/dev/null".as_ref()).expect("opened");
    let kind = device.metadata().expect("known").file_type();
    assert_eq!(super::special(kind), Some("a device"));
    for name in [path.as_path(), "Cargo.toml".as_ref()] {
        super::keep_name(name).expect("the folder is synchronised");
    }
}
