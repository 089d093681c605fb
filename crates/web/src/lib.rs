//! HTTP: the doors `uaa/` and `pages/`, the Web API `api/`, and one table that renders every refusal.
//!
//! This crate turns requests into calls of the rooms that decide and store, and their answers into
//! bytes. It holds no SQL and takes no protocol decision.

mod account;
pub mod api;
pub mod body;
mod exchange;
mod factor;
pub mod identity;
pub mod mail;
pub mod pages;
pub mod refusal;
pub mod settings;
pub mod speech;
mod state;
pub mod uaa;

pub use refusal::Refusal;
pub use settings::Settings;
pub use state::{App, Parts};

use axum::Router;

/// The whole application. A path may begin with the context path of `settings.base_url` or not, so a proxy
/// may pass it on or strip it.
pub fn router(app: App) -> Router {
    let rooms = Router::new()
        .nest("/uaa/oauth", uaa::router())
        .nest("/api", api::router(&app))
        .merge(pages::router())
        .with_state(app.clone());
    speech::wrap(app, rooms)
}
