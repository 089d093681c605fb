//! *Settings > Initial access tokens*: what somebody else registers a client with. List, make, take back.
//!
//! The pages do what `/api/initialAccessTokens` does, with the same rights: `ALL`.

mod handlers;
#[cfg(test)]
pub(super) mod samples;
mod views;

use axum::Router;
use axum::routing::{get, post};

use crate::App;

/// Where the pages are, below the context path.
const INVITATIONS: &str = "/settings/initial-access-tokens";

/// The pages.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route(INVITATIONS, get(handlers::show).post(handlers::make))
        .route("/settings/initial-access-tokens/end", post(handlers::end))
}
