//! The words of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use kibali_model::ApiVersion;

/// The OAuth2 door of DHIS2, and the Web API behind it.
#[derive(Debug, Parser)]
#[command(name = "kibali", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a server to try things on: no configuration, demonstration data
    Dev(Dev),
    /// Start the server
    Serve(Settings),
    /// Bring the database up to date ahead of a start
    Migrate(Settings),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// The configuration; kibali.conf in KIBALI_HOME or the working directory when not named
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `kibali dev`.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Listen on an address that others can reach, although everybody knows the passwords
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Keep the data in this directory; a temporary one otherwise
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The DHIS2 version to speak as
    #[arg(long, default_value = "2.41", value_name = "VERSION")]
    pub(crate) as_version: ApiVersion,
    /// The address people use, when a proxy stands in front; http://<listen> otherwise
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<url::Url>,
    /// Show a line for each request
    #[arg(long)]
    pub(crate) verbose: bool,
}
