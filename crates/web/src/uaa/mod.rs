//! The legacy OAuth2 dialect of DHIS2 up to 2.41: `/uaa/oauth/*`.
//!
//! The work is in `crate::exchange` and `crate::authorize`. Nothing here is reachable under `/api`, as it was by accident in
//! DHIS2 (legacy reference 1.1).

mod authorize;
mod revoke;
mod token;

use axum::Router;
use axum::routing::{get, post};

use crate::App;

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
        .route("/authorize", get(authorize::ask).post(authorize::answer))
        .route("/token", post(token::token))
        .route("/revoke", post(revoke::revoke))
}
