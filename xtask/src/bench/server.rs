//! Servers in processes of their own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kibali_store::Engine;
use kibali_testkit::TempDir;
use kibali_testkit::postgres::{Cluster, Durability};
use serde_json::Value;

use super::load::{Client, get};
use super::{Outcome, bare, process};

/// The release binary.
pub(super) fn binary() -> Outcome<PathBuf> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let path = here.with_file_name("kibali");
    if path.exists() { Ok(path) } else { Err(format!("{} is not built", path.display())) }
}

/// A child that is ended when this is dropped.
pub(super) struct Running {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Running {
    /// Processor time used so far.
    pub(super) fn processor_time(&self) -> Outcome<Duration> {
        process::processor_time(self.child.id())
    }

    /// Memory held, in MiB.
    pub(super) fn memory(&self) -> Outcome<(f64, f64)> {
        process::memory(self.child.id())
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn stop(mut self) -> Outcome<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        asked.map_err(|error| format!("kill: {error}"))?;
        self.child.wait().map(drop).map_err(|error| error.to_string())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bare handler.
pub(super) fn bare_handler() -> Outcome<Running> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(here)
        .args(["bench", bare::COMMAND])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    match first_line(&mut child)?.trim().parse() {
        Ok(address) => Ok(Running { child, address }),
        Err(_) => Err("the bare handler does not start".to_owned()),
    }
}

/// node-oidc-provider in a process of its own.
pub(super) struct Peer {
    pub(super) running: Running,
    /// Refresh tokens of its client `app`.
    pub(super) refresh: Vec<String>,
}

/// Starts the peer; its script is `clients/node/peer.js`.
pub(super) fn peer() -> Outcome<Peer> {
    crate::test::npm_install()?;
    let mut child = Command::new("node")
        .arg("node/peer.js")
        .current_dir(crate::test::CLIENTS)
        .env("NODE_ENV", "production")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let told: Value = serde_json::from_str(&first_line(&mut child)?).map_err(|error| error.to_string())?;
    let address = told.get("address").and_then(Value::as_str).and_then(|address| address.parse().ok());
    let address = address.ok_or("the peer does not say where it is")?;
    let refresh = told.get("refresh").and_then(Value::as_array).into_iter().flatten();
    let refresh = refresh.filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Peer { running: Running { child, address }, refresh })
}

fn first_line(child: &mut Child) -> Outcome<String> {
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    Ok(line)
}

/// An installation: a database, a directory, a configuration, and the address it will be served at.
pub(super) struct Installation {
    pub(super) engine: Engine,
    pub(super) url: String,
    pub(super) directory: TempDir,
    address: SocketAddr,
    // Dropped last: the server of the database outlives who uses it.
    _cluster: Option<Cluster>,
}

impl Installation {
    /// A new one, its database brought up to date by the binary itself.
    pub(super) fn make(engine: Engine) -> Outcome<Self> {
        let directory = TempDir::new("bench");
        let (url, cluster) = match engine {
            Engine::Sqlite => (directory.path().join("kibali.db").display().to_string(), None),
            Engine::Postgres => {
                let cluster = Cluster::start(Durability::Full).map_err(|error| error.to_string())?;
                (cluster.url(), Some(cluster))
            }
        };
        let address = free_address()?;
        let made = Self { engine, url, directory, address, _cluster: cluster };
        let text = format!(
            "server.listen = {address}\nserver.base.url = http://{address}\nconnection.url = {}\n{}",
            made.url,
            counted()
        );
        std::fs::write(made.configuration(), text).map_err(|error| error.to_string())?;
        let migrated = made.command("migrate")?.status().map_err(|error| error.to_string())?;
        if migrated.success() { Ok(made) } else { Err("kibali migrate failed; see its log".to_owned()) }
    }

    /// What the engine is called.
    pub(super) const fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }

    fn configuration(&self) -> PathBuf {
        self.directory.path().join("kibali.conf")
    }

    /// The binary's command on this installation; its log goes to a file.
    fn command(&self, name: &str) -> Outcome<Command> {
        let log = File::create(self.directory.path().join(format!("{name}.log")));
        let mut command = Command::new(binary()?);
        command.arg(name).arg("--config").arg(self.configuration());
        command.stdout(Stdio::null()).stderr(log.map_err(|error| error.to_string())?);
        Ok(command)
    }

    /// Starts `kibali serve` and waits until it answers.
    pub(super) async fn serve(&self) -> Outcome<Running> {
        let child = self.command("serve")?.spawn().map_err(|error| error.to_string())?;
        let running = Running { child, address: self.address };
        ready(self.address).await?;
        Ok(running)
    }
}

/// Lines of a configuration that lets a load through and still counts each request of it.
fn counted() -> String {
    let limits = ["address", "doors", "tokens", "client", "user"];
    limits
        .map(|limit| format!("limits.{limit}.per_minute = 10000000\nlimits.{limit}.at_once = 100000\n"))
        .concat()
}

/// Starts `kibali dev` with its data in `directory`; it may not answer yet.
pub(super) fn dev(directory: &Path) -> Outcome<Running> {
    let address = free_address()?;
    let child = Command::new(binary()?)
        .args(["dev", "--listen", &address.to_string(), "--data"])
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    Ok(Running { child, address })
}

/// Waits until a server answers that it is ready.
async fn ready(address: SocketAddr) -> Outcome<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if let Ok(mut client) = Client::connect(address).await
            && client.ask(get("/health/ready", None)).await.is_ok()
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err(format!("nothing is ready at {address}"))
}

/// An address on which nobody listens now.
fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}
