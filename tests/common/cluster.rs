//! A cluster of PostgreSQL from Debian's package, in a folder of its own, on a socket alone; it ends with whoever started it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The cluster.
pub(crate) struct Cluster {
    folder: TempDir,
    server: Child,
}

/// Where the newest version's programs are.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            let complete = ["initdb", "postgres"].map(|name| programs.join(name).exists());
            (complete == [true, true]).then_some((number, programs))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}

/// The numbers of the account that the package has made; none where this is not root, who may not run a server of PostgreSQL.
#[cfg(unix)]
fn account() -> Option<(u32, u32)> {
    let number = |what: &str, of: &[&str]| -> Option<u32> {
        let said = Command::new("id").arg(what).args(of).output().ok()?;
        String::from_utf8(said.stdout).ok()?.trim().parse().ok()
    };
    if number("-u", &[]) != Some(0) {
        return None;
    }
    Some((number("-u", &["postgres"])?, number("-g", &["postgres"])?))
}

impl Cluster {
    /// Makes a cluster and starts it; nothing, and says so, where the package is not there.
    #[cfg(unix)]
    pub(crate) fn start() -> Option<Cluster> {
        use std::os::unix::process::CommandExt;
        let Some(programs) = programs() else {
            eprintln!("skipped: PostgreSQL is not installed (Debian's package `postgresql`)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let account = account();
        if let Some((user, group)) = account {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).expect("it is given");
        }
        let command = |name: &str| {
            let mut command = Command::new(programs.join(name));
            command.current_dir(folder.path()).stdin(Stdio::null());
            if let Some((user, group)) = account {
                command.uid(user).gid(group);
            }
            command
        };
        let data = folder.path().join("data");
        let made = command("initdb")
            .arg("-D")
            .arg(&data)
            .args([
                "-U",
                "tigress",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ])
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let log = fs::File::create(folder.path().join("log")).expect("a file");
        let server = command("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "shared_buffers=16MB"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres runs");
        let cluster = Cluster { folder, server };
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = cluster.try_connect() {
            assert!(Instant::now() < deadline, "{error}: {}", cluster.log());
            thread::sleep(Duration::from_millis(20));
        }
        Some(cluster)
    }

    #[cfg(not(unix))]
    pub(crate) fn start() -> Option<Cluster> {
        eprintln!("skipped: PostgreSQL is tried on Unix alone");
        None
    }

    /// Where the store is.
    pub(crate) fn url(&self) -> String {
        let host = self.folder.path().to_str().expect("UTF-8");
        format!("postgres://tigress@{}/postgres", host.replace('/', "%2F"))
    }

    fn try_connect(&self) -> Result<postgres::Client, postgres::Error> {
        postgres::Client::connect(&self.url(), postgres::NoTls)
    }

    /// Somebody who looks at the database.
    pub(crate) fn client(&self) -> postgres::Client {
        self.try_connect().expect("it is there")
    }

    /// Takes the store's tables away.
    pub(crate) fn empty(&self) {
        let tables = "tigress, answered, access_keys, envelopes, one_time_pre_keys, devices";
        let statement = format!("DROP TABLE IF EXISTS {tables}");
        self.client().batch_execute(&statement).expect("they go");
    }

    fn log(&self) -> String {
        let log: &Path = &self.folder.path().join("log");
        fs::read_to_string(log).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A fast end: it stops all its processes.
        let number = self.server.id().to_string();
        let _ = Command::new("kill").args(["-INT", &number]).status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
