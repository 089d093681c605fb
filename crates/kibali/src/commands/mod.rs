//! The commands of an operator.

use crate::cli::Settings;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::{self, Server};
use crate::{node, terminal};

/// `kibali serve`.
pub(crate) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let config = Config::load(settings.config.as_deref())?;
    serve::log::start(config.log_format, config.log_level);
    let server = Server::bind(&config, "server.listen").await?;
    let app = node::open(&config).await?;
    let (address, version) = (server.address(), app.settings.as_version);
    tracing::info!(%address, base_url = %app.settings.base_url, %version, "serving");
    server.run(app).await
}

/// `kibali migrate`: opening brings the schema up to date.
pub(crate) async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let config = Config::load(settings.config.as_deref())?;
    let app = node::open(&config).await?;
    app.store.close().await;
    terminal::say("The database is up to date. Start the server with: kibali serve");
    Ok(())
}
