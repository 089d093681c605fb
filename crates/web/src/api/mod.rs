//! The Web API: `/api/*`.

mod account;
pub(crate) mod answer;
pub(crate) mod api_tokens;
mod apps;
mod auth;
pub(crate) mod authorizations;
mod configuration;
mod enrol;
pub(crate) mod finish;
mod held_list;
mod initial_access_tokens;
mod locales;
mod login_config;
pub(crate) mod me;
mod not_served;
pub mod objects;
mod period_types;
mod query;
mod schemas;
pub(crate) mod settings;
mod sharing;
mod system;
mod two_factor;
mod web_message;
pub mod xml;

pub use web_message::{Outcome, WebMessage, XmlRoot};

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{Extensions, HeaderMap, Request, StatusCode, Version};
use tower::{Service as _, service_fn};
use tower_http::compression::Compression;

use crate::speech::Speech;
use crate::{App, Refusal};

/// The routes of this room, by path below `/api`.
pub fn router(app: &App) -> Router<App> {
    let resources = app.settings.absolute("/api/resources");
    Router::new()
        .merge(account::router())
        .merge(api_tokens::router())
        .merge(apps::router())
        .merge(auth::router())
        .merge(authorizations::router())
        .merge(configuration::router())
        .merge(enrol::router())
        .merge(initial_access_tokens::router())
        .merge(locales::router())
        .merge(login_config::router())
        .merge(me::router())
        .merge(objects::router())
        .merge(period_types::router())
        .merge(schemas::router())
        .merge(settings::router())
        .merge(sharing::router())
        .merge(system::router())
        .merge(two_factor::router())
        .route("/", get(|| async move { (StatusCode::FOUND, [(LOCATION, resources)]) }))
        .fallback(|| async { Refusal::NotFound })
        .method_not_allowed_fallback(finish::not_for_this_method)
}

/// What this room answers: what its routes say, finished, and compressed for whoever takes that.
pub(crate) async fn answer(app: &App, routes: &Router, speech: Speech, request: Request<Body>) -> Response {
    let finished = service_fn(|request| async {
        Ok::<_, Infallible>(finish::answer(app, routes, speech, request).await)
    });
    let mut compressed = Compression::new(finished).gzip(true).compress_when(worth_compressing);
    match compressed.call(request).await {
        Ok(answer) => answer.map(Body::new),
    }
}

/// Shorter answers gain nothing; a file that is asked for compressed is compressed whatever its length.
fn worth_compressing(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    const SHORT: u64 = 512;
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    extensions.get::<finish::GzipFile>().is_some() || length.is_none_or(|length| length >= SHORT)
}
