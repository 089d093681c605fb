//! *Settings > OAuth2 Clients*: list, add, edit, delete, make a new secret.
//!
//! The pages read and change clients through the same engine as `/api/oAuth2Clients`, with the same
//! rights: what that refuses, they refuse.

mod connect;
mod form;
mod handlers;
mod manager;
#[cfg(test)]
pub(super) mod samples;
mod secret;
mod views;

pub(super) use connect::quoted;
pub(super) use manager::may_manage;

use axum::Router;
use axum::routing::get;
use serde_json::Value;

use crate::App;

/// Where the pages are, below the context path.
pub(super) const CLIENTS: &str = "/settings/oauth2-clients";
/// What clients are called in the Web API.
const PLURAL: &str = "oAuth2Clients";
/// The properties that the pages show.
const SHOWN: [&str; 5] = ["id", "name", "cid", "grantTypes", "redirectUris"];

/// The pages.
pub(super) fn router() -> Router<App> {
    let at = |rest: &str| format!("{CLIENTS}{rest}");
    Router::new()
        .route("/settings", get(handlers::settings))
        .route(CLIENTS, get(handlers::list))
        .route(&at("/new"), get(handlers::new).post(handlers::add))
        .route(&at("/{uid}"), get(handlers::edit).post(handlers::save))
        .route(&at("/{uid}/secret"), get(secret::back).post(secret::make))
        .route(&at("/{uid}/delete"), get(handlers::ask_delete).post(handlers::delete))
}

/// A client as it is registered.
#[derive(Debug, Clone, Default, PartialEq)]
struct Registered {
    uid: String,
    name: String,
    client_id: String,
    grant_types: Vec<String>,
    redirect_uris: Vec<String>,
}

impl Registered {
    /// Reads a client as the Web API writes it.
    fn read(object: &Value) -> Self {
        let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |key| -> Vec<String> {
            let items = object.get(key).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            uid: text("id"),
            name: text("name"),
            client_id: text("cid"),
            grant_types: list("grantTypes"),
            redirect_uris: list("redirectUris"),
        }
    }
}
