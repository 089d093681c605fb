//! The kinds of values in `kibali.conf`. Each error says what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use kibali_web::outbound::Network;
use tracing::Level;
use url::Url;

use super::{Config, LogFormat};

pub(super) fn base_url(value: &str) -> Result<Option<Url>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let wrong = || "write the whole address, like https://dhis2.example.org/dhis".to_owned();
    let url = Url::parse(value).map_err(|_| wrong())?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && plain;
    if fits { Ok(Some(url)) } else { Err(wrong()) }
}

pub(super) fn socket(value: &str) -> Result<SocketAddr, String> {
    let local = value.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let any = value.strip_prefix(':').map(|port| format!("0.0.0.0:{port}"));
    let text = local.or(any).unwrap_or_else(|| value.to_owned());
    text.parse().map_err(|_| "write an IP address and a port, like 127.0.0.1:8080 or [::1]:8080".to_owned())
}

pub(super) fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    value: &str,
    least: T,
    most: T,
) -> Result<T, String> {
    let parsed = value.parse().ok().filter(|number| *number >= least && *number <= most);
    parsed.ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

pub(super) fn seconds(value: &str, least: u64, most: u64) -> Result<Duration, String> {
    number(value, least, most).map(Duration::from_secs)
}

pub(super) fn switch(value: &str) -> Result<bool, String> {
    match value {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

pub(super) fn addresses(value: &str) -> Result<Vec<IpAddr>, String> {
    let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.parse().map_err(|_| format!("'{part}' is not an IP address, like 10.0.0.1")))
        .collect()
}

pub(super) fn networks(value: &str) -> Result<Vec<Network>, String> {
    let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.parse().map_err(|()| format!("'{part}' is not a network, like 10.20.0.0/16")))
        .collect()
}

/// Relative paths start at the directory of `kibali.conf`.
pub(super) fn path(config: &Config, value: &str) -> PathBuf {
    if value.is_empty() { PathBuf::new() } else { config.home.join(value) }
}

pub(super) fn optional(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

pub(super) fn log_format(value: &str) -> Result<LogFormat, String> {
    match value {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json".to_owned()),
    }
}

pub(super) fn log_level(value: &str) -> Result<Level, String> {
    value.parse().map_err(|_| "write error, warn, info, debug or trace".to_owned())
}
