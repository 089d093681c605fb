//! *Settings > OAuth2 Clients*: list, add, edit, delete, make a new secret.
//!
//! The pages read and change clients through the same engine as `/api/oAuth2Clients`, with the same
//! rights: what that refuses, they refuse.

mod chart;
mod connect;
mod fields;
mod form;
mod handlers;
mod list;
mod manager;
mod postman;
#[cfg(test)]
pub(super) mod samples;
mod secret;
mod signature;
mod told;
mod views;
mod wanted;

pub(super) use manager::may_manage;

use axum::Router;
use axum::routing::get;
use kibali_metadata::client::Registration;
use kibali_model::{Dialect, ObjectId};

use crate::App;

/// Where the pages are, below the context path.
pub(super) const CLIENTS: &str = "/settings/oauth2-clients";
/// What clients are called in the Web API.
const PLURAL: &str = "oAuth2Clients";
/// The pages.
pub(super) fn router() -> Router<App> {
    let at = |rest: &str| format!("{CLIENTS}{rest}");
    Router::new()
        .route("/settings", get(handlers::settings))
        .route(CLIENTS, get(list::show))
        .route(&at("/new"), get(handlers::new).post(handlers::add))
        .route(&at("/{uid}"), get(handlers::edit).post(handlers::save))
        .route(&at("/{uid}/secret"), get(secret::back).post(secret::make))
        .route(&at("/{uid}/delete"), get(handlers::ask_delete).post(handlers::delete))
}

/// The application in the dialect that the pages speak, whatever version it speaks as.
fn spoken(app: &App) -> App {
    app.speaking(Dialect::Modern)
}

/// A client as it is registered.
#[derive(Debug, Clone, Default, PartialEq)]
struct Registered {
    uid: String,
    object: ObjectId,
    name: String,
    /// The name that the user it acts as signs in with.
    acts_as: Option<String>,
    registration: Registration,
}
