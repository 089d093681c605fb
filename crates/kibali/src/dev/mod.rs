//! `kibali dev`: the real server on a store of its own, filled with a country that does not exist.

mod banner;
mod country;
mod directory;
mod seed;

use std::path::Path;

use kibali_web::outbound::Network;

use crate::cli::Dev;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::{self, Server};
use crate::{node, terminal};

/// Seeds where that is needed, says how to use it, and serves until stopped.
///
/// # Errors
/// The address may not be listened on, or the data cannot be used.
pub(crate) async fn run(dev: Dev) -> Result<(), Failure> {
    if !dev.listen.ip().is_loopback() && !dev.allow_remote {
        return Err(Failure::Said(format!(
            "{} can be reached by others, and everybody knows the passwords of kibali dev; \
             add --allow-remote if that is what you want",
            dev.listen
        )));
    }
    let directory = directory::Directory::of(dev.data.as_deref())?;
    let mut config = Config::at(directory.path());
    config.keep_in(directory.path());
    config.listen = dev.listen;
    config.base_url = dev.base_url;
    config.web.as_version = dev.as_version;
    config.web.dev = true;
    config.web.mailed_codes = true;
    config.web.mail.folder = Some(directory.path().join("mail"));
    // An application under development has its keys, and hears of logouts, on this machine.
    config.web.outbound.listed = Network::LOOPBACK.to_vec();
    config.outbound_authorities = dev.trust.unwrap_or_default();
    let level = if dev.verbose { tracing::Level::INFO } else { tracing::Level::WARN };
    serve::log::start(config.log_format, level);

    let server = Server::bind(&config, "--listen").await?;
    let app = node::open(&config, server.address()).await?;
    seed::fill(&app).await?;
    terminal::say(banner::text(&app.settings, dev.data.as_deref().map(Path::display)));
    server.run(app).await
}
