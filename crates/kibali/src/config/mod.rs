//! What the operator chose: `kibali.conf`, then the environment, then flags.

mod keys;
mod near;
mod properties;
mod values;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kibali_crypto::Secret;
use kibali_store::{Location, StoreOptions};
use kibali_web::Settings;
use tracing::Level;
use url::Url;

use keys::{KEYS, Key};

use crate::keystore::Keystore;

/// The name of the file, looked for in `KIBALI_HOME`, else in the working directory.
const FILE: &str = "kibali.conf";
/// Variables that begin with `KIBALI_` and are no keys.
const OTHER_VARIABLES: &[&str] = &["KIBALI_HOME", "KIBALI_CONFIG"];

/// Everything that can be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where relative paths start: the directory of `kibali.conf`.
    pub(crate) home: PathBuf,
    /// The address people use; none: the one listened on.
    pub(crate) base_url: Option<Url>,
    /// What the web rooms need to know, the base address apart.
    pub(crate) web: Settings,
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Connections served at once.
    pub(crate) connections: usize,
    /// How long the head of a request may take.
    pub(crate) head_patience: Duration,
    /// The certificate and its chain; empty: no TLS.
    pub(crate) tls_certificate: PathBuf,
    /// Its key.
    pub(crate) tls_key: PathBuf,
    /// Certificates of authorities that may sign the mail server's; empty: only public ones may.
    pub(crate) mail_authorities: PathBuf,
    /// Certificates of authorities that may sign those of hosts that clients name; empty: only public ones may.
    pub(crate) outbound_authorities: PathBuf,
    /// The file of the master key.
    pub(crate) master_key_file: PathBuf,
    /// The operator's own signing key.
    pub(crate) keystore: Keystore,
    /// Threads that hash; 0: half the cores.
    pub(crate) hash_threads: usize,
    /// How a log line looks.
    pub(crate) log_format: LogFormat,
    /// The least important lines that are shown.
    pub(crate) log_level: Level,
    connection: Connection,
}

/// How to reach the database.
#[derive(Debug, Clone)]
struct Connection {
    /// May hold a password.
    url: Secret<String>,
    username: Option<String>,
    password: Option<Secret<String>>,
    pool: u32,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for machines.
    Json,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line, a variable or a value is wrong.
    #[error("{place}: {why}")]
    Wrong {
        /// File and line, or variable.
        place: String,
        /// What to write instead.
        why: String,
    },
}

fn wrong(place: impl Into<String>, why: impl Into<String>) -> ConfigError {
    ConfigError::Wrong { place: place.into(), why: why.into() }
}

