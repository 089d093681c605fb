//! The modern authorization server: `/oauth2/*`, `/userinfo`, `/connect/*`, `/.well-known/*` (modern reference
//! 1, 3), which DHIS2 has from 2.42 on.
//!
//! What it has in common with the legacy dialect is in `crate::exchange` and `crate::authorize`; here are its paths, and what
//! that dialect never had.

mod answer;
mod authorize;
mod device;
mod discovery;
mod introspect;
mod jwks;
mod logout;
mod par;
mod register;
mod revoke;
mod token;
mod userinfo;

use axum::Router;
use axum::routing::{get, post};

use crate::App;
use crate::pages::CONNECT_LOGOUT;

/// The routes of this room.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/oauth2/authorize", get(authorize::ask).post(authorize::answer))
        .route("/oauth2/jwks", get(jwks::show))
        .route("/oauth2/token", post(token::token))
        .route("/oauth2/device_authorization", post(device::authorization))
        .route("/oauth2/par", post(par::push))
        .route("/oauth2/revoke", post(revoke::revoke))
        .route("/oauth2/introspect", post(introspect::introspect))
        .route("/oauth2/userinfo", get(userinfo::tell).post(userinfo::tell))
        .route("/userinfo", get(userinfo::tell).post(userinfo::tell))
        .route(register::REGISTER, post(register::create).merge(register::managed()))
        .route(CONNECT_LOGOUT, get(logout::logout).post(logout::logout))
        .route(discovery::OPENID, get(discovery::openid))
        .route(discovery::OAUTH, get(discovery::oauth))
}
