//! A throwaway PostgreSQL: the system's own server on a private cluster, reached through a Unix socket
//! only, gone when the process that started it ends, however it ends.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::TempDir;

/// The variable that names a running throwaway cluster: a `postgres://` address whose database is
/// replaced by each test's own.
pub const CLUSTER_VARIABLE: &str = "KIBALI_TEST_POSTGRES";

/// Why no cluster runs.
#[derive(Debug)]
pub enum ClusterError {
    /// No server is installed.
    NotFound,
    /// It is there and does not start; what was tried and what it said.
    Failed(String),
}

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => {
                f.write_str("PostgreSQL not found in /usr/lib/postgresql (apt-get install postgresql)")
            }
            Self::Failed(why) => write!(f, "PostgreSQL does not start: {why}"),
        }
    }
}

impl std::error::Error for ClusterError {}

/// Does the server keep what it acknowledges?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// `fsync`, `full_page_writes` and `synchronous_commit` off, for speed.
    None,
    /// As PostgreSQL ships.
    Full,
}

/// A running cluster. Dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    supervisor: Child,
    /// The supervisor stops the server when this pipe closes; the kernel closes it with the process.
    alive: Option<ChildStdin>,
}

impl Cluster {
    /// Makes a cluster and starts its server.
    ///
    /// # Errors
    /// No server is installed, or it does not start.
    pub fn start(durability: Durability) -> Result<Self, ClusterError> {
        let programs = programs().ok_or(ClusterError::NotFound)?;
        let directory = TempDir::new("postgres");
        let user = ServerUser::find()?;
        user.own(directory.path())?;
        let data = directory.path().join("data");
        let made = user
            .command(&programs.join("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--no-sync", "--no-instructions", "-D"])
            .arg(&data)
            .current_dir(directory.path())
            .output()
            .map_err(|error| ClusterError::Failed(format!("initdb: {error}")))?;
        if !made.status.success() {
            return Err(ClusterError::Failed(String::from_utf8_lossy(&made.stderr).into_owned()));
        }
        let mut supervisor = user
            .command(Path::new("/bin/sh"))
            .args(["-c", SUPERVISE, "supervise"])
            .arg(directory.path())
            .arg(programs.join("postgres"))
            .args(settings(durability))
            .current_dir(directory.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| ClusterError::Failed(format!("the supervisor: {error}")))?;
        let alive = supervisor.stdin.take();
        // From here on the supervisor removes the directory.
        let cluster = Self { directory: directory.keep(), supervisor, alive };
        cluster.wait_until_ready(&programs)?;
        Ok(cluster)
    }

    /// The address of its first database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.directory.display())
    }

    fn wait_until_ready(&self, programs: &Path) -> Result<(), ClusterError> {
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(60) {
            let ready = Command::new(programs.join("pg_isready"))
                .args(["--quiet", "--username=postgres", "--host"])
                .arg(&self.directory)
                .status()
                .is_ok_and(|status| status.success());
            if ready {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        Err(ClusterError::Failed(log))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.supervisor.wait();
    }
}

/// Runs the server until standard input closes, then stops it and removes the directory.
const SUPERVISE: &str = r#"
directory=$1; shift
"$@" -D "$directory/data" -k "$directory" >"$directory/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$directory"
"#;

fn settings(durability: Durability) -> Vec<&'static str> {
    let mut settings =
        vec!["-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=64MB"];
    if durability == Durability::None {
        settings.extend(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
    }
    settings
}

/// The programs of the newest server installed, where Debian puts them.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| server_of(*version).join("initdb").exists())
        .max()?;
    Some(server_of(newest))
}

fn server_of(version: u32) -> PathBuf {
    PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))
}

/// Whose rights the server gets: PostgreSQL refuses to run as root.
enum ServerUser {
    Myself,
    Postgres { uid: u32, gid: u32 },
}

impl ServerUser {
    fn find() -> Result<Self, ClusterError> {
        let root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        if !root {
            return Ok(Self::Myself);
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = fields.find_map(|fields| match fields.as_slice() {
            ["postgres", _, uid, gid, ..] => Some((uid.parse().ok()?, gid.parse().ok()?)),
            _ => None,
        });
        let (uid, gid) = found.ok_or_else(|| ClusterError::Failed("there is no user postgres".into()))?;
        Ok(Self::Postgres { uid, gid })
    }

    fn own(&self, path: &Path) -> Result<(), ClusterError> {
        match self {
            Self::Myself => Ok(()),
            Self::Postgres { uid, gid } => chown(path, Some(*uid), Some(*gid))
                .map_err(|error| ClusterError::Failed(format!("{}: {error}", path.display()))),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Self::Postgres { uid, gid } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }
}