impl Config {
    /// What holds where nothing is chosen.
    pub(crate) fn at(home: &Path) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        Self {
            home: home.to_owned(),
            base_url: None,
            web: Settings::new(address_of(listen, false)),
            listen,
            connections: 2000,
            head_patience: Duration::from_secs(30),
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
            mail_authorities: PathBuf::new(),
            outbound_authorities: PathBuf::new(),
            master_key_file: home.join("master.key"),
            keystore: Keystore::none(),
            hash_threads: 0,
            log_format: LogFormat::Text,
            log_level: Level::INFO,
            connection: Connection {
                url: Secret::new("kibali.db".to_owned()),
                username: None,
                password: None,
                pool: 8,
            },
        }
    }

    /// Reads the file that is named, or `kibali.conf` where it is looked for, and the environment.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let environment = |name: &str| std::env::var(name).ok();
        let named = file.map(Path::to_owned).or_else(|| environment("KIBALI_CONFIG").map(PathBuf::from));
        let home = environment("KIBALI_HOME").map_or_else(PathBuf::new, PathBuf::from);
        let path = named.clone().unwrap_or_else(|| home.join(FILE));
        let mut config = Self::at(path.parent().unwrap_or(&home));
        match std::fs::read_to_string(&path) {
            Ok(text) => config.read(&text, &path.display().to_string(), environment)?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(ConfigError::Unreadable { file: path.display().to_string(), source });
            }
        }
        config.override_by(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )?;
        config.check()?;
        Ok(config)
    }

    fn read(
        &mut self,
        text: &str,
        file: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(), ConfigError> {
        let lines = properties::parse(text, environment)
            .map_err(|error| wrong(format!("{file} line {}", error.number), error.why))?;
        for line in lines {
            let place = format!("{file} line {}", line.number);
            let Some(key) = keys::find(&line.key) else {
                let meant = near::meant(&line.key).map(|key| format!("; did you mean {}?", key.name));
                let why = format!("there is no key {}{}", line.key, meant.unwrap_or_default());
                return Err(wrong(place, why));
            };
            (key.take)(self, &line.value).map_err(|why| wrong(place, format!("{}: {why}", key.name)))?;
        }
        Ok(())
    }

    /// Takes what the environment overrides. A variable that is almost a key is an error; others may belong to
    /// somebody else (Kubernetes makes `KIBALI_PORT` for a service called kibali).
    fn override_by(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (name, value) in variables.filter(|(name, _)| name.starts_with("KIBALI_")) {
            if OTHER_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            if let Some(key) = KEYS.iter().find(|key| key.variable() == name) {
                (key.take)(self, &value).map_err(|why| wrong(name, why))?;
            } else if let Some(key) = almost(&name) {
                return Err(wrong(
                    name,
                    format!("there is no such variable; did you mean {}?", key.variable()),
                ));
            }
        }
        Ok(())
    }

    /// What only the whole can tell.
    fn check(&self) -> Result<(), ConfigError> {
        if self.tls_certificate.as_os_str().is_empty() != self.tls_key.as_os_str().is_empty() {
            return Err(wrong(
                "server.tls",
                "set both server.tls.certificate and server.tls.key, or neither",
            ));
        }
        self.keystore.check().map_err(|(key, why)| wrong(key, why))?;
        self.location().map(|_| ())
    }

    /// Where the data lives.
    pub(crate) fn location(&self) -> Result<Location, ConfigError> {
        let Connection { url, username, password, .. } = &self.connection;
        let url = url.expose().as_str();
        let bare = url.strip_prefix("jdbc:").unwrap_or(url);
        if !bare.starts_with("postgres://") && !bare.starts_with("postgresql:") {
            let file = bare.strip_prefix("sqlite:").unwrap_or(bare);
            if file.contains("://") || file.contains("jdbc:") {
                return Err(wrong(
                    "connection.url",
                    "write the path of an SQLite file, or postgres://user:password@host/database",
                ));
            }
            return Ok(Location::sqlite(self.home.join(file)));
        }
        // DHIS2 also writes jdbc:postgresql:database, for this machine.
        let text = match bare.split_once(':') {
            Some((_, rest)) if !rest.starts_with("//") => format!("postgres://localhost/{rest}"),
            _ => bare.to_owned(),
        };
        let why = "write it like postgres://user:password@host/database";
        let mut address = Url::parse(&text).map_err(|_| wrong("connection.url", why))?;
        if let Some(username) = username {
            address.set_username(username).map_err(|()| wrong("connection.username", why))?;
        }
        if let Some(password) = password {
            let password = Some(password.expose().as_str());
            address.set_password(password).map_err(|()| wrong("connection.password", why))?;
        }
        Ok(Location::Postgres(address.into()))
    }

    /// What the web rooms need to know, of a server that listens on `bound`.
    pub(crate) fn web_at(&self, bound: SocketAddr) -> Settings {
        let mut web = self.web.clone();
        let tls = !self.tls_certificate.as_os_str().is_empty();
        web.signing_key = self.keystore.signs_as();
        web.base_url = self.base_url.clone().unwrap_or_else(|| address_of(bound, tls));
        web
    }

    /// Uses the SQLite file and master key of a directory.
    pub(crate) fn keep_in(&mut self, directory: &Path) {
        directory.clone_into(&mut self.home);
        self.master_key_file = directory.join("master.key");
    }

    /// How the database is used.
    pub(crate) fn store_options(&self) -> StoreOptions {
        StoreOptions { connections: self.connection.pool, ..StoreOptions::default() }
    }
}

