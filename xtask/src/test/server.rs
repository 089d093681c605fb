//! The release binary as a server of its own for each client, and nginx in front of it.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Failure;

/// How long a server may take until it takes connections.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that serves on a port of loopback until it is dropped.
pub(super) struct Server {
    process: Child,
    pub(super) port: u16,
}

impl Server {
    /// `kibali dev` on fresh data, which people reach at `base_url`, or directly where there is none.
    pub(super) fn kibali(name: &str, base_url: Option<&str>) -> Result<Self, Failure> {
        let folder = Path::new("target/clients/servers").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let data = folder.join("data");
        make(&data)?;
        let port = free_port()?;
        let mut command = Command::new("target/release/kibali");
        command.arg("dev").arg("--listen").arg(format!("127.0.0.1:{port}")).arg("--data").arg(&data);
        if let Some(base_url) = base_url {
            command.args(["--base-url", base_url]);
        }
        Self::start(command, port, &folder.join("log"))
    }

    /// nginx on `port`, `/dhis` led to Kibali on `behind`.
    pub(super) fn nginx(port: u16, behind: u16) -> Result<Self, Failure> {
        let folder = Path::new("target/clients/servers/nginx-front");
        make(folder)?;
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let place = folder.display();
        let configuration = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /dhis/ {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration).map_err(|error| error.to_string())?;
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-c").arg(file);
        Self::start(command, port, &folder.join("log"))
    }

    fn start(mut command: Command, port: u16, log: &Path) -> Result<Self, Failure> {
        let said = |error: std::io::Error| error.to_string();
        let out = File::create(log).map_err(said)?;
        let errors = out.try_clone().map_err(said)?;
        let process = command.stdin(Stdio::null()).stdout(out).stderr(errors).spawn().map_err(said)?;
        let mut server = Self { process, port };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = server.process.try_wait().map_err(said)?.is_some();
            if ended || begun.elapsed() > PATIENCE {
                return Err(format!("the server does not start; see {}", log.display()));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listened on a moment ago.
pub(super) fn free_port() -> Result<u16, Failure> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    free.map(|address| address.port()).map_err(|error| error.to_string())
}

fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}
