//! *Two-factor authentication*: set up an authenticator app, recovery codes, switch it off.
//!
//! The only page, beside signing out, that opens for somebody whose role demands a second factor and who has
//! none yet.

mod handlers;
mod prove;
mod views;

#[cfg(test)]
pub(super) use views::samples;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::request::Parts;

use super::visitor::{self, Visitor};
use crate::App;
use crate::identity::Session;

/// Where the page is.
pub(super) const TWO_FACTOR: &str = "/account/two-factor";
/// Where the second factor is proved once more.
pub(super) const PROVE: &str = "/account/two-factor/prove";
/// The title of the bar.
const TITLE: &str = "Two-factor authentication";

/// The pages.
pub(super) fn router() -> Router<App> {
    let at = |rest: &str| format!("{TWO_FACTOR}{rest}");
    Router::new()
        .route(TWO_FACTOR, get(handlers::show))
        .route(&at("/begin"), post(handlers::begin))
        .route(&at("/confirm"), get(handlers::back).post(handlers::confirm))
        .route(&at("/codes"), get(handlers::back).post(handlers::replace_codes))
        .route(&at("/off"), get(handlers::back).post(handlers::switch_off))
        .route(PROVE, get(prove::show).post(prove::submit))
}

/// Somebody who is signed in, or would be with a second factor.
struct Member(Visitor);

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        match Visitor::even_enrolling(session.clone()) {
            Some(visitor) => Ok(Self(visitor)),
            None => Err(visitor::ask_to_sign_in(app, &session, parts).into_response()),
        }
    }
}
