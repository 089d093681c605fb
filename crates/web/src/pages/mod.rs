//! The pages: login, consent, apps, settings.

mod consent;

pub use consent::{ConsentView, consent_page, oauth_error_page};

use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::{App, Settings};

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
}

/// A page for a request that was refused or failed: what happened (`title`) and what to do (`text`).
#[must_use]
pub fn error_page(
    _settings: &Settings,
    status: StatusCode,
    title: &str,
    text: &str,
    request_id: Option<&str>,
) -> Response {
    let request_id = request_id.unwrap_or_default();
    (
        status,
        Html(format!(
            "<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p><p>{request_id}</p>"
        )),
    )
        .into_response()
}