/// The address of a server that listens on `bound`.
fn address_of(bound: SocketAddr, tls: bool) -> Url {
    let host = if bound.ip().is_unspecified() { "localhost".to_owned() } else { bound.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let scheme = if tls { "https" } else { "http" };
    let text = format!("{scheme}://{host}:{}", bound.port());
    Url::parse(&text).unwrap_or_else(|_| unreachable!("an address and a port make a URL"))
}

/// Every key with its default and its meaning, for `kibali serve --help`.
pub(crate) fn help() -> String {
    let lines: Vec<String> = KEYS
        .iter()
        .map(|key| format!("  {} = {}\n      {}. {}", key.name, key.default, key.about, key.variable()))
        .collect();
    format!(
        "Keys of kibali.conf, with what holds when they are not set, and the variable that overrides:\n\n{}",
        lines.join("\n")
    )
}

/// The key that a variable misses by one or two letters.
fn almost(name: &str) -> Option<&'static Key> {
    let lower = name.strip_prefix("KIBALI_")?.to_lowercase();
    let candidates = KEYS.iter().filter(|key| key.name.len().abs_diff(lower.len()) <= 2);
    candidates
        .min_by_key(|key| near::distance(&lower, &key.words()))
        .filter(|key| near::distance(&lower, &key.words()) <= 2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let mut config = Config::at(Path::new("/srv/kibali"));
        config.read(text, "kibali.conf", |_| None).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn what_is_wrong_names_the_line_and_what_to_write() {
        for (text, message) in [
            (
                "\nserver.base.ulr = http://x",
                "kibali.conf line 2: there is no key server.base.ulr; did you mean server.base.url?",
            ),
            (
                "server.base.url = dhis2.example.org",
                "kibali.conf line 1: server.base.url: write the whole address, like https://dhis2.example.org/dhis",
            ),
            (
                "proxy.trusted = 10.0.0.1, nginx",
                "kibali.conf line 1: proxy.trusted: 'nginx' is not an IP address, like 10.0.0.1",
            ),
            (
                "oauth2.code.seconds = 3600",
                "kibali.conf line 1: oauth2.code.seconds: write a whole number from 10 to 600",
            ),
            (
                "server.tls.key = key.pem",
                "server.tls: set both server.tls.certificate and server.tls.key, or neither",
            ),
            (
                "connection.url = mysql://x/y",
                "connection.url: write the path of an SQLite file, or postgres://user:password@host/database",
            ),
        ] {
            assert_eq!(read(text).map(|_| ()), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_connection_of_a_dhis_conf_is_understood() {
        for (text, url) in [
            ("connection.url = postgres://u:p@db/dhis", "postgres://u:p@db/dhis"),
            (
                "connection.url = jdbc:postgresql:dhis2\nconnection.username = dhis\nconnection.password = a/b@c",
                "postgres://dhis:a%2Fb%40c@localhost/dhis2",
            ),
            (
                "connection.url = jdbc:postgresql://db:5433/dhis2\nconnection.username = dhis",
                "postgresql://dhis@db:5433/dhis2",
            ),
        ] {
            assert_eq!(read(text).unwrap().location().unwrap(), Location::Postgres(url.to_owned()), "{text}");
        }
        let file = read("connection.url = data/k.db").unwrap().location().unwrap();
        assert_eq!(file, Location::sqlite("/srv/kibali/data/k.db"));
    }

    #[test]
    fn the_environment_overrides_and_a_slip_there_is_told() {
        let mut config = Config::at(Path::new(""));
        let set = |name: &str, value: &str| std::iter::once((name.to_owned(), value.to_owned()));
        config.override_by(set("KIBALI_SERVER_LISTEN", "localhost:9000")).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
        // No shell sets a name with a hyphen in it.
        config.override_by(set("KIBALI_OAUTH2_SERVER_DCR_REFRESH_TOKEN_TTL", "77")).unwrap();
        assert_eq!(config.web.registered_refresh_seconds, 77);
        assert!(KEYS.iter().all(|key| key.variable().chars().all(|c| c.is_ascii_alphanumeric() || c == '_')));
        config.override_by(set("KIBALI_PORT_8080_TCP", "tcp://10.0.0.1:8080")).unwrap();
        let slip = config.override_by(set("KIBALI_SERVER_LISTN", "x")).unwrap_err();
        assert!(slip.to_string().contains("did you mean KIBALI_SERVER_LISTEN?"), "{slip}");
    }

    #[test]
    fn a_password_shows_in_no_debug_output() {
        let config =
            read("connection.password = hunter2\nconnection.url = postgres://u:hunter2@h/d").unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
