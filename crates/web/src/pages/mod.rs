//! The pages: login, consent, apps, settings.
//!
//! Rendered here, whole, without a framework; the one script only adds comfort. What a page may load,
//! where its forms may go and what its answer carries stands in `page.rs`; its look in
//! `static/kibali.css`.

mod apps;
mod assets;
mod body;
mod clients;
mod consent;
mod dev;
mod error;
mod frame;
mod login;
mod old_paths;
mod page;
mod parts;
#[cfg(test)]
mod samples;
mod setup;

pub use consent::{ConsentView, consent_page, oauth_error_page};
pub use dev::{CALLBACK_PATH, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
pub use error::error_page;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::{App, Settings};

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
        .route("/static/{name}", get(assets::serve))
        .route(CALLBACK_PATH, get(dev::callback))
        .merge(old_paths::router())
}

/// Sends the browser to another page, by GET. `path` is below the context path.
fn redirect(settings: &Settings, path: &str) -> Response {
    Redirect::to(&format!("{}{path}", settings.context_path())).into_response()
}
