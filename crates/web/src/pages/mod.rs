//! The pages: login, consent, apps, settings.

use axum::Router;

use crate::App;

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
}
