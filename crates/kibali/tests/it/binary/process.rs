//! The binary as a process: started, spoken to over a socket, told to stop.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use kibali_store::Location;
use kibali_testkit::TempDir;

/// Longer than anything here takes, so that a broken promise ends the test and hangs nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// An installation: a directory with a `kibali.conf`.
pub(super) struct Home {
    directory: TempDir,
}

impl Home {
    /// With these lines in `kibali.conf`, on a port that the system chooses.
    pub(super) fn new(lines: &[String]) -> Self {
        let directory = TempDir::new("home");
        let listen = "server.listen = 127.0.0.1:0\npassword.bcrypt.cost = 4\n";
        let text = format!("{listen}{}\n", lines.join("\n"));
        std::fs::write(directory.path().join("kibali.conf"), text).expect("the directory is writable");
        Self { directory }
    }

    /// On this database.
    pub(super) fn on(location: &Location) -> Self {
        let url = match location {
            Location::Sqlite(file) => file.display().to_string(),
            Location::Postgres(url) => url.clone(),
        };
        Self::new(&[format!("connection.url = {url}")])
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Runs a command to its end, with `input` on standard input.
    pub(super) fn run(&self, words: &[&str], input: &str) -> Output {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().expect("the binary starts");
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("the command ends")
    }

    /// Runs a command that succeeds; what it said.
    pub(super) fn done(&self, words: &[&str], input: &str) -> String {
        let output = self.run(words, input);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs a command that fails; what it complained.
    pub(super) fn refused(&self, words: &[&str], input: &str) -> String {
        let output = self.run(words, input);
        assert!(!output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("text")
    }

    /// Starts `kibali serve`.
    pub(super) fn serve(&self) -> Server {
        Server::start(self.command(&["serve"]))
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = binary(words);
        command.env("KIBALI_HOME", self.path());
        command
    }
}

/// The binary, without what the environment of the tests says.
pub(super) fn binary(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kibali"));
    command.args(words).env_remove("KIBALI_CONFIG").env_remove("KIBALI_HOME");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server that runs; killed when dropped.
pub(super) struct Server {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub(super) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).spawn().expect("the binary starts");
        let (tell, lines) = channel();
        follow(child.stdout.take().expect("a pipe"), tell.clone());
        follow(child.stderr.take().expect("a pipe"), tell);
        let mut server = Self { child, lines, log: Vec::new(), address: ([127, 0, 0, 1], 0).into() };
        let line = server.wait_for(&["serving address=", "Kibali is ready at http://"]);
        let rest = line.split_once("address=").or_else(|| line.split_once("http://")).expect("an address").1;
        let end = rest.find([' ', ',']).unwrap_or(rest.len());
        server.address = rest[..end].parse().expect("an address");
        server
    }

    /// The first line that holds any of these.
    pub(super) fn wait_for(&mut self, any: &[&str]) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("none of {any:?} was said:\n{}", self.log.join("\n")));
            self.log.push(line.clone());
            if any.iter().any(|text| line.contains(text)) {
                return line;
            }
        }
    }

    /// Waits until it says that it is ready: on PostgreSQL it listens before it has read the log of changes.
    pub(super) fn wait_until_ready(&self) {
        let since = Instant::now();
        while self.get("/health/ready").status != 200 {
            assert!(since.elapsed() < PATIENCE, "not ready");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a request and reads the answer.
    pub(super) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.connect();
        let head = head(method, path, headers, body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).expect("the request goes out");
        Answer::read(&mut stream)
    }

    /// GET with HTTP Basic.
    pub(super) fn get_as(&self, username: &str, password: &str, path: &str) -> Answer {
        self.ask("GET", path, &[("Authorization", &basic(username, password))], "")
    }

    /// GET without credentials.
    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream
    }

    /// SIGTERM.
    pub(super) fn tell_to_stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    }

    /// Waits for the end; how it ended, and everything it said.
    pub(super) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("the server ends");
        self.log.extend(self.lines.iter());
        (status, self.log.join("\n"))
    }

    /// Stops it and answers everything it said.
    pub(super) fn stop(self) -> String {
        self.tell_to_stop();
        let (status, log) = self.end();
        assert!(status.success(), "{status}: {log}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(pipe: impl std::io::Read + Send + 'static, tell: std::sync::mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
}

/// An answer, read to the end of the connection.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn read(stream: &mut impl std::io::Read) -> Self {
        let mut bytes = Vec::new();
        // A TLS peer may close without saying so.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.unwrap_or_else(|| panic!("no answer: {text}")), text }
    }
}

/// The head of a request after which the connection closes.
pub(super) fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n"
    )
}

/// The header value of HTTP Basic.
pub(super) fn basic(username: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    format!("Basic {pair}")
}
