//! *Account > Personal access tokens*: list, make, delete.
//!
//! The pages do what `/api/apiTokens` does, with the same rights: what that refuses, they refuse.

mod form;
mod handlers;
#[cfg(test)]
pub(super) mod samples;
pub(super) mod views;

use axum::Router;
use axum::routing::get;

use crate::App;

/// Where the pages are, below the context path.
pub(super) const TOKENS: &str = "/account/tokens";

/// The pages.
pub(super) fn router() -> Router<App> {
    let at = |rest: &str| format!("{TOKENS}{rest}");
    Router::new()
        .route(TOKENS, get(handlers::list))
        .route(&at("/new"), get(handlers::new).post(handlers::make))
        .route(&at("/{uid}/delete"), get(handlers::ask_delete).post(handlers::delete))
}
