//! `/api/system/*` and `/api/ping` (web-api reference 4.1).

mod identifiers;
mod info;

pub(crate) use info::system_id;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use kibali_store::objects::counts;
use serde_json::{Map, Value, json};

use super::answer;
use crate::identity::Caller;
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/ping", get(|| async { StatusCode::OK }))
        .route("/system/ping", get(|| async { answer::no_store(answer::text("pong")) }))
        .route("/system/info", get(info::info))
        .route("/system/id", get(identifiers::uids))
        .route("/system/uid", get(identifiers::uids))
        .route("/system/uuid", get(identifiers::uuids))
        .route("/system/objectCounts", get(object_counts))
        .route("/system/flags", get(flags))
        .route("/system/styles", get(styles))
}

async fn object_counts(State(app): State<App>, _: Caller) -> Result<Response, Refusal> {
    let counted = counts::by_kind(&mut app.store.reader().await?).await?;
    let counts: Map<String, Value> = app
        .registry
        .kinds()
        .map(|kind| {
            let count = counted.iter().find(|(name, _)| name == kind.singular).map_or(0, |(_, count)| *count);
            (kind.singular.to_owned(), Value::from(count))
        })
        .collect();
    Ok(answer::rooted("objectCounts", &json!({ "objectCounts": counts })))
}

/// The flags and styles the settings app offers. Kibali's own pages use none of them; the choice is kept
/// for apps that read it.
async fn flags(State(app): State<App>, _: Caller) -> Response {
    let path = app.settings.absolute("/dhis-web-commons/flags/dhis2.png");
    answer::json(&json!([{ "name": "DHIS 2", "key": "dhis2", "path": path }]))
}

async fn styles(_: Caller) -> Response {
    let style =
        |name: &str, key: &str| json!({ "name": name, "key": key, "path": format!("{key}/{key}.css") });
    answer::json(&json!([
        style("Light Blue", "light_blue"),
        style("Green", "green"),
        style("India", "india")
    ]))
}
