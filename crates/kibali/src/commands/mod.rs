//! The commands of an operator.

pub(crate) mod audit;
pub(crate) mod client;
pub(crate) mod import;
mod invitation;
pub(crate) mod key;
pub(crate) mod user;
pub(crate) mod why;

use kibali_metadata::import::{ImportParams, ImportReport, MergeMode};
use kibali_metadata::language::Fields;
use kibali_store::Location;
use kibali_web::App;
use kibali_web::api::objects::{self, operator_principal};
use serde_json::{Map, Value};

use crate::cli::Settings;
use crate::config::Config;
use crate::failure::Failure;
use crate::serve::{self, Server};
use crate::{keystore, node, setup_link, terminal};

/// `kibali serve`.
pub(crate) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let config = Config::load(settings.config.as_deref())?;
    serve::log::start(config.log_format, config.log_level);
    let server = Server::bind(&config, "server.listen").await?;
    let app = node::open(&config, server.address()).await?;
    keystore::import(&config, &app).await?;
    setup_link::offer(&app, &config.home).await?;
    let (address, version) = (server.address(), app.settings.as_version);
    let listed: Vec<String> = app.settings.outbound.listed.iter().map(ToString::to_string).collect();
    if !listed.is_empty() {
        let networks = listed.join(", ");
        tracing::warn!(networks, "clients may have this server call hosts there, which are not public");
    }
    tracing::info!(%address, base_url = %app.settings.base_url, %version, "serving");
    server.run(app).await
}

/// `kibali migrate`: opening brings the schema up to date.
pub(crate) async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let config = Config::load(settings.config.as_deref())?;
    let app = node::open(&config, config.listen).await?;
    app.store.close().await;
    terminal::say("The database is up to date. Start the server with: kibali serve");
    Ok(())
}

/// Where there is no database yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// One is made: the command puts something into it.
    Make,
    /// The command is refused: it would show or change what is not there.
    Refuse,
}

/// The application that the commands of an operator work on.
async fn open(settings: &Settings, absent: Absent) -> Result<App, Failure> {
    let config = Config::load(settings.config.as_deref())?;
    if let (Absent::Refuse, Location::Sqlite(file)) = (absent, config.location()?)
        && !file.exists()
    {
        return Err(Failure::Said(format!(
            "there is no database at {}; name the right configuration with --config FILE, or start with: \
             kibali user add NAME --superuser",
            file.display()
        )));
    }
    serve::log::start(config.log_format, tracing::Level::WARN);
    node::open(&config, config.listen).await
}

/// Closes what a command wrote to the audit trail, which may have no running server to do so, and the database.
async fn close(app: &App) {
    if let Err(refusal) = kibali_web::audit::seal(app).await {
        tracing::warn!(cause = ?refusal, "the audit trail was not sealed");
    }
    app.store.close().await;
}

/// Every object of a collection, with these properties.
async fn list(app: &App, plural: &str, fields: &[&str]) -> Result<Vec<Value>, Failure> {
    let fields =
        Fields::parse_all(fields.iter().copied()).map_err(|error| Failure::Said(error.to_string()))?;
    Ok(objects::list_all(app, &operator_principal(), plural, &fields).await?)
}

/// Imports what an operator asks for; what is not named stays as it is.
async fn merge(app: &App, payload: &Map<String, Value>) -> Result<(), Failure> {
    let params = ImportParams { merge: MergeMode::Merge, ..ImportParams::default() };
    accepted(&objects::import(app, &operator_principal(), payload, params).await?)
}

/// Nothing was refused.
fn accepted(report: &ImportReport) -> Result<(), Failure> {
    let errors: Vec<&str> = report.errors().map(|error| error.message.as_str()).collect();
    if errors.is_empty() { Ok(()) } else { Err(Failure::Said(errors.join("\n"))) }
}

/// A payload with one collection of one object.
fn one(plural: &str, object: Value) -> Map<String, Value> {
    Map::from_iter([(plural.to_owned(), Value::Array(vec![object]))])
}

/// The text of a property; empty where there is none.
fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The names of the objects in a collection, or its words, on one line.
fn names(object: &Value, collection: &str) -> String {
    let items = object.get(collection).and_then(Value::as_array);
    let words =
        items.into_iter().flatten().filter_map(|item| item.as_str().or_else(|| item.get("name")?.as_str()));
    words.collect::<Vec<_>>().join(", ")
}
