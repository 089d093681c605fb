//! The modern authorization server: `/oauth2/*` (modern reference 1, 3), which DHIS2 has from 2.42 on.

mod jwks;

use axum::Router;
use axum::routing::get;

use crate::App;

/// The routes of this room.
pub(crate) fn router() -> Router<App> {
    Router::new().route("/oauth2/jwks", get(jwks::show))
}
