//! HTTP: the doors `uaa/` and `pages/`, the Web API `api/`, and one table that renders every refusal.
//!
//! This crate turns requests into calls of the rooms that decide and store, and their answers into
//! bytes. It holds no SQL and takes no protocol decision.

pub mod api;
pub mod identity;
pub mod pages;
pub mod refusal;
pub mod settings;
mod state;
pub mod uaa;

pub use refusal::Refusal;
pub use settings::Settings;
pub use state::{App, Parts};

use axum::Router;

/// The whole application, below the context path of `settings.base_url`.
pub fn router(app: App) -> Router {
    Router::new()
        .nest("/uaa/oauth", uaa::router())
        .nest("/api", api::router())
        .merge(pages::router())
        .with_state(app)
}
